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
}
