//! `gridwatch models quantize`: a network of 8-bit numbers, calibrated on pictures as the product feeds them, and what that
//! changes in quality and speed.
//!
//! The arithmetic is ONNX Runtime's own tool in Python, `models/quantize`; pictures, tensors and measuring are the product's.

mod pictures;
mod python;

use anyhow::{Context as _, bail};
use gridwatch_detect::{Detector as _, NetworkDetector, SessionSettings};
use gridwatch_models::{
    MANIFEST_FILE, Manifest, Network, NetworkFile, Quality, evaluation::Smallest, sha256_of,
};

use self::pictures::Pictures;
use super::{
    evaluate::{
        Conditions, report,
        report::{NetworkReport, Report},
        tables,
    },
    find, import,
    pictures::first_pictures,
    progress,
};
use crate::{cli::QuantizeArguments, output::say};

/// Boxes of a lower score are not looked at when both are measured, as with `models evaluate`.
const LEAST_SCORE: f32 = 0.01;

pub(super) fn run(arguments: &QuantizeArguments) -> anyhow::Result<()> {
    python::check(&arguments.python)?;
    let (network, _) = find::network(&arguments.network, &arguments.recognition)?;
    let name = arguments.name.clone().unwrap_or_else(|| format!("{}-int8", network.manifest().name));
    let folder = arguments.into.join(&name);
    if folder.exists() {
        bail!("{} is there already: remove it, or give another --name", folder.display());
    }
    let pictures = pictures::parted(&arguments.images, arguments.calibrate)?;
    let bytes = quantized(arguments, &network, &pictures)?;
    let mut manifest = manifest(&network, &name, &bytes, &pictures)?;
    let small = Network::new(checked(&manifest)?, bytes)?;

    let networks = [network, small];
    let report = measured(&networks, pictures, arguments)?;
    tables::of(&report).iter().for_each(|table| say!("{}", table.terminal()));
    let [before, after] = &report.networks[..] else { bail!("two networks were measured") };
    for line in changes(before, after) {
        say!("{line}");
    }
    manifest.quality = qualities(&report, arguments);
    let small = Network::new(checked(&manifest)?, networks[1].bytes().to_vec())?;
    import::store(&folder, &manifest.to_toml(), &small)?;
    say!("written   {}", folder.join(MANIFEST_FILE).display());
    Ok(())
}

/// The quantised file.
fn quantized(
    arguments: &QuantizeArguments,
    network: &Network,
    pictures: &Pictures,
) -> anyhow::Result<Vec<u8>> {
    let mut detector = NetworkDetector::open(network, &SessionSettings::default(), LEAST_SCORE)?;
    let count = pictures.calibrating.len();
    let job = python::Job {
        python: &arguments.python,
        source: network.bytes(),
        shape: detector.input_shape(),
        count,
    };
    let bar = progress::steps("calibrating", count);
    let bytes = python::quantize(&job, |tool| {
        for picture in first_pictures(pictures.calibrating.clone())? {
            for value in detector.fed(&picture?)? {
                tool.write_all(&value.to_ne_bytes()).context("hand tensors to the tool")?;
            }
            bar.inc(1);
        }
        Ok(())
    });
    bar.finish_and_clear();
    bytes
}

/// The manifest of the new network, with nothing measured yet.
fn manifest(network: &Network, name: &str, bytes: &[u8], pictures: &Pictures) -> anyhow::Result<Manifest> {
    let old = network.manifest();
    let mut manifest = old.clone();
    name.clone_into(&mut manifest.name);
    manifest.file =
        NetworkFile { onnx: format!("{name}.onnx"), sha256: sha256_of(bytes), url: None, size_bytes: None };
    manifest.source = format!(
        "{}; quantised to 8 bits from {} {} (sha256 {}) by gridwatch models quantize, calibrated on {} pictures (set {})",
        old.source,
        old.name,
        old.version,
        network.sha256(),
        pictures.calibrating.len(),
        calibration_hash(pictures)?,
    );
    manifest.quality.clear();
    Ok(manifest)
}

/// SHA-256 over the SHA-256 of each calibrating picture, one a line, as `sha256sum … | cut -d ' ' -f 1 | sha256sum` has it.
fn calibration_hash(pictures: &Pictures) -> anyhow::Result<String> {
    let mut lines = String::new();
    for path in &pictures.calibrating {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        lines += &format!("{}\n", sha256_of(&bytes));
    }
    Ok(sha256_of(lines.as_bytes()).to_string())
}

/// The manifest as a start would read it: what cannot be read is not written.
fn checked(manifest: &Manifest) -> anyhow::Result<Manifest> {
    Manifest::parse(&manifest.to_toml()).map_err(|problems| anyhow::anyhow!("{problems}"))
}

/// Both networks, on the truth where it is known, else on what the old one sees.
fn measured(
    networks: &[Network; 2],
    pictures: Pictures,
    arguments: &QuantizeArguments,
) -> anyhow::Result<Report> {
    let mut data_set = pictures.measuring;
    let mut data = arguments.images.display().to_string();
    if !pictures.are_labelled {
        data += &format!(", truth is what {} finds", networks[0].manifest().name);
        let score = networks[0].manifest().thresholds.score;
        let mut detector = NetworkDetector::open(&networks[0], &SessionSettings::default(), score)?;
        let paths = data_set.pictures.iter().map(|picture| picture.path.clone()).collect();
        let bar = progress::steps("finding what is to be found", data_set.pictures.len());
        for (truth, picture) in data_set.pictures.iter_mut().zip(first_pictures(paths)?) {
            let found = detector.detect(&picture?)?;
            truth.wanted = found.iter().map(|detection| (detection.class, detection.bbox)).collect();
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    let Smallest { width, height } = Smallest::default();
    let smallest = [width as u32, height as u32];
    let conditions =
        Conditions { data, smallest, least_score: LEAST_SCORE, runs: arguments.runs, providers: Vec::new() };
    report(networks, data_set, conditions)
}

/// What has changed, in words.
fn changes(before: &NetworkReport, after: &NetworkReport) -> Vec<String> {
    let mut lines = Vec::new();
    for (old, new) in before.groups.iter().zip(&after.groups) {
        if let (Some(was), Some(is)) = (old.figures.ap50, new.figures.ap50) {
            let points = (is - was) * 100.0;
            lines.push(format!("AP50      {}: {was:.3} → {is:.3}, {points:+.1} points", old.group));
        }
    }
    for (old, new) in before.timings.iter().zip(&after.timings) {
        let (was, is) = (old.network.median_ms, new.network.median_ms);
        let times = was / is;
        lines.push(format!(
            "time      network alone, {}: {was:.2} → {is:.2} ms, {times:.2} times as fast",
            old.provider
        ));
    }
    lines.push(format!("size      {} → {} KiB", before.bytes / 1024, after.bytes / 1024));
    lines
}

/// The figures before and after, for the manifest.
fn qualities(report: &Report, arguments: &QuantizeArguments) -> Vec<Quality> {
    let command = format!(
        "gridwatch models quantize {} --images {}",
        arguments.network.display(),
        arguments.images.display()
    );
    let dataset = format!("{} pictures of {}", report.pictures, report.data);
    let mut lines = Vec::new();
    let mut add = |metric: String, value: f64| {
        lines.push(Quality { dataset: dataset.clone(), metric, value, command: command.clone() });
    };
    for (network, which) in report.networks.iter().zip(["before", "after"]) {
        for of in &network.groups {
            if let Some(ap50) = of.figures.ap50 {
                let objects = of.figures.objects;
                add(format!("AP50 {}, {objects} objects, {which} quantising", of.group), rounded(ap50, 4));
            }
        }
        for timing in &network.timings {
            let metric =
                format!("ms a picture, network alone, {}, one thread, {which} quantising", timing.provider);
            add(metric, rounded(timing.network.median_ms, 2));
        }
    }
    lines
}

fn rounded(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}
