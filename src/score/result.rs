//! What was told: events, put together from their revisions.
//!
//! In go the lines that `gridwatch analyze` prints, in any order, a revision perhaps more than once; out comes one [`ResultEvent`] an
//! event. Kinds are text, so that those of a later version are read too. Refused: lines that are none, revisions that contradict
//! themselves or each other.

use std::{collections::BTreeMap, io::BufRead};

use gridwatch_domain::{NormBox, Phase, Timestamp, wire::EVENT_SCHEMA};
use serde::Deserialize;

use super::lines::{self, LineProblems, Read};

/// An event as it was told in all of its revisions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ResultEvent {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) camera: String,
    pub(crate) zone: Option<String>,
    /// When the condition began, by the last revision.
    pub(crate) since: Timestamp,
    /// Event time of the open revision; `None` where that is not among the lines.
    pub(crate) opened_at: Option<Timestamp>,
    /// When the condition ended; `None`: it was never told that it did.
    pub(crate) until: Option<Timestamp>,
    /// Of the last revision.
    pub(crate) severity: Option<String>,
    /// Of the first object of the last revision.
    pub(crate) class: Option<String>,
    /// Where the first object of the last revision stands.
    pub(crate) bbox: Option<NormBox>,
    /// How long the condition was allowed to hold, by the rule that fired.
    pub(crate) limit_s: Option<f64>,
    /// How many revisions there are.
    pub(crate) revisions: usize,
}

/// The part of a wire-form event that is judged.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Revision {
    id: String,
    rev: u32,
    kind: String,
    phase: Phase,
    camera: String,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    since: Timestamp,
    at: Timestamp,
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    objects: Vec<Object>,
    #[serde(default)]
    rule: Option<Rule>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Rule {
    #[serde(default)]
    limit_s: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Object {
    class: String,
    #[serde(rename = "box")]
    bbox: NormBox,
}

/// Reads all events, in the order of their beginning.
pub(crate) fn read_events(from: impl BufRead) -> Result<Read<ResultEvent>, LineProblems> {
    let mut problems = LineProblems::default();
    let mut events: BTreeMap<String, BTreeMap<u32, (usize, Revision)>> = BTreeMap::new();
    let read = lines::read::<Revision>(from, EVENT_SCHEMA, &mut problems);
    for (line, revision) in read.items {
        if let Err(message) = revision.check() {
            problems.push(line, message);
            continue;
        }
        let revisions = events.entry(revision.id.clone()).or_default();
        match revisions.get(&revision.rev) {
            // Delivered at least once: told again is told once.
            Some((_, known)) if *known == revision => {}
            Some((first, _)) => problems.push(
                line,
                format!("revision {} of {} is told otherwise in line {first}", revision.rev, revision.id),
            ),
            None => {
                revisions.insert(revision.rev, (line, revision));
            }
        }
    }
    let merged = events.into_values().filter_map(|revisions| merge(&revisions, &mut problems));
    let mut merged: Vec<ResultEvent> = merged.collect();
    merged.sort_by(|a, b| (a.since, &a.id).cmp(&(b.since, &b.id)));
    if problems.is_empty() { Ok(Read { items: merged, partial: read.partial }) } else { Err(problems) }
}

fn merge(revisions: &BTreeMap<u32, (usize, Revision)>, problems: &mut LineProblems) -> Option<ResultEvent> {
    let (_, (first_line, first)) = revisions.first_key_value()?;
    let (_, (_, last)) = revisions.last_key_value()?;
    for (line, revision) in revisions.values() {
        let (same, is) = (first.what(), revision.what());
        if same != is {
            problems.push(*line, format!("{} is {is:?}, and {same:?} in line {first_line}", first.id));
            return None;
        }
    }
    if let Some((_, (line, closed))) = revisions.iter().find(|(_, (_, revision))| revision.until.is_some())
        && closed.rev < last.rev
    {
        problems.push(*line, format!("{} is closed, and goes on in revision {}", closed.id, last.rev));
        return None;
    }
    let object = last.objects.first();
    Some(ResultEvent {
        id: last.id.clone(),
        kind: last.kind.clone(),
        camera: last.camera.clone(),
        zone: last.zone.clone(),
        since: last.since,
        opened_at: (first.phase == Phase::Open).then_some(first.at),
        until: last.until,
        severity: last.severity.clone(),
        class: object.map(|object| object.class.clone()),
        bbox: object.map(|object| object.bbox),
        limit_s: last.rule.as_ref().and_then(|rule| rule.limit_s),
        revisions: revisions.len(),
    })
}

impl Revision {
    /// What stays the same over all revisions: kind, camera, zone.
    fn what(&self) -> (&str, &str, Option<&str>) {
        (&self.kind, &self.camera, self.zone.as_deref())
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.id.is_empty() || self.kind.is_empty() {
            Err("an event without id or kind")
        } else if self.rev == 0 {
            Err("revision 0: revisions begin at 1")
        } else if (self.phase == Phase::Open) != (self.rev == 1) {
            Err("phase open and revision 1 belong together")
        } else if (self.phase == Phase::Close) != self.until.is_some() {
            Err("phase close and an end time belong together")
        } else if self.since > self.at || self.until.is_some_and(|until| until < self.since) {
            Err("the event begins after its end")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn revision(id: &str, rev: u32, phase: &str, at: &str) -> Value {
        json!({
            "schema": "gridwatch.event/1", "id": id, "rev": rev, "edge": "e", "seq": rev, "kind": "parking.hovering", "phase": phase,
            "severity": "minor", "camera": "c", "zone": "lane", "cell": null, "since": "1970-01-01T00:00:10Z", "at": at,
            "until": if phase == "close" { json!(at) } else { Value::Null }, "dwell_s": 1.0,
            "objects": [{ "class": "car", "score": 0.5, "box": [0.1, 0.1, 0.2, 0.1 * (f64::from(rev) + 1.0)] }],
            "rule": { "limit_s": 20 }, "network": { "name": "n", "sha256": "" }, "evidence": [], "published_at": at
        })
    }

    fn read(lines: &[Value]) -> Result<Vec<ResultEvent>, String> {
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        let read = read_events(text.join("\n").as_bytes());
        read.map(|read| read.items).map_err(|problems| problems.to_string())
    }

    #[test]
    fn revisions_become_one_event_whatever_their_order_and_kind() {
        let mut lines = vec![
            revision("b", 1, "open", "1970-01-01T00:00:30Z"),
            revision("a", 1, "open", "1970-01-01T00:00:31Z"),
            revision("a", 2, "update", "1970-01-01T00:00:40Z"),
            revision("a", 3, "close", "1970-01-01T00:00:50Z"),
            revision("a", 1, "open", "1970-01-01T00:00:31Z"),
        ];
        let events = read(&lines).expect("valid");
        lines.reverse();
        assert_eq!(read(&lines).expect("valid"), events);
        let [a, b] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((a.id.as_str(), a.kind.as_str(), a.revisions), ("a", "parking.hovering", 3));
        assert_eq!(a.opened_at.map(Timestamp::as_millisecond), Some(31_000));
        assert_eq!(a.until.map(Timestamp::as_millisecond), Some(50_000));
        assert_eq!(a.bbox.map(|bbox| bbox.y2()), Some(0.4));
        assert_eq!((b.until, b.revisions), (None, 1));
    }

    #[test]
    fn an_event_whose_opening_is_not_there_is_read_without_it() {
        let events = read(&[revision("a", 4, "close", "1970-01-01T00:00:50Z")]).expect("valid");
        assert_eq!((events[0].opened_at, events[0].revisions), (None, 1));
    }

    #[track_caller]
    fn refused(lines: &[Value], expected: &str) {
        let said = read(lines).expect_err("something is wrong");
        assert!(said.contains(expected), "{said:?} should contain {expected:?}");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let good = || revision("a", 1, "open", "1970-01-01T00:00:30Z");
        let with = |key: &str, value: Value| {
            let mut line = good();
            line[key] = value;
            line
        };
        refused(&[good(), json!(7)], "line 2: not a JSON object");
        refused(&[with("schema", json!("gridwatch.camera/1"))], "line 1: schema \"gridwatch.camera/1\"");
        refused(&[json!({})], "line 1: no schema");
        refused(&[with("since", json!("noon"))], "line 1: not of gridwatch.event/1: time \"noon\"");
        refused(&[with("rev", json!(2))], "line 1: phase open and revision 1 belong together");
        refused(&[with("at", json!("1970-01-01T00:00:09Z"))], "line 1: the event begins after its end");
        refused(
            &[good(), with("at", json!("1970-01-01T00:00:33Z"))],
            "line 2: revision 1 of a is told otherwise in line 1",
        );
        let mut other = revision("a", 2, "update", "1970-01-01T00:00:40Z");
        other["zone"] = json!("elsewhere");
        refused(&[good(), other], "line 2: a is (\"parking.hovering\", \"c\", Some(\"elsewhere\"))");
        let closed = revision("a", 2, "close", "1970-01-01T00:00:40Z");
        refused(
            &[closed, revision("a", 3, "update", "1970-01-01T00:00:41Z")],
            "line 1: a is closed, and goes on",
        );
        let said = read_events(&b"\n\xff\xfe\n"[..]).expect_err("no text").to_string();
        assert!(said.contains("line 2: not a JSON object"), "{said}");
    }

    #[test]
    fn an_analysis_that_broke_off_says_so() {
        let end = |complete: bool| {
            let line = json!({ "schema": "gridwatch.analysis/1", "complete": complete, "seconds": 31.5, "flaws": ["cut off"] });
            let text = format!("{}\n{line}\n", revision("a", 1, "open", "1970-01-01T00:00:30Z"));
            read_events(text.as_bytes()).expect("valid")
        };
        let partial = lines::PartialAnalysis { seconds: 31.5, flaws: vec!["cut off".into()] };
        assert_eq!((end(false).items.len(), end(false).partial), (1, Some(partial)));
        assert_eq!((end(true).items.len(), end(true).partial), (1, None));
        refused(
            &[json!({ "schema": "gridwatch.analysis/1" })],
            "line 1: not of gridwatch.analysis/1: missing field `complete`",
        );
    }

    #[test]
    fn of_many_unreadable_lines_some_are_told_and_all_are_counted() {
        let said = read(&vec![json!({}); 33]).expect_err("nothing is right");
        assert!(said.contains("line 20:") && !said.contains("line 21:"), "{said}");
        assert!(said.ends_with("and 13 more"), "{said}");
    }
}
