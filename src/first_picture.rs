//! The first picture that a camera or a file gives, by the way that cameras' pictures go.

use std::time::Duration;

use anyhow::{Context as _, bail};
use gridwatch_config::{CameraSettings, DecodeMode};
use gridwatch_domain::{CameraId, Frame};
use gridwatch_ingest::{
    Camera, CameraParts, CameraState, CameraTimeouts, DecodePool, IngestMetrics, OfflineReason, Reels, Stills,
};
use gridwatch_runtime::{Metrics, Shutdown, SystemClock, mailbox};
use tokio::sync::watch;

/// Longest wait for a camera: to connect, and for the next key picture of one that sends few of them.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tries that may fail: a camera that sends nothing over its connection is asked for datagrams the second time.
const TRIES: u32 = 2;

/// The first picture of a camera; none where it ends without one. `Err` with the reason why none comes.
pub(crate) async fn of_source(
    settings: CameraSettings,
) -> anyhow::Result<Result<Option<Frame>, OfflineReason>> {
    let (frames, frames_rx) = mailbox::<CameraId, Frame>();
    let shutdown = Shutdown::new();
    let parts = CameraParts {
        frames,
        clock: SystemClock::shared(),
        metrics: IngestMetrics::new(&Metrics::new()),
        timeouts: CameraTimeouts::default(),
        pool: DecodePool::start(1).context("start decoding")?,
        reels: Reels::default(),
        stills: Stills::new(Reels::default(), SystemClock::shared()),
        attention: watch::channel(Default::default()).1,
        shutdown: shutdown.clone(),
    };
    let (camera, states) = Camera::new(settings, parts);
    let running = tokio::spawn(camera.run());
    let first = tokio::select! {
        frame = frames_rx.recv() => Ok(frame),
        reason = given_up(states) => Err(reason),
        // Ends with the camera where that has no picture to give.
        () = shutdown.cancelled() => Ok(None),
    };
    shutdown.cancel();
    let state = running.await.context("the camera's task")?;
    Ok(match (first, state) {
        (Ok(None), CameraState::Offline { reason, .. }) => Err(reason),
        (first, _) => first,
    })
}

/// The first picture of a camera of the configuration, as it is now.
pub(crate) fn live(settings: &CameraSettings) -> anyhow::Result<Frame> {
    // The picture that is analysed, and of its stream no more than it takes to show one.
    let bare = CameraSettings {
        main: None,
        record: false,
        decode: DecodeMode::Keyframes,
        zones: Vec::new(),
        lines: Vec::new(),
        groups: Vec::new(),
        ..settings.clone()
    };
    match crate::in_runtime(of_source(bare))? {
        Ok(Some(frame)) => Ok(frame),
        Ok(None) => bail!("camera {}: it gives no picture", settings.id),
        Err(reason) => bail!("camera {}: no picture comes from it: {reason}", settings.id),
    }
}

/// Ends once it has failed often enough, or for too long.
async fn given_up(mut states: watch::Receiver<CameraState>) -> OfflineReason {
    let failed = async {
        let has_failed = |state: &CameraState| match state {
            CameraState::Offline { reason, attempts, .. } => *attempts >= TRIES || is_final(reason),
            _ => false,
        };
        match states.wait_for(has_failed).await.map(|state| state.clone()) {
            Ok(CameraState::Offline { reason, .. }) => reason,
            // The camera has ended, which whoever waits for it hears of as well.
            _ => std::future::pending().await,
        }
    };
    let too_long = OfflineReason::Timeout { seconds: PATIENCE.as_secs() };
    tokio::time::timeout(PATIENCE, failed).await.unwrap_or(too_long)
}

/// Whether another try says nothing new, or locks somebody out.
fn is_final(reason: &OfflineReason) -> bool {
    matches!(
        reason,
        OfflineReason::Unauthorized { .. }
            | OfflineReason::NotFound { .. }
            | OfflineReason::Redirected { .. }
            | OfflineReason::Untrusted { .. }
            | OfflineReason::FileMissing { .. }
            | OfflineReason::Setup { .. }
    )
}
