//! `parking.straddling`: one vehicle covers parts of two bays.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | limit | 60 s | 1 s – 30 days | parking in two moves takes less |
//! | how far towards the neighbour | 0.3 – 0.7 of the way from middle to middle | fixed | 0.3 of a bay of 2.5 m is 0.75 m: a car of 1.8 m is 0.4 m over the line; footprints are off by less than 0.1 by day, and by up to half a metre far off in the dark and in snow |
//! | doubtful | 10 % of the ground it covers is covered by another one | fixed | two do not stand in one place: its footprint is off |
//! | once told | 0.22 – 0.78 | fixed | a footprint that breathes opens nothing twice |
//!
//! It counts from when it was first seen to be so, not from when the vehicle came: who hides a half of one that has stood there for hours moves it
//! nowhere. Told in the bay that it is nearer to, and as long as it stands there.

use std::{collections::BTreeMap, time::Duration};

use gridwatch_domain::{EventKind, Timestamp, Zone, ZoneRule};
use serde::{Deserialize, Serialize};

use super::{
    Context,
    bays::BETWEEN,
    claim::{Claim, Subject, Watched},
    standing,
};
use crate::{
    footprint::{area, clipped},
    parked::Place,
};

const STILL_BETWEEN: std::ops::RangeInclusive<f64> = 0.22..=0.78;
/// Where so much of the ground that it covers is another's, in shares of it, it does not stand as it seems to.
const TAKEN: f64 = 0.1;

/// Since when each place has been seen to straddle, if it is, by its number.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Straddlers {
    since: BTreeMap<u64, Option<Timestamp>>,
}

impl Straddlers {
    /// Forgets those that are gone.
    pub(super) fn keep(&mut self, places: &[Place]) {
        self.since.retain(|number, _| places.iter().any(|place| place.number() == *number));
    }

    pub(super) fn rewind(&mut self, by: Duration) {
        self.since.values_mut().flatten().for_each(|since| *since = since.saturating_sub(by));
    }

    /// Takes in whether a place straddles; gives since when it has.
    fn take(&mut self, place: &Place, straddles: bool, at: Timestamp) -> Option<Timestamp> {
        let since = match self.since.get(&place.number()) {
            _ if !straddles => None,
            // Looked at for the first time: so it has stood since it came.
            None => Some(place.first_seen()),
            Some(known) => known.or(Some(at)),
        };
        self.since.insert(place.number(), since);
        since
    }
}

pub(super) fn claims<'a>(
    zone: &'a Zone,
    rule: &'a ZoneRule,
    context: &Context<'_>,
    straddlers: &mut Straddlers,
) -> Vec<Claim<'a>> {
    let known = context.scene.places.iter().filter_map(|place| {
        if context.is_open(rule.kind, zone, Subject::Place(place.number())) {
            let straddles = straddles(zone, context, place, &STILL_BETWEEN);
            return standing::going_on(zone, rule, context, place, straddles, |_| true);
        }
        let is_nearest = context.bays.of_place(place).is_some_and(|bay| bay.zone.id == zone.id);
        let is_news = is_nearest && place.is_standing() && !is_told_elsewhere(context, place);
        if !is_news {
            return None;
        }
        let straddles = straddles(zone, context, place, &BETWEEN) && !is_doubtful(context, place);
        let straddled = straddlers.take(place, straddles, context.scene.at)?;
        let since = standing::since(zone, context, place)?.max(straddled);
        Some(Claim::of_place(Watched::zone(zone, rule), place, since))
    });
    known.chain(standing::ended(zone, rule, context)).collect()
}

fn is_told_elsewhere(context: &Context<'_>, place: &Place) -> bool {
    let subject = Subject::Place(place.number());
    context.bays.all.iter().any(|bay| context.is_open(EventKind::Straddling, bay.zone, subject))
}

/// Whether it seems to stand where another one stands. Boxes of vehicles in a row, seen from the side, are a little too low in
/// the dark and in snow, and all the more metres the farther away they are.
fn is_doubtful(context: &Context<'_>, place: &Place) -> bool {
    let Some(own) = place.stance().footprint else { return false };
    let others = context
        .scene
        .places
        .iter()
        .filter(|other| other.number() != place.number() && other.is_standing() && other.is_credible());
    others
        .filter_map(|other| other.stance().footprint)
        .any(|other| area(&clipped(&own.metres, &other.metres)) >= TAKEN * area(&own.metres))
}

fn straddles(
    zone: &Zone,
    context: &Context<'_>,
    place: &Place,
    between: &std::ops::RangeInclusive<f64>,
) -> bool {
    let Some(bay) = context.bays.bay(&zone.id) else { return false };
    let mut others = context.bays.all.iter().filter(|other| other.zone.id != zone.id);
    others.any(|other| bay.is_between(other, &place.stance(), between))
}
