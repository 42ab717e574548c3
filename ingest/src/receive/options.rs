//! How a camera is asked for its pictures.

use std::time::Duration;

use retina::client::{TcpTransportOptions, UdpTransportOptions};

/// What carries the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// The RTSP connection itself.
    Tcp,
    /// Datagrams beside it.
    Udp,
}

impl Transport {
    pub(super) fn for_retina(self) -> retina::client::Transport {
        match self {
            Self::Tcp => retina::client::Transport::Tcp(TcpTransportOptions::default()),
            Self::Udp => retina::client::Transport::Udp(UdpTransportOptions::default()),
        }
    }
}

/// Waits and ways.
#[derive(Debug, Clone)]
pub(crate) struct ReceiveOptions {
    pub(crate) transport: Transport,
    /// Longest time until pictures are promised.
    pub(crate) connect: Duration,
    /// Longest time without a new picture.
    pub(crate) no_frame: Duration,
}
