//! A picture as it is, from NV12 to JPEG without a detour over RGB: a third of the work.
//!
//! JPEG files (JFIF 1.02) hold BT.601 in full range, pictures here BT.709 in limited range: both are linear in luma and colour
//! differences, so that one matrix leads from one to the other.

use gridwatch_domain::Frame;
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};

use super::{QUALITY, picture};
use crate::EvidenceError;

/// One, in the integers that colours are calculated with.
const ONE: i32 = 1 << 12;

/// A picture as it is, in its full size, as JPEG.
///
/// # Errors
/// [`EvidenceError`] where the picture cannot be used.
pub fn plain(frame: &Frame) -> Result<Vec<u8>, EvidenceError> {
    picture::check(frame)?;
    let unusable = |_| EvidenceError::Picture { width: frame.width, height: frame.height };
    let width = u16::try_from(frame.width).map_err(unusable)?;
    let height = u16::try_from(frame.height).map_err(unusable)?;
    let mut jpeg = Vec::with_capacity(512 << 10);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    // The picture has no more colour than that.
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.encode_image(Rows { frame, width, height })?;
    Ok(jpeg)
}

struct Rows<'a> {
    frame: &'a Frame,
    width: u16,
    height: u16,
}

impl ImageBuffer for Rows<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, [lumas, blues, reds, _]: &mut [Vec<u8>; 4]) {
        let (row, width) = (usize::from(y), usize::from(self.width));
        let planes = self.frame.planes.as_ref();
        let luma = &planes.y()[row * planes.y_stride()..][..width];
        let chroma = &planes.uv()[row / 2 * planes.uv_stride()..][..width.div_ceil(2) * 2];
        let begins = lumas.len();
        for plane in [&mut *lumas, &mut *blues, &mut *reds] {
            plane.resize(begins + chroma.len(), 0);
        }
        lumas[begins..][..width].copy_from_slice(luma);
        // Written in place, pair by pair: what pushes one by one is not vectorised.
        let pairs = lumas[begins..].chunks_exact_mut(2).zip(blues[begins..].chunks_exact_mut(2));
        let pairs = pairs.zip(reds[begins..].chunks_exact_mut(2)).zip(chroma.chunks_exact(2));
        for (((pixels, blues), reds), colour) in pairs {
            let (offset, blue, red) = to_bt601(colour[0], colour[1]);
            pixels.iter_mut().for_each(|pixel| *pixel = full(*pixel, offset));
            blues.fill(blue);
            reds.fill(red);
        }
        for plane in [lumas, blues, reds] {
            plane.truncate(begins + width);
        }
    }
}

/// From colour differences of BT.709 in limited range to those of BT.601 in full range, and what luma gains, in parts of [`ONE`].
///
/// With ITU-R BT.709 (`Kr` 0.2126, `Kb` 0.0722) and BT.601 (`Kr` 0.299, `Kb` 0.114), by way of RGB:
/// `Y' = Y + 0.1016 Cb + 0.1961 Cr`, `Cb' = 0.9899 Cb - 0.1107 Cr`, `Cr' = 0.9834 Cr - 0.0725 Cb`; limited range
/// has 224 steps of colour for 255.
fn to_bt601(blue: u8, red: u8) -> (i32, u8, u8) {
    let (blue, red) = (i32::from(blue) - 128, i32::from(red) - 128);
    let byte = |value: i32| (rounded(value) + 128).clamp(0, 255) as u8;
    (474 * blue + 914 * red, byte(4615 * blue - 516 * red), byte(4585 * red - 338 * blue))
}

/// Luma in full range: 255 steps for 219 from 16 on, and what it gains.
fn full(luma: u8, offset: i32) -> u8 {
    rounded(4769 * (i32::from(luma) - 16) + offset).clamp(0, 255) as u8
}

/// From parts of [`ONE`] to whole ones.
fn rounded(parts: i32) -> i32 {
    (parts + ONE / 2).div_euclid(ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_the_two_standards() {
        let (limited, full_range) = ((0.2126, 0.0722), (0.299, 0.114));
        // Primary colours by way of RGB, in double precision.
        for rgb in [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.6, 0.5, 0.2], [1.0, 1.0, 1.0]] {
            let [y, u, v] = of_rgb(rgb, limited);
            let source = [16.0 + 219.0 * y, 128.0 + 224.0 * u, 128.0 + 224.0 * v].map(|v| v.round() as u8);
            let [y, u, v] = of_rgb(rgb, full_range);
            let expected = [255.0 * y, 128.0 + 255.0 * u, 128.0 + 255.0 * v].map(|v| v.round() as u8);
            let (offset, blue, red) = to_bt601(source[1], source[2]);
            let found = [full(source[0], offset), blue, red];
            let near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 2);
            assert!(near, "{rgb:?}: {found:?} is not {expected:?}");
        }
    }

    fn of_rgb([r, g, b]: [f64; 3], (kr, kb): (f64, f64)) -> [f64; 3] {
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        [y, (b - y) / (2.0 * (1.0 - kb)), (r - y) / (2.0 * (1.0 - kr))]
    }
}
