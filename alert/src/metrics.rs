//! What the stage counts.

use gridwatch_runtime::{Metrics, StageMetrics};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge};

use crate::{Appended, OutboxStats, Pruned};

#[derive(Clone)]
pub(crate) struct AlertMetrics {
    all: Metrics,
    /// By camera. Sent: kept. Dropped, while the outbox takes nothing: checkpoints without events, and events where the
    /// process has to end.
    pub(crate) findings: StageMetrics,
    /// By camera. Sent: kept, or kept before. Failed: no distance. Dropped: where the process has to end.
    near_passes: StageMetrics,
    near_passes_removed: IntCounterVec,
    near_passes_kept: IntGauge,
    /// By edge. Sent: removed something or was a repetition. Failed: malformed.
    pub(crate) acks: StageMetrics,
    pub(crate) append_seconds: Histogram,
    pub(crate) evidence_seconds: Histogram,
    pub(crate) snapshots_failed: IntCounter,
    pub(crate) evidence_failed: IntCounter,
    pub(crate) published: IntCounter,
    pub(crate) republished: IntCounter,
    pub(crate) acked: IntCounter,
    pub(crate) undeliverable: IntCounter,
    pub(crate) stuck: IntGauge,
    entries: IntGauge,
    snapshots: IntGauge,
    bytes: IntGauge,
}

impl AlertMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counter = |name, help| metrics.counters(name, help, &[]).with_label_values::<&str>(&[]);
        let gauge = |name, help| metrics.gauges(name, help, &[]).with_label_values::<&str>(&[]);
        let histogram =
            |name, help, buckets| metrics.histograms(name, help, &[], buckets).with_label_values::<&str>(&[]);
        const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
        Self {
            all: metrics.clone(),
            findings: StageMetrics::new(
                metrics,
                "gridwatch_alert_findings_total",
                "Findings taken over from detection; sent are those that are durable.",
                "camera",
            ),
            near_passes: StageMetrics::new(
                metrics,
                "gridwatch_alert_near_passes_total",
                "Near passes taken over from detection; sent are those that are durable.",
                "camera",
            ),
            near_passes_removed: metrics.counters(
                "gridwatch_alert_near_passes_removed_total",
                "Near passes that were removed, by reason: age, rows (there were too many), room (alerts needed it).",
                &["why"],
            ),
            near_passes_kept: gauge("gridwatch_alert_near_passes", "Near passes that are kept."),
            acks: StageMetrics::new(
                metrics,
                "gridwatch_alert_acks_total",
                "Acknowledgements from the center; failed are those that cannot be read.",
                "edge",
            ),
            append_seconds: histogram(
                "gridwatch_alert_append_seconds",
                "Time to make findings durable.",
                SECONDS,
            ),
            evidence_seconds: histogram(
                "gridwatch_alert_evidence_seconds",
                "Time to make a snapshot.",
                SECONDS,
            ),
            snapshots_failed: counter(
                "gridwatch_alert_snapshots_failed_total",
                "Snapshots that could not be made or kept; their events went without.",
            ),
            evidence_failed: counter(
                "gridwatch_alert_evidence_failed_total",
                "Events whose pictures could not be kept on this box.",
            ),
            published: counter(
                "gridwatch_alert_published_total",
                "Events and snapshots handed to a broker for the first time.",
            ),
            republished: counter(
                "gridwatch_alert_republished_total",
                "Events and snapshots handed to a broker again, as no acknowledgement had come.",
            ),
            acked: counter(
                "gridwatch_alert_acked_total",
                "Events and snapshots that the center acknowledged for the first time.",
            ),
            undeliverable: counter(
                "gridwatch_alert_undeliverable_total",
                "Attempts to publish what the broker does not take or this version cannot read.",
            ),
            stuck: gauge(
                "gridwatch_alert_outbox_stuck",
                "1 while the outbox takes nothing, such as on a full disk.",
            ),
            entries: gauge("gridwatch_alert_outbox_entries", "Revisions of events not yet acknowledged."),
            snapshots: gauge("gridwatch_alert_outbox_snapshots", "Snapshots not yet acknowledged."),
            bytes: gauge("gridwatch_alert_outbox_bytes", "Bytes in use in the outbox."),
        }
    }

    /// Takes a camera's series away.
    pub(crate) fn forget(&self, camera: &str) {
        self.all.forget("camera", camera);
    }

    pub(crate) fn outbox(&self, stats: OutboxStats) {
        let show = |gauge: &IntGauge, value: u64| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        show(&self.entries, stats.entries);
        show(&self.snapshots, stats.snapshots);
        show(&self.bytes, stats.bytes);
        show(&self.near_passes_kept, stats.passes);
        let gave_way = self.near_passes_removed.with_label_values(&["room"]);
        gave_way.inc_by(stats.passes_gave_way.saturating_sub(gave_way.get()));
    }

    /// Near passes came in.
    pub(crate) fn passes_received(&self, camera: &str, count: usize) {
        (0..count).for_each(|_| self.near_passes.received(camera));
    }

    /// Near passes were appended.
    pub(crate) fn passes_appended(&self, camera: &str, appended: Appended) {
        let kept = appended.passes + appended.passes_repeated;
        (0..kept).for_each(|_| self.near_passes.sent(camera));
        (0..appended.passes_unusable).for_each(|_| self.near_passes.failed(camera));
    }

    /// Near passes could not be kept.
    pub(crate) fn passes_dropped(&self, camera: &str, count: usize) {
        (0..count).for_each(|_| self.near_passes.dropped(camera));
    }

    /// Near passes were removed.
    pub(crate) fn pruned(&self, pruned: Pruned) {
        self.near_passes_removed.with_label_values(&["age"]).inc_by(pruned.by_age);
        self.near_passes_removed.with_label_values(&["rows"]).inc_by(pruned.by_rows);
    }
}
