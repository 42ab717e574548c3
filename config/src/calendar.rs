//! `[calendar]` and `[[schedule]]`: which days are what, and when rules are in force.

use std::{cell::RefCell, collections::BTreeSet};

use gridwatch_domain::{Calendar, Day, Schedule, WeeklySpan};
use serde::Deserialize;

use crate::Problems;

/// Where the file names no time zone.
const DEFAULT_TIME_ZONE: &str = "Asia/Shanghai";

/// The `[calendar]` table: by which days and hours schedules go.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarConfig {
    /// Time zone of the tz database. Default: `Asia/Shanghai`.
    pub time_zone: Option<String>,
    /// Days that count as a Sunday, such as `"2026-10-01"`.
    #[serde(default)]
    pub holidays: Vec<String>,
    /// Days that count as a Monday because they make up for a holiday (调休).
    #[serde(default)]
    pub workdays: Vec<String>,
}

impl CalendarConfig {
    /// The zone by name, whether it is known or not.
    pub(crate) fn time_zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or(DEFAULT_TIME_ZONE)
    }
}

/// One `[[schedule]]` table: times of the week under a name.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleConfig {
    /// By which zones, lines, groups and permits name it.
    pub name: String,
    /// Times of the week, such as `"mon-fri 07:00-19:00"`, `"sat,sun 00:00-24:00"` or `"daily 22:00-06:00"`, which ends on the next day.
    pub weekly: Vec<String>,
}

/// All schedules of a file, by name.
#[derive(Debug, Default)]
pub(crate) struct Schedules {
    calendar: Option<Calendar>,
    named: Vec<(String, Option<Schedule>)>,
    /// Numbers of those that something goes by.
    used: RefCell<BTreeSet<usize>>,
}

impl Schedules {
    pub(crate) fn check(calendar: CalendarConfig, all: Vec<ScheduleConfig>, problems: &mut Problems) -> Self {
        let mut schedules = Self {
            calendar: calendar.check(problems),
            named: Vec::with_capacity(all.len()),
            used: RefCell::default(),
        };
        for (index, schedule) in all.into_iter().enumerate() {
            let key = format!("schedule[{index}]");
            if schedules.named.iter().any(|(name, _)| *name == schedule.name) {
                problems.push(format!("{key}.name"), format!("{:?} is another schedule's", schedule.name));
            }
            let found = schedules.weekly(&schedule.weekly, &format!("{key}.weekly"), problems);
            schedules.named.push((schedule.name, found));
        }
        schedules
    }

    /// The schedule of that name, or of these times; `Ok(None)` where neither is given: always. `Err` where something is wrong and
    /// was told.
    pub(crate) fn find(
        &self,
        name: Option<&str>,
        weekly: Option<&[String]>,
        key: &str,
        problems: &mut Problems,
    ) -> Result<Option<Schedule>, ()> {
        let Some(name) = name else {
            let Some(weekly) = weekly else { return Ok(None) };
            return self.weekly(weekly, &format!("{key}.weekly"), problems).map(Some).ok_or(());
        };
        if weekly.is_some() {
            problems.push(format!("{key}.schedule"), "is given beside weekly; expected one of them");
            return Err(());
        }
        match self.named.iter().position(|(known, _)| known == name) {
            Some(index) => {
                self.used.borrow_mut().insert(index);
                self.named[index].1.clone().map(Some).ok_or(())
            }
            None => {
                let known: Vec<&str> = self.named.iter().map(|(known, _)| known.as_str()).collect();
                let known = if known.is_empty() { "there are none".into() } else { known.join(", ") };
                problems.push(
                    format!("{key}.schedule"),
                    format!("{name:?}: expected the name of a [[schedule]]: {known}"),
                );
                Err(())
            }
        }
    }

    /// Those that nothing has asked for: their numbers and names.
    pub(crate) fn unused(&self) -> Vec<(usize, String)> {
        let used = self.used.borrow();
        let all = self.named.iter().map(|(name, _)| name.clone()).enumerate();
        all.filter(|(index, _)| !used.contains(index)).collect()
    }

    fn weekly(&self, spans: &[String], key: &str, problems: &mut Problems) -> Option<Schedule> {
        if spans.is_empty() {
            problems.push(key, "empty, so it would never be in force");
            return None;
        }
        let mut all: Vec<WeeklySpan> = Vec::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            all.extend(problems.keep(format!("{key}[{index}]"), span.parse::<WeeklySpan>()));
        }
        if all.len() < spans.len() {
            return None;
        }
        Some(Schedule::new(self.calendar.clone()?, all))
    }
}

impl CalendarConfig {
    fn check(self, problems: &mut Problems) -> Option<Calendar> {
        let mut days = |key: &str, texts: Vec<String>| {
            let mut found: Vec<Day> = Vec::with_capacity(texts.len());
            for (index, text) in texts.iter().enumerate() {
                found.extend(problems.keep(format!("calendar.{key}[{index}]"), text.parse::<Day>()));
            }
            found
        };
        let (holidays, workdays) = (days("holidays", self.holidays), days("workdays", self.workdays));
        let zone = self.time_zone.as_deref().unwrap_or(DEFAULT_TIME_ZONE);
        problems.keep("calendar.time_zone", Calendar::new(zone, holidays, workdays))
    }
}
