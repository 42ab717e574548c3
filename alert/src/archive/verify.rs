//! Whether evidence is still what it was: the chain of the log, and each file against it.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use gridwatch_domain::{EventId, Sha256Hex};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{ArchiveError, FILES, Head, Kept, LOG, Record, Why, file_of, leftovers::inode, log};

/// Bytes of a file that are hashed at once.
const BLOCK: usize = 1 << 20;

/// Something that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A line of the log.
    Line {
        /// The log's file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        fault: log::Fault,
    },
    /// A file that was kept and never removed is not there.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file has another content than it had.
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// A file was replaced by a link, to the same content or another.
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// A file that no line speaks of.
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// Files that were put aside, since the log did not know them at a start.
    Lost {
        /// Where they are.
        folder: PathBuf,
        /// How many.
        files: usize,
    },
    /// The hash that somebody has noted is not in the log: it was cut off or exchanged.
    NoHead {
        /// The hash.
        hash: Sha256Hex,
    },
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line { file, line, fault } => {
                let what = match fault {
                    log::Fault::Unreadable => "cannot be read",
                    log::Fault::Altered => "was altered",
                    log::Fault::Broken => {
                        "does not follow the line before it: lines were left out, put in or exchanged"
                    }
                };
                write!(f, "{}:{line}: {what}", file.display())
            }
            Self::Missing { path } => {
                write!(f, "{}: missing, and never removed by gridwatch", path.display())
            }
            Self::Altered { path } => write!(f, "{}: was altered", path.display()),
            Self::Link { path } => {
                write!(f, "{}: is a link: what it leads to may change or vanish unseen", path.display())
            }
            Self::Unreadable { path, error } => write!(f, "{}: cannot be read: {error}", path.display()),
            Self::Unknown { path } => write!(f, "{}: the log does not know it", path.display()),
            Self::Lost { folder, files } => write!(
                f,
                "{}: {files} files that the log did not know at a start: it was cut off, altered or taken away; remove them once that is explained",
                folder.display()
            ),
            Self::NoHead { hash } => {
                write!(
                    f,
                    "{hash}: no line has this hash: the log was cut off or exchanged, or it is older than what the log still holds"
                )
            }
        }
    }
}

/// What a verification saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where the chain ends.
    pub head: Head,
    /// Files that are as they were.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were removed, as the log says.
    pub removed: u64,
    /// All that is not as it was.
    pub findings: Vec<Finding>,
}

/// Verifies the evidence in `folder`; `noted` is a hash that somebody has noted before. Reads only. `progress` is told bytes so far and
/// in all.
///
/// # Errors
/// [`ArchiveError::Read`] where there is no evidence, or it cannot be read.
pub fn verify(
    folder: &Path,
    noted: Option<&Sha256Hex>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verified, ArchiveError> {
    // The box may be at work: files are listed before the log is read, and what does not fit is looked up in the log once more.
    let there = super::all_files(&folder.join(FILES))?;
    let mut told = Told::read(folder)?;
    let mut findings = std::mem::take(&mut told.findings);
    let is_known = |hash: &&Sha256Hex| told.hashes.contains(*hash) || **hash == told.head.hash;
    if let Some(hash) = noted.filter(|hash| !is_known(hash)) {
        findings.push(Finding::NoHead { hash: hash.clone() });
    }
    let lost = folder.join(super::LOST);
    let files = super::all_files(&lost)?.len();
    if files > 0 {
        findings.push(Finding::Lost { folder: lost, files });
    }
    let (all, mut so_far) = (told.files(folder).values().map(|kept| kept.bytes).sum(), 0);
    let (mut files, mut bytes, mut missing) = (0, 0, Vec::new());
    let alive = told.files(folder);
    for (path, kept) in &alive {
        // Not followed: it may lead to nothing, or to what never ends.
        let hash = if path.is_symlink() { None } else { Some(sha256_of(path)) };
        match hash.transpose() {
            Ok(None) => findings.push(Finding::Link { path: path.clone() }),
            Ok(Some(found)) if found == kept.sha256 => (files, bytes) = (files + 1, bytes + kept.bytes),
            Ok(_) => findings.push(Finding::Altered { path: path.clone() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => missing.push(path.clone()),
            Err(error) => findings.push(Finding::Unreadable { path: path.clone(), error: error.to_string() }),
        }
        so_far += kept.bytes;
        progress(so_far, all);
    }
    let unknown: Vec<PathBuf> = there.into_iter().filter(|path| !alive.contains_key(path)).collect();
    if !missing.is_empty() || !unknown.is_empty() {
        let now = Told::read(folder)?;
        let now = now.files(folder);
        let still = |path: &PathBuf| now.contains_key(path);
        findings.extend(missing.into_iter().filter(still).map(|path| Finding::Missing { path }));
        // What is being taken in has another name until the log knows it.
        let partial = super::all_files(&folder.join(super::PARTIAL))?;
        let partial: HashSet<_> = partial.iter().filter_map(|path| inode(path)).collect();
        let is_unknown =
            |path: &PathBuf| !still(path) && inode(path).is_some_and(|inode| !partial.contains(&inode));
        findings.extend(unknown.into_iter().filter(is_unknown).map(|path| Finding::Unknown { path }));
    }
    Ok(Verified { head: told.head, files, bytes, removed: told.removed, findings })
}

/// A file that is kept, and whether it stays.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// The file.
    #[serde(flatten)]
    pub kept: Kept,
    /// Whether it stays, whatever its age and size.
    pub protected: bool,
}

/// What is kept in `folder`, as its log says, oldest first. Reads only.
///
/// # Errors
/// [`ArchiveError::Read`] where there is no evidence, or it cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Listed>, ArchiveError> {
    let Told { alive, protected, .. } = Told::read(folder)?;
    let stays = |kept: &Kept| kept.event.is_some_and(|event| protected.contains(&event));
    let mut all: Vec<_> = alive.into_values().map(|kept| Listed { protected: stays(&kept), kept }).collect();
    all.sort_by(|a, b| (a.kept.until, &a.kept.sha256).cmp(&(b.kept.until, &b.kept.sha256)));
    Ok(all)
}

/// What the log says.
struct Told {
    head: Head,
    /// By their number in the log.
    alive: BTreeMap<u64, Kept>,
    removed: u64,
    /// Events whose files stay.
    protected: BTreeSet<EventId>,
    /// The hashes of all entries but the last.
    hashes: BTreeSet<Sha256Hex>,
    findings: Vec<Finding>,
}

impl Told {
    /// The box may take the log's beginning away meanwhile: then it is read again.
    fn read(folder: &Path) -> Result<Self, ArchiveError> {
        const TRIES: usize = 3;
        let log = folder.join(LOG);
        let was_shortened = |error: &ArchiveError| {
            matches!(error, ArchiveError::Read { path, source }
                if source.kind() == std::io::ErrorKind::NotFound && path.parent() == Some(log.as_path()))
        };
        for _ in 1..TRIES {
            match Self::read_once(folder) {
                Err(error) if was_shortened(&error) => {}
                told => return told,
            }
        }
        Self::read_once(folder)
    }

    fn read_once(folder: &Path) -> Result<Self, ArchiveError> {
        let (mut findings, mut alive, mut removed) = (Vec::new(), BTreeMap::new(), 0);
        let (mut hashes, mut protected) = (BTreeSet::new(), BTreeSet::new());
        let (head, _) = log::read(&folder.join(LOG), |line| {
            if let Some(fault) = line.fault {
                findings.push(Finding::Line { file: line.file, line: line.number, fault });
            }
            let Some(entry) = line.entry else { return };
            hashes.insert(entry.prev);
            match entry.record {
                Record::Kept(kept) => drop(alive.insert(entry.n, kept)),
                Record::Removed { entry, why, .. } => {
                    removed += u64::from(alive.remove(&entry).is_some() && why != Why::Moved);
                }
                Record::Protected { event } => drop(protected.insert(event)),
                Record::Released { event } => drop(protected.remove(&event)),
                Record::Shortened { .. } => {}
            }
        })?;
        Ok(Self { head, alive, removed, protected, hashes, findings })
    }

    /// The files that are to be there; several entries may tell of the same one.
    fn files(&self, folder: &Path) -> BTreeMap<PathBuf, &Kept> {
        self.alive.values().map(|kept| (file_of(folder, kept.media, &kept.sha256), kept)).collect()
    }
}

/// The SHA-256 of a file, without having all of it in memory.
///
/// # Errors
/// What the system says.
pub fn sha256_of(path: &Path) -> std::io::Result<Sha256Hex> {
    let (mut file, mut hasher, mut block) = (File::open(path)?, Sha256::new(), vec![0; BLOCK]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(Sha256Hex::from_digest(hasher.finalize().into())),
            length => hasher.update(&block[..length]),
        }
    }
}
