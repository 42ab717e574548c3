//! `gridwatch bench accuracy`.

use std::path::PathBuf;

use clap::Args;
use gridwatch_sim::{Condition, cache::PictureSize};

use super::models::InputSize;
use crate::accuracy_command::{Part, Rate};

#[derive(Debug, Args)]
pub(crate) struct AccuracyArguments {
    /// Scenes, parted by commas: shipped ones, or TOML files.
    #[arg(long, value_delimiter = ',', default_value = "acc-house,acc-lot,acc-gate,acc-side")]
    pub(crate) scenes: Vec<String>,
    /// Conditions, parted by commas: day, dusk, infrared, rain, snow, shake, low_bitrate, occlusion, infrared_switch, flicker. Default: all.
    #[arg(long, value_delimiter = ',')]
    pub(crate) conditions: Vec<Condition>,
    /// Pictures analysed a second, parted by commas: gated (as a configuration does that says nothing), 1 to 30, 0.5 (key pictures).
    #[arg(long, value_delimiter = ',', default_value = "gated,25,5,1,0.5")]
    pub(crate) rates: Vec<Rate>,
    /// Size of rendered pictures: 720p, 1080p, or pixels such as 640x360.
    #[arg(long, default_value = "720p")]
    pub(crate) size: AccuracySize,
    /// A shipped network, or a manifest. Default: the one that an edge box runs by default.
    #[arg(long)]
    pub(crate) network: Option<String>,
    /// Parts to leave out, parted by commas.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) skip: Vec<Part>,
    /// Hours that each quiet source is played for: rendered scenes, and each piece of real footage in which nothing may be found.
    #[arg(long, default_value_t = 12.0, value_parser = hours)]
    pub(crate) hours: f64,
    /// How long one may stand in real footage, in seconds, 1–3600: decides which stops are events.
    #[arg(long, default_value_t = 20.0, value_parser = super::score::limit)]
    pub(crate) limit_s: f64,
    /// Most pictures of what went wrong.
    #[arg(long, default_value_t = 40)]
    pub(crate) pictures: usize,
    /// Folder for accuracy.html, .json, .md and .svg, and for what is kept of each measurement.
    #[arg(long, default_value = "target/accuracy")]
    pub(crate) out: PathBuf,
    /// Writes the tables into accuracy.md of this folder, between their marks, and the heat maps into its images/.
    #[arg(long, value_name = "DIR")]
    pub(crate) docs: Option<PathBuf>,
    /// An earlier report's accuracy.json: what it has and this run does not measure is taken over from there.
    #[arg(long, value_name = "FILE")]
    pub(crate) onto: Option<PathBuf>,
    /// Folder of rendered scenes.
    #[arg(long, default_value = ".cache/scenes", env = "GRIDWATCH_CACHE")]
    pub(crate) cache: PathBuf,
}

impl AccuracyArguments {
    /// Those that are asked for, or all.
    pub(crate) fn conditions(&self) -> Vec<Condition> {
        if self.conditions.is_empty() { Condition::ALL.to_vec() } else { self.conditions.clone() }
    }
}

/// A size that can be rendered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AccuracySize(pub(crate) PictureSize);

impl std::str::FromStr for AccuracySize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected 720p, 1080p, or 64 to 3840 pixels a side, a multiple of 8 across, even down";
        match text {
            "720p" => return Ok(Self(PictureSize::HD)),
            "1080p" => return Ok(Self(PictureSize::FULL_HD)),
            _ => {}
        }
        let InputSize { width, height } = text.parse().map_err(|_| EXPECTED)?;
        let fits = |side: u32, of: u32| (64..=3840).contains(&side) && side.is_multiple_of(of);
        let size = PictureSize { width, height };
        if fits(width, 8) && fits(height, 2) { Ok(Self(size)) } else { Err(EXPECTED) }
    }
}

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok().filter(|hours| (0.001..=744.0).contains(hours));
    hours.ok_or_else(|| format!("{text:?}: expected hours, 0.001 to 744"))
}
