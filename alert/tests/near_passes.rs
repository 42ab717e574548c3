//! Near passes on a real file: kept, asked for, removed.

mod support;

use std::{fs, path::Path, time::Duration};

use gridwatch_alert::{
    Append, Appended, Outbox, OutboxSettings, PassOrder, PassPage, PassQuery, PassReadError, PassReader,
    PendingItem, Position, Pruned,
};
use gridwatch_domain::{Checkpoint, NearPass, ObjectClass, Timestamp};
use support::{camera, event, pass, pass_id, time};

const ROOMY: OutboxSettings = OutboxSettings { max_size: 64 << 20 };

async fn open(folder: &Path) -> Outbox {
    Outbox::open(&folder.join("outbox.db"), ROOMY).await.expect("opens")
}

async fn append(outbox: &Outbox, passes: &[NearPass]) -> Appended {
    outbox.append(Append { passes, ..Append::default() }).await.expect("room")
}

async fn ask(folder: &Path, query: &PassQuery) -> PassPage {
    PassReader::of_state(folder).passes(query).await.expect("readable")
}

/// The numbers that the passes of a page were made of.
fn numbers(page: &PassPage) -> Vec<u32> {
    let number =
        |pass: &NearPass| (0..2_000).find(|number| pass.id == pass_id(*number)).expect("one of this test's");
    page.passes.iter().map(|stored| number(&stored.pass)).collect()
}

/// A box that runs, and what its folder is asked.
struct Kept {
    folder: tempfile::TempDir,
    _outbox: Outbox,
}

impl Kept {
    async fn of(passes: &[NearPass]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let outbox = open(folder.path()).await;
        append(&outbox, passes).await;
        Self { folder, _outbox: outbox }
    }

    #[track_caller]
    fn check(&self, query: PassQuery, expected: &[u32]) -> impl Future<Output = ()> {
        let (folder, expected) = (self.folder.path().to_owned(), expected.to_vec());
        let caller = std::panic::Location::caller();
        async move {
            let page = ask(&folder, &query).await;
            assert_eq!(numbers(&page), expected, "{query:?} of {caller}");
        }
    }
}

#[tokio::test]
async fn a_pass_is_kept_with_what_was_found_beside_it_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoint = |state| Checkpoint { camera: camera("gate"), state: vec![state] };
    {
        let outbox = open(folder.path()).await;
        let all = Append {
            events: &[event(1, 1)],
            passes: &[pass(1), pass(2)],
            checkpoint: Some(&checkpoint(1)),
            ..Append::default()
        };
        let appended = outbox.append(all).await.expect("room");
        assert_eq!((appended.entries, appended.passes), (1, 2));
    }
    // Killed, and again: what cannot be kept whole is not kept in part.
    let outbox = Outbox::open(&folder.path().join("outbox.db"), OutboxSettings { max_size: 1 << 20 })
        .await
        .expect("opens");
    let large = Checkpoint { camera: camera("gate"), state: vec![7; 2 << 20] };
    let all =
        Append { events: &[event(2, 1)], passes: &[pass(3)], checkpoint: Some(&large), ..Append::default() };
    assert!(outbox.append(all).await.expect_err("no room").is_full());
    assert_eq!(outbox.checkpoints().await.expect("readable"), [checkpoint(1)]);
    assert_eq!(outbox.stats().entries, 1);
    let page = ask(folder.path(), &PassQuery::default()).await;
    assert!(!numbers(&page).contains(&3), "{page:?}");
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_kill_and_once_however_often_it_comes() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let outbox = open(folder.path()).await;
        append(&outbox, &[pass(1), pass(2)]).await;
    }
    let outbox = open(folder.path()).await;
    assert_eq!(outbox.stats().passes, 2);
    let appended = append(&outbox, &[pass(2), pass(3)]).await;
    assert_eq!(appended, Appended { passes: 1, passes_repeated: 1, ..Appended::default() });
    assert_eq!(outbox.stats().passes, 3);
    let page = ask(folder.path(), &PassQuery { order: PassOrder::Time, ..PassQuery::default() }).await;
    assert_eq!(numbers(&page), [1, 2, 3]);
    assert_eq!(page.passes[2].pass, pass(3), "all that is known of it");
    assert!(page.passes.is_sorted_by(|one, next| one.seq < next.seq), "{page:?}");
    assert!(outbox.is_empty(), "nothing waits for the center");
}

#[tokio::test]
async fn a_pass_without_a_distance_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    let wrong = NearPass { distance: f32::NAN, ..pass(1) };
    let without_metres = NearPass { distance_m: Some(f32::INFINITY), ..pass(2) };
    let appended = append(&outbox, &[wrong, without_metres]).await;
    assert_eq!(appended, Appended { passes: 1, passes_unusable: 1, ..Appended::default() });
    let page = ask(folder.path(), &PassQuery::default()).await;
    assert_eq!((numbers(&page), page.unreadable), (vec![2], 0));
    assert_eq!(page.passes[0].pass.distance_m, None);
}

#[tokio::test]
async fn a_store_of_the_version_before_is_upgraded_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/outbox-1.db");
    fs::copy(fixture, folder.path().join("outbox.db")).expect("the fixture is there");
    let refused = PassReader::of_state(folder.path()).passes(&PassQuery::default()).await;
    assert!(matches!(refused, Err(PassReadError::Earlier { .. })), "{refused:?}");

    let outbox = open(folder.path()).await;
    let pending = outbox.pending(&Position::default(), 10).await.expect("readable");
    let revisions: Vec<u32> = pending
        .iter()
        .filter_map(|pending| match &pending.item {
            PendingItem::Event { event, .. } => Some(event.rev),
            _ => None,
        })
        .collect();
    assert_eq!((pending.len(), revisions), (4, vec![1, 2, 1]), "three revisions and a picture");
    let checkpoint = Checkpoint { camera: camera("gate"), state: vec![1, 2, 3] };
    assert_eq!(outbox.checkpoints().await.expect("readable"), [checkpoint]);
    append(&outbox, &[pass(1)]).await;
    assert_eq!(numbers(&ask(folder.path(), &PassQuery::default()).await), [1]);
}

#[tokio::test]
async fn a_bay_and_a_night_are_asked_for() {
    let in_bay = |number, bay: &str| NearPass { zones: vec![bay.parse().expect("valid")], ..pass(number) };
    let of_lane = NearPass {
        zones: ["bay-1", "lane"].map(|zone| zone.parse().expect("valid")).to_vec(),
        distance_m: None,
        distance: 0.05,
        ..pass(4)
    };
    let elsewhere =
        NearPass { camera: camera("yard"), place: "p9".parse().expect("valid"), ..in_bay(5, "bay-1") };
    let mut car = in_bay(6, "bay-1");
    car.passer.class = ObjectClass::Car;
    let passes = [in_bay(1, "bay-1"), in_bay(2, "bay-2"), in_bay(3, "bay-1"), of_lane, elsewhere, car];
    let kept = Kept::of(&passes).await;
    let zone = |zone: &str| PassQuery { zone: Some(zone.parse().expect("valid")), ..PassQuery::default() };
    let bay = || zone("bay-1");
    let by_time = |query| PassQuery { order: PassOrder::Time, ..query };
    // Pass N is N minutes after the first, and nearer than that by a centimetre a number; 0.05 sizes count as 20 cm.
    kept.check(bay(), &[4, 6, 5, 3, 1]).await;
    kept.check(by_time(bay()), &[1, 3, 4, 5, 6]).await;
    kept.check(zone("lane"), &[4]).await;
    kept.check(zone("bay-3"), &[]).await;
    let night = |from: i64, until: i64| PassQuery {
        from: Some(time(from * 60)),
        until: Some(time(until * 60)),
        ..by_time(bay())
    };
    kept.check(night(3, 5), &[3, 4, 5]).await;
    kept.check(night(7, 9), &[]).await;
    kept.check(PassQuery { camera: Some(camera("gate")), ..night(3, 5) }, &[3, 4]).await;
    kept.check(PassQuery { camera: Some(camera("yard")), ..PassQuery::default() }, &[5]).await;
    kept.check(PassQuery { place: Some("p9".parse().expect("valid")), ..PassQuery::default() }, &[5]).await;
    let by = |classes: &[ObjectClass]| PassQuery { classes: classes.to_vec(), ..by_time(bay()) };
    kept.check(by(&[ObjectClass::Car]), &[6]).await;
    kept.check(by(&[ObjectClass::Car, ObjectClass::Person]), &[1, 3, 4, 5, 6]).await;
    kept.check(PassQuery { within_metres: Some(0.445), ..by_time(bay()) }, &[4, 6]).await;
    kept.check(PassQuery { within_sizes: Some(0.05), ..by_time(bay()) }, &[4]).await;
}

#[tokio::test]
async fn pages_fit_together() {
    // Some are as near, or at the same time, as others.
    let like = |number: u32| NearPass {
        at: time(i64::from(number / 4)),
        distance_m: Some(0.1 * (number % 3) as f32),
        ..pass(number)
    };
    let passes: Vec<NearPass> = (1..=20).map(like).collect();
    let kept = Kept::of(&passes).await;
    for order in [PassOrder::Nearest, PassOrder::Time] {
        for zone in [None, passes[0].zones.first().cloned()] {
            let query = PassQuery { order, zone, ..PassQuery::default() };
            let whole = ask(kept.folder.path(), &query).await;
            assert_eq!((whole.passes.len(), whole.next), (20, None));
            for limit in [1, 3, 20] {
                let (mut pages, mut next) = (Vec::new(), None);
                loop {
                    let page =
                        ask(kept.folder.path(), &PassQuery { limit, after: next, ..query.clone() }).await;
                    pages.extend(page.passes);
                    assert!(pages.len() <= 20, "{pages:?}");
                    next = page.next;
                    if next.is_none() {
                        break;
                    }
                }
                assert_eq!(pages, whole.passes, "pages of {limit}");
            }
        }
    }
    let page = ask(kept.folder.path(), &PassQuery { limit: 1, ..PassQuery::default() }).await;
    let other = PassQuery { after: page.next, order: PassOrder::Time, ..PassQuery::default() };
    let refused = PassReader::of_state(kept.folder.path()).passes(&other).await;
    assert!(matches!(refused, Err(PassReadError::Order)), "{refused:?}");
}

#[tokio::test]
async fn what_is_too_old_or_too_much_goes_in_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    let passes: Vec<NearPass> = (1..=1_200).map(pass).collect();
    append(&outbox, &passes).await;
    let before = time(600 * 60);
    let steps = [(500, 0), (99, 301), (0, 0)];
    for (by_age, by_rows) in steps {
        let pruned =
            outbox.prune_passes(before, if by_age == 500 { 700 } else { 300 }).await.expect("writable");
        assert_eq!(pruned, Pruned { by_age, by_rows });
    }
    let all = PassQuery { order: PassOrder::Time, limit: 2_000, ..PassQuery::default() };
    let left = numbers(&ask(folder.path(), &all).await);
    assert_eq!(left, (901..=1_200).collect::<Vec<_>>(), "the oldest went");
    assert_eq!(outbox.stats().passes, 300);
    // Of what is gone nothing is left, and numbers are never given again.
    let by_zone = PassQuery { zone: passes[0].zones.first().cloned(), ..all.clone() };
    assert_eq!(ask(folder.path(), &by_zone).await.passes.len(), 300);
    while !outbox.prune_passes(Timestamp::MIN, 0).await.expect("writable").is_nothing() {}
    append(&outbox, &[pass(1)]).await;
    assert_eq!(ask(folder.path(), &all).await.passes[0].seq, 1_201);
}

#[tokio::test]
async fn where_the_outbox_is_full_the_oldest_passes_give_way_to_what_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let small = OutboxSettings { max_size: 2 << 20 };
    let outbox = Outbox::open(&folder.path().join("outbox.db"), small).await.expect("opens");
    for first in (0..1_900).step_by(100) {
        let passes: Vec<NearPass> = (first..first + 100).map(pass).collect();
        append(&outbox, &passes).await;
    }
    assert!(outbox.stats().bytes > 1 << 20, "{:?}", outbox.stats());
    let mut number = 0;
    let error = loop {
        number += 1;
        let checkpoint = Checkpoint { camera: camera(&format!("c{number}")), state: vec![number; 200_000] };
        let all = Append {
            events: &[event(number, 1)],
            passes: &[pass(1_900 + u32::from(number))],
            checkpoint: Some(&checkpoint),
            ..Append::default()
        };
        if let Err(error) = outbox.append(all).await {
            break error;
        }
        let newest = PassQuery { from: Some(pass(1_900 + u32::from(number)).at), ..PassQuery::default() };
        assert_eq!(ask(folder.path(), &newest).await.passes.len(), 1, "the new one is kept");
    };
    assert!(error.is_full(), "{error}");
    let stats = outbox.stats();
    assert!(number >= 8, "{number}: alerts had nearly all of the room");
    assert_eq!(stats.passes + stats.passes_gave_way, 1_900 + u64::from(number) - 1);
    assert_eq!(stats.passes, 0, "only then is it full");
}

#[tokio::test]
async fn it_is_read_while_the_box_runs_and_from_a_copy_that_cannot_be_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let outbox = open(folder.path()).await;
    append(&outbox, &[pass(1)]).await;
    assert_eq!(numbers(&ask(folder.path(), &PassQuery::default()).await), [1]);
    append(&outbox, &[pass(2)]).await;
    assert_eq!(ask(folder.path(), &PassQuery::default()).await.passes.len(), 2);
    // Who reads keeps nobody from writing, nor another box out.
    assert!(Outbox::open(&folder.path().join("outbox.db"), ROOMY).await.is_err());
    append(&outbox, &[pass(3)]).await;
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["outbox.db", "outbox.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).expect("it is there");
    }
    assert_eq!(ask(copy.path(), &PassQuery::default()).await.passes.len(), 3);
}

#[tokio::test]
async fn where_there_is_nothing_to_read_it_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let reader = PassReader::of_state(folder.path());
    let absent = reader.passes(&PassQuery::default()).await;
    assert!(matches!(absent, Err(PassReadError::Absent { .. })), "{absent:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 0, "and nothing is made");
    fs::write(folder.path().join("outbox.db"), "no database, but long enough".repeat(200)).expect("writable");
    let damaged = reader.passes(&PassQuery::default()).await;
    assert!(matches!(damaged, Err(PassReadError::Read { .. })), "{damaged:?}");
}

/// On a disk of 12–64 MiB that `GRIDWATCH_SMALL_DISK` names, such as a tmpfs of 16 MiB.
#[tokio::test]
async fn on_a_full_disk_old_passes_give_way_too() {
    let Some(disk) = std::env::var_os("GRIDWATCH_SMALL_DISK") else {
        println!("SKIPPED: GRIDWATCH_SMALL_DISK names no folder on a small disk");
        return;
    };
    let folder = tempfile::tempdir_in(disk).expect("a folder");
    let outbox = open(folder.path()).await;
    let passes: Vec<NearPass> = (0..1_000).map(pass).collect();
    append(&outbox, &passes).await;
    let filler = folder.path().join("filler");
    let mut filled = 0;
    while fs::write(&filler, vec![1; filled + (64 << 10)]).is_ok() {
        filled += 64 << 10;
    }
    let mut number = 1_000;
    while outbox.stats().passes_gave_way == 0 {
        number += 1;
        append(&outbox, &[pass(number)]).await;
        assert!(number < 1_999, "the disk is full");
    }
    let newest = PassQuery { from: Some(pass(1_001).at), limit: 2_000, ..PassQuery::default() };
    let kept = ask(folder.path(), &newest).await.passes.len();
    assert_eq!(kept, usize::try_from(number).expect("small") - 1_000, "every new one is kept");
}

#[test]
fn the_passes_of_this_test_are_as_it_says() {
    assert_eq!(pass(3).at, time(180));
    assert!(pass(3).at.saturating_since(pass(2).at) == Duration::from_secs(60));
}
