//! What makes the figures of a score say less than they seem to.

use std::{collections::BTreeSet, fmt};

use gridwatch_domain::Timestamp;
use serde::Serialize;

use super::{
    lines::PartialAnalysis,
    observation::Observation,
    occupancy,
    outcome::{Match, Told},
    truth::Truth,
};

/// Observations may begin and end this much later and earlier than the footage: the first and last pictures need not be analysed.
const SILENCE_S: f64 = 10.0;
/// Limits that differ by less are the same.
const SAME_LIMIT_S: f64 = 0.01;

/// Something that whoever reads the score should know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub(crate) enum Warning {
    /// The analysis did not come to the end of the footage.
    Partial(PartialAnalysis),
    /// No event lies within the footage: most likely `start` is not that of the file.
    OutsideFootage { first_s: f64 },
    /// Events were told with another limit than the truth has.
    OtherLimit { zone: Option<String>, kind: String, told_s: f64, truth_s: f64 },
    /// The revision that opened an event is not among the lines, so that its alert cannot be judged.
    NoOpening { events: usize },
    /// Bays that no observation speaks of.
    UnheardBays { zones: Vec<String> },
    /// Observations begin late or end early.
    SilentTime { from_s: f64, until_s: f64 },
}

/// All that there is to be said.
pub(super) fn all(
    truth: &Truth,
    told: &[Told],
    matches: &[Match],
    observations: Option<&[Observation]>,
    start: Timestamp,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let is_within =
        |event: &Told| event.since_s <= truth.duration_s && event.span(truth.duration_s).until_s >= 0.0;
    if let Some(first) = told.first()
        && !told.iter().any(is_within)
    {
        warnings.push(Warning::OutsideFootage { first_s: first.since_s });
    }
    warnings.extend(other_limits(matches));
    let unopened = told.iter().filter(|event| event.opened_s.is_none()).count();
    if unopened > 0 {
        warnings.push(Warning::NoOpening { events: unopened });
    }
    let Some(observations) = observations else { return warnings };
    let zones: Vec<String> =
        occupancy::unheard_of(truth, observations).into_iter().map(str::to_owned).collect();
    if !zones.is_empty() {
        warnings.push(Warning::UnheardBays { zones });
    }
    let seconds =
        |observation: Option<&Observation>| observation.map_or(f64::NAN, |one| one.at.seconds_since(start));
    let (from_s, until_s) = (seconds(observations.first()), seconds(observations.last()));
    let is_silent = from_s > SILENCE_S || until_s < truth.duration_s - SILENCE_S || from_s > truth.duration_s;
    if is_silent && zones_are_told(truth, observations) {
        warnings.push(Warning::SilentTime { from_s, until_s });
    }
    warnings
}

/// Whether something is judged by observations at all.
fn zones_are_told(truth: &Truth, observations: &[Observation]) -> bool {
    !observations.is_empty() && (!truth.bays.is_empty() || !truth.objects.is_empty())
}

/// Each pair of limits once.
fn other_limits(matches: &[Match]) -> Vec<Warning> {
    let mut known = BTreeSet::new();
    let differ = matches.iter().filter_map(|one| {
        let (told_s, truth_s) = one.told.limit_s.zip(one.truth.limit_s)?;
        let is_new = known.insert((
            one.truth.zone.clone(),
            one.truth.kind.clone(),
            told_s.to_bits(),
            truth_s.to_bits(),
        ));
        (is_new && (told_s - truth_s).abs() > SAME_LIMIT_S).then(|| Warning::OtherLimit {
            zone: one.truth.zone.clone(),
            kind: one.truth.kind.clone(),
            told_s,
            truth_s,
        })
    });
    differ.collect()
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partial(PartialAnalysis { seconds, flaws }) => {
                write!(f, "the analysis broke off after {seconds:.1} s of the footage")?;
                if flaws.is_empty() { Ok(()) } else { write!(f, ": {}", flaws.join("; ")) }
            }
            Self::OutsideFootage { first_s } => write!(
                f,
                "no event lies within the footage, the first begins {first_s:.1} s from its start: give --start as it was analysed with"
            ),
            Self::OtherLimit { zone, kind, told_s, truth_s } => write!(
                f,
                "{kind} in {} was told with a limit of {told_s} s, the truth has {truth_s} s",
                zone.as_deref().unwrap_or("the whole picture")
            ),
            Self::NoOpening { events } => write!(
                f,
                "the opening of {events} {} is not among the lines, so their alerts are not judged",
                if *events == 1 { "event" } else { "events" }
            ),
            Self::UnheardBays { zones } => {
                write!(f, "no observation tells whether these bays are free: {}", zones.join(", "))
            }
            Self::SilentTime { from_s, until_s } => write!(
                f,
                "observations are only there from {from_s:.1} s to {until_s:.1} s; what a bay was last is taken to hold to the end"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{
        score,
        tests::{event, observation, told, truth},
        truth::Bay,
    };

    #[track_caller]
    fn check(score: &crate::score::Score, expected: &[&str]) {
        let said: Vec<String> = score.warnings.iter().map(Warning::to_string).collect();
        assert_eq!(said.len(), expected.len(), "{said:?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{said:?} should contain {expected:?}");
        }
    }

    #[test]
    fn what_makes_figures_say_less_is_told() {
        let truth = Truth { events: vec![event("1", 10.0, 60.0)], ..truth() };
        let zero = Timestamp::UNIX_EPOCH;
        check(&score(&truth, &[told("a", 10.0, 60.0)], None, zero), &[]);
        check(&score(&truth, &[], None, zero), &[]);
        let late = told("a", 1_000_010.0, 1_000_060.0);
        check(&score(&truth, &[late], None, zero), &["the first begins 1000010.0 s from its start"]);
        let mut other = told("a", 10.0, 60.0);
        (other.limit_s, other.opened_at) = (Some(180.0), None);
        let expected =
            ["in lane was told with a limit of 180 s, the truth has 20 s", "the opening of 1 event is"];
        check(&score(&truth, &[other], None, zero), &expected);
        let bay = Bay { zone: "bay-1".into(), occupied: Vec::new(), unsure: Vec::new() };
        let truth = Truth { bays: vec![bay], ..truth };
        let observations = [observation(5.0), observation(60.0)];
        let expected = ["these bays are free: bay-1", "only there from 5.0 s to 60.0 s"];
        check(&score(&truth, &[], Some(&observations), zero), &expected);
    }
}
