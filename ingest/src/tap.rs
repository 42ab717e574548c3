//! Where pictures leave the decoders: counted, sampled, given their time, and put into the mailbox.
//!
//! Called from the threads that decode, GStreamer's own among them. A picture that is not due costs a comparison: it is dropped right behind the
//! decoder, before anything is converted. Lives as long as the camera; one stream after the other passes through it.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use gridwatch_domain::{CameraId, Frame, Polygon, Timestamp};
use gridwatch_runtime::{MailboxSender, Put, SharedClock};
use gstreamer as gst;
use gstreamer_video as gst_video;
use tokio::sync::mpsc;

use crate::{
    OfflineReason,
    change::Alike,
    metrics::CameraMetrics,
    planes::MappedNv12,
    playback::{
        FileFlaw,
        times::{Times, signed},
    },
    sampler::Sampler,
    still::Wishes,
    tally::{Judge, Tally},
    watched::SharedZones,
};

/// Encoded pictures whose arrival is remembered until they are decoded; more than any decoder holds back.
const ARRIVALS_LIMIT: usize = 64;

/// What a stream tells its camera.
#[derive(Debug)]
pub(crate) enum Note {
    /// Pictures have come, and are to be trusted.
    Live,
    /// The stream is at its end.
    End,
    /// The stream cannot go on.
    Failed(OfflineReason),
    /// Nobody takes pictures any more.
    ConsumerGone,
}

/// How pictures of a stream get their time, and what happens when the consumer is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Time of arrival; the newest wins.
    Live,
    /// `anchor` + time in the file, which plays in real time; the newest wins.
    FileRealtime { anchor: Timestamp },
    /// `anchor` + time in the file; waits for the consumer and loses nothing. Without an anchor the file is taken to have ended
    /// just now, so that nothing in it lies in the future.
    FileFast { anchor: Option<Timestamp> },
}

/// See the module's documentation.
pub(crate) struct Tap {
    camera: CameraId,
    /// `None` once the camera has ended: a stream that hangs in GStreamer must not keep the consumer waiting for its end.
    frames: Mutex<Option<Outlet>>,
    wishes: Arc<Wishes>,
    /// Where something must change to count.
    zones: SharedZones,
    clock: SharedClock,
    metrics: CameraMetrics,
    /// What GStreamer's streams show that is new; one after the other, as a picture for each request is a stream for each.
    alike: Mutex<Alike>,
    stopping: AtomicBool,
    /// Pictures decoded without damage, of all streams.
    good: AtomicU64,
    stream: Mutex<Stream>,
}

/// Where pictures go.
#[derive(Clone)]
pub(crate) enum Outlet {
    /// To somebody on another thread.
    Mailbox(MailboxSender<CameraId, Frame>),
    /// To whoever has had them decoded, on the same thread.
    Hand(Arc<Mutex<Vec<Frame>>>),
}

struct Stream {
    mode: Mode,
    notes: Option<mpsc::Sender<Note>>,
    sampler: Sampler,
    /// Of a file.
    times: Times,
    /// What is wrong with them, until somebody asks.
    flaws: Vec<FileFlaw>,
    judge: Judge,
    /// Presentation time of the encoded picture that arrived last; slices of one picture share it.
    arriving: Option<gst::ClockTime>,
    /// Presentation time and arrival of encoded pictures.
    arrivals: VecDeque<(gst::ClockTime, Timestamp)>,
    /// Pictures on their way from decoder to sink.
    due: VecDeque<Due>,
    seq: u64,
    last_at: Option<Timestamp>,
    /// Form of the last picture converted.
    form: Option<(gst::Caps, gst_video::VideoInfo)>,
}

struct Due {
    pts: Option<gst::ClockTime>,
    seq: u64,
    at: Timestamp,
}

impl Tap {
    pub(crate) fn new(
        camera: CameraId,
        frames: Outlet,
        wishes: Arc<Wishes>,
        zones: SharedZones,
        clock: SharedClock,
        metrics: CameraMetrics,
    ) -> Arc<Self> {
        let stream = Stream {
            mode: Mode::Live,
            notes: None,
            sampler: Sampler::new(1),
            times: Times::default(),
            flaws: Vec::new(),
            judge: Judge::new(false),
            arriving: None,
            arrivals: VecDeque::with_capacity(ARRIVALS_LIMIT),
            due: VecDeque::new(),
            seq: 0,
            last_at: None,
            form: None,
        };
        Arc::new(Self {
            camera,
            frames: Mutex::new(Some(frames)),
            wishes,
            zones,
            clock,
            metrics,
            alike: Mutex::default(),
            stopping: AtomicBool::new(false),
            good: AtomicU64::new(0),
            stream: Mutex::new(stream),
        })
    }

    /// A new stream begins; the one before has ended. `on_probation`: it was noise, so that a single picture of this one
    /// proves nothing.
    pub(crate) fn begin(&self, mode: Mode, sample_fps: u8, on_probation: bool, notes: mpsc::Sender<Note>) {
        let mut stream = self.lock();
        stream.mode = mode;
        stream.notes = Some(notes);
        stream.sampler = Sampler::new(sample_fps);
        (stream.times, stream.flaws) = (Times::default(), Vec::new());
        stream.arrivals.clear();
        stream.judge = Judge::new(on_probation);
        stream.arriving = None;
        self.stopping.store(false, Ordering::Release);
    }

    /// The stream is about to be taken down: nothing waits any longer.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// The stream has been taken down: what was on its way is lost.
    pub(crate) fn end(&self) {
        let mut stream = self.lock();
        self.metrics.dropped.inc_by(stream.due.len() as u64);
        stream.due.clear();
        stream.notes = None;
        stream.form = None;
    }

    /// Pictures decoded without damage so far, of all streams.
    pub(crate) fn good(&self) -> u64 {
        self.good.load(Ordering::Relaxed)
    }

    /// What arrived in this stream, and what came of it.
    pub(crate) fn tally(&self) -> Tally {
        self.lock().judge.tally()
    }

    /// Hands over what was wrong with the times of a file since somebody asked.
    pub(crate) fn take_flaws(&self, flaws: &mut Vec<FileFlaw>) {
        flaws.append(&mut self.lock().flaws);
    }

    /// How much shorter a file is than it says, for leaps that were taken out.
    pub(crate) fn taken_out(&self) -> Duration {
        self.lock().times.taken_out()
    }

    /// The time of the last picture that was due, of all streams.
    pub(crate) fn last_at(&self) -> Option<Timestamp> {
        self.lock().last_at
    }

    /// An encoded picture, or one of several slices of it, arrived.
    pub(crate) fn on_encoded(&self, pts: Option<gst::ClockTime>) {
        let now = self.clock.now();
        let mut stream = self.lock();
        let is_new = pts.is_none() || stream.arriving != pts;
        stream.arriving = pts;
        if is_new && let Some(noise) = stream.judge.arrived() {
            stream.tell(Note::Failed(OfflineReason::noise(noise)));
        }
        let Some(pts) = pts else { return };
        if stream.arrivals.len() == ARRIVALS_LIMIT {
            stream.arrivals.pop_front();
        }
        stream.arrivals.push_back((pts, now));
    }

    /// A picture was decoded; says whether it goes on to be converted. `time` is its time in the stream, `duration` that of
    /// the whole of it, if it has one.
    pub(crate) fn on_decoded(
        &self,
        pts: Option<gst::ClockTime>,
        time: Option<Duration>,
        damaged: bool,
        duration: impl FnOnce() -> Option<Duration>,
    ) -> bool {
        self.metrics.received.inc();
        let mut stream = self.lock();
        stream.seq += 1;
        let seq = stream.seq;
        if let Mode::FileFast { anchor: anchor @ None } = &mut stream.mode {
            *anchor = Some(self.clock.now().saturating_sub(duration().unwrap_or_default()));
        }
        let time = stream.mended(time);
        let at = stream.time_of(pts, time, &self.clock);
        if damaged {
            self.metrics.failed.inc();
            return false;
        }
        self.good.fetch_add(1, Ordering::Relaxed);
        if stream.judge.decoded_whole() {
            stream.tell(Note::Live);
        }
        if !stream.judge.is_trusted() {
            self.metrics.failed.inc();
            return false;
        }
        let since_1970 = || Duration::from_millis(u64::try_from(at.as_millisecond()).unwrap_or(0));
        if !stream.sampler.is_due(time.unwrap_or_else(since_1970)) {
            self.metrics.sampled_out.inc();
            return false;
        }
        stream.last_at = Some(at);
        stream.due.push_back(Due { pts, seq, at });
        true
    }

    /// An encoded picture is about to be decoded, off GStreamer's threads. What is left out for want of time is not told: it says
    /// nothing about the camera.
    pub(crate) fn on_taken_up(&self) {
        let mut stream = self.lock();
        if let Some(noise) = stream.judge.arrived() {
            stream.tell(Note::Failed(OfflineReason::noise(noise)));
        }
    }

    /// What came of pictures that were to be decoded; `unwanted` of the whole ones were only needed by others.
    pub(crate) fn on_outcome(&self, whole: u64, damaged: u64, unwanted: u64) {
        self.metrics.received.inc_by(whole + damaged);
        self.metrics.failed.inc_by(damaged);
        self.metrics.sampled_out.inc_by(unwanted);
        self.good.fetch_add(whole, Ordering::Relaxed);
        let mut stream = self.lock();
        for _ in 0..whole {
            if stream.judge.decoded_whole() {
                stream.tell(Note::Live);
            }
        }
    }

    /// There is no decoder for what arrives.
    pub(crate) fn on_undecodable(&self, reason: OfflineReason) {
        self.lock().tell(Note::Failed(reason));
    }

    /// Encoded pictures could not be decoded for want of those before them.
    pub(crate) fn on_left_out(&self, units: u64) {
        self.metrics.units_left_out.inc_by(units);
    }

    /// A picture in NV12, taken at `at`; none while the stream is not trusted, or where it cannot be used.
    pub(crate) fn frame(
        &self,
        buffer: gst::Buffer,
        form: &gst::Caps,
        seq: u64,
        at: Timestamp,
    ) -> Option<Frame> {
        let mut stream = self.lock();
        if !stream.judge.is_trusted() {
            self.metrics.failed.inc();
            return None;
        }
        let planes = stream.form_of(form).and_then(|info| Ok((MappedNv12::map(buffer, &info)?, info)));
        stream.last_at = Some(at);
        stream.seq = stream.seq.max(seq);
        drop(stream);
        match planes {
            Ok((planes, info)) => {
                let (width, height) = (info.width(), info.height());
                let (camera, planes) = (self.camera.clone(), Arc::new(planes));
                Some(Frame::new(camera, seq, at, (width, height), planes))
            }
            Err(problem) => {
                tracing::debug!(camera = %self.camera, problem, "a picture cannot be used");
                self.metrics.failed.inc();
                None
            }
        }
    }

    /// Hands a picture on; if it `waits`, only once the one before it has been taken.
    pub(crate) fn hand_on(&self, frame: Frame, waits: bool) {
        if self.deliver(frame, waits).is_err() {
            tracing::trace!("nobody takes pictures any more");
        }
    }

    /// Where something must change to count.
    pub(crate) fn zones(&self) -> Arc<[Polygon]> {
        self.zones.get()
    }

    /// The number of the newest picture so far.
    pub(crate) fn seq(&self) -> u64 {
        self.lock().seq
    }

    /// A picture was converted.
    pub(crate) fn on_converted(&self, sample: &gst::Sample) -> Result<gst::FlowSuccess, gst::FlowError> {
        let mut stream = self.lock();
        let Some(buffer) = sample.buffer_owned() else { return Ok(gst::FlowSuccess::Ok) };
        let Some(due) = stream.take_due(buffer.pts(), &self.metrics) else { return Ok(gst::FlowSuccess::Ok) };
        let form = sample.caps_owned().ok_or("its form is unknown");
        let planes = form
            .and_then(|form| stream.form_of(&form))
            .and_then(|info| Ok((MappedNv12::map(buffer, &info)?, info)));
        let waits = matches!(stream.mode, Mode::FileFast { .. });
        let (planes, info) = match planes {
            Ok(mapped) => mapped,
            Err(problem) => {
                tracing::debug!(camera = %self.camera, problem, "a picture cannot be used");
                self.metrics.failed.inc();
                return Ok(gst::FlowSuccess::Ok);
            }
        };
        drop(stream);
        let frame =
            Frame::new(self.camera.clone(), due.seq, due.at, (info.width(), info.height()), Arc::new(planes));
        let mut alike = self.alike.lock().unwrap_or_else(PoisonError::into_inner);
        let frame = alike.mark(frame, &self.zones());
        drop(alike); // may wait below
        self.deliver(frame, waits)
    }

    /// The camera has ended: no picture goes on from here any more.
    pub(crate) fn let_go(&self) {
        *self.frames.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn deliver(&self, frame: Frame, waits: bool) -> Result<gst::FlowSuccess, gst::FlowError> {
        self.wishes.grant(&frame);
        let key = self.camera.clone();
        let frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let frames = match frames {
            None => return Err(self.refused()),
            Some(Outlet::Mailbox(frames)) => frames,
            Some(Outlet::Hand(hand)) => {
                hand.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
                self.metrics.sent.inc();
                return Ok(gst::FlowSuccess::Ok);
            }
        };
        if waits {
            return match frames.put_waiting(key, frame, || self.stopping.load(Ordering::Acquire)) {
                Ok(()) => {
                    self.metrics.sent.inc();
                    Ok(gst::FlowSuccess::Ok)
                }
                Err(_) => Err(self.refused()),
            };
        }
        match frames.put(key, frame) {
            Put::Stored => self.metrics.sent.inc(),
            // The older one counted as sent when it was stored; this one takes its place.
            Put::Replaced(_) => self.metrics.dropped.inc(),
            Put::Closed(_) => return Err(self.refused()),
        }
        Ok(gst::FlowSuccess::Ok)
    }

    fn refused(&self) -> gst::FlowError {
        self.metrics.dropped.inc();
        if !self.stopping.load(Ordering::Acquire) {
            self.lock().tell(Note::ConsumerGone);
        }
        gst::FlowError::Flushing
    }

    fn lock(&self) -> MutexGuard<'_, Stream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// Times of a file, without its leaps and steps back. Decoded pictures come in the order in which they are shown.
    fn mended(&mut self, time: Option<Duration>) -> Option<Duration> {
        if self.mode == Mode::Live {
            return time;
        }
        Some(self.times.place(time.map(signed), None, true, &mut self.flaws))
    }

    /// Event time of a picture: when its encoded form arrived, or where it stands in its file.
    fn time_of(
        &mut self,
        pts: Option<gst::ClockTime>,
        time: Option<Duration>,
        clock: &SharedClock,
    ) -> Timestamp {
        let anchor = match self.mode {
            Mode::Live => {
                let found = self.arrivals.iter().position(|(arrived, _)| Some(*arrived) == pts);
                return match found {
                    Some(index) => {
                        self.arrivals.drain(..=index).next_back().map_or_else(|| clock.now(), |(_, at)| at)
                    }
                    None => clock.now(),
                };
            }
            Mode::FileRealtime { anchor } => anchor,
            Mode::FileFast { anchor } => anchor.unwrap_or_else(|| clock.now()),
        };
        // A file may lack times or step back; events may not.
        let at = anchor.saturating_add(time.unwrap_or(Duration::ZERO));
        match self.last_at {
            Some(last) if at <= last => last.saturating_add(Duration::from_millis(1)),
            _ => at,
        }
    }

    /// What was decided about a picture when it was decoded. Those before it vanished on the way.
    fn take_due(&mut self, pts: Option<gst::ClockTime>, metrics: &CameraMetrics) -> Option<Due> {
        let index = self.due.iter().position(|due| due.pts == pts)?;
        metrics.dropped.inc_by(index as u64);
        self.due.drain(..=index).next_back()
    }

    fn form_of(&mut self, caps: &gst::Caps) -> Result<gst_video::VideoInfo, &'static str> {
        if let Some((known, info)) = &self.form
            && known == caps
        {
            return Ok(info.clone());
        }
        let info = gst_video::VideoInfo::from_caps(caps).map_err(|_| "its form is unknown")?;
        self.form = Some((caps.clone(), info.clone()));
        Ok(info)
    }

    fn tell(&self, note: Note) {
        // Full or closed: the camera is ending this stream already.
        if let Some(notes) = &self.notes
            && notes.try_send(note).is_err()
        {
            tracing::trace!("a note came too late");
        }
    }
}
