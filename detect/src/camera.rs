//! One camera: health, tracker, memory and rules in a row, and what is kept of them over a restart.
//!
//! While the camera cannot be trusted the rules are suspended: what is seen is not believed, open events are unobserved, and
//! dwell goes on when trust returns, as after a gap in the stream.
//!
//! In: detections with a small grey picture and its event time, and word that the camera went blind. Out: events.
//! Event time may step: a step back moves everything remembered back with it, so that no dwell is lost and nothing
//! begins after it was seen; a step forward is time in which nobody looked. Pure, but for the random numbers given.

mod due;
mod kept;
mod lingering;
mod nearness;
mod racks;
mod telling;

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use gridwatch_domain::{
    Attention, BayGroup, CameraId, CellCode, Detection, EdgeId, Event, Ground, Line, NearPass, NetworkRef,
    NormBox, Phase, Polygon, Timestamp, Zone, ZoneId,
};

use self::{due::Due, lingering::Lingering, racks::Racks};
use crate::{
    appearance::Grey,
    footprint::Surveyor,
    health::{Health, HealthSettings, Trouble, View},
    motion::Kind,
    parked::{Observation, ParkedMemory, Place, Presence, is_moving},
    passes::Passes,
    rules::{Crossings, Occupancy, Rulebook, Scene, Walker, Watchlist, count_inside, fps_asked, occupancy},
    settings::{CameraWatch, DetectSettings, MemorySettings, RuleSettings},
    tracker::{Movement, Tracker},
};

/// A smaller step back is jitter of the stream's times: the picture counts as taken with the one before.
const TIME_JITTER: Duration = Duration::from_secs(2);
/// After a longer gap how things moved says nothing about what is seen next.
const TRACKS_LAST: Duration = Duration::from_secs(5);

/// How a picture looks.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Small and grey: what places are recognised by.
    pub grey: &'a Grey,
    /// Finer, where something stands that may be nudged.
    pub fine: Option<&'a Grey>,
}

/// What one picture led to.
#[derive(Debug, Default)]
pub struct Step {
    /// New revisions, oldest first.
    pub events: Vec<Event>,
    /// Near passes that are over.
    pub passes: Vec<NearPass>,
    /// A picture should go with them.
    pub picture: bool,
    /// Something changed that should be kept over a restart.
    pub material: bool,
}

impl Step {
    /// What both led to, with one picture.
    pub fn and(mut self, then: Self) -> Self {
        self.events.extend(then.events);
        self.passes.extend(then.passes);
        Self {
            events: self.events,
            passes: self.passes,
            picture: self.picture | then.picture,
            material: self.material | then.material,
        }
    }
}

/// Something that was found in a picture, and what is known of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Followed {
    /// Where it is, and what it looks like.
    pub detection: Detection,
    /// How it moves; none where it is too weak to be followed.
    pub movement: Option<Movement>,
    /// Number of the place that it is of.
    pub place: Option<u64>,
}

/// One camera's tracker, memory and open events.
pub struct CameraState {
    id: CameraId,
    cell: Option<CellCode>,
    zones: Vec<Zone>,
    lines: Vec<Line>,
    groups: Vec<BayGroup>,
    standing_kinds: Vec<Kind>,
    moving_kinds: Vec<Kind>,
    edge: EdgeId,
    network: NetworkRef,
    memory_settings: MemorySettings,
    /// What they are but for the zones.
    memory_base: MemorySettings,
    rule_settings: RuleSettings,
    health_settings: HealthSettings,
    health: Health,
    /// What its beginning has led to, until it is told.
    first_events: Vec<Event>,
    tracker: Tracker,
    memory: ParkedMemory,
    rules: Rulebook,
    /// Who is followed, and was in the last picture.
    walkers: Vec<Walker>,
    racks: Racks,
    passes: Passes,
    /// Passes that ended with what they were seen in, until they are told.
    ended_passes: Vec<NearPass>,
    ground: Option<Ground>,
    surveyor: Surveyor,
    /// Shape of the picture that the surveyor knows.
    surveyed: Option<(usize, usize)>,
    /// What was found in the last picture, and what is known of it.
    followed: Vec<Followed>,
    lingering: Lingering,
    /// Whether something moved in the last picture that may come to stand.
    has_moving: bool,
    /// Pictures a second that the zones ask for in which it moves.
    fps_asked: u8,
    /// No picture has been judged by the zones as they are now.
    is_adjusted: bool,
}

impl CameraState {
    /// A camera of which nothing is known.
    pub fn new(watch: &CameraWatch, settings: &DetectSettings) -> Self {
        Self {
            id: watch.id.clone(),
            cell: watch.cell.clone(),
            zones: watch.zones.clone(),
            lines: watch.lines.clone(),
            groups: watch.groups.clone(),
            standing_kinds: watch.standing_kinds(),
            moving_kinds: watch.moving_kinds(),
            edge: settings.edge.clone(),
            network: settings.network.clone(),
            memory_settings: memory_settings(settings.memory, watch),
            memory_base: settings.memory,
            rule_settings: settings.rules,
            health_settings: settings.health,
            health: Health::new(settings.health),
            first_events: Vec::new(),
            tracker: Tracker::default(),
            memory: ParkedMemory::new(memory_settings(settings.memory, watch), watch.standing_kinds()),
            rules: Rulebook::default(),
            walkers: Vec::new(),
            racks: Racks::default(),
            passes: Passes::default(),
            ended_passes: Vec::new(),
            ground: watch.ground.clone(),
            surveyor: Surveyor::default(),
            surveyed: None,
            followed: Vec::new(),
            lingering: Lingering::default(),
            has_moving: false,
            fps_asked: 0,
            is_adjusted: false,
        }
    }

    /// Looks whether the camera can be trusted; to be followed by [`step`](Self::step) with the same picture.
    pub fn watch(
        &mut self,
        at: Timestamp,
        detections: &[Detection],
        view: &View,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Step {
        let strong = detections.iter().filter(|found| found.score >= self.memory_settings.strong_score);
        let was_trusted = self.health.is_told_well();
        let revisions = self.health.observe(at, view, strong.map(|found| found.bbox), random);
        let picture = revisions.iter().any(|revision| revision.phase == Phase::Open);
        let mut events = self.told_of_health(revisions);
        if was_trusted && !self.health.is_told_well() {
            events.extend(self.lose_sight(at));
        }
        Step { material: !events.is_empty(), picture, events, passes: Vec::new() }
    }

    /// Word at `at` that pictures come, or have ceased to.
    pub fn hear(&mut self, live: bool, at: Timestamp) {
        self.health.hear(live, at);
    }

    /// Word that a recording has been played to its end.
    pub fn ended(&mut self) {
        self.health.ended();
    }

    /// Time has passed, whether pictures come or not: tells what its beginning has led to, and whether it is offline.
    pub fn tick(&mut self, now: Timestamp, random: &mut dyn FnMut() -> [u8; 10]) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.first_events);
        let revisions = self.health.tick(now, random);
        events.extend(self.told_of_health(revisions));
        events
    }

    /// What is wrong with the camera, as far as it has been told.
    pub fn troubles(&self) -> Vec<Trouble> {
        self.health.troubles()
    }

    /// Takes one picture in; one of a camera that cannot be trusted is not believed. `look`: how it looks; `None` in tests of mere boxes.
    pub fn step(
        &mut self,
        at: Timestamp,
        detections: &[Detection],
        look: Option<Look<'_>>,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Step {
        if !self.health.is_trusted() {
            self.tracker.clear();
            (self.has_moving, self.fps_asked) = (false, 0);
            self.walkers.clear();
            self.followed.clear();
            self.lingering.clear();
            return Step::default();
        }
        let at = self.in_order(at);
        let grey = look.map(|look| look.grey);
        self.is_adjusted = false;
        // A two-wheeler that is taken for somebody begins no track.
        let tracked = self.weakened(detections, |found| self.racks.is_hardly_somebody(found));
        let movements = self.tracker.update(at, &tracked, self.memory_settings.strong_score, grey);
        let moving = detections.iter().zip(&movements).filter(|(found, movement)| {
            self.moving_kinds.contains(&Kind::of(found.class)) && movement.is_some_and(is_moving)
        });
        let watchlist = Watchlist { zones: &self.zones, lines: &self.lines, groups: &self.groups };
        self.has_moving = moving.count() > 0;
        // Of what came since the picture before nobody knows yet whether it moves.
        let may_move = detections.iter().zip(&movements).filter(|(_, movement)| {
            movement.is_some_and(|movement| is_moving(movement) || movement.speed.is_none())
        });
        self.fps_asked = may_move.map(|(found, _)| fps_asked(found, watchlist)).max().unwrap_or(0);
        // What is taken for a vehicle where two-wheelers stand begins no place.
        let parked = self.weakened(detections, |found| self.racks.is_several(found));
        let observation = Observation { at, detections: &parked, movements: &movements, grey };
        let changes = self.memory.observe(&observation);
        self.survey(detections, grey);
        self.walkers.clear();
        let followed = detections.iter().zip(&movements);
        self.racks.update(at, grey, followed.clone());
        let walking =
            followed.filter(|(found, movement)| !self.racks.is_parked(found, **movement, detections, grey));
        self.walkers.extend(walking.filter_map(|(found, movement)| walker(found, *movement)));
        let owners = changes.owners.iter().copied().chain(std::iter::repeat(None));
        let followed = detections.iter().zip(&movements).zip(owners);
        let followed = followed.map(|((detection, movement), place)| Followed {
            detection: *detection,
            movement: *movement,
            place,
        });
        self.lingering.update(at, detections.iter().map(|found| found.bbox));
        self.followed.clear();
        self.followed.extend(followed);
        let passed = self.note_passes(at, look.and_then(|look| look.fine), random);
        let watchlist = Watchlist { zones: &self.zones, lines: &self.lines, groups: &self.groups };
        let scene = Scene {
            at,
            watched: changes.watched,
            places: self.memory.places(),
            ended: &changes.ended,
            walkers: &self.walkers,
            contacts: &passed.contacts,
            surveyor: &self.surveyor,
        };
        let revisions = self.rules.step(&scene, watchlist, &self.rule_settings, random);
        self.memory.hold(&self.rules.places());
        Step {
            picture: revisions.iter().any(|revision| revision.picture),
            material: changes.material || !revisions.is_empty(),
            events: self.told(revisions),
            passes: [std::mem::take(&mut self.ended_passes), passed.passes].concat(),
        }
    }

    /// Detections as they are, but those weak that are most likely none.
    fn weakened<'d>(
        &self,
        detections: &'d [Detection],
        is_none: impl Fn(&Detection) -> bool,
    ) -> Cow<'d, [Detection]> {
        if !detections.iter().any(&is_none) {
            return Cow::Borrowed(detections);
        }
        let weak = self.memory_settings.strong_score * 0.9;
        let weakened = |found: &Detection| Detection { score: found.score.min(weak), ..*found };
        detections.iter().map(|found| if is_none(found) { weakened(found) } else { *found }).collect()
    }

    /// Tells what is parked where on the ground.
    fn survey(&mut self, detections: &[Detection], grey: Option<&Grey>) {
        let Some(shape) = grey.map(|grey| (grey.width(), grey.height())) else { return };
        if self.surveyed != Some(shape) {
            let aspect = shape.0 as f64 / shape.1 as f64;
            self.surveyor = Surveyor::new(self.ground.as_ref(), &self.zones, aspect);
            self.surveyed = Some(shape);
            // What was told by another calibration is not where anything stands.
            self.memory.forget_footprints();
        }
        let strong = detections.iter().filter(|found| found.score >= self.memory_settings.strong_score);
        let boxes: Vec<NormBox> = strong.map(|found| found.bbox).collect();
        self.memory.survey(&self.surveyor, &boxes);
    }

    /// Watches for something else from now on. What is remembered of places stays; events whose zone is gone, whose limit is not
    /// reached any more, or of whose class the zone takes no notice any more, end with what was seen last.
    pub fn adjust(&mut self, watch: &CameraWatch) -> Vec<Event> {
        // Whoever draws its zones anew accepts what it shows.
        let is_redrawn = !watch.zones.iter().map(|zone| &zone.polygon).eq(self.view());
        let mut events = if is_redrawn { self.accept_view() } else { Vec::new() };
        self.cell.clone_from(&watch.cell);
        let zones_before = std::mem::replace(&mut self.zones, watch.zones.clone());
        self.ground.clone_from(&watch.ground);
        self.surveyed = None;
        self.lines.clone_from(&watch.lines);
        self.groups.clone_from(&watch.groups);
        self.is_adjusted = true;
        (self.standing_kinds, self.moving_kinds) = (watch.standing_kinds(), watch.moving_kinds());
        self.memory_settings = memory_settings(self.memory_base, watch);
        self.memory.adjust(self.memory_settings, self.standing_kinds.clone());
        let watchlist = Watchlist { zones: &self.zones, lines: &self.lines, groups: &self.groups };
        let revisions = self.rules.adjust(&zones_before, watchlist, self.memory.places());
        self.memory.hold(&self.rules.places());
        events.extend(self.told(revisions));
        events
    }

    /// What the camera shows now is what it is to show, wherever it looked before.
    pub fn accept_view(&mut self) -> Vec<Event> {
        let accepted = self.health.accept_view();
        self.told_of_health(accepted)
    }

    /// What comes next is another recording: events that are open end with what was seen last, and nothing is remembered.
    pub fn begin_anew(&mut self) -> Vec<Event> {
        let revisions = self.rules.close_all();
        self.memory = ParkedMemory::new(self.memory_settings, self.standing_kinds.clone());
        self.tracker.clear();
        self.ended_passes.extend(self.passes.forget());
        let mut events = self.told(revisions);
        let closed = self.health.begin_anew();
        events.extend(self.told_of_health(closed));
        events
    }

    /// The camera has been blind since before `at`: its open events are unobserved from now on.
    pub fn lose_sight(&mut self, at: Timestamp) -> Vec<Event> {
        self.memory.lose_sight();
        let at = self.memory.last_at().map_or(at, |last| at.max(last));
        let revisions = self.rules.lose_sight(at);
        self.told(revisions)
    }

    /// The camera.
    pub fn id(&self) -> &CameraId {
        &self.id
    }

    /// What was found in the last picture, and what is known of it; nothing while the camera cannot be trusted.
    pub fn followed(&self) -> &[Followed] {
        &self.followed
    }

    /// All places, candidates included.
    pub fn places(&self) -> &[Place] {
        self.memory.places()
    }

    /// How many stand in each zone; in a bay, whether it is taken; in an area, who is there.
    pub fn counts(&self) -> BTreeMap<ZoneId, u32> {
        let scene = Scene {
            at: self.memory.last_at().unwrap_or(Timestamp::UNIX_EPOCH),
            watched: Duration::ZERO,
            places: self.memory.places(),
            ended: &[],
            walkers: &self.walkers,
            contacts: &[],
            surveyor: &self.surveyor,
        };
        count_inside(&scene, &self.zones, &self.rule_settings)
    }

    /// Which bays are taken.
    pub fn occupancy(&self) -> BTreeMap<ZoneId, Occupancy> {
        occupancy(self.memory.places(), &self.zones)
    }

    /// Who has crossed which line since the process began.
    pub fn crossings(&self) -> &Crossings {
        self.rules.crossings()
    }

    /// How closely the camera must be watched: something moves, has just come or is missed; or somebody's limit ends.
    pub fn attention(&self) -> Attention {
        if !self.health.is_trusted() {
            return Attention { watchful: self.health.is_watchful(), ..Attention::default() };
        }
        let is_unsettled =
            |place: &Place| !place.is_standing() || !matches!(place.presence(), Presence::Seen);
        let of =
            |last| if self.is_adjusted { Due::at_once(last) } else { Due::of(self.rules.limits(), last) };
        let due = self.memory.last_at().map(of);
        let due = due.unwrap_or_default();
        Attention {
            watchful: self.has_moving
                || due.is_overdue
                || self.health.is_watchful()
                || self.memory.places().iter().any(is_unsettled),
            due: due.next,
            fps: self.fps_asked,
        }
    }

    /// Whether everything that stands looks as it did: what was found before may be relied on.
    pub fn looks_as_ever(&self, grey: &Grey) -> bool {
        self.memory.looks_as_ever(grey)
    }

    /// The shortest of its zones' limits.
    pub fn shortest_limit(&self) -> Option<Duration> {
        self.zones.iter().filter_map(Zone::shortest_limit).min()
    }

    /// Whether its memory holds anything that would be missed: something that stands, or a condition that lasts, as somebody's stay.
    pub fn would_be_missed(&self) -> bool {
        self.has_standing() || self.rules.has_lasting()
    }

    /// Whether anything stands there.
    pub fn has_standing(&self) -> bool {
        self.memory.places().iter().any(Place::is_standing)
    }

    fn in_order(&mut self, at: Timestamp) -> Timestamp {
        let Some(last) = self.memory.last_at() else { return at };
        let back = last.saturating_since(at);
        if back > TIME_JITTER {
            self.memory.rewind(back);
            self.rules.rewind(back);
            self.ended_passes.extend(self.passes.forget());
            self.tracker.clear();
            self.racks.clear();
            self.lingering.clear();
        } else if !back.is_zero() {
            return last;
        }
        if at.saturating_since(last) > TRACKS_LAST {
            self.tracker.pause();
        }
        at
    }

    fn view(&self) -> impl Iterator<Item = &Polygon> {
        self.zones.iter().map(|zone| &zone.polygon)
    }
}

/// Whoever is followed, as the rules see it.
fn walker(found: &Detection, movement: Option<Movement>) -> Option<Walker> {
    let Movement { track, class, sightings, before, strong_at, strong_for, .. } = movement?;
    let Detection { score, bbox, .. } = *found;
    Some(Walker { track, class, score, bbox, sightings, before, strong_at, strong_for })
}

/// A place is remembered for as long as the most patient zone wants.
fn memory_settings(base: MemorySettings, watch: &CameraWatch) -> MemorySettings {
    let clear = watch.zones.iter().map(|zone| zone.clear).max().unwrap_or(base.clear);
    MemorySettings { clear, ..base }
}

#[cfg(test)]
mod tests;
