//! Turns rendered pictures into H.264 or H.265 as a surveillance camera would send it.
//!
//! Rendering, encoding and writing run side by side on bounded channels. What comes out is one access unit a picture:
//! a key picture with its parameter sets every so many pictures ([`GROUP_LENGTH`] as a rule), closed groups, no B-pictures.
//! Knows nothing of files, scenes or the network.

use std::{
    sync::mpsc::{self, Receiver, SyncSender},
    thread,
};

use gstreamer as gst;
use gstreamer::{glib, prelude::*};
use gstreamer_app as gst_app;

use crate::{FrameSource, FrameTruth, I420Frame};

/// Pictures from one key picture to the next: 2 s at 25 fps.
pub const GROUP_LENGTH: u32 = 50;
/// Rendered pictures that may wait for the encoder, per renderer: enough to keep both sides busy, 3 MB each at 1080p.
const RENDERED_LIMIT: usize = 3;
/// Encoded pictures that may wait to be written.
const ENCODED_LIMIT: u32 = 64;

/// Truths that may wait for their picture to be encoded: more than source, encoder and sink hold together.
const TRUTH_LIMIT: usize = 512;

/// What can go wrong while pictures are encoded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// GStreamer or one of its elements is missing.
    #[error(
        "prepare the encoder (are the GStreamer plugins x264 of the \"ugly\" set, and for H.265 x265 of the \"bad\" set, installed?)"
    )]
    Prepare(#[source] glib::BoolError),
    /// GStreamer itself does not start.
    #[error("start GStreamer")]
    Gstreamer(#[source] glib::Error),
    /// A picture size that the encoder cannot take.
    #[error(
        "picture of {width}x{height}: expected a width that is a multiple of 8 and an even height, both above 0"
    )]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// Renderers that disagree on size, rate or number of pictures, or none at all, or no pictures.
    #[error("renderers differ in size, rate or length, or there is nothing to render")]
    Sources,
    /// The encoder gave up.
    #[error("encode: {0}")]
    Encoder(String),
    /// A renderer panicked.
    #[error("a renderer panicked")]
    Renderer,
    /// What is encoded could not be stored.
    #[error("store an encoded picture")]
    Store(#[source] std::io::Error),
}

/// A form of encoded pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// ITU-T H.264, Main profile.
    H264,
    /// ITU-T H.265, Main profile.
    H265,
}

impl Codec {
    /// As files and users name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
        }
    }
}

/// How pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding {
    /// The form.
    pub codec: Codec,
    /// Thousands of bits a second, 50–50,000, held over two seconds.
    pub kbit: u32,
    /// Pictures from one key picture to the next, ≥ 1.
    pub group: u32,
}

impl Encoding {
    /// What a camera of this size is set to as a rule: H.264, [`bitrate_kbit`], a key picture every two seconds.
    pub fn usual(width: u32, height: u32) -> Self {
        Self { codec: Codec::H264, kbit: bitrate_kbit(width, height), group: GROUP_LENGTH }
    }
}

/// One encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// Byte stream with start codes; a key picture begins with its parameter sets.
    pub bytes: Vec<u8>,
    /// Whether decoding can begin here.
    pub key: bool,
}

/// Takes what is encoded, in order.
pub trait EncodedSink {
    /// The truth about the next picture that has been rendered.
    ///
    /// # Errors
    /// When it cannot be kept; encoding ends.
    fn truth(&mut self, truth: &FrameTruth) -> std::io::Result<()>;
    /// The next encoded picture.
    ///
    /// # Errors
    /// When it cannot be kept; encoding ends.
    fn unit(&mut self, unit: &AccessUnit) -> std::io::Result<()>;
}

/// Bits a second that a camera of this size spends: 4 Mbit/s at 1080p, 2.5 at 720p, in proportion elsewhere.
pub fn bitrate_kbit(width: u32, height: u32) -> u32 {
    let pixels = u64::from(width) * u64::from(height);
    let kbit = match pixels {
        1_920_000.. => 4_000 * pixels / (1920 * 1080),
        _ => 2_500 * pixels / (1280 * 720),
    };
    u32::try_from(kbit.clamp(200, 50_000)).unwrap_or(50_000)
}

/// Encodes all pictures of a loop once.
///
/// `sources` are renderers of the same loop; several of them share the work, taking pictures in turn.
///
/// # Errors
/// When the sources do not fit together, the encoder is missing or fails, or `sink` refuses.
pub fn encode(
    sources: Vec<Box<dyn FrameSource>>,
    encoding: Encoding,
    sink: &mut dyn EncodedSink,
) -> Result<(), EncodeError> {
    gst::init().map_err(EncodeError::Gstreamer)?;
    let form = Form::of(&sources)?;
    let pipeline = EncoderPipeline::create(form, encoding)?;
    let (units_tx, units_rx) = mpsc::sync_channel(ENCODED_LIMIT as usize);
    thread::scope(|scope| {
        let lanes = sources.len();
        let mut rendered = Vec::with_capacity(lanes);
        let mut renderers = Vec::with_capacity(lanes);
        for (lane, source) in sources.into_iter().enumerate() {
            let (tx, rx) = mpsc::sync_channel(RENDERED_LIMIT);
            renderers.push(scope.spawn(move || render_lane(source, form, lane, lanes, &tx)));
            rendered.push(rx);
        }
        let (truth_tx, truth_rx) = mpsc::sync_channel(TRUTH_LIMIT);
        let source = pipeline.source.clone();
        scope.spawn(move || feed(&source, &rendered, form, &truth_tx));
        let pull = pipeline.sink.clone();
        scope.spawn(move || drain(&pull, &units_tx));
        let stored = store(&units_rx, &truth_rx, form, encoding.group.max(1), sink);
        // Ends the feed and the drain wherever they wait; their channels then end the renderers.
        let failure = pipeline.stop();
        drop((units_rx, truth_rx));
        let panics = renderers.into_iter().filter_map(|renderer| renderer.join().err()).count();
        match (stored, panics > 0) {
            (Ok(()), _) => Ok(()),
            (Err(_), true) => Err(EncodeError::Renderer),
            (Err(EncodeError::Encoder(short)), false) => Err(EncodeError::Encoder(failure.unwrap_or(short))),
            (Err(other), false) => Err(other),
        }
    })
}

/// What all renderers of a loop have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    width: u32,
    height: u32,
    fps: u32,
    count: u32,
}

impl Form {
    fn of(sources: &[Box<dyn FrameSource>]) -> Result<Self, EncodeError> {
        let form = |source: &dyn FrameSource| Self {
            width: source.width(),
            height: source.height(),
            fps: source.fps(),
            count: source.frame_count(),
        };
        let mut forms = sources.iter().map(|source| form(source.as_ref()));
        let first = forms.next().ok_or(EncodeError::Sources)?;
        if first.count == 0 || first.fps == 0 || forms.any(|other| other != first) {
            return Err(EncodeError::Sources);
        }
        let Self { width, height, .. } = first;
        // Rows without padding are what GStreamer expects of these widths only.
        if width == 0 || height == 0 || width % 8 != 0 || height % 2 != 0 {
            return Err(EncodeError::Size { width, height });
        }
        Ok(first)
    }
}

struct Rendered {
    picture: Vec<u8>,
    truth: FrameTruth,
}

/// Renders every `lanes`-th picture, beginning with number `lane`.
fn render_lane(
    mut source: Box<dyn FrameSource>,
    form: Form,
    lane: usize,
    lanes: usize,
    rendered: &SyncSender<Rendered>,
) {
    let mut frame = I420Frame::new(form.width, form.height);
    for index in (0..form.count).skip(lane).step_by(lanes) {
        let truth = source.render(index, &mut frame);
        let picture = [frame.y.as_slice(), &frame.u, &frame.v].concat();
        if rendered.send(Rendered { picture, truth }).is_err() {
            return; // encoding has ended early
        }
    }
}

/// Passes pictures to the encoder in order, and their truth to the store.
fn feed(
    source: &gst_app::AppSrc,
    rendered: &[Receiver<Rendered>],
    form: Form,
    truths: &SyncSender<FrameTruth>,
) {
    for index in 0..form.count {
        let lane = &rendered[index as usize % rendered.len()];
        let Ok(Rendered { picture, truth }) = lane.recv() else { break };
        let mut buffer = gst::Buffer::from_mut_slice(picture);
        let fields = buffer.get_mut().expect("a new buffer has one owner");
        fields.set_pts(time_of(index, form.fps));
        fields.set_duration(time_of(1, form.fps));
        if truths.send(truth).is_err() || source.push_buffer(buffer).is_err() {
            return;
        }
    }
    if source.end_of_stream().is_err() {
        tracing::debug!("the encoder ended before its pictures did");
    }
}

fn time_of(index: u32, fps: u32) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(u64::from(index) * 1_000_000_000 / u64::from(fps))
}

/// Takes encoded pictures from the encoder until it ends.
fn drain(sink: &gst_app::AppSink, units: &SyncSender<AccessUnit>) {
    while let Ok(sample) = sink.pull_sample() {
        let Some(buffer) = sample.buffer() else { continue };
        let Ok(map) = buffer.map_readable() else { return };
        let key = !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
        if units.send(AccessUnit { bytes: map.to_vec(), key }).is_err() {
            return;
        }
    }
}

/// Hands everything to the sink: a picture's truth always before the picture.
fn store(
    units: &Receiver<AccessUnit>,
    truths: &Receiver<FrameTruth>,
    form: Form,
    group: u32,
    sink: &mut dyn EncodedSink,
) -> Result<(), EncodeError> {
    for index in 0..form.count {
        let ended = || EncodeError::Encoder(format!("it ended after {index} of {} pictures", form.count));
        let unit = units.recv().map_err(|_| ended())?;
        let truth = truths.recv().map_err(|_| ended())?;
        if unit.key != index.is_multiple_of(group) {
            return Err(EncodeError::Encoder(format!(
                "picture {index} is {}a key picture",
                if unit.key { "" } else { "not " }
            )));
        }
        sink.truth(&truth).and_then(|()| sink.unit(&unit)).map_err(EncodeError::Store)?;
    }
    Ok(())
}

/// appsrc → x264enc or x265enc → appsink.
struct EncoderPipeline {
    pipeline: gst::Pipeline,
    source: gst_app::AppSrc,
    sink: gst_app::AppSink,
}

impl EncoderPipeline {
    fn create(form: Form, encoding: Encoding) -> Result<Self, EncodeError> {
        let signed = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let raw = gst::Caps::builder("video/x-raw")
            .field("format", "I420")
            .field("width", signed(form.width))
            .field("height", signed(form.height))
            .field("framerate", gst::Fraction::new(signed(form.fps), 1))
            .field("colorimetry", "bt709")
            .field("interlace-mode", "progressive")
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build();
        let source = gst_app::AppSrc::builder().caps(&raw).format(gst::Format::Time).build();
        source.set_block(true);
        source.set_max_bytes(u64::from(form.width) * u64::from(form.height) * 3);
        let (encoder, coded) = encoder(encoding)?;
        let sink = gst_app::AppSink::builder().caps(&coded).sync(false).max_buffers(ENCODED_LIMIT).build();
        let pipeline = gst::Pipeline::new();
        let chain = [source.upcast_ref(), &encoder, sink.upcast_ref()];
        pipeline.add_many(chain).map_err(EncodeError::Prepare)?;
        gst::Element::link_many(chain).map_err(EncodeError::Prepare)?;
        pipeline
            .set_state(gst::State::Playing)
            .map_err(|error| EncodeError::Encoder(format!("it does not start: {error}")))?;
        Ok(Self { pipeline, source, sink })
    }

    /// Ends the encoder; returns what it complained of, if it did.
    fn stop(&self) -> Option<String> {
        let failure = self.pipeline.bus().and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]));
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("the encoder does not stop");
        }
        failure.and_then(|message| match message.view() {
            gst::MessageView::Error(error) => Some(error.error().to_string()),
            _ => None,
        })
    }
}

/// The encoder, and the form that comes out of it.
fn encoder(Encoding { codec, kbit, group }: Encoding) -> Result<(gst::Element, gst::Caps), EncodeError> {
    let group = group.max(1);
    let name = match codec {
        Codec::H264 => "x264enc",
        Codec::H265 => "x265enc",
    };
    let closed_groups = format!("scenecut=0:open-gop=0:min-keyint={group}");
    let builder = gst::ElementFactory::make(name)
        .property_from_str("speed-preset", "superfast")
        .property("bitrate", kbit);
    let builder = match codec {
        Codec::H264 => builder
            .property("vbv-buf-capacity", 2_000_u32)
            .property("key-int-max", group)
            .property("bframes", 0_u32)
            .property("byte-stream", true)
            .property("aud", false)
            .property("option-string", closed_groups),
        Codec::H265 => {
            let options = format!(
                "{closed_groups}:bframes=0:repeat-headers=1:vbv-maxrate={kbit}:vbv-bufsize={}:log-level=none",
                u64::from(kbit) * 2
            );
            let interval = i32::try_from(group).unwrap_or(i32::MAX);
            builder.property("key-int-max", interval).property("option-string", options)
        }
    };
    let coded = gst::Caps::builder(match codec {
        Codec::H264 => "video/x-h264",
        Codec::H265 => "video/x-h265",
    })
    .field("stream-format", "byte-stream")
    .field("alignment", "au")
    .field("profile", "main")
    .build();
    Ok((builder.build().map_err(EncodeError::Prepare)?, coded))
}
