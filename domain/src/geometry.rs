//! Points, boxes and polygons in normalised picture coordinates: 0–1, origin top left.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::DomainError;

/// Share of a box's height, from below, that counts as ground contact: a vehicle's wheels and sills stand there, while
/// its roof leans over whatever is behind it.
const GROUND_CONTACT_SHARE: f32 = 0.25;

/// A point of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f32; 2]", into = "[f32; 2]")]
pub struct Point {
    x: f32,
    y: f32,
}

impl Point {
    /// `x` and `y` from 0 to 1.
    pub fn new(x: f32, y: f32) -> Result<Self, DomainError> {
        match [x, y].into_iter().find(|value| !(0.0..=1.0).contains(value)) {
            None => Ok(Self { x, y }),
            Some(bad) => Err(DomainError::Coordinate(bad)),
        }
    }

    /// Share of the width, from the left.
    pub fn x(self) -> f32 {
        self.x
    }

    /// Share of the height, from above.
    pub fn y(self) -> f32 {
        self.y
    }
}
impl TryFrom<[f32; 2]> for Point {
    type Error = DomainError;
    fn try_from([x, y]: [f32; 2]) -> Result<Self, DomainError> {
        Self::new(x, y)
    }
}
impl From<Point> for [f32; 2] {
    fn from(point: Point) -> Self {
        [point.x, point.y]
    }
}

/// A rectangle `[x1, y1, x2, y2]`, x1 < x2, y1 < y2, within the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f32; 4]", into = "[f32; 4]")]
pub struct NormBox {
    x1: f32,
    y1: f32,
    x2: f32,
    y2: f32,
}

impl NormBox {
    /// Corners from 0 to 1, `x1 < x2`, `y1 < y2`.
    pub fn new(x1: f32, y1: f32, x2: f32, y2: f32) -> Result<Self, DomainError> {
        if let Some(bad) = [x1, y1, x2, y2].into_iter().find(|value| !(0.0..=1.0).contains(value)) {
            return Err(DomainError::Coordinate(bad));
        }
        if x1 < x2 && y1 < y2 { Ok(Self { x1, y1, x2, y2 }) } else { Err(DomainError::Box([x1, y1, x2, y2])) }
    }

    /// Cuts what leaves the picture; `None` where nothing is left or a value is no number.
    pub fn clipped(x1: f32, y1: f32, x2: f32, y2: f32) -> Option<Self> {
        let cut = |value: f32| value.clamp(0.0, 1.0);
        Self::new(cut(x1), cut(y1), cut(x2), cut(y2)).ok()
    }

    /// Left edge.
    pub fn x1(self) -> f32 {
        self.x1
    }
    /// Upper edge.
    pub fn y1(self) -> f32 {
        self.y1
    }
    /// Right edge.
    pub fn x2(self) -> f32 {
        self.x2
    }
    /// Lower edge.
    pub fn y2(self) -> f32 {
        self.y2
    }
    /// Width, 0–1.
    pub fn width(self) -> f32 {
        self.x2 - self.x1
    }
    /// Height, 0–1.
    pub fn height(self) -> f32 {
        self.y2 - self.y1
    }
    /// Area as a share of the picture.
    pub fn area(self) -> f32 {
        self.width() * self.height()
    }
    /// Centre.
    pub fn center(self) -> Point {
        Point { x: (self.x1 + self.x2) / 2.0, y: (self.y1 + self.y2) / 2.0 }
    }

    /// Area of the overlap with `other`, as a share of the picture.
    pub fn intersection(self, other: Self) -> f32 {
        let width = self.x2.min(other.x2) - self.x1.max(other.x1);
        let height = self.y2.min(other.y2) - self.y1.max(other.y1);
        width.max(0.0) * height.max(0.0)
    }

    /// Intersection over union, 0–1.
    pub fn iou(self, other: Self) -> f32 {
        let both = self.intersection(other);
        both / (self.area() + other.area() - both)
    }

    /// The lower quarter: where a vehicle touches the ground. Zones are judged by this, not by the whole box.
    pub fn ground_contact(self) -> Self {
        Self { y1: self.y2 - self.height() * GROUND_CONTACT_SHARE, ..self }
    }
}
impl TryFrom<[f32; 4]> for NormBox {
    type Error = DomainError;
    fn try_from([x1, y1, x2, y2]: [f32; 4]) -> Result<Self, DomainError> {
        Self::new(x1, y1, x2, y2)
    }
}
impl From<NormBox> for [f32; 4] {
    fn from(b: NormBox) -> Self {
        [b.x1, b.y1, b.x2, b.y2]
    }
}

/// A simple polygon: at least three points, no two sides cross, and it encloses an area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Point>", into = "Vec<Point>")]
pub struct Polygon {
    points: Vec<Point>,
}

impl Polygon {
    /// Refuses fewer than three points, no area, and sides that cross or touch each other.
    pub fn new(points: Vec<Point>) -> Result<Self, DomainError> {
        if points.len() < 3 {
            return Err(DomainError::PolygonSize(points.len()));
        }
        if let Some((first, second)) = crossing_sides(&points) {
            return Err(DomainError::PolygonCrosses { first, second });
        }
        let polygon = Self { points };
        if polygon.area() < 1e-6 {
            return Err(DomainError::PolygonSize(polygon.points.len()));
        }
        Ok(polygon)
    }

    /// The corners, in the order given.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Area as a share of the picture (shoelace formula).
    pub fn area(&self) -> f32 {
        area(&self.points.iter().map(|point| (point.x, point.y)).collect::<Vec<_>>())
    }

    /// Whether `point` lies inside (even-odd rule).
    pub fn contains(&self, point: Point) -> bool {
        let mut inside = false;
        for (a, b) in sides(&self.points) {
            if (a.y > point.y) != (b.y > point.y) {
                let crossing = a.x + (point.y - a.y) / (b.y - a.y) * (b.x - a.x);
                inside ^= point.x < crossing;
            }
        }
        inside
    }

    /// Share of `rect`'s area that lies inside, 0–1 (Sutherland–Hodgman clipping of the polygon by the rectangle).
    pub fn coverage(&self, rect: NormBox) -> f32 {
        let mut corners: Vec<(f32, f32)> = self.points.iter().map(|point| (point.x, point.y)).collect();
        corners = clip(&corners, |(x, _)| x - rect.x1);
        corners = clip(&corners, |(x, _)| rect.x2 - x);
        corners = clip(&corners, |(_, y)| y - rect.y1);
        corners = clip(&corners, |(_, y)| rect.y2 - y);
        (area(&corners) / rect.area()).clamp(0.0, 1.0)
    }
}
impl TryFrom<Vec<Point>> for Polygon {
    type Error = DomainError;
    fn try_from(points: Vec<Point>) -> Result<Self, DomainError> {
        Self::new(points)
    }
}
impl From<Polygon> for Vec<Point> {
    fn from(polygon: Polygon) -> Self {
        polygon.points
    }
}
impl schemars::JsonSchema for Polygon {
    fn schema_name() -> Cow<'static, str> {
        "Polygon".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "array",
            "minItems": 3,
            "items": {
                "type": "array", "minItems": 2, "maxItems": 2,
                "items": { "type": "number", "minimum": 0, "maximum": 1 }
            }
        })
    }
}

fn sides(points: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    points.iter().copied().zip(points.iter().copied().cycle().skip(1))
}

fn area(corners: &[(f32, f32)]) -> f32 {
    let next = corners.iter().cycle().skip(1);
    let twice: f32 = corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
    twice.abs() / 2.0
}

/// Keeps the part of a polygon where `inside` (a signed distance) is not negative.
fn clip(corners: &[(f32, f32)], inside: impl Fn((f32, f32)) -> f32) -> Vec<(f32, f32)> {
    let mut kept = Vec::with_capacity(corners.len() + 4);
    for (&a, &b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
        let (da, db) = (inside(a), inside(b));
        if da >= 0.0 {
            kept.push(a);
        }
        if (da >= 0.0) != (db >= 0.0) {
            let t = da / (da - db);
            kept.push((a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t));
        }
    }
    kept
}

fn crossing_sides(points: &[Point]) -> Option<(usize, usize)> {
    let count = points.len();
    let side = |index: usize| (points[index], points[(index + 1) % count]);
    for first in 0..count {
        for second in first + 1..count {
            let neighbours = second == first + 1 || (first == 0 && second == count - 1);
            if neighbours {
                // Neighbours share a point; they cross only where one doubles back over the other.
                if doubles_back(side(first), side(second)) {
                    return Some((first, second));
                }
            } else if meet(side(first), side(second)) {
                return Some((first, second));
            }
        }
    }
    None
}

fn turn(a: Point, b: Point, c: Point) -> f64 {
    let (ax, ay) = (f64::from(a.x), f64::from(a.y));
    (f64::from(b.x) - ax) * (f64::from(c.y) - ay) - (f64::from(b.y) - ay) * (f64::from(c.x) - ax)
}

fn within(a: Point, b: Point, p: Point) -> bool {
    p.x >= a.x.min(b.x) && p.x <= a.x.max(b.x) && p.y >= a.y.min(b.y) && p.y <= a.y.max(b.y)
}

fn meet((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let (abc, abd, cda, cdb) = (turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b));
    if abc * abd < 0.0 && cda * cdb < 0.0 {
        return true;
    }
    (abc == 0.0 && within(a, b, c))
        || (abd == 0.0 && within(a, b, d))
        || (cda == 0.0 && within(c, d, a))
        || (cdb == 0.0 && within(c, d, b))
}

fn doubles_back((a, b): (Point, Point), (c, d): (Point, Point)) -> bool {
    let (shared, p, q) = if b == c { (b, a, d) } else { (a, b, c) };
    let (px, py, qx, qy) = (p.x - shared.x, p.y - shared.y, q.x - shared.x, q.y - shared.y);
    turn(shared, p, q) == 0.0 && px * qx + py * qy > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[[f32; 2]]) -> Result<Polygon, DomainError> {
        Polygon::new(corners.iter().map(|&corner| Point::try_from(corner)).collect::<Result<_, _>>()?)
    }

    #[test]
    fn refuses_polygons_that_are_none() {
        let bow_tie = polygon(&[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]);
        assert_eq!(bow_tie, Err(DomainError::PolygonCrosses { first: 0, second: 2 }));
        assert_eq!(polygon(&[[0.1, 0.1], [0.9, 0.9]]), Err(DomainError::PolygonSize(2)));
        assert!(polygon(&[[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]]).is_err(), "no area");
        assert!(polygon(&[[0.1, 0.1], [0.9, 0.1], [0.5, 0.1], [0.5, 0.9]]).is_err(), "doubles back");
        assert_eq!(polygon(&[[0.1, 0.1], [1.1, 0.9], [0.9, 0.1]]), Err(DomainError::Coordinate(1.1)));
        assert!(polygon(&[[0.1, f32::NAN], [0.2, 0.9], [0.9, 0.1]]).is_err());
    }

    #[test]
    fn a_concave_polygon_knows_its_notch() {
        let u = polygon(&[
            [0.1, 0.1],
            [0.3, 0.1],
            [0.3, 0.7],
            [0.7, 0.7],
            [0.7, 0.1],
            [0.9, 0.1],
            [0.9, 0.9],
            [0.1, 0.9],
        ])
        .expect("simple");
        assert!(!u.contains(Point { x: 0.5, y: 0.3 }));
        assert!(u.contains(Point { x: 0.5, y: 0.8 }));
        let across = NormBox::new(0.1, 0.1, 0.9, 0.3).expect("valid");
        assert!((u.coverage(across) - 0.5).abs() < 1e-4, "{}", u.coverage(across));
    }

    #[test]
    fn coverage_is_the_share_of_the_box() {
        let left_half = polygon(&[[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]).expect("simple");
        let rect = NormBox::new(0.25, 0.25, 0.75, 0.75).expect("valid");
        assert!((left_half.coverage(rect) - 0.5).abs() < 1e-5);
        assert_eq!(left_half.coverage(NormBox::new(0.6, 0.1, 0.7, 0.2).expect("valid")), 0.0);
    }

    #[test]
    fn iou_of_equal_boxes_is_one_and_of_far_ones_nothing() {
        let a = NormBox::new(0.1, 0.1, 0.3, 0.3).expect("valid");
        assert!((a.iou(a) - 1.0).abs() < 1e-6);
        assert_eq!(a.iou(NormBox::new(0.5, 0.5, 0.6, 0.6).expect("valid")), 0.0);
        assert!((a.ground_contact().y1() - 0.25).abs() < 1e-6);
        assert_eq!(NormBox::clipped(-0.5, 0.2, -0.1, 0.4), None);
    }
}
