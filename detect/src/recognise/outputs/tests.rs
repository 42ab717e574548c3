//! Heads told apart by the form of their outputs.

use super::*;

fn output(name: &str, shape: &[usize], integer: bool) -> ProbedOutput {
    let values = vec![0.5; shape.iter().product()];
    ProbedOutput { name: name.to_owned(), integer, shape: shape.to_vec(), values }
}

#[track_caller]
fn check(outputs: &[ProbedOutput], labels: Option<usize>, expected: Head) {
    let probe = Probe { outputs, input: (640, 640), labels, asks_for_size: false };
    assert_eq!(head_of(&probe).expect("it is known").head, expected);
}

#[test]
fn networks_of_queries_are_told_apart_by_names_and_columns() {
    let (sigmoid, softmax) = (Activation::Sigmoid, Activation::Softmax);
    let boxes = |name| output(name, &[1, 300, 4], false);
    let of = |name, columns| output(name, &[1, 300, columns], false);
    let detr = |activation| Head::Detr { activation };
    // RF-DETR: one column more than classes, and yet a sigmoid.
    check(&[boxes("dets"), of("labels", 5)], Some(4), detr(sigmoid));
    check(&[boxes("dets"), of("labels", 91)], None, detr(sigmoid));
    check(&[of("logits", 5), boxes("pred_boxes")], Some(4), detr(softmax));
    check(&[of("logits", 80), boxes("pred_boxes")], None, detr(sigmoid));
    for labels in [None, Some(80), Some(91)] {
        check(&[of("logits", 92), boxes("pred_boxes")], labels, detr(softmax));
    }
    // Three classes and one in no use, or four: as many columns as a box.
    check(&[boxes("dets"), of("labels", 4)], Some(3), detr(sigmoid));
    check(&[of("logits", 4), boxes("pred_boxes")], Some(4), detr(sigmoid));
    let mut in_pixels = output("pred_boxes", &[1, 900, 4], false);
    in_pixels.values.fill(320.0);
    let outputs = [of("pred_scores", 80), ProbedOutput { shape: vec![1, 300, 4], ..in_pixels }];
    let probe = Probe { outputs: &outputs, input: (640, 640), labels: None, asks_for_size: false };
    assert!(head_of(&probe).is_err(), "queries answer in shares");
    let outputs = [output("boxes", &[1, 8400, 4], false), output("scores", &[1, 8400, 80], false)];
    let probe = Probe { outputs: &outputs, input: (640, 640), labels: None, asks_for_size: false };
    let refused = head_of(&probe).expect_err("thousands are no queries").to_string();
    assert!(refused.contains("suppression (NMS) built in"), "{refused}");
}

#[test]
fn a_table_of_boxes_and_two_scores_is_not_one_of_boxes_score_and_label() {
    let scores = [output("output0", &[1, 300, 6], false)];
    let probe = |outputs| Probe { outputs, input: (640, 640), labels: Some(2), asks_for_size: false };
    let refused = head_of(&probe(&scores)).expect_err("two scores a row").to_string();
    assert!(refused.contains("RT-DETR"), "{refused}");
    let mut labels = scores.clone();
    labels[0].values.chunks_exact_mut(6).for_each(|row| row[5] = 1.0);
    assert_eq!(head_of(&probe(&labels)).expect("labels").head, Head::YoloNms);
}

#[test]
fn a_count_of_boxes_is_not_taken_for_their_labels() {
    let outputs = [
        output("num_dets", &[1, 1], true),
        output("det_boxes", &[1, 100, 4], false),
        output("det_scores", &[1, 100], false),
        output("det_classes", &[1, 100], true),
    ];
    let forms: Vec<_> = outputs.iter().map(ProbedOutput::form).collect();
    assert_eq!(crate::head::three(&forms), Some((1, 2, 3)));
    let expected = Head::BoxesScoresLabels { corners: Corners::XyxyShares, first_label: 0 };
    check(&outputs, None, expected);
    let zoo = ["bboxes", "labels", "scores"].map(|name| match name {
        "bboxes" => output(name, &[1, 100, 4], false),
        _ => output(name, &[1, 100], name == "labels"),
    });
    check(&zoo, None, Head::BoxesScoresLabels { corners: Corners::XyxyShares, first_label: 1 });
}

#[test]
fn what_is_no_detector_is_told_what_would_help() {
    let table: [(&[&[usize]], &str); 6] = [
        (&[&[1, 1000]], "classifier"),
        (&[&[1, 116, 8400], &[1, 32, 160, 160]], "segmentation"),
        (&[&[1, 300, 84]], "RT-DETR"),
        (&[&[1, 3, 80, 80, 85]], "Detect layer"),
        (&[&[1, 8400, 4], &[1, 8400, 80]], "suppression (NMS) built in"),
        (&[&[1, 7, 7, 3, 2, 1]], "one of the forms"),
    ];
    for (shapes, expected) in table {
        assert!(help_for(shapes).contains(expected), "{shapes:?}: {}", help_for(shapes));
    }
}
