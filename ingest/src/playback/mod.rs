//! A recorded file through the very code that a live camera goes through, on one thread and without a clock: the same file gives the
//! same pictures, as fast as the machine goes.
//!
//! H.264, H.265 and JPEG are taken as a camera sends them, encoded picture by encoded picture ([`units`]): the gate judges each of them, and what
//! it wants is decoded at once, so that what the rules ask for is known before the next one. Anything else that GStreamer decodes is
//! decoded whole ([`whole`]), as files of live cameras are.
//!
//! Times come from the file, from its first picture on, be it before the file's zero ([`times`]). A file that lacks times, whose times jump, or that
//! breaks off is played as far as it goes; [`Playback::flaws`] tells what was wrong. What GStreamer keeps to itself, such as that its end is
//! missing, is read from the file ([`container`]).

mod container;
mod flaw;
mod glimpse;
#[cfg(test)]
mod tests;
pub(crate) mod times;
mod units;
mod whole;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gridwatch_config::CameraSettings;
use gridwatch_domain::{Attention, Frame, Timestamp};
use gridwatch_runtime::{Metrics, SharedClock};
use tokio::sync::{mpsc, watch};

use self::{
    container::{Container, Ending},
    units::{UnitFile, Units},
    whole::WholeFile,
};
pub use self::{
    flaw::{FileFlaw, PlaybackError},
    glimpse::picture_at,
};
use crate::{
    IngestMetrics, Level, OfflineReason, Reason, Reels,
    camera::CameraControl,
    choose::{Chooser, Choosing},
    decode::{Chains, Decoders, Desk, Work as _},
    gate::GateSettings,
    tap::{Mode, Note, Outlet, Tap},
};

/// What tells and is told of a file; more wait only where it is damaged throughout.
const NOTES: usize = 256;

/// How a file is played.
pub struct PlaybackOptions {
    /// When its first picture was taken.
    pub start: Timestamp,
    /// How far back encoded pictures are kept, for looking back; and in how many bytes at most.
    pub reach: (Duration, usize),
    /// Asked for nothing but pacing.
    pub clock: SharedClock,
}

/// A file that is being played.
pub struct Playback {
    path: PathBuf,
    container: Container,
    ending: Ending,
    source: Source,
    start: Timestamp,
    duration: Option<Duration>,
    position: Duration,
    flaws: Vec<FileFlaw>,
    is_over: bool,
}

enum Source {
    Units(Box<UnitPlayer>),
    Whole(WholeFile),
}

/// What chooses and decodes encoded pictures.
struct UnitPlayer {
    file: Box<UnitFile>,
    chooser: Chooser,
    desk: Arc<Desk>,
    chains: Chains,
    hand: Arc<Mutex<Vec<Frame>>>,
    notes: mpsc::Receiver<Note>,
    tap: Arc<Tap>,
    is_over: bool,
}

impl Playback {
    /// Opens a file, to be played as this camera would send it: by its `decode`, `sample_fps` and zones. Blocks.
    ///
    /// # Errors
    /// [`PlaybackError`] where there is nothing to be played in it.
    pub fn open(
        path: &Path,
        camera: &CameraSettings,
        options: PlaybackOptions,
    ) -> Result<Self, PlaybackError> {
        flaw::check_readable(path)?;
        let metrics = IngestMetrics::new(&Metrics::new()).camera(&camera.id);
        let control = CameraControl::new(camera);
        let container = Container::open(path);
        let opened = units::open(path, container.readings())?;
        let duration = opened.duration();
        let source = match opened {
            Units::Some(mut file) => {
                file.begin_with(container.times_before_zero());
                let hand = Arc::new(Mutex::new(Vec::new()));
                let (zones, clock) = (control.zones.clone(), Arc::clone(&options.clock));
                let outlet = Outlet::Hand(Arc::clone(&hand));
                let tap = Tap::new(camera.id.clone(), outlet, Arc::default(), zones, clock, metrics.clone());
                let (notes_tx, notes) = mpsc::channel(NOTES);
                tap.begin(Mode::Live, camera.sample_fps, false, notes_tx);
                let (reach, bytes) = options.reach;
                let choosing = Choosing {
                    camera: camera.id.clone(),
                    metrics,
                    reel: Reels::new(reach, bytes).apart(),
                    gate: GateSettings {
                        mode: camera.decode,
                        sample_fps: camera.sample_fps,
                        rest: control.rest.get(),
                    },
                    rest: control.rest.clone(),
                    gates: watch::Sender::default(),
                };
                Source::Units(Box::new(UnitPlayer {
                    file,
                    chooser: Chooser::begin(choosing, 0),
                    desk: Desk::new(Arc::clone(&tap)),
                    chains: Chains::alone(Decoders::software()),
                    hand,
                    notes,
                    tap,
                    is_over: false,
                }))
            }
            Units::None { .. } => Source::Whole(WholeFile::open(path, camera, &control, metrics, &options)?),
        };
        let path = path.to_owned();
        let (start, flaws, position) = (options.start, Vec::new(), Duration::ZERO);
        let ending = Ending::Unknown;
        Ok(Self { path, container, ending, source, start, duration, position, flaws, is_over: false })
    }

    /// How long it says it is.
    pub fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// How far it has been played.
    pub fn position(&self) -> Duration {
        self.position
    }

    /// How much of it is decoded at present, and why.
    pub fn level(&self) -> (Level, Reason) {
        match &self.source {
            Source::Units(player) => player.chooser.level(),
            Source::Whole(_) => (Level::All, Reason::ByGstreamer),
        }
    }

    /// What was wrong with it so far.
    pub fn flaws(&self) -> &[FileFlaw] {
        &self.flaws
    }

    /// Whether it was played to the end that it says it has.
    pub fn is_complete(&self) -> bool {
        self.is_over && !self.flaws.iter().any(FileFlaw::is_break)
    }

    /// Whether a file of this form tells that its end is missing where it is; only known once it is over.
    pub fn is_end_known(&self) -> bool {
        self.ending != Ending::Unknown
    }

    /// Goes on by one encoded picture, and gives the pictures that are to be analysed for it, oldest first: often none. `None` at its end.
    /// `attention`: what the rules ask for. Blocks.
    pub fn next(&mut self, attention: Attention) -> Option<Vec<Frame>> {
        if self.is_over {
            return None;
        }
        let next = match &mut self.source {
            Source::Units(player) => player.next(self.start, attention, &mut self.flaws),
            Source::Whole(file) => file.next(&mut self.flaws),
        };
        match next {
            Some((position, frames)) => {
                self.position = self.position.max(position);
                Some(frames)
            }
            None => {
                self.end();
                None
            }
        }
    }

    /// Plays no more of it.
    pub fn stop(&mut self) {
        if !std::mem::replace(&mut self.is_over, true) {
            self.flaws.push(FileFlaw::Stopped { at: self.position, of: self.duration });
        }
    }

    fn end(&mut self) {
        self.is_over = true;
        let clock_flaws = self.container.clock_flaws();
        if !clock_flaws.is_empty() {
            // By the same clock.
            self.duration = None;
        }
        self.flaws.extend(clock_flaws);
        self.ending = self.container.ending();
        if self.flaws.iter().any(FileFlaw::is_break) {
            return;
        }
        let shorter = match &self.source {
            Source::Units(player) => player.file.taken_out(),
            Source::Whole(file) => file.taken_out(),
        };
        let duration = self.duration.map(|duration| duration.saturating_sub(shorter));
        let missing = duration.filter(|duration| *duration > self.position + flaw::END_TOLERANCE);
        let (at, of) = (self.position, duration);
        match &self.ending {
            Ending::Cut(why) => {
                let why = Some(why.clone());
                self.flaws.push(FileFlaw::BreaksOff { at, of: missing, why });
            }
            _ if missing.is_some() => self.flaws.push(FileFlaw::BreaksOff { at, of, why: None }),
            _ => return,
        }
        tracing::debug!(path = %self.path.display(), "a file ends before its end");
    }
}

impl UnitPlayer {
    fn next(
        &mut self,
        start: Timestamp,
        attention: Attention,
        flaws: &mut Vec<FileFlaw>,
    ) -> Option<(Duration, Vec<Frame>)> {
        if self.is_over {
            return None;
        }
        let Some(unit) = self.file.next(start, flaws) else {
            self.is_over = true;
            self.desk.finish();
            let frames = self.take_frames();
            return (!frames.is_empty()).then(|| (self.file.newest(), frames));
        };
        let position = unit.time;
        if let Some(order) = self.chooser.choose(unit, self.desk.take_change(), attention) {
            self.chooser.left_out(self.desk.put(order));
            self.desk.work(&mut self.chains);
        }
        while let Ok(note) = self.notes.try_recv() {
            match note {
                Note::Failed(OfflineReason::UnsupportedCodec { codec }) => {
                    flaw::push(flaws, FileFlaw::Undecodable { at: position, codec });
                    return None;
                }
                Note::Failed(reason) => flaw::push(flaws, FileFlaw::Damaged { at: position, reason }),
                Note::Live | Note::End | Note::ConsumerGone => {}
            }
        }
        Some((position, self.take_frames()))
    }

    fn take_frames(&self) -> Vec<Frame> {
        std::mem::take(&mut *self.hand.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for UnitPlayer {
    fn drop(&mut self) {
        self.tap.end();
    }
}
