//! The threads that decode.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use gridwatch_domain::CameraId;
use gridwatch_runtime::{MailboxReceiver, MailboxSender, Put, mailbox};

use super::{Decoders, Desk, chain::Chain};
use crate::Codec;

/// How often a thread without work looks whether it should end.
const IDLE: Duration = Duration::from_millis(250);

/// Decoders by form, of one thread, and which there are.
pub(super) struct Chains {
    pub(super) by_codec: BTreeMap<Codec, Chain>,
    pub(super) decoders: Decoders,
}

/// Threads that decode for all cameras. Clones share them; they end when the last clone is gone and no work is left.
#[derive(Clone)]
pub struct DecodePool {
    calls: MailboxSender<CameraId, Arc<Desk>>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl DecodePool {
    /// Starts so many threads, at least one, that decode in software.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(threads: usize) -> io::Result<Self> {
        Self::start_with(threads, &Decoders::software())
    }

    /// As [`start`](Self::start), with these decoders.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start_with(threads: usize, decoders: &Decoders) -> io::Result<Self> {
        let (calls, calls_rx) = mailbox::<CameraId, Arc<Desk>>();
        let calls_rx = Arc::new(calls_rx);
        let start = |number| {
            let calls = Arc::clone(&calls_rx);
            let chains = Chains { by_codec: BTreeMap::new(), decoders: decoders.clone() };
            std::thread::Builder::new().name(format!("decode-{number}")).spawn(move || work(&calls, chains))
        };
        let threads = (1..=threads.max(1)).map(start).collect::<io::Result<_>>()?;
        Ok(Self { calls, threads: Arc::new(Mutex::new(threads)) })
    }

    /// One that never gets to work, as on a box that has much too much of it.
    #[cfg(test)]
    pub(crate) fn without_threads() -> Self {
        let (calls, calls_rx) = mailbox();
        // Its end is never told.
        std::mem::forget(calls_rx);
        Self { calls, threads: Arc::default() }
    }

    /// Says that there is something on a camera's desk.
    pub(crate) fn call(&self, camera: &CameraId, desk: &Arc<Desk>) {
        // What a call finds on the desk it all does: a second one adds nothing.
        if let Put::Closed(_) = self.calls.put(camera.clone(), Arc::clone(desk)) {
            tracing::debug!(%camera, "nobody decodes any more");
        }
    }

    /// Waits for the end of its threads, once every other clone is gone. Blocks.
    pub fn finish(self) {
        let Self { calls, threads } = self;
        drop(calls);
        let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a decoding thread panicked");
            }
        }
    }
}

fn work(calls: &MailboxReceiver<CameraId, Arc<Desk>>, mut chains: Chains) {
    loop {
        match calls.take_timeout(IDLE) {
            Ok(Some(desk)) => desk.work(&mut chains),
            Ok(None) => return,
            Err(()) => {}
        }
    }
}
