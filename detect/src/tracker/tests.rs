//! Of the tracker as a whole.

use gridwatch_domain::ObjectClass;

use super::*;

fn car(x: f32, score: f32) -> Detection {
    let bbox = NormBox::new(x, 0.4, x + 0.1, 0.5).expect("valid");
    Detection { class: ObjectClass::Car, score, bbox }
}

fn after(millis: u64) -> Timestamp {
    Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(millis))
}

#[test]
fn a_moving_car_keeps_its_track_and_shows_its_speed() {
    let mut tracker = Tracker::default();
    let mut last = None;
    for step in 0..10_u8 {
        let found =
            tracker.update(after(u64::from(step) * 200), &[car(f32::from(step) * 0.02, 0.6)], 0.3, None);
        last = found[0];
    }
    let movement = last.expect("a strong detection has a track");
    assert_eq!(movement.track, TrackId(0));
    assert!((movement.speed.expect("old enough") - 1.0).abs() < 0.05, "{movement:?}");
    assert!(movement.travelled > 1.7);
}

#[test]
fn jitter_is_no_speed() {
    let mut tracker = Tracker::default();
    for step in 0..20_u8 {
        let x = 0.4 + if step % 2 == 0 { 0.004 } else { 0.0 };
        let found = tracker.update(after(u64::from(step) * 200), &[car(x, 0.6)], 0.3, None);
        let speed = found[0].expect("strong").speed;
        assert!(speed.is_none_or(|speed| speed < 0.12), "{speed:?}");
    }
}

#[test]
fn a_weak_detection_continues_a_track_and_begins_none() {
    let mut tracker = Tracker::default();
    assert_eq!(tracker.update(after(0), &[car(0.4, 0.2)], 0.3, None), [None]);
    let strong = tracker.update(after(200), &[car(0.4, 0.5)], 0.3, None)[0].expect("strong");
    let weak = tracker.update(after(400), &[car(0.41, 0.15)], 0.3, None)[0].expect("continues");
    assert_eq!(strong.track, weak.track);
}

fn somebody(corners: [f32; 4]) -> Detection {
    let [x1, y1, x2, y2] = corners;
    let bbox = NormBox::new(x1, y1, x2, y2).expect("valid");
    Detection { class: ObjectClass::Person, score: 0.5, bbox }
}

#[test]
fn a_box_around_two_people_who_are_known_begins_no_track() {
    let mut tracker = Tracker::default();
    let [behind, before] = [[0.694, 0.288, 0.716, 0.349], [0.696, 0.332, 0.718, 0.414]].map(somebody);
    let both = somebody([0.692, 0.294, 0.719, 0.388]);
    tracker.update(after(0), &[behind, before], 0.3, None);
    let found = tracker.update(after(200), &[both, behind, before], 0.3, None);
    assert!(found[0].is_none() && found[1].is_some() && found[2].is_some(), "{found:?}");
    // Who comes out from behind them is somebody.
    let found =
        tracker.update(after(400), &[somebody([0.704, 0.294, 0.731, 0.388]), behind, before], 0.3, None);
    assert!(found[0].is_some(), "{found:?}");
    // And at first nobody is known.
    let mut tracker = Tracker::default();
    let found = tracker.update(after(0), &[both, behind, before], 0.3, None);
    assert!(found.iter().all(Option::is_some), "{found:?}");
}

#[test]
fn a_track_ends_when_nothing_is_seen_and_classes_of_a_kind_are_one() {
    let mut tracker = Tracker::default();
    tracker.update(after(0), &[car(0.4, 0.5)], 0.3, None);
    let bus = Detection { class: ObjectClass::Bus, ..car(0.4, 0.5) };
    assert_eq!(tracker.update(after(200), &[bus], 0.3, None)[0].map(|m| m.track), Some(TrackId(0)));
    assert_eq!(tracker.update(after(4000), &[bus], 0.3, None)[0].map(|m| m.track), Some(TrackId(1)));
}

#[test]
fn two_that_pass_each_other_keep_apart() {
    let mut tracker = Tracker::default();
    for step in 0..10_u8 {
        let way = f32::from(step) * 0.03;
        let pair = [
            car(0.2 + way, 0.6),
            Detection {
                bbox: NormBox::new(0.5 - way, 0.45, 0.6 - way, 0.55).expect("valid"),
                ..car(0.0, 0.5)
            },
        ];
        let found = tracker.update(after(u64::from(step) * 200), &pair, 0.3, None);
        assert_eq!(
            found.iter().map(|m| m.map(|m| m.track.0)).collect::<Vec<_>>(),
            [Some(0), Some(1)],
            "step {step}"
        );
    }
}

/// Somebody whose feet are there, of that texture.
fn person(x: f32, seed: u64, picture: &mut [u8]) -> Detection {
    let bbox = NormBox::new(x, 0.3, x + 0.05, 0.7).expect("valid");
    let mut random = fastrand::Rng::with_seed(seed);
    let blocks: Vec<u8> = (0..8 * 4).map(|_| random.u8(30..230)).collect();
    for row in 27..63_usize {
        for column in 0..8_usize {
            picture[row * 160 + (x * 160.0) as usize + column] = blocks[(row - 27) / 5 * 4 + column / 2];
        }
    }
    Detection { class: ObjectClass::Person, score: 0.7, bbox }
}

/// The tracks of people who are at these places, in pictures so far apart.
fn follow(apart: u64, pictures: &[&[(f32, u64)]]) -> Vec<Vec<u64>> {
    let mut tracker = Tracker::default();
    let look = |(step, people): (usize, &&[(f32, u64)])| {
        let mut pixels = vec![90; 160 * 90];
        let found: Vec<Detection> = people.iter().map(|&(x, seed)| person(x, seed, &mut pixels)).collect();
        let grey = Grey::new(160, 90, pixels).expect("as many pixels as its size says");
        let movements = tracker.update(after(step as u64 * apart), &found, 0.3, Some(&grey));
        movements.iter().map(|movement| movement.expect("strong").track.0).collect()
    };
    pictures.iter().enumerate().map(look).collect()
}

#[test]
fn who_walks_is_known_again_in_pictures_seconds_apart() {
    let pictures: [&[(f32, u64)]; 4] =
        [&[(0.1, 1), (0.8, 2)], &[(0.3, 1), (0.6, 2)], &[(0.55, 1), (0.35, 2)], &[(0.8, 1), (0.1, 2)]];
    assert_eq!(follow(2000, &pictures), [[0, 1]; 4], "they pass each other");
}

#[test]
fn who_turns_while_walking_is_followed_in_pictures_seconds_apart() {
    let pictures: [&[(f32, u64)]; 3] =
        [&[(0.1, 1), (0.8, 2)], &[(0.25, 3), (0.65, 4)], &[(0.4, 5), (0.5, 6)]];
    assert_eq!(follow(2000, &pictures), [[0, 1]; 3], "each is nearer to itself than to the other");
    assert_eq!(follow(300, &pictures)[1], [2, 3], "nobody walks so fast");
}

#[test]
fn in_pictures_seconds_apart_who_passes_before_a_parked_car_is_not_that_car() {
    let mut tracker = Tracker::default();
    let passing = Detection { bbox: NormBox::new(0.44, 0.52, 0.54, 0.62).expect("valid"), ..car(0.0, 0.9) };
    for step in 0..3 {
        tracker.update(after(step * 2000), &[car(0.4, 0.9)], 0.3, None);
    }
    let found = tracker.update(after(6000), &[passing], 0.3, None);
    assert_eq!(found[0].map(|movement| movement.track), Some(TrackId(1)));
}

#[test]
fn in_pictures_seconds_apart_a_bus_in_the_street_is_not_the_car_that_was_nearer() {
    let vehicle = |class, edges: [f32; 4]| {
        let [x1, y1, x2, y2] = edges;
        Detection { class, score: 0.9, bbox: NormBox::new(x1, y1, x2, y2).expect("valid") }
    };
    let pictures = [
        [
            vehicle(ObjectClass::Car, [0.3, 0.51, 0.56, 0.79]),
            vehicle(ObjectClass::Bus, [0.75, 0.15, 0.88, 0.22]),
        ],
        [
            vehicle(ObjectClass::Car, [0.55, 0.38, 0.64, 0.55]),
            vehicle(ObjectClass::Bus, [0.44, 0.16, 0.58, 0.26]),
        ],
    ];
    let mut tracker = Tracker::default();
    let mut tracks = |(step, found): (usize, &[Detection; 2])| {
        let movements = tracker.update(after(step as u64 * 2000), found, 0.3, None);
        movements.iter().map(|movement| movement.expect("strong").track.0).collect::<Vec<_>>()
    };
    let tracks: Vec<Vec<u64>> = pictures.iter().enumerate().map(&mut tracks).collect();
    assert_eq!(tracks, [[0, 1], [0, 1]]);
}

/// One that stands there, so broad and so tall.
fn stood(class: ObjectClass, score: f32, [x, y2, width, height]: [f32; 4]) -> Detection {
    let bbox = NormBox::new(x - width / 2.0, y2 - height, x + width / 2.0, y2).expect("valid");
    Detection { class, score, bbox }
}

/// The tracks of what is seen in pictures two seconds apart, none of it known by its look.
fn follow_boxes(pictures: &[&[Detection]]) -> Vec<Vec<Option<u64>>> {
    let mut tracker = Tracker::default();
    let mut tracks = |(step, found): (usize, &&[Detection])| {
        let movements = tracker.update(after(step as u64 * 2000), found, 0.3, None);
        movements.iter().map(|movement| movement.map(|movement| movement.track.0)).collect()
    };
    pictures.iter().enumerate().map(&mut tracks).collect()
}

#[test]
fn in_pictures_seconds_apart_who_comes_the_other_way_is_told_by_the_pace_of_both() {
    let person = |place| stood(ObjectClass::Person, 0.7, place);
    let tracks = follow_boxes(&[
        &[person([0.739, 0.387, 0.019, 0.073])],
        &[person([0.692, 0.354, 0.015, 0.076]), person([0.653, 0.348, 0.016, 0.067])],
        &[person([0.696, 0.383, 0.020, 0.076]), person([0.654, 0.315, 0.012, 0.061])],
    ]);
    assert_eq!(tracks, [vec![Some(0)], vec![Some(0), Some(1)], vec![Some(1), Some(0)]]);
}

#[test]
fn in_pictures_seconds_apart_a_car_that_has_come_near_is_not_one_far_off() {
    let car = |place| stood(ObjectClass::Car, 0.8, place);
    let tracks = follow_boxes(&[
        &[car([0.421, 0.392, 0.068, 0.103])],
        &[car([0.459, 0.548, 0.097, 0.170])],
        &[car([0.470, 0.264, 0.063, 0.055])],
    ]);
    assert_eq!(tracks, [[Some(0)], [Some(0)], [Some(1)]]);
}

#[test]
fn who_comes_out_from_behind_something_is_known_again() {
    let pictures: [&[(f32, u64)]; 5] = [&[(0.2, 1)], &[(0.3, 1)], &[], &[], &[(0.6, 1)]];
    let found = follow(1500, &pictures);
    assert_eq!((found[0][0], found[4][0]), (0, 0));
    let another: [&[(f32, u64)]; 5] = [&[(0.2, 1)], &[(0.3, 1)], &[], &[], &[(0.6, 9)]];
    assert_eq!(follow(1500, &another)[4][0], 1, "it is another");
}

#[test]
fn nobody_walks_through_a_whole_picture_in_a_moment() {
    let pictures: [&[(f32, u64)]; 2] = [&[(0.1, 1)], &[(0.9, 1)]];
    assert_eq!(follow(200, &pictures), [[0], [1]]);
}
