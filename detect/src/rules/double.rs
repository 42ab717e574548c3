//! `parking.double`: a vehicle stands in an aisle before a bay that is taken, so that whoever is in it cannot leave.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 60 s | 1 s – 30 days | loading a child takes less; who cannot leave waits no longer |
//! | depth of the strip before a bay | 0.6 of its length | fixed | half an aisle: beyond it there is room to drive around |
//! | share of the strip that it covers | 0.25 | fixed | less leaves room to get out; who has begun to block blocks down to half of it |
//!
//! Coverage of the aisle, clear time: as in `standing`.

use gridwatch_domain::{EventKind, Zone, ZoneRule};

use super::{
    Context,
    claim::{Claim, Subject, object},
    standing,
};
use crate::parked::Place;

/// How deep the strip is that must be free, in lengths of the bay.
const DEPTH: f64 = 0.6;
/// Share of it from which it is blocked, and down to which it remains so.
const BLOCKS: f64 = 0.25;
const STILL_BLOCKS: f64 = 0.12;

pub(super) fn claims<'a>(aisle: &'a Zone, rule: &'a ZoneRule, context: &Context<'_>) -> Vec<Claim<'a>> {
    let mut claims = standing::of_places(aisle, rule, context, |place| blocks_any(aisle, context, place));
    for claim in &mut claims {
        let Subject::Place(number) = claim.subject else { continue };
        let blocker = context.scene.places.iter().find(|place| place.number() == number);
        let shut_in = blocker.into_iter().flat_map(|blocker| shut_in(aisle, context, blocker));
        claim.objects.extend(shut_in.map(object));
    }
    claims
}

/// Whether it stands before a bay that is taken.
pub(super) fn blocks_any(aisle: &Zone, context: &Context<'_>, place: &Place) -> bool {
    let is_open = context.is_open(EventKind::Double, aisle, Subject::Place(place.number()));
    if is_open {
        // Whoever could not leave may have found a way, or be hidden: that the blocker stands there is what is told.
        return context
            .bays
            .all
            .iter()
            .any(|bay| bay.blocked_by(aisle, &place.stance(), DEPTH) >= STILL_BLOCKS);
    }
    shut_in(aisle, context, place).next().is_some()
}

/// Who stands in a bay that it blocks.
fn shut_in<'c>(
    aisle: &'c Zone,
    context: &'c Context<'_>,
    blocker: &'c Place,
) -> impl Iterator<Item = &'c Place> {
    let is_in_bay = context.bays.of_place(blocker).is_some();
    let blocked = context.bays.all.iter().filter(move |bay| {
        !is_in_bay && !bay.taken_by.is_empty() && bay.blocked_by(aisle, &blocker.stance(), DEPTH) >= BLOCKS
    });
    blocked.filter_map(|bay| context.bays.in_bay(&bay.zone.id, context.scene.places))
}

pub(super) fn tells(kind: EventKind) -> bool {
    kind == EventKind::Double
}
