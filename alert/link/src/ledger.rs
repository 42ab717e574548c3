//! Acknowledgements in the order of arrival, as MQTT demands, whatever the order in which messages are done with.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// Unacknowledged messages of one connection. Bounded by the inbox.
#[derive(Default)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
    released: Notify,
}

#[derive(Default)]
struct Entries {
    waiting: VecDeque<Entry>,
    /// Number of the first of `waiting` since the connection began.
    first: u64,
}

struct Entry {
    packet: u16,
    released: bool,
}

impl Ledger {
    /// Notes a message that has arrived.
    pub(crate) fn enter(self: &Arc<Self>, packet: u16) -> AckSlot {
        let mut entries = self.lock();
        entries.waiting.push_back(Entry { packet, released: false });
        let number = entries.first + entries.waiting.len() as u64 - 1;
        AckSlot { ledger: Some(Arc::clone(self)), number }
    }

    /// The next packet to acknowledge. Cancel-safe.
    pub(crate) async fn next_released(&self) -> u16 {
        loop {
            let released = self.released.notified();
            if let Some(packet) = self.take_released() {
                return packet;
            }
            released.await;
        }
    }

    /// The next packet to acknowledge, if there is one.
    pub(crate) fn take_released(&self) -> Option<u16> {
        let mut entries = self.lock();
        if !entries.waiting.front()?.released {
            return None;
        }
        entries.first += 1;
        entries.waiting.pop_front().map(|entry| entry.packet)
    }

    fn release(&self, number: u64) {
        let mut entries = self.lock();
        let index = number.checked_sub(entries.first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| entries.waiting.get_mut(index)) {
            entry.released = true;
        }
        drop(entries);
        self.released.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to acknowledge one message. Releases it when dropped.
pub(crate) struct AckSlot {
    ledger: Option<Arc<Ledger>>,
    number: u64,
}

impl AckSlot {
    /// The broker may forget the message.
    pub(crate) fn release(self) {
        drop(self);
    }

    /// The broker shall keep it.
    pub(crate) fn forget(mut self) {
        self.ledger = None;
    }
}

impl Drop for AckSlot {
    fn drop(&mut self) {
        if let Some(ledger) = self.ledger.take() {
            ledger.release(self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_keep_the_order_of_arrival() {
        let ledger = Arc::new(Ledger::default());
        let [first, second, third] = [7, 8, 9].map(|packet| ledger.enter(packet));
        second.release();
        assert_eq!(ledger.take_released(), None, "the first is not done with");
        first.release();
        assert_eq!(ledger.take_released(), Some(7));
        assert_eq!(ledger.take_released(), Some(8));
        assert_eq!(ledger.take_released(), None);
        third.forget();
        assert_eq!(ledger.take_released(), None);
    }

    #[test]
    fn a_dropped_message_does_not_hold_up_those_behind_it() {
        let ledger = Arc::new(Ledger::default());
        let slots = [1, 2].map(|packet| ledger.enter(packet));
        drop(slots);
        assert_eq!(ledger.take_released(), Some(1));
        assert_eq!(ledger.take_released(), Some(2));
    }
}
