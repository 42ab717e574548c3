//! Truth files and configurations from the project's own ground truths of real footage.
//!
//! These say what stands where, for measuring; which stop is an event depends on a limit, which they leave open. Known are the
//! composed car park, the empty one, the residential street, and the lane from above; of any other file it is said so.

mod edge_config;
mod footage;
mod ground_truth;

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use self::{footage::Footage, ground_truth::GroundTruth};
use super::write;
use crate::{cli::ConvertArguments, output::say, overwriting, score::Truth};

pub(super) fn run(arguments: &ConvertArguments) -> anyhow::Result<()> {
    let path = &arguments.ground_truth;
    overwriting::refuse(
        [("the ground truth", Some(path.as_path()))],
        [("--out", arguments.out.as_deref()), ("--config", arguments.config.as_deref())],
    )?;
    let Converted { truth: text, config, .. } = converted(path, arguments.limit_s, arguments.bays)?;
    match &arguments.out {
        Some(out) => write(out, &(text + "\n"))?,
        None => say!("{text}"),
    }
    if let Some(out) = &arguments.config {
        write(out, &config)?;
    }
    Ok(())
}

/// What becomes of a ground truth.
#[cfg_attr(
    not(all(feature = "edge", feature = "embedded-broker")),
    expect(dead_code, reason = "some of it is for `bench accuracy` alone")
)]
pub(crate) struct Converted {
    /// Name of the footage.
    pub(crate) name: String,
    /// The truth file, JSON.
    pub(crate) truth: String,
    /// The configuration of an edge box that watches the footage.
    pub(crate) config: String,
    /// Whether nothing may be found in it.
    pub(crate) is_empty: bool,
    pub(crate) duration_s: f64,
}

/// Converts a ground truth file; bays are in the configuration where they are asked for.
pub(crate) fn converted(path: &Path, limit_s: f64, bays: bool) -> anyhow::Result<Converted> {
    let footage = convert(path, limit_s)?;
    let truth = serde_json::to_string_pretty(&footage.truth)?;
    if let Err(problems) = Truth::parse(&truth) {
        bail!("{}: contradicts itself:\n{problems}", path.display());
    }
    let config = edge_config::text(&footage, path, limit_s, bays)?;
    let is_empty = footage.truth.events.is_empty() && footage.truth.ignore.is_empty();
    let (name, duration_s) = (footage.truth.name, footage.truth.duration_s);
    Ok(Converted { name, truth, config, is_empty, duration_s })
}

fn convert(path: &Path, limit_s: f64) -> anyhow::Result<Footage> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let ground_truth: GroundTruth = serde_json::from_str(&text).with_context(|| {
        format!(
            "{}: not a ground truth of ours; docs/truth.md tells how to write a truth file",
            path.display()
        )
    })?;
    footage::convert(&ground_truth, limit_s).with_context(|| format!("{}", path.display()))
}

#[cfg(test)]
mod tests;
