//! Where a camera hangs, told by the bays that are drawn in its picture: all of them are rectangles of one size.
//!
//! Of all cameras that could have taken the picture, the one is looked for under which the bays, laid back on the ground, are most nearly so.
//! A bay measures 2.5 m by 5 to 5.3 m (GB 50067-2014 asks for 2.4 by 5.3 at least), which gives the scale.

use gridwatch_domain::{Zone, ZoneType};

use super::pinhole::Pinhole;

/// How broad a bay is, in metres, and how many times as long.
const BROAD_M: f64 = 2.5;
const SLENDER: f64 = 2.05;
/// Bays that are looked at: the largest say the most.
const MOST: usize = 24;
/// A bay smaller than this, in pictures, is drawn too coarsely to tell anything.
const LEAST_AREA: f32 = 0.0008;
/// Disagreement (root of the mean square of logarithms and cosines) up to which a camera is believed.
const BELIEVED: f64 = 0.12;
/// How much a usual shape of bays and a usual lens count beside what is seen.
const SHAPE_COUNTS: f64 = 0.2;
const LENS_COUNTS: f64 = 0.004;
/// Focal length of a usual lens (4 mm before a 1/2.8" sensor: 84° across), in heights of the picture.
const USUAL_FOCAL: f64 = 1.0;

/// A bay as it is drawn: corners in order, and how much it counts.
struct Drawn {
    corners: [[f64; 2]; 4],
    counts: f64,
}

/// What is looked for: logarithm of the focal length, pitch and roll.
type Guess = [f64; 3];

/// `None` where there are no bays, or no camera sees them as rectangles of one size.
pub(super) fn pinhole(zones: &[Zone], aspect: f64) -> Option<Pinhole> {
    let bays = drawn(zones);
    if bays.is_empty() {
        return None;
    }
    let error = |guess: Guess| error(&bays, guess, aspect).unwrap_or(f64::MAX);
    let mut best = [USUAL_FOCAL.ln(), 0.5, 0.0];
    let mut least = f64::MAX;
    for pitch in (4..=88).step_by(3).map(|degrees| f64::from(degrees).to_radians()) {
        for focal in (-5..=8).map(|step| f64::from(step) * 0.2) {
            let guess = [focal, pitch, 0.0];
            let found = error(guess);
            if found < least {
                (least, best) = (found, guess);
            }
        }
    }
    let (best, least) = refined(best, least, error);
    if least.sqrt() > BELIEVED {
        return None;
    }
    let unscaled = camera(best, 1.0, aspect);
    let sides: Vec<[f64; 2]> = bays.iter().filter_map(|bay| Some(laid(&unscaled, bay)?.sides())).collect();
    let broad = median(sides.iter().map(|[broad, _]| *broad));
    Some(camera(best, BROAD_M / broad, aspect))
}

fn camera([focal, pitch, roll]: Guess, height: f64, aspect: f64) -> Pinhole {
    Pinhole::looking(focal.exp(), [pitch, roll], height, aspect)
}

fn drawn(zones: &[Zone]) -> Vec<Drawn> {
    let bays = zones.iter().filter(|zone| zone.zone_type == ZoneType::Bay);
    let mut bays: Vec<Drawn> = bays
        .filter(|bay| bay.polygon.area() >= LEAST_AREA)
        .filter_map(|bay| {
            let corners = bay.polygon.points().iter().map(|point| [point.x(), point.y()].map(f64::from));
            let corners = corners.collect::<Vec<_>>().try_into().ok()?;
            Some(Drawn { corners, counts: f64::from(bay.polygon.area()).sqrt() })
        })
        .collect();
    bays.sort_by(|a, b| b.counts.total_cmp(&a.counts));
    bays.truncate(MOST);
    bays
}

/// Steps in each direction, smaller and smaller.
fn refined(mut best: Guess, mut least: f64, error: impl Fn(Guess) -> f64) -> (Guess, f64) {
    let mut step = [0.1, 0.03, 0.03];
    for _ in 0..200 {
        let mut is_better = false;
        for axis in 0..3 {
            for sign in [1.0, -1.0] {
                let mut guess = best;
                guess[axis] += sign * step[axis];
                let found = error(guess);
                if found < least {
                    (least, best, is_better) = (found, guess, true);
                }
            }
        }
        if !is_better {
            step = step.map(|step| step / 2.0);
        }
        if step[0] < 1e-4 {
            break;
        }
    }
    (best, least)
}

/// A bay laid back on the ground.
struct Laid {
    corners: [[f64; 2]; 4],
}

fn laid(camera: &Pinhole, bay: &Drawn) -> Option<Laid> {
    let [a, b, c, d] = bay.corners.map(|corner| camera.ground(corner));
    Some(Laid { corners: [a?, b?, c?, d?] })
}

impl Laid {
    fn side(&self, index: usize) -> [f64; 2] {
        let (from, to) = (self.corners[index], self.corners[(index + 1) % 4]);
        [to[0] - from[0], to[1] - from[1]]
    }

    fn length(&self, index: usize) -> f64 {
        let [x, y] = self.side(index);
        x.hypot(y).max(1e-9)
    }

    /// How broad and how long it is.
    fn sides(&self) -> [f64; 2] {
        let [one, other] = [0, 1].map(|side| (self.length(side) * self.length(side + 2)).sqrt());
        [one.min(other), one.max(other)]
    }

    /// How far it is from a rectangle: squares of cosines, and of logarithms of ratios.
    fn skewness(&self) -> f64 {
        let cosine = |index: usize| {
            let (one, other) = (self.side(index), self.side((index + 1) % 4));
            (one[0] * other[0] + one[1] * other[1]) / (self.length(index) * self.length((index + 1) % 4))
        };
        let unlike = |index: usize| (self.length(index) / self.length(index + 2)).ln();
        let corners: f64 = (0..4).map(|index| cosine(index).powi(2)).sum::<f64>() / 4.0;
        let sides: f64 = (0..2).map(|index| unlike(index).powi(2)).sum::<f64>() / 2.0;
        corners + sides
    }
}

/// Mean square of how far the bays are from rectangles of one size; `None` where one of them is beyond the horizon.
fn error(bays: &[Drawn], guess: Guess, aspect: f64) -> Option<f64> {
    let camera = camera(guess, 1.0, aspect);
    let laid: Vec<(Laid, f64)> =
        bays.iter().map(|bay| Some((laid(&camera, bay)?, bay.counts))).collect::<Option<_>>()?;
    let size = [0, 1].map(|side| median(laid.iter().map(|(bay, _)| bay.sides()[side])));
    let of_bay = |bay: &Laid| {
        let sides = bay.sides();
        bay.skewness() + [0, 1].map(|side| (sides[side] / size[side]).ln().powi(2)).iter().sum::<f64>()
    };
    let counts: f64 = laid.iter().map(|(_, counts)| counts).sum();
    let seen = laid.iter().map(|(bay, counts)| of_bay(bay) * counts).sum::<f64>() / counts;
    let shape = (size[1] / size[0] / SLENDER).ln().powi(2) * SHAPE_COUNTS;
    let lens = (guess[0] - USUAL_FOCAL.ln()).powi(2) * LENS_COUNTS + guess[2].powi(2) * SHAPE_COUNTS;
    Some(seen + shape + lens)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(1.0)
}
