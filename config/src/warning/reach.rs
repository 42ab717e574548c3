//! Rules that never come to tell anything: of zones that let everybody be, with limits longer than they are in force, and of movement that is looked at
//! too seldom.

use std::time::Duration;

use gridwatch_domain::{BayGroup, EventKind, Line, ObjectClass, Timestamp, Zone, ZoneId, ZoneRule};

use super::OfCamera;

/// A Monday far from all holidays that anybody writes down.
const SOME_MONDAY_MS: i64 = 978_307_200_000;
/// From there on a week, and a time that began in it.
const DAYS: u64 = 9;
const DAY: Duration = Duration::from_secs(86_400);
/// Changes within that time at most.
const MOST_CHANGES: usize = 1000;

pub(super) fn of_zone(of: &mut OfCamera<'_>, key: &str, zone: &Zone) {
    look_often(of, key, &zone.id, zone.watch_fps);
    let longest = zone.classes.iter().map(|class| longest_in_force(zone, *class)).max().unwrap_or_default();
    if longest.is_zero() {
        let message = format!(
            "the permits of {} let everybody be whenever it is in force, so that nothing is ever told of it; give a permit fewer classes, or times of its own",
            zone.id
        );
        of.warn(format!("{key}.permit"), message, &[&zone.id]);
        return;
    }
    // Days without moving are counted over nights by nobody's schedule but the default.
    let rules = zone.rules.iter().filter(|rule| rule.kind != EventKind::LongStay);
    for rule in rules {
        longer_than_in_force(of, key, &zone.id, rule, longest);
    }
}

pub(super) fn of_group(of: &mut OfCamera<'_>, key: &str, group: &BayGroup) {
    let Some(schedule) = &group.schedule else { return };
    let longest = longest_stretch(|at| schedule.changes_after(at), |at| schedule.in_force_since(at));
    longer_than_in_force(of, key, &group.id, &group.rule, longest);
}

fn longer_than_in_force(of: &mut OfCamera<'_>, key: &str, id: &ZoneId, rule: &ZoneRule, longest: Duration) {
    if rule.limit.get() <= longest {
        return;
    }
    let message = format!(
        "{id} is in force for {} at a time, and {} takes {}; make its limit shorter, or its schedule longer",
        told(longest),
        rule.kind,
        told(rule.limit.get())
    );
    of.warn(key.to_owned(), message, &[id]);
}

pub(super) fn of_line(of: &mut OfCamera<'_>, key: &str, line: &Line) {
    look_often(of, key, &line.id, line.watch_fps);
}

fn look_often(of: &mut OfCamera<'_>, key: &str, id: &ZoneId, watch_fps: u8) {
    let sample_fps = of.camera.sample_fps;
    if watch_fps > sample_fps {
        let message = format!(
            "{watch_fps} for {id}, and no more than the camera's sample_fps, {sample_fps}, are analysed; write sample_fps = {watch_fps} at the camera, or less here"
        );
        of.warn(format!("{key}.watch_fps"), message, &[id]);
    }
}

/// For how long at a time a zone is in force for a class, in an ordinary week.
fn longest_in_force(zone: &Zone, class: ObjectClass) -> Duration {
    longest_stretch(|at| zone.changes_after(at), |at| zone.in_force_since(class, at))
}

/// For how long at a time something is in force, in an ordinary week, of which it is told when that next changes, and since when it is so.
fn longest_stretch(
    changes_after: impl Fn(Timestamp) -> Option<Timestamp>,
    in_force_since: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Duration {
    let Ok(begin) = Timestamp::from_millisecond(SOME_MONDAY_MS) else { return Duration::MAX };
    let end = begin.saturating_add(DAY * DAYS as u32);
    let Some(first) = changes_after(begin) else {
        return in_force_since(begin).map_or(Duration::ZERO, |_| Duration::MAX);
    };
    let changes = std::iter::successors(Some(first), |at| changes_after(*at));
    let changes = changes.take_while(|at| *at <= end).take(MOST_CHANGES);
    let stretch = |at: Timestamp| {
        let since = in_force_since(at.saturating_sub(Duration::from_millis(1)))?;
        Some(at.saturating_since(since))
    };
    changes.filter_map(stretch).max().unwrap_or_default()
}

/// `3 h`, `10 min`, `90 s`.
fn told(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        86_400.. if seconds.is_multiple_of(86_400) => format!("{} days", seconds / 86_400),
        3600.. if seconds.is_multiple_of(3600) => format!("{} h", seconds / 3600),
        120.. if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}
