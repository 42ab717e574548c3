//! Where a picture lies in the network's input, and how boxes lead back.

use gridwatch_domain::NormBox;
use gridwatch_models::{Input, Letterbox as FitRule};

/// How a picture lies in the network's input, in input pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Fit {
    /// Where a picture of `width` × `height` pixels goes.
    pub fn new(input: &Input, width: u32, height: u32) -> Self {
        Self::within((input.width as usize, input.height as usize), input.letterbox, width, height)
    }

    /// Where a picture of `width` × `height` pixels goes in an input of `size` (width, height).
    pub(crate) fn within(size: (usize, usize), rule: FitRule, width: u32, height: u32) -> Self {
        let (net_width, net_height) = size;
        if rule == FitRule::Stretch {
            return Self { left: 0, top: 0, width: net_width, height: net_height };
        }
        let (picture_width, picture_height) = (width.max(1) as usize, height.max(1) as usize);
        // The tighter side fills the input exactly; integers, because floating point may lose the last column.
        let (width, height) = if net_width * picture_height <= net_height * picture_width {
            (net_width, (picture_height * net_width / picture_width).max(1))
        } else {
            ((picture_width * net_height / picture_height).max(1), net_height)
        };
        match rule {
            FitRule::Center => {
                Self { left: (net_width - width) / 2, top: (net_height - height) / 2, width, height }
            }
            FitRule::TopLeft | FitRule::Stretch => Self { left: 0, top: 0, width, height },
        }
    }

    /// Input pixels that it takes up, across and down.
    pub fn size(self) -> (usize, usize) {
        (self.width, self.height)
    }

    /// A box in input pixels, as a share of the picture; `None` where nothing of it lies within the picture or a
    /// corner is no number.
    pub fn to_picture(self, x1: f32, y1: f32, x2: f32, y2: f32) -> Option<NormBox> {
        let across = |x: f32| (x - self.left as f32) / self.width as f32;
        let down = |y: f32| (y - self.top as f32) / self.height as f32;
        NormBox::clipped(across(x1), down(y1), across(x2), down(y2))
    }
}
