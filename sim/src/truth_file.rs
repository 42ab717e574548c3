//! The truth about a scene as `gridwatch score` reads it: `gridwatch.truth/1`.
//!
//! In: a scene, played once from its beginning to its end. Out: what must be found, what may be told with equal right, when each bay is
//! taken, where everybody is, second by second, and who came close to what is parked. What is parked at first counts from 0; what still holds at last has no end.

mod near_passes;

use gridwatch_domain::{EventKind, ObjectClass, ZoneId};
use serde::Serialize;

use crate::{
    FrameSource as _, I420Frame, Scene, TruthObject,
    scene::{Occupancy, TrueEvent},
};

const SCHEMA: &str = "gridwatch.truth/1";
/// At this size boxes are looked for: an object that matters is some dozens of samples across.
const SIZE: (u32, u32) = (640, 360);
/// Time between two boxes of an object, in seconds.
const EVERY_S: f64 = 1.0;
/// Of an object that is less visible nothing is said.
const VISIBLE: f32 = 0.3;

/// What was true of a scene.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TruthFile {
    schema: &'static str,
    name: String,
    duration_s: f64,
    tolerance: Tolerance,
    events: Vec<EventEntry>,
    bays: Vec<BayEntry>,
    objects: Vec<ObjectEntry>,
    near_passes: Vec<NearPassEntry>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Tolerance {
    start_s: f64,
    alert_s: f64,
    end_s: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct EventEntry {
    id: String,
    kind: String,
    zone: ZoneId,
    #[serde(skip_serializing_if = "Option::is_none")]
    or_zone: Option<ZoneId>,
    since_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    until_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_s: Option<f64>,
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    bbox: Option<[f64; 4]>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct BayEntry {
    zone: ZoneId,
    occupied: Vec<[f64; 2]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unsure: Vec<[f64; 2]>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ObjectEntry {
    id: String,
    class: ObjectClass,
    boxes: Vec<[f64; 5]>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct NearPassEntry {
    id: String,
    class: ObjectClass,
    #[serde(rename = "box")]
    bbox: [f64; 4],
    from_s: f64,
    until_s: f64,
    at_s: f64,
    distance_m: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    optional: bool,
}

/// The truth about a scene, under that name.
pub(crate) fn truth_file(scene: &Scene, name: &str) -> TruthFile {
    let found = scene.true_events();
    let events = found.iter().enumerate().map(|(index, event)| event_entry(index, event, scene.loop_s()));
    TruthFile {
        schema: SCHEMA,
        name: name.to_owned(),
        duration_s: scene.loop_s(),
        tolerance: Tolerance { start_s: 2.0, alert_s: 2.0, end_s: 12.0 },
        events: events.collect(),
        bays: scene.occupancy().into_iter().map(bay_entry).collect(),
        objects: objects(scene),
        near_passes: near_passes::entries(scene),
    }
}

fn event_entry(index: usize, event: &TrueEvent, loop_s: f64) -> EventEntry {
    let TrueEvent { kind, event, or_in } = event;
    let name = event.kind.rsplit('.').next().unwrap_or_default();
    // When a moment was, to the end of the scene at the latest; what lasts to the end has none.
    let until_s = if kind.is_moment() {
        Some(event.leave_s.min(loop_s))
    } else {
        (event.leave_s < loop_s).then_some(event.leave_s)
    };
    // Those who walk are elsewhere when it ends; a box is for what stands.
    let stands = !matches!(
        kind,
        EventKind::Intrusion
            | EventKind::Loitering
            | EventKind::Crowd
            | EventKind::Crossing
            | EventKind::WrongWay
    );
    EventEntry {
        id: format!("{name}-{}-{}", event.zone, index + 1),
        kind: event.kind.clone(),
        zone: event.zone.clone(),
        or_zone: or_in.clone(),
        since_s: milliseconds(event.stop_s.max(0.0)),
        until_s: until_s.map(milliseconds),
        limit_s: (event.limit_s > 0.0).then_some(milliseconds(event.limit_s)),
        bbox: event.bbox.filter(|_| stands).map(corners),
    }
}

fn bay_entry(bay: Occupancy) -> BayEntry {
    let spans = |spans: Vec<[f64; 2]>| spans.into_iter().map(|span| span.map(milliseconds)).collect();
    BayEntry { zone: bay.zone, occupied: spans(bay.occupied), unsure: spans(bay.unsure) }
}

fn objects(scene: &Scene) -> Vec<ObjectEntry> {
    let mut renderer = scene.plain().renderer(SIZE.0, SIZE.1);
    let mut frame = I420Frame::new(SIZE.0, SIZE.1);
    let mut entries: Vec<ObjectEntry> = Vec::new();
    let fps = f64::from(renderer.fps());
    for number in 0..(scene.loop_s() / EVERY_S) as u32 {
        let at_s = f64::from(number) * EVERY_S;
        let truth = renderer.render((at_s * fps) as u32, &mut frame);
        for object in truth.objects.iter().filter(|object| object.visible >= VISIBLE) {
            add(&mut entries, object, at_s);
        }
    }
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}

fn add(entries: &mut Vec<ObjectEntry>, object: &TruthObject, at_s: f64) {
    let [x1, y1, x2, y2] = corners(object.bbox);
    if x2 <= x1 || y2 <= y1 {
        return;
    }
    let id = format!("{}-{}", object.class, object.id);
    let known = entries.iter().position(|entry| entry.id == id).unwrap_or_else(|| {
        entries.push(ObjectEntry { id, class: object.class, boxes: Vec::new() });
        entries.len() - 1
    });
    entries[known].boxes.push([at_s, x1, y1, x2, y2]);
}

fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn corners(bbox: [f32; 4]) -> [f64; 4] {
    bbox.map(|value| (f64::from(value) * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExpectedEvent;

    fn until_s(kind: EventKind, leave_s: f64) -> Option<f64> {
        let event = ExpectedEvent {
            kind: kind.as_str().into(),
            zone: ZoneId::new("way").expect("an id"),
            stop_s: 50.0,
            open_s: 51.0,
            leave_s,
            limit_s: 0.0,
            actor: None,
            bbox: None,
        };
        event_entry(0, &TrueEvent { kind, event, or_in: None }, 54.0).until_s
    }

    #[test]
    fn what_lasts_to_the_end_has_none_and_a_moment_has_one() {
        assert_eq!(until_s(EventKind::Intrusion, 53.0), Some(53.0));
        assert_eq!(until_s(EventKind::Intrusion, 55.0), None);
        assert_eq!(until_s(EventKind::Crossing, 53.0), Some(53.0));
        assert_eq!(until_s(EventKind::Crossing, 55.0), Some(54.0));
    }
}
