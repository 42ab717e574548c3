//! What was seen in one picture, as one line of JSON: `gridwatch.observation/1`, docs/analyze.md.

use gridwatch_detect::{CameraState, parked::Presence, rules::Occupancy};
use gridwatch_domain::{CameraId, Frame, NormBox, ObjectClass, PlaceId, Timestamp, ZoneId};
use serde::Serialize;

/// Schema of a line.
const SCHEMA: &str = "gridwatch.observation/1";

#[derive(Serialize)]
pub(super) struct Observation {
    schema: &'static str,
    camera: CameraId,
    at: Timestamp,
    /// Number of the picture in its file.
    frame: u64,
    /// Nothing had changed: what was found before was relied on.
    relied_on: bool,
    detections: Vec<Found>,
    places: Vec<Standing>,
    zones: Vec<ZoneState>,
    /// Why the camera cannot be trusted.
    troubles: Vec<&'static str>,
}

#[derive(Serialize)]
struct Found {
    class: ObjectClass,
    score: f32,
    #[serde(rename = "box")]
    bbox: NormBox,
    #[serde(skip_serializing_if = "Option::is_none")]
    track: Option<u64>,
    /// In own sizes a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed: Option<f32>,
    /// The same in metres, where the ground is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    metres_per_second: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

#[derive(Serialize)]
struct Standing {
    id: PlaceId,
    class: ObjectClass,
    state: &'static str,
    presence: &'static str,
    credible: bool,
    #[serde(rename = "box")]
    bbox: NormBox,
    since: Timestamp,
    last_seen: Timestamp,
    /// Corners of what it covers of the ground, as they are seen; they may lie beyond the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    footprint: Option<[[f64; 2]; 4]>,
}

#[derive(Serialize)]
struct ZoneState {
    id: ZoneId,
    count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    occupancy: Option<Occupancy>,
}

impl Observation {
    pub(super) fn of(frame: &Frame, state: &CameraState, relied_on: bool) -> Self {
        let found = state.followed().iter().map(|followed| Found {
            class: followed.detection.class,
            score: followed.detection.score,
            bbox: followed.detection.bbox,
            track: followed.movement.map(|movement| movement.track.0),
            speed: followed.movement.and_then(|movement| movement.speed),
            metres_per_second: state.metres_per_second(followed),
            place: followed.place.map(|number| format!("p{number}")),
        });
        let standing = state.places().iter().map(|place| Standing {
            id: place.id(),
            class: place.class(),
            state: if place.is_standing() { "standing" } else { "candidate" },
            presence: presence(place.presence()),
            credible: place.is_credible(),
            bbox: place.bbox(),
            since: place.first_seen(),
            last_seen: place.last_seen(),
            footprint: place.stance().footprint.map(|footprint| rounded(footprint.seen.corners())),
        });
        let occupancy = state.occupancy();
        let zones = state.counts().into_iter().map(|(id, count)| {
            let occupancy = occupancy.get(&id).copied();
            ZoneState { id, count, occupancy }
        });
        Self {
            schema: SCHEMA,
            camera: frame.camera.clone(),
            at: frame.at,
            frame: frame.seq,
            relied_on,
            detections: found.collect(),
            places: standing.collect(),
            zones: zones.collect(),
            troubles: state.troubles().iter().map(|trouble| trouble.kind.as_str()).collect(),
        }
    }
}

/// To a ten-thousandth of the picture.
fn rounded(corners: [[f64; 2]; 4]) -> [[f64; 2]; 4] {
    corners.map(|corner| corner.map(|value| (value * 1e4).round() / 1e4))
}

pub(super) fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Seen => "seen",
        Presence::Hidden => "hidden",
        Presence::Unknown => "unknown",
        Presence::Empty => "empty",
    }
}
