//! From topic and payload to what the store takes. Pure; refuses everything that is not exactly right.

use bytes::Bytes;
use gridwatch_domain::{
    CameraId, DomainError, EdgeId, EventId, Sha256Hex,
    topic::{Topic, TopicKind},
    wire::{CameraStateMessage, EdgeStatusMessage, EventMessage, Message},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::store::{Delivery, RejectReason};

/// Largest event message: a hundred times an ordinary one.
const EVENT_BYTES: usize = 128 * 1024;
/// Largest camera state: a hundred zones of a hundred points.
const CAMERA_BYTES: usize = 256 * 1024;
/// Largest status of an edge box.
const STATUS_BYTES: usize = 16 * 1024;
/// Largest snapshot: a 4K picture of the best quality.
const SNAPSHOT_BYTES: usize = 8 * 1024 * 1024;
/// Longest explanation kept, in characters: what was found may be part of it.
const LONGEST_DETAIL: usize = 300;

/// What a message brings.
pub(crate) fn open(topic: &str, payload: &Bytes) -> Delivery {
    read(topic, payload).unwrap_or_else(|Refusal { reason, detail }| Delivery::Rejected {
        reason,
        detail: printable(&detail),
    })
}

/// The kind of a message as a metric's label, from its topic alone.
pub(crate) fn kind_label(topic: &str) -> &'static str {
    match topic.parse::<Topic>().map(|topic| topic.kind) {
        Ok(TopicKind::Event) => "event",
        Ok(TopicKind::Snapshot(_)) => "snapshot",
        Ok(TopicKind::Status) => "status",
        Ok(TopicKind::CameraState(_)) => "camera",
        Ok(TopicKind::ZoneCount(..) | TopicKind::Ack) | Err(_) => "other",
    }
}

/// Who sent a message, for the log: the edge its topic names, if that is an id at all.
pub(crate) fn source(topic: &str) -> Option<EdgeId> {
    topic.strip_prefix(gridwatch_domain::topic::ROOT)?.strip_prefix('/')?.split('/').next()?.parse().ok()
}

/// What a message that cannot be used is about, as far as that can be read: its edge box waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// A revision of an event.
    Event { id: EventId, rev: u32 },
    /// A snapshot.
    Snapshot(Sha256Hex),
}

/// The edge box whose topic it came on, and what it is about.
pub(crate) fn named(topic: &str, payload: &Bytes) -> Option<(EdgeId, Named)> {
    #[derive(Deserialize)]
    struct Revision {
        id: EventId,
        rev: u32,
    }
    let topic: Topic = topic.parse().ok()?;
    let named = match topic.kind {
        TopicKind::Event if payload.len() <= EVENT_BYTES => {
            let Revision { id, rev } = serde_json::from_slice(payload).ok()?;
            Named::Event { id, rev }
        }
        TopicKind::Snapshot(sha256) => Named::Snapshot(sha256),
        _ => return None,
    };
    Some((topic.edge, named))
}

struct Refusal {
    reason: RejectReason,
    detail: String,
}

fn refuse<T>(reason: RejectReason, detail: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { reason, detail: detail.into() })
}

fn read(text: &str, payload: &Bytes) -> Result<Delivery, Refusal> {
    let topic: Topic =
        text.parse().or_else(|error: DomainError| refuse(RejectReason::Topic, error.to_string()))?;
    let edge = topic.edge;
    match topic.kind {
        TopicKind::Event => read_event(&edge, payload),
        TopicKind::Snapshot(sha256) => read_snapshot(edge, sha256, payload),
        TopicKind::Status => {
            let status = read_json::<EdgeStatusMessage>(payload, STATUS_BYTES)?;
            Ok(Delivery::Edge { edge, status })
        }
        TopicKind::CameraState(camera) => read_camera(edge, &camera, payload),
        TopicKind::ZoneCount(..) | TopicKind::Ack => {
            refuse(RejectReason::Topic, format!("topic {text:?} is not for a center"))
        }
    }
}

fn read_event(edge: &EdgeId, payload: &Bytes) -> Result<Delivery, Refusal> {
    let message = read_json::<EventMessage>(payload, EVENT_BYTES)?;
    if message.event.edge != *edge {
        let detail = format!("edge {} in the message, {edge} in the topic", message.event.edge);
        return refuse(RejectReason::Source, detail);
    }
    if i64::try_from(message.seq).is_err() {
        return refuse(RejectReason::Value, format!("seq {}: expected at most {}", message.seq, i64::MAX));
    }
    Ok(Delivery::Event(Box::new(message)))
}

fn read_camera(edge: EdgeId, camera: &CameraId, payload: &Bytes) -> Result<Delivery, Refusal> {
    if payload.is_empty() {
        // What was retained is taken back: the edge box has no such camera any more.
        return Ok(Delivery::CameraGone { edge, camera: camera.clone() });
    }
    let state = read_json::<CameraStateMessage>(payload, CAMERA_BYTES)?;
    if state.camera != *camera {
        let detail = format!("camera {} in the message, {camera} in the topic", state.camera);
        return refuse(RejectReason::Source, detail);
    }
    Ok(Delivery::Camera { edge, state: Box::new(state) })
}

fn read_snapshot(edge: EdgeId, sha256: Sha256Hex, payload: &Bytes) -> Result<Delivery, Refusal> {
    check_size(payload, SNAPSHOT_BYTES)?;
    let found = Sha256Hex::from_digest(Sha256::digest(payload).into());
    if found != sha256 {
        return refuse(RejectReason::Digest, format!("sha256 {found} in the message, {sha256} in the topic"));
    }
    if !payload.starts_with(&[0xff, 0xd8, 0xff]) {
        return refuse(RejectReason::NotJpeg, "does not begin like a JPEG");
    }
    Ok(Delivery::Snapshot { edge, sha256 })
}

fn read_json<M: Message>(payload: &Bytes, largest: usize) -> Result<M, Refusal> {
    check_size(payload, largest)?;
    if let Err(error) = std::str::from_utf8(payload) {
        return refuse(RejectReason::Utf8, format!("not UTF-8 from byte {}", error.valid_up_to()));
    }
    M::from_json(payload).or_else(|error| {
        let reason = match &error {
            DomainError::Json(_) => RejectReason::Json,
            DomainError::Schema { .. } => RejectReason::Schema,
            _ => RejectReason::Value,
        };
        refuse(reason, error.to_string())
    })
}

fn check_size(payload: &Bytes, largest: usize) -> Result<(), Refusal> {
    if payload.len() <= largest {
        return Ok(());
    }
    refuse(RejectReason::Oversized, format!("{} bytes: expected at most {largest}", payload.len()))
}

/// Foreign text that goes into a log: bounded, and without control characters.
fn printable(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(LONGEST_DETAIL).map(clean).collect()
}
