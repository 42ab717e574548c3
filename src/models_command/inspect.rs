//! `gridwatch models inspect`: what a network is, how it is fed and read, how long it takes, and what it sees in a picture.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use gridwatch_detect::{Detector as _, NetworkDetector, OnnxFile, SessionSettings};
use gridwatch_domain::Frame;
use gridwatch_models::Manifest;

use super::{find, import, pictures};
use crate::{cli::InspectArguments, output::say};

/// Runs whose median is told; the first is left out, in which buffers are made.
const RUNS: usize = 9;

pub(super) fn run(arguments: &InspectArguments) -> anyhow::Result<()> {
    let is_bare = find::is_onnx(&arguments.network);
    if is_bare {
        // Also where nobody can read it.
        tell_file(&arguments.network.display().to_string(), &import::read(&arguments.network)?)?;
    }
    let (network, reasons) = find::network(&arguments.network, &arguments.recognition)?;
    if is_bare {
        reasons.iter().for_each(|reason| say!("because   {reason}"));
    } else {
        tell_file(&network.manifest().file.onnx, network.bytes())?;
        say!("because   its manifest says so");
    }
    show(network.manifest());
    let settings = SessionSettings::default();
    let mut detector = NetworkDetector::open(&network, &settings, network.manifest().thresholds.score)?;
    say!("runs on   {}", detector.provider());
    let picture = arguments.image.as_deref().map(pictures::first_picture).transpose()?;
    let timed = picture.clone().unwrap_or_else(pictures::grey_picture);
    say!(
        "time      {:.1} ms a picture of {}x{}, one thread, median of {RUNS}",
        median_ms(&mut detector, &timed)?,
        timed.width,
        timed.height
    );
    if let Some(picture) = picture {
        let found = detector.detect(&picture)?;
        for detection in &found {
            say!(
                "found     {:<10} {:.2}  {:?}",
                detection.class.to_string(),
                detection.score,
                <[f32; 4]>::from(detection.bbox)
            );
        }
        std::fs::write(&arguments.out, pictures::draw(&picture, &found)?)
            .with_context(|| format!("write {}", arguments.out.display()))?;
        say!("drawn     {} boxes in {}", found.len(), arguments.out.display());
    }
    Ok(())
}

/// What the file itself declares.
fn tell_file(name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let file = OnnxFile::open(name, bytes, &SessionSettings::default())?;
    let producer = Some(file.producer()).filter(|producer| !producer.is_empty());
    let producer = producer.map_or_else(String::new, |producer| format!(", written by {producer}"));
    say!("file      {name} ({} KiB){producer}", bytes.len().div_ceil(1024));
    file.inputs().iter().for_each(|input| say!("input     {input}"));
    file.outputs().iter().for_each(|output| say!("output    {output}"));
    Ok(())
}

fn show(manifest: &Manifest) {
    say!("name      {} {}", manifest.name, manifest.version);
    say!("licence   {}", manifest.licence);
    say!("sha256    {} (checked)", manifest.file.sha256);
    say!("fed       {}x{} pixels", manifest.input.width, manifest.input.height);
    say!("head      {}", manifest.head.kind());
    say!("labels    {}", manifest.labels.join(", "));
    let classes = manifest.classes.iter().map(|(label, class)| format!("{label} → {class}"));
    say!("counted   {}", classes.collect::<Vec<_>>().join(", "));
    for quality in &manifest.quality {
        say!("measured  {}: {} = {}", quality.dataset, quality.metric, quality.value);
    }
}

fn median_ms(detector: &mut NetworkDetector, picture: &Frame) -> anyhow::Result<f64> {
    detector.detect(picture)?;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let began = Instant::now();
        detector.detect(picture)?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[RUNS / 2].max(Duration::ZERO).as_secs_f64() * 1000.0)
}
