//! `gridwatch edge`: cameras → detect → alert, wired.
//!
//! The end is orderly from front to back: cameras stop, then detection, which hands on its last memory, then alert,
//! which makes everything durable and delivers what it can for a few seconds. What is not delivered waits on disk.

mod change;
mod file;
mod live;
mod watching;

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use gridwatch_alert::{
    AlertHandle, AlertSettings, AlertStage, Archive, CameraNews, PassReader, PassRetention, Retention,
};
use gridwatch_config::{
    CameraSettings, ConfigError, EdgeSettings, EvidenceSettings, SourceSettings, TilesConfig, load_edge,
};
use gridwatch_detect::{
    CameraWatch, DetectControl, DetectParts, DetectSettings, DetectStage, Detector, MemorySettings,
    PoolSettings, available_cores,
    health::HealthSettings,
    open_pool,
    tiles::{Tiles, TilesByCamera},
};
use gridwatch_domain::{CameraId, Findings, Frame, NetworkRef, Outline};
use gridwatch_ingest::{CameraParts, CameraTimeouts, DecodePool, Decoders, IngestMetrics, Reels, Stills};
use gridwatch_models::Network;
use gridwatch_runtime::{Metrics, SharedClock, Shutdown, SystemClock, mailbox};
use tokio::sync::mpsc;
use tracing::{info, warn};

use self::{change::Change, file::Look, live::LiveConfiguration, watching::Watching};
use crate::{
    cameras::{CameraNotice, RunningCamera, StateListeners},
    cli::ConfigFile,
    edge_api, link, metrics_server, network,
    recorder::Recorder,
    signals,
    viewing::Viewing,
};

/// Findings that may wait for the outbox. Beyond it detection waits, and frames, not events, are dropped.
const FINDINGS_LIMIT: usize = 64;
/// Messages of cameras that may wait: more than cameras change within a moment.
const STATES_LIMIT: usize = 256;

pub(crate) async fn run(arguments: ConfigFile) -> anyhow::Result<()> {
    // Before it is loaded: what changes in between is noticed afterwards.
    let look = Look::at(&arguments.config);
    let settings = load_edge(&arguments.config)?;
    let network = network::load(&settings.network)
        .map_err(|problems| ConfigError::Invalid { path: arguments.config.clone(), problems })?;
    let shutdown = signals::shutdown_on_signal()?;
    let metrics = Metrics::new();
    if let Some(listen) = settings.metrics_listen {
        metrics_server::start(listen, metrics.clone(), shutdown.clone()).await?;
    }
    let (named, api) = (settings.network.clone(), settings.api.clone());
    let started = Edge::start(settings, &network, SystemClock::shared(), &metrics, None).await;
    let mut edge = started.map_err(|error| match network::problem(&named, &error) {
        Some(problems) => ConfigError::Invalid { path: arguments.config.clone(), problems }.into(),
        None => error,
    })?;
    let orders = match edge_api::start(api, edge.viewing(), shutdown.clone()).await {
        Ok(orders) => orders,
        Err(error) => {
            edge.finish().await?;
            return Err(error);
        }
    };
    edge.start_cameras(|_| true);
    info!("edge box is running; Ctrl-C stops it");
    let mut live = LiveConfiguration::new(arguments.config, look, &metrics);
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = live.run(&mut edge, orders) => {}
    }
    edge.finish().await
}

/// A running edge box.
pub(crate) struct Edge {
    /// What it was started with, and the cameras as they are now.
    settings: EdgeSettings,
    /// Not started yet.
    waiting: Vec<CameraSettings>,
    camera_parts: CameraParts,
    listeners: StateListeners,
    cameras: BTreeMap<CameraId, RunningCamera>,
    tiles: TilesByCamera,
    recorder: Recorder,
    /// Ends of the recordings that are being made.
    recordings: BTreeMap<CameraId, Shutdown>,
    viewing: Viewing,
    detect: DetectStage,
    watching: Watching,
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
        let tiles = TilesByCamera::from(tiles_of(&settings.cameras));
        let detectors = detectors(&settings, network, &tiles)?;
        let detect_settings = detect_settings(&settings, network);
        let archive = open_archive(&settings, clock.clone(), metrics).await?;
        let alert = alert_settings(&settings, archive.clone())?;
        let alert = AlertStage::open(alert, clock.clone(), metrics).await?;
        let checkpoints = alert.checkpoints().to_vec();

        let (frames_tx, frames_rx) = mailbox::<CameraId, Frame>();
        let (watched_tx, watched_rx) = mailbox::<CameraId, CameraNotice>();
        let (messages_tx, messages_rx) = mpsc::channel(STATES_LIMIT);
        let (findings_tx, findings_rx) = mpsc::channel(FINDINGS_LIMIT);

        let (reach, bytes) = reach_of(&settings);
        let reels = Reels::new(reach, bytes);
        let recorder =
            Recorder::start(archive.clone(), reels.clone(), &settings.evidence, clock.clone(), metrics);
        // Cameras that were taken away while the box was off: the broker still tells of them.
        let is_gone = |id: &CameraId| settings.cameras.iter().all(|camera| camera.id != *id);
        let gone: Vec<CameraId> =
            checkpoints.iter().map(|kept| kept.camera.clone()).filter(is_gone).collect();
        let alert = alert.start(tapped(findings_rx, recorder.clone(), tap), messages_rx);
        for id in gone {
            let _ = messages_tx.send(CameraNews::Gone(id)).await;
        }
        let parts = DetectParts {
            detectors,
            frames: frames_rx,
            notices: watched_rx,
            findings: findings_tx,
            checkpoints,
            clock: clock.clone(),
        };
        let detect = DetectStage::start(&detect_settings, parts, metrics).context("start detection")?;
        let decoder = settings.decoder;
        let counted = metrics.clone();
        let decoders = tokio::task::spawn_blocking(move || Decoders::choose(decoder, &counted));
        let decoders = decoders.await.context("choose decoders")?;
        let (stills, shutdown) = (Stills::new(reels.clone(), clock.clone()), Shutdown::new());
        let viewing = Viewing::new(
            reels.clone(),
            stills.clone(),
            archive,
            PassReader::of_state(&settings.state_dir),
            clock.clone(),
            shutdown.child_token(),
        );
        let camera_parts = CameraParts {
            frames: frames_tx,
            clock,
            metrics: IngestMetrics::new(metrics),
            timeouts: CameraTimeouts::default(),
            pool: DecodePool::start_with(available_cores(), &decoders).context("start decoding")?,
            stills: stills.clone(),
            reels: reels.clone(),
            attention: detect.attention(),
            shutdown,
        };
        let listeners = StateListeners {
            messages: messages_tx,
            watched: watched_tx,
            blind: detect.blind(),
            troubles: detect.troubles(),
        };
        Ok(Self {
            waiting: settings.cameras.clone(),
            settings,
            camera_parts,
            listeners,
            cameras: BTreeMap::new(),
            tiles,
            recorder,
            recordings: BTreeMap::new(),
            viewing,
            detect,
            watching: Watching::default(),
            alert,
        })
    }

    /// Starts every camera that `chosen` names and that was not started yet.
    pub(crate) fn start_cameras(&mut self, chosen: impl Fn(&CameraId) -> bool) {
        for camera in self.waiting.extract_if(.., |camera| chosen(&camera.id)).collect::<Vec<_>>() {
            self.start_camera(camera);
        }
    }

    fn start_camera(&mut self, camera: CameraSettings) {
        let (id, recorded) = (camera.id.clone(), camera.clone());
        self.cameras.insert(id, RunningCamera::start(camera, &self.camera_parts, &self.listeners));
        self.record_or_not(&recorded);
    }

    /// Begins or ends the recording of a camera as its settings say.
    fn record_or_not(&mut self, camera: &CameraSettings) {
        if !camera.record {
            if let Some(end) = self.recordings.remove(&camera.id) {
                end.cancel();
            }
        } else if !self.recordings.contains_key(&camera.id) {
            let end = self.camera_parts.shutdown.child_token();
            if self.recorder.record(camera, end.clone()) {
                self.recordings.insert(camera.id.clone(), end);
            }
        }
    }

    /// What people may see of the cameras.
    pub(crate) fn viewing(&self) -> Viewing {
        self.viewing.clone()
    }

    /// Puts a new configuration in force, as far as it can be while the box runs, and says what was done. Cameras that are the
    /// same in both are not touched; of those where only zones, name, cell, tiles or rest differ the stream goes on.
    pub(crate) async fn apply(&mut self, settings: EdgeSettings) -> anyhow::Result<Change> {
        let mut change = Change::between(&self.settings, &settings);
        if change.is_empty() {
            return Ok(change);
        }
        self.alert.watch_outlines(outlines_of(&settings.cameras));
        for (id, tiles) in tiles_of(&settings.cameras) {
            self.tiles.set(id, tiles);
        }
        let restarted = change.restarted.iter().map(|camera| &camera.id);
        let ending = change.removed.iter().chain(restarted).filter_map(|id| self.cameras.remove(id));
        let ending: Vec<_> = ending.map(|camera| tokio::spawn(camera.stop())).collect();
        for end in ending {
            end.await.context("end a camera")?;
        }
        let control = self.detect.control();
        let done = change.clone();
        // Cameras and callers do not wait for a full disk.
        let made = self.watching.change(move || watch_otherwise(&control, &done)).await;
        change.is_held_up = !made.context("change what is watched")?;
        if change.is_held_up {
            warn!(
                "detection is held up, as the outbox takes nothing: what is watched changes once it goes on"
            );
        }
        for id in &change.removed {
            if let Some(end) = self.recordings.remove(id) {
                end.cancel();
            }
            self.camera_parts.reels.remove(id);
            self.camera_parts.metrics.forget(id);
            // Nobody listens any more only while everything ends.
            let _ = self.listeners.messages.send(CameraNews::Gone(id.clone())).await;
        }
        for camera in change.restarted.iter().filter(|camera| !camera.keeps_stream()) {
            // What was kept of its stream until now is of no use to whoever wants to see it.
            if let Some(end) = self.recordings.remove(&camera.id) {
                end.cancel();
            }
            self.camera_parts.reels.remove(&camera.id);
        }
        for camera in change.restarted.iter().chain(&change.added) {
            self.start_camera(camera.clone());
        }
        for camera in &change.adjusted {
            if let Some(running) = self.cameras.get(&camera.id) {
                running.adjust(camera.clone());
            }
            self.record_or_not(camera);
        }
        self.settings.cameras = settings.cameras;
        let (reach, bytes) = reach_of(&self.settings);
        self.camera_parts.reels.reach(reach, bytes);
        Ok(change)
    }

    /// Tells the center what is wrong with the configuration; `None` once nothing is.
    pub(crate) fn tell_configuration_problem(&self, problem: Option<String>) {
        self.alert.tell_configuration_problem(problem);
    }

    /// Ends from front to back; everything found is durable when this returns.
    pub(crate) async fn finish(self) -> anyhow::Result<()> {
        let Self { camera_parts, listeners, cameras, recorder, detect, .. } = self;
        camera_parts.shutdown.cancel();
        for camera in cameras.into_values() {
            camera.stop().await;
        }
        // The later stages end when nobody can tell them anything any more.
        let pool = camera_parts.pool.clone();
        drop((camera_parts, listeners));
        tokio::task::spawn_blocking(|| pool.finish()).await.context("end decoding")?;
        // An outbox that takes nothing would hold detection up for ever.
        self.alert.expect_end();
        tokio::task::spawn_blocking(move || detect.finish()).await.context("end detection")?;
        self.alert.finish().await;
        // Now that nothing more is found.
        recorder.finish().await;
        Ok(())
    }
}

/// Detection's part of a change, between the end of old streams and the beginning of new ones. May block.
fn watch_otherwise(control: &DetectControl, change: &Change) {
    for id in &change.removed {
        control.forget(id);
    }
    for camera in change.adjusted.iter().chain(&change.restarted).chain(&change.added) {
        control.watch(&watch_of(camera));
    }
    for camera in &change.restarted {
        control.begin_stream(&watch_of(camera));
    }
}

/// Detections below this score are noise, even for keeping a known place alive.
pub(crate) const LEAST_SCORE: f32 = 0.1;

pub(crate) fn detectors(
    settings: &EdgeSettings,
    network: &Network,
    tiles: &TilesByCamera,
) -> anyhow::Result<Vec<Box<dyn Detector>>> {
    let pool = PoolSettings {
        cores: settings.inference.cores.map_or_else(available_cores, usize::from),
        cameras: settings.cameras.len(),
    };
    let session = network::session_settings(&settings.inference);
    let opened = open_pool(network, &session, pool, LEAST_SCORE).context("load the network")?;
    Ok(opened.into_iter().map(|detector| Box::new(detector.with_tiles(tiles.clone())) as _).collect())
}

pub(crate) fn tiles_of(cameras: &[CameraSettings]) -> BTreeMap<CameraId, Tiles> {
    let tiles = |camera: &CameraSettings| {
        let TilesConfig { columns, rows } = camera.tiles;
        (camera.id.clone(), Tiles { columns, rows })
    };
    cameras.iter().map(tiles).collect()
}

fn outlines_of(cameras: &[CameraSettings]) -> BTreeMap<CameraId, Vec<Outline>> {
    let outlines = |camera: &CameraSettings| Outline::all(&camera.zones, &camera.lines, &camera.groups);
    cameras.iter().map(|camera| (camera.id.clone(), outlines(camera))).collect()
}

pub(crate) fn watch_of(camera: &CameraSettings) -> CameraWatch {
    CameraWatch {
        id: camera.id.clone(),
        cell: camera.cell.clone(),
        zones: camera.zones.clone(),
        lines: camera.lines.clone(),
        groups: camera.groups.clone(),
        ground: camera.ground.clone(),
        begins_anew: matches!(camera.source, SourceSettings::File { repeat: false, .. }),
    }
}

pub(crate) fn detect_settings(settings: &EdgeSettings, network: &Network) -> DetectSettings {
    let reference = NetworkRef { name: network.manifest().name.clone(), sha256: network.sha256().clone() };
    let cameras = settings.cameras.iter().map(watch_of).collect();
    let strong_score = settings.score_threshold.unwrap_or(network.manifest().thresholds.score);
    let memory = MemorySettings { strong_score, ..MemorySettings::default() };
    let health = HealthSettings { offline: settings.offline_after, ..HealthSettings::default() };
    DetectSettings { memory, health, ..DetectSettings::new(settings.id.clone(), reference, cameras) }
}

/// Memory for the encoded pictures of ten of a camera's seconds, at most: twice what 4 Mbit/s send in that time.
const TEN_SECONDS_BYTES: usize = 8 << 20;
/// What an event may be told later than it began to show.
const SLACK: Duration = Duration::from_secs(2);

/// How far back encoded pictures are kept: for clips, and for looking back over the longest rest; and in how many bytes of each camera at
/// most.
pub(crate) fn reach_of(settings: &EdgeSettings) -> (Duration, usize) {
    let rests = settings.cameras.iter().map(|camera| camera.rest);
    let wanted = rests.chain([settings.evidence.clip_before]).max().unwrap_or_default();
    let tens = wanted.as_secs().div_ceil(10).max(1);
    let bytes = usize::try_from(tens).map_or(usize::MAX, |tens| tens.saturating_mul(TEN_SECONDS_BYTES));
    (wanted + SLACK, bytes)
}

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
    Ok(AlertSettings {
        edge: settings.id.clone(),
        state_dir: settings.state_dir.clone(),
        outbox_max_bytes: settings.outbox_max_bytes,
        near_passes: PassRetention {
            keep: settings.near_passes.keep,
            max_rows: settings.near_passes.max_rows.into(),
        },
        outlines: outlines_of(&settings.cameras),
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
