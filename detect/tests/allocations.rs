//! What a picture costs in memory once its size has been seen: nothing of ours but a named little. A binary of its own, because
//! it has an allocator of its own. ONNX Runtime's own memory is not seen here: it allocates without asking Rust.
#![expect(unsafe_code, reason = "an allocator that counts")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    collections::BTreeMap,
    env, fs,
    path::Path,
    sync::Arc,
};

use gridwatch_detect::{Batch, Detector, LIBRARY_VARIABLE, NetworkDetector, SessionSettings, tiles::Tiles};
use gridwatch_domain::{CameraId, Frame, Nv12Buffer, Timestamp};
use gridwatch_models::{Manifest, ModelStore, Network, sha256_of};

/// Bytes that a picture may take: what the binding of ONNX Runtime wraps each output in, the lists of outputs and tensors, and
/// what was found. The input alone, were it made anew, would take a thousand times that.
const MOST_BYTES: u64 = 4096;

struct Counting;

thread_local! {
    /// Of this thread: another test may run beside.
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.set(BYTES.get() + layout.size() as u64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn has_runtime() -> bool {
    let has = env::var_os(LIBRARY_VARIABLE).is_some();
    if !has {
        println!("SKIPPED allocations: {LIBRARY_VARIABLE} names no ONNX Runtime");
    }
    has
}

fn frame(width: u32, height: u32, seed: u64) -> Frame {
    let mut buffer = Nv12Buffer::filled(width, height, [90, 128, 128]);
    let mut random = fastrand::Rng::with_seed(seed);
    buffer.y_mut().iter_mut().for_each(|pixel| *pixel = random.u8(16..235));
    let camera = CameraId::new("gate").expect("valid");
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), Arc::new(buffer))
}

#[test]
fn a_further_picture_allocates_next_to_nothing() {
    if !has_runtime() {
        return;
    }
    let mut detector = open(0.3);
    // Two cameras of different size, in turns.
    let pictures = [frame(1920, 1080, 1), frame(1280, 720, 2)];
    for round in 0..3 {
        for picture in &pictures {
            let before = BYTES.get();
            detector.detect(picture).expect("whole planes");
            let bytes = BYTES.get() - before;
            println!("round {round}, {picture:?}: {bytes} bytes");
            assert!(round == 0 || bytes <= MOST_BYTES, "{bytes} bytes for {picture:?}");
        }
    }
}

/// What a further round over `pictures`, seen together, allocates.
fn bytes_of_a_further_round(detector: &mut NetworkDetector, pictures: &[&Frame]) -> u64 {
    let mut bytes = 0;
    for _ in 0..3 {
        let before = BYTES.get();
        for answer in detector.detect_all(pictures) {
            answer.expect("whole planes");
        }
        bytes = BYTES.get() - before;
    }
    bytes
}

#[test]
fn a_further_picture_in_tiles_allocates_next_to_nothing() {
    if !has_runtime() {
        return;
    }
    let picture = frame(1920, 1080, 1);
    let tiles = Tiles { columns: 2, rows: 2 };
    let mut detector = open(0.3).with_tiles(BTreeMap::from([(picture.camera.clone(), tiles)]));
    let bytes = bytes_of_a_further_round(&mut detector, &[&picture]);
    println!("4 tiles and the whole: {bytes} bytes");
    assert!(bytes <= 5 * MOST_BYTES, "{bytes} bytes");
}

#[test]
fn further_pictures_seen_together_allocate_next_to_nothing() {
    if !has_runtime() {
        return;
    }
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let bytes = fs::read(tests.join("variants/free.onnx")).expect("it is in the repository");
    let mut manifest = Manifest::load(&tests.join("golden/yolox/manifest.toml")).expect("sound");
    manifest.file.sha256 = sha256_of(&bytes);
    let network = Network::new(manifest, bytes).expect("it is the one");
    let settings = SessionSettings { batch: Batch::Pictures(2), ..SessionSettings::default() };
    let mut detector = NetworkDetector::open(&network, &settings, 0.99).expect("it loads");
    let (one, other) = (frame(1920, 1080, 1), frame(1280, 720, 2));
    let bytes = bytes_of_a_further_round(&mut detector, &[&one, &other]);
    println!("2 pictures together: {bytes} bytes");
    assert!(bytes <= 2 * MOST_BYTES, "{bytes} bytes");
}

#[test]
fn buffers_that_are_used_again_hold_nothing_of_the_picture_before() {
    if !has_runtime() {
        return;
    }
    let mut detector = open(0.001);
    let pictures = [frame(640, 360, 1), frame(1280, 720, 2), frame(640, 360, 3)];
    let answers = pictures.each_ref().map(|picture| detector.detect(picture).expect("whole planes"));
    for (picture, answer) in pictures.iter().zip(&answers) {
        assert_eq!(*answer, open(0.001).detect(picture).expect("whole planes"));
    }
    assert_ne!(answers[0], answers[2], "another picture, another answer");
}

/// The shipped network.
fn open(least_score: f32) -> NetworkDetector {
    let network = ModelStore::builtin().default_network().clone();
    NetworkDetector::open(&network, &SessionSettings::default(), least_score).expect("it loads")
}
