//! `[[camera.zone]]`: polygons of a camera's picture, and what is watched in them.

use std::time::Duration;

use gridwatch_domain::{
    CellCode, DomainError, DwellLimit, EventKind, ObjectClass, Permit, Point, Polygon, Projective, Severity,
    Zone, ZoneId, ZoneRule, ZoneType,
};
use serde::Deserialize;

use crate::{Problems, calendar::Schedules, camera::check_name};

/// As many as cameras send.
const MOST_WATCH_FPS: u8 = 25;
/// Seconds for which a place may be seen empty before its event closes.
const CLEAR_S: std::ops::RangeInclusive<f64> = 1.0..=3600.0;
/// Times the limit after which it may be worse.
const GROWS_AFTER: std::ops::RangeInclusive<f32> = 1.0..=1000.0;
const DAY: Duration = Duration::from_secs(86_400);

/// One `[[camera.zone]]` table.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZoneConfig {
    /// Unique among the zones, lines and groups of the camera.
    pub id: ZoneId,
    /// What people call it. Default: the id.
    pub name: Option<String>,
    /// What it is for: `no_parking`, `fire_lane`, `entrance`, `bay`, `aisle` or `area`.
    #[serde(rename = "type")]
    pub zone_type: ZoneType,
    /// Corners `[x, y]`, at least three, each from 0 to 1 with the origin top left; sides must not cross. A `bay` has four, and is convex.
    pub polygon: Vec<[f32; 2]>,
    /// Classes it cares about. Default: car, bus, truck; of an `area` person.
    pub classes: Option<Vec<ObjectClass>>,
    /// How long one may stand, in seconds, 1–2592000. Default: 180; in a `fire_lane` and an `entrance` 60; in a `bay` as long as one
    /// likes. In an `aisle`: out of a bay, and blocking none. Not of an `area`.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub limit_s: Option<f64>,
    /// In an `aisle`: how long one may stand before a bay that is taken, in seconds; 0: is not told. Default: 60.
    #[schemars(range(min = 0, max = 2_592_000))]
    pub double_s: Option<f64>,
    /// In a `bay`: how long one vehicle may take up a part of a neighbouring bay, too, in seconds; 0: is not told. Default: 60.
    #[schemars(range(min = 0, max = 2_592_000))]
    pub straddling_s: Option<f64>,
    /// In a `bay` and an `aisle`: after so many days without moving a vehicle is told as abandoned, up to 30; 0: is not told. Default: 15.
    #[schemars(range(min = 0, max = 30))]
    pub long_stay_days: Option<f64>,
    /// In a `bay` and an `aisle`: whether it is told when a vehicle comes into contact distance of a parked one, and that one moves or people get out
    /// to look. Default: true. That somebody came near is recorded in any case.
    pub contact: Option<bool>,
    /// In an `area`: somebody who has been there for so many seconds intrudes, 1–2592000. Default: 2 where neither `loitering_s` nor
    /// `crowd` is given, else not told.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub intrusion_s: Option<f64>,
    /// In an `area`: somebody who stays for so many seconds loiters, 1–2592000. Default: not told.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub loitering_s: Option<f64>,
    /// In an `area`: so many are a crowd, 2–1000. Default: not told.
    #[schemars(range(min = 2, max = 1000))]
    pub crowd: Option<u32>,
    /// How long a crowd must last, in seconds, 1–2592000. Default: 30.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub crowd_s: Option<f64>,
    /// How bad it is, `info`, `minor`, `major` or `critical`, where `limit_s`, `intrusion_s`, `loitering_s` or `crowd` is exceeded.
    /// Default: by the kind of event, docs/rules.md.
    pub severity: Option<Severity>,
    /// After so many times that limit it is one degree worse, 1–1000; 0: it stays as bad as it was. Default: 3 in a `no_parking` zone and an `aisle`,
    /// else 0.
    #[schemars(range(min = 0, max = 1000))]
    pub grows_after: Option<f32>,
    /// Seconds for which it must have been seen empty for an event to close, 1–3600. Default: 10.
    #[schemars(range(min = 1, max = 3600))]
    pub clear_s: Option<f64>,
    /// Name of the `[[schedule]]` by which it is in force. Default: always.
    pub schedule: Option<String>,
    /// Times of the week in which it is in force, in place of a named schedule.
    pub weekly: Option<Vec<String>>,
    /// Whom it lets be.
    #[serde(default)]
    pub permit: Vec<PermitConfig>,
    /// Grid cell, where that is not the camera's.
    pub cell: Option<CellCode>,
    /// Pictures a second that are analysed while something that it cares about moves in the zone, 0–25, and no more than the
    /// camera's `sample_fps`. Every picture is decoded meanwhile. Default: 0, key pictures are enough; 2 in an `area`, where people are
    /// followed. Only where `decode` is `adaptive`.
    #[schemars(range(max = 25))]
    pub watch_fps: Option<u8>,
}

/// One `[[camera.zone.permit]]` table: whom a zone lets be, and when.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermitConfig {
    /// Which classes.
    pub classes: Vec<ObjectClass>,
    /// Name of the `[[schedule]]` by which. Default: always.
    pub schedule: Option<String>,
    /// Times of the week, in place of a named schedule.
    pub weekly: Option<Vec<String>>,
    /// Why, for people. Default: nothing.
    #[serde(default)]
    pub note: String,
}

impl ZoneConfig {
    pub(crate) fn check(self, key: &str, schedules: &Schedules, problems: &mut Problems) -> Option<Zone> {
        self.refuse_foreign_keys(key, problems);
        let polygon = self.polygon(key, problems);
        let rules = self.rules(key, problems);
        let classes = self.classes.clone();
        let schedule = schedules.find(self.schedule.as_deref(), self.weekly.as_deref(), key, problems);
        let permits = self.permits(key, schedules, problems);
        let clear = self.clear_s.map_or(Some(Zone::USUAL_CLEAR), |seconds| {
            let message = format!("{seconds}; expected {} to {}", CLEAR_S.start(), CLEAR_S.end());
            let found = CLEAR_S.contains(&seconds).then(|| Duration::from_secs_f64(seconds));
            problems.keep(format!("{key}.clear_s"), found.ok_or(message))
        });
        check_name(self.name.as_deref(), key, problems);
        let usual_fps = Zone::usual_watch_fps(self.zone_type, &rules);
        let watch_fps = checked_fps(self.watch_fps, usual_fps, key, problems);
        check_classes(classes.as_deref(), self.zone_type, key, problems);
        let zone = Zone::usual(self.id, self.zone_type, polygon?);
        Some(Zone {
            name: self.name.unwrap_or(zone.name),
            classes: classes.unwrap_or(zone.classes),
            rules,
            schedule: schedule.ok()?,
            permits: permits?,
            clear: clear?,
            cell: self.cell,
            watch_fps,
            ..zone
        })
    }

    fn polygon(&self, key: &str, problems: &mut Problems) -> Option<Polygon> {
        let key = format!("{key}.polygon");
        let corners: Result<Vec<Point>, DomainError> =
            self.polygon.iter().copied().map(Point::try_from).collect();
        let polygon = problems.keep(&key, corners.and_then(Polygon::new))?;
        if self.zone_type != ZoneType::Bay {
            return Some(polygon);
        }
        let Ok(corners) = <[[f32; 2]; 4]>::try_from(self.polygon.as_slice()) else {
            problems.push(key, format!("{} corners; a bay has four", self.polygon.len()));
            return None;
        };
        let convex = Projective::from_unit_square(corners.map(|corner| corner.map(f64::from)));
        problems.keep(key, convex).map(|_| polygon)
    }

    /// Keys that say nothing about a zone of this type.
    fn refuse_foreign_keys(&self, key: &str, problems: &mut Problems) {
        use ZoneType::{Aisle, Area, Bay, Entrance, FireLane, NoParking};
        let keys: [(&str, bool, &[ZoneType]); 9] = [
            ("limit_s", self.limit_s.is_some(), &[NoParking, FireLane, Entrance, Bay, Aisle]),
            ("double_s", self.double_s.is_some(), &[Aisle]),
            ("straddling_s", self.straddling_s.is_some(), &[Bay]),
            ("long_stay_days", self.long_stay_days.is_some(), &[Bay, Aisle]),
            ("contact", self.contact.is_some(), &[Bay, Aisle]),
            ("intrusion_s", self.intrusion_s.is_some(), &[Area]),
            ("loitering_s", self.loitering_s.is_some(), &[Area]),
            ("crowd", self.crowd.is_some(), &[Area]),
            ("crowd_s", self.crowd_s.is_some(), &[Area]),
        ];
        for (name, _, types) in
            keys.iter().filter(|(_, is_given, types)| *is_given && !types.contains(&self.zone_type))
        {
            let types: Vec<&str> = types.iter().map(|zone_type| zone_type.as_str()).collect();
            let message =
                format!("is for zones of type {}, this one is {}", types.join(", "), self.zone_type.as_str());
            problems.push(format!("{key}.{name}"), message);
        }
        if self.crowd_s.is_some() && self.crowd.is_none() {
            problems.push(format!("{key}.crowd_s"), "without crowd; expected crowd beside it");
        }
    }

    /// What is told of it.
    fn rules(&self, key: &str, problems: &mut Problems) -> Vec<ZoneRule> {
        let mut rules = Vec::new();
        let chief = |rule: ZoneRule| ZoneRule {
            severity: self.severity.unwrap_or(rule.severity),
            grows_after: self.grows_after.map_or(rule.grows_after, |times| (times > 0.0).then_some(times)),
            ..rule
        };
        if self.grows_after.is_some_and(|times| times != 0.0 && !GROWS_AFTER.contains(&times)) {
            problems.push(format!("{key}.grows_after"), "expected 1 to 1000, or 0 for never");
        }
        for &kind in self.zone_type.kinds() {
            let usual = ZoneRule::usual(kind);
            let rule = match kind {
                EventKind::Overstay => {
                    self.limit_s.and_then(|limit_s| limited(usual, Some(limit_s), "limit_s", key, problems))
                }
                EventKind::Double => limited(usual, self.double_s, "double_s", key, problems),
                EventKind::Straddling => limited(usual, self.straddling_s, "straddling_s", key, problems),
                EventKind::LongStay => {
                    let seconds = self.long_stay_days.map(|days| days * DAY.as_secs_f64());
                    limited(usual, seconds, "long_stay_days", key, problems)
                }
                EventKind::ContactSuspected => self.contact.unwrap_or(true).then_some(usual),
                EventKind::Intrusion => {
                    let is_told =
                        self.intrusion_s.is_some() || (self.loitering_s.is_none() && self.crowd.is_none());
                    is_told.then(|| limited(usual, self.intrusion_s, "intrusion_s", key, problems)).flatten()
                }
                EventKind::Loitering => self
                    .loitering_s
                    .and_then(|limit_s| limited(usual, Some(limit_s), "loitering_s", key, problems)),
                EventKind::Crowd => self.crowd.and_then(|least| {
                    limited(ZoneRule { least, ..usual }, self.crowd_s, "crowd_s", key, problems)
                }),
                _ => limited(usual, self.limit_s, "limit_s", key, problems),
            };
            let takes_severity = kind == self.zone_type.kinds()[0] || self.zone_type == ZoneType::Area;
            rules.extend(rule.map(|rule| if takes_severity { chief(rule) } else { rule }));
        }
        rules
    }

    fn permits(&self, key: &str, schedules: &Schedules, problems: &mut Problems) -> Option<Vec<Permit>> {
        let mut permits = Some(Vec::with_capacity(self.permit.len()));
        for (index, permit) in self.permit.iter().enumerate() {
            let key = format!("{key}.permit[{index}]");
            if permit.classes.is_empty() {
                problems.push(format!("{key}.classes"), "empty, so it would let nobody be");
            }
            let schedule =
                schedules.find(permit.schedule.as_deref(), permit.weekly.as_deref(), &key, problems);
            let Ok(schedule) = schedule else {
                permits = None;
                continue;
            };
            let (classes, note) = (permit.classes.clone(), permit.note.clone());
            permits.iter_mut().for_each(|permits| {
                permits.push(Permit {
                    classes: classes.clone(),
                    schedule: schedule.clone(),
                    note: note.clone(),
                });
            });
        }
        permits
    }
}

/// The rule with that limit in seconds, where one is given; none where that is 0, or wrong and was told.
pub(crate) fn limited(
    rule: ZoneRule,
    seconds: Option<f64>,
    name: &str,
    key: &str,
    problems: &mut Problems,
) -> Option<ZoneRule> {
    match seconds {
        None => Some(rule),
        Some(0.0) if !matches!(name, "limit_s" | "intrusion_s" | "loitering_s" | "crowd_s") => None,
        Some(seconds) => {
            let limit = problems.keep(format!("{key}.{name}"), DwellLimit::try_from(seconds))?;
            Some(ZoneRule { limit, ..rule })
        }
    }
}

/// Pictures a second that are asked for.
pub(crate) fn checked_fps(given: Option<u8>, usual: u8, key: &str, problems: &mut Problems) -> u8 {
    let fps = given.unwrap_or(usual);
    if fps > MOST_WATCH_FPS {
        problems.push(format!("{key}.watch_fps"), format!("{fps}; expected 0 to {MOST_WATCH_FPS}"));
    }
    fps
}

fn check_classes(classes: Option<&[ObjectClass]>, zone_type: ZoneType, key: &str, problems: &mut Problems) {
    let Some(classes) = classes else { return };
    let key = format!("{key}.classes");
    if classes.is_empty() {
        problems.push(&key, "empty, so the zone would have no effect");
    }
    let stranger = classes.iter().find(|class| !class.is_vehicle());
    if let Some(class) = stranger.filter(|_| zone_type != ZoneType::Area) {
        problems.push(key, format!("{class}: parking zones watch car, bus and truck"));
    }
}
