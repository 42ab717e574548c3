//! Decodes DETR and its kin: a fixed number of queries, each with class logits and a box.

use gridwatch_models::Activation;

use super::{
    answer::{Mismatch, OutputForm, Tensor},
    found::{Found, Labels, sigmoid},
};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Detr {
    logits: usize,
    boxes: usize,
    activation: Activation,
    labels: Labels,
    input: (f32, f32),
}

impl Detr {
    pub(super) fn bind(
        labels: Labels,
        activation: Activation,
        input: (u32, u32),
        outputs: &[OutputForm],
    ) -> Result<Self, Mismatch> {
        let (logits, boxes) = two(labels.count, outputs).ok_or_else(|| {
            let (count, more) = (labels.count, labels.count + 1);
            Mismatch::of(format!("outputs [1, queries, {count} or {more}] and [1, queries, 4]"), outputs)
        })?;
        Ok(Self { logits, boxes, activation, labels, input: (input.0 as f32, input.1 as f32) })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        let (width, height) = self.input;
        let columns = *answer[self.logits].shape.last()?;
        let logits = answer[self.logits].rows(columns.max(self.labels.count))?;
        for (logits, row) in logits.zip(answer[self.boxes].rows(4)?) {
            let best = self.labels.best(|index| logits[index]);
            let score = best.map_or(f32::NAN, |(_, logit)| self.score(logit, logits));
            if found.wants(score)
                && let Some((class, _)) = best
            {
                found.keep_centered(
                    class,
                    score,
                    [row[0] * width, row[1] * height, row[2] * width, row[3] * height],
                );
            }
        }
        Some(())
    }

    fn score(&self, logit: f32, all: &[f32]) -> f32 {
        match self.activation {
            Activation::Sigmoid => sigmoid(logit),
            Activation::Softmax => {
                let most = all.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                (logit - most).exp() / all.iter().map(|other| (other - most).exp()).sum::<f32>()
            }
        }
    }
}

fn two(labels: usize, outputs: &[OutputForm]) -> Option<(usize, usize)> {
    let of = |columns: usize| {
        move |output: &OutputForm| output.may_be(&[Some(1), None, Some(columns)]) && output.last().is_some()
    };
    // With three or four labels both outputs have four columns: then names decide.
    let boxes =
        |output: &OutputForm| of(4)(output) && !output.is_named(&["logit", "class", "score", "label"]);
    let boxes = outputs
        .iter()
        .position(|output| boxes(output) && output.is_named(&["box", "dets"]))
        .or_else(|| outputs.iter().position(boxes))
        .or_else(|| outputs.iter().position(of(4)))?;
    let logits = outputs
        .iter()
        .enumerate()
        .position(|(index, output)| index != boxes && (of(labels)(output) || of(labels + 1)(output)))?;
    Some((logits, boxes))
}
