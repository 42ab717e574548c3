//! What must not end a stay: detectors that fail, things in front, the dark, gaps.

use super::*;

/// A steady source of chance.
fn chance() -> fastrand::Rng {
    fastrand::Rng::with_seed(11)
}

#[test]
fn a_car_that_is_missed_for_a_minute_while_it_looks_the_same_is_still_there() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(6.0, &[car(0.4, 0.4)]).stand(60.0, &[car(0.4, 0.4).scored(0.0)]);
    camera.stand(2.0, &[car(0.4, 0.4)]).expect_one_open(10.0);
}

#[test]
fn a_third_of_detections_is_enough_whatever_class_they_say() {
    for mut camera in [CameraTester::start(), CameraTester::blindfolded()] {
        let mut chance = chance();
        camera.stand(10.0, &[]).show(60.0, |_| {
            let class = [ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck][chance.usize(..3)];
            let score = if chance.f32() < 0.35 { 0.4 } else { 0.0 };
            vec![Thing { class, score, ..car(0.4, 0.4) }]
        });
        camera.expect_valid();
        let opened: Vec<_> = camera.events.iter().filter(|event| event.phase == Phase::Open).collect();
        assert_eq!(opened.len(), 1, "{:?}", camera.told());
        assert!(camera.seconds(opened[0].since) < 14.0, "since {}", camera.seconds(opened[0].since));
    }
}

#[test]
fn boxes_that_jitter_do_not_move_the_car() {
    let mut camera = CameraTester::start();
    let mut chance = chance();
    camera.stand(10.0, &[]).show(120.0, |_| {
        let mut thing = car(0.4, 0.4);
        for corner in &mut thing.corners {
            *corner += (chance.f32() - 0.5) * 0.02;
        }
        vec![thing]
    });
    camera.expect(&["open 1 minor", "update 2 major"]);
}

#[test]
fn weak_detections_keep_a_place_and_begin_none() {
    let mut camera = CameraTester::blindfolded();
    camera.stand(60.0, &[car(0.1, 0.4).scored(0.15)]).expect(&[]);
    camera.stand(10.0, &[car(0.4, 0.4)]).stand(45.0, &[car(0.4, 0.4).scored(0.15)]).expect_one_open(60.0);
}

#[test]
fn a_lorry_in_front_for_25_seconds_does_not_end_the_stay() {
    for mut camera in [CameraTester::start(), CameraTester::blindfolded()] {
        let lorry = Thing { corners: [0.35, 0.3, 0.6, 0.6], looks: 9, class: ObjectClass::Truck, score: 0.7 };
        camera.stand(10.0, &[]).stand(12.0, &[car(0.4, 0.4)]);
        camera.stand(25.0, &[car(0.4, 0.4).scored(0.0), lorry]).expect(&[]);
        camera.stand(10.0, &[car(0.4, 0.4)]).expect_one_open(10.0);
    }
}

#[test]
fn half_of_it_covered_is_still_the_same_car() {
    let mut camera = CameraTester::start();
    let half = Thing { corners: [0.45, 0.4, 0.5, 0.52], ..car(0.0, 0.0) };
    camera.stand(10.0, &[]).stand(10.0, &[car(0.4, 0.4)]).stand(8.0, &[half]);
    camera.stand(15.0, &[car(0.4, 0.4)]).expect_one_open(10.0);
}

#[test]
fn without_a_picture_to_go_by_a_place_unseen_for_long_is_given_up() {
    let mut camera = CameraTester::blindfolded();
    camera.stand(40.0, &[car(0.4, 0.4)]).stand(29.0, &[]).stand(5.0, &[car(0.4, 0.4)]).expect_one_open(0.0);
    camera.stand(39.0, &[]);
    camera.expect(&["open 1 minor", "update 2 minor unobserved"]);
    camera.stand(3.0, &[]).expect(&["open 1 minor", "update 2 minor unobserved", "close 3 minor"]);
    assert!((camera.seconds(camera.events[2].until.expect("closed")) - 73.8).abs() < 0.1);
}

#[test]
fn a_passer_by_that_takes_over_the_track_does_not_begin_a_new_stay() {
    let mut camera = CameraTester::start();
    let parked = car(0.5, 0.4);
    camera.stand(10.0, &[]).stand(15.0, &[parked]);
    // The passer-by is detected in place of the parked car while it is in front of it.
    camera.show(4.0, |t| {
        let passer_by = car(0.1 + 0.2 * t as f32, 0.45).looking(5);
        let in_front = (passer_by.corners[0] - 0.5).abs() < 0.08;
        vec![parked.scored(if in_front { 0.0 } else { 0.8 }), passer_by]
    });
    camera.stand(15.0, &[parked]).expect_one_open(10.0);
}

#[test]
fn a_switch_to_infrared_does_not_end_the_stay() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(15.0, &[car(0.4, 0.4)]);
    camera.ground = 8;
    // Nothing looks as before, and the network takes its time to get used to it.
    camera.stand(50.0, &[car(0.4, 0.4).scored(0.0)]).stand(5.0, &[car(0.4, 0.4)]).expect_one_open(10.0);
}

#[test]
fn a_lamp_that_is_taken_for_a_car_now_and_then_is_nothing() {
    let mut camera = CameraTester::start();
    let mut chance = chance();
    let mut lamp = |_| {
        let seen = chance.f32();
        vec![car(0.4, 0.4).scored(if seen < 0.2 {
            0.35
        } else if seen < 0.6 {
            0.15
        } else {
            0.0
        })]
    };
    camera.show(300.0, &mut lamp).expect(&[]);
}

#[test]
fn a_lamp_whose_box_jumps_about_has_not_arrived_anywhere() {
    let mut camera = CameraTester::start();
    // It hangs there all the time, in front of where something is detected.
    let hangs = Thing { corners: [0.35, 0.35, 0.55, 0.55], looks: 6, ..car(0.0, 0.0) }.scored(0.0);
    let lamp = |x: f32| {
        let mut chance = chance();
        move |_: f64| vec![car(x, 0.4).scored(if chance.f32() < 0.4 { 0.35 } else { 0.0 }), hangs]
    };
    camera.stand(6.0, &[hangs]);
    for _ in 0..3 {
        camera.show(60.0, lamp(0.4)).show(60.0, lamp(0.427));
    }
    camera.expect(&[]);
}

#[test]
fn a_restart_does_not_end_the_stay() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(15.0, &[car(0.4, 0.4)]).restart().pause(8.0);
    camera.stand(12.0, &[car(0.4, 0.4)]).expect_one_open(10.0);
}

#[test]
fn another_car_after_an_outage_is_another_stay() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(20.0, &[car(0.4, 0.4)]).restart().pause(600.0);
    camera.stand(20.0, &[car(0.4, 0.4).looking(3)]).expect(&[]);
    camera.stand(20.0, &[car(0.4, 0.4).looking(3)]).expect_one_open(630.0);
}

#[test]
fn a_clock_that_steps_does_not_end_the_stay() {
    for step in [-3600.0, -5.0, -0.5] {
        let mut camera = CameraTester::start();
        camera.stand(10.0, &[]).stand(20.0, &[car(0.4, 0.4)]).pause(step).stand(15.0, &[car(0.4, 0.4)]);
        camera.expect(&["open 1 minor"]);
        let dwell = camera.events[0].dwell_s;
        assert!((30.0..31.0).contains(&dwell), "{step}: {dwell}");
    }
}

#[test]
fn a_file_that_begins_anew_breaks_nothing() {
    let mut camera = CameraTester::start();
    for _ in 0..5 {
        camera.stand(5.0, &[]).stand(40.0, &[car(0.4, 0.4)]).stand(15.0, &[]).pause(-60.0);
    }
    camera.expect(&["open 1 minor", "close 2 minor"].repeat(5));
}

#[test]
fn a_camera_that_sways_does_not_date_a_car_anew() {
    let mut camera = CameraTester::start();
    camera.stand(20.0, &[]);
    // Pictures two seconds apart, the box some tenths of its size to and fro: it stands since it came.
    for step in 0..30_u8 {
        let off = if step % 2 == 0 { 0.0 } else { 0.009 };
        camera.seldom(2.0, 2.0, &[car(0.4 + off, 0.4)]);
    }
    camera.expect_one_open(20.0);
}
