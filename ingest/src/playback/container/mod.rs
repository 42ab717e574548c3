//! What a file's container says of itself and GStreamer keeps to itself: whether its end is there, where its clock was set, and when pictures
//! before its zero were taken. In goes a file, of which little is read; out come facts, or that nothing is known. Decodes nothing.

mod avi;
mod matroska;
mod mp4;
#[cfg(test)]
pub(super) mod tests;
mod ts;

use std::{fs::File, os::unix::fs::FileExt as _, path::Path};

use super::flaw::FileFlaw;

/// Whether a file has the end that it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// All that it says it holds is there.
    Whole,
    /// It says that it holds more.
    Cut(String),
    /// A file of this form looks the same where its end is missing.
    Unknown,
}

/// Bytes that are read in place of those that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// Where the first of them is.
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

/// A file, and what it looks like.
pub(super) struct Container {
    source: Source,
    form: Form,
}

enum Form {
    Avi,
    Mp4,
    Matroska,
    Ts(ts::Packets),
    Other,
}

/// A file that is read here and there.
struct Source {
    file: Option<File>,
    length: u64,
}

impl Container {
    /// Looks at a file; of one that cannot be read nothing is known.
    pub(super) fn open(path: &Path) -> Self {
        let file = File::open(path).ok();
        let length = file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |about| about.len());
        let source = Source { file, length };
        let form = if avi::is_one(&source) {
            Form::Avi
        } else if mp4::is_one(&source) {
            Form::Mp4
        } else if matroska::is_one(&source) {
            Form::Matroska
        } else {
            ts::Packets::find(&source).map_or(Form::Other, Form::Ts)
        };
        Self { source, form }
    }

    /// Whether its end is there.
    pub(super) fn ending(&self) -> Ending {
        match &self.form {
            Form::Avi => avi::ending(&self.source),
            Form::Mp4 => mp4::ending(&self.source),
            Form::Matroska => matroska::ending(&self.source),
            Form::Ts(packets) => packets.ending(&self.source),
            Form::Other => Ending::Unknown,
        }
    }

    /// Where its clock was set, which is hidden from whoever plays it. Reads all of an MPEG-TS, and nothing of any other.
    pub(super) fn clock_flaws(&self) -> Vec<FileFlaw> {
        match &self.form {
            Form::Ts(packets) => packets.clock_flaws(&self.source),
            _ => Vec::new(),
        }
    }

    /// What is to be read otherwise than it is written, so that all pictures come.
    pub(super) fn readings(&self) -> Vec<Reading> {
        match &self.form {
            Form::Mp4 => mp4::whole_films(&self.source),
            _ => Vec::new(),
        }
    }

    /// The times, in nanoseconds, of the pictures that it begins with before its zero, in the order in which they are stored.
    pub(super) fn times_before_zero(&self) -> Vec<i64> {
        match &self.form {
            Form::Matroska => matroska::times_before_zero(&self.source),
            _ => Vec::new(),
        }
    }
}

impl Source {
    /// Bytes from there on; `None` where there are not so many.
    fn at<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.as_ref()?.read_exact_at(&mut bytes, offset).ok()?;
        Some(bytes)
    }

    /// As many bytes as there are, up to a buffer's length.
    fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let mut read = 0;
        while let Some(file) = self.file.as_ref().filter(|_| read < buffer.len()) {
            match file.read_at(&mut buffer[read..], offset + read as u64) {
                Ok(count) if count > 0 => read += count,
                _ => break,
            }
        }
        read
    }

    /// What is missing up to there.
    fn cut_before(&self, end: u64) -> Ending {
        Ending::Cut(format!("{} bytes that it says it has are missing", end.saturating_sub(self.length)))
    }
}
