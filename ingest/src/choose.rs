//! What is to be decoded of a stream: each encoded picture is kept on the reel and judged by the gate; what it decides becomes an order.

use std::{sync::Arc, time::Duration};

use gridwatch_domain::{Attention, CameraId};
use tokio::sync::watch;

use crate::{
    AccessUnit, GateState,
    decode::Order,
    gate::{Gate, GateSettings, SharedRest, Verdict},
    metrics::CameraMetrics,
    reel::Reel,
};

/// Key pictures that are looked at afterwards are at least so far apart: of a camera whose every picture stands for itself they would be
/// hundreds.
const LOOK_BACK_APART: Duration = Duration::from_secs(1);

/// What it takes to choose.
pub(crate) struct Choosing {
    pub(crate) camera: CameraId,
    pub(crate) metrics: CameraMetrics,
    pub(crate) reel: Arc<Reel>,
    pub(crate) gate: GateSettings,
    /// How long the gate may rest, as it is now.
    pub(crate) rest: SharedRest,
    /// Told how much is decoded.
    pub(crate) gates: watch::Sender<Option<GateState>>,
}

/// Chooses of one stream.
pub(crate) struct Chooser {
    with: Choosing,
    gate: Gate,
    /// Number of the newest picture before the stream.
    first: u64,
    /// Number of the last picture that was looked at.
    looked_at: u64,
}

impl Chooser {
    /// A new stream of the camera begins. Its pictures are numbered on over all its streams, from `seq` at the least.
    pub(crate) fn begin(with: Choosing, seq: u64) -> Self {
        let first = seq.max(with.reel.begin_stream());
        // What came before has been looked at, or belongs to another time.
        Self { gate: Gate::new(with.gate), first, looked_at: first, with }
    }

    pub(crate) fn camera(&self) -> &CameraId {
        &self.with.camera
    }

    /// How much is decoded at present, and why.
    pub(crate) fn level(&self) -> (crate::Level, crate::Reason) {
        self.gate.level()
    }

    /// So many pictures were left out for want of time.
    pub(crate) fn left_out(&self, units: u64) {
        self.with.metrics.units_left_out.inc_by(units);
    }

    /// Decides about the next picture of the stream. `changed`: the last look has shown a change; `attention`: what the rules ask for.
    pub(crate) fn choose(
        &mut self,
        mut unit: AccessUnit,
        changed: bool,
        attention: Attention,
    ) -> Option<Order> {
        unit.seq += self.first;
        let ring_bytes = self.with.reel.push(unit.clone());
        self.with.metrics.units_received.inc();
        self.with.metrics.ring_bytes.set(i64::try_from(ring_bytes).unwrap_or(i64::MAX));
        let verdict = self.judge(&unit, changed, attention);
        let seq = unit.seq;
        let order = self.order(unit, verdict)?;
        self.looked_at = seq;
        Some(order)
    }

    fn judge(&mut self, unit: &AccessUnit, changed: bool, attention: Attention) -> Verdict {
        let Choosing { camera, metrics, gates, rest, .. } = &self.with;
        let before = self.gate.level();
        self.gate.rest_at_most(rest.get());
        let verdict = self.gate.judge(unit, changed, attention);
        let level = self.gate.level();
        if level != before {
            metrics.level(level);
            gates.send_replace(Some(GateState { level: level.0, reason: level.1, since: unit.at }));
            tracing::debug!(%camera, level = ?level.0, reason = ?level.1, "gate");
        }
        verdict
    }

    fn order(&mut self, unit: AccessUnit, verdict: Verdict) -> Option<Order> {
        let Choosing { reel, metrics, .. } = &self.with;
        let seq = unit.seq;
        match verdict {
            Verdict::Skip => {
                metrics.units_skipped.inc();
                None
            }
            Verdict::Look => {
                Some(Order::Look { between: reel.keys_between(self.looked_at, seq, LOOK_BACK_APART), unit })
            }
            Verdict::CatchUp => match reel.since_last_key() {
                units if units.last().is_some_and(|last| last.seq == seq) => Some(Order::CatchUp(units)),
                // After a loss, or in a group that could not be kept, there is nothing to decode it from.
                _ => {
                    self.gate.could_not();
                    metrics.units_skipped.inc();
                    None
                }
            },
            Verdict::Begin => match reel.since_last_key() {
                none if none.is_empty() => Some(Order::Follow { unit, wanted: true }),
                units => Some(Order::Begin(units)),
            },
            // What refers to something lost shows what was never there.
            Verdict::Follow { .. } if unit.after_loss && !unit.begins_anew() => {
                metrics.units_left_out.inc();
                None
            }
            Verdict::Follow { wanted } => Some(Order::Follow { unit, wanted }),
        }
    }
}
