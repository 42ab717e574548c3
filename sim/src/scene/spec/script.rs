//! Who is in a scene file, and which ways they go.

use serde::Deserialize;

use crate::actor::vehicle::Body;

/// One stretch of a way.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LegSpec {
    /// Way points; the first leg begins at its first point, the others where the leg before ended.
    pub path: Vec<[f32; 2]>,
    /// Top speed in m/s, 0.2–20.
    pub speed: f32,
    /// Goes backwards. Default: false.
    #[serde(default)]
    pub reverse: bool,
    /// Stands this long at the end. Default: 0.
    #[serde(default)]
    pub stop_s: f64,
}

/// A vehicle: parked for the whole loop (`at`, `heading_deg`), or passing through (`enter_s`, `leg`), or parked,
/// leaving and coming back (all of them).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VehicleSpec {
    /// Its kind and measures.
    pub body: Body,
    /// One of the known paints; by chance where absent.
    #[serde(default)]
    pub colour: Option<String>,
    /// Where it is parked, if it is: its middle.
    #[serde(default)]
    pub at: Option<[f32; 2]>,
    /// Where it looks when it is parked: 0 north, 90 east. Default: 0.
    #[serde(default)]
    pub heading_deg: f32,
    /// When it sets out on its first leg. Default: 0.
    #[serde(default)]
    pub enter_s: f64,
    /// Its way, stretch by stretch; done before the loop is.
    #[serde(default)]
    pub leg: Vec<LegSpec>,
    /// Keeps its headlights on while it stands. Default: false.
    #[serde(default)]
    pub lights_stay: bool,
    /// Somebody pushes it while it is parked. Default: nobody.
    #[serde(default)]
    pub nudge: Option<NudgeSpec>,
}

/// A push that moves a parked vehicle within half a second. It stays so until the loop ends.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NudgeSpec {
    /// When; not before it has come home for good.
    pub at_s: f64,
    /// How far east and north: 0.15–0.3 m in all.
    pub by: [f32; 2],
}

/// An e-bike with its rider, or parked (`at`) without.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BikeSpec {
    /// Where it is parked, if it is: its middle.
    #[serde(default)]
    pub at: Option<[f32; 2]>,
    /// Where it looks when it is parked: 0 north, 90 east. Default: 0.
    #[serde(default)]
    pub heading_deg: f32,
    /// When it sets out on its first leg. Default: 0.
    #[serde(default)]
    pub enter_s: f64,
    /// Its way, stretch by stretch; done before the loop is.
    #[serde(default)]
    pub leg: Vec<LegSpec>,
    /// Carries a delivery box of that colour. Default: none.
    #[serde(default)]
    pub cargo: Option<[u8; 3]>,
}

/// Somebody on foot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonSpec {
    /// When they set out. Default: 0.
    #[serde(default)]
    pub enter_s: f64,
    /// Their way, stretch by stretch; done before the loop is.
    pub leg: Vec<LegSpec>,
    /// Colour of their jacket; by chance where absent.
    #[serde(default)]
    pub upper: Option<[u8; 3]>,
    /// Gets out of the vehicle within which their way begins, or into that within which it ends. Default: false.
    #[serde(default)]
    pub rides: bool,
}

/// Those who are there under one condition only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CastSpec {
    /// Parked and driving.
    #[serde(default)]
    pub vehicle: Vec<VehicleSpec>,
    /// Parked and ridden.
    #[serde(default)]
    pub bike: Vec<BikeSpec>,
    /// On foot.
    #[serde(default)]
    pub person: Vec<PersonSpec>,
}

impl CastSpec {
    pub(crate) fn is_empty(&self) -> bool {
        self.vehicle.is_empty() && self.bike.is_empty() && self.person.is_empty()
    }
}
