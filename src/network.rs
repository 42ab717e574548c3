//! From `[network]` to a network whose hash is proven.

use gridwatch_config::{NetworkPreset, NetworkSettings, Problems};
use gridwatch_models::{ModelError, ModelStore, Network};
use gridwatch_runtime::Chain;

/// Loads the network that the configuration names, or tells what is wrong at which key.
pub(crate) fn load(settings: &NetworkSettings) -> Result<Network, Problems> {
    let (key, loaded) = match settings {
        NetworkSettings::Shipped { name } => ("network.name", ModelStore::builtin().get(name).cloned()),
        NetworkSettings::Manifest { path } => ("network.manifest", Network::load(path)),
        NetworkSettings::Preset { preset: NetworkPreset::YoloxCoco, file, width, height, sha256 } => {
            ("network.file", Network::load_yolox_coco(file, *width, *height, sha256.clone()))
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
