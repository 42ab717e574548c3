//! `parking.out_of_bay`: a vehicle stands in an aisle, in no bay, blocking none, for longer than the aisle's limit.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 180 s | 1 s – 30 days | waiting for a bay, letting somebody out |
//!
//! Coverage, clear time: as in `standing`.

use gridwatch_domain::{Zone, ZoneRule};

use super::{Context, claim::Claim, double, standing};

pub(super) fn claims<'a>(aisle: &'a Zone, rule: &'a ZoneRule, context: &Context<'_>) -> Vec<Claim<'a>> {
    standing::of_places(aisle, rule, context, |place| {
        let is_told_otherwise = aisle.rules.iter().any(|rule| double::tells(rule.kind))
            && double::blocks_any(aisle, context, place);
        context.bays.of_place(place).is_none() && !is_told_otherwise
    })
}
