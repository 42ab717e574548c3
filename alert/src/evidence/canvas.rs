//! An RGB picture to draw into: translucent areas, smooth lines, labels.

use std::convert::Infallible;

use embedded_graphics::{
    Drawable, Pixel,
    draw_target::DrawTarget,
    geometry::{OriginDimensions, Point, Size},
    mono_font::{MonoTextStyle, ascii::FONT_10X20},
    pixelcolor::{Rgb888, RgbColor},
    text::{Baseline, Text},
};

/// Pixels across and down of one character of the font.
const CHARACTER: (f32, f32) = (10.0, 20.0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) [u8; 3]);

/// A position in pixels.
pub(super) type Place = (f32, f32);

pub(super) struct Canvas {
    rgb: Vec<u8>,
    width: u32,
    height: u32,
}

impl Canvas {
    /// From `width * height` pixels of three bytes.
    pub(super) fn new(rgb: Vec<u8>, width: u32, height: u32) -> Self {
        debug_assert_eq!(rgb.len(), width as usize * height as usize * 3);
        Self { rgb, width, height }
    }

    pub(super) fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    pub(super) fn width(&self) -> u32 {
        self.width
    }

    pub(super) fn height(&self) -> u32 {
        self.height
    }

    /// Pixels of normalised coordinates.
    pub(super) fn place(&self, x: f32, y: f32) -> Place {
        (x * self.width as f32, y * self.height as f32)
    }

    /// Width of a line that is easy to see: 3 pixels at 1280.
    pub(super) fn stroke(&self) -> f32 {
        (self.width as f32 / 426.0).max(1.5)
    }

    /// Fills a polygon (even-odd rule), `opacity` 0–1.
    pub(super) fn fill(&mut self, corners: &[Place], colour: Colour, opacity: f32) {
        let mut crossings = Vec::with_capacity(corners.len());
        for row in 0..self.height {
            let y = row as f32 + 0.5;
            crossings.clear();
            for (a, b) in sides(corners) {
                if (a.1 > y) != (b.1 > y) {
                    crossings.push(a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let first = (pair[0] - 0.5).ceil().max(0.0) as u32;
                let end = ((pair[1] - 0.5).ceil().max(0.0) as u32).min(self.width);
                for column in first..end {
                    self.blend(column, row, colour, opacity);
                }
            }
        }
    }

    /// Draws the closed outline of a polygon, `thickness` in pixels, with smooth edges and round corners.
    pub(super) fn outline(&mut self, corners: &[Place], colour: Colour, thickness: f32) {
        let reach = thickness / 2.0 + 1.0;
        let (columns, rows) = self.bounds(corners, reach);
        let mut near = Vec::with_capacity(corners.len());
        for row in rows {
            let y = row as f32 + 0.5;
            near.clear();
            near.extend(sides(corners).filter_map(|side| columns_near(side, y, reach)));
            near.sort_by(|a, b| a.start.total_cmp(&b.start));
            let mut next = columns.start;
            for column in near.iter().flat_map(|span| {
                let first = next.max(span.start.max(0.0) as u32);
                next = next.max((span.end.ceil().max(0.0) as u32).min(columns.end));
                first..next
            }) {
                let pixel = (column as f32 + 0.5, y);
                let square =
                    sides(corners).map(|side| square_distance(pixel, side)).fold(f32::INFINITY, f32::min);
                let opacity = (thickness / 2.0 + 0.5 - square.sqrt()).clamp(0.0, 1.0);
                if opacity > 0.0 {
                    self.blend(column, row, colour, opacity);
                }
            }
        }
    }

    /// Writes above `at`, on a plate of the colour; below it where the picture ends above.
    pub(super) fn label(&mut self, at: Place, text: &str, colour: Colour) {
        const MARGIN: f32 = 4.0;
        let (width, height) = (text.chars().count() as f32 * CHARACTER.0 + 2.0 * MARGIN, CHARACTER.1 + 4.0);
        let left = at.0.min(self.width as f32 - width).max(0.0).round();
        let above = at.1 - height;
        let top = if above >= 0.0 { above } else { at.1 }.max(0.0).round();
        let plate = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)];
        self.fill(&plate, colour, 0.92);
        let Colour([red, green, blue]) = colour;
        let bright = u32::from(red) * 3 + u32::from(green) * 6 + u32::from(blue) > 1300;
        let ink = if bright { Rgb888::BLACK } else { Rgb888::WHITE };
        let style = MonoTextStyle::new(&FONT_10X20, ink);
        let origin = Point::new((left + MARGIN) as i32, top as i32 + 2);
        let Ok(_) = Text::with_baseline(text, origin, style, Baseline::Top).draw(self);
    }

    fn bounds(&self, corners: &[Place], reach: f32) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
        let range = |values: &mut dyn Iterator<Item = f32>, size: u32| {
            let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            ((low - reach).max(0.0) as u32).min(size)..((high + reach).ceil().max(0.0) as u32).min(size)
        };
        (
            range(&mut corners.iter().map(|corner| corner.0), self.width),
            range(&mut corners.iter().map(|corner| corner.1), self.height),
        )
    }

    fn blend(&mut self, column: u32, row: u32, Colour(colour): Colour, opacity: f32) {
        let index = (row as usize * self.width as usize + column as usize) * 3;
        for (value, new) in self.rgb[index..index + 3].iter_mut().zip(colour) {
            let mixed = f32::from(*value) * (1.0 - opacity) + f32::from(new) * opacity;
            *value = (mixed + 0.5) as u8;
        }
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(&mut self, pixels: I) -> Result<(), Infallible> {
        for Pixel(point, colour) in pixels {
            let (Ok(column), Ok(row)) = (u32::try_from(point.x), u32::try_from(point.y)) else { continue };
            if column < self.width && row < self.height {
                self.blend(column, row, Colour([colour.r(), colour.g(), colour.b()]), 1.0);
            }
        }
        Ok(())
    }
}

fn sides(corners: &[Place]) -> impl Iterator<Item = (Place, Place)> + '_ {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

/// Where along the row at `y` a line segment is no farther away than `reach`, and a little more.
fn columns_near((a, b): (Place, Place), y: f32, reach: f32) -> Option<std::ops::Range<f32>> {
    let (upper, lower) = if a.1 <= b.1 { (a, b) } else { (b, a) };
    let (from, to) = ((y - reach).max(upper.1), (y + reach).min(lower.1));
    let at = |y: f32| {
        let height = lower.1 - upper.1;
        let share = if height > 0.0 { ((y - upper.1) / height).clamp(0.0, 1.0) } else { 0.0 };
        upper.0 + share * (lower.0 - upper.0)
    };
    // One that lies level is near as a whole.
    let (first, last) = if lower.1 > upper.1 { (at(from), at(to)) } else { (upper.0, lower.0) };
    (from <= to).then(|| first.min(last) - reach..first.max(last) + reach)
}

/// From a point to a line segment, squared.
fn square_distance(point: Place, (a, b): (Place, Place)) -> f32 {
    let (along, to) = ((b.0 - a.0, b.1 - a.1), (point.0 - a.0, point.1 - a.1));
    let length = along.0 * along.0 + along.1 * along.1;
    let share = if length > 0.0 { ((to.0 * along.0 + to.1 * along.1) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (to.0 - share * along.0, to.1 - share * along.1);
    dx * dx + dy * dy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RED: Colour = Colour([255, 0, 0]);

    fn grey(width: u32, height: u32) -> Canvas {
        Canvas::new(vec![100; (width * height * 3) as usize], width, height)
    }

    fn pixel(canvas: &Canvas, column: u32, row: u32) -> [u8; 3] {
        let index = ((row * canvas.width + column) * 3) as usize;
        [canvas.rgb[index], canvas.rgb[index + 1], canvas.rgb[index + 2]]
    }

    #[test]
    fn an_area_is_filled_and_only_that() {
        let mut canvas = grey(40, 30);
        canvas.fill(&[(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)], RED, 1.0);
        assert_eq!(pixel(&canvas, 10, 10), [255, 0, 0]);
        assert_eq!(pixel(&canvas, 19, 19), [255, 0, 0]);
        assert_eq!(pixel(&canvas, 20, 15), [100, 100, 100]);
        assert_eq!(pixel(&canvas, 15, 9), [100, 100, 100]);
        assert_eq!(canvas.rgb.chunks_exact(3).filter(|pixel| pixel[0] == 255).count(), 100);
    }

    proptest! {
        #[test]
        fn an_outline_is_what_is_near_its_sides(
            mut corners in prop::collection::vec((-10.0_f32..70.0, -10.0_f32..50.0), 3..6),
            is_level: bool,
        ) {
            if is_level {
                corners[1].1 = corners[0].1;
            }
            let (mut drawn, mut expected) = (grey(60, 40), grey(60, 40));
            drawn.outline(&corners, RED, 3.0);
            for (row, column) in (0..40).flat_map(|row| (0..60).map(move |column| (row, column))) {
                let pixel = (column as f32 + 0.5, row as f32 + 0.5);
                let square =
                    sides(&corners).map(|side| square_distance(pixel, side)).fold(f32::INFINITY, f32::min);
                let opacity = (2.0 - square.sqrt()).clamp(0.0, 1.0);
                if opacity > 0.0 {
                    expected.blend(column, row, RED, opacity);
                }
            }
            prop_assert!(drawn.rgb == expected.rgb);
        }
    }

    #[test]
    fn an_outline_has_its_thickness() {
        let mut canvas = grey(60, 60);
        canvas.outline(&[(10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0)], RED, 4.0);
        let coloured = (0..60).filter(|&row| pixel(&canvas, 30, row)[1] < 100).count();
        assert_eq!(coloured, 8, "two lines of four pixels");
        assert_eq!(pixel(&canvas, 30, 30), [100, 100, 100]);
    }

    #[test]
    fn what_leaves_the_picture_is_cut() {
        let mut canvas = grey(20, 20);
        canvas.outline(&[(-50.0, -50.0), (90.0, -50.0), (90.0, 90.0), (-50.0, 90.0)], RED, 3.0);
        canvas.fill(&[(-50.0, -50.0), (90.0, -50.0), (90.0, 90.0)], RED, 0.5);
        canvas.label((19.0, 0.0), "much longer than the picture", RED);
    }

    #[test]
    fn a_label_stands_above_its_box_and_can_be_read() {
        let mut canvas = grey(200, 100);
        canvas.label((20.0, 60.0), "car 1:15", RED);
        let white = canvas.rgb.chunks_exact(3).filter(|pixel| *pixel == [255, 255, 255]).count();
        assert!(white > 100, "{white} pixels of ink");
        assert_eq!(pixel(&canvas, 20, 61), [100, 100, 100]);
    }
}
