//! The log of evidence: lines that are chained by their hashes, so that none can be altered, left out or put in later.
//!
//! A line is `HASH JSON`: the SHA-256 of the JSON as it stands there, which itself holds the hash of the line before. Files of some MiB,
//! numbered; the chain goes on from one to the next. Whoever has noted a hash can prove everything up to it.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use gridwatch_domain::{Sha256Hex, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{ArchiveError, Entry, Record};

/// Size from which the next file is begun.
const LARGEST_FILE: u64 = 8 << 20;
/// Longest line: an entry has some hundred bytes.
const LONGEST_LINE: usize = 64 << 10;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Unreadable,
    /// Its text is not the one that was hashed.
    Altered,
    /// It does not follow the one before it: something was left out, put in or exchanged.
    Broken,
}

/// One line, as far as it could be read.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) file: PathBuf,
    /// From 1.
    pub(super) number: usize,
    pub(super) entry: Option<Entry>,
    pub(super) fault: Option<Fault>,
}

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Entries so far.
    pub n: u64,
    /// The hash of the last one; zeros where there is none.
    pub hash: Sha256Hex,
}

impl Default for Head {
    fn default() -> Self {
        Self { n: 0, hash: Sha256Hex::from_digest([0; 32]) }
    }
}

/// The SHA-256 of some bytes.
pub(super) fn hash_of(bytes: &[u8]) -> Sha256Hex {
    Sha256Hex::from_digest(Sha256::digest(bytes).into())
}

/// The log's files, oldest first.
///
/// # Errors
/// Where the folder cannot be read.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let read = |source| ArchiveError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for item in std::fs::read_dir(folder).map_err(read)? {
        let path = item.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads all lines of a log in order and judges each. A log that does not begin with entry 1 must say so itself: its beginning was taken
/// away by us, or else by somebody. A last line without its end was being written when the power went: it is left
/// out, and no fault. Gives the head, and how long the last file is without such a line.
///
/// # Errors
/// Where a file cannot be read.
pub(super) fn read(folder: &Path, mut each: impl FnMut(Line)) -> Result<(Head, u64), ArchiveError> {
    let (mut head, mut whole) = (Head::default(), 0);
    // What its first entry follows, and where that is until the log has said so.
    let mut begins: Option<(PathBuf, Head)> = None;
    for (index, path) in files(folder)?.into_iter().enumerate() {
        let read = |source| ArchiveError::Read { path: path.clone(), source };
        let mut reader = BufReader::new(File::open(&path).map_err(read)?);
        whole = 0;
        let mut text = Vec::new();
        for number in 1.. {
            text.clear();
            let length = std::io::Read::take(&mut reader, LONGEST_LINE as u64)
                .read_until(b'\n', &mut text)
                .map_err(read)?;
            if length == 0 || (text.last() != Some(&b'\n') && length < LONGEST_LINE) {
                break;
            }
            whole += length as u64;
            if index == 0
                && number == 1
                && let Some(before) = before(&text).filter(|before| before.n > 0)
            {
                head = before.clone();
                begins = Some((path.clone(), before));
            }
            let (entry, fault) = judge(&text, &mut head);
            if let Some(Record::Shortened { until, hash }) = entry.as_ref().map(|entry| &entry.record)
                && fault.is_none()
            {
                begins = begins.filter(|(_, begins)| (begins.n, &begins.hash) != (*until, hash));
            }
            each(Line { file: path.clone(), number, entry, fault });
        }
    }
    if let Some((file, _)) = begins {
        each(Line { file, number: 1, entry: None, fault: Some(Fault::Broken) });
    }
    Ok((head, whole))
}

/// What the entry in a line says that it follows.
fn before(line: &[u8]) -> Option<Head> {
    let at = line.iter().position(|&byte| byte == b' ')?;
    let entry = serde_json::from_slice::<Entry>(line[at + 1..].trim_ascii_end()).ok()?;
    Some(Head { n: entry.n.checked_sub(1)?, hash: entry.prev })
}

/// The log's first file, and its last entry, where there are others behind it.
///
/// # Errors
/// Where a file cannot be read.
pub(super) fn first_part(folder: &Path) -> Result<Option<(PathBuf, Head)>, ArchiveError> {
    let files = files(folder)?;
    let [first, second, ..] = files.as_slice() else { return Ok(None) };
    let read = |source| ArchiveError::Read { path: second.clone(), source };
    let mut text = Vec::new();
    let mut reader = std::io::Read::take(File::open(second).map_err(read)?, LONGEST_LINE as u64);
    BufReader::new(&mut reader).read_until(b'\n', &mut text).map_err(read)?;
    Ok(before(&text).map(|until| (first.clone(), until)))
}

fn judge(line: &[u8], head: &mut Head) -> (Option<Entry>, Option<Fault>) {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let Some((told, json)) =
        line.iter().position(|&byte| byte == b' ').map(|at| (&line[..at], &line[at + 1..]))
    else {
        return (None, Some(Fault::Unreadable));
    };
    let hash = hash_of(json);
    let entry = serde_json::from_slice::<Entry>(json).ok();
    let fault = match &entry {
        _ if hash.as_str().as_bytes() != told => Some(Fault::Altered),
        None => Some(Fault::Unreadable),
        Some(entry) if entry.prev != head.hash || entry.n != head.n + 1 => Some(Fault::Broken),
        Some(_) => None,
    };
    // What follows is held against this line, so that one fault is told once.
    let n = entry.as_ref().map_or(head.n + 1, |entry| entry.n);
    *head = Head {
        n,
        hash: std::str::from_utf8(told).ok().and_then(|told| told.to_owned().try_into().ok()).unwrap_or(hash),
    };
    (entry, fault)
}

/// The end of the log, to which entries are added.
#[derive(Debug)]
pub(super) struct LogWriter {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    length: u64,
    head: Head,
}

impl LogWriter {
    /// Goes on behind `head`; a last line that is not whole is cut off.
    pub(super) fn open(folder: &Path, head: Head, whole: u64) -> Result<Self, ArchiveError> {
        let path = files(folder)?.pop().unwrap_or_else(|| folder.join(name(1)));
        let write = |source| ArchiveError::Write { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(write)?;
        file.set_len(whole).map_err(write)?;
        super::sync_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), path, file, length: whole, head })
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// Adds records, all of them or none; returns once they are on the disk.
    pub(super) fn append(&mut self, at: Timestamp, records: &[Record]) -> Result<(), ArchiveError> {
        let (mut text, mut head) = (Vec::new(), self.head.clone());
        for record in records {
            let entry = Entry { n: head.n + 1, at, prev: head.hash, record: record.clone() };
            let json = serde_json::to_vec(&entry).expect("entries have string keys and no odd numbers");
            head = Head { n: entry.n, hash: hash_of(&json) };
            text.extend_from_slice(head.hash.as_str().as_bytes());
            text.push(b' ');
            text.extend_from_slice(&json);
            text.push(b'\n');
        }
        if self.length >= LARGEST_FILE {
            self.begin_file()?;
        }
        let written = self
            .file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(&text))
            .and_then(|()| self.file.sync_data());
        if let Err(source) = written {
            // Half a line would be taken for an altered one.
            if let Err(error) = self.file.set_len(self.length) {
                tracing::error!(path = %self.path.display(), %error, "the log of evidence cannot be mended");
            }
            return Err(ArchiveError::Write { path: self.path.clone(), source });
        }
        self.length += text.len() as u64;
        self.head = head;
        Ok(())
    }

    /// Goes on in the next file.
    pub(super) fn begin_file(&mut self) -> Result<(), ArchiveError> {
        // After the last one: somebody may have taken the first ones away.
        let last = self.path.file_stem().and_then(|stem| stem.to_str()?.parse::<usize>().ok());
        let path = self.folder.join(name(last.unwrap_or(0) + 1));
        let write = |source| ArchiveError::Write { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(write)?;
        // One that is there already was begun by us, and something failed before it was used.
        if file.metadata().map_err(write)?.len() > 0 {
            return Err(write(std::io::ErrorKind::AlreadyExists.into()));
        }
        super::sync_folder(&self.folder)?;
        (self.path, self.file, self.length) = (path, file, 0);
        Ok(())
    }
}

fn name(number: usize) -> String {
    format!("{number:06}.log")
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::EventId;

    use super::*;

    #[test]
    fn a_log_of_several_files_is_one_chain() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let event = EventId::from_parts(Timestamp::UNIX_EPOCH, [1; 10]);
        let records = |count| vec![Record::Protected { event }; count];
        let mut log = LogWriter::open(folder.path(), Head::default(), 0).expect("writable");
        log.append(Timestamp::UNIX_EPOCH, &records(40_000)).expect("writable");
        // What somebody else has put there is not written over; what we had begun ourselves is gone on with.
        let next = folder.path().join("000002.log");
        std::fs::write(&next, "not ours").expect("writable");
        assert!(log.append(Timestamp::UNIX_EPOCH, &records(1)).is_err());
        std::fs::write(&next, "").expect("writable");
        log.append(Timestamp::UNIX_EPOCH, &records(2)).expect("writable");
        let (mut faults, mut last) = (0, None);
        let (head, whole) = read(folder.path(), |line| {
            faults += usize::from(line.fault.is_some());
            last = Some((line.file, line.number));
        })
        .expect("readable");
        assert_eq!((head.n, faults), (40_002, 0));
        assert_eq!(last, Some((folder.path().join("000002.log"), 2)));

        let mut log = LogWriter::open(folder.path(), head, whole).expect("writable");
        log.append(Timestamp::UNIX_EPOCH, &records(1)).expect("writable");
        let (head, _) = read(folder.path(), |line| assert_eq!(line.fault, None)).expect("readable");
        assert_eq!(&head, log.head());
    }
}
