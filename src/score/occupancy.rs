//! Whether parking bays were told free and occupied when they were.
//!
//! What is observed of a bay holds until the next observation, the last one until the end of the footage. Before the first one, and
//! where an observation does not speak of the bay, nobody knows: that is as wrong as the contrary, unless the truth is unsure as well.

use std::collections::BTreeMap;

use gridwatch_domain::Timestamp;
use serde::Serialize;

use super::{
    observation::{Observation, Occupancy},
    span::Span,
    truth::{Bay, Truth},
};

/// How well all bays were told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BaysScore {
    /// Share of time, over all bays, in which the observed state is the true one; `None` where the truth is unsure throughout.
    pub(crate) accuracy: Option<f64>,
    /// Share of the same time in which nobody knew.
    pub(crate) unknown: Option<f64>,
    /// In the order of the truth.
    pub(crate) bays: Vec<BayScore>,
}

/// How well one bay was told. Times in seconds; those in which the truth is unsure count as `unsure_s` and nowhere else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct BayScore {
    pub(crate) zone: String,
    pub(crate) accuracy: Option<f64>,
    pub(crate) right_s: f64,
    pub(crate) occupied_told_free_s: f64,
    pub(crate) free_told_occupied_s: f64,
    pub(crate) unknown_s: f64,
    pub(crate) unsure_s: f64,
    /// What was true; unknown: unsure.
    pub(crate) truth: Vec<Stretch>,
    pub(crate) observed: Vec<Stretch>,
}

/// A time in which a bay's state stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Stretch {
    pub(crate) span: Span,
    pub(crate) state: Occupancy,
}

/// Judges all bays; `None` where the truth has none.
pub(super) fn judge(truth: &Truth, observations: &[Observation], start: Timestamp) -> Option<BaysScore> {
    if truth.bays.is_empty() {
        return None;
    }
    let footage = Span::new(0.0, truth.duration_s);
    let bays = truth.bays.iter().map(|bay| {
        let observed = observed(&bay.zone, observations, start, footage);
        BayScore::new(bay, observed, footage)
    });
    let bays: Vec<BayScore> = bays.collect();
    let sum = |value: fn(&BayScore) -> f64| bays.iter().map(value).sum::<f64>();
    let judged_s = sum(BayScore::judged_s);
    Some(BaysScore {
        accuracy: share(sum(|bay| bay.right_s), judged_s),
        unknown: share(sum(|bay| bay.unknown_s), judged_s),
        bays,
    })
}

fn share(part_s: f64, whole_s: f64) -> Option<f64> {
    (whole_s > 0.0).then(|| part_s / whole_s)
}

/// Zones of the truth's bays that no observation speaks of.
pub(super) fn unheard_of<'t>(truth: &'t Truth, observations: &[Observation]) -> Vec<&'t str> {
    let is_told = |bay: &&Bay| {
        let mut zones = observations.iter().flat_map(|observation| &observation.zones);
        zones.any(|zone| zone.id == bay.zone && zone.occupancy.is_some())
    };
    truth.bays.iter().filter(|bay| !is_told(bay)).map(|bay| bay.zone.as_str()).collect()
}

fn observed(zone: &str, observations: &[Observation], start: Timestamp, footage: Span) -> Vec<Stretch> {
    let mut changes = vec![(f64::NEG_INFINITY, Occupancy::Unknown)];
    for observation in observations {
        let told = observation.zones.iter().find(|told| told.id == zone);
        let state = told.and_then(|told| told.occupancy).unwrap_or(Occupancy::Unknown);
        changes.push((observation.at.seconds_since(start), state));
    }
    stretches(&changes, footage)
}

/// From states that begin at ever later times to stretches of the footage.
fn stretches(changes: &[(f64, Occupancy)], footage: Span) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let next = changes.iter().skip(1).map(|(time_s, _)| *time_s).chain([f64::INFINITY]);
    for ((from_s, state), until_s) in changes.iter().zip(next) {
        let span = Span::new(from_s.max(footage.from_s), until_s.min(footage.until_s));
        if span.length_s() <= 0.0 {
            continue;
        }
        match stretches.last_mut() {
            Some(last) if last.state == *state => last.span.until_s = span.until_s,
            _ => stretches.push(Stretch { span, state: *state }),
        }
    }
    stretches
}

/// What is true: occupied where it is said, unsure where that is said, else free.
fn true_stretches(bay: &Bay, footage: Span) -> Vec<Stretch> {
    let ends = bay.occupied.iter().chain(&bay.unsure).flat_map(|span| [span.from_s, span.until_s]);
    let mut ends: Vec<f64> = ends.chain([footage.from_s]).collect();
    ends.sort_by(f64::total_cmp);
    let is_in = |spans: &[Span], time_s: f64| spans.iter().any(|span| span.contains(time_s));
    let state = |time_s: f64| {
        if is_in(&bay.unsure, time_s) {
            Occupancy::Unknown
        } else if is_in(&bay.occupied, time_s) {
            Occupancy::Occupied
        } else {
            Occupancy::Free
        }
    };
    let changes: Vec<(f64, Occupancy)> = ends.into_iter().map(|time_s| (time_s, state(time_s))).collect();
    stretches(&changes, footage)
}

impl BayScore {
    fn new(bay: &Bay, observed: Vec<Stretch>, footage: Span) -> Self {
        let truth = true_stretches(bay, footage);
        let mut times: BTreeMap<(Occupancy, Occupancy), f64> = BTreeMap::new();
        for is in &truth {
            for told in &observed {
                *times.entry((is.state, told.state)).or_default() += is.span.overlap_s(told.span);
            }
        }
        use Occupancy::{Free, Occupied, Unknown};
        let time = |is, told| times.get(&(is, told)).copied().unwrap_or(0.0);
        let mut score = Self {
            zone: bay.zone.clone(),
            accuracy: None,
            right_s: time(Free, Free) + time(Occupied, Occupied),
            occupied_told_free_s: time(Occupied, Free),
            free_told_occupied_s: time(Free, Occupied),
            unknown_s: time(Free, Unknown) + time(Occupied, Unknown),
            unsure_s: [Free, Occupied, Unknown].map(|told| time(Unknown, told)).iter().sum(),
            truth,
            observed,
        };
        score.accuracy = share(score.right_s, score.judged_s());
        score
    }

    /// Seconds in which the truth is sure.
    fn judged_s(&self) -> f64 {
        self.right_s + self.occupied_told_free_s + self.free_told_occupied_s + self.unknown_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{
        observation::ObservedZone,
        tests::{observation, truth},
    };

    fn bay(occupied: &[[f64; 2]], unsure: &[[f64; 2]]) -> Bay {
        let spans =
            |list: &[[f64; 2]]| list.iter().map(|[from_s, until_s]| Span::new(*from_s, *until_s)).collect();
        Bay { zone: "bay-1".into(), occupied: spans(occupied), unsure: spans(unsure) }
    }

    fn states(told: &[(f64, Option<Occupancy>)]) -> Vec<Observation> {
        let one = |&(at_s, occupancy): &(f64, Option<Occupancy>)| Observation {
            zones: vec![ObservedZone { id: "bay-1".into(), occupancy }],
            ..observation(at_s)
        };
        told.iter().map(one).collect()
    }

    /// Right, occupied told free, free told occupied, unknown, unsure, in seconds of 100.
    #[track_caller]
    fn check(bay: Bay, told: &[(f64, Option<Occupancy>)], expected: [f64; 5]) {
        let truth = Truth { duration_s: 100.0, bays: vec![bay], ..truth() };
        let score = judge(&truth, &states(told), Timestamp::UNIX_EPOCH).expect("there is a bay");
        let bay = &score.bays[0];
        let found =
            [bay.right_s, bay.occupied_told_free_s, bay.free_told_occupied_s, bay.unknown_s, bay.unsure_s];
        assert_eq!(found, expected, "{bay:?}");
        assert_eq!(found.iter().sum::<f64>(), 100.0);
        let judged = 100.0 - bay.unsure_s;
        assert_eq!(score.accuracy, (judged > 0.0).then(|| bay.right_s / judged));
        assert_eq!(score.unknown, (judged > 0.0).then(|| bay.unknown_s / judged));
    }

    #[test]
    fn a_state_holds_until_the_next_one() {
        use Occupancy::{Free, Occupied, Unknown};
        check(bay(&[[0.0, 100.0]], &[]), &[(0.0, Some(Occupied))], [100.0, 0.0, 0.0, 0.0, 0.0]);
        check(bay(&[], &[]), &[(10.0, Some(Free)), (20.0, Some(Free))], [90.0, 0.0, 0.0, 10.0, 0.0]);
        let told = [(0.0, Some(Free)), (50.0, Some(Occupied)), (90.0, Some(Free))];
        check(bay(&[[40.0, 95.0]], &[]), &told, [85.0, 15.0, 0.0, 0.0, 0.0]);
        check(bay(&[[60.0, 95.0]], &[]), &told, [85.0, 5.0, 10.0, 0.0, 0.0]);
        check(bay(&[[40.0, 95.0]], &[[35.0, 55.0]]), &told, [75.0, 5.0, 0.0, 0.0, 20.0]);
        check(
            bay(&[], &[]),
            &[(0.0, Some(Free)), (40.0, None), (60.0, Some(Free))],
            [80.0, 0.0, 0.0, 20.0, 0.0],
        );
        check(bay(&[], &[]), &[(0.0, Some(Free)), (70.0, Some(Unknown))], [70.0, 0.0, 0.0, 30.0, 0.0]);
        check(bay(&[], &[[0.0, 100.0]]), &[(0.0, Some(Free))], [0.0, 0.0, 0.0, 0.0, 100.0]);
        check(bay(&[[0.0, 100.0]], &[]), &[], [0.0, 0.0, 0.0, 100.0, 0.0]);
        check(bay(&[], &[]), &[(-5.0, Some(Free)), (101.0, Some(Occupied))], [100.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn bays_that_nobody_speaks_of_are_named() {
        let two = vec![bay(&[], &[]), Bay { zone: "bay-2".into(), ..bay(&[], &[]) }];
        let truth = Truth { bays: two, ..truth() };
        assert_eq!(unheard_of(&truth, &states(&[(1.0, Some(Occupancy::Free))])), ["bay-2"]);
        assert_eq!(unheard_of(&truth, &[]), ["bay-1", "bay-2"]);
    }
}
