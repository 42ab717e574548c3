//! What a rule says of a picture: that a condition holds, how well that is seen, and of whom.

use std::time::Duration;

use gridwatch_domain::{
    BayGroup, CellCode, Direction, EventObject, Line, Timestamp, TrackId, Zone, ZoneId, ZoneRule,
};
use serde::{Deserialize, Serialize};

use crate::parked::{Place, Presence};

/// What an event is about; with kind and zone it tells events apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// What stands at the place of that number.
    Place(u64),
    /// Whoever is on that track.
    Track(TrackId),
    /// The zone as a whole.
    Whole,
}

/// How a condition is seen in the latest picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Now {
    /// It is seen to hold.
    Seen,
    /// It held when it was last seen, that long ago in watched time.
    Unseen(Duration),
    /// It has ceased to hold.
    Over,
    /// It happened in one moment, and is over.
    Moment,
}

/// What else is told of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Detail {
    /// How many there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How near it came, in sizes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<f32>,
    /// The same in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f32>,
    /// Which way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

/// What is watched: a zone, a line or a group, with one of its rules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched<'a> {
    pub id: &'a ZoneId,
    pub cell: Option<&'a CellCode>,
    pub rule: &'a ZoneRule,
}

impl<'a> Watched<'a> {
    pub(super) fn zone(zone: &'a Zone, rule: &'a ZoneRule) -> Self {
        Self { id: &zone.id, cell: zone.cell.as_ref(), rule }
    }

    pub(super) fn line(line: &'a Line, rule: &'a ZoneRule) -> Self {
        Self { id: &line.id, cell: line.cell.as_ref(), rule }
    }

    pub(super) fn group(group: &'a BayGroup) -> Self {
        Self { id: &group.id, cell: group.cell.as_ref(), rule: &group.rule }
    }
}

/// A condition of which something is to be told, now or once it has held for its limit.
#[derive(Debug, Clone)]
pub(super) struct Claim<'a> {
    pub watched: Watched<'a>,
    pub subject: Subject,
    /// Since when it holds.
    pub since: Timestamp,
    /// When it was last seen to hold.
    pub last_seen: Timestamp,
    pub now: Now,
    /// Whether enough is known to open an event over it.
    pub is_credible: bool,
    /// Who takes part, the chief one first.
    pub objects: Vec<EventObject>,
    pub detail: Detail,
}

impl<'a> Claim<'a> {
    /// Of what stands at a place, since `since`.
    pub(super) fn of_place(watched: Watched<'a>, place: &Place, since: Timestamp) -> Self {
        let now = match place.presence() {
            Presence::Seen => Now::Seen,
            Presence::Hidden | Presence::Unknown | Presence::Empty => Now::Unseen(place.unseen_for()),
        };
        Self {
            watched,
            subject: Subject::Place(place.number()),
            since,
            last_seen: place.last_seen(),
            now,
            is_credible: place.is_standing() && place.is_credible(),
            objects: vec![object(place)],
            detail: Detail::default(),
        }
    }

    /// How long it has been seen to hold.
    pub(super) fn dwell(&self) -> Duration {
        self.last_seen.saturating_since(self.since)
    }
}

/// What stands at a place, as events name it.
pub(super) fn object(place: &Place) -> EventObject {
    EventObject {
        class: place.class(),
        score: place.score(),
        bbox: place.bbox(),
        place: Some(place.id()),
        track: place.track(),
    }
}
