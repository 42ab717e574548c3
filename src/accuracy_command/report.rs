//! Everything that was measured, as `accuracy.json` has it. Tables, heat maps and the page are made from this.

use serde::{Deserialize, Serialize};

use super::{
    figures::AllFigures,
    matrix::Cell,
    moments::Picture,
    plan::Rate,
    quiet::{QuietRun, per_day},
    real::RealRun,
    speed::Speed,
};

/// The form of the file.
pub(super) const SCHEMA: &str = "gridwatch.accuracy/1";

/// How accurate it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) schema: String,
    pub(super) version: String,
    /// The network that was measured, but for real footage.
    pub(super) network: String,
    /// Size of rendered pictures, in pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// How long one may stand in real footage, in seconds.
    pub(super) limit_s: f64,
    pub(super) matrix: Vec<Cell>,
    pub(super) real: Vec<RealRun>,
    pub(super) quiet: Vec<QuietRun>,
    /// All quiet hours together.
    #[serde(skip_deserializing)]
    pub(super) false_alarms: Option<FalseAlarms>,
    pub(super) speed: Option<Speed>,
    /// Parts that were left out, and why.
    #[serde(skip_deserializing)]
    pub(super) skipped: Vec<String>,
    /// What went wrong, in pictures.
    #[serde(skip_deserializing)]
    pub(super) pictures: Vec<Picture>,
}

/// Alarms in quiet hours that are not true.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct FalseAlarms {
    pub(super) alarms: usize,
    pub(super) hours: f64,
    /// A camera and day, and how many there may be with 95 % certainty.
    pub(super) per_day: f64,
    pub(super) per_day_at_most: f64,
}

impl FalseAlarms {
    /// Of all of some runs; `None` of none.
    pub(super) fn of<'r>(runs: impl IntoIterator<Item = &'r QuietRun>) -> Option<Self> {
        let (mut alarms, mut hours, mut days) = (0, 0.0, 0.0);
        for run in runs {
            alarms += run.alarms();
            hours += run.hours;
            days += run.days();
        }
        let (per_day, per_day_at_most) = per_day(alarms, days);
        (hours > 0.0).then_some(Self { alarms, hours, per_day, per_day_at_most })
    }
}

impl Report {
    /// The figures of all cells that are wanted.
    pub(super) fn sum(&self, is_wanted: impl Fn(&Cell) -> bool) -> AllFigures {
        let cells = self.matrix.iter().filter(|cell| is_wanted(cell));
        AllFigures::sum(cells.map(|cell| &cell.outcome.figures))
    }

    /// What was measured, in the order in which it was.
    pub(super) fn scenes(&self) -> Vec<&str> {
        in_order(self.matrix.iter().map(|cell| cell.scene.as_str()))
    }

    pub(super) fn conditions(&self) -> Vec<&str> {
        in_order(self.matrix.iter().map(|cell| cell.condition.as_str()))
    }

    pub(super) fn rates(&self) -> Vec<Rate> {
        in_order(self.matrix.iter().map(|cell| cell.rate))
    }

    pub(super) fn cell(&self, scene: &str, condition: &str, rate: Rate) -> Option<&Cell> {
        let is_it = |cell: &&Cell| cell.scene == scene && cell.condition == condition && cell.rate == rate;
        self.matrix.iter().find(is_it)
    }

    /// The rate that figures are told of in short: the configuration's default where that was measured.
    pub(super) fn chief_rate(&self) -> Option<Rate> {
        let rates = self.rates();
        rates.iter().copied().find(|rate| *rate == Rate::Gated).or(rates.first().copied())
    }

    pub(super) fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

pub(super) fn in_order<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

#[cfg(test)]
impl Report {
    /// Two scenes under two conditions, gated and by key pictures; some of all that can go wrong.
    pub(super) fn example() -> Self {
        use super::{
            figures::{BayFigures, Figures, IdentityFigures, NearFigures},
            outcome::{Outcome, Problem, Verdict},
        };
        let problem = Problem {
            verdict: Verdict::Missed,
            id: "fire_lane-lane-1".into(),
            kind: "parking.fire_lane".into(),
            zone: Some("lane".into()),
            since_s: 3.0,
            until_s: None,
            at_s: 13.0,
            bbox: None,
            why: Some(crate::score::Why::NoneInZone),
            again: None,
            off_s: [None; 3],
            seen: Vec::new(),
        };
        let late =
            Problem { verdict: Verdict::Late, why: None, off_s: [Some(3.5), None, None], ..problem.clone() };
        let outcome = |found: usize, untrue: usize| {
            let total = Figures {
                truth: 4,
                found,
                untrue,
                start_s: vec![0.5; found],
                alert_s: vec![1.0; found],
                ..Figures::default()
            };
            let near = NearFigures { truth: 3, found: 2, time_s: vec![0.1, -0.2], ..NearFigures::default() };
            let kinds = [("parking.fire_lane".to_owned(), total.clone())].into();
            let bays = BayFigures { right_s: 99.0, judged_s: 100.0, unknown_s: 1.0 };
            let identity = IdentityFigures {
                objects: 8,
                track_switches: 3,
                place_switches: 1,
                there: 100,
                followed: 90,
                standing: 80,
                placed: 78,
            };
            let identities = std::collections::BTreeMap::from([("car".to_owned(), identity)]);
            let figures = AllFigures { total, kinds, near, bays, identities };
            let problems = vec![problem.clone(), late.clone()];
            Outcome {
                seconds: 280.0,
                took_s: 10.0,
                pictures: 100,
                relied_on: 60,
                figures,
                problems,
                program: "0123456789ab".into(),
            }
        };
        let mut matrix = Vec::new();
        for (scene, condition, found) in
            [("acc-lot", "day", 4), ("acc-lot", "snow", 2), ("<acc>", "day", 3), ("<acc>", "snow", 0)]
        {
            for rate in [Rate::Gated, Rate::Keys] {
                let outcome = outcome(found, usize::from(found == 2));
                matrix.push(Cell { scene: scene.into(), condition: condition.into(), rate, outcome });
            }
        }
        let network = || "yard-n".to_owned();
        let quiet = vec![QuietRun {
            source: "quiet".into(),
            network: network(),
            hours: 24.0,
            outcome: outcome(4, 0),
        }];
        let picture = Picture {
            place: "acc-lot-snow at gated".into(),
            cell: Some(2),
            problem: problem.clone(),
            file: "pictures/01.jpg".into(),
            bytes: vec![0xff, 0xd8],
        };
        Self {
            schema: SCHEMA.to_owned(),
            version: "0.0.0".to_owned(),
            network: network(),
            width: 1280,
            height: 720,
            limit_s: 20.0,
            matrix,
            real: vec![RealRun { footage: "a lot".into(), network: network(), outcome: outcome(3, 1) }],
            false_alarms: FalseAlarms::of(&quiet),
            quiet,
            speed: Some(Speed {
                scene: "quiet".into(),
                width: 1920,
                height: 1080,
                seconds: 80.0,
                took_s: vec![2.0, 1.0, 4.0],
                times_real: 40.0,
                processor: "example".into(),
                cores: 2,
            }),
            skipped: vec!["nothing".into()],
            pictures: vec![picture],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_added_up_by_whatever_is_asked_for() {
        let report = Report::example();
        let snow = report.sum(|cell| cell.condition == "snow" && cell.rate == Rate::Gated);
        assert_eq!((snow.total.truth, snow.total.found, snow.total.untrue), (8, 2, 1));
        assert_eq!((report.scenes(), report.conditions()), (vec!["acc-lot", "<acc>"], vec!["day", "snow"]));
        assert_eq!((report.rates(), report.chief_rate()), (vec![Rate::Gated, Rate::Keys], Some(Rate::Gated)));
    }

    #[test]
    fn quiet_hours_are_added_up_before_they_are_divided() {
        let quiet = Report::example().quiet.remove(0);
        let runs = [QuietRun { hours: 36.0, ..quiet.clone() }, QuietRun { hours: 36.0, ..quiet }];
        let alarms = FalseAlarms::of(&runs).expect("there are hours");
        assert_eq!((alarms.alarms, alarms.hours, alarms.per_day), (0, 72.0, 0.0));
        assert!((alarms.per_day_at_most - 2.996 / 3.0).abs() < 0.001, "{alarms:?}");
        assert_eq!(FalseAlarms::of(&[]), None);
    }
}
