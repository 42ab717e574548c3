//! `gridwatch models evaluate`, on a picture whose truth is known because a network made it up. Skipped with a printed
//! reason where ONNX Runtime is absent.

mod support;

use std::{fs, path::Path};

use serde_json::{Value, json};
use support::{
    models::{done, models, refused, text, tiny},
    root, write,
};

/// A data set of one picture in `folder`, whose truth is what `yard-n` sees in it at its own score.
fn seen_by_itself(folder: &Path) -> usize {
    let picture = root().join("docs/images/scene-yard.jpg");
    let drawn = folder.join("drawn.jpg");
    let said = done(&["inspect", "yard-n", "--image", text(&picture), "--out", text(&drawn)]);
    let object = |line: &str| -> Value {
        let (class, corners) = (line.split_whitespace().nth(1), line.split_once('['));
        let corners: Value =
            serde_json::from_str(&format!("[{}", corners.expect("a box").1)).expect("numbers");
        json!({ "class": class.expect("a class"), "box": corners })
    };
    let objects: Vec<Value> = said.lines().filter(|line| line.starts_with("found ")).map(object).collect();
    let count = objects.len();
    let line =
        json!({ "image": picture, "width": 1280, "height": 720, "objects": objects, "source": "yard" });
    write(folder, "labels.jsonl", &format!("{line}\n"));
    count
}

fn group<'a>(report: &'a Value, network: usize, name: &str) -> &'a Value {
    let groups = report["networks"][network]["groups"].as_array().expect("groups");
    groups.iter().find(|group| group["group"] == name).expect("every group is told")
}

#[test]
fn a_network_is_perfect_by_its_own_truth_and_another_is_not() {
    let Some(other) = tiny("yolox") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let found = seen_by_itself(folder.path());
    let (out, markdown) = (folder.path().join("out"), folder.path().join("tables.md"));
    let said = done(&[
        "evaluate",
        "yard-n",
        text(&other),
        "--data",
        text(folder.path()),
        "--out",
        text(&out),
        "--markdown",
        text(&markdown),
        "--runs",
        "5",
        "--provider",
        "cpu",
    ]);
    let report = fs::read_to_string(out.join("evaluation.json")).expect("written");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let objects = |name| group(&report, 0, name)["objects"].as_u64().expect("a number");
    let classes = ["person", "bicycle", "motorcycle", "car", "bus", "truck"];
    assert_eq!(classes.into_iter().map(objects).sum::<u64>() as usize, found, "{report}");
    assert!(objects("vehicle") >= 5, "the scene shows cars: {report}");
    for name in ["vehicle", "car"] {
        let figures = group(&report, 0, name);
        for figure in ["ap50", "ap50_95", "recall", "precision"] {
            assert_eq!(figures[figure], 1.0, "{figure} of {name}: {figures}");
        }
        assert_eq!(figures["sources"][0]["source"], "yard");
        assert_eq!(figures["sources"][0]["ap50"], 1.0);
        assert!(group(&report, 1, name)["ap50"].as_f64().expect("a figure") < 0.5, "{report}");
    }
    assert_eq!(group(&report, 0, "bicycle")["ap50"], Value::Null, "none is there, so nothing can be said");
    let timing = &report["networks"][0]["timings"][0];
    assert_eq!(timing["provider"], "cpu");
    let median = |step: &str| timing[step]["median_ms"].as_f64().expect("a time");
    assert!(median("network") > 0.0 && median("total") >= median("network") + median("reading"), "{timing}");

    let tables = fs::read_to_string(&markdown).expect("written");
    let row = tables.lines().find(|line| line.starts_with("| yard-n ")).expect("a row").to_owned();
    assert!(row.contains("1.000") && row.contains("n/a"), "{row}");
    assert!(said.contains(&row) && said.contains("| yolox "), "{said}");
    let plot = fs::read_to_string(out.join("evaluation.svg")).expect("written");
    assert!(plot.starts_with("<svg") && plot.contains("vehicle, ") && !plot.contains("bicycle, "));
}

#[test]
fn what_is_no_data_set_is_refused_with_its_line() {
    let Some(network) = tiny("yolox") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let evaluate = ["evaluate", text(&network), "--data", text(folder.path()), "--runs", "0"];
    refused(&evaluate, &["labels.jsonl", "a data set is a folder with labels.jsonl and images/"]);
    let line = |image: &str| {
        let objects = json!([{ "class": "spaceship", "box": [0, 0, 0.5, 0.5] }]);
        json!({ "image": image, "width": 8, "height": 8, "objects": objects }).to_string()
    };
    let picture = root().join("docs/images/scene-gate.jpg");
    let good = line(text(&picture));
    write(folder.path(), "labels.jsonl", &format!("{good}\n{{\"image\": 1}}\n"));
    refused(&evaluate, &["labels.jsonl, line 2: image: invalid type"]);
    write(folder.path(), "labels.jsonl", &line("gone.jpg"));
    refused(&evaluate, &["line 1: there is no picture", "images/gone.jpg"]);
    write(folder.path(), "words.jpg", "no picture");
    write(folder.path(), "labels.jsonl", &line("words.jpg"));
    refused(&evaluate, &["words.jpg"]);
    refused(&[&evaluate[..], &["--score", "30"]].concat(), &["--score 30: expected 0–1"]);
    // The library of the tests is that of a processor alone.
    refused(&[&evaluate[..], &["--provider", "cuda"]].concat(), &["cuda", "cpu"]);
    refused(&["evaluate", "yolo-9000", "--data", text(folder.path())], &["no network named", "yard-n"]);

    write(folder.path(), "labels.jsonl", &good);
    refused(&evaluate, &["scene-gate.jpg: its labels are for 8x8 pixels, the picture has 1280x720"]);

    // A class that nobody knows is told, and counts neither way.
    let good = good.replace("\"width\":8", "\"width\":1280").replace("\"height\":8", "\"height\":720");
    write(folder.path(), "labels.jsonl", &good);
    let output = models(&[&evaluate[..], &["--out", text(folder.path())]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("\"spaceship\" is no class"), "{said}");
    let tables = String::from_utf8_lossy(&output.stdout);
    assert!(tables.lines().any(|line| line.starts_with("| (objects) |       0 |")), "{tables}");
}
