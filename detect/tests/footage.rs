//! Detection on real footage, against its ground truth. Needs the folder that `GRIDWATCH_DATA` names, ONNX Runtime and
//! GStreamer's command line; skipped with a printed reason where one is missing.

mod common;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use common::{Video, footage_folder};
use gridwatch_detect::{
    CameraState, CameraWatch, DetectSettings, Detector, Look, NetworkDetector, SessionSettings,
    appearance::Grey,
};
use gridwatch_domain::{
    Detection, DwellLimit, Event, NetworkRef, NormBox, ObjectClass, Phase, Point, Polygon, Timestamp, Zone,
    ZoneType,
};
use gridwatch_models::Network;
use serde_json::Value;

/// Detections of lower score are noise.
const LEAST_SCORE: f32 = 0.1;

/// The folder of footage and networks, or `None` after saying why the test is skipped.
fn data_folder(test: &str) -> Option<PathBuf> {
    let folder = footage_folder(test)?;
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        println!("SKIPPED {test}: ORT_DYLIB_PATH names no ONNX Runtime");
        return None;
    }
    Some(folder)
}

/// A video, looked at once by the network; rules can then run over it as often as needed.
struct Footage {
    pictures: Vec<(Timestamp, Vec<Detection>, Grey)>,
    network: NetworkRef,
}

impl Footage {
    fn look_at(data: &Path, file: &str, size: (u32, u32), rate: u32) -> Self {
        let onnx = data.join("networks/yolox_nano_640x384.onnx");
        let network = Network::load_yolox_coco(&onnx, 640, 384, None).expect("a YOLOX file");
        let mut detector =
            NetworkDetector::open(&network, &SessionSettings::default(), LEAST_SCORE).expect("it loads");
        let look = |frame: gridwatch_domain::Frame| {
            let mut grey = Grey::default();
            grey.fill(&frame);
            (frame.at, detector.detect(&frame).expect("whole planes"), grey)
        };
        let pictures: Vec<_> = Video::open(data.join("videos").join(file), size, rate).map(look).collect();
        assert!(pictures.len() > 10, "{file} was decoded");
        Self { pictures, network: detector.reference().clone() }
    }

    /// The events of zones; the process ends and begins anew where `restarts` (seconds) says.
    fn events(&self, zones: Vec<Zone>, restarts: &[f64]) -> Vec<Event> {
        let watch = CameraWatch { zones, ..CameraWatch::new("footage".parse().expect("valid")) };
        let edge = "test".parse().expect("valid");
        let settings = DetectSettings::new(edge, self.network.clone(), vec![watch.clone()]);
        let mut state = CameraState::new(&watch, &settings);
        let mut random = fastrand::Rng::with_seed(1);
        let mut events = Vec::new();
        let mut restarts = restarts.iter().peekable();
        for (at, detections, grey) in &self.pictures {
            if restarts.next_if(|&&due| seconds(*at) >= due).is_some() {
                let kept = state.checkpoint();
                state = CameraState::new(&watch, &settings);
                state.restore(&watch, &kept).expect("what was just written");
            }
            let mut ids = || std::array::from_fn(|_| random.u8(..));
            events
                .extend(state.step(*at, detections, Some(Look { grey, fine: Some(grey) }), &mut ids).events);
        }
        for event in &events {
            event.validate().expect("consistent");
        }
        events
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.seconds_since(Video::start())
}

fn zone(id: &str, corners: &[[f32; 2]], limit_s: f64) -> Zone {
    let points = corners.iter().map(|&corner| Point::try_from(corner).expect("within the picture"));
    Zone {
        classes: vec![ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck],
        ..Zone::usual(
            id.parse().expect("valid"),
            ZoneType::NoParking,
            Polygon::new(points.collect()).expect("simple"),
        )
        .with_limit(DwellLimit::new(Duration::from_secs_f64(limit_s)).expect("in range"))
    }
}

fn whole_picture(limit_s: f64) -> Zone {
    zone("whole", &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], limit_s)
}

fn truth(data: &Path, name: &str) -> Value {
    let text =
        std::fs::read(data.join("groundtruth").join(name)).expect("the ground truth lies beside the footage");
    serde_json::from_slice(&text).expect("JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// Four numbers as a box, cut to the picture.
fn bbox(values: &[Value]) -> NormBox {
    let edge = |index: usize| number(&values[index]) as f32;
    NormBox::clipped(edge(0), edge(1), edge(2), edge(3)).expect("some of it is in the picture")
}

fn of_phase(events: &[Event], phase: Phase) -> Vec<&Event> {
    events.iter().filter(|event| event.phase == phase).collect()
}

/// The zones of a composite's ground truth.
fn zones_of(truth: &Value, limit_s: f64) -> Vec<Zone> {
    let corner = |point: &Value| [number(&point[0]) as f32, number(&point[1]) as f32];
    let read = |entry: &Value| {
        let corners: Vec<[f32; 2]> = list(&entry["polygon"]).iter().map(corner).collect();
        zone(text(&entry["id"]), &corners, limit_s)
    };
    list(&truth["zones"]).iter().map(read).collect()
}

/// Compares events with the stops of a ground truth that exceed a limit.
#[track_caller]
fn check_stops(truth: &Value, limit_s: f64, events: &[Event]) {
    let tolerance = number(&truth["tolerance_s"]);
    let near = |found: f64, wanted: f64, what: &str| {
        assert!((found - wanted).abs() <= tolerance, "limit {limit_s} s: {what} at {found}, not {wanted}");
    };
    let wanted = list(&truth["expected_violations"][format!("{limit_s}s")]);
    let opened = of_phase(events, Phase::Open);
    assert_eq!(opened.len(), wanted.len(), "limit {limit_s} s: {opened:#?}");
    for name in wanted {
        let stop =
            list(&truth["stops_outside_slots"]).iter().find(|stop| stop["object"] == *name).expect("a stop");
        let object = list(&truth["objects"]).iter().find(|object| object["id"] == *name).expect("an object");
        let (start, end) = (number(&stop["start_s"]), number(&stop["end_s"]));
        let track = list(&object["boxes_1hz"]);
        let standing =
            track.iter().find(|row| number(&row[0]) >= start + 1.0).expect("it stands for some seconds");
        let place = bbox(&list(standing)[1..]);
        let here = |event: &&&Event| event.objects[0].bbox.iou(place) > 0.5;
        let event =
            opened.iter().find(here).unwrap_or_else(|| panic!("limit {limit_s} s: no event of {name}"));
        assert_eq!(event.zone.as_ref().map(|zone| zone.as_str()), stop["zone"].as_str(), "{name}");
        near(seconds(event.since), start, "begins");
        near(seconds(event.at), start + limit_s, "opens");
        let close = of_phase(events, Phase::Close).into_iter().find(|close| close.id == event.id);
        let stays = end >= number(&truth["duration_s"]);
        assert_eq!(close.is_none(), stays, "limit {limit_s} s: {name}: {close:#?}");
        if let Some(until) = close.and_then(|close| close.until) {
            near(seconds(until), end, "ends");
        }
    }
}

#[test]
fn a_lot_with_two_long_stops_gives_these_and_nothing_else() {
    let Some(data) = data_folder("a_lot_with_two_long_stops_gives_these_and_nothing_else") else { return };
    let truth = truth(&data, "pklot_composite_a.json");
    let footage = Footage::look_at(&data, "pklot_composite_a.mp4", (1280, 720), 5);
    for limit_s in [5.0, 10.0, 20.0, 30.0, 60.0, 90.0] {
        check_stops(&truth, limit_s, &footage.events(zones_of(&truth, limit_s), &[]));
    }
    // The process ends while a stay is being timed, while one event is open, and while both are.
    check_stops(&truth, 30.0, &footage.events(zones_of(&truth, 30.0), &[40.0, 70.0, 100.0]));
}

#[test]
fn a_day_of_an_empty_lot_gives_nothing() {
    let Some(data) = data_folder("a_day_of_an_empty_lot_gives_nothing") else { return };
    let footage = Footage::look_at(&data, "pklot_empty_day_2013-02-24.mp4", (1280, 720), 2);
    assert_eq!(footage.events(vec![whole_picture(5.0)], &[]), []);
}

#[test]
fn a_street_with_a_queue_at_the_light_gives_nothing_but_what_stands() {
    let Some(data) = data_folder("a_street_with_a_queue_at_the_light_gives_nothing_but_what_stands") else {
        return;
    };
    let truth = truth(&data, "street_residential_ahmetozlu.json");
    let footage = Footage::look_at(&data, "street_residential_ahmetozlu.mp4", (640, 352), 6);
    let near_lane =
        [[0.33, 0.4], [0.39, 0.4], [0.46, 0.5], [0.62, 0.52], [1.0, 0.84], [1.0, 0.99], [0.48, 0.99]];
    assert_eq!(footage.events(vec![zone("near-lane", &near_lane, 5.0)], &[]), [], "eight vehicles pass");
    // Above the junction's edge everything is tiny, and left to others.
    let street = |limit_s| zone("street", &[[0.0, 0.3], [1.0, 0.3], [1.0, 1.0], [0.0, 1.0]], limit_s);
    let parked = bbox(list(&truth["parked"][0]["box"]));
    let events = footage.events(vec![street(25.0)], &[]);
    let opened = of_phase(&events, Phase::Open);
    assert_eq!(opened.len(), 1, "the queue is gone after 21 s: {opened:#?}");
    assert!(opened[0].objects[0].bbox.iou(parked) > 0.4, "{:?}", opened[0].objects);
}
