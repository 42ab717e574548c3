//! What the center counts and measures.

use gridwatch_runtime::{Metrics, StageMetrics};
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge};

/// Metrics of a center. Clone freely.
#[derive(Debug, Clone)]
pub(crate) struct CenterMetrics {
    /// Messages by kind: received = sent (stored, or stored already) + failed (kept aside) + dropped (let go at the
    /// end, to be delivered again).
    pub(crate) messages: StageMetrics,
    /// Revisions of events stored, each once.
    pub(crate) stored: IntCounter,
    /// Of the messages sent, those that were stored already.
    pub(crate) duplicates: IntCounterVec,
    /// Of the messages failed, why.
    pub(crate) rejected: IntCounterVec,
    /// Events and cameras naming a cell that the grid tree lacks.
    pub(crate) unknown_cells: IntCounter,
    /// Time of a commit, flush included.
    pub(crate) commit_seconds: Histogram,
    /// Messages in a commit.
    pub(crate) commit_messages: Histogram,
    /// Commits that failed and were tried again.
    pub(crate) commit_failures: IntCounter,
    /// From event time to arrival.
    pub(crate) event_delay_seconds: Histogram,
    /// Live streams that are open.
    pub(crate) live_streams: IntGauge,
    /// Live streams that were cut because the reader was too slow.
    pub(crate) live_cut: IntCounter,
}

impl CenterMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let counter = |name, help| metrics.counters(name, help, &[]).with_label_values::<&str>(&[]);
        let histogram = |name, help, buckets: &[f64]| {
            metrics.histograms(name, help, &[], buckets).with_label_values::<&str>(&[])
        };
        Self {
            messages: StageMetrics::new(
                metrics,
                "gridwatch_center_messages_total",
                "MQTT messages by kind and outcome.",
                "kind",
            ),
            stored: counter(
                "gridwatch_center_stored_total",
                "Revisions of events stored, each counted once.",
            ),
            duplicates: metrics.counters(
                "gridwatch_center_duplicates_total",
                "Messages that were stored already, by kind.",
                &["kind"],
            ),
            rejected: metrics.counters(
                "gridwatch_center_rejected_total",
                "Messages that could not be used and were kept aside, by reason.",
                &["reason"],
            ),
            unknown_cells: counter(
                "gridwatch_center_unknown_cells_total",
                "Events and camera states naming a cell that the grid tree lacks.",
            ),
            commit_seconds: histogram(
                "gridwatch_center_commit_seconds",
                "Time of a commit to the store, flush to the disk included.",
                &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0],
            ),
            commit_messages: histogram(
                "gridwatch_center_commit_messages",
                "Messages that shared a commit.",
                &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
            ),
            commit_failures: counter(
                "gridwatch_center_commit_failures_total",
                "Commits that failed and were tried again.",
            ),
            event_delay_seconds: histogram(
                "gridwatch_center_event_delay_seconds",
                "From event time to arrival at the center, per new revision.",
                &[0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 600.0, 3600.0],
            ),
            live_streams: metrics
                .gauges("gridwatch_center_live_streams", "Live streams that are open.", &[])
                .with_label_values::<&str>(&[]),
            live_cut: counter(
                "gridwatch_center_live_cut_total",
                "Live streams cut because their reader was too slow.",
            ),
        }
    }
}
