//! What is told of each trouble.

use crate::{
    footage::{Footage, Picture},
    tester::{OFTEN, SELDOM, Tester},
};

/// Seconds for which all is well, and for which something is wrong.
const WELL: f64 = 40.0;
const WRONG: f64 = 80.0;

/// A scene is well for a while, then something is done to each picture, then it is well again. The trouble is told once and taken
/// back, at either rate.
#[track_caller]
fn check(scene: &str, kind: &str, within: f64, effect: impl Fn(Picture) -> Picture) {
    for (interval, length) in [(SELDOM, 110.0), (OFTEN, 15.0)] {
        let mut footage = Footage::piece_of(scene, length);
        let mut camera = Tester::every(interval);
        camera.show(WELL, |second| footage.at(second));
        camera.show(WRONG, |second| effect(footage.at(second)));
        camera.expect(kind, WELL, within);
        camera.show(40.0, |second| footage.at(second));
        camera.expect_over(WELL + WRONG);
    }
}

#[test]
fn a_hand_a_bag_and_paint_cover_the_lens() {
    check("yard", "camera.covered", 15.0, |seen| seen.covered(1.1, 22.0));
    check("night", "camera.covered", 15.0, |seen| seen.covered(1.1, 200.0));
    check("gate", "camera.covered", 15.0, |seen| seen.covered(0.65, 40.0));
    // A thin bag lets light through and nothing else.
    check("yard", "camera.covered", 15.0, |seen| {
        let sigma = seen.width as f32 / 25.0;
        seen.blurred(sigma).map(|_, _, level| 70.0 + 0.3 * level)
    });
}

#[test]
fn a_shifted_turned_or_zoomed_camera_has_moved() {
    check("yard", "camera.moved", 15.0, |seen| seen.seen_from((0.05, 0.0), 0.0, 1.0));
    check("night", "camera.moved", 15.0, |seen| seen.seen_from((0.0, -0.04), 0.0, 1.0));
    check("gate", "camera.moved", 15.0, |seen| seen.seen_from((0.0, 0.0), 5.0, 1.0));
    check("yard", "camera.moved", 15.0, |seen| seen.seen_from((0.02, 0.02), -2.0, 1.12));
}

#[test]
fn a_camera_turned_away_has_moved_and_so_has_one_turned_while_nobody_looked() {
    for interval in [SELDOM, OFTEN] {
        let (mut yard, mut gate) = (Footage::piece_of("yard", 30.0), Footage::piece_of("gate", 30.0));
        let mut camera = Tester::every(interval);
        camera.show(WELL, |second| yard.at(second)).show(150.0, |second| gate.at(second));
        camera.expect("camera.moved", WELL, 120.0);
        assert!(!camera.health.is_trusted());
        camera.show(40.0, |second| yard.at(second)).expect_over(WELL + 150.0);

        let mut camera = Tester::every(interval);
        camera.show(WELL, |second| yard.at(second)).restart();
        camera.show(WELL, |second| yard.at(second).seen_from((-0.06, 0.02), 0.0, 1.0));
        camera.expect("camera.moved", WELL, 15.0);
    }
}

#[test]
fn a_view_that_was_accepted_is_the_normal_one_from_then_on() {
    let mut yard = Footage::piece_of("yard", 15.0);
    let mut turned = |second: f64| yard.at(second).seen_from((0.08, 0.0), 2.0, 1.0);
    let mut camera = Tester::every(OFTEN);
    let mut straight = Footage::piece_of("yard", 15.0);
    camera.show(WELL, |second| straight.at(second)).show(60.0, &mut turned);
    let closed = camera.health.accept_view();
    assert_eq!((closed.len(), closed[0].rev), (1, 2), "{closed:?}");
    assert!(camera.health.is_trusted());
    camera.show(60.0, &mut turned);
    assert_eq!(camera.told.len(), 1, "{:?}", camera.lines());
    camera.show(40.0, |second| straight.at(second));
    assert_eq!(camera.told.len(), 2, "back is elsewhere now: {:?}", camera.lines());
}

#[test]
fn pictures_that_are_all_the_same_are_frozen() {
    // As coders leave it: a little of the noise of each picture is coded anew.
    for (scene, rounding) in [("yard", 0.0), ("night", 0.25), ("gate", 0.25)] {
        for (interval, length) in [(SELDOM, 110.0), (OFTEN, 15.0)] {
            let mut footage = Footage::piece_of(scene, length);
            let still = footage.at(7.0);
            let mut random = fastrand::Rng::with_seed(3);
            let mut camera = Tester::every(interval);
            camera.show(WELL, |second| footage.at(second));
            camera.show(WRONG, |_| still.noisy(rounding, &mut random));
            camera.expect("camera.frozen", WELL, 60.0 + 10.0);
            camera.show(40.0, |second| footage.at(second)).expect_over(WELL + WRONG);
        }
    }
}

#[test]
fn a_trouble_goes_on_over_a_restart_and_is_one_event() {
    let mut footage = Footage::piece_of("night", 15.0);
    let mut camera = Tester::every(OFTEN);
    camera.show(WELL, |second| footage.at(second));
    camera.show(30.0, |second| footage.at(second).covered(1.1, 20.0)).restart();
    assert!(!camera.health.is_trusted(), "it was covered before");
    camera.show(30.0, |second| footage.at(second).covered(1.1, 20.0));
    camera.expect("camera.covered", WELL, 15.0);
    camera.show(20.0, |second| footage.at(second)).expect_over(WELL + 60.0);
    let ids: Vec<_> = camera.told.iter().map(|told| told.id).collect();
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_camera_out_of_focus_is_blurred() {
    // Of 640 pixels across, as far as three times as much at 1920.
    check("yard", "camera.blurred", 30.0, |seen| seen.blurred(1.7));
    check("night", "camera.blurred", 30.0, |seen| seen.blurred(2.5));
    check("gate", "camera.blurred", 30.0, |seen| seen.blurred(4.0));
}
