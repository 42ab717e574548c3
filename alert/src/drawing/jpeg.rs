//! RGB to JPEG.

use turbojpeg::{Image, PixelFormat, Subsamp};

use crate::EvidenceError;

/// Quality of the JPEG, 1–100: lines and labels stay crisp.
const QUALITY: i32 = 82;

/// A picture of `width * height` pixels of three bytes as JPEG, with half as much colour each way, as the camera had.
///
/// # Errors
/// [`EvidenceError::Encode`], as for a picture with a side of more than 65,500 pixels.
pub(super) fn encode(rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>, EvidenceError> {
    let (width, height) = (width as usize, height as usize);
    let image = Image { pixels: rgb, width, pitch: 3 * width, height, format: PixelFormat::RGB };
    Ok(turbojpeg::compress(image, QUALITY, Subsamp::Sub2x2)?.to_vec())
}
