//! Zones: parts of a camera's picture in which something is forbidden, counted or kept free.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{CellCode, DomainError, ObjectClass, Polygon, ZoneId};

/// What a zone is for, and with it which rule watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZoneType {
    /// 禁停区: nobody may stand here longer than the limit.
    NoParking,
    /// 消防通道: as above, with a short limit, and critical.
    FireLane,
}

impl ZoneType {
    /// The limit of a zone that names none: 180 s, in a fire lane 60 s.
    pub fn default_limit(self) -> Duration {
        match self {
            Self::NoParking => Duration::from_secs(180),
            Self::FireLane => Duration::from_secs(60),
        }
    }
}

/// How long a vehicle may stand: 1 s to 30 days.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct DwellLimit(Duration);

impl DwellLimit {
    /// From 1 s to 30 days.
    pub fn new(limit: Duration) -> Result<Self, DomainError> {
        let allowed = Duration::from_secs(1)..=Duration::from_secs(30 * 24 * 3600);
        if allowed.contains(&limit) { Ok(Self(limit)) } else { Err(DomainError::Limit(limit.as_secs_f64())) }
    }

    /// The time allowed.
    pub fn get(self) -> Duration {
        self.0
    }
}
impl TryFrom<f64> for DwellLimit {
    type Error = DomainError;
    fn try_from(seconds: f64) -> Result<Self, DomainError> {
        Duration::try_from_secs_f64(seconds).map_err(|_| DomainError::Limit(seconds)).and_then(Self::new)
    }
}
impl From<DwellLimit> for f64 {
    fn from(limit: DwellLimit) -> Self {
        limit.0.as_secs_f64()
    }
}
impl schemars::JsonSchema for DwellLimit {
    fn schema_name() -> Cow<'static, str> {
        "DwellLimit".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 1, "maximum": 2_592_000 })
    }
}

/// A polygon of one camera's picture and what is watched in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Unique within the camera.
    pub id: ZoneId,
    /// What people call it; may be Chinese.
    pub name: String,
    /// What it is for.
    pub zone_type: ZoneType,
    /// Where it is.
    pub polygon: Polygon,
    /// Which classes it cares about; never empty.
    pub classes: Vec<ObjectClass>,
    /// How long one may stand.
    pub limit: DwellLimit,
    /// The grid cell it belongs to, where that is not its camera's.
    pub cell: Option<CellCode>,
    /// Pictures a second that are analysed while something that it cares about moves in it; 0: key pictures are enough.
    pub watch_fps: u8,
}
