//! Bays that lie on each other, bays without an aisle, and groups that count nothing of their own.

use gridwatch_domain::{EventKind, Zone, ZoneId, ZoneType};

use super::{OfCamera, geometry};

/// Share of the smaller one of two bays that the other may cover: lines between bays are broad.
const MOST_SHARED: f64 = 0.2;
/// An aisle that is farther from a bay, in lengths of the bay, does not border it.
const FARTHEST_AISLE: f64 = 0.5;

pub(super) fn of_zone(of: &mut OfCamera<'_>, key: &str, index: usize) {
    let zone = &of.camera.zones[index];
    if zone.zone_type == ZoneType::Bay {
        overlap(of, key, index);
        without_aisle(of, key, zone);
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

fn without_aisle(of: &mut OfCamera<'_>, key: &str, bay: &Zone) {
    let is_aisle = |zone: &&Zone| zone.rule(EventKind::Double).is_some();
    let (camera, aspect) = (of.camera, of.aspect());
    let corners = geometry::corners(&bay.polygon, aspect);
    let reach = geometry::longest_side(&corners) * FARTHEST_AISLE;
    let nearest = camera
        .zones
        .iter()
        .filter(is_aisle)
        .map(|aisle| geometry::distance(&corners, &geometry::corners(&aisle.polygon, aspect)))
        .reduce(f64::min);
    if nearest.is_some_and(|nearest| nearest > reach) {
        let message = "no aisle borders it, so that nobody is told when a vehicle blocks it; draw an aisle up to its front";
        of.warn(format!("{key}.polygon"), message, &[&bay.id]);
    }
}

pub(super) fn of_group(of: &mut OfCamera<'_>, key: &str, index: usize) {
    let groups = &of.camera.groups;
    let group = &groups[index];
    if let [bay] = group.bays.as_slice() {
        let message = format!("{bay} alone, of which its own occupancy tells as much; name the bays that are counted together");
        of.warn(format!("{key}.bays"), message, &[&group.id, bay]);
    }
    let sorted = |bays: &[ZoneId]| {
        let mut bays = bays.to_vec();
        bays.sort();
        bays
    };
    let same = groups[..index].iter().find(|other| sorted(&other.bays) == sorted(&group.bays));
    if let Some(other) = same {
        let message = format!("the same as those of {}, so that both are full at once; name other bays, or take it out", other.id);
        of.warn(format!("{key}.bays"), message, &[&group.id, &other.id]);
    }
}
