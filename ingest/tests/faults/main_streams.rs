//! The large stream of a camera whose small one is analysed: it fails by itself, and heals by itself.

use std::time::Duration;

use gridwatch_config::{CameraSettings, Secret, SourceSettings, Transport};

use crate::{
    camera::{FaultyCamera, Login},
    footage,
    street::Street,
    tester,
    tester::rtsp,
};

fn with_main(name: &str, small: &FaultyCamera, large: &str) -> CameraSettings {
    let main = SourceSettings::Rtsp { url: Secret::new(large), transport: Transport::Auto };
    CameraSettings { main: Some(main), ..rtsp(name, &small.url()) }
}

#[tokio::test]
async fn a_large_stream_that_goes_away_comes_back_while_the_small_one_is_analysed_on() {
    let mut street = Street::start().await;
    let small = FaultyCamera::start(footage::usual()).await;
    let large = FaultyCamera::start(footage::larger()).await;
    street.tester.watch(with_main("gate", &small, &large.url()));
    street.tester.expect_live("gate").await;
    street.tester.expect_main_stream("gate", true).await;
    let live = street.tester.state("gate");

    large.loses_power();
    street.tester.expect_main_stream("gate", false).await;
    street.fresh_frame("gate").await;
    large.has_power_again();
    street.tester.expect_main_stream("gate", true).await;
    let mut follower = street.tester.reels.get(&tester::id("gate")).expect("it is kept").follow();
    assert!(follower.next().await.expect("it comes").is_key);
    assert_eq!(street.tester.state("gate"), live, "what is analysed was disturbed");
    assert_eq!(small.heard("DESCRIBE").len(), 1);
    street.finish().await;
}

#[tokio::test]
async fn a_wrong_password_of_the_large_stream_is_tried_ever_more_seldom() {
    let mut street = Street::start().await;
    let small = FaultyCamera::start(footage::usual()).await;
    let large = FaultyCamera::scripted(footage::larger(), |script| {
        script.login = Some(("admin".into(), "right".into()))
    })
    .await;
    street.tester.watch(with_main("gate", &small, &large.url_with("admin:wrong")));
    street.tester.expect_live("gate").await;
    let wrong = || large.heard("DESCRIBE").into_iter().filter(|heard| heard.login == Login::Wrong);
    while wrong().count() < 4 {
        street.fresh_frame("gate").await;
    }
    let tries: Vec<_> = wrong().collect();
    // The first wait, then five times and fifteen times that.
    let waits: Vec<_> = tries.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).collect();
    for (wait, times) in waits.iter().zip([1, 5, 15]) {
        assert!(*wait >= Duration::from_millis(300) * times, "{waits:?}");
    }
    street.finish().await;
}
