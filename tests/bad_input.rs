//! Bad input, as a user meets it: the binary refuses to start, and says where, what was found and what is allowed.

mod support;

use std::{
    path::Path,
    process::{Command, Output},
};

use support::{GRIDWATCH, write};

const EDGE: &str = r#"
[edge]
id = "ljp-01"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1"
[[camera]]
id = "gate"
url = "rtsp://admin:hunter2@127.0.0.1:1/gate"
"#;

fn gridwatch(arguments: &[&str]) -> Output {
    Command::new(GRIDWATCH).args(arguments).output().expect("the binary runs")
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "edge.toml", text);
    for command in [&["config", "check"][..], &["edge", "--config"]] {
        let output = gridwatch(&[command, &[file.to_str().expect("UTF-8")]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?} said {said}");
        assert!(said.contains("edge.toml"), "{command:?} does not name the file: {said}");
        for part in expected {
            assert!(said.contains(part), "{command:?} does not say {part:?}: {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn every_problem_of_a_file_is_told_at_once() {
    let zones = r#"
[[camera.zone]]
id = "z"
type = "fire_lane"
polygon = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]
[[camera.zone]]
id = "z"
type = "parking"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]
"#;
    let text = EDGE.replace("[broker]", "colour = 1\n[broker]") + zones;
    refused(
        &text,
        &[
            "edge.colour: unknown key",
            "camera[0].zone[0].polygon: polygon crosses itself",
            "camera[0].zone[1].type",
            "no_parking",
        ],
    );
}

#[test]
fn a_missing_network_file_is_refused() {
    let network = "[network]\npreset = \"yolox-coco\"\nfile = \"mine.onnx\"\nwidth = 640\nheight = 384\n";
    refused(&format!("{network}{EDGE}"), &["network.file", "mine.onnx: no such file"]);
}

#[test]
fn a_network_with_another_hash_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let onnx = write(folder.path(), "mine.onnx", "not a network");
    let expected = "0".repeat(64);
    let network = format!(
        "[network]\npreset = \"yolox-coco\"\nfile = {onnx:?}\nwidth = 640\nheight = 384\nsha256 = \"{expected}\"\n"
    );
    refused(&format!("{network}{EDGE}"), &["network.sha256", "mine.onnx", &expected]);
}

#[test]
fn a_good_file_passes_and_the_schema_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "edge.toml", EDGE);
    let checked = gridwatch(&["config", "check", file.to_str().expect("UTF-8")]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let schema = gridwatch(&["config", "schema", "edge"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    assert!(schema["properties"]["camera"].is_object());
}

#[test]
fn a_grid_file_with_problems_names_the_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "grid.csv",
        "code,name,leader\n520121,开阳县,\n52012100,硒城街道,\n520121002003,刘家坡社区,\n",
    );
    let text =
        "[center]\nstate_dir = \"s\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n[grid]\nfile = \"grid.csv\"\n";
    let file = write(folder.path(), "center.toml", text);
    let output = gridwatch(&["config", "check", file.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("grid.file") && said.contains("line 3"), "{said}");
}

#[test]
fn a_provider_that_is_not_there_and_a_batch_that_does_not_fit_are_told_at_their_keys() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        println!("SKIPPED: ORT_DYLIB_PATH names no ONNX Runtime");
        return;
    }
    let batch = format!("[network]\nbatch = 4\n{EDGE}");
    refused(&batch, &["network.batch", "takes one picture at a time", "[1, 3, 384, 640]"]);
    let inspected = gridwatch(&["models", "inspect", "yard-n"]);
    let said = String::from_utf8_lossy(&inspected.stdout);
    if !said.contains("runs on   cpu") {
        println!("SKIPPED: this ONNX Runtime has more than the processor: {said}");
        return;
    }
    let provider = format!("[network]\nprovider = \"cuda\"\n{EDGE}");
    refused(&provider, &["network.provider", "provider cuda is not in the ONNX Runtime at", "which has cpu"]);
}

#[test]
fn a_network_that_does_not_fit_is_refused_by_check_and_by_start() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        println!("SKIPPED: ORT_DYLIB_PATH names no ONNX Runtime");
        return;
    }
    let network = |file: &Path, width: u32| {
        format!("[network]\npreset = \"yolox-coco\"\nfile = {file:?}\nwidth = {width}\nheight = 96\n{EDGE}")
    };
    let readme = support::root().join("README.md");
    refused(&network(&readme, 160), &["network.file", "load network readme"]);
    // Five labels where the preset means eighty, and another size.
    let tiny = support::root().join("detect/tests/golden/yolox/tiny.onnx");
    refused(&network(&tiny, 160), &["network.file", "output", "[1, 315, 10]"]);
    refused(&network(&tiny, 640), &["network.file", "input", "[1, 3, 96, 640]", "[1, 3, 96, 160]"]);
    // Beside other problems too, when a file is checked.
    let folder = tempfile::tempdir().expect("a folder");
    let both = network(&readme, 160).replace("[broker]", "colour = 1\n[broker]");
    let file = write(folder.path(), "edge.toml", &both);
    let checked = gridwatch(&["config", "check", file.to_str().expect("UTF-8")]);
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(
        said.contains("2 problems") && said.contains("network.file") && said.contains("edge.colour"),
        "{said}"
    );
}
