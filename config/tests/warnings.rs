//! What is allowed and most likely not meant is told at its key, with what to do about it.

use std::{collections::BTreeMap, path::Path};

use gridwatch_config::{InputExtent, Warning, load_edge, parse_edge, warnings};

/// Nothing wrong with it: two bays beside each other, an aisle before them, a line across the aisle.
const GOOD: &str = r#"
[edge]
id = "box"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1883"
[[schedule]]
name = "day"
weekly = ["daily 07:00-19:00"]
[[camera]]
id = "lot"
url = "rtsp://10.0.0.9/1"
aspect = "16:9"
[[camera.zone]]
id = "b1"
type = "bay"
polygon = [[0.1, 0.3], [0.2, 0.3], [0.2, 0.6], [0.1, 0.6]]
[[camera.zone]]
id = "b2"
type = "bay"
polygon = [[0.2, 0.3], [0.3, 0.3], [0.3, 0.6], [0.2, 0.6]]
[[camera.zone]]
id = "aisle"
type = "aisle"
schedule = "day"
polygon = [[0.0, 0.62], [0.9, 0.62], [0.9, 0.9], [0.0, 0.9]]
[[camera.line]]
id = "exit"
from = [0.9, 0.6]
to = [0.9, 0.9]
[[camera.group]]
id = "all"
"#;
/// A metre is a tenth of the picture's breadth at the bottom.
const GROUND: &str = r#"
[camera.ground]
points = [[0.0, 1.0], [1.0, 1.0], [0.7, 0.25], [0.3, 0.25]]
metres = [[0, 0], [10, 0], [10, 20], [0, 20]]
"#;

fn found(text: &str) -> Vec<Warning> {
    let settings = parse_edge(text, Path::new("")).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let extent = InputExtent { across: 640.0, down: 360.0 };
    let extents = settings.cameras.iter().map(|camera| (camera.id.clone(), extent));
    warnings(&settings, &extents.collect::<BTreeMap<_, _>>())
}

/// One warning, at that key, that says these parts and is about these zones.
#[track_caller]
fn check(text: &str, key: &str, parts: &[&str], about: &[&str]) {
    let found = found(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].problem.key, key, "{found:?}");
    for part in parts {
        assert!(
            found[0].problem.message.contains(part),
            "{:?} should contain {part:?}",
            found[0].problem.message
        );
    }
    let named: Vec<&str> = found[0].about.iter().map(|id| id.as_str()).collect();
    assert_eq!(named, about);
}

/// One part of the good file replaced by another.
#[track_caller]
fn with(part: &str, by: &str) -> String {
    assert!(GOOD.contains(part), "{part}");
    GOOD.replacen(part, by, 1)
}

fn zone(id: &str, more: &str, corners: &str) -> String {
    format!("{GOOD}[[camera.zone]]\nid = \"{id}\"\n{more}\npolygon = {corners}\n")
}

#[test]
fn a_good_file_has_no_warning() {
    assert_eq!(found(GOOD), []);
    assert_eq!(found(&format!("{GOOD}{GROUND}")), []);
    for example in ["edge.toml", "video.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example);
        if let Ok(settings) = load_edge(&path) {
            assert_eq!(warnings(&settings, &BTreeMap::new()), [], "{example}");
        }
    }
}

#[test]
fn a_camera_without_its_aspect_is_told_where_something_needs_it() {
    check(&with("aspect = \"16:9\"\n", ""), "camera[0].aspect", &["write aspect = \"16:9\"", "4:3"], &[]);
    let bare = GOOD.split("[[camera.zone]]").next().expect("a part").replace("aspect = \"16:9\"\n", "");
    assert!(found(&bare).iter().all(|warning| warning.problem.key != "camera[0].aspect"));
    let text = with("16:9", "16/9");
    let problems = parse_edge(&text, Path::new("")).expect_err("no shape");
    assert!(problems.to_string().contains("camera[0].aspect: \"16/9\": expected"), "{problems}");
}

#[test]
fn zones_in_which_nothing_can_be_seen_are_told() {
    let small = |side: f64| format!("[[0.5, 0.1], [{0}, 0.1], [{0}, 0.2], [0.5, 0.2]]", 0.5 + side);
    let parts = ["z has 10×36 pixels", "a vehicle takes 12", "tiles = \"2x1\""];
    check(&zone("z", "type = \"no_parking\"", &small(0.016)), "camera[0].zone[3].polygon", &parts, &["z"]);
    check(&zone("z", "type = \"area\"", &small(0.016)), "camera[0].zone[3].polygon", &["a person"], &["z"]);
    assert_eq!(found(&zone("z", "type = \"no_parking\"", &small(0.02))), []);
    let in_tiles =
        zone("z", "type = \"no_parking\"", &small(0.016)).replace("aspect", "tiles = \"2x1\"\naspect");
    check(&in_tiles, "camera[0].zone[3].polygon", &["more tiles"], &["z"]);
    let unknown =
        parse_edge(&zone("z", "type = \"no_parking\"", &small(0.016)), Path::new("")).expect("valid");
    assert_eq!(warnings(&unknown, &BTreeMap::new()), [], "without a network nobody knows");
}

#[test]
fn bays_that_lie_on_each_other_are_told() {
    let by = |left: f64| {
        with(
            "[[0.2, 0.3], [0.3, 0.3], [0.3, 0.6], [0.2, 0.6]]",
            &format!("[[{left}, 0.3], [0.3, 0.3], [0.3, 0.6], [{left}, 0.6]]"),
        )
    };
    check(&by(0.17), "camera[0].zone[1].polygon", &["30 % of the smaller", "b2 and b1"], &["b2", "b1"]);
    assert_eq!(found(&by(0.185)), []);
}

#[test]
fn a_bay_that_no_aisle_borders_is_told_where_there_are_aisles() {
    let far = with("[0.0, 0.62], [0.9, 0.62]", "[0.28, 0.62], [0.9, 0.62]")
        .replace("[0.9, 0.9], [0.0, 0.9]", "[0.9, 0.9], [0.28, 0.9]");
    assert_eq!(found(&far), [], "half a bay away it still does");
    let far = far.replace("0.28, 0.62", "0.5, 0.62").replace("0.28, 0.9", "0.5, 0.9");
    check(&far, "camera[0].zone", &["no aisle borders b1 and b2"], &["b1", "b2"]);
    let one = far.replace("0.5, 0.62", "0.35, 0.62").replace("0.5, 0.9", "0.35, 0.9");
    check(&one, "camera[0].zone[0].polygon", &["no aisle borders b1,"], &["b1"]);
    // Without a rule for it, and without aisles, nobody asks.
    assert_eq!(found(&far.replace("type = \"aisle\"", "type = \"aisle\"\ndouble_s = 0")), []);
    assert_eq!(found(&far.replace("type = \"aisle\"", "type = \"no_parking\"")), []);
}

#[test]
fn a_sliver_is_no_bay() {
    let text = with(
        "[[0.1, 0.3], [0.2, 0.3], [0.2, 0.6], [0.1, 0.6]]",
        "[[0.1, 0.58], [0.2, 0.58], [0.2, 0.6], [0.1, 0.6]]",
    );
    let found: Vec<Warning> =
        found(&text).into_iter().filter(|warning| warning.problem.message.contains("sliver")).collect();
    assert_eq!(found[0].problem.key, "camera[0].zone[0].polygon");
    assert!(found[0].problem.message.contains("11 % as broad as it is long"), "{found:?}");
}

#[test]
fn a_line_that_nobody_can_cross_is_told() {
    check(
        &with("to = [0.9, 0.9]", "to = [0.9, 0.63]"),
        "camera[0].line[0]",
        &["exit is 11 pixels long", "across the whole way"],
        &["exit"],
    );
    let on_ground = |to: &str| {
        with("from = [0.9, 0.6]\nto = [0.9, 0.9]", &format!("from = [0.2, 1.0]\nto = {to}")) + GROUND
    };
    check(&on_ground("[0.28, 1.0]"), "camera[0].line[0]", &["0.8 m long on the ground"], &["exit"]);
    assert_eq!(found(&on_ground("[0.31, 1.0]")), []);
}

#[test]
fn groups_that_count_nothing_of_their_own_are_told() {
    check(
        &with("id = \"all\"", "id = \"all\"\nbays = [\"b1\"]"),
        "camera[0].group[0].bays",
        &["b1 alone"],
        &["all", "b1"],
    );
    let twice = format!("{GOOD}[[camera.group]]\nid = \"again\"\nbays = [\"b2\", \"b1\"]\n");
    check(&twice, "camera[0].group[1].bays", &["the same as those of all"], &["again", "all"]);
}

#[test]
fn rules_that_never_are_in_force_are_told() {
    let permit = |more: &str| {
        with(
            "schedule = \"day\"",
            &format!("schedule = \"day\"\n[[camera.zone.permit]]\n{more}\n[camera.zone.x]"),
        )
        .replace("[camera.zone.x]\n", "")
    };
    // The polygon comes after the permit's table: it must come before.
    let permit = |more: &str| {
        let text = permit("");
        let polygon = "polygon = [[0.0, 0.62], [0.9, 0.62], [0.9, 0.9], [0.0, 0.9]]\n";
        text.replace(polygon, "")
            .replace("[[camera.zone.permit]]\n\n", &format!("{polygon}[[camera.zone.permit]]\n{more}\n"))
    };
    let vehicles = "classes = [\"car\", \"bus\", \"truck\"]";
    check(
        &permit(vehicles),
        "camera[0].zone[2].permit",
        &["the permits of aisle let everybody be"],
        &["aisle"],
    );
    check(
        &permit(&format!("{vehicles}\nweekly = [\"daily 06:00-20:00\"]")),
        "camera[0].zone[2].permit",
        &["fewer classes"],
        &["aisle"],
    );
    assert_eq!(found(&permit("classes = [\"bus\"]")), []);
    assert_eq!(found(&permit(&format!("{vehicles}\nweekly = [\"daily 08:00-09:00\"]"))), []);
    let short = with("[\"daily 07:00-19:00\"]", "[\"mon 12:00-12:10\", \"sun 12:00-12:02\"]")
        .replace("schedule = \"day\"", "schedule = \"day\"\nlimit_s = 900");
    check(
        &short,
        "camera[0].zone[2]",
        &["aisle is in force for 10 min at a time", "parking.out_of_bay takes 15 min"],
        &["aisle"],
    );
    assert_eq!(found(&short.replace("limit_s = 900", "limit_s = 600")), []);
    // A group of bays is full for as long as its limit, or never.
    let group = |limit_s: u32| {
        let more =
            format!("id = \"all\"\nlimit_s = {limit_s}\nweekly = [\"mon 12:00-12:10\", \"sun 12:00-12:02\"]");
        with("id = \"all\"", &more)
    };
    check(
        &group(900),
        "camera[0].group[0]",
        &["all is in force for 10 min at a time", "parking.lot_full takes 15 min"],
        &["all"],
    );
    assert_eq!(found(&group(600)), []);
    let unused = with("schedule = \"day\"\n", "");
    check(&unused, "schedule[0]", &["\"day\" is the schedule of nothing"], &[]);
}

#[test]
fn movement_that_is_looked_at_too_seldom_is_told() {
    let slow = |fps: u8| with("aspect", &format!("sample_fps = {fps}\naspect"));
    check(
        &slow(2),
        "camera[0].line[0].watch_fps",
        &["3 for exit, and no more than", "sample_fps, 2"],
        &["exit"],
    );
    assert_eq!(found(&slow(3)), []);
}

#[test]
fn zones_that_are_drawn_twice_are_told_unless_they_watch_others() {
    let corners = "[[0.9, 0.9], [0.9, 0.62], [0.0, 0.621], [0.0, 0.9]]";
    check(
        &zone("z", "type = \"fire_lane\"", corners),
        "camera[0].zone[3].polygon",
        &["z has the same as aisle", "told twice"],
        &["z", "aisle"],
    );
    assert_eq!(found(&zone("z", "type = \"area\"", corners)), [], "people, and the other vehicles");
    assert_eq!(found(&zone("z", "type = \"fire_lane\"", &corners.replace("0.621", "0.64"))), []);
}

#[test]
fn calibrations_that_cannot_be_right_are_told() {
    let ground =
        |points: &str, metres: &str| format!("{GOOD}[camera.ground]\npoints = {points}\nmetres = {metres}\n");
    let (points, metres) =
        ("[[0.0, 1.0], [1.0, 1.0], [0.7, 0.25], [0.3, 0.25]]", "[[0, 0], [10, 0], [10, 20], [0, 20]]");
    let keys =
        |text: &str| -> Vec<String> { found(text).into_iter().map(|warning| warning.problem.key).collect() };
    assert_eq!(keys(&ground(points, metres)), [""; 0]);
    check(
        &ground(points, "[[0, 0], [10, 0], [10, 0.5], [0, 0.5]]"),
        "camera[0].ground.metres",
        &["almost in a line"],
        &[],
    );
    let flat = ground(
        "[[0.0, 0.95], [1.0, 0.95], [0.98, 0.85], [0.02, 0.85]]",
        "[[0, 0], [12, 0], [12, 5], [0, 5]]",
    );
    assert!(keys(&flat).contains(&"camera[0].ground.points".to_owned()), "{:?}", keys(&flat));
    // The horizon at 0.45 of the height goes through both bays, and no farther down.
    let high = ground("[[0.0, 1.0], [1.0, 1.0], [0.7, 0.67], [0.3, 0.67]]", metres);
    let warnings = found(&high);
    let cut = warnings.iter().find(|warning| warning.problem.message.contains("goes through")).expect("told");
    assert!(cut.problem.message.contains("through b1 and b2: no distance"), "{cut:?}");
    let above = high.replace("0.6], [0.1, 0.6]]", "0.4], [0.1, 0.4]]");
    let warnings = found(&above);
    let above = warnings.iter().find(|warning| warning.problem.message.contains("above")).expect("told");
    assert!(above.problem.message.starts_with("b1 lies above its horizon"), "{above:?}");
    let large = found(&ground(points, "[[0, 0], [100, 0], [100, 200], [0, 200]]"));
    assert!(large.iter().any(|warning| warning.problem.message.contains("bays are 3 to 20")), "{large:?}");
}
