//! Resamples one plane row by row: down the columns first, then along the row.
//!
//! Everything is whole numbers, so that every kernel gives the same: sums of both passes are weights that sum to
//! [`UNIT`](super::taps::UNIT) each, and 0 stands for the channel value 128, so that sums down the columns fit 16 signed bits.

use super::{
    kernel::{Kernel, WINDOW},
    taps::{Quads, Taps},
};

/// The tables of one plane, and the row between the passes.
pub(super) struct Resampler {
    across: Quads,
    down: Taps,
    /// Source row length in bytes.
    row_bytes: usize,
    sums: Vec<i16>,
    row: Vec<i32>,
    is_chroma: bool,
}

impl Resampler {
    /// For luma, from `source` to `target` pixels (width, height); one target pixel covers `ratio` source pixels.
    pub(super) fn luma(source: (usize, usize), target: (usize, usize), ratio: (f64, f64)) -> Self {
        Self::new(source, target, ratio, 1)
    }

    /// As [`luma`](Self::luma), for U and V, interleaved.
    pub(super) fn chroma(source: (usize, usize), target: (usize, usize), ratio: (f64, f64)) -> Self {
        Self::new(source, target, ratio, 2)
    }

    fn new(source: (usize, usize), target: (usize, usize), ratio: (f64, f64), channels: usize) -> Self {
        let across = Quads::new(&Taps::new(source.0, target.0, ratio.0));
        Self {
            down: Taps::new(source.1, target.1, ratio.1),
            row_bytes: source.0 * channels,
            sums: vec![0; source.0.max(across.reach()) * channels + WINDOW],
            row: vec![0; across.outputs() * channels],
            is_chroma: channels == 2,
            across,
        }
    }

    /// Output row `row`: `UNIT²` times each channel value less 128; U and V interleaved. Longer than the target is wide.
    pub(super) fn row(&mut self, kernel: &Kernel, row: usize, plane: &[u8], stride: usize) -> &[i32] {
        let (first, weights) = self.down.of(row);
        let sums = &mut self.sums[..self.row_bytes];
        kernel.blend(sums, &plane[first * stride..], stride, weights);
        if self.is_chroma {
            kernel.along_chroma(&self.sums, &self.across, &mut self.row);
        } else {
            kernel.along_luma(&self.sums, &self.across, &mut self.row);
        }
        &self.row
    }
}
