//! `[network]`: which detector network an edge box runs.

use std::path::{Path, PathBuf};

use gridwatch_domain::Sha256Hex;
use serde::Deserialize;

use crate::{BatchConfig, InferenceSettings, Problems, ProviderConfig};

/// The `[network]` table. Name the shipped network with `name`, or bring your own: with `manifest`, or with `preset`
/// and `file`.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// A network that gridwatch ships; `gridwatch models list` names them. Default: `yard-n-int8`
    /// where the processor calculates with bytes (VNNI, or the dot product of ARM), else `yard-n`: the same training, half the time.
    pub name: Option<String>,
    /// A manifest beside an ONNX file of your own, or the folder of both, as `gridwatch models import` makes it.
    pub manifest: Option<PathBuf>,
    /// The convention that `file` follows.
    pub preset: Option<NetworkPreset>,
    /// An ONNX file that follows `preset`.
    pub file: Option<PathBuf>,
    /// Width of the network's input in pixels, 32–4096, a multiple of 32. Needed with `preset`.
    #[schemars(range(min = 32, max = 4096))]
    pub width: Option<u32>,
    /// Height of the network's input in pixels, 32–4096, a multiple of 32. Needed with `preset`.
    #[schemars(range(min = 32, max = 4096))]
    pub height: Option<u32>,
    /// SHA-256 of `file`, 64 hexadecimal digits. Default: any file is taken, and its hash is written to the log.
    pub sha256: Option<Sha256Hex>,
    /// What computes: `auto` (the first of tensorrt, cuda, openvino and cpu that ONNX Runtime has and that takes the network), or
    /// one of these. Default: auto.
    pub provider: Option<ProviderConfig>,
    /// Threads of ONNX Runtime for one picture, 1–64. Default: 1; more make one call faster and all calls together slower.
    #[schemars(range(min = 1, max = 64))]
    pub threads: Option<u8>,
    /// Cores that inference may take, 1–255. The network is loaded as often as its threads fit in them, but no oftener than there are
    /// cameras. Default: all that the box has.
    #[schemars(range(min = 1, max = 255))]
    pub cores: Option<u8>,
    /// Pictures of different cameras that the network sees together: `"auto"` (as many as are measured to gain at start), `"off"`, or a
    /// number from 1 to 32. Needs a file with a free first dimension. Default: auto.
    pub batch: Option<BatchConfig>,
}

/// A convention for inputs, outputs and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkPreset {
    /// YOLOX as Megvii exports it, with the 80 labels of COCO.
    YoloxCoco,
}

/// Which network, checked as far as the configuration alone tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkSettings {
    /// One that gridwatch ships.
    Shipped {
        /// Its name; `None`: the one that suits the processor.
        name: Option<String>,
    },
    /// One with a manifest.
    Manifest {
        /// The manifest.
        path: PathBuf,
    },
    /// A bare ONNX file of a known convention.
    Preset {
        /// The convention.
        preset: NetworkPreset,
        /// The ONNX file.
        file: PathBuf,
        /// Input width, pixels.
        width: u32,
        /// Input height, pixels.
        height: u32,
        /// The hash it must have.
        sha256: Option<Sha256Hex>,
    },
}

impl NetworkConfig {
    /// How it is run.
    pub(crate) fn inference(&self, problems: &mut Problems) -> InferenceSettings {
        InferenceSettings {
            provider: self.provider.unwrap_or_default(),
            threads: self.threads.unwrap_or(1),
            cores: self.cores,
            batch: self.batch.unwrap_or_default().check(problems),
        }
    }

    pub(crate) fn check(self, folder: &Path, problems: &mut Problems) -> Option<NetworkSettings> {
        let chosen =
            [self.name.is_some(), self.manifest.is_some(), self.preset.is_some() || self.file.is_some()];
        if chosen.into_iter().filter(|&is| is).count() > 1 {
            problems.push("network", "name one of: name, manifest, or preset with file");
            return None;
        }
        if let Some(manifest) = self.manifest {
            // A network's folder stands for the manifest in it.
            let in_folder = manifest.join("manifest.toml");
            let manifest = if folder.join(&in_folder).is_file() { in_folder } else { manifest };
            let path = existing(folder, &manifest, "network.manifest", problems)?;
            return Some(NetworkSettings::Manifest { path });
        }
        if self.preset.is_none() && self.file.is_none() {
            return Some(NetworkSettings::Shipped { name: self.name });
        }
        for (value, key) in [(self.width, "network.width"), (self.height, "network.height")] {
            match value {
                None => problems.push(key, "missing; a preset needs the size of the network's input"),
                Some(size) if size % 32 != 0 => {
                    problems.push(key, format!("{size}: expected a multiple of 32"))
                }
                Some(_) => {}
            }
        }
        let preset = problems.keep("network.preset", self.preset.ok_or("missing; expected yolox-coco"));
        let file = problems.keep("network.file", self.file.ok_or("missing; a preset needs an ONNX file"))?;
        let file = existing(folder, &file, "network.file", problems)?;
        Some(NetworkSettings::Preset {
            preset: preset?,
            file,
            width: self.width?,
            height: self.height?,
            sha256: self.sha256,
        })
    }
}

/// The path taken from `folder`, if a file is there.
pub(crate) fn existing(folder: &Path, path: &Path, key: &str, problems: &mut Problems) -> Option<PathBuf> {
    let path = folder.join(path);
    if path.is_file() {
        return Some(path);
    }
    let what = if path.is_dir() { "is a folder, expected a file" } else { "no such file" };
    problems.push(key, format!("{}: {what}", path.display()));
    None
}
