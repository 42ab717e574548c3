//! Byte streams of H.264 and H.265 (annex B of both), as far as they are read here without decoding. Pure; never fails:
//! what cannot be read is passed over.

use crate::Codec;

/// SEI payload type of a recovery point, in both forms (ITU-T H.264 section D.1, H.265 section D.2.1).
const RECOVERY_POINT: usize = 6;

/// What a part of a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A part of the picture itself.
    Slice,
    /// Supplemental information that precedes the picture.
    Information,
    /// Anything else.
    Other,
}

/// How decoding can begin with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Not at all.
    None,
    /// It and some that follow are damaged, less and less (recovery point: intra refresh, and key pictures of open groups in H.264).
    Refresh,
    /// It stands for itself.
    Key,
}

/// The units of a byte stream, without their start codes.
pub(crate) fn units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = next_start(bytes, 0).map(|(_, end)| end);
    std::iter::from_fn(move || {
        let begin = rest?;
        let next = next_start(bytes, begin);
        rest = next.map(|(_, end)| end);
        Some(&bytes[begin..next.map_or(bytes.len(), |(start, _)| start)])
    })
    .filter(|unit| !unit.is_empty())
}

/// What a unit is, by its first byte (ITU-T H.264 table 7-1, H.265 table 7-1).
pub(crate) fn kind(codec: Codec, unit: &[u8]) -> Kind {
    match (codec, unit.first()) {
        (Codec::H264, Some(first)) => match first & 0x1f {
            1..=5 => Kind::Slice,
            6 => Kind::Information,
            _ => Kind::Other,
        },
        (Codec::H265, Some(first)) => match first >> 1 & 0x3f {
            0..=31 => Kind::Slice,
            39 => Kind::Information,
            _ => Kind::Other,
        },
        (Codec::Jpeg, _) | (_, None) => Kind::Other,
    }
}

/// How decoding can begin with the picture. Looks no further than the head of its first slice.
pub(crate) fn entry(codec: Codec, bytes: &[u8]) -> Entry {
    let header = match codec {
        Codec::H264 => 1,
        Codec::H265 => 2,
        Codec::Jpeg => return Entry::Key,
    };
    let mut recovers = false;
    let mut next = next_start(bytes, 0);
    while let Some((_, begin)) = next {
        let kind = kind(codec, &bytes[begin..]);
        if kind == Kind::Slice {
            return match is_intra(codec, bytes[begin]) {
                true => Entry::Key,
                false if recovers => Entry::Refresh,
                false => Entry::None,
            };
        }
        next = next_start(bytes, begin);
        if kind == Kind::Information {
            let unit = &bytes[begin..next.map_or(bytes.len(), |(start, _)| start)];
            recovers |= unit.get(header..).and_then(recovery_message).is_some();
        }
    }
    Entry::None
}

/// Whether a slice that begins so is of a picture that stands for itself: IDR, and in H.265 all random access pictures (H.265
/// section 7.4.2.2: 16 to 23), of which those that follow may lead back across it, and are left out by decoders.
fn is_intra(codec: Codec, first: u8) -> bool {
    match codec {
        Codec::H264 => first & 0x1f == 5,
        Codec::H265 => (16..=23).contains(&(first >> 1 & 0x3f)),
        Codec::Jpeg => true,
    }
}

/// The recovery point among the messages of a unit (ITU-T H.264 section 7.3.2.3.1, H.265 section 7.3.5).
fn recovery_message(messages: &[u8]) -> Option<()> {
    let mut bytes = Payload { bytes: messages.iter(), zeros: 0 };
    loop {
        let (kind, size) = (number(&mut bytes)?, number(&mut bytes)?);
        if kind == RECOVERY_POINT {
            return Some(());
        }
        if size > 0 {
            bytes.nth(size - 1)?;
        }
    }
}

/// A number in bytes of 255 and one less than that.
fn number(bytes: &mut Payload<'_>) -> Option<usize> {
    let mut sum = 0_usize;
    loop {
        let byte = bytes.next()?;
        sum = sum.saturating_add(byte.into());
        if byte != u8::MAX {
            return Some(sum);
        }
    }
}

/// The bytes of a unit without those that keep start codes out of it (ITU-T H.264 section 7.4.1).
struct Payload<'a> {
    bytes: std::slice::Iter<'a, u8>,
    zeros: usize,
}

impl Iterator for Payload<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let mut byte = *self.bytes.next()?;
        if self.zeros >= 2 && byte == 3 {
            self.zeros = 0;
            byte = *self.bytes.next()?;
        }
        self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        Some(byte)
    }
}

/// Where the next start code begins and ends.
fn next_start(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let at = memchr::memmem::find(&bytes[from..], &[0, 0, 1])? + from;
    let start = if at > from && bytes[at - 1] == 0 { at - 1 } else { at };
    Some((start, at + 3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_byte_stream_is_split_at_its_start_codes() {
        let bytes = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 0, 0, 0, 1, 0, 0, 1, 0x65, 9];
        let found: Vec<&[u8]> = units(&bytes).collect();
        assert_eq!(found, [&[0x67, 1, 2][..], &[0x68], &[0x65, 9]]);
        assert_eq!(units(&[1, 2, 3]).count(), 0, "without a start code there is none");
    }

    #[test]
    fn a_recovery_point_is_found_among_other_messages() {
        #[track_caller]
        fn check(codec: Codec, bytes: &[u8], expected: bool) {
            let expected = if expected { Entry::Refresh } else { Entry::None };
            assert_eq!(entry(codec, bytes), expected);
        }
        let unregistered = [5, 3, 7, 7, 7];
        let h264 = |messages: &[u8]| {
            [&[0, 0, 1, 9, 0x10, 0, 0, 1, 6][..], messages, &[0x80, 0, 0, 1, 0x41, 1]].concat()
        };
        let h265 = |messages: &[u8]| [&[0, 0, 1, 78, 1][..], messages, &[0x80, 0, 0, 1, 2, 1]].concat();
        for make in [&h264 as &dyn Fn(&[u8]) -> Vec<u8>, &h265] {
            let codec = if make(&[])[3] == 9 { Codec::H264 } else { Codec::H265 };
            check(codec, &make(&[6, 1, 0x84]), true);
            check(codec, &make(&[6, 1, 0x20]), true);
            check(codec, &make(&[unregistered, [6, 2, 0x20, 0x10, 0x80]].concat()), true);
            check(codec, &make(&unregistered), false);
            check(codec, &make(&[255, 255]), false);
            // A byte that keeps a start code out counts for nothing.
            check(codec, &make(&[5, 3, 0, 0, 3, 1, 6, 1, 0x80]), true);
        }
        // What comes after the picture is none of it.
        check(Codec::H264, &[0, 0, 1, 0x41, 1, 0, 0, 1, 6, 6, 1, 0x84, 0x80], false);
        check(Codec::H264, &[], false);
    }

    #[test]
    fn pictures_that_stand_for_themselves_are_told_from_those_that_do_not() {
        // By the first byte of a slice: IDR and not, with parameters before it; CRA (21), IDR (19), BLA (16), trailing (1), leading (9).
        for (codec, first, expected) in [
            (Codec::H264, 0x65, Entry::Key),
            (Codec::H264, 0x41, Entry::None),
            (Codec::H265, 21 << 1, Entry::Key),
            (Codec::H265, 19 << 1, Entry::Key),
            (Codec::H265, 16 << 1, Entry::Key),
            (Codec::H265, 1 << 1, Entry::None),
            (Codec::H265, 9 << 1, Entry::None),
        ] {
            let parameters = if codec == Codec::H264 { 0x67 } else { 33 << 1 };
            let bytes = [0, 0, 0, 1, parameters, 1, 0, 0, 0, 1, first, 1];
            assert_eq!(entry(codec, &bytes), expected, "{codec:?} {first:#x}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_too_broken_to_be_read(bytes in prop::collection::vec(0_u8..8, 0..200)) {
            for codec in [Codec::H264, Codec::H265, Codec::Jpeg] {
                entry(codec, &bytes);
            }
            let within: usize = units(&bytes).map(<[u8]>::len).sum();
            prop_assert!(within <= bytes.len());
            prop_assert!(units(&bytes).all(|unit| memchr::memmem::find(unit, &[0, 0, 1]).is_none()));
        }
    }
}
