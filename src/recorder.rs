//! Clips of events, and recordings: from the encoded pictures that ingest keeps for a while into the archive of evidence.
//!
//! Nothing is decoded or encoded. Each clip and each recorded camera is a task that sleeps until a group of pictures has come, and
//! writes it in a thread for blocking work. What cannot be written is counted and told; it never holds anything else up.

mod source;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use gridwatch_alert::{About, Archive, Media};
use gridwatch_config::{CameraSettings, EvidenceSettings, SourceSettings};
use gridwatch_domain::{CameraId, Event, EventKind, Findings, Phase};
use gridwatch_ingest::{
    AccessUnit, Reel, Reels,
    mp4::{FileWriter, Written},
};
use gridwatch_runtime::{Metrics, SharedClock, Shutdown, StageMetrics};
use tokio::{
    sync::Semaphore,
    task::{JoinSet, spawn_blocking},
    time::{Instant, interval, timeout},
};
use tracing::{error, info, warn};

use self::source::Source;

/// Clips that are written at the same time: each holds a group of pictures in memory, a MiB or two.
const CLIPS_AT_ONCE: usize = 128;
/// Length of a piece of a recording: what a power cut loses at most.
const PIECE: Duration = Duration::from_secs(60);
/// A camera that sends nothing for so long ends its piece.
const SILENCE: Duration = Duration::from_secs(10);
/// How long after the end of a clip its last picture may come.
const GRACE: Duration = Duration::from_secs(5);
/// Time between two looks at what has become too old.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// Least time between two complaints about what could not be kept.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);
/// Wait after a piece that could not be written.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// Pictures that a second is taken to have, when the room for a file's head is reckoned.
const FPS: u64 = 30;

/// Writes clips and recordings. Clones share it.
#[derive(Clone)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
}

struct Shared {
    archive: Archive,
    reels: Reels,
    clock: SharedClock,
    before: Duration,
    after: Duration,
    slots: Arc<Semaphore>,
    files: StageMetrics,
    stopping: Shutdown,
    tasks: Mutex<JoinSet<()>>,
    complained: Mutex<Option<Instant>>,
}

impl Recorder {
    pub(crate) fn start(
        archive: Archive,
        reels: Reels,
        settings: &EvidenceSettings,
        clock: SharedClock,
        metrics: &Metrics,
    ) -> Self {
        let files = StageMetrics::new(
            metrics,
            "gridwatch_recorder_files_total",
            "Clips and recordings: sent are those that are kept; dropped, where the camera sent nothing that could be kept, or too many were being written.",
            "media",
        );
        let shared = Shared {
            archive,
            reels,
            clock,
            before: settings.clip_before,
            after: settings.clip_after,
            slots: Arc::new(Semaphore::new(CLIPS_AT_ONCE)),
            files,
            stopping: Shutdown::new(),
            tasks: Mutex::default(),
            complained: Mutex::default(),
        };
        let recorder = Self { shared: Arc::new(shared) };
        recorder.spawn(|shared| async move { shared.tidy().await });
        recorder
    }

    /// Begins a clip of every event that opens.
    pub(crate) fn note(&self, findings: &Findings) {
        // Of a camera that sends nothing there is nothing to keep.
        let is_shown = |event: &&Event| event.phase == Phase::Open && event.kind != EventKind::CameraOffline;
        for event in findings.events.iter().filter(is_shown) {
            let now = self.shared.clock.now();
            let Some(reel) = self.shared.reels.that_comes(&event.camera, now) else { continue };
            let Ok(slot) = Arc::clone(&self.shared.slots).try_acquire_owned() else {
                self.shared.files.received(Media::Clip.as_str());
                self.shared.files.dropped(Media::Clip.as_str());
                if self.shared.may_complain() {
                    warn!(camera = %event.camera, event = %event.id, "no clip: {CLIPS_AT_ONCE} are being written already");
                }
                continue;
            };
            let event = event.clone();
            self.spawn(|shared| async move {
                shared.clip(&reel, &event).await;
                drop(slot);
            });
        }
    }

    /// Keeps all that a camera sends, until `ends`; whether it sends what can be kept.
    pub(crate) fn record(&self, camera: &CameraSettings, ends: Shutdown) -> bool {
        if !camera.record || !matches!(camera.source, SourceSettings::Rtsp { .. }) {
            return false;
        }
        let id = camera.id.clone();
        self.spawn(|shared| async move { shared.record(&id, &ends).await });
        true
    }

    /// Ends all that is being written with what has come; it is kept when this returns.
    pub(crate) async fn finish(self) {
        self.shared.stopping.cancel();
        let mut tasks =
            std::mem::take(&mut *self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while tasks.join_next().await.is_some() {}
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: impl FnOnce(Arc<Shared>) -> F) {
        let mut tasks = self.shared.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task(Arc::clone(&self.shared)));
    }
}

impl Shared {
    async fn clip(&self, reel: &Arc<Reel>, event: &Event) {
        let (from, until) = (event.at.saturating_sub(self.before), event.at.saturating_add(self.after));
        let follower = reel.follow_from(from);
        let late = until.saturating_since(self.clock.now()) + GRACE;
        let about = |written: &Written| About {
            media: Media::Clip,
            camera: event.camera.clone(),
            event: Some((event.id, event.kind)),
            from: written.from,
            until: written.until,
        };
        let mut source = Source::new(follower);
        (source.until, source.deadline) = (Some(until), Some(Instant::now() + late));
        let outcome =
            self.write(&mut source, Media::Clip, self.before + self.after, &self.stopping, about).await;
        self.told(Media::Clip, &event.camera, &outcome);
    }

    async fn record(&self, camera: &CameraId, ends: &Shutdown) {
        let Some(reel) = self.reels.get(camera) else { return };
        let mut source = Source::new(reel.follow());
        while !ends.is_cancelled() && !self.stopping.is_cancelled() && !source.follower.has_ended() {
            let about = |written: &Written| About {
                media: Media::Recording,
                camera: camera.clone(),
                event: None,
                from: written.from,
                until: written.until,
            };
            let outcome = self.write(&mut source, Media::Recording, PIECE, ends, about).await;
            self.told(Media::Recording, camera, &outcome);
            if outcome.is_err() {
                let ended = async {
                    tokio::select! {
                        () = ends.cancelled() => {}
                        () = self.stopping.cancelled() => {}
                    }
                };
                // Whether it ended or not is looked at above.
                let _ = timeout(TRY_AGAIN, ended).await;
                // What has come meanwhile is gone.
                source = Source::new(reel.follow());
            }
        }
    }

    /// Writes one file of what comes, and keeps it. Gives whether there was anything.
    async fn write(
        &self,
        source: &mut Source,
        media: Media,
        length: Duration,
        ends: &Shutdown,
        about: impl FnOnce(&Written) -> About,
    ) -> anyhow::Result<bool> {
        let mut open: Option<(PathBuf, FileWriter)> = None;
        loop {
            // A recording waits for its camera as long as that takes.
            let silence = (media == Media::Clip || open.is_some()).then_some(SILENCE);
            let group = tokio::select! {
                biased;
                () = self.stopping.cancelled() => source.rest(),
                () = ends.cancelled() => source.rest(),
                group = source.group(silence) => group,
            };
            if !group.units.is_empty() {
                let (begun, archive) = (open.take(), self.archive.clone());
                let pictures = usize::try_from((length.as_secs() + 10) * FPS).unwrap_or(usize::MAX);
                let append = move || append(begun, &archive, media, pictures, group.units);
                let (path, writer, has_room) = blocking(append).await?;
                open = Some((path, writer));
                if !has_room {
                    // What is there already is worth keeping.
                    break;
                }
            }
            let is_full = media == Media::Recording
                && open.as_ref().is_some_and(|(_, writer)| writer.length() >= length);
            if group.is_last || (is_full && group.is_whole) {
                break;
            }
        }
        let Some((path, writer)) = open else { return Ok(false) };
        let archive = self.archive.clone();
        let finished = blocking(move || {
            let written = writer.finish().inspect_err(|_| archive.give_up(&path))?;
            Ok((path, written))
        });
        let (path, written) = finished.await?;
        let (about, archive) = (about(&written), self.archive.clone());
        blocking(move || Ok(archive.keep(&path, about)?)).await?;
        Ok(true)
    }

    fn told(&self, media: Media, camera: &CameraId, outcome: &anyhow::Result<bool>) {
        let name = media.as_str();
        self.files.received(name);
        match outcome {
            Ok(true) => self.files.sent(name),
            Ok(false) => self.files.dropped(name),
            Err(error) => {
                self.files.failed(name);
                if !self.may_complain() {
                    return;
                }
                error!(%camera, media = name, error = format!("{error:#}"), "it could not be kept");
            }
        }
    }

    /// A disk that is full is told once a minute, not for each camera.
    fn may_complain(&self) -> bool {
        let mut last = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| last.elapsed() >= COMPLAIN_EVERY);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    async fn tidy(self: Arc<Self>) {
        let mut ticks = interval(TIDY_EVERY);
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let archive = self.archive.clone();
            match blocking(move || Ok(archive.tidy()?)).await {
                Ok(0) => {}
                Ok(files) => info!(files, "evidence that was too old or too much has been removed"),
                Err(error) => error!(error = format!("{error:#}"), "evidence cannot be tidied"),
            }
        }
    }
}

/// Adds pictures to a file, which is begun if it has not been; gives whether there is room for more.
fn append(
    begun: Option<(PathBuf, FileWriter)>,
    archive: &Archive,
    media: Media,
    pictures: usize,
    units: Vec<AccessUnit>,
) -> anyhow::Result<(PathBuf, FileWriter, bool)> {
    let (path, mut writer) = match begun {
        Some(begun) => begun,
        None => {
            let path = archive.begin(media)?;
            let writer = FileWriter::create(&path, pictures).inspect_err(|_| archive.give_up(&path))?;
            (path, writer)
        }
    };
    for unit in units {
        match writer.push(unit) {
            Ok(()) => {}
            // One group that cannot be read is missing; what came before it and comes after it is not.
            Err(error) if error.is_of_picture() && writer.length() > Duration::ZERO => {
                tracing::debug!(%error, "a group of pictures is left out of a file");
                break;
            }
            Err(error) => {
                drop(writer);
                archive.give_up(&path);
                return Err(error.into());
            }
        }
    }
    let has_room = archive.grows(&path, media, writer.bytes()).is_ok();
    Ok((path, writer, has_room))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    spawn_blocking(work).await.context("writing panicked; please report this")?
}
