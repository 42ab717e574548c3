//! What stands about in a yard: buildings, trees, hedges, lamps, gates.

use glam::{Affine3A, Vec2, Vec3};

use super::{
    material::Material,
    mesh::{Mesh, placement},
    noise::unit,
};

/// Once round, in radians, not quite.
#[expect(clippy::approx_constant, reason = "the pictures of a seed stay as they were, bit for bit")]
const ROUND: f32 = 6.283;

const METAL: Material = Material::Plain { rgb: [120, 122, 124], gloss: 130 };
const WHITE: Material = Material::Plain { rgb: [214, 213, 206], gloss: 90 };

/// A house: a box with façade `style`, balconies, air conditioners and a roof edge. `at` is its corner, `along` the
/// direction of its front as seen from its left end; it grows to the left of `along`.
pub(crate) fn building(
    mesh: &mut Mesh,
    at: Vec2,
    along: Vec2,
    size: Vec3,
    style: u8,
    balconies: bool,
    seed: u32,
) {
    let mut house = Mesh::default();
    let (w, d, h) = (size.x, size.y, size.z);
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let wall = Material::Facade(style);
    house.tiled([p(0.0, 0.0, 0.0), p(w, 0.0, 0.0), p(w, 0.0, h), p(0.0, 0.0, h)], 4.0, wall);
    house.tiled([p(w, 0.0, 0.0), p(w, d, 0.0), p(w, d, h), p(w, 0.0, h)], 4.0, wall);
    house.tiled([p(w, d, 0.0), p(0.0, d, 0.0), p(0.0, d, h), p(w, d, h)], 6.0, wall);
    house.tiled([p(0.0, d, 0.0), p(0.0, 0.0, 0.0), p(0.0, 0.0, h), p(0.0, d, h)], 4.0, wall);
    house.tiled([p(0.0, 0.0, h), p(w, 0.0, h), p(w, d, h), p(0.0, d, h)], 8.0, wall);
    house.cuboid(
        p(-0.25, -0.25, h - 0.3),
        p(w + 0.25, d + 0.25, h + 0.5),
        Material::Concrete([170, 166, 158]),
    );
    let storeys = (h / 3.0) as u32;
    let columns = (w / 3.3) as u32;
    for storey in 0..storeys {
        for column in 0..columns {
            let dice = unit(seed ^ (storey * 71 + column * 977));
            let (x, z) = ((column as f32 + 0.5) * w / columns as f32, storey as f32 * 3.0);
            if balconies && storey > 0 && column % 3 == 1 {
                balcony(&mut house, x, z);
            } else if dice < 0.4 {
                let x = x + 1.25;
                house.cuboid(p(x, -0.42, z + 0.35), p(x + 0.8, -0.06, z + 0.92), WHITE);
                house.cuboid(
                    p(x + 0.06, -0.44, z + 0.4),
                    p(x + 0.5, -0.42, z + 0.86),
                    Material::Plain { rgb: [60, 62, 64], gloss: 20 },
                );
            }
        }
    }
    for x in [0.4, w * 0.52, w - 0.4] {
        house.column(p(x, -0.08, 0.0), 0.06, h, 6, WHITE);
    }
    mesh.add(&house, &placement(at, along.y.atan2(along.x)));
}

fn balcony(house: &mut Mesh, x: f32, z: f32) {
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let slab = Material::Concrete([188, 184, 174]);
    house.cuboid(p(x - 1.5, -1.2, z - 0.12), p(x + 1.5, 0.0, z + 0.05), slab);
    house.cuboid(p(x - 1.5, -1.2, z), p(x + 1.5, -1.1, z + 1.0), slab);
    house.cuboid(p(x - 1.5, -1.2, z), p(x - 1.4, 0.0, z + 1.0), slab);
    house.cuboid(p(x + 1.4, -1.2, z), p(x + 1.5, 0.0, z + 1.0), slab);
    house.quad(
        [
            p(x - 1.4, -1.15, z + 1.0),
            p(x + 1.4, -1.15, z + 1.0),
            p(x + 1.4, -1.15, z + 2.8),
            p(x - 1.4, -1.15, z + 2.8),
        ],
        Material::Glass,
    );
    for i in 0..5 {
        let x = x - 1.4 + 0.7 * i as f32;
        house.cuboid(p(x - 0.03, -1.2, z + 1.0), p(x + 0.03, -1.12, z + 2.8), WHITE);
    }
}

/// The entrance of a house: steps, a canopy, a dark door; `facing` points away from the wall.
pub(crate) fn entrance(mesh: &mut Mesh, at: Vec2, facing: Vec2) {
    let mut porch = Mesh::default();
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let stone = Material::Concrete([160, 156, 150]);
    porch.cuboid(p(0.0, -1.6, 0.0), p(1.7, 1.6, 0.15), stone);
    porch.cuboid(p(0.0, -1.6, 0.0), p(1.3, 1.6, 0.3), stone);
    porch.cuboid(p(0.0, -1.9, 2.75), p(1.6, 1.9, 3.0), Material::Concrete([150, 90, 70]));
    porch.quad(
        [p(0.05, -1.1, 0.3), p(0.05, 1.1, 0.3), p(0.05, 1.1, 2.5), p(0.05, -1.1, 2.5)],
        Material::Plain { rgb: [70, 44, 36], gloss: 120 },
    );
    for y in [-0.55, 0.55] {
        porch.quad(
            [p(0.07, y - 0.35, 1.2), p(0.07, y + 0.35, 1.2), p(0.07, y + 0.35, 2.3), p(0.07, y - 0.35, 2.3)],
            Material::Glass,
        );
    }
    porch.cuboid(p(0.4, -0.15, 2.62), p(0.7, 0.15, 2.74), Material::Glow([255, 226, 180]));
    for y in [-1.7, 1.6] {
        porch.cuboid(p(1.35, y, 0.0), p(1.45, y + 0.1, 2.75), WHITE);
    }
    mesh.add(&porch, &placement(at, facing.y.atan2(facing.x)));
}

/// A tree of that height with a crown of leaf clusters.
pub(crate) fn tree(mesh: &mut Mesh, at: Vec2, height: f32, spread: f32, leaves: u32, seed: u32) {
    let dice = |salt: u32| unit(seed.wrapping_mul(2_654_435) ^ salt);
    let foot = at.extend(0.0);
    let trunk = 0.06 + height * 0.018;
    let fork = foot + Vec3::new(0.3 * (dice(1) - 0.5), 0.3 * (dice(2) - 0.5), height * 0.45);
    mesh.limb(foot, fork, trunk * 1.2, trunk * 0.8, 7, Material::Bark);
    let hue = dice(3);
    let rgb = [(70.0 + 40.0 * hue) as u8, (104.0 + 20.0 * dice(4)) as u8, (48.0 + 14.0 * hue) as u8];
    let crown = foot + Vec3::Z * height * 0.68;
    for limb in 0..6u32 {
        let angle = limb as f32 * 1.05 + dice(limb + 40);
        let tip = crown + Vec3::new(angle.cos(), angle.sin(), dice(limb + 50) * 0.8) * spread * 0.55;
        mesh.limb(fork, tip, trunk * 0.5, trunk * 0.15, 5, Material::Bark);
    }
    // Fewer leaves are drawn larger, so that the crown stays as dense.
    let size = 0.34 * (220.0 / leaves as f32).powf(0.42);
    foliage(mesh, crown, Vec3::new(spread, spread, height * 0.34), leaves, size, rgb, seed);
}

/// Leaf clusters within an ellipsoid, denser towards its skin.
fn foliage(mesh: &mut Mesh, centre: Vec3, radii: Vec3, count: u32, size: f32, rgb: [u8; 3], seed: u32) {
    for index in 0..count {
        let dice = |salt: u32| unit(seed ^ index.wrapping_mul(0x9e37_79b1) ^ (salt * 7_919));
        let (turn, up) = (dice(1) * ROUND, dice(2) * 2.0 - 1.0);
        let flat = (1.0 - up * up).sqrt();
        let lump = 0.75 + 0.35 * unit(seed ^ ((turn * 2.5) as u32 * 31 + ((up + 1.0) * 2.5) as u32));
        let out = Vec3::new(turn.cos() * flat, turn.sin() * flat, up);
        let p = centre + out * radii * (0.35 + 0.65 * dice(3).sqrt()) * lump;
        let tilt = Vec3::new(dice(4) - 0.5, dice(5) - 0.5, dice(6) - 0.5) * 1.6;
        let normal = (out + tilt * 0.8 + Vec3::Z * 0.4).normalize_or(Vec3::Z);
        let (a, b) = normal.any_orthonormal_pair();
        let (a, b) = (a * size * (0.5 + dice(7)), b * size * (0.4 + 0.7 * dice(8)));
        let leaf = Material::Leaf { rgb, seed: (index % 251) as u8 };
        mesh.triangle([p - a, p + b * 0.9, p + a * 0.8], leaf);
        mesh.triangle([p - a * 0.7, p + a, p - b], leaf);
    }
}

/// A clipped hedge along a line.
pub(crate) fn hedge(mesh: &mut Mesh, from: Vec2, to: Vec2, width: f32, height: f32, density: f32, seed: u32) {
    let along = to - from;
    let side = along.normalize_or(Vec2::X).perp() * width * 0.42;
    let rgb = [62, 92, 42];
    let leaf = Material::Leaf { rgb, seed: 9 };
    let top = height * 0.78;
    let c = [from - side, to - side, to + side, from + side].map(|p| p.extend(0.0));
    let up = Vec3::Z * top;
    mesh.tiled([c[0] + up, c[1] + up, c[2] + up, c[3] + up], 1.0, leaf);
    mesh.tiled([c[0], c[1], c[1] + up, c[0] + up], 1.0, leaf);
    mesh.tiled([c[2], c[3], c[3] + up, c[2] + up], 1.0, leaf);
    mesh.quad([c[1], c[2], c[2] + up, c[1] + up], leaf);
    mesh.quad([c[3], c[0], c[0] + up, c[3] + up], leaf);
    let lumps = (along.length() / 0.7).ceil() as u32;
    let leaves = (90.0 * density) as u32;
    for lump in 0..lumps {
        let at = from.lerp(to, (lump as f32 + 0.5) / lumps as f32).extend(height * 0.55);
        foliage(
            mesh,
            at,
            Vec3::new(width * 0.62, width * 0.58, height * 0.5),
            leaves,
            0.085,
            rgb,
            seed ^ (lump * 613),
        );
    }
}

/// A round bush.
pub(crate) fn bush(mesh: &mut Mesh, at: Vec2, radius: f32, leaves: u32, seed: u32) {
    let red = unit(seed) < 0.3;
    let rgb = if red { [104, 62, 50] } else { [72, 98, 46] };
    mesh.ellipsoid(
        at.extend(radius * 0.6),
        Vec3::new(radius * 0.75, radius * 0.75, radius * 0.6),
        8,
        Material::Leaf { rgb, seed: 3 },
    );
    foliage(mesh, at.extend(radius * 0.7), Vec3::new(radius, radius, radius * 0.75), leaves, 0.1, rgb, seed);
}

/// A street lamp; returns where its light is.
pub(crate) fn lamp_post(mesh: &mut Mesh, at: Vec2, height: f32, facing: Vec2) -> Vec3 {
    let foot = at.extend(0.0);
    mesh.column(foot, 0.09, 0.8, 8, METAL);
    mesh.column(foot, 0.055, height, 8, METAL);
    let head = foot + facing.extend(0.0) * 0.8 + Vec3::Z * (height + 0.05);
    mesh.limb(foot + Vec3::Z * height, head, 0.04, 0.04, 6, METAL);
    mesh.ellipsoid(head, Vec3::new(0.3, 0.3, 0.08), 10, METAL);
    mesh.ellipsoid(head - Vec3::Z * 0.06, Vec3::new(0.22, 0.22, 0.06), 10, Material::Glow([255, 236, 200]));
    head
}

/// A kerb along a line, 12 cm high.
pub(crate) fn kerb(mesh: &mut Mesh, from: Vec2, to: Vec2) {
    let side = (to - from).normalize_or(Vec2::X).perp() * 0.07;
    let c = [from - side, to - side, to + side, from + side].map(|p| p.extend(0.0));
    let up = Vec3::Z * 0.12;
    mesh.tiled([c[0] + up, c[1] + up, c[2] + up, c[3] + up], 2.0, Material::Kerb);
    mesh.tiled([c[0], c[1], c[1] + up, c[0] + up], 2.0, Material::Kerb);
    mesh.tiled([c[2], c[3], c[3] + up, c[2] + up], 2.0, Material::Kerb);
    mesh.quad([c[1], c[2], c[2] + up, c[1] + up], Material::Kerb);
    mesh.quad([c[3], c[0], c[0] + up, c[3] + up], Material::Kerb);
}

/// A wall or fence along a line.
pub(crate) fn wall(mesh: &mut Mesh, from: Vec2, to: Vec2, height: f32, rgb: [u8; 3]) {
    let along = (to - from).normalize_or(Vec2::X);
    let length = from.distance(to);
    let mut part = Mesh::default();
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let pieces = (length / 3.0).ceil() as u32;
    let step = length / pieces as f32;
    for piece in 0..pieces {
        let x = piece as f32 * step;
        part.cuboid(p(x, -0.1, 0.0), p(x + step, 0.1, height), Material::Concrete(rgb));
        part.cuboid(
            p(x - 0.18, -0.18, 0.0),
            p(x + 0.18, 0.18, height + 0.25),
            Material::Concrete([150, 140, 128]),
        );
    }
    part.cuboid(p(0.0, -0.15, height), p(length, 0.15, height + 0.08), Material::Concrete([140, 136, 130]));
    mesh.add(&part, &placement(from, along.y.atan2(along.x)));
}

/// A gate with a boom across `width` metres to the left of `facing`; the boom stands upright where `open`.
pub(crate) fn barrier(mesh: &mut Mesh, at: Vec2, along: Vec2, width: f32, open: bool) {
    let mut gate = Mesh::default();
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    gate.cuboid(p(-0.2, -0.2, 0.0), p(0.2, 0.2, 1.05), Material::Plain { rgb: [226, 150, 40], gloss: 120 });
    gate.cuboid(p(-0.21, -0.21, 0.8), p(0.21, 0.21, 0.92), Material::Plain { rgb: [40, 40, 42], gloss: 60 });
    let boom = Material::Barred { along_y: false };
    let mut arm = Mesh::default();
    arm.cuboid(p(-0.4, -0.05, -0.05), p(width, 0.05, 0.05), boom);
    let tilt = if open { -1.45 } else { 0.0 };
    gate.add(&arm, &(Affine3A::from_translation(p(0.0, 0.26, 0.95)) * Affine3A::from_rotation_y(tilt)));
    mesh.add(&gate, &placement(at, along.y.atan2(along.x)));
}

/// A guard's booth with windows all around; `facing` is its front.
pub(crate) fn booth(mesh: &mut Mesh, at: Vec2, facing: Vec2) {
    let mut hut = Mesh::default();
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    hut.cuboid(p(-1.3, -1.3, 0.0), p(1.3, 1.3, 2.6), Material::Plain { rgb: [196, 200, 204], gloss: 70 });
    hut.cuboid(p(-1.65, -1.65, 2.6), p(1.65, 1.65, 2.85), Material::Plain { rgb: [46, 88, 150], gloss: 70 });
    let panes = [
        [p(1.31, -1.05, 1.0), p(1.31, 1.05, 1.0), p(1.31, 1.05, 2.3), p(1.31, -1.05, 2.3)],
        [p(1.05, 1.31, 1.0), p(-1.05, 1.31, 1.0), p(-1.05, 1.31, 2.3), p(1.05, 1.31, 2.3)],
        [p(-1.05, -1.31, 1.0), p(1.05, -1.31, 1.0), p(1.05, -1.31, 2.3), p(-1.05, -1.31, 2.3)],
        [p(-1.31, 1.05, 1.0), p(-1.31, -1.05, 1.0), p(-1.31, -1.05, 2.3), p(-1.31, 1.05, 2.3)],
    ];
    for pane in panes {
        hut.quad(pane, Material::Glass);
    }
    hut.cuboid(p(-0.3, -0.3, 2.3), p(0.3, 0.3, 2.55), Material::Glow([255, 244, 220]));
    hut.cuboid(p(1.31, -0.04, 1.0), p(1.35, 0.04, 2.3), WHITE);
    mesh.add(&hut, &placement(at, facing.y.atan2(facing.x)));
}

/// Two wheeled bins, an old acquaintance of every yard.
pub(crate) fn bins(mesh: &mut Mesh, at: Vec2, along: Vec2) {
    let mut row = Mesh::default();
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    for (index, rgb) in [[44, 110, 62], [40, 74, 140], [90, 92, 94]].into_iter().enumerate() {
        let x = index as f32 * 0.75;
        row.cuboid(p(x, -0.3, 0.06), p(x + 0.6, 0.3, 0.95), Material::Plain { rgb, gloss: 70 });
        row.cuboid(
            p(x - 0.04, -0.35, 0.95),
            p(x + 0.64, 0.33, 1.03),
            Material::Plain { rgb: rgb.map(|v| v / 2 + 10), gloss: 90 },
        );
    }
    mesh.add(&row, &placement(at, along.y.atan2(along.x)));
}

/// A bollard.
pub(crate) fn bollard(mesh: &mut Mesh, at: Vec2) {
    mesh.column(at.extend(0.0), 0.06, 0.8, 8, Material::Plain { rgb: [206, 160, 40], gloss: 100 });
    mesh.column(at.extend(0.45), 0.065, 0.15, 8, Material::Plain { rgb: [30, 30, 32], gloss: 60 });
}

/// A pole carrying a blue notice board.
pub(crate) fn notice(mesh: &mut Mesh, at: Vec2, facing: Vec2) {
    let mut board = Mesh::default();
    let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    for y in [-0.8, 0.8] {
        board.column(p(0.0, y, 0.0), 0.04, 2.2, 6, METAL);
    }
    board.cuboid(
        p(-0.04, -0.95, 0.95),
        p(0.04, 0.95, 2.1),
        Material::Plain { rgb: [54, 96, 160], gloss: 80 },
    );
    board.quad([p(0.05, -0.85, 1.02), p(0.05, 0.85, 1.02), p(0.05, 0.85, 1.85), p(0.05, -0.85, 1.85)], WHITE);
    mesh.add(&board, &placement(at, facing.y.atan2(facing.x)));
}
