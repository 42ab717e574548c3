//! What became of each event.

use gridwatch_domain::{NormBox, Timestamp};
use serde::Serialize;

use super::{
    matching::{Fit, Why},
    measures::ROUNDING_S,
    result::ResultEvent,
    span::Span,
    truth::{TruthEvent, is_moment},
    truth_file::ToleranceFile,
};

/// An event that was told. Times are seconds from the first picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) zone: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) severity: Option<String>,
    #[serde(skip)]
    pub(crate) since: Timestamp,
    pub(crate) since_s: f64,
    /// Event time of the open revision.
    pub(crate) opened_s: Option<f64>,
    /// `None`: it was still open at last.
    pub(crate) until_s: Option<f64>,
    pub(crate) limit_s: Option<f64>,
    #[serde(rename = "box")]
    pub(crate) bbox: Option<NormBox>,
    pub(crate) revisions: usize,
}

impl Told {
    pub(super) fn new(event: &ResultEvent, start: Timestamp) -> Self {
        let seconds = |time: Timestamp| time.seconds_since(start);
        Self {
            id: event.id.clone(),
            kind: event.kind.clone(),
            zone: event.zone.clone(),
            class: event.class.clone(),
            severity: event.severity.clone(),
            since: event.since,
            since_s: seconds(event.since),
            opened_s: event.opened_at.map(seconds),
            until_s: event.until.map(seconds),
            limit_s: event.limit_s,
            bbox: event.bbox,
            revisions: event.revisions,
        }
    }

    /// Whether it is of a kind that happens in a moment.
    pub(crate) fn is_moment(&self) -> bool {
        is_moment(&self.kind)
    }

    /// Whether it was never told that it ended.
    pub(crate) fn is_open(&self) -> bool {
        self.until_s.is_none() && !self.is_moment()
    }

    /// From its beginning to its end, or that of the footage. A moment has no length, though it may be told a while after it.
    pub(crate) fn span(&self, duration_s: f64) -> Span {
        let end_s = if self.is_moment() { self.since_s } else { self.until_s.unwrap_or(duration_s) };
        Span::new(self.since_s, end_s)
    }
}

/// An event that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Match {
    pub(crate) truth: TruthEvent,
    pub(crate) told: Told,
    /// How long both last together.
    pub(crate) overlap_s: f64,
    /// Of the boxes, where both have one.
    pub(crate) iou: Option<f32>,
    /// Seconds that `since` is late; negative: early. Of a moment: late after the time in which it may have been, or early before it.
    pub(crate) start_error_s: f64,
    /// Seconds from the truth's `since` and limit to the open revision; `None` where the truth has no limit, or no revision opened it.
    pub(crate) alert_error_s: Option<f64>,
    /// Seconds that `until` is late; `None` where both were still open at last, or where the footage ended before anybody could tell.
    pub(crate) end_error_s: Option<f64>,
    /// The end is off by this at least: the footage ended first.
    pub(crate) end_error_is_least: bool,
    /// Whether the severity is the expected one; `None` where the truth names none.
    pub(crate) severity_is_right: Option<bool>,
}

impl Match {
    pub(super) fn new(
        truth: &TruthEvent,
        told: &Told,
        fit: Fit,
        duration_s: f64,
        tolerance: ToleranceFile,
    ) -> Self {
        let (end_error_s, end_error_is_least) = end_error(truth, told, duration_s, tolerance.end_s);
        let due_s = truth.limit_s.map(|limit_s| truth.since_s + limit_s);
        Self {
            overlap_s: fit.overlap_s,
            iou: fit.iou,
            start_error_s: start_error_s(truth, told, duration_s),
            alert_error_s: told.opened_s.zip(due_s).map(|(opened_s, due_s)| opened_s - due_s),
            end_error_s,
            end_error_is_least,
            severity_is_right: truth
                .severity
                .map(|severity| told.severity.as_deref() == Some(severity.as_str())),
            truth: truth.clone(),
            told: told.clone(),
        }
    }
}

impl Match {
    /// Whether start, alert and end, as far as they are known, are off by no more than is tolerated.
    pub(crate) fn is_in_time(&self, tolerance: ToleranceFile) -> bool {
        [
            (Some(self.start_error_s), tolerance.start_s),
            (self.alert_error_s, tolerance.alert_s),
            (self.end_error_s, tolerance.end_s),
        ]
        .into_iter()
        .all(|(error_s, tolerance_s)| error_s.is_none_or(|error_s| error_s.abs() <= tolerance_s + ROUNDING_S))
    }
}

fn start_error_s(truth: &TruthEvent, told: &Told, duration_s: f64) -> f64 {
    let span = truth.span(duration_s);
    let true_s =
        if truth.is_moment() { told.since_s.clamp(span.from_s, span.until_s) } else { truth.since_s };
    told.since_s - true_s
}

/// How late the end is, and whether that is the least that it is late or early by.
fn end_error(truth: &TruthEvent, told: &Told, duration_s: f64, tolerance_s: f64) -> (Option<f64>, bool) {
    match (truth.until_s, told.until_s) {
        // A moment has no end.
        _ if truth.is_moment() => (None, false),
        (Some(until_s), Some(told_s)) => (Some(told_s - until_s), false),
        // It ended too early, by more than the footage shows.
        (None, Some(told_s)) => (Some((told_s - duration_s).min(0.0)), true),
        // An end is told some time after it: where the footage is over by then, nobody is to blame.
        (Some(until_s), None) if duration_s - until_s > tolerance_s => (Some(duration_s - until_s), true),
        (_, None) => (None, false),
    }
}

/// An event that was not found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Miss {
    pub(crate) truth: TruthEvent,
    #[serde(flatten)]
    pub(crate) why: Why,
}

/// An event that was told, and finds nothing that is true.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Untrue {
    pub(crate) told: Told,
    #[serde(flatten)]
    pub(crate) why: Why,
}

/// An event that was told once more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Doubled {
    pub(crate) told: Told,
    /// The id of what it tells again.
    pub(crate) of: String,
}

/// An event that counts neither way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Ignored {
    pub(crate) told: Told,
    /// Number of the `ignore` entry, from 0.
    pub(crate) entry: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(truth_until_s: Option<f64>, told_until_s: Option<f64>, expected: (Option<f64>, bool)) {
        let truth = TruthEvent {
            id: "1".into(),
            kind: "k".into(),
            zone: None,
            or_zone: None,
            since_s: 10.0,
            until_s: truth_until_s,
            limit_s: Some(20.0),
            bbox: None,
            severity: Some(gridwatch_domain::Severity::Minor),
            note: None,
        };
        let told = Told {
            id: "a".into(),
            kind: "k".into(),
            zone: None,
            class: None,
            severity: Some("major".into()),
            since: Timestamp::UNIX_EPOCH,
            since_s: 9.0,
            opened_s: Some(31.5),
            until_s: told_until_s,
            limit_s: None,
            bbox: None,
            revisions: 1,
        };
        let fit = Fit { overlap_s: 1.0, gap_s: 0.0, iou: None };
        let found = Match::new(&truth, &told, fit, 180.0, ToleranceFile::default());
        assert_eq!((found.end_error_s, found.end_error_is_least), expected);
        assert_eq!((found.start_error_s, found.alert_error_s), (-1.0, Some(1.5)));
        assert_eq!(found.severity_is_right, Some(false));
    }

    #[test]
    fn ends_are_judged_as_far_as_the_footage_shows_them() {
        check(Some(100.0), Some(108.0), (Some(8.0), false));
        check(None, None, (None, false));
        check(None, Some(170.0), (Some(-10.0), true));
        check(Some(170.0), None, (None, false));
        check(Some(100.0), None, (Some(80.0), true));
    }
}
