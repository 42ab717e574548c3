//! Decodes FastestDet: one grid, channels first.

use super::{
    answer::{Mismatch, OutputForm, Tensor, find},
    found::{Found, Labels, sigmoid},
};

/// Objectness and box come before the class scores.
const FIXED_CHANNELS: usize = 5;
/// A box's score is objectness^0.6 · class^0.4 (FastestDet's `handle_preds`).
const OBJECTNESS_POWER: f32 = 0.6;
const CLASS_POWER: f32 = 0.4;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Fastestdet {
    output: usize,
    labels: Labels,
    input: (f32, f32),
}

impl Fastestdet {
    pub(super) fn bind(labels: Labels, input: (u32, u32), outputs: &[OutputForm]) -> Result<Self, Mismatch> {
        let output = find(outputs, &[Some(1), Some(FIXED_CHANNELS + labels.count), None, None])?;
        Ok(Self { output, labels, input: (input.0 as f32, input.1 as f32) })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        let tensor = answer[self.output];
        let [1, channels, rows, columns] = *tensor.shape else { return None };
        if channels != FIXED_CHANNELS + self.labels.count {
            return None;
        }
        let cells = rows * columns;
        for cell in 0..cells {
            let value = |channel: usize| tensor.values[channel * cells + cell];
            let objectness = value(0).powf(OBJECTNESS_POWER);
            if !found.wants(objectness) {
                continue;
            }
            let Some((class, best)) = self.labels.best(|index| value(FIXED_CHANNELS + index)) else {
                continue;
            };
            let across = ((cell % columns) as f32 + value(1).tanh()) / columns as f32;
            let down = ((cell / columns) as f32 + value(2).tanh()) / rows as f32;
            let (width, height) = self.input;
            let size = [sigmoid(value(3)) * width, sigmoid(value(4)) * height];
            let score = objectness * best.powf(CLASS_POWER);
            found.keep_centered(class, score, [across * width, down * height, size[0], size[1]]);
        }
        Some(())
    }
}
