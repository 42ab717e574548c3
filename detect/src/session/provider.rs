//! Which part of ONNX Runtime does the computing.

use std::{fmt, str::FromStr};

use ort::ep::{self, ExecutionProvider as _, ExecutionProviderDispatch};

use super::{SessionSettings, runtime};
use crate::DetectError;

/// An execution provider of ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// NVIDIA GPUs, with an engine compiled for the network at start.
    TensorRt,
    /// NVIDIA GPUs.
    Cuda,
    /// Intel processors and GPUs.
    OpenVino,
    /// The processor.
    Cpu,
}

impl Provider {
    /// The order in which they are tried: the fastest first, where it is there.
    pub const ORDER: [Self; 4] = [Self::TensorRt, Self::Cuda, Self::OpenVino, Self::Cpu];

    /// Those that the library of these `settings` has, in that order.
    ///
    /// # Errors
    /// [`DetectError::Runtime`], [`DetectError::Environment`].
    pub fn available(settings: &SessionSettings) -> Result<Vec<Self>, DetectError> {
        runtime::available(settings)
    }

    /// Its name in configurations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TensorRt => "tensorrt",
            Self::Cuda => "cuda",
            Self::OpenVino => "openvino",
            Self::Cpu => "cpu",
        }
    }

    /// Whether the loaded library has it.
    pub(super) fn is_there(self) -> bool {
        let found = match self {
            Self::TensorRt => ep::TensorRT::is_available(),
            Self::Cuda => ep::CUDA::is_available(),
            Self::OpenVino => ep::OpenVINO::is_available(),
            Self::Cpu => Ok(true),
        };
        // A library that cannot list its providers has none but the processor.
        found.unwrap_or(false)
    }

    /// As ONNX Runtime registers it, with so many threads where it has its own; what it cannot do goes to the processor.
    pub(super) fn dispatch(self, threads: usize) -> ExecutionProviderDispatch {
        match self {
            Self::TensorRt => ep::TensorRT::default().build(),
            Self::Cuda => ep::CUDA::default().build(),
            Self::OpenVino => ep::OpenVINO::default().with_num_threads(threads).build(),
            Self::Cpu => ep::CPU::default().with_arena_allocator(true).build(),
        }
        .error_on_failure()
    }

    /// Whether its memory is the processor's: what was bound once is seen at each run, and its threads take the box's cores.
    pub(crate) fn shares_memory(self) -> bool {
        matches!(self, Self::Cpu | Self::OpenVino)
    }
}

impl FromStr for Provider {
    type Err = String;

    /// By its name in configurations.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ORDER.into_iter().find(|provider| provider.as_str() == text);
        named.ok_or_else(|| format!("expected one of {}", Self::ORDER.map(Self::as_str).join(", ")))
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
