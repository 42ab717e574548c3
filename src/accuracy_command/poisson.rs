//! How many alarms there may be, given how many there were. Pure.

/// What is certain to this degree.
const CERTAIN: f64 = 0.95;

/// The largest mean, in events, with which `count` or fewer come at least one time in twenty: with 95 % certainty there are no more. Three where
/// none came ("rule of three").
pub(super) fn upper_bound(count: usize) -> f64 {
    let (mut low, mut high) = (count as f64, count as f64 + 10.0 + 5.0 * (count as f64).sqrt());
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if up_to(count, middle) > 1.0 - CERTAIN { low = middle } else { high = middle }
    }
    high
}

/// How probable `count` or fewer are where `mean` are usual; by logarithms, as single terms may be too small for a number.
fn up_to(count: usize, mean: f64) -> f64 {
    let mut logarithm = -mean;
    let mut sum = logarithm.exp();
    for number in 1..=count {
        logarithm += (mean / number as f64).ln();
        sum += logarithm.exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_of_the_tables() {
        // One-sided 95 % limits of a Poisson mean, as in any statistical table.
        for (count, bound) in [(0, 2.996), (1, 4.744), (2, 6.296), (5, 10.513), (10, 16.962), (100, 118.1)] {
            let found = upper_bound(count);
            assert!((found - bound).abs() < bound * 0.001, "{count}: {found}, not {bound}");
        }
    }

    #[test]
    fn nor_do_large_numbers_break_it() {
        let found = upper_bound(5000);
        assert!((5100.0..5150.0).contains(&found), "{found}");
    }
}
