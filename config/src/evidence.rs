//! `[evidence]`: what is kept on the box of what happened, for how long, and how much.

use std::{collections::BTreeMap, time::Duration};

use gridwatch_domain::EventKind;
use serde::Deserialize;

use crate::Problems;

/// The `[evidence]` table: pictures and clips of events, and recordings, on the disk of the box.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceConfig {
    /// Seconds of a clip before an event opened, 0–60. So much of every camera's stream is kept in
    /// memory, in at most 8 MiB for each ten seconds. Default: 10.
    #[schemars(range(min = 0, max = 60))]
    pub clip_before_s: Option<u16>,
    /// Seconds of a clip after an event opened, 0–300. Default: 10.
    #[schemars(range(min = 0, max = 300))]
    pub clip_after_s: Option<u16>,
    /// Days that evidence of events is kept, 1–3650. Default: 30.
    #[schemars(range(min = 1, max = 3650))]
    pub keep_days: Option<u16>,
    /// Days for kinds of events that differ, such as `"parking.fire_lane" = 180`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, u16>")]
    pub keep_days_of: BTreeMap<EventKind, u16>,
    /// Days that recordings (`record = true` of a camera) are kept, 1–3650. Default: 3.
    #[schemars(range(min = 1, max = 3650))]
    pub keep_recordings_days: Option<u16>,
    /// Most that evidence and recordings together may take of the disk, in MiB, 64–104857600. Default: 20480. Beyond it the oldest
    /// go, recordings first; what a case needs stays.
    #[schemars(range(min = 64, max = 104_857_600))]
    pub max_size_mib: Option<u32>,
    /// What is to be left free on the disk, in MiB, 0–104857600: for the outbox and the system. Default: 1024.
    #[schemars(range(max = 104_857_600))]
    pub min_free_mib: Option<u32>,
}

/// What is kept on the box, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceSettings {
    /// How much of a clip lies before the opening of its event.
    pub clip_before: Duration,
    /// How much lies after it.
    pub clip_after: Duration,
    /// How long evidence of events is kept.
    pub keep: Duration,
    /// How long that of these kinds is.
    pub keep_of: BTreeMap<EventKind, Duration>,
    /// How long recordings are.
    pub keep_recordings: Duration,
    /// All of it together, in bytes.
    pub max_bytes: u64,
    /// What is left free on the disk, in bytes.
    pub min_free_bytes: u64,
}

const DAY: Duration = Duration::from_secs(86_400);

impl EvidenceConfig {
    pub(crate) fn check(self, problems: &mut Problems) -> Option<EvidenceSettings> {
        let mut number =
            |key: &str, value: Option<u32>, default: u32, range: std::ops::RangeInclusive<u32>| {
                let value = value.unwrap_or(default);
                if range.contains(&value) {
                    return Some(value);
                }
                let allowed = format!("found {value}, allowed: {}–{}", range.start(), range.end());
                problems.push(format!("evidence.{key}"), allowed);
                None
            };
        let before = number("clip_before_s", self.clip_before_s.map(u32::from), 10, 0..=60);
        let after = number("clip_after_s", self.clip_after_s.map(u32::from), 10, 0..=300);
        let keep = number("keep_days", self.keep_days.map(u32::from), 30, 1..=3650);
        let recordings =
            number("keep_recordings_days", self.keep_recordings_days.map(u32::from), 3, 1..=3650);
        let size = number("max_size_mib", self.max_size_mib, 20_480, 64..=104_857_600);
        let free = number("min_free_mib", self.min_free_mib, 1024, 0..=104_857_600);
        let mut keep_of = BTreeMap::new();
        for (kind, days) in self.keep_days_of {
            let days = number(&format!("keep_days_of.\"{kind}\""), Some(days.into()), 0, 1..=3650);
            keep_of.extend(days.map(|days| (kind, DAY * days)));
        }
        Some(EvidenceSettings {
            clip_before: Duration::from_secs(before?.into()),
            clip_after: Duration::from_secs(after?.into()),
            keep: DAY * keep?,
            keep_of,
            keep_recordings: DAY * recordings?,
            max_bytes: u64::from(size?) << 20,
            min_free_bytes: u64::from(free?) << 20,
        })
    }
}
