//! What wet ground mirrors: the world upside down, seen through the ground, spread by the roughness of the film of water.

use glam::{Affine3A, Vec2, Vec3};
use rayon::prelude::*;

use super::{
    noise::{fractal, hash, unit},
    plate::samples,
    raster::{NOTHING, Rect, SAMPLES, ScreenTriangle, VisibilityBuffer, project},
    world::{Item, View},
};

/// Places looked at to spread a mirror image.
const TAPS: u32 = 7;
/// Side of the cells in which mirror images are looked for, in pixels.
const CELL_PX: usize = 16;

/// Turns the world upside down.
fn flip() -> Affine3A {
    Affine3A::from_scale(Vec3::new(1.0, 1.0, -1.0))
}

/// A picture of the world upside down, linear light.
pub(crate) struct Mirror {
    width: usize,
    height: usize,
    light: Vec<Vec3>,
}

impl Mirror {
    /// Draws it. The view must not have a mirror yet.
    pub(crate) fn new(view: &View) -> Self {
        let (width, height) = (view.width, view.height);
        let whole = Rect::sized(width, height);
        let item = Item { mesh: &view.world.mesh, place: Affine3A::IDENTITY, part: None };
        let mut triangles = Vec::new();
        project(&view.camera, item.mesh, &flip(), 0, false, &whole, &mut triangles);
        triangles.retain(|triangle| !item.mesh.triangles[triangle.index as usize].material.is_ground());
        let mut seen = VisibilityBuffer::new(whole);
        seen.draw(&triangles);
        let light = (0..width * height)
            .into_par_iter()
            .map(|at| {
                let (x, y) = (at % width, at / width);
                let (id, place, _) = samples(&seen, x, y, false).next().expect("a pixel has samples");
                if id == NOTHING {
                    let ray = view.camera.ray(place.x, place.y);
                    return view.light.sky(ray.with_z(ray.z.abs()));
                }
                view.shade(&item, &triangles[id as usize], place).light
            })
            .collect();
        Self { width, height, light }
    }

    /// What the ground at `point`, seen at pixel `at`, mirrors; `polish` 1 is still water.
    pub(crate) fn seen(&self, at: Vec2, point: Vec3, polish: f32) -> Vec3 {
        let spread = Spread::new(at, point, polish, self.height as f32);
        let mut sum = Vec3::ZERO;
        for tap in 0..TAPS {
            let place = spread.tap(tap);
            let x = (place.x as i32).clamp(0, self.width as i32 - 1) as usize;
            let y = (place.y as i32).clamp(0, self.height as i32 - 1) as usize;
            sum += self.light[y * self.width + x];
        }
        sum / TAPS as f32
    }
}

/// Where a pixel of wet ground looks: rough water spreads images far along the line of sight and a little across it.
struct Spread {
    at: Vec2,
    rough: f32,
    ripple: f32,
}

impl Spread {
    fn new(at: Vec2, point: Vec3, polish: f32, height: f32) -> Self {
        let ripple = fractal(point.truncate() * 9.0, 2, 71) - 0.5;
        Self { at, rough: (1.05 - polish) * height / 1080.0, ripple }
    }

    fn tap(&self, tap: u32) -> Vec2 {
        let dice =
            |salt: u32| unit(hash((self.at.x as u32) << 16 ^ self.at.y as u32) ^ (tap * 977 + salt)) - 0.5;
        let along = (tap as f32 / (TAPS - 1) as f32 - 0.5) * 130.0;
        let off = Vec2::new(dice(1) * 16.0 + self.ripple * 24.0, along + dice(2) * 22.0 + self.ripple * 20.0);
        self.at + off * self.rough
    }
}

/// The actors of a patch upside down.
pub(crate) struct Images {
    pub triangles: Vec<ScreenTriangle>,
    seen: VisibilityBuffer,
    /// Cells of [`CELL_PX`] pixels from which an image can be seen.
    near: Vec<bool>,
    columns: usize,
    height: f32,
}

impl Images {
    pub(crate) fn new(view: &View, items: &[Item], area: &Rect) -> Self {
        let mut triangles = Vec::new();
        for (index, item) in items.iter().enumerate() {
            project(
                &view.camera,
                item.mesh,
                &(flip() * item.place),
                index as u32,
                false,
                area,
                &mut triangles,
            );
        }
        let mut seen = VisibilityBuffer::new(*area);
        seen.draw(&triangles);
        let columns = area.width().div_ceil(CELL_PX);
        let rows = area.height().div_ceil(CELL_PX);
        let mut near = vec![false; columns * rows];
        // The roughest film of water spreads by this many cells.
        let height = view.height as f32;
        let reach =
            (92.0 * (1.05 - 0.45 * view.light.wet) * height / 1080.0 / CELL_PX as f32).ceil() as usize;
        for (at, _) in seen.triangle.iter().enumerate().filter(|(_, id)| **id != NOTHING) {
            let (column, row) = (at % seen.stride / SAMPLES / CELL_PX, at / seen.stride / SAMPLES / CELL_PX);
            for row in row.saturating_sub(reach)..=(row + reach).min(rows - 1) {
                for column in column.saturating_sub(1)..=(column + 1).min(columns - 1) {
                    near[row * columns + column] = true;
                }
            }
        }
        Self { triangles, seen, near, columns, height }
    }

    /// Whether an image may be seen from a pixel.
    pub(crate) fn may_reach(&self, x: usize, y: usize) -> bool {
        let area = &self.seen.area;
        let (x, y) = (x - area.x0 as usize, y - area.y0 as usize);
        self.near[y / CELL_PX * self.columns + x / CELL_PX]
    }

    /// What wet ground at `point`, seen at pixel `at`, mirrors: calls `found` with each triangle and place, and returns
    /// the share of looks that met one.
    pub(crate) fn looks(&self, at: Vec2, point: Vec3, polish: f32, mut found: impl FnMut(u32, Vec2)) -> f32 {
        let area = &self.seen.area;
        let spread = Spread::new(at, point, polish, self.height);
        let mut met = 0;
        // Not in order, so that the first two met lie apart.
        for tap in (0..TAPS).map(|tap| tap * 3 % TAPS) {
            let place = spread.tap(tap);
            let (x, y) = (place.x as i32, place.y as i32);
            if x >= area.x0 && y >= area.y0 && x < area.x1 && y < area.y1 {
                let sample = ((y - area.y0) as usize * self.seen.stride + (x - area.x0) as usize) * SAMPLES;
                let id = self.seen.triangle[sample];
                if id != NOTHING {
                    found(id, place.floor() + 0.25);
                    met += 1;
                }
            }
        }
        met as f32 / TAPS as f32
    }
}

/// Share of light that wet ground mirrors towards the eye, and how polished it is.
pub(crate) fn wetness(view: &View, point: Vec2) -> (f32, f32) {
    let wet = view.light.wet;
    let puddle = view.world.ground.puddle(point, wet);
    let to_eye = (view.camera.position - point.extend(0.0)).normalize_or(Vec3::Z);
    let polish = wet * (0.45 + 0.5 * puddle);
    let head_on = wet * (0.07 + 0.16 * puddle);
    (head_on + (0.9 - head_on) * polish * (1.0 - to_eye.z).powi(5), polish)
}
