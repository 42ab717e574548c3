//! Newest wins: one slot per key (per camera). What comes while the slot is full replaces what waits there, and the
//! loss is told to the sender, who counts it.
//!
//! Bounded by the number of keys. Keys are served in the order in which their slots were filled, so that a busy camera
//! cannot starve the others. Senders may be plain threads (decoders); the receiver may be a thread or a task.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
    ops::Deref,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::Notify;

/// What became of a value put into the mailbox.
#[derive(Debug, PartialEq, Eq)]
pub enum Put<T> {
    /// It waits in its slot.
    Stored,
    /// It waits, and this older one, which nobody had taken, is lost.
    Replaced(T),
    /// Nobody receives any more; here it is back.
    Closed(T),
}

/// Both ends of a mailbox.
pub type Mailbox<K, T> = (MailboxSender<K, T>, MailboxReceiver<K, T>);

/// Creates an empty mailbox.
pub fn mailbox<K: Eq + Hash + Clone, T>() -> Mailbox<K, T> {
    let slots = Slots {
        waiting: HashMap::new(),
        order: VecDeque::new(),
        in_hand: HashSet::new(),
        senders: 1,
        receiver_gone: false,
    };
    let shared =
        Arc::new(Shared { slots: Mutex::new(slots), changed: Condvar::new(), filled: Notify::new() });
    (MailboxSender { shared: Arc::clone(&shared) }, MailboxReceiver { shared })
}

struct Slots<K, T> {
    waiting: HashMap<K, T>,
    order: VecDeque<K>,
    /// Keys whose last value somebody still works on; theirs wait.
    in_hand: HashSet<K>,
    senders: usize,
    receiver_gone: bool,
}

struct Shared<K, T> {
    slots: Mutex<Slots<K, T>>,
    /// Wakes threads: the receiver when a slot was filled, waiting senders when one was emptied.
    changed: Condvar,
    /// Wakes the receiver when it is a task.
    filled: Notify,
}

impl<K: Eq + Hash, T> Slots<K, T> {
    /// The place in the order of the first key that nobody has in hand.
    fn next(&self) -> Option<usize> {
        self.order.iter().position(|key| !self.in_hand.contains(key))
    }

    /// Whether nothing waits and nothing will come.
    fn is_over(&self) -> bool {
        self.order.is_empty() && self.senders == 0
    }
}

impl<K, T> Shared<K, T> {
    fn lock(&self) -> MutexGuard<'_, Slots<K, T>> {
        // A panic while holding the lock cannot leave the slots half changed.
        self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn wake(&self) {
        self.changed.notify_all();
        self.filled.notify_one();
    }
}

/// The end that frames go into.
pub struct MailboxSender<K, T> {
    shared: Arc<Shared<K, T>>,
}

impl<K: Eq + Hash + Clone, T> MailboxSender<K, T> {
    /// Puts a value into its key's slot at once, replacing what waits there.
    pub fn put(&self, key: K, value: T) -> Put<T> {
        let mut slots = self.shared.lock();
        if slots.receiver_gone {
            return Put::Closed(value);
        }
        let older = slots.waiting.insert(key.clone(), value);
        if older.is_none() {
            slots.order.push_back(key);
        }
        drop(slots);
        self.shared.wake();
        older.map_or(Put::Stored, Put::Replaced)
    }

    /// Waits until the key's slot is empty, then fills it: for files, which lose nothing. Gives the value back when
    /// `give_up` says so (asked every 50 ms) or nobody receives any more.
    pub fn put_waiting(&self, key: K, value: T, give_up: impl Fn() -> bool) -> Result<(), T> {
        const ASK_AGAIN: Duration = Duration::from_millis(50);
        let mut slots = self.shared.lock();
        while slots.waiting.contains_key(&key) && !slots.receiver_gone {
            if give_up() {
                return Err(value);
            }
            slots = self
                .shared
                .changed
                .wait_timeout(slots, ASK_AGAIN)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
        if slots.receiver_gone {
            return Err(value);
        }
        slots.order.push_back(key.clone());
        slots.waiting.insert(key, value);
        drop(slots);
        self.shared.wake();
        Ok(())
    }
}

impl<K, T> Clone for MailboxSender<K, T> {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K, T> Drop for MailboxSender<K, T> {
    fn drop(&mut self) {
        self.shared.lock().senders -= 1;
        self.shared.wake();
    }
}

/// A value whose key gets no other until this is dropped: of one camera one picture at a time, and in order.
pub struct InHand<'a, K: Eq + Hash + Clone, T> {
    value: T,
    key: K,
    shared: &'a Shared<K, T>,
}

impl<K: Eq + Hash + Clone, T> Deref for InHand<'_, K, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<K: Eq + Hash + Clone, T> Drop for InHand<'_, K, T> {
    fn drop(&mut self) {
        self.shared.lock().in_hand.remove(&self.key);
        self.shared.wake();
    }
}

/// The end that frames come out of. There is one; threads may share it, if all of them take values in hand.
pub struct MailboxReceiver<K, T> {
    shared: Arc<Shared<K, T>>,
}

impl<K: Eq + Hash + Clone, T> MailboxReceiver<K, T> {
    /// The value that has waited longest; `None` when all senders are gone and nothing waits. Blocks the thread.
    pub fn recv_blocking(&self) -> Option<T> {
        let mut slots = self.shared.lock();
        loop {
            if let Some(value) = take(&mut slots) {
                self.shared.changed.notify_all();
                return Some(value);
            }
            if slots.senders == 0 {
                return None;
            }
            slots = self.shared.changed.wait(slots).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// As [`recv_blocking`](Self::recv_blocking), but gives up after `timeout` with `Err(())`.
    #[expect(clippy::result_unit_err, reason = "a time-out has nothing else to tell")]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Option<T>, ()> {
        let slots = self.shared.lock();
        let (mut slots, _) = self
            .shared
            .changed
            .wait_timeout_while(slots, timeout, |slots| slots.order.is_empty() && slots.senders > 0)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match take(&mut slots) {
            Some(value) => {
                self.shared.changed.notify_all();
                Ok(Some(value))
            }
            None if slots.senders == 0 => Ok(None),
            None => Err(()),
        }
    }

    /// The value that has waited longest of those whose key nobody has in hand; else as [`recv_timeout`](Self::recv_timeout).
    /// For several threads that share the work.
    #[expect(clippy::result_unit_err, reason = "a time-out has nothing else to tell")]
    pub fn take_timeout(&self, timeout: Duration) -> Result<Option<InHand<'_, K, T>>, ()> {
        let slots = self.shared.lock();
        let (mut slots, _) = self
            .shared
            .changed
            .wait_timeout_while(slots, timeout, |slots| slots.next().is_none() && !slots.is_over())
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(index) = slots.next() else { return if slots.is_over() { Ok(None) } else { Err(()) } };
        let key = slots.order.remove(index);
        let taken = key.and_then(|key| Some((slots.waiting.remove(&key)?, key)));
        let Some((value, key)) = taken else { return Err(()) };
        slots.in_hand.insert(key.clone());
        self.shared.changed.notify_all();
        drop(slots);
        Ok(Some(InHand { value, key, shared: &self.shared }))
    }

    /// As [`recv_blocking`](Self::recv_blocking), for tasks. Cancel-safe.
    pub async fn recv(&self) -> Option<T> {
        loop {
            let filled = self.shared.filled.notified();
            {
                let mut slots = self.shared.lock();
                if let Some(value) = take(&mut slots) {
                    self.shared.changed.notify_all();
                    return Some(value);
                }
                if slots.senders == 0 {
                    return None;
                }
            }
            filled.await;
        }
    }
}

impl<K, T> Drop for MailboxReceiver<K, T> {
    fn drop(&mut self) {
        self.shared.lock().receiver_gone = true;
        self.shared.changed.notify_all();
    }
}

fn take<K: Eq + Hash, T>(slots: &mut Slots<K, T>) -> Option<T> {
    let key = slots.order.pop_front()?;
    slots.waiting.remove(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_wins_and_the_loss_is_told() {
        let (tx, rx) = mailbox();
        assert_eq!(tx.put("gate", 1), Put::Stored);
        assert_eq!(tx.put("yard", 10), Put::Stored);
        assert_eq!(tx.put("gate", 2), Put::Replaced(1));
        assert_eq!(rx.recv_blocking(), Some(2), "a replaced value keeps its turn");
        assert_eq!(rx.recv_blocking(), Some(10));
        assert_eq!(rx.recv_timeout(Duration::ZERO), Err(()));
        drop(tx);
        assert_eq!(rx.recv_blocking(), None);
    }

    #[test]
    fn of_one_key_one_value_is_in_hand_at_a_time() {
        let (tx, rx) = mailbox();
        tx.put("gate", 1);
        let first = rx.take_timeout(Duration::ZERO).expect("it waits").expect("open");
        assert_eq!(*first, 1);
        tx.put("gate", 2);
        assert!(rx.take_timeout(Duration::ZERO).is_err(), "the next of that camera waits for this one");
        tx.put("yard", 10);
        let other = rx.take_timeout(Duration::ZERO).expect("another camera's waits not").expect("open");
        assert_eq!(*other, 10);
        drop(first);
        drop(tx);
        assert_eq!(rx.take_timeout(Duration::ZERO).expect("free now").map(|value| *value), Some(2));
        assert!(rx.take_timeout(Duration::ZERO).expect("no time-out").is_none(), "over");
    }

    #[test]
    fn threads_share_the_work_and_each_key_keeps_its_order() {
        const THREADS: usize = 3;
        let (tx, rx) = mailbox();
        let seen = Mutex::new(HashMap::<&str, Vec<u32>>::new());
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some(value) = loop {
                        if let Ok(value) = rx.take_timeout(Duration::from_millis(50)) {
                            break value;
                        }
                    } {
                        let (key, number) = *value;
                        // In hand still while it is noted: another thread's for this key cannot come between.
                        seen.lock().expect("no panic").entry(key).or_default().push(number);
                    }
                });
            }
            for number in 0..200 {
                for key in ["gate", "yard"] {
                    tx.put_waiting(key, (key, number), || false).expect("somebody receives");
                }
            }
            drop(tx);
        });
        let seen = seen.into_inner().expect("no panic");
        for key in ["gate", "yard"] {
            assert_eq!(seen[key], (0..200).collect::<Vec<_>>(), "{key}");
        }
    }

    #[test]
    fn nothing_is_taken_once_nobody_receives() {
        let (tx, rx) = mailbox();
        drop(rx);
        assert_eq!(tx.put("gate", 1), Put::Closed(1));
        assert_eq!(tx.put_waiting("gate", 2, || false), Err(2));
    }

    #[test]
    fn a_waiting_sender_loses_nothing() {
        let (tx, rx) = mailbox();
        let sender = std::thread::spawn(move || {
            for number in 0..100 {
                tx.put_waiting("file", number, || false).expect("somebody receives");
            }
        });
        let mut received = Vec::new();
        while let Some(number) = rx.recv_blocking() {
            received.push(number);
        }
        sender.join().expect("no panic");
        assert_eq!(received, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_waiting_sender_can_give_up() {
        let (tx, _rx) = mailbox();
        assert_eq!(tx.put("file", 1), Put::Stored);
        assert_eq!(tx.put_waiting("file", 2, || true), Err(2));
    }

    #[tokio::test]
    async fn a_task_is_woken_by_a_thread() {
        let (tx, rx) = mailbox();
        let sender = std::thread::spawn(move || tx.put("gate", 7));
        assert_eq!(rx.recv().await, Some(7));
        assert_eq!(rx.recv().await, None);
        sender.join().expect("no panic");
    }
}
