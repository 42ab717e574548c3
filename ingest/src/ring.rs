//! The last seconds of a stream as the camera sent it, bounded in time and in bytes.
//!
//! What was not worth decoding when it came may be looked at afterwards: when something has changed since the last picture
//! that was looked at, the key pictures in between tell when.

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::Timestamp;

use crate::AccessUnit;

/// Longest time between two pictures of one stream; after more there was another one.
const GROUP_GAP: Duration = Duration::from_secs(1);

/// How far back a ring reaches at least, unless its bytes do not suffice.
pub(crate) const REACH: Duration = Duration::from_secs(10);

/// Bounds of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RingLimits {
    /// How far back it reaches; a little more, up to the next key picture.
    pub(crate) age: Duration,
    /// Bytes of encoded pictures.
    pub(crate) bytes: usize,
}

impl Default for RingLimits {
    /// 10 s, and 8 MiB: twice what a camera of 4 Mbit/s sends in that time.
    fn default() -> Self {
        Self { age: REACH, bytes: 8 << 20 }
    }
}

/// The newest encoded pictures of a stream, beginning with a key picture; where one group alone is larger than all may be, with what is left
/// of it, which is of use to those only who have read what came before.
#[derive(Debug)]
pub(crate) struct Ring {
    limits: RingLimits,
    units: VecDeque<AccessUnit>,
    bytes: usize,
    /// Number of the last picture that was dropped in the middle of a group.
    cut_after: Option<u64>,
}

impl Ring {
    pub(crate) fn new(limits: RingLimits) -> Self {
        Self { limits, units: VecDeque::new(), bytes: 0, cut_after: None }
    }

    /// Takes the next picture in. What does not begin with a key picture is of no use, and not kept.
    pub(crate) fn push(&mut self, unit: AccessUnit) {
        if unit.after_loss && !unit.is_key {
            // What follows a loss cannot be decoded on; what came before it still can.
            return;
        }
        if self.units.is_empty() && self.cut_after.is_none() && !unit.is_key {
            return;
        }
        self.bytes += unit.bytes.len();
        let newest = unit.time;
        self.units.push_back(unit);
        while let Some(second) = self.second_group() {
            let too_old = newest.saturating_sub(self.units[second].time) >= self.limits.age;
            if !too_old && self.bytes <= self.limits.bytes {
                return;
            }
            self.drop_first(second);
        }
        // One group alone is larger than all may be.
        while self.bytes > self.limits.bytes {
            self.cut_after = self.units.front().map(|unit| unit.seq);
            self.drop_first(1);
        }
    }

    /// Key pictures later than number `after` and earlier than `before`, oldest first; of those that come closer to each other than
    /// `apart` some are left out.
    pub(crate) fn keys_between(&self, after: u64, before: u64, apart: Duration) -> Vec<AccessUnit> {
        let between = |unit: &&AccessUnit| unit.is_key && unit.seq > after && unit.seq < before;
        let mut last: Option<Duration> = None;
        let mut is_apart = |unit: &&AccessUnit| {
            let apart = last.is_none_or(|last| unit.time.saturating_sub(last) >= apart);
            if apart {
                last = Some(unit.time);
            }
            apart
        };
        self.units.iter().filter(between).filter(|unit| is_apart(unit)).cloned().collect()
    }

    /// Everything from the last key picture on, oldest first.
    pub(crate) fn since_last_key(&self) -> Vec<AccessUnit> {
        let key = self.units.iter().rposition(|unit| unit.is_key);
        key.map_or_else(Vec::new, |key| self.units.range(key..).cloned().collect())
    }

    /// Number of the key picture with which the group begins that was being sent at that time; of the first one after it where none was,
    /// as in a gap between two streams.
    pub(crate) fn key_before(&self, at: Timestamp) -> Option<u64> {
        let mut groups = self.units.iter().enumerate().filter(|(_, unit)| unit.is_key).peekable();
        while let Some((_, key)) = groups.next() {
            let next = groups.peek().map_or(self.units.len(), |(index, _)| *index);
            let last = self.units.get(next - 1).map_or(key.at, |unit| unit.at);
            let is_before = groups.peek().is_some_and(|(_, next)| next.at <= at);
            if !is_before && last.saturating_add(GROUP_GAP) >= at {
                return Some(key.seq);
            }
        }
        None
    }

    /// What bounds it from the next picture on.
    pub(crate) fn reach(&mut self, limits: RingLimits) {
        self.limits = limits;
    }

    /// Number of the newest key picture.
    pub(crate) fn last_key(&self) -> Option<u64> {
        self.units.iter().rfind(|unit| unit.is_key).map(|unit| unit.seq)
    }

    /// The oldest picture with a greater number.
    pub(crate) fn first_after(&self, after: u64) -> Option<AccessUnit> {
        self.units.get(self.index_after(after)).cloned()
    }

    /// All pictures with greater numbers, oldest first.
    pub(crate) fn all_after(&self, after: u64) -> Vec<AccessUnit> {
        self.units.range(self.index_after(after)..).cloned().collect()
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where whoever has read up to number `after` goes on: with a key picture, unless what comes next follows what he has read.
    fn index_after(&self, after: u64) -> usize {
        let next = self.units.partition_point(|unit| unit.seq <= after);
        let begins_cut = next == 0 && self.units.front().is_some_and(|unit| !unit.is_key);
        if !begins_cut || self.cut_after == Some(after) {
            return next;
        }
        self.units.iter().position(|unit| unit.is_key).unwrap_or(self.units.len())
    }

    fn second_group(&self) -> Option<usize> {
        self.units.iter().skip(1).position(|unit| unit.is_key).map(|index| index + 1)
    }

    fn drop_first(&mut self, count: usize) {
        for unit in self.units.drain(..count) {
            self.bytes -= unit.bytes.len();
        }
        if self.units.front().is_some_and(|unit| unit.is_key) {
            self.cut_after = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Codec;

    fn unit(seq: u64, is_key: bool, bytes: usize) -> AccessUnit {
        AccessUnit {
            seq,
            bytes: vec![0; bytes].into(),
            codec: Codec::H264,
            is_key,
            time: Duration::from_millis(40 * seq),
            at: Timestamp::UNIX_EPOCH,
            after_loss: false,
        }
    }

    /// Pictures of a stream with a key picture every 50.
    fn ring(pictures: u64, limits: RingLimits) -> Ring {
        let mut ring = Ring::new(limits);
        for seq in 0..pictures {
            ring.push(unit(seq, seq % 50 == 0, 1000));
        }
        ring
    }

    #[test]
    fn it_reaches_back_as_far_as_asked_and_begins_with_a_key_picture() {
        let ring = ring(1020, RingLimits::default());
        // The newest is at 40.76 s; the group at 30 s still reaches 10 s back, that at 32 s does not.
        assert_eq!(ring.units.front().map(|unit| unit.seq), Some(750));
        assert_eq!(
            ring.keys_between(800, 1000, Duration::ZERO).iter().map(|unit| unit.seq).collect::<Vec<_>>(),
            [850, 900, 950]
        );
        let apart = Duration::from_secs(4);
        assert_eq!(
            ring.keys_between(800, 1000, apart).iter().map(|unit| unit.seq).collect::<Vec<_>>(),
            [850, 950]
        );
        let last: Vec<u64> = ring.since_last_key().iter().map(|unit| unit.seq).collect();
        assert_eq!((last.first(), last.len()), (Some(&1000), 20));
    }

    #[test]
    fn what_follows_a_loss_is_left_out_up_to_a_key_picture() {
        let mut ring = ring(60, RingLimits::default());
        ring.push(AccessUnit { after_loss: true, ..unit(60, false, 1000) });
        assert_eq!(ring.since_last_key().len(), 10);
    }

    #[test]
    fn who_reads_along_misses_nothing_of_a_group_that_is_too_large_to_be_kept() {
        let mut ring = Ring::new(RingLimits { bytes: 10_000, ..RingLimits::default() });
        let (mut read, mut late) = (0, None);
        for seq in 1..=100 {
            ring.push(unit(seq, seq == 1 || seq == 90, 1000));
            let next = ring.all_after(read);
            assert_eq!(next.iter().map(|unit| unit.seq).collect::<Vec<_>>(), [seq], "one by one");
            read = seq;
            // Who joins in its middle waits for the next key picture.
            late = late.or_else(|| ring.first_after(20).filter(|_| seq > 40).map(|unit| unit.seq));
            assert!(ring.bytes() <= 10_000);
        }
        assert_eq!(late, Some(90));
        assert_eq!(ring.since_last_key().len(), 0, "that group has begun before what is kept");
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_it_may(
            pictures in prop::collection::vec((any::<bool>(), 0_usize..4000), 1..200),
        ) {
            let limits = RingLimits { age: Duration::from_secs(1), bytes: 10_000 };
            let mut ring = Ring::new(limits);
            for (seq, (is_key, bytes)) in pictures.into_iter().enumerate() {
                ring.push(unit(seq as u64, is_key, bytes));
                prop_assert!(ring.bytes() <= limits.bytes);
                prop_assert_eq!(ring.bytes(), ring.units.iter().map(|unit| unit.bytes.len()).sum::<usize>());
                prop_assert!(ring.units.front().is_none_or(|unit| unit.is_key) || ring.cut_after.is_some());
                // Nobody begins in the middle of a group.
                prop_assert!(ring.first_after(0).is_none_or(|unit| unit.is_key || unit.seq == 1));
            }
        }
    }
}
