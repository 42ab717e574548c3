//! Feeds live pages: every change that has been committed, once, in the order of its number.
//!
//! One task reads changes after each commit, renders each subject's present state once, and hands it to all streams
//! through a bounded broadcast. A stream that subscribes first and then replays from the store up to the newest change
//! can neither miss a change (what is committed later will be broadcast) nor tell one twice (what was replayed is
//! skipped by its number). A stream that falls behind the broadcast is cut; its page comes back with the number of the
//! last change it has seen, and replays.
//!
//! A message shows its subject as it is when rendered, which may be newer than its change; pages go by the revision.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gridwatch_domain::GridTree;
use gridwatch_runtime::{Backoff, BackoffRange, Chain, Shutdown};
use serde::Serialize;
use tokio::sync::broadcast;
use tracing::warn;

use crate::{
    store::{Change, ChangeSubject, Store, StoreError},
    view::{CameraView, EventView},
};

/// Messages a stream may be behind before it is cut: some seconds of a county's alerts.
const BACKLOG: usize = 1024;
/// Changes read from the store at once.
pub(crate) const PAGE: u32 = 256;
/// Waits between tries to read from the store.
const RETRY: BackoffRange =
    BackoffRange { first: Duration::from_millis(200), longest: Duration::from_secs(10) };

/// One message to live pages.
#[derive(Debug, Clone)]
pub(crate) struct LiveMessage {
    /// Number of the change.
    pub number: u64,
    /// Name of the message.
    pub event: &'static str,
    /// JSON.
    pub data: Arc<str>,
}

/// The broadcast, and what turns changes into messages. Clone freely.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    store: Store,
    grid: Arc<GridTree>,
    messages_tx: broadcast::Sender<LiveMessage>,
}

impl Live {
    pub(crate) fn new(store: Store, grid: Arc<GridTree>) -> Self {
        Self { store, grid, messages_tx: broadcast::Sender::new(BACKLOG) }
    }

    /// Everything broadcast from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<LiveMessage> {
        self.messages_tx.subscribe()
    }

    /// Broadcasts changes after number `last` as they are committed, until shutdown.
    pub(crate) async fn run(self, mut last: u64, shutdown: Shutdown) {
        let mut backoff = Backoff::new(RETRY);
        loop {
            let pause = match self.broadcast_page(&mut last).await {
                Ok(true) => continue,
                Ok(false) => {
                    backoff.reset();
                    None
                }
                Err(error) => {
                    let wait = backoff.next_wait();
                    if backoff.tries() == 1 {
                        warn!(error = %Chain(&error), "live pages wait for the store");
                    }
                    Some(wait)
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wake(pause) => {}
            }
        }
    }

    /// Whether there may be more.
    async fn broadcast_page(&self, last: &mut u64) -> Result<bool, StoreError> {
        let changes = self.store.changes_after(*last, PAGE).await?;
        let Some(newest) = changes.last().map(|change| change.number) else { return Ok(false) };
        if self.messages_tx.receiver_count() > 0 {
            for message in self.render(changes).await? {
                // Fails only when the last stream has just ended.
                let _ = self.messages_tx.send(message);
            }
        }
        *last = newest;
        Ok(true)
    }

    async fn wake(&self, pause: Option<Duration>) {
        match pause {
            None => self.store.changed().await,
            Some(wait) => {
                let _ = tokio::time::timeout(wait, std::future::pending::<()>()).await;
            }
        }
    }

    /// One message per subject, with the number of its last change, in the order of numbers.
    pub(crate) async fn render(&self, changes: Vec<Change>) -> Result<Vec<LiveMessage>, StoreError> {
        let latest: HashMap<ChangeSubject, u64> =
            changes.iter().map(|change| (change.subject.clone(), change.number)).collect();
        let mut messages = Vec::with_capacity(latest.len());
        for Change { number, subject } in changes {
            if latest[&subject] == number {
                messages.extend(self.render_one(number, &subject).await?);
            }
        }
        Ok(messages)
    }

    /// `None` where the subject is gone or its row damaged: nothing is told of it then.
    async fn render_one(
        &self,
        number: u64,
        subject: &ChangeSubject,
    ) -> Result<Option<LiveMessage>, StoreError> {
        let rendered = match subject {
            ChangeSubject::Event(id) => {
                let event = skip_damaged(self.store.event(*id).await)?;
                event.map(|event| ("event", to_json(&EventView::new(event, &self.grid))))
            }
            ChangeSubject::Camera(edge, camera) => {
                match self.store.camera(edge, camera).await {
                    // It was taken away: pages fetch their lists anew.
                    Ok(None) => Some(("reset", "{}".into())),
                    found => {
                        skip_damaged(found)?.map(|camera| ("camera", to_json(&CameraView::from(camera))))
                    }
                }
            }
        };
        Ok(rendered.map(|(event, data)| LiveMessage { number, event, data }))
    }
}

fn skip_damaged<T>(found: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(error @ StoreError::Corrupt { .. }) => {
            warn!(%error, "not shown live");
            Ok(None)
        }
        other => other,
    }
}

fn to_json(view: &impl Serialize) -> Arc<str> {
    serde_json::to_string(view).expect("views have string keys and finite numbers").into()
}
