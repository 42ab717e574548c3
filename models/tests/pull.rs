//! Pulls from a real server on this machine that misbehaves in every way that matters.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::mpsc::sync_channel,
    time::Duration,
};

use gridwatch_models::{
    pull::{Progress, PullError, PullSettings, Pulled, Source, pull},
    sha256_of,
};
use support::{Answer, Request, Server};
use tempfile::TempDir;

/// Bytes of the file; several reads' worth.
const SIZE: usize = 300_000;

fn content() -> Vec<u8> {
    (0..SIZE).map(|index| (index * 7 + index / 251) as u8).collect()
}

/// A folder to pull into, and a server.
struct Tester {
    folder: TempDir,
    server: Server,
    source: Source,
}

impl Tester {
    fn new(answers: &[Answer]) -> Self {
        let server = Server::start(&content(), answers);
        let url = server.url().parse().expect("an address");
        let source = Source { url, sha256: sha256_of(&content()), size_bytes: SIZE as u64 };
        Self { folder: tempfile::tempdir().expect("a folder"), server, source }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("net.onnx")
    }

    fn pull(&self) -> Result<Pulled, PullError> {
        pull(&self.source, &self.target(), &patience(), &mut |_| ())
    }

    #[track_caller]
    fn must_pull(&self, expected: Pulled) {
        assert_eq!(self.pull().expect("it is fetched"), expected);
        assert_eq!(fs::read(self.target()).expect("in its place"), content());
        assert_eq!(self.files(), ["net.onnx"], "nothing else is left");
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// What it asked for, request by request: from which byte on.
    fn asked(&self) -> Vec<String> {
        self.server.requests().into_iter().map(|request| request.range.unwrap_or_default()).collect()
    }
}

fn patience() -> PullSettings {
    PullSettings { connect: Duration::from_secs(5), idle: Duration::from_millis(400) }
}

const FETCHED: Pulled = Pulled::Fetched { resumed_at: 0 };

#[test]
fn a_file_is_fetched_once_and_a_wrong_one_is_replaced() {
    let tester = Tester::new(&[Answer::Well]);
    fs::write(tester.target(), "something else").expect("written");
    tester.must_pull(FETCHED);
    tester.must_pull(Pulled::AlreadyThere);
    assert_eq!(tester.asked().len(), 1, "what is right is not fetched again");
}

#[test]
fn progress_tells_how_much_is_there_and_how_much_there_will_be() {
    let tester = Tester::new(&[Answer::Well]);
    let mut seen = Vec::new();
    pull(&tester.source, &tester.target(), &patience(), &mut |progress| seen.push(progress))
        .expect("it is fetched");
    let total = SIZE as u64;
    assert_eq!(seen.first(), Some(&Progress::Receiving { done: 0, total }));
    assert_eq!(seen.last(), Some(&Progress::Receiving { done: SIZE as u64, total }));
}

#[test]
fn a_connection_that_breaks_is_taken_up_again_where_it_broke() {
    let tester = Tester::new(&[Answer::Broken(100_000), Answer::Broken(150_000), Answer::Well]);
    tester.must_pull(FETCHED);
    assert_eq!(tester.asked(), ["", "bytes=100000-", "bytes=250000-"]);
    let resumed = Request { range: Some("bytes=100000-".to_owned()), if_range: Some("\"one\"".to_owned()) };
    assert_eq!(tester.server.requests()[1], resumed);
}

/// Leaves 100,000 bytes behind.
fn interrupted(then: &[Answer]) -> Tester {
    let tester = Tester::new(&[&[Answer::Broken(100_000), Answer::Broken(0)], then].concat());
    let error = tester.pull().expect_err("it breaks twice, the second time without a byte");
    assert!(matches!(error, PullError::Broken { done: 100_000, .. }), "{error:?}");
    assert_eq!(tester.files(), ["net.onnx.part", "net.onnx.part.from"]);
    tester
}

#[test]
fn the_next_pull_goes_on_where_the_last_one_ended() {
    let tester = interrupted(&[Answer::Well]);
    tester.must_pull(Pulled::Fetched { resumed_at: 100_000 });
    assert_eq!(tester.asked()[2..], ["bytes=100000-"]);
}

#[test]
fn a_file_that_changed_meanwhile_starts_again() {
    let tester = interrupted(&[Answer::Well]);
    let old: Vec<u8> = content().into_iter().map(|byte| byte ^ 1).collect();
    // What is there is of a former version; only from the beginning is it the one that is wanted.
    fs::write(tester.folder.path().join("net.onnx.part"), &old[..100_000]).expect("written");
    tester.server.change(&content(), "\"two\"");
    tester.must_pull(FETCHED);
    assert_eq!(tester.asked()[2..], ["bytes=100000-"], "it asked for the rest and was given the whole");
}

#[test]
fn a_part_of_another_address_starts_again() {
    let mut tester = interrupted(&[Answer::Well]);
    tester.source.url = format!("{}?mirror", tester.server.url()).parse().expect("an address");
    tester.must_pull(FETCHED);
}

#[test]
fn a_server_without_ranges_or_with_wrong_ones_starts_again() {
    interrupted(&[Answer::Whole]).must_pull(FETCHED);
    let tester = interrupted(&[Answer::From(99_999), Answer::Well]);
    tester.must_pull(FETCHED);
    assert_eq!(tester.asked()[2..], ["bytes=100000-", ""]);
    // Whose end seems to be that of the file is too short: gone on with, and without a byte more given up.
    let tester = Tester::new(&[Answer::Unsized(100), Answer::Unsized(100)]);
    assert!(matches!(tester.pull(), Err(PullError::Broken { done: 100, .. })), "it is too short");
    assert!(!tester.target().exists());
}

#[test]
fn a_server_that_lets_nobody_go_on_is_told_apart() {
    let tester = Tester::new(&[Answer::WholeButBroken(100_000)]);
    let error = tester.pull().expect_err("it breaks").to_string();
    assert!(error.contains("pull again from the beginning"), "{error}");
    assert!(tester.files().is_empty());
}

#[test]
fn a_server_that_gives_less_of_a_range_is_asked_again() {
    let tester = interrupted(&[Answer::Less(50_000), Answer::Less(100_000), Answer::Well]);
    tester.must_pull(Pulled::Fetched { resumed_at: 100_000 });
    assert_eq!(tester.asked()[2..], ["bytes=100000-", "bytes=150000-", "bytes=250000-"]);
}

#[test]
fn a_part_that_is_whole_already_is_only_checked() {
    let tester = interrupted(&[Answer::Well]);
    fs::write(tester.folder.path().join("net.onnx.part"), content()).expect("written");
    tester.must_pull(Pulled::Fetched { resumed_at: SIZE as u64 });
}

#[test]
fn another_file_is_refused_with_both_hashes_and_nothing_is_kept() {
    let tester = Tester::new(&[Answer::Well]);
    let other: Vec<u8> = content().into_iter().rev().collect();
    tester.server.change(&other, "\"one\"");
    let error = tester.pull().expect_err("another file").to_string();
    for hash in [sha256_of(&other), sha256_of(&content())] {
        assert!(error.contains(hash.as_str()), "{error}");
    }
    assert!(tester.files().is_empty());
}

#[test]
fn another_size_is_refused_before_it_is_fetched() {
    for size in [SIZE as u64 - 1, SIZE as u64 + 1] {
        let mut tester = Tester::new(&[Answer::Well]);
        tester.source.size_bytes = size;
        let error = tester.pull().expect_err("another size");
        let found = SIZE as u64;
        assert!(
            matches!(error, PullError::WrongSize { found: is, expected, .. } if (is, expected) == (found, size)),
            "{error:?}"
        );
        assert!(tester.files().is_empty());
    }
    // A server that tells no size is stopped when it sends too much.
    let mut tester = Tester::new(&[Answer::Unsized(SIZE)]);
    tester.source.size_bytes = 1000;
    assert!(matches!(tester.pull(), Err(PullError::WrongSize { expected: 1000, .. })));
}

#[test]
fn a_server_that_falls_silent_is_given_up_and_gone_on_with() {
    let tester = Tester::new(&[Answer::Silent(70_000), Answer::Well]);
    tester.must_pull(FETCHED);
    assert_eq!(tester.asked(), ["", "bytes=70000-"]);
    let tester = Tester::new(&[Answer::Silent(0)]);
    let error = tester.pull().expect_err("silence").to_string();
    assert!(error.contains("127.0.0.1 has sent nothing for 0.4 s"), "{error}");
}

#[track_caller]
fn check_refused(url: &str, expected: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Source { url: url.parse().expect("an address"), sha256: sha256_of(b""), size_bytes: 1 };
    let error =
        pull(&source, &folder.path().join("net.onnx"), &patience(), &mut |_| ()).expect_err("must fail");
    assert!(error.to_string().contains(expected), "{error}: {error:?}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn what_keeps_a_file_from_coming_is_told() {
    let gone = Server::start(b"", &[Answer::Status(404)]);
    check_refused(&gone.url(), "answers 404: the file is not there any more; --from");
    let sick = Server::start(b"", &[Answer::Status(503)]);
    check_refused(&sick.url(), "answers 503");
    // Port 1 is nobody's; names under .invalid never exist (RFC 2606).
    check_refused("http://127.0.0.1:1/net.onnx", "cannot reach 127.0.0.1: is this machine online?");
    check_refused("http://gridwatch.invalid/net.onnx", "cannot reach gridwatch.invalid");
    // This server speaks no TLS.
    check_refused(&gone.url().replace("http:", "https:"), "no safe connection to 127.0.0.1");
}

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let tester = Tester::new(&[Answer::Well]);
    let target = Path::new("/nowhere/net.onnx");
    let error = pull(&tester.source, target, &patience(), &mut |_| ()).expect_err("no such folder");
    assert!(error.to_string().contains("/nowhere/net.onnx.part"), "{error}");
}

#[test]
fn a_full_disk_is_told_and_what_is_there_is_kept() {
    let Some(disk) = std::env::var_os("GRIDWATCH_SMALL_DISK") else {
        return println!("SKIPPED: GRIDWATCH_SMALL_DISK names no folder on a small disk");
    };
    let content = vec![7; 32 << 20];
    let server = Server::start(&content, &[Answer::Well]);
    let folder = tempfile::tempdir_in(disk).expect("a folder on it");
    let source = Source {
        url: server.url().parse().expect("an address"),
        sha256: sha256_of(&content),
        size_bytes: content.len() as u64,
    };
    let error =
        pull(&source, &folder.path().join("net.onnx"), &patience(), &mut |_| ()).expect_err("it is full");
    assert!(matches!(error, PullError::DiskFull { .. }), "{error:?}");
    assert!(folder.path().join("net.onnx.part").is_file());
}

type Outcome = Result<Pulled, PullError>;

/// Pulls `first`, and in the middle of it what the tester wants; how both ended. The second one must wait.
fn both_at_once(tester: &Tester, first: &Source) -> (Outcome, Outcome) {
    let (waits, waits_rx) = sync_channel(1);
    let (begun, begun_rx) = sync_channel(16);
    let outcomes = std::thread::scope(|scope| {
        let first = scope.spawn(move || {
            let mut told = |progress| {
                if matches!(progress, Progress::Receiving { done, .. } if done > 0) {
                    let _ = begun.try_send(());
                }
            };
            // Time enough for the second one to come, on the busiest machine.
            let patience = PullSettings { idle: Duration::from_secs(2), ..patience() };
            pull(first, &tester.target(), &patience, &mut told)
        });
        begun_rx.recv_timeout(Duration::from_secs(10)).expect("the first one has begun");
        let mut told = |progress| {
            if progress == Progress::Waiting {
                let _ = waits.try_send(());
            }
        };
        let second = pull(&tester.source, &tester.target(), &patience(), &mut told);
        (first.join().expect("no panic"), second)
    });
    waits_rx.try_recv().expect("the second one was told that it waits");
    outcomes
}

#[test]
fn two_pulls_at_once_fetch_it_once() {
    let tester = Tester::new(&[Answer::Silent(50_000), Answer::Well]);
    let (first, second) = both_at_once(&tester, &tester.source);
    assert_eq!(first.expect("it is fetched"), FETCHED);
    assert_eq!(second.expect("it is there"), Pulled::AlreadyThere);
    assert_eq!(tester.asked().len(), 2, "one broken connection and one good");
    tester.must_pull(Pulled::AlreadyThere);
}

#[test]
fn a_pull_that_waited_for_a_failing_one_begins_anew() {
    let tester = Tester::new(&[Answer::Silent(50_000), Answer::Well]);
    let other = Source { sha256: sha256_of(b"another file"), ..tester.source.clone() };
    let (first, second) = both_at_once(&tester, &other);
    assert!(matches!(first, Err(PullError::WrongHash { .. })), "{first:?}");
    assert_eq!(second.expect("it is fetched"), FETCHED);
    tester.must_pull(Pulled::AlreadyThere);
}
