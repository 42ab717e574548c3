//! Encoded pictures in, decoded pictures out, on a few threads that all cameras share.
//!
//! A key picture needs nothing that came before it, so one decoder a thread serves every camera whose key pictures alone are
//! looked at. A camera whose every picture is decoded has a decoder of its own. Which pictures are decoded is decided
//! elsewhere; what cannot be decoded in time is left out up to the next key picture, and counted.

mod chain;
mod desk;
mod pool;

pub(crate) use self::desk::{Desk, Order};
pub use self::pool::DecodePool;
