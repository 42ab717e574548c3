//! When a car left: `until` is when it began to move away, whatever is seen of it after that.

use super::*;
use Found::{All, GoneAfter, LostAfter, Weakly};

/// How long it stands before it leaves, in seconds.
const STANDS: f64 = 40.0;
/// A car is as long as its box is wide, speeds up as those of the simulator do, and drives at most so fast, in its own
/// lengths.
const SPEED_UP: f64 = 1.3 / 4.5;
const TOP_SPEED: f64 = 5.0 / 4.5;

/// Which way it drives off.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Right,
    Left,
    /// Towards the camera: down in the picture, and larger.
    Nearer,
    /// Up in the picture, and smaller.
    Farther,
}

/// What is detected of it once it moves.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Found {
    All,
    /// Nothing for some time after so many seconds, as long as it takes for its track to be lost.
    LostAfter(f64),
    /// Nothing any more after so many seconds.
    GoneAfter(f64),
    /// Now and then, and weakly.
    Weakly,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    way: Way,
    found: Found,
    /// Where others stand, as seen from it.
    neighbours: &'static [[f32; 2]],
    /// How far the edges of detections are off, in sizes to either side.
    jitter: f32,
    speed_up: f64,
}

const EVERY_WAY: [Way; 4] = [Way::Right, Way::Left, Way::Nearer, Way::Farther];
const NONE: &[[f32; 2]] = &[];
const BEFORE: &[[f32; 2]] = &[[0.06, 0.02]];
const ALL_ROUND: &[[f32; 2]] = &[[-0.09, -0.06], [0.12, 0.0], [0.05, 0.08]];

impl Case {
    /// The car, so many seconds after it began to leave.
    fn car(self, t: f64) -> Thing {
        let full_speed = TOP_SPEED / self.speed_up;
        let way = self.speed_up * t.min(full_speed).powi(2) / 2.0 + TOP_SPEED * (t - full_speed).max(0.0);
        let way = way as f32;
        let (x, y, size) = match self.way {
            Way::Right => (0.1 * way, 0.0, 1.0),
            Way::Left => (-0.1 * way, 0.0, 1.0),
            Way::Nearer => (0.0, 0.06 * way, 1.0 + 0.1 * way),
            Way::Farther => (0.0, -0.04 * way, 1.0 / (1.0 + 0.15 * way)),
        };
        // It grows and shrinks about the middle of its lower edge.
        let (middle, bottom) = (0.45 + x, 0.52 + y);
        let corners = [middle - 0.05 * size, bottom - 0.12 * size, middle + 0.05 * size, bottom];
        let score = match self.found {
            Found::LostAfter(from) if t > from && t < from + 2.4 => 0.0,
            Found::GoneAfter(from) if t > from => 0.0,
            Found::Weakly if t > 0.0 => [0.2, 0.0, 0.35, 0.15, 0.0][(t * RATE as f64).round() as usize % 5],
            _ => 0.8,
        };
        Thing { corners, score, ..car(0.0, 0.0) }
    }

    fn shown(self, t: f64) -> Vec<Thing> {
        let beside = |(index, offset): (usize, &[f32; 2])| {
            car(0.4 + offset[0], 0.4 + offset[1]).looking(2 + index as u64)
        };
        // Farther ones first: nearer ones are in front of them.
        let mut things: Vec<Thing> =
            self.neighbours.iter().enumerate().map(beside).chain([self.car(t)]).collect();
        things.sort_by(|a, b| a.corners[3].total_cmp(&b.corners[3]));
        things
    }

    /// It stands, leaves, and its event closes with an `until` no farther than so many seconds from when it set off.
    #[track_caller]
    fn check(self, mut camera: CameraTester, tolerance: f64) {
        camera.jitter = self.jitter;
        camera.stand(5.0, &[]).show(STANDS, |_| self.shown(0.0)).show(15.0, |t| self.shown(t));
        let others: Vec<Thing> = self.shown(15.0).into_iter().filter(|thing| thing.looks != 1).collect();
        camera.stand(35.0, &others).expect_valid();
        let of_phase = |phase: Phase| camera.events.iter().filter(move |event| event.phase == phase);
        assert_eq!(of_phase(Phase::Open).count(), 1 + others.len(), "{self:?}: {:#?}", camera.told());
        let closed: Vec<_> = of_phase(Phase::Close).collect();
        assert_eq!(closed.len(), 1, "{self:?}: {:#?}", camera.told());
        let until = camera.seconds(closed[0].until.expect("closed")) - 5.0 - STANDS;
        assert!(until.abs() <= tolerance, "{self:?}, sees {}: {until:+.1} s", camera.sees);
    }
}

/// Checks all combinations, with pictures to look at and without.
#[track_caller]
fn check_all(ways: &[Way], found: &[Found], jitters: &[f32], speed_up: f64, tolerance: f64) {
    for &way in ways {
        for &found in found {
            for &jitter in jitters {
                for neighbours in [NONE, BEFORE, ALL_ROUND] {
                    let case = Case { way, found, neighbours, jitter, speed_up };
                    case.check(CameraTester::start(), tolerance);
                    case.check(CameraTester::blindfolded(), tolerance);
                }
            }
        }
    }
}

#[test]
fn until_is_when_it_began_to_move_whichever_way() {
    check_all(&EVERY_WAY, &[All, Weakly, LostAfter(0.0)], &[0.0, 0.02], SPEED_UP, 1.0);
}

#[test]
fn until_is_when_it_began_to_move_also_when_its_track_is_lost_then() {
    let lost = [LostAfter(0.6), LostAfter(1.2), GoneAfter(0.9), GoneAfter(1.6)];
    check_all(&[Way::Right, Way::Left], &lost, &[0.0, 0.02], SPEED_UP, 1.0);
    // Along the camera's view it has hardly moved in the picture when it is detected last.
    check_all(&[Way::Nearer, Way::Farther], &lost, &[0.0, 0.02], SPEED_UP, 2.0);
}

#[test]
fn until_is_when_it_began_to_move_also_when_slow_or_detected_badly() {
    check_all(&EVERY_WAY, &[All], &[0.05], SPEED_UP, 1.0);
    check_all(&EVERY_WAY, &[All, Weakly], &[0.0, 0.02], SPEED_UP / 2.0, 1.0);
}

#[test]
fn a_car_that_leaves_the_zone_and_stands_on_was_in_it_until_it_set_off() {
    // Its wheels stand on the edge of the zone; it moves up by a third of its length and stops.
    let mut camera =
        CameraTester::with_zones(vec![zone("yard", ZoneType::NoParking, [0.0, 0.0, 0.455, 1.0], 30)]);
    camera.stand(5.0, &[]).stand(40.0, &[car(0.4, 0.4)]);
    camera.show(20.0, |t| vec![car(0.4 + (0.0145 * t * t).min(0.034) as f32, 0.4)]);
    camera.expect(&["open 1 minor", "close 2 minor"]);
    let until = camera.seconds(camera.events[1].until.expect("closed"));
    assert!((until - 45.0).abs() <= 1.0, "until {until}");
}

#[test]
fn a_car_that_drives_off_past_its_neighbour_does_not_take_its_place() {
    let (way, found) = (Way::Right, Weakly);
    let case = Case { way, found, neighbours: ALL_ROUND, jitter: 0.0, speed_up: SPEED_UP };
    for seed in 0..20 {
        // The picture shakes, so that nothing looks quite as in the picture before, and tracks are swapped.
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut shaken = |t: f64| {
            let mut things = case.shown(t);
            for corner in things.iter_mut().flat_map(|thing| &mut thing.corners) {
                *corner += (chance.f32() * 2.0 - 1.0) * 0.003;
            }
            things
        };
        let mut camera = CameraTester::start();
        camera.stand(5.0, &[]).show(STANDS, |_| shaken(0.0)).show(30.0, &mut shaken);
        let opened = ["open 1 minor"; 4];
        assert_eq!(camera.told(), [&opened[..], &["close 2 minor"]].concat(), "seed {seed}");
    }
}
