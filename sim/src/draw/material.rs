//! What surfaces are made of, and how each looks at a point.

use glam::{Vec2, Vec3};

use super::noise::{cell, fractal, smoothstep, solid, unit, value};

/// What a triangle is made of. Patterns come from the place of the point seen, so meshes need no texture coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Material {
    /// The ground plane: asphalt, paving, paint, as the world's ground map says.
    Ground,
    /// A wall with windows; index into the world's façades.
    Facade(u8),
    /// One colour with a little dirt; gloss 0–255.
    Plain { rgb: [u8; 3], gloss: u8 },
    /// Rough cast concrete or render.
    Concrete([u8; 3]),
    /// Leaves; the seed varies their colour.
    Leaf { rgb: [u8; 3], seed: u8 },
    /// Tree bark.
    Bark,
    /// Window glass.
    Glass,
    /// Red and white bands across the longest axis.
    Barred { along_y: bool },
    /// A lamp or sign that shines when it is dark.
    Glow([u8; 3]),
    /// A light and dark kerb stone every metre.
    Kerb,
    /// The lower body of a vehicle.
    Body,
    /// Roof, pillars and windows of a vehicle.
    Cabin,
    /// A wheel of a vehicle.
    Wheel,
    /// The load of a lorry.
    Cargo,
    /// A number plate; retro-reflecting.
    Plate,
}

impl Material {
    pub(crate) fn is_ground(self) -> bool {
        matches!(self, Self::Ground)
    }

    pub(crate) fn is_two_sided(self) -> bool {
        matches!(self, Self::Leaf { .. })
    }
}

/// sRGB bytes as linear light.
pub(crate) fn linear(rgb: [u8; 3]) -> Vec3 {
    Vec3::from(rgb.map(|value| (f32::from(value) / 255.0).powf(2.2)))
}

/// A point of a surface as seen through a pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub world: Vec3,
    /// In the coordinates of the thing seen.
    pub local: Vec3,
    pub normal: Vec3,
    pub local_normal: Vec3,
    /// Metres that a pixel covers here.
    pub footprint: f32,
}

/// How a surface answers light at a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surface {
    /// Share of light scattered, linear.
    pub albedo: Vec3,
    /// Reflectance seen head-on, 0–1; grows towards grazing.
    pub mirror: f32,
    /// 0 rough to 1 polished.
    pub polish: f32,
    /// Light given off, in units of a sunlit white wall.
    pub emit: Vec3,
    /// Light thrown back to where it came from (plates, reflectors), 0–1.
    pub retro: f32,
    /// Share of the sky that reaches it, 0–1.
    pub open: f32,
}

impl Surface {
    pub(crate) fn matt(albedo: Vec3) -> Self {
        Self { albedo, mirror: 0.0, polish: 0.0, emit: Vec3::ZERO, retro: 0.0, open: 1.0 }
    }

    pub(crate) fn glossy(albedo: Vec3, mirror: f32, polish: f32) -> Self {
        Self { mirror, polish, ..Self::matt(albedo) }
    }
}

/// The look of a building's walls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facade {
    pub wall: Vec3,
    pub trim: Vec3,
    /// 0 render, 1 tiles, 2 bricks.
    pub texture: u8,
    /// Metres between window axes.
    pub pitch: f32,
    /// Metres.
    pub window: Vec2,
    pub storey: f32,
    pub seed: u32,
    /// Share of windows with light behind them when it is dark.
    pub lit: f32,
    /// Burglar bars before the windows.
    pub bars: bool,
}

/// The materials that belong to no vehicle or person.
pub(crate) fn plain_surface(material: Material, hit: &Hit, dark: f32) -> Surface {
    let p = hit.world;
    match material {
        Material::Plain { rgb, gloss } => {
            let dirt = 0.88 + 0.2 * solid(hit.local * 3.0, 11);
            let gloss = f32::from(gloss) / 255.0;
            Surface::glossy(linear(rgb) * dirt, 0.05 * gloss, gloss)
        }
        Material::Concrete(rgb) => {
            let grain = 0.8 + 0.25 * fractal(Vec2::new(p.x + p.y, p.z * 1.4 + p.y * 0.3) * 0.9, 4, 3);
            let foot = 0.7 + 0.3 * smoothstep(0.0, 0.5, p.z);
            Surface::matt(linear(rgb) * grain * foot)
        }
        Material::Leaf { rgb, seed } => leaf(rgb, seed, hit),
        Material::Bark => {
            Surface::matt(linear([92, 80, 68]) * (0.6 + 0.8 * solid(p * Vec3::new(14.0, 14.0, 3.0), 8)))
        }
        Material::Glass => Surface::glossy(Vec3::splat(0.02), 0.09, 1.0),
        Material::Barred { along_y } => {
            let along = if along_y { hit.local.y } else { hit.local.x };
            let red = (along / 0.5).floor() as i32 & 1 == 0;
            let rgb = if red { [186, 38, 34] } else { [228, 226, 220] };
            Surface {
                retro: 0.25,
                ..Surface::glossy(linear(rgb) * (0.8 + 0.3 * solid(p * 4.0, 1)), 0.03, 0.4)
            }
        }
        Material::Glow(rgb) => {
            Surface { emit: linear(rgb) * dark * 6.0, ..Surface::glossy(linear(rgb) * 0.7, 0.04, 0.6) }
        }
        Material::Kerb => {
            let along = p.x + p.y;
            let joint = smoothstep(0.0, 0.03 + hit.footprint, (along - along.round()).abs());
            let stone = 0.75 + 0.3 * value(Vec2::new(along.round(), 0.5), 77);
            Surface::matt(
                linear([150, 148, 142]) * stone * (0.6 + 0.4 * joint) * (0.85 + 0.3 * solid(p * 9.0, 4)),
            )
        }
        _ => Surface::matt(Vec3::splat(0.3)),
    }
}

fn leaf(rgb: [u8; 3], seed: u8, hit: &Hit) -> Surface {
    let p = hit.world;
    let mottled = 0.55 + 0.9 * solid(p * 7.0, u32::from(seed));
    let hue = unit(u32::from(seed) * 7 + 3);
    let tint = Vec3::new(0.85 + 0.5 * hue, 1.0, 0.8 - 0.2 * hue);
    let mut surface = Surface::matt(linear(rgb) * tint * mottled);
    surface.open = 0.55 + 0.45 * solid(p * 2.3, 5);
    surface
}

/// A wall with windows. `dark` is 0 by day and 1 at night.
pub(crate) fn facade_surface(f: &Facade, hit: &Hit, dark: f32) -> Surface {
    if hit.normal.z > 0.7 {
        return Surface::matt(linear([120, 118, 114]) * (0.8 + 0.3 * fractal(hit.world.truncate(), 3, 5)));
    }
    let along = hit.world.truncate().dot(Vec2::new(-hit.normal.y, hit.normal.x)) + f.pitch * 0.37;
    let (bay, floor) = ((along / f.pitch).floor(), (hit.world.z / f.storey).floor());
    let across = along - (bay + 0.5) * f.pitch;
    let up = hit.world.z - floor * f.storey;
    let dice = |salt: u32| cell(bay as i32, floor as i32, f.seed ^ salt);
    let soft = hit.footprint.clamp(0.01, 0.3);
    let half = f.window.x / 2.0 * (0.85 + 0.3 * cell(bay as i32, 0, f.seed));
    let (low, high) = (0.95, 0.95 + f.window.y);
    let inside = (half - across.abs()).min(up - low).min(high - up);
    if inside > 0.0 && !(floor < 1.0 && dice(9) < 0.12) {
        return window(f, hit, Vec2::new(across, up - low), half, inside, &dice, dark, soft);
    }
    wall(f, hit, along, up, inside, soft)
}

#[expect(clippy::too_many_arguments, reason = "one call site; the values are the window's coordinates")]
fn window(
    f: &Facade,
    hit: &Hit,
    at: Vec2,
    half: f32,
    inside: f32,
    dice: &dyn Fn(u32) -> f32,
    dark: f32,
    soft: f32,
) -> Surface {
    let mullion = (at.x.abs().min((at.x.abs() - half * 0.5).abs()) - 0.03)
        .min(inside - 0.05)
        .min((at.y - f.window.y * 0.68).abs() - 0.025);
    let frame = 1.0 - smoothstep(0.0, soft, mullion);
    let curtain = dice(1);
    let room = if curtain < 0.45 {
        let folds = 0.8 + 0.3 * (at.x * 40.0).sin().abs();
        let cloth =
            [[150, 140, 120], [120, 130, 140], [160, 150, 145], [110, 90, 80]][(curtain * 8.0) as usize % 4];
        linear(cloth) * 0.5 * folds
    } else {
        Vec3::splat(0.018 + 0.05 * smoothstep(1.0, 0.0, at.y))
    };
    let mut surface = Surface::glossy(room.lerp(f.trim, frame), 0.08 * (1.0 - frame), 1.0 - 0.7 * frame);
    if dice(2) < f.lit {
        let warm = if dice(3) < 0.6 { Vec3::new(1.0, 0.72, 0.42) } else { Vec3::new(0.8, 0.9, 1.0) };
        surface.emit =
            warm * dark * (0.12 + 0.25 * dice(4)) * (1.0 - frame) * (0.5 + 0.5 * at.y / f.window.y);
    }
    if f.bars && hit.world.z < f.storey * 5.0 && dice(6) < 0.8 {
        let bar = |x: f32, gap: f32| {
            1.0 - smoothstep(0.012, 0.012 + soft, ((x / gap).fract().abs() - 0.5).abs() * gap)
        };
        let bars = bar(at.x + 10.0, 0.13).max(bar(at.y, 0.42)) * (0.03 / soft).min(1.0);
        surface.albedo = surface.albedo.lerp(Vec3::splat(0.45), bars);
    }
    // The reveal shades the top of the pane.
    surface.open = 0.55 + 0.45 * smoothstep(0.0, 0.35, f.window.y - at.y);
    surface
}

fn wall(f: &Facade, hit: &Hit, along: f32, up: f32, inside: f32, soft: f32) -> Surface {
    let p = Vec2::new(along, hit.world.z);
    let mut albedo =
        f.wall * (0.86 + 0.22 * fractal(p * 0.35, 4, f.seed)) * (0.95 + 0.1 * fractal(p * 5.0, 2, f.seed));
    match f.texture {
        1 => {
            let joint = |x: f32, size: f32| {
                smoothstep(0.0, 0.012 + soft, ((x / size).fract().abs() - 0.5).abs() * size)
            };
            let seam = joint(p.x, 0.3).min(joint(p.y, 0.1)) * 0.12 + 0.88;
            albedo *= seam * (0.93 + 0.14 * cell((p.x / 0.3) as i32, (p.y / 0.1) as i32, f.seed));
        }
        2 => {
            let row = (p.y / 0.075).floor();
            let x = p.x / 0.25 + row * 0.5;
            let seam = smoothstep(0.0, 0.02 + soft, (x.fract().abs() - 0.5).abs() * 0.25);
            albedo *= (0.72 + 0.45 * cell(x.floor() as i32, row as i32, f.seed)) * (0.85 + 0.15 * seam);
        }
        _ => {}
    }
    // Floor bands, sills, the streaks that rain leaves below them, and the plinth.
    let band = 1.0 - smoothstep(0.0, soft, (up - 0.12).abs() - 0.07);
    albedo = albedo.lerp(f.trim, band * 0.6);
    if inside > -0.12 && up < 0.95 {
        albedo = albedo.lerp(f.trim * 1.1, 0.7);
    }
    if up < 0.85 {
        let streak = fractal(Vec2::new(p.x * 6.0, p.y * 0.4), 3, f.seed ^ 9);
        albedo *= 1.0 - 0.35 * smoothstep(0.5, 0.85, streak) * smoothstep(0.0, 0.9, up);
    }
    if hit.world.z < 0.75 {
        albedo = linear([112, 108, 102]) * (0.8 + 0.35 * fractal(p * 2.0, 3, 2));
        albedo *= 0.7 + 0.3 * smoothstep(0.0, 0.3, hit.world.z);
    }
    let mut surface = Surface::glossy(albedo, if f.texture == 1 { 0.02 } else { 0.0 }, 0.3);
    surface.open = 0.6 + 0.4 * smoothstep(0.0, 2.5, hit.world.z);
    surface
}
