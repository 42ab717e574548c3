//! Truth files that are good, and every way in which they are not.

use serde_json::{Value, json};

use super::*;

fn good() -> Value {
    json!({
        "schema": "gridwatch.truth/1", "name": "lot", "duration_s": 180.0, "start": "2026-11-23T11:04:05+08:00",
        "events": [
            { "id": "silver", "kind": "parking.no_parking", "zone": "lane", "since_s": 28, "until_s": 140, "limit_s": 60,
              "box": [0.1, 0.1, 0.2, 0.3], "severity": "minor" },
            { "id": "dark", "kind": "camera.covered", "since_s": 150 }
        ],
        "ignore": [{ "from_s": 0, "until_s": 10 }],
        "bays": [{ "zone": "bay-1", "occupied": [[0, 20], [20, 30]], "unsure": [[18, 22]] }],
        "objects": [{ "id": "silver", "class": "car", "boxes": [[0, 0.1, 0.1, 0.2, 0.2], [5, 0.2, 0.2, 0.3, 0.3]] }]
    })
}

/// The good file with `change`; all that is wrong with it.
fn problems_with(change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    let mut document = good();
    change(&mut document);
    match Truth::parse(&document.to_string()) {
        Ok(_) => Vec::new(),
        Err(problems) => {
            problems.iter().map(|problem| (problem.key.clone(), problem.message.clone())).collect()
        }
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Value), key: &str, part: &str) {
    let found = problems_with(change);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, key, "{found:?}");
    assert!(found[0].1.contains(part), "{:?} should contain {part:?}", found[0].1);
}

#[test]
fn a_good_file_becomes_truth_with_defaults() {
    let truth = Truth::parse(&good().to_string()).expect("valid");
    assert_eq!(truth.start(None).to_string(), "2026-11-23T03:04:05.000Z");
    assert_eq!(truth.start(Some(Timestamp::UNIX_EPOCH)), Timestamp::UNIX_EPOCH);
    assert_eq!((truth.tolerance.start_s, truth.tolerance.alert_s, truth.tolerance.end_s), (2.0, 2.0, 12.0));
    assert_eq!(truth.events[1].span(truth.duration_s), Span::new(150.0, 180.0));
    assert_eq!(truth.bays[0].occupied.len(), 2);
    assert_eq!(truth.objects[0].boxes.len(), 2);
}

#[test]
fn each_problem_has_its_key_and_says_what_is_allowed() {
    check(|file| file["schema"] = json!("gridwatch.truth/2"), "schema", "gridwatch.truth/1");
    check(|file| file["colour"] = json!(1), "colour", "`gridwatch score schema`");
    check(|file| file["events"][0]["zones"] = json!("a"), "events[0].zones", "unknown key");
    check(|file| file["name"] = json!(" "), "name", "empty");
    check(|file| file["start"] = json!("noon"), "start", "RFC 3339");
    check(|file| file["duration_s"] = json!(0), "duration_s", "0");
    check(|file| file["tolerance"] = json!({ "end_s": -1 }), "tolerance.end_s", "-1");
    check(|file| file["events"][0]["since_s"] = json!("soon"), "events[0].since_s", "number");
    check(|file| file["events"][0]["since_s"] = json!(140), "events[0].until_s", "not after its beginning");
    check(|file| file["events"][0]["until_s"] = json!(181), "events[0].until_s", "0 to 180");
    check(|file| file["events"][0]["limit_s"] = json!(113), "events[0].limit_s", "it holds for 112 s");
    check(|file| file["events"][0]["severity"] = json!("bad"), "events[0].severity", "minor");
    check(|file| file["events"][0]["box"] = json!([0.2, 0.1, 0.1, 0.3]), "events[0].box", "x1 < x2");
    check(|file| file["events"][0]["box"] = json!([0.2, 0.1, 0.3]), "events[0].box", "");
    check(
        |file| file["events"][0]["kind"] = json!("parking.no-parking"),
        "events[0].kind",
        "\"parking.no-parking\" is no kind of event; expected parking.no_parking, ",
    );
    check(|file| file["events"][1]["kind"] = json!("crossing"), "events[1].kind", "expected line.crossing, ");
    check(|file| file["ignore"][0]["kind"] = json!(""), "ignore[0].kind", "is no kind of event");
    check(|file| file["events"][0]["zone"] = json!("a/b"), "events[0].zone", "a/b");
    check(|file| file["events"][1]["id"] = json!("silver"), "events[1].id", "events[0].id already");
    check(|file| file["ignore"][0]["until_s"] = json!(0), "ignore[0].until_s", "not after");
    check(|file| file["bays"][0]["occupied"][1] = json!([19, 30]), "bays[0].occupied[1]", "before the one");
    check(|file| file["bays"][0]["unsure"][0] = json!([9, 3]), "bays[0].unsure[0][1]", "not after");
    check(|file| file["objects"][0]["boxes"] = json!([]), "objects[0].boxes", "nowhere");
    check(|file| file["objects"][0]["boxes"][1][0] = json!(0), "objects[0].boxes[1][0]", "increasing");
    check(|file| file["objects"][0]["boxes"][1][3] = json!(1.3), "objects[0].boxes[1]", "0 to 1");
    check(|file| file["objects"][0]["class"] = json!("tank"), "objects[0].class", "truck");
}

#[test]
fn what_happens_in_a_moment_needs_no_end() {
    let moment = |until: Value, limit: Value| {
        problems_with(|file| {
            file["events"][1] =
                json!({ "id": "dark", "kind": "line.crossing", "zone": "way", "since_s": 150 });
            file["events"][1]["until_s"] = until;
            file["events"][1]["limit_s"] = limit;
        })
    };
    for until in [json!(null), json!(150), json!(151.5)] {
        assert_eq!(moment(until, json!(null)), []);
    }
    assert_eq!(moment(json!(150), json!(5)), [], "it may take its time to be known");
    let [(key, message)] = &moment(json!(149), json!(null))[..] else { panic!("one problem") };
    assert!(key == "events[1].until_s" && message.contains("not after"), "{key}: {message}");
    let mut document = good();
    document["events"][1]["kind"] = json!("parking.contact_suspected");
    let event = Truth::parse(&document.to_string()).expect("valid").events.remove(1);
    assert_eq!((event.span(180.0), event.is_open()), (Span::new(150.0, 150.0), false));
}

#[test]
fn every_problem_is_told_at_once() {
    let found = problems_with(|file| {
        file["colour"] = json!(1);
        file["events"][0]["since_s"] = json!("soon");
        file["events"][1]["since_s"] = json!(200);
        file["bays"][0]["occupied"][0] = json!([5, 5]);
        file["objects"][0]["id"] = json!("");
    });
    let mut keys: Vec<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    let expected =
        ["bays[0].occupied[0][1]", "colour", "events[0].since_s", "events[1].since_s", "objects[0].id"];
    assert_eq!(keys, expected, "{found:?}");
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    let problems = Truth::parse("{\"schema\": ").expect_err("cut off");
    assert!(problems.to_string().contains("not JSON: EOF"), "{problems}");
}

#[test]
fn the_schema_in_the_documentation_is_that_of_the_code() {
    let documented = include_str!("../../../docs/truth.schema.json");
    let ours = serde_json::to_string_pretty(&truth_file::form().schema).expect("a schema is JSON");
    assert!(documented.trim_end() == ours, "gridwatch score schema > docs/truth.schema.json");
}

#[test]
fn the_example_in_the_documentation_is_valid() {
    let page = include_str!("../../../docs/truth.md");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    Truth::parse(example.expect("the page has an example")).expect("the example is valid");
}
