//! The ground truths as they are written: three forms, of which each file has some keys.

use serde::Deserialize;

/// Times in seconds from the first picture, boxes and polygons normalised.
#[derive(Debug, Deserialize)]
pub(super) struct GroundTruth {
    /// Name of the video file, perhaps with a folder.
    pub(super) file: String,
    pub(super) duration_s: f64,
    /// Of a picture, in pixels.
    pub(super) width: u32,
    pub(super) height: u32,
    /// Pictures a second.
    pub(super) fps: f64,
    #[serde(default, alias = "what")]
    pub(super) description: Option<String>,
    /// How far its own times may be off.
    #[serde(default, alias = "time_tolerance_s")]
    pub(super) tolerance_s: Option<f64>,
    #[serde(default)]
    pub(super) slots: Vec<Slot>,
    #[serde(default)]
    pub(super) zones: Vec<LabelledZone>,
    #[serde(default)]
    pub(super) objects: Vec<LabelledObject>,
    #[serde(default)]
    pub(super) stops_outside_slots: Vec<Stop>,
    #[serde(default)]
    pub(super) parked: Vec<Standing>,
    #[serde(default)]
    pub(super) stationary_in_queue: Vec<Standing>,
    #[serde(default)]
    pub(super) queue_note: Option<String>,
}

/// A parking bay, whose state stays the same throughout.
#[derive(Debug, Deserialize)]
pub(super) struct Slot {
    pub(super) id: u32,
    pub(super) occupied: bool,
    pub(super) polygon: Vec<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LabelledZone {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) polygon: Vec<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LabelledObject {
    pub(super) id: String,
    pub(super) last_visible_s: f64,
    pub(super) stationary: Vec<[f64; 2]>,
    /// `[t, x1, y1, x2, y2]`; boxes may leave the picture.
    pub(super) boxes_1hz: Vec<[f64; 5]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Stop {
    pub(super) object: String,
    pub(super) zone: String,
    pub(super) start_s: f64,
    pub(super) end_s: f64,
}

/// Something that stands in one place.
#[derive(Debug, Deserialize)]
pub(super) struct Standing {
    pub(super) id: String,
    #[serde(rename = "box")]
    pub(super) bbox: [f64; 4],
    pub(super) from_s: f64,
    pub(super) to_s: f64,
    #[serde(default)]
    pub(super) note: Option<String>,
}
