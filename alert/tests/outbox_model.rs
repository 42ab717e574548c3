//! Any sequence of appends, acknowledgements and restarts leaves what a plain model says.

mod support;

use std::{collections::BTreeMap, path::Path};

use bytes::Bytes;
use gridwatch_alert::{Append, Outbox, OutboxSettings, PendingItem, Position, Snapshot};
use gridwatch_domain::{
    Checkpoint, Event, Sha256Hex,
    wire::{AckMessage, AckedEvent},
};
use proptest::prelude::*;
use support::{camera, event, event_id};

#[derive(Debug, Clone)]
enum Step {
    /// Event, revisions to append at once, whether a picture comes along.
    Append(u8, Vec<u32>, bool),
    AckEvent(u8, u32),
    AckPicture(u8),
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0_u8..4;
    prop_oneof![
        4 => (number.clone(), proptest::collection::vec(1_u32..6, 1..4), any::<bool>())
            .prop_map(|(number, revs, picture)| Step::Append(number, revs, picture)),
        4 => (number.clone(), 1_u32..6).prop_map(|(number, rev)| Step::AckEvent(number, rev)),
        2 => number.prop_map(Step::AckPicture),
        1 => Just(Step::Kill),
    ]
}

/// The same in plain words. Revision 5 closes an event.
#[derive(Debug, Default)]
struct Model {
    next_seq: u64,
    last_rev: BTreeMap<u8, (u32, bool)>,
    entries: BTreeMap<u64, (u8, u32)>,
    /// Pictures waiting, with the number of the message that brought them.
    pictures: BTreeMap<u8, u64>,
    checkpoint: Option<Vec<u8>>,
}

impl Model {
    fn append(&mut self, number: u8, revs: &[u32], picture: bool) {
        for &rev in revs {
            let (last, closed) = self.last_rev.entry(number).or_default();
            if rev > *last {
                (*last, *closed) = (rev, rev == CLOSING);
                self.next_seq += 1;
                self.entries.insert(self.next_seq, (number, rev));
                if picture {
                    self.pictures.entry(number).or_insert(self.next_seq);
                }
            }
        }
        self.checkpoint = Some(vec![number, revs.len() as u8]);
    }

    fn ack_event(&mut self, number: u8, rev: u32) {
        self.entries.retain(|_, entry| *entry != (number, rev));
        let waits = self.entries.values().any(|(other, _)| *other == number);
        if !waits && self.last_rev.get(&number).is_some_and(|(_, closed)| *closed) {
            self.last_rev.remove(&number);
        }
    }

    fn pending(&self) -> Vec<String> {
        let mut all: Vec<(u64, u8, String)> = self
            .entries
            .iter()
            .map(|(&seq, (number, rev))| (seq, 1, format!("{seq} {} {rev}", event_id(*number))))
            .chain(self.pictures.iter().map(|(number, &seq)| (seq, 0, format!("picture {number}"))))
            .collect();
        all.sort();
        all.into_iter().map(|(_, _, text)| text).collect()
    }
}

const CLOSING: u32 = 5;

fn revision(number: u8, rev: u32) -> Event {
    if rev == CLOSING { Event { rev, ..event(number, 9) } } else { event(number, rev) }
}

fn picture(number: u8) -> Snapshot {
    let sha256 = Sha256Hex::from_digest([number; 32]);
    Snapshot { event: event_id(number), mime: "image/jpeg", bytes: Bytes::from(vec![number; 5000]), sha256 }
}

async fn open(folder: &Path) -> Outbox {
    Outbox::open(&folder.join("outbox.db"), OutboxSettings { max_size: 64 << 20 }).await.expect("opens")
}

async fn run(steps: Vec<Step>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut outbox = open(folder.path()).await;
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Append(number, revs, with_picture) => {
                model.append(number, &revs, with_picture);
                let events: Vec<_> = revs.iter().map(|&rev| revision(number, rev)).collect();
                let pictures = if with_picture { vec![picture(number)] } else { Vec::new() };
                let checkpoint = Checkpoint { camera: camera("gate"), state: vec![number, revs.len() as u8] };
                let append = Append {
                    events: &events,
                    snapshots: &pictures,
                    checkpoint: Some(&checkpoint),
                    ..Append::default()
                };
                outbox.append(append).await.expect("room");
            }
            Step::AckEvent(number, rev) => {
                model.ack_event(number, rev);
                let events = vec![AckedEvent { id: event_id(number), rev }];
                outbox.remove_acked(&AckMessage { events, ..AckMessage::default() }).await.expect("writable");
            }
            Step::AckPicture(number) => {
                model.pictures.remove(&number);
                let snapshots = vec![Sha256Hex::from_digest([number; 32])];
                outbox
                    .remove_acked(&AckMessage { snapshots, ..AckMessage::default() })
                    .await
                    .expect("writable");
            }
            Step::Kill => {
                drop(outbox);
                outbox = open(folder.path()).await;
            }
        }
        compare(&outbox, &model).await;
    }
}

async fn compare(outbox: &Outbox, model: &Model) {
    let found: Vec<String> = outbox
        .pending(&Position::default(), 1000)
        .await
        .expect("readable")
        .into_iter()
        .map(|pending| match pending.item {
            PendingItem::Event { event, seq, .. } => format!("{seq} {} {}", event.id, event.rev),
            PendingItem::Snapshot { bytes, .. } => format!("picture {}", bytes[0]),
            PendingItem::Unreadable { problem } => panic!("{problem}"),
        })
        .collect();
    assert_eq!(found, model.pending());
    let stats = outbox.stats();
    assert_eq!(stats.entries as usize, model.entries.len());
    assert_eq!(stats.snapshots as usize, model.pictures.len());
    let checkpoints = outbox.checkpoints().await.expect("readable");
    assert_eq!(checkpoints.first().map(|checkpoint| &checkpoint.state), model.checkpoint.as_ref());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_outbox_does_as_the_model(steps in proptest::collection::vec(step(), 1..25)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(run(steps));
    }
}
