//! What is shown of a video at which time, and what is left of one that is given up.

use std::path::Path;

use gridwatch_config::{CameraSettings, DecodeMode};
use gridwatch_domain::{Attention, Nv12Buffer};
use gridwatch_runtime::SystemClock;

use super::*;
use crate::{Playback, PlaybackError, PlaybackOptions, picture_at};

const SIZE: (u32, u32) = (322, 182);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A grey of its own for each picture.
fn picture(luma: u8) -> Nv12Buffer {
    Nv12Buffer::filled(SIZE.0, SIZE.1, [luma, 128, 128])
}

fn camera() -> CameraSettings {
    let text = "[edge]\nid = \"box\"\nstate_dir = \"state\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n\
                [[camera]]\nid = \"lot\"\nurl = \"rtsp://127.0.0.1/1\"\nsample_fps = 30\ndecode = \"always\"\n";
    let settings = gridwatch_config::parse_edge(text, Path::new("")).expect("valid");
    let camera = settings.cameras.into_iter().next().expect("one camera");
    assert_eq!(camera.decode, DecodeMode::Always);
    camera
}

/// Times and greys of all pictures of a video, and how long it says it is.
fn played(path: &Path) -> (Vec<(Duration, u8)>, Option<Duration>) {
    let options = PlaybackOptions {
        start: Timestamp::UNIX_EPOCH,
        reach: (seconds(60.0), 64 << 20),
        clock: SystemClock::shared(),
    };
    let mut playback = Playback::open(path, &camera(), options).expect("playable");
    let mut pictures = Vec::new();
    while let Some(frames) = playback.next(Attention::default()) {
        let shown = |frame: &gridwatch_domain::Frame| {
            (
                frame.at.saturating_since(Timestamp::UNIX_EPOCH),
                frame.planes.y()[frame.planes.y_stride() * 90 + 160],
            )
        };
        pictures.extend(frames.iter().map(shown));
    }
    (pictures, playback.duration())
}

#[test]
fn each_picture_is_shown_at_its_time_until_the_next_and_the_last_until_the_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.mp4");
    let times = [0.0, 0.2, 0.4, 10.4, 10.6, 19.123, 40.0];
    let mut video = VideoWriter::create(&path, times.len()).expect("created");
    for (index, at) in times.into_iter().enumerate() {
        video.push(seconds(at), &picture(40 + 20 * index as u8), SIZE).expect("encoded");
    }
    assert!(!path.exists(), "it has no name before it is whole");
    let written = video.finish(seconds(60.0)).expect("finished");
    assert_eq!(written.pictures, 7);
    let (pictures, duration) = played(&path);
    assert_eq!(pictures.len(), 7, "{pictures:?}");
    for (index, (at, luma)) in pictures.into_iter().enumerate() {
        assert!(at.abs_diff(seconds(times[index])) < seconds(0.002), "{at:?} is not {}", times[index]);
        assert!(luma.abs_diff(40 + 20 * index as u8) <= 2, "{luma} in picture {index}");
    }
    assert!(duration.expect("known").abs_diff(seconds(60.0)) < seconds(0.01), "{duration:?}");
    check_jumps(&path);
}

/// At any time the picture that is shown then.
fn check_jumps(path: &Path) {
    let camera = "lot".parse().expect("valid");
    for (at, picture) in [(0.0, 0), (0.3, 1), (5.0, 2), (10.5, 3), (15.0, 4), (39.9, 5), (50.0, 6)] {
        let frame = picture_at(path, seconds(at), &camera).expect("it can be entered anywhere");
        let luma = frame.planes.y()[frame.planes.y_stride() * 90 + 160];
        assert!(luma.abs_diff(40 + 20 * picture) <= 2, "{luma} at {at}");
        assert_eq!((frame.width, frame.height), SIZE);
    }
    let beyond = picture_at(path, seconds(99.0), &camera).expect_err("it is shorter");
    assert!(matches!(beyond, PlaybackError::Short { .. }), "{beyond}");
    assert!(beyond.to_string().ends_with("has no picture at 99.0 s, it is 60.0 s long"), "{beyond}");
}

#[test]
fn a_video_that_begins_late_shows_its_first_picture_from_the_beginning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.mp4");
    let mut video = VideoWriter::create(&path, 1).expect("created");
    // The same time twice, and one that lies before: each is shown all the same.
    for at in [3.0, 5.0, 5.0, 4.0] {
        video.push(seconds(at), &picture(100), SIZE).expect("encoded");
    }
    assert_eq!(video.finish(seconds(4.0)).expect("finished").pictures, 4);
    assert_eq!(played(&path).0[0].0, Duration::ZERO);
}

#[test]
fn what_is_given_up_or_empty_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.mp4");
    let mut video = VideoWriter::create(&path, 10).expect("created");
    video.push(Duration::ZERO, &picture(100), SIZE).expect("encoded");
    let other = Nv12Buffer::filled(64, 64, [100, 128, 128]);
    let refused = video.push(seconds(1.0), &other, (64, 64));
    assert!(matches!(refused, Err(VideoError::Size { width: 64, .. })), "{refused:?}");
    drop(video);
    let empty = VideoWriter::create(&path, 10).expect("created").finish(seconds(1.0));
    assert!(matches!(empty, Err(VideoError::Empty)), "{empty:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn where_it_cannot_be_written_is_told_at_once() {
    let refused = VideoWriter::create(Path::new("/no/such/folder/out.mp4"), 10).err().expect("refused");
    assert_eq!(refused.to_string(), "create /no/such/folder/out.mp4");
}
