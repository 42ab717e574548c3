//! What goes into the store and comes out of it.

use bytes::Bytes;
use gridwatch_domain::{
    CameraId, CellCode, EdgeId, EventId, EventKind, Phase, Severity, Sha256Hex, Timestamp,
    wire::{
        CameraCondition, CameraStateMessage, CameraTrouble, EdgeStatusMessage, EventMessage, GateSummary,
    },
};

/// A message that has come in, understood or not.
#[derive(Debug, Clone)]
pub struct Received {
    /// When.
    pub at: Timestamp,
    /// Its topic, as it came.
    pub topic: String,
    /// Its payload, as it came.
    pub payload: Bytes,
    /// What it brings.
    pub delivery: Delivery,
}

/// What a message brings.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A revision of an event.
    Event(Box<EventMessage>),
    /// A JPEG, the payload, whose SHA-256 has been found right.
    Snapshot {
        /// Who sent it.
        edge: EdgeId,
        /// Its name.
        sha256: Sha256Hex,
    },
    /// An edge box has come or gone.
    Edge {
        /// Which.
        edge: EdgeId,
        /// What it says, or its last will.
        status: EdgeStatusMessage,
    },
    /// A camera's condition.
    Camera {
        /// Its edge box.
        edge: EdgeId,
        /// What it says.
        state: Box<CameraStateMessage>,
    },
    /// A camera was taken away; what happened before it stays.
    CameraGone {
        /// Its edge box.
        edge: EdgeId,
        /// Which.
        camera: CameraId,
    },
    /// Something that cannot be used, and is kept aside for inspection.
    Rejected {
        /// Why.
        reason: RejectReason,
        /// Why, in words.
        detail: String,
    },
}

/// Why a message cannot be used. Label values of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// The topic is none of gridwatch's, or none that a center reads.
    Topic,
    /// Larger than messages of its kind may be.
    Oversized,
    /// Not UTF-8.
    Utf8,
    /// Not JSON, or not the form expected.
    Json,
    /// A schema that this version does not know.
    Schema,
    /// Values that contradict themselves.
    Value,
    /// The edge in the topic is not the edge in the message, or the cameras differ.
    Source,
    /// The picture's SHA-256 is not the one in its topic.
    Digest,
    /// The picture is no JPEG.
    NotJpeg,
    /// The same id and revision have been stored with another content, or the id belongs to another edge.
    Conflict,
    /// The store refuses it.
    Refused,
}

impl RejectReason {
    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Oversized => "oversized",
            Self::Utf8 => "utf8",
            Self::Json => "json",
            Self::Schema => "schema",
            Self::Value => "value",
            Self::Source => "source",
            Self::Digest => "digest",
            Self::NotJpeg => "not_jpeg",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
        }
    }
}

/// What became of a message, after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the store now.
    Stored,
    /// It was there already, with the same content.
    Duplicate,
    /// Its id and revision were there already with another content: the first one stands, this one is kept aside.
    Conflict(String),
    /// It is kept aside.
    Rejected,
}

/// The phase that pages show: `unobserved` where the camera cannot be trusted and the event is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventPhase {
    /// As on the wire.
    Told(Phase),
    /// Nobody knows whether it still holds.
    Unobserved,
}

impl EventPhase {
    /// The phase of a revision.
    pub fn of(phase: Phase, unobserved: bool) -> Self {
        if unobserved && phase != Phase::Close { Self::Unobserved } else { Self::Told(phase) }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Told(phase) => phase.as_str(),
            Self::Unobserved => "unobserved",
        }
    }
}

/// Somebody has seen an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// When.
    pub at: Timestamp,
    /// Who, as typed.
    pub by: String,
}

/// An event in its latest revision, with what the store knows about it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// The latest revision.
    pub message: EventMessage,
    /// Event time of the first revision stored.
    pub opened_at: Timestamp,
    /// When the latest revision came in.
    pub received_at: Timestamp,
    /// The event's cell, else its zone's, else its camera's.
    pub cell: Option<CellCode>,
    /// What people call the camera.
    pub camera_name: Option<String>,
    /// What people call the zone.
    pub zone_name: Option<String>,
    /// The snapshot of the earliest revision whose picture has arrived.
    pub snapshot: Option<Sha256Hex>,
    /// Who has seen it.
    pub acknowledged: Option<Acknowledged>,
}

/// One revision in an event's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// 1, 2, 3 …
    pub rev: u32,
    /// As pages show it.
    pub phase: String,
    /// How bad it was.
    pub severity: String,
    /// Event time.
    pub at: Timestamp,
    /// When it came in.
    pub received_at: Timestamp,
    /// Seconds at `at`.
    pub dwell_s: f64,
}

/// Which events to list; `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only this kind.
    pub kind: Option<EventKind>,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Only this phase.
    pub phase: Option<EventPhase>,
    /// Only cells whose code begins so: 1 to 15 digits.
    pub cell_prefix: Option<String>,
    /// Only this camera, of any edge.
    pub camera: Option<CameraId>,
    /// Only acknowledged ones, or only others.
    pub acknowledged: Option<bool>,
}

/// A place in the list of events: newest first, by time of opening, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageCursor {
    /// The last event's time of opening.
    pub opened_at: Timestamp,
    /// Its id.
    pub id: EventId,
}

/// A part of the list of events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPage {
    /// Newest first.
    pub items: Vec<StoredEvent>,
    /// Where the next part begins; `None` after the last one.
    pub next: Option<PageCursor>,
}

/// A camera as last heard of.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCamera {
    /// Its edge box.
    pub edge: EdgeId,
    /// Its id there.
    pub camera: CameraId,
    /// What people call it.
    pub name: String,
    /// How its stream is, as its edge box said last.
    pub state: CameraCondition,
    /// Why.
    pub reason: Option<String>,
    /// The same in a word.
    pub reason_code: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// How much of its stream is decoded, as its edge box said last.
    pub gate: Option<GateSummary>,
    /// Why it cannot be trusted, as its edge box said last.
    pub troubles: Vec<CameraTrouble>,
    /// Why its full-size stream does not come, as its edge box said last.
    pub not_kept: Option<String>,
    /// The same in a word.
    pub not_kept_code: Option<String>,
    /// Since when its edge box is gone; `None` while it is there, or where it never spoke of itself.
    pub edge_offline_since: Option<Timestamp>,
}

/// An edge box as last heard of.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEdge {
    /// Which.
    pub edge: EdgeId,
    /// Whether it is connected.
    pub online: bool,
    /// Since when.
    pub since: Timestamp,
    /// What an operator must act on.
    pub problem: Option<String>,
}

/// Numbers for the head of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events that are not closed.
    pub open: u64,
    /// Events nobody has acknowledged.
    pub unacknowledged: u64,
    /// Events opened since a given time.
    pub opened_since: u64,
}

/// Something that pages have to hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Grows with each change, for ever.
    pub number: u64,
    /// What has changed.
    pub subject: ChangeSubject,
}

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChangeSubject {
    /// An event: a new revision, its picture, its acknowledgement, its cell.
    Event(EventId),
    /// A camera, or whether its edge box is there.
    Camera(EdgeId, CameraId),
}
