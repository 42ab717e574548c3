//! Whether a trouble has lasted long enough to be told, and is over for long enough to be taken back.
//!
//! All by time, since pictures come five times a second or once in ten seconds; and never by one picture alone. Pure.

use std::time::Duration;

use gridwatch_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What one picture says about one trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is there.
    Bad,
    /// It is not.
    Good,
    /// This picture does not tell.
    Unknown,
}

/// What has changed with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The trouble is there, since then.
    Began(Timestamp),
    /// It is over, since then.
    Ended(Timestamp),
}

/// How long a trouble must last, and be over, to count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) begin: Duration,
    pub(super) end: Duration,
}

/// Longest time between two pictures that say the same, for the first to count still: far more than between two looks at rest.
const LONGEST_GAP: Duration = Duration::from_secs(300);

/// One trouble's state over time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Hold {
    is_on: bool,
    /// Since when every picture that tells says otherwise than `is_on`, and when the last one did.
    contrary: Option<(Timestamp, Timestamp)>,
}

impl Hold {
    /// Takes one picture's verdict in.
    pub(super) fn judge(&mut self, at: Timestamp, verdict: Verdict, patience: Patience) -> Option<Turn> {
        self.contrary = self.contrary.filter(|(_, last)| at.saturating_since(*last) <= LONGEST_GAP);
        let is_contrary = match verdict {
            Verdict::Unknown => return None,
            Verdict::Bad => !self.is_on,
            Verdict::Good => self.is_on,
        };
        if !is_contrary {
            self.contrary = None;
            return None;
        }
        let (since, last) = self.contrary.get_or_insert((at, at));
        *last = at;
        let (since, enough) = (*since, if self.is_on { patience.end } else { patience.begin });
        if at.saturating_since(since) < enough {
            return None;
        }
        self.contrary = None;
        self.is_on = !self.is_on;
        Some(if self.is_on { Turn::Began(since) } else { Turn::Ended(since) })
    }

    /// The trouble that is being noticed was there before it showed.
    pub(super) fn date_back(&mut self, at: Timestamp, since: Timestamp) {
        if !self.is_on {
            let (known, last) = self.contrary.unwrap_or((since, at));
            self.contrary = Some((known.min(since), last));
        }
    }

    /// Whether the trouble has begun, and not ended.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Whether the last pictures say otherwise, and not yet for long enough.
    pub(super) fn is_turning(&self) -> bool {
        self.contrary.is_some()
    }

    /// Whether the last picture that tells has shown the trouble.
    pub(super) fn looks_bad(&self) -> bool {
        self.is_on != self.is_turning()
    }

    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves all times back by `by`, as the clock was.
    pub(super) fn rewind(&mut self, by: Duration) {
        self.contrary =
            self.contrary.map(|(since, last)| (since.saturating_sub(by), last.saturating_sub(by)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { begin: Duration::from_secs(15), end: Duration::from_secs(10) };

    /// Judges `(second, verdict)` one after the other; what has changed, and at which second.
    fn turns(verdicts: &[(u64, Verdict)]) -> Vec<(u64, Turn)> {
        let mut hold = Hold::default();
        let turn = |&(second, verdict): &(u64, Verdict)| {
            Some((second, hold.judge(time(second), verdict, PATIENCE)?))
        };
        verdicts.iter().filter_map(turn).collect()
    }

    fn time(second: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(second))
    }

    #[test]
    fn what_lasts_begins_and_ends_once_and_is_dated_back() {
        use Verdict::{Bad, Good, Unknown};
        let told = turns(&[
            (0, Good),
            (10, Bad),
            (20, Unknown),
            (30, Bad),
            (40, Bad),
            (50, Good),
            (60, Good),
            (70, Good),
        ]);
        assert_eq!(told, [(30, Turn::Began(time(10))), (60, Turn::Ended(time(50)))]);
    }

    #[test]
    fn what_comes_and_goes_is_told_neither_way() {
        use Verdict::{Bad, Good};
        assert_eq!(turns(&[(0, Bad), (10, Bad), (14, Good), (16, Bad), (30, Bad), (30, Good)]), []);
        let told = turns(&[(0, Bad), (15, Bad), (20, Good), (25, Bad), (29, Good), (38, Good), (39, Bad)]);
        assert_eq!(told, [(15, Turn::Began(time(0)))]);
    }

    #[test]
    fn what_was_seen_long_ago_does_not_count() {
        use Verdict::{Bad, Unknown};
        let told = turns(&[(0, Bad), (200, Unknown), (400, Bad), (410, Bad), (700, Unknown), (711, Bad)]);
        assert_eq!(told, []);
    }

    #[test]
    fn one_picture_alone_says_nothing_however_late_it_comes() {
        assert_eq!(turns(&[(0, Verdict::Good), (3600, Verdict::Bad)]), []);
    }
}
