//! Networks that are unusual in one way each (`models/reference/variants.py` makes them): other precisions, free sizes, answers that are
//! no numbers, and files that cannot be run. Skipped with a printed reason where ONNX Runtime is absent.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use gridwatch_detect::{
    Batch, DetectError, Detector, LIBRARY_VARIABLE, NetworkDetector, OnnxFile, PoolSettings, Provider,
    SessionSettings, available_cores, open_pool, tiles::Tiles,
};
use gridwatch_domain::{CameraId, Detection, Frame, Nv12Buffer, Timestamp};
use gridwatch_models::{Manifest, Network, sha256_of};

const LEAST_SCORE: f32 = 0.25;
/// Of a sliver, a tenth of a pixel is a fiftieth: not compared.
const LEAST_SIDE: f32 = 0.05;

fn has_runtime() -> bool {
    let has = env::var_os(LIBRARY_VARIABLE).is_some();
    if !has {
        println!("SKIPPED variants: {LIBRARY_VARIABLE} names no ONNX Runtime");
    }
    has
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn bytes_of(name: &str) -> Vec<u8> {
    fs::read(tests().join("variants").join(format!("{name}.onnx"))).expect("it is in the repository")
}

/// The tiny YOLOX `name`, fed as its manifest in the golden tests says, but for `change`.
fn network(name: &str, change: impl FnOnce(&mut Manifest)) -> Network {
    let bytes = bytes_of(name);
    let mut manifest = Manifest::load(&tests().join("golden/yolox/manifest.toml")).expect("sound");
    manifest.name = name.replace('_', "-");
    manifest.file.sha256 = sha256_of(&bytes);
    change(&mut manifest);
    Network::new(manifest, bytes).expect("it is the one")
}

fn open(name: &str, change: impl FnOnce(&mut Manifest)) -> Result<NetworkDetector, DetectError> {
    NetworkDetector::open(&network(name, change), &SessionSettings::default(), LEAST_SCORE)
}

fn plain() -> NetworkDetector {
    open("plain", |_| ()).expect("it loads")
}

/// Soft noise, another for each seed.
fn frame(camera: &str, size: (u32, u32), seed: u64) -> Frame {
    let mut buffer = Nv12Buffer::filled(size.0, size.1, [90, 110, 150]);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut value = 128_u8;
    buffer.y_mut().iter_mut().for_each(|pixel| {
        value = value.wrapping_add(random.u8(..32)).clamp(16, 235);
        *pixel = value;
    });
    let camera = CameraId::new(camera).expect("valid");
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (size.0, size.1), Arc::new(buffer))
}

/// Every box of either has one like it in the other.
#[track_caller]
fn assert_like(found: &[Detection], wanted: &[Detection], score: f32, iou: f32) {
    assert!(wanted.len() > 10, "{} boxes prove nothing", wanted.len());
    for (some, others) in [(found, wanted), (wanted, found)] {
        let counts = |one: &&Detection| {
            let [x1, y1, x2, y2] = <[f32; 4]>::from(one.bbox);
            one.score > LEAST_SCORE + 2.0 * score && (x2 - x1).min(y2 - y1) > LEAST_SIDE
        };
        let has_none_like_it = |one: &&Detection| {
            !others.iter().any(|other: &Detection| {
                let near = (other.score - one.score).abs() < score && other.bbox.iou(one.bbox) > iou;
                near && other.class == one.class
            })
        };
        let unlike = some.iter().filter(counts).find(has_none_like_it);
        assert_eq!(unlike, None, "has none like it");
    }
}

#[test]
fn half_precision_and_bytes_give_the_boxes_of_single_precision() {
    if !has_runtime() {
        return;
    }
    let picture = frame("gate", (416, 234), 1);
    // Of two boxes that score the same but for rounding, suppression may keep the other. Random weights make much of an input that
    // is rounded to a byte: a box of ten pixels moves by half of one.
    let found_by = |name| {
        let mut detector = open(name, |manifest| manifest.thresholds.nms_iou = 1.0).expect("it loads");
        detector.detect(&picture).expect("whole planes")
    };
    let wanted = found_by("plain");
    for name in ["half", "bytes"] {
        assert_like(&found_by(name), &wanted, 0.02, 0.9);
    }
}

#[test]
fn pictures_seen_together_are_each_seen_as_alone() {
    if !has_runtime() {
        return;
    }
    let settings = SessionSettings { batch: Batch::Pictures(2), ..SessionSettings::default() };
    let mut together =
        NetworkDetector::open(&network("free", |_| ()), &settings, LEAST_SCORE).expect("it loads");
    assert_eq!(together.batch(), 2);
    // Three: a batch, and one left over. One of them cannot be analysed.
    let short = Frame { height: 400, ..frame("broken", (64, 36), 9) };
    let frames =
        [frame("gate", (416, 234), 1), short, frame("yard", (320, 240), 2), frame("back", (64, 36), 3)];
    let answers = together.detect_all(&frames.each_ref());
    assert_eq!(answers.len(), frames.len());
    for (picture, answer) in frames.iter().zip(answers) {
        match plain().detect(picture) {
            Ok(alone) => assert_like(&answer.expect("whole planes"), &alone, 1e-4, 0.999),
            Err(_) => assert!(matches!(answer, Err(DetectError::Frame { .. })), "{answer:?}"),
        }
    }
}

#[test]
fn a_batch_is_refused_where_the_file_takes_one_picture() {
    if !has_runtime() {
        return;
    }
    let settings = SessionSettings { batch: Batch::Pictures(2), ..SessionSettings::default() };
    let refused =
        NetworkDetector::open(&network("plain", |_| ()), &settings, LEAST_SCORE).err().expect("refused");
    assert!(refused.blames_batch());
    assert!(refused.to_string().contains("[1, 3, 96, 160]"), "{refused}");
    let auto = SessionSettings { batch: Batch::Auto, ..settings };
    let detector = NetworkDetector::open(&network("plain", |_| ()), &auto, LEAST_SCORE).expect("it loads");
    assert_eq!(detector.batch(), 1);
}

#[test]
fn a_dynamic_network_sees_each_picture_in_its_own_shape() {
    if !has_runtime() {
        return;
    }
    let mut dynamic = open("free", |manifest| {
        (manifest.input.width, manifest.input.height, manifest.input.dynamic) = (160, 160, true);
    })
    .expect("it loads");
    for (picture, size) in [((416, 234), (160, 96)), ((240, 320), (128, 160)), ((416, 234), (160, 96))] {
        let picture = frame("gate", picture, 4);
        let mut fixed = open("free", |manifest| {
            (manifest.input.width, manifest.input.height) = size;
        })
        .expect("it loads");
        let (found, wanted) = (dynamic.detect(&picture), fixed.detect(&picture));
        assert_eq!(found.expect("whole planes"), wanted.expect("whole planes"), "{size:?}");
    }
    let refused = open("plain", |manifest| manifest.input.dynamic = true).err().expect("its size is fixed");
    assert!(refused.blames_network() && refused.to_string().contains("dynamic"), "{refused}");
}

#[test]
fn tiles_find_what_the_parts_of_a_picture_hold() {
    if !has_runtime() {
        return;
    }
    let tiles = Tiles { columns: 2, rows: 1 };
    let picture = frame("gate", (640, 192), 5);
    let mut tiled = plain().with_tiles(BTreeMap::from([(picture.camera.clone(), tiles)]));
    let found = tiled.detect(&picture).expect("whole planes");
    let whole = plain().detect(&picture).expect("whole planes");
    assert_ne!(found, whole, "tiles see more");
    // Another camera's pictures stay whole.
    let other = Frame { camera: CameraId::new("yard").expect("valid"), ..picture };
    assert_eq!(tiled.detect(&other).expect("whole planes"), whole);
    let small = |found: &[Detection]| {
        found.iter().map(|one| <[f32; 4]>::from(one.bbox)).filter(|[x1, _, x2, _]| x2 - x1 < 0.15).count()
    };
    assert!(
        small(&found) > small(&whole),
        "{} small ones in tiles, {} without",
        small(&found),
        small(&whole)
    );
}

#[test]
fn answers_that_are_no_numbers_give_no_box_and_say_how_many() {
    if !has_runtime() {
        return;
    }
    let picture = frame("gate", (416, 234), 1);
    let refused = open("spoiled", |_| ()).expect("it loads").detect(&picture).expect_err("no numbers");
    assert!(refused.is_transient());
    assert!(refused.to_string().contains("315 of its 315 rows are not finite"), "{refused}");
    let some = open("partly_spoiled", |_| ()).expect("it loads").detect(&picture).expect("most are numbers");
    let all = plain().detect(&picture).expect("whole planes");
    assert!(!some.is_empty() && some.len() < all.len() && some.iter().all(|one| one.score.is_finite()));
}

#[test]
fn what_cannot_be_run_is_refused_with_what_would_help() {
    if !has_runtime() {
        return;
    }
    // On the processor: OpenVINO finds out earlier, and says so with other words.
    let settings = SessionSettings { provider: Some(Provider::Cpu), ..SessionSettings::default() };
    let hungry = NetworkDetector::open(&network("hungry", |_| ()), &settings, LEAST_SCORE);
    let refused = hungry.err().expect("nobody has 180 TiB");
    assert!(matches!(refused, DetectError::FirstRun { .. }) && refused.blames_network(), "{refused:?}");
    if cfg!(target_os = "linux") {
        assert!(refused.to_string().contains("MiB of memory are left"), "{refused}");
    }
    let impatient = SessionSettings { longest_run: Duration::from_secs(1), ..settings.clone() };
    let endless = NetworkDetector::open(&network("endless", |_| ()), &impatient, LEAST_SCORE);
    let refused = endless.err().expect("it never answers");
    assert!(matches!(refused, DetectError::TakesTooLong { .. }) && refused.blames_network(), "{refused:?}");
    assert!(refused.to_string().contains("was stopped after 1 s"), "{refused}");
    let load = |bytes: &[u8]| OnnxFile::open("mine", bytes, &settings).err().expect("refused").to_string();
    let plain = bytes_of("plain");
    for (bytes, wanted) in [
        (&bytes_of("future_opset")[..], "opset 99, IR version 8"),
        (&plain[..plain.len() / 2], "download or copy it again"),
        (b"<html>404", "web page"),
        (b"", "empty"),
        (b"these are my notes", "no ONNX file"),
    ] {
        let told = load(bytes);
        assert!(told.contains(wanted), "{told:?} should contain {wanted:?}");
    }
}

#[test]
fn a_provider_that_is_named_must_be_there_and_auto_says_what_it_skips() {
    if !has_runtime() {
        return;
    }
    let open = |provider| {
        let settings = SessionSettings { provider, ..SessionSettings::default() };
        NetworkDetector::open(&network("plain", |_| ()), &settings, LEAST_SCORE)
    };
    let has = |provider| !matches!(open(Some(provider)), Err(DetectError::ProviderMissing { .. }));
    let missing: Vec<Provider> = Provider::ORDER.into_iter().filter(|&provider| !has(provider)).collect();
    assert!(!missing.contains(&Provider::Cpu));
    for &provider in &missing {
        let refused = open(Some(provider)).err().expect("it is missing");
        assert!(refused.blames_provider());
        assert!(
            refused.to_string().contains("which has") && refused.to_string().contains("cpu"),
            "{refused}"
        );
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let detector =
        tracing::subscriber::with_default(subscriber, || open(None)).expect("the processor is there");
    let text = String::from_utf8(log.0.lock().expect("no panic").clone()).expect("text");
    for provider in missing {
        let lines = text.lines().filter(|line| line.contains("skipped") && line.contains(provider.as_str()));
        assert_eq!(lines.count(), 1, "{provider}: {text}");
        assert_ne!(detector.provider(), provider);
    }
}

#[test]
fn a_pool_has_no_more_threads_than_cores() {
    if !has_runtime() {
        return;
    }
    let settings = SessionSettings { provider: Some(Provider::Cpu), ..SessionSettings::default() };
    let network = network("plain", |_| ());
    let open = |cores, cameras, threads| {
        let settings = SessionSettings { threads, ..settings.clone() };
        open_pool(&network, &settings, PoolSettings { cores, cameras }, LEAST_SCORE).expect("it loads")
    };
    // This box may have fewer cores than the configuration was written for.
    let box_has = available_cores();
    assert_eq!(open(3, 5, 1).len(), box_has.min(3));
    assert_eq!(open(3, 2, 1).len(), box_has.min(2));
    assert_eq!(open(3, 5, 2).len(), 1);
    let cameras = 2 * box_has;
    assert_eq!(open(box_has + 60, cameras, 1).len(), box_has, "cores that are not there run nothing");
    assert_eq!(open(box_has + 60, cameras, 64).len(), 1);
}

/// The log's lines.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
