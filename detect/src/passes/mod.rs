//! Who comes close to parked vehicles, so that it can be asked later who may have scratched one; and which of that may have been a contact.
//!
//! In: the places after a picture, and who moves in it. Out: [`NearPass`]es that are over, and [`Contact`]s that are suspected.
//!
//! How near is measured on the ground: between footprints, where the camera is calibrated; else between what of two boxes may be the
//! footprint, in sizes of the parked vehicle. Pictures may be seconds apart: the way between two is taken to be straight, and the nearest point on it counts.
//! Whether the parked vehicle has moved is told by its look before and after ([`shifted`]). Pure.
//!
//! | parameter | default | why |
//! |---|---|---|
//! | near | 1.2 m, or 0.3 sizes | an arm's length and the error of boxes; who passes farther off scratches nothing |
//! | contact | 0.6 m, or 0.15 sizes | as near as boxes can tell |
//! | shifted by | 0.02 – 0.15 sizes, at two looks that agree | some 8 cm: less than jitter of the look, more than wind and shadows make; what goes on moving drives off |
//! | looks | 5 s | people who get out and stay beside the parked vehicle, while what they came in stands in no bay |

mod distance;
mod shifted;

use std::time::Duration;

use self::{
    distance::{Distance, between, on_ground, side_of},
    shifted::Crop,
};
use crate::{
    appearance::{Background, Grey},
    footprint::{Footprint, Stance},
    motion::{blend, center_distance},
    parked::{Place, Presence},
};
use gridwatch_domain::{
    CameraId, EventId, EventObject, Ground, NearPass, NormBox, ObjectClass, Timestamp, TrackId, ZoneId,
};

/// Within this it is recorded, in sizes and in metres.
const NEAR: Distance = Distance { sizes: 0.3, metres: Some(1.2) };
/// Within this it may have been a contact.
const CONTACT: Distance = Distance { sizes: 0.15, metres: Some(0.6) };
/// Share of its size by which a parked vehicle has moved for certain; by more it has been moved away, not nudged.
const SHIFTED: std::ops::RangeInclusive<f32> = 0.02..=0.15;
/// Two looks, so far apart in time, that agree so well: it stands again, and does not drive off.
const STANDS_AGAIN: Duration = Duration::from_millis(1500);
const AGREE: f32 = 0.012;
/// Steps into which the way between two pictures is divided.
const STEPS: u8 = 8;
/// Pictures farther apart say nothing of the way between.
const LONGEST_WAY: Duration = Duration::from_secs(5);
/// Whoever was not near for this long has passed.
const PASSED_AFTER: Duration = Duration::from_secs(3);
/// So long after a pass it is looked whether the parked vehicle has moved …
const SETTLES_AFTER: Duration = Duration::from_secs(2);
/// … and no longer: what happened later is not of this pass.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);
/// People who get out within this time …
const OUT_WITHIN: Duration = Duration::from_secs(60);
/// … and stay so long beside the parked vehicle look for a scratch.
const LOOKS_FOR: Duration = Duration::from_secs(5);
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
    /// The picture, small and grey.
    pub grey: Option<&'a Grey>,
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

/// A pass that is under way, or over and not told yet.
#[derive(Debug, Clone)]
struct Pass {
    place: u64,
    pass: NearPass,
    /// By which the nearest point of its way is found.
    rank: f32,
    /// When the passer was near last.
    near_at: Timestamp,
    /// What the parked vehicle looked like before.
    before: Option<Crop>,
    /// By how much it seemed to have moved when that could be told first.
    first_shift: Option<(Timestamp, f32)>,
    /// Where the passer was last, and since when it has not moved.
    last: NormBox,
    still_since: Option<Timestamp>,
    /// How long people have stood beside the parked vehicle since.
    looked_for: Duration,
    is_contact: bool,
}

/// Where somebody was in the picture before.
#[derive(Debug, Clone, Copy)]
struct Known {
    track: TrackId,
    at: Timestamp,
    bbox: NormBox,
    footprint: Option<Footprint>,
}

/// The near passes of one camera. Those under way are forgotten with the process.
#[derive(Debug, Default)]
pub struct Passes {
    open: Vec<Pass>,
    known: Vec<Known>,
    /// What everything looked like when nobody was before it last.
    before: Background,
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
        for place in parked {
            for passer in scene.passers.iter().filter(|passer| may_pass(place, passer)) {
                self.approach(camera, scene, place, passer, random);
            }
        }
        self.note_lookers(scene, elapsed.min(LONGEST_WAY));
        let outcome = self.settle(scene);
        let kept = scene.passers.iter().map(|passer| {
            let Passer { track, bbox, footprint, .. } = *passer;
            Known { track, at: scene.at, bbox, footprint }
        });
        self.known.retain(|known| scene.at.saturating_since(known.at) <= LONGEST_WAY);
        self.known.retain(|known| scene.passers.iter().all(|passer| passer.track != known.track));
        self.known.extend(kept);
        if let Some(grey) = scene.grey {
            let stays =
                |passer: &&Passer| !scene.places.iter().any(|place| place.track() == Some(passer.track));
            let covered = scene.passers.iter().filter(stays).map(|passer| passer.bbox);
            self.before.update(grey, covered, 1.0);
        }
        outcome
    }

    /// The clock stepped, or the camera looks elsewhere: what is under way can be followed no more.
    pub fn forget(&mut self) -> Vec<NearPass> {
        self.known.clear();
        self.before = Background::default();
        self.last_at = None;
        self.open.drain(..).map(|open| open.pass).collect()
    }

    /// How near a passer comes on its way from the picture before to this one.
    fn approach(
        &mut self,
        camera: &CameraId,
        scene: &Scene<'_>,
        place: &Place,
        passer: &Passer,
        random: &mut dyn FnMut() -> [u8; 10],
    ) {
        let before = self.known.iter().find(|known| known.track == passer.track).copied();
        let nearest = nearest(scene, place, passer, before);
        let open = self
            .open
            .iter_mut()
            .find(|open| open.place == place.number() && open.pass.passer.track == Some(passer.track));
        if let Some(open) = open {
            open.follow(scene.at, passer);
            if nearest.distance.is_within(&NEAR) {
                open.near_at = scene.at;
                open.pass.until = scene.at;
            }
            if nearest.rank < open.rank {
                open.come_nearer(place, passer, &nearest, before);
            }
            return;
        }
        // Whoever stands there already is a neighbour; what nobody has seen before has come, however short the time.
        let comes = (passer.is_moving || passer.is_new || passer.class == ObjectClass::Person)
            && !is_parked_itself(scene, passer);
        if !comes || !nearest.distance.is_within(&NEAR) || self.open.len() >= MOST_OPEN {
            return;
        }
        let pass = NearPass {
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
        };
        let before = scene.grey.and_then(|_| Crop::cut(self.before.grey(), place.bbox()));
        self.open.push(Pass {
            place: place.number(),
            pass,
            rank: nearest.rank,
            near_at: scene.at,
            before,
            first_shift: None,
            last: passer.bbox,
            still_since: None,
            looked_for: Duration::ZERO,
            is_contact: false,
        });
    }

    /// People who stand beside a vehicle that somebody has come too close to, while that one stands outside of any bay.
    fn note_lookers(&mut self, scene: &Scene<'_>, elapsed: Duration) {
        for open in &mut self.open {
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
            let beside = |passer: &&Passer| {
                passer.class == ObjectClass::Person
                    && !passer.is_moving
                    && between(&place.stance(), &passer.stance(), scene.ground).is_within(&NEAR)
            };
            if scene.passers.iter().any(|passer| beside(&passer)) {
                open.looked_for += elapsed;
            }
        }
    }

    /// Tells what is over, and what was a contact.
    fn settle(&mut self, scene: &Scene<'_>) -> Outcome {
        let mut outcome = Outcome::default();
        self.open.retain_mut(|open| {
            let place = scene.places.iter().find(|place| place.number() == open.place);
            open.measure_shift(scene, place);
            let shifted = open.pass.shifted.is_some_and(|shifted| SHIFTED.contains(&shifted));
            let by_whom = !matches!(open.pass.passer.class, ObjectClass::Person);
            let is_contact =
                by_whom && open.distance().is_within(&CONTACT) && (shifted || open.looked_for >= LOOKS_FOR);
            if is_contact && !std::mem::replace(&mut open.is_contact, true) {
                outcome.contacts.push(open.contact());
            }
            let since = scene.at.saturating_since(open.near_at);
            let waits = open.pass.shifted.is_none() && since < SETTLES_WITHIN && place.is_some();
            let waits = waits || (open.may_be_looked_at(scene) && place.is_some());
            let goes_on = since < PASSED_AFTER || waits;
            if !goes_on {
                outcome.passes.push(open.pass.clone());
            }
            goes_on
        });
        outcome
    }
}

impl Pass {
    fn distance(&self) -> Distance {
        Distance { sizes: self.pass.distance, metres: self.pass.distance_m }
    }

    fn follow(&mut self, at: Timestamp, passer: &Passer) {
        self.still_since = if passer.is_moving { None } else { self.still_since.or(Some(at)) };
        self.last = passer.bbox;
    }

    fn come_nearer(&mut self, place: &Place, passer: &Passer, nearest: &Nearest, before: Option<Known>) {
        self.rank = nearest.rank;
        self.pass.at = nearest.at.max(self.pass.from);
        (self.pass.distance, self.pass.distance_m) = (nearest.distance.sizes, nearest.distance.metres);
        self.pass.passer = passer_object(passer, nearest.bbox);
        self.pass.heading_deg = heading(before, passer).or(self.pass.heading_deg);
        self.pass.side = side_of(place.bbox(), nearest.bbox);
    }

    /// Whether the passer stands where nobody parks: it has stopped, and is in no bay.
    fn stands_in_the_way(&self, scene: &Scene<'_>) -> bool {
        let stood = |place: &Place| place.bbox().iou(self.last) >= 0.5 && (scene.is_in_bay)(place);
        let is_parked = scene.places.iter().any(stood);
        self.still_since.is_some() && !is_parked
    }

    /// Whether people may still get out.
    fn may_be_looked_at(&self, scene: &Scene<'_>) -> bool {
        !self.is_contact
            && self.pass.passer.class.is_vehicle()
            && self.distance().is_within(&CONTACT)
            && scene.at.saturating_since(self.pass.at) <= OUT_WITHIN
            && self.stands_in_the_way(scene)
    }

    /// Compares the look of the parked vehicle with that before, once nobody is before it any more.
    fn measure_shift(&mut self, scene: &Scene<'_>, place: Option<&Place>) {
        let since = scene.at.saturating_since(self.near_at);
        let (Some(place), Some(grey), Some(before)) = (place, scene.grey, &self.before) else { return };
        // Neighbours were before it then, too.
        let is_free = place.presence() == Presence::Seen
            && scene.passers.iter().filter(|passer| !is_parked_itself(scene, passer)).all(|passer| {
                place.track() == Some(passer.track) || passer.bbox.intersection(before.area()) <= 0.0
            });
        if self.pass.shifted.is_some() || since < SETTLES_AFTER || !is_free {
            return;
        }
        let Some(shift) = before.shift_to(grey) else { return };
        match self.first_shift {
            Some((then, first)) if scene.at.saturating_since(then) >= STANDS_AGAIN => {
                self.pass.shifted = ((first - shift).abs() <= AGREE).then_some(shift);
                self.first_shift = Some((scene.at, shift));
            }
            Some(_) => {}
            None => self.first_shift = Some((scene.at, shift)),
        }
    }

    fn contact(&self) -> Contact {
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

/// Whether somebody may pass a place: not what stands there itself.
fn may_pass(place: &Place, passer: &Passer) -> bool {
    place.track() != Some(passer.track) && place.bbox().iou(passer.bbox) < 0.7
}

/// Whether somebody stands where something has stood for long, whatever its box does.
fn is_parked_itself(scene: &Scene<'_>, passer: &Passer) -> bool {
    let is_its = |place: &Place| {
        place.is_standing()
            && (place.track() == Some(passer.track) || place.bbox().iou(passer.bbox) >= OF_PLACE)
    };
    scene.places.iter().any(is_its)
}

/// The nearest point of a way.
struct Nearest {
    at: Timestamp,
    bbox: NormBox,
    distance: Distance,
    /// Of points that are as near the one that is level with it counts.
    rank: f32,
}

/// By how much a size beside the parked vehicle counts, where the distance is the same.
const LEVEL: f32 = 0.03;

fn nearest(scene: &Scene<'_>, place: &Place, passer: &Passer, before: Option<Known>) -> Nearest {
    let parked = place.stance();
    let of = |at: Timestamp, bbox: NormBox, distance: Distance| {
        let rank = distance.metres.unwrap_or(distance.sizes) + LEVEL * center_distance(place.bbox(), bbox);
        Nearest { at, bbox, distance, rank }
    };
    let mut nearest = of(scene.at, passer.bbox, between(&parked, &passer.stance(), scene.ground));
    let Some(before) = before.filter(|known| scene.at.saturating_since(known.at) <= LONGEST_WAY) else {
        return nearest;
    };
    let took = scene.at.saturating_since(before.at);
    for step in 1..STEPS {
        let share = f32::from(step) / f32::from(STEPS);
        let bbox = blend(before.bbox, passer.bbox, share);
        let distance = match (&parked.footprint, before.footprint, passer.footprint) {
            (Some(parked), Some(from), Some(to)) => on_ground(parked, &from.on_way(&to, share)),
            _ => between(&parked, &Stance { bbox, footprint: None }, scene.ground),
        };
        let on_way = of(before.at.saturating_add(took.mul_f32(share)), bbox, distance);
        if on_way.rank < nearest.rank {
            nearest = on_way;
        }
    }
    nearest
}

fn heading(before: Option<Known>, passer: &Passer) -> Option<f32> {
    let from = before.filter(|_| passer.is_moving)?.bbox;
    let (dx, dy) = (passer.bbox.center().x() - from.center().x(), passer.bbox.y2() - from.y2());
    (dx.hypot(dy) > 1e-4).then(|| dy.atan2(dx).to_degrees().rem_euclid(360.0))
}

fn parked_object(place: &Place) -> EventObject {
    EventObject {
        class: place.class(),
        score: place.score(),
        bbox: place.bbox(),
        place: Some(place.id()),
        track: place.track(),
    }
}

fn passer_object(passer: &Passer, bbox: NormBox) -> EventObject {
    EventObject { class: passer.class, score: passer.score, bbox, place: None, track: Some(passer.track) }
}
