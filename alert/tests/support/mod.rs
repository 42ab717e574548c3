//! Findings to deliver, and a center to deliver them to.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};

use gridwatch_domain::{
    CameraId, Checkpoint, Event, EventId, EventKind, EventObject, Findings, Frame, NearPass, NetworkRef,
    NormBox, Nv12Buffer, ObjectClass, Phase, RuleRef, Severity, Sha256Hex, Side, Timestamp,
    topic::{CENTER_FILTERS, Topic, TopicKind},
    wire::{
        ACK_SCHEMA, AckMessage, AckedEvent, CameraStateMessage, EdgeStatusMessage, EventMessage,
        Message as _, RefusedEvent,
    },
};
use gridwatch_link::{BrokerUrl, Incoming, IncomingStream, Link, LinkSettings, Publication};
use gridwatch_runtime::{BackoffRange, Metrics};

pub(crate) const EDGE: &str = "box-1";
const PATIENCE: Duration = Duration::from_secs(30);

/// What must happen soon, but in real time.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what}: not within {PATIENCE:?}"))
}

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_402_800_000 + second * 1000).expect("in range")
}

pub(crate) fn event_id(number: u8) -> EventId {
    EventId::from_parts(time(0), [number; 10])
}

pub(crate) fn camera(id: &str) -> CameraId {
    id.parse().expect("valid")
}

/// Revision `rev` of event `number`: 1 opens it, 9 closes it.
pub(crate) fn event(number: u8, rev: u32) -> Event {
    let phase = match rev {
        1 => Phase::Open,
        9 => Phase::Close,
        _ => Phase::Update,
    };
    Event {
        id: event_id(number),
        rev,
        edge: EDGE.parse().expect("valid"),
        kind: EventKind::FireLane,
        phase,
        severity: Severity::Critical,
        camera: camera("gate"),
        zone: Some("fire-1".parse().expect("valid")),
        cell: Some("520121002003007".parse().expect("valid")),
        since: time(0),
        at: time(60 + i64::from(rev)),
        until: (phase == Phase::Close).then(|| time(60 + i64::from(rev))),
        dwell_s: 75.0,
        unobserved: false,
        objects: vec![EventObject {
            class: ObjectClass::Car,
            score: 0.9,
            bbox: NormBox::new(0.3, 0.4, 0.6, 0.8).expect("valid"),
            place: None,
            track: None,
        }],
        rule: RuleRef::limit(60.0),
        network: NetworkRef { name: "yard-n".to_owned(), sha256: Sha256Hex::from_digest([0; 32]) },
        evidence: Vec::new(),
    }
}

pub(crate) fn pass_id(number: u32) -> EventId {
    let [a, b, c, d] = number.to_be_bytes();
    EventId::from_parts(time(0), [0, 0, 0, 0, 0, 0, a, b, c, d])
}

/// Near pass `number`: so many minutes after the first, and so many centimetres nearer than half a metre.
pub(crate) fn pass(number: u32) -> NearPass {
    let at = time(60 * i64::from(number));
    let object = |class, place| EventObject {
        class,
        score: 0.9,
        bbox: NormBox::new(0.3, 0.4, 0.6, 0.8).expect("valid"),
        place,
        track: None,
    };
    NearPass {
        id: pass_id(number),
        camera: camera("gate"),
        place: "p17".parse().expect("valid"),
        zones: vec!["bay-1".parse().expect("valid")],
        parked: object(ObjectClass::Car, Some("p17".parse().expect("valid"))),
        parked_since: time(-3600),
        passer: object(ObjectClass::Person, None),
        from: at.saturating_sub(Duration::from_secs(2)),
        until: at.saturating_add(Duration::from_secs(2)),
        at,
        distance: 0.1,
        distance_m: Some(0.5 - 0.01 * number as f32),
        heading_deg: Some(90.0),
        side: Side::Left,
        shifted: None,
    }
}

/// A noisy picture, another one for each number: some 40 kB as JPEG.
pub(crate) fn frame(number: u8) -> Frame {
    let mut planes = Nv12Buffer::filled(320, 180, [90, 128, 128]);
    let mut noise = 1 + u32::from(number);
    for value in planes.y_mut() {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = 16 + (noise >> 25) as u8;
    }
    let planes = Arc::new(planes);
    Frame::new(camera("gate"), number.into(), time(61), (320, 180), planes)
}

/// The number that an event was made of.
fn number_of(event: &Event) -> u8 {
    u8::from_str_radix(&event.id.to_string()[34..], 16).expect("hexadecimal")
}

/// Revisions with the picture of the first that opens.
pub(crate) fn findings(events: Vec<Event>) -> Findings {
    let frame = events.iter().find(|event| event.phase == Phase::Open).map(|event| frame(number_of(event)));
    let state = events.iter().map(|event| event.rev as u8).collect();
    Findings {
        passes: Vec::new(),
        camera: camera("gate"),
        events,
        frame,
        checkpoint: Some(Checkpoint { camera: camera("gate"), state }),
    }
}

pub(crate) fn link_settings(port: u16, client: &str) -> LinkSettings {
    let backoff = BackoffRange { first: Duration::from_millis(30), longest: Duration::from_millis(100) };
    LinkSettings { backoff, ..LinkSettings::new(BrokerUrl::plain("127.0.0.1", port), client) }
}

/// A center that remembers what it got, and acknowledges what it is told to.
pub(crate) struct Center {
    link: Link,
    incoming: IncomingStream,
    pub(crate) acknowledges: bool,
    /// Revisions up to this number are ones that it does not understand.
    pub(crate) refuses: u64,
    pub(crate) events: BTreeMap<u64, EventMessage>,
    pub(crate) snapshots: HashMap<Sha256Hex, Vec<u8>>,
    pub(crate) statuses: Vec<EdgeStatusMessage>,
    pub(crate) cameras: Vec<CameraStateMessage>,
    /// Cameras that were taken back.
    pub(crate) gone: Vec<CameraId>,
    /// Deliveries by number, repetitions included.
    pub(crate) deliveries: Vec<u64>,
}

impl Center {
    pub(crate) async fn start(port: u16) -> Self {
        let subscriptions = CENTER_FILTERS.map(str::to_owned).to_vec();
        let settings = LinkSettings { subscriptions, ..link_settings(port, "center") };
        let (link, incoming) = Link::start(settings, &Metrics::new()).expect("valid settings");
        let mut state = link.state();
        soon("center connects", state.wait_for(|state| state.connection().is_some()))
            .await
            .expect("it lives");
        Self {
            link,
            incoming,
            acknowledges: true,
            refuses: 0,
            events: BTreeMap::new(),
            snapshots: HashMap::new(),
            statuses: Vec::new(),
            cameras: Vec::new(),
            gone: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    /// Receives until `enough` says so.
    pub(crate) async fn until(&mut self, what: &str, enough: impl Fn(&Self) -> bool) {
        let receive = async {
            while !enough(self) {
                let message = self.incoming.recv().await.expect("the link lives");
                self.store(message).await;
            }
        };
        soon(what, receive).await;
    }

    pub(crate) async fn until_events(&mut self, count: usize) {
        self.until(&format!("{count} events"), |center| center.events.len() >= count).await;
    }

    async fn store(&mut self, message: Incoming) {
        let topic: Topic = message.topic.parse().expect("one of ours");
        let mut ack = AckMessage::default();
        match topic.kind {
            TopicKind::Event => {
                let event = EventMessage::from_json(&message.payload).expect("valid");
                let (id, rev) = (event.event.id, event.event.rev);
                if event.seq <= self.refuses {
                    ack.refused.push(RefusedEvent { id, rev, reason: "value".to_owned() });
                } else {
                    ack.events.push(AckedEvent { id, rev });
                }
                self.deliveries.push(event.seq);
                let before = self.events.insert(event.seq, event.clone());
                assert!(before.is_none_or(|before| before == event), "the same number, another message");
            }
            TopicKind::Snapshot(sha256) => {
                ack.snapshots.push(sha256.clone());
                self.snapshots.insert(sha256, message.payload.to_vec());
            }
            TopicKind::Status => {
                self.statuses.push(EdgeStatusMessage::from_json(&message.payload).expect("valid"));
            }
            TopicKind::CameraState(camera) if message.payload.is_empty() => self.gone.push(camera),
            TopicKind::CameraState(_) => {
                self.cameras.push(CameraStateMessage::from_json(&message.payload).expect("valid"));
            }
            other => panic!("{other:?} is not for a center"),
        }
        if self.acknowledges && ack != AckMessage::default() {
            self.acknowledge(ack.to_json()).await;
        }
        message.ack();
    }

    pub(crate) async fn acknowledge(&self, payload: Vec<u8>) {
        let topic = Topic { edge: EDGE.parse().expect("valid"), kind: TopicKind::Ack };
        // Not connected: it is acknowledged when it comes again.
        let _ =
            self.link.publisher().publish(Publication::json(topic.to_string(), payload, ACK_SCHEMA)).await;
    }

    pub(crate) async fn finish(self) {
        self.link.finish().await;
    }
}
