//! Whether objects keep their identity: how often their track changes, and, while they stand, their place.
//!
//! As CLEAR MOT counts it: in each observation tracks and objects are paired where their boxes have an IoU of 0.5 at least; a pair of before
//! stays while it may, the others are paired for the largest sum of IoU. A change of an object's partner is a switch, even after
//! a time without one. What is seen beside the truth's objects says nothing: they need not be all there are.

use gridwatch_domain::{NormBox, ObjectClass, Point, Timestamp, heaviest_pairs};
use serde::Serialize;

use super::{
    observation::Observation,
    truth::{Truth, TruthObject},
};

/// Boxes that overlap less are not of the same object.
const LEAST_IOU: f32 = 0.5;
/// An object stands while its box moves by no more than this share of its size a second: more than labels tremble.
const STANDING: f32 = 0.05;

/// How well identities were kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct IdentityScore {
    pub(crate) track_switches: usize,
    pub(crate) place_switches: usize,
    /// Of the observations in which an object is there, the share in which a track has it.
    pub(crate) followed: Option<f64>,
    /// Of those in which one stands, the share in which a place has it.
    pub(crate) placed: Option<f64>,
    /// In the order of the truth.
    pub(crate) objects: Vec<ObjectScore>,
}

/// How well one object's identity was kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ObjectScore {
    pub(crate) id: String,
    pub(crate) class: ObjectClass,
    /// Observations in which it is there, and in which it stands.
    pub(crate) there: usize,
    pub(crate) standing: usize,
    /// Those in which a track has it, and in which a place has it while it stands.
    pub(crate) followed: usize,
    pub(crate) placed: usize,
    pub(crate) track_switches: usize,
    pub(crate) place_switches: usize,
}

/// Judges all objects; `None` where the truth has none.
pub(super) fn judge(truth: &Truth, observations: &[Observation], start: Timestamp) -> Option<IdentityScore> {
    if truth.objects.is_empty() {
        return None;
    }
    let (mut tracks, mut places) = (Links::new(truth.objects.len()), Links::new(truth.objects.len()));
    for observation in observations {
        let time_s = observation.at.seconds_since(start);
        let there: Vec<Option<Moment>> = truth.objects.iter().map(|object| object.at(time_s)).collect();
        let seen = observation.detections.iter();
        let seen = seen.filter_map(|detection| Some((detection.track?, detection.bbox))).collect();
        tracks.follow(&there.iter().map(|moment| Some(moment.as_ref()?.bbox)).collect::<Vec<_>>(), seen);
        let standing = |moment: &Option<Moment>| {
            moment.as_ref().filter(|moment| moment.stands).map(|moment| moment.bbox)
        };
        let standing: Vec<Option<NormBox>> = there.iter().map(standing).collect();
        // Whoever has driven on stands at another place.
        places.forget(|object| there[object].as_ref().is_some_and(|moment| !moment.stands));
        let remembered = observation.places.iter().map(|place| (place.id.clone(), place.bbox)).collect();
        places.follow(&standing, remembered);
    }
    Some(IdentityScore::new(truth, &tracks.counts, &places.counts))
}

impl IdentityScore {
    fn new(truth: &Truth, tracks: &[LinkCounts], places: &[LinkCounts]) -> Self {
        let of_object = |((object, track), place): ((&TruthObject, &LinkCounts), &LinkCounts)| ObjectScore {
            id: object.id.clone(),
            class: object.class,
            there: track.there,
            standing: place.there,
            followed: track.linked,
            placed: place.linked,
            track_switches: track.switches,
            place_switches: place.switches,
        };
        let share = |counts: &[LinkCounts]| {
            let there: usize = counts.iter().map(|count| count.there).sum();
            let linked: usize = counts.iter().map(|count| count.linked).sum();
            (there > 0).then(|| linked as f64 / there as f64)
        };
        Self {
            track_switches: tracks.iter().map(|count| count.switches).sum(),
            place_switches: places.iter().map(|count| count.switches).sum(),
            followed: share(tracks),
            placed: share(places),
            objects: truth.objects.iter().zip(tracks).zip(places).map(of_object).collect(),
        }
    }
}

/// Where an object is at a time.
struct Moment {
    bbox: NormBox,
    stands: bool,
}

impl TruthObject {
    /// `None` before its first and after its last box.
    fn at(&self, time_s: f64) -> Option<Moment> {
        let after = self.boxes.partition_point(|(at_s, _)| *at_s <= time_s);
        let (from_s, from) = *self.boxes.get(after.checked_sub(1)?)?;
        let Some(&(to_s, to)) = self.boxes.get(after) else {
            // At the last box itself it is as it was before.
            let before = after.checked_sub(2).map_or((from_s, from), |index| self.boxes[index]);
            return (time_s <= from_s).then(|| Moment { bbox: from, stands: stands(before, (from_s, from)) });
        };
        let share = ((time_s - from_s) / (to_s - from_s)) as f32;
        let between = |corner: fn(NormBox) -> f32| corner(from) + (corner(to) - corner(from)) * share;
        let bbox = NormBox::clipped(
            between(NormBox::x1),
            between(NormBox::y1),
            between(NormBox::x2),
            between(NormBox::y2),
        )?;
        Some(Moment { bbox, stands: stands((from_s, from), (to_s, to)) })
    }
}

/// Whether something that goes evenly from one box to another stands.
fn stands((from_s, from): (f64, NormBox), (to_s, to): (f64, NormBox)) -> bool {
    let (before, after): (Point, Point) = (from.center(), to.center());
    let size = f32::midpoint(from.width(), from.height()).max(f32::EPSILON);
    let way = (after.x() - before.x()).hypot(after.y() - before.y()) / size;
    way <= STANDING * (to_s - from_s) as f32
}

/// Which name each object had last.
struct Links<N> {
    names: Vec<Option<N>>,
    counts: Vec<LinkCounts>,
}

#[derive(Debug, Clone, Default)]
struct LinkCounts {
    there: usize,
    linked: usize,
    switches: usize,
}

impl<N: PartialEq + Clone> Links<N> {
    fn new(objects: usize) -> Self {
        Self { names: vec![None; objects], counts: vec![LinkCounts::default(); objects] }
    }

    /// Objects that `is_gone` lose their name without that being a switch.
    fn forget(&mut self, is_gone: impl Fn(usize) -> bool) {
        let names = self.names.iter_mut().enumerate();
        names.filter(|(object, _)| is_gone(*object)).for_each(|(_, name)| *name = None);
    }

    /// One observation: where each object is, and what was seen under which name.
    fn follow(&mut self, objects: &[Option<NormBox>], seen: Vec<(N, NormBox)>) {
        let mut is_free = vec![true; seen.len()];
        let mut open = Vec::new();
        for (object, bbox) in objects.iter().enumerate().filter_map(|(object, bbox)| Some((object, (*bbox)?)))
        {
            self.counts[object].there += 1;
            let kept = (0..seen.len()).find(|&index| {
                let (name, place) = &seen[index];
                is_free[index] && self.names[object].as_ref() == Some(name) && bbox.iou(*place) >= LEAST_IOU
            });
            if let Some(index) = kept {
                is_free[index] = false;
                self.counts[object].linked += 1;
            } else {
                open.push((object, bbox));
            }
        }
        let weigh = |bbox: NormBox| {
            let near =
                (0..seen.len()).filter(|&index| is_free[index]).map(|index| (index, bbox.iou(seen[index].1)));
            near.filter(|(_, iou)| *iou >= LEAST_IOU)
                .map(|(index, iou)| (index, (iou * 1_000_000.0) as i64))
                .collect()
        };
        let candidates: Vec<Vec<(usize, i64)>> = open.iter().map(|&(_, bbox)| weigh(bbox)).collect();
        for (row, index) in heaviest_pairs(&candidates) {
            let object = open[row].0;
            self.counts[object].linked += 1;
            let before = self.names[object].replace(seen[index].0.clone());
            self.counts[object].switches += usize::from(before.is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{
        observation::{ObservedDetection, ObservedPlace},
        tests::{observation, truth},
    };

    fn square(x: f32) -> NormBox {
        NormBox::new(x, 0.4, x + 0.1, 0.5).expect("within the picture")
    }

    fn object(id: &str, boxes: &[(f64, f32)]) -> TruthObject {
        let boxes = boxes.iter().map(|&(at_s, x)| (at_s, square(x))).collect();
        TruthObject { id: id.into(), class: ObjectClass::Car, boxes }
    }

    fn seen(at_s: f64, tracks: &[(u64, f32)], places: &[(&str, f32)]) -> Observation {
        let detection = |&(track, x): &(u64, f32)| ObservedDetection { bbox: square(x), track: Some(track) };
        let place = |&(id, x): &(&str, f32)| ObservedPlace { id: id.into(), bbox: square(x) };
        Observation {
            detections: tracks.iter().map(detection).collect(),
            places: places.iter().map(place).collect(),
            ..observation(at_s)
        }
    }

    /// There, followed, track switches, standing, placed, place switches of the first object.
    #[track_caller]
    fn check(objects: &[TruthObject], observations: &[Observation], expected: [usize; 6]) {
        let truth = Truth { objects: objects.to_vec(), ..truth() };
        let score = judge(&truth, observations, Timestamp::UNIX_EPOCH).expect("there are objects");
        let first = &score.objects[0];
        let found = [
            first.there,
            first.followed,
            first.track_switches,
            first.standing,
            first.placed,
            first.place_switches,
        ];
        assert_eq!(found, expected, "{score:?}");
    }

    #[test]
    fn a_change_of_track_is_a_switch_even_after_a_pause() {
        let car = [object("car", &[(0.0, 0.1), (10.0, 0.1)])];
        let at = |at_s, track| seen(at_s, &[(track, 0.11)], &[]);
        check(&car, &[at(1.0, 5), at(2.0, 5)], [2, 2, 0, 2, 0, 0]);
        check(&car, &[at(1.0, 5), at(2.0, 6), at(3.0, 5)], [3, 3, 2, 3, 0, 0]);
        check(&car, &[at(1.0, 5), seen(2.0, &[], &[]), at(3.0, 6)], [3, 2, 1, 3, 0, 0]);
        check(&car, &[at(-1.0, 4), at(10.0, 5), at(11.0, 6)], [1, 1, 0, 1, 0, 0]);
        check(&car, &[seen(1.0, &[(5, 0.3)], &[])], [1, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_pair_stays_while_it_may_though_another_fits_better() {
        let car = [object("car", &[(0.0, 0.1), (10.0, 0.1)])];
        let both = seen(2.0, &[(6, 0.1), (5, 0.12)], &[]);
        check(&car, &[seen(1.0, &[(5, 0.11)], &[]), both], [2, 2, 0, 2, 0, 0]);
        // Two beside each other keep their tracks when both could have either.
        let two = [object("a", &[(0.0, 0.1), (10.0, 0.1)]), object("b", &[(0.0, 0.13), (10.0, 0.13)])];
        let tracks = |at_s| seen(at_s, &[(1, 0.13), (2, 0.1)], &[]);
        check(&two, &[tracks(1.0), tracks(2.0)], [2, 2, 0, 2, 0, 0]);
    }

    #[test]
    fn places_are_held_against_objects_that_stand() {
        // It drives for a second, stands from 1 to 10, and drives on to stand from 11.
        let car = [object("car", &[(0.0, 0.1), (1.0, 0.2), (10.0, 0.2), (11.0, 0.4), (20.0, 0.4)])];
        let at = |at_s, place, x| seen(at_s, &[], &[(place, x)]);
        let stays = [at(2.0, "p1", 0.2), at(5.0, "p1", 0.2), at(10.5, "p2", 0.3), at(15.0, "p3", 0.4)];
        check(&car, &stays, [4, 0, 0, 3, 3, 0]);
        let torn = [at(2.0, "p1", 0.2), at(5.0, "p2", 0.2), at(6.0, "p2", 0.6)];
        check(&car, &torn, [3, 0, 0, 3, 2, 1]);
    }
}
