//! The encoded pictures of a file, one by one.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use bytes::Bytes;
use gridwatch_domain::Timestamp;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use super::{
    container::Reading,
    flaw::{self, FileFlaw, PlaybackError},
    times::{Times, signed},
};
use crate::{
    AccessUnit, Codec, OfflineReason,
    bitstream::{self, Entry},
    diagnose::{self, Origin},
    stream,
    tap::Note,
};

/// Longest wait for a file to say what is in it, and for its next picture.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(30);
/// Streams of a file that are looked at.
const MOST_STREAMS: usize = 64;
/// Encoded pictures that may wait: GStreamer reads ahead on threads of its own.
const READ_AHEAD: u32 = 32;

/// What is in a file.
pub(super) enum Units {
    /// Pictures of a form that is taken one by one.
    Some(Box<UnitFile>),
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
    /// Of the pictures that it begins with, where GStreamer tells no time below zero.
    before_zero: VecDeque<i64>,
    seq: u64,
}

/// What appears in a file.
enum Found {
    /// Video of a form that is taken one by one, and where it comes out.
    Units(Codec, gst_app::AppSink),
    OtherVideo,
    NoVideo(String),
    /// That is all.
    Complete,
    Failed(OfflineReason),
}

/// Has some bytes of a file read otherwise than they are written.
fn read_otherwise(source: &gst::Element, readings: Vec<Reading>) -> Result<(), OfflineReason> {
    let pad = source.static_pad("src").ok_or_else(|| stream::setup("an element without pad"))?;
    if readings.is_empty() {
        return Ok(());
    }
    let bytes: Vec<(u64, u8)> =
        readings.into_iter().flat_map(|Reading { at, bytes }| (at..).zip(bytes)).collect();
    let any_way = gst::PadProbeType::PULL | gst::PadProbeType::PUSH | gst::PadProbeType::BUFFER;
    pad.add_probe(any_way, move |_, info| {
        if let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data {
            let (from, length) = (buffer.offset(), buffer.size() as u64);
            let index = |at: u64| at.checked_sub(from).filter(|index| *index < length);
            let mut within = bytes.iter().filter_map(|(at, byte)| Some((index(*at)?, *byte))).peekable();
            if within.peek().is_some()
                && let Ok(mut read) = buffer.make_mut().map_writable()
            {
                within.for_each(|(index, byte)| read[index as usize] = byte);
            }
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

/// Looks into a file; `readings`: what of it is to be read otherwise than it is written.
pub(super) fn open(path: &Path, readings: Vec<Reading>) -> Result<Units, PlaybackError> {
    let failed = |reason| PlaybackError::of(path, reason);
    let setup = |error: &dyn std::fmt::Display| PlaybackError::Setup(error.to_string());
    gst::init().map_err(|error| setup(&error))?;
    let pipeline = gst::Pipeline::new();
    let (source, parse) =
        (stream::element("filesrc").map_err(failed)?, stream::element("parsebin").map_err(failed)?);
    source.set_property("location", path);
    read_otherwise(&source, readings).map_err(failed)?;
    pipeline.add_many([&source, &parse]).map_err(|error| setup(&error))?;
    source.link(&parse).map_err(|error| setup(&error))?;
    let (found_tx, found) = mpsc::sync_channel(MOST_STREAMS);
    parse.connect_pad_added({
        let (found, pipeline, has_one) = (found_tx.clone(), pipeline.downgrade(), AtomicBool::new(false));
        move |_, pad| {
            let Some(pipeline) = pipeline.upgrade() else { return };
            // The first video; files with several are rare, and the first is the main one. Linked here: what a pad without a peer is
            // given is an error.
            let what = look_at(pad, &pipeline, &has_one).unwrap_or_else(Found::Failed);
            if found.try_send(what).is_err() {
                tracing::trace!("one of very many streams, behind the first ones");
            }
        }
    });
    parse.connect_no_more_pads(move |_| {
        if found_tx.try_send(Found::Complete).is_err() {
            tracing::trace!("there are very many streams");
        }
    });
    let origin = Origin::File(path.to_owned());
    let bus = pipeline.bus().ok_or_else(|| setup(&"a pipeline without bus"))?;
    let opening = Opening { pipeline, bus, origin, path };
    opening.start(gst::State::Paused);
    opening.look(&found)
}

/// What a pad carries; video of a form that is taken one by one gets a way out.
fn look_at(pad: &gst::Pad, pipeline: &gst::Pipeline, has_one: &AtomicBool) -> Result<Found, OfflineReason> {
    let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
    let name = caps.structure(0).map(|form| form.name().to_string()).unwrap_or_default();
    let codec = match name.as_str() {
        "video/x-h264" => Codec::H264,
        "video/x-h265" => Codec::H265,
        "image/jpeg" => Codec::Jpeg,
        other if other.starts_with("video/") || other.starts_with("image/") => return Ok(Found::OtherVideo),
        _ => return Ok(Found::NoVideo(name)),
    };
    if has_one.swap(true, Ordering::AcqRel) {
        return Ok(Found::NoVideo(name));
    }
    let (parser, caps) = match codec {
        Codec::H264 => ("h264parse", byte_stream("video/x-h264")),
        Codec::H265 => ("h265parse", byte_stream("video/x-h265")),
        Codec::Jpeg => ("jpegparse", gst::Caps::builder("image/jpeg").build()),
    };
    let parser = stream::element(parser)?;
    if codec != Codec::Jpeg {
        // Decoding can begin with each key picture: its parameter sets go with it.
        parser.set_property("config-interval", -1_i32);
    }
    let sink = gst_app::AppSink::builder().caps(&caps).sync(false).max_buffers(READ_AHEAD).build();
    keep_what_comes_first(sink.upcast_ref())?;
    let chain = [&parser, sink.upcast_ref::<gst::Element>()];
    pipeline.add_many(chain).map_err(stream::setup)?;
    gst::Element::link_many(chain).map_err(stream::setup)?;
    for element in chain {
        element.sync_state_with_parent().map_err(stream::setup)?;
    }
    let into = parser.static_pad("sink").ok_or_else(|| stream::setup("an element without pad"))?;
    pad.link(&into).map_err(|error| stream::setup(format!("{error:?}")))?;
    Ok(Found::Units(codec, sink))
}

/// A sink leaves out what lies before the beginning that an edit list sets, key pictures that all else refers to among it. Here it takes the
/// segment that a file begins with from zero on; where it begins is said as its `time`, which nothing else asks for.
fn keep_what_comes_first(sink: &gst::Element) -> Result<(), OfflineReason> {
    let pad = sink.static_pad("sink").ok_or_else(|| stream::setup("an element without pad"))?;
    let begins = OnceLock::new();
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
        if let Some(gst::PadProbeData::Event(event)) = &mut info.data
            && let gst::EventView::Segment(told) = event.view()
            && let Some(segment) = told.segment().downcast_ref::<gst::ClockTime>()
        {
            let mut segment = segment.clone();
            let begin = segment.start();
            let is_first = *begins.get_or_init(|| (begin, segment.base())) == (begin, segment.base());
            segment.set_time(begin);
            if is_first {
                segment.set_start(gst::ClockTime::ZERO);
            }
            *event = gst::event::Segment::builder(&segment).seqnum(event.seqnum()).build();
        }
        gst::PadProbeReturn::Ok
    });
    Ok(())
}

/// What a file holds besides is told at once, or never: who nothing more is heard of for so long holds nothing more.
const SETTLED: Duration = Duration::from_secs(5);

/// A pipeline that is taken down where nothing comes of it.
struct Opening<'a> {
    pipeline: gst::Pipeline,
    bus: gst::Bus,
    origin: Origin,
    path: &'a Path,
}

impl Opening<'_> {
    /// Failures are told on the bus, with the reason.
    fn start(&self, state: gst::State) {
        if self.pipeline.set_state(state).is_err() {
            tracing::debug!("a pipeline does not start");
        }
    }

    /// Waits for the first video in it.
    fn look(self, found: &mpsc::Receiver<Found>) -> Result<Units, PlaybackError> {
        const TICK: Duration = Duration::from_millis(20);
        let mut others = Vec::new();
        let mut waited = Duration::ZERO;
        let outcome = loop {
            match found.recv_timeout(TICK) {
                Ok(Found::Units(codec, sink)) => return Ok(Units::Some(Box::new(self.take(codec, sink)))),
                Ok(Found::OtherVideo) => break Ok(Units::None { duration: duration_of(&self.pipeline) }),
                Ok(Found::NoVideo(name)) => others.push(name),
                Ok(Found::Complete) => {
                    let found = others.join(", ");
                    break Err(PlaybackError::NoVideo { path: self.path.to_owned(), found });
                }
                Ok(Found::Failed(reason)) => break Err(PlaybackError::of(self.path, reason)),
                Err(_) => {
                    waited += TICK;
                    flaw::tell_waiting(self.path, waited, TICK, PATIENCE.into());
                }
            }
            if let Some(error) = self.error() {
                // What nobody takes is an error to GStreamer: sound alone ends so.
                let rest = found.try_iter().filter_map(|found| match found {
                    Found::NoVideo(name) => Some(name),
                    _ => None,
                });
                others.extend(rest);
                let found = others.join(", ");
                let path = self.path.to_owned();
                break Err(if found.is_empty() { error } else { PlaybackError::NoVideo { path, found } });
            }
            if !others.is_empty() && waited >= SETTLED {
                let found = others.join(", ");
                break Err(PlaybackError::NoVideo { path: self.path.to_owned(), found });
            }
            if waited >= PATIENCE.into() {
                let detail = "it does not say what is in it".to_owned();
                break Err(PlaybackError::Unreadable { path: self.path.to_owned(), detail });
            }
        };
        self.start(gst::State::Null);
        outcome
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

    fn take(self, codec: Codec, sink: gst_app::AppSink) -> UnitFile {
        self.start(gst::State::Playing);
        let duration = duration_of(&self.pipeline);
        let Self { pipeline, bus, origin, .. } = self;
        let (times, before_zero) = (Times::default(), VecDeque::new());
        UnitFile { pipeline, bus, sink, codec, duration, origin, times, before_zero, seq: 0 }
    }
}

fn duration_of(pipeline: &gst::Pipeline) -> Option<Duration> {
    let duration = pipeline.query_duration::<gst::ClockTime>()?;
    Some(Duration::from(duration)).filter(|duration| !duration.is_zero())
}

/// In nanoseconds; before the beginning of its file, below zero. As [`keep_what_comes_first`] has segments.
fn time_in(segment: Option<&gst::FormattedSegment<gst::ClockTime>>, pts: gst::ClockTime) -> i64 {
    let nanos = |time: Option<gst::ClockTime>| time.map_or(0, |time| signed(time.into()));
    let (begin, base) = segment.map_or((0, 0), |segment| (nanos(segment.time()), nanos(segment.base())));
    signed(pts.into()).saturating_sub(begin).saturating_add(base)
}

fn byte_stream(name: &str) -> gst::Caps {
    gst::Caps::builder(name).field("stream-format", "byte-stream").field("alignment", "au").build()
}

impl UnitFile {
    /// The file's own times, in nanoseconds, of the pictures that it begins with.
    pub(super) fn begin_with(&mut self, times: Vec<i64>) {
        self.before_zero = times.into();
    }

    /// The latest time so far.
    pub(super) fn newest(&self) -> Duration {
        self.times.newest()
    }

    /// How much shorter it is than it says, for leaps that were taken out.
    pub(super) fn taken_out(&self) -> Duration {
        self.times.taken_out()
    }

    /// The next encoded picture, in the order in which they are decoded; `None` at the end, with a flaw where that is none.
    pub(super) fn next(&mut self, start: Timestamp, flaws: &mut Vec<FileFlaw>) -> Option<AccessUnit> {
        loop {
            let Some(sample) = self.sink.try_pull_sample(PATIENCE) else {
                self.note_end(flaws);
                return None;
            };
            let segment =
                sample.segment().and_then(|segment| segment.downcast_ref::<gst::ClockTime>().cloned());
            let Some(buffer) = sample.buffer_owned() else { continue };
            let pts = buffer.pts();
            // What lies before the file's zero, as edit lists say or numbers below it, was taken before it.
            let shown = self.before_zero.pop_front().or_else(|| Some(time_in(segment.as_ref(), pts?)));
            let length = buffer.duration().map(Into::into);
            let Ok(bytes) = buffer.into_mapped_buffer_readable() else { continue };
            let bytes = Bytes::copy_from_slice(&bytes);
            if bytes.is_empty() {
                continue;
            }
            let is_key = bitstream::entry(self.codec, &bytes) == Entry::Key;
            let time = self.times.place(shown, length, is_key, flaws);
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
            let at = self.times.newest();
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
