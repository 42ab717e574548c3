//! What can go wrong on the way from a frame to detections.

use std::path::PathBuf;

use crate::{
    head::Unreadable,
    session::{Finding, Provider, memory},
};

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
    #[error("load network {network} ({finding})")]
    Load {
        /// The network's name.
        network: String,
        /// What the file is.
        finding: Finding,
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// The provider that the configuration names is not in the library.
    #[error(
        "provider {provider} is not in the ONNX Runtime at {library}, which has {}: name one of these or auto, or another library with ORT_DYLIB_PATH",
        listed(present)
    )]
    ProviderMissing {
        /// The provider.
        provider: Provider,
        /// The library.
        library: PathBuf,
        /// Those that it has.
        present: Vec<Provider>,
    },
    /// The provider is in the library, but cannot run this network on this machine.
    #[error(
        "run the network with provider {provider} (is its driver installed? provider = \"auto\" takes another)"
    )]
    Provider {
        /// The provider.
        provider: Provider,
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// A batch is asked for that the file does not take.
    #[error(
        "network {network} takes one picture at a time ({found}), not {pictures}: leave batch out, or export it with a free first dimension"
    )]
    Batch {
        /// The network's name.
        network: String,
        /// Pictures that were asked for.
        pictures: usize,
        /// The file's input.
        found: String,
    },
    /// The network was loaded, but its first run failed.
    #[error("run network {network} for the first time{}", free_memory(*free_mib))]
    FirstRun {
        /// The network's name.
        network: String,
        /// Memory that was left, in MiB, where the system tells.
        free_mib: Option<u64>,
        /// What ONNX Runtime says.
        source: ort::Error,
    },
    /// A run of the network took too long, and was ended.
    #[error(
        "network {network} was stopped after {} s: it loops for ever on such a picture, or is too slow for this box; a smaller one, or \
         another export, would help", longest.as_secs_f32()
    )]
    TakesTooLong {
        /// The network's name.
        network: String,
        /// How long it was let go on.
        longest: std::time::Duration,
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
    /// A first run that failed just now.
    pub(crate) fn first_run(network: &str, source: ort::Error) -> Self {
        Self::FirstRun {
            network: network.to_owned(),
            free_mib: memory::left().map(|bytes| bytes >> 20),
            source,
        }
    }

    /// Whether it is the network's own fault, not that of the machine: another network would load.
    pub fn blames_network(&self) -> bool {
        matches!(
            self,
            Self::Load { .. } | Self::Shape { .. } | Self::FirstRun { .. } | Self::TakesTooLong { .. }
        )
    }

    /// Whether it is the batch that was asked for.
    pub fn blames_batch(&self) -> bool {
        matches!(self, Self::Batch { .. })
    }

    /// Whether the provider that is named is at fault.
    pub fn blames_provider(&self) -> bool {
        matches!(self, Self::ProviderMissing { .. } | Self::Provider { .. })
    }

    /// Whether the next frame may still succeed.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Run { .. } | Self::TakesTooLong { .. } | Self::Answer { .. } | Self::Frame { .. }
        )
    }
}

fn listed(providers: &[Provider]) -> String {
    providers.iter().map(|provider| provider.as_str()).collect::<Vec<_>>().join(", ")
}

fn free_memory(free_mib: Option<u64>) -> String {
    free_mib.map_or_else(String::new, |free| format!(" ({free} MiB of memory are left)"))
}
