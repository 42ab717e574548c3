//! The picture with all that is watched in it, and below it what that is.

use std::collections::BTreeMap;

use gridwatch_alert::drawing::{Area, Canvas, Colour, Labels, Spot, Writing, length_of};
use gridwatch_config::{CameraSettings, Misdrawn, Warning};
use gridwatch_domain::{BayGroup, Zone, ZoneId, ZoneType};

use super::legend;
use crate::drawing::{Sizes, colours, corners, ground, spot, words::Language, written, zones::Watched};

/// Pixels between the edge of the picture and what is written below it.
const MARGIN: f32 = 12.0;
/// What is farther from the picture, in its widths and heights, is drawn so far from it.
const FARTHEST: f32 = 1.0;
/// From one line of text to the next, in heights of letters.
const LINE: f32 = 1.5;

pub(super) struct Sheet<'a> {
    pub(super) camera: &'a CameraSettings,
    pub(super) warnings: &'a [&'a Warning],
    /// What cannot be used as it is drawn.
    pub(super) misdrawn: &'a [&'a Misdrawn],
    pub(super) language: Language,
}

/// A line below the picture.
struct Row {
    /// Of its mark; none: it goes on from the line before.
    colour: Option<Colour>,
    text: String,
    ink: Colour,
}

impl Sheet<'_> {
    pub(super) fn draw(&self, mut canvas: Canvas) -> Canvas {
        let pitch = self.camera.ground.as_ref().map(|known| ground::draw(&mut canvas, known));
        let is_bay = |zone: &&Zone| zone.zone_type == ZoneType::Bay;
        let others = self.camera.zones.iter().filter(|zone| !is_bay(zone));
        let watched = Watched {
            camera: self.camera,
            occupancy: BTreeMap::new(),
            marked: self.marked(),
            captions: others.map(|zone| (zone.id.clone(), legend::caption(zone, self.language))).collect(),
        };
        watched.draw(&mut canvas);
        let mut labels = Labels::new(canvas.picture());
        for group in &self.camera.groups {
            self.draw_group(&mut canvas, &mut labels, group);
        }
        self.draw_misdrawn(&mut canvas, &mut labels);
        self.number_warnings(&mut canvas, &mut labels);
        if let Some(known) = &self.camera.ground {
            ground::draw_points(&mut canvas, known, &mut labels);
        }
        watched.names(&mut canvas, &mut labels);
        self.with_legend(canvas, pitch)
    }

    /// Zones and lines that something is wrong with.
    fn marked(&self) -> BTreeMap<ZoneId, Colour> {
        let about = self.warnings.iter().flat_map(|warning| &warning.about);
        about.map(|id| (id.clone(), colours::WRONG)).collect()
    }

    /// A dotted line from bay to bay, and its name.
    fn draw_group(&self, canvas: &mut Canvas, labels: &mut Labels, group: &BayGroup) {
        let bays = group.bays.iter().filter_map(|id| self.camera.zones.iter().find(|zone| zone.id == *id));
        let middles: Vec<Spot> = bays.map(|bay| middle(&corners(canvas, &bay.polygon))).collect();
        let dot = canvas.stroke() * 1.5;
        for pair in middles.windows(2) {
            canvas.dashed(&[pair[0], pair[1]], colours::LINE, 1.5, dot);
        }
        let Some(first) = middles.first() else { return };
        let text = format!("{} ({})", written(&group.name, group.id.as_str()), group.bays.len());
        let writing = Writing::bare(colours::LINE, Sizes::of(canvas).small);
        let spots = Area::around(&[*first]).grown(dot).beside(writing.extent(&[&text]));
        if let Some(area) = labels.place(group.id.as_str(), writing.extent(&[&text]), &spots, 0.5) {
            canvas.write((area.left, area.top), &[&text], &writing);
        }
    }

    /// What of it is in the picture, and an arrow to where the rest is, if there is any.
    fn draw_misdrawn(&self, canvas: &mut Canvas, labels: &mut Labels) {
        for (index, misdrawn) in self.misdrawn.iter().enumerate() {
            let [left, right] = [-FARTHEST, 1.0 + FARTHEST];
            let spots =
                misdrawn.points.iter().map(|[x, y]| canvas.spot(x.clamp(left, right), y.clamp(left, right)));
            let spots: Vec<Spot> = spots.collect();
            let dash = canvas.stroke() * 3.0;
            if spots.len() > 2 {
                canvas.fill(&spots, colours::WRONG, 0.14);
            }
            for (colour, thickness) in [(colours::DARK, 2.0), (colours::WRONG, 0.0)] {
                canvas.dashed(&spots, colour, canvas.stroke() + thickness, dash);
            }
            let points = misdrawn.points.iter().zip(&spots);
            let beyond: Vec<Spot> =
                points.filter(|(point, _)| is_beyond(point)).map(|(_, spot)| *spot).collect();
            let named_at = if beyond.is_empty() {
                middle(&spots)
            } else {
                let (from, to) = arrow_to(canvas.picture(), middle(&beyond), canvas.stroke() * 24.0);
                for (colour, thickness) in [(colours::DARK, 2.0), (colours::WRONG, 0.0)] {
                    canvas.arrow(from, to, colour, canvas.stroke() * 1.5 + thickness, canvas.stroke() * 7.0);
                }
                from
            };
            let text = format!("!{} {}", self.warnings.len() + index + 1, misdrawn.id);
            let writing = Writing::on(colours::WRONG, Sizes::of(canvas).usual);
            let size = writing.extent(&[&text]);
            let spots = Area::around(&[named_at]).grown(canvas.stroke() * 2.0).beside(size);
            if let Some(area) = labels.place(&text, size, &spots, f32::INFINITY) {
                canvas.write((area.left, area.top), &[&text], &writing);
            }
        }
    }

    /// The number of each warning where its zone is.
    fn number_warnings(&self, canvas: &mut Canvas, labels: &mut Labels) {
        let writing = Writing::on(colours::WRONG, Sizes::of(canvas).small);
        for (index, warning) in self.warnings.iter().enumerate() {
            let text = format!("!{}", index + 1);
            let Some(at) = warning.about.first().and_then(|id| self.place_of(canvas, id)) else { continue };
            let size = writing.extent(&[&text]);
            let mut spots = vec![(at.0 - size.0 / 2.0, at.1 - size.1 / 2.0)];
            spots.extend(Area::around(&[at]).grown(canvas.stroke() * 2.0).beside(size));
            if let Some(area) = labels.place(&text, size, &spots, f32::INFINITY) {
                canvas.write((area.left, area.top), &[&text], &writing);
            }
        }
    }

    /// Where a zone, a line or a group is.
    fn place_of(&self, canvas: &Canvas, id: &ZoneId) -> Option<Spot> {
        let zone = |id: &ZoneId| self.camera.zones.iter().find(|zone| zone.id == *id);
        let of_group =
            || self.camera.groups.iter().find(|group| group.id == *id)?.bays.first().and_then(zone);
        if let Some(zone) = zone(id).or_else(of_group) {
            return Some(middle(&corners(canvas, &zone.polygon)));
        }
        let line = self.camera.lines.iter().find(|line| line.id == *id)?;
        Some(middle(&line.ends.map(|end| spot(canvas, end))))
    }

    fn with_legend(&self, canvas: Canvas, pitch: Option<f64>) -> Canvas {
        let size = Sizes::of(&canvas).usual;
        let left = MARGIN + size * 1.6;
        let room = canvas.width() as f32 - left - MARGIN;
        let rows: Vec<Row> = self.rows(pitch).into_iter().flat_map(|row| wrapped(row, size, room)).collect();
        let (width, top) = (canvas.width() as f32, canvas.height() as f32);
        let height = (rows.len() as f32 * size * LINE + 2.0 * MARGIN).ceil() as u32;
        let mut canvas = canvas.with_foot(height + height % 2, colours::DARK);
        canvas.line(&[(0.0, top + 0.5), (width, top + 0.5)], colours::QUIET, 1.0, 0.6);
        for (index, row) in rows.iter().enumerate() {
            let line_top = top + MARGIN + index as f32 * size * LINE;
            if let Some(colour) = row.colour {
                let mark = Area::at((MARGIN, line_top + size * 0.25), (size * 0.8, size * 0.8));
                canvas.fill(&mark.corners(), colour, 1.0);
            }
            canvas.write((left, line_top), &[&row.text], &Writing::bare(row.ink, size));
        }
        canvas
    }

    fn rows(&self, pitch: Option<f64>) -> Vec<Row> {
        let language = self.language;
        let name = written(&self.camera.name, self.camera.id.as_str());
        let head = if name == self.camera.id.as_str() {
            name.to_owned()
        } else {
            format!("{name} ({})", self.camera.id)
        };
        let mut rows = vec![Row { colour: None, text: head, ink: Colour::WHITE }];
        let entries = legend::entries(self.camera, language).into_iter();
        rows.extend(entries.map(|entry| Row {
            colour: Some(entry.colour),
            text: entry.text,
            ink: colours::QUIET,
        }));
        if let Some(pitch) = pitch {
            let text = language
                .pick(format!("地面网格，每格 {pitch} 米"), format!("ground, a line every {pitch} m"));
            rows.push(Row { colour: Some(colours::GROUND), text, ink: colours::QUIET });
        }
        rows.extend(self.warnings.iter().enumerate().map(|(index, warning)| Row {
            colour: Some(colours::WRONG),
            text: format!("!{} {}", index + 1, warning.problem),
            ink: colours::WRONG.mixed(Colour::WHITE, 0.55),
        }));
        rows.extend(self.misdrawn.iter().enumerate().map(|(index, misdrawn)| Row {
            colour: Some(colours::WRONG),
            text: {
                let number = self.warnings.len() + index + 1;
                let reach = reach(&misdrawn.points, language).map(|reach| format!("; {reach}"));
                format!("!{number} {}: {}{}", misdrawn.id, misdrawn.problem, reach.unwrap_or_default())
            },
            ink: colours::WRONG.mixed(Colour::WHITE, 0.55),
        }));
        rows
    }
}

/// Whether a point is out of the picture.
fn is_beyond(point: &[f32; 2]) -> bool {
    point.iter().any(|value| !(0.0..=1.0).contains(value))
}

/// From where to where something reaches that leaves the picture.
fn reach(points: &[[f32; 2]], language: Language) -> Option<String> {
    if !points.iter().any(is_beyond) {
        return None;
    }
    let span = |axis: usize| {
        let values = points.iter().map(|point| point[axis]);
        values
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ((left, right), (top, bottom)) = (span(0), span(1));
    Some(language.pick(
        format!("横向 {left} 至 {right}，纵向 {top} 至 {bottom}，画面为 0 至 1"),
        format!("it reaches from {left} to {right} across and from {top} to {bottom} down, the picture from 0 to 1"),
    ))
}

/// An arrow of a length that ends at the border of a picture, or before, on the way from its middle to a spot.
fn arrow_to(picture: Area, to: Spot, length: f32) -> (Spot, Spot) {
    let from = picture.middle();
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (width, height) = picture.size();
    let share = |way: f32, room: f32| if way.abs() > room { room / way.abs() } else { 1.0 };
    let share = share(dx, width / 2.0 - 2.0).min(share(dy, height / 2.0 - 2.0));
    let tip = (from.0 + dx * share, from.1 + dy * share);
    let whole = dx.hypot(dy).max(1.0);
    ((tip.0 - dx / whole * length, tip.1 - dy / whole * length), tip)
}

fn middle(spots: &[Spot]) -> Spot {
    let count = spots.len().max(1) as f32;
    let sum = spots.iter().fold((0.0, 0.0), |sum, spot| (sum.0 + spot.0, sum.1 + spot.1));
    (sum.0 / count, sum.1 / count)
}

/// A row in as many lines as it takes, broken between words.
fn wrapped(row: Row, size: f32, room: f32) -> Vec<Row> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in row.text.split_inclusive(' ') {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && length_of(line, size) + length_of(word.trim_end(), size) > room {
            lines.push(word.to_owned());
        } else {
            line.push_str(word);
        }
    }
    let ink = row.ink;
    let of_line = |(index, text)| Row { colour: row.colour.filter(|_| index == 0), text, ink };
    lines.into_iter().enumerate().map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_ends_at_the_border_on_the_way() {
        let picture = Area { left: 0.0, top: 30.0, right: 204.0, bottom: 134.0 };
        assert_eq!(arrow_to(picture, (1102.0, 82.0), 20.0), ((182.0, 82.0), (202.0, 82.0)));
        assert_eq!(arrow_to(picture, (102.0, -900.0), 20.0), ((102.0, 52.0), (102.0, 32.0)));
        assert_eq!(arrow_to(picture, (122.0, 82.0), 20.0), ((102.0, 82.0), (122.0, 82.0)));
    }

    #[test]
    fn what_is_too_long_goes_on_in_the_next_line() {
        let row = |text: &str| Row { colour: Some(Colour::WHITE), text: text.to_owned(), ink: Colour::WHITE };
        let text = "a warning that is longer than the picture is wide, and says what to do";
        let rows = wrapped(row(text), 14.0, 200.0);
        assert!(rows.len() >= 3 && rows.iter().all(|row| length_of(&row.text, 14.0) <= 205.0));
        assert_eq!(rows.iter().map(|row| row.text.as_str()).collect::<String>(), text);
        assert!(rows[0].colour.is_some() && rows[1].colour.is_none());
        assert_eq!(wrapped(row("short"), 14.0, 200.0).len(), 1);
    }
}
