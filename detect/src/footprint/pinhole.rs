//! A camera above flat ground: where points of the ground, and points above it, are seen.
//!
//! In the picture: x to the right and y down from its middle, in heights of the picture. On the ground: metres, z up.

use gridwatch_domain::{Ground, Projective};

/// Focal lengths that are tried, in heights of the picture: from a fisheye's middle (150° down) to a long lens (10°).
const SHORTEST: f64 = 0.3;
const LONGEST: f64 = 6.0;
const STEPS: u32 = 120;
/// Largest disagreement of the ground's two axes, in length (as a logarithm) and in direction (as a cosine), with which a calibration is
/// believed: four points measured to a hand's breadth give less than a third of it.
const BELIEVED: f64 = 0.15;

/// A camera without distortion.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pinhole {
    /// Width of the picture in its heights.
    aspect: f64,
    /// From (x, y, z, 1) on the ground, in metres, to the picture, row by row.
    rows: [[f64; 4]; 3],
    to_ground: Projective,
}

impl Pinhole {
    /// From a calibrated ground, the picture being so many times wider than high. `None` where no camera sees the ground like that.
    pub(crate) fn of_ground(ground: &Ground, aspect: f64) -> Option<Self> {
        let centred =
            Projective::from_rows([[aspect, 0.0, -aspect / 2.0], [0.0, 1.0, -0.5], [0.0, 0.0, 1.0]]);
        let to_picture = ground.to_picture().then(&centred);
        Self::of_map(&to_picture, ground.metres()[0], aspect)
    }

    /// From the map of ground to picture; `before` is a point of the ground before the camera.
    fn of_map(to_picture: &Projective, before: [f64; 2], aspect: f64) -> Option<Self> {
        let mut rows = to_picture.rows();
        let depth = rows[2][0] * before[0] + rows[2][1] * before[1] + rows[2][2];
        rows.iter_mut().flatten().for_each(|value| *value /= depth);
        let column =
            |index: usize, focal: f64| [rows[0][index] / focal, rows[1][index] / focal, rows[2][index]];
        let disagreement = |focal: f64| {
            let (a, b) = (column(0, focal), column(1, focal));
            let (length_a, length_b) = (norm(a), norm(b));
            (dot(a, b) / (length_a * length_b)).hypot((length_a / length_b).ln())
        };
        let focal = |step: u32| SHORTEST * (LONGEST / SHORTEST).powf(f64::from(step) / f64::from(STEPS));
        let best = (0..=STEPS).map(focal).min_by(|a, b| disagreement(*a).total_cmp(&disagreement(*b)))?;
        if disagreement(best) > BELIEVED {
            return None;
        }
        let (a, b) = (column(0, best), column(1, best));
        let scale = (norm(a) * norm(b)).sqrt();
        let up = cross(a, b);
        let length = norm(up);
        let up = up.map(|value| value / length * scale);
        let lifted = |sign: f64| {
            let up = [up[0] * best * sign, up[1] * best * sign, up[2] * sign];
            std::array::from_fn(|row| [rows[row][0], rows[row][1], up[row], rows[row][2]])
        };
        let found =
            [1.0, -1.0].map(|sign| Self { aspect, rows: lifted(sign), to_ground: to_picture.inverse() });
        // The camera is above the ground: what is lifted up comes nearer to it, or is seen higher.
        found.into_iter().find(|camera| camera.is_above())
    }

    /// A camera `height` metres above the ground, which looks down by `pitch` and is tilted by `roll`, in radians.
    pub(crate) fn looking(focal: f64, [pitch, roll]: [f64; 2], height: f64, aspect: f64) -> Self {
        let forward = [0.0, pitch.cos(), -pitch.sin()];
        let down = [0.0, -pitch.sin(), -pitch.cos()];
        let turned = |right: f64, low: f64| [right, low * down[1], low * down[2]];
        let across = turned(roll.cos(), roll.sin()).map(|value| value * focal);
        let down = turned(-roll.sin(), roll.cos()).map(|value| value * focal);
        // The camera is at (0, 0, height).
        let rows = [across, down, forward].map(|[x, y, z]| [x, y, z, -z * height]);
        let to_picture = Projective::from_rows(rows.map(|[x, y, _, whole]| [x, y, whole]));
        Self { aspect, rows, to_ground: to_picture.inverse() }
    }

    /// Whether the camera is on that side of the ground where z is up.
    fn is_above(&self) -> bool {
        // Where all three rows vanish is the camera: solved for (x, y, z) by Cramer's rule.
        let minor = |columns: [usize; 3]| {
            let [a, b, c] = self.rows.map(|row| columns.map(|column| row[column]));
            dot(a, cross(b, c))
        };
        let (whole, above) = (minor([0, 1, 2]), -minor([0, 1, 3]));
        above / whole > 0.0
    }

    /// Where a point is seen, 0–1 of the picture where it is in it; `None` behind the camera.
    pub(crate) fn project(&self, [x, y, z]: [f64; 3]) -> Option<[f64; 2]> {
        let of = |row: [f64; 4]| row[0] * x + row[1] * y + row[2] * z + row[3];
        let [across, down, depth] = self.rows.map(of);
        (depth > 1e-6).then(|| [across / depth / self.aspect + 0.5, down / depth + 0.5])
    }

    /// Which point of the ground is seen there; `None` at the horizon and above it.
    pub(crate) fn ground(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let found = self.to_ground.map([(x - 0.5) * self.aspect, y - 0.5])?;
        let depth = self.rows[2][0] * found[0] + self.rows[2][1] * found[1] + self.rows[2][3];
        (depth > 1e-6).then_some(found)
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
