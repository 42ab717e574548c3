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
/// What is found later lies within a lorry to this share, and was not seen to come from anywhere.
const WITHIN: f32 = 0.7;
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
    if place.number == other.number
        || place.kind != other.kind
        || other.companion_of.is_some()
        || place.vacated
        || other.vacated
        // What looks as the ground did before may be nothing at all; what was there at first did not come with anything.
        || place.origin == Origin::AtStart
        || other.origin != Origin::Arrived
    {
        return false;
    }
    let (early, late) = (place.first_seen.min(other.first_seen), place.first_seen.max(other.first_seen));
    let comes_with_it = late.saturating_since(early) <= TOGETHER;
    let common = place.bbox.intersection(other.bbox);
    let (own, whole) = (place.bbox.area(), other.bbox.area());
    let is_long = matches!(other.class(), ObjectClass::Truck | ObjectClass::Bus);
    let is_cab = is_long && own <= CAB * whole;
    let is_less_sure = place.confidence < LESS_SURE * other.confidence;
    let is_over = common >= ONE_OVER_OTHER * own.min(whole);
    let is_within = common >= WITHIN * own;
    (comes_with_it && is_over && (is_cab || is_less_sure))
        || (is_long && is_less_sure && is_within && !place.has_come)
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::{Detection, NormBox, TrackId};

    use super::*;
    use crate::{
        motion::Kind,
        parked::{MemorySettings, Observation, ParkedMemory},
        tracker::Movement,
    };

    /// Something that stands from a second on.
    #[derive(Debug, Clone, Copy)]
    struct Thing {
        corners: [f32; 4],
        class: ObjectClass,
        score: f32,
        since: i64,
        travelled: f32,
    }

    impl Thing {
        fn since(self, since: i64) -> Self {
            Self { since, ..self }
        }

        fn shown(&self, track: u64, second: i64) -> (Detection, Option<Movement>) {
            let [x1, y1, x2, y2] = self.corners;
            let bbox = NormBox::new(x1, y1, x2, y2).expect("valid");
            let movement = Movement {
                track: TrackId(track),
                class: self.class,
                sightings: 9,
                speed: Some(0.0),
                measured_from: None,
                travelled: self.travelled,
                resting_since: at(self.since),
                before: None,
                strong_at: at(second),
                strong_for: Duration::from_secs(1),
            };
            (Detection { class: self.class, score: self.score, bbox }, Some(movement))
        }
    }

    const CAR: Thing = Thing {
        corners: [0.39, 0.174, 0.465, 0.237],
        class: ObjectClass::Car,
        score: 0.75,
        since: 10,
        travelled: 0.0,
    };
    const SHADOW: Thing = Thing { corners: [0.366, 0.2, 0.452, 0.268], score: 0.5, ..CAR };
    const CAB: Thing = Thing { corners: [0.622, 0.215, 0.664, 0.256], score: 0.7, ..CAR };
    const LORRY: Thing =
        Thing { corners: [0.605, 0.232, 0.662, 0.366], class: ObjectClass::Truck, score: 0.7, ..CAR };
    /// The upper half of the lorry.
    const HALF: Thing = Thing { corners: [0.61, 0.212, 0.665, 0.314], score: 0.4, ..CAR };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millisecond(1000 * second).expect("in range")
    }

    /// Shows things from a second on to another one, and gives how many of what stands may be told of, and may take a bay.
    fn show(memory: &mut ParkedMemory, seconds: std::ops::Range<i64>, things: &[Thing]) -> [usize; 2] {
        for second in seconds {
            let come = (0..).zip(things).filter(|(_, thing)| thing.since <= second);
            let (detections, movements): (Vec<_>, Vec<_>) =
                come.map(|(track, thing)| thing.shown(track, second)).unzip();
            memory.observe(&Observation {
                at: at(second),
                detections: &detections,
                movements: &movements,
                grey: None,
            });
        }
        let standing = || memory.places().iter().filter(|place| place.is_standing());
        [
            standing().filter(|place| place.is_credible()).count(),
            standing().filter(|place| place.is_likely()).count(),
        ]
    }

    fn memory() -> ParkedMemory {
        ParkedMemory::new(MemorySettings::default(), vec![Kind::Vehicle])
    }

    #[test]
    fn a_lorrys_cab_and_a_cars_shadow_are_no_vehicles() {
        for (whole, part) in [(LORRY, CAB), (CAR, SHADOW)] {
            for (first, second) in [(10, 11), (11, 10)] {
                let told = show(&mut memory(), 0..40, &[whole.since(first), part.since(second)]);
                assert_eq!(told, [1, 1], "{whole:?} since {first}, {part:?} since {second}");
            }
        }
        assert_eq!(show(&mut memory(), 0..70, &[LORRY, HALF.since(40)]), [1, 1], "found later");
    }

    #[test]
    fn what_comes_later_or_is_told_as_surely_is_a_vehicle_of_its_own() {
        let behind = Thing { score: 0.7, ..SHADOW };
        assert_eq!(show(&mut memory(), 0..40, &[CAR, behind.since(11)]), [2, 2]);
        assert_eq!(show(&mut memory(), 0..40, &[CAR, SHADOW.since(15)]), [2, 2]);
        assert_eq!(show(&mut memory(), 0..40, &[LORRY, CAB.since(20)]), [2, 2]);
        let comes = Thing { travelled: 2.0, ..HALF };
        assert_eq!(show(&mut memory(), 0..70, &[LORRY, comes.since(40)]), [2, 2], "seen to come");
        let mut before = memory();
        show(&mut before, 0..42, &[LORRY, Thing { score: 0.7, ..comes }.since(40)]);
        let kept = serde_json::to_string(&before).expect("it can be kept");
        let mut after: ParkedMemory = serde_json::from_str(&kept).expect("it can be read again");
        let hardly = Thing { score: 0.35, ..comes }.since(40);
        assert_eq!(show(&mut after, 42..54, &[LORRY, hardly]), [2, 2], "seen to come before a restart");
    }

    #[test]
    fn a_companion_does_not_stand_before_it() {
        let mut memory = memory();
        let seen_whole = Thing { corners: [0.382, 0.172, 0.466, 0.242], ..CAR };
        show(&mut memory, 0..15, &[CAR, SHADOW.since(13)]);
        show(&mut memory, 15..40, &[seen_whole, SHADOW.since(13)]);
        let place = memory.places().iter().find(|place| place.is_credible()).expect("it stands");
        assert!((place.bbox().x1() - 0.382).abs() < 0.002, "its box follows: {:?}", place.bbox());
    }

    #[test]
    fn what_is_still_there_when_the_other_one_has_gone_was_a_vehicle() {
        let mut memory = memory();
        let shadow = SHADOW.since(11);
        assert_eq!(show(&mut memory, 0..40, &[CAR, shadow]), [1, 1]);
        let kept = serde_json::to_string(&memory).expect("it can be kept");
        let mut memory: ParkedMemory = serde_json::from_str(&kept).expect("it can be read again");
        assert_eq!(show(&mut memory, 40..42, &[CAR, shadow]), [1, 1], "after a restart");
        assert_eq!(show(&mut memory, 42..400, &[shadow]), [1, 1]);
        let stands = memory.places().iter().find(|place| place.is_credible()).expect("it stands");
        let before = at(11).seconds_since(stands.first_seen());
        assert!(
            (0.0..=0.5).contains(&before),
            "it counts since it came, or half a picture before: {before} s"
        );
    }
}
