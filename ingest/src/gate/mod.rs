//! The packet gate: decides about every encoded picture whether it is worth decoding. Pure; time is the stream's.
//!
//! At rest a key picture is looked at from time to time. What changed since the last one is looked at afterwards in the key
//! pictures between (they are still in the ring), so that nothing is missed by resting. While something goes on, every key
//! picture is looked at. Where key pictures are too far apart to watch by, or there are none (intra refresh), all pictures
//! are decoded, beginning with those since the last key picture.

mod activity;
mod features;
mod rest;
#[cfg(test)]
mod tests;

use std::time::Duration;

use gridwatch_config::DecodeMode;
use gridwatch_domain::{Attention, Timestamp};

use self::activity::Activity;
pub use self::rest::longest_rest;
pub(crate) use self::{
    features::Reader,
    rest::{Rest, SharedRest},
};
use crate::{
    AccessUnit,
    bitstream::{self, Entry},
    sampler::Sampler,
};

/// Key pictures that come more seldom than this are too few to watch by.
const KEYS_TOO_FAR_APART: Duration = Duration::from_secs(12);
/// Bytes since the last key picture beyond which the next one is too far away: the ring could not keep what to begin with.
const GROUP_TOO_LARGE: usize = 6 << 20;
/// How long every key picture is looked at after something was noticed: a car takes as long to come or go.
const STAYS_AWAKE: Duration = Duration::from_secs(6);
/// How long all pictures are decoded after more than key pictures were asked for: an analysis is seldom later than that.
const STAYS_ASKED: Duration = Duration::from_secs(2);
/// So long before somebody's limit ends every key picture is looked at.
const BEFORE_DUE: Duration = Duration::from_secs(4);
/// Where one is asked for so shortly before the next key picture, that one is waited for: all since the last one need not be decoded.
/// With what dating the beginning is off by where key pictures are two seconds apart, the event is still open within two seconds.
const WORTH_WAITING: Duration = Duration::from_secs(1);

/// What is to become of an encoded picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is not looked at.
    Skip,
    /// A key picture, decoded by itself. Where it shows a change, those since the last one are looked at first.
    Look,
    /// All since the last key picture are decoded, and this one is handed on.
    CatchUp,
    /// From here on all are decoded: those since the last key picture first, of which only this one is handed on.
    Begin,
    /// It is decoded after those before it, and handed on if `wanted`.
    Follow {
        /// Whether it is due.
        wanted: bool,
    },
}

/// How much is decoded at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// A key picture from time to time.
    Rest,
    /// Every key picture.
    Keys,
    /// Everything.
    All,
}

/// Why it is that much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The configuration says so.
    Configured,
    /// Nothing goes on.
    Quiet,
    /// Nothing is known yet.
    Beginning,
    /// The last picture that was looked at showed a change.
    Changed,
    /// Pictures cost more than they usually do.
    Surge,
    /// The rules watch something.
    Watchful,
    /// Somebody's limit is about to end.
    Due,
    /// Key pictures are too far apart, or do not come at all.
    KeysFarApart,
    /// Something moves where a zone asks for more than key pictures.
    Asked,
    /// It is no RTSP stream, or one that only GStreamer understands: nothing is known of its encoded pictures.
    ByGstreamer,
}

impl Level {
    /// Stable word for it: for metrics and pages.
    pub fn code(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Keys => "keys",
            Self::All => "all",
        }
    }

    /// Its place among the levels, from 0.
    pub(crate) fn rank(self) -> i64 {
        match self {
            Self::Rest => 0,
            Self::Keys => 1,
            Self::All => 2,
        }
    }
}

impl Reason {
    /// Stable word for it: for metrics and pages.
    pub fn code(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Quiet => "quiet",
            Self::Beginning => "beginning",
            Self::Changed => "changed",
            Self::Surge => "surge",
            Self::Watchful => "watchful",
            Self::Due => "due",
            Self::KeysFarApart => "keys_far_apart",
            Self::Asked => "asked",
            Self::ByGstreamer => "by_gstreamer",
        }
    }
}

/// How much of a stream is decoded, and why, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateState {
    /// How much.
    pub level: Level,
    /// Why.
    pub reason: Reason,
    /// Since when: time of the picture.
    pub since: Timestamp,
}

/// How a camera's pictures are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GateSettings {
    pub(crate) mode: DecodeMode,
    /// Pictures a second that are analysed at most.
    pub(crate) sample_fps: u8,
    pub(crate) rest: Rest,
}

/// The gate of one stream.
pub(crate) struct Gate {
    settings: GateSettings,
    sampler: Sampler,
    reader: Reader,
    activity: Activity,
    /// Time of the last key picture, and how long after the one before.
    last_key: Option<Duration>,
    interval: Duration,
    /// Bytes since the last key picture.
    group: usize,
    /// Since the last key picture the encoder has begun to refresh pictures, as those do that send no others.
    refreshes: bool,
    last_look: Option<Duration>,
    /// Until when it stays awake, and why.
    awake: Option<(Duration, Reason)>,
    /// Until when more than key pictures are wanted, and how many a second.
    asked: Option<(Duration, Sampler)>,
    /// The last due time that was seen to.
    seen_to: Option<Timestamp>,
    level: (Level, Reason),
    /// The last picture was to be decoded after those before it.
    follows: bool,
}

impl Gate {
    pub(crate) fn new(settings: GateSettings) -> Self {
        Self {
            settings,
            sampler: Sampler::new(settings.sample_fps),
            reader: Reader::default(),
            activity: Activity::default(),
            last_key: None,
            interval: Duration::ZERO,
            group: 0,
            refreshes: false,
            last_look: None,
            awake: None,
            asked: None,
            seen_to: None,
            level: (Level::All, Reason::Beginning),
            follows: false,
        }
    }

    /// How much is decoded, and why.
    pub(crate) fn level(&self) -> (Level, Reason) {
        self.level
    }

    /// What was asked for last could not be decoded: the next picture is asked for again.
    pub(crate) fn could_not(&mut self) {
        self.seen_to = None;
    }

    /// Goes no longer without a look than that, from now on.
    pub(crate) fn rest_at_most(&mut self, rest: Rest) {
        self.settings.rest = rest;
    }

    /// Decides about the next picture. `changed`: the last look has shown a change; `attention`: what the rules ask for.
    pub(crate) fn judge(&mut self, unit: &AccessUnit, changed: bool, attention: Attention) -> Verdict {
        self.note_key(unit);
        self.level = self.choose(unit, changed, attention);
        let followed = std::mem::replace(&mut self.follows, self.level.0 == Level::All);
        let verdict = match self.level {
            (Level::All, reason) => {
                let wanted = self.is_wanted(unit.time, reason);
                let begins = !followed && !unit.is_key && reason != Reason::Configured;
                return if begins { Verdict::Begin } else { Verdict::Follow { wanted } };
            }
            (Level::Keys, Reason::Configured) if unit.is_key && self.sampler.is_due(unit.time) => {
                Verdict::Look
            }
            (Level::Keys, Reason::Configured) => Verdict::Skip,
            (_, _) if self.is_due(unit, attention) && unit.is_key => Verdict::Look,
            (_, _) if self.is_due(unit, attention) => Verdict::CatchUp,
            // Where every picture stands for itself no more are looked at than are analysed.
            (Level::Keys, _) if unit.is_key && self.sampler.is_due(unit.time) => Verdict::Look,
            (Level::Rest, _) if unit.is_key && self.has_rested(unit.time) => Verdict::Look,
            (Level::Keys | Level::Rest, _) => Verdict::Skip,
        };
        if verdict != Verdict::Skip {
            self.note_look(unit, verdict, attention);
        }
        verdict
    }

    fn note_key(&mut self, unit: &AccessUnit) {
        if unit.is_key {
            self.interval = self.last_key.map_or(Duration::ZERO, |last| unit.time.saturating_sub(last));
            self.last_key = Some(unit.time);
            (self.group, self.refreshes) = (0, false);
        }
        self.group = self.group.saturating_add(unit.bytes.len());
        self.refreshes |= !unit.is_key && bitstream::entry(unit.codec, &unit.bytes) == Entry::Refresh;
    }

    /// Whether the next key picture cannot be waited for.
    fn keys_are_too_far_apart(&self, unit: &AccessUnit) -> bool {
        let since_key = self.last_key.map_or(unit.time, |last| unit.time.saturating_sub(last));
        let is_too_late = since_key.max(self.interval) > self.settings.rest.keys;
        self.refreshes || self.group > GROUP_TOO_LARGE || is_too_late
    }

    fn choose(&mut self, unit: &AccessUnit, changed: bool, attention: Attention) -> (Level, Reason) {
        match self.settings.mode {
            DecodeMode::Always => return (Level::All, Reason::Configured),
            _ if self.keys_are_too_far_apart(unit) => return (Level::All, Reason::KeysFarApart),
            DecodeMode::Keyframes => return (Level::Keys, Reason::Configured),
            DecodeMode::Adaptive => {}
        }
        // Of key pictures it wants the parameter sets.
        let features = self.reader.read(unit);
        if !unit.is_key && !features.is_intra && self.activity.is_surge(unit.time, features.complexity()) {
            self.wake(unit.time, Reason::Surge);
        }
        if self.last_look.is_none() {
            self.wake(unit.time, Reason::Beginning);
        }
        if changed {
            self.wake(unit.time, Reason::Changed);
        }
        if attention.watchful {
            self.wake(unit.time, Reason::Watchful);
        }
        if attention
            .due
            .is_some_and(|due| Some(due) != self.seen_to && unit.at.saturating_add(BEFORE_DUE) >= due)
        {
            self.wake(unit.time, Reason::Due);
        }
        if self.is_asked(unit.time, attention.fps) {
            return (Level::All, Reason::Asked);
        }
        match self.awake.filter(|(until, _)| unit.time < *until) {
            Some((_, reason)) => (Level::Keys, reason),
            None => (Level::Rest, Reason::Quiet),
        }
    }

    /// Whether the rules want more than key pictures: `fps` pictures a second just now, or a moment ago.
    fn is_asked(&mut self, time: Duration, fps: u8) -> bool {
        if fps > 0 {
            let rate = fps.min(self.settings.sample_fps);
            let sampler =
                self.asked.take().map(|(_, sampler)| sampler).filter(|sampler| sampler.rate() == rate);
            self.asked = Some((time + STAYS_ASKED, sampler.unwrap_or_else(|| Sampler::new(rate))));
        }
        self.asked = self.asked.take().filter(|(until, _)| time < *until);
        self.asked.is_some()
    }

    /// Whether of all pictures this one is analysed.
    fn is_wanted(&mut self, time: Duration, reason: Reason) -> bool {
        match &mut self.asked {
            Some((_, sampler)) if reason == Reason::Asked => sampler.is_due(time),
            _ => self.sampler.is_due(time),
        }
    }

    fn wake(&mut self, time: Duration, reason: Reason) {
        self.awake = Some((time + STAYS_AWAKE, reason));
    }

    fn note_look(&mut self, unit: &AccessUnit, verdict: Verdict, attention: Attention) {
        if verdict == Verdict::Look {
            self.last_look = Some(unit.time);
        }
        if attention.due.is_some_and(|due| unit.at >= due) {
            self.seen_to = attention.due;
        }
    }

    /// Whether the next key picture would come too late.
    fn has_rested(&self, time: Duration) -> bool {
        let since = self.last_look.map_or(Duration::MAX, |last| time.saturating_sub(last));
        since.saturating_add(self.interval) > self.settings.rest.looks
    }

    /// Whether this is the picture that was asked for.
    fn is_due(&self, unit: &AccessUnit, attention: Attention) -> bool {
        let is_asked_for = attention.due.is_some_and(|due| unit.at >= due && self.seen_to != Some(due));
        is_asked_for && (unit.is_key || !self.key_is_near(unit.time))
    }

    /// Whether the next key picture is worth waiting for; one that does not come in time is not.
    fn key_is_near(&self, time: Duration) -> bool {
        let expected = self.last_key.map_or(Duration::ZERO, |last| last + self.interval);
        (time..=time + WORTH_WAITING).contains(&expected)
    }
}
