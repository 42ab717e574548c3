//! What makes the figures of a score say less than they seem to.

use std::{collections::BTreeSet, fmt};

use gridwatch_domain::{NearPass, Timestamp};
use serde::Serialize;

use super::{
    lines::PartialAnalysis,
    observation::Observation,
    occupancy,
    outcome::{Match, Told},
    truth::Truth,
    zones::{self, UnknownZone},
};

/// Observations may begin and end this much later and earlier than the footage: the first and last pictures need not be analysed.
const SILENCE_S: f64 = 10.0;
/// Events may begin and end this much before and after the footage.
const OUTSIDE_S: f64 = 2.0;
/// Limits that differ by less are the same.
const SAME_LIMIT_S: f64 = 0.01;

/// Something that whoever reads the score should know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub(crate) enum Warning {
    /// The analysis did not come to the end of the footage.
    Partial(PartialAnalysis),
    /// So many of the events told lie outside the footage: most likely `start` is not that of the file. When the first of them began.
    OutsideFootage { outside: usize, told: usize, first: Timestamp, first_s: f64 },
    /// The same of observations: they are of a time that the footage has not.
    ObservedOutside { first: Timestamp, from_s: f64, until_s: f64, duration_s: f64 },
    /// The same of near passes.
    PassesOutside { outside: usize, told: usize, first: Timestamp, first_s: f64 },
    /// Events were told with another limit than the truth has.
    OtherLimit { zone: Option<String>, kind: String, told_s: f64, truth_s: f64 },
    /// The revision that opened an event is not among the lines, so that its alert cannot be judged.
    NoOpening { events: usize },
    /// Bays that no observation speaks of.
    UnheardBays { zones: Vec<String> },
    /// Zones that the truth has, and neither events nor observations, or the configuration.
    UnknownZones { zones: Vec<UnknownZone>, in_config: bool },
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
    let outside: Vec<&Told> = told.iter().filter(|event| event.is_outside(truth.duration_s)).collect();
    if let Some(first) = outside.first() {
        warnings.push(Warning::OutsideFootage {
            outside: outside.len(),
            told: told.len(),
            first: first.since,
            first_s: first.since_s,
        });
    }
    warnings.extend(other_limits(matches));
    let unopened = told.iter().filter(|event| event.opened_s.is_none()).count();
    if unopened > 0 {
        warnings.push(Warning::NoOpening { events: unopened });
    }
    let unknown = zones::not_told(truth, told, observations);
    warnings.extend(unknown.clone());
    let Some(observations) = observations else { return warnings };
    let is_told = |zone: &&str| matches!(&unknown, Some(Warning::UnknownZones { zones, .. }) if zones.iter().any(|one| one.zone == *zone));
    let zones: Vec<String> = occupancy::unheard_of(truth, observations)
        .into_iter()
        .filter(|zone| !is_told(zone))
        .map(str::to_owned)
        .collect();
    if !zones.is_empty() {
        warnings.push(Warning::UnheardBays { zones });
    }
    let seconds =
        |observation: Option<&Observation>| observation.map_or(f64::NAN, |one| one.at.seconds_since(start));
    let (from_s, until_s) = (seconds(observations.first()), seconds(observations.last()));
    if let Some(first) = observations.first()
        && (from_s < -SILENCE_S || until_s > truth.duration_s + SILENCE_S)
    {
        let duration_s = truth.duration_s;
        warnings.push(Warning::ObservedOutside { first: first.at, from_s, until_s, duration_s });
        return warnings;
    }
    let is_silent = from_s > SILENCE_S || until_s < truth.duration_s - SILENCE_S || from_s > truth.duration_s;
    if is_silent && zones_are_told(truth, observations) {
        warnings.push(Warning::SilentTime { from_s, until_s });
    }
    warnings
}

/// Of near passes, in the order of their times.
pub(super) fn of_passes(passes: &[NearPass], duration_s: f64, start: Timestamp) -> Option<Warning> {
    let seconds = |pass: &NearPass| pass.at.seconds_since(start);
    let is_outside = |pass: &&NearPass| !(-OUTSIDE_S..=duration_s + OUTSIDE_S).contains(&seconds(pass));
    let outside = passes.iter().filter(is_outside).count();
    let first = passes.iter().find(is_outside)?;
    let (told, first_s) = (passes.len(), seconds(first));
    Some(Warning::PassesOutside { outside, told, first: first.at, first_s })
}

impl Told {
    /// Whether nothing that is told of it lies within the footage. One without an end may have been forgotten long before.
    fn is_outside(&self, duration_s: f64) -> bool {
        let is_within = |time_s: &f64| (-OUTSIDE_S..=duration_s + OUTSIDE_S).contains(time_s);
        let lies_over = self.since_s < 0.0 && self.until_s.is_some_and(|until_s| until_s > duration_s);
        let mut times = [Some(self.since_s), self.opened_s, self.until_s].into_iter().flatten();
        !lies_over && !times.any(|time_s| is_within(&time_s))
    }
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

/// What is most likely wrong where times are.
const START: &str = "give --start as it was analysed with";

fn from_start(seconds: f64) -> String {
    format!("{:.1} s {} its start", seconds.abs(), if seconds < 0.0 { "before" } else { "after" })
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partial(PartialAnalysis { seconds, flaws }) => {
                write!(f, "the analysis broke off after {seconds:.1} s of the footage")?;
                if flaws.is_empty() { Ok(()) } else { write!(f, ": {}", flaws.join("; ")) }
            }
            Self::OutsideFootage { outside, told, first, first_s } => write!(
                f,
                "{outside} of {told} {} outside the footage, the first at {first}, {}: {START}",
                if *told == 1 { "event lies" } else { "events lie" },
                from_start(*first_s)
            ),
            Self::ObservedOutside { first, from_s, until_s, duration_s } => write!(
                f,
                "observations begin at {first}: they are of {from_s:.1} s to {until_s:.1} s, the footage of 0 s to {duration_s:.1} s: {START}"
            ),
            Self::PassesOutside { outside, told, first, first_s } => write!(
                f,
                "{outside} of {told} near {} outside the footage, the first at {first}, {}: {START}",
                if *told == 1 { "pass lies" } else { "passes lie" },
                from_start(*first_s)
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
            Self::UnknownZones { zones, in_config } => {
                let names = |zone: &UnknownZone| match &zone.meant {
                    Some(meant) => format!("{} (is {meant} meant?)", zone.zone),
                    None => zone.zone.clone(),
                };
                let names: Vec<String> = zones.iter().map(names).collect();
                let whom = if *in_config {
                    "the configuration does not have"
                } else {
                    "no event and no observation names"
                };
                write!(f, "{whom} what the truth calls {}", names.join(", "))
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
        ResultEvent, score,
        tests::{at, event, observation, told, truth},
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
        let expected = "1 of 1 event lies outside the footage, the first at 1970-01-12T13:46:50.000Z, 1000010.0 s after its start";
        check(&score(&truth, &[late], None, zero), &[expected]);
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

    #[test]
    fn clocks_that_are_apart_are_told_whatever_has_an_end() {
        let truth = Truth { events: vec![event("1", 10.0, 60.0)], ..truth() };
        // Told by a clock that began in 1970, held against footage of a thousand seconds later.
        let start = at(1_000.0);
        let (ended, open) = (told("a", 10.0, 60.0), told("b", 20.0, 180.0));
        assert!(open.until.is_none());
        let before = "outside the footage, the first at 1970-01-01T00:00:10.000Z, 990.0 s before its start";
        check(
            &score(&truth, &[ended.clone(), open.clone()], None, start),
            &[&format!("2 of 2 events lie {before}")],
        );
        check(&score(&truth, std::slice::from_ref(&open), None, start), &["1 of 1 event lies outside"]);
        // Some hours apart, a part of them lies in it by chance.
        let inside = told("c", 1_010.0, 1_060.0);
        check(
            &score(&truth, &[ended, inside.clone()], None, start),
            &["1 of 2 events lie outside the footage"],
        );
        // It stood there before, and is told to have gone.
        let until = Some(at(1_060.0));
        let mut over = ResultEvent { since: at(900.0), opened_at: None, until, ..inside };
        check(&score(&truth, std::slice::from_ref(&over), None, start), &["the opening of 1 event"]);
        (over.opened_at, over.until) = (Some(at(920.0)), Some(at(1_300.0)));
        check(&score(&truth, &[over], None, start), &[]);
        let observations = [observation(0.0), observation(180.0)];
        let expected = "observations begin at 1970-01-01T00:00:00.000Z: they are of -1000.0 s to -820.0 s, the footage of 0 s to 180.0 s";
        check(&score(&truth, &[], Some(&observations), start), &[expected]);
    }
}
