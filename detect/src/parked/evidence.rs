//! What a picture says of a place: detections that are of it, and what can be seen where there are none.

use std::time::Duration;

use gridwatch_domain::{Detection, NormBox, ObjectClass, Timestamp};

use super::{
    likeness::{Likeness, View},
    newcomer::STRANGE,
    place::{Place, PlaceState, Presence},
};
use crate::{
    motion::{blend, center_distance, containment, median_box, shift},
    tracker::Movement,
};

/// Boxes of the last strong sightings, whose median is where the object is now: one odd box moves nothing.
pub(super) const RECENT_BOXES: usize = 5;
/// Sizes that the box of something at rest may jump from one picture to the next.
const JITTER: f32 = 0.06;
/// Share by which a place's box follows a strong sighting.
const BOX_FOLLOWS: f32 = 0.2;
/// Share by which a place's look follows, when detected and when merely recognised.
const LOOK_FOLLOWS: f32 = 0.3;
const LOOK_FOLLOWS_UNDETECTED: f32 = 0.02;
/// A box this far from where the object is, in its own size, is of one that leaves or jitters: its look is not learned.
const UNSETTLED: f32 = 0.1;
/// Share by which class votes and the score fade from one strong sighting to the next.
const VOTES_FADE: f32 = 0.02;
/// What is called a lorry and a car by turns is what it was called first, until one has so many times the votes: permits and rules by class
/// do not come and go with a few pictures.
const CLEARLY_MORE: f32 = 2.0;

/// By how much less alike than usual it may be and still be at rest, and the share by which the usual likeness follows.
pub(super) const AS_USUAL: f32 = 0.1;
const USUAL_FOLLOWS: f32 = 0.1;
/// How long a place must have been seen empty for the next sighting to be another stay.
pub(super) const STAY_BREAKS: Duration = Duration::from_secs(2);

/// … and how long it must look the same for an event that is open about it to go on.
const BACK_AFTER: Duration = Duration::from_secs(1);

/// How much farther an object may move of which an event is open.
const HELD_DRIFT: f32 = 1.75;
/// Something is in front of a place where it covers this share of it, and this much more than is usual.
const HIDES: f32 = 0.35;
const HIDES_MORE: f32 = 0.15;
/// Time in which what has stopped before a place becomes usual there.
const COVER_FOLLOWS: Duration = Duration::from_secs(60);

/// How long a place may be hidden behind something before it is treated as any other that is not seen.
const LONGEST_HIDDEN: Duration = Duration::from_secs(600);
/// After the light changed altogether, a place may go unseen for this long: its look has to be learned anew.
const RELEARNING: Duration = Duration::from_secs(120);

/// What was found in so many pictures, and in this share of them, until it was not found in so many …
const SURE_SIGHTINGS: u32 = 4;
const SURE_SHARE: f32 = 0.9;
const SURE_MISSES: u32 = 4;
/// … and for so long, is gone, though nothing is known of what the place looks like without it.
const SURE_PATIENCE: Duration = Duration::from_secs(15);

/// Pictures over which the mean confidence is taken: at some per second, the last minutes.
const CONFIDENCE_PICTURES: u32 = 2000;
/// Growth in area, and distance of the centres in sizes, that only coming nearer explains …
const NEARER_AREA: f32 = 1.6;
/// … and distance of the centres that nothing but moving explains, unless what is seen is merely a part.
const FAR_CENTER: f32 = 0.5;
const PART: f32 = 0.85;

/// A detection at a place, and what goes with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting<'a> {
    pub(super) at: Timestamp,
    /// Watched time since the last picture.
    pub(super) elapsed: Duration,
    /// Share of the place that other things in front of it cover, 0–1.
    pub(super) cover: f32,
    pub(super) found: Detection,
    pub(super) strong: bool,
    pub(super) movement: Option<Movement>,
    /// When it came, if it rests since this picture.
    pub(super) came: Timestamp,
    /// What the place looks like now.
    pub(super) now: Option<View<'a>>,
}

impl Sighting<'_> {
    /// Since when what is seen has been there, as far as its track tells.
    pub(super) fn resting_since(&self) -> Timestamp {
        self.movement.map_or(self.at, |movement| movement.resting_since)
    }
}

/// A picture without a detection at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Miss<'a> {
    pub(super) at: Timestamp,
    /// Watched time since the last picture.
    pub(super) elapsed: Duration,
    /// Share of the place that things in front of it cover which hide it, 0–1.
    pub(super) cover: f32,
    /// What the place looks like now.
    pub(super) now: Option<View<'a>>,
    /// How long it may go unseen.
    pub(super) patience: Duration,
}

/// What a sighting means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outcome {
    /// The same object still stands there.
    Stays,
    /// It has moved away from the place, and stands or creeps at its new one since then.
    Moved(Timestamp),
    /// Another object stands there since then.
    Replaced(Timestamp),
}

impl Place {
    /// Takes a detection at this place in.
    pub(super) fn sight(&mut self, sighting: &Sighting<'_>, drift: f32) -> Outcome {
        self.count_picture(sighting.found.score);
        let likeness = sighting.now.and_then(|now| self.likeness(now));
        if sighting.strong {
            if let Some(outcome) = self.judge_newcomer(sighting, likeness) {
                return outcome;
            }
            if !self.strange_for.is_zero() {
                // Whether it is another one is not known yet: what was missed stays missed so long.
                self.last_detected = sighting.at;
                return Outcome::Stays;
            }
            let is_coming = self.state == PlaceState::Candidate && sighting.came < sighting.at;
            if is_coming && self.has_shifted(sighting.found.bbox) {
                // In the last picture it was still coming to rest.
                self.first_seen = self.first_seen.max(sighting.came);
            }
            self.sightings = self.sightings.saturating_add(1);
            self.last_detected = sighting.at;
            self.vote(sighting.found);
            // A box that ends where something stands before it says nothing of where the object is.
            let is_cut = self.is_standing() && self.is_covered(sighting.cover);
            self.trail.detected(sighting.at, if is_cut { self.bbox } else { sighting.found.bbox });
            if !is_cut {
                self.follow(sighting, likeness);
            }
            // What stops before it for good becomes usual in time.
            let slowly = sighting.elapsed.as_secs_f32() / COVER_FOLLOWS.as_secs_f32();
            let follows = if is_cut { slowly.min(1.0) } else { BOX_FOLLOWS };
            self.usual_cover += (sighting.cover - self.usual_cover) * follows;
            // One car is one event, also when it is straightened up a little.
            let allowed = if self.held { drift * HELD_DRIFT } else { drift };
            if let Some(since) = self.moved(sighting.at, allowed) {
                self.vacate();
                return Outcome::Moved(since);
            }
        } else {
            self.last_detected = sighting.at;
            self.trail.detected(sighting.at, sighting.found.bbox);
        }
        self.seen(sighting.at);
        Outcome::Stays
    }

    fn follow(&mut self, sighting: &Sighting<'_>, likeness: Option<Likeness>) {
        self.recent.push_back((sighting.at, sighting.found.bbox));
        if self.recent.len() > RECENT_BOXES {
            self.recent.pop_front();
        }
        let median = median_box(self.recent.iter().map(|(_, bbox)| bbox)).unwrap_or(sighting.found.bbox);
        let settled = shift(self.bbox, sighting.found.bbox) <= UNSETTLED;
        if settled {
            self.looks_at_rest(likeness);
        }
        // Neither what it looks like while it drives off nor what has just come in front of it is what it looks like.
        let learns = settled && !self.is_covered(sighting.cover);
        if self.sightings as usize <= RECENT_BOXES {
            self.anchor = median;
            self.bbox = median;
        } else {
            self.bbox = blend(self.bbox, sighting.found.bbox, BOX_FOLLOWS);
        }
        match (&mut self.look, sighting.now) {
            (Some(look), Some(now)) if learns => look.follow(now.patch, LOOK_FOLLOWS),
            (Some(_), Some(_)) => {}
            (look, now) => *look = now.map(|now| now.patch.clone()),
        }
        self.relearning = Duration::ZERO;
    }

    /// Whether more of it is covered than usual.
    fn is_covered(&self, cover: f32) -> bool {
        cover >= self.usual_cover + HIDES_MORE
    }

    /// Whether it was elsewhere in the last picture, by more than a box jitters, and farther away still in the one before: a camera that
    /// sways moves boxes to and fro.
    fn has_shifted(&self, now: NormBox) -> bool {
        let mut before = self.recent.iter().rev().map(|(_, bbox)| shift(*bbox, now));
        let last = before.next().unwrap_or(0.0);
        last > JITTER && before.next().is_none_or(|earlier| earlier >= last)
    }

    /// Since when the object is no longer where it came to rest.
    fn moved(&self, at: Timestamp, drift: f32) -> Option<Timestamp> {
        let median = median_box(self.recent.iter().map(|(_, bbox)| bbox))?;
        let latest = self.recent.back()?.1;
        let is_away = |bbox: NormBox| {
            let centers = center_distance(self.anchor, bbox);
            let nearer = bbox.area() >= NEARER_AREA * self.anchor.area() && centers > drift && !self.held;
            let far = centers > FAR_CENTER && containment(self.anchor, bbox) < PART;
            shift(self.anchor, bbox) > drift || nearer || far
        };
        if self.recent.len() < 3 || !is_away(median) || !is_away(latest) {
            return None;
        }
        // A box that shares two edges with the latest is not off by its edges, and yet is where it was before.
        let is_here = |bbox: NormBox| is_away(bbox) && shift(latest, bbox) <= drift / 2.0;
        let here = self.recent.iter().rev().take_while(|(_, bbox)| is_here(*bbox));
        Some(here.last().map_or(at, |(since, _)| *since))
    }

    /// Whether it looks as it usually does, now that it has not been detected: it may be recognised, and yet be on its
    /// way.
    fn looks_at_rest(&mut self, likeness: Option<Likeness>) -> bool {
        let Some(Likeness { look, .. }) = likeness else { return false };
        let usual = self.usual_likeness.get_or_insert(look);
        let at_rest = look >= *usual - AS_USUAL;
        *usual += (look - *usual) * USUAL_FOLLOWS;
        at_rest
    }

    /// No detection is at this place.
    pub(super) fn miss(&mut self, miss: &Miss<'_>) {
        let elapsed = miss.elapsed;
        self.count_picture(0.0);
        self.relearning = self.relearning.saturating_sub(elapsed);
        if self.vacated {
            self.presence = Presence::Empty;
            self.count_empty(elapsed, true);
            return;
        }
        let likeness = miss.now.and_then(|now| self.likeness(now));
        if likeness.is_some_and(Likeness::says_same) && self.may_be_back(elapsed) {
            if let (Some(look), Some(now)) = (&mut self.look, miss.now) {
                look.follow(now.patch, LOOK_FOLLOWS_UNDETECTED);
            }
            self.unwatched_for = Duration::ZERO;
            if self.looks_at_rest(likeness) {
                self.trail.recognised(miss.at, self.bbox);
            }
            self.seen(miss.at);
            return;
        }
        if !likeness.is_some_and(Likeness::says_same) {
            self.alike_for = Duration::ZERO;
        }
        if self.missed_pictures == 0 {
            // Its last sightings may be of one that was leaving.
            self.last_seen = self.rested_until(|_| true);
        }
        self.missed_pictures = self.missed_pictures.saturating_add(1);
        let left = self.departed && likeness.is_none_or(|likeness| likeness.look < STRANGE);
        let hidden = miss.cover >= HIDES && self.is_covered(miss.cover);
        if left || likeness.is_some_and(Likeness::says_bare) {
            self.missed_for += elapsed;
            self.presence = Presence::Empty;
            self.count_empty(elapsed, true);
        } else if hidden && self.hidden_for < LONGEST_HIDDEN {
            self.hidden_for += elapsed;
            self.presence = Presence::Hidden;
        } else {
            self.missed_for += elapsed;
            self.presence = Presence::Unknown;
            let is_gone = likeness.is_some()
                && self.was_found_always(SURE_SIGHTINGS, self.pictures)
                && self.missed_for > SURE_PATIENCE;
            if is_gone && self.missed_for > self.relearning {
                // It has been so since it was first missed.
                self.empty_for = self.empty_for.max(self.missed_for);
                self.surely_empty_for = self.surely_empty_for.max(self.missed_for);
            } else if self.missed_for > self.patience(miss.patience).max(self.relearning) {
                self.count_empty(elapsed, false);
            }
        }
    }

    /// Whether what looks the same is the same: what was seen to be gone is not, unless an event is open about it, and it looks the same for
    /// a while: what passes may look so for a picture.
    fn may_be_back(&mut self, elapsed: Duration) -> bool {
        if self.surely_empty_for < STAY_BREAKS {
            return true;
        }
        self.alike_for += elapsed;
        self.held && self.alike_for >= BACK_AFTER
    }

    /// How long it may go unseen, `most` at the most: hardly longer than it was there at all.
    fn patience(&self, most: Duration) -> Duration {
        if self.look.is_some() { most.min(self.dwell().max(SURE_PATIENCE)) } else { most }
    }

    /// Whether hardly a picture was without it, as long as it stood there: that it is not found any more says that it is gone.
    /// `least`: sightings that this takes; `pictures`: up to the last one in which it was missed.
    pub(super) fn was_found_always(&self, least: u32, pictures: u32) -> bool {
        let found = self.sightings as f32 / pictures.saturating_sub(self.missed_pictures).max(1) as f32;
        self.sightings >= least && found >= SURE_SHARE && self.missed_pictures >= SURE_MISSES
    }

    /// Nobody looked for this long.
    pub(super) fn pass_unwatched(&mut self, gap: Duration) {
        self.unwatched_for += gap;
    }

    /// Its own track was seen somewhere else.
    pub(super) fn depart(&mut self) {
        if !self.departed {
            self.last_seen = self.rested_until(|_| true);
        }
        self.departed = true;
    }

    /// It has left, or another object has taken its place.
    pub(super) fn vacate(&mut self) {
        self.last_seen = self.rested_until(|_| true);
        // It has been gone since it was first missed.
        self.empty_for = self.empty_for.max(self.missed_for);
        self.vacated = true;
    }

    /// The light changed altogether: what was remembered of its look says nothing any more.
    pub(super) fn forget_look(&mut self) {
        (self.look, self.bare, self.usual_likeness) = (None, None, None);
        self.relearning = RELEARNING;
        self.surely_empty_for = Duration::ZERO;
    }

    fn seen(&mut self, at: Timestamp) {
        self.last_seen = at;
        self.presence = Presence::Seen;
        (self.missed_for, self.hidden_for) = (Duration::ZERO, Duration::ZERO);
        (self.empty_for, self.surely_empty_for) = (Duration::ZERO, Duration::ZERO);
        (self.missed_pictures, self.alike_for) = (0, Duration::ZERO);
    }

    fn count_empty(&mut self, elapsed: Duration, surely: bool) {
        self.empty_for += elapsed;
        if surely {
            self.surely_empty_for += elapsed;
        }
    }

    fn count_picture(&mut self, score: f32) {
        self.pictures = self.pictures.saturating_add(1).min(CONFIDENCE_PICTURES);
        self.confidence += (score - self.confidence) / self.pictures as f32;
    }

    pub(super) fn vote(&mut self, found: Detection) {
        for (vote, class) in self.votes.iter_mut().zip(ObjectClass::ALL) {
            *vote *= 1.0 - VOTES_FADE;
            if class == found.class {
                *vote += found.score;
            }
        }
        self.score = (self.score * (1.0 - VOTES_FADE)).max(found.score);
        let said = self.class();
        let (most, its_votes) = self.most_voted();
        self.class = Some(if its_votes > self.votes_of(said) * CLEARLY_MORE { most } else { said });
    }
}
