//! The stage: opened first, for its checkpoints, then started, and in the end finished.

use std::{collections::BTreeMap, convert::Infallible, path::PathBuf, sync::Arc, time::Duration};

use gridwatch_domain::{CameraId, Checkpoint, EdgeId, Findings, Outline, topic::TopicKind};
use gridwatch_link::{IncomingStream, Link, LinkSettings, LinkState};
use gridwatch_runtime::{BackoffRange, Metrics, Outcome, SharedClock, Shutdown, Supervised, supervise};
use tokio::{
    sync::{Mutex, Notify, mpsc, watch},
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout},
};
use tracing::info;

use crate::{
    AlertError, Archive, Outbox, OutboxSettings, OutboxStats, PassRetention,
    evidence::{EvidenceEnd, EvidenceThread, Keeper},
    intake::Intake,
    metrics::AlertMetrics,
    near_passes::Pruner,
    publisher::{Publisher, State},
    status::{CameraNews, Presence, Problems},
    trusted_time::TrustedTime,
    window::Window,
};

/// Name of the outbox in the state folder.
pub(crate) const OUTBOX_FILE: &str = "outbox.db";

/// How long detection's last findings may take to be kept, at the end.
const LAST_FINDINGS: Duration = Duration::from_secs(5);

/// After a panic, which would be a bug.
const RESTART: BackoffRange =
    BackoffRange { first: Duration::from_millis(100), longest: Duration::from_secs(10) };

/// What the stage needs to know.
#[derive(Debug, Clone)]
pub struct AlertSettings {
    /// Which box this is.
    pub edge: EdgeId,
    /// Folder of the outbox; created where there is none.
    pub state_dir: PathBuf,
    /// Largest size of the outbox, in bytes, at least 1 MiB.
    pub outbox_max_bytes: u64,
    /// For how long near passes are kept, and how many.
    pub near_passes: PassRetention,
    /// What each camera watches, to be drawn into snapshots.
    pub outlines: BTreeMap<CameraId, Vec<Outline>>,
    /// Where evidence is kept on this box; none: only the center keeps any.
    pub archive: Option<Archive>,
    /// How to reach the broker. Will and subscriptions are set by the stage.
    pub link: LinkSettings,
    /// Version of gridwatch, for the status.
    pub version: String,
}

/// Times and limits that have good defaults; tests make them short.
#[derive(Debug, Clone, Copy)]
pub struct AlertTuning {
    /// What the center has not acknowledged after so long is published again. Default: 10 s.
    pub ack_timeout: Duration,
    /// Events and snapshots published and not yet acknowledged. Default: 64, some 10 MB.
    pub window: usize,
    /// How long delivery may go on at the end. Default: 3 s.
    pub farewell: Duration,
}

impl Default for AlertTuning {
    fn default() -> Self {
        Self { ack_timeout: Duration::from_secs(10), window: 64, farewell: Duration::from_secs(3) }
    }
}

/// The stage, opened and not yet started.
pub struct AlertStage {
    outbox: Outbox,
    checkpoints: Vec<Checkpoint>,
    evidence: (EvidenceThread, EvidenceEnd),
    archive: Option<Archive>,
    link: Link,
    incoming: IncomingStream,
    presence: Presence,
    pruner: Pruner,
    outlines: BTreeMap<CameraId, Vec<Outline>>,
    clock: SharedClock,
    metrics: AlertMetrics,
    tuning: AlertTuning,
}

impl AlertStage {
    /// Opens the outbox and begins to connect to the broker. Refuses a damaged outbox, one in use, and settings that can
    /// never work; a broker that is not there is no error.
    pub async fn open(
        settings: AlertSettings,
        clock: SharedClock,
        metrics: &Metrics,
    ) -> Result<Self, AlertError> {
        let outbox_settings = OutboxSettings { max_size: settings.outbox_max_bytes };
        let outbox = Outbox::open(&settings.state_dir.join(OUTBOX_FILE), outbox_settings).await?;
        let checkpoints = outbox.checkpoints().await?;
        let presence = Presence::new(settings.edge, settings.version);
        let link = LinkSettings {
            will: Some(presence.will(Arc::clone(&clock))),
            subscriptions: vec![presence.topic(TopicKind::Ack)],
            optional_subscriptions: vec![presence.topic(TopicKind::Status)],
            ..settings.link
        };
        let alert_metrics = AlertMetrics::new(metrics);
        alert_metrics.outbox(outbox.stats());
        let pruner = Pruner {
            outbox: outbox.clone(),
            retention: settings.near_passes,
            clock: Arc::clone(&clock),
            trusted_time: TrustedTime::new(outbox.newest_pass_at().await?, clock.now()),
            metrics: alert_metrics.clone(),
            stopping: Shutdown::new(),
            complaints: Throttle::default(),
        };
        let keeper = settings.archive.clone().map(|archive| Keeper {
            archive,
            failed: alert_metrics.evidence_failed.clone(),
            complaints: Throttle::default(),
        });
        let evidence = EvidenceThread::start(keeper).map_err(AlertError::Thread)?;
        let (link, incoming) = Link::start(link, metrics)?;
        Ok(Self {
            outbox,
            checkpoints,
            evidence,
            archive: settings.archive,
            link,
            incoming,
            presence,
            pruner,
            outlines: settings.outlines,
            clock,
            metrics: alert_metrics,
            tuning: AlertTuning::default(),
        })
    }

    /// With other times and limits.
    #[must_use]
    pub fn tuned(mut self, tuning: AlertTuning) -> Self {
        self.tuning = tuning;
        self
    }

    /// Detection's memory of each camera, as of the last finding that was kept.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// Begins to take findings and to publish. Both inputs may be closed at any time.
    pub fn start(
        self,
        findings: mpsc::Receiver<Findings>,
        camera_states: mpsc::Receiver<CameraNews>,
    ) -> AlertHandle {
        let (problems, problems_rx) = watch::channel(Problems::default());
        let (outlines, outlines_rx) = watch::channel(self.outlines);
        let (appended, room) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (give_up, stopping) = (Shutdown::new(), self.pruner.stopping.clone());
        let (evidence, evidence_end) = self.evidence;
        let intake = Intake {
            findings,
            outbox: self.outbox.clone(),
            evidence,
            outlines: outlines_rx,
            metrics: self.metrics.clone(),
            appended: Arc::clone(&appended),
            room: Arc::clone(&room),
            problems: problems.clone(),
            give_up: give_up.clone(),
            complaints: Throttle::default(),
        };
        let tick = (self.tuning.ack_timeout / 10).clamp(Duration::from_millis(20), Duration::from_secs(1));
        let publisher = Publisher {
            outbox: self.outbox.clone(),
            link: self.link.publisher(),
            link_state: self.link.state(),
            incoming: self.incoming,
            camera_states,
            problems: problems_rx,
            presence: self.presence,
            clock: self.clock,
            metrics: self.metrics,
            appended,
            room,
            stopping: stopping.clone(),
            farewell: self.tuning.farewell,
            tick,
            window: Window::new(self.tuning.window, self.tuning.ack_timeout),
            state: State::default(),
        };
        let evidence_problems =
            self.archive.map(|archive| tokio::spawn(pass_on(archive.problem(), problems.clone())));
        AlertHandle {
            outbox: self.outbox,
            evidence_problems,
            evidence_end: Some(evidence_end),
            intake: supervised("alert intake", intake),
            pruner: supervised("near passes", self.pruner),
            publisher: supervised("alert publisher", publisher),
            link: Some(self.link),
            give_up,
            stopping,
            outlines,
            problems,
        }
    }
}

/// Tells the center why evidence cannot be kept.
async fn pass_on(mut archive: watch::Receiver<Option<String>>, problems: watch::Sender<Problems>) {
    loop {
        let problem = archive.borrow_and_update().clone();
        problems.send_if_modified(|known| {
            let changed = known.evidence != problem;
            known.evidence = problem;
            changed
        });
        if archive.changed().await.is_err() {
            return;
        }
    }
}

/// Something that runs until it is done.
pub(crate) trait Task: Send + 'static {
    fn run(&mut self) -> impl Future<Output = ()> + Send;
}

/// Runs a task, and again should it panic, which would be a bug.
fn supervised<T: Task>(name: &str, task: T) -> JoinHandle<()> {
    let supervision = Supervised { name: name.to_owned(), backoff: RESTART, shutdown: Shutdown::new() };
    let task = Arc::new(Mutex::new(task));
    tokio::spawn(supervise(supervision, move || {
        let task = Arc::clone(&task);
        async move {
            task.lock().await.run().await;
            Outcome::<Infallible>::Done
        }
    }))
}

/// The running stage. Dropping it ends it at once, as a kill would: what is in the outbox stays there.
pub struct AlertHandle {
    outbox: Outbox,
    evidence_problems: Option<JoinHandle<()>>,
    evidence_end: Option<EvidenceEnd>,
    intake: JoinHandle<()>,
    pruner: JoinHandle<()>,
    publisher: JoinHandle<()>,
    link: Option<Link>,
    give_up: Shutdown,
    stopping: Shutdown,
    outlines: watch::Sender<BTreeMap<CameraId, Vec<Outline>>>,
    problems: watch::Sender<Problems>,
}

/// What the stage leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertSummary {
    /// What waits in the outbox for the next start.
    pub waiting: OutboxStats,
}

impl AlertHandle {
    /// How the connection to the broker is.
    pub fn link_state(&self) -> watch::Receiver<LinkState> {
        self.link.as_ref().expect("taken only by finish").state()
    }

    /// What each camera watches from now on, to be drawn into snapshots; a camera that is not among them is gone.
    pub fn watch_outlines(&self, outlines: BTreeMap<CameraId, Vec<Outline>>) {
        self.outlines.send_replace(outlines);
    }

    /// Tells the center what is wrong with the configuration, for people; `None` once nothing is.
    pub fn tell_configuration_problem(&self, problem: Option<String>) {
        self.problems.send_if_modified(|known| {
            let changed = known.configuration != problem;
            known.configuration = problem;
            changed
        });
    }

    /// Detection is ending: should the outbox take nothing for some seconds more, what it hands over last is given up, so that it can end.
    pub fn expect_end(&self) {
        let (give_up, stopping) = (self.give_up.clone(), self.stopping.clone());
        tokio::spawn(async move {
            if timeout(LAST_FINDINGS, stopping.cancelled()).await.is_err() {
                give_up.cancel();
            }
        });
    }

    /// How much waits in the outbox.
    pub fn waiting(&self) -> OutboxStats {
        self.outbox.stats()
    }

    /// Ends the stage; detection must have ended, so that nothing more is found. Keeps what was handed over, goes on
    /// delivering for a few seconds, tells the center that the edge is offline, and says what is left.
    pub async fn finish(mut self) -> AlertSummary {
        if timeout(LAST_FINDINGS, &mut self.intake).await.is_err() {
            self.give_up.cancel();
            let _ = (&mut self.intake).await;
        }
        self.stopping.cancel();
        if let Some(evidence) = self.evidence_end.take() {
            // The intake is gone, and with it all that could be handed over; a disk that hangs does not keep the process.
            let _ = timeout(LAST_FINDINGS, spawn_blocking(|| evidence.wait())).await;
        }
        let _ = (&mut self.pruner).await;
        let _ = (&mut self.publisher).await;
        if let Some(link) = self.link.take() {
            link.finish().await;
        }
        let waiting = self.outbox.stats();
        if waiting.is_empty() {
            info!("everything has been delivered");
        } else {
            info!(
                events = waiting.entries,
                snapshots = waiting.snapshots,
                "not yet delivered, kept for the next start"
            );
        }
        AlertSummary { waiting }
    }
}

impl Drop for AlertHandle {
    fn drop(&mut self) {
        self.intake.abort();
        self.pruner.abort();
        self.publisher.abort();
        if let Some(watching) = &self.evidence_problems {
            watching.abort();
        }
    }
}

/// Lets a repeating complaint into the log once a minute.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    last: Option<Instant>,
}

impl Throttle {
    pub(crate) fn may_log(&mut self) -> bool {
        const EVERY: Duration = Duration::from_secs(60);
        let now = Instant::now();
        let may = self.last.is_none_or(|last| now.duration_since(last) >= EVERY);
        if may {
            self.last = Some(now);
        }
        may
    }

    /// The trouble is over: the next one is told at once.
    pub(crate) fn reset(&mut self) {
        self.last = None;
    }
}
