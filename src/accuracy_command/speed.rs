//! How fast a quiet file is analysed, as `gridwatch analyze` does it.

use std::{fs, path::Path, time::Instant};

use anyhow::Context as _;
use gridwatch_config::parse_edge_offline;
use gridwatch_domain::Timestamp;
use gridwatch_sim::{Scene, cache::PictureSize, video};
use serde::{Deserialize, Serialize};

use super::{matrix::Video, runner::Chosen};
use crate::{
    analyze_command::{ResultFiles, analyze},
    simulate::video::edge_config,
};

const SCENE: &str = "quiet";
/// Of so many runs the middle one counts.
const RUNS: usize = 3;

/// How fast it goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Speed {
    pub(crate) scene: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Seconds of video.
    pub(crate) seconds: f64,
    /// How long each run took, from opening the file to the last line, in seconds.
    pub(crate) took_s: Vec<f64>,
    /// Seconds of video a second, of the middle run.
    pub(crate) times_real: f64,
    /// The machine's processor, and its cores.
    pub(crate) processor: String,
    pub(crate) cores: usize,
}

pub(super) fn measure(cache: &Path, network: &Chosen) -> anyhow::Result<Speed> {
    let size = PictureSize::FULL_HD;
    let scene = Scene::builtin(SCENE)?;
    let video = Video::write(&scene, SCENE, size, cache, video::write_mp4)?;
    let folder = video.file.parent().context("a file has a folder")?;
    let parsed = parse_edge_offline(&edge_config(&scene, SCENE, size)?, folder);
    let mut settings = parsed.map_err(|problems| anyhow::anyhow!("{problems}"))?;
    settings.network = network.settings.clone();
    let mut took_s = Vec::new();
    let mut seconds = scene.loop_s();
    for _ in 0..RUNS {
        let began = Instant::now();
        let summary = analyze(&settings, &video.file, Timestamp::UNIX_EPOCH, &ResultFiles::within(folder))?;
        seconds = summary.seconds;
        took_s.push(began.elapsed().as_secs_f64());
    }
    let mut sorted = took_s.clone();
    sorted.sort_by(f64::total_cmp);
    let (width, height) = (size.width, size.height);
    let times_real = seconds / sorted[RUNS / 2].max(1e-3);
    eprintln!("  {SCENE} at {width}x{height}: {times_real:.1} x real time");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let scene = SCENE.to_owned();
    Ok(Speed { scene, width, height, seconds, took_s, times_real, processor: processor(), cores })
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    named.map_or_else(|| "a processor that does not tell its name".to_owned(), |(_, name)| name.to_owned())
}
