//! What the stage counts.

use gridwatch_runtime::{Metrics, StageMetrics};
use prometheus::{Histogram, IntCounter, IntGauge};

use crate::{OutboxStats, near_passes::PassMetrics};

#[derive(Clone)]
pub(crate) struct AlertMetrics {
    all: Metrics,
    /// By camera. Sent: kept. Dropped, while the outbox takes nothing: checkpoints without events, and events where the
    /// process has to end.
    pub(crate) findings: StageMetrics,
    pub(crate) passes: PassMetrics,
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
            passes: PassMetrics::new(metrics),
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
        self.passes.show(stats);
    }
}
