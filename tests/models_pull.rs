//! `gridwatch models pull`, from a real server on this machine.

#[path = "../models/tests/support/mod.rs"]
#[expect(dead_code, reason = "the pulls themselves are tested in models/tests/pull.rs")]
mod server;
mod support;

use std::{fs, path::Path, process::Command};

use gridwatch_models::{Manifest, sha256_of};
use server::{Answer, Server};
use support::{
    GRIDWATCH,
    models::{done, refused, text},
    root, write,
};

/// A network whose file lies on a server.
fn package(folder: &Path, url: &str) -> std::path::PathBuf {
    let tiny = root().join("detect/tests/golden/yolox");
    let mut manifest = Manifest::load(&tiny.join("manifest.toml")).expect("it is shipped");
    manifest.name = "distant".to_owned();
    manifest.file.size_bytes = Some(tiny_network().len() as u64);
    manifest.file.url = Some(url.parse().expect("an address"));
    let package = folder.join("distant");
    fs::create_dir(&package).expect("created");
    write(&package, "manifest.toml", &manifest.to_toml());
    package
}

fn tiny_network() -> Vec<u8> {
    fs::read(root().join("detect/tests/golden/yolox/tiny.onnx")).expect("it is shipped")
}

#[test]
fn an_edge_box_says_what_to_pull_and_is_content_when_that_is_done() {
    let server = Server::start(&tiny_network(), &[Answer::Broken(1000), Answer::Well]);
    let folder = tempfile::tempdir().expect("a folder");
    let package = package(folder.path(), &server.url());
    let edge = format!(
        "[edge]\nid = \"e\"\nstate_dir = \"s\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n[network]\nmanifest = {:?}\n\
         [[camera]]\nid = \"c\"\nurl = \"rtsp://127.0.0.1:1/c\"\n",
        text(&package)
    );
    let edge = write(folder.path(), "edge.toml", &edge);
    let start = Command::new(GRIDWATCH).args(["edge", "--config", text(&edge)]).output().expect("it ends");
    let said = String::from_utf8_lossy(&start.stderr);
    let advice =
        format!("network.manifest: network file {}/tiny.onnx has not been fetched yet", text(&package));
    assert!(said.contains(&advice), "{said}");
    assert!(said.contains(&format!("run `gridwatch models pull {}`", text(&package))), "{said}");

    let said = done(&["pull", text(&package)]);
    assert!(said.contains("fetched   ") && said.contains("[network]"), "{said}");
    let said = done(&["pull", text(&package)]);
    assert!(said.contains("is there  "), "{said}");
    if std::env::var_os("ORT_DYLIB_PATH").is_some() {
        done(&["inspect", text(&package)]);
    }
}

#[test]
fn a_network_that_gridwatch_knows_gets_a_folder_of_its_own() {
    let listed = done(&["list"]);
    assert!(
        listed.lines().any(|line| line.starts_with("yolox-nano ") && line.contains("gridwatch models pull"))
    );
    let folder = tempfile::tempdir().expect("a folder");
    let into = folder.path().join("networks");
    // Another file at that address: its own is not ours to keep here.
    let server = Server::start(b"not YOLOX", &[Answer::Well]);
    let pull = ["pull", "yolox-nano", "--into", text(&into), "--from", &server.url()];
    refused(&pull, &["is another file", "9 bytes", "3659407"]);
    assert_eq!(fs::read_dir(into.join("yolox-nano")).expect("a folder").count(), 0, "nothing is kept");
    refused(&["pull", "yard-n"], &["yard-n is part of gridwatch"]);
    refused(&["pull", "yolo-9000"], &["no network named \"yolo-9000\"", "to be pulled: yolox-nano"]);
}

#[test]
fn a_package_can_be_pulled_elsewhere_and_from_a_mirror() {
    let server = Server::start(&tiny_network(), &[Answer::Well]);
    let folder = tempfile::tempdir().expect("a folder");
    let package = package(folder.path(), "http://127.0.0.1:1/net.onnx");
    refused(&["pull", text(&package)], &["cannot reach 127.0.0.1", "--from"]);
    let into = folder.path().join("elsewhere");
    done(&["pull", text(&package), "--into", text(&into), "--from", &server.url()]);
    let manifest = Manifest::load(&into.join("distant/manifest.toml")).expect("written");
    let fetched = fs::read(into.join("distant/tiny.onnx")).expect("fetched");
    assert_eq!(sha256_of(&fetched), manifest.file.sha256);
    assert!(!package.join("tiny.onnx").exists());
}
