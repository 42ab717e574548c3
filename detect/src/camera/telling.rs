//! How a camera tells what its rules and its health say: as events in the wire form.

use gridwatch_domain::{Event, NormBox, RuleRef, Severity};

use super::{CameraState, Followed};
use crate::{health::HealthRevision, rules::Revision};

impl CameraState {
    /// How fast something moves over the ground, in metres a second, by where the middle of its box's lower edge was and is; `None` where the
    /// ground is not known there, or its track is too young to tell.
    pub fn metres_per_second(&self, followed: &Followed) -> Option<f32> {
        let (then, before) = followed.movement?.measured_from?;
        let took_s = self.memory.last_at()?.saturating_since(then).as_secs_f64();
        let foot = |bbox: NormBox| [bbox.center().x(), bbox.y2()];
        let way = self.ground.as_ref()?.distance(foot(before), foot(followed.detection.bbox))?;
        (took_s > 0.0).then_some((way / took_s) as f32)
    }

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
