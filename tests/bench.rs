//! `gridwatch bench` with the real binary: both processes, real pictures, the shipped network.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use support::{GRIDWATCH, root};

fn bench(arguments: &[&str]) -> Output {
    Command::new(GRIDWATCH).arg("bench").args(arguments).output().expect("it runs")
}

fn cache() -> PathBuf {
    std::env::var_os("GRIDWATCH_CACHE").map_or_else(|| root().join(".cache/scenes"), PathBuf::from)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &str) {
    let output = bench(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?} said {said}");
    assert!(said.contains(words), "{arguments:?} does not say {words:?}: {said}");
}

#[test]
fn two_cameras_are_measured_and_the_report_compares() {
    let folder = tempfile::tempdir().expect("a folder");
    let (scene, cache, out) = (root().join("tests/scenes/tiny.toml"), cache(), folder.path().join("report"));
    let output = bench(&[
        "--scenes",
        text(&scene),
        "--size",
        "640x360",
        "--bitrate",
        "1M",
        "--cameras",
        "2",
        "--settle",
        "10",
        "--seconds",
        "24",
        "--cache",
        text(&cache),
        "--out",
        text(&out),
    ]);
    let said = String::from_utf8_lossy(&output.stdout);
    let file = out.join("bench.json");
    let json = fs::read_to_string(&file).expect("it is written");
    let report: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(report["schema"], "gridwatch.bench/1");
    let trial = &report["scenes"][0]["trials"][0];
    assert_eq!((&trial["cameras"], &trial["live"]), (&Value::from(2), &Value::from(2)), "{said}");
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    // The first camera's event is laid into the middle.
    assert!(number(&trial["events"]["wanted"]) >= 1.0, "{trial:#}");
    assert_eq!(trial["events"]["found"], trial["events"]["wanted"], "{trial:#}");
    assert_eq!(trial["events"]["untrue"], Value::Array(Vec::new()), "{trial:#}");
    let units = number(&trial["units"]);
    assert!((45.0..=55.0).contains(&units), "two cameras of 25 pictures a second, not {units}");
    for stage in ["receive", "decode", "inference"] {
        assert!(number(&trial["cores"][stage]) > 0.0, "{trial:#}");
    }
    assert!(number(&trial["servers"]["cores"]) > 0.0 && number(&trial["memory_each"]) > 0.0, "{trial:#}");
    assert!(number(&trial["decoded"]) < units / 10.0, "most pictures are not decoded: {trial:#}");
    assert!(fs::read_to_string(out.join("bench.html")).expect("it is written").contains("<svg"));

    if trial["missed"] != Value::Array(Vec::new()) {
        assert_eq!(output.status.code(), Some(1), "what was asked for does not hold: {said}");
        println!("SKIPPED: comparing, as this machine was too busy to hold two cameras: {}", trial["missed"]);
        return;
    }
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let same = bench(&["--compare", text(&file), text(&file)]);
    assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stderr));
    assert!(String::from_utf8_lossy(&same.stdout).contains("receive"));
    let mut worse = report.clone();
    let memory = number(&trial["memory_each"]);
    worse["scenes"][0]["trials"][0]["memory_each"] = Value::from(memory * 1.5);
    let other = folder.path().join("worse.json");
    fs::write(&other, worse.to_string()).expect("ours");
    refused(&["--compare", text(&file), text(&other)], 1, "MiB a camera: 1.50 times");
    assert!(bench(&["--compare", text(&file), text(&other), "--tolerance", "0.6"]).status.success());
}

#[test]
fn what_cannot_be_measured_is_told_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other.json");
    fs::write(&other, "{\"schema\": \"gridwatch.evaluation/1\"}").expect("ours");
    let none = folder.path().join("none.json");
    refused(&["--compare", text(&none), text(&other)], 1, "none.json");
    refused(&["--compare", text(&other), text(&other)], 1, "expected \"gridwatch.bench/1\"");
    refused(&["--scenes", "quite"], 1, "quite");
    refused(&["--scenes", "quiet,quiet"], 1, "it is there already");
    refused(&["--scenes", "quiet", "--gop", "3s"], 1, "calm.from_s");
    refused(&["--network", "yard-x"], 1, "yard-x");
    refused(&["--cores", "4096"], 1, "this process may use");
    refused(&["--size", "1921x1080"], 1, "a multiple of 8");
    refused(&["--targets", "speed=1"], 2, "expected NAME=NUMBER of freshness");
    refused(&["--bitrate", "4"], 2, "50k to 50M");
    refused(&["--gop", "0"], 2, "0.04s to 60s");
    refused(&["--seconds", "1"], 2, "5..=86400");
    refused(&["--precision", "0"], 2, "0.01 to 0.5");
}
