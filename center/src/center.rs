//! Puts the stages together, and ends them in order.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use gridwatch_domain::{EdgeId, GridTree, topic::CENTER_FILTERS};
use gridwatch_link::{Incoming, IncomingStream, Link, LinkSettings, LinkState};
use gridwatch_runtime::{Chain, Metrics, SharedClock, Shutdown};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};
use tracing::{error, info, warn};

use crate::{
    CenterError,
    api::{self, ApiParts},
    edges::{EdgeAddress, EdgeBoxes},
    health::Health,
    live::Live,
    metrics::CenterMetrics,
    receive::{Answers, Receiver},
    store::{SqliteStoreOptions, Store},
};

/// Longest wait for requests under way before they are cut off at the end.
const FAREWELL: Duration = Duration::from_secs(5);
/// Unacknowledged messages the broker may send: one batch is being committed while the next one comes in.
const RECEIVE_MAXIMUM: u16 = 256;

/// What a center is to do.
#[derive(Debug, Clone)]
pub struct CenterSettings {
    /// Address for pages and API. There are no users yet: whoever reaches it sees everything.
    pub listen: SocketAddr,
    /// Folder of the database and the snapshots; made if missing. Only one process may use it.
    pub state_dir: PathBuf,
    /// The grid tree, to replace the one stored. An empty one leaves that as it is.
    pub grid: GridTree,
    /// How to reach the broker. Subscriptions are filled in here.
    pub link: LinkSettings,
    /// Version of gridwatch, for pages.
    pub version: String,
    /// Edge boxes that can be asked for live pictures and evidence.
    pub edges: BTreeMap<EdgeId, EdgeAddress>,
}

/// A running center.
pub struct Center {
    local_addr: SocketAddr,
    shutdown: Shutdown,
    store: Store,
    link: Link,
    receiver: JoinHandle<Vec<Incoming>>,
    live: JoinHandle<()>,
    link_watch: JoinHandle<()>,
    server: JoinHandle<()>,
}

impl Center {
    /// Opens the store, begins to receive, and serves. A broker that is not there is no error: it is retried, and
    /// `/healthz` tells of it. Ends by `shutdown` or by [`Center::finish`], which must be called in both cases.
    pub async fn start(
        settings: CenterSettings,
        clock: SharedClock,
        metrics: Metrics,
        shutdown: Shutdown,
    ) -> Result<Self, CenterError> {
        let CenterSettings { listen, state_dir, grid, mut link, version, edges } = settings;
        let failed = |source| CenterError::Listen { address: listen, source };
        // First, so that a second center on the same address does not touch the store of the first.
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let local_addr = listener.local_addr().map_err(failed)?;
        let store = Store::open(SqliteStoreOptions::new(state_dir)).await?;
        let grid = Arc::new(take_grid(&store, grid).await?);
        let (_, newest_change) = store.change_range().await?;
        if !local_addr.ip().is_loopback() {
            warn!(%local_addr, "other machines reach this address, and there are no users yet: whoever opens it sees \
                all alerts and acknowledges them in any name; put a proxy with a login before it");
        }

        link.subscriptions = CENTER_FILTERS.iter().map(ToString::to_string).collect();
        link.receive_maximum = RECEIVE_MAXIMUM;
        let (link, incoming) = Link::start(link, &metrics)?;
        let health = Health::default();
        let center_metrics = CenterMetrics::new(&metrics);
        let shutdown = shutdown.child_token();
        let link_watch = tokio::spawn(watch_link(link.state(), health.clone()));
        let receiver = Receiver::new(
            store.clone(),
            Answers(link.publisher()),
            Arc::clone(&grid),
            Arc::clone(&clock),
            center_metrics.clone(),
            health.clone(),
            shutdown.clone(),
        );
        let receiver = tokio::spawn(receive(receiver, incoming));
        let live = Live::new(store.clone(), Arc::clone(&grid));
        let live_task = tokio::spawn(live.clone().run(newest_change, shutdown.clone()));
        let parts = ApiParts {
            store: store.clone(),
            live,
            grid,
            clock,
            registry: metrics,
            metrics: center_metrics,
            health,
            shutdown: shutdown.clone(),
            version,
            edges: EdgeBoxes::new(edges),
        };
        let server = tokio::spawn(serve(listener, api::router(parts), shutdown.clone()));
        info!(%local_addr, "the center is open");
        Ok(Self { local_addr, shutdown, store, link, receiver, live: live_task, link_watch, server })
    }

    /// Where it serves; tells the port where 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Ends in order: receives no more, commits and acknowledges what has been received, says goodbye to the broker,
    /// ends live streams and requests, closes the store.
    pub async fn finish(self) {
        self.shutdown.cancel();
        let unstored = joined(self.receiver.await).unwrap_or_default();
        self.link.finish().await;
        if !unstored.is_empty() {
            let messages = unstored.len();
            warn!(messages, "messages could not be stored; they come again at the next start");
        }
        // Only now: letting go of a message while the session lasts would release it to the broker.
        drop(unstored);
        joined(self.live.await);
        joined(self.link_watch.await);
        let mut server = self.server;
        match timeout(FAREWELL, &mut server).await {
            Ok(ended) => drop(joined(ended)),
            Err(_) => {
                warn!("requests under way were cut off");
                server.abort();
            }
        }
        self.store.close().await;
        info!("the center is closed");
    }
}

async fn take_grid(store: &Store, grid: GridTree) -> Result<GridTree, CenterError> {
    let stored = store.grid().await?;
    if grid.nodes().next().is_none() || grid == stored {
        return Ok(stored);
    }
    store.replace_grid(&grid).await?;
    info!(nodes = grid.nodes().count(), "took the grid tree");
    Ok(grid)
}

async fn receive(receiver: Receiver<Store, Answers>, incoming: IncomingStream) -> Vec<Incoming> {
    receiver.run(incoming).await
}

async fn watch_link(mut state: watch::Receiver<LinkState>, health: Health) {
    loop {
        let problem = match &*state.borrow_and_update() {
            LinkState::Connected { .. } => None,
            LinkState::Connecting => Some("connecting".to_owned()),
            LinkState::Disconnected { reason } => Some(reason.clone()),
            LinkState::Closed => Some("closed".to_owned()),
        };
        health.set_link(problem);
        if *state.borrow() == LinkState::Closed || state.changed().await.is_err() {
            return;
        }
    }
}

async fn serve(listener: TcpListener, router: axum::Router, shutdown: Shutdown) {
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await;
    if let Err(error) = served {
        error!(error = %Chain(&error), "serves no more");
    }
}

/// A panic in a stage is told of, but does not keep the others from ending in order.
fn joined<T>(ended: Result<T, tokio::task::JoinError>) -> Option<T> {
    match ended {
        Ok(value) => Some(value),
        Err(error) => {
            error!(%error, "a stage of the center ended badly; please report this");
            None
        }
    }
}
