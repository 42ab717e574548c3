//! Pairs of largest weight: the assignment problem.
//!
//! In goes a weight for every pair that may be; out come pairs, none with a member of another, whose weights add up to the most that is
//! possible. Taking the best pair first would not do: an event that lies over two stays would take the one that another event fits alone.

use std::collections::BTreeSet;

/// Pairs `(left, right)` of largest total weight, in the order of the left ones. `candidates` has for each left member the right ones
/// that it may have, in their order, each with its weight; without a positive one nothing is paired.
/// Among equals the first ones win, so that the same input gives the same pairs.
pub fn heaviest_pairs(candidates: &[Vec<(usize, i64)>]) -> Vec<(usize, usize)> {
    let rights = candidates.iter().flatten().map(|(right, _)| right + 1).max().unwrap_or(0);
    let mut wanted_by = vec![Vec::new(); rights];
    for (left, list) in candidates.iter().enumerate() {
        list.iter().for_each(|&(right, _)| wanted_by[right].push(left));
    }
    let mut pairs = Vec::new();
    // What has no pair in common can be solved apart: events of one day overlap with a handful of others.
    let mut seen = vec![false; candidates.len()];
    for first in 0..candidates.len() {
        if seen[first] {
            continue;
        }
        let (lefts, rights) = component(candidates, &wanted_by, first, &mut seen);
        let mut weights = vec![vec![0; rights.len()]; lefts.len()];
        for (row, &left) in lefts.iter().enumerate() {
            for (right, weight) in &candidates[left] {
                weights[row][rights.partition_point(|other| other < right)] = *weight;
            }
        }
        pairs.extend(solve(&weights).into_iter().map(|(left, right)| (lefts[left], rights[right])));
    }
    pairs.sort_unstable();
    pairs
}

/// All that hangs together with one left member by pairs that may be, both sides in order.
fn component(
    candidates: &[Vec<(usize, i64)>],
    wanted_by: &[Vec<usize>],
    first: usize,
    seen: &mut [bool],
) -> (Vec<usize>, Vec<usize>) {
    let (mut lefts, mut rights, mut open) = (Vec::new(), BTreeSet::new(), vec![first]);
    seen[first] = true;
    while let Some(left) = open.pop() {
        lefts.push(left);
        for &(right, _) in &candidates[left] {
            if !rights.insert(right) {
                continue;
            }
            for &other in &wanted_by[right] {
                if !std::mem::replace(&mut seen[other], true) {
                    open.push(other);
                }
            }
        }
    }
    lefts.sort_unstable();
    (lefts, rights.into_iter().collect())
}

/// Hungarian method with potentials, O(n³), on costs that are negative weights. Columns are filled up with ones of no weight, so that
/// whoever finds no partner costs nothing.
fn solve(weights: &[Vec<i64>]) -> Vec<(usize, usize)> {
    let rows = weights.len();
    let rights = weights.first().map_or(0, Vec::len);
    let columns = rights + rows;
    let cost = |row: usize, column: usize| match weights[row].get(column) {
        Some(&weight) => -weight.max(0),
        None => 0,
    };
    // Index 0 of rows and columns stands for "none"; the others are shifted by one.
    let (mut of_row, mut of_column) = (vec![0_i64; rows + 1], vec![0_i64; columns + 1]);
    let mut taken_by = vec![0; columns + 1];
    for row in 1..=rows {
        let mut least = vec![i64::MAX; columns + 1];
        let mut way = vec![0; columns + 1];
        let mut used = vec![false; columns + 1];
        taken_by[0] = row;
        let mut column = 0;
        loop {
            used[column] = true;
            let (here, mut delta, mut next) = (taken_by[column], i64::MAX, 0);
            for other in (1..=columns).filter(|&other| !used[other]) {
                let reduced = cost(here - 1, other - 1) - of_row[here] - of_column[other];
                if reduced < least[other] {
                    (least[other], way[other]) = (reduced, column);
                }
                if least[other] < delta {
                    (delta, next) = (least[other], other);
                }
            }
            for other in 0..=columns {
                if used[other] {
                    of_row[taken_by[other]] += delta;
                    of_column[other] -= delta;
                } else if other > 0 {
                    least[other] -= delta;
                }
            }
            column = next;
            if taken_by[column] == 0 {
                break;
            }
        }
        while column != 0 {
            taken_by[column] = taken_by[way[column]];
            column = way[column];
        }
    }
    let pairs = (1..=rights).filter(|&column| taken_by[column] > 0);
    let pairs = pairs.map(|column| (taken_by[column] - 1, column - 1));
    pairs.filter(|&(left, right)| weights[left][right] > 0).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidates(weights: &[Vec<i64>]) -> Vec<Vec<(usize, i64)>> {
        let some =
            |row: &Vec<i64>| row.iter().copied().enumerate().filter(|(_, weight)| *weight > 0).collect();
        weights.iter().map(some).collect()
    }

    #[track_caller]
    fn check(weights: &[&[i64]], expected: &[(usize, usize)]) {
        let weights: Vec<Vec<i64>> = weights.iter().map(|row| row.to_vec()).collect();
        assert_eq!(heaviest_pairs(&candidates(&weights)), expected);
    }

    #[test]
    fn the_best_sum_wins_over_the_best_pair() {
        check(&[&[10, 9], &[9, 0]], &[(0, 1), (1, 0)]);
        check(&[&[10, 4], &[5, 0]], &[(0, 0)]);
        check(&[&[0, 0], &[0, 7]], &[(1, 1)]);
        check(&[&[5, 5]], &[(0, 0)]);
        check(&[&[1], &[3], &[2]], &[(1, 0)]);
        check(&[&[], &[]], &[]);
        check(&[], &[]);
    }

    /// The largest sum, by trying everything.
    fn best(weights: &[Vec<i64>], row: usize, taken: u32) -> i64 {
        let Some(candidates) = weights.get(row) else { return 0 };
        let without = best(weights, row + 1, taken);
        let with = candidates.iter().enumerate().filter(|(column, _)| taken & (1 << column) == 0);
        with.map(|(column, weight)| weight + best(weights, row + 1, taken | (1 << column)))
            .fold(without, i64::max)
    }

    proptest! {
        #[test]
        fn nothing_weighs_more(weights in (1..6_usize, 1..6_usize).prop_flat_map(|(rows, columns)| {
            prop::collection::vec(prop::collection::vec(prop_oneof![Just(0), 1..50_i64], columns), rows)
        })) {
            let pairs = heaviest_pairs(&candidates(&weights));
            let sum: i64 = pairs.iter().map(|&(left, right)| weights[left][right]).sum();
            prop_assert_eq!(sum, best(&weights, 0, 0));
            prop_assert!(pairs.iter().all(|&(left, right)| weights[left][right] > 0));
            for (index, (left, right)) in pairs.iter().enumerate() {
                prop_assert!(pairs[..index].iter().all(|(other, another)| other != left && another != right));
            }
        }
    }
}
