//! `gridwatch analyze`.

use std::path::PathBuf;

use clap::Args;
use gridwatch_domain::{CameraId, Timestamp};

use crate::drawing::words::Language;

/// Finds the events in a recorded file.
#[derive(Debug, Args)]
pub(crate) struct AnalyzeArguments {
    /// The configuration of the edge box; of it the camera, its zones and the network are used.
    #[arg(long, short)]
    pub(crate) config: PathBuf,
    /// The camera that the file is of. Default: the only one.
    #[arg(long)]
    pub(crate) camera: Option<CameraId>,
    /// The video file: H.264, H.265 or Motion JPEG in MP4, MKV, AVI, TS, or anything else that GStreamer decodes.
    #[arg(long, short)]
    pub(crate) input: PathBuf,
    /// When its first picture was taken, such as 2026-11-26T08:00:00+08:00. Schedules go by it. Default: 1970-01-01T00:00:00Z.
    #[arg(long)]
    pub(crate) start: Option<Timestamp>,
    /// A shipped network, or a manifest, in place of the configuration's.
    #[arg(long)]
    pub(crate) network: Option<String>,
    /// Where to write the events, one JSON object a line, as they travel to the center. Default: standard output.
    #[arg(long)]
    pub(crate) events: Option<PathBuf>,
    /// Where to write what was seen in each picture that was analysed, one JSON object a line: docs/analyze.md.
    #[arg(long)]
    pub(crate) observations: Option<PathBuf>,
    /// Where to write the near passes of parked vehicles, one JSON object a line: docs/near-passes.md.
    #[arg(long)]
    pub(crate) passes: Option<PathBuf>,
    /// Where to write a video (MP4, H.264) of the pictures that were analysed, with zones, boxes, places and events drawn in.
    #[arg(long)]
    pub(crate) render: Option<PathBuf>,
    /// In which language the video is labelled.
    #[arg(long, value_enum, default_value_t, requires = "render")]
    pub(crate) language: Language,
    /// Shows no progress.
    #[arg(long)]
    pub(crate) quiet: bool,
}
