//! Resamples one plane row by row: down the columns first, in 16-bit sums that vectorise, then along the row.

use super::taps::{Taps, UNIT};

/// What a full-scale sum of both passes is divided by to be a channel value again.
const SCALE: f32 = 1.0 / (UNIT * UNIT) as f32;

/// The tables of one plane, and the row between the passes.
pub(super) struct Resampler {
    across: Taps,
    down: Taps,
    /// Interleaved channels per pixel.
    channels: usize,
    /// Source row length in bytes.
    row_bytes: usize,
    sums: Vec<u16>,
}

impl Resampler {
    /// From `source` to `target` pixels (width, height); one target pixel covers `ratio` source pixels.
    pub(super) fn new(
        source: (usize, usize),
        target: (usize, usize),
        ratio: (f64, f64),
        channels: usize,
    ) -> Self {
        let row_bytes = source.0 * channels;
        Self {
            across: Taps::new(source.0, target.0, ratio.0),
            down: Taps::new(source.1, target.1, ratio.1),
            channels,
            row_bytes,
            sums: vec![0; row_bytes],
        }
    }

    /// Writes output row `row`, as channel values 0–255, one slice per channel.
    pub(super) fn row(&mut self, row: usize, plane: &[u8], stride: usize, outputs: &mut [&mut [f32]]) {
        let (first, weights) = self.down.of(row);
        let line = |index: usize| &plane[(first + index) * stride..][..self.row_bytes];
        let sums = &mut self.sums[..];
        match *weights {
            [a] => blend(sums, [(a, line(0))]),
            [a, b] => blend(sums, [(a, line(0)), (b, line(1))]),
            [a, b, c] => blend(sums, [(a, line(0)), (b, line(1)), (c, line(2))]),
            [a, b, c, d] => blend(sums, [(a, line(0)), (b, line(1)), (c, line(2)), (d, line(3))]),
            _ => {
                sums.fill(0);
                for (index, &weight) in weights.iter().enumerate() {
                    add(sums, weight, line(index));
                }
            }
        }
        for (channel, output) in outputs.iter_mut().enumerate() {
            match (self.across.count, self.channels) {
                (1, 1) => self.along::<1, 1>(0, output),
                (2, 1) => self.along::<2, 1>(0, output),
                (3, 1) => self.along::<3, 1>(0, output),
                (4, 1) => self.along::<4, 1>(0, output),
                (2, 2) => self.along::<2, 2>(channel, output),
                (3, 2) => self.along::<3, 2>(channel, output),
                _ => self.along_any(channel, output),
            }
        }
    }

    fn along<const COUNT: usize, const CHANNELS: usize>(&self, channel: usize, output: &mut [f32]) {
        let weights = self.across.weights.as_chunks::<COUNT>().0;
        for ((value, &start), weights) in output.iter_mut().zip(&self.across.starts).zip(weights) {
            let pixels = &self.sums[start * CHANNELS..(start + COUNT) * CHANNELS];
            let mut sum = 0;
            for tap in 0..COUNT {
                sum += u32::from(weights[tap]) * u32::from(pixels[tap * CHANNELS + channel]);
            }
            *value = sum as f32 * SCALE;
        }
    }

    fn along_any(&self, channel: usize, output: &mut [f32]) {
        for (column, value) in output.iter_mut().enumerate() {
            let (start, weights) = self.across.of(column);
            let pixels = self.sums[start * self.channels..].chunks_exact(self.channels);
            let sum: u32 = weights
                .iter()
                .zip(pixels)
                .map(|(&weight, pixel)| u32::from(weight) * u32::from(pixel[channel]))
                .sum();
            *value = sum as f32 * SCALE;
        }
    }
}

/// The weighted sum of whole rows. Weights sum to 256, so 255 · 256 fits.
fn blend<const COUNT: usize>(sums: &mut [u16], rows: [(u16, &[u8]); COUNT]) {
    let length = sums.len();
    let rows = rows.map(|(weight, row)| (weight, &row[..length]));
    for index in 0..length {
        let mut sum = 0_u16;
        for (weight, row) in rows {
            sum = sum.wrapping_add(weight.wrapping_mul(u16::from(row[index])));
        }
        sums[index] = sum;
    }
}

fn add(sums: &mut [u16], weight: u16, row: &[u8]) {
    for (sum, &value) in sums.iter_mut().zip(row) {
        *sum = sum.wrapping_add(weight.wrapping_mul(u16::from(value)));
    }
}
