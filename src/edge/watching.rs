//! What detection watches, changed in the order in which that was asked for.
//!
//! Detection waits for the outbox, and an outbox that has no room takes nothing until somebody makes some. A change waits for it then, and
//! later changes wait behind it, so that what was asked for last is what is watched in the end; nobody else waits.

use std::time::Duration;

use tokio::{
    task::{JoinError, JoinHandle, spawn_blocking},
    time::timeout,
};

/// So long whoever asks for a change waits for it.
const HELD_UP: Duration = Duration::from_secs(10);

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// The last change, as long as it is not known to be made.
    last: Option<JoinHandle<Result<(), JoinError>>>,
}

impl Watching {
    /// Makes a change, which may block, after all earlier ones. Gives whether it is made; if not, it will be.
    ///
    /// # Errors
    /// When it panicked.
    pub(super) async fn change(&mut self, change: impl FnOnce() + Send + 'static) -> Result<bool, JoinError> {
        self.change_within(HELD_UP, change).await
    }

    async fn change_within(
        &mut self,
        patience: Duration,
        change: impl FnOnce() + Send + 'static,
    ) -> Result<bool, JoinError> {
        let earlier = self.last.take();
        let mut made = tokio::spawn(async move {
            if let Some(earlier) = earlier {
                // What went wrong with it was told to whoever asked for it, or to the log.
                let _ = earlier.await;
            }
            spawn_blocking(change).await
        });
        match timeout(patience, &mut made).await {
            Ok(made) => made?.map(|()| true),
            Err(_) => {
                self.last = Some(made);
                Ok(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, mpsc};

    use super::*;

    #[tokio::test]
    async fn changes_that_are_held_up_are_made_in_order_and_nobody_waits_for_them() {
        let (go_on, held) = mpsc::sync_channel::<()>(1);
        let (made, mut watching) = (Arc::new(Mutex::new(Vec::new())), Watching::default());
        let note = |number: u32| {
            let made = Arc::clone(&made);
            move || made.lock().expect("whole").push(number)
        };
        let (first, second) = (note(1), note(2));
        let waits = move || {
            let _ = held.recv();
            first();
        };
        let moment = Duration::from_millis(20);
        assert!(!watching.change_within(moment, waits).await.expect("no panic"));
        assert!(!watching.change_within(moment, second).await.expect("no panic"));
        assert_eq!(*made.lock().expect("whole"), [0; 0]);
        go_on.send(()).expect("it waits");
        assert!(watching.change(note(3)).await.expect("no panic"));
        assert_eq!(*made.lock().expect("whole"), [1, 2, 3]);
    }
}
