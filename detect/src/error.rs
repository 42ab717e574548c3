//! What can go wrong on the way from a frame to detections.

use std::path::PathBuf;

use crate::head::Unreadable;

/// An operation of detection that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// The ONNX Runtime library is missing, is not one, or is too old.
    #[error(
        "load ONNX Runtime from {path} (needs version 1.{} or newer; `./dev setup` fetches it, ORT_DYLIB_PATH names another)",
        ort::MINOR_VERSION
    )]
    Runtime {
        /// Where it was looked for.
        path: PathBuf,
        /// What the loader says.
        source: ort::LoadDynamicError,
    },
    /// The library is there, but its environment cannot be set up.
    #[error("start ONNX Runtime")]
    Environment {
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// The library refuses the network.
    #[error("load network {network}")]
    Load {
        /// The network's name.
        network: String,
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// The network's own inputs or outputs are not what its manifest says.
    #[error("network {network}: its manifest says {side} {expected}, the file has {found}")]
    Shape {
        /// The network's name.
        network: String,
        /// `input` or `output`.
        side: &'static str,
        /// The shape in the manifest.
        expected: String,
        /// The shape in the file or in its answer.
        found: String,
    },
    /// The network failed on one picture.
    #[error("run network {network}")]
    Run {
        /// The network's name.
        network: String,
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// The network answered something that cannot be read.
    #[error("read the answer of network {network}: {reason}")]
    Answer {
        /// The network's name.
        network: String,
        /// What is wrong with it.
        reason: Unreadable,
    },
    /// A picture whose planes are shorter than its size says.
    #[error("frame of {width}x{height} has {luma} bytes of luma and {chroma} of chroma, which is too few")]
    Frame {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes of luma.
        luma: usize,
        /// Bytes of chroma.
        chroma: usize,
    },
    /// The memory kept of a camera cannot be read.
    #[error("read the memory of camera {camera}")]
    Checkpoint {
        /// The camera.
        camera: String,
        /// What the decoder says.
        source: serde_json::Error,
    },
    /// The memory kept of a camera was written by a newer version.
    #[error("memory of camera {camera} has version {found}, this program reads up to {known}")]
    CheckpointVersion {
        /// The camera.
        camera: String,
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// The detection thread cannot be started.
    #[error("start the detection thread")]
    Thread {
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl DetectError {
    /// Whether it is the network's own fault, not that of the machine: another network would load.
    pub fn blames_network(&self) -> bool {
        matches!(self, Self::Load { .. } | Self::Shape { .. })
    }

    /// Whether the next frame may still succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Run { .. } | Self::Answer { .. } | Self::Frame { .. })
    }
}
