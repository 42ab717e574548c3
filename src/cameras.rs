//! The cameras of an edge box: each a supervised task, each change of its state told to those who need it.

use std::time::Duration;

use gridwatch_alert::CameraNews;
use gridwatch_config::CameraSettings;
use gridwatch_detect::{BlindCameras, Troubles};
use gridwatch_domain::{
    BayGroup, CameraId, Line, Timestamp, Zone,
    wire::{
        CameraCondition, CameraStateMessage, CameraTrouble, GateSummary, GroupSummary, LineSummary,
        ZoneSummary,
    },
};
use gridwatch_ingest::{Camera, CameraControl, CameraParts, CameraState, GateState, OfflineReason};
use gridwatch_runtime::{MailboxSender, SharedClock, Shutdown};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::Instant,
};
use tracing::{info, warn};

/// How much is decoded changes with each car that passes: it is told this often at most, so that two hundred busy cameras send
/// the broker no more than forty messages a second. What is wrong with a camera is told at once.
const GATE_INTERVAL: Duration = Duration::from_secs(5);

/// Why a camera whose stream is there sees nothing, in a word: its network fails.
const NETWORK: &str = "network";

/// Who wants to know how cameras are.
#[derive(Clone)]
pub(crate) struct StateListeners {
    /// The page, by way of the broker.
    pub(crate) messages: mpsc::Sender<CameraNews>,
    /// Detection, whose rules are suspended while a camera is away. It may be held up for as long as the outbox takes nothing: nobody waits
    /// for it.
    pub(crate) watched: MailboxSender<CameraId, CameraNotice>,
    /// Cameras whose pictures come and cannot be analysed, as detection tells.
    pub(crate) blind: watch::Receiver<BlindCameras>,
    /// What is wrong with cameras, as detection tells.
    pub(crate) troubles: watch::Receiver<Troubles>,
}

/// Whether a camera's pictures come, from when on.
pub(crate) type CameraNotice = gridwatch_detect::CameraNotice;

/// A camera that runs; dropped it is let go of at once.
pub(crate) struct RunningCamera {
    stop: Shutdown,
    control: CameraControl,
    settings: watch::Sender<CameraSettings>,
    task: JoinHandle<()>,
}

impl RunningCamera {
    /// Starts a camera, which ends with its stream.
    pub(crate) fn start(settings: CameraSettings, parts: &CameraParts, listeners: &StateListeners) -> Self {
        let (settings_tx, settings_rx) = watch::channel(settings.clone());
        let teller = Teller::new(&settings, settings_rx, listeners.clone(), parts.clock.clone());
        let stop = parts.shutdown.child_token();
        let (camera, states) = Camera::new(settings, CameraParts { shutdown: stop.clone(), ..parts.clone() });
        let (control, gate, main) = (camera.control(), camera.gate(), camera.main_problem());
        let task = tokio::spawn(async move {
            let telling = tokio::spawn(teller.run(states, gate, main));
            camera.run().await;
            // The camera has let go of its end, so the teller ends after the last state.
            let _ = telling.await;
        });
        Self { stop, control, settings: settings_tx, task }
    }

    /// Changes what its stream need not be begun anew for: name, cell, zones, how long it may rest.
    pub(crate) fn adjust(&self, settings: CameraSettings) {
        self.control.adjust(&settings);
        self.settings.send_replace(settings);
    }

    /// Ends it, and waits for that.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        let _ = (&mut self.task).await;
    }
}

impl Drop for RunningCamera {
    fn drop(&mut self) {
        self.stop.cancel();
        self.task.abort();
    }
}

/// Tells one camera's states.
struct Teller {
    camera: CameraId,
    name: String,
    message: CameraStateMessage,
    /// Reason told in the log since the camera was live last.
    complained: Option<String>,
    /// What it is called and watches, as it is now.
    settings: watch::Receiver<CameraSettings>,
    listeners: StateListeners,
    clock: SharedClock,
}

fn summaries(zones: &[Zone]) -> Vec<ZoneSummary> {
    let summary = |zone: &Zone| ZoneSummary {
        id: zone.id.clone(),
        name: zone.name.clone(),
        zone_type: zone.zone_type,
        polygon: zone.polygon.clone(),
        cell: zone.cell.clone(),
    };
    zones.iter().map(summary).collect()
}

fn line_summary(line: &Line) -> LineSummary {
    let Line { id, name, ends, cell, .. } = line;
    LineSummary { id: id.clone(), name: name.clone(), ends: *ends, cell: cell.clone() }
}

fn group_summary(group: &BayGroup) -> GroupSummary {
    let BayGroup { id, name, bays, cell, .. } = group;
    GroupSummary { id: id.clone(), name: name.clone(), bays: bays.clone(), cell: cell.clone() }
}

impl Teller {
    fn new(
        settings: &CameraSettings,
        adjusted: watch::Receiver<CameraSettings>,
        listeners: StateListeners,
        clock: SharedClock,
    ) -> Self {
        let message = CameraStateMessage {
            camera: settings.id.clone(),
            name: settings.name.clone(),
            cell: settings.cell.clone(),
            state: CameraCondition::Connecting,
            reason: None,
            reason_code: None,
            since: clock.now(),
            zones: summaries(&settings.zones),
            lines: settings.lines.iter().map(line_summary).collect(),
            groups: settings.groups.iter().map(group_summary).collect(),
            gate: None,
            troubles: Vec::new(),
            not_kept: None,
            not_kept_code: None,
        };
        let (camera, name) = (settings.id.clone(), settings.name.clone());
        Self { camera, name, message, complained: None, settings: adjusted, listeners, clock }
    }

    async fn run(
        mut self,
        mut states: watch::Receiver<CameraState>,
        mut gate: watch::Receiver<Option<GateState>>,
        mut main: watch::Receiver<Option<OfflineReason>>,
    ) {
        let mut blind = self.listeners.blind.clone();
        let mut troubles = self.listeners.troubles.clone();
        let mut told = None;
        let mut sent_at: Option<Instant> = None;
        loop {
            let state = states.borrow_and_update().clone();
            // A stream that is away says so itself; one that is there is kept, whatever the network makes of it.
            let is_live = matches!(state, CameraState::Live { .. });
            let unread = blind.borrow_and_update().get(&self.camera).filter(|_| is_live).cloned();
            let news = Some((without_attempts(state), unread));
            // Others' troubles are told here too.
            let mut is_due = news != told;
            if is_due && let Some((state, unread)) = &news {
                self.take_state(state, unread.as_deref());
            }
            told = news;
            is_due |= self.take_troubles(&troubles.borrow_and_update());
            is_due |= self.take_main_problem(main.borrow_and_update().as_ref());
            let gate_now = gate.borrow_and_update().filter(|_| is_live).map(summary);
            let gate_due = sent_at.map_or_else(Instant::now, |sent| sent + GATE_INTERVAL);
            let waits = self.message.gate != gate_now;
            if is_due || (waits && gate_due <= Instant::now()) {
                self.message.gate = gate_now;
                sent_at = Some(Instant::now());
                // Nobody listens any more only while everything ends.
                let _ = self.listeners.messages.send(self.message.clone().into()).await;
                continue;
            }
            tokio::select! {
                changed = states.changed() => if changed.is_err() { return },
                // Detection ends after the cameras do.
                Ok(()) = blind.changed() => {}
                Ok(()) = self.settings.changed() => self.describe().await,
                Ok(()) = troubles.changed() => {}
                Ok(()) = gate.changed() => {}
                Ok(()) = main.changed() => {}
                () = tokio::time::sleep_until(gate_due), if waits => {}
            }
        }
    }

    /// It is called otherwise, or watches something else; its condition is the same.
    async fn describe(&mut self) {
        let settings = self.settings.borrow_and_update().clone();
        self.name.clone_from(&settings.name);
        self.message.zones = summaries(&settings.zones);
        self.message.lines = settings.lines.iter().map(line_summary).collect();
        self.message.groups = settings.groups.iter().map(group_summary).collect();
        (self.message.name, self.message.cell) = (settings.name, settings.cell);
        let _ = self.listeners.messages.send(self.message.clone().into()).await;
    }

    /// Says how the stream is, in the log and to detection, and puts it into the message.
    fn take_state(&mut self, state: &CameraState, unread: Option<&str>) {
        let now = self.clock.now();
        let (condition, since, reason, code) = match state {
            CameraState::Connecting => (CameraCondition::Connecting, now, None, None),
            CameraState::Live { since } => {
                let reason = unread.map(|why| format!("not analysed: {why}"));
                (CameraCondition::Live, *since, reason, unread.map(|_| NETWORK))
            }
            CameraState::Offline { since, reason, .. } => {
                (CameraCondition::Offline, *since, Some(reason.to_string()), Some(reason.code()))
            }
            CameraState::Ended => (CameraCondition::Ended, now, None, None),
        };
        self.log(condition, reason.as_deref());
        self.notice(condition, since);
        self.message.state = condition;
        self.message.since = since;
        self.message.reason = reason;
        self.message.reason_code = code.map(str::to_owned);
    }

    /// Puts why its full-size stream does not come into the message; whether that is news.
    fn take_main_problem(&mut self, problem: Option<&OfflineReason>) -> bool {
        let not_kept = problem.map(ToString::to_string);
        let is_news = not_kept != self.message.not_kept;
        self.message.not_kept = not_kept;
        self.message.not_kept_code = problem.map(|problem| problem.code().to_owned());
        is_news
    }

    /// Puts what is wrong with the camera into the message; whether that is news.
    fn take_troubles(&mut self, all: &Troubles) -> bool {
        let mine = all.get(&self.camera).map_or(&[][..], Vec::as_slice);
        let told = |trouble: &gridwatch_detect::health::Trouble| CameraTrouble {
            kind: trouble.kind.as_str().to_owned(),
            since: trouble.since,
        };
        let troubles: Vec<CameraTrouble> = mine.iter().map(told).collect();
        let is_news = troubles != self.message.troubles;
        self.message.troubles = troubles;
        is_news
    }

    /// Every try fails for the same reason, mostly: it is told once, until the camera is live again.
    fn log(&mut self, condition: CameraCondition, reason: Option<&str>) {
        let (camera, name) = (&self.camera, &self.name);
        match (condition, reason) {
            (_, Some(reason)) if self.complained.as_deref() == Some(reason) => {}
            (_, Some(reason)) => {
                warn!(%camera, name, reason, state = condition.as_str(), "camera");
                self.complained = Some(reason.to_owned());
            }
            (CameraCondition::Connecting, None) => {}
            (condition, None) => {
                info!(%camera, name, state = condition.as_str(), "camera");
                self.complained = None;
            }
        }
    }

    fn notice(&self, condition: CameraCondition, at: Timestamp) {
        let live = condition == CameraCondition::Live;
        // Being connected to says nothing new: the stream was away before, or has never been there.
        if condition != CameraCondition::Connecting {
            let ended = condition == CameraCondition::Ended;
            let notice = CameraNotice { camera: self.camera.clone(), live, ended, at };
            // Nobody listens any more only while everything ends.
            drop(self.listeners.watched.put(self.camera.clone(), notice));
        }
    }
}

/// A further try that fails for the same reason is no news.
fn without_attempts(state: CameraState) -> CameraState {
    match state {
        CameraState::Offline { reason, since, .. } => CameraState::Offline { reason, since, attempts: 0 },
        other => other,
    }
}

fn summary(gate: GateState) -> GateSummary {
    GateSummary {
        level: gate.level.code().to_owned(),
        reason: gate.reason.code().to_owned(),
        since: gate.since,
    }
}

#[cfg(test)]
mod tests;
