//! A test card: moving shades and the number of the picture, which survives encoding and can be read back.
//!
//! For checking that what arrives at the end of a chain is what was sent, and how long it took.

use gridwatch_domain::ObjectClass;

use crate::{FrameSource, FrameTruth, I420Frame, TruthObject};

/// Bits of a picture number, most significant first.
const BITS: usize = 16;
/// The squares are black and white; a reading between these is refused.
const DARK_BELOW: u8 = 96;
const BRIGHT_ABOVE: u8 = 160;

/// Makes test cards.
#[derive(Debug, Clone, Copy)]
pub struct TestCard {
    /// Pixels across, a multiple of 8, at least 64.
    pub width: u32,
    /// Pixels down, even, at least 48.
    pub height: u32,
    /// Pictures a second.
    pub fps: u32,
    /// Pictures until it begins again, up to 65536.
    pub frame_count: u32,
}

/// Side of one square in pixels.
fn side(width: usize) -> usize {
    width / BITS
}

impl FrameSource for TestCard {
    fn width(&self) -> u32 {
        self.width
    }
    fn height(&self) -> u32 {
        self.height
    }
    fn fps(&self) -> u32 {
        self.fps
    }
    fn frame_count(&self) -> u32 {
        self.frame_count
    }

    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        if (out.width, out.height) != (self.width, self.height) {
            *out = I420Frame::new(self.width, self.height);
        }
        let index = index % self.frame_count;
        let width = self.width as usize;
        for (row, line) in out.y.chunks_exact_mut(width).enumerate() {
            for (column, luma) in line.iter_mut().enumerate() {
                *luma = if row < side(width) {
                    let bit = (column / side(width)).min(BITS - 1);
                    if index >> (BITS - 1 - bit) & 1 == 1 { 235 } else { 16 }
                } else {
                    u8::try_from(16 + (column + row + 4 * index as usize) % 200).unwrap_or(u8::MAX)
                };
            }
        }
        out.u.fill(100);
        out.v.fill(150);
        let share = index as f32 / self.frame_count as f32 * 0.5;
        let bbox = [share, 0.5, share + 0.5, 1.0];
        let object =
            TruthObject { id: 1, class: ObjectClass::Car, bbox, full: bbox, visible: 1.0, moving: true };
        FrameTruth { index, at_s: f64::from(index) / f64::from(self.fps), objects: vec![object] }
    }
}

/// Reads the number off the luma of a test card. Nothing where the picture is not one, or is too damaged.
pub fn read_number(luma: &[u8], stride: usize, width: usize) -> Option<u32> {
    let middle = side(width) / 2;
    (0..BITS).try_fold(0, |number, bit| {
        let luma = *luma.get(middle * stride + bit * side(width) + middle)?;
        match luma {
            ..DARK_BELOW => Some(number << 1),
            BRIGHT_ABOVE.. => Some(number << 1 | 1),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_can_be_read_back() {
        let mut card = TestCard { width: 320, height: 176, fps: 25, frame_count: 60_000 };
        let mut frame = I420Frame::new(320, 176);
        for index in [0, 1, 999, 54_321] {
            let truth = card.render(index, &mut frame);
            assert_eq!(truth.index, index);
            assert_eq!(read_number(&frame.y, 320, 320), Some(index));
        }
        frame.y.fill(128);
        assert_eq!(read_number(&frame.y, 320, 320), None);
    }
}
