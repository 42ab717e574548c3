//! One SOAP request over HTTP, bounded in time and size; with HTTP's digest where the device asks for that.

use std::time::Duration;

use gridwatch_config::Secret;
use gridwatch_domain::Timestamp;
use gridwatch_runtime::SharedClock;
use http_auth::{PasswordClient, PasswordParams};
use ureq::{Agent, Body, http::Response};
use url::Url;

use super::{OnvifError, soap, xml::Element};

/// Longest answer that is read; a device with a hundred profiles has some 300 KiB.
const LARGEST: u64 = 2 << 20;

/// A user and password. `Debug` shows stars.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// What answered.
pub(super) enum Answer {
    /// The body of the envelope, within its root.
    Body(Element),
    /// It wants a login, or another one.
    NotAuthorised,
}

/// Asks one device.
pub(super) struct Client<'a> {
    agent: Agent,
    login: Option<&'a Login>,
    clock: SharedClock,
    /// How far the device's clock is ahead of ours, in milliseconds.
    ahead_ms: i64,
    patience: Duration,
}

impl<'a> Client<'a> {
    /// `patience`: for one request, from its beginning to the last byte of the answer.
    pub(super) fn new(login: Option<&'a Login>, clock: SharedClock, patience: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // It is asked itself, whatever the environment says; and sends nobody elsewhere.
            .proxy(None)
            .max_redirects(0)
            .user_agent(concat!("gridwatch/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(patience))
            .build();
        Self { agent: config.into(), login, clock, ahead_ms: 0, patience }
    }

    /// For one request.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Times in requests are by the device's clock from now on.
    pub(super) fn follow_clock(&mut self, device: Timestamp) {
        self.ahead_ms = device.as_millisecond() - self.clock.now().as_millisecond();
    }

    /// Asks, with the login if there is one.
    ///
    /// # Errors
    /// Where it does not answer, not in time, or not as an ONVIF device.
    pub(super) fn ask(&self, url: &Url, request: &'static str, body: &str) -> Result<Answer, OnvifError> {
        let security = self.login.map_or_else(String::new, |login| {
            let now = self.clock.now().as_millisecond().saturating_add(self.ahead_ms);
            let at = Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH);
            soap::username_token(login, std::array::from_fn(|_| fastrand::u8(..)), &at.to_string())
        });
        let envelope = soap::envelope(body, &security);
        let mut response = self.post(url, &envelope, None)?;
        if response.status() == 401
            && let Some(login) = self.login
        {
            match digest(&response, login, url, &envelope) {
                Ok(Some(digest)) => response = self.post(url, &envelope, Some(&digest))?,
                Ok(None) => {}
                Err(InTheClear) => return Err(OnvifError::InTheClear { host: host(url) }),
            }
        }
        let status = response.status();
        if status == 401 {
            return Ok(Answer::NotAuthorised);
        }
        let bytes = response
            .body_mut()
            .with_config()
            .limit(LARGEST)
            .read_to_vec()
            .map_err(|error| failed(url, error))?;
        let not_onvif = |detail: String| OnvifError::NotOnvif { host: host(url), detail };
        let root = match Element::parse(&bytes) {
            Ok(root) => root,
            Err(_) if !status.is_success() => return Err(not_onvif(format!("HTTP status {status}"))),
            Err(detail) => return Err(not_onvif(detail)),
        };
        match soap::said(&root) {
            soap::Said::Body(_) => Ok(Answer::Body(root)),
            soap::Said::NotAuthorised => Ok(Answer::NotAuthorised),
            soap::Said::Fault(reason) => Err(OnvifError::Fault { host: host(url), request, reason }),
            soap::Said::Nothing => Err(not_onvif(format!("HTTP status {status}, and no SOAP"))),
        }
    }

    fn post(
        &self,
        url: &Url,
        envelope: &str,
        authorization: Option<&str>,
    ) -> Result<Response<Body>, OnvifError> {
        let mut request =
            self.agent.post(url.as_str()).header("Content-Type", "application/soap+xml; charset=utf-8");
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        request.send(envelope).map_err(|error| failed(url, error))
    }
}

/// It wants the password as it is.
struct InTheClear;

/// The answer to HTTP's challenge (RFC 7616); none where there is none that is understood.
fn digest(
    response: &Response<Body>,
    login: &Login,
    url: &Url,
    envelope: &str,
) -> Result<Option<String>, InTheClear> {
    let headers = response.headers().get_all("www-authenticate").iter();
    let challenges: Vec<&str> = headers.filter_map(|header| header.to_str().ok()).collect();
    let builder = challenges.iter().fold(PasswordClient::builder(), |builder, one| builder.challenges(one));
    let mut client = match builder.build() {
        Ok(client @ PasswordClient::Digest(_)) => client,
        Ok(_) => return Err(InTheClear),
        Err(_) => return Ok(None),
    };
    let uri = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let params = PasswordParams {
        username: &login.user,
        password: login.password.reveal(),
        uri,
        method: "POST",
        body: Some(envelope.as_bytes()),
    };
    Ok(client.respond(&params).ok())
}

fn failed(url: &Url, error: ureq::Error) -> OnvifError {
    let host = host(url);
    match error {
        ureq::Error::Timeout(_) => OnvifError::Slow { host },
        ureq::Error::BodyExceedsLimit(_) => {
            OnvifError::NotOnvif { host, detail: format!("its answer is larger than {} MiB", LARGEST >> 20) }
        }
        error @ (ureq::Error::Protocol(_) | ureq::Error::Http(_)) => {
            OnvifError::NotOnvif { host, detail: format!("no HTTP: {error}") }
        }
        error => OnvifError::Unreachable { host, source: Box::new(error) },
    }
}

/// Host and port, for messages.
pub(super) fn host(url: &Url) -> String {
    match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    }
}
