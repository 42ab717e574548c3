//! Opening the database, and what its error codes mean.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::Path,
    time::Duration,
};

use sqlx::{
    ConnectOptions, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{OutboxSettings, lock};
use crate::OutboxError;

/// Bytes of a page. Fixed when the file is created.
const PAGE_SIZE: u32 = 4096;

/// The log of writes is cut to this when it has been written back: it stays allocated, so that entries can still be
/// removed when the disk is full.
const LOG_SIZE: &str = "4194304";

/// How long to wait for whoever else has the file: one of an earlier version, which kept it for itself alone, or a reader.
const PATIENCE: Duration = Duration::from_secs(5);

// Primary result codes, https://sqlite.org/rescode.html
pub(super) const BUSY: u32 = 5;
pub(super) const CORRUPT: u32 = 11;
pub(super) const FULL: u32 = 13;
pub(super) const NOT_A_DATABASE: u32 = 26;

/// SQLite's primary result code.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let extended: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Opens, checks and upgrades the file. What comes with it is to be held for as long as the file is open.
pub(super) async fn open(
    path: &Path,
    settings: OutboxSettings,
) -> Result<(SqliteConnection, File), OutboxError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|source| OutboxError::Folder { path: folder.to_owned(), source })?;
    }
    // First: whoever closes a file loses all locks that the process has on it.
    let lock = lock::take(path).await?;
    check_header(path)?;
    let pages = (settings.max_size / u64::from(PAGE_SIZE)).max(256);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .page_size(PAGE_SIZE)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("journal_size_limit", LOG_SIZE)
        .pragma("max_page_count", pages.to_string())
        .disable_statement_logging();
    let explain = |error: sqlx::Error| match primary_code(&error) {
        Some(BUSY) => OutboxError::Locked { path: path.to_owned() },
        Some(CORRUPT | NOT_A_DATABASE) => {
            OutboxError::Corrupt { path: path.to_owned(), detail: error.to_string() }
        }
        Some(FULL) => OutboxError::Full { limit_mib: settings.max_size >> 20, limit_reached: false },
        _ => OutboxError::Open { path: path.to_owned(), source: error },
    };
    let mut connection = options.connect().await.map_err(explain)?;
    let verdict: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await.map_err(explain)?;
    if verdict != "ok" {
        return Err(OutboxError::Corrupt { path: path.to_owned(), detail: verdict });
    }
    sqlx::migrate!("./migrations").run(&mut connection).await.map_err(|source| match source {
        sqlx::migrate::MigrateError::Execute(error) => explain(error),
        source => OutboxError::Migrate { path: path.to_owned(), source },
    })?;
    Ok((connection, lock))
}

/// SQLite takes a file that is too short for a page as an empty database, and writes over it.
fn check_header(path: &Path) -> Result<(), OutboxError> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let unreadable = |error| OutboxError::Open { path: path.to_owned(), source: sqlx::Error::Io(error) };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut head = Vec::new();
    let length = file.take(PAGE_SIZE.into()).read_to_end(&mut head).map_err(unreadable)?;
    // Nothing at all is what a kill at the very first start leaves.
    if length == 0 || (length == PAGE_SIZE as usize && head.starts_with(MAGIC)) {
        return Ok(());
    }
    let detail = if head.starts_with(MAGIC) { "cut off" } else { "not a database" };
    Err(OutboxError::Corrupt { path: path.to_owned(), detail: detail.to_owned() })
}
