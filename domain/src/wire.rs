//! The forms of messages between edge and center. Versions only grow: every form ever shipped stays readable.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    CameraId, CellCode, DomainError, Event, EventId, Point, Polygon, Sha256Hex, Timestamp, ZoneId, ZoneType,
};

/// Schema of [`EventMessage`].
pub const EVENT_SCHEMA: &str = "gridwatch.event/1";
/// Schema of [`AckMessage`].
pub const ACK_SCHEMA: &str = "gridwatch.ack/1";
/// Schema of [`EdgeStatusMessage`].
pub const STATUS_SCHEMA: &str = "gridwatch.status/1";
/// Schema of [`CameraStateMessage`].
pub const CAMERA_SCHEMA: &str = "gridwatch.camera/1";

/// A message that names its schema.
pub trait Message: Serialize + DeserializeOwned {
    /// The schema, in the field `schema`.
    const SCHEMA: &'static str;

    /// Refuses values that contradict themselves.
    fn validate(&self) -> Result<(), DomainError> {
        Ok(())
    }

    /// As JSON, with the schema.
    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(&Tagged { schema: Self::SCHEMA, body: self })
            .expect("wire messages have string keys and finite numbers")
    }

    /// From JSON; refuses other schemas, other forms and values that contradict themselves.
    fn from_json(json: &[u8]) -> Result<Self, DomainError> {
        let malformed = |error: serde_json::Error| DomainError::Json(error.to_string());
        let head: Head = serde_json::from_slice(json).map_err(malformed)?;
        if head.schema != Self::SCHEMA {
            return Err(DomainError::Schema { found: head.schema, expected: Self::SCHEMA });
        }
        let message: Self = serde_json::from_slice(json).map_err(malformed)?;
        message.validate()?;
        Ok(message)
    }
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

#[derive(Serialize)]
struct Tagged<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

/// One revision of one event, on `gridwatch/v1/<edge>/event`, and one line of `analyze`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventMessage {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// Grows by one with each event message of the same edge, so that a gap shows a loss.
    pub seq: u64,
    /// When it was first handed to the broker.
    pub published_at: Timestamp,
}
impl Message for EventMessage {
    const SCHEMA: &'static str = EVENT_SCHEMA;
    fn validate(&self) -> Result<(), DomainError> {
        self.event.validate()
    }
}

/// What the center has stored, on `gridwatch/v1/<edge>/ack`: the edge may forget it. And what it cannot use: the edge keeps
/// it, and need not wait for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AckMessage {
    /// Revisions stored.
    #[serde(default)]
    pub events: Vec<AckedEvent>,
    /// Snapshots stored.
    #[serde(default)]
    pub snapshots: Vec<Sha256Hex>,
    /// Revisions that this center cannot use and has not stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedEvent>,
    /// Snapshots that it cannot use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_snapshots: Vec<Sha256Hex>,
}
impl Message for AckMessage {
    const SCHEMA: &'static str = ACK_SCHEMA;
}

/// A revision stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AckedEvent {
    /// The event.
    pub id: EventId,
    /// Its revision.
    pub rev: u32,
}

/// A revision that the center cannot use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedEvent {
    /// The event.
    pub id: EventId,
    /// Its revision.
    pub rev: u32,
    /// Why, in a word.
    pub reason: String,
}

/// Whether an edge box is there, on `gridwatch/v1/<edge>/status`, retained and as last will.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EdgeStatusMessage {
    /// Whether it is connected.
    pub online: bool,
    /// Its version of gridwatch.
    pub version: String,
    /// Since when; a last will carries the time of the connection it belongs to.
    pub at: Timestamp,
    /// Something an operator must act on, such as a full disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}
impl Message for EdgeStatusMessage {
    const SCHEMA: &'static str = STATUS_SCHEMA;
}

/// How a camera's stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraCondition {
    /// Being opened.
    Connecting,
    /// Pictures come.
    Live,
    /// None come; it is being retried.
    Offline,
    /// A file that has been read to its end.
    Ended,
}

impl CameraCondition {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Offline => "offline",
            Self::Ended => "ended",
        }
    }
}

/// A camera's condition and what it watches, on `gridwatch/v1/<edge>/camera/<camera>/state`, retained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraStateMessage {
    /// The camera.
    pub camera: CameraId,
    /// What people call it.
    pub name: String,
    /// Its grid cell.
    #[serde(default)]
    pub cell: Option<CellCode>,
    /// How its stream is.
    pub state: CameraCondition,
    /// Why it is offline; or, while it is live, why its pictures are not analysed. For people.
    #[serde(default)]
    pub reason: Option<String>,
    /// The same in a word, such as `unauthorized`, for pages in any language; a word of a later version is passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// Since when it is in this condition.
    pub since: Timestamp,
    /// What it watches.
    #[serde(default)]
    pub zones: Vec<ZoneSummary>,
    /// Which lines it watches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineSummary>,
    /// Which bays it counts together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupSummary>,
    /// How much of its stream is decoded; none where that is not decided picture by picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateSummary>,
    /// Why it cannot be trusted, so that its rules are suspended; empty while it can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<CameraTrouble>,
    /// Why its full-size stream does not come, while the smaller one that is analysed may: clips and the live picture are of that one
    /// meanwhile, and nothing is recorded. For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<String>,
    /// The same in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_kept_code: Option<String>,
}
impl Message for CameraStateMessage {
    const SCHEMA: &'static str = CAMERA_SCHEMA;
}

/// How much of a stream is decoded, and why. Codes are text, so that those of a later version are passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateSummary {
    /// `rest` (a key picture from time to time), `keys` (each of them) or `all`.
    pub level: String,
    /// `configured`, `quiet`, `beginning`, `changed`, `surge`, `watchful`, `due`, `keys_far_apart`, `asked` or
    /// `by_gstreamer`.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Something that is wrong with a camera. The code is text, so that one of a later version is passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameraTrouble {
    /// The kind of its event, such as `camera.covered`.
    pub kind: String,
    /// Since when.
    pub since: Timestamp,
}

/// A line, as far as the center needs to know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineSummary {
    /// The line.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// Where it begins and ends. Who crosses it from its left to its right goes along its direction.
    pub ends: [Point; 2],
    /// Its grid cell, where that is not the camera's.
    #[serde(default)]
    pub cell: Option<CellCode>,
}

/// Bays that are counted together, as far as the center needs to know them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupSummary {
    /// The group.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// Its bays.
    pub bays: Vec<ZoneId>,
    /// Its grid cell, where that is not the camera's.
    #[serde(default)]
    pub cell: Option<CellCode>,
}

/// A zone, as far as the center needs to know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneSummary {
    /// The zone.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(rename = "type")]
    pub zone_type: ZoneType,
    /// Where it is in the picture.
    pub polygon: Polygon,
    /// Its grid cell, where that is not the camera's.
    #[serde(default)]
    pub cell: Option<CellCode>,
}
