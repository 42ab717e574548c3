//! `gridwatch score`: reads truth, events and observations, and shows how well they agree.
//!
//! What is judged, and how, is `score`'s; here are files, tables (`tables.rs`), the page (`html.rs`), what must be perfect (`perfect.rs`), and what makes truth files of the
//! project's own ground truths (`convert.rs`).

pub(crate) mod convert;
pub(crate) mod html;
mod perfect;
mod tables;
pub(crate) mod words;

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader},
    path::Path,
};

use anyhow::{Context as _, bail};
use gridwatch_config::load_edge_offline;
use gridwatch_domain::{CameraId, NearPass};

use crate::{
    cli::{ScoreArguments, ScoreCommand, ScoreFiles},
    one_camera::of_camera,
    output::say,
    overwriting,
    score::{self, Observation, Read, ResultEvent, Score, Truth, Warning},
};

pub(crate) fn run(arguments: ScoreArguments) -> anyhow::Result<()> {
    match (arguments.command, arguments.files) {
        (Some(ScoreCommand::Schema), _) => {
            say!("{}", serde_json::to_string_pretty(&score::form().schema)?);
            Ok(())
        }
        (Some(ScoreCommand::Convert(arguments)), _) => convert::run(&arguments),
        (None, Some(files)) => {
            refuse_overwriting(&files)?;
            let (truth, score) = judge(&files)?;
            say!("{}", tables::all(&score));
            finish(&files, &truth, &score)
        }
        (None, None) => bail!("expected --truth FILE and --events FILE"),
    }
}

/// Fails where a report would take the place of what is judged.
fn refuse_overwriting(files: &ScoreFiles) -> anyhow::Result<()> {
    let read = [
        ("--truth", Some(files.truth.as_path())),
        ("--events", Some(&*files.events)),
        ("--observations", files.observations.as_deref()),
        ("--passes", files.passes.as_deref()),
        ("--config", files.config.as_deref()),
    ];
    overwriting::refuse(read, [("--json", files.json.as_deref()), ("--html", files.html.as_deref())])
}

pub(crate) fn judge(files: &ScoreFiles) -> anyhow::Result<(Truth, Score)> {
    let truth = read_truth(&files.truth)?;
    let Read { items: mut events, partial } = read_events(&files.events)?;
    let read = files.observations.as_deref().map(read_observations).transpose()?;
    let (mut observations, partial) = match read {
        Some(read) => (Some(read.items), partial.or(read.partial)),
        None => (None, partial),
    };
    let mut cameras: BTreeSet<&str> = events.iter().map(|event| event.camera.as_str()).collect();
    cameras.extend(observations.iter().flatten().map(|observation| observation.camera.as_str()));
    check_cameras(&cameras, files.camera.as_ref())?;
    let chosen = files.camera.clone().or_else(|| CameraId::new(*cameras.first()?).ok());
    let zones = files.config.as_deref().map(|path| configured(path, chosen.as_ref())).transpose()?;
    if let Some(camera) = &files.camera {
        events.retain(|event| event.camera == camera.as_str());
        observations.iter_mut().for_each(|list| list.retain(|one| one.camera == camera.as_str()));
    }
    let mut score = score::score(&truth, &events, observations.as_deref(), truth.start(files.start));
    score = zones.iter().fold(score, |score, zones| score.with_zones(&truth, zones));
    score.warnings.splice(0..0, partial.map(Warning::Partial));
    if let Some(path) = &files.passes {
        let mut passes = read_passes(path)?;
        passes.retain(|pass| files.camera.as_ref().is_none_or(|camera| pass.camera == *camera));
        score = score.with_passes(&truth, &passes);
    }
    Ok((truth, score))
}

/// Writes what is asked for, and fails where that is asked for.
fn finish(files: &ScoreFiles, truth: &Truth, score: &Score) -> anyhow::Result<()> {
    if let Some(path) = &files.json {
        write(path, &(serde_json::to_string_pretty(score)? + "\n"))?;
    }
    if let Some(path) = &files.html {
        write(path, &html::page(truth, score))?;
    }
    perfect::require(score, &files.require_perfect)
}

fn read_truth(path: &Path) -> anyhow::Result<Truth> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    Truth::parse(&text).map_err(|problems| anyhow::anyhow!("{} cannot be used:\n{problems}", path.display()))
}

fn read_events(path: &Path) -> anyhow::Result<Read<ResultEvent>> {
    let read = if path == Path::new("-") {
        score::read_events(io::stdin().lock())
    } else {
        score::read_events(open(path)?)
    };
    read.map_err(|problems| anyhow::anyhow!("{} cannot be used:\n{problems}", path.display()))
}

fn read_observations(path: &Path) -> anyhow::Result<Read<Observation>> {
    score::read_observations(open(path)?)
        .map_err(|problems| anyhow::anyhow!("{} cannot be used:\n{problems}", path.display()))
}

fn read_passes(path: &Path) -> anyhow::Result<Vec<NearPass>> {
    let read = score::read_passes(open(path)?);
    let read = read.map_err(|problems| anyhow::anyhow!("{} cannot be used:\n{problems}", path.display()))?;
    Ok(read.items)
}

/// All zones, lines and groups that a configuration has for a camera.
fn configured(path: &Path, camera: Option<&CameraId>) -> anyhow::Result<BTreeSet<String>> {
    let settings = of_camera(load_edge_offline(path)?, camera)?;
    let names = settings.cameras.iter().flat_map(|camera| {
        let (zones, lines) =
            (camera.zones.iter().map(|zone| &zone.id), camera.lines.iter().map(|line| &line.id));
        zones.chain(lines).chain(camera.groups.iter().map(|group| &group.id))
    });
    Ok(names.map(ToString::to_string).collect())
}

fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    Ok(BufReader::new(file))
}

/// One truth is of one camera.
fn check_cameras(cameras: &BTreeSet<&str>, chosen: Option<&CameraId>) -> anyhow::Result<()> {
    let names = || cameras.iter().copied().collect::<Vec<_>>().join(", ");
    match chosen {
        None if cameras.len() > 1 => {
            bail!("the files speak of {} cameras ({}); choose one with --camera", cameras.len(), names())
        }
        Some(camera) if !cameras.is_empty() && !cameras.contains(camera.as_str()) => {
            bail!("--camera {camera}: the files speak of {}", names())
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
pub(crate) mod tests;
