//! Heads that list finished boxes: corners, score, label. Suppression is built in; what is left of it, vehicles that are
//! listed as car and truck, is done with all the same.

use gridwatch_models::Corners;

use super::{
    answer::{Mismatch, OutputForm, Tensor, find},
    found::{Found, Labels},
};

/// Corners, score, label index.
const NMS_COLUMNS: usize = 6;
/// Picture, label index, score, corners.
const SSD_COLUMNS: usize = 7;

/// One output of rows: corners in pixels, score, label index.
#[derive(Debug)]
pub(super) struct YoloNms {
    output: usize,
    labels: Labels,
}

impl YoloNms {
    pub(super) fn bind(labels: Labels, outputs: &[OutputForm]) -> Result<Self, Mismatch> {
        Ok(Self { output: find(outputs, &[Some(1), None, Some(NMS_COLUMNS)])?, labels })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        for row in answer[self.output].rows(NMS_COLUMNS)? {
            if found.wants(row[4])
                && let Some(class) = class_of(&self.labels, row[5], 0)
            {
                found.keep(class, row[4], [row[0], row[1], row[2], row[3]]);
            }
        }
        Some(())
    }
}

/// One output of rows: picture, label index, score, corners as shares.
#[derive(Debug)]
pub(super) struct Ssd {
    output: usize,
    first_label: u32,
    labels: Labels,
    input: (f32, f32),
}

impl Ssd {
    pub(super) fn bind(
        labels: Labels,
        first_label: u32,
        input: (u32, u32),
        outputs: &[OutputForm],
    ) -> Result<Self, Mismatch> {
        let output = find(outputs, &[Some(1), Some(1), None, Some(SSD_COLUMNS)])?;
        Ok(Self { output, first_label, labels, input: (input.0 as f32, input.1 as f32) })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        let (width, height) = self.input;
        for row in answer[self.output].rows(SSD_COLUMNS)?.take_while(|row| row[0] >= 0.0) {
            if found.wants(row[2])
                && let Some(class) = class_of(&self.labels, row[1], self.first_label)
            {
                found.keep(class, row[2], [row[3] * width, row[4] * height, row[5] * width, row[6] * height]);
            }
        }
        Some(())
    }
}

/// Boxes, scores and label indices in three outputs.
#[derive(Debug)]
pub(super) struct BoxesScoresLabels {
    boxes: usize,
    scores: usize,
    indices: usize,
    corners: Corners,
    first_label: u32,
    labels: Labels,
    input: (f32, f32),
}

impl BoxesScoresLabels {
    pub(super) fn bind(
        labels: Labels,
        (corners, first_label): (Corners, u32),
        input: (u32, u32),
        outputs: &[OutputForm],
    ) -> Result<Self, Mismatch> {
        let (boxes, scores, indices) = three(outputs).ok_or_else(|| {
            Mismatch::of(
                "outputs [1, rows, 4], [1, rows] and [1, rows]: boxes, scores and label indices",
                outputs,
            )
        })?;
        let input = (input.0 as f32, input.1 as f32);
        Ok(Self { boxes, scores, indices, corners, first_label, labels, input })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        let (width, height) = self.input;
        let rows = answer[self.boxes].rows(4)?;
        let listed = rows.zip(answer[self.scores].values).zip(answer[self.indices].values);
        for ((row, &score), &index) in listed {
            if found.wants(score)
                && let Some(class) = class_of(&self.labels, index, self.first_label)
            {
                let corners = match self.corners {
                    Corners::XyxyPixels => [row[0], row[1], row[2], row[3]],
                    Corners::XyxyShares => [row[0] * width, row[1] * height, row[2] * width, row[3] * height],
                    Corners::YxyxShares => [row[1] * width, row[0] * height, row[3] * width, row[2] * height],
                };
                found.keep(class, score, corners);
            }
        }
        Some(())
    }
}

/// Which outputs are boxes, scores and label indices: by shape, then by type and name, then by the order of
/// torchvision (labels, scores) or of the others.
pub(crate) fn three(outputs: &[OutputForm]) -> Option<(usize, usize, usize)> {
    let boxes = outputs
        .iter()
        .position(|output| output.may_be(&[Some(1), None, Some(4)]) || output.may_be(&[None, Some(4)]))?;
    let rank = outputs[boxes].shape.len() - 1;
    let lists: Vec<usize> =
        (0..outputs.len()).filter(|&index| index != boxes && outputs[index].shape.len() == rank).collect();
    let is_score = |output: &OutputForm| output.is_named(&["score", "conf", "prob"]);
    let is_label = |output: &OutputForm| output.is_named(&["label", "class", "categor"]);
    // `num_dets` counts rows.
    let is_whole = |output: &OutputForm| output.integer && !output.is_named(&["num"]);
    let find = |is: &dyn Fn(&OutputForm) -> bool| {
        lists.iter().copied().find(|&index| is(&outputs[index]) && !is_score(&outputs[index]))
    };
    let indices = find(&is_label).or_else(|| find(&is_whole));
    let scores = lists.iter().copied().find(|&index| is_score(&outputs[index]));
    match (scores, indices, &lists[..]) {
        (Some(scores), Some(indices), _) => Some((boxes, scores, indices)),
        (Some(scores), None, &[a, b]) => Some((boxes, scores, if a == scores { b } else { a })),
        (None, Some(indices), &[a, b]) => Some((boxes, if a == indices { b } else { a }, indices)),
        _ => None,
    }
}

/// What a label index means; it may come as any kind of number.
fn class_of(labels: &Labels, index: f32, first_label: u32) -> Option<gridwatch_domain::ObjectClass> {
    let index = index.round() - first_label as f32;
    if (0.0..labels.count as f32).contains(&index) { labels.class(index as usize) } else { None }
}
