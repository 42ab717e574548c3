//! What went wrong, in pictures: the moment that tells most, with zones, what was found, and what is true or was told.
//!
//! The most telling of all: first what happens with the configuration's default, and of each kind, scene and verdict one before a second.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use gridwatch_alert::drawing::{Canvas, Colour, Labels, Writing};
use gridwatch_config::CameraSettings;
use gridwatch_ingest::picture_at;
use serde::Serialize;

use super::{
    outcome::{Problem, Seen, Verdict},
    plan::Rate,
};
use crate::drawing::{self, Sizes, colours, words::clock, written, zones::Watched};

/// Rows of the strip above a picture.
const HEAD: u32 = 30;
/// Pictures of the page are no wider.
const WIDTH: u32 = 960;

/// A picture of something that went wrong.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Picture {
    /// Which footage, at which rate.
    pub(super) place: String,
    /// Number of the cell in the matrix.
    pub(super) cell: Option<usize>,
    #[serde(flatten)]
    pub(super) problem: Problem,
    /// Where it lies, from the folder of the report.
    pub(super) file: String,
    /// JPEG.
    #[serde(skip)]
    pub(super) bytes: Vec<u8>,
}

/// Something that may be shown.
pub(super) struct Candidate<'a> {
    /// Which footage, without the rate; pictures of one are made together.
    pub(super) footage: String,
    pub(super) rate: Option<Rate>,
    pub(super) origin: Origin,
    pub(super) problem: &'a Problem,
}

/// Where in the report something comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Number of the cell in the matrix.
    Cell(usize),
    /// Number of the run of real footage.
    Real(usize),
}

impl Candidate<'_> {
    pub(super) fn place(&self) -> String {
        match self.rate {
            Some(rate) => format!("{} at {rate}", self.footage),
            None => self.footage.clone(),
        }
    }
}

/// The most telling ones, at most so many.
pub(super) fn choose(candidates: Vec<Candidate<'_>>, most: usize) -> Vec<Candidate<'_>> {
    let mut seen: BTreeMap<(Verdict, &str, String), usize> = BTreeMap::new();
    let mut events: BTreeMap<(String, Verdict, &str), usize> = BTreeMap::new();
    let mut ranked: Vec<((bool, usize, usize, usize), Candidate<'_>)> = Vec::new();
    let is_shown = |candidate: &Candidate<'_>| candidate.problem.verdict != Verdict::Late;
    for (index, candidate) in candidates.into_iter().filter(is_shown).enumerate() {
        let Problem { verdict, kind, id, .. } = candidate.problem;
        let is_usual = candidate.rate.is_none_or(|rate| rate == Rate::Gated);
        // A scene's name is what comes before its condition's.
        let scene = candidate.footage.rsplit_once('-').map_or("", |(scene, _)| scene).to_owned();
        let again = events.entry((scene.clone(), *verdict, id)).or_default();
        let of_kind = seen.entry((*verdict, kind, scene)).or_default();
        (*again, *of_kind) = (*again + 1, *of_kind + 1);
        ranked.push(((!is_usual, *again, *of_kind, index), candidate));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(most);
    ranked.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Draws the moment of a problem of a file.
pub(super) fn draw(file: &Path, camera: &CameraSettings, problem: &Problem) -> anyhow::Result<Vec<u8>> {
    let at = Duration::from_secs_f64(problem.at_s);
    let frame =
        picture_at(file, at, &camera.id).with_context(|| format!("a picture of {}", file.display()))?;
    let picture = drawing::picture(&frame, drawing::WIDEST).context("draw a picture")?;
    let (width, height) = (picture.width(), picture.height());
    let shrunk = (WIDTH.min(width), height * WIDTH.min(width) / width.max(1));
    let mut canvas = picture.resized(shrunk.0, shrunk.1)?.with_head(HEAD, colours::DARK);
    let colour = colour(problem.verdict);
    let marked = camera.zones.iter().map(|zone| &zone.id).chain(camera.lines.iter().map(|line| &line.id));
    let marked = marked.filter(|id| problem.zone.as_deref() == Some(id.as_str()));
    let watched = Watched {
        camera,
        occupancy: BTreeMap::new(),
        marked: marked.map(|id| (id.clone(), colour)).collect(),
        captions: BTreeMap::new(),
    };
    watched.draw(&mut canvas);
    let mut labels = Labels::new(canvas.picture());
    for seen in &problem.seen {
        labels.spare(canvas.area(seen.bbox));
    }
    objects(&mut canvas, &mut labels, &problem.seen);
    subject(&mut canvas, &mut labels, problem);
    watched.names(&mut canvas, &mut labels);
    header(&mut canvas, camera, problem);
    Ok(canvas.to_jpeg()?)
}

/// As on the page.
fn colour(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Missed => Colour([255, 98, 116]),
        Verdict::Untrue => Colour([216, 115, 230]),
        Verdict::Doubled => Colour([240, 166, 58]),
        Verdict::Late => Colour([120, 180, 255]),
        Verdict::Bay => Colour([72, 207, 190]),
    }
}

/// The verdict in Chinese and English.
pub(super) fn words(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Missed => ("漏报", "missed"),
        Verdict::Untrue => ("误报", "false"),
        Verdict::Doubled => ("重复", "doubled"),
        Verdict::Late => ("超差", "out of tolerance"),
        Verdict::Bay => ("车位报错", "bay told wrongly"),
    }
}

/// What was found, thin; remembered places are dashed.
fn objects(canvas: &mut Canvas, labels: &mut Labels, seen: &[Seen]) {
    let sizes = Sizes::of(canvas);
    let thickness = (canvas.stroke() * 0.5).max(1.0);
    for found in seen {
        let area = canvas.area(found.bbox);
        let Some(score) = found.score else {
            canvas.dashed(&area.corners(), colours::PLACE, thickness, thickness * 3.0);
            continue;
        };
        let colour = colours::of_class(found.class);
        canvas.outline(&area.corners(), colours::DARK, thickness + 1.0);
        canvas.outline(&area.corners(), colour, thickness);
        let text = format!("{} {score:.2}", found.class.as_str());
        let writing = Writing::bare(colour, sizes.small);
        let size = writing.extent(&[&text]);
        if let Some(place) = labels.place(&text, size, &area.grown(2.0).beside(size), 0.3) {
            canvas.write((place.left, place.top), &[&text], &writing);
        }
    }
}

/// What it is about, thick: of a missed event the true box, of others what was told.
fn subject(canvas: &mut Canvas, labels: &mut Labels, problem: &Problem) {
    let Some(bbox) = problem.bbox else { return };
    let (area, colour, thickness) = (canvas.area(bbox), colour(problem.verdict), canvas.stroke() * 1.3);
    canvas.outline(&area.corners(), colours::DARK, thickness + 2.0);
    canvas.outline(&area.corners(), colour, thickness);
    let text = match problem.verdict {
        Verdict::Missed | Verdict::Late => "真值 truth",
        Verdict::Untrue | Verdict::Doubled | Verdict::Bay => "上报 told",
    };
    let writing = Writing::on(colour, Sizes::of(canvas).usual);
    let size = writing.extent(&[text]);
    if let Some(place) = labels.place("subject", size, &area.grown(thickness).beside(size), f32::INFINITY) {
        canvas.write((place.left, place.top), &[text], &writing);
    }
}

/// `漏报 missed · parking.fire_lane · lane · 0:13`
fn header(canvas: &mut Canvas, camera: &CameraSettings, problem: &Problem) {
    let (chinese, english) = words(problem.verdict);
    let zone = problem.zone.as_deref().unwrap_or_default();
    let named = camera.zones.iter().find(|known| known.id.as_str() == zone);
    let named = named.map_or(zone, |known| written(&known.name, zone));
    let text = format!("{chinese} {english} · {} · {named} · {}", problem.kind, clock(problem.at_s));
    let writing = Writing::bare(colour(problem.verdict), 15.0);
    let (_, high) = writing.extent(&[&text]);
    canvas.write((8.0, (HEAD as f32 - high) / 2.0), &[&text], &writing);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy_command::report::Report;

    #[test]
    fn the_usual_rate_comes_first_and_one_of_each_before_a_second() {
        let report = Report::example();
        let missed = &report.matrix[0].outcome.problems[0];
        let other = Problem { id: "other".into(), kind: "line.crossing".into(), ..missed.clone() };
        let late = Problem { verdict: Verdict::Late, ..missed.clone() };
        let candidate = |footage: &str, rate, problem| Candidate {
            footage: footage.into(),
            rate: Some(rate),
            origin: Origin::Cell(0),
            problem,
        };
        let candidates = vec![
            candidate("acc-lot-day", Rate::Keys, missed),
            candidate("acc-lot-day", Rate::Gated, missed),
            candidate("acc-lot-snow", Rate::Gated, missed),
            candidate("acc-lot-snow", Rate::Gated, &other),
            candidate("acc-lot-snow", Rate::Gated, &late),
        ];
        let chosen = choose(candidates, 3);
        let places: Vec<(String, &str)> =
            chosen.iter().map(|one| (one.place(), one.problem.id.as_str())).collect();
        let expected = [
            ("acc-lot-snow at gated", "other"),
            ("acc-lot-day at gated", missed.id.as_str()),
            ("acc-lot-snow at gated", missed.id.as_str()),
        ];
        assert_eq!(places, expected.map(|(place, id)| (place.to_owned(), id)));
    }
}
