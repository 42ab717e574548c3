//! `area.intrusion`: somebody is in an area. One event from the first who comes to the last who is gone.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 2 s | 1 s – 30 days | two key pictures: what is seen in one alone may be none |
//! | clear | 10 s | 1 s – 1 h | a network misses people who stand for seconds on end |

use std::time::Duration;

use gridwatch_domain::{EventObject, Timestamp, Zone, ZoneRule};

use super::{
    Context, Walker,
    claim::{Claim, Detail, Now, Subject, Watched},
    lasting::AllLasting,
};

/// How often somebody must have been seen to be believed in.
const SIGHTINGS: u32 = 2;
/// Whoever is hardly detected any more is believed in for so many times as long as they were detected well, within these bounds: somebody half
/// hidden is still there, and what is taken for somebody with difficulty, again and again, is a scooter or a bush.
const AS_LONG_AGAIN: u32 = 2;
const HARDLY: std::ops::RangeInclusive<Duration> = Duration::from_secs(3)..=Duration::from_secs(60);

pub(super) fn claim<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
    lasting: &mut AllLasting,
) -> Option<Claim<'a>> {
    let there = inside(zone, context);
    of_many(zone, rule, context, lasting, &there, 1)
}

/// That at least so many are there.
pub(super) fn of_many<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
    lasting: &mut AllLasting,
    there: &[&Walker],
    least: u32,
) -> Option<Claim<'a>> {
    let count = u32::try_from(there.len()).unwrap_or(u32::MAX);
    let at = context.scene.at;
    let mut came: Vec<Timestamp> = there.iter().map(|walker| walker.came(zone, at)).collect();
    came.sort_unstable();
    let since = came.get(least.saturating_sub(1) as usize).copied();
    let holds = since.map(|since| (since, at));
    let (found, now) = lasting.take((rule.kind, &zone.id), holds, context.scene.watched, zone.clear)?;
    let in_force = in_force_since(zone, there, at);
    // Out of its schedule nothing is claimed; while nobody is seen it is as it was.
    let in_force = if there.is_empty() { Some(Timestamp::MIN) } else { in_force }?;
    Some(Claim {
        watched: Watched::zone(zone, rule),
        subject: Subject::Whole,
        since: found.since.max(in_force),
        last_seen: found.last_seen,
        now,
        is_credible: now == Now::Seen,
        objects: if count >= least { objects(there) } else { Vec::new() },
        detail: Detail { count: (least > 1).then_some(count), ..Detail::default() },
    })
}

/// Those whom an area cares about that are in it now, and are believed in.
pub(super) fn inside<'s>(zone: &Zone, context: &Context<'s>) -> Vec<&'s Walker> {
    let is_there = |walker: &&Walker| {
        walker.sightings >= SIGHTINGS
            && context.scene.at.saturating_since(walker.strong_at)
                <= (walker.strong_for * AS_LONG_AGAIN).clamp(*HARDLY.start(), *HARDLY.end())
            && zone.classes.contains(&walker.class)
            && walker.stands_in(zone)
            && zone.in_force_since(walker.class, context.scene.at).is_some()
    };
    context.scene.walkers.iter().filter(is_there).collect()
}

fn in_force_since(zone: &Zone, there: &[&Walker], at: Timestamp) -> Option<Timestamp> {
    there.iter().filter_map(|walker| zone.in_force_since(walker.class, at)).min()
}

/// As events name them.
pub(super) fn objects(there: &[&Walker]) -> Vec<EventObject> {
    there.iter().map(|walker| walker.object()).collect()
}
