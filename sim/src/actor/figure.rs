//! People and e-bikes: limbs put together anew for each step of a walk.
//!
//! Own coordinates as for vehicles: origin on the ground, facing +x.

use glam::Vec3;

use crate::draw::{material::Material, mesh::Mesh};

/// What sets one person apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PersonLook {
    /// Metres.
    pub height: f32,
    /// About 1; build across.
    pub girth: f32,
    pub upper: [u8; 3],
    pub lower: [u8; 3],
    pub hair: [u8; 3],
    /// Wears a skirt or long coat.
    pub coat: bool,
    /// Carries an umbrella of that colour.
    pub umbrella: Option<[u8; 3]>,
    /// Carries a bag.
    pub bag: bool,
}

/// What sets one e-bike apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BikeLook {
    pub paint: [u8; 3],
    /// A delivery box of that colour behind the seat.
    pub cargo: Option<[u8; 3]>,
    pub headlight: bool,
}

const SKIN: Material = Material::Plain { rgb: [196, 150, 122], gloss: 20 };
const SHOE: Material = Material::Plain { rgb: [38, 36, 36], gloss: 30 };
const BLACK: Material = Material::Plain { rgb: [26, 26, 28], gloss: 60 };

fn cloth(rgb: [u8; 3]) -> Material {
    Material::Plain { rgb, gloss: 0 }
}

fn p(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3::new(x, y, z)
}

/// A standing or walking person; `stride` is the phase of the step in radians, `swing` 0 standing to 1 walking briskly.
pub(crate) fn person(look: &PersonLook, stride: f32, swing: f32) -> Mesh {
    let mut mesh = Mesh::default();
    let s = look.height / 1.7;
    let g = look.girth * s;
    let bob = 0.02 * swing * (2.0 * stride).cos();
    let hip = 0.9 * s + bob - 0.02 * swing;
    for side in [-1.0f32, 1.0] {
        let phase = stride + if side > 0.0 { 0.0 } else { std::f32::consts::PI };
        leg(&mut mesh, look, s, g, side, phase, swing, hip);
        arm(&mut mesh, look, s, g, side, phase, swing, bob);
    }
    torso(&mut mesh, look, s, g, hip, bob);
    head(&mut mesh, look, s, p(0.02 * s, 0.0, 1.58 * s + bob), None);
    if let Some(rgb) = look.umbrella {
        umbrella(&mut mesh, s, bob, rgb);
    }
    if look.bag {
        mesh.cuboid(p(-0.12, 0.24 * g, 0.62 * s), p(0.14, 0.32 * g, 0.92 * s), cloth([86, 50, 40]));
    }
    mesh
}

#[expect(clippy::too_many_arguments, reason = "measures of one limb, used twice")]
fn leg(mesh: &mut Mesh, look: &PersonLook, s: f32, g: f32, side: f32, phase: f32, swing: f32, hip: f32) {
    let angle = 0.48 * swing * phase.sin();
    let bend = swing * (0.25 + 0.55 * (phase + 0.9).cos().max(0.0));
    let top = p(0.0, side * 0.095 * g, hip);
    let knee = top + p(angle.sin(), 0.0, -angle.cos()) * 0.43 * s;
    let lower = angle - bend;
    let ankle = knee + p(lower.sin(), 0.0, -lower.cos()) * 0.41 * s;
    let ankle = ankle.with_z(ankle.z.max(0.06));
    mesh.limb(top, knee, 0.088 * g, 0.062 * g, 7, cloth(look.lower));
    mesh.limb(knee, ankle, 0.062 * g, 0.045 * g, 7, cloth(look.lower));
    mesh.limb(ankle - p(0.03, 0.0, 0.02), ankle + p(0.16 * s, 0.0, -0.03), 0.045 * s, 0.04 * s, 6, SHOE);
}

#[expect(clippy::too_many_arguments, reason = "measures of one limb, used twice")]
fn arm(mesh: &mut Mesh, look: &PersonLook, s: f32, g: f32, side: f32, phase: f32, swing: f32, bob: f32) {
    let angle = -0.42 * swing * phase.sin();
    let shoulder = p(0.0, side * 0.205 * g, 1.39 * s + bob);
    let (elbow, hand) = if side < 0.0 && look.umbrella.is_some() {
        let elbow = shoulder + p(0.1, -0.04, -0.24) * s;
        (elbow, elbow + p(0.12, 0.06, 0.2) * s)
    } else {
        let elbow = shoulder + p(angle.sin(), side * 0.12, -angle.cos()) * 0.29 * s;
        let lower = angle + 0.15 + 0.3 * swing;
        (elbow, elbow + p(lower.sin(), side * 0.03, -lower.cos()) * 0.25 * s)
    };
    mesh.limb(shoulder, elbow, 0.058 * g, 0.047 * g, 6, cloth(look.upper));
    mesh.limb(elbow, hand, 0.045 * g, 0.038 * g, 6, cloth(look.upper));
    mesh.ellipsoid(hand, Vec3::splat(0.045 * s), 6, SKIN);
}

fn torso(mesh: &mut Mesh, look: &PersonLook, s: f32, g: f32, hip: f32, bob: f32) {
    let upper = cloth(look.upper);
    mesh.ellipsoid(p(0.0, 0.0, hip + 0.02), p(0.13 * g, 0.175 * g, 0.13 * s), 10, cloth(look.lower));
    mesh.ellipsoid(p(0.0, 0.0, hip + 0.2 * s), p(0.125 * g, 0.17 * g, 0.22 * s), 10, upper);
    mesh.ellipsoid(p(0.01, 0.0, 1.26 * s + bob), p(0.135 * g, 0.205 * g, 0.2 * s), 10, upper);
    if look.coat {
        mesh.limb(p(0.0, 0.0, hip + 0.12 * s), p(0.0, 0.0, hip - 0.32 * s), 0.15 * g, 0.2 * g, 10, upper);
    }
}

fn head(mesh: &mut Mesh, look: &PersonLook, s: f32, at: Vec3, helmet: Option<[u8; 3]>) {
    mesh.limb(at - Vec3::Z * 0.16 * s, at, 0.05 * s, 0.05 * s, 6, SKIN);
    mesh.ellipsoid(at, p(0.095, 0.078, 0.115) * s, 10, SKIN);
    match helmet {
        Some(rgb) => mesh.ellipsoid(
            at + p(-0.01, 0.0, 0.045) * s,
            p(0.135, 0.12, 0.11) * s,
            10,
            Material::Plain { rgb, gloss: 150 },
        ),
        None => mesh.ellipsoid(at + p(-0.022, 0.0, 0.035) * s, p(0.1, 0.088, 0.1) * s, 10, cloth(look.hair)),
    }
}

fn umbrella(mesh: &mut Mesh, s: f32, bob: f32, rgb: [u8; 3]) {
    let top = p(0.12, -0.1, 2.02 * s + bob);
    mesh.limb(p(0.2, -0.2, 1.28 * s + bob), top, 0.012, 0.012, 5, BLACK);
    let rim = |index: u32| {
        let angle = std::f32::consts::TAU * index as f32 / 8.0;
        top + p(0.52 * angle.cos(), 0.52 * angle.sin(), -0.2)
    };
    for index in 0..8 {
        let (a, b) = (rim(index), rim(index + 1));
        let middle = (a + b) * 0.5 + (top - (a + b) * 0.5) * 0.5 + Vec3::Z * 0.06;
        let shade = if index % 2 == 0 { rgb } else { rgb.map(|v| (f32::from(v) * 0.86) as u8) };
        let skin = Material::Plain { rgb: shade, gloss: 50 };
        mesh.triangle([a, b, middle], skin);
        mesh.triangle([b, top, middle], skin);
        mesh.triangle([top, a, middle], skin);
    }
}

/// An e-bike without its rider.
pub(crate) fn bike(look: &BikeLook) -> Mesh {
    let mut mesh = Mesh::default();
    let paint = Material::Plain { rgb: look.paint, gloss: 200 };
    for x in [-0.58, 0.6] {
        mesh.wheel(p(x, 0.0, 0.23), 0.23, 0.1, 14, BLACK);
        mesh.wheel(p(x, 0.0, 0.23), 0.13, 0.115, 10, Material::Plain { rgb: [120, 122, 126], gloss: 140 });
    }
    // Foot board, battery and tail under the seat, front shield, fork and bars.
    mesh.cuboid(p(-0.3, -0.14, 0.26), p(0.36, 0.14, 0.36), BLACK);
    mesh.limb(p(-0.22, 0.0, 0.42), p(-0.74, 0.0, 0.62), 0.17, 0.11, 8, paint);
    mesh.limb(p(-0.12, 0.0, 0.74), p(-0.66, 0.0, 0.78), 0.13, 0.1, 8, BLACK);
    mesh.limb(p(0.42, 0.0, 0.36), p(0.34, 0.0, 0.86), 0.17, 0.13, 8, paint);
    mesh.limb(p(0.6, 0.0, 0.3), p(0.4, 0.0, 0.94), 0.05, 0.05, 6, paint);
    mesh.ellipsoid(p(0.6, 0.0, 0.46), p(0.24, 0.08, 0.05), 8, paint);
    mesh.limb(p(0.34, -0.32, 1.02), p(0.34, 0.32, 1.02), 0.022, 0.022, 5, BLACK);
    mesh.ellipsoid(p(0.43, 0.0, 0.96), p(0.08, 0.1, 0.1), 8, paint);
    let lens = if look.headlight {
        Material::Glow([255, 246, 226])
    } else {
        Material::Plain { rgb: [200, 200, 196], gloss: 200 }
    };
    mesh.ellipsoid(p(0.5, 0.0, 0.95), p(0.03, 0.07, 0.06), 8, lens);
    for y in [-0.3f32, 0.3] {
        mesh.limb(p(0.34, y * 0.8, 1.04), p(0.3, y, 1.2), 0.008, 0.008, 4, BLACK);
        mesh.ellipsoid(p(0.3, y * 1.1, 1.22), p(0.02, 0.06, 0.04), 6, BLACK);
    }
    mesh.cuboid(
        p(-0.86, -0.06, 0.56),
        p(-0.82, 0.06, 0.64),
        Material::Plain { rgb: [170, 24, 20], gloss: 160 },
    );
    if let Some(rgb) = look.cargo {
        mesh.cuboid(p(-0.98, -0.24, 0.84), p(-0.48, 0.24, 1.32), Material::Plain { rgb, gloss: 30 });
    }
    mesh
}

/// The rider of an e-bike.
pub(crate) fn rider(look: &PersonLook, helmet: Option<[u8; 3]>) -> Mesh {
    let mut mesh = Mesh::default();
    let g = look.girth;
    let hip = p(-0.2, 0.0, 0.92);
    mesh.ellipsoid(hip, p(0.16 * g, 0.19 * g, 0.13), 10, cloth(look.lower));
    mesh.ellipsoid(hip + p(0.04, 0.0, 0.22), p(0.14 * g, 0.18 * g, 0.22), 10, cloth(look.upper));
    mesh.ellipsoid(hip + p(0.08, 0.0, 0.42), p(0.14 * g, 0.21 * g, 0.18), 10, cloth(look.upper));
    for side in [-1.0f32, 1.0] {
        let shoulder = hip + p(0.08, side * 0.2 * g, 0.5);
        let elbow = p(0.08, side * 0.31, 1.14);
        mesh.limb(shoulder, elbow, 0.058 * g, 0.048 * g, 6, cloth(look.upper));
        mesh.limb(elbow, p(0.32, side * 0.28, 1.05), 0.046 * g, 0.036 * g, 6, cloth(look.upper));
        mesh.ellipsoid(p(0.33, side * 0.28, 1.05), Vec3::splat(0.05), 6, SKIN);
        let knee = p(0.22, side * 0.17, 0.84);
        mesh.limb(hip + p(0.0, side * 0.1, 0.0), knee, 0.09 * g, 0.065 * g, 7, cloth(look.lower));
        mesh.limb(knee, p(0.18, side * 0.13, 0.45), 0.062 * g, 0.045 * g, 7, cloth(look.lower));
        mesh.limb(p(0.14, side * 0.13, 0.41), p(0.32, side * 0.13, 0.39), 0.045, 0.04, 6, SHOE);
    }
    head(&mut mesh, look, 1.0, hip + p(0.13, 0.0, 0.74), helmet);
    mesh
}
