//! Triangle meshes and the shapes they are put together from.

use std::f32::consts::TAU;

use glam::{Affine3A, Vec2, Vec3};

use super::material::Material;

/// A corner of a triangle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vertex {
    pub position: Vec3,
    pub normal: Vec3,
}

/// Three corners and what they are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Triangle {
    pub corners: [u32; 3],
    pub material: Material,
}

/// A surface in its own coordinates: x forward, y left, z up, metres.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mesh {
    pub vertices: Vec<Vertex>,
    pub triangles: Vec<Triangle>,
}

impl Mesh {
    fn vertex(&mut self, position: Vec3, normal: Vec3) -> u32 {
        self.vertices.push(Vertex { position, normal });
        (self.vertices.len() - 1) as u32
    }

    /// A triangle over vertices that have normals already, turned so that it faces the way they point.
    fn facing(&mut self, mut corners: [u32; 3], material: Material) {
        let [a, b, c] = corners.map(|corner| self.vertices[corner as usize]);
        let outside = a.normal + b.normal + c.normal;
        if (b.position - a.position).cross(c.position - a.position).dot(outside) < 0.0 {
            corners.swap(1, 2);
        }
        self.triangles.push(Triangle { corners, material });
    }

    /// A triangle with the normal of its plane, counter-clockwise seen from outside.
    pub(crate) fn triangle(&mut self, corners: [Vec3; 3], material: Material) {
        let normal = (corners[1] - corners[0]).cross(corners[2] - corners[0]).normalize_or_zero();
        let corners = corners.map(|corner| self.vertex(corner, normal));
        self.triangles.push(Triangle { corners, material });
    }

    /// A flat quadrilateral, counter-clockwise seen from outside.
    pub(crate) fn quad(&mut self, c: [Vec3; 4], material: Material) {
        let normal = (c[2] - c[0]).cross(c[3] - c[1]).normalize_or_zero();
        let c = c.map(|corner| self.vertex(corner, normal));
        self.triangles.push(Triangle { corners: [c[0], c[1], c[2]], material });
        self.triangles.push(Triangle { corners: [c[0], c[2], c[3]], material });
    }

    /// A quadrilateral cut into pieces no longer than `step`, so that the lens can bend it.
    pub(crate) fn tiled(&mut self, c: [Vec3; 4], step: f32, material: Material) {
        let across = ((c[1] - c[0]).length().max((c[2] - c[3]).length()) / step).ceil().max(1.0) as u32;
        let up = ((c[3] - c[0]).length().max((c[2] - c[1]).length()) / step).ceil().max(1.0) as u32;
        let at = |i: u32, j: u32| {
            let (s, t) = (i as f32 / across as f32, j as f32 / up as f32);
            c[0].lerp(c[1], s).lerp(c[3].lerp(c[2], s), t)
        };
        for j in 0..up {
            for i in 0..across {
                self.quad([at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)], material);
            }
        }
    }

    /// A box between two corners; without a floor, which nobody sees.
    pub(crate) fn cuboid(&mut self, low: Vec3, high: Vec3, material: Material) {
        let p = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
        let (l, h) = (low, high);
        self.quad([p(l.x, l.y, h.z), p(h.x, l.y, h.z), p(h.x, h.y, h.z), p(l.x, h.y, h.z)], material);
        self.quad([p(l.x, l.y, l.z), p(h.x, l.y, l.z), p(h.x, l.y, h.z), p(l.x, l.y, h.z)], material);
        self.quad([p(h.x, l.y, l.z), p(h.x, h.y, l.z), p(h.x, h.y, h.z), p(h.x, l.y, h.z)], material);
        self.quad([p(h.x, h.y, l.z), p(l.x, h.y, l.z), p(l.x, h.y, h.z), p(h.x, h.y, h.z)], material);
        self.quad([p(l.x, h.y, l.z), p(l.x, l.y, l.z), p(l.x, l.y, h.z), p(l.x, h.y, h.z)], material);
    }

    /// A limb: a cone stump from `a` (radius `ra`) to `b` (radius `rb`) with round ends.
    pub(crate) fn limb(&mut self, a: Vec3, b: Vec3, ra: f32, rb: f32, sides: u32, material: Material) {
        let axis = (b - a).normalize_or(Vec3::Z);
        let (u, v) = axis.any_orthonormal_pair();
        let rings = [
            (a - axis * ra * 0.6, ra * 0.55, -0.8),
            (a, ra, 0.0),
            (b, rb, 0.0),
            (b + axis * rb * 0.6, rb * 0.55, 0.8),
        ];
        let start = self.vertices.len() as u32;
        for (centre, radius, tilt) in rings {
            for side in 0..sides {
                let (sin, cos) = (TAU * side as f32 / sides as f32).sin_cos();
                let out = u * cos + v * sin;
                self.vertex(centre + out * radius, (out + axis * tilt).normalize());
            }
        }
        self.bands(start, rings.len() as u32, sides, material);
        for (ring, normal) in [(0, -axis), (3, axis)] {
            let centre = rings[ring as usize].0 + normal * rings[ring as usize].1 * 0.35;
            let tip = self.vertex(centre, normal);
            for side in 0..sides {
                let (p, q) = (start + ring * sides + side, start + ring * sides + (side + 1) % sides);
                self.facing([tip, p, q], material);
            }
        }
    }

    fn bands(&mut self, start: u32, rings: u32, sides: u32, material: Material) {
        for ring in 0..rings - 1 {
            for side in 0..sides {
                let (p, q) = (start + ring * sides + side, start + ring * sides + (side + 1) % sides);
                self.facing([p, q, q + sides], material);
                self.facing([p, q + sides, p + sides], material);
            }
        }
    }

    /// An ellipsoid.
    pub(crate) fn ellipsoid(&mut self, centre: Vec3, radii: Vec3, sides: u32, material: Material) {
        let rings = sides / 2 + 1;
        let start = self.vertices.len() as u32;
        for ring in 0..rings {
            let polar = std::f32::consts::PI * (1.0 - ring as f32 / (rings - 1) as f32);
            for side in 0..sides {
                let (sin, cos) = (TAU * side as f32 / sides as f32).sin_cos();
                let out = Vec3::new(cos * polar.sin(), sin * polar.sin(), polar.cos());
                self.vertex(centre + out * radii, (out / radii).normalize());
            }
        }
        self.bands(start, rings, sides, material);
    }

    /// A standing cylinder without a floor.
    pub(crate) fn column(&mut self, foot: Vec3, radius: f32, height: f32, sides: u32, material: Material) {
        let start = self.vertices.len() as u32;
        for z in [0.0, height] {
            for side in 0..sides {
                let (sin, cos) = (TAU * side as f32 / sides as f32).sin_cos();
                let out = Vec3::new(cos, sin, 0.0);
                self.vertex(foot + out * radius + Vec3::Z * z, out);
            }
        }
        self.bands(start, 2, sides, material);
        let tip = self.vertex(foot + Vec3::Z * height, Vec3::Z);
        for side in 0..sides {
            let at = |side: u32| {
                let (sin, cos) = (TAU * (side % sides) as f32 / sides as f32).sin_cos();
                foot + Vec3::new(cos * radius, sin * radius, height)
            };
            let (p, q) = (self.vertex(at(side), Vec3::Z), self.vertex(at(side + 1), Vec3::Z));
            self.facing([tip, p, q], material);
        }
    }

    /// A disc with the axis along y, facing `+y` or `-y`, and its rim: a wheel of width `width` about `centre`.
    pub(crate) fn wheel(&mut self, centre: Vec3, radius: f32, width: f32, sides: u32, material: Material) {
        let start = self.vertices.len() as u32;
        for y in [width / 2.0, -width / 2.0] {
            for side in 0..sides {
                let (sin, cos) = (TAU * side as f32 / sides as f32).sin_cos();
                let out = Vec3::new(cos, 0.0, sin);
                self.vertex(centre + out * radius + Vec3::Y * y, out);
            }
        }
        self.bands(start, 2, sides, material);
        for (y, normal) in [(width / 2.0, Vec3::Y), (-width / 2.0, -Vec3::Y)] {
            let hub = self.vertex(centre + Vec3::Y * y, normal);
            for side in 0..sides {
                let at = |side: u32| {
                    let (sin, cos) = (TAU * (side % sides) as f32 / sides as f32).sin_cos();
                    centre + Vec3::new(cos * radius, y, sin * radius)
                };
                let (p, q) = (self.vertex(at(side), normal), self.vertex(at(side + 1), normal));
                self.facing([hub, p, q], material);
            }
        }
    }

    /// A skin over rings of points from front to back, each running from the left foot over the top to the right
    /// foot; smooth along, and around except where two points coincide. `caps` closes both ends.
    pub(crate) fn loft(&mut self, rings: &[Vec<Vec3>], caps: bool, material: Material) {
        let around = rings[0].len();
        let mut normals = vec![Vec3::ZERO; rings.len() * around];
        let mut faces = Vec::new();
        for ring in 0..rings.len() - 1 {
            for point in 0..around - 1 {
                let ids = [(ring, point), (ring + 1, point), (ring + 1, point + 1), (ring, point + 1)];
                let c = ids.map(|(r, p)| rings[r][p]);
                let normal = (c[2] - c[0]).cross(c[3] - c[1]);
                for (r, p) in ids {
                    normals[r * around + p] += normal;
                }
                faces.push(ids.map(|(r, p)| (r * around + p) as u32));
            }
        }
        let start = self.vertices.len() as u32;
        for (index, normal) in normals.into_iter().enumerate() {
            self.vertex(rings[index / around][index % around], normal.normalize_or(Vec3::Z));
        }
        for f in faces {
            let f = f.map(|index| start + index);
            self.triangles.push(Triangle { corners: [f[0], f[1], f[2]], material });
            self.triangles.push(Triangle { corners: [f[0], f[2], f[3]], material });
        }
        if caps {
            self.cap(&rings[0], true, material);
            self.cap(&rings[rings.len() - 1], false, material);
        }
    }

    fn cap(&mut self, ring: &[Vec3], front: bool, material: Material) {
        let centre = ring.iter().sum::<Vec3>() / ring.len() as f32;
        for pair in ring.windows(2).chain([[ring[ring.len() - 1], ring[0]].as_slice()]) {
            let corners = if front { [centre, pair[0], pair[1]] } else { [centre, pair[1], pair[0]] };
            self.triangle(corners, material);
        }
    }

    /// Adds a copy of another mesh.
    pub(crate) fn add(&mut self, other: &Mesh, place: &Affine3A) {
        let start = self.vertices.len() as u32;
        for vertex in &other.vertices {
            let normal = place.transform_vector3(vertex.normal).normalize_or(Vec3::Z);
            self.vertex(place.transform_point3(vertex.position), normal);
        }
        self.triangles.extend(other.triangles.iter().map(|triangle| Triangle {
            corners: triangle.corners.map(|corner| corner + start),
            material: triangle.material,
        }));
    }

    /// Lowest and highest corner of the box around everything.
    pub(crate) fn bounds(&self) -> (Vec3, Vec3) {
        let start = (Vec3::splat(f32::MAX), Vec3::splat(f32::MIN));
        self.vertices.iter().fold(start, |(low, high), v| (low.min(v.position), high.max(v.position)))
    }
}

/// Where something stands: position on the ground and heading in radians, counter-clockwise from +x.
pub(crate) fn placement(at: Vec2, heading: f32) -> Affine3A {
    Affine3A::from_translation(at.extend(0.0)) * Affine3A::from_rotation_z(heading)
}
