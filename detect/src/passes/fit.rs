//! Where a piece of a picture is found in a later one, to a small fraction of a pixel. Pure.
//!
//! First by normalised cross-correlation, pixel by pixel; then by least squares on the brightness, with a gain and an offset of the light
//! (Lucas–Kanade), in which pixels that fit badly count less (Tukey's biweight): what covers a part of it, snow and reflections are such.

use gridwatch_domain::NormBox;

use crate::appearance::Grey;

/// Pixels that are looked at on each side of where it was, of a copy of the picture that is 640 wide; at first one in so many.
const REACH: i32 = 10;
const STRIDE: i32 = 2;
/// Likeness (normalised cross-correlation) below which it cannot be made out: something else stands there, or the light is another.
const LEAST_LIKENESS: f32 = 0.75;
/// Share of the pixels that may be covered.
const MOST_COVERED: f32 = 0.5;
/// Farther, in pixels, the least squares do not lead from the best fit in whole pixels, unless they lead astray.
const ASTRAY: f32 = 1.5;
/// Pixels below which nothing can be told.
const LEAST_PIXELS: f32 = 60.0;
/// Steps of the least squares at most, and the step in pixels at which it has settled.
const MOST_STEPS: usize = 12;
const SETTLED: f32 = 0.005;
/// Tukey's constant in standard deviations, and the smallest of these, in levels of grey: less, and the sharpest edges of what has moved a
/// little would be the first to count no more.
const TUKEY: f32 = 4.685;
const LEAST_DEVIATION: f32 = 6.0;

/// A piece of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    left: usize,
    top: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<u8>,
    /// Which of them count.
    counts: Vec<bool>,
}

/// One pixel of a piece, and what is there in the later picture.
struct Sample {
    own: f32,
    other: f32,
    slope: [f32; 2],
}

impl Piece {
    pub(super) fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
        let pixel = |share: f32, length: usize| ((share * length as f32).round() as usize).min(length);
        let (left, right) = (pixel(bbox.x1(), grey.width()), pixel(bbox.x2(), grey.width()));
        let (top, bottom) = (pixel(bbox.y1(), grey.height()), pixel(bbox.y2(), grey.height()));
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        if width == 0 || height == 0 {
            return None;
        }
        let row = |row: usize| &grey.pixels()[(top + row) * grey.width() + left..][..width];
        let pixels = (0..height).flat_map(row).copied().collect();
        let counts = vec![true; width * height];
        Some(Self { left, top, width, height, pixels, counts })
    }

    /// What of it is not covered.
    pub(super) fn without(&self, covered: &[NormBox], grey: &Grey) -> Self {
        let mut counts = self.counts.clone();
        for bbox in covered {
            let [left, right] = [bbox.x1(), bbox.x2()].map(|share| (share * grey.width() as f32) as i32);
            let [top, bottom] = [bbox.y1(), bbox.y2()].map(|share| (share * grey.height() as f32) as i32);
            let columns = left - REACH..=right + REACH;
            let rows = top - REACH..=bottom + REACH;
            for (index, counts) in counts.iter_mut().enumerate() {
                let (x, y) = (self.left + index % self.width, self.top + index / self.width);
                *counts &= !(columns.contains(&(x as i32)) && rows.contains(&(y as i32)));
            }
        }
        Self { pixels: self.pixels.clone(), counts, ..*self }
    }

    /// By how many pixels it is moved in a picture, to the right and down; `None` where it is not there.
    pub(super) fn find(&self, grey: &Grey) -> Option<[f32; 2]> {
        if self.is_covered() {
            return None;
        }
        let (dx, dy) = self.search(grey)?;
        let mut shift = [dx as f32, dy as f32];
        // Gain and offset: how bright the piece would be in the light of the later picture.
        let mut light = None;
        for _ in 0..MOST_STEPS {
            let samples = self.samples(grey, shift)?;
            let (gain, offset) = light.unwrap_or_else(|| light_between(&samples));
            let weights = weights(&samples, gain, offset);
            let [x, y, gain, offset] = step(&samples, &weights)?;
            light = Some((gain, offset));
            shift = [shift[0] + x.clamp(-1.0, 1.0), shift[1] + y.clamp(-1.0, 1.0)];
            if (shift[0] - dx as f32).hypot(shift[1] - dy as f32) > ASTRAY {
                return None;
            }
            if x.hypot(y) < SETTLED {
                break;
            }
        }
        Some(shift)
    }

    fn is_covered(&self) -> bool {
        let counting = self.counts.iter().filter(|counts| **counts).count();
        (counting as f32) < (1.0 - MOST_COVERED) * self.counts.len() as f32
    }

    /// The best fit in whole pixels.
    fn search(&self, grey: &Grey) -> Option<(i32, i32)> {
        let steps = |around: i32, reach: i32, stride: i32| {
            (-reach..=reach).step_by(stride as usize).map(move |step| around + step)
        };
        let best = |(x, y): (i32, i32), reach: i32, stride: i32| {
            let offsets =
                steps(y, reach, stride).flat_map(|dy| steps(x, reach, stride).map(move |dx| (dx, dy)));
            let told = offsets.filter_map(|(dx, dy)| Some((self.likeness(grey, dx, dy)?, dx, dy)));
            told.max_by(|a, b| a.0.total_cmp(&b.0))
        };
        let (_, dx, dy) = best((0, 0), REACH, STRIDE)?;
        let (_, dx, dy) = best((dx, dy), STRIDE - 1, 1).filter(|(most, ..)| *most >= LEAST_LIKENESS)?;
        Some((dx, dy))
    }

    /// Normalised cross-correlation with a picture, so many pixels off; `None` where that leaves the picture, or is flat.
    fn likeness(&self, grey: &Grey, dx: i32, dy: i32) -> Option<f32> {
        let left = usize::try_from(i32::try_from(self.left).ok()? + dx).ok()?;
        let top = usize::try_from(i32::try_from(self.top).ok()? + dy).ok()?;
        if left + self.width > grey.width() || top + self.height > grey.height() {
            return None;
        }
        let rows = (0..self.height).flat_map(|row| {
            let own = row * self.width..(row + 1) * self.width;
            let line = &grey.pixels()[(top + row) * grey.width() + left..][..self.width];
            self.pixels[own.clone()].iter().zip(line).zip(&self.counts[own])
        });
        likeness(rows.map(|((&own, &other), &counts)| {
            ((f32::from(own), f32::from(other)), f32::from(u8::from(counts)))
        }))
    }

    /// Its pixels that count, and those of a picture that are so far off, between the pixels by straight lines.
    fn samples(&self, grey: &Grey, [dx, dy]: [f32; 2]) -> Option<Vec<Sample>> {
        let (whole_x, whole_y) = (dx.floor(), dy.floor());
        let (u, v) = (dx - whole_x, dy - whole_y);
        let (from_x, from_y) = (self.left as i32 + whole_x as i32, self.top as i32 + whole_y as i32);
        let (width, height) = (grey.width() as i32, grey.height() as i32);
        let at = |x: i32, y: i32| f32::from(grey.pixels()[(y * width + x) as usize]);
        let between = |x: i32, y: i32| {
            let upper = (1.0 - u) * at(x, y) + u * at(x + 1, y);
            let lower = (1.0 - u) * at(x, y + 1) + u * at(x + 1, y + 1);
            (1.0 - v) * upper + v * lower
        };
        let mut samples = Vec::with_capacity(self.pixels.len());
        for (index, &own) in self.pixels.iter().enumerate().filter(|(index, _)| self.counts[*index]) {
            let (x, y) = (from_x + (index % self.width) as i32, from_y + (index / self.width) as i32);
            if x < 1 || y < 1 || x + 2 >= width || y + 2 >= height {
                continue;
            }
            let slope = [
                (between(x + 1, y) - between(x - 1, y)) / 2.0,
                (between(x, y + 1) - between(x, y - 1)) / 2.0,
            ];
            samples.push(Sample { own: f32::from(own), other: between(x, y), slope });
        }
        (samples.len() as f32 >= LEAST_PIXELS).then_some(samples)
    }
}

/// Weighted normalised cross-correlation of pairs; `None` where there are few, or they are flat.
fn likeness(pairs: impl Iterator<Item = ((f32, f32), f32)>) -> Option<f32> {
    let (mut count, mut a, mut b, mut aa, mut bb, mut ab) = (0.0_f32, 0.0, 0.0, 0.0, 0.0, 0.0);
    for ((one, other), weight) in pairs {
        count += weight;
        (a, b) = (a + weight * one, b + weight * other);
        (aa, bb, ab) = (aa + weight * one * one, bb + weight * other * other, ab + weight * one * other);
    }
    if count < LEAST_PIXELS {
        return None;
    }
    let spread = (aa - a * a / count) * (bb - b * b / count);
    (spread > count * count).then(|| (ab - a * b / count) / spread.sqrt())
}

/// Gain and offset of the light by means and deviations, before anything is known of what fits.
fn light_between(samples: &[Sample]) -> (f32, f32) {
    let mean = |value: fn(&Sample) -> f32| samples.iter().map(value).sum::<f32>() / samples.len() as f32;
    let (own, other) = (mean(|sample| sample.own), mean(|sample| sample.other));
    let squares = |value: fn(&Sample) -> f32, mean: f32| {
        samples.iter().map(|sample| (value(sample) - mean).powi(2)).sum::<f32>()
    };
    let gain = (squares(|sample| sample.other, other) / squares(|sample| sample.own, own).max(1.0)).sqrt();
    (gain, other - gain * own)
}

/// Tukey's biweight of each sample, by how far it is off in this light.
fn weights(samples: &[Sample], gain: f32, offset: f32) -> Vec<f32> {
    let off: Vec<f32> =
        samples.iter().map(|sample| (sample.other - gain * sample.own - offset).abs()).collect();
    let mut sorted = off.clone();
    let (_, median, _) = sorted.select_nth_unstable_by(off.len() / 2, f32::total_cmp);
    let bound = TUKEY * (1.4826 * *median).max(LEAST_DEVIATION);
    off.into_iter().map(|off| (1.0 - (off / bound).min(1.0).powi(2)).powi(2)).collect()
}

/// One step of least squares: by how much to move on, and gain and offset of the light; `None` where the piece has no corners.
fn step(samples: &[Sample], weights: &[f32]) -> Option<[f32; 4]> {
    let mut rows = [[0.0_f64; 5]; 4];
    for (sample, weight) in samples.iter().zip(weights) {
        let [x, y] = sample.slope;
        // other + slope · step = gain · own + offset
        let of = [x, y, -sample.own, -1.0, -sample.other].map(f64::from);
        for (row, own) in rows.iter_mut().zip(of) {
            for (cell, other) in row.iter_mut().zip(of) {
                *cell += f64::from(*weight) * own * other;
            }
        }
    }
    solve(rows).map(|solution| solution.map(|part| part as f32))
}

/// Gaussian elimination with pivots of four equations, the last column their right sides.
fn solve(mut rows: [[f64; 5]; 4]) -> Option<[f64; 4]> {
    for column in 0..4 {
        let pivot = (column..4).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        let of_pivot = rows[column];
        if of_pivot[column].abs() < 1e-6 {
            return None;
        }
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != column) {
            let times = row[column] / of_pivot[column];
            for (cell, pivot) in row.iter_mut().zip(of_pivot) {
                *cell -= times * pivot;
            }
        }
    }
    Some([0, 1, 2, 3].map(|index| rows[index][4] / rows[index][index]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (usize, usize) = (160, 90);

    /// A surface without edges, moved by so much; `covered`: columns from there on are of something else.
    fn picture([dx, dy]: [f32; 2], covered: usize) -> Grey {
        let wave = |x: f32, y: f32| (x / 2.3).sin() + (y / 1.9).cos() + ((x + 2.0 * y) / 5.1).sin();
        let pixel = |index: usize| {
            let (x, y) = (index % SIZE.0, index / SIZE.0);
            let value = if x >= covered {
                wave(y as f32 * 1.7, 0.3 * x as f32)
            } else {
                wave(x as f32 - dx, y as f32 - dy)
            };
            (127.0 + 38.0 * value) as u8
        };
        Grey::new(SIZE.0, SIZE.1, (0..SIZE.0 * SIZE.1).map(pixel).collect())
            .expect("as many pixels as it says")
    }

    fn piece() -> Piece {
        let bbox = NormBox::new(0.4, 0.4, 0.6, 0.7).expect("valid");
        Piece::cut(&picture([0.0; 2], SIZE.0), bbox).expect("in the picture")
    }

    fn off(found: Option<[f32; 2]>, moved: [f32; 2]) -> f32 {
        let [x, y] = found.expect("it can be made out");
        (x - moved[0]).hypot(y - moved[1])
    }

    #[test]
    fn it_is_found_to_a_twentieth_of_a_pixel() {
        for moved in [[0.0, 0.0], [0.3, 0.0], [-0.45, 0.6], [2.5, -3.25], [8.2, 7.7]] {
            let off = off(piece().find(&picture(moved, SIZE.0)), moved);
            assert!(off < 0.05, "{moved:?} is told {off} off");
        }
    }

    #[test]
    fn light_does_not_move_it() {
        let moved = [0.7, -0.4];
        let dim = picture(moved, SIZE.0).pixels().iter().map(|pixel| pixel / 2 + 20).collect();
        let dim = Grey::new(SIZE.0, SIZE.1, dim).expect("as many pixels as it says");
        let off = off(piece().find(&dim), moved);
        assert!(off < 0.05, "{off}");
    }

    #[test]
    fn what_covers_a_part_of_it_does_not_move_it() {
        let moved = [0.6, -0.4];
        let off = off(piece().find(&picture(moved, 92)), moved);
        assert!(off < 0.1, "{off}");
    }

    #[test]
    fn what_is_covered_for_the_most_part_is_not_told() {
        let covers = NormBox::new(0.56, 0.3, 0.7, 0.8).expect("valid");
        let later = picture([0.0; 2], SIZE.0);
        assert_eq!(piece().without(&[covers], &later).find(&later), None);
        assert_eq!(piece().find(&picture([0.0; 2], 70)), None);
    }
}
