//! Shapes of vehicles: a lower body and a cabin, each a skin over cross-sections; wheels, mirrors, plates, cargo.
//!
//! Own coordinates: origin on the ground below the middle, x forward, y left, z up.

use glam::Vec3;
use gridwatch_domain::ObjectClass;

use crate::draw::{material::Material, mesh::Mesh};

/// Body types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Body {
    Sedan,
    Hatchback,
    Suv,
    /// A people carrier of the kind delivery riders and families share.
    Van,
    /// A light lorry with a box.
    BoxTruck,
    /// A light lorry with a dropside bed.
    Pickup,
    /// A coach of 8.5 m.
    Bus,
}

impl Body {
    pub(crate) const ALL: [Self; 7] =
        [Self::Sedan, Self::Hatchback, Self::Suv, Self::Van, Self::BoxTruck, Self::Pickup, Self::Bus];

    /// What a detector should call it.
    pub(crate) fn class(self) -> ObjectClass {
        match self {
            Self::Sedan | Self::Hatchback | Self::Suv | Self::Van => ObjectClass::Car,
            Self::BoxTruck | Self::Pickup => ObjectClass::Truck,
            Self::Bus => ObjectClass::Bus,
        }
    }
}

/// Measures in metres; x of the cabin's edges counted from the middle, forward positive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measures {
    pub length: f32,
    pub width: f32,
    pub sill: f32,
    pub belt: f32,
    pub nose: f32,
    pub tail: f32,
    pub roof: f32,
    /// Foot and head of the windscreen, head and foot of the rear window.
    pub cabin: [f32; 4],
    /// Front and rear axle.
    pub axles: [f32; 2],
    pub wheel: f32,
    /// Where pillars stand between the side windows.
    pub pillars: [f32; 3],
}

impl Body {
    pub(crate) fn measures(self) -> Measures {
        match self {
            Self::Sedan => Measures {
                length: 4.72,
                width: 1.83,
                sill: 0.24,
                belt: 0.93,
                nose: 0.74,
                tail: 1.0,
                roof: 1.46,
                cabin: [1.12, 0.3, -1.02, -1.72],
                axles: [1.42, -1.36],
                wheel: 0.325,
                pillars: [-0.12, -1.18, -9.0],
            },
            Self::Hatchback => Measures {
                length: 4.02,
                width: 1.74,
                sill: 0.24,
                belt: 0.95,
                nose: 0.78,
                tail: 0.98,
                roof: 1.52,
                cabin: [1.05, 0.3, -1.36, -1.86],
                axles: [1.26, -1.28],
                wheel: 0.305,
                pillars: [-0.12, -1.2, -9.0],
            },
            Self::Suv => Measures {
                length: 4.66,
                width: 1.88,
                sill: 0.3,
                belt: 1.08,
                nose: 0.96,
                tail: 1.1,
                roof: 1.72,
                cabin: [1.12, 0.42, -1.62, -2.14],
                axles: [1.4, -1.34],
                wheel: 0.365,
                pillars: [-0.05, -1.12, -9.0],
            },
            Self::Van => Measures {
                length: 4.5,
                width: 1.69,
                sill: 0.28,
                belt: 1.08,
                nose: 0.95,
                tail: 1.1,
                roof: 1.88,
                cabin: [1.78, 1.02, -2.02, -2.19],
                axles: [1.42, -1.36],
                wheel: 0.3,
                pillars: [0.4, -0.75, -9.0],
            },
            Self::BoxTruck | Self::Pickup => Measures {
                length: 5.95,
                width: 1.98,
                sill: 0.38,
                belt: 1.3,
                nose: 1.16,
                tail: 1.3,
                roof: 2.16,
                cabin: [2.9, 2.5, 1.52, 1.4],
                axles: [2.2, -1.55],
                wheel: 0.37,
                pillars: [-9.0, -9.0, -9.0],
            },
            Self::Bus => Measures {
                length: 8.5,
                width: 2.4,
                sill: 0.32,
                belt: 1.45,
                nose: 1.4,
                tail: 1.45,
                roof: 3.05,
                cabin: [4.2, 3.95, -4.12, -4.22],
                axles: [2.45, -1.95],
                wheel: 0.46,
                pillars: [2.2, 0.3, -2.0],
            },
        }
    }

    fn is_lorry(self) -> bool {
        matches!(self, Self::BoxTruck | Self::Pickup)
    }

    /// The mesh of this type.
    pub(crate) fn mesh(self) -> Mesh {
        self.mesh_of(&self.measures())
    }

    /// The mesh of this type with measures of its own.
    pub(crate) fn mesh_of(self, m: &Measures) -> Mesh {
        let mut mesh = Mesh::default();
        lower_body(&mut mesh, self, m);
        cabin(&mut mesh, m);
        let track = m.width / 2.0 - 0.1;
        for x in m.axles {
            for side in [-1.0, 1.0] {
                mesh.wheel(Vec3::new(x, side * track, m.wheel), m.wheel, 0.23, 18, Material::Wheel);
            }
        }
        trim(&mut mesh, self, m);
        mesh
    }
}

/// One cross-section from the left sill over the top to the right sill.
fn section(x: f32, half: f32, sill: f32, belt: f32, top: f32) -> Vec<Vec3> {
    let height = belt - sill;
    let left = [
        (half * 0.93, sill),
        (half * 0.985, sill + height * 0.22),
        (half, sill + height * 0.55),
        (half * 0.985, sill + height * 0.84),
        (half * 0.945, belt),
        (half * 0.86, belt + (top - belt).max(0.0) * 0.5 + 0.015),
        (half * 0.5, top.max(belt) + 0.025),
    ];
    let mirrored = left.iter().rev().map(|&(y, z)| (-y, z));
    left.iter()
        .copied()
        .chain([(0.0, top.max(belt) + 0.035)])
        .chain(mirrored)
        .map(|(y, z)| Vec3::new(x, y, z))
        .collect()
}

fn lower_body(mesh: &mut Mesh, body: Body, m: &Measures) {
    let (front, back) = (m.length / 2.0, if body.is_lorry() { 1.35 } else { -m.length / 2.0 });
    let half = m.width / 2.0;
    let round = if matches!(body, Body::Bus) || body.is_lorry() { 0.45 } else { 1.0 };
    let screen = m.cabin[0];
    let mut rings = Vec::new();
    // Nose: a low rounded front, rising over the bonnet to the windscreen's foot.
    let bonnet = |x: f32| {
        let t = ((front - x) / (front - screen).max(0.05)).clamp(0.0, 1.0);
        m.nose + (m.belt - m.nose) * t.powf(0.8)
    };
    for (inset, narrow, lift, drop) in
        [(0.0, 0.74, 0.16, 0.2), (0.05, 0.86, 0.06, 0.1), (0.16, 0.945, 0.0, 0.03), (0.36, 0.985, 0.0, 0.0)]
    {
        let x = front - inset * round;
        let half = half * (1.0 - (1.0 - narrow) * round);
        let belt = bonnet(x) - drop * round;
        rings.push(section(x, half, m.sill + lift * round, belt, belt));
    }
    let from = front - 0.6 * round;
    for step in 0..=4 {
        let x = from + (screen - from) * step as f32 / 4.0;
        if x < rings[rings.len() - 1][0].x - 0.05 {
            rings.push(section(x, half, m.sill, bonnet(x), bonnet(x)));
        }
    }
    for step in 1..=5 {
        let x = screen + (back + 0.55 * round - screen) * step as f32 / 5.0;
        if x < rings[rings.len() - 1][0].x - 0.05 {
            let t = smooth((m.cabin[3] + 0.5 - x) / (m.cabin[3] + 0.5 - back).max(0.3));
            let belt = m.belt + (m.tail - m.belt) * t;
            rings.push(section(x, half, m.sill, belt, belt));
        }
    }
    for (inset, narrow, lift, drop) in
        [(0.3, 0.98, 0.0, 0.0), (0.12, 0.94, 0.02, 0.02), (0.04, 0.87, 0.08, 0.08), (0.0, 0.78, 0.16, 0.16)]
    {
        let half = half * (1.0 - (1.0 - narrow) * round);
        let belt = m.tail - drop * round;
        rings.push(section(back + inset * round, half, m.sill + lift * round, belt, belt));
    }
    mesh.loft(&rings, true, Material::Body);
}

fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn cabin(mesh: &mut Mesh, m: &Measures) {
    let half = m.width / 2.0 * 0.945;
    let lean = if m.roof > 2.5 { 0.03 } else { 0.15 * (m.roof - m.belt) / 0.55 * 0.9 };
    let [foot, head, rear_head, rear_foot] = m.cabin;
    let base = m.belt - 0.03;
    let ring = |x: f32, height: f32| {
        // How far up the skin is here: 0 at the belt, 1 at the roof.
        let up = ((height - base) / (m.roof - base)).clamp(0.02, 1.0);
        let top = base + (m.roof - base) * up;
        let side = half - lean * up;
        let crown = 0.035 * up;
        let left = [
            (half, base),
            (half - lean * up * 0.45, base + (top - base) * 0.5),
            (side, top - 0.09 * up),
            (side - 0.06 * up, top - 0.025 * up),
            (side * 0.6, top + crown * 0.6),
        ];
        let mirrored = left.iter().rev().map(|&(y, z)| (-y, z));
        left.iter()
            .copied()
            .chain([(0.0, top + crown)])
            .chain(mirrored)
            .map(|(y, z)| Vec3::new(x, y, z))
            .collect::<Vec<_>>()
    };
    let mut rings = Vec::new();
    for step in 0..=4 {
        let t = step as f32 / 4.0;
        rings.push(ring(foot + (head - foot) * t, base + (m.roof - 0.03 - base) * (t * (1.15 - 0.15 * t))));
    }
    for step in 1..=4 {
        let t = step as f32 / 4.0;
        let bow = 0.03 * (1.0 - (2.0 * t - 1.0).powi(2));
        rings.push(ring(head + (rear_head - head) * t, m.roof - 0.03 + bow));
    }
    for step in 1..=3 {
        let t = step as f32 / 3.0;
        rings.push(ring(
            rear_head + (rear_foot - rear_head) * t,
            m.roof - 0.03 - (m.roof - 0.03 - base) * t.powf(1.15),
        ));
    }
    mesh.loft(&rings, false, Material::Cabin);
}

fn trim(mesh: &mut Mesh, body: Body, m: &Measures) {
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let black = Material::Plain { rgb: [24, 24, 26], gloss: 70 };
    let half = m.width / 2.0;
    let mirror_x = m.cabin[0] - 0.28;
    for side in [-1.0f32, 1.0] {
        let (inner, outer) = (side * (half * 0.93), side * (half + 0.16));
        let z = m.belt + 0.04;
        mesh.cuboid(
            p(mirror_x - 0.1, inner.min(outer), z),
            p(mirror_x + 0.06, inner.max(outer), z + 0.15),
            Material::Body,
        );
    }
    let (front, back) = (m.length / 2.0, -m.length / 2.0);
    let z = if body.is_lorry() { 0.5 } else { m.sill + 0.22 };
    mesh.quad(
        [
            p(front + 0.012, -0.22, z),
            p(front + 0.012, 0.22, z),
            p(front + 0.012, 0.22, z + 0.14),
            p(front + 0.012, -0.22, z + 0.14),
        ],
        Material::Plate,
    );
    let z = if body.is_lorry() { 0.55 } else { (m.sill + m.tail) * 0.5 + 0.1 };
    mesh.quad(
        [
            p(back - 0.012, 0.22, z),
            p(back - 0.012, -0.22, z),
            p(back - 0.012, -0.22, z + 0.14),
            p(back - 0.012, 0.22, z + 0.14),
        ],
        Material::Plate,
    );
    match body {
        Body::BoxTruck => {
            mesh.cuboid(p(back, -0.35, 0.45), p(1.4, 0.35, 0.75), black);
            cargo_box(mesh, p(back, -half - 0.03, 0.78), p(1.28, half + 0.03, 2.72));
        }
        Body::Pickup => {
            mesh.cuboid(p(back, -0.35, 0.45), p(1.4, 0.35, 0.75), black);
            mesh.cuboid(p(back, -half, 0.76), p(1.28, half, 0.86), black);
            for (low, high) in [
                (p(back, -half, 0.8), p(1.28, -half + 0.05, 1.26)),
                (p(back, half - 0.05, 0.8), p(1.28, half, 1.26)),
                (p(back, -half, 0.8), p(back + 0.05, half, 1.26)),
                (p(1.22, -half, 0.8), p(1.28, half, 1.75)),
            ] {
                mesh.cuboid(low, high, Material::Cargo);
            }
        }
        Body::Suv => {
            for y in [-0.62, 0.58] {
                mesh.cuboid(p(-1.4, y, m.roof), p(0.3, y + 0.04, m.roof + 0.07), black);
            }
        }
        _ => {}
    }
}

fn cargo_box(mesh: &mut Mesh, low: Vec3, high: Vec3) {
    mesh.cuboid(low, high, Material::Cargo);
    let rail = Material::Plain { rgb: [150, 152, 154], gloss: 110 };
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    for (y0, y1) in [(low.y - 0.02, low.y + 0.05), (high.y - 0.05, high.y + 0.02)] {
        mesh.cuboid(p(low.x - 0.02, y0, high.z - 0.08), p(high.x + 0.02, y1, high.z + 0.02), rail);
        mesh.cuboid(p(low.x - 0.02, y0, low.z), p(high.x + 0.02, y1, low.z + 0.08), rail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_fills_its_measures() {
        for body in Body::ALL {
            let m = body.measures();
            let (low, high) = body.mesh().bounds();
            assert!((high.x - low.x - m.length).abs() < 0.1, "{body:?} is {} long", high.x - low.x);
            assert!(
                high.y <= m.width / 2.0 + 0.2 && low.z.abs() < 0.02 && high.z < m.roof + 0.7,
                "{body:?}: {low} {high}"
            );
        }
    }
}
