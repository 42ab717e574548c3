//! What detection is told: which cameras, which zones, how patient.

use std::time::Duration;

use gridwatch_domain::{
    BayGroup, CameraId, CellCode, EdgeId, Ground, Line, NetworkRef, ObjectClass, Zone, ZoneType,
};

use crate::{health::HealthSettings, motion::Kind};

/// Settings of the detection stage.
#[derive(Debug, Clone)]
pub struct DetectSettings {
    /// The edge box, as events name it.
    pub edge: EdgeId,
    /// The network, as events cite it.
    pub network: NetworkRef,
    /// The cameras and their zones.
    pub cameras: Vec<CameraWatch>,
    /// How places are remembered.
    pub memory: MemorySettings,
    /// When events are told.
    pub rules: RuleSettings,
    /// When a camera is not to be trusted.
    pub health: HealthSettings,
    /// How long a camera must be offline for its events to become `unobserved`. Default: 5 s.
    pub offline_after: Duration,
}

impl DetectSettings {
    /// The defaults for these cameras.
    pub fn new(edge: EdgeId, network: NetworkRef, cameras: Vec<CameraWatch>) -> Self {
        Self {
            edge,
            network,
            cameras,
            memory: MemorySettings::default(),
            rules: RuleSettings::default(),
            health: HealthSettings::default(),
            offline_after: Duration::from_secs(5),
        }
    }
}

/// One camera and what is watched in its picture.
#[derive(Debug, Clone)]
pub struct CameraWatch {
    /// The camera.
    pub id: CameraId,
    /// The grid cell it belongs to.
    pub cell: Option<CellCode>,
    /// Its zones.
    pub zones: Vec<Zone>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Bays that are counted together.
    pub groups: Vec<BayGroup>,
    /// How large things are on the ground, where that is known.
    pub ground: Option<Ground>,
    /// Whether it shows another recording at each start, so that what was open in the last one is over. Not so for cameras.
    pub begins_anew: bool,
}

impl CameraWatch {
    /// A camera in whose picture nothing is watched yet.
    pub fn new(id: CameraId) -> Self {
        let (zones, lines, groups) = (Vec::new(), Vec::new(), Vec::new());
        Self { id, cell: None, zones, lines, groups, ground: None, begins_anew: false }
    }

    /// The kinds of objects whose standing any of the zones cares about: these have places.
    pub fn standing_kinds(&self) -> Vec<Kind> {
        let zones = self.zones.iter().filter(|zone| zone.zone_type != ZoneType::Area);
        distinct(zones.flat_map(|zone| &zone.classes))
    }

    /// The kinds of objects whose movement any of the zones and lines cares about.
    pub fn moving_kinds(&self) -> Vec<Kind> {
        let of_lines = self.lines.iter().flat_map(|line| &line.classes);
        distinct(self.zones.iter().flat_map(|zone| &zone.classes).chain(of_lines))
    }
}

fn distinct<'a>(classes: impl Iterator<Item = &'a ObjectClass>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for kind in classes.map(|&class| Kind::of(class)) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// How places are remembered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemorySettings {
    /// Least score (0–1) of a detection that may begin a place. Weaker ones only keep a place alive. Default: 0.3.
    pub strong_score: f32,
    /// How long a place may go unseen, without being seen empty, before it is taken for empty. Default: 30 s.
    pub occlusion: Duration,
    /// How long a place must be seen empty to be given up. Default: 10 s.
    pub clear: Duration,
    /// How far a vehicle may move, in its own size, and still be standing: 0.05–0.5. Default: 0.2.
    pub drift: f32,
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            strong_score: 0.3,
            occlusion: Duration::from_secs(30),
            clear: Duration::from_secs(10),
            drift: 0.2,
        }
    }
}

/// When events are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleSettings {
    /// Least share (0–1) of a vehicle's ground contact that must lie in a zone. Default: 0.5.
    pub coverage: f32,
    /// Longest time between two revisions of an open event. Default: 300 s.
    pub update_interval: Duration,
}

impl Default for RuleSettings {
    fn default() -> Self {
        Self { coverage: 0.5, update_interval: Duration::from_secs(300) }
    }
}
