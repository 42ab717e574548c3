//! How a picture's edges compare with those that the camera normally shows, block by block.
//!
//! Edges stay where they are when the light changes; so they tell the lens, and where it points, from what passes and shines.
//! Pure.

use super::view::{BLOCK, Small};

/// One block of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    /// Strength of its edges, in grey levels (root of the mean square of the gradient over two pixels).
    pub(super) now: f32,
    /// The same in the normal picture.
    pub(super) normal: f32,
    /// Correlation of the two: 1 the same edges, 0 nothing in common, −1 dark and bright swapped.
    pub(super) likeness: f32,
}

/// Sums over a block: squares of the gradient now, of the normal one, and their product.
#[derive(Clone, Copy, Default)]
struct Sums {
    now: f32,
    normal: f32,
    both: f32,
}

/// Compares every whole block of two pictures of one size; rows of blocks one after the other.
pub(super) fn compare(now: &Small, normal: &Small) -> Vec<Block> {
    let (columns, rows) = now.blocks();
    let mut blocks = Vec::with_capacity(columns * rows);
    let mut sums = vec![Sums::default(); columns];
    for row in 0..rows {
        sums.fill(Sums::default());
        for y in row * BLOCK + 1..(row + 1) * BLOCK + 1 {
            let (now, normal) = (Lines::at(now, y), Lines::at(normal, y));
            for (column, sums) in sums.iter_mut().enumerate() {
                for x in column * BLOCK + 1..(column + 1) * BLOCK + 1 {
                    let ((ax, ay), (bx, by)) = (now.gradient(x), normal.gradient(x));
                    sums.now += ax * ax + ay * ay;
                    sums.normal += bx * bx + by * by;
                    sums.both += ax * bx + ay * by;
                }
            }
        }
        blocks.extend(sums.iter().map(|sums| {
            let strength = |sum: f32| (sum / (BLOCK * BLOCK) as f32).sqrt();
            let likeness = sums.both / (sums.now * sums.normal).sqrt().max(f32::MIN_POSITIVE);
            Block { now: strength(sums.now), normal: strength(sums.normal), likeness }
        }));
    }
    blocks
}

/// A row of a picture with the rows beside it.
struct Lines<'a> {
    above: &'a [f32],
    here: &'a [f32],
    below: &'a [f32],
}

impl<'a> Lines<'a> {
    fn at(picture: &'a Small, y: usize) -> Self {
        let line = |y: usize| &picture.pixels[y * picture.width..][..picture.width];
        Self { above: line(y - 1), here: line(y), below: line(y + 1) }
    }

    fn gradient(&self, x: usize) -> (f32, f32) {
        (self.here[x + 1] - self.here[x - 1], self.below[x] - self.above[x])
    }
}
