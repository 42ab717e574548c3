//! `gridwatch analyze --render` and `gridwatch zones draw` with the real binary, on twenty seconds of a small scene and the shipped network.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    time::Duration,
};

use gridwatch_domain::{Attention, Frame, Timestamp};
use gridwatch_ingest::{AccessUnit, Codec, Playback, PlaybackOptions, mp4::FileWriter, picture_at};
use gridwatch_runtime::SystemClock;
use gridwatch_sim::{
    FrameSource, FrameTruth, I420Frame, Scene,
    encode::{self, EncodedSink, Encoding, encode},
};
use serde_json::Value;
use support::{GRIDWATCH, pause, root, wait_for, write};

const SIZE: (u32, u32) = (640, 360);
const SECONDS: u32 = 20;
/// How many times as large a picture so small is drawn, and the rows above it.
const TIMES: u32 = 2;
const HEAD: u32 = 30;

/// The beginning of a scene.
struct Beginning<S>(S, u32);

impl<S: FrameSource> FrameSource for Beginning<S> {
    fn width(&self) -> u32 {
        self.0.width()
    }
    fn height(&self) -> u32 {
        self.0.height()
    }
    fn fps(&self) -> u32 {
        self.0.fps()
    }
    fn frame_count(&self) -> u32 {
        self.1
    }
    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        self.0.render(index, out)
    }
}

/// Puts what is encoded into a file.
struct IntoFile {
    file: FileWriter,
    fps: u32,
    count: u64,
}

impl EncodedSink for IntoFile {
    fn truth(&mut self, _: &FrameTruth) -> std::io::Result<()> {
        Ok(())
    }

    fn unit(&mut self, unit: &encode::AccessUnit) -> std::io::Result<()> {
        let time = Duration::from_secs(self.count) / self.fps;
        let unit = AccessUnit {
            seq: self.count,
            bytes: unit.bytes.clone().into(),
            codec: Codec::H264,
            is_key: unit.key,
            time,
            at: Timestamp::UNIX_EPOCH.saturating_add(time),
            after_loss: false,
        };
        self.count += 1;
        self.file.push(unit).map_err(std::io::Error::other)
    }
}

/// The clip, and a configuration for it; made once.
fn clip() -> &'static (PathBuf, PathBuf) {
    static CLIP: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    CLIP.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("analyze_render.{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let text = fs::read_to_string(root().join("tests/scenes/tiny.toml")).expect("it is there");
        let scene = Scene::from_toml(&text).expect("valid");
        let video = folder.join("tiny.mp4");
        let renderer = || scene.renderer(SIZE.0, SIZE.1);
        let fps = renderer().fps();
        let sources = (0..2).map(|_| Box::new(Beginning(renderer(), SECONDS * fps)) as Box<dyn FrameSource>);
        let mut sink = IntoFile { file: FileWriter::create(&video, 500).expect("writable"), fps, count: 0 };
        encode(sources.collect(), Encoding::usual(SIZE.0, SIZE.1), &mut sink).expect("encoded");
        sink.file.finish().expect("whole");
        let lane = &scene.zones()[0];
        let polygon = serde_json::to_string(&lane.polygon).expect("JSON");
        let config = format!(
            "[edge]\nid = \"box\"\nstate_dir = \"state\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n\
             [[camera]]\nid = \"tiny\"\nname = \"3栋\"\nurl = \"rtsp://127.0.0.1:1/1\"\n\
             [[camera.zone]]\nid = \"lane\"\nname = \"消防通道\"\ntype = \"fire_lane\"\nlimit_s = 3\npolygon = {polygon}\n"
        );
        (video, write(&folder, "tiny.toml", &config))
    })
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn gridwatch(arguments: &[&str]) -> Output {
    Command::new(GRIDWATCH).args(arguments).output().expect("the binary runs")
}

#[track_caller]
fn done(arguments: &[&str]) -> String {
    let output = gridwatch(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, expected: &str) {
    let output = gridwatch(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?} said {said}");
    assert!(said.contains(expected), "{expected:?} is not in {said}");
}

fn has_network_library() -> bool {
    let is_there = std::env::var_os("ORT_DYLIB_PATH").is_some();
    if !is_there {
        println!("SKIPPED: ORT_DYLIB_PATH names no ONNX Runtime");
    }
    is_there
}

/// Times of all pictures of a video, in the order in which they are shown, and how long it says it is.
fn pictures(video: &Path) -> (Vec<Duration>, Duration) {
    let config = clip().1.with_file_name("always.toml");
    let text = fs::read_to_string(&clip().1).expect("it is there");
    fs::write(&config, text.replace("url = \"rtsp", "decode = \"always\"\nsample_fps = 30\nurl = \"rtsp"))
        .expect("writable");
    let camera = gridwatch_config::load_edge(&config).expect("valid").cameras.remove(0);
    let reach = (Duration::from_secs(60), 64 << 20);
    let options = PlaybackOptions { start: Timestamp::UNIX_EPOCH, reach, clock: SystemClock::shared() };
    let mut playback = Playback::open(video, &camera, options).expect("playable");
    let mut times = Vec::new();
    while let Some(frames) = playback.next(Attention::default()) {
        times.extend(frames.iter().map(|frame| frame.at.saturating_since(Timestamp::UNIX_EPOCH)));
    }
    (times, playback.duration().expect("it says"))
}

/// Red, green and blue of a picture near a spot, as shares of its size: the mean of 5×5 pixels. Differences of colour only.
fn chroma(frame: &Frame, x: u32, y: u32) -> [i32; 2] {
    let planes = frame.planes.as_ref();
    let at = (y / 2) as usize * planes.uv_stride() + (x / 2 * 2) as usize;
    [i32::from(planes.uv()[at]), i32::from(planes.uv()[at + 1])]
}

#[test]
fn a_rendered_video_shows_what_was_analysed_and_changes_nothing() {
    if !has_network_library() {
        return;
    }
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (bare, with, seen, out) =
        (path("bare.jsonl"), path("with.jsonl"), path("seen.jsonl"), path("out.mp4"));
    let analyze = ["analyze", "--quiet", "--config", text(config), "--input", text(video)];
    done(&[&analyze[..], &["--events", text(&bare)]].concat());
    let more = ["--events", text(&with), "--observations", text(&seen), "--render", text(&out)];
    done(&[&analyze[..], &more].concat());
    let events = fs::read(&bare).expect("written");
    assert!(!events.is_empty(), "the scene has an event");
    assert_eq!(events, fs::read(&with).expect("written"), "rendering changes no event");

    let seen = fs::read_to_string(&seen).expect("written");
    let analysed: Vec<Duration> = seen
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let at: Timestamp = line["at"].as_str().expect("a time").parse().expect("a time");
            at.saturating_since(Timestamp::UNIX_EPOCH)
        })
        .collect();
    let (shown, duration) = pictures(&out);
    assert_eq!(shown.len(), analysed.len(), "one picture for each that was analysed");
    for (shown, analysed) in shown.iter().zip(&analysed).skip(1) {
        assert!(shown.abs_diff(*analysed) < Duration::from_millis(3), "{shown:?} is not {analysed:?}");
    }
    assert!(
        duration.abs_diff(Duration::from_secs(SECONDS.into())) < Duration::from_millis(100),
        "{duration:?}"
    );
    check_colours(&out, &events);
}

/// Before the event the zone is outlined in its own colour, during it in that of a critical one.
fn check_colours(out: &Path, events: &[u8]) {
    let opened = events.split(|byte| *byte == b'\n').next().expect("a line");
    let opened: Value = serde_json::from_slice(opened).expect("JSON");
    assert_eq!(opened["kind"], "parking.fire_lane", "{opened}");
    let at: Timestamp = opened["at"].as_str().expect("a time").parse().expect("a time");
    let at = at.saturating_since(Timestamp::UNIX_EPOCH);
    let config = gridwatch_config::load_edge(&clip().1).expect("valid");
    let points = config.cameras[0].zones[0].polygon.points();
    // The middle of the zone's lowest side: no vehicle hides it.
    let lowest = points
        .iter()
        .zip(points.iter().cycle().skip(1))
        .max_by(|a, b| (a.0.y() + a.1.y()).total_cmp(&(b.0.y() + b.1.y())))
        .expect("sides");
    let middle = [f32::midpoint(lowest.0.x(), lowest.1.x()), f32::midpoint(lowest.0.y(), lowest.1.y())];
    let (width, height) = (SIZE.0 * TIMES, SIZE.1 * TIMES);
    let spot = ((middle[0] * width as f32) as u32, HEAD + (middle[1] * height as f32) as u32);
    let camera = "tiny".parse().expect("valid");
    let reddest = |at: Duration| {
        let frame = picture_at(out, at, &camera).expect("it can be entered anywhere");
        assert_eq!((frame.width, frame.height), (width, height + HEAD));
        let near = (spot.1 - 4..=(spot.1 + 4).min(frame.height - 1)).map(|y| chroma(&frame, spot.0, y));
        near.max_by_key(|[_, red]| *red).expect("pixels")
    };
    let (before, during) = (reddest(Duration::ZERO), reddest(at + Duration::from_millis(100)));
    // Pink is bluish; red is not, and more of it.
    assert!(before[1] > 140 && before[0] > 118, "the zone's own colour: {before:?}");
    assert!(during[1] > 160 && during[0] < 118, "the colour of the event: {during:?}");
}

#[test]
fn a_run_that_is_ended_leaves_no_half_a_video() {
    if !has_network_library() {
        return;
    }
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.mp4");
    let mut run = Command::new(GRIDWATCH)
        .args([
            "analyze",
            "--quiet",
            "--config",
            text(config),
            "--input",
            text(video),
            "--render",
            text(&out),
        ])
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    pause(Duration::from_millis(400));
    run.kill().expect("it was started by us");
    let has_ended_before = run.wait().expect("it was started by us").success();
    assert_eq!(out.exists(), has_ended_before);
    refused(
        &["analyze", "--config", text(config), "--input", text(video), "--render", "/no/such/folder/out.mp4"],
        1,
        "--render: create /no/such/folder/out.mp4: No such file",
    );
}

#[test]
fn zones_are_drawn_on_a_picture_of_a_video_or_on_grey() {
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (png, jpg, grey) = (path("a.png"), path("a.jpg"), path("grey.png"));
    let draw = ["zones", "draw", "--config", text(config)];
    let said = done(&[&draw[..], &["--input", text(video), "--at", "10", "--out", text(&png)]].concat());
    assert!(said.contains("camera tiny on") && said.contains("at 10.0 s"), "{said}");
    done(&[&draw[..], &["--input", text(&png), "--out", text(&jpg)]].concat());
    let said = done(&[&draw[..], &["--size", "704x576", "--out", text(&grey)]].concat());
    assert!(said.contains("on grey, 704:576"), "{said}");
    assert!(fs::read(&png).expect("written").starts_with(b"\x89PNG"));
    assert!(fs::read(&jpg).expect("written").starts_with(b"\xff\xd8"));
    let frame = picture_at(&grey, Duration::ZERO, &"tiny".parse().expect("valid")).expect("a picture");
    assert!(frame.width == 1280 && frame.height > 1046, "{frame:?}: the picture, and what is said below it");

    refused(&[&draw[..], &["--out", "a.bmp"]].concat(), 1, "ends in .png or .jpg");
    refused(
        &[&draw[..], &["--input", text(video), "--at", "99", "--out", text(&png)]].concat(),
        1,
        "has no picture at 99.0 s, it is 20.0 s long",
    );
    refused(&[&draw[..], &["--input", "gone.mp4", "--out", text(&png)]].concat(), 1, "gone.mp4: is missing");
    refused(
        &[&draw[..], &["--camera", "other", "--out", text(&png)]].concat(),
        1,
        "no camera other; it has: tiny",
    );
    refused(
        &[&draw[..], &["--live", "--out", text(&png)]].concat(),
        1,
        "camera tiny: no picture comes from it: nobody answers at 127.0.0.1:1",
    );
    refused(&[&draw[..], &["--live", "--at", "3", "--out", text(&png)]].concat(), 2, "cannot be used with");
}

#[test]
fn a_configuration_with_warnings_can_be_used() {
    let (_, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let sliver = "[[camera.zone]]\nid = \"far\"\ntype = \"no_parking\"\npolygon = [[0.5, 0.1], [0.51, 0.1], [0.51, 0.11]]\n";
    let text_of = fs::read_to_string(config).expect("it is there") + sliver;
    let file = write(folder.path(), "edge.toml", &text_of);
    let said = done(&["config", "check", text(&file)]);
    for part in [
        "edge.toml can be used, 2 warnings:",
        "camera[0].aspect: missing",
        "camera[0].zone[1].polygon: far has ",
        "--camera tiny --out tiny.png",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let drawings = folder.path().join("drawings");
    let said = done(&["config", "check", text(&file), "--draw", text(&drawings)]);
    assert!(said.contains("tiny.png: camera tiny on grey"), "{said}");
    assert!(fs::read(drawings.join("tiny.png")).expect("written").starts_with(b"\x89PNG"));
    let good = text_of.replace(sliver, "").replace("name = \"3栋\"", "aspect = \"16:9\"");
    let file = write(folder.path(), "good.toml", &good);
    assert!(done(&["config", "check", text(&file)]).contains("nothing wrong with it"));
}

#[test]
fn zones_outside_of_the_picture_are_drawn_and_refused() {
    let (_, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let beyond = "[[camera.zone]]\nid = \"beyond\"\ntype = \"no_parking\"\npolygon = [[1.2, 0.4], [1.5, 0.4], [1.5, 0.6], [1.2, 0.6]]\n";
    let file =
        write(folder.path(), "edge.toml", &(fs::read_to_string(config).expect("it is there") + beyond));
    let told = "camera[0].zone[1].polygon: coordinate 1.2";
    let output = gridwatch(&["config", "check", text(&file)]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("--camera tiny --out tiny.png"), "{said}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(told));
    let out = folder.path().join("drawn.png");
    refused(&["zones", "draw", "--config", text(&file), "--out", text(&out)], 1, told);
    let drawings = folder.path().join("drawings");
    refused(&["config", "check", text(&file), "--draw", text(&drawings)], 1, told);
    let same = fs::read(drawings.join("tiny.png")).expect("drawn");
    assert!(!same.is_empty() && out.exists());
    // An arrow at the right border, where there is nothing else.
    let red = |path: &Path| {
        let frame = picture_at(path, Duration::ZERO, &"tiny".parse().expect("valid")).expect("a picture");
        (1240..1278).filter(|x| (350..370).any(|y| chroma(&frame, *x, y)[1] > 160)).count()
    };
    let bare = folder.path().join("bare.png");
    done(&["zones", "draw", "--config", text(config), "--out", text(&bare)]);
    assert!(red(&out) > 20 && red(&bare) == 0, "{} and {}", red(&out), red(&bare));
}

#[test]
fn a_bay_without_four_corners_is_drawn_and_refused() {
    let (_, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let bay =
        "[[camera.zone]]\nid = \"three\"\ntype = \"bay\"\npolygon = [[0.7, 0.1], [0.9, 0.1], [0.8, 0.3]]\n";
    let file = write(folder.path(), "edge.toml", &(fs::read_to_string(config).expect("it is there") + bay));
    let out = folder.path().join("drawn.png");
    refused(&["zones", "draw", "--config", text(&file), "--out", text(&out)], 1, "3 corners; a bay has four");
    let frame = picture_at(&out, Duration::ZERO, &"tiny".parse().expect("valid")).expect("a picture");
    let is_red = |x: &u32| (60..80).any(|y| chroma(&frame, *x, y)[1] > 160);
    let width = frame.width;
    assert!((width * 7 / 10..width * 9 / 10).filter(is_red).count() > 100, "its upper side is drawn");
}

#[test]
fn the_examples_are_right() {
    for name in ["edge.toml", "yard.toml"] {
        let file = root().join("config/examples").join(name);
        assert!(done(&["config", "check", text(&file)]).contains("nothing wrong with it"), "{name}");
    }
}

#[test]
fn a_run_that_is_asked_to_end_says_that_its_results_are_partial() {
    if !has_network_library() {
        return;
    }
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    // Slow enough to be met at work.
    let slowly = fs::read_to_string(config).expect("it is there");
    let slowly = slowly.replace("[[camera.zone]]", "decode = \"always\"\nsample_fps = 25\n[[camera.zone]]");
    let config = write(folder.path(), "slowly.toml", &slowly);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let path = |name: &str| folder.path().join(format!("{name}{signal}"));
        let (events, seen) = (path("events"), path("seen"));
        let video_out = folder.path().join(format!("out{signal}.mp4"));
        let files = ["--events", text(&events), "--observations", text(&seen), "--render", text(&video_out)];
        let analyze = ["analyze", "--quiet", "--config", text(&config), "--input", text(video)];
        let run = Command::new(GRIDWATCH)
            .args([&analyze[..], &files].concat())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        wait_for("it has begun", Duration::from_secs(60), || seen.exists().then_some(()));
        pause(Duration::from_millis(300));
        let asked = Command::new("kill").args([signal, &run.id().to_string()]).status().expect("it is there");
        assert!(asked.success());
        let output = run.wait_with_output().expect("it was started by us");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains("stopped at 0:") && said.contains("results are partial"), "{said}");
        for file in [events, seen] {
            let lines = fs::read_to_string(&file).expect("it is there");
            let last: Value = serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
            assert_eq!((&last["schema"], &last["complete"]), (&"gridwatch.analysis/1".into(), &false.into()));
            assert!(last["flaws"].to_string().contains("stopped at 0:"), "{last}");
        }
        assert!(video_out.exists(), "what was drawn by then can be looked at");
    }
}

#[test]
fn a_video_has_the_name_of_its_form_or_none() {
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["out.avi", "out"] {
        let (out, events) = (folder.path().join(name), folder.path().join("events.jsonl"));
        let analyze = ["analyze", "--config", text(config), "--input", text(video), "--render", text(&out)];
        refused(&[&analyze[..], &["--events", text(&events)]].concat(), 1, "a name that ends in .mp4");
        assert!(!out.exists() && !events.exists(), "nothing was written");
    }
}

#[test]
fn a_video_of_one_picture_says_so() {
    if !has_network_library() {
        return;
    }
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let one = folder.path().join("one.jpg");
    done(&["zones", "draw", "--config", text(config), "--input", text(video), "--out", text(&one)]);
    let output = gridwatch(&["analyze", "--quiet", "--config", text(config), "--input", text(&one)]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("holds one picture"), "{said}");
}

#[test]
fn no_result_takes_the_place_of_the_recording_or_of_another_result() {
    let (video, config) = clip();
    let folder = tempfile::tempdir().expect("a folder");
    let victim = folder.path().join("victim.mp4");
    fs::copy(video, &victim).expect("copied");
    let before = fs::read(&victim).expect("it is there");
    let roundabout = folder.path().join(".").join("victim.mp4");
    let linked = folder.path().join("linked.mp4");
    std::os::unix::fs::symlink(&victim, &linked).expect("linked");
    let analyze = ["analyze", "--quiet", "--config", text(config), "--input", text(&victim)];
    for (option, path) in [("--events", &victim), ("--render", &roundabout), ("--observations", &linked)] {
        let expected = format!("{option} and --input name the same file");
        refused(&[&analyze[..], &[option, text(path)]].concat(), 1, &expected);
    }
    let same = folder.path().join("same.jsonl");
    let twice = ["--events", text(&same), "--passes", text(&same)];
    refused(&[&analyze[..], &twice].concat(), 1, "--passes and --events name the same file");
    assert_eq!(fs::read(&victim).expect("it is there"), before);
    assert!(!same.exists(), "nothing was written");
}
