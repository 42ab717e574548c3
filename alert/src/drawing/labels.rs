//! Where labels go, so that they cover neither each other nor what they speak of. Pure.
//!
//! Whoever draws tells what is to be seen, and asks for room label by label, the most important first. A label takes the best of the places
//! that are offered; where all of them are bad it is left out. It stays where it was in the picture before unless that has become bad.

use std::collections::BTreeMap;

use super::Spot;

/// Cost of a label that lies on another one, in shares of its area; of one that hides what is to be seen; of each place farther down the
/// list of those offered; and what it is worth to stay.
const ON_LABEL: f32 = 6.0;
const ON_SIGHT: f32 = 1.0;
const BY_RANK: f32 = 0.012;
const TO_STAY: f32 = 0.1;
/// Free pixels around a label.
const GAP: f32 = 1.0;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// First column.
    pub left: f32,
    /// First row.
    pub top: f32,
    /// Behind the last column.
    pub right: f32,
    /// Behind the last row.
    pub bottom: f32,
}

impl Area {
    /// Of a size, its upper left corner at `at`.
    pub fn at(at: Spot, (width, height): (f32, f32)) -> Self {
        Self { left: at.0, top: at.1, right: at.0 + width, bottom: at.1 + height }
    }

    /// Around all spots.
    pub fn around(spots: &[Spot]) -> Self {
        let of = |pick: fn(f32, f32) -> f32, start: f32, axis: fn(&Spot) -> f32| {
            spots.iter().map(axis).fold(start, pick)
        };
        let (least, most) = (f32::INFINITY, f32::NEG_INFINITY);
        Self {
            left: of(f32::min, least, |spot| spot.0),
            top: of(f32::min, least, |spot| spot.1),
            right: of(f32::max, most, |spot| spot.0),
            bottom: of(f32::max, most, |spot| spot.1),
        }
    }

    /// Its corners, in order.
    pub fn corners(&self) -> [Spot; 4] {
        [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]
    }

    /// Its middle.
    pub fn middle(&self) -> Spot {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.top, self.bottom))
    }

    /// Pixels across and down.
    pub fn size(&self) -> (f32, f32) {
        (self.right - self.left, self.bottom - self.top)
    }

    /// So many pixels larger on each side.
    #[must_use]
    pub fn grown(&self, by: f32) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }

    fn shared(&self, other: &Self) -> f32 {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        across.max(0.0) * down.max(0.0)
    }

    /// Where a label of a size may stand beside it: above it, below it, to its right and left.
    pub fn beside(&self, (width, height): (f32, f32)) -> Vec<Spot> {
        let (above, below) = (self.top - height - GAP, self.bottom + GAP);
        let (right, left) = (self.right + GAP, self.left - width - GAP);
        let aligned = self.right - width;
        let centred = (self.left + self.right - width) / 2.0;
        vec![
            (self.left, above),
            (self.left, below),
            (aligned, above),
            (aligned, below),
            (centred, above),
            (centred, below),
            (right, self.top),
            (right, self.bottom - height),
            (left, self.top),
            (left, self.bottom - height),
            (right, above),
            (left, above),
            (right, below),
            (left, below),
        ]
    }
}

/// The labels of a picture, and where they were in the one before.
#[derive(Debug, Clone)]
pub struct Labels {
    bounds: Area,
    placed: Vec<Area>,
    sights: Vec<Area>,
    before: BTreeMap<String, usize>,
    now: BTreeMap<String, usize>,
}

impl Labels {
    /// None yet, in a picture with these bounds.
    pub fn new(bounds: Area) -> Self {
        let (before, now) = (BTreeMap::new(), BTreeMap::new());
        Self { bounds, placed: Vec::new(), sights: Vec::new(), before, now }
    }

    /// Begins the next picture.
    pub fn begin(&mut self, bounds: Area) {
        self.bounds = bounds;
        self.placed.clear();
        self.sights.clear();
        self.before = std::mem::take(&mut self.now);
    }

    /// Here is something to be seen.
    pub fn spare(&mut self, area: Area) {
        self.sights.push(area);
    }

    /// Here nothing else may be written.
    pub fn take(&mut self, area: Area) {
        self.placed.push(area);
    }

    /// Room for a label of a size at one of the spots, the best ones first; none where each of them would hide more than `most`: 0 nothing,
    /// 1 as much as its own area. `key`: whose label it is.
    pub fn place(&mut self, key: &str, size: (f32, f32), spots: &[Spot], most: f32) -> Option<Area> {
        let before = self.before.get(key).copied();
        let costs = spots.iter().enumerate().map(|(index, &spot)| {
            let area = self.within(Area::at(spot, size));
            let stays = if before == Some(index) { TO_STAY } else { 0.0 };
            let hidden = self.hidden_by(&area);
            (index, area, hidden, hidden + index as f32 * BY_RANK - stays)
        });
        let (index, area, hidden, _) = costs.min_by(|a, b| a.3.total_cmp(&b.3))?;
        if hidden > most {
            return None;
        }
        self.now.insert(key.to_owned(), index);
        self.placed.push(area);
        Some(area)
    }

    /// Pushed into the picture where it leaves it.
    fn within(&self, area: Area) -> Area {
        let (width, height) = area.size();
        let left = area.left.min(self.bounds.right - width).max(self.bounds.left);
        let top = area.top.min(self.bounds.bottom - height).max(self.bounds.top);
        Area::at((left.round(), top.round()), (width, height))
    }

    fn hidden_by(&self, area: &Area) -> f32 {
        let (width, height) = area.size();
        let whole = (width * height).max(1.0);
        let grown = area.grown(GAP);
        let of = |others: &[Area]| others.iter().map(|other| grown.shared(other)).sum::<f32>() / whole;
        of(&self.placed) * ON_LABEL + of(&self.sights) * ON_SIGHT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Area = Area { left: 0.0, top: 0.0, right: 200.0, bottom: 100.0 };
    const CAR: Area = Area { left: 50.0, top: 40.0, right: 90.0, bottom: 60.0 };
    const SIZE: (f32, f32) = (30.0, 10.0);

    #[test]
    fn a_label_stands_above_what_it_speaks_of_or_where_there_is_room() {
        let mut labels = Labels::new(PICTURE);
        labels.spare(CAR);
        let first = labels.place("a", SIZE, &CAR.beside(SIZE), 0.5).expect("there is room");
        assert_eq!((first.left, first.bottom), (50.0, 39.0));
        let second = labels.place("b", SIZE, &CAR.beside(SIZE), 0.5).expect("there is room");
        assert_eq!((second.left, second.top), (50.0, 61.0), "below, as above is taken");
        assert!(first.shared(&second) == 0.0 && first.shared(&CAR) == 0.0);
    }

    #[test]
    fn where_there_is_no_room_it_is_left_out() {
        let mut labels = Labels::new(PICTURE);
        labels.take(PICTURE);
        assert_eq!(labels.place("a", SIZE, &CAR.beside(SIZE), 0.5), None);
        assert!(
            labels.place("a", SIZE, &CAR.beside(SIZE), f32::INFINITY).is_some(),
            "unless it must be there"
        );
    }

    #[test]
    fn it_stays_within_the_picture() {
        let mut labels = Labels::new(PICTURE);
        let corner = Area { left: 190.0, top: 0.0, right: 200.0, bottom: 5.0 };
        let placed = labels.place("a", SIZE, &corner.beside(SIZE), 0.5).expect("there is room");
        assert!(placed.right <= 200.0 && placed.top >= 0.0, "{placed:?}");
    }

    #[test]
    fn it_stays_where_it_was_unless_that_is_bad_now() {
        let mut labels = Labels::new(PICTURE);
        let above = Area::at((50.0, 25.0), SIZE);
        let place = |labels: &mut Labels, taken: Option<Area>| {
            labels.begin(PICTURE);
            labels.spare(CAR);
            taken.into_iter().for_each(|area| labels.take(area));
            labels.place("a", SIZE, &CAR.beside(SIZE), 0.5).expect("there is room").top
        };
        assert_eq!(place(&mut labels, None), 29.0);
        assert_eq!(place(&mut labels, Some(above)), 61.0);
        assert_eq!(place(&mut labels, None), 61.0, "it does not jump back and forth");
        assert_eq!(place(&mut labels, Some(Area::at((50.0, 61.0), SIZE))), 29.0);
    }
}
