//! Decodes YOLOX rows: `[dx, dy, dw, dh, objectness, class scores …]`, cell by cell, grid after grid.

use gridwatch_domain::{Detection, ObjectClass};
use gridwatch_models::{Head, Manifest};

use super::suppression::suppress;
use crate::letterbox::Fit;

/// Box (4) and objectness come before the class scores.
const FIXED_COLUMNS: usize = 5;
/// Candidates that suppression looks at. A picture of a full car park holds some hundred; a broken network thousands,
/// and suppression compares each with each.
const MOST_CANDIDATES: usize = 1000;
/// ln of the largest box, in cells: beyond it every box fills the input anyway, and `exp` stays finite.
const LARGEST_LOG_SIZE: f32 = 10.0;

/// One cell of one grid.
#[derive(Debug, Clone, Copy)]
struct Cell {
    x: f32,
    y: f32,
    stride: f32,
}

/// Reads the rows of one network.
pub struct YoloxHead {
    head: Head,
    cells: Vec<Cell>,
    /// Meaning of the class columns; `None` is ignored.
    classes: Vec<Option<ObjectClass>>,
    nms_iou: f32,
}

impl YoloxHead {
    /// For the network that `manifest` describes.
    pub fn new(manifest: &Manifest) -> Self {
        let (width, height) = (manifest.input.width, manifest.input.height);
        let grid = |&stride: &u32| {
            let cell = move |x: u32, y: u32| Cell { x: x as f32, y: y as f32, stride: stride as f32 };
            (0..height / stride).flat_map(move |y| (0..width / stride).map(move |x| cell(x, y)))
        };
        Self {
            head: manifest.head.clone(),
            cells: manifest.head.strides.iter().flat_map(grid).collect(),
            classes: manifest.class_by_index(),
            nms_iou: manifest.thresholds.nms_iou,
        }
    }

    /// The objects with a score of at least `least_score` (0–1), best first, one box each. Rows whose numbers are not
    /// finite are left out.
    pub fn decode(&self, rows: &[f32], least_score: f32, fit: Fit) -> Vec<Detection> {
        let columns = FIXED_COLUMNS + self.classes.len();
        let mut detections: Vec<Detection> = rows
            .chunks_exact(columns)
            .zip(&self.cells)
            .filter_map(|(row, &cell)| self.read(row, cell, least_score, fit))
            .collect();
        if detections.len() > MOST_CANDIDATES {
            detections.select_nth_unstable_by(MOST_CANDIDATES, |a, b| b.score.total_cmp(&a.score));
            detections.truncate(MOST_CANDIDATES);
        }
        suppress(&mut detections, self.nms_iou);
        detections
    }

    fn read(&self, row: &[f32], cell: Cell, least_score: f32, fit: Fit) -> Option<Detection> {
        let objectness = self.probability(row[4]);
        // Nearly all rows end here: a score cannot exceed its objectness. Not-a-number ends here too.
        if objectness < least_score || !objectness.is_finite() {
            return None;
        }
        let (class, best) = self.best_class(&row[FIXED_COLUMNS..])?;
        let score = objectness * self.probability(best);
        if score < least_score || !score.is_finite() {
            return None;
        }
        let [x, y, width, height] = self.center_and_size(row, cell);
        let bbox = fit.to_picture(x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0)?;
        Some(Detection { class, score: score.min(1.0), bbox })
    }

    /// The best of the classes that gridwatch knows. A label that is ignored does not outvote them: a van that looks a
    /// little more like a train than like a truck is still a vehicle.
    fn best_class(&self, scores: &[f32]) -> Option<(ObjectClass, f32)> {
        let known = self.classes.iter().zip(scores).filter_map(|(class, &score)| Some(((*class)?, score)));
        known.filter(|(_, score)| score.is_finite()).max_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    fn probability(&self, value: f32) -> f32 {
        if self.head.sigmoid_done { value } else { 1.0 / (1.0 + (-value).exp()) }
    }

    fn center_and_size(&self, row: &[f32], cell: Cell) -> [f32; 4] {
        if self.head.boxes_decoded {
            return [row[0], row[1], row[2], row[3]];
        }
        let size = |log: f32| log.min(LARGEST_LOG_SIZE).exp() * cell.stride;
        [(row[0] + cell.x) * cell.stride, (row[1] + cell.y) * cell.stride, size(row[2]), size(row[3])]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gridwatch_models::sha256_of;
    use proptest::prelude::*;

    use super::*;

    const COLUMNS: usize = 85;
    const CAR: usize = 5 + 2;
    const TRUCK: usize = 5 + 7;
    const BENCH: usize = 5 + 13;

    fn manifest() -> Manifest {
        Manifest::yolox_coco(Path::new("test.onnx"), 64, 32, sha256_of(b"")).expect("a possible size")
    }

    fn fit(manifest: &Manifest) -> Fit {
        Fit::new(&manifest.input, 640, 320)
    }

    /// Rows of nothing, of which `row` gets `values` in (column, value) pairs.
    fn rows(row: usize, values: &[(usize, f32)]) -> Vec<f32> {
        let manifest = manifest();
        let mut rows = vec![0.0; manifest.output_shape().iter().product()];
        for &(column, value) in values {
            rows[row * COLUMNS + column] = value;
        }
        rows
    }

    #[test]
    fn offsets_and_logarithms_become_a_box_of_the_picture() {
        let manifest = manifest();
        // Cell (3, 1) of the grid of stride 8, which has 8 columns.
        let size = [(2, 2.0_f32.ln()), (3, 1.0_f32.ln())];
        let rows = rows(8 + 3, &[(0, 0.5), (1, 0.5), size[0], size[1], (4, 0.9), (CAR, 0.8), (TRUCK, 0.3)]);
        let found = YoloxHead::new(&manifest).decode(&rows, 0.3, fit(&manifest));
        let [car] = found[..] else { panic!("one object: {found:?}") };
        assert_eq!(car.class, ObjectClass::Car);
        assert!((car.score - 0.72).abs() < 1e-6);
        let wanted = [20.0 / 64.0, 8.0 / 32.0, 36.0 / 64.0, 16.0 / 32.0];
        let off = <[f32; 4]>::from(car.bbox)
            .iter()
            .zip(wanted)
            .map(|(a, b): (&f32, f32)| (a - b).abs())
            .sum::<f32>();
        assert!(off < 1e-5, "{:?}, not {wanted:?}", car.bbox);
    }

    #[test]
    fn later_grids_have_larger_cells() {
        let manifest = manifest();
        // Grids have 8·4, 4·2 and 2·1 cells; row 41 is the second cell of stride 32.
        let rows = rows(41, &[(0, 0.5), (1, 0.5), (4, 0.9), (CAR, 0.9)]);
        let found = YoloxHead::new(&manifest).decode(&rows, 0.3, fit(&manifest));
        assert_eq!(<[f32; 4]>::from(found[0].bbox), [0.5, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn a_label_that_means_nothing_does_not_hide_one_that_does() {
        let manifest = manifest();
        let head = YoloxHead::new(&manifest);
        let found = head.decode(&rows(0, &[(4, 0.9), (CAR, 0.5), (BENCH, 0.9)]), 0.3, fit(&manifest));
        assert_eq!(found.iter().map(|found| found.class).collect::<Vec<_>>(), [ObjectClass::Car]);
        assert_eq!(head.decode(&rows(0, &[(4, 0.9), (BENCH, 0.9)]), 0.3, fit(&manifest)), []);
    }

    #[test]
    fn a_sigmoid_that_the_network_left_out_is_taken() {
        let mut manifest = manifest();
        manifest.head.sigmoid_done = false;
        let mut rows = vec![-20.0; manifest.output_shape().iter().product()];
        rows[..5].fill(0.0);
        rows[CAR] = 20.0;
        let found = YoloxHead::new(&manifest).decode(&rows, 0.3, fit(&manifest));
        assert_eq!(found.len(), 1);
        assert!((found[0].score - 0.5).abs() < 1e-4);
    }

    proptest! {
        #[test]
        fn whatever_a_network_answers_boxes_are_valid_and_scores_in_range(
            seed in any::<u64>(),
            spoiled in prop::collection::vec((0_usize..42 * COLUMNS, prop::sample::select(vec![
                f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30, 1e5,
            ])), 0..200),
            decoded in any::<bool>(),
        ) {
            let mut manifest = manifest();
            manifest.head.boxes_decoded = decoded;
            let mut random = fastrand::Rng::with_seed(seed);
            let mut rows: Vec<f32> = (0..42 * COLUMNS).map(|_| random.f32()).collect();
            for (index, value) in spoiled {
                rows[index] = value;
            }
            for found in YoloxHead::new(&manifest).decode(&rows, 0.2, fit(&manifest)) {
                prop_assert!((0.2..=1.0).contains(&found.score));
                prop_assert!(<[f32; 4]>::from(found.bbox).iter().all(|corner| (0.0..=1.0).contains(corner)));
            }
        }
    }
}
