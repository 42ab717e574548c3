//! One stream of a camera: received, judged by the gate, put on the desk to be decoded.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use gridwatch_domain::{Attention, CameraId};
use gridwatch_runtime::SharedClock;
use tokio::sync::watch;

use crate::{
    AccessUnit, AttentionReceiver, DecodePool, GateState,
    address::Address,
    decode::{Desk, Order},
    gate::{Gate, GateSettings, SharedRest, Verdict},
    metrics::CameraMetrics,
    receive::{self, Failure, ReceiveOptions},
    reel::Reel,
    tap::Tap,
};

/// Key pictures that are looked at afterwards are at least so far apart: of a camera whose every picture stands for itself they would be
/// hundreds.
const LOOK_BACK_APART: Duration = Duration::from_secs(1);

/// What a stream is handed on with.
pub(crate) struct Live {
    pub(crate) camera: CameraId,
    pub(crate) pool: DecodePool,
    pub(crate) tap: Arc<Tap>,
    pub(crate) metrics: CameraMetrics,
    pub(crate) reel: Arc<Reel>,
    pub(crate) attention: AttentionReceiver,
    pub(crate) gate: GateSettings,
    /// How long the gate may rest, as it is now.
    pub(crate) rest: SharedRest,
    /// Told how much is decoded.
    pub(crate) gates: watch::Sender<Option<GateState>>,
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
        let Live { camera, pool, metrics, reel, gates, .. } = &self.live;
        let ring_bytes = reel.push(unit.clone());
        metrics.units_received.inc();
        metrics.ring_bytes.set(i64::try_from(ring_bytes).unwrap_or(i64::MAX));
        let before = self.gate.level();
        self.gate.rest_at_most(self.live.rest.get());
        let verdict = self.gate.judge(&unit, self.desk.take_change(), self.live.attention());
        let level = self.gate.level();
        if level != before {
            metrics.level(level);
            gates.send_replace(Some(GateState { level: level.0, reason: level.1, since: unit.at }));
            tracing::debug!(%camera, level = ?level.0, reason = ?level.1, "gate");
        }
        let seq = unit.seq;
        let order = match verdict {
            Verdict::Skip => return metrics.units_skipped.inc(),
            Verdict::Look => {
                Order::Look { between: reel.keys_between(self.looked_at, seq, LOOK_BACK_APART), unit }
            }
            Verdict::CatchUp => match reel.since_last_key() {
                units if units.last().is_some_and(|last| last.seq == seq) => Order::CatchUp(units),
                // After a loss, or in a group that could not be kept, there is nothing to decode it from.
                _ => {
                    self.gate.could_not();
                    return metrics.units_skipped.inc();
                }
            },
            Verdict::Begin => match reel.since_last_key() {
                none if none.is_empty() => Order::Follow { unit, wanted: true },
                units => Order::Begin(units),
            },
            // What refers to something lost shows what was never there.
            Verdict::Follow { .. } if unit.after_loss && !unit.begins_anew() => {
                return metrics.units_left_out.inc();
            }
            Verdict::Follow { wanted } => Order::Follow { unit, wanted },
        };
        self.looked_at = seq;
        metrics.units_left_out.inc_by(self.desk.put(order));
        pool.call(camera, &self.desk);
    }
}

impl Live {
    fn attention(&self) -> Attention {
        self.attention.borrow().get(&self.camera).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gridwatch_config::DecodeMode;
    use gridwatch_domain::Timestamp;
    use gridwatch_runtime::{ManualClock, Metrics, mailbox};
    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::{
        Codec, IngestMetrics, Reels,
        gate::Rest,
        tap::{Mode, Note},
        watched::SharedZones,
    };

    #[test]
    fn a_box_that_cannot_keep_up_does_not_take_its_cameras_for_broken() {
        let camera = CameraId::new("gate").expect("a valid id");
        let metrics = IngestMetrics::new(&Metrics::new()).camera(&camera);
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let (frames, _frames_rx) = mailbox();
        let tap =
            Tap::new(camera.clone(), frames, Arc::default(), SharedZones::default(), clock, metrics.clone());
        let reel = Reels::default().open(&camera);
        let (notes_tx, mut notes) = mpsc::channel(16);
        tap.begin(Mode::Live, 5, false, notes_tx);
        let rest = Rest::new(Duration::from_secs(10), []);
        let gate = GateSettings { mode: DecodeMode::Keyframes, sample_fps: 5, rest };
        let live = Live {
            camera,
            pool: DecodePool::without_threads(),
            tap: Arc::clone(&tap),
            metrics: metrics.clone(),
            reel,
            attention: watch::Sender::default().subscribe(),
            gate,
            rest: SharedRest::new(gate.rest),
            gates: watch::Sender::default(),
        };
        let mut stream =
            Stream { desk: Desk::new(Arc::clone(&tap)), gate: Gate::new(gate), first: 0, looked_at: 0, live };
        tap.on_outcome(1, 0, 0);
        assert!(matches!(notes.try_recv(), Ok(Note::Live)));
        for seq in 1..=200 {
            stream.take(AccessUnit {
                seq,
                bytes: vec![0; 100].into(),
                codec: Codec::Jpeg,
                is_key: true,
                time: Duration::from_secs(seq),
                at: Timestamp::UNIX_EPOCH,
                after_loss: false,
            });
        }
        assert_eq!(metrics.units_left_out.get(), 199, "the newest waits, the others are lost");
        let note = notes.try_recv();
        assert!(note.is_err(), "nothing was decoded, so nothing can be said of the camera: {note:?}");
    }
}
