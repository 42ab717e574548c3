//! Files of all sorts, whole and broken.

use std::{fs, path::PathBuf};

use gridwatch_config::{DecodeMode, Pace, SourceSettings, TilesConfig, TlsSettings};
use gridwatch_runtime::ManualClock;
use gridwatch_sim::{
    FrameSource as _, I420Frame,
    testcard::{self, TestCard},
};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use tempfile::TempDir;

use super::{times::Times, *};

/// Pictures of a file: eight seconds at 25 a second.
const PICTURES: u32 = 200;

/// Files of a test.
pub(super) struct Files {
    folder: TempDir,
}

impl Files {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a pipeline writes into a file.
    pub(super) fn make(&self, name: &str, elements: &str) -> PathBuf {
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

    /// Pictures of a grey card, shown at those times in milliseconds.
    fn shown_at(&self, name: &str, behind: &str, times: &[u64]) -> PathBuf {
        self.pictures_at(name, behind, times, |_| vec![128; 320 * 176 * 3 / 2])
    }

    /// Cards with their numbers, shown at those times in milliseconds.
    fn cards_at(&self, name: &str, behind: &str, times: &[u64]) -> PathBuf {
        let mut card = TestCard { width: 320, height: 176, fps: 25, frame_count: 60_000 };
        let mut frame = I420Frame::new(320, 176);
        self.pictures_at(name, behind, times, |index| {
            card.render(u32::try_from(index).expect("few"), &mut frame);
            [frame.y.as_slice(), &frame.u, &frame.v].concat()
        })
    }

    /// Pictures of 320×176 as I420, each by its number, shown at those times in milliseconds.
    fn pictures_at(
        &self,
        name: &str,
        behind: &str,
        times: &[u64],
        mut picture: impl FnMut(usize) -> Vec<u8>,
    ) -> PathBuf {
        gst::init().expect("GStreamer");
        let path = self.path(name);
        let line =
            format!("appsrc name=source format=time ! {behind} ! filesink location={}", path.display());
        let pipeline =
            gst::parse::launch(&line).expect("its elements").downcast::<gst::Pipeline>().expect("one");
        let source =
            pipeline.by_name("source").expect("named").downcast::<gst_app::AppSrc>().expect("a source");
        let form = "video/x-raw,format=I420,width=320,height=176,framerate=25/1";
        source.set_caps(Some(&form.parse().expect("well-formed")));
        pipeline.set_state(gst::State::Playing).expect("it starts");
        for (index, time) in times.iter().enumerate() {
            let mut buffer = gst::Buffer::from_mut_slice(picture(index));
            buffer.get_mut().expect("new").set_pts(gst::ClockTime::from_mseconds(*time));
            source.push_buffer(buffer).expect("it takes pictures");
        }
        source.end_of_stream().expect("it ends");
        let ends = [gst::MessageType::Eos, gst::MessageType::Error];
        let bus = pipeline.bus().expect("a bus");
        let end = bus.timed_pop_filtered(gst::ClockTime::from_seconds(60), &ends).expect("it ends");
        assert_eq!(end.type_(), gst::MessageType::Eos, "{end:?}");
        pipeline.set_state(gst::State::Null).expect("it stops");
        path
    }

    /// A ball that moves, as H.264.
    pub(super) fn h264(&self, name: &str, behind: &str) -> PathBuf {
        let card = format!(
            "videotestsrc num-buffers={PICTURES} pattern=ball ! video/x-raw,format=I420,width=320,height=176,framerate=25/1"
        );
        self.make(
            name,
            &format!("{card} ! x264enc bframes=2 key-int-max=50 speed-preset=ultrafast ! {behind}"),
        )
    }

    pub(super) fn mp4(&self, name: &str) -> PathBuf {
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
pub(super) fn play(path: &Path, decode: DecodeMode) -> (Vec<f64>, Playback) {
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
fn a_form_that_nobody_decodes_is_told_by_its_code() {
    let files = Files::new();
    let refused = |path: &Path| open(path, DecodeMode::Always).err().expect("refused").to_string();
    let with = |path: PathBuf, code: &[u8], other: &[u8]| {
        let mut bytes = fs::read(&path).expect("it is there");
        let at = bytes.windows(code.len()).position(|window| window == code).expect("it has one");
        bytes[at..at + code.len()].copy_from_slice(other);
        fs::write(&path, bytes).expect("written");
        refused(&path)
    };
    let told = with(files.mp4("a.mp4"), b"avc1", b"zzzz");
    assert!(
        told.contains("with the FourCC zzzz cannot be decoded here") && told.contains("ffmpeg"),
        "{told}"
    );
    let matroska = files.h264("a.mkv", "h264parse ! matroskamux");
    let told = with(matroska, b"V_MPEG4/ISO/AVC", b"V_ZZZZ4/ISO/ZZZ");
    assert!(told.contains("V_ZZZZ4/ISO/ZZZ cannot be decoded here"), "{told}");
}

#[test]
fn pictures_that_are_not_read_are_refused_at_once() {
    let files = Files::new();
    let webp = b"RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00";
    for (bytes, form) in [
        (&b"GIF89a\x40\x01\xb0\x00\xf7\x00\x00"[..], "GIF"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"BM\x0a\0\0\0\0\0\0\0", "BMP"),
        (webp, "WebP with several pictures"),
    ] {
        let path = files.path("picture");
        fs::write(&path, bytes).expect("written");
        let told = open(&path, DecodeMode::Always).err().expect("refused").to_string();
        assert!(told.contains(&format!("a picture of the form {form},")), "{told}");
        let seen = picture_at(&path, Duration::ZERO, &"lot".parse().expect("valid")).expect_err("refused");
        assert_eq!(seen.to_string(), told);
    }
}

#[test]
fn a_file_of_sound_holds_no_picture_of_any_time() {
    let files = Files::new();
    let sound = files.make("sound.mp4", "audiotestsrc num-buffers=50 ! avenc_aac ! mp4mux");
    let told = picture_at(&sound, Duration::ZERO, &"lot".parse().expect("valid")).expect_err("refused");
    assert!(told.to_string().contains("holds no video (audio/mpeg)"), "{told}");
}

#[test]
fn pictures_without_times_are_taken_one_after_the_other() {
    let files = Files::new();
    let path = files.h264("raw.h264", "video/x-h264,stream-format=byte-stream");
    let (times, playback) = play(&path, DecodeMode::Always);
    assert!(times.len() >= 38, "{times:?}");
    assert!((playback.position().as_secs_f64() - 7.96).abs() < 0.5, "{:?}", playback.position());
}

/// Cut after so many bytes it says that it breaks off; whole it says nothing.
#[track_caller]
fn check_cut(files: &Files, path: &Path, length: impl FnOnce(usize) -> usize) {
    let (_, playback) = play(path, DecodeMode::Always);
    assert_eq!(playback.flaws(), [], "{}", path.display());
    assert!(playback.is_complete(), "{}", path.display());
    let whole = fs::read(path).expect("it is there");
    let cut = files.path(&format!("cut-{}", path.file_name().expect("it has one").display()));
    fs::write(&cut, &whole[..length(whole.len())]).expect("written");
    let (times, playback) = play(&cut, DecodeMode::Always);
    assert!(times.len() > 5 && times.len() < 40, "{}: {times:?}", path.display());
    assert!(!playback.is_complete(), "{}", path.display());
    let told: Vec<String> = playback.flaws().iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("breaks off at 0:0"), "{}: {told:?}", path.display());
}

#[test]
fn whatever_container_is_cut_off_where_that_can_be_told_says_so() {
    let files = Files::new();
    let most = |length: usize| length * 6 / 10;
    let ball = "videotestsrc num-buffers=200 pattern=ball ! video/x-raw,format=I420,width=320,height=176,framerate=25/1";
    check_cut(&files, &files.make("a.avi", &format!("{ball} ! jpegenc ! avimux")), most);
    check_cut(&files, &files.h264("pieces.mp4", "h264parse ! mp4mux fragment-duration=1000"), most);
    check_cut(&files, &files.h264("a.mkv", "h264parse ! matroskamux"), most);
    check_cut(&files, &files.h264("piped.mkv", "h264parse ! matroskamux streamable=true"), most);
    check_cut(&files, &files.h264("a.ts", "h264parse ! mpegtsmux"), |length| {
        length * 6 / 10 / 188 * 188 + 100
    });
    // Of a form that is not taken apart.
    check_cut(&files, &files.make("b.avi", &format!("{ball} ! avenc_mpeg4 ! avimux")), most);
}

#[test]
fn a_file_that_cannot_tell_that_its_end_is_missing_is_known_for_it() {
    let files = Files::new();
    let known = |path: &Path| play(path, DecodeMode::Keyframes).1.is_end_known();
    assert!(known(&files.mp4("a.mp4")));
    assert!(known(&files.h264("a.mkv", "h264parse ! matroskamux")));
    assert!(known(&files.h264("a.avi", "h264parse ! avimux")));
    assert!(!known(&files.h264("raw.h264", "video/x-h264,stream-format=byte-stream")));
    let stream = files.h264("a.ts", "h264parse ! mpegtsmux");
    assert!(!known(&stream));
    let whole = fs::read(&stream).expect("it is there");
    fs::write(&stream, &whole[..whole.len() * 6 / 10 / 188 * 188]).expect("written");
    let (_, playback) = play(&stream, DecodeMode::Always);
    assert!(!playback.is_end_known() && playback.is_complete(), "it looks whole: {:?}", playback.flaws());
}

/// The number that each picture to be analysed shows, and its time in milliseconds into the file.
fn numbered(path: &Path, sample_fps: u8) -> Vec<(u32, i64)> {
    let settings = CameraSettings { sample_fps, ..camera(DecodeMode::Always) };
    let options = PlaybackOptions {
        start: start(),
        reach: (Duration::from_secs(12), 8 << 20),
        clock: ManualClock::new(start()),
    };
    let mut playback = Playback::open(path, &settings, options).unwrap_or_else(|error| panic!("{error}"));
    let mut all = Vec::new();
    while let Some(frames) = playback.next(Attention::default()) {
        for frame in frames {
            let planes = &frame.planes;
            let number = testcard::read_number(planes.y(), planes.y_stride(), frame.width as usize);
            let ms = frame.at.as_millisecond() - start().as_millisecond();
            all.push((number.expect("a card"), ms));
        }
    }
    assert_eq!(playback.flaws(), [], "{}", path.display());
    all
}

#[test]
fn pictures_that_are_sent_out_of_order_are_all_shown_each_at_its_own_time() {
    let files = Files::new();
    // As ffmpeg encodes where it is told nothing: three that refer to later ones in a row, one of them to the others.
    let encode = "x264enc bframes=3 b-adapt=false b-pyramid=true key-int-max=250 ! h264parse ! mp4mux";
    for (name, apart, fps) in [("often.mp4", 40, 30), ("seldom.mp4", 1000, 30)] {
        let times: Vec<u64> = (0..97).map(|index| index * apart).collect();
        let path = files.cards_at(name, encode, &times);
        let expected: Vec<(u32, i64)> =
            (0..97).map(|index| (index, i64::from(index) * apart as i64)).collect();
        assert_eq!(numbered(&path, fps), expected, "one every {apart} ms");
    }
}

#[test]
fn pictures_before_the_zero_of_their_file_keep_their_order_and_distance() {
    let files = Files::new();
    let times = |path: &Path| {
        let (times, playback) = play(path, DecodeMode::Always);
        assert_eq!(playback.flaws(), [], "{}", path.display());
        times
    };
    let path = files.h264("a.mkv", "h264parse ! matroskamux");
    let before = times(&path);
    container::tests::set_back(&path, 500);
    assert_eq!(times(&path), before);
    // By an edit list, as what cuts a file without encoding it anew writes it.
    let path = files.mp4("a.mp4");
    let before = times(&path);
    let mut bytes = fs::read(&path).expect("it is there");
    let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).expect("it has one");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
    let (scale, media) = (number(find(b"mdhd") + 16), find(b"elst") + 16);
    let later = number(media) + scale / 2;
    bytes[media..media + 4].copy_from_slice(&later.to_be_bytes());
    fs::write(&path, bytes).expect("written");
    assert_eq!(times(&path), before);
}

#[test]
fn a_film_that_was_cut_without_encoding_it_anew_is_played_from_its_first_picture_to_its_last() {
    let files = Files::new();
    let path = files.mp4("a.mp4");
    let (before, _) = play(&path, DecodeMode::Always);
    let mut bytes = fs::read(&path).expect("it is there");
    let find = |name: &[u8]| bytes.windows(4).position(|window| window == name).expect("it has one");
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
    // Shown from three seconds on, and so much shorter.
    let (media_scale, film_scale) = (number(find(b"mdhd") + 16), number(find(b"mvhd") + 16));
    let (length, from) = (find(b"elst") + 12, find(b"elst") + 16);
    let (shorter, later) = (number(length) - 3 * film_scale, number(from) + 3 * media_scale);
    bytes[length..from].copy_from_slice(&shorter.to_be_bytes());
    bytes[from..from + 4].copy_from_slice(&later.to_be_bytes());
    fs::write(&path, bytes).expect("written");
    let (times, playback) = play(&path, DecodeMode::Always);
    assert_eq!((times, playback.flaws()), (before, &[][..]));
}

#[test]
fn the_clock_of_a_transport_stream_that_is_set_is_told() {
    let files = Files::new();
    let stream = |name: &str, from_s: u64| {
        let source = format!(
            "videotestsrc num-buffers={PICTURES} timestamp-offset={} ! video/x-raw,format=I420,width=320,height=176,framerate=25/1",
            from_s * 1_000_000_000
        );
        let path = files.make(
            name,
            &format!("{source} ! x264enc key-int-max=50 speed-preset=ultrafast ! h264parse ! mpegtsmux"),
        );
        fs::read(path).expect("it is there")
    };
    let (early, late) = (stream("early.ts", 0), stream("late.ts", 28));
    for (parts, told) in [([&late, &early], "step back by 3"), ([&early, &late], "leap ahead by 2")] {
        let path = files.path("both.ts");
        fs::write(&path, parts.map(Vec::as_slice).concat()).expect("written");
        let (times, playback) = play(&path, DecodeMode::Always);
        let [flaw] = playback.flaws() else { panic!("{:?}", playback.flaws()) };
        assert!(flaw.to_string().contains(told) && flaw.to_string().contains("at 0:0"), "{flaw}");
        assert!(playback.is_complete() && times.is_sorted(), "{times:?}");
        let last = times.last().expect("pictures");
        assert!((15.0..18.0).contains(last), "the second follows the first: {last}");
    }
}

#[test]
fn a_leap_longer_than_any_pause_of_a_recording_is_taken_out() {
    let files = Files::new();
    let years = 8_800_000_000_000;
    let mut times: Vec<u64> = (0..50).map(|picture| picture * 40).collect();
    times.extend((50..100).map(|picture| years + picture * 40));
    for (name, behind) in [("a.mkv", "jpegenc ! matroskamux"), ("b.mkv", "vp8enc deadline=1 ! matroskamux")] {
        let path = files.shown_at(name, behind, &times);
        let (times, playback) = play(&path, DecodeMode::Always);
        let [flaw] = playback.flaws() else { panic!("{name}: {:?} {times:?}", playback.flaws()) };
        assert!(flaw.to_string().contains("leap ahead by 88000000"), "{flaw}");
        assert!(playback.is_complete(), "{name}");
        assert!(times.is_sorted() && times.last().is_some_and(|last| (3.5..4.1).contains(last)), "{times:?}");
    }
}

#[track_caller]
fn check_times(shown: &[Option<i64>], placed: &[u64], flaws: &[FileFlaw]) {
    let (mut times, mut found) = (Times::default(), Vec::new());
    let millis = Duration::from_millis;
    let place = |time: &Option<i64>| {
        times.place(time.map(|time| time * 1_000_000), Some(millis(40)), true, &mut found)
    };
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
    // Before the zero of their file.
    check_times(&[Some(-80), Some(-40), Some(0), Some(40)], &[0, 40, 80, 120], &[]);
    check_times(&[None, None, Some(0), Some(40)], &[0, 40, 80, 120], &[FileFlaw::NoTimes { fps: 25 }]);
    // A day is the longest pause; one picture alone whose time is damaged.
    let (day, more) = (86_400_000, 86_400_001);
    let pause = FileFlaw::Leaps { at: millis(0), by: millis(day) };
    check_times(&[Some(0), Some(86_400_000)], &[0, day], &[pause]);
    let leap = FileFlaw::LeapTakenOut { at: millis(0), by: millis(more) };
    let back = FileFlaw::StepsBack { at: millis(40), by: millis(more - 40) };
    check_times(&[Some(0), Some(86_400_001), Some(40), Some(80)], &[0, 40, 80, 120], &[leap, back]);
}

#[test]
fn no_picture_is_placed_long_before_those_before_it() {
    let (mut times, mut flaws) = (Times::default(), Vec::new());
    let mut place =
        |seconds: i64, is_key| times.place(Some(seconds * 1_000_000_000), None, is_key, &mut flaws);
    assert_eq!(place(0, true), Duration::ZERO);
    assert_eq!(place(5000, false), Duration::from_secs(5000));
    assert_eq!(place(1, false), Duration::from_millis(5_000_040));
    assert_eq!(place(2, false), Duration::from_millis(5_001_040));
    assert!(matches!(flaws.as_slice(), [FileFlaw::Leaps { .. }, FileFlaw::StepsBack { .. }]), "{flaws:?}");
}

#[test]
fn a_clock_that_stands_is_told_once_and_pictures_out_of_order_are_none() {
    let told = |shown: &mut dyn Iterator<Item = i64>| {
        let (mut times, mut flaws) = (Times::default(), Vec::new());
        for at in shown {
            times.place(Some(at), None, false, &mut flaws);
        }
        flaws
    };
    let frame = 40_000_000;
    let stands =
        (0..100).map(|index| if (20..80).contains(&index) { 20 * frame + index } else { index * frame });
    let flaws = told(&mut { stands });
    let [FileFlaw::StandsStill { at }] = flaws[..] else { panic!("{flaws:?}") };
    assert_eq!(at.as_millis(), 800);
    // One, four, two, three, as they are decoded.
    let mixed = (0..100).map(|index| frame * (4 * (index / 4) + [0, 3, 1, 2][index as usize % 4]));
    assert_eq!(told(&mut { mixed }), []);
}
