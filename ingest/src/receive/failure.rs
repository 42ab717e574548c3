//! What retina's errors mean for a user.

use super::ReceiveOptions;
use crate::{OfflineReason, address::Address};

/// Why receiving ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: OfflineReason,
    /// Whether it is retina that does not understand the camera.
    pub(crate) is_ours: bool,
    /// Whether the camera does not send in this way, and may in another.
    pub(crate) wants_other_transport: bool,
}

impl Failure {
    pub(crate) fn of(reason: OfflineReason) -> Self {
        Self { reason, is_ours: false, wants_other_transport: false }
    }
}

/// RTSP/1.0 status "Unsupported transport" (RFC 2326, section 11.3.11).
const UNSUPPORTED_TRANSPORT: u16 = 461;
/// Not enough bandwidth (section 11.3.4), and what servers say that cannot serve one more at present (RFC 2616, section 10.5).
const OVERLOADED: [u16; 4] = [453, 500, 503, 504];

/// Of a camera that takes the connection and then takes its time.
pub(super) fn silent(address: &Address, options: &ReceiveOptions) -> Failure {
    let seconds = options.connect.as_secs().max(1);
    Failure::of(OfflineReason::Silent { host: address.host.clone(), seconds })
}

/// Whether the error is of one packet, so that others may be well.
pub(super) fn is_of_packet(error: &retina::Error) -> bool {
    // Retina tells it by these lines only; the tests hold it to them.
    let text = error.to_string();
    text.contains("\nstream: ") && text.contains("\npkt: ")
}

pub(super) fn of(error: &retina::Error, address: &Address) -> Failure {
    let host = || address.host.clone();
    match error.status_code() {
        Some(401 | 403) => return Failure::of(OfflineReason::Unauthorized { host: host() }),
        Some(301 | 302 | 303 | 305 | 307 | 308) => {
            return Failure::of(OfflineReason::Redirected { host: host() });
        }
        Some(404 | 410 | 454) => return Failure::of(OfflineReason::NotFound { host: host() }),
        Some(UNSUPPORTED_TRANSPORT) => {
            let reason = OfflineReason::Broken { detail: "it does not send over this transport".to_owned() };
            return Failure { wants_other_transport: true, ..Failure::of(reason) };
        }
        Some(status) if OVERLOADED.contains(&status) => {
            return Failure::of(OfflineReason::Busy { host: host(), status });
        }
        // Its answer is well, what it says cannot be read; or it does not like how it is asked.
        Some(_) => {
            return Failure {
                is_ours: true,
                ..Failure::of(OfflineReason::Broken { detail: told(error, address) })
            };
        }
        None => {}
    }
    // Retina tells kinds apart by its texts only; the tests hold it to these.
    let text = error.to_string();
    let begins = |with: &str| text.starts_with(with);
    if begins("Unable to connect") {
        return Failure::of(if text.contains("lookup") {
            OfflineReason::Unresolved { host: host() }
        } else {
            OfflineReason::Refused { host: host() }
        });
    }
    if begins("Error reading from RTSP peer") || begins("Error writing to RTSP peer") {
        return Failure::of(OfflineReason::Broken { detail: told(error, address) });
    }
    Failure { is_ours: true, ..Failure::of(OfflineReason::Broken { detail: told(error, address) }) }
}

/// The first line, which says what; those after it say where in a recording of the network.
fn told(error: &retina::Error, address: &Address) -> String {
    let text = error.to_string();
    address.redact(text.lines().next().unwrap_or_default().trim())
}
