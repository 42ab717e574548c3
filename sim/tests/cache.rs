//! Scenes are encoded once, as a camera would, and an interrupted or damaged cache heals itself.

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use gridwatch_domain::Timestamp;
use gridwatch_sim::{
    FrameSource, FrameTruth, I420Frame,
    cache::{self, CacheError, EncodedScene, PictureSize, Progress},
    encode::EncodeError,
    testcard::TestCard,
};

const SIZE: PictureSize = PictureSize { width: 320, height: 176 };
const CARD: TestCard = TestCard { width: 320, height: 176, fps: 25, frame_count: 130 };

fn two_lanes() -> Vec<Box<dyn FrameSource>> {
    vec![Box::new(CARD), Box::new(CARD)]
}

fn ensure(dir: &Path) -> (EncodedScene, usize) {
    let rendered = AtomicUsize::new(0);
    let scene = cache::ensure_with("card", SIZE, dir, &two_lanes, &mut |progress| {
        if matches!(progress, Progress::Rendering { .. }) {
            rendered.fetch_add(1, Ordering::Relaxed);
        }
    });
    (scene.expect("a test card encodes"), rendered.into_inner())
}

#[test]
fn encodes_what_a_camera_would_send() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (scene, rendered) = ensure(dir.path());
    assert_eq!(rendered, 130);
    assert_eq!(scene.unit_count(), 130);
    assert_eq!(scene.duration(), Duration::from_millis(5200));
    let keys: Vec<usize> = (0..130).filter(|&unit| scene.is_key(unit)).collect();
    assert_eq!(keys, [0, 50, 100]);
    assert_eq!(scene.key_at_or_before(99), 50);
    for key in keys {
        let unit = scene.read_unit(key).expect("the stream is readable");
        let kinds = nal_kinds(&unit);
        let begins_decodable = kinds.starts_with(&[7, 8]);
        assert!(
            begins_decodable && kinds.contains(&5),
            "picture {key} has {kinds:?}, expected SPS, PPS … IDR"
        );
    }
    let truth = scene.read_truth().expect("the truth is readable");
    assert_eq!(truth.iter().map(|line| line.index).collect::<Vec<_>>(), (0..130).collect::<Vec<_>>());
}

#[test]
fn a_second_call_reads_and_does_not_render() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (first, _) = ensure(dir.path());
    let (second, rendered) = ensure(dir.path());
    assert_eq!(rendered, 0);
    assert_eq!(first.read_unit(129).expect("readable"), second.read_unit(129).expect("readable"));
}

#[test]
fn what_an_interruption_left_is_not_taken_for_finished() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (scene, _) = ensure(dir.path());
    let stream = scene.stream_path().to_owned();
    let whole = fs::read(&stream).expect("the stream is readable");
    fs::write(&stream, &whole[..whole.len() / 2]).expect("the folder is writable");
    let (again, rendered) = ensure(dir.path());
    assert_eq!(rendered, 130, "a stream that was cut short is rendered anew");
    assert!(!again.read_unit(129).expect("the stream is whole").is_empty());
}

#[test]
fn two_at_once_render_once() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path();
    let rendered = std::thread::scope(|scope| {
        let other = scope.spawn(|| ensure(path).1);
        ensure(path).1 + other.join().expect("neither fails")
    });
    assert_eq!(rendered, 130);
}

#[test]
fn a_failing_renderer_leaves_nothing_behind() {
    struct Broken;
    impl FrameSource for Broken {
        fn width(&self) -> u32 {
            320
        }
        fn height(&self) -> u32 {
            176
        }
        fn fps(&self) -> u32 {
            25
        }
        fn frame_count(&self) -> u32 {
            130
        }
        fn render(&mut self, index: u32, _: &mut I420Frame) -> FrameTruth {
            assert!(index < 20, "this renderer is broken on purpose");
            FrameTruth { index, at_s: 0.0, objects: Vec::new() }
        }
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let broken = || vec![Box::new(Broken) as Box<dyn FrameSource>];
    let error = cache::ensure_with("broken", SIZE, dir.path(), &broken, &mut |_| {}).expect_err("it panics");
    assert!(matches!(error, CacheError::Encode { source: EncodeError::Renderer, .. }), "{error:?}");
    let left: Vec<_> =
        fs::read_dir(dir.path()).expect("readable").flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["broken-320x176.lock"]);
}

#[test]
fn sizes_that_would_be_padded_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let odd = || vec![Box::new(TestCard { width: 324, ..CARD }) as Box<dyn FrameSource>];
    let error =
        cache::ensure_with("odd", SIZE, dir.path(), &odd, &mut |_| {}).expect_err("324 is no multiple of 8");
    assert!(
        matches!(error, CacheError::Encode { source: EncodeError::Size { width: 324, .. }, .. }),
        "{error:?}"
    );
}

#[test]
fn time_in_the_loop_begins_again() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (scene, _) = ensure(dir.path());
    let anchor = Timestamp::from_millisecond(1_000_000).expect("in range");
    let check = |millis: i64, expected: u64| {
        let now = Timestamp::from_millisecond(1_000_000 + millis).expect("in range");
        assert_eq!(
            scene.time_in_loop(anchor, now),
            Duration::from_millis(expected),
            "{millis} ms after the anchor"
        );
    };
    check(0, 0);
    check(5_199, 5_199);
    check(5_200, 0);
    check(12_000, 1_600);
    check(-200, 5_000);
}

/// Kinds of the NAL units of a byte stream.
fn nal_kinds(bytes: &[u8]) -> Vec<u8> {
    bytes.windows(4).filter(|window| window[..3] == [0, 0, 1]).map(|window| window[3] & 31).collect()
}
