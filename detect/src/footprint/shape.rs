//! What vehicles, two-wheelers and people look like to a camera: a few points of their outlines, in metres.

use crate::motion::Kind;

/// Outer measures of something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    pub length: f64,
    pub width: f64,
    pub height: f64,
    /// From where to where the roof reaches, ahead of the middle and behind it, as shares of the length: a saloon's is short and lies towards
    /// the rear, a van's reaches from end to end.
    roof: [f64; 2],
    /// How high front and rear are, as shares of the height.
    ends: [f64; 2],
    /// By how much it is preferred to have another shape, as a square of shares of the box.
    pub unlikely: f64,
}

const fn shape(measures: [f64; 3], roof: [f64; 2], ends: [f64; 2], unlikely: f64) -> Shape {
    let [length, width, height] = measures;
    Shape { length, width, height, roof, ends, unlikely }
}

/// Small car, hatchback, saloon, SUV, van, pickup, light lorry, lorry, coach. What is rare must fit better.
const VEHICLES: [Shape; 10] = [
    shape([3.6, 1.60, 1.52], [0.12, 0.36], [0.55, 0.66], 0.002),
    shape([4.1, 1.75, 1.50], [0.08, 0.34], [0.52, 0.65], 0.0),
    shape([4.7, 1.82, 1.46], [0.06, 0.22], [0.51, 0.68], 0.0),
    shape([4.7, 1.90, 1.72], [0.09, 0.35], [0.56, 0.64], 0.0),
    shape([4.7, 1.75, 1.88], [0.22, 0.45], [0.51, 0.6], 0.001),
    shape([5.3, 1.88, 1.82], [0.06, 0.12], [0.6, 0.6], 0.003),
    shape([5.7, 1.95, 2.15], [0.42, -0.25], [0.54, 0.6], 0.003),
    shape([6.0, 2.05, 2.60], [0.40, 0.48], [0.5, 0.96], 0.004),
    shape([8.0, 2.35, 3.00], [0.46, 0.49], [0.5, 0.96], 0.008),
    shape([11.5, 2.50, 3.20], [0.49, 0.49], [0.5, 0.5], 0.008),
];
/// Saloon, van, lorry.
const TYPICAL: [Shape; 3] = [VEHICLES[2], VEHICLES[4], VEHICLES[8]];
/// Without and with somebody on it.
const TWO_WHEELERS: [Shape; 2] = [
    shape([1.8, 0.6, 1.1], [0.25, 0.25], [0.58, 0.58], 0.0),
    shape([1.8, 0.6, 1.7], [0.15, 0.15], [0.4, 0.4], 0.0),
];
const PEOPLE: [Shape; 1] = [shape([0.45, 0.45, 1.68], [0.3, 0.3], [0.58, 0.58], 0.0)];

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
/// From where on the body is full, as a share of the height.
const SILL: f64 = 0.12;
/// Four corners of an outline, as shares of half its sides and of its height; front and rear apart.
#[derive(Debug, Clone, Copy)]
struct Level {
    along: [f64; 2],
    across: f64,
    up: [f64; 2],
}

/// Points of an outline.
pub(crate) const POINTS: usize = 24;

impl Shape {
    /// Points that its box is drawn around: forward, to the left, up, from the middle of what it covers of the ground.
    pub(crate) fn outline(&self) -> [[f64; 3]; POINTS] {
        let (half_length, half_width) = (self.length / 2.0, self.width / 2.0);
        let roof = self.roof.map(|share| 2.0 * share);
        let level = |[along, across]: [f64; 2], up: [f64; 2]| Level { along: [along; 2], across, up };
        let levels = [
            level(WHEELS, [0.0; 2]),
            level(FULL, [SILL; 2]),
            level(ROUNDED, [SILL; 2]),
            level(FULL, self.ends),
            level(ROUNDED, self.ends),
            Level { along: roof, across: ROOF_BROAD, up: [1.0; 2] },
        ];
        std::array::from_fn(|index| {
            let Level { along, across, up } = levels[index / 4];
            // Front left, front right, rear right, rear left.
            let end = index % 4 / 2;
            let (ahead, left) = ([1.0, -1.0][end], [1.0, -1.0, -1.0, 1.0][index % 4]);
            [ahead * along[end] * half_length, left * across * half_width, up[end] * self.height]
        })
    }
}
