//! Where on the ground things stand, told from their boxes.
//!
//! In: what the camera is known to see of the ground (a calibration, or else the bays that are drawn), and boxes. Out: the rectangle of ground
//! that each covers. Where nothing is known of the ground there is none, and rules judge by the lower part of the box. Pure.

mod fit;
mod from_bays;
mod layout;
mod pinhole;
mod quad;
mod shape;
#[cfg(test)]
mod tests;

use gridwatch_domain::{Ground, NormBox, Polygon, Zone};

use self::{fit::Sight, layout::Layout, pinhole::Pinhole};
pub use quad::Quad;
pub(crate) use quad::{area, clipped, distance, to_side};

use crate::motion::Kind;

/// A box that has changed by less than this, in shares of its size, stands where it stood.
const UNCHANGED: f32 = 0.008;

/// Boxes that overlap so much are of the same.
const SAME: f32 = 0.7;
/// … and so much, of the same sight of it: neither hidden more, nor taken together with what is beside it.
const SAME_SIGHT: f32 = 0.85;
/// Difference of quality that says nothing.
const AS_GOOD: f64 = 0.04;
const MUCH_WORSE: f64 = 0.15;
/// By how much a misfit (square of shares of the box) counts against the quality.
const MISFIT_COUNTS: f64 = 5.0;

/// What something covers of the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Footprint {
    /// As it is seen.
    pub seen: Quad,
    /// Its corners on the ground, in metres, in the same order.
    pub metres: [[f64; 2]; 4],
    heading: f64,
    /// The box that it was told from.
    of: NormBox,
    /// How well that told it, 0–1: what is hidden by half, cut off by the picture's edge, or like no vehicle, tells little.
    quality: f64,
}

impl Footprint {
    /// Whether something whose box is `now` is still where this was told.
    pub(crate) fn is_of(&self, now: NormBox) -> bool {
        self.of.iou(now) >= SAME_SIGHT
    }

    /// Takes another one of the same sight over, if that was told about as well.
    pub(crate) fn take(&mut self, told: Self) {
        if told.quality >= self.quality - AS_GOOD {
            // So that it does not get worse and worse, little by little.
            *self = Self { quality: told.quality.max(self.quality), ..told };
        }
    }

    /// Whether another one was told well enough to say that this holds no more.
    pub(crate) fn is_outdone_by(&self, told: &Self) -> bool {
        told.quality >= self.quality - MUCH_WORSE
    }

    /// Length of its longer side, in metres.
    pub(crate) fn length(&self) -> f64 {
        let side = |from: usize, to: usize| {
            let ([ax, ay], [bx, by]) = (self.metres[from], self.metres[to]);
            (ax - bx).hypot(ay - by)
        };
        side(0, 1).max(side(1, 2)).max(0.1)
    }

    fn middle(&self) -> [f64; 2] {
        [0, 1].map(|axis| self.metres.iter().map(|corner| corner[axis]).sum::<f64>() / 4.0)
    }

    /// Its corners after that share of the way to where it is `then`, turned as it is then.
    pub(crate) fn on_way(&self, then: &Self, share: f32) -> [[f64; 2]; 4] {
        let (from, to, left) = (self.middle(), then.middle(), 1.0 - f64::from(share));
        then.metres.map(|corner| [0, 1].map(|axis| corner[axis] + (from[axis] - to[axis]) * left))
    }
}

/// Where something is: its box and, where that is known, its footprint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stance {
    /// Its box.
    pub bbox: NormBox,
    /// What it covers of the ground.
    pub footprint: Option<Footprint>,
}

impl Stance {
    /// Share of what it covers of the ground that lies in a zone, 0–1.
    pub fn coverage(&self, zone: &Polygon) -> f32 {
        match &self.footprint {
            Some(footprint) => footprint.seen.coverage(zone),
            None => zone.coverage(self.bbox.ground_contact()),
        }
    }
}

/// What else is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Others<'a> {
    /// Boxes: they may hide a part of it.
    pub boxes: &'a [NormBox],
    /// What is known to be covered of the ground, in metres: nothing stands there besides.
    pub footprints: &'a [[[f64; 2]; 4]],
}

/// Tells footprints of one camera.
#[derive(Debug, Clone, Default)]
pub struct Surveyor {
    camera: Option<Pinhole>,
    layout: Layout,
}

impl Surveyor {
    /// Of a camera whose picture is `aspect` times wider than high: by its calibration, else by its bays, else it can tell nothing.
    pub fn new(ground: Option<&Ground>, zones: &[Zone], aspect: f64) -> Self {
        let calibrated = ground.and_then(|ground| Pinhole::of_ground(ground, aspect));
        let Some(camera) = calibrated.or_else(|| from_bays::pinhole(zones, aspect)) else {
            return Self::default();
        };
        let layout = Layout::new(&camera, zones);
        Self { camera: Some(camera), layout }
    }

    /// What something covers of the ground. `before`: what it covered when it was told last.
    pub fn footprint(
        &self,
        kind: Kind,
        bbox: NormBox,
        others: Others<'_>,
        before: Option<Footprint>,
    ) -> Option<Footprint> {
        let camera = self.camera.as_ref()?;
        if let Some(before) = before.filter(|before| is_unchanged(before.of, bbox)) {
            return Some(before);
        }
        let counts = counts(bbox, others.boxes);
        let sight = Sight { kind, bbox, counts, before: before.map(|before| before.heading) };
        let standing = fit::fit(camera, &sight, &self.layout, others.footprints)?;
        let metres = standing.corners();
        let [a, b, c, d] = metres.map(|[x, y]| camera.project([x, y, 0.0]));
        let seen = Quad::new([a?, b?, c?, d?]);
        let seen_edges = counts.iter().sum::<f64>() / 4.0;
        let quality = seen_edges - MISFIT_COUNTS * standing.misfit;
        Some(Footprint { seen, metres, heading: standing.heading, of: bbox, quality })
    }

    /// The same, of a box of which nothing else is known.
    pub fn stance(&self, kind: Kind, bbox: NormBox) -> Stance {
        Stance { bbox, footprint: self.footprint(kind, bbox, Others::default(), None) }
    }
}

fn is_unchanged(a: NormBox, b: NormBox) -> bool {
    let (x, y) = (UNCHANGED * a.width(), UNCHANGED * a.height());
    let near = |one: f32, other: f32, most: f32| (one - other).abs() <= most;
    near(a.x1(), b.x1(), x) && near(a.x2(), b.x2(), x) && near(a.y1(), b.y1(), y) && near(a.y2(), b.y2(), y)
}

/// How much each edge of a box can be trusted: what is nearer (lower in the picture) and lies over it hides where it really ends. Not its
/// top: seen from above, what is nearer hides the foot first.
fn counts(bbox: NormBox, others: &[NormBox]) -> [f64; 4] {
    let (mut hidden_x, mut hidden_below) = ([0.0_f32; 2], 0.0_f32);
    let nearer = others.iter().filter(|other| {
        other.y2() > bbox.y2() + 0.02 * bbox.height()
            && other.intersection(bbox) > 0.0
            && other.iou(bbox) < SAME
    });
    for other in nearer {
        let across = (other.x2().min(bbox.x2()) - other.x1().max(bbox.x1())) / bbox.width();
        let down = (other.y2().min(bbox.y2()) - other.y1().max(bbox.y1())) / bbox.height();
        for (side, edge) in [bbox.x1(), bbox.x2()].into_iter().enumerate() {
            if other.x1() <= edge && other.x2() >= edge {
                hidden_x[side] = hidden_x[side].max(down);
            }
        }
        if other.y1() <= bbox.y2() {
            hidden_below = hidden_below.max(across);
        }
    }
    [hidden_x[0], 0.0, hidden_x[1], hidden_below].map(|hidden| f64::from((1.0 - hidden).clamp(0.1, 1.0)))
}
