//! How a camera is doing, in words that tell the user what to do.

use std::{fmt, path::PathBuf, time::Duration};

use gridwatch_domain::Timestamp;

use crate::tally::Tally;

/// How a camera is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraState {
    /// It is being connected to; no picture yet.
    Connecting,
    /// Pictures arrive.
    Live {
        /// Since when.
        since: Timestamp,
    },
    /// No pictures. Tried again after a while, unless the source is a file that cannot be played on.
    Offline {
        /// Why.
        reason: OfflineReason,
        /// Since when there is no picture.
        since: Timestamp,
        /// Tries that failed since then, at least 1.
        attempts: u32,
    },
    /// A file was played to its end.
    Ended,
}

impl CameraState {
    /// Stable word for it: for topics, metrics and pages.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live { .. } => "live",
            Self::Offline { .. } => "offline",
            Self::Ended => "ended",
        }
    }
}

/// Why there are no pictures. `Display` says what to do about it; no variant ever carries a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineReason {
    /// Nobody answers at the address.
    #[error("nobody answers at {host}: check the address and port, and that the camera is switched on")]
    Refused {
        /// Host and port.
        host: String,
    },
    /// Its name is unknown.
    #[error("nobody knows the name of {host}: check the camera's url, or the name server of this machine")]
    Unresolved {
        /// Host and port.
        host: String,
    },
    /// The host answers, but has no such stream.
    #[error("{host} has no such stream: check the path after the host in the camera's url")]
    NotFound {
        /// Host and port.
        host: String,
    },
    /// User or password are missing or wrong.
    #[error("{host} refuses the user or password: check username and password of this camera")]
    Unauthorized {
        /// Host and port.
        host: String,
    },
    /// The host names another address.
    #[error(
        "{host} sends us on to another address, which is not followed, lest the password be told there: write the address itself into the camera's url"
    )]
    Redirected {
        /// Host and port.
        host: String,
    },
    /// Its certificate is none that is trusted.
    #[error(
        "{host} shows a certificate that this machine does not trust: name its file as tls_ca_file of the camera, or take any with tls_verify = false"
    )]
    Untrusted {
        /// Host and port.
        host: String,
    },
    /// The host takes the connection and does not answer.
    #[error(
        "{host} does not answer within {seconds} s: restart the camera, and check that the port is that of RTSP"
    )]
    Silent {
        /// Host and port.
        host: String,
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// Nothing comes.
    #[error("no picture for {seconds} s: check the camera's network and whether it is overloaded")]
    Timeout {
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// Pictures come whose time stands still.
    #[error(
        "sends pictures whose time has stood still for {seconds} s: restart the camera, and set its clock"
    )]
    Stalled {
        /// For how long, in seconds.
        seconds: u64,
    },
    /// The camera has no room for one more viewer.
    #[error("{host} is overloaded (it answers {status}): close other viewers, or restart the camera")]
    Busy {
        /// Host and port.
        host: String,
        /// The RTSP status that it answers with.
        status: u16,
    },
    /// Data comes, but no pictures can be made of it.
    #[error(
        "sends data that cannot be decoded ({detail}): restart the camera, or choose H.264 in its settings"
    )]
    Garbage {
        /// What the decoder says.
        detail: String,
    },
    /// The camera closed the stream.
    #[error("the camera ended the stream: it may be restarting, or have too many viewers")]
    Ended,
    /// A form of video that this machine cannot decode.
    #[error(
        "video of the form {codec} cannot be decoded here: choose H.264, H.265 or MJPEG, or install its decoder"
    )]
    UnsupportedCodec {
        /// Its name.
        codec: String,
    },
    /// The file is not there.
    #[error("file {} is missing or may not be read", path.display())]
    FileMissing {
        /// The file.
        path: PathBuf,
    },
    /// A part of GStreamer is missing or does not work.
    #[error("GStreamer cannot be used ({detail}): run the set-up again")]
    Setup {
        /// What is wrong.
        detail: String,
    },
    /// Anything else that GStreamer complains of.
    #[error("the stream broke off ({detail})")]
    Broken {
        /// What GStreamer says.
        detail: String,
    },
    /// A bug of ours.
    #[error("a fault in gridwatch itself; please report it with the log")]
    Panicked,
}

impl OfflineReason {
    /// How long nothing had come when that was noticed.
    pub(crate) fn noticed_after(&self) -> Duration {
        match self {
            Self::Timeout { seconds } | Self::Stalled { seconds } => Duration::from_secs(*seconds),
            _ => Duration::ZERO,
        }
    }

    /// Every code there is.
    pub const CODES: [&'static str; 17] = [
        "refused",
        "unresolved",
        "silent",
        "not_found",
        "unauthorized",
        "redirected",
        "untrusted",
        "timeout",
        "stalled",
        "busy",
        "garbage",
        "ended",
        "unsupported_codec",
        "file_missing",
        "setup",
        "broken",
        "panicked",
    ];

    /// Most of what a stream sent was noise.
    pub(crate) fn noise(Tally { arrived, whole }: Tally) -> Self {
        Self::Garbage { detail: format!("{} of its last {arrived} pictures", arrived - whole) }
    }

    /// Stable word for it: for topics, metrics and pages.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Unresolved { .. } => "unresolved",
            Self::Silent { .. } => "silent",
            Self::NotFound { .. } => "not_found",
            Self::Unauthorized { .. } => "unauthorized",
            Self::Redirected { .. } => "redirected",
            Self::Untrusted { .. } => "untrusted",
            Self::Timeout { .. } => "timeout",
            Self::Stalled { .. } => "stalled",
            Self::Busy { .. } => "busy",
            Self::Garbage { .. } => "garbage",
            Self::Ended => "ended",
            Self::UnsupportedCodec { .. } => "unsupported_codec",
            Self::FileMissing { .. } => "file_missing",
            Self::Setup { .. } => "setup",
            Self::Broken { .. } => "broken",
            Self::Panicked => "panicked",
        }
    }
}

impl fmt::Display for CameraState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Live { since } => write!(f, "live since {since}"),
            Self::Offline { reason, since, attempts } => {
                write!(f, "offline since {since}, {attempts} tries: {reason}")
            }
            Self::Ended => f.write_str("played to its end"),
        }
    }
}
