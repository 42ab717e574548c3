//! When pictures were taken, by our own clock. Pure.
//!
//! Networks hold pictures up, now more, now less; the times that the camera writes on them (RTP, RFC 3550 section 5.1) run evenly. The
//! picture that was held up least in the last while tells how far the two lie apart, and by that all others are dated. A camera's
//! sender reports (RTCP, section 6.4.1) say what its own clock showed. That is believed only where it can be true:
//! where it says that even the picture held up least was on its way for a moment. A clock that is wrong by more than that is no help, and does no harm.

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::Timestamp;

use super::stream_time::nanos;

/// How long the picture that was held up least counts, time in which nothing came left out. Networks hold pictures up for
/// moments; and a clock that is off by 100 parts in a million drifts by half a millisecond.
const WINDOW: i64 = 5_000_000_000;
/// Where nothing comes for longer than this, something is held up.
const LONGEST_GAP: i64 = 500_000_000;
/// What is learnt to be later is followed by this part of the time that passes; what is learnt to be earlier, at once.
const LATER: i64 = 100;
/// Where all pictures of a window are later by more, the camera's times do not run as time does; there is nothing to wait for.
const OFF: i64 = 1_000_000_000;
/// The same for the time that a picture takes from the lens to here, either way. Slower than any order of pictures is deep.
const SLEW: i64 = 20;
/// Longest time from lens to here that a camera's clock is believed; cameras take 50 to 300 ms.
const LONGEST_WAY: i64 = 500_000_000;
/// Pictures among which the order is kept; more than any form sends out of order.
const RECENT: usize = 20;
/// Our own clock, in milliseconds, may be set back by so much without pictures losing their order.
const OWN_STEP: i64 = 10_000;

/// See the module's documentation. All times but [`Timestamp`]s are nanoseconds.
#[derive(Debug, Default)]
pub(super) struct WallClock {
    /// How long pictures have been coming.
    active: i64,
    /// Arrival, on that clock, and arrival less time in the stream, of the pictures that may yet be those held up least; both growing.
    least: VecDeque<(i64, i64)>,
    /// Arrival of the last picture.
    came: i64,
    /// What is added to a time in the stream to get the arrival of a picture that was not held up.
    offset: Option<i64>,
    /// Time in the stream and arrival of the newest picture.
    newest: (i64, i64),
    /// The last pictures: their time in the stream, and when they were taken.
    recent: VecDeque<(i64, Timestamp)>,
    /// How long pictures are on their way that are not held up: as said by the last report, and as followed so far.
    way: Option<i64>,
    followed: i64,
}

impl WallClock {
    /// When the picture at `time` of the stream was taken, which came at `arrived` when our clock showed `now`. Later pictures of the
    /// stream are dated later. None is dated after `now`, but for a millisecond after the one before it.
    pub(super) fn at(&mut self, time: Duration, arrived: Duration, now: Timestamp) -> Timestamp {
        let (time, arrived) = (nanos(time), nanos(arrived));
        let offset = self.learn(time, arrived);
        let held_up = arrived.saturating_sub(time.saturating_add(offset)).max(0);
        let at = before(now, held_up.saturating_add(self.followed));
        if time > self.newest.0 || self.recent.is_empty() {
            self.newest = (time, arrived);
        }
        let at = self.in_order(time, at);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((time, at));
        at
    }

    /// The nearest moment that leaves the pictures in order.
    fn in_order(&self, time: i64, at: Timestamp) -> Timestamp {
        let tick = Duration::from_millis(1);
        let earlier =
            self.recent.iter().filter(|(other, _)| *other < time).map(|(_, at)| at.saturating_add(tick));
        // Where our own clock was set back far, what was before it is no measure.
        let near = |other: &Timestamp| other.as_millisecond() - at.as_millisecond() < OWN_STEP;
        let after = earlier.filter(near).max().map_or(at, |earlier| at.max(earlier));
        let later = self.recent.iter().filter(|(other, _)| *other > time).map(|(_, at)| *at);
        later.min().map_or(after, |later| after.min(later))
    }

    /// The camera says that its clock showed `shown` at `time` of the stream. It said so at `arrived`, when ours showed `now`.
    pub(super) fn report(&mut self, time: i64, shown: Timestamp, arrived: Duration, now: Timestamp) {
        let Some(offset) = self.offset else { return };
        let ago = nanos(arrived).saturating_sub(time.saturating_add(offset));
        let ours = now.as_millisecond().saturating_mul(1_000_000).saturating_sub(ago);
        let way = ours.saturating_sub(shown.as_millisecond().saturating_mul(1_000_000));
        self.way = (0..=LONGEST_WAY).contains(&way).then_some(way);
    }

    fn learn(&mut self, time: i64, arrived: i64) -> i64 {
        let late = arrived.saturating_sub(time);
        self.active +=
            arrived.saturating_sub(std::mem::replace(&mut self.came, arrived)).clamp(0, LONGEST_GAP);
        while self.least.back().is_some_and(|(_, other)| *other >= late) {
            self.least.pop_back();
        }
        self.least.push_back((self.active, late));
        while self.least.front().is_some_and(|(came, _)| self.active - came > WINDOW) {
            self.least.pop_front();
        }
        let least = self.least.front().map_or(late, |(_, least)| *least);
        let before = self.offset.unwrap_or(least);
        // Pictures that are sent out of order find all as the newest left it.
        let passed = time.saturating_sub(self.newest.0).max(0);
        let offset = match least.saturating_sub(before) {
            OFF.. => least,
            _ => least.min(before.saturating_add(passed / LATER)),
        };
        let step = passed.min(arrived.saturating_sub(self.newest.1)).max(0) / SLEW;
        self.followed += (self.way.unwrap_or(0) - self.followed).clamp(-step, step);
        self.offset = Some(offset);
        offset
    }
}

/// So many nanoseconds earlier.
fn before(at: Timestamp, by: i64) -> Timestamp {
    at.saturating_sub(Duration::from_nanos(u64::try_from(by).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: f64 = 1e-3;

    /// A camera and the network to it; times in seconds.
    #[derive(Debug, Clone, Copy)]
    struct Camera {
        /// Pictures a second.
        rate: f64,
        /// How much faster its clock runs than ours, as a share.
        drift: f64,
        /// From the lens to here at least.
        way: f64,
        /// How long the network holds everything up at most, which it does every second or so.
        jitter: f64,
        /// By how much its clock is ahead, and how often it says so.
        ahead: Option<f64>,
        /// Whether it sends pictures out of order, three between two.
        reorders: bool,
        seed: u64,
    }

    const GOOD: Camera =
        Camera { rate: 25.0, drift: 0.0, way: 0.08, jitter: 0.4, ahead: None, reorders: false, seed: 1 };

    /// A picture: taken, arrived, and dated to, in seconds.
    #[derive(Debug)]
    struct Dated {
        taken: f64,
        arrived: f64,
        at: f64,
    }

    fn stamp(seconds: f64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + (seconds * 1000.0).round() as i64).expect("a time")
    }

    fn seconds(at: Timestamp) -> f64 {
        (at.as_millisecond() - 1_700_000_000_000) as f64 / 1000.0
    }

    impl Camera {
        fn film(self, duration: f64) -> Vec<Dated> {
            let mut random = fastrand::Rng::with_seed(self.seed);
            let (mut clock, mut last, mut dated) = (WallClock::default(), 0.0_f64, Vec::new());
            let mut held_until = 0.0_f64;
            for number in 0..(duration * self.rate) as u64 {
                // 0, 4 1 2 3, 8 5 6 7, …: each after the one that it refers to has been taken.
                let shown = match (self.reorders, number % 4) {
                    (false, _) => number,
                    (true, 1) => number + 3,
                    (true, 0) if number == 0 => 0,
                    (true, _) => number - 1,
                };
                let taken = shown as f64 / self.rate;
                let sent = if self.reorders { taken.max(number as f64 / self.rate) } else { taken };
                let through = sent + self.way + 0.002 * random.f64();
                if random.f64() < 1.0 / self.rate {
                    held_until = through + self.jitter * random.f64();
                }
                last = last.max(through).max(held_until);
                let (time, arrived) = (taken * (1.0 + self.drift), last + 100.0);
                if let Some(ahead) = self.ahead.filter(|_| number % 125 == 124) {
                    let newest = nanos(Duration::from_secs_f64(time));
                    clock.report(newest, stamp(taken + ahead), Duration::from_secs_f64(arrived), stamp(last));
                }
                let at =
                    clock.at(Duration::from_secs_f64(time), Duration::from_secs_f64(arrived), stamp(last));
                dated.push(Dated { taken, arrived: last, at: seconds(at) });
            }
            dated
        }
    }

    /// The largest and the least error of those taken later than `from`.
    fn errors(dated: &[Dated], from: f64) -> (f64, f64) {
        let off = dated.iter().filter(|one| one.taken >= from).map(|one| one.at - one.taken);
        off.fold((f64::MIN, f64::MAX), |(most, least), off| (most.max(off), least.min(off)))
    }

    #[track_caller]
    fn check(camera: Camera, from: f64, expected: f64) {
        let dated = camera.film(from + 60.0);
        let (most, least) = errors(&dated, from);
        let (low, high) = (expected - 6.0 * MS, expected + 14.0 * MS);
        assert!(least >= low && most <= high, "{camera:?}: {least:.3} to {most:.3}, not about {expected}");
    }

    #[test]
    fn jitter_is_taken_out_and_what_no_picture_is_spared_remains() {
        check(GOOD, 20.0, 0.08);
        check(Camera { jitter: 0.0, ..GOOD }, 0.0, 0.08);
        check(Camera { reorders: true, jitter: 0.2, ..GOOD }, 20.0, 0.08);
    }

    #[test]
    fn drift_is_followed_both_ways() {
        for drift in [1e-4, -1e-4, 5e-5] {
            check(Camera { drift, ..GOOD }, 120.0, 0.08);
        }
    }

    #[test]
    fn a_camera_whose_clock_is_right_tells_the_very_moment() {
        check(Camera { ahead: Some(0.0), ..GOOD }, 30.0, 0.0);
    }

    #[test]
    fn a_camera_whose_clock_is_wrong_is_not_believed() {
        for ahead in [3600.0, -3600.0, 0.3, -2.0, 1e9, -1e9] {
            check(Camera { ahead: Some(ahead), ..GOOD }, 30.0, 0.08);
        }
    }

    #[test]
    fn a_cameras_clock_that_is_set_right_or_wrong_moves_no_picture_by_much() {
        let mut clock = WallClock::default();
        let mut last: Option<Timestamp> = None;
        for picture in 0..10_000_u64 {
            let time = Duration::from_millis(40 * picture);
            let now = stamp(time.as_secs_f64() + 0.1);
            // Right for a while, then an hour off, then right again.
            let ahead = if (3000..6000).contains(&picture) { 3600.0 } else { 0.0 };
            if picture % 125 == 0 {
                clock.report(nanos(time), stamp(time.as_secs_f64() + ahead), time, now);
            }
            let at = clock.at(time, time, now);
            if let Some(last) = last {
                let step = at.as_millisecond() - last.as_millisecond();
                assert!((36..=44).contains(&step), "picture {picture} comes {step} ms after the last");
            }
            last = Some(at);
        }
    }

    #[test]
    fn our_own_clock_may_be_set() {
        #[track_caller]
        fn check(set_by: f64, expected: i64) {
            let mut clock = WallClock::default();
            let mut at = |picture: u64, off: f64| {
                let time = Duration::from_millis(40 * picture);
                clock.at(time, time, stamp(time.as_secs_f64() + off)).as_millisecond()
            };
            let before = (0..100).map(|picture| at(picture, 0.0)).last().expect("some");
            assert_eq!(at(100, set_by) - before, expected, "set by {set_by} s");
        }
        check(0.0, 40);
        check(3.0, 3040);
        // A little back: time waits. Far back: it cannot.
        check(-3.0, 1);
        check(-3600.0, 40 - 3_600_000);
    }

    #[test]
    fn what_was_held_up_for_long_is_dated_to_when_it_was_taken() {
        let mut clock = WallClock::default();
        for picture in 0..500_u64 {
            let time = Duration::from_millis(40 * picture);
            // Nothing comes for eight seconds, then all of it.
            let arrived = if (200..400).contains(&picture) { Duration::from_secs(16) } else { time };
            let at = seconds(clock.at(time, arrived, stamp(arrived.as_secs_f64())));
            assert!((at - time.as_secs_f64()).abs() < 2.0 * MS, "picture {picture} is dated {at}");
        }
    }

    #[test]
    fn a_camera_that_numbers_its_pictures_rather_than_telling_the_time_is_soon_seen_through() {
        // Every picture is said to be 40 ms after the last; they come as the light allows.
        for rate in [4.0, 12.0, 20.0, 30.0, 60.0] {
            let mut clock = WallClock::default();
            for picture in 0..2_000_u64 {
                let arrived = picture as f64 / rate;
                let time = Duration::from_millis(40 * picture);
                let at = clock.at(time, Duration::from_secs_f64(arrived), stamp(arrived));
                let late = arrived - seconds(at);
                assert!((-2.0 * MS..6.5).contains(&late), "{rate} a second: dated {late} s before it came");
            }
        }
    }

    proptest! {
        #[test]
        fn pictures_are_dated_in_order_never_ahead_and_near_the_truth(
            seed in any::<u64>(),
            rate in 5.0_f64..60.0,
            drift in -1e-4_f64..1e-4,
            way in 0.0_f64..0.4,
            jitter in 0.0_f64..0.4,
            ahead in prop::option::of(prop_oneof![Just(0.0), -10_000.0_f64..10_000.0]),
            reorders in any::<bool>(),
        ) {
            let camera = Camera { rate, drift, way, jitter, ahead, reorders, seed };
            let mut dated = camera.film(90.0);
            for one in &dated {
                // Pictures that come at once are a millisecond apart.
                prop_assert!(one.at <= one.arrived + 30.0 * MS, "{one:?} is dated after it came");
            }
            let (most, least) = errors(&dated, 45.0);
            // A clock that is a little wrong may be believed: half a second at most.
            let lowest = if ahead.is_some_and(|ahead| ahead != 0.0) { way - 0.5 } else { 0.0 };
            prop_assert!(least >= lowest - 10.0 * MS && most <= way + 20.0 * MS, "{least} to {most}");
            dated.sort_by(|one, other| one.taken.total_cmp(&other.taken));
            for pair in dated.windows(2) {
                // In the first burst more pictures may come than there are milliseconds.
                let in_order = if pair[0].taken > 2.0 { pair[1].at > pair[0].at } else { pair[1].at >= pair[0].at };
                prop_assert!(in_order, "{pair:?}");
            }
        }
    }
}
