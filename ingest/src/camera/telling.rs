//! How a camera does: told to whoever watches it, and what follows from failures.

use std::sync::PoisonError;

use gridwatch_config::SourceSettings;
use gridwatch_domain::Timestamp;

use super::Camera;
use crate::{CameraState, OfflineReason};

#[derive(Default)]
pub(super) struct Failures {
    pub(super) attempts: u32,
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
        self.login.accepted();
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
            failures.garbage |= matches!(reason, OfflineReason::Garbage { .. });
            // Noticed after a while: the last picture came before that.
            let since = self.clock.now().saturating_sub(reason.noticed_after());
            let since = *failures.since.get_or_insert(since);
            CameraState::Offline { reason, since, attempts: failures.attempts }
        };
        self.publish(state);
    }

    pub(super) fn publish(&self, state: CameraState) {
        self.metrics.state(&state);
        tracing::debug!(camera = %self.settings.id, state = %state, "camera");
        self.states.send_replace(state);
    }

    pub(super) fn failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
