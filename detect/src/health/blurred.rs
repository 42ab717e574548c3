//! The picture has lost its detail: out of focus, or water or dirt on the lens.
//!
//! Detail is held against structure at the same places, so that less light or contrast changes nothing, and against what is
//! normal for the camera. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hold::Verdict;

/// Of the normal sharpness, less than this share is blurred. A coder short of bits goes down to some 0.7, a Gaussian blur
/// of 1.5 pixels at 1280×720 to some 0.35 …
const BLURRED: f32 = 0.4;
/// … and more than this share is sharp.
const SHARP: f32 = 0.6;
/// Time in which what is normal follows: longer than dusk takes, in which other things come to be seen.
const LEARNING_TIME: f32 = 1800.0;
/// Pictures until what is normal is known.
const LEAST_LEARNT: u32 = 3;

/// What is normal for a camera.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Blurred {
    usual: f32,
    learnt: u32,
}

impl Blurred {
    /// What a picture's sharpness says.
    pub(super) fn judge(&self, sharpness: Option<f32>) -> Verdict {
        let Some(sharpness) = sharpness.filter(|_| self.learnt >= LEAST_LEARNT) else {
            return Verdict::Unknown;
        };
        let share = sharpness / self.usual.max(f32::MIN_POSITIVE);
        match share {
            _ if share < BLURRED => Verdict::Bad,
            _ if share > SHARP => Verdict::Good,
            _ => Verdict::Unknown,
        }
    }

    /// Takes in a picture with which nothing is wrong, after so long.
    pub(super) fn learn(&mut self, sharpness: Option<f32>, elapsed: Duration) {
        let Some(sharpness) = sharpness else { return };
        self.learnt = self.learnt.saturating_add(1);
        let share = (elapsed.as_secs_f32() / LEARNING_TIME).max(1.0 / self.learnt as f32).min(1.0);
        self.usual += share * (sharpness - self.usual);
    }
}
