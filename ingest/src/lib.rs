//! Cameras in, frames out.
//!
//! Takes RTSP streams, JPEG over HTTP, devices and video files, hands on decoded pictures (NV12, not copied), sampled to the rate that
//! is analysed, newest first: a slow consumer costs pictures, which are counted, never memory. One [`Camera`] is one
//! supervised task; RTSP is received on the async runtime and decoded by threads that all cameras share, everything else by GStreamer in
//! threads of its own. Nothing here blocks the async runtime.
//! With `sim`, the only crate that knows GStreamer. Knows nothing of what pictures are used for.

use std::collections::BTreeMap;

use gridwatch_domain::{Attention, CameraId};
use tokio::sync::watch;

mod address;
mod bitstream;
mod camera;
mod change;
mod choose;
mod decode;
mod device;
mod diagnose;
mod file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod greeting;
mod http;
mod live;
mod login;
mod main_stream;
mod metrics;
pub mod mp4;
pub mod onvif;
mod planes;
mod playback;
mod receive;
mod reel;
mod ring;
mod rtsp;
mod sampler;
mod state;
mod still;
mod stream;
mod tally;
mod tap;
mod unit;
mod video;
mod watched;

/// How closely each camera must be watched; of one that is not named nothing is asked.
pub type AttentionReceiver = watch::Receiver<BTreeMap<CameraId, Attention>>;

pub use camera::{Camera, CameraControl, CameraParts, CameraTimeouts};
pub use decode::{DecodePool, Decoders};
pub use gate::{GateState, Level, Reason, longest_rest};
pub use metrics::IngestMetrics;
pub use playback::{FileFlaw, Playback, PlaybackError, PlaybackOptions, picture_at};
pub use reel::{Follower, Reel, Reels};
pub use state::{CameraState, OfflineReason};
pub use still::{StillError, Stills};
pub use unit::{AccessUnit, Codec};
pub use video::{VideoError, VideoWriter};
