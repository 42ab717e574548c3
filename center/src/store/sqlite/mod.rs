//! The store on SQLite: the only place of the center that knows SQL.
//!
//! One connection writes, a few read beside it (write-ahead log). `synchronous = FULL`: an edge box deletes what the
//! center has acknowledged, so a commit must outlive a power cut. With `NORMAL` the last commits before one could be
//! lost after they had been acknowledged. The price is one flush per commit, which the batches of `receive` share.

mod read;
mod rows;
mod write;

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use gridwatch_domain::{GridNode, GridTree};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Notify;

use super::{StoreError, pictures::Pictures};

/// Name of the database in the state folder.
const DATABASE_FILE: &str = "center.sqlite";
/// Name of the file whose lock says that the state folder is in use.
const LOCK_FILE: &str = "center.lock";
/// Name of the folder of snapshots in the state folder.
const SNAPSHOT_FOLDER: &str = "snapshots";
/// Connections that read. Pages ask little; two cores cannot serve more at once anyway.
const READERS: u32 = 4;
/// Longest wait for a free reading connection, before the caller is told that the center is busy.
const READER_WAIT: Duration = Duration::from_secs(5);

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct SqliteStoreOptions {
    /// Folder of the database and the snapshots; made if missing.
    pub state_dir: PathBuf,
    /// How long a write waits for a lock that somebody else holds, before it fails. 5 s unless a test wants less.
    pub busy_timeout: Duration,
    /// Changes kept for pages that reconnect: 10,000 unless a test wants less.
    pub changes_kept: u32,
    /// Messages kept aside for inspection, the newest: 1,000 unless a test wants less.
    pub rejected_kept: u32,
}

impl SqliteStoreOptions {
    /// The usual bounds.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            busy_timeout: Duration::from_secs(5),
            changes_kept: 10_000,
            rejected_kept: 1_000,
        }
    }
}

/// The store. Clone freely.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
    pictures: Pictures,
    options: Arc<SqliteStoreOptions>,
    changed: Arc<Notify>,
    lock: Arc<File>,
}

impl SqliteStore {
    /// Opens the store, creates it where there is none, and brings its tables to this version's form. Refused while
    /// another process has it open.
    pub async fn open(options: SqliteStoreOptions) -> Result<Self, StoreError> {
        let path = options.state_dir.join(DATABASE_FILE);
        let snapshots = options.state_dir.join(SNAPSHOT_FOLDER);
        std::fs::create_dir_all(&snapshots)
            .map_err(|source| StoreError::Folder { path: snapshots.clone(), source })?;
        let lock = take_lock(options.state_dir.join(LOCK_FILE))?;
        let failed = |source| StoreError::Open { path: path.clone(), source };

        let connect = connect_options(&path, options.busy_timeout);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(connect.clone())
            .await
            .map_err(failed)?;
        sqlx::migrate!("migrations/sqlite")
            .run(&writer)
            .await
            .map_err(|source| StoreError::Migrate { path: path.clone(), source })?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READER_WAIT)
            .connect_with(connect.pragma("query_only", "ON"))
            .await
            .map_err(failed)?;
        let pictures = Pictures::new(snapshots);
        Ok(Self {
            writer,
            reader,
            pictures,
            options: Arc::new(options),
            changed: Arc::new(Notify::new()),
            lock: Arc::new(lock),
        })
    }

    /// Finishes what is being written, and closes the files.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
        // The lock ends with the process or the last clone anyway.
        let _ = self.lock.unlock();
    }

    /// Wakes after each commit that has changed something. One waiter at a time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// For tests that make the writing connection fail.
    #[cfg(test)]
    pub(crate) async fn execute_on_writer(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.writer).await.expect("executes");
    }

    /// The grid tree; empty where none has been imported.
    pub async fn grid(&self) -> Result<GridTree, StoreError> {
        let rows: Vec<(String, String, Option<String>)> =
            sqlx::query_as("SELECT code, name, leader FROM grid_nodes")
                .fetch_all(&self.reader)
                .await
                .map_err(StoreError::Read)?;
        let corrupt = |error: gridwatch_domain::DomainError| rows::corrupt("grid_nodes", &error);
        let nodes =
            rows.into_iter().map(|(code, name, leader)| Ok(GridNode { code: code.parse()?, name, leader }));
        GridTree::new(nodes.collect::<Result<_, _>>().map_err(corrupt)?).map_err(corrupt)
    }
}

fn take_lock(path: PathBuf) -> Result<File, StoreError> {
    let file = match File::create(&path) {
        Ok(file) => file,
        Err(source) => return Err(StoreError::Folder { path, source }),
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path }),
        Err(TryLockError::Error(source)) => Err(StoreError::Folder { path, source }),
    }
}

fn connect_options(path: &Path, busy_timeout: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(busy_timeout)
        .foreign_keys(true)
}
