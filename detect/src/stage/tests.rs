//! The stage with a scripted detector: real threads and channels, event time from the frames.

use std::{sync::Arc, time::Duration};

use gridwatch_domain::{
    CameraId, Detection, DwellLimit, EventKind, Findings, Frame, NetworkRef, NormBox, Nv12Buffer,
    ObjectClass, Phase, Point, Polygon, Severity, Sha256Hex, Timestamp, Zone, ZoneType,
};
use gridwatch_runtime::{MailboxSender, ManualClock, Metrics, mailbox};
use tokio::sync::mpsc;

use super::*;
use crate::{CameraWatch, DetectError};

/// A car at one place in every picture.
struct OneCar;

impl Detector for OneCar {
    fn detect(&mut self, _: &Frame) -> Result<Vec<Detection>, DetectError> {
        let bbox = NormBox::new(0.4, 0.4, 0.6, 0.6).expect("valid");
        Ok(vec![Detection { class: ObjectClass::Car, score: 0.9, bbox }])
    }
}

fn camera() -> CameraId {
    CameraId::new("gate").expect("valid")
}

fn time(seconds: f64) -> Timestamp {
    Timestamp::from_millisecond(1_000_000 + (seconds * 1000.0) as i64).expect("in range")
}

fn settings() -> DetectSettings {
    let corner = |x, y| Point::new(x, y).expect("valid");
    let polygon = vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(1.0, 1.0), corner(0.0, 1.0)];
    let zone = Zone {
        classes: vec![ObjectClass::Car],
        name: "消防通道".to_owned(),
        ..Zone::usual(
            "lane".parse().expect("valid"),
            ZoneType::FireLane,
            Polygon::new(polygon).expect("simple"),
        )
        .with_limit(DwellLimit::new(Duration::from_secs(10)).expect("in range"))
    };
    let network = NetworkRef { name: "scripted".to_owned(), sha256: Sha256Hex::from_digest([0; 32]) };
    let watch = CameraWatch { zones: vec![zone], ..CameraWatch::new(camera()) };
    DetectSettings::new("edge".parse().expect("valid"), network, vec![watch])
}

/// A picture, a fifth of a second after the one before.
fn frame(camera: &CameraId, number: u64) -> Frame {
    Frame::new(
        camera.clone(),
        number,
        time(number as f64 / 5.0),
        (64, 36),
        Arc::new(Nv12Buffer::filled(64, 36, [90, 128, 128])),
    )
}

struct Tester {
    frames: MailboxSender<CameraId, Frame>,
    notices: MailboxSender<CameraId, CameraNotice>,
    findings: mpsc::Receiver<Findings>,
    clock: Arc<ManualClock>,
    stage: DetectStage,
    metrics: Metrics,
}

impl Tester {
    fn start(checkpoints: Vec<Checkpoint>) -> Self {
        Self::start_with(settings(), checkpoints)
    }

    fn start_with(settings: DetectSettings, checkpoints: Vec<Checkpoint>) -> Self {
        Self::start_finding(vec![Box::new(OneCar), Box::new(OneCar)], settings, checkpoints)
    }

    fn start_finding(
        detectors: Vec<Box<dyn Detector>>,
        settings: DetectSettings,
        checkpoints: Vec<Checkpoint>,
    ) -> Self {
        let (frames, frames_rx) = mailbox();
        let (notices, notices_rx) = mailbox();
        let (findings_tx, findings) = mpsc::channel(256);
        let clock = ManualClock::new(time(0.0));
        let metrics = Metrics::new();
        let parts = DetectParts {
            detectors,
            frames: frames_rx,
            notices: notices_rx,
            findings: findings_tx,
            checkpoints,
            clock: clock.clone(),
        };
        let stage = DetectStage::start(&settings, parts, &metrics).expect("a thread");
        Self { frames, notices, findings, clock, stage, metrics }
    }

    /// Shows the car five times a second, and waits for each picture to be taken.
    fn car_stands(&self, from_s: f64, until_s: f64) {
        for picture in (from_s * 5.0) as u64..(until_s * 5.0) as u64 {
            let frame = frame(&camera(), picture);
            assert!(self.frames.put_waiting(camera(), frame, || false).is_ok(), "the stage runs");
        }
    }

    /// What is found next, which takes a moment.
    fn next(&mut self) -> Findings {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        let next = async { tokio::time::timeout(Duration::from_secs(60), self.findings.recv()).await };
        runtime.block_on(next).expect("something is found in time").expect("the stage runs")
    }

    /// Ends the stage; all it found, and the last memory.
    fn finish(mut self) -> (Vec<gridwatch_domain::Event>, Vec<Checkpoint>, Metrics) {
        drop(self.frames);
        self.stage.finish();
        let (mut events, mut checkpoints) = (Vec::new(), Vec::new());
        while let Ok(found) = self.findings.try_recv() {
            events.extend(found.events);
            checkpoints.extend(found.checkpoint);
        }
        (events, checkpoints, self.metrics)
    }
}

/// Counts the pictures that it is asked about.
struct Counting(Arc<std::sync::atomic::AtomicU64>);

impl Detector for Counting {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        OneCar.detect(frame)
    }
}

#[test]
fn pictures_in_which_nothing_has_changed_need_no_network_and_a_limit_ends_all_the_same() {
    let asked = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let tester = Tester::start_finding(vec![Box::new(Counting(Arc::clone(&asked)))], settings(), Vec::new());
    for picture in 0..70 {
        // The first three may be alike, but number 0 is not what they are alike to.
        let unchanged_since = (picture > 0).then_some(if picture < 3 { 2 } else { 0 });
        let frame = Frame { unchanged_since, ..frame(&camera(), picture) };
        assert!(tester.frames.put_waiting(camera(), frame, || false).is_ok(), "the stage runs");
    }
    let attention = tester.stage.attention();
    let (events, _, metrics) = tester.finish();
    assert_eq!((events.len(), events[0].since), (1, time(0.0)), "{events:#?}");
    // Pictures 0 to 2, and of the 67 after them one in more than five seconds, which is half of the limit.
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 3 + 67 / 26);
    assert!(
        metrics.render().contains("gridwatch_detect_unchanged_total{camera=\"gate\"} 65"),
        "{}",
        metrics.render()
    );
    let attention = attention.borrow().get(&camera()).copied().expect("it was told");
    assert_eq!(attention, Attention::default(), "its event is open");
}

#[test]
fn who_comes_is_watched_and_the_end_of_his_limit_is_asked_for() {
    let tester = Tester::start(Vec::new());
    let attention = tester.stage.attention();
    tester.car_stands(0.0, 6.0);
    let now = || attention.borrow().get(&camera()).copied().unwrap_or_default();
    assert_eq!(now(), Attention { due: Some(time(10.0)), ..Attention::default() });
    tester.finish();
}

#[test]
fn what_was_open_of_a_camera_that_was_taken_away_while_the_box_was_off_ends() {
    let tester = Tester::start(Vec::new());
    tester.car_stands(0.0, 14.0);
    let (events, checkpoints, _) = tester.finish();
    assert_eq!(events.last().expect("it opened").phase, Phase::Open);
    let nothing = DetectSettings { cameras: Vec::new(), ..settings() };
    let kept = checkpoints.last().expect("it was kept").clone();
    let (ends, checkpoints, _) = Tester::start_with(nothing.clone(), vec![kept]).finish();
    assert_eq!((ends.len(), ends[0].phase, ends[0].id), (1, Phase::Close, events[0].id), "{ends:#?}");
    assert!(ends[0].until.is_some_and(|until| until <= time(14.0)));
    // Once.
    let kept = checkpoints.last().expect("kept with it").clone();
    assert_eq!(Tester::start_with(nothing, vec![kept]).finish().0, []);
}

#[test]
fn a_standing_car_is_one_event_and_the_books_balance() {
    let tester = Tester::start(Vec::new());
    tester.car_stands(0.0, 14.0);
    let (events, checkpoints, metrics) = tester.finish();
    assert_eq!(events.len(), 1, "{events:#?}");
    assert_eq!(
        (events[0].kind, events[0].phase, events[0].since),
        (EventKind::FireLane, Phase::Open, time(0.0))
    );
    assert!((events[0].dwell_s - 10.0).abs() < 0.5, "{}", events[0].dwell_s);
    assert!(!checkpoints.is_empty());
    let text = metrics.render();
    let count = |outcome: &str| {
        let name = format!("gridwatch_detect_frames_total{{camera=\"gate\",outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse::<u64>().ok()).unwrap_or(0)
    };
    assert_eq!(count("received"), count("sent") + count("dropped") + count("failed"), "{text}");
    assert_eq!(count("received"), 70);
}

#[test]
fn a_restart_goes_on_where_the_last_memory_was_kept() {
    let first = Tester::start(Vec::new());
    first.car_stands(0.0, 6.0);
    let (events, checkpoints, _) = first.finish();
    assert!(events.is_empty());
    let second = Tester::start(vec![checkpoints.last().expect("kept at the end").clone()]);
    second.car_stands(8.0, 12.0);
    let (events, ..) = second.finish();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].since, time(0.0), "dwell goes on over the restart");
}

#[test]
fn a_damaged_memory_is_left_out() {
    let damaged = Checkpoint { camera: camera(), state: b"{".to_vec() };
    let tester = Tester::start(vec![damaged]);
    tester.car_stands(0.0, 12.0);
    assert_eq!(tester.finish().0.len(), 1);
}

#[test]
fn an_event_of_a_camera_that_stays_away_is_unobserved() {
    let mut tester = Tester::start(Vec::new());
    tester.car_stands(0.0, 12.0);
    while tester.findings.blocking_recv().is_some_and(|found| found.events.is_empty()) {}
    tester.clock.advance(Duration::from_secs(20));
    let notice = CameraNotice { camera: camera(), live: false, ended: false, at: time(12.0) };
    tester.notices.put(camera(), notice);
    let unobserved = loop {
        let found = tester.next();
        if let Some(event) = found.events.first() {
            break event.clone();
        }
    };
    assert_eq!((unobserved.rev, unobserved.phase, unobserved.unobserved), (2, Phase::Update, true));
    tester.finish();
}

#[test]
fn the_last_pictures_of_a_camera_may_come_after_word_of_its_end() {
    let mut tester = Tester::start(Vec::new());
    tester.car_stands(0.0, 12.0);
    let notice = CameraNotice { camera: camera(), live: false, ended: false, at: time(12.0) };
    tester.notices.put(camera(), notice);
    // The first of these is taken with word of the end, the others after it.
    tester.car_stands(12.0, 13.0);
    tester.clock.advance(Duration::from_secs(60));
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(tester.findings.blocking_recv().expect("the stage runs").events);
    }
    assert!(events[1].unobserved, "{events:#?}");
    tester.finish();
}

/// What the stage tells next, when it is not only memory.
fn next_event(tester: &mut Tester) -> gridwatch_domain::Event {
    loop {
        let found = tester.findings.blocking_recv().expect("the stage runs");
        if let Some(event) = found.events.into_iter().next() {
            return event;
        }
    }
}

#[test]
fn a_camera_that_stays_away_is_offline_until_it_is_back_for_a_while() {
    let mut tester = Tester::start(Vec::new());
    let troubles = tester.stage.troubles();
    let notice = |live, ended, at| CameraNotice { camera: camera(), live, ended, at };
    let send = |tester: &Tester, notice| drop(tester.notices.put(camera(), notice));
    send(&tester, notice(false, false, time(12.0)));
    tester.clock.advance(Duration::from_secs(45));
    let offline = next_event(&mut tester);
    assert_eq!(
        (offline.kind, offline.phase, offline.since),
        (EventKind::CameraOffline, Phase::Open, time(12.0))
    );
    assert_eq!((offline.zone, offline.severity), (None, Severity::Major));
    let wrong = troubles.borrow().get(&camera()).cloned().expect("told");
    assert_eq!(wrong.iter().map(|trouble| trouble.kind).collect::<Vec<_>>(), [EventKind::CameraOffline]);
    // It comes and goes within the time that it must be back.
    send(&tester, notice(true, false, time(45.0)));
    send(&tester, notice(false, false, time(46.0)));
    send(&tester, notice(true, false, time(50.0)));
    tester.clock.advance(Duration::from_secs(16));
    let back = next_event(&mut tester);
    assert_eq!((back.id, back.rev, back.phase, back.until), (offline.id, 2, Phase::Close, Some(time(50.0))));
    assert_eq!(troubles.borrow().get(&camera()).map(Vec::len), Some(0));
    let (events, _, metrics) = tester.finish();
    assert_eq!(events, []);
    let metrics = metrics.render();
    let gauge = "gridwatch_detect_camera_trouble{camera=\"gate\",kind=\"camera.offline\"} 0";
    assert!(metrics.contains(gauge), "{metrics}");
}

#[test]
fn a_camera_that_is_taken_away_while_it_is_offline_was_so_until_then() {
    let mut tester = Tester::start(Vec::new());
    let notice = CameraNotice { camera: camera(), live: false, ended: false, at: time(12.0) };
    tester.notices.put(camera(), notice);
    tester.clock.advance(Duration::from_secs(45));
    let offline = next_event(&mut tester);
    tester.stage.control().forget(&camera());
    let closed = next_event(&mut tester);
    assert_eq!((closed.id, closed.phase), (offline.id, Phase::Close));
    assert!(closed.until >= Some(offline.at) && closed.dwell_s >= offline.dwell_s, "{closed:#?}");
    tester.finish();
}

#[test]
fn a_recording_at_its_end_is_not_offline() {
    let tester = Tester::start(Vec::new());
    let notice = CameraNotice { camera: camera(), live: false, ended: true, at: time(12.0) };
    tester.notices.put(camera(), notice);
    tester.clock.advance(Duration::from_secs(600));
    // The notice has been heard once a camera's picture after it has been taken.
    tester.car_stands(12.0, 14.0);
    let (events, _, _) = tester.finish();
    assert_eq!(events, []);
}

#[test]
fn another_recording_ends_what_was_open_in_the_last_one() {
    let first = Tester::start(Vec::new());
    first.car_stands(0.0, 14.0);
    let (opened, checkpoints, _) = first.finish();
    let mut settings = settings();
    settings.cameras[0].begins_anew = true;
    let second = Tester::start_with(settings, vec![checkpoints.last().expect("kept at the end").clone()]);
    second.car_stands(3.0, 9.0);
    let (events, ..) = second.finish();
    let [closed] = &events[..] else { panic!("one revision: {events:#?}") };
    assert_eq!((closed.id, closed.rev, closed.phase), (opened[0].id, 2, Phase::Close));
    assert_eq!(closed.since, time(0.0));
    assert!(closed.until.is_some_and(|until| until > time(13.0) && until <= closed.at), "{closed:#?}");
}

/// Finds nothing, and says which frames it has seen. Sees `batch` together.
struct Witness {
    seen: std::sync::mpsc::SyncSender<Vec<(CameraId, u64)>>,
    batch: usize,
    /// Where there is one, it goes on from frame to frame only when told to.
    go_on: Option<std::sync::mpsc::Receiver<()>>,
}

impl Detector for Witness {
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError> {
        self.detect_all(&[frame]).remove(0)
    }

    fn detect_all(&mut self, frames: &[&Frame]) -> Vec<Result<Vec<Detection>, DetectError>> {
        let seen = frames.iter().map(|frame| (frame.camera.clone(), frame.seq)).collect();
        self.seen.send(seen).expect("the test listens");
        if let Some(go_on) = &self.go_on {
            go_on.recv().expect("the test says so");
        }
        frames.iter().map(|_| Ok(Vec::new())).collect()
    }

    fn batch(&self) -> usize {
        self.batch
    }
}

fn cameras(names: &[&str]) -> (DetectSettings, Vec<CameraId>) {
    let mut settings = settings();
    let watch = settings.cameras[0].clone();
    let ids: Vec<CameraId> = names.iter().map(|name| CameraId::new(*name).expect("valid")).collect();
    settings.cameras = ids.iter().map(|id| CameraWatch { id: id.clone(), ..watch.clone() }).collect();
    (settings, ids)
}

#[test]
fn a_busy_camera_starves_nobody() {
    let (seen, heard) = std::sync::mpsc::sync_channel(9);
    let (go, go_on) = std::sync::mpsc::sync_channel(9);
    let (settings, ids) = cameras(&["busy", "calm"]);
    let witness = Witness { seen, batch: 1, go_on: Some(go_on) };
    let tester = Tester::start_finding(vec![Box::new(witness)], settings, Vec::new());
    let [busy, calm] = &ids[..] else { panic!("two") };
    let put = |camera: &CameraId, number| tester.frames.put(camera.clone(), frame(camera, number));
    put(busy, 0);
    let mut order = vec![heard.recv().expect("it runs")];
    // While that is analysed, a hundred frames of the one camera come, and one of the other.
    put(busy, 1);
    put(calm, 1);
    for number in 2..100 {
        put(busy, number);
    }
    go.send(()).expect("it runs");
    order.push(heard.recv().expect("it runs"));
    put(busy, 100);
    for _ in 0..2 {
        go.send(()).expect("it runs");
        order.push(heard.recv().expect("it runs"));
    }
    go.send(()).expect("it runs");
    let wanted = [(busy, 0), (busy, 99), (calm, 1), (busy, 100)]
        .map(|(camera, number)| vec![(camera.clone(), number)]);
    assert_eq!(order, wanted, "each in its turn, with its newest");
    tester.finish();
}

#[test]
fn threads_and_batches_share_the_cameras_and_keep_each_ones_order() {
    const FRAMES: u64 = 50;
    for (threads, batch) in [(1, 1), (3, 1), (1, 4), (2, 2)] {
        let (seen, heard) = std::sync::mpsc::sync_channel(1000);
        let (settings, ids) = cameras(&["a", "b", "c"]);
        let detectors = (0..threads)
            .map(|_| Box::new(Witness { seen: seen.clone(), batch, go_on: None }) as Box<dyn Detector>);
        let tester = Tester::start_finding(detectors.collect(), settings, Vec::new());
        drop(seen);
        for number in 0..FRAMES {
            for camera in &ids {
                let put = tester.frames.put_waiting(camera.clone(), frame(camera, number), || false);
                assert!(put.is_ok(), "the stage runs");
            }
        }
        let (_, _, metrics) = tester.finish();
        let runs: Vec<Vec<(CameraId, u64)>> = heard.iter().collect();
        let most = runs.iter().map(Vec::len).max().unwrap_or(0);
        assert!(most <= batch && (batch == 1 || most > 1), "{threads}, {batch}: at most {most} together");
        let text = metrics.render();
        for camera in &ids {
            let numbers: Vec<u64> =
                runs.iter().flatten().filter(|(seen, _)| seen == camera).map(|(_, number)| *number).collect();
            assert_eq!(numbers, (0..FRAMES).collect::<Vec<_>>(), "{threads}, {batch}: {camera}");
            let sent =
                format!("gridwatch_detect_frames_total{{camera=\"{camera}\",outcome=\"sent\"}} {FRAMES}");
            assert!(text.contains(&sent), "{text}");
        }
    }
}

/// Answers rubbish so many times.
struct Rubbish(usize);

impl Detector for Rubbish {
    fn detect(&mut self, _: &Frame) -> Result<Vec<Detection>, DetectError> {
        if self.0 > 0 {
            self.0 -= 1;
            let reason = crate::head::Unreadable::NotNumbers { spoiled: 7, rows: 9 };
            return Err(DetectError::Answer { network: "tiny".to_owned(), reason });
        }
        Ok(Vec::new())
    }
}

#[test]
fn a_camera_whose_network_fails_is_told_and_told_again_when_it_works() {
    // As many as the car stands there for at first.
    let tester = Tester::start_finding(vec![Box::new(Rubbish(5))], settings(), Vec::new());
    let mut blind = tester.stage.blind();
    let changed = |blind: &mut watch::Receiver<BlindCameras>| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(blind.changed()).expect("the stage runs");
        blind.borrow_and_update().clone()
    };
    tester.car_stands(0.0, 1.0);
    tester.clock.advance(Duration::from_secs(20));
    let told = changed(&mut blind);
    assert!(told[&camera()].contains("7 of its 9 rows are not finite"), "{told:?}");
    tester.car_stands(1.0, 2.0);
    assert_eq!(changed(&mut blind), BlindCameras::new());
    let (_, _, metrics) = tester.finish();
    let failed = "gridwatch_detect_frames_total{camera=\"gate\",outcome=\"failed\"} 5";
    assert!(metrics.render().contains(failed), "{}", metrics.render());
}

#[test]
fn cameras_come_and_go_while_it_runs_and_others_do_not_notice() {
    let yard = CameraId::new("yard").expect("valid");
    let mut tester = Tester::start(Vec::new());
    let control = tester.stage.control();
    let watch = settings().cameras.remove(0);
    control.watch(&CameraWatch { id: yard.clone(), ..watch.clone() });
    for picture in 0..75 {
        for id in [camera(), yard.clone()] {
            assert!(
                tester.frames.put_waiting(id.clone(), frame(&id, picture), || false).is_ok(),
                "the stage runs"
            );
        }
    }
    let counts = tester.stage.counts();
    let mut opened = Vec::new();
    while opened.len() < 2 {
        opened.extend(tester.next().events);
    }
    control.forget(&yard);
    assert!(!counts.borrow().contains_key(&yard));
    let mut closed = Vec::new();
    while closed.is_empty() {
        let found = tester.next();
        closed.extend(found.events.into_iter().filter(|event| event.phase == Phase::Close));
    }
    assert_eq!((closed.len(), &closed[0].camera, closed[0].rev), (1, &yard, 2), "{closed:#?}");
    // A picture that was on its way is not counted for a camera that is gone.
    assert!(tester.frames.put_waiting(yard.clone(), frame(&yard, 75), || false).is_ok(), "the stage runs");
    tester.car_stands(15.0, 20.0);
    assert!(!tester.metrics.render().contains("camera=\"yard\""), "{}", tester.metrics.render());
    // It comes back, and nothing is known of it.
    control.watch(&CameraWatch { id: yard.clone(), ..watch });
    for picture in 100..105 {
        assert!(
            tester.frames.put_waiting(yard.clone(), frame(&yard, picture), || false).is_ok(),
            "the stage runs"
        );
    }
    let (events, _, metrics) = tester.finish();
    assert!(events.is_empty(), "{events:#?}");
    assert!(metrics.render().contains("gridwatch_detect_frames_total{camera=\"yard\",outcome=\"sent\"} 5"));
}

#[test]
fn a_stream_that_begins_anew_is_looked_at_anew() {
    let asked = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let tester = Tester::start_finding(vec![Box::new(Counting(Arc::clone(&asked)))], settings(), Vec::new());
    let shows = |seq: u64, unchanged_since| {
        let frame = Frame { seq, unchanged_since, ..frame(&camera(), 100 + seq) };
        assert!(tester.frames.put_waiting(camera(), frame, || false).is_ok(), "the stage runs");
    };
    shows(1000, None);
    shows(1001, Some(1000));
    // Numbers begin anew with the stream; the picture that they are alike to was lost.
    shows(2, Some(1));
    shows(3, Some(1));
    tester.finish();
    assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 2, "1000 and 2, on which 3 relies");
}
