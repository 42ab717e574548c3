//! What something that moves looks like, in a few bytes: colours and brightness of a coarse grid over its box.
//!
//! Coarse, because what moves is seen from another side in the next picture; and taken from the small copy of the picture, so that it costs
//! next to nothing. Pure.

use gridwatch_domain::NormBox;

use crate::appearance::Grey;

/// Cells across and down. A person is narrow: more would be one pixel each.
const ACROSS: usize = 3;
const DOWN: usize = 4;
const CELLS: usize = ACROSS * DOWN;
/// Share of a box that is looked at, from its middle: its rim is ground.
const INNER: f32 = 0.8;
/// Difference of colours, in steps of 8 bits, at which likeness has fallen to 1/e.
const COLOUR_FADES: f32 = 14.0;
/// Standard deviation of brightness, in grey levels, below which there is no pattern to compare.
const LEAST_CONTRAST: f32 = 4.0;

/// See the module's documentation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Signature {
    /// Mean 0, length 1; all 0 where there is no pattern.
    pattern: [f32; CELLS],
    colours: [[f32; 2]; CELLS],
}

impl Signature {
    /// Of a box of a picture; `None` without a picture.
    pub(crate) fn of(grey: &Grey, bbox: NormBox) -> Option<Self> {
        if grey.pixels().is_empty() {
            return None;
        }
        let mut pattern = [0.0; CELLS];
        let mut colours = [[0.0; 2]; CELLS];
        for (index, (cell, colour)) in pattern.iter_mut().zip(&mut colours).enumerate() {
            // Quarter points of each cell.
            for (right, lower) in [(1.0, 1.0), (3.0, 1.0), (1.0, 3.0), (3.0, 3.0)] {
                let across = ((index % ACROSS) as f32 + right / 4.0) / ACROSS as f32;
                let down = ((index / ACROSS) as f32 + lower / 4.0) / DOWN as f32;
                let inner = |share: f32| (1.0 - INNER) / 2.0 + share * INNER;
                let x = bbox.x1() + inner(across) * bbox.width();
                let y = bbox.y1() + inner(down) * bbox.height();
                *cell += f32::from(grey.brightness(x, y)) / 4.0;
                let [u, v] = grey.colour(x, y);
                colour[0] += f32::from(u) / 4.0;
                colour[1] += f32::from(v) / 4.0;
            }
        }
        normalise(&mut pattern);
        Some(Self { pattern, colours })
    }

    /// How alike two are: 1 the same, 0 nothing in common.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let pattern: f32 = self.pattern.iter().zip(&other.pattern).map(|(a, b)| a * b).sum();
        let apart = self.colours.iter().zip(&other.colours).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
        let apart = apart.sum::<f32>() / CELLS as f32;
        f32::midpoint(pattern.max(0.0), (-apart / COLOUR_FADES).exp())
    }

    /// Turns by `share` (0–1) into a newer one.
    pub(crate) fn follow(&mut self, newer: &Self, share: f32) {
        let blend = |old: &mut f32, new: f32| *old += (new - *old) * share;
        self.pattern.iter_mut().zip(newer.pattern).for_each(|(old, new)| blend(old, new));
        normalise(&mut self.pattern);
        for (old, new) in self.colours.iter_mut().zip(newer.colours) {
            blend(&mut old[0], new[0]);
            blend(&mut old[1], new[1]);
        }
    }
}

fn normalise(pattern: &mut [f32; CELLS]) {
    let mean = pattern.iter().sum::<f32>() / CELLS as f32;
    pattern.iter_mut().for_each(|cell| *cell -= mean);
    let length = pattern.iter().map(|cell| cell * cell).sum::<f32>().sqrt();
    // A blend of two that are normalised is shorter than either, and never flat.
    let least = if length > 1.0 { LEAST_CONTRAST * (CELLS as f32).sqrt() } else { 1e-3 };
    let scale = if length > least { 1.0 / length } else { 0.0 };
    pattern.iter_mut().for_each(|cell| *cell *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appearance::tests::grey;

    fn at(x: f32) -> NormBox {
        NormBox::new(x, 0.3, x + 0.2, 0.7).expect("valid")
    }

    #[test]
    fn the_same_is_alike_and_another_is_not() {
        let picture = grey(1);
        let one = Signature::of(&picture, at(0.2)).expect("a picture");
        assert!((one.likeness(&one.clone()) - 1.0).abs() < 1e-3);
        let shifted = Signature::of(&picture, at(0.21)).expect("a picture");
        let other = Signature::of(&picture, at(0.6)).expect("a picture");
        assert!(one.likeness(&shifted) > 0.8, "{}", one.likeness(&shifted));
        assert!(one.likeness(&other) < 0.8, "{}", one.likeness(&other));
        assert_eq!(Signature::of(&Grey::default(), at(0.2)), None);
    }

    #[test]
    fn what_is_flat_is_told_by_its_colours_alone() {
        let flat = Grey::new(160, 90, vec![90; 160 * 90]).expect("valid");
        let one = Signature::of(&flat, at(0.2)).expect("a picture");
        assert!((one.likeness(&one.clone()) - 0.5).abs() < 1e-3, "no pattern to compare");
    }
}
