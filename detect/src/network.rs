//! Frames in, detections out, by a network: letterbox, session, head.

use gridwatch_domain::{Detection, Frame, NetworkRef};
use gridwatch_models::Network;

use crate::{
    DetectError,
    head::Reader,
    letterbox::Letterbox,
    session::{NetworkSession, Provider, SessionSettings},
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

    /// What computes it.
    pub fn provider(&self) -> Provider {
        self.session.provider()
    }
}

impl Detector for NetworkDetector {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        let shape = self.session.shape();
        let fit = self.letterbox.fill(frame, self.session.canvas(shape, 0)?)?;
        let mut found = Ok(Vec::new());
        self.session.run(shape, |_, answer| found = self.reader.decode(answer, self.least_score, fit))?;
        found.map_err(|reason| DetectError::Answer { network: self.reference.name.clone(), reason })
    }
}
