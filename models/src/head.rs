//! The families of heads: in which form a network tells what it has found.
//!
//! In a manifest the head is one table, `type` and what that type needs; a key that is missing or belongs to another type is
//! refused. Which of a file's outputs is which is not written down: their shapes tell it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the network's answer is read. Sizes and corners are in pixels of the network's input unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "HeadForm", into = "HeadForm")]
pub enum Head {
    /// `yolox`: one output `[1, cells, 5 + labels]`, cells row by row, grid after grid: box (4), objectness, class scores; a
    /// box's score is objectness · class.
    Yolox {
        /// Cell sizes of the grids in pixels, in the order of the output's rows: powers of two, 4–128, rising.
        strides: Vec<u32>,
        /// Whether objectness and class scores are already 0–1. Where false, the sigmoid is still to be taken.
        sigmoid_done: bool,
        /// Whether boxes are already centre and size. Where false, a cell at (`x`, `y`) of a grid of stride `s` means
        /// centre `((dx + x) · s, (dy + y) · s)` and size `(exp(dw) · s, exp(dh) · s)`.
        boxes_decoded: bool,
    },
    /// `yolov5`, and YOLOv7: one output `[1, rows, 5 + labels]`: centre and size, objectness, class scores, all decoded; a
    /// box's score is objectness · class.
    Yolov5,
    /// `yolov8`, also 9, 11 and 12: one output `[1, 4 + labels, rows]`, or turned `[1, rows, 4 + labels]`: centre and size,
    /// class scores 0–1.
    Yolov8,
    /// `yolo_nms`: YOLO with suppression built in, and YOLOv10: one output `[1, rows, 6]`: corners, score 0–1, label index.
    YoloNms,
    /// `nanodet`, and PicoDet: for each grid class scores 0–1 `[1, cells, labels]` and distances `[1, cells, 4 · bins]` from
    /// the cell's point to left, top, right and bottom: the mean of the bins' softmax, in cells (generalised focal
    /// loss, arXiv 2006.04388).
    Nanodet {
        /// Cell sizes of the grids in pixels: powers of two, 4–128, rising. A grid has as many cells as cover the input.
        strides: Vec<u32>,
        /// Which point of a cell distances are taken from.
        cell_point: CellPoint,
    },
    /// `fastestdet`: one output `[1, 5 + labels, rows, columns]` of one grid: objectness, offset (tanh) and size (sigmoid) as
    /// shares of cell and input, class scores; a box's score is objectness^0.6 · class^0.4.
    Fastestdet,
    /// `boxes_scores_labels`, as torchvision, the TensorFlow Object Detection API, RT-DETR and D-FINE export it: boxes
    /// `[1, rows, 4]`, scores and label indices `[1, rows]`, with or without the leading 1.
    BoxesScoresLabels {
        /// In which order and unit corners are.
        corners: Corners,
        /// Index of the first label: 1 where 0 means background.
        first_label: u32,
    },
    /// `ssd`, as OpenVINO and Caffe export it: one output `[1, 1, rows, 7]`: picture, label index, score 0–1, corners as
    /// shares of the input. A picture below 0 ends the rows.
    Ssd {
        /// Index of the first label: 1 where 0 means background.
        first_label: u32,
    },
    /// `detr`, and RT-DETR, RF-DETR, D-FINE without their post-processing: class logits `[1, queries, labels]` (or one more,
    /// for nothing) and boxes `[1, queries, 4]` as centre and size in shares of the input.
    Detr {
        /// How logits become scores.
        activation: Activation,
    },
}

/// Which point of a grid cell distances are measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CellPoint {
    /// Its top left corner, as NanoDet-Plus.
    Corner,
    /// Its centre, as NanoDet and PicoDet.
    Center,
}

/// Order and unit of corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Corners {
    /// `x1, y1, x2, y2` in pixels of the input.
    XyxyPixels,
    /// `x1, y1, x2, y2` as shares of the input.
    XyxyShares,
    /// `y1, x1, y2, x2` as shares of the input, as TensorFlow has them.
    YxyxShares,
}

/// How logits become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Each class by itself.
    Sigmoid,
    /// All classes and, as the last one, nothing.
    Softmax,
}

/// The names of the types, as manifests write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadType {
    /// [`Head::Yolox`].
    Yolox,
    /// [`Head::Yolov5`].
    Yolov5,
    /// [`Head::Yolov8`].
    Yolov8,
    /// [`Head::YoloNms`].
    YoloNms,
    /// [`Head::Nanodet`].
    Nanodet,
    /// [`Head::Fastestdet`].
    Fastestdet,
    /// [`Head::BoxesScoresLabels`].
    BoxesScoresLabels,
    /// [`Head::Ssd`].
    Ssd,
    /// [`Head::Detr`].
    Detr,
}

impl fmt::Display for HeadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Head {
    /// The family.
    pub fn kind(&self) -> HeadType {
        match self {
            Self::Yolox { .. } => HeadType::Yolox,
            Self::Yolov5 => HeadType::Yolov5,
            Self::Yolov8 => HeadType::Yolov8,
            Self::YoloNms => HeadType::YoloNms,
            Self::Nanodet { .. } => HeadType::Nanodet,
            Self::Fastestdet => HeadType::Fastestdet,
            Self::BoxesScoresLabels { .. } => HeadType::BoxesScoresLabels,
            Self::Ssd { .. } => HeadType::Ssd,
            Self::Detr { .. } => HeadType::Detr,
        }
    }

    /// Cell sizes of the grids that the manifest names; empty for heads whose answer tells its own grid.
    pub fn strides(&self) -> &[u32] {
        match self {
            Self::Yolox { strides, .. } | Self::Nanodet { strides, .. } => strides,
            _ => &[],
        }
    }

    /// The number of the first label, for heads that name labels by number.
    pub fn first_label(&self) -> Option<u32> {
        match self {
            Self::BoxesScoresLabels { first_label, .. } | Self::Ssd { first_label } => Some(*first_label),
            Self::YoloNms => Some(0),
            _ => None,
        }
    }

    /// What both sides of the input must be a multiple of: a grid of YOLOX has no half cells.
    pub fn input_multiple(&self) -> u32 {
        match self {
            Self::Yolox { strides, .. } => strides.iter().copied().max().unwrap_or(1),
            _ => 1,
        }
    }
}

/// The `[head]` table as it is written: every key that any type has.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeadForm {
    /// The family of the head.
    #[serde(rename = "type")]
    kind: HeadType,
    /// `yolox`, `nanodet`: cell sizes of the grids in pixels: powers of two, 4–128, rising.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strides: Option<Vec<u32>>,
    /// `yolox`: whether objectness and class scores are already 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sigmoid_done: Option<bool>,
    /// `yolox`: whether boxes are already centre and size in input pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boxes_decoded: Option<bool>,
    /// `nanodet`: which point of a cell distances are taken from. Default: `center`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cell_point: Option<CellPoint>,
    /// `boxes_scores_labels`: order and unit of corners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    corners: Option<Corners>,
    /// `boxes_scores_labels`, `ssd`: index of the first label. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_label: Option<u32>,
    /// `detr`: how logits become scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    activation: Option<Activation>,
}

/// A key of `[head]` that is missing, or that the type does not have.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    #[error("{key}: missing, a head of type {kind} needs it")]
    Missing { key: &'static str, kind: HeadType },
    #[error("{key}: a head of type {kind} has no such key")]
    Foreign { key: &'static str, kind: HeadType },
}

impl HeadForm {
    fn empty(kind: HeadType) -> Self {
        Self {
            kind,
            strides: None,
            sigmoid_done: None,
            boxes_decoded: None,
            cell_point: None,
            corners: None,
            first_label: None,
            activation: None,
        }
    }

    /// Refuses what is left when a type has taken its own keys.
    fn spent(&self) -> Result<(), HeadError> {
        let left = [
            ("strides", self.strides.is_some()),
            ("sigmoid_done", self.sigmoid_done.is_some()),
            ("boxes_decoded", self.boxes_decoded.is_some()),
            ("cell_point", self.cell_point.is_some()),
            ("corners", self.corners.is_some()),
            ("first_label", self.first_label.is_some()),
            ("activation", self.activation.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some(&(key, _)) => Err(HeadError::Foreign { key, kind: self.kind }),
            None => Ok(()),
        }
    }
}

impl TryFrom<HeadForm> for Head {
    type Error = HeadError;

    fn try_from(mut form: HeadForm) -> Result<Self, HeadError> {
        let kind = form.kind;
        fn need<T>(value: Option<T>, key: &'static str, kind: HeadType) -> Result<T, HeadError> {
            value.ok_or(HeadError::Missing { key, kind })
        }
        let head = match kind {
            HeadType::Yolox => Self::Yolox {
                strides: need(form.strides.take(), "strides", kind)?,
                sigmoid_done: need(form.sigmoid_done.take(), "sigmoid_done", kind)?,
                boxes_decoded: need(form.boxes_decoded.take(), "boxes_decoded", kind)?,
            },
            HeadType::Yolov5 => Self::Yolov5,
            HeadType::Yolov8 => Self::Yolov8,
            HeadType::YoloNms => Self::YoloNms,
            HeadType::Nanodet => Self::Nanodet {
                strides: need(form.strides.take(), "strides", kind)?,
                cell_point: form.cell_point.take().unwrap_or(CellPoint::Center),
            },
            HeadType::Fastestdet => Self::Fastestdet,
            HeadType::BoxesScoresLabels => Self::BoxesScoresLabels {
                corners: need(form.corners.take(), "corners", kind)?,
                first_label: form.first_label.take().unwrap_or(0),
            },
            HeadType::Ssd => Self::Ssd { first_label: form.first_label.take().unwrap_or(0) },
            HeadType::Detr => Self::Detr { activation: need(form.activation.take(), "activation", kind)? },
        };
        form.spent()?;
        Ok(head)
    }
}

impl From<Head> for HeadForm {
    fn from(head: Head) -> Self {
        let form = Self::empty(head.kind());
        match head {
            Head::Yolox { strides, sigmoid_done, boxes_decoded } => Self {
                strides: Some(strides),
                sigmoid_done: Some(sigmoid_done),
                boxes_decoded: Some(boxes_decoded),
                ..form
            },
            Head::Nanodet { strides, cell_point } => {
                Self { strides: Some(strides), cell_point: Some(cell_point), ..form }
            }
            Head::BoxesScoresLabels { corners, first_label } => {
                Self { corners: Some(corners), first_label: Some(first_label), ..form }
            }
            Head::Ssd { first_label } => Self { first_label: Some(first_label), ..form },
            Head::Detr { activation } => Self { activation: Some(activation), ..form },
            Head::Yolov5 | Head::Yolov8 | Head::YoloNms | Head::Fastestdet => form,
        }
    }
}
