//! Conditions change what a scene looks like, and not what goes on in it.

use gridwatch_sim::{Condition, FrameSource as _, FrameTruth, I420Frame, Scene, encode::Encoding};

const SIZE: (u32, u32) = (256, 144);

/// A few seconds of a yard: a car in the fire lane, one that sets off, somebody who walks by, a van that hides them.
fn tiny() -> Scene {
    Scene::from_toml(include_str!("tiny.toml")).expect("a fair scene")
}

fn look(scene: &Scene, at_s: f64) -> (FrameTruth, I420Frame) {
    let mut renderer = scene.renderer(SIZE.0, SIZE.1);
    let mut frame = I420Frame::new(SIZE.0, SIZE.1);
    let truth = renderer.render((at_s * 25.0) as u32, &mut frame);
    (truth, frame)
}

/// Mean difference of luma.
fn difference(one: &I420Frame, other: &I420Frame) -> f64 {
    let sum: u32 = one.y.iter().zip(&other.y).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    f64::from(sum) / one.y.len() as f64
}

fn mean(plane: &[u8]) -> f64 {
    plane.iter().map(|value| f64::from(*value)).sum::<f64>() / plane.len() as f64
}

#[test]
fn each_condition_has_pictures_and_a_fingerprint_of_its_own_and_the_same_truth() {
    let scene = tiny();
    let (truth, _) = look(&scene, 9.0);
    let mut fingerprints = vec![scene.fingerprint()];
    let mut pictures: Vec<(Condition, [I420Frame; 2])> = Vec::new();
    for condition in Condition::ALL {
        let under = scene.under(condition).expect("somebody can hide somebody");
        assert_eq!(under.condition(), Some(condition));
        assert!(!fingerprints.contains(&under.fingerprint()), "{condition:?}");
        fingerprints.push(under.fingerprint());
        let (seen, frame) = look(&under, 9.0);
        assert_eq!(under.expected_events(), scene.expected_events(), "{condition:?}");
        assert_eq!(under.zones(), scene.zones(), "{condition:?}");
        let same = seen.objects.iter().map(|object| object.id).filter(|id| *id < 400).eq(truth
            .objects
            .iter()
            .map(|object| object.id)
            .filter(|id| *id < 400));
        assert!(same || condition == Condition::Occlusion, "{condition:?}: {seen:?}");
        if condition == Condition::LowBitrate {
            // The camera sees the same; the encoder spoils it.
            let usual = Encoding::usual(1280, 720);
            assert_eq!(under.encoding(1280, 720), Encoding { kbit: usual.kbit / 10, ..usual });
            continue;
        }
        assert_eq!(under.encoding(1280, 720), Encoding::usual(1280, 720));
        // Some change in the course of the loop only.
        let frames = [frame, look(&under, 20.0).1];
        for (other, before) in &pictures {
            let differs = before.iter().zip(&frames).any(|(one, other)| difference(one, other) > 1.5);
            assert!(differs, "{condition:?} looks like {other:?}");
        }
        pictures.push((condition, frames));
    }
}

#[test]
fn snow_is_light_and_infrared_has_no_colour() {
    let scene = tiny();
    let seen = |condition: Condition| look(&scene.under(condition).expect("fair"), 9.0).1;
    let (day, snow, infrared) = (seen(Condition::Day), seen(Condition::Snow), seen(Condition::Infrared));
    assert!(mean(&snow.y) > mean(&day.y) + 20.0, "{} {}", mean(&snow.y), mean(&day.y));
    let colour = |frame: &I420Frame| {
        frame.u.iter().chain(&frame.v).map(|value| u32::from(value.abs_diff(128))).sum::<u32>()
            / frame.u.len() as u32
    };
    assert!(colour(&infrared) < 4 && colour(&day) > 4, "{} {}", colour(&infrared), colour(&day));
}

#[test]
fn light_changes_in_the_middle_of_the_loop_and_each_picture_stays_what_it_is() {
    let scene = tiny();
    for (condition, before_s, after_s) in
        [(Condition::InfraredSwitch, 14.0, 16.5), (Condition::Flicker, 1.0, 20.0)]
    {
        let under = scene.under(condition).expect("fair");
        let (before, after) = (look(&under, before_s), look(&under, after_s));
        assert!(difference(&before.1, &after.1) > 5.0, "{condition:?}");
        // Whatever was drawn before.
        let mut renderer = under.renderer(SIZE.0, SIZE.1);
        let mut frame = I420Frame::new(SIZE.0, SIZE.1);
        for at_s in [after_s, 9.0, 15.04, before_s] {
            let truth = renderer.render((at_s * 25.0) as u32, &mut frame);
            let again = look(&under, at_s);
            assert!(truth == again.0 && frame == again.1, "{condition:?} at {at_s} s");
        }
    }
}

#[test]
fn a_mast_in_the_wind_moves_the_picture_by_pixels() {
    let under = tiny().under(Condition::Shake).expect("fair");
    let mut renderer = under.renderer(SIZE.0, SIZE.1);
    let mut frame = I420Frame::new(SIZE.0, SIZE.1);
    let mut places = Vec::new();
    for index in (0..750).step_by(7) {
        let truth = renderer.render(index, &mut frame);
        let parked = truth.objects.iter().find(|object| object.id == 1).expect("it is parked in sight");
        // In pixels of a picture 1920 wide.
        places.push(parked.full[0] * 1920.0);
    }
    let (low, high) = places.iter().fold((f32::MAX, f32::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
    assert!((12.0..40.0).contains(&(high - low)), "sways by {}", high - low);
}

#[test]
fn nobody_hides_anything_where_the_scene_has_nobody_for_that() {
    let error =
        Scene::builtin("yard").expect("built in").under(Condition::Occlusion).expect_err("nobody is there");
    assert!(error.to_string().contains("occlusion"), "{error}");
    assert_eq!("snow".parse(), Ok(Condition::Snow));
    let error = "hail".parse::<Condition>().expect_err("not among them");
    assert!(error.contains("infrared_switch"), "{error}");
}
