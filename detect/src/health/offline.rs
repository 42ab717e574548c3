//! No pictures come at all. Pure: told of it by who connects to the camera.

use super::hold::Verdict;

/// What was heard last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offline {
    /// Whether pictures come; none where nothing was heard since the start.
    live: Option<bool>,
}

impl Offline {
    /// Word that pictures come, or have ceased to.
    pub(super) fn hear(&mut self, live: bool) {
        self.live = Some(live);
    }

    /// A recording is at its end: none are missed.
    pub(super) fn ended(&mut self) {
        self.live = None;
    }

    /// What that says at any later time.
    pub(super) fn verdict(&self) -> Verdict {
        match self.live {
            Some(true) => Verdict::Good,
            Some(false) => Verdict::Bad,
            None => Verdict::Unknown,
        }
    }
}
