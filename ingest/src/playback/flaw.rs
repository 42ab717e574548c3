//! What can be wrong with a file.

use std::{
    fmt,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::OfflineReason;

/// A file may end so much before the end that it says it has: containers count from the end of the last picture, and round.
pub(super) const END_TOLERANCE: Duration = Duration::from_millis(1500);
/// Who waits so long for a file is told.
const LONG: Duration = Duration::from_secs(3);
/// Of a WebP's flags.
const ANIMATED: u8 = 2;
/// Flaws that are told of one file: of a file that is damaged throughout the rest says nothing new.
const MOST_FLAWS: usize = 100;

/// Why there is nothing to be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaybackError {
    /// It is not there, or may not be read.
    #[error("{}: is missing, is a folder, or may not be read", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is empty.
    #[error("{}: is empty; was it copied to its end?", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There are no pictures in it.
    #[error("{}: holds no video ({found}); expected a file with pictures, such as H.264 in MP4", path.display())]
    NoVideo {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        found: String,
    },
    /// It is a picture, or several, of a form that is not read.
    #[error(
        "{}: is a picture of the form {form}, which is not read; convert it, for example with ffmpeg -i IN -pix_fmt yuv420p -c:v libx264 OUT.mp4", path.display()
    )]
    Picture {
        /// The file.
        path: PathBuf,
        /// Its form.
        form: &'static str,
    },
    /// It is no video file, or one whose beginning or index is missing.
    #[error(
        "{}: cannot be read as video ({detail}); if it is an MP4 that was cut off while it was recorded, repair its index, for example with untrunc", path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What GStreamer says.
        detail: String,
    },
    /// Nothing here decodes it.
    #[error(
        "{}: video of the form {codec} cannot be decoded here: no decoder that is installed knows it; convert it, for example with ffmpeg -i IN -c:v libx264 OUT.mp4, or install GStreamer's decoder", path.display()
    )]
    UnsupportedCodec {
        /// The file.
        path: PathBuf,
        /// Its form.
        codec: String,
    },
    /// It ends before the time that was asked for.
    #[error(
        "{}: has no picture at {:.1} s{}", path.display(), at.as_secs_f64(),
        duration.map(|duration| format!(", it is {:.1} s long", duration.as_secs_f64())).unwrap_or_default()
    )]
    Short {
        /// The file.
        path: PathBuf,
        /// The time.
        at: Duration,
        /// How long it says it is.
        duration: Option<Duration>,
    },
    /// GStreamer is not whole.
    #[error("prepare the playing of a file: {0}")]
    Setup(String),
}

impl PlaybackError {
    /// What the reason why a camera is offline means for a file.
    pub(super) fn of(path: &Path, reason: OfflineReason) -> Self {
        let path = path.to_owned();
        match reason {
            OfflineReason::FileMissing { path } => Self::Missing { path },
            OfflineReason::UnsupportedCodec { codec } => Self::UnsupportedCodec { path, codec },
            OfflineReason::Setup { detail } => Self::Setup(detail),
            OfflineReason::Garbage { detail } => Self::Unreadable { path, detail },
            other => Self::Unreadable { path, detail: other.to_string() },
        }
    }
}

/// Something that is wrong with a file that can be played all the same, as far as it goes. Times are those in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFlaw {
    /// Pictures have no times: they are taken as so many a second.
    NoTimes {
        /// Pictures a second.
        fps: u32,
    },
    /// Times step back: what follows is taken to go on from there.
    StepsBack {
        /// Where.
        at: Duration,
        /// By how much.
        by: Duration,
    },
    /// Times leap ahead: nobody looked in between.
    Leaps {
        /// Where.
        at: Duration,
        /// By how much.
        by: Duration,
    },
    /// Times leap ahead and no recording pauses so long, or who plays the file passes over it: what follows is taken to go on from there.
    LeapTakenOut {
        /// Where.
        at: Duration,
        /// By how much.
        by: Duration,
    },
    /// One picture after the other is shown at the same time: what happens in them seems to take none.
    StandsStill {
        /// When.
        at: Duration,
    },
    /// Pictures are damaged.
    Damaged {
        /// Where.
        at: Duration,
        /// What is wrong with them.
        reason: OfflineReason,
    },
    /// It ends before its end.
    BreaksOff {
        /// Where.
        at: Duration,
        /// How long it says it is.
        of: Option<Duration>,
        /// What GStreamer says.
        why: Option<String>,
    },
    /// Whoever plays it wanted no more.
    Stopped {
        /// Where.
        at: Duration,
        /// How long it says it is.
        of: Option<Duration>,
    },
    /// From here on nothing can be decoded.
    Undecodable {
        /// Where.
        at: Duration,
        /// The form of its video.
        codec: String,
    },
}

impl FileFlaw {
    /// Whether results are of a part of the file only.
    pub fn is_break(&self) -> bool {
        matches!(self, Self::BreaksOff { .. } | Self::Stopped { .. } | Self::Undecodable { .. })
    }
}

impl fmt::Display for FileFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |time: &Duration| {
            let seconds = time.as_secs();
            format!("{}:{:02}.{:03}", seconds / 60, seconds % 60, time.subsec_millis())
        };
        match self {
            Self::NoTimes { fps } => {
                write!(f, "its pictures have no times: they are taken as {fps} a second")
            }
            Self::StepsBack { at, by } => {
                write!(
                    f,
                    "at {} its times step back by {:.1} s: what follows is taken to go on from there",
                    clock(at),
                    by.as_secs_f64()
                )
            }
            Self::Leaps { at, by } => {
                write!(
                    f,
                    "at {} its times leap ahead by {:.1} s: nobody looked in between",
                    clock(at),
                    by.as_secs_f64()
                )
            }
            Self::LeapTakenOut { at, by } => {
                write!(
                    f,
                    "at {} its times leap ahead by {:.1} s, as where a clock is set: what follows is taken to go on from there",
                    clock(at),
                    by.as_secs_f64()
                )
            }
            Self::StandsStill { at } => {
                write!(f, "at {} its times stand still: what happens there seems to take no time", clock(at))
            }
            Self::Damaged { at, reason } => write!(f, "at {} pictures are damaged: {reason}", clock(at)),
            Self::BreaksOff { at, of, why } => {
                write!(f, "it breaks off at {}", clock(at))?;
                of.iter().try_for_each(|of| write!(f, " of {}", clock(of)))?;
                why.iter().try_for_each(|why| write!(f, " ({why})"))?;
                write!(f, ": results are of what comes before")
            }
            Self::Stopped { at, of } => {
                write!(f, "stopped at {}", clock(at))?;
                of.iter().try_for_each(|of| write!(f, " of {}", clock(of)))?;
                write!(f, ": results are of what comes before")
            }
            Self::Undecodable { at, codec } => {
                write!(f, "from {} on nothing can be decoded: there is no decoder for {codec}", clock(at))
            }
        }
    }
}

/// Says once that it takes long until a file says what is in it: nobody looks at a still terminal for half a minute without a word.
pub(super) fn tell_waiting(path: &Path, waited: Duration, tick: Duration, patience: Duration) {
    let is_long = waited >= LONG && waited < LONG + tick;
    if is_long {
        let seconds = patience.as_secs();
        tracing::warn!(path = %path.display(), "no picture of it yet; it is given up after {seconds} s");
    }
}

/// Notes a flaw, unless enough is known.
pub(super) fn push(flaws: &mut Vec<FileFlaw>, flaw: FileFlaw) {
    if flaws.len() < MOST_FLAWS || flaw.is_break() {
        flaws.push(flaw);
    }
}

/// Whether there is anything to read.
pub(super) fn check_readable(path: &Path) -> Result<(), PlaybackError> {
    let missing = || PlaybackError::Missing { path: path.to_owned() };
    let about = std::fs::metadata(path).map_err(|_| missing())?;
    if !about.is_file() || std::fs::File::open(path).is_err() {
        return Err(missing());
    }
    if about.len() == 0 {
        return Err(PlaybackError::Empty { path: path.to_owned() });
    }
    match picture_form(path, about.len()) {
        Some(form) => Err(PlaybackError::Picture { path: path.to_owned(), form }),
        None => Ok(()),
    }
}

/// Of a picture that GStreamer does not decode, or never comes to an end with.
fn picture_form(path: &Path, length: u64) -> Option<&'static str> {
    let mut head = [0; 21];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head)).ok()?;
    match &head[..read] {
        [b'G', b'I', b'F', b'8', ..] => Some("GIF"),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some("TIFF"),
        [b'B', b'M', a, b, c, d, ..] if u64::from(u32::from_le_bytes([*a, *b, *c, *d])) == length => {
            Some("BMP")
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', b'V', b'P', b'8', b'X', .., flags]
            if flags & ANIMATED != 0 =>
        {
            Some("WebP with several pictures")
        }
        _ => None,
    }
}
