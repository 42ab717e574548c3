//! Counts, sample by sample, what can be seen of each actor.

use glam::Vec2;

use crate::{
    TruthObject,
    actor::Actor,
    draw::{
        patch::Patch,
        plate::{Plate, WORLD},
        raster::{NOTHING, Rect, SAMPLES, ScreenTriangle, VisibilityBuffer, project},
        world::View,
    },
};

/// Silhouettes larger than this across, in pixels, are counted on a coarser grid by cutting them at this size.
const LARGEST: i32 = 4096;

/// What is seen of one part of an actor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    /// In samples.
    pub bounds: Rect,
    pub samples: u32,
}

impl Sight {
    pub(crate) const NONE: Self = Self { bounds: Rect::EMPTY, samples: 0 };

    fn add(&mut self, x: i32, y: i32) {
        self.bounds = self.bounds.or(&Rect { x0: x, y0: y, x1: x + 1, y1: y + 1 });
        self.samples += 1;
    }

    fn and(self, other: Self) -> Self {
        Self { bounds: self.bounds.or(&other.bounds), samples: self.samples + other.samples }
    }
}

/// The whole silhouette of each named thing of an actor: its samples, inside the picture or not, and its bounds.
pub(crate) fn silhouettes(view: &View, actor: &Actor) -> Vec<Sight> {
    let huge = Rect {
        x0: -LARGEST,
        y0: -LARGEST,
        x1: view.width as i32 + LARGEST,
        y1: view.height as i32 + LARGEST,
    };
    let place = actor.place();
    actor
        .named
        .iter()
        .map(|named| {
            let mut triangles: Vec<ScreenTriangle> = Vec::new();
            let mut area = Rect::EMPTY;
            for part in &actor.parts[named.parts.0..named.parts.1] {
                project(&view.camera, &part.mesh, &place, 0, false, &huge, &mut triangles);
            }
            for triangle in &triangles {
                area = area.or(triangle.bounds());
            }
            if area.is_empty() || area.width() as i32 > LARGEST || area.height() as i32 > LARGEST {
                return Sight::NONE;
            }
            let mut seen = VisibilityBuffer::new(area);
            seen.draw(&triangles);
            let mut sight = Sight::NONE;
            for (at, _) in seen.triangle.iter().enumerate().filter(|(_, id)| **id != NOTHING) {
                let (x, y) = ((at % seen.stride) as i32, (at / seen.stride) as i32);
                sight.add(area.x0 * SAMPLES as i32 + x, area.y0 * SAMPLES as i32 + y);
            }
            sight
        })
        .collect()
}

/// What a patch shows of each part of each of its `count` actors.
pub(crate) fn in_patch(patch: &Patch, actors: &[&Actor]) -> Vec<Vec<Sight>> {
    let mut sights: Vec<Vec<Sight>> =
        actors.iter().map(|actor| vec![Sight::NONE; actor.parts.len()]).collect();
    let seen = &patch.seen;
    let (left, top) = (seen.area.x0 * SAMPLES as i32, seen.area.y0 * SAMPLES as i32);
    for (at, &id) in seen.triangle.iter().enumerate() {
        if id != NOTHING {
            let (who, part) = patch.owners[id as usize];
            let (x, y) = ((at % seen.stride) as i32, (at / seen.stride) as i32);
            sights[usize::from(who)][usize::from(part)].add(left + x, top + y);
        }
    }
    sights
}

/// What the plate shows of the actor with that owner number within `area` (samples), less what patches hide.
pub(crate) fn in_plate(plate: &Plate, owner: u16, area: &Rect, patches: &[Patch]) -> Sight {
    debug_assert_ne!(owner, WORLD, "the world is not counted");
    let mut sight = Sight::NONE;
    let stride = plate.width * SAMPLES;
    let area = area.and(&Rect::sized(stride, plate.height * SAMPLES));
    for y in area.y0..area.y1 {
        for x in area.x0..area.x1 {
            if plate.owner[y as usize * stride + x as usize] == owner && !hidden(patches, x, y) {
                sight.add(x, y);
            }
        }
    }
    sight
}

fn hidden(patches: &[Patch], x: i32, y: i32) -> bool {
    patches.iter().any(|patch| {
        let area = &patch.seen.area;
        let (column, row) = (x - area.x0 * SAMPLES as i32, y - area.y0 * SAMPLES as i32);
        let inside = column >= 0
            && row >= 0
            && (column as usize) < patch.seen.stride
            && row < (area.height() * SAMPLES) as i32;
        inside && patch.seen.triangle[row as usize * patch.seen.stride + column as usize] != NOTHING
    })
}

/// Puts the truth about an actor together from what is seen of its parts and its whole silhouettes.
pub(crate) fn objects(
    view: &View,
    actor: &Actor,
    parts: &[Sight],
    whole: &[Sight],
    shift: Vec2,
    out: &mut Vec<TruthObject>,
) {
    for (named, whole) in actor.named.iter().zip(whole) {
        let seen = parts[named.parts.0..named.parts.1].iter().fold(Sight::NONE, |sum, part| sum.and(*part));
        if seen.samples == 0 || whole.samples == 0 {
            continue;
        }
        out.push(TruthObject {
            id: named.id,
            class: named.class,
            bbox: normalised(view, &seen.bounds, shift),
            full: normalised(view, &whole.bounds, shift),
            visible: (seen.samples as f32 / whole.samples as f32).min(1.0),
            moving: actor.moving,
        });
    }
}

fn normalised(view: &View, bounds: &Rect, shift: Vec2) -> [f32; 4] {
    let scale = SAMPLES as f32;
    let across = |x: i32| ((x as f32 / scale - shift.x) / view.width as f32).clamp(0.0, 1.0);
    let down = |y: i32| ((y as f32 / scale - shift.y) / view.height as f32).clamp(0.0, 1.0);
    [across(bounds.x0), down(bounds.y0), across(bounds.x1), down(bounds.y1)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fastrand::Rng;
    use glam::Vec3;
    use gridwatch_domain::ObjectClass;

    use super::*;
    use crate::{
        actor::{body_mesh, figure, palette, vehicle::Body},
        draw::{
            camera::{Camera, Pose},
            ground::{Cover, Ground},
            light::{Light, Mode},
            mesh::Mesh,
            patch,
            world::World,
        },
    };

    fn view() -> View {
        let pose = Pose {
            position: Vec3::new(0.0, 0.0, 6.0),
            heading_deg: 0.0,
            pitch_deg: 24.0,
            roll_deg: 0.0,
            fov_deg: 70.0,
            distortion: -0.05,
        };
        let camera = Camera::new(&pose, 640, 360);
        let light = Light::new(Mode::Overcast, 180.0, 45.0, 0.0, pose.position, camera.ray(320.0, 180.0));
        let ground = Ground::new(Cover::Asphalt, Vec::new(), 1, 0.5, 1.0);
        let world = World::new(Mesh::default(), ground, Vec::new());
        View { world, light, camera, shadows: None, mirror: None, snow: None, width: 640, height: 360 }
    }

    fn car(id: u32, body: Body, at: Vec2, heading: f32) -> Actor {
        let look = palette::vehicle(body, &mut Rng::with_seed(u64::from(id)));
        Actor::vehicle(id, body_mesh(body), look, at, heading, false)
    }

    fn walker(id: u32, at: Vec2) -> Actor {
        let look = palette::person(&mut Rng::with_seed(u64::from(id)), false);
        Actor::person(id, Arc::new(figure::person(&look, 0.5, 0.8)), at, 0.0, true)
    }

    fn truth_of(view: &View, actors: &[Actor]) -> (Vec<TruthObject>, Patch) {
        let plate = Plate::new(view, false);
        let actors: Vec<&Actor> = actors.iter().collect();
        let patch = patch::draw(view, &plate, &actors, Rect::sized(view.width, view.height));
        let mut found = Vec::new();
        for (actor, parts) in actors.iter().zip(in_patch(&patch, &actors)) {
            objects(view, actor, &parts, &silhouettes(view, actor), Vec2::ZERO, &mut found);
        }
        (found, patch)
    }

    #[test]
    fn boxes_hold_every_sample_of_their_object_and_fit_its_projection() {
        let view = view();
        let actors = [
            car(1, Body::Sedan, Vec2::new(-3.0, 13.0), 0.4),
            car(2, Body::BoxTruck, Vec2::new(4.0, 17.0), 2.0),
            walker(3, Vec2::new(0.5, 11.0)),
        ];
        let (found, patch) = truth_of(&view, &actors);
        assert_eq!(found.iter().map(|object| object.id).collect::<Vec<_>>(), [1, 2, 3]);
        let samples = (patch.seen.stride, patch.area.height() * SAMPLES);
        for (at, &id) in patch.seen.triangle.iter().enumerate().filter(|(_, id)| **id != NOTHING) {
            let [x1, y1, x2, y2] = found[usize::from(patch.owners[id as usize].0)].bbox;
            let (x, y) = ((at % samples.0) as f32 + 0.5, (at / samples.0) as f32 + 0.5);
            let (x, y) = (x / samples.0 as f32, y / samples.1 as f32);
            assert!(x > x1 && x < x2 && y > y1 && y < y2, "sample {x} {y} outside of its box");
        }
        for (actor, object) in actors.iter().zip(&found) {
            let mut low = Vec2::MAX;
            let mut high = Vec2::MIN;
            for vertex in actor.parts.iter().flat_map(|part| &part.mesh.vertices) {
                let p =
                    view.camera.project(actor.place().transform_point3(vertex.position)).expect("in front");
                (low, high) = (low.min(p), high.max(p));
            }
            let projected = [low.x / 640.0, low.y / 360.0, high.x / 640.0, high.y / 360.0];
            for (edge, (is, should)) in object.full.iter().zip(projected).enumerate() {
                assert!(
                    (is - should).abs() < 0.006,
                    "edge {edge} of {}: {is}, projected {should}",
                    object.id
                );
            }
        }
    }

    #[test]
    fn what_stands_behind_a_lorry_is_hidden_and_its_box_is_around_the_rest() {
        let view = view();
        let alone = truth_of(&view, &[walker(1, Vec2::new(0.0, 14.0))]).0;
        assert!(alone[0].visible > 0.999, "{alone:?}");
        let lorry = car(2, Body::BoxTruck, Vec2::new(1.0, 10.0), 0.0);
        let behind = truth_of(&view, &[car(1, Body::Sedan, Vec2::new(-2.0, 13.0), 0.0), lorry.clone()]).0;
        let sedan = &behind[0];
        assert!(sedan.visible > 0.1 && sedan.visible < 0.9, "{sedan:?}");
        assert!(sedan.bbox[2] < sedan.full[2] && (sedan.bbox[0] - sedan.full[0]).abs() < 1e-6, "{sedan:?}");
        let gone = truth_of(&view, &[walker(1, Vec2::new(0.0, 11.6)), lorry]).0;
        assert!(gone.iter().all(|object| object.id != 1 || object.visible < 0.3), "{gone:?}");
    }

    #[test]
    fn half_outside_of_the_picture_is_half_visible() {
        let view = view();
        let edge = view.camera.ground(0.0, 200.0).expect("ground");
        let found = truth_of(&view, &[car(1, Body::Hatchback, edge, 0.0)]).0;
        assert!((found[0].visible - 0.5).abs() < 0.15, "{found:?}");
        assert_eq!(found[0].bbox[0], 0.0);
    }

    #[test]
    fn an_e_bike_holds_its_rider() {
        let view = view();
        let mut rng = Rng::with_seed(4);
        let rider = figure::rider(&palette::person(&mut rng, false), None);
        let bike = figure::bike(&palette::bike(&mut rng));
        let actor = Actor::bike(7, Arc::new(bike), Some(Arc::new(rider)), Vec2::new(0.0, 12.0), 0.3, true);
        let found = truth_of(&view, &[actor]).0;
        let [bike, rider] = found.as_slice() else { panic!("expected two objects: {found:?}") };
        assert_eq!((bike.class, rider.class), (ObjectClass::Motorcycle, ObjectClass::Person));
        assert!(
            bike.bbox[0] <= rider.bbox[0] && bike.bbox[1] <= rider.bbox[1] && bike.bbox[3] > rider.bbox[3]
        );
    }
}
