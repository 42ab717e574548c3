//! `[near_passes]`: for how long it is kept who came close to parked vehicles.

use std::time::Duration;

use serde::Deserialize;

/// The `[near_passes]` table: who came close to parked vehicles, on the disk of the box; see docs/near-passes.md.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NearPassesConfig {
    /// Days that near passes are kept, 1–3650. Default: 90.
    #[schemars(range(min = 1, max = 3650))]
    pub keep_days: Option<u16>,
    /// Most near passes that are kept, 1000–10000000. Default: 1000000, some 1 GB of the outbox. Beyond it the oldest go; they do so too where the
    /// outbox is full and alerts need their room.
    #[schemars(range(min = 1000, max = 10_000_000))]
    pub max_rows: Option<u32>,
}

/// For how long near passes are kept, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearPassesSettings {
    /// For how long.
    pub keep: Duration,
    /// How many at most.
    pub max_rows: u32,
}

const DAY: Duration = Duration::from_secs(86_400);
const DEFAULT_DAYS: u16 = 90;
const DEFAULT_ROWS: u32 = 1_000_000;

impl NearPassesConfig {
    /// Its ranges are in the schema.
    pub(crate) fn settings(&self) -> NearPassesSettings {
        NearPassesSettings {
            keep: DAY * u32::from(self.keep_days.unwrap_or(DEFAULT_DAYS)),
            max_rows: self.max_rows.unwrap_or(DEFAULT_ROWS),
        }
    }
}
