//! Pictures in tiles: the network is not asked again about tiles in which nothing has changed.

use std::{env, sync::Arc, time::Duration};

use gridwatch_detect::{Detector, LIBRARY_VARIABLE, NetworkDetector, SessionSettings, tiles::Tiles};
use gridwatch_domain::{CameraId, Changes, Detection, Frame, Nv12Buffer, Timestamp};
use gridwatch_models::ModelStore;
use gridwatch_sim::{FrameSource as _, I420Frame, Scene};

const SIZE: (u32, u32) = (1280, 720);

fn camera() -> CameraId {
    CameraId::new("yard").expect("valid")
}

/// The yard with its cars; or, where `is_bare`, nothing but grey in the left half.
fn picture(is_bare: bool) -> Nv12Buffer {
    let mut renderer = Scene::builtin("yard").expect("shipped").renderer(SIZE.0, SIZE.1);
    let mut drawn = I420Frame::new(SIZE.0, SIZE.1);
    renderer.render(0, &mut drawn);
    let mut buffer = Nv12Buffer::filled(SIZE.0, SIZE.1, [0, 128, 128]);
    buffer.y_mut().copy_from_slice(&drawn.y);
    if is_bare {
        let width = SIZE.0 as usize;
        buffer.y_mut().chunks_exact_mut(width).for_each(|row| row[..width * 11 / 20].fill(110));
    }
    buffer
}

/// `changed_in`: in which pictures the left and the right half changed last; none: nobody has looked.
fn frame(seq: u64, buffer: &Nv12Buffer, changed_in: Option<[u64; 2]>) -> Frame {
    let (columns, rows) = (SIZE.0 as usize / 16, SIZE.1 as usize / 16);
    let half =
        |cell: usize, [left, right]: [u64; 2]| if cell % columns < columns * 9 / 16 { left } else { right };
    let changes = changed_in.map(|changed_in| {
        let changed_in = (0..columns * rows).map(|cell| half(cell, changed_in)).collect();
        Arc::new(Changes { cell: 16, columns, changed_in })
    });
    Frame {
        camera: camera(),
        seq,
        at: Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(2 * seq)),
        width: SIZE.0,
        height: SIZE.1,
        unchanged_since: None,
        changes,
        planes: Arc::new(buffer.clone()),
    }
}

/// Those that the right tile does not reach.
fn left(found: &[Detection]) -> usize {
    found.iter().filter(|found| found.score > 0.3 && found.bbox.x2() < 0.44).count()
}

#[test]
fn tiles_in_which_nothing_has_changed_are_not_looked_at_until_it_is_time_to() {
    if env::var_os(LIBRARY_VARIABLE).is_none() {
        println!("SKIPPED tiles: {LIBRARY_VARIABLE} names no ONNX Runtime");
        return;
    }
    let store = ModelStore::builtin();
    let settings = SessionSettings::default();
    let detector =
        NetworkDetector::open(store.default_network(), &settings, 0.1).expect("the shipped network");
    let tiles = Tiles { columns: 2, rows: 1 };
    let mut detector = detector.with_tiles(std::collections::BTreeMap::from([(camera(), tiles)]));
    let (full, bare) = (picture(false), picture(true));
    let mut seen = |seq, buffer: &Nv12Buffer, changed_in| {
        left(&detector.detect(&frame(seq, buffer, changed_in)).expect("it can be analysed"))
    };

    let cars = seen(1, &full, Some([1, 1]));
    assert!(cars >= 2, "{cars} cars on the left");
    // Only what the frame says of changes counts: the cars that are gone are relied on, for ten seconds.
    for seq in 2..7 {
        assert_eq!(seen(seq, &bare, Some([1, seq])), cars, "picture {seq}");
    }
    assert_eq!(seen(7, &bare, Some([1, 7])), 0, "it is time to look again");
    assert_eq!(seen(8, &full, Some([1, 8])), 0, "and that is relied on");
    assert_eq!(seen(9, &full, Some([9, 8])), cars, "something has changed on the left");
    assert_eq!(seen(10, &bare, None), 0, "nobody has looked for changes");
}
