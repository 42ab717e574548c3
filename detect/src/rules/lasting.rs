//! Conditions of a whole zone: since when they hold, over moments in which they are not seen to. Pure.

use std::time::Duration;

use gridwatch_domain::{EventKind, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use super::claim::Now;

/// A condition that held when it was last seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lasting {
    kind: EventKind,
    zone: ZoneId,
    pub since: Timestamp,
    pub last_seen: Timestamp,
}

/// Those of one camera.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct AllLasting {
    all: Vec<Lasting>,
}

impl AllLasting {
    /// Takes in since when a condition holds at `at`, if it does; gives since when it has, and how it is seen now. It is over when it was not seen to hold
    /// for `bridged`; `None` where it does not hold, and did not.
    pub(super) fn take(
        &mut self,
        (kind, zone): (EventKind, &ZoneId),
        holds: Option<Timestamp>,
        at: Timestamp,
        bridged: Duration,
    ) -> Option<(Lasting, Now)> {
        let index = self.all.iter().position(|known| known.kind == kind && known.zone == *zone);
        let unseen_for = index.map(|index| at.saturating_since(self.all[index].last_seen));
        match (index, holds) {
            (None, None) => None,
            (None, Some(since)) => {
                let begun = Lasting { kind, zone: zone.clone(), since: since.min(at), last_seen: at };
                self.all.push(begun.clone());
                Some((begun, Now::Seen))
            }
            (Some(index), _) if unseen_for.is_some_and(|unseen| unseen >= bridged) => {
                let over = self.all.remove(index);
                // What holds now is another one, which begins with the next picture.
                Some((over, Now::Over))
            }
            (Some(index), Some(_)) => {
                self.all[index].last_seen = at;
                Some((self.all[index].clone(), Now::Seen))
            }
            (Some(index), None) => {
                // It is seen not to hold: that is no want of sight.
                Some((self.all[index].clone(), Now::Unseen(Duration::ZERO)))
            }
        }
    }

    /// Forgets those of zones that are gone.
    pub(super) fn keep(&mut self, mut is_watched: impl FnMut(EventKind, &ZoneId) -> bool) {
        self.all.retain(|lasting| is_watched(lasting.kind, &lasting.zone));
    }

    pub(super) fn rewind(&mut self, by: Duration) {
        for lasting in &mut self.all {
            lasting.since = lasting.since.saturating_sub(by);
            lasting.last_seen = lasting.last_seen.saturating_sub(by);
        }
    }
}
