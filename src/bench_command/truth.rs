//! What was told, held against what was true. Pure; times in milliseconds since 1970.

use serde::{Deserialize, Serialize};

/// Event and stay belong together if they begin within this of each other: less than vehicles of our scenes are apart in one
/// zone, more than any pipeline that deserves the name is late.
const SAME_STAY_MS: i64 = 6_000;
/// So long after a vehicle has left it may still be spoken of.
const AFTER_LEAVING_MS: i64 = 15_000;

/// A stay that must be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stay {
    pub(super) camera: String,
    pub(super) kind: String,
    pub(super) zone: String,
    pub(super) stop_ms: i64,
    /// When its limit is reached.
    pub(super) open_ms: i64,
    pub(super) leave_ms: i64,
}

/// An event that was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Opened {
    pub(super) camera: String,
    pub(super) kind: String,
    pub(super) zone: String,
    pub(super) since_ms: i64,
    /// Its event time: that of the picture that shows it.
    pub(super) at_ms: i64,
    /// When it arrived behind the broker.
    pub(super) arrived_ms: i64,
}

/// From when to when the pipeline is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    /// From here on every camera was watched: stays that begin later must be found.
    pub(super) watched_from_ms: i64,
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Score {
    /// Stays whose limit was reached in the window.
    pub(super) wanted: u32,
    /// Of these, those that were told, whenever.
    pub(super) found: u32,
    /// Words about each stay that was not told, told late, or told twice, and each event that is not true.
    pub(super) missed: Vec<String>,
    pub(super) late: Vec<String>,
    pub(super) untrue: Vec<String>,
    /// Seconds from the limit to the event time, of each that was found; negative where it was early.
    pub(super) opened_after_s: Vec<f64>,
    /// Seconds from the event time to the arrival behind the broker.
    pub(super) alert_s: Vec<f64>,
    /// Seconds from the limit to the arrival.
    pub(super) limit_to_arrival_s: Vec<f64>,
}

/// Judges. The event time may be `within_s` seconds before or after the limit; how long the alert then takes is judged elsewhere.
pub(super) fn score(opened: &[Opened], stays: &[Stay], window: Window, within_s: f64) -> Score {
    let mut score = Score::default();
    let mut used = vec![false; opened.len()];
    let within_ms = (within_s * 1000.0) as i64;
    let seconds = |ms: i64| ms as f64 / 1000.0;
    // An event that is due at the very end may arrive after it.
    let is_wanted = |stay: &&Stay| {
        stay.stop_ms >= window.watched_from_ms
            && stay.open_ms >= window.from_ms
            && stay.open_ms <= window.until_ms - within_ms
    };
    for stay in stays.iter().filter(is_wanted) {
        score.wanted += 1;
        let index = (0..opened.len()).find(|&index| !used[index] && stay.is_told_by(&opened[index]));
        let Some(index) = index else {
            score.missed.push(stay.to_string());
            continue;
        };
        used[index] = true;
        let event = &opened[index];
        score.found += 1;
        let (after, arrived) = (event.at_ms - stay.open_ms, event.arrived_ms - stay.open_ms);
        if after.abs() > within_ms {
            let begun = seconds(event.since_ms - stay.stop_ms);
            score.late.push(format!("{stay}: {:+.1} s, dated {begun:+.1} s", seconds(after)));
        }
        score.opened_after_s.push(seconds(after));
        score.alert_s.push(seconds(event.arrived_ms - event.at_ms));
        score.limit_to_arrival_s.push(seconds(arrived));
    }
    for (event, _) in
        opened.iter().zip(used).filter(|(event, used)| !used && event.at_ms >= window.watched_from_ms)
    {
        let mut told_by = stays.iter().filter(|stay| stay.may_be_told_by(event));
        // A stay that had begun before is told whenever it is seen; one that was wanted is told once.
        let excused = told_by.any(|stay| !(is_wanted(&stay) && stay.is_told_by(event)));
        if !excused {
            score.untrue.push(event.beside(stays));
        }
    }
    score
}

impl Opened {
    /// Words for it, and which stay of its zone is nearest.
    fn beside(&self, stays: &[Stay]) -> String {
        let distance = |stay: &Stay| self.since_ms - stay.stop_ms;
        let nearest = stays.iter().filter(|stay| stay.is_of(self)).map(distance).min_by_key(|ms| ms.abs());
        let nearest = nearest.map_or_else(
            || "where nothing ever stands".to_owned(),
            |ms| format!("begun {:+.1} s from the nearest stay", ms as f64 / 1000.0),
        );
        format!("{} {} in {} at {}: {nearest}", self.camera, self.kind, self.zone, self.at_ms)
    }
}

impl Stay {
    fn is_of(&self, event: &Opened) -> bool {
        self.camera == event.camera && self.kind == event.kind && self.zone == event.zone
    }

    fn is_told_by(&self, event: &Opened) -> bool {
        self.is_of(event) && (event.since_ms - self.stop_ms).abs() <= SAME_STAY_MS
    }

    fn may_be_told_by(&self, event: &Opened) -> bool {
        let stays = self.stop_ms - SAME_STAY_MS..=self.leave_ms + AFTER_LEAVING_MS;
        self.is_of(event) && stays.contains(&event.at_ms)
    }
}

impl std::fmt::Display for Stay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} in {} at {}", self.camera, self.kind, self.zone, self.open_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { watched_from_ms: 0, from_ms: 10_000, until_ms: 100_000 };

    fn stay(stop_ms: i64) -> Stay {
        Stay {
            camera: "c1".into(),
            kind: "parking.fire_lane".into(),
            zone: "lane".into(),
            stop_ms,
            open_ms: stop_ms + 20_000,
            leave_ms: stop_ms + 30_000,
        }
    }

    fn opened(since_ms: i64, at_ms: i64) -> Opened {
        let Stay { camera, kind, zone, .. } = stay(0);
        Opened { camera, kind, zone, since_ms, at_ms, arrived_ms: at_ms + 300 }
    }

    /// wanted, found, missed, late, untrue
    #[track_caller]
    fn check(events: &[Opened], stays: &[Stay], wanted: [usize; 5]) -> Score {
        let score = score(events, stays, WINDOW, 2.0);
        let counts = [
            score.wanted as usize,
            score.found as usize,
            score.missed.len(),
            score.late.len(),
            score.untrue.len(),
        ];
        assert_eq!(counts, wanted, "{score:?}");
        score
    }

    #[test]
    fn what_is_told_in_time_counts() {
        let score = check(&[opened(4_500, 25_500)], &[stay(5_000)], [1, 1, 0, 0, 0]);
        assert_eq!(
            (score.opened_after_s, score.alert_s, score.limit_to_arrival_s),
            (vec![0.5], vec![0.3], vec![0.8])
        );
    }

    #[test]
    fn silence_lateness_and_inventions_are_told_apart() {
        check(&[], &[stay(5_000)], [1, 0, 1, 0, 0]);
        check(&[opened(5_000, 27_100)], &[stay(5_000)], [1, 1, 0, 1, 0]);
        check(&[opened(5_000, 26_900)], &[stay(5_000)], [1, 1, 0, 0, 0]);
        check(&[opened(5_000, 22_900)], &[stay(5_000)], [1, 1, 0, 1, 0]);
        check(&[opened(60_000, 80_000)], &[stay(5_000)], [1, 0, 1, 0, 1]);
        check(&[Opened { zone: "bins".into(), ..opened(5_000, 25_000) }], &[stay(5_000)], [1, 0, 1, 0, 1]);
        let twice = [opened(5_000, 25_000), opened(7_000, 27_000)];
        check(&twice, &[stay(5_000)], [1, 1, 0, 0, 1]);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_helps_to_find_it() {
        let score = score(&[opened(5_300, 27_100), opened(60_000, 80_000)], &[stay(5_000)], WINDOW, 2.0);
        assert_eq!(score.late, ["c1 parking.fire_lane in lane at 25000: +2.1 s, dated +0.3 s"]);
        let beside = "c1 parking.fire_lane in lane at 80000: begun +55.0 s from the nearest stay";
        assert_eq!(score.untrue, [beside]);
    }

    #[test]
    fn what_began_before_or_ends_after_the_window_is_not_held_against_anybody() {
        check(&[opened(20_000, 40_000)], &[stay(-15_000)], [0, 0, 0, 0, 1]);
        check(&[opened(1_000, 9_000)], &[stay(-15_000)], [0, 0, 0, 0, 0]);
        check(&[opened(79_000, 99_500)], &[stay(79_000)], [0, 0, 0, 0, 0]);
        check(&[], &[stay(79_000)], [0; 5]);
        check(&[opened(-30_000, -10_000)], &[], [0; 5]);
    }
}
