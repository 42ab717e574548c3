//! An open event about a camera's health, and how it is told. Pure.

use std::time::Duration;

use gridwatch_domain::{EventId, EventKind, Phase, Timestamp};
use serde::{Deserialize, Serialize};

/// A trouble that has been told and not yet taken back, as it is kept over a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Report {
    id: EventId,
    rev: u32,
    kind: EventKind,
    since: Timestamp,
    revised_at: Timestamp,
}

/// One revision, without what is the same for all events of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthRevision {
    /// The event.
    pub id: EventId,
    /// Its revision.
    pub rev: u32,
    /// What is wrong.
    pub kind: EventKind,
    /// Where it is in its life.
    pub phase: Phase,
    /// When the trouble began.
    pub since: Timestamp,
    /// When this became true.
    pub at: Timestamp,
    /// When it was over; there when closed.
    pub until: Option<Timestamp>,
    /// How long it had to last to be told.
    pub limit: Duration,
}

impl Report {
    pub(super) fn open(
        id: EventId,
        kind: EventKind,
        since: Timestamp,
        at: Timestamp,
        limit: Duration,
    ) -> (Self, HealthRevision) {
        let mut report = Self { id, rev: 0, kind, since: since.min(at), revised_at: at };
        let revision = report.revise(Phase::Open, at, None, limit);
        (report, revision)
    }

    pub(super) fn close(mut self, until: Timestamp, at: Timestamp, limit: Duration) -> HealthRevision {
        let at = at.max(self.revised_at);
        let until = until.clamp(self.since, at);
        self.revise(Phase::Close, at, Some(until), limit)
    }

    pub(super) fn kind(&self) -> EventKind {
        self.kind
    }

    pub(super) fn since(&self) -> Timestamp {
        self.since
    }

    pub(super) fn rewind(&mut self, by: Duration) {
        for time in [&mut self.since, &mut self.revised_at] {
            *time = time.saturating_sub(by);
        }
    }

    fn revise(
        &mut self,
        phase: Phase,
        at: Timestamp,
        until: Option<Timestamp>,
        limit: Duration,
    ) -> HealthRevision {
        self.rev += 1;
        self.revised_at = at;
        let Self { id, rev, kind, since, .. } = *self;
        HealthRevision { id, rev, kind, phase, since, at, until, limit }
    }
}
