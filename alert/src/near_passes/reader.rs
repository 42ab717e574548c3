//! The outbox's file, read only.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use gridwatch_domain::NearPass;
use serde::Serialize;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{PassCursor, PassOrder, PassQuery, cursor::Key};
use crate::stage::OUTBOX_FILE;

/// How long to wait while the file is being upgraded.
const PATIENCE: Duration = Duration::from_secs(5);

// Primary result codes, https://sqlite.org/rescode.html
const BUSY: u32 = 5;
const READ_ONLY: u32 = 8;
const CANNOT_OPEN: u32 = 14;

/// Why near passes cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassReadError {
    /// There is no such file.
    #[error("{}: not there; the box has not run yet, or it is another folder", path.display())]
    Absent {
        /// The file.
        path: PathBuf,
    },
    /// An earlier version wrote it.
    #[error("{}: of an earlier version of gridwatch, which kept no near passes", path.display())]
    Earlier {
        /// The file.
        path: PathBuf,
    },
    /// A process keeps it for itself.
    #[error("{}: in use by an earlier version of gridwatch, which lets nobody read", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("read near passes in {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// A page is to follow one of another order.
    #[error("the page before was in another order")]
    Order,
}

/// A near pass, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoredPass {
    /// Its number on this box: the order in which passes were kept.
    pub seq: u64,
    /// All that is known of it.
    #[serde(flatten)]
    pub pass: NearPass,
}

/// Some near passes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PassPage {
    /// In the order that was asked for.
    pub passes: Vec<StoredPass>,
    /// Where the next page begins; none: there are no more.
    pub next: Option<PassCursor>,
    /// How many of this page cannot be read by this version.
    pub unreadable: u64,
}

/// Reads near passes, while the box runs or not. Neither waits for the other.
#[derive(Debug, Clone)]
pub struct PassReader {
    path: PathBuf,
}

impl PassReader {
    /// Of the box with this state folder, or of a copy of it.
    pub fn of_state(folder: &Path) -> Self {
        Self { path: folder.join(OUTBOX_FILE) }
    }

    /// Some of them.
    ///
    /// # Errors
    /// [`PassReadError`]
    pub async fn passes(&self, query: &PassQuery) -> Result<PassPage, PassReadError> {
        if query.after.is_some_and(|after| after.order() != query.order) {
            return Err(PassReadError::Order);
        }
        let mut connection = self.connect().await?;
        let read = read(&mut connection, query).await.map_err(|error| self.failed(error));
        // The writer begins its log anew once nobody reads.
        let _ = connection.close().await;
        read
    }

    async fn connect(&self) -> Result<SqliteConnection, PassReadError> {
        if !self.path.is_file() {
            return Err(PassReadError::Absent { path: self.path.clone() });
        }
        match self.try_connect(false).await {
            // Beside a file that nobody has open SQLite has to write; where it may not, nobody else can change the file either, but what
            // is still in the log would be missed.
            Err(error) if matches!(code(&error), Some(READ_ONLY | CANNOT_OPEN)) && !self.has_log() => {
                self.try_connect(true).await
            }
            connected => connected,
        }
        .map_err(|error| self.failed(error))
    }

    async fn try_connect(&self, is_immutable: bool) -> Result<SqliteConnection, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .read_only(true)
            .immutable(is_immutable)
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        // It is opened with the first question.
        sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
        Ok(connection)
    }

    fn has_log(&self) -> bool {
        let mut log = self.path.clone().into_os_string();
        log.push("-wal");
        Path::new(&log).metadata().is_ok_and(|log| log.len() > 0)
    }

    fn failed(&self, error: sqlx::Error) -> PassReadError {
        let path = self.path.clone();
        match code(&error) {
            Some(BUSY) => PassReadError::Busy { path },
            _ if error.to_string().contains("no such table") => PassReadError::Earlier { path },
            _ => PassReadError::Read { path, source: error },
        }
    }
}

fn code(error: &sqlx::Error) -> Option<u32> {
    crate::outbox::primary_code(error)
}

async fn read(connection: &mut SqliteConnection, query: &PassQuery) -> Result<PassPage, sqlx::Error> {
    let mut rows = query.statement().build().fetch_all(connection).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let mut page = PassPage::default();
    for row in &rows {
        let (seq, json): (i64, &str) = (row.try_get(0)?, row.try_get(3)?);
        match serde_json::from_str(json) {
            Ok(pass) => page.passes.push(StoredPass { seq: seq.unsigned_abs(), pass }),
            Err(_) => page.unreadable += 1,
        }
    }
    if let Some(last) = rows.last().filter(|_| has_more) {
        let key = match query.order {
            PassOrder::Nearest => Key::Nearness(last.try_get(2)?),
            PassOrder::Time => Key::Millis(last.try_get(1)?),
        };
        page.next = Some(PassCursor { key, seq: last.try_get(0)? });
    }
    Ok(page)
}
