//! How often a login is tried that the camera has refused. Both streams of a camera share it: cameras count wrong tries, over half an hour
//! as a rule, and lock everybody out after five.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// Waits after one refusal, two, and more, in units of the wait that is configured: with one minute at most four tries in any half hour.
const WAITS: [u32; 3] = [1, 5, 15];
/// So long after a refusal, in the same units, it counts no more.
const FORGOTTEN: u32 = 30;

/// What is known of one camera's login.
#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    news: Notify,
    /// The unit of the waits after a refusal.
    refused: Duration,
    /// Whoever tries first holds the others up for so long, unless it ends sooner.
    first: Duration,
}

#[derive(Debug, Default)]
struct State {
    /// When it was refused, oldest first; not longer ago than counts.
    refusals: VecDeque<Instant>,
    /// When the next one may try.
    next: Option<Instant>,
}

/// The login as one stream uses it.
#[derive(Debug)]
pub(crate) struct Login {
    shared: Arc<Shared>,
    /// The camera has accepted it for this stream, and not refused it since.
    is_good: AtomicBool,
}

impl Login {
    /// `refused`: the wait after the first refusal; `first`: how long a try may take.
    pub(crate) fn new(refused: Duration, first: Duration) -> Self {
        let shared = Shared { state: Mutex::default(), news: Notify::new(), refused, first };
        Self { shared: Arc::new(shared), is_good: AtomicBool::new(false) }
    }

    /// The same login for another stream of the camera.
    pub(crate) fn of_another_stream(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), is_good: AtomicBool::new(false) }
    }

    /// Waits until it may be tried. Of several streams that wait one comes at a time, as long as it is not known to be good.
    pub(crate) async fn turn(&self) {
        loop {
            let mut news = std::pin::pin!(self.shared.news.notified());
            news.as_mut().enable();
            if self.is_good.load(Ordering::Relaxed) {
                return;
            }
            let next = {
                let mut state = self.shared.lock();
                let now = Instant::now();
                self.shared.forget(&mut state, now);
                match state.next.filter(|next| *next > now) {
                    Some(next) => next,
                    None => {
                        let wait = self.shared.wait_after(state.refusals.len()).max(self.shared.first);
                        state.next = Some(now + wait);
                        return;
                    }
                }
            };
            tokio::select! {
                () = sleep_until(next) => {}
                () = news => {}
            }
        }
    }

    /// The camera has accepted it.
    pub(crate) fn accepted(&self) {
        if !self.is_good.swap(true, Ordering::Relaxed) {
            // The others may try at once; one that is refused all the same waits as long as before.
            self.shared.lock().next = None;
            self.shared.news.notify_waiters();
        }
    }

    /// The camera has refused it. Gives how long nobody tries it again.
    pub(crate) fn refused(&self) -> Duration {
        self.is_good.store(false, Ordering::Relaxed);
        let (mut state, now) = (self.shared.lock(), Instant::now());
        self.shared.forget(&mut state, now);
        state.refusals.push_back(now);
        let wait = self.shared.wait_after(state.refusals.len());
        state.next = Some(now + wait);
        wait
    }

    /// The try ended before it came to that.
    pub(crate) fn ended(&self) {
        let mut state = self.shared.lock();
        if state.refusals.is_empty() {
            state.next = None;
            self.shared.news.notify_waiters();
        }
    }
}

impl Shared {
    fn wait_after(&self, refusals: usize) -> Duration {
        let Some(last) = refusals.checked_sub(1) else { return Duration::ZERO };
        self.refused * WAITS[last.min(WAITS.len() - 1)]
    }

    fn forget(&self, state: &mut State, now: Instant) {
        while state.refusals.front().is_some_and(|at| now - *at >= self.refused * FORGOTTEN) {
            state.refusals.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_streams_together_try_a_wrong_login_four_times_in_half_an_hour_at_most() {
        let minute = Duration::from_secs(60);
        let login = Login::new(minute, Duration::from_secs(5));
        let (tries, began) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        for login in [login.of_another_stream(), login] {
            let tries = Arc::clone(&tries);
            tokio::spawn(async move {
                loop {
                    login.turn().await;
                    tries.lock().expect("whole").push(began.elapsed());
                    login.refused();
                }
            });
        }
        sleep_until(began + minute * 300).await;
        let tries = tries.lock().expect("whole").clone();
        assert!(tries.len() >= 20, "it goes on: {tries:?}");
        let within =
            |from: &Duration| tries.iter().filter(|at| (*from..*from + minute * 30).contains(at)).count();
        assert!(tries.iter().all(|from| within(from) <= 4), "{tries:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_is_good_holds_nobody_up() {
        let login = Login::new(Duration::from_secs(60), Duration::from_secs(5));
        let began = Instant::now();
        login.turn().await;
        login.accepted();
        login.turn().await;
        login.turn().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
        // The password is changed, and changed back: the next try is a minute later.
        assert_eq!(login.refused(), Duration::from_secs(60));
        login.turn().await;
        assert_eq!(began.elapsed(), Duration::from_secs(60));
        login.accepted();
        login.turn().await;
        assert_eq!(began.elapsed(), Duration::from_secs(60));
        // The other stream's trouble is its own.
        let other = login.of_another_stream();
        assert_eq!(other.refused(), Duration::from_secs(300));
        login.turn().await;
        assert_eq!(began.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_of_long_ago_counts_no_more() {
        let minute = Duration::from_secs(60);
        let login = Login::new(minute, Duration::from_secs(5));
        for week in 0..4 {
            sleep_until(Instant::now() + minute * 60 * 24 * 7).await;
            // A camera that refuses everybody while it boots.
            assert_eq!(login.refused(), minute, "week {week}");
            login.turn().await;
            login.accepted();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_gets_no_answer_lets_the_next_one_try() {
        let login = Login::new(Duration::from_secs(60), Duration::from_secs(5));
        let began = Instant::now();
        login.turn().await;
        login.ended();
        login.turn().await;
        login.turn().await;
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}
