//! Pictures keep coming, and are all the same.
//!
//! A real sensor is never still: after coding, too, a picture differs from one of ten seconds before by noise, in its flattest parts
//! as well; and somewhere something moves, if only a clock. Of a frozen picture only the coder's rounding differs, at edges and
//! nowhere by much. Measured between pictures ten seconds apart, in grey levels, over runs of 40 pixels (means of the flattest
//! quarter; second largest of all): simulated cameras 0.7–2 and 4–50, coded at 2.5 Mbit/s in proportion to 1280×720; real footage
//! 0.2–15 and 4–190; a frozen picture in the same code 0–0.5 and 1.7–3.1. What is usual is learnt for each camera. A picture that
//! is frozen except for a clock drawn into it is taken for alive. Pure.

use std::time::Duration;

use gridwatch_domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::{hold::Verdict, view::View};

/// Least time between two pictures that are compared: those close together differ less, as coders do not repeat noise.
const APART: Duration = Duration::from_secs(8);
/// Pixels of a strip that are averaged.
const RUN: usize = 40;
/// The picture is still where its flattest quarter differs by less than this share of what is usual …
const STILL: f32 = 0.65;
/// … and none of it by more than this, in grey levels.
const STILL_PEAK: f32 = 4.0;
/// It is alive where the flattest quarter differs by more than this share, or anything by more than this.
const ALIVE: f32 = 0.85;
const ALIVE_PEAK: f32 = 4.5;
/// Of what pictures differ by, this share is taken into what they usually differ by.
const LEARNING: f32 = 0.1;
/// Grey levels between the darkest and the brightest pixel below which a picture shows nothing.
const BLANK: u8 = 8;
/// Share of their usual distance that pictures must be apart for what is usual to be held against them.
const LEAST_APART: f32 = 0.6;
/// Comparisons until what is usual is known.
const LEAST_LEARNT: u32 = 3;

/// What pictures of a camera usually differ by.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Frozen {
    /// In the flattest quarter, in grey levels.
    usual: f32,
    /// How far apart they usually are, in seconds: a box that cannot keep up compares pictures that are farther apart, and differ by more.
    #[serde(default)]
    usual_apart: f32,
    learnt: u32,
    #[serde(skip)]
    earlier: Option<(Timestamp, Vec<u8>)>,
    /// Since when all are the same.
    #[serde(skip)]
    still_since: Option<Timestamp>,
    /// What the last picture differs by and how far it is from the one before, until that is learnt.
    #[serde(skip)]
    unlearnt: Option<(f32, f32)>,
}

/// What two pictures differ by, in grey levels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Difference {
    /// Mean of the quarter of runs that differ least.
    flat: f32,
    /// The second largest, since one alone may be a fault in transmission.
    peak: f32,
}

impl Frozen {
    /// Compares a picture with one of some time before. `Unknown` for those in between.
    pub(super) fn judge(&mut self, at: Timestamp, view: &View) -> Verdict {
        let earlier = self.earlier.as_mut().filter(|(_, kept)| kept.len() == view.strips.len());
        let Some((since, kept)) = earlier else {
            self.earlier = Some((at, view.strips.clone()));
            return Verdict::Unknown;
        };
        let apart = at.saturating_since(*since);
        if apart < APART {
            return Verdict::Unknown;
        }
        let apart = apart.as_secs_f32();
        let Difference { flat, peak } = Difference::between(kept, &view.strips);
        let before = std::mem::replace(since, at);
        kept.clone_from(&view.strips);
        self.unlearnt = None;
        let is_known = self.learnt >= LEAST_LEARNT;
        // Pictures that are closer together than usual may differ by less, and be alive.
        let is_comparable = is_known && apart >= LEAST_APART * self.usual_apart;
        // Bit for bit the same is frozen, whatever is usual. Of a picture in which there is nothing to be seen, as at night without a
        // lamp, a coder makes the same every time.
        if peak == 0.0 && is_blank(&view.strips) {
            return Verdict::Unknown;
        }
        if peak == 0.0 || (is_comparable && flat < STILL * self.usual && peak < STILL_PEAK) {
            self.still_since.get_or_insert(before);
            return Verdict::Bad;
        }
        if is_known && flat < ALIVE * self.usual && peak < ALIVE_PEAK {
            return Verdict::Unknown;
        }
        self.still_since = None;
        self.unlearnt = Some((flat, apart));
        Verdict::Good
    }

    /// Takes in what the last picture differs by, with which nothing is wrong.
    pub(super) fn learn(&mut self) {
        let Some((flat, apart)) = self.unlearnt.take() else { return };
        // A cloud that passes is not what is usual.
        let most = if self.learnt >= LEAST_LEARNT { 2.0 * self.usual } else { f32::MAX };
        self.learnt = self.learnt.saturating_add(1);
        // At first the mean of all.
        let share = (1.0 / self.learnt as f32).max(LEARNING);
        self.usual += share * (flat.min(most) - self.usual);
        self.usual_apart += share * (apart - self.usual_apart);
    }

    /// Since when all are the same.
    pub(super) fn still_since(&self) -> Option<Timestamp> {
        self.still_since
    }

    /// Times have stepped: there is nothing to compare with.
    pub(super) fn forget_picture(&mut self) {
        (self.earlier, self.still_since) = (None, None);
    }
}

/// Whether there is nothing in it that noise could be seen by.
fn is_blank(strips: &[u8]) -> bool {
    let (least, most) =
        strips.iter().fold((u8::MAX, 0), |(least, most), &pixel| (least.min(pixel), most.max(pixel)));
    most.saturating_sub(least) < BLANK
}

impl Difference {
    fn between(a: &[u8], b: &[u8]) -> Self {
        let run = |(a, b): (&[u8], &[u8])| {
            let sum: u32 = a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum();
            sum as f32 / a.len() as f32
        };
        let mut runs: Vec<f32> = a.chunks(RUN).zip(b.chunks(RUN)).map(run).collect();
        runs.sort_unstable_by(f32::total_cmp);
        let flattest = &runs[..runs.len().div_ceil(4)];
        let flat = flattest.iter().sum::<f32>() / flattest.len().max(1) as f32;
        Self { flat, peak: runs.iter().rev().nth(1).copied().unwrap_or(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(picture: impl Fn(usize) -> u8) -> Verdict {
        let mut view = View::default();
        view.strips.extend((0..1600).map(picture));
        let mut frozen = Frozen::default();
        frozen.judge(Timestamp::UNIX_EPOCH, &view);
        frozen.judge(Timestamp::UNIX_EPOCH.saturating_add(APART), &view)
    }

    #[test]
    fn the_same_picture_is_frozen_and_the_same_darkness_says_nothing() {
        assert_eq!(judged(|column| (column / 8) as u8), Verdict::Bad);
        assert_eq!(judged(|column| 16 + (column % 3) as u8), Verdict::Unknown);
    }

    #[test]
    fn pictures_that_are_closer_together_than_usual_are_not_held_against_what_is_usual() {
        let (mut random, mut frozen, mut at) = (fastrand::Rng::with_seed(1), Frozen::default(), 0);
        let mut look = |apart: u64, noise: u8| {
            at += apart;
            let mut view = View::default();
            view.strips.extend((0..1600).map(|column| 60 + (column / 16) as u8 + random.u8(..noise)));
            let verdict = frozen.judge(Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(at)), &view);
            frozen.learn();
            verdict
        };
        // A box that cannot keep up.
        for _ in 0..6 {
            look(40, 8);
        }
        // Now it can.
        look(9, 3);
        assert_eq!(look(9, 3), Verdict::Unknown);
        assert_eq!(look(40, 3), Verdict::Bad);
    }
}
