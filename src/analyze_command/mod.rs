//! `gridwatch analyze`: a recorded file through the same code as a live camera.

mod observe;
mod output;
mod progress;
mod render;

use std::path::Path;

use anyhow::{Context as _, bail};
use gridwatch_config::{CameraSettings, EdgeSettings, load_edge_offline};
use gridwatch_detect::{Analyser, tiles::TilesByCamera};
use gridwatch_domain::{Frame, Timestamp};
use gridwatch_ingest::{FileFlaw, Level, Playback, PlaybackOptions, Reason};
use gridwatch_runtime::{Chain, SystemClock};

#[cfg(feature = "embedded-broker")] // for `bench accuracy`
pub(crate) use self::output::ResultFiles;
use self::{output::Outputs, progress::Progress, render::Seen};
use crate::{
    cli::AnalyzeArguments,
    edge::{detect_settings, detectors, reach_of, tiles_of, watch_of},
    network,
    one_camera::of_camera,
    signals::Asked,
};

/// Pictures that could not be analysed are complained of so often.
const COMPLAINTS: u64 = 3;

/// What came of a file.
#[derive(Debug, Default, Clone)]
pub(crate) struct Summary {
    /// Pictures that were analysed.
    pub(crate) pictures: u64,
    /// Of these, those in which the network was not asked.
    pub(crate) relied_on: u64,
    /// Pictures that could not be analysed.
    pub(crate) failed: u64,
    /// Revisions of events.
    pub(crate) revisions: u64,
    /// Seconds of video.
    pub(crate) seconds: f64,
    /// Whether the file was played to its end.
    pub(crate) is_complete: bool,
    /// Whether it would have been noticed if its end were missing.
    pub(crate) is_end_known: bool,
    /// What was wrong with it.
    pub(crate) flaws: Vec<FileFlaw>,
}

pub(crate) fn run(arguments: &AnalyzeArguments) -> anyhow::Result<()> {
    output::refuse_overwriting(arguments)?;
    output::refuse_other_forms(arguments.render.as_deref())?;
    let settings = load_edge_offline(&arguments.config)?;
    let settings = of_camera(settings, arguments.camera.as_ref())?;
    let settings = with_network(settings, arguments.network.as_deref());
    let start = arguments.start.unwrap_or(Timestamp::UNIX_EPOCH);
    note_schedules(&settings.cameras[0], arguments.start);
    let began = std::time::Instant::now();
    let mut work = Work::open(&settings, &arguments.input, start)?;
    work.asked = Asked::listen()?;
    let asked = work.asked.clone();
    // Only now: what was found before is not lost to a wrong name.
    let mut outputs = Outputs::create(arguments, &settings)?;
    let mut progress = Progress::new(arguments.quiet);
    let summary = work.run(&mut outputs, &mut progress)?;
    progress.finish();
    outputs.finish(&summary)?;
    tell(&arguments.input, &summary, began.elapsed().as_secs_f64());
    if let Some(stopped) = asked.by().filter(|_| !summary.is_complete) {
        return Err(stopped).with_context(|| format!("{}: results are partial", arguments.input.display()));
    }
    if !summary.is_complete {
        bail!("{}: results are partial", arguments.input.display());
    }
    Ok(())
}

/// Analyses a file as the settings' only camera, and writes what came of it.
#[cfg(feature = "embedded-broker")] // for `bench accuracy`
pub(crate) fn analyze(
    settings: &EdgeSettings,
    input: &Path,
    start: Timestamp,
    files: &ResultFiles,
) -> anyhow::Result<Summary> {
    let work = Work::open(settings, input, start)?;
    let mut outputs = Outputs::of_files(files)?;
    let summary = work.run(&mut outputs, &mut Progress::new(true))?;
    outputs.finish(&summary)?;
    Ok(summary)
}

/// Plays a file again and again, as a camera that sees the same every `length` and whose clock goes on, and writes what came of it.
/// What is remembered goes on from one time to the next; how much is decoded begins anew, as after a short gap in a stream.
/// `told` hears how often it has been played.
#[cfg(feature = "embedded-broker")] // for `bench accuracy`
pub(crate) fn analyze_again(
    settings: &EdgeSettings,
    input: &Path,
    (length, times): (std::time::Duration, u32),
    files: &ResultFiles,
    told: &mut dyn FnMut(u32),
) -> anyhow::Result<Summary> {
    let mut work = Work::open(settings, input, Timestamp::UNIX_EPOCH)?;
    let mut outputs = Outputs::of_files(files)?;
    let mut progress = Progress::new(true);
    work.play(&mut outputs, &mut progress)?;
    for time in 1..times {
        told(time);
        let start = Timestamp::UNIX_EPOCH.saturating_add(length * time);
        work.playback = playback(settings, input, start)?;
        work.play(&mut outputs, &mut progress)?;
    }
    told(times);
    let summary = work.end(&mut outputs)?;
    outputs.finish(&summary)?;
    Ok(summary)
}

/// A file, and what it is analysed by.
pub(crate) struct Work {
    playback: Playback,
    analyser: Analyser,
    summary: Summary,
    /// Whether somebody wants it to end.
    asked: Asked,
}

impl Work {
    /// To be played through the settings' only camera.
    pub(crate) fn open(settings: &EdgeSettings, input: &Path, start: Timestamp) -> anyhow::Result<Self> {
        let camera = settings.cameras.first().context("no camera")?;
        let playback = playback(settings, input, start)?;
        let loaded = network::load(&settings.network).map_err(|problems| anyhow::anyhow!("{problems}"))?;
        let tiles = TilesByCamera::from(tiles_of(&settings.cameras));
        let detector = detectors(settings, &loaded, &tiles)?.into_iter().next().context("no detector")?;
        let analyser = Analyser::new(&watch_of(camera), &detect_settings(settings, &loaded), detector);
        Ok(Self { playback, analyser, summary: Summary::default(), asked: Asked::default() })
    }

    /// Plays it to its end.
    pub(crate) fn run(mut self, outputs: &mut Outputs, progress: &mut Progress) -> anyhow::Result<Summary> {
        self.play(outputs, progress)?;
        self.end(outputs)
    }

    fn play(&mut self, outputs: &mut Outputs, progress: &mut Progress) -> anyhow::Result<()> {
        progress.begin(self.playback.duration());
        while let Some(frames) = self.playback.next(self.analyser.attention()) {
            for frame in frames {
                let level = self.playback.level();
                self.analyse(&frame, level, outputs)?;
            }
            progress.show(self.playback.position(), self.summary.pictures, self.summary.revisions);
            if self.asked.by().is_some() {
                self.playback.stop();
            }
        }
        Ok(())
    }

    /// Nothing comes any more.
    fn end(mut self, outputs: &mut Outputs) -> anyhow::Result<Summary> {
        outputs.take_passes(&self.analyser.finish())?;
        Ok(Summary {
            seconds: self.playback.position().as_secs_f64(),
            is_complete: self.playback.is_complete(),
            is_end_known: self.playback.is_end_known(),
            flaws: self.playback.flaws().to_vec(),
            ..self.summary
        })
    }

    fn analyse(
        &mut self,
        frame: &Frame,
        level: (Level, Reason),
        outputs: &mut Outputs,
    ) -> anyhow::Result<()> {
        let summary = &mut self.summary;
        match self.analyser.analyse(frame) {
            Ok(analysed) => {
                summary.pictures += 1;
                summary.relied_on += u64::from(analysed.is_relied_on);
                summary.revisions += analysed.events.len() as u64;
                let state = self.analyser.state();
                outputs.take(&Seen { frame, analysed: &analysed, state, level })?;
            }
            Err(error) => {
                summary.failed += 1;
                if summary.failed <= COMPLAINTS {
                    tracing::warn!(at = %frame.at, error = %Chain(&error), "a picture cannot be analysed");
                }
            }
        }
        Ok(())
    }
}

fn playback(settings: &EdgeSettings, input: &Path, start: Timestamp) -> anyhow::Result<Playback> {
    let camera = settings.cameras.first().context("no camera")?;
    let options = PlaybackOptions { start, reach: reach_of(settings), clock: SystemClock::shared() };
    Ok(Playback::open(input, camera, options)?)
}

fn with_network(mut settings: EdgeSettings, name: Option<&str>) -> EdgeSettings {
    let Some(name) = name else { return settings };
    settings.network = network::named(name);
    settings
}

/// Without a time of day schedules say nothing.
fn note_schedules(camera: &CameraSettings, start: Option<Timestamp>) {
    if has_schedule(camera) && start.is_none() {
        eprintln!(
            "note: zones, lines or groups have schedules, and without --start the file begins at 1970-01-01T00:00:00Z"
        );
    }
}

fn has_schedule(camera: &CameraSettings) -> bool {
    camera
        .zones
        .iter()
        .any(|zone| zone.schedule.is_some() || zone.permits.iter().any(|permit| permit.schedule.is_some()))
        || camera.lines.iter().any(|line| line.schedule.is_some())
        || camera.groups.iter().any(|group| group.schedule.is_some())
}

fn tell(input: &Path, summary: &Summary, took_s: f64) {
    for flaw in &summary.flaws {
        eprintln!("{}: {flaw}", input.display());
    }
    eprintln!(
        "{}: {:.1} s of video in {took_s:.1} s, {:.1} x real time; {} pictures analysed, the network asked for {}; {} revisions of events",
        input.display(),
        summary.seconds,
        summary.seconds / took_s.max(1e-3),
        summary.pictures,
        summary.pictures - summary.relied_on,
        summary.revisions
    );
    if summary.is_complete && !summary.is_end_known {
        eprintln!(
            "{}: was played to where it ends; files of its form do not tell whether that is where its recording ended",
            input.display()
        );
    }
    if summary.pictures == 1 && summary.seconds == 0.0 {
        eprintln!("{}: holds one picture, in which nothing can come to stand or leave", input.display());
    }
    if summary.failed > 0 {
        eprintln!("{}: {} pictures could not be analysed", input.display(), summary.failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = r#"
[edge]
id = "box"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1"
[[camera]]
id = "lot"
url = "rtsp://127.0.0.1/lot"
[[camera.zone]]
id = "b-1"
type = "bay"
polygon = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4], [0.1, 0.4]]
[[camera.zone]]
id = "b-2"
type = "bay"
polygon = [[0.4, 0.1], [0.6, 0.1], [0.6, 0.4], [0.4, 0.4]]
[[camera.group]]
id = "row"
bays = ["b-1", "b-2"]
"#;

    #[test]
    fn a_group_of_bays_may_have_a_schedule_too() {
        for (schedule, has_one) in [("", false), ("weekly = [\"mon-fri 08:00-18:00\"]\n", true)] {
            let file = tempfile::NamedTempFile::with_suffix(".toml").expect("a file");
            std::fs::write(file.path(), format!("{SITE}{schedule}")).expect("it is written");
            let settings = load_edge_offline(file.path()).unwrap_or_else(|error| panic!("{error:#}"));
            assert_eq!(has_schedule(&settings.cameras[0]), has_one);
        }
    }
}
