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
    /// Watched time since then: while nobody looks nothing ends.
    #[serde(default)]
    unseen_for: Duration,
}

/// Those of one camera.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct AllLasting {
    all: Vec<Lasting>,
}

impl AllLasting {
    /// Takes in since when a condition holds and when it was last seen to, if it does; gives since when it has, and how it is seen now. It is over when it was not seen to hold
    /// for `bridged` of watched time, of which `watched` has passed since the picture before; `None` where it does not hold, and did not.
    pub(super) fn take(
        &mut self,
        (kind, zone): (EventKind, &ZoneId),
        holds: Option<(Timestamp, Timestamp)>,
        watched: Duration,
        bridged: Duration,
    ) -> Option<(Lasting, Now)> {
        let index = self.all.iter().position(|known| known.kind == kind && known.zone == *zone);
        let Some(index) = index else {
            let (since, last_seen) = holds?;
            let (since, unseen_for) = (since.min(last_seen), Duration::ZERO);
            let begun = Lasting { kind, zone: zone.clone(), since, last_seen, unseen_for };
            self.all.push(begun.clone());
            return Some((begun, Now::Seen));
        };
        let known = &mut self.all[index];
        if let Some((_, last_seen)) = holds {
            (known.last_seen, known.unseen_for) = (known.last_seen.max(last_seen), Duration::ZERO);
            return Some((known.clone(), Now::Seen));
        }
        known.unseen_for += watched;
        if known.unseen_for >= bridged {
            return Some((self.all.remove(index), Now::Over));
        }
        // It is seen not to hold: that is no want of sight.
        Some((known.clone(), Now::Unseen(Duration::ZERO)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
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
