//! Turns an NV12 picture of any size into the network's input: resampled, in RGB or BGR, normalised, with padding.
//!
//! In: a [`Frame`] and the manifest's [`Input`]. Out: a planar `f32` tensor in a buffer that is kept between pictures,
//! and the [`Fit`] that leads boxes back to the picture. Refused: planes shorter than their size says.
//!
//! Shrinking averages every source pixel (area), so that 3:1 neither aliases nor loses a thin number plate; enlarging
//! interpolates. Colour is resampled at half the output's size, which is all that 4:2:0 holds. Pictures of at least
//! 720 rows are read as BT.709, others as BT.601, both limited range.

mod color;
mod plane;
mod taps;

use gridwatch_domain::{Frame, NormBox};
use gridwatch_models::{ColorOrder, Input, Letterbox as FitRule};

use self::{
    color::{Coefficients, ColorRows},
    plane::Resampler,
};
use crate::DetectError;

/// How a picture lies in the network's input, in input pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Fit {
    /// Where a picture of `width` × `height` pixels goes.
    pub fn new(input: &Input, width: u32, height: u32) -> Self {
        let (net_width, net_height) = (input.width as usize, input.height as usize);
        if input.letterbox == FitRule::Stretch {
            return Self { left: 0, top: 0, width: net_width, height: net_height };
        }
        let (picture_width, picture_height) = (width.max(1) as usize, height.max(1) as usize);
        // The tighter side fills the input exactly; integers, because floating point may lose the last column.
        let (width, height) = if net_width * picture_height <= net_height * picture_width {
            (net_width, (picture_height * net_width / picture_width).max(1))
        } else {
            ((picture_width * net_height / picture_height).max(1), net_height)
        };
        match input.letterbox {
            FitRule::Center => {
                Self { left: (net_width - width) / 2, top: (net_height - height) / 2, width, height }
            }
            FitRule::TopLeft | FitRule::Stretch => Self { left: 0, top: 0, width, height },
        }
    }

    /// A box in input pixels, as a share of the picture; `None` where nothing of it lies within the picture or a
    /// corner is no number.
    pub fn to_picture(self, x1: f32, y1: f32, x2: f32, y2: f32) -> Option<NormBox> {
        let across = |x: f32| (x - self.left as f32) / self.width as f32;
        let down = |y: f32| (y - self.top as f32) / self.height as f32;
        NormBox::clipped(across(x1), down(y1), across(x2), down(y2))
    }
}

/// Fills the network's input, picture after picture. Keeps its tables and buffers while pictures keep their size.
pub struct Letterbox {
    input: Input,
    tensor: Vec<f32>,
    plan: Option<Plan>,
}

/// What one size of picture needs.
struct Plan {
    picture: (u32, u32),
    fit: Fit,
    luma: Resampler,
    chroma: Resampler,
    coefficients: Coefficients,
    luma_row: Vec<f32>,
    colors: ColorRows,
}

impl Letterbox {
    /// For a network's input.
    pub fn new(input: &Input) -> Self {
        let pixels = input.width as usize * input.height as usize;
        Self { input: input.clone(), tensor: vec![0.0; 3 * pixels], plan: None }
    }

    /// The tensor, `[3, height, width]`, as the last [`fill`](Self::fill) left it.
    pub fn tensor(&self) -> &[f32] {
        &self.tensor
    }

    /// Writes `frame` into the tensor.
    ///
    /// # Errors
    /// [`DetectError::Frame`] where the planes hold less than the frame's size says.
    pub fn fill(&mut self, frame: &Frame) -> Result<Fit, DetectError> {
        check_planes(frame)?;
        let picture = (frame.width, frame.height);
        let mut plan = match self.plan.take() {
            Some(plan) if plan.picture == picture => plan,
            _ => {
                self.pad();
                Plan::new(&self.input, picture)
            }
        };
        plan.run(frame, self.input.width as usize, &mut self.tensor);
        let fit = plan.fit;
        self.plan = Some(plan);
        Ok(fit)
    }

    fn pad(&mut self) {
        let pixels = self.tensor.len() / 3;
        for (channel, plane) in self.tensor.chunks_exact_mut(pixels).enumerate() {
            let (factor, offset) = normalisation(&self.input, channel);
            plane.fill(f32::from(self.input.pad) * factor + offset);
        }
    }
}

impl Plan {
    fn new(input: &Input, picture: (u32, u32)) -> Self {
        let fit = Fit::new(input, picture.0, picture.1);
        let (width, height) = (picture.0 as usize, picture.1 as usize);
        let ratio = (width as f64 / fit.width as f64, height as f64 / fit.height as f64);
        let chroma_size = (fit.width.div_ceil(2), fit.height.div_ceil(2));
        Self {
            picture,
            fit,
            luma: Resampler::new((width, height), (fit.width, fit.height), ratio, 1),
            chroma: Resampler::new((width.div_ceil(2), height.div_ceil(2)), chroma_size, ratio, 2),
            coefficients: Coefficients::new(input, picture.1),
            luma_row: vec![0.0; fit.width],
            colors: ColorRows::new(fit.width),
        }
    }

    fn run(&mut self, frame: &Frame, net_width: usize, tensor: &mut [f32]) {
        let planes = &*frame.planes;
        let pixels = tensor.len() / 3;
        let (first, rest) = tensor.split_at_mut(pixels);
        let (second, third) = rest.split_at_mut(pixels);
        for row in 0..self.fit.height {
            if row % 2 == 0 {
                let [u_row, v_row] = self.colors.chroma_rows();
                self.chroma.row(row / 2, planes.uv(), planes.uv_stride(), &mut [u_row, v_row]);
                self.colors.spread(&self.coefficients);
            }
            self.luma.row(row, planes.y(), planes.y_stride(), &mut [&mut self.luma_row]);
            let start = (self.fit.top + row) * net_width + self.fit.left;
            let span = start..start + self.fit.width;
            let outputs = [&mut first[span.clone()], &mut second[span.clone()], &mut third[span]];
            self.colors.write(&self.coefficients, &self.luma_row, outputs);
        }
    }
}

/// Factor and offset that lead a channel value 0–255 to what the network is fed: `(v · scale − mean) / std`.
fn normalisation(input: &Input, channel: usize) -> (f32, f32) {
    (input.scale / input.std[channel], -input.mean[channel] / input.std[channel])
}

/// Which of red (0), green (1), blue (2) the channels are, in the input's order.
fn channel_order(order: ColorOrder) -> [usize; 3] {
    match order {
        ColorOrder::Rgb => [0, 1, 2],
        ColorOrder::Bgr => [2, 1, 0],
    }
}

/// Refuses planes that are shorter than the frame says, so that nothing reads beyond them.
pub(crate) fn check_planes(frame: &Frame) -> Result<(), DetectError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let planes = &*frame.planes;
    let holds = |plane: &[u8], stride: usize, width: usize, height: usize| {
        height > 0 && width > 0 && stride >= width && plane.len() >= stride * (height - 1) + width
    };
    let luma = holds(planes.y(), planes.y_stride(), width, height);
    let chroma = holds(planes.uv(), planes.uv_stride(), width.div_ceil(2) * 2, height.div_ceil(2));
    if luma && chroma {
        Ok(())
    } else {
        Err(DetectError::Frame {
            width: frame.width,
            height: frame.height,
            luma: planes.y().len(),
            chroma: planes.uv().len(),
        })
    }
}

#[cfg(test)]
mod tests;
