//! What a vehicle or somebody on foot covers of the ground: a rectangle. Pure.

use glam::Vec2;

use super::motion::State;
use crate::draw::ground::edge_distance;

/// A rectangle on the ground.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Footprint {
    pub at: Vec2,
    /// Its direction, of unit length.
    pub along: Vec2,
    /// Half length and half width.
    pub half: Vec2,
}

impl Footprint {
    /// Heading in radians, counter-clockwise from east.
    pub(crate) fn new(at: Vec2, heading: f32, half: Vec2) -> Self {
        Self { at, along: Vec2::from_angle(heading), half }
    }

    pub(crate) fn of(state: &State, half: Vec2) -> Self {
        Self::new(state.at, state.heading, half)
    }

    fn corners(&self) -> [Vec2; 4] {
        let (ahead, left) = (self.along * self.half.x, self.along.perp() * self.half.y);
        [self.at + ahead - left, self.at + ahead + left, self.at - ahead + left, self.at - ahead - left]
    }

    /// Share of it that lies in a polygon, by a grid of points.
    pub(crate) fn share_in(&self, polygon: &[Vec2]) -> f32 {
        const GRID: u32 = 10;
        let step = |index: u32| (index as f32 + 0.5) / GRID as f32 * 2.0 - 1.0;
        let inside = (0..GRID * GRID)
            .filter(|index| {
                let local = self.half * Vec2::new(step(index % GRID), step(index / GRID));
                edge_distance(polygon, self.at + self.along.rotate(local)) > 0.0
            })
            .count();
        inside as f32 / (GRID * GRID) as f32
    }

    /// Share of another rectangle that it covers.
    pub(crate) fn covers(&self, other: &Self) -> f32 {
        other.share_in(&self.corners())
    }

    /// Metres between two; 0 where they touch or overlap.
    pub(crate) fn distance(&self, other: &Self) -> f32 {
        if self.overlaps(other) {
            return 0.0;
        }
        let (mine, theirs) = (self.corners(), other.corners());
        let to_sides = |points: &[Vec2; 4], of: &[Vec2; 4]| {
            points.iter().map(|point| edge_distance(of, *point).abs()).fold(f32::MAX, f32::min)
        };
        to_sides(&mine, &theirs).min(to_sides(&theirs, &mine))
    }

    /// Whether no side of either separates them.
    fn overlaps(&self, other: &Self) -> bool {
        let between = other.at - self.at;
        let axes = [self.along, self.along.perp(), other.along, other.along.perp()];
        axes.into_iter().all(|axis| between.dot(axis).abs() < self.reach(axis) + other.reach(axis))
    }

    /// How far it reaches from its middle along a direction of unit length.
    pub(crate) fn reach(&self, axis: Vec2) -> f32 {
        self.half.x * self.along.dot(axis).abs() + self.half.y * self.along.perp().dot(axis).abs()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn footprint() -> impl Strategy<Value = Footprint> {
        let measures = (-6.0..6.0_f32, -6.0..6.0_f32, 0.0..6.3_f32, 0.2..4.0_f32, 0.2..1.5_f32);
        measures.prop_map(|(x, y, heading, length, width)| {
            Footprint::new(Vec2::new(x, y), heading, Vec2::new(length, width))
        })
    }

    proptest! {
        #[test]
        fn it_is_as_far_from_one_to_the_other_as_back(one in footprint(), other in footprint(), step in 0.0..9.0_f32) {
            let distance = one.distance(&other);
            prop_assert!((distance - other.distance(&one)).abs() < 1e-3);
            prop_assert!(distance <= one.at.distance(other.at));
            // What covers a part of another touches it.
            prop_assert!(distance == 0.0 || one.covers(&other) == 0.0);
            // A step changes it by no more than its length.
            let moved = Footprint { at: other.at + Vec2::new(step, 0.0), ..other };
            prop_assert!((one.distance(&moved) - distance).abs() <= step + 1e-3);
        }
    }

    #[test]
    fn distances_are_those_between_sides_and_corners() {
        let car = Footprint::new(Vec2::ZERO, 0.0, Vec2::new(2.0, 1.0));
        let at = |x: f32, y: f32, heading: f32| {
            car.distance(&Footprint::new(Vec2::new(x, y), heading, Vec2::new(2.0, 1.0)))
        };
        let near = |is: f32, should: f32| assert!((is - should).abs() < 1e-4, "{is}, expected {should}");
        near(at(0.0, 2.5, 0.0), 0.5);
        near(at(7.0, 5.0, 0.0), 18.0_f32.sqrt());
        near(at(0.0, 4.0, std::f32::consts::FRAC_PI_2), 1.0);
        near(at(1.0, 1.0, 0.7), 0.0);
    }

    #[test]
    fn shares_are_those_of_the_area() {
        let strip = Footprint::new(Vec2::ZERO, 0.0, Vec2::new(2.0, 1.0));
        let car = Footprint::new(Vec2::new(2.0, 0.0), 0.0, Vec2::new(2.0, 1.0));
        assert!((car.covers(&strip) - 0.5).abs() < 1e-4);
        let half = [Vec2::new(0.0, -9.0), Vec2::new(9.0, -9.0), Vec2::new(9.0, 9.0), Vec2::new(0.0, 9.0)];
        assert!((strip.share_in(&half) - 0.5).abs() < 1e-4);
    }
}
