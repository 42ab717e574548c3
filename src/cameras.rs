//! The cameras of an edge box: each a supervised task, each change of its state told to those who need it.

use gridwatch_alert::CameraNews;
use std::time::Duration;

use gridwatch_config::CameraSettings;
use gridwatch_detect::{BlindCameras, Troubles};
use gridwatch_domain::{
    CameraId, Timestamp, Zone,
    wire::{CameraCondition, CameraStateMessage, CameraTrouble, GateSummary, ZoneSummary},
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
            since: clock.now(),
            zones: summaries(&settings.zones),
            gate: None,
            troubles: Vec::new(),
            not_kept: None,
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
            let not_kept = main.borrow_and_update().as_ref().map(ToString::to_string);
            is_due |= not_kept != self.message.not_kept;
            self.message.not_kept = not_kept;
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
        (self.message.name, self.message.cell) = (settings.name, settings.cell);
        let _ = self.listeners.messages.send(self.message.clone().into()).await;
    }

    /// Says how the stream is, in the log and to detection, and puts it into the message.
    fn take_state(&mut self, state: &CameraState, unread: Option<&str>) {
        let now = self.clock.now();
        let (condition, since, reason) = match state {
            CameraState::Connecting => (CameraCondition::Connecting, now, None),
            CameraState::Live { since } => {
                (CameraCondition::Live, *since, unread.map(|why| format!("not analysed: {why}")))
            }
            CameraState::Offline { since, reason, .. } => {
                (CameraCondition::Offline, *since, Some(reason.to_string()))
            }
            CameraState::Ended => (CameraCondition::Ended, now, None),
        };
        self.log(condition, reason.as_deref());
        self.notice(condition, since);
        self.message.state = condition;
        self.message.since = since;
        self.message.reason = reason;
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
mod tests {
    use gridwatch_config::{DecodeMode, Secret, SourceSettings, TilesConfig, Transport};
    use gridwatch_detect::health::Trouble;
    use gridwatch_domain::EventKind;
    use gridwatch_ingest::{Level, Reason};
    use gridwatch_runtime::{MailboxReceiver, ManualClock, mailbox};

    use super::*;

    /// What is told of a camera, in the order in which it is.
    struct Tester {
        states: watch::Sender<CameraState>,
        blind: watch::Sender<BlindCameras>,
        messages: mpsc::Receiver<CameraNews>,
        settings: watch::Sender<CameraSettings>,
        troubles: watch::Sender<Troubles>,
        gate: watch::Sender<Option<GateState>>,
        notices: MailboxReceiver<CameraId, CameraNotice>,
        main: watch::Sender<Option<OfflineReason>>,
    }

    impl Tester {
        fn start() -> Self {
            let settings = CameraSettings {
                id: "gate".parse().expect("valid"),
                name: "东门".to_owned(),
                cell: None,
                source: SourceSettings::Rtsp { url: Secret::new("rtsp://h/1"), transport: Transport::Auto },
                main: None,
                sample_fps: 5,
                decode: DecodeMode::Always,
                rest: Duration::from_secs(10),
                record: false,
                tiles: TilesConfig::WHOLE,
                zones: Vec::new(),
            };
            let (states, states_rx) = watch::channel(CameraState::Connecting);
            let (blind, blind_rx) = watch::channel(BlindCameras::new());
            let (messages_tx, messages) = mpsc::channel(32);
            let (watched, notices) = mailbox();
            let (troubles, troubles_rx) = watch::channel(Troubles::new());
            let (gate, gate_rx) = watch::channel(None);
            let listeners =
                StateListeners { messages: messages_tx, watched, blind: blind_rx, troubles: troubles_rx };
            let (settings_tx, settings_rx) = watch::channel(settings.clone());
            let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
            let teller = Teller::new(&settings, settings_rx, listeners, clock);
            let (main, main_rx) = watch::channel(None);
            tokio::spawn(teller.run(states_rx, gate_rx, main_rx));
            Self { main, states, blind, troubles, gate, messages, settings: settings_tx, notices }
        }

        async fn told(&mut self) -> (CameraCondition, Option<String>) {
            let message = self.message().await;
            (message.state, message.reason)
        }

        async fn message(&mut self) -> CameraStateMessage {
            match self.messages.recv().await.expect("the teller runs") {
                CameraNews::State(message) => *message,
                CameraNews::Gone(camera) => panic!("{camera} is gone"),
            }
        }

        fn network_fails_on(&self, camera: &str) {
            self.blind.send_modify(|all| {
                all.insert(camera.parse().expect("valid"), "7 of its 9 rows".to_owned());
            });
        }
    }

    #[tokio::test]
    async fn a_camera_whose_network_fails_keeps_its_stream_and_says_so() {
        let mut tester = Tester::start();
        assert_eq!(tester.told().await, (CameraCondition::Connecting, None));
        let live = CameraState::Live { since: Timestamp::UNIX_EPOCH };
        tester.states.send_replace(live);
        assert_eq!(tester.told().await, (CameraCondition::Live, None));
        tester.network_fails_on("yard");
        tester.network_fails_on("gate");
        let unread = Some("not analysed: 7 of its 9 rows".to_owned());
        assert_eq!(
            tester.told().await,
            (CameraCondition::Live, unread),
            "another camera's trouble is not told"
        );
        let reason = OfflineReason::NotFound { host: "h".to_owned() };
        let told = reason.to_string();
        tester.states.send_replace(CameraState::Offline {
            reason,
            since: Timestamp::UNIX_EPOCH,
            attempts: 1,
        });
        assert_eq!(
            tester.told().await,
            (CameraCondition::Offline, Some(told)),
            "the stream's own comes first"
        );
        tester.blind.send_replace(BlindCameras::new());
        tester.states.send_replace(CameraState::Live { since: Timestamp::UNIX_EPOCH });
        assert_eq!(tester.told().await, (CameraCondition::Live, None));
    }

    #[tokio::test]
    async fn a_further_try_that_fails_is_no_news_and_nobody_waits_for_detection() {
        let mut tester = Tester::start();
        tester.told().await;
        let offline = |attempts| CameraState::Offline {
            reason: OfflineReason::NotFound { host: "h".to_owned() },
            since: Timestamp::UNIX_EPOCH,
            attempts,
        };
        // Detection takes none of its notices.
        for attempts in 1..600 {
            tester.states.send_replace(offline(attempts));
            tokio::task::yield_now().await;
        }
        assert_eq!(tester.told().await.0, CameraCondition::Offline);
        assert!(tester.messages.try_recv().is_err(), "once");
        for second in 1..600 {
            let since = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(second));
            tester.states.send_replace(CameraState::Live { since });
            assert_eq!(tester.told().await.0, CameraCondition::Live);
        }
        let newest = tester.notices.recv().await.expect("told");
        assert_eq!(
            (newest.live, newest.at),
            (true, Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(599)))
        );
    }

    #[tokio::test]
    async fn another_name_is_told_and_the_condition_stays() {
        let mut tester = Tester::start();
        tester.told().await;
        tester.states.send_replace(CameraState::Live { since: Timestamp::UNIX_EPOCH });
        tester.told().await;
        tester.settings.send_modify(|settings| "西门".clone_into(&mut settings.name));
        let message = tester.message().await;
        assert_eq!((message.name.as_str(), message.state), ("西门", CameraCondition::Live));
    }

    #[tokio::test]
    async fn a_full_size_stream_that_does_not_come_is_told_while_the_small_one_is_live() {
        let mut tester = Tester::start();
        tester.told().await;
        tester.states.send_replace(CameraState::Live { since: Timestamp::UNIX_EPOCH });
        assert_eq!(tester.message().await.not_kept, None);
        let reason = OfflineReason::NotFound { host: "h".to_owned() };
        tester.main.send_replace(Some(reason.clone()));
        let message = tester.message().await;
        assert_eq!((message.state, message.not_kept), (CameraCondition::Live, Some(reason.to_string())));
        tester.main.send_replace(None);
        assert_eq!(tester.message().await.not_kept, None);
    }

    fn gate(level: Level, second: u64) -> Option<GateState> {
        let since = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(second));
        Some(GateState { level, reason: Reason::Changed, since })
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_camera_does_not_flood_the_broker_with_what_is_decoded() {
        let mut tester = Tester::start();
        tester.states.send_replace(CameraState::Live { since: Timestamp::UNIX_EPOCH });
        let begun = Instant::now();
        // Its level changes twenty times a second, for a minute.
        for change in 0..1200 {
            let level = if change % 2 == 0 { Level::Keys } else { Level::Rest };
            tester.gate.send_replace(gate(level, change));
            tokio::time::sleep_until(Instant::now() + Duration::from_millis(50)).await;
        }
        tokio::time::sleep_until(Instant::now() + GATE_INTERVAL).await;
        let mut messages = Vec::new();
        while let Ok(message) = tester.messages.try_recv() {
            messages.push(message);
        }
        let most = begun.elapsed().as_secs() / GATE_INTERVAL.as_secs() + 2;
        assert!((5..=most as usize).contains(&messages.len()), "{} messages", messages.len());
        let Some(CameraNews::State(last)) = messages.pop() else { panic!("nothing was told") };
        let last = last.gate.expect("told");
        assert_eq!(
            (last.level.as_str(), last.reason.as_str()),
            ("rest", "changed"),
            "the last level is told"
        );
        // Nothing changes, nothing is told.
        tokio::time::sleep_until(Instant::now() + 10 * GATE_INTERVAL).await;
        assert!(tester.messages.try_recv().is_err());
        tester.states.send_replace(CameraState::Ended);
        let ended = tester.message().await;
        assert_eq!((ended.state, ended.gate), (CameraCondition::Ended, None), "nothing is decoded any more");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_wrong_with_a_camera_is_told_at_once_and_taken_back() {
        let mut tester = Tester::start();
        assert_eq!(tester.told().await, (CameraCondition::Connecting, None));
        tester.states.send_replace(CameraState::Live { since: Timestamp::UNIX_EPOCH });
        tester.told().await;
        let begun = Instant::now();
        let trouble = Trouble { kind: EventKind::CameraCovered, since: Timestamp::UNIX_EPOCH };
        let id: CameraId = "gate".parse().expect("valid");
        tester.troubles.send_modify(|all| {
            all.insert("yard".parse().expect("valid"), vec![trouble]);
            all.insert(id.clone(), vec![trouble]);
        });
        let message = tester.message().await;
        let wanted = CameraTrouble { kind: "camera.covered".to_owned(), since: Timestamp::UNIX_EPOCH };
        assert_eq!(message.troubles, [wanted]);
        tester.troubles.send_modify(|all| {
            all.insert(id, Vec::new());
        });
        let message = tester.message().await;
        assert_eq!(message.troubles, []);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}
