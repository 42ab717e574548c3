//! Of cameras that are well nothing is told.

use gridwatch_sim::Scene;

use crate::{
    footage::{Footage, Picture},
    tester::{OFTEN, SELDOM, Tester},
};

/// Shows a scene for so long, with something done to each picture, at either rate: nothing is told.
#[track_caller]
fn check(scene: &str, seconds: f64, mut effect: impl FnMut(f64, Picture) -> Picture) {
    for (interval, length) in [(SELDOM, 110.0), (OFTEN, 15.0)] {
        let mut footage = Footage::piece_of(scene, length);
        let mut camera = Tester::every(interval);
        camera.show(seconds, |second| effect(second, footage.at(second)));
        assert_eq!(camera.lines(), [""; 0], "{scene} every {interval} s");
        assert!(camera.health.is_trusted(), "{scene} every {interval} s");
    }
}

/// A lorry's side, 0–1 of the picture wide, that has passed by a share of its way.
fn behind_lorry(seen: &Picture, share: f32) -> Picture {
    let (width, height) = (seen.width as f32, seen.height as f32);
    let front = share * 2.2 - 0.1;
    seen.map(|column, row, level| {
        let (x, y) = (column as f32 / width, row as f32 / height);
        let along = front - x;
        if !(0.0..1.0).contains(&along) || y < 0.03 {
            return level;
        }
        // Planks, a seam now and then, writing.
        let plank = if (y * 14.0).fract() < 0.08 { 60.0 } else { 170.0 };
        let is_written = (0.35..0.6).contains(&y) && (along * 23.0).fract() < 0.4;
        if is_written { 40.0 } else { plank }
    })
}

#[test]
fn all_of_every_scene_is_well() {
    for name in Scene::builtin_names() {
        for interval in [SELDOM, OFTEN] {
            let scene = Scene::builtin(name).expect("shipped");
            let mut footage = Footage::of(&scene);
            let mut camera = Tester::every(interval);
            camera.show(scene.loop_s() + 20.0, |second| footage.at(second));
            assert_eq!(camera.lines(), [""; 0], "{name} every {interval} s");
        }
    }
}

#[test]
fn light_that_changes_is_well() {
    // A cloud, the camera's own exposure, a lamp.
    check("yard", 200.0, |second, seen| {
        let gain = if !((second / 40.0) as u32).is_multiple_of(2) { 0.55 } else { 1.0 };
        seen.map(|_, _, level| 16.0 + (level - 16.0) * gain)
    });
    check("night", 200.0, |second, seen| {
        let gain = if !((second / 40.0) as u32).is_multiple_of(2) { 1.5 } else { 1.0 };
        seen.map(|_, _, level| 16.0 + (level - 16.0) * gain)
    });
}

#[test]
fn night_that_falls_in_twenty_minutes_is_well() {
    let mut random = fastrand::Rng::with_seed(2);
    let mut footage = Footage::piece_of("yard", 110.0);
    let mut camera = Tester::every(SELDOM);
    camera.show(1800.0, |second| {
        let dark = (second / 1200.0).min(1.0) as f32;
        let seen = footage.at(second).map(|_, _, level| 16.0 + (level - 16.0) * (1.0 - 0.85 * dark));
        seen.noisy(1.0 + 3.0 * dark, &mut random)
    });
    assert_eq!(camera.lines(), [""; 0]);
}

#[test]
fn a_switch_to_infrared_and_back_is_well() {
    for (interval, length) in [(SELDOM, 110.0), (OFTEN, 15.0)] {
        let scenes = infrared_and_day();
        let [mut infrared, mut day] = scenes.map(|scene| Footage::of(&scene).cut(length));
        let mut camera = Tester::every(interval);
        camera.show(60.0, |second| day.at(second)).show(200.0, |second| infrared.at(second));
        camera.show(200.0, |second| day.at(second));
        assert_eq!(camera.lines(), [""; 0], "every {interval} s");
        assert!(camera.health.is_trusted());
    }
}

fn infrared_and_day() -> [Scene; 2] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../sim/scenes/night.toml");
    let infrared = std::fs::read_to_string(path).expect("shipped");
    let day = infrared.replacen("mode = \"infrared\"", "mode = \"overcast\"", 1);
    assert_ne!(infrared, day);
    [infrared, day].map(|text| Scene::from_toml(&text).expect("a scene"))
}

#[test]
fn noise_of_the_night_that_comes_and_goes_is_well() {
    let mut random = fastrand::Rng::with_seed(4);
    check("night", 200.0, |second, seen| {
        let deviation = if ((second / 50.0) as u32).is_multiple_of(2) { 9.0 } else { 0.5 };
        seen.noisy(deviation, &mut random)
    });
}

#[test]
fn a_lorry_that_fills_the_picture_is_well() {
    // It passes within twelve seconds, and later another one stops before the camera for a minute.
    check("yard", 240.0, |second, seen| match second {
        60.0..72.0 => behind_lorry(&seen, ((second - 60.0) / 12.0) as f32),
        100.0..106.0 => behind_lorry(&seen, ((second - 100.0) / 12.0) as f32),
        106.0..166.0 => behind_lorry(&seen, 0.5),
        166.0..172.0 => behind_lorry(&seen, ((second - 160.0) / 12.0) as f32),
        _ => seen,
    });
}

#[test]
fn headlights_are_well() {
    // They blind the camera, which closes its iris, for ten seconds.
    check("night", 150.0, |second, seen| {
        if !(60.0..70.0).contains(&second) {
            return seen;
        }
        let (width, height) = (seen.width as f32, seen.height as f32);
        seen.map(|column, row, level| {
            let glare = |x: f32, y: f32| {
                let (across, down) = (column as f32 - x * width, row as f32 - y * height);
                240.0 * (-(across * across + down * down).sqrt() / (0.06 * width)).exp()
            };
            16.0 + (level - 16.0) * 0.2 + glare(0.45, 0.5) + glare(0.55, 0.5)
        })
    });
}

#[test]
fn wind_that_shakes_the_camera_is_well() {
    let mut random = fastrand::Rng::with_seed(5);
    check("gate", 150.0, |_, seen| {
        let mut shake = || (random.f32() - 0.5) * 0.008;
        seen.seen_from((shake(), shake()), 0.0, 1.0)
    });
}

#[test]
fn a_thing_before_a_third_of_the_lens_is_well() {
    check("yard", 150.0, |second, seen| if second < 60.0 { seen } else { seen.covered(0.3, 20.0) });
}

#[test]
fn pictures_of_any_size_are_looked_at() {
    let mut random = fastrand::Rng::with_seed(8);
    for (width, height) in [(2, 2), (3, 1081), (1081, 3), (17, 33), (64, 36), (330, 328)] {
        let mut camera = Tester::every(OFTEN);
        camera.show(20.0, |_| {
            let luma = (0..width * height).map(|_| random.u8(16..235)).collect();
            Picture { width, height, luma }
        });
        camera.restart().show(5.0, |_| Picture { width, height, luma: vec![0; width * height] });
        assert_eq!(camera.lines(), [""; 0], "{width}x{height}");
    }
}
