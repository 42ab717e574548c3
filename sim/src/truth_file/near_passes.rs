//! Who came close to what is parked, as the camera sees it.
//!
//! Times and distances are the scene's own, from the ground; boxes and sides are those of a picture that is drawn for each, of which little
//! more than that is looked at. What could be told or not is marked: who is hardly seen, as far away as one may be, or comes by before
//! anybody could know that the other is parked.

use super::{NearPassEntry, SIZE, VISIBLE, corners, milliseconds};
use crate::{FrameSource as _, FrameTruth, I420Frame, NearPass, Scene, SceneRenderer, TruthObject};

/// Whoever comes no nearer than this, in metres, may be told or not: recorded is from 1.2 m on, and boxes are off by some tenths.
const CLOSE_M: f32 = 0.9;
/// A vehicle that has stood for less, in seconds, need not be known to be parked.
const PARKED_AFTER_S: f64 = 10.0;
/// Share of its size by which what stands may seem to move: its box is of whole samples.
const SAME_PLACE: f32 = 0.02;
/// What is as much to the side as before or behind is on neither side for certain: one may be so many times the other.
const DIAGONAL: f32 = 1.25;

pub(super) fn entries(scene: &Scene) -> Vec<NearPassEntry> {
    let passes = scene.near_passes();
    if passes.is_empty() {
        return Vec::new();
    }
    let mut stage = Stage::new(scene);
    let loop_s = scene.loop_s();
    let entries = passes.iter().enumerate();
    entries.filter_map(|(index, pass)| stage.entry(index, pass, loop_s)).collect()
}

/// Draws single pictures of a scene.
struct Stage {
    renderer: SceneRenderer,
    frame: I420Frame,
}

impl Stage {
    fn new(scene: &Scene) -> Self {
        Self { renderer: scene.plain().renderer(SIZE.0, SIZE.1), frame: I420Frame::new(SIZE.0, SIZE.1) }
    }

    fn at(&mut self, at_s: f64) -> FrameTruth {
        let number = (at_s.max(0.0) * f64::from(self.renderer.fps())) as u32;
        self.renderer.render(number, &mut self.frame)
    }

    /// `None` where the camera does not see the parked vehicle at all.
    fn entry(&mut self, index: usize, pass: &NearPass, loop_s: f64) -> Option<NearPassEntry> {
        let (now, before) = (self.at(pass.at_s), self.at(pass.at_s - PARKED_AFTER_S));
        let find = |truth: &FrameTruth, id: u32| truth.objects.iter().find(|object| object.id == id).cloned();
        let parked = find(&now, pass.parked)?;
        let other = find(&now, pass.other);
        let stood = pass.at_s >= PARKED_AFTER_S
            && find(&before, pass.parked).is_some_and(|was| was.is_where(&parked));
        let seen = |object: &TruthObject| object.visible >= VISIBLE;
        let is_seen = seen(&parked) && other.as_ref().is_some_and(seen);
        // Something of no length is not taken for a time.
        let until_s = pass.until_s.max(pass.from_s + 0.04).min(loop_s);
        Some(NearPassEntry {
            id: format!("near-{}-{}-{}", pass.parked, pass.other, index + 1),
            class: pass.class,
            bbox: corners(parked.bbox),
            from_s: milliseconds(pass.from_s.min(until_s - 0.04)),
            until_s: milliseconds(until_s),
            at_s: milliseconds(pass.at_s.min(until_s)),
            distance_m: (f64::from(pass.distance_m) * 100.0).round() / 100.0,
            side: other
                .as_ref()
                .filter(|other| seen(other))
                .and_then(|other| side_of(parked.full, other.full)),
            optional: !is_seen || !stood || pass.distance_m > CLOSE_M,
        })
    }
}

impl TruthObject {
    /// Whether both are the same thing in the same place, however much of it is hidden.
    fn is_where(&self, other: &Self) -> bool {
        let [x1, y1, x2, y2] = other.full;
        let (across, down) = ((x2 - x1) * SAME_PLACE, (y2 - y1) * SAME_PLACE);
        let near = |edge: usize, least: f32| (self.full[edge] - other.full[edge]).abs() <= least.max(0.003);
        near(0, across) && near(1, down) && near(2, across) && near(3, down)
    }
}

/// On which side of a parked vehicle somebody is as the camera sees it; `None` where it is as much on one as on another.
fn side_of(parked: [f32; 4], other: [f32; 4]) -> Option<&'static str> {
    let [x1, y1, x2, y2] = parked;
    let across = (f32::midpoint(other[0], other[2]) - f32::midpoint(x1, x2)) / (x2 - x1);
    let down = (other[3] - y2) / (y2 - y1);
    if across.abs() >= down.abs() * DIAGONAL {
        Some(if across >= 0.0 { "right" } else { "left" })
    } else if down.abs() >= across.abs() * DIAGONAL {
        Some(if down >= 0.0 { "before" } else { "behind" })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_told_as_the_camera_sees_them_and_corners_belong_to_none() {
        let parked = [0.4, 0.4, 0.6, 0.6];
        let at = |x: f32, bottom: f32| side_of(parked, [x - 0.02, bottom - 0.1, x + 0.02, bottom]);
        assert_eq!(at(0.35, 0.6), Some("left"));
        assert_eq!(at(0.65, 0.62), Some("right"));
        assert_eq!(at(0.5, 0.7), Some("before"));
        assert_eq!(at(0.52, 0.45), Some("behind"));
        assert_eq!(at(0.6, 0.7), None);
    }
}
