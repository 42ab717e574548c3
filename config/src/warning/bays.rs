//! Bays that lie on each other, bays without an aisle, and groups that count nothing of their own.

use gridwatch_domain::{EventKind, Zone, ZoneId, ZoneType};

use super::{
    OfCamera,
    geometry::{self, Spot},
    listed,
};

/// Share of the smaller one of two bays that the other may cover: lines between bays are broad.
const MOST_SHARED: f64 = 0.2;
/// An aisle that is farther from a bay, in lengths of the bay, does not border it.
const FARTHEST_AISLE: f64 = 0.5;

pub(super) fn of_zone(of: &mut OfCamera<'_>, key: &str, index: usize) {
    let zone = &of.camera.zones[index];
    if zone.zone_type == ZoneType::Bay {
        overlap(of, key, index);
    }
}

fn overlap(of: &mut OfCamera<'_>, key: &str, index: usize) {
    let (bay, aspect) = (&of.camera.zones[index], of.aspect());
    let corners = geometry::corners(&bay.polygon, aspect);
    let before = of.camera.zones[..index].iter().filter(|other| other.zone_type == ZoneType::Bay);
    let overlapping: Vec<(&ZoneId, f64)> = before
        .filter_map(|other| {
            let others = geometry::corners(&other.polygon, aspect);
            let smaller = geometry::area(&corners).min(geometry::area(&others));
            let share = geometry::shared(&corners, &others) / smaller;
            (share > MOST_SHARED).then_some((&other.id, share))
        })
        .collect();
    for (other, share) in overlapping {
        let message = format!(
            "{:.0} % of the smaller one of {} and {other} is in the other one, too, and a vehicle there may count for either; draw them side by side",
            share * 100.0,
            bay.id
        );
        of.warn(format!("{key}.polygon"), message, &[&bay.id, other]);
    }
}

/// Told once, of all bays together: what is missing is an aisle.
pub(super) fn without_aisle(of: &mut OfCamera<'_>) {
    let (camera, aspect) = (of.camera, of.aspect());
    let aisles = camera.zones.iter().filter(|zone| zone.rule(EventKind::Double).is_some());
    let aisles: Vec<Vec<Spot>> = aisles.map(|aisle| geometry::corners(&aisle.polygon, aspect)).collect();
    if aisles.is_empty() {
        return;
    }
    let is_apart = |bay: &Zone| {
        let corners = geometry::corners(&bay.polygon, aspect);
        let reach = geometry::longest_side(&corners) * FARTHEST_AISLE;
        aisles.iter().all(|aisle| geometry::distance(&corners, aisle) > reach)
    };
    let bays = camera.zones.iter().enumerate().filter(|(_, zone)| zone.zone_type == ZoneType::Bay);
    let apart: Vec<(usize, &ZoneId)> =
        bays.filter(|(_, bay)| is_apart(bay)).map(|(index, bay)| (index, &bay.id)).collect();
    let key = match apart.as_slice() {
        [] => return,
        [(index, _)] => format!("{}.zone[{index}].polygon", of.key),
        _ => format!("{}.zone", of.key),
    };
    let about: Vec<&ZoneId> = apart.into_iter().map(|(_, id)| id).collect();
    let message = format!(
        "no aisle borders {}, so that nobody is told when a vehicle blocks {}; draw an aisle up to the front of each",
        listed(&about),
        if about.len() == 1 { "it" } else { "one of them" }
    );
    of.warn(key, message, &about);
}

pub(super) fn of_group(of: &mut OfCamera<'_>, key: &str, index: usize) {
    let groups = &of.camera.groups;
    let group = &groups[index];
    if let [bay] = group.bays.as_slice() {
        let message = format!(
            "{bay} alone, of which its own occupancy tells as much; name the bays that are counted together"
        );
        of.warn(format!("{key}.bays"), message, &[&group.id, bay]);
    }
    let sorted = |bays: &[ZoneId]| {
        let mut bays = bays.to_vec();
        bays.sort();
        bays
    };
    let same = groups[..index].iter().find(|other| sorted(&other.bays) == sorted(&group.bays));
    if let Some(other) = same {
        let message = format!(
            "the same as those of {}, so that both are full at once; name other bays, or take it out",
            other.id
        );
        of.warn(format!("{key}.bays"), message, &[&group.id, &other.id]);
    }
}
