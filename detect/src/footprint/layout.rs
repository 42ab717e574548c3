//! Which way vehicles stand where bays are drawn. Pure.

use std::f64::consts::PI;

use gridwatch_domain::{Zone, ZoneType};

use super::{area, pinhole::Pinhole};

/// Directions of bays that differ by less than this, in radians, are one.
const SAME_WAY: f64 = 0.07;
/// A bay that is longer than wide by this factor says which way one parks in it.
const OBLONG: f64 = 1.4;
/// Who stands in a bay is turned out of its length by no more than this: 20°.
const ASKEW: f64 = PI / 9.0;

/// The bays of a camera, in metres on the ground.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    /// Directions of their sides, 0 to π.
    headings: Vec<f64>,
    bays: Vec<Bay>,
}

#[derive(Debug, Clone)]
struct Bay {
    corners: Vec<[f64; 2]>,
    /// Direction of its length, 0 to π; `None` where it is about as wide as long.
    along: Option<f64>,
}

impl Layout {
    pub(super) fn new(camera: &Pinhole, zones: &[Zone]) -> Self {
        let bays = zones.iter().filter(|zone| zone.zone_type == ZoneType::Bay).filter_map(|zone| {
            let points = zone.polygon.points().iter();
            let corners: Option<Vec<_>> =
                points.map(|point| camera.ground([point.x(), point.y()].map(f64::from))).collect();
            corners.map(Bay::new)
        });
        let bays: Vec<Bay> = bays.collect();
        let mut headings: Vec<f64> = Vec::new();
        for (heading, _) in bays.iter().flat_map(|bay| sides(&bay.corners)) {
            if !headings.iter().any(|known| apart(heading, *known) < SAME_WAY) {
                headings.push(heading);
            }
        }
        Self { headings, bays }
    }

    /// Directions in which vehicles are parked here, 0 to π.
    pub(super) fn headings(&self) -> &[f64] {
        &self.headings
    }

    /// Whether what stands there, its length in that direction, stands in a bay and across it.
    pub(super) fn is_across(&self, at: [f64; 2], heading: f64) -> bool {
        let bay = self.bays.iter().find(|bay| bay.contains(at));
        bay.and_then(|bay| bay.along).is_some_and(|along| apart(along, heading) > ASKEW)
    }
}

impl Bay {
    fn new(corners: Vec<[f64; 2]>) -> Self {
        let longest = sides(&corners).max_by(|a, b| a.1.total_cmp(&b.1));
        let oblong = longest.filter(|(_, length)| length * length >= OBLONG * area(&corners));
        let along = oblong.map(|(heading, _)| heading);
        Self { corners, along }
    }

    /// By how often a ray to the right crosses its sides.
    fn contains(&self, [x, y]: [f64; 2]) -> bool {
        let ends = self.corners.iter().zip(self.corners.iter().cycle().skip(1));
        let crossed = ends.filter(|([ax, ay], [bx, by])| {
            (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax
        });
        crossed.count() % 2 == 1
    }
}

/// Direction, 0 to π, and length of each side.
fn sides(corners: &[[f64; 2]]) -> impl Iterator<Item = (f64, f64)> {
    corners
        .iter()
        .zip(corners.iter().cycle().skip(1))
        .map(|([ax, ay], [bx, by])| ((by - ay).atan2(bx - ax).rem_euclid(PI), (bx - ax).hypot(by - ay)))
}

/// The angle between two directions that have no front, 0 to π/2.
pub(super) fn apart(one: f64, other: f64) -> f64 {
    let apart = (one - other).rem_euclid(PI);
    apart.min(PI - apart)
}
