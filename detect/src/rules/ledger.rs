//! The open events of one camera: what the rules claim becomes revisions. Pure.
//!
//! An event opens when its condition has been *seen* to hold for the rule's limit: a vehicle that is hidden when its limit passes opens
//! it when it is seen again. It closes when its condition is over, or is claimed no more.

use std::time::Duration;

use gridwatch_domain::{EventId, EventKind, Phase, Timestamp, ZoneId};
use serde::{Deserialize, Serialize};

use super::{
    claim::{Claim, Now, Subject},
    open::{OpenEvent, Revision},
};

/// A condition that was not seen for this long, without being seen to be over, is unobserved.
const UNOBSERVED_AFTER: Duration = Duration::from_secs(30);

/// The open events of one camera.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Ledger {
    open: Vec<OpenEvent>,
}

impl Ledger {
    /// The open events, oldest first.
    pub(super) fn open(&self) -> &[OpenEvent] {
        &self.open
    }

    pub(super) fn is_open(&self, kind: EventKind, zone: &ZoneId, subject: Subject) -> bool {
        self.open.iter().any(|event| event.is_of(kind, zone, subject))
    }

    /// Takes in what the rules say of a picture. `random` gives the random part of new ids.
    pub(super) fn take(
        &mut self,
        at: Timestamp,
        claims: &[Claim<'_>],
        update_interval: Duration,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Vec<Revision> {
        let mut revisions = Vec::new();
        let known = self.open.len();
        self.open.retain_mut(|event| {
            let of_it =
                |claim: &&Claim<'_>| event.is_of(claim.watched.rule.kind, claim.watched.id, claim.subject);
            let revision = follow(event, claims.iter().find(of_it), at, update_interval);
            let goes_on = revision.as_ref().is_none_or(|revision| revision.phase != Phase::Close);
            revisions.extend(revision);
            goes_on
        });
        let closed: Vec<EventId> = if known == self.open.len() {
            Vec::new()
        } else {
            revisions
                .iter()
                .filter(|revision| revision.phase == Phase::Close)
                .map(|revision| revision.id)
                .collect()
        };
        debug_assert_eq!(known, self.open.len() + closed.len(), "what closes is not open any more");
        for claim in claims {
            let is_moment = claim.now == Now::Moment;
            let may_open =
                is_moment || (claim.now == Now::Seen && claim.dwell() >= claim.watched.rule.limit.get());
            let is_known = self.is_open(claim.watched.rule.kind, claim.watched.id, claim.subject);
            if is_known || !may_open || !claim.is_credible {
                continue;
            }
            let mut event = OpenEvent::new(EventId::from_parts(at, random()), claim, at);
            revisions.push(event.revise(Phase::Open, at));
            if is_moment {
                revisions.push(event.close(at));
            } else {
                self.open.push(event);
            }
        }
        revisions
    }

    /// When each limit ends of conditions that hold within it.
    pub(super) fn limits(&self, claims: &[Claim<'_>]) -> Vec<Timestamp> {
        let waits = |claim: &&Claim<'_>| {
            claim.is_credible
                && matches!(claim.now, Now::Seen | Now::Unseen(_))
                && !self.is_open(claim.watched.rule.kind, claim.watched.id, claim.subject)
        };
        let end = |claim: &Claim<'_>| claim.since.saturating_add(claim.watched.rule.limit.get());
        claims.iter().filter(waits).map(end).collect()
    }

    /// The camera has gone blind: whether anything still holds, nobody knows.
    pub(super) fn lose_sight(&mut self, at: Timestamp) -> Vec<Revision> {
        let lost = self.open.iter_mut().filter(|event| !event.unobserved);
        lost.map(|event| {
            event.unobserved = true;
            event.revise(Phase::Update, at)
        })
        .collect()
    }

    /// Closes those that `holds` refuses, with what was seen last.
    pub(super) fn keep(&mut self, mut holds: impl FnMut(&mut OpenEvent) -> bool) -> Vec<Revision> {
        let mut revisions = Vec::new();
        self.open.retain_mut(|event| {
            let goes_on = holds(event);
            if !goes_on {
                revisions.push(event.close(event.revised_at.max(event.last_seen)));
            }
            goes_on
        });
        revisions
    }

    pub(super) fn rewind(&mut self, by: Duration) {
        self.open.iter_mut().for_each(|event| event.rewind(by));
    }
}

/// What a picture changes of an open event.
fn follow(
    event: &mut OpenEvent,
    claim: Option<&Claim<'_>>,
    at: Timestamp,
    update_interval: Duration,
) -> Option<Revision> {
    let Some(claim) = claim else {
        // Nothing watches this any more: its zone is gone, its schedule is over, or the memory was lost.
        return Some(event.close(at));
    };
    event.go_by(claim.watched.rule, claim.watched.cell);
    event.see(claim);
    let unobserved = match claim.now {
        Now::Over | Now::Moment => return Some(event.close(at)),
        Now::Seen => false,
        Now::Unseen(since) => event.unobserved || since > UNOBSERVED_AFTER,
    };
    let severity = claim.watched.rule.severity_after(claim.dwell()).max(event.severity);
    let is_due = at.saturating_since(event.revised_at) >= update_interval;
    if severity == event.severity && unobserved == event.unobserved && !is_due {
        return None;
    }
    let worse = severity > event.severity;
    (event.severity, event.unobserved) = (severity, unobserved);
    Some(Revision { picture: worse, ..event.revise(Phase::Update, at) })
}
