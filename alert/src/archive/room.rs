//! Room for what is to be kept: what is too old or too much goes, and the log tells of it first.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{MutexGuard, PoisonError},
};

use super::{ArchiveError, Media, Record, Shared, Why, discard, file_of, retention::Need};

impl Shared {
    pub(super) fn growing(&self) -> MutexGuard<'_, BTreeMap<PathBuf, u64>> {
        self.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes something only where there is too much, what is being written included, or the disk has too little left: what is merely
    /// old can wait for its minute. For a recording nothing goes but other recordings.
    pub(super) fn make_room(&self, media: Media) -> Result<(), ArchiveError> {
        let has_room = || {
            let growing: u64 = self.growing().values().sum();
            let bytes = self.state().items.bytes().saturating_add(growing);
            bytes <= self.retention.size && free_bytes(&self.folder) >= self.retention.free
        };
        if has_room() {
            return Ok(());
        }
        self.tidy_for(Some(media))?;
        if has_room() { Ok(()) } else { Err(ArchiveError::Full) }
    }

    pub(super) fn tidy(&self) -> Result<usize, ArchiveError> {
        self.tidy_for(None)
    }

    fn tidy_for(&self, media: Option<Media>) -> Result<usize, ArchiveError> {
        self.forget_lost_for_room();
        let mut state = self.state();
        let now = self.clock.now();
        let (by, free) = (self.trusted_time.of(now), free_bytes(&self.folder));
        let growing = self.growing().values().sum();
        let need = Need { now: by, free, growing, only_recordings: media == Some(Media::Recording) };
        let gone = self.retention.to_remove(state.items.iter(), &state.protected, &need);
        if gone.is_empty() {
            self.shorten_log(&mut state);
            return Ok(0);
        }
        let word = |(n, why): &(u64, Why)| {
            let sha256 = state.items.get(*n)?.sha256.clone();
            Some(Record::Removed { entry: *n, sha256, why: *why })
        };
        let records: Vec<Record> = gone.iter().filter_map(word).collect();
        // First the log: a file that is missing without a word in it would look like theft. Without room for the word there is room only
        // after the file; it is owed until then.
        match state.append(now, &records) {
            Ok(()) => {}
            Err(error) if error.is_full() => state.owed.extend(records),
            Err(error) => return Err(error),
        }
        for (n, why) in &gone {
            let Some(kept) = state.items.remove(*n) else { continue };
            if state.items.of_content(&kept.sha256).is_none() {
                discard(&file_of(&self.folder, kept.media, &kept.sha256));
            }
            self.metrics.removed.with_label_values(&[why.as_str()]).inc();
        }
        if !state.owed.is_empty() {
            state.append(now, &[])?;
        }
        self.shorten_log(&mut state);
        self.show(&state);
        Ok(gone.len())
    }
}

/// What the disk has left for us; everything where it does not tell.
pub(super) fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}
