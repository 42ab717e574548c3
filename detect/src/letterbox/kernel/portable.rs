//! The inner loops in plain Rust. Other kernels compile the same loops for wider registers.

use super::Kernel;
use crate::letterbox::{
    color::Channel,
    taps::{QUAD, Quads},
};

pub(super) static KERNEL: Kernel =
    Kernel { name: "portable", blend, along_luma: along::<1>, along_chroma: along::<2>, spread, mix };

/// 0 stands for the channel value 128: `UNIT · 128` less, in wrapping arithmetic.
const BIAS: u16 = 0x8000;

/// Rows that one loop weighs. Of more, the compiler can no longer tell that none is the one written, and falls back to
/// byte after byte.
const ROWS: usize = 4;

#[inline(always)]
pub(super) fn blend(sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]) {
    for (index, weights) in weights.chunks(ROWS).enumerate() {
        let row = |row: usize| &rows[(ROWS * index + row) * stride..];
        let is_first = index == 0;
        match *weights {
            [a] => weigh(sums, is_first, [(a, row(0))]),
            [a, b] => weigh(sums, is_first, [(a, row(0)), (b, row(1))]),
            [a, b, c] => weigh(sums, is_first, [(a, row(0)), (b, row(1)), (c, row(2))]),
            [a, b, c, d] => weigh(sums, is_first, [(a, row(0)), (b, row(1)), (c, row(2)), (d, row(3))]),
            _ => {}
        }
    }
}

#[inline(always)]
fn weigh<const COUNT: usize>(sums: &mut [i16], is_first: bool, rows: [(u16, &[u8]); COUNT]) {
    let length = sums.len();
    let rows = rows.map(|(weight, row)| (weight, &row[..length]));
    let of = |index: usize, mut sum: u16| {
        for (weight, row) in rows {
            sum = sum.wrapping_add(weight.wrapping_mul(u16::from(row[index])));
        }
        sum as i16
    };
    if is_first {
        sums.iter_mut().enumerate().for_each(|(index, sum)| *sum = of(index, BIAS));
    } else {
        sums.iter_mut().enumerate().for_each(|(index, sum)| *sum = of(index, *sum as u16));
    }
}

fn along<const CHANNELS: usize>(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let outputs = row.as_chunks_mut::<CHANNELS>().0;
    outputs.fill([0; CHANNELS]);
    for (quad, weights) in taps.quads().enumerate() {
        for ((output, &start), weights) in outputs.iter_mut().zip(taps.starts()).zip(weights) {
            let first = (start as usize + quad * QUAD) * CHANNELS;
            let pixels = &sums[first..first + QUAD * CHANNELS];
            for (channel, sum) in output.iter_mut().enumerate() {
                for tap in 0..QUAD {
                    *sum += i32::from(weights[tap]) * i32::from(pixels[tap * CHANNELS + channel]);
                }
            }
        }
    }
}

#[inline(always)]
pub(super) fn spread(channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]) {
    let pixels = chroma.as_chunks::<2>().0;
    for (addition, channel) in additions.into_iter().zip(channels) {
        for (pair, &[u, v]) in addition.as_chunks_mut::<2>().0.iter_mut().zip(pixels) {
            *pair = [u as f32 * channel.u + v as f32 * channel.v + channel.offset; 2];
        }
    }
}

#[inline(always)]
pub(super) fn mix(channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]) {
    for ((value, &y), &add) in output.iter_mut().zip(luma).zip(addition) {
        let color = y as f32 * channel.y + add;
        // Comparisons, not `clamp`: they are what one instruction does, and there is no not-a-number.
        let color = if color > channel.least { color } else { channel.least };
        *value = if color < channel.most { color } else { channel.most };
    }
}
