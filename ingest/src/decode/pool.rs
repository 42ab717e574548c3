//! The threads that decode.
//!
//! Decoders are other people's code, and some are drivers: one that panics costs the camera whose picture it was its stream, and one that
//! hangs is left behind, with another thread in its place.

use std::{
    collections::BTreeMap,
    io,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use gridwatch_domain::CameraId;
use gridwatch_runtime::{MailboxReceiver, MailboxSender, Put, mailbox};

use super::{Decoders, Desk, chain::Chain};
use crate::{Codec, OfflineReason};

/// How often a thread without work looks whether it should end.
const IDLE: Duration = Duration::from_millis(250);
/// So long no order takes, however slow the box: a group of the largest size that is kept has some thousand small pictures.
const HANGS_AFTER: Duration = Duration::from_secs(60);

/// Decoders by form, of one thread, and which there are.
pub(crate) struct Chains {
    pub(super) by_codec: BTreeMap<Codec, Chain>,
    pub(super) decoders: Decoders,
    progress: Arc<Progress>,
}

impl Chains {
    fn new(decoders: Decoders, progress: Arc<Progress>) -> Self {
        Self { by_codec: BTreeMap::new(), decoders, progress }
    }

    /// Those of whoever decodes on his own thread.
    pub(crate) fn alone(decoders: Decoders) -> Self {
        Self::new(decoders, Progress::new())
    }

    /// The next order is begun, or goes on.
    pub(super) fn step(&self) {
        self.progress.step();
    }

    /// Waits for somebody else until [`step`](Self::step): that detection is held up is no decoder's fault.
    pub(super) fn wait(&self) {
        self.progress.since.store(0, Ordering::Relaxed);
    }
}

/// What a thread is at, for whoever looks whether it hangs.
struct Progress {
    began: Instant,
    /// Milliseconds from then to the beginning of its present order, and one; 0: it has none.
    since: AtomicU64,
    /// Whose order that is.
    at: Mutex<Option<Arc<dyn Work>>>,
}

impl Progress {
    fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), since: AtomicU64::new(0), at: Mutex::new(None) })
    }

    fn step(&self) {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.since.store(since.saturating_add(1), Ordering::Relaxed);
    }

    fn begin(&self, work: &Arc<dyn Work>) {
        *lock(&self.at) = Some(Arc::clone(work));
        self.step();
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
        *lock(&self.at) = None;
    }

    fn hangs(&self, after: Duration) -> bool {
        let since = self.since.load(Ordering::Relaxed);
        since > 0 && self.began.elapsed() > Duration::from_millis(since) + after
    }
}

/// Something that threads of a pool do.
pub(crate) trait Work: Send + Sync {
    /// Does all that there is.
    fn work(&self, chains: &mut Chains);
    /// Nothing more will come of it.
    fn fail(&self, reason: OfflineReason);
}

struct Worker {
    progress: Arc<Progress>,
    thread: JoinHandle<()>,
}

/// Threads that decode for all cameras. Clones share them; they end when the last clone is gone and no work is left.
#[derive(Clone)]
pub struct DecodePool {
    /// By the number of the desk: a stream whose thread hangs does not hold up its camera's next one.
    calls: MailboxSender<u64, Arc<dyn Work>>,
    calls_rx: Arc<MailboxReceiver<u64, Arc<dyn Work>>>,
    workers: Arc<Mutex<Vec<Worker>>>,
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
        let (calls, calls_rx) = mailbox::<u64, Arc<dyn Work>>();
        let calls_rx = Arc::new(calls_rx);
        let start = |number| start_worker(number, &calls_rx, decoders.clone());
        let workers = (1..=threads.max(1)).map(start).collect::<io::Result<_>>()?;
        Ok(Self { calls, calls_rx, workers: Arc::new(Mutex::new(workers)) })
    }

    /// One that never gets to work, as on a box that has much too much of it.
    #[cfg(test)]
    pub(crate) fn without_threads() -> Self {
        let (calls, calls_rx) = mailbox();
        Self { calls, calls_rx: Arc::new(calls_rx), workers: Arc::default() }
    }

    /// Says that there is something on a camera's desk.
    pub(crate) fn call(&self, camera: &CameraId, desk: &Arc<Desk>) {
        let work: Arc<dyn Work> = Arc::clone(desk) as Arc<dyn Work>;
        // What a call finds on the desk it all does: a second one adds nothing.
        if let Put::Closed(_) = self.calls.put(desk.number(), work) {
            tracing::debug!(%camera, "nobody decodes any more");
        }
    }

    /// Leaves threads behind that hang, starts others in their place, and tells those whose pictures they were at. To be called now and then.
    pub(crate) fn replace_hung(&self) {
        self.replace_hung_after(HANGS_AFTER);
    }

    fn replace_hung_after(&self, after: Duration) {
        for (index, worker) in lock(&self.workers).iter_mut().enumerate() {
            if !worker.progress.hangs(after) {
                continue;
            }
            tracing::error!("a decoder hangs; another thread takes its place, which decodes in software");
            let new = match start_worker(index + 1, &self.calls_rx, Decoders::software()) {
                Ok(new) => new,
                Err(error) => {
                    tracing::error!(%error, "no thread can be started in its place");
                    continue;
                }
            };
            // By this it knows that it has been replaced, should it wake up.
            let work = lock(&worker.progress.at).take();
            *worker = new;
            if let Some(work) = work {
                work.fail(OfflineReason::Setup { detail: "the decoder does not answer".into() });
            }
        }
    }

    /// Waits for the end of its threads, once every other clone is gone. Blocks. One that hangs is left behind.
    pub fn finish(self) {
        let Self { calls, calls_rx, workers } = self;
        drop((calls, calls_rx));
        let workers = std::mem::take(&mut *lock(&workers));
        for worker in workers {
            while !worker.thread.is_finished() && !worker.progress.hangs(HANGS_AFTER) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            if worker.thread.is_finished() && worker.thread.join().is_err() {
                tracing::error!("a decoding thread panicked");
            }
        }
    }
}

fn start_worker(
    number: usize,
    calls: &Arc<MailboxReceiver<u64, Arc<dyn Work>>>,
    decoders: Decoders,
) -> io::Result<Worker> {
    let (calls, progress) = (Arc::clone(calls), Progress::new());
    let name = format!("decode-{number}");
    let thread = std::thread::Builder::new().name(name).spawn({
        let progress = Arc::clone(&progress);
        move || work(&calls, &decoders, &progress)
    })?;
    Ok(Worker { progress, thread })
}

fn work(calls: &MailboxReceiver<u64, Arc<dyn Work>>, decoders: &Decoders, progress: &Arc<Progress>) {
    let mut chains = Chains::new(decoders.clone(), Arc::clone(progress));
    loop {
        let work = match calls.take_timeout(IDLE) {
            Ok(Some(work)) => work,
            Ok(None) => return,
            Err(()) => continue,
        };
        progress.begin(&work);
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| work.work(&mut chains)));
        // One that was taken for hung and was not has been replaced.
        let is_replaced = lock(&progress.at).is_none();
        progress.end();
        if done.is_err() {
            tracing::error!("a decoder panicked; please report this");
            work.fail(OfflineReason::Panicked);
            chains = Chains::new(decoders.clone(), Arc::clone(progress));
        }
        if is_replaced {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// What its work does: says that it is at it, and then waits, panics, or is done.
    enum Kind {
        Done,
        Panics,
        Hangs(Mutex<mpsc::Receiver<()>>),
        /// For somebody else.
        Waits(Mutex<mpsc::Receiver<()>>),
    }

    struct Job {
        kind: Kind,
        told: mpsc::SyncSender<&'static str>,
    }

    impl Work for Job {
        fn work(&self, chains: &mut Chains) {
            chains.step();
            let _ = self.told.send("begun");
            match &self.kind {
                Kind::Done => {}
                Kind::Panics => panic!("as decoders do"),
                Kind::Hangs(until) => drop(lock(until).recv()),
                Kind::Waits(until) => {
                    chains.wait();
                    let _ = self.told.send("waits");
                    let _ = lock(until).recv();
                    chains.step();
                }
            }
        }

        fn fail(&self, reason: OfflineReason) {
            let _ = self.told.send(if reason == OfflineReason::Panicked { "panicked" } else { "hangs" });
        }
    }

    const PATIENCE: Duration = Duration::from_secs(60);

    fn call(pool: &DecodePool, number: u64, kind: Kind) -> mpsc::Receiver<&'static str> {
        let (told, news) = mpsc::sync_channel(8);
        pool.calls.put(number, Arc::new(Job { kind, told }));
        assert_eq!(news.recv_timeout(PATIENCE), Ok("begun"));
        news
    }

    #[test]
    fn a_decoder_that_panics_costs_its_camera_the_stream_and_nobody_else() {
        let pool = DecodePool::start(1).expect("a thread");
        assert_eq!(call(&pool, 1, Kind::Panics).recv_timeout(PATIENCE), Ok("panicked"));
        call(&pool, 2, Kind::Done);
        pool.finish();
    }

    #[test]
    fn a_thread_that_waits_for_detection_does_not_hang() {
        let pool = DecodePool::start(1).expect("a thread");
        let (release, until) = mpsc::sync_channel::<()>(8);
        let news = call(&pool, 1, Kind::Waits(Mutex::new(until)));
        assert_eq!(news.recv_timeout(PATIENCE), Ok("waits"));
        pool.replace_hung_after(Duration::ZERO);
        assert_eq!(news.try_recv(), Err(mpsc::TryRecvError::Empty));
        drop(release);
        call(&pool, 2, Kind::Done);
        pool.finish();
    }

    #[test]
    fn a_decoder_that_hangs_is_left_behind() {
        let pool = DecodePool::start(1).expect("a thread");
        let (release, hangs) = mpsc::sync_channel(8);
        let news = call(&pool, 1, Kind::Hangs(Mutex::new(hangs)));
        pool.replace_hung();
        assert_eq!(news.try_recv(), Err(mpsc::TryRecvError::Empty), "it may just be slow");
        while news.try_recv() != Ok("hangs") {
            pool.replace_hung_after(Duration::ZERO);
            std::thread::yield_now();
        }
        call(&pool, 2, Kind::Done);
        // It wakes up after all, and ends.
        drop(release);
        call(&pool, 3, Kind::Done);
        pool.finish();
    }
}
