//! The ground as a camera sees it: how a point of the picture and one of the ground belong together.

use crate::{DomainError, NormBox, Point};

/// Of the points' largest coordinate difference, squared: less is no area.
const LEAST_TURN: f64 = 1e-9;

/// A projective map of the plane (Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 2.3): what a camera does to flat ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projective {
    /// Row by row.
    rows: [[f64; 3]; 3],
}

impl Projective {
    /// From the unit square, whose corners are (0, 0), (1, 0), (1, 1), (0, 1), to four corners in that order (P. Heckbert, Fundamentals
    /// of Texture Mapping and Image Warping, 1989, section 2.2.3).
    ///
    /// # Errors
    /// [`DomainError::Quadrilateral`] where the four are not the corners of something convex, in order.
    pub fn from_unit_square(corners: [[f64; 2]; 4]) -> Result<Self, DomainError> {
        check_convex(corners)?;
        let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = corners;
        let (dx1, dx2, dx3) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, dy3) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        // Not 0: three corners do not lie on a line.
        let whole = dx1 * dy2 - dx2 * dy1;
        let g = (dx3 * dy2 - dx2 * dy3) / whole;
        let h = (dx1 * dy3 - dx3 * dy1) / whole;
        let rows =
            [[x1 - x0 + g * x1, x3 - x0 + h * x3, x0], [y1 - y0 + g * y1, y3 - y0 + h * y3, y0], [g, h, 1.0]];
        Ok(Self { rows })
    }

    /// From its matrix, row by row.
    pub fn from_rows(rows: [[f64; 3]; 3]) -> Self {
        Self { rows }
    }

    /// Its matrix, row by row; a common factor of all entries has no meaning.
    pub fn rows(&self) -> [[f64; 3]; 3] {
        self.rows
    }

    /// The way back.
    pub fn inverse(&self) -> Self {
        let [a, b, c] = self.rows;
        let cross = |p: [f64; 3], q: [f64; 3]| {
            [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]]
        };
        // Columns of the adjugate; a factor does not matter.
        let columns = [cross(b, c), cross(c, a), cross(a, b)];
        let rows = std::array::from_fn(|row| std::array::from_fn(|column| columns[column][row]));
        Self { rows }
    }

    /// First this, then the other.
    pub fn then(&self, other: &Self) -> Self {
        let entry = |row: usize, column: usize| {
            (0..3).map(|index| other.rows[row][index] * self.rows[index][column]).sum::<f64>()
        };
        Self { rows: std::array::from_fn(|row| std::array::from_fn(|column| entry(row, column))) }
    }

    /// Where a point goes; `None` where that is at or beyond the horizon.
    pub fn map(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let of = |row: [f64; 3]| row[0] * x + row[1] * y + row[2];
        let [across, down, depth] = self.rows.map(of);
        let mapped = [across / depth, down / depth];
        mapped.iter().all(|value| value.is_finite()).then_some(mapped)
    }

    fn depth(&self, [x, y]: [f64; 2]) -> f64 {
        let [g, h, i] = self.rows[2];
        g * x + h * y + i
    }
}

fn check_convex(corners: [[f64; 2]; 4]) -> Result<(), DomainError> {
    let is_finite = corners.iter().flatten().all(|value| value.is_finite());
    let turn = |index: usize| {
        let [a, b, c] = [0, 1, 2].map(|step| corners[(index + step) % 4]);
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
    };
    let extent = |axis: usize| {
        let of = corners.map(|corner| corner[axis]);
        of.into_iter().fold(f64::MIN, f64::max) - of.into_iter().fold(f64::MAX, f64::min)
    };
    let least = LEAST_TURN * extent(0).max(extent(1)).powi(2);
    let turns = [0, 1, 2, 3].map(turn);
    if !is_finite || turns.iter().any(|turn| turn.abs() <= least) {
        return Err(DomainError::Quadrilateral("of which three lie on a line"));
    }
    let same_way = turns.iter().all(|turn| *turn > 0.0) || turns.iter().all(|turn| *turn < 0.0);
    if same_way { Ok(()) } else { Err(DomainError::Quadrilateral("that are no corners in order")) }
}

/// The calibrated ground of a camera: from points of its picture to metres on the ground.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    points: [Point; 4],
    metres: [[f64; 2]; 4],
    to_metres: Projective,
    /// Sign of the depth of what lies before the horizon.
    before: f64,
}

impl Ground {
    /// From four points of the picture, in order around what they enclose, and where they are on the ground, in metres from any origin,
    /// along any two axes at right angles.
    ///
    /// # Errors
    /// [`DomainError::Quadrilateral`].
    pub fn new(points: [Point; 4], metres: [[f64; 2]; 4]) -> Result<Self, DomainError> {
        let seen = points.map(|point| [f64::from(point.x()), f64::from(point.y())]);
        let to_square = Projective::from_unit_square(seen)?.inverse();
        let to_metres = to_square.then(&Projective::from_unit_square(metres)?);
        let before = to_metres.depth(seen[0]).signum();
        Ok(Self { points, metres, to_metres, before })
    }

    /// The four points of the picture.
    pub fn points(&self) -> [Point; 4] {
        self.points
    }

    /// Where they are on the ground, in metres.
    pub fn metres(&self) -> [[f64; 2]; 4] {
        self.metres
    }

    /// From metres on the ground to the picture.
    pub fn to_picture(&self) -> Projective {
        self.to_metres.inverse()
    }

    /// Where on the ground a point of the picture is, in metres; `None` at and above the horizon.
    pub fn at(&self, point: [f32; 2]) -> Option<[f64; 2]> {
        let point = point.map(f64::from);
        let is_ground = self.to_metres.depth(point) * self.before > 0.0;
        is_ground.then(|| self.to_metres.map(point)).flatten()
    }

    /// Metres between two points of the picture; `None` where one is no ground.
    pub fn distance(&self, a: [f32; 2], b: [f32; 2]) -> Option<f64> {
        let ([ax, ay], [bx, by]) = (self.at(a)?, self.at(b)?);
        Some((ax - bx).hypot(ay - by))
    }

    /// How broad the lower edge of a box is on the ground, in metres.
    pub fn width(&self, bbox: NormBox) -> Option<f64> {
        self.distance([bbox.x1(), bbox.y2()], [bbox.x2(), bbox.y2()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAPEZE: [[f64; 2]; 4] = [[0.1, 0.9], [0.9, 0.9], [0.65, 0.4], [0.35, 0.4]];

    fn near(a: [f64; 2], b: [f64; 2]) -> bool {
        (a[0] - b[0]).hypot(a[1] - b[1]) < 1e-6
    }

    fn points(corners: [[f64; 2]; 4]) -> [Point; 4] {
        corners.map(|[x, y]| Point::new(x as f32, y as f32).expect("valid"))
    }

    #[test]
    fn corners_go_to_corners_and_back() {
        let map = Projective::from_unit_square(TRAPEZE).expect("convex");
        for (corner, seen) in [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]].into_iter().zip(TRAPEZE) {
            assert!(near(map.map(corner).expect("before the horizon"), seen));
            assert!(near(map.inverse().map(seen).expect("before the horizon"), corner));
        }
        // What is in the middle of the ground is seen nearer to its far end.
        let middle = map.map([0.5, 0.5]).expect("before the horizon");
        assert!((middle[0] - 0.5).abs() < 1e-9 && middle[1] < 0.65 && middle[1] > 0.4, "{middle:?}");
    }

    #[test]
    fn what_is_no_quadrilateral_is_refused() {
        let bow_tie = [[0.1, 0.9], [0.9, 0.9], [0.35, 0.4], [0.65, 0.4]];
        let line = [[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.1, 0.4]];
        let dart = [[0.0, 0.0], [1.0, 0.0], [0.1, 0.1], [0.0, 1.0]];
        for bad in [bow_tie, line, dart, [[f64::NAN, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]] {
            assert!(Projective::from_unit_square(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn metres_are_measured_and_the_sky_is_no_ground() {
        let metres = [[0.0, 0.0], [10.0, 0.0], [10.0, 20.0], [0.0, 20.0]];
        let ground = Ground::new(points(TRAPEZE), metres).expect("convex");
        let along = ground.distance([0.1, 0.9], [0.35, 0.4]).expect("ground");
        assert!((along - 20.0).abs() < 1e-3, "{along}");
        let car = NormBox::new(0.35, 0.3, 0.65, 0.4).expect("valid");
        assert!((ground.width(car).expect("ground") - 10.0).abs() < 1e-3);
        assert_eq!(ground.at([0.5, 0.01]), None, "above the horizon");
        assert!(ground.at([0.5, 1.0]).is_some(), "nearer than what was measured");
    }
}
