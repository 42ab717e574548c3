//! Simulated cameras on a real socket, watched by a real RTSP client.

use std::{sync::Arc, time::Duration};

use gridwatch_domain::Timestamp;
use gridwatch_runtime::{Clock, SystemClock};
use gridwatch_sim::{
    FrameSource,
    cache::{self, EncodedScene, PictureSize},
    rtsp::{Fault, RtspCameras, RtspError, RtspLogin, RtspOptions},
    testcard::{self, TestCard},
};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

/// Longer than a start on a busy machine, shorter than anybody's patience.
const PATIENCE: gst::ClockTime = gst::ClockTime::from_seconds(60);

fn card_scene(frame_count: u32) -> (tempfile::TempDir, Arc<EncodedScene>) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let card = move || {
        vec![Box::new(TestCard { width: 320, height: 176, fps: 25, frame_count }) as Box<dyn FrameSource>]
    };
    let size = PictureSize { width: 320, height: 176 };
    let scene =
        cache::ensure_with("card", size, dir.path(), &card, &mut |_| {}).expect("a test card encodes");
    (dir, Arc::new(scene))
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// Somebody who watches a camera.
struct Watcher {
    pipeline: gst::Pipeline,
    sink: gst_app::AppSink,
}

impl Watcher {
    fn watch(url: &str) -> Self {
        gst::init().expect("GStreamer starts");
        let line = format!(
            "rtspsrc location={url} protocols=tcp latency=0 ! rtph264depay ! h264parse ! avdec_h264 max-threads=1 ! \
             appsink name=sink sync=false caps=video/x-raw,format=I420"
        );
        let pipeline =
            gst::parse::launch(&line).expect("well-formed").downcast::<gst::Pipeline>().expect("a pipeline");
        let sink = pipeline.by_name("sink").expect("named above").downcast().expect("an appsink");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        Self { pipeline, sink }
    }

    /// Number and presentation time of the next picture, and when it arrived. Nothing when the stream ends or pauses.
    fn next(&self, patience: gst::ClockTime) -> Option<(u32, gst::ClockTime, Timestamp)> {
        let sample = self.sink.try_pull_sample(patience)?;
        let buffer = sample.buffer().expect("a sample of an appsink has a buffer");
        let map = buffer.map_readable().expect("readable");
        let number = testcard::read_number(&map, 320, 320).expect("a test card");
        Some((number, buffer.pts().expect("decoded pictures have times"), now()))
    }

    /// What the client complains of first.
    fn error(&self) -> String {
        let bus = self.pipeline.bus().expect("a pipeline has a bus");
        let message = bus.timed_pop_filtered(PATIENCE, &[gst::MessageType::Error]).expect("an error in time");
        let gst::MessageView::Error(error) = message.view() else { unreachable!("filtered above") };
        format!("{} {}", error.error(), error.debug().unwrap_or_default())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.pipeline.set_state(gst::State::Null).expect("it stops");
    }
}

#[test]
fn shows_the_picture_that_the_wall_clock_points_at() {
    let (_dir, scene) = card_scene(100);
    // 37 s into the loop of 4 s.
    let anchor = now().saturating_sub(Duration::from_secs(37));
    let cameras =
        RtspCameras::start(RtspOptions::local(anchor), vec![("gate".into(), scene)]).expect("it starts");
    let watcher = Watcher::watch(&cameras.url("gate").expect("it is there"));
    watcher.next(PATIENCE).expect("a first picture"); // at once, up to a group old
    // A machine that is busy may hold pictures up, and makes the server leave some out; not all of them.
    let (mut last, mut in_time, mut in_a_row) = (None, 0, 0);
    for _ in 0..120 {
        let (number, pts, arrived) = watcher.next(PATIENCE).expect("pictures go on over the end of the loop");
        let shown = Duration::from_millis(u64::from(number) * 40);
        let behind = cameras.scene_time("gate", arrived).expect("it is there") + scene_length() - shown;
        let behind = Duration::from_millis(u64::try_from(behind.as_millis() % 4_000).expect("small"));
        in_time += u32::from(behind < Duration::from_millis(1_000));
        if let Some((last_number, last_pts)) = last.replace((number, pts)) {
            assert_ne!(number, last_number, "no picture is doubled");
            in_a_row += u32::from(number == (last_number + 1) % 100);
            assert!(pts > last_pts, "times grow, over the end of the loop too");
        }
    }
    assert!(in_time > 40, "only {in_time} of 120 pictures arrived within 1 s of their time");
    assert!(in_a_row > 60, "only {in_a_row} of 119 pictures followed the one before");
    drop(watcher);
    cameras.stop();
}

fn scene_length() -> Duration {
    Duration::from_secs(4)
}

#[test]
fn a_camera_refuses_stalls_and_recovers_while_another_goes_on() {
    let (_dir, scene) = card_scene(100);
    let mounts = vec![("bad".into(), Arc::clone(&scene)), ("good".into(), scene)];
    let cameras = RtspCameras::start(RtspOptions::local(now()), mounts).expect("it starts");
    let (bad_url, good_url) = (cameras.url("bad").expect("there"), cameras.url("good").expect("there"));
    let good = Watcher::watch(&good_url);
    good.next(PATIENCE).expect("a picture");

    let bad = Watcher::watch(&bad_url);
    bad.next(PATIENCE).expect("a picture");
    bad.next(PATIENCE).expect("another picture");
    cameras.set_fault("bad", Fault::Stall).expect("it is there");
    while bad.next(gst::ClockTime::from_mseconds(700)).is_some() {}
    assert!(!bad.sink.is_eos(), "a stalled camera keeps the connection");
    cameras.set_fault("bad", Fault::None).expect("it is there");
    bad.next(PATIENCE).expect("it recovers");

    cameras.set_fault("bad", Fault::Refuse).expect("it is there");
    while bad.next(PATIENCE).is_some() {}
    assert!(bad.sink.is_eos(), "a camera that refuses says goodbye");
    let error = Watcher::watch(&bad_url).error();
    assert!(error.to_lowercase().contains("not found"), "{error}");
    cameras.set_fault("bad", Fault::None).expect("it is there");
    Watcher::watch(&bad_url).next(PATIENCE).expect("a picture again");

    good.next(PATIENCE).expect("the other camera never stopped");
    cameras.stop();
}

#[test]
fn a_camera_joins_while_others_run() {
    let (_dir, scene) = card_scene(100);
    let first = vec![("first".into(), Arc::clone(&scene))];
    let mut cameras = RtspCameras::start(RtspOptions::local(now()), first).expect("it starts");
    let watcher = Watcher::watch(&cameras.url("first").expect("it is there"));
    watcher.next(PATIENCE).expect("a picture");
    let later = cameras.url("first").expect("it is there").replace("/first", "/later");
    let error = Watcher::watch(&later).error();
    assert!(error.to_lowercase().contains("not found"), "{error}");
    assert!(matches!(cameras.add("first", Arc::clone(&scene)), Err(RtspError::Mount(_))));
    cameras.add("later", scene).expect("the name is free");
    Watcher::watch(&later).next(PATIENCE).expect("a picture");
    watcher.next(PATIENCE).expect("the first one never stopped");
}

#[test]
fn who_does_not_log_in_sees_nothing() {
    let (_dir, scene) = card_scene(100);
    let login = RtspLogin { user: "admin".into(), password: "let me in".into() };
    assert!(!format!("{login:?}").contains("let me in"));
    let options = RtspOptions { login: Some(login), ..RtspOptions::local(now()) };
    let cameras = RtspCameras::start(options, vec![("gate".into(), scene)]).expect("it starts");
    let url = cameras.url("gate").expect("it is there");
    let error = Watcher::watch(&url).error();
    assert!(error.contains("401") || error.contains("Unauthorized"), "{error}");
    let with_login = url.replace("rtsp://", "rtsp://admin:let%20me%20in@");
    Watcher::watch(&with_login).next(PATIENCE).expect("a picture");
}

#[test]
fn names_that_cannot_be_served_are_refused() {
    let (_dir, scene) = card_scene(50);
    let start = |names: &[&str]| {
        let mounts = names.iter().map(|&name| (name.to_owned(), Arc::clone(&scene))).collect();
        RtspCameras::start(RtspOptions::local(now()), mounts)
    };
    assert!(matches!(start(&["a/b"]), Err(RtspError::Mount(_))));
    assert!(matches!(start(&["a", "a"]), Err(RtspError::Mount(_))));
    let first = start(&["a"]).expect("it starts");
    assert!(matches!(first.url("b"), Err(RtspError::UnknownMount(_))));
    let taken = RtspOptions { bind: ([127, 0, 0, 1], first.port()).into(), ..RtspOptions::local(now()) };
    let error = RtspCameras::start(taken, Vec::new()).expect_err("the port is taken");
    assert!(matches!(error, RtspError::Bind { .. }), "{error:?}");
}
