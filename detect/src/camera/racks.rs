//! Where two-wheelers are parked. They are taken for somebody now and then, who would then stand about there for hours.

use std::time::Duration;

use gridwatch_domain::{Detection, NormBox, Timestamp};

use crate::{motion::Kind, tracker::Movement};

/// One that is taken for somebody is hardly so: with less than this score …
const HARDLY_SOMEBODY: f32 = 0.5;
/// … where it has stood for so long …
const RESTS_LONG: Duration = Duration::from_secs(1);
/// … until so long ago (a network says one or the other, for minutes: only one box of two that are the same is kept) …
const REMEMBERED: Duration = Duration::from_secs(300);
/// … and stands to this share.
const WHERE_IT_STANDS: f32 = 0.45;
/// Boxes that overlap so much are of one.
const THE_SAME: f32 = 0.6;
/// So many are remembered at most.
const MOST: usize = 64;

/// Where two-wheelers stand, and when that was seen last.
#[derive(Debug, Default)]
pub(super) struct Racks(Vec<(NormBox, Timestamp)>);

impl Racks {
    /// Takes what was seen in one picture, and how it moves.
    pub(super) fn update<'a>(
        &mut self,
        at: Timestamp,
        followed: impl Iterator<Item = (&'a Detection, &'a Option<Movement>)> + Clone,
    ) {
        self.0.retain(|(_, seen)| at.saturating_since(*seen) <= REMEMBERED);
        for (found, movement) in followed.clone() {
            let rests =
                movement.is_some_and(|movement| movement.resting_since <= at.saturating_sub(RESTS_LONG));
            // It can be the other way round as well: whoever stands there is taken for a bicycle, and hardly.
            let is_somebody = |(other, _): (&Detection, _)| {
                Kind::of(other.class) == Kind::Person
                    && other.score > found.score
                    && other.bbox.iou(found.bbox) >= WHERE_IT_STANDS
            };
            if Kind::of(found.class) != Kind::TwoWheeler || !rests || followed.clone().any(is_somebody) {
                continue;
            }
            let known = self.0.iter().position(|(bbox, _)| bbox.iou(found.bbox) >= THE_SAME);
            match known {
                Some(index) => self.0[index] = (found.bbox, at),
                None if self.0.len() < MOST => self.0.push((found.bbox, at)),
                None => {}
            }
        }
    }

    /// Whether what looks like somebody is most likely one of them.
    pub(super) fn is_parked(&self, found: &Detection) -> bool {
        Kind::of(found.class) == Kind::Person
            && found.score < HARDLY_SOMEBODY
            && self.0.iter().any(|(bbox, _)| bbox.iou(found.bbox) >= WHERE_IT_STANDS)
    }

    /// Forgets all, as where time has gone back: when anything was seen says nothing then.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
