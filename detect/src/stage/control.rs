//! What is watched, changed while the stage runs.
//!
//! A camera's lock is held for each step, so that a change falls between two pictures and no other camera waits for it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use gridwatch_domain::{CameraId, Checkpoint, Event};

use super::{Told, lock, tell, watched::Watched};
use crate::{CameraState, CameraWatch, DetectSettings, metrics::DetectMetrics};

/// The cameras that are watched, and those that have been taken away and not yet been told of. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Cameras {
    watched: Arc<RwLock<BTreeMap<CameraId, Arc<Mutex<Watched>>>>>,
    leaving: Arc<Mutex<Vec<Arc<Mutex<Watched>>>>>,
}

impl Cameras {
    pub(super) fn get(&self, camera: &CameraId) -> Option<Arc<Mutex<Watched>>> {
        self.watched.read().unwrap_or_else(PoisonError::into_inner).get(camera).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Mutex<Watched>>> {
        self.watched.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(super) fn insert(&self, camera: CameraId, watched: Watched) {
        let watched = Arc::new(Mutex::new(watched));
        self.watched.write().unwrap_or_else(PoisonError::into_inner).insert(camera, watched);
    }

    /// Those that have been taken away since this was last asked.
    pub(super) fn leaving(&self) -> Vec<Arc<Mutex<Watched>>> {
        std::mem::take(&mut self.lock_leaving())
    }

    /// A camera that was taken away while nobody watched: what was open of it ends with what was seen last.
    pub(super) fn leave_behind(&self, kept: &Checkpoint, settings: &DetectSettings) {
        let watch = CameraWatch { begins_anew: true, ..CameraWatch::new(kept.camera.clone()) };
        let mut state = CameraState::new(&watch, settings);
        if state.restore(&watch, kept).is_err() {
            // Nobody needs it any more, and nothing could be told of it.
            return;
        }
        let events = state.begin_anew();
        if !events.is_empty() {
            let mut watched = Watched::new(state);
            watched.is_gone = true;
            owe(&mut watched, events);
            self.lock_leaving().push(Arc::new(Mutex::new(watched)));
        }
    }

    fn take_away(&self, camera: &CameraId) -> Option<Arc<Mutex<Watched>>> {
        self.watched.write().unwrap_or_else(PoisonError::into_inner).remove(camera)
    }

    fn lock_leaving(&self) -> MutexGuard<'_, Vec<Arc<Mutex<Watched>>>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes what is watched. Its methods wait for the step that is under way with that camera, and so may block.
#[derive(Clone)]
pub struct DetectControl {
    cameras: Cameras,
    settings: Arc<DetectSettings>,
    metrics: DetectMetrics,
    told: Told,
}

impl DetectControl {
    pub(super) fn new(
        cameras: Cameras,
        settings: DetectSettings,
        metrics: DetectMetrics,
        told: Told,
    ) -> Self {
        Self { cameras, settings: Arc::new(settings), metrics, told }
    }

    /// Watches a camera: one that is new, or one that is known for something else from now on. What stands in the zones that
    /// stay keeps its dwell; events of zones that are gone end.
    pub fn watch(&self, watch: &CameraWatch) {
        match self.cameras.get(&watch.id) {
            Some(watched) => self.adjust(&mut lock(&watched), watch),
            None => {
                let state = CameraState::new(watch, &self.settings);
                self.cameras.insert(watch.id.clone(), Watched::new(state));
            }
        }
    }

    /// Says that a camera's stream is another one from now on: what was last seen of it does not hold for the next picture.
    /// A recording that `begins_anew` ends what was open in the last one.
    pub fn begin_stream(&self, watch: &CameraWatch) {
        let Some(watched) = self.cameras.get(&watch.id) else { return };
        let mut watched = lock(&watched);
        watched.look_again();
        if watch.begins_anew {
            let events = watched.state.begin_anew();
            owe(&mut watched, events);
        }
    }

    /// Watches a camera no more: its open events end with what was seen last, its memory and its metrics are gone.
    pub fn forget(&self, camera: &CameraId) {
        let Some(shared) = self.cameras.take_away(camera) else { return };
        {
            let mut watched = lock(&shared);
            watched.is_gone = true;
            let events = watched.state.begin_anew();
            owe(&mut watched, events);
            self.metrics.forget(camera.as_str());
            self.told.counts.send_if_modified(|all| all.remove(camera).is_some());
            self.told.blind.send_if_modified(|all| all.remove(camera).is_some());
            self.told.attention.send_if_modified(|all| all.remove(camera).is_some());
            self.told.troubles.send_if_modified(|all| all.remove(camera).is_some());
        }
        self.cameras.lock_leaving().push(shared);
    }

    fn adjust(&self, watched: &mut Watched, watch: &CameraWatch) {
        let camera = &watch.id;
        let before = watched.state.counts();
        let events = watched.state.adjust(watch);
        owe(watched, events);
        self.metrics.keep_zones(camera.as_str(), before.keys(), &watch.zones);
        let counts = watched.state.counts();
        self.metrics.show_counts(camera.as_str(), &counts);
        tell(&self.told.counts, camera, counts);
        tell(&self.told.attention, camera, watched.state.attention());
    }
}

/// Events that are told as soon as the stage looks after its cameras, with the memory after them.
fn owe(watched: &mut Watched, events: Vec<Event>) {
    watched.first_events.extend(events);
    watched.is_stale = true;
    watched.is_unkept = true;
}
