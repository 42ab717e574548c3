//! How far an actor reaches into the picture: itself, its shadow, its mirror image, its dark, its headlights.

use glam::{Affine3A, Vec2, Vec3};

use super::{raster::Rect, shadow::flattened, world::View};
use crate::actor::Actor;

/// How far ahead headlights light the ground, in metres.
pub(crate) const BEAM_M: f32 = 16.0;
/// How far from a vehicle's outline the ground still lies in its dark, in metres.
pub(crate) const DARK_M: f32 = 0.7;
/// How far a halo reaches, in units of its size.
pub(crate) const HALO_REACH: f32 = 3.5;
/// Side of the cells within which everything or nothing is drawn, in pixels.
pub(crate) const CELL_PX: usize = 16;

/// The pixels that an actor may change: itself, its shadow, its mirror image, its light.
pub(crate) fn reach(view: &View, actor: &Actor) -> Rect {
    influences(view, actor).iter().fold(Rect::EMPTY, |sum, rect| sum.or(rect)).even()
}

/// The same in several rectangles that fit more closely.
fn influences(view: &View, actor: &Actor) -> Vec<Rect> {
    let place = actor.place();
    let shear = flattened(&Affine3A::IDENTITY, if view.light.has_sun() { view.light.sun } else { Vec3::Z });
    let frame = |low: Vec3, high: Vec3, then: &dyn Fn(Vec3) -> Vec3| {
        let mut rect = Rect::EMPTY;
        for point in lattice(low, high) {
            if let Some(p) = view.camera.project(then(place.transform_point3(point))) {
                rect.include(p, 3.0);
            }
        }
        rect
    };
    let mut rects = Vec::new();
    for part in &actor.parts {
        let (low, high) = part.mesh.bounds();
        rects.push(frame(low, high, &|point| point));
        if view.light.has_sun() {
            rects.push(frame(low, high, &|point| shear.transform_point3(point)));
        }
        if view.light.wet > 0.0 {
            let mut rect = frame(low, high, &|point| point.with_z(-point.z));
            rect.y0 = rect.y0.saturating_sub(view.height as i32 / 12);
            rect.y1 = rect.y1.saturating_add(view.height as i32 / 12);
            rects.push(rect);
        }
    }
    let (fx, fy) = (actor.half.x + DARK_M, actor.half.y + DARK_M);
    rects.push(frame(Vec3::new(-fx, -fy, 0.0), Vec3::new(fx, fy, 0.0), &|point| point));
    if actor.headlights {
        for cell in 0..32 {
            let (along, across) = ((cell / 4) as f32 / 8.0, (cell % 4) as f32 / 4.0);
            let wide = |along: f32| 1.6 + along * 5.0;
            let low =
                Vec3::new(actor.half.x + along * BEAM_M, (across * 2.0 - 1.0) * wide(along + 0.125), 0.0);
            let high = low + Vec3::new(BEAM_M / 8.0, wide(along + 0.125) / 2.0, 1.2);
            rects.push(frame(low, high, &|point| point));
        }
    }
    for lamp in lamps(view, actor) {
        let mut rect = Rect::EMPTY;
        rect.include(lamp.0, lamp.1 * HALO_REACH);
        rects.push(rect);
    }
    let whole = Rect::sized(view.width, view.height);
    rects.iter().map(|rect| rect.and(&whole)).filter(|rect| !rect.is_empty()).collect()
}

/// Points all over a box, close enough that those in front of the camera frame it where the others lie behind.
fn lattice(low: Vec3, high: Vec3) -> impl Iterator<Item = Vec3> {
    (0..7 * 5 * 3).map(move |index| {
        let (x, y, z) = (index % 7, index / 7 % 5, index / 35);
        let share = Vec3::new(x as f32 / 6.0, y as f32 / 4.0, z as f32 / 2.0);
        low + (high - low) * share
    })
}

/// Where an actor's headlights dazzle the camera: place and size of the halo in pixels, and strength 0–1.
pub(crate) fn lamps(view: &View, actor: &Actor) -> Vec<(Vec2, f32, f32)> {
    if !actor.headlights || actor.half.y < 0.5 {
        return Vec::new();
    }
    let place = actor.place();
    [-0.72, 0.72]
        .into_iter()
        .filter_map(|side| {
            let lamp = place.transform_point3(Vec3::new(actor.half.x, side * actor.half.y, 0.68));
            let to_eye = view.camera.position - lamp;
            let facing = to_eye.normalize_or(Vec3::Z).dot(place.transform_vector3(Vec3::X));
            let strength = ((facing - 0.25) / 0.6).clamp(0.0, 1.0);
            let size = view.camera.focal * 0.42 / to_eye.length().max(3.0);
            let seen = view.camera.project(lamp)?;
            (strength > 0.0).then_some((seen, size, strength))
        })
        .collect()
}

/// The cells of an area in which an actor may change anything.
pub(crate) fn active_cells(view: &View, actors: &[&Actor], area: &Rect) -> Vec<bool> {
    let (columns, rows) = (area.width().div_ceil(CELL_PX), area.height().div_ceil(CELL_PX));
    let mut active = vec![false; columns * rows];
    for rect in actors.iter().flat_map(|actor| influences(view, actor)) {
        let rect = rect.and(area);
        if rect.is_empty() {
            continue;
        }
        let cell = |value: i32, origin: i32| (value - origin) as usize / CELL_PX;
        for row in cell(rect.y0, area.y0)..=cell(rect.y1 - 1, area.y0) {
            active[row * columns + cell(rect.x0, area.x0)..=row * columns + cell(rect.x1 - 1, area.x0)]
                .fill(true);
        }
    }
    active
}

/// The pixels of ground that may lie in an actor's dark.
pub(crate) fn dark_area(view: &View, actor: &Actor) -> Rect {
    let (fx, fy) = (actor.half.x + DARK_M, actor.half.y + DARK_M);
    let mut area = Rect::EMPTY;
    for (x, y) in [(-fx, -fy), (fx, -fy), (fx, fy), (-fx, fy)] {
        match view.camera.project(actor.place().transform_point3(Vec3::new(x, y, 0.0))) {
            Some(p) => area.include(p, 2.0),
            None => return Rect::sized(view.width, view.height),
        }
    }
    area
}
