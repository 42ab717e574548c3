//! What is counted of near passes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use gridwatch_runtime::{Metrics, StageMetrics};
use prometheus::{IntCounterVec, IntGauge};

use crate::{Appended, OutboxStats, Pruned};

#[derive(Clone)]
pub(crate) struct PassMetrics {
    /// By camera. Sent: kept, or kept before. Failed: its distance is no number. Dropped: the process had to end.
    taken: StageMetrics,
    removed: IntCounterVec,
    kept: IntGauge,
    /// How many of those that gave way have been counted.
    gave_way: Arc<AtomicU64>,
}

impl PassMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let kept = metrics.gauges("gridwatch_alert_near_passes", "Near passes that are kept.", &[]);
        Self {
            taken: StageMetrics::new(
                metrics,
                "gridwatch_alert_near_passes_total",
                "Near passes taken over from detection; sent are those that are durable.",
                "camera",
            ),
            removed: metrics.counters(
                "gridwatch_alert_near_passes_removed_total",
                "Near passes that were removed, by reason: age, rows (there were too many), room (alerts needed it).",
                &["why"],
            ),
            kept: kept.with_label_values::<&str>(&[]),
            gave_way: Arc::default(),
        }
    }

    pub(crate) fn received(&self, camera: &str, count: usize) {
        (0..count).for_each(|_| self.taken.received(camera));
    }

    pub(crate) fn appended(&self, camera: &str, appended: Appended) {
        let kept = appended.passes + appended.passes_repeated;
        (0..kept).for_each(|_| self.taken.sent(camera));
        (0..appended.passes_unusable).for_each(|_| self.taken.failed(camera));
    }

    pub(crate) fn dropped(&self, camera: &str, count: usize) {
        (0..count).for_each(|_| self.taken.dropped(camera));
    }

    pub(crate) fn pruned(&self, pruned: Pruned) {
        self.removed.with_label_values(&["age"]).inc_by(pruned.by_age);
        self.removed.with_label_values(&["rows"]).inc_by(pruned.by_rows);
    }

    pub(crate) fn show(&self, stats: OutboxStats) {
        self.kept.set(i64::try_from(stats.passes).unwrap_or(i64::MAX));
        let counted = self.gave_way.fetch_max(stats.passes_gave_way, Ordering::Relaxed);
        let new = stats.passes_gave_way.saturating_sub(counted);
        self.removed.with_label_values(&["room"]).inc_by(new);
    }
}
