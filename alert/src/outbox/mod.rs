//! The outbox: what has been found and not yet been acknowledged by the center, on disk.
//!
//! Near passes of parked vehicles are kept beside it, for as long as they may be asked for, and give way where alerts need their room.
//!
//! SQLite in WAL mode behind one connection; others may read meanwhile ([`PassReader`](crate::PassReader)). [`append`](Outbox::append) returns after events have been flushed to the
//! disk; everything else may be lost by a power cut without harm (an acknowledgement comes again after the entry has
//! been published again), so it does not wait for the disk.

mod lock;
mod open;
mod passes;
mod pending;
mod reserve;
mod write;

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use gridwatch_domain::{Checkpoint, Event, NearPass};
use sqlx::{Row, SqliteConnection};
use tokio::sync::Mutex;

pub(crate) use open::primary_code;
pub use passes::Pruned;
pub use pending::{Pending, PendingItem, Position};
pub use write::{Appended, Removed};

use self::reserve::Reserve;
use crate::{OutboxError, Snapshot};

/// How much the outbox may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxSettings {
    /// Largest size of the database in bytes, at least 1 MiB. A little more is used on disk: the log of the latest writes (up to
    /// 4 MiB), and room set aside for the day on which the disk is full (6 MiB).
    pub max_size: u64,
}

/// What belongs together, and is kept together or not at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Append<'a> {
    /// Revisions, oldest first.
    pub events: &'a [Event],
    /// Pictures of some of these events.
    pub snapshots: &'a [Snapshot],
    /// Near passes that are over.
    pub passes: &'a [NearPass],
    /// The camera's memory after these events.
    pub checkpoint: Option<&'a Checkpoint>,
}

/// How much is in the outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Revisions of events that wait for their acknowledgement.
    pub entries: u64,
    /// Snapshots that wait for theirs.
    pub snapshots: u64,
    /// Near passes that are kept.
    pub passes: u64,
    /// Near passes that have been removed since the start to make room for alerts.
    pub passes_gave_way: u64,
    /// Bytes in use within the database.
    pub bytes: u64,
}

impl OutboxStats {
    /// Whether everything has been delivered.
    pub fn is_empty(&self) -> bool {
        self.entries == 0 && self.snapshots == 0
    }
}

/// More than any one append needs: some events with their pictures, and the memory of a full car park.
const LARGEST_APPEND: u64 = 4 << 20;

/// The outbox of one edge. Clone freely.
#[derive(Clone)]
pub struct Outbox {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    settings: OutboxSettings,
    reserve: Reserve,
    database: Mutex<Database>,
    entries: AtomicU64,
    snapshots: AtomicU64,
    passes: AtomicU64,
    passes_gave_way: AtomicU64,
    bytes: AtomicU64,
    /// Held as long as the outbox is open.
    _lock: File,
}

/// The connection and what is known of its state.
struct Database {
    connection: SqliteConnection,
    /// A transaction may have been left open: its future was dropped halfway.
    dirty: bool,
    /// Whether a commit waits for the disk.
    durable: bool,
}

impl Outbox {
    /// Opens the outbox at `path`, or creates it where there is none, with its folder. A damaged file is an error, never
    /// replaced.
    pub async fn open(path: &Path, settings: OutboxSettings) -> Result<Self, OutboxError> {
        let (connection, lock) = open::open(path, settings).await?;
        let outbox = Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                settings,
                reserve: Reserve::beside(path),
                database: Mutex::new(Database { connection, dirty: false, durable: true }),
                entries: AtomicU64::new(0),
                snapshots: AtomicU64::new(0),
                passes: AtomicU64::new(0),
                passes_gave_way: AtomicU64::new(0),
                bytes: AtomicU64::new(0),
                _lock: lock,
            }),
        };
        outbox.count().await?;
        outbox.inner.clone().keep_reserve().await;
        Ok(outbox)
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The newest checkpoint of each camera.
    pub async fn checkpoints(&self) -> Result<Vec<Checkpoint>, OutboxError> {
        const WHAT: &str = "read checkpoints";
        let mut database = self.inner.database.lock().await;
        let rows = sqlx::query("SELECT camera, state FROM checkpoints ORDER BY camera")
            .fetch_all(&mut database.connection)
            .await
            .map_err(|error| self.inner.failed(WHAT, error))?;
        rows.iter()
            .map(|row| {
                let camera: String = row.try_get(0)?;
                let camera = camera.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
                Ok(Checkpoint { camera, state: row.try_get(1)? })
            })
            .collect::<Result<_, sqlx::Error>>()
            .map_err(|error| self.inner.failed(WHAT, error))
    }

    /// How much is in it.
    pub fn stats(&self) -> OutboxStats {
        OutboxStats {
            entries: self.inner.entries.load(Ordering::Relaxed),
            snapshots: self.inner.snapshots.load(Ordering::Relaxed),
            passes: self.inner.passes.load(Ordering::Relaxed),
            passes_gave_way: self.inner.passes_gave_way.load(Ordering::Relaxed),
            bytes: self.inner.bytes.load(Ordering::Relaxed),
        }
    }

    /// Revisions of events that wait for their acknowledgement.
    pub fn len(&self) -> u64 {
        self.stats().entries
    }

    /// Whether everything has been delivered, snapshots included.
    pub fn is_empty(&self) -> bool {
        self.stats().is_empty()
    }

    async fn count(&self) -> Result<(), OutboxError> {
        let inner = &self.inner;
        let mut database = inner.database.lock().await;
        let (entries, snapshots, passes): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM blobs), (SELECT count(*) FROM near_passes)",
        )
        .fetch_one(&mut database.connection)
        .await
        .map_err(|error| inner.failed("count entries", error))?;
        inner.entries.store(entries.unsigned_abs(), Ordering::Relaxed);
        inner.snapshots.store(snapshots.unsigned_abs(), Ordering::Relaxed);
        inner.passes.store(passes.unsigned_abs(), Ordering::Relaxed);
        inner.measure(&mut database).await
    }
}

impl Inner {
    /// Sets room aside where there is none yet.
    async fn keep_reserve(self: Arc<Self>) {
        if !self.reserve.is_due() {
            return;
        }
        // A panic in there would be a bug, and costs only the reserve.
        let _ = tokio::task::spawn_blocking(move || self.reserve.keep()).await;
    }

    /// Gives up what was set aside; whether there was any.
    async fn spend_reserve(self: Arc<Self>) -> bool {
        tokio::task::spawn_blocking(move || self.reserve.spend()).await.unwrap_or(false)
    }

    async fn measure(&self, database: &mut Database) -> Result<(), OutboxError> {
        let used: i64 = sqlx::query_scalar(
            "SELECT (page_count - freelist_count) * page_size
             FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
        )
        .fetch_one(&mut database.connection)
        .await
        .map_err(|error| self.failed("measure", error))?;
        self.bytes.store(used.unsigned_abs(), Ordering::Relaxed);
        Ok(())
    }

    fn failed(&self, what: &'static str, error: sqlx::Error) -> OutboxError {
        match open::primary_code(&error) {
            Some(open::FULL) => {
                // SQLite does not say which; what was to be added is no more than one event with its picture.
                let used = self.bytes.load(Ordering::Relaxed);
                let limit_reached = used + LARGEST_APPEND >= self.settings.max_size;
                OutboxError::Full { limit_mib: self.settings.max_size >> 20, limit_reached }
            }
            Some(open::CORRUPT | open::NOT_A_DATABASE) => {
                OutboxError::Corrupt { path: self.path.clone(), detail: error.to_string() }
            }
            _ => OutboxError::Statement { what, source: error },
        }
    }
}
