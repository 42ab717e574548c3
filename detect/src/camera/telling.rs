//! How a camera tells what its rules and its health say: as events in the wire form.

use gridwatch_domain::{Event, RuleRef, Severity};

use super::CameraState;
use crate::{health::HealthRevision, rules::Revision};

impl CameraState {
    pub(super) fn told(&self, revisions: Vec<Revision>) -> Vec<Event> {
        revisions.into_iter().map(|revision| self.event(revision)).collect()
    }

    pub(super) fn told_of_health(&self, revisions: impl IntoIterator<Item = HealthRevision>) -> Vec<Event> {
        revisions.into_iter().map(|revision| self.event_of_health(revision)).collect()
    }

    /// Of the whole picture, and of nobody in it.
    fn event_of_health(&self, revision: HealthRevision) -> Event {
        let end = revision.until.unwrap_or(revision.at);
        Event {
            id: revision.id,
            rev: revision.rev,
            edge: self.edge.clone(),
            kind: revision.kind,
            phase: revision.phase,
            severity: Severity::Major,
            camera: self.id.clone(),
            zone: None,
            cell: self.cell.clone(),
            since: revision.since,
            at: revision.at,
            until: revision.until,
            dwell_s: end.saturating_since(revision.since).as_secs_f64(),
            unobserved: false,
            objects: Vec::new(),
            rule: RuleRef::limit(revision.limit.as_secs_f64()),
            network: self.network.clone(),
            evidence: Vec::new(),
        }
    }

    fn event(&self, revision: Revision) -> Event {
        // What happened in a moment has lasted no time, however late it is told.
        let end =
            revision.until.unwrap_or(if revision.kind.is_moment() { revision.since } else { revision.at });
        Event {
            id: revision.id,
            rev: revision.rev,
            edge: self.edge.clone(),
            kind: revision.kind,
            phase: revision.phase,
            severity: revision.severity,
            camera: self.id.clone(),
            zone: Some(revision.zone),
            cell: revision.cell.or_else(|| self.cell.clone()),
            since: revision.since,
            at: revision.at,
            until: revision.until,
            dwell_s: end.saturating_since(revision.since).as_secs_f64(),
            unobserved: revision.unobserved,
            objects: revision.objects,
            rule: revision.rule,
            network: self.network.clone(),
            evidence: Vec::new(),
        }
    }
}
