//! Where things stand on the ground, as the camera is calibrated.

use gridwatch_domain::{Ground, Point};

use super::*;

fn calibrated(scale: f64) -> CameraWatch {
    // As a camera sees it that hangs 7 m high and looks down by 28°.
    let points =
        [[0.1, 0.9], [0.9, 0.9], [0.8, 0.4], [0.2, 0.4]].map(|[x, y]| Point::new(x, y).expect("valid"));
    let metres = [[-5.876, 6.1], [5.876, 6.1], [9.197, 16.788], [-9.197, 16.788]];
    let ground = Ground::new(points, metres.map(|corner| corner.map(|value| value * scale))).expect("convex");
    let zones = vec![zone("lane", ZoneType::NoParking, [0.0, 0.3, 1.0, 1.0], 60)];
    CameraWatch { zones, ground: Some(ground), ..CameraWatch::new("yard".parse().expect("valid")) }
}

#[test]
fn another_calibration_tells_other_footprints() {
    let mut camera = CameraTester::watching(calibrated(1.0));
    let place =
        |camera: &CameraTester| camera.state.places()[0].stance().footprint.expect("the ground is known");
    let broadside = Thing { corners: [0.4, 0.41, 0.6, 0.57], ..car(0.0, 0.0) };
    camera.stand(10.0, &[broadside]);
    let before = place(&camera);
    camera.state.adjust(&calibrated(1.3));
    camera.stand(2.0, &[broadside]);
    assert_ne!(place(&camera).metres, before.metres);
}

#[test]
fn who_seems_to_stand_over_the_line_and_in_another_car_stands_otherwise_than_it_seems() {
    // Three bays of 2.5 m by 5.2 m, side by side.
    let bays = [
        [[0.34094, 0.54566], [0.44728, 0.54188], [0.45881, 0.39238], [0.37888, 0.39523]],
        [[0.44728, 0.54188], [0.55362, 0.5381], [0.53874, 0.38954], [0.45881, 0.39238]],
        [[0.55362, 0.5381], [0.65996, 0.53432], [0.61866, 0.3867], [0.53874, 0.38954]],
    ];
    let straddling = |rule: &gridwatch_domain::ZoneRule| rule.kind == EventKind::Straddling;
    let bay = |(corners, number): ([[f32; 2]; 4], u32)| {
        let corners = corners.map(|[x, y]| Point::new(x, y).expect("valid")).to_vec();
        let id = format!("bay-{number}").parse().expect("valid");
        let zone = Zone::usual(id, ZoneType::Bay, Polygon::new(corners).expect("simple"));
        let rules = zone.rules.iter().filter(|rule| straddling(rule)).copied().collect();
        Zone { rules, ..zone }
    };
    let zones: Vec<Zone> = bays.into_iter().zip(1..).map(bay).collect();
    let middle = Thing { corners: [0.46108, 0.35605, 0.5378, 0.51848], ..car(0.0, 0.0).looking(5) };
    // 1.45 m to the right of that, and 1.8 m wide.
    let over_the_line = Thing { corners: [0.51667, 0.35434, 0.59892, 0.51632], ..car(0.0, 0.0).looking(6) };
    let told = |things: &[Thing]| {
        let mut camera = CameraTester::watching(CameraWatch { zones: zones.clone(), ..calibrated(1.0) });
        camera.stand(3.0, &[]).stand(90.0, things);
        camera.told_where()
    };
    assert_eq!(told(&[over_the_line]), ["parking.straddling open 63 bay-3"]);
    assert_eq!(told(&[middle, over_the_line]), [""; 0]);
}
