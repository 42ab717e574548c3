//! Rendered footage, and what may happen to it.

use std::{collections::HashMap, sync::Arc};

use gridwatch_domain::{CameraId, Frame, Nv12Buffer, Timestamp};
use gridwatch_sim::{FrameSource as _, I420Frame, Scene, SceneRenderer};

/// Of all rendered pictures.
const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;

/// Brightness, row by row.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma: Vec<u8>,
}

/// A scene that is drawn as it is asked for; what was drawn of it is kept.
pub(crate) struct Footage {
    renderer: SceneRenderer,
    frame: I420Frame,
    drawn: HashMap<u32, Picture>,
    /// Seconds after which it begins anew.
    length: f64,
}

impl Footage {
    /// The first seconds of a shipped scene over and over again, so that little need be drawn.
    pub(crate) fn piece_of(scene: &str, length: f64) -> Self {
        Self::of(&Scene::builtin(scene).expect("shipped")).cut(length)
    }

    /// A scene, wholly.
    pub(crate) fn of(scene: &Scene) -> Self {
        Self {
            renderer: scene.renderer(WIDTH, HEIGHT),
            frame: I420Frame::new(WIDTH, HEIGHT),
            drawn: HashMap::new(),
            length: scene.loop_s(),
        }
    }

    /// Its first seconds alone.
    pub(crate) fn cut(self, length: f64) -> Self {
        Self { length, ..self }
    }

    /// The picture at a second.
    pub(crate) fn at(&mut self, second: f64) -> Picture {
        let number = (second % self.length * f64::from(self.renderer.fps())).round() as u32;
        let draw = || {
            self.renderer.render(number % self.renderer.frame_count(), &mut self.frame);
            Picture { width: WIDTH as usize, height: HEIGHT as usize, luma: self.frame.y.clone() }
        };
        self.drawn.entry(number).or_insert_with(draw).clone()
    }
}

impl Picture {
    pub(crate) fn frame(&self, seq: u64, at: Timestamp) -> Frame {
        let (width, height) = (self.width as u32, self.height as u32);
        let mut buffer = Nv12Buffer::filled(width, height, [0, 128, 128]);
        buffer.y_mut().copy_from_slice(&self.luma);
        let camera = CameraId::new("gate").expect("valid");
        Frame::new(camera, seq, at, (width, height), Arc::new(buffer))
    }

    /// Each pixel from its column, row and brightness.
    pub(crate) fn map(&self, mut pixel: impl FnMut(usize, usize, f32) -> f32) -> Self {
        let luma = self.luma.iter().enumerate();
        let luma = luma.map(|(index, &level)| {
            pixel(index % self.width, index / self.width, f32::from(level)).round().clamp(0.0, 255.0) as u8
        });
        Self { luma: luma.collect(), ..*self }
    }

    /// Brightness at a place between pixels; beyond the rim what is at the rim.
    fn between(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, self.width as f32 - 1.001), y.clamp(0.0, self.height as f32 - 1.001));
        let (column, row) = (x as usize, y as usize);
        let (across, down) = (x - column as f32, y - row as f32);
        let at = |column: usize, row: usize| f32::from(self.luma[row * self.width + column]);
        let upper = at(column, row) * (1.0 - across) + at(column + 1, row) * across;
        let lower = at(column, row + 1) * (1.0 - across) + at(column + 1, row + 1) * across;
        upper * (1.0 - down) + lower * down
    }

    /// As if the camera had been shifted (in widths), turned (in degrees) and zoomed.
    pub(crate) fn seen_from(&self, shift: (f32, f32), turn_deg: f32, zoom: f32) -> Self {
        let (sin, cos) = turn_deg.to_radians().sin_cos();
        let (middle_x, middle_y) = (self.width as f32 / 2.0, self.height as f32 / 2.0);
        self.map(|column, row, _| {
            let (x, y) = (column as f32 - middle_x, row as f32 - middle_y);
            let (x, y) = ((cos * x + sin * y) / zoom, (cos * y - sin * x) / zoom);
            let (right, down) = (shift.0 * self.width as f32, shift.1 * self.width as f32);
            self.between(x + middle_x - right, y + middle_y - down)
        })
    }

    /// Gaussian blur of so many pixels, by three boxes.
    pub(crate) fn blurred(&self, sigma: f32) -> Self {
        let radius = ((sigma * sigma * 4.0 + 1.0).sqrt() / 2.0).round() as usize;
        let mut levels: Vec<f32> = self.luma.iter().map(|&level| f32::from(level)).collect();
        for _ in 0..3 {
            levels = smeared(&levels, self.width, self.height, radius, 1, self.width);
            levels = smeared(&levels, self.height, self.width, radius, self.width, 1);
        }
        self.map(|column, row, _| levels[row * self.width + column])
    }

    /// With noise of that standard deviation.
    pub(crate) fn noisy(&self, deviation: f32, random: &mut fastrand::Rng) -> Self {
        // Of four even numbers, the sum is normal enough.
        let mut noise = move || (0..4).map(|_| random.f32() - 0.5).sum::<f32>() * 3.0_f32.sqrt();
        self.map(|_, _, level| level + deviation * noise())
    }

    /// Something dark, bright or grey before this share of the picture, from the left, without a sharp edge.
    pub(crate) fn covered(&self, share: f32, level: f32) -> Self {
        let (width, height) = (self.width as f32, self.height as f32);
        self.map(|column, row, seen| {
            let (x, y) = (column as f32 / width, row as f32 / height);
            let rim = 0.04;
            let through = ((x - share) / rim + 0.5).clamp(0.0, 1.0);
            let cover = level * (0.8 + 0.4 * (x + y) / 2.0);
            cover + (seen - cover) * through
        })
    }
}

/// The running mean along lines of `length` pixels that are `step` apart; lines begin `line_step` apart.
fn smeared(
    levels: &[f32],
    length: usize,
    lines: usize,
    radius: usize,
    step: usize,
    line_step: usize,
) -> Vec<f32> {
    let mut smeared = vec![0.0; levels.len()];
    for line in 0..lines {
        let at = |index: i64| levels[line * line_step + (index.clamp(0, length as i64 - 1) as usize) * step];
        let radius = radius as i64;
        let mut sum: f32 = (-radius..=radius).map(at).sum();
        for index in 0..length as i64 {
            smeared[line * line_step + index as usize * step] = sum / (2 * radius + 1) as f32;
            sum += at(index + radius + 1) - at(index - radius);
        }
    }
    smeared
}
