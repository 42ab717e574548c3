//! Which part of a picture the rules care about: the zones, and what is near them.

use std::sync::{Arc, PoisonError, RwLock};

use gridwatch_domain::{NormBox, Polygon};

/// How far around a zone what happens counts as well, as a share of the picture's width: what comes is noticed before it is there.
const MARGIN: f32 = 0.05;

/// The zones of a camera. Clones share them; they may change at any time.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedZones(Arc<RwLock<Arc<[Polygon]>>>);

impl SharedZones {
    pub(crate) fn new(zones: impl IntoIterator<Item = Polygon>) -> Self {
        Self(Arc::new(RwLock::new(zones.into_iter().collect())))
    }

    pub(crate) fn set(&self, zones: impl IntoIterator<Item = Polygon>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = zones.into_iter().collect();
    }

    pub(crate) fn get(&self) -> Arc<[Polygon]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Which cells of a picture are watched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched {
    zones: Arc<[Polygon]>,
    size: (usize, usize),
    cells: Vec<bool>,
}

impl Watched {
    /// Those of a picture of so many cells across and down; all of them where there are no zones.
    pub(crate) fn cells(&mut self, zones: &Arc<[Polygon]>, (columns, rows): (usize, usize)) -> &[bool] {
        if !Arc::ptr_eq(&self.zones, zones) || self.size != (columns, rows) {
            self.zones = Arc::clone(zones);
            self.size = (columns, rows);
            self.cells = cells_of(zones, columns, rows);
        }
        &self.cells
    }
}

fn cells_of(zones: &[Polygon], columns: usize, rows: usize) -> Vec<bool> {
    if zones.is_empty() {
        return vec![true; columns * rows];
    }
    let touched = |index: usize| {
        let (column, row) = ((index % columns) as f32, (index / columns) as f32);
        let (width, height) = (1.0 / columns as f32, 1.0 / rows as f32);
        let cell = NormBox::new(column * width, row * height, (column + 1.0) * width, (row + 1.0) * height);
        cell.is_ok_and(|cell| zones.iter().any(|zone| zone.coverage(cell) > 0.0))
    };
    let touched: Vec<bool> = (0..columns * rows).map(touched).collect();
    // Cells are square.
    let margin = (columns as f32 * MARGIN).ceil() as usize;
    let near = |index: usize| {
        let (column, row) = (index % columns, index / columns);
        let across = column.saturating_sub(margin)..(column + margin + 1).min(columns);
        let mut down = row.saturating_sub(margin)..(row + margin + 1).min(rows);
        down.any(|row| touched[row * columns..][across.clone()].contains(&true))
    };
    (0..columns * rows).map(near).collect()
}

#[cfg(test)]
mod tests {
    use gridwatch_domain::Point;

    use super::*;

    fn zone(points: [(f32, f32); 3]) -> Polygon {
        let points = points.map(|(x, y)| Point::new(x, y).expect("within the picture"));
        Polygon::new(points.into()).expect("a triangle")
    }

    #[test]
    fn the_zones_and_what_is_near_them_are_watched_and_all_where_there_are_none() {
        let zones = SharedZones::default();
        let mut watched = Watched::default();
        assert_eq!(watched.cells(&zones.get(), (4, 3)), [true; 12]);
        // Smaller than a cell.
        zones.set([zone([(0.51, 0.51), (0.52, 0.51), (0.51, 0.52)])]);
        let cells = watched.cells(&zones.get(), (40, 20)).to_vec();
        let told: Vec<usize> = (0..800).filter(|&index| cells[index]).collect();
        assert_eq!(told.len(), 25, "two cells around one: {told:?}");
        assert!(cells[10 * 40 + 20] && cells[8 * 40 + 18] && !cells[7 * 40 + 20]);
        zones.set([]);
        assert!(watched.cells(&zones.get(), (40, 20)).iter().all(|&cell| cell));
    }
}
