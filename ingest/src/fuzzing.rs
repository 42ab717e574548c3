//! Doors for the fuzzer, in builds made for it only.

use std::time::Duration;

use gridwatch_config::DecodeMode;
use gridwatch_domain::{Attention, Timestamp};

use crate::{
    AccessUnit, Codec, bitstream,
    gate::{Gate, GateSettings, Reader},
};

/// What the gate makes of one picture.
#[derive(Debug)]
pub struct Read {
    /// Bytes of its slices.
    pub bytes: usize,
    /// What it would cost at one quantiser.
    pub complexity: f32,
}

/// Reads the pictures of one stream, as the gate does.
pub struct StreamReader {
    codec: Codec,
    reader: Reader,
    gate: Gate,
    seq: u64,
}

impl StreamReader {
    /// A stream of H.264, or of H.265.
    pub fn new(is_h265: bool) -> Self {
        let settings =
            GateSettings { mode: DecodeMode::Adaptive, sample_fps: 5, rest: Duration::from_secs(10) };
        let codec = if is_h265 { Codec::H265 } else { Codec::H264 };
        Self { codec, reader: Reader::default(), gate: Gate::new(settings), seq: 0 }
    }

    /// Reads the next picture, and lets the gate decide about it.
    pub fn read(&mut self, bytes: &[u8]) -> Read {
        self.seq += 1;
        let unit = AccessUnit {
            seq: self.seq,
            bytes: bytes.to_vec().into(),
            codec: self.codec,
            is_key: bitstream::entry(self.codec, bytes) == bitstream::Entry::Key,
            time: Duration::from_millis(40 * self.seq),
            at: Timestamp::UNIX_EPOCH,
            after_loss: false,
        };
        self.gate.judge(&unit, false, Attention::default());
        let features = self.reader.read(&unit);
        Read { bytes: features.bytes, complexity: features.complexity() }
    }
}

/// The units of a byte stream.
pub struct Units;

impl Units {
    /// Those of `bytes`, without their start codes.
    pub fn of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        bitstream::units(bytes)
    }
}
