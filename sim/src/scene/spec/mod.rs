//! The description of a scene as it is written in TOML.
//!
//! Metres, degrees, seconds; x east, y north, z up, the ground at z = 0. Every heading, of cameras, vehicles, buildings
//! and writing alike, counts clockwise from north as on a map: 0 north (+y), 90 east (+x), 180 south, 270 west. It names
//! the direction in which something looks, drives, faces or is read.

mod ground;
mod script;
mod stage;
mod watch;

use gridwatch_domain::{CameraId, ZoneId};
use serde::Deserialize;

use crate::{SimError, draw::light::Mode};
pub(crate) use ground::{BaysSpec, GroundSpec, PaintColour};
pub(crate) use script::{BikeSpec, CastSpec, LegSpec, NudgeSpec, PersonSpec, VehicleSpec};
pub(crate) use stage::{BuildingSpec, PropSpec, WallTexture};
pub(crate) use watch::{GroupSpec, WatchedLineSpec, ZoneSpec};

/// A scene file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spec {
    /// Varies textures, leaves and looks.
    pub seed: u32,
    /// Length of the loop: 10–600 s, a multiple of 2 s.
    pub loop_s: f64,
    /// A stretch in which nobody moves, to be shown several times in a row. Default: none.
    #[serde(default)]
    pub calm: Option<CalmSpec>,
    /// Where it is seen from.
    pub camera: CameraSpec,
    /// Time of day and weather.
    pub light: LightSpec,
    /// What the camera's sensor adds.
    #[serde(default)]
    pub sensor: SensorSpec,
    /// Its covers, and what is painted on it.
    pub ground: GroundSpec,
    /// What is watched; each id once among zones, lines and groups.
    #[serde(default)]
    pub zone: Vec<ZoneSpec>,
    /// Lines that are crossed.
    #[serde(default)]
    pub line: Vec<WatchedLineSpec>,
    /// Bays that are counted together.
    #[serde(default)]
    pub group: Vec<GroupSpec>,
    /// Rows of parking spaces.
    #[serde(default)]
    pub bays: Vec<BaysSpec>,
    /// Houses.
    #[serde(default)]
    pub building: Vec<BuildingSpec>,
    /// Whatever else stands about.
    #[serde(default)]
    pub prop: Vec<PropSpec>,
    /// Parked and driving.
    #[serde(default)]
    pub vehicle: Vec<VehicleSpec>,
    /// Parked and ridden.
    #[serde(default)]
    pub bike: Vec<BikeSpec>,
    /// People on foot.
    #[serde(default)]
    pub person: Vec<PersonSpec>,
    /// Who is there besides under the condition `occlusion`, and hides the others. Default: nobody.
    #[serde(default)]
    pub occlusion: CastSpec,
}

/// A stretch in which nobody moves. Shown again and again it makes a long quiet scene of few pictures; only fleets do
/// so, everybody else shows it once.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalmSpec {
    /// Its beginning in the loop.
    pub from_s: f64,
    /// Its end, at least 2 s later.
    pub to_s: f64,
    /// How often it is shown, 1–1000.
    pub times: u32,
}

/// Place and lens of the camera.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CameraSpec {
    /// Name of the camera in topics, files and the configuration.
    pub id: CameraId,
    /// Written into the picture.
    pub title: String,
    /// Of the lens; its height 1–40 m.
    pub position: [f32; 3],
    /// Where it looks: 0 north, 90 east. A larger heading turns the camera to its right, and what it sees to the left.
    pub heading_deg: f32,
    /// Below the horizon, 0–90.
    pub pitch_deg: f32,
    /// How far the picture is turned clockwise by a mast that is not straight. Default: 0.
    #[serde(default)]
    pub roll_deg: f32,
    /// Horizontal field of view, 20–120.
    pub fov_deg: f32,
    /// Radial distortion, −0.2–0.2; negative is barrel. Default: 0.
    #[serde(default)]
    pub distortion: f32,
}

/// Time of day and weather.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LightSpec {
    /// `day`, `overcast`, `dusk` or `infrared`.
    pub mode: Mode,
    /// Where the sun stands by day, counted as a heading. Default: 0.
    #[serde(default)]
    pub sun_azimuth_deg: f32,
    /// Of the sun above the horizon, 5–90. Default: 60.
    #[serde(default = "noon")]
    pub sun_elevation_deg: f32,
    /// 0 none to 1 pouring. Default: 0.
    #[serde(default)]
    pub rain: f32,
    /// Snow that falls and lies, 0 none to 1 over everything. Default: 0.
    #[serde(default)]
    pub snow: f32,
    /// Factor on the exposure of the mode, 0.2–5. Default: 1.
    #[serde(default = "one")]
    pub exposure: f32,
    /// Clock of the caption when the loop begins, `2026-05-12T09:30:00`.
    pub clock: String,
}

fn noon() -> f32 {
    60.0
}
fn one() -> f32 {
    1.0
}

/// Flaws of the sensor; the defaults are those of a decent camera by day.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SensorSpec {
    /// Standard deviation of luma noise in 8-bit steps, 0–12.
    pub noise: f32,
    /// Sway of the mast in pixels of a 1920 wide picture, 0–12.
    pub shake: f32,
    /// How much more it sways in gusts of wind, as a share, 0–2.
    pub gusts: f32,
    /// Drift of exposure as a share, 0–0.3.
    pub drift: f32,
    /// Darkening of the corners as a share, 0–0.8.
    pub vignette: f32,
    /// Rain drops on the glass, 0–50.
    pub drops: u32,
}

impl Default for SensorSpec {
    fn default() -> Self {
        Self { noise: 1.2, shake: 0.6, gusts: 0.0, drift: 0.02, vignette: 0.2, drops: 0 }
    }
}

impl Spec {
    /// Reads TOML; errors name the key path.
    pub(crate) fn read(text: &str) -> Result<Self, SimError> {
        let document = toml::Deserializer::parse(text)
            .map_err(|error| SimError::scene("syntax", error.to_string().trim().to_owned()))?;
        let spec: Self = serde_path_to_error::deserialize(document).map_err(|error| {
            let key = error.path().to_string();
            SimError::scene(key, error.into_inner().message().to_owned())
        })?;
        spec.check()?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), SimError> {
        within("loop_s", self.loop_s, 10.0, 600.0)?;
        if self.loop_s % 2.0 != 0.0 {
            return Err(SimError::scene("loop_s", format!("{}: expected a multiple of 2 s", self.loop_s)));
        }
        if let Some(calm) = &self.calm {
            within("calm.from_s", calm.from_s, 0.0, self.loop_s)?;
            within("calm.to_s", calm.to_s, calm.from_s + 2.0, self.loop_s)?;
            within("calm.times", calm.times.into(), 1.0, 1000.0)?;
        }
        let camera = &self.camera;
        within("camera.position[2]", camera.position[2].into(), 1.0, 40.0)?;
        within("camera.pitch_deg", camera.pitch_deg.into(), 0.0, 90.0)?;
        within("camera.fov_deg", camera.fov_deg.into(), 20.0, 120.0)?;
        within("camera.distortion", camera.distortion.into(), -0.2, 0.2)?;
        within("light.sun_elevation_deg", self.light.sun_elevation_deg.into(), 5.0, 90.0)?;
        within("light.rain", self.light.rain.into(), 0.0, 1.0)?;
        within("light.snow", self.light.snow.into(), 0.0, 1.0)?;
        within("light.exposure", self.light.exposure.into(), 0.2, 5.0)?;
        within("sensor.noise", self.sensor.noise.into(), 0.0, 12.0)?;
        within("sensor.shake", self.sensor.shake.into(), 0.0, 12.0)?;
        within("sensor.gusts", self.sensor.gusts.into(), 0.0, 2.0)?;
        within("sensor.drift", self.sensor.drift.into(), 0.0, 0.3)?;
        within("sensor.vignette", self.sensor.vignette.into(), 0.0, 0.8)?;
        within("sensor.drops", self.sensor.drops.into(), 0.0, 50.0)?;
        within("ground.wear", self.ground.wear.into(), 0.0, 1.0)?;
        within("ground.tone", self.ground.tone.into(), 0.3, 3.0)?;
        self.check_ids()?;
        for (index, bays) in self.bays.iter().enumerate() {
            within(&format!("bays[{index}].count"), bays.count.into(), 1.0, 100.0)?;
            within(&format!("bays[{index}].pitch"), bays.pitch.into(), 1.5, 12.0)?;
        }
        Ok(())
    }

    /// Each id once among zones, lines and groups.
    fn check_ids(&self) -> Result<(), SimError> {
        let zones = self.zone.iter().enumerate().map(|(index, zone)| (format!("zone[{index}]"), &zone.id));
        let lines = self.line.iter().enumerate().map(|(index, line)| (format!("line[{index}]"), &line.id));
        let groups =
            self.group.iter().enumerate().map(|(index, group)| (format!("group[{index}]"), &group.id));
        let all: Vec<(String, &ZoneId)> = zones.chain(lines).chain(groups).collect();
        for (index, (key, id)) in all.iter().enumerate() {
            if let Some((other, _)) = all[..index].iter().find(|(_, other)| other == id) {
                return Err(SimError::scene(format!("{key}.id"), format!("{id}: {other} has the same id")));
            }
        }
        Ok(())
    }
}

/// Refuses a value outside of a range.
pub(crate) fn within(key: &str, value: f64, low: f64, high: f64) -> Result<(), SimError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(SimError::scene(key, format!("{value}: expected {low} to {high}")))
    }
}
