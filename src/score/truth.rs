//! What was true, checked.
//!
//! In goes the JSON of a `gridwatch.truth/1` file; out comes a [`Truth`] without contradictions, or every problem at once, each with
//! its key path.

mod check;

use gridwatch_config::{Problems, parse_form};
use gridwatch_domain::{NormBox, ObjectClass, Severity, Timestamp};
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
    /// `None`: it still held at the end of the footage.
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
    /// From its beginning to its end, or that of the footage.
    pub(crate) fn span(&self, duration_s: f64) -> Span {
        Span::new(self.since_s, self.until_s.unwrap_or(duration_s))
    }
}

#[cfg(test)]
mod tests;
