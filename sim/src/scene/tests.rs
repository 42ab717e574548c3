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
fn scenes_for_measuring_leave_nothing_open() {
    for name in Scene::accuracy_names() {
        assert_eq!(Scene::builtin(name).expect("built in").unclear(), [""; 0], "{name}");
    }
}
