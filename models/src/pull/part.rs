//! What is there of a file so far: `X.part`, and in `X.part.from` where it comes from and which version it is.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::PullError;
use crate::DownloadUrl;

/// A `.part` that is ours alone, until it is dropped.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    len: u64,
}

impl Part {
    /// Opens the part of `target`, or begins one. Where another process has it, `waiting` is told, and then waited.
    pub(super) fn lock(target: &Path, waiting: &mut dyn FnMut()) -> Result<Self, PullError> {
        let mut path = target.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        loop {
            let file = Self::locked(&path, waiting).map_err(|source| PullError::disk(&path, source))?;
            // The other one may have put it in place, or thrown it away, while we waited: then it is no part any more.
            let ours = file.metadata().map_err(|source| PullError::disk(&path, source))?;
            let is_still_it =
                fs::metadata(&path).is_ok_and(|now| (now.dev(), now.ino()) == (ours.dev(), ours.ino()));
            if is_still_it {
                return Ok(Self { path, file, len: ours.len() });
            }
        }
    }

    fn locked(path: &Path, waiting: &mut dyn FnMut()) -> io::Result<File> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(file)
    }

    /// Bytes that are there.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// From which byte on to ask `url` for the rest, and for which version; `None` where the beginning is needed.
    pub(super) fn resumable(&self, url: &DownloadUrl) -> Option<(u64, String)> {
        let noted = fs::read_to_string(self.note()).ok()?;
        let (from, tag) = noted.split_once('\n')?;
        (self.len > 0 && from == url.as_str()).then(|| (self.len, tag.to_owned()))
    }

    /// Begins anew, with the version that `tag` names, if the server names one that can be held against a later one.
    pub(super) fn restart(&mut self, url: &DownloadUrl, tag: Option<&str>) -> Result<(), PullError> {
        self.file.set_len(0).map_err(|source| self.failed(source))?;
        self.len = 0;
        let note = self.note();
        match tag {
            Some(tag) => fs::write(&note, format!("{url}\n{tag}")),
            None => fs::remove_file(&note).or_else(gone),
        }
        .map_err(|source| PullError::disk(&note, source))
    }

    /// Appends.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), PullError> {
        let written = self.file.seek(SeekFrom::Start(self.len)).and_then(|_| self.file.write_all(bytes));
        written.map_err(|source| self.failed(source))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Everything that is there.
    pub(super) fn read(&mut self) -> Result<Vec<u8>, PullError> {
        let mut content = Vec::new();
        let read = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.read_to_end(&mut content));
        read.map_err(|source| self.failed(source))?;
        Ok(content)
    }

    /// Puts it in its place, durably and at once.
    pub(super) fn finish(self, target: &Path) -> Result<(), PullError> {
        let placed = self.file.sync_all().and_then(|()| fs::rename(&self.path, target));
        placed.map_err(|source| self.failed(source))?;
        let note = self.note();
        fs::remove_file(&note).or_else(gone).map_err(|source| PullError::disk(&note, source))?;
        let folder =
            target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| PullError::disk(folder, source))
    }

    /// Throws it away.
    pub(super) fn discard(self) -> Result<(), PullError> {
        for path in [self.path.clone(), self.note()] {
            fs::remove_file(&path).or_else(gone).map_err(|source| PullError::disk(&path, source))?;
        }
        Ok(())
    }

    fn note(&self) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(".from");
        path.into()
    }

    fn failed(&self, source: io::Error) -> PullError {
        PullError::disk(&self.path, source)
    }
}

/// What is not there need not be removed.
fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}
