//! Queries. Each sees one consistent state of the store.

use std::collections::HashMap;

use bytes::Bytes;
use gridwatch_domain::{CameraId, EdgeId, EventId, Sha256Hex, Timestamp};
use sqlx::{FromRow, sqlite::SqliteRow};
use tracing::error;

use super::{
    SqliteStore,
    rows::{self, CameraRow, EdgeRow, EventRow, RevisionRow},
};
use crate::store::{
    Change, ChangeSubject, Counts, EventFilter, EventPage, PageCursor, Revision, StoreError, StoredCamera,
    StoredEdge, StoredEvent,
};

/// What every query for cameras begins with, as a literal that `concat!` takes.
macro_rules! select_cameras {
    () => {
        "SELECT k.edge, k.camera, k.name, k.state, k.reason, k.since, k.message, \
                CASE WHEN e.online = 0 THEN e.since END AS edge_offline_since \
           FROM cameras k LEFT JOIN edges e ON e.edge = k.edge"
    };
}

impl SqliteStore {
    /// At most `limit` events, newest first, from below `before`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        before: Option<PageCursor>,
        limit: u32,
    ) -> Result<EventPage, StoreError> {
        let mut query = EventRow::select();
        rows::push_page(&mut query, filter, before, limit.saturating_add(1));
        let mut rows: Vec<EventRow> =
            query.build_query_as().fetch_all(&self.reader).await.map_err(StoreError::Read)?;
        let there_are_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| there_are_more).map(EventRow::cursor).transpose()?;
        Ok(EventPage { items: readable(rows), next })
    }

    /// One event, if there is one of this id.
    pub async fn event(&self, id: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let mut query = EventRow::select();
        query.push(" WHERE c.id = ").push_bind(id.to_string());
        let row: Option<EventRow> =
            query.build_query_as().fetch_optional(&self.reader).await.map_err(StoreError::Read)?;
        row.map(StoredEvent::try_from).transpose()
    }

    /// All revisions of an event, oldest first.
    pub async fn history(&self, id: EventId) -> Result<Vec<Revision>, StoreError> {
        let rows: Vec<RevisionRow> = sqlx::query_as(
            "SELECT rev, phase, unobserved, severity, at, received_at, dwell_s FROM events WHERE id = ? ORDER BY rev",
        )
        .bind(id.to_string())
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::Read)?;
        Ok(readable(rows))
    }

    /// A picture that has arrived and belongs to the event: the one named, or the one its view shows.
    pub async fn snapshot(
        &self,
        id: EventId,
        wanted: Option<&Sha256Hex>,
    ) -> Result<Option<(Sha256Hex, Bytes)>, StoreError> {
        let sha256: Option<String> = sqlx::query_scalar(
            "SELECT v.sha256 FROM evidence v JOIN snapshots s ON s.sha256 = v.sha256 \
              WHERE v.event_id = ?1 AND v.type = 'snapshot' AND (?2 IS NULL OR v.sha256 = ?2) \
              ORDER BY v.rev, v.position LIMIT 1",
        )
        .bind(id.to_string())
        .bind(wanted.map(Sha256Hex::as_str))
        .fetch_optional(&self.reader)
        .await
        .map_err(StoreError::Read)?;
        let Some(sha256) = sha256 else { return Ok(None) };
        let sha256: Sha256Hex = sha256.parse().map_err(|error| rows::corrupt("evidence", &error))?;
        Ok(self.pictures.read(&sha256).await?.map(|jpeg| (sha256, jpeg)))
    }

    /// All cameras, by edge and id.
    pub async fn cameras(&self) -> Result<Vec<StoredCamera>, StoreError> {
        let rows: Vec<CameraRow> = sqlx::query_as(concat!(select_cameras!(), " ORDER BY k.edge, k.camera"))
            .fetch_all(&self.reader)
            .await
            .map_err(StoreError::Read)?;
        Ok(readable(rows))
    }

    /// One camera.
    pub async fn camera(&self, edge: &EdgeId, camera: &CameraId) -> Result<Option<StoredCamera>, StoreError> {
        let row: Option<CameraRow> =
            sqlx::query_as(concat!(select_cameras!(), " WHERE k.edge = ? AND k.camera = ?"))
                .bind(edge.as_str())
                .bind(camera.as_str())
                .fetch_optional(&self.reader)
                .await
                .map_err(StoreError::Read)?;
        row.map(StoredCamera::try_from).transpose()
    }

    /// All edge boxes.
    pub async fn edges(&self) -> Result<Vec<StoredEdge>, StoreError> {
        let rows: Vec<EdgeRow> =
            sqlx::query_as("SELECT edge, online, since, problem FROM edges ORDER BY edge")
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Read)?;
        Ok(readable(rows))
    }

    /// Numbers for the head of the page.
    pub async fn counts(&self, since: Timestamp) -> Result<Counts, StoreError> {
        let (open, unacknowledged, opened_since): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM events_current WHERE phase <> 'close'), \
                    (SELECT COUNT(*) FROM events_current WHERE acknowledged = 0), \
                    (SELECT COUNT(*) FROM events_current WHERE opened_at >= ?)",
        )
        .bind(since.as_millisecond())
        .fetch_one(&self.reader)
        .await
        .map_err(StoreError::Read)?;
        let [open, unacknowledged, opened_since] =
            [open, unacknowledged, opened_since].map(|count| u64::try_from(count).unwrap_or(0));
        Ok(Counts { open, unacknowledged, opened_since })
    }

    /// At most `limit` changes after number `after`, oldest first.
    pub async fn changes_after(&self, after: u64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let rows: Vec<(i64, String, Option<String>, String)> = sqlx::query_as(
            "SELECT number, kind, edge, id FROM changes WHERE number > ? ORDER BY number LIMIT ?",
        )
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.reader)
        .await
        .map_err(StoreError::Read)?;
        rows.into_iter().map(|(number, kind, edge, id)| change(number, &kind, edge.as_deref(), &id)).collect()
    }

    /// Numbers of the oldest change kept and of the newest one; both 0 before the first.
    pub async fn change_range(&self) -> Result<(u64, u64), StoreError> {
        let (oldest, newest): (i64, i64) =
            sqlx::query_as("SELECT COALESCE(MIN(number), 0), COALESCE(MAX(number), 0) FROM changes")
                .fetch_one(&self.reader)
                .await
                .map_err(StoreError::Read)?;
        Ok((u64::try_from(oldest).unwrap_or(0), u64::try_from(newest).unwrap_or(0)))
    }

    /// How many messages are kept aside, by reason.
    pub async fn rejected(&self) -> Result<HashMap<String, u64>, StoreError> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT reason, COUNT(*) FROM rejected GROUP BY reason")
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Read)?;
        Ok(rows.into_iter().map(|(reason, count)| (reason, u64::try_from(count).unwrap_or(0))).collect())
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM events_current LIMIT 1")
            .fetch_optional(&self.reader)
            .await
            .map(drop)
            .map_err(StoreError::Read)
    }
}

fn change(number: i64, kind: &str, edge: Option<&str>, id: &str) -> Result<Change, StoreError> {
    let wrong = |error| rows::corrupt("changes", &error);
    let subject = match (kind, edge) {
        ("event", _) => ChangeSubject::Event(id.parse().map_err(wrong)?),
        ("camera", Some(edge)) => {
            ChangeSubject::Camera(edge.parse().map_err(wrong)?, id.parse().map_err(wrong)?)
        }
        _ => return Err(rows::corrupt("changes", &kind)),
    };
    Ok(Change { number: u64::try_from(number).unwrap_or(0), subject })
}

/// Rows that read back. One that somebody has damaged is left out and told of, rather than hiding all others.
fn readable<Row, Value>(rows: Vec<Row>) -> Vec<Value>
where
    Row: for<'r> FromRow<'r, SqliteRow>,
    Value: TryFrom<Row, Error = StoreError>,
{
    let read = |row| match Value::try_from(row) {
        Ok(value) => Some(value),
        Err(problem) => {
            error!(%problem, "left out a damaged row: restore the database from a backup");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}
