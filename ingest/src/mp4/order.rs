//! When each picture must be decoded, where only when it is shown is known (as RTP tells). Pure.
//!
//! Pictures come in the order in which they are decoded. With B-pictures that is not the order in which they are shown; then the
//! n-th is to be decoded no later than the n-th smallest of all times is shown: times sorted, later by the number of
//! pictures that a decoder holds back (`max_num_reorder_frames` of ITU-T H.264 annex E).

/// Units of time between pictures that are decoded before the first one is shown, where nothing is known of their rhythm: a 25th
/// of a second.
const STEP: i64 = 3600;
/// No decoder holds back more (`max_dec_frame_buffering` of ITU-T H.264 annex A.3.1, `sps_max_dec_pic_buffering_minus1` of H.265
/// annex A.4.2): how far back is looked, as a camera may send a hundred thousand pictures between two key pictures.
const MOST_HELD: usize = 16;

/// Gives each picture of one stream its time of decoding.
#[derive(Debug)]
pub(super) struct DecodeTimes {
    depth: usize,
    /// Times of pictures that are held back, smallest first.
    held: Vec<i64>,
    last: Option<i64>,
    /// The earliest time in the first group: pictures that are shown before the key picture may follow it.
    earliest: Option<i64>,
    /// Time between two of its pictures: as much later than decoding begins a file ends, or its last pictures would lie behind its end.
    step: i64,
}

impl Default for DecodeTimes {
    fn default() -> Self {
        Self { depth: 0, held: Vec::new(), last: None, earliest: None, step: STEP }
    }
}

impl DecodeTimes {
    /// Learns how many pictures are held back from times of a group of pictures, in the order of decoding.
    pub(super) fn learn(&mut self, shown: &[i64]) {
        let before_but_later = |(index, time): (usize, &i64)| {
            shown[index.saturating_sub(MOST_HELD)..index].iter().filter(|earlier| *earlier > time).count()
        };
        let depth = shown.iter().enumerate().map(before_but_later).max().unwrap_or(0);
        self.depth = self.depth.max(depth);
        if self.last.is_none() {
            self.earliest = shown.iter().copied().min();
            let span =
                shown.iter().max().zip(self.earliest).map_or(0, |(latest, earliest)| latest - earliest);
            if span > 0 {
                self.step = (span / (shown.len() as i64 - 1)).max(1);
            }
        }
    }

    /// Time of decoding of the next picture, which is shown at `shown`; grows with each.
    pub(super) fn next(&mut self, shown: i64) -> i64 {
        let index = self.held.partition_point(|held| *held <= shown);
        self.held.insert(index, shown);
        let due = if self.held.len() > self.depth {
            self.held.remove(0)
        } else {
            let missing = (self.depth + 1 - self.held.len()) as i64;
            self.earliest.map_or(self.held[0], |earliest| earliest.min(self.held[0])) - missing * self.step
        };
        let due = self.last.map_or(due, |last| due.max(last + 1));
        self.last = Some(due);
        due
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(shown: &[i64]) -> Vec<i64> {
        let mut times = DecodeTimes::default();
        times.learn(shown);
        shown.iter().map(|&time| times.next(time)).collect()
    }

    #[test]
    fn without_b_pictures_pictures_are_decoded_when_they_are_shown() {
        assert_eq!(decoded(&[0, 3600, 7200, 10_801]), [0, 3600, 7200, 10_801]);
    }

    #[test]
    fn pictures_that_are_shown_later_are_decoded_in_time() {
        // I P B B B, P B B B: each P is shown after the three that follow it.
        let shown = [0, 14_400, 7200, 3600, 10_800, 28_800, 21_600, 18_000, 25_200];
        let due = decoded(&shown);
        assert_eq!(due, [-7200, -3600, 0, 3600, 7200, 10_800, 14_400, 18_000, 21_600]);
    }

    proptest! {
        #[test]
        fn no_picture_is_decoded_after_it_is_shown_and_all_in_order(
            // Pictures of a steady stream, each shown up to four places from where it is decoded.
            moves in prop::collection::vec(0_usize..5, 2..80),
        ) {
            let mut order: Vec<i64> = (0..moves.len() as i64).map(|index| index * 3600).collect();
            for (index, distance) in moves.iter().enumerate().step_by(6) {
                let to = (index + distance).min(order.len() - 1);
                let picture = order.remove(to);
                order.insert(index, picture);
            }
            let due = decoded(&order);
            prop_assert!(due.windows(2).all(|pair| pair[0] < pair[1]), "{due:?}");
            prop_assert!(due.iter().zip(&order).all(|(due, shown)| due <= shown), "{due:?} {order:?}");
        }
    }
}
