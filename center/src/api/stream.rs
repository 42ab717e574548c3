//! The live stream: Server-Sent Events, replayed from the last one seen.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use gridwatch_runtime::{Chain, Shutdown};
use prometheus::IntGauge;
use tokio::sync::{
    OwnedSemaphorePermit,
    broadcast::{Receiver, error::RecvError},
};
use tracing::warn;

use super::{ApiState, NoQuery, Problem};
use crate::{
    live::{Live, LiveMessage, PAGE},
    metrics::CenterMetrics,
    store::{Store, StoreError},
    view::HelloView,
};

/// Streams open at the same time. Each costs a connection and a place in the broadcast.
pub(super) const MOST_STREAMS: usize = 256;
/// A comment goes out after so long without a message, so that proxies and pages know that the line is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What pages are asked to wait before they come back.
const RECONNECT: Duration = Duration::from_secs(1);

/// Live changes as Server-Sent Events: `hello` first, then `event` (an EventView) and `camera` (a CameraView). The ids are
/// growing change numbers; with `Last-Event-ID` all changes after that one come first. `reset` instead says that they
/// are not known any more, and that lists must be fetched anew.
#[utoipa::path(get, path = "/api/v1/live", tag = "live",
    params(("Last-Event-ID" = Option<String>, Header, description = "the last id seen")), responses(
    (status = 200, content_type = "text/event-stream", body = String),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "too many streams are open"),
))]
pub(super) async fn live(
    State(state): State<ApiState>,
    _: NoQuery,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let permit = state.streams.clone().try_acquire_owned();
    let permit =
        permit.map_err(|_| Problem::busy(format!("{MOST_STREAMS} live streams are open already")))?;
    let last_seen = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(|id| id.parse().ok()));
    let follower = Follower::start(&state, permit, last_seen).await?;
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// One stream: first what was missed, then what comes.
struct Follower {
    store: Store,
    live: Live,
    messages_rx: Receiver<LiveMessage>,
    metrics: CenterMetrics,
    shutdown: Shutdown,
    /// Ready to go out.
    pending: VecDeque<Event>,
    /// Number of the last change told.
    told: u64,
    /// What is stored up to this change is replayed, what is broadcast after it is passed on.
    replay_to: u64,
    _permit: OwnedSemaphorePermit,
    _open: OpenStream,
}

impl Follower {
    /// `last_seen`: `None` without the header, `Some(None)` where it holds no number.
    async fn start(
        state: &ApiState,
        permit: OwnedSemaphorePermit,
        last_seen: Option<Option<u64>>,
    ) -> Result<Self, Problem> {
        // Before the store is asked: what is committed after that is broadcast, and this hears it.
        let messages_rx = state.live.subscribe();
        let (oldest, newest) = state.store.change_range().await?;
        let known = last_seen.map(|number| number.filter(|number| is_known(*number, oldest, newest)));
        let hello = HelloView { version: state.version.clone(), change: newest };
        let hello = json_event("hello", &hello).retry(RECONNECT);
        // Its number goes with `hello` only where nothing is replayed: a stream that breaks while replaying must not
        // be taken for complete.
        let (pending, told) = match known {
            None => (VecDeque::from([hello.id(newest.to_string())]), newest),
            Some(Some(number)) => (VecDeque::from([hello]), number),
            Some(None) => {
                let reset = Event::default().event("reset").id(newest.to_string()).data("{}");
                (VecDeque::from([hello, reset]), newest)
            }
        };
        Ok(Self {
            store: state.store.clone(),
            live: state.live.clone(),
            messages_rx,
            metrics: state.metrics.clone(),
            shutdown: state.shutdown.clone(),
            pending,
            told,
            replay_to: newest,
            _permit: permit,
            _open: OpenStream::new(&state.metrics.live_streams),
        })
    }

    /// `None` ends the stream; the page comes back with the last id it has seen.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            if self.told < self.replay_to {
                self.replay().await?;
                continue;
            }
            let shutdown = self.shutdown.clone();
            let message = tokio::select! {
                biased;
                () = shutdown.cancelled() => return None,
                message = self.messages_rx.recv() => message,
            };
            match message {
                Ok(message) if message.number > self.told => self.tell(&message),
                Ok(_) => {}
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    self.metrics.live_cut.inc();
                    return None;
                }
            }
        }
    }

    async fn replay(&mut self) -> Option<()> {
        match self.replay_page().await {
            Ok(()) => Some(()),
            Err(error) => {
                warn!(error = %Chain(&error), "a live stream ends: the store does not work");
                None
            }
        }
    }

    async fn replay_page(&mut self) -> Result<(), StoreError> {
        let mut changes = self.store.changes_after(self.told, PAGE).await?;
        let (oldest, newest) = self.store.change_range().await?;
        if !is_known(self.told, oldest, newest) {
            // The page has been so slow that what it is still to hear of has been deleted meanwhile.
            self.told = newest;
            self.replay_to = newest;
            let reset = Event::default().event("reset").id(newest.to_string()).data("{}");
            self.pending.push_back(reset);
            return Ok(());
        }
        changes.retain(|change| change.number <= self.replay_to);
        let reached = changes.last().map_or(self.replay_to, |change| change.number);
        for message in self.live.render(changes).await? {
            self.tell(&message);
        }
        self.told = reached;
        Ok(())
    }

    fn tell(&mut self, message: &LiveMessage) {
        self.told = message.number;
        let event = Event::default().event(message.event).id(message.number.to_string()).data(&message.data);
        self.pending.push_back(event);
    }
}

/// Whether all changes after `number` are still kept.
fn is_known(number: u64, oldest: u64, newest: u64) -> bool {
    number <= newest && number.saturating_add(1) >= oldest
}

fn json_event(name: &str, view: &impl serde::Serialize) -> Event {
    let json = serde_json::to_string(view).expect("views have string keys and finite numbers");
    Event::default().event(name).data(json)
}

/// Counts a stream for as long as it is open.
struct OpenStream(IntGauge);

impl OpenStream {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.dec();
    }
}
