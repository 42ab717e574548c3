//! Real cameras, which are well. Skipped with a printed reason where there is no footage.

use gridwatch_domain::Frame;

use crate::{
    common::{Video, footage_folder},
    tester::{Tester, time},
};

/// Shows a video over and over again for so many seconds, `rate` pictures a second of it, each `every`-th of which is looked at.
#[track_caller]
fn check(file: &str, size: (u32, u32), rate: u32, every: usize) {
    let Some(folder) = footage_folder(file) else { return };
    let pictures: Vec<Frame> = Video::open(folder.join("videos").join(file), size, rate).collect();
    assert!(pictures.len() > 10, "{file} was decoded");
    let mut camera = Tester::every(1.0);
    let count = (200 * rate as usize).max(pictures.len());
    for number in (0..count).step_by(every) {
        let at = time(number as f64 / f64::from(rate));
        camera.look(&Frame { at, seq: number as u64, ..pictures[number % pictures.len()].clone() });
    }
    assert_eq!(camera.lines(), [""; 0], "{file}, each {every}. of {rate} a second");
}

#[test]
fn a_parking_lot_is_well() {
    for every in [1, 50] {
        check("pklot_composite_a.mp4", (1280, 720), 5, every);
    }
}

#[test]
fn a_day_of_a_lot_in_a_minute_is_well() {
    check("pklot_empty_day_2013-02-24.mp4", (1280, 720), 2, 1);
}

#[test]
fn streets_are_well() {
    for every in [1, 51] {
        check("street_residential_ahmetozlu.mp4", (640, 352), 5, every);
        check("lane_brightness_dvrscan.avi", (960, 1080), 5, every);
        check("motorway_720p_dvrscan.mp4", (1280, 720), 5, every);
        check("motorway_720p_vfr_dvrscan.mp4", (1280, 720), 5, every);
        check("highway_bgslibrary.avi", (320, 240), 5, every);
        check("road_topdown_bgslibrary.avi", (640, 360), 5, every);
        check("car_topdown_intel.mp4", (768, 432), 5, every);
    }
}
