//! The session against a real Mosquitto.

#[path = "support/mosquitto.rs"]
mod mosquitto;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use gridwatch_link::{
    BrokerUrl, Credentials, Incoming, IncomingStream, Link, LinkError, LinkSettings, LinkState, Publication,
    Will,
};
use gridwatch_runtime::{BackoffRange, Metrics};
use mosquitto::Mosquitto;
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

fn settings(broker: &Mosquitto, client: &str) -> LinkSettings {
    let backoff = BackoffRange { first: Duration::from_millis(50), longest: Duration::from_millis(200) };
    LinkSettings { backoff, ..LinkSettings::new(BrokerUrl::plain("127.0.0.1", broker.port()), client) }
}

fn listener(broker: &Mosquitto, client: &str, filter: &str) -> LinkSettings {
    LinkSettings { subscriptions: vec![filter.to_owned()], ..settings(broker, client) }
}

fn start(settings: LinkSettings) -> (Link, IncomingStream) {
    Link::start(settings, &Metrics::new()).expect("valid settings")
}

async fn connected(link: &Link) -> LinkState {
    reach(&mut link.state(), "connected", |state| state.connection().is_some()).await
}

async fn reach(
    state: &mut watch::Receiver<LinkState>,
    what: &str,
    reached: impl FnMut(&LinkState) -> bool,
) -> LinkState {
    soon(what, state.wait_for(reached)).await.expect("the link lives").clone()
}

async fn next(incoming: &mut IncomingStream) -> Incoming {
    soon("a message", incoming.recv()).await.expect("the link lives")
}

#[tokio::test]
async fn messages_go_through_large_ones_too() {
    let broker = Mosquitto::start();
    let (listener, mut incoming) = start(listener(&broker, "center", "yard/+"));
    connected(&listener).await;
    let (link, _none) = start(settings(&broker, "edge"));
    connected(&link).await;

    let large = Bytes::from(vec![0xab; 5 << 20]);
    let publisher = link.publisher();
    publisher.publish(Publication::json("yard/event", "{}", "test/1")).await.expect("connected");
    publisher.publish(Publication::new("yard/picture", large.clone())).await.expect("connected");

    let event = next(&mut incoming).await;
    assert_eq!((event.topic.as_str(), &event.payload[..]), ("yard/event", &b"{}"[..]));
    event.ack();
    let picture = next(&mut incoming).await;
    assert_eq!(picture.payload, large);
    picture.ack();
    link.finish().await;
    listener.finish().await;
    assert!(incoming.recv().await.is_none(), "a closed link ends its stream");
}

#[tokio::test]
async fn what_is_larger_than_the_broker_takes_is_refused_and_the_connection_stays() {
    let broker = Mosquitto::start_with("allow_anonymous true\nmax_packet_size 100000\n");
    let (link, mut incoming) = start(listener(&broker, "edge", "yard/+"));
    connected(&link).await;
    let refused = link.publisher().publish(Publication::new("yard/picture", vec![0; 200_000])).await;
    assert!(matches!(refused, Err(LinkError::TooLarge { max: 100_000, .. })), "{refused:?}");
    link.publisher().publish(Publication::new("yard/event", "{}")).await.expect("still connected");
    assert_eq!(next(&mut incoming).await.topic, "yard/event");
    assert_eq!(link.state().borrow().connection(), Some(1));
}

#[tokio::test]
async fn wildcards_cannot_be_published_to() {
    let broker = Mosquitto::start();
    let (link, _incoming) = start(settings(&broker, "edge"));
    connected(&link).await;
    for topic in ["", "yard/#", "yard/+/event"] {
        let refused = link.publisher().publish(Publication::new(topic, "")).await;
        assert!(matches!(refused, Err(LinkError::Topic(_))), "{topic:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_and_never_shown() {
    let broker = Mosquitto::start_with("allow_anonymous false\n");
    let credentials = Some(Credentials::new("edge", "correct-horse"));
    let (link, _incoming) = start(LinkSettings { credentials, ..settings(&broker, "edge") });
    let state =
        reach(&mut link.state(), "refused", |state| matches!(state, LinkState::Disconnected { .. })).await;
    let LinkState::Disconnected { reason } = state else { unreachable!("waited for") };
    assert!(reason.contains("password is wrong"), "{reason}");
    assert!(!reason.contains("correct-horse"), "{reason}");
    let refused = link.publisher().publish(Publication::new("yard/event", "{}")).await;
    assert!(matches!(refused, Err(LinkError::NotConnected)));
}

#[tokio::test]
async fn it_waits_for_a_broker_and_survives_its_restart() {
    let mut broker = Mosquitto::stopped("allow_anonymous true\n");
    let (link, mut incoming) = start(listener(&broker, "edge", "yard/+"));
    let mut state = link.state();
    reach(&mut state, "refused", |state| matches!(state, LinkState::Disconnected { .. })).await;
    broker.start_again();
    assert_eq!(connected(&link).await, LinkState::Connected { connection: 1, session_present: false });

    broker.stop();
    reach(&mut state, "lost", |state| matches!(state, LinkState::Disconnected { .. })).await;
    broker.start_again();
    assert_eq!(connected(&link).await, LinkState::Connected { connection: 2, session_present: true });
    link.publisher().publish(Publication::new("yard/event", "{}")).await.expect("connected");
    assert_eq!(next(&mut incoming).await.topic, "yard/event");
}

#[tokio::test]
async fn what_was_not_acknowledged_is_delivered_again_and_only_that() {
    let broker = Mosquitto::start();
    let (center, mut incoming) = start(listener(&broker, "center", "yard/+"));
    connected(&center).await;
    let (edge, _none) = start(settings(&broker, "edge"));
    connected(&edge).await;
    for number in 1..=3 {
        edge.publisher().publish(Publication::new(format!("yard/{number}"), "")).await.expect("connected");
    }
    next(&mut incoming).await.ack();
    let second = next(&mut incoming).await;
    assert_eq!(second.topic, "yard/2");
    let third = next(&mut incoming).await;
    // The goodbye goes out behind the acknowledgement of the first.
    center.finish().await;
    third.ack();
    second.ack();

    let (_center, mut incoming) = start(listener(&broker, "center", "yard/+"));
    let again = next(&mut incoming).await;
    assert_eq!((again.topic.as_str(), again.dup), ("yard/2", true));
    assert_eq!(next(&mut incoming).await.topic, "yard/3");
}

#[tokio::test]
async fn the_broker_holds_back_for_a_slow_consumer() {
    let broker = Mosquitto::start();
    let metrics = Metrics::new();
    let slow = LinkSettings { receive_maximum: 4, ..listener(&broker, "center", "yard/+") };
    let (center, mut incoming) = Link::start(slow, &metrics).expect("valid settings");
    connected(&center).await;
    let (edge, _none) = start(settings(&broker, "edge"));
    connected(&edge).await;
    for number in 0..50 {
        edge.publisher()
            .publish(Publication::new("yard/event", format!("{number}")))
            .await
            .expect("connected");
    }
    // Said goodbye behind all of them: the broker has them.
    edge.finish().await;
    let held = vec![next(&mut incoming).await, next(&mut incoming).await];
    let (other, _none) = start(settings(&broker, "other"));
    connected(&other).await;
    let received =
        metrics.render().lines().rfind(|line| line.contains("outcome=\"received\"")).map(str::to_owned);
    assert_eq!(
        received.as_deref(),
        Some("gridwatch_link_incoming_total{client=\"center\",outcome=\"received\"} 4")
    );
    held.into_iter().for_each(Incoming::ack);
    for number in 2..50 {
        let message = next(&mut incoming).await;
        assert_eq!(message.payload, format!("{number}"));
        message.ack();
    }
    assert_eq!(center.state().borrow().connection(), Some(1), "without a reconnect");
}

/// Mosquitto 2.0 keeps to the receive maximum only until the first acknowledgement, then sends everything it has.
#[tokio::test]
async fn a_backlog_far_beyond_the_receive_maximum_is_taken_without_a_reconnect() {
    const BACKLOG: usize = 5_000;
    let broker = Mosquitto::start_with("allow_anonymous true\nmax_queued_messages 0\n");
    let (away, none) = start(listener(&broker, "center", "yard/+"));
    connected(&away).await;
    away.finish().await;
    drop(none);
    let (edge, _none) = start(settings(&broker, "edge"));
    connected(&edge).await;
    for number in 0..BACKLOG {
        edge.publisher()
            .publish(Publication::new("yard/event", format!("{number}")))
            .await
            .expect("connected");
    }
    edge.finish().await;

    let (center, mut incoming) = start(listener(&broker, "center", "yard/+"));
    connected(&center).await;
    for number in 0..BACKLOG {
        let message = next(&mut incoming).await;
        assert_eq!(message.payload, format!("{number}"));
        message.ack();
        if number % 100 == 0 {
            // Storing takes its time, and the broker goes on sending.
            tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>()).await.unwrap_err();
        }
    }
    assert_eq!(center.state().borrow().connection(), Some(1), "without a reconnect");
    center.finish().await;
}

fn with_will(broker: &Mosquitto) -> LinkSettings {
    let will = Will { topic: "status/edge".to_owned(), payload: "offline".into(), retain: true };
    LinkSettings { will: Some(Arc::new(move || will.clone())), ..settings(broker, "edge") }
}

#[tokio::test]
async fn the_will_is_published_when_the_edge_vanishes() {
    let broker = Mosquitto::start();
    let (center, mut incoming) = start(listener(&broker, "center", "status/+"));
    connected(&center).await;
    let (edge, _none) = start(with_will(&broker));
    connected(&edge).await;
    drop(edge);
    let status = next(&mut incoming).await;
    assert_eq!((status.topic.as_str(), &status.payload[..]), ("status/edge", &b"offline"[..]));
}

#[tokio::test]
async fn a_goodbye_comes_after_what_was_published_and_without_the_will() {
    let broker = Mosquitto::start();
    let (center, mut incoming) = start(listener(&broker, "center", "status/+"));
    connected(&center).await;
    let (edge, _none) = start(with_will(&broker));
    connected(&edge).await;
    for _ in 0..30 {
        edge.publisher().publish(Publication::new("status/edge", "bye")).await.expect("connected");
    }
    edge.finish().await;
    let (other, _none) = start(settings(&broker, "other"));
    connected(&other).await;
    other.publisher().publish(Publication::new("status/other", "end")).await.expect("connected");
    let mut seen = Vec::new();
    while seen.last().is_none_or(|payload| payload != "end") {
        let message = next(&mut incoming).await;
        seen.push(String::from_utf8_lossy(&message.payload).into_owned());
        message.ack();
    }
    assert_eq!(seen.len(), 31);
    assert!(seen[..30].iter().all(|payload| payload == "bye"), "{seen:?}");
}
