//! How the network is run: the keys of `[network]` that are not about which one it is.

use serde::Deserialize;

use crate::Problems;

/// What of ONNX Runtime computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderConfig {
    /// The first of these that the library has and that takes the network: tensorrt, cuda, openvino, cpu.
    #[default]
    Auto,
    /// NVIDIA GPUs, with an engine compiled for the network at start.
    TensorRt,
    /// NVIDIA GPUs.
    Cuda,
    /// Intel processors and GPUs.
    OpenVino,
    /// The processor.
    Cpu,
}

/// How many pictures, of different cameras, the network sees together: `"auto"`, `"off"`, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum BatchConfig {
    /// By a word.
    Word(BatchWord),
    /// At most so many, 1–32.
    Pictures(u32),
}

/// A way to choose how many pictures the network sees together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BatchWord {
    /// As many as are measured to gain at start; on a processor that is mostly one.
    Auto,
    /// One.
    Off,
}

/// How the network is run, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InferenceSettings {
    /// What computes.
    pub provider: ProviderConfig,
    /// Threads for one picture, 1–64.
    pub threads: u8,
    /// Cores for all of inference, 1–255; none: all that there are.
    pub cores: Option<u8>,
    /// Pictures that the network sees together.
    pub batch: BatchConfig,
}

/// Most pictures in a batch: beyond it the wait for them outlasts the gain on any box.
const MOST_PICTURES: u32 = 32;

impl Default for BatchConfig {
    fn default() -> Self {
        Self::Word(BatchWord::Auto)
    }
}

impl BatchConfig {
    pub(crate) fn check(self, problems: &mut Problems) -> Self {
        if let Self::Pictures(pictures) = self
            && !(1..=MOST_PICTURES).contains(&pictures)
        {
            problems.push(
                "network.batch",
                format!("{pictures}: expected \"auto\", \"off\" or a number from 1 to {MOST_PICTURES}"),
            );
        }
        self
    }
}
