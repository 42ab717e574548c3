//! The whole way with the real binary: simulated RTSP camera → edge → Mosquitto → center → store → API → page in
//! Chromium, held against the scene's truth; with and without outages.

mod support;

use std::{
    path::Path,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use support::{
    Mosquitto, Process,
    cameras::{Cameras, Expected, now_ms, sleep_until},
    center_config, events_of, free_port, get_json, gridwatch, millis, root, start_center, wait_for,
};

/// How far a time may be from the truth.
const TOLERANCE_MS: i64 = 2_000;

/// These tests hold times against the truth: one after the other, or they take each other's cores away.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Expected {
    fn is(&self, event: &Value) -> bool {
        event["kind"] == self.kind.as_str()
            && event["zone"] == self.zone.as_str()
            && (millis(&event["since"]) - self.stop_ms).abs() <= TOLERANCE_MS
    }
}

/// All that is wholly over by `now_ms` found, none invented, each once, times within tolerance. Prints what was measured.
#[track_caller]
fn compare(events: &[Value], expected: &[Expected], now_ms: i64) {
    for event in events {
        assert!(expected.iter().any(|wanted| wanted.is(event)), "invented: {event:#}\n{expected:#?}");
    }
    // An event closes some seconds after its vehicle has left: it might come back.
    let is_over = |wanted: &&Expected| wanted.leave_ms + 15_000 < now_ms;
    for wanted in expected.iter().filter(is_over) {
        let found: Vec<_> = events.iter().filter(|event| wanted.is(event)).collect();
        assert_eq!(found.len(), 1, "{wanted:?} is to be there once:\n{events:#?}");
        let event = found[0];
        let (since, open, until) =
            (millis(&event["since"]), millis(&event["opened_at"]), event["until"].as_str());
        let left = until.map(|_| millis(&event["until"]) - wanted.leave_ms);
        println!(
            "{} in {}: stood {:+} ms, opened {:+} ms, left {left:+?} ms",
            wanted.kind,
            wanted.zone,
            since - wanted.stop_ms,
            open - wanted.open_ms,
        );
        assert!((open - wanted.open_ms).abs() <= TOLERANCE_MS, "{wanted:?} against {event:#}");
        assert_eq!(event["phase"], "close", "{event:#}");
        assert!(left.is_some_and(|left| left.abs() <= TOLERANCE_MS), "{wanted:?} against {event:#}");
    }
}

/// Revisions of each event are 1, 2, 3 … without a gap.
#[track_caller]
fn no_revision_is_missing(base: &str, events: &[Value]) {
    for event in events {
        let id = event["id"].as_str().expect("an id");
        let event = get_json(&format!("{base}/api/v1/events/{id}")).expect("the center answers");
        let history = event["history"].as_array().expect("a history");
        let mut revisions: Vec<u64> =
            history.iter().filter_map(|revision| revision["rev"].as_u64()).collect();
        revisions.sort_unstable();
        let wanted: Vec<u64> = (1..=revisions.len() as u64).collect();
        assert_eq!(revisions, wanted, "{event:#}");
    }
}

#[test]
fn what_happens_on_camera_is_on_the_page_and_nothing_else() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let cameras = Cameras::start("yard");
    let mosquitto = Mosquitto::start(folder.path());
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let _center = start_center(folder.path(), &center_config(folder.path(), mosquitto.port, port), port);
    let config = cameras.config(folder.path(), mosquitto.port);
    cameras.wait_for_a_beginning();
    let mut edge = gridwatch("edge", folder.path(), &["edge", "--config", config.to_str().expect("UTF-8")]);
    wait_for("the camera is live", Duration::from_secs(30), || {
        edge.must_run();
        let seen = get_json(&format!("{base}/api/v1/cameras"))?;
        (seen[0]["state"] == "live").then_some(())
    });
    let from_ms = now_ms();
    let until_ms = from_ms + cameras.loop_ms;
    let expected = cameras.expected(from_ms, until_ms);
    let page = Page::open(&base, folder.path(), until_ms);
    sleep_until(until_ms);

    edge.must_run();
    let events = events_of(&base);
    compare(&events, &expected, until_ms);
    no_revision_is_missing(&base, &events);
    for event in &events {
        let snapshot = format!("{base}/api/v1/events/{}/snapshot", event["id"].as_str().expect("an id"));
        let mut response = ureq::get(&snapshot).call().expect("the snapshot is there");
        let bytes = response.body_mut().read_to_vec().expect("it can be read");
        assert!(bytes.starts_with(&[0xff, 0xd8]), "a JPEG");
    }
    page.has_shown(&events);
    edge.stop();
}

#[test]
fn kills_and_outages_lose_nothing_and_double_nothing() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let cameras = Cameras::start("yard");
    let mut mosquitto = Mosquitto::start(folder.path());
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}");
    let center_config = center_config(folder.path(), mosquitto.port, port);
    let mut center = start_center(folder.path(), &center_config, port);
    let config = cameras.config(folder.path(), mosquitto.port);
    cameras.wait_for_a_beginning();
    let start_edge =
        || gridwatch("edge", folder.path(), &["edge", "--config", config.to_str().expect("UTF-8")]);
    let mut edge = start_edge();
    wait_for("the camera is live", Duration::from_secs(30), || {
        edge.must_run();
        (get_json(&format!("{base}/api/v1/cameras"))?[0]["state"] == "live").then_some(())
    });
    let from_ms = now_ms();
    let until_ms = from_ms + 2 * cameras.loop_ms;
    let expected = cameras.expected(from_ms, until_ms);
    assert!(expected.len() >= 4, "{expected:#?}");

    // First event: the edge dies while it is open, without a goodbye, and comes back.
    sleep_until(expected[0].open_ms + 3_000);
    edge.kill();
    let mut edge = start_edge();
    // Second: the broker is away for 20 s around its opening, and forgets everything.
    sleep_until(expected[1].open_ms - 5_000);
    mosquitto.stop();
    sleep_until(expected[1].open_ms + 15_000);
    mosquitto.start_again();
    // Third: the center dies and is away for 20 s around its opening.
    sleep_until(expected[2].open_ms - 5_000);
    center.kill();
    sleep_until(expected[2].open_ms + 15_000);
    center = start_center(folder.path(), &center_config, port);
    sleep_until(until_ms);

    edge.must_run();
    center.must_run();
    let events = events_of(&base);
    compare(&events, &expected, until_ms);
    no_revision_is_missing(&base, &events);
    edge.stop();
    center.stop();
}

/// The page in Chromium, watched from outside until a given time.
struct Page {
    process: Option<Process>,
}

impl Page {
    /// Returns once the page stands and is connected.
    fn open(base: &str, folder: &Path, until_ms: i64) -> Self {
        let script = root().join("web/e2e/watch-alerts.mjs");
        if !root().join("web/node_modules").is_dir() {
            println!("SKIPPED: the page in Chromium, as web/node_modules is not there: ./dev setup");
            return Self { process: None };
        }
        let seconds = ((until_ms - now_ms()) / 1000 + 3).to_string();
        let mut watch = Command::new("node");
        watch.arg(&script).args([base, "--until", "1000", "--timeout", &seconds]);
        let mut process = Process::start("page", folder, &mut watch);
        wait_for("the page is connected", Duration::from_secs(60), || {
            process.must_run();
            process.log().contains("\"ready\":true").then_some(())
        });
        Self { process: Some(process) }
    }

    /// Every event was shown as a row; prints how long after the limit was reached.
    #[track_caller]
    fn has_shown(self, events: &[Value]) {
        let Some(mut process) = self.process else { return };
        // It ends when its time is up, its browser with it.
        wait_for("the page's time is up", Duration::from_secs(30), || process.has_ended());
        let shown: Vec<Value> =
            process.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        for event in events {
            let row = shown.iter().find(|row| row["id"] == event["id"]);
            let row = row.unwrap_or_else(|| panic!("{} is not on the page: {shown:#?}", event["id"]));
            assert_eq!(row["live"], true, "it came without a reload: {row}");
        }
        let latencies: Vec<_> =
            shown.iter().filter(|row| row["rev"] == 1).map(|row| row["latency_ms"].clone()).collect();
        println!("opened → visible on the page, ms: {latencies:?}");
    }
}
