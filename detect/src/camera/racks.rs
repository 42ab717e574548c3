//! Where two-wheelers are parked. They are taken for somebody now and then, who would then stand about there for hours.

use std::time::Duration;

use gridwatch_domain::{Detection, NormBox, Timestamp};

use crate::{
    appearance::{Grey, Patch},
    motion::Kind,
    tracker::Movement,
};

/// One that is taken for somebody is hardly so: with less than this score, or with less than the other if it looks there as it did, and
/// nobody has come …
const HARDLY_SOMEBODY: f32 = 0.5;
const HARDLY_WHERE_IT_LOOKS_THE_SAME: f32 = 0.7;
const ALIKE: f32 = 0.8;
/// … or if somebody else, who is seen about as well or better, covers it to this share …
const COVERS: f32 = 0.1;
const ABOUT_AS_WELL: f32 = 0.75;
/// … from farther away than this, in own sizes (whoever stands among bicycles is taken for one for a picture, and looks like that then) …
const CAME_FROM: f32 = 0.5;
/// … where it has stood for so long …
const RESTS_LONG: Duration = Duration::from_secs(1);
/// … until so long ago (a network says one or the other, for minutes: only one box of two that are the same is kept) …
const REMEMBERED: Duration = Duration::from_secs(300);
/// … and stands to this share.
const WHERE_IT_STANDS: f32 = 0.45;
/// What has looked otherwise for so long does so: the light has changed, or another stands there.
const LOOKS_OTHERWISE: Duration = Duration::from_secs(120);
/// Boxes that overlap so much are of one.
const THE_SAME: f32 = 0.6;
/// A vehicle that stands where they stood is found by so much more surely, at least.
const SURER: f32 = 0.1;
/// So many are remembered at most.
const MOST: usize = 64;

/// Where two-wheelers stand.
#[derive(Debug, Default)]
pub(super) struct Racks(Vec<Rack>);

#[derive(Debug)]
struct Rack {
    bbox: NormBox,
    /// How surely one was seen there.
    score: f32,
    /// When one was seen there last.
    seen_at: Timestamp,
    /// What it looks like there, nobody before it.
    look: Option<Patch>,
    /// Since when it has looked otherwise.
    other_since: Option<Timestamp>,
}

impl Rack {
    /// Takes in one that is seen there. Whoever stands before it is taken for one, too, in some pictures: what it looks like then is not what
    /// it looks like, unless that lasts.
    fn follow(&mut self, now: Self) {
        let is_other =
            self.look.as_ref().zip(now.look.as_ref()).is_some_and(|(old, new)| old.likeness(new) < ALIKE);
        let since = *self.other_since.get_or_insert(now.seen_at);
        let score = self.score.max(now.score);
        if is_other && now.seen_at.saturating_since(since) < LOOKS_OTHERWISE {
            (self.score, self.seen_at) = (score, now.seen_at);
        } else {
            *self = Self { score, ..now };
        }
    }
}

impl Racks {
    /// Takes what was seen in one picture, and how it moves.
    pub(super) fn update<'a>(
        &mut self,
        at: Timestamp,
        grey: Option<&Grey>,
        followed: impl Iterator<Item = (&'a Detection, &'a Option<Movement>)> + Clone,
    ) {
        self.0.retain(|rack| at.saturating_since(rack.seen_at) <= REMEMBERED);
        for (found, movement) in followed.clone() {
            let rests =
                movement.is_some_and(|movement| movement.resting_since <= at.saturating_sub(RESTS_LONG));
            if Kind::of(found.class) != Kind::TwoWheeler || !rests {
                continue;
            }
            // It can be the other way round as well: whoever stands there is taken for a bicycle, and hardly.
            let there = followed.clone().map(|(other, _)| other).filter(|other| {
                Kind::of(other.class) == Kind::Person && other.bbox.iou(found.bbox) >= WHERE_IT_STANDS
            });
            let somebody = there.map(|other| other.score).fold(0.0, f32::max);
            if somebody > found.score {
                continue;
            }
            let look = grey.and_then(|grey| Patch::cut(grey, found.bbox));
            let rack = Rack { bbox: found.bbox, score: found.score, seen_at: at, look, other_since: None };
            let known = self.0.iter().position(|known| known.bbox.iou(found.bbox) >= THE_SAME);
            match known {
                Some(index) => self.0[index].follow(rack),
                // In one picture of many whoever stands there is seen a little less well than the bicycle they are taken for.
                None if self.0.len() < MOST && somebody < ABOUT_AS_WELL * found.score => self.0.push(rack),
                None => {}
            }
        }
    }

    /// Whether what is hardly taken for somebody is where one of them stands.
    pub(super) fn is_hardly_somebody(&self, found: &Detection) -> bool {
        found.score < HARDLY_SOMEBODY && self.where_found(found).next().is_some()
    }

    /// Whether what is taken for somebody is most likely one of them. `all`: that was found in the picture.
    pub(super) fn is_parked(
        &self,
        found: &Detection,
        movement: Option<Movement>,
        all: &[Detection],
        grey: Option<&Grey>,
    ) -> bool {
        let has_come = movement.is_some_and(|movement| movement.travelled >= CAME_FROM);
        let looks_the_same = |rack: &Rack| {
            let now = grey.and_then(|grey| Patch::cut(grey, rack.bbox));
            let before = rack.look.as_ref().filter(|look| !look.is_flat());
            before.zip(now).is_some_and(|(before, now)| before.likeness(&now) >= ALIKE)
        };
        // Where somebody else stands before it, it looks otherwise for that; and it was them who have come.
        let is_behind = |rack: &Rack| {
            let is_seen = |other: &Detection| other.score >= ABOUT_AS_WELL * found.score;
            let others = all.iter().filter(|other| other.class == found.class && is_seen(other));
            let mut beside = others.filter(|other| other.bbox.iou(rack.bbox) < WHERE_IT_STANDS);
            beside.any(|other| other.bbox.intersection(rack.bbox) >= COVERS * rack.bbox.area())
        };
        let is_it = |rack: &Rack| is_behind(rack) || (!has_come && looks_the_same(rack));
        self.is_hardly_somebody(found)
            || (found.score < HARDLY_WHERE_IT_LOOKS_THE_SAME && self.where_found(found).any(is_it))
    }

    /// Those that stand where somebody is found.
    fn where_found<'s>(&'s self, found: &Detection) -> impl Iterator<Item = &'s Rack> + use<'s> {
        let is_person = Kind::of(found.class) == Kind::Person;
        let bbox = found.bbox;
        self.0.iter().filter(move |rack| is_person && rack.bbox.iou(bbox) >= WHERE_IT_STANDS)
    }

    /// Whether what is taken for a vehicle is most likely two of them that stand side by side: hardly surer than one of them has been.
    pub(super) fn is_several(&self, found: &Detection) -> bool {
        Kind::of(found.class) == Kind::Vehicle
            && self
                .0
                .iter()
                .any(|rack| rack.bbox.iou(found.bbox) >= THE_SAME && found.score < rack.score + SURER)
    }

    /// Forgets all, as where time has gone back: when anything was seen says nothing then.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::{ObjectClass, TrackId};

    use super::*;
    use crate::appearance::tests::grey;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1000 * seconds).expect("in range")
    }

    fn found(class: ObjectClass, score: f32) -> Detection {
        Detection { class, score, bbox: NormBox::new(0.4, 0.4, 0.6, 0.7).expect("valid") }
    }

    fn rests() -> Movement {
        Movement {
            track: TrackId(1),
            class: ObjectClass::Bicycle,
            sightings: 9,
            speed: Some(0.0),
            measured_from: None,
            travelled: 0.0,
            resting_since: at(0),
            before: None,
            strong_at: at(9),
            strong_for: Duration::from_secs(9),
        }
    }

    #[test]
    fn who_is_seen_well_where_a_bicycle_stands_is_somebody_unless_it_looks_as_before() {
        let bicycle = found(ObjectClass::Bicycle, 0.6);
        let rests = Some(rests());
        let (before, covered) = (grey(1), grey(2));
        let mut racks = Racks::default();
        racks.update(at(10), Some(&before), std::iter::once((&bicycle, &rests)));
        for (score, looks, is_parked) in
            [(0.4, &covered, true), (0.6, &before, true), (0.6, &covered, false), (0.8, &before, false)]
        {
            let somebody = found(ObjectClass::Person, score);
            assert_eq!(racks.is_parked(&somebody, rests, &[], Some(looks)), is_parked, "a score of {score}");
        }
        let somebody = found(ObjectClass::Person, 0.6);
        assert!(!racks.is_parked(&somebody, rests, &[], None), "where nothing is known of its look");
        for (score, is_several) in [(0.65, true), (0.75, false)] {
            assert_eq!(racks.is_several(&found(ObjectClass::Car, score)), is_several, "a score of {score}");
        }
        assert!(!racks.is_several(&somebody));
        // Whoever stands before it is taken for one now and then, and is somebody all the same; in another light it looks otherwise for good.
        for seconds in 11..140 {
            let rested = rests.map(|movement| Movement { resting_since: at(0), ..movement });
            racks.update(at(seconds), Some(&covered), std::iter::once((&bicycle, &rested)));
            let is_parked = racks.is_parked(&somebody, rests, &[], Some(&covered));
            assert_eq!(is_parked, seconds >= 131, "after {seconds} s");
        }
        racks.update(at(141), Some(&before), std::iter::once((&bicycle, &rests)));
        let came = rests.map(|movement| Movement { travelled: 1.0, ..movement });
        assert!(!racks.is_parked(&somebody, came, &[], Some(&covered)), "who has walked there is somebody");
    }

    #[test]
    fn where_somebody_stands_beside_it_it_is_nobody_though_it_looks_otherwise() {
        let bicycle = found(ObjectClass::Bicycle, 0.6);
        let rests = Some(rests());
        let mut racks = Racks::default();
        racks.update(at(10), Some(&grey(1)), std::iter::once((&bicycle, &rests)));
        let beside = |score| Detection {
            bbox: NormBox::new(0.3, 0.42, 0.46, 0.8).expect("valid"),
            ..found(ObjectClass::Person, score)
        };
        let somebody = found(ObjectClass::Person, 0.6);
        for (other, is_parked) in [(beside(0.7), true), (beside(0.5), true), (beside(0.4), false)] {
            let told = racks.is_parked(&somebody, rests, &[somebody, other], Some(&grey(2)));
            assert_eq!(told, is_parked, "beside somebody of a score of {}", other.score);
        }
        assert!(racks.is_hardly_somebody(&found(ObjectClass::Person, 0.4)));
        assert!(!racks.is_hardly_somebody(&somebody));
    }

    #[test]
    fn who_is_taken_for_a_bicycle_in_a_picture_is_somebody() {
        let (bicycle, somebody) = (found(ObjectClass::Bicycle, 0.5), found(ObjectClass::Person, 0.45));
        let rests = Some(rests());
        let mut racks = Racks::default();
        racks.update(at(10), Some(&grey(1)), [(&bicycle, &rests), (&somebody, &rests)].into_iter());
        assert!(!racks.is_parked(&found(ObjectClass::Person, 0.6), rests, &[], Some(&grey(1))));
        // One that stands there is told more surely than somebody who may stand before it.
        let hardly = found(ObjectClass::Person, 0.3);
        racks.update(at(11), Some(&grey(1)), [(&bicycle, &rests), (&hardly, &rests)].into_iter());
        assert!(racks.is_parked(&found(ObjectClass::Person, 0.6), rests, &[], Some(&grey(1))));
    }
}
