//! Random light, weather, optics and sensor flaws.

use fastrand::Rng;
use glam::Vec3;

use crate::{
    I420Frame,
    draw::{
        light::{Light, Mode},
        sensor::Flaws,
    },
};

/// Light of a random hour and weather.
pub(super) fn light(rng: &mut Rng, eye: Vec3, axis: Vec3) -> Light {
    let mode = match rng.f32() {
        x if x < 0.46 => Mode::Day,
        x if x < 0.66 => Mode::Overcast,
        x if x < 0.79 => Mode::Dusk,
        _ => Mode::Infrared,
    };
    let rain = if mode != Mode::Day && rng.f32() < 0.35 { 0.2 + 0.8 * rng.f32() } else { 0.0 };
    let mut light = Light::new(mode, 360.0 * rng.f32(), 14.0 + 58.0 * rng.f32(), rain, eye, axis);
    let around = |rng: &mut Rng, by: f32| 1.0 + by * (2.0 * rng.f32() - 1.0);
    light.exposure *= around(rng, 0.35);
    light.contrast = 0.1 + 0.8 * rng.f32();
    light.saturation *= 0.5 + 0.7 * rng.f32();
    light.balance = Vec3::new(around(rng, 0.1), 1.0, around(rng, 0.1));
    light.haze *= 0.5 + rng.f32();
    if let Some(infrared) = &mut light.infrared {
        infrared.strength *= 0.5 + 1.5 * rng.f32();
        infrared.half_cos = 0.65 + 0.25 * rng.f32();
        light.horizon *= 0.5 + 6.0 * rng.f32() * rng.f32();
        light.zenith = light.horizon * 0.6;
        light.bounce = light.horizon * 0.5;
    } else if rng.f32() < 0.06 {
        light.monochrome = true;
    }
    light
}

/// Random sensor flaws.
pub(super) fn flaws(rng: &mut Rng, light: &Light) -> Flaws {
    Flaws {
        noise: (0.4 + 3.0 * rng.f32() * rng.f32()) * (1.0 + 1.5 * light.dark),
        shake: 2.0,
        gusts: 0.0,
        drift: 0.08,
        vignette: 0.35 * rng.f32(),
        rain: if light.wet > 0.0 && rng.f32() < 0.8 { light.wet } else { 0.0 },
        drops: if light.wet > 0.0 { rng.u32(..6) } else { 0 },
        snow: 0.0,
    }
}

/// A lens that is not quite sharp, or a camera that sharpens too much, in one picture of two.
pub(super) fn optics(frame: &mut I420Frame, rng: &mut Rng) {
    let amount = match rng.f32() {
        x if x < 0.25 => 0.2 + 0.6 * rng.f32(),
        x if x < 0.55 => -(0.2 + 0.9 * rng.f32()),
        _ => return,
    };
    let (width, height) = (frame.width as usize, frame.height as usize);
    let source = frame.y.clone();
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let value = |at: usize| f32::from(source[at]);
            let sides = value(at - 1) + value(at + 1) + value(at - width) + value(at + width);
            let corners =
                value(at - width - 1) + value(at - width + 1) + value(at + width - 1) + value(at + width + 1);
            let soft = (value(at) * 4.0 + sides * 2.0 + corners) / 16.0;
            frame.y[at] = (value(at) + (soft - value(at)) * amount).clamp(16.0, 235.0) as u8;
        }
    }
}
