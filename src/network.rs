//! From `[network]` to a network whose hash is proven.

use gridwatch_config::{NetworkPreset, NetworkSettings, Problems};
use gridwatch_detect::{DetectError, NetworkDetector, SessionSettings};
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
    let error = error.downcast_ref::<DetectError>().filter(|error| error.blames_network())?;
    let mut problems = Problems::default();
    problems.push(key(settings), Chain(error));
    Some(problems)
}

/// Loads it into ONNX Runtime, as a start would.
pub(crate) fn try_out(network: &Network) -> anyhow::Result<()> {
    NetworkDetector::open(network, &SessionSettings::default(), network.manifest().thresholds.score)?;
    Ok(())
}

/// Loads the network that the configuration names, or tells what is wrong at which key.
pub(crate) fn load(settings: &NetworkSettings) -> Result<Network, Problems> {
    let key = key(settings);
    let loaded = match settings {
        NetworkSettings::Shipped { name } => ModelStore::builtin().get(name).cloned(),
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
