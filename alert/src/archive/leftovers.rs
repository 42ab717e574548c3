//! Files that the log does not speak of: what the power interrupted is removed, what somebody cut out of the log is put aside.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use gridwatch_domain::{Sha256Hex, Timestamp};

use super::{
    ArchiveError, FILES, LOST, PARTIAL, Shared, all_files, discard, file_of, remove, room::free_bytes,
};

impl Shared {
    /// At a start. `removed`: what the log says was removed.
    pub(super) fn clear_up(&self, removed: &BTreeSet<Sha256Hex>) -> Result<(), ArchiveError> {
        let partial = all_files(&self.folder.join(PARTIAL))?;
        self.put_leftovers_away(removed, &partial.iter().filter_map(|path| inode(path)).collect())?;
        // What these are tells what the leftovers are: they go last.
        partial.iter().try_for_each(|path| remove(path))?;
        self.forget_lost();
        Ok(())
    }

    /// Files that have left the log and are still there are removed, and those that got their name just when the power went: they have
    /// that of a partial file, too. Others of which the log says nothing are put aside: it was cut, altered or taken away.
    fn put_leftovers_away(
        &self,
        removed: &BTreeSet<Sha256Hex>,
        partial: &HashSet<(u64, u64)>,
    ) -> Result<(), ArchiveError> {
        let state = self.state();
        let known: BTreeSet<PathBuf> =
            state.items.iter().map(|(_, kept)| file_of(&self.folder, kept.media, &kept.sha256)).collect();
        let unknown: Vec<PathBuf> =
            all_files(&self.folder.join(FILES))?.into_iter().filter(|path| !known.contains(path)).collect();
        let may_go = |path: &PathBuf| {
            let name = path.file_stem().and_then(|name| name.to_str()?.to_owned().try_into().ok());
            name.is_some_and(|sha256: Sha256Hex| removed.contains(&sha256))
                || inode(path).is_some_and(|inode| partial.contains(&inode))
        };
        let (going, lost): (Vec<_>, Vec<_>) = unknown.into_iter().partition(may_go);
        going.iter().try_for_each(|path| remove(path))?;
        let folder = self.folder.join(LOST);
        for path in &lost {
            let write = |source| ArchiveError::Write { path: path.clone(), source };
            fs::create_dir_all(&folder).map_err(write)?;
            let name = path.file_name().unwrap_or(path.as_os_str());
            fs::rename(path, folder.join(name)).map_err(write)?;
        }
        if !lost.is_empty() {
            let (files, folder) = (lost.len(), folder.display());
            tracing::error!(files, %folder, "the log of evidence does not know these files: it was cut, altered or taken away; they have been put aside");
        }
        Ok(())
    }

    /// While the disk has too little left, what was put aside goes first: it proves nothing.
    pub(super) fn forget_lost_for_room(&self) {
        if free_bytes(&self.folder) >= self.retention.free {
            return;
        }
        for path in all_files(&self.folder.join(LOST)).unwrap_or_default() {
            tracing::warn!(path = %path.display(), "the disk is full: a file that was put aside is removed");
            discard(&path);
            if free_bytes(&self.folder) >= self.retention.free {
                return;
            }
        }
    }

    /// What was put aside goes when evidence of its age would.
    fn forget_lost(&self) {
        let now = self.trusted_time.of(self.clock.now());
        let changed = |path: &Path| {
            Timestamp::from_millisecond(path.metadata().ok()?.mtime().saturating_mul(1000)).ok()
        };
        let is_old =
            |path: &PathBuf| changed(path).is_some_and(|at| now.saturating_since(at) > self.retention.events);
        let lost = all_files(&self.folder.join(LOST)).unwrap_or_default();
        lost.iter().filter(|path| is_old(path)).for_each(|path| discard(path));
    }
}

/// What is the same for all names of a file.
pub(super) fn inode(path: &Path) -> Option<(u64, u64)> {
    path.metadata().ok().map(|about| (about.dev(), about.ino()))
}
