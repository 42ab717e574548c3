//! Convex quadrilaterals of the picture, and how much of one lies in another shape. Pure.

use gridwatch_domain::{Polygon, Projective};

/// A rectangle of the ground as the camera sees it: corners in order around it, 0–1 in the picture, beyond it where it leaves the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quad {
    corners: [[f64; 2]; 4],
}

/// The picture's own corners.
const PICTURE: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];

impl Quad {
    /// From corners in order around it.
    pub fn new(corners: [[f64; 2]; 4]) -> Self {
        Self { corners }
    }

    /// The corners, in order around it.
    pub fn corners(&self) -> [[f64; 2]; 4] {
        self.corners
    }

    /// Where the middle of the rectangle is seen; `None` where its corners lie on a line.
    pub fn middle(&self) -> Option<[f64; 2]> {
        Projective::from_unit_square(self.corners).ok()?.map([0.5, 0.5])
    }

    /// Share of the rectangle, of what the picture shows of it, that lies in a zone: 0–1, measured on the ground.
    pub fn coverage(&self, zone: &Polygon) -> f32 {
        let zone: Vec<[f64; 2]> =
            zone.points().iter().map(|point| [f64::from(point.x()), f64::from(point.y())]).collect();
        let Ok(from_square) = Projective::from_unit_square(self.corners) else { return 0.0 };
        let to_square = from_square.inverse();
        // In the rectangle's own coordinates areas are in proportion to those on the ground.
        let area = |seen: &[[f64; 2]]| {
            let corners: Option<Vec<_>> = seen.iter().map(|corner| to_square.map(*corner)).collect();
            corners.map_or(0.0, |corners| area(&corners))
        };
        let seen = clipped(&self.corners, &PICTURE);
        let all = area(&seen);
        if all <= 1e-9 { 0.0 } else { (area(&clipped(&zone, &seen)) / all) as f32 }
    }
}

/// The part of a polygon that lies in a convex one (I. Sutherland, G. Hodgman, Reentrant Polygon Clipping, 1974). Where the first is not
/// convex, parts may be joined along edges of no area.
pub(crate) fn clipped(subject: &[[f64; 2]], convex: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let turn = signed_area(convex).signum();
    let mut kept = subject.to_vec();
    for (&a, &b) in convex.iter().zip(convex.iter().cycle().skip(1)) {
        let inside = |p: [f64; 2]| turn * ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
        kept = half(&kept, inside);
    }
    kept
}

/// Keeps the part of a polygon where `inside` (a signed distance) is not negative.
fn half(corners: &[[f64; 2]], inside: impl Fn([f64; 2]) -> f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::with_capacity(corners.len() + 4);
    for (&a, &b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        let (da, db) = (inside(a), inside(b));
        if da >= 0.0 {
            kept.push(a);
        }
        if (da >= 0.0) != (db >= 0.0) {
            let share = da / (da - db);
            kept.push([0, 1].map(|axis| a[axis] + (b[axis] - a[axis]) * share));
        }
    }
    kept
}

fn signed_area(corners: &[[f64; 2]]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    let twice: f64 = corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    twice / 2.0
}

/// Area of a polygon, in squares of its coordinates.
pub(crate) fn area(corners: &[[f64; 2]]) -> f64 {
    signed_area(corners).abs()
}

/// Distance of two convex polygons; 0 where they touch.
pub(crate) fn distance(one: &[[f64; 2]], other: &[[f64; 2]]) -> f64 {
    if area(&clipped(one, other)) > 0.0 {
        return 0.0;
    }
    let from = |points: &[[f64; 2]], sides: &[[f64; 2]]| {
        let ends = || sides.iter().zip(sides.iter().cycle().skip(1));
        let to_sides =
            |point: &[f64; 2]| ends().map(|(a, b)| to_side(*point, *a, *b)).fold(f64::MAX, f64::min);
        points.iter().map(to_sides).fold(f64::MAX, f64::min)
    };
    from(one, other).min(from(other, one))
}

/// From a point to a stretch of a line.
pub(crate) fn to_side([x, y]: [f64; 2], [ax, ay]: [f64; 2], [bx, by]: [f64; 2]) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 { (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - ax - share * dx).hypot(y - ay - share * dy)
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::Point;

    use super::*;

    const SQUARE: [[f64; 2]; 4] = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]];

    fn zone(points: &[[f32; 2]]) -> Polygon {
        let points = points.iter().map(|[x, y]| Point::new(*x, *y).expect("in the picture")).collect();
        Polygon::new(points).expect("simple")
    }

    #[test]
    fn half_in_a_zone_is_half_whichever_way_round() {
        let right = zone(&[[0.3, 0.0], [0.9, 0.0], [0.9, 0.9], [0.3, 0.9]]);
        let mut turned = SQUARE;
        for corners in [SQUARE, {
            turned.reverse();
            turned
        }] {
            assert!((Quad::new(corners).coverage(&right) - 0.5).abs() < 1e-6);
        }
        // A zone with a dent: the dent is no part of it.
        let dented = zone(&[[0.0, 0.0], [0.9, 0.0], [0.9, 0.9], [0.3, 0.3], [0.0, 0.9]]);
        let share = Quad::new(SQUARE).coverage(&dented);
        assert!(share > 0.5 && share < 1.0, "{share}");
    }

    #[test]
    fn what_leaves_the_picture_counts_by_what_is_seen_of_it() {
        let quad = Quad::new([[-0.2, 0.2], [0.2, 0.2], [0.2, 0.4], [-0.2, 0.4]]);
        let left = zone(&[[0.0, 0.0], [0.2, 0.0], [0.2, 0.9], [0.0, 0.9]]);
        assert!((quad.coverage(&left) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn near_things_count_no_more_than_far_ones() {
        // A rectangle that runs from near to far: its nearer half takes most of the picture.
        let quad = Quad::new([[0.1, 0.9], [0.9, 0.9], [0.6, 0.4], [0.4, 0.4]]);
        let [_, middle] = quad.middle().expect("a rectangle");
        let near = zone(&[[0.0, middle as f32], [1.0, middle as f32], [1.0, 1.0], [0.0, 1.0]]);
        assert!((quad.coverage(&near) - 0.5).abs() < 1e-3, "{}", quad.coverage(&near));
    }

    #[test]
    fn distance_is_between_the_nearest_points() {
        let moved = |by: f64| SQUARE.map(|[x, y]| [x + by, y]);
        assert!((distance(&SQUARE, &moved(0.5)) - 0.3).abs() < 1e-9);
        assert!(distance(&SQUARE, &moved(0.1)).abs() < 1e-9, "they overlap");
        let corner = SQUARE.map(|[x, y]| [x + 0.3, y + 0.3]);
        assert!((distance(&SQUARE, &corner) - 0.1 * 2.0_f64.sqrt()).abs() < 1e-9);
    }
}
