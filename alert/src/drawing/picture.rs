//! From a decoder's NV12 (limited range, BT.709) to RGB.

use gridwatch_domain::{Frame, Nv12Planes};
use yuv::{YuvBiPlanarImage, YuvConversionMode, YuvRange, YuvStandardMatrix, yuv_nv12_to_rgb};

use super::Canvas;
use crate::EvidenceError;

/// The picture in RGB, shrunk to `widest` where it is wider: each new pixel is the mean of the area that it covers.
pub(super) fn to_canvas(frame: &Frame, widest: u32) -> Result<Canvas, EvidenceError> {
    let whole = Canvas::new(to_rgb(frame)?, frame.width, frame.height);
    if frame.width <= widest {
        return Ok(whole);
    }
    let height = (u64::from(frame.height) * u64::from(widest) / u64::from(frame.width)).max(1) as u32;
    whole.resized(widest, height)
}

/// The picture in RGB: `width * height` pixels of three bytes.
pub(super) fn to_rgb(frame: &Frame) -> Result<Vec<u8>, EvidenceError> {
    check(frame)?;
    let planes = frame.planes.as_ref();
    let stride = |stride: usize| u32::try_from(stride).map_err(|_| unusable(frame));
    let image = YuvBiPlanarImage {
        y_plane: planes.y(),
        y_stride: stride(planes.y_stride())?,
        uv_plane: planes.uv(),
        uv_stride: stride(planes.uv_stride())?,
        width: frame.width,
        height: frame.height,
    };
    let mut rgb = vec![0; frame.width as usize * frame.height as usize * 3];
    let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
    yuv_nv12_to_rgb(&image, &mut rgb, frame.width * 3, range, matrix, YuvConversionMode::Balanced)
        .map_err(|_| unusable(frame))?;
    Ok(rgb)
}

fn unusable(frame: &Frame) -> EvidenceError {
    EvidenceError::Picture { width: frame.width, height: frame.height }
}

/// Whether a picture has all the bytes that its size demands.
fn check(frame: &Frame) -> Result<(), EvidenceError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let planes: &dyn Nv12Planes = frame.planes.as_ref();
    let long_enough = |plane: &[u8], stride: usize, width: usize, height: usize| {
        stride >= width && plane.len() >= stride.saturating_mul(height - 1).saturating_add(width)
    };
    let complete = width >= 2
        && height >= 2
        && long_enough(planes.y(), planes.y_stride(), width, height)
        && long_enough(planes.uv(), planes.uv_stride(), width.div_ceil(2) * 2, height.div_ceil(2));
    if complete { Ok(()) } else { Err(unusable(frame)) }
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
    fn an_incomplete_picture_is_refused() {
        let small = Nv12Buffer::filled(8, 6, [16, 128, 128]);
        assert!(matches!(to_canvas(&frame(8, 7, small.clone()), 1280), Err(EvidenceError::Picture { .. })));
        assert!(matches!(to_canvas(&frame(9, 6, small.clone()), 1280), Err(EvidenceError::Picture { .. })));
        assert!(matches!(to_canvas(&frame(0, 0, small), 1280), Err(EvidenceError::Picture { .. })));
    }
}
