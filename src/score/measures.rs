//! Figures: how many were found, and how far off their times are.

use serde::Serialize;

use super::{outcome::Match, truth_file::ToleranceFile};

/// What one kind of event scored, or all together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct KindScore {
    /// Events that had to be found.
    pub(crate) truth: usize,
    /// Of these, those that were told.
    pub(crate) found: usize,
    /// And those that were not.
    pub(crate) missed: usize,
    /// Events told that are not true.
    #[serde(rename = "false")]
    pub(crate) untrue: usize,
    /// Events told again.
    pub(crate) doubled: usize,
    /// Events that may be told or not.
    pub(crate) ignored: usize,
    /// Found ÷ (found + false + doubled); `None` where nothing was told.
    pub(crate) precision: Option<f64>,
    /// Found ÷ truth; `None` where nothing was to be found.
    pub(crate) recall: Option<f64>,
    /// 2 · found ÷ (2 · found + false + doubled + missed); `None` where there is neither.
    pub(crate) f1: Option<f64>,
    /// (Found + doubled) ÷ found: 1 where everything is told once.
    pub(crate) events_per_truth: Option<f64>,
    /// `since`, against the truth's.
    pub(crate) start: Errors,
    /// The open revision, against the truth's `since` and limit.
    pub(crate) alert: Errors,
    /// `until`, against the truth's.
    pub(crate) end: Errors,
}

/// Events of a kind that were told, by what became of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) missed: usize,
    pub(super) untrue: usize,
    pub(super) doubled: usize,
    pub(super) ignored: usize,
}

impl KindScore {
    pub(super) fn new(matches: &[&Match], counts: Counts, tolerance: ToleranceFile) -> Self {
        let Counts { missed, untrue, doubled, ignored } = counts;
        let found = matches.len();
        let of = |value: fn(&Match) -> Option<f64>| matches.iter().filter_map(|one| value(one)).collect();
        Self {
            truth: found + missed,
            found,
            missed,
            untrue,
            doubled,
            ignored,
            precision: share(found, found + untrue + doubled),
            recall: share(found, found + missed),
            f1: share(2 * found, 2 * found + untrue + doubled + missed),
            events_per_truth: share(found + doubled, found),
            start: Errors::new(of(|one| Some(one.start_error_s)), tolerance.start_s),
            alert: Errors::new(of(|one| one.alert_error_s), tolerance.alert_s),
            end: Errors::new(of(|one| one.end_error_s), tolerance.end_s),
        }
    }

    /// Whether everything was found, once, and nothing else told.
    pub(crate) fn is_perfect(&self) -> bool {
        self.missed == 0 && self.untrue == 0 && self.doubled == 0
    }
}

/// A part of a whole; `None` where there is no whole.
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How far off times are, in seconds; positive: late.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Errors {
    /// Of how many events it can be told.
    pub(crate) measured: usize,
    /// The middle one, of an even number the mean of the two in the middle.
    pub(crate) median_s: Option<f64>,
    /// 95 of a hundred are off by no more, early or late (nearest rank); with the sign of the one that is off by this.
    pub(crate) p95_s: Option<f64>,
    /// The one that is off most, early or late, with its sign.
    pub(crate) worst_s: Option<f64>,
    /// Share within the tolerance.
    pub(crate) within: Option<f64>,
}

impl Errors {
    pub(crate) fn new(mut errors_s: Vec<f64>, tolerance_s: f64) -> Self {
        let count = errors_s.len();
        if count == 0 {
            return Self::default();
        }
        errors_s.sort_by(f64::total_cmp);
        let median_s = f64::midpoint(errors_s[(count - 1) / 2], errors_s[count / 2]);
        let within = errors_s.iter().filter(|error| error.abs() <= tolerance_s + ROUNDING_S).count();
        errors_s.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let rank = (count * 95).div_ceil(100);
        Self {
            measured: count,
            median_s: Some(median_s),
            p95_s: Some(errors_s[rank - 1]),
            worst_s: errors_s.last().copied(),
            within: share(within, count),
        }
    }
}

/// Times on the wire are whole milliseconds, those of the truth need not be.
pub(super) const ROUNDING_S: f64 = 0.000_5;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(errors_s: &[f64], median_s: f64, p95_s: f64, worst_s: f64, within: f64) {
        let errors = Errors::new(errors_s.to_vec(), 2.0);
        assert_eq!(errors.measured, errors_s.len());
        let found = [errors.median_s, errors.p95_s, errors.worst_s, errors.within];
        assert_eq!(found, [median_s, p95_s, worst_s, within].map(Some), "{errors_s:?}");
    }

    #[test]
    fn errors_keep_their_sign() {
        check(&[1.0], 1.0, 1.0, 1.0, 1.0);
        check(&[3.0, -4.0, 1.0], 1.0, -4.0, -4.0, 1.0 / 3.0);
        check(&[2.0, -2.0], 0.0, 2.0, 2.0, 1.0);
        let many: Vec<f64> =
            (1..=100).map(|error| f64::from(error) * if error % 2 == 0 { 1.0 } else { -1.0 }).collect();
        check(&many, 0.5, -95.0, 100.0, 0.02);
        assert_eq!(Errors::new(Vec::new(), 2.0), Errors::default());
    }

    #[test]
    fn shares_of_nothing_are_not_told() {
        let nothing = KindScore::new(&[], Counts::default(), ToleranceFile::default());
        assert_eq!(
            (nothing.precision, nothing.recall, nothing.f1, nothing.events_per_truth),
            (None, None, None, None)
        );
        assert!(nothing.is_perfect());
        let silent = KindScore::new(&[], Counts { missed: 2, ..Counts::default() }, ToleranceFile::default());
        assert_eq!((silent.precision, silent.recall, silent.f1), (None, Some(0.0), Some(0.0)));
        let invented =
            KindScore::new(&[], Counts { untrue: 1, ..Counts::default() }, ToleranceFile::default());
        assert_eq!((invented.precision, invented.recall, invented.f1), (Some(0.0), None, Some(0.0)));
        assert!(!silent.is_perfect() && !invented.is_perfect());
    }
}
