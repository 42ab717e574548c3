//! Who stands in which bay: `parking.overstay`, `parking.long_stay`, `parking.straddling`, and when each bay is taken.

use glam::Vec2;
use gridwatch_domain::{EventKind, Projective, ZoneId, ZoneType};

use super::{Hold, Play, Stay, span::Span, stays};
use crate::scene::{Content, Player, footprint::Footprint, watch::GroundZone};

/// Farthest from the middle of a bay, in its own coordinates, that the middle of what stands in it may be.
const FARTHEST: f64 = 0.65;
/// A neighbour's middle is so far away along one axis, and no farther than this along the other.
const NEIGHBOUR: std::ops::RangeInclusive<f64> = 0.6..=1.6;
const IN_ROW: f64 = 0.4;
/// A vehicle whose middle is so far on the way from one bay's middle to the next stands in both.
const BETWEEN: std::ops::RangeInclusive<f64> = 0.3..=0.7;
/// While so much of a vehicle that comes or goes is over a bay, nobody can tell whether that is taken.
const PARTLY: f32 = 0.02;
/// Nobody takes longer to drive into a bay or out of it, in seconds.
const LONGEST_WAY_S: f64 = 20.0;

/// A bay on the ground.
#[derive(Clone)]
pub(super) struct Bay<'a> {
    pub zone: &'a GroundZone,
    to_square: Projective,
    middle: Vec2,
}

impl<'a> Bay<'a> {
    /// All bays of a scene.
    pub(super) fn all(content: &'a Content) -> Vec<Self> {
        let zones = content.watch.zones.iter().filter(|zone| zone.zone.zone_type == ZoneType::Bay);
        zones.filter_map(Self::new).collect()
    }

    fn new(zone: &'a GroundZone) -> Option<Self> {
        let corners: Vec<[f64; 2]> =
            zone.polygon.iter().map(|corner| corner.to_array().map(f64::from)).collect();
        let from_square = Projective::from_unit_square(corners.try_into().ok()?).ok()?;
        let middle = from_square.map([0.5, 0.5])?.map(|metres| metres as f32);
        Some(Self { zone, to_square: from_square.inverse(), middle: Vec2::from_array(middle) })
    }

    pub(super) fn id(&self) -> &'a ZoneId {
        &self.zone.zone.id
    }

    /// Where a point of the ground is, from the middle of the bay, in lengths of its sides.
    pub(super) fn off_middle(&self, point: Vec2) -> [f64; 2] {
        let mapped = self.to_square.map(point.to_array().map(f64::from));
        mapped.unwrap_or([f64::MAX; 2]).map(|value| value - 0.5)
    }

    pub(super) fn distance(&self, point: Vec2) -> f64 {
        let [across, along] = self.off_middle(point);
        across.abs().max(along.abs())
    }

    /// How far a point is on the way from the middle of this bay to that of the next: 0 here, 1 there. `None` where the
    /// other is no neighbour.
    pub(super) fn towards(&self, other: &Self, point: Vec2) -> Option<f64> {
        let way = self.off_middle(other.middle);
        let beside =
            |one: usize, other: usize| NEIGHBOUR.contains(&way[one].abs()) && way[other].abs() <= IN_ROW;
        if !beside(0, 1) && !beside(1, 0) {
            return None;
        }
        let [across, along] = self.off_middle(point);
        Some((across * way[0] + along * way[1]) / (way[0] * way[0] + way[1] * way[1]))
    }

    /// The strip before it where vehicles drive out, `depth` of its length deep. The front is the side nearest to `aisle`.
    pub(super) fn strip(&self, aisle: &GroundZone, depth: f32) -> Footprint {
        let corners = &self.zone.polygon;
        let sides = (0..4).map(|side| (corners[side], corners[(side + 1) % 4]));
        let distance =
            |(a, b): &(Vec2, Vec2)| -crate::draw::ground::edge_distance(&aisle.polygon, (*a + *b) / 2.0);
        let nearest = sides.min_by(|one, other| distance(one).total_cmp(&distance(other)));
        let (a, b) = nearest.unwrap_or((corners[0], corners[1]));
        let front = (a + b) / 2.0;
        let (out, length) =
            ((front - self.middle).normalize_or(Vec2::X), (front - self.middle).length() * 2.0);
        let half = Vec2::new(length * depth / 2.0, a.distance(b) / 2.0);
        Footprint { at: front + out * half.x, along: out, half }
    }
}

/// The bay that a point is in: that whose middle is nearest.
pub(super) fn bay_at<'b, 'a>(bays: &'b [Bay<'a>], point: Vec2) -> Option<&'b Bay<'a>> {
    let near = bays.iter().filter(|bay| bay.distance(point) <= FARTHEST);
    near.min_by(|a, b| a.distance(point).total_cmp(&b.distance(point)))
}

/// How far a vehicle in a bay is towards each neighbour.
pub(super) fn shares<'b, 'a>(
    bays: &'b [Bay<'a>],
    bay: &'b Bay<'a>,
    point: Vec2,
) -> impl Iterator<Item = (&'b Bay<'a>, f64)> {
    let others = bays.iter().filter(|other| other.id() != bay.id());
    others.filter_map(move |other| Some((other, bay.towards(other, point)?)))
}

/// The other bay that a vehicle in a bay takes up a part of.
pub(super) fn straddled<'b, 'a>(bays: &'b [Bay<'a>], bay: &'b Bay<'a>, point: Vec2) -> Option<&'b Bay<'a>> {
    let mut shares = shares(bays, bay, point);
    shares.find(|(_, share)| BETWEEN.contains(share)).map(|(other, _)| other)
}

pub(super) fn holds(content: &Content, stays: &[Stay<'_>]) -> Vec<Hold> {
    let bays = Bay::all(content);
    let mut holds = Vec::new();
    for stay in stays {
        let Some(bay) = bay_at(&bays, stay.footprint.at) else { continue };
        let zone = &bay.zone.zone;
        if !zone.classes.contains(&stay.player.class()) {
            continue;
        }
        let other = straddled(&bays, bay, stay.footprint.at).map(|other| other.id().clone());
        for rule in &zone.rules {
            let hold = || Hold::of_stay(rule, &zone.id, stay);
            match rule.kind {
                EventKind::Overstay | EventKind::LongStay => holds.push(hold()),
                EventKind::Straddling => {
                    holds.extend(other.clone().map(|other| Hold { or_in: Some(other), ..hold() }));
                }
                _ => {}
            }
        }
    }
    holds
}

/// When a bay is taken, and when nobody can tell.
pub(crate) struct Occupancy {
    pub zone: ZoneId,
    pub occupied: Vec<Span>,
    pub unsure: Vec<Span>,
}

/// Of each bay, in the loop played once.
pub(crate) fn occupancy(content: &Content) -> Vec<Occupancy> {
    let (bays, stays) = (Bay::all(content), stays(content, Play::Once));
    let occupancy = |bay: &Bay<'_>| {
        let (mut occupied, mut unsure) = (Vec::new(), Vec::new());
        for stay in &stays {
            let Some(taken) = bay_at(&bays, stay.footprint.at) else { continue };
            let other = straddled(&bays, taken, stay.footprint.at);
            if taken.id() == bay.id() {
                occupied.push([stay.from_s, stay.until_s]);
            } else if other.is_some_and(|other| other.id() == bay.id()) {
                unsure.push([stay.from_s, stay.until_s]);
            } else {
                continue;
            }
            unsure.extend(comings(stay, bay, content.loop_s()));
        }
        let sorted = |spans: Vec<Span>| super::span::merged(spans, 0.0);
        Occupancy { zone: bay.id().clone(), occupied: sorted(occupied), unsure: sorted(unsure) }
    };
    bays.iter().map(occupancy).collect()
}

/// While it drives into the bay before a stay, and out after it.
fn comings(stay: &Stay<'_>, bay: &Bay<'_>, loop_s: f64) -> Vec<Span> {
    let is_over = |at_s: f64| is_partly_over(stay.player, at_s, bay);
    let mut from_s = stay.from_s;
    while from_s > 0.0 && stay.from_s - from_s < LONGEST_WAY_S && is_over(from_s - 0.2) {
        from_s -= 0.2;
    }
    let mut until_s = stay.until_s;
    while until_s < loop_s && until_s - stay.until_s < LONGEST_WAY_S && is_over(until_s + 0.2) {
        until_s += 0.2;
    }
    let ways = [[from_s.max(0.0), stay.from_s], [stay.until_s, until_s.min(loop_s)]];
    ways.into_iter().filter(|[from_s, until_s]| until_s > from_s).collect()
}

fn is_partly_over(player: &Player, at_s: f64, bay: &Bay<'_>) -> bool {
    let state = player.track.state(at_s);
    state.is_some_and(|state| Footprint::of(&state, player.half()).share_in(&bay.zone.polygon) > PARTLY)
}
