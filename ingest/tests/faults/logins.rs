//! Wrong passwords: told, not hammered in, and mended without a restart.

use std::time::Duration;

use gridwatch_ingest::{CameraState, CameraTimeouts};

use crate::{
    camera::{FaultyCamera, Login},
    footage,
    street::{Street, timeouts},
    tester::rtsp,
};

#[tokio::test]
async fn a_wrong_password_is_tried_ever_more_seldom_and_works_once_the_camera_takes_it() {
    let refused = Duration::from_millis(400);
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
    // 400, 800 and 1600 ms at least.
    for (pair, times) in wrong.windows(2).zip([1, 2, 4]) {
        let wait = pair[1].at.duration_since(pair[0].at);
        assert!(wait >= refused * times, "tried again after {wait:?}");
    }
    // Somebody sets the camera's password to what is configured here.
    camera.script(|script| script.login = Some(("admin".into(), "falsch/@1".into())));
    street.heals("wrong").await;
    assert_eq!(camera.heard("PLAY").len(), good + 1, "the other one was not disturbed");
    street.finish().await;
}
