//! Cameras in, frames out.
//!
//! Takes RTSP streams (over TCP) and video files, hands on decoded pictures (NV12, not copied), sampled to the rate that
//! is analysed, newest first: a slow consumer costs pictures, which are counted, never memory. One [`Camera`] is one
//! supervised task; GStreamer decodes in threads of its own, and nothing here blocks the async runtime.
//! With `sim`, the only crate that knows GStreamer. Knows nothing of what pictures are used for.

mod address;
mod camera;
mod diagnose;
mod file;
mod greeting;
mod metrics;
mod planes;
mod rtsp;
mod sampler;
mod state;
mod stream;
mod tally;
mod tap;

pub use camera::{Camera, CameraParts, CameraTimeouts};
pub use metrics::IngestMetrics;
pub use state::{CameraState, OfflineReason};
