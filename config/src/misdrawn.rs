//! Zones and lines that are drawn wrongly, as one that leaves its camera's picture or crosses itself: a mistake that one sees at once, where
//! it is drawn.

use std::path::Path;

use gridwatch_domain::CameraId;
use toml::{Table, Value};

use crate::{
    EdgeSettings, Problem, Problems,
    load::{self, ConfigError},
};

/// A zone or a line that leaves its camera's picture, or has no shape that one like it can have.
#[derive(Debug, Clone, PartialEq)]
pub struct Misdrawn {
    /// Of which camera.
    pub camera: CameraId,
    /// Its id.
    pub id: String,
    /// Its corners or ends, in widths and heights of the picture.
    pub points: Vec<[f32; 2]>,
    /// What is said of it.
    pub problem: Problem,
}

/// As [`load_edge_offline`](crate::load_edge_offline), without the zones and lines that are misdrawn: those are told apart. Such a file cannot be
/// used, but looked at.
///
/// # Errors
/// [`ConfigError`] where something else is wrong, too.
pub fn load_edge_to_look_at(path: &Path) -> Result<(EdgeSettings, Vec<Misdrawn>), ConfigError> {
    let text = load::read_text(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let problems = match load::parse_edge_offline(&text, folder) {
        Ok(settings) => return Ok((settings, Vec::new())),
        Err(problems) => problems,
    };
    let within = text.parse::<Table>().ok().and_then(|mut file| {
        let misdrawn = take_out(&mut file, &problems);
        let settings = load::parse_edge_offline(&toml::to_string(&file).ok()?, folder).ok()?;
        Some((settings, misdrawn))
    });
    within.ok_or_else(|| ConfigError::Invalid { path: path.to_owned(), problems })
}

fn take_out(file: &mut Table, problems: &Problems) -> Vec<Misdrawn> {
    let mut found = Vec::new();
    let cameras = file.get_mut("camera").and_then(Value::as_array_mut);
    for (index, camera) in cameras.into_iter().flatten().enumerate() {
        let Some(camera) = camera.as_table_mut() else { continue };
        let Some(id) = camera.get("id").and_then(Value::as_str).and_then(|id| id.parse::<CameraId>().ok())
        else {
            continue;
        };
        let before = found.len();
        for (what, corners) in [("zone", corners_of_zone as fn(&Table) -> _), ("line", ends_of_line)] {
            let Some(all) = camera.get_mut(what).and_then(Value::as_array_mut) else { continue };
            let mut number = 0;
            all.retain(|one| {
                let key = format!("camera[{index}].{what}[{number}]");
                number += 1;
                let wrong = one.as_table().and_then(|one| misdrawn(&id, &key, one, corners(one)?, problems));
                let is_well = wrong.is_none();
                found.extend(wrong);
                is_well
            });
        }
        leave_groups(camera, &found[before..]);
    }
    found
}

fn misdrawn(
    camera: &CameraId,
    key: &str,
    one: &Table,
    points: Vec<[f32; 2]>,
    problems: &Problems,
) -> Option<Misdrawn> {
    if points.len() < 2 {
        return None;
    }
    let id = one.get("id")?.as_str()?.to_owned();
    let is_about = |problem: &&Problem| {
        problem.key.strip_prefix(key).is_some_and(|rest| ["", ".polygon", ".from", ".to"].contains(&rest))
    };
    let problem = problems.iter().find(is_about)?.clone();
    Some(Misdrawn { camera: camera.clone(), id, points, problem })
}

/// Bays that are told apart are missing in no group.
fn leave_groups(camera: &mut Table, taken: &[Misdrawn]) {
    let Some(groups) = camera.get_mut("group").and_then(Value::as_array_mut) else { return };
    let is_taken = |bay: &Value| taken.iter().any(|taken| Some(taken.id.as_str()) == bay.as_str());
    groups.retain_mut(|group| {
        let Some(bays) = group.get_mut("bays").and_then(Value::as_array_mut) else { return true };
        let before = bays.len();
        bays.retain(|bay| !is_taken(bay));
        if bays.len() < before
            && let Some(group) = group.as_table_mut()
        {
            group.remove("full");
        }
        group.get("bays").and_then(Value::as_array).is_some_and(|bays| !bays.is_empty())
    });
}

fn corners_of_zone(zone: &Table) -> Option<Vec<[f32; 2]>> {
    zone.get("polygon")?.as_array()?.iter().map(point).collect()
}

fn ends_of_line(line: &Table) -> Option<Vec<[f32; 2]>> {
    ["from", "to"].into_iter().map(|end| point(line.get(end)?)).collect()
}

fn point(value: &Value) -> Option<[f32; 2]> {
    let number = |value: &Value| {
        let number = value.as_float().or_else(|| value.as_integer().map(|number| number as f64))?;
        number.is_finite().then_some(number as f32)
    };
    let [x, y] = value.as_array()?.as_slice() else { return None };
    Some([number(x)?, number(y)?])
}
