//! The inner loops for NEON, which every 64-bit ARM has.
#![expect(unsafe_code, reason = "loads through pointers")]

use std::arch::aarch64::*;

use super::{Kernel, portable};
use crate::letterbox::taps::{QUAD, Quads};

/// The portable loops are compiled for NEON already; only sums along a row need to be told how.
static KERNEL: Kernel = Kernel {
    name: "NEON",
    blend: portable::blend,
    along_luma,
    along_chroma,
    spread: portable::spread,
    mix: portable::mix,
};

/// The kernel, where the processor has NEON.
pub(super) fn kernel() -> Option<&'static Kernel> {
    std::arch::is_aarch64_feature_detected!("neon").then_some(&KERNEL)
}

/// Four outputs at once: a register of four sums for each, added across at the end.
fn along_luma(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let (starts, outputs) = (taps.starts().as_chunks::<4>().0, row.as_chunks_mut::<4>().0);
    for (group, (starts, output)) in starts.iter().zip(outputs).enumerate() {
        // SAFETY: NEON is part of this architecture.
        let mut parts = unsafe { [vdupq_n_s32(0); 4] };
        for (quad, weights) in taps.quads().enumerate() {
            let weights: &[[i16; QUAD]; 4] = &weights.as_chunks().0[group];
            for ((part, &start), weights) in parts.iter_mut().zip(starts).zip(weights) {
                let pixels = &sums[start as usize + quad * QUAD..][..QUAD];
                // SAFETY: reads the four numbers of `pixels` and of `weights`.
                *part = unsafe { vmlal_s16(*part, vld1_s16(pixels.as_ptr()), vld1_s16(weights.as_ptr())) };
            }
        }
        // SAFETY: writes the four numbers of `output`.
        unsafe {
            let sums = vpaddq_s32(vpaddq_s32(parts[0], parts[1]), vpaddq_s32(parts[2], parts[3]));
            vst1q_s32(output.as_mut_ptr(), sums);
        }
    }
}

/// Two outputs of U and V at once.
fn along_chroma(sums: &[i16], taps: &Quads, row: &mut [i32]) {
    let (starts, outputs) = (taps.starts().as_chunks::<2>().0, row.as_chunks_mut::<4>().0);
    for (group, (starts, output)) in starts.iter().zip(outputs).enumerate() {
        // SAFETY: NEON is part of this architecture.
        let mut parts = unsafe { [vdupq_n_s32(0); 4] };
        for (quad, weights) in taps.quads().enumerate() {
            let weights: &[[i16; QUAD]; 2] = &weights.as_chunks().0[group];
            for (index, (&start, weights)) in starts.iter().zip(weights).enumerate() {
                let pixels = &sums[2 * (start as usize + quad * QUAD)..][..2 * QUAD];
                // SAFETY: reads the eight numbers of `pixels`, U and V apart, and the four of `weights`.
                unsafe {
                    let (colors, weights) = (vld2_s16(pixels.as_ptr()), vld1_s16(weights.as_ptr()));
                    parts[2 * index] = vmlal_s16(parts[2 * index], colors.0, weights);
                    parts[2 * index + 1] = vmlal_s16(parts[2 * index + 1], colors.1, weights);
                }
            }
        }
        // SAFETY: writes the four numbers of `output`.
        unsafe {
            let sums = vpaddq_s32(vpaddq_s32(parts[0], parts[1]), vpaddq_s32(parts[2], parts[3]));
            vst1q_s32(output.as_mut_ptr(), sums);
        }
    }
}
