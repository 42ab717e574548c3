//! The file that says what was true: `gridwatch.truth/1`.
//!
//! As it is written, unchecked; `truth.rs` makes a [`super::Truth`] of it or says everything that is wrong. The doc comments are the
//! manual: `gridwatch score schema` prints them as JSON Schema, and docs/truth.md has an example.

use gridwatch_config::Form;
use gridwatch_domain::{ObjectClass, Severity, Side, ZoneId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema that this version reads.
pub(crate) const TRUTH_SCHEMA: &str = "gridwatch.truth/1";

/// The form of the file.
pub(crate) fn form() -> Form {
    Form { schema: schemars::schema_for!(TruthFile).to_value(), manual: "gridwatch score schema" }
}

/// What was true in one video file. Times are seconds from its first picture, boxes `[x1, y1, x2, y2]` from 0 to 1 with the origin
/// top left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TruthFile {
    /// `gridwatch.truth/1`.
    #[schemars(extend("const" = TRUTH_SCHEMA))]
    pub(crate) schema: String,
    /// What people call the footage.
    pub(crate) name: String,
    /// Length of the footage in seconds, up to 31 days.
    #[schemars(range(min = 0.001, max = 2_678_400))]
    pub(crate) duration_s: f64,
    /// When its first picture was taken, RFC 3339. Default: 1970-01-01T00:00:00Z, as `gridwatch analyze` dates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// How far times may be off and still count as right.
    #[serde(default)]
    pub(crate) tolerance: ToleranceFile,
    /// What must be found. An empty list is a statement: nothing may be found.
    pub(crate) events: Vec<EventFile>,
    /// What may be found or not, and counts neither way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ignore: Vec<IgnoreFile>,
    /// When parking bays are occupied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bays: Vec<BayFile>,
    /// Where objects are: those that are followed to see whether their identity is kept. Others may be left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) objects: Vec<ObjectFile>,
    /// Who came close to parked vehicles. Absent: nothing is said of it; an empty list: nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) near_passes: Option<Vec<NearPassFile>>,
}

/// How far times may be off, in seconds, early or late. Events that are off by more are found all the same; the share within is told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ToleranceFile {
    /// `since` of an event. Default: 2.
    #[schemars(range(min = 0))]
    pub(crate) start_s: f64,
    /// From the limit to the alert. Default: 2.
    #[schemars(range(min = 0))]
    pub(crate) alert_s: f64,
    /// `until` of an event. Default: 12.
    #[schemars(range(min = 0))]
    pub(crate) end_s: f64,
}

impl Default for ToleranceFile {
    fn default() -> Self {
        Self { start_s: 2.0, alert_s: 2.0, end_s: 12.0 }
    }
}

/// An event that must be found, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventFile {
    /// Unique among the events of the file.
    pub(crate) id: String,
    /// Kind of the event, such as `parking.no_parking`.
    pub(crate) kind: String,
    /// Zone of the configuration that it was analysed with. Absent for events of the whole picture (`camera.covered` and the like).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<ZoneId>,
    /// Another zone in which it may be told with equal right: the second of two bays that a vehicle stands across.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) or_zone: Option<ZoneId>,
    /// When the condition began: for parking, when the vehicle came to a stand. Of what happens in a moment (`line.crossing`,
    /// `line.wrong_way`, `parking.contact_suspected`): that moment, or the first that it may have been.
    #[schemars(range(min = 0))]
    pub(crate) since_s: f64,
    /// When it ended. Absent: it still held at the end of the footage. Of what happens in a moment: the last one that it may have been; absent, or
    /// the same as `since_s`: that of `since_s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until_s: Option<f64>,
    /// How long the condition is allowed to hold: the zone's `limit_s`. Absent: nothing is said of how long the alert took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub(crate) limit_s: Option<f64>,
    /// Where the vehicle stands. Tells two in one zone apart; absent: zone and time decide.
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    pub(crate) bbox: Option<[f64; 4]>,
    /// The severity that the event has at last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) severity: Option<Severity>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// What may be found or not. An event is left out if at least half of its time lies between `from_s` and `until_s`, and kind, zone
/// and box fit as far as they are given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IgnoreFile {
    /// Only events of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// Only events in this zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zone: Option<ZoneId>,
    /// From when.
    #[schemars(range(min = 0))]
    pub(crate) from_s: f64,
    /// Until when.
    pub(crate) until_s: f64,
    /// Only events of a vehicle about here.
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    pub(crate) bbox: Option<[f64; 4]>,
    /// For people: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
}

/// When one parking bay is occupied. The rest of the time it is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BayFile {
    /// Zone of type `bay`.
    pub(crate) zone: ZoneId,
    /// `[from, until]` in seconds, in order.
    pub(crate) occupied: Vec<[f64; 2]>,
    /// `[from, until]` in which nobody can tell, such as while somebody drives in; what is observed then counts neither way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unsure: Vec<[f64; 2]>,
}

/// Where one object is, from its first box to its last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectFile {
    /// Unique among the objects of the file.
    pub(crate) id: String,
    /// What it is.
    pub(crate) class: ObjectClass,
    /// `[t, x1, y1, x2, y2]` at increasing times; between two of them the box goes evenly from one to the other.
    pub(crate) boxes: Vec<[f64; 5]>,
}

/// Somebody who moved past a parked vehicle, close to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NearPassFile {
    /// Unique among the near passes of the file.
    pub(crate) id: String,
    /// What came close.
    pub(crate) class: ObjectClass,
    /// Where the parked vehicle stands.
    #[serde(rename = "box")]
    pub(crate) bbox: [f64; 4],
    /// From when it was close.
    #[schemars(range(min = 0))]
    pub(crate) from_s: f64,
    /// Until when.
    pub(crate) until_s: f64,
    /// When it was nearest.
    pub(crate) at_s: f64,
    /// How near, in metres on the ground; 0 where they touch. Absent: nothing is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub(crate) distance_m: Option<f64>,
    /// On which side of the parked vehicle, as the camera sees it. Absent: nothing is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) side: Option<TruthSide>,
    /// It may be told or not: it was as far away as one may be, hardly to be seen, or the vehicle had only just come. Default: false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) optional: bool,
}

/// On which side of a parked vehicle somebody passed, as the camera sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TruthSide {
    /// To the left of it in the picture.
    Left,
    /// To the right of it.
    Right,
    /// Between it and the camera.
    Before,
    /// Beyond it.
    Behind,
}

impl From<Side> for TruthSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Left => Self::Left,
            Side::Right => Self::Right,
            Side::Before => Self::Before,
            Side::Behind => Self::Behind,
        }
    }
}
