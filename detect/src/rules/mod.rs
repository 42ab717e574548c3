//! Says what is disorder: compares places with zones and tells events, revision by revision.
//!
//! In: the places of one camera after each picture. Out: [`Revision`]s, which the camera turns into events. One event
//! per place and zone: two cars in one zone are two events, and a car where two zones overlap is one event in each,
//! because each zone has its own kind, limit, severity and cell.
//!
//! An event opens when its place has been *seen* for the zone's limit: a vehicle that is hidden when its limit passes
//! opens it when it is seen again. It closes when the memory gives the place up. Pure.

mod open;

use std::collections::BTreeMap;
use std::time::Duration;

use gridwatch_domain::{
    Detection, EventId, EventKind, NormBox, Phase, Severity, Timestamp, Zone, ZoneId, ZoneType,
};
use serde::{Deserialize, Serialize};

pub use self::open::{OpenEvent, Revision};
use crate::{
    parked::{Place, Presence},
    settings::RuleSettings,
};

/// Of the coverage that lets a vehicle into a zone, this share keeps it in: a box that breathes opens nothing twice.
const STAYS_IN: f32 = 0.5;
/// A vehicle that was not seen for this long, without its place being seen empty, is unobserved.
const UNOBSERVED_AFTER: Duration = Duration::from_secs(30);
/// After this many times its limit, standing in a no-parking zone is a major matter.
const MAJOR_AFTER: u32 = 3;

/// The open events of one camera.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    open: Vec<OpenEvent>,
}

/// One picture, as far as the rules need it.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Event time.
    pub at: Timestamp,
    /// The places after this picture.
    pub places: &'a [Place],
    /// The places that are over since this picture.
    pub ended: &'a [Place],
}

impl Ledger {
    /// The open events, oldest first.
    pub fn open(&self) -> &[OpenEvent] {
        &self.open
    }

    /// Takes one picture in. `random` gives the random part of new ids.
    pub fn step(
        &mut self,
        scene: &Scene<'_>,
        zones: &[Zone],
        settings: &RuleSettings,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Vec<Revision> {
        let mut revisions = Vec::new();
        self.open.retain_mut(|event| {
            let revision = follow(event, scene, zones, settings);
            let goes_on = revision.as_ref().is_none_or(|revision| revision.phase != Phase::Close);
            revisions.extend(revision);
            goes_on
        });
        for zone in zones {
            for place in scene.places {
                if self.is_open(place, &zone.id) || !may_open(place, zone, settings) {
                    continue;
                }
                let mut event =
                    OpenEvent::new(EventId::from_parts(scene.at, random()), place, zone, scene.at);
                revisions.push(event.revise(Phase::Open, scene.at));
                self.open.push(event);
            }
        }
        revisions
    }

    /// When each limit ends of those that stand within it.
    pub fn limits(
        &self,
        places: &[Place],
        zones: &[Zone],
        settings: &RuleSettings,
    ) -> impl Iterator<Item = Timestamp> {
        zones.iter().flat_map(move |zone| {
            let within = move |place: &&Place| {
                place.is_standing()
                    && place.is_credible()
                    && !self.is_open(place, &zone.id)
                    && covers(zone, place, settings.coverage)
            };
            places.iter().filter(within).map(|place| place.first_seen().saturating_add(zone.limit.get()))
        })
    }

    /// The camera has gone blind: whether anything still stands there, nobody knows.
    pub fn lose_sight(&mut self, at: Timestamp) -> Vec<Revision> {
        let lost = self.open.iter_mut().filter(|event| !event.unobserved);
        lost.map(|event| {
            event.unobserved = true;
            event.revise(Phase::Update, at)
        })
        .collect()
    }

    /// Other zones are watched from now on: events end whose zone is gone or is of another type, and those of vehicles that
    /// have not stood for its limit as it is now, or are of no class that it cares about any more. `before`: the zones until
    /// now; what a zone cares about is looked at only where that is something else now, as opinions of a vehicle's class waver.
    pub fn adjust(&mut self, before: &[Zone], zones: &[Zone], places: &[Place]) -> Vec<Revision> {
        let mut revisions = Vec::new();
        self.open.retain_mut(|event| {
            let zone = zone_of(event, zones);
            let place = places.iter().find(|place| place.number() == event.place);
            let cares_as_before =
                |zone: &Zone| before.iter().any(|one| one.id == zone.id && one.classes == zone.classes);
            let holds_in = |zone: &Zone, place: &Place| {
                place.dwell() >= zone.limit.get() && (cares_as_before(zone) || is_watched(zone, place))
            };
            let holds = zone.is_some_and(|zone| place.is_none_or(|place| holds_in(zone, place)));
            if let Some(zone) = zone {
                event.limit = zone.limit;
                event.cell.clone_from(&zone.cell);
            }
            if !holds {
                revisions.push(event.close(event.revised_at.max(event.last_seen)));
            }
            holds
        });
        revisions
    }

    /// Nothing will be seen of any of them any more: they end with what was seen last.
    pub fn close_all(&mut self) -> Vec<Revision> {
        self.open.drain(..).map(|mut event| event.close(event.revised_at.max(event.last_seen))).collect()
    }

    /// Moves all times back by `by`, as the clock was.
    pub fn rewind(&mut self, by: Duration) {
        self.open.iter_mut().for_each(|event| event.rewind(by));
    }

    /// The numbers of the places that open events are about.
    pub fn places(&self) -> Vec<u64> {
        self.open.iter().map(|event| event.place).collect()
    }

    fn is_open(&self, place: &Place, zone: &ZoneId) -> bool {
        self.open.iter().any(|event| event.place == place.number() && event.zone == *zone)
    }
}

/// How many vehicles and other watched objects stand in each zone.
pub fn count_standing(places: &[Place], zones: &[Zone], settings: &RuleSettings) -> BTreeMap<ZoneId, u32> {
    let count = |zone: &Zone| {
        let inside = |place: &&Place| place.is_standing() && covers(zone, place, settings.coverage);
        u32::try_from(places.iter().filter(inside).count()).unwrap_or(u32::MAX)
    };
    zones.iter().map(|zone| (zone.id.clone(), count(zone))).collect()
}

/// Pictures a second that zones ask for while this moves.
pub fn fps_asked(moving: &Detection, zones: &[Zone]) -> u8 {
    let is_in = |zone: &&Zone| {
        zone.classes.contains(&moving.class) && zone.polygon.coverage(moving.bbox.ground_contact()) > 0.0
    };
    zones.iter().filter(is_in).map(|zone| zone.watch_fps).max().unwrap_or(0)
}

fn may_open(place: &Place, zone: &Zone, settings: &RuleSettings) -> bool {
    place.is_standing()
        && place.presence() == Presence::Seen
        && place.dwell() >= zone.limit.get()
        && place.is_credible()
        && covers(zone, place, settings.coverage)
}

/// Whether it may be of a class that the zone cares about.
fn is_watched(zone: &Zone, place: &Place) -> bool {
    zone.classes.iter().any(|&class| place.may_be(class))
}

fn covers(zone: &Zone, place: &Place, coverage: f32) -> bool {
    is_watched(zone, place) && zone.polygon.coverage(place.bbox().ground_contact()) >= coverage
}

/// What a picture changes of an open event.
fn follow(
    event: &mut OpenEvent,
    scene: &Scene<'_>,
    zones: &[Zone],
    settings: &RuleSettings,
) -> Option<Revision> {
    if let Some(place) = scene.ended.iter().find(|place| place.number() == event.place) {
        event.see(place);
        return Some(event.close(scene.at));
    }
    let zone = zone_of(event, zones);
    let place = scene.places.iter().find(|place| place.number() == event.place);
    let (Some(zone), Some(place)) = (zone, place) else {
        // The zone was taken out of the configuration, or the memory was lost: nothing watches this any more.
        return Some(event.close(scene.at));
    };
    event.limit = zone.limit;
    event.cell.clone_from(&zone.cell);
    event.see(place);
    let inside = |bbox: NormBox| zone.polygon.coverage(bbox.ground_contact()) >= settings.coverage * STAYS_IN;
    if place.is_standing() && !inside(place.bbox()) {
        // It still stands somewhere, or is on its way.
        event.last_seen = place.rested_until(inside);
        return Some(event.close(scene.at));
    }
    let severity = severity(event.kind, place.dwell(), zone.limit.get()).max(event.severity);
    let unobserved = match place.presence() {
        Presence::Seen => false,
        Presence::Hidden | Presence::Unknown => event.unobserved || place.unseen_for() > UNOBSERVED_AFTER,
        Presence::Empty => event.unobserved,
    };
    let due = scene.at.saturating_since(event.revised_at) >= settings.update_interval;
    if severity == event.severity && unobserved == event.unobserved && !due {
        return None;
    }
    let worse = severity > event.severity;
    (event.severity, event.unobserved) = (severity, unobserved);
    Some(Revision { picture: worse, ..event.revise(Phase::Update, scene.at) })
}

/// The zone that an event is in, as long as it is of the same type.
fn zone_of<'a>(event: &OpenEvent, zones: &'a [Zone]) -> Option<&'a Zone> {
    zones.iter().find(|zone| zone.id == event.zone && event_kind(zone.zone_type) == event.kind)
}

fn event_kind(zone_type: ZoneType) -> EventKind {
    match zone_type {
        ZoneType::NoParking => EventKind::NoParking,
        ZoneType::FireLane => EventKind::FireLane,
    }
}

/// Of what happens in zones.
fn severity(kind: EventKind, dwell: Duration, limit: Duration) -> Severity {
    match kind {
        EventKind::FireLane => Severity::Critical,
        EventKind::NoParking if dwell < limit.saturating_mul(MAJOR_AFTER) => Severity::Minor,
        EventKind::NoParking
        | EventKind::CameraOffline
        | EventKind::CameraFrozen
        | EventKind::CameraCovered
        | EventKind::CameraMoved
        | EventKind::CameraBlurred => Severity::Major,
    }
}
