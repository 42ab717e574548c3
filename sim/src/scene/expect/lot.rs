//! `parking.lot_full`: so many bays of a group are taken, for a while.

use super::{
    Hold,
    bays::occupancy,
    span::{Span, at_least, merged},
};
use crate::scene::Content;

/// It is full no more after fewer bays were taken for this long, in seconds.
pub(super) const BRIDGES_S: f64 = 60.0;

pub(super) fn holds(content: &Content) -> Vec<Hold> {
    if content.watch.groups.is_empty() {
        return Vec::new();
    }
    let bays = occupancy(content);
    let mut holds = Vec::new();
    for group in &content.watch.groups {
        let taken: Vec<Span> = (bays.iter().filter(|bay| group.bays.contains(&bay.zone)))
            .flat_map(|bay| bay.occupied.iter().copied())
            .collect();
        let full = merged(at_least(group.rule.least as usize, &taken), BRIDGES_S);
        holds.extend(full.into_iter().map(|span| Hold::new(&group.rule, &group.id, span)));
    }
    holds
}
