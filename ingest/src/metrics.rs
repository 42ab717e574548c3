//! What ingest counts. For every camera: received = sent + sampled_out + dropped + failed.

use gridwatch_domain::CameraId;
use gridwatch_runtime::Metrics;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::{CameraState, OfflineReason};

/// The metrics of all cameras of a process. Create once, clone freely.
#[derive(Debug, Clone)]
pub struct IngestMetrics {
    frames: IntCounterVec,
    live: IntGaugeVec,
    failures: IntCounterVec,
}

impl IngestMetrics {
    /// Registers the families.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            frames: metrics.counters(
                "gridwatch_ingest_frames_total",
                "Decoded pictures: received = sent + sampled_out + dropped + failed.",
                &["camera", "outcome"],
            ),
            live: metrics.gauges(
                "gridwatch_ingest_camera_live",
                "1 while pictures arrive, else 0.",
                &["camera"],
            ),
            failures: metrics.counters(
                "gridwatch_ingest_failures_total",
                "Times that a camera's stream could not be opened or broke off, by reason.",
                &["camera", "reason"],
            ),
        }
    }

    /// The metrics of one camera.
    pub(crate) fn camera(&self, camera: &CameraId) -> CameraMetrics {
        let name = camera.to_string();
        let frames = |outcome: &str| self.frames.with_label_values(&[name.as_str(), outcome]);
        CameraMetrics {
            received: frames("received"),
            sent: frames("sent"),
            sampled_out: frames("sampled_out"),
            dropped: frames("dropped"),
            failed: frames("failed"),
            live: self.live.with_label_values(&[name.as_str()]),
            failures: self.failures.clone(),
            name,
        }
    }

    /// How many pictures of a camera had that outcome: received, sent, sampled_out, dropped or failed.
    pub fn frames(&self, camera: &CameraId, outcome: &str) -> u64 {
        self.frames.with_label_values(&[camera.to_string().as_str(), outcome]).get()
    }
}

/// The metrics of one camera.
#[derive(Debug, Clone)]
pub(crate) struct CameraMetrics {
    /// Pictures that came out of the decoder.
    pub(crate) received: IntCounter,
    /// Pictures that wait in the mailbox or were taken from it.
    pub(crate) sent: IntCounter,
    /// Pictures that were not due.
    pub(crate) sampled_out: IntCounter,
    /// Pictures that were due, and replaced by a newer one or overtaken by the end of the stream.
    pub(crate) dropped: IntCounter,
    /// Pictures that were damaged, of a stream that is not trusted yet, or of a form that cannot be used.
    pub(crate) failed: IntCounter,
    live: IntGauge,
    failures: IntCounterVec,
    name: String,
}

impl CameraMetrics {
    pub(crate) fn state(&self, state: &CameraState) {
        self.live.set(i64::from(matches!(state, CameraState::Live { .. })));
    }

    pub(crate) fn failure(&self, reason: &OfflineReason) {
        self.failures.with_label_values(&[self.name.as_str(), reason.code()]).inc();
    }
}
