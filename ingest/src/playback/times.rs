//! Makes times of those in a file: from its first picture on, never back by more than pictures are out of order, and never ahead by more than
//! a recording pauses. Pure.

use std::time::Duration;

use super::flaw::{self, FileFlaw};

/// Pictures a second of a file that says nothing of time.
const USUAL_FPS: u32 = 25;
/// Between two pictures that follow each other; a longer time is a leap.
pub(super) const LONGEST_STEP: Duration = Duration::from_secs(10);
/// Leaps that time passes over: a recorder that looks on motion only pauses for a night, or a day. Who has not recorded for longer begins
/// another file, and what leaps further is a clock that was set, or a number that was damaged: counted, vehicles would have stood for years.
pub(super) const LONGEST_LEAP: Duration = Duration::from_secs(24 * 3600);
/// Pictures are sent out of order by no more than this; more is a step back.
pub(super) const OUT_OF_ORDER: Duration = Duration::from_secs(2);
/// The same of a picture that is no key picture: those of a slow stream may be farther apart, but never so far.
const FAR_OUT_OF_ORDER: Duration = Duration::from_secs(60);

/// Times that are nearer than this are the same; so many pictures in a row of one time are no burst, but a clock that stands.
const SAME: Duration = Duration::from_millis(1);
const STANDSTILL: u32 = 25;

/// See the module's documentation. In nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// Time of the first picture.
    first: Option<i64>,
    /// What has been added to go on after steps back, and taken away after leaps.
    added: i64,
    newest: Option<Duration>,
    /// Of the picture before, and how many in a row have had that.
    last: Option<Duration>,
    same: u32,
    /// The leaps that were taken out.
    taken_out: Duration,
    is_told: bool,
}

impl Times {
    /// The time of the next picture; `shown`: what the file says, which may be before its zero; `length`: how long it is shown.
    pub(crate) fn place(
        &mut self,
        shown: Option<i64>,
        length: Option<Duration>,
        is_key: bool,
        flaws: &mut Vec<FileFlaw>,
    ) -> Duration {
        let usual = Duration::from_secs(1) / USUAL_FPS;
        let step = length.filter(|length| !length.is_zero() && *length <= LONGEST_STEP).unwrap_or(usual);
        let Some(shown) = shown else {
            if !std::mem::replace(&mut self.is_told, true) {
                flaw::push(flaws, FileFlaw::NoTimes { fps: USUAL_FPS });
            }
            let time = self.newest.map_or(Duration::ZERO, |newest| newest + step);
            self.newest = Some(time);
            return time;
        };
        // What comes before without a time has passed.
        let passed = self.newest.map_or(0, |newest| signed(newest + step));
        let first = *self.first.get_or_insert(shown.saturating_sub(passed));
        let since_first = shown.saturating_add(self.added).saturating_sub(first);
        // Pictures that refer to later ones may be shown before the first that is sent.
        let mut time = Duration::from_nanos(u64::try_from(since_first).unwrap_or(0));
        if let Some(newest) = self.newest {
            let (next, ahead) = (newest + step, since_first.saturating_sub(signed(newest)));
            let by = Duration::from_nanos(ahead.unsigned_abs());
            if ahead < 0 && by > if is_key { OUT_OF_ORDER } else { FAR_OUT_OF_ORDER } {
                flaw::push(flaws, FileFlaw::StepsBack { at: newest, by });
                time = next;
            } else if ahead > 0 && by > LONGEST_LEAP {
                flaw::push(flaws, FileFlaw::LeapTakenOut { at: newest, by });
                self.taken_out = self.taken_out.saturating_add(by.saturating_sub(step));
                time = next;
            } else if ahead > 0 && by > LONGEST_STEP {
                flaw::push(flaws, FileFlaw::Leaps { at: newest, by });
            }
            if time == next {
                self.added = signed(next).saturating_add(first).saturating_sub(shown);
            }
        }
        self.newest = self.newest.max(Some(time));
        self.tell_standstill(time, flaws);
        time
    }

    fn tell_standstill(&mut self, time: Duration, flaws: &mut Vec<FileFlaw>) {
        let is_same = self.last.replace(time).is_some_and(|last| last.abs_diff(time) < SAME);
        self.same = if is_same { self.same.saturating_add(1) } else { 0 };
        if self.same == STANDSTILL {
            flaw::push(flaws, FileFlaw::StandsStill { at: time });
        }
    }

    /// The latest time so far.
    pub(super) fn newest(&self) -> Duration {
        self.newest.unwrap_or_default()
    }

    /// How much shorter that made the file than it says it is.
    pub(crate) fn taken_out(&self) -> Duration {
        self.taken_out
    }
}

/// In nanoseconds; three centuries at most.
pub(crate) fn signed(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
