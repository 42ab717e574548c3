//! Areas and lines, with smooth edges.

use super::{Canvas, Colour, Spot};

/// One piece of a line.
type Segment = (Spot, Spot);

impl Canvas {
    /// Fills a polygon (even-odd rule), `opacity` 0–1.
    pub fn fill(&mut self, corners: &[Spot], colour: Colour, opacity: f32) {
        self.fill_where(corners, colour, opacity, |_, _| true);
    }

    /// Fills a polygon with slanting stripes, `pitch` pixels from one to the next.
    pub fn hatch(&mut self, corners: &[Spot], colour: Colour, pitch: u32, opacity: f32) {
        let pitch = pitch.max(2);
        self.fill_where(corners, colour, opacity, |column, row| (column + row) % pitch < pitch.div_ceil(4));
    }

    fn fill_where(
        &mut self,
        corners: &[Spot],
        colour: Colour,
        opacity: f32,
        is_filled: impl Fn(u32, u32) -> bool,
    ) {
        let sides: Vec<Segment> = closed(corners).collect();
        let (_, rows) = self.bounds(&sides, 0.0);
        let mut crossings = Vec::with_capacity(corners.len());
        for row in rows {
            let y = row as f32 + 0.5;
            crossings.clear();
            for (a, b) in &sides {
                if (a.1 > y) != (b.1 > y) {
                    crossings.push(a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
            crossings.sort_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let first = (pair[0] - 0.5).ceil().max(0.0) as u32;
                let end = ((pair[1] - 0.5).ceil().max(0.0) as u32).min(self.width);
                for column in (first..end).filter(|&column| is_filled(column, row)) {
                    self.blend(column, row, colour, opacity);
                }
            }
        }
    }

    /// Draws the closed outline of a polygon, `thickness` in pixels, with round corners.
    pub fn outline(&mut self, corners: &[Spot], colour: Colour, thickness: f32) {
        self.stroke_along(&closed(corners).collect::<Vec<_>>(), colour, thickness, 1.0);
    }

    /// Draws a line from one spot to the next, `opacity` 0–1.
    pub fn line(&mut self, spots: &[Spot], colour: Colour, thickness: f32, opacity: f32) {
        self.stroke_along(&open(spots).collect::<Vec<_>>(), colour, thickness, opacity);
    }

    /// Draws the closed outline of a polygon in dashes of `dash` pixels, as far apart as they are long.
    pub fn dashed(&mut self, corners: &[Spot], colour: Colour, thickness: f32, dash: f32) {
        self.stroke_along(&dashes(closed(corners), dash.max(1.0)), colour, thickness, 1.0);
    }

    /// Draws an arrow; its head is so many pixels long.
    pub fn arrow(&mut self, from: Spot, to: Spot, colour: Colour, thickness: f32, head: f32) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length <= 0.0 {
            return;
        }
        let (x, y) = (dx / length * head, dy / length * head);
        let barb = |side: f32| (to.0 - x - side * y * 0.6, to.1 - y + side * x * 0.6);
        let segments = [(from, to), (to, barb(1.0)), (to, barb(-1.0))];
        self.stroke_along(&segments, colour, thickness, 1.0);
    }

    /// Colours each pixel once, however many segments it is near to.
    fn stroke_along(&mut self, segments: &[Segment], colour: Colour, thickness: f32, opacity: f32) {
        let reach = thickness / 2.0 + 1.0;
        let (columns, rows) = self.bounds(segments, reach);
        let mut near = Vec::with_capacity(segments.len());
        for row in rows {
            let y = row as f32 + 0.5;
            near.clear();
            near.extend(
                segments.iter().filter_map(|segment| {
                    columns_near(*segment, y, reach).map(|columns| (columns, *segment))
                }),
            );
            near.sort_by(|a, b| a.0.start.total_cmp(&b.0.start));
            let mut next = columns.start;
            for column in near.iter().flat_map(|(span, _)| {
                let first = next.max(span.start.max(0.0) as u32);
                next = next.max((span.end.ceil().max(0.0) as u32).min(columns.end));
                first..next
            }) {
                let pixel = (column as f32 + 0.5, y);
                let square = near
                    .iter()
                    .map(|(_, segment)| square_distance(pixel, *segment))
                    .fold(f32::INFINITY, f32::min);
                let cover = (thickness / 2.0 + 0.5 - square.sqrt()).clamp(0.0, 1.0);
                if cover > 0.0 {
                    self.blend(column, row, colour, cover * opacity);
                }
            }
        }
    }

    /// Columns and rows within reach of any of the segments.
    fn bounds(&self, segments: &[Segment], reach: f32) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
        let range = |values: &mut dyn Iterator<Item = f32>, size: u32| {
            let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
            ((low - reach).max(0.0) as u32).min(size)..((high + reach).ceil().max(0.0) as u32).min(size)
        };
        let ends = || segments.iter().flat_map(|(a, b)| [a, b]);
        (range(&mut ends().map(|end| end.0), self.width), range(&mut ends().map(|end| end.1), self.height))
    }
}

fn closed(corners: &[Spot]) -> impl Iterator<Item = Segment> + '_ {
    corners.iter().copied().zip(corners.iter().copied().cycle().skip(1))
}

fn open(spots: &[Spot]) -> impl Iterator<Item = Segment> + '_ {
    spots.iter().copied().zip(spots.iter().copied().skip(1))
}

/// Every other piece of a line; the rhythm goes on around corners.
fn dashes(segments: impl Iterator<Item = Segment>, dash: f32) -> Vec<Segment> {
    let mut pieces = Vec::new();
    let mut walked = 0.0_f32;
    for (a, b) in segments {
        let length = (b.0 - a.0).hypot(b.1 - a.1);
        let at = |along: f32| {
            let share = if length > 0.0 { along / length } else { 0.0 };
            (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
        };
        let first = (walked / dash).floor() as i64;
        let last = ((walked + length) / dash).floor() as i64;
        for index in (first..=last).filter(|index| index % 2 == 0) {
            let from = (index as f32 * dash - walked).max(0.0);
            let until = ((index + 1) as f32 * dash - walked).min(length);
            if until > from {
                pieces.push((at(from), at(until)));
            }
        }
        walked += length;
    }
    pieces
}

/// Where along the row at `y` a line segment is no farther away than `reach`, and a little more.
fn columns_near((a, b): Segment, y: f32, reach: f32) -> Option<std::ops::Range<f32>> {
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
fn square_distance(point: Spot, (a, b): Segment) -> f32 {
    let (along, to) = ((b.0 - a.0, b.1 - a.1), (point.0 - a.0, point.1 - a.1));
    let length = along.0 * along.0 + along.1 * along.1;
    let share = if length > 0.0 { ((to.0 * along.0 + to.1 * along.1) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (to.0 - share * along.0, to.1 - share * along.1);
    dx * dx + dy * dy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::canvas::tests::{RED, grey, pixel},
        *,
    };

    #[test]
    fn an_area_is_filled_and_only_that() {
        let mut canvas = grey(40, 30);
        canvas.fill(&[(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)], RED, 1.0);
        assert_eq!(pixel(&canvas, 10, 10), [255, 0, 0]);
        assert_eq!(pixel(&canvas, 19, 19), [255, 0, 0]);
        assert_eq!(pixel(&canvas, 20, 15), [100, 100, 100]);
        assert_eq!(pixel(&canvas, 15, 9), [100, 100, 100]);
        assert_eq!(canvas.rgb().chunks_exact(3).filter(|pixel| pixel[0] == 255).count(), 100);
    }

    #[test]
    fn stripes_fill_a_part_of_an_area() {
        let mut canvas = grey(40, 40);
        canvas.hatch(&[(0.0, 0.0), (40.0, 0.0), (40.0, 40.0), (0.0, 40.0)], RED, 8, 1.0);
        assert_eq!(canvas.rgb().chunks_exact(3).filter(|pixel| pixel[0] == 255).count(), 400);
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
                    closed(&corners).map(|side| square_distance(pixel, side)).fold(f32::INFINITY, f32::min);
                let opacity = (2.0 - square.sqrt()).clamp(0.0, 1.0);
                if opacity > 0.0 {
                    expected.blend(column, row, RED, opacity);
                }
            }
            prop_assert!(drawn.rgb() == expected.rgb());
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
    fn dashes_leave_as_much_out_as_they_draw() {
        let mut canvas = grey(60, 60);
        canvas.dashed(&[(10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0)], RED, 1.0, 10.0);
        let is_drawn = |column: u32, row: u32| pixel(&canvas, column, row)[0] > 150;
        assert!(is_drawn(15, 10) && !is_drawn(25, 10) && is_drawn(35, 10) && !is_drawn(45, 10));
        assert!(is_drawn(50, 15) && !is_drawn(50, 25), "the rhythm goes on behind the corner");
    }

    #[test]
    fn an_arrow_has_its_head_at_its_end() {
        let mut canvas = grey(60, 40);
        canvas.arrow((5.0, 20.0), (50.0, 20.0), RED, 2.0, 10.0);
        let height = |column: u32| (0..40).filter(|&row| pixel(&canvas, column, row)[0] > 150).count();
        assert!(height(20) <= 2 && height(42) >= 4, "{} {}", height(20), height(42));
    }

    #[test]
    fn what_leaves_the_picture_is_cut() {
        let mut canvas = grey(20, 20);
        canvas.outline(&[(-50.0, -50.0), (90.0, -50.0), (90.0, 90.0), (-50.0, 90.0)], RED, 3.0);
        canvas.fill(&[(-50.0, -50.0), (90.0, -50.0), (90.0, 90.0)], RED, 0.5);
        canvas.dashed(&[(-50.0, -50.0), (90.0, -50.0), (90.0, 90.0)], RED, 2.0, 3.0);
        canvas.arrow((-5.0, 3.0), (70.0, 40.0), RED, 2.0, 9.0);
        canvas.line(&[(3.0, 3.0)], RED, 2.0, 1.0);
    }
}
