//! Video files: every sampled frame, each with its time.

mod tester;

use std::{fs, path::Path, time::Duration};

use gridwatch_config::Pace;
use gridwatch_domain::Timestamp;
use gridwatch_ingest::{CameraState, CameraTimeouts};
use gridwatch_runtime::ManualClock;
use gridwatch_sim::{FrameSource, I420Frame, testcard::TestCard};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use tester::{
    IngestTester, card_number, file, quick_timeouts,
    yard::{LOOP_PICTURES, Yard},
};

/// Writes test cards, numbered from 0, shown at those times.
fn write_video(path: &Path, format: &str, times_ms: &[u64]) {
    let card = TestCard { width: 320, height: 176, fps: 25, frame_count: 65_536 };
    write_video_of(card, path, format, times_ms);
}

/// The same of something else.
fn write_video_of(mut shown: impl FrameSource, path: &Path, format: &str, times_ms: &[u64]) {
    gst::init().expect("GStreamer starts");
    let line = format!("appsrc name=source format=time ! {format} ! filesink name=sink");
    let pipeline =
        gst::parse::launch(&line).expect("well-formed").downcast::<gst::Pipeline>().expect("a pipeline");
    pipeline.by_name("sink").expect("named above").set_property("location", path);
    let source =
        pipeline.by_name("source").expect("named above").downcast::<gst_app::AppSrc>().expect("an appsrc");
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", 320)
        .field("height", 176)
        .field("framerate", gst::Fraction::new(25, 1))
        .build();
    source.set_caps(Some(&caps));
    pipeline.set_state(gst::State::Playing).expect("it starts");
    let mut frame = I420Frame::new(320, 176);
    for (number, &time) in (0..).zip(times_ms) {
        shown.render(number, &mut frame);
        let mut buffer = gst::Buffer::from_mut_slice([frame.y.as_slice(), &frame.u, &frame.v].concat());
        buffer.get_mut().expect("new").set_pts(gst::ClockTime::from_mseconds(time));
        source.push_buffer(buffer).expect("it takes pictures");
    }
    source.end_of_stream().expect("it ends");
    let bus = pipeline.bus().expect("a pipeline has a bus");
    let done = bus.timed_pop_filtered(
        gst::ClockTime::from_seconds(120),
        &[gst::MessageType::Eos, gst::MessageType::Error],
    );
    assert!(matches!(done.expect("in time").view(), gst::MessageView::Eos(_)), "{format} cannot be written");
    pipeline.set_state(gst::State::Null).expect("it stops");
}

const MP4: &str = "x264enc speed-preset=ultrafast bframes=2 ! mp4mux";
const MJPEG_MKV: &str = "jpegenc ! matroskamux";

fn steady(pictures: u64) -> Vec<u64> {
    (0..pictures).map(|picture| picture * 40).collect()
}

fn noon() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().expect("a valid time")
}

/// Plays a file to its end in fast mode; gives number and time after the first one, in ms, of every frame. None lies in the
/// future: the file counts as having ended when its playing began.
async fn play_fast(path: &Path) -> (Vec<(u32, i64)>, CameraState) {
    let mut tester = IngestTester::start_with(ManualClock::new(noon()), quick_timeouts());
    tester.watch(file("clip", path, Pace::Fast, false));
    tester.no_more_cameras();
    let mut frames = Vec::new();
    while let Some(frame) = tester.next_frame().await {
        frames.push((card_number(&frame), frame.at.as_millisecond()));
    }
    let first = frames.first().map_or(0, |&(_, at)| at);
    let last = frames.last().map_or(0, |&(_, at)| at);
    assert!(
        last <= noon().as_millisecond(),
        "the last frame is {} ms in the future",
        last - noon().as_millisecond()
    );
    frames.iter_mut().for_each(|(_, at)| *at -= first);
    let state = tester.ended("clip").await;
    assert_eq!(tester.count("clip", "sent"), frames.len() as u64);
    assert_eq!(tester.count("clip", "dropped"), 0, "fast mode loses nothing");
    tester.finish().await;
    (frames, state)
}

#[tokio::test]
async fn fast_mode_gives_every_sampled_frame_with_its_time() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("clip.mp4");
    write_video(&path, MP4, &steady(250));
    let (frames, state) = play_fast(&path).await;
    let expected: Vec<(u32, i64)> = (0..50).map(|slot| (slot * 5, i64::from(slot) * 200)).collect();
    assert_eq!(frames, expected);
    assert_eq!(state, CameraState::Ended);
}

#[tokio::test]
async fn pictures_that_show_nothing_new_say_so() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("clip.mp4");
    write_video_of(Yard, &path, MP4, &steady(LOOP_PICTURES.into()));
    let mut tester = IngestTester::start_with(ManualClock::new(noon()), quick_timeouts());
    tester.watch(file("clip", &path, Pace::Fast, false));
    tester.no_more_cameras();
    let mut since = Vec::new();
    while let Some(frame) = tester.next_frame().await {
        since.push((frame.seq, frame.unchanged_since));
    }
    tester.finish().await;
    let new: Vec<u64> = since.iter().filter(|(_, since)| since.is_none()).map(|(seq, _)| *seq).collect();
    let comes_at = u64::from(Yard::COMES_AT);
    // Numbered from 1, every fifth sampled.
    assert_eq!(new, [1, comes_at + 1], "of {since:?}");
    assert_eq!(since.last(), Some(&(496, Some(comes_at + 1))), "alike since it came");
}

#[tokio::test]
async fn uneven_times_in_another_container_are_kept() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("clip.mkv");
    write_video(&path, MJPEG_MKV, &[0, 33, 900, 910, 1_020, 4_000, 4_001, 60_000]);
    let (frames, state) = play_fast(&path).await;
    assert_eq!(frames, [(0, 0), (2, 900), (4, 1_020), (5, 4_000), (7, 60_000)]);
    assert_eq!(state, CameraState::Ended);
}

#[tokio::test]
async fn a_mount_that_hangs_is_told_and_holds_nobody_up_at_the_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("hangs");
    // To open it for reading waits for somebody who writes.
    let made = std::process::Command::new("mkfifo").arg(&path).status().expect("coreutils are there");
    assert!(made.success());
    let timeouts = CameraTimeouts {
        connect: Duration::from_millis(100),
        no_frame: Duration::from_millis(300),
        ..quick_timeouts()
    };
    let mut tester = IngestTester::start_with(ManualClock::new(noon()), timeouts);
    tester.watch(file("clip", &path, Pace::Realtime, true));
    tester.expect_offline("clip", "timeout").await;
    tester.finish().await;
    // The runtime of this test waits for its threads.
    fs::OpenOptions::new().write(true).open(&path).expect("somebody waits for it");
}

#[tokio::test]
async fn real_time_shows_the_newest_at_the_pace_of_the_clock() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("clip.mp4");
    write_video(&path, MP4, &steady(50));
    let mut tester = IngestTester::start_with(ManualClock::new(noon()), quick_timeouts());
    let begun = std::time::Instant::now();
    tester.watch(file("clip", &path, Pace::Realtime, false));
    tester.no_more_cameras();
    let mut last = None;
    while let Some(frame) = tester.next_frame().await {
        let shown = i64::from(card_number(&frame)) * 40;
        assert_eq!(frame.at.as_millisecond() - noon().as_millisecond(), shown);
        assert!(last.replace(shown) < Some(shown), "times grow");
    }
    assert_eq!(last, Some(1_800), "the last slot of 2 s at 5 a second");
    assert!(begun.elapsed() >= Duration::from_millis(1_500), "2 s are not played in {:?}", begun.elapsed());
    assert_eq!(tester.ended("clip").await, CameraState::Ended);
    tester.finish().await;
}

#[tokio::test]
async fn a_file_that_repeats_goes_on_in_time() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("clip.mp4");
    write_video(&path, MP4, &steady(25));
    let mut tester = IngestTester::start_with(ManualClock::new(noon()), quick_timeouts());
    tester.watch(file("clip", &path, Pace::Fast, true));
    let mut first = None;
    for slot in 0..15_u32 {
        let frame = tester.next_frame_of("clip").await;
        assert_eq!(card_number(&frame), slot % 5 * 5);
        let at = frame.at.as_millisecond();
        assert_eq!(at - *first.get_or_insert(at), i64::from(slot) * 200);
    }
    let first = first.expect("there were some") - noon().as_millisecond();
    assert!((-1_000..=-900).contains(&first), "a second of film ended at noon, and began {first} ms from it");
    assert!(matches!(tester.state("clip"), CameraState::Live { .. }));
    tester.finish().await;
}

#[tokio::test]
async fn a_missing_file_is_waited_for() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("late.mp4");
    let mut tester = IngestTester::start();
    tester.watch(file("clip", &path, Pace::Fast, false));
    let offline = tester.expect_offline("clip", "file_missing").await;
    assert!(offline.to_string().contains("late.mp4"), "{offline}");
    let ready = dir.path().join("ready.mp4");
    write_video(&ready, MP4, &steady(5));
    fs::rename(&ready, &path).expect("same folder");
    tester.expect_state("clip", |state| *state == CameraState::Ended).await;
    tester.finish().await;
}

#[tokio::test]
async fn what_is_no_video_is_given_up() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let text = dir.path().join("notes.mp4");
    fs::write(&text, "this is not a video\n".repeat(500)).expect("writable");
    let noise = dir.path().join("noise.mp4");
    fs::write(
        &noise,
        (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect::<Vec<_>>(),
    )
    .expect("writable");
    for path in [text, noise] {
        let (frames, state) = play_fast(&path).await;
        assert_eq!(frames, []);
        let CameraState::Offline { reason, .. } = state else { panic!("{} is {state}", path.display()) };
        assert!(["garbage", "unsupported_codec"].contains(&reason.code()), "{reason}");
    }
}

#[tokio::test]
async fn a_file_cut_short_gives_what_is_left() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("clip.mkv");
    write_video(&path, MJPEG_MKV, &steady(100));
    let whole = fs::read(&path).expect("readable");
    fs::write(&path, &whole[..whole.len() / 2]).expect("writable");
    let (frames, _) = play_fast(&path).await;
    assert!((5..20).contains(&frames.len()), "about half of 20 frames, not {}", frames.len());
}

/// Real footage of many kinds, where it lies beside the repository: `GRIDWATCH_DATA` names the folder with `videos/`.
#[tokio::test]
async fn real_footage_plays_to_its_end() {
    let Some(data) = std::env::var_os("GRIDWATCH_DATA") else {
        eprintln!("skipped: GRIDWATCH_DATA does not name a folder with videos/");
        return;
    };
    let videos = fs::read_dir(Path::new(&data).join("videos")).expect("GRIDWATCH_DATA holds videos/");
    for path in videos.flatten().map(|entry| entry.path()) {
        let mut tester = IngestTester::start_with(ManualClock::new(noon()), quick_timeouts());
        tester.watch(file("clip", &path, Pace::Fast, false));
        tester.no_more_cameras();
        let (mut frames, mut first, mut last, mut size) = (0_u32, None, None, (0, 0));
        while let Some(frame) = tester.next_frame().await {
            first.get_or_insert(frame.at);
            assert!(last.replace(frame.at) < Some(frame.at), "times grow in {}", path.display());
            (frames, size) = (frames + 1, (frame.width, frame.height));
        }
        let seconds = first.zip(last).map_or(0.0, |(first, last)| last.seconds_since(first));
        assert!(seconds > 1.0, "{} has some seconds", path.display());
        let received = tester.count("clip", "received");
        eprintln!("{}: {size:?}, {received} pictures, {frames} sampled over {seconds:.1} s", path.display());
        assert_eq!(tester.ended("clip").await, CameraState::Ended, "{}", path.display());
        let due = (seconds * 5.0).min(received as f64);
        assert!(f64::from(frames) >= due * 0.9, "{} has some {due} frames that are due", path.display());
        tester.finish().await;
    }
}
