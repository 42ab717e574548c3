//! Patches cut from the picture, and how alike two of them are.

use std::ops::Range;

use gridwatch_domain::NormBox;
use serde::{Deserialize, Serialize};

use super::Grey;

/// Pixels along one side of a patch.
const SIDE: usize = 24;
pub(super) const PIXELS: usize = SIDE * SIDE;
/// Least standard deviation, in grey levels, for a patch to say anything: below is noise.
const LEAST_CONTRAST: f32 = 4.0;
/// Share of a box that its patch takes from the middle: the rim is ground and whatever else passes by.
const INNER_SHARE: f32 = 0.9;
/// Of a patch at least one part in so many must be free for it to be compared.
const LEAST_FREE: usize = 4;
/// Steps of a kept pixel: one hexadecimal digit.
const KEPT_LEVELS: f32 = 15.0;
/// Standard deviations from dark to bright that a kept pixel can tell apart, half of them to each side.
const KEPT_RANGE: f32 = 5.0;

/// What a box of the picture looks like, brightness and contrast taken out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Patch {
    /// Mean 0, length 1; empty where the box is flat, as asphalt and darkness are.
    pub(super) values: Vec<f32>,
}

impl Patch {
    /// Cuts a box out; `None` without a picture.
    pub fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
        if grey.pixels.is_empty() {
            return None;
        }
        const SAMPLES: usize = 2 * SIDE;
        let positions = |from: f32, to: f32, length: usize| -> [usize; SAMPLES] {
            let rim = (to - from) * (1.0 - INNER_SHARE) / 2.0;
            std::array::from_fn(|index| {
                let share = (index as f32 + 0.5) / SAMPLES as f32;
                let at = from + rim + (to - from - 2.0 * rim) * share;
                ((at * length as f32) as usize).min(length - 1)
            })
        };
        let columns = positions(bbox.x1(), bbox.x2(), grey.width);
        let rows = positions(bbox.y1(), bbox.y2(), grey.height);
        let mut values = vec![0.0; PIXELS];
        for (index, &row) in rows.iter().enumerate() {
            let line = &grey.pixels[row * grey.width..][..grey.width];
            let cells = &mut values[index / 2 * SIDE..][..SIDE];
            for (cell, pair) in cells.iter_mut().zip(columns.as_chunks::<2>().0) {
                *cell += f32::from(line[pair[0]]) + f32::from(line[pair[1]]);
            }
        }
        // Four samples to a cell.
        Some(Self::normalised(values, 4.0 * LEAST_CONTRAST).unwrap_or(Self { values: Vec::new() }))
    }

    /// Whether there is nothing to recognise.
    pub fn is_flat(&self) -> bool {
        self.values.is_empty()
    }

    /// How alike two patches are: 1 the same, 0 nothing in common, −1 the negative. What is flat is like all that is.
    pub fn likeness(&self, other: &Self) -> f32 {
        if self.is_flat() && other.is_flat() {
            return 1.0;
        }
        self.values.iter().zip(&other.values).map(|(a, b)| a * b).sum()
    }

    /// As [`likeness`](Self::likeness), of what is not `covered` alone; `None` where too little is left.
    pub fn likeness_outside(&self, other: &Self, covered: &Covered) -> Option<f32> {
        let free: Vec<usize> = (0..PIXELS).filter(|&pixel| !covered.pixels[pixel]).collect();
        if free.len() < PIXELS / LEAST_FREE {
            return None;
        }
        let mean =
            |patch: &Self| free.iter().map(|&pixel| patch.value(pixel)).sum::<f32>() / free.len() as f32;
        let (mean_a, mean_b) = (mean(self), mean(other));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for &pixel in &free {
            let (a, b) = (self.value(pixel) - mean_a, other.value(pixel) - mean_b);
            (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
        }
        // Of a patch of length 1 this share would hold so much, were its contrast even.
        let flat = 0.05 * free.len() as f32 / PIXELS as f32;
        match (aa < flat, bb < flat) {
            (true, true) => Some(1.0),
            (false, false) => Some(ab / (aa * bb).sqrt()),
            _ => Some(0.0),
        }
    }

    fn value(&self, pixel: usize) -> f32 {
        self.values.get(pixel).copied().unwrap_or(0.0)
    }

    /// Turns by `share` (0–1) into `newer`.
    pub fn follow(&mut self, newer: &Self, share: f32) {
        if self.is_flat() || newer.is_flat() {
            self.clone_from(newer);
            return;
        }
        let mixed =
            self.values.iter().zip(&newer.values).map(|(old, new)| old + (new - old) * share).collect();
        if let Some(mixed) = Self::normalised(mixed, 0.0) {
            *self = mixed;
        }
    }

    /// `None` where the values are flat.
    fn normalised(mut values: Vec<f32>, least_deviation: f32) -> Option<Self> {
        let mean = values.iter().sum::<f32>() / PIXELS as f32;
        values.iter_mut().for_each(|value| *value -= mean);
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length <= (least_deviation * (PIXELS as f32).sqrt()).max(1e-3) {
            return None;
        }
        values.iter_mut().for_each(|value| *value /= length);
        Some(Self { values })
    }
}

impl From<Patch> for String {
    /// One hexadecimal digit a pixel: likeness needs no more.
    fn from(patch: Patch) -> Self {
        let unit = (PIXELS as f32).sqrt();
        let digit = |value: &f32| {
            let share = (value * unit / KEPT_RANGE + 0.5).clamp(0.0, 1.0);
            char::from_digit((share * KEPT_LEVELS).round() as u32, 16).unwrap_or('0')
        };
        patch.values.iter().map(digit).collect()
    }
}
impl TryFrom<String> for Patch {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { values: Vec::new() });
        }
        let value = |digit: char| Some(digit.to_digit(16)? as f32 / KEPT_LEVELS - 0.5);
        let values: Option<Vec<f32>> = text.chars().map(value).collect();
        values
            .filter(|values| values.len() == PIXELS)
            .and_then(|values| Self::normalised(values, 0.0))
            .ok_or_else(|| {
                format!("patch of {} characters: expected {PIXELS} hexadecimal digits", text.len())
            })
    }
}

/// Which pixels of a box's patch something else is in front of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    pixels: Box<[bool; PIXELS]>,
}

impl Covered {
    /// Of the patch of `bbox`, what `others` cover; `None` where that is nothing.
    pub fn by(bbox: NormBox, others: impl Iterator<Item = NormBox>) -> Option<Self> {
        let mut covered: Option<Self> = None;
        for other in others {
            let columns = cells(bbox.x1(), bbox.x2(), other.x1(), other.x2());
            let rows = cells(bbox.y1(), bbox.y2(), other.y1(), other.y2());
            if columns.is_empty() {
                continue;
            }
            for row in rows {
                let all = covered.get_or_insert_with(|| Self { pixels: Box::new([false; PIXELS]) });
                all.pixels[row * SIDE..][columns.clone()].fill(true);
            }
        }
        covered
    }
}

/// Cells of a patch from `from` to `to`, along one axis, that lie between `first` and `last`.
fn cells(from: f32, to: f32, first: f32, last: f32) -> Range<usize> {
    let rim = (to - from) * (1.0 - INNER_SHARE) / 2.0;
    let cell = |at: f32| ((at - from - rim) / (to - from - 2.0 * rim) * SIDE as f32).clamp(0.0, SIDE as f32);
    let start = cell(first).floor() as usize;
    start..(cell(last).ceil() as usize).max(start)
}
