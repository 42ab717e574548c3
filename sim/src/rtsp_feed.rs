//! The thread that feeds one RTSP media with encoded pictures at the pace of the wall clock.
//!
//! A new media gets the key picture of the group that the clock points at, so that it can be described at once, and
//! from the next key picture on everything, each picture at its time. What the network does not take in time is
//! left out up to the next key picture, never queued without bound.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use gridwatch_domain::Timestamp;
use gridwatch_runtime::{Clock, SystemClock};
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use crate::{cache::EncodedScene, rtsp::Fault};

/// Pictures that may wait in front of the payloader before pictures are left out: a fifth of a second at 25 fps.
const QUEUE_LIMIT: u64 = 5;

/// Wall clock of the simulated cameras: read once, then advanced by the monotonic clock, so that a step of the system
/// clock neither stops nor hurries the cameras.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    started: Instant,
    /// How long before `started` the scenes began; negative where they are yet to begin.
    lead_nanos: i128,
}

impl Pace {
    /// Scenes that began, or will begin, at `anchor`.
    pub(crate) fn starting_now(anchor: Timestamp) -> Self {
        let lead_millis = SystemClock.now().as_millisecond() - anchor.as_millisecond();
        Self { started: Instant::now(), lead_nanos: i128::from(lead_millis) * 1_000_000 }
    }

    /// Number of the picture shown at `now`, counted from the anchor over all loops.
    fn picture_at(&self, now: Instant, fps: u32) -> i128 {
        let since_start = i128::try_from((now - self.started).as_nanos()).unwrap_or(i128::MAX);
        ((self.lead_nanos + since_start) * i128::from(fps)).div_euclid(1_000_000_000)
    }

    /// When a picture is due; now or earlier where it is overdue.
    fn due(&self, picture: i128, fps: u32) -> Instant {
        let since_anchor = (picture * 1_000_000_000).div_euclid(i128::from(fps));
        let after = u64::try_from(since_anchor - self.lead_nanos).unwrap_or(0);
        self.started + Duration::from_nanos(after)
    }
}

/// What the server tells the feeds of a mount.
#[derive(Debug, Default)]
pub(crate) struct FeedControl {
    state: Mutex<ControlState>,
    changed: Condvar,
}

#[derive(Debug, Default, Clone, Copy)]
struct ControlState {
    fault: Fault,
    stopped: bool,
}

impl FeedControl {
    /// Sets the fault and returns the one before.
    pub(crate) fn set_fault(&self, fault: Fault) -> Fault {
        let before = std::mem::replace(&mut self.lock().fault, fault);
        self.changed.notify_all();
        before
    }

    /// Ends all feeds of the mount.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Makes the feeds look around.
    pub(crate) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, ControlState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `until`, or until `gone`, a stop or another fault; returns the state then.
    fn wait(&self, until: Instant, gone: &AtomicBool) -> ControlState {
        let state = self.lock();
        let fault = state.fault;
        let timeout = until.saturating_duration_since(Instant::now());
        let nothing_new = |state: &mut ControlState| {
            !state.stopped && state.fault == fault && !gone.load(Ordering::Acquire)
        };
        let waited = self.changed.wait_timeout_while(state, timeout, nothing_new);
        *waited.map_or_else(|poisoned| poisoned.into_inner().0, |(state, _)| state)
    }
}

/// Feeds one media.
pub(crate) struct Feed {
    source: gst_app::AppSrc,
    scene: Arc<EncodedScene>,
    control: Arc<FeedControl>,
    pace: Pace,
    /// Set when the media has been taken down.
    gone: Arc<AtomicBool>,
    /// Set when the source first asks for data: it flushes what comes before.
    wanted: Arc<AtomicBool>,
}

impl Feed {
    /// Prepares `source`, which must not have been started yet.
    pub(crate) fn new(
        source: gst_app::AppSrc,
        scene: Arc<EncodedScene>,
        control: Arc<FeedControl>,
        pace: Pace,
        gone: Arc<AtomicBool>,
    ) -> Self {
        let caps = gst::Caps::builder("video/x-h264")
            .field("stream-format", "byte-stream")
            .field("alignment", "au")
            .field("width", i32::try_from(scene.width()).unwrap_or(i32::MAX))
            .field("height", i32::try_from(scene.height()).unwrap_or(i32::MAX))
            .field("framerate", gst::Fraction::new(i32::try_from(scene.fps()).unwrap_or(i32::MAX), 1))
            .build();
        source.set_caps(Some(&caps));
        source.set_format(gst::Format::Time);
        source.set_is_live(true);
        source.set_stream_type(gst_app::AppStreamType::Stream);
        let wanted = Arc::new(AtomicBool::new(false));
        let (asked, wake) = (Arc::clone(&wanted), Arc::clone(&control));
        let callbacks = gst_app::AppSrcCallbacks::builder().need_data(move |_, _| {
            if !asked.swap(true, Ordering::AcqRel) {
                wake.wake();
            }
        });
        source.set_callbacks(callbacks.build());
        Self { source, scene, control, pace, gone, wanted }
    }

    /// Sends pictures until the media is gone or the server stops.
    pub(crate) fn run(self) {
        if let Err(error) = self.feed() {
            tracing::debug!(%error, "a feed of a simulated camera ended");
        }
    }

    fn feed(&self) -> Result<(), gst::FlowError> {
        let fps = self.scene.fps();
        let count = i128::try_from(self.scene.unit_count()).expect("a count of pictures is far below 2^127");
        let mut session: Option<Session> = None;
        let mut next = self.pace.picture_at(Instant::now(), fps);
        let mut must_be_key = true;
        loop {
            let state = self.control.wait(self.pace.due(next, fps), &self.gone);
            if state.stopped || self.gone.load(Ordering::Acquire) || state.fault == Fault::Refuse {
                return self.source.end_of_stream().map(drop);
            }
            let now = Instant::now();
            if now < self.pace.due(next, fps) {
                continue; // woken for another reason
            }
            // A thread that was held up leaves out what it missed.
            let picture = self.pace.picture_at(now, fps);
            must_be_key |= picture != next && session.is_some();
            next = picture + 1;
            let unit = usize::try_from(picture.rem_euclid(count)).expect("a remainder is below the count");
            if !self.wanted.load(Ordering::Acquire) || state.fault == Fault::Stall {
                must_be_key = true;
                continue;
            }
            let Some(session) = &session else {
                let begun = Session { picture, running: self.running_time() };
                self.push(&begun, picture, self.scene.key_at_or_before(unit), fps, false)?;
                must_be_key = !self.scene.is_key(unit);
                session = Some(begun);
                continue;
            };
            if self.source.current_level_buffers() >= QUEUE_LIMIT {
                must_be_key = true;
            } else if !must_be_key || self.scene.is_key(unit) || state.fault == Fault::Garbage {
                self.push(session, picture, unit, fps, state.fault == Fault::Garbage)?;
                // After noise only a key picture is of use.
                must_be_key = state.fault == Fault::Garbage;
            }
        }
    }

    fn running_time(&self) -> gst::ClockTime {
        self.source.current_running_time().unwrap_or(gst::ClockTime::ZERO)
    }

    fn push(
        &self,
        session: &Session,
        picture: i128,
        unit: usize,
        fps: u32,
        garbage: bool,
    ) -> Result<(), gst::FlowError> {
        let bytes = match self.scene.read_unit(unit) {
            Ok(bytes) if garbage => noise(bytes.len()),
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, "read an encoded picture of a simulated camera");
                return Err(gst::FlowError::Error);
            }
        };
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        let fields = buffer.get_mut().expect("a new buffer has one owner");
        let after = u64::try_from((picture - session.picture) * 1_000_000_000 / i128::from(fps)).unwrap_or(0);
        fields.set_pts(session.running + gst::ClockTime::from_nseconds(after));
        fields.set_duration(gst::ClockTime::from_nseconds(1_000_000_000 / u64::from(fps)));
        if !self.scene.is_key(unit) {
            fields.set_flags(gst::BufferFlags::DELTA_UNIT);
        }
        self.source.push_buffer(buffer).map(drop)
    }
}

/// Ties picture numbers to the running time of one media.
struct Session {
    picture: i128,
    running: gst::ClockTime,
}

/// Bytes that look like one coded slice from the outside and are noise within.
fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, 1, if fastrand::bool() { 0x65 } else { 0x41 }];
    bytes.extend(std::iter::repeat_with(|| fastrand::u8(1..)).take(length.max(64)));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_due_when_the_clock_says_so() {
        let pace = Pace { started: Instant::now(), lead_nanos: 10_020_000_000 };
        let shown = pace.picture_at(pace.started, 25);
        assert_eq!(shown, 250, "10.02 s into the scene at 25 fps");
        let next = pace.due(shown + 1, 25);
        assert_eq!(next - pace.started, Duration::from_millis(20));
        assert_eq!(pace.picture_at(next, 25), shown + 1);
        assert!(pace.due(shown, 25) <= pace.started, "what is shown already is not waited for");
    }

    #[test]
    fn a_scene_that_has_yet_to_begin_shows_its_end() {
        let pace = Pace { started: Instant::now(), lead_nanos: -1_000_000_000 };
        assert_eq!(pace.picture_at(pace.started, 25), -25);
        assert_eq!(pace.picture_at(pace.started, 25).rem_euclid(100), 75);
    }

    #[test]
    fn a_change_of_fault_ends_a_wait() {
        let control = Arc::new(FeedControl::default());
        let gone = AtomicBool::new(false);
        let other = Arc::clone(&control);
        let far = Instant::now() + Duration::from_secs(60);
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        // Changes it again and again: one of the changes falls into the wait, however late that begins.
        let setter = std::thread::spawn(move || {
            while !seen.load(Ordering::Acquire) {
                other.set_fault(Fault::Stall);
                std::thread::yield_now();
                other.set_fault(Fault::None);
                std::thread::yield_now();
            }
        });
        control.wait(far, &gone);
        over.store(true, Ordering::Release);
        setter.join().expect("the setter does not panic");
        assert!(Instant::now() < far);
    }
}
