//! What can go wrong with the store.

use std::{io, path::PathBuf};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database could not be opened or created.
    #[error("open the database {path}")]
    Open {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// Another process uses the folder.
    #[error("{path} is in use: another center runs on this folder")]
    InUse {
        /// The lock file.
        path: PathBuf,
    },
    /// The folder or its lock file could not be made.
    #[error("prepare {path}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its tables could not be brought to this version's form.
    #[error("migrate the database {path}")]
    Migrate {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: sqlx::migrate::MigrateError,
    },
    /// Nothing of the transaction has been kept.
    #[error("write to the database")]
    Write(#[source] sqlx::Error),
    /// A query failed.
    #[error("read from the database")]
    Read(#[source] sqlx::Error),
    /// A snapshot's file could not be written or read.
    #[error("snapshot file {path}")]
    Picture {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A row does not read back: somebody else has written to the database.
    #[error("row of {table} does not read back: {detail}")]
    Corrupt {
        /// Its table.
        table: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

impl StoreError {
    /// Whether the rows themselves are refused, so that the same write fails again however often it is tried. All
    /// else (locked, full, input/output) may pass.
    pub fn is_refusal(&self) -> bool {
        use sqlx::error::ErrorKind;
        let Self::Write(sqlx::Error::Database(error)) = self else { return false };
        // STRICT tables refuse a wrong type with SQLITE_CONSTRAINT_DATATYPE (3091); a value too large for any row is
        // SQLITE_TOOBIG (18).
        !matches!(error.kind(), ErrorKind::Other) || matches!(error.code().as_deref(), Some("3091" | "18"))
    }
}
