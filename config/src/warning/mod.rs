//! What a file may say, and is most likely not meant: zones in which nothing can be seen, bays that are counted twice, rules that never
//! are in force. Pure.
//!
//! In go settings that are valid, and how large a picture is to the network, where that is known. Out come warnings, each with its key
//! path, what was found and what to do.

mod bays;
mod geometry;
mod ground;
mod reach;
mod shape;

use std::collections::BTreeMap;

use gridwatch_domain::{CameraId, ZoneId};

use crate::{Aspect, CameraSettings, EdgeSettings, Problem};

/// Something that is most likely not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Where, and what to do about it.
    pub problem: Problem,
    /// Of which camera; none: of the file.
    pub camera: Option<CameraId>,
    /// The zones, lines and groups that it is about.
    pub about: Vec<ZoneId>,
}

/// How large a whole picture is in the network's input, in the input's pixels: of a picture in tiles as large as they see it together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputExtent {
    /// Pixels across.
    pub across: f64,
    /// Pixels down.
    pub down: f64,
}

/// All warnings of a file, in the order of its keys. `extents`: of cameras of which it is known.
pub fn warnings(settings: &EdgeSettings, extents: &BTreeMap<CameraId, InputExtent>) -> Vec<Warning> {
    let mut found = Vec::new();
    for (index, name) in &settings.unused_schedules {
        let message = format!(
            "{name:?} is the schedule of nothing, so it is never in force; write schedule = {name:?} in a zone, line, group or permit, or take it out"
        );
        let problem = Problem::new(format!("schedule[{index}]"), message);
        found.push(Warning { problem, camera: None, about: Vec::new() });
    }
    for (index, camera) in settings.cameras.iter().enumerate() {
        let key = format!("camera[{index}]");
        let mut of_camera =
            OfCamera { camera, key, extent: extents.get(&camera.id).copied(), found: Vec::new() };
        of_camera.look();
        found.extend(of_camera.found);
    }
    found
}

/// A camera that is looked at, and what was found.
struct OfCamera<'a> {
    camera: &'a CameraSettings,
    key: String,
    extent: Option<InputExtent>,
    found: Vec<Warning>,
}

impl OfCamera<'_> {
    fn look(&mut self) {
        self.look_at_aspect();
        for (index, zone) in self.camera.zones.iter().enumerate() {
            let key = format!("{}.zone[{index}]", self.key);
            shape::of_zone(self, &key, zone);
            bays::of_zone(self, &key, index);
            reach::of_zone(self, &key, zone);
        }
        bays::without_aisle(self);
        for (index, line) in self.camera.lines.iter().enumerate() {
            let key = format!("{}.line[{index}]", self.key);
            shape::of_line(self, &key, line);
            reach::of_line(self, &key, line);
        }
        for (index, group) in self.camera.groups.iter().enumerate() {
            let key = format!("{}.group[{index}]", self.key);
            bays::of_group(self, &key, index);
            reach::of_group(self, &key, group);
        }
        ground::of_camera(self);
    }

    fn look_at_aspect(&mut self) {
        let camera = self.camera;
        let needs_it = !camera.zones.is_empty() || !camera.lines.is_empty() || camera.ground.is_some();
        if camera.aspect.is_none() && needs_it {
            let usual = Aspect::USUAL;
            let message = format!(
                "missing, so what is said here of shapes and sizes is for a picture of {usual}; write aspect = \"{usual}\" where that is right, else what it has, such as \"4:3\" or \"704x576\""
            );
            self.warn(format!("{}.aspect", self.key), message, &[]);
        }
    }

    /// Width by height of its picture.
    fn aspect(&self) -> f64 {
        self.camera.aspect.unwrap_or(Aspect::USUAL).ratio()
    }

    fn warn(&mut self, key: String, message: impl std::fmt::Display, about: &[&ZoneId]) {
        let about = about.iter().map(|id| (*id).clone()).collect();
        self.found.push(Warning {
            problem: Problem::new(key, message),
            camera: Some(self.camera.id.clone()),
            about,
        });
    }
}

/// So many are named one by one.
const NAMED: usize = 8;

/// `a, b and c`; of very many the first ones, the last one, and how many they are.
fn listed(ids: &[&ZoneId]) -> String {
    let joined = |ids: &[&ZoneId]| ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    match ids {
        [] => String::new(),
        [only] => only.to_string(),
        [first @ .., last] if first.len() < NAMED => format!("{} and {last}", joined(first)),
        [first @ .., last] => format!("{} … {last} ({} in all)", joined(&first[..NAMED / 2]), ids.len()),
    }
}
