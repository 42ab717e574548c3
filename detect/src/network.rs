//! Frames in, detections out, by a network: letterbox, session, head.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use gridwatch_domain::{CameraId, Detection, Frame, NetworkRef, Timestamp};
use gridwatch_models::{Manifest, Network};

use crate::{
    DetectError,
    batch::{self, Batch},
    head::Reader,
    letterbox::Letterbox,
    session::{NetworkSession, Provider, SessionSettings, Shape},
    sizes,
    tiles::{MOST_TILES, Region, Tiles, TilesByCamera, merge},
};

/// Finds objects in pictures. Tests script their own.
pub trait Detector: Send {
    /// The objects in one picture, those of low score (from about 0.1) included: the memory of places is held up by
    /// them, and does not begin with them.
    ///
    /// # Errors
    /// Whatever keeps this picture from being analysed; [`DetectError::is_transient`] tells whether the next may be.
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError>;

    /// As [`detect`](Self::detect), for several pictures, of different cameras: the answer to each, in their order.
    fn detect_all(&mut self, frames: &[&Frame]) -> Vec<Result<Vec<Detection>, DetectError>> {
        frames.iter().map(|frame| self.detect(frame)).collect()
    }

    /// How many pictures it gains from seeing together; ≥ 1.
    fn batch(&self) -> usize {
        1
    }
}

/// How long each step of one detection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    manifest: Manifest,
    /// For each size of input that was needed so far.
    readers: Vec<((usize, usize), Reader)>,
    reference: NetworkRef,
    least_score: f32,
    tiles: TilesByCamera,
    /// What was found in tiles of pictures before.
    seen: BTreeMap<CameraId, Vec<SeenTile>>,
    batch: usize,
    /// Of the last detection.
    times: StepTimes,
}

/// One picture, or one tile of it, that the network is to see.
struct Part {
    frame: usize,
    region: Region,
    size: (usize, usize),
    found: Option<Result<Vec<Detection>, DetectError>>,
    /// It is one of several.
    is_tile: bool,
    /// What was found in it comes from a picture before.
    is_recalled: bool,
}

/// What was found in a tile.
struct SeenTile {
    region: Region,
    /// The number of the picture.
    seq: u64,
    at: Timestamp,
    found: Vec<Detection>,
}

/// Longest time without a change in a tile in which the network is not asked about it: it may have missed something, or ingest may.
const LONGEST_RELIED_ON: Duration = Duration::from_secs(10);

impl NetworkDetector {
    /// Loads `network`; objects with a score below `least_score` (0–1) are not told.
    ///
    /// # Errors
    /// As [`NetworkSession::open`]; [`DetectError::Shape`] where its outputs are not what the head needs;
    /// [`DetectError::Batch`] where the settings name a batch and the file takes one picture at a time.
    pub fn open(
        network: &Network,
        settings: &SessionSettings,
        least_score: f32,
    ) -> Result<Self, DetectError> {
        let manifest = network.manifest().clone();
        let mut session = NetworkSession::open(network, settings)?;
        let batch = match settings.batch {
            Batch::Off => 1,
            Batch::Pictures(pictures) => batch::checked(&session, &manifest.name, pictures)?,
            Batch::Auto => batch::probe(&mut session),
        };
        let mut detector = Self {
            letterbox: Letterbox::new(&manifest.input),
            session,
            readers: Vec::new(),
            reference: NetworkRef { name: manifest.name.clone(), sha256: network.sha256().clone() },
            manifest,
            least_score,
            tiles: TilesByCamera::default(),
            seen: BTreeMap::new(),
            batch,
            times: StepTimes::default(),
        };
        let shape = detector.session.shape();
        detector.reader((shape.width, shape.height))?;
        Ok(detector)
    }

    /// Divides the pictures of these cameras into tiles.
    #[must_use]
    pub fn with_tiles(self, tiles: impl Into<TilesByCamera>) -> Self {
        Self { tiles: tiles.into(), ..self }
    }

    /// The network, as events cite it.
    pub fn reference(&self) -> &NetworkRef {
        &self.reference
    }

    /// What computes it.
    pub fn provider(&self) -> Provider {
        self.session.provider()
    }

    /// The picture as the network is fed it, in the order of the file's own input: for calibration.
    ///
    /// # Errors
    /// [`DetectError::Frame`], [`DetectError::Run`].
    pub fn fed(&mut self, frame: &Frame) -> Result<Vec<f32>, DetectError> {
        let shape = self.session.shape();
        self.letterbox.fill(frame, self.session.canvas(shape, 0)?)?;
        Ok(self.session.canvas(shape, 0)?.pixels.to_single())
    }

    /// The sizes of what [`fed`](Self::fed) gives.
    pub fn input_shape(&self) -> [usize; 4] {
        self.session.shape().dimensions()
    }

    /// As [`Detector::detect`], and how long each step took, of all tiles together.
    ///
    /// # Errors
    /// As [`Detector::detect`].
    pub fn detect_timed(&mut self, frame: &Frame) -> Result<(Vec<Detection>, StepTimes), DetectError> {
        let found = self.detect(frame)?;
        Ok((found, self.times))
    }

    /// The index of what reads answers to pictures of this size.
    fn reader(&mut self, size: (usize, usize)) -> Result<usize, DetectError> {
        if let Some(index) = self.readers.iter().position(|(known, _)| *known == size) {
            return Ok(index);
        }
        let mut manifest = self.manifest.clone();
        (manifest.input.width, manifest.input.height) = (size.0 as u32, size.1 as u32);
        let reader =
            Reader::bind(&manifest, self.session.outputs()).map_err(|mismatch| DetectError::Shape {
                network: manifest.name.clone(),
                side: "output",
                expected: mismatch.expected,
                found: mismatch.found,
            })?;
        self.readers.push((size, reader));
        Ok(self.readers.len() - 1)
    }

    /// What the network is to see of these frames.
    fn parts(&self, frames: &[&Frame]) -> Vec<Part> {
        let mut parts = Vec::with_capacity(frames.len());
        for (index, frame) in frames.iter().enumerate() {
            let tiles = self.tiles.of(&frame.camera);
            let is_tile = tiles != Tiles::WHOLE;
            parts.extend(tiles.regions(frame.width, frame.height).map(|region| {
                let size = sizes::size_for(&self.manifest, (region.width, region.height));
                Part { frame: index, region, size, found: None, is_tile, is_recalled: false }
            }));
        }
        parts
    }

    /// What is known of those tiles of divided pictures in which nothing has changed since the network looked.
    fn recall(&self, frames: &[&Frame], parts: &mut [Part]) {
        for part in parts {
            let frame = frames[part.frame];
            let Some(changes) = &frame.changes else { continue };
            let Some(seen) = self.seen.get(&frame.camera) else { continue };
            let Region { left, top, width, height } = part.region;
            let known = seen.iter().find(|seen| seen.region == part.region);
            if let Some(known) = known
                && known.seq < frame.seq
                && frame.at.saturating_since(known.at) <= LONGEST_RELIED_ON
                && changes.last_within(left, top, width, height) <= known.seq
            {
                part.found = Some(Ok(known.found.clone()));
                part.is_recalled = true;
            }
        }
    }

    /// Keeps what was found in the tiles of divided pictures.
    fn remember(&mut self, frames: &[&Frame], parts: &[Part]) {
        for part in parts.iter().filter(|part| part.is_tile && !part.is_recalled) {
            let frame = frames[part.frame];
            let (Some(Ok(found)), Some(_)) = (&part.found, &frame.changes) else { continue };
            let seen = self.seen.entry(frame.camera.clone()).or_default();
            let tile = SeenTile { region: part.region, seq: frame.seq, at: frame.at, found: found.clone() };
            let known = seen.iter().position(|seen| seen.region == part.region);
            match known {
                Some(known) => seen[known] = tile,
                None if seen.len() < MOST_TILES => seen.push(tile),
                // The picture has another size, or is divided otherwise.
                None => *seen = vec![tile],
            }
        }
    }

    /// Runs the network on the first parts of one size that have not been seen, as many as go together.
    fn see_next(&mut self, frames: &[&Frame], parts: &mut [Part]) -> bool {
        let Some(size) = parts.iter().find(|part| part.found.is_none()).map(|part| part.size) else {
            return false;
        };
        let unseen = |part: &&mut Part| part.found.is_none() && part.size == size;
        let mut together: Vec<&mut Part> = parts.iter_mut().filter(unseen).take(self.batch).collect();
        if together.len() > 1 && self.see(frames, &mut together).is_ok() {
            return true;
        }
        // One by one, so that one that fails does not take others with it.
        for part in together {
            if let Err(error) = self.see(frames, &mut [&mut *part]) {
                part.found = Some(Err(error));
            }
        }
        true
    }

    /// One run of the network.
    fn see(&mut self, frames: &[&Frame], parts: &mut [&mut Part]) -> Result<(), DetectError> {
        let (width, height) = parts[0].size;
        let shape = Shape { pictures: parts.len(), width, height, ..self.session.shape() };
        let reader = self.reader((width, height))?;
        let began = Instant::now();
        let mut fits = Vec::with_capacity(parts.len());
        for (picture, part) in parts.iter().enumerate() {
            let canvas = self.session.canvas(shape, picture)?;
            fits.push(self.letterbox.fill_region(frames[part.frame], part.region, canvas)?);
        }
        let (letterbox, mut reading) = (began.elapsed(), Duration::ZERO);
        let (reader, least_score) = (&self.readers[reader].1, self.least_score);
        let network = &self.reference.name;
        self.session.run(shape, |picture, answer| {
            let began = Instant::now();
            let read = reader.decode(answer, least_score, fits[picture]);
            reading += began.elapsed();
            parts[picture].found =
                Some(read.map_err(|reason| DetectError::Answer { network: network.clone(), reason }));
        })?;
        self.times.letterbox += letterbox;
        self.times.network += began.elapsed().saturating_sub(letterbox + reading);
        self.times.reading += reading;
        Ok(())
    }

    /// What was found in the parts of a frame.
    fn gathered(&self, frame: &Frame, parts: Vec<Part>) -> Result<Vec<Detection>, DetectError> {
        let mut found = Vec::with_capacity(parts.len());
        for part in parts {
            found.push((part.region, part.found.unwrap_or_else(|| Ok(Vec::new()))?));
        }
        match &mut found[..] {
            [(_, whole)] => Ok(std::mem::take(whole)),
            _ => Ok(merge(found, (frame.width, frame.height), self.manifest.thresholds.nms_iou)),
        }
    }
}

impl Detector for NetworkDetector {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        self.detect_all(&[frame]).pop().unwrap_or_else(|| Ok(Vec::new()))
    }

    fn detect_all(&mut self, frames: &[&Frame]) -> Vec<Result<Vec<Detection>, DetectError>> {
        self.times = StepTimes::default();
        let mut parts = self.parts(frames);
        self.recall(frames, &mut parts);
        while self.see_next(frames, &mut parts) {}
        self.remember(frames, &parts);
        let mut parts = parts.into_iter().peekable();
        let of_frame = |(index, frame): (usize, &&Frame)| {
            let of_this = std::iter::from_fn(|| parts.next_if(|part| part.frame == index)).collect();
            self.gathered(frame, of_this)
        };
        frames.iter().enumerate().map(of_frame).collect()
    }

    fn batch(&self) -> usize {
        self.batch
    }
}
