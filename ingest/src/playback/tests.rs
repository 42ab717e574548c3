//! Files of all sorts, whole and broken.

use std::{fs, path::PathBuf};

use gridwatch_config::{DecodeMode, Pace, SourceSettings, TilesConfig, TlsSettings};
use gridwatch_runtime::ManualClock;
use gstreamer as gst;
use gstreamer::prelude::*;
use tempfile::TempDir;

use super::{units::Times, *};

/// Pictures of a file: eight seconds at 25 a second.
const PICTURES: u32 = 200;

/// Files of a test.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a pipeline writes into a file.
    fn make(&self, name: &str, elements: &str) -> PathBuf {
        gst::init().expect("GStreamer");
        let path = self.path(name);
        let line = format!("{elements} ! filesink location={}", path.display());
        let pipeline = gst::parse::launch(&line).expect("its elements");
        pipeline.set_state(gst::State::Playing).expect("it starts");
        let bus = pipeline.bus().expect("a bus");
        let ends = [gst::MessageType::Eos, gst::MessageType::Error];
        let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends).expect("it ends");
        assert_eq!(end.type_(), gst::MessageType::Eos, "{end:?}");
        pipeline.set_state(gst::State::Null).expect("it stops");
        path
    }

    /// A ball that moves, as H.264.
    fn h264(&self, name: &str, behind: &str) -> PathBuf {
        let card = format!(
            "videotestsrc num-buffers={PICTURES} pattern=ball ! video/x-raw,format=I420,width=320,height=176,framerate=25/1"
        );
        self.make(
            name,
            &format!("{card} ! x264enc bframes=2 key-int-max=50 speed-preset=ultrafast ! {behind}"),
        )
    }

    fn mp4(&self, name: &str) -> PathBuf {
        // Its index comes first, so that what is cut off can be played up to there.
        self.h264(name, "h264parse ! mp4mux faststart=true")
    }
}

fn camera(decode: DecodeMode) -> CameraSettings {
    CameraSettings {
        id: "lot".parse().expect("valid"),
        name: String::new(),
        cell: None,
        source: SourceSettings::File { path: PathBuf::new(), pace: Pace::Fast, repeat: false },
        main: None,
        sample_fps: 5,
        decode,
        rest: Duration::from_secs(10),
        record: false,
        tiles: TilesConfig::WHOLE,
        tls: TlsSettings::System,
        zones: Vec::new(),
        lines: Vec::new(),
        groups: Vec::new(),
        ground: None,
        aspect: None,
    }
}

fn start() -> Timestamp {
    "2026-11-26T08:00:00Z".parse().expect("valid")
}

fn open(path: &Path, decode: DecodeMode) -> Result<Playback, PlaybackError> {
    let options = PlaybackOptions {
        start: start(),
        reach: (Duration::from_secs(12), 8 << 20),
        clock: ManualClock::new(start()),
    };
    Playback::open(path, &camera(decode), options)
}

/// Seconds into the file of all pictures that are to be analysed, and what was wrong.
fn play(path: &Path, decode: DecodeMode) -> (Vec<f64>, Playback) {
    let mut playback = open(path, decode).unwrap_or_else(|error| panic!("{error}"));
    let mut times = Vec::new();
    while let Some(frames) = playback.next(Attention::default()) {
        times.extend(frames.iter().map(|frame| frame.at.seconds_since(start())));
    }
    (times, playback)
}

#[track_caller]
fn check_whole(path: &Path, decode: DecodeMode, pictures: usize) {
    let (times, playback) = play(path, decode);
    assert_eq!(playback.flaws(), [], "{}", path.display());
    assert!(playback.is_complete());
    assert_eq!(times.len(), pictures, "{times:?}");
    assert!(times.is_sorted(), "{times:?}");
    // Of what is decoded whole only the pictures that are analysed are known.
    assert!((playback.position().as_secs_f64() - 7.96).abs() < 0.2, "{:?}", playback.position());
}

#[test]
fn containers_and_forms_are_played_to_their_end() {
    let files = Files::new();
    check_whole(&files.mp4("a.mp4"), DecodeMode::Always, 40);
    check_whole(&files.h264("a.mkv", "h264parse ! matroskamux"), DecodeMode::Always, 40);
    check_whole(&files.h264("a.ts", "h264parse ! mpegtsmux"), DecodeMode::Always, 40);
    let ball = format!(
        "videotestsrc num-buffers={PICTURES} pattern=ball ! video/x-raw,format=I420,width=320,height=176,framerate=25/1"
    );
    check_whole(&files.make("a.avi", &format!("{ball} ! jpegenc ! avimux")), DecodeMode::Always, 40);
    // Of a form that is not taken apart.
    check_whole(&files.make("b.avi", &format!("{ball} ! avenc_mpeg4 ! avimux")), DecodeMode::Always, 40);
}

#[test]
fn key_pictures_alone_are_played_and_the_same_each_time() {
    let files = Files::new();
    let path = files.mp4("a.mp4");
    let (times, _) = play(&path, DecodeMode::Keyframes);
    assert_eq!(times.iter().map(|time| time.round()).collect::<Vec<_>>(), [0.0, 2.0, 4.0, 6.0]);
    assert_eq!(play(&path, DecodeMode::Adaptive).0, play(&path, DecodeMode::Adaptive).0);
}

#[test]
fn a_file_that_is_cut_off_is_played_up_to_there_and_says_so() {
    let files = Files::new();
    let whole = fs::read(files.mp4("a.mp4")).expect("it is there");
    let cut = files.path("cut.mp4");
    fs::write(&cut, &whole[..whole.len() * 6 / 10]).expect("written");
    let (times, playback) = play(&cut, DecodeMode::Always);
    assert!(times.len() > 5 && times.len() < 40, "{times:?}");
    assert!(!playback.is_complete());
    let told = playback.flaws().last().expect("it says so").to_string();
    assert!(told.contains("breaks off at") && told.contains("of 0:08"), "{told}");
}

#[test]
fn what_holds_no_video_is_refused_with_what_it_holds() {
    let files = Files::new();
    let refused = |path: &Path| open(path, DecodeMode::Always).err().expect("refused").to_string();
    let empty = files.path("empty.mp4");
    fs::write(&empty, []).expect("written");
    assert!(refused(&empty).contains("is empty"), "{}", refused(&empty));
    assert!(refused(&files.path("nowhere.mp4")).contains("is missing"));
    let sound = files.make("sound.wav", "audiotestsrc num-buffers=50 ! wavenc");
    assert!(refused(&sound).contains("holds no video (audio/x-raw)"), "{}", refused(&sound));
    let text = files.path("text.mp4");
    fs::write(&text, "no video at all, but words ".repeat(100)).expect("written");
    assert!(refused(&text).contains("text.mp4: "), "{}", refused(&text));
    let headless = files.path("headless.mp4");
    let whole = fs::read(files.h264("late.mp4", "h264parse ! mp4mux")).expect("it is there");
    fs::write(&headless, &whole[..whole.len() / 2]).expect("written");
    assert!(refused(&headless).contains("cannot be read as video"), "{}", refused(&headless));
}

#[test]
fn pictures_without_times_are_taken_one_after_the_other() {
    let files = Files::new();
    let path = files.h264("raw.h264", "video/x-h264,stream-format=byte-stream");
    let (times, playback) = play(&path, DecodeMode::Always);
    assert!(times.len() >= 38, "{times:?}");
    assert!((playback.position().as_secs_f64() - 7.96).abs() < 0.5, "{:?}", playback.position());
}

#[track_caller]
fn check_times(shown: &[Option<u64>], placed: &[u64], flaws: &[FileFlaw]) {
    let (mut times, mut found) = (Times::default(), Vec::new());
    let millis = Duration::from_millis;
    let place = |time: &Option<u64>| times.place(time.map(millis), Some(millis(40)), true, &mut found);
    let got: Vec<Duration> = shown.iter().map(place).collect();
    assert_eq!(got, placed.iter().copied().map(millis).collect::<Vec<_>>());
    assert_eq!(found, flaws);
}

#[test]
fn times_that_step_back_leap_or_are_missing_are_mended_and_told() {
    let millis = Duration::from_millis;
    check_times(&[Some(500), Some(540), Some(580)], &[0, 40, 80], &[]);
    let back = FileFlaw::StepsBack { at: millis(60_000), by: millis(60_000) };
    check_times(
        &[Some(0), Some(60_000), Some(0), Some(40)],
        &[0, 60_000, 60_040, 60_080],
        &[FileFlaw::Leaps { at: millis(0), by: millis(60_000) }, back],
    );
    check_times(&[None, None, None], &[0, 40, 80], &[FileFlaw::NoTimes { fps: 25 }]);
    // Pictures that are shown before those that were sent earlier.
    check_times(&[Some(80), Some(0), Some(40), Some(160)], &[0, 0, 0, 80], &[]);
}
