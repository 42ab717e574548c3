//! Whatever a network answers, no head panics, and what it finds is sound.

use std::path::Path;

use gridwatch_models::{Activation, CellPoint, Corners, Head, Manifest, sha256_of};
use proptest::prelude::*;

use super::*;

/// Labels of the manifest, of which `kite` is none of ours.
const LABELS: [&str; 3] = ["person", "kite", "car"];
const INPUT: (u32, u32) = (64, 32);

fn manifest(head: Head) -> Manifest {
    let coco = Manifest::yolox_coco(Path::new("t.onnx"), INPUT.0, INPUT.1, sha256_of(b"")).expect("possible");
    let classes = coco.classes.into_iter().filter(|(label, _)| LABELS.contains(&label.as_str())).collect();
    Manifest { head, labels: LABELS.map(str::to_owned).into(), classes, ..coco }
}

/// Every head, with the sizes of the outputs that it reads.
fn heads() -> Vec<(Head, Vec<Vec<usize>>)> {
    let strides = vec![8, 16, 32];
    let nanodet = |cell_point| Head::Nanodet { strides: strides.clone(), cell_point };
    let listed = |corners| Head::BoxesScoresLabels { corners, first_label: 1 };
    vec![
        (
            Head::Yolox { strides: strides.clone(), sigmoid_done: false, boxes_decoded: false },
            vec![vec![1, 42, 8]],
        ),
        (Head::Yolov5, vec![vec![1, 126, 8]]),
        (Head::Yolov8, vec![vec![1, 7, 42]]),
        (Head::Yolov8, vec![vec![1, 42, 7]]),
        (Head::YoloNms, vec![vec![1, 20, 6]]),
        (nanodet(CellPoint::Corner), vec![vec![1, 42, 3 + 32]]),
        (
            nanodet(CellPoint::Center),
            [(32, 3), (8, 3), (2, 3), (32, 32), (8, 32), (2, 32)]
                .map(|(rows, columns)| vec![1, rows, columns])
                .into(),
        ),
        (Head::Fastestdet, vec![vec![1, 8, 2, 4]]),
        (listed(Corners::XyxyPixels), vec![vec![20, 4], vec![20], vec![20]]),
        (listed(Corners::YxyxShares), vec![vec![1, 20, 4], vec![1, 20], vec![1, 20]]),
        (Head::Ssd { first_label: 0 }, vec![vec![1, 1, 20, 7]]),
        (Head::Detr { activation: Activation::Softmax }, vec![vec![1, 20, 4], vec![1, 20, 4]]),
        (Head::Detr { activation: Activation::Sigmoid }, vec![vec![1, 20, 3], vec![1, 20, 4]]),
    ]
}

fn form(index: usize, shape: &[usize]) -> OutputForm {
    // As torchvision: boxes, labels, scores.
    let name =
        ["boxes", "labels", "scores"].get(index).map_or_else(|| format!("o{index}"), ToString::to_string);
    OutputForm { name, shape: shape.iter().copied().map(Some).collect(), integer: false }
}

fn bind(head: Head, shapes: &[Vec<usize>]) -> (Reader, Fit) {
    let manifest = manifest(head);
    let forms: Vec<OutputForm> = shapes.iter().enumerate().map(|(index, shape)| form(index, shape)).collect();
    let fit = Fit::new(&manifest.input, 640, 320);
    (Reader::bind(&manifest, &forms).expect("the outputs of this head"), fit)
}

fn odd_number() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => (-2000_i16..2000).prop_map(|thousandths| f32::from(thousandths) / 1000.0),
        4 => (0_i16..8000).prop_map(|hundredths| f32::from(hundredths) / 100.0),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30]),
    ]
}

proptest! {
    #[test]
    fn whatever_a_network_answers_boxes_are_valid_and_scores_in_range(
        which in 0..heads().len(),
        numbers in prop::collection::vec(odd_number(), 64),
        step in 1_usize..63,
    ) {
        let (head, shapes) = heads().swap_remove(which);
        let (reader, fit) = bind(head, &shapes);
        let fill = |shape: &Vec<usize>| -> Vec<f32> {
            (0..shape.iter().product()).map(|index: usize| numbers[index * step % 64]).collect()
        };
        let values: Vec<Vec<f32>> = shapes.iter().map(fill).collect();
        let answer: Vec<Tensor<'_>> =
            shapes.iter().zip(&values).map(|(shape, values)| Tensor { shape, values }).collect();
        if let Ok(found) = reader.decode(&answer, 0.2, fit) {
            for detection in found {
                prop_assert!((0.2..=1.0).contains(&detection.score));
                prop_assert!(<[f32; 4]>::from(detection.bbox).iter().all(|corner| (0.0..=1.0).contains(corner)));
            }
        }
    }

    /// A file with free sizes may answer in any.
    #[test]
    fn an_answer_of_another_shape_is_no_panic(
        which in 0..heads().len(),
        sizes in prop::collection::vec(prop::collection::vec(0_usize..9, 0..5), 6),
    ) {
        let (head, shapes) = heads().swap_remove(which);
        let (reader, fit) = bind(head, &shapes);
        let values: Vec<Vec<f32>> = sizes.iter().map(|shape| vec![0.9; shape.iter().product()]).collect();
        let answer: Vec<Tensor<'_>> =
            sizes.iter().zip(&values).take(shapes.len()).map(|(shape, values)| Tensor { shape, values }).collect();
        let _ = reader.decode(&answer, 0.2, fit);
    }
}

#[test]
fn an_answer_that_is_no_number_is_told() {
    for (head, shapes) in heads() {
        let (reader, fit) = bind(head.clone(), &shapes);
        let values: Vec<Vec<f32>> =
            shapes.iter().map(|shape| vec![f32::NAN; shape.iter().product()]).collect();
        let answer: Vec<Tensor<'_>> =
            shapes.iter().zip(&values).map(|(shape, values)| Tensor { shape, values }).collect();
        // Rows of an SSD end where their picture is no number.
        let told = reader.decode(&answer, 0.2, fit);
        match told {
            Ok(found) => assert!(matches!(head, Head::Ssd { .. }) && found.is_empty(), "{head:?}: {found:?}"),
            Err(Unreadable::NotNumbers { spoiled, rows }) => {
                assert!(spoiled > 0 && spoiled <= rows, "{head:?}: {spoiled} of {rows}");
            }
            Err(other) => panic!("{head:?}: {other:?}"),
        }
    }
}

#[test]
fn outputs_of_another_head_are_refused_with_what_is_there() {
    let manifest = manifest(Head::Yolov5);
    let refused = Reader::bind(&manifest, &[form(9, &[1, 42, 9])]).expect_err("nine columns");
    assert_eq!((refused.expected.as_str(), refused.found.as_str()), ("an output [1, ?, 8]", "o9 [1, 42, 9]"));
}
