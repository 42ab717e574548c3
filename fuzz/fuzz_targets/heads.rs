//! Whatever outputs a file promises and whatever a network answers: no head panics, and what it finds is sound.
#![no_main]

use std::path::Path;

use arbitrary::Arbitrary;
use gridwatch_detect::{
    head::{OutputForm, Reader, Tensor},
    letterbox::Fit,
};
use gridwatch_models::{Activation, CellPoint, Corners, Head, Letterbox, Manifest, sha256_of};
use libfuzzer_sys::fuzz_target;

/// Numbers in one answer at most; larger ones only cost time.
const NUMBERS_MOST: usize = 1 << 14;

#[derive(Debug, Arbitrary)]
struct Case {
    head: HeadKind,
    strides: Vec<u8>,
    labels: u8,
    input: (u8, u8),
    picture: (u16, u16),
    letterbox: u8,
    outputs: Vec<Output>,
    least_score: u8,
}

#[derive(Debug, Arbitrary)]
enum HeadKind {
    Yolox(bool, bool),
    Yolov5,
    Yolov8,
    YoloNms,
    Nanodet(bool),
    Fastestdet,
    Listed(u8, u8),
    Ssd(u8),
    Detr(bool),
}

#[derive(Debug, Arbitrary)]
struct Output {
    name: u8,
    /// Sizes as the network answers them, and whether the file promises them.
    sizes: Vec<(u8, bool)>,
    integer: bool,
    numbers: Vec<f32>,
}

fn head(case: &Case) -> Head {
    let strides = case.strides.iter().take(5).map(|&stride| u32::from(stride)).collect();
    match case.head {
        HeadKind::Yolox(sigmoid_done, boxes_decoded) => Head::Yolox { strides, sigmoid_done, boxes_decoded },
        HeadKind::Yolov5 => Head::Yolov5,
        HeadKind::Yolov8 => Head::Yolov8,
        HeadKind::YoloNms => Head::YoloNms,
        HeadKind::Nanodet(corner) => {
            Head::Nanodet { strides, cell_point: if corner { CellPoint::Corner } else { CellPoint::Center } }
        }
        HeadKind::Fastestdet => Head::Fastestdet,
        HeadKind::Listed(corners, first_label) => {
            let every = [Corners::XyxyPixels, Corners::XyxyShares, Corners::YxyxShares];
            let corners = every[usize::from(corners) % every.len()];
            Head::BoxesScoresLabels { corners, first_label: u32::from(first_label) }
        }
        HeadKind::Ssd(first_label) => Head::Ssd { first_label: u32::from(first_label) },
        HeadKind::Detr(sigmoid) => {
            Head::Detr { activation: if sigmoid { Activation::Sigmoid } else { Activation::Softmax } }
        }
    }
}

fn manifest(case: &Case) -> Option<Manifest> {
    // The product refuses sizes that are no multiple of the stride; so does this.
    let side = |value: u8| 32 * (1 + u32::from(value) % 4);
    let (width, height) = (side(case.input.0), side(case.input.1));
    let coco = Manifest::yolox_coco(Path::new("f.onnx"), width, height, sha256_of(b"")).ok()?;
    let count = 1 + usize::from(case.labels) % coco.labels.len();
    let labels = coco.labels[..count].to_vec();
    let classes = coco.classes.into_iter().filter(|(label, _)| labels.contains(label)).collect();
    let mut manifest = Manifest { head: head(case), labels, classes, ..coco };
    manifest.input.letterbox =
        [Letterbox::TopLeft, Letterbox::Center, Letterbox::Stretch][usize::from(case.letterbox) % 3];
    // As a manifest in a file: what validation refuses never reaches a head.
    Manifest::parse(&manifest.to_toml()).ok()
}

fuzz_target!(|case: Case| {
    let Some(manifest) = manifest(&case) else { return };
    let forms: Vec<OutputForm> = case.outputs.iter().take(8).map(form).collect();
    let Ok(reader) = Reader::bind(&manifest, &forms) else { return };
    let shapes: Vec<Vec<usize>> = case
        .outputs
        .iter()
        .take(8)
        .map(|output| output.sizes.iter().take(6).map(|&(size, _)| usize::from(size)).collect())
        .collect();
    if shapes.iter().any(|shape| shape.iter().product::<usize>() > NUMBERS_MOST) {
        return;
    }
    let values: Vec<Vec<f32>> = shapes.iter().zip(&case.outputs).map(|(shape, output)| fill(shape, output)).collect();
    let answer: Vec<Tensor<'_>> =
        shapes.iter().zip(&values).map(|(shape, values)| Tensor { shape, values }).collect();
    let picture = (1 + u32::from(case.picture.0), 1 + u32::from(case.picture.1));
    let fit = Fit::new(&manifest.input, picture.0, picture.1);
    let least = 0.01 + 0.98 * f32::from(case.least_score) / 255.0;
    let Ok(found) = reader.decode(&answer, least, fit) else { return };
    for detection in found {
        assert!((least..=1.0).contains(&detection.score), "{detection:?}");
        let [x1, y1, x2, y2] = <[f32; 4]>::from(detection.bbox);
        assert!(0.0 <= x1 && x1 < x2 && x2 <= 1.0, "{detection:?}");
        assert!(0.0 <= y1 && y1 < y2 && y2 <= 1.0, "{detection:?}");
    }
});

fn form(output: &Output) -> OutputForm {
    let names = ["boxes", "labels", "scores", "output0", "logits", "pred_boxes", "class_ids", ""];
    OutputForm {
        name: names[usize::from(output.name) % names.len()].to_owned(),
        shape: output.sizes.iter().take(6).map(|&(size, told)| told.then_some(usize::from(size))).collect(),
        integer: output.integer,
    }
}

/// The case's numbers, over and over.
fn fill(shape: &[usize], output: &Output) -> Vec<f32> {
    let count = shape.iter().product();
    if output.numbers.is_empty() {
        return vec![0.5; count];
    }
    output.numbers.iter().copied().cycle().take(count).collect()
}
