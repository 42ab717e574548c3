//! Zones that are in force at some times only, and vehicles that are let be. The test begins at 00:16:40 UTC of a Thursday.

use gridwatch_domain::{Calendar, Permit, Schedule};

use super::*;

fn at(span: &str) -> Schedule {
    Schedule::new(Calendar::utc(), vec![span.parse().expect("a time of the week")])
}

fn yard(schedule: Option<&str>, permits: Vec<Permit>) -> CameraTester {
    let zone = zone("yard", ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], 30);
    CameraTester::with_zones(vec![Zone { schedule: schedule.map(at), permits, ..zone }])
}

#[test]
fn dwell_counts_from_when_the_zone_comes_into_force() {
    // In force from 00:17, twenty seconds after the beginning.
    let mut camera = yard(Some("thu 00:17-23:00"), Vec::new());
    camera.stand(45.0, &[car(0.4, 0.4)]).expect(&[]);
    camera.stand(10.0, &[car(0.4, 0.4)]).expect(&["open 1 minor"]);
    assert_eq!(camera.seconds(camera.events[0].since), 20.0);
}

#[test]
fn an_event_ends_with_the_time_in_which_its_zone_is_in_force() {
    let mut camera = yard(Some("thu 00:00-00:18"), Vec::new());
    camera.stand(100.0, &[car(0.4, 0.4)]).expect(&["open 1 minor", "close 2 minor"]);
    assert_eq!(camera.seconds(camera.events[1].until.expect("closed")).round(), 80.0);
    assert_eq!(camera.state.places().len(), 1, "what stands there is remembered");
}

#[test]
fn outside_of_its_schedule_nothing_is_told() {
    let mut camera = yard(Some("fri 00:00-24:00"), Vec::new());
    camera.stand(100.0, &[car(0.4, 0.4)]).expect(&[]);
}

#[test]
fn whoever_has_a_permit_is_let_be_for_as_long_as_that_holds() {
    let permit = |span: Option<&str>| Permit {
        classes: vec![ObjectClass::Truck],
        schedule: span.map(at),
        note: "清运".to_owned(),
    };
    let lorry = Thing { class: ObjectClass::Truck, ..car(0.2, 0.4) };
    let both = [lorry, car(0.6, 0.4).looking(5)];
    let mut always = yard(None, vec![permit(None)]);
    always.stand(60.0, &both).expect(&["open 1 minor"]);
    assert_eq!(always.events[0].objects[0].class, ObjectClass::Car);
    let mut for_a_while = yard(None, vec![permit(Some("thu 00:00-00:18"))]);
    for_a_while.stand(105.0, &both).expect(&["open 1 minor", "update 2 major"]);
    for_a_while.stand(10.0, &both).expect(&["open 1 minor", "update 2 major", "open 1 minor"]);
    assert_eq!(for_a_while.seconds(for_a_while.events[2].since), 80.0);
}

#[test]
fn a_permit_does_not_come_and_go_with_what_a_vehicle_is_called_by_turns() {
    let permit = Permit { classes: vec![ObjectClass::Truck], schedule: None, note: "清运".to_owned() };
    for (first, told) in [(ObjectClass::Truck, vec![]), (ObjectClass::Car, vec!["open 1 minor"])] {
        let mut camera = yard(None, vec![permit.clone()]);
        let called = |class| Thing { class, ..car(0.4, 0.4) };
        camera.stand(5.0, &[]).stand(5.0, &[called(first)]);
        // Called the one and the other for some seconds each.
        camera.show(85.0, |t| {
            let is_truck = ((t / 4.0) as u64).is_multiple_of(2);
            vec![called(if is_truck { ObjectClass::Truck } else { ObjectClass::Car })]
        });
        let opened: Vec<String> =
            camera.told().into_iter().filter(|told| !told.starts_with("update")).collect();
        assert_eq!(opened, told, "called {first} first");
    }
}

#[test]
fn a_zone_may_be_patient_or_quick_to_call_itself_empty_and_grow_otherwise() {
    let zone = |id, clear| Zone {
        clear: Duration::from_secs(clear),
        ..zone(id, ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], 30)
    };
    let mut stern = zone("stern", 4);
    stern.rules[0].severity = Severity::Major;
    stern.rules[0].grows_after = Some(1.5);
    let mut camera = CameraTester::with_zones(vec![stern, zone("patient", 25)]);
    camera.stand(10.0, &[]).stand(60.0, &[car(0.4, 0.4)]).stand(40.0, &[]);
    let told: Vec<String> = camera.told_where();
    let severities: Vec<_> = camera.events.iter().map(|event| event.severity.as_str()).collect();
    assert_eq!(severities, ["major", "minor", "critical", "critical", "minor"], "{told:#?}");
    let closed = |id: &str| {
        let of = camera.events.iter().find(|event| {
            event.phase == Phase::Close && event.zone.as_ref().is_some_and(|zone| zone.as_str() == id)
        });
        camera.seconds(of.expect("closed").at).round()
    };
    assert!(closed("stern") < 76.0 && closed("patient") > 94.0, "{told:#?}");
}
