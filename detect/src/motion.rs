//! How far things move in the picture, measured in their own size, and which classes are one kind of thing.

use gridwatch_domain::{NormBox, ObjectClass};
use serde::{Deserialize, Serialize};

/// An edge this near to the picture's is cut off there: it says nothing about where the object ends.
const PICTURE_EDGE: f32 = 0.004;

/// Classes between which small networks flip count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Car, bus, truck.
    Vehicle,
    /// Bicycle, motorcycle.
    TwoWheeler,
    /// Person.
    Person,
}

impl Kind {
    /// The kind of a class.
    pub fn of(class: ObjectClass) -> Self {
        match class {
            ObjectClass::Car | ObjectClass::Bus | ObjectClass::Truck => Self::Vehicle,
            ObjectClass::Bicycle | ObjectClass::Motorcycle => Self::TwoWheeler,
            ObjectClass::Person => Self::Person,
        }
    }
}

/// How far a box has moved, in its own size.
///
/// What moves takes both of its edges along on some axis: both to the same side where it passes, apart where it comes
/// nearer. What is merely covered on one side loses one edge and keeps the other, and has not moved. So this is, of the
/// two axes, the larger movement of the edge that moved less.
pub fn shift(a: NormBox, b: NormBox) -> f32 {
    let x = axis([a.x1(), a.x2()], [b.x1(), b.x2()]);
    let y = axis([a.y1(), a.y2()], [b.y1(), b.y2()]);
    x.max(y)
}

fn axis(a: [f32; 2], b: [f32; 2]) -> f32 {
    let extent = (a[1] - a[0] + b[1] - b[0]) / 2.0;
    let moved = |edge: usize| (b[edge] - a[edge]).abs();
    let cut_off = |edge: usize| {
        let at_border =
            |value: f32| if edge == 0 { value < PICTURE_EDGE } else { value > 1.0 - PICTURE_EDGE };
        at_border(a[edge]) && at_border(b[edge])
    };
    let least = match (cut_off(0), cut_off(1)) {
        (true, true) => 0.0,
        (true, false) => moved(1),
        (false, true) => moved(0),
        (false, false) => moved(0).min(moved(1)),
    };
    least / extent
}

/// Way from one centre to another along both axes, in the size of the boxes.
pub fn offset(a: NormBox, b: NormBox) -> [f32; 2] {
    let x = (b.center().x() - a.center().x()) / ((a.width() + b.width()) / 2.0);
    let y = (b.center().y() - a.center().y()) / ((a.height() + b.height()) / 2.0);
    [x, y]
}

/// Distance of two centres, in the size of the boxes.
pub fn center_distance(a: NormBox, b: NormBox) -> f32 {
    let [x, y] = offset(a, b);
    x.hypot(y)
}

/// The share of the smaller box that the larger one covers.
pub fn containment(a: NormBox, b: NormBox) -> f32 {
    a.intersection(b) / a.area().min(b.area())
}

/// The box whose every edge is the median of the given ones; `None` of none.
pub fn median_box<'a>(boxes: impl Iterator<Item = &'a NormBox> + Clone) -> Option<NormBox> {
    let edge = |index: usize| {
        let mut edges: Vec<f32> = boxes.clone().map(|bbox| <[f32; 4]>::from(*bbox)[index]).collect();
        edges.sort_unstable_by(f32::total_cmp);
        edges.get(edges.len() / 2).copied()
    };
    NormBox::clipped(edge(0)?, edge(1)?, edge(2)?, edge(3)?)
}

/// Between two boxes: `share` 0 is `a`, 1 is `b`.
pub fn blend(a: NormBox, b: NormBox, share: f32) -> NormBox {
    let (from, to) = (<[f32; 4]>::from(a), <[f32; 4]>::from(b));
    let at = |index: usize| from[index] + (to[index] - from[index]) * share;
    NormBox::clipped(at(0), at(1), at(2), at(3)).unwrap_or(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: [f32; 4], b: [f32; 4], wanted: f32) {
        let found = shift(a.try_into().expect("valid"), b.try_into().expect("valid"));
        assert!((found - wanted).abs() < 1e-3, "{a:?} to {b:?}: {found}, not {wanted}");
    }

    #[test]
    fn moving_takes_both_edges_along_and_being_covered_does_not() {
        check([0.4, 0.4, 0.6, 0.5], [0.4, 0.4, 0.6, 0.5], 0.0);
        check([0.4, 0.4, 0.6, 0.5], [0.5, 0.4, 0.7, 0.5], 0.5);
        // Somebody stands in front of its left half.
        check([0.4, 0.4, 0.6, 0.5], [0.5, 0.4, 0.6, 0.5], 0.0);
        // Somebody stands in front of its lower left quarter: one edge an axis.
        check([0.4, 0.4, 0.6, 0.5], [0.45, 0.4, 0.6, 0.47], 0.0);
        // It comes straight towards the camera.
        check([0.4, 0.4, 0.6, 0.5], [0.35, 0.39, 0.65, 0.55], 0.2);
    }

    #[test]
    fn an_edge_cut_off_by_the_picture_does_not_hold_it_back() {
        check([0.8, 0.4, 1.0, 0.5], [0.9, 0.4, 1.0, 0.5], 0.1 / 0.15);
        check([0.8, 0.4, 1.0, 0.5], [0.7, 0.4, 0.9, 0.5], 0.5);
    }

    #[test]
    fn the_median_forgets_an_outlier() {
        let boxes = [[0.4, 0.4, 0.6, 0.5], [0.0, 0.0, 1.0, 1.0], [0.42, 0.4, 0.62, 0.5]];
        let boxes = boxes.map(|corners| NormBox::try_from(corners).expect("valid"));
        assert_eq!(<[f32; 4]>::from(median_box(boxes.iter()).expect("some")), [0.4, 0.4, 0.62, 0.5]);
        assert_eq!(median_box([].iter()), None);
    }
}
