//! `parking.no_parking`, `parking.fire_lane`, `parking.entrance_blocked`: who stands where nobody may.

use gridwatch_domain::EventKind;

use super::{Hold, Stay};
use crate::scene::{Content, watch::GroundZone};

/// Share of a standing vehicle's footprint that must lie in a zone for it to count as being there.
pub(super) const FOOTPRINT_SHARE: f32 = 0.5;

pub(super) fn holds(content: &Content, stays: &[Stay<'_>]) -> Vec<Hold> {
    let mut holds = Vec::new();
    for stay in stays {
        for zone in &content.watch.zones {
            let rules = zone.zone.rules.iter().filter(|rule| tells(rule.kind) && is_in(zone, stay));
            holds.extend(rules.map(|rule| Hold::of_stay(rule, &zone.zone.id, stay)));
        }
    }
    holds
}

pub(super) fn tells(kind: EventKind) -> bool {
    matches!(kind, EventKind::NoParking | EventKind::FireLane | EventKind::EntranceBlocked)
}

/// Whether a vehicle stands in a zone, and is one that the zone cares about.
pub(super) fn is_in(zone: &GroundZone, stay: &Stay<'_>) -> bool {
    zone.zone.classes.contains(&stay.player.class())
        && stay.footprint.share_in(&zone.polygon) >= FOOTPRINT_SHARE
}
