//! What detection costs beside the network: letterbox, box decoding with suppression, and the step from boxes to events.
//!
//! The network itself is measured too where `ORT_DYLIB_PATH` names an ONNX Runtime.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use gridwatch_detect::{
    CameraState, CameraWatch, DetectSettings, Detector, LIBRARY_VARIABLE, Look, NetworkDetector,
    SessionSettings,
    appearance::Grey,
    head,
    health::{Health, HealthSettings, View},
    letterbox::{Canvas, Letterbox, Pixels},
};
use gridwatch_domain::{
    CameraId, Detection, EdgeId, Frame, NetworkRef, NormBox, Nv12Buffer, ObjectClass, Point, Polygon,
    Sha256Hex, Timestamp, Zone, ZoneType,
};
use gridwatch_models::{ModelStore, Network};

/// Cars of a busy yard, all of them in a zone.
const CARS: u8 = 20;

fn camera() -> CameraId {
    "gate".parse().expect("valid")
}

fn frame(width: u32, height: u32) -> Frame {
    let mut buffer = Nv12Buffer::filled(width, height, [90, 128, 128]);
    let mut random = fastrand::Rng::with_seed(1);
    buffer.y_mut().iter_mut().for_each(|pixel| *pixel = random.u8(16..235));
    let (camera, planes) = (camera(), Arc::new(buffer));
    Frame::new(camera, 0, Timestamp::UNIX_EPOCH, (width, height), planes)
}

/// The shipped network.
fn network() -> Network {
    ModelStore::builtin().default_network().clone()
}

fn cars(jitter: f32) -> Vec<Detection> {
    let car = |number: u8| {
        let (x, y) = (0.02 + f32::from(number % 5) * 0.19 + jitter, 0.02 + f32::from(number / 5) * 0.24);
        let bbox = NormBox::new(x, y, x + 0.12, y + 0.15).expect("within the picture");
        Detection { class: ObjectClass::Car, score: 0.8, bbox }
    };
    (0..CARS).map(car).collect()
}

fn letterbox(criterion: &mut Criterion) {
    let network = network();
    for (name, width, height) in [("1080p", 1920, 1080), ("720p", 1280, 720)] {
        let picture = frame(width, height);
        let mut letterbox = Letterbox::new(&network.manifest().input);
        let (mut tensor, mut covered) = (vec![0.0; 3 * 640 * 384], None);
        criterion.bench_function(&format!("letterbox/{name} to 640x384"), |bencher| {
            bencher.iter(|| {
                let pixels = Pixels::Float32(&mut tensor);
                let canvas = Canvas { pixels, size: (640, 384), covered: &mut covered };
                letterbox.fill(black_box(&picture), canvas).expect("whole planes")
            });
        });
    }
    let picture = frame(1920, 1080);
    let mut grey = Grey::default();
    criterion.bench_function("grey copy/1080p", |bencher| bencher.iter(|| grey.fill(black_box(&picture))));
}

fn suppression(criterion: &mut Criterion) {
    let mut random = fastrand::Rng::with_seed(2);
    // Ten boxes a car, as a network answers before suppression.
    let mut candidates: Vec<Detection> = (0..10).flat_map(|_| cars(random.f32() * 0.01)).collect();
    candidates.iter_mut().for_each(|found| found.score = random.f32());
    criterion.bench_function("suppression/200 boxes of 20 cars", |bencher| {
        bencher.iter(|| {
            let mut boxes = candidates.clone();
            head::suppress(&mut boxes, 0.5);
            boxes
        });
    });
}

/// Tracker, memory of places with its looks, and rules.
fn rule_step(criterion: &mut Criterion) {
    let corner = |x, y| Point::new(x, y).expect("valid");
    let whole = || {
        Polygon::new(vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)])
            .expect("simple")
    };
    let zone = |number: u8| {
        Zone::usual(format!("zone-{number}").parse().expect("valid"), ZoneType::FireLane, whole())
    };
    let watch = CameraWatch { zones: (0..4).map(zone).collect(), ..CameraWatch::new(camera()) };
    let edge: EdgeId = "box-1".parse().expect("valid");
    let network = NetworkRef { name: "scripted".to_owned(), sha256: Sha256Hex::from_digest([0; 32]) };
    let settings = DetectSettings::new(edge, network, vec![watch.clone()]);
    let mut state = CameraState::new(&watch, &settings);
    let mut grey = Grey::default();
    grey.fill(&frame(1920, 1080));
    let mut fine = Grey::default();
    fine.fill_finely(&frame(1920, 1080));
    let look = Look { grey: &grey, fine: Some(&fine) };
    let mut random = fastrand::Rng::with_seed(3);
    let mut at = Timestamp::UNIX_EPOCH;
    let mut ids = || [7; 10];
    criterion.bench_function("rule step/20 standing cars in 4 zones", |bencher| {
        bencher.iter(|| {
            at = at.saturating_add(Duration::from_millis(200));
            state.step(at, &cars(random.f32() * 0.002), Some(look), &mut ids)
        });
    });
    criterion.bench_function("checkpoint/20 standing cars", |bencher| bencher.iter(|| state.checkpoint()));
}

/// What a camera's health costs for each picture: what is measured of it, what that says, and how far it has moved, which is asked
/// once a second at most, and only of a picture that looks unlike the normal one.
fn health(criterion: &mut Criterion) {
    let picture = textured(0, 0);
    let (mut grey, mut view) = (Grey::default(), View::default());
    grey.fill(&picture);
    criterion.bench_function("health: view/1080p", |bencher| {
        bencher.iter(|| view.fill(black_box(&picture), &grey));
    });
    let mut look = |aside, noise| {
        let picture = textured(aside, noise);
        let mut view = View::default();
        grey.fill(&picture);
        view.fill(&picture, &grey);
        view
    };
    // Three in turn, so that none is like that of some seconds before: they would be frozen.
    let views = [look(0, 0), look(0, 1), look(0, 2)];
    let aside = [look(96, 3), look(96, 4), look(96, 5)];
    let mut ids = || [7; 10];
    let mut at = Timestamp::UNIX_EPOCH;
    let mut count = 0;
    let mut known = Health::new(HealthSettings::default());
    let mut observe = |views: &[View; 3], millis| {
        at = at.saturating_add(Duration::from_millis(millis));
        count += 1;
        known.observe(at, black_box(&views[count % 3]), std::iter::empty(), &mut ids)
    };
    (0..200).for_each(|_| assert!(observe(&views, 200).is_empty(), "it is well"));
    criterion.bench_function("health: verdicts/1080p", |bencher| bencher.iter(|| observe(&views, 200)));
    let moved = (0..60).map(|_| observe(&aside, 1000)).filter(|told| !told.is_empty()).count();
    assert_eq!(moved, 1, "it has moved");
    criterion.bench_function("health: verdicts of a camera that has moved/1080p", |bencher| {
        bencher.iter(|| observe(&aside, 1000));
    });
}

/// Blocks of brightness, as things have surfaces, moved aside by so many pixels, with noise.
fn textured(aside: usize, noise: u64) -> Frame {
    let (mut random, mut noise) = (fastrand::Rng::with_seed(5), fastrand::Rng::with_seed(noise));
    let blocks: Vec<u8> = (0..80 * 40).map(|_| random.u8(40..220)).collect();
    let mut buffer = Nv12Buffer::filled(1920, 1080, [0, 128, 128]);
    for (index, pixel) in buffer.y_mut().iter_mut().enumerate() {
        let (x, y) = (index % 1920 + aside, index / 1920);
        *pixel = blocks[y / 30 * 80 + x / 30] + noise.u8(0..7);
    }
    Frame { planes: Arc::new(buffer), ..frame(1920, 1080) }
}

fn inference(criterion: &mut Criterion) {
    if std::env::var_os(LIBRARY_VARIABLE).is_none() {
        println!("SKIPPED inference: {LIBRARY_VARIABLE} names no ONNX Runtime");
        return;
    }
    let mut detector =
        NetworkDetector::open(&network(), &SessionSettings::default(), 0.1).expect("the library loads");
    let picture = frame(1920, 1080);
    criterion.bench_function("letterbox, network and head/1080p, yard-n", |bencher| {
        bencher.iter(|| detector.detect(black_box(&picture)).expect("whole planes"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = letterbox, suppression, health, rule_step, inference
}
criterion_main!(benches);
