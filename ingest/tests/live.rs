//! Live cameras over a real RTSP connection, well-behaved and not.

mod tester;

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use gridwatch_config::{CameraSettings, DecodeMode};
use gridwatch_domain::{Attention, Timestamp};
use gridwatch_ingest::{CameraState, OfflineReason};
use gridwatch_runtime::{Clock, SystemClock};
use gridwatch_sim::{
    FrameSource,
    cache::{self, EncodedScene, PictureSize},
    rtsp::{Fault, RtspCameras, RtspLogin, RtspOptions},
    testcard::TestCard,
};
use tester::{
    IngestTester, card_number, rtsp,
    yard::{GROUP, LOOP_PICTURES, Yard},
};

/// Frames after which a machine is too busy to say anything.
const FRAMES_LIMIT: u32 = 500;

struct Cameras {
    server: RtspCameras,
    _dir: tempfile::TempDir,
}

impl Cameras {
    fn start(names: &[&str]) -> Self {
        Self::start_with(names, None)
    }

    fn start_with(names: &[&str], login: Option<RtspLogin>) -> Self {
        Self::showing(TestCard { width: 320, height: 176, fps: 25, frame_count: LOOP_PICTURES }, names, login)
    }

    fn showing(card: impl FrameSource + Copy + 'static, names: &[&str], login: Option<RtspLogin>) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let cards = move || vec![Box::new(card) as Box<dyn FrameSource>];
        let size = PictureSize { width: 320, height: 176 };
        let scene = cache::ensure_with("card", size, dir.path(), &cards, &mut |_| {}).expect("it encodes");
        let scene: Arc<EncodedScene> = Arc::new(scene);
        let mounts = names.iter().map(|&name| (name.to_owned(), Arc::clone(&scene))).collect();
        let options = RtspOptions { login, ..RtspOptions::local(now()) };
        Self { server: RtspCameras::start(options, mounts).expect("it starts"), _dir: dir }
    }

    fn url(&self, name: &str) -> String {
        self.server.url(name).expect("it is there")
    }

    fn fault(&self, name: &str, fault: Fault) {
        self.server.set_fault(name, fault).expect("it is there");
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

#[tokio::test]
async fn a_live_camera_is_sampled_and_its_frames_bear_their_time() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    let first = tester.next_frame_of("gate").await; // at once, up to a group old
    let mut last = tester.next_frame_of("gate").await;
    assert!(last.seq > first.seq && last.at > first.at);
    let (mut undisturbed, mut least_behind) = (0, Duration::MAX);
    for _ in 0..FRAMES_LIMIT {
        let frame = tester.next_frame_of("gate").await;
        assert_eq!((frame.width, frame.height), (320, 176));
        assert!(frame.seq > last.seq && frame.at > last.at);
        // A server that is held up leaves out pictures, and a test that is held up does not see every frame.
        let step = (card_number(&frame) + LOOP_PICTURES - card_number(&last)) % LOOP_PICTURES;
        if u64::from(step) == frame.seq - last.seq && (4..=6).contains(&step) {
            undisturbed += 1;
        }
        let shown = Duration::from_millis(40) * card_number(&frame);
        let truth = cameras.server.scene_time("gate", frame.at).expect("it is there");
        least_behind = least_behind.min(truth.abs_diff(shown));
        last = frame;
        if undisturbed == 15 {
            break;
        }
    }
    assert_eq!(undisturbed, 15, "every fifth picture, give or take the clock's jitter");
    let sampled = tester.count("gate", "sent") + tester.count("gate", "dropped");
    let received = tester.count("gate", "received");
    assert!(sampled <= received / 3, "{sampled} of {received} pictures, not every fifth");
    assert!(
        least_behind < Duration::from_millis(500),
        "all frames' times are {least_behind:?} from the truth"
    );
    assert!(matches!(tester.state("gate"), CameraState::Live { .. }));
    tester.finish().await;
}

#[tokio::test]
async fn key_pictures_alone_are_decoded_where_that_is_configured() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(CameraSettings { decode: DecodeMode::Keyframes, ..rtsp("gate", &cameras.url("gate")) });
    for _ in 0..4 {
        let frame = tester.next_frame_of("gate").await;
        assert_eq!(card_number(&frame) % GROUP, 0);
    }
    let (received, skipped) = (tester.units("gate", "received"), tester.units("gate", "skipped"));
    assert!(received > 100 && skipped >= received - 6, "{skipped} of {received} pictures were not decoded");
    tester.finish().await;
}

#[tokio::test]
async fn a_camera_at_rest_is_looked_at_now_and_then_and_what_comes_is_dated_to_its_key_picture() {
    let cameras = Cameras::showing(Yard, &["gate"], None);
    let mut tester = IngestTester::start();
    tester.watch(CameraSettings { decode: DecodeMode::Adaptive, ..rtsp("gate", &cameras.url("gate")) });
    // Twice it comes and twice it goes.
    let mut shown: Vec<(f64, bool)> = Vec::new();
    let mut loops = 0;
    // An analysis takes its time, and what is looked back at comes all at once.
    let mut analysis = tokio::time::interval(Duration::from_millis(200));
    while loops < 2 {
        let frame = tester.next_frame_of("gate").await;
        analysis.reset();
        analysis.tick().await;
        let at = cameras.server.scene_time("gate", frame.at).expect("it is there").as_secs_f64();
        loops += u32::from(shown.last().is_some_and(|(last, _)| at < *last));
        shown.push((at, frame.unchanged_since.is_none()));
    }
    let comes_at = f64::from(Yard::COMES_AT) / 25.0;
    let after = |least: f64| shown.iter().any(|(at, new)| *new && (least..least + 2.3).contains(at));
    assert!(after(comes_at), "it comes at {comes_at}: {shown:?}");
    assert!(after(0.0), "it is gone when the loop begins anew: {shown:?}");
    assert!(shown.iter().any(|(_, new)| !new), "some looks show no change: {shown:?}");
    let (received, skipped) = (tester.units("gate", "received"), tester.units("gate", "skipped"));
    assert!(skipped + 60 >= received, "{skipped} of {received} pictures were not decoded");
    assert_eq!(tester.count("gate", "dropped"), 0, "none of them takes the place of another: {shown:?}");
    tester.finish().await;
}

#[tokio::test]
async fn where_all_is_decoded_the_pictures_that_show_nothing_new_say_so() {
    let cameras = Cameras::showing(Yard, &["gate"], None);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    // The share of them that shows something new, and when.
    let (mut alike, mut new) = (0, Vec::new());
    let mut last = 0.0;
    for loops in 0..2 {
        loop {
            let frame = tester.next_frame_of("gate").await;
            let at = cameras.server.scene_time("gate", frame.at).expect("it is there").as_secs_f64();
            match frame.unchanged_since {
                Some(_) => alike += 1,
                None => new.push((loops, at)),
            }
            if std::mem::replace(&mut last, at) > at {
                break;
            }
        }
    }
    let comes_at = f64::from(Yard::COMES_AT) / 25.0;
    let is_news = |at: f64| (0.0..1.0).contains(&at) || (comes_at - 0.1..comes_at + 1.0).contains(&at);
    assert!(new[1..].iter().all(|(_, at)| is_news(*at)), "new {new:?}, and it comes at {comes_at}");
    assert!(new[1..].iter().any(|(_, at)| *at > 1.0) && new[1..].iter().any(|(_, at)| *at < 1.0), "{new:?}");
    assert!(alike > 10 * new.len(), "{alike} show nothing new, and {new:?} do");
    tester.finish().await;
}

#[tokio::test]
async fn what_changes_counts_where_the_zones_are_and_they_may_be_drawn_anew_at_any_time() {
    let cameras = Cameras::showing(Yard, &["gate"], None);
    let mut tester = IngestTester::start();
    let settings = |zone| CameraSettings {
        decode: DecodeMode::Adaptive,
        zones: vec![zone],
        ..rtsp("gate", &cameras.url("gate"))
    };
    // Far from what comes.
    tester.watch(settings(tester::zone([0.7, 0.75, 0.95, 0.95])));
    let mut is_redrawn = false;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    while !after.iter().any(|(_, is_new)| *is_new) {
        let frame = tester.next_frame_of("gate").await;
        let at = cameras.server.scene_time("gate", frame.at).expect("it is there").as_secs_f64();
        let shown = (at, frame.unchanged_since.is_none());
        if is_redrawn { &mut after } else { &mut before }.push(shown);
        assert!(after.len() < 20, "what happens where the zone is now is not noticed: {after:?}");
        // A look shows it standing there, a second one that nothing has changed.
        let comes_at = f64::from(Yard::COMES_AT) / 25.0;
        if !is_redrawn && before.iter().filter(|(at, _)| *at > comes_at).count() == 1 && before.len() > 2 {
            tester.adjust(&settings(tester::zone([0.15, 0.3, 0.45, 0.7])));
            is_redrawn = true;
        }
    }
    assert!(before[1..].iter().all(|(_, is_new)| !is_new), "nothing came near the zone: {before:?}");
    let (at, _) = after.last().expect("it ended with one");
    assert!(*at < 2.3, "it is gone when the loop begins anew: {after:?}");
    tester.finish().await;
}

#[tokio::test]
async fn a_camera_at_rest_may_be_looked_at_and_followed_all_the_same() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(CameraSettings { decode: DecodeMode::Adaptive, ..rtsp("gate", &cameras.url("gate")) });
    tester.next_frame_of("gate").await;
    let mut follower = tester.reels.get(&tester::id("gate")).expect("it is RTSP").follow();
    let first = follower.next().await.expect("the camera is there");
    assert!(first.is_key);
    let mut last = first.time;
    for _ in 0..60 {
        let unit = follower.next().await.expect("the camera is there");
        // A server that is held up leaves out pictures.
        assert!(unit.time > last && unit.time < last + Duration::from_secs(2));
        last = unit.time;
    }
    // The newest picture, not the newest key picture.
    for _ in 0..3 {
        let frame = tester.stills.newest(&tester::id("gate")).await.expect("it can be decoded");
        let shown = Duration::from_millis(40) * card_number(&frame);
        let truth = cameras.server.scene_time("gate", frame.at).expect("it is there");
        let behind = truth.abs_diff(shown).min(Duration::from_secs(20).abs_diff(truth.abs_diff(shown)));
        assert!(behind < Duration::from_millis(500), "{behind:?} from the truth");
        for _ in 0..13 {
            follower.next().await.expect("the camera is there");
        }
    }
    tester.finish().await;
}

#[tokio::test]
async fn the_picture_of_a_limits_end_is_there_at_once() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(CameraSettings { decode: DecodeMode::Adaptive, ..rtsp("gate", &cameras.url("gate")) });
    let first = tester.next_frame_of("gate").await;
    // In the first half of a group, some groups later: near the next key picture that one would be waited for.
    let due = first.at.saturating_add(Duration::from_millis(6_620));
    let attention = Attention { due: Some(due), ..Attention::default() };
    tester.attention.send_modify(|all| {
        all.insert(tester::id("gate"), attention);
    });
    loop {
        let frame = tester.next_frame_of("gate").await;
        if frame.at >= due {
            let late = frame.at.saturating_since(due);
            assert!(late < Duration::from_millis(500), "it came {late:?} after the limit's end");
            assert_ne!(card_number(&frame) % GROUP, 0, "between two key pictures");
            break;
        }
        assert_eq!(card_number(&frame) % GROUP, 0);
    }
    tester.finish().await;
}

#[tokio::test]
async fn a_slow_consumer_gets_the_newest_and_the_loss_is_counted() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    tester.next_frame_of("gate").await;
    let mut ticks = tokio::time::interval(Duration::from_millis(20)); // real pictures take real time
    while tester.count("gate", "dropped") < 10 {
        ticks.tick().await;
    }
    let decoded = tester.count("gate", "received");
    let newest = tester.next_frame_of("gate").await;
    // One may be on its way to the mailbox. The oldest of ten would be fifty pictures behind.
    assert!(newest.seq + 20 > decoded, "picture {} waited, {decoded} have been decoded", newest.seq);
    tester.finish().await;
}

#[tokio::test]
async fn a_refused_camera_says_so_and_harms_no_other() {
    let cameras = Cameras::start(&["good"]);
    let closed =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut tester = IngestTester::start();
    tester.watch(rtsp("good", &cameras.url("good")));
    tester.watch(rtsp("bad", &format!("rtsp://viewer:hunter22@{closed}/1")));
    let offline = tester.expect_offline("bad", "refused").await;
    assert!(offline.to_string().contains(&closed.to_string()), "{offline} names the address");
    assert!(!format!("{offline:?} {offline}").contains("hunter22"));
    tester.expect_state("bad", |state| matches!(state, CameraState::Offline { attempts: 3.., .. })).await;
    tester.expect_live("good").await;
    tester.next_frame_of("good").await;
    tester.finish().await;
}

#[tokio::test]
async fn a_stalled_camera_is_noticed_and_connected_again() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    tester.expect_live("gate").await;
    cameras.fault("gate", Fault::Stall);
    let offline = tester.expect_offline("gate", "timeout").await;
    assert!(matches!(offline, CameraState::Offline { reason: OfflineReason::Timeout { seconds: 4 }, .. }));
    cameras.fault("gate", Fault::None);
    tester.expect_live("gate").await;
    tester.next_frame_of("gate").await;
    tester.finish().await;
}

#[tokio::test]
async fn a_camera_that_sends_garbage_is_shown_as_such_and_tried_again() {
    let cameras = Cameras::start(&["gate", "good"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    tester.watch(rtsp("good", &cameras.url("good")));
    tester.expect_live("gate").await;
    tester.expect_live("good").await;
    cameras.fault("gate", Fault::Garbage);
    let offline = tester.expect_offline("gate", "garbage").await;
    assert!(offline.to_string().contains("cannot be decoded"), "{offline}");

    // Every try begins with one whole picture and a decoder that makes something of some of the noise.
    let shown = tester.count("gate", "sent");
    let tried = |state: &CameraState| !matches!(state, CameraState::Offline { attempts: ..=2, .. });
    let later = tester.expect_state("gate", tried).await;
    let CameraState::Offline { reason, attempts: 3, .. } = &later else { panic!("it is {later}") };
    assert_eq!(reason.code(), "garbage");
    assert_eq!(tester.count("gate", "sent"), shown, "noise is not analysed");
    let later = now();
    while tester.next_frame_of("good").await.at < later {}

    cameras.fault("gate", Fault::None);
    tester.expect_live("gate").await;
    tester.next_frame_of("gate").await;
    tester.finish().await;
}

#[tokio::test]
async fn a_camera_that_goes_away_and_a_wrong_path_are_told_apart() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    tester.watch(rtsp("typo", &cameras.url("gate").replace("gate", "gaet")));
    tester.expect_offline("typo", "not_found").await;
    tester.expect_live("gate").await;
    cameras.fault("gate", Fault::Refuse);
    tester.expect_offline("gate", "not_found").await;
    cameras.fault("gate", Fault::None);
    tester.expect_live("gate").await;
    tester.finish().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_never_shown() {
    let login = RtspLogin { user: "admin".into(), password: "richtig/@1".into() };
    let cameras = Cameras::start_with(&["gate"], Some(login));
    let url = |login: &str| cameras.url("gate").replace("rtsp://", &format!("rtsp://{login}@"));
    let mut tester = IngestTester::start();
    tester.watch(rtsp("right", &url("admin:richtig%2F%401")));
    tester.watch(rtsp("wrong", &url("admin:falsch%2F%401")));
    let offline = tester.expect_offline("wrong", "unauthorized").await;
    assert!(!format!("{offline:?} {offline}").contains("falsch"));
    // It does not hammer the camera into a lock-out: a fifth of a second is the least, the back-off a twentieth.
    let began = std::time::Instant::now();
    tester.expect_state("wrong", |state| matches!(state, CameraState::Offline { attempts: 6.., .. })).await;
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?} for five tries", began.elapsed());
    tester.expect_live("right").await;
    tester.finish().await;
}

#[tokio::test]
async fn shutdown_ends_cameras_in_every_state() {
    let cameras = Cameras::start(&["live", "stalled"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("live", &cameras.url("live")));
    tester.watch(rtsp("stalled", &cameras.url("stalled")));
    tester.expect_live("live").await;
    tester.expect_live("stalled").await;
    cameras.fault("stalled", Fault::Stall);
    tester.watch(rtsp("silent", &format!("rtsp://{}/1", silent_listener().local_addr().expect("bound"))));
    tester.finish().await;
}

/// Accepts connections into its backlog, and never answers.
fn silent_listener() -> &'static TcpListener {
    Box::leak(Box::new(TcpListener::bind("127.0.0.1:0").expect("a free port")))
}

#[tokio::test]
async fn a_camera_ends_when_nobody_takes_its_frames() {
    let cameras = Cameras::start(&["gate"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("gate", &cameras.url("gate")));
    tester.next_frame_of("gate").await;
    tester.consumer_goes();
    tester.ended("gate").await;
    tester.finish().await;
}

/// How a camera that is none answers.
#[derive(Clone, Copy)]
enum Manners {
    /// A line, and then a byte from time to time, for ever.
    Dribbles,
    /// Headers without an end.
    NeverEnds,
    /// As it should, once; then it dribbles.
    GreetsAndDribbles,
}

/// A camera that answers so. Ends with the test's process.
fn ill_mannered(manners: Manners) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it listens");
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || answer(connection, manners));
        }
    });
    format!("rtsp://{address}/1")
}

#[expect(clippy::disallowed_methods, reason = "a camera's slowness is real")]
fn answer(mut connection: TcpStream, manners: Manners) -> std::io::Result<()> {
    let mut heard = [0; 4096];
    let count = connection.read(&mut heard)?;
    if matches!(manners, Manners::GreetsAndDribbles) && heard[..count].starts_with(b"OPTIONS") {
        connection
            .write_all(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n")?;
        let _ = connection.read(&mut heard)?;
    }
    connection.write_all(b"RTSP/1.0 200 OK\r\n")?;
    loop {
        match manners {
            Manners::NeverEnds => connection.write_all(b"X-More: and more\r\n")?,
            _ => {
                connection.write_all(b"X")?;
                std::thread::sleep(Duration::from_millis(300));
            }
        }
    }
}

#[tokio::test]
async fn a_camera_that_dribbles_or_never_ends_is_shown_as_such_and_harms_no_other() {
    let cameras = Cameras::start(&["good"]);
    let mut tester = IngestTester::start();
    tester.watch(rtsp("good", &cameras.url("good")));
    tester.watch(rtsp("dribbles", &ill_mannered(Manners::Dribbles)));
    tester.watch(rtsp("endless", &ill_mannered(Manners::NeverEnds)));
    let offline = tester.expect_offline("dribbles", "silent").await;
    assert!(offline.to_string().contains("does not answer within 5 s"), "{offline}");
    tester.expect_offline("endless", "garbage").await;
    tester
        .expect_state("dribbles", |state| matches!(state, CameraState::Offline { attempts: 2.., .. }))
        .await;
    tester.next_frame_of("good").await;
    tester.finish().await;
}

/// Whoever waits for its whole answer waits for ever; the process goes on and ends all the same.
#[test]
fn a_camera_that_greets_and_then_dribbles_is_shown_as_such_and_does_not_hold_up_the_end() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("threads");
    runtime.block_on(async {
        let mut tester = IngestTester::start();
        tester.watch(rtsp("gate", &ill_mannered(Manners::GreetsAndDribbles)));
        tester.no_more_cameras();
        tester.expect_offline("gate", "silent").await;
        tester.ends_with_its_cameras().await;
    });
    runtime.shutdown_background();
}
