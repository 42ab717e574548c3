//! What we add to a network's own time: letterbox, box decoding and suppression beside `session.run`, one thread, one run.
//!
//! `GRIDWATCH_DATA=… ORT_DYLIB_PATH=… cargo bench --workspace --bench overhead`: YOLOX-nano at 416×416 from that folder on a picture
//! of 1920×1080; prints medians and quartiles of each part and of their share.

use std::{
    env,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use gridwatch_detect::{
    LIBRARY_VARIABLE, NetworkSession, SessionSettings, head::Reader, letterbox::Letterbox,
};
use gridwatch_domain::{CameraId, Frame, Nv12Buffer, Timestamp};
use gridwatch_models::Network;

/// Pictures measured, after a tenth of it to warm up.
const ROUNDS: usize = 300;
/// Boxes of less are not told, as in `gridwatch edge`.
const LEAST_SCORE: f32 = 0.1;
/// A photograph with cars and people, from the golden tests.
const PICTURE: &str = "detect/tests/golden/picture.nv12";
const PICTURE_SIZE: (usize, usize) = (416, 234);

fn main() {
    let (Some(data), true) = (env::var_os("GRIDWATCH_DATA"), env::var_os(LIBRARY_VARIABLE).is_some()) else {
        println!(
            "SKIPPED overhead: needs GRIDWATCH_DATA, a folder of networks, and {LIBRARY_VARIABLE}, an ONNX Runtime"
        );
        return;
    };
    let onnx = Path::new(&data).join("networks/yolox_nano_416.onnx");
    let network = Network::load_yolox_coco(&onnx, 416, 416, None).expect("a YOLOX file");
    let manifest = network.manifest();
    let mut session = NetworkSession::open(&network, &SessionSettings::default()).expect("it loads");
    let reader = Reader::bind(manifest, session.outputs()).expect("a YOLOX head");
    let (mut letterbox, frame, shape) = (Letterbox::new(&manifest.input), frame(), session.shape());

    let (mut ours, mut theirs, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    let mut boxes = 0;
    for round in 0..ROUNDS + ROUNDS / 10 {
        let began = Instant::now();
        let canvas = session.canvas(shape, 0).expect("bound");
        let fit = letterbox.fill(&frame, canvas).expect("whole planes");
        let filled = Instant::now();
        let mut reading = Duration::ZERO;
        let ran = session.run(shape, |_, answer| {
            let began = Instant::now();
            boxes = reader.decode(answer, LEAST_SCORE, fit).expect("numbers").len();
            reading = began.elapsed();
        });
        ran.expect("it runs");
        let whole = filled.elapsed();
        if round >= ROUNDS / 10 {
            let (overhead, run) = (filled - began + reading, whole - reading);
            ours.push(milliseconds(overhead));
            theirs.push(milliseconds(run));
            shares.push(100.0 * milliseconds(overhead) / milliseconds(run));
        }
    }
    println!("YOLOX-nano 416x416, picture of 1920x1080, {boxes} boxes, {}", letterbox.instructions());
    println!("session.run              {} ms", quartiles(&mut theirs));
    println!("letterbox and boxes      {} ms", quartiles(&mut ours));
    println!("their share of the run   {} %", quartiles(&mut shares));
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn quartiles(values: &mut [f64]) -> String {
    values.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    format!("{:.2} ({:.2}–{:.2})", at(2), at(1), at(3))
}

/// The photograph at full size, each of its pixels several times.
fn frame() -> Frame {
    let (width, height) = (1920, 1080);
    let small =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(PICTURE)).expect("in the repository");
    let (columns, rows) = PICTURE_SIZE;
    let (luma, chroma) = small.split_at(columns * rows);
    let mut buffer = Nv12Buffer::filled(width as u32, height as u32, [0; 3]);
    for (index, value) in buffer.y_mut().iter_mut().enumerate() {
        let (x, y) = (index % width, index / width);
        *value = luma[y * rows / height * columns + x * columns / width];
    }
    for (index, value) in buffer.uv_mut().iter_mut().enumerate() {
        let (x, y) = (index % width, index / width);
        let column = x / 2 * (columns / 2) / (width / 2) * 2 + x % 2;
        *value = chroma[y * (rows / 2) / (height / 2) * columns + column];
    }
    let camera = CameraId::new("bench").expect("valid");
    let (width, height) = (width as u32, height as u32);
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), Arc::new(buffer))
}
