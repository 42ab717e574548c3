//! Draws the frames of a scene.
//!
//! The world is drawn once for each of its looks; vehicles that stand are drawn into that plate when they stop and taken out again
//! when they set off. Each frame draws only what moves, in its rectangles, and then what the sensor adds. While one look goes
//! over into another both are drawn and mixed. Which frames were drawn before makes no difference to a frame.

mod stage;

use std::sync::Arc;

use glam::Vec2;
use rayon::prelude::*;

use crate::{
    FrameSource, FrameTruth, I420Frame,
    draw::sensor::{Caption, Exposure, Sensor, write},
    scene::{Content, FPS, Moment},
};
use stage::Stage;

/// Draws the frames of a scene.
pub struct SceneRenderer {
    content: Arc<Content>,
    width: u32,
    height: u32,
    sensor: Sensor,
    /// One for each look, drawn when it is first seen.
    stages: Vec<Option<Stage>>,
    /// Of two looks, where both are seen.
    mixed: I420Frame,
}

impl SceneRenderer {
    pub(crate) fn new(content: Arc<Content>, width: u32, height: u32) -> Self {
        let (across, down) = (width as usize, height as usize);
        let sensor = Sensor::new(content.flaws(), across, down, content.frames(), content.seed());
        let stages = content.lighting.looks.iter().map(|_| None).collect();
        let mut renderer = Self { content, width, height, sensor, stages, mixed: I420Frame::new(2, 2) };
        renderer.prepare(renderer.content.lighting.at(0.0).to);
        renderer
    }

    /// Draws what stands still in a look, where that has not been done.
    fn prepare(&mut self, look: usize) -> &mut Stage {
        let (content, width, height) = (&self.content, self.width, self.height);
        self.stages[look].get_or_insert_with(|| Stage::new(Arc::clone(content), look, width, height))
    }

    fn caption(&self, at_s: f64, out: &mut I420Frame) {
        let (width, height) = (out.width as f32, out.height as f32);
        let size = (height / 27.0).round();
        let clock = self.content.clock(at_s);
        write(out, &Caption { text: &clock, at: Vec2::new(size * 0.7, size * 0.5), right: false, size });
        let at = Vec2::new(width - size * 0.8, height - size * 1.7);
        write(out, &Caption { text: self.content.title(), at, right: true, size });
    }

    /// Mixes the pictures that two looks have drawn.
    fn mix(&mut self, moment: Moment) {
        let [Some(from), Some(to)] = [moment.from, moment.to].map(|look| self.stages[look].as_ref()) else {
            return;
        };
        let (from, to, share) = (from.picture(), to.picture(), (moment.share * 256.0) as i32);
        self.mixed.clone_from(to);
        let planes =
            [(&from.y, &mut self.mixed.y), (&from.u, &mut self.mixed.u), (&from.v, &mut self.mixed.v)];
        for (from, mixed) in planes {
            let rows = mixed.par_chunks_mut(self.width as usize).zip(from.par_chunks(self.width as usize));
            rows.for_each(|(mixed, from)| {
                for (value, &before) in mixed.iter_mut().zip(from) {
                    let (before, after) = (i32::from(before), i32::from(*value));
                    *value = (before + (((after - before) * share) >> 8)) as u8;
                }
            });
        }
    }
}

impl FrameSource for SceneRenderer {
    fn width(&self) -> u32 {
        self.width
    }
    fn height(&self) -> u32 {
        self.height
    }
    fn fps(&self) -> u32 {
        FPS
    }
    fn frame_count(&self) -> u32 {
        self.content.frames()
    }

    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        let index = index % self.frame_count();
        let at_s = f64::from(index) / f64::from(FPS);
        let (moment, glance) = (self.content.lighting.at(at_s), self.content.lighting.glance_deg(at_s));
        let is_mixed = moment.from != moment.to;
        if is_mixed {
            self.prepare(moment.from).draw(at_s, glance);
        }
        let moving = self.prepare(moment.to).draw(at_s, glance);
        if is_mixed {
            self.mix(moment);
        }
        if (out.width, out.height) != (self.width, self.height) {
            *out = I420Frame::new(self.width, self.height);
        }
        let shift = self.sensor.shift(index);
        let stage = self.prepare(moment.to);
        let objects = stage.truth(moving, shift);
        let stage = self.stages[moment.to].as_ref().expect("it has just been drawn");
        let picture = if is_mixed { &self.mixed } else { stage.picture() };
        self.sensor.expose(picture, index, Exposure { gain: moment.gain, noise: moment.noise }, out);
        self.caption(at_s, out);
        FrameTruth { index, at_s, objects }
    }
}
