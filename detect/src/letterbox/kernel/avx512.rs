//! The inner loops for AVX-512 with its instructions for bytes and words (servers of 2017 and later).
//!
//! Sums along a row pick the taps of several outputs out of a window of 64 numbers at once; where outputs lie further apart
//! than that (pictures shrunk to less than an eighth), they are AVX2's.
#![expect(
    unsafe_code,
    reason = "instructions that the processor must be asked for, and loads through pointers"
)]

use std::arch::{is_x86_feature_detected, x86_64::*};

use super::{Kernel, WINDOW, avx2, portable};
use crate::letterbox::{
    color::Channel,
    taps::{QUAD, Quads},
};

static KERNEL: Kernel = Kernel { name: "AVX-512", blend, along_luma, along_chroma, spread, mix };

/// The kernel, where the processor has AVX2, AVX-512F, AVX-512BW and AVX-512VL. Nothing else gives its functions away.
pub(super) fn kernel() -> Option<&'static Kernel> {
    let has_all = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl");
    has_all.then_some(&KERNEL)
}

fn blend(sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]) {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn wide(sums: &mut [i16], rows: &[u8], stride: usize, weights: &[u16]) {
        portable::blend(sums, rows, stride, weights);
    }
    // SAFETY: `kernel` has asked for these.
    unsafe { wide(sums, rows, stride, weights) }
}

fn spread(channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]) {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn wide(channels: &[Channel; 3], chroma: &[i32], additions: [&mut [f32]; 3]) {
        portable::spread(channels, chroma, additions);
    }
    // SAFETY: `kernel` has asked for these.
    unsafe { wide(channels, chroma, additions) }
}

fn mix(channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]) {
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    fn wide(channel: &Channel, luma: &[i32], addition: &[f32], output: &mut [f32]) {
        portable::mix(channel, luma, addition, output);
    }
    // SAFETY: `kernel` has asked for these.
    unsafe { wide(channel, luma, addition, output) }
}

fn along_luma(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    if taps.widest()[1] + QUAD > WINDOW {
        return avx2::along_luma(sums, taps, row);
    }
    // SAFETY: `kernel` has asked for what it needs; `Kernel::along_luma` has compared the lengths.
    unsafe { along_luma_wide(sums, taps, row) }
}

fn along_chroma(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    if 2 * (taps.widest()[0] + QUAD) > WINDOW {
        return avx2::along_chroma(sums, taps, row);
    }
    // SAFETY: `kernel` has asked for what it needs; `Kernel::along_chroma` has compared the lengths.
    unsafe { along_chroma_wide(sums, taps, row) }
}

/// Sixteen outputs at once.
///
/// # Safety
/// `sums` must hold `taps.reach() + WINDOW` numbers.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn along_luma_wide(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let (starts, outputs) = (taps.starts().as_chunks::<16>().0, row.as_chunks_mut::<16>().0);
    for (group, (starts, output)) in starts.iter().zip(outputs).enumerate() {
        let halves = starts.as_chunks::<8>().0;
        let mut parts = [_mm512_setzero_si512(); 2];
        for (half, part) in halves.iter().zip(&mut parts) {
            // Each output's place in the window four times, and the next three beside it.
            // SAFETY: reads eight starts.
            let places = unsafe { _mm256_loadu_si256(half.as_ptr().cast()) };
            let places = _mm256_sub_epi32(places, _mm256_set1_epi32(half[0] as i32));
            let places = four_times(_mm512_cvtepu32_epi64(places));
            *part = _mm512_add_epi16(places, words(0x0003_0002_0001_0000));
        }
        let places = parts;
        parts = [_mm512_setzero_si512(); 2];
        for (quad, weights) in taps.quads().enumerate() {
            let weights = &weights.as_chunks::<16>().0[group];
            // SAFETY: windows begin at a start and end within `reach + WINDOW`; the weights are 128 bytes.
            unsafe {
                let weights: *const __m512i = weights.as_ptr().cast();
                for half in 0..2 {
                    let pixels = sums.as_ptr().add(halves[half][0] as usize + quad * QUAD);
                    let products =
                        _mm512_madd_epi16(pick(pixels, places[half]), _mm512_loadu_si512(weights.add(half)));
                    parts[half] = _mm512_add_epi32(parts[half], products);
                }
            }
        }
        // SAFETY: writes the sixteen numbers of `output`.
        unsafe { _mm512_storeu_si512(output.as_mut_ptr().cast(), add_pairs(parts)) };
    }
}

/// Eight outputs of U and V at once.
///
/// # Safety
/// `sums` must hold `2 · taps.reach() + WINDOW` numbers.
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn along_chroma_wide(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let (starts, outputs) = (taps.starts().as_chunks::<8>().0, row.as_chunks_mut::<16>().0);
    for (group, (starts, output)) in starts.iter().zip(outputs).enumerate() {
        let halves = starts.as_chunks::<4>().0;
        let mut parts = [_mm512_setzero_si512(); 2];
        for (half, part) in halves.iter().zip(&mut parts) {
            // SAFETY: reads four starts.
            let places = unsafe { _mm_loadu_si128(half.as_ptr().cast()) };
            let places = _mm_sub_epi32(places, _mm_set1_epi32(half[0] as i32));
            let places = twice(_mm256_cvtepu32_epi64(_mm_slli_epi32::<1>(places)));
            let places = four_times(places);
            // U lies at even places, V at odd ones.
            let (u, v) = (0x0006_0004_0002_0000, 0x0007_0005_0003_0001);
            *part = _mm512_add_epi16(places, _mm512_setr_epi64(u, v, u, v, u, v, u, v));
        }
        let places = parts;
        parts = [_mm512_setzero_si512(); 2];
        for (quad, weights) in taps.quads().enumerate() {
            let weights = &weights.as_chunks::<8>().0[group];
            // SAFETY: windows begin at a start and end within `2 · reach + WINDOW`; the weights are 64 bytes.
            unsafe {
                let weights: *const __m256i = weights.as_ptr().cast();
                for half in 0..2 {
                    let pixels = sums.as_ptr().add(2 * (halves[half][0] as usize + quad * QUAD));
                    let weights = twice(_mm256_loadu_si256(weights.add(half)));
                    let products = _mm512_madd_epi16(pick(pixels, places[half]), weights);
                    parts[half] = _mm512_add_epi32(parts[half], products);
                }
            }
        }
        // SAFETY: writes the sixteen numbers of `output`.
        unsafe { _mm512_storeu_si512(output.as_mut_ptr().cast(), add_pairs(parts)) };
    }
}

/// Four words, eight times.
#[inline]
#[target_feature(enable = "avx512f")]
fn words(words: i64) -> __m512i {
    _mm512_set1_epi64(words)
}

/// The lowest word of each 64 bits in all four words of them.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn four_times(places: __m512i) -> __m512i {
    // Bytes are counted from each 128 bits.
    let (low, high) = (0x0100_0100_0100_0100, 0x0908_0908_0908_0908);
    _mm512_shuffle_epi8(places, _mm512_setr_epi64(low, high, low, high, low, high, low, high))
}

/// Each of four quarters twice, side by side.
#[inline]
#[target_feature(enable = "avx512f")]
fn twice(quarters: __m256i) -> __m512i {
    let order = _mm512_setr_epi64(0, 0, 1, 1, 2, 2, 3, 3);
    _mm512_permutexvar_epi64(order, _mm512_castsi256_si512(quarters))
}

/// The numbers at 32 `places` of the window at `pixels`.
///
/// # Safety
/// The window must be there: [`WINDOW`] numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
unsafe fn pick(pixels: *const i16, places: __m512i) -> __m512i {
    // SAFETY: the caller's promise.
    let (low, high) =
        unsafe { (_mm512_loadu_si512(pixels.cast()), _mm512_loadu_si512(pixels.add(32).cast())) };
    _mm512_permutex2var_epi16(low, places, high)
}

/// Sums of neighbours, of the first register and then of the second.
#[inline]
#[target_feature(enable = "avx512f")]
fn add_pairs([low, high]: [__m512i; 2]) -> __m512i {
    let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    let odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    _mm512_add_epi32(_mm512_permutex2var_epi32(low, even, high), _mm512_permutex2var_epi32(low, odd, high))
}
