//! Zones: parts of a camera's picture in which something is forbidden, counted or kept free.

use std::{borrow::Cow, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    CellCode, DomainError, EventKind, ObjectClass, Point, Polygon, Schedule, Severity, Timestamp, ZoneId,
};

/// What a zone is for, and with it which rules may watch it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ZoneType {
    /// 禁停区: nobody may stand here longer than the limit.
    NoParking,
    /// 消防通道: as above, with a short limit, and critical.
    FireLane,
    /// 出入口: a gate, a ramp, the entrance of a building; who stands here blocks it.
    Entrance,
    /// 车位: one parking space, a quadrilateral.
    Bay,
    /// 车道: where vehicles drive between bays; who stands here is in no bay, or blocks one.
    Aisle,
    /// 区域: people who are there, are there for long, or are many.
    Area,
}

impl ZoneType {
    /// All types.
    pub const ALL: [Self; 6] =
        [Self::NoParking, Self::FireLane, Self::Entrance, Self::Bay, Self::Aisle, Self::Area];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoParking => "no_parking",
            Self::FireLane => "fire_lane",
            Self::Entrance => "entrance",
            Self::Bay => "bay",
            Self::Aisle => "aisle",
            Self::Area => "area",
        }
    }

    /// The kinds of events that its rules tell, the chief one first.
    pub fn kinds(self) -> &'static [EventKind] {
        match self {
            Self::NoParking => &[EventKind::NoParking],
            Self::FireLane => &[EventKind::FireLane],
            Self::Entrance => &[EventKind::EntranceBlocked],
            Self::Bay => &[
                EventKind::Overstay,
                EventKind::Straddling,
                EventKind::LongStay,
                EventKind::ContactSuspected,
            ],
            Self::Aisle => {
                &[EventKind::OutOfBay, EventKind::Double, EventKind::LongStay, EventKind::ContactSuspected]
            }
            Self::Area => &[EventKind::Intrusion, EventKind::Loitering, EventKind::Crowd],
        }
    }
}

/// How long something may go on: 1 s to 30 days.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct DwellLimit(Duration);

impl DwellLimit {
    /// The shortest: what stands for less is passing.
    pub const SHORTEST: Self = Self(Duration::from_secs(1));
    /// The longest: a month.
    pub const LONGEST: Self = Self(Duration::from_secs(30 * 24 * 3600));

    /// From 1 s to 30 days.
    pub fn new(limit: Duration) -> Result<Self, DomainError> {
        let allowed = Self::SHORTEST.0..=Self::LONGEST.0;
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

/// One rule that watches a zone, a line or a group of bays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZoneRule {
    /// What it tells.
    pub kind: EventKind,
    /// How long the condition must hold before it is told.
    pub limit: DwellLimit,
    /// How bad it is when it is told.
    pub severity: Severity,
    /// After so many times its limit, more than 1, it is one degree worse; none: it stays as bad as it was.
    pub grows_after: Option<f32>,
    /// How many it takes, ≥ 1: people of a crowd, taken bays of a full group.
    pub least: u32,
}

impl ZoneRule {
    /// The rule as it is where nothing else is said (`domain.md`): limit, severity and growth of each kind.
    pub fn usual(kind: EventKind) -> Self {
        let (seconds, severity) = match kind {
            EventKind::NoParking | EventKind::OutOfBay => (180, Severity::Minor),
            EventKind::FireLane => (60, Severity::Critical),
            EventKind::EntranceBlocked | EventKind::Double => (60, Severity::Major),
            EventKind::Straddling => (60, Severity::Minor),
            EventKind::Overstay => (4 * 3600, Severity::Minor),
            EventKind::LongStay => (15 * 86_400, Severity::Minor),
            EventKind::LotFull => (60, Severity::Info),
            EventKind::ContactSuspected => (1, Severity::Major),
            EventKind::Intrusion => (2, Severity::Major),
            EventKind::Loitering => (120, Severity::Minor),
            EventKind::Crowd => (30, Severity::Minor),
            EventKind::Crossing => (1, Severity::Info),
            EventKind::WrongWay => (1, Severity::Minor),
            EventKind::CameraOffline
            | EventKind::CameraFrozen
            | EventKind::CameraCovered
            | EventKind::CameraMoved
            | EventKind::CameraBlurred => (30, Severity::Major),
        };
        let grows_after = matches!(kind, EventKind::NoParking | EventKind::OutOfBay).then_some(3.0);
        let least = if kind == EventKind::Crowd { 5 } else { 1 };
        let limit = DwellLimit(Duration::from_secs(seconds));
        Self { kind, limit, severity, grows_after, least }
    }

    /// How bad it is after it has held for `dwell`: it grows one degree, once.
    pub fn severity_after(&self, dwell: Duration) -> Severity {
        let worse = self.grows_after.is_some_and(|times| dwell >= self.limit.get().mul_f32(times));
        if worse { self.severity.worse() } else { self.severity }
    }
}

/// Whom a zone lets be, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    /// Which classes; never empty.
    pub classes: Vec<ObjectClass>,
    /// When; none: always.
    pub schedule: Option<Schedule>,
    /// Why, for people.
    pub note: String,
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
    /// What is told of it; each kind at most once, and only kinds of its type.
    pub rules: Vec<ZoneRule>,
    /// When its rules are in force; none: always.
    pub schedule: Option<Schedule>,
    /// Whom it lets be.
    pub permits: Vec<Permit>,
    /// How long it must have been seen empty for its events to close.
    pub clear: Duration,
    /// The grid cell it belongs to, where that is not its camera's.
    pub cell: Option<CellCode>,
    /// Pictures a second that are analysed while something that it cares about moves in it; 0: key pictures are enough.
    pub watch_fps: u8,
}

impl Zone {
    /// How long a place must have been seen empty where nothing else is said.
    pub const USUAL_CLEAR: Duration = Duration::from_secs(10);

    /// A zone of that type as it is where nothing else is said: for vehicles, an `area` for people; always in force, with the chief
    /// rule of its type. A `bay` has no stay limit unless one is set.
    pub fn usual(id: ZoneId, zone_type: ZoneType, polygon: Polygon) -> Self {
        let for_whom = |class: &ObjectClass| match zone_type {
            ZoneType::Area => *class == ObjectClass::Person,
            _ => class.is_vehicle(),
        };
        let kinds = zone_type.kinds().iter().copied();
        let by_default = |kind: &EventKind| match zone_type {
            ZoneType::Area => *kind == EventKind::Intrusion,
            _ => *kind != EventKind::Overstay,
        };
        Self {
            name: id.to_string(),
            id,
            zone_type,
            polygon,
            classes: ObjectClass::ALL.into_iter().filter(for_whom).collect(),
            rules: kinds.filter(by_default).map(ZoneRule::usual).collect(),
            schedule: None,
            permits: Vec::new(),
            clear: Self::USUAL_CLEAR,
            cell: None,
            watch_fps: 0,
        }
    }

    /// Pictures a second that are analysed while something moves in a zone of that type with these rules, unless one says otherwise: people
    /// are followed in areas, and who touches whom is not seen in key pictures alone.
    pub fn usual_watch_fps(zone_type: ZoneType, rules: &[ZoneRule]) -> u8 {
        let is_followed =
            zone_type == ZoneType::Area || rules.iter().any(|rule| rule.kind == EventKind::ContactSuspected);
        if is_followed { 2 } else { 0 }
    }

    /// The same, where the chief rule of its type holds after that time.
    pub fn with_limit(mut self, limit: DwellLimit) -> Self {
        let chief = self.zone_type.kinds()[0];
        self.rules.retain(|rule| rule.kind != chief);
        self.rules.insert(0, ZoneRule { limit, ..ZoneRule::usual(chief) });
        self
    }

    /// The rule that tells events of that kind.
    pub fn rule(&self, kind: EventKind) -> Option<&ZoneRule> {
        self.rules.iter().find(|rule| rule.kind == kind)
    }

    /// The limit of its chief rule: how long one may stand there, as people are told; none where that is not limited.
    pub fn limit(&self) -> Option<DwellLimit> {
        self.rule(self.zone_type.kinds()[0]).map(|rule| rule.limit)
    }

    /// The shortest of its rules' limits, as far as a camera at rest must be looked at for it: where somebody merely walks it is no less
    /// than [`Line::NOTICED_WITHIN`].
    pub fn shortest_limit(&self) -> Option<Duration> {
        let limit = |rule: &ZoneRule| match rule.kind {
            // Whoever comes near moves: the camera is not at rest.
            EventKind::ContactSuspected => None,
            EventKind::Intrusion | EventKind::Loitering | EventKind::Crowd => {
                Some(rule.limit.get().max(Line::NOTICED_WITHIN))
            }
            _ => Some(rule.limit.get()),
        };
        self.rules.iter().filter_map(limit).min()
    }

    /// Since when its rules have been in force for one of that class, without a break; none where they are not at `at`.
    pub fn in_force_since(&self, class: ObjectClass, at: Timestamp) -> Option<Timestamp> {
        let mut since = match &self.schedule {
            Some(schedule) => schedule.in_force_since(at)?,
            None => Timestamp::MIN,
        };
        for permit in self.permits.iter().filter(|permit| permit.classes.contains(&class)) {
            let schedule = permit.schedule.as_ref()?;
            if schedule.is_in_force(at) {
                return None;
            }
            since = since.max(schedule.ended_before(at).unwrap_or(since));
        }
        Some(since)
    }

    /// When next its rules come into force or cease to be for anybody, after `at`; none where that is not within a week and a day.
    pub fn changes_after(&self, at: Timestamp) -> Option<Timestamp> {
        let schedules =
            self.permits.iter().filter_map(|permit| permit.schedule.as_ref()).chain(&self.schedule);
        schedules.filter_map(|schedule| schedule.changes_after(at)).min()
    }
}

/// A directed line in a camera's picture. Who crosses it from its left to its right, as seen by somebody who goes from its first
/// point to its second, goes along its direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Unique among the zones and lines of the camera.
    pub id: ZoneId,
    /// What people call it; may be Chinese.
    pub name: String,
    /// Where it begins and ends; two different points.
    pub ends: [Point; 2],
    /// Which classes it cares about; never empty.
    pub classes: Vec<ObjectClass>,
    /// What is told of it: `line.crossing`, `line.wrong_way`; crossings are counted in any case.
    pub rules: Vec<ZoneRule>,
    /// When its rules are in force; none: always.
    pub schedule: Option<Schedule>,
    /// The grid cell it belongs to, where that is not its camera's.
    pub cell: Option<CellCode>,
    /// Pictures a second that are analysed while something moves near it; 0: key pictures are enough.
    pub watch_fps: u8,
}

impl Line {
    /// Who walks is noticed within this time: key pictures are that far apart as a rule, and packets that cost more than usual tell of one sooner.
    pub const NOTICED_WITHIN: Duration = Duration::from_secs(4);
    /// Half the breadth of the strip around it in which movement counts, as a share of the picture.
    const HALF_STRIP: f32 = 0.01;

    /// The rule that tells events of that kind.
    pub fn rule(&self, kind: EventKind) -> Option<&ZoneRule> {
        self.rules.iter().find(|rule| rule.kind == kind)
    }

    /// A narrow strip around it; `None` where that has no area within the picture.
    pub fn strip(&self) -> Option<Polygon> {
        let [from, to] = self.ends;
        let (dx, dy) = (to.x() - from.x(), to.y() - from.y());
        let length = dx.hypot(dy);
        let (across, down) = (-dy / length * Self::HALF_STRIP, dx / length * Self::HALF_STRIP);
        let corner = |end: Point, side: f32| {
            Point::new((end.x() + side * across).clamp(0.0, 1.0), (end.y() + side * down).clamp(0.0, 1.0))
        };
        let corners = [corner(from, 1.0), corner(to, 1.0), corner(to, -1.0), corner(from, -1.0)];
        Polygon::new(corners.into_iter().collect::<Result<_, _>>().ok()?).ok()
    }
}

/// The outline of a zone, a line or a bay of a group, to be drawn into a picture of its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Of what.
    pub id: ZoneId,
    /// Where it is.
    pub polygon: Polygon,
}

impl Outline {
    /// Those of everything that is watched; a group has one for each of its bays.
    pub fn all(zones: &[Zone], lines: &[Line], groups: &[BayGroup]) -> Vec<Self> {
        let of_zone = |id: &ZoneId, zone: &Zone| Self { id: id.clone(), polygon: zone.polygon.clone() };
        let mut outlines: Vec<Self> = zones.iter().map(|zone| of_zone(&zone.id, zone)).collect();
        let of_line = |line: &Line| Some(Self { id: line.id.clone(), polygon: line.strip()? });
        outlines.extend(lines.iter().filter_map(of_line));
        for group in groups {
            let bays = zones.iter().filter(|zone| group.bays.contains(&zone.id));
            outlines.extend(bays.map(|bay| of_zone(&group.id, bay)));
        }
        outlines
    }
}

/// Bays that are counted together.
#[derive(Debug, Clone, PartialEq)]
pub struct BayGroup {
    /// Unique among the zones, lines and groups of the camera.
    pub id: ZoneId,
    /// What people call it; may be Chinese.
    pub name: String,
    /// Its bays; never empty.
    pub bays: Vec<ZoneId>,
    /// When it is full: `least` bays taken, for its limit.
    pub rule: ZoneRule,
    /// When that is told; none: always.
    pub schedule: Option<Schedule>,
    /// The grid cell it belongs to, where that is not its camera's.
    pub cell: Option<CellCode>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Calendar;

    fn schedule(span: &str) -> Schedule {
        Schedule::new(Calendar::utc(), vec![span.parse().expect("a time of the week")])
    }

    fn zone(zone_type: ZoneType) -> Zone {
        let corners =
            [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]].map(|corner| Point::try_from(corner).expect("valid"));
        let polygon = Polygon::new(corners.into()).expect("a triangle");
        Zone::usual(ZoneId::new("lane").expect("valid"), zone_type, polygon)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn each_type_has_its_rules_and_only_kinds_of_its_own() {
        for zone_type in ZoneType::ALL {
            let zone = zone(zone_type);
            assert!(!zone.rules.is_empty(), "{zone_type:?}");
            assert!(zone.rules.iter().all(|rule| zone_type.kinds().contains(&rule.kind)), "{zone_type:?}");
        }
        assert_eq!(zone(ZoneType::Bay).limit(), None, "one may stay in a bay");
        let limit = DwellLimit::try_from(7200.0).expect("in range");
        let short_stay = zone(ZoneType::Bay).with_limit(limit);
        assert_eq!((short_stay.limit(), short_stay.rules.len()), (Some(limit), 4));
        assert_eq!(zone(ZoneType::FireLane).with_limit(limit).rules.len(), 1);
    }

    #[test]
    fn standing_for_three_times_the_limit_is_worse_once() {
        let rule = ZoneRule::usual(EventKind::NoParking);
        let after = |seconds| rule.severity_after(Duration::from_secs(seconds));
        assert_eq!(
            [after(180), after(539), after(540), after(99_999)].map(|severity| severity.as_str()),
            ["minor", "minor", "major", "major"]
        );
        let lane = ZoneRule::usual(EventKind::FireLane);
        assert_eq!(lane.severity_after(Duration::from_secs(9999)), Severity::Critical);
    }

    #[test]
    fn a_permit_lets_its_classes_be_and_time_counts_from_its_end() {
        let permit = |classes: &[ObjectClass], span: Option<&str>| Permit {
            classes: classes.to_vec(),
            schedule: span.map(schedule),
            note: "快递".into(),
        };
        let permits = vec![
            permit(&[ObjectClass::Truck], Some("mon-fri 08:00-10:00")),
            permit(&[ObjectClass::Bus], None),
        ];
        let zone =
            Zone { schedule: Some(schedule("daily 07:00-19:00")), permits, ..zone(ZoneType::NoParking) };
        let since = |class, time: &str| zone.in_force_since(class, at(time));
        let thursday = |time: &str| at(&format!("2026-11-26T{time}Z"));
        assert_eq!(since(ObjectClass::Car, "2026-11-26T09:00:00Z"), Some(thursday("07:00:00")));
        assert_eq!(since(ObjectClass::Truck, "2026-11-26T09:00:00Z"), None);
        assert_eq!(since(ObjectClass::Truck, "2026-11-26T12:00:00Z"), Some(thursday("10:00:00")));
        assert_eq!(since(ObjectClass::Truck, "2026-11-28T12:00:00Z"), Some(at("2026-11-28T07:00:00Z")));
        assert_eq!(since(ObjectClass::Bus, "2026-11-26T12:00:00Z"), None);
        assert_eq!(since(ObjectClass::Car, "2026-11-26T20:00:00Z"), None);
        assert_eq!(zone.changes_after(thursday("07:30:00")), Some(thursday("08:00:00")));
        assert_eq!(zone.changes_after(thursday("11:00:00")), Some(thursday("19:00:00")));
    }
}
