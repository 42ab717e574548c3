//! Whether a parked vehicle has moved by a hand's breadth: its look before and after, laid over each other. Pure.
//!
//! The best fit of what was in its box before within the picture of now is looked for, to a fraction of a pixel ([`Piece::find`]); the same
//! for the ground on each of its four sides, which does not move, so that a swaying mast is told from a nudged car. Sides may be wrong, too: a
//! neighbour has come or was moved, a shadow went. What most of them say is true; of two that differ, what speaks against a nudge.

use gridwatch_domain::NormBox;

use super::fit::Piece;
use crate::appearance::Grey;

/// Pixels of the shorter side below which nothing can be told.
const LEAST_SIDE: f32 = 10.0;
/// What of a box is the vehicle for certain (left, top, right, bottom): the rest may be kerbs and walls behind it, which hold still.
const CORE: [f32; 4] = [0.15, 0.25, 0.85, 0.92];
/// How far around a box the ground is taken from, in sizes to each side.
const AROUND: f32 = 0.5;
/// Sides of which the shifts differ by no more, in pixels, say the same.
const SAME: f32 = 0.35;

/// What was in a box of a picture, and around it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Crop {
    bbox: NormBox,
    /// Of the box, in pixels.
    size: [f32; 2],
    inside: Piece,
    /// To the left, above, to the right and below: a neighbour that comes or leaves changes one of them.
    around: Vec<Piece>,
}

impl Crop {
    /// `None` where the box is too small to tell anything.
    pub(crate) fn cut(grey: &Grey, bbox: NormBox) -> Option<Self> {
        let size = [bbox.width() * grey.width() as f32, bbox.height() * grey.height() as f32];
        if size[0].min(size[1]) < LEAST_SIDE {
            return None;
        }
        let [left, top, right, bottom] = CORE;
        let across = |share: f32| bbox.x1() + share * bbox.width();
        let down = |share: f32| bbox.y1() + share * bbox.height();
        let core = NormBox::clipped(across(left), down(top), across(right), down(bottom))?;
        let inside = Piece::cut(grey, core)?;
        let (dx, dy) = (bbox.width() * AROUND, bbox.height() * AROUND);
        let (left, right, top, bottom) = (bbox.x1() - dx, bbox.x2() + dx, bbox.y1() - dy, bbox.y2() + dy);
        let sides = [
            NormBox::clipped(left, top, bbox.x1(), bottom),
            NormBox::clipped(left, top, right, bbox.y1()),
            NormBox::clipped(bbox.x2(), top, right, bottom),
            NormBox::clipped(left, bbox.y2(), right, bottom),
        ];
        let around = sides.into_iter().flatten().filter_map(|side| Piece::cut(grey, side)).collect();
        Some(Self { bbox, size, inside, around })
    }

    /// Where the vehicle stood.
    pub(super) fn area(&self) -> NormBox {
        self.bbox
    }

    /// How far the vehicle in it has moved in a later picture, in its own size, against the ground around it; `None` where it cannot be made
    /// out. `covered`: who is before it, or the ground around it, by now.
    pub(super) fn shift_to(&self, grey: &Grey, covered: &[NormBox]) -> Option<f32> {
        let [dx, dy] = self.inside.without(covered, grey).find(grey)?;
        let sides =
            self.around.iter().filter_map(|side| side.without(covered, grey).find(grey)).collect::<Vec<_>>();
        let against = sides.iter().map(|side| {
            let agreeing =
                sides.iter().filter(|other| (other[0] - side[0]).hypot(other[1] - side[1]) <= SAME);
            let (across, down) = ((dx - side[0]) / self.size[0], (dy - side[1]) / self.size[1]);
            (agreeing.count(), across.hypot(down))
        });
        // Most sides that agree, then the smallest shift.
        against.max_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1))).map(|(_, shift)| shift)
    }
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
    fn a_wall_behind_it_within_the_box_holds_nothing() {
        let [[left, right], [top, bottom]] = CAR;
        let share = |pixel: usize, side: usize| pixel as f32 / side as f32;
        let larger = NormBox::new(
            share(left - 8, SIZE.0),
            share(top - 16, SIZE.1),
            share(right + 8, SIZE.0),
            share(bottom, SIZE.1),
        );
        let crop = Crop::cut(&picture(1, [0, 0]), larger.expect("valid")).expect("large enough");
        let shift = crop.shift_to(&picture(1, [0, 2]), &[]).expect("it can be made out");
        assert!((shift - 2.0 / 48.0).abs() < 0.01, "{shift}");
    }

    #[test]
    fn a_shadow_that_goes_with_it_does_not_hide_that_it_was_moved() {
        let [[left, right], [_, bottom]] = CAR;
        // The ground below the car, and no other, moves like the car.
        let later = {
            let (still, moved) = (picture(1, [0, 2]), picture(1, [2, 0]));
            let is_below = |x: usize, y: usize| y >= bottom && (left - 16..right + 16).contains(&x);
            let pixel = |index: usize| {
                let of = if is_below(index % SIZE.0, index / SIZE.0) { &moved } else { &still };
                of.pixels()[index]
            };
            Grey::new(SIZE.0, SIZE.1, (0..SIZE.0 * SIZE.1).map(pixel).collect()).expect("as many")
        };
        let shift = crop().shift_to(&later, &[]).expect("it can be made out");
        assert!((shift - 2.0 / 32.0).abs() < 0.01, "{shift}");
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
