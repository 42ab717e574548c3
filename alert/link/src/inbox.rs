//! Messages received and not yet taken by the consumer.
//!
//! Bounded. A broker that keeps to the agreed receive maximum never fills it; one that does not (Mosquitto 2.0 sends
//! everything it has once the first acknowledgement came) waits in its socket until there is room. Messages of a
//! connection that has ended are let go when the broker promises to deliver them again, so that reconnecting does not
//! pile them up.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{Incoming, metrics::LinkMetrics};

pub(crate) struct Inbox {
    queue: Mutex<Queue>,
    changed: Notify,
    taken: Notify,
    capacity: usize,
    metrics: LinkMetrics,
}

struct Queue {
    messages: VecDeque<Incoming>,
    /// The consumer is gone.
    unread: bool,
    /// The link has been closed: nothing more will come.
    ended: bool,
}

impl Inbox {
    pub(crate) fn new(capacity: usize, metrics: LinkMetrics) -> Arc<Self> {
        let queue = Queue { messages: VecDeque::new(), unread: false, ended: false };
        Arc::new(Self {
            queue: Mutex::new(queue),
            changed: Notify::new(),
            taken: Notify::new(),
            capacity,
            metrics,
        })
    }

    /// Waits until there is room: the consumer has taken something, or is gone. There is one who pushes.
    pub(crate) async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            {
                let queue = self.lock();
                if queue.unread || queue.messages.len() < self.capacity {
                    return;
                }
            }
            taken.await;
        }
    }

    /// Takes a message for which there is [room](Self::room).
    pub(crate) fn push(&self, message: Incoming) {
        let mut queue = self.lock();
        if queue.unread {
            drop(queue);
            self.metrics.incoming_dropped(1);
            message.forget();
            return;
        }
        queue.messages.push_back(message);
        drop(queue);
        self.changed.notify_one();
    }

    /// The broker will deliver again what was not acknowledged: what waits is let go.
    pub(crate) fn forget_all(&self) {
        let messages = std::mem::take(&mut self.lock().messages);
        self.metrics.incoming_dropped(messages.len());
        messages.into_iter().for_each(Incoming::forget);
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The consumer's end of the messages received. There is one.
pub struct IncomingStream {
    inbox: Arc<Inbox>,
}

impl IncomingStream {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Self { inbox }
    }

    /// The next message; `None` when the link has been closed and nothing waits. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Incoming> {
        let inbox = Arc::clone(&self.inbox);
        loop {
            let changed = inbox.changed.notified();
            if let Some(message) = self.try_recv() {
                return Some(message);
            }
            if inbox.lock().ended {
                return None;
            }
            changed.await;
        }
    }

    /// The next message if one waits already: to fill up a batch.
    pub fn try_recv(&mut self) -> Option<Incoming> {
        let message = self.inbox.lock().messages.pop_front()?;
        self.inbox.taken.notify_one();
        self.inbox.metrics.incoming_sent();
        Some(message)
    }
}

impl Drop for IncomingStream {
    fn drop(&mut self) {
        self.inbox.lock().unread = true;
        self.inbox.taken.notify_one();
        self.inbox.forget_all();
    }
}
