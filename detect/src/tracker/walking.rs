//! What is which in pictures that are a second or more apart, in which people have walked farther than they are broad.
//!
//! All that is seen is looked at together: of two who come towards each other each may be near to where the other was, and only both
//! together tell who has gone on. What speaks for something is how far it is from where its pace takes it, or from where it was, its size and
//! its look; each counts by how much likelier it makes that it is the same (natural logarithms). Pure.

use gridwatch_domain::{NormBox, heaviest_pairs};

use super::{
    LEAST_IOU, LEAST_IOU_WEAK, WEAK_ALIKE,
    pairing::{Found, KNOWN_AGAIN},
    track::Track,
};
use crate::motion::Kind;

/// How far a box is off, in own lengths …
const JITTER: f32 = 0.15;
/// … and how far off, a second, something is that stands …
const STIRS: f32 = 0.15;
/// … how far from where its pace takes it, and from where it was, where its pace is not known.
const PERSON: Pace = Pace { turns: 0.4, wanders: 0.6, grows: 0.17 };
const VEHICLE: Pace = Pace { turns: 0.5, wanders: 1.0, grows: 0.22 };
/// Between two pictures it has gone no farther than so many lengths: it stands.
const STANDS_WITHIN: f32 = 0.15;
/// That who walks has stopped, or who stands has gone, is a tenth as likely as that they go on as they did.
const CHANGES: f32 = 2.3;
/// By how much a look that is wholly alike speaks for something more than one that has nothing in common; and the likeness that says nothing.
const LOOK: f32 = 6.0;
const USUAL_LIKENESS: f32 = 0.65;
/// What another class says against something, and that it is hardly detected: that may be anything.
const OTHER_CLASS: f32 = 1.5;
const WEAK: f32 = 3.0;
/// What has more against it than this is something else.
const STRANGER: f32 = 6.0;

/// How things of a kind move.
struct Pace {
    turns: f32,
    wanders: f32,
    /// By how much they look larger or smaller than expected, at once, and each second as much again: as a logarithm of the area.
    grows: f32,
}

/// What speaks for a detection being what a track follows, above 0: the more the likelier; `None` where it is something else. `strong`: from
/// which score on a detection may be something new. `aspect`: of the picture.
pub(super) fn fit(track: &Track, found: &Found<'_>, index: usize, strong: f32, aspect: f32) -> Option<f32> {
    let detection = &found.detections[index];
    let bbox = detection.bbox;
    let (then, last) = track.last();
    let expected = track.predict(found.at);
    let gait = track.gait(aspect);
    let is_person = track.kind == Kind::Person;
    let is_weak = detection.score < strong;
    let likeness = track.alike(found.looks[index].as_ref());
    // What passes before a parked vehicle is another; what is hardly detected elsewhere may be anything.
    let is_elsewhere = gait == Gait::Stands && !is_person && last.iou(bbox) < LEAST_IOU;
    let is_vague = is_weak && last.iou(bbox).max(expected.iou(bbox)) < LEAST_IOU_WEAK;
    if is_vague
        || (is_elsewhere && likeness.is_none_or(|likeness| likeness < KNOWN_AGAIN))
        || (is_weak && likeness.is_some_and(|likeness| likeness < WEAK_ALIKE))
    {
        return None;
    }
    let pace = if is_person { PERSON } else { VEHICLE };
    let apart = found.at.saturating_since(then).as_secs_f32();
    let spread = |a_second: f32| JITTER + a_second * apart;
    // Against what would be where it is expected, as far as that can be off where a pace is known.
    let at = |from: NormBox, a_second: f32| {
        let (spread, usual) = (spread(a_second), spread(pace.turns));
        2.0 * (usual / spread).ln() - (lengths(from, bbox, aspect) / spread).powi(2) / 2.0
    };
    let as_large_as = |from: NormBox| {
        let grown = (bbox.area() / from.area()).ln() / (pace.grows * (1.0 + apart));
        -grown * grown / 2.0
    };
    let stands = at(last, STIRS) + as_large_as(last);
    let wanders = at(last, pace.wanders) + as_large_as(last);
    // A vehicle that comes grows with each picture. A person's box does by how much of them is hidden.
    let goes_on = at(expected, pace.turns) + as_large_as(if is_person { last } else { expected });
    let by_way = match gait {
        Gait::Unknown => wanders.max(stands - CHANGES),
        Gait::Walks => goes_on.max(stands - CHANGES),
        Gait::Stands => stands.max(wanders - CHANGES),
    };
    let by_look = LOOK * (likeness.unwrap_or(USUAL_LIKENESS) - USUAL_LIKENESS);
    let against = if track.class() == detection.class { 0.0 } else { OTHER_CLASS };
    let against = against + if is_weak { WEAK } else { 0.0 };
    let fit = STRANGER + by_way + by_look - against;
    (fit > 0.0).then_some(fit)
}

/// How far one box is from another, in own lengths.
fn lengths(from: NormBox, to: NormBox, aspect: f32) -> f32 {
    let length = |bbox: NormBox| bbox.height().max(bbox.width() * aspect);
    let (there, here) = (from.center(), to.center());
    let way = ((here.x() - there.x()) * aspect).hypot(here.y() - there.y());
    way / (length(from) * length(to)).sqrt()
}

impl Track {
    fn gait(&self, aspect: f32) -> Gait {
        let (first, last) = (self.past[0].1, self.last().1);
        match self.past.len() {
            1 => Gait::Unknown,
            _ if lengths(first, last, aspect) <= STANDS_WITHIN => Gait::Stands,
            _ => Gait::Walks,
        }
    }
}

/// How something moves, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gait {
    /// It was seen once.
    Unknown,
    Walks,
    Stands,
}

/// Gives each track one detection at most, and each detection one track, so that what speaks for all of them together is most. `fit`: what
/// speaks for a detection being that of a track, above 0; `None` where it is not.
pub(super) fn settle(
    tracks: usize,
    detections: usize,
    fit: impl Fn(usize, usize) -> Option<f32>,
) -> Vec<(usize, usize)> {
    let weighed = |track: usize, detection: usize| Some((detection, weight(fit(track, detection)?)));
    let candidates =
        |track: usize| (0..detections).filter_map(|detection| weighed(track, detection)).collect();
    heaviest_pairs(&(0..tracks).map(candidates).collect::<Vec<_>>())
}

/// What speaks for something, in whole thousandths.
fn weight(fit: f32) -> i64 {
    (fit * 1e3).ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fits: &[&[f32]], wanted: &[(usize, usize)]) {
        let fit = |track: usize, column: usize| Some(fits[track][column]).filter(|&fit| fit > 0.0);
        let mut found = settle(fits.len(), fits.first().map_or(0, |row| row.len()), fit);
        found.sort_unstable();
        assert_eq!(found, wanted);
    }

    #[test]
    fn all_together_decide() {
        check(&[], &[]);
        check(&[&[], &[]], &[]);
        check(&[&[3.0, 2.5], &[2.8, 0.5]], &[(0, 1), (1, 0)]);
        check(&[&[3.0, 0.0], &[2.8, 0.0]], &[(0, 0)]);
        check(&[&[3.0, 0.0], &[2.8, 0.1], &[0.0, 0.5]], &[(0, 0), (2, 1)]);
        check(&[&[0.0, 0.0, 1.0]], &[(0, 2)]);
    }
}
