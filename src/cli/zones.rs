//! `gridwatch zones`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use gridwatch_config::Aspect;
use gridwatch_domain::CameraId;

use crate::drawing::words::Language;

#[derive(Debug, Subcommand)]
pub(crate) enum ZonesCommand {
    /// Draws what is watched into a picture of a camera: zones, lines, groups and ground, with names, limits and what `config check` warns of.
    Draw(DrawArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DrawArguments {
    /// The configuration of the edge box.
    #[arg(long, short)]
    pub(crate) config: PathBuf,
    /// The camera. Default: the only one.
    #[arg(long)]
    pub(crate) camera: Option<CameraId>,
    /// A picture or video file of the camera. Default: the camera's own file, if it has one; else it is drawn on grey.
    #[arg(long, short, conflicts_with_all = ["live", "size"])]
    pub(crate) input: Option<PathBuf>,
    /// Asks the camera itself for a picture.
    #[arg(long, conflicts_with = "size")]
    pub(crate) live: bool,
    /// Seconds from the beginning of the video. Default: its first picture.
    #[arg(long, value_parser = seconds, conflicts_with_all = ["live", "size"])]
    pub(crate) at: Option<Duration>,
    /// Draws on grey, with the shape of a picture of this size, such as 1920x1080. Default: the camera's aspect.
    #[arg(long)]
    pub(crate) size: Option<Aspect>,
    /// Where to write it: .png or .jpg.
    #[arg(long, short)]
    pub(crate) out: PathBuf,
    /// In which language it is labelled.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) language: Language,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| format!("{text:?}: expected seconds, such as 12.5"))?;
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{text:?}: expected 0 or more seconds"))
}
