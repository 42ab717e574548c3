//! AVI: one list behind the other, each with its length.

use super::{Ending, Source};

/// Some writers count the list's own head, too; so few bytes at the end of an index are no picture.
const MISCOUNTED: u64 = 8;

pub(super) fn is_one(source: &Source) -> bool {
    source.at::<12>(0).is_some_and(|head| &head[..4] == b"RIFF" && &head[8..] == b"AVI ")
}

pub(super) fn ending(source: &Source) -> Ending {
    let mut at = 0;
    while let Some(head) = source.at::<8>(at).filter(|head| &head[..4] == b"RIFF") {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        // What was written into a pipe never learns its length.
        if length == 0 || length == u32::MAX {
            return Ending::Unknown;
        }
        let end = at + 8 + u64::from(length);
        if end > source.length + MISCOUNTED {
            return source.cut_before(end);
        }
        at = end + u64::from(length % 2);
    }
    Ending::Whole
}
