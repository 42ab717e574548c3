//! Streams that hang in silence, and streams that only seem to go on.

use gridwatch_ingest::{CameraState, OfflineReason};

use crate::{camera::FaultyCamera, footage, proxy::Proxy, street::Street};

#[tokio::test]
async fn a_camera_that_sends_nothing_any_more_is_noticed_whoever_is_to_blame() {
    let mut street = Street::start().await;
    let (holds, behind) =
        (FaultyCamera::start(footage::usual()).await, FaultyCamera::start(footage::usual()).await);
    let proxy = Proxy::start(behind.address()).await;
    street.sees("holds", &holds.url()).await;
    street.sees("half-open", &proxy.url()).await;
    holds.script(|script| script.sends = false);
    // Nobody is told that the connection is gone: no FIN, no reset.
    proxy.stall();
    for name in ["holds", "half-open"] {
        let reason = street.expect_offline(name, "timeout").await;
        assert_eq!(reason, OfflineReason::Timeout { seconds: 3 });
        assert!(reason.to_string().contains("check the camera's network"), "{reason}");
    }
    holds.script(|script| script.sends = true);
    street.heals("holds").await;
    street.heals("half-open").await;
    street.finish().await;
}

#[tokio::test]
async fn silence_after_pictures_that_were_sent_out_of_order_is_silence() {
    let mut street = Street::start().await;
    // Wherever in the order it falls silent.
    let mut cameras = Vec::new();
    for sends_only in 40..44 {
        let camera = FaultyCamera::scripted(footage::out_of_order(), |script| {
            script.sends_only = Some(sends_only);
        });
        let (camera, name) = (camera.await, format!("gate-{sends_only}"));
        street.sees(&name, &camera.url()).await;
        cameras.push((camera, name));
    }
    for (_, name) in &cameras {
        street.tester.expect_state(name, |state| matches!(state, CameraState::Offline { .. })).await;
        let CameraState::Offline { reason, .. } = street.tester.state(name) else { panic!("offline") };
        assert_eq!(reason, OfflineReason::Timeout { seconds: 3 }, "{name}");
    }
    street.finish().await;
}

#[tokio::test]
async fn pictures_whose_time_stands_still_are_told_and_the_camera_is_connected_again() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    camera.script(|script| script.time_goes_on = false);
    let reason = street.expect_offline("gate", "stalled").await;
    assert!(reason.to_string().contains("time has stood still for 3 s: restart the camera"), "{reason}");
    camera.script(|script| script.time_goes_on = true);
    street.heals("gate").await;
    street.finish().await;
}

#[tokio::test]
async fn a_time_that_jumps_is_followed_without_a_break() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    let mut last = street.fresh_frame("gate").await;
    // Back by three hours, on by a day (RTP's time turns over every 13 hours), back by a minute.
    for jump in [(-3_i64 * 3600), 86_400, -60] {
        camera.script(|script| script.time_jump = script.time_jump.wrapping_add((jump * 90_000) as u32));
        for _ in 0..5 {
            let next = street.fresh_frame("gate").await;
            let step = next.at.seconds_since(last.at);
            assert!(step > 0.0 && step < 30.0, "after {jump} s: {step} s from one frame to the next");
            last = next;
        }
    }
    assert_eq!(camera.heard("PLAY").len(), 1, "it was not connected again");
    street.finish().await;
}
