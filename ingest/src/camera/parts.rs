//! What a camera works with.

use std::time::Duration;

use gridwatch_domain::{CameraId, Frame};
use gridwatch_runtime::{BackoffRange, MailboxSender, SharedClock, Shutdown};

use crate::{AttentionReceiver, DecodePool, IngestMetrics, Reels, Stills};

/// Waits of a camera. The defaults are fit for cameras on a local network.
#[derive(Debug, Clone)]
pub struct CameraTimeouts {
    /// Longest time for a connection to be accepted. Default: 5 s.
    pub connect: Duration,
    /// Longest time without a picture, from the start of connecting and ever after. Default: 10 s.
    pub no_frame: Duration,
    /// Waits between tries. Default: 1 s to 30 s.
    pub backoff: BackoffRange,
    /// Wait after a wrong user or password; after the second one five times that, then fifteen times: cameras lock out who tries too often.
    /// Default: 60 s.
    pub refused: Duration,
    /// After so long with pictures the next wait is the shortest again. Default: 60 s.
    pub healthy_after: Duration,
}

impl Default for CameraTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            no_frame: Duration::from_secs(10),
            backoff: BackoffRange { first: Duration::from_secs(1), longest: Duration::from_secs(30) },
            refused: Duration::from_secs(60),
            healthy_after: Duration::from_secs(60),
        }
    }
}

/// What a camera works with.
#[derive(Clone)]
pub struct CameraParts {
    /// Where its pictures go; the key is the camera.
    pub frames: MailboxSender<CameraId, Frame>,
    /// Tells the time of live pictures.
    pub clock: SharedClock,
    /// Counts.
    pub metrics: IngestMetrics,
    /// Waits.
    pub timeouts: CameraTimeouts,
    /// Decodes its pictures.
    pub pool: DecodePool,
    /// Where its encoded pictures are kept for a while.
    pub reels: Reels,
    /// Who asks for its pictures one by one.
    pub stills: Stills,
    /// What the rules ask of it.
    pub attention: AttentionReceiver,
    /// Ends it.
    pub shutdown: Shutdown,
}
