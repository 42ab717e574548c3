//! Places, told what was detected and followed without a picture.

use std::time::Duration;

use gridwatch_domain::{ObjectClass, TrackId};

use super::*;

fn bbox(left: f32) -> NormBox {
    NormBox::new(left, 0.4, left + 0.1, 0.52).expect("valid")
}

fn car(left: f32) -> Detection {
    Detection { class: ObjectClass::Car, score: 0.8, bbox: bbox(left) }
}

fn movement(track: u64, at: Timestamp, speed: f32) -> Option<Movement> {
    Some(Movement {
        track: TrackId(track),
        class: ObjectClass::Car,
        sightings: 9,
        speed: Some(speed),
        measured_from: None,
        travelled: 0.0,
        resting_since: at,
        before: None,
        strong_at: at,
        strong_for: Duration::from_secs(1),
    })
}

/// Shows cars, each by where it is, its track and its speed.
fn show(memory: &mut ParkedMemory, second: i64, cars: &[(f32, u64, f32)]) {
    let at = Timestamp::from_millisecond(second * 1000).expect("in range");
    let detections: Vec<Detection> = cars.iter().map(|(left, ..)| car(*left)).collect();
    let movements: Vec<_> = cars.iter().map(|(_, track, speed)| movement(*track, at, *speed)).collect();
    memory.observe(&Observation { at, detections: &detections, movements: &movements, grey: None });
}

#[test]
fn a_track_that_is_found_where_another_stands_has_been_swapped() {
    for (elsewhere, presence) in [(0.5, Presence::Unknown), (0.75, Presence::Empty)] {
        let mut memory = ParkedMemory::new(MemorySettings::default(), vec![Kind::Vehicle]);
        for second in 0..20 {
            show(&mut memory, second, &[(0.2, 1, 0.0), (0.5, 2, 0.0)]);
        }
        assert!(memory.places().iter().all(Place::is_standing));
        // The first one is hidden; its track goes on where the second one stands, or where nobody does.
        show(&mut memory, 20, &[(elsewhere, 1, 2.0)]);
        assert_eq!(memory.places()[0].presence(), presence, "found at {elsewhere}");
    }
}

#[test]
fn what_stops_over_something_that_was_taken_for_a_car_counts_from_then() {
    let mut memory = ParkedMemory::new(MemorySettings::default(), vec![Kind::Vehicle]);
    let mut show = |second: i64, corners: [f32; 4]| {
        let [x1, y1, x2, y2] = corners;
        let found = Detection { bbox: NormBox::new(x1, y1, x2, y2).expect("valid"), ..car(0.0) };
        let at = Timestamp::from_millisecond(second * 1000).expect("in range");
        let movements = [movement(1, at, 0.0)];
        memory.observe(&Observation { at, detections: &[found], movements: &movements, grey: None });
    };
    (0..7).for_each(|second| show(second, [0.5, 0.4, 0.6, 0.5]));
    // With its right and its upper edge where those of the smaller one were.
    (30..50).for_each(|second| show(second, [0.452, 0.402, 0.602, 0.57]));
    let since: Vec<i64> = memory
        .places()
        .iter()
        .filter(|place| place.is_standing())
        .map(|place| place.first_seen().as_millisecond() / 1000)
        .collect();
    assert_eq!(since, [30]);
}

/// What is on its roof and taken for a car, or stands behind it; the car; and the same when its box takes in both.
const ROOF: [f32; 4] = [0.574, 0.295, 0.645, 0.42];
const WHOLE: [f32; 4] = [0.58, 0.335, 0.653, 0.518];
const BOTH: [f32; 4] = [0.576, 0.285, 0.653, 0.522];

/// Shows vehicles at rest, each by its box and score; gives the numbers of the places at which something stands.
fn stand(memory: &mut ParkedMemory, seconds: std::ops::Range<i64>, things: &[([f32; 4], f32)]) -> Vec<u64> {
    for second in seconds {
        let at = Timestamp::from_millisecond(second * 1000).expect("in range");
        let found = |&([x1, y1, x2, y2], score): &([f32; 4], f32)| {
            let bbox = NormBox::new(x1, y1, x2, y2).expect("valid");
            Detection { score, bbox, ..car(0.0) }
        };
        let detections: Vec<Detection> = things.iter().map(found).collect();
        let long_ago = at.saturating_sub(Duration::from_secs(60));
        let movements: Vec<_> =
            (0..things.len() as u64).map(|track| movement(track, long_ago, 0.0)).collect();
        memory.observe(&Observation { at, detections: &detections, movements: &movements, grey: None });
    }
    memory.places().iter().filter(|place| place.is_standing()).map(Place::number).collect()
}

#[test]
fn what_was_hardly_seen_does_not_take_over_from_what_stands() {
    let mut memory = ParkedMemory::new(MemorySettings::default(), vec![Kind::Vehicle]);
    // Once well, and weakly ever after.
    stand(&mut memory, 0..1, &[(ROOF, 0.35)]);
    let stands = stand(&mut memory, 1..30, &[(WHOLE, 0.5), (ROOF, 0.15)]);
    assert_eq!(stands.len(), 1);
    assert_eq!(stand(&mut memory, 30..60, &[(BOTH, 0.5), (ROOF, 0.15)]), stands);
}

#[test]
fn of_two_that_are_one_that_of_which_something_is_told_stays() {
    let mut memory = ParkedMemory::new(MemorySettings::default(), vec![Kind::Vehicle]);
    stand(&mut memory, 0..10, &[(ROOF, 0.5)]);
    let both = stand(&mut memory, 10..30, &[(WHOLE, 0.5), (ROOF, 0.5)]);
    assert_eq!(both.len(), 2);
    memory.hold(&both[1..]);
    assert_eq!(stand(&mut memory, 30..60, &[(BOTH, 0.5), (ROOF, 0.5)]), both[1..]);
}
