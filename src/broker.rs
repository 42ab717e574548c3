//! An MQTT broker inside of the process (rumqttd), for the demo and for a single box without one.
//!
//! In memory only: what is retained or queued is lost with the process. That is harmless, as the edge's outbox forgets
//! an event only when the center has acknowledged it. No authentication, so it belongs on the loopback address. What
//! rumqttd can and cannot do is told in `docs/adr/0006-embedded-broker.md`.

use std::{
    future::Future,
    net::{SocketAddr, TcpListener},
    pin::pin,
    sync::mpsc,
    task::Poll,
    thread::{self, JoinHandle},
};

use anyhow::{Context as _, bail};
use gridwatch_runtime::Shutdown;
use rumqttd::{ConnectionSettings, LinkType, Router, RouterConfig, Server, ServerSettings, protocol::v5::V5};
use tracing::{info, warn};

/// Largest message, in bytes. rumqttd does not tell its clients; one that sends more is disconnected.
const LARGEST_MESSAGE: usize = 16 << 20;

/// Messages kept for slow or absent subscribers, per topic filter: `SEGMENTS` of this many bytes.
const SEGMENT_BYTES: usize = 8 << 20;
const SEGMENTS: usize = 4;

/// Other than edges and centers nobody connects.
const CONNECTIONS: usize = 256;

/// A running broker. Stops when dropped.
pub(crate) struct EmbeddedBroker {
    addr: SocketAddr,
    shutdown: Shutdown,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedBroker {
    /// Listens on `listen`; port 0 takes a free one. Returns when clients can connect.
    pub(crate) fn start(listen: SocketAddr) -> anyhow::Result<Self> {
        // Somebody may take a free port between choosing and using it.
        let attempts = if listen.port() == 0 { 5 } else { 1 };
        for attempt in 1..=attempts {
            match Self::try_start(listen) {
                Ok(broker) => return Ok(broker),
                Err(error) if attempt == attempts => return Err(error),
                Err(error) => warn!(%error, "trying another port"),
            }
        }
        bail!("no port for the embedded broker")
    }

    fn try_start(listen: SocketAddr) -> anyhow::Result<Self> {
        let addr = choose_port(listen)?;
        if !addr.ip().is_loopback() {
            warn!(%addr, "the embedded broker knows no passwords: anybody who can reach it can read and write");
        }
        let shutdown = Shutdown::new();
        let (started_tx, started_rx) = mpsc::sync_channel(1);
        let until = shutdown.clone();
        let thread = thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || serve(addr, &until, &started_tx))
            .context("start the broker's thread")?;
        let broker = Self { addr, shutdown, thread: Some(thread) };
        match started_rx.recv() {
            Ok(Ok(())) => {
                info!(%addr, "embedded broker listens");
                Ok(broker)
            }
            Ok(Err(error)) => Err(error).with_context(|| format!("embedded broker on {addr}")),
            Err(_) => bail!("embedded broker on {addr} ended at once"),
        }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes all connections and the port. Clients see a broken connection, as with a broker that is killed.
    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for EmbeddedBroker {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            warn!("the embedded broker had panicked");
        }
    }
}

fn choose_port(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    TcpListener::bind(listen)
        .and_then(|free| free.local_addr())
        .with_context(|| format!("choose a free port on {}", listen.ip()))
}

/// Runs rumqttd's server in a runtime of its own: it waits for its router without regard to others. rumqttd's own
/// `Broker::start` never ends; a server does, with its runtime. Its router's thread stays behind, asleep: nothing can
/// end it.
fn serve(addr: SocketAddr, shutdown: &Shutdown, started: &mpsc::SyncSender<anyhow::Result<()>>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = started.send(Err(error.into()));
            return;
        }
    };
    let router = Router::new(0, router_config()).spawn();
    let mut server = Server::new(server_settings(addr), router, V5);
    runtime.block_on(async {
        let mut serving = pin!(server.start(LinkType::Remote));
        // The port is bound when it is polled for the first time.
        let first = std::future::poll_fn(|context| Poll::Ready(serving.as_mut().poll(context))).await;
        let ended = match first {
            Poll::Ready(ended) => ended,
            Poll::Pending => {
                let _ = started.send(Ok(()));
                tokio::select! {
                    ended = serving => ended,
                    () = shutdown.cancelled() => return,
                }
            }
        };
        let error = ended
            .map_or_else(|error| anyhow::anyhow!("{error}"), |()| anyhow::anyhow!("the server has ended"));
        if let Err(mpsc::TrySendError::Full(error) | mpsc::TrySendError::Disconnected(error)) =
            started.try_send(Err(error))
        {
            warn!(error = ?error.err(), "the embedded broker has ended");
        }
    });
}

fn router_config() -> RouterConfig {
    RouterConfig {
        max_connections: CONNECTIONS,
        max_outgoing_packet_count: 200,
        max_segment_size: SEGMENT_BYTES,
        max_segment_count: SEGMENTS,
        ..RouterConfig::default()
    }
}

fn server_settings(listen: SocketAddr) -> ServerSettings {
    ServerSettings {
        name: "embedded".to_owned(),
        listen,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 10_000,
            max_payload_size: LARGEST_MESSAGE,
            max_inflight_count: 100,
            auth: None,
            external_auth: None,
            dynamic_filters: false,
        },
    }
}

#[cfg(all(test, any(feature = "edge", feature = "center")))]
mod tests;
