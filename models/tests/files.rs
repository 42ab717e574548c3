//! Networks from files: the shipped one, and everything that must be refused.

use std::fs;
use std::path::Path;

use gridwatch_domain::ObjectClass;
use gridwatch_models::{Manifest, ModelError, ModelStore, Network, sha256_of};

/// Every shipped network, the default one first.
const SHIPPED: [&str; 3] = ["yard-n", "yard-n-int8", "yard-n-800-int8"];

/// A folder with a manifest for a file `net.onnx` that should contain `content`.
fn folder_expecting(content: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut manifest =
        Manifest::yolox_coco(Path::new("net.onnx"), 64, 32, sha256_of(content)).expect("possible size");
    manifest.name = "net".to_owned();
    fs::write(folder.path().join("manifest.toml"), toml::to_string(&manifest).expect("serializable"))
        .expect("written");
    folder
}

#[test]
fn the_shipped_networks_are_those_in_their_folders() {
    let shipped = ModelStore::builtin();
    assert_eq!(shipped.list()[0].manifest().name, SHIPPED[0]);
    for name in SHIPPED {
        let network = shipped.get(name).expect("shipped");
        let folder =
            ModelStore::inspect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("the folder's own");
        assert_eq!(folder.manifest(), network.manifest());
        assert_eq!(folder.bytes(), network.bytes());
        assert_eq!(&sha256_of(network.bytes()), network.sha256());
    }
}

#[test]
fn the_shipped_networks_are_small_and_know_what_stands_and_passes() {
    let shipped = ModelStore::builtin();
    for name in SHIPPED {
        let network = shipped.get(name).expect("shipped");
        assert!(network.bytes().len() <= 5 * 1024 * 1024, "{name}: {} bytes", network.bytes().len());
        let classes = network.manifest().class_by_index();
        for class in ObjectClass::ALL {
            assert!(classes.contains(&Some(class)), "{name}: {class:?} is missing");
        }
        assert!(!network.manifest().quality.is_empty(), "a shipped network states what was measured");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let refused = ModelStore::builtin().get("yolo-9000").map(|_| ()).expect_err("no such network");
    assert_eq!(
        refused.to_string(),
        "no network named \"yolo-9000\"; shipped: yard-n, yard-n-int8, yard-n-800-int8; to be pulled: yolox-nano"
    );
    assert!(ModelStore::builtin().get("yard-n").is_ok());
}

#[test]
fn networks_to_be_pulled_say_where_they_are_and_how_to_get_them() {
    let pullable = ModelStore::pullable();
    assert!(!pullable.is_empty());
    for manifest in pullable {
        assert!(manifest.file.url.is_some() && manifest.file.size_bytes.is_some(), "{manifest:?}");
        assert_eq!(manifest.licence, "Apache-2.0");
        let refused = ModelStore::builtin().get(&manifest.name).map(|_| ()).expect_err("it is not carried");
        let advice = format!("run `gridwatch models pull {}`", manifest.name);
        assert!(refused.to_string().contains(&advice), "{refused}");
    }
}

#[test]
fn a_network_beside_its_manifest_is_read() {
    let folder = folder_expecting(b"weights");
    fs::write(folder.path().join("net.onnx"), b"weights").expect("written");
    let network = Network::load(&folder.path().join("manifest.toml")).expect("sound");
    assert_eq!(network.bytes(), b"weights");
    assert_eq!(network.sha256(), &sha256_of(b"weights"));
}

#[test]
fn a_missing_file_is_named() {
    let folder = folder_expecting(b"weights");
    let refused = ModelStore::inspect(folder.path()).expect_err("no onnx file");
    assert!(
        matches!(&refused, ModelError::MissingFile { path } if *path == folder.path().join("net.onnx")),
        "{refused:?}"
    );
}

#[test]
fn a_wrong_file_is_refused_with_both_hashes() {
    let folder = folder_expecting(b"weights");
    let onnx = folder.path().join("net.onnx");
    fs::write(&onnx, b"other weights").expect("written");
    match ModelStore::inspect(folder.path()).expect_err("wrong content") {
        ModelError::WrongHash { path, found, expected } => {
            assert_eq!(path, onnx);
            assert_eq!(found, sha256_of(b"other weights"));
            assert_eq!(expected, sha256_of(b"weights"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_or_broken_manifest_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let refused = ModelStore::inspect(folder.path()).expect_err("no manifest");
    assert!(matches!(refused, ModelError::ReadManifest { .. }), "{refused:?}");

    let onnx = folder.path().join("mine.onnx");
    fs::write(&onnx, [8, 255, 0]).expect("written");
    let refused = ModelStore::inspect(&onnx).expect_err("no manifest");
    assert!(refused.to_string().contains("`gridwatch models import"), "{refused}");

    fs::write(folder.path().join("manifest.toml"), "schema = 'one'").expect("written");
    let refused = ModelStore::inspect(folder.path()).expect_err("broken manifest");
    assert!(refused.to_string().contains("manifest.toml: schema: invalid type"), "{refused}");
}

#[test]
fn a_file_without_manifest_is_taken_by_the_preset() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let onnx = folder.path().join("x.onnx");
    fs::write(&onnx, b"weights").expect("written");
    let network = Network::load_yolox_coco(&onnx, 640, 384, None).expect("taken as it is");
    assert_eq!(network.sha256(), &sha256_of(b"weights"));
    let refused =
        Network::load_yolox_coco(&onnx, 640, 384, Some(sha256_of(b"other"))).expect_err("another hash");
    assert!(matches!(refused, ModelError::WrongHash { .. }), "{refused:?}");
}

#[test]
fn one_broken_network_does_not_hide_the_others() {
    let folder = tempfile::tempdir().expect("temporary folder");
    fs::create_dir(folder.path().join("a")).expect("created");
    fs::write(folder.path().join("a/manifest.toml"), "nonsense").expect("written");
    fs::rename(folder_expecting(b"weights").keep(), folder.path().join("b")).expect("moved");
    fs::write(folder.path().join("b/net.onnx"), b"weights").expect("written");
    let found = ModelStore::list_folder(folder.path()).expect("listed");
    assert_eq!(found.len(), 2);
    assert!(found[0].network.is_err());
    assert_eq!(found[1].network.as_ref().expect("sound").manifest().name, "net");
}
