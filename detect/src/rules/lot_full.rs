//! `parking.lot_full`: so many bays of a group are taken, for a while.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | full | all bays of the group | 1 – their number | a lot may be called full before its last bay is taken |
//! | limit | 60 s | 1 s – 30 days | one drives out as another comes in |
//! | bridges | 60 s | fixed | the same: a bay that is free for less is not told |

use std::time::Duration;

use gridwatch_domain::{BayGroup, Timestamp};

use super::{
    Context,
    claim::{Claim, Detail, Subject, Watched},
    lasting::AllLasting,
};
use crate::parked::Place;

/// It is full no more after fewer bays were taken for this long.
const BRIDGES: Duration = Duration::from_secs(60);

pub(super) fn claim<'a>(
    group: &'a BayGroup,
    context: &Context<'_>,
    lasting: &mut AllLasting,
) -> Option<Claim<'a>> {
    let standing = group.bays.iter().filter_map(|id| context.bays.in_bay(id, context.scene.places));
    let standing: Vec<&Place> = standing.collect();
    let mut came: Vec<Timestamp> = standing.iter().map(|place| place.first_seen()).collect();
    let mut seen: Vec<Timestamp> = standing.iter().map(|place| place.last_seen()).collect();
    came.sort_unstable();
    seen.sort_unstable_by(|a, b| b.cmp(a));
    let (taken, at) = (u32::try_from(came.len()).unwrap_or(u32::MAX), context.scene.at);
    // Full since the last of those came that it takes, and until as many were seen last.
    let last_of_it = group.rule.least.saturating_sub(1) as usize;
    let holds = came.get(last_of_it).copied().zip(seen.get(last_of_it).copied());
    let (found, now) = lasting.take((group.rule.kind, &group.id), holds, context.scene.watched, BRIDGES)?;
    let in_force = match &group.schedule {
        Some(schedule) => schedule.in_force_since(at)?,
        None => Timestamp::MIN,
    };
    Some(Claim {
        watched: Watched::group(group),
        subject: Subject::Whole,
        since: found.since.max(in_force),
        last_seen: found.last_seen,
        now,
        is_credible: true,
        objects: context.bays.objects(&group.bays, context.scene.places),
        detail: Detail { count: Some(taken), ..Detail::default() },
    })
}
