//! What the scripts of the built-in scenes must not do.

use super::*;

#[test]
fn nobody_goes_through_what_stands_there_or_through_anybody() {
    for name in Scene::builtin_names().iter().chain(Scene::accuracy_names()) {
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
    for name in Scene::accuracy_names() {
        assert_eq!(Scene::builtin(name).expect("built in").unclear(), [""; 0], "{name}");
    }
}
