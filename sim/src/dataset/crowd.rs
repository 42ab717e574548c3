//! Random vehicles, two-wheelers and people that do not stand in each other.

use std::{
    collections::HashMap,
    f32::consts::{FRAC_PI_2, PI, TAU},
    sync::Arc,
};

use fastrand::Rng;
use glam::Vec2;

use super::{
    layout::Stage,
    variety::{self, Kind},
};
use crate::{
    actor::{Actor, cycle, figure, palette},
    draw::mesh::Mesh,
};

/// The label of whoever is no vehicle and no two-wheeler: those on foot, and riders.
const PERSON: &str = "person";

/// Everybody in one picture, and what the network shall call them.
pub(super) struct Gathering {
    pub actors: Vec<Actor>,
    labels: HashMap<u32, &'static str>,
}

impl Gathering {
    /// What the network shall call an object of the truth.
    pub(super) fn label(&self, id: u32) -> &'static str {
        self.labels.get(&id).copied().unwrap_or(PERSON)
    }
}

/// Everybody in one picture.
pub(super) fn gather(stage: &Stage, rng: &mut Rng) -> Gathering {
    let mut crowd = Crowd { stage, taken: Vec::new(), actors: Vec::new(), labels: HashMap::new() };
    // Nothing stands in the camera's mast.
    crowd.taken.push((Vec2::ZERO, 0.0, Vec2::splat(0.8)));
    crowd.parked(rng);
    if stage.street {
        crowd.traffic(rng);
    } else {
        crowd.aisle(rng);
    }
    crowd.anywhere(rng);
    crowd.cycles(rng);
    crowd.people(rng);
    Gathering { actors: crowd.actors, labels: crowd.labels }
}

struct Crowd<'a> {
    stage: &'a Stage,
    labels: HashMap<u32, &'static str>,
    /// Middle, heading and half size.
    taken: Vec<(Vec2, f32, Vec2)>,
    actors: Vec<Actor>,
}

impl Crowd<'_> {
    fn next_id(&self) -> u32 {
        self.actors.len() as u32 + 1
    }

    /// Whether a rectangle is free, with `gap` metres around; takes it if so.
    fn take(&mut self, at: Vec2, heading: f32, half: Vec2, gap: f32) -> bool {
        let free = self
            .taken
            .iter()
            .all(|&(other, turn, size)| apart((at, heading, half + gap), (other, turn, size)));
        if free {
            self.taken.push((at, heading, half));
        }
        free
    }

    fn vehicle(&mut self, rng: &mut Rng, kind: Kind, at: Vec2, heading: f32, gap: f32, moving: bool) {
        let (mut look, mesh) = variety::vehicle(kind, rng);
        let half = Vec2::new(look.measures.length, look.measures.width) / 2.0;
        if !self.take(at, heading, half, gap) {
            return;
        }
        let dark = self.stage.view.light.dark > 0.3;
        look.headlights = dark && (moving && rng.f32() < 0.85 || rng.f32() < 0.04);
        look.brake_lights = moving && rng.f32() < 0.4;
        let id = self.next_id();
        self.labels.insert(id, kind.label());
        self.actors.push(Actor::vehicle(id, mesh, look, at, heading, moving));
    }

    fn parked(&mut self, rng: &mut Rng) {
        let full = rng.f32();
        let tidy = rng.f32() * 0.35;
        for &(at, heading) in &self.stage.bays {
            if rng.f32() < full {
                let jitter = Vec2::new(rng.f32() - 0.5, rng.f32() - 0.5) * (0.2 + tidy);
                let lean = (rng.f32() - 0.5) * (0.05 + tidy * 0.4);
                let reversed = if rng.f32() < 0.35 { PI } else { 0.0 };
                let mut kind = Kind::usual(rng);
                if !kind.fits_bay() {
                    kind = Kind::PanelVan;
                }
                self.vehicle(rng, kind, at + jitter, heading + lean + reversed, 0.12, false);
            }
        }
    }

    fn aisle(&mut self, rng: &mut Rng) {
        for _ in 0..rng.u32(..7) {
            let half = self.stage.half_aisle;
            let at = self.stage.at((rng.f32() - 0.5) * 40.0, (rng.f32() - 0.5) * 2.0 * (half - 0.6));
            let lean = (rng.f32() - 0.5) * if rng.f32() < 0.3 { 1.6 } else { 0.25 };
            let heading = self.stage.turn + lean + if rng.bool() { PI } else { 0.0 };
            let kind = some_kind(rng);
            let moving = rng.bool();
            self.vehicle(rng, kind, at, heading, 0.25, moving);
        }
    }

    /// Vehicles in their lanes, from a lonely one to a queue.
    fn traffic(&mut self, rng: &mut Rng) {
        let half = self.stage.half_aisle;
        let lanes = ((2.0 * half / 3.2) as u32).max(1);
        let width = 2.0 * half / lanes as f32;
        let dense = rng.f32() * rng.f32();
        for lane in 0..lanes {
            let across = -half + width * (lane as f32 + 0.5);
            // On the right of the middle one drives along, on the left one comes.
            let turn = self.stage.turn + if across < 0.0 { 0.0 } else { PI };
            let mut along = -45.0 + 12.0 * rng.f32();
            while along < 45.0 {
                let kind = some_kind(rng);
                let at = self.stage.at(along, across + (rng.f32() - 0.5) * (width - 2.2).max(0.1));
                let (lean, moving) = ((rng.f32() - 0.5) * 0.08, rng.f32() < 0.8);
                self.vehicle(rng, kind, at, turn + lean, 0.4, moving);
                along += 5.5 + (1.0 - dense) * 40.0 * rng.f32();
            }
        }
    }

    /// Strays, and clusters standing crosswise and close.
    fn anywhere(&mut self, rng: &mut Rng) {
        for _ in 0..rng.u32(..5) {
            let centre = self.somewhere(rng, 16.0);
            let heading = rng.f32() * TAU;
            let count = if rng.f32() < 0.4 { rng.u32(2..6) } else { 1 };
            for _ in 0..count {
                let at = centre + Vec2::from_angle(rng.f32() * TAU) * rng.f32() * 5.0;
                let turn = heading + (rng.f32() - 0.5) * 0.6 + if rng.f32() < 0.3 { FRAC_PI_2 } else { 0.0 };
                let kind = some_kind(rng);
                self.vehicle(rng, kind, at, turn, 0.15, false);
            }
        }
    }

    fn somewhere(&self, rng: &mut Rng, reach: f32) -> Vec2 {
        let off = Vec2::new(rng.f32() - 0.5, rng.f32() - 0.5) * 2.0 * reach;
        // Every second one between the place and the camera, where it is seen large.
        self.stage.middle * if rng.bool() { 1.0 } else { 0.3 + 0.7 * rng.f32() }
            + off * if rng.bool() { 1.0 } else { 0.4 }
    }

    fn cycles(&mut self, rng: &mut Rng) {
        let mut places = Vec::new();
        for _ in 0..rng.u32(..6) {
            places.push((self.somewhere(rng, 14.0), rng.f32() * TAU, rng.f32() < 0.7));
        }
        if rng.f32() < 0.4 {
            // A row of parked ones, side by side.
            let (start, heading) = (self.somewhere(rng, 12.0), rng.f32() * TAU);
            for index in 0..rng.u32(2..9) {
                let off = Vec2::from_angle(heading + FRAC_PI_2) * index as f32 * (0.55 + 0.3 * rng.f32());
                places.push((start + off, heading + 0.15 * (rng.f32() - 0.5), false));
            }
        }
        for (at, heading, ridden) in places {
            if !self.take(at, heading, Vec2::new(0.95, 0.3), 0.02) {
                continue;
            }
            let (label, mesh) = self.cycle(rng, ridden);
            let helmet = if label == "bicycle" { None } else { palette::helmet(rng) };
            let rider = (ridden && rng.f32() < 0.85)
                .then(|| Arc::new(figure::rider(&palette::person(rng, false), helmet)));
            let id = self.next_id();
            self.labels.insert(id, label);
            self.actors.push(Actor::bike(id, Arc::new(mesh), rider, at, heading, ridden));
        }
    }

    fn cycle(&self, rng: &mut Rng, ridden: bool) -> (&'static str, Mesh) {
        let mut look = palette::bike(rng);
        look.headlight = ridden && self.stage.view.light.dark > 0.3;
        match rng.f32() {
            x if x < 0.5 => ("e-bike", figure::bike(&look)),
            x if x < 0.75 => ("bicycle", cycle::bicycle(look.paint, rng.f32() < 0.3)),
            _ => ("motorcycle", cycle::motorcycle(look.paint, look.headlight)),
        }
    }

    fn people(&mut self, rng: &mut Rng) {
        for _ in 0..rng.u32(..9) {
            let at = self.somewhere(rng, 14.0);
            if !self.take(at, 0.0, Vec2::splat(0.3), 0.05) {
                continue;
            }
            let look = palette::person(rng, self.stage.rain);
            let swing = if rng.f32() < 0.7 { 0.6 + 0.4 * rng.f32() } else { 0.0 };
            let mesh = Arc::new(figure::person(&look, rng.f32() * TAU, swing));
            let id = self.next_id();
            self.actors.push(Actor::person(id, mesh, at, rng.f32() * TAU, swing > 0.0));
        }
    }
}

fn some_kind(rng: &mut Rng) -> Kind {
    if rng.f32() < 0.35 { Kind::any(rng) } else { Kind::usual(rng) }
}

/// Whether two rectangles on the ground keep apart (separating axes).
fn apart(a: (Vec2, f32, Vec2), b: (Vec2, f32, Vec2)) -> bool {
    let off = b.0 - a.0;
    let sides = |turn: f32| [Vec2::from_angle(turn), Vec2::from_angle(turn).perp()];
    let reach = |rect: &(Vec2, f32, Vec2), axis: Vec2| {
        let [x, y] = sides(rect.1);
        rect.2.x * x.dot(axis).abs() + rect.2.y * y.dot(axis).abs()
    };
    [sides(a.1), sides(b.1)]
        .iter()
        .flatten()
        .any(|&axis| off.dot(axis).abs() > reach(&a, axis) + reach(&b, axis))
}
