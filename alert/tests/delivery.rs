//! The stage against a real Mosquitto and a center that does as it is told.

#[path = "../link/tests/support/mosquitto.rs"]
mod mosquitto;
mod support;

use std::{collections::BTreeMap, path::Path, time::Duration};

use gridwatch_alert::{
    AlertHandle, AlertSettings, AlertStage, AlertTuning, Append, Archive, CameraNews, Media, Outbox,
    OutboxSettings, PassRetention, Retention, Snapshot,
};
use gridwatch_domain::{
    Checkpoint, Findings, Sha256Hex,
    wire::{AckMessage, AckedEvent, CameraCondition, CameraStateMessage, Message as _},
};
use gridwatch_link::Credentials;
use gridwatch_runtime::{Metrics, SystemClock};
use mosquitto::Mosquitto;
use support::{Center, EDGE, camera, event, event_id, findings, link_settings, pass, soon, time};
use tokio::sync::mpsc;

/// An edge as detection sees it.
struct Edge {
    handle: AlertHandle,
    findings: mpsc::Sender<Findings>,
    cameras: mpsc::Sender<CameraNews>,
    checkpoints: Vec<Checkpoint>,
    metrics: Metrics,
}

const QUICK: AlertTuning =
    AlertTuning { ack_timeout: Duration::from_millis(300), window: 64, farewell: Duration::from_secs(3) };

impl Edge {
    async fn start(broker: &Mosquitto, folder: &Path) -> Self {
        Self::start_with(broker, folder, 64 << 20, QUICK).await
    }

    async fn start_with(
        broker: &Mosquitto,
        folder: &Path,
        outbox_max_bytes: u64,
        tuning: AlertTuning,
    ) -> Self {
        Self::start_keeping(broker, folder, outbox_max_bytes, tuning, None).await
    }

    async fn start_keeping(
        broker: &Mosquitto,
        folder: &Path,
        outbox_max_bytes: u64,
        tuning: AlertTuning,
        archive: Option<Archive>,
    ) -> Self {
        let mut link = link_settings(broker.port(), "edge-box-1");
        link.credentials = Some(Credentials::new("edge", "correct-horse"));
        let settings = AlertSettings {
            edge: EDGE.parse().expect("valid"),
            state_dir: folder.to_owned(),
            outbox_max_bytes,
            near_passes: PassRetention { keep: Duration::from_secs(90 * 86_400), max_rows: 1_000 },
            outlines: BTreeMap::from([(camera("gate"), Vec::new())]),
            archive,
            link,
            version: "0.1.0".to_owned(),
        };
        let shown = format!("{settings:?}");
        assert!(!shown.contains("correct-horse"), "{shown}");
        let metrics = Metrics::new();
        let stage =
            AlertStage::open(settings, SystemClock::shared(), &metrics).await.expect("opens").tuned(tuning);
        let checkpoints = stage.checkpoints().to_vec();
        let (findings_tx, findings_rx) = mpsc::channel(4);
        let (cameras_tx, cameras_rx) = mpsc::channel(4);
        let handle = stage.start(findings_rx, cameras_rx);
        Self { handle, findings: findings_tx, cameras: cameras_tx, checkpoints, metrics }
    }

    async fn finds(&self, found: Findings) {
        soon("findings are taken", self.findings.send(found)).await.expect("the stage lives");
    }

    /// Opens event `number`, with a snapshot.
    async fn opens(&self, number: u8) {
        self.finds(findings(vec![event(number, 1)])).await;
    }

    async fn waits(&self, what: &str, reached: impl Fn(&Self) -> bool) {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let wait = async {
            while !reached(self) {
                ticks.tick().await;
            }
        };
        soon(what, wait).await;
    }

    /// Nothing waits, and the counts, which follow a moment later, say so.
    async fn is_delivered(&self) {
        let counted = |edge: &Self| edge.metric("gridwatch_alert_outbox_entries") == 0;
        self.waits("the outbox is empty", |edge| edge.handle.waiting().is_empty() && counted(edge)).await;
    }

    async fn is_connected(&self) {
        let mut state = self.handle.link_state();
        soon("edge connects", state.wait_for(|state| state.connection().is_some())).await.expect("it lives");
    }

    fn metric(&self, line: &str) -> u64 {
        let text = self.metrics.render();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or(0)
    }

    /// Everything handed over becomes durable, then the process is gone.
    async fn killed_with(self, waiting: u64) {
        self.waits("findings are durable", |edge| edge.handle.waiting().entries == waiting).await;
    }

    async fn finish(self) -> u64 {
        drop((self.findings, self.cameras));
        soon("the stage ends", self.handle.finish()).await.waiting.entries
    }
}

fn seqs(center: &Center) -> Vec<u64> {
    center.events.keys().copied().collect()
}

#[tokio::test]
async fn events_and_snapshots_arrive_and_leave_the_outbox() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    let edge = Edge::start(&broker, folder.path()).await;
    edge.opens(1).await;
    edge.finds(findings(vec![event(1, 2)])).await;
    center.until_events(2).await;
    let (first, second) = (&center.events[&1], &center.events[&2]);
    assert_eq!((first.event.rev, second.event.rev), (1, 2));
    assert_eq!(first.event.evidence.len(), 1);
    assert_eq!(first.event.evidence, second.event.evidence);
    let jpeg = &center.snapshots[&first.event.evidence[0].sha256];
    assert_eq!(jpeg[..3], [0xff, 0xd8, 0xff]);
    edge.is_delivered().await;
    assert_eq!(edge.metric("gridwatch_alert_outbox_entries"), 0);
    assert_eq!(edge.metric("gridwatch_alert_published_total"), 3);
    assert_eq!(edge.metric("gridwatch_alert_republished_total"), 0);
    assert_eq!(edge.metric("gridwatch_alert_findings_total{camera=\"gate\",outcome=\"sent\"}"), 2);
    assert_eq!(edge.finish().await, 0);
}

#[tokio::test]
async fn a_broker_outage_loses_nothing() {
    let mut broker = Mosquitto::start_with("allow_anonymous true\n");
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    let edge = Edge::start(&broker, folder.path()).await;
    edge.opens(1).await;
    center.until_events(1).await;
    broker.stop();
    for number in 2..=20 {
        edge.opens(number).await;
    }
    edge.waits("findings are durable", |edge| edge.handle.waiting().entries >= 19).await;
    broker.start_again();
    center.until_events(20).await;
    assert_eq!(seqs(&center), (1..=20).collect::<Vec<_>>());
    assert_eq!(center.snapshots.len(), 20);
    center.acknowledges = true;
    // Acknowledgements of the last ones may have been lost with the outage: they are asked for again.
    let delivered = async {
        tokio::select! {
            () = edge.is_delivered() => {}
            () = center.until("never", |_| false) => {}
        }
    };
    delivered.await;
    assert_eq!(edge.finish().await, 0);
}

#[tokio::test]
async fn a_center_that_does_not_acknowledge_is_asked_again() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    center.acknowledges = false;
    let edge = Edge::start(&broker, folder.path()).await;
    for number in 1..=3 {
        edge.finds(findings(vec![event(number, 2)])).await;
    }
    // While nobody answers, only the oldest asks.
    center.until("four repetitions", |center| center.deliveries.len() >= 7).await;
    assert_eq!(center.deliveries, [1, 2, 3, 1, 1, 1, 1]);
    assert_eq!(edge.handle.waiting().entries, 3);
    let published = center.events[&1].published_at;
    center.acknowledges = true;
    center
        .until("all three again", |center| center.deliveries.iter().filter(|&&seq| seq == 3).count() >= 2)
        .await;
    assert_eq!(center.events[&1].published_at, published, "the first time of publishing stays");
    edge.is_delivered().await;
    assert!(edge.metric("gridwatch_alert_republished_total") >= 6);
}

#[tokio::test]
async fn pictures_that_the_broker_refuses_do_not_stop_the_events_behind_them() {
    let broker = Mosquitto::start_with("allow_anonymous true\nmax_packet_size 1800\n");
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    let narrow = AlertTuning { window: 4, ..QUICK };
    let edge = Edge::start_with(&broker, folder.path(), 64 << 20, narrow).await;
    for number in 1..=12 {
        edge.opens(number).await;
    }
    center.until_events(12).await;
    assert_eq!(seqs(&center), (1..=12).collect::<Vec<_>>());
    assert_eq!(center.snapshots.len(), 0, "none fits into a packet of this broker");
    assert_eq!(edge.handle.waiting().snapshots, 12, "they wait for a broker that takes them");
    assert!(edge.metric("gridwatch_alert_undeliverable_total") >= 12);
}

#[tokio::test]
async fn what_the_center_refuses_stays_and_does_not_stop_what_is_behind_it() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    center.refuses = 6;
    let narrow = AlertTuning { window: 4, ..QUICK };
    let edge = Edge::start_with(&broker, folder.path(), 64 << 20, narrow).await;
    for number in 1..=12 {
        edge.finds(findings(vec![event(number, 2)])).await;
    }
    center.until("all have come", |center| center.deliveries.contains(&12)).await;
    edge.waits("the later ones are through", |edge| edge.handle.waiting().entries == 6).await;
    assert!(edge.metric("gridwatch_alert_undeliverable_total") >= 6);
    // A later center, which understands them: they are offered again with the next connection.
    center.refuses = 0;
    edge.finish().await;
    let edge = Edge::start(&broker, folder.path()).await;
    let delivered = async {
        tokio::select! {
            () = center.until("never", |_| false) => {}
            () = edge.is_delivered() => {}
        }
    };
    delivered.await;
    assert_eq!(edge.finish().await, 0);
}

#[tokio::test]
async fn malformed_and_foreign_acknowledgements_are_passed_over() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    center.acknowledges = false;
    let edge = Edge::start(&broker, folder.path()).await;
    edge.opens(1).await;
    center.until_events(1).await;
    for junk in [
        &b"\xff\xfe"[..],
        b"",
        b"{}",
        br#"{"schema":"gridwatch.ack/9"}"#,
        br#"{"schema":"gridwatch.ack/1","events":[{"id":"x"}]}"#,
    ] {
        center.acknowledge(junk.to_vec()).await;
    }
    let stranger =
        AckMessage { events: vec![AckedEvent { id: event_id(99), rev: 1 }], ..AckMessage::default() };
    center.acknowledge(stranger.to_json()).await;
    let failed = |edge: &Edge| edge.metric("gridwatch_alert_acks_total{edge=\"box-1\",outcome=\"failed\"}");
    edge.waits("five failures", |edge| failed(edge) == 5).await;
    assert_eq!(edge.handle.waiting().entries, 1);

    let event = AckedEvent { id: event_id(1), rev: 1 };
    let snapshots = center.snapshots.keys().cloned().collect();
    let ack = AckMessage { events: vec![event, event], snapshots, ..AckMessage::default() }.to_json();
    center.acknowledge(ack.clone()).await;
    center.acknowledge(ack).await;
    edge.is_delivered().await;
    let sent = |edge: &Edge| edge.metric("gridwatch_alert_acks_total{edge=\"box-1\",outcome=\"sent\"}");
    edge.waits("all of them are through", |edge| sent(edge) == 3).await;
    assert_eq!(edge.metric("gridwatch_alert_acked_total"), 2);
}

#[tokio::test]
async fn a_kill_between_append_and_publish_loses_nothing_and_doubles_nothing() {
    let mut broker = Mosquitto::stopped("allow_anonymous true\n");
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..3 {
        let edge = Edge::start(&broker, folder.path()).await;
        let expected = if round == 0 { None } else { Some(vec![1]) };
        assert_eq!(edge.checkpoints.first().map(|checkpoint| checkpoint.state.clone()), expected);
        edge.opens(round + 1).await;
        edge.killed_with(u64::from(round) + 1).await;
    }
    broker.start_again();
    let mut center = Center::start(broker.port()).await;
    let edge = Edge::start(&broker, folder.path()).await;
    center.until_events(3).await;
    assert_eq!(seqs(&center), [1, 2, 3]);
    edge.is_delivered().await;
    edge.opens(4).await;
    center.until_events(4).await;
    assert_eq!(seqs(&center), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_broker_that_forgets_everything_loses_nothing() {
    let first = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start(&first, folder.path()).await;
    edge.is_connected().await;
    // Taken and confirmed by a broker whose center never comes.
    edge.opens(1).await;
    let confirmed = "gridwatch_link_published_total{client=\"edge-box-1\",outcome=\"confirmed\"}";
    edge.waits("the broker has it", |edge| edge.metric(confirmed) >= 3).await;
    edge.killed_with(1).await;
    drop(first);

    let second = Mosquitto::start();
    let mut center = Center::start(second.port()).await;
    let _edge = Edge::start(&second, folder.path()).await;
    center.until_events(1).await;
}

#[tokio::test]
async fn a_center_that_comes_late_is_told_soon() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start(&broker, folder.path()).await;
    edge.is_connected().await;
    for number in 1..=10 {
        edge.opens(number).await;
    }
    edge.waits("all is published", |edge| edge.metric("gridwatch_alert_published_total") == 20).await;
    // Nobody had subscribed: the broker has thrown all of it away.
    let mut center = Center::start(broker.port()).await;
    center.until_events(10).await;
    tokio::select! {
        () = edge.is_delivered() => {}
        () = center.until("never", |_| false) => {}
    }
}

fn archive(folder: &Path, free: u64) -> Archive {
    let days = Duration::from_secs(30 * 86_400);
    let retention = Retention { events: days, kinds: BTreeMap::new(), recordings: days, size: 1 << 30, free };
    Archive::open(&folder.join("evidence"), retention, SystemClock::shared(), &Metrics::new())
        .expect("it opens")
}

#[tokio::test]
async fn pictures_of_an_event_are_kept_on_the_box_with_and_without_drawings() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let archive = archive(folder.path(), 0);
    let mut center = Center::start(broker.port()).await;
    let edge = Edge::start_keeping(&broker, folder.path(), 64 << 20, QUICK, Some(archive.clone())).await;
    edge.opens(1).await;
    center.until_events(1).await;
    edge.waits("both are kept", |_| archive.of_event(event_id(1)).len() == 2).await;
    let kept = archive.of_event(event_id(1));
    assert_eq!([kept[0].media, kept[1].media], [Media::Snapshot, Media::Picture]);
    assert_eq!(
        kept[0].sha256, center.events[&1].event.evidence[0].sha256,
        "the center has the one that is drawn into"
    );
    assert_ne!(kept[0].sha256, kept[1].sha256);
    // The box is stopped right after an event: its end waits for what is still to be kept.
    for number in 2..=4 {
        edge.opens(number).await;
    }
    edge.finish().await;
    assert_eq!([2, 3, 4].map(|number| archive.of_event(event_id(number)).len()), [2, 2, 2]);
}

#[tokio::test]
async fn evidence_that_cannot_be_kept_holds_no_event_up_and_the_center_is_told() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    // No disk has as much left as this asks for.
    let archive = archive(folder.path(), u64::MAX);
    let mut center = Center::start(broker.port()).await;
    let edge = Edge::start_keeping(&broker, folder.path(), 64 << 20, QUICK, Some(archive)).await;
    edge.opens(1).await;
    center.until_events(1).await;
    let says = |text: &str| text.contains("no room for evidence");
    center
        .until("the problem is told", |center| {
            center.statuses.iter().any(|status| status.problem.as_deref().is_some_and(says))
        })
        .await;
    edge.waits("it is counted", |edge| edge.metric("gridwatch_alert_evidence_failed_total") == 1).await;
}

#[tokio::test]
async fn a_full_outbox_makes_events_wait_and_says_so() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    center.acknowledges = false;
    let edge = Edge::start_with(&broker, folder.path(), 1 << 20, QUICK).await;
    let sender = edge.findings.clone();
    let finder = tokio::spawn(async move {
        for number in 1..=120 {
            sender.send(findings(vec![event(number, 1)])).await.expect("the stage lives");
        }
    });
    center
        .until("the problem is told", |center| center.statuses.iter().any(|status| status.problem.is_some()))
        .await;
    let problem = center.statuses.iter().find_map(|status| status.problem.clone()).expect("just seen");
    assert!(problem.contains("1 MiB"), "{problem}");
    assert_eq!(edge.metric("gridwatch_alert_outbox_stuck"), 1);
    assert!(!finder.is_finished(), "detection waits");

    center.acknowledges = true;
    center.until_events(120).await;
    assert_eq!(seqs(&center), (1..=120).collect::<Vec<_>>());
    soon("detection goes on", finder).await.expect("no panic");
    tokio::select! {
        () = edge.is_delivered() => {}
        () = center.until("never", |_| false) => {}
    }
    assert_eq!(edge.metric("gridwatch_alert_outbox_stuck"), 0);
    assert_eq!(edge.metric("gridwatch_alert_findings_total{camera=\"gate\",outcome=\"sent\"}"), 120);
    center
        .until("the problem is over", |center| {
            center.statuses.last().is_some_and(|last| last.problem.is_none())
        })
        .await;
}

#[tokio::test]
async fn near_passes_are_kept_counted_and_pruned() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    {
        let settings = OutboxSettings { max_size: 64 << 20 };
        let outbox = Outbox::open(&folder.path().join("outbox.db"), settings).await.expect("opens");
        let passes: Vec<_> = (1..=1_700).map(pass).collect();
        outbox.append(Append { passes: &passes, ..Append::default() }).await.expect("room");
    }
    let edge = Edge::start(&broker, folder.path()).await;
    let removed = "gridwatch_alert_near_passes_removed_total{why=\"rows\"}";
    edge.waits("too many are gone", |edge| edge.metric(removed) == 700).await;
    // Without an event: they wait for nobody, and are told to nobody.
    let near = |numbers: &[u32]| Findings {
        passes: numbers.iter().copied().map(pass).collect(),
        ..findings(Vec::new())
    };
    edge.finds(near(&[1_701, 1_702])).await;
    edge.finds(near(&[1_702, 1_703])).await;
    let count =
        |outcome| format!("gridwatch_alert_near_passes_total{{camera=\"gate\",outcome=\"{outcome}\"}}");
    edge.waits("all are counted", |edge| edge.metric(&count("sent")) == 4).await;
    assert_eq!(edge.metric(&count("received")), 4);
    edge.waits("the gauge follows", |edge| edge.metric("gridwatch_alert_near_passes") == 1_003).await;
    assert_eq!(edge.finish().await, 0);
}

#[tokio::test]
async fn a_full_outbox_makes_near_passes_wait_as_events_do() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let full = {
        let settings = OutboxSettings { max_size: 1 << 20 };
        let outbox = Outbox::open(&folder.path().join("outbox.db"), settings).await.expect("opens");
        let mut number = 0;
        loop {
            let snapshots = [Snapshot {
                event: event_id(number + 1),
                mime: "image/jpeg",
                bytes: vec![number; 50_000].into(),
                sha256: Sha256Hex::from_digest([number; 32]),
            }];
            let events = [event(number + 1, 1)];
            let one = Append { events: &events, snapshots: &snapshots, ..Append::default() };
            if outbox.append(one).await.is_err() {
                break usize::from(number);
            }
            number += 1;
        }
    };
    let mut center = Center::start(broker.port()).await;
    center.acknowledges = false;
    let edge = Edge::start_with(&broker, folder.path(), 1 << 20, QUICK).await;
    // More than is left; no event comes with them, and they are not in the next findings.
    let passes = (1..=100).map(pass).collect();
    edge.finds(Findings { passes, ..findings(Vec::new()) }).await;
    edge.waits("it is full", |edge| edge.metric("gridwatch_alert_outbox_stuck") == 1).await;
    assert_eq!(edge.metric("gridwatch_alert_near_passes"), 0);
    center.acknowledges = true;
    center.until_events(full).await;
    tokio::select! {
        () = edge.waits("they are kept", |edge| edge.metric("gridwatch_alert_near_passes") == 100) => {}
        () = center.until("never", |_| false) => {}
    }
    assert_eq!(edge.metric("gridwatch_alert_near_passes_total{camera=\"gate\",outcome=\"dropped\"}"), 0);
}

fn condition(state: CameraCondition) -> CameraStateMessage {
    let (name, zones) = ("东门".to_owned(), Vec::new());
    CameraStateMessage {
        lines: Vec::new(),
        groups: Vec::new(),
        gate: None,
        troubles: Vec::new(),
        not_kept: None,
        not_kept_code: None,
        reason_code: None,
        camera: camera("gate"),
        name,
        cell: None,
        state,
        reason: None,
        since: time(0),
        zones,
    }
}

#[tokio::test]
async fn the_center_knows_edge_and_cameras_also_when_it_comes_late() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start(&broker, folder.path()).await;
    edge.cameras.send(condition(CameraCondition::Connecting).into()).await.expect("the stage lives");
    edge.cameras.send(condition(CameraCondition::Live).into()).await.expect("the stage lives");
    let confirmed = "gridwatch_link_published_total{client=\"edge-box-1\",outcome=\"confirmed\"}";
    edge.waits("the broker knows", |edge| edge.metric(confirmed) >= 2).await;
    let mut center = Center::start(broker.port()).await;
    center.until("both are told", |center| !center.statuses.is_empty() && !center.cameras.is_empty()).await;
    let status = center.statuses.last().expect("just seen");
    assert!(status.online && status.version == "0.1.0", "{status:?}");
    center
        .until("live", |center| center.cameras.last().is_some_and(|last| last.state == CameraCondition::Live))
        .await;

    // Killed: the will speaks. Then back again, and an orderly end.
    let Edge { handle, .. } = edge;
    drop(handle);
    center.until("offline", |center| center.statuses.last().is_some_and(|last| !last.online)).await;
    let edge = Edge::start(&broker, folder.path()).await;
    center.until("online", |center| center.statuses.last().is_some_and(|last| last.online)).await;
    edge.finish().await;
    center.until("offline", |center| center.statuses.last().is_some_and(|last| !last.online)).await;
    center.finish().await;
}

#[tokio::test]
async fn a_camera_that_is_taken_away_is_taken_back_from_the_broker() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let edge = Edge::start(&broker, folder.path()).await;
    let mut center = Center::start(broker.port()).await;
    edge.cameras.send(condition(CameraCondition::Live).into()).await.expect("the stage lives");
    center.until("it is known", |center| !center.cameras.is_empty()).await;
    edge.cameras.send(CameraNews::Gone(camera("gate"))).await.expect("the stage lives");
    center.until("it is gone", |center| center.gone == [camera("gate")]).await;
    // Whoever comes later does not hear of it.
    let mut later = Center::start(broker.port()).await;
    later.until("the edge is known", |center| !center.statuses.is_empty()).await;
    assert_eq!(later.cameras, []);
    // What is wrong with the configuration is told beside what else is wrong.
    edge.handle.tell_configuration_problem(Some("camera[0].url: missing".to_owned()));
    let told = |center: &Center| center.statuses.last().and_then(|status| status.problem.clone());
    center
        .until("the problem", |center| told(center).is_some_and(|told| told.contains("camera[0].url")))
        .await;
    edge.handle.tell_configuration_problem(None);
    center.until("no problem", |center| told(center).is_none()).await;
    edge.finish().await;
    center.finish().await;
    later.finish().await;
}

#[tokio::test]
async fn a_false_report_of_being_offline_is_set_right() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    let edge = Edge::start(&broker, folder.path()).await;
    center.until("online", |center| center.statuses.last().is_some_and(|last| last.online)).await;
    let (liar, _none) =
        gridwatch_link::Link::start(link_settings(broker.port(), "liar"), &Metrics::new()).expect("valid");
    let mut state = liar.state();
    soon("liar connects", state.wait_for(|state| state.connection().is_some())).await.expect("it lives");
    let lie = format!(r#"{{"schema":"gridwatch.status/1","online":false,"version":"0","at":"{}"}}"#, time(0));
    let topic = format!("gridwatch/v1/{EDGE}/status");
    liar.publisher()
        .publish(gridwatch_link::Publication::new(topic, lie).retained())
        .await
        .expect("connected");
    center.until("offline", |center| center.statuses.last().is_some_and(|last| !last.online)).await;
    center.until("online", |center| center.statuses.last().is_some_and(|last| last.online)).await;
    drop(edge);
}

#[tokio::test]
async fn the_end_delivers_what_it_can_and_tells_what_is_left() {
    let broker = Mosquitto::start();
    let folder = tempfile::tempdir().expect("a folder");
    let mut center = Center::start(broker.port()).await;
    // Ends as soon as all is delivered, however slow the machine.
    let patient = AlertTuning { farewell: Duration::from_secs(20), ..QUICK };
    let edge = Edge::start_with(&broker, folder.path(), 64 << 20, patient).await;
    for number in 1..=30 {
        edge.opens(number).await;
    }
    // The center answers until the end: what the edge drops while it turns to its farewell, it asks for again.
    let left = tokio::select! {
        left = edge.finish() => left,
        () = center.until("never", |_| false) => 30,
    };
    assert_eq!((left, center.events.len()), (0, 30));
    center.finish().await;

    let tuning = AlertTuning { farewell: Duration::from_millis(200), ..QUICK };
    let edge = Edge::start_with(&broker, folder.path(), 64 << 20, tuning).await;
    edge.opens(31).await;
    assert_eq!(edge.finish().await, 1, "no center, nothing acknowledged, nothing lost");
}
