//! Real footage, the whole way: a video file and a YOLOX network of somebody else's, through Mosquitto, into the store
//! and out of the API. Skipped with a printed reason where there is no footage.

mod support;

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use serde_json::Value;
use support::{
    Mosquitto, center_config, events_of, free_port, get_text, gridwatch, millis, start_center, wait_for,
    write,
};

/// How long one may stand in these tests, in seconds.
const LIMIT_S: f64 = 30.0;

struct Run {
    events: Vec<Value>,
}

/// The shipped example, as a user edits it: his own files, broker and folder. `zones` in place of its zones.
fn example(footage: &Path, video: &str, zones: Option<&str>, broker: u16, metrics: u16) -> String {
    let path = support::root().join("config/examples/video.toml");
    let mut text = fs::read_to_string(path).expect("the example is shipped");
    if let Some(zones) = zones {
        let begin = text.find("[[camera.zone]]").expect("it has zones");
        text.replace_range(begin.., zones);
    }
    let edits = [
        ("url = \"mqtt://127.0.0.1:1883\"", format!("url = \"mqtt://127.0.0.1:{broker}\"")),
        (
            "state_dir = \"../../state/video\"",
            format!("state_dir = \"edge\"\nmetrics_listen = \"127.0.0.1:{metrics}\""),
        ),
        (
            "file = \"yolox_nano_640x384.onnx\"",
            format!("file = {:?}", footage.join("networks/yolox_nano_640x384.onnx")),
        ),
        ("file = \"lot.mp4\"", format!("file = {:?}", footage.join("videos").join(video))),
    ];
    for (from, to) in edits {
        assert_eq!(text.matches(from).count(), 1, "{from} is once in the example");
        text = text.replace(from, &to);
    }
    text
}

/// Plays a video through edge, broker and center, and waits until all of it is stored, and on the page.
fn play(footage: &Path, video: &str, zones: Option<&str>) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let mosquitto = Mosquitto::start(folder.path());
    let port = free_port();
    let config = center_config(folder.path(), mosquitto.port, port);
    let _center = start_center(folder.path(), &config, port);
    let metrics_port = free_port();
    let text = example(footage, video, zones, mosquitto.port, metrics_port);
    let config = write(folder.path(), "edge.toml", &text);
    let mut edge = gridwatch("edge", folder.path(), &["edge", "--config", config.to_str().expect("UTF-8")]);
    let base = format!("http://127.0.0.1:{port}");
    let ended = Duration::from_secs(400);
    let state = wait_for("the video is played to its end", ended, || {
        edge.must_run();
        let cameras = support::get_json(&format!("{base}/api/v1/cameras"))?;
        cameras.as_array()?.iter().find(|camera| camera["state"] == "ended").cloned()
    });
    assert_eq!(state["camera"], "lot");
    wait_for("the outbox is empty", Duration::from_secs(20), || {
        let metrics = get_text(&format!("http://127.0.0.1:{metrics_port}/metrics"))?;
        metrics.lines().any(|line| line == "gridwatch_alert_outbox_entries 0").then_some(())
    });
    let events = events_of(&base);
    if let Some(rows) = support::rows_on_the_page(&base) {
        let ids = |found: &[Value]| -> BTreeSet<String> {
            found.iter().map(|event| event["id"].to_string()).collect()
        };
        assert_eq!(ids(&rows), ids(&events), "the page shows what is stored");
    }
    edge.stop();
    Run { events }
}

#[test]
fn the_two_long_stops_of_a_real_lot_and_nothing_else() {
    let footage = match support::footage() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let truth = fs::read_to_string(footage.join("groundtruth/pklot_composite_a.json")).expect("the truth");
    let truth: Value = serde_json::from_str(&truth).expect("JSON");
    let run = play(&footage, "pklot_composite_a.mp4", None);
    let stops: Vec<&Value> = truth["stops_outside_slots"]
        .as_array()
        .expect("stops")
        .iter()
        .filter(|stop| stop["duration_s"].as_f64().is_some_and(|duration| duration >= LIMIT_S))
        .collect();
    assert_eq!(run.events.len(), stops.len(), "{:#?}", run.events);
    let event_of = |stop: &Value| {
        let zone = stop["zone"].as_str().expect("a zone").replace('_', "-");
        run.events
            .iter()
            .find(|event| event["zone"] == zone.as_str())
            .unwrap_or_else(|| panic!("none in {zone}"))
    };
    // The video's own time zero is not on the wire, so times are held against the first stop's.
    let (first, first_event) = (stops[0], event_of(stops[0]));
    for &stop in &stops {
        let event = event_of(stop);
        let seen_s = (millis(&event["since"]) - millis(&first_event["since"])) as f64 / 1000.0;
        let true_s = stop["start_s"].as_f64().expect("a time") - first["start_s"].as_f64().expect("a time");
        println!(
            "{}: {seen_s:.1} s after the first, truly {true_s:.1} s, dwell {}",
            stop["zone"], event["dwell_s"]
        );
        assert!((seen_s - true_s).abs() <= 2.0, "{}: {seen_s} s, truly {true_s} s", stop["zone"]);
        assert_eq!(event["cell"], "520121002003007");
        assert!(event["snapshot"]["sha256"].is_string(), "{event:#}");
    }
}

#[test]
fn nothing_in_a_whole_day_of_the_empty_lot() {
    let footage = match support::footage() {
        Ok(folder) => folder,
        Err(reason) => return println!("{reason}"),
    };
    let zone = "[[camera.zone]]\nid = \"lot\"\ntype = \"no_parking\"\nlimit_s = 30\n\
                polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]\n";
    let run = play(&footage, "pklot_empty_day_2013-02-24.mp4", Some(zone));
    assert!(run.events.is_empty(), "{:#?}", run.events);
}
