//! The file of a center.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use gridwatch_domain::EdgeId;
use serde::Deserialize;
use url::Url;

use crate::{BrokerConfig, BrokerSettings, Problems, Secret, edge::address, network::existing};

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
    /// Edge boxes that are asked for live pictures and for clips. Default: none, so there are none of these.
    #[serde(default)]
    pub edge: Vec<EdgeAddressConfig>,
}

/// One `[[edge]]` table: how an edge box is reached over HTTP.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EdgeAddressConfig {
    /// The box: its `edge.id`.
    pub id: EdgeId,
    /// Where its API listens (its `edge.api_listen`), such as `http://10.0.0.5:9601`. Without encryption: within a network of your own,
    /// or through a tunnel.
    pub url: String,
    /// File that holds the token of its API: its text without white space around it.
    pub token_file: Option<PathBuf>,
    /// Environment variable that holds the token, in place of the file.
    pub token_env: Option<String>,
}

/// How an edge box is reached, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeAddressSettings {
    /// The box.
    pub id: EdgeId,
    /// Host and port.
    pub authority: String,
    /// The token of its API.
    pub token: Secret,
}

impl EdgeAddressConfig {
    fn check(self, key: &str, folder: &Path, problems: &mut Problems) -> Option<EdgeAddressSettings> {
        const EXPECTED: &str = "expected http://HOST:PORT, such as http://10.0.0.5:9601";
        let url = Url::parse(&self.url).map_err(|error| format!("{error}; {EXPECTED}")).and_then(|url| {
            let bare = url.scheme() == "http"
                && matches!(url.path(), "" | "/")
                && url.query().is_none()
                && url.username().is_empty()
                && url.password().is_none();
            match (url.host_str(), url.port_or_known_default()) {
                (Some(host), Some(port)) if bare => Ok(format!("{host}:{port}")),
                _ => Err(EXPECTED.to_owned()),
            }
        });
        let authority = problems.keep(format!("{key}.url"), url);
        let token = match (&self.token_file, &self.token_env) {
            (Some(file), None) => {
                let key = format!("{key}.token_file");
                let path = existing(folder, file, &key, problems)?;
                let text =
                    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()));
                problems.keep(key, text)?
            }
            (None, Some(variable)) => {
                let text =
                    std::env::var(variable).map_err(|_| format!("{variable}: there is no such variable"));
                problems.keep(format!("{key}.token_env"), text)?
            }
            _ => {
                problems.push(
                    format!("{key}.token_file"),
                    "expected one of token_file and token_env: the token of the box's API",
                );
                return None;
            }
        };
        let token = token.trim();
        if token.is_empty() {
            problems.push(format!("{key}.token_file"), "holds no token; expected that of the box's API");
            return None;
        }
        Some(EdgeAddressSettings { id: self.id, authority: authority?, token: Secret::new(token) })
    }
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
    /// Edge boxes that can be asked, ids unique.
    pub edges: Vec<EdgeAddressSettings>,
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
        let mut edges: Vec<EdgeAddressSettings> = Vec::new();
        for (index, edge) in self.edge.into_iter().enumerate() {
            let key = format!("edge[{index}]");
            if edges.iter().any(|other| other.id == edge.id) {
                problems.push(format!("{key}.id"), format!("{} is the id of another box", edge.id));
            }
            edges.extend(edge.check(&key, folder, problems));
        }
        Some(CenterSettings {
            id: self
                .center
                .id
                .unwrap_or_else(|| gridwatch_domain::EdgeId::new("center").expect("a valid id")),
            listen: listen?,
            state_dir: folder.join(self.center.state_dir),
            broker: broker?,
            grid_file,
            edges,
        })
    }
}
