//! `gridwatch bench`: how many cameras this machine holds, how well, and what runs out first.
//!
//! For each scene it tries numbers of cameras until it knows the largest that holds. A trial is two processes of this program: one
//! with the simulated cameras and the broker, and one with an edge box as it is (`servers.rs`, `pipeline.rs`); so
//! neither's processor time nor memory is counted with the other's, and one trial leaves nothing for the next. What the edge
//! box tells is held against the scene's truth (`truth.rs`).

mod affinity;
mod compare;
mod html;
mod pipeline;
mod plot;
mod protocol;
mod report;
mod samples;
mod search;
mod servers;
mod tables;
mod targets;
mod trial;
mod truth;
mod usage;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, bail};
use gridwatch_models::ModelStore;
use gridwatch_sim::{
    Scene,
    cache::{PictureSize, ProgressBar, ensure_encoded},
};

pub(crate) use self::{protocol::CodecName, targets::Targets};
use self::{
    protocol::Footage,
    report::{Machine, Report, SceneReport, Settings, Trial},
    search::Search,
    trial::Plan,
};
use crate::{
    cli::{BenchArguments, BenchPart},
    output::say,
    scenes,
};

/// Share of its cores from which on the processor counts as used up: what is left goes into changing between threads.
const USED_UP: f64 = 0.9;

/// A process of a measurement.
pub(crate) fn run_part(part: BenchPart) -> anyhow::Result<()> {
    match part {
        BenchPart::Servers => servers::run(),
        BenchPart::Pipeline => pipeline::run(),
    }
}

pub(crate) fn run(arguments: &BenchArguments) -> anyhow::Result<()> {
    if let [before, after] = arguments.compare.as_slice() {
        return compare::run(before, after, arguments.tolerance);
    }
    let scenes = find_scenes(arguments)?;
    let network = network_name(arguments)?;
    let available = affinity::available()?;
    let wanted = arguments.cores.map_or(available.len(), |cores| usize::from(cores.get()));
    if wanted > available.len() {
        bail!("--cores {wanted}: this process may use {}", available.len());
    }
    let (pipeline_cores, servers_cores) = affinity::divide(&available, wanted);
    let apart = servers_cores.iter().all(|core| !pipeline_cores.contains(core));
    let machine = Machine::here(available.len(), pipeline_cores.len(), apart);
    fs::create_dir_all(&arguments.out).with_context(|| format!("create {}", arguments.out.display()))?;
    let mut reports = Vec::new();
    for (footage, scene) in scenes {
        render(&footage, &scene)?;
        let plan = Plan {
            footage,
            scene: &scene,
            network: &network,
            decode: arguments.decode.as_str(),
            settle_s: f64::from(arguments.settle),
            seconds: f64::from(arguments.seconds),
            opened_s: arguments.targets.opened,
            pipeline_cores: pipeline_cores.clone(),
            servers_cores: servers_cores.clone(),
        };
        reports.push(measure(&plan, arguments)?);
    }
    let settings = Settings {
        network,
        decode: arguments.decode.as_str().to_owned(),
        settle_s: f64::from(arguments.settle),
        seconds: f64::from(arguments.seconds),
        targets: arguments.targets,
    };
    let report = Report::new(machine, settings, reports);
    say!("{}", tables::all(&report));
    write(&arguments.out, &report)?;
    let fallen = report.scenes.iter().filter(|scene| !scene.searched && scene.held == 0);
    let fallen: Vec<&str> = fallen.map(|scene| scene.footage.scene.as_str()).collect();
    if !fallen.is_empty() {
        bail!("so many cameras do not hold in {}", fallen.join(", "));
    }
    Ok(())
}

/// All scenes asked for, none of them rendered yet: what is wrong is told before minutes are spent.
fn find_scenes(arguments: &BenchArguments) -> anyhow::Result<Vec<(Footage, Scene)>> {
    let size = arguments.size;
    if !size.width.is_multiple_of(8)
        || !size.height.is_multiple_of(2)
        || !(64..=7680).contains(&size.width)
        || size.height < 64
    {
        bail!(
            "--size {}x{}: expected 64 pixels a side at least, a multiple of 8 across, even down",
            size.width,
            size.height
        );
    }
    let mut names = BTreeSet::new();
    let mut footage = |name: &String| {
        let scene = scenes::find(name)?;
        if scene.expected_events().is_empty() {
            bail!(
                "--scenes {name}: nothing is to be found in it, so nothing can be said about what is missed"
            );
        }
        if !names.insert(name.clone()) {
            bail!("--scenes {name}: it is there already");
        }
        let footage = Footage {
            scene: name.clone(),
            width: size.width,
            height: size.height,
            codec: arguments.codec,
            kbit: arguments.bitrate.0,
            group: arguments.gop.pictures(),
            cache: arguments.cache.clone(),
        };
        scene.timeline(footage.group).with_context(|| format!("--gop with the scene {name}"))?;
        Ok((footage, scene))
    };
    arguments.scenes.iter().map(&mut footage).collect()
}

fn network_name(arguments: &BenchArguments) -> anyhow::Result<String> {
    let models = ModelStore::builtin();
    let network = match &arguments.network {
        Some(name) => models.get(name).context("--network")?,
        None => models.default_network(),
    };
    Ok(network.manifest().name.clone())
}

fn render(footage: &Footage, scene: &Scene) -> anyhow::Result<()> {
    let size = PictureSize { width: footage.width, height: footage.height };
    let mut bar = ProgressBar::new(&footage.scene);
    ensure_encoded(scene, size, footage.encoding(), &footage.cache, &mut |progress| bar.show(progress))
        .with_context(|| format!("render the scene {}", footage.scene))?;
    Ok(())
}

/// Searches, or tries the one number that was asked for.
fn measure(plan: &Plan, arguments: &BenchArguments) -> anyhow::Result<SceneReport> {
    let mut trials: Vec<Trial> = Vec::new();
    let mut search = Search::new(arguments.most, arguments.precision);
    let mut next = match arguments.cameras {
        Some(cameras) => Some(cameras),
        None => search.next(None),
    };
    while let Some(cameras) = next {
        let mut trial = attempt(plan, arguments, cameras)?;
        if !trial.holds() && arguments.cameras.is_none() {
            // Others on the same machine may have been at work: what does not hold twice does not hold.
            trials.push(trial);
            trial = attempt(plan, arguments, cameras)?;
        }
        search.record(cameras, trial.holds());
        let guess = trial.per_core() * plan.pipeline_cores.len() as f64 * USED_UP;
        trials.push(trial);
        let held = search.held();
        next = match arguments.cameras {
            Some(_) => None,
            // Nor does what held once by chance: the result is tried twice.
            None => search.next(Some(guess)).or_else(|| held_once(&trials, held).then_some(held)),
        };
    }
    trials.sort_by_key(|trial| trial.cameras);
    let held = search.held();
    let first_too_many = trials.iter().find(|trial| trial.cameras > held && !trial.holds());
    let saturated = first_too_many.map(|trial| saturated(trial, plan.pipeline_cores.len()));
    Ok(SceneReport {
        footage: plan.footage.clone(),
        held,
        searched: arguments.cameras.is_none(),
        saturated,
        trials,
    })
}

fn attempt(plan: &Plan, arguments: &BenchArguments, cameras: u32) -> anyhow::Result<Trial> {
    let scene = &plan.footage.scene;
    let mut trial = plan.run(cameras).with_context(|| format!("{cameras} cameras of {scene}"))?;
    trial.missed = arguments.targets.missed(&trial);
    say!("{scene}: {}", tables::line(&trial));
    Ok(trial)
}

/// Whether so many cameras have held once, and no more.
fn held_once(trials: &[Trial], held: u32) -> bool {
    trials.iter().filter(|trial| trial.cameras == held && trial.holds()).count() == 1
}

/// What ran out in a trial that did not hold.
fn saturated(trial: &Trial, cores: usize) -> String {
    let share = trial.used() / cores.max(1) as f64;
    if share >= USED_UP {
        return format!("the processor: {:.0} % of the pipeline's cores are used", share * 100.0);
    }
    let stages = ["receive", "decode", "inference"].map(|stage| (stage, trial.stage(stage)));
    let (stage, most) = stages.into_iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(("receive", 0.0));
    let words = trial.missed.first().map_or("", String::as_str);
    format!("not the processor ({:.0} % used; most by {stage}, {most:.2} cores), but: {words}", share * 100.0)
}

fn write(out: &Path, report: &Report) -> anyhow::Result<()> {
    let files = [("bench.json", report.to_json()?), ("bench.html", html::page(report)?)];
    for (name, text) in files {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        say!("{}", path.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_out_first_is_told() {
        let busy = Trial::example(100);
        assert!(saturated(&busy, 1).starts_with("the processor: 94 %"), "{}", saturated(&busy, 1));
        let idle = Trial { missed: vec!["2 of 3 events found".into()], ..Trial::example(100) };
        let told = saturated(&idle, 2);
        assert!(told.contains("47 % used; most by inference") && told.contains("2 of 3"), "{told}");
    }
}
