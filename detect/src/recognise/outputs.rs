//! From the outputs of one run to the head they belong to. Pure.

use gridwatch_models::{Activation, CellPoint, Corners, Head};

use super::NotRecognised;
use crate::head::{OutputForm, Sizes};

/// Grids of YOLO and NanoDet; PicoDet and the larger YOLOs have a fourth.
const STRIDES: [u32; 4] = [8, 16, 32, 64];
/// YOLOv5 has this many boxes a cell.
const ANCHORS: usize = 3;
/// Bins of NanoDet's and PicoDet's distances.
const BINS: usize = 8;
/// Columns of a box in the heads with and without objectness, and of a finished box.
const WITH_OBJECTNESS: usize = 5;
const WITHOUT: usize = 4;
const FINISHED: usize = 6;
/// Labels of COCO, and of DETR's count of them with one for nothing.
const COCO: usize = 80;
const DETR_LOGITS: usize = 92;
/// Queries of DETR and its kin, at most; heads that look at every place have thousands.
const MOST_QUERIES: usize = 1000;

/// One output of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbedOutput {
    /// Its name.
    pub name: String,
    /// Whether it holds whole numbers.
    pub integer: bool,
    /// Its sizes.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub values: Vec<f32>,
}

/// What is known of a file after one run.
pub(super) struct Probe<'a> {
    pub(super) outputs: &'a [ProbedOutput],
    pub(super) input: (u32, u32),
    /// How many labels there are, where that is known.
    pub(super) labels: Option<usize>,
    /// Whether it has a second input for the size that boxes shall be scaled to.
    pub(super) asks_for_size: bool,
}

/// A head, how many labels it has (0: it does not tell) and why.
#[derive(Debug)]
pub(super) struct FoundHead {
    pub(super) head: Head,
    pub(super) labels: usize,
    pub(super) reason: String,
}

impl ProbedOutput {
    /// As a file declares it.
    pub(super) fn form(&self) -> OutputForm {
        OutputForm {
            name: self.name.clone(),
            shape: self.shape.iter().copied().map(Some).collect(),
            integer: self.integer,
        }
    }

    /// Its sizes without leading ones: `[1, 3549, 85]` → `[3549, 85]`.
    fn table(&self) -> Option<(usize, usize)> {
        match self.shape[..] {
            [1, rows, columns] => Some((rows, columns)),
            _ => None,
        }
    }

    fn columns_within(&self, columns: usize, from: usize, low: f32, high: f32) -> bool {
        let rows = self.values.chunks_exact(columns);
        rows.flat_map(|row| &row[from..]).all(|value| (low..=high).contains(value))
    }
}

impl Probe<'_> {
    fn cells(&self, strides: &[u32]) -> usize {
        let (width, height) = self.input;
        strides.iter().map(|&stride| (width.div_ceil(stride) * height.div_ceil(stride)) as usize).sum()
    }

    /// Strides of grids with so many cells together.
    fn grids(&self, cells: usize) -> Option<&'static [u32]> {
        [&STRIDES[..3], &STRIDES[..]].into_iter().find(|strides| self.cells(strides) == cells)
    }

    fn describe(&self) -> String {
        let one = |output: &ProbedOutput| {
            let sizes: Vec<_> = output.shape.iter().copied().map(Some).collect();
            format!("{} {}", output.name, Sizes(&sizes))
        };
        self.outputs.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    fn forms(&self) -> Vec<OutputForm> {
        self.outputs.iter().map(ProbedOutput::form).collect()
    }
}

/// One way to recognise outputs: a head, `None` where they are of another one.
type Attempt = fn(&Probe<'_>) -> Result<Option<FoundHead>, NotRecognised>;

/// The first head whose form the outputs have, the most particular forms first.
pub(super) fn head_of(probe: &Probe<'_>) -> Result<FoundHead, NotRecognised> {
    let tries: [Attempt; 6] = [grids_apart, boxes_scores_labels, detr, one_table, ssd, one_grid];
    for attempt in tries {
        if let Some(found) = attempt(probe)? {
            return Ok(found);
        }
    }
    let shapes: Vec<&[usize]> = probe.outputs.iter().map(|output| output.shape.as_slice()).collect();
    Err(NotRecognised::Outputs { found: probe.describe(), help: help_for(&shapes) })
}

/// What outputs that no head has are likely to be, and what would help.
fn help_for(shapes: &[&[usize]]) -> &'static str {
    match shapes {
        _ if shapes.iter().any(|shape| shape.len() == 5) => {
            ": these are raw feature maps; export it with its Detect layer, so that boxes come out"
        }
        // Rows with 32 coefficients of masks, and the masks' prototypes.
        [[1, _, _], [1, 32, _, _]] | [[1, 32, _, _], [1, _, _]] => {
            ": this looks like a segmentation network; export the detection network of the same family"
        }
        // YOLO-NAS, PP-YOLOE, DAMO-YOLO, raw SSD: places by the thousand, without suppression.
        [[1, _, 4], [1, _, _]] | [[1, _, _], [1, _, 4]] => {
            ": these are boxes and scores of every place, without suppression; export it with suppression (NMS) built in, as boxes, scores and labels"
        }
        [[1, _] | [_]] => ": this looks like a classifier, which gives no boxes; a detector is needed",
        // Ultralytics' RT-DETR: boxes and scores of 300 queries in one table.
        [[1, 300, _]] => {
            ": this looks like an RT-DETR with boxes and scores in one table; export it with its logits and boxes apart, or with post-processing"
        }
        _ => ": export it with its boxes decoded, or as one of the forms there",
    }
}

/// Scores and distances of each grid in outputs of their own.
fn grids_apart(probe: &Probe<'_>) -> Result<Option<FoundHead>, NotRecognised> {
    let count = probe.outputs.len();
    if count < 4 || !count.is_multiple_of(2) || count / 2 > STRIDES.len() {
        return Ok(None);
    }
    let strides = &STRIDES[..count / 2];
    let tables: Option<Vec<_>> = probe.outputs.iter().map(ProbedOutput::table).collect();
    let Some(tables) = tables else { return Ok(None) };
    let of_grid = |stride: &u32| {
        let own: Vec<usize> = tables
            .iter()
            .filter(|(rows, _)| *rows == probe.cells(&[*stride]))
            .map(|&(_, columns)| columns)
            .collect();
        match own[..] {
            [a, b] => Some((a, b)),
            _ => None,
        }
    };
    let pairs: Option<Vec<_>> = strides.iter().map(of_grid).collect();
    // Distances have 4 · bins columns; what is left is labels. In the order of the outputs, scores come first.
    let Some(&(first, second)) = pairs.as_ref().and_then(|pairs| pairs.first()) else { return Ok(None) };
    let labels = if second == 4 * BINS || first != 4 * BINS { first } else { second };
    let reason = format!("NanoDet or PicoDet: two outputs a grid, strides {strides:?}");
    let head = Head::Nanodet { strides: strides.to_vec(), cell_point: CellPoint::Center };
    Ok(Some(FoundHead { head, labels, reason }))
}

fn boxes_scores_labels(probe: &Probe<'_>) -> Result<Option<FoundHead>, NotRecognised> {
    if probe.outputs.len() < 3 {
        return Ok(None);
    }
    let forms = probe.forms();
    let Some((boxes, scores, indices)) = crate::head::three(&forms) else { return Ok(None) };
    let [boxes, scores, indices] = [boxes, scores, indices].map(|index| &probe.outputs[index]);
    let shares = !boxes.values.is_empty() && boxes.values.iter().all(|corner| (-0.5..=1.5).contains(corner));
    let tensorflow = boxes.name.contains("detection_boxes");
    let corners = match (tensorflow, shares) {
        (true, _) => Corners::YxyxShares,
        (false, true) => Corners::XyxyShares,
        (false, false) => Corners::XyxyPixels,
    };
    // torchvision (which has no leading 1), TensorFlow and the ONNX model zoo's SSD (`bboxes`) count background as 0; exports
    // that ask for a size do not.
    let torchvision = !probe.asks_for_size && boxes.shape.len() == 2;
    let counts_background = tensorflow || torchvision || boxes.name == "bboxes";
    let first_label = u32::from(counts_background && !indices.values.contains(&0.0));
    let reason = format!(
        "finished boxes in three outputs: {}, {}, {}; the first label is {first_label}",
        boxes.name, scores.name, indices.name
    );
    Ok(Some(FoundHead { head: Head::BoxesScoresLabels { corners, first_label }, labels: 0, reason }))
}

fn detr(probe: &Probe<'_>) -> Result<Option<FoundHead>, NotRecognised> {
    let [a, b] = probe.outputs else { return Ok(None) };
    let (Some(a_table), Some(b_table)) = (a.table(), b.table()) else { return Ok(None) };
    // With four columns both may be either: then names decide.
    let is_boxes = |output: &ProbedOutput| output.form().is_named(&["box", "dets"]);
    let (boxes, logits, columns) = match (a_table, b_table) {
        ((rows, 4), (others, 4)) if rows == others && is_boxes(a) != is_boxes(b) => {
            if is_boxes(a) {
                (a, b, 4)
            } else {
                (b, a, 4)
            }
        }
        ((rows, columns), (others, 4)) if rows == others && columns != 4 => (b, a, columns),
        ((rows, 4), (others, columns)) if rows == others && columns != 4 => (a, b, columns),
        _ => return Ok(None),
    };
    // Shares of the picture, whatever is in it; what looks at every place answers in pixels.
    let are_shares = boxes.values.iter().all(|side| (-0.5..=1.5).contains(side));
    if a_table.0 > MOST_QUERIES || !are_shares {
        let shapes = [a.shape.as_slice(), b.shape.as_slice()];
        return Err(NotRecognised::Outputs { found: probe.describe(), help: help_for(&shapes) });
    }
    if is_rfdetr(probe.outputs) {
        return Ok(Some(rfdetr(logits, columns, a_table.0)));
    }
    let one_more = |labels| columns == labels + 1 || (columns == DETR_LOGITS && labels != DETR_LOGITS);
    let softmax = probe.labels.map_or(columns == DETR_LOGITS, one_more);
    let (activation, labels) =
        if softmax { (Activation::Softmax, columns - 1) } else { (Activation::Sigmoid, columns) };
    let reason =
        format!("DETR or its kin: class logits {} and a box for each of {} queries", logits.name, a_table.0);
    Ok(Some(FoundHead { head: Head::Detr { activation }, labels, reason }))
}

/// RF-DETR names its boxes so.
pub(super) fn is_rfdetr(outputs: &[ProbedOutput]) -> bool {
    outputs.len() == 2 && outputs.iter().any(|output| output.name == "dets")
}

/// RF-DETR's classes count from 1, and column 0 is in no use (its `predict` names class `i` by entry
/// `i − 1`).
fn rfdetr(logits: &ProbedOutput, columns: usize, queries: usize) -> FoundHead {
    let reason = format!("RF-DETR: class logits {} and a box for each of {queries} queries", logits.name);
    FoundHead { head: Head::Detr { activation: Activation::Sigmoid }, labels: columns, reason }
}

/// Rows of boxes in one table; YOLOv5 exports have others behind it.
fn one_table(probe: &Probe<'_>) -> Result<Option<FoundHead>, NotRecognised> {
    for output in probe.outputs {
        let Some((rows, columns)) = output.table() else { continue };
        if let Some(strides) = probe.grids(rows) {
            return row_a_cell(probe, output, columns, strides).map(Some);
        }
        if columns > WITH_OBJECTNESS && rows.is_multiple_of(ANCHORS) && probe.grids(rows / ANCHORS).is_some()
        {
            let reason = format!("YOLOv5: {rows} rows, three a cell, with objectness");
            return Ok(Some(FoundHead { head: Head::Yolov5, labels: columns - WITH_OBJECTNESS, reason }));
        }
        if rows > WITHOUT && probe.grids(columns).is_some() {
            let reason = format!("YOLOv8 and later: {columns} columns, one a cell, without objectness");
            return Ok(Some(FoundHead { head: Head::Yolov8, labels: rows - WITHOUT, reason }));
        }
        let are_labels = || output.values.chunks_exact(FINISHED).all(|row| row[FINISHED - 1].fract() == 0.0);
        if columns == FINISHED && are_labels() {
            let reason = "YOLO with suppression built in: rows of corners, score, label".to_owned();
            return Ok(Some(FoundHead { head: Head::YoloNms, labels: 0, reason }));
        }
    }
    Ok(None)
}

/// One row a cell: YOLOX, a turned YOLOv8 or a joined NanoDet, which the number of columns decides.
fn row_a_cell(
    probe: &Probe<'_>,
    output: &ProbedOutput,
    columns: usize,
    strides: &[u32],
) -> Result<FoundHead, NotRecognised> {
    let labels = probe.labels.unwrap_or(COCO);
    if columns == WITH_OBJECTNESS + labels {
        return Ok(yolox(output, columns, strides));
    }
    if columns == WITHOUT + labels {
        let reason = "YOLOv8 and later, turned: one row a cell, without objectness".to_owned();
        return Ok(FoundHead { head: Head::Yolov8, labels, reason });
    }
    if columns == labels + 4 * BINS {
        let reason = format!("NanoDet-Plus: scores and distances in one row, strides {strides:?}");
        let head = Head::Nanodet { strides: strides.to_vec(), cell_point: CellPoint::Corner };
        return Ok(FoundHead { head, labels, reason });
    }
    match probe.labels {
        // Whoever gave labels gave the wrong number of them; YOLOX is the likeliest.
        Some(given) => {
            Err(NotRecognised::LabelsCount { needed: columns.saturating_sub(WITH_OBJECTNESS), given })
        }
        None => Err(NotRecognised::Ambiguous { found: probe.describe() }),
    }
}

fn yolox(output: &ProbedOutput, columns: usize, strides: &[u32]) -> FoundHead {
    let sigmoid_done = output.columns_within(columns, 4, 0.0, 1.0);
    // Decoded sizes are never negative and centres reach far; offsets and logarithms stay around zero.
    let rows = || output.values.chunks_exact(columns);
    let positive = rows().all(|row| row[2] >= 0.0 && row[3] >= 0.0);
    let far = rows().any(|row| row[0] > 2.0 * STRIDES[2] as f32);
    let boxes_decoded = positive && far;
    let done = |is: bool, what| format!("{what} {}", if is { "done" } else { "still to be done" });
    let reason = format!(
        "YOLOX: one row a cell with objectness, strides {strides:?}; {}, {}",
        done(sigmoid_done, "sigmoid"),
        done(boxes_decoded, "boxes")
    );
    let head = Head::Yolox { strides: strides.to_vec(), sigmoid_done, boxes_decoded };
    FoundHead { head, labels: columns - WITH_OBJECTNESS, reason }
}

fn ssd(probe: &Probe<'_>) -> Result<Option<FoundHead>, NotRecognised> {
    let is_ssd = probe.outputs.len() == 1 && matches!(probe.outputs[0].shape[..], [1, 1, _, 7]);
    let reason = "SSD as OpenVINO and Caffe export it: rows of seven; label 0 is background".to_owned();
    Ok(is_ssd.then_some(FoundHead { head: Head::Ssd { first_label: 1 }, labels: 0, reason }))
}

fn one_grid(probe: &Probe<'_>) -> Result<Option<FoundHead>, NotRecognised> {
    let [output] = probe.outputs else { return Ok(None) };
    let [1, channels, rows, columns] = output.shape[..] else { return Ok(None) };
    let (width, height) = (probe.input.0 as usize, probe.input.1 as usize);
    let is_grid = columns > 0 && rows > 0 && width / columns == height / rows && channels > WITH_OBJECTNESS;
    let reason = format!("FastestDet: one grid of {columns}x{rows} cells, channels first");
    Ok(is_grid.then_some(FoundHead { head: Head::Fastestdet, labels: channels - WITH_OBJECTNESS, reason }))
}

#[cfg(test)]
mod tests;
