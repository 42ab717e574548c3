//! Zones that are edited while the camera runs.

use super::*;

fn yard(limit_s: u64) -> Zone {
    zone("yard", ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], limit_s)
}

fn lane() -> Zone {
    zone("lane", ZoneType::FireLane, [0.3, 0.3, 0.6, 0.6], 20)
}

#[test]
fn what_stands_keeps_its_dwell_whatever_is_edited_around_it() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(15.0, &[car(0.4, 0.4)]).rewatch(vec![yard(30), lane()]);
    camera.stand(4.0, &[car(0.4, 0.4)]).expect(&[]);
    camera.stand(2.0, &[car(0.4, 0.4)]).expect(&["open 1 critical"]);
    camera.stand(10.0, &[car(0.4, 0.4)]).expect(&["open 1 critical", "open 1 minor"]);
    assert!(camera.events.iter().all(|event| camera.seconds(event.since) == 10.0));
}

#[test]
fn a_shorter_limit_takes_effect_with_the_next_picture_and_is_due_at_once() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(15.0, &[car(0.4, 0.4)]).rewatch(vec![yard(10)]);
    assert!(camera.state.attention().due.is_some_and(|due| due <= camera.now()));
    camera.stand(0.2, &[car(0.4, 0.4)]).expect(&["open 1 minor"]);
}

#[test]
fn a_longer_limit_ends_what_has_not_stood_for_it_until_it_has() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).rewatch(vec![yard(60)]);
    camera.expect(&["open 1 minor", "close 2 minor"]);
    camera.stand(15.0, &[car(0.4, 0.4)]).expect(&["open 1 minor", "close 2 minor"]);
    camera.stand(10.0, &[car(0.4, 0.4)]).expect(&["open 1 minor", "close 2 minor", "open 1 minor"]);
    assert_eq!(camera.seconds(camera.events[2].since), 10.0);
}

#[test]
fn events_of_zones_that_are_gone_end_at_once_and_others_go_on() {
    let mut camera = CameraTester::with_zones(vec![yard(30), lane()]);
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).rewatch(vec![yard(30)]);
    camera.expect(&["open 1 critical", "open 1 minor", "close 2 critical"]);
    assert_eq!(camera.seconds(camera.events[2].until.expect("closed")), 49.8);
    // Of another type it is another zone.
    camera
        .rewatch(vec![zone("yard", ZoneType::FireLane, [0.0, 0.0, 1.0, 1.0], 30)])
        .stand(1.0, &[car(0.4, 0.4)]);
    camera.expect(&[
        "open 1 critical",
        "open 1 minor",
        "close 2 critical",
        "close 2 minor",
        "open 1 critical",
    ]);
}

#[test]
fn a_zone_that_is_moved_away_ends_its_event_with_the_next_picture() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]);
    camera
        .rewatch(vec![zone("yard", ZoneType::NoParking, [0.7, 0.0, 1.0, 1.0], 30)])
        .expect(&["open 1 minor"]);
    camera.stand(1.0, &[car(0.4, 0.4)]).expect(&["open 1 minor", "close 2 minor"]);
}

#[test]
fn a_zone_that_does_not_care_about_a_class_any_more_ends_its_events() {
    let cares = |classes: &[ObjectClass]| Zone { classes: classes.to_vec(), ..yard(30) };
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]);
    camera.rewatch(vec![cares(&[ObjectClass::Car])]).expect(&["open 1 minor"]);
    camera.rewatch(vec![cares(&[ObjectClass::Truck, ObjectClass::Bus])]);
    camera.expect(&["open 1 minor", "close 2 minor"]);
    camera.stand(5.0, &[car(0.4, 0.4)]).expect(&["open 1 minor", "close 2 minor"]);
}
