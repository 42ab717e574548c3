//! Who comes close to parked vehicles, so that it can be asked later who may have scratched one; and which of that may have been a contact.
//!
//! In: the places after a picture, and who moves in it. Out: [`NearPass`]es that are over, and [`Contact`]s that are suspected.
//!
//! How near is measured on the ground: between footprints, where the camera is calibrated; else between what of two boxes may be the
//! footprint, in sizes of the parked vehicle. Pictures may be seconds apart: the way between two is taken to be straight, and the nearest point on it counts.
//! Whether the parked vehicle has moved is told by its look before and after ([`shifted`]). Pure.
//!
//! None of these is configurable: they follow from how boxes are off, and from the sizes of people and cars.
//!
//! | parameter | fixed at | why |
//! |---|---|---|
//! | near | 1.2 m, or 0.3 sizes | an arm's length and the error of boxes; who passes farther off scratches nothing |
//! | contact | 0.6 m, or 0.15 sizes | as near as boxes can tell |
//! | shifted by | 0.021 – 0.15 sizes, at two looks that agree, against most of three looks before | some 10 cm: less than jitter of the look, more than wind and shadows make; what goes on moving drives off |
//! | seen twice | within 0.6 s | of two sightings that follow each other so closely the farther one counts, since one box may be off |
//! | sure | a score of 0.3; people within 2 s of one | weak boxes of vehicles are often drawn around what is none |
//! | real | moved by 0.35 sizes, or a score of 0.5 | leaves and shadows are taken for something now and then, and stand |
//! | still there | seen after somebody came near, within 60 s | a place is remembered for a while after it was left |
//! | has settled | stands for 10 s when somebody comes near | until then whoever parks still moves, and doors are opened |
//! | one story | 60 s | whoever comes near after a suspected contact is part of it |
//! | beside | 2.5 m, or 0.5 sizes | where people stand who look at a scratch: they are half hidden between both, and seem to stand farther back |
//! | looks | 4 s | in pictures 2 s apart three are as much; people who get out and stay beside the parked vehicle, while what they came in stands in no bay |

mod before;
mod distance;
mod fit;
mod pass;
mod passer;
mod shifted;
#[cfg(test)]
mod tests;
mod way;

use std::time::Duration;

use self::{
    before::Before,
    distance::{Distance, between, side_of},
    pass::{Pass, parked_object, passer_object},
    passer::{is_parked_itself, is_several, may_pass},
    way::{Known, heading, nearest},
};
use crate::{
    appearance::Grey,
    footprint::{Footprint, Stance},
    motion::containment,
    parked::{Place, Presence},
};
use gridwatch_domain::{
    CameraId, EventId, EventObject, Ground, NUDGED, NearPass, NormBox, ObjectClass, Timestamp, TrackId,
    ZoneId,
};

/// Within this it is recorded, in sizes and in metres.
const NEAR: Distance = Distance { sizes: 0.3, metres: Some(1.2) };
/// Within this it may have been a contact.
const CONTACT: Distance = Distance { sizes: 0.15, metres: Some(0.6) };
/// Within this somebody looks at it.
const BESIDE: Distance = Distance { sizes: 0.5, metres: Some(2.5) };
/// Pictures that follow each other so closely show the same way twice.
const CLOSELY: Duration = Duration::from_millis(600);
/// Pictures farther apart say nothing of the way between.
const LONGEST_WAY: Duration = Duration::from_secs(5);
/// Whoever was not near for this long has passed.
const PASSED_AFTER: Duration = Duration::from_secs(3);
/// So long after a pass it is looked whether the parked vehicle has moved, and no longer: what happened later is not of this pass.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);
/// So long it may take until it is known whether the parked vehicle was there: it may be hidden, or have left just before.
const DECIDED_WITHIN: Duration = Duration::from_secs(60);
/// People who get out within this time …
const OUT_WITHIN: Duration = Duration::from_secs(60);
/// … and stay so long beside the parked vehicle look for a scratch.
const LOOKS_FOR: Duration = Duration::from_secs(4);
/// Who has been in a spot for so long stays there, and does not walk by.
const STAYS_FOR: Duration = Duration::from_secs(1);
/// Who is hardly seen stays if missed for no longer …
const LINGERS_ON: Duration = Duration::from_millis(2500);
/// … and sits in a vehicle if so much of the box lies in its.
const SITS_WITHIN: f32 = 0.85;
/// What one vehicle comes near to within this time, in seconds, it comes near to at once.
const AT_ONCE_S: f64 = 3.0;
/// What overlaps so much with where something stands is of that.
const OF_PLACE: f32 = 0.6;
/// Passes of one camera that are under way at most: more are a crowd, and no clue.
const MOST_OPEN: usize = 128;

/// Somebody or something that may pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passer {
    /// Its track.
    pub track: TrackId,
    /// What it mostly is.
    pub class: ObjectClass,
    /// Score of its detection.
    pub score: f32,
    /// Whether it is seen well enough to be believed.
    pub is_sure: bool,
    /// Where it is.
    pub bbox: NormBox,
    /// Whether it moves.
    pub is_moving: bool,
    /// Whether it does not stand anywhere yet, and was not seen before.
    pub is_new: bool,
    /// What it covers of the ground, where that is known.
    pub footprint: Option<Footprint>,
}

impl Passer {
    fn stance(&self) -> Stance {
        Stance { bbox: self.bbox, footprint: self.footprint }
    }
}

/// Somebody who stays in one spot, well seen or hardly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lingerer {
    /// Where.
    pub bbox: NormBox,
    /// What is covered of the ground there, where that is known.
    pub footprint: Option<Footprint>,
    /// Since when something has been found in that spot.
    pub since: Timestamp,
    /// Whether it is seen well enough to be believed at once.
    pub is_sure: bool,
}

/// A contact that is suspected.
#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    /// The parked vehicle's place, as it is named.
    pub parked: EventObject,
    /// Who came too close.
    pub passer: EventObject,
    /// When.
    pub at: Timestamp,
    /// How near, in sizes.
    pub distance: f32,
    /// The same in metres.
    pub distance_m: Option<f32>,
    /// Zones in which the parked vehicle stands.
    pub zones: Vec<ZoneId>,
}

/// One picture, as far as passes need it.
pub struct Scene<'a> {
    /// Event time.
    pub at: Timestamp,
    /// The places after this picture.
    pub places: &'a [Place],
    /// Who is followed in it.
    pub passers: &'a [Passer],
    /// Who stays in it.
    pub lingerers: &'a [Lingerer],
    /// The picture, as fine as it takes to see whether something was nudged.
    pub fine: Option<&'a Grey>,
    /// How large things are on the ground.
    pub ground: Option<&'a Ground>,
    /// In which zones a place is, its bay first.
    pub zones_of: &'a dyn Fn(&Place) -> Vec<ZoneId>,
    /// Whether a place is in a bay.
    pub is_in_bay: &'a dyn Fn(&Place) -> bool,
}

/// What a picture led to.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    /// Passes that are over.
    pub passes: Vec<NearPass>,
    /// Contacts that are suspected now.
    pub contacts: Vec<Contact>,
}

/// A contact that has been told, or is part of one that has.
#[derive(Debug, Clone, Copy)]
struct Touch {
    place: u64,
    /// The track of the parked vehicle.
    of: Option<TrackId>,
    by: Option<TrackId>,
    at: Timestamp,
    distance: Distance,
}

impl Touch {
    /// Whether it is part of a story that another one has begun: whoever else comes near then, and what else the same one came near to in the
    /// same moment, only less: what is seen of a vehicle through the windows of another moves with that.
    fn continues(&self, other: &Self) -> bool {
        let is_same = self.by.is_some() && self.by == other.by && !self.distance.is_nearer(&other.distance);
        let is_at_once = self.at.seconds_since(other.at).abs() <= AT_ONCE_S;
        let is_either = other.place == self.place || (self.of.is_some() && other.by == self.of);
        (is_either && self.at.saturating_since(other.at) <= OUT_WITHIN) || (is_same && is_at_once)
    }
}

/// The near passes of one camera. Those under way are forgotten with the process.
#[derive(Debug, Default)]
pub struct Passes {
    open: Vec<Pass>,
    known: Vec<Known>,
    /// Contacts that have been suspected lately.
    touched: Vec<Touch>,
    /// What everything looked like when nobody was before it.
    before: Before,
    last_at: Option<Timestamp>,
}

impl Passes {
    /// Takes one picture in. `random` gives the random part of new ids.
    pub fn observe(
        &mut self,
        camera: &CameraId,
        scene: &Scene<'_>,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Outcome {
        let elapsed = self.last_at.map_or(Duration::ZERO, |last| scene.at.saturating_since(last));
        self.last_at = Some(scene.at);
        let parked = scene
            .places
            .iter()
            .filter(|place| place.is_standing() && place.is_credible() && place.class().is_vehicle());
        let follows_closely = elapsed > Duration::ZERO && elapsed <= CLOSELY;
        for place in parked {
            for passer in scene.passers.iter().filter(|passer| may_pass(place, passer)) {
                self.approach(camera, scene, (place, passer), follows_closely, random);
            }
        }
        self.note_lookers(scene);
        let outcome = self.settle(scene);
        let kept = scene.passers.iter().map(|passer| {
            let Passer { track, bbox, footprint, .. } = *passer;
            Known { track, at: scene.at, bbox, footprint }
        });
        self.known.retain(|known| scene.at.saturating_since(known.at) <= LONGEST_WAY);
        self.known.retain(|known| scene.passers.iter().all(|passer| passer.track != known.track));
        self.known.extend(kept);
        if let Some(fine) = scene.fine {
            let stays =
                |passer: &&Passer| !scene.places.iter().any(|place| place.track() == Some(passer.track));
            let covered: Vec<NormBox> =
                scene.passers.iter().filter(stays).map(|passer| passer.bbox).collect();
            self.before.take(scene.at, fine, &covered);
        }
        outcome
    }

    /// What somebody covered of the ground in the picture before.
    pub fn last_footprint(&self, track: TrackId) -> Option<Footprint> {
        self.known.iter().find(|known| known.track == track)?.footprint
    }

    /// The clock stepped, or the camera looks elsewhere: what is under way can be followed no more.
    pub fn forget(&mut self) -> Vec<NearPass> {
        self.known.clear();
        self.touched.clear();
        self.before = Before::default();
        self.last_at = None;
        self.open.drain(..).filter(Pass::is_certain).map(|open| open.pass).collect()
    }

    /// How near a passer comes on its way from the picture before to this one.
    fn approach(
        &mut self,
        camera: &CameraId,
        scene: &Scene<'_>,
        (place, passer): (&Place, &Passer),
        follows_closely: bool,
        random: &mut dyn FnMut() -> [u8; 10],
    ) {
        let before = self.known.iter().find(|known| known.track == passer.track).copied();
        let nearest = nearest(scene, place, passer, before);
        let open = self
            .open
            .iter_mut()
            .find(|open| open.place == place.number() && open.pass.passer.track == Some(passer.track));
        if let Some(open) = open {
            open.last = passer.bbox;
            open.believe(passer, before);
            if !passer.is_sure {
                return;
            }
            if nearest.distance.is_within(&NEAR) {
                open.note_near(scene);
            }
            let certainly = open.counts(scene.at, nearest);
            if certainly.distance.is_within(&NEAR) {
                open.come_nearer(place, passer, certainly, before);
            }
            return;
        }
        // Whoever stands there already is a neighbour; what nobody has seen before has come, however short the time.
        let comes = passer.is_sure
            && (passer.is_moving || passer.is_new || passer.class == ObjectClass::Person)
            && !is_parked_itself(scene, passer)
            && !is_several(scene, passer);
        if !comes || !nearest.distance.is_within(&NEAR) || self.open.len() >= MOST_OPEN {
            return;
        }
        let at_once = !follows_closely;
        let mut open = Pass {
            pass: NearPass {
                id: EventId::from_parts(scene.at, random()),
                camera: camera.clone(),
                place: place.id(),
                zones: (scene.zones_of)(place),
                parked: parked_object(place),
                parked_since: place.first_seen(),
                passer: passer_object(passer, nearest.bbox),
                from: nearest.at,
                until: scene.at,
                at: nearest.at,
                distance: nearest.distance.sizes,
                distance_m: nearest.distance.metres,
                heading_deg: heading(before, passer),
                side: side_of(place.bbox(), nearest.bbox),
                shifted: None,
            },
            place: place.number(),
            nearest: None,
            previous: (scene.at, nearest),
            first: passer.bbox,
            is_real: false,
            is_followed: before.is_some(),
            was_there: false,
            pending: None,
            is_provisional: at_once,
            near_at: scene.at,
            stirred_at: scene.at,
            before: self.before.looks(place.bbox()),
            neighbours: scene.places.iter().map(Place::number).collect(),
            first_shift: None,
            last: passer.bbox,
            stands_as: None,
            is_in_one_box: false,
            looked_for: Duration::ZERO,
            looked_at: None,
            is_contact: false,
        };
        open.believe(passer, before);
        if at_once {
            open.come_nearer(place, passer, nearest, before);
        }
        self.open.push(open);
    }

    /// People who stand beside a vehicle that somebody has come too close to, while that one stands outside of any bay.
    fn note_lookers(&mut self, scene: &Scene<'_>) {
        for open in &mut self.open {
            open.note_stand(scene);
            let is_of_vehicle = open.pass.passer.class.is_vehicle();
            let is_early = scene.at.saturating_since(open.pass.at) <= OUT_WITHIN;
            let Some(place) = scene.places.iter().find(|place| place.number() == open.place) else {
                continue;
            };
            if !is_of_vehicle
                || !is_early
                || !open.distance().is_within(&CONTACT)
                || !open.stands_in_the_way(scene)
            {
                continue;
            }
            let is_beside =
                |stance: &Stance| between(&place.stance(), stance, scene.ground).is_within(&BESIDE);
            // Who stood there before is a witness, or a post; and whoever is hardly seen may sit in either.
            let looks = |lingerer: &&Lingerer| {
                let sits = |vehicle: NormBox| containment(lingerer.bbox, vehicle) >= SITS_WITHIN;
                let stance = Stance { bbox: lingerer.bbox, footprint: lingerer.footprint };
                lingerer.since > open.pass.from
                    && scene.at.saturating_since(lingerer.since) >= STAYS_FOR
                    && (lingerer.is_sure || !(sits(place.bbox()) || sits(open.last)))
                    && is_beside(&stance)
            };
            let looking: Vec<&Lingerer> = scene.lingerers.iter().filter(looks).collect();
            let Some(came) = looking.iter().map(|one| one.since).min() else { continue };
            // Who is half hidden between two vehicles is missed in many pictures.
            let missed = if looking.iter().any(|one| one.is_sure) { LONGEST_WAY } else { LINGERS_ON };
            let since =
                open.looked_at.filter(|last| scene.at.saturating_since(*last) <= missed).unwrap_or(came);
            open.looked_for += scene.at.saturating_since(since).min(missed);
            open.looked_at = Some(scene.at);
        }
    }

    /// Tells what is over, and what was a contact.
    fn settle(&mut self, scene: &Scene<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        let mut touches: Vec<(Touch, Contact)> = Vec::new();
        self.touched.retain(|touch| scene.at.saturating_since(touch.at) <= OUT_WITHIN * 2);
        self.open.retain_mut(|open| {
            let place = scene.places.iter().find(|place| place.number() == open.place);
            if place.is_some_and(|place| open.turns_out_to_be(place, scene)) {
                return false;
            }
            if let Some(place) = place.filter(|place| place.presence() == Presence::Seen) {
                open.find_there(place);
            }
            open.measure_shift(scene, place);
            let shifted = open.pass.shifted.is_some_and(|shifted| NUDGED.contains(&shifted));
            let by_whom = !matches!(open.pass.passer.class, ObjectClass::Person);
            let is_contact = by_whom
                && open.has_settled()
                && open.is_certain()
                && open.distance().is_within(&CONTACT)
                && (shifted || open.looked_for >= LOOKS_FOR);
            if is_contact && !std::mem::replace(&mut open.is_contact, true) {
                touches.push((open.touch(place), open.contact()));
            }
            let since = scene.at.saturating_since(open.near_at);
            let waits = open.pass.shifted.is_none() && since < SETTLES_WITHIN && place.is_some();
            let waits = waits || (open.may_be_looked_at(scene) && place.is_some());
            let waits = waits || (open.is_undecided() && since < DECIDED_WITHIN && place.is_some());
            let goes_on = since < PASSED_AFTER || waits;
            let may_be_there = |place: &&Place| place.is_standing() && place.presence() != Presence::Empty;
            if !goes_on && let Some(place) = place.filter(may_be_there) {
                open.find_there(place);
            }
            if !goes_on && open.is_certain() {
                outcome.passes.push(open.pass.clone());
            }
            goes_on
        });
        touches.sort_by(|(a, _), (b, _)| a.distance.compare(&b.distance));
        for (touch, contact) in touches {
            if !self.touched.iter().any(|before| touch.continues(before)) {
                outcome.contacts.push(contact);
            }
            self.touched.push(touch);
        }
        outcome
    }
}
