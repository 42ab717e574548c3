//! When the next picture decides something. Pure.

use std::time::Duration;

use gridwatch_domain::Timestamp;

/// Where the picture in which a limit ended did not decide (somebody walked in front of it), another one is wanted after that …
const ASKS_AGAIN: Duration = Duration::from_millis(800);
/// … but only for so long. What is still hidden then stays hidden for a while.
const GIVES_UP: Duration = Duration::from_secs(2);
/// How long a camera is watched closely after a limit ended in a picture that did not decide: what cannot be believed in by then is no vehicle.
const LONGEST_OVERDUE: Duration = Duration::from_secs(30);

/// What the limits of those that stand ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// The next picture that decides something.
    pub(super) next: Option<Timestamp>,
    /// A limit has ended, and no picture has decided yet.
    pub(super) is_overdue: bool,
}

impl Due {
    /// The first picture after the last one decides.
    pub(super) fn at_once(last: Timestamp) -> Self {
        Self { next: Some(last.saturating_add(Duration::from_millis(1))), is_overdue: false }
    }

    /// `limits`: when each ends of those that have not been told of; `last`: when the last picture was taken.
    ///
    /// One that cannot be decided does not keep anybody from looking when the next one ends.
    pub(super) fn of(limits: impl IntoIterator<Item = Timestamp>, last: Timestamp) -> Self {
        let mut due = Self::default();
        for end in limits {
            let overdue = last.saturating_since(end);
            let next = if end > last {
                Some(end)
            } else {
                (overdue < GIVES_UP).then(|| last.saturating_add(ASKS_AGAIN))
            };
            due.is_overdue |= end <= last && overdue < LONGEST_OVERDUE;
            due.next = due.next.into_iter().chain(next).min();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs_f64(seconds))
    }

    #[track_caller]
    fn check(limits: &[f64], next: Option<f64>, is_overdue: bool) {
        let expected = Due { next: next.map(at), is_overdue };
        assert_eq!(Due::of(limits.iter().map(|end| at(*end)), at(100.0)), expected, "{limits:?}");
    }

    #[test]
    fn the_next_limit_is_asked_for_whatever_could_not_be_decided_before() {
        check(&[], None, false);
        check(&[120.0, 103.5], Some(103.5), false);
        check(&[100.0], Some(100.8), true);
        check(&[100.0, 100.3], Some(100.3), true);
        check(&[98.5, 107.0], Some(100.8), true);
        check(&[97.0, 107.0], Some(107.0), true);
        check(&[97.0], None, true);
        check(&[60.0, 107.0], Some(107.0), false);
    }
}
