//! What the scripts of the built-in scenes must not do: go through what stands there, and through each other.

use super::{
    place::heading,
    spec::{BuildingSpec, PropSpec},
    *,
};

/// Seconds between the instants that are looked at.
const STEP_S: f64 = 0.2;
/// How close to the door of a house people may pass through its wall, in metres.
const DOOR_M: f32 = 1.6;
/// Outlines may touch by this much, in metres: they are boxes around rounder things.
const PLAY_M: f32 = 0.1;

/// A rectangle on the ground.
#[derive(Debug, Clone, Copy)]
struct Outline {
    at: Vec2,
    along: Vec2,
    half: Vec2,
}

impl Outline {
    fn of(player: &Player, state: &State) -> Self {
        let half = (player.half() - PLAY_M / 2.0).max(Vec2::splat(0.05));
        Self { at: state.at, along: Vec2::from_angle(state.heading), half }
    }

    fn building(spec: &BuildingSpec) -> Self {
        let facing = Vec2::from_angle(heading(spec.facing_deg));
        let (left, [width, depth, _]) = (Vec2::from_array(spec.at), spec.size);
        let at = left + facing.perp() * width / 2.0 - facing * depth / 2.0;
        Self { at, along: facing, half: Vec2::new(depth, width) / 2.0 }
    }

    fn between(from: [f32; 2], to: [f32; 2], width: f32) -> Self {
        let (from, to) = (Vec2::from_array(from), Vec2::from_array(to));
        let along = (to - from).normalize_or(Vec2::X);
        Self { at: (from + to) / 2.0, along, half: Vec2::new(from.distance(to), width) / 2.0 }
    }

    fn post(at: Vec2) -> Self {
        Self { at, along: Vec2::X, half: Vec2::splat(0.08) }
    }

    /// Whether two rectangles overlap: whether no side of either separates them.
    fn overlaps(&self, other: &Self) -> bool {
        let between = other.at - self.at;
        let reach = |one: &Self, axis: Vec2| {
            one.half.x * one.along.dot(axis).abs() + one.half.y * one.along.perp().dot(axis).abs()
        };
        [self.along, self.along.perp(), other.along, other.along.perp()]
            .into_iter()
            .all(|axis| between.dot(axis).abs() < reach(self, axis) + reach(other, axis))
    }
}

/// What stands on the ground and lets nobody through.
fn solid(spec: &Spec) -> Vec<Outline> {
    let mut solid: Vec<Outline> = spec.building.iter().map(Outline::building).collect();
    for prop in &spec.prop {
        match prop {
            PropSpec::Wall { path, .. } => {
                solid.extend(path.windows(2).map(|ends| Outline::between(ends[0], ends[1], 0.1)));
            }
            PropSpec::Hedge { path, width, .. } => {
                solid.extend(path.windows(2).map(|ends| Outline::between(ends[0], ends[1], *width)));
            }
            PropSpec::Bollards { path, gap } => {
                for ends in path.windows(2) {
                    let [from, to] = [ends[0], ends[1]].map(Vec2::from_array);
                    let gaps = (from.distance(to) / gap).round().max(1.0);
                    let post = |index: u32| Outline::post(from.lerp(to, index as f32 / gaps));
                    solid.extend((0..=gaps as u32).map(post));
                }
            }
            PropSpec::Bins { at, facing_deg } => {
                let (at, facing) = (Vec2::from_array(*at), Vec2::from_angle(heading(*facing_deg)));
                solid.push(Outline::between(at.into(), (at + facing.perp() * 2.1).into(), 0.6));
            }
            PropSpec::Tree { at, .. } | PropSpec::Lamp { at, .. } => solid.push(Outline::post((*at).into())),
            _ => {}
        }
    }
    solid
}

/// Calls `look` with everybody who is in the picture, at every instant of every built-in scene.
fn watch(mut look: impl FnMut(&str, &Content, f64, &[(&Player, Outline)])) {
    for name in Scene::builtin_names() {
        let scene = Scene::builtin(name).expect("built in");
        let camera = place::camera(&scene.content.spec, REFERENCE.0, REFERENCE.1);
        let in_picture = |at: Vec2| {
            let seen = camera.project(at.extend(0.9));
            seen.is_some_and(|p| (0.0..camera.width).contains(&p.x) && (0.0..camera.height).contains(&p.y))
        };
        for step in 0..(scene.loop_s() / STEP_S) as u32 {
            let at_s = f64::from(step) * STEP_S;
            let there: Vec<_> = (scene.content.players.iter())
                .filter_map(|player| Some((player, Outline::of(player, &player.track.state(at_s)?))))
                .filter(|(_, outline)| in_picture(outline.at))
                .collect();
            look(name, &scene.content, at_s, &there);
        }
    }
}

#[test]
fn nobody_goes_through_what_stands_there() {
    watch(|name, content, at_s, there| {
        let solid = solid(&content.spec);
        let doors: Vec<Vec2> = (content.spec.prop.iter())
            .filter_map(|prop| match prop {
                PropSpec::Entrance { at, .. } => Some(Vec2::from_array(*at)),
                _ => None,
            })
            .collect();
        for (player, outline) in there.iter().filter(|(player, _)| !player.track.is_parked()) {
            let at_door = player.class() == ObjectClass::Person
                && doors.iter().any(|door| door.distance(outline.at) < DOOR_M);
            let hit = solid.iter().find(|wall| wall.overlaps(outline));
            assert!(at_door || hit.is_none(), "{name}: {} is in {hit:?} at {at_s:.1} s", player.id);
        }
    });
}

#[test]
fn nobody_goes_through_anybody() {
    watch(|name, _, at_s, there| {
        for (index, (one, outline)) in there.iter().enumerate() {
            for (other, theirs) in &there[index + 1..] {
                let apart = !outline.overlaps(theirs);
                assert!(apart, "{name}: {} and {} overlap at {at_s:.1} s", one.id, other.id);
            }
        }
    });
}
