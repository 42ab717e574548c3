//! Where the normal picture's edges have gone: by how much the camera was turned, shifted or zoomed.
//!
//! Pieces of the normal picture are looked for in the neighbourhood of where they were; a similarity (shift, turn, zoom) that
//! most of them agree on is the camera's movement. Nothing that drives through the picture moves all of it alike. Some
//! milliseconds; asked for only where the picture looks unlike the normal one. Pure.

use super::view::{BLOCK, Small};

/// How far a piece is looked for, in pixels of the halved picture: a quarter of its longer side.
const REACH: i32 = 20;
/// Least correlation of a piece with what it is taken for.
const FOUND: f32 = 0.6;
/// Least strength of a piece's edges, in grey levels.
const STRUCTURE: f32 = 5.0;
/// Pieces that are looked for, at most: spread over the picture, since rows of blocks are taken in turn.
const MOST_PIECES: usize = 40;
/// A piece agrees with a movement that takes it to within so many pixels of where it was found.
const AGREES: f32 = 1.3;
/// Pieces that must agree: so many at least, and this share of all that were looked for.
const LEAST_AGREEING: usize = 6;
const AGREEING_SHARE: f32 = 0.3;
/// Largest zoom, and the sine of the largest turn, that are believed.
const ZOOM: (f32, f32) = (0.6, 1.6);

/// A place in a picture, in pixels from its middle.
type Place = (f32, f32);

/// A shift, a turn and a zoom: `x' = a·x − b·y + u`, `y' = b·x + a·y + v`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Similarity {
    a: f32,
    b: f32,
    u: f32,
    v: f32,
}

impl Similarity {
    fn apply(&self, (x, y): Place) -> Place {
        (self.a * x - self.b * y + self.u, self.b * x + self.a * y + self.v)
    }

    /// That takes one pair of places into another.
    fn between([p, q]: [Place; 2], [p2, q2]: [Place; 2]) -> Option<Self> {
        let (dx, dy, ex, ey) = (q.0 - p.0, q.1 - p.1, q2.0 - p2.0, q2.1 - p2.1);
        let length = dx * dx + dy * dy;
        let (a, b) = ((dx * ex + dy * ey) / length, (dx * ey - dy * ex) / length);
        let zoom = (a * a + b * b).sqrt();
        let believable = length > 1.0 && zoom > ZOOM.0 && zoom < ZOOM.1;
        believable.then_some(Self { a, b, u: p2.0 - a * p.0 + b * p.1, v: p2.1 - b * p.0 - a * p.1 })
    }

    /// By least squares, over all pairs.
    fn fit(pairs: &[(Place, Place)]) -> Option<Self> {
        let count = pairs.len() as f32;
        let mean = |of: &dyn Fn(&(Place, Place)) -> f32| pairs.iter().map(of).sum::<f32>() / count;
        let (x, y) = (mean(&|pair| pair.0.0), mean(&|pair| pair.0.1));
        let (x2, y2) = (mean(&|pair| pair.1.0), mean(&|pair| pair.1.1));
        let (mut a, mut b, mut length) = (0.0, 0.0, 0.0);
        for ((px, py), (qx, qy)) in pairs {
            let (dx, dy, ex, ey) = (px - x, py - y, qx - x2, qy - y2);
            a += dx * ex + dy * ey;
            b += dx * ey - dy * ex;
            length += dx * dx + dy * dy;
        }
        let (a, b) = (a / length, b / length);
        (length > 1.0).then_some(Self { a, b, u: x2 - a * x + b * y, v: y2 - b * x - a * y })
    }

    /// How far it moves a picture of that size on the average, as a share of the longer side.
    fn displacement(&self, width: usize, height: usize) -> f32 {
        let (x, y) = (width as f32 / 2.0, height as f32 / 2.0);
        // The corners of the inner half, which stand for the whole.
        let places = [(-x, -y), (x, -y), (-x, y), (x, y)].map(|(x, y)| (x / 2.0, y / 2.0));
        let moved = places.iter().map(|&place| distance(self.apply(place), place)).sum::<f32>();
        moved / places.len() as f32 / width.max(height) as f32
    }
}

fn distance(a: Place, b: Place) -> f32 {
    ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2)).sqrt()
}

/// How far the picture has moved against the normal one, as a share of its longer side; none where most of what was there is
/// not found.
pub(super) fn displacement(now: &Small, normal: &Small) -> Option<f32> {
    let (now, normal) = (Gradients::of(&now.halved()), Gradients::of(&normal.halved()));
    let (width, height) = (normal.width, normal.height);
    let middle = (width as f32 / 2.0, height as f32 / 2.0);
    let pieces = normal.pieces();
    let pair = |&(x, y): &(usize, usize)| {
        let (found_x, found_y) = now.find(&normal, x, y)?;
        let centre = |x: f32, y: f32| (x + BLOCK as f32 / 2.0 - middle.0, y + BLOCK as f32 / 2.0 - middle.1);
        Some((centre(x as f32, y as f32), centre(found_x as f32, found_y as f32)))
    };
    let pairs: Vec<(Place, Place)> = pieces.iter().filter_map(pair).collect();
    let enough = LEAST_AGREEING.max((AGREEING_SHARE * pieces.len() as f32) as usize);
    let agreeing = largest_agreement(&pairs);
    if agreeing.len() < enough {
        return None;
    }
    Similarity::fit(&agreeing).map(|similarity| similarity.displacement(width, height))
}

/// The most pairs that one movement explains.
fn largest_agreement(pairs: &[(Place, Place)]) -> Vec<(Place, Place)> {
    let agrees = |similarity: &Similarity, pair: &&(Place, Place)| {
        distance(similarity.apply(pair.0), pair.1) <= AGREES
    };
    let mut best: Vec<(Place, Place)> = Vec::new();
    for (index, first) in pairs.iter().enumerate() {
        for second in &pairs[index + 1..] {
            let Some(similarity) = Similarity::between([first.0, second.0], [first.1, second.1]) else {
                continue;
            };
            if pairs.iter().filter(|pair| agrees(&similarity, pair)).count() > best.len() {
                best = pairs.iter().filter(|pair| agrees(&similarity, pair)).copied().collect();
            }
        }
    }
    best
}

/// A picture's gradients, without its rim.
struct Gradients {
    width: usize,
    height: usize,
    values: Vec<(f32, f32)>,
}

impl Gradients {
    fn of(picture: &Small) -> Self {
        let (width, height) = (picture.width.saturating_sub(2), picture.height.saturating_sub(2));
        let gradient = |index: usize| {
            let at = |x: usize, y: usize| picture.pixels[y * picture.width + x];
            let (x, y) = (index % width + 1, index / width + 1);
            (at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1))
        };
        Self { width, height, values: (0..width * height).map(gradient).collect() }
    }

    fn line(&self, x: usize, y: usize) -> &[(f32, f32)] {
        &self.values[y * self.width + x..][..BLOCK]
    }

    fn energy(&self, x: usize, y: usize) -> f32 {
        let squares = (y..y + BLOCK).flat_map(|y| self.line(x, y)).map(|(gx, gy)| gx * gx + gy * gy);
        squares.sum()
    }

    /// Where pieces with enough structure are: columns and rows of their upper left corners.
    fn pieces(&self) -> Vec<(usize, usize)> {
        let (columns, rows) = (self.width / BLOCK, self.height / BLOCK);
        let least = STRUCTURE * STRUCTURE * (BLOCK * BLOCK) as f32;
        let all = (0..columns * rows).map(|index| (index % columns * BLOCK, index / columns * BLOCK));
        let structured: Vec<_> = all.filter(|&(x, y)| self.energy(x, y) >= least).collect();
        let every = structured.len().div_ceil(MOST_PIECES).max(1);
        structured.into_iter().step_by(every).collect()
    }

    /// Where in this picture the piece of `normal` at a place is.
    fn find(&self, normal: &Self, x: usize, y: usize) -> Option<(usize, usize)> {
        let piece: Vec<&[(f32, f32)]> = (y..y + BLOCK).map(|y| normal.line(x, y)).collect();
        let energy = normal.energy(x, y);
        let mut best: Option<(f32, (usize, usize))> = None;
        for to_y in range(y, self.height) {
            for to_x in range(x, self.width) {
                let (mut both, mut now) = (0.0_f32, 0.0_f32);
                for (row, line) in piece.iter().enumerate() {
                    for ((ax, ay), (bx, by)) in line.iter().zip(self.line(to_x, to_y + row)) {
                        both += ax * bx + ay * by;
                        now += bx * bx + by * by;
                    }
                }
                let likeness = both / (energy * now).sqrt().max(f32::MIN_POSITIVE);
                if likeness >= FOUND && best.is_none_or(|(found, _)| likeness > found) {
                    best = Some((likeness, (to_x, to_y)));
                }
            }
        }
        best.map(|(_, place)| place)
    }
}

/// Where a piece that begins at `from` may begin, in a picture of that length.
fn range(from: usize, length: usize) -> std::ops::Range<usize> {
    let reach = REACH as usize;
    from.saturating_sub(reach)..(from + reach + 1).min((length + 1).saturating_sub(BLOCK))
}
