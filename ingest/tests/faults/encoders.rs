//! What encoders do to save bits.

use std::{sync::Arc, time::Duration};

use gridwatch_config::{CameraSettings, DecodeMode};

use crate::{
    camera::FaultyCamera,
    footage::{self, GROUP},
    street::Street,
    tester::{card_number, rtsp},
};

fn adaptive(name: &str, camera: &FaultyCamera) -> CameraSettings {
    CameraSettings { decode: DecodeMode::Adaptive, ..rtsp(name, &camera.url()) }
}

/// So many frames in the order in which they are shown: their numbers grow, as do their places and times, by about as much.
async fn expect_order(street: &Street, name: &str, count: usize, loop_length: u32) {
    let mut last = street.tester.next_frame_of(name).await;
    for _ in 0..count {
        let next = street.tester.next_frame_of(name).await;
        let step = (card_number(&next) + loop_length - card_number(&last)) % loop_length;
        assert!(next.seq > last.seq && next.at > last.at, "{last:?}, then {next:?}");
        assert!((1..loop_length / 2).contains(&step), "{} after {}", card_number(&next), card_number(&last));
        last = next;
    }
}

#[tokio::test]
async fn pictures_sent_out_of_order_are_handed_on_in_order_each_with_its_time() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::out_of_order()).await;
    street.sees("gate", &camera.url()).await;
    let mut frames = Vec::new();
    for _ in 0..25 {
        let frame = street.tester.next_frame_of("gate").await;
        frames.push((card_number(&frame), frame));
    }
    let mut sampled = 0;
    for pair in frames.windows(2) {
        let [(before, one), (after, other)] = pair else { panic!("two") };
        assert!(other.seq > one.seq && other.at > one.at, "{one:?}, then {other:?}");
        let step = (after + 250 - before) % 250;
        assert!((1..125).contains(&step), "{after} after {before}");
        sampled += u32::from((3..=8).contains(&step));
    }
    assert!(sampled >= 15, "about every fifth picture: {sampled} of 24");
    street.finish().await;
}

#[tokio::test]
async fn in_open_groups_no_picture_stands_for_itself_and_all_are_decoded() {
    for joins_at in [0, 37] {
        let mut street = Street::start().await;
        let camera =
            FaultyCamera::scripted(footage::open_groups(), |script| script.joins_at = joins_at).await;
        street.tester.watch(adaptive("gate", &camera));
        street.tester.expect_live("gate").await;
        expect_order(&street, "gate", 10, 250).await;
        assert!(street.tester.gate_came_to("gate", "all", "keys_far_apart"), "it says so");
        street.finish().await;
    }
}

#[tokio::test]
async fn where_key_pictures_are_far_apart_all_is_decoded_and_it_is_said_so() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::scripted(footage::keys_far_apart(), |script| {
        // Four times as fast, so that twelve seconds of the stream are soon over.
        script.pace = Duration::from_millis(10);
    })
    .await;
    street.tester.watch(adaptive("gate", &camera));
    street.tester.expect_live("gate").await;
    // From some moment on pictures between two key pictures are handed on, without a pause until the next key picture.
    let mut numbers = street.numbers("gate", 20).await;
    numbers.retain(|number| number % 1000 > 0);
    assert!(numbers.len() >= 18, "{numbers:?}");
    assert!((250..600).contains(&numbers[0]), "it begins with what came since the key picture: {numbers:?}");
    assert!(street.tester.gate_came_to("gate", "all", "keys_far_apart"), "it says so");
    street.finish().await;
}

#[tokio::test]
async fn a_stream_that_is_refreshed_bit_by_bit_is_decoded_wholly_wherever_one_joins_it() {
    for joins_at in [0, 37] {
        let mut street = Street::start().await;
        let camera = FaultyCamera::scripted(footage::refreshed(), |script| script.joins_at = joins_at).await;
        street.tester.watch(adaptive("gate", &camera));
        street.tester.expect_live("gate").await;
        expect_order(&street, "gate", 15, 1000).await;
        assert!(street.tester.gate_came_to("gate", "all", "keys_far_apart"), "it says so");
        street.finish().await;
    }
}

#[tokio::test]
async fn a_loss_in_a_stream_without_key_pictures_is_refreshed_away() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::refreshed()).await;
    street.sees("gate", &camera.url()).await;
    camera.script(|script| script.breaks = Some(300));
    // Every frame shows a whole card: what is damaged is not handed on.
    assert_eq!(street.numbers("gate", 25).await.len(), 25);
    assert_eq!(camera.heard("PLAY").len(), 1, "the same stream all along");
    street.finish().await;
}

#[tokio::test]
async fn a_varying_rate_is_followed() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    // 4 to 50 pictures a second, as the light would have it.
    for pace in [250, 20, 100, 40] {
        camera.script(|script| script.pace = Duration::from_millis(pace));
        for _ in 0..4 {
            street.fresh_frame("gate").await;
        }
    }
    assert_eq!(camera.heard("PLAY").len(), 1, "the same stream all along");
    street.finish().await;
}

#[tokio::test]
async fn h265_out_of_the_middle_of_a_stream_is_decoded_from_its_next_key_picture_on() {
    let Some(footage) = footage::h265() else { return };
    let mut street = Street::start().await;
    let camera = FaultyCamera::scripted(Arc::clone(&footage), |script| script.joins_at = 13).await;
    let settings = CameraSettings { decode: DecodeMode::Keyframes, ..rtsp("gate", &camera.url()) };
    street.tester.watch(settings);
    let numbers = street.numbers("gate", 4).await;
    assert!(numbers.iter().all(|number| number % GROUP == 0), "{numbers:?}");
    street.finish().await;
}
