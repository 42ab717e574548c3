//! Where the pictures of a file come from: groups of them, each of which a file may begin with.

use std::time::Duration;

use gridwatch_domain::Timestamp;
use gridwatch_ingest::{AccessUnit, Codec, Follower};
use tokio::time::{Instant, timeout_at};

/// Bytes of a group that are handed on before it has ended: some cameras send a key picture in a minute, or one alone.
const LARGEST_PART: usize = 4 << 20;
/// A group that is longer ends where the picture is refreshed bit by bit, too, if the camera does that.
const LONG: Duration = Duration::from_secs(30);
/// So long a group may be: a file of it counts for retention only once it is whole.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// What a reel's follower gives, in groups.
pub(super) struct Source {
    pub(super) follower: Follower,
    /// A picture that was taken later does not belong to the file.
    pub(super) until: Option<Timestamp>,
    /// When the file ends, whatever comes.
    pub(super) deadline: Option<Instant>,
    groups: Groups,
}

/// Pictures from one that a file may begin with to the last one before the next such.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) units: Vec<AccessUnit>,
    /// Another file may begin with what follows.
    pub(super) is_whole: bool,
    /// Nothing more belongs to the file.
    pub(super) is_last: bool,
}

impl Source {
    pub(super) fn new(follower: Follower) -> Self {
        Self { follower, groups: Groups::default(), until: None, deadline: None }
    }

    /// The next group; waits for it, but no longer than `silence` for a picture, if that is given. May be dropped and asked again.
    pub(super) async fn group(&mut self, silence: Option<Duration>) -> Group {
        loop {
            let patience =
                silence.map(|silence| Instant::now() + silence).into_iter().chain(self.deadline).min();
            let next = self.follower.next();
            let unit = match patience {
                Some(patience) => timeout_at(patience, next).await.ok().flatten(),
                None => next.await,
            };
            let Some(unit) = unit else {
                return Group { units: self.groups.take(), is_whole: true, is_last: true };
            };
            if let Some(group) = self.groups.push(unit, self.until) {
                return group;
            }
        }
    }

    /// What is there already, and the end.
    pub(super) fn rest(&mut self) -> Group {
        let mut units = Vec::new();
        for unit in self.follower.take() {
            let Some(group) = self.groups.push(unit, self.until) else { continue };
            units.extend(group.units);
            if group.is_last {
                return Group { units, is_whole: true, is_last: true };
            }
        }
        units.append(&mut self.groups.take());
        Group { units, is_whole: true, is_last: true }
    }
}

/// Pictures, put into groups. Pure.
#[derive(Debug, Default)]
struct Groups {
    units: Vec<AccessUnit>,
    bytes: usize,
    /// Time of the stream when the present group began, however much of it was handed on, and its form.
    began: Option<(Duration, Codec)>,
}

impl Groups {
    /// Takes the next picture in; gives what is to be written now. One that was taken after `until` ends all, unless nothing has come
    /// before it: then the clock was set back, and it does not count.
    fn push(&mut self, unit: AccessUnit, until: Option<Timestamp>) -> Option<Group> {
        let is_late = until.is_some_and(|until| unit.at > until);
        let Some((began, codec)) = self.began else {
            if !is_late && unit.begins_anew() {
                self.begin(unit);
            }
            return None;
        };
        if is_late {
            return Some(Group { units: self.take(), is_whole: true, is_last: true });
        }
        let length = unit.time.saturating_sub(began);
        if length >= LONGEST && !unit.begins_anew() {
            tracing::warn!(
                minutes = length.as_secs() / 60,
                "a camera has sent no picture for so long that a file can begin with; what follows is not kept until it does: \
                 shorten its key frame interval"
            );
            return Some(Group { units: self.take(), is_whole: true, is_last: true });
        }
        if unit.is_key || (length >= LONG && unit.begins_anew()) {
            // One file holds one form.
            let is_last = codec != unit.codec;
            let units = self.take();
            self.begin(unit);
            return Some(Group { units, is_whole: true, is_last });
        }
        self.bytes += unit.bytes.len();
        self.units.push(unit);
        if self.bytes < LARGEST_PART {
            return None;
        }
        self.bytes = 0;
        Some(Group { units: std::mem::take(&mut self.units), is_whole: false, is_last: false })
    }

    fn begin(&mut self, unit: AccessUnit) {
        (self.began, self.bytes) = (Some((unit.time, unit.codec)), unit.bytes.len());
        self.units.push(unit);
    }

    fn take(&mut self) -> Vec<AccessUnit> {
        (self.began, self.bytes) = (None, 0);
        std::mem::take(&mut self.units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(seq: u64, is_key: bool, bytes: usize) -> AccessUnit {
        AccessUnit {
            seq,
            bytes: vec![0; bytes].into(),
            codec: Codec::H264,
            is_key,
            time: Duration::from_secs(seq),
            at: Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(seq)),
            after_loss: false,
        }
    }

    /// A picture from which on the whole is refreshed, without being a key picture.
    fn refresh(seq: u64) -> AccessUnit {
        let bytes = [0, 0, 1, 9, 0x10, 0, 0, 1, 6, 6, 1, 0x84, 0x80, 0, 0, 1, 0x41, 1];
        AccessUnit { bytes: bytes.to_vec().into(), ..unit(seq, false, 0) }
    }

    fn numbers(group: &Group) -> Vec<u64> {
        group.units.iter().map(|unit| unit.seq).collect()
    }

    #[test]
    fn groups_are_whole() {
        let mut groups = Groups::default();
        let given: Vec<Group> =
            (3..=30).filter_map(|seq| groups.push(unit(seq, seq % 10 == 5, 1000), None)).collect();
        assert_eq!(
            given.iter().map(numbers).collect::<Vec<_>>(),
            [(5..15).collect::<Vec<_>>(), (15..25).collect()]
        );
        assert!(given.iter().all(|group| group.is_whole && !group.is_last));
        assert_eq!(groups.take().len(), 6);
    }

    #[test]
    fn of_a_group_that_does_not_end_little_waits_and_another_file_may_begin_at_a_refresh() {
        let mut groups = Groups::default();
        let mut most = 0;
        let mut given = Vec::new();
        for seq in 1..=600 {
            let next = if seq % 50 == 0 { refresh(seq) } else { unit(seq, seq == 1, 300_000) };
            given.extend(groups.push(next, None));
            most = most.max(groups.units.iter().map(|unit| unit.bytes.len()).sum::<usize>());
        }
        assert!(most < LARGEST_PART, "{most} bytes wait");
        let ends: Vec<u64> = given
            .iter()
            .filter(|group| group.is_whole)
            .filter_map(|group| numbers(group).last().copied())
            .collect();
        assert_eq!(ends, [49, 99, 149, 199, 249, 299, 349, 399, 449, 499, 549, 599]);
        let all: Vec<u64> = given.iter().flat_map(numbers).collect();
        assert_eq!(all, (1..=599).collect::<Vec<_>>());
        // What comes after a refresh within half a minute belongs to the same group.
        assert!(Groups::default().push(refresh(1), None).is_none());
    }

    #[test]
    fn a_group_without_an_end_ends_all_the_same() {
        let mut groups = Groups::default();
        let given: Vec<Group> =
            (1..=1200).filter_map(|seq| groups.push(unit(seq, seq == 1 || seq == 1100, 10), None)).collect();
        let [end] = given.as_slice() else { panic!("{} groups", given.len()) };
        assert_eq!((end.units.len(), end.is_last), (900, true));
        assert_eq!(groups.take()[0].seq, 1100, "what cannot be begun with is left out");
    }

    #[test]
    fn another_form_of_video_ends_the_file_and_begins_the_next() {
        let mut groups = Groups::default();
        groups.push(unit(1, true, 5_000_000), None);
        let part = groups.push(unit(2, false, 10), None).expect("it is large");
        assert!(!part.is_whole);
        let other = AccessUnit { codec: Codec::H265, ..unit(3, true, 10) };
        let end = groups.push(other, None).expect("a group ends");
        assert!(end.is_whole && end.is_last && end.units.is_empty());
        assert_eq!(groups.take()[0].seq, 3);
    }

    #[test]
    fn a_clip_begins_with_what_came_before_its_end_though_the_clock_was_set_back() {
        let mut groups = Groups::default();
        let until = Some(Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(20)));
        // An hour ahead, as the clock was.
        for seq in 3600..3610 {
            assert!(groups.push(unit(seq, seq % 5 == 0, 10), until).is_none());
        }
        for seq in 8..=20 {
            let next = AccessUnit { time: Duration::from_secs(3600 + seq), ..unit(seq, seq == 10, 10) };
            assert!(groups.push(next, until).is_none());
        }
        let end = groups.push(AccessUnit { time: Duration::from_secs(3630), ..unit(21, false, 10) }, until);
        let end = end.expect("it is over");
        assert_eq!((numbers(&end), end.is_last), ((10..=20).collect(), true));
    }
}
