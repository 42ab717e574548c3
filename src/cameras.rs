//! The cameras of an edge box: each a supervised task, each change of its state told to those who need it.

use gridwatch_config::CameraSettings;
use gridwatch_domain::{
    CameraId, Timestamp,
    wire::{CameraCondition, CameraStateMessage, ZoneSummary},
};
use gridwatch_ingest::{Camera, CameraParts, CameraState};
use gridwatch_runtime::SharedClock;
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use tracing::{info, warn};

/// Who wants to know how cameras are.
#[derive(Clone)]
pub(crate) struct StateListeners {
    /// The page, by way of the broker.
    pub(crate) messages: mpsc::Sender<CameraStateMessage>,
    /// Detection, whose rules are suspended while a camera is away.
    pub(crate) watched: mpsc::Sender<CameraNotice>,
}

/// Whether a camera's pictures come, from when on.
pub(crate) type CameraNotice = gridwatch_detect::CameraNotice;

/// Starts a camera in `tasks`, where it ends with its stream.
pub(crate) fn start(
    tasks: &mut JoinSet<()>,
    settings: CameraSettings,
    parts: &CameraParts,
    listeners: &StateListeners,
) {
    let teller = Teller::new(&settings, listeners.clone(), parts.clock.clone());
    let (camera, states) = Camera::new(settings, parts.clone());
    tasks.spawn(async move {
        let telling = tokio::spawn(teller.run(states));
        camera.run().await;
        // The camera has let go of its end, so the teller ends after the last state.
        let _ = telling.await;
    });
}

/// Tells one camera's states.
struct Teller {
    camera: CameraId,
    name: String,
    message: CameraStateMessage,
    /// Reason told in the log since the camera was live last.
    complained: Option<String>,
    listeners: StateListeners,
    clock: SharedClock,
}

impl Teller {
    fn new(settings: &CameraSettings, listeners: StateListeners, clock: SharedClock) -> Self {
        let zones = settings
            .zones
            .iter()
            .map(|zone| ZoneSummary {
                id: zone.id.clone(),
                name: zone.name.clone(),
                zone_type: zone.zone_type,
                polygon: zone.polygon.clone(),
                cell: zone.cell.clone(),
            })
            .collect();
        let message = CameraStateMessage {
            camera: settings.id.clone(),
            name: settings.name.clone(),
            cell: settings.cell.clone(),
            state: CameraCondition::Connecting,
            reason: None,
            since: clock.now(),
            zones,
        };
        let (camera, name) = (settings.id.clone(), settings.name.clone());
        Self { camera, name, message, complained: None, listeners, clock }
    }

    async fn run(mut self, mut states: watch::Receiver<CameraState>) {
        loop {
            let state = states.borrow_and_update().clone();
            self.tell(&state).await;
            if states.changed().await.is_err() {
                return;
            }
        }
    }

    async fn tell(&mut self, state: &CameraState) {
        let now = self.clock.now();
        let (condition, since, reason) = match state {
            CameraState::Connecting => (CameraCondition::Connecting, now, None),
            CameraState::Live { since } => (CameraCondition::Live, *since, None),
            CameraState::Offline { since, reason, .. } => {
                (CameraCondition::Offline, *since, Some(reason.to_string()))
            }
            CameraState::Ended => (CameraCondition::Ended, now, None),
        };
        self.log(condition, reason.as_deref());
        self.notice(condition, since).await;
        self.message.state = condition;
        self.message.since = since;
        self.message.reason = reason;
        // Nobody listens any more only while everything ends.
        let _ = self.listeners.messages.send(self.message.clone()).await;
    }

    /// Every try fails for the same reason, mostly: it is told once, until the camera is live again.
    fn log(&mut self, condition: CameraCondition, reason: Option<&str>) {
        let (camera, name) = (&self.camera, &self.name);
        match (condition, reason) {
            (_, Some(reason)) if self.complained.as_deref() == Some(reason) => {}
            (_, Some(reason)) => {
                warn!(%camera, name, reason, "camera offline");
                self.complained = Some(reason.to_owned());
            }
            (CameraCondition::Connecting, None) => {}
            (condition, None) => {
                info!(%camera, name, state = condition.as_str(), "camera");
                self.complained = None;
            }
        }
    }

    async fn notice(&self, condition: CameraCondition, at: Timestamp) {
        let live = condition == CameraCondition::Live;
        // Being connected to says nothing new: the stream was away before, or has never been there.
        if condition != CameraCondition::Connecting {
            let notice = CameraNotice { camera: self.camera.clone(), live, at };
            let _ = self.listeners.watched.send(notice).await;
        }
    }
}
