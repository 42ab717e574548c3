//! Who stands in which bay.
//!
//! A box says little about which of two bays a car is in: seen from the side it reaches into both. So its footprint decides, where the ground
//! is known. Where it is not, each bay's own shape is used: a car that fills it would be seen in the box around it, and how far the lower
//! edge of a car's box is from that of this box is how far the car is from the middle of the bay. Measured in the bay's own coordinates (0–1 across and along, by a projective map of its four
//! corners), which makes near and far bays alike. Pure.

use gridwatch_domain::{EventObject, NormBox, Projective, Zone, ZoneId, ZoneType};

use super::{claim::object, standing};
use crate::{
    footprint::{Stance, area, clipped, to_side},
    parked::Place,
};

/// Farthest from the middle of a bay, in its own coordinates, that what stands in it may be: a little beyond its lines.
const FARTHEST: f64 = 0.65;
/// The same for one that was in it: a box that breathes opens nothing twice.
const STAYS: f64 = 0.85;
/// Cars do not fill bays to the line: lower edge of a car's box, as a share of the way from the middle of its bay to the bay's lowest corner.
const LOWER_EDGE: f64 = 0.9;
/// A neighbour's middle is so far away along one axis …
const NEIGHBOUR: std::ops::RangeInclusive<f64> = 0.6..=1.6;
/// … and no farther than this along the other.
const IN_ROW: f64 = 0.4;
/// Of a vehicle's box the lower part that may be its footprint.
const FOOTPRINT: f32 = 0.4;

/// One bay as the camera sees it.
#[derive(Debug, Clone)]
pub(super) struct Bay<'a> {
    pub zone: &'a Zone,
    from_square: Projective,
    to_square: Projective,
    middle: [f64; 2],
    /// Middle of the lower edge of the box of a car that fills it.
    filled: [f64; 2],
    /// Numbers of the places that stand in it.
    pub taken_by: Vec<u64>,
    /// Numbers of those that stand in a neighbouring one, and in this one, too.
    pub straddled_by: Vec<u64>,
}

impl<'a> Bay<'a> {
    /// `None` where it is no convex quadrilateral.
    fn new(zone: &'a Zone) -> Option<Self> {
        let points = zone.polygon.points();
        let corners: [[f64; 2]; 4] = points
            .iter()
            .map(|point| [f64::from(point.x()), f64::from(point.y())])
            .collect::<Vec<_>>()
            .try_into()
            .ok()?;
        let from_square = Projective::from_unit_square(corners).ok()?;
        let middle = from_square.map([0.5, 0.5])?;
        let [left, right] =
            [f64::min, f64::max].map(|pick| corners.iter().map(|corner| corner[0]).reduce(pick));
        let lowest = corners.iter().map(|corner| corner[1]).reduce(f64::max)?;
        let filled = [f64::midpoint(left?, right?), middle[1] + (lowest - middle[1]) * LOWER_EDGE];
        let to_square = from_square.inverse();
        Some(Self {
            zone,
            from_square,
            to_square,
            middle,
            filled,
            taken_by: Vec::new(),
            straddled_by: Vec::new(),
        })
    }

    /// Where in it a vehicle stands: (0.5, 0.5) is its middle.
    fn place_of(&self, stance: &Stance) -> Option<[f64; 2]> {
        if let Some(footprint) = &stance.footprint {
            return self.to_square.map(footprint.seen.middle()?);
        }
        let bbox = stance.bbox;
        let lower = [f64::from(bbox.center().x()), f64::from(bbox.y2())];
        let shifted = [0, 1].map(|axis| self.middle[axis] + lower[axis] - self.filled[axis]);
        self.to_square.map(shifted)
    }

    /// How far from its middle a vehicle stands, in its own coordinates.
    pub(super) fn distance(&self, stance: &Stance) -> f64 {
        let place = self.place_of(stance);
        place.map_or(f64::MAX, |[across, along]| (across - 0.5).abs().max((along - 0.5).abs()))
    }

    /// Whether a vehicle that was in it still is.
    pub(super) fn stays(&self, stance: &Stance) -> bool {
        self.distance(stance) <= STAYS
    }

    /// How far on its way to a neighbouring bay a vehicle stands: 0 in the middle of this one, 1 in that of the other; and how far beside that way.
    /// `None` where they are no neighbours.
    fn towards(&self, other: &Self, stance: &Stance) -> Option<[f64; 2]> {
        let of_other = self.to_square.map(other.middle)?;
        let way = [of_other[0] - 0.5, of_other[1] - 0.5];
        let is_beside =
            |one: usize, other: usize| NEIGHBOUR.contains(&way[one].abs()) && way[other].abs() <= IN_ROW;
        if !is_beside(0, 1) && !is_beside(1, 0) {
            return None;
        }
        let [across, along] = self.place_of(stance)?.map(|at| at - 0.5);
        let length = way[0].hypot(way[1]);
        let share = (across * way[0] + along * way[1]) / (length * length);
        Some([share, (across * way[1] - along * way[0]).abs() / length])
    }

    /// Whether a vehicle stands in this bay and in a neighbouring one: so far on the way from one to the other.
    pub(super) fn is_between(
        &self,
        other: &Self,
        stance: &Stance,
        between: &std::ops::RangeInclusive<f64>,
    ) -> bool {
        self.towards(other, stance)
            .is_some_and(|[share, beside]| between.contains(&share) && beside <= BESIDE)
    }

    /// The strip before it where vehicles drive out, `depth` of its length deep, as corners in the picture; `None` where that is beyond the horizon.
    /// The front is the side nearest to `aisle`.
    fn strip(&self, aisle: &Zone, depth: f64) -> Option<Vec<[f64; 2]>> {
        let deep = 1.0 + depth;
        // Each side of the unit square, and the strip beyond it.
        let sides = [
            ([0.5, 0.0], [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0 - deep], [0.0, 1.0 - deep]]),
            ([1.0, 0.5], [[1.0, 0.0], [1.0, 1.0], [deep, 1.0], [deep, 0.0]]),
            ([0.5, 1.0], [[1.0, 1.0], [0.0, 1.0], [0.0, deep], [1.0, deep]]),
            ([0.0, 0.5], [[0.0, 1.0], [0.0, 0.0], [1.0 - deep, 0.0], [1.0 - deep, 1.0]]),
        ];
        let front = sides.iter().filter_map(|(middle, strip)| {
            let middle = self.from_square.map(*middle)?;
            let corners = strip.map(|corner| self.from_square.map(corner));
            let corners = corners.into_iter().collect::<Option<Vec<_>>>()?;
            Some((distance_to(aisle, middle), corners))
        });
        front.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, corners)| corners)
    }

    /// Which share of the front a vehicle in the aisle blocks, 0–1.
    pub(super) fn blocked_by(&self, aisle: &Zone, stance: &Stance, depth: f64) -> f64 {
        let Some(strip) = self.strip(aisle, depth) else { return 0.0 };
        let covered = match &stance.footprint {
            Some(footprint) => footprint.seen.corners(),
            None => lower_part(stance.bbox),
        };
        // In the bay's own coordinates areas are in proportion to those on the ground.
        let on_ground = |seen: &[[f64; 2]]| {
            let corners: Option<Vec<_>> = seen.iter().map(|corner| self.to_square.map(*corner)).collect();
            corners.map_or(0.0, |corners| area(&corners))
        };
        let all = on_ground(&strip);
        if all <= 0.0 { 0.0 } else { on_ground(&clipped(&strip, &covered)) / all }
    }
}

fn lower_part(bbox: NormBox) -> [[f64; 2]; 4] {
    let top = f64::from(bbox.y2() - bbox.height() * FOOTPRINT);
    let [left, right, bottom] = [bbox.x1(), bbox.x2(), bbox.y2()].map(f64::from);
    [[left, top], [right, top], [right, bottom], [left, bottom]]
}

/// From a point to a polygon's border, or 0 inside of it.
fn distance_to(zone: &Zone, [x, y]: [f64; 2]) -> f64 {
    let points = zone.polygon.points();
    let is_inside = gridwatch_domain::Point::new(x.clamp(0.0, 1.0) as f32, y.clamp(0.0, 1.0) as f32)
        .is_ok_and(|point| zone.polygon.contains(point));
    if is_inside {
        return 0.0;
    }
    let sides = points.iter().zip(points.iter().cycle().skip(1));
    let end = |point: &gridwatch_domain::Point| [point.x(), point.y()].map(f64::from);
    sides.map(|(a, b)| to_side([x, y], end(a), end(b))).fold(f64::MAX, f64::min)
}

/// How far on the way from one bay's middle to a neighbour's a vehicle stands that is in both.
pub(super) const BETWEEN: std::ops::RangeInclusive<f64> = 0.3..=0.7;
/// Farther beside that way it stands before them, not in them.
const BESIDE: f64 = 0.5;

/// All bays of a camera, and who is in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Bays<'a> {
    pub all: Vec<Bay<'a>>,
}

impl<'a> Bays<'a> {
    /// Each place counts for the bay whose middle it is nearest to; and whoever straddles, for its neighbour as well.
    pub(super) fn of(zones: &'a [Zone], places: &[Place]) -> Self {
        let bays = zones.iter().filter(|zone| zone.zone_type == ZoneType::Bay);
        let mut all: Vec<Bay<'a>> = bays.filter_map(Bay::new).collect();
        if all.is_empty() {
            return Self::default();
        }
        for place in places.iter().filter(|place| place.is_standing() && place.is_likely()) {
            let Some(own) = nearest(&all, place) else { continue };
            if place.is_cleared(all[own].zone.clear) {
                continue;
            }
            all[own].taken_by.push(place.number());
            let reaches = |other: &usize| all[own].is_between(&all[*other], &place.stance(), &BETWEEN);
            let others: Vec<usize> = (0..all.len()).filter(|other| *other != own).filter(reaches).collect();
            for other in others {
                all[other].straddled_by.push(place.number());
            }
        }
        Self { all }
    }

    /// The bay that a place is in.
    pub(super) fn of_place(&self, place: &Place) -> Option<&Bay<'a>> {
        nearest(&self.all, place).and_then(|index| self.all.get(index))
    }

    pub(super) fn bay(&self, id: &ZoneId) -> Option<&Bay<'a>> {
        self.all.iter().find(|bay| bay.zone.id == *id)
    }

    /// Who stands in a bay.
    pub(super) fn in_bay<'p>(&self, id: &ZoneId, places: &'p [Place]) -> Option<&'p Place> {
        let taken_by = &self.bay(id)?.taken_by;
        places.iter().find(|place| taken_by.contains(&place.number()))
    }

    /// Those who stand in any of these bays, as events name them.
    pub(super) fn objects(&self, bays: &[ZoneId], places: &[Place]) -> Vec<EventObject> {
        bays.iter().filter_map(|id| self.in_bay(id, places)).map(object).collect()
    }
}

fn nearest(bays: &[Bay<'_>], place: &Place) -> Option<usize> {
    let near = bays.iter().enumerate().filter(|(_, bay)| standing::is_watched(bay.zone, place));
    let near = near.map(|(index, bay)| (index, bay.distance(&place.stance())));
    let near = near.filter(|(_, distance)| *distance <= FARTHEST).min_by(|a, b| a.1.total_cmp(&b.1));
    near.map(|(index, _)| index)
}
