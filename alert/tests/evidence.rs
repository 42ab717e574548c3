//! Snapshots of a drawn scene.

mod support;

use std::sync::Arc;

use gridwatch_alert::{EvidenceError, plain, snapshot};
use gridwatch_domain::{Frame, Nv12Buffer, Outline, Point, Polygon, Severity};
use support::{event, frame};

fn outline() -> Outline {
    let corners = [[0.2, 0.5], [0.7, 0.45], [0.8, 0.95], [0.15, 0.9]];
    let points = corners.map(|corner| Point::try_from(corner).expect("valid")).to_vec();
    Outline { id: "fire-1".parse().expect("valid"), polygon: Polygon::new(points).expect("simple") }
}

fn yard() -> Frame {
    let mut planes = Nv12Buffer::filled(1920, 1080, [110, 128, 128]);
    for (row, line) in planes.y_mut().chunks_exact_mut(1920).enumerate() {
        for (column, value) in line.iter_mut().enumerate() {
            *value = 70 + ((row / 40 + column / 40) % 2 * 20) as u8 + (row / 12) as u8;
        }
    }
    Frame { width: 1920, height: 1080, planes: Arc::new(planes), ..frame(1) }
}

#[test]
fn a_snapshot_is_a_jpeg_of_the_picture_with_zone_and_box() {
    let plain =
        snapshot(&yard(), &gridwatch_domain::Event { objects: Vec::new(), zone: None, ..event(1, 1) }, &[])
            .expect("drawn");
    let drawn = snapshot(&yard(), &event(1, 1), &[outline()]).expect("drawn");
    if let Ok(folder) = std::env::var("GRIDWATCH_SNAPSHOTS") {
        std::fs::write(format!("{folder}/snapshot.jpg"), &drawn.bytes).expect("writable");
    }
    assert_ne!(drawn.sha256, plain.sha256);
    assert_eq!(
        drawn,
        snapshot(&yard(), &event(1, 1), &[outline()]).expect("drawn"),
        "the same picture, the same name"
    );
    let image = image::load_from_memory(&drawn.bytes).expect("a JPEG").to_rgb8();
    assert_eq!(image.dimensions(), (1280, 720));
    let red = |x: f32, y: f32| {
        let pixel = image.get_pixel((x * 1280.0) as u32, (y * 720.0) as u32);
        i32::from(pixel[0]) - i32::from(pixel[1])
    };
    assert!(red(0.3, 0.6) > 120, "left side of the box");
    assert!(red(0.45, 0.85) > 20, "within the zone, below the box: {}", red(0.45, 0.85));
    assert!(red(0.9, 0.3).abs() < 12, "outside of both");
    assert!(drawn.bytes.len() < 600_000, "{} bytes", drawn.bytes.len());
}

#[test]
fn a_plain_picture_has_the_size_and_the_colours_of_the_original() {
    // Red, green and blue at three quarters in BT.709, limited range; sizes that no block divides.
    let colours =
        [([51, 109, 212], [191, 0, 0]), ([134, 63, 52], [0, 191, 0]), ([28, 212, 120], [0, 0, 191])];
    for (yuv, rgb) in colours {
        let frame = Frame {
            width: 641,
            height: 361,
            planes: Arc::new(Nv12Buffer::filled(641, 361, yuv)),
            ..frame(1)
        };
        let image = image::load_from_memory(&plain(&frame).expect("encoded")).expect("a JPEG").to_rgb8();
        assert_eq!(image.dimensions(), (641, 361));
        for at in [(0, 0), (640, 360), (320, 180)] {
            let found = image.get_pixel(at.0, at.1).0;
            let near = found.iter().zip(rgb).all(|(found, expected)| found.abs_diff(expected) <= 4);
            assert!(near, "{found:?} at {at:?} instead of {rgb:?}");
        }
    }
    let image = image::load_from_memory(&plain(&yard()).expect("encoded")).expect("a JPEG").to_luma8();
    let grey = |x: u32, y: u32| i32::from(image.get_pixel(x, y).0[0]);
    assert!((grey(20, 20) - 64).abs() <= 3 && (grey(60, 20) - 88).abs() <= 3, "its pattern is where it was");
}

#[test]
fn colours_tell_the_severity() {
    let of = |severity| {
        snapshot(&yard(), &gridwatch_domain::Event { severity, ..event(1, 1) }, &[]).expect("drawn").sha256
    };
    let all = [Severity::Info, Severity::Minor, Severity::Major, Severity::Critical].map(of);
    for (index, one) in all.iter().enumerate() {
        assert!(!all[index + 1..].contains(one));
    }
}

#[test]
fn a_picture_that_is_incomplete_makes_no_snapshot() {
    let broken = Frame { height: 5000, ..frame(1) };
    assert!(matches!(snapshot(&broken, &event(1, 1), &[]), Err(EvidenceError::Picture { .. })));
    assert!(matches!(plain(&broken), Err(EvidenceError::Picture { .. })));
    let none = Frame { width: 0, height: 0, ..frame(1) };
    assert!(matches!(snapshot(&none, &event(1, 1), &[]), Err(EvidenceError::Picture { .. })));
    assert!(matches!(plain(&none), Err(EvidenceError::Picture { .. })));
}
