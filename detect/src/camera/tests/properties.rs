//! Whatever happens, what is told is consistent.

use std::collections::BTreeMap;

use gridwatch_domain::{BayGroup, Calendar, Line, Schedule, ZoneRule};
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
    /// The process ends, and begins anew so many seconds later.
    Down(f64),
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
        tenths(5..250).prop_map(Disturbance::Down),
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
                let step = self.step as f64 / 1000.0;
                self.show(*seconds, |t| scored(scores[(t / step).round() as usize % 5]));
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
            Disturbance::Down(seconds) => drop(self.restart().pause(*seconds)),
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

/// A car park with everything that lasts: bays and their group, an aisle, an entrance with a schedule, and an area with people in it.
fn whole_site() -> CameraWatch {
    let seconds = |seconds| DwellLimit::new(Duration::from_secs(seconds)).expect("in range");
    let rules = |zone: Zone, rules: &[(EventKind, u64)]| Zone {
        rules: rules
            .iter()
            .map(|&(kind, s)| ZoneRule { limit: seconds(s), ..ZoneRule::usual(kind) })
            .collect(),
        ..zone
    };
    let bay = |number: u8| {
        let x = 0.08 + f32::from(number) * 0.13;
        let bay = zone(&format!("bay-{number}"), ZoneType::Bay, [x, 0.1, x + 0.12, 0.26], 60);
        rules(bay, &[(EventKind::Overstay, 60), (EventKind::Straddling, 60)])
    };
    let aisle = zone("aisle", ZoneType::Aisle, [0.05, 0.26, 0.6, 0.5], 60);
    let aisle = rules(aisle, &[(EventKind::OutOfBay, 60), (EventKind::Double, 60)]);
    let entrance = zone("entrance", ZoneType::Entrance, [0.65, 0.1, 0.95, 0.4], 60);
    let day = Schedule::new(Calendar::utc(), vec!["thu 00:00-23:00".parse().expect("a time of the week")]);
    let entrance = Zone { schedule: Some(day), ..entrance };
    let yard = zone("yard", ZoneType::Area, [0.05, 0.55, 0.95, 0.98], 2);
    let people = [(EventKind::Intrusion, 2), (EventKind::Crowd, 20), (EventKind::Loitering, 60)];
    let mut yard = Zone { classes: vec![ObjectClass::Person], ..rules(yard, &people) };
    yard.rules[1].least = 2;
    let group = BayGroup {
        id: "row".parse().expect("valid"),
        name: "南排".to_owned(),
        bays: (0..2).map(|number| bay(number).id).collect(),
        rule: ZoneRule { least: 2, limit: seconds(60), ..ZoneRule::usual(EventKind::LotFull) },
        schedule: None,
        cell: None,
    };
    CameraWatch {
        zones: (0..4).map(bay).chain([aisle, entrance, yard]).collect(),
        groups: vec![group],
        ..CameraWatch::new("site".parse().expect("valid"))
    }
}

/// Who is there: two cars in bays, one before them, one over the line between two more, one that stands alone in the aisle, one in the
/// entrance, and two people.
fn everybody() -> Vec<Thing> {
    let in_bay = |number: f32, looks| Thing {
        corners: [0.09 + number * 0.13, 0.11, 0.19 + number * 0.13, 0.252],
        ..car(0.0, 0.0).looking(looks)
    };
    let person = |x: f32, looks| Thing {
        corners: [x, 0.62, x + 0.04, 0.78],
        class: ObjectClass::Person,
        ..car(0.0, 0.0).looking(looks)
    };
    vec![
        in_bay(0.0, 10),
        in_bay(1.0, 11),
        in_bay(2.4, 15),
        Thing { corners: [0.06, 0.27, 0.24, 0.37], ..car(0.0, 0.0).looking(12) },
        Thing { corners: [0.42, 0.3, 0.54, 0.42], ..car(0.0, 0.0).looking(13) },
        car(0.74, 0.24).looking(14),
        person(0.3, 20),
        person(0.6, 21),
    ]
}

/// What may happen to the sight of cars and people alike, for less than is tolerated of either: somebody is there again when two pictures have
/// shown it, within ten seconds of watched time.
fn short_disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        tenths(5..75).prop_map(Disturbance::Missed),
        tenths(5..150).prop_map(Disturbance::Flickers),
        tenths(5..900).prop_map(Disturbance::Gap),
        // Around the length from which on nobody has looked.
        tenths(70..120).prop_map(Disturbance::Gap),
        tenths(5..900).prop_map(Disturbance::Lost),
        (0_i16..600).prop_map(|tenths| Disturbance::Down(f64::from(tenths) / 10.0)),
        Just(Disturbance::Light),
        tenths(5..100).prop_map(Disturbance::Sways),
    ]
}

/// How often a kind was told of a zone, and since when and until when, in seconds of the test.
type Told = BTreeMap<(String, String), Vec<(f64, Option<f64>)>>;

impl CameraTester {
    /// The site with everybody in it, disturbed, until all are gone at once.
    fn play(&mut self, disturbances: &[Disturbance]) -> (Told, f64) {
        let there = everybody();
        self.stand(10.0, &[]).stand(CALM, &there);
        for disturbance in disturbances {
            self.disturb(disturbance, &there);
            self.stand(CALM, &there);
        }
        self.stand(90.0, &there);
        let left = self.seconds(self.now());
        self.stand(120.0, &[]);
        self.expect_valid();
        let mut told = Told::new();
        for event in self.events.iter().filter(|event| event.phase == Phase::Open) {
            let close = self.events.iter().find(|other| other.id == event.id && other.phase == Phase::Close);
            let until = close.map(|close| self.seconds(close.until.expect("closed")));
            let zone = event.zone.as_ref().map(ToString::to_string).unwrap_or_default();
            told.entry((event.kind.to_string(), zone)).or_default().push((self.seconds(event.since), until));
        }
        (told, left)
    }
}

#[test]
fn the_whole_site_tells_every_kind_that_lasts() {
    let (told, left) = CameraTester::watching(whole_site()).play(&[]);
    let told: Vec<String> = told
        .iter()
        .map(|((kind, zone), times)| {
            let times: Vec<String> = times
                .iter()
                .map(|(since, until)| format!("{since:.0}–{:.0}", until.map_or(-1.0, |until| until - left)))
                .collect();
            format!("{kind} {zone} {}", times.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "area.crowd yard 10–-0",
            "area.intrusion yard 10–-0",
            "area.loitering yard 10–-0 10–-0",
            "parking.double aisle 10–-0",
            "parking.entrance_blocked entrance 10–-0",
            "parking.lot_full row 10–-0",
            "parking.out_of_bay aisle 10–-0",
            "parking.overstay bay-0 10–-0",
            "parking.overstay bay-1 10–-0",
            "parking.overstay bay-2 10–-0",
            "parking.straddling bay-2 10–-0",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_lasts_is_told_otherwise_for_what_disturbs_its_sight(
        disturbances in prop::collection::vec(short_disturbance(), 1..10),
        sees in prop::bool::weighted(0.8),
        step in prop::sample::select(vec![200_i64, 500, 1000]),
    ) {
        let start = || CameraTester { sees, step, ..CameraTester::watching(whole_site()) };
        let (calm, calm_left) = start().play(&[]);
        let (told, left) = start().play(&disturbances);
        let counts = |told: &Told| -> Vec<_> {
            told.iter().map(|(what, times)| (what.clone(), times.len())).collect()
        };
        prop_assert_eq!(counts(&calm), counts(&told));
        for (what, times) in &told {
            for ((since, until), (calm_since, calm_until)) in times.iter().zip(&calm[what]) {
                prop_assert!((since - calm_since).abs() <= 1.0, "{what:?} since {since}, not {calm_since}");
                let (until, calm_until) = (until.expect("over"), calm_until.expect("over"));
                let off = (until - left) - (calm_until - calm_left);
                prop_assert!(off.abs() <= 1.0, "{what:?} ends {off} s later than undisturbed");
            }
        }
    }

    #[test]
    fn whoever_crosses_a_line_has_crossed_it_once_however_badly_they_are_seen(
        is_wrong_way in any::<bool>(),
        pace in 15_i16..50,
        seen in prop::collection::vec(prop::bool::weighted(0.75), 200),
        off in prop::collection::vec(-10_i16..=10, 200),
        sees in any::<bool>(),
    ) {
        let end = |x, y| Point::new(x, y).expect("valid");
        let line = Line {
            id: "gate".parse().expect("valid"),
            name: "东门".to_owned(),
            ends: if is_wrong_way { [end(0.5, 0.2), end(0.5, 0.9)] } else { [end(0.5, 0.9), end(0.5, 0.2)] },
            classes: vec![ObjectClass::Person],
            rules: [EventKind::Crossing, EventKind::WrongWay].map(ZoneRule::usual).to_vec(),
            schedule: None,
            cell: None,
            watch_fps: 0,
        };
        let watch = CameraWatch { lines: vec![line], ..CameraWatch::new("gate".parse().expect("valid")) };
        let mut camera = CameraTester { sees, ..CameraTester::watching(watch) };
        let pace = f32::from(pace) / 1000.0;
        let seconds = f64::from(0.5 / pace);
        camera.stand(3.0, &[]).show(seconds, |t| {
            let picture = (t * RATE as f64).round() as usize;
            // Never missed for longer than a second.
            let is_seen = (picture.saturating_sub(4)..=picture).all(|before| !seen[before % 200]) || seen[picture % 200];
            let x = 0.25 + pace * t as f32 + f32::from(off[picture % 200]) / 5000.0;
            let walks = Thing {
                corners: [x - 0.02, 0.46, x + 0.02, 0.6],
                class: ObjectClass::Person,
                ..car(0.0, 0.0).looking(3)
            };
            vec![if is_seen { walks } else { walks.scored(0.0) }]
        });
        camera.stand(3.0, &[]);
        camera.expect_valid();
        let opened = camera.events.iter().filter(|event| event.phase == Phase::Open);
        let opened: Vec<EventKind> = opened.map(|event| event.kind).collect();
        let kind = if is_wrong_way { EventKind::WrongWay } else { EventKind::Crossing };
        prop_assert_eq!(opened, [kind], "{:#?}", camera.told_where());
    }

    #[test]
    fn a_contact_is_told_once_whatever_disturbs_the_sight_before_and_after(
        before in prop::collection::vec(short_disturbance(), 0..5),
        after in prop::collection::vec(short_disturbance(), 0..5),
        touches in any::<bool>(),
    ) {
        let aisle = zone("aisle", ZoneType::Aisle, [0.0, 0.0, 1.0, 1.0], 60);
        let rules = vec![ZoneRule::usual(EventKind::ContactSuspected)];
        let mut camera = CameraTester::with_zones(vec![Zone { rules, ..aisle }]);
        // Some centimetres: a pixel of what is looked at.
        let stands = |is_nudged: bool| vec![car(0.4 + if is_nudged { 0.006_25 } else { 0.0 }, 0.4)];
        camera.stand(10.0, &[]).stand(CALM, &stands(false));
        for disturbance in &before {
            camera.disturb(disturbance, &stands(false));
            camera.stand(CALM, &stands(false));
        }
        camera.stand(CALM, &stands(false));
        camera.show(8.0, |t| {
            let x = 0.05 + 0.12 * t as f32;
            let passes = Thing { corners: [x, 0.44, x + 0.1, 0.56], ..car(0.0, 0.0).looking(33) };
            [stands(touches && t > 3.0), vec![passes]].concat()
        });
        let touched = camera.now();
        camera.stand(CALM, &stands(touches));
        for disturbance in &after {
            camera.disturb(disturbance, &stands(touches));
            camera.stand(CALM, &stands(touches));
        }
        camera.stand(45.0, &[]);
        camera.expect_valid();
        let opened: Vec<&Event> = camera.events.iter().filter(|event| event.phase == Phase::Open).collect();
        prop_assert_eq!(opened.len(), usize::from(touches), "{:#?}", camera.told_where());
        for event in opened {
            prop_assert!(event.kind == EventKind::ContactSuspected && event.since <= touched, "{event:#?}");
        }
    }
}
