//! The ground in a scene file: its covers, and what is painted on it.

use gridwatch_domain::DwellLimit;
use serde::Deserialize;

use super::one;
use crate::draw::ground::Cover;

/// The ground as far as the camera sees.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroundSpec {
    /// What lies where no `area` does.
    pub cover: Cover,
    /// 0 new to 1 worn out.
    pub wear: f32,
    /// How light asphalt and concrete are, 0.3–3, about 1. Default: 1.
    #[serde(default = "one")]
    pub tone: f32,
    /// Number of stains and manholes. Default: 0.
    #[serde(default)]
    pub stains: u32,
    /// Places with another cover; later ones lie on earlier ones.
    #[serde(default)]
    pub area: Vec<AreaSpec>,
    /// Painted lines.
    #[serde(default)]
    pub line: Vec<LineSpec>,
    /// Hatched places.
    #[serde(default)]
    pub hatch: Vec<HatchSpec>,
    /// Painted words.
    #[serde(default)]
    pub text: Vec<TextSpec>,
}

/// Another cover within a polygon.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreaSpec {
    /// What lies there.
    pub cover: Cover,
    /// Its corners.
    pub polygon: Vec<[f32; 2]>,
}

/// White or yellow road paint.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaintColour {
    /// Greyed by tyres.
    White,
    /// That of prohibitions.
    Yellow,
}

/// A straight line of paint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineSpec {
    /// One end.
    pub from: [f32; 2],
    /// The other end.
    pub to: [f32; 2],
    /// Its paint.
    pub colour: PaintColour,
    /// How broad it is. Default: 0.12.
    #[serde(default = "line_width")]
    pub width: f32,
}

fn line_width() -> f32 {
    0.12
}

/// A polygon with a border and slanting stripes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HatchSpec {
    /// Its corners.
    pub polygon: Vec<[f32; 2]>,
    /// Its paint.
    pub colour: PaintColour,
    /// Metres between stripes.
    pub gap: f32,
}

/// Words painted on the ground.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextSpec {
    /// Signs that the glyph sheet has (`assets/glyphs.txt`); others stay blank.
    pub text: String,
    /// Lower left corner of the first sign, as it is read.
    pub at: [f32; 2],
    /// Direction of reading.
    pub heading_deg: f32,
    /// Width and height of a letter.
    pub size: [f32; 2],
    /// Its paint.
    pub colour: PaintColour,
}

/// A row of painted bays.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaysSpec {
    /// The corner where the first bay opens to the aisle.
    pub from: [f32; 2],
    /// Direction in which the bays follow each other.
    pub heading_deg: f32,
    /// How many, 1–100.
    pub count: u32,
    /// Width of a bay, 1.5–12.
    pub pitch: f32,
    /// Length of a bay; negative to the left of the heading, positive to the right.
    pub depth: f32,
    /// Its paint.
    pub colour: PaintColour,
    /// Makes each a zone of type `bay`, named by this and its number from 1: `zones = "a"` gives `a-1`, `a-2`, … Default: they
    /// are painted, and nobody watches them.
    #[serde(default)]
    pub zones: Option<String>,
    /// Of these zones, as in `[[zone]]`.
    #[serde(default)]
    pub limit_s: Option<DwellLimit>,
    /// Of these zones, as in `[[zone]]`.
    #[serde(default)]
    pub straddling_s: Option<f64>,
    /// Of these zones, as in `[[zone]]`.
    #[serde(default)]
    pub long_stay_s: Option<f64>,
    /// Of these zones, as in `[[zone]]`.
    #[serde(default)]
    pub contact: Option<bool>,
}
