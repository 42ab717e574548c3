//! What may be changed of a camera while it runs.

use gridwatch_config::CameraSettings;
use gridwatch_domain::{Line, Polygon};

use crate::{
    gate::{Rest, SharedRest},
    watched::SharedZones,
};

/// Changes a camera without touching its stream. Clones change the same one.
#[derive(Debug, Clone)]
pub struct CameraControl {
    pub(crate) rest: SharedRest,
    pub(crate) zones: SharedZones,
}

impl CameraControl {
    pub(crate) fn new(settings: &CameraSettings) -> Self {
        Self { rest: SharedRest::new(rest_of(settings)), zones: SharedZones::new(zones_of(settings)) }
    }

    /// What of these settings the stream need not be begun anew for: where something must change to count, and how long the gate may rest,
    /// which hangs on the zones' limits.
    pub fn adjust(&self, settings: &CameraSettings) {
        self.rest.set(rest_of(settings));
        self.zones.set(zones_of(settings));
    }
}

fn zones_of(settings: &CameraSettings) -> impl Iterator<Item = Polygon> {
    let lines = settings.lines.iter().filter_map(Line::strip);
    settings.zones.iter().map(|zone| zone.polygon.clone()).chain(lines)
}

fn rest_of(settings: &CameraSettings) -> Rest {
    let lines = settings.lines.iter().map(|_| Line::NOTICED_WITHIN);
    let limits = settings.zones.iter().filter_map(|zone| zone.shortest_limit());
    Rest::new(settings.rest, limits.chain(lines))
}
