//! What ingest counts. For every camera: received = sent + sampled_out + dropped + failed.

use gridwatch_domain::CameraId;
use gridwatch_runtime::Metrics;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::{CameraState, Level, OfflineReason, Reason};

/// The metrics of all cameras of a process. Create once, clone freely.
#[derive(Debug, Clone)]
pub struct IngestMetrics {
    all: Metrics,
    frames: IntCounterVec,
    units: IntCounterVec,
    levels: IntCounterVec,
    level: IntGaugeVec,
    ring: IntGaugeVec,
    live: IntGaugeVec,
    main: IntGaugeVec,
    streams: IntCounterVec,
    failures: IntCounterVec,
}

impl IngestMetrics {
    /// Registers the families.
    pub fn new(metrics: &Metrics) -> Self {
        Self {
            all: metrics.clone(),
            frames: metrics.counters(
                "gridwatch_ingest_frames_total",
                "Decoded pictures: received = sent + sampled_out + dropped + failed.",
                &["camera", "outcome"],
            ),
            units: metrics.counters(
                "gridwatch_ingest_units_total",
                "Encoded pictures of streams: received, and of these skipped (not worth decoding) and left_out (no time to decode them).",
                &["camera", "outcome"],
            ),
            levels: metrics.counters(
                "gridwatch_ingest_gate_changes_total",
                "Times that the gate came to a level, and why: rest (a key picture from time to time), keys (each of them), all.",
                &["camera", "level", "reason"],
            ),
            level: metrics.gauges(
                "gridwatch_ingest_gate_level",
                "How much is decoded of a stream: 0 rest, 1 key pictures, 2 everything.",
                &["camera"],
            ),
            ring: metrics.gauges(
                "gridwatch_ingest_ring_bytes",
                "Encoded pictures of the last seconds that are kept in memory.",
                &["camera"],
            ),
            live: metrics.gauges(
                "gridwatch_ingest_camera_live",
                "1 while pictures arrive, else 0.",
                &["camera"],
            ),
            main: metrics.gauges(
                "gridwatch_ingest_main_stream_live",
                "1 while the large stream beside an analysed small one arrives, for clips and the live picture, else 0.",
                &["camera"],
            ),
            streams: metrics.counters(
                "gridwatch_ingest_streams_total",
                "Times that a camera's stream was begun, the first one included.",
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
        let units = |outcome: &str| self.units.with_label_values(&[name.as_str(), outcome]);
        CameraMetrics {
            units_received: units("received"),
            units_skipped: units("skipped"),
            units_left_out: units("left_out"),
            received: frames("received"),
            sent: frames("sent"),
            sampled_out: frames("sampled_out"),
            dropped: frames("dropped"),
            failed: frames("failed"),
            level: self.level.clone(),
            levels: self.levels.clone(),
            ring_bytes: self.ring.with_label_values(&[name.as_str()]),
            live: self.live.with_label_values(&[name.as_str()]),
            main: self.main.clone(),
            streams: self.streams.with_label_values(&[name.as_str()]),
            failures: self.failures.clone(),
            name,
        }
    }

    /// Takes a camera's series away, once it has ended.
    pub fn forget(&self, camera: &CameraId) {
        self.all.forget("camera", camera.as_str());
    }

    /// How many encoded pictures of a camera had that outcome: received, skipped or left_out.
    pub fn units(&self, camera: &CameraId, outcome: &str) -> u64 {
        self.units.with_label_values(&[camera.to_string().as_str(), outcome]).get()
    }

    /// Whether the large stream beside a camera's analysed small one arrives.
    pub fn has_main_stream(&self, camera: &CameraId) -> bool {
        self.main.with_label_values(&[camera.to_string().as_str()]).get() == 1
    }

    /// How many pictures of a camera had that outcome: received, sent, sampled_out, dropped or failed.
    pub fn frames(&self, camera: &CameraId, outcome: &str) -> u64 {
        self.frames.with_label_values(&[camera.to_string().as_str(), outcome]).get()
    }
}

/// The metrics of one camera.
#[derive(Debug, Clone)]
pub(crate) struct CameraMetrics {
    /// Encoded pictures that arrived.
    pub(crate) units_received: IntCounter,
    /// Those of them that were not worth decoding.
    pub(crate) units_skipped: IntCounter,
    /// Those that there was no time to decode, or nothing to decode them after.
    pub(crate) units_left_out: IntCounter,
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
    pub(crate) ring_bytes: IntGauge,
    /// Streams that were begun.
    pub(crate) streams: IntCounter,
    /// Told once there is a stream to decide about: 0 would be a level.
    level: IntGaugeVec,
    levels: IntCounterVec,
    live: IntGauge,
    main: IntGaugeVec,
    failures: IntCounterVec,
    name: String,
}

impl CameraMetrics {
    pub(crate) fn state(&self, state: &CameraState) {
        self.live.set(i64::from(matches!(state, CameraState::Live { .. })));
    }

    /// Whether the large stream beside the small one arrives; told only of cameras that have one.
    pub(crate) fn main_stream(&self, is_live: bool) {
        self.main.with_label_values(&[self.name.as_str()]).set(i64::from(is_live));
    }

    pub(crate) fn level(&self, (level, reason): (Level, Reason)) {
        self.level.with_label_values(&[self.name.as_str()]).set(level.rank());
        self.levels.with_label_values(&[self.name.as_str(), level.code(), reason.code()]).inc();
    }

    pub(crate) fn failure(&self, reason: &OfflineReason) {
        self.failures.with_label_values(&[self.name.as_str(), reason.code()]).inc();
    }
}
