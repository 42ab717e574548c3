//! Which detection may continue which track, and how well it fits.

use gridwatch_domain::{Detection, NormBox, Timestamp, TrackId};

use super::{signature::Signature, track::Track};
use crate::{
    appearance::Grey,
    motion::{Kind, center_distance},
};

/// Without overlap (few pictures a second, fast cars) centres may lie this far apart, in sizes.
const FARTHEST_CENTER: f32 = 0.9;
/// What others cover to this share has another's look.
const COVERED: f32 = 0.25;
/// Likeness from which something is taken for what was lost; and by how much it must be better than the second best.
pub(super) const KNOWN_AGAIN: f32 = 0.8;
const BETTER: f32 = 0.03;

/// Pairs of a track and a detection that are still free, best first; of pairs that are as good the older comes first: sorting is stable.
pub(super) fn settle(mut pairs: Vec<(f32, usize, usize)>, owners: &mut [Option<usize>], taken: &mut [bool]) {
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, track, detection) in pairs {
        if !taken[track] && owners[detection].is_none() {
            taken[track] = true;
            owners[detection] = Some(track);
        }
    }
}

/// What it takes for a detection to continue a track.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demands {
    /// Overlap with where it is expected; without any, nearness may do.
    pub(super) iou: f32,
    /// Likeness, as far as both looks are known.
    pub(super) likeness: f32,
}

/// What was found in a picture.
pub(super) struct Found<'a> {
    pub(super) at: Timestamp,
    pub(super) detections: &'a [Detection],
    /// What each of them looks like.
    pub(super) looks: &'a [Option<Signature>],
    /// Which of them are nobody.
    pub(super) left_out: &'a [bool],
}

/// What a detection looks like; `None` where others are in front of it.
pub(super) fn look_of(detections: &[Detection], index: usize, grey: &Grey) -> Option<Signature> {
    let bbox = detections[index].bbox;
    let others = detections.iter().enumerate().filter(|(other, _)| *other != index);
    // Of two that stand beside each other either may be.
    let in_front = others.filter(|(_, other)| other.bbox.y2() >= bbox.y2() - 0.25 * bbox.height());
    let covered = in_front.map(|(_, other)| other.bbox.intersection(bbox)).fold(0.0, f32::max);
    (covered < COVERED * bbox.area()).then(|| Signature::of(grey, bbox)).flatten()
}

/// Which of these tracks a detection continues by its look, if it is clearly one of them: its place among the tracks, and its number.
pub(super) fn known_again<'a>(
    found: &Found<'_>,
    index: usize,
    tracks: impl Iterator<Item = (Option<usize>, &'a Track)>,
) -> Option<(Option<usize>, TrackId)> {
    let (detection, look) = (found.detections[index], found.looks[index].as_ref()?);
    let mut alike: Vec<(f32, Option<usize>, TrackId)> = tracks
        .filter(|(_, track)| track.kind == Kind::of(detection.class))
        .filter(|(_, track)| track.may_have_come(found.at, detection.bbox))
        .filter_map(|(place, track)| Some((track.look.as_ref()?.likeness(look), place, track.id)))
        .filter(|(likeness, ..)| *likeness >= KNOWN_AGAIN)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (best, place, id) = *alike.first()?;
    let is_clear = alike.get(1).is_none_or(|second| best >= second.0 + BETTER);
    is_clear.then_some((place, id))
}

/// How well a detection fits a prediction; any overlap is better than mere nearness. `None` where it does not.
pub(super) fn affinity(predicted: NormBox, found: NormBox, least_iou: f32) -> Option<f32> {
    let iou = predicted.iou(found);
    if iou >= least_iou {
        return Some(1.0 + iou);
    }
    let ratio = found.area() / predicted.area();
    let distance = center_distance(predicted, found);
    ((0.5..2.0).contains(&ratio) && distance < FARTHEST_CENTER).then(|| 1.0 - distance / FARTHEST_CENTER)
}

pub(super) fn better(one: Option<f32>, other: Option<f32>) -> Option<f32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}
