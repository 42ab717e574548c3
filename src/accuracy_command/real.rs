//! Real footage of known truth, with the shipped network and with a public one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use gridwatch_config::{NetworkPreset, NetworkSettings, SourceSettings};
use gridwatch_models::sha256_of;
use serde::{Deserialize, Serialize};

use super::{
    kept::Kept,
    outcome::Outcome,
    plan::Rate,
    runner::{Chosen, Footage, line},
};
use crate::score_command::convert::{Converted, converted};

/// The public network: its file in the folder of real footage, its input, and where `models pull` puts it.
const PUBLIC: (&str, u32, u32) = ("networks/yolox_nano_416.onnx", 416, 416);
const PULLED: &str = "networks/yolox-nano/manifest.toml";

/// One piece of footage with one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RealRun {
    pub(crate) footage: String,
    pub(crate) network: String,
    pub(crate) outcome: Outcome,
}

/// The folder of real footage, or why there is none.
pub(super) fn data() -> Result<PathBuf, String> {
    match std::env::var_os("GRIDWATCH_DATA").map(PathBuf::from) {
        Some(folder) if folder.join("groundtruth").is_dir() => Ok(folder),
        Some(folder) => Err(format!("GRIDWATCH_DATA: {} has no groundtruth/", folder.display())),
        None => Err("GRIDWATCH_DATA names no folder of real footage".to_owned()),
    }
}

/// The public network, where it is there.
pub(super) fn public(data: &Path) -> anyhow::Result<Option<Chosen>> {
    let (file, width, height) = PUBLIC;
    let file = data.join(file);
    let settings = if Path::new(PULLED).is_file() {
        NetworkSettings::Manifest { path: PULLED.into() }
    } else if file.is_file() {
        NetworkSettings::Preset { preset: NetworkPreset::YoloxCoco, file, width, height, sha256: None }
    } else {
        return Ok(None);
    };
    Chosen::load(settings).map(Some)
}

/// All ground truths of a folder, converted, in the order of their names.
pub(super) fn ground_truths(data: &Path, limit_s: f64) -> anyhow::Result<Vec<Converted>> {
    let folder = data.join("groundtruth");
    let entries = fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files.iter().map(|file| converted(file, limit_s, true)).collect()
}

/// Measures each with each network. Tells of each on standard error.
pub(super) fn measure(
    truths: &[Converted],
    networks: &[&Chosen],
    kept: &Kept,
) -> anyhow::Result<Vec<RealRun>> {
    let mut runs = Vec::new();
    for converted in truths {
        for &network in networks {
            let (footage, input) = footage(converted, network)?;
            let before = footage.kept(kept);
            let outcome = match before.clone() {
                Some(outcome) => outcome,
                None => footage.measure(&input, &converted.truth, kept)?,
            };
            eprintln!("  {}", line(&footage.name, &outcome, before.is_some()));
            runs.push(RealRun {
                footage: converted.name.clone(),
                network: network.name().to_owned(),
                outcome,
            });
        }
    }
    Ok(runs)
}

/// The footage, and its file.
pub(super) fn footage<'n>(
    converted: &Converted,
    network: &'n Chosen,
) -> anyhow::Result<(Footage<'n>, PathBuf)> {
    let mut footage = Footage {
        name: format!("{} with {}", converted.name, network.name()),
        fingerprint: String::new(),
        configuration: converted.config.clone(),
        rate: Rate::Gated,
        truth_key: converted.truth.clone(),
        network,
    };
    let settings = footage.settings(Path::new(""))?;
    let camera = settings.cameras.first().context("no camera")?;
    let SourceSettings::File { path, .. } = &camera.source else { bail!("{}: no file", footage.name) };
    let bytes = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    footage.fingerprint = sha256_of(&bytes).as_str().to_owned();
    Ok((footage, path.clone()))
}
