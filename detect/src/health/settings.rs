//! How patient the health checks are.

use std::time::Duration;

use gridwatch_domain::EventKind;

use super::hold::Patience;

/// A frozen picture must be alive for at least so long: three comparisons, as a coder may stir once in what stands still.
const FROZEN_RECOVERY: Duration = Duration::from_secs(20);

/// How long each trouble must last to be told. All are times, so that a camera of which a picture is looked at every ten
/// seconds is judged as one of five pictures a second; with so few pictures it takes one of them longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthSettings {
    /// Without any picture: 5 s to 1 h. A camera that restarts takes 20 to 60 s, and one that loses its connection is mostly back
    /// within a few. Default: 30 s.
    pub offline: Duration,
    /// Pictures that are all the same: 20 s to 1 h. Over so long something is nearly always seen to change. Default: 60 s.
    pub frozen: Duration,
    /// Before the lens: 5 s to 10 min. A flat-sided lorry that passes takes less. Default: 15 s.
    pub covered: Duration,
    /// Seen from elsewhere: 5 s to 10 min. Somebody who cleans the camera takes about as long. Default: 15 s.
    pub moved: Duration,
    /// Looking at something in which nothing known is found again: 30 s to 1 h. A lorry that waits before the camera takes less.
    /// Default: 120 s.
    pub turned_away: Duration,
    /// Without detail: 10 s to 1 h. Autofocus that hunts at dusk takes less. Default: 30 s.
    pub blurred: Duration,
    /// How long all must be well for a trouble to be over: 5 s to 10 min. Default: 10 s.
    pub recovery: Duration,
}

impl Default for HealthSettings {
    fn default() -> Self {
        Self {
            offline: Duration::from_secs(30),
            frozen: Duration::from_secs(60),
            covered: Duration::from_secs(15),
            moved: Duration::from_secs(15),
            turned_away: Duration::from_secs(120),
            blurred: Duration::from_secs(30),
            recovery: Duration::from_secs(10),
        }
    }
}

impl HealthSettings {
    /// How long a trouble must last to be told.
    pub(super) fn limit(&self, kind: EventKind) -> Duration {
        match kind {
            EventKind::CameraOffline => self.offline,
            EventKind::CameraFrozen => self.frozen,
            EventKind::CameraCovered => self.covered,
            EventKind::CameraMoved => self.moved,
            EventKind::CameraBlurred => self.blurred,
            // What goes on in the picture is none.
            _ => Duration::ZERO,
        }
    }

    pub(super) fn patience(&self, kind: EventKind) -> Patience {
        let end =
            if kind == EventKind::CameraFrozen { self.recovery.max(FROZEN_RECOVERY) } else { self.recovery };
        Patience { begin: self.limit(kind), end }
    }
}
