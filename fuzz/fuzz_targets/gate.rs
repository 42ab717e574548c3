//! Whatever a camera sends for an encoded picture: the packet gate reads it without a panic, and what it says is sound.
#![no_main]

use gridwatch_ingest::fuzzing::{StreamReader, Units};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: (bool, Vec<Vec<u8>>)| {
    let (is_h265, pictures) = case;
    let mut reader = StreamReader::new(is_h265);
    for picture in &pictures {
        let read = reader.read(picture);
        assert!(read.bytes <= picture.len());
        assert!(read.complexity.is_finite() && read.complexity >= 0.0, "{read:?}");
        let within: usize = Units::of(picture).map(<[u8]>::len).sum();
        assert!(within <= picture.len());
    }
});
