//! Ends runs of networks that take for ever: a loop in a network may, for some pictures or for all.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ort::session::RunOptions;
use tracing::{error, warn};

/// How often runs are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// All that are watched. One thread looks after them, from the first one on.
static WATCHED: Mutex<Vec<Weak<Watched>>> = Mutex::new(Vec::new());

struct Watched {
    options: RunOptions,
    longest: Duration,
    run: Mutex<Run>,
    /// Whether the last run was ended.
    ended: AtomicBool,
}

#[derive(Clone, Copy)]
enum Run {
    /// None is going on.
    None,
    /// One is, which must be over by then.
    Until(Instant),
    /// One was told to end.
    Ended,
}

/// The runs of one session, one at a time.
pub(super) struct Overdue(Arc<Watched>);

impl Overdue {
    /// Lets no run take longer than `longest`.
    pub(super) fn after(longest: Duration) -> Result<Self, ort::Error> {
        let options = RunOptions::new()?;
        let watched =
            Arc::new(Watched { options, longest, run: Mutex::new(Run::None), ended: AtomicBool::new(false) });
        let mut all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            // Without it runs are as long as they are.
            let started = std::thread::Builder::new().name("overdue".to_owned()).spawn(look_after);
            if let Err(error) = started {
                error!(%error, "the system has no thread to give, networks that hang are not noticed");
            }
        }
        all.push(Arc::downgrade(&watched));
        Ok(Self(watched))
    }

    /// One run, given the options that end it. Afterwards [`took_too_long`](Self::took_too_long) says whether they did.
    pub(super) fn watch<T>(&self, run: impl FnOnce(&RunOptions) -> T) -> T {
        let watched = &*self.0;
        *watched.run() = Run::Until(now() + watched.longest);
        let outcome = run(&watched.options);
        let mut run = watched.run();
        let ended = matches!(std::mem::replace(&mut *run, Run::None), Run::Ended);
        watched.ended.store(ended, Ordering::Relaxed);
        if ended && let Err(error) = watched.options.unterminate() {
            warn!(%error, "a network stays stopped");
        }
        outcome
    }

    /// How long the last run was let go on, where it had to be ended. Told once: what fails next fails for another reason.
    pub(super) fn took_too_long(&self) -> Option<Duration> {
        self.0.ended.swap(false, Ordering::Relaxed).then_some(self.0.longest)
    }
}

impl Watched {
    fn run(&self) -> MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the run if it takes too long.
    fn look(&self) {
        let mut run = self.run();
        if !matches!(*run, Run::Until(until) if now() > until) {
            return;
        }
        // Told while the run cannot end by itself: the next one must not be ended in its place.
        match self.options.terminate() {
            Ok(()) => *run = Run::Ended,
            Err(error) => warn!(%error, "a run that takes too long cannot be ended"),
        }
    }
}

/// Ends when nobody is watched any more.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own, and the time is that of a machine that hangs"
)]
fn look_after() {
    loop {
        std::thread::sleep(LOOK_EVERY);
        let mut all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|watched| watched.strong_count() > 0);
        if all.is_empty() {
            return;
        }
        let present: Vec<_> = all.iter().filter_map(Weak::upgrade).collect();
        drop(all);
        present.iter().for_each(|watched| watched.look());
    }
}

/// For pacing only.
fn now() -> Instant {
    Instant::now()
}
