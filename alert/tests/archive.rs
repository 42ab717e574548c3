//! Evidence on the disk: kept, proven, and removed in order, whatever happens to the box and to the files.

use std::{fs, path::Path, sync::Arc, time::Duration};

use gridwatch_alert::{
    About, Archive, ArchiveError, Fault, Finding, Head, Media, Retention, Verified, Why, list, verify,
};
use gridwatch_domain::{CameraId, EventId, EventKind, Sha256Hex, Timestamp};
use gridwatch_runtime::{ManualClock, Metrics};

const DAY: Duration = Duration::from_secs(86_400);

struct Tester {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    metrics: Metrics,
    retention: Retention,
}

impl Tester {
    fn new() -> Self {
        let retention = Retention {
            events: DAY * 30,
            kinds: Default::default(),
            recordings: DAY,
            size: 1 << 20,
            free: 0,
        };
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH.saturating_add(DAY * 20_000));
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            clock,
            metrics: Metrics::new(),
            retention,
        }
    }

    fn open(&self) -> Archive {
        self.try_open().expect("it opens")
    }

    fn try_open(&self) -> Result<Archive, ArchiveError> {
        Archive::open(self.path(), self.retention.clone(), self.clock.clone(), &self.metrics)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn keep(&self, archive: &Archive, number: u8) -> Sha256Hex {
        archive.keep_bytes(&[number; 1000], self.about(Media::Snapshot, Some(number))).expect("it is kept")
    }

    fn about(&self, media: Media, of: Option<u8>) -> About {
        let now = gridwatch_runtime::Clock::now(&*self.clock);
        About {
            media,
            camera: CameraId::new("gate").expect("valid"),
            event: of.map(|number| (event(number), EventKind::FireLane)),
            from: now,
            until: now,
        }
    }

    fn verify(&self) -> Verified {
        self.verify_against(None)
    }

    fn verify_against(&self, noted: Option<&Sha256Hex>) -> Verified {
        let mut told = 0;
        let verified = verify(self.path(), noted, &mut |so_far, _| told = so_far).expect("it can be read");
        assert!(told >= verified.bytes);
        verified
    }

    /// Changes the text of the log.
    fn alter(&self, change: impl FnOnce(&mut Vec<String>)) {
        let path = self.path().join("log/000001.log");
        let text = fs::read_to_string(&path).expect("there is a log");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        fs::write(&path, lines.join("\n") + "\n").expect("writable");
    }

    fn file(&self, sha256: &Sha256Hex) -> std::path::PathBuf {
        let name = sha256.as_str();
        self.path().join("files").join(&name[..2]).join(format!("{name}.jpg"))
    }
}

fn event(number: u8) -> EventId {
    EventId::from_parts(Timestamp::UNIX_EPOCH, [number; 10])
}

#[test]
fn what_is_kept_is_found_and_proven_also_after_a_restart() {
    let tester = Tester::new();
    let archive = tester.open();
    let kept = tester.keep(&archive, 1);
    tester.keep(&archive, 2);
    drop(archive);
    let archive = tester.open();
    tester.keep(&archive, 3);
    let (path, about) = archive.find(&kept).expect("it is there");
    assert_eq!((fs::read(&path).expect("readable"), about.event), (vec![1; 1000], Some(event(1))));
    assert_eq!(archive.of_event(event(2)).len(), 1);
    let verified = tester.verify();
    assert_eq!((verified.findings.len(), verified.files, verified.bytes), (0, 3, 3000));
    assert_eq!(verified.head, archive.status().head);
    assert!(matches!(tester.try_open(), Err(ArchiveError::Locked { .. })));
}

#[test]
fn files_that_were_altered_lost_or_put_in_are_told() {
    let tester = Tester::new();
    let archive = tester.open();
    let (altered, lost) = (tester.keep(&archive, 1), tester.keep(&archive, 2));
    fs::write(tester.file(&altered), [1; 999]).expect("writable");
    fs::remove_file(tester.file(&lost)).expect("it is there");
    // Elsewhere, and the same.
    let linked = tester.file(&tester.keep(&archive, 3));
    let elsewhere = tester.path().join("elsewhere.jpg");
    fs::rename(&linked, &elsewhere).expect("it moves");
    std::os::unix::fs::symlink(&elsewhere, &linked).expect("it links");
    // Elsewhere, and gone from there.
    let dangling = tester.file(&tester.keep(&archive, 4));
    fs::remove_file(&dangling).expect("it is there");
    std::os::unix::fs::symlink(tester.path().join("nowhere.jpg"), &dangling).expect("it links");
    let unknown = tester.path().join("files/unknown.jpg");
    fs::write(&unknown, [1]).expect("writable");
    let expected = [
        Finding::Link { path: dangling },
        Finding::Altered { path: tester.file(&altered) },
        Finding::Link { path: linked },
        Finding::Missing { path: tester.file(&lost) },
        Finding::Unknown { path: unknown },
    ];
    assert_eq!(tester.verify().findings, expected);
}

#[test]
fn a_log_that_was_altered_anywhere_is_told() {
    let faults = |change: fn(&mut Vec<String>)| {
        let tester = Tester::new();
        let archive = tester.open();
        (1..=4).for_each(|number| drop(tester.keep(&archive, number)));
        tester.alter(change);
        let findings = tester.verify().findings;
        let lines: Vec<(usize, Fault)> = findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Line { line, fault, .. } => Some((*line, fault.clone())),
                _ => None,
            })
            .collect();
        // The box goes on with it all the same.
        drop(archive);
        tester.keep(&tester.open(), 9);
        lines
    };
    assert_eq!(faults(|lines| lines[1] = lines[1].replace("\"gate\"", "\"yard\"")), [(2, Fault::Altered)]);
    assert_eq!(faults(|lines| drop(lines.remove(1))), [(2, Fault::Broken)]);
    assert_eq!(
        faults(|lines| lines.swap(1, 2)),
        [(2, Fault::Broken), (3, Fault::Broken), (4, Fault::Broken)]
    );
    assert_eq!(faults(|lines| lines[2] = "what?".to_owned()), [(3, Fault::Unreadable), (4, Fault::Broken)]);
}

#[test]
fn a_log_that_was_cut_or_exchanged_is_told_to_whoever_has_noted_its_head() {
    let tester = Tester::new();
    let archive = tester.open();
    (1..=3).for_each(|number| drop(tester.keep(&archive, number)));
    let Head { hash, .. } = archive.status().head;
    tester.keep(&archive, 4);
    assert_eq!(tester.verify_against(Some(&hash)).findings, []);
    tester.alter(|lines| lines.truncate(2));
    let findings = tester.verify_against(Some(&hash)).findings;
    assert!(findings.contains(&Finding::NoHead { hash }), "{findings:?}");
}

#[test]
fn a_box_that_loses_its_power_keeps_what_was_whole_and_nothing_else() {
    let tester = Tester::new();
    let archive = tester.open();
    let kept = tester.keep(&archive, 1);
    // Half a file, half a line, and a file whose line was not written any more.
    fs::write(archive.begin(Media::Clip).expect("there is room"), [7; 10]).expect("writable");
    drop(archive);
    let log = tester.path().join("log/000001.log");
    let whole = fs::read_to_string(&log).expect("readable");
    fs::write(&log, format!("{whole}3fa9 {{\"n\":2,\"at")).expect("writable");
    let orphan = tester.path().join("files/ab/abab.jpg");
    fs::write(tester.path().join("partial/7.jpg"), [1]).expect("writable");
    fs::hard_link(tester.path().join("partial/7.jpg"), &orphan).expect("writable");

    let archive = tester.open();
    assert!(!orphan.exists());
    assert_eq!(fs::read_dir(tester.path().join("partial")).expect("there").count(), 0);
    tester.keep(&archive, 2);
    let verified = tester.verify();
    assert_eq!((verified.findings.len(), verified.files, archive.find(&kept).is_some()), (0, 2, true));
}

#[test]
fn what_is_being_taken_in_while_somebody_verifies_is_no_finding() {
    let tester = Tester::new();
    let archive = tester.open();
    tester.keep(&archive, 1);
    let (partial, file) = (tester.path().join("partial/7.jpg"), tester.path().join("files/ab/abcd.jpg"));
    fs::write(&partial, [7]).expect("writable");
    fs::hard_link(&partial, &file).expect("this file system knows them");
    assert_eq!(tester.verify().findings, []);
    fs::remove_file(&partial).expect("ours");
    assert_eq!(tester.verify().findings, [Finding::Unknown { path: file }]);
}

#[test]
fn the_oldest_make_room_and_what_is_protected_stays_and_all_is_in_the_log() {
    let mut tester = Tester::new();
    tester.retention.size = 3500;
    let archive = tester.open();
    let (first, second) = (tester.keep(&archive, 1), tester.keep(&archive, 2));
    archive.protect(event(1), true).expect("writable");
    for number in 3..=6 {
        tester.keep(&archive, number);
        archive.tidy().expect("writable");
    }
    assert!(archive.find(&first).is_some() && archive.find(&second).is_none());
    assert!(!tester.file(&second).exists());
    assert_eq!(archive.status().bytes, 3000);
    let verified = tester.verify();
    assert_eq!((verified.findings.len(), verified.files, verified.removed), (0, 3, 3));
    assert!(tester.metrics.render().contains("evidence_removed_total{why=\"size\"} 3"));
    let listed = list(tester.folder.path()).expect("readable");
    assert!(listed.iter().all(|one| one.protected == (one.kept.event == Some(event(1)))), "{listed:?}");
    assert_eq!(listed.len(), 3);
    // Protection outlasts a restart, and ends when it is released.
    drop(archive);
    let archive = tester.open();
    tester.clock.advance(DAY * 31);
    assert_eq!(archive.tidy().expect("writable"), 2);
    assert!(archive.find(&first).is_some());
    archive.protect(event(1), false).expect("writable");
    assert!(list(tester.folder.path()).expect("readable").iter().all(|one| !one.protected));
    assert_eq!(archive.tidy().expect("writable"), 1);
    assert_eq!(tester.verify().findings, []);
}

#[test]
fn what_is_being_written_counts_and_recordings_push_out_no_evidence() {
    let mut tester = Tester::new();
    tester.retention.size = 5000;
    let archive = tester.open();
    let (first, second) = (tester.keep(&archive, 1), tester.keep(&archive, 2));
    let finished = archive.keep_bytes(&[9; 1000], tester.about(Media::Recording, None)).expect("room");
    let begun = archive.begin(Media::Recording).expect("room");
    archive.grows(&begun, Media::Recording, 2000).expect("exactly so much");
    assert!(archive.find(&finished).is_some());
    // Another recording makes room for it, and when there is none left it must end.
    archive.grows(&begun, Media::Recording, 2500).expect("the finished one goes");
    assert!(archive.find(&finished).is_none());
    let refused = archive.grows(&begun, Media::Recording, 3500).expect_err("nothing else goes for it");
    assert!(matches!(refused, ArchiveError::Full));
    assert!(matches!(archive.begin(Media::Recording), Err(ArchiveError::Full)));
    assert!([&first, &second].iter().all(|kept| archive.find(kept).is_some()));
    // What has happened is worth more than what happened before.
    archive.begin(Media::Clip).expect("the oldest goes");
    assert!(archive.find(&first).is_none() && archive.find(&second).is_some());
    archive.give_up(&begun);
    archive.begin(Media::Recording).expect("room again");
    assert_eq!(tester.verify().findings, []);
}

/// On a disk of 12–64 MiB that `GRIDWATCH_SMALL_DISK` names, such as a tmpfs of 16 MiB.
#[test]
fn on_a_disk_without_a_byte_left_files_go_first_and_the_log_tells_of_them_as_soon_as_it_can() {
    let Some(disk) = std::env::var_os("GRIDWATCH_SMALL_DISK") else {
        println!("SKIPPED: GRIDWATCH_SMALL_DISK names no folder on a small disk");
        return;
    };
    let mut tester = Tester::new();
    tester.folder = tempfile::tempdir_in(&disk).expect("a folder");
    tester.retention.size = u64::MAX;
    let archive = tester.open();
    // What is to go, so many that telling of it takes more room than the log's last block has.
    for number in 1..=40 {
        let about = tester.about(Media::Snapshot, Some(number));
        archive.keep_bytes(&vec![number; 128 << 10], about).expect("it is kept");
    }
    drop(archive);
    tester.retention.free = 4 << 20;
    let archive = tester.open();
    // Somebody else takes all the rest.
    let mut others = fs::File::create(tester.path().join("others")).expect("writable");
    while std::io::Write::write(&mut others, &[1; 4096]).is_ok_and(|written| written > 0) {}
    let removed = archive.tidy().expect("the log has room once files are gone");
    assert!((30..=40).contains(&removed), "{removed}");
    let verified = tester.verify();
    assert_eq!((verified.findings, verified.removed), (vec![], removed as u64));
    tester.keep(&archive, 50);
    drop(archive);
    let archive = tester.open();
    assert!(archive.find(&tester.keep(&archive, 51)).is_some());
    assert_eq!(tester.verify().findings, []);
}

#[test]
fn on_a_full_disk_all_goes_that_may_and_then_nothing_is_begun() {
    let mut tester = Tester::new();
    let archive = tester.open();
    let (protected, other) = (tester.keep(&archive, 1), tester.keep(&archive, 2));
    archive.protect(event(1), true).expect("writable");
    drop(archive);
    // No disk has as much left as this asks for.
    tester.retention.free = u64::MAX;
    let archive = tester.open();
    let refused = archive.keep_bytes(&[9], tester.about(Media::Snapshot, Some(9))).expect_err("no room");
    assert!(matches!(refused, ArchiveError::Full) && refused.to_string().contains("free some space"));
    let problem = archive.problem();
    assert!(problem.borrow().as_ref().is_some_and(|told| told.contains("no room for evidence")));
    assert!(archive.find(&protected).is_some() && archive.find(&other).is_none());
    let verified = tester.verify();
    assert_eq!((verified.findings.len(), verified.files), (0, 1));
    assert!(tester.metrics.render().contains(&format!("why=\"{}\"}} 1", Why::Disk.as_str())));
}

#[test]
fn content_that_shows_two_events_stays_until_neither_needs_it() {
    let tester = Tester::new();
    let archive = tester.open();
    let keep =
        |of| archive.keep_bytes(&[7; 1000], tester.about(Media::Snapshot, Some(of))).expect("it is kept");
    let content = keep(1);
    archive.protect(event(2), true).expect("writable");
    tester.clock.advance(DAY);
    assert_eq!(keep(2), content);
    tester.clock.advance(DAY * 30);
    assert_eq!(archive.tidy().expect("writable"), 1, "that of the first event is too old");
    assert!(tester.file(&content).exists());
    assert_eq!(tester.verify().findings, []);
    drop(archive);
    let archive = tester.open();
    assert_eq!((archive.of_event(event(1)).len(), archive.of_event(event(2)).len()), (0, 1));
    assert_eq!((tester.verify().findings.len(), tester.verify().removed), (0, 1));
}

#[test]
fn files_that_a_damaged_or_lost_log_does_not_know_are_put_aside_and_not_removed() {
    let tester = Tester::new();
    let archive = tester.open();
    let (first, second) = (tester.keep(&archive, 1), tester.keep(&archive, 2));
    drop(archive);
    tester.alter(|lines| lines[0] = "bit rot".to_owned());
    drop(tester.open());
    let aside = |sha256: &Sha256Hex| tester.path().join("lost").join(format!("{sha256}.jpg"));
    assert!(aside(&first).exists() && tester.file(&second).exists());
    fs::remove_dir_all(tester.path().join("log")).expect("it is there");
    drop(tester.open());
    assert!(aside(&second).exists());
}

#[test]
fn a_log_whose_first_files_were_taken_away_goes_on() {
    let tester = Tester::new();
    let archive = tester.open();
    tester.keep(&archive, 1);
    drop(archive);
    fs::rename(tester.path().join("log/000001.log"), tester.path().join("log/000007.log"))
        .expect("it is there");
    let archive = tester.open();
    tester.keep(&archive, 2);
    assert_eq!(tester.verify().findings, []);
}

#[test]
fn a_clock_that_is_anywhere_after_a_start_makes_nothing_old() {
    let tester = Tester::new();
    let archive = tester.open();
    tester.keep(&archive, 1);
    drop(archive);
    tester.clock.advance(DAY * 25_000);
    let archive = tester.open();
    assert_eq!(archive.tidy().expect("writable"), 0);
    assert_eq!(archive.status().files, 1);
}

#[test]
fn where_the_end_of_the_log_was_cut_off_what_it_knew_is_put_aside_and_not_removed() {
    let tester = Tester::new();
    let archive = tester.open();
    let (first, second) = (tester.keep(&archive, 1), tester.keep(&archive, 2));
    drop(archive);
    tester.alter(|lines| drop(lines.pop()));
    // Somebody has a second name for it elsewhere: a backup.
    fs::hard_link(tester.file(&second), tester.path().join("backup.jpg")).expect("writable");
    drop(tester.open());
    assert!(tester.file(&first).exists() && !tester.file(&second).exists());
    assert!(tester.path().join("lost").join(format!("{second}.jpg")).exists());
    let lost = Finding::Lost { folder: tester.path().join("lost"), files: 1 };
    assert_eq!(tester.verify().findings, [lost], "who asks is told");
    // All of the log is taken away.
    fs::remove_dir_all(tester.path().join("log")).expect("it is there");
    let archive = tester.open();
    let lost = Finding::Lost { folder: tester.path().join("lost"), files: 2 };
    assert_eq!(tester.verify().findings, [lost]);
    drop(archive);
    // What was put aside does not keep the disk full.
    let mut tester = tester;
    tester.retention.free = u64::MAX;
    tester.open().tidy().expect("writable");
    assert_eq!(tester.verify().findings, []);
}
