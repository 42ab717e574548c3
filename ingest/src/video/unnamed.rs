//! A file that gets its name only once it is whole. Where the file system can, it has none until then, so that nothing is left of it however the
//! process ends; else it has a hidden one beside the place where it is to be.

use std::{
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};

/// What a file without a name is reached by.
const BY_NUMBER: &str = "/proc/self/fd";

pub(super) struct UnnamedFile {
    path: PathBuf,
    hidden: PathBuf,
    /// The file, where it has no name at all.
    nameless: Option<File>,
    is_published: bool,
}

impl UnnamedFile {
    /// A file that is to be at `path`, in place of what is there, and a handle to write it.
    pub(super) fn create(path: &Path) -> io::Result<(Self, File)> {
        if std::fs::metadata(path).is_ok_and(|about| !about.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is there, and no regular file"));
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.part", std::process::id()));
        let hidden = folder.join(hidden);
        let nameless = nameless(folder);
        let file = match &nameless {
            Some(file) => file.try_clone()?,
            None => File::create(&hidden)?,
        };
        Ok((Self { path: path.to_owned(), hidden, nameless, is_published: false }, file))
    }

    /// Gives it its name.
    pub(super) fn publish(mut self) -> io::Result<()> {
        if let Some(file) = &self.nameless {
            linkat(CWD, by_number(file), CWD, &self.hidden, AtFlags::SYMLINK_FOLLOW)?;
        }
        std::fs::rename(&self.hidden, &self.path)?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for UnnamedFile {
    fn drop(&mut self) {
        // Absent where it has had no name yet.
        if !self.is_published && std::fs::remove_file(&self.hidden).is_err() {
            tracing::trace!("an unfinished file had no name");
        }
    }
}

/// A file without a name, where there can be such in this folder.
fn nameless(folder: &Path) -> Option<File> {
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let file = File::from(open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode).ok()?);
    by_number(&file).exists().then_some(file)
}

fn by_number(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd as _;
    Path::new(BY_NUMBER).join(file.as_raw_fd().to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_is_there_once_it_is_whole_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.mp4");
        std::fs::write(&path, "old").expect("writable");
        let (unnamed, mut file) = UnnamedFile::create(&path).expect("created");
        file.write_all(b"new").expect("writable");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "old");
        unnamed.publish().expect("published");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "new");
        assert_eq!(names(folder.path()), ["out.mp4"]);
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        for has_name in [false, true] {
            let (mut unnamed, _) = UnnamedFile::create(&folder.path().join("out.mp4")).expect("created");
            if has_name {
                std::fs::write(&unnamed.hidden, "part").expect("writable");
                unnamed.nameless = None;
            }
            drop(unnamed);
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(UnnamedFile::create(folder.path()).is_err());
        assert!(UnnamedFile::create(Path::new("/dev/null")).is_err());
        assert!(UnnamedFile::create(&folder.path().join("no/such/out.mp4")).is_err());
    }
}
