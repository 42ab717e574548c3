//! Who may pass: neither what is parked itself, nor a box that is drawn around two things at once. Pure.

use gridwatch_domain::NormBox;

use super::{OF_PLACE, Passer, Scene};
use crate::{motion::containment, parked::Place};

/// What stood there and overlaps less has left, whatever of its place is kept for a while.
const STILL_THERE: f32 = 0.3;
/// Two boxes of which a third is drawn around both: shares of each that lie in it, of it that each takes, and how well it fits around them.
const PART_WITHIN: f32 = 0.85;
const PART_LEAST: f32 = 0.15;
const PART_MOST: f32 = 0.8;
const ONE_OF_BOTH: f32 = 0.5;
const AROUND_BOTH: f32 = 0.75;
/// What is new, and takes so much of where something stands in, is that, taken together with what is beside it.
const TAKEN_TOGETHER: f32 = 0.8;

/// Whether somebody may pass a place: not what stands there itself.
pub(super) fn may_pass(place: &Place, passer: &Passer) -> bool {
    place.track() != Some(passer.track) && place.bbox().iou(passer.bbox) < 0.7
}

/// Whether somebody stands where something has stood for long, whatever its box does.
pub(super) fn is_parked_itself(scene: &Scene<'_>, passer: &Passer) -> bool {
    let is_its = |place: &Place| {
        place.is_standing()
            && (place.bbox().iou(passer.bbox) >= OF_PLACE
                || (place.track() == Some(passer.track) && place.bbox().iou(passer.bbox) >= STILL_THERE)
                || (passer.is_new && containment(passer.bbox, place.bbox()) >= TAKEN_TOGETHER))
    };
    scene.places.iter().any(is_its)
}

/// Whether a box is drawn around two things at once, each of which is known by itself.
pub(super) fn is_several(scene: &Scene<'_>, passer: &Passer) -> bool {
    let places = scene.places.iter().filter(|place| place.is_standing()).map(Place::bbox);
    let others = scene.passers.iter().filter(|other| other.track != passer.track).map(|other| other.bbox);
    let is_part = |part: &NormBox| {
        part.intersection(passer.bbox) >= PART_WITHIN * part.area()
            && (PART_LEAST..PART_MOST).contains(&(part.area() / passer.bbox.area()))
    };
    let parts: Vec<NormBox> = places.chain(others).filter(is_part).collect();
    let together = |a: NormBox, b: NormBox| {
        let around =
            NormBox::clipped(a.x1().min(b.x1()), a.y1().min(b.y1()), a.x2().max(b.x2()), a.y2().max(b.y2()));
        a.iou(b) < ONE_OF_BOTH && around.is_some_and(|around| around.iou(passer.bbox) >= AROUND_BOTH)
    };
    parts.iter().enumerate().any(|(index, a)| parts[index + 1..].iter().any(|b| together(*a, *b)))
}
