//! Finds the largest number that holds, by trying: growing fast first, then halving what is left. Pure.

use std::collections::BTreeMap;

/// How much further it goes with each step while everything holds.
const GROWTH: u32 = 4;

/// A search between 1 and `most`.
#[derive(Debug)]
pub(super) struct Search {
    most: u32,
    /// Share of the result that it may be off by.
    precision: f64,
    tried: BTreeMap<u32, bool>,
}

impl Search {
    pub(super) fn new(most: u32, precision: f64) -> Self {
        Self { most: most.max(1), precision: precision.max(0.0), tried: BTreeMap::new() }
    }

    /// What to try next; `None` when the result is known. `guess`: where the limit seems to be, from what was used so far.
    pub(super) fn next(&self, guess: Option<f64>) -> Option<u32> {
        let held = self.held();
        match self.too_many() {
            None if held == self.most => None,
            None => {
                let farthest = held.saturating_mul(GROWTH).clamp(1, self.most);
                let guess = guess.filter(|guess| guess.is_finite());
                let wanted =
                    guess.map_or(farthest, |guess| guess.clamp(0.0, f64::from(farthest)).round() as u32);
                // A guess that is reached already was too low: on by half at least.
                Some(wanted.max(held + held.div_ceil(2).max(1)).min(self.most))
            }
            Some(too_many) => {
                let step = (f64::from(held) * self.precision).max(1.0);
                if f64::from(too_many - held) <= step {
                    return None;
                }
                let middle = if held == 0 { 1.0 } else { (f64::from(held) * f64::from(too_many)).sqrt() };
                Some((middle.round() as u32).clamp(held + 1, too_many - 1))
            }
        }
    }

    /// What came of a try.
    pub(super) fn record(&mut self, tried: u32, holds: bool) {
        self.tried.insert(tried, holds);
    }

    /// The largest number that held below all that did not; 0 where none did.
    pub(super) fn held(&self) -> u32 {
        let too_many = self.too_many().unwrap_or(u32::MAX);
        let held = self.tried.iter().filter(|(tried, holds)| **holds && **tried < too_many);
        held.map(|(tried, _)| *tried).max().unwrap_or(0)
    }

    fn too_many(&self) -> Option<u32> {
        self.tried.iter().find(|(_, holds)| !**holds).map(|(tried, _)| *tried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches where `limit` is the truth; gives what was found and what was tried.
    fn search(limit: u32, most: u32, precision: f64, guess: Option<f64>) -> (u32, Vec<u32>) {
        let (mut search, mut tried) = (Search::new(most, precision), Vec::new());
        while let Some(next) = search.next(guess) {
            assert!((1..=most).contains(&next) && !tried.contains(&next), "{next} after {tried:?}");
            search.record(next, next <= limit);
            tried.push(next);
        }
        (search.held(), tried)
    }

    #[test]
    fn it_finds_the_limit() {
        for (limit, most, precision, wanted) in [
            (0, 100, 0.0, 0),
            (1, 100, 0.0, 1),
            (7, 100, 0.0, 7),
            (100, 100, 0.0, 100),
            (5000, 300, 0.0, 300),
            (137, 1000, 0.0, 137),
        ] {
            assert_eq!(search(limit, most, precision, None).0, wanted, "limit {limit} of {most}");
            assert_eq!(search(limit, most, precision, Some(f64::from(limit) * 0.8)).0, wanted, "guessed low");
            assert_eq!(search(limit, most, precision, Some(f64::NAN)).0, wanted, "guessed nonsense");
        }
    }

    #[test]
    fn it_tries_few() {
        assert_eq!(search(137, 1000, 0.1, None), (128, vec![1, 4, 16, 64, 256, 128, 181, 152, 139]));
        let (found, tried) = search(137, 1000, 0.1, Some(140.0));
        assert_eq!((found, tried.as_slice()), (133, &[1, 4, 16, 64, 140, 95, 115, 127, 133][..]));
    }

    #[test]
    fn a_larger_one_that_holds_by_chance_is_not_the_result() {
        let mut search = Search::new(100, 0.0);
        for (tried, holds) in [(8, true), (16, false), (20, true)] {
            search.record(tried, holds);
        }
        assert_eq!(search.held(), 8);
    }
}
