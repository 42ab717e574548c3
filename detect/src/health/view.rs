//! What the health checks look at: a picture reduced to its edges, its sharpness and some of its pixels.
//!
//! In: a whole picture, and the small grey copy of it that places are compared by. Of the whole picture a few rows are looked
//! at, so that it costs some tens of microseconds at 1920×1080. Pure.

use gridwatch_domain::Frame;

use crate::appearance::Grey;

/// Side of a block of the small picture, in its pixels: sixteen blocks along its longer side.
pub(super) const BLOCK: usize = 10;
/// Rows of the whole picture that are looked at, and cells along each, in which sharpness is measured.
const STRIPS: usize = 36;
const CELLS: usize = 16;
/// Of so many strips one is kept, to be compared with a later picture's.
const KEPT_STRIPS: usize = 2;
/// Pixels over which structure is measured, where detail is measured from pixel to pixel: a share of the width, and a range.
const COARSE_SHARE: usize = 160;
const COARSE_RANGE: (usize, usize) = (2, 8);
/// Least structure of a cell in which detail can be told, in squared grey levels a pixel: an edge of some twenty levels …
const LEAST_STRUCTURE: f32 = 12.0;
/// … and so many times what noise makes of it.
const ABOVE_NOISE: f32 = 4.0;
/// Fewer cells with structure say nothing about sharpness.
const LEAST_CELLS: usize = 16;
/// One cell in so many, the flattest, shows nothing but noise.
const FLATTEST: usize = 10;

/// A picture of one camera, small: means of brightness, row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Small {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<f32>,
}

impl Small {
    /// Half of the grey copy's size, four of its pixels to one.
    fn fill(&mut self, grey: &Grey) {
        let (width, height) = (grey.width() / 2, grey.height() / 2);
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        for pair in grey.pixels().chunks_exact(2 * grey.width().max(1)).take(height) {
            let (upper, lower) = pair.split_at(grey.width());
            let columns = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0).take(width);
            self.pixels.extend(columns.map(|(above, below)| {
                let sum: u16 = above.iter().chain(below).map(|&pixel| u16::from(pixel)).sum();
                f32::from(sum) / 4.0
            }));
        }
    }

    pub(super) fn same_size(&self, other: &Self) -> bool {
        (self.width, self.height) == (other.width, other.height)
    }

    /// Whole blocks across and down; a rim of one pixel is left, for the gradients.
    pub(super) fn blocks(&self) -> (usize, usize) {
        (self.width.saturating_sub(2) / BLOCK, self.height.saturating_sub(2) / BLOCK)
    }

    /// At half the size.
    pub(super) fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let pixel = |index: usize| {
            let (x, y) = (2 * (index % width), 2 * (index / width));
            let at = |x: usize, y: usize| self.pixels[y * self.width + x];
            (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4.0
        };
        Self { width, height, pixels: (0..width * height).map(pixel).collect() }
    }
}

/// What is measured of a picture.
#[derive(Debug, Clone, Default)]
pub struct View {
    pub(super) small: Small,
    /// Of the whole picture, in pixels.
    pub(super) size: (u32, u32),
    /// Some rows of the whole picture, as they are.
    pub(super) strips: Vec<u8>,
    /// Detail in proportion to structure: 0 blurred, some 0.2 as cameras are. None where there is too little to tell by.
    pub(super) sharpness: Option<f32>,
    /// Detail and structure of each cell.
    cells: Vec<(f32, f32)>,
    sums: Vec<u16>,
}

impl View {
    /// Takes a picture in, with the small grey copy of it. The planes must be as long as the picture's size says.
    pub fn fill(&mut self, frame: &Frame, grey: &Grey) {
        self.small.fill(grey);
        self.size = (frame.width, frame.height);
        self.strips.clear();
        self.cells.clear();
        let (width, height) = (frame.width as usize, frame.height as usize);
        let (luma, stride) = (frame.planes.y(), frame.planes.y_stride());
        let coarse = (width / COARSE_SHARE).clamp(COARSE_RANGE.0, COARSE_RANGE.1);
        let strips = STRIPS.min(height);
        for strip in 0..strips {
            let row = (2 * strip + 1) * height / (2 * strips);
            let line = &luma[row * stride..][..width];
            if strip.is_multiple_of(KEPT_STRIPS) {
                self.strips.extend_from_slice(line);
            }
            self.measure(line, coarse);
        }
        self.sharpness = self.ratio(coarse);
    }

    /// Detail and structure of each cell of a row, in squared grey levels a pixel.
    fn measure(&mut self, line: &[u8], coarse: usize) {
        let length = line.len() / CELLS;
        if length < 4 * coarse {
            return;
        }
        self.sums.clear();
        let mut sum: u16 = line[..coarse].iter().map(|&pixel| u16::from(pixel)).sum();
        self.sums.push(sum);
        for (&new, &old) in line[coarse..].iter().zip(line) {
            sum = sum + u16::from(new) - u16::from(old);
            self.sums.push(sum);
        }
        let pixels = length - 2 * coarse;
        for cell in 0..CELLS {
            let from = cell * length;
            let fine = &line[from..][..pixels + 1];
            let detail: u32 =
                fine.iter().zip(&fine[1..]).map(|(&a, &b)| square(i32::from(a) - i32::from(b))).sum();
            let run = &self.sums[from..][..pixels + coarse];
            let structure: u32 =
                run.iter().zip(&run[coarse..]).map(|(&a, &b)| square(i32::from(a) - i32::from(b))).sum();
            let each = 1.0 / pixels as f32;
            self.cells.push((detail as f32 * each, structure as f32 * each / (coarse * coarse) as f32));
        }
    }

    /// The median of detail in proportion to structure, noise taken out of both, so that noise does not look sharp.
    fn ratio(&mut self, coarse: usize) -> Option<f32> {
        let nth = self.cells.len() / FLATTEST;
        self.cells.get(nth)?;
        let noise = self.cells.select_nth_unstable_by(nth, |a, b| a.0.total_cmp(&b.0)).1.0;
        // Of white noise, the variance of means goes down with their length.
        let coarse_noise = noise / coarse as f32;
        let least = LEAST_STRUCTURE.max(ABOVE_NOISE * coarse_noise);
        let ratio = |&(detail, structure): &(f32, f32)| {
            let structure = structure - coarse_noise;
            (structure >= least).then(|| (detail - noise).max(0.0) / structure)
        };
        let mut ratios: Vec<f32> = self.cells.iter().filter_map(ratio).collect();
        let middle = ratios.len() / 2;
        (ratios.len() >= LEAST_CELLS).then(|| *ratios.select_nth_unstable_by(middle, f32::total_cmp).1)
    }
}

fn square(difference: i32) -> u32 {
    (difference * difference).unsigned_abs()
}
