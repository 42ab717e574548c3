//! Says what is disorder: compares what stands and walks with zones, lines and groups, and tells events, revision by revision.
//!
//! In: the places and tracks of one camera after each picture. Out: [`Revision`]s, which the camera turns into events. Each rule is
//! in a file of its own: it claims conditions, each with a subject and since when it holds; the ledger turns what is claimed into
//! events that open, are updated and close. One event per kind, zone and subject: two cars in one zone are two events, and a car where
//! two zones overlap is one event in each, because each zone has its own limits, severity and cell. Pure.

mod bays;
mod claim;
mod contact;
mod crossing;
mod crowd;
mod double;
mod intrusion;
mod lasting;
mod ledger;
mod loitering;
mod long_stay;
mod lot_full;
mod open;
mod out_of_bay;
mod overstay;
mod standing;
mod straddling;

use std::{collections::BTreeMap, time::Duration};

use gridwatch_domain::{
    BayGroup, Detection, EventKind, EventObject, Line, NormBox, ObjectClass, Timestamp, TrackId, Zone,
    ZoneId, ZoneType,
};
use serde::{Deserialize, Serialize};

use self::{
    bays::{Bay, Bays},
    claim::Subject,
    lasting::AllLasting,
    ledger::Ledger,
};
pub use self::{
    crossing::Crossings,
    open::{OpenEvent, Revision},
};
use crate::{
    footprint::Surveyor,
    parked::{Origin, Place, Presence},
    passes::Contact,
    settings::RuleSettings,
};

/// A vehicle that was not seen for this long leaves it open whether its bay is taken.
const UNSURE_AFTER: Duration = Duration::from_secs(30);

/// Somebody or something that is followed, as it is in the latest picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Walker {
    /// Its track.
    pub track: TrackId,
    /// What it mostly is.
    pub class: ObjectClass,
    /// Score of its detection.
    pub score: f32,
    /// Where it is.
    pub bbox: NormBox,
    /// In how many pictures it has been seen since it was lost last.
    pub sightings: u32,
    /// When and where it was seen before, if it was since it was lost last.
    pub before: Option<(Timestamp, NormBox)>,
    /// When it was detected well last.
    pub strong_at: Timestamp,
    /// For how long it has been, all in all.
    pub strong_for: Duration,
}

/// Between pictures so far apart somebody comes on the average half of that time before the one that shows them, and is dated back by so much;
/// but by no more than this.
const APART: Duration = Duration::from_millis(500);
const MOST_DATED_BACK: Duration = Duration::from_secs(1);

impl Walker {
    /// Where it touches the ground: the middle of its lower edge.
    pub fn foot(&self) -> [f32; 2] {
        [self.bbox.center().x(), self.bbox.y2()]
    }

    fn stands_in(&self, zone: &Zone) -> bool {
        is_foot_in(self.bbox, zone)
    }

    /// Since when it has been in a zone that it is in at `at`, as far as its last two sightings tell.
    fn came(&self, zone: &Zone, at: Timestamp) -> Timestamp {
        let Some((then, bbox)) = self.before else { return at };
        let apart = at.saturating_since(then);
        if is_foot_in(bbox, zone) {
            then
        } else if apart >= APART {
            at.saturating_sub((apart / 2).min(MOST_DATED_BACK))
        } else {
            at
        }
    }

    fn object(&self) -> EventObject {
        EventObject {
            class: self.class,
            score: self.score,
            bbox: self.bbox,
            place: None,
            track: Some(self.track),
        }
    }
}

fn is_foot_in(bbox: NormBox, zone: &Zone) -> bool {
    let foot = gridwatch_domain::Point::new(bbox.center().x(), bbox.y2());
    foot.is_ok_and(|foot| zone.polygon.contains(foot))
}

/// One picture, as far as the rules need it.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Event time.
    pub at: Timestamp,
    /// Watched time since the picture before: less than has passed where nobody looked.
    pub watched: Duration,
    /// The places after this picture.
    pub places: &'a [Place],
    /// The places that are over since this picture.
    pub ended: &'a [Place],
    /// Who is followed, and is in this picture.
    pub walkers: &'a [Walker],
    /// Contacts that are suspected since this picture.
    pub contacts: &'a [Contact],
    /// Tells what boxes cover of the ground.
    pub surveyor: &'a Surveyor,
}

/// What is watched in a camera's picture.
#[derive(Debug, Clone, Copy)]
pub struct Watchlist<'a> {
    /// Zones.
    pub zones: &'a [Zone],
    /// Lines.
    pub lines: &'a [Line],
    /// Groups of bays.
    pub groups: &'a [BayGroup],
}

/// What every rule looks at.
struct Context<'s> {
    scene: &'s Scene<'s>,
    bays: &'s Bays<'s>,
    ledger: &'s Ledger,
    settings: &'s RuleSettings,
    surveyor: &'s Surveyor,
    /// Zones in which contacts are told.
    tells_contacts: Vec<&'s ZoneId>,
}

impl Context<'_> {
    fn is_open(&self, kind: EventKind, zone: &Zone, subject: Subject) -> bool {
        self.ledger.is_open(kind, &zone.id, subject)
    }
}

/// The rules of one camera, and its open events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Rulebook {
    open: Ledger,
    #[serde(default)]
    lasting: AllLasting,
    #[serde(default)]
    straddlers: straddling::Straddlers,
    #[serde(default)]
    stays: loitering::Stays,
    #[serde(skip)]
    lines: crossing::Lines,
    /// When limits end of what holds within them.
    #[serde(skip)]
    limits: Vec<Timestamp>,
}

impl Rulebook {
    /// Whether anything is under way that began before this picture, open or within its limit.
    pub fn has_lasting(&self) -> bool {
        !self.lasting.is_empty() || !self.stays.is_empty()
    }

    /// The open events, oldest first.
    pub fn open(&self) -> &[OpenEvent] {
        self.open.open()
    }

    /// Takes one picture in. `random` gives the random part of new ids.
    pub fn step(
        &mut self,
        scene: &Scene<'_>,
        watchlist: Watchlist<'_>,
        settings: &RuleSettings,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Vec<Revision> {
        let bays = Bays::of(watchlist.zones, scene.places);
        let tells = |zone: &&Zone| zone.rule(EventKind::ContactSuspected).is_some();
        let tells_contacts = watchlist.zones.iter().filter(tells).map(|zone| &zone.id).collect();
        let context = Context {
            scene,
            bays: &bays,
            ledger: &self.open,
            settings,
            surveyor: scene.surveyor,
            tells_contacts,
        };
        let mut claims = Vec::new();
        for zone in watchlist.zones {
            for rule in &zone.rules {
                match rule.kind {
                    kind if standing::tells(kind) => claims.extend(standing::claims(zone, rule, &context)),
                    EventKind::OutOfBay => claims.extend(out_of_bay::claims(zone, rule, &context)),
                    EventKind::Double => claims.extend(double::claims(zone, rule, &context)),
                    EventKind::Straddling => {
                        claims.extend(straddling::claims(zone, rule, &context, &mut self.straddlers));
                    }
                    EventKind::Overstay => claims.extend(overstay::claims(zone, rule, &context)),
                    EventKind::LongStay => claims.extend(long_stay::claims(zone, rule, &context)),
                    EventKind::Intrusion => {
                        claims.extend(intrusion::claim(zone, rule, &context, &mut self.lasting));
                    }
                    EventKind::Crowd => claims.extend(crowd::claim(zone, rule, &context, &mut self.lasting)),
                    EventKind::ContactSuspected => claims.extend(contact::claims(zone, rule, &context)),
                    EventKind::Loitering => claims.extend(self.stays.claims(zone, rule, &context)),
                    _ => {}
                }
            }
        }
        self.straddlers.keep(scene.places);
        for line in watchlist.lines {
            claims.extend(self.lines.claims(line, &context));
        }
        for group in watchlist.groups {
            claims.extend(lot_full::claim(group, &context, &mut self.lasting));
        }
        let revisions = self.open.take(scene.at, &claims, settings.update_interval, random);
        self.limits = self.open.limits(&claims);
        revisions
    }

    /// When each limit ends of what holds within it, as of the latest picture.
    pub fn limits(&self) -> impl Iterator<Item = Timestamp> + '_ {
        self.limits.iter().copied()
    }

    /// Who has crossed which line.
    pub fn crossings(&self) -> &Crossings {
        &self.lines.counts
    }

    /// The camera has gone blind: whether anything still holds, nobody knows.
    pub fn lose_sight(&mut self, at: Timestamp) -> Vec<Revision> {
        self.lines.forget();
        self.open.lose_sight(at)
    }

    /// Something else is watched from now on: events end whose zone is gone or tells nothing of the kind any more, and those of vehicles that have
    /// not stood for its limit as it is now, or are of no class that it cares about any more. `before`: the zones until now; what a zone
    /// cares about is looked at only where that is something else now, as opinions of a vehicle's class waver.
    pub fn adjust(&mut self, before: &[Zone], watchlist: Watchlist<'_>, places: &[Place]) -> Vec<Revision> {
        let Watchlist { zones, lines, groups } = watchlist;
        let tells = |kind: EventKind, id: &ZoneId| {
            let zone = zones.iter().find(|zone| zone.id == *id).and_then(|zone| zone.rule(kind));
            let line = || lines.iter().find(|line| line.id == *id).and_then(|line| line.rule(kind));
            let group = || groups.iter().find(|group| group.id == *id).map(|group| &group.rule);
            zone.or_else(line).or_else(group).filter(|rule| rule.kind == kind)
        };
        self.lasting.keep(|kind, id| tells(kind, id).is_some());
        self.stays.keep(|id| tells(EventKind::Loitering, id).is_some());
        self.lines.keep(lines);
        self.open.keep(|event| {
            let Some(rule) = tells(event.kind, &event.zone) else { return false };
            let zone = zones.iter().find(|zone| zone.id == event.zone);
            let cell = zone.map_or(event.cell.as_ref(), |zone| zone.cell.as_ref()).cloned();
            event.go_by(rule, cell.as_ref());
            let cares_as_before =
                |zone: &Zone| before.iter().any(|one| one.id == zone.id && one.classes == zone.classes);
            let place = places.iter().find(|place| Some(place.number()) == event.place());
            let is_watched =
                |(zone, place): (&Zone, &Place)| cares_as_before(zone) || standing::is_watched(zone, place);
            event.last_seen.saturating_since(event.since) >= rule.limit.get()
                && zone.zip(place).is_none_or(is_watched)
        })
    }

    /// Nothing will be seen of any of them any more: they end with what was seen last.
    pub fn close_all(&mut self) -> Vec<Revision> {
        let revisions = self.open.keep(|_| false);
        let counts = std::mem::take(&mut self.lines.counts);
        *self = Self::default();
        self.lines.counts = counts;
        revisions
    }

    /// Moves all times back by `by`, as the clock was.
    pub fn rewind(&mut self, by: Duration) {
        self.open.rewind(by);
        self.lasting.rewind(by);
        self.straddlers.rewind(by);
        self.stays.rewind(by);
        self.lines.forget();
    }

    /// The numbers of the places that open events are about.
    pub fn places(&self) -> Vec<u64> {
        self.open.open().iter().filter_map(OpenEvent::place).collect()
    }
}

/// Whether a bay is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occupancy {
    /// Nothing stands in it.
    Free,
    /// Something stands in it.
    Occupied,
    /// Something stood in it, and was not seen since, or seems to have stood in it since before the camera looked: nobody knows.
    Unknown,
}

/// Which bays are taken; by who straddles, both.
pub fn occupancy(places: &[Place], zones: &[Zone]) -> BTreeMap<ZoneId, Occupancy> {
    let bays = Bays::of(zones, places);
    // What was there when the camera began to look is believed after some pictures; until then the bay is not told free.
    let at_start = places.iter().filter(|place| !place.is_standing() && place.origin() == Origin::AtStart);
    let was_there: Vec<&ZoneId> =
        at_start.filter_map(|place| bays.of_place(place)).map(|bay| &bay.zone.id).collect();
    let state = |bay: &Bay<'_>| {
        let takes = |place: &&Place| {
            [&bay.taken_by, &bay.straddled_by].iter().any(|all| all.contains(&place.number()))
        };
        let inside: Vec<&Place> = places.iter().filter(takes).collect();
        let is_lost =
            |place: &&Place| place.presence() != Presence::Seen && place.unseen_for() > UNSURE_AFTER;
        match inside.as_slice() {
            [] if was_there.contains(&&bay.zone.id) => Occupancy::Unknown,
            [] => Occupancy::Free,
            inside if inside.iter().all(is_lost) => Occupancy::Unknown,
            _ => Occupancy::Occupied,
        }
    };
    bays.all.iter().map(|bay| (bay.zone.id.clone(), state(bay))).collect()
}

/// Whether something stands in a bay.
pub fn is_in_bay(place: &Place, zones: &[Zone]) -> bool {
    Bays::of(zones, &[]).of_place(place).is_some()
}

/// The zones in which something stands: its bay first, then the others in their order.
pub fn zones_of(place: &Place, zones: &[Zone], settings: &RuleSettings) -> Vec<ZoneId> {
    let bays = Bays::of(zones, &[]);
    let bay = bays.of_place(place).map(|bay| bay.zone.id.clone());
    let is_in = |zone: &&Zone| {
        !matches!(zone.zone_type, ZoneType::Bay | ZoneType::Area)
            && standing::is_watched(zone, place)
            && standing::covers(zone, &place.stance(), settings.coverage)
    };
    let others = zones.iter().filter(is_in).map(|zone| zone.id.clone());
    bay.into_iter().chain(others).collect()
}

/// How many vehicles stand in each zone; in a bay, whether one does; in an area, who is there.
pub fn count_inside(scene: &Scene<'_>, zones: &[Zone], settings: &RuleSettings) -> BTreeMap<ZoneId, u32> {
    let bays = Bays::of(zones, scene.places);
    let count = |zone: &Zone| {
        let standing = |place: &&Place| {
            place.is_standing()
                && !place.is_cleared(zone.clear)
                && standing::is_watched(zone, place)
                && standing::covers(zone, &place.stance(), settings.coverage)
        };
        let walking = |walker: &&Walker| zone.classes.contains(&walker.class) && walker.stands_in(zone);
        let count = match zone.zone_type {
            ZoneType::Bay => {
                bays.bay(&zone.id).map_or(0, |bay| (bay.taken_by.len() + bay.straddled_by.len()).min(1))
            }
            ZoneType::Area => scene.walkers.iter().filter(walking).count(),
            _ => scene.places.iter().filter(standing).count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    zones.iter().map(|zone| (zone.id.clone(), count(zone))).collect()
}

/// Pictures a second that zones and lines ask for while this moves.
pub fn fps_asked(moving: &Detection, watchlist: Watchlist<'_>) -> u8 {
    let zones = watchlist.zones.iter().filter(|zone| nears(zone, moving)).map(|zone| zone.watch_fps);
    let lines = watchlist.lines.iter().filter(|line| near(line, moving)).map(|line| line.watch_fps);
    zones.chain(lines).max().unwrap_or(0)
}

/// Whether something is in a zone, or may soon be: it is no farther from it than it is broad.
fn nears(zone: &Zone, moving: &Detection) -> bool {
    let contact = moving.bbox.ground_contact();
    let reach = moving.bbox.width();
    let around = NormBox::clipped(
        contact.x1() - reach,
        contact.y1() - reach,
        contact.x2() + reach,
        contact.y2() + reach,
    );
    zone.classes.contains(&moving.class) && around.is_some_and(|around| zone.polygon.coverage(around) > 0.0)
}

/// Whether something may cross a line soon: it is no farther from it than it is large.
fn near(line: &Line, moving: &Detection) -> bool {
    let bbox = moving.bbox;
    let [from, to] = line.ends;
    let reach = bbox.width().max(bbox.height());
    let within = |value: f32, a: f32, b: f32| value >= a.min(b) - reach && value <= a.max(b) + reach;
    line.classes.contains(&moving.class)
        && within(bbox.center().x(), from.x(), to.x())
        && within(bbox.y2(), from.y(), to.y())
}
