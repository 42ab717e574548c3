//! Through a coder and back, as pictures of a camera come: it blurs, and makes something of what stands still.

use std::{fs::File, io::Write};

use gridwatch_sim::{
    FrameSource, FrameTruth, I420Frame, Scene, SceneRenderer,
    encode::{AccessUnit, EncodedSink, Encoding, encode},
};

use crate::{
    common::{Video, can_decode},
    footage::Picture,
    tester::{OFTEN, SELDOM, Tester},
};

const FPS: u32 = 25;
const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;
/// Seconds of the scene that are shown over and over again: no multiple of what checks compare.
const PIECE: u32 = 7;
/// What is done to the scene, from which second on.
const BLURRED_FROM: f64 = 40.0;
const SHARP_FROM: f64 = 80.0;
const FROZEN_FROM: f64 = 110.0;
const ALIVE_FROM: f64 = 240.0;
const END: f64 = 270.0;

/// A scene that is well, blurred, well, frozen, and well again.
struct Troubled {
    renderer: SceneRenderer,
    drawn: Vec<Option<I420Frame>>,
    random: fastrand::Rng,
}

impl FrameSource for Troubled {
    fn width(&self) -> u32 {
        WIDTH
    }
    fn height(&self) -> u32 {
        HEIGHT
    }
    fn fps(&self) -> u32 {
        FPS
    }
    fn frame_count(&self) -> u32 {
        END as u32 * FPS
    }
    fn render(&mut self, index: u32, out: &mut I420Frame) -> FrameTruth {
        let second = f64::from(index) / f64::from(FPS);
        let is_frozen = (FROZEN_FROM..ALIVE_FROM).contains(&second);
        let number = if is_frozen { 0 } else { index % (PIECE * FPS) };
        let renderer = &mut self.renderer;
        let drawn = self.drawn[number as usize].get_or_insert_with(|| {
            let mut frame = I420Frame::new(WIDTH, HEIGHT);
            renderer.render(number, &mut frame);
            frame
        });
        out.clone_from(drawn);
        if (BLURRED_FROM..SHARP_FROM).contains(&second) {
            let (width, height) = (WIDTH as usize, HEIGHT as usize);
            let seen = Picture { width, height, luma: std::mem::take(&mut out.y) };
            // The lens blurs, the sensor adds its noise.
            out.y = seen.blurred(2.0).noisy(1.5, &mut self.random).luma;
        }
        FrameTruth { index, at_s: second, objects: Vec::new() }
    }
}

/// Writes a byte stream.
struct Stream(File);

impl EncodedSink for Stream {
    fn truth(&mut self, _: &FrameTruth) -> std::io::Result<()> {
        Ok(())
    }
    fn unit(&mut self, unit: &AccessUnit) -> std::io::Result<()> {
        self.0.write_all(&unit.bytes)
    }
}

#[test]
fn a_coded_stream_that_blurs_and_freezes_is_told_of_both() {
    if !can_decode("a_coded_stream_that_blurs_and_freezes_is_told_of_both") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for scene in ["yard", "night"] {
        let path = folder.path().join(format!("{scene}.h264"));
        let renderer = Scene::builtin(scene).expect("shipped").renderer(WIDTH, HEIGHT);
        let (drawn, random) = (vec![None; (PIECE * FPS) as usize], fastrand::Rng::with_seed(6));
        let troubled = Troubled { renderer, drawn, random };
        let mut stream = Stream(File::create(&path).expect("writable"));
        let encoding = Encoding::usual(WIDTH, HEIGHT);
        encode(vec![Box::new(troubled)], encoding, &mut stream).expect("x264 is installed");
        let pictures: Vec<_> = Video::open(path, (WIDTH, HEIGHT), (1.0 / OFTEN) as u32).collect();
        assert!(pictures.len() as f64 > (END - 2.0) / OFTEN, "{} pictures", pictures.len());
        for interval in [SELDOM, OFTEN] {
            let mut camera = Tester::every(interval);
            let every = (interval / OFTEN).round() as usize;
            for picture in pictures.iter().step_by(every) {
                camera.look(picture);
            }
            let told: Vec<String> =
                camera.told.iter().map(|told| format!("{} {}", told.kind, told.phase.as_str())).collect();
            let wanted =
                ["camera.blurred open", "camera.blurred close", "camera.frozen open", "camera.frozen close"];
            assert_eq!(told, wanted, "{scene} every {interval} s: {:?}", camera.told);
            let seconds = |index: usize| {
                let told = &camera.told[index];
                told.until.unwrap_or(told.since).seconds_since(Video::start())
            };
            // A coder spends on a picture that stands still until that looks the same: a minute and more, as its threads share the bits out,
            // which is not the same in each run.
            let wanted = [(BLURRED_FROM, 12.0), (SHARP_FROM, 12.0), (FROZEN_FROM, 90.0), (ALIVE_FROM, 12.0)];
            for (index, (at, late)) in wanted.into_iter().enumerate() {
                let second = seconds(index);
                assert!(
                    (-9.0..=late).contains(&(second - at)),
                    "{scene}: {} at {second}, not {at}",
                    told[index]
                );
            }
        }
    }
}
