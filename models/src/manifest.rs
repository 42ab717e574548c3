//! The manifest of a network: everything a caller must know to feed it and to read its answer.

use std::collections::BTreeMap;
use std::path::Path;

use gridwatch_domain::{ObjectClass, Sha256Hex};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{ModelError, Problem, Problems};
use crate::head::{Head, HeadForm};
use crate::{DownloadUrl, validate};

/// The version of the manifest's form that this program reads and writes.
pub const SCHEMA: u32 = 1;

/// One network, as its `manifest.toml` describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form. Allowed: 1.
    pub schema: u32,
    /// Name of the network, as events cite it: 1–40 of `a`–`z`, `0`–`9`, `-`, `_`, `.`.
    pub name: String,
    /// Version of the network, as the maker counts them.
    pub version: String,
    /// SPDX identifier of the licence that the weights are under.
    pub licence: String,
    /// Where the network comes from: who made it, out of what.
    pub source: String,
    /// How it was trained, for a reader; empty where that is not known.
    #[serde(default)]
    pub training: String,
    /// Names of the classes, in the order of the network's class scores. At least one, none twice.
    pub labels: Vec<String>,
    /// What a label means to gridwatch: label → class. A label that is not named here is ignored.
    pub classes: BTreeMap<String, ObjectClass>,
    /// The ONNX file.
    pub file: NetworkFile,
    /// What the network is fed.
    pub input: Input,
    /// How its answer is read.
    #[schemars(with = "HeadForm")]
    pub head: Head,
    /// Which boxes are kept unless the configuration says otherwise.
    pub thresholds: Thresholds,
    /// What was measured on it, each line with the command that repeats it.
    #[serde(default)]
    pub quality: Vec<Quality>,
}

/// The ONNX file that belongs to a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    /// Path of the ONNX file; where it is not absolute, from the folder of the manifest.
    pub onnx: String,
    /// SHA-256 of that file, 64 lower-case hexadecimal digits. Another file is refused.
    pub sha256: Sha256Hex,
    /// Where `gridwatch models pull` gets it from; then `onnx` is the mere name that it gets. Default: it comes with the
    /// manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<DownloadUrl>,
    /// Its size in bytes, above 0. Needed beside `url`; else by default not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// The input tensor: one picture, in the precision that the file declares (32-bit or 16-bit floats, or bytes).
///
/// A channel value `v` (0–255) is fed as `(v · scale − mean) / std`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Width in pixels, 32–4096; for `yolox` a multiple of the largest stride.
    pub width: u32,
    /// Height in pixels, 32–4096; for `yolox` a multiple of the largest stride.
    pub height: u32,
    /// Whether the file takes any size: each picture then gets one of its own shape, whose longer side is the longer of `width` and
    /// `height`. Default: false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub dynamic: bool,
    /// Order of the dimensions. Default: `nchw`.
    #[serde(default)]
    pub layout: Layout,
    /// Order of the colour channels.
    pub color: ColorOrder,
    /// Factor on the channel values before anything else; above 0. Default: 1 (the values stay 0–255).
    #[serde(default = "one")]
    pub scale: f32,
    /// Subtracted from each channel, in `color`'s order, after `scale`. Default: 0.
    #[serde(default)]
    pub mean: [f32; 3],
    /// Divides each channel, in `color`'s order, after `mean`; each above 0. Default: 1.
    #[serde(default = "ones")]
    pub std: [f32; 3],
    /// How a picture of another shape is fitted in.
    pub letterbox: Letterbox,
    /// Channel value (0–255, before `scale`) of what the picture does not cover. Default: 114.
    #[serde(default = "grey")]
    pub pad: u8,
}

/// Order of the input's dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Picture, channel, row, column: `[1, 3, height, width]`.
    #[default]
    Nchw,
    /// Picture, row, column, channel: `[1, height, width, 3]`.
    Nhwc,
}

/// Order of the colour channels in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColorOrder {
    /// Blue, green, red.
    Bgr,
    /// Red, green, blue.
    Rgb,
}

/// How a picture is fitted into the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Letterbox {
    /// Scaled evenly until it fits, laid into the top left corner; what is left on the right or below is padding.
    TopLeft,
    /// Scaled evenly until it fits, centred; padding on both sides.
    Center,
    /// Scaled unevenly to fill the input; no padding.
    Stretch,
}

/// Which boxes are kept unless the configuration says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Boxes with a lower score are not looked at, 0–1.
    pub score: f32,
    /// Of two boxes that overlap by more than this (intersection over union, 0–1), the one with the lower score goes.
    pub nms_iou: f32,
}

/// One measured figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// What it was measured on.
    pub dataset: String,
    /// What was measured, with its unit and conditions.
    pub metric: String,
    /// The figure.
    pub value: f64,
    /// The command that repeats the measurement.
    pub command: String,
}

impl Manifest {
    /// Reads and checks the text of a manifest.
    ///
    /// # Errors
    /// Every problem that was found, each with its key path; where a key is unknown, missing or of the wrong type,
    /// only that one.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let one = |key: String, message: String| Problems(vec![Problem { key, message }]);
        let deserializer = toml::Deserializer::parse(text)
            .map_err(|e| one(String::new(), e.to_string().trim_end().to_owned()))?;
        let manifest: Self = serde_path_to_error::deserialize(deserializer).map_err(|e| {
            let key = e.path().to_string();
            one(if key == "." { String::new() } else { key }, e.inner().message().to_owned())
        })?;
        let problems = validate::problems(&manifest);
        if problems.is_empty() { Ok(manifest) } else { Err(Problems(problems)) }
    }

    /// Reads and checks the manifest at `path`. The ONNX file is not looked at: that is
    /// [`Network::load`](crate::Network::load).
    ///
    /// # Errors
    /// [`ModelError::ReadManifest`], [`ModelError::BadManifest`].
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx")) {
            return Err(ModelError::NoManifest { path: path.to_owned() });
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| ModelError::ReadManifest { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|problems| ModelError::BadManifest { path: path.to_owned(), problems })
    }

    /// As the text of a `manifest.toml`, which reads back to the same.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a manifest has only string keys and TOML's own types")
    }

    /// What each class score means, in the network's order; `None` is ignored.
    pub fn class_by_index(&self) -> Vec<Option<ObjectClass>> {
        self.labels.iter().map(|label| self.classes.get(label).copied()).collect()
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn one() -> f32 {
    1.0
}

fn ones() -> [f32; 3] {
    [1.0; 3]
}

fn grey() -> u8 {
    114
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const EXAMPLE: &str = r#"
schema = 1
name = "tiny"
version = "0.1.0"
licence = "Apache-2.0"
source = "a test"
labels = ["person", "kite", "car"]

[classes]
person = "person"
car = "car"

[file]
onnx = "tiny.onnx"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

[input]
width = 64
height = 32
color = "bgr"
letterbox = "top_left"

[head]
type = "yolox"
strides = [8, 16, 32]
sigmoid_done = true
boxes_decoded = false

[thresholds]
score = 0.3
nms_iou = 0.5
"#;

    #[track_caller]
    fn check(from: &str, to: &str, key: &str, message: &str) {
        assert!(EXAMPLE.contains(from), "{from:?} is not in the example");
        let problems = Manifest::parse(&EXAMPLE.replacen(from, to, 1)).expect_err("must be refused").0;
        let found = problems.iter().any(|p| p.key == key && p.message.contains(message));
        assert!(found, "wanted {key:?}: {message:?}, found {problems:#?}");
    }

    #[test]
    fn an_example_is_read_with_its_defaults() {
        let manifest = Manifest::parse(EXAMPLE).expect("valid");
        assert_eq!(manifest.input.pad, 114);
        assert_eq!(manifest.input.scale, 1.0);
        assert_eq!(manifest.input.std, [1.0; 3]);
        assert_eq!(manifest.class_by_index(), [Some(ObjectClass::Person), None, Some(ObjectClass::Car)]);
    }

    #[test]
    fn a_written_manifest_reads_back() {
        let manifest = Manifest::parse(EXAMPLE).expect("valid");
        assert_eq!(Manifest::parse(&manifest.to_toml()), Ok(manifest));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key_path() {
        check("schema = 1", "schema = 2", "schema", "found 2, allowed: 1");
        check("width = 64", "width = \"wide\"", "input.width", "expected u32");
        check("licence = ", "licence", "", "TOML parse error");
        check("sha256 = \"e3", "sha256 = \"", "file.sha256", "64 lower-case hexadecimal digits");
    }

    #[test]
    fn unknown_and_missing_keys_are_refused() {
        check("[head]", "[head]\nanchors = 3", "head.anchors", "unknown field `anchors`");
        check("sigmoid_done = true\n", "", "head", "sigmoid_done: missing, a head of type yolox needs it");
        check("\"yolox\"", "\"yolov8\"", "head", "strides: a head of type yolov8 has no such key");
        check("\"yolox\"", "\"centernet\"", "head.type", "unknown variant `centernet`");
        check("color = \"bgr\"\n", "", "input", "missing field `color`");
        check("\"bgr\"", "\"yuv\"", "input.color", "unknown variant `yuv`");
    }

    #[test]
    fn impossible_values_are_refused() {
        check(
            "[input]",
            "url = \"ftp://x/y\"\n[input]",
            "file.url",
            "allowed: an address that begins with https://",
        );
        check("[input]", "url = \"https://me:secret@x/y\"\n[input]", "file.url", "without user and password");
        let parted = "onnx = \"../tiny.onnx\"\nurl = \"https://x/y\"";
        check("onnx = \"tiny.onnx\"", parted, "file.onnx", "allowed: a mere name");
        check(
            "[input]",
            "url = \"https://x/y\"\n[input]",
            "file.size_bytes",
            "is missing, needed beside file.url",
        );
        check("[input]", "size_bytes = 0\n[input]", "file.size_bytes", "found 0, allowed: above 0");
        check("name = \"tiny\"", "name = \"Tiny net\"", "name", "\"Tiny net\"");
        check("width = 64", "width = 65", "input.width", "found 65, allowed: 32–4096, a multiple of 32");
        check("strides = [8, 16, 32]", "strides = [8, 12]", "head.strides[1]", "found 12");
        check("strides = [8, 16, 32]", "strides = [16, 8]", "head.strides[1]", "rising");
        check("strides = [8, 16, 32]", "strides = []", "head.strides", "none");
        check("score = 0.3", "score = 1.3", "thresholds.score", "found 1.3, allowed: 0–1");
        check("nms_iou = 0.5", "nms_iou = nan", "thresholds.nms_iou", "NaN");
        check("\"kite\"", "\"car\"", "labels[2]", "\"car\" is there twice");
        check("car = \"car\"", "van = \"car\"", "classes.van", "no such label");
        check("[classes]\nperson = \"person\"\ncar = \"car\"", "[classes]", "classes", "none");
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = EXAMPLE.replace("width = 64", "width = 65").replace("score = 0.3", "score = -1.0");
        let keys: Vec<_> =
            Manifest::parse(&text).expect_err("two problems").0.into_iter().map(|p| p.key).collect();
        assert_eq!(keys, ["input.width", "thresholds.score"]);
    }
}
