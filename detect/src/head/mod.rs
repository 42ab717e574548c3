//! Reads networks' answers: raw tensors in, detections out. Pure.
//!
//! A [`Reader`] is bound to a network once: from the manifest's head and the sizes of the file's outputs it works out which
//! output is which. Refused with what was expected and what was found: outputs that the head cannot be read from.

mod answer;
mod detr;
mod fastestdet;
mod found;
mod listed;
mod nanodet;
mod rows;
mod suppression;
mod yolox;

use std::fmt;

use gridwatch_domain::Detection;
use gridwatch_models::{Head, Manifest};

pub(crate) use self::suppression::same_kind;
pub(crate) use self::{answer::Sizes, listed::three};
pub use self::{
    answer::{Mismatch, OutputForm, Tensor},
    suppression::suppress,
};
use self::{
    found::{Found, Labels},
    yolox::Yolox,
};
use crate::letterbox::Fit;

/// Reads the answers of one network.
#[derive(Debug)]
pub struct Reader {
    decoder: Decoder,
    nms_iou: f32,
}

#[derive(Debug)]
enum Decoder {
    Yolox(Yolox),
    Yolov5(rows::Yolov5),
    Yolov8(rows::Yolov8),
    YoloNms(listed::YoloNms),
    Nanodet(nanodet::Nanodet),
    Fastestdet(fastestdet::Fastestdet),
    BoxesScoresLabels(listed::BoxesScoresLabels),
    Ssd(listed::Ssd),
    Detr(detr::Detr),
}

/// An answer that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// Most of what it claims to see is no number.
    NotNumbers {
        /// Rows that are not finite.
        spoiled: usize,
        /// Rows that were looked at.
        rows: usize,
    },
    /// Its sizes are not those that the head needs: a file with free sizes may promise more than it keeps.
    Sizes,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNumbers { spoiled, rows } => write!(
                f,
                "{spoiled} of its {rows} rows are not finite numbers (a broken export, or half precision that overflows: export it in single precision)"
            ),
            Self::Sizes => f.write_str("its sizes are not those that the head in the manifest needs"),
        }
    }
}

impl Reader {
    /// For the network that `manifest` describes, whose file has these `outputs`.
    ///
    /// # Errors
    /// [`Mismatch`] where the head cannot be read from them.
    pub fn bind(manifest: &Manifest, outputs: &[OutputForm]) -> Result<Self, Mismatch> {
        let labels = Labels::new(&manifest.class_by_index());
        let input = (manifest.input.width, manifest.input.height);
        let decoder = match &manifest.head {
            Head::Yolox { strides, sigmoid_done, boxes_decoded } => {
                Decoder::Yolox(Yolox::bind(labels, strides, (*sigmoid_done, *boxes_decoded), input, outputs)?)
            }
            Head::Yolov5 => Decoder::Yolov5(rows::Yolov5::bind(labels, outputs)?),
            Head::Yolov8 => Decoder::Yolov8(rows::Yolov8::bind(labels, outputs)?),
            Head::YoloNms => Decoder::YoloNms(listed::YoloNms::bind(labels, outputs)?),
            Head::Nanodet { strides, cell_point } => {
                Decoder::Nanodet(nanodet::Nanodet::bind(labels, (strides, *cell_point), input, outputs)?)
            }
            Head::Fastestdet => Decoder::Fastestdet(fastestdet::Fastestdet::bind(labels, input, outputs)?),
            Head::BoxesScoresLabels { corners, first_label } => Decoder::BoxesScoresLabels(
                listed::BoxesScoresLabels::bind(labels, (*corners, *first_label), input, outputs)?,
            ),
            Head::Ssd { first_label } => {
                Decoder::Ssd(listed::Ssd::bind(labels, *first_label, input, outputs)?)
            }
            Head::Detr { activation } => {
                Decoder::Detr(detr::Detr::bind(labels, *activation, input, outputs)?)
            }
        };
        Ok(Self { decoder, nms_iou: manifest.thresholds.nms_iou })
    }

    /// The objects with a score of at least `least_score` (0–1), best first, one box each. Rows whose numbers are not
    /// finite are left out. `answer` has the outputs that the reader was bound to, in their order.
    ///
    /// # Errors
    /// [`Unreadable`], with nothing found.
    pub fn decode(
        &self,
        answer: &[Tensor<'_>],
        least_score: f32,
        fit: Fit,
    ) -> Result<Vec<Detection>, Unreadable> {
        let mut found = Found::new(least_score, fit);
        let read = match &self.decoder {
            Decoder::Yolox(head) => head.decode(answer, &mut found),
            Decoder::Yolov5(head) => head.decode(answer, &mut found),
            Decoder::Yolov8(head) => head.decode(answer, &mut found),
            Decoder::YoloNms(head) => head.decode(answer, &mut found),
            Decoder::Nanodet(head) => head.decode(answer, &mut found),
            Decoder::Fastestdet(head) => head.decode(answer, &mut found),
            Decoder::BoxesScoresLabels(head) => head.decode(answer, &mut found),
            Decoder::Ssd(head) => head.decode(answer, &mut found),
            Decoder::Detr(head) => head.decode(answer, &mut found),
        };
        match read {
            None => Err(Unreadable::Sizes),
            Some(()) if found.is_spoiled() => {
                let (spoiled, rows) = found.spoiled();
                Err(Unreadable::NotNumbers { spoiled, rows })
            }
            Some(()) => Ok(found.finish(self.nms_iou)),
        }
    }
}

#[cfg(test)]
mod tests;
