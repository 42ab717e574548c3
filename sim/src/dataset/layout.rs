//! Random places: an aisle between rows of bays, or a street with its lanes; houses, trees, hedges and lamps about it; and a
//! camera somewhere.

use fastrand::Rng;
use glam::{Vec2, Vec3};

use super::sky;
use crate::{
    cache::PictureSize,
    draw::{
        camera::{Camera, Pose},
        ground::{Cover, Ground, Layer, scatter},
        material::{Facade, linear},
        mesh::Mesh,
        mirror::Mirror,
        props,
        shadow::ShadowMap,
        world::{View, World},
    },
};

/// Once round, in radians, not quite.
#[expect(clippy::approx_constant, reason = "the pictures of a seed stay as they were, bit for bit")]
const ROUND: f32 = 6.28;

/// A place with its camera, and where vehicles may stand.
pub(super) struct Stage {
    pub view: View,
    /// Direction of the aisle in radians.
    pub turn: f32,
    /// A point in the middle of the aisle.
    pub middle: Vec2,
    /// Half the aisle's width.
    pub half_aisle: f32,
    /// Middle and heading of each bay.
    pub bays: Vec<(Vec2, f32)>,
    /// Whether it rains.
    pub rain: bool,
    /// Whether vehicles pass in lanes, and stand along the kerb if at all.
    pub street: bool,
}

/// Camera heights in metres and pitches in degrees below the horizon, as cameras of neighbourhoods have them.
const HEIGHT_M: (f32, f32) = (3.0, 15.0);
const PITCH_DEG: (f32, f32) = (13.0, 60.0);
/// Horizontal fields of view in degrees, from a long lens to a wide one.
const VIEW_DEG: (f32, f32) = (34.0, 100.0);
/// How far away the middle of what happens may lie, in metres.
const REACH_M: (f32, f32) = (4.0, 38.0);

/// How many metres the picture is wide where its middle meets the ground.
const GROUND_M: (f32, f32) = (8.0, 48.0);

fn between(rng: &mut Rng, (low, high): (f32, f32)) -> f32 {
    low + (high - low) * rng.f32()
}

impl Stage {
    /// A point given along and across the aisle.
    pub(super) fn at(&self, along: f32, across: f32) -> Vec2 {
        self.middle + Vec2::from_angle(self.turn).rotate(Vec2::new(along, across))
    }
}

/// Height in metres, pitch and horizontal field of view in degrees of a camera that sees enough ground, and not only ground
/// too far away to matter.
fn eye(rng: &mut Rng) -> (f32, f32, f32) {
    loop {
        // Low cameras are the more frequent ones.
        let height = HEIGHT_M.0 + (HEIGHT_M.1 - HEIGHT_M.0) * rng.f32() * (0.4 + 0.6 * rng.f32());
        let (pitch, view) = (between(rng, PITCH_DEG), between(rng, VIEW_DEG));
        let across = 2.0 * height / pitch.to_radians().sin() * (view / 2.0).to_radians().tan();
        if (GROUND_M.0..GROUND_M.1).contains(&across) {
            return (height, pitch, view);
        }
    }
}

/// Builds a place.
pub(super) fn build(rng: &mut Rng, size: PictureSize) -> Stage {
    let (height, pitch, view) = eye(rng);
    let pose = Pose {
        position: Vec3::new(0.0, 0.0, height),
        heading_deg: 0.0,
        pitch_deg: pitch,
        roll_deg: 6.0 * (rng.f32() - 0.5),
        fov_deg: view,
        distortion: if rng.f32() < 0.5 { -0.14 * rng.f32() } else { 0.0 },
    };
    let reach = (height / pitch.to_radians().tan()).clamp(REACH_M.0, REACH_M.1);
    let middle = Vec2::new((rng.f32() - 0.5) * 6.0, reach * (0.75 + 0.5 * rng.f32()));
    let street = rng.f32() < 0.35;
    let turn = std::f32::consts::TAU * rng.f32();
    let camera = Camera::new(&pose, size.width, size.height);
    let axis = camera.ray(camera.width / 2.0, camera.height / 2.0);
    let mut light = sky::light(rng, pose.position, axis);
    let mut builder = Builder {
        turn,
        middle,
        half_aisle: if street { 3.0 + 5.0 * rng.f32() } else { 2.4 + 1.6 * rng.f32() },
        street,
        eye: Vec2::ZERO,
        mesh: Mesh::default(),
        layers: Vec::new(),
        bays: Vec::new(),
        lamps: Vec::new(),
    };
    builder.yard(rng);
    for lamp in &builder.lamps {
        if light.dark > 0.0 && light.infrared.is_none() && rng.f32() < 0.8 {
            light.add_lamp(*lamp, [255, 196, 130], 0.5 + 1.6 * rng.f32());
        }
    }
    let bases =
        [Cover::Asphalt, Cover::Asphalt, Cover::Asphalt, Cover::Concrete, Cover::Concrete, Cover::Pavers];
    let base = bases[rng.usize(..bases.len())];
    let ground = Ground::new(base, builder.layers, rng.u32(..), rng.f32(), 0.7 + 0.9 * rng.f32());
    let facades = (0..4).map(|_| facade(rng)).collect();
    let world = World::new(builder.mesh, ground, facades);
    let shadows = light.has_sun().then(|| ShadowMap::new(&world.mesh, light.sun, middle, 46.0, 1024));
    let rain = light.wet > 0.0;
    let (width, height) = (size.width as usize, size.height as usize);
    let mut view = View { world, light, camera, shadows, mirror: None, snow: None, width, height };
    view.mirror = rain.then(|| Mirror::new(&view));
    Stage { view, turn, middle, half_aisle: builder.half_aisle, bays: builder.bays, rain, street }
}

pub(crate) fn facade(rng: &mut Rng) -> Facade {
    let walls = [
        [206, 190, 160],
        [190, 150, 120],
        [170, 90, 72],
        [196, 196, 190],
        [160, 150, 140],
        [214, 200, 150],
        [150, 156, 164],
        [204, 176, 156],
        [120, 116, 112],
    ];
    Facade {
        wall: linear(walls[rng.usize(..walls.len())]),
        trim: linear([210, 208, 200]),
        texture: rng.u8(..3),
        pitch: 2.6 + 1.6 * rng.f32(),
        window: Vec2::new(1.2 + 1.0 * rng.f32(), 1.3 + 0.4 * rng.f32()),
        storey: 2.9 + 0.3 * rng.f32(),
        seed: rng.u32(..),
        lit: 0.15 + 0.4 * rng.f32(),
        bars: rng.bool(),
    }
}

struct Builder {
    turn: f32,
    middle: Vec2,
    half_aisle: f32,
    street: bool,
    eye: Vec2,
    mesh: Mesh,
    layers: Vec<Layer>,
    bays: Vec<(Vec2, f32)>,
    lamps: Vec<Vec3>,
}

impl Builder {
    fn at(&self, along: f32, across: f32) -> Vec2 {
        self.middle + Vec2::from_angle(self.turn).rotate(Vec2::new(along, across))
    }

    /// Whether something of that radius keeps clear of the camera and of its line of sight.
    fn clear(&self, at: Vec2, radius: f32) -> bool {
        let sight = self.middle - self.eye;
        let t = ((at - self.eye).dot(sight) / sight.length_squared()).clamp(-0.2, 0.75);
        at.distance(self.eye + sight * t) > radius + 0.8
    }

    fn yard(&mut self, rng: &mut Rng) {
        let low = self.middle - 26.0;
        self.layers = scatter(low, self.middle + 26.0, rng.u32(10..90), rng.u32(..));
        for side in [-1.0, 1.0] {
            let bays = rng.f32() < if self.street { 0.35 } else { 0.8 };
            if bays {
                self.row(rng, side);
            }
            self.backdrop(rng, side, self.half_aisle + if bays { 5.6 } else { 0.3 });
        }
        if self.street {
            self.lanes(rng);
        }
        self.markings(rng);
        for _ in 0..rng.u32(..7) {
            let at = self.middle + Vec2::new(rng.f32() - 0.5, rng.f32() - 0.5) * 44.0;
            if self.clear(at, 2.5) {
                let height = 3.5 + 5.0 * rng.f32();
                props::tree(&mut self.mesh, at, height, 1.2 + 1.3 * rng.f32(), 220, rng.u32(..));
            }
        }
        for _ in 0..rng.u32(..4) {
            let at = self
                .at((rng.f32() - 0.5) * 30.0, (self.half_aisle + 5.5) * if rng.bool() { 1.0 } else { -1.0 });
            if self.clear(at, 0.2) {
                let facing = Vec2::from_angle(self.turn + std::f32::consts::FRAC_PI_2);
                let lamp = props::lamp_post(&mut self.mesh, at, 4.0 + 3.0 * rng.f32(), facing);
                self.lamps.push(lamp);
            }
        }
        self.clutter(rng);
        self.distance(rng);
    }

    /// Houses and trees behind it all, so that the horizon is not bare.
    fn distance(&mut self, rng: &mut Rng) {
        if rng.f32() < 0.15 {
            return;
        }
        for index in 0..9 {
            let bearing = (index as f32 / 8.0 - 0.5) * 2.4 + 0.2 * rng.f32();
            let far = 38.0 + 26.0 * rng.f32();
            let at = Vec2::new(bearing.sin(), bearing.cos()) * far;
            let across = Vec2::new(bearing.cos(), -bearing.sin());
            let size = Vec3::new(12.0 + 16.0 * rng.f32(), 10.0, 6.0 + 20.0 * rng.f32());
            let clear = at.distance(self.middle) > 30.0;
            if clear && rng.f32() < 0.7 {
                props::building(
                    &mut self.mesh,
                    at - across * size.x / 2.0,
                    across,
                    size,
                    rng.u8(..4),
                    rng.bool(),
                    rng.u32(..),
                );
            } else if clear {
                props::tree(&mut self.mesh, at, 5.0 + 5.0 * rng.f32(), 2.5, 160, rng.u32(..));
            }
        }
    }

    /// A row of bays beside the aisle: upright or slanted, painted or paved.
    fn row(&mut self, rng: &mut Rng, side: f32) {
        let parallel = rng.f32() < if self.street { 0.7 } else { 0.2 };
        let (pitch, depth) =
            if parallel { (6.0, 2.3) } else { (2.35 + 0.35 * rng.f32(), 5.0 + 0.4 * rng.f32()) };
        let slant = if !parallel && rng.f32() < 0.2 { 0.5 * (rng.f32() - 0.5) } else { 0.0 };
        let (near, far) = (self.half_aisle * side, (self.half_aisle + depth) * side);
        let rgb = if rng.f32() < 0.75 { [220, 220, 214] } else { [214, 176, 50] };
        let painted = rng.f32() < 0.8;
        if rng.f32() < 0.4 {
            let covers = [Cover::GrassPavers, Cover::Pavers, Cover::Concrete];
            let polygon =
                [(-24.0, near), (24.0, near), (24.0, far), (-24.0, far)].map(|(x, y)| self.at(x, y)).to_vec();
            self.layers.push(Layer::Cover { polygon, cover: covers[rng.usize(..3)] });
        }
        let count = (44.0 / pitch) as i32;
        for bay in -count / 2..=count / 2 {
            let x = bay as f32 * pitch;
            let lean = slant * depth;
            if painted {
                let (from, to) = (self.at(x, near), self.at(x + lean, far));
                self.layers.push(Layer::Line { from, to, width: 0.11, rgb });
            }
            let heading = if parallel {
                self.turn
            } else {
                self.turn + std::f32::consts::FRAC_PI_2 * side - slant * side
            };
            self.bays.push((self.at(x + pitch / 2.0 + lean / 2.0, (near + far) / 2.0), heading));
        }
        if painted && rng.bool() {
            let (from, to) = (self.at(-24.0, far), self.at(24.0, far));
            self.layers.push(Layer::Line { from, to, width: 0.11, rgb });
        }
    }

    fn backdrop(&mut self, rng: &mut Rng, side: f32, edge: f32) {
        let kind = rng.f32();
        let edge_at = |s: &Self, x: f32, y: f32| s.at(x, (edge + y) * side);
        if rng.f32() < 0.7 {
            let verge = [Cover::Grass, Cover::Pavers, Cover::Soil, Cover::Grass][rng.usize(..4)];
            let polygon = vec![
                edge_at(self, -30.0, 0.0),
                edge_at(self, 30.0, 0.0),
                edge_at(self, 30.0, 14.0),
                edge_at(self, -30.0, 14.0),
            ];
            self.layers.push(Layer::Cover { polygon, cover: verge });
        }
        for piece in -4..4 {
            let (from, to) =
                (edge_at(self, piece as f32 * 6.0, 0.1), edge_at(self, piece as f32 * 6.0 + 6.0, 0.1));
            if self.clear((from + to) * 0.5, 3.2) {
                props::kerb(&mut self.mesh, from, to);
                if kind < 0.45 {
                    let (from, to) = (
                        edge_at(self, piece as f32 * 6.0 + 0.5, 0.9),
                        edge_at(self, piece as f32 * 6.0 + 5.5, 0.9),
                    );
                    props::hedge(&mut self.mesh, from, to, 0.9, 0.6 + 0.5 * rng.f32(), 0.35, rng.u32(..));
                } else if kind < 0.6 {
                    let x = piece as f32 * 6.0;
                    let (from, to) = (edge_at(self, x, 1.5), edge_at(self, x + 6.0, 1.5));
                    props::wall(&mut self.mesh, from, to, 2.0, [176, 160, 140]);
                }
            }
        }
        if rng.f32() < 0.75 {
            let gap = 2.0 + 5.0 * rng.f32();
            let width = 14.0 + 22.0 * rng.f32();
            let x = (rng.f32() - 0.5) * 20.0 - width / 2.0;
            let size = Vec3::new(width, 10.0, 6.0 + 14.0 * rng.f32());
            // Seen from the aisle the front's left end comes first, and the house grows away from it.
            let (corner, along) = if side > 0.0 {
                (edge_at(self, x, gap), Vec2::from_angle(self.turn))
            } else {
                (edge_at(self, x + width, gap), -Vec2::from_angle(self.turn))
            };
            let clear = (0..9).all(|i| {
                (0..5)
                    .all(|j| self.clear(edge_at(self, x + width * i as f32 / 8.0, gap + 2.5 * j as f32), 1.6))
            });
            if clear {
                props::building(&mut self.mesh, corner, along, size, rng.u8(..4), rng.bool(), rng.u32(..));
            }
        }
    }

    fn markings(&mut self, rng: &mut Rng) {
        let yellow = [208, 166, 40];
        if rng.f32() < 0.4 {
            let (x, y) = ((rng.f32() - 0.5) * 16.0, self.half_aisle);
            let polygon = [(x, -y), (x + 5.0, -y), (x + 5.0, y), (x, y)].map(|(x, y)| self.at(x, y)).to_vec();
            self.layers.push(Layer::Hatch { polygon, rgb: yellow, gap: 0.7 + 0.6 * rng.f32() });
        }
        if rng.f32() < 0.4 {
            let text = if rng.bool() { "消防通道" } else { "禁止停车" }.chars().collect();
            let at = self.at((rng.f32() - 0.5) * 14.0, -1.0);
            let along = Vec2::from_angle(self.turn);
            let rgb = if rng.bool() { yellow } else { [216, 216, 210] };
            self.layers.push(Layer::Text { at, along, size: Vec2::new(0.9, 1.9), text, rgb });
        }
        if rng.f32() < 0.3 {
            let (from, to) = (self.at(-24.0, 0.0), self.at(24.0, 0.0));
            self.layers.push(Layer::Line {
                from,
                to,
                width: 0.12,
                rgb: if rng.bool() { yellow } else { [216, 216, 210] },
            });
        }
    }

    /// Dashes between lanes, a line along each kerb.
    fn lanes(&mut self, rng: &mut Rng) {
        let rgb = if rng.f32() < 0.7 { [220, 220, 214] } else { [208, 166, 40] };
        let lanes = ((2.0 * self.half_aisle / 3.2) as i32).max(1);
        let width = 2.0 * self.half_aisle / lanes as f32;
        for lane in 1..lanes {
            let y = -self.half_aisle + width * lane as f32;
            for dash in -8..8 {
                let (from, to) = (self.at(dash as f32 * 5.5, y), self.at(dash as f32 * 5.5 + 2.5, y));
                self.layers.push(Layer::Line { from, to, width: 0.13, rgb });
            }
        }
        if rng.bool() {
            for y in [-self.half_aisle + 0.25, self.half_aisle - 0.25] {
                let (from, to) = (self.at(-45.0, y), self.at(45.0, y));
                self.layers.push(Layer::Line { from, to, width: 0.13, rgb });
            }
        }
    }

    fn clutter(&mut self, rng: &mut Rng) {
        for _ in 0..rng.u32(..9) {
            let at = self.middle + Vec2::new(rng.f32() - 0.5, rng.f32() - 0.5) * 36.0;
            if !self.clear(at, 1.0) {
                continue;
            }
            let facing = Vec2::from_angle(rng.f32() * ROUND);
            match rng.u32(..6) {
                0 => props::bins(&mut self.mesh, at, facing),
                1 => props::notice(&mut self.mesh, at, facing),
                2 => props::booth(&mut self.mesh, at, facing),
                3 => props::barrier(&mut self.mesh, at, facing, 3.5, rng.bool()),
                4 => (0..4).for_each(|i| props::bollard(&mut self.mesh, at + facing * 1.4 * i as f32)),
                _ => props::bush(&mut self.mesh, at, 0.4 + 0.5 * rng.f32(), 90, rng.u32(..)),
            }
        }
    }
}
