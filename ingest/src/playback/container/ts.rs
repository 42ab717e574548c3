//! MPEG-TS: packets of one length, some of them with the time of the sender's clock. It has no end, and whoever plays it goes by its clock
//! however that is set.

use std::time::Duration;

use super::{
    super::{
        flaw::{self, FileFlaw},
        times::{LONGEST_STEP, OUT_OF_ORDER},
    },
    Ending, Source,
};

/// Bytes of a packet; of those with a time before them (M2TS), and of those with a check behind.
const PACKET: usize = 188;
const PITCHES: [usize; 3] = [PACKET, 192, 204];
/// The first byte of each.
const SYNC: u8 = 0x47;
/// So many packets one behind the other are no accident.
const IN_A_ROW: usize = 8;
/// Ticks of the clock a second, after which it begins anew at 2³³.
const TICKS: u64 = 90_000;
const ROUND: i64 = 1 << 33;
/// Packets that are read at once.
const AT_ONCE: usize = 4096;

/// Where packets are.
pub(super) struct Packets {
    /// From one to the next.
    pitch: usize,
    first: u64,
}

impl Packets {
    /// Where they begin; `None` in a file that has none.
    pub(super) fn find(source: &Source) -> Option<Self> {
        let mut head = vec![0; 204 * (IN_A_ROW + 1)];
        let read = source.read(0, &mut head);
        let head = &head[..read];
        let of_pitch =
            |pitch: usize| (0..pitch).find(|first| is_row(head, *first, pitch)).map(|first| (pitch, first));
        let (pitch, first) = PITCHES.into_iter().find_map(of_pitch)?;
        Some(Self { pitch, first: first as u64 })
    }

    /// Packets are written whole: a part of one was cut.
    pub(super) fn ending(&self, source: &Source) -> Ending {
        // Counted from the end, since something may have got lost in between.
        let mut tail = vec![0; self.pitch * (IN_A_ROW + 1)];
        let begin = source.length.saturating_sub(tail.len() as u64);
        let read = source.read(begin, &mut tail);
        let Some(first) = (0..self.pitch).find(|first| is_row(&tail[..read], *first, self.pitch)) else {
            return Ending::Unknown;
        };
        let left = (read - first) % self.pitch;
        match left {
            // The last one may lack what is behind it, or have the time of one that was never written behind it.
            0 | PACKET => Ending::Unknown,
            _ if self.pitch == 192 && left == 4 => Ending::Unknown,
            _ => Ending::Cut(format!("its last packet has {left} of {} bytes", self.pitch)),
        }
    }

    /// Where its clock steps back or leaps ahead; times are from its beginning, without the leaps.
    pub(super) fn clock_flaws(&self, source: &Source) -> Vec<FileFlaw> {
        let mut flaws = Vec::new();
        let mut clock = Clock::default();
        let mut block = vec![0; self.pitch * AT_ONCE];
        let mut at = self.first;
        loop {
            let read = source.read(at, &mut block);
            let Some(lost) = self.read_block(&block[..read], &mut clock, &mut flaws) else {
                if read < block.len() {
                    return flaws;
                }
                at += read as u64;
                continue;
            };
            // Something got lost: from where there are packets again.
            let rest = &block[lost..read];
            let found = (1..rest.len()).find(|first| is_row(rest, *first, self.pitch));
            match found {
                Some(first) => at += (lost + first) as u64,
                None if read < block.len() => return flaws,
                None => at += (lost + rest.len().saturating_sub(self.pitch * IN_A_ROW).max(1)) as u64,
            }
        }
    }

    /// Reads whole packets; where one is missing, tells where.
    fn read_block(&self, block: &[u8], clock: &mut Clock, flaws: &mut Vec<FileFlaw>) -> Option<usize> {
        for (index, packet) in block.chunks(self.pitch).enumerate() {
            if packet[0] != SYNC {
                return Some(index * self.pitch);
            }
            if let Some((source, ticks)) = time_of(packet) {
                clock.take(source, ticks, flaws);
            }
        }
        None
    }
}

/// Whether packets begin there, one behind the other.
fn is_row(bytes: &[u8], first: usize, pitch: usize) -> bool {
    let mut row = bytes.iter().skip(first).step_by(pitch).take(IN_A_ROW);
    row.len() == IN_A_ROW && row.all(|byte| *byte == SYNC)
}

/// The stream whose packet this is, and the clock's time in it (PCR), where it has one.
fn time_of(packet: &[u8]) -> Option<(u16, i64)> {
    let [_, high, low, flags, length, marks, time @ ..] = packet.get(..11)? else { return None };
    if flags & 0x20 == 0 || *length < 7 || marks & 0x10 == 0 {
        return None;
    }
    let [a, b, c, d, e] = *<&[u8; 5]>::try_from(time).ok()?;
    let ticks = i64::from(u32::from_be_bytes([a, b, c, d])) << 1 | i64::from(e >> 7);
    Some((u16::from_be_bytes([high & 0x1f, *low]), ticks))
}

/// The clock that the first stream with one goes by.
#[derive(Default)]
struct Clock {
    source: Option<u16>,
    ticks: Option<i64>,
    passed: u64,
}

impl Clock {
    fn take(&mut self, source: u16, ticks: i64, flaws: &mut Vec<FileFlaw>) {
        if *self.source.get_or_insert(source) != source {
            return;
        }
        let Some(before) = self.ticks.replace(ticks) else { return };
        let ahead = (ticks - before + ROUND / 2).rem_euclid(ROUND) - ROUND / 2;
        let (at, by) = (in_time(self.passed), in_time(ahead.unsigned_abs()));
        if ahead < 0 && by > OUT_OF_ORDER {
            flaw::push(flaws, FileFlaw::StepsBack { at, by });
        } else if ahead > 0 && by > LONGEST_STEP {
            flaw::push(flaws, FileFlaw::LeapTakenOut { at, by });
        } else {
            self.passed += u64::try_from(ahead).unwrap_or(0);
        }
    }
}

fn in_time(ticks: u64) -> Duration {
    Duration::from_micros(ticks.saturating_mul(1000) / (TICKS / 1000))
}
