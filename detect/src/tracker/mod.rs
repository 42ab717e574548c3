//! Follows objects from picture to picture, so that what moves can be told from what stands.
//!
//! In: detections, those of low score included, the time, and a small copy of the picture. Out: for each detection its track and how it
//! moves. Tracks say nothing about dwell: they break, swap and end, and the memory of places does not depend on them.
//!
//! As ByteTrack does (Zhang et al., ECCV 2022), strong detections are matched first, by where they are expected and by their look, and
//! weak ones only continue what is there. Between pictures that are seconds apart things go farther than their size: then pace, nearness,
//! look, class and size decide, for all that is seen together. What is left over is met as where a track was lost, behind something or in pictures that missed it: there
//! its look decides, among those that it could have come from in that time.

mod signature;
mod walking;

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::{Detection, NormBox, ObjectClass, Timestamp, TrackId};

use self::signature::Signature;
use crate::{
    appearance::Grey,
    motion::{Kind, blend, center_distance},
};

/// A track that was not seen for this long is lost …
const LONGEST_MISS: Duration = Duration::from_secs(2);
/// … and after this it is over: whoever has been behind a van for longer is somebody else.
const LONGEST_LOST: Duration = Duration::from_secs(30);
/// Lost tracks that are remembered at most.
const MOST_LOST: usize = 64;
/// Over which time speed is measured: long enough for the jitter of boxes to cancel out.
const SPEED_WINDOW: Duration = Duration::from_millis(1500);
/// Below this no speed is told: two pictures of a jittery box would look like a dash.
const SHORTEST_BASE: Duration = Duration::from_millis(350);
/// What is within this many sizes of where it is now was there already.
const RESTING: f32 = 0.08;
/// Least overlap of a predicted box with a strong detection, and with a weak one.
const LEAST_IOU: f32 = 0.2;
const LEAST_IOU_WEAK: f32 = 0.4;
/// Between pictures so far apart something may have stopped, as people do within a step; it has, where it overlaps so much with where it was.
const STOPS_WITHIN: Duration = Duration::from_millis(300);
const STAYED: f32 = 0.7;
/// Without overlap (few pictures a second, fast cars) centres may lie this far apart, in sizes.
const FARTHEST_CENTER: f32 = 0.9;

/// A weak detection continues a track only if it looks so much like it, where that can be told: beside somebody who leaves there is always
/// something that could be somebody.
const WEAK_ALIKE: f32 = 0.5;
/// By how much look counts, where two tracks are as near: half the overlap of one box with another.
const LOOK_COUNTS: f32 = 0.5;
/// Likeness that two sights of the same have as a rule: more speaks for it, less against it, but no more than so much: what passes in
/// front looks like itself.
const USUAL_LIKENESS: f32 = 0.75;
const MOST_AGAINST: f32 = 0.2;
/// What others cover to this share has another's look.
const COVERED: f32 = 0.25;
/// Likeness from which something is taken for what was lost; and by how much it must be better than the second best.
const KNOWN_AGAIN: f32 = 0.8;
const BETTER: f32 = 0.03;
/// Share by which a look follows a strong detection.
const LOOK_FOLLOWS: f32 = 0.4;
/// How far something may have gone while nobody looked, in own lengths: this much at once, and this much a second: a car in a yard goes
/// 5 m/s and is 4 m long, a person goes 1.5 m/s and is 1.7 m tall.
const STRAYS: f32 = 0.6;
const VEHICLE_STRAYS: f32 = 1.4;
const PERSON_STRAYS: f32 = 1.0;
/// In that time it looks no larger or smaller than by this factor.
const GROWS: f32 = 2.5;
/// Of a picture of which nothing is known.
const USUAL_ASPECT: f32 = 16.0 / 9.0;
/// In pictures so far apart whoever walks has left the box in which it is expected: see [`walking`].
const STRIDE: Duration = Duration::from_millis(700);

/// How a detection moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Movement {
    /// Its track.
    pub track: TrackId,
    /// What it mostly is.
    pub class: ObjectClass,
    /// In how many pictures it has been seen since it was lost last.
    pub sightings: u32,
    /// Speed in own sizes per second; `None` while the track is too young to tell.
    pub speed: Option<f32>,
    /// Farthest that the track was from where it began, in sizes.
    pub travelled: f32,
    /// Since when it has been where it is now, as far back as speed is measured.
    pub resting_since: Timestamp,
    /// When and where it was seen before, if it was since it was lost last.
    pub before: Option<(Timestamp, NormBox)>,
    /// When it was detected well last, and for how long it has been, all in all.
    pub strong_at: Timestamp,
    /// See `strong_at`.
    pub strong_for: Duration,
}

#[derive(Debug, Clone)]
struct Track {
    id: TrackId,
    kind: Kind,
    /// Scores of its detections, by [`ObjectClass::ALL`].
    votes: [f32; ObjectClass::ALL.len()],
    sightings: u32,
    origin: NormBox,
    travelled: f32,
    look: Option<Signature>,
    strong_at: Timestamp,
    strong_for: Duration,
    /// Boxes of the last [`SPEED_WINDOW`], oldest first; never empty.
    past: VecDeque<(Timestamp, NormBox)>,
}

/// The tracks of one camera.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Track>,
    /// Those that were not seen for a while, the longest lost first.
    lost: Vec<Track>,
    next: u64,
    /// When the picture before was taken.
    last_at: Option<Timestamp>,
}

impl Tracker {
    /// Takes the detections of one picture; gives the movement of each, in the same order; `None` for weak detections
    /// (score below `strong`) that continue nothing. Times must not go back. `grey`: the picture; without it looks count nothing.
    pub fn update(
        &mut self,
        at: Timestamp,
        detections: &[Detection],
        strong: f32,
        grey: Option<&Grey>,
    ) -> Vec<Option<Movement>> {
        self.lose(at);
        let looks: Vec<Option<Signature>> =
            (0..detections.len()).map(|index| look_of(detections, index, grey?)).collect();
        let found = Found { at, detections, looks: &looks };
        let mut owners: Vec<Option<usize>> = vec![None; detections.len()];
        let mut taken = vec![false; self.tracks.len()];
        let of_strength = |want: bool| move |found: &Detection| (found.score >= strong) == want;
        let (strongly, weakly) = (
            Demands { iou: LEAST_IOU, likeness: 0.0 },
            Demands { iou: LEAST_IOU_WEAK, likeness: WEAK_ALIKE },
        );
        let aspect = grey.map_or(USUAL_ASPECT, |grey| grey.width() as f32 / grey.height() as f32);
        self.follow_far(&found, &[Kind::Person], (strong, aspect), &mut owners, &mut taken);
        self.assign(&found, of_strength(true), strongly, &mut owners, &mut taken);
        self.assign(&found, of_strength(false), weakly, &mut owners, &mut taken);
        // Vehicles and two-wheelers stand close together for hours: what overlaps with where one was is that.
        self.follow_far(
            &found,
            &[Kind::Vehicle, Kind::TwoWheeler],
            (strong, aspect),
            &mut owners,
            &mut taken,
        );
        self.find_again(&found, strong, &mut owners, &mut taken);
        let mut movements = Vec::with_capacity(detections.len());
        for ((found, owner), look) in detections.iter().zip(owners).zip(&looks) {
            let track = match owner {
                Some(index) => &mut self.tracks[index],
                None if found.score >= strong => self.begin(at, found),
                None => {
                    movements.push(None);
                    continue;
                }
            };
            if found.score >= strong {
                // From one good look to the next, if that is not long.
                track.strong_for += at.saturating_since(track.strong_at).min(LONGEST_MISS);
                track.strong_at = at;
            }
            track.extend(at, found, look.as_ref().filter(|_| found.score >= strong));
            movements.push(Some(track.movement()));
        }
        self.last_at = Some(at);
        movements
    }

    /// Forgets how things moved, as after a gap; who they are may be found again.
    pub fn pause(&mut self) {
        self.lost.append(&mut self.tracks);
    }

    /// One that names its tracks by numbers from that on.
    pub fn from(next: u64) -> Self {
        Self { next, ..Self::default() }
    }

    /// Number of the next track.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Forgets all tracks.
    pub fn clear(&mut self) {
        self.tracks.clear();
        self.lost.clear();
    }

    /// Sets those aside that were not seen for a while.
    fn lose(&mut self, at: Timestamp) {
        let unseen = |track: &Track| at.saturating_since(track.last().0);
        let (lost, kept): (Vec<_>, Vec<_>) =
            self.tracks.drain(..).partition(|track| unseen(track) > LONGEST_MISS);
        self.tracks = kept;
        self.lost.extend(lost);
        self.lost.retain(|track| unseen(track) <= LONGEST_LOST);
        let surplus = self.lost.len().saturating_sub(MOST_LOST);
        self.lost.drain(..surplus);
    }

    /// Strong detections that continue nothing may be what was lost, or has gone far since the last picture.
    fn find_again(
        &mut self,
        found: &Found<'_>,
        strong: f32,
        owners: &mut [Option<usize>],
        taken: &mut Vec<bool>,
    ) {
        for (index, owner) in owners.iter_mut().enumerate() {
            if owner.is_some() || found.detections[index].score < strong {
                continue;
            }
            let free = self.tracks.iter().enumerate().filter(|(track, _)| !taken[*track]);
            let free = free.map(|(track, known)| (Some(track), known));
            let lost = self.lost.iter().map(|known| (None, known));
            let Some((track, id)) = known_again(found, index, free.chain(lost)) else { continue };
            let track = track.or_else(|| {
                let lost = self.lost.iter().position(|known| known.id == id)?;
                let mut track = self.lost.remove(lost);
                // How it moved then says nothing of now; and what is seen now and then is not believed more for it.
                if Some(track.last().0) != self.last_at {
                    track.sightings = 0;
                }
                track.past.clear();
                self.tracks.push(track);
                taken.push(false);
                Some(self.tracks.len() - 1)
            });
            if let Some(track) = track {
                (*owner, taken[track]) = (Some(track), true);
            }
        }
    }

    /// Greedily, best first: pictures hold some dozen objects, and the best pair is nearly always right.
    fn assign(
        &self,
        found: &Found<'_>,
        wanted: impl Fn(&Detection) -> bool,
        least: Demands,
        owners: &mut [Option<usize>],
        taken: &mut [bool],
    ) {
        let mut pairs = Vec::new();
        for (track_index, track) in self.tracks.iter().enumerate().filter(|(index, _)| !taken[*index]) {
            let predicted = track.predict(found.at);
            let all = found.detections.iter().zip(found.looks).enumerate();
            for (index, (detection, look)) in all.filter(|(_, (detection, _))| wanted(detection)) {
                if track.kind != Kind::of(detection.class) {
                    continue;
                }
                if track.alike(look.as_ref()).is_some_and(|likeness| likeness < least.likeness) {
                    continue;
                }
                let fit = affinity(predicted, detection.bbox, least.iou);
                if let Some(fit) = better(fit, track.stayed(found.at, detection.bbox)) {
                    pairs.push((fit + LOOK_COUNTS * track.likeness(look.as_ref()), track_index, index));
                }
            }
        }
        settle(pairs, owners, taken);
    }

    /// In pictures that are far apart things of these kinds are told apart all together: see [`walking`].
    fn follow_far(
        &self,
        found: &Found<'_>,
        kinds: &[Kind],
        (strong, aspect): (f32, f32),
        owners: &mut [Option<usize>],
        taken: &mut [bool],
    ) {
        if self.last_at.is_none_or(|last| found.at.saturating_since(last) < STRIDE) {
            return;
        }
        for &kind in kinds {
            let all = self.tracks.iter().enumerate();
            let tracks = all.filter(|(index, track)| track.kind == kind && !taken[*index]);
            let tracks: Vec<usize> = tracks.map(|(index, _)| index).collect();
            let all = found.detections.iter().zip(owners.iter()).enumerate();
            let seen = all.filter(|(_, (found, owner))| Kind::of(found.class) == kind && owner.is_none());
            let seen: Vec<usize> = seen.map(|(index, _)| index).collect();
            let fit = |track: usize, index: usize| {
                walking::fit(&self.tracks[tracks[track]], found, seen[index], strong, aspect)
            };
            for (track, index) in walking::settle(tracks.len(), seen.len(), fit) {
                (owners[seen[index]], taken[tracks[track]]) = (Some(tracks[track]), true);
            }
        }
    }

    fn begin(&mut self, at: Timestamp, found: &Detection) -> &mut Track {
        let id = TrackId(self.next);
        self.next += 1;
        let kind = Kind::of(found.class);
        self.tracks.push(Track {
            id,
            kind,
            votes: [0.0; ObjectClass::ALL.len()],
            sightings: 0,
            origin: found.bbox,
            travelled: 0.0,
            look: None,
            strong_at: at,
            strong_for: Duration::ZERO,
            past: VecDeque::new(),
        });
        let last = self.tracks.len() - 1;
        &mut self.tracks[last]
    }
}

/// Pairs of a track and a detection that are still free, best first; of pairs that are as good the older comes first: sorting is stable.
fn settle(mut pairs: Vec<(f32, usize, usize)>, owners: &mut [Option<usize>], taken: &mut [bool]) {
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
struct Demands {
    /// Overlap with where it is expected; without any, nearness may do.
    iou: f32,
    /// Likeness, as far as both looks are known.
    likeness: f32,
}

/// What was found in a picture.
struct Found<'a> {
    at: Timestamp,
    detections: &'a [Detection],
    /// What each of them looks like.
    looks: &'a [Option<Signature>],
}

/// What a detection looks like; `None` where others are in front of it.
fn look_of(detections: &[Detection], index: usize, grey: &Grey) -> Option<Signature> {
    let bbox = detections[index].bbox;
    let others = detections.iter().enumerate().filter(|(other, _)| *other != index);
    // Of two that stand beside each other either may be.
    let in_front = others.filter(|(_, other)| other.bbox.y2() >= bbox.y2() - 0.25 * bbox.height());
    let covered = in_front.map(|(_, other)| other.bbox.intersection(bbox)).fold(0.0, f32::max);
    (covered < COVERED * bbox.area()).then(|| Signature::of(grey, bbox)).flatten()
}

/// Which of these tracks a detection continues by its look, if it is clearly one of them: its place among the tracks, and its number.
fn known_again<'a>(
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

/// How far a box has moved in sizes, coming nearer included. Half of something that is suddenly covered counts as
/// moving too: it cannot be told apart within a second, and says no more than that this is not a quiet sight.
fn moved(a: NormBox, b: NormBox) -> f32 {
    center_distance(a, b).max((b.area() / a.area()).ln().abs() / 2.0)
}

/// How well a detection fits a prediction; any overlap is better than mere nearness. `None` where it does not.
fn affinity(predicted: NormBox, found: NormBox, least_iou: f32) -> Option<f32> {
    let iou = predicted.iou(found);
    if iou >= least_iou {
        return Some(1.0 + iou);
    }
    let ratio = found.area() / predicted.area();
    let distance = center_distance(predicted, found);
    ((0.5..2.0).contains(&ratio) && distance < FARTHEST_CENTER).then(|| 1.0 - distance / FARTHEST_CENTER)
}

fn better(one: Option<f32>, other: Option<f32>) -> Option<f32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

impl Track {
    fn last(&self) -> (Timestamp, NormBox) {
        *self.past.back().expect("a track holds at least its last box")
    }

    /// How well a detection fits where it was, some time ago; `None` where it has not stayed, or where that was just now.
    fn stayed(&self, at: Timestamp, found: NormBox) -> Option<f32> {
        let (then, bbox) = self.last();
        let iou = bbox.iou(found);
        (at.saturating_since(then) >= STOPS_WITHIN && iou >= STAYED).then_some(1.0 + iou)
    }

    /// How much more alike than usual a look is; 0 where nothing is known of it.
    fn likeness(&self, look: Option<&Signature>) -> f32 {
        self.alike(look).map_or(0.0, |likeness| (likeness - USUAL_LIKENESS).max(-MOST_AGAINST))
    }

    /// How alike a look is, 0–1; `None` where nothing is known of it.
    fn alike(&self, look: Option<&Signature>) -> Option<f32> {
        self.look.as_ref().zip(look).map(|(own, look)| own.likeness(look))
    }

    /// Whether it can have got there since it was last seen.
    fn may_have_come(&self, at: Timestamp, found: NormBox) -> bool {
        let grown = found.area() / self.last().1.area();
        (1.0 / GROWS..=GROWS).contains(&grown) && self.share_of_reach(at, found) <= 1.0
    }

    /// How far it is off from where it was last seen, or is expected, in ways that it can have gone since.
    fn share_of_reach(&self, at: Timestamp, found: NormBox) -> f32 {
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

    fn extend(&mut self, at: Timestamp, found: &Detection, look: Option<&Signature>) {
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
    fn class(&self) -> ObjectClass {
        let best = self.votes.iter().zip(ObjectClass::ALL).max_by(|a, b| a.0.total_cmp(b.0));
        best.map_or(ObjectClass::Car, |(_, class)| class)
    }

    fn movement(&self) -> Movement {
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
            travelled: self.travelled,
            resting_since,
            before: self.past.len().checked_sub(2).map(|index| self.past[index]),
            strong_at: self.strong_at,
            strong_for: self.strong_for,
        }
    }

    /// Where it will be if it keeps its pace.
    fn predict(&self, at: Timestamp) -> NormBox {
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

#[cfg(test)]
mod tests {
    use gridwatch_domain::ObjectClass;

    use super::*;

    fn car(x: f32, score: f32) -> Detection {
        let bbox = NormBox::new(x, 0.4, x + 0.1, 0.5).expect("valid");
        Detection { class: ObjectClass::Car, score, bbox }
    }

    fn after(millis: u64) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(millis))
    }

    #[test]
    fn a_moving_car_keeps_its_track_and_shows_its_speed() {
        let mut tracker = Tracker::default();
        let mut last = None;
        for step in 0..10_u8 {
            let found =
                tracker.update(after(u64::from(step) * 200), &[car(f32::from(step) * 0.02, 0.6)], 0.3, None);
            last = found[0];
        }
        let movement = last.expect("a strong detection has a track");
        assert_eq!(movement.track, TrackId(0));
        assert!((movement.speed.expect("old enough") - 1.0).abs() < 0.05, "{movement:?}");
        assert!(movement.travelled > 1.7);
    }

    #[test]
    fn jitter_is_no_speed() {
        let mut tracker = Tracker::default();
        for step in 0..20_u8 {
            let x = 0.4 + if step % 2 == 0 { 0.004 } else { 0.0 };
            let found = tracker.update(after(u64::from(step) * 200), &[car(x, 0.6)], 0.3, None);
            let speed = found[0].expect("strong").speed;
            assert!(speed.is_none_or(|speed| speed < 0.12), "{speed:?}");
        }
    }

    #[test]
    fn a_weak_detection_continues_a_track_and_begins_none() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.update(after(0), &[car(0.4, 0.2)], 0.3, None), [None]);
        let strong = tracker.update(after(200), &[car(0.4, 0.5)], 0.3, None)[0].expect("strong");
        let weak = tracker.update(after(400), &[car(0.41, 0.15)], 0.3, None)[0].expect("continues");
        assert_eq!(strong.track, weak.track);
    }

    #[test]
    fn a_track_ends_when_nothing_is_seen_and_classes_of_a_kind_are_one() {
        let mut tracker = Tracker::default();
        tracker.update(after(0), &[car(0.4, 0.5)], 0.3, None);
        let bus = Detection { class: ObjectClass::Bus, ..car(0.4, 0.5) };
        assert_eq!(tracker.update(after(200), &[bus], 0.3, None)[0].map(|m| m.track), Some(TrackId(0)));
        assert_eq!(tracker.update(after(4000), &[bus], 0.3, None)[0].map(|m| m.track), Some(TrackId(1)));
    }

    #[test]
    fn two_that_pass_each_other_keep_apart() {
        let mut tracker = Tracker::default();
        for step in 0..10_u8 {
            let way = f32::from(step) * 0.03;
            let pair = [
                car(0.2 + way, 0.6),
                Detection {
                    bbox: NormBox::new(0.5 - way, 0.45, 0.6 - way, 0.55).expect("valid"),
                    ..car(0.0, 0.5)
                },
            ];
            let found = tracker.update(after(u64::from(step) * 200), &pair, 0.3, None);
            assert_eq!(
                found.iter().map(|m| m.map(|m| m.track.0)).collect::<Vec<_>>(),
                [Some(0), Some(1)],
                "step {step}"
            );
        }
    }

    /// Somebody whose feet are there, of that texture.
    fn person(x: f32, seed: u64, picture: &mut [u8]) -> Detection {
        let bbox = NormBox::new(x, 0.3, x + 0.05, 0.7).expect("valid");
        let mut random = fastrand::Rng::with_seed(seed);
        let blocks: Vec<u8> = (0..8 * 4).map(|_| random.u8(30..230)).collect();
        for row in 27..63_usize {
            for column in 0..8_usize {
                picture[row * 160 + (x * 160.0) as usize + column] = blocks[(row - 27) / 5 * 4 + column / 2];
            }
        }
        Detection { class: ObjectClass::Person, score: 0.7, bbox }
    }

    /// The tracks of people who are at these places, in pictures so far apart.
    fn follow(apart: u64, pictures: &[&[(f32, u64)]]) -> Vec<Vec<u64>> {
        let mut tracker = Tracker::default();
        let look = |(step, people): (usize, &&[(f32, u64)])| {
            let mut pixels = vec![90; 160 * 90];
            let found: Vec<Detection> =
                people.iter().map(|&(x, seed)| person(x, seed, &mut pixels)).collect();
            let grey = Grey::new(160, 90, pixels).expect("as many pixels as its size says");
            let movements = tracker.update(after(step as u64 * apart), &found, 0.3, Some(&grey));
            movements.iter().map(|movement| movement.expect("strong").track.0).collect()
        };
        pictures.iter().enumerate().map(look).collect()
    }

    #[test]
    fn who_walks_is_known_again_in_pictures_seconds_apart() {
        let pictures: [&[(f32, u64)]; 4] =
            [&[(0.1, 1), (0.8, 2)], &[(0.3, 1), (0.6, 2)], &[(0.55, 1), (0.35, 2)], &[(0.8, 1), (0.1, 2)]];
        assert_eq!(follow(2000, &pictures), [[0, 1]; 4], "they pass each other");
    }

    #[test]
    fn who_turns_while_walking_is_followed_in_pictures_seconds_apart() {
        let pictures: [&[(f32, u64)]; 3] =
            [&[(0.1, 1), (0.8, 2)], &[(0.25, 3), (0.65, 4)], &[(0.4, 5), (0.5, 6)]];
        assert_eq!(follow(2000, &pictures), [[0, 1]; 3], "each is nearer to itself than to the other");
        assert_eq!(follow(300, &pictures)[1], [2, 3], "nobody walks so fast");
    }

    #[test]
    fn in_pictures_seconds_apart_who_passes_before_a_parked_car_is_not_that_car() {
        let mut tracker = Tracker::default();
        let passing =
            Detection { bbox: NormBox::new(0.44, 0.52, 0.54, 0.62).expect("valid"), ..car(0.0, 0.9) };
        for step in 0..3 {
            tracker.update(after(step * 2000), &[car(0.4, 0.9)], 0.3, None);
        }
        let found = tracker.update(after(6000), &[passing], 0.3, None);
        assert_eq!(found[0].map(|movement| movement.track), Some(TrackId(1)));
    }

    #[test]
    fn in_pictures_seconds_apart_a_bus_in_the_street_is_not_the_car_that_was_nearer() {
        let vehicle = |class, edges: [f32; 4]| {
            let [x1, y1, x2, y2] = edges;
            Detection { class, score: 0.9, bbox: NormBox::new(x1, y1, x2, y2).expect("valid") }
        };
        let pictures = [
            [
                vehicle(ObjectClass::Car, [0.3, 0.51, 0.56, 0.79]),
                vehicle(ObjectClass::Bus, [0.75, 0.15, 0.88, 0.22]),
            ],
            [
                vehicle(ObjectClass::Car, [0.55, 0.38, 0.64, 0.55]),
                vehicle(ObjectClass::Bus, [0.44, 0.16, 0.58, 0.26]),
            ],
        ];
        let mut tracker = Tracker::default();
        let mut tracks = |(step, found): (usize, &[Detection; 2])| {
            let movements = tracker.update(after(step as u64 * 2000), found, 0.3, None);
            movements.iter().map(|movement| movement.expect("strong").track.0).collect::<Vec<_>>()
        };
        let tracks: Vec<Vec<u64>> = pictures.iter().enumerate().map(&mut tracks).collect();
        assert_eq!(tracks, [[0, 1], [0, 1]]);
    }

    /// One that stands there, so broad and so tall.
    fn stood(class: ObjectClass, score: f32, [x, y2, width, height]: [f32; 4]) -> Detection {
        let bbox = NormBox::new(x - width / 2.0, y2 - height, x + width / 2.0, y2).expect("valid");
        Detection { class, score, bbox }
    }

    /// The tracks of what is seen in pictures two seconds apart, none of it known by its look.
    fn follow_boxes(pictures: &[&[Detection]]) -> Vec<Vec<Option<u64>>> {
        let mut tracker = Tracker::default();
        let mut tracks = |(step, found): (usize, &&[Detection])| {
            let movements = tracker.update(after(step as u64 * 2000), found, 0.3, None);
            movements.iter().map(|movement| movement.map(|movement| movement.track.0)).collect()
        };
        pictures.iter().enumerate().map(&mut tracks).collect()
    }

    #[test]
    fn in_pictures_seconds_apart_who_comes_the_other_way_is_told_by_the_pace_of_both() {
        let person = |place| stood(ObjectClass::Person, 0.7, place);
        let tracks = follow_boxes(&[
            &[person([0.739, 0.387, 0.019, 0.073])],
            &[person([0.692, 0.354, 0.015, 0.076]), person([0.653, 0.348, 0.016, 0.067])],
            &[person([0.696, 0.383, 0.020, 0.076]), person([0.654, 0.315, 0.012, 0.061])],
        ]);
        assert_eq!(tracks, [vec![Some(0)], vec![Some(0), Some(1)], vec![Some(1), Some(0)]]);
    }

    #[test]
    fn in_pictures_seconds_apart_a_car_that_has_come_near_is_not_one_far_off() {
        let car = |place| stood(ObjectClass::Car, 0.8, place);
        let tracks = follow_boxes(&[
            &[car([0.421, 0.392, 0.068, 0.103])],
            &[car([0.459, 0.548, 0.097, 0.170])],
            &[car([0.470, 0.264, 0.063, 0.055])],
        ]);
        assert_eq!(tracks, [[Some(0)], [Some(0)], [Some(1)]]);
    }

    #[test]
    fn who_comes_out_from_behind_something_is_known_again() {
        let pictures: [&[(f32, u64)]; 5] = [&[(0.2, 1)], &[(0.3, 1)], &[], &[], &[(0.6, 1)]];
        let found = follow(1500, &pictures);
        assert_eq!((found[0][0], found[4][0]), (0, 0));
        let another: [&[(f32, u64)]; 5] = [&[(0.2, 1)], &[(0.3, 1)], &[], &[], &[(0.6, 9)]];
        assert_eq!(follow(1500, &another)[4][0], 1, "it is another");
    }

    #[test]
    fn nobody_walks_through_a_whole_picture_in_a_moment() {
        let pictures: [&[(f32, u64)]; 2] = [&[(0.1, 1)], &[(0.9, 1)]];
        assert_eq!(follow(200, &pictures), [[0], [1]]);
    }
}
