//! Follows objects from picture to picture, so that what moves can be told from what stands.
//!
//! In: detections, those of low score included, the time, and a small copy of the picture. Out: for each detection its track and how it
//! moves. Tracks say nothing about dwell: they break, swap and end, and the memory of places does not depend on them.
//!
//! As ByteTrack does (Zhang et al., ECCV 2022), strong detections are matched first, by where they are expected and by their look, and
//! weak ones only continue what is there. Between pictures that are seconds apart things go farther than their size: then pace, nearness,
//! look, class and size decide, for all that is seen together. What is left over is met as where a track was lost, behind something or in pictures that missed it: there
//! its look decides, among those that it could have come from in that time.

mod pairing;
mod patchwork;
mod signature;
mod track;
mod walking;

use std::time::Duration;

use gridwatch_domain::{Detection, NormBox, ObjectClass, Timestamp, TrackId};

use self::{
    pairing::{Demands, Found, affinity, better, known_again, look_of, settle},
    signature::Signature,
    track::Track,
};
use crate::{appearance::Grey, motion::Kind};

/// A track that was not seen for this long is lost …
const LONGEST_MISS: Duration = Duration::from_secs(2);
/// … and after this it is over: whoever has been behind a van for longer is somebody else.
const LONGEST_LOST: Duration = Duration::from_secs(30);
/// Lost tracks that are remembered at most.
const MOST_LOST: usize = 64;
/// Least overlap of a predicted box with a strong detection, and with a weak one.
const LEAST_IOU: f32 = 0.2;
const LEAST_IOU_WEAK: f32 = 0.4;

/// A weak detection continues a track only if it looks so much like it, where that can be told: beside somebody who leaves there is always
/// something that could be somebody.
const WEAK_ALIKE: f32 = 0.5;
/// By how much look counts, where two tracks are as near: half the overlap of one box with another.
const LOOK_COUNTS: f32 = 0.5;
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
    /// When and where it was at the beginning of the time over which its speed is measured; `None` where that is not told.
    pub measured_from: Option<(Timestamp, NormBox)>,
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
    /// (score below `strong`) that continue nothing, and for people of whom nothing is seen but others who are known. Times must not go back. `grey`: the picture; without it looks count nothing.
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
        let left_out = patchwork::left_out(detections);
        let found = Found { at, detections, looks: &looks, left_out: &left_out };
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
        let known: Vec<NormBox> = patchwork::known_people(detections, &owners);
        let mut movements = Vec::with_capacity(detections.len());
        for (((found, owner), look), left_out) in detections.iter().zip(owners).zip(&looks).zip(&left_out) {
            let track = match owner {
                Some(index) => &mut self.tracks[index],
                None if found.score >= strong && !left_out && !patchwork::is_of(found, &known) => {
                    self.begin(at, found)
                }
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
            if owner.is_some() || found.left_out[index] || found.detections[index].score < strong {
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
                if found.left_out[index] || track.kind != Kind::of(detection.class) {
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
            let seen = all.filter(|(index, (one, owner))| {
                Kind::of(one.class) == kind && owner.is_none() && !found.left_out[*index]
            });
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
        self.tracks.push(Track::new(id, at, found));
        let last = self.tracks.len() - 1;
        &mut self.tracks[last]
    }
}

#[cfg(test)]
mod tests;
