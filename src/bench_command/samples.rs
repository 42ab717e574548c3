//! All metrics of a process at one moment.

use gridwatch_runtime::Metrics;

/// Name with labels, as Prometheus writes them, and value.
#[derive(Debug, Clone)]
pub(super) struct Samples(Vec<(String, f64)>);

impl Samples {
    pub(super) fn of(metrics: &Metrics) -> Self {
        Self::parse(&metrics.render())
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self(lines.filter_map(sample).collect())
    }

    /// The sum of a family's samples that have all these labels, such as `outcome="sent"`.
    pub(super) fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let is_meant = |sample: &str| {
            let (family, has) = sample.split_once('{').unwrap_or((sample, ""));
            family == name && labels.iter().all(|label| has.contains(label))
        };
        self.0.iter().filter(|(sample, _)| is_meant(sample)).map(|(_, value)| value).sum()
    }

    /// What a histogram without labels has taken in since `before`: for each bound how many were at most so large. The last bound
    /// is endless, −1.
    pub(super) fn histogram_since(&self, name: &str, before: &Self) -> Vec<(f64, f64)> {
        let bucket = format!("{name}_bucket{{le=\"");
        let bounds = self.0.iter().filter_map(|(sample, value)| {
            let bound = sample.strip_prefix(&bucket)?.strip_suffix("\"}")?;
            let earlier = before.0.iter().find(|(other, _)| other == sample).map_or(0.0, |(_, value)| *value);
            Some((if bound == "+Inf" { -1.0 } else { bound.parse().ok()? }, value - earlier))
        });
        bounds.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_histograms_are_read_from_what_a_scraper_would_get() {
        let metrics = Metrics::new();
        let frames = metrics.counters("gridwatch_x_total", "X.", &["camera", "outcome"]);
        let ages = metrics.histograms("gridwatch_x_seconds", "X.", &[], &[0.1, 1.0]);
        let ages = ages.with_label_values::<&str>(&[]);
        ages.observe(0.05);
        let before = Samples::of(&metrics);
        for (camera, outcome, count) in [("a", "sent", 3), ("b", "sent", 4), ("a", "dropped", 5)] {
            frames.with_label_values(&[camera, outcome]).inc_by(count);
        }
        for age in [0.05, 0.5, 3.0] {
            ages.observe(age);
        }
        let after = Samples::of(&metrics);
        assert_eq!(after.sum("gridwatch_x_total", &["outcome=\"sent\""]), 7.0);
        assert_eq!(after.sum("gridwatch_x_total", &[]), 12.0);
        assert_eq!(after.sum("gridwatch_x", &[]), 0.0);
        assert_eq!(
            after.histogram_since("gridwatch_x_seconds", &before),
            [(0.1, 1.0), (1.0, 2.0), (-1.0, 3.0)]
        );
    }
}
