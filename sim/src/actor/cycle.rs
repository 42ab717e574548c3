//! Bicycles and motorcycles. Own coordinates as for vehicles: origin on the ground, facing +x.

use std::f32::consts::TAU;

use glam::Vec3;

use crate::draw::{material::Material, mesh::Mesh};

const BLACK: Material = Material::Plain { rgb: [28, 28, 30], gloss: 50 };
const STEEL: Material = Material::Plain { rgb: [140, 142, 146], gloss: 150 };

fn p(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3::new(x, y, z)
}

/// An upright wheel that one can look through.
fn hoop(mesh: &mut Mesh, centre: Vec3, radius: f32, thick: f32) {
    let at = |part: u32| {
        let (sin, cos) = (TAU * part as f32 / 14.0).sin_cos();
        centre + p(cos, 0.0, sin) * (radius - thick)
    };
    for part in 0..14 {
        mesh.limb(at(part), at(part + 1), thick, thick, 5, BLACK);
    }
    for part in 0..4 {
        mesh.limb(at(part), at(part + 7), 0.008, 0.008, 4, STEEL);
    }
}

/// A bicycle without its rider, in a colour; `basket` hangs at the bars.
pub(crate) fn bicycle(paint: [u8; 3], basket: bool) -> Mesh {
    let mut mesh = Mesh::default();
    let paint = Material::Plain { rgb: paint, gloss: 160 };
    let (rear, front) = (p(-0.52, 0.0, 0.33), p(0.54, 0.0, 0.33));
    hoop(&mut mesh, rear, 0.33, 0.022);
    hoop(&mut mesh, front, 0.33, 0.022);
    let (pedals, seat, bars) = (p(-0.06, 0.0, 0.3), p(-0.24, 0.0, 0.84), p(0.36, 0.0, 0.8));
    for (from, to) in [
        (pedals, seat),
        (pedals, bars),
        (seat + p(0.04, 0.0, -0.12), bars),
        (rear, pedals),
        (rear, seat),
        (front, bars),
    ] {
        mesh.limb(from, to, 0.022, 0.02, 6, paint);
    }
    mesh.limb(bars, bars + p(-0.04, 0.0, 0.2), 0.018, 0.018, 5, STEEL);
    mesh.limb(p(0.28, -0.28, 1.02), p(0.28, 0.28, 1.02), 0.017, 0.017, 5, BLACK);
    mesh.limb(seat, seat + p(0.0, 0.0, 0.1), 0.016, 0.016, 5, STEEL);
    mesh.ellipsoid(p(-0.25, 0.0, 0.97), p(0.14, 0.08, 0.035), 8, BLACK);
    mesh.limb(p(-0.1, -0.12, 0.2), p(-0.02, 0.12, 0.4), 0.02, 0.02, 5, BLACK);
    mesh.cuboid(p(-0.78, -0.05, 0.7), p(-0.36, 0.05, 0.72), STEEL);
    if basket {
        mesh.cuboid(
            p(0.46, -0.16, 0.76),
            p(0.76, 0.16, 0.98),
            Material::Plain { rgb: [110, 100, 86], gloss: 20 },
        );
    }
    mesh
}

/// A motorcycle without its rider, in a colour.
pub(crate) fn motorcycle(paint: [u8; 3], headlight: bool) -> Mesh {
    let mut mesh = Mesh::default();
    let paint = Material::Plain { rgb: paint, gloss: 210 };
    for x in [-0.68, 0.7] {
        mesh.wheel(p(x, 0.0, 0.31), 0.31, 0.13, 16, BLACK);
        mesh.wheel(p(x, 0.0, 0.31), 0.17, 0.14, 10, STEEL);
    }
    // Engine, frame, tank, seat, tail, fork, bars, exhaust.
    mesh.cuboid(
        p(-0.24, -0.16, 0.26),
        p(0.24, 0.16, 0.62),
        Material::Plain { rgb: [70, 72, 76], gloss: 110 },
    );
    mesh.limb(p(-0.68, 0.0, 0.34), p(0.0, 0.0, 0.5), 0.06, 0.06, 6, BLACK);
    mesh.ellipsoid(p(0.14, 0.0, 0.84), p(0.3, 0.16, 0.15), 10, paint);
    mesh.limb(p(-0.12, 0.0, 0.8), p(-0.66, 0.0, 0.84), 0.13, 0.1, 8, BLACK);
    mesh.limb(p(-0.5, 0.0, 0.76), p(-0.88, 0.0, 0.84), 0.11, 0.06, 8, paint);
    for y in [-0.09, 0.09] {
        mesh.limb(p(0.7, y, 0.31), p(0.44, y, 0.98), 0.03, 0.03, 6, STEEL);
    }
    mesh.ellipsoid(p(0.7, 0.0, 0.58), p(0.26, 0.08, 0.05), 8, paint);
    mesh.limb(p(0.38, -0.36, 1.04), p(0.38, 0.36, 1.04), 0.022, 0.022, 5, BLACK);
    mesh.limb(p(-0.1, -0.2, 0.34), p(-0.86, -0.22, 0.42), 0.05, 0.06, 7, STEEL);
    let lens = if headlight {
        Material::Glow([255, 246, 226])
    } else {
        Material::Plain { rgb: [200, 200, 196], gloss: 200 }
    };
    mesh.ellipsoid(p(0.56, 0.0, 0.92), p(0.06, 0.1, 0.1), 8, lens);
    mesh.cuboid(
        p(-0.93, -0.06, 0.76),
        p(-0.89, 0.06, 0.82),
        Material::Plain { rgb: [170, 24, 20], gloss: 160 },
    );
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cycles_stand_on_the_ground_and_have_their_size() {
        for (mesh, length) in [(bicycle([90, 20, 20], true), 1.75), (motorcycle([20, 20, 20], false), 1.95)] {
            let (low, high) = mesh.bounds();
            assert!(low.z.abs() < 0.03, "{low}");
            assert!((high.x - low.x - length).abs() < 0.2, "{} long", high.x - low.x);
        }
    }
}
