//! Which files go, and in which order. Pure.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use gridwatch_domain::{EventId, EventKind, Sha256Hex, Timestamp};

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
    ///
    /// What is kept for several events is one file: its bytes count once, it makes room only where none of them needs it any more, and
    /// then they lose it together.
    pub(super) fn to_remove<'a>(
        &self,
        items: impl Iterator<Item = (u64, &'a Kept)> + Clone,
        protected: &BTreeSet<EventId>,
        need: &Need,
    ) -> Vec<(u64, Why)> {
        let Need { now, free, growing, only_recordings } = *need;
        let may_go = |kept: &Kept| kept.event.is_none_or(|event| !protected.contains(&event));
        let is_old = |kept: &Kept| may_go(kept) && now.saturating_since(kept.until) > self.of(kept);
        let mut files = Files::new(items.clone());
        let (mut total, mut free) = (files.bytes().saturating_add(growing), free);
        let mut gone: Vec<(u64, Why)> = Vec::new();
        for (n, kept) in items.clone().filter(|(_, kept)| is_old(kept)) {
            let freed = files.remove(n, kept);
            (total, free) = (total - freed, free.saturating_add(freed));
            gone.push((n, Why::Age));
        }
        let is_recording = |(_, kept): &(u64, &Kept)| kept.media == Media::Recording;
        let left = items.filter(|(_, kept)| !is_old(kept));
        let stays = left.clone().filter(|item| !may_go(item.1) || only_recordings && !is_recording(item));
        files.hold(stays);
        // What is recorded always is not worth what has happened.
        let in_order = left.clone().filter(is_recording).chain(left.filter(|item| !is_recording(item)));
        // A little more than has to: so it need not be looked for again with every file.
        let most = if total > self.size { self.size - self.size / ROOM } else { self.size };
        for (_, kept) in in_order {
            let why = match (total > most, free < self.free) {
                (true, _) => Why::Size,
                (false, true) => Why::Disk,
                (false, false) => break,
            };
            let numbers = files.take(kept);
            if !numbers.is_empty() {
                (total, free) = (total - kept.bytes, free.saturating_add(kept.bytes));
                gone.extend(numbers.into_iter().map(|n| (n, why)));
            }
        }
        gone
    }
}

/// The files behind what is kept, by their content, with the numbers of what they are kept as.
struct Files<'a>(HashMap<&'a Sha256Hex, (u64, Vec<u64>)>);

impl<'a> Files<'a> {
    fn new(items: impl Iterator<Item = (u64, &'a Kept)>) -> Self {
        let mut files = HashMap::new();
        for (n, kept) in items {
            files.entry(&kept.sha256).or_insert_with(|| (kept.bytes, Vec::new())).1.push(n);
        }
        Self(files)
    }

    fn bytes(&self) -> u64 {
        self.0.values().map(|(bytes, _)| bytes).sum()
    }

    /// One is not kept any more. Gives the bytes that this frees.
    fn remove(&mut self, n: u64, kept: &'a Kept) -> u64 {
        let Some((_, numbers)) = self.0.get_mut(&kept.sha256) else { return 0 };
        numbers.retain(|one| *one != n);
        if numbers.is_empty() { self.0.remove(&kept.sha256).map_or(0, |(bytes, _)| bytes) } else { 0 }
    }

    /// These stay, and with them their files.
    fn hold(&mut self, items: impl Iterator<Item = (u64, &'a Kept)>) {
        for (_, kept) in items {
            self.0.remove(&kept.sha256);
        }
    }

    /// All that a file is kept as, now that it goes; nothing where it stays, or is gone.
    fn take(&mut self, kept: &'a Kept) -> Vec<u64> {
        self.0.remove(&kept.sha256).map_or_else(Vec::new, |(_, numbers)| numbers)
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::CameraId;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn event(number: u8) -> EventId {
        EventId::from_parts(Timestamp::UNIX_EPOCH, [number; 10])
    }

    fn kept(media: Media, kind: Option<EventKind>, of: Option<u8>, days: u8) -> Kept {
        let until = Timestamp::UNIX_EPOCH.saturating_add(DAY * days.into());
        Kept {
            sha256: Sha256Hex::from_digest([days; 32]),
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

    #[test]
    fn one_file_for_several_events_counts_once_and_goes_when_none_of_them_needs_it() {
        let retention =
            Retention { events: DAY * 30, kinds: BTreeMap::new(), recordings: DAY, size: 25, free: 0 };
        let clip = |of, days| kept(Media::Clip, None, Some(of), days);
        let of_another = |of, other: &Kept| Kept { event: Some(event(of)), ..other.clone() };
        let (first, third) = (clip(1, 1), clip(3, 2));
        let items = [&first, &of_another(2, &first), &third, &of_another(4, &third)].map(Clone::clone);
        let remove = |size, protected: &[u8]| {
            let numbered = items.iter().enumerate().map(|(n, kept)| (n as u64, kept));
            let protected = protected.iter().map(|number| event(*number)).collect();
            let need = Need { now: third.until, free: u64::MAX, growing: 0, only_recordings: false };
            Retention { size, ..retention.clone() }.to_remove(numbered, &protected, &need)
        };
        // Two files of ten bytes each, whatever they are kept for.
        assert_eq!(remove(20, &[]), []);
        assert_eq!(remove(19, &[]), [(0, Why::Size), (1, Why::Size)]);
        // Taking it from the first event alone would free nothing.
        assert_eq!(remove(19, &[2]), [(2, Why::Size), (3, Why::Size)]);
        assert_eq!(remove(19, &[1, 4]), []);
    }

    #[test]
    fn a_file_that_one_event_keeps_longer_than_another_is_there_for_as_long() {
        let kinds = [(EventKind::FireLane, DAY * 90)].into();
        let retention = Retention { events: DAY * 30, kinds, recordings: DAY, size: 9, free: 0 };
        let short = kept(Media::Clip, Some(EventKind::NoParking), Some(1), 0);
        let long = Kept { event: Some(event(2)), kind: Some(EventKind::FireLane), ..short.clone() };
        let now = Timestamp::UNIX_EPOCH.saturating_add(DAY * 40);
        let need = Need { now, free: u64::MAX, growing: 0, only_recordings: false };
        let gone = retention.to_remove([(0, &short), (1, &long)].into_iter(), &BTreeSet::new(), &need);
        assert_eq!(gone, [(0, Why::Age), (1, Why::Size)], "by age nothing was freed");
    }
}
