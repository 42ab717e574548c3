//! One picture as a camera sends it: an access unit, not decoded.

use std::time::Duration;

use bytes::Bytes;
use gridwatch_domain::Timestamp;

use crate::bitstream::{self, Entry};

/// A form of video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// H.264 (AVC), as a byte stream with start codes (ITU-T H.264, annex B).
    H264,
    /// H.265 (HEVC), as a byte stream with start codes (ITU-T H.265, annex B).
    H265,
    /// JPEG pictures, one after the other.
    Jpeg,
}

impl Codec {
    /// Each of them.
    pub(crate) const ALL: [Self; 3] = [Self::H264, Self::H265, Self::Jpeg];

    /// Stable word for it, for metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Jpeg => "jpeg",
        }
    }

    /// By its name in a session description (RFC 6184, RFC 7798, RFC 2435).
    pub(crate) fn named(encoding: &str) -> Option<Self> {
        [("H264", Self::H264), ("H265", Self::H265), ("JPEG", Self::Jpeg)]
            .into_iter()
            .find_map(|(name, codec)| name.eq_ignore_ascii_case(encoding).then_some(codec))
    }
}

/// One encoded picture. Cheap to clone: the bytes are shared.
#[derive(Debug, Clone)]
pub struct AccessUnit {
    /// Its number in the stream, growing by one.
    pub seq: u64,
    /// The bytes; where decoding can begin they begin with the parameter sets that it needs.
    pub bytes: Bytes,
    /// How they are encoded.
    pub codec: Codec,
    /// Whether decoding can begin here, without anything before it.
    pub is_key: bool,
    /// Time in the stream when it is shown, from the stream's first picture on. Pictures come in the order in which they are
    /// decoded: where some refer to later ones it steps back.
    pub time: Duration,
    /// When it was taken, as near as ingest can tell.
    pub at: Timestamp,
    /// Something that came before it, since decoding could last begin, was lost on the way.
    pub after_loss: bool,
}

impl AccessUnit {
    /// Whether it is of use without those before it: a key picture, or one that begins a gradual refresh.
    pub fn begins_anew(&self) -> bool {
        self.is_key || bitstream::entry(self.codec, &self.bytes) != Entry::None
    }
}
