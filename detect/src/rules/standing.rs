//! `parking.no_parking`, `parking.fire_lane`, `parking.entrance_blocked`: a vehicle stands where none may, for longer than the zone's limit.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 180 s, in a fire lane and an entrance 60 s | 1 s – 30 days | somebody gets out, or a parcel is handed over |
//! | coverage | 0.5 | not configurable | share of the ground contact that lies in the zone: more in than out |
//! | stays in | half of the coverage | fixed | a box that breathes opens nothing twice |
//! | clear | 10 s | 1 s – 1 h | nobody passes in front of an empty place for so long |

use gridwatch_domain::{EventKind, Timestamp, Zone, ZoneRule};

use super::{
    Context,
    claim::{Claim, Now, Subject, Watched},
};
use crate::{footprint::Stance, parked::Place};

/// Of the coverage that lets a vehicle into a zone, this share keeps it in.
const STAYS_IN: f32 = 0.5;

/// What stands in the zone, or did when its event was open.
pub(super) fn claims<'a>(zone: &'a Zone, rule: &'a ZoneRule, context: &Context<'_>) -> Vec<Claim<'a>> {
    of_places(zone, rule, context, |_| true)
}

/// Of places in a zone of which `holds` is true, or was when their event opened.
pub(super) fn of_places<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
    holds: impl Fn(&Place) -> bool,
) -> Vec<Claim<'a>> {
    let coverage = context.settings.coverage;
    let known = context.scene.places.iter().filter_map(|place| {
        let subject = Subject::Place(place.number());
        if context.is_open(rule.kind, zone, subject) {
            let inside = |stance: &Stance| covers(zone, stance, coverage * STAYS_IN);
            return going_on(zone, rule, context, place, inside(&place.stance()) && holds(place), inside);
        }
        let enters = place.is_standing()
            && !place.is_cleared(zone.clear)
            && is_watched(zone, place)
            && covers(zone, &place.stance(), coverage)
            && holds(place);
        let since = enters.then(|| since(zone, context, place)).flatten()?;
        Some(Claim::of_place(Watched::zone(zone, rule), place, since))
    });
    known.chain(ended(zone, rule, context)).collect()
}

/// An open event of a place that is there: whether it goes on, and until when it did. `inside`: whether something at a box is where the event is.
pub(super) fn going_on<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
    place: &Place,
    holds: bool,
    inside: impl Fn(&Stance) -> bool,
) -> Option<Claim<'a>> {
    // Out of its schedule nothing is claimed.
    let claim = Claim::of_place(Watched::zone(zone, rule), place, since(zone, context, place)?);
    if place.is_standing() && !holds {
        // It still stands somewhere, or is on its way.
        let last_seen = place.rested_until(|bbox| inside(&context.surveyor.stance(place.kind(), bbox)));
        return Some(Claim { now: Now::Over, last_seen, ..claim });
    }
    Some(if place.is_cleared(zone.clear) { Claim { now: Now::Over, ..claim } } else { claim })
}

/// Open events of places that the memory has given up.
pub(super) fn ended<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
) -> impl Iterator<Item = Claim<'a>> {
    let open = context.scene.ended.iter().filter(|place| {
        let subject = Subject::Place(place.number());
        context.is_open(rule.kind, zone, subject)
    });
    let over = |place: &Place| Claim {
        now: Now::Over,
        ..Claim::of_place(Watched::zone(zone, rule), place, place.first_seen())
    };
    open.map(over).collect::<Vec<_>>().into_iter()
}

/// Since when it stands there while the zone's rules are in force for it.
pub(super) fn since(zone: &Zone, context: &Context<'_>, place: &Place) -> Option<Timestamp> {
    let in_force = zone.in_force_since(place.class(), context.scene.at)?;
    Some(place.first_seen().max(in_force))
}

/// Whether it may be of a class that the zone cares about.
pub(super) fn is_watched(zone: &Zone, place: &Place) -> bool {
    zone.classes.iter().any(|&class| place.may_be(class))
}

/// Whether so much of the ground contact lies in the zone.
pub(super) fn covers(zone: &Zone, stance: &Stance, coverage: f32) -> bool {
    stance.coverage(&zone.polygon) >= coverage
}

/// Whether rules of this file tell that kind.
pub(super) fn tells(kind: EventKind) -> bool {
    matches!(kind, EventKind::NoParking | EventKind::FireLane | EventKind::EntranceBlocked)
}
