//! Which detection is of which place.

use gridwatch_domain::{Detection, NormBox};

use super::{Observation, Place};
use crate::{
    motion::{Kind, containment, shift},
    tracker::Movement,
};

/// From this speed on, in own sizes per second, something moves: it cannot be what stands at a place.
const MOVING: f32 = 0.2;
/// Least overlap of a place with a strong detection, and with a weak one, which is more often of something else.
const LEAST_IOU: f32 = 0.35;
const LEAST_IOU_WEAK: f32 = 0.5;
/// Farthest that a detection may be shifted and still be of the place: jitter of a box, and a car that begins to move.
const FARTHEST_SHIFT: f32 = 0.35;
/// Instead of overlapping, a detection may be the visible part of what stands there, covered by the place to this
/// share and no smaller than that one of it.
const VISIBLE_WITHIN: f32 = 0.85;
const VISIBLE_LEAST: f32 = 0.3;
/// Least score of what hides a place: noise hides nothing.
const HIDER_SCORE: f32 = 0.2;

/// Whether a detection is of something that moves.
pub(crate) fn is_moving(movement: Movement) -> bool {
    movement.speed.is_some_and(|speed| speed >= MOVING)
}

/// For each detection the index of the place it is of. One to one; the best overlap first.
pub(super) fn assign(places: &[Place], observation: &Observation<'_>, strong: f32) -> Vec<Option<usize>> {
    let mut pairs = Vec::new();
    for (place_index, place) in places.iter().enumerate().filter(|(_, place)| !place.vacated) {
        for (index, found) in observation.detections.iter().enumerate() {
            if observation.movements[index].is_some_and(is_moving) {
                continue;
            }
            if let Some(fit) = fit(place, found, found.score >= strong) {
                pairs.push((fit, place_index, index));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut taken = vec![false; places.len()];
    let mut owners = vec![None; observation.detections.len()];
    for (_, place, detection) in pairs {
        if !taken[place] && owners[detection].is_none() {
            taken[place] = true;
            owners[detection] = Some(place);
        }
    }
    owners
}

fn fit(place: &Place, found: &Detection, strong: bool) -> Option<f32> {
    if place.kind != Kind::of(found.class) || shift(place.bbox(), found.bbox) > FARTHEST_SHIFT {
        return None;
    }
    let iou = place.bbox().iou(found.bbox);
    let least = if strong { LEAST_IOU } else { LEAST_IOU_WEAK };
    let share = found.bbox.area() / place.bbox().area();
    let visible_part = strong
        && (VISIBLE_LEAST..=1.0).contains(&share)
        && containment(place.bbox(), found.bbox) >= VISIBLE_WITHIN;
    (iou >= least || visible_part).then_some(iou)
}

/// What is in front of a place, its own detection (`own`) aside: by its number among the detections.
pub(super) fn in_front<'a>(
    place: &Place,
    detections: &'a [Detection],
    own: Option<usize>,
) -> impl Iterator<Item = (usize, NormBox)> + Clone + use<'a> {
    let bbox = place.bbox();
    let nearer = move |found: &Detection| found.bbox.y2() >= bbox.y2() - 0.25 * bbox.height();
    let others = detections.iter().enumerate().filter(move |(index, _)| Some(*index) != own);
    let hiding = others.filter(move |(_, found)| found.score >= HIDER_SCORE && nearer(found));
    hiding.map(|(index, found)| (index, found.bbox)).filter(move |(_, other)| other.intersection(bbox) > 0.0)
}
