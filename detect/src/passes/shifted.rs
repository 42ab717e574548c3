//! Whether a parked vehicle has moved by a hand's breadth: its look before and after, laid over each other. Pure.
//!
//! The best fit of what was in its box before within the picture of now is looked for, to a fraction of a pixel; the same for the ground around
//! it, which does not move, so that a swaying mast is told from a nudged car.

use gridwatch_domain::NormBox;

use crate::appearance::Grey;

/// Pixels that are looked at on each side of where it was; of the copy of a picture that is 320 wide.
const REACH: i32 = 5;
/// Likeness (normalised cross-correlation) below which it cannot be made out: something else stands there, or the light is another.
const LEAST_LIKENESS: f32 = 0.75;
/// Pixels of the shorter side below which nothing can be told.
const LEAST_SIDE: usize = 10;
/// How far around a box the ground is taken from, in sizes to each side.
const AROUND: f32 = 0.5;

/// A piece of a picture.
#[derive(Debug, Clone, PartialEq)]
struct Piece {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// Which of them count.
    counts: Vec<bool>,
}

/// What was in a box of a picture, and around it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Crop {
    bbox: NormBox,
    inside: Piece,
    around: Piece,
}

impl Crop {
    /// `None` where the box is too small to tell anything.
    pub(crate) fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
        let inside = Piece::cut(grey, bbox, None)?;
        if inside.width.min(inside.height) < LEAST_SIDE {
            return None;
        }
        let (dx, dy) = (bbox.width() * AROUND, bbox.height() * AROUND);
        let larger = NormBox::clipped(bbox.x1() - dx, bbox.y1() - dy, bbox.x2() + dx, bbox.y2() + dy)?;
        Some(Self { bbox, inside, around: Piece::cut(grey, larger, Some(bbox))? })
    }

    /// What it covers, the ground around included.
    pub(super) fn area(&self) -> NormBox {
        self.bbox
    }

    /// How far what was in it has moved in a later picture, in its own size, against the ground around it; `None` where it cannot be made
    /// out.
    pub(super) fn shift_to(&self, grey: &Grey) -> Option<f32> {
        let [dx, dy] = self.inside.find(grey)?;
        // Where the ground says nothing, the mast is taken not to sway.
        let [gx, gy] = self.around.find(grey).unwrap_or([0.0, 0.0]);
        let (across, down) = ((dx - gx) / self.inside.width as f32, (dy - gy) / self.inside.height as f32);
        Some(across.hypot(down))
    }
}

impl Piece {
    /// Of a box, without what is in `hole`.
    fn cut(grey: &Grey, bbox: NormBox, hole: Option<NormBox>) -> Option<Self> {
        let pixel = |share: f32, length: usize| ((share * length as f32).round() as usize).min(length);
        let (left, right) = (pixel(bbox.x1(), grey.width()), pixel(bbox.x2(), grey.width()));
        let (top, bottom) = (pixel(bbox.y1(), grey.height()), pixel(bbox.y2(), grey.height()));
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        if width == 0 || height == 0 {
            return None;
        }
        let row = |row: usize| &grey.pixels()[(top + row) * grey.width() + left..][..width];
        let pixels = (0..height).flat_map(row).copied().collect();
        let is_outside = |index: usize| {
            let x = (left + index % width) as f32 / grey.width() as f32;
            let y = (top + index / width) as f32 / grey.height() as f32;
            hole.is_none_or(|hole| x < hole.x1() || x > hole.x2() || y < hole.y1() || y > hole.y2())
        };
        let counts = (0..width * height).map(is_outside).collect();
        Some(Self { left, top, width, height, pixels, counts })
    }

    /// By how many pixels it is moved in a picture, to a fraction of one; `None` where it is not there.
    fn find(&self, grey: &Grey) -> Option<[f32; 2]> {
        let mut best: Option<(f32, i32, i32)> = None;
        for dy in -REACH..=REACH {
            for dx in -REACH..=REACH {
                let Some(likeness) = self.likeness(grey, dx, dy) else { continue };
                if best.is_none_or(|(most, ..)| likeness > most) {
                    best = Some((likeness, dx, dy));
                }
            }
        }
        let (most, dx, dy) = best.filter(|(most, ..)| *most >= LEAST_LIKENESS)?;
        let at = |x: i32, y: i32| self.likeness(grey, x, y);
        Some([
            dx as f32 + peak(at(dx - 1, dy), most, at(dx + 1, dy)),
            dy as f32 + peak(at(dx, dy - 1), most, at(dx, dy + 1)),
        ])
    }

    /// Normalised cross-correlation with a picture, so many pixels off; `None` where that leaves the picture, or is flat.
    fn likeness(&self, grey: &Grey, dx: i32, dy: i32) -> Option<f32> {
        let left = usize::try_from(i32::try_from(self.left).ok()? + dx).ok()?;
        let top = usize::try_from(i32::try_from(self.top).ok()? + dy).ok()?;
        if left + self.width > grey.width() || top + self.height > grey.height() {
            return None;
        }
        let (mut count, mut a, mut b, mut aa, mut bb, mut ab) = (0.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0);
        for row in 0..self.height {
            let own = row * self.width..(row + 1) * self.width;
            let line = &grey.pixels()[(top + row) * grey.width() + left..][..self.width];
            let pairs = self.pixels[own.clone()].iter().zip(line).zip(&self.counts[own]);
            for ((&one, &other), _) in pairs.filter(|(_, counts)| **counts) {
                let (one, other) = (f32::from(one), f32::from(other));
                count += 1.0;
                (a, b) = (a + one, b + other);
                (aa, bb, ab) = (aa + one * one, bb + other * other, ab + one * other);
            }
        }
        if count < 1.0 {
            return None;
        }
        let spread = (aa - a * a / count) * (bb - b * b / count);
        (spread > count * count).then(|| (ab - a * b / count) / spread.sqrt())
    }
}

/// Where the top of a parabola through three neighbours lies, from the middle one: −0.5 to 0.5.
fn peak(before: Option<f32>, middle: f32, after: Option<f32>) -> f32 {
    let (Some(before), Some(after)) = (before, after) else { return 0.0 };
    let bend = before - 2.0 * middle + after;
    if bend >= -1e-6 { 0.0 } else { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) }
}
