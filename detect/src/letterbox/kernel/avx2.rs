//! The inner loops for AVX2 (x86-64 of 2013 and later).
#![expect(
    unsafe_code,
    reason = "instructions that the processor must be asked for, and loads through pointers"
)]

use std::arch::x86_64::*;

use super::{Kernel, portable};
use crate::letterbox::{
    color::Channel,
    taps::{QUAD, Quads},
};

static KERNEL: Kernel = Kernel { name: "AVX2", blend, along_luma, along_chroma, spread, mix };

/// The kernel, where the processor has AVX2. Nothing else gives its functions away.
pub(super) fn kernel() -> Option<&'static Kernel> {
    std::arch::is_x86_feature_detected!("avx2").then_some(&KERNEL)
}

fn blend(sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]) {
    #[target_feature(enable = "avx2")]
    fn wide(sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]) {
        portable::blend(sums, rows, stride, weights);
    }
    // SAFETY: `kernel` has asked for AVX2.
    unsafe { wide(sums, rows, stride, weights) }
}

fn spread(channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]) {
    #[target_feature(enable = "avx2")]
    fn wide(channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]) {
        portable::spread(channels, chroma, additions);
    }
    // SAFETY: `kernel` has asked for AVX2.
    unsafe { wide(channels, chroma, additions) }
}

fn mix(channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]) {
    #[target_feature(enable = "avx2")]
    fn wide(channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]) {
        portable::mix(channel, luma, addition, output);
    }
    // SAFETY: `kernel` has asked for AVX2.
    unsafe { wide(channel, luma, addition, output) }
}

pub(super) fn along_luma(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    // SAFETY: `kernel` has asked for AVX2; `Kernel::along_luma` has compared the lengths.
    unsafe { along_luma_wide(sums, taps, row) }
}

pub(super) fn along_chroma(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    // SAFETY: `kernel` has asked for AVX2; `Kernel::along_chroma` has compared the lengths.
    unsafe { along_chroma_wide(sums, taps, row) }
}

/// Eight outputs at once: four taps of four outputs fill a register, twice.
///
/// # Safety
/// `sums` must hold `taps.reach()` numbers.
#[target_feature(enable = "avx2")]
unsafe fn along_luma_wide(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let (starts, outputs) = (taps.starts().as_chunks::<8>().0, row.as_chunks_mut::<8>().0);
    for (group, (starts, output)) in starts.iter().zip(outputs).enumerate() {
        let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (quad, weights) in taps.quads().enumerate() {
            let weights = &weights.as_chunks::<8>().0[group];
            // SAFETY: no start is beyond `reach` less the taps of all quads; the weights are 64 bytes.
            unsafe {
                let pixels = sums.as_ptr().add(quad * QUAD);
                let weights: *const __m256i = weights.as_ptr().cast();
                let four = _mm256_madd_epi16(luma_quads(pixels, starts, 0), _mm256_loadu_si256(weights));
                low = _mm256_add_epi32(low, four);
                let four =
                    _mm256_madd_epi16(luma_quads(pixels, starts, 4), _mm256_loadu_si256(weights.add(1)));
                high = _mm256_add_epi32(high, four);
            }
        }
        // Outputs 0, 1, 4, 5, 2, 3, 6, 7.
        let sums = _mm256_hadd_epi32(low, high);
        let sums = _mm256_permute4x64_epi64::<0b11_01_10_00>(sums);
        // SAFETY: writes the eight numbers of `output`.
        unsafe { _mm256_storeu_si256(output.as_mut_ptr().cast(), sums) };
    }
}

/// The taps of outputs `first` to `first + 3`, of which each reads four numbers.
///
/// # Safety
/// Four numbers must lie behind each of `starts`, counted from `pixels`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn luma_quads(pixels: *const i16, starts: &[u32; 8], first: usize) -> __m256i {
    // SAFETY: the caller's promise; `first` is 0 or 4.
    unsafe {
        let [a, b, c, d] =
            [0, 1, 2, 3].map(|output| _mm_loadl_epi64(pixels.add(starts[first + output] as usize).cast()));
        _mm256_set_m128i(_mm_unpacklo_epi64(c, d), _mm_unpacklo_epi64(a, b))
    }
}

/// Four outputs of U and V at once: four taps of one output's both fill half a register.
///
/// # Safety
/// `sums` must hold `2 · taps.reach()` numbers.
#[target_feature(enable = "avx2")]
unsafe fn along_chroma_wide(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let (starts, outputs) = (taps.starts().as_chunks::<4>().0, row.as_chunks_mut::<8>().0);
    for (group, (starts, output)) in starts.iter().zip(outputs).enumerate() {
        let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (quad, weights) in taps.quads().enumerate() {
            let weights = &weights.as_chunks::<4>().0[group];
            // SAFETY: no start is beyond `reach` less the taps of all quads; the weights are 32 bytes.
            unsafe {
                let pixels = sums.as_ptr().add(2 * quad * QUAD);
                let weights = _mm256_loadu_si256(weights.as_ptr().cast());
                // Each output's four weights twice, for U and for V.
                let of_low = _mm256_permute4x64_epi64::<0b01_01_00_00>(weights);
                let of_high = _mm256_permute4x64_epi64::<0b11_11_10_10>(weights);
                low = _mm256_add_epi32(low, _mm256_madd_epi16(chroma_quads(pixels, starts, 0), of_low));
                high = _mm256_add_epi32(high, _mm256_madd_epi16(chroma_quads(pixels, starts, 2), of_high));
            }
        }
        // Pairs of U and V of outputs 0, 2, 1, 3.
        let sums = _mm256_hadd_epi32(low, high);
        let sums = _mm256_permute4x64_epi64::<0b11_01_10_00>(sums);
        // SAFETY: writes the eight numbers of `output`.
        unsafe { _mm256_storeu_si256(output.as_mut_ptr().cast(), sums) };
    }
}

/// The taps of outputs `first` and `first + 1`: four numbers of U, then four of V, for each.
///
/// # Safety
/// Eight numbers must lie behind twice each of `starts`, counted from `pixels`.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn chroma_quads(pixels: *const i16, starts: &[u32; 4], first: usize) -> __m256i {
    // From U V U V U V U V to U U U U V V V V, 16 bits each.
    let apart = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    // SAFETY: the caller's promise; `first` is 0 or 2.
    let [a, b] = unsafe {
        [0, 1].map(|output| _mm_loadu_si128(pixels.add(2 * starts[first + output] as usize).cast()))
    };
    _mm256_shuffle_epi8(_mm256_set_m128i(b, a), _mm256_broadcastsi128_si256(apart))
}
