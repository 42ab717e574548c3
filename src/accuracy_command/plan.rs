//! What is measured: how closely footage is looked at, and which parts of the report are made.

use std::{fmt, str::FromStr};

use clap::ValueEnum;
use gridwatch_config::{CameraSettings, DecodeMode};
use serde::{Deserialize, Serialize};

/// Which pictures of a stream are analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) enum Rate {
    /// Those that the gate asks for: what a configuration does that says nothing.
    Gated,
    /// So many a second, 1–30, evenly.
    Every(u8),
    /// Key pictures: one every two seconds in simulated cameras.
    Keys,
}

impl Rate {
    /// Makes a camera so.
    pub(super) fn set(self, camera: &mut CameraSettings) {
        match self {
            Self::Gated => {}
            Self::Every(fps) => (camera.decode, camera.sample_fps) = (DecodeMode::Always, fps),
            Self::Keys => camera.decode = DecodeMode::Keyframes,
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gated => f.write_str("gated"),
            Self::Every(fps) => write!(f, "{fps}"),
            Self::Keys => f.write_str("0.5"),
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "gated" => Ok(Self::Gated),
            "0.5" => Ok(Self::Keys),
            _ => {
                let fps = text.parse().ok().filter(|fps| (1..=30).contains(fps));
                fps.map(Self::Every)
                    .ok_or_else(|| format!("{text:?}: expected gated, 0.5, or 1 to 30 pictures a second"))
            }
        }
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Rendered scenes under each condition.
    Matrix,
    /// Real footage of known truth.
    Real,
    /// False alarms in quiet hours.
    Quiet,
    /// How fast a file is analysed.
    Speed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["gated", "25", "5", "1", "0.5"] {
            assert_eq!(text.parse::<Rate>().expect("known").to_string(), text);
        }
        for text in ["0", "31", "2.5", "", "Gated"] {
            assert!(text.parse::<Rate>().expect_err("no rate").contains("gated, 0.5, or 1 to 30"), "{text}");
        }
    }
}
