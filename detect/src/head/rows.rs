//! Heads of one output with a row a box, already decoded: YOLOv5 and YOLOv8, and what is built like them.

use super::{
    answer::{Mismatch, OutputForm, Sizes, Tensor, find},
    found::{Found, Labels},
};

/// Box and objectness come before YOLOv5's class scores, the box alone before YOLOv8's.
const YOLOV5_COLUMNS: usize = 5;
const YOLOV8_COLUMNS: usize = 4;

/// Centre, size, objectness, class scores.
#[derive(Debug)]
pub(super) struct Yolov5 {
    output: usize,
    labels: Labels,
}

impl Yolov5 {
    pub(super) fn bind(labels: Labels, outputs: &[OutputForm]) -> Result<Self, Mismatch> {
        let output = find(outputs, &[Some(1), None, Some(YOLOV5_COLUMNS + labels.count)])?;
        Ok(Self { output, labels })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        for row in answer[self.output].rows(YOLOV5_COLUMNS + self.labels.count)? {
            let objectness = row[4];
            if !found.wants(objectness) {
                continue;
            }
            if let Some((class, best)) = self.labels.best(|index| row[YOLOV5_COLUMNS + index]) {
                found.keep_centered(class, objectness * best, [row[0], row[1], row[2], row[3]]);
            }
        }
        Some(())
    }
}

/// Centre, size, class scores; columns first as Ultralytics exports it, or rows first.
#[derive(Debug)]
pub(super) struct Yolov8 {
    output: usize,
    labels: Labels,
}

impl Yolov8 {
    pub(super) fn bind(labels: Labels, outputs: &[OutputForm]) -> Result<Self, Mismatch> {
        let columns = Some(YOLOV8_COLUMNS + labels.count);
        let (upright, turned) = ([Some(1), columns, None], [Some(1), None, columns]);
        let output = find(outputs, &upright).or_else(|_| find(outputs, &turned)).map_err(|mismatch| {
            Mismatch { expected: format!("an output {} or {}", Sizes(&upright), Sizes(&turned)), ..mismatch }
        })?;
        Ok(Self { output, labels })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        let tensor = answer[self.output];
        let columns = YOLOV8_COLUMNS + self.labels.count;
        match tensor.rows_and_columns()? {
            (rows, boxes) if rows == columns => {
                self.read(boxes, found, |index, column| tensor.values[column * boxes + index]);
            }
            (boxes, of_row) if of_row == columns => {
                self.read(boxes, found, |index, column| tensor.values[index * columns + column]);
            }
            _ => return None,
        }
        Some(())
    }

    fn read(&self, boxes: usize, found: &mut Found, value: impl Fn(usize, usize) -> f32) {
        for index in 0..boxes {
            let best = self.labels.best(|label| value(index, YOLOV8_COLUMNS + label));
            if !found.wants(best.map_or(f32::NAN, |(_, score)| score)) {
                continue;
            }
            if let Some((class, score)) = best {
                found.keep_centered(class, score, [0, 1, 2, 3].map(|column| value(index, column)));
            }
        }
    }
}
