//! Where a place's object was seen lately, and until when it was at rest there.
//!
//! A car that drives off is still of its place for a second or three: its box overlaps, its speed cannot be told yet.
//! That it was leaving already can only be said looking back.

use std::{collections::VecDeque, time::Duration};

use gridwatch_domain::{NormBox, Timestamp};

use crate::motion::{median_box, offset, shift};

/// How far back is remembered: no car takes longer to get out of its place.
const LONGEST: Duration = Duration::from_secs(20);
/// Sightings nearer to each other than this count as one: the trail is bounded at any rate of pictures.
const SPACING: Duration = Duration::from_millis(150);
/// What agrees with the median of this time, and of this many sightings, is at rest: jitter cancels out in it.
const REST_WINDOW: Duration = Duration::from_secs(2);
const REST_SIGHTINGS: usize = 5;
/// By how much a box at rest may be off, in its own size: so many times what it jitters from one to the next, within
/// these bounds.
const JITTERS: f32 = 3.0;
const LEAST_OFF: f32 = 0.03;
const MOST_OFF: f32 = 0.12;
/// Recognised for this long after its last detection, it was at rest whatever that one said.
const RECOGNISED: Duration = Duration::from_secs(1);
/// A movement that can be seen may have begun this much earlier, when a car drives away from the camera …
const UNSEEN: Duration = Duration::from_secs(3);
/// … and is looked for in steps of so many seconds.
const STEP_S: f64 = 0.1;

/// Between pictures farther apart than this too little is seen of a movement to tell when it began.
const CLOSE: Duration = Duration::from_millis(600);

/// One sighting.
#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Timestamp,
    bbox: NormBox,
    /// Detected, and not merely recognised: its box says where it is.
    detected: bool,
}

/// The sightings of the last seconds, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Trail {
    sightings: VecDeque<Seen>,
}

impl Trail {
    /// Takes a detection in. One that comes right after another one replaces it.
    pub(super) fn detected(&mut self, at: Timestamp, bbox: NormBox) {
        self.push(Seen { at, bbox, detected: true });
    }

    /// It looks as ever where it was detected last.
    pub(super) fn recognised(&mut self, at: Timestamp, bbox: NormBox) {
        self.push(Seen { at, bbox, detected: false });
    }

    fn push(&mut self, seen: Seen) {
        let since = |earlier: &Seen| seen.at.saturating_since(earlier.at);
        let count = self.sightings.len();
        if count >= 2 && since(&self.sightings[count - 2]) < SPACING {
            self.sightings.pop_back();
        }
        while self.sightings.front().is_some_and(|first| since(first) > LONGEST) {
            self.sightings.pop_front();
        }
        self.sightings.push_back(seen);
    }

    /// The last time at which the object had not begun to move away from where it was last seen `inside`; `None` where
    /// it was not.
    pub(super) fn rested_until(&self, inside: impl Fn(NormBox) -> bool) -> Option<Timestamp> {
        let end = self.sightings.iter().rposition(|seen| inside(seen.bbox))?;
        let last = self.sightings[end].at;
        let detections: Vec<Seen> =
            self.sightings.range(..=end).filter(|seen| seen.detected).copied().collect();
        let recognised = detections.last().is_none_or(|seen| last.saturating_since(seen.at) > RECOGNISED);
        if recognised {
            return Some(last);
        }
        // What moves is ahead of the median of the seconds before it. What rests agrees with it, also where it came to
        // rest only a few seconds ago.
        let most_off = (JITTERS * jitter(&detections)).clamp(LEAST_OFF, MOST_OFF);
        let rests = |&index: &usize| {
            let seen = detections[index];
            let median = median_box(window(&detections[..=index]).iter().map(|seen| &seen.bbox));
            median.is_none_or(|median| shift(median, seen.bbox) <= most_off)
        };
        match (0..detections.len()).rev().find(rests) {
            Some(index) if index + 1 < detections.len() => Some(moved_off(&detections, index).min(last)),
            _ => Some(last),
        }
    }

    /// Moves all times back by `by`.
    pub(super) fn rewind(&mut self, by: Duration) {
        self.sightings.iter_mut().for_each(|seen| seen.at = seen.at.saturating_sub(by));
    }
}

/// The sightings of the [`REST_WINDOW`] before the last one, that one included.
fn window(sightings: &[Seen]) -> &[Seen] {
    let last = sightings.last().map_or(Timestamp::UNIX_EPOCH, |seen| seen.at);
    let recent = sightings.partition_point(|seen| last.saturating_since(seen.at) > REST_WINDOW);
    &sightings[recent.min(sightings.len().saturating_sub(REST_SIGHTINGS))..]
}

/// How far boxes are from the one before, in sizes; the median, so that a second of driving does not count.
fn jitter(sightings: &[Seen]) -> f32 {
    let mut steps: Vec<f32> = sightings.windows(2).map(|pair| shift(pair[0].bbox, pair[1].bbox)).collect();
    steps.sort_unstable_by(f32::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(0.0)
}

/// When something began to move that is at rest until about the sighting `rested` and then is not.
///
/// Of all times around that, the one that explains the boxes best: at rest before it, and from it on moving ever faster,
/// as cars set off.
fn moved_off(sightings: &[Seen], rested: usize) -> Timestamp {
    let around = &sightings[rested.saturating_sub(1)..sightings.len().min(rested + 2)];
    if around.windows(2).all(|pair| pair[1].at.saturating_since(pair[0].at) > CLOSE) {
        let next = sightings.get(rested + 1).map_or(sightings[rested].at, |next| next.at);
        return sightings[rested].at.saturating_add(next.saturating_since(sightings[rested].at) / 2);
    }
    let earliest = sightings[rested].at.saturating_sub(UNSEEN);
    let first = sightings.partition_point(|seen| seen.at < earliest);
    let before = window(&sightings[..=first]);
    let at_rest = median_box(before.iter().map(|seen| &seen.bbox)).unwrap_or(sightings[first].bbox);
    let way = |seen: &Seen| {
        let [x, y] = offset(at_rest, seen.bbox);
        [seen.at.seconds_since(sightings[first].at), f64::from(x), f64::from(y)]
    };
    let ways: Vec<[f64; 3]> = sightings[first..].iter().map(way).collect();
    let steps = ways.last().map_or(0.0, |way| way[0] / STEP_S) as u32;
    let starts = (0..=steps).map(|step| f64::from(step) * STEP_S);
    let best = starts.min_by(|&a, &b| unexplained(&ways, a).total_cmp(&unexplained(&ways, b)));
    sightings[first].at.saturating_add(Duration::from_secs_f64(best.unwrap_or(0.0)))
}

/// How badly having begun to move at `start`, ever faster, explains ways (seconds, and sizes along both axes): the sum
/// of the squares that the best acceleration leaves over.
fn unexplained(ways: &[[f64; 3]], start: f64) -> f64 {
    let (mut all, mut moving) = (0.0, [0.0; 3]);
    for [at, x, y] in ways {
        let reach = (at - start).max(0.0).powi(2);
        all += x * x + y * y;
        moving[0] += reach * reach;
        moving[1] += reach * x;
        moving[2] += reach * y;
    }
    all - (moving[1].powi(2) + moving[2].powi(2)) / moving[0].max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(seconds: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs_f64(seconds))
    }

    /// A box of 0.2 × 0.2, so many of its own sizes to the right.
    fn right_by(sizes: f64) -> NormBox {
        let x = 0.2 + 0.2 * sizes as f32;
        NormBox::clipped(x, 0.4, x + 0.2, 0.6).expect("in the picture")
    }

    /// When something rested last that is so many sizes away from its place so many seconds after it came there.
    #[track_caller]
    fn check(rate: f64, seconds: f64, away: impl Fn(f64) -> f64, wanted: f64) {
        let mut trail = Trail::default();
        for picture in 0..(seconds * rate) as u32 {
            let at = f64::from(picture) / rate;
            trail.detected(after(at), right_by(away(at)));
        }
        let found = trail.rested_until(|_| true).expect("it was seen").seconds_since(Timestamp::UNIX_EPOCH);
        assert!((found - wanted).abs() <= 0.7, "rate {rate}: {found}, not {wanted}");
    }

    #[test]
    fn what_speeds_up_rested_until_it_began_to_and_what_stands_rests() {
        // 1.3 m/s², of a car and of a bus.
        for acceleration in [0.29, 0.13] {
            let away = |at: f64| acceleration / 2.0 * (at - 10.0).max(0.0).powi(2);
            for rate in [2.0, 5.0, 25.0] {
                check(rate, 11.6, away, 10.0);
                check(rate, 9.0, away, 9.0);
            }
        }
        // It was straightened up a few seconds before.
        check(
            5.0,
            20.0,
            |at| if at < 12.0 { 0.0 } else { 0.15 + 0.145 * (at - 17.0).max(0.0).powi(2) },
            17.0,
        );
        // It is far, and its box jitters.
        let jitter = |at: f64| [0.0, 0.04, -0.03, 0.01, -0.04][(at * 5.0) as usize % 5];
        check(5.0, 12.0, |at| jitter(at) + 0.145 * (at - 10.0).max(0.0).powi(2), 10.0);
        check(5.0, 12.0, jitter, 12.0);
    }

    #[test]
    fn a_trail_is_bounded_and_may_be_short() {
        assert_eq!(Trail::default().rested_until(|_| true), None);
        let mut trail = Trail::default();
        trail.detected(after(1.0), right_by(0.0));
        assert_eq!(trail.rested_until(|_| true), Some(after(1.0)));
        for picture in 0..100_000_u32 {
            trail.detected(after(1.0 + f64::from(picture) / 1000.0), right_by(0.0));
        }
        assert!(trail.sightings.len() < 150, "{}", trail.sightings.len());
        assert_eq!(trail.rested_until(|_| true), Some(after(100.999)));
    }
}
