//! One stream of a camera: received, judged by the gate, put on the desk to be decoded.

use std::{ops::ControlFlow, sync::Arc};

use gridwatch_domain::{Attention, CameraId};
use gridwatch_runtime::SharedClock;

use crate::{
    AccessUnit, AttentionReceiver, DecodePool,
    address::Address,
    decode::{Desk, Order},
    gate::{Gate, GateSettings, Verdict},
    metrics::CameraMetrics,
    receive::{self, Failure, ReceiveOptions},
    reel::Reel,
    tap::Tap,
};

/// What a stream is handed on with.
pub(crate) struct Live {
    pub(crate) camera: CameraId,
    pub(crate) pool: DecodePool,
    pub(crate) tap: Arc<Tap>,
    pub(crate) metrics: CameraMetrics,
    pub(crate) reel: Arc<Reel>,
    pub(crate) attention: AttentionReceiver,
    pub(crate) gate: GateSettings,
}

impl Live {
    /// Receives until it ends or fails.
    ///
    /// # Errors
    /// As [`receive::receive`].
    pub(crate) async fn run(
        self,
        address: &Address,
        options: &ReceiveOptions,
        clock: &SharedClock,
    ) -> Result<(), Failure> {
        // Pictures of a camera are numbered on over all its streams.
        let first = self.tap.seq().max(self.reel.begin_stream());
        let mut stream = Stream {
            desk: Desk::new(Arc::clone(&self.tap)),
            gate: Gate::new(self.gate),
            first,
            // What came before has been looked at, or belongs to another time.
            looked_at: first,
            live: self,
        };
        receive::receive(address, options, clock, |unit| {
            stream.take(unit);
            ControlFlow::Continue(())
        })
        .await
    }
}

struct Stream {
    live: Live,
    desk: Arc<Desk>,
    gate: Gate,
    first: u64,
    /// Number of the last picture that was looked at.
    looked_at: u64,
}

impl Stream {
    fn take(&mut self, mut unit: AccessUnit) {
        unit.seq += self.first;
        let Live { camera, pool, tap, metrics, reel, .. } = &self.live;
        let ring_bytes = reel.push(unit.clone());
        metrics.units_received.inc();
        metrics.ring_bytes.set(i64::try_from(ring_bytes).unwrap_or(i64::MAX));
        let before = self.gate.level();
        let verdict = self.gate.judge(&unit, self.desk.take_change(), self.live.attention());
        let level = self.gate.level();
        if level != before {
            metrics.level(level);
            tracing::debug!(%camera, level = ?level.0, reason = ?level.1, "gate");
        }
        let seq = unit.seq;
        let order = match verdict {
            Verdict::Skip => return metrics.units_skipped.inc(),
            Verdict::Look => Order::Look { between: reel.keys_between(self.looked_at, seq), unit },
            Verdict::CatchUp => Order::CatchUp(reel.since_last_key()),
            Verdict::Follow { wanted } => Order::Follow { unit, wanted },
        };
        self.looked_at = seq;
        tap.on_ordered();
        metrics.units_left_out.inc_by(self.desk.put(order));
        pool.call(camera, &self.desk);
    }
}

impl Live {
    fn attention(&self) -> Attention {
        self.attention.borrow().get(&self.camera).copied().unwrap_or_default()
    }
}
