//! Doors for the fuzzer, in builds made for it only.

use std::{net::IpAddr, time::Duration};

use gridwatch_config::DecodeMode;
use gridwatch_domain::{Attention, Timestamp};

use crate::{
    AccessUnit, Codec, bitstream,
    gate::{Gate, GateSettings, Reader, Rest},
    mp4::LiveWriter,
    onvif,
};

/// One picture of a stream, and what was known when it came.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// As the camera sent it.
    pub bytes: Vec<u8>,
    /// Since the picture before it; the other way where `is_back`, as when a camera's clock was set.
    pub gap: Duration,
    /// Whether its time is before that of the picture before it.
    pub is_back: bool,
    /// Packets before it were lost.
    pub after_loss: bool,
    /// The last look has shown a change.
    pub changed: bool,
    /// What the rules ask for.
    pub attention: Attention,
}

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
    live: LiveWriter,
    seq: u64,
    time: Duration,
}

impl StreamReader {
    /// A stream of H.264, or of H.265.
    pub fn new(is_h265: bool) -> Self {
        let rest = Rest::new(Duration::from_secs(10), []);
        let settings = GateSettings { mode: DecodeMode::Adaptive, sample_fps: 5, rest };
        let codec = if is_h265 { Codec::H265 } else { Codec::H264 };
        Self {
            codec,
            reader: Reader::default(),
            gate: Gate::new(settings),
            live: LiveWriter::new(),
            seq: 0,
            time: Duration::ZERO,
        }
    }

    /// Reads the next picture, lets the gate decide about it, and packs it for a browser.
    pub fn read(&mut self, picture: &Picture) -> Read {
        self.seq += 1;
        self.time = if picture.is_back {
            self.time.saturating_sub(picture.gap)
        } else {
            self.time.saturating_add(picture.gap)
        };
        let unit = AccessUnit {
            seq: self.seq,
            bytes: picture.bytes.clone().into(),
            codec: self.codec,
            is_key: bitstream::entry(self.codec, &picture.bytes) == bitstream::Entry::Key,
            time: self.time,
            at: Timestamp::UNIX_EPOCH.saturating_add(self.time),
            after_loss: picture.after_loss,
        };
        self.gate.judge(&unit, picture.changed, picture.attention);
        // What cannot be packed is refused.
        let _ = self.live.push(&unit);
        let features = self.reader.read(&unit);
        Read { bytes: features.bytes, complexity: features.complexity() }
    }
}

/// What a device on the network answers to the probe `question`: the addresses of services that are believed.
pub fn found_devices(answer: &[u8], from: IpAddr, question: &str) -> Vec<url::Url> {
    onvif::matches(answer, from, question).into_iter().map(|found| found.service).collect()
}

/// The units of a byte stream.
pub struct Units;

impl Units {
    /// Those of `bytes`, without their start codes.
    pub fn of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
        bitstream::units(bytes)
    }
}
