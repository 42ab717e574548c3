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
