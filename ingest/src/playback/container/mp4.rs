//! MP4: one box behind the other, each with its length.

use super::{Ending, Reading, Source};

/// With which boxes a file begins.
const FIRST: [&[u8; 4]; 10] =
    [b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"sidx"];

struct Head {
    name: [u8; 4],
    /// Where what it holds begins.
    body: u64,
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
    let (length, body) = match u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) {
        0 => return Some(Head { name, body: at + 8, end: None }),
        1 => (u64::from_be_bytes(source.at::<8>(at + 8)?), at + 16),
        length => (u64::from(length), at + 8),
    };
    let is_name = name.iter().all(|letter| letter.is_ascii_graphic() || *letter == b' ' || *letter == 0xa9);
    (is_name && length >= 8).then_some(Head { name, body, end: Some(at.saturating_add(length)) })
}

pub(super) fn ending(source: &Source) -> Ending {
    let (mut at, mut in_pieces, mut wants_pictures, mut has_index) = (0, false, false, false);
    while at < source.length {
        let Some(Head { name, end, .. }) = head(source, at) else {
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

/// What the boxes of a name hold, from one offset to another: where it begins and ends.
fn boxes(source: &Source, name: &[u8; 4], (mut at, to): (u64, u64)) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    while at < to {
        let Some(Head { name: is, body, end: Some(end) }) = head(source, at) else { break };
        if is == *name {
            found.push((body, end.min(to)));
        }
        at = end;
    }
    found
}

/// How edit lists are to be read that do nothing but leave out what comes first: what cuts a film without encoding it anew writes them. GStreamer's
/// `qtdemux` hands out what is left out, and ends by as much too early; so they are to show all.
pub(super) fn whole_films(source: &Source) -> Vec<Reading> {
    let inside = |name: &'static [u8; 4], within: Vec<(u64, u64)>| -> Vec<(u64, u64)> {
        within.into_iter().flat_map(|within| boxes(source, name, within)).collect()
    };
    let films = boxes(source, b"moov", (0, source.length));
    let lists = inside(b"elst", inside(b"edts", inside(b"trak", films)));
    lists.into_iter().filter_map(|list| whole_film(source, list)).flatten().collect()
}

/// `None` of a list of edits that shows anything but one stretch of the film, from later than its beginning on.
fn whole_film(source: &Source, (body, end): (u64, u64)) -> Option<Vec<Reading>> {
    let [version, _, _, _] = source.at::<4>(body)?;
    let count = u64::from(u32::from_be_bytes(source.at::<4>(body + 4)?));
    // How long it is shown, from when on, and how fast.
    let width: u64 = if version == 1 { 8 } else { 4 };
    let size = 2 * width + 4;
    if count > end.saturating_sub(body + 8) / size {
        return None;
    }
    let mut stretches = Vec::new();
    for at in (0..count).map(|index| body + 8 + index * size) {
        let from = match version {
            1 => i64::from_be_bytes(source.at::<8>(at + width)?),
            _ => i64::from(i32::from_be_bytes(source.at::<4>(at + width)?)),
        };
        // Of an edit that shows nothing it is −1.
        if from >= 0 {
            stretches.push((at, from));
        }
    }
    let [(at, from)] = stretches[..] else { return None };
    let number = |value: u32| {
        let bytes = u64::from(value).to_be_bytes();
        bytes[bytes.len() - width as usize..].to_vec()
    };
    // Longer than any film.
    const LONG: u32 = i32::MAX as u32;
    (from > 0)
        .then(|| vec![Reading { at, bytes: number(LONG) }, Reading { at: at + width, bytes: number(0) }])
}
