//! One HTTP request, and what its failure means.

use std::io;
use std::sync::Arc;

use ureq::http::{Response, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Timeout};

use super::{PullError, PullSettings};
use crate::DownloadUrl;

/// Asks for a file, or for what of it is missing.
pub(super) struct Client {
    agent: Agent,
    settings: PullSettings,
}

impl Client {
    /// Trusts the certificates that the system trusts, and takes the proxy that the environment names.
    pub(super) fn new(settings: &PullSettings) -> Self {
        // One broken certificate among the system's must not stop the others.
        let certificates = rustls_native_certs::load_native_certs().certs;
        let certificates: Vec<_> =
            certificates.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(certificates)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .user_agent(concat!("gridwatch/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(settings.connect))
            .timeout_recv_response(Some(settings.idle))
            .build();
        Self { agent: config.into(), settings: *settings }
    }

    /// The file from byte `from` on, if it still has this entity tag, else the whole file.
    pub(super) fn get(
        &self,
        url: &DownloadUrl,
        resume: Option<(u64, &str)>,
    ) -> Result<Response<Body>, PullError> {
        let mut request = self.agent.get(url.as_str());
        if let Some((from, tag)) = resume {
            request = request.header(header::RANGE, format!("bytes={from}-")).header(header::IF_RANGE, tag);
        }
        request.call().map_err(|error| self.failed(url, error))
    }

    fn failed(&self, url: &DownloadUrl, error: ureq::Error) -> PullError {
        let url = url.clone();
        if is_tls(&error) {
            return PullError::Tls { url, source: Box::new(error) };
        }
        match error {
            ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                PullError::Unreachable { url, source: Box::new(error) }
            }
            ureq::Error::Timeout(_) => PullError::Stalled { url, idle: self.settings.idle },
            ureq::Error::Io(source) if is_cut(&source) => PullError::Broken { url, done: 0, source },
            ureq::Error::Io(_) => PullError::Unreachable { url, source: Box::new(error) },
            other => PullError::Protocol { url, source: Box::new(other) },
        }
    }
}

/// Whether a connection that stood has ended.
fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Whether TLS failed, also where its error comes wrapped in that of a stream.
fn is_tls(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Pem(_) => true,
        ureq::Error::Io(error) => {
            let inner = error.get_ref();
            inner.is_some_and(|inner| {
                inner.is::<rustls::Error>() || inner.source().is_some_and(|of| of.is::<rustls::Error>())
            })
        }
        _ => false,
    }
}
