//! Ctrl-C and `kill`: the first asks for an orderly end, the second does not wait for it.

#[cfg(any(feature = "edge", feature = "center"))]
use std::io::Write as _;

#[cfg(any(feature = "edge", feature = "center"))]
use gridwatch_runtime::Shutdown;

/// A shutdown that Ctrl-C (SIGINT) or SIGTERM asks for. A second signal ends the process at once; what is durable by
/// then stays so.
#[cfg(any(feature = "edge", feature = "center"))]
pub(crate) fn shutdown_on_signal() -> anyhow::Result<Shutdown> {
    use tokio::signal::unix::{SignalKind, signal};
    let shutdown = Shutdown::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let asked = shutdown.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        };
        next().await;
        asked.cancel();
        // Whoever read our standard error may be gone; that must not keep us.
        let _ = writeln!(std::io::stderr(), "stopping; once more to stop at once");
        next().await;
        #[expect(
            clippy::disallowed_methods,
            reason = "the user asks a second time, and durable state needs no goodbye"
        )]
        std::process::exit(130);
    });
    Ok(shutdown)
}
