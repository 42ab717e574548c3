//! Encoded pictures put into MP4 as they are: files for evidence, and fragments for a browser that watches.
//!
//! Nothing is encoded anew. H.264 goes in as `avc1`, H.265 as `hvc1`, both without the parameter sets between the pictures, which
//! are in the head (ISO/IEC 14496-15). What neither form can carry is refused, never written half.

mod file;
mod live;
mod order;
mod sample;

pub use self::{
    file::{FileWriter, Written},
    live::{Fragment, LiveWriter},
};

use std::num::NonZeroU32;

/// Units of time in a second, as in RTP: everything a camera says fits without rounding.
const TIMESCALE: NonZeroU32 = NonZeroU32::new(90_000).expect("it is not zero");

/// Why pictures cannot be put into MP4.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Mp4Error {
    /// Only H.264 and H.265 can.
    #[error("a camera that sends {codec} has no clips: choose H.264 or H.265 in its settings")]
    Codec {
        /// What it sends.
        codec: &'static str,
    },
    /// The first picture must be one that stands for itself.
    #[error("the first picture is no key picture")]
    NoKey,
    /// Its parameter sets are missing or cannot be read.
    #[error(
        "the camera's parameter sets cannot be read ({detail}): restart it, or choose another profile in its settings"
    )]
    Parameters {
        /// What is wrong with them.
        detail: String,
    },
    /// The camera has changed between H.264 and H.265.
    #[error("the form of the video has changed")]
    Changed,
    /// A bug of ours, or a stream like none before.
    #[error("write MP4 ({detail})")]
    Mux {
        /// What the writer says.
        detail: String,
    },
    /// The disk.
    #[error("write {}", path.display())]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Mp4Error {
    /// Whether there is no room on the disk.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Write { source, .. } if matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
    }

    /// Whether it is the picture that cannot be used, and not the file.
    pub fn is_of_picture(&self) -> bool {
        matches!(self, Self::Codec { .. } | Self::NoKey | Self::Parameters { .. })
    }

    fn mux(error: impl std::fmt::Display) -> Self {
        Self::Mux { detail: error.to_string() }
    }
}
