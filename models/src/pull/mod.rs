//! Fetches the file of a network, so that it is either whole and right or not there.
//!
//! In: an address, the SHA-256 that the file must have, and where it goes. A download that breaks off leaves a `.part` beside
//! that place, and the next one goes on from there if the server still has the same file (`Range` with `If-Range` and an
//! entity tag, RFC 9110 §13.1.5 and §14.2). The file takes its place at once, when its hash is proven. Pulls of one file at
//! once wait for each other. Refused, each with a typed error: a file with another hash or size, of which nothing is kept.

mod client;
mod error;
mod part;
mod transfer;

use std::path::Path;
use std::time::Duration;

use gridwatch_domain::Sha256Hex;

pub use self::error::PullError;
use self::part::Part;
use self::transfer::Transfer;
use crate::{DownloadUrl, sha256_of};

/// Tries of one pull, each of which must have brought something: a bound on servers that send byte after byte.
const MOST_TRIES: usize = 100;

/// What to fetch.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it is.
    pub url: DownloadUrl,
    /// What it must be.
    pub sha256: Sha256Hex,
    /// How large it must be, in bytes.
    pub size_bytes: u64,
}

/// How patient a pull is.
#[derive(Debug, Clone, Copy)]
pub struct PullSettings {
    /// Longest time to reach the server. Default: 15 s.
    pub connect: Duration,
    /// Longest time without a byte from it. Default: 30 s.
    pub idle: Duration,
}

impl Default for PullSettings {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), idle: Duration::from_secs(30) }
    }
}

/// How far a pull is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Another pull of the same file is running.
    Waiting,
    /// The file is being fetched.
    Receiving {
        /// Bytes that are there.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
}

/// How a pull ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    /// The right file was there: nothing was fetched.
    AlreadyThere,
    /// It was fetched.
    Fetched {
        /// Bytes that an earlier pull had left, and that did not have to be fetched again.
        resumed_at: u64,
    },
}

/// Fetches `source` to `target`. A file that is there and right is left alone; one that is there and wrong is replaced.
///
/// # Errors
/// Any [`PullError`]; where [`PullError::keeps_part`], the next pull goes on where this one ended.
pub fn pull(
    source: &Source,
    target: &Path,
    settings: &PullSettings,
    progress: &mut dyn FnMut(Progress),
) -> Result<Pulled, PullError> {
    if is_right(target, source) {
        return Ok(Pulled::AlreadyThere);
    }
    let mut part = Part::lock(target, &mut || progress(Progress::Waiting))?;
    if is_right(target, source) {
        // Another pull was faster.
        part.discard()?;
        return Ok(Pulled::AlreadyThere);
    }
    let mut transfer = Transfer::new(source, settings, progress);
    let resumed_at = match fetch(&mut transfer, &mut part) {
        Ok(resumed_at) => resumed_at,
        Err(error) => {
            // What cannot be gone on with is of no use.
            let may_go_on = part.resumable(&source.url).is_some();
            if error.keeps_part() && may_go_on {
                return Err(error);
            }
            let had_some = part.len() > 0;
            part.discard()?;
            return Err(if had_some && error.may_resume() {
                PullError::BrokenForGood { url: source.url.clone(), cause: Box::new(error) }
            } else {
                error
            });
        }
    };
    let found = sha256_of(&part.read()?);
    if found != source.sha256 {
        part.discard()?;
        let (url, expected) = (source.url.clone(), source.sha256.clone());
        return Err(PullError::WrongHash { url, found, expected });
    }
    part.finish(target)?;
    Ok(Pulled::Fetched { resumed_at })
}

/// Tries as long as each try gets farther than all before it; at which byte the first began.
fn fetch(transfer: &mut Transfer<'_>, part: &mut Part) -> Result<u64, PullError> {
    let mut farthest = part.len();
    let mut resumed_at = None;
    let mut tries = 0;
    loop {
        let (begun_at, ended) = transfer.attempt(part);
        let resumed_at = *resumed_at.get_or_insert(begun_at);
        tries += 1;
        match ended {
            Ok(()) => return Ok(resumed_at),
            Err(error) if error.may_resume() && part.len() > farthest && tries < MOST_TRIES => {
                farthest = part.len();
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_right(target: &Path, source: &Source) -> bool {
    std::fs::read(target).is_ok_and(|content| sha256_of(&content) == source.sha256)
}
