//! Packets that are lost, late, doubled or damaged.

use std::collections::BTreeSet;

use gridwatch_config::Transport;
use gridwatch_domain::Frame;
use gridwatch_sim::{FrameSource as _, I420Frame, testcard::TestCard};

use crate::{
    camera::FaultyCamera,
    footage,
    link::Loss,
    street::{Street, over},
    tester::{card_number, rtsp},
};

/// Greatest mean difference of a whole picture's luma from what was filmed. One that refers to a lost picture shows the shades of
/// another, and is farther off.
const MOST_OFF: f64 = 3.0;

/// Whether frames show nothing but whole pictures.
async fn expect_whole_pictures(street: &mut Street, camera: &FaultyCamera, name: &str, count: usize) {
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let frame = street.tester.next_frame_of(name).await;
        let number = card_number(&frame);
        let off = difference(&frame, number);
        assert!(off < MOST_OFF, "picture {number} is off by {off} in the mean");
        let late = frame.at.seconds_since(camera.taken(number)).abs();
        assert!(late < 2.0, "picture {number} is dated {late} s from when it was taken");
        seen.insert(number);
    }
}

/// Mean difference of a frame's luma from that of the test card with this number.
fn difference(frame: &Frame, number: u32) -> f64 {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let mut filmed = I420Frame::new(frame.width, frame.height);
    let mut card = TestCard { width: frame.width, height: frame.height, fps: 25, frame_count: 1 << 16 };
    card.render(number, &mut filmed);
    let (luma, stride) = (frame.planes.y(), frame.planes.y_stride());
    let rows = luma.chunks(stride).take(height).zip(filmed.y.chunks(width));
    let off: u64 = rows
        .flat_map(|(shown, filmed)| {
            shown[..width].iter().zip(filmed).map(|(one, other)| u64::from(one.abs_diff(*other)))
        })
        .sum();
    off as f64 / (width * height) as f64
}

#[tokio::test]
async fn over_lossy_datagrams_only_whole_pictures_are_shown_and_the_stream_goes_on() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.tester.watch(over(Transport::Udp, "gate", &camera.url()));
    street.heals("gate").await;
    for loss in [
        Loss { dropped: 2, ..Loss::default() },
        Loss { repeated: 10, ..Loss::default() },
        Loss { delayed: 2, ..Loss::default() },
        Loss { dropped: 1, repeated: 1, delayed: 1, damaged: 0 },
    ] {
        camera.script(|script| script.loss = loss);
        expect_whole_pictures(&mut street, &camera, "gate", 12).await;
    }
    assert_eq!(camera.heard("PLAY").len(), 1, "the same stream all along");
    street.finish().await;
}

#[tokio::test]
async fn datagrams_damaged_on_the_way_do_not_stop_the_stream_for_long() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.tester.watch(over(Transport::Udp, "gate", &camera.url()));
    street.heals("gate").await;
    camera.script(|script| script.loss = Loss { damaged: 3, ..Loss::default() });
    for _ in 0..12 {
        street.tester.next_frame_of("gate").await;
    }
    camera.script(|script| script.loss = Loss::default());
    street.heals("gate").await;
    expect_whole_pictures(&mut street, &camera, "gate", 5).await;
    street.finish().await;
}

#[tokio::test]
async fn packets_that_make_no_sense_are_passed_over() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    camera.script(|script| script.breaks = Some(70));
    expect_whole_pictures(&mut street, &camera, "gate", 20).await;
    assert_eq!(camera.heard("PLAY").len(), 1, "the same stream all along");
    street.finish().await;
}

#[tokio::test]
async fn damaged_slices_are_survived_and_leave_nothing_behind() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::usual()).await;
    street.sees("gate", &camera.url()).await;
    camera.script(|script| script.damages = Some(40));
    for _ in 0..15 {
        street.fresh_frame("gate").await;
    }
    assert_eq!(camera.heard("PLAY").len(), 1, "now and then is no reason to connect again");
    // What decoders conceal of them is gone with the next key picture.
    camera.script(|script| script.damages = None);
    street.heals("gate").await;
    expect_whole_pictures(&mut street, &camera, "gate", 12).await;
    street.finish().await;
}

#[tokio::test]
async fn where_key_pictures_are_far_apart_a_loss_is_mended_by_connecting_again() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::start(footage::keys_far_apart()).await;
    street.tester.watch(rtsp("gate", &camera.url()));
    street.heals("gate").await;
    camera.script(|script| script.breaks = Some(100));
    let reason = street.expect_offline("gate", "broken").await;
    assert!(reason.to_string().contains("packets were lost, and no key picture came for 3 s"), "{reason}");
    camera.script(|script| script.breaks = None);
    street.heals("gate").await;
    street.finish().await;
}
