//! The picture of a camera as it is now, for whoever asks: decoded for him alone, so that it costs nothing while nobody does.
//!
//! From the encoded pictures that are kept, where there are such; of other cameras the next picture that is decoded anyway.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use gridwatch_domain::{CameraId, Frame};
use gridwatch_runtime::SharedClock;
use tokio::{
    sync::{Semaphore, oneshot},
    task::spawn_blocking,
    time::timeout,
};

use crate::{AccessUnit, Reel, Reels, decode::decode_last};

/// What is older than this does not show how it is now.
const FRESH: Duration = Duration::from_secs(10);
/// Longest wait for a picture that is decoded anyway.
const PATIENCE: Duration = Duration::from_secs(3);
/// Stills that are decoded at the same time: of the newest of a group all before it have to be, a quarter of a second of one core.
const AT_ONCE: usize = 1;
/// Viewers of one camera that may wait for its next picture.
const MOST_WAITING: usize = 16;

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StillError {
    /// None came in time.
    #[error("no picture comes from the camera at present")]
    None,
    /// It could not be decoded.
    #[error("the camera's picture cannot be decoded")]
    Undecodable,
    /// There is no such camera.
    #[error("no such camera")]
    Unknown,
    /// Too many ask.
    #[error("too many ask for this camera's picture")]
    Busy,
}

/// Gives stills of all cameras. Clones share it.
#[derive(Clone)]
pub struct Stills {
    reels: Reels,
    clock: SharedClock,
    wishes: Arc<Wishes>,
    decoding: Arc<Semaphore>,
}

/// Who waits for the next picture of a camera.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    /// Cameras that there are; one that is begun anew may be there twice for a moment.
    shown: Mutex<BTreeMap<CameraId, usize>>,
    count: AtomicUsize,
    waiting: Mutex<BTreeMap<CameraId, Vec<oneshot::Sender<Frame>>>>,
}

impl Wishes {
    /// Gives a picture to those who wait for one. Costs a comparison where nobody does.
    pub(crate) fn grant(&self, frame: &Frame) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for viewer in waiting.remove(&frame.camera).unwrap_or_default() {
            self.count.fetch_sub(1, Ordering::Relaxed);
            // Some have gone meanwhile.
            let _ = viewer.send(frame.clone());
        }
    }

    fn wait_for(&self, camera: &CameraId) -> Result<oneshot::Receiver<Frame>, StillError> {
        let (tx, rx) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let viewers = waiting.entry(camera.clone()).or_default();
        let before = viewers.len();
        viewers.retain(|viewer| !viewer.is_closed());
        self.count.fetch_sub(before - viewers.len(), Ordering::Relaxed);
        if viewers.len() >= MOST_WAITING {
            return Err(StillError::Busy);
        }
        viewers.push(tx);
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(rx)
    }
}

/// A camera is there as long as this is.
pub(crate) struct Shown(Arc<Wishes>, CameraId);

impl Drop for Shown {
    fn drop(&mut self) {
        let mut shown = self.0.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = shown.get_mut(&self.1) {
            *times -= 1;
            if *times == 0 {
                shown.remove(&self.1);
            }
        }
    }
}

impl Stills {
    /// Stills of the cameras that have these reels, or none.
    pub fn new(reels: Reels, clock: SharedClock) -> Self {
        Self { reels, clock, wishes: Arc::default(), decoding: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// There is such a camera from now on.
    pub(crate) fn show(&self, camera: &CameraId) -> Shown {
        let mut shown = self.wishes.shown.lock().unwrap_or_else(PoisonError::into_inner);
        *shown.entry(camera.clone()).or_default() += 1;
        Shown(self.wishes(), camera.clone())
    }

    fn shows(&self, camera: &CameraId) -> bool {
        self.wishes.shown.lock().unwrap_or_else(PoisonError::into_inner).contains_key(camera)
    }

    pub(crate) fn wishes(&self) -> Arc<Wishes> {
        Arc::clone(&self.wishes)
    }

    /// The newest picture of a camera.
    ///
    /// # Errors
    /// [`StillError`].
    pub async fn newest(&self, camera: &CameraId) -> Result<Frame, StillError> {
        if !self.shows(camera) {
            return Err(StillError::Unknown);
        }
        let turn = self.decoding.acquire().await.map_err(|_| StillError::Busy)?;
        let is_fresh = |reel: &Arc<Reel>| {
            reel.newest_at().is_some_and(|at| self.clock.now().saturating_since(at) < FRESH)
        };
        // Only now: in the queue it would have become old, and kept what the ring has dropped.
        let reel = self.reels.get(camera).filter(is_fresh);
        let kept = reel.map(|reel| reel.since_last_key()).unwrap_or_default();
        if kept.is_empty() {
            drop(turn);
            let next = self.wishes.wait_for(camera)?;
            return timeout(PATIENCE, next).await.ok().and_then(Result::ok).ok_or(StillError::None);
        }
        let camera = camera.clone();
        let decoded = spawn_blocking(move || decode(camera, kept)).await;
        decoded.ok().flatten().ok_or(StillError::Undecodable)
    }
}

fn decode(camera: CameraId, units: Vec<AccessUnit>) -> Option<Frame> {
    let last = units.last()?;
    let (seq, at) = (last.seq, last.at);
    let (planes, width, height) = decode_last(&units)?;
    Some(Frame::new(camera, seq, at, (width, height), planes))
}
