//! Which files go, and in which order. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use gridwatch_domain::{EventId, EventKind, Timestamp};

use super::{Kept, Media, Why};

/// For how long files are kept, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Files of events whose kind is not named.
    pub events: Duration,
    /// Files of events of these kinds.
    pub kinds: BTreeMap<EventKind, Duration>,
    /// What cameras sent all the time.
    pub recordings: Duration,
    /// All of them together, in bytes.
    pub size: u64,
    /// What is left free on the disk, in bytes.
    pub free: u64,
}

/// The share of the size that is made free at once: a fiftieth.
const ROOM: u64 = 50;

/// What there has to be room for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Need {
    pub(super) now: Timestamp,
    /// Bytes that the disk has left.
    pub(super) free: u64,
    /// Bytes of what is being written, which counts for the size.
    pub(super) growing: u64,
    /// Nothing else may go for it.
    pub(super) only_recordings: bool,
}

impl Retention {
    fn of(&self, kept: &Kept) -> Duration {
        if kept.media == Media::Recording {
            return self.recordings;
        }
        kept.kind.and_then(|kind| self.kinds.get(&kind)).copied().unwrap_or(self.events)
    }

    /// What is to be removed, in that order. `items` oldest first. Files of `protected` events stay. Of what has to make room recordings go first: an event outlasts the day that it happened on.
    pub(super) fn to_remove<'a>(
        &self,
        items: impl Iterator<Item = (u64, &'a Kept)> + Clone,
        protected: &BTreeSet<EventId>,
        need: &Need,
    ) -> Vec<(u64, Why)> {
        let Need { now, free, growing, only_recordings } = *need;
        let may_go = |kept: &Kept| kept.event.is_none_or(|event| !protected.contains(&event));
        let is_old = |kept: &Kept| now.saturating_since(kept.until) > self.of(kept);
        let mut total = items.clone().map(|(_, kept)| kept.bytes).sum::<u64>().saturating_add(growing);
        let mut free = free;
        let mut gone: Vec<(u64, Why)> = Vec::new();
        for (n, kept) in items.clone().filter(|(_, kept)| may_go(kept) && is_old(kept)) {
            (total, free) = (total - kept.bytes, free.saturating_add(kept.bytes));
            gone.push((n, Why::Age));
        }
        let is_recording = |(_, kept): &(u64, &Kept)| kept.media == Media::Recording;
        let recordings = items.clone().filter(is_recording);
        // What is recorded always is not worth what has happened.
        let others = items.filter(|item| !is_recording(item) && !only_recordings);
        // A little more than has to: so it need not be looked for again with every file.
        let most = if total > self.size { self.size - self.size / ROOM } else { self.size };
        for (n, kept) in recordings.chain(others).filter(|(_, kept)| may_go(kept) && !is_old(kept)) {
            let why = match (total > most, free < self.free) {
                (true, _) => Why::Size,
                (false, true) => Why::Disk,
                (false, false) => break,
            };
            (total, free) = (total - kept.bytes, free.saturating_add(kept.bytes));
            gone.push((n, why));
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::{CameraId, Sha256Hex};

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn event(number: u8) -> EventId {
        EventId::from_parts(Timestamp::UNIX_EPOCH, [number; 10])
    }

    fn kept(media: Media, kind: Option<EventKind>, of: Option<u8>, days: u32) -> Kept {
        let until = Timestamp::UNIX_EPOCH.saturating_add(DAY * days);
        Kept {
            sha256: Sha256Hex::from_digest([1; 32]),
            media,
            bytes: 10,
            camera: CameraId::new("gate").expect("valid"),
            event: of.map(event),
            kind,
            from: until,
            until,
        }
    }

    #[track_caller]
    fn check(size: u64, free: u64, expected: &[(u64, Why)]) {
        let retention = Retention {
            events: DAY * 30,
            kinds: [(EventKind::FireLane, DAY * 90)].into(),
            recordings: DAY * 3,
            size,
            free: 1000,
        };
        let items = [
            kept(Media::Clip, Some(EventKind::NoParking), Some(1), 0),
            kept(Media::Clip, Some(EventKind::FireLane), Some(2), 1),
            kept(Media::Clip, Some(EventKind::NoParking), Some(3), 2),
            kept(Media::Clip, Some(EventKind::NoParking), Some(4), 30),
            kept(Media::Recording, None, None, 31),
            kept(Media::Recording, None, None, 39),
            kept(Media::Recording, None, None, 40),
        ];
        let items = items.iter().enumerate().map(|(n, kept)| (n as u64, kept));
        let now = Timestamp::UNIX_EPOCH.saturating_add(DAY * 40);
        let need = Need { now, free, growing: 0, only_recordings: false };
        assert_eq!(retention.to_remove(items, &[event(3)].into(), &need), expected);
    }

    #[test]
    fn files_go_by_age_and_kind_and_what_a_case_needs_stays() {
        check(1000, 1000, &[(0, Why::Age), (4, Why::Age)]);
    }

    #[test]
    fn beyond_the_size_the_oldest_go_and_recordings_first() {
        let by_age = [(0, Why::Age), (4, Why::Age)];
        check(30, 1000, &[by_age[0], by_age[1], (5, Why::Size), (6, Why::Size)]);
        check(
            5,
            1000,
            &[by_age[0], by_age[1], (5, Why::Size), (6, Why::Size), (1, Why::Size), (3, Why::Size)],
        );
    }

    #[test]
    fn a_full_disk_is_given_room() {
        check(1000, 965, &[(0, Why::Age), (4, Why::Age), (5, Why::Disk), (6, Why::Disk)]);
        // A disk that does not tell what is free has enough.
        check(1000, u64::MAX, &[(0, Why::Age), (4, Why::Age)]);
        // Enough was freed by age.
        check(1000, 980, &[(0, Why::Age), (4, Why::Age)]);
    }
}
