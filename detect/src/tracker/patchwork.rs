//! People who are made of others: where two overlap, one box around the head of one and the feet of the other comes and goes. It would take a
//! track over, or go over lines that both have crossed. Pure.

use gridwatch_domain::{Detection, NormBox, ObjectClass};

/// What is covered by others to this share is none but them …
const COVERED: f32 = 0.8;
/// … if two of them take so much of it each: a child before somebody lies within one.
const PART: f32 = 0.3;
/// Points across and down by which shares are told.
const GRID: u8 = 12;

/// Which detections of a picture are made of others that are detected better.
pub(super) fn left_out(detections: &[Detection]) -> Vec<bool> {
    let better = |found: &Detection| -> Vec<NormBox> {
        let better = people(detections).filter(|other| other.score > found.score);
        better.map(|other| other.bbox).collect()
    };
    detections
        .iter()
        .map(|found| found.class == ObjectClass::Person && is_of(found, &better(found)))
        .collect()
}

/// The people of a picture who are known from before, by whose track they have.
pub(super) fn known_people(detections: &[Detection], owners: &[Option<usize>]) -> Vec<NormBox> {
    let known = detections.iter().zip(owners).filter(|(_, owner)| owner.is_some()).map(|(found, _)| found);
    known.filter(|found| found.class == ObjectClass::Person).map(|found| found.bbox).collect()
}

/// Whether a person is made of these people.
pub(super) fn is_of(found: &Detection, others: &[NormBox]) -> bool {
    let takes_part = |other: &&NormBox| other.intersection(found.bbox) >= PART * found.bbox.area();
    let parts: Vec<NormBox> = others.iter().filter(takes_part).copied().collect();
    let alone = |part: &NormBox| part.intersection(found.bbox) >= COVERED * found.bbox.area();
    found.class == ObjectClass::Person
        && parts.len() > 1
        && !parts.iter().any(alone)
        && share_within(found.bbox, &parts) >= COVERED
}

fn people(detections: &[Detection]) -> impl Iterator<Item = &Detection> {
    detections.iter().filter(|found| found.class == ObjectClass::Person)
}

/// Share of a box that lies in any of some others, as its points on a grid tell.
fn share_within(bbox: NormBox, others: &[NormBox]) -> f32 {
    let step = |index: u8| (f32::from(index) + 0.5) / f32::from(GRID);
    let points = (0..GRID).flat_map(|row| (0..GRID).map(move |column| (step(column), step(row))));
    let is_within = |(x, y): &(f32, f32)| {
        let (x, y) = (bbox.x1() + x * bbox.width(), bbox.y1() + y * bbox.height());
        let holds = |other: &NormBox| {
            (other.x1()..=other.x2()).contains(&x) && (other.y1()..=other.y2()).contains(&y)
        };
        others.iter().any(holds)
    };
    points.filter(is_within).count() as f32 / f32::from(GRID).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(corners: [f32; 4], score: f32) -> Detection {
        let [x1, y1, x2, y2] = corners;
        let bbox = NormBox::new(x1, y1, x2, y2).expect("valid");
        Detection { class: ObjectClass::Person, score, bbox }
    }

    #[test]
    fn a_box_around_two_who_are_detected_better_is_left_out() {
        let (behind, before) = ([0.678, 0.275, 0.698, 0.347], [0.677, 0.339, 0.697, 0.428]);
        let both = [0.677, 0.284, 0.698, 0.405];
        let check = |all: [([f32; 4], f32); 3], expected: [bool; 3]| {
            assert_eq!(left_out(&all.map(|(corners, score)| person(corners, score))), expected);
        };
        check([(behind, 0.65), (both, 0.31), (before, 0.63)], [false, true, false]);
        check([(behind, 0.65), (both, 0.64), (before, 0.63)], [false; 3]);
        // A child before somebody; two of whom each shows much of their own.
        check([(behind, 0.65), ([0.684, 0.3, 0.692, 0.34], 0.3), (before, 0.63)], [false; 3]);
        check([(behind, 0.65), ([0.69, 0.284, 0.71, 0.405], 0.3), (before, 0.63)], [false; 3]);
    }
}
