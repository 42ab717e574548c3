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
