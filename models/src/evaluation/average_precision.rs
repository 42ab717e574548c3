//! Average precision, after COCO's rule.
//!
//! Boxes of all pictures, best first, give precision over recall; precision is made falling from the right, read at 101
//! points of recall, and averaged. (`accumulate` of
//! <https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/cocoeval.py>.)

/// Points of recall at which precision is read: 0, 0.01 … 1.
pub const RECALL_POINTS: usize = 101;

/// Precision, 0–1, at each of the [`RECALL_POINTS`]; 0 beyond the recall that was reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    precision: Vec<f64>,
}

impl Curve {
    /// Of boxes in falling order of score, each right or wrong, and `objects` that were wanted; `None` where none was.
    pub(super) fn new(right: impl IntoIterator<Item = bool>, objects: usize) -> Option<Self> {
        if objects == 0 {
            return None;
        }
        let (mut hits, mut points) = (0_usize, Vec::new());
        for (index, is_right) in right.into_iter().enumerate() {
            hits += usize::from(is_right);
            points.push((hits as f64 / objects as f64, hits as f64 / (index + 1) as f64));
        }
        let mut best = 0.0_f64;
        for (_, precision) in points.iter_mut().rev() {
            best = best.max(*precision);
            *precision = best;
        }
        let read = |point: usize| {
            let recall = recall(point);
            let reached = points.partition_point(|&(reached, _)| reached < recall);
            points.get(reached).map_or(0.0, |&(_, precision)| precision)
        };
        Some(Self { precision: (0..RECALL_POINTS).map(read).collect() })
    }

    /// Average precision, 0–1.
    pub fn average(&self) -> f64 {
        self.precision.iter().sum::<f64>() / RECALL_POINTS as f64
    }

    /// Recall and precision, both 0–1, point by point.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.precision.iter().enumerate().map(|(point, &precision)| (recall(point), precision))
    }
}

/// The recall of a point, rounded as COCO's reference rounds it: 0.35 is a hair more than 14 of 40, and a hair decides
/// which precision is read.
fn recall(point: usize) -> f64 {
    point as f64 * 0.01
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(right: &[bool], objects: usize, expected: f64) {
        let found = Curve::new(right.iter().copied(), objects).expect("objects").average();
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    }

    #[test]
    fn average_precision_by_hand() {
        check(&[true, true], 2, 1.0);
        check(&[], 2, 0.0);
        check(&[false, false], 2, 0.0);
        // Recall 1/2 is reached: 51 of the 101 points, all at precision 1.
        check(&[true], 2, 51.0 / 101.0);
        // Precision 1 up to recall 1/2, then the 2/3 of the third box.
        check(&[true, false, true], 2, (51.0 + 50.0 * 2.0 / 3.0) / 101.0);
        // A later, better precision lifts what lies left of it.
        check(&[false, true, true], 2, 2.0 / 3.0);
    }

    #[test]
    fn without_objects_there_is_no_figure() {
        assert_eq!(Curve::new([true], 0), None);
    }

    #[test]
    fn the_curve_falls_from_left_to_right() {
        let curve = Curve::new([true, false, true, true, false], 4).expect("objects");
        let points: Vec<_> = curve.points().collect();
        assert_eq!((points[0], points[100]), ((0.0, 1.0), (1.0, 0.0)));
        assert!(points.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{points:?}");
    }
}
