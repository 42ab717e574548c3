//! `[broker]`: where MQTT messages go.

use serde::Deserialize;
use url::Url;

use crate::{Problems, Secret};

/// The `[broker]` table.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// Address of the broker: `mqtt://host:1883`, or `mqtts://host:8883` for TLS.
    pub url: String,
    /// User name. Default: none, which only a broker for trials should allow.
    pub username: Option<String>,
    /// Password. Default: none. The environment variable `GRIDWATCH_BROKER_PASSWORD` goes before it.
    pub password: Option<Secret>,
}

/// Where to connect, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerSettings {
    /// `mqtt://` or `mqtts://`, with a host and without a password.
    pub url: Url,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Secret>,
}

impl BrokerConfig {
    pub(crate) fn check(self, problems: &mut Problems) -> Option<BrokerSettings> {
        let url = match Url::parse(&self.url) {
            Ok(url) => url,
            Err(error) => {
                problems
                    .push("broker.url", format!("{error}; expected mqtt://HOST:1883 or mqtts://HOST:8883"));
                return None;
            }
        };
        if !matches!(url.scheme(), "mqtt" | "mqtts") || url.host_str().is_none_or(str::is_empty) {
            problems.push("broker.url", "expected mqtt://HOST:1883 or mqtts://HOST:8883");
            return None;
        }
        if url.password().is_some() || !url.username().is_empty() {
            problems.push(
                "broker.url",
                "carries a user or password; write them as broker.username and broker.password",
            );
            return None;
        }
        let from_environment = std::env::var("GRIDWATCH_BROKER_PASSWORD").ok().map(Secret::new);
        let password = from_environment.or(self.password);
        if password.is_some() && self.username.is_none() {
            problems.push("broker.username", "missing, while there is a password");
        }
        Some(BrokerSettings { url, username: self.username, password })
    }
}
