//! `gridwatch cameras`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum CamerasCommand {
    /// Asks the network for ONVIF cameras: what they are, where their streams are, and the table that takes each into a configuration.
    Discover(DiscoverArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DiscoverArguments {
    /// IPv4 address of this machine on the network to look in. May be repeated. Default: all of them.
    #[arg(long, value_name = "IP")]
    pub(crate) interface: Vec<std::net::Ipv4Addr>,
    /// How long answers are waited for, such as 3s or 500ms.
    #[arg(long, default_value = "3s")]
    pub(crate) timeout: Wait,
    /// Asks this camera, without looking for others: IP, IP:PORT or http://HOST/PATH. May be repeated.
    #[arg(long)]
    pub(crate) address: Vec<String>,
    /// User of the cameras.
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// File with the password of the cameras. It goes out as a digest only.
    #[arg(long, requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// Configuration file of an edge box to take them into; those that it has are left out. With --address only those named.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
}

/// A wait, from 100 ms to a minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait(pub(crate) std::time::Duration);

impl std::str::FromStr for Wait {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, unit) = match text.strip_suffix("ms") {
            Some(number) => (number, 1),
            None => (text.strip_suffix('s').unwrap_or(text), 1000),
        };
        let millis = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        let millis = millis.filter(|millis| (100..=60_000).contains(millis));
        let millis = millis.ok_or("expected 100ms to 60s, such as 3s")?;
        Ok(Self(std::time::Duration::from_millis(millis)))
    }
}
