//! Pixels have the colour of what is there.

use std::{collections::BTreeMap, path::Path};

use gridwatch_alert::drawing::{Canvas, Colour, Labels};
use gridwatch_config::{CameraSettings, parse_edge};
use gridwatch_detect::rules::Occupancy;
use gridwatch_domain::{Severity, ZoneType};

use super::{colours, zones::Watched};

const GREY: Colour = Colour([90; 3]);

/// Two bays, a lane, and lines that go up and to the right.
fn camera() -> CameraSettings {
    let text = r#"
[edge]
id = "box"
state_dir = "state"
[broker]
url = "mqtt://127.0.0.1:1"
[[camera]]
id = "lot"
url = "rtsp://127.0.0.1:1/1"
[[camera.zone]]
id = "lane"
name = "消防通道"
type = "fire_lane"
polygon = [[0.1, 0.6], [0.9, 0.6], [0.9, 0.9], [0.1, 0.9]]
[[camera.zone]]
id = "b1"
type = "bay"
polygon = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4], [0.1, 0.4]]
[[camera.zone]]
id = "b2"
type = "bay"
polygon = [[0.4, 0.1], [0.6, 0.1], [0.6, 0.4], [0.4, 0.4]]
[[camera.line]]
id = "in"
one_way = true
from = [0.7, 0.4]
to = [0.95, 0.4]
"#;
    parse_edge(text, Path::new("")).unwrap_or_else(|problems| panic!("{problems}")).cameras.remove(0)
}

fn watched(camera: &CameraSettings) -> Watched<'_> {
    Watched { camera, occupancy: BTreeMap::new(), marked: BTreeMap::new(), captions: BTreeMap::new() }
}

fn drawn(watched: &Watched<'_>) -> Canvas {
    let mut canvas = Canvas::filled(1000, 500, GREY);
    watched.draw(&mut canvas);
    canvas
}

fn pixel(canvas: &Canvas, x: f32, y: f32) -> [i32; 3] {
    let (column, row) = ((x * 1000.0) as usize, (y * 500.0) as usize);
    let index = (row * 1000 + column) * 3;
    [0, 1, 2].map(|part| i32::from(canvas.rgb()[index + part]))
}

/// Whether a pixel has gone from grey towards a colour.
#[track_caller]
fn check_tinted(canvas: &Canvas, (x, y): (f32, f32), Colour(colour): Colour) {
    let found = pixel(canvas, x, y);
    for (part, (found, colour)) in found.into_iter().zip(colour).enumerate() {
        let (wanted, grey) = (i32::from(colour), 90);
        let is_between = (grey.min(wanted)..=grey.max(wanted)).contains(&found);
        assert!(is_between, "{found} of {part} at {x} {y} is not between {grey} and {wanted}");
    }
    assert_ne!(found, [90; 3], "{x} {y}");
}

/// Whether a line of a colour goes through a spot or beside it.
#[track_caller]
fn check_line(canvas: &Canvas, (x, y): (f32, f32), Colour(colour): Colour) {
    let near = (-3..=3).flat_map(|dx| (-3..=3).map(move |dy| (dx as f32 / 1000.0, dy as f32 / 500.0)));
    let differs = |(dx, dy): (f32, f32)| {
        let found = pixel(canvas, x + dx, y + dy);
        found.into_iter().zip(colour).map(|(found, colour)| (found - i32::from(colour)).abs()).max()
    };
    let least = near.filter_map(differs).min().expect("pixels");
    assert!(least < 40, "no {colour:?} at {x} {y}: off by {least}");
}

#[test]
fn zones_have_the_colour_of_their_type_and_nothing_else_is_touched() {
    let camera = camera();
    let canvas = drawn(&watched(&camera));
    check_tinted(&canvas, (0.5, 0.75), colours::of_zone(ZoneType::FireLane));
    check_line(&canvas, (0.5, 0.6), colours::of_zone(ZoneType::FireLane));
    check_line(&canvas, (0.2, 0.1), colours::of_zone(ZoneType::Bay));
    for beside in [(0.05, 0.75), (0.5, 0.97), (0.35, 0.25), (0.8, 0.2)] {
        assert_eq!(pixel(&canvas, beside.0, beside.1), [90; 3], "{beside:?}");
    }
}

#[test]
fn bays_have_the_colour_of_their_occupancy() {
    let camera = camera();
    for occupancy in [Occupancy::Free, Occupancy::Occupied, Occupancy::Unknown] {
        let mut watched = watched(&camera);
        watched.occupancy.insert("b1".parse().expect("valid"), occupancy);
        let canvas = drawn(&watched);
        check_line(&canvas, (0.2, 0.1), colours::of_occupancy(occupancy));
        check_line(&canvas, (0.5, 0.1), colours::of_zone(ZoneType::Bay));
    }
}

#[test]
fn a_zone_of_an_event_has_the_colour_of_its_severity() {
    let camera = camera();
    let mut watched = watched(&camera);
    watched.marked.insert("lane".parse().expect("valid"), Colour::of(Severity::Critical));
    let canvas = drawn(&watched);
    check_line(&canvas, (0.5, 0.6), Colour::of(Severity::Critical));
    check_tinted(&canvas, (0.5, 0.75), Colour::of(Severity::Critical));
}

#[test]
fn a_line_has_an_arrow_to_its_right() {
    let camera = camera();
    let canvas = drawn(&watched(&camera));
    check_line(&canvas, (0.75, 0.4), colours::LINE);
    check_line(&canvas, (0.825, 0.42), colours::LINE);
    assert_eq!(pixel(&canvas, 0.825, 0.37), [90; 3], "one way");
}

#[test]
fn names_are_written_within_their_zones() {
    let camera = camera();
    let mut canvas = drawn(&watched(&camera));
    let before = canvas.clone();
    let mut labels = Labels::new(canvas.picture());
    watched(&camera).names(&mut canvas, &mut labels);
    let changed = |[left, top, right, bottom]: [f32; 4]| {
        let columns = (left * 1000.0) as u32..(right * 1000.0) as u32;
        let rows = (top * 500.0) as u32..(bottom * 500.0) as u32;
        let spots = rows
            .flat_map(|row| columns.clone().map(move |column| (column as f32 / 1000.0, row as f32 / 500.0)));
        spots.filter(|(x, y)| pixel(&canvas, *x, *y) != pixel(&before, *x, *y)).count()
    };
    for zone in [[0.1, 0.6, 0.9, 0.9], [0.1, 0.1, 0.3, 0.4], [0.4, 0.1, 0.6, 0.4]] {
        assert!(changed(zone) > 50, "{zone:?}");
    }
    assert_eq!(changed([0.0, 0.45, 1.0, 0.58]), 0, "and nowhere else");
}
