//! Vehicles beyond the body types of the scenes: every one a little longer, lower or rounder than the next, and kinds that
//! scenes do not use (panel vans, crew-cab pickups, heavy lorries, city buses).

use std::sync::Arc;

use fastrand::Rng;
use glam::{Affine3A, Vec3};

use crate::{
    actor::{
        palette,
        vehicle::{Body, Measures},
        vehicle_skin::VehicleLook,
    },
    draw::mesh::Mesh,
};

/// What a training picture may show on four wheels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sedan,
    Hatchback,
    Suv,
    /// A people carrier; labelled `van`.
    Minivan,
    /// A delivery van without side windows behind; labelled `van`.
    PanelVan,
    /// A pickup with two rows of seats; labelled `truck`.
    CrewPickup,
    Pickup,
    BoxTruck,
    /// A box lorry of 7.5 to 10 m.
    HeavyTruck,
    Coach,
    /// A bus of 10 to 12.5 m.
    CityBus,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::Sedan,
        Self::Hatchback,
        Self::Suv,
        Self::Minivan,
        Self::PanelVan,
        Self::CrewPickup,
        Self::Pickup,
        Self::BoxTruck,
        Self::HeavyTruck,
        Self::Coach,
        Self::CityBus,
    ];

    /// What the network shall call it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Sedan | Self::Hatchback | Self::Suv => "car",
            Self::Minivan | Self::PanelVan => "van",
            Self::CrewPickup | Self::Pickup | Self::BoxTruck | Self::HeavyTruck => "truck",
            Self::Coach | Self::CityBus => "bus",
        }
    }

    /// Whether it fits into a bay.
    pub(super) fn fits_bay(self) -> bool {
        !matches!(self, Self::HeavyTruck | Self::Coach | Self::CityBus)
    }

    /// As often as streets show it.
    pub(super) fn usual(rng: &mut Rng) -> Self {
        match rng.f32() {
            x if x < 0.3 => Self::Sedan,
            x if x < 0.48 => Self::Hatchback,
            x if x < 0.72 => Self::Suv,
            x if x < 0.8 => Self::Minivan,
            x if x < 0.86 => Self::PanelVan,
            x if x < 0.9 => Self::CrewPickup,
            x if x < 0.93 => Self::Pickup,
            x if x < 0.96 => Self::BoxTruck,
            x if x < 0.975 => Self::HeavyTruck,
            x if x < 0.985 => Self::Coach,
            _ => Self::CityBus,
        }
    }

    /// Each as often as any other.
    pub(super) fn any(rng: &mut Rng) -> Self {
        Self::ALL[rng.usize(..Self::ALL.len())]
    }

    fn body(self) -> Body {
        match self {
            Self::Sedan => Body::Sedan,
            Self::Hatchback => Body::Hatchback,
            Self::Suv | Self::CrewPickup => Body::Suv,
            Self::Minivan | Self::PanelVan => Body::Van,
            Self::Pickup => Body::Pickup,
            Self::BoxTruck | Self::HeavyTruck => Body::BoxTruck,
            Self::Coach | Self::CityBus => Body::Bus,
        }
    }

    /// Factors along, across and up, the least and what chance adds.
    fn scale(self) -> [(f32, f32); 3] {
        match self {
            Self::PanelVan => [(1.12, 0.2), (1.08, 0.1), (1.15, 0.28)],
            Self::HeavyTruck => [(1.25, 0.42), (1.1, 0.15), (1.1, 0.3)],
            Self::CityBus => [(1.15, 0.32), (1.0, 0.06), (0.95, 0.1)],
            Self::Pickup | Self::BoxTruck | Self::Coach => [(0.88, 0.26), (0.92, 0.16), (0.92, 0.18)],
            _ => [(0.9, 0.18), (0.95, 0.1), (0.93, 0.14)],
        }
    }
}

/// A vehicle of a kind with everything else left to chance, and its mesh.
pub(super) fn vehicle(kind: Kind, rng: &mut Rng) -> (VehicleLook, Arc<Mesh>) {
    let body = kind.body();
    let mut look = palette::vehicle(body, rng);
    let mut measures = shape(kind, rng);
    let mut mesh = body.mesh_of(&measures);
    let factors = kind.scale().map(|(least, more)| least + more * rng.f32());
    stretch(&mut measures, &mut mesh, Vec3::from_array(factors));
    look.measures = measures;
    if kind == Kind::PanelVan {
        // The skin leaves the rear side windows away for these.
        look.seed -= look.seed % 3;
    }
    (look, Arc::new(mesh))
}

/// A body's measures with its lines moved: where the cabin begins and ends, how high the belt, the roof and the tail are.
fn shape(kind: Kind, rng: &mut Rng) -> Measures {
    let mut m = kind.body().measures();
    if kind == Kind::CrewPickup {
        m.length = 5.3;
        m.cabin = [1.45, 0.75, -0.55, -0.8];
        m.axles = [1.75, -1.55];
        m.pillars = [0.15, -9.0, -9.0];
        (m.tail, m.belt, m.roof) = (1.14, 1.14, 1.8);
    }
    let mut move_by = |value: &mut f32, by: f32| *value += by * (2.0 * rng.f32() - 1.0);
    if matches!(kind, Kind::Sedan | Kind::Hatchback | Kind::Suv | Kind::Minivan | Kind::CrewPickup) {
        for edge in &mut m.cabin {
            move_by(edge, 0.14);
        }
        move_by(&mut m.nose, 0.07);
        move_by(&mut m.belt, 0.05);
        move_by(&mut m.tail, 0.06);
        move_by(&mut m.roof, 0.06);
        move_by(&mut m.wheel, 0.03);
        // The body ends behind the rear window.
        m.cabin[3] = m.cabin[3].max(-m.length / 2.0 + 0.12).min(m.cabin[2] - 0.12);
    }
    m
}

/// Stretches a mesh and the measures by which its skin is painted alike.
fn stretch(m: &mut Measures, mesh: &mut Mesh, by: Vec3) {
    let mut whole = Mesh::default();
    whole.add(mesh, &Affine3A::from_scale(by));
    *mesh = whole;
    m.length *= by.x;
    m.cabin = m.cabin.map(|x| x * by.x);
    m.axles = m.axles.map(|x| x * by.x);
    m.pillars = m.pillars.map(|x| x * by.x);
    m.width *= by.y;
    for height in [&mut m.sill, &mut m.belt, &mut m.nose, &mut m.tail, &mut m.roof, &mut m.wheel] {
        *height *= by.z;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vehicle_fills_the_measures_that_its_skin_is_painted_by() {
        let mut rng = Rng::with_seed(7);
        for kind in Kind::ALL {
            for _ in 0..20 {
                let (look, mesh) = vehicle(kind, &mut rng);
                let (low, high) = mesh.bounds();
                let m = look.measures;
                assert!((high.x - low.x - m.length).abs() < 0.15, "{kind:?}: {} long, {m:?}", high.x - low.x);
                assert!(high.y < m.width / 2.0 + 0.25 && low.z.abs() < 0.03, "{kind:?}: {low} {high} {m:?}");
                assert!(m.cabin.windows(2).all(|pair| pair[0] > pair[1]), "{kind:?}: {:?}", m.cabin);
            }
        }
    }

    #[test]
    fn no_two_vehicles_are_alike() {
        let mut rng = Rng::with_seed(8);
        let lengths: Vec<f32> = (0..10).map(|_| vehicle(Kind::Sedan, &mut rng).0.measures.length).collect();
        assert!(lengths.windows(2).all(|pair| pair[0] != pair[1]), "{lengths:?}");
    }
}
