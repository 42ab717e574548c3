//! MP4: one box behind the other, each with its length.

use super::{Ending, Source};

/// With which boxes a file begins.
const FIRST: [&[u8; 4]; 10] =
    [b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx"];

struct Head {
    name: [u8; 4],
    /// Where the next box begins; none: this one goes on to the end of the file.
    end: Option<u64>,
}

pub(super) fn is_one(source: &Source) -> bool {
    head(source, 0).is_some_and(|head| FIRST.contains(&&head.name))
}

/// None where there is no whole head, or what stands there is none.
fn head(source: &Source, at: u64) -> Option<Head> {
    let bytes = source.at::<8>(at)?;
    let name = [bytes[4], bytes[5], bytes[6], bytes[7]];
    let length = match u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) {
        0 => return Some(Head { name, end: None }),
        1 => u64::from_be_bytes(source.at::<8>(at + 8)?),
        length => u64::from(length),
    };
    let is_name = name.iter().all(|letter| letter.is_ascii_graphic() || *letter == b' ' || *letter == 0xa9);
    (is_name && length >= 8).then_some(Head { name, end: Some(at.saturating_add(length)) })
}

pub(super) fn ending(source: &Source) -> Ending {
    let (mut at, mut in_pieces, mut wants_pictures, mut has_index) = (0, false, false, false);
    while at < source.length {
        let Some(Head { name, end }) = head(source, at) else {
            // Less than a head, where a piece would begin; anything else that is no box is of another tool.
            let is_cut = in_pieces && source.length - at < 8;
            return if is_cut { source.cut_before(at + 8) } else { Ending::Unknown };
        };
        let Some(end) = end else { return Ending::Unknown };
        if end > source.length {
            return source.cut_before(end);
        }
        match &name {
            b"moof" => (in_pieces, wants_pictures) = (true, true),
            b"mdat" => wants_pictures = false,
            b"mfra" => has_index = true,
            _ => {}
        }
        at = end;
    }
    if wants_pictures {
        return Ending::Cut("the pictures of its last piece are missing".to_owned());
    }
    // In pieces, and without an index of them behind: there may have been more.
    if in_pieces && !has_index { Ending::Unknown } else { Ending::Whole }
}
