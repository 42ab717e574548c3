//! Follows objects from picture to picture, so that what moves can be told from what stands.
//!
//! In: detections, those of low score included, and the time. Out: for each detection its track and how it moves.
//! Tracks say nothing about dwell: they break, swap and end, and the memory of places does not depend on them.
//! As ByteTrack does, strong detections are matched first and weak ones only continue what is there.

use std::collections::VecDeque;
use std::time::Duration;

use gridwatch_domain::{Detection, NormBox, ObjectClass, Timestamp, TrackId};

use crate::motion::{Kind, blend, center_distance};

/// A track that was not seen for this long is over.
const LONGEST_MISS: Duration = Duration::from_secs(2);
/// Over which time speed is measured: long enough for the jitter of boxes to cancel out.
const SPEED_WINDOW: Duration = Duration::from_millis(1500);
/// Below this no speed is told: two pictures of a jittery box would look like a dash.
const SHORTEST_BASE: Duration = Duration::from_millis(350);
/// What is within this many sizes of where it is now was there already.
const RESTING: f32 = 0.08;
/// Least overlap of a predicted box with a strong detection, and with a weak one.
const LEAST_IOU: f32 = 0.2;
const LEAST_IOU_WEAK: f32 = 0.4;
/// Between pictures so far apart something may have stopped, however fast it came; it has, where it overlaps so much with where it was.
const STOPS_WITHIN: Duration = Duration::from_secs(1);
const STAYED: f32 = 0.7;
/// Without overlap (few pictures a second, fast cars) centres may lie this far apart, in sizes.
const FARTHEST_CENTER: f32 = 0.9;

/// How a detection moves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Movement {
    /// Its track.
    pub track: TrackId,
    /// What it mostly is.
    pub class: ObjectClass,
    /// In how many pictures it has been seen.
    pub sightings: u32,
    /// Speed in own sizes per second; `None` while the track is too young to tell.
    pub speed: Option<f32>,
    /// Farthest that the track was from where it began, in sizes.
    pub travelled: f32,
    /// Since when it has been where it is now, as far back as speed is measured.
    pub resting_since: Timestamp,
}

#[derive(Debug)]
struct Track {
    id: TrackId,
    kind: Kind,
    /// Scores of its detections, by [`ObjectClass::ALL`].
    votes: [f32; ObjectClass::ALL.len()],
    sightings: u32,
    origin: NormBox,
    travelled: f32,
    /// Boxes of the last [`SPEED_WINDOW`], oldest first; never empty.
    past: VecDeque<(Timestamp, NormBox)>,
}

/// The tracks of one camera.
#[derive(Debug, Default)]
pub struct Tracker {
    tracks: Vec<Track>,
    next: u64,
}

impl Tracker {
    /// Takes the detections of one picture; gives the movement of each, in the same order; `None` for weak detections
    /// (score below `strong`) that continue nothing. Times must not go back.
    pub fn update(&mut self, at: Timestamp, detections: &[Detection], strong: f32) -> Vec<Option<Movement>> {
        self.tracks.retain(|track| at.saturating_since(track.last().0) <= LONGEST_MISS);
        let mut owners: Vec<Option<usize>> = vec![None; detections.len()];
        let mut taken = vec![false; self.tracks.len()];
        let of_strength = |want: bool| move |found: &Detection| (found.score >= strong) == want;
        self.assign(at, detections, of_strength(true), LEAST_IOU, &mut owners, &mut taken);
        self.assign(at, detections, of_strength(false), LEAST_IOU_WEAK, &mut owners, &mut taken);
        let mut movements = Vec::with_capacity(detections.len());
        for (found, owner) in detections.iter().zip(owners) {
            let track = match owner {
                Some(index) => &mut self.tracks[index],
                None if found.score >= strong => self.begin(found),
                None => {
                    movements.push(None);
                    continue;
                }
            };
            track.extend(at, found);
            movements.push(Some(track.movement()));
        }
        movements
    }

    /// Forgets all tracks, as after a gap.
    pub fn clear(&mut self) {
        self.tracks.clear();
    }

    /// Greedily, best first: pictures hold some dozen objects, and the best pair is nearly always right.
    fn assign(
        &self,
        at: Timestamp,
        detections: &[Detection],
        wanted: impl Fn(&Detection) -> bool,
        least_iou: f32,
        owners: &mut [Option<usize>],
        taken: &mut [bool],
    ) {
        let mut pairs = Vec::new();
        for (track_index, track) in self.tracks.iter().enumerate().filter(|(index, _)| !taken[*index]) {
            let predicted = track.predict(at);
            for (index, found) in detections.iter().enumerate().filter(|(_, found)| wanted(found)) {
                if track.kind != Kind::of(found.class) {
                    continue;
                }
                let fit = affinity(predicted, found.bbox, least_iou);
                if let Some(fit) = better(fit, track.stayed(at, found.bbox)) {
                    pairs.push((fit, track_index, index));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, track, detection) in pairs {
            if !taken[track] && owners[detection].is_none() {
                taken[track] = true;
                owners[detection] = Some(track);
            }
        }
    }

    fn begin(&mut self, found: &Detection) -> &mut Track {
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
            past: VecDeque::new(),
        });
        let last = self.tracks.len() - 1;
        &mut self.tracks[last]
    }
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

    fn extend(&mut self, at: Timestamp, found: &Detection) {
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
                tracker.update(after(u64::from(step) * 200), &[car(f32::from(step) * 0.02, 0.6)], 0.3);
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
            let found = tracker.update(after(u64::from(step) * 200), &[car(x, 0.6)], 0.3);
            let speed = found[0].expect("strong").speed;
            assert!(speed.is_none_or(|speed| speed < 0.12), "{speed:?}");
        }
    }

    #[test]
    fn a_weak_detection_continues_a_track_and_begins_none() {
        let mut tracker = Tracker::default();
        assert_eq!(tracker.update(after(0), &[car(0.4, 0.2)], 0.3), [None]);
        let strong = tracker.update(after(200), &[car(0.4, 0.5)], 0.3)[0].expect("strong");
        let weak = tracker.update(after(400), &[car(0.41, 0.15)], 0.3)[0].expect("continues");
        assert_eq!(strong.track, weak.track);
    }

    #[test]
    fn a_track_ends_when_nothing_is_seen_and_classes_of_a_kind_are_one() {
        let mut tracker = Tracker::default();
        tracker.update(after(0), &[car(0.4, 0.5)], 0.3);
        let bus = Detection { class: ObjectClass::Bus, ..car(0.4, 0.5) };
        assert_eq!(tracker.update(after(200), &[bus], 0.3)[0].map(|m| m.track), Some(TrackId(0)));
        assert_eq!(tracker.update(after(4000), &[bus], 0.3)[0].map(|m| m.track), Some(TrackId(1)));
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
            let found = tracker.update(after(u64::from(step) * 200), &pair, 0.3);
            assert_eq!(
                found.iter().map(|m| m.map(|m| m.track.0)).collect::<Vec<_>>(),
                [Some(0), Some(1)],
                "step {step}"
            );
        }
    }
}
