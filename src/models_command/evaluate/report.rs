//! Everything that was measured, as `evaluation.json` has it. Tables and plot are made from this.

use std::{collections::BTreeMap, time::Duration};

use gridwatch_models::{
    Network,
    evaluation::{Figures, Group, Tally},
};
use serde::Serialize;

/// The form of the file.
pub(in crate::models_command) const SCHEMA: &str = "gridwatch.evaluation/1";

/// An evaluation of networks on one data set.
#[derive(Debug, Serialize)]
pub(in crate::models_command) struct Report {
    pub(in crate::models_command) schema: &'static str,
    /// The data set's folder, as it was named.
    pub(in crate::models_command) data: String,
    pub(in crate::models_command) pictures: usize,
    /// Least width and height of objects that are wanted, in pixels of a picture fitted into 640×384.
    pub(in crate::models_command) smallest: [u32; 2],
    /// Boxes of a lower score were not looked at.
    pub(in crate::models_command) least_score: f32,
    /// Classes of the truth that gridwatch does not know, and how many objects were ignored therefore.
    pub(in crate::models_command) unknown_classes: BTreeMap<String, usize>,
    pub(in crate::models_command) networks: Vec<NetworkReport>,
}

#[derive(Debug, Serialize)]
pub(in crate::models_command) struct NetworkReport {
    pub(in crate::models_command) name: String,
    pub(in crate::models_command) version: String,
    pub(in crate::models_command) licence: String,
    pub(in crate::models_command) sha256: String,
    /// Size of the ONNX file in bytes.
    pub(in crate::models_command) bytes: usize,
    /// Width and height of its input in pixels.
    pub(in crate::models_command) input: [u32; 2],
    /// The network's own score, at which recall and precision are told.
    pub(in crate::models_command) score: f32,
    pub(in crate::models_command) groups: Vec<GroupReport>,
    /// One an execution provider; empty where time was not asked for.
    pub(in crate::models_command) timings: Vec<Timing>,
}

#[derive(Debug, Serialize)]
pub(in crate::models_command) struct GroupReport {
    pub(in crate::models_command) group: Group,
    #[serde(flatten)]
    pub(in crate::models_command) figures: Figures,
    /// In the order in which sources were met; empty where the data set tells none.
    pub(in crate::models_command) sources: Vec<SourceReport>,
    /// Recall and precision at an overlap of 0.5; empty without an object.
    pub(in crate::models_command) curve: Vec<(f64, f64)>,
}

#[derive(Debug, Serialize)]
pub(in crate::models_command) struct SourceReport {
    pub(in crate::models_command) source: String,
    #[serde(flatten)]
    pub(in crate::models_command) figures: Figures,
}

/// How long one picture takes with one execution provider, on one thread.
#[derive(Debug, Clone, Serialize)]
pub(in crate::models_command) struct Timing {
    pub(in crate::models_command) provider: String,
    pub(in crate::models_command) letterbox: Spread,
    pub(in crate::models_command) network: Spread,
    /// From the network's answer to boxes, suppression included.
    pub(in crate::models_command) reading: Spread,
    pub(in crate::models_command) total: Spread,
}

/// In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(in crate::models_command) struct Spread {
    pub(in crate::models_command) median_ms: f64,
    /// 95 of a hundred runs took no longer.
    pub(in crate::models_command) p95_ms: f64,
}

impl Spread {
    /// Of at least one time.
    pub(in crate::models_command) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |hundredth: usize| {
            let rank = (times.len() * hundredth).div_ceil(100).max(1);
            times[rank - 1].as_secs_f64() * 1000.0
        };
        Self { median_ms: at(50), p95_ms: at(95) }
    }
}

impl NetworkReport {
    pub(in crate::models_command) fn new(network: &Network, tally: &Tally, timings: Vec<Timing>) -> Self {
        let manifest = network.manifest();
        let score = manifest.thresholds.score;
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            licence: manifest.licence.clone(),
            sha256: network.sha256().to_string(),
            bytes: network.bytes().len(),
            input: [manifest.input.width, manifest.input.height],
            score,
            groups: Group::all().map(|group| GroupReport::new(group, tally, score)).collect(),
            timings,
        }
    }
}

impl GroupReport {
    fn new(group: Group, tally: &Tally, score: f32) -> Self {
        let of_source = |source: &String| SourceReport {
            source: source.clone(),
            figures: tally.figures(group, Some(source), score),
        };
        Self {
            group,
            figures: tally.figures(group, None, score),
            sources: tally.sources().iter().map(of_source).collect(),
            curve: tally.curve(group).iter().flat_map(|curve| curve.points().collect::<Vec<_>>()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_ranks() {
        let millis = |last: u64| (1..=last).rev().map(Duration::from_millis).collect();
        assert_eq!(Spread::of(millis(100)), Spread { median_ms: 50.0, p95_ms: 95.0 });
        assert_eq!(Spread::of(millis(1)), Spread { median_ms: 1.0, p95_ms: 1.0 });
        assert_eq!(Spread::of(millis(60)), Spread { median_ms: 30.0, p95_ms: 57.0 });
    }
}
