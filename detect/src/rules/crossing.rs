//! `line.crossing`, `line.wrong_way`: somebody crosses a line, along its direction or against it. A moment, not a state.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | clear of the line | 0.15 of its own width | | who stands on a line jitters to and fro across it |
//!
//! A crossing counts when somebody who was clear of the line on one side is clear of it on the other, and the way between goes through it.

use std::{collections::BTreeMap, time::Duration};

use gridwatch_domain::{Direction, EventKind, Line, ObjectClass, Timestamp, TrackId, ZoneId};

use super::{
    Context, Walker,
    claim::{Claim, Detail, Now, Subject, Watched},
};

/// How far from a line somebody is on one side of it for certain, in own widths.
const CLEAR: f32 = 0.15;
/// Somebody who was not seen for longer has not been seen to cross.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Where somebody was clear of a line last.
#[derive(Debug, Clone)]
struct Side {
    line: ZoneId,
    track: TrackId,
    is_right: bool,
    foot: [f32; 2],
    at: Timestamp,
}

/// Who has crossed a line since the process began, by class and direction.
pub type Crossings = BTreeMap<(ZoneId, ObjectClass, Direction), u64>;

/// The lines of one camera. Forgotten with the process, as tracks are.
#[derive(Debug, Default)]
pub(super) struct Lines {
    sides: Vec<Side>,
    pub counts: Crossings,
}

impl Lines {
    pub(super) fn claims<'a>(&mut self, line: &'a Line, context: &Context<'_>) -> Vec<Claim<'a>> {
        let at = context.scene.at;
        self.sides.retain(|side| at.saturating_since(side.at) <= REMEMBERED);
        let mut claims = Vec::new();
        for walker in context.scene.walkers.iter().filter(|walker| line.classes.contains(&walker.class)) {
            let Some(direction) = self.crosses(line, walker, at) else { continue };
            *self.counts.entry((line.id.clone(), walker.class, direction)).or_default() += 1;
            claims.extend(claim(line, walker, direction, at));
        }
        claims
    }

    fn crosses(&mut self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Direction> {
        let foot = walker.foot();
        let off = side_of(line, foot);
        if off.abs() < CLEAR * walker.bbox.width() {
            // Not clear of it; seen all the same.
            let known = self.sides.iter_mut().find(|side| side.line == line.id && side.track == walker.track);
            known.into_iter().for_each(|side| side.at = at);
            return None;
        }
        let now = Side { line: line.id.clone(), track: walker.track, is_right: off > 0.0, foot, at };
        let known = self.sides.iter_mut().find(|side| side.line == line.id && side.track == walker.track);
        let Some(known) = known else {
            self.sides.push(now);
            return None;
        };
        let before = std::mem::replace(known, now);
        let changed = before.is_right != (off > 0.0) && meets(line, before.foot, foot);
        let direction = if off > 0.0 { Direction::Along } else { Direction::Against };
        changed.then_some(direction)
    }

    /// Forgets those of lines that are gone.
    pub(super) fn keep(&mut self, lines: &[Line]) {
        let is_there = |id: &ZoneId| lines.iter().any(|line| line.id == *id);
        self.sides.retain(|side| is_there(&side.line));
        self.counts.retain(|(id, ..), _| is_there(id));
    }

    /// Tracks say nothing any more.
    pub(super) fn forget(&mut self) {
        self.sides.clear();
    }
}

fn claim<'a>(line: &'a Line, walker: &Walker, direction: Direction, at: Timestamp) -> Option<Claim<'a>> {
    let wrong_way = line.rule(EventKind::WrongWay).filter(|_| direction == Direction::Against);
    let rule = wrong_way.or_else(|| line.rule(EventKind::Crossing))?;
    let is_in_force = line.schedule.as_ref().is_none_or(|schedule| schedule.is_in_force(at));
    is_in_force.then(|| Claim {
        watched: Watched::line(line, rule),
        subject: Subject::Track(walker.track),
        since: at,
        last_seen: at,
        now: Now::Moment,
        is_credible: true,
        objects: vec![walker.object()],
        detail: Detail { direction: Some(direction), ..Detail::default() },
    })
}

/// How far a point is from the line that goes through both ends; positive on the right of somebody who goes from the first to the second.
fn side_of(line: &Line, [x, y]: [f32; 2]) -> f32 {
    let [from, to] = line.ends;
    let (dx, dy) = (to.x() - from.x(), to.y() - from.y());
    // The picture's y points down: what is to the right of somebody who goes to the right is below.
    (dx * (y - from.y()) - dy * (x - from.x())) / dx.hypot(dy)
}

/// Whether the way from one point to another goes through the line between its ends.
fn meets(line: &Line, a: [f32; 2], b: [f32; 2]) -> bool {
    let [from, to] = line.ends;
    let turn = |[px, py]: [f32; 2]| (b[0] - a[0]) * (py - a[1]) - (b[1] - a[1]) * (px - a[0]);
    turn([from.x(), from.y()]) * turn([to.x(), to.y()]) <= 0.0
}
