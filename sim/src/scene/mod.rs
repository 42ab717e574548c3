//! A place, its camera, its zones and the script of what goes on there.
//!
//! In: TOML. Out: zones in picture coordinates, the events that must be found, a renderer. Refused with the key path:
//! unknown keys, values out of range, ways that no vehicle can drive, zones that the camera does not see.

mod cast;
mod motion;
mod place;
mod spec;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use glam::Vec2;
use gridwatch_domain::{CameraId, ObjectClass, Point, Polygon, Zone, ZoneId};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    SceneRenderer, SimError, Timeline,
    draw::{camera::Camera, sensor::Flaws, world::View},
};
pub(crate) use cast::Player;
pub(crate) use motion::State;
use spec::Spec;

/// Grows whenever the same description would give other pictures or another truth.
const RENDERER_VERSION: u32 = 1;
/// Frames a second.
pub(crate) const FPS: u32 = 25;
/// Share of a standing vehicle's footprint that must lie in a zone for it to count as being there.
const FOOTPRINT_SHARE: f32 = 0.5;
/// Zones are projected at this size; the shape of the picture, not its resolution, matters.
const REFERENCE: (u32, u32) = (1920, 1080);

const BUILT_IN: [(&str, &str); 5] = [
    ("yard", include_str!("../../scenes/yard.toml")),
    ("night", include_str!("../../scenes/night.toml")),
    ("gate", include_str!("../../scenes/gate.toml")),
    ("quiet", include_str!("../../scenes/quiet.toml")),
    ("busy", include_str!("../../scenes/busy.toml")),
];

/// A simulated camera and everything it sees. Cheap to clone.
#[derive(Clone)]
pub struct Scene {
    content: Arc<Content>,
}

/// What the renderer needs of a scene.
pub(crate) struct Content {
    spec: Spec,
    zones: Vec<Zone>,
    pub(crate) players: Vec<Player>,
    fingerprint: String,
}

/// An event that a correct system must find in a scene, computed from the script and the zones. Times in seconds into
/// the loop; `open_s` and `leave_s` may lie beyond its end where a vehicle stands across it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectedEvent {
    /// Event kind, for example `parking.fire_lane`.
    pub kind: String,
    /// Where.
    pub zone: ZoneId,
    /// From when the vehicle stands.
    pub stop_s: f64,
    /// When the zone's limit is reached.
    pub open_s: f64,
    /// When the vehicle starts to leave its place.
    pub leave_s: f64,
    /// Identity of the vehicle, as in the truth.
    pub actor: u32,
}

impl Scene {
    /// The scene of that name that comes with gridwatch.
    pub fn builtin(name: &str) -> Result<Self, SimError> {
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => {
                Err(SimError::UnknownScene { found: name.into(), known: Self::builtin_names().join(", ") })
            }
        }
    }

    /// The scenes that come with gridwatch.
    pub fn builtin_names() -> &'static [&'static str] {
        const NAMES: [&str; BUILT_IN.len()] =
            [BUILT_IN[0].0, BUILT_IN[1].0, BUILT_IN[2].0, BUILT_IN[3].0, BUILT_IN[4].0];
        &NAMES
    }

    /// Reads a scene description. Refuses unknown keys and impossible values, naming the key path.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        let spec = Spec::read(text)?;
        let camera = place::camera(&spec, REFERENCE.0, REFERENCE.1);
        let zones =
            (0..spec.zone.len()).map(|index| zone(&spec, index, &camera)).collect::<Result<_, _>>()?;
        let players = cast::gather(&spec)?;
        clock(&spec)?;
        let mut digest = Sha256::new();
        digest.update(RENDERER_VERSION.to_le_bytes());
        digest.update(text.as_bytes());
        let fingerprint = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let scene = Self { content: Arc::new(Content { spec, zones, players, fingerprint }) };
        scene.check_calm()?;
        Ok(scene)
    }

    /// Changes whenever the pictures may: a hash over the description and the renderer's version. Fit for file names.
    pub fn fingerprint(&self) -> String {
        self.content.fingerprint.clone()
    }

    /// The camera's id.
    pub fn camera_id(&self) -> &CameraId {
        &self.content.spec.camera.id
    }

    /// What the camera is called on its own picture.
    pub fn title(&self) -> &str {
        &self.content.spec.camera.title
    }

    /// Seconds after which everything begins again.
    pub fn loop_s(&self) -> f64 {
        self.content.spec.loop_s
    }

    /// The zones in picture coordinates.
    pub fn zones(&self) -> Vec<Zone> {
        self.content.zones.clone()
    }

    /// What must be found in one loop, ordered by the time at which the vehicle stops.
    pub fn expected_events(&self) -> Vec<ExpectedEvent> {
        let spec = &self.content.spec;
        let mut events = Vec::new();
        for player in self.content.players.iter().filter(|player| player.class().is_vehicle()) {
            for stand in player.track.stands(spec.loop_s) {
                for zone in &spec.zone {
                    let limit = f64::from(zone.limit_s);
                    let polygon: Vec<Vec2> = zone.polygon.iter().map(|p| Vec2::from_array(*p)).collect();
                    let share = footprint_share(&polygon, stand.at, stand.heading, player.half());
                    let stays = player.track.is_parked() || stand.until_s - stand.from_s >= limit;
                    if stays && share >= FOOTPRINT_SHARE {
                        events.push(ExpectedEvent {
                            kind: zone.zone_type.kinds()[0].as_str().into(),
                            zone: zone.id.clone(),
                            stop_s: stand.from_s,
                            open_s: stand.from_s + limit,
                            leave_s: stand.until_s,
                            actor: player.id,
                        });
                    }
                }
            }
        }
        events.sort_by(|a, b| a.stop_s.total_cmp(&b.stop_s));
        events
    }

    /// In which order a fleet shows the pictures of one loop, at `fps` pictures a second with a key picture every `group`.
    ///
    /// # Errors
    /// Where the calm stretch does not begin and end with a group of pictures: a decoder could not follow.
    pub fn timeline(&self, group: u32) -> Result<Timeline, SimError> {
        let pictures = self.content.frames();
        let Some(calm) = &self.content.spec.calm else { return Ok(Timeline::plain(FPS, pictures)) };
        let picture = |key: &str, at_s: f64| {
            let picture = (at_s * f64::from(FPS)).round() as u32;
            if picture.is_multiple_of(group) || picture == pictures {
                return Ok(picture);
            }
            let every = f64::from(group) / f64::from(FPS);
            Err(SimError::scene(
                key,
                format!("{at_s}: expected a multiple of {every} s, the time between key pictures"),
            ))
        };
        let (from, to) = (picture("calm.from_s", calm.from_s)?, picture("calm.to_s", calm.to_s)?);
        Ok(Timeline::repeating(FPS, pictures, from..to, calm.times))
    }

    /// Nobody moves while it is calm, and no event has anything to do with it: its times would not be true.
    fn check_calm(&self) -> Result<(), SimError> {
        let Some(calm) = self.content.spec.calm else { return Ok(()) };
        for picture in 0..self.content.frames() {
            let at_s = f64::from(picture) / f64::from(FPS);
            let is_calm = at_s >= calm.from_s && at_s < calm.to_s;
            let moves = |player: &&Player| player.track.state(at_s).is_some_and(|state| state.is_moving());
            if is_calm && let Some(player) = self.content.players.iter().find(moves) {
                return Err(SimError::scene("calm", format!("actor {} moves at {at_s} s", player.id)));
            }
        }
        let crosses = |event: &ExpectedEvent| event.leave_s > calm.from_s && event.stop_s < calm.to_s;
        if let Some(event) = self.expected_events().into_iter().find(crosses) {
            let problem = format!("actor {} stands in {} meanwhile", event.actor, event.zone);
            return Err(SimError::scene("calm", problem));
        }
        Ok(())
    }

    /// A renderer for pictures of that size in pixels, both even. Draws everything that stands still, which takes
    /// seconds at 1920×1080.
    pub fn renderer(&self, width: u32, height: u32) -> SceneRenderer {
        SceneRenderer::new(Arc::clone(&self.content), width, height)
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scene({} {})", self.camera_id(), self.content.fingerprint)
    }
}

impl Content {
    pub(crate) fn view(&self, width: u32, height: u32) -> View {
        place::view(&self.spec, width, height)
    }

    pub(crate) fn frames(&self) -> u32 {
        (self.spec.loop_s * f64::from(FPS)).round() as u32
    }

    pub(crate) fn flaws(&self) -> Flaws {
        let sensor = &self.spec.sensor;
        Flaws {
            noise: sensor.noise,
            shake: sensor.shake,
            drift: sensor.drift,
            vignette: sensor.vignette,
            rain: self.spec.light.rain,
            drops: sensor.drops,
        }
    }

    pub(crate) fn seed(&self) -> u32 {
        self.spec.seed
    }

    pub(crate) fn title(&self) -> &str {
        &self.spec.camera.title
    }

    /// The caption's clock at a time of the loop.
    pub(crate) fn clock(&self, at_s: f64) -> String {
        const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
        let start = clock(&self.spec).expect("checked when the scene was read");
        let now = start.saturating_add(jiff::SignedDuration::from_secs(at_s as i64));
        let day = DAYS[now.weekday().to_monday_zero_offset() as usize];
        let (date, time) = (now.date(), now.time());
        format!("{date} 星期{day} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
    }
}

fn clock(spec: &Spec) -> Result<jiff::civil::DateTime, SimError> {
    let text = &spec.light.clock;
    text.parse().map_err(|_| {
        SimError::scene("light.clock", format!("{text:?}: expected for example 2026-05-12T09:30:00"))
    })
}

/// Share of a rectangle on the ground that lies in a polygon, by a grid of points.
fn footprint_share(polygon: &[Vec2], at: Vec2, heading: f32, half: Vec2) -> f32 {
    const GRID: u32 = 10;
    let step = |index: u32| (index as f32 + 0.5) / GRID as f32 * 2.0 - 1.0;
    let inside = (0..GRID * GRID)
        .filter(|index| {
            let local = half * Vec2::new(step(index % GRID), step(index / GRID));
            crate::draw::ground::edge_distance(polygon, at + Vec2::from_angle(heading).rotate(local)) > 0.0
        })
        .count();
    inside as f32 / (GRID * GRID) as f32
}

fn zone(spec: &Spec, index: usize, camera: &Camera) -> Result<Zone, SimError> {
    let zone = &spec.zone[index];
    let key = format!("zone[{index}].polygon");
    let mut corners = Vec::new();
    for (corner, point) in zone.polygon.iter().enumerate() {
        let seen = camera
            .project(Vec2::from_array(*point).extend(0.0))
            .ok_or_else(|| SimError::scene(format!("{key}[{corner}]"), "lies behind the camera"))?;
        corners.push(seen / Vec2::new(camera.width, camera.height));
    }
    let clipped = cut_to_picture(corners);
    let points: Vec<Point> = clipped
        .into_iter()
        .map(|p| Point::new(p.x.clamp(0.0, 1.0), p.y.clamp(0.0, 1.0)))
        .collect::<Result<_, _>>()
        .map_err(|error| SimError::scene(key.clone(), error.to_string()))?;
    let polygon = Polygon::new(points)
        .map_err(|error| SimError::scene(key, format!("what the camera sees of it is refused: {error}")))?;
    Ok(Zone {
        classes: vec![ObjectClass::Car, ObjectClass::Bus, ObjectClass::Truck],
        name: zone.name.clone(),
        ..Zone::usual(zone.id.clone(), zone.zone_type, polygon).with_limit(zone.limit_s)
    })
}

fn cut_to_picture(mut corners: Vec<Vec2>) -> Vec<Vec2> {
    let sides: [fn(Vec2) -> f32; 4] = [|p| p.x, |p| 1.0 - p.x, |p| p.y, |p| 1.0 - p.y];
    for inside in sides {
        let mut kept = Vec::new();
        for (&a, &b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            let (da, db) = (inside(a), inside(b));
            if da >= 0.0 {
                kept.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                kept.push(a.lerp(b, da / (da - db)));
            }
        }
        corners = kept;
    }
    corners.dedup_by(|a, b| a.distance(*b) < 1e-5);
    corners
}
