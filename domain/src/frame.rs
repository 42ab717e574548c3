//! One picture of a camera, and what a detector found in it.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{CameraId, NormBox, ObjectClass, Timestamp};

/// The two planes of an NV12 picture (BT.601/709 limited range, 4:2:0): luma, then U and V interleaved at half size.
///
/// A trait, so that a decoder's own buffer travels without a copy.
pub trait Nv12Planes: Send + Sync {
    /// Luma: `height` rows of `y_stride()` bytes, of which the first `width` count.
    fn y(&self) -> &[u8];
    /// Bytes from one luma row to the next; ≥ width.
    fn y_stride(&self) -> usize;
    /// Chroma: `ceil(height / 2)` rows of `uv_stride()` bytes, of which the first `2 · ceil(width / 2)` count.
    fn uv(&self) -> &[u8];
    /// Bytes from one chroma row to the next.
    fn uv_stride(&self) -> usize;
}

/// An NV12 picture in memory of its own, rows without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Nv12Buffer {
    y: Vec<u8>,
    uv: Vec<u8>,
    y_stride: usize,
    uv_stride: usize,
}

impl Nv12Buffer {
    /// A picture of one colour. `width` and `height` in pixels; `y`, `u`, `v` limited range (16–235, 16–240).
    pub fn filled(width: u32, height: u32, [y, u, v]: [u8; 3]) -> Self {
        let (width, height) = (width as usize, height as usize);
        let uv_stride = width.div_ceil(2) * 2;
        let uv = [u, v].repeat(uv_stride / 2 * height.div_ceil(2));
        Self { y: vec![y; width * height], uv, y_stride: width, uv_stride }
    }

    /// Luma, to draw into.
    pub fn y_mut(&mut self) -> &mut [u8] {
        &mut self.y
    }

    /// Chroma, to draw into.
    pub fn uv_mut(&mut self) -> &mut [u8] {
        &mut self.uv
    }
}

impl Nv12Planes for Nv12Buffer {
    fn y(&self) -> &[u8] {
        &self.y
    }
    fn y_stride(&self) -> usize {
        self.y_stride
    }
    fn uv(&self) -> &[u8] {
        &self.uv
    }
    fn uv_stride(&self) -> usize {
        self.uv_stride
    }
}

/// One decoded picture of one camera. Cheap to clone: the pixels are shared.
#[derive(Clone)]
pub struct Frame {
    /// Whose picture.
    pub camera: CameraId,
    /// Number of the picture among the camera's; grows, with gaps where pictures were left out.
    pub seq: u64,
    /// Event time: when the picture was taken, as near as ingest can tell.
    pub at: Timestamp,
    /// Pixels across, ≥ 2.
    pub width: u32,
    /// Pixels down, ≥ 2.
    pub height: u32,
    /// Nothing has changed since the camera's picture of that number, as far as ingest can tell: what was found in it, or in any
    /// one since, is still so.
    pub unchanged_since: Option<u64>,
    /// Where something has changed, and when last; `None` where ingest has not looked.
    pub changes: Option<Arc<Changes>>,
    /// The pixels.
    pub planes: Arc<dyn Nv12Planes>,
}

/// Where in a camera's picture something has changed last, by cells. Cells at the right and at the foot that are not whole belong to those
/// beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Side of a cell in pixels, ≥ 1.
    pub cell: u32,
    /// Cells across, ≥ 1.
    pub columns: usize,
    /// For each cell, row by row, the number of the camera's picture in which it last was other than before.
    pub changed_in: Vec<u64>,
}

impl Changes {
    /// The number of the last picture in which something changed within a part of the picture, in pixels; 0 where there is no such cell.
    pub fn last_within(&self, left: u32, top: u32, width: u32, height: u32) -> u64 {
        let (cell, columns) = (self.cell.max(1), self.columns.max(1));
        let rows = self.changed_in.len() / columns;
        let span = |begin: u32, length: u32, cells: usize| {
            let last = cells.saturating_sub(1);
            let first = ((begin / cell) as usize).min(last);
            let end = (begin.saturating_add(length).saturating_sub(1) / cell) as usize;
            first..end.min(last) + 1
        };
        if rows == 0 {
            return 0;
        }
        let across = span(left, width, columns);
        let rows = span(top, height, rows);
        rows.flat_map(|row| &self.changed_in[row * columns..][across.clone()]).copied().max().unwrap_or(0)
    }
}

impl Frame {
    /// A picture of which nothing is known yet but what it shows; `size`: pixels across and down.
    pub fn new(
        camera: CameraId,
        seq: u64,
        at: Timestamp,
        size: (u32, u32),
        planes: Arc<dyn Nv12Planes>,
    ) -> Self {
        let (width, height) = size;
        Self { camera, seq, at, width, height, unchanged_since: None, changes: None, planes }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} #{} at {} {}x{})", self.camera, self.seq, self.at, self.width, self.height)
    }
}

/// How closely a camera must be watched for the sake of the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attention {
    /// Something is going on: it moves, has just come, or is being missed.
    pub watchful: bool,
    /// A picture of this time, or as soon after it as can be, decides something: somebody's limit ends then, or has ended and
    /// nothing could be made out.
    pub due: Option<Timestamp>,
    /// Pictures a second that are wanted at present, however far apart key pictures are; 0: key pictures are enough.
    pub fps: u8,
}

/// One object that a network sees in one picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// What it is.
    pub class: ObjectClass,
    /// How sure the network is, 0–1.
    pub score: f32,
    /// Where it is.
    #[serde(rename = "box")]
    pub bbox: NormBox,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_of_the_part_in_which_it_was() {
        // Three cells across and two down, of 16 pixels; 5 pixels to the right and 3 at the foot belong to the last ones.
        let changes = Changes { cell: 16, columns: 3, changed_in: vec![1, 7, 1, 1, 1, 4] };
        assert_eq!(changes.last_within(0, 0, 53, 35), 7);
        assert_eq!(changes.last_within(0, 0, 16, 35), 1);
        assert_eq!(changes.last_within(15, 0, 2, 16), 7);
        assert_eq!(changes.last_within(48, 32, 5, 3), 4, "what is left over belongs to the last cell");
        assert_eq!(Changes { cell: 16, columns: 0, changed_in: Vec::new() }.last_within(0, 0, 9, 9), 0);
    }
}
