//! One track: where it was, how it moves, what it looks like.

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::{Detection, NormBox, ObjectClass, Timestamp, TrackId};

use super::{Movement, signature::Signature};
use crate::motion::{Kind, blend, center_distance};

/// Over which time speed is measured: long enough for the jitter of boxes to cancel out.
const SPEED_WINDOW: Duration = Duration::from_millis(1500);
/// Below this no speed is told: two pictures of a jittery box would look like a dash.
const SHORTEST_BASE: Duration = Duration::from_millis(350);
/// What is within this many sizes of where it is now was there already.
const RESTING: f32 = 0.08;
/// Between pictures so far apart something may have stopped, as people do within a step; it has, where it overlaps so much with where it was.
const STOPS_WITHIN: Duration = Duration::from_millis(300);
const STAYED: f32 = 0.7;
/// Likeness that two sights of the same have as a rule: more speaks for it, less against it, but no more than so much: what passes in
/// front looks like itself.
const USUAL_LIKENESS: f32 = 0.75;
const MOST_AGAINST: f32 = 0.2;
/// Share by which a look follows a strong detection.
const LOOK_FOLLOWS: f32 = 0.4;
/// How far something may have gone while nobody looked, in own lengths: this much at once, and this much a second: a car in a yard goes
/// 5 m/s and is 4 m long, a person goes 1.5 m/s and is 1.7 m tall.
const STRAYS: f32 = 0.6;
const VEHICLE_STRAYS: f32 = 1.4;
const PERSON_STRAYS: f32 = 1.0;
/// In that time it looks no larger or smaller than by this factor.
const GROWS: f32 = 2.5;

#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) id: TrackId,
    pub(super) kind: Kind,
    /// Scores of its detections, by [`ObjectClass::ALL`].
    votes: [f32; ObjectClass::ALL.len()],
    pub(super) sightings: u32,
    origin: NormBox,
    travelled: f32,
    pub(super) look: Option<Signature>,
    pub(super) strong_at: Timestamp,
    pub(super) strong_for: Duration,
    /// Boxes of the last [`SPEED_WINDOW`], oldest first; never empty.
    pub(super) past: VecDeque<(Timestamp, NormBox)>,
}

impl Track {
    /// One that begins with a detection, which is still to be added.
    pub(super) fn new(id: TrackId, at: Timestamp, found: &Detection) -> Self {
        Self {
            id,
            kind: Kind::of(found.class),
            votes: [0.0; ObjectClass::ALL.len()],
            sightings: 0,
            origin: found.bbox,
            travelled: 0.0,
            look: None,
            strong_at: at,
            strong_for: Duration::ZERO,
            past: VecDeque::new(),
        }
    }

    pub(super) fn last(&self) -> (Timestamp, NormBox) {
        *self.past.back().expect("a track holds at least its last box")
    }

    /// How well a detection fits where it was, some time ago; `None` where it has not stayed, or where that was just now.
    pub(super) fn stayed(&self, at: Timestamp, found: NormBox) -> Option<f32> {
        let (then, bbox) = self.last();
        let iou = bbox.iou(found);
        (at.saturating_since(then) >= STOPS_WITHIN && iou >= STAYED).then_some(1.0 + iou)
    }

    /// How much more alike than usual a look is; 0 where nothing is known of it.
    pub(super) fn likeness(&self, look: Option<&Signature>) -> f32 {
        self.alike(look).map_or(0.0, |likeness| (likeness - USUAL_LIKENESS).max(-MOST_AGAINST))
    }

    /// How alike a look is, 0–1; `None` where nothing is known of it.
    pub(super) fn alike(&self, look: Option<&Signature>) -> Option<f32> {
        self.look.as_ref().zip(look).map(|(own, look)| own.likeness(look))
    }

    /// Whether it can have got there since it was last seen.
    pub(super) fn may_have_come(&self, at: Timestamp, found: NormBox) -> bool {
        let grown = found.area() / self.last().1.area();
        (1.0 / GROWS..=GROWS).contains(&grown) && self.share_of_reach(at, found) <= 1.0
    }

    /// How far it is off from where it was last seen, or is expected, in ways that it can have gone since.
    pub(super) fn share_of_reach(&self, at: Timestamp, found: NormBox) -> f32 {
        let (then, last) = self.last();
        let since = at.saturating_since(then).as_secs_f32();
        let length = |bbox: NormBox| bbox.width().max(bbox.height());
        // Who comes nearer walks longer ways in the picture with each step: neither the first size nor the last one tells.
        let size = (length(last) * length(found)).sqrt();
        let a_second = if self.kind == Kind::Person { PERSON_STRAYS } else { VEHICLE_STRAYS };
        let to = found.center();
        let way = |from: NormBox| (from.center().x() - to.x()).hypot(from.center().y() - to.y());
        way(self.predict(at)).min(way(last)) / (size * (STRAYS + a_second * since))
    }

    pub(super) fn extend(&mut self, at: Timestamp, found: &Detection, look: Option<&Signature>) {
        match (&mut self.look, look) {
            (Some(known), Some(look)) => known.follow(look, LOOK_FOLLOWS),
            (known @ None, Some(look)) => *known = Some(look.clone()),
            (_, None) => {}
        }
        let bbox = found.bbox;
        self.sightings = self.sightings.saturating_add(1);
        for (vote, class) in self.votes.iter_mut().zip(ObjectClass::ALL) {
            *vote += if class == found.class { found.score } else { 0.0 };
        }
        self.past.push_back((at, bbox));
        while self.past.len() > 2 && at.saturating_since(self.past[1].0) >= SPEED_WINDOW {
            self.past.pop_front();
        }
        self.travelled = self.travelled.max(center_distance(self.origin, bbox));
    }

    /// What most of its detections say.
    pub(super) fn class(&self) -> ObjectClass {
        let best = self.votes.iter().zip(ObjectClass::ALL).max_by(|a, b| a.0.total_cmp(b.0));
        best.map_or(ObjectClass::Car, |(_, class)| class)
    }

    pub(super) fn movement(&self) -> Movement {
        let (first, last) = (self.past[0], self.last());
        let base = last.0.saturating_since(first.0);
        let speed = (base >= SHORTEST_BASE).then(|| moved(first.1, last.1) / base.as_secs_f32());
        let here = self.past.iter().rev().take_while(|(_, bbox)| moved(*bbox, last.1) <= RESTING);
        let resting_since = here.last().map_or(last.0, |(since, _)| *since);
        Movement {
            track: self.id,
            class: self.class(),
            sightings: self.sightings,
            speed,
            measured_from: speed.map(|_| first),
            travelled: self.travelled,
            resting_since,
            before: self.past.len().checked_sub(2).map(|index| self.past[index]),
            strong_at: self.strong_at,
            strong_for: self.strong_for,
        }
    }

    /// Where it will be if it keeps its pace.
    pub(super) fn predict(&self, at: Timestamp) -> NormBox {
        let (first, last) = (self.past[0], self.last());
        let base = last.0.saturating_since(first.0).as_secs_f32();
        let ahead = at.saturating_since(last.0).as_secs_f32();
        if base <= 0.0 {
            return last.1;
        }
        // 1 is the last box, more lies beyond it; never beyond twice the way seen, which jitter would blow up.
        blend(first.1, last.1, 1.0 + (ahead / base).min(1.0))
    }
}

/// How far a box has moved in sizes, coming nearer included. Half of something that is suddenly covered counts as
/// moving too: it cannot be told apart within a second, and says no more than that this is not a quiet sight.
fn moved(a: NormBox, b: NormBox) -> f32 {
    center_distance(a, b).max((b.area() / a.area()).ln().abs() / 2.0)
}
