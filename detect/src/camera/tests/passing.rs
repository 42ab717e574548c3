//! Who comes near to what is parked.

use gridwatch_domain::{Ground, Side};

use super::*;

fn yard() -> CameraWatch {
    let zone = zone("aisle", ZoneType::Aisle, [0.0, 0.0, 1.0, 1.0], 600);
    let contact = |rule: &gridwatch_domain::ZoneRule| rule.kind == EventKind::ContactSuspected;
    let rules = zone.rules.iter().filter(|rule| contact(rule)).copied().collect();
    CameraWatch { zones: vec![Zone { rules, ..zone }], ..CameraWatch::new("yard".parse().expect("valid")) }
}

/// The car that is parked, so far from where it was parked.
fn parked(x: f32) -> Thing {
    car(0.4 + x, 0.4)
}

/// One that drives by from the left to the right, its lower edge there.
fn passing(t: f64, lower_edge: f32) -> Thing {
    Thing {
        corners: [0.05 + 0.12 * t as f32, lower_edge - 0.12, 0.15 + 0.12 * t as f32, lower_edge],
        ..car(0.0, 0.0).looking(33)
    }
}

fn person(x: f32, y: f32) -> Thing {
    Thing {
        corners: [x - 0.02, y - 0.12, x + 0.02, y],
        class: ObjectClass::Person,
        ..car(0.0, 0.0).looking(44)
    }
}

/// Until what was under way is told.
fn settle(camera: &mut CameraTester, things: &[Thing]) {
    camera.stand(40.0, things);
    let passes = camera.state.end_passes();
    camera.passes.extend(passes);
}

#[test]
fn whoever_drives_by_closely_is_noted_with_how_near_when_and_which_way() {
    let mut camera = CameraTester::watching(yard());
    camera.stand(3.0, &[]).stand(10.0, &[parked(0.0)]).show(7.0, |t| vec![parked(0.0), passing(t, 0.57)]);
    settle(&mut camera, &[parked(0.0)]);
    let [pass] = camera.passes.as_slice() else { panic!("{:#?}", camera.passes) };
    assert_eq!((pass.place.to_string().as_str(), pass.zones.len(), pass.side), ("p1", 1, Side::Before));
    assert!(
        pass.distance < 0.3 && pass.heading_deg.is_some_and(|heading| !(5.0..355.0).contains(&heading)),
        "{pass:#?}"
    );
    // It is level with the parked one 2.5 to 3.3 s after it came.
    assert!((camera.seconds(pass.at) - 13.0 - 2.9).abs() < 1.2, "{}", camera.seconds(pass.at));
    assert!(pass.from <= pass.at && pass.at <= pass.until);
    assert!(pass.shifted.is_some_and(|shifted| shifted < 0.02), "{pass:#?}");
    camera.expect(&[]);
}

#[test]
fn a_box_that_is_off_in_the_first_picture_after_a_pause_brings_nobody_near() {
    let mut camera = CameraTester::watching(yard());
    camera.stand(3.0, &[]).stand(10.0, &[parked(0.0)]);
    camera.seldom(2.0, 2.0, &[parked(0.0), passing(1.0, 0.63)]);
    // Pictures come faster from here on, as something moves.
    camera.stand(0.2, &[parked(0.0), passing(3.0, 0.575)]);
    camera.show(5.0, |t| vec![parked(0.0), passing(3.2 + t, 0.63)]);
    settle(&mut camera, &[parked(0.0)]);
    assert!(camera.passes.is_empty(), "{:#?}", camera.passes);
}

#[test]
fn whoever_keeps_away_is_not_noted_nor_are_neighbours() {
    let mut camera = CameraTester::watching(yard());
    let neighbour = car(0.52, 0.4).looking(5);
    camera.stand(3.0, &[]).stand(10.0, &[parked(0.0), neighbour]);
    camera.show(7.0, |t| vec![parked(0.0), neighbour, passing(t, 0.8)]);
    settle(&mut camera, &[parked(0.0), neighbour]);
    assert_eq!(camera.passes, []);
}

#[test]
fn people_are_noted_as_well_also_in_pictures_seconds_apart() {
    let mut camera = CameraTester::watching(yard());
    camera.stand(3.0, &[]).seldom(2.0, 20.0, &[parked(0.0)]);
    for step in 0..8_u8 {
        camera.seldom(2.0, 2.0, &[parked(0.0), person(0.2 + 0.07 * f32::from(step), 0.55)]);
    }
    settle(&mut camera, &[parked(0.0)]);
    let [pass] = camera.passes.as_slice() else { panic!("{:#?}", camera.passes) };
    assert_eq!(pass.passer.class, ObjectClass::Person);
    camera.expect(&[]);
}

#[test]
fn one_that_stays_where_it_has_moved_the_parked_one_is_suspected_while_it_stands_there() {
    let mut camera = CameraTester::watching(yard());
    let at = |x: f32, y: f32| Thing { corners: [x, y, x + 0.25, y + 0.32], ..car(0.0, 0.0) };
    let comes = |t: f64| at((0.1 * t as f32 - 0.11).min(0.19), 0.32).looking(33);
    let nudged = |t: f64| at(if t > 3.0 { 0.4625 } else { 0.45 }, 0.3);
    camera.stand(3.0, &[]).stand(12.0, &[nudged(0.0)]);
    camera.show(30.0, |t| vec![nudged(t), comes(t)]);
    camera.expect_where(&[
        "parking.contact_suspected open 24 aisle",
        "parking.contact_suspected close 24 aisle",
    ]);
}

#[test]
fn one_that_comes_too_close_and_moves_the_parked_one_is_suspected() {
    let mut camera = CameraTester::watching(yard());
    camera.stand(3.0, &[]).stand(10.0, &[parked(0.0)]);
    // Some centimetres: a pixel of what is looked at.
    let nudged = |t: f64| parked(if t > 3.0 { 0.00625 } else { 0.0 });
    camera.show(8.0, |t| vec![nudged(t), passing(t, 0.56)]).stand(5.0, &[nudged(9.0)]);
    camera.expect_where(&[
        "parking.contact_suspected open 21 aisle",
        "parking.contact_suspected close 21 aisle",
    ]);
    let event = &camera.events[0];
    assert_eq!((event.severity, event.objects.len()), (Severity::Major, 2));
    assert!(event.rule.distance.is_some_and(|distance| distance <= 0.15), "{:?}", event.rule);
    settle(&mut camera, &[nudged(9.0)]);
    assert!(camera.passes[0].shifted.is_some_and(|shifted| shifted > 0.03), "{:#?}", camera.passes);
}

#[test]
fn one_that_has_just_been_parked_and_still_moves_was_touched_by_nobody() {
    let mut camera = CameraTester::watching(yard());
    camera.stand(3.0, &[]).stand(5.0, &[parked(0.0)]);
    let settles = |t: f64| parked(if t > 3.0 { 0.00625 } else { 0.0 });
    camera.show(8.0, |t| vec![settles(t), passing(t, 0.56)]).stand(5.0, &[settles(9.0)]);
    settle(&mut camera, &[settles(9.0)]);
    assert!(camera.passes[0].shifted.is_some_and(|shifted| shifted > 0.03), "{:#?}", camera.passes);
    camera.expect(&[]);
}

#[test]
fn one_that_stops_beside_it_and_somebody_who_gets_out_to_look_are_suspected() {
    let mut camera = CameraTester::watching(yard());
    camera.stand(3.0, &[]).stand(10.0, &[parked(0.0)]);
    camera.show(3.0, |t| vec![parked(0.0), passing(t, 0.56)]);
    let stopped = passing(3.0, 0.56);
    camera.stand(2.0, &[parked(0.0), stopped]).stand(9.0, &[parked(0.0), stopped, person(0.49, 0.57)]);
    let kinds: Vec<_> = camera.events.iter().map(|event| (event.kind, event.phase)).collect();
    let contact = EventKind::ContactSuspected;
    assert_eq!(kinds, [(contact, Phase::Open), (contact, Phase::Close)], "{:#?}", camera.told_where());
}

/// As if seen from straight above: so many metres across.
fn ground(metres: f64) -> Option<Ground> {
    let point = |x, y| Point::new(x, y).expect("valid");
    let points = [point(0.0, 1.0), point(1.0, 1.0), point(1.0, 0.1), point(0.0, 0.1)];
    let corners = [[0.0, 0.0], [metres, 0.0], [metres, metres], [0.0, metres]];
    Some(Ground::new(points, corners).expect("convex"))
}

#[test]
fn where_the_ground_is_known_speeds_are_told_in_metres() {
    let drives = |t: f64| vec![parked(0.0), car(0.1 + 0.1 * t as f32, 0.8).looking(9)];
    for (watch, expected) in [(yard(), None), (CameraWatch { ground: ground(50.0), ..yard() }, Some(5.0))] {
        let mut camera = CameraTester::watching(watch);
        camera.stand(3.0, &[parked(0.0)]).show(4.0, drives);
        let moving = camera.state.followed().iter().find(|one| one.detection.bbox.y1() > 0.75);
        let told = camera.state.metres_per_second(moving.expect("it is seen"));
        let is_so =
            told.zip(expected).map_or(told == expected, |(told, is): (f32, f32)| (told - is).abs() < 0.3);
        assert!(is_so, "{told:?}, not {expected:?}");
    }
}

#[test]
fn with_a_calibrated_ground_metres_decide() {
    for (metres, noted) in [(10.0, true), (100.0, false)] {
        let mut camera = CameraTester::watching(CameraWatch { ground: ground(metres), ..yard() });
        camera.stand(3.0, &[]).stand(10.0, &[parked(0.0)]).show(7.0, |t| vec![parked(0.0), passing(t, 0.6)]);
        settle(&mut camera, &[parked(0.0)]);
        assert_eq!(camera.passes.len(), usize::from(noted), "{metres} m: {:#?}", camera.passes);
        assert!(camera.passes.iter().all(|pass| pass.distance_m.is_some()));
    }
}

#[test]
fn one_that_has_left_its_own_place_can_come_near_to_another() {
    let mut camera = CameraTester::watching(yard());
    let comes = |x: f32| Thing { corners: [x, 0.45, x + 0.1, 0.57], ..car(0.0, 0.0).looking(33) };
    camera.stand(3.0, &[]).stand(10.0, &[parked(0.0), comes(0.75)]);
    // Reversing up to the other, it stops there and pulls away again: all of it while its place is still kept.
    let way = |t: f32| if t < 3.0 { 0.75 - 0.08 * t } else { 0.51 + 0.08 * (t - 4.0).max(0.0) };
    camera.show(7.0, |t| vec![parked(0.0), comes(way(t as f32))]);
    settle(&mut camera, &[parked(0.0), comes(0.75)]);
    let [pass] = camera.passes.as_slice() else { panic!("{:#?}", camera.passes) };
    assert_eq!((pass.place.to_string().as_str(), pass.side), ("p1", Side::Right));
    assert!((camera.seconds(pass.at) - 16.2).abs() < 1.0, "{}", camera.seconds(pass.at));
}

#[test]
fn who_was_found_weakly_just_before_has_come_all_the_same() {
    let mut camera = CameraTester::watching(yard());
    let stops = Thing { corners: [0.38, 0.47, 0.48, 0.56], ..car(0.0, 0.0).looking(33) };
    camera.stand(3.0, &[]).stand(30.0, &[parked(0.0)]).stand(1.0, &[parked(0.0), stops.scored(0.2)]);
    camera.stand(10.0, &[parked(0.0), stops]);
    settle(&mut camera, &[parked(0.0), stops]);
    assert_eq!(camera.passes.len(), 1, "{:#?}", camera.passes);
}

#[test]
fn what_has_been_there_weakly_all_the_while_or_is_hardly_seen_and_never_moves_has_not_come() {
    let shade = Thing { corners: [0.38, 0.47, 0.48, 0.56], ..car(0.0, 0.0).looking(33) };
    for (weak, strong, noted) in [(0.2, 0.6, 0), (0.0, 0.34, 0), (0.0, 0.6, 1)] {
        let mut camera = CameraTester::watching(yard());
        camera.stand(3.0, &[]).stand(30.0, &[parked(0.0), shade.scored(weak)]);
        camera.stand(2.0, &[parked(0.0), shade.scored(strong)]);
        settle(&mut camera, &[parked(0.0), shade.scored(weak)]);
        assert_eq!(camera.passes.len(), noted, "{weak}, {strong}: {:#?}", camera.passes);
    }
}
