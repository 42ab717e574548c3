//! Drives cameras as `gridwatch edge` does, and looks at what comes out.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of it")]

pub mod yard;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use gridwatch_config::{
    CameraSettings, DecodeMode, Pace, Secret, SourceSettings, TilesConfig, TlsSettings, Transport,
};
use gridwatch_domain::{Attention, CameraId, DwellLimit, Frame, ObjectClass, Point, Polygon, Zone, ZoneType};
use gridwatch_ingest::{
    Camera, CameraControl, CameraParts, CameraState, CameraTimeouts, DecodePool, IngestMetrics,
    OfflineReason, Reels, Stills,
};
use gridwatch_runtime::{
    BackoffRange, MailboxReceiver, MailboxSender, Metrics, SharedClock, Shutdown, SystemClock, mailbox,
};
use gridwatch_sim::testcard;
use tokio::{sync::watch, task::JoinHandle, time::timeout};

/// A hang fails a test after this long; nothing takes this long on a machine that is merely busy.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Short waits, so that failures are seen soon; yet long enough that a camera of a busy machine does not look like one
/// that fails.
pub fn quick_timeouts() -> CameraTimeouts {
    CameraTimeouts {
        connect: Duration::from_secs(5),
        no_frame: Duration::from_secs(4),
        backoff: BackoffRange { first: Duration::from_millis(50), longest: Duration::from_millis(100) },
        refused: Duration::from_millis(200),
        healthy_after: Duration::from_secs(60),
    }
}

pub fn id(name: &str) -> CameraId {
    CameraId::new(name).expect("a valid id")
}

pub fn rtsp(name: &str, url: &str) -> CameraSettings {
    settings(name, SourceSettings::Rtsp { url: Secret::new(url), transport: Transport::Auto })
}

pub fn file(name: &str, path: impl Into<PathBuf>, pace: Pace, repeat: bool) -> CameraSettings {
    settings(name, SourceSettings::File { path: path.into(), pace, repeat })
}

fn settings(name: &str, source: SourceSettings) -> CameraSettings {
    CameraSettings {
        id: id(name),
        name: name.into(),
        cell: None,
        source,
        main: None,
        sample_fps: 5,
        decode: DecodeMode::Always,
        rest: Duration::from_secs(10),
        record: false,
        tiles: TilesConfig::WHOLE,
        tls: TlsSettings::System,
        aspect: None,
        zones: Vec::new(),
        lines: Vec::new(),
        groups: Vec::new(),
        ground: None,
    }
}

/// A fire lane between these sides, in shares of the picture.
pub fn zone([left, top, right, bottom]: [f32; 4]) -> Zone {
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
    let points = corners.map(|(x, y)| Point::new(x, y).expect("valid")).to_vec();
    Zone {
        classes: vec![ObjectClass::Car],
        name: "消防通道".to_owned(),
        ..Zone::usual(
            "lane".parse().expect("valid"),
            ZoneType::FireLane,
            Polygon::new(points).expect("simple"),
        )
        .with_limit(DwellLimit::new(Duration::from_secs(60)).expect("in range"))
    }
}

/// Number on the test card of a frame.
pub fn card_number(frame: &Frame) -> u32 {
    let (luma, stride) = (frame.planes.y(), frame.planes.y_stride());
    testcard::read_number(luma, stride, frame.width as usize).expect("the frame shows a test card")
}

struct Running {
    task: JoinHandle<CameraState>,
    states: watch::Receiver<CameraState>,
    main_problem: watch::Receiver<Option<OfflineReason>>,
    control: CameraControl,
}

pub struct IngestTester {
    clock: SharedClock,
    timeouts: CameraTimeouts,
    pool: DecodePool,
    pub reels: Reels,
    pub stills: Stills,
    pub attention: watch::Sender<BTreeMap<CameraId, Attention>>,
    shutdown: Shutdown,
    registry: Metrics,
    metrics: IngestMetrics,
    frames_tx: Option<MailboxSender<CameraId, Frame>>,
    frames_rx: Arc<MailboxReceiver<CameraId, Frame>>,
    cameras: BTreeMap<CameraId, Running>,
}

impl IngestTester {
    pub fn start() -> Self {
        Self::start_with(SystemClock::shared(), quick_timeouts())
    }

    pub fn start_with(clock: SharedClock, timeouts: CameraTimeouts) -> Self {
        let (frames_tx, frames_rx) = mailbox();
        let reels = Reels::default();
        let registry = Metrics::new();
        Self {
            stills: Stills::new(reels.clone(), Arc::clone(&clock)),
            clock,
            timeouts,
            pool: DecodePool::start(2).expect("threads"),
            reels,
            attention: watch::Sender::default(),
            shutdown: Shutdown::new(),
            metrics: IngestMetrics::new(&registry),
            registry,
            frames_tx: Some(frames_tx),
            frames_rx: Arc::new(frames_rx),
            cameras: BTreeMap::new(),
        }
    }

    pub fn watch(&mut self, settings: CameraSettings) {
        let parts = CameraParts {
            frames: self.frames_tx.clone().expect("cameras come before `no_more_cameras`"),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            timeouts: self.timeouts.clone(),
            pool: self.pool.clone(),
            reels: self.reels.clone(),
            stills: self.stills.clone(),
            attention: self.attention.subscribe(),
            shutdown: self.shutdown.clone(),
        };
        let camera_id = settings.id.clone();
        let (camera, states) = Camera::new(settings, parts);
        let (control, main_problem) = (camera.control(), camera.main_problem());
        let running = Running { task: tokio::spawn(camera.run()), states, main_problem, control };
        self.cameras.insert(camera_id, running);
    }

    /// Changes what its stream need not be begun anew for.
    pub fn adjust(&self, settings: &CameraSettings) {
        self.cameras[&settings.id].control.adjust(settings);
    }

    /// From now on the frames end when the cameras do.
    pub fn no_more_cameras(&mut self) {
        self.frames_tx = None;
    }

    pub async fn next_frame(&self) -> Option<Frame> {
        timeout(PATIENCE, self.frames_rx.recv()).await.expect("a frame, or the end, in time")
    }

    /// The next frame of one camera; those of others are passed over.
    pub async fn next_frame_of(&self, name: &str) -> Frame {
        let found = async {
            loop {
                let frame = self.next_frame().await.expect("frames go on");
                if frame.camera == id(name) {
                    return frame;
                }
            }
        };
        timeout(PATIENCE, found)
            .await
            .unwrap_or_else(|_| panic!("no frame of {name} in time: {}", self.registry.render()))
    }

    /// Waits for a state of a camera while its frames are taken and thrown away.
    pub async fn expect_state(
        &mut self,
        name: &str,
        wanted: impl FnMut(&CameraState) -> bool,
    ) -> CameraState {
        let frames = Arc::clone(&self.frames_rx);
        let drain = tokio::spawn(async move { while frames.recv().await.is_some() {} });
        let states = &mut self.cameras.get_mut(&id(name)).expect("it is watched").states;
        let found = timeout(PATIENCE, states.wait_for(wanted)).await.is_ok_and(|found| found.is_ok());
        drain.abort();
        let last = states.borrow().clone();
        assert!(found, "camera {name} never came to that state; it is {last}");
        last
    }

    pub async fn expect_live(&mut self, name: &str) {
        self.expect_state(name, |state| matches!(state, CameraState::Live { .. })).await;
    }

    pub async fn expect_offline(&mut self, name: &str, code: &str) -> CameraState {
        let wanted = |state: &CameraState| matches!(state, CameraState::Offline { reason, .. } if reason.code() == code);
        self.expect_state(name, wanted).await
    }

    /// Waits until the large stream beside a camera's small one arrives, or does not any more; frames are thrown away meanwhile.
    pub async fn expect_main_stream(&self, name: &str, arrives: bool) {
        let came = timeout(PATIENCE, async {
            while self.metrics.has_main_stream(&id(name)) != arrives {
                let _ = timeout(Duration::from_millis(50), self.frames_rx.recv()).await;
            }
        });
        assert!(came.await.is_ok(), "the main stream of {name} never came to {arrives}");
    }

    /// Waits until a camera tells why its large stream does not come; frames are thrown away meanwhile.
    pub async fn expect_main_problem(&self, name: &str, code: &str) {
        let told = || self.cameras[&id(name)].main_problem.borrow().as_ref().map(OfflineReason::code);
        let came = timeout(PATIENCE, async {
            while told() != Some(code) {
                let _ = timeout(Duration::from_millis(50), self.frames_rx.recv()).await;
            }
        });
        assert!(came.await.is_ok(), "the main stream of {name} is {:?}", told());
    }

    pub fn state(&self, name: &str) -> CameraState {
        self.cameras[&id(name)].states.borrow().clone()
    }

    pub fn count(&self, name: &str, outcome: &str) -> u64 {
        self.metrics.frames(&id(name), outcome)
    }

    pub fn units(&self, name: &str, outcome: &str) -> u64 {
        self.metrics.units(&id(name), outcome)
    }

    /// Whether the gate of a camera has come to that level for that reason.
    pub fn gate_came_to(&self, name: &str, level: &str, reason: &str) -> bool {
        self.gate_changes(name, level, reason).is_some()
    }

    /// How often it did.
    pub fn gate_changes(&self, name: &str, level: &str, reason: &str) -> Option<u64> {
        let line = format!(
            "gridwatch_ingest_gate_changes_total{{camera=\"{name}\",level=\"{level}\",reason=\"{reason}\"}}"
        );
        let text = self.registry.render();
        text.lines().find_map(|shown| shown.strip_prefix(&line)?.trim().parse().ok())
    }

    /// Nobody takes frames any more.
    pub fn consumer_goes(&mut self) {
        let (_, nothing) = mailbox();
        self.frames_rx = Arc::new(nothing);
    }

    /// Waits for a camera that ends by itself; says how it ended.
    pub async fn ended(&mut self, name: &str) -> CameraState {
        let task = &mut self.cameras.get_mut(&id(name)).expect("it is watched").task;
        timeout(PATIENCE, task).await.expect("it ends in time").expect("it does not panic")
    }

    /// Shuts down; with the cameras the frames end, or whoever takes them would wait for ever.
    pub async fn ends_with_its_cameras(self) {
        self.shutdown.cancel();
        assert!(self.next_frame().await.is_none(), "no frame comes any more");
        self.finish().await;
    }

    /// Shuts down, joins all cameras, checks that all counts balance.
    pub async fn finish(self) {
        let Self { shutdown, metrics, cameras, pool, .. } = self;
        shutdown.cancel();
        let mut names = Vec::new();
        for (camera, running) in cameras {
            if !running.task.is_finished() {
                timeout(PATIENCE, running.task).await.expect("it ends in time").expect("it does not panic");
            }
            names.push(camera);
        }
        // What was being decoded when a camera ended is counted, too.
        tokio::task::spawn_blocking(|| pool.finish()).await.expect("it does not panic");
        for camera in names {
            let count = |outcome| metrics.frames(&camera, outcome);
            let accounted = count("sent") + count("sampled_out") + count("dropped") + count("failed");
            assert_eq!(count("received"), accounted, "the counts of {camera} balance");
        }
    }
}
