//! The stage: threads that take the newest frame of each camera, and hand on what they found.
//!
//! A thread for each detector. They share the cameras: whoever is free takes the frame that has waited longest, and of one
//! camera one frame is worked on at a time, so that its tracks see them in order.
//! In: frames (newest wins, ahead of here), and word of cameras that went away or came back. Out: [`Findings`]; where
//! the next stage is slow this one waits, so frames are lost, never events. Ends when the frames do, and hands on each
//! camera's memory once more.

mod control;
mod watched;

use std::{
    collections::BTreeMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use gridwatch_domain::{
    Attention, CameraId, Checkpoint, Detection, Event, Findings, Frame, Phase, Timestamp, ZoneId,
};
use gridwatch_runtime::{Chain, MailboxReceiver, Metrics, SharedClock};
use tokio::sync::{mpsc, watch};
use tracing::{error, info, warn};

use self::control::Cameras;
pub use self::control::DetectControl;
pub(crate) use self::watched::{Eye, Watched};
use crate::{CameraState, DetectError, DetectSettings, Detector, health::Trouble, metrics::DetectMetrics};

/// Longest time without a look at cameras that went away and at memory that is to be kept.
const IDLE: Duration = Duration::from_millis(250);
/// Longest wait for another camera's frame, where a detector gains from seeing several together: a tenth of the time between two
/// frames of a camera at 25 a second would not be missed, and it is less than a network takes.
const BATCH_WAIT: Duration = Duration::from_millis(4);

/// Word that a camera's pictures come, or have ceased to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraNotice {
    /// The camera.
    pub camera: CameraId,
    /// Whether pictures come.
    pub live: bool,
    /// Whether none are to come: a recording has been played to its end.
    pub ended: bool,
    /// Since when.
    pub at: Timestamp,
}

/// What the stage takes and gives.
pub struct DetectParts {
    /// Find objects, each in a thread of its own; at least one.
    pub detectors: Vec<Box<dyn Detector>>,
    /// Frames, newest first.
    pub frames: MailboxReceiver<CameraId, Frame>,
    /// Cameras that went away or came back: of each camera the newest counts, so that whoever tells it never waits for this stage.
    pub notices: MailboxReceiver<CameraId, CameraNotice>,
    /// Where findings go.
    pub findings: mpsc::Sender<Findings>,
    /// What was kept of each camera.
    pub checkpoints: Vec<Checkpoint>,
    /// Tells for how long a camera has been away.
    pub clock: SharedClock,
}

/// How many watched objects stand in each zone of each camera.
pub type ZoneCounts = BTreeMap<CameraId, BTreeMap<ZoneId, u32>>;

/// How closely each camera must be watched for the sake of the rules.
pub type Attentions = BTreeMap<CameraId, Attention>;

/// Cameras whose pictures come and cannot be analysed, and why, for people.
pub type BlindCameras = BTreeMap<CameraId, String>;

/// What is wrong with each camera, as far as it has been told; of one that is well an empty list.
pub type Troubles = BTreeMap<CameraId, Vec<Trouble>>;

/// The running stage.
pub struct DetectStage {
    thread: JoinHandle<()>,
    counts: watch::Receiver<ZoneCounts>,
    blind: watch::Receiver<BlindCameras>,
    attention: watch::Receiver<Attentions>,
    control: DetectControl,
    troubles: watch::Receiver<Troubles>,
}

impl DetectStage {
    /// Starts the thread. A checkpoint that cannot be read is logged and left out: that camera's dwell begins anew.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(settings: &DetectSettings, parts: DetectParts, metrics: &Metrics) -> io::Result<Self> {
        let (counts_tx, counts) = watch::channel(ZoneCounts::new());
        let (blind_tx, blind) = watch::channel(BlindCameras::new());
        let (attention_tx, attention) = watch::channel(Attentions::new());
        let (troubles_tx, troubles) = watch::channel(Troubles::new());
        let told =
            Told { counts: counts_tx, blind: blind_tx, attention: attention_tx, troubles: troubles_tx };
        let (worker, detectors) = Worker::new(settings, parts, DetectMetrics::new(metrics), told);
        let control = worker.control(settings);
        let thread =
            std::thread::Builder::new().name("detect".to_owned()).spawn(move || worker.run(detectors))?;
        Ok(Self { thread, counts, blind, attention, troubles, control })
    }

    /// What stands in the zones at present; changes are told.
    pub fn counts(&self) -> watch::Receiver<ZoneCounts> {
        self.counts.clone()
    }

    /// Cameras whose pictures have not been analysed for [`DetectSettings::offline_after`] though they come; changes are told.
    pub fn blind(&self) -> watch::Receiver<BlindCameras> {
        self.blind.clone()
    }

    /// How closely each camera must be watched; changes are told.
    pub fn attention(&self) -> watch::Receiver<Attentions> {
        self.attention.clone()
    }

    /// What is wrong with each camera; changes are told.
    pub fn troubles(&self) -> watch::Receiver<Troubles> {
        self.troubles.clone()
    }

    /// Changes what is watched while it runs.
    pub fn control(&self) -> DetectControl {
        self.control.clone()
    }

    /// Waits for the end, which comes once all senders of frames are gone. Blocks. A panic of the thread goes on here.
    pub fn finish(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// The next stage is gone.
struct NobodyListens;

/// What others want to know of all cameras at any time.
#[derive(Clone)]
struct Told {
    counts: watch::Sender<ZoneCounts>,
    blind: watch::Sender<BlindCameras>,
    attention: watch::Sender<Attentions>,
    troubles: watch::Sender<Troubles>,
}

/// What the threads share.
struct Worker {
    cameras: Cameras,
    frames: MailboxReceiver<CameraId, Frame>,
    notices: MailboxReceiver<CameraId, CameraNotice>,
    findings: mpsc::Sender<Findings>,
    clock: SharedClock,
    offline_after: Duration,
    metrics: DetectMetrics,
    told: Told,
}

impl Worker {
    fn new(
        settings: &DetectSettings,
        parts: DetectParts,
        metrics: DetectMetrics,
        told: Told,
    ) -> (Self, Vec<Box<dyn Detector>>) {
        let cameras = Cameras::default();
        for watch in &settings.cameras {
            let mut state = CameraState::new(watch, settings);
            if let Some(kept) = parts.checkpoints.iter().find(|kept| kept.camera == watch.id)
                && let Err(error) = state.restore(watch, kept)
            {
                error!(camera = %watch.id, error = %Chain(&error), "its memory is lost, dwell begins anew");
            }
            let first_events = if watch.begins_anew { state.begin_anew() } else { Vec::new() };
            let mut watched = Watched::new(state);
            watched.first_events = first_events;
            cameras.insert(watch.id.clone(), watched);
        }
        for kept in &parts.checkpoints {
            if cameras.get(&kept.camera).is_none() {
                cameras.leave_behind(kept, settings);
            }
        }
        let worker = Self {
            cameras,
            frames: parts.frames,
            notices: parts.notices,
            findings: parts.findings,
            clock: parts.clock,
            offline_after: settings.offline_after,
            metrics,
            told,
        };
        (worker, parts.detectors)
    }

    fn control(&self, settings: &DetectSettings) -> DetectControl {
        let settings = DetectSettings { cameras: Vec::new(), ..settings.clone() };
        DetectControl::new(self.cameras.clone(), settings, self.metrics.clone(), self.told.clone())
    }

    /// This thread works with the first detector and looks after the cameras; each further detector gets a thread.
    fn run(self, detectors: Vec<Box<dyn Detector>>) {
        let mut detectors = detectors.into_iter();
        let Some(first) = detectors.next() else { return };
        let worker = &self;
        let ended = std::thread::scope(|scope| {
            for (number, detector) in detectors.enumerate() {
                let name = format!("detect-{}", number + 1);
                let thread = std::thread::Builder::new().name(name);
                if let Err(error) = thread.spawn_scoped(scope, move || worker.work(detector, false)) {
                    error!(%error, "the system has no thread to give, detection goes on with fewer");
                }
            }
            worker.work(first, true)
        });
        if ended.is_err() {
            return;
        }
        for watched in self.cameras.leaving().into_iter().chain(self.cameras.all()) {
            let mut watched = lock(&watched);
            if !watched.is_stale {
                continue;
            }
            let events = std::mem::take(&mut watched.first_events);
            let passes = watched.state.end_passes();
            let findings = watched.findings(events, passes, None);
            if self.findings.blocking_send(findings).is_err() {
                return;
            }
        }
    }

    /// Takes frames until none can come any more.
    fn work(&self, mut detector: Box<dyn Detector>, looks_after_cameras: bool) -> Result<(), NobodyListens> {
        let mut eye = Eye::default();
        loop {
            if looks_after_cameras {
                self.look_after_cameras()?;
            }
            let first = match self.frames.take_timeout(IDLE) {
                Ok(Some(frame)) => frame,
                Ok(None) => return Ok(()),
                Err(()) => continue,
            };
            let mut frames = vec![first];
            let until = now() + BATCH_WAIT;
            while frames.len() < detector.batch() {
                match self.frames.take_timeout(until.saturating_duration_since(now())) {
                    Ok(Some(frame)) => frames.push(frame),
                    // Nothing waits: these are enough.
                    Ok(None) | Err(()) => break,
                }
            }
            self.analyse(&mut *detector, &mut eye, &frames.iter().map(|frame| &**frame).collect::<Vec<_>>())?;
        }
    }

    /// Frames of different cameras, seen together.
    fn analyse(
        &self,
        detector: &mut dyn Detector,
        eye: &mut Eye,
        frames: &[&Frame],
    ) -> Result<(), NobodyListens> {
        let mut known = Vec::with_capacity(frames.len());
        let mut outcome = Ok(());
        for frame in frames {
            // The last picture of a camera that was taken away counts no more: its counts are gone.
            let Some(watched) = self.cameras.get(&frame.camera) else { continue };
            let mut one = lock(&watched);
            if one.is_gone {
                continue;
            }
            let camera = frame.camera.as_str();
            self.metrics.frames.received(camera);
            // What stands is recognised by its look before anything else is relied on.
            let still = one.relied_on(eye, frame);
            match still {
                Some(_) if outcome.is_err() => self.metrics.frames.dropped(camera),
                Some(found) => {
                    self.metrics.relied_on(camera);
                    outcome = self.follow(&mut one, eye, frame, &found, None);
                }
                None => {
                    drop(one);
                    known.push((*frame, watched));
                }
            }
        }
        if known.is_empty() {
            return outcome;
        }
        let began = now();
        let pictures: Vec<&Frame> = known.iter().map(|(frame, _)| *frame).collect();
        let answers = detector.detect_all(&pictures);
        // Each frame's share, so that the sum is the time that was spent.
        let each = began.elapsed() / u32::try_from(known.len().max(1)).unwrap_or(u32::MAX);
        for ((frame, watched), answer) in known.into_iter().zip(answers) {
            let mut watched = lock(&watched);
            match answer {
                _ if watched.is_gone => {}
                Ok(_) if outcome.is_err() => self.metrics.frames.dropped(frame.camera.as_str()),
                Ok(found) => {
                    watched.remember(frame, &found);
                    outcome = self.follow(&mut watched, eye, frame, &found, Some(each));
                }
                Err(error) => self.give_up(&mut watched, frame, &error),
            }
        }
        outcome
    }

    /// A frame that cannot be analysed.
    fn give_up(&self, watched: &mut Watched, frame: &Frame, error: &DetectError) {
        let camera = frame.camera.as_str();
        self.metrics.frames.failed(camera);
        watched.blind_since.get_or_insert(frame.at);
        watched.blind_reason = Some(Chain(error).to_string());
        if watched.may_complain() {
            warn!(camera, error = %Chain(error), "frames cannot be analysed");
        }
    }

    /// From what was found in a frame to events. `inference`: how long the network took, if it was asked.
    fn follow(
        &self,
        watched: &mut Watched,
        eye: &mut Eye,
        frame: &Frame,
        found: &[Detection],
        inference: Option<Duration>,
    ) -> Result<(), NobodyListens> {
        let camera = frame.camera.as_str();
        let began = now();
        if let Some(inference) = inference {
            self.metrics.inference_seconds.observe(inference.as_secs_f64());
        }
        if watched.blind_reason.take().is_some() {
            self.told.blind.send_if_modified(|all| all.remove(&frame.camera).is_some());
        }
        let step = watched.follow(eye, frame, found, &mut random);
        self.metrics.age_seconds.observe(self.clock.now().saturating_since(frame.at).as_secs_f64());
        self.metrics.frame_seconds.observe((inference.unwrap_or_default() + began.elapsed()).as_secs_f64());
        let counts = watched.state.counts();
        self.metrics.show_counts(camera, &counts);
        self.metrics.show_crossings(camera, watched.state.crossings());
        tell(&self.told.counts, &frame.camera, counts);
        tell(&self.told.attention, &frame.camera, watched.state.attention());
        self.tell_troubles(watched, &step.events);
        let outcome = if !step.events.is_empty() || !step.passes.is_empty() || watched.is_checkpoint_due() {
            let picture = step.picture.then(|| frame.clone());
            self.findings.blocking_send(watched.findings(step.events, step.passes, picture))
        } else {
            Ok(())
        };
        match outcome {
            Ok(()) => {
                self.metrics.frames.sent(camera);
                Ok(())
            }
            Err(_) => {
                self.metrics.frames.dropped(camera);
                Err(NobodyListens)
            }
        }
    }

    /// Says what is wrong with a camera, where that may have changed.
    fn tell_troubles(&self, watched: &Watched, events: &[Event]) {
        let camera = watched.state.id();
        let troubles = watched.state.troubles();
        self.metrics.show_troubles(camera.as_str(), &troubles);
        tell(&self.told.troubles, camera, troubles);
        for event in events.iter().filter(|event| event.zone.is_none()) {
            let (kind, since) = (event.kind, event.since);
            match event.phase {
                Phase::Open => warn!(%camera, %kind, %since, "not to be trusted, its rules are suspended"),
                Phase::Update => {}
                Phase::Close => info!(%camera, %kind, %since, "over"),
            }
        }
    }

    /// Hears of cameras that went away, tells of those that stay away, and keeps memory that has not been kept.
    fn look_after_cameras(&self) -> Result<(), NobodyListens> {
        while let Ok(Some(notice)) = self.notices.recv_timeout(Duration::ZERO) {
            if let Some(watched) = self.cameras.get(&notice.camera) {
                let mut watched = lock(&watched);
                watched.away_since = (!notice.live).then_some(notice.at);
                watched.state.hear(notice.live, notice.at);
                if notice.ended {
                    watched.state.ended();
                }
            }
        }
        for watched in self.cameras.leaving() {
            let mut watched = lock(&watched);
            let events = std::mem::take(&mut watched.first_events);
            let findings = watched.findings(events, Vec::new(), None);
            self.findings.blocking_send(findings).map_err(|_| NobodyListens)?;
        }
        let now = self.clock.now();
        for watched in self.cameras.all() {
            let mut watched = lock(&watched);
            if watched.is_gone {
                continue;
            }
            let mut events = std::mem::take(&mut watched.first_events);
            let unseen_since = watched.away_since.into_iter().chain(watched.blind_since).min();
            let lost = unseen_since.filter(|since| now.saturating_since(*since) >= self.offline_after);
            if let Some(since) = lost {
                if watched.blind_since.is_some()
                    && let Some(reason) = &watched.blind_reason
                {
                    let camera = watched.state.id().clone();
                    self.told
                        .blind
                        .send_if_modified(|all| all.insert(camera, reason.clone()).as_ref() != Some(reason));
                }
                (watched.away_since, watched.blind_since) = (None, None);
                events.extend(watched.state.lose_sight(since.saturating_add(self.offline_after)));
            }
            events.extend(watched.state.tick(now, &mut random));
            self.tell_troubles(&watched, &events);
            if !events.is_empty() || watched.is_checkpoint_due() {
                let findings = watched.findings(events, Vec::new(), None);
                self.findings.blocking_send(findings).map_err(|_| NobodyListens)?;
            }
        }
        Ok(())
    }
}

/// A panic goes on where the thread is joined, so what it left half done is not looked at.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn tell<T: PartialEq>(told: &watch::Sender<BTreeMap<CameraId, T>>, camera: &CameraId, news: T) {
    told.send_if_modified(|all| {
        let changed = all.get(camera) != Some(&news);
        if changed {
            all.insert(camera.clone(), news);
        }
        changed
    });
}

/// For pacing only: event time comes with the frames.
fn now() -> Instant {
    Instant::now()
}

fn random() -> [u8; 10] {
    std::array::from_fn(|_| fastrand::u8(..))
}

#[cfg(test)]
mod tests;
