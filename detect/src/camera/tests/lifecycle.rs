//! Open, update, close: what is told and when.

use gridwatch_domain::Checkpoint;

use super::*;

#[test]
fn standing_on_becomes_a_major_matter_and_is_told_again_now_and_then() {
    let mut camera = CameraTester::start();
    camera.stand(700.0, &[car(0.4, 0.4)]);
    camera.expect(&["open 1 minor", "update 2 major", "update 3 major", "update 4 major"]);
    let times: Vec<_> = camera.events.iter().map(|event| camera.seconds(event.at)).collect();
    assert_eq!(times, [30.0, 90.0, 390.0, 690.0]);
}

#[test]
fn a_fire_lane_is_critical_from_the_beginning() {
    let mut camera =
        CameraTester::with_zones(vec![zone("lane", ZoneType::FireLane, [0.0, 0.0, 1.0, 1.0], 10)]);
    camera.stand(40.0, &[car(0.4, 0.4)]).expect(&["open 1 critical"]);
    assert_eq!(camera.events[0].severity, Severity::Critical);
}

#[test]
fn a_camera_that_goes_blind_leaves_its_events_unobserved_until_it_sees_again() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).pause(60.0).camera_lost().camera_lost();
    camera.expect(&["open 1 minor", "update 2 minor unobserved"]);
    camera.stand(2.0, &[car(0.4, 0.4)]);
    camera.expect(&["open 1 minor", "update 2 minor unobserved", "update 3 major"]);
    assert_eq!(camera.seconds(camera.events[2].since), 10.0);
}

#[test]
fn a_car_that_left_while_nobody_looked_ends_when_it_was_last_seen() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).pause(60.0).camera_lost().stand(12.0, &[]);
    camera.expect(&["open 1 minor", "update 2 minor unobserved", "close 3 minor"]);
    assert_eq!(camera.seconds(camera.events[2].until.expect("closed")), 49.8);
}

#[test]
fn an_event_goes_on_over_a_restart_under_its_id() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).restart().pause(20.0);
    camera.stand(45.0, &[car(0.4, 0.4)]).stand(11.0, &[]);
    camera.expect(&["open 1 minor", "update 2 major", "close 3 major"]);
    assert!(camera.events.iter().all(|event| event.id == camera.events[0].id));
}

#[test]
fn a_car_that_left_during_a_restart_is_closed_after_the_clear_time() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).restart().pause(20.0).stand(9.0, &[]);
    camera.expect(&["open 1 minor"]);
    camera.stand(2.0, &[]).expect(&["open 1 minor", "close 2 minor"]);
    assert_eq!(camera.seconds(camera.events[1].until.expect("closed")), 49.8);
}

#[test]
fn a_zone_that_is_taken_out_closes_its_events() {
    let mut camera = CameraTester::start();
    camera.stand(40.0, &[car(0.4, 0.4)]);
    camera.watch.zones = vec![zone("other", ZoneType::FireLane, [0.0, 0.0, 0.1, 0.1], 30)];
    camera.restart().stand(1.0, &[car(0.4, 0.4)]).expect(&["open 1 minor", "close 2 minor"]);
}

#[test]
fn an_event_behind_a_lorry_is_unobserved_after_a_while_and_goes_on() {
    let mut camera = CameraTester::start();
    let lorry = Thing { corners: [0.35, 0.3, 0.6, 0.6], looks: 9, class: ObjectClass::Truck, score: 0.7 };
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]);
    camera.stand(60.0, &[car(0.4, 0.4).scored(0.0), lorry]).stand(2.0, &[car(0.4, 0.4)]);
    let of_the_car: Vec<_> = camera
        .events
        .iter()
        .filter(|event| event.id == camera.events[0].id)
        .map(|e| (e.rev, e.unobserved))
        .collect();
    camera.expect_valid();
    assert_eq!(of_the_car, [(1, false), (2, true), (3, false)]);
}

#[test]
fn a_car_whose_lower_half_is_hidden_for_a_while_has_not_moved() {
    let mut camera = CameraTester::blindfolded();
    let bus = Thing { corners: [0.35, 0.45, 0.65, 0.7], looks: 9, class: ObjectClass::Bus, score: 0.9 };
    let upper_part = Thing { corners: [0.365, 0.4, 0.465, 0.49], ..car(0.4, 0.4) };
    camera.stand(10.0, &[]).stand(12.0, &[car(0.4, 0.4)]).stand(12.0, &[upper_part, bus]);
    camera.stand(30.0, &[car(0.4, 0.4)]).expect(&["open 1 minor"]);
    let since = camera.seconds(camera.events[0].since);
    assert!((since - 10.0).abs() < 1.0, "since {since}");
}

#[test]
fn it_leaves_and_another_car_takes_the_place() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]);
    camera.show(4.0, |t| vec![car(0.4 + 0.12 * t as f32, 0.4)]).stand(1.0, &[]);
    camera.show(4.0, |t| vec![car(0.1 * t as f32, 0.4).looking(3)]).stand(35.0, &[car(0.4, 0.4).looking(3)]);
    camera.expect(&["open 1 minor", "close 2 minor", "open 1 minor"]);
    let since = camera.seconds(camera.events[2].since);
    assert!((since - 59.0).abs() < 1.0, "since {since}");
}

#[test]
fn what_was_kept_says_its_version_and_what_is_no_memory_is_refused() {
    let mut camera = CameraTester::start();
    camera.stand(5.0, &[car(0.4, 0.4)]);
    let kept = camera.state.checkpoint();
    let text = String::from_utf8(kept.state.clone()).expect("JSON");
    assert!(text.starts_with("{\"version\":3,"), "{text}");
    let newer =
        Checkpoint { state: text.replacen("\"version\":3", "\"version\":9", 1).into_bytes(), ..kept.clone() };
    let refused = camera.state.restore(&camera.watch, &newer).expect_err("a version of the future");
    assert_eq!(refused.to_string(), "memory of camera gate has version 9, this program reads up to 3");
    let garbage = Checkpoint { state: b"\xff".to_vec(), ..kept };
    assert!(camera.state.restore(&camera.watch, &garbage).is_err());
    camera.stand(30.0, &[car(0.4, 0.4)]).expect_one_open(0.0);
}

#[test]
fn what_was_kept_by_version_1_is_read() {
    let mut camera = CameraTester::start();
    camera.stand(40.0, &[car(0.4, 0.4)]);
    let kept = camera.state.checkpoint();
    let mut old: serde_json::Value = serde_json::from_slice(&kept.state).expect("JSON");
    let fields = old.as_object_mut().expect("fields");
    assert!(fields.remove("health").is_some() && fields.remove("view").is_some(), "since version 2");
    fields.insert("version".to_owned(), 1.into());
    let old = Checkpoint { state: old.to_string().into_bytes(), ..kept };
    camera.state = CameraState::new(&camera.watch, &camera.settings);
    camera.state.restore(&camera.watch, &old).expect("an old form");
    assert_eq!(camera.state.tick(camera.now(), &mut || [0; 10]), [], "nothing is taken for edited");
    camera.stand(10.0, &[car(0.4, 0.4)]).expect_one_open(0.0);
}

#[test]
fn events_that_version_2_has_kept_go_on() {
    let mut camera = CameraTester::start();
    camera.stand(40.0, &[car(0.4, 0.4)]);
    let kept = camera.state.checkpoint();
    let mut old: serde_json::Value = serde_json::from_slice(&kept.state).expect("JSON");
    old["version"] = 2.into();
    let event = old["ledger"]["open"][0].as_object_mut().expect("an open event");
    let subject = event.remove("subject").expect("since version 3");
    let objects = event.remove("objects").expect("since version 3");
    assert!(event.remove("least").is_some() && event.remove("detail").is_some(), "since version 3");
    event.insert("place".to_owned(), subject["place"].clone());
    event.insert("object".to_owned(), objects[0].clone());
    old["ledger"].as_object_mut().expect("fields").remove("lasting").expect("since version 3");
    let old = Checkpoint { state: old.to_string().into_bytes(), ..kept };
    camera.state = CameraState::new(&camera.watch, &camera.settings);
    camera.state.restore(&camera.watch, &old).expect("an old form");
    camera.stand(10.0, &[car(0.4, 0.4)]).expect_one_open(0.0);
    camera.stand(20.0, &[]).expect(&["open 1 minor", "close 2 minor"]);
}

#[test]
fn a_checkpoint_of_a_full_yard_stays_small() {
    let mut camera = CameraTester::start();
    let full: Vec<Thing> = (0..20_u8)
        .map(|number| {
            car(0.02 + f32::from(number % 5) * 0.19, 0.05 + f32::from(number / 5) * 0.22)
                .looking(u64::from(number))
        })
        .collect();
    camera.stand(40.0, &full);
    assert_eq!(camera.events.len(), 20);
    let bytes = camera.state.checkpoint().state.len();
    assert!(bytes < 64 * 1024, "{bytes} bytes");
    // Of the events that are open nothing is counted: they are no memory of places.
    let kept: serde_json::Value = serde_json::from_slice(&camera.state.checkpoint().state).expect("JSON");
    let places = kept["memory"]["places"].as_array().expect("places");
    let largest = places.iter().map(|place| place.to_string().len()).max().expect("some");
    assert!(largest <= 2048, "{largest} bytes for a place");
}
