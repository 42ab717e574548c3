//! From the outbox to the broker, until the center has acknowledged.
//!
//! In the order of discovery, a bounded number under way. A new connection begins again with the oldest. What the
//! center has stored leaves the outbox, and only then. Beside it: the edge's own status and its cameras', retained.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use gridwatch_domain::{
    CameraId, Timestamp,
    topic::TopicKind,
    wire::{
        AckMessage, AckedEvent, CameraStateMessage, EVENT_SCHEMA, EdgeStatusMessage, EventMessage,
        Message as _,
    },
};
use gridwatch_link::{Incoming, IncomingStream, LinkError, LinkPublisher, LinkState, Publication};
use gridwatch_runtime::{Chain, SharedClock, Shutdown};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, interval, timeout_at},
};
use tracing::{debug, info, warn};

use crate::{
    Outbox, Pending, PendingItem, Position,
    metrics::AlertMetrics,
    stage::{Task, Throttle},
    status::{CameraNews, Presence, Problems},
    window::{Name, Window},
};

/// After so long, what the center has refused is offered to it again.
const OFFER_AGAIN: Duration = Duration::from_secs(3600);

pub(crate) struct Publisher {
    pub(crate) outbox: Outbox,
    pub(crate) link: LinkPublisher,
    pub(crate) link_state: watch::Receiver<LinkState>,
    pub(crate) incoming: IncomingStream,
    pub(crate) camera_states: mpsc::Receiver<CameraNews>,
    pub(crate) problems: watch::Receiver<Problems>,
    pub(crate) presence: Presence,
    pub(crate) clock: SharedClock,
    pub(crate) metrics: AlertMetrics,
    /// Tells of new entries.
    pub(crate) appended: Arc<Notify>,
    /// Told when entries have been removed.
    pub(crate) room: Arc<Notify>,
    /// Nothing more is appended: deliver what can be delivered within `farewell`.
    pub(crate) stopping: Shutdown,
    pub(crate) farewell: Duration,
    pub(crate) tick: Duration,
    pub(crate) window: Window,
    pub(crate) state: State,
}

/// What the publisher remembers.
#[derive(Default)]
pub(crate) struct State {
    /// How each camera is; none of one that has been taken away.
    cameras: BTreeMap<CameraId, Option<CameraStateMessage>>,
    cameras_ended: bool,
    /// The connection that the window belongs to.
    connection: Option<u64>,
    /// Up to here everything has been handed to this connection.
    cursor: Position,
    /// Up to here everything has been handed to some connection.
    furthest: Position,
    complaints: Throttle,
    refusals: Throttle,
    /// When what the center has refused is offered again.
    offer_again: Option<Instant>,
}

impl Task for Publisher {
    /// Ends when stopping and nothing waits, or no time is left.
    async fn run(&mut self) {
        let mut ticks = interval(self.tick);
        let stopping = self.stopping.clone();
        self.follow_connection().await;
        while !stopping.is_cancelled() {
            tokio::select! {
                () = stopping.cancelled() => {}
                () = self.step(&mut ticks) => {}
            }
        }
        let deadline = Instant::now() + self.farewell;
        let _ = timeout_at(deadline, self.fill()).await;
        while !self.outbox.is_empty() && self.state.connection.is_some() {
            if timeout_at(deadline, self.step(&mut ticks)).await.is_err() {
                break;
            }
        }
        if self.state.connection.is_some() {
            let status = self.presence.status(false, self.clock.now(), None);
            let _ = timeout_at(Instant::now() + self.farewell, self.link.publish(status)).await;
        }
    }
}

impl Publisher {
    /// Waits for something to do, and does it. Dropped halfway it loses nothing: everything is in the outbox, and an
    /// acknowledgement not carried out comes again.
    async fn step(&mut self, ticks: &mut tokio::time::Interval) {
        tokio::select! {
            changed = self.link_state.changed() => {
                if changed.is_ok() {
                    self.follow_connection().await;
                }
            }
            Some(message) = self.incoming.recv() => self.receive(message).await,
            () = self.appended.notified() => {}
            state = self.camera_states.recv(), if !self.state.cameras_ended => match state {
                Some(state) => self.tell_camera(state).await,
                None => self.state.cameras_ended = true,
            },
            Ok(()) = self.problems.changed() => self.tell_status().await,
            _ = ticks.tick() => self.resend().await,
        }
        self.fill().await;
    }

    /// On a new connection: who we are, how the cameras are, and everything again from the oldest on.
    async fn follow_connection(&mut self) {
        let connection = self.link_state.borrow_and_update().connection();
        if connection == self.state.connection {
            return;
        }
        self.state.connection = connection;
        self.window.clear();
        self.state.cursor = Position::default();
        self.state.offer_again = None;
        if connection.is_none() {
            return;
        }
        let waiting = self.outbox.stats();
        info!(events = waiting.entries, snapshots = waiting.snapshots, "publishing what waits in the outbox");
        self.tell_status().await;
        let cameras: Vec<_> =
            self.state.cameras.iter().map(|(id, state)| self.told(id, state.as_ref())).collect();
        for camera in cameras {
            self.publish(camera).await;
        }
    }

    async fn tell_status(&mut self) {
        if self.state.connection.is_some() {
            let problem = self.problems.borrow_and_update().told();
            let since = self.presence.connection_began();
            self.publish(self.presence.status(true, since, problem)).await;
        }
    }

    async fn tell_camera(&mut self, news: CameraNews) {
        let (camera, state) = match news {
            CameraNews::State(state) => (state.camera.clone(), Some(*state)),
            CameraNews::Gone(camera) => (camera, None),
        };
        let publication = self.told(&camera, state.as_ref());
        self.state.cameras.insert(camera, state);
        if self.state.connection.is_some() {
            self.publish(publication).await;
        }
    }

    fn told(&self, camera: &CameraId, state: Option<&CameraStateMessage>) -> Publication {
        state.map_or_else(|| self.presence.no_camera(camera), |state| self.presence.camera(camera, state))
    }

    async fn receive(&mut self, message: Incoming) {
        if message.topic == self.presence.topic(TopicKind::Ack) {
            self.receive_ack(&message.payload).await;
        } else if message.topic == self.presence.topic(TopicKind::Status) {
            self.receive_status(&message).await;
        } else {
            debug!(topic = message.topic, "message on a topic not subscribed to");
        }
        message.ack();
    }

    async fn receive_ack(&mut self, payload: &[u8]) {
        let edge = self.presence.edge().clone();
        let edge = edge.as_str();
        self.metrics.acks.received(edge);
        let ack = match AckMessage::from_json(payload) {
            Ok(ack) => ack,
            Err(error) => {
                self.metrics.acks.failed(edge);
                if self.state.complaints.may_log() {
                    warn!(error = %Chain(&error), "acknowledgement cannot be read, passed over");
                }
                return;
            }
        };
        self.note_refusals(&ack);
        match self.outbox.remove_acked(&ack).await {
            Ok(removed) => {
                self.window.acked(&ack, Instant::now());
                self.metrics.acks.sent(edge);
                self.metrics.acked.inc_by(removed.entries + removed.snapshots);
                self.metrics.outbox(self.outbox.stats());
                self.room.notify_one();
            }
            // It comes again, after the entries have been published again.
            Err(error) => {
                self.metrics.acks.dropped(edge);
                if self.state.complaints.may_log() {
                    warn!(error = %Chain(&error), "acknowledged entries cannot be removed yet");
                }
            }
        }
    }

    /// What the center cannot use stays in the outbox and is offered again with the next connection, and every hour: a
    /// later center may understand it. It takes no place in the window, or a few would stop everything behind them.
    fn note_refusals(&mut self, ack: &AckMessage) {
        let count = ack.refused.len() + ack.refused_snapshots.len();
        if count == 0 {
            return;
        }
        self.metrics.undeliverable.inc_by(count as u64);
        self.state.offer_again.get_or_insert_with(|| Instant::now() + OFFER_AGAIN);
        if self.state.refusals.may_log() {
            let reason = ack.refused.first().map_or("a snapshot", |refused| refused.reason.as_str());
            warn!(
                count,
                reason,
                "the center refuses what it was sent; it stays in the outbox. The center's own log and what it keeps aside tell more"
            );
        }
    }

    /// Some brokers publish the will of a connection that has been replaced already. Whoever reads it must not believe
    /// that we are gone.
    async fn receive_status(&mut self, message: &Incoming) {
        let offline = EdgeStatusMessage::from_json(&message.payload).is_ok_and(|status| !status.online);
        if offline && !message.retain && !self.stopping.is_cancelled() {
            info!("the broker says that this edge is offline; telling it better");
            self.tell_status().await;
        }
    }

    /// Hands over what has not been handed to this connection, as far as the window has room.
    async fn fill(&mut self) {
        while self.state.connection.is_some() && self.window.free() > 0 {
            let room = u32::try_from(self.window.free()).unwrap_or(u32::MAX);
            let batch = match self.outbox.pending(&self.state.cursor, room).await {
                Ok(batch) if batch.is_empty() => return,
                Ok(batch) => batch,
                Err(error) => {
                    if self.state.complaints.may_log() {
                        warn!(error = %Chain(&error), "outbox cannot be read, trying again");
                    }
                    return;
                }
            };
            if !self.send_all(batch).await {
                return;
            }
        }
    }

    /// Publishes again what the center seems to have missed.
    async fn resend(&mut self) {
        if self.state.connection.is_none() {
            return;
        }
        if self.state.offer_again.is_some_and(|at| at <= Instant::now()) {
            self.state.offer_again = None;
            self.state.cursor = Position::default();
        }
        for position in self.window.due(Instant::now()) {
            match self.outbox.pending_at(&position).await {
                Ok(Some(pending)) => {
                    if !self.send_all(vec![pending]).await {
                        return;
                    }
                }
                Ok(None) => self.window.forget(&position),
                Err(_) => return,
            }
        }
    }

    /// Whether the connection took all of it.
    async fn send_all(&mut self, batch: Vec<Pending>) -> bool {
        let now = self.clock.now();
        let unmarked: Vec<u64> = batch
            .iter()
            .filter_map(|pending| match &pending.item {
                PendingItem::Event { seq, published_at: None, .. } => Some(*seq),
                _ => None,
            })
            .collect();
        // Should it not be kept, the time of the next attempt stands in for it.
        if !unmarked.is_empty()
            && let Err(error) = self.outbox.mark_published(&unmarked, now).await
        {
            debug!(error = %Chain(&error), "time of publishing not kept");
        }
        for pending in batch {
            let Pending { position, item } = pending;
            let again = position <= self.state.furthest
                || matches!(item, PendingItem::Event { published_at: Some(_), .. });
            if let Some((name, publication)) = self.publication(item, now) {
                match self.publish(publication).await {
                    Published::Taken => {
                        let counter = if again { &self.metrics.republished } else { &self.metrics.published };
                        counter.inc();
                        self.window.sent(name, position.clone(), Instant::now());
                    }
                    // It takes no place in the window, or a few of them would stop everything behind them. It is
                    // tried again with the next connection.
                    Published::Refused => self.window.forget(&position),
                    Published::Disconnected => return false,
                }
            }
            self.state.cursor = self.state.cursor.clone().max(position);
            self.state.furthest = self.state.furthest.clone().max(self.state.cursor.clone());
        }
        true
    }

    fn publication(&mut self, item: PendingItem, now: Timestamp) -> Option<(Name, Publication)> {
        match item {
            PendingItem::Event { event, seq, published_at } => {
                let name = Name::Event(AckedEvent { id: event.id, rev: event.rev });
                let message = EventMessage { event: *event, seq, published_at: published_at.unwrap_or(now) };
                let topic = self.presence.topic(TopicKind::Event);
                Some((name, Publication::json(topic, message.to_json(), EVENT_SCHEMA)))
            }
            PendingItem::Snapshot { sha256, mime, bytes } => {
                let topic = self.presence.topic(TopicKind::Snapshot(sha256.clone()));
                let publication = Publication { content_type: Some(mime), ..Publication::new(topic, bytes) };
                Some((Name::Snapshot(sha256), publication))
            }
            PendingItem::Unreadable { problem } => {
                self.metrics.undeliverable.inc();
                if self.state.complaints.may_log() {
                    warn!(problem, "an entry of the outbox cannot be read by this version; it stays there");
                }
                None
            }
        }
    }

    async fn publish(&mut self, publication: Publication) -> Published {
        match self.link.publish(publication).await {
            Ok(connection) if Some(connection) == self.state.connection => Published::Taken,
            Ok(_) | Err(LinkError::NotConnected) => Published::Disconnected,
            Err(error) => {
                // Too large for this broker: it stays in the outbox for a better one.
                self.metrics.undeliverable.inc();
                if self.state.complaints.may_log() {
                    warn!(error = %Chain(&error), "message not published");
                }
                Published::Refused
            }
        }
    }
}

/// What became of a publication.
enum Published {
    /// The present connection has it.
    Taken,
    /// The broker would not take it.
    Refused,
    /// There is none, or another one by now: begin again with the oldest.
    Disconnected,
}
