//! False alarms in quiet hours: little goes on, for as long as it takes to say how rarely something is told that is not true.
//!
//! Rendered scenes with a calm stretch, shown many times over, and real footage in which nothing may be found, in a loop; the clock goes on. What truly
//! happens in a scene is known for each time that it is shown, and told alarms of that are no false ones.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use gridwatch_domain::ZoneId;
use gridwatch_sim::{ExpectedEvent, Scene, Timeline, cache::PictureSize, video};
use serde::{Deserialize, Serialize};

use super::{
    kept::Kept,
    matrix::Video,
    outcome::Outcome,
    plan::Rate,
    poisson,
    real::footage,
    runner::{Chosen, Footage, line},
};
use crate::{
    analyze_command::analyze_again,
    score::{EventFile, IgnoreFile, TRUTH_SCHEMA, ToleranceFile, TruthFile},
    score_command::convert::Converted,
    simulate::video::edge_config,
};

/// What ends may be spoken of for so long after it, in seconds: it is told again by nobody, and true.
const AFTER_S: f64 = 30.0;
const HOUR_S: f64 = 3600.0;
const DAY_S: f64 = 86_400.0;

/// One source of quiet hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QuietRun {
    pub(crate) source: String,
    pub(crate) network: String,
    /// Footage that was played, in hours of its own clock.
    pub(crate) hours: f64,
    pub(crate) outcome: Outcome,
}

impl QuietRun {
    pub(super) fn alarms(&self) -> usize {
        self.outcome.figures.total.wrong()
    }

    pub(super) fn days(&self) -> f64 {
        self.hours * HOUR_S / DAY_S
    }
}

/// Alarms a camera-day, and how many there may be with 95 % certainty.
pub(super) fn per_day(alarms: usize, days: f64) -> (f64, f64) {
    let days = days.max(f64::MIN_POSITIVE);
    (alarms as f64 / days, poisson::upper_bound(alarms) / days)
}

/// What quiet hours are made of.
pub(super) struct Quiet<'a> {
    /// Of each source.
    pub(super) hours: f64,
    pub(super) size: PictureSize,
    pub(super) cache: &'a Path,
    pub(super) network: &'a Chosen,
}

impl Quiet<'_> {
    /// Hours of a rendered scene.
    pub(super) fn scene(&self, name: &str, kept: &Kept) -> anyhow::Result<QuietRun> {
        let scene = Scene::builtin(name)?;
        let PictureSize { width, height } = self.size;
        let encoding = scene.encoding(width, height);
        let timeline = scene.timeline(encoding.group)?;
        let times = self.times(timeline.length().as_secs_f64());
        let shown = Shown { scene: &scene, timeline: &timeline, times };
        let footage = Footage {
            name: format!("{name}, {times} times"),
            fingerprint: format!("{} {width}x{height} {encoding:?} {times}", scene.fingerprint()),
            configuration: edge_config(&scene, name, self.size)?,
            rate: Rate::Gated,
            truth_key: String::new(),
            network: self.network,
        };
        let before = footage.kept(kept);
        let outcome = match before.clone() {
            Some(outcome) => outcome,
            None => {
                let write = |encoded: &_, file: &Path| video::write_mp4_shown(encoded, &timeline, file);
                let video = Video::write(&scene, name, self.size, self.cache, write)?;
                let truth = serde_json::to_string(&shown.truth(name))?;
                play(&footage, &video.file, &truth, (timeline.length(), times), kept)?
            }
        };
        Ok(self.run(name, &footage, outcome, before.is_some()))
    }

    /// Hours of real footage in which nothing may be found.
    pub(super) fn real(&self, converted: &Converted, kept: &Kept) -> anyhow::Result<QuietRun> {
        let times = self.times(converted.duration_s);
        let (mut footage, input) = footage(converted, self.network)?;
        footage.name = format!("{}, {times} times", converted.name);
        footage.fingerprint += &format!(" {times}");
        let before = footage.kept(kept);
        let outcome = match before.clone() {
            Some(outcome) => outcome,
            None => {
                let length = Duration::from_secs_f64(converted.duration_s);
                let truth = TruthFile {
                    duration_s: converted.duration_s * f64::from(times),
                    ..no_truth(&converted.name)
                };
                play(&footage, &input, &serde_json::to_string(&truth)?, (length, times), kept)?
            }
        };
        Ok(self.run(&converted.name, &footage, outcome, before.is_some()))
    }

    fn run(&self, source: &str, footage: &Footage<'_>, outcome: Outcome, was_kept: bool) -> QuietRun {
        eprintln!("  {}", line(&footage.name, &outcome, was_kept));
        let (source, network) = (source.to_owned(), self.network.name().to_owned());
        QuietRun { source, network, hours: outcome.seconds / HOUR_S, outcome }
    }

    /// How often something of that length is played to make the hours.
    fn times(&self, length_s: f64) -> u32 {
        ((self.hours * HOUR_S / length_s).ceil() as u32).max(1)
    }
}

fn play(
    footage: &Footage<'_>,
    input: &Path,
    truth: &str,
    (length, times): (Duration, u32),
    kept: &Kept,
) -> anyhow::Result<Outcome> {
    let folder = input.parent().context("a file has a folder")?;
    footage.measure_by(kept, folder, truth, &mut |settings, files| {
        let mut told_tenths = 0;
        analyze_again(settings, input, (length, times), files, &mut |done| {
            let tenths = done * 10 / times;
            if tenths > told_tenths {
                told_tenths = tenths;
                eprintln!("  {}: {} %", footage.name, tenths * 10);
            }
        })
    })
}

/// A scene that is shown again and again.
struct Shown<'a> {
    scene: &'a Scene,
    timeline: &'a Timeline,
    times: u32,
}

impl Shown<'_> {
    fn length_s(&self) -> f64 {
        self.timeline.length().as_secs_f64()
    }

    /// What truly happens, each time that it is shown.
    fn truth(&self, name: &str) -> TruthFile {
        let mut truth = TruthFile { duration_s: self.length_s() * f64::from(self.times), ..no_truth(name) };
        for (index, event) in self.scene.expected_events().iter().enumerate() {
            let whole_loop = event.leave_s - event.stop_s >= self.scene.loop_s();
            // What stands for good, and what began before the first picture, may be told or not.
            if whole_loop {
                truth.ignore.push(ignore(event, 0.0, truth.duration_s));
                continue;
            }
            for time in -1..i64::from(self.times) {
                self.add(&mut truth, index, event, time);
            }
        }
        truth
    }

    fn add(&self, truth: &mut TruthFile, index: usize, event: &ExpectedEvent, time: i64) {
        let begin_s = time as f64 * self.length_s();
        let (since_s, until_s) =
            (begin_s + self.timeline.shown_s(event.stop_s), begin_s + self.timeline.shown_s(event.leave_s));
        let (from_s, end_s) = (since_s.max(0.0), (until_s + AFTER_S).min(truth.duration_s));
        if end_s <= from_s {
            return;
        }
        if since_s < 0.0 || until_s >= truth.duration_s || event.limit_s > until_s - since_s {
            truth.ignore.push(ignore(event, from_s, end_s));
            return;
        }
        truth.events.push(EventFile {
            id: format!("{}-{index}-{time}", event.zone),
            kind: event.kind.clone(),
            zone: Some(event.zone.clone()),
            or_zone: None,
            since_s,
            until_s: Some(until_s),
            limit_s: (event.limit_s > 0.0).then_some(event.limit_s),
            bbox: None,
            severity: None,
            note: None,
        });
    }
}

fn ignore(event: &ExpectedEvent, from_s: f64, until_s: f64) -> IgnoreFile {
    let zone: Option<ZoneId> = Some(event.zone.clone());
    IgnoreFile { kind: Some(event.kind.clone()), zone, from_s, until_s, bbox: None, note: None }
}

/// Nothing may be found.
fn no_truth(name: &str) -> TruthFile {
    TruthFile {
        schema: TRUTH_SCHEMA.to_owned(),
        name: name.to_owned(),
        duration_s: 0.0,
        start: None,
        note: None,
        tolerance: ToleranceFile::default(),
        events: Vec::new(),
        ignore: Vec::new(),
        bays: Vec::new(),
        objects: Vec::new(),
        near_passes: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Truth;

    #[test]
    fn what_happens_in_a_loop_happens_each_time_that_it_is_shown() {
        for name in Scene::calm_names() {
            let scene = Scene::builtin(name).expect("built in");
            let timeline = scene.timeline(50).expect("its calm begins with a group");
            let shown = |times: u32| {
                let file = Shown { scene: &scene, timeline: &timeline, times }.truth(name);
                let text = serde_json::to_string(&file).expect("plain data");
                Truth::parse(&text).unwrap_or_else(|problems| panic!("{name}: {problems}"))
            };
            let [once, twice, thrice] = [1, 2, 3].map(|times| shown(times).events.len());
            assert!(twice > once, "{name}");
            assert_eq!(thrice - twice, twice - once, "{name}");
        }
    }

    #[test]
    fn a_day_without_alarms_is_no_proof_that_there_are_none() {
        let (rate, bound) = per_day(0, 2.0);
        assert!(rate == 0.0 && (bound - 1.498).abs() < 0.001, "{bound}");
        let (rate, bound) = per_day(4, 2.0);
        assert!(rate == 2.0 && bound > 4.0 && bound < 5.0, "{bound}");
    }
}
