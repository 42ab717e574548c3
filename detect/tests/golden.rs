//! Our boxes against those of a reference in Python (`models/reference/`): a tiny network of our own for every head and
//! convention, and public networks where there is a folder with them. Skipped with a printed reason where ONNX Runtime or
//! that folder is absent.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use gridwatch_detect::{
    Detector, LIBRARY_VARIABLE, NetworkDetector, OnnxFile, SessionSettings,
    recognise::{Wishes, recognise},
};
use gridwatch_domain::{CameraId, Detection, Frame, NormBox, Nv12Buffer, ObjectClass, Timestamp};
use gridwatch_models::{Manifest, Network};
use serde::Deserialize;

const SIZE: (u32, u32) = (416, 234);
/// How many times larger the second picture is: it must be shrunk, and is of BT.709 by its height.
const LARGER: u32 = 4;
/// The reference's least score, and how far above it a box is surely found by both.
const LEAST_SCORE: f32 = 0.25;
const MARGIN: f32 = 0.02;
const LEAST_IOU: f32 = 0.98;
const MOST_SCORE_ERROR: f32 = 0.01;
/// A box with a side under this share of the picture is compared by its edges: of a sliver, a tenth of a pixel is a fiftieth.
const SMALL_SIDE: f32 = 0.05;
/// How far an edge of a small box may be off, in pixels of the small picture.
const MOST_EDGE_ERROR: f32 = 0.25;

#[derive(Debug, Deserialize)]
struct Expected {
    class: ObjectClass,
    score: f32,
    #[serde(rename = "box")]
    bbox: NormBox,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn has_runtime(test: &str) -> bool {
    let has = env::var_os(LIBRARY_VARIABLE).is_some();
    if !has {
        println!("SKIPPED {test}: {LIBRARY_VARIABLE} names no ONNX Runtime");
    }
    has
}

/// The picture with every pixel `by` times across and down.
fn picture(by: u32) -> Frame {
    let bytes = fs::read(golden().join("picture.nv12")).expect("the picture is in the repository");
    let (luma, chroma) = bytes.split_at((SIZE.0 * SIZE.1) as usize);
    let (width, height) = (SIZE.0 * by, SIZE.1 * by);
    let mut buffer = Nv12Buffer::filled(width, height, [0; 3]);
    spread(luma, buffer.y_mut(), (SIZE.0 as usize, 1), by as usize);
    spread(chroma, buffer.uv_mut(), (SIZE.0 as usize / 2, 2), by as usize);
    let camera: CameraId = "golden".parse().expect("valid");
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), Arc::new(buffer))
}

/// Fills `to` with pixels of `size` bytes from rows of `columns` pixels, each `by` times across and down.
fn spread(from: &[u8], to: &mut [u8], (columns, size): (usize, usize), by: usize) {
    for (row, line) in to.chunks_exact_mut(columns * by * size).enumerate() {
        for (column, pixel) in line.chunks_exact_mut(size).enumerate() {
            let start = (row / by * columns + column / by) * size;
            pixel.copy_from_slice(&from[start..start + size]);
        }
    }
}

fn is_small(bbox: NormBox) -> bool {
    bbox.width().min(bbox.height()) < SMALL_SIDE
}

/// Of a box that the picture's edge cuts away almost wholly, the error allowed may leave something or nothing.
fn is_nothing(bbox: NormBox) -> bool {
    (bbox.width() * SIZE.0 as f32).min(bbox.height() * SIZE.1 as f32) < MOST_EDGE_ERROR
}

fn is_same_place(found: NormBox, wanted: NormBox) -> bool {
    if found.iou(wanted) >= LEAST_IOU || !is_small(wanted) {
        return found.iou(wanted) >= LEAST_IOU;
    }
    let same_side = |found: (f32, f32), wanted: (f32, f32), pixels: u32| {
        // Of a long side what IoU allows, were the other exact.
        let allowed = (MOST_EDGE_ERROR / pixels as f32).max((wanted.1 - wanted.0) * (1.0 - LEAST_IOU) / 2.0);
        (found.0 - wanted.0).abs() <= allowed && (found.1 - wanted.1).abs() <= allowed
    };
    same_side((found.x1(), found.x2()), (wanted.x1(), wanted.x2()), SIZE.0)
        && same_side((found.y1(), found.y2()), (wanted.y1(), wanted.y2()), SIZE.1)
}

/// Both lists have the same boxes, but for those right at the least score, or right at the overlap from which suppression
/// takes one of two.
#[track_caller]
fn compare(name: &str, found: &[Detection], expected: &[Expected], nms_iou: f32) {
    let (mut worst_iou, mut worst_score, mut small) = (1.0_f32, 0.0_f32, 0);
    let same = |found: &Detection, wanted: &Expected| {
        found.class == wanted.class
            && is_same_place(found.bbox, wanted.bbox)
            && (found.score - wanted.score).abs() <= MOST_SCORE_ERROR
    };
    let counts = |score: f32, bbox| score >= LEAST_SCORE + MARGIN && !is_nothing(bbox);
    let at_threshold = |a: NormBox, b: NormBox| (a.iou(b) - nms_iou).abs() < MARGIN;
    for wanted in expected.iter().filter(|wanted| counts(wanted.score, wanted.bbox)) {
        let twin = found.iter().find(|found| same(found, wanted));
        let beside = |found: &&Detection| {
            found.score + MOST_SCORE_ERROR >= wanted.score && at_threshold(found.bbox, wanted.bbox)
        };
        if twin.is_none() && found.iter().any(|found| beside(&found)) {
            continue;
        }
        let twin = twin.unwrap_or_else(|| {
            let near =
                found.iter().max_by(|a, b| a.bbox.iou(wanted.bbox).total_cmp(&b.bbox.iou(wanted.bbox)));
            panic!("{name} lacks {wanted:?}; nearest {near:?}")
        });
        if is_small(wanted.bbox) {
            small += 1;
        } else {
            worst_iou = worst_iou.min(twin.bbox.iou(wanted.bbox));
        }
        worst_score = worst_score.max((twin.score - wanted.score).abs());
    }
    for extra in found.iter().filter(|found| counts(found.score, found.bbox)) {
        let beside = |wanted: &Expected| {
            wanted.score + MOST_SCORE_ERROR >= extra.score && at_threshold(wanted.bbox, extra.bbox)
        };
        assert!(
            expected.iter().any(|wanted| same(extra, wanted) || beside(wanted)),
            "{name} has {extra:?}, the reference has not"
        );
    }
    println!(
        "{name}: {} boxes, {small} of them small, least IoU {worst_iou:.4}, most score error {worst_score:.4}",
        expected.len()
    );
}

/// Of both pictures; `boxes` gives the file for what is put to its name.
fn check(name: &str, network: &Network, boxes: impl Fn(&str) -> PathBuf) {
    let settings = SessionSettings::default();
    let mut detector = NetworkDetector::open(network, &settings, LEAST_SCORE).expect("it loads");
    for (by, suffix) in [(1, ""), (LARGER, "-large")] {
        let expected =
            fs::read_to_string(boxes(suffix)).expect("the reference's boxes are in the repository");
        let expected: Vec<Expected> = serde_json::from_str(&expected).expect("JSON");
        assert!(expected.len() > 5, "{name}{suffix}: too few boxes to tell anything");
        let found = detector.detect(&picture(by)).expect("it runs");
        compare(&format!("{name}{suffix}"), &found, &expected, network.manifest().thresholds.nms_iou);
    }
}

/// What is worked out from the file alone is what its manifest says.
#[track_caller]
fn check_recognised(network: &Network, and_input: bool) {
    let manifest = network.manifest();
    let mut file =
        OnnxFile::open(&manifest.name, network.bytes(), &SessionSettings::default()).expect("it loads");
    let wishes = Wishes { labels: Some(manifest.labels.clone()), ..Wishes::default() };
    let found = recognise(&mut file, &wishes).unwrap_or_else(|error| panic!("{}: {error}", manifest.name));
    assert_eq!(found.head, manifest.head, "{}: {:?}", manifest.name, found.reasons);
    assert_eq!(found.labels, manifest.labels);
    if and_input {
        assert_eq!(found.input, manifest.input, "{}: {:?}", manifest.name, found.reasons);
    } else {
        assert_eq!((found.input.width, found.input.layout), (manifest.input.width, manifest.input.layout));
    }
}

#[test]
fn every_head_is_read_as_the_reference_reads_it() {
    if !has_runtime("golden") {
        return;
    }
    let mut count = 0;
    for entry in fs::read_dir(golden()).expect("the folder is in the repository") {
        let folder = entry.expect("readable").path();
        let manifest = folder.join("manifest.toml");
        if manifest.is_file() {
            let network = Network::load(&manifest).expect("sound");
            check(&network.manifest().name, &network, |suffix| folder.join(format!("boxes{suffix}.json")));
            check_recognised(&network, false);
            count += 1;
        }
    }
    assert!(count >= 16, "{count} tiny networks");
}

#[test]
fn public_networks_are_read_as_the_reference_reads_them() {
    if !has_runtime("golden") {
        return;
    }
    let Some(data) = env::var_os("GRIDWATCH_DATA").map(PathBuf::from) else {
        println!("SKIPPED golden: GRIDWATCH_DATA names no folder of networks");
        return;
    };
    for entry in fs::read_dir(golden().join("networks")).expect("the folder is in the repository") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let manifest = Manifest::load(&path).expect("sound");
            let onnx =
                fs::read(data.join("networks").join(&manifest.file.onnx)).expect("the network is there");
            let name = manifest.name.clone();
            let network = Network::new(manifest, onnx).expect("it is the one");
            check(&name, &network, |suffix| {
                let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8");
                path.with_file_name(format!("{stem}{suffix}.json"))
            });
            check_recognised(&network, true);
        }
    }
}
