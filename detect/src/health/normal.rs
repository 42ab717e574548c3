//! The picture that a camera normally shows, without what passes: a slow mean. Kept over a restart at half its size.
//!
//! Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    likeness::{Block, compare},
    view::Small,
};

/// Least strength of a block's edges to tell anything, in grey levels: a sensor's noise makes one or two of the small picture.
pub(super) const STRUCTURE: f32 = 4.0;
/// Time in which the normal picture follows: far longer than a lorry takes to pass, far shorter than night takes to fall.
const LEARNING_TIME: f32 = 120.0;
/// Age, and pictures, from which it is known: whatever passed in the first picture has gone from most of it.
const LEAST_AGE: Duration = Duration::from_secs(10);
const LEAST_PICTURES: u32 = 3;
/// Largest kept picture, in pixels along a side: what was written is read with caution.
const LARGEST_KEPT: usize = 256;

/// The normal picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Kept", into = "Kept")]
pub(super) struct Normal {
    picture: Small,
    age: Duration,
    pictures: u32,
}

impl Normal {
    /// A picture's blocks beside the normal ones; none while too little is known.
    pub(super) fn compare(&self, now: &Small) -> Option<Vec<Block>> {
        self.is_known_for(now).then(|| compare(now, &self.picture))
    }

    /// Takes in a picture with which nothing is wrong, after so long.
    pub(super) fn learn(&mut self, now: &Small, elapsed: Duration) {
        if !self.picture.same_size(now) {
            *self = Self { picture: now.clone(), age: Duration::ZERO, pictures: 1 };
            return;
        }
        self.age = self.age.saturating_add(elapsed);
        self.pictures = self.pictures.saturating_add(1);
        // At first the mean of all.
        let share = elapsed.as_secs_f32() / self.age.as_secs_f32().clamp(1.0, LEARNING_TIME);
        for (normal, now) in self.picture.pixels.iter_mut().zip(&now.pixels) {
            *normal += share.min(1.0) * (now - *normal);
        }
    }

    pub(super) fn picture(&self) -> &Small {
        &self.picture
    }

    fn is_known_for(&self, now: &Small) -> bool {
        self.age >= LEAST_AGE && self.pictures >= LEAST_PICTURES && self.picture.same_size(now)
    }
}

/// As it is written: at half the size, two hexadecimal digits a pixel.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    width: usize,
    height: usize,
    pixels: String,
    age_s: u64,
    pictures: u32,
}

impl From<Normal> for Kept {
    fn from(normal: Normal) -> Self {
        let half = normal.picture.halved();
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digits = |pixel: &f32| {
            let level = pixel.round().clamp(0.0, 255.0) as usize;
            [DIGITS[level / 16], DIGITS[level % 16]]
        };
        Self {
            width: normal.picture.width,
            height: normal.picture.height,
            pixels: half.pixels.iter().flat_map(digits).collect(),
            age_s: normal.age.as_secs(),
            pictures: normal.pictures,
        }
    }
}

impl TryFrom<Kept> for Normal {
    type Error = &'static str;
    fn try_from(kept: Kept) -> Result<Self, Self::Error> {
        let Kept { width, height, .. } = kept;
        let (half_width, half_height) = (width / 2, height / 2);
        if width > LARGEST_KEPT || height > LARGEST_KEPT || kept.pixels.len() != 2 * half_width * half_height
        {
            return Err("a normal picture that has not as many pixels as its size says");
        }
        let digits = kept.pixels.as_bytes().as_chunks::<2>().0.iter();
        let read = |pair: &[u8; 2]| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            Some((digit(pair[0])? * 16 + digit(pair[1])?) as f32)
        };
        let half: Option<Vec<f32>> = digits.map(read).collect();
        let half = half.ok_or("a normal picture with pixels that are no numbers")?;
        let half = Small { width: half_width, height: half_height, pixels: half };
        let picture = Small { width, height, pixels: doubled(&half, width, height) };
        Ok(Self { picture, age: Duration::from_secs(kept.age_s), pictures: kept.pictures })
    }
}

/// Twice as large, straight lines between the pixels.
fn doubled(half: &Small, width: usize, height: usize) -> Vec<f32> {
    if half.pixels.is_empty() {
        return vec![0.0; width * height];
    }
    // A pixel's middle lies a quarter of a pixel beside that of the larger one it belongs to.
    let place = |at: usize, length: usize| {
        let exact = (at as f32 / 2.0 - 0.25).clamp(0.0, (length - 1) as f32);
        let first = (exact as usize).min(length.saturating_sub(2));
        (first, (first + 1).min(length - 1), exact - first as f32)
    };
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        let (above, below, down) = place(y, half.height);
        for x in 0..width {
            let (left, right, across) = place(x, half.width);
            let at = |x: usize, y: usize| half.pixels[y * half.width + x];
            let upper = at(left, above) * (1.0 - across) + at(right, above) * across;
            let lower = at(left, below) * (1.0 - across) + at(right, below) * across;
            pixels.push(upper * (1.0 - down) + lower * down);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_nearly_the_same_and_small_and_what_is_damaged_is_refused() {
        let pixels = (0..160 * 90).map(|index| 90.0 + 40.0 * ((index % 160) as f32 / 9.0).sin()).collect();
        let picture = Small { width: 160, height: 90, pixels };
        let normal = Normal { picture: picture.clone(), age: Duration::from_secs(60), pictures: 9 };
        let text = serde_json::to_string(&normal).expect("numbers");
        assert!(text.len() < 8 * 1024, "{} bytes", text.len());
        let back: Normal = serde_json::from_str(&text).expect("what was written");
        let blocks = back.compare(&picture).expect("it is known");
        assert!(blocks.iter().all(|block| block.likeness > 0.9), "{blocks:?}");
        for (from, to) in [("\"width\":160", "\"width\":162"), ("\"pixels\":\"5", "\"pixels\":\"x")] {
            assert!(serde_json::from_str::<Normal>(&text.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
