//! What must be found in a scene, computed from its script and what is watched, in metres on the ground.
//!
//! In: everybody's ways, zones, lines, groups. Out: the conditions that hold, and of these the events. What is told of each
//! kind, and from when, is what `domain.md` and the rules say; how a detector comes to know it is not looked at. Pure.

mod aisle;
mod bays;
mod contact;
mod crossing;
mod lot;
mod margins;
mod near;
mod people;
mod span;
mod standing;
#[cfg(test)]
mod tests;

use gridwatch_domain::{EventKind, NormBox, ObjectClass, ZoneId, ZoneRule};
use serde::Serialize;

pub use self::near::NearPass;
pub(crate) use self::{
    bays::{Occupancy, occupancy},
    margins::unclear,
    near::near_passes,
};
use super::{Content, Player, REFERENCE, footprint::Footprint, place};
use crate::draw::camera::Camera;

/// An event that a correct system must find in a scene, computed from the script and what is watched. Times in seconds into
/// the loop; `open_s` and `leave_s` may lie beyond its end where a vehicle stands across it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExpectedEvent {
    /// Event kind, for example `parking.fire_lane`.
    pub kind: String,
    /// In which zone, on which line, in which group.
    pub zone: ZoneId,
    /// From when the condition holds: the vehicle stands, somebody is there, a line is reached, one touches another.
    pub stop_s: f64,
    /// When its limit is reached, or when it has happened.
    pub open_s: f64,
    /// When it ends: the vehicle starts to leave its place, the last one is gone.
    pub leave_s: f64,
    /// How long it may hold; 0 for what happens in a moment.
    pub limit_s: f64,
    /// Identity of whom it is about, as in the truth; none where it is about a place as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<u32>,
    /// Where that one is seen when it opens, `[x1, y1, x2, y2]` from 0 to 1 around the whole, the camera held still.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub bbox: Option<[f32; 4]>,
}

/// Nobody watches a loop for longer than this, in seconds: what stands there for as long as it is shown does not exceed a limit of
/// days.
const WATCHED_S: f64 = 3600.0;

/// How a loop is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Play {
    /// Again and again: what is parked was there before.
    Looping,
    /// Once: what is parked counts from the first picture, and to the last.
    Once,
}

/// A condition that holds for a while.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hold {
    pub kind: EventKind,
    pub zone: ZoneId,
    pub limit_s: f64,
    pub from_s: f64,
    pub until_s: f64,
    /// When it is told, if it is.
    pub open_s: f64,
    pub actor: Option<u32>,
    /// Holds for as long as the loop is shown.
    pub endless: bool,
    /// Where it might be told with equal right.
    pub or_in: Option<ZoneId>,
}

/// An event, with what is known of it besides.
pub(crate) struct TrueEvent {
    pub kind: EventKind,
    pub event: ExpectedEvent,
    /// Where it might be told with equal right.
    pub or_in: Option<ZoneId>,
}

impl Hold {
    fn new(rule: &ZoneRule, zone: &ZoneId, [from_s, until_s]: [f64; 2]) -> Self {
        let limit_s = rule.limit.get().as_secs_f64();
        let (zone, open_s) = (zone.clone(), from_s + limit_s);
        Self {
            kind: rule.kind,
            zone,
            limit_s,
            from_s,
            until_s,
            open_s,
            actor: None,
            endless: false,
            or_in: None,
        }
    }

    fn of_stay(rule: &ZoneRule, zone: &ZoneId, stay: &Stay<'_>) -> Self {
        let hold = Self::new(rule, zone, [stay.from_s, stay.until_s]);
        Self { actor: Some(stay.player.id), endless: stay.endless, ..hold }
    }

    /// What happens in one moment, and is told at `open_s`.
    fn moment(self, open_s: f64) -> Self {
        Self { limit_s: 0.0, open_s, ..self }
    }

    fn is_event(&self) -> bool {
        (self.endless && self.limit_s <= WATCHED_S) || self.until_s - self.from_s >= self.limit_s
    }
}

/// A time during which a vehicle stands.
pub(crate) struct Stay<'a> {
    pub player: &'a Player,
    pub footprint: Footprint,
    pub from_s: f64,
    pub until_s: f64,
    pub endless: bool,
}

impl Stay<'_> {
    pub(crate) fn length_s(&self) -> f64 {
        self.until_s - self.from_s
    }
}

/// When and where each vehicle stands.
pub(crate) fn stays(content: &Content, play: Play) -> Vec<Stay<'_>> {
    let mut stays = Vec::new();
    for player in content.players.iter().filter(|player| player.class().is_vehicle()) {
        let stands = match play {
            Play::Looping => player.track.stands(content.loop_s()),
            Play::Once => player.track.stands_once(content.loop_s()),
        };
        stays.extend(stands.into_iter().map(|stand| Stay {
            player,
            footprint: Footprint::new(stand.at, stand.heading, player.half()),
            from_s: stand.from_s,
            until_s: stand.until_s,
            endless: play == Play::Looping && player.track.is_parked(),
        }));
    }
    stays
}

/// All conditions that hold, however short.
pub(crate) fn holds(content: &Content, play: Play) -> Vec<Hold> {
    let stays = stays(content, play);
    let mut holds = standing::holds(content, &stays);
    holds.extend(bays::holds(content, &stays));
    holds.extend(aisle::holds(content, &stays));
    holds.extend(lot::holds(content));
    holds.extend(contact::holds(content));
    holds.extend(people::holds(content));
    holds.extend(crossing::holds(content));
    holds.sort_by(|a, b| a.from_s.total_cmp(&b.from_s));
    holds
}

/// What must be found, ordered by when it begins.
pub(crate) fn events(content: &Content, play: Play) -> Vec<ExpectedEvent> {
    told(content, play).into_iter().map(|told| told.event).collect()
}

/// What must be found where the loop is played once, ordered by when it begins.
pub(crate) fn true_events(content: &Content) -> Vec<TrueEvent> {
    told(content, Play::Once)
}

fn told(content: &Content, play: Play) -> Vec<TrueEvent> {
    let camera = place::camera(&content.spec, REFERENCE.0, REFERENCE.1);
    let event = |hold: Hold| ExpectedEvent {
        kind: hold.kind.as_str().into(),
        stop_s: hold.from_s,
        open_s: hold.open_s,
        leave_s: hold.until_s,
        limit_s: hold.limit_s,
        actor: hold.actor,
        bbox: hold.actor.and_then(|actor| seen_box(content, &camera, actor, hold.open_s)),
        zone: hold.zone,
    };
    let holds = holds(content, play).into_iter().filter(Hold::is_event);
    holds.map(|hold| TrueEvent { kind: hold.kind, or_in: hold.or_in.clone(), event: event(hold) }).collect()
}

/// The box around the whole of somebody at a time, cut at the edges of the picture.
fn seen_box(content: &Content, camera: &Camera, id: u32, at_s: f64) -> Option<[f32; 4]> {
    let at_s = at_s.rem_euclid(content.loop_s());
    let player = content.players.iter().find(|player| player.id == id)?;
    let actor = player.actor(&player.track.state(at_s)?, at_s, 0.0);
    let place = actor.place();
    let points = actor.parts.iter().flat_map(|part| &part.mesh.vertices);
    let seen = points.filter_map(|vertex| camera.project(place.transform_point3(vertex.position)));
    let size = glam::Vec2::new(camera.width, camera.height);
    let (mut low, mut high) = (glam::Vec2::MAX, glam::Vec2::MIN);
    for point in seen {
        (low, high) = (low.min(point / size), high.max(point / size));
    }
    NormBox::clipped(low.x, low.y, high.x, high.y).map(Into::into)
}

/// What the truth calls what a player is made of: each identity with its class.
fn named(player: &Player) -> Vec<(u32, ObjectClass)> {
    let rider = player.rider().map(|id| (id, ObjectClass::Person));
    [(player.id, player.class())].into_iter().chain(rider).collect()
}
