//! What the stage counts and times.

use std::collections::BTreeMap;

use gridwatch_domain::{Zone, ZoneId};
use gridwatch_runtime::{Metrics, StageMetrics};
use prometheus::{Histogram, IntCounterVec, IntGaugeVec};

use crate::{
    health::{TROUBLES, Trouble},
    rules::Crossings,
};

/// Bounds of time spent on a picture, in seconds: from a tenth of a frame at 25 fps to a second.
const BUCKETS: [f64; 9] = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 1.0];
/// Bounds of the age of a picture that has been analysed, in seconds: from a call of the network to what rests longest.
const AGES: [f64; 12] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0];

#[derive(Clone)]
pub(crate) struct DetectMetrics {
    all: Metrics,
    pub(crate) frames: StageMetrics,
    /// Letterbox, network and head.
    pub(crate) inference_seconds: Histogram,
    /// All of it: with tracker, memory and rules.
    pub(crate) frame_seconds: Histogram,
    /// From a picture's arrival to the end of its analysis.
    pub(crate) age_seconds: Histogram,
    relied_on: IntCounterVec,
    standing: IntGaugeVec,
    crossings: IntCounterVec,
    troubles: IntGaugeVec,
}

impl DetectMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let histogram =
            |name, help| metrics.histograms(name, help, &[], &BUCKETS).with_label_values(&[] as &[&str]);
        Self {
            all: metrics.clone(),
            frames: StageMetrics::new(
                metrics,
                "gridwatch_detect_frames_total",
                "Frames that detection took, by outcome.",
                "camera",
            ),
            inference_seconds: histogram(
                "gridwatch_detect_inference_seconds",
                "Time for letterbox, network and box decoding of one frame.",
            ),
            frame_seconds: histogram(
                "gridwatch_detect_frame_seconds",
                "Time for one frame, with tracker, memory of places and rules.",
            ),
            age_seconds: metrics
                .histograms(
                    "gridwatch_detect_age_seconds",
                    "Time from the arrival of a picture to the end of its analysis; of one that is looked at afterwards, since something has changed, the time that it waited, too.",
                    &[],
                    &AGES,
                )
                .with_label_values(&[] as &[&str]),
            relied_on: metrics.counters(
                "gridwatch_detect_unchanged_total",
                "Frames in which nothing had changed, so that the network was not asked.",
                &["camera"],
            ),
            standing: metrics.gauges(
                "gridwatch_detect_standing_vehicles",
                "Vehicles that stand in a zone at present.",
                &["camera", "zone"],
            ),
            crossings: metrics.counters(
                "gridwatch_detect_crossings_total",
                "Crossings of a line, along its direction and against it.",
                &["camera", "line", "class", "direction"],
            ),
            troubles: metrics.gauges(
                "gridwatch_detect_camera_trouble",
                "1 while a camera is offline, frozen, covered, moved or blurred, so that its rules are suspended; else 0.",
                &["camera", "kind"],
            ),
        }
    }

    pub(crate) fn relied_on(&self, camera: &str) {
        self.relied_on.with_label_values(&[camera]).inc();
    }

    /// The camera is watched no more.
    pub(crate) fn forget(&self, camera: &str) {
        self.all.forget("camera", camera);
    }

    /// These zones of a camera are watched, and no others.
    pub(crate) fn keep_zones<'a>(
        &self,
        camera: &str,
        before: impl Iterator<Item = &'a ZoneId>,
        kept: &[Zone],
    ) {
        for zone in before.filter(|zone| !kept.iter().any(|kept| kept.id == **zone)) {
            // Fails where nothing was ever counted.
            let _ = self.standing.remove_label_values(&[camera, zone.as_str()]);
        }
    }

    /// Of all who have crossed since the process began.
    pub(crate) fn show_crossings(&self, camera: &str, crossings: &Crossings) {
        for ((line, class, direction), &count) in crossings {
            let labels = [camera, line.as_str(), class.as_str(), direction.as_str()];
            let counter = self.crossings.with_label_values(&labels);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
    }

    pub(crate) fn show_troubles(&self, camera: &str, troubles: &[Trouble]) {
        for kind in TROUBLES {
            let is_there = troubles.iter().any(|trouble| trouble.kind == kind);
            self.troubles.with_label_values(&[camera, kind.as_str()]).set(i64::from(is_there));
        }
    }

    pub(crate) fn show_counts(&self, camera: &str, counts: &BTreeMap<ZoneId, u32>) {
        for (zone, &count) in counts {
            self.standing.with_label_values(&[camera, zone.as_str()]).set(i64::from(count));
        }
    }
}
