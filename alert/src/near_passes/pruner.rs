//! Near passes that are too old, or too many, go.

use std::time::Duration;

use gridwatch_domain::Timestamp;
use gridwatch_runtime::{Chain, SharedClock, Shutdown};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info};

use crate::{
    Outbox, OutboxError, Pruned,
    metrics::AlertMetrics,
    stage::{Task, Throttle},
    trusted_time::TrustedTime,
};

/// How often it is looked at: between two times there may be so many more than `max_rows`.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// For how long near passes are kept, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PassRetention {
    /// For how long.
    pub keep: Duration,
    /// How many at most; the oldest go.
    pub max_rows: u64,
}

pub(crate) struct Pruner {
    pub(crate) outbox: Outbox,
    pub(crate) retention: PassRetention,
    pub(crate) clock: SharedClock,
    pub(crate) trusted_time: TrustedTime,
    pub(crate) metrics: AlertMetrics,
    pub(crate) stopping: Shutdown,
    pub(crate) complaints: Throttle,
}

impl Task for Pruner {
    async fn run(&mut self) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let stopping = self.stopping.clone();
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                pruned = self.prune() => self.tell(pruned),
            }
        }
    }
}

impl Pruner {
    /// Step by step: between two steps findings are kept.
    async fn prune(&self) -> Result<Pruned, OutboxError> {
        let before = self.trusted_time.of(self.clock.now()).saturating_sub(self.retention.keep);
        let mut all = Pruned::default();
        loop {
            let step = self.step(before).await?;
            if step.is_nothing() {
                return Ok(all);
            }
            (all.by_age, all.by_rows) = (all.by_age + step.by_age, all.by_rows + step.by_rows);
            tokio::task::yield_now().await;
        }
    }

    async fn step(&self, before: Timestamp) -> Result<Pruned, OutboxError> {
        let step = self.outbox.prune_passes(before, self.retention.max_rows).await?;
        self.metrics.passes.pruned(step);
        self.metrics.outbox(self.outbox.stats());
        Ok(step)
    }

    fn tell(&mut self, pruned: Result<Pruned, OutboxError>) {
        match pruned {
            Ok(Pruned { by_age: 0, by_rows: 0 }) => self.complaints.reset(),
            Ok(Pruned { by_age, by_rows }) => {
                self.complaints.reset();
                info!(by_age, by_rows, "near passes were removed");
            }
            Err(error) if self.complaints.may_log() => {
                error!(error = %Chain(&error), "near passes that should go stay");
            }
            Err(_) => {}
        }
    }
}
