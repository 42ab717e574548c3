//! A file of encoded pictures, written as they come.
//!
//! Written under a name of its own, and whole only after [`FileWriter::finish`]: whoever renames it does so afterwards. The head
//! stands at the beginning, so that a browser shows the first picture at once.

use std::{
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use gridwatch_domain::Timestamp;
use shiguredo_mp4::{
    TrackKind,
    boxes::SampleEntry,
    mux::{Mp4FileMuxer, Mp4FileMuxerOptions, Sample, estimate_maximum_moov_box_size},
};

use super::{
    Mp4Error, TIMESCALE,
    order::DecodeTimes,
    sample::{self, ticks},
};
use crate::{AccessUnit, Codec};

/// Bytes of a group that wait for its end at most; how it is ordered shows long before.
const LARGEST_WAITING: usize = 4 << 20;

/// How long the last picture is shown where it is the only one, in units of time: a 25th of a second.
const ONLY: u32 = 3600;

/// What a finished file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// When its first picture was taken.
    pub from: Timestamp,
    /// When its last one was.
    pub until: Timestamp,
    /// How many there are.
    pub pictures: u64,
    /// Size of the file.
    pub bytes: u64,
}

/// Writes one file. Blocks; keep it off the async runtime.
pub struct FileWriter {
    path: PathBuf,
    file: File,
    muxer: Mp4FileMuxer,
    position: u64,
    codec: Option<Codec>,
    entry: Option<SampleEntry>,
    times: DecodeTimes,
    /// The group of pictures that has not been written yet, because how it is ordered shows only at its end.
    group: Vec<AccessUnit>,
    group_bytes: usize,
    /// Written in full but for how long it is shown.
    pending: Option<(Sample, i64)>,
    last_duration: u32,
    /// When the latest picture is shown.
    latest: i64,
    from: Option<Timestamp>,
    until: Timestamp,
    /// The first and the last time of the stream.
    span: (Option<Duration>, Duration),
    pictures: u64,
}

impl FileWriter {
    /// Begins a file that will hold about so many pictures; with more of them its head goes to its end.
    ///
    /// # Errors
    /// [`Mp4Error::Write`].
    pub fn create(path: &Path, pictures: usize) -> Result<Self, Mp4Error> {
        let file = File::create(path).map_err(|source| Mp4Error::Write { path: path.to_owned(), source })?;
        Self::begin(file, path, pictures)
    }

    /// As [`FileWriter::create`], into an empty file; `path` is for people.
    pub(crate) fn begin(mut file: File, path: &Path, pictures: usize) -> Result<Self, Mp4Error> {
        let options = Mp4FileMuxerOptions {
            reserved_moov_box_size: estimate_maximum_moov_box_size(&[pictures]) + 8 * pictures,
            ..Mp4FileMuxerOptions::default()
        };
        let muxer = Mp4FileMuxer::with_options(options).map_err(Mp4Error::mux)?;
        let write = |source| Mp4Error::Write { path: path.to_owned(), source };
        file.write_all(muxer.initial_boxes_bytes()).map_err(write)?;
        let position = muxer.initial_boxes_bytes().len() as u64;
        Ok(Self {
            path: path.to_owned(),
            file,
            muxer,
            position,
            codec: None,
            entry: None,
            times: DecodeTimes::default(),
            group: Vec::new(),
            group_bytes: 0,
            pending: None,
            last_duration: ONLY,
            latest: 0,
            from: None,
            until: Timestamp::UNIX_EPOCH,
            span: (None, Duration::ZERO),
            pictures: 0,
        })
    }

    /// Adds the next picture; a group of pictures is written once the next one begins, a large one in parts. The first picture is a key
    /// picture, or one that begins a gradual refresh, of a camera that sends no others.
    ///
    /// # Errors
    /// Where it cannot go into this file. What has been added before still can be finished.
    pub fn push(&mut self, unit: AccessUnit) -> Result<(), Mp4Error> {
        if unit.is_key || (self.entry.is_none() && unit.begins_anew()) {
            self.write_group()?;
            if self.codec.is_some_and(|codec| codec != unit.codec) {
                return Err(Mp4Error::Changed);
            }
            // Where it cannot be read, nothing that follows it belongs to what came before.
            self.entry = None;
            let entry = sample::entry(&unit)?;
            self.codec = Some(unit.codec);
            self.entry = Some(entry);
        } else if self.entry.is_none() {
            return Err(Mp4Error::NoKey);
        }
        self.from.get_or_insert(unit.at);
        self.until = self.until.max(unit.at);
        self.span.0.get_or_insert(unit.time);
        self.span.1 = self.span.1.max(unit.time);
        self.group_bytes += unit.bytes.len();
        self.group.push(unit);
        if self.group_bytes > LARGEST_WAITING { self.write_group() } else { Ok(()) }
    }

    /// Completes the file, and has it on the disk.
    ///
    /// # Errors
    /// [`Mp4Error::NoKey`] where no picture was added; [`Mp4Error::Write`], [`Mp4Error::Mux`]. The file is of no use then.
    pub fn finish(self) -> Result<Written, Mp4Error> {
        self.complete(None)
    }

    /// As [`FileWriter::finish`]; the last picture is shown until that time of the stream.
    ///
    /// # Errors
    /// As [`FileWriter::finish`].
    pub(crate) fn finish_at(self, until: Duration) -> Result<Written, Mp4Error> {
        self.complete(Some(until))
    }

    fn complete(mut self, until: Option<Duration>) -> Result<Written, Mp4Error> {
        self.write_group()?;
        let Some(from) = self.from else { return Err(Mp4Error::NoKey) };
        if let Some((sample, due)) = self.pending.take() {
            // Pictures that are shown after the last one was decoded would lie behind the end of the file.
            let held_back = u32::try_from(self.latest - due).unwrap_or(0);
            let left = until.and_then(|until| u32::try_from(ticks(until) - self.latest).ok());
            let shown = left.filter(|left| *left > 0).unwrap_or(self.last_duration);
            let sample = Sample { duration: shown.saturating_add(held_back), ..sample };
            self.muxer.append_sample(&sample).map_err(Mp4Error::mux)?;
        }
        self.muxer.finalize().map_err(Mp4Error::mux)?;
        let boxes = self.muxer.finalized_boxes().ok_or(Mp4Error::Mux { detail: "no head".into() })?;
        let mut end = self.position;
        for (offset, bytes) in boxes.offset_and_bytes_pairs() {
            end = end.max(offset + bytes.len() as u64);
            let written = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.write_all(bytes));
            written.map_err(|source| Mp4Error::Write { path: self.path.clone(), source })?;
        }
        self.file.sync_all().map_err(|source| Mp4Error::Write { path: self.path.clone(), source })?;
        Ok(Written { from, until: self.until, pictures: self.pictures, bytes: end })
    }

    /// From the first picture that was added to the last one, by the stream's time: the clock may be set meanwhile.
    pub fn length(&self) -> Duration {
        let (from, until) = self.span;
        from.map_or(Duration::ZERO, |from| until.saturating_sub(from))
    }

    /// Bytes that are written, without those that wait for the end of their group.
    pub fn bytes(&self) -> u64 {
        self.position
    }

    fn write_group(&mut self) -> Result<(), Mp4Error> {
        let group = std::mem::take(&mut self.group);
        self.group_bytes = 0;
        let shown: Vec<i64> = group.iter().map(|unit| ticks(unit.time)).collect();
        self.times.learn(&shown);
        for (unit, shown) in group.iter().zip(shown) {
            let bytes = sample::bytes(unit);
            let due = self.times.next(shown);
            self.latest = self.latest.max(shown);
            if let Some((sample, before)) = self.pending.take() {
                let duration = u32::try_from(due - before).unwrap_or(u32::MAX);
                self.last_duration = duration;
                self.muxer.append_sample(&Sample { duration, ..sample }).map_err(Mp4Error::mux)?;
            }
            let write = |source| Mp4Error::Write { path: self.path.clone(), source };
            self.file.write_all(&bytes).map_err(write)?;
            let begins = unit.is_key || self.pictures == 0;
            let sample = Sample {
                track_kind: TrackKind::Video,
                sample_entry: begins.then(|| self.entry.clone()).flatten(),
                keyframe: begins,
                timescale: TIMESCALE,
                duration: 0,
                composition_time_offset: Some(shown - due),
                data_offset: self.position,
                data_size: bytes.len(),
            };
            self.position += bytes.len() as u64;
            self.pictures += 1;
            self.pending = Some((sample, due));
        }
        Ok(())
    }
}
