//! Takes the log's beginning away once hardly anything is left of what it tells of: a log that only grows fills the disk, and is read
//! at each start.

use gridwatch_runtime::Chain;

use super::{ArchiveError, Record, Shared, State, Why, discard, log};

/// The log's first file goes when of its files no more are left than this; they are told of again at its end.
const MOST_MOVED: usize = 1000;

impl Shared {
    /// Takes the log's first file away if it may go. Where that fails the log is long for the time being, and all else goes on.
    pub(super) fn shorten_log(&self, state: &mut State) {
        if let Err(error) = self.try_to_shorten_log(state) {
            tracing::warn!(error = %Chain(&error), "the log of evidence cannot be shortened");
        }
    }

    fn try_to_shorten_log(&self, state: &mut State) -> Result<(), ArchiveError> {
        let Some((path, until)) = log::first_part(&self.folder.join(super::LOG))? else { return Ok(()) };
        let moved: Vec<_> =
            state.items.up_to(until.n).take(MOST_MOVED + 1).map(|(n, kept)| (n, kept.clone())).collect();
        if moved.len() > MOST_MOVED {
            return Ok(());
        }
        let mut records = Vec::with_capacity(2 * moved.len() + state.protected.len() + 1);
        for (n, kept) in &moved {
            records.push(Record::Removed { entry: *n, sha256: kept.sha256.clone(), why: Why::Moved });
            records.push(Record::Kept(kept.clone()));
        }
        records.extend(state.protected.iter().map(|event| Record::Protected { event: *event }));
        records.push(Record::Shortened { until: until.n, hash: until.hash });
        let before = state.log.head().n + state.owed.len() as u64;
        state.append(self.clock.now(), &records)?;
        for (index, (n, kept)) in (0..).zip(moved) {
            state.items.remove(n);
            state.items.insert(before + 2 * index + 2, kept);
        }
        // Only now: without the word about it a log that begins in the middle looks like one that was cut.
        discard(&path);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use gridwatch_domain::{CameraId, EventId, EventKind, Timestamp};
    use gridwatch_runtime::{Clock as _, ManualClock, Metrics};

    use super::*;
    use crate::{About, Archive, Fault, Finding, Media, Retention, verify};

    const DAY: Duration = Duration::from_secs(86_400);

    fn event(number: u8) -> EventId {
        EventId::from_parts(Timestamp::UNIX_EPOCH, [number; 10])
    }

    #[test]
    fn the_logs_beginning_goes_with_its_files_and_what_stays_is_told_of_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH.saturating_add(DAY * 100));
        let open = || {
            let (kinds, size) = (Default::default(), 1 << 30);
            let retention = Retention { events: DAY * 30, kinds, recordings: DAY, size, free: 0 };
            Archive::open(folder.path(), retention, clock.clone(), &Metrics::new()).expect("it opens")
        };
        let keep = |archive: &Archive, number: u8| {
            let (from, until) = (clock.now(), clock.now());
            let event = Some((event(number), EventKind::FireLane));
            let camera = CameraId::new("gate").expect("valid");
            let about = About { media: Media::Snapshot, camera, event, from, until };
            archive.keep_bytes(&[number; 100], about).expect("it is kept");
        };
        let findings = || verify(folder.path(), None, &mut |_, _| {}).expect("it can be read").findings;
        let logs = || log::files(&folder.path().join("log")).expect("it can be read").len();

        let archive = open();
        (1..=20).for_each(|number| keep(&archive, number));
        archive.protect(event(7), true).expect("written");
        archive.shared.state().log.begin_file().expect("written");
        clock.advance(DAY * 31);
        (21..=22).for_each(|number| keep(&archive, number));
        assert_eq!(archive.tidy().expect("written"), 19, "all but the protected one");
        assert_eq!((logs(), findings()), (1, vec![]), "nothing but the protected one was left of the first");
        let kept = |archive: &Archive| [7, 8, 21, 22].map(|number| archive.of_event(event(number)).len());
        assert_eq!(kept(&archive), [1, 0, 1, 1]);
        drop(archive);

        let archive = open();
        assert_eq!((kept(&archive), archive.is_protected(event(7))), ([1, 0, 1, 1], true));
        assert_eq!((archive.status().files, findings()), (3, vec![]));
        // Once more by us, and then by somebody else.
        archive.shared.state().log.begin_file().expect("written");
        keep(&archive, 23);
        archive.tidy().expect("written");
        assert_eq!((logs(), findings()), (1, vec![]));
        archive.shared.state().log.begin_file().expect("written");
        keep(&archive, 24);
        drop(archive);
        let first = log::files(&folder.path().join("log")).expect("it can be read").remove(0);
        fs::remove_file(first).expect("it is there");
        let found = findings();
        let is_broken =
            |finding: &Finding| matches!(finding, Finding::Line { line: 1, fault: Fault::Broken, .. });
        assert!(found.iter().any(is_broken), "{found:?}");
    }
}
