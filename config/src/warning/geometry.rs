//! Areas and distances in a picture whose height is 1 and whose width is its aspect.

use gridwatch_domain::Polygon;

pub(super) type Spot = [f64; 2];

/// The corners of a polygon.
pub(super) fn corners(polygon: &Polygon, aspect: f64) -> Vec<Spot> {
    polygon.points().iter().map(|point| [f64::from(point.x()) * aspect, f64::from(point.y())]).collect()
}

pub(super) fn length(a: Spot, b: Spot) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

pub(super) fn sides(corners: &[Spot]) -> impl Iterator<Item = (Spot, Spot)> + '_ {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

pub(super) fn longest_side(corners: &[Spot]) -> f64 {
    sides(corners).map(|(a, b)| length(a, b)).fold(0.0, f64::max)
}

fn signed_area(corners: &[Spot]) -> f64 {
    sides(corners).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() / 2.0
}

pub(super) fn area(corners: &[Spot]) -> f64 {
    signed_area(corners).abs()
}

/// On which side of the line from `a` to `b` a point is, and how far, in lengths of that line.
fn turn(a: Spot, b: Spot, point: Spot) -> f64 {
    (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
}

/// Area that two convex polygons share (Sutherland–Hodgman).
pub(super) fn shared(one: &[Spot], other: &[Spot]) -> f64 {
    let way = signed_area(other).signum();
    let mut left: Vec<Spot> = one.to_vec();
    for (a, b) in sides(other) {
        let inside = |point: Spot| turn(a, b, point) * way;
        let mut kept = Vec::with_capacity(left.len() + 2);
        for (p, q) in sides(&left) {
            let (from, to) = (inside(p), inside(q));
            if from >= 0.0 {
                kept.push(p);
            }
            if (from >= 0.0) != (to >= 0.0) {
                let share = from / (from - to);
                kept.push([0, 1].map(|axis| p[axis] + (q[axis] - p[axis]) * share));
            }
        }
        left = kept;
    }
    area(&left)
}

/// How thin something convex is: its least breadth, as a share of its longest side.
pub(super) fn thinness(corners: &[Spot]) -> f64 {
    let breadth = |(a, b): (Spot, Spot)| {
        let farthest = corners.iter().map(|point| turn(a, b, *point).abs()).fold(0.0, f64::max);
        farthest / length(a, b)
    };
    sides(corners).map(breadth).fold(f64::INFINITY, f64::min) / longest_side(corners)
}

/// How far two polygons are from each other; 0 where they meet.
pub(super) fn distance(one: &[Spot], other: &[Spot]) -> f64 {
    let is_within = contains(one, other[0]) || contains(other, one[0]);
    let crosses = || sides(one).any(|(a, b)| sides(other).any(|(c, d)| cross(a, b, c, d)));
    if is_within || crosses() {
        return 0.0;
    }
    let nearest = |points: &[Spot], corners: &[Spot]| {
        let to_side =
            |point: Spot| sides(corners).map(|side| to_segment(point, side)).fold(f64::INFINITY, f64::min);
        points.iter().map(|point| to_side(*point)).fold(f64::INFINITY, f64::min)
    };
    nearest(one, other).min(nearest(other, one))
}

fn cross(a: Spot, b: Spot, c: Spot, d: Spot) -> bool {
    turn(a, b, c) * turn(a, b, d) < 0.0 && turn(c, d, a) * turn(c, d, b) < 0.0
}

fn to_segment(point: Spot, (a, b): (Spot, Spot)) -> f64 {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let along = (point[0] - a[0]) * dx + (point[1] - a[1]) * dy;
    let share = (along / (dx * dx + dy * dy).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
    length(point, [a[0] + share * dx, a[1] + share * dy])
}

/// Even-odd rule.
fn contains(corners: &[Spot], [x, y]: Spot) -> bool {
    let crossed = sides(corners)
        .filter(|(a, b)| (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [Spot; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];

    fn moved(by: f64) -> Vec<Spot> {
        SQUARE.map(|[x, y]| [x + by, y]).to_vec()
    }

    #[test]
    fn shared_areas_whichever_way_round_they_are_drawn() {
        let mut other = moved(0.75);
        for _ in 0..2 {
            assert!((shared(&SQUARE, &other) - 0.25).abs() < 1e-9);
            assert!((shared(&other, &SQUARE) - 0.25).abs() < 1e-9);
            other.reverse();
        }
        assert!(shared(&SQUARE, &moved(1.5)) < 1e-9 && (shared(&SQUARE, &SQUARE) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn distances_are_between_borders() {
        assert!((distance(&SQUARE, &moved(1.5)) - 0.5).abs() < 1e-9);
        assert_eq!(distance(&SQUARE, &moved(0.5)), 0.0);
        let small = SQUARE.map(|[x, y]| [x * 0.2 + 0.4, y * 0.2 + 0.4]);
        assert_eq!((distance(&SQUARE, &small), distance(&small, &SQUARE)), (0.0, 0.0));
        // A cross: no corner of one lies in the other.
        let (flat, high) = (
            [[-1.0, 0.4], [2.0, 0.4], [2.0, 0.6], [-1.0, 0.6]],
            [[0.4, -1.0], [0.6, -1.0], [0.6, 2.0], [0.4, 2.0]],
        );
        assert_eq!(distance(&flat, &high), 0.0);
    }

    #[test]
    fn what_is_thin_is_told() {
        assert!((thinness(&SQUARE) - 1.0).abs() < 1e-9);
        let strip = SQUARE.map(|[x, y]| [x * 3.0, y * 0.3]);
        assert!((thinness(&strip) - 0.1).abs() < 1e-9);
        let slanted = [[0.0, 0.0], [1.0, 1.0], [1.0, 1.1], [0.0, 0.1]];
        assert!((thinness(&slanted) - 0.05).abs() < 0.001, "{}", thinness(&slanted));
    }
}
