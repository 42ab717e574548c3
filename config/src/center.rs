//! The file of a center.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{BrokerConfig, BrokerSettings, Problems, edge::address, network::existing};

/// The file of a center: `gridwatch center --config FILE`.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CenterConfig {
    /// The center itself.
    pub center: CenterSection,
    /// Where alerts come from.
    pub broker: BrokerConfig,
    /// The grid tree.
    #[serde(default)]
    pub grid: GridConfig,
}

/// The `[center]` table.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CenterSection {
    /// Stable name: MQTT client id. Default: `center`.
    pub id: Option<gridwatch_domain::EdgeId>,
    /// Address for pages and API. Default: `127.0.0.1:8080`, which only this machine reaches.
    pub listen: Option<String>,
    /// Folder for the store. Must survive a restart; only one process may use it.
    pub state_dir: PathBuf,
}

/// The `[grid]` table.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GridConfig {
    /// CSV file with the columns code, name, leader. Default: none, so cells show as numbers.
    pub file: Option<PathBuf>,
}

/// A center, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CenterSettings {
    /// MQTT client id.
    pub id: gridwatch_domain::EdgeId,
    /// Address for pages and API.
    pub listen: SocketAddr,
    /// Folder for the store.
    pub state_dir: PathBuf,
    /// Where alerts come from.
    pub broker: BrokerSettings,
    /// The grid tree's file.
    pub grid_file: Option<PathBuf>,
}

impl CenterConfig {
    pub(crate) fn check(self, folder: &Path, problems: &mut Problems) -> Option<CenterSettings> {
        let broker = self.broker.check(problems);
        let listen = match &self.center.listen {
            Some(listen) => problems.keep("center.listen", address(listen)),
            None => Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
        };
        let grid_file = match self.grid.file {
            Some(file) => Some(existing(folder, &file, "grid.file", problems)?),
            None => None,
        };
        Some(CenterSettings {
            id: self
                .center
                .id
                .unwrap_or_else(|| gridwatch_domain::EdgeId::new("center").expect("a valid id")),
            listen: listen?,
            state_dir: folder.join(self.center.state_dir),
            broker: broker?,
            grid_file,
        })
    }
}
