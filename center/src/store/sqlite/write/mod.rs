//! Writes: whole batches of messages in one transaction, and acknowledgements.

mod events;
mod places;

use bytes::Bytes;
use gridwatch_domain::{EventId, GridTree, Sha256Hex, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::{
    Connection, Sqlite, SqliteConnection, pool::PoolConnection, query::Query, sqlite::SqliteArguments,
};

use super::{SqliteStore, SqliteStoreOptions};
use crate::store::{ChangeSubject, Delivery, Received, RejectReason, StoreError, StoredEvent, Verdict};

/// Bytes of a rejected payload that are kept.
const REJECTED_BYTES_KEPT: usize = 64 * 1024;

type Statement = Query<'static, Sqlite, SqliteArguments>;

impl SqliteStore {
    /// Writes a batch in one transaction. When this returns, all of it is durable, and the verdicts say what became of
    /// each message, in order; when it fails, nothing of it has been kept but snapshot files that nobody refers to.
    pub async fn commit(&self, batch: &[Received]) -> Result<Vec<Verdict>, StoreError> {
        self.keep_pictures(batch).await?;
        let mut connection = self.writer.acquire().await.map_err(StoreError::Write)?;
        let outcome = write_batch(&mut connection, batch, &self.options).await;
        self.settle(connection, outcome)
    }

    /// Notes that `by` has seen the event, unless somebody has before: the first one stands. `None`: no such event.
    pub async fn acknowledge(
        &self,
        id: EventId,
        by: &str,
        at: Timestamp,
    ) -> Result<Option<StoredEvent>, StoreError> {
        let mut connection = self.writer.acquire().await.map_err(StoreError::Write)?;
        let outcome = write_acknowledgement(&mut connection, id, by, at).await;
        self.settle(connection, outcome)?;
        self.event(id).await
    }

    /// Takes `tree` in place of the grid tree stored.
    pub async fn replace_grid(&self, tree: &GridTree) -> Result<(), StoreError> {
        let mut connection = self.writer.acquire().await.map_err(StoreError::Write)?;
        let outcome = write_grid(&mut connection, tree).await;
        self.settle(connection, outcome)
    }

    /// After a failure the connection is thrown away: on some errors (a full disk) SQLite rolls back by itself, after
    /// which sqlx's count of open transactions is wrong and that connection could never write again.
    fn settle<T>(
        &self,
        mut connection: PoolConnection<Sqlite>,
        outcome: Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &outcome {
            Ok(_) => self.changed.notify_one(),
            Err(_) => connection.close_on_drop(),
        }
        outcome
    }

    async fn keep_pictures(&self, batch: &[Received]) -> Result<(), StoreError> {
        let pictures: Vec<(Sha256Hex, Bytes)> = batch
            .iter()
            .filter_map(|received| match &received.delivery {
                Delivery::Snapshot { sha256, .. } => Some((sha256.clone(), received.payload.clone())),
                _ => None,
            })
            .collect();
        if pictures.is_empty() {
            return Ok(());
        }
        let folder = self.pictures.clone();
        tokio::task::spawn_blocking(move || folder.keep(&pictures))
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

type Transaction<'c> = sqlx::Transaction<'c, Sqlite>;

async fn begin(connection: &mut SqliteConnection) -> Result<Transaction<'_>, StoreError> {
    connection.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::Write)
}

async fn write_batch(
    connection: &mut SqliteConnection,
    batch: &[Received],
    options: &SqliteStoreOptions,
) -> Result<Vec<Verdict>, StoreError> {
    let mut tx = begin(connection).await?;
    let mut verdicts = Vec::with_capacity(batch.len());
    for received in batch {
        verdicts.push(write_one(&mut tx, received).await?);
    }
    trim(&mut tx, &verdicts, options).await?;
    tx.commit().await.map_err(StoreError::Write)?;
    Ok(verdicts)
}

/// Keeps the bounded tables bounded.
async fn trim(
    tx: &mut SqliteConnection,
    verdicts: &[Verdict],
    options: &SqliteStoreOptions,
) -> Result<(), StoreError> {
    let changes = sqlx::query("DELETE FROM changes WHERE number <= (SELECT MAX(number) FROM changes) - ?");
    run(tx, changes.bind(i64::from(options.changes_kept))).await?;
    if verdicts.iter().any(|it| matches!(it, Verdict::Rejected | Verdict::Conflict(_))) {
        let rejected = sqlx::query(
            "DELETE FROM rejected WHERE id IN \
               (SELECT id FROM rejected ORDER BY last_at DESC, id DESC LIMIT -1 OFFSET ?)",
        );
        run(tx, rejected.bind(i64::from(options.rejected_kept))).await?;
    }
    Ok(())
}

async fn write_acknowledgement(
    connection: &mut SqliteConnection,
    id: EventId,
    by: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut tx = begin(connection).await?;
    let text = id.to_string();
    let marked = sqlx::query("UPDATE events_current SET acknowledged = 1 WHERE id = ? AND acknowledged = 0");
    if run(&mut tx, marked.bind(text.clone())).await? > 0 {
        let insert = sqlx::query("INSERT INTO acknowledgements (event_id, at, by) VALUES (?, ?, ?)");
        run(&mut tx, insert.bind(text).bind(at.as_millisecond()).bind(by.to_owned())).await?;
        note_change(&mut tx, &ChangeSubject::Event(id)).await?;
    }
    tx.commit().await.map_err(StoreError::Write)
}

async fn write_grid(connection: &mut SqliteConnection, tree: &GridTree) -> Result<(), StoreError> {
    let mut tx = begin(connection).await?;
    run(&mut tx, sqlx::query("DELETE FROM grid_nodes")).await?;
    for node in tree.nodes() {
        let insert = sqlx::query("INSERT INTO grid_nodes (code, name, leader) VALUES (?, ?, ?)")
            .bind(node.code.to_string())
            .bind(node.name.clone())
            .bind(node.leader.clone());
        run(&mut tx, insert).await?;
    }
    tx.commit().await.map_err(StoreError::Write)
}

async fn run(tx: &mut SqliteConnection, statement: Statement) -> Result<u64, StoreError> {
    statement.execute(tx).await.map(|done| done.rows_affected()).map_err(StoreError::Write)
}

async fn write_one(tx: &mut SqliteConnection, received: &Received) -> Result<Verdict, StoreError> {
    match &received.delivery {
        Delivery::Event(message) => events::write_event(tx, message, received).await,
        Delivery::Snapshot { edge, sha256 } => events::write_snapshot(tx, edge, sha256, received).await,
        Delivery::Edge { edge, status } => places::write_edge(tx, edge, status, received.at).await,
        Delivery::Camera { edge, state } => places::write_camera(tx, edge, state).await,
        Delivery::CameraGone { edge, camera } => places::remove_camera(tx, edge, camera).await,
        Delivery::Rejected { reason, detail } => {
            write_rejected(tx, received, *reason, detail).await?;
            Ok(Verdict::Rejected)
        }
    }
}

async fn note_change(tx: &mut SqliteConnection, subject: &ChangeSubject) -> Result<(), StoreError> {
    let (kind, edge, id) = match subject {
        ChangeSubject::Event(id) => ("event", None, id.to_string()),
        ChangeSubject::Camera(edge, camera) => ("camera", Some(edge.to_string()), camera.to_string()),
    };
    let insert = sqlx::query("INSERT INTO changes (kind, edge, id) VALUES (?, ?, ?)");
    run(tx, insert.bind(kind).bind(edge).bind(id)).await.map(drop)
}

async fn write_rejected(
    tx: &mut SqliteConnection,
    received: &Received,
    reason: RejectReason,
    detail: &str,
) -> Result<(), StoreError> {
    let payload = &received.payload;
    let digest = Sha256Hex::from_digest(Sha256::digest(payload).into());
    let kept = payload.slice(..payload.len().min(REJECTED_BYTES_KEPT));
    let upsert = sqlx::query(
        "INSERT INTO rejected (topic, digest, reason, detail, size, payload, first_at, last_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) \
         ON CONFLICT (topic, digest) DO UPDATE SET times = times + 1, last_at = excluded.last_at, \
                 reason = excluded.reason, detail = excluded.detail",
    )
    .bind(received.topic.clone())
    .bind(digest.to_string())
    .bind(reason.as_str())
    .bind(detail.to_owned())
    .bind(i64::try_from(payload.len()).unwrap_or(i64::MAX))
    .bind(kept.to_vec())
    .bind(received.at.as_millisecond());
    run(tx, upsert).await.map(drop)
}
