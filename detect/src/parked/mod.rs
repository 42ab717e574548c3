//! Remembers where something stands, and since when.
//!
//! In: the detections of each picture with their movements, a small grey copy of it, and its event time. Out: places,
//! each with the time of its first and last sighting. The *place* is the identity: it outlives lost tracks, detections
//! that fail for minutes (a place that still looks the same is still taken), occlusions, gaps in the stream, a change
//! to infrared and, as a checkpoint, the process. A place is given up when it was *seen empty*, or, where nothing can
//! be told from the picture, when it went unseen for too long.
//!
//! Dwell is wall time from the first to the last sighting. Whatever moves by more than a small share of its own size
//! begins a new place: creeping never adds up. A car that is seen to leave, and another that takes its place, are two.
//!
//! Pure: no clock, no randomness, no I/O. Knows nothing of zones and events.

mod companions;
mod evidence;
mod likeness;
mod matching;
mod newcomer;
mod place;
#[cfg(test)]
mod tests;
mod trail;

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::{Detection, NormBox, Timestamp};
use serde::{Deserialize, Serialize};

pub(crate) use self::matching::is_moving;
pub use self::place::{Origin, Place, PlaceState, Presence};
use self::{
    evidence::{Miss, Outcome, Sighting},
    likeness::View,
};
use crate::{
    appearance::{Background, Covered, Grey, Patch},
    footprint::{Others, Surveyor},
    motion::{Kind, containment},
    settings::MemorySettings,
    tracker::Movement,
};

/// Longer than this between two pictures, and nobody looked in between.
const LONGEST_STEP: Duration = Duration::from_secs(10);
/// Watched time that the first picture after such a gap counts for.
const AFTER_GAP: Duration = Duration::from_secs(1);
/// Of what passes between two pictures so much counts as watched at most, for what is over when it was not seen for a while: one picture
/// without it ends nothing.
const MOST_AT_ONCE: Duration = Duration::from_secs(5);
/// Time in which the background takes in what has changed: far longer than a car takes to pass.
const BACKGROUND_TIME: f32 = 20.0;
/// The background is brought up to date this often; more often costs time and gains nothing.
const BACKGROUND_INTERVAL: Duration = Duration::from_secs(1);
/// Age from which the background tells what a place looked like before …
const BACKGROUND_AGE: Duration = Duration::from_secs(2);
/// … and from which what never looked different is not one of those that were there when the camera began to look:
/// networks take some pictures to find a car.
const BEGINNING: Duration = Duration::from_secs(5);
/// Where pictures are seconds apart, what stands in one and did not in the one before came in between: on the average half of that time
/// before its first sighting. It is dated back by so much, and by no more than this, which is half of a usual group of pictures.
const MOST_DATED_BACK: Duration = Duration::from_secs(1);
/// Nearer to each other pictures follow closely.
const CLOSE: Duration = Duration::from_millis(500);
/// Pictures whose times are remembered, to know which came before a first sighting.
const PICTURES: usize = 16;
/// Likeness of the whole picture below which the light has changed altogether (infrared, lamps, camera turned).
const SAME_SCENE: f32 = 0.55;
/// A box that lies within another one to this share, and is no smaller than that share of it, is a part of it.
const PART_OF: f32 = 0.85;
const LEAST_PART: f32 = 0.35;
/// Places that overlap by more than this are one.
const SAME_PLACE: f32 = 0.65;
/// Largest object, as a share of the picture: beyond it is a fault or a hand before the lens.
const LARGEST_OBJECT: f32 = 0.6;
/// What has stood before a place for so long when something was found at that is a neighbour.
const NEIGHBOUR_FOR: Duration = Duration::from_secs(60);
/// Most places of one camera: more do not fit in a picture, and the memory is bounded.
const MOST_PLACES: usize = 256;

/// One picture, as far as the memory needs it.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// Event time. Must not go back.
    pub at: Timestamp,
    /// What was detected, weak detections included.
    pub detections: &'a [Detection],
    /// How each of them moves, in the same order.
    pub movements: &'a [Option<Movement>],
    /// The picture, small and grey; `None` where there is none, as in tests of mere boxes.
    pub grey: Option<&'a Grey>,
}

/// What a picture changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// Places that are over, as they were last.
    pub ended: Vec<Place>,
    /// Whether something changed that should be kept over a restart.
    pub material: bool,
    /// Watched time since the picture before: where nobody looked for long, that counts for little, and never for more than five seconds.
    pub watched: Duration,
    /// For each detection the number of the place that it is of.
    pub owners: Vec<Option<u64>>,
}

/// The places of one camera.
#[derive(Debug, Serialize, Deserialize)]
pub struct ParkedMemory {
    places: Vec<Place>,
    next_number: u64,
    last_at: Option<Timestamp>,
    /// What the whole picture looks like.
    scene: Option<Patch>,
    #[serde(skip)]
    settings: MemorySettings,
    /// What is remembered at all.
    #[serde(skip)]
    kinds: Vec<Kind>,
    #[serde(skip)]
    background: Background,
    #[serde(skip)]
    background_age: Duration,
    #[serde(skip)]
    background_due: Duration,
    /// Somebody has looked since the process began, and since word that the camera is lost.
    #[serde(skip)]
    is_watched: bool,
    /// Times of the last pictures, oldest first.
    #[serde(skip)]
    pictures: VecDeque<Timestamp>,
}

impl ParkedMemory {
    /// An empty memory for objects of `kinds`.
    pub fn new(settings: MemorySettings, kinds: Vec<Kind>) -> Self {
        Self {
            places: Vec::new(),
            next_number: 1,
            last_at: None,
            scene: None,
            settings,
            kinds,
            background: Background::default(),
            background_age: Duration::ZERO,
            background_due: Duration::ZERO,
            is_watched: false,
            pictures: VecDeque::new(),
        }
    }

    /// A memory that was kept, under the settings of today.
    pub fn with_settings(self, settings: MemorySettings, kinds: Vec<Kind>) -> Self {
        Self { settings, kinds, ..self }
    }

    /// Remembers by other settings, and objects of other kinds, from now on.
    pub fn adjust(&mut self, settings: MemorySettings, kinds: Vec<Kind>) {
        (self.settings, self.kinds) = (settings, kinds);
    }

    /// All places, candidates and those being given up included.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// When it was last told something.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// An event about these places is open, and about no others: they are kept until they are seen empty.
    pub fn hold(&mut self, numbers: &[u64]) {
        for place in &mut self.places {
            place.held = numbers.contains(&place.number);
        }
    }

    /// Tells what each place covers of the ground, as of the last picture. `others`: boxes of what else is there.
    pub fn survey(&mut self, surveyor: &Surveyor, others: &[NormBox]) {
        let Some(at) = self.last_at else { return };
        let boxes: Vec<NormBox> = self.places.iter().map(Place::bbox).chain(others.iter().copied()).collect();
        let others = Others { boxes: &boxes, footprints: &[] };
        for place in self.places.iter_mut().filter(|place| place.is_to_be_surveyed(at)) {
            let told = surveyor.footprint(place.kind, place.bbox, others, place.footprint);
            place.stand_on(told, at);
        }
    }

    /// The ground is known in another way from now on.
    pub fn forget_footprints(&mut self) {
        self.places.iter_mut().for_each(|place| place.footprint = None);
    }

    /// Nobody looks until the next picture.
    pub fn lose_sight(&mut self) {
        self.is_watched = false;
    }

    /// Moves all times back by `by`, as the clock was.
    pub fn rewind(&mut self, by: Duration) {
        self.places.iter_mut().for_each(|place| place.rewind(by));
        self.last_at = self.last_at.map(|at| at.saturating_sub(by));
        self.pictures.iter_mut().for_each(|at| *at = at.saturating_sub(by));
    }

    /// When something came that rests since the picture of that time, as far as can be told.
    fn came(&self, first: Timestamp) -> Timestamp {
        let before = self.pictures.iter().rev().find(|at| **at < first);
        let apart = before.map_or(Duration::ZERO, |before| first.saturating_since(*before));
        // Of pictures that follow each other closely the first sighting says it well enough; and where nobody looked for long,
        // nothing more can be said.
        if !(CLOSE..=LONGEST_STEP).contains(&apart) {
            return first;
        }
        first.saturating_sub((apart / 2).min(MOST_DATED_BACK))
    }

    /// Whether everything that stands looks as it did, in a picture that was not analysed.
    pub fn looks_as_ever(&self, grey: &Grey) -> bool {
        let standing = self.places.iter().filter(|place| place.is_standing());
        standing
            .filter_map(|place| Some((place, Patch::cut(grey, place.bbox())?)))
            .all(|(place, patch)| place.is_alike(&patch))
    }

    /// Takes one picture in.
    pub fn observe(&mut self, observation: &Observation<'_>) -> Changes {
        let since = self.last_at.map_or(Duration::ZERO, |last| observation.at.saturating_since(last));
        let was_watched = std::mem::replace(&mut self.is_watched, true) && since <= LONGEST_STEP;
        let elapsed = if was_watched { since } else { since.min(AFTER_GAP) };
        if since > LONGEST_STEP {
            self.places.iter_mut().for_each(|place| place.pass_unwatched(since));
        }
        self.last_at = Some(observation.at);
        if self.pictures.len() == PICTURES {
            self.pictures.pop_front();
        }
        self.pictures.push_back(observation.at);
        let mut changes = Changes { watched: elapsed.min(MOST_AT_ONCE), ..Changes::default() };
        if let Some(grey) = observation.grey {
            self.watch_scene(grey, elapsed);
        }
        let owners = matching::assign(&self.places, observation, self.settings.strong_score);
        let number = |owner: &Option<usize>| owner.and_then(|index| Some(self.places.get(index)?.number()));
        changes.owners = owners.iter().map(number).collect();
        self.notice_departures(observation, &owners);
        let beginning = self.update_places(observation, &owners, elapsed);
        changes.material |= !beginning.is_empty();
        for (index, since, arrived) in beginning {
            let place = self.begin(observation, index, since);
            if let Some(place) = place.filter(|_| arrived) {
                place.origin = Origin::Arrived;
            }
        }
        for index in self.newcomers(observation, &owners) {
            let resting =
                observation.movements[index].map_or(observation.at, |movement| movement.resting_since);
            self.begin(observation, index, resting);
        }
        self.merge_doubles();
        companions::judge(&mut self.places, observation.at);
        for place in &mut self.places {
            place.judge(self.settings.strong_score);
            changes.material |= place.settle();
        }
        self.end_places(observation, &mut changes);
        if let Some(grey) = observation.grey {
            self.update_background(grey, observation, elapsed);
        }
        changes
    }

    fn watch_scene(&mut self, grey: &Grey, elapsed: Duration) {
        let Some(now) = Patch::cut(grey, whole_picture()) else { return };
        let share = (elapsed.as_secs_f32() / BACKGROUND_TIME).min(1.0);
        match &mut self.scene {
            Some(scene) if scene.likeness(&now) >= SAME_SCENE => scene.follow(&now, share),
            Some(scene) => {
                *scene = now;
                self.places.iter_mut().for_each(Place::forget_look);
                self.background.reset(grey);
                self.background_age = Duration::ZERO;
            }
            None => self.scene = Some(now),
        }
    }

    /// A place whose own track is now found elsewhere was left, unless tracks were swapped: where the track is found something else
    /// stands, or its look will tell.
    fn notice_departures(&mut self, observation: &Observation<'_>, owners: &[Option<usize>]) {
        let standing = self.places.iter().filter(|place| place.is_standing());
        let standing: Vec<(u64, NormBox)> = standing.map(|place| (place.number, place.bbox())).collect();
        let tracks = observation.movements.iter().zip(observation.detections).zip(owners);
        for ((movement, found), owner) in tracks {
            let Some(movement) = movement else { continue };
            let is_swapped = |number: u64| {
                standing.iter().any(|(other, bbox)| *other != number && bbox.iou(found.bbox) >= SAME_PLACE)
            };
            for (index, place) in self.places.iter_mut().enumerate() {
                let elsewhere = *owner != Some(index) && crate::motion::shift(place.bbox(), found.bbox) > 0.5;
                if place.track() == Some(movement.track) && elsewhere && !is_swapped(place.number) {
                    place.depart();
                }
            }
        }
    }

    /// Tells each place what was seen of it; gives the detections that begin new places, since when,
    /// and whether they are known to have come from elsewhere.
    fn update_places(
        &mut self,
        observation: &Observation<'_>,
        owners: &[Option<usize>],
        elapsed: Duration,
    ) -> Vec<(usize, Timestamp, bool)> {
        let mut beginning = Vec::new();
        let came = self.came(observation.at);
        let standing = |owner: &Option<usize>| self.places.get((*owner)?).filter(|place| place.is_standing());
        let stand_since: Vec<Option<Timestamp>> =
            owners.iter().map(|owner| Some(standing(owner)?.first_seen())).collect();
        let companion_of: Vec<Option<u64>> =
            owners.iter().map(|owner| self.places.get((*owner)?)?.companion_of).collect();
        for (index, place) in self.places.iter_mut().enumerate() {
            let own = owners.iter().position(|owner| *owner == Some(index));
            let in_front = matching::in_front(place, observation.detections, own);
            // What is a part of it does not stand before it.
            let number = place.number;
            let in_front = in_front.filter(|(index, _)| companion_of[*index] != Some(number));
            let share = |other: NormBox| other.intersection(place.bbox()) / place.bbox().area();
            let cover = in_front.clone().map(|(_, other)| share(other)).fold(0.0, f32::max);
            // What had stood before it for long when it was found all the same does not hide it.
            let last = place.last_detected;
            let is_neighbour = |index: usize| {
                stand_since[index].is_some_and(|since| last.saturating_since(since) >= NEIGHBOUR_FOR)
            };
            let hiding = in_front.clone().filter(|(index, _)| !is_neighbour(*index));
            let hidden = hiding.map(|(_, other)| share(other)).fold(0.0, f32::max);
            let covered = Covered::by(place.bbox(), in_front.map(|(_, other)| other));
            let patch = observation.grey.and_then(|grey| Patch::cut(grey, place.bbox()));
            let now = patch.as_ref().map(|patch| View { patch, covered: covered.as_ref() });
            let sighting = own.map(|index| {
                let strong = self.settings.strong_score;
                (index, Sighting { cover, came, ..sighting(observation, index, strong, elapsed, now) })
            });
            let believed = sighting.filter(|(_, sighting)| !place.doubts(sighting));
            let Some((detection, sighting)) = believed else {
                place.miss(&Miss {
                    at: observation.at,
                    elapsed,
                    cover: hidden,
                    now,
                    patience: self.settings.occlusion,
                });
                continue;
            };
            match place.sight(&sighting, self.settings.drift) {
                Outcome::Stays => {}
                // A lamp whose box jumps about has not arrived anywhere.
                Outcome::Moved(since) => beginning.push((detection, since, place.origin == Origin::Arrived)),
                Outcome::Replaced(since) => beginning.push((detection, since, true)),
            }
        }
        beginning
    }

    /// Detections that belong to no place yet and may begin one.
    fn newcomers(&self, observation: &Observation<'_>, owners: &[Option<usize>]) -> Vec<usize> {
        let all = observation.detections;
        let begins = |index: usize| {
            let found = &all[index];
            let kind = Kind::of(found.class);
            let moving = observation.movements[index].is_some_and(matching::is_moving);
            // A part of something, or the whole of which a part is known already.
            let part_of = |(other_index, other): (usize, &Detection)| {
                Kind::of(other.class) == kind
                    && (other.score > found.score || owners[other_index].is_some())
                    && other_index != index
                    && is_part(other.bbox, found.bbox)
            };
            owners[index].is_none()
                && found.score >= self.settings.strong_score
                && self.kinds.contains(&kind)
                && !moving
                && found.bbox.area() <= LARGEST_OBJECT
                && !all.iter().enumerate().any(part_of)
        };
        (0..all.len()).filter(|&index| begins(index)).collect()
    }

    fn begin(
        &mut self,
        observation: &Observation<'_>,
        detection: usize,
        since: Timestamp,
    ) -> Option<&mut Place> {
        if self.places.len() >= MOST_PLACES {
            return None;
        }
        let bbox = observation.detections[detection].bbox;
        let patch = observation.grey.and_then(|grey| Patch::cut(grey, bbox));
        let now = patch.as_ref().map(|patch| View { patch, covered: None });
        let bare = (self.background_age >= BACKGROUND_AGE).then(|| self.background.patch(bbox)).flatten();
        let strong = self.settings.strong_score;
        let sighting = sighting(observation, detection, strong, Duration::ZERO, now);
        let since = self.came(since.min(observation.at));
        let at_start = self.background_age < BEGINNING;
        self.places.push(Place::new(self.next_number, &sighting, since, bare, at_start));
        self.next_number += 1;
        self.places.last_mut()
    }

    /// Of two places that are one, that of which an event is open stays, else that at which something stands, else the older.
    fn merge_doubles(&mut self) {
        let double = |one: &Place, other: &Place| {
            one.kind == other.kind
                && !one.vacated
                && !other.vacated
                && (one.bbox().iou(other.bbox()) > SAME_PLACE || is_part(one.bbox(), other.bbox()))
        };
        self.places.sort_by_key(|place| (!place.held, !place.is_standing(), place.number));
        let mut kept: Vec<Place> = Vec::with_capacity(self.places.len());
        for place in self.places.drain(..) {
            if place.held || !kept.iter().any(|other| double(other, &place)) {
                kept.push(place);
            }
        }
        kept.sort_by_key(|place| place.number);
        self.places = kept;
    }

    fn end_places(&mut self, observation: &Observation<'_>, changes: &mut Changes) {
        let (over, kept): (Vec<_>, Vec<_>) =
            self.places.drain(..).partition(|place| place.is_over(observation.at, self.settings.clear));
        self.places = kept;
        for place in over {
            if let Some(grey) =
                observation.grey.filter(|_| place.presence == Presence::Empty && !place.vacated)
            {
                let standing = self.places.iter().filter(|place| !place.vacated).map(Place::bbox);
                let passing = observation.detections.iter().map(|found| found.bbox);
                self.background.uncover(grey, place.bbox(), standing.chain(passing));
            }
            if place.state == PlaceState::Standing {
                changes.material = true;
                changes.ended.push(place);
            }
        }
    }

    fn update_background(&mut self, grey: &Grey, observation: &Observation<'_>, elapsed: Duration) {
        self.background_age += elapsed;
        self.background_due += elapsed;
        if self.background_due < BACKGROUND_INTERVAL && self.background_age > elapsed {
            return;
        }
        // At first the mean of all: whatever passed in the first picture weighs no more than any other.
        let time = self.background_age.as_secs_f32().clamp(1.0, BACKGROUND_TIME);
        let share = self.background_due.as_secs_f32() / time;
        self.background_due = Duration::ZERO;
        let standing = self.places.iter().filter(|place| !place.vacated).map(Place::bbox);
        let passing = observation.detections.iter().map(|found| found.bbox);
        self.background.update(grey, standing.chain(passing), share);
    }
}

/// Whether one box is a part of the other: the front half of a car. Something much smaller within a box is a thing of
/// its own: a car that stands before a bus.
fn is_part(a: NormBox, b: NormBox) -> bool {
    let share = a.area().min(b.area()) / a.area().max(b.area());
    share >= LEAST_PART && containment(a, b) >= PART_OF
}

fn whole_picture() -> NormBox {
    NormBox::new(0.0, 0.0, 1.0, 1.0).expect("the whole picture is a box")
}

fn sighting<'a>(
    observation: &Observation<'_>,
    detection: usize,
    strong: f32,
    elapsed: Duration,
    now: Option<View<'a>>,
) -> Sighting<'a> {
    let found = observation.detections[detection];
    Sighting {
        at: observation.at,
        elapsed,
        cover: 0.0,
        came: observation.at,
        found,
        strong: found.score >= strong,
        movement: observation.movements[detection],
        now,
    }
}
