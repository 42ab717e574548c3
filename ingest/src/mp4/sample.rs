//! One encoded picture as MP4 carries it, and what stands in the head for it.

use shiguredo_mp4::{
    bitstream::{
        h264::{H264SampleEntryConfig, LengthSize, build_avc1_box},
        h265::{H265ConstantFrameRate, H265SampleEntryConfig, build_hvc1_box},
    },
    boxes::SampleEntry,
};

use super::Mp4Error;
use crate::{AccessUnit, Codec, bitstream::units};

/// What a NAL unit is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// A parameter set of that kind, 0–2: it goes into the head.
    Set(usize),
    /// Says only where a picture begins or ends, or fills up.
    Empty,
    /// The picture and what belongs to it.
    Picture,
}

fn part(codec: Codec, unit: &[u8]) -> Part {
    match (codec, unit[0]) {
        // ITU-T H.264, table 7-1: 7 and 8 parameter sets, 9 to 12 delimiters, ends and filler.
        (Codec::H264, header) => match header & 0x1f {
            7 => Part::Set(0),
            8 => Part::Set(1),
            9..=12 => Part::Empty,
            _ => Part::Picture,
        },
        // ITU-T H.265, table 7-1: 32 to 34 parameter sets, 35 to 38 delimiters, ends and filler.
        (_, header) => match (header >> 1) & 0x3f {
            kind @ 32..=34 => Part::Set(usize::from(kind - 32)),
            35..=38 => Part::Empty,
            _ => Part::Picture,
        },
    }
}

/// The bytes of a picture: its units, each after its length in four bytes.
pub(super) fn bytes(unit: &AccessUnit) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(unit.bytes.len() + 16);
    for nal in units(&unit.bytes).filter(|nal| part(unit.codec, nal) == Part::Picture) {
        let length = u32::try_from(nal.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(nal);
    }
    bytes
}

/// What stands in the head for a key picture and those after it.
///
/// # Errors
/// [`Mp4Error::Codec`], [`Mp4Error::Parameters`].
pub(super) fn entry(unit: &AccessUnit) -> Result<SampleEntry, Mp4Error> {
    let mut sets: [Vec<Vec<u8>>; 3] = Default::default();
    for nal in units(&unit.bytes) {
        if let Part::Set(kind) = part(unit.codec, nal)
            && !sets[kind].iter().any(|known| known == nal)
        {
            sets[kind].push(nal.to_vec());
        }
    }
    let unreadable = |error: shiguredo_mp4::Error| Mp4Error::Parameters { detail: error.to_string() };
    let length_size = LengthSize::FourBytes;
    match unit.codec {
        Codec::H264 => {
            let config = H264SampleEntryConfig { length_size };
            build_avc1_box(&sets[0], &sets[1], &config).map(SampleEntry::Avc1).map_err(unreadable)
        }
        Codec::H265 => {
            let config = H265SampleEntryConfig {
                length_size,
                avg_frame_rate: H265SampleEntryConfig::AVG_FRAME_RATE_UNSPECIFIED,
                constant_frame_rate: H265ConstantFrameRate::Unknown,
            };
            build_hvc1_box(&sets[0], &sets[1], &sets[2], &config).map(SampleEntry::Hvc1).map_err(unreadable)
        }
        Codec::Jpeg => Err(Mp4Error::Codec { codec: "JPEG" }),
    }
}

/// A time on the reel in the units of MP4.
pub(super) fn ticks(time: std::time::Duration) -> i64 {
    let ticks = time.as_nanos().saturating_mul(u128::from(super::TIMESCALE.get())) / 1_000_000_000;
    i64::try_from(ticks).unwrap_or(i64::MAX)
}
