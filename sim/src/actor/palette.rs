//! Colours as they are met in a yard, and looks put together from them by chance.

use fastrand::Rng;

use super::{
    figure::{BikeLook, PersonLook},
    vehicle::Body,
    vehicle_skin::VehicleLook,
};
use crate::draw::material::linear;

/// A vehicle colour that scenes may name: sRGB, and how metallic it is.
pub(crate) const PAINTS: [(&str, [u8; 3], f32); 16] = [
    ("white", [228, 229, 226], 0.0),
    ("pearl", [214, 212, 204], 0.4),
    ("silver", [168, 171, 174], 1.0),
    ("grey", [98, 101, 105], 0.9),
    ("graphite", [58, 60, 63], 0.8),
    ("black", [22, 22, 24], 0.4),
    ("red", [150, 24, 26], 0.3),
    ("wine", [84, 20, 26], 0.6),
    ("blue", [34, 62, 122], 0.6),
    ("sky", [92, 136, 176], 0.7),
    ("navy", [22, 30, 56], 0.6),
    ("brown", [84, 62, 48], 0.8),
    ("champagne", [174, 158, 130], 0.9),
    ("green", [40, 74, 52], 0.5),
    ("yellow", [214, 166, 30], 0.0),
    ("orange", [204, 92, 28], 0.2),
];

/// How often each of [`PAINTS`] is met, in the same order.
const SHARES: [f32; 16] =
    [0.29, 0.07, 0.12, 0.11, 0.07, 0.13, 0.04, 0.02, 0.04, 0.02, 0.02, 0.03, 0.02, 0.01, 0.005, 0.005];

/// The paint of that name.
pub(crate) fn paint(name: &str) -> Option<([u8; 3], f32)> {
    PAINTS.iter().find(|(known, ..)| *known == name).map(|&(_, rgb, metallic)| (rgb, metallic))
}

fn pick_paint(rng: &mut Rng) -> ([u8; 3], f32) {
    let mut dice = rng.f32() * SHARES.iter().sum::<f32>();
    for (share, &(_, rgb, metallic)) in SHARES.iter().zip(&PAINTS) {
        dice -= share;
        if dice <= 0.0 {
            return (rgb, metallic);
        }
    }
    (PAINTS[0].1, PAINTS[0].2)
}

/// A vehicle of a type with everything else left to chance.
pub(crate) fn vehicle(body: Body, rng: &mut Rng) -> VehicleLook {
    let (rgb, metallic) = match body {
        Body::Bus => {
            let liveries = [[214, 214, 206], [196, 150, 40], [46, 110, 70], [40, 86, 150], [190, 60, 44]];
            (liveries[rng.usize(..liveries.len())], 0.0)
        }
        Body::BoxTruck | Body::Pickup => {
            let cabs = [[214, 216, 214], [38, 78, 150], [220, 222, 224], [160, 34, 30]];
            (cabs[rng.usize(..cabs.len())], 0.0)
        }
        _ => pick_paint(rng),
    };
    let rgb = rgb.map(|value: u8| (f32::from(value) * (0.92 + 0.16 * rng.f32())).min(255.0) as u8);
    let cargo = match body {
        Body::Pickup => [rgb, [44, 84, 150], [70, 76, 80]][rng.usize(..3)],
        _ => [[216, 217, 214], [196, 198, 196], [60, 96, 150], [180, 182, 180]][rng.usize(..4)],
    };
    let plates = [[36, 66, 140], [36, 66, 140], [36, 66, 140], [120, 190, 130], [206, 160, 40]];
    let plate = match body {
        Body::Bus | Body::BoxTruck => plates[4],
        _ => plates[rng.usize(..4)],
    };
    VehicleLook {
        body,
        measures: body.measures(),
        paint: linear(rgb),
        metallic,
        dirt: rng.f32().powi(2) * 0.8,
        cargo: linear(cargo),
        plate,
        seed: rng.u32(..100_000),
        wheel_turn: rng.f32() * 6.0,
        headlights: false,
        brake_lights: false,
        snow: 1.0,
        cladding: matches!(body, Body::Suv) && rng.f32() < 0.5,
    }
}

/// A person left to chance.
pub(crate) fn person(rng: &mut Rng, rain: bool) -> PersonLook {
    const CLOTHES: [[u8; 3]; 14] = [
        [32, 34, 40],
        [60, 62, 66],
        [196, 196, 192],
        [46, 60, 96],
        [120, 36, 40],
        [92, 100, 78],
        [150, 130, 104],
        [176, 70, 84],
        [70, 110, 150],
        [210, 190, 120],
        [40, 80, 70],
        [104, 76, 120],
        [220, 220, 214],
        [24, 24, 26],
    ];
    const TROUSERS: [[u8; 3]; 6] =
        [[30, 32, 38], [44, 54, 78], [70, 68, 66], [26, 26, 28], [120, 110, 92], [58, 66, 88]];
    let umbrellas = [[170, 40, 50], [40, 60, 120], [40, 40, 44], [200, 180, 90], [90, 140, 130]];
    PersonLook {
        height: 1.5 + 0.32 * rng.f32(),
        girth: 0.9 + 0.3 * rng.f32(),
        upper: CLOTHES[rng.usize(..CLOTHES.len())],
        lower: TROUSERS[rng.usize(..TROUSERS.len())],
        hair: [[22, 20, 20], [30, 26, 24], [90, 88, 86]][rng.usize(..3)],
        coat: rng.f32() < 0.25,
        umbrella: (rain && rng.f32() < 0.75).then(|| umbrellas[rng.usize(..umbrellas.len())]),
        bag: rng.f32() < 0.3,
    }
}

/// An e-bike left to chance.
pub(crate) fn bike(rng: &mut Rng) -> BikeLook {
    let paints = [[150, 26, 28], [28, 28, 30], [210, 210, 206], [40, 80, 140], [90, 94, 98], [60, 110, 90]];
    let cargo = [[224, 180, 20], [30, 120, 190], [60, 62, 66]];
    BikeLook {
        paint: paints[rng.usize(..paints.len())],
        cargo: (rng.f32() < 0.35).then(|| cargo[rng.usize(..cargo.len())]),
        headlight: false,
    }
}

/// A helmet, if worn.
pub(crate) fn helmet(rng: &mut Rng) -> Option<[u8; 3]> {
    let colours = [[220, 180, 30], [40, 110, 180], [200, 200, 196], [30, 30, 32], [180, 40, 40]];
    (rng.f32() < 0.7).then(|| colours[rng.usize(..colours.len())])
}
