//! How near somebody comes to a parked vehicle on the way from one picture to the next. Pure.

use gridwatch_domain::{NormBox, Timestamp, TrackId};

use super::{
    CLOSELY, LONGEST_WAY, Passer, Scene,
    distance::{Distance, FAR, between, on_ground},
};
use crate::{
    footprint::{Footprint, Stance},
    motion::{blend, center_distance},
    parked::Place,
};

/// Steps into which the way between two pictures is divided.
const STEPS: u8 = 8;
/// What is nearer by less than this, in metres or sizes, is as near.
const CLEARLY: f32 = 0.05;
/// By how much more level with the parked vehicle, in its sizes, another moment must be to count instead.
const MORE_LEVEL: f32 = 0.2;

/// Where somebody was in the picture before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub track: TrackId,
    pub at: Timestamp,
    pub bbox: NormBox,
    pub footprint: Option<Footprint>,
}

/// The nearest point of a way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nearest {
    /// When it was there.
    pub at: Timestamp,
    /// Where.
    pub bbox: NormBox,
    /// How near.
    pub distance: Distance,
    /// How far it is from being level with the parked vehicle, in sizes of that.
    off: f32,
}

impl Nearest {
    /// Whether it is nearer, or as near and more level. Of moments that are alike the first one counts.
    pub(super) fn is_nearer(&self, than: &Self) -> bool {
        let (own, other) = (self.metres_or_sizes(), than.metres_or_sizes());
        own < other - CLEARLY || (own <= other + CLEARLY && self.off < than.off - MORE_LEVEL)
    }

    /// Of two sightings of the same the one that is farther counts, at the time of the nearer one: a box may be off.
    pub(super) fn cautious(self, other: Self) -> Self {
        let (nearer, farther) =
            if other.metres_or_sizes() < self.metres_or_sizes() { (other, self) } else { (self, other) };
        Self { distance: farther.distance, ..nearer }
    }

    fn metres_or_sizes(&self) -> f32 {
        self.distance.metres.unwrap_or(self.distance.sizes)
    }
}

/// Between the picture before and this one.
pub(super) fn nearest(scene: &Scene<'_>, place: &Place, passer: &Passer, before: Option<Known>) -> Nearest {
    let parked = place.stance();
    let of = |at: Timestamp, bbox: NormBox, distance: Distance| Nearest {
        at,
        bbox,
        distance,
        off: center_distance(place.bbox(), bbox),
    };
    let now = of(scene.at, passer.bbox, between(&parked, &passer.stance(), scene.ground));
    // Of pictures that follow each other closely each counts for itself: on the way between them a box that is off would count twice.
    let is_apart = |known: &Known| {
        let apart = scene.at.saturating_since(known.at);
        apart > CLOSELY && apart <= LONGEST_WAY
    };
    let Some(before) = before.filter(is_apart) else { return now };
    let took = scene.at.saturating_since(before.at);
    let on_way = (1..STEPS).map(|step| {
        let share = f32::from(step) / f32::from(STEPS);
        let bbox = blend(before.bbox, passer.bbox, share);
        let distance = match (&parked.footprint, before.footprint, passer.footprint) {
            // Turned as it was or as it is: one of both may be off, and the farther one counts.
            (Some(parked), Some(from), Some(to)) => {
                let turned = [from.on_way(&to, share), to.on_way(&from, 1.0 - share)];
                let [was, is] = turned.map(|corners| on_ground(parked, &corners));
                // In each other both cannot be: one of both is off for certain.
                let is_was = is == FAR || (was != FAR && is.metres < was.metres);
                if is_was { was } else { is }
            }
            _ => between(&parked, &Stance { bbox, footprint: None }, scene.ground),
        };
        of(before.at.saturating_add(took.mul_f32(share)), bbox, distance)
    });
    on_way.fold(now, |nearest, other| if other.is_nearer(&nearest) { other } else { nearest })
}

/// In which direction somebody moves in the picture, clockwise from the right, in degrees.
pub(super) fn heading(before: Option<Known>, passer: &Passer) -> Option<f32> {
    let from = before.filter(|_| passer.is_moving)?.bbox;
    let (dx, dy) = (passer.bbox.center().x() - from.center().x(), passer.bbox.y2() - from.y2());
    (dx.hypot(dy) > 1e-4).then(|| dy.atan2(dx).to_degrees().rem_euclid(360.0))
}
