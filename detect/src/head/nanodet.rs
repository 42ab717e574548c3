//! Decodes NanoDet and PicoDet: class scores and a distribution over distances for each cell of each grid.

use gridwatch_models::CellPoint;

use super::{
    answer::{Mismatch, OutputForm, Tensor},
    found::{Found, Labels},
};

/// Sides of a box.
const SIDES: usize = 4;

/// One grid: where its numbers are, and where its cells.
#[derive(Debug)]
struct Grid {
    columns: usize,
    cells: usize,
    stride: f32,
    scores: Place,
    distances: Place,
}

/// Where the numbers of a grid are: an output, its first row there, and the first column of each row.
#[derive(Debug, Clone, Copy)]
struct Place {
    output: usize,
    row: usize,
    column: usize,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Nanodet {
    grids: Vec<Grid>,
    bins: usize,
    /// Share of a cell from its corner to the point that distances are taken from.
    offset: f32,
    labels: Labels,
}

impl Nanodet {
    pub(super) fn bind(
        labels: Labels,
        (strides, point): (&[u32], CellPoint),
        input: (u32, u32),
        outputs: &[OutputForm],
    ) -> Result<Self, Mismatch> {
        let sizes: Vec<(usize, usize)> = strides
            .iter()
            .map(|&stride| (input.0.div_ceil(stride) as usize, input.1.div_ceil(stride) as usize))
            .collect();
        let expected = || {
            let grids: Vec<_> = sizes.iter().map(|(columns, rows)| (columns * rows).to_string()).collect();
            let count = labels.count;
            Mismatch::of(
                format!(
                    "outputs [1, cells, {count}] and [1, cells, 4 · bins] for grids of {} cells, or all of them in one",
                    grids.join(", ")
                ),
                outputs,
            )
        };
        let (places, bins) = joined(&sizes, &labels, outputs)
            .or_else(|| apart(&sizes, &labels, outputs))
            .ok_or_else(expected)?;
        let grids = sizes.iter().zip(strides).zip(places).map(
            |((&(columns, rows), &stride), (scores, distances))| Grid {
                columns,
                cells: columns * rows,
                stride: stride as f32,
                scores,
                distances,
            },
        );
        let offset = if point == CellPoint::Center { 0.5 } else { 0.0 };
        Ok(Self { grids: grids.collect(), bins, offset, labels })
    }

    pub(super) fn decode(&self, answer: &[Tensor<'_>], found: &mut Found) -> Option<()> {
        for grid in &self.grids {
            let (scores, distances) = (grid.scores.rows(answer)?, grid.distances.rows(answer)?);
            let scores = scores.take(grid.cells);
            for (cell, (scores, distances)) in scores.zip(distances).enumerate() {
                let best = self.labels.best(|index| scores.get(index).copied().unwrap_or(f32::NAN));
                if !found.wants(best.map_or(f32::NAN, |(_, score)| score)) {
                    continue;
                }
                let Some((class, score)) = best else { continue };
                let point = |index: usize| (index as f32 + self.offset) * grid.stride;
                let (x, y) = (point(cell % grid.columns), point(cell / grid.columns));
                let mut sides = distances.chunks_exact(self.bins).map(|side| expectation(side) * grid.stride);
                let mut next = || sides.next().unwrap_or(f32::NAN);
                let (left, top, right, bottom) = (next(), next(), next(), next());
                found.keep(class, score, [x - left, y - top, x + right, y + bottom]);
            }
        }
        Some(())
    }
}

impl Place {
    /// The rows of one grid, from its first column on.
    fn rows<'a>(self, answer: &[Tensor<'a>]) -> Option<impl Iterator<Item = &'a [f32]> + use<'a>> {
        let tensor = answer[self.output];
        let rows = tensor.rows(*tensor.shape.last()?)?;
        Some(rows.skip(self.row).filter_map(move |row| row.get(self.column..)))
    }
}

/// Scores and distances of all grids in one output, side by side, as NanoDet-Plus exports it.
fn joined(
    sizes: &[(usize, usize)],
    labels: &Labels,
    outputs: &[OutputForm],
) -> Option<(Vec<(Place, Place)>, usize)> {
    let all: usize = sizes.iter().map(|(columns, rows)| columns * rows).sum();
    let output = outputs.iter().position(|output| {
        output.may_be(&[Some(1), Some(all), None])
            && output.last().is_some_and(|last| bins(last, labels.count).is_some())
    })?;
    let bins = bins(outputs[output].last()?, labels.count)?;
    let mut row = 0;
    let places = sizes.iter().map(|(columns, rows)| {
        let scores = Place { output, row, column: 0 };
        row += columns * rows;
        (scores, Place { column: labels.count, ..scores })
    });
    Some((places.collect(), bins))
}

/// Bins in what is left of a row behind the scores.
fn bins(columns: usize, labels: usize) -> Option<usize> {
    let left = columns.checked_sub(labels)?;
    (left >= 2 * SIDES && left.is_multiple_of(SIDES)).then_some(left / SIDES)
}

/// Two outputs a grid.
fn apart(
    sizes: &[(usize, usize)],
    labels: &Labels,
    outputs: &[OutputForm],
) -> Option<(Vec<(Place, Place)>, usize)> {
    let mut found_bins = None;
    let mut places = Vec::with_capacity(sizes.len());
    for (columns, rows) in sizes {
        let of_grid = |output: &OutputForm| output.may_be(&[Some(1), Some(columns * rows), None]);
        let scores =
            outputs.iter().position(|output| of_grid(output) && output.last() == Some(labels.count))?;
        let distances = outputs.iter().enumerate().position(|(index, output)| {
            index != scores && of_grid(output) && output.last().is_some_and(|last| bins(last, 0).is_some())
        })?;
        let bins = bins(outputs[distances].last()?, 0)?;
        if *found_bins.get_or_insert(bins) != bins {
            return None;
        }
        let place = |output| Place { output, row: 0, column: 0 };
        places.push((place(scores), place(distances)));
    }
    Some((places, found_bins?))
}

/// The mean of 0, 1, 2 … under the softmax of `logits`.
fn expectation(logits: &[f32]) -> f32 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (index, logit) in logits.iter().enumerate() {
        let weight = (logit - most).exp();
        sum += weight;
        weighted += weight * index as f32;
    }
    weighted / sum
}
