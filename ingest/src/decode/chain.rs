//! A decoder that is called, not run: encoded pictures in, decoded pictures out, on the caller's thread.
//!
//! GStreamer's decoder and converter stand between two pads of our own, without a pipeline, a clock or threads. So one decoder
//! serves many cameras in turns, and costs nothing while none of them asks.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use gstreamer as gst;
use gstreamer::prelude::*;

use super::decoders::{Decoder, Decoders};
use crate::{AccessUnit, Codec, OfflineReason, stream};

/// How long a picture is shown, as the decoder sees it. Of no meaning.
const SHOWN: gst::ClockTime = gst::ClockTime::from_mseconds(40);
/// From what came before to the first picture of a stream, as the decoder sees it: pictures that are sent later and shown earlier come between.
const APART: gst::ClockTime = gst::ClockTime::from_seconds(60);
/// Name of all that passes.
const STREAM: &str = "gridwatch";
/// Pictures that a decoder may hold back, to put them into order; more than any form allows (16).
const MOST_HELD: usize = 64;

/// The form as GStreamer names it: whole pictures, with start codes where there are such.
fn form(codec: Codec) -> gst::Caps {
    let units = |name: &str| {
        let caps = gst::Caps::builder(name).field("stream-format", "byte-stream");
        caps.field("alignment", "au").build()
    };
    match codec {
        Codec::H264 => units("video/x-h264"),
        Codec::H265 => units("video/x-h265"),
        Codec::Jpeg => gst::Caps::builder("image/jpeg").build(),
    }
}

/// An encoded picture.
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) is_key: bool,
    /// What it is asked by.
    pub(crate) tag: u64,
    /// When it is shown, from any time on that is the same for all pictures up to the next time that the decoder is drained.
    pub(crate) time: Duration,
}

impl From<&AccessUnit> for Encoded {
    fn from(unit: &AccessUnit) -> Self {
        Self { bytes: unit.bytes.clone(), is_key: unit.is_key, tag: unit.seq, time: unit.time }
    }
}

/// A picture in NV12.
pub(crate) struct Decoded {
    /// What it was asked by.
    pub(crate) tag: u64,
    pub(crate) buffer: gst::Buffer,
    pub(crate) form: gst::Caps,
}

/// What came of the pictures that went in since it was last asked.
#[derive(Default)]
pub(crate) struct Outcome {
    /// In the order in which they are shown.
    pub(crate) pictures: Vec<Decoded>,
    /// Pictures that were decoded without damage, whether wanted or not.
    pub(crate) whole: u64,
    /// Pictures that were decoded with damage, of which none is in `pictures`.
    pub(crate) damaged: u64,
    /// What an element complained of.
    pub(crate) complaint: Option<String>,
}

/// A picture on its way through the decoder.
struct Pending {
    pts: gst::ClockTime,
    tag: u64,
    wanted: bool,
}

#[derive(Default)]
struct Shared {
    pending: VecDeque<Pending>,
    form: Option<gst::Caps>,
    outcome: Outcome,
}

/// A decoder between two pads.
pub(crate) struct Chain {
    into: gst::Pad,
    /// Kept: a pad without an owner is gone.
    out: gst::Pad,
    elements: Vec<gst::Element>,
    bus: gst::Bus,
    shared: Arc<Mutex<Shared>>,
    is_hardware: bool,
    clock: Clock,
    broken: bool,
}

/// Tells the decoder when each picture is shown, in the order in which they are decoded. Were they told in rising order, as if each were shown
/// when it is decoded, GStreamer would give the times of pictures that come out of order to others.
#[derive(Default)]
struct Clock {
    /// When the first picture since it was drained is shown: in its stream, and for the decoder.
    first: Option<(Duration, gst::ClockTime)>,
    highest: gst::ClockTime,
}

impl Clock {
    /// When the next picture is shown; no other that is still inside is shown then.
    fn place(&mut self, time: Duration, is_taken: impl Fn(gst::ClockTime) -> bool) -> gst::ClockTime {
        let (first, begins) = *self.first.get_or_insert((time, self.highest + APART));
        let nanoseconds =
            |time: Duration| gst::ClockTime::from_nseconds(u64::try_from(time.as_nanos()).unwrap_or(0));
        let later = begins + nanoseconds(time.saturating_sub(first));
        let mut place = later.saturating_sub(nanoseconds(first.saturating_sub(time)));
        while is_taken(place) {
            place += gst::ClockTime::NSECOND;
        }
        self.highest = self.highest.max(place);
        place
    }
}

impl Chain {
    /// Sets up the best decoder that there is.
    ///
    /// # Errors
    /// [`OfflineReason::UnsupportedCodec`] without a decoder for it, [`OfflineReason::Setup`] where GStreamer is not whole.
    pub(crate) fn new(codec: Codec, decoders: &Decoders) -> Result<Self, OfflineReason> {
        gst::init().map_err(stream::setup)?;
        let mut failure = None;
        for decoder in decoders.of(codec) {
            if gst::ElementFactory::find(decoder.element).is_none() {
                continue;
            }
            match Self::of(codec, decoder) {
                Ok(chain) => return Ok(chain),
                // A box decodes so many streams in hardware, and no more.
                Err(reason) => failure = failure.or(Some(reason)),
            }
        }
        Err(failure.unwrap_or_else(|| OfflineReason::UnsupportedCodec { codec: format!("{codec:?}") }))
    }

    /// Sets up this decoder.
    pub(crate) fn of(codec: Codec, decoder: Decoder) -> Result<Self, OfflineReason> {
        gst::init().map_err(stream::setup)?;
        let Decoder { element, is_hardware } = decoder;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let decoder = stream::element(element)?;
        crate::rtsp::one_thread(&decoder);
        let convert = stream::element("videoconvert")?;
        convert.set_property("n-threads", 1_u32);
        // Hardware wants to know more of a picture than software does: profile and size.
        let parse = match codec {
            Codec::H264 => "h264parse",
            Codec::H265 => "h265parse",
            Codec::Jpeg => "jpegparse",
        };
        let parse = is_hardware.then(|| stream::element(parse)).transpose()?;
        let behind_parse = usize::from(parse.is_some());
        let elements: Vec<gst::Element> = parse.into_iter().chain([decoder, convert]).collect();
        let bus = gst::Bus::new();
        let missing = || stream::setup("an element without pad");
        let pad = |element: &gst::Element, name| element.static_pad(name).ok_or_else(missing);

        watch(&pad(&elements[behind_parse], "src")?, &shared);
        let into = gst::Pad::builder(gst::PadDirection::Src).name("into").build();
        let out = collector(&shared);
        let linked = |error: gst::PadLinkError| stream::setup(format!("{error:?}"));
        into.link(&pad(&elements[0], "sink")?).map_err(linked)?;
        gst::Element::link_many(&elements).map_err(stream::setup)?;
        pad(&elements[behind_parse + 1], "src")?.link(&out).map_err(linked)?;
        out.set_active(true).map_err(stream::setup)?;
        for element in &elements {
            element.set_bus(Some(&bus));
            element.set_state(gst::State::Playing).map_err(stream::setup)?;
        }
        into.set_active(true).map_err(stream::setup)?;
        let begin = [
            gst::event::StreamStart::builder(STREAM).build(),
            gst::event::Caps::new(&form(codec)),
            gst::event::Segment::new(&gst::FormattedSegment::<gst::ClockTime>::new()),
        ];
        if !begin.into_iter().all(|event| into.push_event(event)) {
            return Err(stream::setup("a decoder does not take its form"));
        }
        Ok(Self { into, out, elements, bus, shared, is_hardware, clock: Clock::default(), broken: false })
    }

    /// Puts a picture in. It comes out under its tag, at once or after pictures that come after it; it is converted only if
    /// `wanted`.
    pub(crate) fn push(&mut self, picture: Encoded, wanted: bool) {
        let Encoded { bytes, is_key, tag, time } = picture;
        let pts = {
            let mut shared = lock(&self.shared);
            if shared.pending.len() == MOST_HELD {
                shared.pending.pop_front();
            }
            let pts = self.clock.place(time, |place| shared.pending.iter().any(|one| one.pts == place));
            shared.pending.push_back(Pending { pts, tag, wanted });
            pts
        };
        let mut buffer = gst::Buffer::from_slice(bytes);
        if let Some(fields) = buffer.get_mut() {
            fields.set_pts(pts);
            fields.set_duration(SHOWN);
            if !is_key {
                fields.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
        }
        if let Err(error) = self.into.push(buffer) {
            self.broken = true;
            lock(&self.shared).outcome.complaint.get_or_insert_with(|| format!("{error:?}"));
        }
    }

    /// Brings out what the decoder holds back. The next picture must be a key picture.
    pub(crate) fn drain(&mut self) {
        // That a stream begins makes GStreamer's video decoders hand out all that they have of the one before; a gap in time, which
        // is said to do so, does not.
        if !self.into.push_event(gst::event::StreamStart::builder(STREAM).build()) {
            self.broken = true;
        }
        self.clock.first = None;
    }

    /// What has come out since it was last asked.
    pub(crate) fn take(&mut self) -> Outcome {
        let mut outcome = std::mem::take(&mut lock(&self.shared).outcome);
        while let Some(message) = self.bus.pop() {
            if let gst::MessageView::Error(error) = message.view() {
                self.broken = true;
                outcome.complaint.get_or_insert_with(|| error.error().to_string());
            }
        }
        outcome
    }

    /// Whether it is more than a program.
    pub(crate) fn is_hardware(&self) -> bool {
        self.is_hardware
    }

    /// Whether it must be set up anew.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        for element in &self.elements {
            if element.set_state(gst::State::Null).is_err() {
                tracing::warn!("a decoder does not stop");
            }
        }
        for pad in [&self.into, &self.out] {
            if pad.set_active(false).is_err() {
                tracing::trace!("a pad was stopped already");
            }
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts what leaves the decoder, and lets pass what is wanted.
fn watch(pad: &gst::Pad, shared: &Arc<Mutex<Shared>>) {
    let shared = Arc::clone(shared);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
        let Some(buffer) = info.buffer() else { return gst::PadProbeReturn::Ok };
        let damaged = buffer.flags().intersects(gst::BufferFlags::CORRUPTED | gst::BufferFlags::DECODE_ONLY);
        let mut shared = lock(&shared);
        if damaged {
            shared.outcome.damaged += 1;
            return gst::PadProbeReturn::Drop;
        }
        shared.outcome.whole += 1;
        let wanted = shared.pending.iter().any(|one| Some(one.pts) == buffer.pts() && one.wanted);
        if wanted { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Drop }
    });
}

/// The pad that converted pictures arrive at.
fn collector(shared: &Arc<Mutex<Shared>>) -> gst::Pad {
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "NV12")
        .field("colorimetry", gst::List::new(stream::COLOUR))
        .build();
    let (by_event, by_buffer) = (Arc::clone(shared), Arc::clone(shared));
    let template = gst::PadTemplate::new("out", gst::PadDirection::Sink, gst::PadPresence::Always, &caps);
    let template = template.expect("a direction, a presence and caps make a template");
    gst::Pad::builder_from_template(&template)
        .event_function(move |_, _, event| {
            if let gst::EventView::Caps(caps) = event.view() {
                lock(&by_event).form = Some(caps.caps_owned());
            }
            true
        })
        .chain_function(move |_, _, buffer| {
            let mut shared = lock(&by_buffer);
            let index = shared.pending.iter().position(|one| Some(one.pts) == buffer.pts());
            if let (Some(index), Some(form)) = (index, shared.form.clone()) {
                let tag = shared.pending[index].tag;
                shared.pending.remove(index);
                shared.outcome.pictures.push(Decoded { tag, buffer, form });
            }
            Ok(gst::FlowSuccess::Ok)
        })
        .build()
}

#[cfg(test)]
pub(super) mod tests {
    use gridwatch_sim::{
        FrameSource,
        cache::{self, EncodedScene, PictureSize},
        testcard::TestCard,
    };

    use gridwatch_domain::Nv12Planes as _;

    use super::*;

    pub(in super::super) fn scene(width: u32, height: u32) -> (EncodedScene, tempfile::TempDir) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let card = TestCard { width, height, fps: 25, frame_count: 150 };
        let cards = move || vec![Box::new(card) as Box<dyn FrameSource>];
        let size = PictureSize { width, height };
        (cache::ensure_with("card", size, dir.path(), &cards, &mut |_| {}).expect("it encodes"), dir)
    }

    /// A key picture that is decoded by itself.
    pub(in super::super) fn key(bytes: Bytes, tag: u64) -> Encoded {
        Encoded { bytes, is_key: true, tag, time: Duration::ZERO }
    }

    fn unit(scene: &EncodedScene, index: usize) -> Bytes {
        scene.read_unit(index).expect("it is there").into()
    }

    pub(in super::super) fn number(picture: &Decoded) -> u32 {
        let info = gstreamer_video::VideoInfo::from_caps(&picture.form).expect("a form");
        let planes = crate::planes::MappedNv12::map(picture.buffer.clone(), &info).expect("a whole picture");
        let (luma, stride) = (planes.y(), planes.y_stride());
        gridwatch_sim::testcard::read_number(luma, stride, info.width() as usize).expect("a number")
    }

    #[test]
    fn key_pictures_of_several_cameras_come_out_one_by_one() {
        let ((small, _a), (large, _b)) = (scene(320, 176), scene(640, 352));
        let mut chain = Chain::new(Codec::H264, &Decoders::software()).expect("it is set up");
        for (tag, (scene, index)) in
            [(&small, 50), (&large, 0), (&small, 0), (&small, 100), (&large, 100)].into_iter().enumerate()
        {
            chain.push(key(unit(scene, index), tag as u64), true);
            chain.drain();
            let outcome = chain.take();
            assert_eq!((outcome.whole, outcome.damaged, outcome.complaint), (1, 0, None));
            let [picture] = &outcome.pictures[..] else { panic!("{} pictures", outcome.pictures.len()) };
            assert_eq!((picture.tag, number(picture)), (tag as u64, index as u32));
        }
    }

    /// Test cards as an encoder makes pictures of them, in the order in which they are to be decoded.
    fn encoded(elements: &str) -> Vec<Bytes> {
        gst::init().expect("GStreamer");
        let card = "videotestsrc num-buffers=50 pattern=ball ! video/x-raw,format=I420,width=320,height=176,framerate=25/1";
        let line = format!(
            "{card} ! {elements},stream-format=byte-stream,alignment=au ! appsink name=sink sync=false"
        );
        let pipeline =
            gst::parse::launch(&line).expect("its elements").downcast::<gst::Pipeline>().expect("a pipeline");
        let sink = pipeline.by_name("sink").and_downcast::<gstreamer_app::AppSink>().expect("a sink");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let pull = || sink.pull_sample().ok()?.buffer_owned()?.into_mapped_buffer_readable().ok();
        let units = std::iter::from_fn(pull).map(|buffer| Bytes::copy_from_slice(&buffer)).collect();
        pipeline.set_state(gst::State::Null).expect("it stops");
        units
    }

    #[test]
    fn a_key_picture_comes_out_at_once_though_its_encoder_sends_others_out_of_order() {
        let x264 = "x264enc bframes=3 b-adapt=false key-int-max=25 ! video/x-h264";
        let x265 = "x265enc speed-preset=ultrafast key-int-max=25 option-string=bframes=3:log-level=none ! h265parse ! video/x-h265";
        for (codec, elements) in [(Codec::H264, x264), (Codec::H265, x265)] {
            if codec == Codec::H265 && gst::ElementFactory::find("x265enc").is_none() {
                eprintln!("SKIPPED: H.265, as GStreamer has no x265enc here");
                continue;
            }
            let units = encoded(elements);
            let mut chain = Chain::new(codec, &Decoders::software()).expect("it is set up");
            for tag in 0..3 {
                chain.push(key(units[0].clone(), tag), true);
                chain.drain();
                let outcome = chain.take();
                let tags: Vec<u64> = outcome.pictures.iter().map(|picture| picture.tag).collect();
                assert_eq!((outcome.complaint, tags), (None, vec![tag]), "{codec:?}");
            }
        }
    }
}
