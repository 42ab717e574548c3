//! `line.crossing`, `line.wrong_way`: somebody crosses a line, along its direction or against it. A moment, not a state.
//!
//! | parameter | default | range | why |
//! |---|---|---|---|
//! | clear of the line | 0.15 of its own width | fixed | who stands on a line jitters to and fro across it |
//! | seen beyond it | in two pictures, or in one that comes 0.7 s later | fixed | one box that is off, as where feet are hidden, would cross it and come back |
//! | seen well | where pictures follow closely: no weak box counts, and on the first side one of a score of 0.4, or two | fixed | where two hide each other weak boxes around parts of both come and go |
//! | taken over | by whoever is first seen where another one is lost within 1 s, if their boxes overlap by 0.3 | fixed | who passes somebody right on the line is found again as somebody new |
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
/// Score of a detection that is somebody, if it be the first.
const WELL: f32 = 0.4;
/// Who is first seen where somebody is lost may be the same if boxes overlap by so much.
const TAKEN_OVER: f32 = 0.3;
/// Whoever was seen beyond a line and not again for so long has crossed it, and is gone.
const GONE: Duration = Duration::from_secs(1);

/// Where somebody was clear of a line last.
#[derive(Debug, Clone)]
struct Side {
    line: ZoneId,
    walker: Walker,
    is_right: bool,
    /// When it was there.
    at: Timestamp,
    /// Whether it was seen well, or more than once.
    is_certain: bool,
    /// When it was seen last, on the line included.
    seen_at: Timestamp,
    /// It may have crossed it: in one picture.
    perhaps: Option<Crossed>,
    /// It may be who was lost on the other side as it was first seen on this one.
    heritage: Option<Heritage>,
}

/// That somebody has crossed a line.
#[derive(Debug, Clone, Copy)]
struct Crossed {
    walker: Walker,
    direction: Direction,
    /// When, as far as the pictures tell: between two that are seconds apart it has kept its pace.
    at: Timestamp,
}

/// Somebody who may have gone on under another track, and when that one was first seen.
#[derive(Debug, Clone, Copy)]
struct Heritage {
    of: TrackId,
    since: Timestamp,
    crossed: Crossed,
}

impl Side {
    fn new(line: &Line, walker: &Walker, off: f32, at: Timestamp) -> Self {
        Self {
            line: line.id.clone(),
            walker: *walker,
            is_right: off > 0.0,
            at,
            is_certain: is_certain(walker),
            seen_at: at,
            perhaps: None,
            heritage: None,
        }
    }

    fn is_of(&self, line: &Line, track: TrackId) -> bool {
        self.line == line.id && self.walker.track == track
    }

    /// Takes where it is now; gives whether it has crossed the line for certain.
    fn follow(&mut self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Crossed> {
        let unseen = at.saturating_since(std::mem::replace(&mut self.seen_at, at));
        let follows_closely = unseen < LONG_AGO;
        let off = side_of(line, walker.foot());
        if !is_clear(off, walker) || (follows_closely && walker.strong_at < at) {
            return None;
        }
        if follows_closely && !self.is_certain {
            let heritage = self.heritage.filter(|_| self.is_right == (off > 0.0));
            *self = Self { heritage, ..Self::new(line, walker, off, at) };
            return None;
        }
        let is_beyond = self.is_right != (off > 0.0);
        let crossed = if is_beyond { self.leads_to(line, walker, at) } else { None };
        let perhaps = self.perhaps.take();
        (self.is_right, self.at, self.walker) = (off > 0.0, at, *walker);
        self.is_certain |= is_certain(walker);
        if !is_beyond {
            return perhaps;
        }
        self.heritage = None;
        // Who is back where it came from was not beyond it at all.
        if perhaps.is_some() {
            return None;
        }
        if !follows_closely {
            return crossed;
        }
        self.perhaps = crossed;
        None
    }

    /// The crossing of somebody who was here, and is on the other side now.
    fn leads_to(&self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Crossed> {
        let (from, foot) = (self.walker.foot(), walker.foot());
        let off = side_of(line, foot);
        if !meets(line, from, foot) {
            return None;
        }
        let direction = if off > 0.0 { Direction::Along } else { Direction::Against };
        let [there, here] = [side_of(line, from), off].map(f32::abs);
        let on_way = at.saturating_since(self.at).mul_f32(there / (there + here));
        Some(Crossed { walker: *walker, direction, at: self.at.saturating_add(on_way) })
    }

    /// What somebody who is first seen on the other side may have from this one.
    fn bequeaths(&self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Heritage> {
        let is_here = self.walker.bbox.iou(walker.bbox) >= TAKEN_OVER
            && at.saturating_since(self.at) < GONE
            && self.perhaps.is_none();
        let crossed = self.leads_to(line, walker, at).filter(|_| is_here)?;
        Some(Heritage { of: self.walker.track, since: at, crossed })
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
        // Those who are known first: whoever is new may take over from one of them.
        let (known, new): (Vec<_>, Vec<_>) =
            walkers.partition(|walker| self.sides.iter().any(|side| side.is_of(line, walker.track)));
        let mut crossed: Vec<Crossed> =
            known.into_iter().filter_map(|walker| self.follow(line, walker, at)).collect();
        new.into_iter().for_each(|walker| self.meet(line, walker, at));
        let sides = self.sides.iter_mut().filter(|side| side.line == line.id);
        let gone = sides.filter(|side| at.saturating_since(side.seen_at) >= GONE);
        crossed.extend(gone.filter_map(|side| side.perhaps.take()));
        crossed.extend(self.inherit(line, at));
        for Crossed { walker, direction, .. } in &crossed {
            *self.counts.entry((line.id.clone(), walker.class, *direction)).or_default() += 1;
        }
        crossed.into_iter().filter_map(|crossed| claim(line, crossed)).collect()
    }

    fn follow(&mut self, line: &Line, walker: &Walker, at: Timestamp) -> Option<Crossed> {
        self.sides.iter_mut().find(|side| side.is_of(line, walker.track))?.follow(line, walker, at)
    }

    /// Somebody who was not clear of the line before.
    fn meet(&mut self, line: &Line, walker: &Walker, at: Timestamp) {
        let off = side_of(line, walker.foot());
        if !is_clear(off, walker) || walker.strong_at < at {
            return;
        }
        let mut side = Side::new(line, walker, off, at);
        let others = self.sides.iter().filter(|other| other.line == line.id);
        let others = others.filter(|other| other.is_right != side.is_right);
        side.heritage = others.filter_map(|other| other.bequeaths(line, walker, at)).next();
        self.sides.push(side);
    }

    /// Who has taken over from somebody who was not seen again: it has crossed the line as they were lost.
    fn inherit(&mut self, line: &Line, at: Timestamp) -> Vec<Crossed> {
        let seen_at: Vec<(TrackId, Timestamp)> = self
            .sides
            .iter()
            .filter(|side| side.line == line.id)
            .map(|side| (side.walker.track, side.at))
            .collect();
        let mut taken_over = Vec::new();
        for side in self.sides.iter_mut().filter(|side| side.line == line.id) {
            let Some(heritage) = side.heritage else { continue };
            let is_seen = seen_at.iter().any(|(track, at)| *track == heritage.of && *at > heritage.since);
            let is_due = at.saturating_since(heritage.since) >= GONE;
            if is_seen || is_due {
                side.heritage = None;
            }
            if is_due && !is_seen {
                taken_over.push(heritage);
            }
        }
        // If one of them is found again after all, it begins anew.
        let is_over = |side: &Side| taken_over.iter().any(|heritage| side.is_of(line, heritage.of));
        self.sides.retain(|side| !is_over(side));
        taken_over.into_iter().map(|heritage| heritage.crossed).collect()
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

/// Whether there is somebody for certain: seen well, or in more than one picture.
fn is_certain(walker: &Walker) -> bool {
    walker.score >= WELL || !walker.strong_for.is_zero()
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
