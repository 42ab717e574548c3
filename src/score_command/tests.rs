//! `gridwatch score` from files to files.

use serde_json::{Value, json};

use super::*;
use crate::{
    cli::Perfect,
    score::{read_events, read_observations},
};

/// Events of every fate, bays and an object, on three minutes of a car park.
pub(crate) fn example() -> (Truth, Score) {
    let truth = Truth::parse(&example_truth().to_string()).expect("valid");
    let events = read_events(lines(&example_events()).as_bytes()).expect("valid").items;
    let observations = read_observations(lines(&example_observations()).as_bytes()).expect("valid").items;
    let score = score::score(&truth, &events, Some(&observations), truth.start(None));
    (truth, score)
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| value.to_string() + "\n").collect()
}

fn example_truth() -> Value {
    json!({
        "schema": "gridwatch.truth/1", "name": "car park <A>", "duration_s": 180, "note": "an overcast morning",
        "events": [
            { "id": "silver", "kind": "parking.no_parking", "zone": "centre_lane", "since_s": 28, "until_s": 140, "limit_s": 20,
              "box": [0.6, 0.4, 0.7, 0.5] },
            { "id": "white", "kind": "parking.no_parking", "zone": "hedge_lane", "since_s": 50, "limit_s": 20 },
            { "id": "blue", "kind": "parking.no_parking", "zone": "centre_lane", "since_s": 30, "until_s": 60, "limit_s": 20,
              "box": [0.3, 0.4, 0.4, 0.5] },
            { "id": "van", "kind": "parking.fire_lane", "zone": "gate", "since_s": 90, "until_s": 170, "limit_s": 60 }
        ],
        "ignore": [{ "zone": "centre_lane", "from_s": 0, "until_s": 20, "note": "a short stop" }],
        "bays": [
            { "zone": "bay-1", "occupied": [[0, 180]] },
            { "zone": "bay-2", "occupied": [[20, 90]], "unsure": [[88, 92]] },
            { "zone": "bay-3", "occupied": [] }
        ],
        "objects": [{ "id": "silver", "class": "car", "boxes": [[22, 0.9, 0.8, 1.0, 0.9], [28, 0.6, 0.4, 0.7, 0.5], [140, 0.6, 0.4, 0.7, 0.5]] }]
    })
}

/// What the edge tells of a stop; `until_s` is told in a revision of its own.
fn told(
    id: &str,
    kind: &str,
    zone: &str,
    [since_s, at_s]: [f64; 2],
    until_s: Option<f64>,
    bbox: [f64; 4],
) -> Vec<Value> {
    let revision = |rev: u32, phase: &str, at_s: f64, until: Option<f64>| {
        json!({
            "schema": "gridwatch.event/1", "id": id, "rev": rev, "phase": phase, "kind": kind, "camera": "lot", "zone": zone,
            "severity": "minor", "since": time(since_s), "at": time(at_s), "until": until.map(time),
            "objects": [{ "class": "car", "score": 0.8, "box": bbox }], "rule": { "limit_s": 20 }
        })
    };
    let mut revisions = vec![revision(1, "open", at_s, None)];
    revisions.extend(until_s.map(|until_s| revision(2, "close", until_s + 10.0, Some(until_s))));
    revisions
}

fn time(seconds: f64) -> String {
    let millis = (seconds * 1000.0).round() as i64;
    gridwatch_domain::Timestamp::from_millisecond(millis).expect("in range").to_string()
}

fn example_events() -> Vec<Value> {
    let silver = [0.61, 0.41, 0.71, 0.51];
    let no_parking = "parking.no_parking";
    [
        told("e1", no_parking, "centre_lane", [28.4, 48.9], Some(110.0), silver),
        told("e2", no_parking, "centre_lane", [112.5, 132.5], Some(141.5), silver),
        told("e3", no_parking, "hedge_lane", [51.0, 74.5], None, [0.19, 0.39, 0.24, 0.51]),
        told("e4", no_parking, "hedge_lane", [5.0, 25.0], Some(40.0), [0.1, 0.1, 0.2, 0.2]),
        told("e5", no_parking, "centre_lane", [8.0, 18.0], Some(20.5), [0.1, 0.1, 0.2, 0.2]),
    ]
    .concat()
}

fn example_observations() -> Vec<Value> {
    let at = |second: u32| {
        let track = if second < 70 { 5 } else { 9 };
        let seen = (28..=140).contains(&second);
        let boxes = json!([0.6, 0.4, 0.7, 0.5]);
        let detections = if seen {
            json!([{ "class": "car", "score": 0.8, "box": boxes, "track": track }])
        } else {
            json!([])
        };
        let places = if seen { json!([{ "id": "p3", "box": boxes }]) } else { json!([]) };
        json!({
            "schema": "gridwatch.observation/1", "camera": "lot", "at": time(f64::from(second)), "frame": second * 5,
            "detections": detections, "places": places,
            "zones": [
                { "id": "bay-1", "count": 1, "occupancy": if second < 4 { "unknown" } else { "occupied" } },
                { "id": "bay-2", "count": 0, "occupancy": if (22..110).contains(&second) { "occupied" } else { "free" } },
                { "id": "bay-3", "count": 0, "occupancy": "free" }, { "id": "centre_lane", "count": 1 },
                { "id": "hedge_lane", "count": 1 }, { "id": "gate", "count": 0 }
            ], "troubles": []
        })
    };
    (0..180).map(at).collect()
}

/// A folder with the files of the example, and the arguments that name them.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let files = Self { folder: tempfile::tempdir().expect("a folder") };
        files.write("truth.json", &example_truth().to_string());
        files.write("events.jsonl", &lines(&example_events()));
        files.write("observations.jsonl", &lines(&example_observations()));
        files
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("it can be written");
    }

    fn arguments(&self) -> ScoreFiles {
        let path = |name: &str| self.folder.path().join(name);
        ScoreFiles {
            truth: path("truth.json"),
            events: path("events.jsonl"),
            observations: Some(path("observations.jsonl")),
            passes: None,
            start: None,
            camera: None,
            config: None,
            json: Some(path("score.json")),
            html: Some(path("score.html")),
            require_perfect: Vec::new(),
        }
    }

    #[track_caller]
    fn fails(&self, change: impl FnOnce(&mut ScoreFiles), expected: &[&str]) {
        let mut arguments = self.arguments();
        change(&mut arguments);
        let said = format!("{:#}", whole(&arguments).expect_err("something is wrong"));
        for part in expected {
            assert!(said.contains(part), "{said:?} should contain {part:?}");
        }
    }
}

/// As [`run`], without a word.
fn whole(files: &ScoreFiles) -> anyhow::Result<()> {
    let (truth, score) = judge(files)?;
    finish(files, &truth, &score)
}

#[test]
fn everything_that_is_asked_for_is_written() {
    let files = Files::new();
    whole(&files.arguments()).expect("whatever the score");
    let read = |name: &str| fs::read_to_string(files.folder.path().join(name)).expect("it is there");
    let json: Value = serde_json::from_str(&read("score.json")).expect("JSON");
    assert_eq!((&json["schema"], &json["total"]["found"]), (&json!("gridwatch.score/1"), &json!(2)));
    for list in ["matches", "missed", "false", "doubled", "ignored"] {
        assert!(!json[list].as_array().expect("a list").is_empty(), "{list}");
    }
    assert!(read("score.html").starts_with("<!doctype html>"));
}

#[test]
fn what_is_not_perfect_fails_where_that_is_asked_for() {
    let files = Files::new();
    files.fails(perfect(&[Perfect::Events]), &["not perfect: 2 missed, 1 false, 1 doubled"]);
    // The end of one is 30 s early, the alert of the other 4.5 s late.
    files.fails(perfect(&[Perfect::Times]), &["not perfect: 2 out of tolerance"]);
    let all = "not perfect: 2 missed, 1 false, 1 doubled; 2 out of tolerance";
    files.fails(perfect(&[Perfect::All]), &[all]);
    files.fails(perfect(&[Perfect::Events, Perfect::Times]), &[all]);
    files.write(
        "truth.json",
        &json!({ "schema": "gridwatch.truth/1", "name": "n", "duration_s": 180, "events": [] }).to_string(),
    );
    files.write("events.jsonl", "");
    let nothing = ScoreFiles { require_perfect: vec![Perfect::All], ..files.arguments() };
    whole(&nothing).expect("nothing was to be found, and nothing was told");
    let end =
        json!({ "schema": "gridwatch.analysis/1", "complete": false, "seconds": 12.5, "flaws": ["damaged"] });
    files.write("events.jsonl", &end.to_string());
    let expected = "not perfect: the analysis broke off after 12.5 s of the footage: damaged";
    files.fails(perfect(&[Perfect::Events]), &[expected]);
}

fn perfect(wanted: &[Perfect]) -> impl FnOnce(&mut ScoreFiles) {
    |arguments| arguments.require_perfect = wanted.to_vec()
}

/// One stop, told as it was but for what a test changes.
fn one_stop(severity: &str, [since_s, at_s]: [f64; 2]) -> Files {
    let files = Files::new();
    let event = json!({ "id": "1", "kind": "parking.no_parking", "zone": "lane", "since_s": 10, "until_s": 60, "limit_s": 20,
        "severity": severity });
    let near = json!([{ "id": "walker", "class": "person", "box": [0.2, 0.2, 0.4, 0.4], "from_s": 19, "until_s": 21, "at_s": 20 }]);
    let truth = json!({ "schema": "gridwatch.truth/1", "name": "n", "duration_s": 180, "events": [event], "near_passes": near });
    files.write("truth.json", &truth.to_string());
    files.write(
        "events.jsonl",
        &lines(&told("a", "parking.no_parking", "lane", [since_s, at_s], Some(60.0), [0.1, 0.1, 0.2, 0.2])),
    );
    files
}

fn near_pass(id: u8, at_s: f64) -> Value {
    let object = |class: &str, x: f64| json!({ "class": class, "score": 0.9, "box": [x, 0.2, x + 0.2, 0.4] });
    let id = gridwatch_domain::EventId::from_parts(gridwatch_domain::Timestamp::UNIX_EPOCH, [id; 10]);
    json!({ "schema": "gridwatch.near_pass/1", "id": id.to_string(), "camera": "lot", "place": "p1", "zones": [], "parked": object("car", 0.2), "parked_since": time(0.0),
        "passer": object("person", 0.3), "from": time(at_s), "until": time(at_s), "at": time(at_s), "distance": 0.1, "side": "left" })
}

#[test]
fn perfect_is_what_is_told_in_time_with_its_severity() {
    one_stop("minor", [10.0, 30.0])
        .fails(perfect(&[Perfect::Passes]), &["where the truth has some and --passes"]);
    let whole_with = |files: &Files, wanted: &[Perfect]| {
        whole(&ScoreFiles { require_perfect: wanted.to_vec(), ..files.arguments() })
    };
    whole_with(&one_stop("minor", [12.0, 32.0]), &[Perfect::All]).expect("within the tolerance");
    let late = one_stop("minor", [12.1, 32.0]);
    late.fails(perfect(&[Perfect::All]), &["not perfect: 1 out of tolerance"]);
    whole_with(&late, &[Perfect::Events]).expect("it was told");
    one_stop("minor", [10.0, 33.0]).fails(perfect(&[Perfect::Times]), &["1 out of tolerance"]);
    let other = one_stop("major", [10.0, 30.0]);
    other.fails(perfect(&[Perfect::All]), &["0 missed, 0 false, 0 doubled, 1 of another severity"]);
    whole_with(&other, &[Perfect::Times]).expect("in time");
}

#[test]
fn perfect_is_who_came_close_too() {
    let files = one_stop("minor", [10.0, 30.0]);
    let check = |passes: &[Value], expected: Option<&str>| {
        files.write("passes.jsonl", &lines(passes));
        let passes = Some(files.folder.path().join("passes.jsonl"));
        let all = ScoreFiles { passes, require_perfect: vec![Perfect::All], ..files.arguments() };
        let said = whole(&all).map_err(|error| error.to_string()).err();
        assert_eq!(said.as_deref(), expected);
        let events = vec![Perfect::Events, Perfect::Times];
        whole(&ScoreFiles { require_perfect: events, ..all }).expect("those are as they should be");
    };
    check(&[near_pass(1, 20.0)], None);
    check(&[], Some("not perfect: near passes: 1 missed, 0 false, 0 doubled"));
    let more = [near_pass(1, 20.0), near_pass(2, 21.5), near_pass(3, 90.0)];
    check(&more, Some("not perfect: near passes: 0 missed, 1 false, 1 doubled"));
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
    let files = Files::new();
    files.fails(|arguments| arguments.truth = "none.json".into(), &["read none.json"]);
    files.fails(|arguments| arguments.events = "none.jsonl".into(), &["open none.jsonl"]);
    let mut truth = example_truth();
    (truth["events"][0]["until_s"], truth["bays"][0]["zone"]) = (json!(3), json!("bay 1"));
    files.write("truth.json", &truth.to_string());
    files.fails(|_| (), &["truth.json cannot be used", "events[0].until_s: 3 s, not after", "bays[0].zone"]);
    let files = Files::new();
    files.write("events.jsonl", &(lines(&example_events()) + "{}\n"));
    files.fails(|_| (), &["events.jsonl cannot be used", "line 10: no schema"]);
    let files = Files::new();
    files.write("observations.jsonl", "\n[]\n");
    files.fails(|_| (), &["observations.jsonl cannot be used", "line 2: not a JSON object"]);
}

#[test]
fn zones_that_the_configuration_does_not_have_are_told() {
    let files = Files::new();
    let zone = |id: &str| {
        format!(
            "[[camera.zone]]\nid = \"{id}\"\ntype = \"no_parking\"\npolygon = [[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]]\n"
        )
    };
    let camera = |id: &str, zones: &[&str]| {
        let zones: String = zones.iter().map(|id| zone(id)).collect();
        format!("[[camera]]\nid = \"{id}\"\nurl = \"rtsp://127.0.0.1/{id}\"\n{zones}")
    };
    let config = format!(
        "[edge]\nid = \"box\"\nstate_dir = \".\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n{}{}",
        camera("lot", &["center_lane", "hedge_lane", "bay-1", "bay-2", "bay-3"]),
        camera("yard", &["gate"])
    );
    files.write("edge.toml", &config);
    let config = Some(files.folder.path().join("edge.toml"));
    let (_, score) = judge(&ScoreFiles { config, ..files.arguments() }).expect("valid");
    let said: Vec<String> = score.warnings.iter().map(ToString::to_string).collect();
    let expected =
        "the configuration does not have what the truth calls centre_lane (is center_lane meant?), gate";
    assert!(said.iter().any(|warning| warning == expected), "{said:?}");
    files.fails(|arguments| arguments.config = Some("none.toml".into()), &["none.toml"]);
}

#[test]
fn one_camera_is_chosen_of_several() {
    let files = Files::new();
    let mut other = example_events();
    other.iter_mut().for_each(|line| {
        line["camera"] = json!("gate");
        line["id"] = json!(format!("gate-{}", line["id"]));
    });
    files.write("events.jsonl", &(lines(&example_events()) + &lines(&other)));
    files.fails(|_| (), &["2 cameras (gate, lot); choose one with --camera"]);
    let camera = |name: &str| Some(CameraId::new(name).expect("an id"));
    files.fails(
        |arguments| arguments.camera = camera("yard"),
        &["--camera yard: the files speak of gate, lot"],
    );
    whole(&ScoreFiles { camera: camera("lot"), ..files.arguments() }).expect("it is there");
}
