//! `gridwatch bench accuracy`: how accurate gridwatch is, in one report.
//!
//! Rendered scenes under all conditions and at several rates (`matrix.rs`), real footage (`real.rs`), false alarms in quiet hours
//! (`quiet.rs`), and how fast a file is analysed (`speed.rs`). Each is analysed and judged as `gridwatch analyze` and `gridwatch score` do it
//! (`runner.rs`), and kept (`kept.rs`), so that an interrupted run goes on; what is not measured can be taken over from an earlier report
//! (`onto.rs`). Out come figures (`report.rs`), tables, heat maps, a page, and pictures of
//! what went wrong (`moments.rs`).

mod bays;
mod docs;
mod figures;
mod gallery;
mod heat;
mod html;
mod kept;
mod matrix;
mod moments;
mod onto;
mod outcome;
mod plan;
mod poisson;
mod quiet;
mod real;
mod report;
mod runner;
mod sheets;
mod speed;

use std::{collections::HashSet, fs, path::Path};

use anyhow::{Context as _, bail};
use gridwatch_config::NetworkSettings;
use gridwatch_sim::{Condition, Scene, SimError};

pub(crate) use self::plan::{Part, Rate};
use self::{
    gallery::Gallery,
    kept::Kept,
    matrix::Matrix,
    quiet::Quiet,
    report::{FalseAlarms, Report, SCHEMA},
    runner::Chosen,
};
use crate::{cli::AccuracyArguments, network, output::say, scenes, score_command::convert::Converted};

pub(crate) fn run(arguments: &AccuracyArguments) -> anyhow::Result<()> {
    let bench = Bench::prepare(arguments)?;
    let mut report = bench.measure()?;
    report.pictures = Gallery { bench: &bench, report: &report }.make()?;
    say!("{}", sheets::terminal(&report));
    write(&arguments.out, &report)?;
    match &arguments.docs {
        Some(folder) => docs::write(&report, folder),
        None => Ok(()),
    }
}

/// All that is needed, found before minutes are spent.
struct Bench<'a> {
    arguments: &'a AccuracyArguments,
    scenes: Vec<(String, Scene)>,
    network: Chosen,
    /// Real footage and the public network, or why there is none.
    real: Result<Real, String>,
    kept: Kept,
    /// A report that has what is not measured now.
    earlier: Option<Report>,
}

struct Real {
    truths: Vec<Converted>,
    public: Option<Chosen>,
}

/// Tells which scenes cannot be shown under a condition; refuses one under which none can.
fn check_condition(scenes: &[(String, Scene)], condition: Condition) -> anyhow::Result<()> {
    let refused = |(name, scene): &(String, Scene)| Some((name.clone(), scene.under(condition).err()?));
    let mut refused: Vec<(String, SimError)> = scenes.iter().filter_map(refused).collect();
    if refused.len() == scenes.len() && !refused.is_empty() {
        let (name, error) = refused.swap_remove(0);
        return Err(error).with_context(|| format!("{name} under {}", condition.as_str()));
    }
    for (name, error) in refused {
        eprintln!("{name} is left out under {}: {error}", condition.as_str());
    }
    Ok(())
}

impl<'a> Bench<'a> {
    fn prepare(arguments: &'a AccuracyArguments) -> anyhow::Result<Self> {
        let mut names = HashSet::new();
        let mut scenes = Vec::new();
        for name in &arguments.scenes {
            if !names.insert(scenes::name_under(name, None)) {
                bail!("--scenes {name}: it is there already");
            }
            scenes.push((name.clone(), scenes::find(name)?));
        }
        for condition in arguments.conditions() {
            check_condition(&scenes, condition)?;
        }
        let network = Chosen::load(named_network(arguments.network.as_deref()))?;
        let real = match real::data() {
            Ok(data) => Ok(Real {
                truths: real::ground_truths(&data, arguments.limit_s)?,
                public: real::public(&data)?,
            }),
            Err(reason) => Err(reason),
        };
        let kept = Kept::open(&arguments.out.join("kept"))?;
        let earlier = arguments.onto.as_deref().map(onto::read).transpose()?;
        let bench = Self { arguments, scenes, network, real, kept, earlier };
        if let Some(earlier) = &bench.earlier {
            bench.empty_report().check_onto(earlier)?;
        }
        Ok(bench)
    }

    fn empty_report(&self) -> Report {
        let size = self.arguments.size.0;
        Report {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.network.name().to_owned(),
            width: size.width,
            height: size.height,
            limit_s: self.arguments.limit_s,
            matrix: Vec::new(),
            real: Vec::new(),
            quiet: Vec::new(),
            false_alarms: None,
            speed: None,
            skipped: Vec::new(),
            pictures: Vec::new(),
        }
    }

    fn is_wanted(&self, part: Part) -> bool {
        !self.arguments.skip.contains(&part)
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix {
            scenes: self.scenes.clone(),
            conditions: self.arguments.conditions(),
            rates: &self.arguments.rates,
            size: self.arguments.size.0,
            network: &self.network,
            cache: &self.arguments.cache,
        }
    }

    fn measure(&self) -> anyhow::Result<Report> {
        let mut report = self.empty_report();
        // Told of a part that is not there in the end, either.
        let mut skipped: Vec<(Part, String)> = Vec::new();
        let mut asked = |part: Part, name: &str| skipped.push((part, format!("{name}, as --skip asks")));
        if self.is_wanted(Part::Matrix) {
            report.matrix = self.matrix().measure(&self.kept)?;
        } else {
            asked(Part::Matrix, "rendered scenes");
        }
        match &self.real {
            _ if !self.is_wanted(Part::Real) => asked(Part::Real, "real footage"),
            Err(reason) => report.skipped.push(format!("real footage: {reason}")),
            Ok(real) => {
                eprintln!("real footage");
                if real.public.is_none() {
                    report
                        .skipped
                        .push("YOLOX-nano: its file is neither beside the footage nor pulled".to_owned());
                }
                let networks: Vec<&Chosen> = [&self.network].into_iter().chain(&real.public).collect();
                report.real = real::measure(&real.truths, &networks, &self.kept)?;
            }
        }
        if self.is_wanted(Part::Quiet) {
            self.measure_quiet(&mut report)?;
        } else {
            asked(Part::Quiet, "quiet hours");
        }
        if self.is_wanted(Part::Speed) {
            eprintln!("speed");
            report.speed = Some(speed::measure(&self.arguments.cache, &self.network)?);
        } else {
            asked(Part::Speed, "speed");
        }
        if let Some(earlier) = &self.earlier {
            report.put_onto(earlier.clone());
        }
        let absent = skipped.into_iter().filter(|(part, _)| report.is_without(*part));
        let absent: Vec<String> = absent.map(|(_, reason)| reason).collect();
        report.skipped.extend(absent);
        Ok(report)
    }

    fn measure_quiet(&self, report: &mut Report) -> anyhow::Result<()> {
        eprintln!("quiet hours");
        let AccuracyArguments { hours, cache, size, .. } = self.arguments;
        let quiet = Quiet { hours: *hours, size: size.0, cache, network: &self.network };
        for name in Scene::calm_names() {
            report.quiet.push(quiet.scene(name, &self.kept)?);
        }
        match &self.real {
            Ok(real) => {
                for converted in real.truths.iter().filter(|converted| converted.is_empty) {
                    report.quiet.push(quiet.real(converted, &self.kept)?);
                }
            }
            Err(reason) => report.skipped.push(format!("quiet hours of real footage: {reason}")),
        }
        report.false_alarms = FalseAlarms::of(&report.quiet);
        Ok(())
    }
}

fn named_network(name: Option<&str>) -> NetworkSettings {
    match name {
        Some(name) => network::named(name),
        None => NetworkSettings::Shipped { name: None },
    }
}

/// Writes the report and its pictures into a folder, and tells where.
fn write(out: &Path, report: &Report) -> anyhow::Result<()> {
    let pictures = out.join("pictures");
    // Those of an earlier run would be taken for this one's.
    if pictures.is_dir() {
        fs::remove_dir_all(&pictures).with_context(|| format!("remove {}", pictures.display()))?;
    }
    fs::create_dir_all(&pictures).with_context(|| format!("create {}", pictures.display()))?;
    for picture in &report.pictures {
        let file = out.join(&picture.file);
        fs::write(&file, &picture.bytes).with_context(|| format!("write {}", file.display()))?;
    }
    let files = [
        ("accuracy.json", report.to_json()?),
        ("accuracy.md", sheets::markdown(report)),
        ("accuracy.svg", heat::svg(report)),
        ("accuracy.html", html::page(report)),
    ];
    for (name, text) in files {
        let file = out.join(name);
        fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
        say!("{}", file.display());
    }
    Ok(())
}
