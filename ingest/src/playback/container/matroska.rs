//! Matroska and WebM: elements in elements, each with its length, or none where it was written into a pipe.

use super::{Ending, Source};

const HEAD: u32 = 0x1A45_DFA3;
pub(super) const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TIME_SCALE: u32 = 0x2A_D7B1;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_TYPE: u32 = 0x83;
const VIDEO: u64 = 1;
pub(super) const CLUSTER: u32 = 0x1F43_B675;
const CLUSTER_TIME: u32 = 0xE7;
pub(super) const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
/// Nanoseconds in a unit of time, where nothing is said.
const USUAL_SCALE: i64 = 1_000_000;
/// Blocks reach 32 s before their cluster, and so many pictures are in them at most.
const MOST_BEFORE_ZERO: usize = 4096;
/// Elements that are looked at for them.
const MOST_LOOKED_AT: usize = 65_536;

pub(super) struct Element {
    pub(super) id: u32,
    pub(super) body: u64,
    /// Unknown where it was written into a pipe.
    pub(super) end: Option<u64>,
}

pub(super) fn is_one(source: &Source) -> bool {
    source.at::<4>(0).map(u32::from_be_bytes) == Some(HEAD)
}

/// A number whose first byte says how many there are, with or without the bit that says so, and where it ends.
fn number(source: &Source, at: u64, keeps_mark: bool) -> Option<(u64, u64)> {
    let [first] = source.at::<1>(at)?;
    let count = first.leading_zeros() + 1;
    if count > 8 {
        return None;
    }
    let mut value = u64::from(first);
    for index in 1..u64::from(count) {
        value = value << 8 | u64::from(source.at::<1>(at + index)?[0]);
    }
    let mark = 1_u64 << (7 * count);
    Some((if keeps_mark { value } else { value & (mark - 1) }, at + u64::from(count)))
}

pub(super) fn element(source: &Source, at: u64) -> Option<Element> {
    let (id, after_id) = number(source, at, true)?;
    let (length, body) = number(source, after_id, false)?;
    let endless = (1_u64 << (7 * (body - after_id))) - 1;
    let end = (length != endless).then(|| body.saturating_add(length));
    Some(Element { id: u32::try_from(id).ok()?, body, end })
}

pub(super) fn ending(source: &Source) -> Ending {
    let mut at = 0;
    while at < source.length {
        let Some(element) = element(source, at) else {
            // Less than a head.
            let is_cut = source.length - at < 12;
            return if is_cut { source.cut_before(at + 12) } else { Ending::Unknown };
        };
        match element {
            Element { end: Some(end), .. } if end > source.length => return source.cut_before(end),
            Element { id: SEGMENT, end: Some(_), .. } => return Ending::Whole,
            Element { end: Some(end), .. } => at = end,
            // What is in it has lengths.
            Element { id: SEGMENT | CLUSTER, body, end: None } => at = body,
            Element { end: None, .. } => return Ending::Unknown,
        }
    }
    Ending::Unknown
}

/// As [`Container::times_before_zero`](super::Container::times_before_zero), of the first video in it.
pub(super) fn times_before_zero(source: &Source) -> Vec<i64> {
    let (mut at, mut scale, mut track, mut cluster) = (0, USUAL_SCALE, Track::default(), 0);
    let mut times = Vec::new();
    for _ in 0..MOST_LOOKED_AT {
        let Some(Element { id, body, end }) = element(source, at) else { break };
        let number = || end.and_then(|end| unsigned(source, body, end));
        match id {
            SEGMENT | INFO | TRACKS | CLUSTER | BLOCK_GROUP => {
                at = body;
                continue;
            }
            TRACK => {
                track.next();
                at = body;
                continue;
            }
            TIME_SCALE => scale = number().and_then(|scale| i64::try_from(scale).ok()).unwrap_or(scale),
            TRACK_NUMBER => track.number = number(),
            TRACK_TYPE => track.is_video = number() == Some(VIDEO),
            CLUSTER_TIME => cluster = number().unwrap_or_default().cast_signed(),
            SIMPLE_BLOCK | BLOCK => {
                track.next();
                if let Some(time) = block_time(source, body, track.video) {
                    let time = cluster.saturating_add(time.into()).saturating_mul(scale);
                    if time >= 0 || times.len() == MOST_BEFORE_ZERO {
                        break;
                    }
                    times.push(time);
                }
            }
            _ => {}
        }
        let Some(end) = end else { break };
        at = end;
    }
    times
}

/// The tracks that are described so far.
#[derive(Default)]
struct Track {
    number: Option<u64>,
    is_video: bool,
    /// Number of the first video.
    video: Option<u64>,
}

impl Track {
    /// The description of one is over.
    fn next(&mut self) {
        let number = self.number.take().filter(|_| std::mem::take(&mut self.is_video));
        self.video = self.video.or(number);
    }
}

/// The time of a block of that track, from its cluster's.
fn block_time(source: &Source, body: u64, track: Option<u64>) -> Option<i16> {
    let (of, at) = number(source, body, false)?;
    (Some(of) == track).then_some(i16::from_be_bytes(source.at(at)?))
}

fn unsigned(source: &Source, body: u64, end: u64) -> Option<u64> {
    if end - body > 8 {
        return None;
    }
    (body..end).try_fold(0, |value, at| Some(value << 8 | u64::from(source.at::<1>(at)?[0])))
}
