//! A camera whose pictures are shown one after the other.

use gridwatch_detect::{
    appearance::Grey,
    health::{Health, HealthRevision, HealthSettings, View},
};
use gridwatch_domain::{Frame, Phase, Timestamp};

use crate::footage::Picture;

/// Seconds from one picture to the next: at rest, and while everything is watched.
pub(crate) const SELDOM: f64 = 10.0;
pub(crate) const OFTEN: f64 = 0.2;

pub(crate) struct Tester {
    pub(crate) health: Health,
    grey: Grey,
    view: View,
    /// Seconds from one picture to the next.
    interval: f64,
    /// Seconds since the start.
    pub(crate) now: f64,
    seq: u64,
    pub(crate) told: Vec<HealthRevision>,
    random: fastrand::Rng,
}

pub(crate) fn time(second: f64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + (second * 1000.0) as i64).expect("in range")
}

impl Tester {
    pub(crate) fn every(interval: f64) -> Self {
        Self {
            health: Health::new(HealthSettings::default()),
            grey: Grey::default(),
            view: View::default(),
            interval,
            now: 0.0,
            seq: 0,
            told: Vec::new(),
            random: fastrand::Rng::with_seed(7),
        }
    }

    /// Shows pictures for so many seconds; `picture` is asked for each, with the seconds since the start.
    pub(crate) fn show(&mut self, seconds: f64, mut picture: impl FnMut(f64) -> Picture) -> &mut Self {
        let until = self.now + seconds;
        while self.now < until {
            let frame = picture(self.now).frame(self.seq, time(self.now));
            self.look(&frame);
            self.now += self.interval;
        }
        self
    }

    /// Shows one picture.
    pub(crate) fn look(&mut self, frame: &Frame) {
        self.grey.fill(frame);
        self.view.fill(frame, &self.grey);
        let random = &mut self.random;
        let mut ids = || std::array::from_fn(|_| random.u8(..));
        let told = self.health.observe(frame.at, &self.view, std::iter::empty(), &mut ids);
        self.told.extend(told);
        self.seq += 1;
    }

    /// The process ends, and begins anew with what was kept.
    pub(crate) fn restart(&mut self) -> &mut Self {
        let kept = serde_json::to_vec(&self.health).expect("numbers");
        assert!(kept.len() < 16 * 1024, "{} bytes", kept.len());
        let health: Health = serde_json::from_slice(&kept).expect("what was written");
        self.health = health.with_settings(HealthSettings::default());
        self
    }

    /// What was told so far, as `kind phase second since`, the last two as numbers.
    pub(crate) fn lines(&self) -> Vec<String> {
        let second = |at: Timestamp| at.seconds_since(time(0.0)).round();
        let line = |told: &HealthRevision| {
            let since = told.until.unwrap_or(told.since);
            format!("{} {} at {}, {}", told.kind, told.phase.as_str(), second(told.at), second(since))
        };
        self.told.iter().map(line).collect()
    }

    /// One trouble has been told, which began at a second and was told within so many seconds; and nothing else.
    #[track_caller]
    pub(crate) fn expect(&self, kind: &str, since: f64, within: f64) {
        let lines = self.lines();
        let opened: Vec<_> = self.told.iter().filter(|told| told.phase == Phase::Open).collect();
        assert_eq!(opened.len(), 1, "one {kind}: {lines:?}");
        assert_eq!(opened[0].kind.as_str(), kind, "{lines:?}");
        let (began, at) = (opened[0].since.seconds_since(time(0.0)), opened[0].at.seconds_since(time(0.0)));
        assert!(
            began - since >= -0.1 && began - since <= 2.0 * self.interval.max(5.0),
            "{kind} at {since}: {lines:?}"
        );
        assert!(at - since <= within + 2.0 * self.interval, "{kind} within {within} s of {since}: {lines:?}");
    }

    /// It has been told as over, since a second.
    #[track_caller]
    pub(crate) fn expect_over(&self, until: f64) {
        let lines = self.lines();
        let last = self.told.last().expect("something was told");
        assert_eq!((last.phase, last.rev), (Phase::Close, 2), "{lines:?}");
        let ended = last.until.expect("closed").seconds_since(time(0.0));
        assert!((ended - until).abs() <= 2.0 * self.interval.max(5.0), "until {until}: {lines:?}");
        assert!(self.health.is_trusted(), "it is trusted again");
    }
}
