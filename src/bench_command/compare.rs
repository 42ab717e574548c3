//! Two reports side by side: did it become better or worse, and by more than may be?

use std::path::Path;

use anyhow::bail;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::report::{Report, SceneReport, Trial};
use crate::output::say;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

/// One figure of one scene in both reports.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    scene: String,
    what: &'static str,
    before: f64,
    after: f64,
    better: Better,
}

impl Line {
    /// After / before; 1 where both are nothing.
    fn ratio(&self) -> f64 {
        match (self.before, self.after) {
            (before, after) if before == after => 1.0,
            (0.0, _) => f64::INFINITY,
            (before, after) => after / before,
        }
    }

    fn is_worse(&self, tolerance: f64) -> bool {
        match self.better {
            Better::More => self.ratio() < 1.0 - tolerance,
            Better::Less => self.ratio() > 1.0 + tolerance,
        }
    }
}

/// Prints the ratios of `after` to `before`.
///
/// # Errors
/// When a file cannot be read, the two do not compare, or something is worse by more than `tolerance`.
pub(super) fn run(before: &Path, after: &Path, tolerance: f64) -> anyhow::Result<()> {
    let (before, after) = (Report::read(before)?, Report::read(after)?);
    for difference in differences(&before, &after) {
        say!("note: {difference}");
    }
    let lines = lines(&before, &after);
    if lines.is_empty() {
        bail!("the two reports have no scene in common that both hold");
    }
    say!("{}", table(&lines, tolerance));
    let worse: Vec<String> = lines
        .iter()
        .filter(|line| line.is_worse(tolerance))
        .map(|line| format!("{} {}: {:.2} times", line.scene, line.what, line.ratio()))
        .collect();
    if worse.is_empty() {
        return Ok(());
    }
    bail!("worse by more than {:.0} %: {}", tolerance * 100.0, worse.join("; "))
}

/// What makes the figures hard to compare.
fn differences(before: &Report, after: &Report) -> Vec<String> {
    let mut differences = Vec::new();
    let mut same = |what: &str, a: String, b: String| {
        if a != b {
            differences.push(format!("{what}: {a} before, {b} after"));
        }
    };
    same("processor", before.machine.processor.clone(), after.machine.processor.clone());
    same("cores", before.machine.pipeline_cores.to_string(), after.machine.pipeline_cores.to_string());
    same("network", before.settings.network.clone(), after.settings.network.clone());
    same("decode", before.settings.decode.clone(), after.settings.decode.clone());
    same("seconds measured", before.settings.seconds.to_string(), after.settings.seconds.to_string());
    same("seconds before that", before.settings.settle_s.to_string(), after.settings.settle_s.to_string());
    let given = |report: &Report| -> Vec<String> {
        let given = report.scenes.iter().filter(|scene| !scene.searched);
        given.map(|scene| format!("{} of {}", scene.held, scene.footage.scene)).collect()
    };
    let (a, b) = (given(before), given(after));
    if a != b {
        let told = |given: Vec<String>| if given.is_empty() { "none".to_owned() } else { given.join(", ") };
        same("cameras that were given, and not searched for", told(a), told(b));
    }
    same("targets", before.settings.targets.words(), after.settings.targets.words());
    differences
}

fn lines(before: &Report, after: &Report) -> Vec<Line> {
    let mut lines = Vec::new();
    for scene in &before.scenes {
        let same = |other: &&SceneReport| {
            let (a, b) = (&scene.footage, &other.footage);
            (&a.scene, a.width, a.height, a.codec, a.kbit, a.group)
                == (&b.scene, b.width, b.height, b.codec, b.kbit, b.group)
        };
        let (name, other) = (scene.footage.scene.clone(), after.scenes.iter().find(same));
        // A scene that is missing, or does not hold any more, is the worst that can be: never passed over.
        let held = other.map_or(0, |other| other.held);
        // A number that was asked for says what holds, and not how much would.
        let are_found = scene.searched && other.is_some_and(|other| other.searched);
        let none = u32::from(scene.held == 0) + u32::from(held == 0);
        if none == 1 || (none == 0 && (are_found || scene.held == held)) {
            lines.push(Line {
                scene: name.clone(),
                what: "cameras held",
                before: f64::from(scene.held),
                after: f64::from(held),
                better: Better::More,
            });
        }
        let (Some(a), Some(b)) = (scene.best(), other.and_then(SceneReport::best)) else { continue };
        lines.extend(figures(&name, a, b));
    }
    lines
}

/// Cost of a camera and speed, each at the number that was held.
fn figures(scene: &str, before: &Trial, after: &Trial) -> Vec<Line> {
    let each = |trial: &Trial, used: f64| used * 1000.0 / f64::from(trial.cameras.max(1));
    let mut lines = Vec::new();
    let mut less = |what: &'static str, before: f64, after: f64| {
        lines.push(Line { scene: scene.to_owned(), what, before, after, better: Better::Less });
    };
    less("thousandths of a core a camera", each(before, before.used()), each(after, after.used()));
    for (what, stage) in [
        ("thousandths, receive", "receive"),
        ("thousandths, decode", "decode"),
        ("thousandths, inference", "inference"),
    ] {
        less(what, each(before, before.stage(stage)), each(after, after.stage(stage)));
    }
    const MIB: f64 = 1_048_576.0;
    less("MiB a camera", before.memory_each / MIB, after.memory_each / MIB);
    if let (Some(a), Some(b)) = (before.events.alert_s, after.events.alert_s) {
        less("s, event to alert, 95 %", a.p95, b.p95);
    }
    if let (Some(a), Some(b)) = (before.watts, after.watts) {
        less("watts a camera", a / f64::from(before.cameras.max(1)), b / f64::from(after.cameras.max(1)));
    }
    lines
}

fn table(lines: &[Line], tolerance: f64) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "scene",
        "figure",
        "before",
        "after",
        "after / before",
        "",
    ]);
    for line in lines {
        let verdict = if line.is_worse(tolerance) { "worse" } else { "" };
        table.add_row([
            line.scene.clone(),
            line.what.to_owned(),
            format!("{:.2}", line.before),
            format!("{:.2}", line.after),
            format!("{:.2}", line.ratio()),
            verdict.to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_as_good_as_itself() {
        let report = Report::example();
        let lines = lines(&report, &report);
        assert!(lines.iter().all(|line| line.ratio() == 1.0 && !line.is_worse(0.0)), "{lines:?}");
        assert_eq!(lines[0].what, "cameras held");
        assert!(differences(&report, &report).is_empty());
    }

    #[test]
    fn what_is_worse_by_more_than_may_be_is_told() {
        let (before, mut after) = (Report::example(), Report::example());
        after.scenes[0].held = 1;
        after.machine.processor = "another".into();
        *after.scenes[0].trials[0].cores.get_mut("receive").expect("there") *= 1.2;
        let lines = lines(&before, &after);
        let worse = |tolerance| {
            lines.iter().filter(|line| line.is_worse(tolerance)).map(|line| line.what).collect::<Vec<_>>()
        };
        assert_eq!(worse(0.1), ["cameras held", "thousandths, receive"]);
        assert_eq!(worse(0.25), ["cameras held"]);
        assert!(worse(0.95).is_empty());
        assert_eq!(differences(&before, &after), ["processor: example before, another after"]);
    }

    #[test]
    fn numbers_that_were_given_are_no_measure_of_what_a_machine_holds() {
        let (before, mut after) = (Report::example(), Report::example());
        after.scenes[0].held = 1;
        after.scenes[0].searched = false;
        let lines = lines(&before, &after);
        assert!(lines.iter().all(|line| line.what != "cameras held"), "{lines:?}");
        let told = ["cameras that were given, and not searched for: none before, 1 of quiet after"];
        assert_eq!(differences(&before, &after), told);
    }

    #[test]
    fn other_footage_does_not_compare() {
        let (before, mut after) = (Report::example(), Report::example());
        after.scenes[0].footage.kbit = 2000;
        let lines = lines(&before, &after);
        assert_eq!(lines.len(), 1, "but that the scene is gone is told: {lines:?}");
        assert!(lines[0].is_worse(0.9));
    }

    #[test]
    fn a_scene_that_does_not_hold_any_more_is_the_worst() {
        let (before, mut after) = (Report::example(), Report::example());
        after.scenes[0].held = 0;
        after.scenes[0].trials.iter_mut().for_each(|trial| trial.missed.push("all".into()));
        after.scenes[0].searched = false;
        let lines = lines(&before, &after);
        assert_eq!((lines[0].what, lines[0].after), ("cameras held", 0.0));
        assert!(lines[0].is_worse(0.9));
    }
}
