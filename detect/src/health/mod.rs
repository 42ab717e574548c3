//! Whether a camera can be trusted: offline, frozen, covered, moved, blurred.
//!
//! In: each picture, reduced to a [`View`], with what was detected in it and its event time; and word that pictures come or have
//! ceased to. Out: revisions of `camera.*` events, and whether the rules may rely on what is seen. What is normal is learnt from
//! each camera's own pictures, and kept over a restart.
//!
//! One trouble at a time is told where one explains the other: of a frozen picture nothing else is said, of a covered lens neither
//! that it is blurred nor that it has moved.
//!
//! A camera that was moved stays so until it is back, or until somebody accepts what it shows now: a restart of the process does,
//! and so does an edit of the camera's zones. Pure: no clock, no I/O, no randomness but what is given.

mod blurred;
mod covered;
mod frozen;
mod hold;
mod likeness;
mod moved;
mod normal;
mod offline;
mod register;
mod report;
mod settings;
mod view;

use std::time::Duration;

use gridwatch_domain::{EventId, EventKind, NormBox, Timestamp};
use serde::{Deserialize, Serialize};

use self::{
    blurred::Blurred,
    frozen::Frozen,
    hold::{Hold, Turn, Verdict},
    likeness::Block,
    moved::Moved,
    normal::{Normal, STRUCTURE},
    offline::Offline,
    report::Report,
    view::BLOCK,
};
pub use self::{report::HealthRevision, settings::HealthSettings, view::View};

/// A smaller step back is jitter of the stream's times.
const TIME_JITTER: Duration = Duration::from_secs(2);
/// Longest time that one picture stands for, when what is normal is learnt.
const LONGEST_STEP: Duration = Duration::from_secs(10);
/// Fewer blocks with structure, and a smaller share of them free of vehicles, say nothing about the lens.
const LEAST_BLOCKS: usize = 12;
const LEAST_FREE: f32 = 0.3;

/// What can be wrong with a camera.
pub const TROUBLES: [EventKind; 5] = [
    EventKind::CameraOffline,
    EventKind::CameraFrozen,
    EventKind::CameraCovered,
    EventKind::CameraMoved,
    EventKind::CameraBlurred,
];

/// Something that is wrong with a camera, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// What.
    pub kind: EventKind,
    /// Since when.
    pub since: Timestamp,
}

/// The health of one camera.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Health {
    #[serde(skip)]
    settings: HealthSettings,
    last_at: Option<Timestamp>,
    /// When it was last asked whether pictures come.
    #[serde(skip)]
    ticked_at: Option<Timestamp>,
    /// Of its pictures, in pixels.
    size: (u32, u32),
    normal: Normal,
    frozen: Frozen,
    blurred: Blurred,
    #[serde(skip)]
    moved: Moved,
    #[serde(skip)]
    offline: Offline,
    holds: Holds,
    reports: Vec<Report>,
}

/// The state of each trouble over time.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Holds {
    offline: Hold,
    frozen: Hold,
    covered: Hold,
    moved: Hold,
    blurred: Hold,
}

/// What one picture says about each trouble.
struct Verdicts {
    frozen: Verdict,
    covered: Verdict,
    moved: Verdict,
    blurred: Verdict,
}

impl Health {
    /// Of a camera of which nothing is known.
    pub fn new(settings: HealthSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// What was kept, under the settings of today.
    pub fn with_settings(self, settings: HealthSettings) -> Self {
        Self { settings, ..self }
    }

    /// Takes one picture in. `boxes`: what was detected in it, which is not looked at. `random` gives the random part of new ids.
    pub fn observe(
        &mut self,
        at: Timestamp,
        view: &View,
        boxes: impl Iterator<Item = NormBox>,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Vec<HealthRevision> {
        let (at, elapsed) = self.in_order(at);
        let mut revisions = self.meet(view);
        let verdicts = self.judge(at, view, boxes);
        // These are noticed by what came before.
        if verdicts.frozen == Verdict::Bad
            && let Some(since) = self.frozen.still_since()
        {
            self.holds.frozen.date_back(at, since);
        }
        if verdicts.moved == Verdict::Bad
            && let Some(since) = self.moved.elsewhere_since()
        {
            self.holds.moved.date_back(at, since);
        }
        let settings = self.settings;
        let turn =
            |hold: &mut Hold, verdict, kind| Some((kind, hold.judge(at, verdict, settings.patience(kind))?));
        let turns = [
            turn(&mut self.holds.frozen, verdicts.frozen, EventKind::CameraFrozen),
            turn(&mut self.holds.covered, verdicts.covered, EventKind::CameraCovered),
            turn(&mut self.holds.moved, verdicts.moved, EventKind::CameraMoved),
            turn(&mut self.holds.blurred, verdicts.blurred, EventKind::CameraBlurred),
        ];
        let is_well = !self.picture_holds().iter().any(|hold| hold.is_on() || hold.is_turning());
        if is_well && self.moved.elsewhere_since().is_none() {
            self.normal.learn(&view.small, elapsed);
            self.blurred.learn(view.sharpness, elapsed);
            self.frozen.learn();
        }
        let told = turns.into_iter().flatten().filter_map(|(kind, turn)| self.tell(kind, turn, at, random));
        revisions.extend(told);
        revisions
    }

    /// Word at `at` that pictures come, or have ceased to; to be followed by [`tick`](Self::tick).
    pub fn hear(&mut self, live: bool, at: Timestamp) {
        self.offline.hear(live);
        let is_contrary = self.holds.offline.is_on() == live;
        // What was heard before counts from then on.
        if !is_contrary || !self.holds.offline.is_turning() {
            let patience = self.settings.patience(EventKind::CameraOffline);
            self.holds.offline.judge(at, self.offline.verdict(), patience);
        }
    }

    /// Word that a recording has been played to its end: nothing is amiss.
    pub fn ended(&mut self) {
        self.offline.ended();
    }

    /// Time has passed, whether pictures come or not.
    pub fn tick(&mut self, now: Timestamp, random: &mut dyn FnMut() -> [u8; 10]) -> Option<HealthRevision> {
        self.ticked_at = Some(now);
        let kind = EventKind::CameraOffline;
        let turn = self.holds.offline.judge(now, self.offline.verdict(), self.settings.patience(kind))?;
        self.tell(kind, turn, now, random)
    }

    /// Whether the rules may rely on what is seen now. A trouble that is only just being noticed suspends them already, where
    /// pictures would make them see vehicles leave.
    pub fn is_trusted(&self) -> bool {
        let being_noticed = self.holds.covered.looks_bad() || self.holds.moved.looks_bad();
        self.is_told_well() && !being_noticed && self.moved.elsewhere_since().is_none()
    }

    /// Whether nothing has been told, as far as pictures show it.
    pub fn is_told_well(&self) -> bool {
        !self.picture_holds().iter().any(|hold| hold.is_on())
    }

    /// Whether the next pictures will decide something. Of a picture that is frozen more need not be seen.
    pub fn is_watchful(&self) -> bool {
        let Holds { covered, moved, blurred, .. } = &self.holds;
        self.moved.elsewhere_since().is_some()
            || [covered, moved, blurred].iter().any(|hold| hold.is_turning())
    }

    /// What is wrong, as far as it has been told.
    pub fn troubles(&self) -> Vec<Trouble> {
        self.reports.iter().map(|report| Trouble { kind: report.kind(), since: report.since() }).collect()
    }

    /// What the camera shows now is what it is to show: a move that was told is over, and what is normal is learnt anew. Not while it is
    /// covered or blurred: that would be taken for normal, and never be told again.
    pub fn accept_view(&mut self) -> Vec<HealthRevision> {
        if self.holds.covered.is_on() || self.holds.blurred.is_on() {
            return Vec::new();
        }
        self.learn_anew()
    }

    fn learn_anew(&mut self) -> Vec<HealthRevision> {
        self.normal = Normal::default();
        self.moved = Moved::default();
        self.blurred = Blurred::default();
        self.close(&[EventKind::CameraCovered, EventKind::CameraMoved, EventKind::CameraBlurred])
    }

    /// Whether a move has been told that is not over.
    pub fn has_moved(&self) -> bool {
        self.holds.moved.is_on()
    }

    /// When the last picture was taken in.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// Other pictures are to come, of which nothing is known: what was told is over.
    pub fn begin_anew(&mut self) -> Vec<HealthRevision> {
        let closed = self.close(&TROUBLES);
        *self = Self::new(self.settings);
        closed
    }

    fn picture_holds(&self) -> [&Hold; 4] {
        let Holds { frozen, covered, moved, blurred, .. } = &self.holds;
        [frozen, covered, moved, blurred]
    }

    fn judge(&mut self, at: Timestamp, view: &View, boxes: impl Iterator<Item = NormBox>) -> Verdicts {
        use Verdict::{Bad, Good, Unknown};
        let mut verdicts = Verdicts { frozen: Unknown, covered: Unknown, moved: Unknown, blurred: Unknown };
        let blocks = self.normal.compare(&view.small).and_then(|blocks| uncovered(blocks, view, boxes));
        if let Some(blocks) = &blocks {
            verdicts.covered = covered::judge(blocks);
        }
        let may_be_covered =
            verdicts.covered == Bad || (self.holds.covered.is_on() && verdicts.covered != Good);
        // A hand is as still as a frozen picture; but a frozen picture of a hand stays.
        let frozen = self.frozen.judge(at, view);
        if !may_be_covered || frozen == Good {
            verdicts.frozen = frozen;
        }
        if self.holds.frozen.is_on() {
            verdicts.covered = Unknown;
            return verdicts;
        }
        if may_be_covered {
            return verdicts;
        }
        if let Some(blocks) = &blocks {
            verdicts.moved =
                self.moved.judge(at, &view.small, blocks, &self.normal, self.settings.turned_away);
        }
        if verdicts.moved == Good {
            verdicts.blurred = self.blurred.judge(view.sharpness);
        }
        verdicts
    }

    /// A picture's event time in order, and for how long it stands.
    fn in_order(&mut self, at: Timestamp) -> (Timestamp, Duration) {
        let Some(last) = self.last_at else {
            self.last_at = Some(at);
            return (at, Duration::ZERO);
        };
        let back = last.saturating_since(at);
        if back > TIME_JITTER {
            self.rewind(back);
        } else if !back.is_zero() {
            return (last, Duration::ZERO);
        }
        self.last_at = Some(at);
        (at, at.saturating_since(last).min(LONGEST_STEP))
    }

    /// Moves all times of pictures back, as the clock was.
    fn rewind(&mut self, by: Duration) {
        self.frozen.forget_picture();
        self.moved = Moved::default();
        let Holds { offline, frozen, covered, moved, blurred } = &mut self.holds;
        [offline, frozen, covered, moved, blurred].into_iter().for_each(|hold| hold.rewind(by));
        self.reports.iter_mut().for_each(|report| report.rewind(by));
    }

    /// Where pictures of another size come, of another stream of the camera, what was learnt of their pixels no longer holds.
    fn meet(&mut self, view: &View) -> Vec<HealthRevision> {
        let known = std::mem::replace(&mut self.size, view.size);
        if known == view.size || known == (0, 0) {
            return Vec::new();
        }
        self.frozen = Frozen::default();
        self.blurred = Blurred::default();
        let mut closed = self.close(&[EventKind::CameraFrozen, EventKind::CameraBlurred]);
        if !self.normal.picture().same_size(&view.small) {
            closed.extend(self.learn_anew());
        }
        closed
    }

    fn tell(
        &mut self,
        kind: EventKind,
        turn: Turn,
        at: Timestamp,
        random: &mut dyn FnMut() -> [u8; 10],
    ) -> Option<HealthRevision> {
        let limit = self.settings.limit(kind);
        match turn {
            Turn::Began(since) => {
                let (report, revision) =
                    Report::open(EventId::from_parts(at, random()), kind, since, at, limit);
                self.reports.push(report);
                Some(revision)
            }
            Turn::Ended(until) => {
                let index = self.reports.iter().position(|report| report.kind() == kind)?;
                Some(self.reports.remove(index).close(until, at, limit))
            }
        }
    }

    /// Takes back what was told of these, as of the last picture; that none comes, as of the last time that somebody looked.
    fn close(&mut self, kinds: &[EventKind]) -> Vec<HealthRevision> {
        let mut closed = Vec::new();
        for &kind in kinds {
            if let Some(hold) = self.holds.of(kind) {
                hold.clear();
            }
            while let Some(index) = self.reports.iter().position(|report| report.kind() == kind) {
                let report = self.reports.remove(index);
                let looked = self.ticked_at.filter(|_| kind == EventKind::CameraOffline);
                let at = looked.max(self.last_at).unwrap_or_else(|| report.since()).max(report.since());
                closed.push(report.close(at, at, self.settings.limit(kind)));
            }
        }
        closed
    }
}

impl Holds {
    fn of(&mut self, kind: EventKind) -> Option<&mut Hold> {
        match kind {
            EventKind::CameraOffline => Some(&mut self.offline),
            EventKind::CameraFrozen => Some(&mut self.frozen),
            EventKind::CameraCovered => Some(&mut self.covered),
            EventKind::CameraMoved => Some(&mut self.moved),
            EventKind::CameraBlurred => Some(&mut self.blurred),
            _ => None,
        }
    }
}

/// The blocks that no vehicle is before; none where too few with structure are left to tell anything.
fn uncovered(blocks: Vec<Block>, view: &View, boxes: impl Iterator<Item = NormBox>) -> Option<Vec<Block>> {
    let (columns, _) = view.small.blocks();
    let all = blocks.iter().filter(|block| block.normal >= STRUCTURE).count();
    let boxes: Vec<NormBox> = boxes.collect();
    let is_free = |index: usize| {
        let middle = |block: usize, length: usize| (block * BLOCK + BLOCK / 2 + 1) as f32 / length as f32;
        let (x, y) = (middle(index % columns, view.small.width), middle(index / columns, view.small.height));
        !boxes.iter().any(|bbox| bbox.x1() <= x && x <= bbox.x2() && bbox.y1() <= y && y <= bbox.y2())
    };
    let free: Vec<Block> =
        blocks.into_iter().enumerate().filter_map(|(index, block)| is_free(index).then_some(block)).collect();
    let left = free.iter().filter(|block| block.normal >= STRUCTURE).count();
    (left >= LEAST_BLOCKS && left as f32 >= LEAST_FREE * all as f32).then_some(free)
}
