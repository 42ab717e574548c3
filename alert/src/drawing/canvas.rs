//! An RGB picture to draw into, perhaps with a strip above it and one below.

use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer, images};
use gridwatch_domain::{Frame, NormBox, Nv12Buffer, Severity};
use image::{ExtendedColorType, ImageEncoder as _, codecs::png::PngEncoder};
use yuv::{
    BufferStoreMut, YuvBiPlanarImageMut, YuvConversionMode, YuvRange, YuvStandardMatrix, rgb_to_yuv_nv12,
};

use super::{Area, jpeg, letters, picture};
use crate::EvidenceError;

/// Red, green and blue, 0–255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// Black.
    pub const BLACK: Self = Self([0, 0, 0]);
    /// White.
    pub const WHITE: Self = Self([255, 255, 255]);

    /// By which people know how bad something is.
    pub fn of(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self([66, 165, 245]),
            Severity::Minor => Self([255, 213, 0]),
            Severity::Major => Self([255, 140, 0]),
            Severity::Critical => Self([240, 40, 40]),
        }
    }

    /// The ink that can be read on a plate of this colour.
    pub fn ink(self) -> Self {
        let [red, green, blue] = self.0.map(u32::from);
        if red * 3 + green * 6 + blue > 1300 { Self::BLACK } else { Self::WHITE }
    }

    /// So much of the way to another colour, 0–1.
    #[must_use]
    pub fn mixed(self, other: Self, share: f32) -> Self {
        let mix = |index: usize| {
            let (from, to) = (f32::from(self.0[index]), f32::from(other.0[index]));
            (from + (to - from) * share.clamp(0.0, 1.0)).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }
}

/// A position in pixels, from the left and from above.
pub type Spot = (f32, f32);

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Writing {
    /// Height of its letters in pixels: of a Chinese one, from edge to edge.
    pub size: f32,
    /// On a plate of that colour; none: in the ink itself with a dark rim.
    pub plate: Option<Colour>,
    /// Its ink; none: whatever can be read on the plate.
    pub ink: Option<Colour>,
    /// 0–1, of plate and ink.
    pub opacity: f32,
}

impl Writing {
    /// On a plate of a colour.
    pub fn on(plate: Colour, size: f32) -> Self {
        Self { size, plate: Some(plate), ink: None, opacity: 0.92 }
    }

    /// In an ink, with a dark rim.
    pub fn bare(ink: Colour, size: f32) -> Self {
        Self { size, plate: None, ink: Some(ink), opacity: 1.0 }
    }

    /// Pixels between the text and the edge of what it takes up: across and down.
    fn margin(&self) -> (f32, f32) {
        if self.plate.is_some() {
            ((self.size * 0.3).round(), (self.size * 0.12).round())
        } else {
            (2.0, 1.0)
        }
    }

    /// Pixels that lines of text take up, with the plate: across and down.
    pub fn extent(&self, lines: &[&str]) -> (f32, f32) {
        let margin = self.margin();
        let longest = lines.iter().map(|line| letters::length_of(line, self.size)).fold(0.0, f32::max);
        let height = lines.len() as f32 * letters::line_height(self.size);
        ((longest + 2.0 * margin.0).ceil(), (height + 2.0 * margin.1).ceil())
    }
}

/// A picture that is drawn into.
#[derive(Clone)]
pub struct Canvas {
    pub(super) rgb: Vec<u8>,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Rows above the picture itself, and below it.
    head: u32,
    foot: u32,
}

impl Canvas {
    /// A camera's picture, shrunk to `widest` pixels across where it is wider.
    ///
    /// # Errors
    /// [`EvidenceError::Picture`] where it is not whole.
    pub fn of(frame: &Frame, widest: u32) -> Result<Self, EvidenceError> {
        picture::to_canvas(frame, widest)
    }

    /// A picture of one colour.
    pub fn filled(width: u32, height: u32, Colour(colour): Colour) -> Self {
        Self::new(colour.repeat(width as usize * height as usize), width, height)
    }

    /// From `width * height` pixels of three bytes.
    pub(super) fn new(rgb: Vec<u8>, width: u32, height: u32) -> Self {
        debug_assert_eq!(rgb.len(), width as usize * height as usize * 3);
        Self { rgb, width, height, head: 0, foot: 0 }
    }

    /// The same in another size, whatever its shape.
    ///
    /// # Errors
    /// [`EvidenceError::Picture`] where one of the sizes is none.
    pub fn resized(self, width: u32, height: u32) -> Result<Self, EvidenceError> {
        if (self.width, self.height) == (width, height) {
            return Ok(self);
        }
        let unusable = || EvidenceError::Picture { width, height };
        let whole = images::ImageRef::new(self.width, self.height, &self.rgb, PixelType::U8x3);
        let whole = whole.map_err(|_| unusable())?;
        let mut shrunk = images::Image::new(width, height, PixelType::U8x3);
        // Each new pixel is the mean of the area that it covers, where that is more than one.
        let filter = if width < self.width { FilterType::Box } else { FilterType::Bilinear };
        let by_area = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
        Resizer::new().resize(&whole, &mut shrunk, &by_area).map_err(|_| unusable())?;
        Ok(Self::new(shrunk.into_vec(), width, height))
    }

    /// The same with so many rows of a colour above it, to write into.
    #[must_use]
    pub fn with_head(mut self, rows: u32, Colour(colour): Colour) -> Self {
        let mut rgb = colour.repeat(self.width as usize * rows as usize);
        rgb.append(&mut self.rgb);
        Self { rgb, height: self.height + rows, head: self.head + rows, ..self }
    }

    /// The same with so many rows of a colour below it.
    #[must_use]
    pub fn with_foot(mut self, rows: u32, Colour(colour): Colour) -> Self {
        self.rgb.extend_from_slice(&colour.repeat(self.width as usize * rows as usize));
        Self { height: self.height + rows, foot: self.foot + rows, ..self }
    }

    /// Its pixels, three bytes each, row by row.
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Pixels down, with the strips above and below.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Where the picture itself is.
    pub fn picture(&self) -> Area {
        let (right, bottom) = (self.width as f32, (self.height - self.foot) as f32);
        Area { left: 0.0, top: self.head as f32, right, bottom }
    }

    /// Pixels of normalised coordinates.
    pub fn spot(&self, x: f32, y: f32) -> Spot {
        let Area { top, right, bottom, .. } = self.picture();
        (x * right, top + y * (bottom - top))
    }

    /// The pixels of a box.
    pub fn area(&self, bbox: NormBox) -> Area {
        let ((left, top), (right, bottom)) =
            (self.spot(bbox.x1(), bbox.y1()), self.spot(bbox.x2(), bbox.y2()));
        Area { left, top, right, bottom }
    }

    /// Width of a line that is easy to see: 3 pixels at 1280.
    pub fn stroke(&self) -> f32 {
        (self.width as f32 / 426.0).max(1.5)
    }

    /// Writes lines of text, the upper left corner of what they take up at `at`; see [`Writing::extent`].
    pub fn write(&mut self, at: Spot, lines: &[&str], writing: &Writing) {
        let (width, height) = writing.extent(lines);
        let margin = writing.margin();
        let (left, top) = (at.0.round(), at.1.round());
        if let Some(plate) = writing.plate {
            self.fill(
                &Area { left, top, right: left + width, bottom: top + height }.corners(),
                plate,
                writing.opacity,
            );
        }
        let ink = writing.ink.or(writing.plate.map(Colour::ink)).unwrap_or(Colour::WHITE);
        for (index, line) in lines.iter().enumerate() {
            let line_top = top + margin.1 + index as f32 * letters::line_height(writing.size);
            let mask = letters::mask((left + margin.0, line_top), line, writing.size);
            if writing.plate.is_none() {
                let rim = mask.rim();
                self.cover(&rim, Colour::BLACK, writing.opacity * 0.75);
            }
            self.cover(&mask, ink, writing.opacity);
        }
    }

    /// Writes above `at`, on a plate of the colour; below it where the picture ends above.
    pub fn label(&mut self, at: Spot, text: &str, colour: Colour) {
        const SIZE: f32 = 17.0;
        let writing = Writing::on(colour, SIZE);
        let (width, height) = writing.extent(&[text]);
        let left = at.0.min(self.width as f32 - width).max(0.0);
        let above = at.1 - height;
        let top = if above >= self.head as f32 { above } else { at.1 };
        self.write((left, top), &[text], &writing);
    }

    fn cover(&mut self, mask: &letters::Mask, colour: Colour, opacity: f32) {
        for (column, row, cover) in mask.pixels() {
            if column < self.width && row < self.height {
                self.blend(column, row, colour, f32::from(cover) / 255.0 * opacity);
            }
        }
    }

    pub(super) fn blend(&mut self, column: u32, row: u32, Colour(colour): Colour, opacity: f32) {
        let index = (row as usize * self.width as usize + column as usize) * 3;
        for (value, new) in self.rgb[index..index + 3].iter_mut().zip(colour) {
            let mixed = f32::from(*value) * (1.0 - opacity) + f32::from(new) * opacity;
            *value = (mixed + 0.5) as u8;
        }
    }

    /// As JPEG.
    ///
    /// # Errors
    /// [`EvidenceError::Encode`].
    pub fn to_jpeg(&self) -> Result<Vec<u8>, EvidenceError> {
        jpeg::encode(&self.rgb, self.width, self.height)
    }

    /// As PNG.
    ///
    /// # Errors
    /// [`EvidenceError::Png`].
    pub fn to_png(&self) -> Result<Vec<u8>, EvidenceError> {
        let mut png = Vec::new();
        PngEncoder::new(&mut png).write_image(&self.rgb, self.width, self.height, ExtendedColorType::Rgb8)?;
        Ok(png)
    }

    /// In the form of video: limited range, BT.709.
    ///
    /// # Errors
    /// [`EvidenceError::Picture`] where it has no size.
    pub fn to_nv12(&self) -> Result<Nv12Buffer, EvidenceError> {
        let mut planes = Nv12Buffer::filled(self.width, self.height, [16, 128, 128]);
        let unusable = |_| EvidenceError::Picture { width: self.width, height: self.height };
        let (mut y, mut uv) = (planes.y_mut().to_vec(), planes.uv_mut().to_vec());
        let mut image = YuvBiPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(&mut y),
            y_stride: self.width,
            uv_plane: BufferStoreMut::Borrowed(&mut uv),
            uv_stride: self.width.div_ceil(2) * 2,
            width: self.width,
            height: self.height,
        };
        let (range, matrix) = (YuvRange::Limited, YuvStandardMatrix::Bt709);
        rgb_to_yuv_nv12(&mut image, &self.rgb, self.width * 3, range, matrix, YuvConversionMode::Balanced)
            .map_err(unusable)?;
        planes.y_mut().copy_from_slice(&y);
        planes.uv_mut().copy_from_slice(&uv);
        Ok(planes)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const RED: Colour = Colour([255, 0, 0]);

    pub(crate) fn grey(width: u32, height: u32) -> Canvas {
        Canvas::filled(width, height, Colour([100; 3]))
    }

    pub(crate) fn pixel(canvas: &Canvas, column: u32, row: u32) -> [u8; 3] {
        let index = ((row * canvas.width + column) * 3) as usize;
        [canvas.rgb[index], canvas.rgb[index + 1], canvas.rgb[index + 2]]
    }

    #[test]
    fn a_label_stands_above_its_box_and_can_be_read() {
        for text in ["car 1:15", "消防通道 1:15"] {
            let mut canvas = grey(200, 100);
            canvas.label((20.0, 60.0), text, RED);
            let white = canvas.rgb.chunks_exact(3).filter(|pixel| pixel[1] > 200).count();
            assert!(white > 100, "{white} pixels of ink");
            assert_eq!(pixel(&canvas, 20, 61), [100, 100, 100]);
        }
    }

    #[test]
    fn what_leaves_the_picture_is_cut() {
        let mut canvas = grey(20, 20);
        canvas.label((19.0, 0.0), "much longer than the picture", RED);
        canvas.write((-40.0, -5.0), &["outside", "外面"], &Writing::bare(RED, 12.0));
        canvas.write((15.0, 18.0), &["outside", "外面"], &Writing::bare(RED, 12.0));
    }

    #[test]
    fn a_strip_above_moves_the_picture_down_and_one_below_does_not() {
        let canvas = grey(40, 20).with_head(10, RED).with_foot(6, Colour::BLACK);
        assert_eq!((canvas.width(), canvas.height()), (40, 36));
        assert_eq!((pixel(&canvas, 5, 29), pixel(&canvas, 5, 30)), ([100; 3], [0; 3]));
        assert_eq!((pixel(&canvas, 5, 9), pixel(&canvas, 5, 10)), ([255, 0, 0], [100; 3]));
        assert_eq!((canvas.spot(0.0, 0.0), canvas.spot(1.0, 1.0)), ((0.0, 10.0), (40.0, 30.0)));
    }

    #[test]
    fn video_and_files_show_what_was_drawn() {
        let mut canvas = grey(31, 17);
        canvas.fill(&[(0.0, 0.0), (31.0, 0.0), (31.0, 17.0), (0.0, 17.0)], RED, 1.0);
        let planes = canvas.to_nv12().expect("it has a size");
        use gridwatch_domain::Nv12Planes as _;
        assert!(planes.y()[0].abs_diff(63) <= 2 && planes.uv()[1].abs_diff(240) <= 2);
        for file in [canvas.to_png().expect("encoded"), canvas.to_jpeg().expect("encoded")] {
            let image = image::load_from_memory(&file).expect("an image").to_rgb8();
            assert_eq!(image.dimensions(), (31, 17));
            assert!(image.get_pixel(15, 8).0[0] > 240 && image.get_pixel(15, 8).0[1] < 12);
        }
    }
}
