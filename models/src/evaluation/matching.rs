//! Which boxes of one picture are right, after COCO's rule.
//!
//! Boxes are taken by score, best first; each takes the free wanted object that it overlaps most, if by at least the
//! threshold. A box that gets none but lies on something to be ignored is neither right nor wrong; of such a place any
//! share of the *box* counts, and any number of boxes may lie on it, as on a crowd of COCO's.
//! (`evaluateImg` of <https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/cocoeval.py>.)

use gridwatch_domain::NormBox;

/// Boxes of one picture and group that are looked at, the best ones: COCO's `maxDets`.
pub const MOST_BOXES: usize = 100;

/// Least overlaps (intersection over union) at which boxes are judged: 0.50, 0.55 … 0.95.
pub const THRESHOLDS: [f32; 10] = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/// One box, judged at every one of [`THRESHOLDS`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// The network's score, 0–1.
    pub(super) score: f32,
    /// Bit n: right at the n-th threshold.
    right: u16,
    /// Bit n: neither right nor wrong at the n-th threshold.
    ignored: u16,
}

impl Verdict {
    /// Whether it is right at the n-th threshold; `None` where it counts neither way.
    pub(super) fn at(self, threshold: usize) -> Option<bool> {
        let bit = 1 << threshold;
        if self.ignored & bit != 0 { None } else { Some(self.right & bit != 0) }
    }
}

/// Judges `found` (score and box) against the `wanted` boxes and the places to be `ignored`. Best score first; boxes of
/// equal score in the order given.
pub(super) fn judge(found: &[(f32, NormBox)], wanted: &[NormBox], ignored: &[NormBox]) -> Vec<Verdict> {
    let mut found = found.to_vec();
    found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    found.truncate(MOST_BOXES);
    let mut verdicts: Vec<Verdict> =
        found.iter().map(|&(score, _)| Verdict { score, right: 0, ignored: 0 }).collect();
    let overlaps: Vec<Vec<f32>> =
        found.iter().map(|(_, bbox)| wanted.iter().map(|true_box| bbox.iou(*true_box)).collect()).collect();
    let shares: Vec<f32> = found.iter().map(|(_, bbox)| share_on(*bbox, ignored)).collect();
    for (bit, &least) in THRESHOLDS.iter().enumerate() {
        let mut free = vec![true; wanted.len()];
        for ((verdict, overlaps), &share) in verdicts.iter_mut().zip(&overlaps).zip(&shares) {
            match most_overlapped(overlaps, &free, least) {
                Some(index) => {
                    free[index] = false;
                    verdict.right |= 1 << bit;
                }
                None if share >= least => verdict.ignored |= 1 << bit,
                None => {}
            }
        }
    }
    verdicts
}

/// The free object that is overlapped most, by at least `least`; of equal ones the last, as COCO has it.
fn most_overlapped(overlaps: &[f32], free: &[bool], least: f32) -> Option<usize> {
    let fits = overlaps.iter().enumerate().filter(|&(index, &overlap)| free[index] && overlap >= least);
    fits.max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(index, _)| index)
}

/// The largest share of a box, 0–1, that lies on one of `places`.
fn share_on(bbox: NormBox, places: &[NormBox]) -> f32 {
    places.iter().map(|place| bbox.intersection(*place) / bbox.area()).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bbox(corners: [f32; 4]) -> NormBox {
        NormBox::try_from(corners).expect("valid")
    }

    /// One letter a box, best first: right, wrong or ignored at an overlap of a half.
    #[track_caller]
    fn check(found: &[(f32, [f32; 4])], wanted: &[[f32; 4]], ignored: &[[f32; 4]], expected: &str) {
        let found: Vec<_> = found.iter().map(|&(score, corners)| (score, bbox(corners))).collect();
        let boxes = |all: &[[f32; 4]]| all.iter().map(|&corners| bbox(corners)).collect::<Vec<_>>();
        let letter = |verdict: &Verdict| match verdict.at(0) {
            Some(true) => 'r',
            Some(false) => 'w',
            None => 'i',
        };
        let letters: String = judge(&found, &boxes(wanted), &boxes(ignored)).iter().map(letter).collect();
        assert_eq!(letters, expected);
    }

    const CAR: [f32; 4] = [0.1, 0.1, 0.3, 0.3];
    const AWAY: [f32; 4] = [0.6, 0.6, 0.8, 0.8];
    /// Shares 3/5 of what both cover with [`CAR`].
    const BESIDE: [f32; 4] = [0.15, 0.1, 0.35, 0.3];

    #[test]
    fn the_better_of_two_boxes_on_a_car_is_right_and_the_other_wrong() {
        check(&[(0.5, CAR), (0.9, BESIDE)], &[CAR], &[], "rw");
    }

    #[test]
    fn a_box_takes_the_object_that_it_overlaps_most() {
        check(&[(0.9, BESIDE), (0.8, CAR)], &[CAR, BESIDE], &[], "rr");
    }

    #[test]
    fn what_lies_on_something_to_be_ignored_counts_neither_way_however_often() {
        let half = [0.1, 0.1, 0.2, 0.3];
        check(&[(0.9, CAR), (0.8, half), (0.7, AWAY)], &[], &[CAR], "iiw");
        // A wanted object comes first.
        check(&[(0.9, CAR)], &[CAR], &[CAR], "r");
        // The share of the box counts, not that of the place.
        check(&[(0.9, [0.0, 0.1, 0.9, 0.3])], &[], &[CAR], "w");
    }

    #[test]
    fn nothing_found_and_nothing_wanted() {
        check(&[], &[CAR], &[], "");
        check(&[(0.9, CAR)], &[], &[], "w");
    }

    #[test]
    fn a_loose_box_is_right_at_low_thresholds_only() {
        // 0.6 of the union: right at 0.50 and 0.55 and, but for rounding, 0.60.
        let verdicts = judge(&[(0.9, bbox(BESIDE))], &[bbox(CAR)], &[]);
        assert_eq!(
            [verdicts[0].at(1), verdicts[0].at(3), verdicts[0].at(9)],
            [Some(true), Some(false), Some(false)]
        );
    }

    #[test]
    fn only_the_best_hundred_boxes_are_looked_at() {
        let mut found = vec![(0.9, AWAY); MOST_BOXES];
        found.push((0.1, CAR));
        check(&found, &[CAR], &[], &"w".repeat(MOST_BOXES));
    }
}
