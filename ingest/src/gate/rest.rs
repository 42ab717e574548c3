//! How long a camera may go without a look.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::KEYS_TOO_FAR_APART;
use crate::ring::REACH;

/// Of a limit, what is left over when its beginning is found by looking back: enough to be certain of what stands there.
const TO_BE_CERTAIN: Duration = Duration::from_secs(5);

/// What may pass without a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Longest time between two looks while nothing goes on.
    pub(crate) looks: Duration,
    /// Longest time between two key pictures, beyond which they alone are not relied on.
    pub(crate) keys: Duration,
}

impl Rest {
    /// `configured` between two looks, or less where a limit of `limits` wants that.
    ///
    /// What exceeds a limit has to be found before it does. Half of the limit is always enough. Nearly all of it is where the key
    /// pictures since the last look can be looked back at, which are as old as the ring reaches; between key pictures nothing can.
    pub(crate) fn new(configured: Duration, limits: impl IntoIterator<Item = Duration>) -> Self {
        let shortest = limits.into_iter().min().unwrap_or(Duration::MAX);
        let looking_back = shortest.saturating_sub(TO_BE_CERTAIN).min(REACH);
        Self {
            looks: configured.min(looking_back.max(shortest / 2)),
            keys: KEYS_TOO_FAR_APART.min(configured).min(shortest / 2),
        }
    }
}

/// Longest time between two looks at a camera with such limits, while nothing goes on; `configured`: its `rest_s`.
pub fn longest_rest(configured: Duration, limits: impl IntoIterator<Item = Duration>) -> Duration {
    Rest::new(configured, limits).looks
}

/// The rest of a camera. Clones share it; it may change at any time.
#[derive(Debug, Clone)]
pub(crate) struct SharedRest(Arc<[AtomicU64; 2]>);

impl SharedRest {
    pub(crate) fn new(rest: Rest) -> Self {
        let shared = Self(Arc::default());
        shared.set(rest);
        shared
    }

    pub(crate) fn set(&self, rest: Rest) {
        for (shared, duration) in self.0.iter().zip([rest.looks, rest.keys]) {
            shared.store(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> Rest {
        let [looks, keys] = [&self.0[0], &self.0[1]].map(|shared| shared.load(Ordering::Relaxed));
        Rest { looks: Duration::from_millis(looks), keys: Duration::from_millis(keys) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_never_slept_through() {
        let seconds = Duration::from_secs;
        let rest =
            |configured, limits: &[u64]| Rest::new(seconds(configured), limits.iter().map(|s| seconds(*s)));
        assert_eq!(rest(10, &[]), Rest { looks: seconds(10), keys: seconds(10) });
        assert_eq!(rest(10, &[600, 15]), Rest { looks: seconds(10), keys: Duration::from_millis(7500) });
        assert_eq!(rest(10, &[12]), Rest { looks: seconds(7), keys: seconds(6) });
        assert_eq!(rest(10, &[4]), Rest { looks: seconds(2), keys: seconds(2) });
        // What is farther back than the ring reaches cannot be looked back at.
        assert_eq!(rest(60, &[20]).looks, REACH);
        assert_eq!(rest(60, &[300]), Rest { looks: seconds(60), keys: KEYS_TOO_FAR_APART });
        let shared = SharedRest::new(rest(10, &[4]));
        shared.set(rest(10, &[12]));
        assert_eq!(shared.get(), rest(10, &[12]));
    }
}
