//! A video of pictures that were drawn: H.264 in MP4, each picture at a time of its own and shown until the next one.
//!
//! In go pictures (NV12), all of one size; out comes a file that any player and browser plays. It has its name only once it is whole: a
//! run that is ended before leaves none. Knows nothing of what the pictures show.

mod encoder;
mod unnamed;

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use gridwatch_domain::{Nv12Planes, Timestamp};
use gstreamer::glib;

use self::{encoder::Encoder, unnamed::UnnamedFile};
use crate::{
    AccessUnit, Codec,
    mp4::{FileWriter, Mp4Error, Written},
};

/// Between two pictures at least: the second of two that are of the same time is shown so much later.
const LEAST_STEP: Duration = Duration::from_millis(1);

/// Why there is no video.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// A part of GStreamer is not installed.
    #[error("GStreamer's {element} is missing: install the Debian package {package}")]
    Missing {
        /// The part.
        element: &'static str,
        /// What it comes in.
        package: &'static str,
    },
    /// GStreamer itself does not start.
    #[error("start GStreamer")]
    Gstreamer(#[source] glib::Error),
    /// Pictures of a size that cannot be encoded, or of another size than those before.
    #[error("a picture of {width}x{height} in a video of {expected}")]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// What it was to be.
        expected: String,
    },
    /// The encoder gave up.
    #[error("encode a picture ({detail})")]
    Encode {
        /// What it says.
        detail: String,
    },
    /// The file cannot be made, or not get its name.
    #[error("create {}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("write the video")]
    Write(#[from] Mp4Error),
    /// No picture came.
    #[error("there was no picture to show")]
    Empty,
}

/// Writes one video. Blocks.
pub struct VideoWriter {
    path: PathBuf,
    unnamed: UnnamedFile,
    file: FileWriter,
    encoder: Option<Encoder>,
    /// Times of pictures that are being encoded.
    times: VecDeque<Duration>,
    latest: Option<Duration>,
    seq: u64,
}

impl VideoWriter {
    /// Begins a video of about so many pictures, and looks whether all that it takes is installed.
    ///
    /// # Errors
    /// [`VideoError::Missing`], [`VideoError::Gstreamer`], [`VideoError::Create`], [`VideoError::Write`].
    pub fn create(path: &Path, pictures: usize) -> Result<Self, VideoError> {
        encoder::check()?;
        let create = |source| VideoError::Create { path: path.to_owned(), source };
        let (unnamed, file) = UnnamedFile::create(path).map_err(create)?;
        let file = FileWriter::begin(file, path, pictures)?;
        let times = VecDeque::new();
        Ok(Self { path: path.to_owned(), unnamed, file, encoder: None, times, latest: None, seq: 0 })
    }

    /// Adds the next picture; `size`: pixels across and down, of which an odd last one is left out. `at`: when it is shown, from the beginning of
    /// the video; the first one is shown from there on.
    ///
    /// # Errors
    /// [`VideoError::Size`], [`VideoError::Encode`], [`VideoError::Write`].
    pub fn push(
        &mut self,
        at: Duration,
        planes: &dyn Nv12Planes,
        size: (u32, u32),
    ) -> Result<(), VideoError> {
        let at = self.latest.map_or(Duration::ZERO, |latest| at.max(latest + LEAST_STEP));
        if self.encoder.is_none() {
            self.encoder = Some(Encoder::start(size)?);
        }
        let encoder = self.encoder.as_mut().ok_or(VideoError::Empty)?;
        encoder.push(at, planes, size)?;
        self.times.push_back(at);
        self.latest = Some(at);
        while let Some(picture) = encoder.take()? {
            let unit = unit(picture, self.seq, self.times.pop_front());
            self.file.push(unit?)?;
            self.seq += 1;
        }
        Ok(())
    }

    /// Completes the file, and gives it its name. The last picture is shown until `until`, from the beginning of the video.
    ///
    /// # Errors
    /// [`VideoError::Empty`] where no picture was added; there is no file then, as after any other error.
    pub fn finish(mut self, until: Duration) -> Result<Written, VideoError> {
        let mut encoder = self.encoder.take().ok_or(VideoError::Empty)?;
        for picture in encoder.finish()? {
            let unit = unit(picture, self.seq, self.times.pop_front());
            self.file.push(unit?)?;
            self.seq += 1;
        }
        if !self.times.is_empty() {
            return Err(VideoError::Encode {
                detail: format!("{} pictures did not come back", self.times.len()),
            });
        }
        let written = self.file.finish_at(until)?;
        let path = self.path;
        self.unnamed.publish().map_err(|source| VideoError::Create { path, source })?;
        Ok(written)
    }
}

/// An encoded picture as the file takes it. They come back in the order in which they went in.
fn unit(picture: encoder::Encoded, seq: u64, time: Option<Duration>) -> Result<AccessUnit, VideoError> {
    let detail = || "more pictures came back than went in".to_owned();
    let time = time.ok_or_else(|| VideoError::Encode { detail: detail() })?;
    let at = Timestamp::UNIX_EPOCH.saturating_add(time);
    let (bytes, is_key) = (Bytes::from(picture.bytes), picture.is_key);
    Ok(AccessUnit { seq, bytes, codec: Codec::H264, is_key, time, at, after_loss: false })
}

#[cfg(test)]
mod tests;
