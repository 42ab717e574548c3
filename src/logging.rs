//! The log: to standard error, level from `GRIDWATCH_LOG`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts the log. Default level: info, or warn where standard output belongs to the command's result.
pub(crate) fn start(quiet: bool) {
    // rumqttd calls every client that goes an error; the edge and the center tell of lost connections themselves.
    let default = if quiet { "warn,rumqttd=off" } else { "info,sqlx=warn,rumqttd=off" };
    let filter = EnvFilter::try_from_env("GRIDWATCH_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        // It would be told on standard error, which is what cannot be written to, and that panics.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_writer(std::io::stderr)
        .init();
}
