//! From a ground truth to a truth file and the zones that it speaks of.

use std::path::Path;

use anyhow::{Context as _, bail};
use gridwatch_domain::{EventKind, ObjectClass, Severity, ZoneId};

use super::ground_truth::{GroundTruth, LabelledObject, Standing, Stop};
use crate::score::{BayFile, EventFile, IgnoreFile, ObjectFile, TRUTH_SCHEMA, ToleranceFile, TruthFile};

/// What is known of one video.
pub(super) struct Footage {
    pub(super) truth: TruthFile,
    /// Name of the file, without its folder.
    pub(super) file: String,
    /// Of a picture: pixels across, and down.
    pub(super) size: [u32; 2],
    /// Pictures a second.
    pub(super) fps: f64,
    pub(super) zones: Vec<ZoneOutline>,
}

/// A zone of the configuration.
pub(super) struct ZoneOutline {
    pub(super) id: String,
    pub(super) name: String,
    /// As the configuration has it: `no_parking` or `bay`.
    pub(super) zone_type: &'static str,
    pub(super) polygon: Vec<[f64; 2]>,
}

pub(super) const NO_PARKING: &str = "no_parking";
pub(super) const BAY: &str = "bay";

/// Drawn on a picture of the street: the lane on the camera's side, from the junction to the lower right corner.
const NEAR_LANE: [[f64; 2]; 10] = [
    [0.322, 0.385],
    [0.385, 0.372],
    [0.47, 0.505],
    [0.59, 0.63],
    [0.68, 0.71],
    [0.98, 0.99],
    [0.475, 0.99],
    [0.42, 0.767],
    [0.355, 0.568],
    [0.322, 0.412],
];
/// The lane beyond the island, in which cars wait for the junction.
const FAR_LANE: [[f64; 2]; 14] = [
    [0.415, 0.335],
    [0.485, 0.345],
    [0.55, 0.372],
    [0.64, 0.43],
    [0.66, 0.468],
    [0.75, 0.518],
    [0.88, 0.61],
    [0.999, 0.71],
    [0.999, 0.84],
    [0.78, 0.64],
    [0.64, 0.515],
    [0.59, 0.49],
    [0.535, 0.445],
    [0.415, 0.39],
];
/// The lane from above, without the parked car of which a sliver shows at the upper edge.
const LANE_FROM_ABOVE: [[f64; 2]; 4] = [[0.1, 0.02], [0.66, 0.02], [0.7, 0.98], [0.1, 0.98]];
/// All of the empty car park, its bays too: on that day nothing may be found anywhere.
const WHOLE_LOT: [[f64; 2]; 7] =
    [[0.02, 0.12], [0.15, 0.04], [0.7, 0.03], [0.98, 0.3], [0.98, 0.78], [0.85, 0.98], [0.02, 0.98]];

/// The queue of the street stands for some 20 s and is gone after 26: up to this limit its cars are events…
const QUEUE_IS_EVENT_UP_TO_S: f64 = 18.0;
/// …above this one they must not be, and in between a rolling car may be seen either way.
const QUEUE_IS_NONE_ABOVE_S: f64 = 25.0;
const QUEUE_GONE_S: f64 = 26.0;

/// Share of a box that must lie within the picture: of what is less nobody expects that it is followed.
const LEAST_VISIBLE: f64 = 0.25;
/// How far times may be off where a file does not say.
const USUAL_TOLERANCE_S: f64 = 2.0;

pub(super) fn convert(ground_truth: &GroundTruth, limit_s: f64) -> anyhow::Result<Footage> {
    let path = Path::new(&ground_truth.file);
    let file = path.file_name().and_then(|name| name.to_str()).context("file: no name of a file")?;
    let stem = path.file_stem().and_then(|name| name.to_str()).unwrap_or(file);
    let mut footage = Footage {
        truth: empty(ground_truth, stem),
        file: file.to_owned(),
        size: [ground_truth.width, ground_truth.height],
        fps: ground_truth.fps,
        zones: Vec::new(),
    };
    match stem {
        _ if !ground_truth.zones.is_empty() => labelled(&mut footage, ground_truth, limit_s)?,
        "street_residential_ahmetozlu" => street(&mut footage, ground_truth, limit_s)?,
        "car_topdown_intel" => footage.zones.push(no_parking("lane", "车道", &LANE_FROM_ABOVE)),
        _ if stem.starts_with("pklot_empty_day") => {
            footage.zones.push(no_parking("lot", "停车场", &WHOLE_LOT))
        }
        _ => {
            bail!("{stem}: no zones are known of this footage; docs/truth.md tells how to write a truth file")
        }
    }
    Ok(footage)
}

fn empty(ground_truth: &GroundTruth, name: &str) -> TruthFile {
    TruthFile {
        schema: TRUTH_SCHEMA.to_owned(),
        name: name.to_owned(),
        duration_s: ground_truth.duration_s,
        start: None,
        note: ground_truth.description.clone(),
        tolerance: ToleranceFile::default(),
        events: Vec::new(),
        ignore: Vec::new(),
        bays: Vec::new(),
        objects: Vec::new(),
        near_passes: None,
    }
}

fn no_parking(id: &str, name: &str, polygon: &[[f64; 2]]) -> ZoneOutline {
    ZoneOutline { id: id.to_owned(), name: name.to_owned(), zone_type: NO_PARKING, polygon: polygon.to_vec() }
}

/// Zones, stops, bays and objects all have their labels.
fn labelled(footage: &mut Footage, ground_truth: &GroundTruth, limit_s: f64) -> anyhow::Result<()> {
    for zone in &ground_truth.zones {
        if zone.kind != NO_PARKING {
            bail!("zones: {} is a {}; expected {NO_PARKING}", zone.id, zone.kind);
        }
        footage.zones.push(no_parking(&zone.id, &zone.id, &zone.polygon));
    }
    let tolerance_s = ground_truth.tolerance_s.unwrap_or(USUAL_TOLERANCE_S);
    for stop in &ground_truth.stops_outside_slots {
        let object = ground_truth.objects.iter().find(|object| object.id == stop.object);
        let bbox = object.and_then(|object| object.around(f64::midpoint(stop.start_s, stop.end_s)));
        let length_s = stop.end_s - stop.start_s;
        // A stop that is as long as the limit, give or take what the labels may be off, is told or not with equal right.
        if length_s >= limit_s + tolerance_s {
            footage.truth.events.push(stop.event(bbox, limit_s, ground_truth.duration_s)?);
        } else if length_s > limit_s - tolerance_s {
            footage.truth.ignore.push(stop.ignore(bbox, ground_truth.duration_s)?);
        }
    }
    for slot in &ground_truth.slots {
        let id = format!("{BAY}-{}", slot.id);
        let occupied = if slot.occupied { vec![[0.0, ground_truth.duration_s]] } else { Vec::new() };
        footage.truth.bays.push(BayFile { zone: ZoneId::new(id.as_str())?, occupied, unsure: Vec::new() });
        let name = format!("车位 {}", slot.id);
        footage.zones.push(ZoneOutline { id, name, zone_type: BAY, polygon: slot.polygon.clone() });
    }
    footage.truth.objects = ground_truth.objects.iter().map(LabelledObject::file).collect();
    Ok(())
}

/// Eight cars drive through one lane, three wait in the other, and one stands on a driveway.
fn street(footage: &mut Footage, ground_truth: &GroundTruth, limit_s: f64) -> anyhow::Result<()> {
    footage.zones.push(no_parking("near_lane", "近侧车道", &NEAR_LANE));
    footage.zones.push(no_parking("far_lane", "远侧车道", &FAR_LANE));
    let far_lane = ZoneId::new("far_lane")?;
    let truth = &mut footage.truth;
    truth.note = truth.note.take().or_else(|| ground_truth.queue_note.clone());
    if limit_s <= QUEUE_IS_EVENT_UP_TO_S {
        let waiting = ground_truth.stationary_in_queue.iter();
        truth.events.extend(waiting.map(|car| car.event(&far_lane, limit_s)));
    } else if limit_s <= QUEUE_IS_NONE_ABOVE_S {
        truth.ignore.push(IgnoreFile {
            kind: Some(EventKind::NoParking.as_str().to_owned()),
            zone: Some(far_lane),
            from_s: 0.0,
            until_s: QUEUE_GONE_S,
            bbox: None,
            note: Some("waiting at the junction for about as long as the limit".to_owned()),
        });
    }
    let standing = ground_truth.parked.iter().chain(&ground_truth.stationary_in_queue);
    truth.objects = standing.map(Standing::object).collect();
    Ok(())
}

impl Stop {
    fn event(&self, bbox: Option<[f64; 4]>, limit_s: f64, duration_s: f64) -> anyhow::Result<EventFile> {
        Ok(EventFile {
            id: self.object.clone(),
            kind: EventKind::NoParking.as_str().to_owned(),
            zone: Some(ZoneId::new(self.zone.as_str())?),
            or_zone: None,
            since_s: self.start_s,
            until_s: (self.end_s < duration_s).then_some(self.end_s),
            limit_s: Some(limit_s),
            bbox,
            severity: None,
            note: None,
        })
    }

    fn ignore(&self, bbox: Option<[f64; 4]>, duration_s: f64) -> anyhow::Result<IgnoreFile> {
        Ok(IgnoreFile {
            kind: Some(EventKind::NoParking.as_str().to_owned()),
            zone: Some(ZoneId::new(self.zone.as_str())?),
            from_s: self.start_s,
            until_s: self.end_s.min(duration_s),
            bbox,
            note: Some(format!("{} stands for about as long as the limit", self.object)),
        })
    }
}

impl Standing {
    fn event(&self, zone: &ZoneId, limit_s: f64) -> EventFile {
        EventFile {
            id: self.id.clone(),
            kind: EventKind::NoParking.as_str().to_owned(),
            zone: Some(zone.clone()),
            or_zone: None,
            since_s: self.from_s,
            until_s: Some(self.to_s),
            limit_s: Some(limit_s),
            bbox: Some(self.bbox),
            severity: Some(Severity::Minor),
            note: self.note.clone(),
        }
    }

    fn object(&self) -> ObjectFile {
        let [x1, y1, x2, y2] = self.bbox;
        let boxes = [self.from_s, self.to_s].map(|time_s| [time_s, x1, y1, x2, y2]).to_vec();
        ObjectFile { id: self.id.clone(), class: ObjectClass::Car, boxes }
    }
}

impl LabelledObject {
    /// Its box at the time nearest to `time_s`, as far as it is in the picture.
    fn around(&self, time_s: f64) -> Option<[f64; 4]> {
        let distance = |labelled: &[f64; 5]| (labelled[0] - time_s).abs();
        let nearest = self.boxes_1hz.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        visible(nearest).map(|[_, corners @ ..]| corners)
    }

    fn file(&self) -> ObjectFile {
        let mut boxes: Vec<[f64; 5]> = self.boxes_1hz.iter().filter_map(visible).collect();
        // Labels come once a second; what stands at last stands there until it is seen no more.
        let stands_at_last = self.stationary.iter().any(|[_, until_s]| *until_s >= self.last_visible_s);
        if let Some(&[last_s, corners @ ..]) = boxes.last()
            && stands_at_last
            && last_s < self.last_visible_s
        {
            let [x1, y1, x2, y2] = corners;
            boxes.push([self.last_visible_s, x1, y1, x2, y2]);
        }
        ObjectFile { id: self.id.clone(), class: ObjectClass::Car, boxes }
    }
}

/// The part of a box that lies in the picture; `None` where that is too little to speak of.
fn visible(&[time_s, x1, y1, x2, y2]: &[f64; 5]) -> Option<[f64; 5]> {
    let [left, top, right, bottom] = [x1, y1, x2, y2].map(|corner| corner.clamp(0.0, 1.0));
    let (seen, whole) = ((right - left) * (bottom - top), (x2 - x1) * (y2 - y1));
    (seen > 0.0 && seen >= whole * LEAST_VISIBLE).then_some([time_s, left, top, right, bottom])
}
