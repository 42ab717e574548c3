//! What the scripts of the built-in scenes must not do.

use std::collections::BTreeSet;

use gridwatch_domain::EventKind;

use super::*;

#[test]
fn nobody_goes_through_what_stands_there_or_through_anybody() {
    for name in Scene::builtin_names().iter().chain(Scene::accuracy_names()).chain(Scene::calm_names()) {
        let scene = Scene::builtin(name).expect("built in");
        assert_eq!(scene.collisions(), [""; 0], "{name}");
    }
}

#[test]
fn who_hides_others_goes_through_nobody_either_and_changes_nothing_of_what_happens() {
    for name in Scene::accuracy_names() {
        let plain = Scene::builtin(name).expect("built in");
        let scene = plain.clone().under(Condition::Occlusion).expect("somebody hides others in it");
        assert_eq!(scene.collisions(), [""; 0], "{name}");
        assert_eq!(scene.unclear(), [""; 0], "{name}");
        assert_eq!(scene.expected_events().len(), plain.expected_events().len(), "{name}");
    }
}

#[test]
fn scenes_for_measuring_leave_nothing_open() {
    for name in Scene::accuracy_names().iter().chain(Scene::calm_names()) {
        assert_eq!(Scene::builtin(name).expect("built in").unclear(), [""; 0], "{name}");
    }
}

/// What the documentation says of them.
#[test]
fn scenes_for_measuring_have_every_kind_of_event_and_as_many_as_is_told() {
    let mut kinds = BTreeSet::new();
    let counts = Scene::accuracy_names().iter().map(|name| {
        let events = expect::true_events(&Scene::builtin(name).expect("built in").content);
        kinds.extend(events.iter().map(|event| event.kind));
        events.len()
    });
    let counts: Vec<usize> = counts.collect();
    assert_eq!(counts, [16, 17, 26, 20]);
    let of_pictures = EventKind::ALL.into_iter().filter(|kind| !kind.as_str().starts_with("camera."));
    assert_eq!(kinds, of_pictures.collect());
    let told = format!("{} events", counts.iter().sum::<usize>());
    for document in [include_str!("../../../docs/accuracy.md"), include_str!("../../../README.md")] {
        assert!(document.contains(&told), "{told}");
    }
}

/// A false alarm is counted only where its kind is watched.
#[test]
fn where_false_alarms_are_counted_every_kind_is_watched_and_hardly_any_is_true() {
    for (name, expected) in [
        ("acc-quiet", &["parking.fire_lane fire-lane", "line.crossing path", "line.wrong_way way"][..]),
        ("acc-night", &["line.crossing path", "parking.no_parking garage"][..]),
    ] {
        let scene = Scene::builtin(name).expect("built in");
        let (zones, lines, groups) = (scene.zones(), scene.lines(), scene.groups());
        let of_zones = zones.iter().flat_map(|zone| &zone.rules).map(|rule| rule.kind);
        let of_lines = lines.iter().flat_map(|line| &line.rules).map(|rule| rule.kind);
        let watched: BTreeSet<EventKind> =
            of_zones.chain(of_lines).chain(groups.iter().map(|group| group.rule.kind)).collect();
        let of_pictures = EventKind::ALL.into_iter().filter(|kind| !kind.as_str().starts_with("camera."));
        assert_eq!(watched, of_pictures.collect(), "{name}");
        let events = scene.expected_events();
        let true_ones: BTreeSet<String> =
            events.iter().map(|event| format!("{} {}", event.kind, event.zone)).collect();
        assert_eq!(true_ones, expected.iter().map(|event| (*event).to_owned()).collect(), "{name}");
    }
}
