//! What stands in the log of evidence.

use gridwatch_domain::{CameraId, EventId, EventKind, Sha256Hex, Timestamp};
use serde::{Deserialize, Serialize};

/// What a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// The picture in which an event opened, with its zone and objects drawn.
    Snapshot,
    /// The same picture without anything drawn.
    Picture,
    /// What was to be seen before and after an event opened, as the camera sent it.
    Clip,
    /// A piece of what a camera has sent all the time.
    Recording,
}

impl Media {
    /// Stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Picture => "picture",
            Self::Clip => "clip",
            Self::Recording => "recording",
        }
    }

    /// Its MIME type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Snapshot | Self::Picture => "image/jpeg",
            Self::Clip | Self::Recording => "video/mp4",
        }
    }

    /// What its file's name ends in.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Snapshot | Self::Picture => "jpg",
            Self::Clip | Self::Recording => "mp4",
        }
    }
}

/// A file that was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name and proof.
    pub sha256: Sha256Hex,
    /// What it shows.
    pub media: Media,
    /// Its size.
    pub bytes: u64,
    /// Which camera it comes from.
    pub camera: CameraId,
    /// The event that it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// What kind of event that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EventKind>,
    /// When its first picture was taken.
    pub from: Timestamp,
    /// When its last one was.
    pub until: Timestamp,
}

/// Why a file was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was as old as it may become.
    Age,
    /// All files together were larger than they may be.
    Size,
    /// The disk was full.
    Disk,
    /// It stays: what told of it is told again at the end of the log, since its beginning is taken away.
    Moved,
}

impl Why {
    /// All for which files are removed.
    pub(super) const ALL: [Self; 3] = [Self::Age, Self::Size, Self::Disk];

    /// Stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Size => "size",
            Self::Disk => "disk",
            Self::Moved => "moved",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Record {
    /// A file was kept.
    Kept(Kept),
    /// A file was removed.
    Removed {
        /// The number of the entry that tells of its keeping; several may tell of the same content.
        entry: u64,
        /// Which.
        sha256: Sha256Hex,
        /// Why.
        why: Why,
    },
    /// The files of an event are needed: they stay, whatever their age and size.
    Protected {
        /// Which event.
        event: EventId,
    },
    /// They are not needed any more.
    Released {
        /// Which event.
        event: EventId,
    },
    /// The log's beginning was taken away: of all that it told of nothing is left, or it was told again since.
    Shortened {
        /// The number of the last entry that was taken away.
        until: u64,
        /// The hash of that entry.
        hash: Sha256Hex,
    },
}

/// A record in its place in the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3 …
    pub n: u64,
    /// When it was written.
    pub at: Timestamp,
    /// The hash of the entry before it; zeros for the first one.
    pub prev: Sha256Hex,
    /// What happened.
    #[serde(flatten)]
    pub record: Record,
}
