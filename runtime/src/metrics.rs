//! Metrics of the process, and the balance every stage keeps: received = sent + dropped + failed.

use std::{
    any::Any,
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus::{
    Encoder, HistogramVec, IntCounterVec, IntGaugeVec, Registry, TextEncoder,
    core::{Collector, MetricVec, MetricVecBuilder},
    histogram_opts, opts,
};

/// The metrics of one process. Clone freely. Names and labels are constants; label values are ids from configuration.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    families: Arc<Mutex<HashMap<&'static str, Box<dyn Family>>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// An empty set.
    pub fn new() -> Self {
        Self { registry: Registry::new(), families: Arc::default() }
    }

    /// A family of counters. The same name twice gives the same family.
    pub fn counters(&self, name: &'static str, help: &'static str, labels: &[&str]) -> IntCounterVec {
        let family = IntCounterVec::new(opts!(name, help), labels).expect("metric names are constants");
        self.register(name, family)
    }

    /// A family of gauges.
    pub fn gauges(&self, name: &'static str, help: &'static str, labels: &[&str]) -> IntGaugeVec {
        let family = IntGaugeVec::new(opts!(name, help), labels).expect("metric names are constants");
        self.register(name, family)
    }

    /// A family of histograms of seconds.
    pub fn histograms(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[&str],
        buckets: &[f64],
    ) -> HistogramVec {
        let family = HistogramVec::new(histogram_opts!(name, help, buckets.to_vec()), labels)
            .expect("metric names are constants");
        self.register(name, family)
    }

    /// All metrics in the Prometheus text format.
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        // Encoding fails only on families without metrics, which `gather` leaves out.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Takes away every series whose `label` is `value`: what it was about is gone. Series that are counted on begin anew.
    pub fn forget(&self, label: &str, value: &str) {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        families.values().for_each(|family| family.forget(label, value));
    }

    fn register<B: MetricVecBuilder + 'static>(
        &self,
        name: &'static str,
        family: MetricVec<B>,
    ) -> MetricVec<B> {
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) =
            families.get(name).and_then(|known| known.as_any().downcast_ref::<MetricVec<B>>())
        {
            return known.clone();
        }
        let registered = self.registry.register(Box::new(family.clone()));
        debug_assert!(
            registered.is_ok(),
            "a metric of this name but another kind is registered: {registered:?}"
        );
        families.insert(name, Box::new(family.clone()));
        family
    }
}

/// A family of any kind.
trait Family: fmt::Debug + Send {
    fn as_any(&self) -> &dyn Any;
    fn forget(&self, label: &str, value: &str);
}

impl<B: MetricVecBuilder + 'static> Family for MetricVec<B> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn forget(&self, label: &str, value: &str) {
        for metric in self.collect().iter().flat_map(|family| family.get_metric()) {
            let labels: HashMap<&str, &str> =
                metric.get_label().iter().map(|pair| (pair.name(), pair.value())).collect();
            if labels.get(label) == Some(&value) {
                // Fails only where somebody else has taken it away in the same moment.
                let _ = self.remove(&labels);
            }
        }
    }
}

/// The balance of one stage: `gridwatch_<stage>_<noun>_total{outcome}` per key (camera, topic …).
#[derive(Clone, Debug)]
pub struct StageMetrics {
    counts: IntCounterVec,
}

impl StageMetrics {
    /// A family `name` with the labels `key_label` and `outcome` (received, sent, dropped, failed).
    pub fn new(metrics: &Metrics, name: &'static str, help: &'static str, key_label: &'static str) -> Self {
        Self { counts: metrics.counters(name, help, &[key_label, "outcome"]) }
    }

    /// One came in.
    pub fn received(&self, key: &str) {
        self.counts.with_label_values(&[key, "received"]).inc();
    }

    /// One was handed on, or did what it was there for.
    pub fn sent(&self, key: &str) {
        self.counts.with_label_values(&[key, "sent"]).inc();
    }

    /// One was let go on purpose: replaced by a newer one, or the next stage is gone.
    pub fn dropped(&self, key: &str) {
        self.counts.with_label_values(&[key, "dropped"]).inc();
    }

    /// One could not be used.
    pub fn failed(&self, key: &str) {
        self.counts.with_label_values(&[key, "failed"]).inc();
    }

    /// The count of one outcome so far.
    pub fn count(&self, key: &str, outcome: &str) -> u64 {
        self.counts.with_label_values(&[key, outcome]).get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_shows_its_balance() {
        let metrics = Metrics::new();
        let stage = StageMetrics::new(&metrics, "gridwatch_test_frames_total", "Frames.", "camera");
        stage.received("gate");
        stage.sent("gate");
        assert_eq!(stage.count("gate", "received"), stage.count("gate", "sent"));
        let text = metrics.render();
        assert!(text.contains("gridwatch_test_frames_total{camera=\"gate\",outcome=\"sent\"} 1"), "{text}");
    }

    #[test]
    fn what_is_gone_has_no_series() {
        let metrics = Metrics::new();
        let stage = StageMetrics::new(&metrics, "gridwatch_test_frames_total", "Frames.", "camera");
        let gauges = metrics.gauges("gridwatch_test_level", "Level.", &["zone", "camera"]);
        for camera in ["gate", "yard"] {
            stage.received(camera);
            gauges.with_label_values(&["lane", camera]).set(1);
        }
        metrics.forget("camera", "gate");
        metrics.forget("camera", "lane");
        let text = metrics.render();
        assert!(!text.contains("gate"), "{text}");
        assert_eq!(text.matches("yard").count(), 2, "{text}");
    }

    #[test]
    fn the_same_name_twice_is_one_family() {
        let metrics = Metrics::new();
        for client in ["edge", "center"] {
            metrics
                .counters("gridwatch_test_links_total", "Links.", &["client"])
                .with_label_values(&[client])
                .inc();
        }
        let text = metrics.render();
        assert!(text.contains("{client=\"edge\"} 1") && text.contains("{client=\"center\"} 1"), "{text}");
    }
}
