//! What is told of a camera, to the broker and to detection.

use gridwatch_config::{DecodeMode, Secret, SourceSettings, TilesConfig, TlsSettings, Transport};
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
            tls: TlsSettings::System,
            aspect: None,
            zones: Vec::new(),
            lines: Vec::new(),
            groups: Vec::new(),
            ground: None,
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
    let message = tester.message().await;
    assert_eq!((message.state, message.reason), (CameraCondition::Live, unread), "another's is not told");
    assert_eq!(message.reason_code.as_deref(), Some("network"));
    let reason = OfflineReason::NotFound { host: "h".to_owned() };
    let told = reason.to_string();
    tester.states.send_replace(CameraState::Offline { reason, since: Timestamp::UNIX_EPOCH, attempts: 1 });
    let message = tester.message().await;
    assert_eq!(
        (message.state, message.reason),
        (CameraCondition::Offline, Some(told)),
        "the stream's own first"
    );
    assert_eq!(message.reason_code.as_deref(), Some("not_found"));
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
    assert_eq!(message.not_kept_code.as_deref(), Some("not_found"));
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
    assert_eq!((last.level.as_str(), last.reason.as_str()), ("rest", "changed"), "the last level is told");
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
