//! A camera with a main and a sub-stream, as the configuration file names them: the smaller one is analysed, the larger one is kept
//! for whoever wants to see it.

mod tester;

use std::{path::Path, sync::Arc};

use gridwatch_config::parse_edge;
use gridwatch_runtime::{Clock as _, SystemClock};
use gridwatch_sim::{
    FrameSource,
    cache::{self, PictureSize},
    rtsp::{RtspCameras, RtspOptions},
    testcard::TestCard,
};
use tester::IngestTester;

#[tokio::test(flavor = "multi_thread")]
async fn the_sub_stream_is_what_is_analysed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mount = |name: &str, width, height| {
        let card = TestCard { width, height, fps: 25, frame_count: 100 };
        let cards = move || vec![Box::new(card) as Box<dyn FrameSource>];
        let size = PictureSize { width, height };
        let scene = cache::ensure_with(name, size, folder.path(), &cards, &mut |_| {}).expect("it encodes");
        (name.to_owned(), Arc::new(scene))
    };
    let mounts = vec![mount("main", 640, 352), mount("sub", 320, 176)];
    let server = RtspCameras::start(RtspOptions::local(SystemClock.now()), mounts).expect("it serves");
    let url = |name: &str| server.url(name).expect("it is there");
    let (main, sub) = (url("main"), url("sub"));
    let file = format!(
        "[edge]\nid = \"box\"\nstate_dir = \"state\"\n[broker]\nurl = \"mqtt://127.0.0.1\"\n\
         [[camera]]\nid = \"gate\"\nurl = \"{main}\"\nsub_url = \"{sub}\"\ndecode = \"always\"\n\
         [[camera]]\nid = \"yard\"\nurl = \"{main}\"\ndecode = \"always\"\n\
         [[camera]]\nid = \"lane\"\nurl = \"{main}-of-before\"\nsub_url = \"{sub}\"\ndecode = \"always\"\n"
    );
    let mut tester = IngestTester::start();
    for camera in parse_edge(&file, Path::new("")).expect("valid").cameras {
        tester.watch(camera);
    }
    for (camera, size) in [("gate", (320, 176)), ("yard", (640, 352))] {
        let frame = tester.next_frame_of(camera).await;
        assert_eq!((frame.width, frame.height), size, "{camera}");
        // Clips and whoever watches get the large one.
        let mut follower = tester.reels.get(&tester::id(camera)).expect("both send RTSP").follow();
        assert!(follower.next().await.expect("it comes").is_key);
        let large = tester.stills.newest(&tester::id(camera)).await.expect("it can be decoded");
        assert_eq!((large.width, large.height), (640, 352), "{camera}");
    }
    // Whoever looks for its clips is told why there are none, though it is live.
    tester.expect_main_problem("lane", "not_found").await;
    tester.expect_live("lane").await;
    tester.finish().await;
    server.stop();
}
