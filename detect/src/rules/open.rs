//! An open event, and how it is told.

use std::time::Duration;

use gridwatch_domain::{
    CellCode, DwellLimit, EventId, EventKind, EventObject, Phase, Severity, Timestamp, Zone, ZoneId,
};
use serde::{Deserialize, Serialize};

use super::{event_kind, severity};
use crate::parked::Place;

/// An event that has been told and not yet closed, as it is kept over a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenEvent {
    pub(super) id: EventId,
    /// Last revision told.
    pub(super) rev: u32,
    pub(super) kind: EventKind,
    pub(super) severity: Severity,
    /// Number of the place.
    pub(super) place: u64,
    pub(super) zone: ZoneId,
    pub(super) cell: Option<CellCode>,
    pub(super) limit: DwellLimit,
    pub(super) since: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) revised_at: Timestamp,
    pub(super) unobserved: bool,
    pub(super) object: EventObject,
}

/// One revision, without what is the same for all events of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// The event.
    pub id: EventId,
    /// Its revision.
    pub rev: u32,
    /// What goes on.
    pub kind: EventKind,
    /// Where it is in its life.
    pub phase: Phase,
    /// How bad it is.
    pub severity: Severity,
    /// In which zone.
    pub zone: ZoneId,
    /// In which cell, where that is not the camera's.
    pub cell: Option<CellCode>,
    /// Time allowed.
    pub limit: DwellLimit,
    /// First sighting at the place.
    pub since: Timestamp,
    /// When this became true.
    pub at: Timestamp,
    /// When the object left: its last sighting before it began to move away; there when closed.
    pub until: Option<Timestamp>,
    /// Nobody knows whether it still holds.
    pub unobserved: bool,
    /// What stands there.
    pub object: EventObject,
    /// A picture should go with it: it opens, or has become worse.
    pub picture: bool,
}

impl OpenEvent {
    pub(super) fn new(id: EventId, place: &Place, zone: &Zone, at: Timestamp) -> Self {
        let kind = event_kind(zone.zone_type);
        Self {
            id,
            rev: 0,
            kind,
            severity: severity(kind, place.dwell(), zone.limit.get()),
            place: place.number(),
            zone: zone.id.clone(),
            cell: zone.cell.clone(),
            limit: zone.limit,
            since: place.first_seen(),
            last_seen: place.last_seen(),
            revised_at: at,
            unobserved: false,
            object: object(place),
        }
    }

    /// The zone it is in.
    pub fn zone(&self) -> &ZoneId {
        &self.zone
    }

    /// Number of the place it is about.
    pub fn place(&self) -> u64 {
        self.place
    }

    pub(super) fn see(&mut self, place: &Place) {
        self.last_seen = place.last_seen();
        self.object = object(place);
    }

    pub(super) fn revise(&mut self, phase: Phase, at: Timestamp) -> Revision {
        self.rev += 1;
        self.revised_at = at;
        Revision {
            id: self.id,
            rev: self.rev,
            kind: self.kind,
            phase,
            severity: self.severity,
            zone: self.zone.clone(),
            cell: self.cell.clone(),
            limit: self.limit,
            since: self.since.min(at),
            at,
            until: (phase == Phase::Close).then(|| self.last_seen.max(self.since)),
            unobserved: self.unobserved,
            object: self.object.clone(),
            picture: phase == Phase::Open,
        }
    }

    pub(super) fn close(&mut self, at: Timestamp) -> Revision {
        self.unobserved = false;
        self.revise(Phase::Close, at)
    }

    pub(super) fn rewind(&mut self, by: Duration) {
        for time in [&mut self.since, &mut self.last_seen, &mut self.revised_at] {
            *time = time.saturating_sub(by);
        }
    }
}

fn object(place: &Place) -> EventObject {
    EventObject {
        class: place.class(),
        score: place.score(),
        bbox: place.bbox(),
        place: Some(place.id()),
        track: place.track(),
    }
}
