//! Average precision held against an independent reference: pycocotools, through `coco/make.py`.

use gridwatch_domain::{Detection, NormBox, ObjectClass};
use gridwatch_models::evaluation::{Group, Tally, TruePicture};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    pictures: Vec<Picture>,
    expected: Vec<Expected>,
}

#[derive(Deserialize)]
struct Picture {
    source: Option<String>,
    wanted: Vec<Object>,
    ignored: Vec<NormBox>,
    found: Vec<Detection>,
}

#[derive(Deserialize)]
struct Object {
    class: ObjectClass,
    #[serde(rename = "box")]
    bbox: NormBox,
}

#[derive(Deserialize)]
struct Expected {
    group: String,
    source: Option<String>,
    objects: usize,
    ap50: Option<f64>,
    ap50_95: Option<f64>,
}

#[track_caller]
fn same(found: Option<f64>, expected: Option<f64>, what: &str) {
    match (found, expected) {
        (None, None) => {}
        (Some(found), Some(expected)) if (found - expected).abs() < 1e-6 => {}
        _ => panic!("{what}: {found:?}, pycocotools has {expected:?}"),
    }
}

#[test]
fn every_figure_is_that_of_pycocotools() {
    let cases: Cases = serde_json::from_str(include_str!("coco/cases.json")).expect("written by make.py");
    let mut tally = Tally::new();
    for picture in cases.pictures {
        let wanted = picture.wanted.iter().map(|object| (object.class, object.bbox)).collect();
        let truth = TruePicture {
            source: picture.source,
            wanted,
            ignored: picture.ignored,
            ..TruePicture::default()
        };
        tally.add(&truth, &picture.found);
    }
    for expected in &cases.expected {
        let group = Group::all().find(|group| group.as_str() == expected.group).expect("a group of ours");
        let found = tally.figures(group, expected.source.as_deref(), 0.3);
        let what = format!("{group} of {:?}", expected.source);
        assert_eq!(found.objects, expected.objects, "{what}");
        same(found.ap50, expected.ap50, &what);
        same(found.ap50_95, expected.ap50_95, &what);
    }
    assert!(
        cases.expected.iter().filter(|expected| expected.ap50.is_some()).count() >= 10,
        "most have objects"
    );
}
