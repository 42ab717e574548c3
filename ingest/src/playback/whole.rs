//! A file of a form that is not taken apart: GStreamer decodes all of it, as it does for live cameras.

use std::{path::Path, sync::Arc, time::Duration};

use gridwatch_config::{CameraSettings, Pace};
use gridwatch_domain::{CameraId, Frame, Timestamp};
use gridwatch_runtime::{MailboxReceiver, mailbox};
use tokio::sync::mpsc;

use super::{
    NOTES, PlaybackOptions,
    flaw::{self, FileFlaw, PlaybackError},
};
use crate::{
    camera::CameraControl,
    file,
    metrics::CameraMetrics,
    stream::Stream,
    tap::{Mode, Note, Outlet, Tap},
};

/// How often it is looked whether the file has ended.
const TICK: Duration = Duration::from_millis(50);
/// Longest wait for the next picture of a file.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct WholeFile {
    stream: Option<Stream>,
    tap: Arc<Tap>,
    frames: MailboxReceiver<CameraId, Frame>,
    notes: mpsc::Receiver<Note>,
    start: Timestamp,
    position: Duration,
    has_ended: bool,
}

impl WholeFile {
    pub(super) fn open(
        path: &Path,
        camera: &CameraSettings,
        control: &CameraControl,
        metrics: CameraMetrics,
        options: &PlaybackOptions,
    ) -> Result<Self, PlaybackError> {
        let failed = |reason| PlaybackError::of(path, reason);
        let (frames_tx, frames) = mailbox();
        let (zones, clock) = (control.zones.clone(), Arc::clone(&options.clock));
        let outlet = Outlet::Mailbox(frames_tx);
        let tap = Tap::new(camera.id.clone(), outlet, Arc::default(), zones, clock, metrics);
        let (notes_tx, notes) = mpsc::channel(NOTES);
        let mode = Mode::FileFast { anchor: Some(options.start) };
        tap.begin(mode, camera.sample_fps, false, notes_tx.clone());
        let stream = file::create(path, Pace::Fast, &tap, &notes_tx).map_err(failed)?;
        stream.start().map_err(failed)?;
        let mut opened = Self {
            stream: Some(stream),
            tap,
            frames,
            notes,
            start: options.start,
            position: Duration::ZERO,
            has_ended: false,
        };
        opened.wait_for_picture(path)?;
        Ok(opened)
    }

    /// Waits for its first picture, or for the reason why there is none.
    fn wait_for_picture(&mut self, path: &Path) -> Result<(), PlaybackError> {
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            while let Ok(note) = self.notes.try_recv() {
                match note {
                    Note::Failed(reason) => return Err(PlaybackError::of(path, reason)),
                    Note::End => {
                        let found = "nothing that can be decoded".to_owned();
                        return Err(PlaybackError::NoVideo { path: path.to_owned(), found });
                    }
                    Note::Live => return Ok(()),
                    Note::ConsumerGone => {}
                }
            }
            std::thread::park_timeout(TICK);
            waited += TICK;
            flaw::tell_waiting(path, waited, TICK, PATIENCE);
        }
        let detail = format!("no picture within {} s", PATIENCE.as_secs());
        Err(PlaybackError::Unreadable { path: path.to_owned(), detail })
    }

    /// How much shorter it is than it says, for leaps that were taken out.
    pub(super) fn taken_out(&self) -> Duration {
        self.tap.taken_out()
    }

    /// The next picture; `None` at the end, with a flaw where that is none.
    pub(super) fn next(&mut self, flaws: &mut Vec<FileFlaw>) -> Option<(Duration, Vec<Frame>)> {
        let next = self.wait_for_next(flaws);
        self.tap.take_flaws(flaws);
        next
    }

    fn wait_for_next(&mut self, flaws: &mut Vec<FileFlaw>) -> Option<(Duration, Vec<Frame>)> {
        let mut waited = Duration::ZERO;
        loop {
            if let Ok(Some(frame)) = self.frames.recv_timeout(TICK) {
                self.position = frame.at.saturating_since(self.start);
                return Some((self.position, vec![frame]));
            }
            if self.has_ended {
                return None;
            }
            waited += TICK;
            while let Ok(note) = self.notes.try_recv() {
                match note {
                    // What was decoded before that waits in the mailbox still.
                    Note::End => self.has_ended = true,
                    Note::Failed(reason) => {
                        let why = Some(reason.to_string());
                        flaw::push(flaws, FileFlaw::BreaksOff { at: self.position, of: None, why });
                        self.has_ended = true;
                    }
                    Note::Live | Note::ConsumerGone => {}
                }
            }
            if waited >= PATIENCE {
                let why = Some("nothing more can be read of it".to_owned());
                flaw::push(flaws, FileFlaw::BreaksOff { at: self.position, of: None, why });
                return None;
            }
        }
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.stop();
        }
    }
}
