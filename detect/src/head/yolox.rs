//! Decodes YOLOX rows: `[dx, dy, dw, dh, objectness, class scores …]`, cell by cell, grid after grid.

use super::{
    answer::{Mismatch, OutputForm, Tensor, find},
    found::{Found, Labels, sigmoid},
};

/// Box (4) and objectness come before the class scores.
const FIXED_COLUMNS: usize = 5;
/// ln of the largest box, in cells: beyond it every box fills the input anyway, and `exp` stays finite.
const LARGEST_LOG_SIZE: f32 = 10.0;

/// One cell of one grid.
#[derive(Debug, Clone, Copy)]
struct Cell {
    x: f32,
    y: f32,
    stride: f32,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Yolox {
    output: usize,
    cells: Vec<Cell>,
    sigmoid_done: bool,
    boxes_decoded: bool,
    labels: Labels,
}

impl Yolox {
    pub(super) fn bind(
        labels: Labels,
        strides: &[u32],
        (sigmoid_done, boxes_decoded): (bool, bool),
        (width, height): (u32, u32),
        outputs: &[OutputForm],
    ) -> Result<Self, Mismatch> {
        let grid = |&stride: &u32| {
            let cell = move |x: u32, y: u32| Cell { x: x as f32, y: y as f32, stride: stride as f32 };
            (0..height / stride).flat_map(move |y| (0..width / stride).map(move |x| cell(x, y)))
        };
        let cells: Vec<Cell> = strides.iter().flat_map(grid).collect();
        let output = find(outputs, &[Some(1), Some(cells.len()), Some(FIXED_COLUMNS + labels.count)])?;
        Ok(Self { output, cells, sigmoid_done, boxes_decoded, labels })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        let rows = answer[self.output].rows(FIXED_COLUMNS + self.labels.count)?;
        for (row, &cell) in rows.zip(&self.cells) {
            let objectness = self.probability(row[4]);
            // Nearly all rows end here: a score cannot exceed its objectness.
            if !found.wants(objectness) {
                continue;
            }
            if let Some((class, best)) = self.labels.best(|index| row[FIXED_COLUMNS + index]) {
                found.keep_centered(
                    class,
                    objectness * self.probability(best),
                    self.center_and_size(row, cell),
                );
            }
        }
        Some(())
    }

    fn probability(&self, value: f32) -> f32 {
        if self.sigmoid_done { value } else { sigmoid(value) }
    }

    fn center_and_size(&self, row: &[f32], cell: Cell) -> [f32; 4] {
        if self.boxes_decoded {
            return [row[0], row[1], row[2], row[3]];
        }
        // Not `min`, which would make a number of what is none.
        let size = |log: f32| if log > LARGEST_LOG_SIZE { LARGEST_LOG_SIZE } else { log }.exp() * cell.stride;
        [(row[0] + cell.x) * cell.stride, (row[1] + cell.y) * cell.stride, size(row[2]), size(row[3])]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gridwatch_domain::{Detection, ObjectClass};
    use gridwatch_models::{Head, Manifest, sha256_of};
    use proptest::prelude::*;

    use crate::{
        head::{OutputForm, Reader, Tensor, Unreadable},
        letterbox::Fit,
    };

    const COLUMNS: usize = 85;
    const CAR: usize = 5 + 2;
    const TRUCK: usize = 5 + 7;
    const BENCH: usize = 5 + 13;

    /// Grids of 8·4, 4·2 and 2·1 cells.
    const CELLS: usize = 42;

    fn manifest() -> Manifest {
        Manifest::yolox_coco(Path::new("test.onnx"), 64, 32, sha256_of(b"")).expect("a possible size")
    }

    fn decode(manifest: &Manifest, rows: &[f32], least_score: f32) -> Vec<Detection> {
        let shape = [1, CELLS, COLUMNS];
        let form = OutputForm { name: "output".to_owned(), shape: shape.map(Some).into(), integer: false };
        let reader = Reader::bind(manifest, &[form]).expect("it fits");
        reader.decode(&[Tensor { shape: &shape, values: rows }], least_score, fit(manifest)).expect("numbers")
    }

    fn fit(manifest: &Manifest) -> Fit {
        Fit::new(&manifest.input, 640, 320)
    }

    /// Rows of nothing, of which `row` gets `values` in (column, value) pairs.
    fn rows(row: usize, values: &[(usize, f32)]) -> Vec<f32> {
        let mut rows = vec![0.0; CELLS * COLUMNS];
        for &(column, value) in values {
            rows[row * COLUMNS + column] = value;
        }
        rows
    }

    #[test]
    fn offsets_and_logarithms_become_a_box_of_the_picture() {
        // Cell (3, 1) of the grid of stride 8, which has 8 columns.
        let size = [(2, 2.0_f32.ln()), (3, 1.0_f32.ln())];
        let rows = rows(8 + 3, &[(0, 0.5), (1, 0.5), size[0], size[1], (4, 0.9), (CAR, 0.8), (TRUCK, 0.3)]);
        let found = decode(&manifest(), &rows, 0.3);
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
        // Row 41 is the second cell of stride 32.
        let rows = rows(41, &[(0, 0.5), (1, 0.5), (4, 0.9), (CAR, 0.9)]);
        let found = decode(&manifest(), &rows, 0.3);
        assert_eq!(<[f32; 4]>::from(found[0].bbox), [0.5, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn a_label_that_means_nothing_does_not_hide_one_that_does() {
        let found = decode(&manifest(), &rows(0, &[(4, 0.9), (CAR, 0.5), (BENCH, 0.9)]), 0.3);
        assert_eq!(found.iter().map(|found| found.class).collect::<Vec<_>>(), [ObjectClass::Car]);
        assert_eq!(decode(&manifest(), &rows(0, &[(4, 0.9), (BENCH, 0.9)]), 0.3), []);
    }

    #[test]
    fn a_sigmoid_that_the_network_left_out_is_taken() {
        let head = Head::Yolox { strides: vec![8, 16, 32], sigmoid_done: false, boxes_decoded: false };
        let mut rows = vec![-20.0; CELLS * COLUMNS];
        rows[..5].fill(0.0);
        rows[CAR] = 20.0;
        let found = decode(&Manifest { head, ..manifest() }, &rows, 0.3);
        assert_eq!(found.len(), 1);
        assert!((found[0].score - 0.5).abs() < 1e-4);
    }

    #[test]
    fn a_size_that_is_no_number_is_no_box() {
        let spoiled = rows(3, &[(2, f32::NAN), (4, 0.9), (CAR, 0.9)]);
        let shape = [1, CELLS, COLUMNS];
        let form = OutputForm { name: "output".to_owned(), shape: shape.map(Some).into(), integer: false };
        let reader = Reader::bind(&manifest(), &[form]).expect("it fits");
        let answer = [Tensor { shape: &shape, values: &spoiled }];
        let refused = reader.decode(&answer, 0.3, fit(&manifest())).expect_err("nothing sound in it");
        assert_eq!(refused, Unreadable::NotNumbers { spoiled: 1, rows: CELLS });
        // Beside sound ones it is left out.
        let mut mixed = spoiled;
        for row in [10, 20, 30] {
            for (column, value) in [(4, 0.9), (CAR, 0.9)] {
                mixed[row * COLUMNS + column] = value;
            }
        }
        assert_eq!(decode(&manifest(), &mixed, 0.3).len(), 3);
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
            let head = Head::Yolox { strides: vec![8, 16, 32], sigmoid_done: true, boxes_decoded: decoded };
            let manifest = Manifest { head, ..manifest() };
            let mut random = fastrand::Rng::with_seed(seed);
            let mut rows: Vec<f32> = (0..42 * COLUMNS).map(|_| random.f32()).collect();
            for (index, value) in spoiled {
                rows[index] = value;
            }
            for found in decode(&manifest, &rows, 0.2) {
                prop_assert!((0.2..=1.0).contains(&found.score));
                prop_assert!(<[f32; 4]>::from(found.bbox).iter().all(|corner| (0.0..=1.0).contains(corner)));
            }
        }
    }
}
