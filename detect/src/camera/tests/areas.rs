//! People in areas, and whoever crosses lines.

use gridwatch_domain::{Direction, Line, ZoneRule};

use super::*;

fn area(rules: &[(EventKind, u64, u32)]) -> CameraWatch {
    let zone = zone("yard", ZoneType::Area, [0.3, 0.3, 0.7, 0.9], 2);
    let rule = |&(kind, seconds, least): &(EventKind, u64, u32)| ZoneRule {
        limit: DwellLimit::new(Duration::from_secs(seconds)).expect("in range"),
        least,
        ..ZoneRule::usual(kind)
    };
    let (rules, classes) = (rules.iter().map(rule).collect(), vec![ObjectClass::Person]);
    let zones = vec![Zone { rules, classes, ..zone }];
    CameraWatch { zones, ..CameraWatch::new("yard".parse().expect("valid")) }
}

/// Somebody whose feet are there.
fn person(x: f32, y: f32, looks: u64) -> Thing {
    Thing {
        corners: [x - 0.02, y - 0.14, x + 0.02, y],
        class: ObjectClass::Person,
        ..car(0.0, 0.0).looking(looks)
    }
}

#[test]
fn whoever_is_in_an_area_intrudes_and_it_is_one_event_until_all_are_gone() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Intrusion, 2, 1)]));
    camera.stand(5.0, &[]).show(8.0, |t| vec![person(0.1 + 0.05 * t as f32, 0.6, 3)]);
    camera.expect_where(&["area.intrusion open 11 yard"]);
    assert_eq!(camera.events[0].objects[0].class, ObjectClass::Person);
    // Another comes as the first one leaves.
    camera.show(8.0, |t| vec![person(0.5 + 0.05 * t as f32, 0.6, 3), person(0.5, 0.4 + 0.03 * t as f32, 4)]);
    camera.stand(15.0, &[]);
    let phases: Vec<_> = camera.events.iter().map(|event| event.phase).collect();
    assert_eq!(phases, [Phase::Open, Phase::Close]);
}

#[test]
fn a_car_in_an_area_for_people_and_somebody_beside_it_are_none_of_its_business() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Intrusion, 2, 1)]));
    camera.stand(5.0, &[]).stand(20.0, &[car(0.4, 0.5), person(0.2, 0.6, 3)]);
    camera.expect_where(&[]);
}

#[test]
fn what_is_seen_in_a_single_picture_is_nobody() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Intrusion, 1, 1)]));
    camera.stand(5.0, &[]);
    for _ in 0..10 {
        camera.stand(0.2, &[person(0.5, 0.6, 3)]).stand(4.0, &[]);
    }
    camera.expect_where(&[]);
}

#[test]
fn who_is_half_hidden_for_a_while_is_one_of_a_crowd() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Crowd, 20, 2)]));
    let (one, other) = (person(0.4, 0.6, 3), person(0.5, 0.6, 4));
    camera.stand(5.0, &[]).stand(7.5, &[one, other]).stand(20.0, &[one, other.scored(0.2)]);
    camera.expect_where(&["area.crowd open 25 yard"]);
    // Who has hardly ever been seen well is none.
    let mut camera = CameraTester::watching(area(&[(EventKind::Crowd, 20, 2)]));
    camera.stand(5.0, &[]).stand(4.0, &[one, other]).stand(30.0, &[one, other.scored(0.2)]);
    camera.expect_where(&[]);
}

#[test]
fn who_stays_loiters_and_who_walks_through_does_not() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    // One walks to and fro, others pass.
    camera.stand(5.0, &[]).show(60.0, |t| {
        let passes = person(0.1 + 0.08 * (t as f32 % 12.0), 0.8, 20 + (t / 12.0) as u64);
        vec![person(0.5 + 0.1 * (t as f32 / 5.0).sin(), 0.5, 3), passes]
    });
    camera.expect_where(&["area.loitering open 35 yard"]);
    camera.stand(15.0, &[]);
    camera.expect_where(&["area.loitering open 35 yard", "area.loitering close 75 yard"]);
}

#[test]
fn who_is_lost_for_a_moment_is_the_same_who_stays() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    camera.stand(5.0, &[]).show(60.0, |t| {
        // Not detected for four seconds in ten, a little elsewhere each time.
        let here = 0.5 + 0.01 * (t / 10.0).floor() as f32;
        if t % 10.0 < 6.0 { vec![person(here, 0.6, 3)] } else { Vec::new() }
    });
    let kinds: Vec<_> = camera.events.iter().map(|event| event.phase).collect();
    assert_eq!(kinds, [Phase::Open], "{:#?}", camera.told_where());
}

#[test]
fn nothing_ends_while_nobody_looks() {
    let rules = [(EventKind::Intrusion, 2, 1), (EventKind::Crowd, 5, 2), (EventKind::Loitering, 30, 1)];
    for lost_s in [12.0, 25.0, 90.0] {
        let mut camera = CameraTester::watching(area(&rules));
        let people = [person(0.4, 0.6, 3), person(0.6, 0.6, 4)];
        camera.stand(5.0, &[]).stand(40.0, &people);
        camera.camera_lost().pause(lost_s).stand(10.0, &people);
        let phases = |camera: &CameraTester, phase: Phase| {
            camera.events.iter().filter(|event| event.phase == phase).count()
        };
        // Two people who loiter, both who are there, and the two of them as a crowd.
        let told = [Phase::Open, Phase::Close].map(|phase| phases(&camera, phase));
        assert_eq!(told, [4, 0], "{lost_s} s: {:#?}", camera.told_where());
        let unobserved = camera.events.iter().rev().take(4).any(|event| event.unobserved);
        assert!(!unobserved, "they are seen again: {:#?}", camera.told());
        camera.stand(15.0, &[]);
        assert_eq!(phases(&camera, Phase::Close), 4, "{lost_s} s: {:#?}", camera.told_where());
        camera.expect_valid();
    }
}

#[test]
fn who_is_gone_when_somebody_looks_again_is_gone_after_the_clear_time() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Intrusion, 2, 1)]));
    camera.stand(5.0, &[]).stand(10.0, &[person(0.4, 0.6, 3)]);
    camera.camera_lost().pause(60.0).stand(8.0, &[]);
    assert!(camera.events.iter().all(|event| event.phase != Phase::Close), "{:#?}", camera.told_where());
    camera.stand(4.0, &[]);
    let last = camera.events.last().expect("it was told");
    assert_eq!((last.phase, camera.seconds(last.until.expect("over")).round() as i64), (Phase::Close, 15));
}

#[test]
fn who_loiters_goes_on_over_a_restart_and_nobody_else_does() {
    let here = person(0.5, 0.6, 3);
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    camera.stand(5.0, &[]).stand(20.0, &[here]).restart().pause(20.0).stand(5.0, &[here]);
    camera.expect_where(&["area.loitering open 45 yard"]);
    // In the middle of the event.
    camera.restart().pause(20.0).stand(5.0, &[here]);
    camera.expect_where(&["area.loitering open 45 yard"]);
    // Whoever comes elsewhere on a new track is another one.
    camera.restart().stand(15.0, &[person(0.35, 0.85, 9)]);
    camera.expect_where(&["area.loitering open 45 yard", "area.loitering close 85 yard"]);
    camera.stand(25.0, &[person(0.35, 0.85, 9)]);
    assert_eq!(camera.events.len(), 3, "{:#?}", camera.told_where());
    let tracks: Vec<_> = camera.events.iter().map(|event| event.objects[0].track).collect();
    assert_ne!(tracks[0], tracks[2], "no track is named as one before the restart");
}

#[test]
fn the_time_in_which_the_process_was_down_or_the_camera_lost_counts_for_nobodys_absence() {
    for is_restart in [true, false] {
        let mut camera =
            CameraTester { step: 1000, ..CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)])) };
        let here = person(0.5, 0.6, 3);
        camera.stand(5.0, &[]).stand(10.0, &[here]);
        // With the pictures that show somebody again it is more than the clear time.
        if is_restart { camera.restart() } else { camera.camera_lost() }.pause(8.5).stand(20.0, &[here]);
        let since = camera.events.first().map(|event| camera.seconds(event.since).round() as i64);
        assert_eq!(since, Some(5), "{:#?}", camera.told_where());
    }
}

#[test]
fn who_stays_within_the_limit_would_be_missed_after_a_kill() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    assert!(!camera.stand(5.0, &[]).state.would_be_missed());
    assert!(camera.stand(10.0, &[person(0.5, 0.6, 3)]).state.would_be_missed(), "so it is kept now and then");
    assert!(!camera.stand(15.0, &[]).state.would_be_missed());
}

#[test]
fn whoever_is_where_somebody_was_long_ago_has_only_come() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    let here = person(0.5, 0.6, 3);
    camera.stand(5.0, &[]).stand(20.0, &[here]).camera_lost().pause(600.0).stand(25.0, &[here]);
    camera.expect_where(&[]);
}

#[test]
fn five_at_once_for_a_while_are_a_crowd_and_four_are_none() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Crowd, 10, 5)]));
    let people = |count: u8| -> Vec<Thing> {
        (0..count).map(|number| person(0.34 + 0.08 * f32::from(number), 0.6, u64::from(number))).collect()
    };
    camera.stand(5.0, &[]).stand(30.0, &people(4)).expect_where(&[]);
    camera.stand(5.0, &people(5)).stand(12.0, &people(3)).expect_where(&[]);
    camera.stand(20.0, &people(5));
    let open = camera.events.last().expect("a crowd");
    assert_eq!((open.kind, open.rule.least, open.rule.most), (EventKind::Crowd, Some(5), Some(5)));
    assert_eq!(open.objects.len(), 5);
    // One is hidden for a moment.
    camera.stand(5.0, &people(4)).stand(5.0, &people(5)).stand(15.0, &people(2));
    assert_eq!(camera.events.iter().filter(|event| event.phase == Phase::Open).count(), 1);
    assert_eq!(camera.events.last().expect("over").phase, Phase::Close);
}

fn line(one_way: bool) -> CameraWatch {
    let end = |x, y| Point::new(x, y).expect("valid");
    let rules = [Some(EventKind::Crossing), one_way.then_some(EventKind::WrongWay)];
    let line = Line {
        id: "gate".parse().expect("valid"),
        name: "东门".to_owned(),
        // Down the picture: who goes to the right passes from its left to its right, as seen by somebody who goes down.
        ends: [end(0.5, 0.9), end(0.5, 0.3)],
        classes: vec![ObjectClass::Person, ObjectClass::Car],
        rules: rules.into_iter().flatten().map(ZoneRule::usual).collect(),
        schedule: None,
        cell: None,
        watch_fps: 0,
    };
    CameraWatch { lines: vec![line], ..CameraWatch::new("gate".parse().expect("valid")) }
}

fn crossed(camera: &CameraTester) -> Vec<(EventKind, Option<Direction>)> {
    let opened = camera.events.iter().filter(|event| event.phase == Phase::Open);
    opened.map(|event| (event.kind, event.rule.direction)).collect()
}

#[test]
fn whoever_crosses_a_line_is_told_and_counted_by_direction() {
    let mut camera = CameraTester::watching(line(true));
    camera.stand(3.0, &[]).show(8.0, |t| vec![person(0.3 + 0.05 * t as f32, 0.6, 3)]).stand(3.0, &[]);
    camera.show(6.0, |t| vec![car(0.7 - 0.08 * t as f32, 0.5)]).stand(3.0, &[]);
    let (along, against) = (Some(Direction::Along), Some(Direction::Against));
    assert_eq!(crossed(&camera), [(EventKind::Crossing, along), (EventKind::WrongWay, against)]);
    camera.expect_valid();
    let phases: Vec<_> = camera.events.iter().map(|event| event.phase).collect();
    assert_eq!(phases, [Phase::Open, Phase::Close, Phase::Open, Phase::Close], "moments");
    let counts: Vec<u64> = camera.state.crossings().values().copied().collect();
    assert_eq!(counts, [1, 1]);
}

#[test]
fn who_passes_beside_a_line_or_turns_back_before_it_has_not_crossed_it() {
    let mut camera = CameraTester::watching(line(false));
    camera.stand(3.0, &[]).show(8.0, |t| vec![person(0.3 + 0.05 * t as f32, 0.2, 3)]).stand(3.0, &[]);
    camera.show(8.0, |t| vec![person(0.3 + 0.045 * (t as f32 - 4.0).abs(), 0.6, 4)]);
    assert_eq!(crossed(&camera), []);
}

#[test]
fn who_stands_on_a_line_does_not_cross_it_to_and_fro() {
    let mut camera = CameraTester::watching(line(false));
    camera.jitter = 0.05;
    camera.stand(3.0, &[]).show(2.0, |t| vec![person(0.4 + 0.05 * t as f32, 0.6, 3)]);
    camera.stand(30.0, &[person(0.5, 0.6, 3)]).show(4.0, |t| vec![person(0.5 + 0.05 * t as f32, 0.6, 3)]);
    assert_eq!(crossed(&camera), [(EventKind::Crossing, Some(Direction::Along))]);
}

#[test]
fn one_box_that_is_off_crosses_no_line() {
    let mut camera = CameraTester::watching(line(false));
    let walks = |t: f64| person(0.3 + 0.038 * t as f32, 0.6, 3);
    camera.stand(3.0, &[]).show(5.0, |t| vec![walks(t)]);
    // Half of it is hidden in one picture; the next one shows it where it is.
    camera.show(0.1, |_| vec![person(0.508, 0.6, 3)]).show(1.0, |_| vec![walks(5.0)]);
    assert_eq!(crossed(&camera), []);
    camera.show(6.0, |t| vec![walks(5.0 + t)]);
    assert_eq!(crossed(&camera), [(EventKind::Crossing, Some(Direction::Along))]);
}

#[test]
fn who_crosses_a_line_and_is_gone_at_once_has_crossed_it() {
    let mut camera = CameraTester::watching(line(false));
    camera.stand(3.0, &[]).show(4.0, |t| vec![person(0.3 + 0.047 * t as f32, 0.6, 3)]);
    camera.show(0.1, |_| vec![person(0.512, 0.6, 3)]).stand(3.0, &[]);
    assert_eq!(crossed(&camera), [(EventKind::Crossing, Some(Direction::Along))]);
}

#[test]
fn a_box_around_parts_of_two_crosses_no_line() {
    let mut camera = CameraTester::watching(line(false));
    camera.stand(3.0, &[]).show(4.0, |t| vec![person(0.3 + 0.03 * t as f32, 0.6, 3)]);
    // It is found once, hardly, and then as what is left of it goes over the line.
    camera.show(0.2, |_| vec![person(0.508, 0.6, 4).scored(0.35)]);
    camera.show(0.6, |_| vec![person(0.49, 0.6, 4).scored(0.35)]).stand(3.0, &[]);
    assert_eq!(crossed(&camera), []);
    // It is found well, and weakly beyond the line.
    let mut camera = CameraTester::watching(line(false));
    camera.stand(3.0, &[]).show(1.0, |_| vec![person(0.508, 0.6, 4)]);
    camera.show(1.0, |_| vec![person(0.49, 0.6, 4).scored(0.2)]).stand(3.0, &[]);
    assert_eq!(crossed(&camera), []);
    // Who is seen no better, but again and again, has crossed it.
    camera.show(6.0, |t| vec![person(0.6 - 0.03 * t as f32, 0.6, 5).scored(0.35)]).stand(3.0, &[]);
    assert_eq!(crossed(&camera), [(EventKind::Crossing, Some(Direction::Against))]);
}

#[test]
fn who_is_found_again_as_somebody_new_right_on_a_line_has_crossed_it() {
    for is_lost in [true, false] {
        let mut camera = CameraTester::watching(line(false));
        let walks = |t: f64| person(0.4 + 0.03 * t as f32, 0.6, 3);
        camera.stand(3.0, &[]).show(3.0, |t| vec![walks(t)]);
        // Two boxes for a picture, and the one behind goes on as it did.
        camera.show(0.2, |_| vec![person(0.51, 0.6, 3).scored(0.9), walks(3.0).scored(0.5)]);
        let stays = (!is_lost).then(|| person(0.485, 0.6, 3));
        camera.show(3.0, |t| stays.into_iter().chain([person(0.51 + 0.03 * t as f32, 0.6, 3)]).collect());
        camera.stand(3.0, &[]);
        let told: &[_] = if is_lost { &[(EventKind::Crossing, Some(Direction::Along))] } else { &[] };
        assert_eq!(crossed(&camera), told, "the first one is lost: {is_lost}");
    }
}

#[test]
fn who_is_found_again_after_all_has_not_crossed_once_more() {
    let mut camera = CameraTester::watching(line(false));
    let walks = |t: f64| person(0.4 + 0.03 * t as f32, 0.6, 3);
    camera.stand(3.0, &[]).show(3.0, |t| vec![walks(t)]);
    camera.show(0.2, |_| vec![person(0.51, 0.6, 4).scored(0.9), walks(3.0).scored(0.5)]);
    camera.show(3.0, |t| vec![person(0.51 + 0.03 * t as f32, 0.6, 4)]);
    camera.show(3.0, |t| vec![person(0.6 + 0.03 * t as f32, 0.6, 4), person(0.54, 0.6, 3)]);
    assert_eq!(crossed(&camera), [(EventKind::Crossing, Some(Direction::Along))]);
}

#[test]
fn a_bicycle_that_is_taken_for_somebody_begins_no_track() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Intrusion, 2, 1)]));
    let bicycle = Thing { class: ObjectClass::Bicycle, ..person(0.5, 0.6, 3).scored(0.6) };
    camera.stand(5.0, &[]).stand(10.0, &[bicycle]).stand(5.0, &[person(0.5, 0.6, 3).scored(0.4)]);
    let tracks = || camera.state.followed.iter().filter_map(|followed| followed.movement);
    assert_eq!(tracks().count(), 0);
    camera.expect_where(&[]);
}

#[test]
fn a_crossing_is_dated_between_the_pictures_that_show_it() {
    let mut camera = CameraTester::watching(line(false));
    camera.seldom(2.0, 6.0, &[]);
    for step in 0..6_u8 {
        camera.seldom(2.0, 2.0, &[person(0.28 + 0.07 * f32::from(step), 0.6, 3)]);
    }
    let event = camera.events.first().expect("it has crossed");
    assert!(camera.events.iter().all(|event| event.dwell_s == 0.0), "a moment lasts no time");
    let before = event.at.saturating_since(event.since).as_secs_f32();
    let off = |step: f32| (0.5 - (0.28 + 0.07 * step)).abs();
    let expected = 2.0 * off(4.0) / (off(3.0) + off(4.0));
    assert!((before - expected).abs() < 0.2, "{before} s before, not {expected} s");
}

#[test]
fn pictures_that_are_seconds_apart_show_a_crossing_all_the_same() {
    let mut camera = CameraTester::watching(line(false));
    camera.seldom(2.0, 6.0, &[]);
    for step in 0..6_u8 {
        // Three of its own widths from one picture to the next.
        camera.seldom(2.0, 2.0, &[person(0.3 + 0.07 * f32::from(step), 0.6, 3)]);
    }
    assert_eq!(crossed(&camera), [(EventKind::Crossing, Some(Direction::Along))]);
}

#[test]
fn whoever_walks_out_is_not_the_next_one_who_walks_in() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    camera.stand(5.0, &[]).stand(20.0, &[person(0.36, 0.6, 3)]);
    camera.show(2.0, |t| vec![person(0.36 - 0.06 * t as f32, 0.6, 3)]).stand(2.0, &[]);
    camera.show(2.0, |t| vec![person(0.24 + 0.06 * t as f32, 0.6, 4)]).stand(20.0, &[person(0.36, 0.6, 4)]);
    camera.stand(15.0, &[]).expect_where(&[]);
}

#[test]
fn who_is_hardly_detected_is_believed_in_for_as_long_as_they_were_detected_well() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    let (well, hardly) = (person(0.5, 0.6, 3), person(0.5, 0.6, 3).scored(0.2));
    camera.stand(5.0, &[]).stand(1.0, &[well]).stand(60.0, &[hardly]).stand(15.0, &[]).expect_where(&[]);
    camera.stand(20.0, &[well]).stand(15.0, &[hardly]);
    assert_eq!(camera.events.len(), 1, "{:?}", camera.told_where());
}

#[test]
fn a_scooter_that_is_taken_for_somebody_now_and_then_does_not_loiter() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    let at = person(0.5, 0.6, 8);
    let scooter = Thing { class: ObjectClass::Motorcycle, ..at.scored(0.4) };
    let taken_for = at.scored(0.36);
    camera.stand(5.0, &[]).stand(5.0, &[scooter]).stand(60.0, &[scooter, taken_for]);
    camera.expect_where(&[]);
    // Somebody who stands before it is seen better than that.
    camera.stand(40.0, &[scooter, at.scored(0.7)]);
    let opened: Vec<_> = camera.events.iter().map(|event| (event.kind, event.phase)).collect();
    assert_eq!(opened, [(EventKind::Loitering, Phase::Open)]);
}

#[test]
fn a_scooter_that_is_taken_for_somebody_instead_does_not_loiter_either() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    let at = person(0.5, 0.6, 8);
    let scooter = Thing { class: ObjectClass::Motorcycle, ..at.scored(0.4) };
    camera.stand(5.0, &[]).stand(10.0, &[scooter]).stand(60.0, &[at.scored(0.45)]);
    camera.expect_where(&[]);
}

#[test]
fn who_is_hardly_taken_for_a_bicycle_loiters_all_the_same() {
    let mut camera = CameraTester::watching(area(&[(EventKind::Loitering, 30, 1)]));
    let at = person(0.5, 0.6, 8);
    let taken_for = Thing { class: ObjectClass::Bicycle, ..at.scored(0.31) };
    camera.stand(5.0, &[]).stand(60.0, &[taken_for, at.scored(0.45)]);
    let opened: Vec<_> = camera.events.iter().map(|event| (event.kind, event.phase)).collect();
    assert_eq!(opened, [(EventKind::Loitering, Phase::Open)]);
}
