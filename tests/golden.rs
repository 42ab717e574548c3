//! `gridwatch analyze` over small rendered clips, by day and in infrared: what was told before is told again, to the byte where it is analysed
//! twice, and all of it is true.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use gridwatch_domain::{Event, Timestamp};
use support::{GRIDWATCH, root};

/// A scene, what is told of it, revision by revision, and when, in seconds; and what of that its truth must bear out.
struct Clip {
    scene: &'static str,
    told: &'static [(&'static str, f64)],
    perfect: &'static str,
}

const STREET: Clip = Clip { scene: "golden", told: &STREET_TOLD, perfect: "--require-perfect" };
const STREET_TOLD: [(&str, f64); 5] = [
    ("open parking.straddling b-2", 12.0),
    ("open line.crossing way", 18.4),
    ("close line.crossing way", 18.4),
    ("open parking.fire_lane lane", 20.2),
    ("close parking.fire_lane lane", 44.0),
];
/// A row of which one leaves is told to be full for another minute, longer than the scene: ends are not held against the truth.
const YARD: Clip =
    Clip { scene: "golden-yard", told: &YARD_TOLD, perfect: "--require-perfect=events,passes" };
const YARD_TOLD: [(&str, f64); 12] = [
    ("open parking.entrance_blocked door", 22.4),
    ("open line.wrong_way way-in", 23.0),
    ("close line.wrong_way way-in", 23.0),
    ("open parking.lot_full row", 23.0),
    ("open parking.overstay b-1", 24.0),
    ("open parking.overstay b-2", 24.0),
    ("open area.intrusion green", 32.0),
    ("close parking.entrance_blocked door", 40.4),
    ("open area.loitering green", 42.0),
    ("open parking.double aisle", 56.3),
    ("close area.intrusion green", 62.0),
    ("close area.loitering green", 62.0),
];
/// Pictures are up to two seconds apart, and networks differ by a hair from processor to processor.
const WITHIN_S: f64 = 2.1;

fn run(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(GRIDWATCH).args(arguments).current_dir(folder).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

fn cache() -> PathBuf {
    std::env::var_os("GRIDWATCH_CACHE").map_or_else(|| root().join(".cache/scenes"), PathBuf::from)
}

fn analysed(folder: &Path, name: &str, suffix: &str) -> String {
    let (config, input) = (format!("{name}.toml"), format!("{name}.mp4"));
    let (events, observations) = (format!("{name}.{suffix}.jsonl"), format!("{name}.{suffix}.seen.jsonl"));
    let passes = format!("{name}.{suffix}.passes.jsonl");
    let files = ["--events", &events, "--observations", &observations, "--passes", &passes, "--quiet"];
    run(&[&["analyze", "--config", &config, "--input", &input][..], &files].concat(), folder);
    let read = |file: &str| fs::read_to_string(folder.join(file)).expect("it was written");
    read(&events) + &read(&observations) + &read(&passes)
}

fn told(events: &str) -> Vec<(String, f64)> {
    let line = |line: &str| {
        let event: Event = serde_json::from_str(line).ok()?;
        let phase = serde_json::to_value(event.phase).expect("a word");
        let zone = event.zone.map_or_else(String::new, |zone| zone.to_string());
        let text = format!("{} {} {zone}", phase.as_str().expect("a word"), event.kind.as_str());
        Some((text, event.at.seconds_since(Timestamp::UNIX_EPOCH)))
    };
    events.lines().filter_map(line).filter(|(text, _)| !text.starts_with("update")).collect()
}

fn check(clip: &Clip, condition: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (scene, cache) = (root().join(format!("tests/scenes/{}.toml", clip.scene)), cache());
    let (scene, cache) = (scene.to_str().expect("UTF-8"), cache.to_str().expect("UTF-8"));
    let video = ["simulate", "video", "--scenes", scene, "--condition", condition, "--size", "720p"];
    run(&[&video[..], &["--out", ".", "--config", "--cache", cache]].concat(), folder.path());
    let name = format!("{}-{condition}", clip.scene);
    let first = analysed(folder.path(), &name, "first");
    assert_eq!(
        first,
        analysed(folder.path(), &name, "again"),
        "the same file, the same events, byte for byte"
    );

    let mut told = told(&first);
    told.sort_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    let mut golden = clip.told.to_vec();
    assert_eq!(told.len(), golden.len(), "{condition}: {told:#?}");
    for (text, at_s) in &told {
        let is_it = |(known, then): &(&str, f64)| known == text && (then - at_s).abs() <= WITHIN_S;
        let index = golden
            .iter()
            .position(is_it)
            .unwrap_or_else(|| panic!("{condition}: {text} at {at_s} s: {told:#?}"));
        golden.remove(index);
    }
    let (truth, events) = (format!("{name}.truth.json"), format!("{name}.first.jsonl"));
    let passes = format!("{name}.first.passes.jsonl");
    let files = ["score", "--truth", &truth, "--events", &events, "--passes", &passes];
    run(&[&files[..], &[clip.perfect]].concat(), folder.path());
}

#[test]
fn by_day_the_same_is_told_as_ever() {
    check(&STREET, "day");
}

#[test]
fn in_infrared_the_same_is_told_as_ever() {
    check(&STREET, "infrared");
}

#[test]
fn all_that_lasts_is_told_as_ever() {
    check(&YARD, "day");
}
