//! A place, its camera, its zones and the script of what goes on there.
//!
//! In: TOML. Out: zones in picture coordinates, the events that must be found, a renderer. Refused with the key path:
//! unknown keys, values out of range, ways that no vehicle can drive, zones that the camera does not see.

mod cast;
mod collide;
mod condition;
mod expect;
mod footprint;
mod lighting;
mod motion;
mod place;
mod spec;
#[cfg(test)]
mod tests;
mod watch;

use std::{fmt, sync::Arc};

use gridwatch_domain::{BayGroup, CameraId, Ground, Line, Zone};
use sha2::{Digest as _, Sha256};

use crate::{
    SceneRenderer, SimError, Timeline,
    draw::{light::Mode, sensor::Flaws, world::View},
    encode::Encoding,
    truth_file::{TruthFile, truth_file},
};
pub(crate) use cast::Player;
pub use condition::Condition;
use expect::Play;
pub use expect::{ExpectedEvent, NearPass};
pub(crate) use expect::{Occupancy, TrueEvent};
use lighting::Lighting;
pub(crate) use lighting::Moment;
pub(crate) use motion::State;
use spec::{LightSpec, Spec};
use watch::Watch;

/// Grows whenever the same description would give other pictures or another truth.
const RENDERER_VERSION: u32 = 1;
/// Frames a second.
pub(crate) const FPS: u32 = 25;
/// Zones are projected at this size; the shape of the picture, not its resolution, matters.
const REFERENCE: (u32, u32) = (1920, 1080);

const BUILT_IN: [(&str, &str); 5] = [
    ("yard", include_str!("../../scenes/yard.toml")),
    ("night", include_str!("../../scenes/night.toml")),
    ("gate", include_str!("../../scenes/gate.toml")),
    ("quiet", include_str!("../../scenes/quiet.toml")),
    ("busy", include_str!("../../scenes/busy.toml")),
];

/// Scenes for measuring how well each rule is kept: minutes long, with everything that can happen.
const ACCURACY: [(&str, &str); 4] = [
    ("acc-house", include_str!("../../scenes/accuracy/house.toml")),
    ("acc-lot", include_str!("../../scenes/accuracy/lot.toml")),
    ("acc-gate", include_str!("../../scenes/accuracy/gate.toml")),
    ("acc-side", include_str!("../../scenes/accuracy/side.toml")),
];

/// Two scenes in which little goes on, with more that is watched: something of every kind, so that a false alarm of each would be counted.
const CALM: [(&str, &str); 2] = [
    (
        "acc-quiet",
        concat!(
            include_str!("../../scenes/quiet.toml"),
            include_str!("../../scenes/accuracy/quiet.watch.toml")
        ),
    ),
    (
        "acc-night",
        concat!(
            include_str!("../../scenes/night.toml"),
            include_str!("../../scenes/accuracy/night.watch.toml")
        ),
    ),
];

/// A simulated camera and everything it sees. Cheap to clone.
#[derive(Clone)]
pub struct Scene {
    content: Arc<Content>,
}

/// What the renderer needs of a scene.
pub(crate) struct Content {
    spec: Spec,
    watch: Watch,
    pub(crate) lighting: Lighting,
    condition: Option<Condition>,
    pub(crate) players: Vec<Player>,
    fingerprint: String,
}

impl Scene {
    /// The scene of that name that comes with gridwatch.
    pub fn builtin(name: &str) -> Result<Self, SimError> {
        match BUILT_IN.iter().chain(&ACCURACY).chain(&CALM).find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml(text),
            None => {
                let lists = [Self::builtin_names(), Self::accuracy_names(), Self::calm_names()];
                let known = lists.concat().join(", ");
                Err(SimError::UnknownScene { found: name.into(), known })
            }
        }
    }

    /// The scenes that come with gridwatch, without those for measuring.
    pub fn builtin_names() -> &'static [&'static str] {
        const NAMES: [&str; BUILT_IN.len()] = names(&BUILT_IN);
        &NAMES
    }

    /// The scenes that come with gridwatch for measuring how well each rule is kept.
    pub fn accuracy_names() -> &'static [&'static str] {
        const NAMES: [&str; ACCURACY.len()] = names(&ACCURACY);
        &NAMES
    }

    /// The scenes that come with gridwatch for counting false alarms: little goes on in them, and something of every kind is watched.
    pub fn calm_names() -> &'static [&'static str] {
        const NAMES: [&str; CALM.len()] = names(&CALM);
        &NAMES
    }

    /// Reads a scene description. Refuses unknown keys and impossible values, naming the key path.
    pub fn from_toml(text: &str) -> Result<Self, SimError> {
        let spec = Spec::read(text)?;
        let lighting = Lighting::steady(&spec);
        Self::of(spec, lighting, None, fingerprint(text, None))
    }

    /// The same under another condition. The light, the weather and the camera are then as that says, whatever the scene says; who
    /// is there stays the same, but for `occlusion`.
    ///
    /// # Errors
    /// `occlusion` where the scene has nobody who could hide anything.
    pub fn under(&self, condition: Condition) -> Result<Self, SimError> {
        let (spec, lighting) = condition.over(&self.content.spec)?;
        let fingerprint = fingerprint(&self.content.fingerprint, Some(condition));
        Self::of(spec, lighting, Some(condition), fingerprint)
    }

    fn of(
        spec: Spec,
        lighting: Lighting,
        condition: Option<Condition>,
        fingerprint: String,
    ) -> Result<Self, SimError> {
        let camera = place::camera(&spec, REFERENCE.0, REFERENCE.1);
        let watch = Watch::of(&spec, &camera)?;
        let players = cast::gather(&spec)?;
        clock(&spec)?;
        let content = Content { spec, watch, lighting, condition, players, fingerprint };
        let scene = Self { content: Arc::new(content) };
        scene.check_calm()?;
        Ok(scene)
    }

    /// Changes whenever the pictures may: a hash over the description and the renderer's version. Fit for file names.
    pub fn fingerprint(&self) -> String {
        self.content.fingerprint.clone()
    }

    /// Under which condition it is, if it is under one.
    pub fn condition(&self) -> Option<Condition> {
        self.content.condition
    }

    /// How its pictures are encoded at that size: as usual for a camera, but for `low_bitrate`.
    pub fn encoding(&self, width: u32, height: u32) -> Encoding {
        let usual = Encoding::usual(width, height);
        match self.content.condition {
            Some(Condition::LowBitrate) => Encoding { kbit: (usual.kbit / 10).max(50), ..usual },
            _ => usual,
        }
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
        self.content.watch.zones.iter().map(|zone| zone.zone.clone()).collect()
    }

    /// The lines in picture coordinates.
    pub fn lines(&self) -> Vec<Line> {
        self.content.watch.lines.iter().map(|line| line.line.clone()).collect()
    }

    /// The groups of bays.
    pub fn groups(&self) -> Vec<BayGroup> {
        self.content.watch.groups.clone()
    }

    /// How large things are on the ground, from four points well inside the picture; none where it shows hardly any ground.
    pub fn ground(&self) -> Option<Ground> {
        watch::calibration(&place::camera(&self.content.spec, REFERENCE.0, REFERENCE.1))
    }

    /// What must be found in one loop, ordered by when it begins.
    pub fn expected_events(&self) -> Vec<ExpectedEvent> {
        expect::events(&self.content, Play::Looping)
    }

    /// The truth about the scene, played once from its beginning to its end, as `gridwatch score` reads it. Looks at a picture of
    /// every second, which takes some seconds.
    pub fn truth_file(&self, name: &str) -> TruthFile {
        truth_file(self, name)
    }

    /// What must be found where the loop is played once.
    pub(crate) fn true_events(&self) -> Vec<TrueEvent> {
        expect::true_events(&self.content)
    }

    /// When each bay is taken where the loop is played once.
    pub(crate) fn occupancy(&self) -> Vec<Occupancy> {
        expect::occupancy(&self.content)
    }

    /// The same things in the same places, in a light and weather that are quick to draw.
    pub(crate) fn plain(&self) -> Self {
        let mut spec = self.content.spec.clone();
        spec.light = LightSpec { mode: Mode::Overcast, rain: 0.0, snow: 0.0, ..spec.light };
        let lighting = Lighting::steady(&spec);
        let Content { watch, players, fingerprint, condition, .. } = &*self.content;
        let (watch, players, fingerprint) = (watch.clone(), players.clone(), fingerprint.clone());
        let content = Content { spec, watch, lighting, condition: *condition, players, fingerprint };
        Self { content: Arc::new(content) }
    }

    /// Who came close to what is parked, in a loop that is played once, in order of time.
    pub fn near_passes(&self) -> Vec<NearPass> {
        expect::near_passes(&self.content)
    }

    /// Words about everything in its script that one could see this way or that: who stands half in a zone, or just about as long
    /// as one may. Nothing, where it is fit for measuring.
    pub fn unclear(&self) -> Vec<String> {
        expect::unclear(&self.content)
    }

    /// Words about everybody who goes through something or somebody where the camera sees it.
    pub fn collisions(&self) -> Vec<String> {
        collide::collisions(&self.content)
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
            let problem = format!("{} holds in {} meanwhile", event.kind, event.zone);
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

const fn names<const COUNT: usize>(scenes: &[(&'static str, &str); COUNT]) -> [&'static str; COUNT] {
    let mut names = [""; COUNT];
    let mut index = 0;
    while index < COUNT {
        names[index] = scenes[index].0;
        index += 1;
    }
    names
}

/// Changes whenever the pictures may.
fn fingerprint(text: &str, condition: Option<Condition>) -> String {
    let mut digest = Sha256::new();
    digest.update(RENDERER_VERSION.to_le_bytes());
    digest.update(text.as_bytes());
    if let Some(condition) = condition {
        digest.update(condition::VERSION.to_le_bytes());
        digest.update(condition.as_str().as_bytes());
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scene({} {})", self.camera_id(), self.content.fingerprint)
    }
}

impl Content {
    /// What stands still, in one of the looks of the lighting.
    pub(crate) fn view(&self, look: usize, width: u32, height: u32) -> View {
        place::view(&self.spec, &self.lighting.looks[look], &self.players, width, height)
    }

    pub(crate) fn loop_s(&self) -> f64 {
        self.spec.loop_s
    }

    pub(crate) fn frames(&self) -> u32 {
        (self.spec.loop_s * f64::from(FPS)).round() as u32
    }

    pub(crate) fn flaws(&self) -> Flaws {
        let sensor = &self.spec.sensor;
        Flaws {
            noise: sensor.noise,
            shake: sensor.shake,
            gusts: sensor.gusts,
            drift: sensor.drift,
            vignette: sensor.vignette,
            rain: self.spec.light.rain,
            drops: sensor.drops,
            snow: self.spec.light.snow,
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
