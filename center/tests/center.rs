//! A whole center with a real broker: what is published is stored once and answered, whatever is killed meanwhile.

mod support;

use std::{collections::HashSet, io::Read, net::TcpStream, path::Path, time::Duration};

use gridwatch_domain::{
    Event, EventId, EventKind, NetworkRef, Phase, RuleRef, Severity, Sha256Hex, Timestamp,
    wire::{AckedEvent, EdgeStatusMessage, EventMessage, Message},
};
use serde_json::Value;
use support::{CenterProcess, Edge, Mosquitto, get, run_center_process, start_center, wait_for};

#[test]
#[ignore = "runs as a process of its own in the tests that kill a center"]
fn center_process() {
    run_center_process();
}

fn event(number: u8, rev: u32) -> EventMessage {
    let since: Timestamp = "2026-11-23T03:04:05.120Z".parse().expect("a time");
    let at = since.saturating_add(Duration::from_secs(60 * u64::from(rev)));
    let event = Event {
        id: EventId::from_parts(since, [number; 10]),
        rev,
        edge: "ljp-01".parse().expect("an id"),
        kind: EventKind::NoParking,
        phase: if rev == 1 { Phase::Open } else { Phase::Update },
        severity: Severity::Minor,
        camera: "gate".parse().expect("an id"),
        zone: None,
        cell: None,
        since,
        at,
        until: None,
        dwell_s: at.seconds_since(since),
        unobserved: false,
        objects: Vec::new(),
        rule: RuleRef::limit(60.0),
        network: NetworkRef { name: "yard-n".to_owned(), sha256: Sha256Hex::from_digest([1; 32]) },
        evidence: Vec::new(),
    };
    EventMessage { event, seq: u64::from(rev), published_at: at }
}

fn acked(number: u8, rev: u32) -> AckedEvent {
    AckedEvent { id: event(number, 1).event.id, rev }
}

/// Id and revision of every row, in a list that would show a repetition.
async fn rows(folder: &Path) -> Vec<(String, i64)> {
    let mut database = open_database(folder).await;
    sqlx::query_as("SELECT id, rev FROM events ORDER BY id, rev")
        .fetch_all(&mut database)
        .await
        .expect("reads")
}

async fn open_database(folder: &Path) -> sqlx::SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("center/center.sqlite"));
    sqlx::ConnectOptions::connect(&options.busy_timeout(Duration::from_secs(30))).await.expect("opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_edge_box_publishes_is_stored_answered_and_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let center = start_center(folder.path(), broker.port).await;
    let address = center.local_addr();
    let mut stream = TcpStream::connect(address).expect("connects");
    std::io::Write::write_all(&mut stream, b"GET /api/v1/live HTTP/1.1\r\nhost: x\r\n\r\n").expect("asks");
    wait_for("the broker is there", || get(address, "/healthz"));

    let mut edge = Edge::connect(broker.port, "ljp-01").await;
    edge.publish("event", event(1, 1).to_json()).await;
    assert_eq!(edge.next_ack().await.events, [acked(1, 1)]);
    edge.publish("event", "{").await;
    edge.publish("event", event(1, 2).to_json()).await;
    assert_eq!(edge.next_ack().await.events, [acked(1, 2)], "what is malformed stops nobody");
    let at = event(1, 1).event.at;
    let status = EdgeStatusMessage { online: true, version: "0.1.0".to_owned(), at, problem: None };
    edge.publish("status", status.to_json()).await;

    let page: Value = serde_json::from_str(&get(address, "/api/v1/events").expect("answers")).expect("JSON");
    assert_eq!(page["items"][0]["rev"], 2);
    let metrics = get(address, "/metrics").expect("answers");
    assert!(metrics.contains("gridwatch_center_stored_total 2"), "{metrics}");
    assert!(metrics.contains("gridwatch_center_rejected_total{reason=\"json\"} 1"), "{metrics}");
    wait_for("the edge box is shown", || {
        let summary: Value = serde_json::from_str(&get(address, "/api/v1/summary")?).ok()?;
        (summary["edges"][0]["online"] == true).then_some(())
    });

    // Ends although a stream is open, and ends that stream properly.
    edge.finish().await;
    center.finish().await;
    let mut told = String::new();
    stream.read_to_string(&mut told).expect("ends without an error");
    assert!(
        told.contains("event: hello") && told.contains("\"rev\":2") && told.ends_with("0\r\n\r\n"),
        "{told}"
    );
    assert_eq!(rows(folder.path()).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_killed_between_receiving_and_storing_stores_after_its_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let center = CenterProcess::start(folder.path(), broker.port);
    wait_for("the broker is there", || get(center.address, "/healthz"));
    let mut edge = Edge::connect(broker.port, "ljp-01").await;

    // Nothing can be committed while another connection holds the lock.
    let mut lock = open_database(folder.path()).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.expect("locks");
    edge.publish("event", event(1, 1).to_json()).await;
    wait_for("the center has the message", || {
        let line = "gridwatch_center_messages_total{kind=\"event\",outcome=\"received\"} 1";
        get(center.address, "/metrics")?.contains(line).then_some(())
    });
    center.kill();
    sqlx::query("ROLLBACK").execute(&mut lock).await.expect("unlocks");
    assert_eq!(rows(folder.path()).await, []);

    let _center = CenterProcess::start(folder.path(), broker.port);
    assert_eq!(edge.next_ack().await.events, [acked(1, 1)]);
    assert_eq!(rows(folder.path()).await.len(), 1);
    edge.finish().await;
}

/// With what an outbox does: what is not answered for a while is published again.
#[tokio::test(flavor = "multi_thread")]
async fn a_center_killed_again_and_again_stores_everything_once_and_answers_everything() {
    const EVENTS: u8 = 25;
    const REVISIONS: u32 = 20;
    const KILLS: u32 = 6;
    let folder = tempfile::tempdir().expect("a folder");
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let mut center = CenterProcess::start(folder.path(), broker.port);
    wait_for("the broker is there", || get(center.address, "/healthz"));
    let mut edge = Edge::connect(broker.port, "ljp-01").await;

    for rev in 1..=REVISIONS {
        for number in 1..=EVENTS {
            edge.publish("event", event(number, rev).to_json()).await;
        }
        if rev % (REVISIONS / KILLS) == 0 {
            center.kill();
            center = CenterProcess::start(folder.path(), broker.port);
        }
    }
    let mut missing: HashSet<AckedEvent> =
        (1..=EVENTS).flat_map(|number| (1..=REVISIONS).map(move |rev| acked(number, rev))).collect();
    while !missing.is_empty() {
        match tokio::time::timeout(Duration::from_secs(2), edge.next_ack()).await {
            Ok(ack) => missing.retain(|acked| !ack.events.contains(acked)),
            Err(_) => {
                let all = (1..=EVENTS).flat_map(|number| (1..=REVISIONS).map(move |rev| (number, rev)));
                for (number, rev) in all.filter(|(number, rev)| missing.contains(&acked(*number, *rev))) {
                    edge.publish("event", event(number, rev).to_json()).await;
                }
            }
        }
    }
    let rows = rows(folder.path()).await;
    let distinct: HashSet<&(String, i64)> = rows.iter().collect();
    assert_eq!((rows.len(), distinct.len()), (500, 500));
    edge.finish().await;
}
