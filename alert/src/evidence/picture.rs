//! From a decoder's NV12 (limited range, BT.709) to RGB, not wider than asked.

use gridwatch_domain::{Frame, Nv12Planes};

use super::canvas::Canvas;
use crate::EvidenceError;

/// The picture in RGB, shrunk to `widest` where it is wider.
pub(super) fn to_canvas(frame: &Frame, widest: u32) -> Result<Canvas, EvidenceError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    check(frame)?;
    let scaled_width = width.min(widest as usize);
    let scaled_height = (height * scaled_width / width).max(1);
    let planes = frame.planes.as_ref();
    let luma = Plane { bytes: planes.y(), stride: planes.y_stride(), width, height };
    let luma = shrink::<1>(luma, scaled_width, scaled_height);
    let (chroma_width, chroma_height) = (width.div_ceil(2), height.div_ceil(2));
    let chroma =
        Plane { bytes: planes.uv(), stride: planes.uv_stride(), width: chroma_width, height: chroma_height };
    let (half_width, half_height) = (scaled_width.div_ceil(2), scaled_height.div_ceil(2));
    let chroma = shrink::<2>(chroma, half_width, half_height);

    let mut rgb = Vec::with_capacity(scaled_width * scaled_height * 3);
    for (row, luma) in luma.chunks_exact(scaled_width).enumerate() {
        let chroma = &chroma[row / 2 * half_width * 2..][..half_width * 2];
        for (column, &y) in luma.iter().enumerate() {
            rgb.extend_from_slice(&to_rgb(y, chroma[column / 2 * 2], chroma[column / 2 * 2 + 1]));
        }
    }
    Ok(Canvas::new(rgb, scaled_width as u32, scaled_height as u32))
}

/// Whether a picture has all the bytes that its size demands.
pub(super) fn check(frame: &Frame) -> Result<(), EvidenceError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let planes: &dyn Nv12Planes = frame.planes.as_ref();
    let long_enough = |plane: &[u8], stride: usize, width: usize, height: usize| {
        stride >= width && plane.len() >= stride.saturating_mul(height - 1).saturating_add(width)
    };
    let complete = width >= 2
        && height >= 2
        && long_enough(planes.y(), planes.y_stride(), width, height)
        && long_enough(planes.uv(), planes.uv_stride(), width.div_ceil(2) * 2, height.div_ceil(2));
    if complete { Ok(()) } else { Err(EvidenceError::Picture { width: frame.width, height: frame.height }) }
}

/// Rows of pixels of some channels each.
#[derive(Clone, Copy)]
struct Plane<'a> {
    bytes: &'a [u8],
    stride: usize,
    /// In pixels.
    width: usize,
    height: usize,
}

/// Shrinks by averaging: each new pixel is the mean of the area it covers, partly covered pixels counting in part.
fn shrink<const CHANNELS: usize>(plane: Plane<'_>, width: usize, height: usize) -> Vec<u8> {
    let rows = shares(plane.height, height);
    let columns = shares(plane.width, width);
    let mut shrunk = Vec::with_capacity(width * height * CHANNELS);
    let mut sums = vec![0_u32; plane.width * CHANNELS];
    for row in &rows {
        sums.fill(0);
        for (offset, &weight) in row.weights.iter().enumerate() {
            let line = &plane.bytes[(row.first + offset) * plane.stride..][..plane.width * CHANNELS];
            for (sum, &value) in sums.iter_mut().zip(line) {
                *sum += u32::from(value) * weight;
            }
        }
        for column in &columns {
            for channel in 0..CHANNELS {
                let mut sum = 0_u64;
                for (offset, &weight) in column.weights.iter().enumerate() {
                    sum += u64::from(sums[(column.first + offset) * CHANNELS + channel]) * u64::from(weight);
                }
                shrunk.push(((sum + (1 << 23)) >> 24) as u8);
            }
        }
    }
    shrunk
}

/// Which old pixels a new one covers, and by how much; weights sum up to 4096.
struct Share {
    first: usize,
    weights: Vec<u32>,
}

fn shares(old: usize, new: usize) -> Vec<Share> {
    const ONE: u64 = 4096;
    (0..new)
        .map(|index| {
            // Borders in units of 1/new of an old pixel.
            let (start, end) = (index * old, (index + 1) * old);
            let (first, last) = (start / new, (end - 1) / new);
            let mut given = 0;
            let weights = (first..=last)
                .map(|pixel| {
                    let covered_to = ((pixel + 1) * new).min(end) - start;
                    let total = (covered_to as u64 * ONE / old as u64) as u32;
                    let weight = total - given;
                    given = total;
                    weight
                })
                .collect();
            Share { first, weights }
        })
        .collect()
}

/// BT.709, limited range, in 1/1024.
fn to_rgb(y: u8, u: u8, v: u8) -> [u8; 3] {
    let luma = (i32::from(y) - 16) * 1192;
    let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
    let channel = |value: i32| ((luma + value + 512) >> 10).clamp(0, 255) as u8;
    [channel(1836 * v), channel(-218 * u - 546 * v), channel(2163 * u)]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gridwatch_domain::{Nv12Buffer, Timestamp};

    use super::*;

    fn frame(width: u32, height: u32, planes: Nv12Buffer) -> Frame {
        let camera = "gate".parse().expect("valid");
        Frame::new(camera, 1, Timestamp::UNIX_EPOCH, (width, height), Arc::new(planes))
    }

    #[track_caller]
    fn check_colour(yuv: [u8; 3], expected: [u8; 3]) {
        let canvas = to_canvas(&frame(8, 6, Nv12Buffer::filled(8, 6, yuv)), 1280).expect("complete");
        let [r, g, b] = [canvas.rgb()[0], canvas.rgb()[1], canvas.rgb()[2]];
        let near = |a: u8, b: u8| a.abs_diff(b) <= 2;
        assert!(near(r, expected[0]) && near(g, expected[1]) && near(b, expected[2]), "{:?}", [r, g, b]);
    }

    #[test]
    fn colours_are_bt709_limited_range() {
        check_colour([16, 128, 128], [0, 0, 0]);
        check_colour([235, 128, 128], [255, 255, 255]);
        check_colour([63, 102, 240], [255, 0, 0]);
        check_colour([173, 42, 26], [0, 255, 0]);
        check_colour([32, 240, 118], [0, 0, 255]);
    }

    #[test]
    fn shrinking_keeps_the_mean_and_the_shape() {
        let mut planes = Nv12Buffer::filled(1921, 1081, [16, 128, 128]);
        for (index, value) in planes.y_mut().iter_mut().enumerate() {
            *value = if index % 1921 < 960 { 16 } else { 235 };
        }
        let canvas = to_canvas(&frame(1921, 1081, planes), 1280).expect("complete");
        assert_eq!((canvas.width(), canvas.height()), (1280, 720));
        let row = &canvas.rgb()[..1280 * 3];
        assert_eq!((row[0], row[1279 * 3]), (0, 255));
        let white = row.iter().step_by(3).map(|&value| u64::from(value)).sum::<u64>() as f64 / 255.0;
        assert!((white - 1280.0 * 961.0 / 1921.0).abs() < 1.0, "{white}");
    }

    #[test]
    fn weights_are_complete_for_any_ratio() {
        for (old, new) in [(1920, 1280), (7, 7), (1921, 1280), (3, 1), (4097, 1280)] {
            for share in shares(old, new) {
                assert_eq!(share.weights.iter().sum::<u32>(), 4096, "{old} to {new}");
                assert!(share.first + share.weights.len() <= old);
            }
        }
    }

    #[test]
    fn an_incomplete_picture_is_refused() {
        let small = Nv12Buffer::filled(8, 6, [16, 128, 128]);
        assert!(matches!(to_canvas(&frame(8, 7, small.clone()), 1280), Err(EvidenceError::Picture { .. })));
        assert!(matches!(to_canvas(&frame(9, 6, small.clone()), 1280), Err(EvidenceError::Picture { .. })));
        assert!(matches!(to_canvas(&frame(0, 0, small), 1280), Err(EvidenceError::Picture { .. })));
    }
}
