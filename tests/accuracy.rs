//! `gridwatch bench accuracy` with the real binary, on a scene of seconds: rendered, analysed, judged, reported; and again, from what was kept.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use support::{GRIDWATCH, root};

const MARKS: &str = "# Accuracy\n\n<!-- tables: begin -->\n<!-- tables: end -->\n\nThe end.\n";

fn accuracy(arguments: &[&str]) -> Output {
    let mut command = Command::new(GRIDWATCH);
    command.args(["bench", "accuracy"]).args(arguments).env_remove("GRIDWATCH_DATA");
    command.output().expect("it runs")
}

fn cache() -> PathBuf {
    std::env::var_os("GRIDWATCH_CACHE").map_or_else(|| root().join(".cache/scenes"), PathBuf::from)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn a_scene_is_measured_reported_and_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let (scene, cache, out) = (root().join("sim/tests/tiny.toml"), cache(), folder.path().join("report"));
    let docs = folder.path().join("docs");
    fs::create_dir_all(docs.join("images")).expect("ours");
    fs::write(docs.join("accuracy.md"), MARKS).expect("ours");
    let run = || {
        let output = accuracy(&[
            "--scenes",
            text(&scene),
            "--conditions",
            "day",
            "--rates",
            "5",
            "--size",
            "640x360",
            "--skip",
            "quiet,speed",
            "--cache",
            text(&cache),
            "--out",
            text(&out),
            "--docs",
            text(&docs),
        ]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        (said, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (said, shown) = run();
    assert!(said.contains("tiny-day at 5") && said.contains("x real time"), "{said}");
    assert!(
        shown.contains("By condition") && shown.contains("left out: real footage: GRIDWATCH_DATA"),
        "{shown}"
    );

    let read = |path: PathBuf| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let report: Value = serde_json::from_str(&read(out.join("accuracy.json"))).expect("JSON");
    assert_eq!(report["schema"], "gridwatch.accuracy/1");
    let cell = &report["matrix"][0];
    assert_eq!(
        (&cell["scene"], &cell["condition"], &cell["rate"]),
        (&"tiny".into(), &"day".into(), &"5".into())
    );
    let total = &cell["outcome"]["figures"]["total"];
    // A car stands in the fire lane from the first picture to the last.
    assert_eq!((&total["truth"], &total["found"]), (&Value::from(1), &Value::from(1)), "{cell:#}");
    assert!(cell["outcome"]["pictures"].as_u64() >= Some(100), "30 s, 5 pictures a second: {cell:#}");
    for picture in report["pictures"].as_array().expect("a list") {
        let file = out.join(picture["file"].as_str().expect("a name"));
        assert!(fs::read(file).expect("it is there").starts_with(&[0xff, 0xd8]), "a JPEG");
    }
    assert!(read(out.join("accuracy.html")).contains("id=\"cell-0\""));
    assert!(read(out.join("accuracy.svg")).starts_with("<svg"));
    assert!(read(docs.join("images/accuracy.svg")).starts_with("<svg"));
    let documented = read(docs.join("accuracy.md"));
    assert!(documented.contains("**By condition") && documented.ends_with("The end.\n"), "{documented}");
    assert!(documented.contains(read(out.join("accuracy.md")).trim_end()));

    let (said, _) = run();
    assert!(said.contains("tiny-day at 5") && said.contains("kept from before"), "{said}");
    assert_eq!(serde_json::from_str::<Value>(&read(out.join("accuracy.json"))).expect("JSON"), report);
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, words: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = accuracy(&[arguments, &["--out", text(folder.path())]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?} said {said}");
    assert!(said.contains(words), "{arguments:?} does not say {words:?}: {said}");
}

#[test]
fn what_cannot_be_measured_is_told_at_once() {
    refused(&["--scenes", "acc-hose"], 1, "acc-hose");
    refused(&["--scenes", "acc-lot,acc-lot"], 1, "it is there already");
    refused(&["--scenes", "yard", "--conditions", "occlusion"], 1, "yard under occlusion");
    refused(&["--conditions", "day", "--network", "yard-x"], 1, "yard-x");
    refused(&["--conditions", "fog"], 2, "expected one of day");
    refused(&["--rates", "gated,31"], 2, "1 to 30 pictures a second");
    refused(&["--size", "1281x720"], 2, "a multiple of 8");
    refused(&["--skip", "everything"], 2, "quiet");
    refused(&["--hours", "0"], 2, "expected hours");
}

/// What a command does first that names no conditions: it must not fail over a scene in which nobody hides anything.
#[test]
fn a_scene_that_cannot_be_shown_under_a_condition_is_left_out_and_that_is_told() {
    let says = |scenes: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let nothing = ["--skip", "matrix,real,quiet,speed", "--out", text(folder.path())];
        let output = accuracy(&[scenes, &nothing].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    let said = says(&["--scenes", "acc-lot,yard"]);
    let left_out = |scene: &str| said.contains(&format!("{scene} is left out under occlusion"));
    assert!(left_out("yard") && !left_out("acc-lot"), "{said}");
    let said = says(&[]);
    assert!(!said.contains("left out under"), "{said}");
}
