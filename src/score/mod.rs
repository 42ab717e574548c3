//! What was told, held against what was true.
//!
//! In go a [`Truth`], the events of one file ([`ResultEvent`]), and, where there are any, its [`Observation`]s; out comes a [`Score`].
//! Which event belongs to which is decided in `matching.rs`, bays in `occupancy.rs`, identities in `identity.rs`; docs/truth.md tells all
//! of it. Pure: knows no files, no clock, and nothing of how the score is shown.

mod identity;
mod lines;
mod matching;
mod measures;
mod near_pass;
mod nearest;
mod observation;
mod occupancy;
mod outcome;
mod result;
mod span;
mod truth;
mod truth_file;
mod warning;
mod zones;

use std::collections::{BTreeMap, BTreeSet};

use gridwatch_domain::{NearPass, Timestamp};
use serde::Serialize;

pub(crate) use self::{
    identity::IdentityScore,
    lines::Read,
    matching::Why,
    measures::{Errors, KindScore},
    near_pass::{NearPassScore, read_passes},
    observation::{Observation, Occupancy, read_observations},
    occupancy::{BayScore, BaysScore, Stretch},
    outcome::{Doubled, Ignored, Match, Miss, Told, Untrue},
    result::{ResultEvent, read_events},
    span::Span,
    truth::{Ignore, Truth, TruthEvent},
    truth_file::{BayFile, EventFile, IgnoreFile, ObjectFile, TRUTH_SCHEMA, ToleranceFile, TruthFile, form},
    warning::Warning,
};
#[cfg(all(feature = "edge", feature = "embedded-broker"))]
pub(crate) use self::{identity::ObjectScore, measures::share, near_pass::DISTANCE_TOLERANCE_M};
use self::{
    matching::{Judgement, Subject},
    measures::Counts,
};

/// The form of what `--json` writes.
const SCORE_SCHEMA: &str = "gridwatch.score/1";

/// How well one file was judged. Times are seconds from its first picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Score {
    pub(crate) schema: &'static str,
    /// The truth's name.
    pub(crate) name: String,
    pub(crate) duration_s: f64,
    /// When the first picture was taken.
    pub(crate) start: Timestamp,
    pub(crate) tolerance: ToleranceFile,
    /// All kinds together.
    pub(crate) total: KindScore,
    pub(crate) kinds: BTreeMap<String, KindScore>,
    pub(crate) matches: Vec<Match>,
    pub(crate) missed: Vec<Miss>,
    #[serde(rename = "false")]
    pub(crate) untrue: Vec<Untrue>,
    pub(crate) doubled: Vec<Doubled>,
    pub(crate) ignored: Vec<Ignored>,
    /// `None` without bays in the truth, or without observations.
    pub(crate) bays: Option<BaysScore>,
    /// `None` without objects in the truth, or without observations.
    pub(crate) identity: Option<IdentityScore>,
    /// `None` without near passes in the truth, or in the results.
    pub(crate) near_passes: Option<NearPassScore>,
    /// What makes the figures say less than they seem to.
    pub(crate) warnings: Vec<Warning>,
}

/// Judges one file. `start` is when its first picture was taken.
pub(crate) fn score(
    truth: &Truth,
    events: &[ResultEvent],
    observations: Option<&[Observation]>,
    start: Timestamp,
) -> Score {
    let duration_s = truth.duration_s;
    let mut told: Vec<Told> = events.iter().map(|event| Told::new(event, start)).collect();
    told.sort_by(|a, b| a.since_s.total_cmp(&b.since_s).then_with(|| a.id.cmp(&b.id)));
    let truths: Vec<Subject<'_>> = truth.events.iter().map(|event| event.subject(duration_s)).collect();
    let subjects: Vec<Subject<'_>> = told.iter().map(|event| event.subject(duration_s)).collect();
    let judgement = matching::judge(&truths, &subjects, &truth.ignore);
    let tolerance = truth.tolerance;
    let of_pair = |&(index, event, fit): &(usize, usize, _)| {
        Match::new(&truth.events[index], &told[event], fit, duration_s, tolerance)
    };
    let matches: Vec<Match> = judgement.pairs.iter().map(of_pair).collect();
    let kinds: BTreeSet<&str> = truths.iter().chain(&subjects).map(|subject| subject.kind).collect();
    let of_kind = |kind: Option<&str>| {
        let is_kind = |one: &&Match| kind.is_none_or(|kind| one.truth.kind == kind);
        let matches: Vec<&Match> = matches.iter().filter(is_kind).collect();
        KindScore::new(&matches, judgement.counts(&truths, &subjects, kind), tolerance)
    };
    let missed = judgement
        .missed
        .iter()
        .map(|&index| Miss { truth: truth.events[index].clone(), why: Why::of(&truths[index], &subjects) });
    let untrue = judgement
        .untrue
        .iter()
        .map(|&event| Untrue { told: told[event].clone(), why: Why::of(&subjects[event], &truths) });
    let doubled = judgement.doubled.iter();
    let doubled =
        doubled.map(|&(event, index)| Doubled { told: told[event].clone(), of: truths[index].id.to_owned() });
    let ignored =
        judgement.ignored.iter().map(|&(event, entry)| Ignored { told: told[event].clone(), entry });
    Score {
        schema: SCORE_SCHEMA,
        name: truth.name.clone(),
        duration_s,
        start,
        tolerance,
        total: of_kind(None),
        kinds: kinds.into_iter().map(|kind| (kind.to_owned(), of_kind(Some(kind)))).collect(),
        missed: missed.collect(),
        untrue: untrue.collect(),
        doubled: doubled.collect(),
        ignored: ignored.collect(),
        bays: observations.and_then(|observations| occupancy::judge(truth, observations, start)),
        identity: observations.and_then(|observations| identity::judge(truth, observations, start)),
        near_passes: None,
        warnings: warning::all(truth, &told, &matches, observations, start),
        matches,
    }
}

impl Score {
    /// The same where it is known which zones, lines and groups there are.
    pub(crate) fn with_zones(mut self, truth: &Truth, known: &BTreeSet<String>) -> Self {
        self.warnings.retain(|warning| !matches!(warning, Warning::UnknownZones { .. }));
        self.warnings.extend(zones::not_configured(truth, known));
        self
    }

    /// The same with near passes, where the truth says who came close.
    pub(crate) fn with_passes(mut self, truth: &Truth, told: &[NearPass]) -> Self {
        let near_passes = truth.near_passes.as_deref().map(|passes| near_pass::judge(passes, told, &self));
        self.warnings.extend(warning::of_passes(told, self.duration_s, self.start));
        Self { near_passes, ..self }
    }
}

impl Judgement {
    /// How many events of a kind, or of all, went wrong in which way.
    fn counts(&self, truths: &[Subject<'_>], told: &[Subject<'_>], kind: Option<&str>) -> Counts {
        let is_kind = |subject: &Subject<'_>| kind.is_none_or(|kind| subject.kind == kind);
        Counts {
            missed: self.missed.iter().filter(|&&index| is_kind(&truths[index])).count(),
            untrue: self.untrue.iter().filter(|&&event| is_kind(&told[event])).count(),
            doubled: self.doubled.iter().filter(|(event, _)| is_kind(&told[*event])).count(),
            ignored: self.ignored.iter().filter(|(event, _)| is_kind(&told[*event])).count(),
        }
    }
}

impl TruthEvent {
    fn subject(&self, duration_s: f64) -> Subject<'_> {
        let span = self.span(duration_s);
        let (zone, or_zone) = (self.zone.as_deref(), self.or_zone.as_deref());
        Subject { id: &self.id, kind: &self.kind, zone, or_zone, span, bbox: self.bbox }
    }
}

impl Told {
    fn subject(&self, duration_s: f64) -> Subject<'_> {
        let span = self.span(duration_s);
        let zone = self.zone.as_deref();
        Subject { id: &self.id, kind: &self.kind, zone, or_zone: None, span, bbox: self.bbox }
    }
}

#[cfg(test)]
pub(crate) mod tests;
