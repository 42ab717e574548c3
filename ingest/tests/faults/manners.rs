//! Cameras that answer badly, or not at all.

use std::net::TcpListener;

use gridwatch_config::Transport;
use gridwatch_ingest::CameraState;

use crate::{
    camera::{Answer, FaultyCamera},
    footage,
    street::{Street, over},
    tester::rtsp,
};

/// All of these at once, each told by its code; then all of them come to their senses.
#[tokio::test]
async fn bad_answers_are_told_apart_and_forgotten_when_they_are_over() {
    let cases = [
        ("DESCRIBE", Answer::Status(404), "not_found"),
        ("DESCRIBE", Answer::Status(403), "unauthorized"),
        ("DESCRIBE", Answer::Status(453), "busy"),
        ("SETUP", Answer::Status(500), "busy"),
        ("PLAY", Answer::Status(503), "busy"),
        ("SETUP", Answer::Status(454), "not_found"),
        ("DESCRIBE", Answer::Silence, "silent"),
        ("SETUP", Answer::Silence, "silent"),
        ("PLAY", Answer::Silence, "silent"),
        ("OPTIONS", Answer::Silence, "silent"),
        ("OPTIONS", Answer::Dribble, "silent"),
        ("DESCRIBE", Answer::Dribble, "silent"),
        ("OPTIONS", Answer::Endless, "garbage"),
        ("DESCRIBE", Answer::Endless, "silent"),
        ("DESCRIBE", Answer::Close, "broken"),
        ("PLAY", Answer::Close, "broken"),
        ("PLAY", Answer::HugeFrame, "timeout"),
    ];
    let mut street = Street::start().await;
    let mut cameras = Vec::new();
    for (number, (method, answer, code)) in cases.into_iter().enumerate() {
        let camera = FaultyCamera::scripted(footage::usual(), |script| {
            script.answers.insert(method, answer);
        })
        .await;
        let name = format!("case-{number}");
        street.tester.watch(rtsp(&name, &camera.url()));
        cameras.push((name, camera, method, answer, code));
    }
    for (name, _, method, answer, code) in &cameras {
        let state =
            street.tester.expect_state(name, |state| matches!(state, CameraState::Offline { .. })).await;
        let CameraState::Offline { reason, .. } = state else { panic!("it is {state}") };
        assert_eq!(reason.code(), *code, "{answer:?} to {method}: {reason}");
    }
    for (_, camera, ..) in &cameras {
        camera.script(|script| script.answers.clear());
    }
    for (name, _, method, answer, _) in &cameras {
        street.heals(name).await;
        eprintln!("healed: {answer:?} to {method}");
    }
    street.finish().await;
}

#[tokio::test]
async fn noise_for_an_answer_makes_no_camera_a_case_for_gstreamer_for_ever() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::scripted(footage::usual(), |script| {
        script.answers.insert("DESCRIBE", Answer::Noise);
    })
    .await;
    street.tester.watch(rtsp("gate", &camera.url()));
    street
        .tester
        .expect_state("gate", |state| matches!(state, CameraState::Offline { attempts: 2.., .. }))
        .await;
    camera.script(|script| script.answers.clear());
    street.heals("gate").await;
    // Received by whichever of the two had its turn. When that ends it is retina's turn again: encoded pictures are counted.
    camera.loses_power();
    street.expect_offline("gate", "refused").await;
    camera.has_power_again();
    street.heals("gate").await;
    let before = street.tester.units("gate", "received");
    street.fresh_frame("gate").await;
    street.fresh_frame("gate").await;
    assert!(street.tester.units("gate", "received") > before, "it is received without GStreamer again");
    street.finish().await;
}

#[tokio::test]
async fn a_port_that_accepts_and_says_nothing_is_told() {
    let mut street = Street::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port"); // whoever connects waits in its backlog
    let url = format!("rtsp://{}/live", silent.local_addr().expect("bound"));
    street.tester.watch(rtsp("gate", &url));
    let reason = street.expect_offline("gate", "silent").await;
    assert!(reason.to_string().contains("does not answer within 4 s"), "{reason}");
    street.finish().await;
}

#[tokio::test]
async fn a_camera_that_refuses_a_transport_is_asked_for_the_other_where_that_may_be_chosen() {
    let mut street = Street::start().await;
    let camera = FaultyCamera::scripted(footage::usual(), |script| script.tcp = false).await;
    let fixed = FaultyCamera::scripted(footage::usual(), |script| script.tcp = false).await;
    street.tester.watch(rtsp("auto", &camera.url()));
    street.tester.watch(over(Transport::Tcp, "fixed", &fixed.url()));
    street.heals("auto").await;
    let reason = street.expect_offline("fixed", "broken").await;
    assert!(reason.to_string().contains("does not send over this transport"), "{reason}");
    // Its new firmware sends over the connection only.
    camera.script(|script| (script.tcp, script.udp) = (true, false));
    camera.loses_power();
    street.tester.expect_state("auto", |state| matches!(state, CameraState::Offline { .. })).await;
    camera.has_power_again();
    street.heals("auto").await;
    street.finish().await;
}
