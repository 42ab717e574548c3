//! Non-maximum suppression: of boxes that cover the same thing, the best stays.

use std::cmp::Ordering;

use gridwatch_domain::{Detection, ObjectClass};

/// Keeps the best of boxes that overlap by more than `iou` (0–1), best first. Vehicles count as one class, because
/// small networks see one and the same as a car, a truck and a bus; others suppress only their own class.
pub fn suppress(detections: &mut Vec<Detection>, iou: f32) {
    detections.sort_unstable_by(|a, b| by_score(b, a));
    let mut kept = 0;
    for index in 0..detections.len() {
        let candidate = detections[index];
        let covered = detections[..kept]
            .iter()
            .any(|better| same_kind(better.class, candidate.class) && better.bbox.iou(candidate.bbox) > iou);
        if !covered {
            detections[kept] = candidate;
            kept += 1;
        }
    }
    detections.truncate(kept);
}

/// By score; where that is equal by place and class, so that the result does not depend on the order of the rows.
fn by_score(a: &Detection, b: &Detection) -> Ordering {
    let key = |detection: &Detection| <[f32; 4]>::from(detection.bbox);
    let place = || key(b).iter().zip(key(a)).map(|(b, a)| b.total_cmp(&a)).find(|order| order.is_ne());
    a.score
        .total_cmp(&b.score)
        .then_with(|| place().unwrap_or(Ordering::Equal))
        .then_with(|| b.class.cmp(&a.class))
}

/// Whether two classes may be the same thing seen twice.
pub(crate) fn same_kind(a: ObjectClass, b: ObjectClass) -> bool {
    a == b || (a.is_vehicle() && b.is_vehicle())
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::NormBox;
    use proptest::prelude::*;

    use super::*;

    fn detection(class: ObjectClass, score: f32, corners: [f32; 4]) -> Detection {
        Detection { class, score, bbox: NormBox::try_from(corners).expect("valid") }
    }

    #[test]
    fn a_car_seen_as_a_truck_too_is_one_thing_and_a_person_in_front_another() {
        let mut detections = vec![
            detection(ObjectClass::Truck, 0.4, [0.1, 0.1, 0.3, 0.3]),
            detection(ObjectClass::Car, 0.6, [0.11, 0.1, 0.3, 0.3]),
            detection(ObjectClass::Person, 0.3, [0.1, 0.1, 0.29, 0.3]),
        ];
        suppress(&mut detections, 0.5);
        let classes: Vec<_> = detections.iter().map(|found| found.class).collect();
        assert_eq!(classes, [ObjectClass::Car, ObjectClass::Person]);
    }

    #[test]
    fn neighbours_that_overlap_a_little_both_stay() {
        let mut detections = vec![
            detection(ObjectClass::Car, 0.6, [0.1, 0.1, 0.3, 0.3]),
            detection(ObjectClass::Car, 0.5, [0.2, 0.1, 0.4, 0.3]),
        ];
        suppress(&mut detections, 0.5);
        assert_eq!(detections.len(), 2);
    }

    /// Thousandths. Ranges of fractions, as proptest 1.12 draws them, fail on a rounding of its own now and then.
    fn share(range: std::ops::Range<u16>) -> impl Strategy<Value = f32> {
        range.prop_map(|thousandths| f32::from(thousandths) / 1000.0)
    }

    fn any_detection() -> impl Strategy<Value = Detection> {
        let class = prop::sample::select(ObjectClass::ALL.to_vec());
        (class, share(0..1000), share(0..800), share(0..800), share(10..200), share(10..200)).prop_map(
            |(class, score, x, y, width, height)| detection(class, score, [x, y, x + width, y + height]),
        )
    }

    proptest! {
        #[test]
        fn what_stays_is_apart_and_what_goes_was_covered_by_better(
            all in prop::collection::vec(any_detection(), 0..60),
            iou in share(100..900),
        ) {
            let mut kept = all.clone();
            suppress(&mut kept, iou);
            let covers = |a: &Detection, b: &Detection| same_kind(a.class, b.class) && a.bbox.iou(b.bbox) > iou;
            for (index, a) in kept.iter().enumerate() {
                prop_assert!(all.contains(a));
                prop_assert!(kept[index + 1..].iter().all(|b| a.score >= b.score && !covers(a, b)));
            }
            for gone in all.iter().filter(|detection| !kept.contains(detection)) {
                prop_assert!(kept.iter().any(|better| better.score >= gone.score && covers(better, gone)));
            }
        }

        #[test]
        fn the_order_of_the_rows_does_not_matter(all in prop::collection::vec(any_detection(), 0..40)) {
            let (mut forward, mut backward) = (all.clone(), all);
            backward.reverse();
            suppress(&mut forward, 0.5);
            suppress(&mut backward, 0.5);
            prop_assert_eq!(forward, backward);
        }
    }
}
