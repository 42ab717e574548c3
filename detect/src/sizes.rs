//! The size of input that a picture gets: the manifest's, or, where its file takes any, one of the picture's own shape.

use gridwatch_models::Manifest;

use crate::{letterbox::Fit, tiles::Tiles};

/// Sides of a free input are multiples of this where the head asks for nothing else: the largest stride of common networks.
const COMMON_STRIDE: usize = 32;

/// Width and height of the input for a picture of so many pixels.
///
/// Where the manifest says `dynamic`, the longer side is the manifest's longer one, and the shorter is what the picture's shape
/// needs, rounded up to a multiple of the largest stride: a picture of 16:9 gets 640×384 of 640×640, and no network time goes
/// into grey bars.
pub(crate) fn size_for(manifest: &Manifest, picture: (u32, u32)) -> (usize, usize) {
    let input = &manifest.input;
    let (width, height) = (input.width as usize, input.height as usize);
    if !input.dynamic {
        return (width, height);
    }
    let multiple = (manifest.head.input_multiple() as usize).max(COMMON_STRIDE);
    let (long, longest) = (width.max(height), picture.0.max(picture.1).max(1) as usize);
    let side =
        |pixels: u32| (pixels as usize * long).div_ceil(longest).next_multiple_of(multiple).max(multiple);
    (side(picture.0), side(picture.1))
}

/// How large a whole picture of so many pixels is to the network, across and down, in pixels of its input; a picture in tiles is as large as they see it
/// together.
pub fn seen_size(manifest: &Manifest, tiles: Tiles, picture: (u32, u32)) -> (f64, f64) {
    let Some(tile) = tiles.regions(picture.0, picture.1).next() else { return (0.0, 0.0) };
    let input = size_for(manifest, (tile.width, tile.height));
    let (width, height) = Fit::within(input, manifest.input.letterbox, tile.width, tile.height).size();
    let whole = |seen: usize, of: u32, picture: u32| seen as f64 / f64::from(of.max(1)) * f64::from(picture);
    (whole(width, tile.width, picture.0), whole(height, tile.height, picture.1))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gridwatch_models::sha256_of;

    use super::*;

    #[track_caller]
    fn check(net: (u32, u32), dynamic: bool, picture: (u32, u32), wanted: (usize, usize)) {
        let mut manifest =
            Manifest::yolox_coco(Path::new("x.onnx"), net.0, net.1, sha256_of(b"")).expect("possible");
        manifest.input.dynamic = dynamic;
        assert_eq!(size_for(&manifest, picture), wanted, "{net:?} for {picture:?}");
    }

    #[test]
    fn a_picture_gets_the_shape_it_has() {
        check((640, 640), true, (1920, 1080), (640, 384));
        check((640, 640), true, (1280, 960), (640, 480));
        check((640, 640), true, (1080, 1920), (384, 640));
        check((416, 416), true, (1920, 1080), (416, 256));
        check((416, 416), true, (352, 288), (416, 352));
        check((416, 416), true, (4000, 2), (416, 32));
    }

    #[test]
    fn tiles_make_a_picture_larger() {
        let manifest = Manifest::yolox_coco(Path::new("x.onnx"), 640, 384, sha256_of(b"")).expect("possible");
        let seen = |columns, rows, picture| seen_size(&manifest, Tiles { columns, rows }, picture);
        assert_eq!(seen(1, 1, (1920, 1080)), (640.0, 360.0));
        assert_eq!(seen(1, 1, (1280, 960)), (512.0, 384.0), "bars on both sides");
        let (across, down) = seen(2, 1, (1920, 1080));
        // Each of two tiles is 1067 pixels wide, and as high as before.
        assert!((across - 682.0).abs() < 3.0 && (down - 384.0).abs() < 3.0, "{across} {down}");
        let (across, down) = seen(2, 2, (1920, 1080));
        assert!((across - 1151.0).abs() < 3.0 && (down - 647.0).abs() < 3.0, "{across} {down}");
    }

    #[test]
    fn a_fixed_input_stays_as_it_is() {
        check((416, 416), false, (1920, 1080), (416, 416));
    }
}
