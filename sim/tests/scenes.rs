//! The built-in scenes: what they promise, what they show, and that they begin again where they ended.

use gridwatch_domain::{NormBox, Zone};
use gridwatch_sim::{FrameSource as _, FrameTruth, I420Frame, Scene, SceneRenderer, SimError, TruthObject};

/// Share of the ground contact in a zone at which a detector should speak of a vehicle in it.
const IN_ZONE: f32 = 0.5;
/// Visible share from which a detector should find a vehicle.
const SEEN_WELL: f32 = 0.6;
/// Seconds between the pictures from which stays are read.
const PICTURE_EVERY_S: f64 = 1.0;

struct Viewer {
    renderer: SceneRenderer,
    frame: I420Frame,
}

impl Viewer {
    fn of(scene: &Scene) -> Self {
        let renderer = scene.renderer(384, 216);
        Self { renderer, frame: I420Frame::new(384, 216) }
    }

    fn at(&mut self, seconds: f64) -> FrameTruth {
        self.frame((seconds * 25.0).round() as u32)
    }

    fn frame(&mut self, index: u32) -> FrameTruth {
        self.renderer.render(index, &mut self.frame)
    }
}

fn contact_share(zone: &Zone, object: &TruthObject) -> f32 {
    let [x1, y1, x2, y2] = object.full;
    NormBox::clipped(x1, y1, x2, y2).map_or(0.0, |seen| zone.polygon.coverage(seen.ground_contact()))
}

#[test]
fn built_in_scenes_promise_what_their_scripts_say() {
    let promised = |name: &str| {
        let scene = Scene::builtin(name).expect("built in");
        let round = |at: f64| (at * 10.0).round() / 10.0;
        let events = scene.expected_events();
        for event in &events {
            assert!(event.leave_s <= scene.loop_s() - 15.0, "{name}: {event:?} leaves no time to close");
        }
        let line = |event: &gridwatch_sim::ExpectedEvent| {
            let (kind, zone) = (&event.kind, &event.zone);
            format!("{kind} {zone} {} {} {}", round(event.stop_s), round(event.open_s), round(event.leave_s))
        };
        events.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        promised("yard"),
        ["parking.fire_lane fire-lane 12.8 27.8 48.8", "parking.no_parking bins 22.5 47.5 68.5"]
    );
    assert_eq!(promised("night"), ["parking.no_parking garage 18.7 43.7 59.7"]);
    assert_eq!(promised("gate"), ["parking.fire_lane fire-lane 24.1 39.1 62.1"]);
    assert_eq!(promised("quiet"), ["parking.fire_lane fire-lane 10.8 30.8 38.8"]);
    assert_eq!(
        promised("busy"),
        [
            "parking.fire_lane fire-lane 13.1 28.1 33.1",
            "parking.no_parking gateway 36.2 56.2 62.2",
            "parking.fire_lane fire-lane 54.8 69.8 74.8"
        ]
    );
}

/// What the truth says of one vehicle that stands in one zone, from pictures a second apart.
#[derive(Debug)]
struct Stay {
    actor: u32,
    zone: Zone,
    /// When it was first and last seen standing there.
    first_s: f64,
    last_s: f64,
    /// Least and most of its ground contact that lay in the zone.
    least_share: f32,
    most_share: f32,
    /// Share of the time in which it was seen well.
    seen_well: f32,
    /// Of its whole box, as a share of the picture's.
    width: f32,
}

impl Stay {
    fn begin(object: &TruthObject, zone: &Zone, at_s: f64) -> Self {
        Self {
            actor: object.id,
            zone: zone.clone(),
            first_s: at_s,
            last_s: at_s,
            least_share: 1.0,
            most_share: 0.0,
            seen_well: 0.0,
            width: object.full[2] - object.full[0],
        }
    }

    fn add(&mut self, object: &TruthObject, share: f32, at_s: f64) {
        let pictures = (self.last_s - self.first_s) as f32;
        let well = f32::from(u8::from(object.visible > SEEN_WELL));
        self.last_s = at_s;
        self.least_share = self.least_share.min(share);
        self.most_share = self.most_share.max(share);
        self.seen_well = (self.seen_well * pictures + well) / (pictures + 1.0);
    }

    /// Seconds for which it stands there at most, between one picture and the next.
    fn longest_s(&self) -> f64 {
        self.last_s - self.first_s + 2.0 * PICTURE_EVERY_S
    }
}

/// Every stay of a vehicle that reaches into a zone.
fn stays(scene: &Scene) -> Vec<Stay> {
    let (mut viewer, zones) = (Viewer::of(scene), scene.zones());
    let mut stays: Vec<Stay> = Vec::new();
    for picture in 0..(scene.loop_s() / PICTURE_EVERY_S) as u32 {
        let at_s = f64::from(picture) * PICTURE_EVERY_S;
        let truth = viewer.at(at_s);
        for object in truth.objects.iter().filter(|object| object.class.is_vehicle() && !object.moving) {
            for zone in &zones {
                let share = contact_share(zone, object);
                if share <= 0.0 {
                    continue;
                }
                let known = stays.iter().position(|stay| {
                    let goes_on = stay.last_s >= at_s - PICTURE_EVERY_S;
                    stay.actor == object.id && stay.zone.id == zone.id && goes_on
                });
                let index = known.unwrap_or_else(|| {
                    stays.push(Stay::begin(object, zone, at_s));
                    stays.len() - 1
                });
                stays[index].add(object, share, at_s);
            }
        }
    }
    stays
}

#[test]
fn what_stands_in_a_zone_beyond_its_limit_is_seen_there_and_nothing_else_is() {
    for name in Scene::builtin_names() {
        let scene = Scene::builtin(name).expect("built in");
        let (events, stays) = (scene.expected_events(), stays(&scene));
        for event in &events {
            let stay = stays
                .iter()
                .find(|stay| (Some(stay.actor), &stay.zone.id) == (event.actor, &event.zone))
                .unwrap_or_else(|| panic!("{name}: {event:?} is never seen"));
            assert!((stay.first_s - event.stop_s).abs() <= PICTURE_EVERY_S, "{name}: {event:?} is {stay:?}");
            assert!((stay.last_s - event.leave_s).abs() <= PICTURE_EVERY_S, "{name}: {event:?} is {stay:?}");
            assert!(stay.least_share > IN_ZONE + 0.1, "{name}: not clearly in the zone: {stay:?}");
            assert!(stay.seen_well > 0.9, "{name}: hidden: {stay:?}");
            assert!(stay.width > 0.05, "{name}: small: {stay:?}");
        }
        let promised =
            |stay: &Stay| events.iter().any(|e| (e.actor, &e.zone) == (Some(stay.actor), &stay.zone.id));
        for stay in stays.iter().filter(|stay| !promised(stay) && stay.most_share > IN_ZONE - 0.1) {
            let limit_s = stay.zone.limit().map(f64::from).expect("a zone where one may not stand");
            assert!(stay.longest_s() < limit_s * 0.6, "{name}: close to {limit_s} s: {stay:?}");
        }
    }
}

#[test]
fn nobody_appears_or_vanishes_within_the_picture() {
    const STRIDE: u32 = 10;
    for name in Scene::builtin_names() {
        let scene = Scene::builtin(name).expect("built in");
        let mut viewer = Viewer::of(&scene);
        let count = viewer.renderer.frame_count();
        let mut before = viewer.frame(count - STRIDE);
        for index in (0..count).step_by(STRIDE as usize) {
            let now = viewer.frame(index);
            if missing(&before, &now).is_some() {
                // Who passes behind something vanishes too, but little by little.
                for (one, other) in (before.index..before.index + STRIDE).zip(before.index + 1..) {
                    let (one, other) = (viewer.frame(one), viewer.frame(other % count));
                    let gone = missing(&one, &other);
                    assert!(gone.is_none(), "{name}: between {} and {}: {gone:?}", one.at_s, other.at_s);
                }
            }
            before = now;
        }
    }
}

/// Somebody who is seen well in one of two pictures and not at all in the other.
fn missing<'a>(one: &'a FrameTruth, other: &'a FrameTruth) -> Option<&'a TruthObject> {
    let lost = |from: &'a FrameTruth, to: &FrameTruth| {
        let gone = |object: &&TruthObject| to.objects.iter().all(|again| again.id != object.id);
        from.objects.iter().filter(|object| is_plain(object)).find(gone)
    };
    lost(one, other).or_else(|| lost(other, one))
}

/// Seen well, and not at the edge of the picture, where things come and go.
fn is_plain(object: &TruthObject) -> bool {
    let [x1, y1, x2, y2] = object.full;
    let inside = x1 > 0.02 && y1 > 0.0 && x2 < 0.98 && y2 < 0.98;
    inside && object.visible > 0.5 && (x2 - x1) * (y2 - y1) > 0.0005
}

#[test]
fn a_frame_is_the_same_whatever_was_drawn_before() {
    let scene = Scene::builtin("yard").expect("built in");
    let (mut one, mut other) = (Viewer::of(&scene), Viewer::of(&scene));
    for at in [3.0, 13.0, 20.0, 50.0, 60.0] {
        one.at(at);
    }
    let (first, second) = (one.at(36.0), other.at(36.0));
    assert_eq!(first, second);
    assert!(one.frame == other.frame, "pixels differ");
    assert_eq!(one.at(36.0 + scene.loop_s()), first, "the loop begins again");
}

#[test]
fn the_fingerprint_follows_the_description() {
    let text = include_str!("../scenes/yard.toml");
    let scene = Scene::from_toml(text).expect("built in");
    assert_eq!(scene.fingerprint(), Scene::builtin("yard").expect("built in").fingerprint());
    let other = Scene::from_toml(&text.replace("noise = 1.3", "noise = 1.4")).expect("still fine");
    assert_ne!(scene.fingerprint(), other.fingerprint());
}

#[track_caller]
fn refused(find: &str, replace: &str, key: &str, word: &str) {
    let text = include_str!("../scenes/gate.toml").replacen(find, replace, 1);
    match Scene::from_toml(&text) {
        Err(SimError::Scene { key: found, problem }) => {
            assert_eq!(found, key, "{problem}");
            assert!(problem.contains(word), "{problem}");
        }
        other => panic!("expected a refusal of {replace:?}, got {other:?}"),
    }
}

#[test]
fn a_calm_stretch_is_shown_so_often_by_fleets_alone() {
    let quiet = Scene::builtin("quiet").expect("built in");
    let timeline = quiet.timeline(50).expect("it begins and ends with a group");
    assert_eq!((quiet.loop_s(), timeline.length().as_secs()), (80.0, 600));
    let error = quiet.timeline(75).expect_err("a group of three seconds").to_string();
    assert!(error.contains("calm.from_s") && error.contains("multiple of 3 s"), "{error}");
    let plain = Scene::builtin("busy").expect("built in").timeline(75).expect("nothing is repeated");
    assert_eq!(plain.length().as_secs(), 96);

    let calm = |from: u32, to: u32, times: u32| {
        let table = format!("[calm]\nfrom_s = {from}\nto_s = {to}\ntimes = {times}\n\n[camera]");
        Scene::from_toml(&include_str!("../scenes/gate.toml").replacen("[camera]", &table, 1))
    };
    for (from, to, times, words) in [
        (10, 20, 3, "calm: actor 2 moves at 10 s"),
        (104, 104, 3, "calm.to_s: 104: expected 106"),
        (106, 120, 3, "calm.to_s: 120: expected 108 to 110"),
        (106, 108, 0, "calm.times: 0: expected 1 to 1000"),
    ] {
        let error = calm(from, to, times).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn mistakes_are_refused_with_their_key_path() {
    refused("fov_deg = 78", "fov_deg = 178", "camera.fov_deg", "expected 20 to 120");
    refused("fov_deg = 78", "fov_deg = \"wide\"", "camera.fov_deg", "expected f32");
    refused("noise = 2.0", "nois = 2.0", "sensor.nois", "unknown field");
    refused("id = \"gateway\"", "id = \"fire-lane\"", "zone[1].id", "same id");
    refused("limit_s = 25", "limit_s = 0", "zone[1].limit_s", "1 to 2592000");
    refused(
        "colour = \"silver\"\nenter_s = 12",
        "colour = \"mauve\"\nenter_s = 12",
        "vehicle[0].colour",
        "silver",
    );
    refused("enter_s = 76", "enter_s = 100", "vehicle[4]", "loop ends at 110 s");
    refused("loop_s = 110", "loop_s = 111", "loop_s", "multiple of 2 s");
    refused("17:52:40", "25:52:40", "light.clock", "2026-05-12T09:30:00");
    refused(
        "[4.0, 1.4], [8.6, 1.4]",
        "[4.0, 1.4], [-90.0, -90.0]",
        "zone[0].polygon[1]",
        "behind the camera",
    );
    refused("body = \"bus\"", "body = \"tram\"", "vehicle[6].body", "unknown variant");
}
