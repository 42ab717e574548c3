//! Training pictures: random yards, lights, weathers, cameras and crowds of vehicles, with boxes from the renderer.
//!
//! Writes `images/000001.jpg` … and, when all are there, `labels.jsonl`, one picture a line:
//! `{"image", "width", "height", "objects": [{"class", "box": [x1, y1, x2, y2], "full": […], "visible"}]}`; boxes are
//! shares of the picture, `box` around what is seen and `full` around the whole object. Classes are finer than the domain's:
//! car, van, truck, bus, motorcycle, e-bike, bicycle, person. Equal seeds give equal files.

mod crowd;
mod layout;
mod sky;
mod variety;

use std::{fs, io::Write as _, path::Path};

use fastrand::Rng;
use glam::Vec2;
use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    I420Frame, SimError, TruthObject,
    actor::Actor,
    cache::PictureSize,
    draw::{
        patch::{self, Patch},
        plate::Plate,
        raster::Rect,
        reach,
        sensor::{Caption, Exposure, Sensor, write},
        world::View,
    },
    truth,
};

/// Pictures taken of one place before the next is built.
const PICTURES_PER_PLACE: u32 = 4;
/// Places built at a time; bounds memory and how often progress is told.
const PLACES_AT_ONCE: u32 = 16;
/// Objects with a smaller box, in pixels across or down, are left out.
const SMALLEST_PX: f32 = 3.0;

#[derive(Serialize)]
struct Label {
    image: String,
    width: u32,
    height: u32,
    objects: Vec<LabelObject>,
}

#[derive(Serialize)]
struct LabelObject {
    class: &'static str,
    #[serde(rename = "box")]
    bbox: [f32; 4],
    full: [f32; 4],
    visible: f32,
}

/// Makes `count` pictures of `size` in the folder `out`, which is created. `progress` hears how many are done of how
/// many. Fails where a file cannot be written.
pub fn generate(
    out: &Path,
    count: u32,
    seed: u64,
    size: PictureSize,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<(), SimError> {
    let images = out.join("images");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SimError::File { path, source }
    };
    fs::create_dir_all(&images).map_err(failed(&images))?;
    let (labels, unfinished) = (out.join("labels.jsonl"), out.join("labels.jsonl.part"));
    let mut lines = std::io::BufWriter::new(fs::File::create(&unfinished).map_err(failed(&unfinished))?);
    let places = count.div_ceil(PICTURES_PER_PLACE);
    let mut done = 0;
    for first in (0..places).step_by(PLACES_AT_ONCE as usize) {
        let batch: Vec<u32> = (first..(first + PLACES_AT_ONCE).min(places)).collect();
        let found: Vec<Result<Vec<Label>, SimError>> =
            batch.par_iter().map(|&place| pictures_of(place, count, seed, size, out)).collect();
        for result in found {
            for label in result? {
                let line = serde_json::to_string(&label).expect("labels are plain data");
                writeln!(lines, "{line}").map_err(failed(&unfinished))?;
                done += 1;
            }
        }
        progress(done, count);
    }
    lines.flush().map_err(failed(&unfinished))?;
    // Whoever waits for a set sees it whole or not at all.
    fs::rename(&unfinished, &labels).map_err(failed(&labels))
}

fn pictures_of(
    place: u32,
    count: u32,
    seed: u64,
    size: PictureSize,
    out: &Path,
) -> Result<Vec<Label>, SimError> {
    let mut rng = Rng::with_seed(seed ^ (u64::from(place) << 20) ^ 0x5eed);
    let stage = layout::build(&mut rng, size);
    let plate = Plate::new(&stage.view, false);
    let first = place * PICTURES_PER_PLACE;
    (first..(first + PICTURES_PER_PLACE).min(count))
        .map(|index| {
            let (frame, objects) = picture(&stage, &plate, &mut rng);
            let name = format!("images/{:06}.jpg", index + 1);
            save(&frame, &out.join(&name), 70 + rng.u8(..26))?;
            Ok(Label { image: name, width: size.width, height: size.height, objects })
        })
        .collect()
}

fn picture(stage: &layout::Stage, plate: &Plate, rng: &mut Rng) -> (I420Frame, Vec<LabelObject>) {
    let view = &stage.view;
    let crowd = crowd::gather(stage, rng);
    let seen: Vec<&Actor> =
        crowd.actors.iter().filter(|actor| !reach::reach(view, actor).is_empty()).collect();
    let whole = Rect::sized(view.width, view.height);
    let patch = patch::draw(view, plate, &seen, whole);
    let mut work = I420Frame::new(view.width as u32, view.height as u32);
    patch.put(view.width, &mut work.y, &mut work.u, &mut work.v);
    let flaws = sky::flaws(rng, &view.light);
    let sensor = Sensor::new(flaws, view.width, view.height, 2500, rng.u32(..));
    sky::optics(&mut work, rng);
    let mut out = I420Frame::new(work.width, work.height);
    let index = rng.u32(..2500);
    sensor.expose(&work, index, Exposure::USUAL, &mut out);
    if rng.f32() < 0.5 {
        caption(&mut out, rng);
    }
    let named = |o: TruthObject| LabelObject {
        class: crowd.label(o.id),
        bbox: o.bbox,
        full: o.full,
        visible: o.visible,
    };
    (out, boxes(view, &patch, &seen, sensor.shift(index)).into_iter().map(named).collect())
}

fn boxes(view: &View, patch: &Patch, actors: &[&Actor], shift: Vec2) -> Vec<TruthObject> {
    let mut objects = Vec::new();
    for (actor, parts) in actors.iter().zip(truth::in_patch(patch, actors)) {
        if parts.iter().any(|part| part.samples > 0) {
            truth::objects(view, actor, &parts, &truth::silhouettes(view, actor), shift, &mut objects);
        }
    }
    objects.retain(|object| {
        let [x1, y1, x2, y2] = object.bbox;
        (x2 - x1) * view.width as f32 >= SMALLEST_PX && (y2 - y1) * view.height as f32 >= SMALLEST_PX
    });
    objects
}

fn caption(out: &mut I420Frame, rng: &mut Rng) {
    let size = out.height as f32 * (0.03 + 0.02 * rng.f32());
    let (width, height) = (out.width as f32, out.height as f32);
    let time = format!(
        "2026-{:02}-{:02} {:02}:{:02}:{:02}",
        rng.u32(1..13),
        rng.u32(1..29),
        rng.u32(..24),
        rng.u32(..60),
        rng.u32(..60)
    );
    write(out, &Caption { text: &time, at: Vec2::splat(size * 0.6), right: false, size });
    let names = ["Camera 01", "IPC", "东门", "小区北门", "地面停车场"];
    let at = Vec2::new(width - size, height - size * 1.8);
    write(out, &Caption { text: names[rng.usize(..names.len())], at, right: true, size });
}

fn save(frame: &I420Frame, path: &Path, quality: u8) -> Result<(), SimError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .write_image(&frame.to_rgb(), frame.width, frame.height, ExtendedColorType::Rgb8)
        .map_err(|source| SimError::Picture { path: path.to_owned(), source })?;
    fs::write(path, bytes).map_err(|source| SimError::File { path: path.to_owned(), source })
}
