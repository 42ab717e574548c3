//! `parking.overstay`: a vehicle stands in a bay for longer than one may.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | none: one may stay | 1 s – 30 days | visitors' bays, loading bays, charging bays |

use gridwatch_domain::{Zone, ZoneRule};

use super::{
    Context,
    claim::{Claim, Subject, Watched},
    standing,
};
use crate::{footprint::Stance, parked::Place};

pub(super) fn claims<'a>(zone: &'a Zone, rule: &'a ZoneRule, context: &Context<'_>) -> Vec<Claim<'a>> {
    in_bay(zone, rule, context).collect()
}

/// What stands in the bay, or did when its event was open.
pub(super) fn in_bay<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
) -> impl Iterator<Item = Claim<'a>> {
    let claim = |place: &Place| {
        let subject = Subject::Place(place.number());
        if context.is_open(rule.kind, zone, subject) {
            let is_near = context.bays.bay(&zone.id).is_some_and(|bay| bay.stays(&place.stance()));
            let inside = |stance: &Stance| context.bays.bay(&zone.id).is_some_and(|bay| bay.stays(stance));
            return standing::going_on(zone, rule, context, place, is_near, inside);
        }
        let is_in = context.bays.bay(&zone.id).is_some_and(|bay| bay.taken_by.contains(&place.number()));
        let since = is_in.then(|| standing::since(zone, context, place)).flatten()?;
        Some(Claim::of_place(Watched::zone(zone, rule), place, since))
    };
    let known: Vec<Claim<'a>> = context.scene.places.iter().filter_map(claim).collect();
    known.into_iter().chain(standing::ended(zone, rule, context))
}
