//! Turns an NV12 picture of any size into the network's input: resampled, in RGB or BGR, normalised, with padding.
//!
//! In: a [`Frame`], the manifest's [`Input`], and a [`Canvas`] in the network's own order and precision, which is kept
//! between pictures. Out: the canvas written, and the [`Fit`] that leads boxes back to the picture. Refused: planes shorter
//! than their size says.
//!
//! One pass: of each two rows of the input at a time, from source rows to normalised numbers; between the steps lie single
//! rows, never a picture, and nothing is allocated once a size of picture has been seen.
//!
//! Shrinking averages every source pixel (area), so that 3:1 neither aliases nor loses a thin number plate; enlarging
//! interpolates. Colour is resampled at half the output's size, which is all that 4:2:0 holds. Pictures of at least
//! 720 rows are read as BT.709, others as BT.601, both limited range.

mod canvas;
mod color;
mod fit;
mod kernel;
mod plane;
mod taps;

use gridwatch_domain::Frame;
use gridwatch_models::Input;

pub use self::{
    canvas::{Canvas, Pixels},
    fit::Fit,
};
use self::{color::Channel, kernel::Kernel, plane::Resampler};
use crate::{DetectError, tiles::Region};

/// Sizes of pictures whose tables are kept. A box has a handful of camera models; of more, those seen last stay.
const MOST_PLANS: usize = 16;

/// Fills the network's input, picture after picture. Keeps tables and rows for the sizes of pictures it has seen.
pub struct Letterbox {
    input: Input,
    kernel: &'static Kernel,
    /// Last used last.
    plans: Vec<Plan>,
}

/// What one size of picture needs in one size of input.
struct Plan {
    /// Width and height of what is read of the picture.
    picture: (u32, u32),
    /// Rows of the whole picture, which say how its colours are meant.
    picture_height: u32,
    size: (usize, usize),
    fit: Fit,
    luma: Resampler,
    chroma: Resampler,
    channels: [Channel; 3],
    /// What colour adds to each channel, for two rows.
    additions: [Vec<f32>; 3],
    /// A row of each channel, for inputs that are not what the kernel writes.
    rows: [Vec<f32>; 3],
}

impl Letterbox {
    /// For a network's input.
    pub fn new(input: &Input) -> Self {
        Self::with_kernel(input, Kernel::best())
    }

    fn with_kernel(input: &Input, kernel: &'static Kernel) -> Self {
        Self { input: input.clone(), kernel, plans: Vec::with_capacity(MOST_PLANS) }
    }

    /// Which instructions it uses, for people: `AVX2`, say.
    pub fn instructions(&self) -> &'static str {
        self.kernel.name
    }

    /// Writes `frame` into `canvas`, as [`fill_region`](Self::fill_region) does a part of it.
    ///
    /// # Errors
    /// [`DetectError::Frame`] where the planes hold less than the frame's size says.
    ///
    /// # Panics
    /// Where the canvas holds another number of values than its size says.
    pub fn fill(&mut self, frame: &Frame, canvas: Canvas<'_>) -> Result<Fit, DetectError> {
        self.fill_region(frame, Region::whole(frame.width, frame.height), canvas)
    }

    /// Writes what lies in `region` of `frame` into `canvas`. Boxes that the fit leads back are shares of the region.
    ///
    /// # Errors
    /// [`DetectError::Frame`] where the planes hold less than the frame's size says.
    ///
    /// # Panics
    /// Where the canvas holds another number of values than its size says, and where the region is none of the frame.
    pub fn fill_region(
        &mut self,
        frame: &Frame,
        region: Region,
        mut canvas: Canvas<'_>,
    ) -> Result<Fit, DetectError> {
        check_planes(frame)?;
        assert!(canvas.is_whole(), "a canvas of {:?} pixels", canvas.size);
        assert!(region.is_within(frame.width, frame.height), "{region:?} of {frame:?}");
        let plan = self.plan((region.width, region.height), frame.height, canvas.size);
        let (plan, kernel, input) = (&mut self.plans[plan], self.kernel, &self.input);
        if *canvas.covered != Some(plan.fit) {
            canvas.pixels.fill(input.layout, color::padding(input));
            *canvas.covered = Some(plan.fit);
        }
        plan.run(kernel, input, (frame, region), &mut canvas);
        Ok(plan.fit)
    }

    /// The index of the plan for this size of picture and input.
    fn plan(&mut self, picture: (u32, u32), picture_height: u32, size: (usize, usize)) -> usize {
        let wanted = |plan: &Plan| {
            plan.picture == picture && plan.picture_height == picture_height && plan.size == size
        };
        let last = match self.plans.iter().position(wanted) {
            Some(index) => self.plans.remove(index),
            None => {
                if self.plans.len() == MOST_PLANS {
                    self.plans.remove(0);
                }
                Plan::new(&self.input, picture, picture_height, size)
            }
        };
        self.plans.push(last);
        self.plans.len() - 1
    }
}

impl Plan {
    fn new(input: &Input, picture: (u32, u32), picture_height: u32, size: (usize, usize)) -> Self {
        let fit = Fit::within(size, input.letterbox, picture.0, picture.1);
        let (width, height) = (picture.0 as usize, picture.1 as usize);
        let ratio = (width as f64 / fit.width as f64, height as f64 / fit.height as f64);
        let (half_width, half_height) = (fit.width.div_ceil(2), fit.height.div_ceil(2));
        let half_source = (width.div_ceil(2), height.div_ceil(2));
        Self {
            picture,
            picture_height,
            size,
            fit,
            luma: Resampler::luma((width, height), (fit.width, fit.height), ratio),
            chroma: Resampler::chroma(half_source, (half_width, half_height), ratio),
            channels: color::channels(input, picture_height),
            additions: [(); 3].map(|()| vec![0.0; 2 * half_width]),
            rows: [(); 3].map(|()| vec![0.0; fit.width]),
        }
    }

    fn run(
        &mut self,
        kernel: &Kernel,
        input: &Input,
        (frame, region): (&Frame, Region),
        canvas: &mut Canvas<'_>,
    ) {
        let planes = &*frame.planes;
        let (left, top) = (region.left as usize, region.top as usize);
        let (y_stride, uv_stride) = (planes.y_stride(), planes.uv_stride());
        // Chroma has half as many rows, and two numbers for two columns.
        let y_plane = &planes.y()[top * y_stride + left..];
        let uv_plane = &planes.uv()[top / 2 * uv_stride + left..];
        for row in 0..self.fit.height {
            if row % 2 == 0 {
                let chroma = self.chroma.row(kernel, row / 2, uv_plane, uv_stride);
                kernel.spread(&self.channels, chroma, self.additions.each_mut().map(Vec::as_mut_slice));
            }
            let luma = self.luma.row(kernel, row, y_plane, y_stride);
            let start = (self.fit.top + row) * self.size.0 + self.fit.left;
            let write = |outputs: [&mut [f32]; 3]| {
                for ((channel, addition), output) in self.channels.iter().zip(&self.additions).zip(outputs) {
                    kernel.mix(channel, luma, addition, output);
                }
            };
            match canvas.pixels.rows(input.layout, start, self.fit.width) {
                Some(rows) => write(rows),
                None => {
                    write(self.rows.each_mut().map(Vec::as_mut_slice));
                    canvas.pixels.write(input.layout, start, self.rows.each_ref().map(Vec::as_slice));
                }
            }
        }
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
