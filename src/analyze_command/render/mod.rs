//! `gridwatch analyze --render`: a video of the pictures that were analysed, with what was seen and what was made of it.
//!
//! Each picture is shown at the time that it has in the file, and until the next one. Takes what the analysis gives, and gives nothing back.

mod events;
mod header;
mod objects;
mod trails;

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use gridwatch_alert::drawing::{Canvas, Labels};
use gridwatch_config::{CameraSettings, EdgeSettings};
use gridwatch_detect::{Analysed, CameraState};
use gridwatch_domain::{Frame, Timestamp};
use gridwatch_ingest::{Level, Reason, VideoError, VideoWriter};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use self::{
    events::OpenEvents,
    header::{HEAD, Header},
    objects::Objects,
    trails::Trails,
};
use crate::drawing::{self, WIDEST, colours, words::Language, zones::Watched};

/// Pictures that a video holds where nobody knows; with more of them it is read from its end.
const MANY: usize = 2000;

/// What one picture led to.
pub(crate) struct Seen<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) analysed: &'a Analysed,
    pub(crate) state: &'a CameraState,
    /// How much of the stream is decoded, and why.
    pub(crate) level: (Level, Reason),
}

/// Draws a video.
pub(crate) struct Renderer {
    video: VideoWriter,
    camera: CameraSettings,
    start: Timestamp,
    zone: TimeZone,
    language: Language,
    /// Pixels across and down of the first picture, with the strip above.
    size: Option<(u32, u32)>,
    labels: Labels,
    events: OpenEvents,
    trails: Trails,
}

impl Renderer {
    /// Of the settings' only camera. `start`: when the first picture was taken, where that is known.
    pub(crate) fn create(
        path: &Path,
        settings: &EdgeSettings,
        start: Option<Timestamp>,
        language: Language,
    ) -> anyhow::Result<Self> {
        let camera = settings.cameras.first().context("no camera")?.clone();
        let video = VideoWriter::create(path, MANY).context("--render")?;
        let empty = Canvas::filled(2, 2, colours::DARK).picture();
        // What is counted from 1970 is the time of no place.
        let zone = start.and_then(|_| TimeZoneDatabase::bundled().get(&settings.time_zone).ok());
        Ok(Self {
            video,
            camera,
            start: start.unwrap_or(Timestamp::UNIX_EPOCH),
            zone: zone.unwrap_or(TimeZone::UTC),
            language,
            size: None,
            labels: Labels::new(empty),
            events: OpenEvents::default(),
            trails: Trails::default(),
        })
    }

    /// Draws the next picture.
    pub(crate) fn take(&mut self, seen: &Seen<'_>) -> anyhow::Result<()> {
        let at = seen.frame.at;
        self.events.take(&seen.analysed.events, at);
        self.trails.take(seen.state.followed(), at);
        let canvas = self.draw(seen)?;
        let planes = canvas.to_nv12().context("draw a picture")?;
        let size = *self.size.get_or_insert((canvas.width(), canvas.height()));
        let shown = at.saturating_since(self.start);
        self.video.push(shown, &planes, size).context("--render")?;
        Ok(())
    }

    /// Completes the video, which goes on until `until`; false where there was no picture.
    pub(crate) fn finish(self, until: Duration) -> anyhow::Result<bool> {
        match self.video.finish(until) {
            Ok(_) => Ok(true),
            Err(VideoError::Empty) => Ok(false),
            Err(error) => Err(error).context("--render"),
        }
    }

    fn draw(&mut self, seen: &Seen<'_>) -> anyhow::Result<Canvas> {
        let picture = drawing::picture(seen.frame, WIDEST).context("draw a picture")?;
        // A stream may change its size; a video does not.
        let (width, height) = self.size.map_or_else(
            || (picture.width() & !1, picture.height() & !1),
            |(width, height)| (width, height - HEAD),
        );
        let mut canvas =
            picture.resized(width, height).context("draw a picture")?.with_head(HEAD, colours::DARK);
        let watched = Watched {
            camera: &self.camera,
            occupancy: seen.state.occupancy(),
            marked: self.events.zones(),
            captions: BTreeMap::new(),
        };
        watched.draw(&mut canvas);
        self.labels.begin(canvas.picture());
        let objects =
            Objects { state: seen.state, events: &self.events, at: seen.frame.at, language: self.language };
        self.trails.draw(&mut canvas, seen.frame.at);
        objects.draw(&mut canvas, &mut self.labels);
        objects.label(&mut canvas, &mut self.labels);
        watched.names(&mut canvas, &mut self.labels);
        objects.label_passing(&mut canvas, &mut self.labels);
        let header = Header {
            camera: &self.camera,
            events: &self.events,
            start: self.start,
            zone: &self.zone,
            language: self.language,
        };
        header.draw(&mut canvas, seen, &watched.occupancy);
        Ok(canvas)
    }
}
