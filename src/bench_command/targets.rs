//! What a box must reach to hold a number of cameras.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::report::Trial;

/// Bounds. Each can be set on the command line, `--targets freshness=3,alert=0.5`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Targets {
    /// Seconds that a camera may go without a look beyond what its configuration allows at rest.
    pub(super) freshness: f64,
    /// Seconds between a limit and the time of its event, before or after.
    pub(super) opened: f64,
    /// Share of the scenes' events that must be found, 0–1.
    pub(super) recall: f64,
    /// Events that nothing is behind.
    pub(super) untrue: f64,
    /// Seconds from an event's time to its arrival behind the broker, that 95 of a hundred keep.
    pub(super) alert: f64,
    /// Share of the pictures that were to be analysed and were lost, 0–1.
    pub(super) lost: f64,
    /// Revisions of events that may wait in the outbox at the end beyond those at the beginning.
    pub(super) waiting: f64,
}

impl Default for Targets {
    fn default() -> Self {
        Self { freshness: 2.0, opened: 2.0, recall: 1.0, untrue: 0.0, alert: 1.0, lost: 0.05, waiting: 5.0 }
    }
}

impl Targets {
    fn by_name(&mut self) -> [(&'static str, &mut f64); 7] {
        [
            ("freshness", &mut self.freshness),
            ("opened", &mut self.opened),
            ("recall", &mut self.recall),
            ("untrue", &mut self.untrue),
            ("alert", &mut self.alert),
            ("lost", &mut self.lost),
            ("waiting", &mut self.waiting),
        ]
    }

    /// As the command line takes them.
    pub(super) fn words(mut self) -> String {
        self.by_name().map(|(name, bound)| format!("{name}={bound}")).join(",")
    }

    /// What a trial did not reach, in words; nothing where it holds.
    pub(super) fn missed(&self, trial: &Trial) -> Vec<String> {
        let mut missed = Vec::new();
        let mut hold = |holds: bool, words: String| {
            if !holds {
                missed.push(words);
            }
        };
        hold(trial.live == trial.cameras, format!("{} of {} cameras live", trial.live, trial.cameras));
        let gap = trial.longest_gap_s - trial.rest_s;
        hold(
            gap <= self.freshness,
            format!(
                "a camera was not looked at for {:.1} s, allowed are {:.1}",
                trial.longest_gap_s,
                trial.rest_s + self.freshness
            ),
        );
        let events = &trial.events;
        let recall =
            if events.wanted == 0 { 1.0 } else { f64::from(events.found) / f64::from(events.wanted) };
        hold(recall >= self.recall, format!("{} of {} events found", events.found, events.wanted));
        hold(
            events.late.is_empty(),
            format!("{} events more than {} s from their limit", events.late.len(), self.opened),
        );
        hold(
            events.untrue.len() as f64 <= self.untrue,
            format!("{} events that nothing is behind", events.untrue.len()),
        );
        let alert = events.alert_s.map_or(0.0, |spread| spread.p95);
        hold(alert <= self.alert, format!("alerts take {alert:.2} s (95 %), allowed are {}", self.alert));
        hold(
            trial.lost_share <= self.lost,
            format!(
                "{:.1} % of the pictures to be analysed lost, allowed are {:.1} %",
                trial.lost_share * 100.0,
                self.lost * 100.0
            ),
        );
        hold(
            trial.outbox_growth <= self.waiting,
            format!("{} more revisions wait in the outbox at the end", trial.outbox_growth),
        );
        hold(
            trial.servers.late_share <= LATE_SHARE,
            format!(
                "{:.1} % of the pictures did not leave the simulated cameras in time",
                trial.servers.late_share * 100.0
            ),
        );
        missed
    }
}

/// Share of pictures that may leave the cameras late, or not at all: beyond it the pipeline does not take them, or the cameras are too
/// slow themselves.
const LATE_SHARE: f64 = 0.01;

impl FromStr for Targets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut targets = Self::default();
        for part in text.split(',') {
            let wanted = part
                .split_once('=')
                .and_then(|(name, value)| Some((name.trim(), value.trim().parse().ok()?)));
            let mut known = targets.by_name();
            let names = known.each_ref().map(|(name, _)| *name).join(", ");
            let expected = format!("{part:?}: expected NAME=NUMBER of {names}");
            let (name, value): (&str, f64) = wanted.ok_or_else(|| expected.clone())?;
            let (_, bound) =
                known.iter_mut().find(|(known, _)| *known == name).ok_or_else(|| expected.clone())?;
            if !(value.is_finite() && value >= 0.0) {
                return Err(format!("{part:?}: expected a number from 0 on"));
            }
            **bound = value;
        }
        Ok(targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_set_by_name() {
        let targets: Targets = "freshness=3, alert=0.5".parse().expect("well-formed");
        assert_eq!(targets, Targets { freshness: 3.0, alert: 0.5, ..Targets::default() });
        assert_eq!(targets.words().parse(), Ok(targets), "{}", targets.words());
        for wrong in ["fresh=1", "alert", "alert=x", "alert=-1", "alert=NaN", ""] {
            let problem = wrong.parse::<Targets>().expect_err(wrong);
            assert!(problem.contains("expected"), "{problem}");
        }
    }

    #[test]
    fn each_bound_is_held_to() {
        let holds = Trial::example(10);
        assert_eq!(Targets::default().missed(&holds), Vec::<String>::new());
        type Worsen = fn(&mut Trial);
        let worse: [(&str, Worsen); 9] = [
            ("9 of 10 cameras", |trial| trial.live = 9),
            ("not looked at for 12.5 s", |trial| trial.longest_gap_s = 12.5),
            ("2 of 3 events found", |trial| (trial.events.wanted, trial.events.found) = (3, 2)),
            ("from their limit", |trial| trial.events.late.push("c1".into())),
            ("nothing is behind", |trial| trial.events.untrue.push("c1".into())),
            ("alerts take 1.50 s", |trial| {
                trial.events.alert_s = super::super::report::Spread::of(vec![1.5])
            }),
            ("6.0 % of the pictures to be", |trial| trial.lost_share = 0.06),
            ("wait in the outbox", |trial| trial.outbox_growth = 9.0),
            ("in time", |trial| trial.servers.late_share = 0.02),
        ];
        for (words, worsen) in worse {
            let mut trial = holds.clone();
            worsen(&mut trial);
            let missed = Targets::default().missed(&trial);
            assert!(missed.len() == 1 && missed[0].contains(words), "{words}: {missed:?}");
        }
    }
}
