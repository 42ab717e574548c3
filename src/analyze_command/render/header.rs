//! The strip above the picture: which camera, when, how closely it is looked at, and what is wrong with it.

use std::collections::BTreeMap;

use gridwatch_alert::drawing::{Canvas, Colour, Writing};
use gridwatch_config::CameraSettings;
use gridwatch_detect::rules::Occupancy;
use gridwatch_domain::{Event, EventKind, Severity, Timestamp, ZoneId};
use jiff::tz::TimeZone;

use super::{
    Seen,
    events::{OpenEvents, dwell_s},
};
use crate::drawing::{
    colours,
    words::{Language, clock},
    written,
};

/// Rows of the strip; even, as rows of video are.
pub(super) const HEAD: u32 = 30;
/// Pixels between two things that are told.
const GAP: f32 = 16.0;
/// Letters, the largest first, of which those are taken in which all is told.
const SIZES: [f32; 4] = [15.0, 13.0, 11.0, 9.0];

pub(super) struct Header<'a> {
    pub(super) camera: &'a CameraSettings,
    pub(super) events: &'a OpenEvents,
    pub(super) start: Timestamp,
    /// By which the time of day is told.
    pub(super) zone: &'a TimeZone,
    pub(super) language: Language,
}

/// One thing that is told.
struct Word {
    text: String,
    writing: fn(f32) -> Writing,
}

impl Header<'_> {
    pub(super) fn draw(&self, canvas: &mut Canvas, seen: &Seen<'_>, occupancy: &BTreeMap<ZoneId, Occupancy>) {
        let words = self.words(seen, occupancy);
        let length = |size: f32| -> f32 {
            words.iter().map(|word| (word.writing)(size).extent(&[&word.text]).0 + GAP).sum()
        };
        let width = canvas.width() as f32;
        let size = SIZES.into_iter().find(|size| length(*size) <= width).unwrap_or(SIZES[SIZES.len() - 1]);
        let mut left = GAP / 2.0;
        for word in words {
            let writing = (word.writing)(size);
            let (wide, high) = writing.extent(&[&word.text]);
            canvas.write((left, (HEAD as f32 - high) / 2.0), &[&word.text], &writing);
            left += wide + GAP;
        }
    }

    /// The most important first: on a small picture the rest is cut.
    fn words(&self, seen: &Seen<'_>, occupancy: &BTreeMap<ZoneId, Occupancy>) -> Vec<Word> {
        let chief: fn(f32) -> Writing = |size| Writing::bare(Colour::WHITE, size);
        let quiet: fn(f32) -> Writing = |size| Writing::bare(colours::QUIET, size);
        let wrong: fn(f32) -> Writing = |size| Writing::on(Colour::of(Severity::Major), size);
        let full: fn(f32) -> Writing = |size| Writing::on(Colour::of(Severity::Info), size);
        let language = self.language;
        let name = written(&self.camera.name, self.camera.id.as_str()).to_owned();
        let at = seen.frame.at;
        let mut words =
            vec![Word { text: name, writing: chief }, Word { text: self.in_file(at), writing: chief }];
        for trouble in seen.state.troubles() {
            let text = language.pick(
                format!("{} {}", trouble.kind.as_str(), language.kind(trouble.kind)),
                trouble.kind.as_str().to_owned(),
            );
            words.push(Word { text, writing: wrong });
        }
        let is_full = |event: &&&Event| event.kind == EventKind::LotFull;
        for event in self.events.open().iter().filter(is_full) {
            words.push(Word { text: self.full(event, at), writing: full });
        }
        words.push(Word { text: wall(at, self.zone), writing: quiet });
        let (level, reason) = seen.level;
        let gate = format!(
            "{} {} ({})",
            language.pick("解码", "gate"),
            language.level(level),
            language.reason(reason)
        );
        words.push(Word { text: gate, writing: quiet });
        let asked = if seen.analysed.is_relied_on {
            language.pick("网络 沿用", "network relied on")
        } else {
            language.pick("网络 已运行", "network asked")
        };
        words.push(Word { text: asked.to_owned(), writing: quiet });
        if !occupancy.is_empty() {
            let taken = occupancy.values().filter(|state| **state == Occupancy::Occupied).count();
            let text = format!("{} {taken}/{}", language.pick("车位占用", "bays taken"), occupancy.len());
            words.push(Word { text, writing: quiet });
        }
        words
    }

    /// `车位已满 北区 0:30`
    fn full(&self, event: &Event, at: Timestamp) -> String {
        let zone = event.zone.as_ref();
        let group = self.camera.groups.iter().find(|group| Some(&group.id) == zone);
        let name = group.map_or("", |group| written(&group.name, group.id.as_str()));
        format!("{} {name} {}", self.language.kind(event.kind), clock(dwell_s(event, at)))
    }

    /// `1:23.4`: tenths, as several pictures a second are shown.
    fn in_file(&self, at: Timestamp) -> String {
        let tenths = at.saturating_since(self.start).as_millis() / 100;
        let (seconds, tenth) = (tenths / 10, tenths % 10);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        if hours > 0 {
            format!("{hours}:{minutes:02}:{seconds:02}.{tenth}")
        } else {
            format!("{minutes:02}:{seconds:02}.{tenth}")
        }
    }
}

/// The time of day in a zone, and how far that is from UTC, by which events are dated.
fn wall(at: Timestamp, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from(at);
    let local = zone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S");
    let minutes = zone.to_offset(at).seconds() / 60;
    if minutes == 0 {
        return format!("{local}Z");
    }
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
    format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_that_of_the_place() {
        let at: Timestamp = "2026-11-26T08:01:02.345+08:00".parse().expect("a time");
        assert_eq!(wall(at, &TimeZone::UTC), "2026-11-26 00:01:02Z");
        let shanghai = jiff::tz::TimeZoneDatabase::bundled().get("Asia/Shanghai").expect("known");
        assert_eq!(wall(at, &shanghai), "2026-11-26 08:01:02+08:00");
    }
}
