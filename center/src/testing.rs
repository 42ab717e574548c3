//! What tests need: messages as an edge box would send them, and a store in a folder of its own.

use bytes::Bytes;
use gridwatch_domain::{
    Event, EventId, EventKind, EventObject, Evidence, EvidenceType, GridNode, GridTree, NetworkRef, NormBox,
    ObjectClass, Phase, RuleRef, Severity, Sha256Hex, Timestamp,
    wire::{CameraCondition, CameraStateMessage, EdgeStatusMessage, EventMessage, Message},
};
use sha2::{Digest, Sha256};

use crate::{
    receive::open,
    store::{Received, SqliteStoreOptions, Store, Verdict},
};

/// 2026-11-23T03:04:05.000Z, and `seconds` later.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_403_045_000 + 1000 * seconds).expect("in range")
}

pub(crate) fn id(number: u8) -> EventId {
    EventId::from_parts(time(0), [number; 10])
}

pub(crate) fn event(number: u8, rev: u32) -> EventMessage {
    let phase = if rev == 1 { Phase::Open } else { Phase::Update };
    let at = time(60 * i64::from(rev));
    let event = Event {
        id: id(number),
        rev,
        edge: "ljp-01".parse().expect("an id"),
        kind: EventKind::FireLane,
        phase,
        severity: Severity::Critical,
        camera: "gate".parse().expect("an id"),
        zone: Some("fire-lane-1".parse().expect("an id")),
        cell: Some("520121002003007".parse().expect("a code")),
        since: time(0),
        at,
        until: None,
        dwell_s: at.seconds_since(time(0)),
        unobserved: false,
        objects: vec![EventObject {
            class: ObjectClass::Car,
            score: 0.83,
            bbox: NormBox::new(0.41, 0.52, 0.55, 0.71).expect("a box"),
            place: Some("p17".parse().expect("an id")),
            track: None,
        }],
        rule: RuleRef::limit(60.0),
        network: NetworkRef { name: "yard-n".to_owned(), sha256: Sha256Hex::from_digest([1; 32]) },
        evidence: Vec::new(),
    };
    EventMessage { event, seq: 100 * u64::from(number) + u64::from(rev), published_at: at }
}

pub(crate) fn closed(mut message: EventMessage) -> EventMessage {
    message.event.phase = Phase::Close;
    message.event.until = Some(message.event.at);
    message
}

pub(crate) fn showing(mut message: EventMessage, sha256: &Sha256Hex) -> EventMessage {
    let mime = "image/jpeg".to_owned();
    let evidence = Evidence { evidence_type: EvidenceType::Snapshot, mime, sha256: sha256.clone() };
    message.event.evidence.push(evidence);
    message
}

pub(crate) fn jpeg(number: u8) -> (Sha256Hex, Bytes) {
    let jpeg = Bytes::from(vec![0xff, 0xd8, 0xff, 0xe0, number]);
    (Sha256Hex::from_digest(Sha256::digest(&jpeg).into()), jpeg)
}

pub(crate) fn camera_state(state: CameraCondition) -> CameraStateMessage {
    CameraStateMessage {
        lines: Vec::new(),
        groups: Vec::new(),
        gate: None,
        troubles: Vec::new(),
        not_kept: None,
        not_kept_code: None,
        camera: "gate".parse().expect("an id"),
        name: "东门".to_owned(),
        cell: Some("520121002003".parse().expect("a code")),
        state,
        reason: None,
        reason_code: None,
        since: time(0),
        zones: vec![gridwatch_domain::wire::ZoneSummary {
            id: "fire-lane-1".parse().expect("an id"),
            name: "消防通道".to_owned(),
            zone_type: gridwatch_domain::ZoneType::FireLane,
            polygon: serde_json::from_str("[[0.1,0.1],[0.9,0.1],[0.9,0.9]]").expect("a polygon"),
            cell: None,
        }],
    }
}

pub(crate) fn edge_status(online: bool, at: Timestamp) -> EdgeStatusMessage {
    EdgeStatusMessage { online, version: "0.1.0".to_owned(), at, problem: None }
}

pub(crate) fn received(at: Timestamp, topic: &str, payload: impl Into<Bytes>) -> Received {
    let payload = payload.into();
    Received { at, topic: topic.to_owned(), delivery: open(topic, &payload), payload }
}

pub(crate) fn event_received(message: EventMessage) -> Received {
    let at = message.event.at.saturating_add(std::time::Duration::from_millis(120));
    received(at, &format!("gridwatch/v1/{}/event", message.event.edge), message.to_json())
}

pub(crate) fn snapshot_received(number: u8) -> Received {
    let (sha256, jpeg) = jpeg(number);
    received(time(61), &format!("gridwatch/v1/ljp-01/snapshot/{sha256}"), jpeg)
}

pub(crate) fn camera_received(state: CameraStateMessage) -> Received {
    received(time(0), &format!("gridwatch/v1/ljp-01/camera/{}/state", state.camera), state.to_json())
}

/// The empty message that takes the camera `gate` back.
pub(crate) fn camera_gone_received() -> Received {
    received(time(0), "gridwatch/v1/ljp-01/camera/gate/state", Vec::new())
}

pub(crate) fn edge_received(status: EdgeStatusMessage, at: Timestamp) -> Received {
    received(at, "gridwatch/v1/ljp-01/status", status.to_json())
}

pub(crate) fn grid() -> GridTree {
    let node = |code: &str, name: &str, leader: Option<&str>| GridNode {
        code: code.parse().expect("a code"),
        name: name.to_owned(),
        leader: leader.map(str::to_owned),
    };
    GridTree::new(vec![
        node("520121", "开阳县", None),
        node("520121002", "硒城街道", Some("李明")),
        node("520121002003", "刘家坡社区", Some("王芳")),
        node("520121002003007", "第七网格", None),
    ])
    .expect("complete")
}

/// A store in a folder that ends with it.
pub(crate) struct TestStore {
    pub(crate) store: Store,
    pub(crate) folder: tempfile::TempDir,
}

impl TestStore {
    pub(crate) async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub(crate) async fn open_with(adjust: impl FnOnce(&mut SqliteStoreOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut options = SqliteStoreOptions::new(folder.path());
        adjust(&mut options);
        Self { store: Store::open(options).await.expect("opens"), folder }
    }

    /// A second connection to the same database, for what the store itself does not do.
    pub(crate) async fn other_connection(&self) -> sqlx::SqliteConnection {
        let path = self.folder.path().join("center.sqlite");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        sqlx::ConnectOptions::connect(&options).await.expect("connects")
    }

    #[track_caller]
    pub(crate) fn commit(&self, batch: Vec<Received>) -> impl Future<Output = Vec<Verdict>> {
        let store = self.store.clone();
        async move { store.commit(&batch).await.expect("commits") }
    }

    pub(crate) async fn commit_event(&self, message: EventMessage) -> Verdict {
        self.commit(vec![event_received(message)]).await.remove(0)
    }
}
