//! Near passes: who came close to a parked vehicle, so that it can be asked later who may have scratched it.

use serde::{Deserialize, Serialize};

use crate::{CameraId, EventId, EventObject, PlaceId, Timestamp, ZoneId};

/// On which side of a parked vehicle somebody passed, as the camera sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// To the left of it in the picture.
    Left,
    /// To the right of it.
    Right,
    /// Between it and the camera.
    Before,
    /// Beyond it.
    Behind,
}

impl Side {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Before => "before",
            Self::Behind => "behind",
        }
    }
}

/// Share of its size, as in [`NearPass::shifted`], by which a parked vehicle has been nudged: less is as good as nothing (some 8 cm), by
/// more it has been moved away.
pub const NUDGED: std::ops::RangeInclusive<f32> = 0.021..=0.15;

/// Schema of a near pass where it is a line of a file.
pub const NEAR_PASS_SCHEMA: &str = "gridwatch.near_pass/1";

/// Somebody or something that moved came within contact distance of a parked vehicle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearPass {
    /// Its own, by time.
    pub id: EventId,
    /// Which camera saw it.
    pub camera: CameraId,
    /// The place of the parked vehicle in the memory of parked objects.
    pub place: PlaceId,
    /// The zones in which that stands, its bay first; none where it stands in none.
    #[serde(default)]
    pub zones: Vec<ZoneId>,
    /// The parked vehicle.
    pub parked: EventObject,
    /// Since when it has stood there.
    pub parked_since: Timestamp,
    /// Who came close, as it was when it was nearest.
    pub passer: EventObject,
    /// From when …
    pub from: Timestamp,
    /// … to when it was close, and when it was nearest.
    pub until: Timestamp,
    /// When it was nearest.
    pub at: Timestamp,
    /// How near, in sizes of the parked vehicle: 0 where their outlines touched.
    pub distance: f32,
    /// The same in metres, where the camera's ground is calibrated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f32>,
    /// Which way it went then: degrees clockwise in the picture, 0 to the right, 90 down towards the camera; none where it stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f32>,
    /// On which side.
    pub side: Side,
    /// How far the parked vehicle had moved afterwards, in its own sizes; none where that could not be made out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shifted: Option<f32>,
}
