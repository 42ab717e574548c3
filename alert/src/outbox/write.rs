//! What changes the outbox: appending, marking as published, removing.

use std::sync::atomic::Ordering;

use gridwatch_domain::{Event, Evidence, EvidenceType, Phase, Timestamp, wire::AckMessage};
use sqlx::{Row, SqliteConnection};

use super::{
    Append, Database, Outbox,
    open::{FULL, primary_code},
    passes::{self, Written},
};
use crate::{OutboxError, Snapshot};

/// What an append did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Appended {
    /// Revisions that are durable now.
    pub entries: u64,
    /// Snapshots that are durable now.
    pub snapshots: u64,
    /// Revisions that had been appended before.
    pub repeated: u64,
    /// Near passes that are durable now.
    pub passes: u64,
    /// Near passes that had been appended before.
    pub passes_repeated: u64,
    /// Near passes that are none, as their distance is no number.
    pub passes_unusable: u64,
}

/// What an acknowledgement removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Revisions.
    pub entries: u64,
    /// Snapshots.
    pub snapshots: u64,
    /// Acknowledgements of what was not there (any more).
    pub unknown: u64,
}

impl Outbox {
    /// Keeps all of it, or nothing. Once it returns, events and near passes survive a power cut; a checkpoint without events survives a
    /// kill, and a power cut may bring back the one before, which is harmless. A revision that was appended before is
    /// passed over, and so is a near pass. Where there is no room the oldest near passes give way. Each revision leaves with the evidence of its event, also when the picture came earlier.
    pub async fn append(&self, append: Append<'_>) -> Result<Appended, OutboxError> {
        let inner = &self.inner;
        let mut database = inner.database.lock().await;
        let mut appended = append_once(&mut database, append).await;
        if is_full(&appended) {
            // What waits in the log may only have to be written back.
            write_back(&mut database).await;
            appended = append_once(&mut database, append).await;
        }
        while is_full(&appended) {
            match inner.give_way(&mut database).await {
                Ok(1..) => {}
                // The append's own error tells more.
                Ok(0) | Err(_) => break,
            }
            appended = append_once(&mut database, append).await;
        }
        let appended = appended.map_err(|error| inner.failed("append", error))?;
        inner.entries.fetch_add(appended.entries, Ordering::Relaxed);
        inner.snapshots.fetch_add(appended.snapshots, Ordering::Relaxed);
        inner.passes.fetch_add(appended.passes, Ordering::Relaxed);
        inner.measure(&mut database).await?;
        Ok(appended)
    }

    /// Notes when these entries were first handed to a broker; later ones do not change it.
    pub async fn mark_published(&self, seqs: &[u64], at: Timestamp) -> Result<(), OutboxError> {
        const WHAT: &str = "mark as published";
        let inner = &self.inner;
        let mut database = inner.database.lock().await;
        begin(&mut database, false).await.map_err(|error| inner.failed(WHAT, error))?;
        let marked = mark(&mut database.connection, seqs, at).await;
        end(&mut database, marked).await.map_err(|error| inner.failed(WHAT, error))
    }

    /// Forgets what the center has stored. Once a closed event's last revision is gone, nothing is left of it.
    pub async fn remove_acked(&self, ack: &AckMessage) -> Result<Removed, OutboxError> {
        const WHAT: &str = "remove what is acknowledged";
        let inner = &self.inner;
        let mut database = inner.database.lock().await;
        let mut removed = remove_once(&mut database, ack).await;
        if is_full(&removed) {
            write_back(&mut database).await;
            removed = remove_once(&mut database, ack).await;
        }
        if is_full(&removed) && inner.clone().spend_reserve().await {
            write_back(&mut database).await;
            removed = remove_once(&mut database, ack).await;
        }
        let removed = removed.map_err(|error| inner.failed(WHAT, error))?;
        inner.clone().keep_reserve().await;
        inner.entries.fetch_sub(removed.entries, Ordering::Relaxed);
        inner.snapshots.fetch_sub(removed.snapshots, Ordering::Relaxed);
        inner.measure(&mut database).await?;
        Ok(removed)
    }
}

async fn append_once(database: &mut Database, append: Append<'_>) -> Result<Appended, sqlx::Error> {
    begin(database, !append.events.is_empty() || !append.passes.is_empty()).await?;
    let appended = write_all(&mut database.connection, append).await;
    end(database, appended).await
}

async fn remove_once(database: &mut Database, ack: &AckMessage) -> Result<Removed, sqlx::Error> {
    begin(database, false).await?;
    let removed = remove(&mut database.connection, ack).await;
    end(database, removed).await
}

pub(super) fn is_full<T>(outcome: &Result<T, sqlx::Error>) -> bool {
    outcome.as_ref().is_err_and(|error| primary_code(error) == Some(FULL))
}

/// Writes the log back into the database and begins it anew, as far as there is room.
pub(super) async fn write_back(database: &mut Database) {
    // Where it fails, so does what is tried next, which tells.
    let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut database.connection).await;
}

/// Begins a transaction, `durable` or not. sqlx's own are not used: SQLite rolls back by itself when the disk is full,
/// which sqlx does not notice.
pub(super) async fn begin(database: &mut Database, durable: bool) -> Result<(), sqlx::Error> {
    if database.dirty {
        // Nothing to roll back is no harm.
        let _ = sqlx::query("ROLLBACK").execute(&mut database.connection).await;
        database.dirty = false;
    }
    if database.durable != durable {
        let level = if durable { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
        sqlx::query(level).execute(&mut database.connection).await?;
        database.durable = durable;
    }
    database.dirty = true;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut database.connection).await?;
    Ok(())
}

/// Commits what went well and takes back what did not.
pub(super) async fn end<T>(
    database: &mut Database,
    outcome: Result<T, sqlx::Error>,
) -> Result<T, sqlx::Error> {
    let outcome = match outcome {
        Ok(value) => sqlx::query("COMMIT").execute(&mut database.connection).await.map(|_| value),
        Err(error) => Err(error),
    };
    if outcome.is_err() {
        let _ = sqlx::query("ROLLBACK").execute(&mut database.connection).await;
    }
    database.dirty = false;
    outcome
}

async fn write_all(connection: &mut SqliteConnection, append: Append<'_>) -> Result<Appended, sqlx::Error> {
    let mut appended = Appended::default();
    for event in append.events {
        let snapshots = append.snapshots.iter().filter(|snapshot| snapshot.event == event.id);
        match write_event(connection, event, snapshots).await? {
            Some(snapshots) => {
                appended.entries += 1;
                appended.snapshots += snapshots;
            }
            None => appended.repeated += 1,
        }
    }
    for pass in append.passes {
        match passes::write(connection, pass).await? {
            Written::New => appended.passes += 1,
            Written::Repeated => appended.passes_repeated += 1,
            Written::Unusable => appended.passes_unusable += 1,
        }
    }
    if let Some(checkpoint) = append.checkpoint {
        sqlx::query(
            "INSERT INTO checkpoints (camera, state) VALUES (?1, ?2)
             ON CONFLICT (camera) DO UPDATE SET state = excluded.state",
        )
        .bind(checkpoint.camera.as_str())
        .bind(&checkpoint.state[..])
        .execute(&mut *connection)
        .await?;
    }
    Ok(appended)
}

/// Returns how many snapshots are new, or `None` when the revision was there before.
async fn write_event(
    connection: &mut SqliteConnection,
    event: &Event,
    snapshots: impl Iterator<Item = &Snapshot>,
) -> Result<Option<u64>, sqlx::Error> {
    let id = event.id.to_string();
    let newer = sqlx::query(
        "INSERT INTO events (id, last_rev, closed) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET last_rev = excluded.last_rev, closed = excluded.closed
         WHERE excluded.last_rev > last_rev",
    )
    .bind(&id)
    .bind(i64::from(event.rev))
    .bind(event.phase == Phase::Close)
    .execute(&mut *connection)
    .await?;
    if newer.rows_affected() == 0 {
        return Ok(None);
    }
    let snapshots: Vec<_> = snapshots.collect();
    for snapshot in &snapshots {
        sqlx::query(
            "INSERT INTO event_evidence (event_id, sha256, mime) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(snapshot.sha256.as_str())
        .bind(snapshot.mime)
        .execute(&mut *connection)
        .await?;
    }
    let complete = Event { evidence: evidence_of(connection, event, &id).await?, ..event.clone() };
    let payload = serde_json::to_string(&complete).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let seq = sqlx::query("INSERT INTO entries (event_id, rev, payload) VALUES (?1, ?2, ?3)")
        .bind(&id)
        .bind(i64::from(event.rev))
        .bind(payload)
        .execute(&mut *connection)
        .await?
        .last_insert_rowid();
    let mut new = 0;
    for snapshot in snapshots {
        new += sqlx::query(
            "INSERT INTO blobs (sha256, seq, mime, bytes) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        )
        .bind(snapshot.sha256.as_str())
        .bind(seq)
        .bind(snapshot.mime)
        .bind(&snapshot.bytes[..])
        .execute(&mut *connection)
        .await?
        .rows_affected();
    }
    Ok(Some(new))
}

/// What the event brings itself, and what its earlier revisions had.
async fn evidence_of(
    connection: &mut SqliteConnection,
    event: &Event,
    id: &str,
) -> Result<Vec<Evidence>, sqlx::Error> {
    let mut evidence = event.evidence.clone();
    let rows = sqlx::query("SELECT sha256, mime FROM event_evidence WHERE event_id = ?1 ORDER BY rowid")
        .bind(id)
        .fetch_all(connection)
        .await?;
    for row in rows {
        let sha256: String = row.try_get(0)?;
        let sha256 = sha256.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let piece = Evidence { evidence_type: EvidenceType::Snapshot, mime: row.try_get(1)?, sha256 };
        if !evidence.contains(&piece) {
            evidence.push(piece);
        }
    }
    Ok(evidence)
}

async fn mark(connection: &mut SqliteConnection, seqs: &[u64], at: Timestamp) -> Result<(), sqlx::Error> {
    for seq in seqs {
        sqlx::query("UPDATE entries SET published_at = ?1 WHERE seq = ?2 AND published_at IS NULL")
            .bind(at.as_millisecond())
            .bind(i64::try_from(*seq).unwrap_or(i64::MAX))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn remove(connection: &mut SqliteConnection, ack: &AckMessage) -> Result<Removed, sqlx::Error> {
    let mut removed = Removed::default();
    for event in &ack.events {
        let id = event.id.to_string();
        let gone = sqlx::query("DELETE FROM entries WHERE event_id = ?1 AND rev = ?2")
            .bind(&id)
            .bind(i64::from(event.rev))
            .execute(&mut *connection)
            .await?
            .rows_affected();
        removed.entries += gone;
        removed.unknown += 1 - gone.min(1);
        sqlx::query(
            "DELETE FROM events WHERE id = ?1 AND closed
             AND NOT EXISTS (SELECT 1 FROM entries WHERE event_id = ?1)",
        )
        .bind(&id)
        .execute(&mut *connection)
        .await?;
    }
    for sha256 in &ack.snapshots {
        let gone = sqlx::query("DELETE FROM blobs WHERE sha256 = ?1")
            .bind(sha256.as_str())
            .execute(&mut *connection)
            .await?
            .rows_affected();
        removed.snapshots += gone;
        removed.unknown += 1 - gone.min(1);
    }
    Ok(removed)
}
