//! One stream of a camera: received, judged by the gate, put on the desk to be decoded.

use std::{ops::ControlFlow, sync::Arc};

use gridwatch_runtime::SharedClock;

use crate::{
    AccessUnit, AttentionReceiver, DecodePool,
    address::Address,
    choose::{Chooser, Choosing},
    decode::Desk,
    receive::{self, Failure, ReceiveOptions},
    tap::Tap,
};

/// What a stream is handed on with.
pub(crate) struct Live {
    pub(crate) pool: DecodePool,
    pub(crate) tap: Arc<Tap>,
    pub(crate) attention: AttentionReceiver,
    pub(crate) choosing: Choosing,
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
        let mut stream = Stream::begin(self);
        receive::receive(address, options, clock, |unit| {
            stream.take(unit);
            ControlFlow::Continue(())
        })
        .await
    }
}

struct Stream {
    pool: DecodePool,
    attention: AttentionReceiver,
    desk: Arc<Desk>,
    chooser: Chooser,
}

impl Stream {
    fn begin(Live { pool, tap, attention, choosing }: Live) -> Self {
        let chooser = Chooser::begin(choosing, tap.seq());
        Self { pool, attention, desk: Desk::new(tap), chooser }
    }

    fn take(&mut self, unit: AccessUnit) {
        let attention = self.attention.borrow().get(self.chooser.camera()).copied().unwrap_or_default();
        if let Some(order) = self.chooser.choose(unit, self.desk.take_change(), attention) {
            self.chooser.left_out(self.desk.put(order));
            self.pool.call(self.chooser.camera(), &self.desk);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use gridwatch_config::DecodeMode;
    use gridwatch_domain::{CameraId, Timestamp};
    use gridwatch_runtime::{ManualClock, Metrics, mailbox};
    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::{
        Codec, IngestMetrics, Reels,
        gate::{GateSettings, Rest, SharedRest},
        tap::{Mode, Note, Outlet},
        watched::SharedZones,
    };

    #[test]
    fn a_box_that_cannot_keep_up_does_not_take_its_cameras_for_broken() {
        let camera = CameraId::new("gate").expect("a valid id");
        let metrics = IngestMetrics::new(&Metrics::new()).camera(&camera);
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let (frames, _frames_rx) = mailbox();
        let tap = Tap::new(
            camera.clone(),
            Outlet::Mailbox(frames),
            Arc::default(),
            SharedZones::default(),
            clock,
            metrics.clone(),
        );
        let reel = Reels::default().open(&camera);
        let (notes_tx, mut notes) = mpsc::channel(16);
        tap.begin(Mode::Live, 5, false, notes_tx);
        let rest = Rest::new(Duration::from_secs(10), []);
        let gate = GateSettings { mode: DecodeMode::Keyframes, sample_fps: 5, rest };
        let choosing = Choosing {
            camera,
            metrics: metrics.clone(),
            reel,
            gate,
            rest: SharedRest::new(gate.rest),
            gates: watch::Sender::default(),
        };
        let mut stream = Stream::begin(Live {
            pool: DecodePool::without_threads(),
            tap: Arc::clone(&tap),
            attention: watch::Sender::default().subscribe(),
            choosing,
        });
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
