//! How the skin of a vehicle looks at a point: paint, glass, lamps, seams, tyres, dirt.

use glam::{Vec2, Vec3};

use super::vehicle::{Body, Measures};
use crate::draw::{
    material::{Hit, Material, Surface, linear, plain_surface},
    noise::{cell, fractal, smoothstep, solid},
};

/// What sets one vehicle apart from others of its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VehicleLook {
    pub body: Body,
    pub measures: Measures,
    /// Linear.
    pub paint: Vec3,
    /// 0 solid colour to 1 strongly metallic.
    pub metallic: f32,
    /// 0 washed to 1 filthy.
    pub dirt: f32,
    /// Linear colour of the load bed or box.
    pub cargo: Vec3,
    /// A yellow, blue or green plate.
    pub plate: [u8; 3],
    pub seed: u32,
    /// How far the wheels have turned, radians.
    pub wheel_turn: f32,
    pub headlights: bool,
    pub brake_lights: bool,
    /// How thick snow lies on it where it snows, 0–1.
    pub snow: f32,
    pub cladding: bool,
}

/// How a vehicle's material answers light.
pub(crate) fn vehicle_surface(look: &VehicleLook, material: Material, hit: &Hit, dark: f32) -> Surface {
    match material {
        Material::Body => body(look, hit, dark),
        Material::Cabin => cabin(look, hit),
        Material::Wheel => wheel(look, hit),
        Material::Cargo => cargo(look, hit),
        Material::Plate => plate(look, hit),
        other => plain_surface(other, hit, dark),
    }
}

fn painted(look: &VehicleLook, hit: &Hit) -> Surface {
    let l = hit.local;
    let dust = look.dirt
        * (0.35 * smoothstep(0.9, 0.2, l.z)
            + 0.25 * fractal(Vec2::new(l.x + l.y, l.z * 2.0) * 1.5, 3, look.seed));
    let facing = hit.normal.z.abs();
    let flake = 1.0 + look.metallic * 0.5 * (facing - 0.5);
    let colour = (look.paint * flake).lerp(Vec3::new(0.2, 0.18, 0.15), dust.min(0.8));
    Surface::glossy(colour, 0.045 + 0.05 * look.metallic, (0.97 - dust).max(0.1))
}

fn line(distance: f32, half_width: f32, soft: f32) -> f32 {
    smoothstep(half_width + soft * 0.5, half_width - soft * 0.5, distance.abs())
        * (2.0 * half_width / soft).min(1.0)
}

fn body(look: &VehicleLook, hit: &Hit, dark: f32) -> Surface {
    let (m, l) = (&look.measures, hit.local);
    let n = hit.local_normal;
    let soft = hit.footprint.max(0.004);
    let mut s = painted(look, hit);
    let half = m.length / 2.0;
    let side = n.y.abs();
    // Wheel arches: black holes a little larger than the wheels.
    if l.y.abs() > m.width * 0.36 {
        for axle in m.axles {
            let r = Vec2::new(l.x - axle, l.z - m.wheel).length();
            let hole = smoothstep(m.wheel * 1.2 + soft * 0.5, m.wheel * 1.2 - soft * 0.5, r);
            if hole > 0.0 {
                s.albedo = s.albedo.lerp(Vec3::splat(0.008), hole);
                s.mirror *= 1.0 - hole;
                s.open = 1.0 - 0.7 * hole;
            } else if look.cladding && r < m.wheel * 1.38 {
                s = Surface::glossy(Vec3::splat(0.025), 0.03, 0.3);
            }
        }
    }
    let plastic = if look.cladding { m.sill + 0.2 } else { m.sill + 0.05 };
    if l.z < plastic {
        s = Surface::glossy(Vec3::splat(0.022), 0.03, 0.25);
    }
    if side > 0.5 && !matches!(look.body, Body::BoxTruck | Body::Pickup) {
        let mut seam: f32 = line(l.z - (m.sill + 0.13), 0.006, soft);
        for x in [m.cabin[0] - 0.3, m.pillars[0], m.pillars[1] + 0.05] {
            seam = seam.max(line(l.x - x, 0.006, soft) * smoothstep(m.sill + 0.1, m.sill + 0.2, l.z));
            let handle = Vec2::new(l.x - (x + 0.16), l.z - (m.belt - 0.12));
            if handle.x.abs() < 0.1 && handle.y.abs() < 0.018 && x < m.cabin[0] - 0.4 {
                s.albedo = s.albedo.lerp(Vec3::splat(0.25), 0.6);
            }
        }
        // A crease along the flank and the rubber under the windows.
        let crease = line(l.z - (m.sill + (m.belt - m.sill) * 0.72), 0.012, soft);
        s.albedo *= (1.0 - 0.75 * seam) * (1.0 - 0.25 * crease);
        if l.z > m.belt - 0.035 && l.x < m.cabin[0] && l.x > m.cabin[3] {
            s.albedo *= 0.25;
        }
    }
    if side < 0.75 && l.x > half - 0.55 {
        front(look, hit, dark, &mut s, soft);
    } else if side < 0.85 && l.x < -half + 0.4 && !matches!(look.body, Body::BoxTruck | Body::Pickup) {
        back(look, hit, dark, &mut s, soft);
    }
    s.open *= 0.55 + 0.45 * smoothstep(0.1, 0.75, l.z);
    s
}

fn front(look: &VehicleLook, hit: &Hit, dark: f32, s: &mut Surface, soft: f32) {
    let (m, l) = (&look.measures, hit.local);
    let (half, across) = (m.width / 2.0, l.y.abs());
    let lamp_z = m.nose - 0.13;
    let lamp = Vec2::new((across - half * 0.73) / (half * 0.2), (l.z - lamp_z) / 0.085);
    let inside = smoothstep(1.0 + soft * 4.0, 1.0 - soft * 4.0, lamp.x.abs().powi(4) + lamp.y.abs().powi(4));
    if inside > 0.0 && l.x > m.length / 2.0 - 0.5 {
        let bulb = smoothstep(0.6, 0.2, (lamp * Vec2::new(1.0, 0.45)).length());
        s.albedo = s.albedo.lerp(Vec3::splat(0.32 + 0.3 * bulb), inside);
        s.mirror = 0.1;
        s.retro = 0.25 * inside;
        if look.headlights {
            s.emit = Vec3::new(1.0, 0.95, 0.85) * inside * (1.5 + 6.0 * bulb);
        } else if dark < 0.1 {
            s.albedo *= 0.8;
        }
        return;
    }
    let grille = across < half * 0.5 && l.z < m.nose - 0.06 && l.z > m.nose - 0.24;
    let intake = across < half * 0.72 && l.z < m.sill + 0.19 && l.z > m.sill + 0.02;
    if (grille || intake) && hit.local_normal.x > 0.4 {
        let slats = 0.5 + 0.5 * (l.z * 150.0).sin() * (0.02 / soft).min(1.0);
        *s = Surface::glossy(Vec3::splat(0.012 + 0.04 * slats), 0.04, 0.5);
        if across < 0.07 && grille && (l.z - m.nose + 0.14).abs() < 0.06 {
            *s = Surface::glossy(Vec3::splat(0.5), 0.3, 0.8);
        }
    }
    if matches!(look.body, Body::Bus) && l.z > 0.9 {
        s.albedo *= 0.9;
    }
}

fn back(look: &VehicleLook, hit: &Hit, dark: f32, s: &mut Surface, soft: f32) {
    let (m, l) = (&look.measures, hit.local);
    let (half, across) = (m.width / 2.0, l.y.abs());
    let tall = matches!(look.body, Body::Suv | Body::Van | Body::Bus);
    let (lamp_z, tall_by) = if tall { (m.tail - 0.2, 0.2) } else { (m.tail - 0.17, 0.085) };
    let lamp = Vec2::new((across - half * 0.8) / (half * 0.2), (l.z - lamp_z) / tall_by);
    let inside = smoothstep(1.0 + soft * 4.0, 1.0 - soft * 4.0, lamp.x.abs().powi(4) + lamp.y.abs().powi(4));
    if inside > 0.0 {
        let white = lamp.y < -0.55;
        let glass = if white { Vec3::splat(0.4) } else { Vec3::new(0.3, 0.012, 0.012) };
        s.albedo = s.albedo.lerp(glass, inside);
        s.mirror = 0.07;
        s.retro = 0.5 * inside;
        if !white {
            let glow = if look.brake_lights { 2.2 } else { 0.0 } + if look.headlights { 0.5 } else { 0.0 };
            s.emit = Vec3::new(1.0, 0.06, 0.05) * glow * inside * (0.4 + 0.6 * dark);
        }
    } else {
        let lid = line(l.z - (m.tail - 0.33), 0.006, soft).max(line(across - half * 0.62, 0.006, soft) * 0.8);
        s.albedo *= 1.0 - 0.7 * lid;
    }
    if across < 0.3 && (l.z - ((m.sill + m.tail) * 0.5 + 0.17)).abs() < 0.12 {
        s.albedo *= 0.5;
    }
}

fn cabin(look: &VehicleLook, hit: &Hit) -> Surface {
    let (m, l, n) = (&look.measures, hit.local, hit.local_normal);
    let [foot, head, rear_head, rear_foot] = m.cabin;
    let up = (l.z - m.belt) / (m.roof - m.belt);
    let half = m.width / 2.0;
    let soft = hit.footprint.max(0.004);
    let lorry = matches!(look.body, Body::BoxTruck | Body::Pickup);
    let bus = matches!(look.body, Body::Bus);
    let side_half = half * 0.945 - 0.15 * up * f32::from(!bus);
    let mut pane = -1.0f32;
    if n.y.abs() > 0.72 && n.z < 0.6 {
        // Side windows between pillars that lean with the screens.
        let from = rear_foot + (rear_head - rear_foot) * up + if lorry { 0.25 } else { 0.16 };
        let to = foot + (head - foot) * up - 0.14;
        let low = if lorry { 0.02 } else { 0.05 };
        pane = (l.x - from).min(to - l.x).min((up - low) * 0.5).min((0.86 - up) * 0.5);
        for pillar in m.pillars {
            pane = pane.min((l.x - pillar).abs() - 0.045);
        }
        if bus {
            pane = pane.min((((l.x / 1.25).fract() + 1.0).fract() - 0.5).abs() * 1.25 - 0.03);
        }
        if matches!(look.body, Body::Van) && l.x < m.pillars[1] && look.seed.is_multiple_of(3) {
            pane = -1.0;
        }
    } else if l.x > head - 0.03 && n.x > 0.2 {
        pane = (side_half - 0.09 - l.y.abs()).min((up - 0.03) * 0.6).min((0.95 - up) * 0.6);
    } else if l.x < rear_head + 0.03 && n.x < -0.2 {
        pane = (side_half - 0.13 - l.y.abs()).min((up - 0.12) * 0.6).min((0.9 - up) * 0.6);
    }
    let glass = smoothstep(-soft * 0.5, soft * 0.5, pane);
    if glass <= 0.0 {
        let mut s = painted(look, hit);
        if n.z > 0.8
            && matches!(look.body, Body::Sedan | Body::Hatchback | Body::Suv)
            && look.seed.is_multiple_of(5)
        {
            let behind = head - 0.3 - l.x;
            if (0.0..0.8).contains(&behind) && l.y.abs() < half * 0.55 {
                s = Surface::glossy(Vec3::splat(0.015), 0.08, 1.0);
            }
        }
        return s;
    }
    // Behind the glass: seats and dashboard, guessed as blotches darker than the sky in the pane.
    let inside = 0.012 + 0.05 * smoothstep(0.45, 0.75, solid(l * 2.2, look.seed)) + 0.02 * up;
    let rim = smoothstep(0.035, 0.015, pane);
    let tint = Vec3::new(0.9, 1.0, 1.0) * inside * (1.0 - 0.6 * rim);
    Surface::glossy(tint, 0.07 * (1.0 - 0.5 * rim), 1.0)
}

fn wheel(look: &VehicleLook, hit: &Hit) -> Surface {
    let (m, l) = (&look.measures, hit.local);
    let axle = if (l.x - m.axles[0]).abs() < (l.x - m.axles[1]).abs() { m.axles[0] } else { m.axles[1] };
    let at = Vec2::new(l.x - axle, l.z - m.wheel);
    let r = at.length() / m.wheel;
    let tyre = Surface::glossy(Vec3::splat(0.022 + 0.03 * look.dirt), 0.02, 0.2);
    if hit.local_normal.y.abs() < 0.5 || r > 0.68 {
        return Surface { open: 0.4, ..tyre };
    }
    let turn = at.y.atan2(at.x) + look.wheel_turn;
    let spokes = [5.0, 7.0, 10.0][(look.seed % 3) as usize];
    let gap = smoothstep(0.1, -0.1, (turn * spokes).cos() - 0.2)
        * smoothstep(0.2, 0.3, r)
        * smoothstep(0.62, 0.56, r);
    let steel = if matches!(look.body, Body::BoxTruck | Body::Pickup | Body::Bus) { 0.22 } else { 0.42 };
    let albedo = Vec3::splat(steel * (1.0 - 0.5 * look.dirt)).lerp(Vec3::splat(0.015), gap);
    Surface { open: 0.65, ..Surface::glossy(albedo, 0.2 * (1.0 - gap), 0.6) }
}

fn cargo(look: &VehicleLook, hit: &Hit) -> Surface {
    let l = hit.local;
    let ribs = 0.92 + 0.08 * (l.x * 20.0).sin() * (0.12 / hit.footprint).min(1.0);
    let grime = 1.0 - 0.35 * look.dirt * fractal(Vec2::new(l.x + l.y, l.z) * 1.3, 4, look.seed);
    let mut s = Surface::glossy(look.cargo * ribs * grime, 0.04, 0.45);
    let rear = hit.local_normal.x < -0.7;
    if rear && (l.y.abs() < 0.02 || (l.y.abs() - 0.3).abs() < 0.02) {
        s.albedo *= 0.4;
    }
    // Red and white warning strips along the lower edge.
    if l.z < 0.95 && l.z > 0.88 && !hit.local_normal.z.abs().gt(&0.5) {
        let red = ((l.x + l.y) / 0.3).floor() as i32 & 1 == 0;
        s.albedo = if red { linear([190, 30, 26]) } else { linear([220, 220, 214]) };
        s.retro = 0.35;
    }
    s
}

fn plate(look: &VehicleLook, hit: &Hit) -> Surface {
    let l = hit.local;
    let mut ground = linear(look.plate);
    let column = ((l.y + 0.2) / 0.057).floor();
    let sign =
        cell(column as i32, (l.z / 0.02) as i32, look.seed) > 0.5 && (l.y + 0.2).rem_euclid(0.057) > 0.015;
    if sign && l.y.abs() < 0.19 && hit.footprint < 0.06 {
        let ink = if look.plate[2] > 120 { 0.75 } else { 0.02 };
        ground = ground.lerp(Vec3::splat(ink), 0.7);
    }
    Surface { retro: 1.0, ..Surface::glossy(ground, 0.03, 0.4) }
}
