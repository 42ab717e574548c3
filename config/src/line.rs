//! `[[camera.line]]`, `[[camera.group]]` and `[camera.ground]`: lines that are crossed, bays that are counted together, and how large things are.

use gridwatch_domain::{
    BayGroup, CellCode, EventKind, Ground, Line, ObjectClass, Point, Severity, Zone, ZoneId, ZoneRule,
    ZoneType,
};
use serde::Deserialize;

use crate::{
    Problems,
    calendar::Schedules,
    camera::check_name,
    zone::{checked_fps, limited},
};

/// Of a line, as a share of the picture: on a shorter one nothing can be told.
const SHORTEST_LINE: f32 = 0.02;
/// Who is followed across a line wants more than key pictures.
const LINE_WATCH_FPS: u8 = 3;

/// One `[[camera.line]]` table. Who crosses it from its left to its right, as seen by somebody who goes from `from` to `to`, goes
/// along its direction.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineConfig {
    /// Unique among the zones, lines and groups of the camera.
    pub id: ZoneId,
    /// What people call it. Default: the id.
    pub name: Option<String>,
    /// Where it begins, `[x, y]` from 0 to 1 with the origin top left.
    pub from: [f32; 2],
    /// Where it ends.
    pub to: [f32; 2],
    /// Classes it cares about. Default: all.
    pub classes: Option<Vec<ObjectClass>>,
    /// What is told: `all` (`line.crossing`, and against the direction of a one-way line `line.wrong_way`), `wrong_way`, or `nothing`. What
    /// crosses is counted in any case. Default: all; wrong_way where `one_way` is set.
    pub tell: Option<TellConfig>,
    /// Whether to cross it against its direction is wrong. Default: false.
    #[serde(default)]
    pub one_way: bool,
    /// How bad it is to go the wrong way: `info`, `minor`, `major` or `critical`. Default: minor.
    pub severity: Option<Severity>,
    /// Name of the `[[schedule]]` by which it is told. Default: always.
    pub schedule: Option<String>,
    /// Times of the week in which it is told, in place of a named schedule.
    pub weekly: Option<Vec<String>>,
    /// Grid cell, where that is not the camera's.
    pub cell: Option<CellCode>,
    /// Pictures a second that are analysed while something that it cares about moves near it, 0–25, and no more than the camera's `sample_fps`.
    /// Default: 3. Only where `decode` is `adaptive`.
    #[schemars(range(max = 25))]
    pub watch_fps: Option<u8>,
}

/// What is told of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TellConfig {
    /// Each crossing.
    All,
    /// Those against its direction.
    WrongWay,
    /// None: they are merely counted.
    Nothing,
}

/// One `[[camera.group]]` table: bays that are counted together.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupConfig {
    /// Unique among the zones, lines and groups of the camera.
    pub id: ZoneId,
    /// What people call it. Default: the id.
    pub name: Option<String>,
    /// Its bays. Default: all bays of the camera.
    pub bays: Option<Vec<ZoneId>>,
    /// So many taken bays are told as full, from 1. Default: all of them.
    #[schemars(range(min = 1))]
    pub full: Option<u32>,
    /// How long so many must be taken, in seconds, 1–2592000. Default: 60.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub limit_s: Option<f64>,
    /// How bad that is: `info`, `minor`, `major` or `critical`. Default: info.
    pub severity: Option<Severity>,
    /// Name of the `[[schedule]]` by which it is told. Default: always.
    pub schedule: Option<String>,
    /// Times of the week in which it is told, in place of a named schedule.
    pub weekly: Option<Vec<String>>,
    /// Grid cell, where that is not the camera's.
    pub cell: Option<CellCode>,
}

/// The `[camera.ground]` table: four points of the picture whose place on the ground is known. Distances are metres from then on.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroundConfig {
    /// Four points `[x, y]` on the ground, each from 0 to 1 with the origin top left, in order around what they enclose; the farther apart the better.
    pub points: [[f32; 2]; 4],
    /// Where they are, in metres `[x, y]` from any origin, along any two axes at right angles.
    pub metres: [[f64; 2]; 4],
}

impl LineConfig {
    pub(crate) fn check(self, key: &str, schedules: &Schedules, problems: &mut Problems) -> Option<Line> {
        let mut end = |name: &str, at: [f32; 2]| problems.keep(format!("{key}.{name}"), Point::try_from(at));
        let ends = [end("from", self.from), end("to", self.to)];
        let schedule = schedules.find(self.schedule.as_deref(), self.weekly.as_deref(), key, problems);
        let classes = self.classes.unwrap_or_else(|| ObjectClass::ALL.to_vec());
        if classes.is_empty() {
            problems.push(format!("{key}.classes"), "empty, so the line would have no effect");
        }
        if self.tell == Some(TellConfig::WrongWay) && !self.one_way {
            problems.push(
                format!("{key}.tell"),
                "wrong_way, and no way is wrong; expected one_way = true beside it",
            );
        }
        check_name(self.name.as_deref(), key, problems);
        let watch_fps = checked_fps(self.watch_fps, LINE_WATCH_FPS, key, problems);
        let [Some(from), Some(to)] = ends else { return None };
        if (from.x() - to.x()).hypot(from.y() - to.y()) < SHORTEST_LINE {
            problems.push(
                key,
                format!("from and to are nearer to each other than {SHORTEST_LINE} of the picture"),
            );
            return None;
        }
        let usual = if self.one_way { TellConfig::WrongWay } else { TellConfig::All };
        let tell = self.tell.unwrap_or(usual);
        let crossing = (tell == TellConfig::All).then(|| ZoneRule::usual(EventKind::Crossing));
        let wrong_way = ZoneRule::usual(EventKind::WrongWay);
        let wrong_way = ZoneRule { severity: self.severity.unwrap_or(wrong_way.severity), ..wrong_way };
        let wrong_way = (self.one_way && tell != TellConfig::Nothing).then_some(wrong_way);
        Some(Line {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: self.id,
            ends: [from, to],
            classes,
            rules: crossing.into_iter().chain(wrong_way).collect(),
            schedule: schedule.ok()?,
            cell: self.cell,
            watch_fps,
        })
    }
}

impl GroupConfig {
    pub(crate) fn check(
        self,
        key: &str,
        zones: &[Zone],
        schedules: &Schedules,
        problems: &mut Problems,
    ) -> Option<BayGroup> {
        let known: Vec<&ZoneId> =
            zones.iter().filter(|zone| zone.zone_type == ZoneType::Bay).map(|zone| &zone.id).collect();
        let bays = self.bays.unwrap_or_else(|| known.iter().map(|id| (*id).clone()).collect());
        for (index, bay) in bays.iter().enumerate() {
            if !known.contains(&bay) {
                problems.push(
                    format!("{key}.bays[{index}]"),
                    format!("{bay}: no zone of type bay of this camera"),
                );
            }
            if bays[..index].contains(bay) {
                problems.push(format!("{key}.bays[{index}]"), format!("{bay}: appears twice"));
            }
        }
        if bays.is_empty() {
            problems.push(format!("{key}.bays"), "none, so the group would have no effect");
        }
        let count = u32::try_from(bays.len()).unwrap_or(u32::MAX);
        let least = self.full.unwrap_or(count);
        if !(1..=count.max(1)).contains(&least) {
            problems.push(
                format!("{key}.full"),
                format!("{least}; expected 1 to {count}, the number of its bays"),
            );
        }
        let usual = ZoneRule::usual(EventKind::LotFull);
        let usual = ZoneRule { least, severity: self.severity.unwrap_or(usual.severity), ..usual };
        let rule = limited(usual, self.limit_s, "limit_s", key, problems);
        let schedule = schedules.find(self.schedule.as_deref(), self.weekly.as_deref(), key, problems);
        check_name(self.name.as_deref(), key, problems);
        Some(BayGroup {
            name: self.name.unwrap_or_else(|| self.id.to_string()),
            id: self.id,
            bays,
            rule: rule?,
            schedule: schedule.ok()?,
            cell: self.cell,
        })
    }
}

impl GroundConfig {
    pub(crate) fn check(self, key: &str, problems: &mut Problems) -> Option<Ground> {
        let mut points = Vec::with_capacity(4);
        for (index, point) in self.points.into_iter().enumerate() {
            points.extend(problems.keep(format!("{key}.points[{index}]"), Point::try_from(point)));
        }
        let points = <[Point; 4]>::try_from(points).ok()?;
        problems.keep(key, Ground::new(points, self.metres))
    }
}
