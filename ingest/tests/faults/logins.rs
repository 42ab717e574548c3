//! Wrong passwords: told, not hammered in, and mended without a restart.

use std::time::Duration;

use gridwatch_config::{CameraSettings, Secret, SourceSettings, Transport};
use gridwatch_ingest::{CameraState, CameraTimeouts};

use crate::{
    camera::{FaultyCamera, Login},
    footage,
    street::{Street, timeouts},
    tester::rtsp,
};

#[tokio::test]
async fn a_wrong_password_is_tried_ever_more_seldom_and_works_once_the_camera_takes_it() {
    let refused = Duration::from_millis(200);
    let mut street = Street::start_with(CameraTimeouts { refused, ..timeouts() }).await;
    let camera = FaultyCamera::scripted(footage::usual(), |script| {
        script.login = Some(("admin".into(), "richtig/@1".into()));
    })
    .await;
    street.sees("right", &camera.url_with("admin:richtig%2F%401")).await;
    let good = camera.heard("PLAY").len();
    street.tester.watch(rtsp("wrong", &camera.url_with("admin:falsch%2F%401")));
    let offline = street.tester.expect_offline("wrong", "unauthorized").await;
    assert!(offline.to_string().contains("check username and password of this camera"), "{offline}");
    assert!(!format!("{offline:?} {offline}").contains("falsch"));
    street
        .tester
        .expect_state("wrong", |state| matches!(state, CameraState::Offline { attempts: 4.., .. }))
        .await;
    let wrong: Vec<_> =
        camera.heard("DESCRIBE").into_iter().filter(|heard| heard.login == Login::Wrong).collect();
    assert_eq!(wrong.len(), 4, "one wrong password a try");
    // 0.2, 1 and 3 s at least.
    for (pair, times) in wrong.windows(2).zip([1, 5, 15]) {
        let wait = pair[1].at.duration_since(pair[0].at);
        assert!(wait >= refused * times, "tried again after {wait:?}");
    }
    // Somebody sets the camera's password to what is configured here.
    camera.script(|script| script.login = Some(("admin".into(), "falsch/@1".into())));
    street.heals("wrong").await;
    assert_eq!(camera.heard("PLAY").len(), good + 1, "the other one was not disturbed");
    street.finish().await;
}

#[tokio::test]
async fn both_streams_of_a_camera_together_try_a_wrong_password_no_more_often_than_one() {
    let refused = Duration::from_millis(300);
    let mut street = Street::start_with(CameraTimeouts { refused, ..timeouts() }).await;
    let camera = FaultyCamera::scripted(footage::usual(), |script| {
        script.login = Some(("admin".into(), "right".into()));
    })
    .await;
    let url = camera.url_with("admin:wrong");
    let main = SourceSettings::Rtsp { url: Secret::new(&url), transport: Transport::Auto };
    street.tester.watch(CameraSettings { main: Some(main), ..rtsp("gate", &url) });
    let wrong = || -> Vec<_> {
        camera.heard("DESCRIBE").into_iter().filter(|heard| heard.login == Login::Wrong).collect()
    };
    while wrong().len() < 4 {
        street.fresh_frame("neighbour").await;
    }
    let tries = wrong();
    assert!(
        tries[3].at.duration_since(tries[0].at) >= refused * 21,
        "as of one stream: 1 and 5 and 15 waits"
    );
    street.finish().await;
}

#[tokio::test]
async fn where_gstreamer_receives_it_a_wrong_password_is_tried_once_a_try_too() {
    let refused = Duration::from_millis(200);
    let mut street = Street::start_with(CameraTimeouts { refused, ..timeouts() }).await;
    let camera = FaultyCamera::scripted(footage::usual(), |script| {
        script.wants_options = true;
        script.login = Some(("admin".into(), "richtig".into()));
    })
    .await;
    street.tester.watch(rtsp("gate", &camera.url_with("admin:falsch")));
    let offline = street.tester.expect_offline("gate", "unauthorized").await;
    assert!(!format!("{offline:?} {offline}").contains("falsch"));
    let wrong = || -> Vec<_> {
        camera.heard("DESCRIBE").into_iter().filter(|heard| heard.login == Login::Wrong).collect()
    };
    while wrong().len() < 3 {
        street.fresh_frame("neighbour").await;
    }
    for (pair, times) in wrong().windows(2).zip([1, 5]) {
        let wait = pair[1].at.duration_since(pair[0].at);
        assert!(wait >= refused * times, "tried again after {wait:?}");
    }
    camera.script(|script| script.login = Some(("admin".into(), "falsch".into())));
    street.heals("gate").await;
    street.finish().await;
}

#[tokio::test]
async fn a_password_is_told_to_nobody_but_the_camera_that_it_is_for() {
    let mut street = Street::start().await;
    let stranger = FaultyCamera::scripted(footage::usual(), |script| {
        script.login = Some(("admin".into(), "anything".into()));
    })
    .await;
    for (name, wants_options) in [("by-retina", false), ("by-gstreamer", true)] {
        let elsewhere = stranger.url();
        let camera = FaultyCamera::scripted(footage::usual(), |script| {
            script.wants_options = wants_options;
            script.moved_to = Some(elsewhere);
        })
        .await;
        street.tester.watch(rtsp(name, &camera.url_with("admin:geheim")));
        let offline = street.tester.expect_offline(name, "redirected").await;
        assert!(offline.to_string().contains("write the address itself"), "{offline}");
    }
    for method in ["OPTIONS", "DESCRIBE"] {
        let told: Vec<_> = stranger.heard(method).into_iter().map(|heard| heard.login).collect();
        assert!(told.iter().all(|login| *login == Login::None), "{method}: {told:?}");
    }
    street.finish().await;
}
