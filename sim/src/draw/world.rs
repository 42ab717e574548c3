//! Everything that stands still, the light on it and the eye that sees it; and shading of one point of it.

use glam::{Affine3A, Vec2, Vec3};

use super::{
    camera::Camera,
    ground::Ground,
    light::Light,
    material::{Facade, Hit, Material, Surface, facade_surface, plain_surface},
    mesh::Mesh,
    mirror::Mirror,
    raster::ScreenTriangle,
    shadow::ShadowMap,
    snow::Snow,
};
use crate::actor::Part;

/// Half the side of the finely tiled ground around the origin, in metres.
const NEAR_GROUND_M: f32 = 66.0;
/// Half the side of the coarse ground beyond it.
const FAR_GROUND_M: f32 = 330.0;

/// What stands still.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub mesh: Mesh,
    pub ground: Ground,
    pub facades: Vec<Facade>,
}

impl World {
    /// Adds the ground plane to what stands on it.
    pub(crate) fn new(mut mesh: Mesh, ground: Ground, facades: Vec<Facade>) -> Self {
        let sheet = |mesh: &mut Mesh, half: f32, z: f32, step: f32| {
            let c = [[-half, -half], [half, -half], [half, half], [-half, half]];
            mesh.tiled(c.map(|[x, y]| Vec3::new(x, y, z)), step, Material::Ground);
        };
        sheet(&mut mesh, NEAR_GROUND_M, 0.0, 3.0);
        sheet(&mut mesh, FAR_GROUND_M, -0.3, 30.0);
        Self { mesh, ground, facades }
    }
}

/// A world in its light, seen through a camera.
pub(crate) struct View {
    pub world: World,
    pub light: Light,
    pub camera: Camera,
    pub shadows: Option<ShadowMap>,
    /// What wet ground mirrors, where it is wet.
    pub mirror: Option<Mirror>,
    /// What lies on everything, where it has snowed.
    pub snow: Option<Snow>,
    /// Pixels.
    pub width: usize,
    pub height: usize,
}

/// A mesh drawn somewhere: the world, or a part of an actor.
pub(crate) struct Item<'a> {
    pub mesh: &'a Mesh,
    /// Where it truly stands, also when it is drawn as its mirror image.
    pub place: Affine3A,
    /// `None` for the world.
    pub part: Option<&'a Part>,
}

/// A point shaded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shaded {
    /// Light that reaches the eye, linear.
    pub light: Vec3,
    /// How the same point would look in the shadow of something, as a share of `light`; 1 where it already is.
    pub shadow: f32,
    /// Mean albedo.
    pub albedo: f32,
    pub is_ground: bool,
}

impl View {
    /// Shades what `triangle` shows at a point of the picture, in pixels.
    pub(crate) fn shade(&self, item: &Item, triangle: &ScreenTriangle, at: Vec2) -> Shaded {
        let weights = triangle.planes.map(|plane| (plane.x * at.x + plane.y * at.y + plane.z).max(0.0));
        let whole = (weights[0] + weights[1] + weights[2]).max(1e-6);
        let source = &item.mesh.triangles[triangle.index as usize];
        let (mut local, mut normal) = (Vec3::ZERO, Vec3::ZERO);
        for (weight, corner) in weights.iter().zip(source.corners) {
            let vertex = &item.mesh.vertices[corner as usize];
            local += vertex.position * (weight / whole);
            normal += vertex.normal * (weight / whole);
        }
        let world = item.place.transform_point3(local);
        let local_normal = normal.normalize_or(Vec3::Z);
        let mut turned = item.place.transform_vector3(local_normal).normalize_or(Vec3::Z);
        let to_eye = (self.camera.position - world).normalize_or(Vec3::Z);
        if source.material.is_two_sided() && turned.dot(to_eye) < 0.0 {
            turned = -turned;
        }
        let slant = turned.dot(to_eye).abs().max(0.12);
        let footprint = 1.0 / (whole * self.camera.focal) / slant.sqrt();
        let hit = Hit { world, local, normal: turned, local_normal, footprint };
        let mut surface = self.surface(item, source.material, &hit);
        if let Some(snow) = &self.snow {
            match item.part {
                Some(part) => snow.on_thing(&mut surface, &hit, part.snow()),
                None if source.material.is_ground() => snow.on_ground(&mut surface, &hit),
                None => snow.on_thing(&mut surface, &hit, 1.0),
            }
        }
        self.finish(&surface, &hit, source.material, at)
    }

    fn surface(&self, item: &Item, material: Material, hit: &Hit) -> Surface {
        if let Some(part) = item.part {
            return part.surface(material, hit, self.light.dark);
        }
        match material {
            Material::Ground => self.world.ground.surface(hit, &self.light),
            Material::Facade(style) => {
                let facade = &self.world.facades[usize::from(style) % self.world.facades.len()];
                facade_surface(facade, hit, self.light.dark)
            }
            other => plain_surface(other, hit, self.light.dark),
        }
    }

    fn finish(&self, surface: &Surface, hit: &Hit, material: Material, at: Vec2) -> Shaded {
        let is_ground = matches!(material, Material::Ground);
        let sunlit = match &self.shadows {
            Some(map) if hit.normal.dot(self.light.sun) > 0.0 => map.lit(hit.world, hit.normal),
            Some(_) => 0.0,
            None => 1.0,
        };
        let mirrored = match &self.mirror {
            Some(mirror) if is_ground && surface.mirror > 0.0 => {
                Some(mirror.seen(at, hit.world, surface.polish))
            }
            _ => None,
        };
        let light = self.light.shade(surface, hit, sunlit, mirrored);
        let shadow = if is_ground && sunlit > 0.0 && self.light.has_sun() {
            let direct =
                self.light.sun_colour * surface.albedo * hit.normal.dot(self.light.sun).max(0.0) * sunlit;
            1.0 - (direct.element_sum() / light.element_sum().max(1e-4)).min(0.95)
        } else {
            1.0
        };
        Shaded { light, shadow, albedo: surface.albedo.element_sum() / 3.0, is_ground }
    }
}
