//! What is standing, and since when.

use super::*;

#[test]
fn a_car_that_stands_for_the_limit_is_an_event_since_its_first_sighting() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(29.8, &[car(0.4, 0.4)]).expect(&[]);
    camera.stand(5.0, &[car(0.4, 0.4)]).expect(&["open 1 minor"]);
    let event = &camera.events[0];
    assert_eq!(camera.seconds(event.since), 10.0);
    assert_eq!(camera.seconds(event.at), 40.0);
    assert_eq!(event.dwell_s, 30.0);
    assert_eq!(event.kind, EventKind::NoParking);
    assert_eq!(event.objects[0].class, ObjectClass::Car);
}

#[test]
fn what_came_between_two_pictures_is_dated_between_them() {
    // One picture in two seconds, as key pictures come.
    let mut camera = CameraTester::start();
    camera.seldom(2.0, 10.0, &[]).seldom(2.0, 40.0, &[car(0.4, 0.4)]);
    assert_eq!(
        camera.seconds(camera.events[0].since),
        9.0,
        "the first one shows it at 10 s, the one before at 8 s did not"
    );
    // Where pictures are farther apart no more is taken back; where nobody looked, nothing.
    let mut camera = CameraTester::start();
    camera.seldom(6.0, 12.0, &[]).seldom(6.0, 60.0, &[car(0.4, 0.4)]);
    assert_eq!(camera.seconds(camera.events[0].since), 11.0);
    let mut camera = CameraTester::start();
    camera.seldom(2.0, 10.0, &[]).pause(30.0).seldom(2.0, 60.0, &[car(0.4, 0.4)]);
    assert_eq!(camera.seconds(camera.events[0].since), 40.0);
}

#[test]
fn a_car_that_stands_there_at_start_counts_from_its_first_sighting() {
    let mut camera = CameraTester::start();
    camera.stand(35.0, &[car(0.4, 0.4)]).expect_one_open(0.0);
}

#[test]
fn it_ends_when_the_place_was_seen_empty_for_the_clear_time() {
    let mut camera = CameraTester::start();
    camera.stand(10.0, &[]).stand(40.0, &[car(0.4, 0.4)]).stand(9.8, &[]).expect(&["open 1 minor"]);
    camera.stand(1.0, &[]).expect(&["open 1 minor", "close 2 minor"]);
    let until = camera.events[1].until.expect("it is closed");
    assert_eq!(camera.seconds(until), 49.8, "when it was last seen");
    assert!((camera.events[1].dwell_s - 39.8).abs() < 1e-9);
}

#[test]
fn it_drives_in_and_off_and_the_stop_is_timed_between() {
    let mut camera = CameraTester::start();
    let drives = |from: f32, to: f32| move |t: f64| vec![car(from + (to - from) * (t / 4.0) as f32, 0.4)];
    camera.stand(10.0, &[]).show(4.0, drives(0.0, 0.4)).stand(40.0, &[car(0.4, 0.4)]);
    camera.show(4.0, drives(0.4, 0.9)).stand(15.0, &[]);
    camera.expect(&["open 1 minor", "close 2 minor"]);
    let (since, until) = (camera.seconds(camera.events[0].since), camera.events[1].until.expect("closed"));
    assert!((since - 14.0).abs() <= 0.6, "since {since}");
    assert!((camera.seconds(until) - 54.0).abs() <= 1.0, "until {}", camera.seconds(until));
}

#[test]
fn a_short_stop_and_a_drive_through_are_nothing() {
    let mut camera = CameraTester::start();
    camera.stand(8.0, &[]).stand(25.0, &[car(0.4, 0.4)]).stand(30.0, &[]);
    camera.show(12.0, |t| vec![car(0.8 * (t / 12.0) as f32, 0.5)]).stand(20.0, &[]).expect(&[]);
}

#[test]
fn creeping_never_adds_up() {
    // A quarter of its length every two seconds, for two minutes.
    let mut camera = CameraTester::start();
    camera.show(120.0, |t| vec![car(0.05 + 0.0125 * (t / 2.0).floor() as f32, 0.4)]).expect(&[]);
    // Steadily, hardly to be seen from one picture to the next.
    let mut camera = CameraTester::start();
    camera.show(120.0, |t| vec![car(0.05 + 0.0025 * t as f32, 0.4)]).expect(&[]);
    // Straight towards the camera.
    let mut camera = CameraTester::start();
    let grows = |t: f64| {
        let size = 1.0 + t as f32 / 20.0;
        vec![Thing { corners: [0.4, 0.1, 0.4 + 0.06 * size, 0.1 + 0.1 * size], ..car(0.0, 0.0) }]
    };
    camera.show(100.0, grows).expect(&[]);
}

#[test]
fn a_queue_that_moves_up_is_not_one_car() {
    for mut camera in [CameraTester::start(), CameraTester::blindfolded()] {
        // Each car stands at the head for 20 s, then drives off; the next one pulls up from behind.
        for number in 0..4 {
            let (head, next) = (car(0.6, 0.4).looking(10 + number), car(0.4, 0.4).looking(11 + number));
            camera.stand(20.0, &[head, next]);
            let leaves =
                |t: f64| vec![Thing { corners: car(0.6 + 0.1 * t as f32, 0.4).corners, ..head }, next];
            camera.show(3.0, leaves);
            let last = car(0.2, 0.4).looking(12 + number);
            let follow = |t: f64| {
                let moved = |thing: Thing| Thing {
                    corners: car(thing.corners[0] + 0.1 * t as f32, 0.4).corners,
                    ..thing
                };
                vec![moved(next), moved(last)]
            };
            camera.show(2.0, follow);
        }
        camera.expect(&[]);
    }
}

#[test]
fn cars_that_pass_the_same_spot_again_and_again_are_nothing() {
    let mut camera = CameraTester::start();
    camera.stand(6.0, &[]);
    for number in 0..40 {
        let passes = |t: f64| vec![car(0.3 + 0.14 * t as f32, 0.4).looking(20 + number)];
        camera.show(3.0, passes);
        camera.stand(f64::from(u32::try_from(number % 3).expect("small")) * 0.4, &[]);
    }
    camera.expect(&[]);
}

#[test]
fn two_cars_side_by_side_are_two() {
    let mut camera = CameraTester::start();
    let pair = [car(0.4, 0.4), car(0.46, 0.42).looking(2)];
    camera
        .stand(5.0, &[])
        .stand(20.0, &pair[..1])
        .stand(40.0, &pair)
        .expect(&["open 1 minor", "open 1 minor"]);
    let places: Vec<_> = camera.events.iter().map(|event| event.objects[0].place.clone()).collect();
    assert_ne!(places[0], places[1]);
    // One of them leaves; the other one stays, and stays open.
    camera.events.clear();
    camera.stand(20.0, &pair[1..]);
    assert_eq!(camera.told(), ["close 2 minor"]);
    assert_eq!(camera.events[0].objects[0].place, places[0]);
}

#[test]
fn zones_are_judged_by_ground_contact_and_each_has_its_own_event() {
    let lane = zone("lane", ZoneType::FireLane, [0.0, 0.5, 1.0, 0.7], 20);
    let yard = zone("yard", ZoneType::NoParking, [0.0, 0.45, 1.0, 1.0], 30);
    let mut camera = CameraTester::with_zones(vec![lane, yard]);
    // Its roof reaches into the zones, its wheels do not; the other one stands in both.
    camera.stand(40.0, &[car(0.1, 0.3).scored(0.9), car(0.6, 0.5).looking(2)]);
    camera.expect(&["open 1 critical", "open 1 minor"]);
    assert_eq!(camera.events[0].kind, EventKind::FireLane);
    assert_eq!(camera.events[0].objects[0].place, camera.events[1].objects[0].place);
    assert_eq!(camera.state.counts().into_values().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn classes_that_a_zone_does_not_name_are_left_alone() {
    let mut only_trucks = zone("yard", ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], 30);
    only_trucks.classes = vec![ObjectClass::Truck];
    let mut camera = CameraTester::with_zones(vec![only_trucks]);
    let person = Thing { class: ObjectClass::Person, ..car(0.1, 0.4).looking(5) };
    camera.stand(60.0, &[car(0.4, 0.4), person]).expect(&[]);
}

#[test]
fn a_zone_asks_for_more_pictures_while_something_moves_in_it_and_only_then() {
    let asking = Zone { watch_fps: 5, ..zone("gate", ZoneType::NoParking, [0.5, 0.0, 1.0, 1.0], 30) };
    let mut camera = CameraTester::with_zones(vec![asking]);
    camera.stand(10.0, &[]);
    assert_eq!(camera.state.attention().fps, 0);
    camera.show(1.0, |t| vec![car(0.1 + 0.2 * t as f32, 0.4)]);
    assert_eq!(
        (camera.state.attention().watchful, camera.state.attention().fps),
        (true, 0),
        "not in the zone yet"
    );
    camera.show(1.6, |t| vec![car(0.3 + 0.2 * t as f32, 0.4)]);
    assert_eq!(camera.state.attention().fps, 5);
    camera.stand(8.0, &[car(0.62, 0.4)]);
    assert_eq!(camera.state.attention().fps, 0, "it stands");
}

#[test]
fn a_car_that_is_hidden_when_its_limit_ends_does_not_keep_anybody_from_looking_when_the_next_one_does() {
    let mut camera = CameraTester::start();
    let (first, second) = (car(0.2, 0.4), car(0.6, 0.4).looking(3));
    camera.stand(10.0, &[first]).stand(16.0, &[first, second]);
    let due = |camera: &CameraTester| camera.state.attention().due.map(|due| camera.seconds(due));
    assert_eq!(due(&camera), Some(30.0));
    // A lorry stands before it from now on.
    let lorry = Thing { corners: [0.15, 0.3, 0.4, 0.62], looks: 9, class: ObjectClass::Truck, score: 0.9 };
    camera.stand(4.4, &[first.scored(0.0), lorry, second]);
    assert_eq!(due(&camera), Some(31.0), "once more, soon");
    camera.stand(4.0, &[first.scored(0.0), lorry, second]);
    assert_eq!(due(&camera), Some(40.0), "{:?}", camera.state.memory.places());
}

#[test]
fn one_that_stops_bumper_to_bumper_and_is_taken_for_the_same_ends_nothing() {
    let mut camera = CameraTester::start();
    let stands = car(0.4, 0.4);
    let comes = car(0.5, 0.4).looking(5);
    // One box around both, with what stands in front of each other painted apart.
    let both = |score: f32| Thing { corners: [0.4, 0.4, 0.6, 0.52], ..car(0.0, 0.0).scored(score) };
    camera.stand(3.0, &[]).stand(15.0, &[stands]);
    camera.stand(12.0, &[both(0.8), stands.scored(0.0), comes.scored(0.0)]).stand(8.0, &[stands]);
    camera.expect_one_open(3.0);
}

#[test]
fn a_lorry_that_stops_where_a_car_was_seen_to_leave_is_an_event_of_its_own() {
    let lorry = |score: f32| Thing {
        corners: [0.38, 0.37, 0.52, 0.53],
        class: ObjectClass::Truck,
        ..car(0.0, 0.0).looking(9).scored(score)
    };
    // The first sight of it is hardly one, or looks like the car, whose event waits to be closed.
    for first_sight in [lorry(0.29), car(0.4, 0.4).scored(0.0)] {
        let mut camera = CameraTester::start();
        camera.stand(3.0, &[]).stand(40.0, &[car(0.4, 0.4)]).stand(4.0, &[]);
        camera.stand(0.2, &[first_sight]).stand(45.0, &[lorry(0.85)]);
        camera.expect(&["open 1 minor", "close 2 minor", "open 1 minor"]);
        let since = camera.seconds(camera.events[2].since);
        assert!((since - 47.0).abs() <= 1.0, "since {since} s");
        let opened = camera.seconds(camera.events[2].at);
        assert!((opened - since - 30.0).abs() <= 1.0, "told at {opened} s");
    }
}

#[test]
fn a_neighbour_that_has_always_stood_before_it_does_not_hide_who_has_left() {
    let mut camera = CameraTester::start();
    // The box around the one in front grows a little when nobody stands beside it any more.
    let in_front = |right: f32| Thing { corners: [0.4, 0.42, right, 0.54], ..car(0.0, 0.0).looking(5) };
    let behind = Thing { corners: [0.455, 0.4, 0.53, 0.5], ..car(0.0, 0.0) };
    camera.stand(100.0, &[behind, in_front(0.475)]).stand(90.0, &[in_front(0.49)]);
    let closed: Vec<f64> =
        camera.events.iter().filter_map(|event| Some(camera.seconds(event.until?))).collect();
    assert!(matches!(closed[..], [until] if (until - 100.0).abs() <= 1.0), "{closed:?} {:#?}", camera.told());
}

/// A car that has hardly come to rest when a lorry stops before it, and that is seen again when the lorry is off.
fn hidden_at_once(looks: u64) -> CameraTester {
    let mut camera = CameraTester::start();
    let lorry =
        Thing { corners: [0.36, 0.36, 0.62, 0.6], class: ObjectClass::Truck, ..car(0.0, 0.0).looking(9) };
    camera.stand(3.0, &[]).show(2.0, |t| vec![car(0.2 + 0.1 * t as f32, 0.4)]);
    camera.stand(2.0, &[car(0.4, 0.4)]).stand(18.0, &[lorry]);
    camera.stand(40.0, &[car(0.4, 0.4).looking(looks)]);
    camera
}

#[test]
fn a_car_that_a_lorry_hides_as_soon_as_it_stands_counts_from_when_it_came() {
    let camera = hidden_at_once(1);
    let opened = camera.events.first().expect("it stands too long");
    let since = camera.seconds(opened.since);
    assert!((4.5..=6.0).contains(&since), "since {since} s");
}

#[test]
fn another_car_that_stands_there_when_the_lorry_is_off_counts_from_then() {
    let camera = hidden_at_once(5);
    let opened = camera.events.first().expect("it stands too long");
    let since = camera.seconds(opened.since);
    assert!(since >= 24.0, "since {since} s");
}
