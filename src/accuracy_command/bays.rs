//! When bays were told otherwise than they were.

use crate::score::{BayScore, Occupancy, Span, Stretch};

/// A time in which a bay was told otherwise than it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mistold {
    pub(super) span: Span,
    pub(super) is: Occupancy,
    pub(super) told: Occupancy,
}

/// All of one bay, by time; not while the truth is unsure.
pub(super) fn mistold(bay: &BayScore) -> Vec<Mistold> {
    let is_sure = |is: &&Stretch| is.state != Occupancy::Unknown;
    let of = |is: &Stretch| {
        let told = bay.observed.iter().filter(|told| told.state != is.state);
        let told = told.filter_map(|told| {
            Some(Mistold { span: is.span.common(told.span)?, is: is.state, told: told.state })
        });
        told.collect::<Vec<_>>()
    };
    bay.truth.iter().filter(is_sure).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score_command::tests::example;

    #[test]
    fn what_was_told_wrongly_has_its_time() {
        use Occupancy::{Free, Occupied, Unknown};
        let (_, score) = example();
        let bays = score.bays.expect("it has bays").bays;
        let wrong = |from_s, until_s, is, told| Mistold { span: Span::new(from_s, until_s), is, told };
        let expected = [
            vec![wrong(0.0, 4.0, Occupied, Unknown)],
            // What it is from 88 to 92 s nobody knows.
            vec![wrong(20.0, 22.0, Occupied, Free), wrong(92.0, 110.0, Free, Occupied)],
            vec![],
        ];
        assert_eq!(bays.iter().map(mistold).collect::<Vec<_>>(), expected);
    }
}
