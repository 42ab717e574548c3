//! Ctrl-C and `kill`: the first asks for an orderly end, the second does not wait for it.

#[cfg(any(feature = "edge", feature = "center"))]
use std::io::Write as _;
#[cfg(feature = "edge")]
use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

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

/// Whether Ctrl-C (SIGINT) or SIGTERM has asked for an end, for who works without the async runtime.
#[cfg(feature = "edge")]
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked(Arc<AtomicU8>);

#[cfg(feature = "edge")]
impl Asked {
    /// Listens from now on. A second signal ends the process at once.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let asked = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (mut interrupt, mut terminate) = {
            let _entered = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let heard = asked.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut next = async || {
                    let kind = tokio::select! {
                        _ = interrupt.recv() => SignalKind::interrupt(),
                        _ = terminate.recv() => SignalKind::terminate(),
                    };
                    u8::try_from(kind.as_raw_value()).unwrap_or(u8::MAX)
                };
                heard.0.store(next().await, Ordering::Release);
                let _ = writeln!(std::io::stderr(), "stopping; once more to stop at once");
                let signal = next().await;
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the user asks a second time, and does not want what was found"
                )]
                std::process::exit(Stopped { signal }.exit_code().into());
            });
        })?;
        Ok(asked)
    }

    /// Which signal has asked.
    pub(crate) fn by(&self) -> Option<Stopped> {
        let signal = self.0.load(Ordering::Acquire);
        (signal != 0).then_some(Stopped { signal })
    }
}

/// What was asked to end has ended before it was done.
#[cfg(feature = "edge")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopped {
    signal: u8,
}

#[cfg(feature = "edge")]
impl Stopped {
    /// As shells count: 130 for SIGINT, 143 for SIGTERM.
    pub(crate) fn exit_code(self) -> u8 {
        128_u8.saturating_add(self.signal)
    }
}

#[cfg(feature = "edge")]
impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stopped by signal {}", self.signal)
    }
}

#[cfg(feature = "edge")]
impl std::error::Error for Stopped {}
