//! Everything that was measured, as `bench.json` has it. Tables, plots and comparisons are made from this.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use super::{
    protocol::{Footage, Measured, Moment},
    targets::Targets,
    truth::Score,
};

/// The form of the file.
const SCHEMA: &str = "gridwatch.bench/1";

/// How many cameras a box holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) schema: String,
    pub(super) version: String,
    pub(super) machine: Machine,
    pub(super) settings: Settings,
    pub(super) scenes: Vec<SceneReport>,
}

/// What it was measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) processor: String,
    /// Cores that the bench might use, and those that the pipeline was kept to.
    pub(super) cores: usize,
    pub(super) pipeline_cores: usize,
    /// Whether the simulated cameras ran on cores of their own.
    pub(super) apart: bool,
    pub(super) memory_bytes: u64,
    pub(super) kernel: String,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) network: String,
    pub(super) decode: String,
    /// From the last camera's first picture to the measurement.
    pub(super) settle_s: f64,
    pub(super) seconds: f64,
    pub(super) targets: Targets,
}

/// What came of one scene.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SceneReport {
    pub(super) footage: Footage,
    /// Cameras held, and whether that was searched for, or a given number.
    pub(super) held: u32,
    pub(super) searched: bool,
    /// What ran out first, where more did not hold.
    pub(super) saturated: Option<String>,
    /// In the order of their number of cameras.
    pub(super) trials: Vec<Trial>,
}

impl SceneReport {
    /// The trial of the number held, or else the last one: what may be said more of.
    pub(super) fn told_of(&self) -> Option<&Trial> {
        self.best().or(self.trials.last())
    }

    /// The trial of the number held.
    pub(super) fn best(&self) -> Option<&Trial> {
        self.trials.iter().rev().find(|trial| trial.holds() && trial.cameras == self.held)
    }
}

/// One number of cameras, tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) cameras: u32,
    /// Those whose pictures came at the end.
    pub(super) live: u32,
    /// What was not reached; empty: it holds.
    pub(super) missed: Vec<String>,
    /// How long was measured.
    pub(super) seconds: f64,
    /// Cores used by each stage of the pipeline. `inference` is a part of what `detect` threads do, `rules` the rest.
    pub(super) cores: BTreeMap<String, f64>,
    /// Cores used by the simulated cameras, the broker and what is behind it.
    pub(super) servers: Servers,
    /// Bytes of memory: before the first camera, for each camera, and at most.
    pub(super) memory_base: u64,
    pub(super) memory_each: f64,
    pub(super) memory_most: u64,
    /// Memory, open files and threads, in the order of time.
    #[serde(default)]
    pub(super) course: Vec<Moment>,
    /// Of `memory_each`, encoded pictures that are kept.
    pub(super) ring_each: f64,
    /// Longest time in seconds without an analysed picture: allowed at rest, worst camera, and of 95 of a hundred cameras.
    pub(super) rest_s: f64,
    pub(super) longest_gap_s: f64,
    pub(super) gap_p95_s: f64,
    /// A second, all cameras together: encoded pictures, pictures decoded, analysed, and calls of the network.
    pub(super) units: f64,
    pub(super) decoded: f64,
    pub(super) analysed: f64,
    pub(super) inferred: f64,
    /// How often a camera at rest wakes in an hour, by reason.
    pub(super) wakings_an_hour: BTreeMap<String, f64>,
    /// Of the pictures that were to be analysed, the share that was lost.
    pub(super) lost_share: f64,
    pub(super) outbox_growth: f64,
    /// From arrival to the end of the analysis: bounds in seconds (−1: endless), and how many pictures took no longer.
    pub(super) ages: Vec<(f64, f64)>,
    pub(super) events: Events,
    /// Watts of the machine's processors, where it tells.
    pub(super) watts: Option<f64>,
}

/// The simulated cameras' side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Servers {
    pub(super) cores: f64,
    /// Pictures that left late or not at all.
    pub(super) late_share: f64,
}

/// What was told of the scene's truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Events {
    pub(super) wanted: u32,
    pub(super) found: u32,
    pub(super) missed: Vec<String>,
    pub(super) late: Vec<String>,
    pub(super) untrue: Vec<String>,
    /// Seconds from the limit to the event time, from the event time to the arrival behind the broker, and both together.
    pub(super) opened_after_s: Option<Spread>,
    pub(super) alert_s: Option<Spread>,
    pub(super) limit_to_arrival_s: Option<Spread>,
    /// `alert_s` and `limit_to_arrival_s` one by one, in order.
    pub(super) alerts_s: Vec<f64>,
    pub(super) arrivals_s: Vec<f64>,
}

/// A distribution, in the unit of its values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) p95: f64,
    pub(super) most: f64,
}

impl Spread {
    /// `None` without a value.
    pub(super) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at =
            |share: f64| values[((values.len() as f64 * share).ceil() as usize).clamp(1, values.len()) - 1];
        (!values.is_empty()).then(|| Self { least: at(0.0), median: at(0.5), p95: at(0.95), most: at(1.0) })
    }
}

impl Trial {
    /// From what both processes measured. `rest_s`: longest time between two looks that the configuration allows.
    pub(super) fn new(
        cameras: u32,
        rest_s: f64,
        measured: &Measured,
        servers: Servers,
        score: Score,
    ) -> Self {
        let seconds = (measured.ended.as_millisecond() - measured.begun.as_millisecond()) as f64 / 1000.0;
        let each = f64::from(cameras.max(1));
        let mut cores = measured.cores.clone();
        let detect = cores.remove("detect").unwrap_or_default();
        cores.insert("inference".to_owned(), detect * measured.inference_share);
        cores.insert("rules".to_owned(), detect * (1.0 - measured.inference_share));
        let gaps = Spread::of(measured.gaps_s.clone());
        let grown = measured.memory.saturating_sub(measured.memory_before) as f64;
        Self {
            cameras,
            live: measured.live,
            missed: Vec::new(),
            seconds,
            cores,
            servers,
            memory_base: measured.memory_before,
            memory_each: grown / each,
            memory_most: measured.memory_most,
            course: measured.course.clone(),
            ring_each: measured.ring_bytes / each,
            rest_s,
            longest_gap_s: gaps.map_or(0.0, |gaps| gaps.most),
            gap_p95_s: gaps.map_or(0.0, |gaps| gaps.p95),
            units: measured.units / seconds,
            decoded: measured.decoded / seconds,
            analysed: measured.analysed / seconds,
            inferred: measured.inferred / seconds,
            wakings_an_hour: measured
                .wakings
                .iter()
                .map(|(reason, times)| (reason.clone(), times * 3600.0 / seconds / each))
                .collect(),
            lost_share: measured.lost / (measured.lost + measured.analysed).max(1.0),
            outbox_growth: (measured.outbox[1] - measured.outbox[0]).max(0.0),
            ages: measured.ages.clone(),
            events: Events::new(score),
            watts: measured.joules.map(|joules| joules / seconds),
        }
    }

    pub(super) fn holds(&self) -> bool {
        self.missed.is_empty()
    }

    /// By how many bytes an hour the memory grew, after the first quarter: the slope of the line with the least squares. `None`
    /// from fewer than three moments.
    pub(super) fn growth_an_hour(&self) -> Option<f64> {
        let settled = &self.course[self.course.len() / 4..];
        let count = settled.len() as f64;
        let mean = |value: &dyn Fn(&Moment) -> f64| settled.iter().map(value).sum::<f64>() / count;
        let (seconds, memory) = (mean(&|moment| moment.seconds), mean(&|moment| moment.memory as f64));
        let product = |moment: &Moment| (moment.seconds - seconds) * (moment.memory as f64 - memory);
        let spread = mean(&|moment| (moment.seconds - seconds).powi(2));
        (settled.len() >= 3 && spread > 0.0).then(|| mean(&product) / spread * 3600.0)
    }

    /// Cores that the pipeline used, all stages together.
    pub(super) fn used(&self) -> f64 {
        self.cores.values().sum()
    }

    /// Cameras for each core that was used.
    pub(super) fn per_core(&self) -> f64 {
        f64::from(self.cameras) / self.used().max(1e-9)
    }

    pub(super) fn stage(&self, name: &str) -> f64 {
        self.cores.get(name).copied().unwrap_or_default()
    }

    /// What is neither receiving, decoding nor inference, as a share of these.
    pub(super) fn overhead(&self) -> f64 {
        let work: f64 = ["receive", "decode", "inference"].map(|stage| self.stage(stage)).iter().sum();
        (self.used() - work) / work.max(1e-9)
    }
}

impl Events {
    fn new(score: Score) -> Self {
        let sorted = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values
        };
        Self {
            wanted: score.wanted,
            found: score.found,
            missed: score.missed,
            late: score.late,
            untrue: score.untrue,
            opened_after_s: Spread::of(score.opened_after_s),
            alert_s: Spread::of(score.alert_s.clone()),
            limit_to_arrival_s: Spread::of(score.limit_to_arrival_s.clone()),
            alerts_s: sorted(score.alert_s),
            arrivals_s: sorted(score.limit_to_arrival_s),
        }
    }
}

impl Report {
    pub(super) fn new(machine: Machine, settings: Settings, scenes: Vec<SceneReport>) -> Self {
        let (schema, version) = (SCHEMA.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        Self { schema, version, machine, settings, scenes }
    }

    /// Reads a file that this or an earlier version wrote.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let head: Head = serde_json::from_str(&text)
            .with_context(|| format!("{}: not a bench.json of gridwatch bench", path.display()))?;
        if head.schema != SCHEMA {
            bail!("{}: schema {:?}, expected {SCHEMA:?}", path.display(), head.schema);
        }
        serde_json::from_str(&text).with_context(|| format!("{}: not of the schema it names", path.display()))
    }

    /// As its file has it.
    pub(super) fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

impl Machine {
    /// This one.
    pub(super) fn here(available: usize, pipeline_cores: usize, apart: bool) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kilobytes: u64 = memory.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: available,
            pipeline_cores,
            apart,
            memory_bytes: kilobytes * 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

#[cfg(test)]
impl Trial {
    /// One that reaches all targets.
    pub(super) fn example(cameras: u32) -> Self {
        let cores =
            [("receive", 0.02), ("decode", 0.03), ("inference", 0.04), ("rules", 0.003), ("alert", 0.001)];
        Self {
            cameras,
            live: cameras,
            missed: Vec::new(),
            seconds: 60.0,
            cores: cores.map(|(stage, used)| (stage.to_owned(), used * f64::from(cameras) / 10.0)).into(),
            servers: Servers { cores: 0.1, late_share: 0.0 },
            memory_base: 100 << 20,
            memory_each: 9e6,
            memory_most: 200 << 20,
            course: [0.0, 20.0, 40.0, 60.0]
                .map(|seconds| Moment { seconds, memory: 190 << 20, files: 60, threads: 20 })
                .into(),
            ring_each: 5e6,
            rest_s: 10.0,
            longest_gap_s: 10.0,
            gap_p95_s: 8.0,
            units: 250.0,
            decoded: 3.0,
            analysed: 3.0,
            inferred: 2.0,
            wakings_an_hour: BTreeMap::from([("changed".to_owned(), 12.0)]),
            lost_share: 0.0,
            outbox_growth: 0.0,
            ages: vec![(0.1, 50.0), (1.0, 90.0), (-1.0, 90.0)],
            events: Events::new(Score {
                wanted: 2,
                found: 2,
                opened_after_s: vec![0.1, -0.2],
                alert_s: vec![0.2, 0.3],
                limit_to_arrival_s: vec![0.3, 0.1],
                ..Score::default()
            }),
            watts: None,
        }
    }
}

#[cfg(test)]
impl Report {
    pub(super) fn example() -> Self {
        let footage = Footage {
            scene: "quiet".into(),
            width: 1920,
            height: 1080,
            codec: super::protocol::CodecName::H264,
            kbit: 4000,
            group: 50,
            cache: ".cache/scenes".into(),
        };
        let too_many = Trial { missed: vec!["12 of 14 events found".into()], ..Trial::example(40) };
        let scene = SceneReport {
            footage,
            held: 16,
            searched: true,
            saturated: Some("processor".into()),
            trials: vec![Trial::example(1), Trial::example(16), too_many],
        };
        let machine = Machine {
            processor: "example".into(),
            cores: 2,
            pipeline_cores: 1,
            apart: true,
            memory_bytes: 1 << 34,
            kernel: "6.1".into(),
        };
        let settings = Settings {
            network: "yard-n-int8".into(),
            decode: "adaptive".into(),
            settle_s: 30.0,
            seconds: 60.0,
            targets: Targets::default(),
        };
        Self::new(machine, settings, vec![scene])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_back_and_others_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bench.json");
        let report = Report::example();
        fs::write(&path, report.to_json().expect("it can be written")).expect("ours");
        assert_eq!(Report::read(&path).expect("it reads back"), report);
        for (text, words) in [
            (
                report.to_json().expect("well").replace("gridwatch.bench/1", "gridwatch.bench/9"),
                "gridwatch.bench/9",
            ),
            ("{}".to_owned(), "not a bench.json"),
            ("{\"schema\": \"gridwatch.bench/1\"}".to_owned(), "not of the schema"),
        ] {
            fs::write(&path, text).expect("ours");
            let error = format!("{:#}", Report::read(&path).expect_err(words));
            assert!(error.contains(words), "{error}");
        }
        assert!(Report::read(&folder.path().join("none.json")).is_err());
    }

    #[test]
    fn memory_that_grows_is_told_from_memory_that_is_merely_filled() {
        let trial = |memory: &dyn Fn(u64) -> u64| {
            let moment = |at: u64| Moment { seconds: at as f64, memory: memory(at), files: 9, threads: 9 };
            Trial { course: (0..100).map(moment).collect(), ..Trial::example(1) }
        };
        let growth = |memory: &dyn Fn(u64) -> u64| trial(memory).growth_an_hour().expect("enough moments");
        assert!((growth(&|at| 5000 + at * 10) - 36_000.0).abs() < 1e-6);
        assert_eq!(growth(&|at| 5000 + at.min(20) * 1000), 0.0);
        assert_eq!(Trial { course: Vec::new(), ..Trial::example(1) }.growth_an_hour(), None);
    }

    #[test]
    fn shares_and_spreads_are_those_of_the_parts() {
        let trial = Trial::example(10);
        assert!((trial.used() - 0.094).abs() < 1e-9 && (trial.per_core() - 106.4).abs() < 0.1);
        assert!((trial.overhead() - 0.004 / 0.09).abs() < 1e-9);
        let spread = Spread::of((1..=100).rev().map(f64::from).collect()).expect("some");
        assert_eq!([spread.least, spread.median, spread.p95, spread.most], [1.0, 50.0, 95.0, 100.0]);
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
