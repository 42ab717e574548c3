//! One picture of a file: of a picture the picture, of a video the one at a time.

use std::{path::Path, sync::Arc, time::Duration};

use gridwatch_domain::{CameraId, Frame, Timestamp};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use super::{
    flaw::{self, PlaybackError},
    units,
};
use crate::{
    OfflineReason,
    diagnose::{self, Origin},
    planes::MappedNv12,
    stream::{self, COLOUR},
    tap::Note,
};

/// Longest wait for it.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(30);
const TICK: gst::ClockTime = gst::ClockTime::from_mseconds(20);

/// The picture that a file shows `at` so long after its beginning; what comes before it is not decoded where the file can be entered anywhere.
/// Blocks.
///
/// # Errors
/// As [`Playback::open`](crate::Playback::open); [`PlaybackError::Short`] where the file ends before.
pub fn picture_at(path: &Path, at: Duration, camera: &CameraId) -> Result<Frame, PlaybackError> {
    flaw::check_readable(path)?;
    gst::init().map_err(|error| PlaybackError::Setup(error.to_string()))?;
    let glimpse = Glimpse::create(path).map_err(|reason| PlaybackError::of(path, reason))?;
    glimpse.reach(gst::State::Paused).map_err(|error| without_video(path).unwrap_or(error))?;
    if at > Duration::ZERO {
        glimpse.go_to(at)?;
    }
    let sample = glimpse.picture(at)?;
    let planes = planes(&sample).map_err(|detail| glimpse.unreadable(detail))?;
    let (planes, size) = planes;
    Ok(Frame::new(camera.clone(), 0, Timestamp::UNIX_EPOCH.saturating_add(at), size, Arc::new(planes)))
}

/// What a file holds in which there is no video: of sound alone a decoder for pictures only says that it cannot be decoded.
fn without_video(path: &Path) -> Option<PlaybackError> {
    units::open(path, Vec::new()).err().filter(|error| matches!(error, PlaybackError::NoVideo { .. }))
}

/// filesrc → decodebin → videoconvert → appsink.
struct Glimpse<'a> {
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    sink: gst_app::AppSink,
    origin: Origin,
    path: &'a Path,
}

impl<'a> Glimpse<'a> {
    fn create(path: &'a Path) -> Result<Self, OfflineReason> {
        let [source, decode, convert] = ["filesrc", "decodebin", "videoconvert"].map(stream::element);
        let (source, decode, convert) = (source?, decode?, convert?);
        source.set_property("location", path);
        // Sound is neither decoded nor exposed.
        decode.set_property("caps", gst::Caps::builder("video/x-raw").any_features().build());
        decode.set_property("expose-all-streams", false);
        decode.set_property("force-sw-decoders", true);
        let caps = gst::Caps::builder("video/x-raw")
            .field("format", "NV12")
            .field("colorimetry", gst::List::new(COLOUR))
            .build();
        let sink = gst_app::AppSink::builder().caps(&caps).sync(false).max_buffers(1).build();
        let pipeline = gst::Pipeline::new();
        pipeline.add_many([&source, &decode, &convert, sink.upcast_ref()]).map_err(stream::setup)?;
        source.link(&decode).and_then(|()| convert.link(&sink)).map_err(stream::setup)?;
        let into = convert.static_pad("sink").ok_or_else(|| stream::setup("an element without pad"))?;
        decode.connect_pad_added(move |_, pad| {
            // The first video; what follows has no way out.
            if !into.is_linked() && pad.link(&into).is_err() {
                tracing::debug!("a stream of a file cannot be shown");
            }
        });
        let bus = pipeline.bus().ok_or_else(|| stream::setup("a pipeline without bus"))?;
        Ok(Self { pipeline, bus, sink, origin: Origin::File(path.to_owned()), path })
    }

    /// Waits until it is there, or for the reason why it never is.
    fn reach(&self, state: gst::State) -> Result<(), PlaybackError> {
        // Failures are told on the bus, with the reason.
        let begun = self.pipeline.set_state(state);
        let mut waited = gst::ClockTime::ZERO;
        loop {
            let (outcome, ..) = self.pipeline.state(TICK);
            self.complaint().map_or(Ok(()), Err)?;
            match outcome {
                Ok(gst::StateChangeSuccess::Success | gst::StateChangeSuccess::NoPreroll) => return Ok(()),
                Ok(gst::StateChangeSuccess::Async) => waited += TICK,
                Err(_) => return Err(self.unreadable("it cannot be played")),
            }
            if begun.is_err() || waited > PATIENCE {
                return Err(self.unreadable("it does not say what is in it"));
            }
        }
    }

    fn go_to(&self, at: Duration) -> Result<(), PlaybackError> {
        let at = gst::ClockTime::try_from(at).map_err(|_| self.short(at))?;
        // To the key picture before; from there on pictures are counted by their times. An accurate seek goes by how long each is shown, which
        // files of uneven pace do not say: it leaves out the picture before a long pause.
        let flags = gst::SeekFlags::FLUSH | gst::SeekFlags::KEY_UNIT | gst::SeekFlags::SNAP_BEFORE;
        if self.pipeline.seek_simple(flags, at).is_err() {
            let detail = "it can be played from its beginning only: leave out the time, or convert it to MP4";
            return Err(self.unreadable(detail));
        }
        self.reach(gst::State::Paused)
    }

    fn picture(&self, at: Duration) -> Result<gst::Sample, PlaybackError> {
        self.reach(gst::State::Playing)?;
        let mut shown: Option<gst::Sample> = None;
        loop {
            match self.sink.try_pull_sample(PATIENCE) {
                Some(next) if shown.is_some() && begins(&next) > at => {
                    return shown.ok_or_else(|| self.short(at));
                }
                // One that begins late is shown from the beginning.
                Some(next) if begins(&next) > at => return Ok(next),
                Some(next) => shown = Some(next),
                None if self.sink.is_eos() => {
                    let is_over = self.duration().is_some_and(|duration| at > duration);
                    return shown.filter(|_| !is_over).ok_or_else(|| self.short(at));
                }
                None => {
                    return Err(self
                        .complaint()
                        .unwrap_or_else(|| self.unreadable("no picture comes out of it")));
                }
            }
        }
    }

    fn duration(&self) -> Option<Duration> {
        self.pipeline.query_duration::<gst::ClockTime>().map(Duration::from)
    }

    fn complaint(&self) -> Option<PlaybackError> {
        while let Some(message) = self.bus.pop() {
            if let Some(Note::Failed(reason)) = diagnose::note(&message, &self.origin) {
                return Some(PlaybackError::of(self.path, reason));
            }
        }
        None
    }

    fn unreadable(&self, detail: &str) -> PlaybackError {
        PlaybackError::Unreadable { path: self.path.to_owned(), detail: detail.to_owned() }
    }

    fn short(&self, at: Duration) -> PlaybackError {
        PlaybackError::Short { path: self.path.to_owned(), at, duration: self.duration() }
    }
}

/// When a picture begins to be shown, from the beginning of its file; a picture that is no part of a video has always been.
fn begins(sample: &gst::Sample) -> Duration {
    let time = sample.buffer().and_then(|buffer| buffer.pts());
    let time = time.map(|pts| sample.segment().and_then(|segment| stream_time(segment, pts)).unwrap_or(pts));
    time.map_or(Duration::ZERO, Duration::from)
}

fn stream_time(segment: &gst::Segment, pts: gst::ClockTime) -> Option<gst::ClockTime> {
    segment.downcast_ref::<gst::ClockTime>()?.to_stream_time(pts)
}

impl Drop for Glimpse<'_> {
    fn drop(&mut self) {
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("a pipeline does not stop");
        }
    }
}

fn planes(sample: &gst::Sample) -> Result<(MappedNv12, (u32, u32)), &'static str> {
    let caps = sample.caps().ok_or("a picture without form")?;
    let form = gst_video::VideoInfo::from_caps(caps).map_err(|_| "a picture without form")?;
    let buffer = sample.buffer_owned().ok_or("a sample without picture")?;
    Ok((MappedNv12::map(buffer, &form)?, (form.width(), form.height())))
}
