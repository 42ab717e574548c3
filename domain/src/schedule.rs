//! Weekly schedules: when a zone's rule is in force, in local time, with holidays and the workdays that make up for them.

use std::{fmt, str::FromStr};

use jiff::{
    civil::{Date, Time, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::{DomainError, Timestamp};

/// How far back it is looked for the beginning of a time in force: longer than any limit (30 days).
const FARTHEST_BACK_DAYS: u32 = 62;
const MINUTES_OF_DAY: u16 = 24 * 60;
const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A day of the calendar, written `2026-10-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Date);

impl FromStr for Day {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        text.parse().map(Self).map_err(|_| DomainError::Day(text.to_owned()))
    }
}

/// Which days are not what their weekday says, and in which time zone a day begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Calendar {
    zone: TimeZone,
    holidays: Vec<Day>,
    workdays: Vec<Day>,
}

impl Calendar {
    /// Days of a time zone of the tz database, such as `Asia/Shanghai`. A holiday counts as a Sunday, a workday that makes up for
    /// one (调休) as a Monday; a day that is both is a workday.
    ///
    /// # Errors
    /// [`DomainError::TimeZone`].
    pub fn new(zone: &str, holidays: Vec<Day>, workdays: Vec<Day>) -> Result<Self, DomainError> {
        // The database that is compiled in: the same on every machine.
        let found = TimeZoneDatabase::bundled().get(zone);
        let zone = found.map_err(|_| DomainError::TimeZone(zone.to_owned()))?;
        Ok(Self { zone, holidays, workdays })
    }

    /// Days of UTC, without holidays.
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, holidays: Vec::new(), workdays: Vec::new() }
    }

    fn weekday(&self, date: Date) -> Weekday {
        if self.workdays.contains(&Day(date)) {
            Weekday::Monday
        } else if self.holidays.contains(&Day(date)) {
            Weekday::Sunday
        } else {
            date.weekday()
        }
    }

    fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at.into()).date()
    }

    /// So many minutes after midnight as clocks show them. A time that clocks leave out, when they are put forward, is the one that
    /// they show instead; one that they show twice is the first.
    fn at(&self, date: Date, minute: u16) -> Option<Timestamp> {
        let (date, minute) = match minute.checked_sub(MINUTES_OF_DAY) {
            None => (date, minute),
            Some(of_next) => (date.tomorrow().ok()?, of_next),
        };
        let part = |value: u16| i8::try_from(value).ok();
        let time = Time::new(part(minute / 60)?, part(minute % 60)?, 0, 0).ok()?;
        let zoned = self.zone.to_zoned_datetime(date.to_datetime(time)).ok()?;
        Some(zoned.timestamp().into())
    }
}

/// A time of some days of the week: `mon-fri 07:00-19:00`, `sat,sun 00:00-24:00`, `daily 22:00-06:00`. One that ends before it begins
/// ends on the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklySpan {
    days: Vec<Weekday>,
    /// Minutes after midnight of its day; the end may lie on the next one.
    from: u16,
    until: u16,
}

impl FromStr for WeeklySpan {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        parse_span(text).ok_or_else(|| DomainError::WeeklySpan(text.to_owned()))
    }
}

fn parse_span(text: &str) -> Option<WeeklySpan> {
    let (days, times) = text.trim().split_once(char::is_whitespace)?;
    let (from, until) = times.trim().split_once('-')?;
    let (from, mut until) = (minute(from)?, minute(until)?);
    if from == until || from == MINUTES_OF_DAY {
        return None;
    }
    if until < from {
        until += MINUTES_OF_DAY;
    }
    Some(WeeklySpan { days: parse_days(days)?, from, until })
}

fn parse_days(text: &str) -> Option<Vec<Weekday>> {
    if text.eq_ignore_ascii_case("daily") {
        return Some(WEEK.map(|(_, day)| day).to_vec());
    }
    let place = |name: &str| WEEK.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (place(first)?, place(last)?);
        // From Saturday to Monday goes over the end of the week.
        let count = (last + WEEK.len() - first) % WEEK.len() + 1;
        days.extend((0..count).map(|step| WEEK[(first + step) % WEEK.len()].1));
    }
    Some(days)
}

/// `07:30` as minutes; `24:00` is the end of the day.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MINUTES_OF_DAY).then_some(minute)
}

impl fmt::Display for WeeklySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.days.iter().filter_map(|day| WEEK.iter().find(|(_, known)| known == day));
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let until = if self.until > MINUTES_OF_DAY { self.until - MINUTES_OF_DAY } else { self.until };
        write!(f, "{} {}-{}", names.join(","), time(self.from), time(until))
    }
}

/// When something is in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    calendar: Calendar,
    spans: Vec<WeeklySpan>,
}

impl Schedule {
    /// In force in any of these times.
    pub fn new(calendar: Calendar, spans: Vec<WeeklySpan>) -> Self {
        Self { calendar, spans }
    }

    /// Since when it has been in force without a break; `None` where it is not in force. No farther back than 62 days.
    pub fn in_force_since(&self, at: Timestamp) -> Option<Timestamp> {
        let today = self.calendar.date(at);
        let mut since = None;
        let mut reached = at;
        let mut day = today;
        // A time of yesterday may reach into today; and each that is found may go on from one before it.
        for back in 0..=FARTHEST_BACK_DAYS {
            let mut spans = self.of_day(day);
            spans.sort_by_key(|(from, _)| std::cmp::Reverse(*from));
            for (from, until) in spans {
                let covers = from <= reached && (until > reached || (since.is_some() && until == reached));
                if covers {
                    since = Some(from);
                    reached = from;
                }
            }
            let is_left = since.is_none() && back > 0;
            let midnight = self.calendar.at(day, 0);
            let has_broken =
                since.is_some() && back > 0 && midnight.is_some_and(|midnight| reached > midnight);
            if is_left || has_broken {
                break;
            }
            day = day.yesterday().ok()?;
        }
        since
    }

    /// Whether it is in force.
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.in_force_since(at).is_some()
    }

    /// When it ended last, at or before `at`; none where it is in force then, or has not been for 62 days.
    pub fn ended_before(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_in_force(at) {
            return None;
        }
        let mut day = self.calendar.date(at);
        for _ in 0..=FARTHEST_BACK_DAYS {
            let ended =
                self.of_day(day).into_iter().map(|(_, until)| until).filter(|until| *until <= at).max();
            // One of yesterday may have gone on until today, and ended after the last of today.
            let before = day.yesterday().ok()?;
            let of_before =
                self.of_day(before).into_iter().map(|(_, until)| until).filter(|until| *until <= at);
            if let Some(ended) = ended.into_iter().chain(of_before).max() {
                return Some(ended);
            }
            day = before;
        }
        None
    }

    /// When it ends that is in force at `at`, or begins that is not; `None` where nothing changes within a week and a day.
    pub fn changes_after(&self, at: Timestamp) -> Option<Timestamp> {
        let now = self.is_in_force(at);
        let mut day = self.calendar.date(at).yesterday().ok()?;
        let mut edges = Vec::new();
        for _ in 0..=9 {
            edges.extend(self.of_day(day).into_iter().flat_map(|(from, until)| [from, until]));
            day = day.tomorrow().ok()?;
        }
        edges.retain(|edge| *edge > at);
        edges.sort_unstable();
        edges.into_iter().find(|edge| self.is_in_force(*edge) != now)
    }

    /// The times that begin on a day.
    fn of_day(&self, date: Date) -> Vec<(Timestamp, Timestamp)> {
        let weekday = self.calendar.weekday(date);
        let spans = self.spans.iter().filter(|span| span.days.contains(&weekday));
        spans
            .filter_map(|span| {
                Some((self.calendar.at(date, span.from)?, self.calendar.at(date, span.until)?))
            })
            .filter(|(from, until)| from < until)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(spans: &[&str]) -> Schedule {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let calendar = Calendar::new("Asia/Shanghai", vec![day("2026-10-01")], vec![day("2026-10-10")]);
        let spans = spans.iter().map(|span| span.parse().expect("a time of the week")).collect();
        Schedule::new(calendar.expect("a known zone"), spans)
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().expect("a time")
    }

    #[track_caller]
    fn check(schedule: &Schedule, when: &str, since: Option<&str>) {
        assert_eq!(schedule.in_force_since(at(when)), since.map(at), "{when}");
    }

    #[test]
    fn it_is_in_force_from_its_begin_to_before_its_end_in_local_time() {
        let work = schedule(&["mon-fri 07:00-19:00"]);
        check(&work, "2026-11-26T06:59:59", None);
        check(&work, "2026-11-26T07:00:00", Some("2026-11-26T07:00:00"));
        check(&work, "2026-11-26T18:59:59", Some("2026-11-26T07:00:00"));
        check(&work, "2026-11-26T19:00:00", None);
        check(&work, "2026-11-28T12:00:00", None);
    }

    #[test]
    fn what_ends_before_it_begins_goes_over_midnight_and_belongs_to_its_first_day() {
        let night = schedule(&["fri 22:00-06:00"]);
        check(&night, "2026-11-27T23:00:00", Some("2026-11-27T22:00:00"));
        check(&night, "2026-11-28T05:59:00", Some("2026-11-27T22:00:00"));
        check(&night, "2026-11-28T06:00:00", None);
        check(&night, "2026-11-27T05:00:00", None);
    }

    #[test]
    fn times_that_meet_are_one() {
        let all = schedule(&["daily 00:00-12:00", "daily 12:00-24:00"]);
        let since = all.in_force_since(at("2026-11-26T12:00:00")).expect("always");
        assert!(at("2026-11-26T12:00:00").saturating_since(since).as_secs() > 60 * 86_400, "{since}");
        assert_eq!(all.changes_after(at("2026-11-26T12:00:00")), None);
        let weekend = schedule(&["sat-sun 00:00-24:00", "fri 18:00-24:00"]);
        check(&weekend, "2026-11-29T23:59:00", Some("2026-11-27T18:00:00"));
        check(&weekend, "2026-11-30T00:00:00", None);
    }

    #[test]
    fn holidays_are_sundays_and_days_that_make_up_for_them_are_mondays() {
        let work = schedule(&["mon-fri 07:00-19:00"]);
        check(&work, "2026-10-01T12:00:00", None);
        check(&work, "2026-10-10T12:00:00", Some("2026-10-10T07:00:00"));
        check(&schedule(&["sun 08:00-20:00"]), "2026-10-01T12:00:00", Some("2026-10-01T08:00:00"));
    }

    #[test]
    fn when_it_ended_last_is_known() {
        let nights = schedule(&["mon,tue 22:00-06:00", "tue 01:00-02:00"]);
        let check = |when: &str, ended: Option<&str>| {
            assert_eq!(nights.ended_before(at(when)), ended.map(at), "{when}")
        };
        check("2026-11-24T12:00:00", Some("2026-11-24T06:00:00"));
        check("2026-11-24T23:00:00", None);
        check("2026-11-29T12:00:00", Some("2026-11-25T06:00:00"));
        assert_eq!(schedule(&[]).ended_before(at("2026-11-24T12:00:00")), None);
    }

    #[test]
    fn the_next_change_is_known() {
        let work = schedule(&["mon-fri 07:00-19:00"]);
        assert_eq!(work.changes_after(at("2026-11-26T08:00:00")), Some(at("2026-11-26T19:00:00")));
        assert_eq!(work.changes_after(at("2026-11-27T19:00:00")), Some(at("2026-11-30T07:00:00")));
        assert_eq!(schedule(&[]).changes_after(at("2026-11-26T08:00:00")), None);
    }

    #[test]
    fn clocks_that_are_put_forward_or_back_change_the_length_of_a_night() {
        let calendar = Calendar::new("Europe/Berlin", Vec::new(), Vec::new()).expect("a known zone");
        let night = Schedule::new(calendar, vec!["daily 22:00-06:00".parse().expect("valid")]);
        let utc = |text: &str| text.parse::<Timestamp>().expect("a time");
        // The night to 29 March 2026 has seven hours, that to 25 October nine.
        for (before, until) in [
            ("2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"),
            ("2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"),
        ] {
            assert_eq!(night.changes_after(utc(before)), Some(utc(until)));
            assert_eq!(night.in_force_since(utc(before)), Some(utc(before)));
        }
    }

    #[test]
    fn what_is_no_time_of_a_week_is_refused() {
        for bad in [
            "",
            "mon",
            "mon 7:00-19:00",
            "mon 07:00",
            "noday 07:00-19:00",
            "mon 07:00-07:00",
            "mon 24:00-06:00",
            "mon 07:60-19:00",
            "mon 07:00-24:01",
        ] {
            assert!(bad.parse::<WeeklySpan>().is_err(), "{bad:?}");
        }
        let span: WeeklySpan = "Sat-mon 22:00-06:00".parse().expect("valid");
        assert_eq!(span.to_string(), "sat,sun,mon 22:00-06:00");
        assert!(Calendar::new("Asia/Kaiyang", Vec::new(), Vec::new()).is_err());
    }
}
