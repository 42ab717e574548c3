//! How networks of each family are fed by those who publish them. What cannot be seen in a file is taken from here.

use gridwatch_models::{Activation, ColorOrder, Corners, Head, Input, Layout, Letterbox};

/// Mean and spread of ImageNet's pictures in 0–255, red, green, blue.
const IMAGENET_MEAN: [f32; 3] = [123.675, 116.28, 103.53];
const IMAGENET_STD: [f32; 3] = [58.395, 57.12, 57.375];
/// NanoDet's own: blue, green, red (its configuration files).
const NANODET_MEAN: [f32; 3] = [103.53, 116.28, 123.675];
const NANODET_STD: [f32; 3] = [57.375, 57.12, 58.395];

/// Who made a network, where the head leaves open how it is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// Paddle wrote the file.
    Paddle,
    /// Its outputs are named as RF-DETR's.
    RfDetr,
    /// Whoever is usual for the head.
    Usual,
}

/// The input as the family's makers feed it, and a sentence that says so.
pub(super) fn input_of(
    head: &Head,
    maker: Maker,
    layout: Layout,
    (width, height): (u32, u32),
) -> (Input, String) {
    let plain = Input {
        width,
        height,
        layout,
        color: ColorOrder::Rgb,
        scale: 1.0,
        mean: [0.0; 3],
        std: [1.0; 3],
        letterbox: Letterbox::Stretch,
        pad: 114,
        dynamic: false,
    };
    let unit = 1.0 / 255.0;
    let (input, maker) = match head {
        Head::Yolox { .. } => (
            Input { color: ColorOrder::Bgr, letterbox: Letterbox::TopLeft, ..plain },
            "Megvii's YOLOX: BGR 0–255, letterbox top left",
        ),
        Head::Yolov5 | Head::Yolov8 | Head::YoloNms => (
            Input { scale: unit, letterbox: Letterbox::Center, ..plain },
            "Ultralytics' YOLO: RGB 0–1, letterbox centred",
        ),
        Head::Nanodet { .. } if maker == Maker::Paddle => (
            Input { mean: IMAGENET_MEAN, std: IMAGENET_STD, ..plain },
            "PicoDet (the file was written by Paddle): RGB, ImageNet's mean and spread, stretched",
        ),
        Head::Nanodet { .. } => (
            Input {
                color: ColorOrder::Bgr,
                mean: NANODET_MEAN,
                std: NANODET_STD,
                letterbox: Letterbox::TopLeft,
                pad: 0,
                ..plain
            },
            "NanoDet: BGR, its own mean and spread, letterbox top left on black",
        ),
        Head::Fastestdet => {
            (Input { color: ColorOrder::Bgr, scale: unit, ..plain }, "FastestDet: BGR 0–1, stretched")
        }
        Head::BoxesScoresLabels { corners: Corners::YxyxShares, .. } => {
            (plain, "TensorFlow's detection models: RGB 0–255, stretched")
        }
        Head::BoxesScoresLabels { .. } => {
            (Input { scale: unit, ..plain }, "torchvision, RT-DETR and D-FINE: RGB 0–1, stretched")
        }
        Head::Ssd { .. } => {
            (Input { color: ColorOrder::Bgr, ..plain }, "OpenVINO's SSD: BGR 0–255, stretched")
        }
        Head::Detr { activation: Activation::Sigmoid } if maker != Maker::RfDetr => {
            (Input { scale: unit, ..plain }, "RT-DETR and D-FINE: RGB 0–1, stretched")
        }
        Head::Detr { .. } => (
            Input { mean: IMAGENET_MEAN, std: IMAGENET_STD, ..plain },
            "DETR and RF-DETR: RGB, ImageNet's mean and spread, stretched",
        ),
    };
    (input, format!("fed as {maker} (change [input] in the manifest if yours was trained otherwise)"))
}
