//! How near two things are on the ground, judged by their boxes. Pure.

use std::cmp::Ordering;

use gridwatch_domain::{Ground, NormBox, Side};

use crate::footprint::{Footprint, Stance, area, clipped, distance};

/// Of a box the lower part that may be the footprint of what is in it: seen from 4 to 8 m up, a car's footprint takes 0.3 to 0.6 of it.
const FOOTPRINT: f32 = 0.4;

/// Share of a footprint by which another may reach into it and be beside it: more than errors of boxes explain.
const IN_EACH_OTHER: f64 = 0.45;
/// Not near at all.
pub(super) const FAR: Distance = Distance { sizes: f32::MAX, metres: Some(f32::MAX) };

/// How near something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Distance {
    /// In sizes of the parked vehicle.
    pub sizes: f32,
    /// In metres, where the ground is calibrated.
    pub metres: Option<f32>,
}

impl Distance {
    /// The nearer first, by metres where both are known.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self.metres, other.metres) {
            (Some(own), Some(other)) => own.total_cmp(&other),
            _ => self.sizes.total_cmp(&other.sizes),
        }
    }

    /// Whether it is less than another one.
    pub(super) fn is_nearer(&self, other: &Self) -> bool {
        self.compare(other).is_lt()
    }

    /// Metres decide where they are known.
    pub(super) fn is_within(&self, limit: &Self) -> bool {
        match (self.metres, limit.metres) {
            (Some(metres), Some(limit)) => metres <= limit,
            _ => self.sizes <= limit.sizes,
        }
    }
}

/// From a parked vehicle's footprint to what covers that of the ground, in metres. Two cannot stand in one place: where they seem to, one of
/// them is not what its box says, and nothing is near.
pub(super) fn on_ground(parked: &Footprint, other: &[[f64; 2]; 4]) -> Distance {
    let common = area(&clipped(&parked.metres, other));
    if common > IN_EACH_OTHER * area(&parked.metres).min(area(other)) {
        return FAR;
    }
    let metres = distance(&parked.metres, other);
    Distance { sizes: (metres / parked.length()) as f32, metres: Some(metres as f32) }
}

/// Left, top, right and bottom of what may be the footprint.
fn lower_part(bbox: NormBox) -> [f32; 4] {
    [bbox.x1(), bbox.y2() - bbox.height() * FOOTPRINT, bbox.x2(), bbox.y2()]
}

/// From a parked vehicle to somebody: between their footprints, where these are known, else between what of their boxes may be footprints.
pub(super) fn between(parked: &Stance, other: &Stance, ground: Option<&Ground>) -> Distance {
    if let (Some(one), Some(other)) = (&parked.footprint, &other.footprint) {
        return on_ground(one, &other.metres);
    }
    let (parked, other) = (parked.bbox, other.bbox);
    let (a, b) = (lower_part(parked), lower_part(other));
    let gap = |low: usize, high: usize| (b[low] - a[high]).max(a[low] - b[high]).max(0.0);
    // A footprint is as deep in the picture as it is broad on the ground, more or less: both are one size.
    let (across, down) = (gap(0, 2) / parked.width(), gap(1, 3) / (parked.height() * FOOTPRINT));
    let metres = ground.and_then(|ground| metres_between(a, b, ground));
    Distance { sizes: across.hypot(down), metres }
}

/// Between the nearest points of two footprints.
fn metres_between(a: [f32; 4], b: [f32; 4], ground: &Ground) -> Option<f32> {
    // Nearest points of two upright rectangles of the picture: as near on the ground as matters here.
    let pick = |low: usize, high: usize| {
        let (from, to) = (a[low].max(b[low]), a[high].min(b[high]));
        if from <= to {
            let middle = f32::midpoint(from, to);
            (middle, middle)
        } else if a[high] < b[low] {
            (a[high], b[low])
        } else {
            (a[low], b[high])
        }
    };
    let ((ax, bx), (ay, by)) = (pick(0, 2), pick(1, 3));
    ground.distance([ax, ay], [bx, by]).map(|metres| metres as f32)
}

/// On which side of a parked vehicle somebody is.
pub(super) fn side_of(parked: NormBox, other: NormBox) -> Side {
    let across = (other.center().x() - parked.center().x()) / parked.width();
    let down = (other.y2() - parked.y2()) / parked.height();
    match (across.abs() >= down.abs(), across >= 0.0, down >= 0.0) {
        (true, true, _) => Side::Right,
        (true, false, _) => Side::Left,
        (false, _, true) => Side::Before,
        (false, _, false) => Side::Behind,
    }
}
