//! A rendered picture and the truth about it.

use gridwatch_domain::ObjectClass;

/// A picture in planar YUV 4:2:0 (BT.709, limited range), rows without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct I420Frame {
    /// Pixels across, even.
    pub width: u32,
    /// Pixels down, even.
    pub height: u32,
    /// Luma: `width × height` bytes, 16–235.
    pub y: Vec<u8>,
    /// Blue difference: `width / 2 × height / 2` bytes, 16–240.
    pub u: Vec<u8>,
    /// Red difference, as `u`.
    pub v: Vec<u8>,
}

impl I420Frame {
    /// A black picture. `width` and `height` in pixels, both even.
    pub fn new(width: u32, height: u32) -> Self {
        let pixels = width as usize * height as usize;
        Self { width, height, y: vec![16; pixels], u: vec![128; pixels / 4], v: vec![128; pixels / 4] }
    }

    /// The picture as 8-bit RGB, rows without padding.
    pub fn to_rgb(&self) -> Vec<u8> {
        let width = self.width as usize;
        let mut rgb = Vec::with_capacity(self.y.len() * 3);
        for (index, &y) in self.y.iter().enumerate() {
            let chroma = (index / width / 2) * (width / 2) + (index % width) / 2;
            let y = 1.1644 * (f32::from(y) - 16.0);
            let u = f32::from(self.u[chroma]) - 128.0;
            let v = f32::from(self.v[chroma]) - 128.0;
            let colour = [y + 1.7927 * v, y - 0.2132 * u - 0.5329 * v, y + 2.1124 * u];
            rgb.extend(colour.map(|value| value.round().clamp(0.0, 255.0) as u8));
        }
        rgb
    }
}

/// One object of a frame, as it truly is.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct TruthObject {
    /// Identity: the same actor has the same number in every frame and every loop.
    pub id: u32,
    /// What it is.
    pub class: ObjectClass,
    /// `[x1, y1, x2, y2]` around what can be seen of it, 0–1 of the picture, origin top left.
    pub bbox: [f32; 4],
    /// The same around the whole object as if nothing stood before it, cut at the edges of the picture.
    pub full: [f32; 4],
    /// Share of its silhouette that is neither hidden by something else nor outside of the picture, above 0 to 1.
    pub visible: f32,
    /// Whether it is under way at this instant.
    pub moving: bool,
}

/// The truth about one frame.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FrameTruth {
    /// Number of the frame in the loop, from 0.
    pub index: u32,
    /// Seconds into the loop.
    pub at_s: f64,
    /// Everything of which something can be seen, ordered by `id` and class.
    pub objects: Vec<TruthObject>,
}

/// Something that makes the frames of a loop, any of them at any time; the same number always gives the same picture.
pub trait FrameSource: Send {
    /// Pixels across, even.
    fn width(&self) -> u32;
    /// Pixels down, even.
    fn height(&self) -> u32;
    /// Frames a second.
    fn fps(&self) -> u32;
    /// Frames until the loop begins again.
    fn frame_count(&self) -> u32;
    /// Draws frame `index` (taken modulo [`Self::frame_count`]) into `out`, which is resized where it does not fit.
    /// Quickest in ascending order.
    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth;
}
