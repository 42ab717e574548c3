//! Who stands in an aisle: `parking.double` before a bay that is taken, else `parking.out_of_bay`; `parking.long_stay`.

use gridwatch_domain::{EventKind, ZoneType};

use super::{
    Hold, Stay,
    bays::{Bay, bay_at},
    standing,
};
use crate::scene::{Content, watch::GroundZone};

/// How deep the strip before a bay is that must be free, in lengths of the bay.
const DEPTH: f32 = 0.6;
/// Share of it from which it is blocked.
const BLOCKS: f32 = 0.25;

pub(super) fn holds(content: &Content, stays: &[Stay<'_>]) -> Vec<Hold> {
    let bays = Bay::all(content);
    let mut holds = Vec::new();
    for zone in content.watch.zones.iter().filter(|zone| zone.zone.zone_type == ZoneType::Aisle) {
        for stay in stays.iter().filter(|stay| standing::is_in(zone, stay)) {
            if bay_at(&bays, stay.footprint.at).is_some() {
                continue;
            }
            let shuts_in =
                blocked(&bays, zone, stay, stays).any(|(share, taken)| share >= BLOCKS && taken > 0.0);
            let tells_double = zone.zone.rule(EventKind::Double).is_some();
            let told = zone.zone.rules.iter().filter(|rule| match rule.kind {
                EventKind::Double => shuts_in,
                EventKind::OutOfBay => !(shuts_in && tells_double),
                kind => kind == EventKind::LongStay,
            });
            holds.extend(told.map(|rule| Hold::of_stay(rule, &zone.zone.id, stay)));
        }
    }
    holds
}

/// Of each bay before which somebody in the aisle may stand: which share of the strip before it they cover, and for which
/// share of their stay the bay is taken.
pub(super) fn blocked<'s>(
    bays: &'s [Bay<'_>],
    aisle: &'s GroundZone,
    blocker: &'s Stay<'_>,
    stays: &'s [Stay<'_>],
) -> impl Iterator<Item = (f32, f64)> {
    bays.iter().map(move |bay| {
        let share = blocker.footprint.covers(&bay.strip(aisle, DEPTH));
        let inside =
            stays.iter().filter(|stay| bay_at(bays, stay.footprint.at).is_some_and(|at| at.id() == bay.id()));
        let common_s =
            |stay: &Stay<'_>| (stay.until_s.min(blocker.until_s) - stay.from_s.max(blocker.from_s)).max(0.0);
        let taken_s: f64 = inside.map(common_s).sum();
        (share, taken_s / blocker.length_s().max(0.1))
    })
}
