//! The ground: what covers it where, what is painted on it, and how worn all that is.

use glam::{Vec2, Vec3};

use super::{
    glyph::{Glyphs, glyphs},
    light::Light,
    material::{Hit, Surface, linear},
    noise::{cell, fractal, smoothstep, unit, value},
};

/// Side of the cells of the look-up grid, in metres.
const GRID_M: f32 = 2.0;

/// What covers a stretch of ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cover {
    /// Black top with patches, cracks and oil.
    Asphalt,
    /// Cast slabs with joints.
    Concrete,
    /// Small interlocking stones.
    Pavers,
    /// Perforated stones with grass in them, usual for bays.
    GrassPavers,
    /// Lawn.
    Grass,
    /// Bare earth.
    Soil,
}

/// Something on the ground.
#[derive(Debug, Clone)]
pub(crate) enum Layer {
    /// Another cover within a polygon.
    Cover { polygon: Vec<Vec2>, cover: Cover },
    /// A painted line.
    Line { from: Vec2, to: Vec2, width: f32, rgb: [u8; 3] },
    /// Slanting stripes within a polygon, with an outline.
    Hatch { polygon: Vec<Vec2>, rgb: [u8; 3], gap: f32 },
    /// Letters; `along` is the reading direction, `size` their height.
    Text { at: Vec2, along: Vec2, size: Vec2, text: Vec<char>, rgb: [u8; 3] },
    /// A dark round stain.
    Stain { at: Vec2, radius: f32, strength: f32 },
    /// A manhole or grid.
    Manhole { at: Vec2, radius: f32 },
}

/// The ground of a place.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    base: Cover,
    layers: Vec<Layer>,
    seed: u32,
    /// 0 new to 1 worn out.
    wear: f32,
    /// How light the asphalt is, about 1.
    tone: f32,
    cells: Vec<Vec<u16>>,
    origin: Vec2,
    columns: usize,
}

impl Ground {
    pub(crate) fn new(base: Cover, layers: Vec<Layer>, seed: u32, wear: f32, tone: f32) -> Self {
        let mut ground =
            Self { base, layers, seed, wear, tone, cells: Vec::new(), origin: Vec2::ZERO, columns: 0 };
        ground.index();
        ground
    }

    fn index(&mut self) {
        let boxes: Vec<(Vec2, Vec2)> = self.layers.iter().map(bounds).collect();
        let low = boxes.iter().fold(Vec2::ZERO, |low, b| low.min(b.0));
        let high = boxes.iter().fold(Vec2::ZERO, |high, b| high.max(b.1));
        let size = ((high - low) / GRID_M).ceil().max(Vec2::ONE);
        self.origin = low;
        self.columns = size.x as usize + 1;
        self.cells = vec![Vec::new(); self.columns * (size.y as usize + 1)];
        for (index, (from, to)) in boxes.into_iter().enumerate() {
            let (from, to) = ((from - low) / GRID_M, (to - low) / GRID_M);
            for y in from.y as usize..=to.y as usize {
                for x in from.x as usize..=to.x as usize {
                    self.cells[y * self.columns + x].push(index as u16);
                }
            }
        }
    }

    fn layers_at(&self, p: Vec2) -> &[u16] {
        let at = (p - self.origin) / GRID_M;
        if at.x < 0.0 || at.y < 0.0 || at.x >= self.columns as f32 {
            return &[];
        }
        self.cells.get(at.y as usize * self.columns + at.x as usize).map_or(&[], Vec::as_slice)
    }

    /// How the ground answers light at a point.
    pub(crate) fn surface(&self, hit: &Hit, light: &Light) -> Surface {
        let p = hit.world.truncate();
        let soft = hit.footprint.clamp(0.004, 1.0);
        let layers = self.layers_at(p);
        let mut cover = self.base;
        for &index in layers {
            if let Layer::Cover { polygon, cover: over } = &self.layers[index as usize]
                && edge_distance(polygon, p) > 0.0
            {
                cover = *over;
            }
        }
        let mut albedo = self.cover(cover, p, soft);
        let worn = self.wear
            * (0.55 * fractal(p * 1.7, 3, self.seed ^ 40) + 0.75 * fractal(p * 13.0, 2, self.seed ^ 41));
        for &index in layers {
            albedo = self.apply(&self.layers[index as usize], p, soft, worn, albedo);
        }
        let mut surface = Surface::matt(albedo);
        if light.wet > 0.0 {
            self.soak(&mut surface, cover, p, light.wet);
        }
        surface
    }

    fn soak(&self, surface: &mut Surface, cover: Cover, p: Vec2, wet: f32) {
        if matches!(cover, Cover::Grass | Cover::Soil) {
            surface.albedo *= 1.0 - 0.3 * wet;
            return;
        }
        let puddle = self.puddle(p, wet);
        surface.albedo *= 1.0 - wet * (0.5 + 0.25 * puddle);
        surface.mirror = wet * (0.07 + 0.16 * puddle);
        surface.polish = wet * (0.45 + 0.5 * puddle);
    }

    /// How deep in a puddle a point lies, 0–1.
    pub(crate) fn puddle(&self, p: Vec2, wet: f32) -> f32 {
        smoothstep(0.5, 0.66, fractal(p * 0.33, 3, self.seed ^ 60)) * wet
    }

    fn cover(&self, cover: Cover, p: Vec2, soft: f32) -> Vec3 {
        let seed = self.seed;
        let large = fractal(p * 0.16, 3, seed ^ 1);
        let fine = if soft < 0.08 { value(p * 26.0, seed ^ 2) } else { 0.5 };
        match cover {
            Cover::Asphalt => {
                let middle = fractal(p * 0.9, 3, seed ^ 3);
                let mut grey = 0.115 * self.tone * (0.62 + 0.42 * large + 0.34 * middle) * (0.9 + 0.2 * fine);
                let patch = cell((p.x * 0.14 + 0.3 * middle) as i32, (p.y * 0.11) as i32, seed ^ 5);
                grey *= if patch < 0.1 { 0.78 } else { 1.0 };
                grey *= 1.0 - 0.5 * self.crack(p, soft);
                Vec3::new(grey, grey * 0.985, grey * 0.95)
            }
            Cover::Concrete => {
                let slab = (p / 4.0).floor();
                let inside = (p / 4.0 - slab - 0.5).abs() * 4.0;
                let joint =
                    smoothstep(0.02 + soft * 0.5, 0.0, 2.0 - inside.max_element()) * (0.03 / soft).min(1.0);
                let tone = 0.9 + 0.2 * cell(slab.x as i32, slab.y as i32, seed ^ 6);
                let grey = 0.3
                    * self.tone
                    * tone
                    * (0.6 + 0.5 * large + 0.25 * fractal(p * 1.3, 3, seed ^ 7))
                    * (0.93 + 0.14 * fine);
                Vec3::new(grey, grey * 0.97, grey * 0.9)
                    * (1.0 - 0.6 * joint)
                    * (1.0 - 0.35 * self.crack(p, soft))
            }
            Cover::Pavers => {
                let q = Vec2::new(p.x / 0.2 + 0.5 * ((p.y / 0.1).floor() as i32 & 1) as f32, p.y / 0.1);
                let stone = cell(q.x.floor() as i32, q.y.floor() as i32, seed ^ 8);
                let joint = ((q - q.floor() - 0.5).abs() - 0.43).max_element().max(0.0) / 0.07
                    * (0.06 / soft).min(1.0);
                let red = fractal(p * 0.25, 2, seed ^ 9) > 0.42;
                let rgb = if red { Vec3::new(0.25, 0.15, 0.12) } else { Vec3::new(0.24, 0.23, 0.21) };
                rgb * (0.75 + 0.4 * stone * (0.1 / soft).min(1.0)) * (1.0 - 0.5 * joint) * (0.7 + 0.5 * large)
            }
            Cover::GrassPavers => {
                let q = p / 0.4;
                let hole = smoothstep(0.34, 0.2, (q - q.floor() - 0.5).length()) * (0.25 / soft).min(0.75);
                let grass = self.cover(Cover::Grass, p, soft);
                let stone = Vec3::new(0.2, 0.195, 0.18) * (0.7 + 0.5 * large) * (0.9 + 0.2 * fine);
                stone.lerp(grass, (hole * (0.5 + large)).min(1.0))
            }
            Cover::Grass => {
                let blade = fractal(p * 5.0, 3, seed ^ 10);
                let dry = smoothstep(0.45, 0.7, fractal(p * 0.5, 3, seed ^ 11));
                let rgb = Vec3::new(0.06, 0.1, 0.028).lerp(Vec3::new(0.15, 0.13, 0.06), dry);
                rgb * (0.5 + 1.0 * blade) * (0.8 + 0.4 * fine)
            }
            Cover::Soil => {
                Vec3::new(0.16, 0.12, 0.08) * (0.5 + fractal(p * 2.0, 4, seed ^ 12)) * (0.85 + 0.3 * fine)
            }
        }
    }

    fn crack(&self, p: Vec2, soft: f32) -> f32 {
        let bent = p + 0.6 * Vec2::new(value(p * 1.1, self.seed ^ 13), value(p * 1.1, self.seed ^ 14));
        let ridge = (fractal(bent * 0.21, 2, self.seed ^ 15) - 0.5).abs() / 0.21;
        let width = 0.012 + 0.5 * soft;
        smoothstep(width, 0.0, ridge) * (0.02 / width * 2.0).min(1.0) * self.wear
    }

    fn apply(&self, layer: &Layer, p: Vec2, soft: f32, worn: f32, albedo: Vec3) -> Vec3 {
        let painted = |cover: f32, rgb: [u8; 3]| {
            let kept = cover * smoothstep(0.95, 0.6, worn) * 0.92;
            albedo.lerp(linear_paint(rgb) * (0.75 + 0.3 * fractal(p * 3.0, 2, self.seed ^ 16)), kept)
        };
        match layer {
            Layer::Cover { polygon, .. } => {
                // Dirt gathers where one cover ends.
                albedo * (1.0 - 0.3 * smoothstep(0.12 + soft, 0.0, edge_distance(polygon, p).abs()))
            }
            Layer::Line { from, to, width, rgb } => {
                let along = *to - *from;
                let t = ((p - *from).dot(along) / along.length_squared()).clamp(0.0, 1.0);
                let distance = p.distance(*from + along * t);
                let cover = smoothstep(width / 2.0 + soft * 0.5, width / 2.0 - soft * 0.5, distance);
                painted(cover * (width / soft).min(1.0), *rgb)
            }
            Layer::Hatch { polygon, rgb, gap } => {
                let inside = edge_distance(polygon, p);
                if inside < -0.2 {
                    return albedo;
                }
                let phase = ((p.x + p.y) * 0.707 / gap).rem_euclid(1.0);
                let stripe =
                    smoothstep(0.14 * gap + soft * 0.5, 0.14 * gap - soft * 0.5, (phase - 0.5).abs() * gap);
                let outline = smoothstep(0.1 + soft * 0.5, 0.1 - soft * 0.5, (inside - 0.1).abs());
                painted(outline.max(if inside > 0.0 { stripe } else { 0.0 }), *rgb)
            }
            Layer::Text { at, along, size, text, rgb } => {
                let (x, y) = ((p - *at).dot(*along), (p - *at).dot(along.perp()));
                let down = 1.0 - y / size.y;
                let mut from = 0.0;
                for &sign in text {
                    let advance = size.x * Glyphs::advance(sign);
                    if x >= from && x < from + advance {
                        let cover = glyphs().coverage(sign, Vec2::new((x - from) / size.x, down));
                        return painted(cover, *rgb);
                    }
                    from += advance;
                }
                albedo
            }
            Layer::Stain { at, radius, strength } => {
                let ragged = p.distance(*at) / radius * (0.6 + 0.8 * fractal(p * 3.0, 3, self.seed ^ 17));
                albedo * (1.0 - strength * smoothstep(1.0, 0.2, ragged))
            }
            Layer::Manhole { at, radius } => {
                let d = p.distance(*at);
                let iron = smoothstep(radius + soft, *radius, d);
                let pattern =
                    0.7 + 0.5 * ((p.x * 40.0).sin() * (p.y * 40.0).sin()).signum() * (0.03 / soft).min(1.0);
                let ring = smoothstep(0.03 + soft, 0.0, (d - radius).abs());
                albedo.lerp(Vec3::splat(0.06) * pattern, iron) * (1.0 - 0.5 * ring)
            }
        }
    }
}

fn linear_paint(rgb: [u8; 3]) -> Vec3 {
    linear(rgb) * 0.8
}

/// Distance to the polygon's outline, positive inside.
pub(crate) fn edge_distance(polygon: &[Vec2], p: Vec2) -> f32 {
    let (mut inside, mut nearest) = (false, f32::MAX);
    for (index, &a) in polygon.iter().enumerate() {
        let b = polygon[(index + 1) % polygon.len()];
        let along = b - a;
        let t = ((p - a).dot(along) / along.length_squared()).clamp(0.0, 1.0);
        nearest = nearest.min(p.distance_squared(a + along * t));
        if (a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x {
            inside = !inside;
        }
    }
    if inside { nearest.sqrt() } else { -nearest.sqrt() }
}

fn bounds(layer: &Layer) -> (Vec2, Vec2) {
    let of = |points: &[Vec2], margin: f32| {
        let low = points.iter().fold(Vec2::MAX, |low, &p| low.min(p));
        let high = points.iter().fold(Vec2::MIN, |high, &p| high.max(p));
        (low - margin, high + margin)
    };
    match layer {
        Layer::Cover { polygon, .. } | Layer::Hatch { polygon, .. } => of(polygon, 0.5),
        Layer::Line { from, to, .. } => of(&[*from, *to], 0.5),
        Layer::Text { at, along, size, text, .. } => {
            let end = *at + *along * size.x * text.len() as f32;
            of(&[*at, end, *at + along.perp() * size.y, end + along.perp() * size.y], 0.2)
        }
        Layer::Stain { at, radius, .. } => of(&[*at], radius * 2.0),
        Layer::Manhole { at, radius } => of(&[*at], radius * 1.5),
    }
}

/// A handful of stains and manholes scattered over a rectangle.
pub(crate) fn scatter(low: Vec2, high: Vec2, count: u32, seed: u32) -> Vec<Layer> {
    (0..count)
        .map(|index| {
            let dice = |salt: u32| unit(seed ^ (index * 131 + salt * 7919));
            let at = low + (high - low) * Vec2::new(dice(1), dice(2));
            if dice(3) < 0.08 {
                Layer::Manhole { at, radius: 0.36 }
            } else {
                Layer::Stain { at, radius: 0.15 + 0.9 * dice(4) * dice(4), strength: 0.1 + 0.35 * dice(5) }
            }
        })
        .collect()
}
