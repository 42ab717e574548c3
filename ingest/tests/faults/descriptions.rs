//! What cameras offer, and how they say so.

use crate::{
    camera::{FaultyCamera, Media, Script},
    footage::{self, Footage},
    street::Street,
    tester::{card_number, rtsp},
};
use std::sync::Arc;

async fn expect_pictures(footage: Arc<Footage>, change: impl FnOnce(&mut Script)) {
    let mut street = Street::start().await;
    let camera = FaultyCamera::scripted(footage, change).await;
    street.sees("gate", &camera.url()).await;
    let frame = street.fresh_frame("gate").await;
    assert!(card_number(&frame) < 1000);
    assert_eq!(camera.heard("SETUP").len(), 1, "the right stream was asked for at once");
    assert!(street.tester.units("gate", "received") > 0, "it is received without GStreamer");
    street.finish().await;
}

#[tokio::test]
async fn the_first_video_that_can_be_decoded_is_chosen() {
    let media = vec![Media::Sound, Media::Vp8, Media::Main, Media::Second];
    expect_pictures(footage::usual(), |script| script.media = media).await;
}

#[tokio::test]
async fn parameters_may_come_with_the_pictures_only() {
    expect_pictures(footage::usual(), |script| script.describes_parameters = false).await;
}

#[tokio::test]
async fn a_base_that_leads_nowhere_harms_nothing() {
    expect_pictures(footage::usual(), |script| {
        script.content_base = Some("rtsp://0.0.0.0:1/nowhere/".into())
    })
    .await;
}

#[tokio::test]
async fn h265_is_received_and_decoded() {
    if let Some(footage) = footage::h265() {
        expect_pictures(Arc::clone(&footage), |_| {}).await;
        expect_pictures(footage, |script| script.describes_parameters = false).await;
    }
}

#[tokio::test]
async fn jpeg_is_received_and_decoded() {
    expect_pictures(footage::jpeg(), |_| {}).await;
}

#[tokio::test]
async fn a_camera_without_video_or_with_unknown_video_says_so() {
    let mut street = Street::start().await;
    for (name, media, told) in [("sound", Media::Sound, "it sends no video"), ("vp8", Media::Vp8, "vp8")] {
        let camera = FaultyCamera::scripted(footage::usual(), |script| script.media = vec![media]).await;
        street.tester.watch(rtsp(name, &camera.url()));
        let reason = street.expect_offline(name, "unsupported_codec").await;
        assert!(reason.to_string().contains(told), "{reason}");
        // Somebody chooses another form in the camera's settings.
        camera.script(|script| script.media = vec![Media::Main]);
        street.heals(name).await;
    }
    street.finish().await;
}
