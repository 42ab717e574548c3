//! Waiting between tries: exponential, with jitter so that a hundred cameras do not knock at once.

use std::time::Duration;

/// Bounds of a back-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffRange {
    /// Wait before the second try.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
}

/// The waits of one series of tries.
#[derive(Debug)]
pub struct Backoff {
    range: BackoffRange,
    tries: u32,
}

impl Backoff {
    /// A series that has not begun.
    pub fn new(range: BackoffRange) -> Self {
        Self { range, tries: 0 }
    }

    /// Tries since the last success.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// It worked: the next wait is the first again.
    pub fn reset(&mut self) {
        self.tries = 0;
    }

    /// The next wait: first · 2ⁿ up to the longest, of which a random share of 0–50 % is left out ("equal jitter").
    pub fn next_wait(&mut self) -> Duration {
        let doubled = self.range.first.saturating_mul(2_u32.saturating_pow(self.tries.min(30)));
        self.tries = self.tries.saturating_add(1);
        doubled.min(self.range.longest).mul_f64(1.0 - fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_longest_and_begins_anew_after_success() {
        let range = BackoffRange { first: Duration::from_secs(1), longest: Duration::from_secs(30) };
        let mut backoff = Backoff::new(range);
        for longest in [1, 2, 4, 8, 16, 30, 30] {
            let wait = backoff.next_wait();
            let longest = Duration::from_secs(longest);
            assert!(wait <= longest && wait >= longest / 2, "{wait:?} of at most {longest:?}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= range.first);
    }
}
