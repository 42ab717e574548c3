//! The memory that a picture is written into: the network's input, in its own precision and order.

use gridwatch_models::Layout;
use half::{f16, slice::HalfFloatSliceExt as _};

use super::Fit;

/// The numbers of one picture of the network's input, `3 · width · height` of them.
#[derive(Debug)]
pub enum Pixels<'a> {
    /// Single precision.
    Float32(&'a mut [f32]),
    /// Half precision, rounded to the nearest.
    Float16(&'a mut [f16]),
    /// Bytes, rounded to the nearest and held within 0–255.
    Uint8(&'a mut [u8]),
}

/// One picture of the network's input.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// Its numbers.
    pub pixels: Pixels<'a>,
    /// Its width and height, pixels.
    pub size: (usize, usize),
    /// What of it the last picture has covered, which the letterbox notes here: what lies outside is padding already.
    /// `None` where nothing has been written yet.
    pub covered: &'a mut Option<Fit>,
}

impl Pixels<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Float32(values) => values.len(),
            Self::Float16(values) => values.len(),
            Self::Uint8(values) => values.len(),
        }
    }

    /// The numbers, in single precision.
    pub(crate) fn to_single(&self) -> Vec<f32> {
        match self {
            Self::Float32(values) => values.to_vec(),
            Self::Float16(values) => values.to_f32_vec(),
            Self::Uint8(values) => values.iter().map(|&value| f32::from(value)).collect(),
        }
    }

    /// Writes the same three numbers at each pixel.
    pub(super) fn fill(&mut self, layout: Layout, color: [f32; 3]) {
        match self {
            Self::Float32(values) => fill(values, layout, color),
            Self::Float16(values) => fill(values, layout, color.map(f16::from_f32)),
            Self::Uint8(values) => fill(values, layout, color.map(to_byte)),
        }
    }

    /// Writes rows of the three channels from the pixel of index `start` on.
    pub(super) fn write(&mut self, layout: Layout, start: usize, rows: [&[f32]; 3]) {
        let pixels = self.len() / 3;
        match (self, layout) {
            (Self::Float32(values), Layout::Nchw) => {
                planar(values, pixels, start, rows, |to, from| to.copy_from_slice(from));
            }
            (Self::Float16(values), Layout::Nchw) => {
                planar(values, pixels, start, rows, |to, from| to.convert_from_f32_slice(from));
            }
            (Self::Uint8(values), Layout::Nchw) => {
                planar(values, pixels, start, rows, |to, from| {
                    to.iter_mut().zip(from).for_each(|(to, &from)| *to = to_byte(from));
                });
            }
            (Self::Float32(values), Layout::Nhwc) => interleaved(values, start, rows, |value| value),
            (Self::Float16(values), Layout::Nhwc) => interleaved(values, start, rows, f16::from_f32),
            (Self::Uint8(values), Layout::Nhwc) => interleaved(values, start, rows, to_byte),
        }
    }

    /// The rows of the three channels themselves, where they are what the kernel writes: single precision, planar.
    pub(super) fn rows(&mut self, layout: Layout, start: usize, width: usize) -> Option<[&mut [f32]; 3]> {
        let pixels = self.len() / 3;
        match (self, layout) {
            (Self::Float32(values), Layout::Nchw) => Some(planes(values, pixels, start, width)),
            _ => None,
        }
    }
}

impl Canvas<'_> {
    /// Whether it holds as many numbers as its size says.
    pub(super) fn is_whole(&self) -> bool {
        self.size.0 > 0 && self.size.1 > 0 && self.pixels.len() == 3 * self.size.0 * self.size.1
    }
}

/// To the nearest byte; `as` holds it within 0–255.
fn to_byte(value: f32) -> u8 {
    (value + 0.5) as u8
}

fn fill<T: Copy>(values: &mut [T], layout: Layout, color: [T; 3]) {
    match layout {
        Layout::Nchw => {
            let pixels = (values.len() / 3).max(1);
            values.chunks_exact_mut(pixels).zip(color).for_each(|(plane, value)| plane.fill(value));
        }
        Layout::Nhwc => values.as_chunks_mut::<3>().0.fill(color),
    }
}

fn planes<T>(values: &mut [T], pixels: usize, start: usize, width: usize) -> [&mut [T]; 3] {
    let (first, rest) = values.split_at_mut(pixels);
    let (second, third) = rest.split_at_mut(pixels);
    [first, second, third].map(|plane| &mut plane[start..start + width])
}

fn planar<T>(
    values: &mut [T],
    pixels: usize,
    start: usize,
    rows: [&[f32]; 3],
    convert: impl Fn(&mut [T], &[f32]),
) {
    let targets = planes(values, pixels, start, rows[0].len());
    targets.into_iter().zip(rows).for_each(|(to, from)| convert(to, from));
}

fn interleaved<T>(
    values: &mut [T],
    start: usize,
    [first, second, third]: [&[f32]; 3],
    to: impl Fn(f32) -> T,
) {
    let pixels = values[3 * start..].as_chunks_mut::<3>().0;
    for (((pixel, &a), &b), &c) in pixels.iter_mut().zip(first).zip(second).zip(third) {
        *pixel = [to(a), to(b), to(c)];
    }
}
