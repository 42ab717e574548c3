//! Small objects: a picture in overlapping tiles, each as large in the network's input as the whole picture would be.
//!
//! A car 12 pixels wide in a 1920 pixel picture is 4 wide in an input of 640, and not found; in each of two tiles it is 7.
//! Costs a run of the network for each tile. What stands on a seam is seen whole in one of the tiles, if it is no wider than
//! their overlap, and cut in the other; what is wider is cut in both. [`merge`] makes one of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use gridwatch_domain::{CameraId, Detection, NormBox};

use crate::head::{same_kind, suppress};

/// Most tiles that a picture is divided into: four each way.
pub(crate) const MOST_TILES: usize = 16;
/// Share of a tile's side that its neighbour sees too.
const OVERLAP: f64 = 0.2;
/// A cut object goes where so much of it is within another one, whole or cut as well.
const COVERED: f32 = 0.6;
/// Parts of one object, seen in two tiles, share this much of their extent along the seam.
const ALIKE: f32 = 0.7;
/// How near to a tile's side, as a share of the tile, a box counts as cut by it.
const NEAR: f32 = 0.01;

/// Into how many tiles pictures are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tiles {
    /// Tiles across, ≥ 1.
    pub columns: u8,
    /// Tiles down, ≥ 1.
    pub rows: u8,
}

impl Tiles {
    /// The whole picture.
    pub const WHOLE: Self = Self { columns: 1, rows: 1 };

    /// The tiles of a picture of `width` × `height` pixels, row by row.
    pub fn regions(self, width: u32, height: u32) -> impl Iterator<Item = Region> {
        let across = move |column: u8| span(width, self.columns, column);
        let down = move |row: u8| span(height, self.rows, row);
        (0..self.rows.max(1)).flat_map(move |row| {
            (0..self.columns.max(1)).map(move |column| {
                let ((left, width), (top, height)) = (across(column), down(row));
                Region { left, top, width, height }
            })
        })
    }
}

/// Into how many tiles each camera's pictures are divided. Clones share it; it may change at any time.
#[derive(Debug, Clone, Default)]
pub struct TilesByCamera(Arc<RwLock<BTreeMap<CameraId, Tiles>>>);

impl TilesByCamera {
    /// From now on pictures of `camera` are divided so.
    pub fn set(&self, camera: CameraId, tiles: Tiles) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(camera, tiles);
    }

    /// The tiles of a camera's pictures; one that is not known shows the whole picture.
    pub(crate) fn of(&self, camera: &CameraId) -> Tiles {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(camera).copied().unwrap_or(Tiles::WHOLE)
    }
}

impl From<BTreeMap<CameraId, Tiles>> for TilesByCamera {
    fn from(tiles: BTreeMap<CameraId, Tiles>) -> Self {
        Self(Arc::new(RwLock::new(tiles)))
    }
}

/// Where a tile begins, which is even because colour is stored for pairs of pixels, and how long it is.
fn span(length: u32, tiles: u8, tile: u8) -> (u32, u32) {
    let tiles = f64::from(tiles.max(1));
    let side = f64::from(length) / (tiles - (tiles - 1.0) * OVERLAP);
    let begin = (f64::from(tile) * side * (1.0 - OVERLAP)) as u32 & !1;
    let end = (f64::from(tile) * side * (1.0 - OVERLAP) + side).ceil().min(f64::from(length)) as u32;
    (begin.min(length), end.saturating_sub(begin).max(1))
}

/// A part of a picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First column; even.
    pub left: u32,
    /// First row; even.
    pub top: u32,
    /// Columns, ≥ 1.
    pub width: u32,
    /// Rows, ≥ 1.
    pub height: u32,
}

impl Region {
    /// The whole of a picture.
    pub fn whole(width: u32, height: u32) -> Self {
        Self { left: 0, top: 0, width, height }
    }

    /// Whether a picture of `width` × `height` pixels has all of it, and whole pairs of pixels before it.
    pub(crate) fn is_within(self, width: u32, height: u32) -> bool {
        let fits = |begin: u32, length: u32, of: u32| {
            begin.is_multiple_of(2) && length > 0 && begin.checked_add(length).is_some_and(|end| end <= of)
        };
        fits(self.left, self.width, width) && fits(self.top, self.height, height)
    }

    /// A box in this region of a picture of `width` × `height` pixels, as a box of the picture.
    fn to_picture(self, bbox: NormBox, (width, height): (u32, u32)) -> Option<NormBox> {
        let [x1, y1, x2, y2] = <[f32; 4]>::from(bbox);
        let across = |x: f32| (self.left as f32 + x * self.width as f32) / width as f32;
        let down = |y: f32| (self.top as f32 + y * self.height as f32) / height as f32;
        NormBox::clipped(across(x1), down(y1), across(x2), down(y2))
    }

    /// Whether a box in it ends at a side that is not the picture's.
    fn cuts(self, bbox: NormBox, (width, height): (u32, u32)) -> bool {
        let [x1, y1, x2, y2] = <[f32; 4]>::from(bbox);
        let inner = |begin: u32, length: u32, of: u32, low: f32, high: f32| {
            (begin > 0 && low < NEAR) || (begin + length < of && high > 1.0 - NEAR)
        };
        inner(self.left, self.width, width, x1, x2) || inner(self.top, self.height, height, y1, y2)
    }
}

/// What was found in the tiles of one picture of `size` (width, height), as found in the picture: one of each object, best first.
pub(crate) fn merge(
    tiles: impl IntoIterator<Item = (Region, Vec<Detection>)>,
    size: (u32, u32),
    nms_iou: f32,
) -> Vec<Detection> {
    let (mut whole, mut cut): (Vec<Detection>, Vec<(Region, Detection)>) = (Vec::new(), Vec::new());
    for (region, found) in tiles {
        for detection in found {
            let Some(bbox) = region.to_picture(detection.bbox, size) else { continue };
            let detection_in_picture = Detection { bbox, ..detection };
            if region.cuts(detection.bbox, size) {
                cut.push((region, detection_in_picture));
            } else {
                whole.push(detection_in_picture);
            }
        }
    }
    // The largest first, so that smaller parts of the same find it.
    cut.sort_unstable_by(|(_, a), (_, b)| area(b.bbox).total_cmp(&area(a.bbox)));
    let mut joined: Vec<(Region, Detection)> = Vec::new();
    for (region, part) in cut {
        let hides =
            |kept: &Detection| same_kind(kept.class, part.class) && covered(part.bbox, kept.bbox) > COVERED;
        if whole.iter().chain(joined.iter().map(|(_, kept)| kept)).any(hides) {
            continue;
        }
        let continues = |(other, kept): &&mut (Region, Detection)| {
            *other != region && same_kind(kept.class, part.class) && continues(kept.bbox, part.bbox)
        };
        match joined.iter_mut().find(continues) {
            Some((_, kept)) => kept.bbox = around(kept.bbox, part.bbox),
            None => joined.push((region, part)),
        }
    }
    whole.extend(joined.into_iter().map(|(_, kept)| kept));
    suppress(&mut whole, nms_iou);
    whole
}

/// Whether two cut boxes overlap and are alike across the seam: parts of one object that no tile sees whole.
fn continues(a: NormBox, b: NormBox) -> bool {
    let ([a1, b1, a2, b2], [c1, d1, c2, d2]) = (<[f32; 4]>::from(a), <[f32; 4]>::from(b));
    let overlap = |low: f32, high: f32, from: f32, to: f32| (high.min(to) - low.max(from)).max(0.0);
    let length = |low: f32, high: f32, from: f32, to: f32| high.max(to) - low.min(from);
    let across = overlap(a1, a2, c1, c2) / length(a1, a2, c1, c2);
    let down = overlap(b1, b2, d1, d2) / length(b1, b2, d1, d2);
    across > 0.0 && down > 0.0 && across.max(down) > ALIKE
}

/// The smallest box around both.
fn around(a: NormBox, b: NormBox) -> NormBox {
    let ([a1, b1, a2, b2], [c1, d1, c2, d2]) = (<[f32; 4]>::from(a), <[f32; 4]>::from(b));
    NormBox::clipped(a1.min(c1), b1.min(d1), a2.max(c2), b2.max(d2)).unwrap_or(a)
}

fn area(bbox: NormBox) -> f32 {
    let [x1, y1, x2, y2] = <[f32; 4]>::from(bbox);
    (x2 - x1) * (y2 - y1)
}

/// The share of `part` that lies within `whole`.
fn covered(part: NormBox, whole: NormBox) -> f32 {
    let ([x1, y1, x2, y2], [a1, b1, a2, b2]) = (<[f32; 4]>::from(part), <[f32; 4]>::from(whole));
    let (across, down) = (x2.min(a2) - x1.max(a1), y2.min(b2) - y1.max(b1));
    across.max(0.0) * down.max(0.0) / area(part)
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::ObjectClass;
    use proptest::prelude::*;

    use super::*;

    fn car(score: f32, corners: [f32; 4]) -> Detection {
        let bbox = NormBox::try_from(corners).expect("valid");
        Detection { class: ObjectClass::Car, score, bbox }
    }

    const TWO: Tiles = Tiles { columns: 2, rows: 1 };

    /// The same object as it looks in each tile that sees any of it.
    fn seen_in_tiles(tiles: Tiles, size: (u32, u32), object: [f32; 4]) -> Vec<(Region, Vec<Detection>)> {
        let pixels = [
            object[0] * size.0 as f32,
            object[1] * size.1 as f32,
            object[2] * size.0 as f32,
            object[3] * size.1 as f32,
        ];
        let seen = |region: Region| {
            let across = |x: f32| (x - region.left as f32) / region.width as f32;
            let down = |y: f32| (y - region.top as f32) / region.height as f32;
            let bbox =
                NormBox::clipped(across(pixels[0]), down(pixels[1]), across(pixels[2]), down(pixels[3]));
            let found = bbox.map(|bbox| Detection { class: ObjectClass::Car, score: 0.8, bbox });
            (region, found.into_iter().collect())
        };
        tiles.regions(size.0, size.1).map(seen).collect()
    }

    #[test]
    fn two_tiles_overlap_and_reach_both_ends() {
        let regions: Vec<_> = TWO.regions(1920, 1080).collect();
        assert_eq!(regions[0], Region { left: 0, top: 0, width: 1067, height: 1080 });
        assert_eq!((regions[1].left, regions[1].left + regions[1].width), (852, 1920));
        assert_eq!(Tiles::WHOLE.regions(1920, 1080).collect::<Vec<_>>(), [Region::whole(1920, 1080)]);
    }

    #[test]
    fn an_object_on_the_seam_is_one() {
        // Whole in both tiles; whole in one and a sliver in the other; whole in none; far wider than the overlap.
        for object in
            [[0.45, 0.4, 0.53, 0.5], [0.36, 0.4, 0.46, 0.5], [0.40, 0.4, 0.60, 0.5], [0.25, 0.4, 0.75, 0.7]]
        {
            let merged = merge(seen_in_tiles(TWO, (1920, 1080), object), (1920, 1080), 0.5);
            let [one] = merged[..] else { panic!("{object:?}: one object, not {merged:?}") };
            let wanted = car(0.8, object).bbox;
            assert!(one.bbox.iou(wanted) > 0.75, "{object:?}: {:?}", one.bbox);
        }
    }

    #[test]
    fn two_cars_beside_the_seam_are_two() {
        let mut tiles = seen_in_tiles(TWO, (1920, 1080), [0.30, 0.4, 0.42, 0.5]);
        for (tile, other) in tiles.iter_mut().zip(seen_in_tiles(TWO, (1920, 1080), [0.58, 0.4, 0.70, 0.5])) {
            tile.1.extend(other.1);
        }
        assert_eq!(merge(tiles, (1920, 1080), 0.5).len(), 2);
    }

    proptest! {
        #[test]
        fn tiles_cover_every_pixel_and_lie_within(
            width in 1_u32..4000, height in 1_u32..3000, columns in 1_u8..5, rows in 1_u8..5,
        ) {
            let mut end = 0;
            for region in (Tiles { columns, rows: 1 }).regions(width, height) {
                prop_assert!(region.left <= end && region.left % 2 == 0);
                end = region.left + region.width;
                prop_assert!(end <= width);
            }
            prop_assert_eq!(end, width);
            for region in (Tiles { columns, rows }).regions(width, height) {
                prop_assert!(region.top % 2 == 0 && region.top + region.height <= height);
            }
        }
    }
}
