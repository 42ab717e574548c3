//! One camera from detections to events, with scripted scenes and time that is turned by hand.

mod areas;
mod bays;
mod footprints;
mod leaving;
mod lifecycle;
mod passing;
mod properties;
mod rewatching;
mod robustness;
mod schedules;
mod standing;

use std::collections::HashMap;

use gridwatch_domain::{
    DwellLimit, EventId, EventKind, NormBox, ObjectClass, Phase, Point, Polygon, Severity, Sha256Hex,
    ZoneType,
};

use super::*;
use crate::appearance::tests::texture;

/// Pictures per second.
const RATE: u64 = 5;
const WIDTH: usize = 160;
const HEIGHT: usize = 90;

/// Something in the scene: where, what it looks like, and how it is detected.
#[derive(Debug, Clone, Copy)]
struct Thing {
    corners: [f32; 4],
    /// What it looks like.
    looks: u64,
    class: ObjectClass,
    /// Score of its detection; 0: it is missed.
    score: f32,
}

/// A car of 0.1 × 0.12 with its upper left corner there.
fn car(x: f32, y: f32) -> Thing {
    Thing { corners: [x, y, x + 0.1, y + 0.12], looks: 1, class: ObjectClass::Car, score: 0.8 }
}

impl Thing {
    fn looking(self, looks: u64) -> Self {
        Self { looks, ..self }
    }
    fn scored(self, score: f32) -> Self {
        Self { score, ..self }
    }
    fn bbox(self) -> Option<NormBox> {
        let [x1, y1, x2, y2] = self.corners;
        NormBox::clipped(x1, y1, x2, y2)
    }
}

/// A camera under test.
struct CameraTester {
    watch: CameraWatch,
    settings: DetectSettings,
    state: CameraState,
    millis: i64,
    /// Milliseconds from one picture to the next.
    step: i64,
    /// What the ground looks like; another seed is another light.
    ground: u64,
    /// Whether there are pictures; without, only detections count.
    sees: bool,
    /// How far the edges of detections are off, in sizes to either side.
    jitter: f32,
    chance: fastrand::Rng,
    events: Vec<Event>,
    passes: Vec<NearPass>,
    random: u64,
}

fn zone(id: &str, zone_type: ZoneType, corners: [f32; 4], limit_s: u64) -> Zone {
    let [x1, y1, x2, y2] = corners;
    let points = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)].map(|(x, y)| Point::new(x, y).expect("valid"));
    Zone {
        classes: vec![ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck],
        ..Zone::usual(id.parse().expect("valid"), zone_type, Polygon::new(points.into()).expect("simple"))
            .with_limit(DwellLimit::new(Duration::from_secs(limit_s)).expect("in range"))
    }
}

impl CameraTester {
    /// A yard that is all no-parking, with a limit of 30 s.
    fn start() -> Self {
        Self::with_zones(vec![zone("yard", ZoneType::NoParking, [0.0, 0.0, 1.0, 1.0], 30)])
    }

    fn with_zones(zones: Vec<Zone>) -> Self {
        Self::watching(CameraWatch { zones, ..CameraWatch::new("gate".parse().expect("valid")) })
    }

    fn watching(watch: CameraWatch) -> Self {
        let network = NetworkRef { name: "scripted".to_owned(), sha256: Sha256Hex::from_digest([0; 32]) };
        let settings = DetectSettings::new("edge".parse().expect("valid"), network, vec![watch.clone()]);
        let state = CameraState::new(&watch, &settings);
        Self {
            watch,
            settings,
            state,
            millis: 1_000_000,
            step: 1000 / RATE as i64,
            ground: 7,
            sees: true,
            jitter: 0.0,
            chance: fastrand::Rng::with_seed(5),
            events: Vec::new(),
            passes: Vec::new(),
            random: 0,
        }
    }

    /// A yard without pictures: only what is detected counts.
    fn blindfolded() -> Self {
        Self { sees: false, ..Self::start() }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millis).expect("in range")
    }

    /// Seconds from `start` of the test to a time.
    fn seconds(&self, at: Timestamp) -> f64 {
        (at.as_millisecond() - 1_000_000) as f64 / 1000.0
    }

    /// Shows a scene for some time; `scene` is asked for each picture, with the seconds since this call.
    fn show(&mut self, seconds: f64, mut scene: impl FnMut(f64) -> Vec<Thing>) -> &mut Self {
        let step = self.step as f64 / 1000.0;
        for picture in 0..(seconds / step).round() as u64 {
            let things = scene(picture as f64 * step);
            self.picture(&things);
            self.millis += self.step;
        }
        self
    }

    /// Shows things that do not change.
    fn stand(&mut self, seconds: f64, things: &[Thing]) -> &mut Self {
        self.show(seconds, |_| things.to_vec())
    }

    /// Shows things that do not change, in one picture every so many seconds.
    fn seldom(&mut self, every: f64, seconds: f64, things: &[Thing]) -> &mut Self {
        for _ in 0..(seconds / every).round() as u64 {
            self.picture(things);
            self.millis += (every * 1000.0) as i64;
        }
        self
    }

    fn picture(&mut self, things: &[Thing]) {
        let (jitter, chance) = (self.jitter, &mut self.chance);
        let found = |thing: &Thing| {
            let [x1, y1, x2, y2] = thing.corners;
            let [x, y] = [x2 - x1, y2 - y1].map(|side| side * jitter);
            let mut off = |most: f32| (chance.f32() * 2.0 - 1.0) * most;
            let bbox = NormBox::clipped(x1 + off(x), y1 + off(y), x2 + off(x), y2 + off(y))?;
            Some(Detection { class: thing.class, score: thing.score, bbox })
        };
        let detections: Vec<Detection> =
            things.iter().filter(|thing| thing.score > 0.0).filter_map(found).collect();
        let grey = self.sees.then(|| self.paint(things));
        let look = grey.as_ref().map(|grey| Look { grey, fine: Some(grey) });
        let random = &mut self.random;
        let mut next = || {
            *random += 1;
            let mut bytes = [0; 10];
            bytes[2..].copy_from_slice(&random.to_be_bytes());
            bytes
        };
        let at = Timestamp::from_millisecond(self.millis).expect("in range");
        let step = self.state.step(at, &detections, look, &mut next);
        self.events.extend(step.events);
        self.passes.extend(step.passes);
    }

    /// The ground in blocks, and each thing in blocks of its own that move with it; later ones are in front.
    fn paint(&self, things: &[Thing]) -> Grey {
        let mut pixels = pattern(self.ground, WIDTH, HEIGHT);
        for thing in things {
            let Some(bbox) = thing.bbox() else { continue };
            let columns = (bbox.x1() * WIDTH as f32) as usize..(bbox.x2() * WIDTH as f32) as usize;
            let rows = (bbox.y1() * HEIGHT as f32) as usize..(bbox.y2() * HEIGHT as f32) as usize;
            let surface = pattern(thing.looks ^ self.ground << 32, columns.len(), rows.len());
            for (row, line) in rows.zip(surface.chunks_exact(columns.len().max(1))) {
                pixels[row * WIDTH..][columns.clone()].copy_from_slice(line);
            }
        }
        Grey::new(WIDTH, HEIGHT, pixels).expect("as many pixels as its size says")
    }

    /// The process ends and begins anew with what was kept.
    fn restart(&mut self) -> &mut Self {
        let kept = self.state.checkpoint();
        self.state = CameraState::new(&self.watch, &self.settings);
        self.state.restore(&self.watch, &kept).expect("what was just written");
        self
    }

    /// Other zones are watched from now on, while it runs.
    fn rewatch(&mut self, zones: Vec<Zone>) -> &mut Self {
        self.watch.zones = zones;
        let events = self.state.adjust(&self.watch);
        self.events.extend(events);
        self
    }

    /// Nobody looks for some time.
    fn pause(&mut self, seconds: f64) -> &mut Self {
        self.millis += (seconds * 1000.0) as i64;
        self
    }

    fn camera_lost(&mut self) -> &mut Self {
        let events = self.state.lose_sight(self.now());
        self.events.extend(events);
        self
    }

    /// The events so far as `kind phase seconds zone`, where seconds are those of `at`, for the eye.
    fn told_where(&self) -> Vec<String> {
        let tell = |event: &Event| {
            let zone = event.zone.as_ref().map(ToString::to_string).unwrap_or_default();
            let (kind, phase) = (event.kind, event.phase.as_str());
            format!("{kind} {phase} {:.0} {zone}", self.seconds(event.at))
        };
        self.events.iter().map(tell).collect()
    }

    #[track_caller]
    fn expect_where(&self, told: &[&str]) {
        self.expect_valid();
        assert_eq!(self.told_where(), told);
    }

    /// The events so far as `phase rev severity`, for the eye.
    fn told(&self) -> Vec<String> {
        let tell = |event: &Event| {
            let unobserved = if event.unobserved { " unobserved" } else { "" };
            format!("{} {} {}{unobserved}", event.phase.as_str(), event.rev, event.severity.as_str())
        };
        self.events.iter().map(tell).collect()
    }

    #[track_caller]
    fn expect(&self, told: &[&str]) {
        self.expect_valid();
        assert_eq!(self.told(), told);
    }

    /// One event, open, since then (seconds of the test, ± 1).
    #[track_caller]
    fn expect_one_open(&self, since_s: f64) {
        self.expect_valid();
        let opened: Vec<_> = self.events.iter().filter(|event| event.phase == Phase::Open).collect();
        assert_eq!(opened.len(), 1, "{:#?}", self.told());
        let since = self.seconds(opened[0].since);
        assert!((since - since_s).abs() <= 1.0, "since {since}, not {since_s}");
        assert!(self.events.iter().all(|event| event.phase != Phase::Close), "{:#?}", self.told());
    }

    /// What must hold of any events, whatever happened.
    #[track_caller]
    fn expect_valid(&self) {
        let mut last: HashMap<EventId, &Event> = HashMap::new();
        let mut open: HashMap<(EventKind, String, String), EventId> = HashMap::new();
        for event in &self.events {
            event.validate().unwrap_or_else(|error| panic!("{error}: {event:#?}"));
            let earlier = last.insert(event.id, event);
            assert_eq!(
                event.rev,
                earlier.map_or(1, |earlier| earlier.rev + 1),
                "revisions follow one another"
            );
            assert!(earlier.is_none_or(|earlier| earlier.phase != Phase::Close), "nothing follows a close");
            // Areas, lines and groups have one event for whoever is there.
            let Some(place) = event.objects.first().and_then(|object| object.place.as_ref()) else {
                continue;
            };
            if event.kind == EventKind::LotFull {
                continue;
            }
            let zone = event.zone.as_ref().map(ToString::to_string).unwrap_or_default();
            let subject = (event.kind, place.to_string(), zone);
            match event.phase {
                Phase::Open => {
                    let other = open.insert(subject, event.id);
                    assert_eq!(other, None, "one open event per kind, place and zone");
                }
                Phase::Update => assert_eq!(open.get(&subject), Some(&event.id)),
                Phase::Close => assert_eq!(open.remove(&subject), Some(event.id)),
            }
        }
    }
}

/// Blocks of grey that look like nothing else with another seed.
fn pattern(seed: u64, width: usize, height: usize) -> Vec<u8> {
    const BLOCK: usize = 3;
    let mut next = texture(seed);
    let across = width.div_ceil(BLOCK).max(1);
    let blocks: Vec<u8> = (0..across * height.div_ceil(BLOCK).max(1)).map(|_| next()).collect();
    (0..width * height).map(|index| blocks[index / width / BLOCK * across + index % width / BLOCK]).collect()
}
