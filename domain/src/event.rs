//! Events: one thing that went on in one place, told in revisions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    CameraId, CellCode, Checkpoint, DomainError, EdgeId, EventId, Frame, NearPass, NormBox, ObjectClass,
    PlaceId, Sha256Hex, Timestamp, TrackId, ZoneId,
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
    /// 堵塞出入口: … in an `entrance`.
    #[serde(rename = "parking.entrance_blocked")]
    EntranceBlocked,
    /// 未入位停放: a vehicle has stood in an `aisle`, in no bay, blocking none.
    #[serde(rename = "parking.out_of_bay")]
    OutOfBay,
    /// 堵车位: a vehicle stands in an `aisle` before a bay that is taken.
    #[serde(rename = "parking.double")]
    Double,
    /// 跨位停放: one vehicle covers parts of two bays.
    #[serde(rename = "parking.straddling")]
    Straddling,
    /// 超时停放: a vehicle has stood in a bay for longer than one may.
    #[serde(rename = "parking.overstay")]
    Overstay,
    /// 僵尸车: a vehicle has not moved for days.
    #[serde(rename = "parking.long_stay")]
    LongStay,
    /// 车位已满: so many bays of a group are taken.
    #[serde(rename = "parking.lot_full")]
    LotFull,
    /// 疑似剐蹭: a vehicle came into contact distance of a parked one, which moved, or people got out to look.
    #[serde(rename = "parking.contact_suspected")]
    ContactSuspected,
    /// 闯入: somebody is in an `area`.
    #[serde(rename = "area.intrusion")]
    Intrusion,
    /// 徘徊逗留: somebody has been in an `area` for long.
    #[serde(rename = "area.loitering")]
    Loitering,
    /// 人员聚集: many are in an `area`.
    #[serde(rename = "area.crowd")]
    Crowd,
    /// 越线: somebody crossed a line.
    #[serde(rename = "line.crossing")]
    Crossing,
    /// 逆行: somebody crossed a line against its direction.
    #[serde(rename = "line.wrong_way")]
    WrongWay,
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
    pub const ALL: [Self; 20] = [
        Self::NoParking,
        Self::FireLane,
        Self::EntranceBlocked,
        Self::OutOfBay,
        Self::Double,
        Self::Straddling,
        Self::Overstay,
        Self::LongStay,
        Self::LotFull,
        Self::ContactSuspected,
        Self::Intrusion,
        Self::Loitering,
        Self::Crowd,
        Self::Crossing,
        Self::WrongWay,
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
            Self::EntranceBlocked => "parking.entrance_blocked",
            Self::OutOfBay => "parking.out_of_bay",
            Self::Double => "parking.double",
            Self::Straddling => "parking.straddling",
            Self::Overstay => "parking.overstay",
            Self::LongStay => "parking.long_stay",
            Self::LotFull => "parking.lot_full",
            Self::ContactSuspected => "parking.contact_suspected",
            Self::Intrusion => "area.intrusion",
            Self::Loitering => "area.loitering",
            Self::Crowd => "area.crowd",
            Self::Crossing => "line.crossing",
            Self::WrongWay => "line.wrong_way",
            Self::CameraOffline => "camera.offline",
            Self::CameraFrozen => "camera.frozen",
            Self::CameraCovered => "camera.covered",
            Self::CameraMoved => "camera.moved",
            Self::CameraBlurred => "camera.blurred",
        }
    }

    /// The kind of that code; none where this version does not know it.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == code)
    }

    /// Whether it happens in a moment, and is over when it is told; all others last.
    pub fn is_moment(self) -> bool {
        matches!(self, Self::ContactSuspected | Self::Crossing | Self::WrongWay)
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
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
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

    /// One degree worse; what is critical stays so.
    pub fn worse(self) -> Self {
        match self {
            Self::Info => Self::Minor,
            Self::Minor => Self::Major,
            Self::Major | Self::Critical => Self::Critical,
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

/// The thresholds that fired, and what else the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RuleRef {
    /// How long the condition may hold, in seconds.
    pub limit_s: f64,
    /// How many it takes, of kinds that count: people of a crowd, taken bays of a full group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<u32>,
    /// How many there were at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// How near it came, of `parking.contact_suspected`: in sizes of the parked vehicle, 0 where their outlines touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<f32>,
    /// The same in metres, where the camera's ground is calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f32>,
    /// Which way, of `line.crossing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

impl RuleRef {
    /// A limit, and nothing else.
    pub fn limit(limit_s: f64) -> Self {
        Self { limit_s, least: None, most: None, distance: None, distance_m: None, direction: None }
    }
}

/// Which way something crossed a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Along its direction: from its left to its right.
    Along,
    /// Against it.
    Against,
}

impl Direction {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Along => "along",
            Self::Against => "against",
        }
    }
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
    /// Near passes of parked vehicles that are over.
    pub passes: Vec<NearPass>,
    /// The picture in which an event opened.
    pub frame: Option<Frame>,
    /// The camera's memory after these events.
    pub checkpoint: Option<Checkpoint>,
}
