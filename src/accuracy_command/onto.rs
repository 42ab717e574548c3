//! What an earlier report has and this run has not measured: taken over, so that a matrix that takes hours can be measured in parts.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use gridwatch_sim::Condition;

use super::{
    matrix::Cell,
    plan::{Part, Rate},
    report::{FalseAlarms, Report, SCHEMA},
};

/// Reads an earlier report's `accuracy.json`; refuses one of another version of the file.
pub(super) fn read(file: &Path) -> anyhow::Result<Report> {
    let name = file.display();
    let text = fs::read(file).with_context(|| format!("--onto: read {name}"))?;
    let report: Report = serde_json::from_slice(&text)
        .with_context(|| format!("--onto {name}: expected the accuracy.json of an earlier run"))?;
    if report.schema != SCHEMA {
        bail!("--onto {name}: expected {SCHEMA}, found {:?}", report.schema);
    }
    Ok(report)
}

impl Report {
    /// Refuses an earlier report whose figures may not stand beside those of this one.
    pub(super) fn check_onto(&self, earlier: &Self) -> anyhow::Result<()> {
        let how = |report: &Self| {
            let Self { network, width, height, limit_s, .. } = report;
            format!("{network}, rendered at {width}x{height}, {limit_s} s in real footage")
        };
        let (this, that) = (how(self), how(earlier));
        if this != that {
            bail!("--onto: the earlier report was measured with {that}; this run measures with {this}");
        }
        Ok(())
    }

    /// Takes over what this one has not.
    pub(super) fn put_onto(&mut self, earlier: Self) {
        for cell in earlier.matrix {
            if self.cell(&cell.scene, &cell.condition, cell.rate).is_none() {
                self.matrix.push(cell);
            }
        }
        let scenes: Vec<String> = self.scenes().into_iter().map(str::to_owned).collect();
        self.matrix.sort_by_key(|cell| place(cell, &scenes));
        for run in earlier.real {
            if !self.real.iter().any(|own| (&own.footage, &own.network) == (&run.footage, &run.network)) {
                self.real.push(run);
            }
        }
        for run in earlier.quiet {
            if !self.quiet.iter().any(|own| (&own.source, &own.network) == (&run.source, &run.network)) {
                self.quiet.push(run);
            }
        }
        self.false_alarms = FalseAlarms::of(&self.quiet);
        self.speed = self.speed.take().or(earlier.speed);
    }

    /// Whether nothing of a part is there.
    pub(super) fn is_without(&self, part: Part) -> bool {
        match part {
            Part::Matrix => self.matrix.is_empty(),
            Part::Real => self.real.is_empty(),
            Part::Quiet => self.quiet.is_empty(),
            Part::Speed => self.speed.is_none(),
        }
    }

    /// Which builds of gridwatch have measured it.
    pub(super) fn programs(&self) -> Vec<&str> {
        let cells = self.matrix.iter().map(|cell| &cell.outcome);
        let runs = self.real.iter().map(|run| &run.outcome);
        let outcomes = cells.chain(runs).chain(self.quiet.iter().map(|run| &run.outcome));
        super::report::in_order(outcomes.map(|outcome| outcome.program.as_str()))
    }
}

/// Where a cell stands: by scene, condition, and from the default rate and many pictures to few.
fn place(cell: &Cell, scenes: &[String]) -> (usize, usize, u16) {
    let scene = scenes.iter().position(|scene| *scene == cell.scene).unwrap_or(scenes.len());
    let condition = Condition::ALL.iter().position(|one| one.as_str() == cell.condition);
    let rate = match cell.rate {
        Rate::Gated => 0,
        Rate::Every(fps) => 256 - u16::from(fps),
        Rate::Keys => u16::MAX,
    };
    (scene, condition.unwrap_or(usize::MAX), rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(report: &Report) -> Report {
        serde_json::from_str(&report.to_json().expect("it can be written")).expect("it can be read again")
    }

    #[test]
    fn what_was_not_measured_again_is_taken_over() {
        let whole = Report::example();
        let mut earlier = written(&whole);
        earlier.matrix.iter_mut().for_each(|cell| cell.outcome.program = "earlier".into());
        let is_new = |cell: &Cell| cell.condition == "snow" && cell.rate == Rate::Keys;
        let mut matrix = whole.matrix.clone();
        matrix.retain(is_new);
        let (real, quiet) = (Vec::new(), Vec::new());
        let mut report = Report { matrix, real, quiet, false_alarms: None, speed: None, ..whole.clone() };
        assert!(report.is_without(Part::Quiet) && !report.is_without(Part::Matrix));
        report.put_onto(earlier);
        let order = |report: &Report| -> Vec<(String, String, Rate)> {
            let of = |cell: &Cell| (cell.scene.clone(), cell.condition.clone(), cell.rate);
            report.matrix.iter().map(of).collect()
        };
        assert_eq!(order(&report), order(&whole));
        for cell in &report.matrix {
            assert_eq!(cell.outcome.program == "earlier", !is_new(cell), "{cell:?}");
        }
        assert_eq!((report.real.len(), report.quiet.len()), (whole.real.len(), whole.quiet.len()));
        assert_eq!((report.false_alarms, report.speed.clone()), (whole.false_alarms, whole.speed.clone()));
        assert_eq!(report.programs(), ["earlier", "0123456789ab"]);
        // Once more: it is all there.
        report.put_onto(written(&whole));
        assert_eq!((order(&report), report.quiet.len()), (order(&whole), whole.quiet.len()));
    }

    #[test]
    fn reports_that_were_measured_otherwise_are_not_mixed() {
        let report = Report::example();
        assert!(report.check_onto(&report).is_ok());
        let (width, height) = (640, 360);
        for other in [
            Report { network: "yolox-nano".into(), ..report.clone() },
            Report { width, height, ..report.clone() },
            Report { limit_s: 60.0, ..report.clone() },
        ] {
            let error = report.check_onto(&other).expect_err("it differs").to_string();
            assert!(error.contains("--onto") && error.contains(&other.network), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_report_is_refused_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("accuracy.json");
        let other = Report { schema: "gridwatch.accuracy/9".into(), ..Report::example() };
        for text in ["{}".to_owned(), other.to_json().expect("it can be written")] {
            fs::write(&file, text).expect("it is writable");
            let error = format!("{:#}", read(&file).expect_err("refused"));
            assert!(error.contains("accuracy.json"), "{error}");
        }
        assert!(read(&folder.path().join("none.json")).is_err());
    }
}
