//! What can go wrong on the way from detection to the center.

use std::{io, path::PathBuf};

use gridwatch_link::LinkError;

/// Why the stage cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AlertError {
    /// The outbox cannot be opened.
    #[error("open the outbox")]
    Outbox(#[from] OutboxError),
    /// The connection's settings can never work.
    #[error("settings of the broker connection")]
    Link(#[from] LinkError),
    /// The thread that makes snapshots.
    #[error("start the evidence thread")]
    Thread(#[source] io::Error),
}

/// Why the outbox cannot keep or give something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// Its folder cannot be made.
    #[error("create the folder {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be opened.
    #[error("open {path}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
    /// Another process has it.
    #[error("{path} is in use: another gridwatch edge runs with the same state folder")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is no outbox, or is damaged. It is left untouched: what it still holds may matter.
    #[error(
        "{path} is damaged ({detail}); events in it may not have reached the center. Check the disk, then move the file \
         away (with its -wal beside it) to start with an empty outbox"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        detail: String,
    },
    /// Its tables cannot be brought to this version.
    #[error("upgrade {path}")]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why; a file of a later version of gridwatch is refused.
        source: sqlx::migrate::MigrateError,
    },
    /// Neither the limit nor the disk has room.
    #[error("no room: {}", if *limit_reached { format!("the limit of {limit_mib} MiB is reached (outbox.max_size_mib)") } else { "the disk is full".to_owned() })]
    Full {
        /// The limit.
        limit_mib: u64,
        /// Whether it is the limit; else it is the disk.
        limit_reached: bool,
    },
    /// A statement failed.
    #[error("{what}")]
    Statement {
        /// What was tried.
        what: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// An entry that this version cannot read.
    #[error("read entry {seq}")]
    Entry {
        /// Its number.
        seq: i64,
        /// Why.
        source: serde_json::Error,
    },
}

impl OutboxError {
    /// Whether the same may succeed later, when acknowledged entries or an operator have made room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The picture has fewer bytes than its size demands, or no size.
    #[error("picture of {width}x{height} is incomplete")]
    Picture {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// The encoder refused.
    #[error("encode as JPEG")]
    Encode(#[from] turbojpeg::Error),
    /// The same.
    #[error("encode as PNG")]
    Png(#[from] image::ImageError),
    /// It cannot be kept on this box.
    #[error("keep it on this box")]
    Keep(#[from] crate::ArchiveError),
    /// A bug.
    #[error("drawing panicked; please report this")]
    Panicked,
    /// The thread is gone.
    #[error("the evidence thread has ended")]
    Ended,
}
