//! From detection into the outbox.
//!
//! One by one: snapshots of the events that open, then everything into the outbox at once. When that takes nothing, the
//! findings wait, and those behind them, and detection; whoever watches is told. Ends when detection has ended.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use gridwatch_domain::{CameraId, Event, Findings, Outline, Phase};
use gridwatch_runtime::{Chain, Shutdown};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::timeout,
};
use tracing::{error, info, warn};

use crate::{
    Append, Outbox, OutboxError, Snapshot,
    evidence::EvidenceThread,
    metrics::AlertMetrics,
    stage::{Task, Throttle},
    status::Problems,
};

/// An outbox that took nothing is tried again after so long, or as soon as something was removed from it.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct Intake {
    pub(crate) findings: mpsc::Receiver<Findings>,
    pub(crate) outbox: Outbox,
    pub(crate) evidence: EvidenceThread,
    pub(crate) outlines: watch::Receiver<BTreeMap<CameraId, Vec<Outline>>>,
    pub(crate) metrics: AlertMetrics,
    /// Told after each append.
    pub(crate) appended: Arc<Notify>,
    /// Tells when there is room again.
    pub(crate) room: Arc<Notify>,
    /// What an operator must act on.
    pub(crate) problems: watch::Sender<Problems>,
    /// The process cannot wait any longer.
    pub(crate) give_up: Shutdown,
    pub(crate) complaints: Throttle,
}

impl Task for Intake {
    async fn run(&mut self) {
        while let Some(findings) = self.next().await {
            let camera = findings.camera.clone();
            let passes = findings.passes.len();
            self.metrics.findings.received(camera.as_str());
            self.metrics.passes.received(camera.as_str(), passes);
            if self.keep(findings).await {
                self.metrics.findings.sent(camera.as_str());
                self.appended.notify_one();
            } else {
                self.metrics.findings.dropped(camera.as_str());
                self.metrics.passes.dropped(camera.as_str(), passes);
            }
            self.metrics.outbox(self.outbox.stats());
            if !self.outlines.borrow().contains_key(&camera) {
                // The last of a camera that has been taken away.
                self.metrics.forget(camera.as_str());
            }
        }
    }
}

impl Intake {
    async fn next(&mut self) -> Option<Findings> {
        tokio::select! {
            biased;
            findings = self.findings.recv() => findings,
            () = self.give_up.cancelled() => None,
        }
    }

    /// Whether the findings are durable; waits for room unless the process cannot wait any longer.
    async fn keep(&mut self, findings: Findings) -> bool {
        let mut snapshots = self.snapshots(&findings).await;
        let checkpoint = findings.checkpoint.as_ref();
        loop {
            let append = Append {
                events: &findings.events,
                snapshots: &snapshots,
                passes: &findings.passes,
                checkpoint,
            };
            let timer = self.metrics.append_seconds.start_timer();
            let error = match self.outbox.append(append).await {
                Ok(appended) => {
                    timer.observe_duration();
                    self.metrics.passes.appended(findings.camera.as_str(), appended);
                    self.recovered();
                    return true;
                }
                Err(error) => error,
            };
            timer.stop_and_discard();
            if error.is_full() && self.outbox.is_empty() && !snapshots.is_empty() {
                // Waiting for acknowledgements would be in vain: there is nothing to acknowledge.
                warn!(camera = %findings.camera, "no room for the snapshot, the event goes without it");
                self.metrics.snapshots_failed.inc_by(snapshots.len() as u64);
                snapshots.clear();
                continue;
            }
            self.stuck(&error);
            if findings.events.is_empty() && findings.passes.is_empty() {
                // The next one contains all of it.
                return false;
            }
            if self.give_up.is_cancelled() {
                let (events, passes) = (findings.events.len(), findings.passes.len());
                error!(camera = %findings.camera, events, passes, error = %Chain(&error), "stopping with findings that cannot be kept");
                return false;
            }
            tokio::select! {
                _ = timeout(TRY_AGAIN, self.room.notified()) => {}
                () = self.give_up.cancelled() => {}
            }
        }
    }

    async fn snapshots(&self, findings: &Findings) -> Vec<Snapshot> {
        let mut snapshots = Vec::new();
        let Some(frame) = &findings.frame else { return snapshots };
        let outlines = self.outlines.borrow().get(&findings.camera).cloned().unwrap_or_default();
        for event in findings.events.iter().filter(|event| event.phase == Phase::Open) {
            let _timer = self.metrics.evidence_seconds.start_timer();
            match self.evidence.snapshot(frame.clone(), event.clone(), of_event(&outlines, event)).await {
                Ok(snapshot) => snapshots.push(snapshot),
                Err(error) => {
                    self.metrics.snapshots_failed.inc();
                    warn!(camera = %findings.camera, event = %event.id, error = %Chain(&error), "event goes without a snapshot");
                }
            }
        }
        snapshots
    }

    fn stuck(&mut self, error: &OutboxError) {
        self.metrics.stuck.set(1);
        let problem =
            format!("告警缓存写不进去，事件在等待 / the outbox takes nothing, events wait: {}", Chain(error));
        self.problems.send_if_modified(|known| {
            let changed = known.outbox.as_ref() != Some(&problem);
            known.outbox = Some(problem);
            changed
        });
        if self.complaints.may_log() {
            error!(path = %self.outbox.path().display(), error = %Chain(error), "the outbox takes nothing; events wait, frames are dropped");
        }
    }

    fn recovered(&mut self) {
        if self.problems.send_if_modified(|known| known.outbox.take().is_some()) {
            self.metrics.stuck.set(0);
            self.complaints.reset();
            info!("the outbox takes findings again");
        }
    }
}

fn of_event(outlines: &[Outline], event: &Event) -> Vec<Outline> {
    outlines.iter().filter(|outline| Some(&outline.id) == event.zone.as_ref()).cloned().collect()
}
