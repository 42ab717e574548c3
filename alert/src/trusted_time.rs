//! The time that age is judged by.

use std::time::{Duration, Instant};

use gridwatch_domain::Timestamp;

/// Farther than this from what the log says, the clock is not believed …
const FAR: Duration = Duration::from_secs(86_400);
/// … until this long after a start: by then it has been set, if anybody sets it.
const UNTIL_TRUSTED: Duration = Duration::from_secs(900);

/// The clock of a box without a battery is anywhere after a start, until it has asked the network.
pub(crate) struct TrustedTime {
    /// When the log was last written to, where the clock was far ahead of that at the start.
    last_at: Option<Timestamp>,
    opened: Instant,
}

impl TrustedTime {
    /// `last_at`: when the log was last written to; `now`: what the clock says at the start.
    pub(crate) fn new(last_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self { last_at: last_at.filter(|last| now.saturating_since(*last) > FAR), opened: Instant::now() }
    }

    /// What age is judged by.
    pub(crate) fn of(&self, now: Timestamp) -> Timestamp {
        self.last_at.filter(|_| self.opened.elapsed() < UNTIL_TRUSTED).unwrap_or(now)
    }
}
