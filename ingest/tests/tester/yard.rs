//! What a camera shows of a place where little happens.

use gridwatch_sim::{FrameSource, FrameTruth, I420Frame};

/// Pictures until it begins anew.
pub const LOOP_PICTURES: u32 = 500;

/// Pictures from one key picture to the next.
pub const GROUP: u32 = 50;

/// A yard at rest: noise, and from a picture on until the loop ends something stands there.
#[derive(Clone, Copy)]
pub struct Yard;

impl Yard {
    /// Where it comes: between two key pictures.
    pub const COMES_AT: u32 = 5 * GROUP + 20;
}

impl FrameSource for Yard {
    fn width(&self) -> u32 {
        320
    }
    fn height(&self) -> u32 {
        176
    }
    fn fps(&self) -> u32 {
        25
    }
    fn frame_count(&self) -> u32 {
        LOOP_PICTURES
    }
    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        if (out.width, out.height) != (320, 176) {
            *out = I420Frame::new(320, 176);
        }
        let mut random = fastrand::Rng::with_seed(index.into());
        for (row, line) in out.y.chunks_exact_mut(320).enumerate() {
            for (column, luma) in line.iter_mut().enumerate() {
                let stands =
                    index >= Self::COMES_AT && (64..128).contains(&column) && (64..112).contains(&row);
                *luma = (60 + column / 4) as u8 + if stands { 60 } else { 0 } + random.u8(..8);
            }
        }
        FrameTruth { index, at_s: f64::from(index) / 25.0, objects: Vec::new() }
    }
}
