//! Who came close to a parked vehicle, asked of a state folder with the real binary.

use std::{path::Path, process::Command, time::Duration};

use gridwatch_alert::{Append, Outbox, OutboxSettings};
use gridwatch_domain::{EventId, EventObject, NearPass, NormBox, ObjectClass, Side, Timestamp};
use serde_json::Value;

const GRIDWATCH: &str = env!("CARGO_BIN_EXE_gridwatch");
/// 22:00 in Guiyang.
const EVENING: &str = "2026-11-23T22:00:00+08:00";

fn time(minutes: u64) -> Timestamp {
    let evening: Timestamp = EVENING.parse().expect("valid");
    evening.saturating_add(Duration::from_secs(60 * minutes))
}

/// So many minutes after the evening began.
fn pass(minutes: u8, class: ObjectClass, bay: &str) -> NearPass {
    let at = time(minutes.into());
    let object = |class| EventObject {
        class,
        score: 0.9,
        bbox: NormBox::new(0.3, 0.4, 0.6, 0.8).expect("valid"),
        place: None,
        track: None,
    };
    NearPass {
        id: EventId::from_parts(at, [minutes; 10]),
        camera: "yard".parse().expect("valid"),
        place: "p17".parse().expect("valid"),
        zones: vec![bay.parse().expect("valid")],
        parked: object(ObjectClass::Car),
        parked_since: time(0),
        passer: object(class),
        from: at,
        until: at,
        at,
        distance: 0.1,
        distance_m: None,
        heading_deg: None,
        side: Side::Left,
        shifted: None,
    }
}

/// The state folder of a box that has seen a night.
fn state() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let scratch = NearPass {
        distance: 0.0,
        distance_m: Some(0.05),
        heading_deg: Some(90.0),
        shifted: Some(0.04),
        ..pass(20, ObjectClass::Motorcycle, "bay-12")
    };
    let passes = [
        pass(10, ObjectClass::Person, "bay-12"),
        scratch,
        pass(30, ObjectClass::Car, "bay-13"),
        pass(40, ObjectClass::Person, "bay-12"),
    ];
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let settings = OutboxSettings { max_size: 64 << 20 };
        let outbox = Outbox::open(&folder.path().join("outbox.db"), settings).await.expect("opens");
        outbox.append(Append { passes: &passes, ..Append::default() }).await.expect("room");
    });
    folder
}

/// Whether it went well, and what it said.
fn passes(arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(GRIDWATCH);
    let output = command.arg("passes").args(arguments).env("TZ", "Asia/Shanghai").output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[track_caller]
fn minutes(folder: &Path, arguments: &[&str]) -> Vec<u64> {
    let source = ["--folder", folder.to_str().expect("UTF-8"), "--json"];
    let (went_well, said, complained) = passes(&[&source[..], arguments].concat());
    assert!(went_well, "{complained}");
    let minute = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["schema"], "gridwatch.near_pass/1");
        let at: Timestamp = line["at"].as_str().expect("a time").parse().expect("RFC 3339");
        at.saturating_since(time(0)).as_secs() / 60
    };
    said.lines().map(minute).collect()
}

#[test]
fn a_bay_and_a_night_are_answered() {
    let folder = state();
    let ask = |arguments: &[&str]| minutes(folder.path(), arguments);
    assert_eq!(ask(&[])[0], 20, "the nearest first");
    assert_eq!(ask(&["--by-time"]), [10, 20, 30, 40]);
    assert_eq!(ask(&["--by-time", "--bay", "bay-12"]), [10, 20, 40]);
    assert_eq!(ask(&["--by-time", "--bay", "bay-12", "--from", "2026-11-23T22:15:00+08:00"]), [20, 40]);
    assert_eq!(ask(&["--by-time", "--until", "2026-11-23T14:25:00Z"]), [10, 20]);
    assert_eq!(ask(&["--by-time", "--class", "person", "--class", "car"]), [10, 30, 40]);
    assert_eq!(ask(&["--place", "p17", "--camera", "yard", "--limit", "1"]), [20]);
    assert_eq!(ask(&["--within", "0.2"]), [20]);
    assert_eq!(ask(&["--camera", "gate"]), [0_u64; 0]);
}

#[test]
fn the_table_says_who_when_how_near_and_which_way() {
    let folder = state();
    let source = ["--folder", folder.path().to_str().expect("UTF-8")];
    let (went_well, said, complained) = passes(&source);
    assert!(went_well, "{complained}");
    let nearest = said.lines().find(|line| line.contains("0.05 m")).expect("the nearest");
    for part in [
        "2026-11-23 22:20:00",
        "摩托/电动车 motorcycle",
        "左 left",
        "↓",
        "是 yes, 4 %",
        "bay-12",
        "p17",
        "yard",
    ] {
        assert!(nearest.contains(part), "{part} is not in {nearest}");
    }
    assert!(said.contains("0.10 车长 sizes") && said.contains("不明 unknown"), "{said}");
    assert!(said.contains("共 4 条") && said.contains("Asia/Shanghai"), "{said}");
    let (_, said, _) = passes(&[&source[..], &["--limit", "1"]].concat());
    assert!(said.contains("还有更多"), "{said}");
    let (_, said, _) = passes(&[&source[..], &["--bay", "bay-99"]].concat());
    assert!(said.contains("没有记录"), "{said}");
}

#[test]
fn the_configuration_of_the_box_tells_where_it_is_and_what_is_wrong_is_told() {
    let folder = state();
    let config = folder.path().join("edge.toml");
    let text = "[edge]\nid = \"box-1\"\nstate_dir = \".\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n\
                [calendar]\ntime_zone = \"Asia/Tokyo\"\n";
    std::fs::write(&config, text).expect("the folder is ours");
    let (went_well, said, complained) = passes(&["--config", config.to_str().expect("UTF-8"), "--by-time"]);
    assert!(went_well, "{complained}");
    assert!(said.contains("2026-11-23 23:10:00") && said.contains("Asia/Tokyo"), "{said}");

    // A bay that is mistyped is not one that nobody came close to; one that is gone from the configuration still is what it was.
    let named = |bay: &str| passes(&["--config", config.to_str().expect("UTF-8"), "--bay", bay]);
    let (went_well, said, complained) = named("bay-21");
    assert!(!went_well && complained.contains("no zone bay-21"), "{said}{complained}");
    let (went_well, said, complained) = named("bay-12");
    assert!(went_well && said.contains("bay-12"), "{said}{complained}");

    let empty = tempfile::tempdir().expect("a folder");
    let source = ["--folder", empty.path().to_str().expect("UTF-8")];
    let (went_well, _, complained) = passes(&source);
    assert!(!went_well && complained.contains("the box has not run yet"), "{complained}");
    for wrong in
        [&["--nearest", "--by-time"][..], &["--limit", "0"], &["--from", "yesterday"], &["--class", "dog"]]
    {
        let (went_well, ..) = passes(&[&source[..], wrong].concat());
        assert!(!went_well, "{wrong:?}");
    }
}
