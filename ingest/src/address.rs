//! A camera's address taken apart, so that its password goes to the camera and nowhere else.

use std::fmt;

use gridwatch_config::{TlsSettings, hide_passwords};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::OfflineReason;

/// Shorter passwords are not looked for in texts: they would blot out half of every sentence.
const SHORTEST_SEARCHED: usize = 4;

/// A parsed address. `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Without user and password.
    pub(crate) location: String,
    /// Host and port, for messages.
    pub(crate) host: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Whether it must show a certificate that is trusted.
    pub(crate) verifies: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", hide_passwords(&self.location))
    }
}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, OfflineReason> {
        // The parser's errors do not repeat the text.
        let mut url = Url::parse(text)
            .map_err(|error| OfflineReason::Setup { detail: format!("camera address: {error}") })?;
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(decoded);
        let password = url.password().map(decoded);
        let host =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(554));
        let stripped = url.set_username("").and_then(|()| url.set_password(None));
        if stripped.is_err() && (user.is_some() || password.is_some()) {
            return Err(OfflineReason::Setup { detail: "camera address: it has a user but no host".into() });
        }
        let verifies = matches!(url.scheme(), "rtsps" | "https");
        Ok(Self { location: url.into(), host, user, password, verifies })
    }

    /// As one whose certificates are taken as told.
    pub(crate) fn trusting(mut self, tls: &TlsSettings) -> Self {
        self.verifies &= *tls != TlsSettings::Any;
        self
    }

    /// Whether it is spoken to without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.location.starts_with("rtsp://")
    }

    /// The text without this camera's password, and without user and password of any address in it.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = hide_passwords(&redact_addresses(text));
        match &self.password {
            Some(password) if password.len() >= SHORTEST_SEARCHED => text.replace(password.as_str(), "***"),
            _ => text,
        }
    }
}

/// The text with `scheme://user:password@host` shortened to `scheme://***@host`.
pub(crate) fn redact_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find("://") {
        let (before, after) = rest.split_at(begin + 3);
        out.push_str(before);
        let authority_end =
            after.find(|c: char| c == '/' || c.is_whitespace() || c == '"').unwrap_or(after.len());
        let (authority, tail) = after.split_at(authority_end);
        match authority.rfind('@') {
            Some(at) => {
                out.push_str("***");
                out.push_str(&authority[at..]);
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_taken_out_and_decoded() {
        let address =
            Address::parse("rtsp://admin:p%40ss%2Fword@10.0.0.7:8554/ch1?sub=1").expect("well-formed");
        assert_eq!(address.location, "rtsp://10.0.0.7:8554/ch1?sub=1");
        assert_eq!(address.host, "10.0.0.7:8554");
        assert_eq!(address.user.as_deref(), Some("admin"));
        assert_eq!(address.password.as_deref(), Some("p@ss/word"));
        assert!(!format!("{address:?}").contains("p@ss"));
    }

    #[test]
    fn an_address_without_login_or_port_stays_as_it_is() {
        let address = Address::parse("rtsp://camera.example/live").expect("well-formed");
        assert_eq!(
            (address.location.as_str(), address.host.as_str()),
            ("rtsp://camera.example/live", "camera.example:554")
        );
        assert_eq!((address.user, address.password), (None, None));
    }

    #[test]
    fn texts_lose_every_password() {
        let address = Address::parse("rtsp://admin:geheim@cam/1").expect("well-formed");
        let check = |text: &str, expected: &str| assert_eq!(address.redact(text), expected);
        check("open rtsp://admin:geheim@cam/1 failed", "open rtsp://***@cam/1 failed");
        check("sent geheim, got 401", "sent ***, got 401");
        check("also http://x:y@other/ and rtsp://plain/p", "also http://***@other/ and rtsp://plain/p");
        check("odd rtsp://u:p@ss@cam", "odd rtsp://***@cam");
        check("nothing to hide", "nothing to hide");
    }
}
