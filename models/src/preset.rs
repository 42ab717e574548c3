//! Manifests for files that come without one.

use std::path::Path;

use gridwatch_domain::Sha256Hex;

use crate::head::Head;
use crate::labels::{COCO_LABELS, coco_classes};
use crate::manifest::{ColorOrder, Input, Layout, Letterbox, Manifest, NetworkFile, SCHEMA, Thresholds};
use crate::{ModelError, Problems, validate};

impl Manifest {
    /// The manifest of a YOLOX file in the convention of Megvii's published ones: 80 COCO labels, BGR 0–255, letterbox
    /// top left on grey 114, strides 8, 16, 32, scores with the sigmoid done, boxes to be decoded.
    ///
    /// `width` and `height` are the file's fixed input in pixels. The name is the file's, without its ending.
    ///
    /// # Errors
    /// [`ModelError::BadManifest`] where the size is impossible.
    pub fn yolox_coco(
        onnx_path: &Path,
        width: u32,
        height: u32,
        sha256: Sha256Hex,
    ) -> Result<Self, ModelError> {
        let manifest = Self {
            schema: SCHEMA,
            name: name_of(onnx_path),
            version: "unknown".to_owned(),
            licence: "unknown".to_owned(),
            source: "a user's own file, read by the preset yolox-coco".to_owned(),
            training: String::new(),
            labels: COCO_LABELS.map(str::to_owned).into(),
            classes: coco_classes(),
            file: NetworkFile {
                onnx: onnx_path.to_string_lossy().into_owned(),
                sha256,
                url: None,
                size_bytes: None,
            },
            input: Input {
                width,
                height,
                dynamic: false,
                layout: Layout::Nchw,
                color: ColorOrder::Bgr,
                scale: 1.0,
                mean: [0.0; 3],
                std: [1.0; 3],
                letterbox: Letterbox::TopLeft,
                pad: 114,
            },
            head: Head::Yolox { strides: vec![8, 16, 32], sigmoid_done: true, boxes_decoded: false },
            thresholds: Thresholds { score: 0.3, nms_iou: 0.5 },
            quality: Vec::new(),
        };
        let problems = validate::problems(&manifest);
        if problems.is_empty() {
            Ok(manifest)
        } else {
            Err(ModelError::BadManifest { path: onnx_path.to_owned(), problems: Problems(problems) })
        }
    }
}

/// A name that a manifest may have, from whatever the file is called.
pub fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain =
        |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c) { c } else { '-' };
    let name: String = stem.chars().map(plain).take(40).collect();
    if name.is_empty() { "network".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::ObjectClass;

    use super::*;
    use crate::sha256_of;

    #[test]
    fn the_preset_reads_what_megvii_publishes() {
        let path = Path::new("nets/YOLOX nano 640x384.onnx");
        let manifest = Manifest::yolox_coco(path, 640, 384, sha256_of(b"")).expect("a possible size");
        assert_eq!(manifest.name, "yolox-nano-640x384");
        let classes = manifest.class_by_index();
        assert_eq!(classes[0], Some(ObjectClass::Person));
        assert_eq!(classes[2], Some(ObjectClass::Car));
        assert_eq!(classes[3], Some(ObjectClass::Motorcycle));
        assert_eq!(classes[7], Some(ObjectClass::Truck));
        assert_eq!(classes.iter().flatten().count(), 6);
    }

    #[test]
    fn an_impossible_size_is_refused_with_its_key() {
        let refused =
            Manifest::yolox_coco(Path::new("x.onnx"), 640, 360, sha256_of(b"")).expect_err("360 is not n·32");
        assert!(refused.to_string().contains("input.height: found 360"), "{refused}");
    }
}
