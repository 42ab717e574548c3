//! A camera and what is pending for it.

use std::time::{Duration, Instant};

use gridwatch_domain::{Detection, Event, Findings, Frame, NearPass, Timestamp};

use super::now;
use crate::{CameraState, Look, Step, appearance::Grey, health::View};

/// Least time between two checkpoints of a camera that nothing but its memory calls for.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);
/// Longest time without keeping the memory of a camera in whose picture something stands, or somebody stays: what a kill may take back
/// of the last sighting.
const CHECKPOINT_AT_LEAST: Duration = Duration::from_secs(30);
/// Least time between two log lines about frames of one camera that cannot be analysed.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// Longest time without a change in which the network is not asked: it may have missed something, or ingest may. Never more than half of any
/// limit.
const LONGEST_RELIED_ON: Duration = Duration::from_secs(60);

/// What the network found in a picture.
struct Seen {
    seq: u64,
    at: Timestamp,
    found: Vec<Detection>,
}

/// How a thread looks at a picture itself; kept, so that its memory is.
#[derive(Default)]
pub(crate) struct Eye {
    grey: Grey,
    fine: Grey,
    view: View,
}

/// A camera and what is pending for it.
pub(crate) struct Watched {
    pub(crate) state: CameraState,
    /// Away since then, while that has not been told.
    pub(super) away_since: Option<Timestamp>,
    /// There, but its pictures cannot be analysed since then, while that has not been told.
    pub(super) blind_since: Option<Timestamp>,
    /// Why the last one could not; none where it could.
    pub(super) blind_reason: Option<String>,
    /// What its beginning has led to, until it is told.
    pub(super) first_events: Vec<Event>,
    /// Whether its memory changed in a way that should be kept soon, and whether at all.
    pub(super) is_unkept: bool,
    pub(super) is_stale: bool,
    /// Whether it has been taken away: nothing is counted of it any more.
    pub(super) is_gone: bool,
    /// What the network found last.
    seen: Option<Seen>,
    kept_at: Option<Instant>,
    complained_at: Option<Instant>,
}

impl Watched {
    /// Nothing pending.
    pub(crate) fn new(state: CameraState) -> Self {
        Self {
            state,
            away_since: None,
            blind_since: None,
            blind_reason: None,
            first_events: Vec::new(),
            is_unkept: false,
            is_stale: false,
            is_gone: false,
            seen: None,
            kept_at: None,
            complained_at: None,
        }
    }

    /// What is in a picture that need not be analysed; none where the network must look. What stands is recognised by its look before
    /// anything else is relied on.
    pub(crate) fn relied_on(&mut self, eye: &mut Eye, frame: &Frame) -> Option<Vec<Detection>> {
        let found = self.still(frame)?;
        eye.grey.fill(frame);
        self.state.looks_as_ever(&eye.grey).then_some(found)
    }

    /// From what was found in a picture to events.
    pub(crate) fn follow(
        &mut self,
        eye: &mut Eye,
        frame: &Frame,
        found: &[Detection],
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Step {
        // Not `away_since`: the last pictures of a camera that went away may come after word of it.
        self.blind_since = None;
        let Eye { grey, fine, view } = eye;
        grey.fill(frame);
        // Only what stands can be nudged.
        let looks_closely = self.state.has_standing();
        if looks_closely {
            fine.fill_finely(frame);
        }
        view.fill(frame, grey);
        let health = self.state.watch(frame.at, found, view, random);
        let look = Look { grey, fine: looks_closely.then_some(&*fine) };
        let step = health.and(self.state.step(frame.at, found, Some(look), random));
        self.is_stale = true;
        self.is_unkept |= step.material;
        step
    }

    /// What is in a picture in which nothing has changed since the network looked; none where it must look again.
    fn still(&mut self, frame: &Frame) -> Option<Vec<Detection>> {
        let since = frame.unchanged_since?;
        // A stream that has begun anew counts from the beginning.
        let covers = |seen: &Seen| seen.seq >= since && seen.seq < frame.seq;
        let longest =
            self.state.shortest_limit().map_or(LONGEST_RELIED_ON, |limit| LONGEST_RELIED_ON.min(limit / 2));
        let is_recent = |seen: &Seen| frame.at.saturating_since(seen.at) <= longest;
        let seen = self.seen.as_ref().filter(|seen| covers(seen) && is_recent(seen))?;
        Some(seen.found.clone())
    }

    /// The network has looked.
    pub(crate) fn remember(&mut self, frame: &Frame, found: &[Detection]) {
        self.seen = Some(Seen { seq: frame.seq, at: frame.at, found: found.to_vec() });
    }

    /// What the network saw last is of no use any more.
    pub(super) fn look_again(&mut self) {
        self.seen = None;
    }

    /// Events, with the memory after them.
    pub(super) fn findings(
        &mut self,
        events: Vec<Event>,
        passes: Vec<NearPass>,
        frame: Option<Frame>,
    ) -> Findings {
        (self.is_unkept, self.is_stale) = (false, false);
        self.kept_at = Some(now());
        let checkpoint = Some(self.state.checkpoint());
        Findings { camera: self.state.id().clone(), events, passes, frame, checkpoint }
    }

    /// Whether its memory should be kept now.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        let waited = |least: Duration| self.kept_at.is_none_or(|kept| kept.elapsed() >= least);
        let matters = self.is_unkept && waited(CHECKPOINT_EVERY);
        matters || (self.is_stale && self.state.would_be_missed() && waited(CHECKPOINT_AT_LEAST))
    }

    /// Whether a complaint is due; if so, it is being made.
    pub(super) fn may_complain(&mut self) -> bool {
        let due = self.complained_at.is_none_or(|last| last.elapsed() >= COMPLAIN_EVERY);
        if due {
            self.complained_at = Some(now());
        }
        due
    }
}
