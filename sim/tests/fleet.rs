//! A fleet on a real socket, watched by the two clients that gridwatch receives with: retina and GStreamer.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::StreamExt as _;
use gridwatch_domain::Timestamp;
use gridwatch_runtime::{Clock as _, SystemClock};
use gridwatch_sim::{
    FrameSource, Timeline,
    cache::{self, EncodedScene, PictureSize},
    encode::{Codec, Encoding},
    fleet::{Fleet, FleetCamera, FleetError, Reel},
    testcard::{self, TestCard},
};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use retina::{
    client::{PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, Transport},
    codec::{CodecItem, FrameFormat, VideoFrame},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const FPS: u32 = 25;
const PICTURES: u32 = 100;
/// Longer than a start on a busy machine, shorter than anybody's patience.
const PATIENCE: Duration = Duration::from_secs(60);

/// Test cards with their numbers in them, large enough that pictures take several packets.
fn scene(codec: Codec) -> (tempfile::TempDir, EncodedScene) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let card = TestCard { width: 640, height: 360, fps: FPS, frame_count: PICTURES };
    let cards = move || vec![Box::new(card) as Box<dyn FrameSource>];
    let size = PictureSize { width: 640, height: 360 };
    let encoding = Encoding { codec, kbit: 4000, group: 50 };
    let scene = cache::ensure_as("card", size, encoding, dir.path(), &cards, &mut |_| {});
    (dir, scene.expect("it encodes"))
}

fn fleet(reel: &Arc<Reel>, phases: &[(&str, f64)], anchor: Timestamp) -> Fleet {
    let camera = |(name, phase): &(&str, f64)| FleetCamera {
        name: (*name).to_owned(),
        reel: Arc::clone(reel),
        phase: Duration::from_secs_f64(*phase),
    };
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Fleet::start(bind, anchor, phases.iter().map(camera).collect()).expect("it starts")
}

fn reel(scene: &EncodedScene) -> Arc<Reel> {
    Reel::load(scene, Timeline::plain(FPS, PICTURES)).expect("it can be read")
}

/// The next pictures of a camera, as retina gives them.
async fn receive(fleet: &Fleet, camera: &str, count: usize) -> Vec<(VideoFrame, Timestamp)> {
    let url = format!("rtsp://{}/{camera}", fleet.address()).parse().expect("a url");
    let mut session = Session::describe(url, SessionOptions::default()).await.expect("it is described");
    assert!(session.streams()[0].parameters().is_some(), "the description tells size and form");
    let options = SetupOptions::default()
        .transport(Transport::Tcp(TcpTransportOptions::default()))
        .frame_format(FrameFormat::SIMPLE);
    session.setup(0, options).await.expect("it is set up");
    let playing = session.play(PlayOptions::default()).await.expect("it plays");
    let mut stream = playing.demuxed().expect("it is understood");
    let mut frames = Vec::new();
    while frames.len() < count {
        let item = tokio::time::timeout(PATIENCE, stream.next()).await.expect("in time").expect("it goes on");
        if let CodecItem::VideoFrame(frame) = item.expect("it can be read") {
            frames.push((frame, SystemClock.now()));
        }
    }
    frames
}

/// The slices of a picture: neither parameter sets nor what tells about the encoder, which a client may move elsewhere.
fn slices(bytes: &[u8], codec: Codec) -> Vec<Vec<u8>> {
    let mut units = Vec::new();
    for unit in bytes.split_inclusive_start_codes() {
        let is_slice = match codec {
            Codec::H264 => matches!(unit[0] & 0x1f, 1 | 5),
            Codec::H265 => unit[0] >> 1 & 0x3f < 32,
        };
        if is_slice {
            units.push(unit.to_vec());
        }
    }
    units
}

trait StartCodes {
    fn split_inclusive_start_codes(&self) -> Vec<&[u8]>;
}

impl StartCodes for [u8] {
    fn split_inclusive_start_codes(&self) -> Vec<&[u8]> {
        let starts: Vec<usize> =
            (0..self.len().saturating_sub(2)).filter(|at| self[*at..].starts_with(&[0, 0, 1])).collect();
        let ends = starts.iter().skip(1).copied().chain([self.len()]);
        let trimmed = |bytes: &'_ [u8]| bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        starts
            .iter()
            .zip(ends)
            .map(|(start, end)| &self[start + 3..][..trimmed(&self[start + 3..end])])
            .collect()
    }
}

#[tokio::test]
async fn retina_gets_every_picture_bit_by_bit_and_at_its_time() {
    for codec in [Codec::H264, Codec::H265] {
        let (_dir, scene) = scene(codec);
        let anchor = SystemClock.now();
        let fleet = fleet(&reel(&scene), &[("gate", 1.0)], anchor);
        let frames = receive(&fleet, "gate", 110).await;
        let first = &frames[0].0;
        assert!(first.is_random_access_point(), "it begins with a key picture");
        let sent: Vec<Vec<Vec<u8>>> = (0..PICTURES as usize)
            .map(|unit| slices(&scene.read_unit(unit).expect("it is there"), codec))
            .collect();
        let begin = sent.iter().position(|unit| *unit == slices(first.data(), codec)).expect("one of ours");
        let mut late = 0;
        for (index, (frame, came)) in frames.iter().enumerate() {
            let unit = (begin + index) % sent.len();
            assert!(
                slices(frame.data(), codec) == sent[unit],
                "{codec:?} picture {index} is not number {unit}"
            );
            assert_eq!(frame.loss(), 0);
            assert_eq!(frame.is_random_access_point(), unit.is_multiple_of(50));
            let shown = came.as_millisecond() - anchor.as_millisecond() + 1000 - 40 * unit as i64;
            late += usize::from(shown.rem_euclid(4000) > 500);
            let elapsed = frame.timestamp().elapsed_secs() - first.timestamp().elapsed_secs();
            assert!((elapsed - index as f64 / 25.0).abs() < 0.001, "its time in the stream is {elapsed}");
        }
        // A busy machine may hold some up.
        assert!(late < 40, "{late} of 110 pictures came more than half a second late");
        // A picture may be here before the one that sent it has counted it.
        let counted = async {
            let mut looks = tokio::time::interval(Duration::from_millis(10));
            while fleet.counts().sent < 110 {
                looks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), counted).await.expect("all that came were sent");
    }
}

#[test]
fn gstreamer_gets_them_too() {
    let (_dir, scene) = scene(Codec::H264);
    let fleet = fleet(&reel(&scene), &[("gate", 0.0)], SystemClock.now());
    gst::init().expect("GStreamer starts");
    let line = format!(
        "rtspsrc location=rtsp://{}/gate protocols=tcp latency=0 ! rtph264depay ! h264parse ! avdec_h264 max-threads=1 ! \
         appsink name=sink sync=false caps=video/x-raw,format=I420",
        fleet.address()
    );
    let pipeline =
        gst::parse::launch(&line).expect("well-formed").downcast::<gst::Pipeline>().expect("a pipeline");
    let sink: gst_app::AppSink =
        pipeline.by_name("sink").expect("named above").downcast().expect("an appsink");
    pipeline.set_state(gst::State::Playing).expect("it starts");
    let number = || {
        let sample = sink.try_pull_sample(gst::ClockTime::from_seconds(60)).expect("a picture in time");
        let buffer = sample.buffer().expect("a sample has a buffer");
        testcard::read_number(&buffer.map_readable().expect("readable"), 640, 640).expect("a test card")
    };
    let numbers: Vec<u32> = (0..110).map(|_| number()).collect();
    pipeline.set_state(gst::State::Null).expect("it stops");
    assert!(numbers.windows(2).all(|pair| pair[1] == (pair[0] + 1) % PICTURES), "{numbers:?}");
}

#[tokio::test]
async fn cameras_of_one_scene_are_shifted_as_asked() {
    let (_dir, scene) = scene(Codec::H264);
    let fleet = fleet(&reel(&scene), &[("early", 1.5), ("late", 0.0)], SystemClock.now());
    let number = |frames: &[(VideoFrame, Timestamp)]| {
        let sent = |unit| slices(&scene.read_unit(unit).expect("it is there"), Codec::H264);
        (0..100_usize)
            .find(|unit| sent(*unit) == slices(frames[0].0.data(), Codec::H264))
            .expect("one of ours")
    };
    let (early, late) = tokio::join!(receive(&fleet, "early", 1), receive(&fleet, "late", 1));
    let at = |frames: &[(VideoFrame, Timestamp)]| {
        frames[0].1.as_millisecond() - 40 * i64::try_from(number(frames)).expect("small")
    };
    let shift = (at(&late) - at(&early)).rem_euclid(4000);
    assert!((shift - 1500).abs() < 500, "{shift} ms");
}

#[tokio::test]
async fn a_client_that_is_not_understood_harms_nobody() {
    let (_dir, scene) = scene(Codec::H264);
    let fleet = fleet(&reel(&scene), &[("gate", 0.0)], SystemClock.now());
    let ask = async |text: &str| {
        let mut stream = tokio::net::TcpStream::connect(fleet.address()).await.expect("it listens");
        stream.write_all(text.as_bytes()).await.expect("it takes it");
        let mut answer = vec![0; 64];
        let length = tokio::time::timeout(PATIENCE, stream.read(&mut answer)).await.expect("in time");
        String::from_utf8_lossy(&answer[..length.unwrap_or(0)]).into_owned()
    };
    assert_eq!(ask("GET / HTTP/1.1\r\n\r\n").await, "", "it hangs up");
    assert!(ask("DESCRIBE rtsp://h/nobody RTSP/1.0\r\nCSeq: 1\r\n\r\n").await.contains("404"));
    assert!(ask("RECORD rtsp://h/gate RTSP/1.0\r\nCSeq: 1\r\n\r\n").await.contains("501"));
    let udp = "SETUP rtsp://h/gate RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=1-2\r\n\r\n";
    assert!(ask(udp).await.contains("461"));
    receive(&fleet, "gate", 2).await;
    let doubled = [("gate", 0.0), ("gate", 1.0)].map(|(name, phase)| FleetCamera {
        name: name.to_owned(),
        reel: reel(&scene),
        phase: Duration::from_secs_f64(phase),
    });
    let started = Fleet::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SystemClock.now(), doubled.into());
    assert!(matches!(started, Err(FleetError::Name(name)) if name == "gate"));
}
