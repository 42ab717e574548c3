//! What a camera films: test cards, encoded and cut into packets by GStreamer, as different encoders do it.

use std::sync::{Arc, LazyLock};

use gridwatch_sim::{FrameSource as _, I420Frame, testcard::TestCard};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

pub(crate) const FPS: u32 = 25;
/// Pictures from one key picture to the next, where nothing else is said.
pub(crate) const GROUP: u32 = 25;
/// Ticks of RTP's clock between two pictures.
pub(crate) const TICKS: u32 = 90_000 / FPS;
/// Length of an RTP head without extensions.
pub(crate) const HEAD: usize = 12;

/// One encoded picture.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// RTP packets; their heads are written anew when they are sent.
    pub(crate) packets: Vec<Vec<u8>>,
    /// Number on its test card: its place in the order in which pictures are shown.
    pub(crate) number: u32,
}

/// What is sent over and over.
#[derive(Debug, Clone)]
pub(crate) struct Footage {
    /// Its name in the session description.
    pub(crate) encoding: String,
    /// Parameters of the form for the session description; empty where there are none.
    pub(crate) parameters: String,
    /// In the order in which they are sent.
    pub(crate) pictures: Vec<Picture>,
}

/// How it is encoded: GStreamer's elements, up to the payloader.
fn encode(width: u32, height: u32, count: u32, elements: &str) -> Arc<Footage> {
    gst::init().expect("GStreamer");
    let description = format!("appsrc name=source format=time ! {elements} ! appsink name=sink sync=false");
    let pipeline = gst::parse::launch(&description).expect("its elements are there");
    let pipeline = pipeline.downcast::<gst::Pipeline>().expect("a pipeline");
    let source = pipeline.by_name("source").and_downcast::<gst_app::AppSrc>().expect("a source");
    let sink = pipeline.by_name("sink").and_downcast::<gst_app::AppSink>().expect("a sink");
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::try_from(width).expect("small"))
        .field("height", i32::try_from(height).expect("small"))
        .field("framerate", gst::Fraction::new(25, 1))
        .build();
    source.set_caps(Some(&caps));
    source.set_max_bytes(u64::MAX);
    pipeline.set_state(gst::State::Playing).expect("it starts");
    let mut card = TestCard { width, height, fps: FPS, frame_count: count };
    let mut frame = I420Frame::new(width, height);
    for index in 0..count {
        card.render(index, &mut frame);
        let mut buffer = gst::Buffer::from_slice([frame.y.as_slice(), &frame.u, &frame.v].concat());
        buffer.get_mut().expect("ours alone").set_pts(gst::ClockTime::from_mseconds(40) * u64::from(index));
        source.push_buffer(buffer).expect("it takes a picture");
    }
    source.end_of_stream().expect("it takes the end");
    let footage = collect(&sink);
    pipeline.set_state(gst::State::Null).expect("it stops");
    assert_eq!(footage.pictures.len(), count as usize, "{elements}");
    Arc::new(footage)
}

fn collect(sink: &gst_app::AppSink) -> Footage {
    let mut footage = Footage { encoding: String::new(), parameters: String::new(), pictures: Vec::new() };
    let mut stamps: Vec<u32> = Vec::new();
    while let Ok(sample) = sink.pull_sample() {
        let caps = sample.caps().and_then(|caps| caps.structure(0)).expect("a form");
        footage.encoding = caps.get::<String>("encoding-name").expect("a name");
        let names = ["packetization-mode", "sprop-parameter-sets", "sprop-vps", "sprop-sps", "sprop-pps"];
        let fields =
            names.iter().filter_map(|name| Some(format!("{name}={}", caps.get::<String>(*name).ok()?)));
        footage.parameters = fields.collect::<Vec<_>>().join(";");
        let packet = sample.buffer().expect("a packet").map_readable().expect("readable").to_vec();
        let stamp = u32::from_be_bytes(packet[4..8].try_into().expect("four bytes"));
        if stamps.last() != Some(&stamp) {
            stamps.push(stamp);
            footage.pictures.push(Picture { packets: Vec::new(), number: 0 });
        }
        footage.pictures.last_mut().expect("just begun").packets.push(packet);
    }
    let first = stamps.iter().copied().min_by_key(|stamp| stamp.wrapping_sub(stamps[0]) as i32).unwrap_or(0);
    for (picture, stamp) in footage.pictures.iter_mut().zip(stamps) {
        picture.number = (stamp.wrapping_sub(first) + TICKS / 2) / TICKS;
    }
    footage
}

const RTP: &str = "timestamp-offset=0 seqnum-offset=0";

fn h264(width: u32, height: u32, count: u32, key_int: u32, encoder: &str) -> Arc<Footage> {
    let elements = format!(
        "x264enc speed-preset=ultrafast bitrate=400 key-int-max={key_int} {encoder} ! video/x-h264,profile=main ! rtph264pay config-interval=-1 {RTP}"
    );
    encode(width, height, count, &elements)
}

fn x264(width: u32, height: u32, count: u32, options: &str) -> Arc<Footage> {
    let encoder = format!("bframes=0 option-string=scenecut=0:{options}");
    h264(width, height, count, GROUP, &encoder)
}

/// Ten seconds of a usual camera: a key picture a second.
pub(crate) fn usual() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> = LazyLock::new(|| x264(320, 176, 250, "open-gop=0"));
    Arc::clone(&FOOTAGE)
}

/// The same in another size.
pub(crate) fn larger() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> = LazyLock::new(|| x264(640, 352, 250, "open-gop=0"));
    Arc::clone(&FOOTAGE)
}

/// H.265, where the encoder is installed.
pub(crate) fn h265() -> Option<Arc<Footage>> {
    static FOOTAGE: LazyLock<Option<Arc<Footage>>> = LazyLock::new(|| {
        gst::init().expect("GStreamer");
        if gst::ElementFactory::find("x265enc").is_none() {
            eprintln!("SKIPPED: H.265, as GStreamer has no x265enc here");
            return None;
        }
        let elements = format!(
            "x265enc speed-preset=ultrafast bitrate=400 key-int-max={GROUP} option-string=scenecut=0:bframes=0:repeat-headers=1:log-level=none ! h265parse ! rtph265pay config-interval=-1 {RTP}"
        );
        Some(encode(320, 176, 250, &elements))
    });
    FOOTAGE.clone()
}

/// JPEG pictures.
pub(crate) fn jpeg() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> =
        LazyLock::new(|| encode(320, 176, 250, &format!("jpegenc quality=60 ! rtpjpegpay {RTP}")));
    Arc::clone(&FOOTAGE)
}

/// One key picture in 40 s.
pub(crate) fn keys_far_apart() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> =
        LazyLock::new(|| h264(320, 176, 1000, 1000, "bframes=0 option-string=scenecut=0"));
    Arc::clone(&FOOTAGE)
}

/// Three pictures between two that they refer to.
pub(crate) fn out_of_order() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> = LazyLock::new(|| {
        h264(
            320,
            176,
            250,
            GROUP,
            "bframes=3 b-adapt=false option-string=scenecut=0:open-gop=0:b-pyramid=none",
        )
    });
    assert!(FOOTAGE.pictures[1].number > 1, "the encoder sends pictures out of order");
    Arc::clone(&FOOTAGE)
}

/// One key picture, and ever after a column of each picture is made anew.
pub(crate) fn refreshed() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> = LazyLock::new(|| {
        h264(320, 176, 1000, GROUP, "bframes=0 intra-refresh=true option-string=scenecut=0")
    });
    Arc::clone(&FOOTAGE)
}

/// Key pictures that do not end what refers across them.
pub(crate) fn open_groups() -> Arc<Footage> {
    static FOOTAGE: LazyLock<Arc<Footage>> = LazyLock::new(|| {
        h264(320, 176, 250, GROUP, "bframes=2 b-adapt=false option-string=scenecut=0:open-gop=1")
    });
    Arc::clone(&FOOTAGE)
}
