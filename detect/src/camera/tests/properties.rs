//! Whatever happens, what is told is consistent.

use proptest::prelude::*;

use super::*;

/// Something that happens in a random test.
#[derive(Debug, Clone)]
enum Happening {
    /// Cars at these of nine spots, with these scores.
    Scene(Vec<(usize, f32)>, f64),
    Drive(usize, f64),
    Pause(f64),
    Lost,
    Restart,
    Light(u64),
}

/// Ranges of fractions, as proptest 1.12 draws them, fail on a rounding of its own now and then.
fn tenths(range: std::ops::Range<i16>) -> impl Strategy<Value = f64> {
    range.prop_map(|tenths| f64::from(tenths) / 10.0)
}

fn happening() -> impl Strategy<Value = Happening> {
    let spots =
        prop::collection::vec((0_usize..9, prop::sample::select(vec![0.0_f32, 0.15, 0.35, 0.8])), 0..4);
    prop_oneof![
        6 => (spots, tenths(10..300)).prop_map(|(spots, seconds)| Happening::Scene(spots, seconds)),
        2 => (0_usize..9, tenths(10..60)).prop_map(|(row, seconds)| Happening::Drive(row, seconds)),
        1 => tenths(-1000..1000).prop_map(Happening::Pause),
        1 => Just(Happening::Lost),
        1 => Just(Happening::Restart),
        1 => (7_u64..9).prop_map(Happening::Light),
    ]
}

fn spot(number: usize) -> Thing {
    car(0.05 + (number % 3) as f32 * 0.07, 0.1 + (number / 3) as f32 * 0.25).looking(100 + number as u64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn revisions_are_contiguous_and_no_place_has_two_open_events(
        happenings in prop::collection::vec(happening(), 1..25),
        sees in any::<bool>(),
    ) {
        let fire_lane = zone("lane", ZoneType::FireLane, [0.0, 0.0, 0.3, 0.5], 5);
        let yard = zone("yard", ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], 10);
        let mut camera = CameraTester { sees, ..CameraTester::with_zones(vec![fire_lane, yard]) };
        for happening in happenings {
            match happening {
                Happening::Scene(cars, seconds) => {
                    let things: Vec<Thing> = cars.iter().map(|&(at, score)| spot(at).scored(score)).collect();
                    camera.stand(seconds, &things);
                }
                Happening::Drive(row, seconds) => {
                    camera.show(seconds, |t| vec![car((t / seconds) as f32 * 0.9, row as f32 * 0.1).looking(3)]);
                }
                Happening::Pause(seconds) => { camera.pause(seconds); }
                Happening::Lost => { camera.camera_lost(); }
                Happening::Restart => { camera.restart(); }
                Happening::Light(ground) => camera.ground = ground,
            }
        }
        camera.expect_valid();
    }
}

/// What may happen to the sight of a car without its event becoming another one.
#[derive(Debug, Clone)]
enum Disturbance {
    /// It is not detected, though it can be seen.
    Missed(f64),
    /// It is detected badly: now and then, and weakly.
    Flickers(f64),
    /// A crowd is in front of it: something large that is no vehicle.
    Hidden(f64),
    /// Somebody walks by in front, so that tracks may be swapped.
    Passed,
    /// No pictures come.
    Gap(f64),
    /// Word that none come.
    Lost(f64),
    Restart,
    /// Another light altogether, as when infrared is switched on.
    Light,
    /// The mast sways.
    Sways(f64),
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        tenths(5..250).prop_map(Disturbance::Missed),
        tenths(5..400).prop_map(Disturbance::Flickers),
        tenths(5..250).prop_map(Disturbance::Hidden),
        Just(Disturbance::Passed),
        tenths(5..250).prop_map(Disturbance::Gap),
        tenths(5..250).prop_map(Disturbance::Lost),
        Just(Disturbance::Restart),
        Just(Disturbance::Light),
        tenths(5..200).prop_map(Disturbance::Sways),
    ]
}

/// Between two disturbances it is seen well for so long.
const CALM: f64 = 8.0;

impl CameraTester {
    /// What stands there, disturbed.
    fn disturb(&mut self, disturbance: &Disturbance, there: &[Thing]) {
        let scored = |score: f32| -> Vec<Thing> { there.iter().map(|thing| thing.scored(score)).collect() };
        match disturbance {
            Disturbance::Missed(seconds) => drop(self.stand(*seconds, &scored(0.0))),
            Disturbance::Flickers(seconds) => {
                let scores = [0.0, 0.15, 0.0, 0.35, 0.2];
                self.show(*seconds, |t| scored(scores[(t * RATE as f64).round() as usize % 5]));
            }
            Disturbance::Hidden(seconds) => {
                let crowd = |t: f64| {
                    let by = 0.12 * (t * 1.5).sin() as f32;
                    let corners = [0.25 + by, 0.3, 0.8 + by, 0.62];
                    Thing { corners, class: ObjectClass::Person, ..car(0.0, 0.0).looking(55) }
                };
                self.show(*seconds, |t| [scored(0.0), vec![crowd(t)]].concat());
            }
            Disturbance::Passed => {
                self.show(6.0, |t| {
                    let x = 0.2 + 0.1 * t as f32;
                    let walker = Thing {
                        corners: [x, 0.42, x + 0.05, 0.6],
                        class: ObjectClass::Person,
                        ..car(0.0, 0.0).looking(66)
                    };
                    [there.to_vec(), vec![walker]].concat()
                });
            }
            Disturbance::Gap(seconds) => drop(self.pause(*seconds)),
            Disturbance::Lost(seconds) => drop(self.camera_lost().pause(*seconds)),
            Disturbance::Restart => drop(self.restart()),
            Disturbance::Light => self.ground += 1,
            Disturbance::Sways(seconds) => {
                let swayed = |t: f64, thing: &Thing| {
                    let (dx, dy) = (0.004 * (t * 5.0).sin() as f32, 0.003 * (t * 3.0).cos() as f32);
                    let [x1, y1, x2, y2] = thing.corners;
                    Thing { corners: [x1 + dx, y1 + dy, x2 + dx, y2 + dy], ..*thing }
                };
                self.show(*seconds, |t| there.iter().map(|thing| swayed(t, thing)).collect());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_disturbs_the_sight_of_a_car_for_less_than_is_tolerated_changes_no_event(
        disturbances in prop::collection::vec(disturbance(), 1..12),
        sees in prop::bool::weighted(0.8),
    ) {
        let yard = zone("yard", ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], 30);
        let mut camera = CameraTester { sees, ..CameraTester::with_zones(vec![yard]) };
        let there = [car(0.4, 0.4), car(0.55, 0.41).looking(2)];
        camera.stand(10.0, &[]).stand(CALM, &there);
        for disturbance in &disturbances {
            camera.disturb(disturbance, &there);
            camera.stand(CALM, &there);
        }
        camera.stand(45.0, &there);
        let left = camera.seconds(camera.now());
        camera.stand(45.0, &[]);
        camera.expect_valid();
        let of = |phase: Phase| camera.events.iter().filter(move |event| event.phase == phase);
        prop_assert_eq!((of(Phase::Open).count(), of(Phase::Close).count()), (2, 2), "{:#?}", camera.told());
        for event in &camera.events {
            prop_assert!((camera.seconds(event.since) - 10.0).abs() <= 1.0, "since {}", camera.seconds(event.since));
        }
        for event in of(Phase::Close) {
            let until = camera.seconds(event.until.expect("closed"));
            prop_assert!((until - left).abs() <= 1.0, "until {until}, not {left}");
        }
    }
}
