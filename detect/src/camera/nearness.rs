//! Where things are and move on the ground, and who comes near to what is parked.

use std::time::Duration;

use gridwatch_domain::{Detection, NearPass, NormBox, ObjectClass, Timestamp};

use super::{CameraState, Followed};
use crate::{
    appearance::Grey,
    footprint::{Footprint, Others},
    motion::Kind,
    parked::{Place, is_moving},
    passes::{Lingerer, Outcome as Passed, Passer, Scene as PassScene},
    rules::{is_in_bay, zones_of},
    tracker::Movement,
};

/// Somebody who has been seen well is believed for so long where the score is low.
const SURE_FOR: Duration = Duration::from_secs(2);

/// Least score of somebody who is found again and again in one spot, and in which share of the pictures: what comes and goes is nobody.
const HARDLY_SEEN: f32 = 0.12;
const STEADY: f32 = 0.5;

impl CameraState {
    /// How fast something moves over the ground, in metres a second, by where the middle of its box's lower edge was and is; `None` where the
    /// ground is not known there, or its track is too young to tell.
    pub fn metres_per_second(&self, followed: &Followed) -> Option<f32> {
        let (then, before) = followed.movement?.measured_from?;
        let took_s = self.memory.last_at()?.saturating_since(then).as_secs_f64();
        let foot = |bbox: NormBox| [bbox.center().x(), bbox.y2()];
        let way = self.ground.as_ref()?.distance(foot(before), foot(followed.detection.bbox))?;
        (took_s > 0.0).then_some((way / took_s) as f32)
    }

    /// Nothing more will be seen: passes that are under way end with what was seen last.
    pub fn end_passes(&mut self) -> Vec<NearPass> {
        [std::mem::take(&mut self.ended_passes), self.passes.forget()].concat()
    }

    /// What a passer covers of the ground, if it is near enough to anything parked for that to matter.
    fn passing(&self, followed: &Followed, kind: Kind) -> Option<Footprint> {
        let bbox = followed.detection.bbox;
        let near = |place: &&Place| {
            let (parked, reach) = (place.bbox(), place.bbox().width().max(bbox.width()));
            place.is_standing()
                && followed.place != Some(place.number())
                && bbox.x1() < parked.x2() + reach
                && bbox.x2() > parked.x1() - reach
                && bbox.y1() < parked.y2() + parked.height()
                && bbox.y2() > parked.y1() - parked.height()
        };
        let near: Vec<&Place> = self.memory.places().iter().filter(near).collect();
        if near.is_empty() {
            return None;
        }
        let footprints = near.iter().filter_map(|place| Some(place.stance().footprint?.metres));
        let footprints: Vec<[[f64; 2]; 4]> = footprints.collect();
        let boxes: Vec<NormBox> = self.followed.iter().map(|other| other.detection.bbox).collect();
        let before = followed.movement.and_then(|movement| self.passes.last_footprint(movement.track));
        self.surveyor.footprint(kind, bbox, Others { boxes: &boxes, footprints: &footprints }, before)
    }

    /// Who may come near to what is parked; `None` where it is too weak to be followed.
    fn passer(&self, followed: &Followed, at: Timestamp) -> Option<Passer> {
        let movement = followed.movement?;
        let Movement { track, class, .. } = movement;
        let Detection { score, bbox, .. } = followed.detection;
        let stands = |number: u64| {
            let mut places = self.memory.places().iter();
            places.any(|place| place.number() == number && place.is_standing())
        };
        let is_new = score >= self.memory_settings.strong_score
            && movement.before.is_none()
            && !followed.place.is_some_and(stands)
            && !self.lingering.was_there(bbox, at);
        let (is_sure, is_moving) = (self.is_sure(followed, at), is_moving(movement));
        let footprint = self.passing(followed, Kind::of(class));
        Some(Passer { track, class, score, is_sure, bbox, is_moving, is_new, footprint })
    }

    /// Whether it is seen well enough. Weak boxes of vehicles are often drawn around what is none, or a half of one; people are weak where
    /// they are small.
    fn is_sure(&self, followed: &Followed, at: Timestamp) -> bool {
        let was_seen_well = |movement: Movement| {
            movement.class == ObjectClass::Person && at.saturating_since(movement.strong_at) <= SURE_FOR
        };
        let is_strong = followed.detection.score >= self.memory_settings.strong_score;
        is_strong || followed.movement.is_some_and(was_seen_well)
    }

    /// Somebody who stays where they are.
    fn lingerer(&self, followed: &Followed, at: Timestamp) -> Option<Lingerer> {
        let Detection { class, score, bbox } = followed.detection;
        let class = followed.movement.map_or(class, |movement| movement.class);
        let stays =
            class == ObjectClass::Person && score >= HARDLY_SEEN && !followed.movement.is_some_and(is_moving);
        let spot = self.lingering.spot(bbox).filter(|_| stays)?;
        let is_sure = self.is_sure(followed, at);
        let footprint = self.passing(followed, Kind::Person);
        let lingerer = Lingerer { bbox, footprint, since: spot.since, is_sure };
        (is_sure || spot.steadiness() >= STEADY).then_some(lingerer)
    }

    /// Who has come near to what is parked.
    pub(super) fn note_passes(
        &mut self,
        at: Timestamp,
        fine: Option<&Grey>,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Passed {
        let passers = self.followed.iter().filter_map(|followed| self.passer(followed, at));
        let passers: Vec<Passer> = passers.collect();
        let lingerers = self.followed.iter().filter_map(|followed| self.lingerer(followed, at));
        let lingerers: Vec<Lingerer> = lingerers.collect();
        let (zones, settings) = (&self.zones, &self.rule_settings);
        let scene = PassScene {
            at,
            places: self.memory.places(),
            passers: &passers,
            lingerers: &lingerers,
            fine,
            ground: self.ground.as_ref(),
            zones_of: &|place| zones_of(place, zones, settings),
            is_in_bay: &|place| is_in_bay(place, zones),
        };
        self.passes.observe(&self.id, &scene, random)
    }
}
