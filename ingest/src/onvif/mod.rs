//! ONVIF: which cameras there are on the network, and under which addresses each sends its pictures.
//!
//! Out goes WS-Discovery's probe over UDP and a few SOAP requests over HTTP; in comes whatever answers, which is taken for hostile: bounded
//! in size, depth and time, never with entities, and never with an address of another machine than the one that answered. The
//! password goes out as a digest only. Everything here blocks; it is for the command line, and knows nothing of streams or pictures.
//!
//! Written after the ONVIF Core Specification (ver. 20.12, chapters 5 and 7) and the Media Service (ver10). The crates that there
//! are for it are unfinished or have had no release for years.

mod client;
mod device;
mod discovery;
mod error;
mod soap;
mod xml;

pub use self::{
    client::Login,
    device::{Device, Profile, describe},
    discovery::{Discovery, Found, discover, interfaces},
    error::OnvifError,
};

#[cfg(fuzzing)]
pub(crate) fn matches(answer: &[u8], from: std::net::IpAddr, question: &str) -> Vec<Found> {
    discovery::matches(answer, from, question)
}

#[cfg(test)]
mod tests;
