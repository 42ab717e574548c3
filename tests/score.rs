//! `gridwatch score` as a user meets it: exit codes, standard input, the schema.

mod support;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use support::{GRIDWATCH, write};

const TRUTH: &str = r#"{"schema":"gridwatch.truth/1","name":"lot","duration_s":100,
    "events":[{"id":"red","kind":"parking.no_parking","zone":"lane","since_s":10,"until_s":60,"limit_s":20}]}"#;
const EVENT: &str = r#"{"schema":"gridwatch.event/1","id":"a","rev":1,"phase":"open","kind":"parking.no_parking","camera":"c","zone":"lane","since":"1970-01-01T00:00:11Z","at":"1970-01-01T00:00:31Z","until":null,"objects":[]}"#;

/// Scores what comes by the standard input.
fn score(truth: &Path, events: &str, more: &[&str]) -> Output {
    let mut command = Command::new(GRIDWATCH);
    command.args(["score", "--events", "-", "--truth"]).arg(truth).args(more);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(events.as_bytes()).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn the_exit_code_tells_of_the_score_only_where_that_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let truth = write(folder.path(), "truth.json", TRUTH);
    let check = |events: &str, more: &[&str], code: i32, said: &str| {
        let output = score(&truth, events, more);
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{text}");
    };
    // Nothing tells that it has ended, 40 s after it did.
    check(EVENT, &["--require-perfect"], 1, "not perfect: 1 out of tolerance");
    let closed = EVENT
        .replace("\"rev\":1,\"phase\":\"open\"", "\"rev\":2,\"phase\":\"close\"")
        .replace("null", "\"1970-01-01T00:01:01Z\"");
    let whole = |open: &str| format!("{open}\n{closed}\n");
    check(&whole(EVENT), &["--require-perfect"], 0, "100.0 %");
    check("", &[], 0, "missed: red, parking.no_parking in lane from 0:10 to 1:00");
    check("", &["--require-perfect"], 1, "not perfect: 1 missed, 0 false, 0 doubled");
    let late = whole(&EVENT.replace("00:31Z", "00:35Z"));
    check(&late, &["--require-perfect"], 1, "not perfect: 1 out of tolerance");
    check(&late, &["--require-perfect=times"], 1, "not perfect: 1 out of tolerance");
    check(&late, &["--require-perfect=events"], 0, "100.0 %");
    check(&late, &["--require-perfect=events,times"], 1, "not perfect: 1 out of tolerance");
    check(&late, &["--require-perfect=good"], 2, "[possible values: all, events, times, passes]");
    check("{", &[], 1, "line 1: not a JSON object");
    check(EVENT, &["--start", "noon"], 2, "RFC 3339");
    let over = truth.to_str().expect("UTF-8");
    check("", &["--html", over], 1, "--html and --truth name the same file");
    assert_eq!(
        std::fs::read_to_string(&truth).expect("it is there"),
        TRUTH,
        "what somebody has labelled stays"
    );
}

#[test]
fn the_schema_is_printed_as_it_is_documented() {
    let output = Command::new(GRIDWATCH).args(["score", "schema"]).output().expect("the binary runs");
    let documented = std::fs::read(support::root().join("docs/truth.schema.json")).expect("it is there");
    assert!(
        output.status.success() && output.stdout == documented,
        "gridwatch score schema > docs/truth.schema.json"
    );
}
