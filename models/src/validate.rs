//! What types cannot hold: the ranges and cross-references of a manifest.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::Problem;
use crate::head::Head;
use crate::manifest::{Input, Manifest, NetworkFile, SCHEMA};

/// Longest name that events, metric labels and screens are laid out for.
const NAME_MAX: usize = 40;
/// Sides of an input in pixels: below, nothing is left to see; above, a picture costs seconds.
pub const INPUT_SIDE: std::ops::RangeInclusive<u32> = 32..=4096;
/// Cell sizes of grids in pixels that any known head has.
const STRIDE: std::ops::RangeInclusive<u32> = 4..=128;

/// Every problem of `manifest`, in the order of its keys; empty where it is sound.
pub(crate) fn problems(manifest: &Manifest) -> Vec<Problem> {
    let mut found = Found::default();
    if manifest.schema != SCHEMA {
        found.add("schema", format!("found {}, allowed: {SCHEMA}", manifest.schema));
    }
    check_words(manifest, &mut found);
    check_file(&manifest.file, &mut found);
    check_labels(manifest, &mut found);
    check_input(&manifest.input, manifest.head.input_multiple(), &mut found);
    check_head(&manifest.head, &mut found);
    found.check_share("thresholds.score", manifest.thresholds.score);
    found.check_share("thresholds.nms_iou", manifest.thresholds.nms_iou);
    for (index, quality) in manifest.quality.iter().enumerate() {
        if !quality.value.is_finite() {
            found.add(
                format!("quality[{index}].value"),
                format!("found {}, allowed: a number", quality.value),
            );
        }
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, key: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { key: key.into(), message: message.into() });
    }

    fn check_share(&mut self, key: &str, value: f32) {
        if !(0.0..=1.0).contains(&value) {
            self.add(key, format!("found {value}, allowed: 0–1"));
        }
    }
}

fn check_words(manifest: &Manifest, found: &mut Found) {
    let of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let name = &manifest.name;
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(of_name) {
        found.add("name", format!("found {name:?}, allowed: 1–{NAME_MAX} of a–z, 0–9, -, _ and ."));
    }
    let words = [
        ("version", &manifest.version),
        ("licence", &manifest.licence),
        ("source", &manifest.source),
        ("file.onnx", &manifest.file.onnx),
    ];
    for (key, word) in words {
        if word.trim().is_empty() {
            found.add(key, "is empty");
        }
    }
}

fn check_file(file: &NetworkFile, found: &mut Found) {
    // What is fetched from elsewhere is written beside the manifest and nowhere else.
    let is_mere_name = |name: &str| Path::new(name).file_name() == Some(OsStr::new(name));
    if file.url.is_some() && !is_mere_name(&file.onnx) {
        found.add(
            "file.onnx",
            format!("found {:?}, allowed: a mere name, as the file comes from file.url", file.onnx),
        );
    }
    match file.size_bytes {
        Some(0) => found.add("file.size_bytes", "found 0, allowed: above 0"),
        // What fills the disk would be known to be wrong only then.
        None if file.url.is_some() => {
            found.add("file.size_bytes", "is missing, needed beside file.url: the size of the file in bytes");
        }
        _ => {}
    }
}

fn check_labels(manifest: &Manifest, found: &mut Found) {
    let labels = &manifest.labels;
    if labels.is_empty() {
        found.add("labels", "none, at least one is needed");
    }
    for (index, label) in labels.iter().enumerate() {
        if label.trim().is_empty() {
            found.add(format!("labels[{index}]"), "is empty");
        } else if labels[..index].contains(label) {
            found.add(format!("labels[{index}]"), format!("{label:?} is there twice"));
        }
    }
    if manifest.classes.is_empty() {
        found.add("classes", "none: nothing the network finds would count");
    }
    for label in manifest.classes.keys().filter(|label| !labels.contains(label)) {
        found.add(format!("classes.{label}"), "no such label in labels");
    }
}

fn check_input(input: &Input, multiple: u32, found: &mut Found) {
    for (key, side) in [("input.width", input.width), ("input.height", input.height)] {
        if !INPUT_SIDE.contains(&side) || !side.is_multiple_of(multiple.max(1)) {
            let (low, high) = (INPUT_SIDE.start(), INPUT_SIDE.end());
            let multiple = if multiple > 1 { format!(", a multiple of {multiple}") } else { String::new() };
            found.add(key, format!("found {side}, allowed: {low}–{high}{multiple}"));
        }
    }
    let positive = |value: f32| value.is_finite() && value > 0.0;
    if !positive(input.scale) {
        found.add("input.scale", format!("found {}, allowed: above 0", input.scale));
    }
    for (index, mean) in input.mean.iter().enumerate().filter(|(_, mean)| !mean.is_finite()) {
        found.add(format!("input.mean[{index}]"), format!("found {mean}, allowed: a number"));
    }
    for (index, std) in input.std.iter().enumerate().filter(|(_, std)| !positive(**std)) {
        found.add(format!("input.std[{index}]"), format!("found {std}, allowed: above 0"));
    }
}

fn check_head(head: &Head, found: &mut Found) {
    let strides = head.strides();
    if matches!(head, Head::Yolox { .. } | Head::Nanodet { .. }) && strides.is_empty() {
        found.add("head.strides", "none, at least one is needed");
    }
    for (index, stride) in strides.iter().enumerate() {
        let key = format!("head.strides[{index}]");
        if !STRIDE.contains(stride) || !stride.is_power_of_two() {
            let (low, high) = (STRIDE.start(), STRIDE.end());
            found.add(key, format!("found {stride}, allowed: a power of two, {low}–{high}"));
        } else if index > 0 && strides[index - 1] >= *stride {
            found.add(key, format!("found {stride} after {}, allowed: rising", strides[index - 1]));
        }
    }
}
