//! A finished scene of the cache, read picture by picture.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use gridwatch_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CacheError, damaged, file_error};
use crate::{FrameTruth, encode::Codec};

/// One picture in the stream: offset and length in bytes, whether it is a key picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unit(pub(super) u64, pub(super) u32, pub(super) bool);

/// What the index file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Index {
    pub(super) schema: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) fps: u32,
    pub(super) units: Vec<Unit>,
}

/// An encoded scene. Pictures are read from the file when asked for.
#[derive(Debug)]
pub struct EncodedScene {
    pub(super) stream: File,
    pub(super) stream_path: PathBuf,
    pub(super) truth_path: PathBuf,
    pub(super) index: Index,
    pub(super) codec: Codec,
}

impl EncodedScene {
    /// What its pictures are encoded as.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.index.width
    }

    /// Pixels down.
    pub fn height(&self) -> u32 {
        self.index.height
    }

    /// Pictures a second.
    pub fn fps(&self) -> u32 {
        self.index.fps
    }

    /// Pictures in the loop; at least one.
    pub fn unit_count(&self) -> usize {
        self.index.units.len()
    }

    /// How long the loop is.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.unit_count() as u64 * 1_000_000_000 / u64::from(self.index.fps))
    }

    /// How far into the loop a camera is at `now` when the loop began at `anchor`.
    pub fn time_in_loop(&self, anchor: Timestamp, now: Timestamp) -> Duration {
        let length = i128::try_from(self.duration().as_nanos()).unwrap_or(i128::MAX);
        let elapsed = i128::from(now.as_millisecond() - anchor.as_millisecond()) * 1_000_000;
        Duration::from_nanos(u64::try_from(elapsed.rem_euclid(length)).unwrap_or(0))
    }

    /// Whether decoding can begin at a picture.
    pub fn is_key(&self, unit: usize) -> bool {
        self.index.units[unit].2
    }

    /// The key picture of a picture's group.
    pub fn key_at_or_before(&self, unit: usize) -> usize {
        (0..=unit).rev().find(|&earlier| self.is_key(earlier)).unwrap_or(0)
    }

    /// Reads one encoded picture.
    ///
    /// # Errors
    /// When the file cannot be read. Panics where `unit` is not below [`unit_count`](Self::unit_count).
    pub fn read_unit(&self, unit: usize) -> io::Result<Vec<u8>> {
        let Unit(offset, length, _) = self.index.units[unit];
        let mut bytes = vec![0; length as usize];
        self.stream.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// The stream as a file that players understand.
    pub fn stream_path(&self) -> &Path {
        &self.stream_path
    }

    /// The truth as a file, one JSON object a line and picture.
    pub fn truth_path(&self) -> &Path {
        &self.truth_path
    }

    /// Reads the truth about every picture of the loop, in order.
    ///
    /// # Errors
    /// When the file cannot be read or is damaged.
    pub fn read_truth(&self) -> Result<Vec<FrameTruth>, CacheError> {
        let path = &self.truth_path;
        let lines = BufReader::new(File::open(path).map_err(file_error("open", path))?).lines();
        lines
            .map(|line| {
                let line = line.map_err(file_error("read", path))?;
                serde_json::from_str(&line).map_err(|error| damaged(path, error.to_string()))
            })
            .collect()
    }
}
