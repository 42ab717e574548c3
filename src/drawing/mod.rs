//! What gridwatch watches and sees, drawn into a camera's picture: for `analyze --render` and `zones draw`.
//!
//! Here the words, colours and places of what is drawn; the drawing itself is `gridwatch_alert::drawing`.

pub(crate) mod colours;
pub(crate) mod ground;
#[cfg(test)]
mod tests;
pub(crate) mod words;
pub(crate) mod zones;

use gridwatch_alert::{
    EvidenceError,
    drawing::{Canvas, Spot, can_write},
};
use gridwatch_domain::{Frame, Point, Polygon};

/// Widest picture that is drawn: a vehicle can be recognised, and a browser shows it without scrolling.
pub(crate) const WIDEST: u32 = 1280;

/// A narrower one is enlarged, so that labels have room.
const NARROW: u32 = 960;

/// Sizes of letters in a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) small: f32,
    pub(crate) usual: f32,
}

impl Sizes {
    pub(crate) fn of(canvas: &Canvas) -> Self {
        let share = (canvas.width() as f32 / WIDEST as f32).clamp(0.8, 1.5);
        let size = |pixels: f32| (pixels * share).round();
        Self { small: size(12.0), usual: size(14.0) }
    }
}

/// A camera's picture to draw into: shrunk to `widest` where it is wider, and enlarged where labels would have no room.
pub(crate) fn picture(frame: &Frame, widest: u32) -> Result<Canvas, EvidenceError> {
    let canvas = Canvas::of(frame, widest)?;
    let times = if canvas.width() < NARROW { (WIDEST / canvas.width().max(1)).max(1) } else { 1 };
    let (width, height) = (canvas.width() * times, canvas.height() * times);
    canvas.resized(width, height)
}

/// A name as it can be written; the id where it has letters that are not in the font.
pub(crate) fn written<'a>(name: &'a str, id: &'a str) -> &'a str {
    if can_write(name) { name } else { id }
}

/// The corners of a polygon in pixels.
pub(crate) fn corners(canvas: &Canvas, polygon: &Polygon) -> Vec<Spot> {
    polygon.points().iter().map(|point| spot(canvas, *point)).collect()
}

pub(crate) fn spot(canvas: &Canvas, point: Point) -> Spot {
    canvas.spot(point.x(), point.y())
}
