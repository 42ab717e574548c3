//! `gridwatch edge`: cameras → detect → alert, wired.
//!
//! The end is orderly from front to back: cameras stop, then detection, which hands on its last memory, then alert,
//! which makes everything durable and delivers what it can for a few seconds. What is not delivered waits on disk.

use std::collections::BTreeMap;

use anyhow::Context as _;
use gridwatch_alert::{AlertHandle, AlertSettings, AlertStage, Archive, Retention};
use gridwatch_config::{
    CameraSettings, ConfigError, EdgeSettings, EvidenceSettings, SourceSettings, TilesConfig, load_edge,
};
use gridwatch_detect::{
    CameraWatch, DetectParts, DetectSettings, DetectStage, Detector, MemorySettings, PoolSettings,
    available_cores, open_pool, tiles::Tiles,
};
use gridwatch_domain::{CameraId, Findings, Frame, NetworkRef};
use gridwatch_ingest::{CameraParts, CameraTimeouts, DecodePool, IngestMetrics, Reels, Stills};
use gridwatch_models::Network;
use gridwatch_runtime::{Metrics, SharedClock, Shutdown, SystemClock, mailbox};
use tokio::{sync::mpsc, task::JoinSet};
use tracing::info;

use crate::{
    cameras::{self, StateListeners},
    cli::ConfigFile,
    link, metrics_server, network,
    recorder::Recorder,
    signals,
};

/// Findings that may wait for the outbox. Beyond it detection waits, and frames, not events, are dropped.
const FINDINGS_LIMIT: usize = 64;
/// State changes of cameras that may wait: more than cameras change within a moment.
const STATES_LIMIT: usize = 256;

pub(crate) async fn run(arguments: ConfigFile) -> anyhow::Result<()> {
    let settings = load_edge(&arguments.config)?;
    let network = network::load(&settings.network)
        .map_err(|problems| ConfigError::Invalid { path: arguments.config.clone(), problems })?;
    let shutdown = signals::shutdown_on_signal()?;
    let metrics = Metrics::new();
    if let Some(listen) = settings.metrics_listen {
        metrics_server::start(listen, metrics.clone(), shutdown.clone()).await?;
    }
    let named = settings.network.clone();
    let started = Edge::start(settings, &network, SystemClock::shared(), &metrics, None).await;
    let mut edge = started.map_err(|error| match network::problem(&named, &error) {
        Some(problems) => ConfigError::Invalid { path: arguments.config.clone(), problems }.into(),
        None => error,
    })?;
    edge.start_cameras(|_| true);
    info!("edge box is running; Ctrl-C stops it");
    shutdown.cancelled().await;
    edge.finish().await
}

/// A running edge box.
pub(crate) struct Edge {
    /// Not started yet.
    waiting: Vec<CameraSettings>,
    camera_parts: CameraParts,
    listeners: StateListeners,
    cameras: JoinSet<()>,
    recorder: Recorder,
    detect: DetectStage,
    alert: AlertHandle,
}

impl Edge {
    /// Opens the outbox, loads the network, starts everything but the cameras. `tap` sees all findings on their way.
    pub(crate) async fn start(
        settings: EdgeSettings,
        network: &Network,
        clock: SharedClock,
        metrics: &Metrics,
        tap: Option<fn(&Findings)>,
    ) -> anyhow::Result<Self> {
        info!(network = network.manifest().name, sha256 = %network.sha256(), "loading the network");
        let detectors = detectors(&settings, network)?;
        let detect_settings = detect_settings(&settings, network);
        let archive = open_archive(&settings, clock.clone(), metrics).await?;
        let alert = alert_settings(&settings, archive.clone())?;
        let alert = AlertStage::open(alert, clock.clone(), metrics).await?;
        let checkpoints = alert.checkpoints().to_vec();

        let (frames_tx, frames_rx) = mailbox::<CameraId, Frame>();
        let (watched_tx, watched_rx) = mpsc::channel(STATES_LIMIT);
        let (messages_tx, messages_rx) = mpsc::channel(STATES_LIMIT);
        let (findings_tx, findings_rx) = mpsc::channel(FINDINGS_LIMIT);

        let reels = Reels::new(settings.evidence.clip_before, RING_BYTES);
        let recorder = Recorder::start(archive, reels.clone(), &settings.evidence, clock.clone(), metrics);
        let alert = alert.start(tapped(findings_rx, recorder.clone(), tap), messages_rx);
        let parts = DetectParts {
            detectors,
            frames: frames_rx,
            notices: watched_rx,
            findings: findings_tx,
            checkpoints,
            clock: clock.clone(),
        };
        let detect = DetectStage::start(&detect_settings, parts, metrics).context("start detection")?;
        let camera_parts = CameraParts {
            frames: frames_tx,
            clock,
            metrics: IngestMetrics::new(metrics),
            timeouts: CameraTimeouts::default(),
            pool: DecodePool::start(available_cores()).context("start decoding")?,
            stills: Stills::new(reels.clone()),
            reels,
            attention: detect.attention(),
            shutdown: Shutdown::new(),
        };
        let listeners = StateListeners { messages: messages_tx, watched: watched_tx, blind: detect.blind() };
        Ok(Self {
            waiting: settings.cameras,
            camera_parts,
            listeners,
            cameras: JoinSet::new(),
            recorder,
            detect,
            alert,
        })
    }

    /// Starts every camera that `chosen` names and that was not started yet.
    pub(crate) fn start_cameras(&mut self, chosen: impl Fn(&CameraId) -> bool) {
        for camera in self.waiting.extract_if(.., |camera| chosen(&camera.id)) {
            let recording = camera.clone();
            cameras::start(&mut self.cameras, camera, &self.camera_parts, &self.listeners);
            self.recorder.record(&recording, self.camera_parts.shutdown.clone());
        }
    }

    /// Ends from front to back; everything found is durable when this returns.
    pub(crate) async fn finish(self) -> anyhow::Result<()> {
        let Self { camera_parts, listeners, mut cameras, recorder, detect, .. } = self;
        camera_parts.shutdown.cancel();
        while cameras.join_next().await.is_some() {}
        recorder.finish().await;
        // The later stages end when nobody can tell them anything any more.
        let pool = camera_parts.pool.clone();
        drop((camera_parts, listeners));
        tokio::task::spawn_blocking(|| pool.finish()).await.context("end decoding")?;
        tokio::task::spawn_blocking(move || detect.finish()).await.context("end detection")?;
        self.alert.finish().await;
        Ok(())
    }
}

/// Detections below this score are noise, even for keeping a known place alive.
pub(crate) const LEAST_SCORE: f32 = 0.1;

fn detectors(settings: &EdgeSettings, network: &Network) -> anyhow::Result<Vec<Box<dyn Detector>>> {
    let pool = PoolSettings {
        cores: settings.inference.cores.map_or_else(available_cores, usize::from),
        cameras: settings.cameras.len(),
    };
    let session = network::session_settings(&settings.inference);
    let opened = open_pool(network, &session, pool, LEAST_SCORE).context("load the network")?;
    let tiles = |camera: &CameraSettings| {
        let TilesConfig { columns, rows } = camera.tiles;
        (camera.id.clone(), Tiles { columns, rows })
    };
    let tiles: BTreeMap<CameraId, Tiles> = settings.cameras.iter().map(tiles).collect();
    Ok(opened.into_iter().map(|detector| Box::new(detector.with_tiles(tiles.clone())) as _).collect())
}

fn detect_settings(settings: &EdgeSettings, network: &Network) -> DetectSettings {
    let reference = NetworkRef { name: network.manifest().name.clone(), sha256: network.sha256().clone() };
    let cameras = settings
        .cameras
        .iter()
        .map(|camera| CameraWatch {
            id: camera.id.clone(),
            cell: camera.cell.clone(),
            zones: camera.zones.clone(),
            begins_anew: matches!(camera.source, SourceSettings::File { repeat: false, .. }),
        })
        .collect();
    let strong_score = settings.score_threshold.unwrap_or(network.manifest().thresholds.score);
    let memory = MemorySettings { strong_score, ..MemorySettings::default() };
    DetectSettings { memory, ..DetectSettings::new(settings.id.clone(), reference, cameras) }
}

/// Memory for the encoded pictures of a camera's last seconds, at most: twice what 4 Mbit/s send in ten.
const RING_BYTES: usize = 8 << 20;
/// Folder of evidence in the state folder.
pub(crate) const EVIDENCE: &str = "evidence";

async fn open_archive(
    settings: &EdgeSettings,
    clock: SharedClock,
    metrics: &Metrics,
) -> anyhow::Result<Archive> {
    let (folder, retention) = (settings.state_dir.join(EVIDENCE), retention(&settings.evidence));
    let metrics = metrics.clone();
    let open = move || Archive::open(&folder, retention, clock, &metrics);
    let opened = tokio::task::spawn_blocking(open).await.context("open the evidence")?;
    opened.context("open the evidence")
}

/// How long evidence is kept, and how much of it.
pub(crate) fn retention(settings: &EvidenceSettings) -> Retention {
    Retention {
        events: settings.keep,
        kinds: settings.keep_of.clone(),
        recordings: settings.keep_recordings,
        size: settings.max_bytes,
        free: settings.min_free_bytes,
    }
}

fn alert_settings(settings: &EdgeSettings, archive: Archive) -> anyhow::Result<AlertSettings> {
    let link = link::settings(&settings.broker, format!("gridwatch-edge-{}", settings.id))?;
    let zones = settings.cameras.iter().map(|camera| (camera.id.clone(), camera.zones.clone())).collect();
    Ok(AlertSettings {
        edge: settings.id.clone(),
        state_dir: settings.state_dir.clone(),
        outbox_max_bytes: settings.outbox_max_bytes,
        zones,
        archive: Some(archive),
        link,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Lets the recorder look at findings on their way, and `tap`, for the demo's terminal.
fn tapped(
    mut findings: mpsc::Receiver<Findings>,
    recorder: Recorder,
    tap: Option<fn(&Findings)>,
) -> mpsc::Receiver<Findings> {
    // One waits here beside those in the channel itself.
    let (tx, rx) = mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(found) = findings.recv().await {
            recorder.note(&found);
            if let Some(tap) = tap {
                tap(&found);
            }
            if tx.send(found).await.is_err() {
                return;
            }
        }
    });
    rx
}
