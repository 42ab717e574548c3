//! Spans of time, in seconds from the first picture.

use serde::Serialize;

/// From one time to a later one, or to the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "[f64; 2]")]
pub(crate) struct Span {
    pub(crate) from_s: f64,
    pub(crate) until_s: f64,
}

impl Span {
    /// An end before the beginning becomes the beginning.
    pub(crate) fn new(from_s: f64, until_s: f64) -> Self {
        Self { from_s, until_s: until_s.max(from_s) }
    }

    /// How long, in seconds.
    pub(crate) fn length_s(self) -> f64 {
        self.until_s - self.from_s
    }

    /// What both have in common; `None` where they are apart or merely touch. Something without length is in common where it lies
    /// within the other.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let (from_s, until_s) = (self.from_s.max(other.from_s), self.until_s.min(other.until_s));
        let is_point = self.length_s() == 0.0 || other.length_s() == 0.0;
        (from_s < until_s || (is_point && from_s == until_s)).then_some(Self { from_s, until_s })
    }

    /// How long both last together, in seconds.
    pub(crate) fn overlap_s(self, other: Self) -> f64 {
        self.common(other).map_or(0.0, Self::length_s)
    }

    /// Seconds between the two; 0 where they overlap or touch.
    pub(crate) fn gap_s(self, other: Self) -> f64 {
        (self.from_s - other.until_s).max(other.from_s - self.until_s).max(0.0)
    }

    /// Whether `time` lies in it; its end does not.
    pub(crate) fn contains(self, time_s: f64) -> bool {
        self.from_s <= time_s && time_s < self.until_s
    }
}

impl From<Span> for [f64; 2] {
    fn from(span: Span) -> Self {
        [span.from_s, span.until_s]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: [f64; 2], b: [f64; 2], common: Option<f64>, gap_s: f64) {
        let (a, b) = (Span::new(a[0], a[1]), Span::new(b[0], b[1]));
        for (one, other) in [(a, b), (b, a)] {
            assert_eq!(one.common(other).map(Span::length_s), common);
            assert_eq!(one.gap_s(other), gap_s);
        }
    }

    #[test]
    fn spans_overlap_by_more_than_a_touch() {
        check([0.0, 10.0], [5.0, 20.0], Some(5.0), 0.0);
        check([0.0, 10.0], [2.0, 3.0], Some(1.0), 0.0);
        check([0.0, 10.0], [10.0, 20.0], None, 0.0);
        check([0.0, 10.0], [12.5, 20.0], None, 2.5);
    }

    #[test]
    fn what_has_no_length_lies_in_another_or_does_not() {
        check([5.0, 5.0], [0.0, 10.0], Some(0.0), 0.0);
        check([10.0, 10.0], [0.0, 10.0], Some(0.0), 0.0);
        check([11.0, 11.0], [0.0, 10.0], None, 1.0);
    }
}
