//! Drawing into pictures: areas, lines, boxes and labels in Chinese and English; out as JPEG, PNG or NV12.
//!
//! For snapshots of events, and for whoever shows what gridwatch sees. Knows nothing of zones, places and events: callers say what goes
//! where, and in which colour.

mod canvas;
mod jpeg;
mod labels;
mod letters;
mod picture;
mod strokes;

use gridwatch_domain::Frame;

pub use self::{
    canvas::{Canvas, Colour, Spot, Writing},
    labels::{Area, Labels},
    letters::{can_write, length_of},
};

use crate::EvidenceError;

/// A picture as it is, in its full size, as JPEG.
pub(crate) fn plain_jpeg(frame: &Frame) -> Result<Vec<u8>, EvidenceError> {
    jpeg::encode(&picture::to_rgb(frame)?, frame.width, frame.height)
}
