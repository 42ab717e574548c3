//! What places look like: a small grey copy of the picture, patches cut from it, and how alike two patches are.
//!
//! Small networks miss a standing car for tens of seconds. Whether it is still there can be seen without them: its
//! patch of the picture has not changed. Likeness is the normalised cross-correlation of luminance, which brightness
//! and contrast do not touch. Pure.

mod background;
mod patch;

use std::ops::Range;

use gridwatch_domain::{Frame, NormBox};

pub use self::{
    background::Background,
    patch::{Covered, Patch},
};

/// Longer side of the grey copy, in pixels: a car at the far end of a yard still has some ten pixels.
const LONGER_SIDE: usize = 320;
/// Pixels of the grey copy along one side of a cell of one colour: colours are coarse in every video.
const COLOUR_CELL: usize = 2;

/// A small grey copy of a picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// Colours (U, V; 128 is none), a pixel for each [`COLOUR_CELL`] both ways; empty where there are none.
    colours: Vec<[u8; 2]>,
}

impl Grey {
    /// Of pixels row by row; `None` where their number is not `width · height`, or is none.
    pub fn new(width: usize, height: usize, pixels: Vec<u8>) -> Option<Self> {
        let colours = Vec::new();
        (!pixels.is_empty() && pixels.len() == width * height).then_some(Self {
            width,
            height,
            pixels,
            colours,
        })
    }

    /// Takes a frame's luminance, four samples to a pixel. The planes must be as long as the frame's size says.
    pub fn fill(&mut self, frame: &Frame) {
        self.fill_luma(frame, LONGER_SIDE);
        self.fill_colours(frame);
    }

    /// The same, twice as large and without colours: fine enough to see whether something has moved by a hand's breadth.
    pub fn fill_finely(&mut self, frame: &Frame) {
        self.fill_luma(frame, 2 * LONGER_SIDE);
        self.colours.clear();
    }

    fn fill_luma(&mut self, frame: &Frame, longer_side: usize) {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let longer = width.max(height);
        let scaled = |side: usize| (side * longer_side.min(longer) / longer).max(1);
        (self.width, self.height) = (scaled(width), scaled(height));
        self.pixels.clear();
        let (luma, stride) = (frame.planes.y(), frame.planes.y_stride());
        // Quarter points of each cell, so that neither its rim nor its middle alone decides.
        let samples = |cells: usize, length: usize| -> Vec<[usize; 2]> {
            (0..cells)
                .map(|cell| [4 * cell + 1, 4 * cell + 3].map(|quarter| quarter * length / (4 * cells)))
                .collect()
        };
        let columns = samples(self.width, width);
        for rows in samples(self.height, height) {
            let [upper, lower] = rows.map(|row| &luma[row * stride..][..width]);
            self.pixels.extend(columns.iter().map(|&[left, right]| {
                let sum =
                    [upper[left], upper[right], lower[left], lower[right]].map(u16::from).iter().sum::<u16>();
                (sum / 4) as u8
            }));
        }
    }

    /// Takes another picture over, but for what is covered in it.
    pub(crate) fn take_uncovered(&mut self, other: &Self, covered: &[NormBox]) {
        if !self.same_size(other) {
            self.clone_from(other);
            return;
        }
        let covered: Vec<_> = covered.iter().map(|bbox| other.span(*bbox)).collect();
        for row in 0..self.height {
            let mut spans: Vec<&Range<usize>> =
                covered.iter().filter(|(_, rows)| rows.contains(&row)).map(|(columns, _)| columns).collect();
            spans.sort_unstable_by_key(|columns| columns.start);
            let mut free = 0;
            for columns in spans {
                if columns.start > free {
                    self.copy_row(other, row, free..columns.start);
                }
                free = free.max(columns.end);
            }
            self.copy_row(other, row, free..self.width);
        }
    }

    fn copy_row(&mut self, other: &Self, row: usize, columns: Range<usize>) {
        let pixels = row * self.width + columns.start..row * self.width + columns.end;
        self.pixels[pixels.clone()].copy_from_slice(&other.pixels[pixels]);
    }

    /// One sample from the middle of each cell.
    fn fill_colours(&mut self, frame: &Frame) {
        let (columns, rows) = (self.width.div_ceil(COLOUR_CELL), self.height.div_ceil(COLOUR_CELL));
        let (chroma, stride) = (frame.planes.uv(), frame.planes.uv_stride());
        let (width, height) = (frame.width.div_ceil(2) as usize, frame.height.div_ceil(2) as usize);
        self.colours.clear();
        for row in 0..rows {
            let line = &chroma[(2 * row + 1) * height / (2 * rows) * stride..][..2 * width];
            let pair = |column: usize| 2 * ((2 * column + 1) * width / (2 * columns));
            self.colours.extend((0..columns).map(|column| [line[pair(column)], line[pair(column) + 1]]));
        }
    }

    /// The colour at a place of the picture; that of grey where there are none.
    pub(crate) fn colour(&self, x: f32, y: f32) -> [u8; 2] {
        let (columns, rows) = (self.width.div_ceil(COLOUR_CELL), self.height.div_ceil(COLOUR_CELL));
        let cell = |share: f32, cells: usize| ((share * cells as f32) as usize).min(cells.saturating_sub(1));
        let index = cell(y, rows) * columns + cell(x, columns);
        self.colours.get(index).copied().unwrap_or([128, 128])
    }

    /// The brightness at a place of the picture; 0 without one.
    pub(crate) fn brightness(&self, x: f32, y: f32) -> u8 {
        let cell = |share: f32, cells: usize| ((share * cells as f32) as usize).min(cells.saturating_sub(1));
        let index = cell(y, self.height) * self.width + cell(x, self.width);
        self.pixels.get(index).copied().unwrap_or(0)
    }

    /// Pixels across.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Brightness, row by row.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    fn same_size(&self, other: &Self) -> bool {
        (self.width, self.height) == (other.width, other.height)
    }

    /// The pixels that a box covers: columns and rows.
    fn span(&self, bbox: NormBox) -> (Range<usize>, Range<usize>) {
        let range = |from: f32, to: f32, length: usize| {
            let start = (from * length as f32).floor() as usize;
            start.min(length)..((to * length as f32).ceil() as usize).min(length)
        };
        (range(bbox.x1(), bbox.x2(), self.width), range(bbox.y1(), bbox.y2(), self.height))
    }
}

#[cfg(test)]
pub(crate) mod tests;
