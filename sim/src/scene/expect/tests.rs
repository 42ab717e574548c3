//! Each kind on a stage of its own: what must be found, and what must not.

use crate::Scene;

/// A camera over an empty yard; a loop of 120 s.
const YARD: &str = r#"
seed = 1
loop_s = 120
[camera]
id = "tiny"
title = "tiny"
position = [0.0, -14.0, 8.0]
heading_deg = 0
pitch_deg = 26
fov_deg = 80
[light]
mode = "overcast"
clock = "2026-05-12T09:30:00"
[ground]
cover = "asphalt"
wear = 0.5
"#;
/// Three bays of 2.8 m to the north of an aisle: their middles at x = -2.8, 0, 2.8 and y = 9.
const BAYS: &str = r#"
[[bays]]
from = [-4.2, 6.4]
heading_deg = 90
count = 3
pitch = 2.8
depth = -5.2
colour = "white"
zones = "b"
limit_s = 30
straddling_s = 20
long_stay_s = 100
[[zone]]
id = "aisle"
name = "aisle"
type = "aisle"
limit_s = 25
double_s = 15
long_stay_s = 60
polygon = [[-9.0, 0.0], [9.0, 0.0], [9.0, 6.3], [-9.0, 6.3]]
"#;

/// Comes from the west along y, stands for a while at x, leaves to the east.
fn visitor(y: f32, x: f32, stop_s: u32) -> String {
    format!(
        "[[vehicle]]\nbody = \"sedan\"\nenter_s = 2\n[[vehicle.leg]]\npath = [[-30.0, {y}], [{x}, {y}]]\nspeed = 5.0\n\
         stop_s = {stop_s}\n[[vehicle.leg]]\npath = [[40.0, {y}]]\nspeed = 6.0\n"
    )
}

fn parked(x: f32, y: f32) -> String {
    format!("[[vehicle]]\nbody = \"sedan\"\nat = [{x}, {y}]\n")
}

/// Somebody who sets out at a time along a path, with pauses at its points.
fn walker(enter_s: f32, legs: &[([f32; 2], u32)]) -> String {
    let mut text = format!("[[person]]\nenter_s = {enter_s}\n");
    for (index, ([x, y], stop_s)) in legs.iter().enumerate().skip(1) {
        let [from_x, from_y] = legs[index - 1].0;
        let from = if index == 1 { format!("[{from_x}, {from_y}], ") } else { String::new() };
        text += &format!("[[person.leg]]\npath = [{from}[{x}, {y}]]\nspeed = 1.25\nstop_s = {stop_s}\n");
    }
    text
}

fn scene(parts: &[&str]) -> Scene {
    Scene::from_toml(&[YARD, &parts.join("\n")].concat()).expect("a fair scene")
}

/// Kind and place of each event, with the whole seconds for which it lasts before it opens and in all.
#[track_caller]
fn check(parts: &[&str], expected: &[&str]) -> Scene {
    let scene = scene(parts);
    let line = |event: crate::ExpectedEvent| {
        let [opens, lasts] = [event.open_s, event.leave_s].map(|at| (at - event.stop_s).round());
        format!("{} {} {opens} {lasts}", event.kind, event.zone)
    };
    let found: Vec<String> = scene.expected_events().into_iter().map(line).collect();
    assert_eq!(found, expected);
    scene
}

fn zone(zone_type: &str, keys: &str) -> String {
    let polygon = "[[-5.0, 0.0], [5.0, 0.0], [5.0, 6.0], [-5.0, 6.0]]";
    format!("[[zone]]\nid = \"z\"\nname = \"z\"\ntype = \"{zone_type}\"\n{keys}\npolygon = {polygon}\n")
}

#[test]
fn standing_where_nobody_may() {
    for (zone_type, kind) in
        [("no_parking", "no_parking"), ("fire_lane", "fire_lane"), ("entrance", "entrance_blocked")]
    {
        let zone = zone(zone_type, "limit_s = 20");
        check(&[&zone, &visitor(3.0, 0.0, 40)], &[&format!("parking.{kind} z 20 40")]);
        check(&[&zone, &visitor(3.0, 0.0, 12)], &[]);
        check(&[&zone, &visitor(8.0, 0.0, 40)], &[]);
    }
    check(&[&zone("aisle", "limit_s = 20"), &parked(0.0, 3.0)], &["parking.out_of_bay z 20 120"]);
    let usual = zone("no_parking", "");
    let scene = check(&[&usual, &parked(0.0, 3.0)], &["parking.no_parking z 180 120"]);
    assert_eq!(scene.zones()[0].rules[0].limit.get().as_secs(), 180, "parked for good");
}

#[test]
fn in_a_bay() {
    check(&[BAYS, &visitor(9.0, 0.0, 40)], &["parking.overstay b-2 30 40"]);
    check(&[BAYS, &visitor(9.0, 0.0, 17)], &[]);
    check(&[BAYS, &parked(2.8, 9.0)], &["parking.overstay b-3 30 120", "parking.long_stay b-3 100 120"]);
    // 0.45 of the way from the first bay to the second.
    check(&[BAYS, &visitor(9.0, -1.54, 28)], &["parking.straddling b-1 20 28"]);
    check(&[BAYS, &visitor(9.0, -1.26, 28)], &["parking.straddling b-2 20 28"]);
    check(&[BAYS, &visitor(9.0, -2.5, 28)], &[]);
    // Beyond the last bay there is none to straddle.
    check(&[BAYS, &visitor(9.0, 4.06, 28)], &[]);
}

#[test]
fn in_an_aisle() {
    let before = visitor(4.6, 0.0, 33);
    check(&[BAYS, &before], &["parking.out_of_bay aisle 25 33"]);
    let taken = parked(0.0, 9.0);
    let both = ["parking.overstay b-2 30 120", "parking.long_stay b-2 100 120", "parking.double aisle 15 33"];
    check(&[BAYS, &before, &taken], &both);
    // On the far side of the aisle there is room to drive around.
    check(
        &[BAYS, &visitor(1.2, 0.0, 33), &taken],
        &["parking.overstay b-2 30 120", "parking.long_stay b-2 100 120", "parking.out_of_bay aisle 25 33"],
    );
    check(
        &[BAYS, &visitor(2.0, -5.0, 70)],
        &["parking.out_of_bay aisle 25 70", "parking.long_stay aisle 60 70"],
    );
    check(&[BAYS, &visitor(2.0, -5.0, 12)], &[]);
}

#[test]
fn a_group_is_full_while_so_many_bays_are_taken() {
    let bays = BAYS.replace("limit_s = 30\n", "").replace("long_stay_s = 100", "long_stay_s = 0");
    let group = "[[group]]\nid = \"lot\"\nname = \"lot\"\nlimit_s = 20\nfull = 2\n";
    let scene =
        check(&[&bays, group, &parked(0.0, 9.0), &visitor(9.0, 3.3, 40)], &["parking.lot_full lot 20 40"]);
    assert_eq!(scene.groups()[0].bays.len(), 3);
    check(&[&bays, group, &parked(0.0, 9.0), &visitor(9.0, 3.3, 12)], &[]);
    check(&[&bays, group, &visitor(9.0, 3.3, 40)], &[]);
}

/// Drives up to the car in the middle bay and stops that far before it.
fn bumper(gap: f32) -> String {
    let to = 9.0 - 4.72 - gap;
    format!(
        "[[vehicle]]\nbody = \"sedan\"\nenter_s = 2\n[[vehicle.leg]]\npath = [[0.0, -13.0], [0.0, {to}]]\nspeed = 2.0\nstop_s = 30\n"
    )
}

#[test]
fn a_touch_is_told_where_something_comes_of_it() {
    let bays = BAYS.replace("limit_s = 30\n", "").replace("_s = 100", "_s = 0").replace("_s = 15", "_s = 0");
    let bays = bays.replace("limit_s = 25", "limit_s = 100").replace("long_stay_s = 60", "long_stay_s = 0");
    let car = parked(0.0, 9.0);
    let touch_s = scene(&[&bays, &bumper(0.04), &car]).near_passes()[0].at_s;
    let told = |others: &str| {
        let found = scene(&[&bays, &bumper(0.04), others]).expected_events();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].kind.as_str(), found[0].zone.as_str()), ("parking.contact_suspected", "b-2"));
        assert!((found[0].stop_s + 1.0 - touch_s).abs() < 0.5 && found[0].actor == Some(2), "{found:?}");
        found[0].open_s - touch_s
    };
    let pushed = told(&format!("{car}nudge = {{ at_s = {touch_s:.1}, by = [0.0, 0.2] }}\n"));
    // Once the one that did it has gone, after its 30 s.
    assert!((33.0..36.0).contains(&pushed), "{pushed}");
    let looks = walker(touch_s as f32 + 3.0, &[([0.6, 4.0], 0), ([1.6, 6.0], 8), ([0.6, 4.0], 0)]);
    let looks = looks.replacen("[[person]]", "[[person]]\nrides = true", 1);
    let looked = told(&[car.as_str(), &looks].concat());
    assert!((5.0..15.0).contains(&looked), "{looked}");
    // Close, and nothing more.
    let near = scene(&[&bays, &bumper(0.9), &car]);
    assert_eq!(near.expected_events(), []);
    let passes = near.near_passes();
    assert_eq!(passes.len(), 1, "{passes:?}");
    assert_eq!((passes[0].parked, passes[0].other), (2, 1));
    assert!((passes[0].distance_m - 0.9).abs() < 0.02, "{passes:?}");
}

#[test]
fn people_in_an_area() {
    let through = walker(2.0, &[([-12.0, 3.0], 0), ([12.0, 3.0], 0)]);
    let stays = walker(2.0, &[([-12.0, 3.0], 0), ([0.0, 3.0], 30), ([12.0, 3.0], 0)]);
    let beside = walker(2.0, &[([-12.0, 8.0], 0), ([12.0, 8.0], 0)]);
    check(&[&zone("area", ""), &through, &beside], &["area.intrusion z 2 8"]);
    check(
        &[&zone("area", "intrusion_s = 2\nloitering_s = 20"), &stays],
        &["area.intrusion z 2 38", "area.loitering z 20 38"],
    );
    check(&[&zone("area", "loitering_s = 20"), &through, &beside], &[]);
    let crowd = zone("area", "crowd = 3\ncrowd_s = 15");
    let three = [4.0, 2.0, 1.0].map(|y| walker(6.0 - y, &[([-12.0, y], 0), ([1.0, y], 25), ([12.0, y], 0)]));
    check(&[&crowd, &three[0], &three[1]], &[]);
    check(&[&crowd, &three.concat()], &["area.crowd z 15 30"]);
}

#[test]
fn over_a_line() {
    let line = |keys: &str| {
        format!("[[line]]\nid = \"l\"\nname = \"l\"\nfrom = [0.0, 6.0]\nto = [0.0, 0.0]\n{keys}\n")
    };
    // From its beginning in the north to its end in the south the right is in the west.
    let west = walker(2.0, &[([12.0, 3.0], 0), ([-12.0, 3.0], 0)]);
    let east = walker(2.0, &[([-12.0, 3.0], 0), ([12.0, 3.0], 0)]);
    let beside = walker(2.0, &[([-12.0, 8.0], 0), ([12.0, 8.0], 0)]);
    let turns = walker(2.0, &[([-12.0, 3.0], 0), ([-1.0, 3.0], 0)]);
    // From half a second before they reach it, as boxes tell it, to two seconds after they are beyond it.
    check(&[&line(""), &west, &beside, &turns], &["line.crossing l 1 3"]);
    check(&[&line("one_way = true"), &west], &[]);
    check(&[&line("one_way = true"), &east], &["line.wrong_way l 1 3"]);
    check(&[&line("one_way = true\nclasses = [\"car\"]"), &east], &[]);
    check(&[&line("one_way = true\nclasses = [\"car\"]"), &visitor(3.0, 9.0, 1)], &["line.wrong_way l 1 3"]);
}

#[test]
fn what_is_half_so_and_half_so_is_told() {
    let lane = zone("fire_lane", "limit_s = 20");
    let unclear = |parts: &[&str], words: &[&str]| {
        let found = scene(parts).unclear();
        assert_eq!(found.len(), words.len(), "{found:?}");
        for (problem, words) in found.iter().zip(words) {
            assert!(problem.contains(words), "{problem}");
        }
    };
    unclear(&[&lane, &visitor(3.0, 0.0, 30)], &[]);
    unclear(&[&lane, &visitor(3.0, 0.0, 24)], &["not clearly longer than 20 s"]);
    unclear(&[&lane, &visitor(3.0, 0.0, 15)], &["not clearly shorter than 20 s"]);
    unclear(&[&lane, &visitor(3.0, 5.0, 30)], &["half in z"]);
    unclear(&[BAYS, &visitor(9.0, -2.1, 15)], &["not clearly in b-1"]);
    unclear(&[BAYS, &visitor(3.4, 0.0, 30), &parked(0.0, 9.0)], &["blocks a bay in aisle by halves"]);
    unclear(&[BAYS, &visitor(9.0, 0.0, 10), &parked(2.8, 14.0)], &[]);
    unclear(&[&parked(0.0, 9.0), &visitor(5.4, 0.0, 1)], &["comes within"]);
    let pushed = format!("{}nudge = {{ at_s = 40, by = [0.0, 0.2] }}\n", parked(0.0, 9.0));
    unclear(&[&pushed], &["pushed at 40.0 s by nobody"]);
}

#[test]
fn a_loop_that_is_played_once_has_its_beginning_and_its_end() {
    let lane = zone("fire_lane", "limit_s = 20");
    let scene = scene(&[&lane, &parked(0.0, 3.0)]);
    let once = super::events(&scene.content, super::Play::Once);
    assert_eq!((once[0].stop_s, once[0].open_s, once[0].leave_s), (0.0, 20.0, 120.0));
    let home = "[[vehicle]]\nbody = \"sedan\"\nat = [0.0, 3.0]\nheading_deg = 90\nenter_s = 40\n[[vehicle.leg]]\n\
                path = [[30.0, 3.0], [34.0, 30.0], [-34.0, 30.0], [-34.0, 3.0], [0.0, 3.0]]\nspeed = 9.0\n";
    let scene = super::tests::scene(&[&lane, home]);
    let once = super::events(&scene.content, super::Play::Once);
    let spans: Vec<[f64; 2]> = once.iter().map(|event| [event.stop_s, event.leave_s]).collect();
    assert_eq!(spans.len(), 2, "{spans:?}");
    assert_eq!((spans[0], spans[1][1]), ([0.0, 40.0], 120.0));
    let looping = scene.expected_events();
    assert_eq!((looping.len(), looping[0].leave_s), (1, 160.0));
}
