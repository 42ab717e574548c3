//! The API of an edge box: where it listens, and what lets a caller in.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use crate::{Problems, Secret, edge::address, network::existing};

/// Shortest token: what is shorter can be guessed.
const SHORTEST_TOKEN: usize = 16;

/// Where an edge box takes changes of its cameras, and from whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSettings {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// What a caller must know.
    pub token: Secret,
}

impl ApiSettings {
    /// From the keys of `[edge]`; none where there is no `api_listen`, or something is wrong and was told.
    pub(crate) fn check(
        listen: Option<&str>,
        token_file: Option<&PathBuf>,
        token_env: Option<&str>,
        folder: &Path,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some(listen) = listen else {
            if token_file.is_some() || token_env.is_some() {
                problems.push("edge.api_listen", "missing: a token is given, and no address to use it at");
            }
            return None;
        };
        let listen = problems.keep("edge.api_listen", address(listen));
        let (key, token) = match (token_file, token_env) {
            (Some(file), None) => {
                let path = existing(folder, file, "edge.api_token_file", problems)?;
                let text = std::fs::read_to_string(&path);
                ("edge.api_token_file", text.map_err(|error| format!("{}: {error}", path.display())))
            }
            (None, Some(variable)) => {
                let text = std::env::var(variable);
                ("edge.api_token_env", text.map_err(|_| format!("{variable}: there is no such variable")))
            }
            (None, None) => {
                let what = "missing: without a token anybody could change cameras; or give api_token_env";
                problems.push("edge.api_token_file", what);
                return None;
            }
            (Some(_), Some(_)) => {
                problems.push("edge.api_token_file", "is given beside api_token_env; expected one of them");
                return None;
            }
        };
        let token = problems.keep(key, token)?;
        let token = token.trim();
        if token.len() < SHORTEST_TOKEN {
            let message = format!(
                "holds {} characters, expected {SHORTEST_TOKEN} or more, such as those of: openssl rand -hex 32",
                token.len()
            );
            problems.push(key, message);
            return None;
        }
        Some(Self { listen: listen?, token: Secret::new(token) })
    }
}
