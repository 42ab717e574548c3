//! Shadows: a depth map seen from the sun for what stands still, and shadows of actors cast on the ground.

use glam::{Affine3A, Mat3, Vec2, Vec3};
use rayon::prelude::*;

use super::{
    camera::Camera,
    mesh::Mesh,
    raster::{Rect, SAMPLES, project, span},
};

/// How far behind the nearest surface a point still counts as lit, in metres, beyond what the slope asks for.
const BIAS_M: f32 = 0.05;
const BAND_ROWS: usize = 64;

/// Distance from the sun to the first thing hit, on a grid across its rays.
pub(crate) struct ShadowMap {
    to_sun_view: Mat3,
    low: Vec2,
    texel: f32,
    size: usize,
    bias: f32,
    /// Height towards the sun of the first thing hit.
    nearest: Vec<f32>,
}

impl ShadowMap {
    /// Draws what stands within `reach` metres of `centre`.
    pub(crate) fn new(mesh: &Mesh, sun: Vec3, centre: Vec2, reach: f32, size: usize) -> Self {
        let (u, v) = sun.any_orthonormal_pair();
        let to_sun_view = Mat3::from_cols(u, v, sun).transpose();
        let middle = (to_sun_view * centre.extend(0.0)).truncate();
        let mut map = Self {
            to_sun_view,
            low: middle - reach,
            texel: reach * 2.0 / size as f32,
            size,
            // Within a texel level ground rises towards the sun by its cotangent.
            bias: BIAS_M + reach * 2.0 / size as f32 * (1.0 - sun.z * sun.z).sqrt() / sun.z.max(0.1),
            nearest: vec![f32::MIN; size * size],
        };
        let points: Vec<Vec3> = mesh.vertices.iter().map(|vertex| to_sun_view * vertex.position).collect();
        let (low, texel) = (map.low, map.texel);
        map.nearest.par_chunks_mut(size * BAND_ROWS).enumerate().for_each(|(band, rows)| {
            for triangle in &mesh.triangles {
                let c = triangle.corners.map(|corner| {
                    let p = points[corner as usize];
                    ((p.truncate() - low) / texel).extend(p.z)
                });
                fill(&c, band * BAND_ROWS, size, rows);
            }
        });
        map
    }

    /// Share of the sun that reaches a point, 0–1, soft over a few texels.
    pub(crate) fn lit(&self, point: Vec3, normal: Vec3) -> f32 {
        let p = self.to_sun_view * (point + normal * 0.05);
        let at = (p.truncate() - self.low) / self.texel - 0.5;
        let (x, y) = (at.x.floor(), at.y.floor());
        if x < 1.0 || y < 1.0 || x + 3.0 > self.size as f32 || y + 3.0 > self.size as f32 {
            return 1.0;
        }
        let (fx, fy) = (at.x - x, at.y - y);
        let start = (y as usize - 1) * self.size + x as usize - 1;
        let mut sum = 0.0;
        for (row, wy) in [1.0 - fy, 1.0, 1.0, fy].into_iter().enumerate() {
            for (column, wx) in [1.0 - fx, 1.0, 1.0, fx].into_iter().enumerate() {
                let blocked = self.nearest[start + row * self.size + column] > p.z + self.bias;
                sum += if blocked { 0.0 } else { wx * wy };
            }
        }
        sum / 9.0
    }
}

fn fill(c: &[Vec3; 3], first_row: usize, size: usize, rows: &mut [f32]) {
    let low = c[0].min(c[1]).min(c[2]);
    let high = c[0].max(c[1]).max(c[2]);
    let last_row = first_row + rows.len() / size;
    let y0 = (low.y.floor().max(first_row as f32)) as usize;
    let y1 = (high.y.ceil().max(0.0) as usize).min(last_row);
    let (x0, x1) = (low.x.floor().max(0.0) as usize, (high.x.ceil().max(0.0) as usize).min(size));
    if y0 >= y1 || x0 >= x1 {
        return;
    }
    let (a, b) = (c[1] - c[0], c[2] - c[0]);
    let area = a.x * b.y - a.y * b.x;
    if area.abs() < 1e-9 {
        return;
    }
    for y in y0..y1 {
        for x in x0..x1 {
            let p = Vec2::new(x as f32 + 0.5, y as f32 + 0.5) - c[0].truncate();
            let s = (p.x * b.y - p.y * b.x) / area;
            let t = (a.x * p.y - a.y * p.x) / area;
            if s >= 0.0 && t >= 0.0 && s + t <= 1.0 {
                let nearest = &mut rows[(y - first_row) * size + x];
                *nearest = nearest.max(c[0].z + s * a.z + t * b.z);
            }
        }
    }
}

/// Lays a mesh flat on the ground, away from the sun.
pub(crate) fn flattened(place: &Affine3A, sun: Vec3) -> Affine3A {
    let shear = Mat3::from_cols(Vec3::X, Vec3::Y, Vec3::new(-sun.x / sun.z, -sun.y / sun.z, 0.0));
    Affine3A::from_mat3(shear) * *place
}

/// Marks the samples of `area` on which a flattened mesh lies.
pub(crate) fn cast(camera: &Camera, mesh: &Mesh, flat: &Affine3A, area: &Rect, mask: &mut [u8]) {
    let mut triangles = Vec::new();
    project(camera, mesh, flat, 0, true, area, &mut triangles);
    let (stride, scale) = (area.width() * SAMPLES, SAMPLES as f32);
    for triangle in &triangles {
        let bounds = triangle.bounds();
        for row in 0..bounds.height() * SAMPLES {
            let y = bounds.y0 as f32 + (row as f32 + 0.5) / scale;
            let (from, to) = span(&triangle.planes, y, bounds.x0 as f32, bounds.x1 as f32);
            let first = ((from - area.x0 as f32) * scale - 0.5).ceil().max(0.0) as usize;
            let end = ((((to - area.x0 as f32) * scale - 0.5).floor() + 1.0).max(0.0) as usize).min(stride);
            if first < end {
                let start = ((bounds.y0 - area.y0) as usize * SAMPLES + row) * stride;
                mask[start + first..start + end].fill(255);
            }
        }
    }
}
