//! While a camera cannot be trusted its rules are suspended, and afterwards go on as if nobody had looked.

use std::time::Duration;

use gridwatch_detect::{CameraState, CameraWatch, DetectSettings, Look, appearance::Grey, health::View};
use gridwatch_domain::{
    Detection, DwellLimit, Event, EventKind, NetworkRef, NormBox, ObjectClass, Phase, Point, Polygon,
    Sha256Hex, Zone, ZoneType,
};

use crate::{
    footage::{Footage, Picture},
    tester::{OFTEN, SELDOM, time},
};

/// Seconds that one may stand.
const LIMIT: f64 = 60.0;
const PLACE: [f32; 4] = [0.55, 0.55, 0.72, 0.75];

/// A yard with one place in which a car may stand.
struct Yard {
    watch: CameraWatch,
    settings: DetectSettings,
    state: CameraState,
    footage: Footage,
    interval: f64,
    now: f64,
    has_car: bool,
    grey: Grey,
    view: View,
    events: Vec<Event>,
    random: fastrand::Rng,
}

fn watch(corners: &[[f32; 2]]) -> CameraWatch {
    let points = corners.iter().map(|&[x, y]| Point::new(x, y).expect("within the picture"));
    let zone = Zone {
        classes: vec![ObjectClass::Car],
        name: "院子".to_owned(),
        ..Zone::usual(
            "yard".parse().expect("valid"),
            ZoneType::NoParking,
            Polygon::new(points.collect()).expect("simple"),
        )
        .with_limit(DwellLimit::new(Duration::from_secs_f64(LIMIT)).expect("in range"))
    };
    CameraWatch { zones: vec![zone], ..CameraWatch::new("gate".parse().expect("valid")) }
}

impl Yard {
    fn every(interval: f64) -> Self {
        let watch = watch(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]);
        let network = NetworkRef { name: "scripted".to_owned(), sha256: Sha256Hex::from_digest([0; 32]) };
        let settings = DetectSettings::new("edge".parse().expect("valid"), network, vec![watch.clone()]);
        Self {
            state: CameraState::new(&watch, &settings),
            watch,
            settings,
            footage: Footage::piece_of("night", 7.0),
            interval,
            now: 0.0,
            has_car: false,
            grey: Grey::default(),
            view: View::default(),
            events: Vec::new(),
            random: fastrand::Rng::with_seed(9),
        }
    }

    /// Shows the yard for so many seconds, with something done to each picture. A covered car is not detected.
    fn show(&mut self, seconds: f64, is_seen: bool, effect: impl Fn(Picture) -> Picture) -> &mut Self {
        let until = self.now + seconds;
        while self.now < until {
            let [x1, y1, x2, y2] = PLACE;
            let mut picture = self.footage.at(self.now);
            let (width, height) = (picture.width as f32, picture.height as f32);
            if self.has_car {
                picture = picture.map(|column, row, level| {
                    let (x, y) = (column as f32 / width, row as f32 / height);
                    let inside = (x1..x2).contains(&x) && (y1..y2).contains(&y);
                    let window = ((x - x1) * 30.0).fract() < 0.5 && ((y - y1) * 20.0).fract() < 0.5;
                    if !inside {
                        level
                    } else if window {
                        30.0
                    } else {
                        190.0
                    }
                });
            }
            let frame = effect(picture).frame(0, time(self.now));
            self.grey.fill(&frame);
            self.view.fill(&frame, &self.grey);
            let bbox = NormBox::new(x1, y1, x2, y2).expect("valid");
            let found = Detection { class: ObjectClass::Car, score: 0.8, bbox };
            let detections = if self.has_car && is_seen { vec![found] } else { Vec::new() };
            let random = &mut self.random;
            let mut ids = || std::array::from_fn(|_| random.u8(..));
            let health = self.state.watch(frame.at, &detections, &self.view, &mut ids);
            let look = Look { grey: &self.grey, fine: None };
            let step = self.state.step(frame.at, &detections, Some(look), &mut ids);
            self.events.extend(health.and(step).events);
            self.now += self.interval;
        }
        self
    }

    fn well(&mut self, seconds: f64) -> &mut Self {
        self.show(seconds, true, |seen| seen)
    }

    fn covered(&mut self, seconds: f64) -> &mut Self {
        self.show(seconds, false, |seen| seen.covered(1.1, 20.0))
    }

    /// The process ends, and begins anew with what was kept.
    fn restart(&mut self) -> &mut Self {
        let kept = self.state.checkpoint();
        self.state = CameraState::new(&self.watch, &self.settings);
        self.state.restore(&self.watch, &kept).expect("what was just written");
        self.events.extend(self.state.tick(time(self.now), &mut || [1; 10]));
        self
    }

    /// The events so far, for the eye.
    fn told(&self) -> Vec<String> {
        let tell = |event: &Event| {
            event.validate().unwrap_or_else(|error| panic!("{error}: {event:#?}"));
            let unobserved = if event.unobserved { " unobserved" } else { "" };
            format!("{} {}{unobserved}", event.kind, event.phase.as_str())
        };
        self.events.iter().map(tell).collect()
    }

    fn of(&self, kind: EventKind, phase: Phase) -> Vec<&Event> {
        self.events.iter().filter(|event| event.kind == kind && event.phase == phase).collect()
    }
}

#[test]
fn an_open_event_is_unobserved_while_the_lens_is_covered_and_goes_on_afterwards() {
    for interval in [SELDOM, OFTEN] {
        let mut yard = Yard::every(interval);
        yard.well(30.0);
        yard.has_car = true;
        yard.well(100.0).covered(120.0);
        let before =
            ["parking.no_parking open", "camera.covered open", "parking.no_parking update unobserved"];
        assert_eq!(yard.told(), before, "every {interval} s");
        assert!(!yard.state.troubles().is_empty());
        let covered = yard.of(EventKind::CameraCovered, Phase::Open)[0];
        assert_eq!((covered.zone.as_ref(), covered.objects.len()), (None, 0));
        yard.well(60.0);
        let after = ["camera.covered close", "parking.no_parking update"];
        assert_eq!(yard.told()[before.len()..], after, "every {interval} s");
        let since: Vec<_> =
            yard.of(EventKind::NoParking, Phase::Update).iter().map(|event| event.since).collect();
        assert!(since.iter().all(|since| since.seconds_since(time(30.0)).abs() <= interval), "{since:?}");
        assert!(yard.state.troubles().is_empty());
    }
}

#[test]
fn dwell_is_not_reset_and_nothing_opens_before_trust_returns() {
    for interval in [SELDOM, OFTEN] {
        let mut yard = Yard::every(interval);
        yard.well(30.0);
        yard.has_car = true;
        // Its limit ends while the lens is covered.
        yard.well(40.0).covered(90.0);
        assert_eq!(yard.told(), ["camera.covered open"], "every {interval} s");
        yard.well(40.0);
        let opened = yard.of(EventKind::NoParking, Phase::Open);
        assert_eq!(opened.len(), 1, "every {interval} s: {:?}", yard.told());
        assert!(opened[0].since.seconds_since(time(30.0)).abs() <= interval, "{}", opened[0].since);
    }
}

#[test]
fn who_left_meanwhile_is_gone_afterwards() {
    let mut yard = Yard::every(OFTEN);
    yard.well(30.0);
    yard.has_car = true;
    yard.well(100.0).covered(60.0);
    yard.has_car = false;
    yard.covered(30.0);
    assert_eq!(yard.of(EventKind::NoParking, Phase::Close).len(), 0, "{:?}", yard.told());
    yard.well(60.0);
    assert_eq!(yard.of(EventKind::NoParking, Phase::Close).len(), 1, "{:?}", yard.told());
}

#[test]
fn a_move_is_accepted_by_a_restart_and_by_an_edit_of_the_zones_and_noticed_over_a_restart() {
    let moved = |seen: Picture| seen.seen_from((0.07, 0.0), 0.0, 1.0);
    let opened = ["camera.moved open"];
    let mut yard = Yard::every(OFTEN);
    yard.well(40.0).restart().show(40.0, true, moved);
    assert_eq!(yard.told(), opened, "moved while it was off");
    yard.restart().show(40.0, true, moved);
    assert_eq!(yard.told(), ["camera.moved open", "camera.moved close"], "the second start accepts it");

    let mut yard = Yard::every(OFTEN);
    yard.well(40.0);
    // Drawn anew, for what it shows from now on.
    yard.watch = watch(&[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]);
    yard.settings.cameras = vec![yard.watch.clone()];
    yard.restart().show(40.0, true, moved);
    assert_eq!(yard.told(), [""; 0]);
}
