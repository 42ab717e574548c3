//! What has been published and not yet been acknowledged, and when to publish it again. Pure.
//!
//! While the center answers, whatever it passed over is due again after the time-out. While it does not answer at all,
//! one message at a time is sent to ask: the rest would only pile up at the broker. Its answer makes the rest due.

use std::{collections::HashMap, time::Duration};

use gridwatch_domain::{
    Sha256Hex,
    wire::{AckMessage, AckedEvent},
};
use tokio::time::Instant;

use crate::Position;

/// What an acknowledgement names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Event(AckedEvent),
    Snapshot(Sha256Hex),
}

#[derive(Debug)]
struct Sent {
    position: Position,
    at: Instant,
}

#[derive(Debug)]
pub(crate) struct Window {
    limit: usize,
    timeout: Duration,
    under_way: HashMap<Name, Sent>,
    answered_at: Option<Instant>,
    asked_at: Option<Instant>,
}

impl Window {
    /// At most `limit` under way; unacknowledged ones are due again after `timeout`.
    pub(crate) fn new(limit: usize, timeout: Duration) -> Self {
        Self { limit, timeout, under_way: HashMap::new(), answered_at: None, asked_at: None }
    }

    /// How many more may be sent.
    pub(crate) fn free(&self) -> usize {
        self.limit.saturating_sub(self.under_way.len())
    }

    pub(crate) fn sent(&mut self, name: Name, position: Position, now: Instant) {
        self.under_way.insert(name, Sent { position, at: now });
    }

    pub(crate) fn acked(&mut self, ack: &AckMessage, now: Instant) {
        self.answered_at = Some(now);
        for event in &ack.events {
            self.under_way.remove(&Name::Event(*event));
        }
        for refused in &ack.refused {
            self.under_way.remove(&Name::Event(AckedEvent { id: refused.id, rev: refused.rev }));
        }
        for sha256 in ack.snapshots.iter().chain(&ack.refused_snapshots) {
            self.under_way.remove(&Name::Snapshot(sha256.clone()));
        }
    }

    /// It is not in the outbox any more.
    pub(crate) fn forget(&mut self, position: &Position) {
        self.under_way.retain(|_, sent| sent.position != *position);
    }

    /// A new connection: everything is to be sent again, from the oldest on.
    pub(crate) fn clear(&mut self) {
        self.under_way.clear();
        self.asked_at = None;
    }

    /// What is to be sent again now, oldest first.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Position> {
        let expired = |at: Instant| now.duration_since(at) >= self.timeout;
        let overdue: Vec<(&Name, &Sent)> =
            self.under_way.iter().filter(|(_, sent)| expired(sent.at)).collect();
        let answering = |sent: &Sent| self.answered_at.is_some_and(|answered| answered > sent.at);
        let mut due: Vec<Position> = overdue
            .iter()
            .filter(|(_, sent)| answering(sent))
            .map(|(_, sent)| sent.position.clone())
            .collect();
        if due.is_empty() && self.asked_at.is_none_or(expired) {
            due.extend(self.question().filter(|_| !overdue.is_empty()));
            if !due.is_empty() {
                self.asked_at = Some(now);
            }
        }
        due.sort();
        due
    }

    /// What a silent center is asked with: always the oldest event, which asks more cheaply than a picture. It may have
    /// been handed over a moment after the question was decided on, and so not be overdue itself.
    fn question(&self) -> Option<Position> {
        let cost = |(name, sent): &(&Name, &Sent)| (matches!(name, Name::Snapshot(_)), sent.position.clone());
        self.under_way.iter().min_by_key(cost).map(|(_, sent)| sent.position.clone())
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::{EventId, Timestamp};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(10);

    fn event(number: u8) -> AckedEvent {
        AckedEvent { id: EventId::from_parts(Timestamp::UNIX_EPOCH, [number; 10]), rev: 1 }
    }

    fn picture(number: u8) -> Sha256Hex {
        Sha256Hex::from_digest([number; 32])
    }

    fn events(numbers: &[u8]) -> AckMessage {
        AckMessage { events: numbers.iter().copied().map(event).collect(), ..AckMessage::default() }
    }

    /// Events 1–4, each with its picture, sent at once.
    fn full(now: Instant) -> Window {
        let mut window = Window::new(8, TIMEOUT);
        for number in 1..=4 {
            window.sent(Name::Snapshot(picture(number)), Position::of(number.into(), 0), now);
            window.sent(Name::Event(event(number)), Position::of(number.into(), 1), now);
        }
        window
    }

    #[test]
    fn acknowledgements_make_room() {
        let now = Instant::now();
        let mut window = full(now);
        assert_eq!(window.free(), 0);
        window.acked(&AckMessage { snapshots: vec![picture(2)], ..events(&[1, 2]) }, now);
        assert_eq!(window.free(), 3);
        window.acked(&events(&[1, 9]), now);
        assert_eq!(window.free(), 3, "twice, or unknown");
    }

    #[test]
    fn a_silent_center_is_asked_with_one_message_at_a_time() {
        let start = Instant::now();
        let mut window = full(start);
        assert_eq!(window.due(start + TIMEOUT / 2), []);
        assert_eq!(window.due(start + TIMEOUT), [Position::of(1, 1)]);
        // Publishing took a moment: it is not overdue again when the next question is.
        window.sent(Name::Event(event(1)), Position::of(1, 1), start + TIMEOUT + TIMEOUT / 4);
        assert_eq!(window.due(start + TIMEOUT + TIMEOUT / 2), []);
        assert_eq!(window.due(start + TIMEOUT * 2), [Position::of(1, 1)]);
    }

    #[test]
    fn an_answer_makes_everything_overdue_due() {
        let start = Instant::now();
        let mut window = full(start);
        window.acked(&events(&[1]), start + TIMEOUT * 2);
        let due = window.due(start + TIMEOUT * 2);
        assert_eq!(due.len(), 7);
        assert_eq!(due[..2], [Position::of(1, 0), Position::of(2, 0)], "oldest first");
    }

    #[test]
    fn what_was_passed_over_is_due_after_the_time_out() {
        let start = Instant::now();
        let mut window = full(start);
        window.acked(
            &AckMessage { snapshots: (1..=4).map(picture).collect(), ..events(&[1, 3, 4]) },
            start + TIMEOUT / 2,
        );
        assert_eq!(window.due(start + TIMEOUT / 2), []);
        assert_eq!(window.due(start + TIMEOUT), [Position::of(2, 1)]);
        window.forget(&Position::of(2, 1));
        assert_eq!(window.due(start + TIMEOUT), []);
    }
}
