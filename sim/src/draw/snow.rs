//! Snow that lies: on the ground, worn away by wheels and feet, and on what looks up.

use glam::{Vec2, Vec3};

use super::{
    material::{Hit, Surface},
    noise::{fractal, smoothstep},
};

/// Side of the cells in which wear is kept, in metres.
const CELL_M: f32 = 0.1;
/// Linear albedo of fresh snow.
const WHITE: Vec3 = Vec3::new(0.74, 0.76, 0.79);

/// How much snow lies where.
#[derive(Debug, Clone)]
pub(crate) struct Snow {
    /// 0 none to 1 over everything.
    amount: f32,
    seed: u32,
    low: Vec2,
    columns: usize,
    /// How far it is worn away, cell by cell, 0–255.
    worn: Vec<u8>,
}

impl Snow {
    /// So much of it, worn nowhere yet within `reach` metres of `centre`.
    pub(crate) fn new(amount: f32, centre: Vec2, reach: f32, seed: u32) -> Self {
        let columns = (reach * 2.0 / CELL_M) as usize;
        Self { amount, seed, low: centre - reach, columns, worn: vec![0; columns * columns] }
    }

    /// Wears it away about a point, by a share that fades towards `radius`.
    pub(crate) fn wear(&mut self, at: Vec2, radius: f32, share: f32) {
        let (low, high) = ((at - radius - self.low) / CELL_M, (at + radius - self.low) / CELL_M);
        let cell = |value: f32| (value.max(0.0) as usize).min(self.columns.saturating_sub(1));
        for row in cell(low.y)..=cell(high.y) {
            for column in cell(low.x)..=cell(high.x) {
                let middle = self.low + (Vec2::new(column as f32, row as f32) + 0.5) * CELL_M;
                let worn = share * smoothstep(radius, radius * 0.5, middle.distance(at));
                let value = &mut self.worn[row * self.columns + column];
                *value = (*value).max((worn * 255.0) as u8);
            }
        }
    }

    /// How far it is worn away at a point, 0–1, smooth between cells.
    fn worn(&self, p: Vec2) -> f32 {
        let at = (p - self.low) / CELL_M - 0.5;
        let limit = self.columns as f32 - 2.0;
        if at.x < 0.0 || at.y < 0.0 || at.x > limit || at.y > limit {
            return 0.0;
        }
        let (x, y) = (at.x as usize, at.y as usize);
        let (fx, fy) = (at.x - x as f32, at.y - y as f32);
        let value = |x: usize, y: usize| f32::from(self.worn[y * self.columns + x]) / 255.0;
        let upper = value(x, y) + (value(x + 1, y) - value(x, y)) * fx;
        let lower = value(x, y + 1) + (value(x + 1, y + 1) - value(x, y + 1)) * fx;
        upper + (lower - upper) * fy
    }

    /// Ground with snow on it.
    pub(crate) fn on_ground(&self, surface: &mut Surface, hit: &Hit) {
        let p = hit.world.truncate();
        let drift = 0.55 * fractal(p * 0.3, 3, self.seed ^ 80) + 0.45 * fractal(p * 2.4, 3, self.seed ^ 81);
        let bare = 1.0 - self.amount;
        let lies = smoothstep(bare * 0.9 - 0.12, bare * 0.9 + 0.3, drift);
        let ragged = self.worn(p) + 0.45 * (fractal(p * 5.0, 3, self.seed ^ 82) - 0.5);
        let worn = smoothstep(0.3, 0.75, ragged) * smoothstep(0.0, 0.1, self.worn(p));
        // What is driven over is wet and dark, with slush pressed to its sides.
        let slush = Vec3::new(0.27, 0.27, 0.28) * (0.8 + 0.5 * fractal(p * 11.0, 2, self.seed ^ 83));
        let driven = (surface.albedo * 0.5).lerp(slush, 0.3 + 0.3 * fractal(p * 1.1, 2, self.seed ^ 84));
        let rolls = 0.86 + 0.2 * fractal(p * 1.3, 4, self.seed ^ 85);
        let snow = WHITE * rolls;
        surface.albedo = surface.albedo.lerp(snow, lies).lerp(driven, worn);
        surface.mirror *= 1.0 - lies * (1.0 - worn);
    }

    /// Anything else with snow on what looks up; `thickness` 0 none to 1 as on the ground.
    pub(crate) fn on_thing(&self, surface: &mut Surface, hit: &Hit, thickness: f32) {
        let level = smoothstep(0.35, 0.8, hit.normal.z);
        let l = hit.local;
        let ragged = fractal(Vec2::new(l.x + l.z, l.y - 0.4 * l.z) * 2.2, 4, self.seed ^ 90);
        let bare = 1.0 - thickness * self.amount;
        let lies = level * smoothstep(bare - 0.15, bare + 0.1, ragged * 0.55 + level * 0.45);
        surface.albedo = surface.albedo.lerp(WHITE * (0.88 + 0.16 * ragged), lies);
        for value in [&mut surface.mirror, &mut surface.polish, &mut surface.retro] {
            *value *= 1.0 - lies;
        }
        surface.emit *= 1.0 - lies;
        surface.open += (1.0 - surface.open) * lies * 0.5;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(p: Vec2, up: f32) -> Hit {
        let normal = Vec3::new((1.0 - up * up).sqrt(), 0.0, up);
        Hit { world: p.extend(0.0), local: p.extend(1.4), normal, local_normal: normal, footprint: 0.02 }
    }

    #[test]
    fn it_lies_on_what_looks_up_and_not_where_wheels_go() {
        let mut snow = Snow::new(0.9, Vec2::ZERO, 20.0, 3);
        for step in 0..100 {
            snow.wear(Vec2::new(step as f32 * 0.1, 5.0), 0.2, 1.0);
        }
        let asphalt = Surface::matt(Vec3::splat(0.1));
        let on_ground = |p: Vec2| {
            let mut surface = asphalt;
            snow.on_ground(&mut surface, &hit(p, 1.0));
            surface.albedo.x
        };
        let mean = |points: &[Vec2]| points.iter().map(|p| on_ground(*p)).sum::<f32>() / points.len() as f32;
        let points = |y: f32| (0..90).map(|step| Vec2::new(0.3 + step as f32 * 0.1, y)).collect::<Vec<_>>();
        let (driven, fresh) = (mean(&points(5.0)), mean(&points(-5.0)));
        assert!(driven < 0.3 && fresh > 0.5, "{driven} {fresh}");
        let on_thing = |up: f32| {
            let mut surface = asphalt;
            snow.on_thing(&mut surface, &hit(Vec2::new(3.0, 1.0), up), 1.0);
            surface.albedo.x
        };
        assert!(on_thing(1.0) > 0.5 && on_thing(0.0) < 0.11);
    }
}
