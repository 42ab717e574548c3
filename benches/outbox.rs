//! What it costs to make findings durable: one transaction each, flushed to the disk where there are events.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{Criterion, criterion_group, criterion_main};
use gridwatch_alert::{Append, Outbox, OutboxSettings, Snapshot};
use gridwatch_domain::{
    CameraId, Checkpoint, Event, EventId, EventKind, EventObject, NetworkRef, NormBox, ObjectClass, Phase,
    RuleRef, Severity, Sha256Hex, Timestamp,
    wire::{AckMessage, AckedEvent},
};
use tokio::runtime::Runtime;

/// A usual snapshot.
const SNAPSHOT_BYTES: usize = 200_000;
/// The memory of a camera with a dozen parked vehicles.
const CHECKPOINT_BYTES: usize = 4_000;

fn event(number: u64) -> Event {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    Event {
        id: EventId::from_parts(Timestamp::UNIX_EPOCH, random),
        rev: 1,
        edge: "box-1".parse().expect("valid"),
        kind: EventKind::FireLane,
        phase: Phase::Open,
        severity: Severity::Critical,
        camera: camera(),
        zone: Some("fire-1".parse().expect("valid")),
        cell: Some("520121002003007".parse().expect("valid")),
        since: Timestamp::UNIX_EPOCH,
        at: Timestamp::UNIX_EPOCH,
        until: None,
        dwell_s: 60.0,
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

fn camera() -> CameraId {
    "gate".parse().expect("valid")
}

fn snapshot(number: u64) -> Snapshot {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    Snapshot {
        event: event(number).id,
        mime: "image/jpeg",
        bytes: vec![7; SNAPSHOT_BYTES].into(),
        sha256: Sha256Hex::from_digest(digest),
    }
}

struct Bench {
    runtime: Runtime,
    outbox: Outbox,
    checkpoint: Checkpoint,
    number: u64,
}

impl Bench {
    /// Appends `rounds` times; what acknowledging takes in between does not count.
    fn append(&mut self, rounds: u64, events: bool, snapshots: bool) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..rounds {
            self.number += 1;
            let found = if events { vec![event(self.number)] } else { Vec::new() };
            let pictures = if snapshots { vec![snapshot(self.number)] } else { Vec::new() };
            let append = Append {
                events: &found,
                snapshots: &pictures,
                checkpoint: Some(&self.checkpoint),
                ..Append::default()
            };
            let began = Instant::now();
            black_box(self.runtime.block_on(self.outbox.append(append)).expect("room"));
            spent += began.elapsed();
            let ack = AckMessage {
                events: found.iter().map(|event| AckedEvent { id: event.id, rev: event.rev }).collect(),
                snapshots: pictures.iter().map(|picture| picture.sha256.clone()).collect(),
                ..AckMessage::default()
            };
            self.runtime.block_on(self.outbox.remove_acked(&ack)).expect("writable");
        }
        spent
    }
}

fn append(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = Runtime::new().expect("a runtime");
    let settings = OutboxSettings { max_size: 256 << 20 };
    let outbox = runtime.block_on(Outbox::open(&folder.path().join("outbox.db"), settings)).expect("opens");
    let checkpoint = Checkpoint { camera: camera(), state: vec![7; CHECKPOINT_BYTES] };
    let mut bench = Bench { runtime, outbox, checkpoint, number: 0 };
    let mut group = criterion.benchmark_group("outbox_append");
    group.sample_size(50);
    group.bench_function("checkpoint", |b| b.iter_custom(|rounds| bench.append(rounds, false, false)));
    group.bench_function("event", |b| b.iter_custom(|rounds| bench.append(rounds, true, false)));
    group.bench_function("event_and_snapshot", |b| b.iter_custom(|rounds| bench.append(rounds, true, true)));
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
