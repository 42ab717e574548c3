//! Where the broker is, who we are, and how much may be under way.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use bytes::Bytes;
use gridwatch_runtime::BackoffRange;

use crate::LinkError;

/// A broker's address: `mqtt://host[:1883]`, or with TLS `mqtts://host[:8883]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl BrokerUrl {
    /// Without TLS.
    pub fn plain(host: impl Into<String>, port: u16) -> Self {
        Self { tls: false, host: host.into(), port }
    }
}

impl FromStr for BrokerUrl {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let url = url::Url::parse(text).map_err(|_| LinkError::Url("not a URL"))?;
        let (tls, port) = match url.scheme() {
            "mqtt" => (false, 1883),
            "mqtts" => (true, 8883),
            _ => return Err(LinkError::Url("unknown scheme")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(LinkError::Url("user name and password have keys of their own"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(LinkError::Url("nothing may follow host and port"));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(LinkError::Url("no host"))?;
        Ok(Self { tls, host: host.to_owned(), port: url.port().unwrap_or(port) })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", if self.tls { "mqtts" } else { "mqtt" }, self.host, self.port)
    }
}

/// User name and password. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(crate) username: String,
    pub(crate) password: String,
}

impl Credentials {
    /// A user and a password.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, ***)", self.username)
    }
}

/// What the broker publishes for us when we vanish without a goodbye.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Bytes,
    /// Whether the broker keeps it.
    pub retain: bool,
}

/// Makes the will of each connection, which may tell the time of connecting.
pub type WillSource = Arc<dyn Fn() -> Will + Send + Sync>;

/// How to reach a broker, and as whom.
#[derive(Clone)]
pub struct LinkSettings {
    /// Where the broker is.
    pub url: BrokerUrl,
    /// Unique among the broker's clients; 1–128 characters.
    pub client_id: String,
    /// Who we are. Default: nobody.
    pub credentials: Option<Credentials>,
    /// Certificates to trust with `mqtts` (PEM). Default: the system's.
    pub ca_file: Option<PathBuf>,
    /// A ping goes out after so long; a broker silent for twice as long is gone. 5 s – 18 h. Default: 15 s.
    pub keep_alive: Duration,
    /// Whether the broker forgets the last session. Default: false.
    pub clean_start: bool,
    /// How long the broker keeps the session while we are away, whole seconds. Default: 1 h.
    pub session_expiry: Duration,
    /// What is published when we vanish. Default: nothing.
    pub will: Option<WillSource>,
    /// Topic filters to subscribe to, at least once each, on every connection.
    pub subscriptions: Vec<String>,
    /// As `subscriptions`, but a broker that refuses one of these is made do with.
    pub optional_subscriptions: Vec<String>,
    /// Messages the broker may send before the first of them is acknowledged; 1–65535. Default: 128.
    pub receive_maximum: u16,
    /// Publications that may be unconfirmed at the same time; the broker may allow fewer. 1–65535. Default: 64.
    pub max_inflight: u16,
    /// Largest packet to receive, in bytes. Default: 16 MiB, as snapshots may be large.
    pub max_packet_size: u32,
    /// Waits between attempts to connect. Default: 0.5 s to 15 s.
    pub backoff: BackoffRange,
}

impl LinkSettings {
    /// A session of `client_id` with the broker at `url`, everything else by default.
    pub fn new(url: BrokerUrl, client_id: impl Into<String>) -> Self {
        Self {
            url,
            client_id: client_id.into(),
            credentials: None,
            ca_file: None,
            keep_alive: Duration::from_secs(15),
            clean_start: false,
            session_expiry: Duration::from_secs(3600),
            will: None,
            subscriptions: Vec::new(),
            optional_subscriptions: Vec::new(),
            receive_maximum: 128,
            max_inflight: 64,
            max_packet_size: 16 << 20,
            backoff: BackoffRange { first: Duration::from_millis(500), longest: Duration::from_secs(15) },
        }
    }

    pub(crate) fn validate(&self) -> Result<(), LinkError> {
        let refuse = |name, found: String, allowed| Err(LinkError::Setting { name, found, allowed });
        if self.client_id.is_empty() || self.client_id.len() > 128 {
            return refuse("client id", format!("{:?}", self.client_id), "1 to 128 characters");
        }
        if !(5..=65535).contains(&self.keep_alive.as_secs()) {
            return refuse("keep-alive", format!("{:?}", self.keep_alive), "5 s to 65535 s");
        }
        if self.receive_maximum == 0 {
            return refuse("receive maximum", "0".to_owned(), "1 to 65535");
        }
        if self.max_inflight == 0 {
            return refuse("publications in flight", "0".to_owned(), "1 to 65535");
        }
        Ok(())
    }
}

impl fmt::Debug for LinkSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkSettings")
            .field("url", &self.url)
            .field("client_id", &self.client_id)
            .field("credentials", &self.credentials)
            .field("ca_file", &self.ca_file)
            .field("keep_alive", &self.keep_alive)
            .field("clean_start", &self.clean_start)
            .field("session_expiry", &self.session_expiry)
            .field("subscriptions", &self.subscriptions)
            .field("optional_subscriptions", &self.optional_subscriptions)
            .field("receive_maximum", &self.receive_maximum)
            .field("max_inflight", &self.max_inflight)
            .field("max_packet_size", &self.max_packet_size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let found = text.parse::<BrokerUrl>().ok().map(|url| url.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn addresses_are_scheme_host_and_port() {
        check("mqtt://broker.local", Some("mqtt://broker.local:1883"));
        check("mqtts://broker.local", Some("mqtts://broker.local:8883"));
        check("mqtt://127.0.0.1:2883/", Some("mqtt://127.0.0.1:2883"));
        check("mqtt://[::1]:1884", Some("mqtt://[::1]:1884"));
        check("http://broker.local", None);
        check("broker.local:1883", None);
        check("mqtt://broker.local/topic", None);
        check("mqtt://user@broker.local", None);
        check("mqtt://", None);
    }

    #[test]
    fn passwords_are_never_shown() {
        let secret = "correct-horse";
        let error = format!("mqtt://user:{secret}@broker").parse::<BrokerUrl>().expect_err("refused");
        assert!(!error.to_string().contains(secret) && !format!("{error:?}").contains(secret));

        let mut settings = LinkSettings::new(BrokerUrl::plain("broker", 1883), "edge");
        settings.credentials = Some(Credentials::new("user", secret));
        let shown = format!("{settings:?} {settings:#?}");
        assert!(shown.contains("user") && !shown.contains(secret), "{shown}");
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let settings = LinkSettings::new(BrokerUrl::plain("broker", 1883), "edge");
        assert!(settings.validate().is_ok());
        assert!(LinkSettings { keep_alive: Duration::from_secs(1), ..settings.clone() }.validate().is_err());
        assert!(LinkSettings { client_id: String::new(), ..settings.clone() }.validate().is_err());
        assert!(LinkSettings { receive_maximum: 0, ..settings }.validate().is_err());
    }
}
