//! Takes messages from the broker, has them stored, and says so.
//!
//! In: messages of `topic::CENTER_FILTERS`. What waits already is taken together, committed in one transaction, then
//! acknowledged twice: to the edge boxes (`…/ack`, so that they may forget) and to the broker. A message that cannot be
//! used is counted, logged once per source and minute, kept aside in the store and acknowledged to the broker; its edge
//! box is told that it was refused, keeps its event and goes on: a later version of the center may understand it. A revision that contradicts the
//! one stored is kept aside too, but acknowledged to its edge box: the first one stands, and sending it again would
//! never change that.
//!
//! While the store fails nothing is acknowledged; the batch is tried again until it is in, and the broker holds back
//! meanwhile. Messages that only this batch's commit knows of are never lost: until the acknowledgement they are the
//! broker's, and events the edge's as well.
//! Knows nothing of SQL or MQTT packets.

mod limiter;
mod link;
mod open;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use gridwatch_domain::{
    EdgeId, GridTree,
    wire::{AckMessage, AckedEvent, RefusedEvent},
};
use gridwatch_runtime::{Backoff, BackoffRange, Chain, SharedClock, Shutdown};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::{
    health::Health,
    metrics::CenterMetrics,
    store::{Delivery, Received, RejectReason, Store, StoreError, Verdict},
};

use limiter::LogLimiter;
pub(crate) use link::Answers;
use open::Named;
#[cfg(test)]
pub(crate) use open::open;

/// Most messages of one commit: enough to share a flush among, few enough to answer within a fraction of a second.
const BATCH_MESSAGES: usize = 256;
/// Most bytes of one commit; the message that goes beyond still belongs to it.
const BATCH_BYTES: usize = 32 * 1024 * 1024;
/// Waits between tries of a commit.
const RETRY: BackoffRange =
    BackoffRange { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// A message that waits for its acknowledgement. Dropped without it, it may come again.
pub(crate) trait Letter: Send {
    /// Where it was published.
    fn topic(&self) -> &str;
    /// What.
    fn payload(&self) -> &Bytes;
    /// The broker may forget it.
    fn ack(self);
}

/// Where messages come from.
pub(crate) trait Inbox: Send {
    /// What comes.
    type Letter: Letter;
    /// The next one; `None` when no more will come. Cancel-safe.
    fn recv(&mut self) -> impl Future<Output = Option<Self::Letter>> + Send;
    /// The next one, if it waits already.
    fn try_recv(&mut self) -> Option<Self::Letter>;
}

/// Tells edge boxes what has been stored.
pub(crate) trait Acknowledge: Send + Sync {
    /// Tries; where it does not get through the edge boxes send again what they are waiting for.
    fn acknowledge(&self, answers: BTreeMap<EdgeId, AckMessage>) -> impl Future<Output = ()> + Send;
}

/// Where batches are made durable.
pub(crate) trait Commit: Send + Sync {
    /// All or nothing; a verdict per message.
    fn commit(&self, batch: &[Received]) -> impl Future<Output = Result<Vec<Verdict>, StoreError>> + Send;
}

impl Commit for Store {
    fn commit(&self, batch: &[Received]) -> impl Future<Output = Result<Vec<Verdict>, StoreError>> + Send {
        Self::commit(self, batch)
    }
}

/// The receiving stage.
pub(crate) struct Receiver<C, A> {
    pub(crate) store: C,
    pub(crate) answers: A,
    pub(crate) grid: Arc<GridTree>,
    pub(crate) clock: SharedClock,
    pub(crate) metrics: CenterMetrics,
    pub(crate) health: Health,
    pub(crate) shutdown: Shutdown,
    limiter: LogLimiter,
}

/// Asked to end while the store was failing.
struct GivenUp;

impl<C: Commit, A: Acknowledge> Receiver<C, A> {
    pub(crate) fn new(
        store: C,
        answers: A,
        grid: Arc<GridTree>,
        clock: SharedClock,
        metrics: CenterMetrics,
        health: Health,
        shutdown: Shutdown,
    ) -> Self {
        Self { store, answers, grid, clock, metrics, health, shutdown, limiter: LogLimiter::default() }
    }

    /// Runs until shutdown or until no more messages come. Returns the messages that could not be stored, so that they
    /// are let go only after the session with the broker has ended, and come again on the next one.
    pub(crate) async fn run<I: Inbox>(mut self, mut inbox: I) -> Vec<I::Letter> {
        let shutdown = self.shutdown.clone();
        loop {
            let first = tokio::select! {
                biased;
                () = shutdown.cancelled() => return Vec::new(),
                letter = inbox.recv() => letter,
            };
            let Some(first) = first else { return Vec::new() };
            let letters = fill_batch(first, &mut inbox);
            if let Err(unstored) = self.handle(letters).await {
                return unstored;
            }
        }
    }

    async fn handle<L: Letter>(&mut self, letters: Vec<L>) -> Result<(), Vec<L>> {
        let at = self.clock.now();
        let mut batch: Vec<Received> = letters
            .iter()
            .map(|letter| {
                self.metrics.messages.received(open::kind_label(letter.topic()));
                let (topic, payload) = (letter.topic().to_owned(), letter.payload().clone());
                Received { at, delivery: open::open(&topic, &payload), topic, payload }
            })
            .collect();
        let Ok(verdicts) = self.commit(&mut batch).await else {
            for letter in &letters {
                self.metrics.messages.dropped(open::kind_label(letter.topic()));
            }
            return Err(letters);
        };
        for (received, verdict) in batch.iter().zip(&verdicts) {
            self.account(received, verdict);
        }
        let answers = acknowledgements(&batch, &verdicts);
        if !answers.is_empty() {
            self.answers.acknowledge(answers).await;
        }
        letters.into_iter().for_each(Letter::ack);
        Ok(())
    }

    /// Commits the batch, however long it takes. A message that the store itself refuses turns into a rejected one.
    async fn commit(&mut self, batch: &mut [Received]) -> Result<Vec<Verdict>, GivenUp> {
        match self.commit_or_refuse(batch).await? {
            Ok(verdicts) => return Ok(verdicts),
            Err(error) if batch.len() > 1 => {
                warn!(error = %Chain(&error), "the store refuses a batch, writing its messages one by one");
            }
            Err(_) => {}
        }
        let mut verdicts = Vec::with_capacity(batch.len());
        for received in batch.iter_mut() {
            let alone = std::slice::from_mut(received);
            let verdict = match self.commit_or_refuse(alone).await? {
                Ok(verdict) => verdict,
                Err(error) => {
                    alone[0].delivery = Delivery::Rejected {
                        reason: RejectReason::Refused,
                        detail: Chain(&error).to_string(),
                    };
                    self.commit_until_stored(alone).await?
                }
            };
            verdicts.extend(verdict);
        }
        Ok(verdicts)
    }

    /// Tries until the batch is in, or until the store refuses it for good.
    async fn commit_or_refuse(
        &mut self,
        batch: &[Received],
    ) -> Result<Result<Vec<Verdict>, StoreError>, GivenUp> {
        let mut backoff = Backoff::new(RETRY);
        loop {
            match self.try_commit(batch).await {
                Ok(verdicts) => return Ok(Ok(verdicts)),
                Err(error) if error.is_refusal() => return Ok(Err(error)),
                Err(error) => self.wait_after(&error, &mut backoff).await?,
            }
        }
    }

    /// Tries until the batch is in.
    async fn commit_until_stored(&mut self, batch: &[Received]) -> Result<Vec<Verdict>, GivenUp> {
        let mut backoff = Backoff::new(RETRY);
        loop {
            match self.try_commit(batch).await {
                Ok(verdicts) => return Ok(verdicts),
                Err(error) => self.wait_after(&error, &mut backoff).await?,
            }
        }
    }

    async fn try_commit(&mut self, batch: &[Received]) -> Result<Vec<Verdict>, StoreError> {
        let began = Instant::now();
        let verdicts = self.store.commit(batch).await?;
        self.metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
        self.metrics.commit_messages.observe(batch.len() as f64);
        if self.health.clear_store() {
            info!("the store works again");
        }
        Ok(verdicts)
    }

    async fn wait_after(&mut self, error: &StoreError, backoff: &mut Backoff) -> Result<(), GivenUp> {
        let wait = backoff.next_wait();
        self.metrics.commit_failures.inc();
        self.health.set_store(Chain(error).to_string());
        if let Some(kept_quiet) = self.limiter.may_log("store", self.clock.now()) {
            error!(error = %Chain(error), tries = backoff.tries(), kept_quiet,
                "nothing can be stored; messages wait at the broker until it works again");
        }
        match tokio::time::timeout(wait, self.shutdown.cancelled()).await {
            Ok(()) => Err(GivenUp),
            Err(_) => Ok(()),
        }
    }

    fn account(&mut self, received: &Received, verdict: &Verdict) {
        let kind = open::kind_label(&received.topic);
        match verdict {
            Verdict::Stored => {
                self.metrics.messages.sent(kind);
                if let Delivery::Event(message) = &received.delivery {
                    let delay = received.at.saturating_since(message.event.at);
                    self.metrics.stored.inc();
                    self.metrics.event_delay_seconds.observe(delay.as_secs_f64());
                }
                self.check_cell(&received.delivery);
            }
            Verdict::Duplicate => {
                self.metrics.messages.sent(kind);
                self.metrics.duplicates.with_label_values(&[kind]).inc();
            }
            Verdict::Conflict(detail) => self.complain(&received.topic, RejectReason::Conflict, detail),
            Verdict::Rejected => {
                let Delivery::Rejected { reason, detail } = &received.delivery else { return };
                self.complain(&received.topic, *reason, detail);
            }
        }
    }

    fn complain(&mut self, topic: &str, reason: RejectReason, detail: &str) {
        self.metrics.messages.failed(open::kind_label(topic));
        self.metrics.rejected.with_label_values(&[reason.as_str()]).inc();
        let edge = open::source(topic);
        let source = edge.as_ref().map_or("unknown", EdgeId::as_str);
        if let Some(kept_quiet) = self.limiter.may_log(&format!("message {source}"), self.clock.now()) {
            warn!(edge = source, reason = reason.as_str(), detail, kept_quiet, "kept a message aside");
        }
    }

    fn check_cell(&mut self, delivery: &Delivery) {
        let (edge, cell) = match delivery {
            Delivery::Event(message) => (&message.event.edge, &message.event.cell),
            Delivery::Camera { edge, state } => (edge, &state.cell),
            _ => return,
        };
        let Some(cell) = cell.as_ref().filter(|cell| self.grid.get(cell).is_none()) else { return };
        self.metrics.unknown_cells.inc();
        if let Some(kept_quiet) = self.limiter.may_log(&format!("cell {edge}"), self.clock.now()) {
            warn!(%edge, %cell, kept_quiet, "the grid tree lacks this cell; its code is kept");
        }
    }
}

fn fill_batch<I: Inbox>(first: I::Letter, inbox: &mut I) -> Vec<I::Letter> {
    let mut bytes = first.payload().len();
    let mut letters = vec![first];
    while letters.len() < BATCH_MESSAGES
        && bytes < BATCH_BYTES
        && let Some(letter) = inbox.try_recv()
    {
        bytes += letter.payload().len();
        letters.push(letter);
    }
    letters
}

/// What each edge box may forget, and what it need not wait for.
fn acknowledgements(batch: &[Received], verdicts: &[Verdict]) -> BTreeMap<EdgeId, AckMessage> {
    let mut by_edge: BTreeMap<EdgeId, AckMessage> = BTreeMap::new();
    for (received, verdict) in batch.iter().zip(verdicts) {
        match &received.delivery {
            _ if *verdict == Verdict::Rejected => refuse(received, &mut by_edge),
            Delivery::Event(message) => {
                let event = &message.event;
                let acked = AckedEvent { id: event.id, rev: event.rev };
                by_edge.entry(event.edge.clone()).or_default().events.push(acked);
            }
            Delivery::Snapshot { edge, sha256 } => {
                by_edge.entry(edge.clone()).or_default().snapshots.push(sha256.clone());
            }
            Delivery::Edge { .. }
            | Delivery::Camera { .. }
            | Delivery::CameraGone { .. }
            | Delivery::Rejected { .. } => {}
        }
    }
    by_edge
}

/// Tells the edge box of a message that cannot be used, as far as it can be told which one.
fn refuse(received: &Received, by_edge: &mut BTreeMap<EdgeId, AckMessage>) {
    let Some((edge, named)) = open::named(&received.topic, &received.payload) else { return };
    let answer = by_edge.entry(edge).or_default();
    match named {
        Named::Event { id, rev } => {
            let reason = match &received.delivery {
                Delivery::Rejected { reason, .. } => reason.as_str(),
                _ => RejectReason::Refused.as_str(),
            };
            answer.refused.push(RefusedEvent { id, rev, reason: reason.to_owned() });
        }
        Named::Snapshot(sha256) => answer.refused_snapshots.push(sha256),
    }
}
