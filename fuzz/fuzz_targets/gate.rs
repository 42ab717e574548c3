//! Whatever a camera sends for encoded pictures, at whatever times: the packet gate reads them and decides, and what is watched in a
//! browser is packed, without a panic; and what the gate says is sound.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use gridwatch_domain::{Attention, Timestamp};
use gridwatch_ingest::fuzzing::{Picture, StreamReader, Units};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Case {
    is_h265: bool,
    pictures: Vec<Sent>,
}

#[derive(Debug, Arbitrary)]
struct Sent {
    bytes: Vec<u8>,
    gap_ms: u32,
    is_back: bool,
    after_loss: bool,
    changed: bool,
    watchful: bool,
    due_ms: Option<u32>,
    fps: u8,
}

impl From<Sent> for Picture {
    fn from(sent: Sent) -> Self {
        let due = |ms: u32| Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(ms.into()));
        Self {
            bytes: sent.bytes,
            // Mostly as pictures come, and sometimes an hour later.
            gap: Duration::from_millis(if sent.gap_ms % 8 == 0 { sent.gap_ms.into() } else { 40 }),
            is_back: sent.is_back,
            after_loss: sent.after_loss,
            changed: sent.changed,
            attention: Attention { watchful: sent.watchful, due: sent.due_ms.map(due), fps: sent.fps },
        }
    }
}

fuzz_target!(|case: Case| {
    let mut reader = StreamReader::new(case.is_h265);
    for picture in case.pictures.into_iter().map(Picture::from) {
        let read = reader.read(&picture);
        assert!(read.bytes <= picture.bytes.len());
        assert!(read.complexity.is_finite() && read.complexity >= 0.0, "{read:?}");
        let within: usize = Units::of(&picture.bytes).map(<[u8]>::len).sum();
        assert!(within <= picture.bytes.len());
    }
});
