//! The picture that is drawn on: of a file, of the camera itself, or none.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use gridwatch_alert::drawing::{Canvas, Colour};
use gridwatch_config::{Aspect, CameraSettings, SourceSettings};
use gridwatch_domain::Frame;
use gridwatch_ingest::picture_at;

use crate::{cli::DrawArguments, drawing, first_picture};

/// Widest picture that is drawn on: zones are drawn in it by hand.
const WIDEST: u32 = 1920;
/// Width of one that is made up.
const WIDTH: u32 = 1280;
/// Its colour: zones of every colour can be seen on it.
const NEUTRAL: Colour = Colour([72, 76, 80]);

/// What is drawn on.
pub(super) struct Background {
    pub(super) canvas: Canvas,
    /// Where it is from, for people.
    pub(super) told: String,
    /// Pixels across and down of the camera's own picture.
    pub(super) seen: Option<(u32, u32)>,
}

impl Background {
    /// As the command line asks.
    pub(super) fn choose(camera: &CameraSettings, arguments: &DrawArguments) -> anyhow::Result<Self> {
        let at = arguments.at.unwrap_or_default();
        if let Some(input) = &arguments.input {
            return Self::of_file(camera, input, at);
        }
        if arguments.live {
            return Self::of_frame(&first_picture::live(camera)?, "its picture of this moment".to_owned());
        }
        match (&camera.source, arguments.size) {
            (SourceSettings::File { path, .. }, None) => Self::of_file(camera, path, at),
            (_, size) => Ok(Self::grey(camera, size)),
        }
    }

    /// Of the camera's own file; where it has none, grey.
    pub(super) fn offline(camera: &CameraSettings) -> anyhow::Result<Self> {
        match &camera.source {
            SourceSettings::File { path, .. } => Self::of_file(camera, path, Duration::ZERO),
            _ => Ok(Self::grey(camera, None)),
        }
    }

    fn of_file(camera: &CameraSettings, path: &Path, at: Duration) -> anyhow::Result<Self> {
        let frame = picture_at(path, at, &camera.id)?;
        Self::of_frame(&frame, format!("{} at {:.1} s", path.display(), at.as_secs_f64()))
    }

    fn of_frame(frame: &Frame, told: String) -> anyhow::Result<Self> {
        let canvas = drawing::picture(frame, WIDEST).context("the picture cannot be drawn on")?;
        Ok(Self { canvas, told, seen: Some((frame.width, frame.height)) })
    }

    fn grey(camera: &CameraSettings, size: Option<Aspect>) -> Self {
        let aspect = size.or(camera.aspect);
        let (width, height) = aspect.unwrap_or(Aspect::USUAL).size(WIDTH);
        let shape = aspect.map_or_else(|| "taken for 16:9".to_owned(), |aspect| aspect.to_string());
        let told = format!("grey, {shape}; --input FILE or --live shows its picture");
        Self { canvas: Canvas::filled(width, height, NEUTRAL), told, seen: None }
    }
}
