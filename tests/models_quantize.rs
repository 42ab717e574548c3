//! `gridwatch models quantize`, with the real tool. Skipped with a printed reason where ONNX Runtime is absent, or
//! `GRIDWATCH_PYTHON` names no Python with its packages.

mod support;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use support::{
    models::{done, refused, text, tiny},
    root, write,
};

#[test]
fn a_python_that_cannot_do_it_is_refused_with_what_would_help() {
    let folder = tempfile::tempdir().expect("a folder");
    let quantize = |python: &Path, expected: &[&str]| {
        let images = root().join("docs/images");
        refused(&["quantize", "yard-n", "--images", text(&images), "--python", text(python)], expected);
    };
    quantize(Path::new("/nowhere/python"), &["run /nowhere/python", "--python", "GRIDWATCH_PYTHON"]);
    // The real one, kept from its packages.
    let bare = write(folder.path(), "bare-python", "#!/bin/sh\nexec python3 -I -S \"$@\"\n");
    fs::set_permissions(&bare, fs::Permissions::from_mode(0o755)).expect("ours");
    quantize(&bare, &["No module named 'numpy'", "venv/bin/pip install numpy==", "onnxruntime=="]);
}

#[test]
fn the_shipped_network_becomes_smaller_and_sees_the_same() {
    if tiny("yolox").is_none() {
        return;
    }
    if std::env::var_os("GRIDWATCH_PYTHON").is_none() {
        return println!("SKIPPED: GRIDWATCH_PYTHON names no Python with numpy, onnx and onnxruntime");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (images, into) = (folder.path().join("images"), folder.path().join("networks"));
    fs::create_dir(&images).expect("created");
    for (index, name) in ["yard", "gate", "night"].iter().cycle().take(6).enumerate() {
        let picture = root().join(format!("docs/images/scene-{name}.jpg"));
        fs::copy(picture, images.join(format!("{index}.jpg"))).expect("copied");
    }
    let quantize =
        ["quantize", "yard-n", "--images", text(folder.path()), "--into", text(&into), "--runs", "3"];
    let said = done(&quantize);
    let agreement = said.lines().find_map(|line| line.strip_prefix("AP50      vehicle: 1.000 → "));
    let agreement: f64 =
        agreement.and_then(|rest| rest[..5].parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!(agreement > 0.8, "{said}");
    assert!(said.contains("times as fast"), "{said}");

    let network = into.join("yard-n-int8");
    let manifest = gridwatch_models::Manifest::load(&network.join("manifest.toml")).expect("it reads");
    assert!(
        manifest.quality.iter().any(|quality| quality.metric.contains("after quantising")),
        "{manifest:?}"
    );
    assert!(manifest.source.contains("calibrated on 3 pictures (set "), "{}", manifest.source);
    let bytes = |path: &Path| fs::metadata(path).expect("a file").len();
    let (small, large) = (network.join("yard-n-int8.onnx"), root().join("models/yard-n/yard-n.onnx"));
    assert!(bytes(&small) * 2 < bytes(&large), "{} of {} bytes", bytes(&small), bytes(&large));
    let said = done(&["inspect", text(&network)]);
    assert!(said.contains("name      yard-n-int8"), "{said}");
    refused(&quantize, &["yard-n-int8 is there already", "--name"]);
    let again = ["quantize", "yard-n-int8", "--images", text(folder.path()), "--into", text(&into)];
    refused(&again, &["cannot be quantised: it is of 8-bit numbers already"]);
    refused(&["quantize", "yard-n", "--images", text(&into)], &["one picture at least must calibrate"]);
}
