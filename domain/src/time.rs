//! Points in time: UTC, to the millisecond, written as RFC 3339.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::DomainError;

/// A point in time in UTC, to the millisecond: what the wire, the stores and the pages carry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The first time that there is: before everything.
    pub const MIN: Self = Self(jiff::Timestamp::MIN);

    /// From milliseconds since 1970; refused outside of the years −9999 to 9999.
    pub fn from_millisecond(millis: i64) -> Result<Self, DomainError> {
        jiff::Timestamp::from_millisecond(millis).map(Self).map_err(|_| DomainError::Time(millis.to_string()))
    }

    /// Milliseconds since 1970.
    pub fn as_millisecond(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Seconds from `earlier` to `self`; negative where `earlier` is the later one.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        // Differences of milliseconds are far below 2^53.
        (self.as_millisecond() - earlier.as_millisecond()) as f64 / 1000.0
    }

    /// From `earlier` to `self`; zero where `earlier` is the later one.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.as_millisecond() - earlier.as_millisecond()).unwrap_or(0))
    }

    /// Later by `by`, cut to whole milliseconds; stays at the last representable time.
    pub fn saturating_add(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let sum = self.as_millisecond().saturating_add(millis);
        jiff::Timestamp::from_millisecond(sum).map_or(Self(jiff::Timestamp::MAX), Self)
    }

    /// Earlier by `by`, cut to whole milliseconds; stays at the first representable time.
    pub fn saturating_sub(self, by: Duration) -> Self {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let difference = self.as_millisecond().saturating_sub(millis);
        jiff::Timestamp::from_millisecond(difference).map_or(Self(jiff::Timestamp::MIN), Self)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    /// Cuts to the millisecond.
    fn from(time: jiff::Timestamp) -> Self {
        Self(jiff::Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time))
    }
}
impl From<Timestamp> for jiff::Timestamp {
    fn from(time: Timestamp) -> Self {
        time.0
    }
}
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl FromStr for Timestamp {
    type Err = DomainError;
    fn from_str(text: &str) -> Result<Self, DomainError> {
        text.parse::<jiff::Timestamp>().map(Self::from).map_err(|_| DomainError::Time(text.to_owned()))
    }
}
impl TryFrom<String> for Timestamp {
    type Error = DomainError;
    fn try_from(text: String) -> Result<Self, DomainError> {
        text.parse()
    }
}
impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_three_decimals_and_reads_any_offset() {
        let time: Timestamp = "2026-11-23T11:04:05.12+08:00".parse().expect("valid");
        assert_eq!(time.to_string(), "2026-11-23T03:04:05.120Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn differences_are_signed_and_saturate_where_asked() {
        let early = Timestamp::from_millisecond(1_000).expect("in range");
        let late = early.saturating_add(Duration::from_millis(2_500));
        assert_eq!(late.seconds_since(early), 2.5);
        assert_eq!(early.seconds_since(late), -2.5);
        assert_eq!(early.saturating_since(late), Duration::ZERO);
        assert_eq!(late.saturating_sub(Duration::from_millis(2_500)), early);
    }
}
