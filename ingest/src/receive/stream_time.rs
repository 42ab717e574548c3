//! A stream's own time, made to run on through all that cameras do to it. Pure.
//!
//! A camera that sets its clock, or restarts its encoder, may jump with the times of its pictures. What follows goes on where the
//! time stood, by as much as has passed here, so that whoever measures by it does not notice.

use std::time::Duration;

/// Pictures may be sent out of the order in which they are shown; so far back is no jump. Sixteen pictures, the most that
/// H.264 and H.265 allow, at 16 a second.
const OUT_OF_ORDER: i64 = 1_000_000_000;
/// What was held up on its way may be left out by the camera, and time passes over it; further ahead is a jump.
const LEFT_OUT: i64 = 10_000_000_000;

/// Where a picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// From the first picture on.
    pub(super) time: Duration,
    /// Whether that is later than all before it.
    pub(super) is_newest: bool,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct StreamTime {
    /// Nanoseconds added to the camera's times.
    base: i64,
    /// The newest picture: its time in nanoseconds, and when it came.
    newest: Option<(i64, Duration)>,
}

impl StreamTime {
    /// Places a picture that bears the camera's time `stamp`, in nanoseconds from anywhere, and came at `arrived`.
    pub(super) fn place(&mut self, stamp: i64, arrived: Duration) -> Place {
        let Some((newest, came)) = self.newest else {
            self.base = stamp.saturating_neg();
            self.newest = Some((0, arrived));
            return Place { time: Duration::ZERO, is_newest: true };
        };
        let passed = nanos(arrived.saturating_sub(came));
        let mut time = stamp.saturating_add(self.base);
        let ahead = time.saturating_sub(newest);
        if ahead < -OUT_OF_ORDER || ahead > passed.saturating_add(LEFT_OUT) {
            time = newest.saturating_add(passed.max(1));
            self.base = time.saturating_sub(stamp);
        }
        let is_newest = time > newest;
        if is_newest {
            self.newest = Some((time, arrived));
        }
        Place { time: Duration::from_nanos(u64::try_from(time).unwrap_or(0)), is_newest }
    }

    /// Where the camera's time `stamp` stands, without taking it for a picture's. Before the first picture it is below zero.
    pub(super) fn peek(&self, stamp: i64) -> i64 {
        stamp.saturating_add(self.base)
    }
}

/// In nanoseconds; three centuries at most.
pub(super) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: i64 = 1_000_000;

    /// Places pictures given by stamp and arrival in milliseconds; gives times in milliseconds.
    fn placed(pictures: &[(i64, u64)]) -> Vec<u128> {
        let mut time = StreamTime::default();
        let place =
            |&(stamp, arrived)| time.place(stamp * MS, Duration::from_millis(arrived)).time.as_millis();
        pictures.iter().map(place).collect()
    }

    #[test]
    fn a_steady_stream_keeps_its_times() {
        assert_eq!(placed(&[(5_000, 0), (5_040, 40), (5_080, 300), (5_120, 300)]), [0, 40, 80, 120]);
        // Pictures out of order, and a hole that a dropped queue has torn.
        assert_eq!(placed(&[(0, 0), (160, 40), (80, 80), (120, 120)]), [0, 160, 80, 120]);
        assert_eq!(placed(&[(0, 0), (40, 40), (8_000, 80), (8_040, 120)]), [0, 40, 8_000, 8_040]);
        // Nothing came for a while, and the camera's time went on.
        assert_eq!(placed(&[(0, 0), (60_000, 60_000)]), [0, 60_000]);
    }

    #[test]
    fn after_a_jump_it_goes_on_where_it_stood() {
        let back = [(90_000, 0), (90_040, 40), (1_000, 80), (1_040, 120)];
        assert_eq!(placed(&back), [0, 40, 80, 120]);
        let ahead = [(0, 0), (40, 40), (3_600_000, 80), (3_600_040, 120)];
        assert_eq!(placed(&ahead), [0, 40, 80, 120]);
    }

    #[test]
    fn a_time_that_stands_still_is_told() {
        let mut time = StreamTime::default();
        assert!(time.place(7 * MS, Duration::ZERO).is_newest);
        for picture in 1..100 {
            assert!(!time.place(7 * MS, Duration::from_millis(40 * picture)).is_newest);
        }
    }

    proptest! {
        #[test]
        fn whatever_a_camera_says_time_does_not_run_away_backwards(
            pictures in prop::collection::vec((any::<i64>(), 0_u64..100), 1..100),
        ) {
            let (mut time, mut arrived, mut newest) = (StreamTime::default(), 0, Duration::ZERO);
            for (stamp, wait) in pictures {
                arrived += wait;
                let place = time.place(stamp, Duration::from_millis(arrived));
                prop_assert!(place.time + Duration::from_secs(1) >= newest);
                prop_assert_eq!(place.is_newest, place.time > newest || newest.is_zero() && place.time.is_zero() && arrived == wait);
                newest = newest.max(place.time);
            }
        }
    }
}
