//! What waits to be delivered, in the order in which it was found.

use gridwatch_domain::{Event, Sha256Hex, Timestamp};
use sqlx::{Row, sqlite::SqliteRow};

use super::Outbox;
use crate::OutboxError;

/// A place in the order of delivery. The default lies before everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    seq: i64,
    /// 0 for a picture, 1 for the message that refers to it: a page never shows an event without its picture.
    part: i64,
    key: String,
}

/// Something to deliver.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// Where it stands.
    pub position: Position,
    /// What it is.
    pub item: PendingItem,
}

/// What can be delivered.
#[derive(Debug, Clone, PartialEq)]
pub enum PendingItem {
    /// A revision of an event.
    Event {
        /// The revision, with its evidence.
        event: Box<Event>,
        /// Its number on this edge.
        seq: u64,
        /// When it was first handed to a broker, if ever.
        published_at: Option<Timestamp>,
    },
    /// A picture.
    Snapshot {
        /// Its name.
        sha256: Sha256Hex,
        /// Its MIME type.
        mime: String,
        /// The file.
        bytes: Vec<u8>,
    },
    /// An entry that this version cannot read. It stays where it is.
    Unreadable {
        /// Why.
        problem: String,
    },
}

impl Outbox {
    /// Up to `limit` things after a position, in order.
    pub async fn pending(&self, after: &Position, limit: u32) -> Result<Vec<Pending>, OutboxError> {
        const WHAT: &str = "read what is pending";
        let mut database = self.inner.database.lock().await;
        let rows = sqlx::query(
            "SELECT seq, 0 AS part, sha256 AS key, NULL AS payload, NULL AS published_at, mime, bytes
             FROM blobs WHERE seq >= ?1 AND (seq, 0, sha256) > (?1, ?2, ?3)
             UNION ALL
             SELECT seq, 1, '', payload, published_at, NULL, NULL
             FROM entries WHERE seq >= ?1 AND (seq, 1, '') > (?1, ?2, ?3)
             ORDER BY 1, 2, 3 LIMIT ?4",
        )
        .bind(after.seq)
        .bind(after.part)
        .bind(&after.key)
        .bind(limit)
        .fetch_all(&mut database.connection)
        .await
        .map_err(|error| self.inner.failed(WHAT, error))?;
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| self.inner.failed(WHAT, error))
    }

    /// What stands at a position, if it still waits.
    pub async fn pending_at(&self, position: &Position) -> Result<Option<Pending>, OutboxError> {
        let mut database = self.inner.database.lock().await;
        let row = sqlx::query(
            "SELECT seq, 0 AS part, sha256 AS key, NULL AS payload, NULL AS published_at, mime, bytes
             FROM blobs WHERE ?2 = 0 AND seq = ?1 AND sha256 = ?3
             UNION ALL
             SELECT seq, 1, '', payload, published_at, NULL, NULL FROM entries WHERE ?2 = 1 AND seq = ?1",
        )
        .bind(position.seq)
        .bind(position.part)
        .bind(&position.key)
        .fetch_optional(&mut database.connection)
        .await
        .and_then(|row| row.as_ref().map(read).transpose());
        row.map_err(|error| self.inner.failed("read an entry", error))
    }
}

fn read(row: &SqliteRow) -> Result<Pending, sqlx::Error> {
    let position = Position { seq: row.try_get(0)?, part: row.try_get(1)?, key: row.try_get(2)? };
    let item = if position.part == 0 {
        let sha256 = position.key.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        PendingItem::Snapshot { sha256, mime: row.try_get(5)?, bytes: row.try_get(6)? }
    } else {
        let payload: &str = row.try_get(3)?;
        let published_at: Option<i64> = row.try_get(4)?;
        match serde_json::from_str(payload) {
            Ok(event) => PendingItem::Event {
                event,
                seq: position.seq.unsigned_abs(),
                published_at: published_at.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
            },
            Err(error) => PendingItem::Unreadable { problem: error.to_string() },
        }
    };
    Ok(Pending { position, item })
}

#[cfg(test)]
impl Position {
    pub(crate) fn of(seq: i64, part: i64) -> Self {
        Self { seq, part, key: String::new() }
    }
}
