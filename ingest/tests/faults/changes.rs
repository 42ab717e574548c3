//! Streams that become others on the way.

use crate::{camera::FaultyCamera, footage, street::Street};

#[tokio::test]
async fn another_size_in_the_middle_of_a_stream_is_followed_without_a_break() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    for (footage, width) in [(footage::larger(), 640), (footage::usual(), 320)] {
        camera.script(|script| script.footage = footage);
        while street.fresh_frame("gate").await.width != width {}
    }
    assert_eq!(camera.heard("PLAY").len(), 1, "it was not connected again");
    street.finish().await;
}

#[tokio::test]
async fn another_form_in_the_middle_of_a_stream_or_after_it_is_followed() {
    let Some(h265) = footage::h265() else { return };
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    // Somebody changes the camera's settings: the session that there is makes no sense any more.
    camera.script(|script| script.footage = h265);
    let failed = |state: &gridwatch_ingest::CameraState| {
        matches!(state, gridwatch_ingest::CameraState::Offline { .. })
    };
    street.tester.expect_state("gate", failed).await;
    street.heals("gate").await;
    camera.loses_power();
    street.expect_offline("gate", "refused").await;
    camera.script(|script| script.footage = footage::jpeg());
    camera.has_power_again();
    street.heals("gate").await;
    street.finish().await;
}
