//! Shipped scenes as a resting camera shows them: one picture in two seconds, with the shipped network, begun at every moment of the
//! scene. Whatever happens in them must be told, and its end as well. Needs ONNX Runtime; skipped with a printed reason without.

use std::{sync::Arc, time::Duration};

use gridwatch_detect::{
    CameraState, CameraWatch, DetectSettings, Detector, Look, NetworkDetector, SessionSettings,
    appearance::Grey,
};
use gridwatch_domain::{CameraId, Detection, Event, Frame, NetworkRef, Nv12Buffer, Phase, Timestamp};
use gridwatch_models::ModelStore;
use gridwatch_sim::{FrameSource as _, I420Frame, Scene};

const SIZE: (u32, u32) = (960, 540);
/// Seconds between two key pictures.
const EVERY: u32 = 2;
/// How far a time may be from the truth, in seconds.
const TOLERANCE: f64 = 2.5;
/// An event closes some seconds after its vehicle has left: it might come back.
const CLOSES_WITHIN: f64 = 25.0;

/// A loop of a scene, looked at once by the network.
struct Footage {
    scene: Scene,
    pictures: Vec<(Vec<Detection>, Grey)>,
    network: NetworkRef,
}

impl Footage {
    /// `None` after saying why it is skipped.
    fn look_at(name: &str, shift_s: f64) -> Option<Self> {
        if std::env::var_os("ORT_DYLIB_PATH").is_none() {
            println!("SKIPPED {name}: ORT_DYLIB_PATH names no ONNX Runtime");
            return None;
        }
        let store = ModelStore::builtin();
        let network = store.get("yard-n").expect("shipped");
        let mut detector =
            NetworkDetector::open(network, &SessionSettings::default(), 0.1).expect("it loads");
        let scene = Scene::builtin(name).expect("shipped");
        let mut renderer = scene.renderer(SIZE.0, SIZE.1);
        let mut drawn = I420Frame::new(SIZE.0, SIZE.1);
        let count = (scene.loop_s() / f64::from(EVERY)) as u32;
        let mut look = |number: u32| {
            let at_s = f64::from(number * EVERY) + shift_s;
            renderer.render((at_s * f64::from(renderer.fps())) as u32 % renderer.frame_count(), &mut drawn);
            let frame = frame(&drawn);
            let mut grey = Grey::default();
            grey.fill(&frame);
            (detector.detect(&frame).expect("a whole picture"), grey)
        };
        let pictures = (0..count).map(&mut look).collect();
        Some(Self { scene, pictures, network: detector.reference().clone() })
    }

    /// Two loops and a half, begun with that picture. Times are seconds since the beginning of the first loop, in thousandths.
    fn play(&self, first: usize) -> Vec<Event> {
        let watch = CameraWatch {
            zones: self.scene.zones(),
            ..CameraWatch::new(CameraId::new("gate").expect("valid"))
        };
        let settings =
            DetectSettings::new("box".parse().expect("valid"), self.network.clone(), vec![watch.clone()]);
        let mut state = CameraState::new(&watch, &settings);
        let mut random = fastrand::Rng::with_seed(1);
        let mut events = Vec::new();
        for number in first..first + self.pictures.len() * 5 / 2 {
            let (detections, grey) = &self.pictures[number % self.pictures.len()];
            let at =
                Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(number as u64 * u64::from(EVERY)));
            let mut ids = || std::array::from_fn(|_| random.u8(..));
            events.extend(state.step(at, detections, Some(Look { grey, fine: Some(grey) }), &mut ids).events);
        }
        events
    }

    /// What is wrong with what was told of a beginning at that picture, shifted by `shift_s`; line by line.
    fn complaints(&self, first: usize, shift_s: f64) -> Vec<String> {
        let events = self.play(first);
        let (from_s, loop_s) = ((first as u32 * EVERY) as f64, self.scene.loop_s());
        let until_s = from_s + (self.pictures.len() * 5 / 2) as f64 * f64::from(EVERY);
        let second = |at: Timestamp| at.as_millisecond() as f64 / 1000.0 + shift_s;
        let opened: Vec<&Event> = events.iter().filter(|event| event.phase == Phase::Open).collect();
        let mut complaints = Vec::new();
        let rounds = (0..5).flat_map(|round| {
            let later = f64::from(round) * loop_s;
            self.scene.expected_events().into_iter().map(move |event| (event, later))
        });
        for (wanted, later) in rounds {
            let (stop, leave) = (wanted.stop_s + later, wanted.leave_s + later);
            // What stood there at first has no beginning that could be told.
            if stop < from_s + 2.0 * f64::from(EVERY) || leave + CLOSES_WITHIN > until_s {
                continue;
            }
            let is = |event: &&&Event| {
                event.zone.as_ref() == Some(&wanted.zone) && (second(event.since) - stop).abs() <= TOLERANCE
            };
            let name = format!("from {from_s} s: {} at {stop:.1}–{leave:.1} s", wanted.zone);
            let found: Vec<_> = opened.iter().filter(is).collect();
            let [event] = found[..] else {
                complaints.push(format!("{name}: told {} times", found.len()));
                continue;
            };
            let ends = |other: &&Event| other.id == event.id && other.phase == Phase::Close;
            match events.iter().find(ends) {
                Some(end) if (second(end.until.unwrap_or(end.at)) - leave).abs() > TOLERANCE => {
                    complaints.push(format!("{name}: until {:.1} s", second(end.until.unwrap_or(end.at))));
                }
                Some(end) if second(end.at) > leave + CLOSES_WITHIN => {
                    complaints.push(format!("{name}: closed {:.1} s after", second(end.at) - leave));
                }
                Some(_) => {}
                None => complaints.push(format!("{name}: never closed")),
            }
        }
        complaints
    }
}

fn frame(drawn: &I420Frame) -> Frame {
    let mut buffer = Nv12Buffer::filled(SIZE.0, SIZE.1, [0, 128, 128]);
    buffer.y_mut().copy_from_slice(&drawn.y);
    for (pair, (u, v)) in buffer.uv_mut().chunks_exact_mut(2).zip(drawn.u.iter().zip(&drawn.v)) {
        pair.copy_from_slice(&[*u, *v]);
    }
    Frame::new(
        CameraId::new("gate").expect("valid"),
        0,
        Timestamp::UNIX_EPOCH,
        (SIZE.0, SIZE.1),
        Arc::new(buffer),
    )
}

fn check(name: &str) {
    let mut all = Vec::new();
    for shift_s in [0.0, 0.4, 0.8, 1.0, 1.2, 1.6] {
        let Some(footage) = Footage::look_at(name, shift_s) else { return };
        let beginnings = 0..footage.pictures.len();
        let complaints = beginnings.flat_map(|first| footage.complaints(first, shift_s));
        all.extend(complaints.map(|complaint| format!("{name} + {shift_s} s, {complaint}")));
    }
    assert!(all.is_empty(), "{} complaints:\n{}", all.len(), all.join("\n"));
}

#[test]
fn all_that_happens_in_the_yard_is_told_wherever_it_is_begun() {
    check("yard");
}

#[test]
fn all_that_happens_at_the_gate_is_told_wherever_it_is_begun() {
    check("gate");
}

#[test]
fn all_that_happens_at_the_busy_gate_is_told_wherever_it_is_begun() {
    check("busy");
}

#[test]
fn all_that_happens_at_night_is_told_wherever_it_is_begun() {
    check("night");
}
