//! What was true, checked.
//!
//! In goes the JSON of a `gridwatch.truth/1` file; out comes a [`Truth`] without contradictions, or every problem at once, each with
//! its key path.

mod check;

use gridwatch_config::{Problems, parse_form};
use gridwatch_domain::{EventKind, NormBox, ObjectClass, Severity, Timestamp};
use serde::Serialize;

use super::{
    span::Span,
    truth_file::{self, ToleranceFile, TruthFile, TruthSide},
};

/// What was true in one video file. Times are seconds from its first picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Truth {
    pub(crate) name: String,
    pub(crate) note: Option<String>,
    pub(crate) duration_s: f64,
    pub(crate) start: Option<Timestamp>,
    pub(crate) tolerance: ToleranceFile,
    pub(crate) events: Vec<TruthEvent>,
    pub(crate) ignore: Vec<Ignore>,
    pub(crate) bays: Vec<Bay>,
    pub(crate) objects: Vec<TruthObject>,
    /// `None`: nothing is said of them.
    pub(crate) near_passes: Option<Vec<TruthPass>>,
}

/// An event that must be found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TruthEvent {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) zone: Option<String>,
    /// Where it may be told as well.
    pub(crate) or_zone: Option<String>,
    pub(crate) since_s: f64,
    /// `None`: it still held at the end of the footage; of a moment, it was that of `since_s`.
    pub(crate) until_s: Option<f64>,
    pub(crate) limit_s: Option<f64>,
    #[serde(rename = "box")]
    pub(crate) bbox: Option<NormBox>,
    pub(crate) severity: Option<Severity>,
    pub(crate) note: Option<String>,
}

/// What may be found or not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ignore {
    pub(crate) kind: Option<String>,
    pub(crate) zone: Option<String>,
    pub(crate) span: Span,
    pub(crate) bbox: Option<NormBox>,
    pub(crate) note: Option<String>,
}

/// When a bay is occupied, and when nobody can tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bay {
    pub(crate) zone: String,
    pub(crate) occupied: Vec<Span>,
    pub(crate) unsure: Vec<Span>,
}

/// Where an object is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TruthObject {
    pub(crate) id: String,
    pub(crate) class: ObjectClass,
    /// At increasing times; never empty.
    pub(crate) boxes: Vec<(f64, NormBox)>,
}

/// Somebody who came close to a parked vehicle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct TruthPass {
    pub(crate) id: String,
    pub(crate) class: ObjectClass,
    /// Where the parked vehicle stands.
    #[serde(rename = "box")]
    pub(crate) bbox: NormBox,
    pub(crate) span: Span,
    /// When it was nearest.
    pub(crate) at_s: f64,
    pub(crate) distance_m: Option<f64>,
    pub(crate) side: Option<TruthSide>,
    /// It may be told or not.
    pub(crate) optional: bool,
}

impl Truth {
    /// Reads and checks the JSON of a file.
    pub(crate) fn parse(json: &str) -> Result<Self, Problems> {
        let document = serde_json::from_str(json).map_err(|error| {
            let mut problems = Problems::default();
            problems.push("", format!("not JSON: {error}"));
            problems
        })?;
        parse_form(&truth_file::form(), document, |file: TruthFile, problems| check::check(file, problems))
    }

    /// When the first picture was taken: what was asked for, else what the file says, else the beginning of 1970, as `gridwatch analyze`
    /// dates a file.
    pub(crate) fn start(&self, asked: Option<Timestamp>) -> Timestamp {
        asked.or(self.start).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl TruthEvent {
    /// Whether it is of a kind that happens in a moment.
    pub(crate) fn is_moment(&self) -> bool {
        is_moment(&self.kind)
    }

    /// Whether it still held at the end of the footage.
    pub(crate) fn is_open(&self) -> bool {
        self.until_s.is_none() && !self.is_moment()
    }

    /// From its beginning to its end, or that of the footage. Of a moment: when it may have been.
    pub(crate) fn span(&self, duration_s: f64) -> Span {
        let end_s = if self.is_moment() { self.since_s } else { duration_s };
        Span::new(self.since_s, self.until_s.unwrap_or(end_s))
    }
}

/// Whether events of that kind happen in a moment; those that this version does not know last.
pub(super) fn is_moment(kind: &str) -> bool {
    EventKind::from_code(kind).is_some_and(EventKind::is_moment)
}

#[cfg(test)]
mod tests;
