//! Whether a parked vehicle has moved by a hand's breadth: its look before and after, laid over each other. Pure.
//!
//! The best fit of what was in its box before within the picture of now is looked for, to a fraction of a pixel; the same for the ground on
//! each of its four sides, which does not move, so that a swaying mast is told from a nudged car; the side that speaks against it decides.

use gridwatch_domain::NormBox;

use crate::appearance::Grey;

/// Pixels that are looked at on each side of where it was, of a copy of the picture that is 640 wide; at first one in so many.
const REACH: i32 = 10;
const STRIDE: i32 = 2;
/// Likeness (normalised cross-correlation) below which it cannot be made out: something else stands there, or the light is another.
const LEAST_LIKENESS: f32 = 0.75;
/// Pixels of the shorter side below which nothing can be told.
const LEAST_SIDE: usize = 10;
/// Pixels below which nothing can be told.
const LEAST_PIXELS: f32 = 60.0;
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
    /// To the left, above, to the right and below: a neighbour that comes or leaves changes one of them.
    around: Vec<Piece>,
}

impl Crop {
    /// `None` where the box is too small to tell anything.
    pub(crate) fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
        let inside = Piece::cut(grey, bbox)?;
        if inside.width.min(inside.height) < LEAST_SIDE {
            return None;
        }
        let (dx, dy) = (bbox.width() * AROUND, bbox.height() * AROUND);
        let (left, right, top, bottom) = (bbox.x1() - dx, bbox.x2() + dx, bbox.y1() - dy, bbox.y2() + dy);
        let sides = [
            NormBox::clipped(left, top, bbox.x1(), bottom),
            NormBox::clipped(left, top, right, bbox.y1()),
            NormBox::clipped(bbox.x2(), top, right, bottom),
            NormBox::clipped(left, bbox.y2(), right, bottom),
        ];
        let around = sides.into_iter().flatten().filter_map(|side| Piece::cut(grey, side)).collect();
        Some(Self { bbox, inside, around })
    }

    /// Where the vehicle stood.
    pub(super) fn area(&self) -> NormBox {
        self.bbox
    }

    /// How far what was in it has moved in a later picture, in its own size, against the ground around it; `None` where it cannot be made
    /// out. `covered`: who is before the ground by now.
    pub(super) fn shift_to(&self, grey: &Grey, covered: &[NormBox]) -> Option<f32> {
        let [dx, dy] = self.inside.find(grey)?;
        let ground = self.around.iter().filter_map(|side| side.without(covered, grey).find(grey));
        // A side that says nothing much, or in which something has changed, may be taken for moved; that the car is not takes but one.
        let against = ground.map(|[gx, gy]| {
            let (across, down) =
                ((dx - gx) / self.inside.width as f32, (dy - gy) / self.inside.height as f32);
            across.hypot(down)
        });
        against.min_by(f32::total_cmp)
    }
}

impl Piece {
    fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
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
    fn without(&self, covered: &[NormBox], grey: &Grey) -> Self {
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

    /// By how many pixels it is moved in a picture, to a fraction of one; `None` where it is not there.
    fn find(&self, grey: &Grey) -> Option<[f32; 2]> {
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
        let (most, dx, dy) = best((dx, dy), STRIDE - 1, 1).filter(|(most, ..)| *most >= LEAST_LIKENESS)?;
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
        if count < LEAST_PIXELS {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appearance::tests::texture;

    const SIZE: (usize, usize) = (160, 90);
    /// Where the car stands: columns and rows.
    const CAR: [[usize; 2]; 2] = [[64, 96], [36, 60]];

    /// A surface, by its seed, moved to the right by so many pixels.
    fn surface(seed: u64, right: usize) -> impl Fn(usize, usize) -> u8 {
        let mut next = texture(seed);
        let blocks: Vec<u8> = (0..80 * 40).map(|_| next()).collect();
        move |x, y| blocks[y / 4 * 80 + (x + 40 - right) / 4]
    }

    /// The ground and the car, each moved to the right by so many pixels; `left`: the ground to the left of it.
    fn picture(left: u64, moved: [usize; 2]) -> Grey {
        picture_with(surface(left, moved[0]), moved)
    }

    fn picture_with(left: impl Fn(usize, usize) -> u8 + 'static, [ground, car]: [usize; 2]) -> Grey {
        let surfaces: [Box<dyn Fn(usize, usize) -> u8>; 3] =
            [Box::new(left), Box::new(surface(1, ground)), Box::new(surface(2, ground + car))];
        let [[from, to], [top, bottom]] = CAR;
        let moved = from + ground + car..to + ground + car;
        let pixel = |index: usize| {
            let (x, y) = (index % SIZE.0, index / SIZE.0);
            let is_car = moved.contains(&x) && (top..bottom).contains(&y);
            surfaces[if is_car { 2 } else { usize::from(x >= from - 2) }](x, y)
        };
        Grey::new(SIZE.0, SIZE.1, (0..SIZE.0 * SIZE.1).map(pixel).collect())
            .expect("as many pixels as it says")
    }

    fn crop() -> Crop {
        let [[left, right], [top, bottom]] = CAR;
        let share = |pixel: usize, side: usize| pixel as f32 / side as f32;
        let bbox = NormBox::new(
            share(left, SIZE.0),
            share(top, SIZE.1),
            share(right, SIZE.0),
            share(bottom, SIZE.1),
        );
        Crop::cut(&picture(1, [0, 0]), bbox.expect("valid")).expect("large enough")
    }

    #[test]
    fn what_has_moved_is_told_by_how_far() {
        let shift = crop().shift_to(&picture(1, [0, 2]), &[]).expect("it can be made out");
        assert!((shift - 2.0 / 32.0).abs() < 0.01, "{shift}");
        let shift = crop().shift_to(&picture(1, [0, 0]), &[]).expect("it can be made out");
        assert!(shift < 0.005, "{shift}");
    }

    #[test]
    fn a_mast_that_sways_moves_nobody() {
        let shift = crop().shift_to(&picture(1, [3, 0]), &[]).expect("it can be made out");
        assert!(shift < 0.01, "{shift}");
    }

    #[test]
    fn a_neighbour_that_has_left_is_no_ground_to_measure_by() {
        let shift = crop().shift_to(&picture(9, [0, 2]), &[]).expect("it can be made out");
        assert!((shift - 2.0 / 32.0).abs() < 0.01, "{shift}");
        let shift = crop().shift_to(&picture(9, [2, 0]), &[]).expect("it can be made out");
        assert!(shift < 0.01, "{shift}");
    }

    #[test]
    fn a_neighbour_that_was_moved_moves_nobody_else() {
        let shift = crop().shift_to(&picture_with(surface(1, 2), [0, 0]), &[]).expect("it can be made out");
        assert!(shift < 0.01, "{shift}");
    }

    #[test]
    fn where_nobody_can_tell_nothing_is_told() {
        let all = NormBox::new(0.0, 0.0, 1.0, 1.0).expect("valid");
        assert_eq!(crop().shift_to(&picture(1, [0, 2]), &[all]), None);
        let mut other = texture(77);
        let pixels = (0..SIZE.0 * SIZE.1).map(|_| other()).collect();
        assert_eq!(crop().shift_to(&Grey::new(SIZE.0, SIZE.1, pixels).expect("valid"), &[]), None);
    }
}
