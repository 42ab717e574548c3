//! The outbox on a real file.

mod support;

use std::{fs, path::Path};

use bytes::Bytes;
use gridwatch_alert::{
    Append, Appended, Outbox, OutboxError, OutboxSettings, PendingItem, Position, Removed, Snapshot,
};
use gridwatch_domain::{
    Checkpoint, Event, Evidence, EvidenceType, Sha256Hex,
    wire::{AckMessage, AckedEvent},
};
use support::{camera, event, event_id, time};

const ROOMY: OutboxSettings = OutboxSettings { max_size: 64 << 20 };

async fn open(folder: &Path) -> Outbox {
    Outbox::open(&folder.join("outbox.db"), ROOMY).await.expect("opens")
}

fn picture(number: u8, size: usize) -> Snapshot {
    Snapshot {
        event: event_id(number),
        mime: "image/jpeg",
        bytes: Bytes::from(vec![number; size]),
        sha256: Sha256Hex::from_digest([number; 32]),
    }
}

async fn append(outbox: &Outbox, events: &[Event]) -> Appended {
    outbox.append(Append { events, ..Append::default() }).await.expect("room")
}

fn ack(events: &[(u8, u32)], snapshots: &[u8]) -> AckMessage {
    AckMessage {
        events: events.iter().map(|&(number, rev)| AckedEvent { id: event_id(number), rev }).collect(),
        snapshots: snapshots.iter().map(|&number| Sha256Hex::from_digest([number; 32])).collect(),
        ..AckMessage::default()
    }
}

/// `e<seq>:<rev>` and `s<number>` in order of delivery.
async fn pending(outbox: &Outbox) -> Vec<String> {
    let all = outbox.pending(&Position::default(), 1000).await.expect("readable");
    all.iter()
        .map(|pending| match &pending.item {
            PendingItem::Event { event, seq, .. } => format!("e{seq}:{}", event.rev),
            PendingItem::Snapshot { bytes, .. } => format!("s{}", bytes[0]),
            PendingItem::Unreadable { problem } => panic!("{problem}"),
        })
        .collect()
}

#[tokio::test]
async fn what_was_appended_is_there_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoint = Checkpoint { camera: camera("gate"), state: vec![1, 2, 3] };
    {
        let outbox = open(folder.path()).await;
        let snapshots = [picture(1, 100_000)];
        let both = Append {
            events: &[event(1, 1), event(2, 1)],
            snapshots: &snapshots,
            checkpoint: Some(&checkpoint),
            ..Append::default()
        };
        let appended = outbox.append(both).await.expect("room");
        assert_eq!(appended, Appended { entries: 2, snapshots: 1, ..Appended::default() });
    }
    let outbox = open(folder.path()).await;
    assert_eq!(pending(&outbox).await, ["s1", "e1:1", "e2:1"]);
    assert_eq!(outbox.checkpoints().await.expect("readable"), [checkpoint]);
    assert_eq!((outbox.stats().entries, outbox.stats().snapshots), (2, 1));
}

#[tokio::test]
async fn a_revision_appended_twice_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    append(&outbox, &[event(1, 1)]).await;
    assert_eq!(
        append(&outbox, &[event(1, 1), event(1, 2)]).await,
        Appended { entries: 1, repeated: 1, ..Appended::default() }
    );
    outbox.remove_acked(&ack(&[(1, 1)], &[])).await.expect("writable");
    assert_eq!(append(&outbox, &[event(1, 1)]).await.repeated, 1, "also once it has been delivered");
    assert_eq!(pending(&outbox).await, ["e2:2"]);
}

#[tokio::test]
async fn numbers_are_never_given_again() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let outbox = open(folder.path()).await;
        append(&outbox, &[event(1, 1), event(2, 1)]).await;
        outbox.remove_acked(&ack(&[(1, 1), (2, 1)], &[])).await.expect("writable");
        assert!(outbox.is_empty());
    }
    let outbox = open(folder.path()).await;
    append(&outbox, &[event(3, 1)]).await;
    assert_eq!(pending(&outbox).await, ["e3:1"]);
}

#[tokio::test]
async fn every_revision_carries_the_evidence_of_its_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    let snapshots = [picture(1, 1000)];
    outbox
        .append(Append { events: &[event(1, 1)], snapshots: &snapshots, ..Append::default() })
        .await
        .expect("room");
    outbox.remove_acked(&ack(&[(1, 1)], &[1])).await.expect("writable");
    append(&outbox, &[event(1, 2), event(2, 1)]).await;
    let shown = |item: &PendingItem| match item {
        PendingItem::Event { event, .. } => event.evidence.clone(),
        other => panic!("{other:?}"),
    };
    let all = outbox.pending(&Position::default(), 10).await.expect("readable");
    let sha256 = snapshots[0].sha256.clone();
    let evidence = Evidence { evidence_type: EvidenceType::Snapshot, mime: "image/jpeg".to_owned(), sha256 };
    assert_eq!(shown(&all[0].item), [evidence]);
    assert_eq!(shown(&all[1].item), []);
}

#[tokio::test]
async fn acknowledgements_twice_or_of_strangers_are_harmless() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    let snapshots = [picture(1, 1000)];
    outbox
        .append(Append { events: &[event(1, 1)], snapshots: &snapshots, ..Append::default() })
        .await
        .expect("room");
    let both = ack(&[(1, 1), (7, 1)], &[1, 7]);
    let removed = outbox.remove_acked(&both).await.expect("writable");
    assert_eq!(removed, Removed { entries: 1, snapshots: 1, unknown: 2 });
    let removed = outbox.remove_acked(&both).await.expect("writable");
    assert_eq!(removed, Removed { entries: 0, snapshots: 0, unknown: 4 });
    assert!(outbox.is_empty());
}

#[tokio::test]
async fn the_first_time_of_publishing_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    append(&outbox, &[event(1, 1)]).await;
    outbox.mark_published(&[1], time(100)).await.expect("writable");
    outbox.mark_published(&[1], time(200)).await.expect("writable");
    let all = outbox.pending(&Position::default(), 10).await.expect("readable");
    assert!(
        matches!(all[0].item, PendingItem::Event { published_at: Some(at), .. } if at == time(100)),
        "{all:?}"
    );
    assert_eq!(outbox.pending_at(&all[0].position).await.expect("readable").as_ref(), Some(&all[0]));
}

#[tokio::test]
async fn pages_of_what_is_pending_fit_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    for number in 1..=5 {
        let snapshots = [picture(number, 100)];
        let one = Append { events: &[event(number, 1)], snapshots: &snapshots, ..Append::default() };
        outbox.append(one).await.expect("room");
    }
    let whole = outbox.pending(&Position::default(), 100).await.expect("readable");
    assert_eq!(whole.len(), 10);
    for limit in 1..=3 {
        let (mut pages, mut cursor) = (Vec::new(), Position::default());
        loop {
            let page = outbox.pending(&cursor, limit).await.expect("readable");
            let Some(last) = page.last() else { break };
            cursor = last.position.clone();
            pages.extend(page);
        }
        assert_eq!(pages, whole, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_full_outbox_says_so_keeps_what_it_has_and_recovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("outbox.db");
    let outbox = Outbox::open(&file, OutboxSettings { max_size: 1 << 20 }).await.expect("opens");
    let mut stored = 0;
    let error = loop {
        let number = stored + 1;
        let snapshots = [picture(number, 100_000)];
        let checkpoint = Checkpoint { camera: camera("gate"), state: vec![number] };
        let one = Append {
            events: &[event(number, 1)],
            snapshots: &snapshots,
            checkpoint: Some(&checkpoint),
            ..Append::default()
        };
        match outbox.append(one).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(error.is_full() && error.to_string().contains("the limit of 1 MiB is reached"), "{error}");
    assert!((5..10).contains(&stored), "{stored} of 100 kB in 1 MiB");
    assert_eq!((outbox.stats().entries, outbox.stats().snapshots), (stored.into(), stored.into()));
    let kept = outbox.checkpoints().await.expect("readable");
    assert_eq!(kept[0].state, [stored], "all of an append or nothing");
    assert!(fs::metadata(&file).expect("there").len() <= 1 << 20);

    outbox.remove_acked(&ack(&[(1, 1)], &[1, 2])).await.expect("room for removing");
    let snapshots = [picture(50, 100_000)];
    let one = Append { events: &[event(50, 1)], snapshots: &snapshots, ..Append::default() };
    outbox.append(one).await.expect("room again");
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("outbox.db");
    for damage in
        ["this is no database, but it is long enough to look like something".repeat(200), "?".repeat(100)]
    {
        fs::write(&file, &damage).expect("writable");
        let error = Outbox::open(&file, ROOMY).await.err().expect("refused");
        assert!(matches!(error, OutboxError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains("move the file away"), "{error}");
        assert_eq!(fs::read_to_string(&file).expect("there"), damage, "untouched");
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_found_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("outbox.db");
    {
        let outbox = open(folder.path()).await;
        for number in 1..100 {
            append(&outbox, &[event(number, 1)]).await;
        }
    }
    // A second opening writes the log back and leaves the file alone.
    drop(open(folder.path()).await);
    let reopened = open(folder.path()).await;
    drop(reopened);
    let mut bytes = fs::read(&file).expect("there");
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xff);
    let _ = fs::remove_file(folder.path().join("outbox.db-wal"));
    fs::write(&file, bytes).expect("writable");
    let error = Outbox::open(&file, ROOMY).await.err().expect("refused");
    assert!(matches!(error, OutboxError::Corrupt { .. }), "{error:?}");
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("outbox.db");
    let outbox = open(folder.path()).await;
    append(&outbox, &[event(1, 1)]).await;
    let error = Outbox::open(&file, ROOMY).await.err().expect("refused");
    assert!(matches!(error, OutboxError::Locked { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("state"), "a file").expect("writable");
    let error = Outbox::open(&folder.path().join("state/outbox.db"), ROOMY).await.err().expect("refused");
    assert!(matches!(error, OutboxError::Folder { .. }), "{error:?}");
}

/// On a disk of 12–64 MiB that `GRIDWATCH_SMALL_DISK` names, such as a tmpfs of 16 MiB.
#[tokio::test]
async fn a_full_disk_is_as_a_full_outbox() {
    let Some(disk) = std::env::var_os("GRIDWATCH_SMALL_DISK") else {
        println!("SKIPPED: GRIDWATCH_SMALL_DISK names no folder on a small disk");
        return;
    };
    let folder = tempfile::tempdir_in(disk).expect("a folder");
    let outbox = Outbox::open(&folder.path().join("outbox.db"), ROOMY).await.expect("opens");
    let mut stored = 0;
    let error = loop {
        let snapshots = [picture(stored + 1, 200_000)];
        let one = Append { events: &[event(stored + 1, 1)], snapshots: &snapshots, ..Append::default() };
        match outbox.append(one).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    println!("{stored} appended, then: {error:?}");
    assert!(error.is_full() && error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(outbox.stats().entries, u64::from(stored));
    assert_eq!(pending(&outbox).await.len(), 2 * usize::from(stored), "all of it can still be read");
    assert!(folder.path().join("outbox.reserve").exists(), "appending leaves the reserve alone");
    for number in 1..=stored / 2 {
        outbox.remove_acked(&ack(&[(number, 1)], &[number])).await.expect("removed though the disk is full");
    }
    // Full and empty, again and again: the log must find room each time.
    let mut next = stored;
    for _ in 0..40 {
        next = if next >= 250 { stored } else { next + 1 };
        let snapshots = [picture(next, 200_000)];
        let one = Append { events: &[event(next, 1)], snapshots: &snapshots, ..Append::default() };
        outbox.append(one).await.expect("room again");
        outbox.remove_acked(&ack(&[(next, 1)], &[next])).await.expect("removed");
    }
    let snapshots = [picture(251, 200_000)];
    let one = Append { events: &[event(251, 1)], snapshots: &snapshots, ..Append::default() };
    outbox.append(one).await.expect("room again");
    drop(outbox);
    let outbox = Outbox::open(&folder.path().join("outbox.db"), ROOMY).await.expect("opens again");
    assert_eq!(outbox.stats().entries, u64::from(stored - stored / 2 + 1));
}
