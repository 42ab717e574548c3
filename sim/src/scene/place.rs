//! From a description to a world in its light, seen through its camera.

use glam::{Vec2, Vec3};

use super::{
    Player,
    lighting::Look,
    spec::{BaysSpec, BuildingSpec, PaintColour, PropSpec, Spec, WallTexture},
};
use crate::draw::{
    camera::{Camera, Pose},
    ground::{Ground, Layer, scatter},
    light::Light,
    material::{Facade, linear},
    mesh::Mesh,
    mirror::Mirror,
    noise::hash,
    props,
    shadow::ShadowMap,
    snow::Snow,
    world::{View, World},
};

/// How far around the middle of the picture stains are scattered and shadows are drawn, in metres.
const AROUND_M: f32 = 45.0;
/// Side of the shadow map of a full picture, in texels; smaller pictures need less.
const SHADOW_TEXELS: usize = 4096;
const FEWEST_SHADOW_TEXELS: usize = 1024;

/// A heading as on a map (degrees clockwise from north) in radians counter-clockwise from east.
pub(super) fn heading(degrees: f32) -> f32 {
    (90.0 - degrees).to_radians()
}

fn direction(degrees: f32) -> Vec2 {
    Vec2::from_angle(heading(degrees))
}

fn vector(p: [f32; 2]) -> Vec2 {
    Vec2::from_array(p)
}

fn rgb(colour: PaintColour) -> [u8; 3] {
    match colour {
        PaintColour::White => [222, 222, 216],
        PaintColour::Yellow => [210, 164, 36],
    }
}

/// The camera of a scene, at a picture size.
pub(super) fn camera(spec: &Spec, width: u32, height: u32) -> Camera {
    let camera = &spec.camera;
    let pose = Pose {
        position: Vec3::from_array(camera.position),
        heading_deg: camera.heading_deg,
        pitch_deg: camera.pitch_deg,
        roll_deg: camera.roll_deg,
        fov_deg: camera.fov_deg,
        distortion: camera.distortion,
    };
    Camera::new(&pose, width, height)
}

fn light(look: &Look, camera: &Camera) -> Light {
    let axis = camera.ray(camera.width / 2.0, camera.height / 2.0);
    let sky = &look.light;
    let mut light =
        Light::new(sky.mode, sky.sun_azimuth_deg, sky.sun_elevation_deg, sky.rain, camera.position, axis);
    light.exposure *= sky.exposure;
    if look.sun < 1.0 {
        light.cloud_over(1.0 - look.sun);
    }
    if sky.snow > 0.0 {
        light.snow_over(sky.snow);
    }
    light
}

/// Everything that stands still in one of its looks, at a picture size. `players` have worn the snow away on their ways.
pub(super) fn view(spec: &Spec, look: &Look, players: &[Player], width: u32, height: u32) -> View {
    let camera = camera(spec, width, height);
    let mut light = light(look, &camera);
    let mut lamp_out = look.lamp_out;
    let mut mesh = Mesh::default();
    let mut facades = Vec::new();
    for (index, building) in spec.building.iter().enumerate() {
        facades.push(facade(building, hash(spec.seed ^ index as u32)));
        let style = index as u8;
        let facing = direction(building.facing_deg);
        let seed = hash(spec.seed ^ (index as u32 + 50));
        props::building(
            &mut mesh,
            vector(building.at),
            facing.perp(),
            Vec3::from_array(building.size),
            style,
            building.balconies,
            seed,
        );
    }
    for (index, prop) in spec.prop.iter().enumerate() {
        let shines = matches!(prop, PropSpec::Lamp { shine, .. } if *shine > 0.0);
        let is_out = shines && std::mem::take(&mut lamp_out);
        stand(&mut mesh, &mut light, prop, is_out, hash(spec.seed ^ (index as u32 + 1000)));
    }
    let middle = camera.ground(camera.width / 2.0, camera.height * 0.6).unwrap_or(camera.position.truncate());
    let world = World::new(mesh, ground(spec, middle), facades);
    let shadows = light.has_sun().then(|| {
        let texels = (width as usize * 2).next_power_of_two().clamp(FEWEST_SHADOW_TEXELS, SHADOW_TEXELS);
        ShadowMap::new(&world.mesh, light.sun, middle, AROUND_M, texels)
    });
    let snow = (look.light.snow > 0.0).then(|| snow(spec, look.light.snow, players, middle));
    let (width, height) = (width as usize, height as usize);
    let mut view = View { world, light, camera, shadows, mirror: None, snow, width, height };
    view.mirror = (view.light.wet > 0.0).then(|| Mirror::new(&view));
    view
}

/// Snow as it lies when the first have come and gone.
fn snow(spec: &Spec, amount: f32, players: &[Player], middle: Vec2) -> Snow {
    /// Half the distance between the wheels of a vehicle, breadth of what a wheel and what feet wear away, in metres.
    const HALF_TRACK_M: f32 = 0.72;
    const WHEEL_M: f32 = 0.24;
    const FEET_M: f32 = 0.3;
    let mut snow = Snow::new(amount, middle, AROUND_M, spec.seed);
    for player in players {
        let (half, is_vehicle) = (player.half(), player.class().is_vehicle());
        for way in player.track.ways() {
            for pair in way.windows(2) {
                let side = (pair[1] - pair[0]).normalize_or_zero().perp() * HALF_TRACK_M;
                if is_vehicle {
                    for wheel in [pair[0] + side, pair[0] - side] {
                        snow.wear(wheel, WHEEL_M, 0.9);
                    }
                } else {
                    snow.wear(pair[0], FEET_M, 0.42);
                }
            }
        }
        // Below what has stood since before it snowed the ground is bare.
        if let Some((at, heading)) = player.track.home().filter(|_| is_vehicle) {
            let along = Vec2::from_angle(heading);
            for step in 0..=20 {
                let share = step as f32 / 10.0 - 1.0;
                snow.wear(at + along * (half.x - half.y) * share, half.y * 0.95, 1.0);
            }
        }
    }
    snow
}

fn facade(building: &BuildingSpec, seed: u32) -> Facade {
    Facade {
        wall: linear(building.wall),
        trim: linear([212, 210, 202]),
        texture: match building.texture {
            WallTexture::Render => 0,
            WallTexture::Tiles => 1,
            WallTexture::Bricks => 2,
        },
        pitch: 3.3,
        window: Vec2::new(1.7, 1.5),
        storey: 3.0,
        seed,
        lit: 0.3,
        bars: building.bars,
    }
}

fn ground(spec: &Spec, middle: Vec2) -> Ground {
    let from = &spec.ground;
    let polygon = |points: &[[f32; 2]]| points.iter().copied().map(vector).collect::<Vec<_>>();
    let mut layers: Vec<Layer> = from
        .area
        .iter()
        .map(|area| Layer::Cover { polygon: polygon(&area.polygon), cover: area.cover })
        .collect();
    layers.extend(scatter(middle - AROUND_M / 2.0, middle + AROUND_M / 2.0, from.stains, spec.seed));
    layers.extend(from.hatch.iter().map(|hatch| Layer::Hatch {
        polygon: polygon(&hatch.polygon),
        rgb: rgb(hatch.colour),
        gap: hatch.gap,
    }));
    layers.extend(from.line.iter().map(|line| Layer::Line {
        from: vector(line.from),
        to: vector(line.to),
        width: line.width,
        rgb: rgb(line.colour),
    }));
    for bays in &spec.bays {
        paint_bays(bays, &mut layers);
    }
    layers.extend(from.text.iter().map(|text| Layer::Text {
        at: vector(text.at),
        along: direction(text.heading_deg),
        size: vector(text.size),
        text: text.text.chars().collect(),
        rgb: rgb(text.colour),
    }));
    Ground::new(from.cover, layers, spec.seed, from.wear, from.tone)
}

fn paint_bays(bays: &BaysSpec, layers: &mut Vec<Layer>) {
    let (along, inwards) = (direction(bays.heading_deg), -direction(bays.heading_deg).perp() * bays.depth);
    let rgb = rgb(bays.colour);
    for index in 0..=bays.count {
        let from = vector(bays.from) + along * bays.pitch * index as f32;
        layers.push(Layer::Line { from, to: from + inwards, width: 0.12, rgb });
    }
    let back = vector(bays.from) + inwards;
    layers.push(Layer::Line {
        from: back,
        to: back + along * bays.pitch * bays.count as f32,
        width: 0.12,
        rgb,
    });
}

fn stand(mesh: &mut Mesh, light: &mut Light, prop: &PropSpec, is_out: bool, seed: u32) {
    let pairs = |path: &[[f32; 2]]| {
        path.windows(2).map(|pair| (vector(pair[0]), vector(pair[1]))).collect::<Vec<_>>()
    };
    match prop {
        PropSpec::Tree { at, height, spread } => props::tree(mesh, vector(*at), *height, *spread, 6000, seed),
        PropSpec::Bush { at, radius } => props::bush(mesh, vector(*at), *radius, 1200, seed),
        PropSpec::Hedge { path, width, height } => {
            for (index, (from, to)) in pairs(path).into_iter().enumerate() {
                props::hedge(mesh, from, to, *width, *height, 5.0, seed ^ index as u32);
            }
        }
        PropSpec::Kerb { path } => pairs(path).into_iter().for_each(|(from, to)| props::kerb(mesh, from, to)),
        PropSpec::Wall { path, height, rgb } => {
            pairs(path).into_iter().for_each(|(from, to)| props::wall(mesh, from, to, *height, *rgb));
        }
        PropSpec::Lamp { at, facing_deg, height, shine } => {
            let head = props::lamp_post(mesh, vector(*at), *height, direction(*facing_deg));
            if *shine > 0.0 && light.dark > 0.0 && !is_out {
                light.add_lamp(head, [255, 200, 140], *shine);
            }
        }
        PropSpec::Entrance { at, facing_deg } => props::entrance(mesh, vector(*at), direction(*facing_deg)),
        PropSpec::Barrier { at, facing_deg, width, open } => {
            props::barrier(mesh, vector(*at), direction(*facing_deg), *width, *open);
        }
        PropSpec::Booth { at, facing_deg } => props::booth(mesh, vector(*at), direction(*facing_deg)),
        PropSpec::Bins { at, facing_deg } => props::bins(mesh, vector(*at), direction(*facing_deg).perp()),
        PropSpec::Notice { at, facing_deg } => props::notice(mesh, vector(*at), direction(*facing_deg)),
        PropSpec::Bollards { path, gap } => {
            for (from, to) in pairs(path) {
                let count = (from.distance(to) / gap).round().max(1.0) as u32;
                (0..=count)
                    .for_each(|index| props::bollard(mesh, from.lerp(to, index as f32 / count as f32)));
            }
        }
    }
}
