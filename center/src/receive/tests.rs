//! The receiving stage, with a broker and edge boxes made of lists, and a store that can be made to fail.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use gridwatch_domain::wire::{CameraCondition, Message};
use gridwatch_runtime::{ManualClock, Metrics};
use proptest::prelude::*;

use super::*;
use crate::testing::*;

// ---- Peers ----------------------------------------------------------------------------------------------------------

/// What has happened, in order.
type Journal = Arc<Mutex<Vec<String>>>;

struct FakeLetter {
    topic: String,
    payload: Bytes,
    journal: Journal,
}

impl Letter for FakeLetter {
    fn topic(&self) -> &str {
        &self.topic
    }
    fn payload(&self) -> &Bytes {
        &self.payload
    }
    fn ack(self) {
        self.journal.lock().expect("not poisoned").push(format!("ack {}", self.topic));
    }
}

/// Letters that wait; when all are taken, no more come.
struct FakeInbox(VecDeque<FakeLetter>);

impl Inbox for FakeInbox {
    type Letter = FakeLetter;
    async fn recv(&mut self) -> Option<FakeLetter> {
        self.0.pop_front()
    }
    fn try_recv(&mut self) -> Option<FakeLetter> {
        self.0.pop_front()
    }
}

struct FakeEdges(Journal);

impl Acknowledge for FakeEdges {
    async fn acknowledge(&self, answers: BTreeMap<EdgeId, AckMessage>) {
        for (edge, message) in answers {
            let events: Vec<String> =
                message.events.iter().map(|acked| format!("{}/{}", acked.id, acked.rev)).collect();
            let told = format!("tell {edge} events {events:?} snapshots {}", message.snapshots.len());
            self.0.lock().expect("not poisoned").push(told);
            for refused in message.refused {
                let told = format!("refuse {edge} {}/{} {}", refused.id, refused.rev, refused.reason);
                self.0.lock().expect("not poisoned").push(told);
            }
        }
    }
}

/// A real store that first fails so many times.
struct FailingStore {
    store: Store,
    failures: AtomicU32,
    was_failing: bool,
    journal: Journal,
}

impl Commit for FailingStore {
    async fn commit(&self, batch: &[Received]) -> Result<Vec<Verdict>, StoreError> {
        let fails = self
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        if fails {
            self.journal.lock().expect("not poisoned").push("fail".to_owned());
            let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(StoreError::Picture { path: "snapshots".into(), source });
        }
        if self.was_failing {
            // SQLite works outside of tokio's time.
            tokio::time::resume();
        }
        let verdicts = self.store.commit(batch).await;
        self.journal.lock().expect("not poisoned").push(format!("commit {}", batch.len()));
        verdicts
    }
}

struct Tester {
    test: TestStore,
    journal: Journal,
    metrics: CenterMetrics,
    registry: Metrics,
    health: Health,
    shutdown: Shutdown,
    letters: VecDeque<FakeLetter>,
    failures: u32,
}

impl Tester {
    async fn new() -> Self {
        let registry = Metrics::new();
        Self {
            test: TestStore::open().await,
            journal: Journal::default(),
            metrics: CenterMetrics::new(&registry),
            registry,
            health: Health::default(),
            shutdown: Shutdown::new(),
            letters: VecDeque::new(),
            failures: 0,
        }
    }

    fn send(&mut self, topic: &str, payload: impl Into<Bytes>) {
        let letter = FakeLetter {
            topic: topic.to_owned(),
            payload: payload.into(),
            journal: Arc::clone(&self.journal),
        };
        self.letters.push_back(letter);
    }

    fn send_event(&mut self, number: u8, rev: u32) {
        self.send("gridwatch/v1/ljp-01/event", event(number, rev).to_json());
    }

    /// Runs until all letters have been taken; returns how many could not be stored.
    async fn run(&mut self) -> usize {
        let store = FailingStore {
            store: self.test.store.clone(),
            failures: AtomicU32::new(self.failures),
            was_failing: self.failures > 0,
            journal: Arc::clone(&self.journal),
        };
        let receiver = Receiver::new(
            store,
            FakeEdges(Arc::clone(&self.journal)),
            Arc::new(grid()),
            ManualClock::new(time(0)),
            self.metrics.clone(),
            self.health.clone(),
            self.shutdown.clone(),
        );
        receiver.run(FakeInbox(std::mem::take(&mut self.letters))).await.len()
    }

    fn journal(&self) -> Vec<String> {
        std::mem::take(&mut *self.journal.lock().expect("not poisoned"))
    }

    /// received = sent + failed + dropped, for every kind.
    fn check_balance(&self) {
        for kind in ["event", "snapshot", "status", "camera", "other"] {
            let [received, sent, failed, dropped] = ["received", "sent", "failed", "dropped"]
                .map(|outcome| self.metrics.messages.count(kind, outcome));
            assert_eq!(received, sent + failed + dropped, "{kind}");
        }
    }

    fn rejected(&self, reason: &str) -> u64 {
        self.metrics.rejected.with_label_values(&[reason]).get()
    }
}

// ---- The usual way --------------------------------------------------------------------------------------------------

#[tokio::test]
async fn what_waits_shares_a_commit_and_one_answer_per_edge_box() {
    let mut tester = Tester::new().await;
    tester.send_event(1, 1);
    let (sha256, picture) = jpeg(1);
    tester.send(&format!("gridwatch/v1/ljp-02/snapshot/{sha256}"), picture);
    tester.send("gridwatch/v1/ljp-01/status", edge_status(true, time(0)).to_json());
    tester.send("gridwatch/v1/ljp-01/camera/gate/state", camera_state(CameraCondition::Live).to_json());
    tester.send_event(1, 2);
    assert_eq!(tester.run().await, 0);
    let journal = tester.journal();
    assert_eq!(journal[0], "commit 5");
    assert_eq!(
        journal[1],
        format!("tell ljp-01 events {:?} snapshots 0", [format!("{}/1", id(1)), format!("{}/2", id(1))])
    );
    assert_eq!(journal[2], "tell ljp-02 events [] snapshots 1");
    assert_eq!(journal[3..].iter().filter(|line| line.starts_with("ack ")).count(), 5);
    assert_eq!(tester.metrics.stored.get(), 2);
    tester.check_balance();
}

#[tokio::test]
async fn a_commit_is_bounded() {
    let mut tester = Tester::new().await;
    for rev in 1..=300 {
        tester.send_event(1, rev);
    }
    tester.run().await;
    let commits: Vec<String> =
        tester.journal().into_iter().filter(|line| line.starts_with("commit")).collect();
    assert_eq!(commits, ["commit 256", "commit 44"]);
}

#[tokio::test]
async fn what_comes_again_is_acknowledged_again_and_stored_once() {
    let mut tester = Tester::new().await;
    tester.send_event(1, 1);
    tester.run().await;
    let first = tester.journal();
    tester.send_event(1, 1);
    tester.run().await;
    assert_eq!(tester.journal(), first);
    assert_eq!(tester.metrics.stored.get(), 1);
    assert_eq!(tester.metrics.duplicates.with_label_values(&["event"]).get(), 1);
    tester.check_balance();
}

// ---- Failures -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_stored() {
    let mut tester = Tester::new().await;
    tester.failures = 5;
    tokio::time::pause();
    tester.send_event(1, 1);
    tester.run().await;
    let journal = tester.journal();
    assert_eq!(journal[..5], ["fail", "fail", "fail", "fail", "fail"]);
    assert_eq!(journal[5], "commit 1");
    assert!(journal[6].starts_with("tell ljp-01") && journal[7].starts_with("ack "), "{journal:?}");
    assert_eq!(tester.metrics.commit_failures.get(), 5);
    assert_eq!(tester.health.problems(), [], "works again");
    tester.check_balance();
}

#[tokio::test]
async fn a_center_ended_while_its_store_fails_acknowledges_nothing() {
    let mut tester = Tester::new().await;
    tester.failures = u32::MAX;
    tokio::time::pause();
    tester.send_event(1, 1);
    tester.send_event(2, 1);
    let shutdown = tester.shutdown.clone();
    let health = tester.health.clone();
    let (unstored, ()) = tokio::join!(tester.run(), async {
        let began = tokio::time::Instant::now();
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        while began.elapsed() < Duration::from_secs(60) {
            ticks.tick().await;
        }
        let problems = health.problems();
        assert!(problems.len() == 1 && problems[0].1.contains("snapshots"), "{problems:?}");
        shutdown.cancel();
    });
    assert_eq!(unstored, 2);
    assert!(tester.journal().iter().all(|line| line == "fail"));
    tester.check_balance();
}

#[tokio::test]
async fn a_message_that_the_store_refuses_does_not_hold_up_the_others() {
    let mut tester = Tester::new().await;
    // Stands for any rule that a message breaks and `open` does not know.
    let rule = sqlx::query("CREATE UNIQUE INDEX one_name ON cameras (name)");
    rule.execute(&mut tester.test.other_connection().await).await.expect("makes the rule");
    let state = camera_state(CameraCondition::Live).to_json();
    tester.send("gridwatch/v1/ljp-01/camera/gate/state", state.clone());
    tester.send("gridwatch/v1/ljp-02/camera/gate/state", state);
    tester.send_event(1, 1);
    assert_eq!(tester.run().await, 0);
    assert_eq!(tester.journal().iter().filter(|line| line.starts_with("ack ")).count(), 3);
    assert_eq!(tester.rejected("refused"), 1);
    assert!(tester.test.store.event(id(1)).await.expect("reads").is_some());
    tester.check_balance();
}

// ---- Messages that cannot be used -----------------------------------------------------------------------------------

/// Topic, payload, reason. Each differs in one point from a good one.
fn corpus() -> Vec<(String, Vec<u8>, &'static str)> {
    let topic = "gridwatch/v1/ljp-01/event".to_owned();
    let text =
        |message: &gridwatch_domain::wire::EventMessage| String::from_utf8(message.to_json()).expect("UTF-8");
    let good = text(&event(1, 1));
    let with = |change: &dyn Fn(&mut gridwatch_domain::wire::EventMessage)| {
        let mut message = event(1, 1);
        change(&mut message);
        text(&message).into_bytes()
    };
    let (sha256, mut picture) = (jpeg(1).0, jpeg(1).1.to_vec());
    picture.push(0);
    let text_file = b"not a picture".to_vec();
    let text_sha =
        gridwatch_domain::Sha256Hex::from_digest(<sha2::Sha256 as sha2::Digest>::digest(&text_file).into());
    let camera = camera_state(CameraCondition::Live).to_json();
    let mut corpus = vec![
        (String::new(), good.clone().into_bytes(), "topic"),
        ("gridwatch/v2/ljp-01/event".to_owned(), good.clone().into_bytes(), "topic"),
        ("gridwatch/v1/东门/event".to_owned(), good.clone().into_bytes(), "topic"),
        ("gridwatch/v1/ljp-01/ack".to_owned(), good.clone().into_bytes(), "topic"),
        ("gridwatch/v1/ljp-01/snapshot/abc".to_owned(), picture.clone(), "topic"),
        ("gridwatch/v1/ljp-02/event".to_owned(), good.clone().into_bytes(), "source"),
        ("gridwatch/v1/ljp-01/camera/yard/state".to_owned(), camera, "source"),
        (format!("gridwatch/v1/ljp-01/snapshot/{sha256}"), picture, "digest"),
        (format!("gridwatch/v1/ljp-01/snapshot/{text_sha}"), text_file, "not_jpeg"),
        (format!("gridwatch/v1/ljp-01/snapshot/{sha256}"), vec![0; 9 << 20], "oversized"),
        ("gridwatch/v1/ljp-01/status".to_owned(), b"{}".to_vec(), "json"),
        ("gridwatch/v1/ljp-01/status".to_owned(), Vec::new(), "json"),
    ];
    let events: Vec<(Vec<u8>, &str)> = vec![
        (vec![b' '; 200_000], "oversized"),
        (b"\xff\xfe{}".to_vec(), "utf8"),
        (good.as_bytes()[..good.len() / 2].to_vec(), "json"),
        ([b'['; 100_000].to_vec(), "json"),
        (good.replace("gridwatch.event/1", "gridwatch.event/2").into_bytes(), "schema"),
        (good.replace("parking.fire_lane", "parking.\u{1b}[31mred").into_bytes(), "json"),
        (good.replace("0.83", "1e999").into_bytes(), "json"),
        (good.replace("\"rev\":1", "\"rev\":-1").into_bytes(), "json"),
        (good.replace("ljp-01", "../../etc").into_bytes(), "json"),
        (with(&|message| message.event.rev = 0), "value"),
        (with(&|message| message.event.until = Some(time(0))), "value"),
        (with(&|message| message.event.dwell_s = -1.0), "value"),
        (with(&|message| message.seq = u64::MAX), "value"),
    ];
    corpus.extend(events.into_iter().map(|(payload, reason)| (topic.clone(), payload, reason)));
    corpus
}

#[tokio::test]
async fn a_message_that_cannot_be_used_is_kept_aside_and_stops_nobody() {
    let mut tester = Tester::new().await;
    let corpus = corpus();
    for (topic, payload, _) in &corpus {
        tester.send(topic, payload.clone());
        tester.send_event(7, 1);
    }
    assert_eq!(tester.run().await, 0);

    for (topic, payload, reason) in &corpus {
        let Delivery::Rejected { reason: found, detail } = open::open(topic, &payload.clone().into()) else {
            panic!("{topic} is taken for good");
        };
        assert_eq!(found.as_str(), *reason, "{topic}: {detail}");
        assert!(!detail.contains('\u{1b}') && detail.chars().count() <= 300);
        let expected = corpus.iter().filter(|(_, _, other)| other == reason).count();
        assert_eq!(tester.rejected(reason), u64::try_from(expected).expect("few"), "{reason}");
    }
    let journal = tester.journal();
    assert_eq!(journal.iter().filter(|line| line.starts_with("ack ")).count(), 2 * corpus.len());
    let told: Vec<&String> = journal.iter().filter(|line| line.starts_with("tell ")).collect();
    let forgotten = |line: &&String| line.contains("/") && !line.contains(&id(7).to_string());
    assert_eq!(told.into_iter().find(forgotten), None, "no edge box forgets what is not stored");
    let kept: u64 = tester.test.store.rejected().await.expect("reads").values().sum();
    assert_eq!(usize::try_from(kept).expect("few"), corpus.len());
    assert!(tester.registry.render().contains("gridwatch_center_rejected_total{reason=\"schema\"} 1"));
    tester.check_balance();
}

#[tokio::test]
async fn an_edge_box_is_told_what_was_refused_as_far_as_that_can_be_read() {
    let mut tester = Tester::new().await;
    let mut renamed = event(1, 1);
    renamed.event.edge = "ljp-99".parse().expect("valid");
    tester.send("gridwatch/v1/ljp-01/event", renamed.to_json());
    let newer = format!(r#"{{"schema":"gridwatch.event/2","id":"{}","rev":3,"more":true}}"#, id(2));
    tester.send("gridwatch/v1/ljp-01/event", newer);
    tester.send("gridwatch/v1/ljp-01/event", "{}");
    tester.run().await;
    let told: Vec<_> = tester.journal().into_iter().filter(|line| line.starts_with("refuse ")).collect();
    let expected = [format!("refuse ljp-01 {}/1 source", id(1)), format!("refuse ljp-01 {}/3 schema", id(2))];
    assert_eq!(told, expected);
    tester.check_balance();
}

#[tokio::test]
async fn an_edge_box_is_told_to_forget_a_revision_that_contradicts_the_stored_one() {
    let mut tester = Tester::new().await;
    tester.send_event(1, 1);
    let mut other = event(1, 1);
    other.event.dwell_s = 1.0;
    tester.send("gridwatch/v1/ljp-01/event", other.to_json());
    tester.run().await;
    let told = tester.journal().into_iter().find(|line| line.starts_with("tell ")).expect("is told");
    assert_eq!(told.matches(&format!("{}/1", id(1))).count(), 2);
    assert_eq!(tester.rejected("conflict"), 1);
    tester.check_balance();
}

#[tokio::test]
async fn an_unknown_cell_is_kept_and_counted() {
    let mut tester = Tester::new().await;
    let mut message = event(1, 1);
    message.event.cell = Some("520121002003999".parse().expect("a code"));
    tester.send("gridwatch/v1/ljp-01/event", message.to_json());
    tester.run().await;
    assert_eq!(tester.metrics.unknown_cells.get(), 1);
    assert_eq!(
        tester.test.store.event(id(1)).await.expect("reads").and_then(|it| it.cell),
        message.event.cell
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_topic_and_no_payload_ends_the_process(topic in ".{0,80}", payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let payload = Bytes::from(payload);
        open::open(&topic, &payload);
        for good in ["event", "status", "camera/gate/state"] {
            let topic = format!("gridwatch/v1/ljp-01/{good}");
            let is_rejected = matches!(open::open(&topic, &payload), Delivery::Rejected { .. });
            // Nothing is what takes a camera back.
            prop_assert_eq!(is_rejected, !(payload.is_empty() && good.starts_with("camera")));
        }
    }

    /// A good message with some bytes replaced is either refused or a valid message.
    #[test]
    fn a_damaged_message_is_refused_or_valid(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut json = event(1, 1).to_json();
        for (index, byte) in changes {
            let index = index.index(json.len());
            json[index] = byte;
        }
        if let Delivery::Event(message) = open::open("gridwatch/v1/ljp-01/event", &json.into()) {
            prop_assert!(message.validate().is_ok());
            prop_assert_eq!(message.event.edge.as_str(), "ljp-01");
        }
    }
}
