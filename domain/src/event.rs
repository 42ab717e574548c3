//! Events: one thing that went on in one place, told in revisions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    CameraId, CellCode, Checkpoint, DomainError, EdgeId, EventId, Frame, NormBox, ObjectClass, PlaceId,
    Sha256Hex, Timestamp, TrackId, ZoneId,
};

/// What went on. Codes are stable: they are on the wire, in the store and in links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// 违停: a vehicle has stood in a `no_parking` zone for its limit.
    #[serde(rename = "parking.no_parking")]
    NoParking,
    /// 占用消防通道: a vehicle has stood in a `fire_lane` zone for its limit.
    #[serde(rename = "parking.fire_lane")]
    FireLane,
    /// 摄像机离线: no pictures come.
    #[serde(rename = "camera.offline")]
    CameraOffline,
    /// 画面冻结: pictures come, and are all the same.
    #[serde(rename = "camera.frozen")]
    CameraFrozen,
    /// 镜头被遮挡: something is before the lens.
    #[serde(rename = "camera.covered")]
    CameraCovered,
    /// 镜头被移动: it looks elsewhere than where its zones were drawn.
    #[serde(rename = "camera.moved")]
    CameraMoved,
    /// 画面模糊: out of focus, or water or dirt on the lens.
    #[serde(rename = "camera.blurred")]
    CameraBlurred,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::NoParking,
        Self::FireLane,
        Self::CameraOffline,
        Self::CameraFrozen,
        Self::CameraCovered,
        Self::CameraMoved,
        Self::CameraBlurred,
    ];

    /// The stable code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoParking => "parking.no_parking",
            Self::FireLane => "parking.fire_lane",
            Self::CameraOffline => "camera.offline",
            Self::CameraFrozen => "camera.frozen",
            Self::CameraCovered => "camera.covered",
            Self::CameraMoved => "camera.moved",
            Self::CameraBlurred => "camera.blurred",
        }
    }
}
impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an event is in its life: `open` → `update`* → `close`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The condition has held for its limit.
    Open,
    /// It still holds; severity, observation or dwell changed.
    Update,
    /// It has ended.
    Close,
}

impl Phase {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Update => "update",
            Self::Close => "close",
        }
    }
}

/// How bad it is. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Disorder.
    Minor,
    /// Somebody is hindered.
    Major,
    /// Somebody is in danger.
    Critical,
}

impl Severity {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// An object that takes part in an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventObject {
    /// What it is, by the majority of its detections.
    pub class: ObjectClass,
    /// The best of its recent scores, 0–1.
    pub score: f32,
    /// Where it stands.
    #[serde(rename = "box")]
    pub bbox: NormBox,
    /// Its place in the memory of parked objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// Its track, while one follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackId>,
}

/// The thresholds that fired.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RuleRef {
    /// Dwell allowed, in seconds.
    pub limit_s: f64,
}

/// The network that saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRef {
    /// Its name.
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: Sha256Hex,
}

/// What a piece of evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceType {
    /// A picture with the zone and the boxes drawn.
    Snapshot,
}

/// A file that shows the event, named by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is.
    #[serde(rename = "type")]
    pub evidence_type: EvidenceType,
    /// Its MIME type.
    pub mime: String,
    /// Its name and proof.
    pub sha256: Sha256Hex,
}

/// One revision of one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Same over all revisions.
    pub id: EventId,
    /// 1, 2, 3 …
    pub rev: u32,
    /// Which box saw it.
    pub edge: EdgeId,
    /// What went on.
    pub kind: EventKind,
    /// Where it is in its life.
    pub phase: Phase,
    /// How bad it is by now.
    pub severity: Severity,
    /// Which camera saw it.
    pub camera: CameraId,
    /// In which zone.
    pub zone: Option<ZoneId>,
    /// In which grid cell.
    pub cell: Option<CellCode>,
    /// When the condition began.
    pub since: Timestamp,
    /// When this revision became true: event time.
    pub at: Timestamp,
    /// When the condition ended; there in phase `close`, and only there.
    pub until: Option<Timestamp>,
    /// How long the condition has held, in seconds of wall time, at `at` (phase `close`: at `until`).
    pub dwell_s: f64,
    /// The camera cannot be trusted at present, so nobody knows whether the condition still holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unobserved: bool,
    /// Who takes part.
    pub objects: Vec<EventObject>,
    /// What was allowed.
    pub rule: RuleRef,
    /// What saw it.
    pub network: NetworkRef,
    /// What shows it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

impl Event {
    /// Refuses what contradicts itself: revision 0, an `open` that is not revision 1, a `close` without an end, times
    /// in the wrong order, a dwell that is negative or no number.
    pub fn validate(&self) -> Result<(), DomainError> {
        let problem = if self.rev == 0 {
            "revision 0: revisions begin at 1"
        } else if (self.phase == Phase::Open) != (self.rev == 1) {
            "phase open and revision 1 belong together"
        } else if (self.phase == Phase::Close) != self.until.is_some() {
            "phase close and an end time belong together"
        } else if self.since > self.at || self.until.is_some_and(|until| until < self.since) {
            "begins after its end"
        } else if !(0.0..=LONGEST_DWELL_S).contains(&self.dwell_s) {
            "dwell is negative, longer than a century, or no number"
        } else {
            return Ok(());
        };
        Err(DomainError::Event(problem))
    }
}

/// A century: what has stood for longer is a fault.
const LONGEST_DWELL_S: f64 = 100.0 * 366.0 * 86_400.0;

/// What detection hands on after one picture: revisions to deliver, the picture that shows them, and the state of the
/// camera's memory after them. The outbox writes all of it in one transaction, so that a process killed at any point
/// neither forgets an event nor tells it twice.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Which camera.
    pub camera: CameraId,
    /// New revisions, oldest first; may be empty where only the memory is to be kept.
    pub events: Vec<Event>,
    /// The picture in which an event opened.
    pub frame: Option<Frame>,
    /// The camera's memory after these events.
    pub checkpoint: Option<Checkpoint>,
}
