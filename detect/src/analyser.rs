//! One camera, looked at picture by picture on the caller's thread: the same steps as those of the stage, without clock, threads and queues.
//!
//! For recorded files: the same pictures give the same events, down to their ids, whose random part comes from the camera's name.

use gridwatch_domain::{Attention, CameraId, Event, Frame, NearPass};

use crate::{
    CameraState, CameraWatch, DetectError, DetectSettings, Detector,
    stage::{Eye, Watched},
};

/// What came of a picture.
#[derive(Debug)]
pub struct Analysed {
    /// New revisions of events, oldest first.
    pub events: Vec<Event>,
    /// Near passes that are over.
    pub passes: Vec<NearPass>,
    /// Whether what was found before could be relied on, so that the network was not asked.
    pub is_relied_on: bool,
}

/// Analyses the pictures of one camera.
pub struct Analyser {
    watched: Watched,
    eye: Eye,
    detector: Box<dyn Detector>,
    random: fastrand::Rng,
}

impl Analyser {
    /// A camera of which nothing is known.
    pub fn new(watch: &CameraWatch, settings: &DetectSettings, detector: Box<dyn Detector>) -> Self {
        let watched = Watched::new(CameraState::new(watch, settings));
        let random = fastrand::Rng::with_seed(seed(&watch.id));
        Self { watched, eye: Eye::default(), detector, random }
    }

    /// Takes the next picture in. Times must grow.
    ///
    /// # Errors
    /// As [`Detector::detect`]: the picture is left out, and the next one may be taken.
    pub fn analyse(&mut self, frame: &Frame) -> Result<Analysed, DetectError> {
        let random = &mut self.random;
        let mut ids = || std::array::from_fn(|_| random.u8(..));
        self.watched.state.hear(true, frame.at);
        let mut events = self.watched.state.tick(frame.at, &mut ids);
        let relied_on = self.watched.relied_on(&mut self.eye, frame);
        let is_relied_on = relied_on.is_some();
        let found = match relied_on {
            Some(found) => found,
            None => {
                let found = self.detector.detect(frame)?;
                self.watched.remember(frame, &found);
                found
            }
        };
        let step = self.watched.follow(&mut self.eye, frame, &found, &mut ids);
        events.extend(step.events);
        Ok(Analysed { events, passes: step.passes, is_relied_on })
    }

    /// There are no more pictures: near passes that are under way end with what was seen last.
    pub fn finish(&mut self) -> Vec<NearPass> {
        self.watched.state.end_passes()
    }

    /// How closely the camera must be watched from here on.
    pub fn attention(&self) -> Attention {
        self.watched.state.attention()
    }

    /// What is known of the camera after the latest picture.
    pub fn state(&self) -> &CameraState {
        &self.watched.state
    }
}

/// FNV-1a, 64 bits: the same name gives the same ids on every machine.
fn seed(camera: &CameraId) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    camera.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, fold)
}
