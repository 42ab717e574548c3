//! Actors drawn over a plate: their shadows on the ground, the dark below them, their headlights, and themselves.

use glam::{Vec2, Vec3};
use rayon::prelude::*;

use super::{
    light::to_yuv,
    mirror::{Images, wetness},
    plate::{Plate, samples},
    raster::{NOTHING, Rect, SAMPLES, ScreenTriangle, VisibilityBuffer, project},
    reach::{BEAM_M, CELL_PX, DARK_M, HALO_REACH, active_cells, dark_area, lamps},
    shadow::{cast, flattened},
    world::{Item, View},
};
use crate::actor::Actor;

/// A rectangle of a picture with actors in it.
pub(crate) struct Patch {
    pub area: Rect,
    pub y: Vec<u8>,
    pub u: Vec<u8>,
    pub v: Vec<u8>,
    /// As in the plate, after these actors' shadows.
    pub shade: Vec<u8>,
    pub ground: Vec<u8>,
    /// What the samples see; triangles as indices into `owners`.
    pub seen: VisibilityBuffer,
    /// Part of each triangle: index of the actor among those drawn, and of its part.
    pub owners: Vec<(u16, u16)>,
}

/// Draws `actors` over `plate` within `area` (even coordinates).
pub(crate) fn draw(view: &View, plate: &Plate, actors: &[&Actor], area: Rect) -> Patch {
    let mut items = Vec::new();
    let mut triangles = Vec::new();
    let mut owners = Vec::new();
    for (who, actor) in actors.iter().enumerate() {
        for (which, part) in actor.parts.iter().enumerate() {
            let place = actor.place();
            project(&view.camera, &part.mesh, &place, items.len() as u32, false, &area, &mut triangles);
            owners.resize(triangles.len(), (who as u16, which as u16));
            items.push(Item { mesh: &part.mesh, place, part: Some(part) });
        }
    }
    let mut seen = VisibilityBuffer::new(area);
    let stride = seen.stride;
    for (row, target) in seen.inverse_depth.chunks_exact_mut(stride.max(1)).enumerate() {
        let start = (area.y0 as usize * SAMPLES + row) * plate.width * SAMPLES + area.x0 as usize * SAMPLES;
        target.copy_from_slice(&plate.inverse_depth[start..start + stride]);
    }
    seen.draw(&triangles);
    let mirrored = (view.light.wet > 0.0).then(|| Images::new(view, &items, &area));
    let mask = shadow_mask(view, actors, &area);
    let (width, height) = (area.width(), area.height());
    let mut patch = Patch {
        area,
        y: vec![0; width * height],
        u: vec![0; width * height / 4],
        v: vec![0; width * height / 4],
        shade: vec![0; width * height],
        ground: vec![0; width * height],
        seen,
        owners,
    };
    let darks: Vec<Rect> = actors.iter().map(|actor| dark_area(view, actor)).collect();
    let turns: Vec<Vec2> = actors.iter().map(|actor| Vec2::from_angle(actor.heading)).collect();
    let beams: Vec<usize> = (0..actors.len()).filter(|&who| actors[who].headlights).collect();
    let brush = Brush {
        active: active_cells(view, actors, &area),
        turns: &turns,
        beams: if view.light.dark > 0.3 { &beams } else { &[] },
        view,
        plate,
        actors,
        darks: &darks,
        items: &items,
        triangles: &triangles,
        seen: &patch.seen,
        mirrored: mirrored.as_ref(),
        mask: &mask,
    };
    let rows = patch
        .y
        .par_chunks_mut((width * 2).max(1))
        .zip(patch.u.par_chunks_mut((width / 2).max(1)))
        .zip(patch.v.par_chunks_mut((width / 2).max(1)))
        .zip(patch.shade.par_chunks_mut((width * 2).max(1)))
        .zip(patch.ground.par_chunks_mut((width * 2).max(1)));
    rows.enumerate().for_each(|(pair, ((((y, u), v), shade), ground))| {
        for column in 0..width / 2 {
            let block = brush.block(area.x0 as usize + column * 2, area.y0 as usize + pair * 2);
            for corner in 0..4 {
                let at = (corner >> 1) * width + column * 2 + (corner & 1);
                y[at] = block.y[corner];
                shade[at] = block.shade[corner];
                ground[at] = block.ground[corner];
            }
            (u[column], v[column]) = (block.u, block.v);
        }
    });
    if view.light.dark > 0.3 {
        for (who, actor) in actors.iter().enumerate() {
            halos(view, who as u16, actor, &mut patch);
        }
    }
    patch
}

/// Light that spreads within the lens around headlights.
fn halos(view: &View, who: u16, actor: &Actor, patch: &mut Patch) {
    let area = patch.area;
    for (centre, size, strength) in lamps(view, actor) {
        let (x, y) = (centre.x as i32 - area.x0, centre.y as i32 - area.y0);
        let inside = x >= 0 && y >= 0 && x < area.width() as i32 && y < area.height() as i32;
        let seen = inside
            .then(|| patch.seen.triangle[y as usize * SAMPLES * patch.seen.stride + x as usize * SAMPLES]);
        if !seen.is_some_and(|id| id != NOTHING && patch.owners[id as usize].0 == who) {
            continue;
        }
        let reach = (size * HALO_REACH) as i32;
        for row in (y - reach).max(0)..(y + reach).min(area.height() as i32) {
            for column in (x - reach).max(0)..(x + reach).min(area.width() as i32) {
                let off = Vec2::new((column - x) as f32, (row - y) as f32) / size;
                let far = off.length();
                let glow = (-far * 1.5).exp() * 0.75 + (-off.y.abs() * 9.0 - far * 0.9).exp() * 0.25;
                let edge = (1.0 - far / HALO_REACH).clamp(0.0, 1.0);
                let value = &mut patch.y[row as usize * area.width() + column as usize];
                *value = (f32::from(*value) + 250.0 * glow * strength * edge).min(235.0) as u8;
            }
        }
    }
}

fn shadow_mask(view: &View, actors: &[&Actor], area: &Rect) -> Vec<u8> {
    let mut mask = Vec::new();
    if view.light.has_sun() {
        mask.resize(area.width() * area.height() * SAMPLES * SAMPLES, 0);
        for actor in actors {
            let flat = flattened(&actor.place(), view.light.sun);
            for part in &actor.parts {
                cast(&view.camera, &part.mesh, &flat, area, &mut mask);
            }
        }
    }
    mask
}

/// Two by two pixels.
#[derive(Default)]
struct Block {
    y: [u8; 4],
    shade: [u8; 4],
    ground: [u8; 4],
    u: u8,
    v: u8,
}

struct Brush<'a> {
    view: &'a View,
    plate: &'a Plate,
    actors: &'a [&'a Actor],
    /// Cells of [`CELL_PX`] pixels in which an actor may change anything.
    active: Vec<bool>,
    /// The direction of each actor.
    turns: &'a [Vec2],
    /// Those whose headlights shine.
    beams: &'a [usize],
    /// Pixels that may lie in the dark of each actor.
    darks: &'a [Rect],
    items: &'a [Item<'a>],
    triangles: &'a [ScreenTriangle],
    seen: &'a VisibilityBuffer,
    /// What of them wet ground mirrors.
    mirrored: Option<&'a Images>,
    mask: &'a [u8],
}

impl Brush<'_> {
    fn block(&self, x: usize, y: usize) -> Block {
        let plate = self.plate;
        let area = &self.seen.area;
        let cell = ((y - area.y0 as usize) / CELL_PX) * area.width().div_ceil(CELL_PX)
            + (x - area.x0 as usize) / CELL_PX;
        let chroma = (y / 2) * (plate.width / 2) + x / 2;
        if !self.active[cell] {
            let four = [0, 1, plate.width, plate.width + 1].map(|step| y * plate.width + x + step);
            return Block {
                y: four.map(|at| plate.y[at]),
                shade: four.map(|at| plate.shade[at]),
                ground: four.map(|at| plate.ground[at]),
                u: plate.u[chroma],
                v: plate.v[chroma],
            };
        }
        let below = Vec2::new(f32::from(plate.u[chroma]), f32::from(plate.v[chroma]));
        let mut block = Block::default();
        let mut sum = Vec2::ZERO;
        for corner in 0..4 {
            let (x, y) = (x + (corner & 1), y + (corner >> 1));
            let at = y * plate.width + x;
            let (luma, shade) = self.ground_light(x, y, at);
            let mut colour = self.mirrored(Vec3::new(luma, below.x, below.y), x, y, at);
            let mut covered = 0.0;
            let mut actor = Vec3::ZERO;
            for (id, place, count) in samples(self.seen, x, y, false) {
                if id != NOTHING {
                    let triangle = &self.triangles[id as usize];
                    let shaded = self.view.shade(&self.items[triangle.item as usize], triangle, place);
                    actor += to_yuv(self.view.light.develop(shaded.light)) * (count * 0.25);
                    covered += count * 0.25;
                }
            }
            colour = colour * (1.0 - covered) + actor;
            block.y[corner] = colour.x.round().clamp(16.0, 235.0) as u8;
            block.shade[corner] = (255.0 - (255.0 - shade) * (1.0 - covered)) as u8;
            block.ground[corner] = (f32::from(plate.ground[at]) * (1.0 - covered)) as u8;
            sum += Vec2::new(colour.y, colour.z) * 0.25;
        }
        (block.u, block.v) = (sum.x.round() as u8, sum.y.round() as u8);
        block
    }

    /// A pixel of wet ground with what it mirrors of the actors.
    fn mirrored(&self, colour: Vec3, x: usize, y: usize, at: usize) -> Vec3 {
        let Some(images) =
            self.mirrored.filter(|images| self.plate.ground[at] > 30 && images.may_reach(x, y))
        else {
            return colour;
        };
        let place = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
        let Some(point) = self.view.camera.ground(place.x, place.y) else { return colour };
        let (share, polish) = wetness(self.view, point);
        let mut light = Vec3::ZERO;
        let mut count = 0.0;
        let weight = images.looks(place, point.extend(0.0), polish, |id, place| {
            // Which share of the looks meets an image matters more than the exact colour of each.
            if count < 2.0 {
                let triangle = &images.triangles[id as usize];
                light += self.view.shade(&self.items[triangle.item as usize], triangle, place).light;
                count += 1.0;
            }
        });
        if weight == 0.0 {
            return colour;
        }
        // In display values the mirror image replaces what the ground mirrored before.
        let light = light / count;
        let added = to_yuv(self.view.light.develop(light * share));
        let kept = 1.0 - weight * share * 0.8;
        let linear = |value: f32| ((value - 16.0) / 219.0).max(0.0).powf(2.2);
        let luma =
            16.0 + 219.0 * (linear(colour.x) * kept + linear(added.x) * weight).min(1.0).powf(1.0 / 2.2);
        let pull = (weight * share * 1.5).min(0.7) * ((added.x - 16.0) / (luma - 15.0)).clamp(0.0, 1.0);
        Vec3::new(luma, colour.y + (added.y - colour.y) * pull, colour.z + (added.z - colour.z) * pull)
    }

    /// Luma of the plate with shadows, dark and headlights on it, and how dark it could still get.
    fn ground_light(&self, x: usize, y: usize, at: usize) -> (f32, f32) {
        let mut luma = f32::from(self.plate.y[at]);
        let mut shade = f32::from(self.plate.shade[at]);
        let ground = f32::from(self.plate.ground[at]) / 255.0;
        if ground > 0.0 {
            let mut shadow = 0.0;
            if !self.mask.is_empty() && shade < 254.0 {
                let start = (y - self.seen.area.y0 as usize) * SAMPLES * self.seen.stride
                    + (x - self.seen.area.x0 as usize) * SAMPLES;
                let four = [0, 1, self.seen.stride, self.seen.stride + 1];
                shadow = four.iter().map(|step| f32::from(self.mask[start + step])).sum::<f32>() / 1020.0;
                let factor = 1.0 - shadow * (1.0 - shade / 255.0);
                luma = 16.0 + (luma - 16.0) * factor;
                shade += (255.0 - shade) * shadow;
            }
            let near = |dark: &Rect| {
                (dark.x0..dark.x1).contains(&(x as i32)) && (dark.y0..dark.y1).contains(&(y as i32))
            };
            if self.darks.iter().any(near)
                && let Some(p) = self.view.camera.ground(x as f32 + 0.5, y as f32 + 0.5)
            {
                let open = self.openness(p);
                let sunny = (1.0 - shade / 255.0) * (1.0 - shadow);
                let strength = 0.95 - 0.75 * sunny;
                luma = 16.0 + (luma - 16.0) * (1.0 - (1.0 - open.powf(0.6)) * strength * ground);
            }
        }
        if !self.beams.is_empty() {
            luma = self.headlights(x, y, at, luma);
        }
        (luma, shade)
    }

    /// Share of the sky that the actors leave to a point of the ground.
    fn openness(&self, p: Vec2) -> f32 {
        let mut open = 1.0f32;
        for (actor, turn) in self.actors.iter().zip(self.turns) {
            let off = p - actor.at;
            if off.length_squared() > (actor.half.x + DARK_M + 0.5).powi(2) {
                continue;
            }
            let local = Vec2::new(off.dot(*turn), off.dot(turn.perp())).abs();
            let beyond = local - actor.half * 0.95;
            let outside = beyond.max(Vec2::ZERO).length();
            let depth = beyond.max_element().min(0.0).abs();
            let near = if actor.half.y > 0.5 { 0.26 } else { 0.12 };
            let dark =
                if outside > 0.0 { 0.62 * (-outside / near).exp() } else { (0.62 + depth * 1.1).min(0.93) };
            open = open.min(1.0 - dark * ((DARK_M - outside) / 0.2).clamp(0.0, 1.0));
        }
        open
    }

    fn headlights(&self, x: usize, y: usize, at: usize, luma: f32) -> f32 {
        let sample = (y * SAMPLES) * self.plate.width * SAMPLES + x * SAMPLES;
        let near = self.plate.inverse_depth[sample];
        if near <= 0.0 {
            return luma;
        }
        let point = self.view.camera.position + self.view.camera.ray(x as f32 + 0.5, y as f32 + 0.5) / near;
        let mut added = 0.0;
        for &who in self.beams {
            let (actor, turn) = (self.actors[who], self.turns[who]);
            let off = point.truncate() - actor.at;
            let (ahead, across) = (off.dot(turn) - actor.half.x, off.dot(turn.perp()));
            if !(0.05..BEAM_M).contains(&ahead) || across.abs() > 3.0 + ahead * 0.5 {
                continue;
            }
            for side in [-1.0, 1.0] {
                let wide = 0.35 + ahead * 0.24;
                let aim = (across - side * actor.half.y * 0.7) / wide;
                let rise = (point.z - 0.65) / (0.25 + ahead * 0.09);
                let cut = if rise > 0.0 { (-rise * rise * 3.0).exp() } else { 1.0 };
                let fade = ((BEAM_M - ahead) / 6.0).min(1.0) * (ahead / 1.2).min(1.0);
                added += (-aim * aim).exp() * cut * fade * 4.5 / (1.0 + (ahead / 5.0).powi(2));
            }
        }
        if added <= 0.0 {
            return luma;
        }
        let grain = f32::from(self.plate.albedo[at]) / 255.0;
        let before = ((luma - 16.0) / 219.0).max(0.0).powf(2.2);
        let light = added * grain * 0.115 * self.view.light.exposure;
        // Brightness saturates as on film, but never falls below what was there.
        16.0 + 219.0 * (1.0 - (1.0 - before) * (-light * 1.1).exp()).powf(1.0 / 2.2)
    }
}

impl Patch {
    /// Copies the pixels onto a picture.
    pub(crate) fn put(&self, width: usize, y: &mut [u8], u: &mut [u8], v: &mut [u8]) {
        copy(&self.y, &self.area, 1, width, y);
        copy(&self.u, &self.area, 2, width / 2, u);
        copy(&self.v, &self.area, 2, width / 2, v);
    }

    /// Makes it part of the plate; `owner` is, for each actor drawn, the owner number of its first part.
    pub(crate) fn merge(&self, plate: &mut Plate, owner: &[u16]) {
        let width = plate.width;
        self.put(width, &mut plate.y, &mut plate.u, &mut plate.v);
        copy(&self.shade, &self.area, 1, width, &mut plate.shade);
        copy(&self.ground, &self.area, 1, width, &mut plate.ground);
        let stride = self.seen.stride;
        for (row, seen) in self.seen.triangle.chunks_exact(stride.max(1)).enumerate() {
            let from = row * stride;
            let to =
                (self.area.y0 as usize * SAMPLES + row) * width * SAMPLES + self.area.x0 as usize * SAMPLES;
            for (column, &id) in seen.iter().enumerate() {
                if id != NOTHING {
                    plate.inverse_depth[to + column] = self.seen.inverse_depth[from + column];
                    let (who, part) = self.owners[id as usize];
                    plate.owner[to + column] = owner[usize::from(who)] + part;
                }
            }
        }
    }
}

fn copy(from: &[u8], area: &Rect, divide: i32, width: usize, to: &mut [u8]) {
    let columns = area.width() / divide as usize;
    for (row, line) in from.chunks_exact(columns.max(1)).enumerate() {
        let start = ((area.y0 / divide) as usize + row) * width + (area.x0 / divide) as usize;
        to[start..start + columns].copy_from_slice(line);
    }
}
