//! Frames in, detections out, by a network: letterbox, session, head.

use std::time::{Duration, Instant};

use gridwatch_domain::{Detection, Frame, NetworkRef};
use gridwatch_models::Network;

use crate::{
    DetectError,
    head::Reader,
    letterbox::Letterbox,
    session::{NetworkSession, SessionSettings},
};

/// Finds objects in pictures. Tests script their own.
pub trait Detector: Send {
    /// The objects in one picture, those of low score (from about 0.1) included: the memory of places is held up by
    /// them, and does not begin with them.
    ///
    /// # Errors
    /// Whatever keeps this picture from being analysed; [`DetectError::is_transient`] tells whether the next may be.
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError>;
}

/// How long each step of one detection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepTimes {
    /// From the picture to the network's input.
    pub letterbox: Duration,
    /// The network itself, in ONNX Runtime.
    pub network: Duration,
    /// From its answer to boxes, suppression included.
    pub reading: Duration,
}

impl StepTimes {
    /// All steps together.
    pub fn total(&self) -> Duration {
        self.letterbox + self.network + self.reading
    }
}

/// Finds objects with a network.
pub struct NetworkDetector {
    letterbox: Letterbox,
    session: NetworkSession,
    reader: Reader,
    reference: NetworkRef,
    least_score: f32,
}

impl NetworkDetector {
    /// Loads `network`; objects with a score below `least_score` (0–1) are not told.
    ///
    /// # Errors
    /// As [`NetworkSession::open`].
    pub fn open(
        network: &Network,
        settings: &SessionSettings,
        least_score: f32,
    ) -> Result<Self, DetectError> {
        let manifest = network.manifest();
        let session = NetworkSession::open(network, settings)?;
        let reader = Reader::bind(manifest, session.outputs()).map_err(|mismatch| DetectError::Shape {
            network: manifest.name.clone(),
            side: "output",
            expected: mismatch.expected,
            found: mismatch.found,
        })?;
        Ok(Self {
            letterbox: Letterbox::new(&manifest.input),
            session,
            reader,
            reference: NetworkRef { name: manifest.name.clone(), sha256: network.sha256().clone() },
            least_score,
        })
    }

    /// The network, as events cite it.
    pub fn reference(&self) -> &NetworkRef {
        &self.reference
    }

    /// The picture as the network is fed it, in the order of the file's own input: for calibration.
    ///
    /// # Errors
    /// [`DetectError::Frame`].
    pub fn fed(&mut self, frame: &Frame) -> Result<&[f32], DetectError> {
        self.letterbox.fill(frame)?;
        Ok(self.session.fed(self.letterbox.tensor()))
    }

    /// The sizes of what [`fed`](Self::fed) gives.
    pub fn input_shape(&self) -> [usize; 4] {
        self.session.input_shape()
    }

    /// As [`Detector::detect`], and how long each step took.
    ///
    /// # Errors
    /// As [`Detector::detect`].
    pub fn detect_timed(&mut self, frame: &Frame) -> Result<(Vec<Detection>, StepTimes), DetectError> {
        let began = Instant::now();
        let fit = self.letterbox.fill(frame)?;
        let letterbox = began.elapsed();
        let (reader, least_score) = (&self.reader, self.least_score);
        let (read, reading) = self.session.run(self.letterbox.tensor(), |answer| {
            let began = Instant::now();
            let read = reader.decode(answer, least_score, fit);
            (read, began.elapsed())
        })?;
        let network = began.elapsed().saturating_sub(letterbox + reading);
        let found =
            read.map_err(|reason| DetectError::Answer { network: self.reference.name.clone(), reason })?;
        Ok((found, StepTimes { letterbox, network, reading }))
    }
}

impl Detector for NetworkDetector {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        self.detect_timed(frame).map(|(found, _)| found)
    }
}
