//! Whether what is seen at a place is what stood there, or another, or says too little to tell.

use std::time::Duration;

use gridwatch_domain::Timestamp;

use super::{
    evidence::{AS_USUAL, Outcome, RECENT_BOXES, STAY_BREAKS, Sighting},
    likeness::{ALIKE, Likeness},
    place::{Place, PlaceState},
};

/// A box that is larger by this than what has stood here, and has that within it to this share, has taken in what is beside it …
const GROWN: f32 = 1.25;
const WITHIN: f32 = 0.85;
/// … unless it stays so for this long.
const GROWN_FOR: Duration = Duration::from_secs(120);
/// Likeness below which a newcomer is another object than the one remembered …
pub(super) const STRANGE: f32 = 0.4;
/// … and below which it is where the one remembered was seen to leave and the newcomer to arrive, unless it never looks
/// more alike: what passes in front may swap tracks.
const STRANGE_AFTER_CHANGE: f32 = 0.8;
/// Likeness below which another object stands there after this long in which nobody looked …
const STRANGE_AFTER_GAP: f32 = 0.3;
const GAP: Duration = Duration::from_secs(30);
/// … and after this long without an open event, likeness must be shown at all.
const LONG_GAP: Duration = Duration::from_secs(3600);
/// Where nothing was found for this long and in so many pictures, and nothing in front of it, what comes is met as where the one remembered
/// was seen to leave.
const VACANT_FOR: Duration = Duration::from_secs(4);
const VACANT_PICTURES: u32 = 2;
/// Where what was always found has not been found for this long, whatever comes is another unless it looks like the one remembered.
const LONG_VACANT_FOR: Duration = Duration::from_secs(8);
/// How long a newcomer is looked at before it is believed: a passer-by in front is gone by then.
const STRANGER_PATIENCE: Duration = Duration::from_secs(1);
/// Sizes that a track has travelled when it counts as having arrived from elsewhere.
pub(super) const ARRIVED: f32 = 0.5;
/// Sightings that it takes at least to say that it was always found.
const LEAST_SIGHTINGS: u32 = 3;

impl Place {
    /// Whether a detection at this place says too little to count: a weak one where the place looks empty or was seen
    /// empty, or one that may be passing and does not look like what stands here.
    pub(super) fn doubts(&mut self, sighting: &Sighting<'_>) -> bool {
        let likeness = sighting.now.and_then(|now| self.likeness(now));
        if self.is_taken_together(sighting, likeness) {
            return true;
        }
        if sighting.strong {
            let may_be_passing = sighting.movement.is_none_or(|movement| movement.speed.is_none());
            return may_be_passing && likeness.is_some_and(|likeness| likeness.look < STRANGE);
        }
        // What was seen to be gone is found weakly again where something passes.
        likeness.is_some_and(Likeness::says_bare) || self.surely_empty_for >= STAY_BREAKS
    }

    /// Whether a box is drawn around what stands here and something beside it, which has come since: that says nothing of where either is.
    /// What was half hidden at first and is seen whole later looks the same, and is believed in time.
    fn is_taken_together(&mut self, sighting: &Sighting<'_>, likeness: Option<Likeness>) -> bool {
        let (own, found) = (self.bbox, sighting.found.bbox);
        // What stands where it was seen to be gone, or missed for long, is another, and may be larger.
        let is_strange = likeness.is_some_and(|likeness| likeness.look < STRANGE);
        let is_there = self.look.is_some()
            && self.surely_empty_for < STAY_BREAKS
            && !likeness.is_some_and(Likeness::says_bare)
            && !(is_strange && self.missed_for >= VACANT_FOR);
        let is_grown = self.is_standing()
            && is_there
            && self.sightings as usize > RECENT_BOXES
            // What was half hidden for a while was larger once.
            && found.area() >= GROWN * own.area().max(self.anchor.area())
            && own.intersection(found) >= WITHIN * own.area();
        if !is_grown {
            self.grown_since = None;
            return false;
        }
        let since = *self.grown_since.get_or_insert(sighting.at);
        sighting.at.saturating_since(since) < GROWN_FOR
    }

    /// Whether a strong sighting is of another object than the one remembered.
    pub(super) fn judge_newcomer(
        &mut self,
        sighting: &Sighting<'_>,
        likeness: Option<Likeness>,
    ) -> Option<Outcome> {
        let replaced = |place: &mut Self, since: Timestamp| {
            place.vacate();
            Some(Outcome::Replaced(since))
        };
        if !self.held && self.surely_empty_for >= STAY_BREAKS {
            return replaced(self, sighting.resting_since());
        }
        let alike = likeness.map(|likeness| likeness.look);
        let after_gap = match alike {
            Some(alike) => self.unwatched_for >= GAP && alike < STRANGE_AFTER_GAP,
            None => self.unwatched_for >= LONG_GAP && !self.held,
        };
        if after_gap {
            return replaced(self, sighting.resting_since());
        }
        if self.was_waited_for() && alike.is_none_or(|alike| alike < ALIKE) {
            // It had hardly come when something stopped before it: what is there now counts from now, unless it looks the same.
            return replaced(self, sighting.resting_since());
        }
        self.unwatched_for = Duration::ZERO;
        let same_track =
            self.track.is_some() && sighting.movement.map(|movement| movement.track) == self.track;
        let arrived = !same_track && sighting.movement.is_some_and(|movement| movement.travelled >= ARRIVED);
        let usual = self.usual_likeness.unwrap_or(1.0);
        let was_free =
            self.departed || (self.missed_for >= VACANT_FOR && self.missed_pictures >= VACANT_PICTURES);
        let was_long_free = self.missed_for >= LONG_VACANT_FOR
            && self.was_found_always(LEAST_SIGHTINGS, self.pictures.saturating_sub(1));
        // It was seen to be gone: what is there now is the same only if it looks so.
        let was_seen_free = self.surely_empty_for >= STAY_BREAKS;
        let strange = match (arrived, was_free, alike) {
            (_, true, Some(alike)) if (was_long_free || was_seen_free) && alike < ALIKE => true,
            (true, true, Some(alike)) => alike < STRANGE_AFTER_CHANGE.min(usual - AS_USUAL).max(STRANGE),
            // Nothing to compare: tracks may have been swapped by a passer-by, unless the place was free in between.
            (true, true, None) => self.missed_pictures > 0,
            (true, false, Some(alike)) | (false, true, Some(alike)) => alike < STRANGE,
            _ => false,
        };
        if !strange {
            self.strange_for = Duration::ZERO;
            self.departed = false;
            self.track = sighting.movement.map(|movement| movement.track).or(self.track);
            return None;
        }
        self.strange_for += sighting.elapsed;
        if self.strange_for < STRANGER_PATIENCE && self.state == PlaceState::Standing {
            return None;
        }
        replaced(self, sighting.resting_since().min(sighting.at.saturating_sub(self.strange_for)))
    }
}
