//! A user's own network, by command: looked at, imported, refused. Skipped with a printed reason where ONNX Runtime is absent.

mod support;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use support::{
    GRIDWATCH,
    models::{labels, models, refused, text, tiny},
    root, write,
};

#[test]
fn an_imported_file_is_a_network_that_a_configuration_may_name() {
    let Some(network) = tiny("yolov8") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (labels, into) = (labels(folder.path()), folder.path().join("networks"));
    let onnx = network.join("tiny.onnx");
    let import = ["import", text(&onnx), "--labels", text(&labels), "--into", text(&into), "--name", "mine"];
    let output = models(&import);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("YOLOv8") && said.contains("[network]"), "{said}");

    // A configuration that names it is sound; importing it again changes nothing.
    let manifest = into.join("mine/manifest.toml");
    let edge = format!(
        "[edge]\nid = \"e\"\nstate_dir = \"s\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n[network]\nmanifest = {:?}\n\
         [[camera]]\nid = \"c\"\nurl = \"rtsp://127.0.0.1:1/c\"\n",
        text(&manifest)
    );
    let edge = write(folder.path(), "edge.toml", &edge);
    let checked = Command::new(GRIDWATCH).args(["config", "check", text(&edge)]).output().expect("it runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    refused(&import, &["mine is there already", "--name"]);
}

#[test]
fn an_export_for_poses_is_told_apart_from_a_detector() {
    let Some(network) = tiny("yolov8") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    // A further entry of the file's notes (ModelProto, field 14).
    let mut onnx = std::fs::read(network.join("tiny.onnx")).expect("it is shipped");
    onnx.extend([14 << 3 | 2, 12, 10, 4]);
    onnx.extend(b"task");
    onnx.extend([18, 4]);
    onnx.extend(b"pose");
    let file = folder.path().join("pose.onnx");
    std::fs::write(&file, onnx).expect("written");
    refused(&["import", text(&file)], &["\"pose\"", "export the detection network"]);
}

#[test]
fn a_set_of_pictures_that_cannot_be_rendered_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for size in ["961x540", "960x541", "8x2", "100000x100000"] {
        let arguments = ["simulate", "dataset", "--out", text(folder.path()), "--count", "1", "--size", size];
        let output = Command::new(GRIDWATCH).args(arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{size}: {said}");
        assert!(said.contains("a multiple of 8 across, even down"), "{size}: {said}");
    }
}

#[test]
fn inspecting_by_name_tells_what_the_file_declares() {
    if tiny("yolox").is_none() {
        return;
    }
    let output = models(&["inspect", "yard-n"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("input     images float32 [1, 3, 384, 640]"), "{said}");
    assert!(said.contains("output    ") && said.contains("because   its manifest says so"), "{said}");
}

#[test]
fn inspecting_with_a_picture_tells_and_draws_what_is_found() {
    let Some(network) = tiny("nanodet") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (picture, out) = (root().join("docs/images/scene-yard.jpg"), folder.path().join("drawn.jpg"));
    let output = models(&["inspect", text(&network), "--image", text(&picture), "--out", text(&out)]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("head      nanodet") && said.contains(" ms a picture of 1280x720"), "{said}");
    let found = said.lines().filter(|line| line.starts_with("found ")).count();
    assert!(found > 0 && said.contains(&format!("drawn     {found} boxes")), "{said}");
    assert!(std::fs::read(&out).expect("written").starts_with(&[0xff, 0xd8]), "a JPEG");

    let cut = folder.path().join("cut.png");
    std::fs::write(&cut, b"\x89PNG\r\n\x1a\nand no more").expect("written");
    refused(
        &["inspect", text(&network), "--image", text(&cut)],
        &["cut.png: no picture can be read from it"],
    );
}

#[test]
fn what_cannot_be_run_is_refused_with_what_would_help() {
    let Some(network) = tiny("ssd") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let into = ["--into", text(folder.path())];
    let import = |file: &Path, more: &[&str], expected: &[&str]| {
        refused(&[&["import", text(file)], &into[..], more].concat(), expected);
    };
    let readme = root().join("README.md");
    import(&readme, &[], &["README.md", "not an ONNX file"]);
    import(&folder.path().join("none.onnx"), &[], &["none.onnx"]);
    let no_picture = ["inspect", text(&network), "--image", "/nowhere/photo.jpg"];
    refused(&no_picture, &["/nowhere/photo.jpg: no such file"]);
    let onnx = network.join("tiny.onnx");
    import(&onnx, &[], &["nothing says what its classes are", "--labels"]);
    let few = write(folder.path(), "few.txt", "person\ncar\n");
    import(&onnx, &["--labels", text(&few)], &["names label 2, counted from 0, but there are 2 labels"]);
    let kites = write(folder.path(), "kites.txt", "kite\nballoon\ndragon\nstar\nN/A\nN/A\n");
    import(
        &onnx,
        &["--labels", text(&kites)],
        &["kite, balloon, dragon, star, N/A 4, N/A 5", "--class LABEL=CLASS", "motorcycle"],
    );
    let labels = labels(folder.path());
    import(&onnx, &["--labels", text(&labels), "--class", "lorry=truck"], &["no label \"lorry\""]);
    import(&onnx, &["--labels", text(&labels), "--size", "640x384"], &["160x96, not 640x384"]);
    let whole = std::fs::read(&onnx).expect("it is there");
    let truncated = folder.path().join("truncated.onnx");
    std::fs::write(&truncated, &whole[..whole.len() / 2]).expect("written");
    import(&truncated, &["--labels", text(&labels)], &["truncated.onnx", "not an ONNX file"]);
    let variant = |name: &str| root().join("detect/tests/variants").join(name);
    // 120 GB for a test picture.
    import(&variant("free.onnx"), &["--size", "100000x100000"], &["32 to 4096 pixels a side"]);
    import(&variant("spoiled.onnx"), &["--labels", text(&labels)], &["not finite", "half precision"]);
    assert!(!folder.path().join("tiny").exists(), "nothing is left behind");
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let mut child = Command::new(GRIDWATCH)
        .args(["config", "schema", "edge"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
