//! One place where something stands: what is known of it, when it counts and when it is over.

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::{NormBox, ObjectClass, PlaceId, Timestamp, TrackId};
use serde::{Deserialize, Serialize};

use super::{evidence::Sighting, likeness::BARE, newcomer::ARRIVED, trail::Trail};
use crate::{
    appearance::Patch,
    footprint::{Footprint, Stance},
    motion::Kind,
};

/// Share of the votes from which a place may be of a class.
const FAIR_SHARE: f32 = 0.2;

/// Sightings and time from which a candidate is standing.
const STANDING_SIGHTINGS: u32 = 3;
const STANDING_TIME: Duration = Duration::from_secs(3);
/// A candidate is given up when seen empty, missed or not detected for this long.
const CANDIDATE_EMPTY: Duration = Duration::from_secs(1);
const CANDIDATE_MISSED: Duration = Duration::from_millis(2500);
const CANDIDATE_UNDETECTED: Duration = Duration::from_secs(10);
/// One that was hidden by what stopped before it is waited for, for so long, if it can be known again.
const CANDIDATE_HIDDEN: Duration = Duration::from_secs(60);
/// Share of what it takes to raise an alarm over something that it takes to say that something is there. On a real car park with YOLOX-nano,
/// which finds small cars with mean scores of 0.2 and more, and free bays with 0.03.
const LIKELY: f32 = 0.4;
/// Likeness to what was there before from which the two cannot be told apart any more.
const TELLING: f32 = 0.8;
/// A place that nothing detects for this long, and of which no event is open, is given up however much it looks as
/// ever: what first was taken for a vehicle was none.
const LONGEST_UNDETECTED: Duration = Duration::from_secs(600);
/// Whether a place counts yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// Something was seen there; it may be passing.
    Candidate,
    /// Something stands there.
    Standing,
}

/// What is known of how the object came, and with it, how much detection it takes to believe in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was seen to move, or the place looked different before.
    Arrived,
    /// It was there when the camera began to look.
    AtStart,
    /// The place looked the same before anything was detected there: a lamp or a bush, or a car that was missed so far.
    Unchanged,
}

/// What the last picture showed of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    /// It was detected, or looks as when it was.
    Seen,
    /// Something else is in front of it.
    Hidden,
    /// Nothing was detected, and what can be seen does not decide.
    #[default]
    Unknown,
    /// It looks as before the object came, or the object was seen to leave.
    Empty,
}

/// One place where something stands. The place is the identity: tracks come and go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) state: PlaceState,
    /// Where the object came to rest.
    pub(super) anchor: NormBox,
    pub(super) bbox: NormBox,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) last_detected: Timestamp,
    /// Votes of strong sightings, by [`ObjectClass::ALL`].
    pub(super) votes: [f32; ObjectClass::ALL.len()],
    /// What it is said to be; none in a memory that was written before this was remembered.
    #[serde(default)]
    pub(super) class: Option<ObjectClass>,
    pub(super) score: f32,
    pub(super) origin: Origin,
    /// Pictures since the first sighting, the mean score in them (0 where nothing was detected), and strong sightings.
    pub(super) pictures: u32,
    pub(super) confidence: f32,
    pub(super) sightings: u32,
    pub(super) look: Option<Patch>,
    /// What the place looked like before.
    pub(super) bare: Option<Patch>,
    /// The object has left this place: it moved on, or another took its place. Only the clear time is still to pass.
    pub(super) vacated: bool,
    /// Watched time that it has been taken for empty, and of it for certain.
    pub(super) empty_for: Duration,
    pub(super) surely_empty_for: Duration,
    pub(super) missed_for: Duration,
    pub(super) missed_pictures: u32,
    pub(super) hidden_for: Duration,
    /// Time since it was last recognised in which nobody looked.
    pub(super) unwatched_for: Duration,
    /// Share of it that other things in front of it cover while it is seen: neighbours, not passers-by.
    pub(super) usual_cover: f32,
    /// Watched time left in which the look may not be trusted.
    pub(super) relearning: Duration,
    /// The place of which this is a part, or a shadow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) companion_of: Option<u64>,
    /// Whether it was seen to come from elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) has_come: bool,
    #[serde(skip)]
    pub(super) credible: bool,
    #[serde(skip)]
    pub(super) likely: bool,
    /// An event about it is open.
    #[serde(skip)]
    pub(super) held: bool,
    #[serde(skip)]
    pub(super) presence: Presence,
    #[serde(skip)]
    pub(super) recent: VecDeque<(Timestamp, NormBox)>,
    #[serde(skip)]
    pub(super) trail: Trail,
    /// How alike to its look it usually is while it is seen at rest.
    #[serde(skip)]
    pub(super) usual_likeness: Option<f32>,
    #[serde(skip)]
    pub(super) track: Option<TrackId>,
    #[serde(skip)]
    pub(super) departed: bool,
    #[serde(skip)]
    pub(super) strange_for: Duration,
    /// What it covers of the ground, where that is known.
    #[serde(skip)]
    pub(super) footprint: Option<Footprint>,
    /// Since when its box says something else.
    #[serde(skip)]
    pub(super) doubted_since: Option<Timestamp>,
    /// When that was looked at last.
    #[serde(skip)]
    pub(super) surveyed_at: Option<Timestamp>,
    /// Since when a box is found that takes in what is beside it.
    #[serde(skip)]
    pub(super) grown_since: Option<Timestamp>,
    /// For how long it has looked the same after it was seen to be gone.
    #[serde(skip)]
    pub(super) alike_for: Duration,
}

/// What stands is surveyed so often: it does not move, and a fit costs more than anything else about a place.
const SURVEYED_EVERY: Duration = Duration::from_secs(1);

/// What stands does not move: a box that says otherwise for less than this is of something that is half hidden, or taken together with
/// its neighbour.
const DOUBTED_FOR: Duration = Duration::from_secs(20);

impl Place {
    /// A place of which this is the first sighting. `bare` is what it looked like before, as far as that is known;
    /// `at_start`: the camera has only just begun to look.
    pub(super) fn new(
        number: u64,
        sighting: &Sighting<'_>,
        since: Timestamp,
        bare: Option<Patch>,
        at_start: bool,
    ) -> Self {
        let found = sighting.found;
        let mut place = Self {
            number,
            kind: Kind::of(found.class),
            state: PlaceState::Candidate,
            anchor: found.bbox,
            bbox: found.bbox,
            first_seen: since.min(sighting.at),
            last_seen: sighting.at,
            last_detected: sighting.at,
            votes: [0.0; ObjectClass::ALL.len()],
            class: None,
            score: found.score,
            origin: Origin::AtStart,
            pictures: 1,
            confidence: found.score,
            sightings: 1,
            look: sighting.now.map(|now| now.patch.clone()),
            bare: None,
            vacated: false,
            empty_for: Duration::ZERO,
            surely_empty_for: Duration::ZERO,
            missed_for: Duration::ZERO,
            missed_pictures: 0,
            hidden_for: Duration::ZERO,
            unwatched_for: Duration::ZERO,
            usual_cover: sighting.cover,
            relearning: Duration::ZERO,
            companion_of: None,
            has_come: sighting.movement.is_some_and(|movement| movement.travelled >= ARRIVED),
            credible: false,
            likely: false,
            held: false,
            presence: Presence::Seen,
            recent: VecDeque::from([(sighting.at, found.bbox)]),
            trail: Trail::default(),
            usual_likeness: None,
            track: sighting.movement.map(|movement| movement.track),
            departed: false,
            strange_for: Duration::ZERO,
            footprint: None,
            doubted_since: None,
            surveyed_at: None,
            grown_since: None,
            alike_for: Duration::ZERO,
        };
        place.vote(found);
        place.trail.detected(sighting.at, found.bbox);
        place.origin = place.find_origin(sighting, bare, at_start);
        place
    }

    /// Compares with what the place looked like before, where that is known. Without a picture there is no doubt.
    fn find_origin(&mut self, sighting: &Sighting<'_>, bare: Option<Patch>, at_start: bool) -> Origin {
        let Some(now) = sighting.now.map(|now| now.patch) else { return Origin::Arrived };
        let bare = bare.filter(|_| !now.is_flat()).map(|bare| (now.likeness(&bare), bare));
        let origin = match &bare {
            Some((likeness, _)) if *likeness < BARE => Origin::Arrived,
            _ if self.has_come => Origin::Arrived,
            Some(_) if !at_start => Origin::Unchanged,
            _ => Origin::AtStart,
        };
        self.bare = bare.filter(|(likeness, _)| *likeness < TELLING).map(|(_, bare)| bare);
        origin
    }

    /// Its name within the camera.
    pub fn id(&self) -> PlaceId {
        PlaceId::new(format!("p{}", self.number)).expect("a letter and digits are a valid id")
    }

    /// Its number within the camera.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether something stands there.
    pub fn is_standing(&self) -> bool {
        self.state == PlaceState::Standing && !self.vacated
    }

    /// Whether enough was detected to raise an alarm over it.
    pub fn is_credible(&self) -> bool {
        self.credible
    }

    /// Whether enough was detected to say that a bay is taken: nobody is accused by that, and a network that sees small, dark cars badly sees
    /// them all the same.
    pub fn is_likely(&self) -> bool {
        self.likely
    }

    /// Where the object is.
    pub fn bbox(&self) -> NormBox {
        self.bbox
    }

    /// The same, with what it covers of the ground as far as that is known.
    pub fn stance(&self) -> Stance {
        Stance { bbox: self.bbox, footprint: self.footprint }
    }

    /// Whether it is time to look where it stands.
    pub(super) fn is_to_be_surveyed(&self, at: Timestamp) -> bool {
        let is_recent = |then: Timestamp| at.saturating_since(then) < SURVEYED_EVERY;
        !(self.is_standing() && self.footprint.is_some() && self.surveyed_at.is_some_and(is_recent))
    }

    /// Takes in what its box says of where it stands.
    pub(super) fn stand_on(&mut self, told: Option<Footprint>, at: Timestamp) {
        self.surveyed_at = Some(at);
        let is_standing = self.is_standing();
        let (Some(known), Some(told), true) = (&mut self.footprint, told, is_standing) else {
            self.footprint = told.or(self.footprint);
            return;
        };
        if known.is_of(self.bbox) {
            known.take(told);
            self.doubted_since = None;
            return;
        }
        let since = *self.doubted_since.get_or_insert(at);
        if at.saturating_since(since) >= DOUBTED_FOR && known.is_outdone_by(&told) {
            (*known, self.doubted_since) = (told, None);
        }
    }

    /// Cars, two-wheelers or people.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// First sighting at this place.
    pub fn first_seen(&self) -> Timestamp {
        self.first_seen
    }

    /// Last sighting at this place, before its object began to move away where that was seen.
    pub fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// Until when the object was at rest where it was last seen `inside`, as far as the last seconds tell; the last such
    /// sighting unless it was moving away then.
    pub fn rested_until(&self, inside: impl Fn(NormBox) -> bool) -> Timestamp {
        self.trail.rested_until(inside).map_or(self.last_seen, |rested| rested.min(self.last_seen))
    }

    /// How long it has been seen standing: from the first to the last sighting.
    pub fn dwell(&self) -> Duration {
        self.last_seen.saturating_since(self.first_seen)
    }

    /// Mean score over the pictures of the last minutes, 0–1; a picture in which it was not detected counts as 0.
    pub fn confidence(&self) -> f32 {
        self.confidence
    }

    /// Whether enough was detected to believe in it. What was seen to arrive may be missed most of the time; what never
    /// changed since the camera began to look must be detected well, or every lamp that is taken for a car now and then
    /// would be one.
    pub(super) fn judge(&mut self, strong: f32) {
        let share = match self.origin {
            Origin::Arrived => 0.4,
            Origin::AtStart => 1.1,
            Origin::Unchanged => 1.5,
        };
        let is_own = self.companion_of.is_none();
        self.credible = is_own && self.confidence >= share * strong;
        self.likely = is_own && self.confidence >= share * strong * LIKELY;
    }

    /// What is known of how the object came.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The class that most of its detections say; once said, it takes clearly more to say another.
    pub fn class(&self) -> ObjectClass {
        self.class.unwrap_or_else(|| self.most_voted().0)
    }

    /// The class of most votes, and how many it has.
    pub(super) fn most_voted(&self) -> (ObjectClass, f32) {
        let best = self.votes.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.map_or((ObjectClass::Car, 0.0), |(index, votes)| (ObjectClass::ALL[index], *votes))
    }

    /// Whether a fair share of its detections say this class: a car that is called a bus half of the time is watched by
    /// a zone for cars.
    pub fn may_be(&self, class: ObjectClass) -> bool {
        ObjectClass::ALL.contains(&class)
            && self.votes_of(class) >= FAIR_SHARE * self.votes.iter().sum::<f32>()
    }

    pub(super) fn votes_of(&self, class: ObjectClass) -> f32 {
        ObjectClass::ALL.iter().position(|&known| known == class).map_or(0.0, |index| self.votes[index])
    }

    /// The best of its recent scores, 0–1.
    pub fn score(&self) -> f32 {
        self.score
    }

    /// The track that was last seen at it.
    pub fn track(&self) -> Option<TrackId> {
        self.track
    }

    /// What the last picture showed of it.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// Whether it has been taken for empty for so long that what stood there is gone.
    pub fn is_cleared(&self, clear: Duration) -> bool {
        self.empty_for >= clear
    }

    /// Watched time since it was last seen.
    pub fn unseen_for(&self) -> Duration {
        self.missed_for + self.hidden_for
    }

    /// Whether it is over: seen empty for `clear`, or it never was one.
    pub(super) fn is_over(&self, at: Timestamp, clear: Duration) -> bool {
        let undetected = at.saturating_since(self.last_detected);
        match self.state {
            PlaceState::Standing => {
                self.is_cleared(clear)
                    || (!self.held && undetected > LONGEST_UNDETECTED && self.unseen_for().is_zero())
            }
            PlaceState::Candidate => {
                let is_waited_for = self.look.is_some() && self.hidden_for < CANDIDATE_HIDDEN;
                let waits = if is_waited_for { self.hidden_for } else { Duration::ZERO };
                self.vacated
                    || self.surely_empty_for >= CANDIDATE_EMPTY
                    || (self.unseen_for() - waits >= CANDIDATE_MISSED && self.missed_pictures > 1)
                    || undetected.saturating_sub(waits) >= CANDIDATE_UNDETECTED && self.missed_pictures > 1
            }
        }
    }

    /// Whether it has not been seen for so long that it would have been given up, had nothing stood before it.
    pub(super) fn was_waited_for(&self) -> bool {
        self.state == PlaceState::Candidate && self.hidden_for >= CANDIDATE_MISSED
    }

    /// Becomes standing when enough was seen of it; true the one time it does.
    pub(super) fn settle(&mut self) -> bool {
        let settles = self.state == PlaceState::Candidate
            && self.presence == Presence::Seen
            && self.sightings >= STANDING_SIGHTINGS
            && self.dwell() >= STANDING_TIME;
        if settles {
            self.state = PlaceState::Standing;
        }
        settles
    }

    /// Moves all of its times back by `by`.
    pub(super) fn rewind(&mut self, by: Duration) {
        for time in [&mut self.first_seen, &mut self.last_seen, &mut self.last_detected] {
            *time = time.saturating_sub(by);
        }
        self.recent.iter_mut().for_each(|(at, _)| *at = at.saturating_sub(by));
        for time in [&mut self.doubted_since, &mut self.surveyed_at, &mut self.grown_since] {
            *time = time.map(|at| at.saturating_sub(by));
        }
        self.trail.rewind(by);
    }
}
