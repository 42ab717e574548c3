//! What places look like: a small grey copy of the picture, patches cut from it, and how alike two patches are.
//!
//! Small networks miss a standing car for tens of seconds. Whether it is still there can be seen without them: its
//! patch of the picture has not changed. Likeness is the normalised cross-correlation of luminance, which brightness
//! and contrast do not touch. Pure.

use std::ops::Range;

use gridwatch_domain::{Frame, NormBox};
use serde::{Deserialize, Serialize};

/// Longer side of the grey copy, in pixels: a car at the far end of a yard still has some ten pixels.
const LONGER_SIDE: usize = 320;
/// Pixels of the grey copy along one side of a cell of one colour: colours are coarse in every video.
const COLOUR_CELL: usize = 2;
/// Pixels along one side of a patch.
const SIDE: usize = 24;
const PIXELS: usize = SIDE * SIDE;
/// Least standard deviation, in grey levels, for a patch to say anything: below is noise.
const LEAST_CONTRAST: f32 = 4.0;
/// Share of a box that its patch takes from the middle: the rim is ground and whatever else passes by.
const INNER_SHARE: f32 = 0.9;
/// Of a patch at least one part in so many must be free for it to be compared.
const LEAST_FREE: usize = 4;
/// Steps of a kept pixel: one hexadecimal digit.
const KEPT_LEVELS: f32 = 15.0;
/// Standard deviations from dark to bright that a kept pixel can tell apart, half of them to each side.
const KEPT_RANGE: f32 = 5.0;

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

/// What a box of the picture looks like, brightness and contrast taken out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Patch {
    /// Mean 0, length 1; empty where the box is flat, as asphalt and darkness are.
    values: Vec<f32>,
}

impl Patch {
    /// Cuts a box out; `None` without a picture.
    pub fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
        if grey.pixels.is_empty() {
            return None;
        }
        const SAMPLES: usize = 2 * SIDE;
        let positions = |from: f32, to: f32, length: usize| -> [usize; SAMPLES] {
            let rim = (to - from) * (1.0 - INNER_SHARE) / 2.0;
            std::array::from_fn(|index| {
                let share = (index as f32 + 0.5) / SAMPLES as f32;
                let at = from + rim + (to - from - 2.0 * rim) * share;
                ((at * length as f32) as usize).min(length - 1)
            })
        };
        let columns = positions(bbox.x1(), bbox.x2(), grey.width);
        let rows = positions(bbox.y1(), bbox.y2(), grey.height);
        let mut values = vec![0.0; PIXELS];
        for (index, &row) in rows.iter().enumerate() {
            let line = &grey.pixels[row * grey.width..][..grey.width];
            let cells = &mut values[index / 2 * SIDE..][..SIDE];
            for (cell, pair) in cells.iter_mut().zip(columns.as_chunks::<2>().0) {
                *cell += f32::from(line[pair[0]]) + f32::from(line[pair[1]]);
            }
        }
        // Four samples to a cell.
        Some(Self::normalised(values, 4.0 * LEAST_CONTRAST).unwrap_or(Self { values: Vec::new() }))
    }

    /// Whether there is nothing to recognise.
    pub fn is_flat(&self) -> bool {
        self.values.is_empty()
    }

    /// How alike two patches are: 1 the same, 0 nothing in common, −1 the negative. What is flat is like all that is.
    pub fn likeness(&self, other: &Self) -> f32 {
        if self.is_flat() && other.is_flat() {
            return 1.0;
        }
        self.values.iter().zip(&other.values).map(|(a, b)| a * b).sum()
    }

    /// As [`likeness`](Self::likeness), of what is not `covered` alone; `None` where too little is left.
    pub fn likeness_outside(&self, other: &Self, covered: &Covered) -> Option<f32> {
        let free: Vec<usize> = (0..PIXELS).filter(|&pixel| !covered.pixels[pixel]).collect();
        if free.len() < PIXELS / LEAST_FREE {
            return None;
        }
        let mean =
            |patch: &Self| free.iter().map(|&pixel| patch.value(pixel)).sum::<f32>() / free.len() as f32;
        let (mean_a, mean_b) = (mean(self), mean(other));
        let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
        for &pixel in &free {
            let (a, b) = (self.value(pixel) - mean_a, other.value(pixel) - mean_b);
            (ab, aa, bb) = (ab + a * b, aa + a * a, bb + b * b);
        }
        // Of a patch of length 1 this share would hold so much, were its contrast even.
        let flat = 0.05 * free.len() as f32 / PIXELS as f32;
        match (aa < flat, bb < flat) {
            (true, true) => Some(1.0),
            (false, false) => Some(ab / (aa * bb).sqrt()),
            _ => Some(0.0),
        }
    }

    fn value(&self, pixel: usize) -> f32 {
        self.values.get(pixel).copied().unwrap_or(0.0)
    }

    /// Turns by `share` (0–1) into `newer`.
    pub fn follow(&mut self, newer: &Self, share: f32) {
        if self.is_flat() || newer.is_flat() {
            self.clone_from(newer);
            return;
        }
        let mixed =
            self.values.iter().zip(&newer.values).map(|(old, new)| old + (new - old) * share).collect();
        if let Some(mixed) = Self::normalised(mixed, 0.0) {
            *self = mixed;
        }
    }

    /// `None` where the values are flat.
    fn normalised(mut values: Vec<f32>, least_deviation: f32) -> Option<Self> {
        let mean = values.iter().sum::<f32>() / PIXELS as f32;
        values.iter_mut().for_each(|value| *value -= mean);
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length <= (least_deviation * (PIXELS as f32).sqrt()).max(1e-3) {
            return None;
        }
        values.iter_mut().for_each(|value| *value /= length);
        Some(Self { values })
    }
}

impl From<Patch> for String {
    /// One hexadecimal digit a pixel: likeness needs no more.
    fn from(patch: Patch) -> Self {
        let unit = (PIXELS as f32).sqrt();
        let digit = |value: &f32| {
            let share = (value * unit / KEPT_RANGE + 0.5).clamp(0.0, 1.0);
            char::from_digit((share * KEPT_LEVELS).round() as u32, 16).unwrap_or('0')
        };
        patch.values.iter().map(digit).collect()
    }
}
impl TryFrom<String> for Patch {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self { values: Vec::new() });
        }
        let value = |digit: char| Some(digit.to_digit(16)? as f32 / KEPT_LEVELS - 0.5);
        let values: Option<Vec<f32>> = text.chars().map(value).collect();
        values
            .filter(|values| values.len() == PIXELS)
            .and_then(|values| Self::normalised(values, 0.0))
            .ok_or_else(|| {
                format!("patch of {} characters: expected {PIXELS} hexadecimal digits", text.len())
            })
    }
}

/// Which pixels of a box's patch something else is in front of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    pixels: Box<[bool; PIXELS]>,
}

impl Covered {
    /// Of the patch of `bbox`, what `others` cover; `None` where that is nothing.
    pub fn by(bbox: NormBox, others: impl Iterator<Item = NormBox>) -> Option<Self> {
        let mut covered: Option<Self> = None;
        for other in others {
            let columns = cells(bbox.x1(), bbox.x2(), other.x1(), other.x2());
            let rows = cells(bbox.y1(), bbox.y2(), other.y1(), other.y2());
            if columns.is_empty() {
                continue;
            }
            for row in rows {
                let all = covered.get_or_insert_with(|| Self { pixels: Box::new([false; PIXELS]) });
                all.pixels[row * SIDE..][columns.clone()].fill(true);
            }
        }
        covered
    }
}

/// Cells of a patch from `from` to `to`, along one axis, that lie between `first` and `last`.
fn cells(from: f32, to: f32, first: f32, last: f32) -> Range<usize> {
    let rim = (to - from) * (1.0 - INNER_SHARE) / 2.0;
    let cell = |at: f32| ((at - from - rim) / (to - from - 2.0 * rim) * SIDE as f32).clamp(0.0, SIDE as f32);
    let start = cell(first).floor() as usize;
    start..(cell(last).ceil() as usize).max(start)
}

/// The camera's picture without what comes and goes: a slow average that leaves out what is covered.
#[derive(Debug, Clone, Default)]
pub struct Background {
    grey: Grey,
    /// Average times 256, so that small steps are not lost.
    sums: Vec<u16>,
    covered: Vec<bool>,
}

impl Background {
    /// Takes a picture in by `share` (0–1), except where `covered` says that something stands or passes.
    pub fn update(&mut self, grey: &Grey, covered: impl Iterator<Item = NormBox>, share: f32) {
        if !self.grey.same_size(grey) {
            self.reset(grey);
            return;
        }
        self.note_covered(grey, covered);
        let share = (share.clamp(0.0, 1.0) * 256.0) as i32;
        let averages = self.sums.iter_mut().zip(&mut self.grey.pixels);
        for ((&pixel, &covered), (sum, average)) in grey.pixels.iter().zip(&self.covered).zip(averages) {
            if !covered {
                let step = (((i32::from(pixel) << 8) - i32::from(*sum)) * share) >> 8;
                *sum = (i32::from(*sum) + step) as u16;
                *average = (*sum >> 8) as u8;
            }
        }
    }

    fn note_covered(&mut self, grey: &Grey, covered: impl Iterator<Item = NormBox>) {
        self.covered.clear();
        self.covered.resize(grey.pixels.len(), false);
        for bbox in covered {
            let (columns, rows) = grey.span(bbox);
            for row in rows {
                self.covered[row * grey.width..][columns.clone()].fill(true);
            }
        }
    }

    /// Begins anew with a picture.
    pub fn reset(&mut self, grey: &Grey) {
        self.grey.clone_from(grey);
        self.sums = grey.pixels.iter().map(|&pixel| u16::from(pixel) << 8).collect();
    }

    /// Takes a box over from a picture at once, except where `covered` says that something else is already: what stood there has left.
    pub fn uncover(&mut self, grey: &Grey, bbox: NormBox, covered: impl Iterator<Item = NormBox>) {
        if !self.grey.same_size(grey) {
            return;
        }
        self.note_covered(grey, covered);
        let (columns, rows) = grey.span(bbox);
        for row in rows {
            let line = row * grey.width + columns.start..row * grey.width + columns.end;
            for index in line.filter(|&index| !self.covered[index]) {
                self.grey.pixels[index] = grey.pixels[index];
                self.sums[index] = u16::from(grey.pixels[index]) << 8;
            }
        }
    }

    /// What a box looks like when nothing is in it, as far as that was seen.
    pub fn patch(&self, bbox: NormBox) -> Option<Patch> {
        Patch::cut(&self.grey, bbox)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A texture that differs with `seed`, so that different things look different.
    pub(crate) fn texture(seed: u64) -> impl FnMut() -> u8 {
        let mut random = fastrand::Rng::with_seed(seed);
        move || random.u8(40..220)
    }

    pub(crate) fn grey(seed: u64) -> Grey {
        let mut next = texture(seed);
        // Blocks of four, as things have surfaces.
        let blocks: Vec<u8> = (0..40 * 23).map(|_| next()).collect();
        let pixels = (0..160 * 90).map(|index| blocks[index / 160 / 4 * 40 + index % 160 / 4]).collect();
        Grey::new(160, 90, pixels).expect("as many pixels as its size says")
    }

    fn bbox() -> NormBox {
        NormBox::new(0.2, 0.3, 0.5, 0.6).expect("valid")
    }

    fn cut(grey: &Grey) -> Patch {
        Patch::cut(grey, bbox()).expect("there is a picture")
    }

    #[test]
    fn the_same_in_another_light_is_alike_and_something_else_is_not() {
        let bright = grey(1);
        let dark =
            Grey { pixels: bright.pixels.iter().map(|&pixel| pixel / 3 + 20).collect(), ..bright.clone() };
        assert!(cut(&bright).likeness(&cut(&dark)) > 0.98);
        assert!(cut(&bright).likeness(&cut(&grey(2))).abs() < 0.5);
    }

    #[test]
    fn what_is_flat_is_like_all_that_is_and_like_nothing_else() {
        let flat = cut(&Grey::new(160, 90, vec![90; 160 * 90]).expect("valid"));
        assert!(flat.is_flat());
        assert_eq!(flat.likeness(&flat.clone()), 1.0);
        assert_eq!(flat.likeness(&cut(&grey(1))), 0.0);
        assert_eq!(Patch::cut(&Grey::default(), bbox()), None, "no picture");
    }

    #[test]
    fn what_is_covered_does_not_count() {
        let (before, mut after) = (grey(1), grey(1));
        let in_front = NormBox::new(0.2, 0.3, 0.38, 0.6).expect("valid");
        let (columns, rows) = after.span(in_front);
        for row in rows {
            after.pixels[row * after.width..][columns.clone()]
                .copy_from_slice(&grey(2).pixels[..columns.len()]);
        }
        let (before, after) = (cut(&before), cut(&after));
        assert!(before.likeness(&after) < 0.7);
        let covered = Covered::by(bbox(), std::iter::once(in_front)).expect("some of it");
        assert!(before.likeness_outside(&after, &covered).expect("enough is left") > 0.95);
        assert_eq!(
            Covered::by(bbox(), std::iter::once(NormBox::new(0.6, 0.3, 0.9, 0.6).expect("valid"))),
            None
        );
        let all = Covered::by(bbox(), std::iter::once(bbox())).expect("all of it");
        assert_eq!(before.likeness_outside(&after, &all), None);
    }

    #[test]
    fn a_kept_patch_is_nearly_the_same() {
        let patch = cut(&grey(3));
        let text = serde_json::to_string(&patch).expect("a string");
        let back: Patch = serde_json::from_str(&text).expect("what was written");
        assert!(patch.likeness(&back) > 0.98, "{}", patch.likeness(&back));
        let flat = Patch { values: Vec::new() };
        assert_eq!(
            serde_json::to_string(&flat).ok().and_then(|text| serde_json::from_str(&text).ok()),
            Some(flat)
        );
        assert!(serde_json::from_str::<Patch>("\"abc\"").is_err());
        assert!(serde_json::from_str::<Patch>(&format!("\"{}\"", "7".repeat(PIXELS))).is_err(), "flat");
    }

    #[test]
    fn the_background_keeps_what_was_there_before() {
        let (empty, with_car) = (grey(4), grey(5));
        let mut background = Background::default();
        background.update(&empty, std::iter::empty(), 0.1);
        for _ in 0..50 {
            background.update(&with_car, std::iter::once(bbox()), 0.1);
        }
        let patch = background.patch(bbox()).expect("there is one");
        assert!(patch.likeness(&cut(&empty)) > 0.9);
        background.uncover(&with_car, bbox(), std::iter::empty());
        assert!(background.patch(bbox()).expect("there is one").likeness(&cut(&with_car)) > 0.99);
    }
}
