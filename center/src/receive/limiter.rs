//! Says when something may be logged again: once per source and minute.

use std::{collections::HashMap, time::Duration};

use gridwatch_domain::Timestamp;

/// Least time between two lines about one source.
const INTERVAL: Duration = Duration::from_secs(60);
/// Sources remembered. Who invents more names than that is logged more often, but costs no more memory.
const MOST_SOURCES: usize = 1024;

/// What has been logged of late.
#[derive(Debug, Default)]
pub(crate) struct LogLimiter {
    sources: HashMap<String, Source>,
}

#[derive(Debug)]
struct Source {
    logged_at: Timestamp,
    kept_quiet: u64,
}

impl LogLimiter {
    /// Whether `source` may be logged now; `Some` tells how many lines about it were kept back since the last one.
    pub(crate) fn may_log(&mut self, source: &str, now: Timestamp) -> Option<u64> {
        if let Some(known) = self.sources.get_mut(source) {
            // A clock that was set back must not silence anybody for longer.
            let waited = now.saturating_since(known.logged_at).max(known.logged_at.saturating_since(now));
            if waited < INTERVAL {
                known.kept_quiet += 1;
                return None;
            }
            let kept_quiet = known.kept_quiet;
            *known = Source { logged_at: now, kept_quiet: 0 };
            return Some(kept_quiet);
        }
        if self.sources.len() >= MOST_SOURCES {
            self.sources.clear();
        }
        self.sources.insert(source.to_owned(), Source { logged_at: now, kept_quiet: 0 });
        Some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_is_logged_once_a_minute() {
        let start = Timestamp::from_millisecond(1_000_000).expect("in range");
        let after = |seconds| start.saturating_add(Duration::from_secs(seconds));
        let mut limiter = LogLimiter::default();
        assert_eq!(limiter.may_log("a", start), Some(0));
        assert_eq!(limiter.may_log("a", after(1)), None);
        assert_eq!(limiter.may_log("b", after(2)), Some(0));
        assert_eq!(limiter.may_log("a", after(59)), None);
        assert_eq!(limiter.may_log("a", after(60)), Some(2));
        assert_eq!(limiter.may_log("a", after(61)), None);
        assert_eq!(limiter.may_log("a", start.saturating_sub(Duration::from_secs(3600))), Some(1));
    }

    #[test]
    fn invented_sources_do_not_cost_memory() {
        let mut limiter = LogLimiter::default();
        for number in 0..10_000 {
            limiter.may_log(&number.to_string(), Timestamp::UNIX_EPOCH);
        }
        assert!(limiter.sources.len() <= MOST_SOURCES);
    }
}
