//! Events in their revisions, and the pictures that show them.

use gridwatch_domain::{
    EdgeId, EvidenceType, Sha256Hex, Timestamp,
    wire::{EventMessage, Message},
};
use sqlx::SqliteConnection;

use super::{note_change, run, write_rejected};
use crate::store::{ChangeSubject, EventPhase, Received, RejectReason, StoreError, Verdict};

pub(super) async fn write_event(
    tx: &mut SqliteConnection,
    message: &EventMessage,
    received: &Received,
) -> Result<Verdict, StoreError> {
    if let Some(conflict) = find_conflict(tx, message).await? {
        write_rejected(tx, received, RejectReason::Conflict, &conflict).await?;
        return Ok(Verdict::Conflict(conflict));
    }
    if !insert_revision(tx, message, received).await? {
        return Ok(Verdict::Duplicate);
    }
    insert_evidence(tx, message).await?;
    if !raise_current(tx, message).await? {
        // A revision lower than the current one has come late: the event may have opened earlier than was known.
        let lowest = sqlx::query(
            "UPDATE events_current \
                SET opened_at = (SELECT at FROM events WHERE events.id = events_current.id ORDER BY rev LIMIT 1) \
              WHERE id = ?",
        );
        run(tx, lowest.bind(message.event.id.to_string())).await?;
    }
    note_change(tx, &ChangeSubject::Event(message.event.id)).await?;
    Ok(Verdict::Stored)
}

/// Why the message contradicts what is stored. Its sequence number and time of publishing may differ: they belong to
/// the delivery, not to the event.
async fn find_conflict(
    tx: &mut SqliteConnection,
    message: &EventMessage,
) -> Result<Option<String>, StoreError> {
    let event = &message.event;
    let known: Option<(String, Option<String>)> = sqlx::query_as(
        "SELECT c.edge, e.message FROM events_current c LEFT JOIN events e ON e.id = c.id AND e.rev = ? WHERE c.id = ?",
    )
    .bind(i64::from(event.rev))
    .bind(event.id.to_string())
    .fetch_optional(tx)
    .await
    .map_err(StoreError::Write)?;
    let Some((edge, stored)) = known else { return Ok(None) };
    if edge != event.edge.as_str() {
        return Ok(Some(format!("event {} belongs to edge {edge}", event.id)));
    }
    let Some(stored) = stored else { return Ok(None) };
    // A damaged row counts as another content: it must not keep all that comes after it from being stored.
    let same = EventMessage::from_json(stored.as_bytes()).is_ok_and(|stored| stored.event == *event);
    Ok((!same).then(|| format!("event {} revision {} is stored with another content", event.id, event.rev)))
}

/// Whether the revision is new.
async fn insert_revision(
    tx: &mut SqliteConnection,
    message: &EventMessage,
    received: &Received,
) -> Result<bool, StoreError> {
    let event = &message.event;
    let insert = sqlx::query(
        "INSERT INTO events (id, rev, edge, seq, kind, phase, severity, camera, zone, cell, since, at, until, dwell_s, \
                             unobserved, published_at, received_at, message) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(event.id.to_string())
    .bind(i64::from(event.rev))
    .bind(event.edge.to_string())
    .bind(i64::try_from(message.seq).unwrap_or(i64::MAX))
    .bind(event.kind.as_str())
    .bind(event.phase.as_str())
    .bind(event.severity.as_str())
    .bind(event.camera.to_string())
    .bind(event.zone.as_ref().map(ToString::to_string))
    .bind(event.cell.as_ref().map(ToString::to_string))
    .bind(event.since.as_millisecond())
    .bind(event.at.as_millisecond())
    .bind(event.until.map(Timestamp::as_millisecond))
    .bind(event.dwell_s)
    .bind(event.unobserved)
    .bind(message.published_at.as_millisecond())
    .bind(received.at.as_millisecond())
    .bind(String::from_utf8_lossy(&received.payload).into_owned());
    Ok(run(tx, insert).await? > 0)
}

async fn insert_evidence(tx: &mut SqliteConnection, message: &EventMessage) -> Result<(), StoreError> {
    let event = &message.event;
    for (position, evidence) in (0_i64..).zip(&event.evidence) {
        let kind = match evidence.evidence_type {
            EvidenceType::Snapshot => "snapshot",
        };
        let insert = sqlx::query(
            "INSERT INTO evidence (event_id, rev, position, type, mime, sha256) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(event.id.to_string())
        .bind(i64::from(event.rev))
        .bind(position)
        .bind(kind)
        .bind(evidence.mime.clone())
        .bind(evidence.sha256.to_string());
        run(tx, insert).await?;
    }
    Ok(())
}

/// Makes the revision the current one, unless a higher one is: the order of arrival does not matter.
async fn raise_current(tx: &mut SqliteConnection, message: &EventMessage) -> Result<bool, StoreError> {
    let event = &message.event;
    let upsert = sqlx::query(
        "INSERT INTO events_current (id, rev, edge, kind, phase, severity, camera, zone, opened_at, cell) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
                 COALESCE(?10, (SELECT cell FROM zones WHERE edge = ?3 AND camera = ?7 AND zone = ?8), \
                          (SELECT cell FROM cameras WHERE edge = ?3 AND camera = ?7))) \
         ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, kind = excluded.kind, phase = excluded.phase, \
                 severity = excluded.severity, camera = excluded.camera, zone = excluded.zone, \
                 cell = COALESCE(excluded.cell, events_current.cell) \
         WHERE excluded.rev > events_current.rev",
    )
    .bind(event.id.to_string())
    .bind(i64::from(event.rev))
    .bind(event.edge.to_string())
    .bind(event.kind.as_str())
    .bind(EventPhase::of(event.phase, event.unobserved).as_str())
    .bind(event.severity.as_str())
    .bind(event.camera.to_string())
    .bind(event.zone.as_ref().map(ToString::to_string))
    .bind(event.at.as_millisecond())
    .bind(event.cell.as_ref().map(ToString::to_string));
    Ok(run(tx, upsert).await? > 0)
}

pub(super) async fn write_snapshot(
    tx: &mut SqliteConnection,
    edge: &EdgeId,
    sha256: &Sha256Hex,
    received: &Received,
) -> Result<Verdict, StoreError> {
    let insert = sqlx::query(
        "INSERT INTO snapshots (sha256, edge, mime, size, received_at) VALUES (?, ?, 'image/jpeg', ?, ?) \
         ON CONFLICT DO NOTHING",
    )
    .bind(sha256.to_string())
    .bind(edge.to_string())
    .bind(i64::try_from(received.payload.len()).unwrap_or(i64::MAX))
    .bind(received.at.as_millisecond());
    if run(tx, insert).await? == 0 {
        return Ok(Verdict::Duplicate);
    }
    let shown = sqlx::query(
        "INSERT INTO changes (kind, id) SELECT DISTINCT 'event', event_id FROM evidence WHERE sha256 = ? \
            AND event_id IN (SELECT id FROM events_current)",
    );
    run(tx, shown.bind(sha256.to_string())).await?;
    Ok(Verdict::Stored)
}
