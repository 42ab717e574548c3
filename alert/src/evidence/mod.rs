//! Snapshots: a picture with the event's zone and objects drawn, as JPEG, named by its SHA-256.
//!
//! Made in a thread of its own. A picture that cannot be used costs the snapshot, never the event.

use std::{io, panic::AssertUnwindSafe, thread};

use bytes::Bytes;
use gridwatch_domain::{Detection, Event, EventId, Frame, NormBox, Outline, Polygon, Severity, Sha256Hex};
use gridwatch_runtime::Chain;
use prometheus::IntCounter;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use crate::{
    About, Archive, EvidenceError, Media,
    drawing::{Canvas, Colour, plain_jpeg},
    stage::Throttle,
};

/// Width of a snapshot, in pixels; smaller pictures stay as they are. Wide enough to recognise a vehicle, small enough
/// for a mobile connection (100–250 KB).
const WIDTH: u32 = 1280;

/// Pictures that may wait for the thread. The intake hands over one at a time.
const WAITING: usize = 1;

/// Pictures that may wait for the disk; each has 3 MB at 1920×1080.
const WAITING_TO_BE_KEPT: usize = 16;

/// A picture that shows an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Which event.
    pub event: EventId,
    /// MIME type.
    pub mime: &'static str,
    /// The file.
    pub bytes: Bytes,
    /// Its name and proof.
    pub sha256: Sha256Hex,
}

/// Draws an event into its picture.
///
/// # Errors
/// [`EvidenceError`] where the picture cannot be used.
pub fn snapshot(frame: &Frame, event: &Event, outlines: &[Outline]) -> Result<Snapshot, EvidenceError> {
    let mut canvas = Canvas::of(frame, WIDTH)?;
    let colour = Colour::of(event.severity);
    for outline in outlines.iter().filter(|outline| Some(&outline.id) == event.zone.as_ref()) {
        draw_zone(&mut canvas, &outline.polygon, colour);
    }
    for object in &event.objects {
        draw_box(&mut canvas, object.bbox, colour);
        let label = format!("{} {}", object.class, dwell(event.dwell_s));
        let at = canvas.spot(object.bbox.x1(), object.bbox.y1());
        canvas.label(at, &label, colour);
    }
    let jpeg = canvas.to_jpeg()?;
    let sha256 = Sha256Hex::from_digest(Sha256::digest(&jpeg).into());
    Ok(Snapshot { event: event.id, mime: "image/jpeg", bytes: jpeg.into(), sha256 })
}

/// Draws what a detector found into its picture, each box with its class and score; as JPEG.
///
/// # Errors
/// [`EvidenceError`] where the picture cannot be used.
pub fn drawn(frame: &Frame, found: &[Detection]) -> Result<Vec<u8>, EvidenceError> {
    let mut canvas = Canvas::of(frame, WIDTH)?;
    let colour = Colour::of(Severity::Minor);
    for detection in found {
        draw_box(&mut canvas, detection.bbox, colour);
        let at = canvas.spot(detection.bbox.x1(), detection.bbox.y1());
        canvas.label(at, &format!("{} {:.2}", detection.class, detection.score), colour);
    }
    canvas.to_jpeg()
}

/// A picture as it is, in its full size, as JPEG.
///
/// # Errors
/// [`EvidenceError`] where the picture cannot be used.
pub fn plain(frame: &Frame) -> Result<Vec<u8>, EvidenceError> {
    plain_jpeg(frame)
}

fn draw_zone(canvas: &mut Canvas, polygon: &Polygon, colour: Colour) {
    let corners: Vec<_> = polygon.points().iter().map(|point| canvas.spot(point.x(), point.y())).collect();
    canvas.fill(&corners, colour, 0.18);
    canvas.outline(&corners, colour, canvas.stroke() * 0.6);
}

fn draw_box(canvas: &mut Canvas, bbox: NormBox, colour: Colour) {
    let corners = canvas.area(bbox).corners();
    // Dark below bright: visible on snow and on asphalt.
    canvas.outline(&corners, Colour::BLACK, canvas.stroke() * 1.8);
    canvas.outline(&corners, colour, canvas.stroke());
}

/// `75` → `1:15`, `3675` → `1:01:15`.
fn dwell(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

struct Job {
    frame: Frame,
    event: Event,
    outlines: Vec<Outline>,
    done: oneshot::Sender<Result<Snapshot, EvidenceError>>,
}

/// The thread that makes snapshots, and the one that keeps them on this box. They end when this is dropped.
pub(crate) struct EvidenceThread {
    jobs: mpsc::Sender<Job>,
}

/// Waits for the end of those threads.
pub(crate) struct EvidenceEnd(Vec<thread::JoinHandle<()>>);

impl EvidenceEnd {
    /// Waits until what was handed over is kept. Blocks.
    pub(crate) fn wait(self) {
        for thread in self.0 {
            if thread.join().is_err() {
                error!("a thread of evidence panicked; please report this");
            }
        }
    }
}

impl EvidenceThread {
    /// `keeper`: keeps them on this box, too, if they are to be.
    pub(crate) fn start(keeper: Option<Keeper>) -> io::Result<(Self, EvidenceEnd)> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(WAITING);
        let (keeping, keeper) = keeper.map(Keeping::start).transpose()?.unzip();
        let drawer = thread::Builder::new().name("evidence".to_owned()).spawn(move || {
            while let Some(Job { frame, event, outlines, done }) = waiting.blocking_recv() {
                let made = guarded(|| snapshot(&frame, &event, &outlines));
                let drawn = made.as_ref().ok().map(|snapshot| snapshot.bytes.clone());
                // The event goes its way first: nothing on this disk is worth letting it wait, nor the next one.
                let _ = done.send(made);
                if let (Some(keeping), Some(drawn)) = (&keeping, drawn) {
                    keeping.keep(Shown { frame, event, drawn });
                }
            }
        })?;
        let threads = std::iter::once(drawer).chain(keeper).collect();
        Ok((Self { jobs }, EvidenceEnd(threads)))
    }

    /// A snapshot of `event` in `frame`.
    pub(crate) async fn snapshot(
        &self,
        frame: Frame,
        event: Event,
        outlines: Vec<Outline>,
    ) -> Result<Snapshot, EvidenceError> {
        let (done, outcome) = oneshot::channel();
        self.jobs.send(Job { frame, event, outlines, done }).await.map_err(|_| EvidenceError::Ended)?;
        outcome.await.map_err(|_| EvidenceError::Ended)?
    }
}

fn guarded<T>(work: impl FnOnce() -> Result<T, EvidenceError>) -> Result<T, EvidenceError> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(EvidenceError::Panicked))
}

/// A picture of an event, and the same with what is drawn into it.
struct Shown {
    frame: Frame,
    event: Event,
    drawn: Bytes,
}

/// The thread that keeps pictures, from outside.
struct Keeping {
    waiting: std::sync::mpsc::SyncSender<Shown>,
    failed: IntCounter,
}

impl Keeping {
    fn start(mut keeper: Keeper) -> io::Result<(Self, thread::JoinHandle<()>)> {
        let (waiting, shown) = std::sync::mpsc::sync_channel::<Shown>(WAITING_TO_BE_KEPT);
        let failed = keeper.failed.clone();
        let thread = thread::Builder::new().name("evidence-keeper".to_owned()).spawn(move || {
            for Shown { frame, event, drawn } in shown {
                keeper.keep(&frame, &event, &drawn);
            }
        })?;
        Ok((Self { waiting, failed }, thread))
    }

    /// A disk that has hung for so long keeps nothing more until it works again.
    fn keep(&self, shown: Shown) {
        if let Err(std::sync::mpsc::TrySendError::Full(shown)) = self.waiting.try_send(shown) {
            self.failed.inc();
            error!(camera = %shown.event.camera, event = %shown.event.id, "its pictures are not kept on this box: the disk is too slow");
        }
    }
}

/// Keeps pictures of events on this box.
pub(crate) struct Keeper {
    pub(crate) archive: Archive,
    /// Events of which something could not be kept.
    pub(crate) failed: IntCounter,
    pub(crate) complaints: Throttle,
}

impl Keeper {
    /// Keeps the picture with and without what is drawn into it.
    fn keep(&mut self, frame: &Frame, event: &Event, drawn: &[u8]) {
        let about = |media| About {
            media,
            camera: event.camera.clone(),
            event: Some((event.id, event.kind)),
            from: frame.at,
            until: frame.at,
        };
        let snapshot = self.archive.keep_bytes(drawn, about(Media::Snapshot)).map_err(EvidenceError::from);
        let plain = guarded(|| plain(frame)).and_then(|plain| {
            self.archive.keep_bytes(&plain, about(Media::Picture)).map_err(EvidenceError::from)
        });
        let Err(error) = snapshot.and(plain) else { return self.complaints.reset() };
        self.failed.inc();
        if self.complaints.may_log() {
            error!(camera = %event.camera, event = %event.id, error = %Chain(&error), "its pictures are not kept on this box");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dwell_reads_like_a_clock() {
        assert_eq!(dwell(9.9), "0:09");
        assert_eq!(dwell(75.0), "1:15");
        assert_eq!(dwell(3675.0), "1:01:15");
        assert_eq!(dwell(f64::NAN), "0:00");
    }
}
