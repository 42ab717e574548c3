//! When pictures were taken, whatever the network and the camera's clock do.

use std::time::Duration;

use crate::{
    camera::FaultyCamera,
    footage,
    street::Street,
    tester::{card_number, rtsp},
};

/// How far the times of frames are from when they were taken, in seconds: the median and the worst.
async fn errors(street: &Street, camera: &FaultyCamera, name: &str, count: usize) -> (f64, f64) {
    let mut errors = Vec::new();
    for _ in 0..count {
        let frame = street.tester.next_frame_of(name).await;
        errors.push(frame.at.seconds_since(camera.taken(card_number(&frame))));
    }
    errors.sort_by(f64::total_cmp);
    (errors[count / 2], errors[count - 1])
}

#[tokio::test]
async fn frames_bear_the_time_when_they_were_taken_not_when_they_came() {
    let mut street = Street::start().await;
    let held_up = Duration::from_millis(600);
    let steady = FaultyCamera::scripted(footage::usual(), |script| script.holds_up = held_up).await;
    let wrong = FaultyCamera::scripted(footage::usual(), |script| {
        script.holds_up = held_up;
        script.clock_ahead = Some(-7_200.0);
    })
    .await;
    street.tester.watch(rtsp("steady", &steady.url()));
    street.tester.watch(rtsp("wrong", &wrong.url()));
    street.heals("steady").await;
    street.heals("wrong").await;
    for (name, camera) in [("steady", &steady), ("wrong", &wrong)] {
        // A machine that is held up itself takes pictures later than it means to, so the middle one counts.
        let (middle, worst) = errors(&street, camera, name, 30).await;
        assert!(middle.abs() < 0.12, "{name}: {middle} s in the middle, {worst} s at worst");
    }
    street.finish().await;
}
