//! What is kept of a camera over a restart.

use gridwatch_domain::{Checkpoint, Polygon};
use serde::{Deserialize, Serialize};

use super::CameraState;
use crate::{
    DetectError, health::Health, parked::ParkedMemory, rules::Rulebook, settings::CameraWatch,
    tracker::Tracker,
};

/// Version of the form in which a camera's memory is kept. Grows with each change that older programs cannot read;
/// every form ever written stays readable.
pub(super) const CHECKPOINT_VERSION: u32 = 3;
/// A camera's memory as it is written.
#[derive(Serialize)]
struct Kept<'a> {
    version: u32,
    memory: &'a ParkedMemory,
    /// Named as it was when it held open events alone.
    ledger: &'a Rulebook,
    health: &'a Health,
    view: Vec<&'a Polygon>,
    next_track: u64,
}

#[derive(Deserialize)]
struct KeptVersion {
    version: u32,
}

#[derive(Deserialize)]
struct KeptState {
    memory: ParkedMemory,
    ledger: Rulebook,
    /// Since version 2.
    #[serde(default)]
    health: Health,
    /// The zones as they were drawn then. Since version 2.
    #[serde(default)]
    view: Option<Vec<Polygon>>,
    /// So that no track is named as one was before. Since version 3, though not in the first of them.
    #[serde(default)]
    next_track: u64,
}

impl CameraState {
    /// Goes on from what was kept. Zones that are gone close their events with the next picture.
    ///
    /// # Errors
    /// [`DetectError::Checkpoint`], [`DetectError::CheckpointVersion`]; the camera then knows as much as before.
    pub fn restore(&mut self, watch: &CameraWatch, checkpoint: &Checkpoint) -> Result<(), DetectError> {
        let unreadable = |source| DetectError::Checkpoint { camera: self.id.to_string(), source };
        let KeptVersion { version } = serde_json::from_slice(&checkpoint.state).map_err(unreadable)?;
        if version > CHECKPOINT_VERSION {
            let camera = self.id.to_string();
            return Err(DetectError::CheckpointVersion { camera, found: version, known: CHECKPOINT_VERSION });
        }
        let kept: KeptState = serde_json::from_slice(&checkpoint.state).map_err(unreadable)?;
        self.memory = kept.memory.with_settings(self.memory_settings, watch.standing_kinds());
        self.rules = kept.ledger;
        self.tracker = Tracker::from(kept.next_track);
        self.memory.hold(&self.rules.places());
        self.health = kept.health.with_settings(self.health_settings);
        let is_redrawn = kept.view.is_some_and(|view| !view.iter().eq(self.view()));
        // Whoever starts it again, or draws its zones anew, accepts what it shows.
        if self.health.has_moved() || is_redrawn {
            let accepted = self.health.accept_view();
            self.first_events.extend(self.told_of_health(accepted));
        }
        Ok(())
    }

    /// The memory as it is now.
    pub fn checkpoint(&self) -> Checkpoint {
        let kept = Kept {
            version: CHECKPOINT_VERSION,
            memory: &self.memory,
            ledger: &self.rules,
            health: &self.health,
            view: self.view().collect(),
            next_track: self.tracker.next(),
        };
        let state = serde_json::to_vec(&kept).expect("the memory has string keys and finite numbers");
        Checkpoint { camera: self.id.clone(), state }
    }
}
