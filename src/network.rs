//! From `[network]` to a network whose hash is proven.

use std::path::Path;

use gridwatch_config::{
    BatchConfig, BatchWord, InferenceSettings, NetworkPreset, NetworkSettings, Problems, ProviderConfig,
};
use gridwatch_detect::{Batch, DetectError, NetworkDetector, Provider, SessionSettings};
use gridwatch_models::{ModelError, ModelStore, Network};
use gridwatch_runtime::Chain;

/// The key that names the network.
fn key(settings: &NetworkSettings) -> &'static str {
    match settings {
        NetworkSettings::Shipped { .. } => "network.name",
        NetworkSettings::Manifest { .. } => "network.manifest",
        NetworkSettings::Preset { .. } => "network.file",
    }
}

/// What `error` says of the network that `settings` name; `None` where the fault lies elsewhere.
pub(crate) fn problem(settings: &NetworkSettings, error: &anyhow::Error) -> Option<Problems> {
    let error = error.downcast_ref::<DetectError>()?;
    let key = match error {
        error if error.blames_provider() => "network.provider",
        error if error.blames_batch() => "network.batch",
        error if error.blames_network() => key(settings),
        _ => return None,
    };
    let mut problems = Problems::default();
    problems.push(key, Chain(error));
    Some(problems)
}

/// As a command line names it: a manifest, or a network that is shipped.
pub(crate) fn named(name: &str) -> NetworkSettings {
    let path = Path::new(name);
    if path.extension().is_some() && path.is_file() {
        NetworkSettings::Manifest { path: path.to_owned() }
    } else {
        NetworkSettings::Shipped { name: Some(name.to_owned()) }
    }
}

/// How sessions of the network are made.
pub(crate) fn session_settings(settings: &InferenceSettings) -> SessionSettings {
    let provider = match settings.provider {
        ProviderConfig::Auto => None,
        ProviderConfig::TensorRt => Some(Provider::TensorRt),
        ProviderConfig::Cuda => Some(Provider::Cuda),
        ProviderConfig::OpenVino => Some(Provider::OpenVino),
        ProviderConfig::Cpu => Some(Provider::Cpu),
    };
    let batch = match settings.batch {
        BatchConfig::Word(BatchWord::Auto) => Batch::Auto,
        BatchConfig::Word(BatchWord::Off) => Batch::Off,
        BatchConfig::Pictures(pictures) => Batch::Pictures(pictures as usize),
    };
    SessionSettings { threads: settings.threads.into(), provider, batch, ..SessionSettings::default() }
}

/// Loads it into ONNX Runtime, as a start would.
pub(crate) fn try_out(network: &Network, settings: &SessionSettings) -> anyhow::Result<()> {
    NetworkDetector::open(network, settings, network.manifest().thresholds.score)?;
    Ok(())
}

/// Loads the network that the configuration names, or tells what is wrong at which key.
pub(crate) fn load(settings: &NetworkSettings) -> Result<Network, Problems> {
    let key = key(settings);
    let loaded = match settings {
        NetworkSettings::Shipped { name: Some(name) } => ModelStore::builtin().get(name).cloned(),
        NetworkSettings::Shipped { name: None } => Ok(ModelStore::builtin().default_network().clone()),
        NetworkSettings::Manifest { path } => Network::load(path),
        NetworkSettings::Preset { preset: NetworkPreset::YoloxCoco, file, width, height, sha256 } => {
            Network::load_yolox_coco(file, *width, *height, sha256.clone())
        }
    };
    loaded.map_err(|error| {
        let mut problems = Problems::default();
        let has_expected_hash = matches!(settings, NetworkSettings::Preset { .. });
        let key = if has_expected_hash && matches!(error, ModelError::WrongHash { .. }) {
            "network.sha256"
        } else {
            key
        };
        problems.push(key, Chain(&error));
        problems
    })
}
