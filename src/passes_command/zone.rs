//! Times as the people of the place read them.

use gridwatch_domain::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// What says which zone this machine is in.
const SYSTEM: &str = "/etc/localtime";

/// A time zone, and what it is called.
pub(super) struct LocalTime {
    zone: TimeZone,
    name: String,
}

impl LocalTime {
    /// Of the tz database; UTC where it is not in it.
    pub(super) fn named(name: &str) -> Self {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) => Self { zone, name: name.to_owned() },
            Err(_) => Self::utc(),
        }
    }

    /// Of this machine: what the variable TZ names, else its own.
    pub(super) fn of_system() -> Self {
        if let Ok(name) = std::env::var("TZ") {
            return Self::named(name.trim_start_matches(':'));
        }
        let of_file = || {
            let zone = TimeZone::tzif("", &std::fs::read(SYSTEM).ok()?).ok()?;
            let link = std::fs::read_link(SYSTEM).unwrap_or_default();
            let name = link.to_string_lossy();
            let name = name.split_once("zoneinfo/").map_or("local time", |(_, name)| name);
            Some(Self { zone, name: name.to_owned() })
        };
        of_file().unwrap_or_else(Self::utc)
    }

    fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: "UTC".to_owned() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// `2026-11-23 22:04:05`
    pub(super) fn of(&self, time: Timestamp) -> String {
        let local = self.zone.to_datetime(jiff::Timestamp::from(time));
        local.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}
