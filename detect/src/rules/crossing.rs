//! `line.crossing`, `line.wrong_way`: somebody crosses a line, along its direction or against it. A moment, not a state.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | clear of the line | 0.15 of its own width | fixed | who stands on a line jitters to and fro across it |
//! | seen beyond it | in two pictures, or in one that comes 0.7 s later | fixed | one box that is off, as where feet are hidden, would cross it and come back |
//!
//! A crossing counts when somebody who was clear of the line on one side is clear of it on the other, and the way between goes through it. Its
//! time is when it was on the line at an even pace between both.

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
/// One picture is enough where the one before was taken so long ago: a way is longer then than any box is off.
const LONG_AGO: Duration = Duration::from_millis(700);
/// Whoever was seen beyond a line and not again for so long has crossed it, and is gone.
const GONE: Duration = Duration::from_secs(1);

/// Where somebody was clear of a line last.
#[derive(Debug, Clone)]
struct Side {
    line: ZoneId,
    track: TrackId,
    is_right: bool,
    foot: [f32; 2],
    /// When it was there.
    at: Timestamp,
    /// When it was seen last, on the line included.
    seen_at: Timestamp,
    /// It may have crossed it: in one picture.
    perhaps: Option<Crossed>,
}

/// That somebody has crossed a line.
#[derive(Debug, Clone, Copy)]
struct Crossed {
    walker: Walker,
    direction: Direction,
    /// When, as far as the pictures tell: between two that are seconds apart it has kept its pace.
    at: Timestamp,
}

impl Side {
    /// Takes where it is now; gives whether it has crossed the line for certain.
    fn follow(&mut self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Crossed> {
        let unseen = at.saturating_since(std::mem::replace(&mut self.seen_at, at));
        let foot = walker.foot();
        let off = side_of(line, foot);
        if !is_clear(off, walker) {
            return None;
        }
        let (was_right, from, left_at) = (self.is_right, self.foot, self.at);
        let perhaps = self.perhaps.take();
        (self.is_right, self.foot, self.at) = (off > 0.0, foot, at);
        if was_right == self.is_right {
            return perhaps;
        }
        // Who is back where it came from was not beyond it at all.
        if perhaps.is_some() || !meets(line, from, foot) {
            return None;
        }
        let direction = if self.is_right { Direction::Along } else { Direction::Against };
        let [there, here] = [side_of(line, from), off].map(f32::abs);
        let on_way = at.saturating_since(left_at).mul_f32(there / (there + here));
        let crossed = Crossed { walker: *walker, direction, at: left_at.saturating_add(on_way) };
        if unseen >= LONG_AGO {
            return Some(crossed);
        }
        self.perhaps = Some(crossed);
        None
    }
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
        self.sides.retain(|side| at.saturating_since(side.seen_at) <= REMEMBERED);
        let walkers = context.scene.walkers.iter().filter(|walker| line.classes.contains(&walker.class));
        let mut crossed: Vec<Crossed> = walkers.filter_map(|walker| self.crosses(line, walker, at)).collect();
        let sides = self.sides.iter_mut().filter(|side| side.line == line.id);
        let gone = sides.filter(|side| at.saturating_since(side.seen_at) >= GONE);
        crossed.extend(gone.filter_map(|side| side.perhaps.take()));
        for Crossed { walker, direction, .. } in &crossed {
            *self.counts.entry((line.id.clone(), walker.class, *direction)).or_default() += 1;
        }
        crossed.into_iter().filter_map(|crossed| claim(line, crossed)).collect()
    }

    fn crosses(&mut self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Crossed> {
        let of_it = |side: &&mut Side| side.line == line.id && side.track == walker.track;
        if let Some(side) = self.sides.iter_mut().find(of_it) {
            return side.follow(line, walker, at);
        }
        let foot = walker.foot();
        let off = side_of(line, foot);
        if is_clear(off, walker) {
            let (line, track, is_right) = (line.id.clone(), walker.track, off > 0.0);
            self.sides.push(Side { line, track, is_right, foot, at, seen_at: at, perhaps: None });
        }
        None
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

fn claim(line: &Line, crossed: Crossed) -> Option<Claim<'_>> {
    let Crossed { walker, direction, at } = crossed;
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

/// Whether somebody so far from a line is on one side of it for certain.
fn is_clear(off: f32, walker: &Walker) -> bool {
    off.abs() >= CLEAR * walker.bbox.width()
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
