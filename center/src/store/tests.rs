//! The store, on real files.

use std::time::Duration;

use gridwatch_domain::{EventId, Phase, Severity, wire::CameraCondition};
use proptest::{prelude::*, sample::subsequence};

use super::*;
use crate::testing::*;

async fn stored(test: &TestStore, id: EventId) -> StoredEvent {
    test.store.event(id).await.expect("reads").expect("is there")
}

async fn all(test: &TestStore, filter: EventFilter) -> Vec<EventId> {
    let page = test.store.events(&filter, None, 500).await.expect("reads");
    page.items.into_iter().map(|event| event.message.event.id).collect()
}

async fn count(test: &TestStore, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&mut test.other_connection().await).await.expect("counts")
}

// ---- Revisions ------------------------------------------------------------------------------------------------------

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order, the batching and the repetitions: the same rows.
    #[test]
    fn revisions_converge_in_any_order(
        order in Just((1..=5_u32).collect::<Vec<_>>()).prop_shuffle(),
        again in subsequence((1..=5_u32).collect::<Vec<_>>(), 0..=5),
        batch in 1..=4_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let test = TestStore::open().await;
            let revisions: Vec<u32> = order.iter().chain(&again).copied().collect();
            let mut new = 0;
            for batch in revisions.chunks(batch) {
                let batch = batch.iter().map(|rev| event_received(event(1, *rev))).collect();
                new += test.commit(batch).await.iter().filter(|verdict| **verdict == Verdict::Stored).count();
            }
            assert_eq!(new, 5);
            let event = stored(&test, id(1)).await;
            assert_eq!((event.message.event.rev, event.opened_at), (5, time(60)));
            let history = test.store.history(id(1)).await.expect("reads");
            assert_eq!(history.iter().map(|it| it.rev).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
            assert_eq!(all(&test, EventFilter::default()).await, [id(1)]);
        });
    }
}

#[tokio::test]
async fn a_late_lower_revision_opens_the_event_earlier() {
    let test = TestStore::open().await;
    test.commit_event(event(1, 3)).await;
    assert_eq!(stored(&test, id(1)).await.opened_at, time(180));
    test.commit_event(event(1, 1)).await;
    let event = stored(&test, id(1)).await;
    assert_eq!((event.opened_at, event.message.event.rev), (time(60), 3));
}

#[tokio::test]
async fn the_same_revision_again_is_a_duplicate_even_if_published_anew() {
    let test = TestStore::open().await;
    let mut message = event(1, 1);
    assert_eq!(test.commit_event(message.clone()).await, Verdict::Stored);
    assert_eq!(test.commit_event(message.clone()).await, Verdict::Duplicate);
    message.seq += 7;
    message.published_at = time(900);
    assert_eq!(test.commit_event(message).await, Verdict::Duplicate);
    assert_eq!(count(&test, "SELECT COUNT(*) FROM events").await, 1);
    assert_eq!(count(&test, "SELECT COUNT(*) FROM changes").await, 1);
    assert_eq!(count(&test, "SELECT COUNT(*) FROM rejected").await, 0);
}

#[tokio::test]
async fn of_two_contents_for_one_revision_the_first_one_stands() {
    let test = TestStore::open().await;
    test.commit_event(event(1, 1)).await;
    let mut other = event(1, 1);
    other.event.dwell_s = 1.0;
    assert!(matches!(test.commit_event(other).await, Verdict::Conflict(_)));
    assert_eq!(stored(&test, id(1)).await.message, event(1, 1));
    assert_eq!(test.store.rejected().await.expect("reads")["conflict"], 1);
}

#[tokio::test]
async fn no_edge_box_writes_into_anothers_event() {
    let test = TestStore::open().await;
    test.commit_event(event(1, 1)).await;
    let mut foreign = event(1, 2);
    foreign.event.edge = "ljp-02".parse().expect("an id");
    assert!(matches!(test.commit_event(foreign).await, Verdict::Conflict(_)));
    assert_eq!(stored(&test, id(1)).await.message.event.rev, 1);
}

#[tokio::test]
async fn everything_is_still_there_after_opening_anew() {
    let test = TestStore::open().await;
    let (sha256, picture) = jpeg(1);
    test.commit(vec![event_received(showing(event(1, 1), &sha256)), snapshot_received(1)]).await;
    test.store.acknowledge(id(1), "王芳", time(100)).await.expect("acknowledges");
    test.store.replace_grid(&grid()).await.expect("replaces");
    let before = stored(&test, id(1)).await;
    let second = Store::open(SqliteStoreOptions::new(test.folder.path())).await;
    assert!(matches!(second, Err(StoreError::InUse { .. })), "one process at a time");
    test.store.close().await;

    let store = Store::open(SqliteStoreOptions::new(test.folder.path())).await.expect("opens again");
    assert_eq!(store.event(id(1)).await.expect("reads"), Some(before));
    assert_eq!(store.snapshot(id(1), None).await.expect("reads"), Some((sha256, picture)));
    assert_eq!(store.grid().await.expect("reads"), grid());
}

// ---- Acknowledgements -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn the_first_acknowledgement_stands_and_later_revisions_keep_it() {
    let test = TestStore::open().await;
    test.commit_event(event(1, 1)).await;
    assert_eq!(test.store.acknowledge(id(9), "王芳", time(70)).await.expect("answers"), None);
    test.store.acknowledge(id(1), "王芳", time(70)).await.expect("acknowledges");
    test.store.acknowledge(id(1), "李明", time(80)).await.expect("acknowledges");
    test.commit_event(event(1, 2)).await;
    let first = Acknowledged { at: time(70), by: "王芳".to_owned() };
    assert_eq!(stored(&test, id(1)).await.acknowledged, Some(first));
    assert_eq!(count(&test, "SELECT COUNT(*) FROM changes").await, 3);
}

// ---- Snapshots ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_picture_may_come_before_or_after_its_event() {
    let test = TestStore::open().await;
    let ((early, _), (late, picture)) = (jpeg(1), jpeg(2));
    test.commit(vec![snapshot_received(1), event_received(showing(event(1, 1), &early))]).await;
    assert_eq!(stored(&test, id(1)).await.snapshot, Some(early));

    test.commit_event(showing(event(2, 1), &late)).await;
    assert_eq!(stored(&test, id(2)).await.snapshot, None);
    let (_, before) = test.store.change_range().await.expect("reads");
    assert_eq!(test.commit(vec![snapshot_received(2)]).await, [Verdict::Stored]);
    assert_eq!(stored(&test, id(2)).await.snapshot, Some(late.clone()));
    let changes = test.store.changes_after(before, 10).await.expect("reads");
    assert_eq!(
        changes.iter().map(|it| it.subject.clone()).collect::<Vec<_>>(),
        [ChangeSubject::Event(id(2))]
    );
    assert_eq!(test.store.snapshot(id(2), Some(&late)).await.expect("reads"), Some((late.clone(), picture)));
    assert_eq!(test.store.snapshot(id(1), Some(&late)).await.expect("reads"), None, "not its picture");
}

#[tokio::test]
async fn a_picture_that_somebody_has_deleted_is_healed_by_sending_it_again() {
    let test = TestStore::open().await;
    let (sha256, picture) = jpeg(1);
    test.commit(vec![event_received(showing(event(1, 1), &sha256)), snapshot_received(1)]).await;
    let shelf = test.folder.path().join("snapshots").join(&sha256.as_str()[..2]);
    std::fs::remove_file(shelf.join(format!("{sha256}.jpg"))).expect("is there");
    assert_eq!(test.store.snapshot(id(1), None).await.expect("reads"), None);
    assert_eq!(test.commit(vec![snapshot_received(1)]).await, [Verdict::Duplicate]);
    assert_eq!(test.store.snapshot(id(1), None).await.expect("reads"), Some((sha256, picture)));
}

// ---- Cells ----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn an_event_without_a_cell_takes_its_zones_or_its_cameras_whenever_that_comes() {
    let test = TestStore::open().await;
    let homeless = |number| {
        let mut message = event(number, 1);
        message.event.cell = None;
        message
    };
    test.commit_event(homeless(1)).await;
    assert_eq!(stored(&test, id(1)).await.cell, None);

    let mut state = camera_state(CameraCondition::Live);
    test.commit(vec![camera_received(state.clone())]).await;
    let of_camera = state.cell.clone();
    assert_eq!(stored(&test, id(1)).await.cell, of_camera, "came before its camera");
    test.commit_event(homeless(2)).await;
    assert_eq!(stored(&test, id(2)).await.cell, of_camera, "came after its camera");

    state.zones[0].cell = Some("520121002003009".parse().expect("a code"));
    test.commit(vec![camera_received(state.clone())]).await;
    test.commit_event(homeless(3)).await;
    assert_eq!(stored(&test, id(3)).await.cell, state.zones[0].cell, "its zone's comes first");
    assert_eq!(stored(&test, id(1)).await.cell, of_camera, "what happened stays where it happened");
    test.commit_event(event(4, 1)).await;
    assert_eq!(stored(&test, id(4)).await.cell, event(4, 1).event.cell, "its own comes before all");
}

// ---- Edge boxes and cameras -----------------------------------------------------------------------------------------

#[tokio::test]
async fn a_gone_edge_box_takes_its_cameras_with_it_until_it_is_back() {
    let test = TestStore::open().await;
    test.commit(vec![camera_received(camera_state(CameraCondition::Live))]).await;
    let gone = async || test.store.cameras().await.expect("reads")[0].edge_offline_since;
    assert_eq!(gone().await, None);
    test.commit(vec![edge_received(edge_status(true, time(0)), time(1))]).await;
    assert_eq!(gone().await, None);
    test.commit(vec![edge_received(edge_status(false, time(0)), time(50))]).await;
    assert_eq!(gone().await, Some(time(50)));
    // The same retained message again, after the center has reconnected.
    assert_eq!(
        test.commit(vec![edge_received(edge_status(false, time(0)), time(90))]).await,
        [Verdict::Duplicate]
    );
    assert_eq!(gone().await, Some(time(50)));
    test.commit(vec![edge_received(edge_status(true, time(60)), time(91))]).await;
    assert_eq!(gone().await, None);
    let stale_will = edge_received(edge_status(false, time(0)), time(92));
    assert_eq!(test.commit(vec![stale_will]).await, [Verdict::Duplicate], "the will of an older connection");
    let edges = test.store.edges().await.expect("reads");
    assert_eq!((edges[0].online, edges[0].since), (true, time(60)));
}

#[tokio::test]
async fn a_problem_of_an_edge_box_comes_and_goes_without_touching_since() {
    let test = TestStore::open().await;
    let mut status = edge_status(true, time(0));
    test.commit(vec![edge_received(status.clone(), time(1))]).await;
    status.problem = Some("disk full".to_owned());
    assert_eq!(test.commit(vec![edge_received(status, time(2))]).await, [Verdict::Stored]);
    let edge = test.store.edges().await.expect("reads").remove(0);
    assert_eq!((edge.problem.as_deref(), edge.since), (Some("disk full"), time(0)));
}

#[tokio::test]
async fn a_camera_that_is_taken_back_is_gone_and_its_events_stay() {
    let test = TestStore::open().await;
    let state = camera_state(CameraCondition::Live);
    assert_eq!(state.camera.as_str(), "gate");
    test.commit(vec![camera_received(state.clone()), event_received(event(1, 1))]).await;
    assert_eq!(test.commit(vec![camera_gone_received()]).await, [Verdict::Stored]);
    assert_eq!(test.store.cameras().await.expect("reads"), []);
    assert_eq!(stored(&test, id(1)).await.message.event.camera, state.camera);
    assert_eq!(test.commit(vec![camera_gone_received()]).await, [Verdict::Duplicate], "told again");
    test.commit(vec![camera_received(state)]).await;
    assert_eq!(test.store.cameras().await.expect("reads").len(), 1);
}

// ---- Lists ----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn pages_of_the_list_neither_repeat_nor_leave_out_while_new_events_come() {
    let test = TestStore::open().await;
    // All open at the same time: the id decides.
    test.commit((1..=7).map(|number| event_received(event(number, 1))).collect()).await;
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = test.store.events(&EventFilter::default(), before, 3).await.expect("reads");
        seen.extend(page.items.iter().map(|event| event.message.event.id));
        let mut newer = event(100 + u8::try_from(seen.len()).expect("few"), 1);
        newer.event.at = time(999);
        test.commit_event(newer).await;
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=7).rev().map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn filters_narrow() {
    let test = TestStore::open().await;
    let mut elsewhere = event(1, 1);
    elsewhere.event.cell = Some("520121009001001".parse().expect("a code"));
    elsewhere.event.severity = Severity::Minor;
    let mut blind = event(2, 2);
    blind.event.unobserved = true;
    let mut other_camera = closed(event(3, 2));
    other_camera.event.camera = "yard".parse().expect("an id");
    test.commit([elsewhere, blind, other_camera].into_iter().map(event_received).collect()).await;
    test.store.acknowledge(id(2), "王芳", time(500)).await.expect("acknowledges");

    let check = async |filter: EventFilter, expected: &[u8]| {
        let expected: Vec<EventId> = expected.iter().map(|number| id(*number)).collect();
        assert_eq!(all(&test, filter.clone()).await, expected, "{filter:?}");
    };
    let any = EventFilter::default;
    check(any(), &[3, 2, 1]).await;
    check(EventFilter { cell_prefix: Some("520121009".to_owned()), ..any() }, &[1]).await;
    check(EventFilter { cell_prefix: Some("52012100".to_owned()), ..any() }, &[3, 2, 1]).await;
    check(EventFilter { cell_prefix: Some("520121002003007".to_owned()), ..any() }, &[3, 2]).await;
    check(EventFilter { severity: Some(Severity::Minor), ..any() }, &[1]).await;
    check(EventFilter { phase: Some(EventPhase::Unobserved), ..any() }, &[2]).await;
    check(EventFilter { phase: Some(EventPhase::Told(Phase::Open)), ..any() }, &[1]).await;
    check(EventFilter { phase: Some(EventPhase::Told(Phase::Close)), ..any() }, &[3]).await;
    check(EventFilter { camera: Some("yard".parse().expect("an id")), ..any() }, &[3]).await;
    check(EventFilter { acknowledged: Some(true), ..any() }, &[2]).await;
    check(EventFilter { acknowledged: Some(false), ..any() }, &[3, 1]).await;
    let counts = test.store.counts(time(100)).await.expect("reads");
    assert_eq!(counts, Counts { open: 2, unacknowledged: 2, opened_since: 2 });
}

#[tokio::test]
async fn a_damaged_row_hides_nothing_but_itself() {
    let test = TestStore::open().await;
    test.commit((1..=3).map(|number| event_received(event(number, 1))).collect()).await;
    let damage = sqlx::query("UPDATE events SET message = '{' WHERE id = ?").bind(id(2).to_string());
    damage.execute(&mut test.other_connection().await).await.expect("damages");
    assert_eq!(all(&test, EventFilter::default()).await, [id(3), id(1)]);
    // Nor does it stop what comes after it.
    assert!(matches!(test.commit_event(event(2, 1)).await, Verdict::Conflict(_)));
    assert_eq!(test.commit_event(event(4, 1)).await, Verdict::Stored);
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

fn rejected(payload: Vec<u8>, at: i64) -> Received {
    received(time(at), "gridwatch/v1/ljp-01/event", payload)
}

#[tokio::test]
async fn the_quarantine_keeps_the_newest_and_counts_repetitions() {
    let test = TestStore::open_with(|options| options.rejected_kept = 3).await;
    test.commit(vec![rejected(b"first".to_vec(), 0), rejected(b"second".to_vec(), 1)]).await;
    test.commit(vec![rejected(b"first".to_vec(), 2)]).await;
    test.commit(vec![rejected(vec![b'x'; 100_000], 3), rejected(b"fourth".to_vec(), 4)]).await;
    let rows: Vec<(i64, i64, i64)> =
        sqlx::query_as("SELECT times, size, length(payload) FROM rejected ORDER BY last_at")
            .fetch_all(&mut test.other_connection().await)
            .await
            .expect("reads");
    assert_eq!(rows, [(2, 5, 5), (1, 100_000, 65_536), (1, 6, 6)], "the second one is gone");
}

#[tokio::test]
async fn old_changes_go_and_numbers_grow_on() {
    let test = TestStore::open_with(|options| options.changes_kept = 4).await;
    for rev in 1..=10 {
        test.commit_event(event(1, rev)).await;
    }
    assert_eq!(test.store.change_range().await.expect("reads"), (7, 10));
}

// ---- Failures -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_locked_database_fails_the_batch_as_a_whole_and_may_pass() {
    let test = TestStore::open_with(|options| options.busy_timeout = Duration::from_millis(20)).await;
    let mut other = test.other_connection().await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("locks");
    let batch = [event_received(event(1, 1)), event_received(event(2, 1))];
    let error = test.store.commit(&batch).await.expect_err("is locked");
    assert!(!error.is_refusal(), "{error:?}");
    assert_eq!(all(&test, EventFilter::default()).await, []);
    sqlx::query("ROLLBACK").execute(&mut other).await.expect("unlocks");
    assert_eq!(test.store.commit(&batch).await.expect("commits"), [Verdict::Stored, Verdict::Stored]);
}

#[tokio::test]
async fn a_full_disk_fails_the_batch_as_a_whole_and_may_pass() {
    let test = TestStore::open().await;
    // Of the connection that writes at present; the next one knows nothing of it.
    test.store.execute_on_writer("PRAGMA max_page_count = 1").await;
    let batch: Vec<Received> = (1..=250).map(|number| event_received(event(number, 1))).collect();
    let error = test.store.commit(&batch).await.expect_err("is full");
    assert!(!error.is_refusal(), "{error:?}");
    assert_eq!(all(&test, EventFilter::default()).await, []);
    assert_eq!(test.store.commit(&batch).await.expect("commits").len(), 250);
}
