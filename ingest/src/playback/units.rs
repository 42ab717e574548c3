//! The encoded pictures of a file, one by one.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use gridwatch_domain::Timestamp;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use super::flaw::{self, FileFlaw, PlaybackError};
use crate::{
    AccessUnit, Codec,
    bitstream::{self, Entry},
    diagnose::{self, Origin},
    stream,
    tap::Note,
};

/// Longest wait for a file to say what is in it, and for its next picture.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(30);
/// Encoded pictures that may wait: GStreamer reads ahead on threads of its own.
const READ_AHEAD: u32 = 32;
/// Pictures a second of a file that says nothing of time.
const USUAL_FPS: u32 = 25;
/// Between two pictures that follow each other; a longer time is a leap.
const LONGEST_STEP: Duration = Duration::from_secs(10);
/// Pictures are sent out of order by no more than this; more is a step back.
const OUT_OF_ORDER: Duration = Duration::from_secs(2);

/// What is in a file.
pub(super) enum Units {
    /// Pictures of a form that is taken one by one.
    Some(UnitFile),
    /// Video of another form.
    None {
        /// How long it says it is.
        duration: Option<Duration>,
    },
}

impl Units {
    pub(super) fn duration(&self) -> Option<Duration> {
        match self {
            Self::Some(file) => file.duration,
            Self::None { duration } => *duration,
        }
    }
}

/// A file that is read encoded picture by encoded picture.
pub(super) struct UnitFile {
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    sink: gst_app::AppSink,
    codec: Codec,
    duration: Option<Duration>,
    origin: Origin,
    times: Times,
    seq: u64,
}

/// What a pad that appears carries.
enum Found {
    Video(gst::Pad, Codec),
    OtherVideo,
    NoVideo(String),
}

/// Looks into a file.
pub(super) fn open(path: &Path) -> Result<Units, PlaybackError> {
    let setup = |error: &dyn std::fmt::Display| PlaybackError::Setup(error.to_string());
    gst::init().map_err(|error| setup(&error))?;
    let element = |factory: &str| stream::element(factory).map_err(|reason| PlaybackError::of(path, reason));
    let pipeline = gst::Pipeline::new();
    let (source, parse) = (element("filesrc")?, element("parsebin")?);
    source.set_property("location", path);
    pipeline.add_many([&source, &parse]).map_err(|error| setup(&error))?;
    source.link(&parse).map_err(|error| setup(&error))?;
    let (pads_tx, pads) = std::sync::mpsc::sync_channel(64);
    parse.connect_pad_added({
        let pads = pads_tx.clone();
        move |_, pad| {
            if pads.try_send(Some(pad.clone())).is_err() {
                tracing::trace!("one of very many streams, behind the first ones");
            }
        }
    });
    parse.connect_no_more_pads(move |_| {
        if pads_tx.try_send(None).is_err() {
            tracing::trace!("there are very many streams");
        }
    });
    let origin = Origin::File(path.to_owned());
    let bus = pipeline.bus().ok_or_else(|| PlaybackError::Setup("a pipeline without bus".to_owned()))?;
    let mut opening = Opening { pipeline: Some(pipeline), bus, origin, path };
    opening.start();
    match opening.look(&pads)? {
        Found::Video(pad, codec) => opening.take(&pad, codec).map(Units::Some),
        Found::OtherVideo => Ok(Units::None { duration: opening.duration() }),
        Found::NoVideo(found) => Err(PlaybackError::NoVideo { path: path.to_owned(), found }),
    }
}

/// A pipeline that is taken down where nothing comes of it.
struct Opening<'a> {
    /// Until something is taken from it.
    pipeline: Option<gst::Pipeline>,
    bus: gst::Bus,
    origin: Origin,
    path: &'a Path,
}

impl Opening<'_> {
    fn start(&self) {
        // Failures are told on the bus, with the reason.
        if self.pipeline.as_ref().is_some_and(|pipeline| pipeline.set_state(gst::State::Paused).is_err()) {
            tracing::debug!("a pipeline does not start");
        }
    }

    /// The first video in it.
    fn look(&self, pads: &std::sync::mpsc::Receiver<Option<gst::Pad>>) -> Result<Found, PlaybackError> {
        const TICK: Duration = Duration::from_millis(20);
        let mut others = Vec::new();
        let mut waited = Duration::ZERO;
        loop {
            match pads.recv_timeout(TICK) {
                Ok(Some(pad)) => match found(&pad) {
                    Found::NoVideo(name) => others.push(name),
                    video => return Ok(video),
                },
                Ok(None) => return Ok(Found::NoVideo(others.join(", "))),
                Err(_) => waited += TICK,
            }
            if let Some(error) = self.error() {
                return Err(error);
            }
            if waited >= PATIENCE.into() {
                let detail = "it does not say what is in it".to_owned();
                return Err(PlaybackError::Unreadable { path: self.path.to_owned(), detail });
            }
        }
    }

    fn error(&self) -> Option<PlaybackError> {
        while let Some(message) = self.bus.pop() {
            match diagnose::note(&message, &self.origin) {
                Some(Note::Failed(reason)) => return Some(PlaybackError::of(self.path, reason)),
                Some(Note::End) => {
                    let found = "nothing at all".to_owned();
                    return Some(PlaybackError::NoVideo { path: self.path.to_owned(), found });
                }
                _ => {}
            }
        }
        None
    }

    fn duration(&self) -> Option<Duration> {
        let duration = self.pipeline.as_ref()?.query_duration::<gst::ClockTime>()?;
        Some(Duration::from(duration)).filter(|duration| !duration.is_zero())
    }

    fn take(&mut self, pad: &gst::Pad, codec: Codec) -> Result<UnitFile, PlaybackError> {
        let setup = |error: &dyn std::fmt::Display| PlaybackError::Setup(error.to_string());
        let pipeline = self.pipeline.clone().ok_or_else(|| setup(&"it has been taken"))?;
        let (parser, caps) = match codec {
            Codec::H264 => ("h264parse", byte_stream("video/x-h264")),
            Codec::H265 => ("h265parse", byte_stream("video/x-h265")),
            Codec::Jpeg => ("jpegparse", gst::Caps::builder("image/jpeg").build()),
        };
        let parser = stream::element(parser).map_err(|reason| PlaybackError::of(self.path, reason))?;
        if codec != Codec::Jpeg {
            // Decoding can begin with each key picture: its parameter sets go with it.
            parser.set_property("config-interval", -1_i32);
        }
        let sink = gst_app::AppSink::builder().caps(&caps).sync(false).max_buffers(READ_AHEAD).build();
        let chain = [&parser, sink.upcast_ref::<gst::Element>()];
        pipeline.add_many(chain).map_err(|error| setup(&error))?;
        gst::Element::link_many(chain).map_err(|error| setup(&error))?;
        let into = parser.static_pad("sink").ok_or_else(|| setup(&"an element without pad"))?;
        for element in chain {
            element.sync_state_with_parent().map_err(|error| setup(&error))?;
        }
        pad.link(&into).map_err(|error| setup(&format!("{error:?}")))?;
        if pipeline.set_state(gst::State::Playing).is_err() {
            return Err(self.error().unwrap_or_else(|| setup(&"a pipeline does not start")));
        }
        let duration = self.duration();
        let (bus, origin) = (self.bus.clone(), self.origin.clone());
        self.pipeline = None;
        Ok(UnitFile { pipeline, bus, sink, codec, duration, origin, times: Times::default(), seq: 0 })
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        let is_left = |pipeline: &gst::Pipeline| pipeline.set_state(gst::State::Null).is_err();
        if self.pipeline.as_ref().is_some_and(is_left) {
            tracing::warn!("a pipeline does not stop");
        }
    }
}

fn byte_stream(name: &str) -> gst::Caps {
    gst::Caps::builder(name).field("stream-format", "byte-stream").field("alignment", "au").build()
}

fn found(pad: &gst::Pad) -> Found {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let name = caps.structure(0).map(|form| form.name().to_string()).unwrap_or_default();
    match name.as_str() {
        "video/x-h264" => Found::Video(pad.clone(), Codec::H264),
        "video/x-h265" => Found::Video(pad.clone(), Codec::H265),
        "image/jpeg" => Found::Video(pad.clone(), Codec::Jpeg),
        other if other.starts_with("video/") || other.starts_with("image/") => Found::OtherVideo,
        _ => Found::NoVideo(name),
    }
}

impl UnitFile {
    /// The next encoded picture, in the order in which they are decoded; `None` at the end, with a flaw where that is none.
    pub(super) fn next(&mut self, start: Timestamp, flaws: &mut Vec<FileFlaw>) -> Option<AccessUnit> {
        loop {
            let Some(sample) = self.sink.try_pull_sample(PATIENCE) else {
                self.note_end(flaws);
                return None;
            };
            let segment = sample.segment().and_then(|segment| segment.downcast_ref::<gst::ClockTime>().cloned());
            let Some(buffer) = sample.buffer_owned() else { continue };
            let pts = buffer.pts();
            // Of what lies before the file's beginning, as edit lists say, the time is that of the beginning.
            let shown = segment.and_then(|segment| segment.to_running_time(pts)).or(pts);
            let length = buffer.duration().map(Into::into);
            let Ok(bytes) = buffer.into_mapped_buffer_readable() else { continue };
            let bytes = Bytes::copy_from_slice(&bytes);
            if bytes.is_empty() {
                continue;
            }
            let is_key = bitstream::entry(self.codec, &bytes) == Entry::Key;
            let time = self.times.place(shown.map(Into::into), length, is_key, flaws);
            self.seq += 1;
            return Some(AccessUnit {
                seq: self.seq,
                bytes,
                codec: self.codec,
                is_key,
                time,
                at: start.saturating_add(time),
                after_loss: false,
            });
        }
    }

    fn note_end(&self, flaws: &mut Vec<FileFlaw>) {
        let failure = std::iter::from_fn(|| self.bus.pop()).find_map(|message| {
            match diagnose::note(&message, &self.origin) {
                Some(Note::Failed(reason)) => Some(reason.to_string()),
                _ => None,
            }
        });
        let hangs = (!self.sink.is_eos()).then(|| "nothing more can be read of it".to_owned());
        if let Some(why) = failure.or(hangs) {
            let at = self.times.newest.unwrap_or_default();
            flaw::push(flaws, FileFlaw::BreaksOff { at, of: self.duration, why: Some(why) });
        }
    }
}

impl Drop for UnitFile {
    fn drop(&mut self) {
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("a pipeline does not stop");
        }
    }
}

/// Makes times of those in a file: from its first picture on, and never back by more than pictures are out of order. Pure.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Time of the first picture.
    first: Option<Duration>,
    /// What has been added to go on after steps back.
    added: Duration,
    newest: Option<Duration>,
    is_told: bool,
}

impl Times {
    /// The time of the next picture; `shown`: what the file says, `length`: how long it is shown.
    pub(super) fn place(
        &mut self,
        shown: Option<Duration>,
        length: Option<Duration>,
        is_key: bool,
        flaws: &mut Vec<FileFlaw>,
    ) -> Duration {
        let usual = Duration::from_secs(1) / USUAL_FPS;
        let step = length.filter(|length| !length.is_zero()).unwrap_or(usual);
        let Some(shown) = shown else {
            if !std::mem::replace(&mut self.is_told, true) {
                flaw::push(flaws, FileFlaw::NoTimes { fps: USUAL_FPS });
            }
            let time = self.newest.map_or(Duration::ZERO, |newest| newest + step);
            self.newest = Some(time);
            return time;
        };
        let first = *self.first.get_or_insert(shown);
        // Pictures that refer to later ones may be shown before the first that is sent.
        let mut time = (shown + self.added).saturating_sub(first);
        if let Some(newest) = self.newest {
            if time + OUT_OF_ORDER < newest && is_key {
                let by = newest.saturating_sub(time);
                flaw::push(flaws, FileFlaw::StepsBack { at: newest, by });
                self.added += by + step;
                time = newest + step;
            } else if time > newest + LONGEST_STEP {
                flaw::push(flaws, FileFlaw::Leaps { at: newest, by: time - newest });
            }
        }
        self.newest = self.newest.max(Some(time));
        time
    }
}
