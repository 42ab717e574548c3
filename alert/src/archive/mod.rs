//! Evidence on the box: files named by their hashes, a chained log of them, and what becomes of them with time.
//!
//! A file has its name only once it is whole and on the disk; the log is written after that. What is being written has another
//! name in another folder, and is thrown away if the process ends. What gives way, when there are too many, is told in the log.
//! All of it blocks: keep it off the async runtime.

mod items;
mod leftovers;
mod log;
mod record;
mod retention;
mod room;
mod shorten;
mod verify;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use gridwatch_domain::{EventId, Sha256Hex, Timestamp};
use gridwatch_runtime::{Chain, Metrics, SharedClock};
use prometheus::{IntCounterVec, IntGauge};
use tokio::sync::watch;

use self::items::Items;
pub use self::{
    log::{Fault, Head},
    record::{Entry, Kept, Media, Record, Why},
    retention::Retention,
    verify::{Finding, Listed, Verified, list, sha256_of, verify},
};
use crate::trusted_time::TrustedTime;

const LOG: &str = "log";
const FILES: &str = "files";
const PARTIAL: &str = "partial";
const LOST: &str = "lost";
const LOCK: &str = "lock";

/// Why evidence cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// Another process has it.
    #[error("{} is in use: another gridwatch edge runs with the same state folder", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// What.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk is full, and what is there has to stay.
    #[error(
        "no room for evidence: the disk is full, and all that may be removed was removed; free some space on it"
    )]
    Full,
}

impl ArchiveError {
    /// Whether there is no room on the disk.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Write { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// What a file is about, for the log.
#[derive(Debug, Clone)]
pub struct About {
    /// What it shows.
    pub media: Media,
    /// Which camera it comes from.
    pub camera: gridwatch_domain::CameraId,
    /// The event that it shows, and its kind.
    pub event: Option<(EventId, gridwatch_domain::EventKind)>,
    /// When its first picture was taken.
    pub from: gridwatch_domain::Timestamp,
    /// When its last one was.
    pub until: gridwatch_domain::Timestamp,
}

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveStatus {
    /// Files; what is kept for several events is one.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Events whose files stay.
    pub protected: u64,
    /// Where the chain ends.
    pub head: Head,
}

/// The evidence of one box. Clones share it.
#[derive(Clone)]
pub struct Archive {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    retention: Retention,
    clock: SharedClock,
    metrics: ArchiveMetrics,
    next_partial: AtomicU64,
    /// Bytes of the files that are being written.
    growing: Mutex<BTreeMap<PathBuf, u64>>,
    state: Mutex<State>,
    /// Why nothing can be kept at present, for people.
    problem: watch::Sender<Option<String>>,
    trusted_time: TrustedTime,
    /// Held as long as the archive is open.
    _lock: File,
}

struct State {
    log: log::LogWriter,
    items: Items,
    protected: BTreeSet<EventId>,
    /// What happened and could not be written, for want of room: it comes before all else.
    owed: Vec<Record>,
}

impl State {
    /// Writes what happened; all of it or nothing.
    fn append(&mut self, at: Timestamp, records: &[Record]) -> Result<(), ArchiveError> {
        let all: Vec<Record> = self.owed.iter().chain(records).cloned().collect();
        self.log.append(at, &all)?;
        self.owed.clear();
        Ok(())
    }
}

struct ArchiveMetrics {
    files: IntGauge,
    bytes: IntGauge,
    removed: IntCounterVec,
}

impl ArchiveMetrics {
    fn new(metrics: &Metrics) -> Self {
        let gauge = |name, help| metrics.gauges(name, help, &[]).with_label_values::<&str>(&[]);
        let removed = metrics.counters(
            "gridwatch_alert_evidence_removed_total",
            "Files of evidence that were removed, by reason: age, size (of all together), disk (it was full).",
            &["why"],
        );
        for why in Why::ALL {
            removed.with_label_values(&[why.as_str()]);
        }
        Self {
            files: gauge("gridwatch_alert_evidence_files", "Files of evidence on the box."),
            bytes: gauge("gridwatch_alert_evidence_bytes", "Their bytes."),
            removed,
        }
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive({})", self.shared.folder.display())
    }
}

impl Archive {
    /// Opens the evidence in `folder`, or begins it where there is none. What was being written when the process ended is removed. A log
    /// that was altered is told as an error in the log of the process, and gone on with: its faults stay visible.
    ///
    /// # Errors
    /// [`ArchiveError`] where it is in use, or the disk does not let it.
    pub fn open(
        folder: &Path,
        retention: Retention,
        clock: SharedClock,
        metrics: &Metrics,
    ) -> Result<Self, ArchiveError> {
        for part in [LOG, FILES, PARTIAL] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(|source| ArchiveError::Write { path, source })?;
        }
        // All of them now: a folder that is made later would have to be on the disk before the log speaks of what is in it.
        for first in 0..=u8::MAX {
            let path = folder.join(FILES).join(format!("{first:02x}"));
            fs::create_dir_all(&path).map_err(|source| ArchiveError::Write { path, source })?;
        }
        sync_folder(&folder.join(FILES))?;
        let lock = lock_folder(folder)?;
        let (mut items, mut protected, mut faults) = (Items::default(), BTreeSet::new(), 0_u64);
        let (mut removed, mut last_at) = (BTreeSet::new(), None);
        let (head, whole) = log::read(&folder.join(LOG), |line| {
            faults += u64::from(line.fault.is_some());
            let Some(entry) = line.entry else { return };
            last_at = Some(entry.at);
            match entry.record {
                Record::Kept(kept) => items.insert(entry.n, kept),
                Record::Removed { entry, .. } => removed.extend(items.remove(entry).map(|kept| kept.sha256)),
                Record::Protected { event } => drop(protected.insert(event)),
                Record::Released { event } => drop(protected.remove(&event)),
                Record::Shortened { .. } => {}
            }
        })?;
        if faults > 0 {
            tracing::error!(folder = %folder.display(), lines = faults, "the log of evidence was altered; see `gridwatch evidence verify`");
        }
        let log = log::LogWriter::open(&folder.join(LOG), head, whole)?;
        let trusted_time = TrustedTime::new(last_at, clock.now());
        let shared = Shared {
            folder: folder.to_owned(),
            retention,
            clock,
            metrics: ArchiveMetrics::new(metrics),
            next_partial: AtomicU64::new(0),
            growing: Mutex::default(),
            state: Mutex::new(State { log, items, protected, owed: Vec::new() }),
            trusted_time,
            problem: watch::Sender::new(None),
            _lock: lock,
        };
        shared.clear_up(&removed)?;
        shared.show(&shared.state());
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A path of its own for a file that is about to be written. Makes room on the disk first.
    ///
    /// # Errors
    /// [`ArchiveError::Full`] where there is none.
    pub fn begin(&self, media: Media) -> Result<PathBuf, ArchiveError> {
        self.shared.noting(self.shared.make_room(media))?;
        let number = self.shared.next_partial.fetch_add(1, Ordering::Relaxed);
        let path = self.shared.folder.join(PARTIAL).join(format!("{number}.{}", media.extension()));
        self.shared.growing().insert(path.clone(), 0);
        Ok(path)
    }

    /// Says that a file from [`begin`](Self::begin) has so many bytes by now. Makes room for more of it.
    ///
    /// # Errors
    /// [`ArchiveError::Full`] where there is none: it should be ended, and kept or given up.
    pub fn grows(&self, partial: &Path, media: Media, bytes: u64) -> Result<(), ArchiveError> {
        self.shared.growing().insert(partial.to_owned(), bytes);
        self.shared.noting(self.shared.make_room(media))
    }

    /// Gives up a file from [`begin`](Self::begin): nothing is left of it.
    pub fn give_up(&self, partial: &Path) {
        discard(partial);
        self.shared.growing().remove(partial);
    }

    /// Keeps a file that is whole, written under a path from [`begin`](Self::begin).
    ///
    /// # Errors
    /// [`ArchiveError`]; the file is removed then.
    pub fn keep(&self, partial: &Path, about: About) -> Result<Sha256Hex, ArchiveError> {
        let kept = self.take_in(partial, about);
        if kept.is_err() {
            self.give_up(partial);
        } else {
            self.shared.growing().remove(partial);
            self.shared.problem.send_if_modified(|known| known.take().is_some());
        }
        self.shared.noting(kept)
    }

    /// Keeps some bytes as a file.
    ///
    /// # Errors
    /// [`ArchiveError`]; nothing is left of it then.
    pub fn keep_bytes(&self, bytes: &[u8], about: About) -> Result<Sha256Hex, ArchiveError> {
        let path = self.begin(about.media)?;
        let written =
            File::create(&path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        if let Err(source) = written {
            self.give_up(&path);
            return self.shared.noting(Err(ArchiveError::Write { path, source }));
        }
        self.keep(&path, about)
    }

    /// Why nothing can be kept at present, for people; changes are told.
    pub fn problem(&self) -> watch::Receiver<Option<String>> {
        self.shared.problem.subscribe()
    }

    /// All files of an event, oldest first.
    pub fn of_event(&self, event: EventId) -> Vec<Kept> {
        self.shared.state().items.of_event(event)
    }

    /// Recordings of a camera that show something between two times, oldest first.
    pub fn recordings(
        &self,
        camera: &gridwatch_domain::CameraId,
        from: gridwatch_domain::Timestamp,
        until: gridwatch_domain::Timestamp,
    ) -> Vec<Kept> {
        let state = self.shared.state();
        let shows = |kept: &&Kept| {
            kept.media == Media::Recording
                && kept.camera == *camera
                && kept.until >= from
                && kept.from <= until
        };
        state.items.iter().map(|(_, kept)| kept).filter(shows).cloned().collect()
    }

    /// Where a file lies, and what it is.
    pub fn find(&self, sha256: &Sha256Hex) -> Option<(PathBuf, Kept)> {
        let state = self.shared.state();
        let kept = state.items.of_content(sha256)?.clone();
        Some((file_of(&self.shared.folder, kept.media, sha256), kept))
    }

    /// Whether the files of an event stay, whatever their age and size.
    ///
    /// # Errors
    /// [`ArchiveError::Write`].
    pub fn protect(&self, event: EventId, stays: bool) -> Result<(), ArchiveError> {
        let mut state = self.shared.state();
        if state.protected.contains(&event) == stays {
            return Ok(());
        }
        let record = if stays { Record::Protected { event } } else { Record::Released { event } };
        state.append(self.shared.clock.now(), &[record])?;
        if stays {
            state.protected.insert(event)
        } else {
            state.protected.remove(&event)
        };
        Ok(())
    }

    /// Whether the files of an event stay.
    pub fn is_protected(&self, event: EventId) -> bool {
        self.shared.state().protected.contains(&event)
    }

    /// Removes what is too old or too much. Gives how many files that were.
    ///
    /// # Errors
    /// [`ArchiveError::Write`] where the log cannot be written; nothing is removed then.
    pub fn tidy(&self) -> Result<usize, ArchiveError> {
        self.shared.tidy()
    }

    /// How much there is.
    pub fn status(&self) -> ArchiveStatus {
        let state = self.shared.state();
        ArchiveStatus {
            files: state.items.files() as u64,
            bytes: state.items.bytes(),
            protected: state.protected.len() as u64,
            head: state.log.head().clone(),
        }
    }

    fn take_in(&self, partial: &Path, about: About) -> Result<Sha256Hex, ArchiveError> {
        let shared = &self.shared;
        let read = |source| ArchiveError::Read { path: partial.to_owned(), source };
        let bytes = partial.metadata().map_err(read)?.len();
        let sha256 = sha256_of(partial).map_err(read)?;
        let path = file_of(&shared.folder, about.media, &sha256);
        let write = |source| ArchiveError::Write { path: path.clone(), source };
        let folder = path.parent().unwrap_or(&shared.folder);
        let kept = Kept {
            sha256: sha256.clone(),
            media: about.media,
            bytes,
            camera: about.camera,
            event: about.event.map(|(event, _)| event),
            kind: about.event.map(|(_, kind)| kind),
            from: about.from,
            until: about.until,
        };
        let mut state = shared.state();
        // It has both names until the log knows it: what the power interrupts can be told from what was cut out of the log. The same
        // may be there already, and stays as it is. Some file systems know no second names.
        let is_there = state.items.of_content(&sha256).is_some() && path.exists();
        if !is_there && fs::hard_link(partial, &path).is_err() {
            fs::rename(partial, &path).map_err(write)?;
        }
        let told = sync_folder(folder)
            .and_then(|()| state.append(shared.clock.now(), &[Record::Kept(kept.clone())]));
        if let Err(error) = told {
            // The log does not know it: nobody would ever look for it.
            if state.items.of_content(&sha256).is_none() {
                discard(&path);
            }
            return Err(error);
        }
        let n = state.log.head().n;
        state.items.insert(n, kept);
        shared.show(&state);
        discard(partial);
        Ok(sha256)
    }
}

impl Shared {
    /// Tells of a failure.
    fn noting<T>(&self, outcome: Result<T, ArchiveError>) -> Result<T, ArchiveError> {
        if let Err(error) = &outcome {
            // Without the file's name, which is another one each time.
            let why = match error {
                ArchiveError::Write { source, .. } | ArchiveError::Read { source, .. } => source.to_string(),
                other => Chain(other).to_string(),
            };
            let told = format!("证据存不下 / evidence cannot be kept on the box: {why}");
            self.problem.send_if_modified(|known| {
                let is_news = known.as_ref() != Some(&told);
                *known = Some(told);
                is_news
            });
        }
        outcome
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, state: &State) {
        self.metrics.files.set(i64::try_from(state.items.files()).unwrap_or(i64::MAX));
        self.metrics.bytes.set(i64::try_from(state.items.bytes()).unwrap_or(i64::MAX));
    }
}

fn file_of(folder: &Path, media: Media, sha256: &Sha256Hex) -> PathBuf {
    let name = sha256.as_str();
    folder.join(FILES).join(&name[..2]).join(format!("{name}.{}", media.extension()))
}

fn lock_folder(folder: &Path) -> Result<File, ArchiveError> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|source| ArchiveError::Write { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(ArchiveError::Locked { path: folder.to_owned() }),
        Err(fs::TryLockError::Error(source)) => Err(ArchiveError::Write { path, source }),
    }
}

/// All files below a folder; none where there is no such folder.
fn all_files(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let read = |source| ArchiveError::Read { path: folder.to_owned(), source };
    let mut files = Vec::new();
    let items = match fs::read_dir(folder) {
        Ok(items) => items,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(read(error)),
    };
    for item in items {
        let item = item.map_err(read)?;
        if item.file_type().map_err(read)?.is_dir() {
            files.extend(all_files(&item.path())?);
        } else {
            files.push(item.path());
        }
    }
    Ok(files)
}

fn remove(path: &Path) -> Result<(), ArchiveError> {
    fs::remove_file(path).map_err(|source| ArchiveError::Write { path: path.to_owned(), source })
}

fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a file cannot be removed");
    }
}

fn sync_folder(folder: &Path) -> Result<(), ArchiveError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| ArchiveError::Write { path: folder.to_owned(), source })
}
