//! Why a center cannot start.

use std::{io, net::SocketAddr};

use gridwatch_link::LinkError;

use crate::store::StoreError;

/// A center that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CenterError {
    /// The store cannot be opened.
    #[error("open the store")]
    Store(#[from] StoreError),
    /// The session with the broker can never work.
    #[error("set up the session with the broker")]
    Link(#[from] LinkError),
    /// The address is taken, or not this machine's.
    #[error("listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}
