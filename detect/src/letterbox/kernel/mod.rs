//! The inner loops, for what the processor can do: chosen at run time, and all of them giving the same numbers.
//!
//! That holds because sums are of whole numbers, and floating point is multiplied, added and compared in one order only:
//! no kernel may fuse or reorder. `tests.rs` holds every kernel against the portable one, bit by bit.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

use super::{color::Channel, taps::Quads};

/// Numbers that a kernel may read at once. As many must lie behind a row, whatever they are.
pub(super) const WINDOW: usize = 64;

/// Rows of a plane are weighed into 16 bits, with 0 for the channel value 128.
type Blend = fn(sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]);
type Along = fn(sums: &[i16], taps: &Quads, row: &mut [i32]);
type Spread = fn(channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]);
type Mix = fn(channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]);

/// One way to do the inner loops.
pub(super) struct Kernel {
    /// What it is built for, for people.
    pub(super) name: &'static str,
    blend: Blend,
    along_luma: Along,
    along_chroma: Along,
    spread: Spread,
    mix: Mix,
}

impl Kernel {
    /// The fastest that this processor can run.
    pub(super) fn best() -> &'static Self {
        Self::available().last().unwrap_or(&portable::KERNEL)
    }

    /// All that this processor can run, the fastest last.
    pub(super) fn available() -> impl Iterator<Item = &'static Self> {
        #[cfg(target_arch = "x86_64")]
        let faster = [avx2::kernel(), avx512::kernel()];
        #[cfg(target_arch = "aarch64")]
        let faster = [neon::kernel()];
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let faster: [Option<&'static Self>; 0] = [];
        std::iter::once(&portable::KERNEL).chain(faster.into_iter().flatten())
    }

    /// The weighted sum of whole rows, `weights.len()` of them, `stride` bytes apart: each `UNIT` times the channel value
    /// less 128. Weights sum to `UNIT`.
    pub(super) fn blend(&self, sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]) {
        assert!(rows.len() >= (weights.len() - 1) * stride + sums.len(), "rows are there");
        (self.blend)(sums, rows, stride, weights);
    }

    /// The weighted sums along a row of luma, one for each of `taps`' outputs.
    pub(super) fn along_luma(&self, sums: &[i16], taps: &Quads, row: &mut [i32]) {
        assert!(
            sums.len() >= taps.reach() + WINDOW && row.len() == taps.outputs(),
            "tables belong to the row"
        );
        (self.along_luma)(sums, taps, row);
    }

    /// The weighted sums along a row of U and V, interleaved, two for each of `taps`' outputs.
    pub(super) fn along_chroma(&self, sums: &[i16], taps: &Quads, row: &mut [i32]) {
        assert!(
            sums.len() >= 2 * taps.reach() && row.len() == 2 * taps.outputs(),
            "tables belong to the row"
        );
        (self.along_chroma)(sums, taps, row);
    }

    /// What U and V add to each channel, each for two pixels beside each other.
    pub(super) fn spread(&self, channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]) {
        (self.spread)(channels, chroma, additions);
    }

    /// One row of one channel, from luma and what colour adds.
    pub(super) fn mix(&self, channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]) {
        (self.mix)(channel, luma, addition, output);
    }
}
