//! One frame of a scene as a PNG, with the truth's boxes and the zones drawn in if wanted.

use std::path::Path;

use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};

use crate::{FrameSource as _, FrameTruth, I420Frame, Scene, SimError};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
const BOX: [u8; 3] = [60, 230, 90];
const HIDDEN: [u8; 3] = [240, 200, 40];
const ZONE: [u8; 3] = [255, 60, 60];

/// Writes what `scene` shows `at_s` seconds into its loop to `path`. Boxes are green, those of objects seen to less than
/// a half yellow, zones red. Fails where the file cannot be written.
pub fn write(scene: &Scene, at_s: f64, boxes: bool, path: &Path) -> Result<(), SimError> {
    let mut renderer = scene.renderer(WIDTH, HEIGHT);
    let mut frame = I420Frame::new(WIDTH, HEIGHT);
    let index = (at_s * f64::from(renderer.fps())).round() as u32;
    let truth = renderer.render(index, &mut frame);
    save(scene, &frame, boxes.then_some(&truth), path)
}

/// Writes a frame to `path`, with the zones and the boxes of `truth` where given.
pub fn save(
    scene: &Scene,
    frame: &I420Frame,
    truth: Option<&FrameTruth>,
    path: &Path,
) -> Result<(), SimError> {
    let mut canvas = Canvas { width: frame.width as i32, height: frame.height as i32, rgb: frame.to_rgb() };
    if let Some(truth) = truth {
        for zone in scene.zones() {
            let points = zone.polygon.points();
            for (index, from) in points.iter().enumerate() {
                let to = points[(index + 1) % points.len()];
                canvas.line([from.x(), from.y()], [to.x(), to.y()], ZONE);
            }
        }
        for object in &truth.objects {
            let [x1, y1, x2, y2] = object.bbox;
            let colour = if object.visible < 0.5 { HIDDEN } else { BOX };
            for (from, to) in
                [([x1, y1], [x2, y1]), ([x2, y1], [x2, y2]), ([x2, y2], [x1, y2]), ([x1, y2], [x1, y1])]
            {
                canvas.line(from, to, colour);
            }
        }
    }
    let file =
        std::fs::File::create(path).map_err(|source| SimError::File { path: path.to_owned(), source })?;
    PngEncoder::new(std::io::BufWriter::new(file))
        .write_image(&canvas.rgb, frame.width, frame.height, ExtendedColorType::Rgb8)
        .map_err(|source| SimError::Picture { path: path.to_owned(), source })
}

struct Canvas {
    width: i32,
    height: i32,
    rgb: Vec<u8>,
}

impl Canvas {
    /// A line two pixels thick between two points of the picture, 0–1.
    fn line(&mut self, from: [f32; 2], to: [f32; 2], colour: [u8; 3]) {
        let (w, h) = (self.width as f32 - 1.0, self.height as f32 - 1.0);
        let (dx, dy) = ((to[0] - from[0]) * w, (to[1] - from[1]) * h);
        let steps = dx.abs().max(dy.abs()).ceil().max(1.0);
        for step in 0..=steps as i32 {
            let t = step as f32 / steps;
            let (x, y) = ((from[0] * w + dx * t) as i32, (from[1] * h + dy * t) as i32);
            for (x, y) in [(x, y), (x + 1, y), (x, y + 1)] {
                if x >= 0 && y >= 0 && x < self.width && y < self.height {
                    let at = (y * self.width + x) as usize * 3;
                    self.rgb[at..at + 3].copy_from_slice(&colour);
                }
            }
        }
    }
}
