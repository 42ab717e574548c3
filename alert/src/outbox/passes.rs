//! Near passes in the outbox: written beside what was found with them, removed with time, and where alerts need their room.

use std::sync::{Arc, atomic::Ordering};

use gridwatch_domain::{NearPass, Timestamp};
use sqlx::SqliteConnection;

use super::{
    Database, Inner, LARGEST_APPEND, Outbox,
    write::{begin, end, is_full, write_back},
};
use crate::OutboxError;

/// Removed at once: a fraction of a second, in which nothing can be appended.
const STEP: u32 = 500;

/// What a step of pruning removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// What was too old.
    pub by_age: u64,
    /// The oldest of too many.
    pub by_rows: u64,
}

impl Pruned {
    /// Whether nothing was left to remove.
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What became of a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    New,
    Repeated,
    /// Its distance is no number: neither SQLite nor JSON could keep it.
    Unusable,
}

/// Which passes go.
#[derive(Debug, Clone, Copy)]
enum Oldest {
    Before(Timestamp),
    Some(u32),
}

impl Outbox {
    /// Removes near passes from before a time, then the oldest of more than `max_rows`: a step of some hundreds. Again until nothing
    /// was left to remove.
    pub async fn prune_passes(&self, before: Timestamp, max_rows: u64) -> Result<Pruned, OutboxError> {
        const WHAT: &str = "remove near passes";
        let inner = &self.inner;
        let mut database = inner.database.lock().await;
        let failed = |error| inner.failed(WHAT, error);
        let by_age = inner.remove_passes(&mut database, Oldest::Before(before)).await.map_err(failed)?;
        let excess = inner.passes.load(Ordering::Relaxed).saturating_sub(max_rows);
        let by_rows = match u32::try_from(excess).unwrap_or(u32::MAX).min(STEP) {
            0 => 0,
            count => inner.remove_passes(&mut database, Oldest::Some(count)).await.map_err(failed)?,
        };
        inner.clone().keep_reserve().await;
        inner.measure(&mut database).await?;
        Ok(Pruned { by_age, by_rows })
    }

    /// When the newest near pass was.
    pub async fn newest_pass_at(&self) -> Result<Option<Timestamp>, OutboxError> {
        let mut database = self.inner.database.lock().await;
        let newest: Option<i64> = sqlx::query_scalar("SELECT max(at) FROM near_passes")
            .fetch_one(&mut database.connection)
            .await
            .map_err(|error| self.inner.failed("read the newest near pass", error))?;
        Ok(newest.and_then(|millis| Timestamp::from_millisecond(millis).ok()))
    }
}

impl Inner {
    /// Makes room for what was found by removing the oldest passes; how many. None where there is room for anything that may come: then
    /// it is not the passes that are in the way.
    pub(super) async fn give_way(self: &Arc<Self>, database: &mut Database) -> Result<u64, sqlx::Error> {
        let free: i64 = sqlx::query_scalar(
            "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(&mut database.connection)
        .await?;
        if free.unsigned_abs() >= LARGEST_APPEND || self.passes.load(Ordering::Relaxed) == 0 {
            return Ok(0);
        }
        let removed = self.remove_passes(database, Oldest::Some(STEP)).await?;
        self.passes_gave_way.fetch_add(removed, Ordering::Relaxed);
        write_back(database).await;
        Ok(removed)
    }

    /// Removes a step of them, on a full disk too.
    async fn remove_passes(
        self: &Arc<Self>,
        database: &mut Database,
        which: Oldest,
    ) -> Result<u64, sqlx::Error> {
        let mut removed = remove_once(database, which).await;
        if is_full(&removed) {
            write_back(database).await;
            removed = remove_once(database, which).await;
        }
        if is_full(&removed) && Arc::clone(self).spend_reserve().await {
            write_back(database).await;
            removed = remove_once(database, which).await;
        }
        let removed = removed?;
        self.passes.fetch_sub(removed, Ordering::Relaxed);
        Ok(removed)
    }
}

async fn remove_once(database: &mut Database, which: Oldest) -> Result<u64, sqlx::Error> {
    begin(database, false).await?;
    let removed = remove(&mut database.connection, which).await;
    end(database, removed).await
}

async fn remove(connection: &mut SqliteConnection, which: Oldest) -> Result<u64, sqlx::Error> {
    let (before, count) = match which {
        Oldest::Before(time) => (time.as_millisecond(), STEP),
        Oldest::Some(count) => (i64::MAX, count),
    };
    // Their zones go with them.
    let removed = sqlx::query(
        "DELETE FROM near_passes
         WHERE seq IN (SELECT seq FROM near_passes WHERE at < ?1 ORDER BY at, seq LIMIT ?2)",
    )
    .bind(before)
    .bind(count)
    .execute(connection)
    .await?;
    Ok(removed.rows_affected())
}

/// Writes one within a transaction.
pub(super) async fn write(
    connection: &mut SqliteConnection,
    pass: &NearPass,
) -> Result<Written, sqlx::Error> {
    if !pass.distance.is_finite() {
        return Ok(Written::Unusable);
    }
    let json = serde_json::to_string(pass).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let at = pass.at.as_millisecond();
    let inserted = sqlx::query(
        "INSERT INTO near_passes (id, camera, place, class, at, distance, distance_m, pass)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(pass.id.to_string())
    .bind(pass.camera.as_str())
    .bind(pass.place.as_str())
    .bind(pass.passer.class.as_str())
    .bind(at)
    .bind(f64::from(pass.distance))
    .bind(pass.distance_m.filter(|distance| distance.is_finite()).map(f64::from))
    .bind(json)
    .execute(&mut *connection)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(Written::Repeated);
    }
    let seq = inserted.last_insert_rowid();
    for zone in &pass.zones {
        sqlx::query("INSERT INTO near_pass_zones (zone, at, seq) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")
            .bind(zone.as_str())
            .bind(at)
            .bind(seq)
            .execute(&mut *connection)
            .await?;
    }
    Ok(Written::New)
}
