//! Finds out which triangle each sample of a picture sees.
//!
//! Homogeneous rasterisation (Olano and Greer): a triangle's barycentric coordinates divided by depth are planes over
//! the picture, so nothing needs clipping against the near plane. Stores only depth and triangle; shading comes later.

use glam::{Affine3A, Vec2, Vec3};
use rayon::prelude::*;

use super::{camera::Camera, mesh::Mesh};

/// Samples per pixel along each side.
pub(crate) const SAMPLES: usize = 2;
/// No triangle seen.
pub(crate) const NOTHING: u32 = u32::MAX;
const NEAR: f32 = 0.08;
const BAND_ROWS: usize = 32;

/// A rectangle of pixels or samples, the far edges excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub x0: i32,
    pub y0: i32,
    pub x1: i32,
    pub y1: i32,
}

impl Rect {
    pub(crate) const EMPTY: Self = Self { x0: i32::MAX, y0: i32::MAX, x1: i32::MIN, y1: i32::MIN };

    pub(crate) fn sized(width: usize, height: usize) -> Self {
        Self { x0: 0, y0: 0, x1: width as i32, y1: height as i32 }
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.x0 >= self.x1 || self.y0 >= self.y1
    }
    pub(crate) fn and(&self, o: &Self) -> Self {
        Self { x0: self.x0.max(o.x0), y0: self.y0.max(o.y0), x1: self.x1.min(o.x1), y1: self.y1.min(o.y1) }
    }
    pub(crate) fn or(&self, o: &Self) -> Self {
        Self { x0: self.x0.min(o.x0), y0: self.y0.min(o.y0), x1: self.x1.max(o.x1), y1: self.y1.max(o.y1) }
    }
    pub(crate) fn include(&mut self, p: Vec2, margin: f32) {
        let low = (p - margin).floor().clamp(Vec2::splat(-1e6), Vec2::splat(1e6));
        let high = (p + margin).ceil().clamp(Vec2::splat(-1e6), Vec2::splat(1e6));
        *self = self.or(&Self { x0: low.x as i32, y0: low.y as i32, x1: high.x as i32, y1: high.y as i32 });
    }
    /// Grown to even coordinates, so that it covers whole chroma samples.
    pub(crate) fn even(&self) -> Self {
        Self { x0: self.x0 & !1, y0: self.y0 & !1, x1: (self.x1 + 1) & !1, y1: (self.y1 + 1) & !1 }
    }
    pub(crate) fn width(&self) -> usize {
        (self.x1 - self.x0).max(0) as usize
    }
    pub(crate) fn height(&self) -> usize {
        (self.y1 - self.y0).max(0) as usize
    }
}

/// A triangle ready to be drawn. Planes are over pixel coordinates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScreenTriangle {
    /// Barycentric coordinate divided by view depth, for each corner: `x·p[0] + y·p[1] + p[2]`.
    pub planes: [Vec3; 3],
    /// Which of the things drawn.
    pub item: u32,
    /// Which triangle of its mesh.
    pub index: u32,
    bounds: Rect,
}

impl ScreenTriangle {
    /// The pixels it may touch.
    pub(crate) fn bounds(&self) -> &Rect {
        &self.bounds
    }
}

/// Turns a mesh standing somewhere into triangles of the picture, keeping those that face the camera (all, where
/// `both_sides`) and touch `clip`, in pixels.
pub(crate) fn project(
    camera: &Camera,
    mesh: &Mesh,
    place: &Affine3A,
    item: u32,
    both_sides: bool,
    clip: &Rect,
    out: &mut Vec<ScreenTriangle>,
) {
    let seen: Vec<Vec3> =
        mesh.vertices.iter().map(|v| camera.view(place.transform_point3(v.position))).collect();
    let mirrored = place.matrix3.determinant() < 0.0;
    for (index, triangle) in mesh.triangles.iter().enumerate() {
        let corners = triangle.corners.map(|corner| seen[corner as usize]);
        let sided = both_sides || triangle.material.is_two_sided();
        if let Some((planes, bounds)) = screen_planes(camera, &corners, sided, mirrored) {
            let bounds = bounds.and(clip);
            if !bounds.is_empty() {
                out.push(ScreenTriangle { planes, item, index: index as u32, bounds });
            }
        }
    }
}

fn screen_planes(camera: &Camera, c: &[Vec3; 3], both: bool, mirrored: bool) -> Option<([Vec3; 3], Rect)> {
    if c.iter().all(|v| v.z < NEAR) {
        return None;
    }
    let volume = c[0].dot(c[1].cross(c[2]));
    let faces_us = (volume < 0.0) != mirrored;
    if volume.abs() < 1e-9 || !(faces_us || both) {
        return None;
    }
    let (cx, cy) = (camera.width / 2.0, camera.height / 2.0);
    let planes = [c[1].cross(c[2]), c[2].cross(c[0]), c[0].cross(c[1])].map(|n| {
        let n = n / volume;
        // From the view ray ((x - cx) / f, (y - cy) / f, 1) to pixel coordinates.
        let (a, b) = (n.x / camera.focal, n.y / camera.focal);
        Vec3::new(a, b, n.z - a * cx - b * cy)
    });
    let mut bounds = Rect::EMPTY;
    if c.iter().all(|v| v.z >= NEAR) {
        for v in c {
            bounds.include(Vec2::new(v.x / v.z * camera.focal + cx, v.y / v.z * camera.focal + cy), 0.5);
        }
    } else {
        bounds = Rect { x0: -1_000_000, y0: -1_000_000, x1: 1_000_000, y1: 1_000_000 };
    }
    Some((planes, bounds))
}

/// What every sample of a rectangle of the picture sees.
#[derive(Debug, Clone)]
pub(crate) struct VisibilityBuffer {
    /// The part of the picture covered, in pixels.
    pub area: Rect,
    /// Samples across.
    pub stride: usize,
    /// One over view depth; 0 where nothing is.
    pub inverse_depth: Vec<f32>,
    /// Index of the triangle, or [`NOTHING`].
    pub triangle: Vec<u32>,
}

impl VisibilityBuffer {
    pub(crate) fn new(area: Rect) -> Self {
        let mut buffer = Self { area, stride: 0, inverse_depth: Vec::new(), triangle: Vec::new() };
        buffer.reset(area);
        buffer
    }

    /// Empties it for another part of the picture.
    pub(crate) fn reset(&mut self, area: Rect) {
        self.area = area;
        self.stride = area.width() * SAMPLES;
        let samples = self.stride * area.height() * SAMPLES;
        self.inverse_depth.clear();
        self.inverse_depth.resize(samples, 0.0);
        self.triangle.clear();
        self.triangle.resize(samples, NOTHING);
    }

    /// Draws triangles; the nearer wins, and of equal ones the first.
    pub(crate) fn draw(&mut self, triangles: &[ScreenTriangle]) {
        let (stride, area) = (self.stride, self.area);
        if stride == 0 {
            return;
        }
        let rows = BAND_ROWS * SAMPLES;
        self.inverse_depth
            .par_chunks_mut(stride * rows)
            .zip(self.triangle.par_chunks_mut(stride * rows))
            .enumerate()
            .for_each(|(band, (depth, ids))| {
                let first = area.y0 + (band * BAND_ROWS) as i32;
                let covered = Rect { y0: first, y1: (first + BAND_ROWS as i32).min(area.y1), ..area };
                for (id, triangle) in triangles.iter().enumerate() {
                    fill(triangle, id as u32, &covered, stride, depth, ids);
                }
            });
    }
}

/// Where a row enters and leaves a triangle, in pixels.
pub(crate) fn span(planes: &[Vec3; 3], y: f32, mut from: f32, mut to: f32) -> (f32, f32) {
    for plane in planes {
        let at_zero = plane.y * y + plane.z;
        if plane.x > 0.0 {
            from = from.max(-at_zero / plane.x);
        } else if plane.x < 0.0 {
            to = to.min(-at_zero / plane.x);
        } else if at_zero < 0.0 {
            return (1.0, 0.0);
        }
    }
    (from, to)
}

fn fill(t: &ScreenTriangle, id: u32, band: &Rect, stride: usize, depth: &mut [f32], ids: &mut [u32]) {
    let bounds = t.bounds.and(band);
    if bounds.is_empty() {
        return;
    }
    let whole = t.planes[0] + t.planes[1] + t.planes[2];
    let scale = SAMPLES as f32;
    for row in 0..bounds.height() * SAMPLES {
        let y = bounds.y0 as f32 + (row as f32 + 0.5) / scale;
        let (from, to) = span(&t.planes, y, bounds.x0 as f32, bounds.x1 as f32);
        let left = band.x0 as f32;
        let first = ((from - left) * scale - 0.5).ceil().max(0.0) as usize;
        let end = ((((to - left) * scale - 0.5).floor() + 1.0).max(0.0) as usize).min(stride);
        if first >= end {
            continue;
        }
        let start = ((bounds.y0 - band.y0) as usize * SAMPLES + row) * stride;
        let mut value = whole.x * (left + (first as f32 + 0.5) / scale) + whole.y * y + whole.z;
        let step = whole.x / scale;
        let samples = depth[start + first..start + end].iter_mut().zip(&mut ids[start + first..start + end]);
        for (nearest, seen) in samples {
            if value > *nearest {
                *nearest = value;
                *seen = id;
            }
            value += step;
        }
    }
}
