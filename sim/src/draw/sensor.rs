//! What the camera adds to the light: shake, drifting exposure, vignette, noise, rain, drops on the glass, falling snow, a caption.
//!
//! Integer arithmetic over planes, rows in parallel. Everything is a function of the frame's number, and periodic over
//! the loop, so that the last frame leads over into the first.

use std::f32::consts::TAU;

use glam::Vec2;
use rayon::prelude::*;

use super::{
    flakes,
    glyph::{Glyphs, glyphs},
    noise::{hash, unit},
};
use crate::I420Frame;

const TILE: usize = 1 << 16;
/// Seconds from one picture to the next.
const PICTURE_S: f32 = 0.04;

/// What a camera's sensor and housing do to a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Flaws {
    /// Standard deviation of luma noise in 8-bit steps, 0–12.
    pub noise: f32,
    /// How far the mast sways, in pixels of a 1920 wide picture.
    pub shake: f32,
    /// How much more in gusts of wind, as a share.
    pub gusts: f32,
    /// How far exposure wanders, as a share.
    pub drift: f32,
    /// How much darker the corners are, as a share.
    pub vignette: f32,
    /// 0 none to 1 pouring.
    pub rain: f32,
    /// Drops on the glass.
    pub drops: u32,
    /// 0 none to 1 a snowstorm.
    pub snow: f32,
}

/// How a picture is exposed: factors on what is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exposure {
    pub gain: f32,
    pub noise: f32,
}

impl Exposure {
    pub(crate) const USUAL: Self = Self { gain: 1.0, noise: 1.0 };
}

/// Applies [`Flaws`] to the pictures of one size.
pub(crate) struct Sensor {
    flaws: Flaws,
    width: usize,
    height: usize,
    frames: u32,
    seed: u32,
    noise: Vec<i8>,
    gain: Vec<u8>,
}

/// Where a text stands on the picture.
pub(crate) struct Caption<'a> {
    pub text: &'a str,
    /// Upper left corner, or upper right where `right`, in pixels.
    pub at: Vec2,
    pub right: bool,
    /// Height of a letter in pixels.
    pub size: f32,
}

impl Sensor {
    /// `frames` is the length of the loop.
    pub(crate) fn new(flaws: Flaws, width: usize, height: usize, frames: u32, seed: u32) -> Self {
        // The sum of four uniform numbers is near enough to a normal one.
        let bell = |index: u32| (0..4).map(|part| unit(index * 4 + part + seed)).sum::<f32>() - 2.0;
        let noise =
            (0..TILE as u32).map(|index| (bell(index) * 1.73 * 32.0).clamp(-127.0, 127.0) as i8).collect();
        let centre = Vec2::new(width as f32, height as f32) / 2.0;
        let gain = (0..width * height)
            .map(|at| {
                let off = (Vec2::new((at % width) as f32, (at / width) as f32) - centre) / centre.length();
                (255.0 * (1.0 - flaws.vignette * off.length_squared().powf(1.3))) as u8
            })
            .collect();
        Self { flaws, width, height, frames, seed, noise, gain }
    }

    /// How far the picture of a frame is shifted, in pixels.
    pub(crate) fn shift(&self, index: u32) -> Vec2 {
        let turn =
            |cycles: f32, phase: f32| (TAU * (cycles * index as f32 / self.frames as f32 + phase)).sin();
        let slow = (self.frames as f32 / 41.0).round();
        let quick = (self.frames as f32 / 9.0).round();
        let sway = Vec2::new(
            0.6 * turn(slow, 0.1) + 0.4 * turn(quick, 0.7),
            0.5 * turn(slow * 2.0, 0.4) + 0.35 * turn(quick + 7.0, 0.2),
        );
        let scale = self.flaws.shake * self.width as f32 / 1920.0;
        if self.flaws.gusts == 0.0 {
            return sway * scale;
        }
        // A gust leans the mast over and shakes it; one comes every ten seconds or so.
        let often = (self.frames as f32 / 260.0).round().max(1.0);
        let gust = turn(often, 0.2).max(0.0).powi(3) * (0.6 + 0.4 * turn(often * 2.0 + 1.0, 0.5));
        let lean = Vec2::new(0.55, 0.2) * gust + Vec2::new(0.35, 0.3) * turn(quick * 1.7, 0.0) * gust;
        (sway * (0.75 + 0.55 * gust) + lean * self.flaws.gusts) * scale
    }

    fn exposure(&self, index: u32) -> f32 {
        let turn =
            |cycles: f32, phase: f32| (TAU * (cycles * index as f32 / self.frames as f32 + phase)).sin();
        1.0 + self.flaws.drift * (0.6 * turn(3.0, 0.0) + 0.4 * turn(8.0, 0.3))
    }

    /// Makes the picture that leaves the camera. `from` and `out` have the sensor's size.
    pub(crate) fn expose(&self, from: &I420Frame, index: u32, exposure: Exposure, out: &mut I420Frame) {
        let shift = self.shift(index);
        self.luma(from, index, shift, exposure, out);
        let half = (self.width / 2, self.height / 2);
        let amount = (self.flaws.noise * exposure.noise * 12.0) as i32 / 2;
        let [right, down] = [shift.x, shift.y].map(|shift| (shift / 2.0).round() as i32);
        for (salt, source, target) in [(3, &from.u, &mut out.u), (5, &from.v, &mut out.v)] {
            target.par_chunks_mut(half.0).enumerate().for_each(|(row, line)| {
                let offset = self.offset(index, row as u32, salt);
                let start = mirrored(row as i32 + down, half.1) * half.0;
                let source = &source[start..start + half.0];
                let noise = &self.noise[offset..offset + half.0];
                for (column, (value, &grain)) in line.iter_mut().zip(noise).enumerate() {
                    let below = source[mirrored(column as i32 + right, half.0)];
                    *value =
                        (i32::from(below) + ((i32::from(grain) * amount + 256) >> 9)).clamp(16, 240) as u8;
                }
            });
        }
        if self.flaws.snow > 0.0 {
            flakes::fall(out, index as f32 * PICTURE_S, self.flaws.snow, self.seed);
        }
        if self.flaws.rain > 0.0 {
            self.streaks(index, out);
            self.lens_drops(from, out);
        }
    }

    fn offset(&self, index: u32, row: u32, salt: u32) -> usize {
        (hash(index.wrapping_mul(0x9e37) ^ row.wrapping_mul(0x85eb_ca6b) ^ self.seed ^ salt) as usize)
            % (TILE - self.width)
    }

    fn luma(&self, from: &I420Frame, index: u32, shift: Vec2, exposure: Exposure, out: &mut I420Frame) {
        let (width, height) = (self.width, self.height);
        let whole = shift.floor();
        let (fx, fy) = (((shift.x - whole.x) * 16.0) as i32, ((shift.y - whole.y) * 16.0) as i32);
        let weights = [(16 - fx) * (16 - fy), fx * (16 - fy), (16 - fx) * fy, fx * fy];
        let amount = (self.flaws.noise * exposure.noise * 12.0) as i32;
        let exposure = (self.exposure(index) * exposure.gain * 256.0) as i32;
        out.y.par_chunks_mut(width).enumerate().for_each(|(row, line)| {
            let source = |row: i32| {
                let start = mirrored(row, height) * width;
                &from.y[start..start + width]
            };
            let top = row as i32 + whole.y as i32;
            let (upper, lower) = (source(top), source(top + 1));
            let offset = self.offset(index, row as u32, 1);
            let noise = &self.noise[offset..offset + width];
            let gain = &self.gain[row * width..(row + 1) * width];
            let step = whole.x as i32;
            let mut pixel = |x: usize, a: usize, b: usize| {
                let mixed = i32::from(upper[a]) * weights[0]
                    + i32::from(upper[b]) * weights[1]
                    + i32::from(lower[a]) * weights[2]
                    + i32::from(lower[b]) * weights[3];
                let light = (((((mixed - 16 * 256) >> 4) * i32::from(gain[x])) >> 8) * exposure) >> 8;
                // Noise is strongest in the dark, where the sensor's gain is.
                let grain = (i32::from(noise[x]) * amount * (384 - light / 16)) >> 13;
                line[x] = (16 + ((light + grain + 8) >> 4)).clamp(16, 235) as u8;
            };
            let edge = step.unsigned_abs() as usize + 1;
            for x in (0..edge).chain(width - edge..width) {
                pixel(x, mirrored(x as i32 + step, width), mirrored(x as i32 + step + 1, width));
            }
            let (a, mid) = ((edge as i32 + step) as usize, width - 2 * edge);
            let rows = upper[a..a + mid + 1].windows(2).zip(lower[a..a + mid + 1].windows(2));
            let rest = line[edge..edge + mid].iter_mut().zip(&noise[edge..]).zip(&gain[edge..]);
            for ((up, down), ((value, &grain), &gain)) in rows.zip(rest) {
                let mixed = i32::from(up[0]) * weights[0]
                    + i32::from(up[1]) * weights[1]
                    + i32::from(down[0]) * weights[2]
                    + i32::from(down[1]) * weights[3];
                let light = (((((mixed - 16 * 256) >> 4) * i32::from(gain)) >> 8) * exposure) >> 8;
                let grain = (i32::from(grain) * amount * (384 - light / 16)) >> 13;
                *value = (16 + ((light + grain + 8) >> 4)).clamp(16, 235) as u8;
            }
        });
    }

    fn streaks(&self, index: u32, out: &mut I420Frame) {
        let scale = self.width as f32 / 1920.0;
        let count = (420.0 * self.flaws.rain) as u32;
        for streak in 0..count {
            let dice = |salt: u32| unit(hash(index ^ self.seed) ^ (streak * 8_191 + salt));
            let near = dice(1) * dice(1);
            let length = (16.0 + 90.0 * near) * scale;
            let slant = 0.12 + 0.05 * (dice(2) - 0.5);
            let x = dice(3) * self.width as f32;
            let y = dice(4) * (self.height as f32 + length) - length;
            let light = (9.0 + 22.0 * dice(5)) * (1.0 - 0.5 * near);
            let thick = (1.0 + 1.8 * near * scale) as usize;
            for step in 0..length as usize {
                let fade = (std::f32::consts::PI * step as f32 / length).sin() * light;
                let (px, py) = (x - slant * step as f32, y + step as f32);
                for wide in 0..thick {
                    let (px, py) = (px as i32 + wide as i32, py as i32);
                    if px >= 0 && py >= 0 && (px as usize) < self.width && (py as usize) < self.height {
                        let value = &mut out.y[py as usize * self.width + px as usize];
                        *value = (f32::from(*value) + fade).min(235.0) as u8;
                    }
                }
            }
        }
    }

    /// Drops act as small lenses: upside down, bright above, dark below.
    fn lens_drops(&self, from: &I420Frame, out: &mut I420Frame) {
        let scale = self.width as f32 / 1920.0;
        for drop in 0..self.flaws.drops {
            let dice = |salt: u32| unit(self.seed ^ (drop * 613 + salt * 17));
            let radius = (9.0 + 26.0 * dice(1) * dice(1)) * scale;
            let centre = Vec2::new(dice(2) * self.width as f32, dice(3) * self.height as f32);
            let (x0, y0) =
                ((centre.x - radius).max(0.0) as usize, (centre.y - radius * 1.2).max(0.0) as usize);
            let x1 = ((centre.x + radius) as usize).min(self.width - 1);
            let y1 = ((centre.y + radius * 1.2) as usize).min(self.height - 1);
            for y in y0..=y1 {
                for x in x0..=x1 {
                    let off = (Vec2::new(x as f32, y as f32) - centre) / Vec2::new(radius, radius * 1.2);
                    let inside = ((1.0 - off.length()) * 3.0).clamp(0.0, 1.0);
                    if inside > 0.0 {
                        let far = centre - off * radius * (4.0 + 3.0 * off.length_squared());
                        let sx = far.x.clamp(0.0, self.width as f32 - 1.0) as usize;
                        let sy = far.y.clamp(0.0, self.height as f32 - 1.0) as usize;
                        let seen = f32::from(from.y[sy * self.width + sx]) * (1.0 + 0.2 * off.y) + 6.0;
                        let value = &mut out.y[y * self.width + x];
                        let mixed = f32::from(*value) + (seen - f32::from(*value)) * inside * 0.55;
                        *value = mixed.clamp(16.0, 235.0) as u8;
                    }
                }
            }
        }
    }
}

/// A row or column of `count`; beyond the edge they come back in reverse.
fn mirrored(at: i32, count: usize) -> usize {
    let last = count as i32 - 1;
    let inside = if at < 0 {
        -at - 1
    } else if at > last {
        2 * last + 1 - at
    } else {
        at
    };
    inside.clamp(0, last) as usize
}

/// Writes white letters with a dark edge, as recorders do.
pub(crate) fn write(out: &mut I420Frame, caption: &Caption) {
    let atlas = glyphs();
    let advance = |sign: char| (caption.size * Glyphs::advance(sign)).round();
    let length: f32 = caption.text.chars().map(advance).sum();
    let mut x = if caption.right { caption.at.x - length } else { caption.at.x };
    let width = out.width as usize;
    let edge = (caption.size / 22.0).max(1.0);
    for sign in caption.text.chars() {
        let cell = caption.size.ceil() as i32 + 2;
        for dy in -1..cell {
            for dx in -1..cell {
                let (px, py) = (x as i32 + dx, caption.at.y as i32 + dy);
                if px < 0 || py < 0 || px >= out.width as i32 || py >= out.height as i32 {
                    continue;
                }
                let at = |ox: f32, oy: f32| {
                    let place = Vec2::new(dx as f32 + 0.5 + ox, dy as f32 + 0.5 + oy) / caption.size;
                    if place.x > Glyphs::advance(sign) { 0.0 } else { atlas.coverage(sign, place) }
                };
                let ink = at(0.0, 0.0);
                let around =
                    at(edge, 0.0).max(at(-edge, 0.0)).max(at(0.0, edge)).max(at(0.0, -edge)).max(ink);
                if around > 0.02 {
                    let index = py as usize * width + px as usize;
                    let below = f32::from(out.y[index]) * (1.0 - 0.8 * around) + 16.0 * 0.8 * around;
                    out.y[index] = (below * (1.0 - ink) + 232.0 * ink) as u8;
                    if ink > 0.3 {
                        let chroma = (py as usize / 2) * (width / 2) + px as usize / 2;
                        (out.u[chroma], out.v[chroma]) = (128, 128);
                    }
                }
            }
        }
        x += advance(sign);
    }
}
