//! How a camera does: told to whoever watches it, and what follows from failures.

use std::{sync::PoisonError, time::Duration};

use gridwatch_config::SourceSettings;
use gridwatch_domain::Timestamp;

use super::Camera;
use crate::{CameraState, OfflineReason};

/// The wait after a wrong password is the first one times this at most: ten minutes by default. Cameras count wrong tries over
/// half an hour, and lock out after five or more.
const MOST_PATIENT: u32 = 10;

#[derive(Default)]
pub(super) struct Failures {
    pub(super) attempts: u32,
    /// How many of them, since the last other one, were for a wrong user or password.
    pub(super) refused: u32,
    pub(super) since: Option<Timestamp>,
    /// One of them was noise in place of pictures.
    pub(super) garbage: bool,
}

/// Shows a camera as offline when its task panics.
pub(super) struct PanicWatch<'a> {
    pub(super) camera: &'a Camera,
    pub(super) armed: bool,
}

impl Drop for PanicWatch<'_> {
    fn drop(&mut self) {
        if self.armed && std::thread::panicking() {
            self.camera.fail(OfflineReason::Panicked);
        }
    }
}

impl Camera {
    /// Whether trying again could only show the same pictures again, or the same failure.
    pub(super) fn is_hopeless(&self, reason: &OfflineReason) -> bool {
        let played_once = matches!(self.settings.source, SourceSettings::File { repeat: false, .. });
        played_once && !matches!(reason, OfflineReason::FileMissing { .. })
    }

    pub(super) fn live(&self) {
        *self.failures() = Failures::default();
        // A file that begins anew was live all along.
        if !matches!(*self.states.borrow(), CameraState::Live { .. }) {
            self.publish(CameraState::Live { since: self.clock.now() });
        }
    }

    pub(super) fn fail(&self, reason: OfflineReason) {
        self.metrics.failure(&reason);
        let state = {
            let mut failures = self.failures();
            failures.attempts = failures.attempts.saturating_add(1);
            let is_refusal = matches!(reason, OfflineReason::Unauthorized { .. });
            failures.refused = if is_refusal { failures.refused.saturating_add(1) } else { 0 };
            failures.garbage |= matches!(reason, OfflineReason::Garbage { .. });
            let since = *failures.since.get_or_insert_with(|| self.clock.now());
            CameraState::Offline { reason, since, attempts: failures.attempts }
        };
        self.publish(state);
    }

    pub(super) fn publish(&self, state: CameraState) {
        self.metrics.state(&state);
        tracing::debug!(camera = %self.settings.id, state = %state, "camera");
        self.states.send_replace(state);
    }

    /// How long no other password may be tried.
    pub(super) fn wait_after_refusal(&self) -> Option<Duration> {
        let times = 1_u32.checked_shl(self.failures().refused.checked_sub(1)?).unwrap_or(MOST_PATIENT);
        Some(self.timeouts.refused * times.clamp(1, MOST_PATIENT))
    }

    pub(super) fn failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
