//! What moves: vehicles, e-bikes, people. Their shapes, and how their surfaces look.

pub(crate) mod cycle;
pub(crate) mod figure;
pub(crate) mod palette;
pub(crate) mod vehicle;
pub(crate) mod vehicle_skin;

use std::sync::{Arc, OnceLock};

use glam::{Affine3A, Vec2};
use gridwatch_domain::ObjectClass;

use crate::draw::{
    material::{Hit, Material, Surface, plain_surface},
    mesh::{Mesh, placement},
};
use vehicle::Body;
use vehicle_skin::{VehicleLook, vehicle_surface};

/// Added to an e-bike's identity for its rider's.
pub(crate) const RIDER_ID: u32 = 1000;

/// The mesh of a body type, built once.
pub(crate) fn body_mesh(body: Body) -> Arc<Mesh> {
    static MESHES: OnceLock<Vec<Arc<Mesh>>> = OnceLock::new();
    let meshes = MESHES.get_or_init(|| Body::ALL.iter().map(|body| Arc::new(body.mesh())).collect());
    let index = Body::ALL.iter().position(|known| *known == body).expect("all bodies are listed");
    Arc::clone(&meshes[index])
}

/// How the materials of a part are to be read.
#[derive(Debug, Clone)]
pub(crate) enum Skin {
    Vehicle(Box<VehicleLook>),
    Plain,
}

/// A mesh with its skin.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub mesh: Arc<Mesh>,
    pub skin: Skin,
}

/// A thing that the truth names, made of some of an actor's parts.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub id: u32,
    pub class: ObjectClass,
    /// First part, and one past the last.
    pub parts: (usize, usize),
}

/// Something standing or moving on the ground at one instant.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub parts: Vec<Part>,
    pub named: Vec<Named>,
    pub at: Vec2,
    /// Radians, counter-clockwise from +x.
    pub heading: f32,
    pub moving: bool,
    /// Half length and half width of where it touches the ground.
    pub half: Vec2,
    pub headlights: bool,
}

impl Actor {
    pub(crate) fn place(&self) -> Affine3A {
        placement(self.at, self.heading)
    }

    /// A vehicle.
    pub(crate) fn vehicle(
        id: u32,
        mesh: Arc<Mesh>,
        look: VehicleLook,
        at: Vec2,
        heading: f32,
        moving: bool,
    ) -> Self {
        let half = Vec2::new(look.measures.length, look.measures.width) * 0.5;
        Self {
            named: vec![Named { id, class: look.body.class(), parts: (0, 1) }],
            headlights: look.headlights,
            parts: vec![Part { mesh, skin: Skin::Vehicle(Box::new(look)) }],
            at,
            heading,
            moving,
            half,
        }
    }

    /// Headlights of a vehicle that is not seen itself.
    pub(crate) fn headlights(at: Vec2, heading: f32) -> Self {
        let (parts, named, half) = (Vec::new(), Vec::new(), Vec2::new(0.0, 0.8));
        Self { parts, named, at, heading, moving: true, half, headlights: true }
    }

    /// A person on foot.
    pub(crate) fn person(id: u32, mesh: Arc<Mesh>, at: Vec2, heading: f32, moving: bool) -> Self {
        Self {
            parts: vec![Part { mesh, skin: Skin::Plain }],
            named: vec![Named { id, class: ObjectClass::Person, parts: (0, 1) }],
            at,
            heading,
            moving,
            half: Vec2::splat(0.18),
            headlights: false,
        }
    }

    /// An e-bike, with its rider if it has one.
    pub(crate) fn bike(
        id: u32,
        bike: Arc<Mesh>,
        rider: Option<Arc<Mesh>>,
        at: Vec2,
        heading: f32,
        moving: bool,
    ) -> Self {
        let mut parts = vec![Part { mesh: bike, skin: Skin::Plain }];
        let mut named = Vec::new();
        if let Some(rider) = rider {
            parts.push(Part { mesh: rider, skin: Skin::Plain });
            named.push(Named { id: id + RIDER_ID, class: ObjectClass::Person, parts: (1, 2) });
        }
        named.insert(0, Named { id, class: ObjectClass::Motorcycle, parts: (0, parts.len()) });
        Self { parts, named, at, heading, moving, half: Vec2::new(0.7, 0.16), headlights: false }
    }
}

impl Part {
    /// How thick snow lies on it, 0–1: on people and those who ride hardly any.
    pub(crate) fn snow(&self) -> f32 {
        match &self.skin {
            Skin::Vehicle(look) => look.snow,
            Skin::Plain => 0.25,
        }
    }

    /// How the part answers light at a point.
    pub(crate) fn surface(&self, material: Material, hit: &Hit, dark: f32) -> Surface {
        match &self.skin {
            Skin::Vehicle(look) => vehicle_surface(look, material, hit, dark),
            Skin::Plain => {
                let mut surface = plain_surface(material, hit, dark);
                surface.open = 0.6 + 0.4 * (hit.local.z / 0.9).min(1.0);
                surface
            }
        }
    }
}
