//! Where what moves has been, in the last seconds.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use gridwatch_alert::drawing::Canvas;
use gridwatch_detect::Followed;
use gridwatch_domain::{ObjectClass, Timestamp, TrackId};

use crate::drawing::colours;

/// How long a trail is, in time and in pictures.
const LASTS: Duration = Duration::from_secs(6);
const LONGEST: usize = 40;
/// What has gone no farther than this share of the picture stands, and its jitter is no trail.
const MOVED: f32 = 0.012;

/// The trails of all tracks.
#[derive(Debug, Default)]
pub(super) struct Trails(BTreeMap<TrackId, Trail>);

#[derive(Debug)]
struct Trail {
    class: ObjectClass,
    /// When, and where its lower edge was in the middle.
    past: VecDeque<(Timestamp, [f32; 2])>,
}

impl Trails {
    /// Takes what is followed in a picture.
    pub(super) fn take(&mut self, followed: &[Followed], at: Timestamp) {
        for (found, movement) in followed.iter().filter_map(|followed| Some((followed, followed.movement?))) {
            let bbox = found.detection.bbox;
            let trail = self.0.entry(movement.track);
            let trail = trail.or_insert_with(|| Trail { class: movement.class, past: VecDeque::new() });
            trail.class = movement.class;
            trail.past.push_back((at, [bbox.center().x(), bbox.y2()]));
        }
        for trail in self.0.values_mut() {
            while trail.past.len() > LONGEST
                || trail.past.front().is_some_and(|(then, _)| at.saturating_since(*then) > LASTS)
            {
                trail.past.pop_front();
            }
        }
        self.0.retain(|_, trail| !trail.past.is_empty());
    }

    /// Draws those that are still followed, older parts fainter.
    pub(super) fn draw(&self, canvas: &mut Canvas, at: Timestamp) {
        for trail in self.0.values().filter(|trail| trail.is_drawn(at)) {
            let spots: Vec<_> =
                trail.past.iter().map(|(then, [x, y])| (*then, canvas.spot(*x, *y))).collect();
            for pair in spots.windows(2) {
                let age = at.saturating_since(pair[1].0).as_secs_f32() / LASTS.as_secs_f32();
                let opacity = (1.0 - age).clamp(0.0, 1.0) * 0.85;
                let (from, to) = (pair[0].1, pair[1].1);
                canvas.line(&[from, to], colours::DARK, canvas.stroke() + 1.0, opacity * 0.5);
                canvas.line(&[from, to], colours::of_class(trail.class), canvas.stroke() * 0.7, opacity);
            }
        }
    }
}

impl Trail {
    fn is_drawn(&self, at: Timestamp) -> bool {
        let (Some((_, first)), Some((then, _))) = (self.past.front(), self.past.back()) else { return false };
        let farthest = |[x, y]: [f32; 2]| (x - first[0]).hypot(y - first[1]);
        let moved = self.past.iter().map(|(_, place)| farthest(*place)).fold(0.0, f32::max);
        *then == at && moved >= MOVED
    }
}

#[cfg(test)]
mod tests {
    use gridwatch_detect::tracker::Movement;
    use gridwatch_domain::{Detection, NormBox};

    use super::*;

    fn followed(x: f32, at: Timestamp) -> Followed {
        let bbox = NormBox::new(x, 0.5, x + 0.1, 0.6).expect("valid");
        let detection = Detection { class: ObjectClass::Car, score: 0.9, bbox };
        let movement = Movement {
            track: TrackId(7),
            class: ObjectClass::Car,
            sightings: 3,
            speed: None,
            measured_from: None,
            travelled: 1.0,
            resting_since: at,
            before: None,
            strong_at: at,
            strong_for: std::time::Duration::ZERO,
        };
        Followed { detection, movement: Some(movement), place: None }
    }

    #[test]
    fn what_moves_has_a_trail_and_what_stands_has_none() {
        for (step, is_drawn) in [(0.05, true), (0.001, false)] {
            let mut trails = Trails::default();
            let at = |index: u64| Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(200 * index));
            for index in 0..5 {
                trails.take(&[followed(0.2 + step * index as f32, at(index))], at(index));
            }
            let mut canvas = Canvas::filled(200, 100, colours::DARK);
            let before = canvas.clone();
            trails.draw(&mut canvas, at(4));
            assert_eq!(canvas.rgb() != before.rgb(), is_drawn, "{step}");
            trails.take(&[], at(100));
            assert!(trails.0.is_empty(), "it is forgotten");
        }
    }
}
