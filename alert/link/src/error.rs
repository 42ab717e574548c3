//! What can go wrong between us and a broker.

use std::path::PathBuf;

use rumqttc::v5::{
    ConnectionError, StateError,
    mqttbytes::v5::{ConnectReturnCode, DisconnectReasonCode},
};

/// Why the session could not be set up, or broke.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The broker's address. Does not show what was found: it may hold a password.
    #[error("broker address: {0}; expected mqtt://host[:port] or mqtts://host[:port]")]
    Url(&'static str),
    /// A value out of its range.
    #[error("{name}: found {found}, allowed {allowed}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The file of certificates.
    #[error("read certificates from {path}")]
    CertificateFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// TLS needs somebody to trust.
    #[error("no trusted certificate found in {0}")]
    NoCertificates(String),
    /// TLS cannot be set up.
    #[error("set up TLS")]
    Tls(#[source] rustls::Error),
    /// Nobody is connected; try again when the state says so.
    #[error("not connected to the broker")]
    NotConnected,
    /// Larger than the broker takes. Sending it would end the connection, so it is not sent.
    #[error("message of {size} bytes; the broker takes at most {max}")]
    TooLarge {
        /// Bytes of the packet.
        size: usize,
        /// The broker's limit.
        max: usize,
    },
    /// A topic with wildcards, or empty.
    #[error("topic {0:?} cannot be published to")]
    Topic(String),
    /// The broker answered CONNECT with a refusal.
    #[error("broker refuses the connection: {}", refusal(.0))]
    Refused(ConnectReturnCode),
    /// The broker refused a subscription.
    #[error("broker refuses the subscription to {filter:?}: {reason}")]
    Subscription {
        /// The topic filter.
        filter: String,
        /// The broker's reason.
        reason: String,
    },
    /// The broker said goodbye.
    #[error("broker closed the connection: {}", farewell(.0))]
    Dismissed(DisconnectReasonCode),
    /// Neither messages nor the answer to a ping came.
    #[error("broker has been silent for too long")]
    Silent,
    /// Network or protocol.
    #[error("connection to the broker")]
    Connection(#[source] Box<ConnectionError>),
}

impl LinkError {
    /// Whether another client with the same id pushed us out: retrying quickly would only push back.
    pub fn is_takeover(&self) -> bool {
        matches!(self, Self::Dismissed(DisconnectReasonCode::SessionTakenOver))
    }
}

impl From<ConnectionError> for LinkError {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::ConnectionRefused(code) => Self::Refused(code),
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
                Self::Dismissed(reason_code)
            }
            ConnectionError::MqttState(StateError::AwaitPingResp) => Self::Silent,
            other => Self::Connection(Box::new(other)),
        }
    }
}

fn refusal(code: &ConnectReturnCode) -> String {
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
            "user name or password is wrong, or not allowed".to_owned()
        }
        ConnectReturnCode::UnsupportedProtocolVersion => "it does not speak MQTT 5".to_owned(),
        other => format!("{other:?}"),
    }
}

fn farewell(code: &DisconnectReasonCode) -> String {
    match code {
        DisconnectReasonCode::SessionTakenOver => {
            "another client connected with the same id; each edge and center needs one of its own".to_owned()
        }
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_takeover_is_told_apart_and_says_what_to_do() {
        let reason_code = DisconnectReasonCode::SessionTakenOver;
        let state = StateError::ServerDisconnect { reason_code, reason_string: None };
        let error = LinkError::from(ConnectionError::MqttState(state));
        assert!(error.is_takeover());
        assert!(error.to_string().contains("same id"), "{error}");
        assert!(!LinkError::Silent.is_takeover());
    }
}
