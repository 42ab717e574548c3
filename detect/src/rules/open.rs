//! An open event, and how it is told.

use std::time::Duration;

use gridwatch_domain::{
    CellCode, DwellLimit, EventId, EventKind, EventObject, Phase, RuleRef, Severity, Timestamp, ZoneId,
    ZoneRule,
};
use serde::{Deserialize, Serialize};

use super::claim::{Claim, Detail, Subject, Watched};

/// An event that has been told and not yet closed, as it is kept over a restart.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct OpenEvent {
    pub(super) id: EventId,
    /// Last revision told.
    pub(super) rev: u32,
    pub(super) kind: EventKind,
    pub(super) severity: Severity,
    pub(super) subject: Subject,
    pub(super) zone: ZoneId,
    pub(super) cell: Option<CellCode>,
    pub(super) limit: DwellLimit,
    pub(super) least: u32,
    pub(super) since: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) revised_at: Timestamp,
    pub(super) unobserved: bool,
    pub(super) objects: Vec<EventObject>,
    pub(super) detail: Detail,
}

/// An open event as any version has kept it.
#[derive(Deserialize)]
struct Kept {
    id: EventId,
    rev: u32,
    kind: EventKind,
    severity: Severity,
    zone: ZoneId,
    cell: Option<CellCode>,
    limit: DwellLimit,
    since: Timestamp,
    last_seen: Timestamp,
    revised_at: Timestamp,
    unobserved: bool,
    /// Until version 2: the number of the place, and what stands there.
    place: Option<u64>,
    object: Option<EventObject>,
    /// Since version 3.
    subject: Option<Subject>,
    #[serde(default = "one")]
    least: u32,
    #[serde(default)]
    objects: Vec<EventObject>,
    #[serde(default)]
    detail: Detail,
}

fn one() -> u32 {
    1
}

impl From<Kept> for OpenEvent {
    fn from(kept: Kept) -> Self {
        let of_place = kept.place.map(Subject::Place);
        let objects = kept.object.into_iter().chain(kept.objects);
        Self {
            id: kept.id,
            rev: kept.rev,
            kind: kept.kind,
            severity: kept.severity,
            subject: kept.subject.or(of_place).unwrap_or(Subject::Whole),
            zone: kept.zone,
            cell: kept.cell,
            limit: kept.limit,
            least: kept.least,
            since: kept.since,
            last_seen: kept.last_seen,
            revised_at: kept.revised_at,
            unobserved: kept.unobserved,
            objects: objects.collect(),
            detail: kept.detail,
        }
    }
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
    /// In which zone, on which line, in which group.
    pub zone: ZoneId,
    /// In which cell, where that is not the camera's.
    pub cell: Option<CellCode>,
    /// What was allowed.
    pub rule: RuleRef,
    /// When the condition began.
    pub since: Timestamp,
    /// When this became true.
    pub at: Timestamp,
    /// When it ended: it was last seen to hold then; there when closed.
    pub until: Option<Timestamp>,
    /// Nobody knows whether it still holds.
    pub unobserved: bool,
    /// Who takes part.
    pub objects: Vec<EventObject>,
    /// A picture should go with it: it opens, or has become worse.
    pub picture: bool,
}

impl OpenEvent {
    pub(super) fn new(id: EventId, claim: &Claim<'_>, at: Timestamp) -> Self {
        let Watched { id: zone, cell, rule } = claim.watched;
        Self {
            id,
            rev: 0,
            kind: rule.kind,
            severity: rule.severity_after(claim.dwell()),
            subject: claim.subject,
            zone: zone.clone(),
            cell: cell.cloned(),
            limit: rule.limit,
            least: rule.least,
            since: claim.since,
            last_seen: claim.last_seen,
            revised_at: at,
            unobserved: false,
            objects: claim.objects.clone(),
            detail: claim.detail,
        }
    }

    /// The zone it is in.
    pub fn zone(&self) -> &ZoneId {
        &self.zone
    }

    /// What goes on.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// Number of the place it is about, if it is about one.
    pub fn place(&self) -> Option<u64> {
        match self.subject {
            Subject::Place(number) => Some(number),
            Subject::Track(_) | Subject::Whole => None,
        }
    }

    /// Whether it is about that.
    pub(super) fn is_of(&self, kind: EventKind, zone: &ZoneId, subject: Subject) -> bool {
        self.kind == kind && self.subject == subject && self.zone == *zone
    }

    /// Goes by the rule as it is now.
    pub(super) fn go_by(&mut self, rule: &ZoneRule, cell: Option<&CellCode>) {
        (self.limit, self.least) = (rule.limit, rule.least);
        self.cell = cell.cloned();
    }

    pub(super) fn see(&mut self, claim: &Claim<'_>) {
        self.last_seen = claim.last_seen;
        // Who took part once is not forgotten because nobody is seen any more.
        if !claim.objects.is_empty() {
            self.objects.clone_from(&claim.objects);
        }
        let most = self.detail.count.max(claim.detail.count);
        self.detail = Detail { count: most, ..claim.detail };
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
            rule: self.rule(),
            since: self.since.min(at),
            at,
            until: (phase == Phase::Close).then(|| self.last_seen.max(self.since)),
            unobserved: self.unobserved,
            objects: self.objects.clone(),
            picture: phase == Phase::Open,
        }
    }

    fn rule(&self) -> RuleRef {
        let counts = matches!(self.kind, EventKind::Crowd | EventKind::LotFull);
        RuleRef {
            least: counts.then_some(self.least),
            most: self.detail.count,
            distance: self.detail.distance,
            distance_m: self.detail.distance_m,
            direction: self.detail.direction,
            ..RuleRef::limit(self.limit.get().as_secs_f64())
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
