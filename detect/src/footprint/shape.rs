//! What vehicles, two-wheelers and people look like to a camera: a few points of their outlines, in metres.

use crate::motion::Kind;

/// Outer measures of something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    pub length: f64,
    pub width: f64,
    pub height: f64,
    /// How long the roof is, as a share of the length: a saloon's is short, a van's reaches from end to end.
    roof: f64,
    /// By how much it is preferred to have another shape, as a square of shares of the box.
    pub unlikely: f64,
}

const fn shape(length: f64, width: f64, height: f64, roof: f64, unlikely: f64) -> Shape {
    Shape { length, width, height, roof, unlikely }
}

/// Small car, hatchback, saloon, SUV, van, pickup, light lorry, lorry, coach. What is rare must fit better.
const VEHICLES: [Shape; 9] = [
    shape(3.6, 1.60, 1.52, 0.62, 0.001),
    shape(4.2, 1.75, 1.50, 0.58, 0.0),
    shape(4.7, 1.82, 1.46, 0.50, 0.0),
    shape(4.7, 1.90, 1.72, 0.66, 0.0),
    shape(5.1, 1.90, 1.98, 0.85, 0.001),
    shape(5.3, 1.88, 1.82, 0.35, 0.003),
    shape(6.0, 2.05, 2.60, 0.96, 0.004),
    shape(8.0, 2.35, 3.00, 0.98, 0.008),
    shape(11.5, 2.50, 3.20, 0.98, 0.008),
];
/// Saloon, van, lorry.
const TYPICAL: [Shape; 3] = [VEHICLES[2], VEHICLES[4], VEHICLES[7]];
/// Without and with somebody on it.
const TWO_WHEELERS: [Shape; 2] = [shape(1.8, 0.6, 1.1, 0.5, 0.0), shape(1.8, 0.6, 1.7, 0.3, 0.0)];
const PEOPLE: [Shape; 1] = [shape(0.45, 0.45, 1.68, 0.6, 0.0)];

/// What something of a kind may measure.
pub(crate) fn shapes(kind: Kind) -> &'static [Shape] {
    match kind {
        Kind::Vehicle => &VEHICLES,
        Kind::TwoWheeler => &TWO_WHEELERS,
        Kind::Person => &PEOPLE,
    }
}

/// A few of them that stand for all: large enough a difference between two directions shows with each.
pub(crate) fn outlines(kind: Kind) -> &'static [Shape] {
    match kind {
        Kind::Vehicle => &TYPICAL,
        other => shapes(other),
    }
}

/// Where the body is as broad as it gets, and where its corners are rounded off, as shares of half its sides.
const FULL: [f64; 2] = [0.82, 1.0];
const ROUNDED: [f64; 2] = [0.98, 0.72];
/// Where wheels touch the ground.
const WHEELS: [f64; 2] = [0.64, 0.96];
/// How broad the roof is.
const ROOF_BROAD: f64 = 0.78;
/// From where up to where the body is full, as shares of the height.
const SILL: f64 = 0.12;
const BELT: f64 = 0.58;
/// Points of an outline.
pub(crate) const POINTS: usize = 24;

impl Shape {
    /// Points that its box is drawn around: forward, to the left, up, from the middle of what it covers of the ground.
    pub(crate) fn outline(&self) -> [[f64; 3]; POINTS] {
        let (half_length, half_width) = (self.length / 2.0, self.width / 2.0);
        let levels: [([f64; 2], f64); 6] = [
            (WHEELS, 0.0),
            (FULL, SILL),
            (ROUNDED, SILL),
            (FULL, BELT),
            (ROUNDED, BELT),
            ([self.roof, ROOF_BROAD], 1.0),
        ];
        std::array::from_fn(|index| {
            let ([along, across], up) = levels[index / 4];
            let (ahead, left) = ([1.0, 1.0, -1.0, -1.0][index % 4], [1.0, -1.0, -1.0, 1.0][index % 4]);
            [ahead * along * half_length, left * across * half_width, up * self.height]
        })
    }
}
