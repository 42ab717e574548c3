//! The stage: one thread that takes the newest frame of each camera, and hands on what it found.
//!
//! In: frames (newest wins, ahead of here), and word of cameras that went away or came back. Out: [`Findings`]; where
//! the next stage is slow this one waits, so frames are lost, never events. Ends when the frames do, and hands on each
//! camera's memory once more.

use std::{
    collections::BTreeMap,
    io,
    thread::JoinHandle,
    time::{Duration, Instant},
};

use gridwatch_domain::{CameraId, Checkpoint, Event, Findings, Frame, Timestamp, ZoneId};
use gridwatch_runtime::{Chain, MailboxReceiver, Metrics, SharedClock};
use tokio::sync::{mpsc, watch};
use tracing::{error, warn};

use crate::{CameraState, DetectSettings, Detector, appearance::Grey, metrics::DetectMetrics};

/// Longest time without a look at cameras that went away and at memory that is to be kept.
const IDLE: Duration = Duration::from_millis(250);
/// Least time between two checkpoints of a camera that nothing but its memory calls for.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);
/// Longest time without keeping the memory of a camera in whose picture something stands: what a kill may take back
/// of the last sighting.
const CHECKPOINT_AT_LEAST: Duration = Duration::from_secs(30);
/// Least time between two log lines about frames of one camera that cannot be analysed.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// Word that a camera's pictures come, or have ceased to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraNotice {
    /// The camera.
    pub camera: CameraId,
    /// Whether pictures come.
    pub live: bool,
    /// Since when.
    pub at: Timestamp,
}

/// What the stage takes and gives.
pub struct DetectParts {
    /// Finds objects.
    pub detector: Box<dyn Detector>,
    /// Frames, newest first.
    pub frames: MailboxReceiver<CameraId, Frame>,
    /// Cameras that went away or came back.
    pub notices: mpsc::Receiver<CameraNotice>,
    /// Where findings go.
    pub findings: mpsc::Sender<Findings>,
    /// What was kept of each camera.
    pub checkpoints: Vec<Checkpoint>,
    /// Tells for how long a camera has been away.
    pub clock: SharedClock,
}

/// How many watched objects stand in each zone of each camera.
pub type ZoneCounts = BTreeMap<CameraId, BTreeMap<ZoneId, u32>>;

/// The running stage.
pub struct DetectStage {
    thread: JoinHandle<()>,
    counts: watch::Receiver<ZoneCounts>,
}

impl DetectStage {
    /// Starts the thread. A checkpoint that cannot be read is logged and left out: that camera's dwell begins anew.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(settings: &DetectSettings, parts: DetectParts, metrics: &Metrics) -> io::Result<Self> {
        let (counts_tx, counts) = watch::channel(ZoneCounts::new());
        let worker = Worker::new(settings, parts, DetectMetrics::new(metrics), counts_tx);
        let thread = std::thread::Builder::new().name("detect".to_owned()).spawn(move || worker.run())?;
        Ok(Self { thread, counts })
    }

    /// What stands in the zones at present; changes are told.
    pub fn counts(&self) -> watch::Receiver<ZoneCounts> {
        self.counts.clone()
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

struct Worker {
    cameras: BTreeMap<CameraId, Watched>,
    parts: DetectParts,
    offline_after: Duration,
    metrics: DetectMetrics,
    counts: watch::Sender<ZoneCounts>,
    grey: Grey,
}

/// A camera and what is pending for it.
struct Watched {
    state: CameraState,
    /// Away since then, while that has not been told.
    away_since: Option<Timestamp>,
    /// There, but its pictures cannot be analysed since then, while that has not been told.
    blind_since: Option<Timestamp>,
    /// What its beginning has led to, until it is told.
    first_events: Vec<Event>,
    /// Whether its memory changed in a way that should be kept soon, and whether at all.
    is_unkept: bool,
    is_stale: bool,
    kept_at: Option<Instant>,
    complained_at: Option<Instant>,
}

impl Worker {
    fn new(
        settings: &DetectSettings,
        parts: DetectParts,
        metrics: DetectMetrics,
        counts: watch::Sender<ZoneCounts>,
    ) -> Self {
        let mut cameras = BTreeMap::new();
        for watch in &settings.cameras {
            let mut state = CameraState::new(watch, settings);
            if let Some(kept) = parts.checkpoints.iter().find(|kept| kept.camera == watch.id)
                && let Err(error) = state.restore(watch, kept)
            {
                error!(camera = %watch.id, error = %Chain(&error), "its memory is lost, dwell begins anew");
            }
            let first_events = if watch.begins_anew { state.begin_anew() } else { Vec::new() };
            cameras.insert(watch.id.clone(), Watched { first_events, ..Watched::new(state) });
        }
        Self { cameras, parts, offline_after: settings.offline_after, metrics, counts, grey: Grey::default() }
    }

    fn run(mut self) {
        if self.look_after_cameras().is_err() {
            return;
        }
        loop {
            let outcome = match self.parts.frames.recv_timeout(IDLE) {
                Ok(Some(frame)) => self.analyse(&frame),
                Ok(None) => break,
                Err(()) => Ok(()),
            };
            if outcome.and_then(|()| self.look_after_cameras()).is_err() {
                return;
            }
        }
        for watched in self.cameras.values_mut().filter(|watched| watched.is_stale) {
            let findings = watched.findings(Vec::new(), None);
            if self.parts.findings.blocking_send(findings).is_err() {
                return;
            }
        }
    }

    fn analyse(&mut self, frame: &Frame) -> Result<(), NobodyListens> {
        let camera = frame.camera.as_str();
        self.metrics.frames.received(camera);
        let Some(watched) = self.cameras.get_mut(&frame.camera) else {
            self.metrics.frames.dropped(camera);
            return Ok(());
        };
        let frame_timer = self.metrics.frame_seconds.start_timer();
        let inference_timer = self.metrics.inference_seconds.start_timer();
        let detections = match self.parts.detector.detect(frame) {
            Ok(detections) => detections,
            Err(error) => {
                inference_timer.stop_and_discard();
                frame_timer.stop_and_discard();
                self.metrics.frames.failed(camera);
                watched.blind_since.get_or_insert(frame.at);
                if is_due(&mut watched.complained_at, COMPLAIN_EVERY) {
                    warn!(camera, error = %Chain(&error), "frames cannot be analysed");
                }
                return Ok(());
            }
        };
        inference_timer.observe_duration();
        // Not `away_since`: the last pictures of a camera that went away may come after word of it.
        watched.blind_since = None;
        self.grey.fill(frame);
        let step = watched.state.step(frame.at, &detections, Some(&self.grey), &mut random);
        frame_timer.observe_duration();
        watched.is_stale = true;
        watched.is_unkept |= step.material;
        let counts = watched.state.counts();
        self.metrics.show_counts(camera, &counts);
        tell_counts(&self.counts, &frame.camera, counts);
        let outcome = if !step.events.is_empty() || watched.is_checkpoint_due() {
            let picture = step.picture.then(|| frame.clone());
            let findings = watched.findings(step.events, picture);
            self.parts.findings.blocking_send(findings)
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

    /// Hears of cameras that went away, tells of those that stay away, and keeps memory that has not been kept.
    fn look_after_cameras(&mut self) -> Result<(), NobodyListens> {
        while let Ok(notice) = self.parts.notices.try_recv() {
            if let Some(watched) = self.cameras.get_mut(&notice.camera) {
                watched.away_since = (!notice.live).then_some(notice.at);
            }
        }
        let now = self.parts.clock.now();
        for watched in self.cameras.values_mut() {
            let mut events = std::mem::take(&mut watched.first_events);
            let unseen_since = watched.away_since.into_iter().chain(watched.blind_since).min();
            let lost = unseen_since.filter(|since| now.saturating_since(*since) >= self.offline_after);
            if let Some(since) = lost {
                (watched.away_since, watched.blind_since) = (None, None);
                events.extend(watched.state.lose_sight(since.saturating_add(self.offline_after)));
            }
            if !events.is_empty() || watched.is_checkpoint_due() {
                let findings = watched.findings(events, None);
                self.parts.findings.blocking_send(findings).map_err(|_| NobodyListens)?;
            }
        }
        Ok(())
    }
}

impl Watched {
    fn new(state: CameraState) -> Self {
        Self {
            state,
            away_since: None,
            blind_since: None,
            first_events: Vec::new(),
            is_unkept: false,
            is_stale: false,
            kept_at: None,
            complained_at: None,
        }
    }

    /// Events, with the memory after them.
    fn findings(&mut self, events: Vec<Event>, frame: Option<Frame>) -> Findings {
        (self.is_unkept, self.is_stale) = (false, false);
        self.kept_at = Some(now());
        let checkpoint = Some(self.state.checkpoint());
        Findings { camera: self.state.id().clone(), events, frame, checkpoint }
    }

    fn is_checkpoint_due(&self) -> bool {
        let waited = |least: Duration| self.kept_at.is_none_or(|kept| kept.elapsed() >= least);
        let matters = self.is_unkept && waited(CHECKPOINT_EVERY);
        matters || (self.is_stale && self.state.has_standing() && waited(CHECKPOINT_AT_LEAST))
    }
}

fn tell_counts(told: &watch::Sender<ZoneCounts>, camera: &CameraId, counts: BTreeMap<ZoneId, u32>) {
    told.send_if_modified(|all| {
        let changed = all.get(camera) != Some(&counts);
        if changed {
            all.insert(camera.clone(), counts);
        }
        changed
    });
}

/// Whether `every` has passed since the last time; if so, that time is now.
fn is_due(last: &mut Option<Instant>, every: Duration) -> bool {
    let due = last.is_none_or(|last| last.elapsed() >= every);
    if due {
        *last = Some(now());
    }
    due
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
