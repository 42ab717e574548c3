//! Everybody in a scene: who they are, how they look, and their ways.

use std::{f32::consts::TAU, sync::Arc};

use fastrand::Rng;
use glam::Vec2;
use gridwatch_domain::ObjectClass;

use super::{
    motion::{Gait, State, Track},
    place::heading,
    spec::Spec,
};
use crate::{
    SimError,
    actor::{
        Actor, RIDER_ID, body_mesh, figure,
        figure::PersonLook,
        palette::{self, PAINTS},
        vehicle_skin::VehicleLook,
    },
    draw::{
        material::linear,
        mesh::Mesh,
        noise::{hash, smoothstep},
    },
};

/// Identities of e-bikes begin after this number, those of people after the next.
const BIKE_IDS: u32 = 200;
const PERSON_IDS: u32 = 400;
/// Metres covered by two steps.
const STRIDE_M: f32 = 1.45;
/// How long it takes to get out of a vehicle.
const GETS_OUT_S: f64 = 1.6;
/// How tall one sits in a vehicle, as a share of one's height.
const SEATED: f32 = 0.72;

/// Somebody with a way.
#[derive(Clone)]
pub(crate) struct Player {
    pub id: u32,
    pub track: Track,
    figure: Figure,
}

#[derive(Clone)]
enum Figure {
    Vehicle { mesh: Arc<Mesh>, look: Box<VehicleLook>, lights_stay: bool },
    Bike { bike: Arc<Mesh>, rider: Option<Arc<Mesh>> },
    Person { look: PersonLook, rides: bool },
}

impl Player {
    /// What a detector should call it.
    pub(crate) fn class(&self) -> ObjectClass {
        match &self.figure {
            Figure::Vehicle { look, .. } => look.body.class(),
            Figure::Bike { .. } => ObjectClass::Motorcycle,
            Figure::Person { .. } => ObjectClass::Person,
        }
    }

    /// Half length and half width on the ground.
    pub(crate) fn half(&self) -> Vec2 {
        match &self.figure {
            Figure::Vehicle { look, .. } => Vec2::new(look.measures.length, look.measures.width) / 2.0,
            Figure::Bike { .. } => Vec2::new(0.8, 0.3),
            Figure::Person { .. } => Vec2::splat(0.25),
        }
    }

    /// Identity of who rides it, as in the truth.
    pub(crate) fn rider(&self) -> Option<u32> {
        matches!(self.figure, Figure::Bike { rider: Some(_), .. }).then_some(self.id + RIDER_ID)
    }

    /// Whether they come out of a vehicle, or go into one.
    pub(crate) fn rides(&self) -> bool {
        matches!(self.figure, Figure::Person { rides: true, .. })
    }

    /// Whether they get out of a vehicle at this time, or into one.
    pub(crate) fn is_at_door(&self, at_s: f64) -> bool {
        let (enter_s, leave_s) = self.track.under_way();
        let since = (at_s - enter_s).min(leave_s - at_s);
        self.rides() && since < GETS_OUT_S
    }

    /// How tall somebody is who gets out of a vehicle or into one, as a share of their height.
    fn upright(&self, at_s: f64) -> f32 {
        if !self.is_at_door(at_s) {
            return 1.0;
        }
        let (enter_s, leave_s) = self.track.under_way();
        let since = (at_s - enter_s).min(leave_s - at_s) / GETS_OUT_S;
        SEATED + (1.0 - SEATED) * smoothstep(0.1, 0.9, since as f32)
    }

    /// The player as it is drawn in a state at a time of the loop; `dark` as in the light.
    pub(crate) fn actor(&self, state: &State, at_s: f64, dark: f32) -> Actor {
        let moving = state.is_moving();
        match &self.figure {
            Figure::Vehicle { mesh, look, lights_stay } => {
                let mut look = **look;
                look.wheel_turn = -state.covered / look.measures.wheel;
                let waits = *lights_stay && state.stand.is_some_and(|stand| stand > 0);
                look.headlights = dark > 0.3 && ((moving && !state.pushed) || waits);
                look.brake_lights = state.braking || waits;
                Actor::vehicle(self.id, Arc::clone(mesh), look, state.at, state.heading, moving)
            }
            Figure::Bike { bike, rider } => {
                Actor::bike(self.id, Arc::clone(bike), rider.clone(), state.at, state.heading, moving)
            }
            Figure::Person { look, .. } => {
                let swing = if moving { (state.speed / 1.4).clamp(0.3, 1.1) } else { 0.0 };
                let look = PersonLook { height: look.height * self.upright(at_s), ..*look };
                let mesh = figure::person(&look, state.covered / STRIDE_M * TAU, swing);
                Actor::person(self.id, Arc::new(mesh), state.at, state.heading, moving)
            }
        }
    }
}

/// Everybody, vehicles first. Refuses ways that cannot be, naming their key.
pub(super) fn gather(spec: &Spec) -> Result<Vec<Player>, SimError> {
    let mut players = Vec::new();
    for (index, vehicle) in spec.vehicle.iter().enumerate() {
        let key = format!("vehicle[{index}]");
        let mut rng = Rng::with_seed(u64::from(hash(spec.seed ^ (index as u32 + 10))));
        let mut look = palette::vehicle(vehicle.body, &mut rng);
        if let Some(name) = &vehicle.colour {
            let Some((rgb, metallic)) = palette::paint(name) else {
                let known: Vec<_> = PAINTS.iter().map(|paint| paint.0).collect();
                let problem = format!("{name:?}: expected one of {}", known.join(", "));
                return Err(SimError::scene(format!("{key}.colour"), problem));
            };
            (look.paint, look.metallic) = (linear(rgb), metallic);
        }
        // What is driven loses most of it.
        look.snow = if vehicle.leg.is_empty() { 0.75 + 0.25 * rng.f32() } else { 0.3 + 0.35 * rng.f32() };
        let gait = Gait::vehicle(look.measures.axles[0] - look.measures.axles[1]);
        let track =
            track(&key, vehicle.at, vehicle.heading_deg, vehicle.enter_s, &vehicle.leg, gait, spec.loop_s)?;
        let track = match &vehicle.nudge {
            Some(nudge) => track.nudged(nudge, spec.loop_s, &key)?,
            None => track,
        };
        let figure = Figure::Vehicle {
            mesh: body_mesh(vehicle.body),
            look: Box::new(look),
            lights_stay: vehicle.lights_stay,
        };
        players.push(Player { id: index as u32 + 1, track, figure });
    }
    for (index, bike) in spec.bike.iter().enumerate() {
        let key = format!("bike[{index}]");
        let mut rng = Rng::with_seed(u64::from(hash(spec.seed ^ (index as u32 + 2000))));
        let mut look = palette::bike(&mut rng);
        look.cargo = bike.cargo;
        look.headlight = !bike.leg.is_empty();
        let rider = (!bike.leg.is_empty())
            .then(|| Arc::new(figure::rider(&palette::person(&mut rng, false), palette::helmet(&mut rng))));
        let track = track(&key, bike.at, bike.heading_deg, bike.enter_s, &bike.leg, Gait::BIKE, spec.loop_s)?;
        let figure = Figure::Bike { bike: Arc::new(figure::bike(&look)), rider };
        players.push(Player { id: BIKE_IDS + index as u32 + 1, track, figure });
    }
    for (index, person) in spec.person.iter().enumerate() {
        let key = format!("person[{index}]");
        let mut rng = Rng::with_seed(u64::from(hash(spec.seed ^ (index as u32 + 3000))));
        let mut look = palette::person(&mut rng, spec.light.rain > 0.0);
        look.upper = person.upper.unwrap_or(look.upper);
        let track = track(&key, None, 0.0, person.enter_s, &person.leg, Gait::WALK, spec.loop_s)?;
        if person.rides && person.leg.last().is_some_and(|leg| leg.stop_s > 0.0) {
            return Err(SimError::scene(format!("{key}.rides"), "expected a last leg without stop_s"));
        }
        let figure = Figure::Person { look, rides: person.rides };
        players.push(Player { id: PERSON_IDS + index as u32 + 1, track, figure });
    }
    Ok(players)
}

fn track(
    key: &str,
    at: Option<[f32; 2]>,
    heading_deg: f32,
    enter_s: f64,
    legs: &[super::spec::LegSpec],
    gait: Gait,
    loop_s: f64,
) -> Result<Track, SimError> {
    let home = at.map(|at| (Vec2::from_array(at), heading(heading_deg)));
    match (home, legs.is_empty()) {
        (None, true) => Err(SimError::scene(key, "has neither a place (at) nor a way (leg)")),
        (Some((at, heading)), true) => Ok(Track::parked(at, heading)),
        (home, false) => Track::new(legs, gait, home, enter_s, loop_s, key),
    }
}
