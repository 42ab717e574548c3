//! Light of a time of day, and what the sensor makes of it.

use std::sync::OnceLock;

use glam::{Vec2, Vec3};

use super::{
    material::{Hit, Surface, linear},
    noise::{smoothstep, value},
};

/// A lamp that shines all around.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lamp {
    pub position: Vec3,
    pub colour: Vec3,
    /// Metres at which it is half as strong as right below.
    pub reach: f32,
}

/// An infrared illuminator beside the lens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Infrared {
    pub strength: f32,
    /// Direction it points, of unit length.
    pub axis: Vec3,
    /// Cosine of the angle at which it has faded to half.
    pub half_cos: f32,
}

/// All light of a picture.
#[derive(Debug, Clone)]
pub(crate) struct Light {
    /// Towards the sun, of unit length.
    pub sun: Vec3,
    pub sun_colour: Vec3,
    pub zenith: Vec3,
    pub horizon: Vec3,
    pub bounce: Vec3,
    pub lamps: Vec<Lamp>,
    pub infrared: Option<Infrared>,
    /// 0 by day, 1 at night: lamps, windows and headlights are on.
    pub dark: f32,
    /// 0 dry to 1 wet.
    pub wet: f32,
    pub exposure: f32,
    pub contrast: f32,
    pub saturation: f32,
    /// Colour balance of the camera.
    pub balance: Vec3,
    pub monochrome: bool,
    /// Metres at which haze hides half; 0 for none.
    pub haze: f32,
    pub eye: Vec3,
}

impl Light {
    /// Whether the sun casts shadows.
    pub(crate) fn has_sun(&self) -> bool {
        self.sun_colour.max_element() > 0.02
    }

    /// What a mirror sees in a direction.
    pub(crate) fn around(&self, d: Vec3) -> Vec3 {
        if d.z < 0.0 {
            return self.bounce.lerp(self.horizon * 0.35, smoothstep(-0.25, 0.0, d.z));
        }
        let azimuth = d.y.atan2(d.x) * 3.0;
        let skyline =
            0.12 + 0.3 * value(Vec2::new(azimuth.floor(), 0.0), 99) * value(Vec2::new(azimuth * 0.4, 9.0), 7);
        let sky = self.horizon.lerp(self.zenith, d.z.sqrt());
        let house = self.horizon * 0.3;
        house.lerp(sky, smoothstep(skyline - 0.03, skyline + 0.03, d.z))
    }

    /// Light that reaches the eye from a surface; `sunlit` is the share of the sun that reaches it, `mirrored` what it
    /// mirrors, where that is known better than [`Self::around`].
    pub(crate) fn shade(&self, s: &Surface, hit: &Hit, sunlit: f32, mirrored: Option<Vec3>) -> Vec3 {
        let n = hit.normal;
        let to_eye = (self.eye - hit.world).normalize_or(Vec3::Z);
        let sky = self.bounce.lerp(self.zenith.lerp(self.horizon, 0.4), 0.5 + 0.5 * n.z) * s.open;
        let facing = n.dot(self.sun).max(0.0);
        let mut arriving = sky + self.sun_colour * facing * sunlit;
        for lamp in &self.lamps {
            let to = lamp.position - hit.world;
            let distance2 = to.length_squared();
            let fade = 1.0 / (1.0 + distance2 / (lamp.reach * lamp.reach));
            let cut = smoothstep(6.0, 3.0, distance2.sqrt() / lamp.reach);
            arriving += lamp.colour
                * fade
                * cut
                * (n.dot(to / distance2.sqrt().max(0.1)) * 0.8 + 0.2).max(0.0)
                * s.open;
        }
        let mut back = 0.0;
        if let Some(ir) = &self.infrared {
            let distance2 = (self.eye - hit.world).length_squared();
            let cone = ir.axis.dot(-to_eye);
            let spot = smoothstep(2.0 * ir.half_cos - 1.0, 1.0, cone);
            back = ir.strength * spot / (distance2 + 9.0);
            arriving += Vec3::splat(back * n.dot(to_eye).max(0.0).powf(0.8));
        }
        let mut out = s.albedo * arriving + s.emit + Vec3::splat(s.retro * back * 14.0);
        if s.mirror > 0.0 {
            let cos = n.dot(to_eye).clamp(0.0, 1.0);
            let fresnel = s.mirror + (0.9 - s.mirror).max(0.0) * s.polish * (1.0 - cos).powi(5);
            let bounced = n * (2.0 * n.dot(to_eye)) - to_eye;
            out = out * (1.0 - fresnel) + mirrored.unwrap_or_else(|| self.around(bounced)) * fresnel * s.open;
            let glint = bounced.dot(self.sun).max(0.0);
            let tight = 8.0 + 400.0 * s.polish * s.polish;
            out += self.sun_colour * sunlit * glint.powf(tight) * fresnel * (2.0 + 18.0 * s.polish);
            if back > 0.0 {
                out += Vec3::splat(back * cos.powf(tight * 0.3) * s.mirror * 10.0);
            }
        }
        if self.haze > 0.0 {
            let far = (self.eye - hit.world).length();
            out = out.lerp(self.horizon * 0.8, 1.0 - (-0.7 * far / self.haze).exp());
        }
        out
    }

    /// The sky behind everything.
    pub(crate) fn sky(&self, d: Vec3) -> Vec3 {
        let d = d.normalize_or(Vec3::Z);
        let cloud = value(d.truncate() / (d.z.max(0.0) + 0.25) * 1.5, 31) * 0.25 + 0.85;
        self.horizon.lerp(self.zenith, d.z.max(0.0).sqrt()) * cloud
    }

    /// What the camera makes of light: full range R'G'B', 0–1.
    pub(crate) fn develop(&self, light: Vec3) -> Vec3 {
        let mut c = light * self.balance * self.exposure;
        let grey = c.dot(Vec3::new(0.2126, 0.7152, 0.0722));
        let saturation = if self.monochrome { 0.0 } else { self.saturation };
        c = (Vec3::splat(grey) + (c - grey) * saturation).max(Vec3::ZERO);
        let film = |x: f32| {
            let x = film_curve(x);
            x + self.contrast * (x - 0.5) * (x * (1.0 - x)) * 2.0
        };
        Vec3::new(film(c.x), film(c.y), film(c.z)).clamp(Vec3::ZERO, Vec3::ONE)
    }
}

/// Light to display value, 0–1: saturates softly, then gamma. From a table over the root of the light.
fn film_curve(light: f32) -> f32 {
    const STEPS: usize = 1024;
    const BRIGHTEST: f32 = 9.0;
    static CURVE: OnceLock<Vec<f32>> = OnceLock::new();
    let curve = CURVE.get_or_init(|| {
        let value = |step: usize| (step as f32 / STEPS as f32).powi(2) * BRIGHTEST;
        (0..=STEPS + 1).map(|step| (1.0 - (-value(step)).exp()).powf(1.0 / 2.2)).collect()
    });
    let at = (light.clamp(0.0, BRIGHTEST) / BRIGHTEST).sqrt() * STEPS as f32;
    let step = at as usize;
    curve[step] + (curve[step + 1] - curve[step]) * (at - step as f32)
}

/// R'G'B' as Y, U, V bytes (BT.709, limited range), not yet rounded.
pub(crate) fn to_yuv(c: Vec3) -> Vec3 {
    let y = c.dot(Vec3::new(0.2126, 0.7152, 0.0722));
    Vec3::new(16.0 + 219.0 * y, 128.0 + 224.0 * (c.z - y) / 1.8556, 128.0 + 224.0 * (c.x - y) / 1.5748)
}

/// Which time of day and weather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mode {
    /// Sun and blue sky.
    Day,
    /// A closed cloud cover: soft light without shadows.
    Overcast,
    /// After sunset: blue light, lamps on.
    Dusk,
    /// Black and white, lit by the camera's infrared lamps.
    Infrared,
}

impl Light {
    /// Light of a kind, for an eye somewhere looking along `axis`. Angles in degrees, azimuth clockwise from north.
    pub(crate) fn new(mode: Mode, azimuth: f32, elevation: f32, rain: f32, eye: Vec3, axis: Vec3) -> Self {
        let (az, el) = (azimuth.to_radians(), elevation.to_radians());
        let sun = Vec3::new(az.sin() * el.cos(), az.cos() * el.cos(), el.sin());
        let mut light = Self {
            sun,
            sun_colour: Vec3::ZERO,
            zenith: Vec3::splat(0.9),
            horizon: Vec3::splat(1.15),
            bounce: Vec3::splat(0.22),
            lamps: Vec::new(),
            infrared: None,
            dark: 0.0,
            wet: rain.min(1.0),
            exposure: 1.35,
            contrast: 0.5,
            saturation: 0.9,
            balance: Vec3::ONE,
            monochrome: false,
            haze: if rain > 0.0 { 90.0 } else { 220.0 },
            eye,
        };
        match mode {
            Mode::Day => {
                let low = smoothstep(60.0, 10.0, elevation);
                light.sun_colour = Vec3::new(2.3, 2.12 - 0.35 * low, 1.9 - 0.8 * low) * (1.0 - 0.25 * low);
                light.zenith = Vec3::new(0.32, 0.45, 0.68);
                light.horizon = Vec3::new(0.78, 0.86, 0.95);
                light.bounce = Vec3::new(0.26, 0.24, 0.21);
                light.exposure = 0.95;
            }
            Mode::Overcast => {}
            Mode::Dusk => {
                light.zenith = Vec3::new(0.09, 0.125, 0.225);
                light.horizon = Vec3::new(0.2, 0.2, 0.26);
                light.bounce = Vec3::new(0.05, 0.05, 0.055);
                light.dark = 0.8;
                light.exposure = 3.4;
                light.haze *= 1.5;
            }
            Mode::Infrared => {
                light.zenith = Vec3::splat(0.006);
                light.horizon = Vec3::splat(0.012);
                light.bounce = Vec3::splat(0.004);
                light.dark = 1.0;
                light.exposure = 3.0;
                light.contrast = 0.7;
                light.monochrome = true;
                light.haze = 0.0;
                light.infrared = Some(Infrared { strength: 95.0, axis: axis.normalize(), half_cos: 0.80 });
            }
        }
        light
    }

    /// Draws clouds before the sun, to that share; the camera opens up.
    pub(crate) fn cloud_over(&mut self, share: f32) {
        self.sun_colour *= 1.0 - share;
        if self.sun_colour.max_element() < 0.1 {
            self.sun_colour = Vec3::ZERO;
        }
        self.zenith = self.zenith.lerp(Vec3::new(0.62, 0.66, 0.72), share);
        self.horizon = self.horizon.lerp(Vec3::new(0.82, 0.84, 0.88), share);
        self.exposure *= 1.0 + 0.55 * share;
    }

    /// Snow on the ground throws light back up, and falling snow takes the view.
    pub(crate) fn snow_over(&mut self, share: f32) {
        self.bounce += self.horizon * 0.42 * share;
        self.exposure *= 1.0 - 0.3 * share;
        self.saturation *= 1.0 - 0.25 * share;
        self.balance = Vec3::ONE.lerp(Vec3::new(0.97, 1.0, 1.04), share);
        self.haze = if self.haze > 0.0 { self.haze.min(150.0 - 95.0 * share) } else { 0.0 };
    }

    /// Adds a street lamp.
    pub(crate) fn add_lamp(&mut self, position: Vec3, rgb: [u8; 3], strength: f32) {
        let colour = linear(rgb) * strength * self.dark;
        self.lamps.push(Lamp { position, colour, reach: 3.2 });
    }
}
