//! Tasks that must not die: a failure or a panic is logged, waited out and followed by a new try.

use std::{fmt::Display, future::Future, panic::AssertUnwindSafe, time::Duration};

use tracing::{debug, error, warn};

use crate::{Backoff, BackoffRange, Shutdown};

/// How one run of a supervised task ended.
#[derive(Debug)]
pub enum Outcome<E> {
    /// It has done what it was there for; it is not run again.
    Done,
    /// It failed; it is run again after a wait. `healthy` says that it had worked before, so the wait is short again.
    Failed {
        /// Why.
        error: E,
        /// Whether it had worked for a while before.
        healthy: bool,
    },
}

/// A task under supervision.
#[derive(Debug, Clone)]
pub struct Supervised {
    /// For the log.
    pub name: String,
    /// Waits between runs.
    pub backoff: BackoffRange,
    /// Ends the series.
    pub shutdown: Shutdown,
}

/// Runs `run_once` again and again, until it is done or shutdown is asked for. A panic counts as a failure.
pub async fn supervise<E, F, Fut>(task: Supervised, mut run_once: F)
where
    E: Display,
    F: FnMut() -> Fut,
    Fut: Future<Output = Outcome<E>>,
{
    let mut backoff = Backoff::new(task.backoff);
    while !task.shutdown.is_cancelled() {
        let run = futures_catch_unwind(run_once());
        let wait = match run.await {
            Ok(Outcome::Done) => return,
            Ok(Outcome::Failed { error, healthy }) => {
                if healthy {
                    backoff.reset();
                }
                let (wait, tries) = (backoff.next_wait(), backoff.tries());
                // What fails for days must not fill the log: the first tries, then ever more rarely.
                if tries.is_power_of_two() {
                    warn!(task = task.name, %error, tries, ?wait, "failed, trying again");
                } else {
                    debug!(task = task.name, %error, tries, ?wait, "failed, trying again");
                }
                wait
            }
            Err(message) => {
                let wait = backoff.next_wait();
                error!(task = task.name, message, ?wait, "panicked, starting it again; please report this");
                wait
            }
        };
        pause(&task.shutdown, wait).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the wait between tries, cut short by shutdown")]
async fn pause(shutdown: &Shutdown, wait: Duration) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(wait) => {}
    }
}

async fn futures_catch_unwind<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |context| {
        let poll = std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match poll {
            Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
            Ok(std::task::Poll::Ready(output)) => std::task::Poll::Ready(Ok(output)),
            Err(panic) => std::task::Poll::Ready(Err(panic_message(panic.as_ref()))),
        }
    })
    .await
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn task(shutdown: &Shutdown) -> Supervised {
        let backoff = BackoffRange { first: Duration::from_secs(1), longest: Duration::from_secs(4) };
        Supervised { name: "test".to_owned(), backoff, shutdown: shutdown.clone() }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_and_panics_are_followed_by_a_new_try() {
        let runs = AtomicU32::new(0);
        supervise(task(&Shutdown::new()), || async {
            match runs.fetch_add(1, Ordering::SeqCst) {
                0 => Outcome::Failed { error: "no camera", healthy: false },
                1 => panic!("a bug"),
                _ => Outcome::Done,
            }
        })
        .await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_cuts_the_wait_short() {
        let shutdown = Shutdown::new();
        supervise(task(&shutdown), || async {
            shutdown.cancel();
            Outcome::Failed { error: "no camera", healthy: true }
        })
        .await;
    }
}
