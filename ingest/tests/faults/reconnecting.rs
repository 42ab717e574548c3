//! Cameras that go away and come back.

use std::time::Duration;

use gridwatch_ingest::{CameraState, CameraTimeouts};
use gridwatch_runtime::BackoffRange;

use crate::{
    camera::{Answer, FaultyCamera},
    footage,
    proxy::Proxy,
    street::{Street, timeouts},
    tester::rtsp,
};

#[tokio::test]
async fn a_camera_that_restarts_is_back_by_itself_with_other_numbers_times_and_parameters() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    let before = street.fresh_frame("gate").await;
    camera.loses_power();
    let reason = street.expect_offline("gate", "refused").await;
    assert!(
        reason.to_string().contains("check the address and port, and that the camera is switched on"),
        "{reason}"
    );
    camera.script(|script| script.footage = footage::larger());
    camera.has_power_again();
    let after = street.heals("gate").await;
    assert_eq!((before.width, after.width), (320, 640));
    assert!(after.seq > before.seq && after.at > before.at, "{before:?}, then {after:?}");
    street.finish().await;
}

#[tokio::test]
async fn a_connection_that_is_cut_or_damaged_is_made_anew() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    let proxy = Proxy::start(camera.address()).await;
    street.sees("gate", &proxy.url()).await;
    proxy.cut();
    street.expect_offline("gate", "broken").await;
    street.heals("gate").await;
    // Sooner or later it hits what frames the packets.
    proxy.damage(true);
    let failed = |state: &CameraState| matches!(state, CameraState::Offline { .. });
    street.tester.expect_state("gate", failed).await;
    proxy.damage(false);
    street.heals("gate").await;
    street.finish().await;
}

#[tokio::test]
async fn a_camera_that_ends_the_stream_or_stops_listening_to_a_silent_viewer_is_connected_again() {
    let mut street = Street::start().await;
    // Whoever says nothing for two seconds is dropped; a viewer that keeps its session alive is not.
    let camera = FaultyCamera::scripted(footage::usual(), |script| {
        script.session_timeout = Some(Duration::from_secs(2));
    })
    .await;
    street.sees("gate", &camera.url()).await;
    while camera.heard("OPTIONS").len() + camera.heard("GET_PARAMETER").len() < 5 {
        street.fresh_frame("gate").await;
    }
    assert_eq!(camera.heard("PLAY").len(), 1, "its session was kept alive");
    camera.script(|script| {
        script.answers.insert("GET_PARAMETER", Answer::Close);
        script.answers.insert("OPTIONS", Answer::Close);
    });
    street.tester.expect_state("gate", |state| matches!(state, CameraState::Offline { .. })).await;
    camera.script(|script| script.answers.clear());
    street.heals("gate").await;
    street.finish().await;
}

#[tokio::test]
async fn a_street_that_loses_power_does_not_knock_all_at_once() {
    const CAMERAS: usize = 24;
    let backoff = BackoffRange { first: Duration::from_millis(1600), longest: Duration::from_millis(1600) };
    let mut street = Street::start_with(CameraTimeouts { backoff, ..timeouts() }).await;
    // One box for all of them, as a recorder is.
    let recorder = FaultyCamera::scripted(footage::usual(), |script| {
        script.answers.insert("DESCRIBE", Answer::Status(503));
    })
    .await;
    let names: Vec<String> = (0..CAMERAS).map(|number| format!("cam-{number}")).collect();
    for name in &names {
        street.tester.watch(rtsp(name, &recorder.url()));
    }
    for name in &names {
        street
            .tester
            .expect_state(name, |state| matches!(state, CameraState::Offline { attempts: 2.., .. }))
            .await;
    }
    // The second try of each comes 0.8 to 1.6 s after its first.
    let mut knocks: Vec<_> = recorder.heard("DESCRIBE").iter().map(|heard| heard.at).collect();
    knocks.sort();
    let second: Vec<_> = knocks[CAMERAS..].iter().take(CAMERAS).collect();
    let spread = second[CAMERAS * 9 / 10].duration_since(*second[CAMERAS / 10]);
    assert!(spread >= Duration::from_millis(300), "most of the second tries come within {spread:?}");
    recorder.script(|script| script.answers.clear());
    for name in &names {
        street.tester.expect_live(name).await;
    }
    street.finish().await;
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_and_looked_up_again_and_again() {
    let mut street = Street::start().await;
    // A name that never exists (RFC 6761, section 6.4).
    street.tester.watch(rtsp("gate", "rtsp://camera.invalid:554/live"));
    let reason = street.expect_offline("gate", "unresolved").await;
    assert!(reason.to_string().contains("check the camera's url, or the name server"), "{reason}");
    street
        .tester
        .expect_state("gate", |state| matches!(state, CameraState::Offline { attempts: 3.., .. }))
        .await;
    street.finish().await;
}
