//! Why a network file could not be fetched.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use gridwatch_domain::Sha256Hex;

use crate::DownloadUrl;

/// What went wrong, and what would help.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PullError {
    /// The server cannot be reached at all.
    #[error(
        "cannot reach {}: is this machine online? --from names another address of the same file, HTTPS_PROXY a proxy",
        url.host()
    )]
    Unreachable {
        /// The address.
        url: DownloadUrl,
        /// What was tried.
        source: Box<ureq::Error>,
    },
    /// The server is there, but cannot prove who it is, or speaks no TLS.
    #[error("no safe connection to {} (a wrong clock, a proxy that reads along, or missing ca-certificates?)", url.host())]
    Tls {
        /// The address.
        url: DownloadUrl,
        /// What TLS says.
        source: Box<ureq::Error>,
    },
    /// The server refuses.
    #[error("{url} answers {status}{}", if *status == 404 { ": the file is not there any more; --from names another address" } else { "" })]
    Status {
        /// The address.
        url: DownloadUrl,
        /// The HTTP status.
        status: u16,
    },
    /// The server sent nothing for too long.
    #[error("{} has sent nothing for {} s; pull again to go on from there", url.host(), idle.as_secs_f32())]
    Stalled {
        /// The address.
        url: DownloadUrl,
        /// How long was waited.
        idle: Duration,
    },
    /// The connection broke.
    #[error("the connection to {} broke after {done} bytes; pull again to go on from there", url.host())]
    Broken {
        /// The address.
        url: DownloadUrl,
        /// Bytes that are there.
        done: u64,
        /// What broke.
        source: io::Error,
    },
    /// The connection broke, and what is there is of no use.
    #[error("the connection to {} broke, and its server lets nobody go on from there: pull again from the beginning", url.host())]
    BrokenForGood {
        /// The address.
        url: DownloadUrl,
        /// What broke.
        cause: Box<PullError>,
    },
    /// The server's answer makes no sense.
    #[error("{url} cannot be fetched")]
    Protocol {
        /// The address.
        url: DownloadUrl,
        /// What is wrong with it.
        source: Box<ureq::Error>,
    },
    /// The server has a file of another size.
    #[error("{url} is another file: it has {found} bytes, expected {expected}")]
    WrongSize {
        /// The address.
        url: DownloadUrl,
        /// Bytes that the server has, or more than it should.
        found: u64,
        /// Bytes that it should have, at most.
        expected: u64,
    },
    /// What was fetched is another file. Nothing of it is kept.
    #[error("{url} is another file: it has sha256 {found}, expected {expected}")]
    WrongHash {
        /// The address.
        url: DownloadUrl,
        /// The hash of what was fetched.
        found: Sha256Hex,
        /// The hash that was asked for.
        expected: Sha256Hex,
    },
    /// The disk is full.
    #[error("the disk of {} is full; make room and pull again to go on from there", path.display())]
    DiskFull {
        /// The file that was written.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file beside the target cannot be written or read.
    #[error("write {}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl PullError {
    /// Of a file at `path`.
    pub(super) fn disk(path: &std::path::Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, source },
            _ => Self::Disk { path, source },
        }
    }

    /// Whether the same pull may go on with another connection.
    pub(super) fn may_resume(&self) -> bool {
        matches!(self, Self::Stalled { .. } | Self::Broken { .. })
    }

    /// Whether what was fetched so far is worth keeping.
    pub fn keeps_part(&self) -> bool {
        !matches!(self, Self::WrongHash { .. } | Self::WrongSize { .. })
    }
}
