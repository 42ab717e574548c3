//! What a camera sent in the last seconds, for all who want more of it than single pictures: the gate that looks back, clips,
//! recordings, and the live picture.
//!
//! One [`Reel`] a camera outlasts its streams. Whoever follows one reads from the same ring, so that a watcher costs no copy and
//! no queue; one that is too slow goes on with the oldest key picture that there is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use gridwatch_domain::{CameraId, Timestamp};
use tokio::sync::Notify;

use crate::{
    AccessUnit,
    ring::{Ring, RingLimits},
};

/// Time between the last picture of a stream and the first of the next, where clocks say nothing usable.
const BETWEEN_STREAMS: Duration = Duration::from_millis(40);

/// What is older than this is not live.
const FRESH: Duration = Duration::from_secs(5);

/// The reels of all cameras. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Reels {
    limits: Arc<Mutex<RingLimits>>,
    reels: Arc<Mutex<BTreeMap<CameraId, Arc<Reel>>>>,
    /// Those of small streams that are analysed, while the large ones beside them are what people want to see.
    small: Arc<Mutex<BTreeMap<CameraId, Arc<Reel>>>>,
}

impl Reels {
    /// Reels that reach back at least so far, in at most so many bytes each. Encoded pictures of 4 Mbit/s take half a MiB a second.
    pub fn new(reach: Duration, bytes: usize) -> Self {
        let limits = Arc::new(Mutex::new(RingLimits { age: reach, bytes }));
        Self { limits, reels: Arc::default(), small: Arc::default() }
    }

    /// Reels reach back at least so far from now on, in at most so many bytes each.
    pub fn reach(&self, reach: Duration, bytes: usize) {
        let limits = RingLimits { age: reach, bytes };
        *lock(&self.limits) = limits;
        for reel in lock(&self.reels).values().chain(lock(&self.small).values()) {
            lock(&reel.state).ring.reach(limits);
        }
    }

    /// The reel of a camera, if that camera sends what can be kept without being encoded anew.
    pub fn get(&self, camera: &CameraId) -> Option<Arc<Reel>> {
        lock(&self.reels).get(camera).cloned()
    }

    /// The reel that shows a camera now: that of its small stream while the large one does not come.
    pub fn that_comes(&self, camera: &CameraId, now: Timestamp) -> Option<Arc<Reel>> {
        let comes = |reel: &Arc<Reel>| reel.comes(now);
        let large = self.get(camera);
        let small = || lock(&self.small).get(camera).cloned();
        large.clone().filter(comes).or_else(|| small().filter(comes)).or(large)
    }

    /// The reel of a camera; a new one where there is none yet.
    pub(crate) fn open(&self, camera: &CameraId) -> Arc<Reel> {
        self.opened(&self.reels, camera)
    }

    /// The reel of a camera's small stream, beside that of the large one.
    pub(crate) fn open_small(&self, camera: &CameraId) -> Arc<Reel> {
        self.opened(&self.small, camera)
    }

    /// A camera has no small stream beside the large one any more.
    pub(crate) fn close_small(&self, camera: &CameraId) {
        if let Some(reel) = lock(&self.small).remove(camera) {
            reel.end();
        }
    }

    /// A reel that nobody else follows.
    pub(crate) fn apart(&self) -> Arc<Reel> {
        Arc::new(Reel::new(*lock(&self.limits)))
    }

    fn opened(&self, among: &Mutex<BTreeMap<CameraId, Arc<Reel>>>, camera: &CameraId) -> Arc<Reel> {
        Arc::clone(lock(among).entry(camera.clone()).or_insert_with(|| self.apart()))
    }

    /// Forgets a camera that is gone for good. Those who follow it see its end.
    pub fn remove(&self, camera: &CameraId) {
        if let Some(reel) = lock(&self.reels).remove(camera) {
            reel.end();
        }
        self.close_small(camera);
    }
}

/// The reel of one camera.
#[derive(Debug)]
pub struct Reel {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Debug)]
struct State {
    ring: Ring,
    /// What the time in the present stream is added to.
    base: Duration,
    /// The newest picture: its time on the reel, and when it was taken.
    last: Option<(Duration, Timestamp)>,
    /// Its number.
    newest: u64,
    begins_stream: bool,
    ended: bool,
}

impl Reel {
    fn new(limits: RingLimits) -> Self {
        let state = State {
            ring: Ring::new(limits),
            base: Duration::ZERO,
            last: None,
            newest: 0,
            begins_stream: true,
            ended: false,
        };
        Self { state: Mutex::new(state), news: Notify::new() }
    }

    /// The next picture belongs to a new stream. Gives the number of the newest picture so far: the stream's are to be greater.
    pub(crate) fn begin_stream(&self) -> u64 {
        let mut state = lock(&self.state);
        state.begins_stream = true;
        state.newest
    }

    /// Takes the next picture in. Gives how many bytes the reel holds now.
    pub(crate) fn push(&self, mut unit: AccessUnit) -> usize {
        let mut state = lock(&self.state);
        state.newest = unit.seq;
        if state.begins_stream {
            // What refers to pictures that were never received belongs to no group.
            if !unit.is_key {
                return state.ring.bytes();
            }
            state.begins_stream = false;
            state.base = state.base_of(&unit);
        }
        unit.time = state.base.saturating_add(unit.time);
        state.last = Some((unit.time, unit.at));
        state.ring.push(unit);
        let bytes = state.ring.bytes();
        drop(state);
        self.news.notify_waiters();
        bytes
    }

    /// Key pictures later than number `after` and earlier than `before`, oldest first, not closer to each other than `apart`.
    pub(crate) fn keys_between(&self, after: u64, before: u64, apart: Duration) -> Vec<AccessUnit> {
        lock(&self.state).ring.keys_between(after, before, apart)
    }

    /// Everything from the last key picture on, oldest first; nothing where there is none.
    pub(crate) fn since_last_key(&self) -> Vec<AccessUnit> {
        lock(&self.state).ring.since_last_key()
    }

    /// How much later the newest picture was taken than this one.
    pub fn ahead_of(&self, unit: &AccessUnit) -> Duration {
        lock(&self.state).last.map_or(Duration::ZERO, |(time, _)| time.saturating_sub(unit.time))
    }

    /// Whether a key picture has come since that one.
    pub fn has_key_after(&self, unit: &AccessUnit) -> bool {
        lock(&self.state).ring.last_key().is_some_and(|seq| seq > unit.seq)
    }

    /// When the newest picture was taken.
    pub fn newest_at(&self) -> Option<Timestamp> {
        lock(&self.state).last.map(|(_, at)| at)
    }

    /// Whether pictures come, or came a moment ago.
    fn comes(&self, now: Timestamp) -> bool {
        self.newest_at().is_some_and(|at| now.saturating_since(at) < FRESH)
    }

    /// Reads it from the newest key picture; from the next one where nothing has come for a while.
    pub fn follow_fresh(self: &Arc<Self>, now: Timestamp) -> Follower {
        if self.comes(now) { self.follow() } else { self.follower(None) }
    }

    /// Reads it from the last key picture that was taken at `from` or before, or else from the oldest.
    pub fn follow_from(self: &Arc<Self>, from: Timestamp) -> Follower {
        let key = lock(&self.state).ring.key_before(from);
        self.follower(key)
    }

    /// Reads it from the newest key picture.
    pub fn follow(self: &Arc<Self>) -> Follower {
        let key = lock(&self.state).ring.last_key();
        self.follower(key)
    }

    /// Begins with that key picture; with the next one that comes where there is none.
    fn follower(self: &Arc<Self>, key: Option<u64>) -> Follower {
        let newest = lock(&self.state).newest;
        Follower { reel: Arc::clone(self), after: key.map_or(newest, |seq| seq.saturating_sub(1)) }
    }

    fn end(&self) {
        lock(&self.state).ended = true;
        self.news.notify_waiters();
    }
}

impl State {
    /// Where a new stream goes on: as much later as the clock says that its first picture was taken.
    fn base_of(&self, first: &AccessUnit) -> Duration {
        let Some((time, at)) = self.last else { return Duration::ZERO };
        let next = time.saturating_add(first.at.saturating_since(at).max(BETWEEN_STREAMS));
        next.saturating_sub(first.time)
    }
}

/// Reads a reel in the order in which pictures came. Begins with a key picture, and goes on with one after a loss. The time of its
/// pictures runs on over all streams of the camera.
#[derive(Debug)]
pub struct Follower {
    reel: Arc<Reel>,
    after: u64,
}

impl Follower {
    /// The next picture; waits for it. `None` once the camera is gone for good.
    pub async fn next(&mut self) -> Option<AccessUnit> {
        let reel = Arc::clone(&self.reel);
        loop {
            let mut news = std::pin::pin!(reel.news.notified());
            news.as_mut().enable();
            {
                let state = lock(&reel.state);
                if let Some(unit) = state.ring.first_after(self.after) {
                    self.after = unit.seq;
                    return Some(unit);
                }
                if state.ended {
                    return None;
                }
            }
            news.await;
        }
    }

    /// All pictures that are there; does not wait.
    pub fn take(&mut self) -> Vec<AccessUnit> {
        let units = lock(&self.reel.state).ring.all_after(self.after);
        if let Some(last) = units.last() {
            self.after = last.seq;
        }
        units
    }

    /// Whether the camera is gone for good; what it has sent may still be there.
    pub fn has_ended(&self) -> bool {
        lock(&self.reel.state).ended
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Codec;

    #[test]
    fn a_stream_that_joins_in_the_middle_of_a_group_begins_with_its_first_key_picture() {
        let reel = Reels::default().open(&camera());
        push(&reel, 1..=15, 0, 0);
        reel.begin_stream();
        push(&reel, 16..=25, 16, 9000);
        assert_eq!(numbers(&reel.since_last_key()), (21..=25).collect::<Vec<_>>());
        // Nothing of before the gap belongs to what is asked for after it.
        let after_gap = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(8));
        assert_eq!(numbers(&reel.follow_from(after_gap).take()), (21..=25).collect::<Vec<_>>());
        let before = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(500));
        assert_eq!(reel.follow_from(before).take()[0].seq, 11);
    }

    #[test]
    fn what_came_long_ago_is_not_shown_as_live() {
        let reel = Reels::default().open(&camera());
        push(&reel, 1..=25, 0, 0);
        let at = |seconds| Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(seconds));
        assert_eq!(reel.follow_fresh(at(2)).take().len(), 5);
        assert!(reel.follow_fresh(at(60)).take().is_empty());
    }

    #[tokio::test]
    async fn while_the_large_stream_does_not_come_the_small_one_shows_the_camera() {
        let reels = Reels::default();
        let at = |seconds| Timestamp::UNIX_EPOCH.saturating_add(Duration::from_secs(seconds));
        let shown = |now| reels.that_comes(&camera(), at(now)).map(|reel| reel.newest_at());
        assert_eq!(shown(0), None);
        let (large, small) = (reels.open(&camera()), reels.open_small(&camera()));
        assert_eq!(shown(0), Some(None), "what comes first is the large one's");
        push(&small, 1..=25, 0, 0);
        let of_small = small.newest_at();
        assert_eq!(shown(1), Some(of_small));
        push(&large, 1..=50, 0, 0);
        let of_large = large.newest_at();
        assert_eq!(shown(2), Some(of_large));
        push(&small, 26..=50, 26, 60_000);
        assert_eq!(shown(61), Some(small.newest_at()), "the large one has ceased to come");
        assert_eq!(shown(90), Some(of_large), "neither comes");
        let mut follower = small.follow();
        follower.take();
        reels.remove(&camera());
        assert!(follower.next().await.is_none() && reels.that_comes(&camera(), at(61)).is_none());
    }

    fn unit(seq: u64, stream_ms: u64, at_ms: u64) -> AccessUnit {
        AccessUnit {
            seq,
            bytes: vec![0; 100].into(),
            codec: Codec::H264,
            is_key: seq % 10 == 1,
            time: Duration::from_millis(stream_ms),
            at: Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(at_ms)),
            after_loss: false,
        }
    }

    fn camera() -> CameraId {
        CameraId::new("gate").expect("valid")
    }

    /// Pictures of one stream, 40 ms apart; `first` is that which the stream begins with.
    fn push(reel: &Reel, numbers: std::ops::RangeInclusive<u64>, first: u64, begins_ms: u64) {
        for seq in numbers {
            let stream_ms = 40 * (seq - first);
            reel.push(unit(seq, stream_ms, begins_ms + stream_ms));
        }
    }

    fn numbers(units: &[AccessUnit]) -> Vec<u64> {
        units.iter().map(|unit| unit.seq).collect()
    }

    #[tokio::test]
    async fn a_follower_begins_with_a_key_picture_and_misses_nothing() {
        let reels = Reels::default();
        let reel = reels.open(&camera());
        push(&reel, 1..=25, 0, 0);
        let at = Timestamp::UNIX_EPOCH.saturating_add(Duration::from_millis(40 * 15));
        assert_eq!(numbers(&reel.follow_from(at).take()), (11..=25).collect::<Vec<_>>());
        let mut newest = reel.follow();
        assert_eq!(numbers(&newest.take()), (21..=25).collect::<Vec<_>>());

        let waits =
            tokio::spawn(async move { (newest.next().await.map(|unit| unit.seq), newest.next().await) });
        tokio::task::yield_now().await;
        reel.push(unit(26, 1040, 1040));
        tokio::task::yield_now().await;
        reels.remove(&camera());
        let (next, after) = waits.await.expect("it does not panic");
        assert_eq!((next, after.is_none()), (Some(26), true));
    }

    #[test]
    fn all_reels_reach_as_far_as_is_asked_for_later() {
        let reels = Reels::new(Duration::from_secs(1), 3000);
        let (open, small) = (reels.open(&camera()), reels.open_small(&camera()));
        reels.reach(Duration::from_secs(10), 100_000);
        for reel in [open, small] {
            push(&reel, 1..=200, 0, 0);
            assert_eq!(reel.follow_from(Timestamp::UNIX_EPOCH).take()[0].seq, 1);
        }
    }

    #[test]
    fn one_who_is_too_slow_goes_on_with_a_key_picture() {
        let reels = Reels::new(Duration::from_secs(10), 3000);
        let reel = reels.open(&camera());
        push(&reel, 1..=5, 0, 0);
        let mut follower = reel.follow();
        assert_eq!(follower.take().len(), 5);
        push(&reel, 6..=60, 0, 0);
        let later = follower.take();
        assert!(later[0].is_key && later[0].seq > 6, "{:?}", numbers(&later));
        assert_eq!(later.last().map(|unit| unit.seq), Some(60));
    }

    #[test]
    fn time_runs_on_over_a_reconnect() {
        let reel = Reels::default().open(&camera());
        push(&reel, 1..=20, 0, 1000);
        assert_eq!(reel.begin_stream(), 20);
        // Three seconds later another stream, whose time begins anew.
        push(&reel, 21..=31, 21, 4840);
        let units = reel.follow_from(Timestamp::UNIX_EPOCH).take();
        let times: Vec<u128> = units.iter().map(|unit| unit.time.as_millis()).collect();
        let joint = numbers(&units).iter().position(|&seq| seq == 21).expect("a key picture");
        assert_eq!(times[joint] - times[joint - 1], 3040);
        assert!(times.is_sorted());
    }
}
