//! What we rely on in rumqttd, against our own session; and what it lacks, so that an upgrade tells.

use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use gridwatch_link::{BrokerUrl, Incoming, IncomingStream, Link, LinkSettings, LinkState, Publication, Will};
use gridwatch_runtime::{BackoffRange, Metrics};

use super::EmbeddedBroker;

const PATIENCE: Duration = Duration::from_secs(20);

async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

fn broker() -> EmbeddedBroker {
    EmbeddedBroker::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port")
}

fn settings(broker: &EmbeddedBroker, client: &str) -> LinkSettings {
    let backoff = BackoffRange { first: Duration::from_millis(30), longest: Duration::from_millis(100) };
    LinkSettings { backoff, ..LinkSettings::new(BrokerUrl::plain("127.0.0.1", broker.addr().port()), client) }
}

async fn connect(settings: LinkSettings) -> (Link, IncomingStream) {
    let (link, incoming) = Link::start(settings, &Metrics::new()).expect("valid settings");
    connected(&link).await;
    (link, incoming)
}

async fn connected(link: &Link) -> LinkState {
    let mut state = link.state();
    soon("connected", state.wait_for(|state| state.connection().is_some()))
        .await
        .expect("the link lives")
        .clone()
}

async fn listen(broker: &EmbeddedBroker, client: &str, filter: &str) -> (Link, IncomingStream) {
    connect(LinkSettings { subscriptions: vec![filter.to_owned()], ..settings(broker, client) }).await
}

async fn next(incoming: &mut IncomingStream) -> Incoming {
    soon("a message", incoming.recv()).await.expect("the link lives")
}

async fn publish(link: &Link, publication: Publication) {
    soon("publishing", link.publisher().publish(publication)).await.expect("connected");
}

#[tokio::test]
async fn messages_go_through_large_ones_and_many() {
    let broker = broker();
    let (_center, mut incoming) = listen(&broker, "center", "yard/+").await;
    let (edge, _none) = connect(settings(&broker, "edge")).await;
    let large = vec![0xab_u8; 6 << 20];
    publish(&edge, Publication::new("yard/picture", large.clone())).await;
    let picture = next(&mut incoming).await;
    assert!(picture.payload == large);
    picture.ack();
    for number in 0..1000 {
        publish(&edge, Publication::new("yard/event", format!("{number}"))).await;
        if number >= 50 {
            let message = next(&mut incoming).await;
            assert_eq!(message.payload, format!("{}", number - 50));
            message.ack();
        }
    }
}

#[tokio::test]
async fn acknowledgements_out_of_order_are_put_in_order() {
    let broker = broker();
    let (center, mut incoming) = listen(&broker, "center", "yard/+").await;
    let (edge, _none) = connect(settings(&broker, "edge")).await;
    for round in 0..40 {
        for number in 0..5 {
            publish(&edge, Publication::new("yard/event", format!("{round} {number}"))).await;
        }
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(next(&mut incoming).await);
        }
        held.into_iter().rev().for_each(Incoming::ack);
    }
    // rumqttd throws out who acknowledges in another order.
    assert_eq!(center.state().borrow().connection(), Some(1));
}

#[tokio::test]
async fn a_slow_consumer_is_sent_a_hundred_at_most() {
    let broker = broker();
    let (center, mut incoming) = listen(&broker, "center", "yard/+").await;
    let (edge, _none) = connect(settings(&broker, "edge")).await;
    for number in 0..400 {
        publish(&edge, Publication::new("yard/event", format!("{number}"))).await;
    }
    edge.finish().await;
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(next(&mut incoming).await);
    }
    // Whatever else would have been sent has been sent before this answer comes.
    let (other, _none) = connect(settings(&broker, "other")).await;
    drop(other);
    assert!(incoming.try_recv().is_none(), "held back");
    held.into_iter().for_each(Incoming::ack);
    for number in 100..400 {
        let message = next(&mut incoming).await;
        assert_eq!(message.payload, format!("{number}"));
        message.ack();
    }
    assert_eq!(center.state().borrow().connection(), Some(1));
}

#[tokio::test]
async fn a_session_is_kept_and_delivers_again_what_was_not_acknowledged() {
    let broker = broker();
    let (center, mut incoming) = listen(&broker, "center", "yard/+").await;
    let (edge, _none) = connect(settings(&broker, "edge")).await;
    for number in 1..=3 {
        publish(&edge, Publication::new("yard/event", format!("{number}"))).await;
    }
    next(&mut incoming).await.ack();
    assert_eq!(next(&mut incoming).await.payload, "2".as_bytes());
    let unacknowledged = next(&mut incoming).await;
    center.finish().await;
    publish(&edge, Publication::new("yard/event", "4")).await;
    drop(unacknowledged);

    let (center, mut incoming) = listen(&broker, "center", "yard/+").await;
    assert_eq!(connected(&center).await, LinkState::Connected { connection: 1, session_present: true });
    for expected in ["3", "4"] {
        let message = next(&mut incoming).await;
        assert_eq!(message.payload, expected.as_bytes());
        message.ack();
    }
}

#[tokio::test]
async fn retained_messages_come_on_subscribing() {
    let broker = broker();
    let (edge, _none) = connect(settings(&broker, "edge")).await;
    publish(&edge, Publication::new("status/edge", "old").retained()).await;
    publish(&edge, Publication::new("status/edge", "online").retained()).await;
    edge.finish().await;
    let (_center, mut incoming) = listen(&broker, "center", "status/+").await;
    let status = next(&mut incoming).await;
    assert_eq!((&status.payload[..], status.retain), (&b"online"[..], true));
}

fn with_will(broker: &EmbeddedBroker, client: &str) -> LinkSettings {
    let will = Will { topic: format!("status/{client}"), payload: "offline".into(), retain: true };
    LinkSettings { will: Some(Arc::new(move || will.clone())), ..settings(broker, client) }
}

#[tokio::test]
async fn the_will_is_published_for_who_vanishes_and_not_for_who_says_goodbye() {
    let broker = broker();
    let (_center, mut incoming) = listen(&broker, "center", "status/+").await;
    let (polite, _none) = connect(with_will(&broker, "polite")).await;
    polite.finish().await;
    let (edge, _none) = connect(with_will(&broker, "edge")).await;
    drop(edge);
    assert_eq!(next(&mut incoming).await.topic, "status/edge");
    let (_late, mut incoming) = listen(&broker, "late", "status/+").await;
    let kept = next(&mut incoming).await;
    assert_eq!((&kept.payload[..], kept.retain), (&b"offline"[..], true));
}

#[tokio::test]
async fn it_stops_frees_its_port_and_starts_again_empty() {
    let first = broker();
    let addr = first.addr();
    let (center, mut incoming) = listen(&first, "center", "yard/+").await;
    let (edge, _none) = connect(settings(&first, "edge")).await;
    publish(&edge, Publication::new("status/edge", "online").retained()).await;
    let mut state = center.state();
    tokio::task::spawn_blocking(move || first.stop()).await.expect("no panic");
    soon("connection lost", state.wait_for(|state| state.connection().is_none()))
        .await
        .expect("the link lives");
    assert!(TcpStream::connect(addr).is_err(), "nobody listens");

    let second = EmbeddedBroker::start(addr).expect("the port is free again");
    assert_eq!(connected(&center).await, LinkState::Connected { connection: 2, session_present: false });
    connected(&edge).await;
    publish(&edge, Publication::new("yard/event", "after")).await;
    assert_eq!(next(&mut incoming).await.payload, "after".as_bytes());
    drop(second);
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let first = broker();
    let error = EmbeddedBroker::start(first.addr()).err().expect("refused");
    assert!(format!("{error:#}").contains("in use"), "{error:#}");
}

#[tokio::test]
async fn garbage_on_the_port_harms_nobody() {
    use std::io::Write as _;
    let broker = broker();
    let (_center, mut incoming) = listen(&broker, "center", "yard/+").await;
    for garbage in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4096], &[0x10, 0xff, 0xff, 0xff, 0x7f], &[0x10, 0]]
    {
        let mut stream = TcpStream::connect(broker.addr()).expect("listens");
        stream.write_all(garbage).expect("written");
    }
    let (edge, _none) = connect(settings(&broker, "edge")).await;
    publish(&edge, Publication::new("yard/event", "after")).await;
    assert_eq!(next(&mut incoming).await.payload, "after".as_bytes());
}
