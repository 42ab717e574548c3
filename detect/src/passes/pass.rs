//! One pass, from when somebody comes near until it is told. Pure.

use std::time::Duration;

use gridwatch_domain::{EventObject, NearPass, NormBox, Timestamp};

use super::{
    CLOSELY, CONTACT, Contact, OF_PLACE, OUT_WITHIN, Passer, Scene, Touch,
    before::shift_since,
    distance::{Distance, side_of},
    passer::is_parked_itself,
    shifted::Crop,
    way::{Known, Nearest, heading},
};
use crate::{
    motion::center_distance,
    parked::{Place, Presence},
};

/// Whether the parked vehicle has moved is looked at so long after a pass: until then it may rock.
const SETTLES_AFTER: Duration = Duration::from_secs(2);
/// Until then it may still move by itself.
const PARKED_FOR: Duration = Duration::from_secs(10);
/// What lies so far within a box is taken together with what else does.
const WITHIN: f32 = 0.85;
/// What stands there and overlaps so much is the passer, that has stopped.
const IS_IT: f32 = 0.5;
/// Two looks, so far apart in time, that agree so well: it stands again, and does not drive off.
const STANDS_AGAIN: Duration = Duration::from_millis(1500);
const AGREE: f32 = 0.006;
/// Who comes or goes is not where it was by so much, in own sizes; boxes of what stands jitter by less.
const GOES: f32 = 0.35;
/// What only ever stands there is believed from this score on: it may have come and stopped between two pictures.
const SURELY_THERE: f32 = 0.5;
/// A box that overlaps so much with where something stands may have been that all the while.
const OFF_AND_ON: f32 = 0.3;

/// A pass that is under way, or over and not told yet.
#[derive(Debug, Clone)]
pub(super) struct Pass {
    /// Number of the place.
    pub place: u64,
    /// What is told in the end.
    pub pass: NearPass,
    /// How near it came for certain; nothing while there is only one sighting, which may be a box that is off.
    pub nearest: Option<Nearest>,
    /// How near it came at the sighting before, and when that was.
    pub previous: (Timestamp, Nearest),
    /// Where the passer was when it was seen near first.
    pub first: NormBox,
    /// Whether it has moved since, or is surely there.
    pub is_real: bool,
    /// Whether it was seen before it came near, and has not been seen since.
    pub is_followed: bool,
    /// Whether the parked vehicle has been seen since somebody came near: else it may have left just before.
    pub was_there: bool,
    /// How near somebody came while the parked vehicle was not seen.
    pub pending: Option<Pending>,
    /// Whether what is known of how near it came is of one sighting, taken at once as pictures were seldom until then.
    pub is_provisional: bool,
    /// When the passer was near last.
    pub near_at: Timestamp,
    /// When it was near last and did not stand there: from then on both are at rest.
    pub stirred_at: Timestamp,
    /// What the parked vehicle looked like before.
    pub before: Vec<Crop>,
    /// Numbers of the places that were near it then.
    pub neighbours: Vec<u64>,
    /// By how much it seemed to have moved when that could be told first.
    pub first_shift: Option<(Timestamp, f32)>,
    /// Where the passer was last.
    pub last: NormBox,
    /// Number of the place as which it has stopped.
    pub stands_as: Option<u64>,
    /// Whether it was lost where one box is drawn around it and the parked vehicle: it stands there, too.
    pub is_in_one_box: bool,
    /// How long people have stood beside the parked vehicle since.
    pub looked_for: Duration,
    /// When somebody was seen there last.
    pub looked_at: Option<Timestamp>,
    /// Whether it was taken for a contact.
    pub is_contact: bool,
}

/// A sighting that counts if the parked vehicle turns out to have been there.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    nearest: Nearest,
    passer: Passer,
    before: Option<Known>,
}

impl Pass {
    pub(super) fn distance(&self) -> Distance {
        Distance { sizes: self.pass.distance, metres: self.pass.distance_m }
    }

    /// How near it is for certain: of two sightings that follow each other closely the farther one counts, since one box may be off.
    pub(super) fn counts(&mut self, at: Timestamp, now: Nearest) -> Nearest {
        let (then, before) = std::mem::replace(&mut self.previous, (at, now));
        self.is_followed = false;
        let is_provisional = std::mem::take(&mut self.is_provisional);
        if at.saturating_since(then) <= CLOSELY {
            if is_provisional {
                (self.nearest, self.pending) = (None, None);
            }
            return now.cautious(before);
        }
        // Seldom pictures: nobody is seen near twice on the same way.
        if self.nearest.is_none() && !now.is_nearer(&before) { before } else { now }
    }

    /// Takes in whether the passer is more than a shadow, or leaves, that are taken for something now and then and stand for ever.
    pub(super) fn believe(&mut self, passer: &Passer, before: Option<Known>) {
        let is_elsewhere = |then: NormBox| center_distance(then, passer.bbox) >= GOES;
        self.is_real |= passer.is_moving
            || passer.score >= SURELY_THERE
            || is_elsewhere(self.first)
            || before.is_some_and(|before| is_elsewhere(before.bbox));
    }

    /// Whether somebody was there: seen twice, or followed until it came near and lost there; and so was the parked vehicle.
    pub(super) fn is_certain(&self) -> bool {
        self.is_real && self.was_there && (self.nearest.is_some() || self.is_followed)
    }

    /// Whether the parked vehicle had come to rest for certain before somebody came near.
    pub(super) fn has_settled(&self) -> bool {
        self.pass.from.saturating_since(self.pass.parked_since) >= PARKED_FOR
    }

    /// Whether it is still to be known that the parked vehicle was there.
    pub(super) fn is_undecided(&self) -> bool {
        self.pending.is_some() || !self.was_there
    }

    /// The parked vehicle is seen, or has been hidden for so long that it is taken to be there: what came near before came near to it.
    pub(super) fn find_there(&mut self, place: &Place) {
        self.was_there = true;
        if let Some(Pending { nearest, passer, before }) = self.pending.take() {
            self.take(place, &passer, nearest, before);
        }
    }

    /// Whether what seemed to come near is what stands there: its box was off for a while.
    pub(super) fn turns_out_to_be(&self, place: &Place, scene: &Scene<'_>) -> bool {
        let track = self.pass.passer.track;
        let passer = scene.passers.iter().find(|passer| Some(passer.track) == track);
        let is_now = track.is_some() && place.track() == track
            || passer.is_some_and(|passer| !passer.is_moving && place.bbox().iou(passer.bbox) >= OF_PLACE);
        is_now && place.bbox().iou(self.pass.passer.bbox) >= OFF_AND_ON
    }

    pub(super) fn come_nearer(
        &mut self,
        place: &Place,
        passer: &Passer,
        nearest: Nearest,
        before: Option<Known>,
    ) {
        if place.presence() == Presence::Seen {
            self.take(place, passer, nearest, before);
        } else if self.pending.as_ref().is_none_or(|known| nearest.is_nearer(&known.nearest)) {
            self.pending = Some(Pending { nearest, passer: *passer, before });
        }
    }

    fn take(&mut self, place: &Place, passer: &Passer, nearest: Nearest, before: Option<Known>) {
        if !self.nearest.is_none_or(|known| nearest.is_nearer(&known)) {
            return;
        }
        self.nearest = Some(nearest);
        self.pass.at = nearest.at.max(self.pass.from);
        (self.pass.distance, self.pass.distance_m) = (nearest.distance.sizes, nearest.distance.metres);
        self.pass.passer = passer_object(passer, nearest.bbox);
        self.pass.heading_deg = heading(before, passer).or(self.pass.heading_deg);
        self.pass.side = side_of(place.bbox(), nearest.bbox);
    }

    /// Whether the passer stands where nobody parks: it has stopped, as a vehicle of its own or in one box with the parked one, and in no bay.
    pub(super) fn stands_in_the_way(&self, scene: &Scene<'_>) -> bool {
        let find = |number: u64| scene.places.iter().find(|place| place.number() == number);
        let is_outside = |place: &Place| place.is_standing() && !(scene.is_in_bay)(place);
        match self.stands_as {
            Some(number) => find(number).is_some_and(is_outside),
            None => self.is_in_one_box && find(self.place).is_some_and(is_outside),
        }
    }

    /// The passer is near.
    pub(super) fn note_near(&mut self, scene: &Scene<'_>) {
        (self.near_at, self.pass.until) = (scene.at, scene.at);
        let stands = |place: &Place| Some(place.number()) == self.stands_as && place.is_standing();
        if !scene.places.iter().any(stands) {
            self.stirred_at = scene.at;
        }
    }

    /// Notes as what the passer stands. Its track says little later on: both touch, and boxes are drawn around both.
    pub(super) fn note_stand(&mut self, scene: &Scene<'_>) {
        let is_its = |place: &&Place| {
            let is_there = place.bbox().iou(self.last) >= IS_IT || place.track() == self.pass.passer.track;
            place.number() != self.place && is_there
        };
        let is_known = scene.places.iter().any(|place| Some(place.number()) == self.stands_as);
        if !is_known {
            self.stands_as = scene.places.iter().find(is_its).map(Place::number);
        }
        let parked = scene.places.iter().find(|place| place.number() == self.place).map(Place::bbox);
        let is_seen = scene.passers.iter().any(|passer| Some(passer.track) == self.pass.passer.track);
        let is_of_both = |passer: &Passer| {
            let holds = |part: NormBox| part.intersection(passer.bbox) >= WITHIN * part.area();
            parked.is_some_and(|parked| holds(parked) && holds(self.last))
        };
        self.is_in_one_box = !is_seen && (self.is_in_one_box || scene.passers.iter().any(is_of_both));
    }

    /// Whether people may still get out.
    pub(super) fn may_be_looked_at(&self, scene: &Scene<'_>) -> bool {
        !self.is_contact
            && self.pass.passer.class.is_vehicle()
            && self.distance().is_within(&CONTACT)
            && scene.at.saturating_since(self.pass.at) <= OUT_WITHIN
            && self.stands_in_the_way(scene)
    }

    /// Compares the look of the parked vehicle with that before, once nobody is before it any more.
    pub(super) fn measure_shift(&mut self, scene: &Scene<'_>, place: Option<&Place>) {
        let (Some(place), Some(fine), Some(before)) = (place, scene.fine, self.before.first()) else {
            return;
        };
        let is_due = scene.at.saturating_since(self.stirred_at) >= SETTLES_AFTER;
        if self.pass.shifted.is_some() || !is_due || place.presence() != Presence::Seen {
            return;
        }
        let others = scene
            .passers
            .iter()
            .filter(|passer| place.track() != Some(passer.track) && !is_parked_itself(scene, passer));
        let mut others: Vec<NormBox> = others.map(|passer| passer.bbox).collect();
        if others.iter().any(|other| other.intersection(before.area()) > 0.0) {
            return;
        }
        // Whoever has stopped since; neighbours were before it then, too.
        let new = scene
            .places
            .iter()
            .filter(|other| other.number() != self.place && !self.neighbours.contains(&other.number()));
        others.extend(new.map(Place::bbox));
        let Some(shift) = shift_since(&self.before, fine, &others) else { return };
        match self.first_shift {
            Some((then, first)) if scene.at.saturating_since(then) >= STANDS_AGAIN => {
                self.pass.shifted = ((first - shift).abs() <= AGREE).then_some(shift);
                self.first_shift = Some((scene.at, shift));
            }
            Some(_) => {}
            None => self.first_shift = Some((scene.at, shift)),
        }
    }

    pub(super) fn touch(&self, place: Option<&Place>) -> Touch {
        Touch {
            place: self.place,
            of: place.and_then(Place::track),
            by: self.pass.passer.track,
            at: self.pass.at,
            distance: self.distance(),
        }
    }

    pub(super) fn contact(&self) -> Contact {
        Contact {
            parked: self.pass.parked.clone(),
            passer: self.pass.passer.clone(),
            at: self.pass.at,
            distance: self.pass.distance,
            distance_m: self.pass.distance_m,
            zones: self.pass.zones.clone(),
        }
    }
}

/// A parked vehicle, as events name it.
pub(super) fn parked_object(place: &Place) -> EventObject {
    EventObject {
        class: place.class(),
        score: place.score(),
        bbox: place.bbox(),
        place: Some(place.id()),
        track: place.track(),
    }
}

/// Whoever passes it, as events name them.
pub(super) fn passer_object(passer: &Passer, bbox: NormBox) -> EventObject {
    EventObject { class: passer.class, score: passer.score, bbox, place: None, track: Some(passer.track) }
}
