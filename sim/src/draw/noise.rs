//! Repeatable noise: hashes, value noise and its fractal sum. The raw material of every texture.

use glam::{Vec2, Vec3};

/// Scrambles an integer; a good hash for its size (Wellons' lowbias32).
pub(crate) fn hash(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// A number from 0 to 1 for an integer.
pub(crate) fn unit(x: u32) -> f32 {
    (hash(x) >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// A number from 0 to 1 for a lattice point.
pub(crate) fn cell(x: i32, y: i32, seed: u32) -> f32 {
    let mixed = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ seed;
    unit(mixed)
}

fn ease(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

/// Value noise in the plane, 0–1, features of size 1.
pub(crate) fn value(p: Vec2, seed: u32) -> f32 {
    let base = p.floor();
    let (x, y) = (base.x as i32, base.y as i32);
    let (fx, fy) = (ease(p.x - base.x), ease(p.y - base.y));
    let low = cell(x, y, seed) * (1.0 - fx) + cell(x + 1, y, seed) * fx;
    let high = cell(x, y + 1, seed) * (1.0 - fx) + cell(x + 1, y + 1, seed) * fx;
    low * (1.0 - fy) + high * fy
}

/// Fractal noise in the plane, 0–1 with mean 0.5: `octaves` layers, each twice as fine and half as strong.
pub(crate) fn fractal(p: Vec2, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut weight, mut total, mut q) = (0.0, 1.0, 0.0, p);
    for octave in 0..octaves {
        sum += value(q, seed.wrapping_add(octave * 0x0123_4567)) * weight;
        total += weight;
        weight *= 0.5;
        q = Vec2::new(q.x * 1.6 + q.y * 1.2, q.y * 1.6 - q.x * 1.2) + 17.3;
    }
    sum / total
}

/// Value noise in space, 0–1, cheap: two planes mixed.
pub(crate) fn solid(p: Vec3, seed: u32) -> f32 {
    0.5 * (value(Vec2::new(p.x + p.z * 0.7, p.y), seed)
        + value(Vec2::new(p.y - p.x * 0.3, p.z + 3.7), seed ^ 0x55))
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(crate) fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    ease(((x - from) / (to - from)).clamp(0.0, 1.0))
}
