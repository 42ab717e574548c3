//! Which places are of a vehicle that has a place already: a lorry's cab that is taken for a car, a car's shadow or the space beside it that is
//! taken for another one.
//!
//! Two vehicles hardly ever come to a stand within the same seconds, one before the other in the picture. Where it looks so, that which is
//! told less surely, or is the smaller part of a long vehicle, is the other one's companion: it keeps its place, so that it is known when it
//! is found again, and raises nothing. If it is still there when the other one has gone, it was something of its own.

use std::time::Duration;

use gridwatch_domain::{ObjectClass, Timestamp};

use super::place::{Origin, Place};

/// What comes to a stand within this of something else may be its companion: both stop at once, but a new track takes a second to be seen at
/// rest, and pictures may be seconds apart.
const TOGETHER: Duration = Duration::from_secs(3);
/// It is found out within this time: the mean score of either is known by then.
const FOUND_OUT_WITHIN: Duration = Duration::from_secs(15);
/// The smaller of two boxes lies within the other to this share: cars in neighbouring bays of a low camera do, but do not come at once.
const ONE_OVER_OTHER: f32 = 0.4;
/// A cab is smaller than this share of its lorry …
const CAB: f32 = 0.6;
/// … and anything else has less than this share of the other's mean score: two that have really come are told about alike.
const LESS_SURE: f32 = 0.75;
/// Seen within this when the other one has gone, it is there all the same.
const STILL_SEEN: Duration = Duration::from_secs(2);

/// Finds out which places are companions, and which are no more.
pub(super) fn judge(places: &mut [Place], at: Timestamp) {
    for index in 0..places.len() {
        let place = &places[index];
        places[index].companion_of = match place.companion_of {
            Some(other) => Some(other).filter(|&other| {
                let is_there = places.iter().any(|place| place.number == other);
                is_there || at.saturating_since(place.last_seen) > STILL_SEEN
            }),
            None if place.held || at.saturating_since(place.first_seen) > FOUND_OUT_WITHIN => None,
            None => places.iter().find(|other| is_companion(place, other)).map(|other| other.number),
        };
    }
}

/// Whether `place` is of what stands at `other`.
fn is_companion(place: &Place, other: &Place) -> bool {
    let (early, late) = (place.first_seen.min(other.first_seen), place.first_seen.max(other.first_seen));
    if place.number == other.number
        || place.kind != other.kind
        || other.companion_of.is_some()
        || place.vacated
        || other.vacated
        // What looks as the ground did before may be nothing at all; what was there at first did not come with anything.
        || place.origin == Origin::AtStart
        || other.origin != Origin::Arrived
        || late.saturating_since(early) > TOGETHER
    {
        return false;
    }
    let common = place.bbox.intersection(other.bbox);
    let (own, whole) = (place.bbox.area(), other.bbox.area());
    let is_long = matches!(other.class(), ObjectClass::Truck | ObjectClass::Bus);
    let is_cab = is_long && own <= CAB * whole;
    common >= ONE_OVER_OTHER * own.min(whole) && (is_cab || place.confidence < LESS_SURE * other.confidence)
}
