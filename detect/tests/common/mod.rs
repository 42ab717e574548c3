//! Real footage for tests: decoded outside of this crate, which knows no decoder, by GStreamer's command line.

use std::{
    env,
    io::{Chain, Cursor, Read},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use gridwatch_domain::{CameraId, Frame, Nv12Buffer, Timestamp};

/// Whether coded pictures can be decoded; says why the test is skipped where they cannot.
pub(crate) fn can_decode(test: &str) -> bool {
    let is_there = Command::new("gst-launch-1.0").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_there {
        println!("SKIPPED {test}: gst-launch-1.0 is not installed");
    }
    is_there
}

/// The folder of footage, or `None` after saying why the test is skipped.
pub(crate) fn footage_folder(test: &str) -> Option<PathBuf> {
    let folder = env::var_os("GRIDWATCH_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("SKIPPED {test}: GRIDWATCH_DATA names no folder of footage");
    }
    folder.filter(|_| can_decode(test))
}

/// Attempts at a video, and how long its first byte may take: `gst-launch-1.0` links what it finds in a file while that
/// already runs, and on a busy machine it happens that it waits for ever for what has gone by.
const ATTEMPTS: u32 = 3;
const FIRST_BYTE: Duration = Duration::from_secs(30);

/// What a decoder gives: the first byte, which has been read, and the others.
type Pictures = Chain<Cursor<[u8; 1]>, ChildStdout>;

/// A video being decoded to NV12, at an even rate.
pub(crate) struct Video {
    decoder: Child,
    pictures: Pictures,
    size: (u32, u32),
    rate: u32,
    next: u64,
}

impl Video {
    /// Opens `path`, whose pictures have `size`, and gives `rate` of them a second.
    pub(crate) fn open(path: PathBuf, size: (u32, u32), rate: u32) -> Self {
        let mut attempts = (0..ATTEMPTS).filter_map(|_| decode(&path, size, rate));
        let (decoder, pictures) =
            attempts.next().unwrap_or_else(|| panic!("{} gives no picture", path.display()));
        Self { decoder, pictures, size, rate, next: 0 }
    }

    /// When the first picture was taken.
    pub(crate) fn start() -> Timestamp {
        "2026-11-23T03:00:00Z".parse().expect("valid")
    }
}

impl Iterator for Video {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let (width, height) = self.size;
        let mut buffer = Nv12Buffer::filled(width, height, [0; 3]);
        self.pictures.read_exact(buffer.y_mut()).ok()?;
        self.pictures.read_exact(buffer.uv_mut()).ok()?;
        let seconds = Duration::from_secs_f64(self.next as f64 / f64::from(self.rate));
        let seq = self.next;
        self.next += 1;
        let camera = CameraId::new("footage").expect("valid");
        Some(Frame::new(
            camera,
            seq,
            Self::start().saturating_add(seconds),
            (width, height),
            Arc::new(buffer),
        ))
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        // A decoder that is through has ended by itself.
        let _ = self.decoder.kill();
        let _ = self.decoder.wait();
    }
}

/// Starts to decode; `None` when no picture comes.
fn decode(path: &Path, size: (u32, u32), rate: u32) -> Option<(Child, Pictures)> {
    let caps = format!("video/x-raw,format=NV12,width={},height={},framerate={rate}/1", size.0, size.1);
    let mut decoder = Command::new("gst-launch-1.0")
        .args(["-q", "filesrc"])
        .arg(format!("location={}", path.display()))
        .args(["!", "decodebin", "!", "videorate", "!", "videoconvert", "!", &caps, "!", "fdsink", "fd=1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("gst-launch-1.0 was found a moment ago");
    let mut pictures = decoder.stdout.take().expect("piped");
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut first = [0];
        let is_there = pictures.read_exact(&mut first).is_ok();
        // Nobody waits for it any more when it comes too late.
        let _ = sender.send(is_there.then(|| Cursor::new(first).chain(pictures)));
    });
    let Ok(Some(pictures)) = receiver.recv_timeout(FIRST_BYTE) else {
        let _ = decoder.kill();
        let _ = decoder.wait();
        return None;
    };
    Some((decoder, pictures))
}
