//! `gridwatch models import`: a user's ONNX file becomes a network with a manifest, without anybody writing one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use gridwatch_detect::{
    NetworkDetector, OnnxFile, SessionSettings,
    recognise::{Recognised, Wishes, recognise},
};
use gridwatch_domain::ObjectClass;
use gridwatch_models::{
    COCO_LABELS, MANIFEST_FILE, Manifest, Network, NetworkFile, SCHEMA, Thresholds, class_of_label, name_of,
    sha256_of,
};

use crate::{
    cli::{ImportArguments, Recognition},
    output::say,
};

pub(super) fn run(arguments: &ImportArguments) -> anyhow::Result<()> {
    let bytes = read(&arguments.file)?;
    let recognised = recognised(&arguments.file, &bytes, &arguments.recognition)?;
    recognised.reasons.iter().for_each(|reason| say!("because   {reason}"));
    let mut manifest = manifest(&arguments.file, &bytes, recognised, &arguments.recognition)?;
    if let Some(name) = &arguments.name {
        manifest.name.clone_from(name);
    }
    manifest.licence.clone_from(&arguments.licence);
    let folder = arguments.into.join(&manifest.name);
    manifest.file.onnx = format!("{}.onnx", manifest.name);
    let text = manifest.to_toml();
    // As a start would: what cannot be run is not imported.
    let manifest = Manifest::parse(&text).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let network = Network::new(manifest, bytes)?;
    NetworkDetector::open(&network, &SessionSettings::default(), network.manifest().thresholds.score)?;
    store(&folder, &text, &network)?;
    say!("written   {}", folder.join(MANIFEST_FILE).display());
    say!();
    say!("Look at what it sees:    gridwatch models inspect {} --image PICTURE", folder.display());
    say!("Use it in a configuration:");
    say!("[network]");
    say!("manifest = {:?}", std::path::absolute(folder.join(MANIFEST_FILE))?.display().to_string());
    Ok(())
}

/// The file, whole.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// How the file is fed and read.
pub(super) fn recognised(path: &Path, bytes: &[u8], recognition: &Recognition) -> anyhow::Result<Recognised> {
    let name = path.display().to_string();
    let mut file = OnnxFile::open(&name, bytes, &SessionSettings::default())
        .with_context(|| format!("{name} is not an ONNX file that ONNX Runtime can run"))?;
    let labels = recognition.labels.as_deref().map(labels).transpose()?;
    let wishes = Wishes { labels, size: recognition.size.map(|size| (size.width, size.height)) };
    recognise(&mut file, &wishes).with_context(|| name)
}

/// The labels in a file, one a line; `coco` for those of COCO.
fn labels(path: &Path) -> anyhow::Result<Vec<String>> {
    if path == Path::new("coco") && !path.exists() {
        return Ok(COCO_LABELS.map(str::to_owned).into());
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("read the labels in {}", path.display()))?;
    // Some editors begin a file with a byte-order mark.
    let labels: Vec<String> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    if labels.is_empty() {
        bail!("{} holds no labels: one name a line is needed", path.display());
    }
    Ok(told_apart(labels))
}

/// Published lists name numbers that are not in use by one word, such as `N/A`: each gets its number behind it.
fn told_apart(labels: Vec<String>) -> Vec<String> {
    let is_doubled = |label: &String| labels.iter().filter(|other| *other == label).count() > 1;
    let named = |(index, label): (usize, &String)| {
        if is_doubled(label) { format!("{label} {index}") } else { label.clone() }
    };
    labels.iter().enumerate().map(named).collect()
}

/// The manifest of a recognised file.
pub(super) fn manifest(
    path: &Path,
    bytes: &[u8],
    recognised: Recognised,
    recognition: &Recognition,
) -> anyhow::Result<Manifest> {
    let classes = classes(&recognised.labels, recognition)?;
    Ok(Manifest {
        schema: SCHEMA,
        name: name_of(path),
        version: "1".to_owned(),
        licence: "unknown".to_owned(),
        source: format!("imported from {}", path.file_name().unwrap_or_default().to_string_lossy()),
        training: String::new(),
        labels: recognised.labels,
        classes,
        file: NetworkFile {
            onnx: path.display().to_string(),
            sha256: sha256_of(bytes),
            url: None,
            size_bytes: None,
        },
        input: recognised.input,
        head: recognised.head,
        thresholds: Thresholds { score: 0.3, nms_iou: 0.5 },
        quality: Vec::new(),
    })
}

/// What the labels mean: by their names, and by what the user says of them.
fn classes(labels: &[String], recognition: &Recognition) -> anyhow::Result<BTreeMap<String, ObjectClass>> {
    let mut classes: BTreeMap<String, ObjectClass> =
        labels.iter().filter_map(|label| Some((label.clone(), class_of_label(label)?))).collect();
    for said in &recognition.class {
        let (label, class) =
            said.split_once('=').with_context(|| format!("--class {said}: expected LABEL=CLASS"))?;
        if !labels.iter().any(|known| known == label) {
            bail!("--class {said}: there is no label {label:?}; there are {}", labels.join(", "));
        }
        let known = || ObjectClass::ALL.map(|class| class.to_string()).join(", ");
        let class = ObjectClass::ALL.into_iter().find(|known| known.to_string() == class);
        let class = class.with_context(|| format!("--class {said}: the class is none of {}", known()))?;
        classes.insert(label.to_owned(), class);
    }
    if classes.is_empty() {
        let known = ObjectClass::ALL.map(|class| class.to_string()).join(", ");
        bail!(
            "none of its labels ({}) is known to be a person or a vehicle: say what they are with --class LABEL=CLASS, where CLASS is one of {known}",
            labels.join(", ")
        );
    }
    Ok(classes)
}

/// Writes both files aside and puts the folder in place at once. What is there already stays.
pub(super) fn store(folder: &Path, manifest: &str, network: &Network) -> anyhow::Result<()> {
    if folder.exists() {
        bail!("{} is there already: remove it, or give another --name", folder.display());
    }
    let mut aside: PathBuf = folder.to_owned();
    aside.set_extension("new");
    let written = (|| {
        std::fs::create_dir_all(&aside)?;
        std::fs::write(aside.join(&network.manifest().file.onnx), network.bytes())?;
        std::fs::write(aside.join(MANIFEST_FILE), manifest)?;
        std::fs::rename(&aside, folder)
    })();
    written
        .inspect_err(|_| drop(std::fs::remove_dir_all(&aside)))
        .with_context(|| format!("write {}", folder.display()))
}
