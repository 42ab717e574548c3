//! What a script must not do: send anybody through what stands there, or through each other.

use glam::Vec2;
use gridwatch_domain::ObjectClass;

use super::{
    Content, Player, REFERENCE,
    footprint::Footprint,
    motion::State,
    place::{self, heading},
    spec::{BuildingSpec, PropSpec, Spec},
};

/// Seconds between the instants that are looked at.
const STEP_S: f64 = 0.2;
/// How close to the door of a house people may pass through its wall, in metres.
const DOOR_M: f32 = 1.6;
/// Outlines may touch by this much, in metres: they are boxes around rounder things.
const PLAY_M: f32 = 0.1;

/// Words about everybody who goes through something or somebody where the camera sees it, once each.
pub(super) fn collisions(content: &Content) -> Vec<String> {
    let camera = place::camera(&content.spec, REFERENCE.0, REFERENCE.1);
    let in_picture = |at: Vec2| {
        let seen = camera.project(at.extend(0.9));
        seen.is_some_and(|p| (0.0..camera.width).contains(&p.x) && (0.0..camera.height).contains(&p.y))
    };
    let (solid, doors) = (solid(&content.spec), doors(&content.spec));
    let (mut pairs, mut found) = (Vec::new(), Vec::new());
    for step in 0..(content.loop_s() / STEP_S) as u32 {
        let at_s = f64::from(step) * STEP_S;
        let there: Vec<(&Player, Footprint)> = (content.players.iter())
            .filter_map(|player| Some((player, outline(player, &player.track.state(at_s)?))))
            .filter(|(player, outline)| in_picture(outline.at) && !player.is_at_door(at_s))
            .collect();
        for (index, (player, outline)) in there.iter().enumerate() {
            let at_door = player.class() == ObjectClass::Person
                && doors.iter().any(|door| door.distance(outline.at) < DOOR_M);
            let mut hits = |what: u32, words: String| {
                if !pairs.contains(&(player.id, what)) {
                    pairs.push((player.id, what));
                    found.push(format!("{} {words} at {at_s:.1} s", player.id));
                }
            };
            if !at_door
                && !player.track.is_parked()
                && let Some(wall) = solid.iter().find(|wall| wall.distance(outline) == 0.0)
            {
                hits(0, format!("is in what stands at {:.1}", wall.at));
            }
            for (other, theirs) in &there[index + 1..] {
                if outline.distance(theirs) == 0.0 {
                    hits(other.id, format!("goes through {}", other.id));
                }
            }
        }
    }
    found
}

fn outline(player: &Player, state: &State) -> Footprint {
    Footprint::of(state, (player.half() - PLAY_M / 2.0).max(Vec2::splat(0.05)))
}

fn doors(spec: &Spec) -> Vec<Vec2> {
    let door = |prop: &PropSpec| match prop {
        PropSpec::Entrance { at, .. } => Some(Vec2::from_array(*at)),
        _ => None,
    };
    spec.prop.iter().filter_map(door).collect()
}

fn building(spec: &BuildingSpec) -> Footprint {
    let facing = Vec2::from_angle(heading(spec.facing_deg));
    let (left, [width, depth, _]) = (Vec2::from_array(spec.at), spec.size);
    let at = left + facing.perp() * width / 2.0 - facing * depth / 2.0;
    Footprint { at, along: facing, half: Vec2::new(depth, width) / 2.0 }
}

fn between(from: Vec2, to: Vec2, width: f32) -> Footprint {
    let along = (to - from).normalize_or(Vec2::X);
    Footprint { at: (from + to) / 2.0, along, half: Vec2::new(from.distance(to), width) / 2.0 }
}

fn post(at: Vec2) -> Footprint {
    Footprint { at, along: Vec2::X, half: Vec2::splat(0.08) }
}

/// What stands on the ground and lets nobody through.
fn solid(spec: &Spec) -> Vec<Footprint> {
    let mut solid: Vec<Footprint> = spec.building.iter().map(building).collect();
    let along = |path: &[[f32; 2]], width: f32| {
        let ends = path.windows(2).map(|ends| [ends[0], ends[1]].map(Vec2::from_array));
        ends.map(|[from, to]| between(from, to, width)).collect::<Vec<_>>()
    };
    for prop in &spec.prop {
        match prop {
            PropSpec::Wall { path, .. } => solid.extend(along(path, 0.1)),
            PropSpec::Hedge { path, width, .. } => solid.extend(along(path, *width)),
            PropSpec::Bollards { path, gap } => {
                for ends in path.windows(2) {
                    let [from, to] = [ends[0], ends[1]].map(Vec2::from_array);
                    let gaps = (from.distance(to) / gap).round().max(1.0);
                    solid.extend((0..=gaps as u32).map(|index| post(from.lerp(to, index as f32 / gaps))));
                }
            }
            PropSpec::Bins { at, facing_deg } => {
                let (at, facing) = (Vec2::from_array(*at), Vec2::from_angle(heading(*facing_deg)));
                solid.push(between(at, at + facing.perp() * 2.1, 0.6));
            }
            PropSpec::Tree { at, .. } | PropSpec::Lamp { at, .. } => solid.push(post((*at).into())),
            _ => {}
        }
    }
    solid
}
