//! Snow that falls: flakes at every distance from the lens, each on its way through many pictures.

use glam::Vec2;

use super::noise::unit;
use crate::I420Frame;

/// Flakes in the picture at the heaviest snowfall.
const COUNT: u32 = 2200;
/// Share of them that fall right before the lens.
const NEAR: f32 = 0.014;
/// Focal length in widths of the picture, about.
const FOCAL: f32 = 0.62;
/// How long a picture is exposed, in seconds.
const SHUTTER_S: f32 = 0.01;
/// How bright a flake is by day, as luma.
const LUMA: f32 = 222.0;

/// One flake.
struct Flake {
    number: u32,
    seed: u32,
    /// Metres from the lens.
    distance: f32,
    /// Where it goes, in pixels a second.
    velocity: Vec2,
    /// Half breadth in pixels, sharp and as the lens sees it.
    size: f32,
    blurred: f32,
}

impl Flake {
    fn new(number: u32, seed: u32, width: f32) -> Self {
        let dice = |salt: u32| unit(seed ^ number.wrapping_mul(0x9e37_79b1) ^ (salt * 7_919));
        let distance = if dice(1) < NEAR { 0.5 + 1.3 * dice(2) } else { 2.0 + 12.0 * dice(2).sqrt() };
        let focal = width * FOCAL;
        let wind = 0.35 + 0.5 * (dice(3) - 0.5);
        let velocity = Vec2::new(wind, 0.9 + 0.7 * dice(4)) * focal / distance;
        let size = (0.0035 + 0.0065 * dice(5) * dice(6)) * focal / distance;
        // What is nearer than the lens is set for is out of focus.
        let blurred = size + (0.003 * focal / distance - 0.0006 * focal).max(0.0);
        Self { number, seed, distance, velocity, size, blurred }
    }

    /// Its middle at a time, which comes anew from above whenever it has fallen through.
    fn place(&self, at_s: f32, width: f32, height: f32) -> Vec2 {
        let margin = self.blurred * 2.0 + self.velocity.y * SHUTTER_S;
        let way = height + 2.0 * margin;
        let fallen = at_s * self.velocity.y / way + unit(self.seed ^ self.number.wrapping_mul(613));
        let (round, share) = (fallen.floor(), fallen.fract());
        let across =
            unit(self.seed ^ self.number.wrapping_mul(977) ^ (round as i32 as u32).wrapping_mul(0x85eb_ca6b));
        let sways = (at_s * 2.3 + self.number as f32).sin() * 0.06 * width * FOCAL / self.distance;
        let drift = (share - 0.5) * way * self.velocity.x / self.velocity.y;
        let x = (across * 1.5 - 0.25) * width + drift + sways;
        Vec2::new(x, share * way - margin)
    }

    /// How much of what is behind it it hides, at its middle.
    fn cover(&self) -> f32 {
        // A point that is smaller than a pixel, or blurred, or drawn out by its fall, is the fainter for it.
        let sharp = (self.size / self.blurred).powi(2);
        let drawn_out = self.blurred * 2.0 / (self.blurred * 2.0 + self.velocity.length() * SHUTTER_S);
        (0.95 * sharp.max(0.22) * drawn_out.max(0.55) * (self.size / 0.6).min(1.0)).min(0.85)
    }
}

/// Draws the flakes of one picture over it; `amount` from 0 to 1.
pub(crate) fn fall(out: &mut I420Frame, at_s: f32, amount: f32, seed: u32) {
    let (width, height) = (out.width as f32, out.height as f32);
    for number in 0..(COUNT as f32 * amount) as u32 {
        let flake = Flake::new(number, seed, width);
        let middle = flake.place(at_s, width, height);
        spread(out, middle, flake.velocity * SHUTTER_S, flake.blurred.max(0.55), flake.cover());
    }
}

/// A soft spot, drawn out along its way.
fn spread(out: &mut I420Frame, middle: Vec2, way: Vec2, radius: f32, cover: f32) {
    let half = way / 2.0;
    let reach = half.abs() + radius * 1.6 + 1.0;
    let (low, high) = (middle - reach, middle + reach);
    let (width, height) = (out.width as i32, out.height as i32);
    let length = way.length_squared().max(1e-6);
    for y in (low.y as i32).max(0)..(high.y as i32 + 1).min(height) {
        for x in (low.x as i32).max(0)..(high.x as i32 + 1).min(width) {
            let off = Vec2::new(x as f32 + 0.5, y as f32 + 0.5) - middle;
            let along = (off.dot(way) / length).clamp(-0.5, 0.5);
            let far = (off - way * along).length() / radius;
            let share = cover * (-far * far * 0.9).exp() * (1.0 - (far / 1.8).powi(4)).max(0.0);
            let value = &mut out.y[(y * width + x) as usize];
            *value = (f32::from(*value) + (LUMA - f32::from(*value)) * share) as u8;
            if x & 1 == 0 && y & 1 == 0 {
                let chroma = (y / 2 * (width / 2) + x / 2) as usize;
                for plane in [&mut out.u, &mut out.v] {
                    plane[chroma] =
                        (f32::from(plane[chroma]) + (128.0 - f32::from(plane[chroma])) * share) as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flakes_fall_from_picture_to_picture_and_make_it_lighter() {
        let flake = Flake::new(5, 1, 640.0);
        let (one, other) = (flake.place(1.0, 640.0, 360.0), flake.place(1.01, 640.0, 360.0));
        assert!(other.y > one.y && (other - one).length() < 40.0, "{one} {other}");
        let mut dark = I420Frame::new(640, 360);
        fall(&mut dark, 3.0, 1.0, 7);
        let lighter = dark.y.iter().filter(|value| **value > 24).count();
        assert!((2_000..60_000).contains(&lighter), "{lighter} pixels");
    }
}
