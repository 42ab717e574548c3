//! Whether anything has changed between two pictures of one camera, as far as brightness tells.
//!
//! The picture is averaged over cells of 16×16 pixels, in which a sensor's noise cancels out. A change of the light alike
//! everywhere (a lamp, a cloud, the camera's own exposure) is taken out first: the median of what cells have gained. Noise is
//! learnt: what all cells differ by, and what each does: a tree in the wind changes always, and tells nothing. Where a camera has
//! zones, only what changes in or near them counts: not the traffic beyond, and not the clock that cameras draw into their pictures.

use std::{sync::Arc, time::Duration};

use gridwatch_domain::{Changes, Frame, Polygon, Timestamp};

use crate::watched::Watched;

/// Side of a cell in pixels.
const CELL: usize = 16;
/// Rows of a cell that are looked at: every fourth.
const ROW_STEP: usize = 4;
/// A cell has changed if it differs by more than this many standard deviations …
const DEVIATIONS: f32 = 6.0;
/// … and by more than this, in grey levels.
const LEAST_CHANGE: f32 = 3.0;
/// Cells side by side that must have changed, so that a single one that flickers is none.
const LEAST_CELLS: usize = 2;
/// Share of what a cell differs by now that its noise takes in.
const LEARNING: f32 = 0.1;
/// A difference teaches no more than this, in grey levels: a lorry that comes must not hide its own leaving, and where cars pass all the time
/// one that stops must still stand out.
const MOST_LEARNT: f32 = 4.0;
/// A picture is compared with one so much older at least, unless something has changed since: between two of twenty-five a second what
/// creeps does not move. And noise is learnt no more often: a lorry that passes is a dozen pictures, and teaches as little as in one.
const APART: Duration = Duration::from_millis(1500);
/// Mean and median of the amounts of a normal distribution, in standard deviations.
const MEAN_AMOUNT: f32 = 0.798;
const MEDIAN_AMOUNT: f32 = 0.6745;

/// The mean brightness of a picture's cells.
#[derive(Debug, Clone, Default, PartialEq)]
struct Cells {
    columns: usize,
    means: Vec<f32>,
}

impl Cells {
    fn of(frame: &Frame) -> Self {
        let (luma, stride) = (frame.planes.y(), frame.planes.y_stride());
        let (columns, rows) = (frame.width as usize / CELL, frame.height as usize / CELL);
        let mut sums = vec![0_u32; columns * rows];
        for (row, sums) in sums.chunks_exact_mut(columns.max(1)).enumerate() {
            for line in (row * CELL..(row + 1) * CELL).step_by(ROW_STEP) {
                let pixels = luma[line * stride..][..columns * CELL].chunks_exact(CELL);
                for (sum, cell) in sums.iter_mut().zip(pixels) {
                    *sum += cell.iter().map(|&pixel| u32::from(pixel)).sum::<u32>();
                }
            }
        }
        let pixels = (CELL * CELL / ROW_STEP) as f32;
        Self { columns, means: sums.into_iter().map(|sum| sum as f32 / pixels).collect() }
    }
}

/// Whether a picture is old enough to be compared with, or to be learnt from, when another one is taken. Time may step back.
fn is_old(taken: Timestamp, now: Timestamp) -> bool {
    now < taken || now.saturating_since(taken) >= APART
}

/// Compares each picture of a camera with the last one that was looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChangeDetector {
    /// What the next picture is compared with, and when that was taken.
    last: Option<(Cells, Timestamp)>,
    /// Which cells count.
    watched: Watched,
    /// What each cell differs by on the average, in grey levels.
    usual: Vec<f32>,
    /// Pictures that this was learnt from, as far as that matters, and when the last one was taken.
    learnt: u16,
    learnt_at: Option<Timestamp>,
    /// The picture in which each cell changed last; shared with the pictures, most of which change nothing.
    changes: Option<Arc<Changes>>,
}

impl ChangeDetector {
    /// Whether something has changed since the last picture, in or near one of `zones` where there are some; true where there is no last
    /// picture, or none of this size. Learns from it.
    pub(crate) fn has_changed(&mut self, frame: &Frame, zones: &Arc<[Polygon]>) -> bool {
        let now = Cells::of(frame);
        let difference = self.last.as_ref().and_then(|(last, _)| Difference::between(last, &now));
        let Some(difference) = difference else {
            let (columns, changed_in) = (now.columns, vec![frame.seq; now.means.len()]);
            self.changes = Some(Arc::new(Changes { cell: CELL as u32, columns, changed_in }));
            self.last = Some((now, frame.at));
            return true;
        };
        if self.usual.len() != difference.cells.len() {
            self.usual = vec![difference.everywhere * MEAN_AMOUNT; difference.cells.len()];
            (self.learnt, self.learnt_at) = (1, None);
        }
        let over = difference.over(&self.usual);
        if has_cluster(&over, difference.columns)
            && let Some(changes) = &mut self.changes
        {
            let changed_in = Arc::make_mut(changes).changed_in.iter_mut();
            changed_in.zip(&over).filter(|(_, over)| **over).for_each(|(number, _)| *number = frame.seq);
        }
        let watched = self.watched.cells(zones, difference.size());
        let has_changed = has_cluster(&both(over, watched), difference.columns);
        if self.learnt_at.is_none_or(|learnt| is_old(learnt, frame.at)) {
            self.learn(&difference, frame.at);
        }
        if has_changed || self.last.as_ref().is_none_or(|(_, taken)| is_old(*taken, frame.at)) {
            self.last = Some((now, frame.at));
        }
        has_changed
    }

    /// At first the mean of all: at rest it takes minutes until some dozen pictures have been looked at.
    fn learn(&mut self, difference: &Difference, at: Timestamp) {
        (self.learnt, self.learnt_at) = (self.learnt.saturating_add(1), Some(at));
        let share = (1.0 / f32::from(self.learnt)).max(LEARNING);
        for (usual, differ) in self.usual.iter_mut().zip(&difference.cells) {
            *usual += share * (differ.min(MOST_LEARNT) - *usual);
        }
    }

    /// Whether a picture differs from the last one, in or near one of `zones`; true where there is none, or none of this size.
    pub(crate) fn differs(&mut self, frame: &Frame, zones: &Arc<[Polygon]>) -> bool {
        let difference =
            self.last.as_ref().and_then(|(last, _)| Difference::between(last, &Cells::of(frame)));
        difference.is_none_or(|difference| {
            let over = both(difference.over(&self.usual), self.watched.cells(zones, difference.size()));
            has_cluster(&over, difference.columns)
        })
    }

    /// Where something has changed in the pictures so far, and when last.
    pub(crate) fn changes(&self) -> Option<Arc<Changes>> {
        self.changes.clone()
    }
}

/// Which pictures of a camera show nothing that those before did not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Alike {
    change: ChangeDetector,
    /// Number of the first of the pictures that are all alike.
    since: Option<u64>,
}

impl Alike {
    /// The picture, and what it shows that is new: where something has changed last, and since when nothing has.
    pub(crate) fn mark(&mut self, frame: Frame, zones: &Arc<[Polygon]>) -> Frame {
        let has_changed = self.change.has_changed(&frame, zones);
        if has_changed {
            self.since = Some(frame.seq);
        }
        let since = *self.since.get_or_insert(frame.seq);
        Frame { changes: self.change.changes(), unchanged_since: (!has_changed).then_some(since), ..frame }
    }

    /// A picture of which it was not known that it would be looked at, and whether it differs from the last one.
    pub(crate) fn mark_earlier(&mut self, frame: Frame, zones: &Arc<[Polygon]>) -> (Frame, bool) {
        let differs = self.change.differs(&frame, zones);
        (if differs { frame } else { Frame { unchanged_since: self.since, ..frame } }, differs)
    }
}

/// By what two pictures differ, the light taken out.
struct Difference {
    columns: usize,
    /// Of each cell, in grey levels.
    cells: Vec<f32>,
    /// What all cells differ by, as a standard deviation.
    everywhere: f32,
}

impl Difference {
    /// `None` for pictures of different sizes.
    fn between(last: &Cells, now: &Cells) -> Option<Self> {
        if last.columns != now.columns || last.means.len() != now.means.len() {
            return None;
        }
        let gained: Vec<f32> = now.means.iter().zip(&last.means).map(|(now, last)| now - last).collect();
        let light = median(&gained);
        let cells: Vec<f32> = gained.iter().map(|gain| (gain - light).abs()).collect();
        // Robust: unless more than half of the picture changes at once, this is noise.
        let everywhere = median(&cells) / MEDIAN_AMOUNT;
        Some(Self { columns: now.columns, cells, everywhere })
    }

    /// Cells across and down.
    fn size(&self) -> (usize, usize) {
        (self.columns, self.cells.len() / self.columns.max(1))
    }

    /// Which cells differ by more than they usually do.
    fn over(&self, usual: &[f32]) -> Vec<bool> {
        let is_over = |(index, differ): (usize, &f32)| {
            let usual = usual.get(index).map_or(0.0, |usual| usual / MEAN_AMOUNT);
            *differ > (DEVIATIONS * self.everywhere.max(usual)).max(LEAST_CHANGE)
        };
        self.cells.iter().enumerate().map(is_over).collect()
    }
}

/// Those of which both are told.
fn both(mut cells: Vec<bool>, others: &[bool]) -> Vec<bool> {
    cells.iter_mut().zip(others).for_each(|(cell, other)| *cell &= other);
    cells
}

fn median(values: &[f32]) -> f32 {
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Whether enough cells side by side or one above the other are set.
fn has_cluster(over: &[bool], columns: usize) -> bool {
    let is_over = |index: usize| over.get(index).copied().unwrap_or(false);
    let neighbours = |index: usize| {
        let right = !(index + 1).is_multiple_of(columns) && is_over(index + 1);
        let below = is_over(index + columns);
        1 + usize::from(right) + usize::from(below)
    };
    (0..over.len()).any(|index| is_over(index) && neighbours(index) >= LEAST_CELLS)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gridwatch_domain::{CameraId, Nv12Buffer, Point};

    use super::*;

    /// A picture of noise of so many grey levels around a brightness, with a brighter square where told.
    fn frame(brightness: f32, noise: f32, seed: u64, square: Option<(usize, usize, usize)>) -> Frame {
        let (width, height) = (640_usize, 360_usize);
        let mut random = fastrand::Rng::with_seed(seed);
        let mut buffer = Nv12Buffer::filled(640, 360, [0, 128, 128]);
        for (index, pixel) in buffer.y_mut().iter_mut().enumerate() {
            let (x, y) = (index % width, index / width);
            let inside = square.is_some_and(|(left, top, side)| {
                (left..left + side).contains(&x) && (top..top + side).contains(&y)
            });
            let level = brightness + if inside { 25.0 } else { 0.0 } + (x as f32 / 20.0);
            *pixel = (level + noise * (random.f32() + random.f32() - 1.0) * 2.4) as u8;
        }
        let camera = CameraId::new("gate").expect("valid");
        let (width, height) = (width as u32, height as u32);
        // Key pictures, two seconds apart.
        let at = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(2 * seed));
        Frame::new(camera, 0, at, (width, height), Arc::new(buffer))
    }

    /// Five pictures a second.
    fn followed(seq: u64, square: Option<(usize, usize, usize)>) -> Frame {
        let at = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(200 * seq));
        Frame { seq, at, ..frame(90.0, 4.0, seq, square) }
    }

    /// No zones.
    fn everywhere() -> Arc<[Polygon]> {
        Arc::default()
    }

    #[test]
    fn beyond_the_zones_nothing_counts_and_where_it_was_is_told_all_the_same() {
        let corners = [(0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (0.5, 1.0)];
        let corners = corners.map(|(x, y)| Point::new(x, y).expect("within the picture"));
        let zones: Arc<[Polygon]> = [Polygon::new(corners.into()).expect("a square")].into();
        let mut detector = ChangeDetector::default();
        let numbered = |seq: u64, square| Frame { seq, ..frame(90.0, 4.0, seq, square) };
        let mut look = |seq: u64, square| detector.has_changed(&numbered(seq, square), &zones);
        for seq in 0..20 {
            look(seq, None);
        }
        assert!(!look(20, Some((100, 40, 48))), "far from the zone");
        assert!(look(21, Some((400, 200, 48))), "in it");
        assert!(look(22, Some((290, 200, 24))), "beside it");
        let beyond = numbered(23, Some((100, 40, 48)));
        assert!(detector.differs(&beyond, &everywhere()));
        let changes = detector.changes().expect("it has seen some");
        assert_eq!(changes.last_within(96, 32, 64, 64), 21, "it went when the other came");
    }

    #[test]
    fn noise_and_a_change_of_the_light_are_no_change() {
        let mut detector = ChangeDetector::default();
        assert!(detector.has_changed(&frame(90.0, 4.0, 0, None), &everywhere()), "nothing to compare with");
        for seed in 1..40 {
            let brightness = 90.0 + if seed > 20 { 30.0 } else { 0.0 };
            assert!(
                !detector.has_changed(&frame(brightness, 4.0, seed, None), &everywhere()),
                "picture {seed}"
            );
        }
    }

    #[test]
    fn something_small_that_comes_or_goes_is_a_change() {
        let mut detector = ChangeDetector::default();
        for seed in 0..20 {
            detector.has_changed(&frame(90.0, 4.0, seed, None), &everywhere());
        }
        // 32 pixels: a car at the far end of a yard.
        let there = Some((300, 200, 32));
        assert!(detector.has_changed(&frame(90.0, 4.0, 50, there), &everywhere()));
        assert!(!detector.has_changed(&frame(90.0, 4.0, 51, there), &everywhere()), "it stays");
        assert!(
            !detector.differs(&frame(90.0, 4.0, 60, there), &everywhere())
                && detector.differs(&frame(90.0, 4.0, 60, None), &everywhere())
        );
        assert!(!detector.has_changed(&frame(90.0, 4.0, 61, there), &everywhere()), "asking changes nothing");
        assert!(detector.has_changed(&frame(90.0, 4.0, 52, None), &everywhere()), "it is gone");
    }

    #[test]
    fn what_came_does_not_hide_its_leaving() {
        let mut detector = ChangeDetector::default();
        let mut look =
            |seed: u64, square| detector.has_changed(&frame(90.0, 4.0, seed, square), &everywhere());
        for seed in 0..20 {
            look(seed, None);
        }
        // It drives in, over the cells that it comes to stand on, and stands for a dozen looks.
        (20..24).for_each(|seed| assert!(look(seed, Some((100 + 8 * (seed as usize - 20), 200, 96)))));
        for seed in 24..36 {
            look(seed, Some((124, 200, 96)));
        }
        assert!(look(36, None), "it has left");
    }

    #[test]
    fn where_it_was_is_told() {
        let mut detector = ChangeDetector::default();
        let numbered = |seq: u64, square| Frame { seq, ..frame(90.0, 4.0, seq, square) };
        for seq in 0..20 {
            detector.has_changed(&numbered(seq, None), &everywhere());
        }
        detector.has_changed(&numbered(20, Some((400, 200, 32))), &everywhere());
        let changes = detector.changes().expect("it has seen some");
        assert_eq!((changes.last_within(320, 0, 320, 360), changes.last_within(0, 0, 320, 360)), (20, 0));
    }

    #[test]
    fn what_creeps_is_noticed_however_many_pictures_are_looked_at() {
        // 10 pixels in 3 s: between two pictures less than the noise.
        let mut detector = ChangeDetector::default();
        let mut look =
            |seq: u64, left| detector.has_changed(&followed(seq, Some((left, 200, 96))), &everywhere());
        let _ = (0..100).filter(|&seq| look(seq, 100)).count();
        let noticed = (100..115).filter(|&seq| look(seq, 100 + (seq as usize - 100) * 2 / 3)).count();
        assert!(noticed > 0);
    }

    #[test]
    fn what_passes_in_many_pictures_teaches_no_more_than_in_one() {
        let mut detector = ChangeDetector::default();
        let mut look = |seq: u64, square| detector.has_changed(&followed(seq, square), &everywhere());
        let _ = (0..100).filter(|&seq| look(seq, None)).count();
        // A lorry goes to and fro for six seconds, and is gone.
        (100..130).for_each(|seq| assert!(look(seq, Some((100 + 40 * (seq as usize % 2), 200, 96)))));
        assert!(look(130, None) && !look(131, None));
        assert!(look(132, Some((120, 200, 48))), "something smaller stands there");
    }

    #[test]
    fn of_pictures_that_are_alike_the_first_is_told() {
        let mut alike = Alike::default();
        let mut since = |seq, square| alike.mark(followed(seq, square), &everywhere()).unchanged_since;
        assert_eq!([since(7, None), since(8, None), since(9, None)], [None, Some(7), Some(7)]);
        let there = Some((300, 200, 48));
        assert_eq!([since(10, there), since(11, there), since(12, there)], [None, Some(10), Some(10)]);
        let (earlier, differs) = alike.mark_earlier(followed(12, there), &everywhere());
        assert!(!differs && earlier.unchanged_since == Some(10));
        let (earlier, differs) = alike.mark_earlier(followed(12, None), &everywhere());
        assert!(differs && earlier.unchanged_since.is_none());
    }

    #[test]
    fn noise_is_learnt() {
        let mut detector = ChangeDetector::default();
        let changes = (0..60)
            .filter(|&seed| detector.has_changed(&frame(90.0, 20.0, seed, None), &everywhere()))
            .count();
        assert_eq!(changes, 1, "the first only");
    }

    #[test]
    fn what_always_moves_tells_nothing_after_a_while() {
        let mut detector = ChangeDetector::default();
        let tree = |seed: u64| Some((100 + 16 * (seed as usize % 2), 40, 64));
        let changed: Vec<u64> = (0..80)
            .filter(|&seed| detector.has_changed(&frame(90.0, 4.0, seed, tree(seed)), &everywhere()))
            .collect();
        assert!(changed.iter().all(|&seed| seed < 6), "{changed:?}");
        assert!(
            detector.has_changed(&frame(90.0, 4.0, 99, Some((400, 200, 32))), &everywhere()),
            "elsewhere all is noticed"
        );
    }
}
