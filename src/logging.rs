//! The log: to standard error, level from `GRIDWATCH_LOG`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// What a command logs where `GRIDWATCH_LOG` does not say.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LogLevel {
    /// What goes on, for programs that run on.
    All,
    /// Warnings, where standard output belongs to the command's result.
    Warnings,
    /// Nothing of cameras either, where a file that cannot be read is told as the command's own error.
    #[cfg(feature = "edge")]
    WarningsButCameras,
}

/// Starts the log.
pub(crate) fn start(level: LogLevel) {
    // rumqttd calls every client that goes an error; the edge and the center tell of lost connections themselves.
    let default = match level {
        LogLevel::All => "info,sqlx=warn,rumqttd=off",
        LogLevel::Warnings => "warn,rumqttd=off",
        #[cfg(feature = "edge")]
        LogLevel::WarningsButCameras => "warn,rumqttd=off,gridwatch_ingest=off",
    };
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
