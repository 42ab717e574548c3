//! `gridwatch models evaluate`: how good and how fast networks are on labelled pictures.
//!
//! Every picture goes the product's way: decoded by the ingest stage's means, letterboxed, through the session and the
//! head, suppressed. What is found is held against the truth by [`gridwatch_models::evaluation`].

mod plot;
mod quality;
pub(super) mod report;
pub(super) mod tables;
mod timing;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gridwatch_models::{
    Network,
    evaluation::{DataSet, Smallest},
};

use self::report::{NetworkReport, Report};
use super::find;
use crate::{cli::EvaluateArguments, output::say};

pub(super) fn run(arguments: &EvaluateArguments) -> anyhow::Result<()> {
    if !(0.0..=1.0).contains(&arguments.score) {
        bail!("--score {}: expected 0–1", arguments.score);
    }
    let (width, height) = (arguments.smallest.width, arguments.smallest.height);
    let smallest = Smallest { width: width as f32, height: height as f32 };
    let data_set = DataSet::open(&arguments.data, smallest)?;
    for (class, count) in &data_set.unknown {
        eprintln!(
            "gridwatch: {class:?} is no class of gridwatch's: {count} such objects are neither wanted nor wrong"
        );
    }
    let networks = find_all(arguments)?;
    let out = out_folder(arguments);
    std::fs::create_dir_all(&out).with_context(|| format!("create {}", out.display()))?;

    let conditions = Conditions {
        data: arguments.data.display().to_string(),
        smallest: [width, height],
        least_score: arguments.score,
        runs: arguments.runs,
    };
    tell(&report(&networks, data_set, conditions)?, &out, arguments.markdown.as_deref())
}

/// Under what conditions networks are measured.
pub(super) struct Conditions {
    /// What the data set is called.
    pub(super) data: String,
    /// Least width and height of objects that are wanted, in pixels of a picture fitted into 640×384.
    pub(super) smallest: [u32; 2],
    /// Boxes of a lower score are not looked at.
    pub(super) least_score: f32,
    /// How often each network is timed.
    pub(super) runs: usize,
}

/// Measures `networks` side by side.
pub(super) fn report(
    networks: &[Network],
    data_set: DataSet,
    conditions: Conditions,
) -> anyhow::Result<Report> {
    let (tallies, kept) = quality::tallies(networks, &data_set, conditions.least_score)?;
    let timings = timing::measure(networks, &kept, conditions.runs)?;
    let reports = networks.iter().zip(&tallies).zip(timings);
    Ok(Report {
        schema: report::SCHEMA,
        data: conditions.data,
        pictures: data_set.pictures.len(),
        smallest: conditions.smallest,
        least_score: conditions.least_score,
        unknown_classes: data_set.unknown,
        networks: reports
            .map(|((network, tally), timing)| NetworkReport::new(network, tally, timing))
            .collect(),
    })
}

fn find_all(arguments: &EvaluateArguments) -> anyhow::Result<Vec<Network>> {
    let find = |path: &PathBuf| Ok(find::network(path, &arguments.recognition)?.0);
    arguments.networks.iter().map(find).collect()
}

/// Beside the network where there is one and it has a folder, else here.
fn out_folder(arguments: &EvaluateArguments) -> PathBuf {
    let beside = || match &arguments.networks[..] {
        [only] if only.is_dir() => Some(only.clone()),
        [only] if only.is_file() => only.parent().map(Path::to_owned),
        _ => None,
    };
    arguments.out.clone().or_else(beside).unwrap_or_default()
}

fn tell(report: &Report, out: &Path, markdown: Option<&Path>) -> anyhow::Result<()> {
    let tables = tables::of(report);
    for table in &tables {
        say!("{}", table.terminal());
    }
    let json = serde_json::to_string_pretty(report).context("write the evaluation as JSON")?;
    let mut files =
        vec![(out.join("evaluation.json"), json + "\n"), (out.join("evaluation.svg"), plot::svg(report)?)];
    if let Some(markdown) = markdown {
        let texts: Vec<String> = tables.iter().map(tables::Titled::markdown).collect();
        files.push((markdown.to_owned(), texts.join("\n")));
    }
    for (path, text) in files {
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        say!("written   {}", path.display());
    }
    Ok(())
}
