//! What is watched in a scene, on the ground and in the picture.
//!
//! In: the description and its camera. Out: zones, lines and groups of the domain, each beside its place in metres; the
//! camera's ground calibration. Refused with the key path: what lies behind the camera or, of a bay, beyond the picture.

use glam::Vec2;
use gridwatch_domain::{
    BayGroup, EventKind, Ground, Line, ObjectClass, Point, Polygon, Zone, ZoneId, ZoneRule, ZoneType,
};

use super::{
    place::heading,
    spec::{BaysSpec, GroupSpec, Spec, WatchedLineSpec, ZoneSpec},
};
use crate::{SimError, draw::camera::Camera};

/// Pictures a second that are analysed where lines are crossed: the configuration's default.
const LINE_WATCH_FPS: u8 = 3;

/// A zone, and where it is on the ground.
#[derive(Debug, Clone)]
pub(crate) struct GroundZone {
    pub zone: Zone,
    pub polygon: Vec<Vec2>,
}

/// A line, and where it is on the ground.
#[derive(Debug, Clone)]
pub(crate) struct GroundLine {
    pub line: Line,
    pub from: Vec2,
    pub to: Vec2,
}

/// All that is watched.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub zones: Vec<GroundZone>,
    pub lines: Vec<GroundLine>,
    pub groups: Vec<BayGroup>,
}

impl Watch {
    pub(super) fn of(spec: &Spec, camera: &Camera) -> Result<Self, SimError> {
        let mut zones = Vec::new();
        for (index, zone) in spec.zone.iter().enumerate() {
            zones.push(ground_zone(zone, &format!("zone[{index}]"), camera)?);
        }
        for (index, row) in spec.bays.iter().enumerate().filter(|(_, row)| row.zones.is_some()) {
            zones.extend(row_of_bays(row, &format!("bays[{index}]"), camera)?);
        }
        let line =
            |(index, line): (usize, &WatchedLineSpec)| ground_line(line, &format!("line[{index}]"), camera);
        let lines = spec.line.iter().enumerate().map(line).collect::<Result<_, _>>()?;
        let group =
            |(index, group): (usize, &GroupSpec)| bay_group(group, &format!("group[{index}]"), &zones);
        let groups = spec.group.iter().enumerate().map(group).collect::<Result<_, _>>()?;
        Ok(Self { zones, lines, groups })
    }
}

fn ground_zone(spec: &ZoneSpec, key: &str, camera: &Camera) -> Result<GroundZone, SimError> {
    let on_ground: Vec<Vec2> = spec.polygon.iter().copied().map(Vec2::from_array).collect();
    let polygon_key = format!("{key}.polygon");
    let corner_key = |corner: usize| format!("{polygon_key}[{corner}]");
    let corners = projected(&on_ground, camera, corner_key)?;
    let is_cut =
        corners.iter().any(|corner| !(0.0..=1.0).contains(&corner.x) || !(0.0..=1.0).contains(&corner.y));
    if spec.zone_type == ZoneType::Bay && (is_cut || corners.len() != 4) {
        return Err(SimError::scene(polygon_key, "a bay has four corners, all within the picture"));
    }
    let points: Vec<Point> = cut_to_picture(corners)
        .into_iter()
        .map(|p| Point::new(p.x.clamp(0.0, 1.0), p.y.clamp(0.0, 1.0)))
        .collect::<Result<_, _>>()
        .map_err(|error| SimError::scene(&polygon_key, error.to_string()))?;
    let polygon = Polygon::new(points).map_err(|error| {
        SimError::scene(&polygon_key, format!("what the camera sees of it is refused: {error}"))
    })?;
    let usual = Zone::usual(spec.id.clone(), spec.zone_type, polygon);
    let classes = spec.classes.clone().unwrap_or_else(|| usual.classes.clone());
    let rules = spec.rules(key)?;
    let watch_fps = Zone::usual_watch_fps(spec.zone_type, &rules);
    let zone = Zone { name: spec.name.clone(), classes, rules, watch_fps, ..usual };
    Ok(GroundZone { zone, polygon: on_ground })
}

fn row_of_bays(row: &BaysSpec, key: &str, camera: &Camera) -> Result<Vec<GroundZone>, SimError> {
    let prefix = row.zones.as_deref().unwrap_or_default();
    let zone = |number: u32, polygon: [Vec2; 4]| {
        let id = ZoneId::new(format!("{prefix}-{number}"))
            .map_err(|error| SimError::scene(format!("{key}.zones"), error.to_string()))?;
        let spec = ZoneSpec {
            id,
            name: format!("{prefix}区{number}号车位"),
            zone_type: ZoneType::Bay,
            polygon: polygon.map(|corner| corner.to_array()).to_vec(),
            classes: None,
            limit_s: row.limit_s,
            double_s: None,
            straddling_s: row.straddling_s,
            long_stay_s: row.long_stay_s,
            contact: row.contact,
            intrusion_s: None,
            loitering_s: None,
            crowd: None,
            crowd_s: None,
        };
        ground_zone(&spec, &format!("{key}.zones[{}]", number - 1), camera)
    };
    corners_of_bays(row).into_iter().zip(1..).map(|(polygon, number)| zone(number, polygon)).collect()
}

/// The corners of each bay of a row: left and right of its front, then of its back.
fn corners_of_bays(row: &BaysSpec) -> Vec<[Vec2; 4]> {
    let along = Vec2::from_angle(heading(row.heading_deg));
    let (step, inwards) = (along * row.pitch, -along.perp() * row.depth);
    let corner = |index: u32| Vec2::from_array(row.from) + step * index as f32;
    (0..row.count)
        .map(|index| [corner(index), corner(index + 1), corner(index + 1) + inwards, corner(index) + inwards])
        .collect()
}

fn ground_line(spec: &WatchedLineSpec, key: &str, camera: &Camera) -> Result<GroundLine, SimError> {
    let (from, to) = (Vec2::from_array(spec.from), Vec2::from_array(spec.to));
    let end_key = |end: usize| format!("{key}.{}", ["from", "to"][end]);
    let ends = projected(&[from, to], camera, end_key)?;
    let end = |index: usize| {
        Point::new(ends[index].x, ends[index].y)
            .map_err(|error| SimError::scene(end_key(index), format!("lies beyond the picture: {error}")))
    };
    let kind = if spec.one_way { EventKind::WrongWay } else { EventKind::Crossing };
    let line = Line {
        id: spec.id.clone(),
        name: spec.name.clone(),
        ends: [end(0)?, end(1)?],
        classes: spec.classes.clone().unwrap_or_else(|| ObjectClass::ALL.to_vec()),
        rules: vec![ZoneRule::usual(kind)],
        schedule: None,
        cell: None,
        watch_fps: LINE_WATCH_FPS,
    };
    Ok(GroundLine { line, from, to })
}

fn bay_group(spec: &GroupSpec, key: &str, zones: &[GroundZone]) -> Result<BayGroup, SimError> {
    let bays = zones.iter().filter(|zone| zone.zone.zone_type == ZoneType::Bay).map(|zone| &zone.zone.id);
    let known: Vec<ZoneId> = bays.cloned().collect();
    let bays = spec.bays.clone().unwrap_or_else(|| known.clone());
    if let Some(stranger) = bays.iter().position(|bay| !known.contains(bay)) {
        let problem = format!("{}: no zone of type bay of this scene", bays[stranger]);
        return Err(SimError::scene(format!("{key}.bays[{stranger}]"), problem));
    }
    let count = bays.len() as u32;
    let least = spec.full.unwrap_or(count);
    if !(1..=count).contains(&least) {
        let problem = format!("{least}: expected 1 to {count}, the number of its bays");
        return Err(SimError::scene(format!("{key}.full"), problem));
    }
    let usual = ZoneRule::usual(EventKind::LotFull);
    let rule = ZoneRule { least, limit: spec.limit_s.unwrap_or(usual.limit), ..usual };
    Ok(BayGroup { id: spec.id.clone(), name: spec.name.clone(), bays, rule, schedule: None, cell: None })
}

/// Where points of the ground are seen, 0–1 of the picture where they are within it.
fn projected(points: &[Vec2], camera: &Camera, key: impl Fn(usize) -> String) -> Result<Vec<Vec2>, SimError> {
    let size = Vec2::new(camera.width, camera.height);
    let seen = |(index, point): (usize, &Vec2)| {
        let seen = camera.project(point.extend(0.0));
        seen.map(|seen| seen / size).ok_or_else(|| SimError::scene(key(index), "lies behind the camera"))
    };
    points.iter().enumerate().map(seen).collect()
}

fn cut_to_picture(mut corners: Vec<Vec2>) -> Vec<Vec2> {
    let sides: [fn(Vec2) -> f32; 4] = [|p| p.x, |p| 1.0 - p.x, |p| p.y, |p| 1.0 - p.y];
    for inside in sides {
        let mut kept = Vec::new();
        for (&a, &b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            let (da, db) = (inside(a), inside(b));
            if da >= 0.0 {
                kept.push(a);
            }
            if (da >= 0.0) != (db >= 0.0) {
                kept.push(a.lerp(b, da / (da - db)));
            }
        }
        corners = kept;
    }
    corners.dedup_by(|a, b| a.distance(*b) < 1e-5);
    corners
}

/// How far from the sides of the picture the points of a calibration lie, and how far down their upper pair, as shares.
const INSETS: [f32; 4] = [0.08, 0.15, 0.22, 0.3];
const TOPS: [f32; 6] = [0.25, 0.32, 0.4, 0.48, 0.56, 0.64];
const BOTTOM: f32 = 0.92;
/// Nobody measures ground farther away than this, in metres.
const FARTHEST_M: f32 = 40.0;

/// The calibration that somebody with a tape would make, with the four points for which the bent lens spoils it least.
///
/// `None` where the picture shows hardly any ground.
pub(super) fn calibration(camera: &Camera) -> Option<Ground> {
    let candidates = TOPS.iter().flat_map(|&top| INSETS.map(|inset| (top, inset)));
    let found = candidates.filter_map(|(top, inset)| {
        let ground = calibrated(camera, top, inset)?;
        Some((spoilt_by(camera, &ground)?, ground))
    });
    found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, ground)| ground)
}

fn calibrated(camera: &Camera, top: f32, inset: f32) -> Option<Ground> {
    let corners = [[inset, BOTTOM], [1.0 - inset, BOTTOM], [1.0 - inset, top], [inset, top]];
    let mut metres = [[0.0; 2]; 4];
    for (metres, [x, y]) in metres.iter_mut().zip(corners) {
        let on_ground = camera.ground(x * camera.width, y * camera.height)?;
        if on_ground.distance(camera.position.truncate()) > FARTHEST_M {
            return None;
        }
        *metres = on_ground.to_array().map(f64::from);
    }
    let [a, b, c, d] = corners.map(|[x, y]| Point::new(x, y).ok());
    Ground::new([a?, b?, c?, d?], metres).ok()
}

/// The largest error of a calibration, as a share of the distance from the camera, over what the picture shows.
pub(super) fn spoilt_by(camera: &Camera, ground: &Ground) -> Option<f32> {
    let mut worst: Option<f32> = None;
    for step in 0..20 * 20 {
        let [x, y] = [step % 20, step / 20].map(|step| (step as f32 + 0.5) / 20.0);
        let Some(truly) = camera.ground(x * camera.width, y * camera.height) else { continue };
        let far = truly.extend(0.0).distance(camera.position);
        if far > FARTHEST_M {
            continue;
        }
        let [east, north] = ground.at([x, y])?.map(|metres| metres as f32);
        worst = Some(worst.unwrap_or(0.0).max(truly.distance(Vec2::new(east, north)) / far));
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::{REFERENCE, Scene, place};

    #[test]
    fn a_calibration_is_off_by_little_of_the_distance() {
        for name in Scene::builtin_names().iter().chain(Scene::accuracy_names()) {
            let scene = Scene::builtin(name).expect("built in");
            let camera = place::camera(&scene.content.spec, REFERENCE.0, REFERENCE.1);
            let ground = scene.ground().expect("it shows ground");
            let worst = spoilt_by(&camera, &ground).expect("all of it is before the horizon");
            assert!(worst < 0.05, "{name}: {:.1} % of the distance", worst * 100.0);
            for point in ground.points() {
                assert!((0.05..=0.95).contains(&point.x()) && (0.05..=0.95).contains(&point.y()), "{name}");
            }
        }
    }
}
