//! The picture of everything that stands still, with what is needed to draw actors over it.

use glam::{Affine3A, Vec2, Vec3};
use rayon::prelude::*;

use super::{
    light::to_yuv,
    raster::{NOTHING, Rect, SAMPLES, ScreenTriangle, VisibilityBuffer, project},
    world::{Item, Shaded, View},
};

/// Nobody: the sample shows the world.
pub(crate) const WORLD: u16 = 0;

/// A developed picture and its secrets. One entry a pixel unless said otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Plate {
    pub width: usize,
    pub height: usize,
    pub y: Vec<u8>,
    /// Half size.
    pub u: Vec<u8>,
    pub v: Vec<u8>,
    /// How dark a pixel of ground gets in a shadow: 255 not at all.
    pub shade: Vec<u8>,
    /// Share of the pixel that is ground, 0–255.
    pub ground: Vec<u8>,
    /// Albedo, 0–255.
    pub albedo: Vec<u8>,
    /// One over view depth of each sample.
    pub inverse_depth: Vec<f32>,
    /// Whose each sample is: [`WORLD`] or the owner number of a part of an actor.
    pub owner: Vec<u16>,
}

/// One pixel put together from its samples.
#[derive(Debug, Clone, Copy, Default)]
struct Pixel {
    yuv: Vec3,
    shade: f32,
    ground: f32,
    albedo: f32,
}

impl Plate {
    /// Draws a world. `thorough` shades every sample for itself, otherwise once per pixel and triangle.
    pub(crate) fn new(view: &View, thorough: bool) -> Self {
        let (width, height) = (view.width, view.height);
        let whole = Rect::sized(width, height);
        let item = Item { mesh: &view.world.mesh, place: Affine3A::IDENTITY, part: None };
        let mut triangles = Vec::new();
        project(&view.camera, item.mesh, &item.place, 0, false, &whole, &mut triangles);
        let mut seen = VisibilityBuffer::new(whole);
        seen.draw(&triangles);
        let mut plate = Self {
            width,
            height,
            y: vec![0; width * height],
            u: vec![0; width * height / 4],
            v: vec![0; width * height / 4],
            shade: vec![255; width * height],
            ground: vec![0; width * height],
            albedo: vec![0; width * height],
            inverse_depth: Vec::new(),
            owner: vec![WORLD; width * height * SAMPLES * SAMPLES],
        };
        let pairs = plate
            .y
            .par_chunks_mut(width * 2)
            .zip(plate.u.par_chunks_mut(width / 2))
            .zip(plate.v.par_chunks_mut(width / 2))
            .zip(plate.shade.par_chunks_mut(width * 2))
            .zip(plate.ground.par_chunks_mut(width * 2))
            .zip(plate.albedo.par_chunks_mut(width * 2));
        pairs.enumerate().for_each(|(pair, (((((y, u), v), shade), ground), albedo))| {
            for column in 0..width / 2 {
                let mut chroma = Vec2::ZERO;
                for corner in 0..4 {
                    let (dx, dy) = (corner & 1, corner >> 1);
                    let x = column * 2 + dx;
                    let pixel = develop(view, &item, &triangles, &seen, (x, pair * 2 + dy), thorough);
                    let at = dy * width + x;
                    y[at] = pixel.yuv.x.round() as u8;
                    shade[at] = (pixel.shade * 255.0) as u8;
                    ground[at] = (pixel.ground * 255.0) as u8;
                    albedo[at] = (pixel.albedo * 255.0) as u8;
                    chroma += Vec2::new(pixel.yuv.y, pixel.yuv.z) * 0.25;
                }
                (u[column], v[column]) = (chroma.x.round() as u8, chroma.y.round() as u8);
            }
        });
        plate.inverse_depth = seen.inverse_depth;
        plate
    }
}

fn develop(
    view: &View,
    item: &Item,
    triangles: &[ScreenTriangle],
    seen: &VisibilityBuffer,
    (x, y): (usize, usize),
    thorough: bool,
) -> Pixel {
    let mut pixel = Pixel::default();
    let mut add = |shaded: Shaded, weight: f32| {
        pixel.yuv += to_yuv(view.light.develop(shaded.light)) * weight;
        pixel.albedo += shaded.albedo.min(1.0) * weight;
        let ground = f32::from(shaded.is_ground) * weight;
        pixel.ground += ground;
        pixel.shade += ground * shaded.shadow.powf(1.0 / 2.2) + weight - ground;
    };
    for (triangle, at, count) in samples(seen, x, y, thorough) {
        let shaded = match triangle {
            NOTHING => Shaded {
                light: view.light.sky(view.camera.ray(at.x, at.y)),
                shadow: 1.0,
                albedo: 0.0,
                is_ground: false,
            },
            index => view.shade(item, &triangles[index as usize], at),
        };
        add(shaded, count * 0.25);
    }
    pixel
}

/// The different triangles a pixel's samples see: which, where (mean), how many samples.
pub(crate) fn samples(
    seen: &VisibilityBuffer,
    x: usize,
    y: usize,
    thorough: bool,
) -> impl Iterator<Item = (u32, Vec2, f32)> {
    let (left, top) = (x - seen.area.x0 as usize, y - seen.area.y0 as usize);
    let start = top * SAMPLES * seen.stride + left * SAMPLES;
    let ids = [0, 1, seen.stride, seen.stride + 1].map(|step| seen.triangle[start + step]);
    let place = |index: usize| {
        Vec2::new(x as f32 + 0.25 + 0.5 * (index & 1) as f32, y as f32 + 0.25 + 0.5 * (index >> 1) as f32)
    };
    let mut found = [(NOTHING, Vec2::ZERO, 0.0f32); 4];
    let mut kinds = 0;
    for (index, id) in ids.into_iter().enumerate() {
        match found[..kinds].iter_mut().find(|entry| entry.0 == id && !thorough) {
            Some(entry) => {
                entry.1 += place(index);
                entry.2 += 1.0;
            }
            None => {
                found[kinds] = (id, place(index), 1.0);
                kinds += 1;
            }
        }
    }
    found.into_iter().take(kinds).map(|(id, sum, count)| (id, sum / count, count))
}
