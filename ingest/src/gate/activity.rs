//! Learns what a camera's pictures usually cost, and notices when they cost more. Pure.
//!
//! Pictures that refer to others cost bits for what has changed. A camera's own normal (its noise, its trees, its encoder's habits)
//! is learnt; what stands out of it for a moment is a surge. Where an encoder spends as much on noise as on cars nothing
//! stands out: the gate does not rely on this.

use std::time::Duration;

/// Over which pictures are added up: shorter than anything of interest takes, longer than a group's rhythm.
const WINDOW: Duration = Duration::from_millis(500);
/// Windows until the normal counts as known, 30 s.
const KNOWN_AFTER: u32 = 60;
/// Share of a window that the normal takes in: it follows within some minutes.
const LEARNING: f32 = 0.01;
/// A window is a surge if it exceeds the normal by so many deviations …
const DEVIATIONS: f32 = 5.0;
/// … and by this share of it.
const LEAST_SURGE: f32 = 0.35;

/// One camera's normal.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    begun: Option<Duration>,
    sum: f32,
    pictures: u32,
    windows: u32,
    mean: f32,
    deviation: f32,
}

impl Activity {
    /// Takes in what a picture that refers to others cost; says whether a window has ended that stands out.
    pub(crate) fn is_surge(&mut self, time: Duration, complexity: f32) -> bool {
        let begun = *self.begun.get_or_insert(time);
        if time < begun {
            // The stream's time begins anew.
            (self.begun, self.sum, self.pictures) = (Some(time), 0.0, 0);
        } else if time - begun >= WINDOW && self.pictures > 0 {
            let mean = self.sum / self.pictures as f32;
            (self.begun, self.sum, self.pictures) = (Some(time), complexity, 1);
            return self.judge(mean);
        }
        self.sum += complexity;
        self.pictures += 1;
        false
    }

    fn judge(&mut self, window: f32) -> bool {
        self.windows = self.windows.saturating_add(1);
        let off = window - self.mean;
        let is_surge =
            self.windows > KNOWN_AFTER && off > DEVIATIONS * self.deviation && off > LEAST_SURGE * self.mean;
        // The mean of all at first. A surge is taken in as much as any other window, but counts as no more than its bound.
        let share = (1.0 / self.windows as f32).max(LEARNING);
        let bound = if self.windows > KNOWN_AFTER { DEVIATIONS * self.deviation } else { f32::INFINITY };
        self.mean += share * off.min(bound);
        self.deviation += share * (1.25 * off.abs().min(bound) - self.deviation);
        is_surge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds so many seconds at 25 a second; gives the seconds in which a surge was noticed.
    fn feed(seconds: u32, mut complexity: impl FnMut(f32) -> f32) -> Vec<u32> {
        let mut activity = Activity::default();
        let mut surges = Vec::new();
        for picture in 0..seconds * 25 {
            let at = picture as f32 / 25.0;
            if activity.is_surge(Duration::from_millis(u64::from(picture) * 40), complexity(at)) {
                surges.push(at as u32);
            }
        }
        surges.dedup();
        surges
    }

    #[test]
    fn what_stands_out_of_the_noise_is_noticed_within_a_second() {
        let mut random = fastrand::Rng::with_seed(1);
        let surges = feed(300, |at| {
            let passing = (200.0..206.0).contains(&at);
            1000.0 + 300.0 * random.f32() + if passing { 900.0 } else { 0.0 }
        });
        assert!((200..=201).contains(surges.first().expect("it is noticed")), "{surges:?}");
        assert!(surges.iter().all(|second| (200..=206).contains(second)), "{surges:?}");
    }

    #[test]
    fn a_rhythm_and_slow_changes_are_normal() {
        let mut random = fastrand::Rng::with_seed(1);
        // Evening comes: noise doubles within half an hour; each group begins cheaply.
        let surges = feed(1800, |at| {
            (1000.0 + at * 0.6) * (0.8 + 0.3 * random.f32()) * if at % 2.0 < 0.2 { 0.3 } else { 1.0 }
        });
        assert!(surges.is_empty(), "{surges:?}");
    }

    #[test]
    fn time_that_begins_anew_is_no_surge() {
        let mut activity = Activity::default();
        for picture in 0..2000_u64 {
            let time = Duration::from_millis(picture % 700 * 40);
            assert!(!activity.is_surge(time, 500.0));
        }
    }
}
