//! `gridwatch bench`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{accuracy::AccuracyArguments, models::InputSize};
use crate::bench_command::{CodecName, Targets};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArguments {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    /// Scenes to measure, one after the other, parted by commas: quiet, busy, another shipped one, or TOML files.
    #[arg(long, value_delimiter = ',', default_value = "quiet,busy")]
    pub(crate) scenes: Vec<String>,
    /// What the cameras send.
    #[arg(long, default_value = "h264")]
    pub(crate) codec: CodecName,
    /// Picture size.
    #[arg(long, default_value = "1920x1080")]
    pub(crate) size: InputSize,
    /// Bits a second of each camera: 4M, 2500k.
    #[arg(long, default_value = "4M")]
    pub(crate) bitrate: Bitrate,
    /// Time between two key pictures: 2s, 0.5s.
    #[arg(long, default_value = "2s")]
    pub(crate) gop: Gop,
    /// A shipped network. Default: the one that an edge box runs by default.
    #[arg(long)]
    pub(crate) network: Option<String>,
    /// Cores for the pipeline; the simulated cameras get the others. Default: all, and the cameras share them.
    #[arg(long)]
    pub(crate) cores: Option<std::num::NonZeroU16>,
    /// Which pictures are decoded.
    #[arg(long, default_value = "adaptive")]
    pub(crate) decode: DecodeArgument,
    /// Seconds that each number of cameras is measured for.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    pub(crate) seconds: u32,
    /// Seconds from the last camera's first picture to the measurement. What a start costs is over after ten; what the cameras' usual
    /// noise is has been learnt after a minute, and they cost a tenth less.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(5..=3_600))]
    pub(crate) settle: u32,
    /// This number of cameras, without a search.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) cameras: Option<u32>,
    /// Most cameras to try.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) most: u32,
    /// Share of the result that it may be off by.
    #[arg(long, default_value = "0.08", value_parser = share)]
    pub(crate) precision: f64,
    /// What has to be reached, such as freshness=3,alert=0.5: freshness (seconds that a camera may go without a look beyond what is
    /// configured, 2), opened (seconds from a limit to its event, 2), recall (share of events found, 1), untrue (events that
    /// nothing is behind, 0), alert (seconds from event to broker, 95 %, 1), lost (share of pictures, 0.05), waiting (more
    /// in the outbox at the end, 5).
    #[arg(long, default_value = "freshness=2")]
    pub(crate) targets: Targets,
    /// Folder for bench.json and bench.html.
    #[arg(long, default_value = "bench")]
    pub(crate) out: PathBuf,
    /// Folder of rendered scenes.
    #[arg(long, default_value = ".cache/scenes", env = "GRIDWATCH_CACHE")]
    pub(crate) cache: PathBuf,
    /// Compares two bench.json instead: ratios of the second to the first.
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"])]
    pub(crate) compare: Vec<PathBuf>,
    /// With --compare: share by which a figure may be worse; beyond it the exit code is 1.
    #[arg(long, default_value_t = 0.1)]
    pub(crate) tolerance: f64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Finds how accurate gridwatch is: rendered scenes under every condition and at several rates, real footage, false alarms in quiet hours, speed;
    /// writes a report with pictures of what went wrong. What has been measured is kept: a run that is interrupted goes on.
    Accuracy(Box<AccuracyArguments>),
}

/// A share from a hundredth to a half.
fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse::<f64>().ok().filter(|share| (0.01..=0.5).contains(share));
    share.ok_or("expected a share from 0.01 to 0.5, such as 0.08")
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum BenchPart {
    /// Simulated cameras, broker, and what is behind it.
    Servers,
    /// The edge box.
    Pipeline,
}

/// Thousands of bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bitrate(pub(crate) u32);

impl std::str::FromStr for Bitrate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (number, factor) = match text.strip_suffix(['M', 'm']) {
            Some(number) => (number, 1000.0),
            None => (text.strip_suffix(['k', 'K']).unwrap_or(text), 1.0),
        };
        let kbit = number.parse::<f64>().ok().map(|number| number * factor);
        let kbit = kbit.filter(|kbit| (50.0..=50_000.0).contains(kbit));
        kbit.map(|kbit| Self(kbit.round() as u32)).ok_or("expected 50k to 50M, such as 4M or 2500k")
    }
}

/// Time between two key pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gop(f64);

impl Gop {
    /// At the 25 pictures a second of simulated cameras.
    pub(crate) fn pictures(self) -> u32 {
        (self.0 * 25.0).round() as u32
    }
}

impl std::str::FromStr for Gop {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok();
        let seconds = seconds.filter(|seconds| (0.04..=60.0).contains(seconds));
        seconds.map(Self).ok_or("expected 0.04s to 60s, such as 2s")
    }
}

/// As the key `decode` of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecodeArgument {
    /// Key pictures while something goes on, of these one from time to time while nothing does.
    Adaptive,
    /// Key pictures.
    Keyframes,
    /// All.
    Always,
}

impl DecodeArgument {
    /// As the configuration has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Keyframes => "keyframes",
            Self::Always => "always",
        }
    }
}
