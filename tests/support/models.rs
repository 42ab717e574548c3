//! `gridwatch models`, driven as a user does.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{GRIDWATCH, root, write};

/// Runs it to its end.
pub(crate) fn models(arguments: &[&str]) -> Output {
    Command::new(GRIDWATCH).arg("models").args(arguments).output().expect("the binary runs")
}

/// The folder of a tiny network of ours, or `None` after saying why the test is skipped.
pub(crate) fn tiny(name: &str) -> Option<PathBuf> {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        println!("SKIPPED: ORT_DYLIB_PATH names no ONNX Runtime");
        return None;
    }
    Some(root().join("detect/tests/golden").join(name))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Labels of the tiny networks.
pub(crate) fn labels(folder: &Path) -> PathBuf {
    write(folder, "labels.txt", "person\nkite\ncar\nbus\ntruck\n")
}

/// It must fail, and say each of these.
#[track_caller]
pub(crate) fn refused(arguments: &[&str], expected: &[&str]) {
    let output = models(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in expected {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

/// It must succeed; what it printed.
#[track_caller]
pub(crate) fn done(arguments: &[&str]) -> String {
    let output = models(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}
