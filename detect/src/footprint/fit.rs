//! Where on the ground something stands whose box is seen.
//!
//! A box is drawn around the whole of a vehicle, its roof and its far side included; seen from the side it reaches over two bays. So a shape
//! of usual measures is stood on the ground, turned this way and that, and moved until the box around it, as the camera sees it, is the one
//! that was found (Gauss–Newton over its place; all shapes and directions are tried). What it covers of the ground is then its footprint.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use gridwatch_domain::NormBox;

use super::{
    layout::{Layout, apart},
    pinhole::Pinhole,
    quad::{area, clipped},
    shape::{Shape, outlines, shapes},
};
use crate::motion::Kind;

/// Rounds of moving it: at first, to tell directions apart, and then, to tell where it stands.
const FIRST_ROUNDS: usize = 2;
const ROUNDS: usize = 3;
/// Directions that are looked at closely.
const LIKELY: usize = 3;
/// Step of the numeric derivative, in metres.
const STEP_M: f64 = 0.05;
/// Directions that are tried where none is known to be likely.
const DIRECTIONS: u32 = 12;
/// A direction that is none of those in which cars are parked here must fit better by this, as a square of shares of the box.
const UNUSUAL: f64 = 0.004;
/// What would stand across a bay must fit better by this: nobody parks so, and a box seen askew says little of it.
const ACROSS_BAY: f64 = 0.01;
/// Which way it was thought to stand before: another must fit better by this.
const CHANGED: f64 = 0.002;
/// What would stand in another must fit better by this, for all of it.
const IN_OTHERS: f64 = 0.04;
/// Difference of misfit by which one of two shapes is e times more likely: errors of boxes are some 1.5 % of their sides.
const AS_WELL: f64 = 0.001;
/// How much the breadth of somebody tells: arms and clothes make it what they like, while people are about equally tall.
const BREADTH_COUNTS: f64 = 0.1;
/// A box nearer to the picture's edge than this is cut off there.
const EDGE: f64 = 0.006;
/// Of what fits worse than this (square of shares of the box) nothing is known.
const WORST: f64 = 0.06;
/// A box has at most so many times the size of the one looked for while it is moved: beyond that it has gone astray.
const ASTRAY: f64 = 4.0;

/// Something that stands on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Standing {
    pub at: [f64; 2],
    /// Direction of its length, from the x axis on, 0 to π.
    pub heading: f64,
    pub length: f64,
    pub width: f64,
    /// Square of how far its box is from the one that was found, in shares of that, and what speaks against it.
    pub misfit: f64,
}

impl Standing {
    /// Corners of what it covers, in order around it.
    pub(crate) fn corners(&self) -> [[f64; 2]; 4] {
        let (sin, cos) = self.heading.sin_cos();
        let (ahead, left) = (self.length / 2.0, self.width / 2.0);
        [[ahead, left], [ahead, -left], [-ahead, -left], [-ahead, left]]
            .map(|[x, y]| [self.at[0] + x * cos - y * sin, self.at[1] + x * sin + y * cos])
    }

    /// Share of it that lies in what others cover.
    fn in_others(&self, taken: &[[[f64; 2]; 4]]) -> f64 {
        let own = self.corners();
        let common: f64 = taken.iter().map(|other| area(&clipped(&own, other))).sum();
        common / (self.length * self.width)
    }
}

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub kind: Kind,
    pub bbox: NormBox,
    /// How much each edge counts, 0 to 1: left, top, right, bottom. What others hide counts little.
    pub counts: [f64; 4],
    /// How it was thought to stand before.
    pub before: Option<f64>,
}

/// `None` where nothing that stands on the ground is seen like that. `layout`: which way things are parked here; `taken`: where
/// others stand, so that this does not.
pub(crate) fn fit(
    camera: &Pinhole,
    sight: &Sight,
    layout: &Layout,
    taken: &[[[f64; 2]; 4]],
) -> Option<Standing> {
    let [x1, y1, x2, y2] = edges(sight.bbox);
    let is_vehicle = sight.kind == Kind::Vehicle;
    let start = camera.ground([f64::midpoint(x1, x2), y2 - 0.2 * (y2 - y1)])?;
    let best = |direction: &(f64, f64), shapes: &[Shape], rounds: usize| {
        let stood =
            shapes.iter().filter_map(|shape| stood(camera, shape, *direction, sight, (start, rounds)));
        stood.min_by(|a, b| a.misfit.total_cmp(&b.misfit))
    };
    let mut directions: Vec<((f64, f64), Standing)> = directions(sight, layout.headings())
        .into_iter()
        .filter_map(|direction| Some((direction, best(&direction, outlines(sight.kind), FIRST_ROUNDS)?)))
        .collect();
    directions.sort_by(|(_, a), (_, b)| a.misfit.total_cmp(&b.misfit));
    let likely = directions.iter().take(LIKELY);
    // Which end is the front does not matter at first.
    let both_ways =
        likely.flat_map(|((heading, against), _)| [(*heading, *against), (heading + PI, *against)]);
    let closely = both_ways.filter_map(|direction| {
        let shapes = shapes(sight.kind).iter();
        let stood = shapes.filter_map(|shape| stood(camera, shape, direction, sight, (start, ROUNDS)));
        let beside_others = stood.map(|one| {
            let across = if is_vehicle && layout.is_across(one.at, one.heading) { ACROSS_BAY } else { 0.0 };
            let misfit = one.misfit + IN_OTHERS * one.in_others(taken) + across;
            Standing { misfit, ..one }
        });
        on_average(&beside_others.collect::<Vec<_>>())
    });
    closely.min_by(|a, b| a.misfit.total_cmp(&b.misfit)).filter(|best| best.misfit <= WORST)
}

/// What it is on the average: shapes that fit about as well cannot be told apart by a box, and where the far end is hidden behind the roof the
/// length is anybody's guess.
fn on_average(stood: &[Standing]) -> Option<Standing> {
    let best = *stood.iter().min_by(|a, b| a.misfit.total_cmp(&b.misfit))?;
    let weights: Vec<f64> = stood.iter().map(|one| (-(one.misfit - best.misfit) / AS_WELL).exp()).collect();
    let whole: f64 = weights.iter().sum();
    let mean = |of: &dyn Fn(&Standing) -> f64| {
        stood.iter().zip(&weights).map(|(one, weight)| of(one) * weight).sum::<f64>() / whole
    };
    Some(Standing {
        at: [mean(&|one| one.at[0]), mean(&|one| one.at[1])],
        length: mean(&|one| one.length),
        width: mean(&|one| one.width),
        ..best
    })
}

/// One shape, turned one way, where it fits best.
fn stood(
    camera: &Pinhole,
    shape: &Shape,
    (heading, unlikely): (f64, f64),
    sight: &Sight,
    (start, rounds): ([f64; 2], usize),
) -> Option<Standing> {
    let (sin, cos) = heading.sin_cos();
    let turned = |[ahead, left, up]: [f64; 3]| [ahead * cos - left * sin, ahead * sin + left * cos, up];
    let (at, misfit) = placed(camera, &shape.outline().map(turned), sight, start, rounds)?;
    let Shape { length, width, .. } = *shape;
    Some(Standing { at, heading, length, width, misfit: misfit + unlikely + shape.unlikely })
}

/// Directions to try, and what speaks against each.
fn directions(sight: &Sight, usual: &[f64]) -> Vec<(f64, f64)> {
    if sight.kind == Kind::Person {
        return vec![(0.0, 0.0)];
    }
    let all = (0..DIRECTIONS).map(|step| f64::from(step) * PI / f64::from(DIRECTIONS));
    let unusual = if usual.is_empty() { 0.0 } else { UNUSUAL };
    let mut directions: Vec<(f64, f64)> = usual.iter().map(|heading| (*heading, 0.0)).collect();
    directions.extend(all.map(|heading| (heading, unusual)));
    if let Some(before) = sight.before {
        for (heading, against) in &mut directions {
            *against += if apart(*heading, before) < 0.01 { 0.0 } else { CHANGED };
        }
    }
    directions
}

/// Moves an outline until its box is the one that is seen: where that is, and how far off it still is.
fn placed(
    camera: &Pinhole,
    outline: &[[f64; 3]],
    sight: &Sight,
    start: [f64; 2],
    rounds: usize,
) -> Option<([f64; 2], f64)> {
    let mut at = start;
    let mut off = residuals(camera, outline, sight, at)?;
    for _ in 0..rounds {
        let along_x = residuals(camera, outline, sight, [at[0] + STEP_M, at[1]])?;
        let along_y = residuals(camera, outline, sight, [at[0], at[1] + STEP_M])?;
        let slope =
            |edge: usize| [(along_x[edge] - off[edge]) / STEP_M, (along_y[edge] - off[edge]) / STEP_M];
        let (mut a, mut b, mut c, mut p, mut q) = (1e-9, 0.0, 1e-9, 0.0, 0.0);
        for (edge, off) in off.iter().enumerate() {
            let [x, y] = slope(edge);
            (a, b, c) = (a + x * x, b + x * y, c + y * y);
            (p, q) = (p + x * off, q + y * off);
        }
        let whole = a * c - b * b;
        if whole.abs() < 1e-12 {
            break;
        }
        let next = [at[0] - (c * p - b * q) / whole, at[1] - (a * q - b * p) / whole];
        let Some(moved) = residuals(camera, outline, sight, next) else { break };
        if squares(&moved) >= squares(&off) {
            break;
        }
        (at, off) = (next, moved);
    }
    Some((at, squares(&off)))
}

fn squares(off: &[f64; 4]) -> f64 {
    off.iter().map(|off| off * off).sum()
}

fn edges(bbox: NormBox) -> [f64; 4] {
    [bbox.x1(), bbox.y1(), bbox.x2(), bbox.y2()].map(f64::from)
}

/// How far each edge of the box around an outline is from that of the box that is seen, in shares of its sides, as much as the edge counts.
fn residuals(camera: &Pinhole, outline: &[[f64; 3]], sight: &Sight, at: [f64; 2]) -> Option<[f64; 4]> {
    let mut around = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    for [x, y, z] in outline {
        let [seen_x, seen_y] = camera.project([at[0] + x, at[1] + y, *z])?;
        around = [around[0].min(seen_x), around[1].min(seen_y), around[2].max(seen_x), around[3].max(seen_y)];
    }
    let seen = edges(sight.bbox);
    let sides = [seen[2] - seen[0], seen[3] - seen[1]];
    let grown = (around[2] - around[0]) / sides[0];
    if grown > ASTRAY {
        return None;
    }
    let off = |edge: usize| {
        let cut = if edge < 2 { seen[edge] < EDGE } else { seen[edge] > 1.0 - EDGE };
        let around = if cut { around[edge].clamp(0.0, 1.0) } else { around[edge] };
        let off = (around - seen[edge]) / sides[edge % 2];
        // What is hidden may reach farther than is seen, and not less far.
        let reaches_farther = (off > 0.0) == (edge >= 2);
        if reaches_farther { off * sight.counts[edge] } else { off }
    };
    let off: [f64; 4] = std::array::from_fn(off);
    if sight.kind == Kind::Person {
        // The same two edges, as where they are in the middle, and how far apart.
        let (middle, apart) = ((off[0] + off[2]) * FRAC_1_SQRT_2, (off[2] - off[0]) * FRAC_1_SQRT_2);
        return Some([middle, off[1], apart * BREADTH_COUNTS, off[3]]);
    }
    Some(off)
}
