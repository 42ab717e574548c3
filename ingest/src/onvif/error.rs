//! What may go wrong, and what to do about it.

use std::io;

/// Why a device cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnvifError {
    /// The machine has no address on any network.
    #[error("this machine has no IPv4 address on a network that is up")]
    NoNetwork,
    /// Nothing can be sent from there.
    #[error("send from {interface}")]
    Send {
        /// Address of the interface.
        interface: std::net::Ipv4Addr,
        /// Why.
        source: io::Error,
    },
    /// Nobody answers over HTTP.
    #[error("{host} does not answer: is it switched on, on this network, and the port right?")]
    Unreachable {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// It took too long.
    #[error("{host} does not answer in time; try again, or restart it")]
    Slow {
        /// Host and port.
        host: String,
    },
    /// It wants a login and has been given none.
    #[error("{host} tells this to nobody without a login: give --user and --password-file")]
    NoLogin {
        /// Host and port.
        host: String,
    },
    /// The login is wrong.
    #[error(
        "{host} refuses the user or password; many cameras keep users for ONVIF apart from those of their page: make one there, and do \
         not try too often, or it locks everybody out"
    )]
    WrongLogin {
        /// Host and port.
        host: String,
    },
    /// It wants the password as it is, for everybody on the network to read.
    #[error(
        "{host} asks for the password in the clear, which is not given; switch digest authentication on in it"
    )]
    InTheClear {
        /// Host and port.
        host: String,
    },
    /// What answers is no ONVIF device, or not a sound one.
    #[error("{host} does not answer as an ONVIF device: {detail}; is ONVIF switched on in it?")]
    NotOnvif {
        /// Host and port.
        host: String,
        /// What was found.
        detail: String,
    },
    /// It understood, and refuses.
    #[error("{host} refuses {request}: {reason}")]
    Fault {
        /// Host and port.
        host: String,
        /// What was asked.
        request: &'static str,
        /// Its words, shortened.
        reason: String,
    },
}
