//! Prints what must be found in a scene, and whatever its script leaves open: `check SCENE [CONDITION] [near]`; `SCENE` is a built-in name or
//! a TOML file. `near` adds who came close to what is parked.

use std::error::Error;

use gridwatch_sim::Scene;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [scene, rest @ ..] = arguments.as_slice() else {
        return Err("usage: check SCENE [CONDITION] [near]".into());
    };
    let scene = match std::fs::read_to_string(scene) {
        Ok(text) => Scene::from_toml(&text)?,
        Err(_) => Scene::builtin(scene)?,
    };
    let scene = match rest.iter().find(|word| *word != "near") {
        Some(condition) => scene.under(condition.parse()?)?,
        None => scene,
    };
    for event in scene.expected_events() {
        let actor = event.actor.map_or_else(String::new, |actor| format!(" of {actor}"));
        println!(
            "{:<26} {:<12} {:6.1} {:6.1} {:6.1}{actor}",
            event.kind,
            event.zone.as_str(),
            event.stop_s,
            event.open_s,
            event.leave_s
        );
    }
    if rest.iter().any(|word| word == "near") {
        for pass in scene.near_passes() {
            println!("{} {} m from {} at {:.1} s", pass.other, pass.distance_m, pass.parked, pass.at_s);
        }
    }
    for problem in scene.unclear().iter().chain(&scene.collisions()) {
        println!("PROBLEM {problem}");
    }
    Ok(())
}
