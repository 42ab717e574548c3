//! What is watched in a scene file: zones, lines, groups of bays. Keys and defaults are those of an edge box's
//! configuration; places are on the ground.

use gridwatch_domain::{DwellLimit, EventKind, ObjectClass, ZoneId, ZoneRule, ZoneType};
use serde::Deserialize;

use super::within;
use crate::SimError;

/// A zone on the ground, projected into the picture.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ZoneSpec {
    /// Name of the zone in topics, events and the configuration.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// `no_parking`, `fire_lane`, `entrance`, `bay`, `aisle` or `area`.
    #[serde(rename = "type")]
    pub zone_type: ZoneType,
    /// Corners on the ground, at least three, of a `bay` four; all before the camera.
    pub polygon: Vec<[f32; 2]>,
    /// Classes it cares about. Default: car, bus, truck; of an `area` person.
    #[serde(default)]
    pub classes: Option<Vec<ObjectClass>>,
    /// How long one may stand there, 1 s to 30 days. Default: as usual for its type, in a `bay` as long as one likes.
    #[serde(default)]
    pub limit_s: Option<DwellLimit>,
    /// In an `aisle`: how long one may stand before a bay that is taken; 0: is not told. Default: as usual.
    #[serde(default)]
    pub double_s: Option<f64>,
    /// In a `bay`: how long one may take up a part of the next one, too; 0: is not told. Default: as usual.
    #[serde(default)]
    pub straddling_s: Option<f64>,
    /// In a `bay` and an `aisle`: how long one may stand without moving; 0: is not told. In seconds, where a configuration
    /// says days: scenes are short. Default: 15 days.
    #[serde(default)]
    pub long_stay_s: Option<f64>,
    /// In a `bay` and an `aisle`: whether contacts are told. Default: true.
    #[serde(default)]
    pub contact: Option<bool>,
    /// In an `area`: somebody who has been there for so long intrudes. Default: as usual where neither `loitering_s` nor
    /// `crowd` is given, else not told.
    #[serde(default)]
    pub intrusion_s: Option<DwellLimit>,
    /// In an `area`: somebody who stays for so long loiters. Default: not told.
    #[serde(default)]
    pub loitering_s: Option<DwellLimit>,
    /// In an `area`: so many are a crowd, from 2. Default: not told.
    #[serde(default)]
    pub crowd: Option<u32>,
    /// How long a crowd must last. Default: as usual.
    #[serde(default)]
    pub crowd_s: Option<DwellLimit>,
}

/// A line on the ground whose crossings are told. Who crosses it from its left to its right, as seen by somebody who goes
/// from `from` to `to`, goes along its direction.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchedLineSpec {
    /// Name of the line in topics, events and the configuration.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// Where it begins.
    pub from: [f32; 2],
    /// Where it ends.
    pub to: [f32; 2],
    /// Whether to cross it against its direction is wrong: then that alone is told, else each crossing. Default: false.
    #[serde(default)]
    pub one_way: bool,
    /// Classes it cares about. Default: all.
    #[serde(default)]
    pub classes: Option<Vec<ObjectClass>>,
}

/// Bays that are counted together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupSpec {
    /// Name of the group in topics, events and the configuration.
    pub id: ZoneId,
    /// What people call it.
    pub name: String,
    /// Its bays. Default: all bays of the scene.
    #[serde(default)]
    pub bays: Option<Vec<ZoneId>>,
    /// So many taken bays are told as full, from 1. Default: all of them.
    #[serde(default)]
    pub full: Option<u32>,
    /// How long so many must be taken. Default: as usual.
    #[serde(default)]
    pub limit_s: Option<DwellLimit>,
}

impl ZoneSpec {
    /// What is told of it; refuses keys that are for zones of another type.
    pub(crate) fn rules(&self, key: &str) -> Result<Vec<ZoneRule>, SimError> {
        self.refuse_foreign_keys(key)?;
        let mut rules = Vec::new();
        for &kind in self.zone_type.kinds() {
            let usual = ZoneRule::usual(kind);
            let with = |limit: Option<DwellLimit>| limit.map(|limit| ZoneRule { limit, ..usual });
            rules.extend(match kind {
                EventKind::Overstay => with(self.limit_s),
                EventKind::Double => told(usual, self.double_s, &format!("{key}.double_s"))?,
                EventKind::Straddling => told(usual, self.straddling_s, &format!("{key}.straddling_s"))?,
                EventKind::LongStay => told(usual, self.long_stay_s, &format!("{key}.long_stay_s"))?,
                EventKind::ContactSuspected => self.contact.unwrap_or(true).then_some(usual),
                EventKind::Intrusion => {
                    let is_only = self.loitering_s.is_none() && self.crowd.is_none();
                    with(self.intrusion_s).or(is_only.then_some(usual))
                }
                EventKind::Loitering => with(self.loitering_s),
                EventKind::Crowd => self.crowd.map(|least| ZoneRule {
                    least,
                    limit: self.crowd_s.unwrap_or(usual.limit),
                    ..usual
                }),
                _ => Some(with(self.limit_s).unwrap_or(usual)),
            });
        }
        if let Some(crowd) = self.crowd {
            within(&format!("{key}.crowd"), crowd.into(), 2.0, 1000.0)?;
        }
        Ok(rules)
    }

    fn refuse_foreign_keys(&self, key: &str) -> Result<(), SimError> {
        use ZoneType::{Aisle, Area, Bay, Entrance, FireLane, NoParking};
        let keys: [(&str, bool, &[ZoneType]); 9] = [
            ("limit_s", self.limit_s.is_some(), &[NoParking, FireLane, Entrance, Bay, Aisle]),
            ("double_s", self.double_s.is_some(), &[Aisle]),
            ("straddling_s", self.straddling_s.is_some(), &[Bay]),
            ("long_stay_s", self.long_stay_s.is_some(), &[Bay, Aisle]),
            ("contact", self.contact.is_some(), &[Bay, Aisle]),
            ("intrusion_s", self.intrusion_s.is_some(), &[Area]),
            ("loitering_s", self.loitering_s.is_some(), &[Area]),
            ("crowd", self.crowd.is_some(), &[Area]),
            ("crowd_s", self.crowd_s.is_some(), &[Area]),
        ];
        let foreign =
            |(_, is_given, types): &&(&str, bool, &[ZoneType])| *is_given && !types.contains(&self.zone_type);
        let Some((name, ..)) = keys.iter().find(foreign) else { return Ok(()) };
        Err(SimError::scene(
            format!("{key}.{name}"),
            format!("is not for zones of type {}", self.zone_type.as_str()),
        ))
    }
}

/// A rule with the limit that is given; none where that is 0.
fn told(usual: ZoneRule, seconds: Option<f64>, key: &str) -> Result<Option<ZoneRule>, SimError> {
    let Some(seconds) = seconds else { return Ok(Some(usual)) };
    if seconds == 0.0 {
        return Ok(None);
    }
    let limit = DwellLimit::try_from(seconds).map_err(|error| SimError::scene(key, error.to_string()))?;
    Ok(Some(ZoneRule { limit, ..usual }))
}
