//! A camera: connected, watched over, and connected again, until shutdown.
//!
//! Each camera is a task of its own. Whatever goes wrong with one — an error, a stall,
//! a panic — is shown in its state, and tried again after a while; no other camera notices.

mod control;
mod parts;
mod source;
mod telling;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use gridwatch_config::{CameraSettings, Pace, Secret, SourceSettings, Transport};
use gridwatch_runtime::{Outcome, SharedClock, Shutdown, Supervised, supervise};
use tokio::{
    sync::{mpsc, watch},
    task::spawn_blocking,
    time::Instant,
};

pub use self::{
    control::CameraControl,
    parts::{CameraParts, CameraTimeouts},
};
use self::{
    source::create,
    telling::{Failures, PanicWatch},
};
use crate::{
    AttentionReceiver, CameraState, DecodePool, GateState, OfflineReason,
    address::Address,
    choose::Choosing,
    gate::{GateSettings, Level, Reason},
    greeting,
    live::Live,
    login::Login,
    main_stream::{MainStream, MainStreamParts},
    metrics::CameraMetrics,
    receive::{self, Failure, ReceiveOptions},
    reel::Reel,
    still::Shown,
    stream::Stream,
    tally::{Lately, Tally},
    tap::{Mode, Note, Outlet, Tap},
};

/// Notes that may wait for the camera's task; the first bad one ends the stream, so more are of no use.
const NOTES_LIMIT: usize = 16;

/// Longest time for a stream to be taken down; a healthy one takes a fraction of a second.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// One camera, ready to [`run`](Self::run).
pub struct Camera {
    settings: CameraSettings,
    clock: SharedClock,
    timeouts: CameraTimeouts,
    pool: DecodePool,
    /// The encoded pictures of the stream that is analysed.
    reel: Arc<Reel>,
    /// The large stream beside it, if there is one.
    main: Option<MainStream>,
    /// Why that does not come.
    main_problem: watch::Sender<Option<OfflineReason>>,
    attention: AttentionReceiver,
    shutdown: Shutdown,
    metrics: CameraMetrics,
    tap: Arc<Tap>,
    states: watch::Sender<CameraState>,
    gates: watch::Sender<Option<GateState>>,
    /// Failures since pictures last came.
    failures: Mutex<Failures>,
    login: Login,
    ways: Mutex<Ways>,
    _shown: Shown,
    control: CameraControl,
}

/// How the stream is received, as far as that has been learnt.
#[derive(Debug, Clone, Copy, Default)]
struct Ways {
    /// By GStreamer, since retina does not understand the camera.
    by_gstreamer: bool,
    /// In datagrams, since the camera sends nothing else.
    udp: bool,
}

/// How one stream ended.
enum End {
    Shutdown,
    ConsumerGone,
    Played,
    Failed(OfflineReason),
    /// The same, told already while its stream would not end.
    FailedAndTold(OfflineReason),
}

impl Camera {
    /// A camera and what it will say about its state.
    pub fn new(settings: CameraSettings, parts: CameraParts) -> (Self, watch::Receiver<CameraState>) {
        let CameraParts { frames, clock, metrics, timeouts, pool, reels, stills, attention, shutdown } =
            parts;
        let metrics = metrics.camera(&settings.id);
        let login = Login::new(timeouts.refused, timeouts.connect);
        let main_problem = watch::Sender::default();
        if settings.main.is_none() {
            reels.close_small(&settings.id);
        }
        let (reel, main) = match settings.main.as_ref().filter(|_| settings.keeps_stream()) {
            // What is large is what people want to see; what is analysed is kept to look back, and for while the large one does not come.
            Some(main) => {
                let parts = MainStreamParts {
                    camera: settings.id.clone(),
                    reel: reels.open(&settings.id),
                    clock: Arc::clone(&clock),
                    timeouts: timeouts.clone(),
                    login: login.of_another_stream(),
                    shutdown: shutdown.clone(),
                    metrics: metrics.clone(),
                    problem: main_problem.clone(),
                };
                (reels.open_small(&settings.id), MainStream::new(main, parts))
            }
            // Whoever wants to follow it may do so from the start.
            None if settings.main.is_none() && settings.keeps_stream() => (reels.open(&settings.id), None),
            None => (reels.apart(), None),
        };
        let control = CameraControl::new(&settings);
        let wishes = stills.wishes();
        let zones = control.zones.clone();
        let tap = Tap::new(
            settings.id.clone(),
            Outlet::Mailbox(frames),
            wishes,
            zones,
            Arc::clone(&clock),
            metrics.clone(),
        );
        let (states, seen) = watch::channel(CameraState::Connecting);
        let failures = Mutex::default();
        let ways = Mutex::default();
        let settings_id = settings.id.clone();
        (
            Self {
                control,
                settings,
                clock,
                timeouts,
                pool,
                reel,
                main,
                main_problem,
                attention,
                shutdown,
                metrics,
                tap,
                states,
                gates: watch::Sender::new(None),
                failures,
                login,
                ways,
                _shown: stills.show(&settings_id),
            },
            seen,
        )
    }

    /// What may be changed of it while it runs.
    pub fn control(&self) -> CameraControl {
        self.control.clone()
    }

    /// Why its full-size stream does not come, where another one is analysed; none while it does, or where there is but one.
    pub fn main_problem(&self) -> watch::Receiver<Option<OfflineReason>> {
        self.main_problem.subscribe()
    }

    /// How much of its stream is decoded at present; none where that is not decided picture by picture. Changes are told.
    pub fn gate(&self) -> watch::Receiver<Option<GateState>> {
        self.gates.subscribe()
    }

    /// Delivers pictures until shutdown, until a file has been played, or until nobody takes them any more.
    /// Returns the last state. Pictures' mailbox end is dropped with the camera.
    pub async fn run(self) -> CameraState {
        let task = Supervised {
            name: format!("camera {}", self.settings.id),
            backoff: self.timeouts.backoff,
            shutdown: self.shutdown.clone(),
        };
        let main = async {
            if let Some(main) = &self.main {
                main.run().await;
            }
            std::future::pending().await
        };
        tokio::select! {
            () = supervise(task, || self.run_once()) => {}
            () = main => {}
        }
        self.tap.let_go();
        self.states.borrow().clone()
    }

    /// One stream from its start to its end.
    async fn run_once(&self) -> Outcome<OfflineReason> {
        let mut watch = PanicWatch { camera: self, armed: true };
        let mut live_since = None;
        let (end, showed) = loop {
            let good_before = self.tap.good();
            let end = self.play(&mut live_since).await;
            let shown = self.tap.good() - good_before;
            let goes_on = matches!(end, End::Played) && shown > 0 && self.repeats(shown);
            if !goes_on || (self.is_http() && self.pause(self.sample_interval()).await.is_err()) {
                break (end, shown > 0);
            }
        };
        watch.armed = false;
        let told = matches!(end, End::FailedAndTold(_));
        let reason = match end {
            End::Shutdown | End::ConsumerGone => return Outcome::Done,
            End::Played if matches!(self.settings.source, SourceSettings::File { .. }) => {
                if showed {
                    self.publish(CameraState::Ended);
                    return Outcome::Done;
                }
                OfflineReason::Garbage { detail: "no picture in the whole file".into() }
            }
            End::Played => OfflineReason::Ended,
            End::Failed(ref reason) | End::FailedAndTold(ref reason) => reason.clone(),
        };
        let healthy = live_since.is_some_and(|since: Instant| since.elapsed() >= self.timeouts.healthy_after);
        let hopeless = self.is_hopeless(&reason);
        if hopeless {
            tracing::error!(camera = %self.settings.id, %reason, "given up");
        }
        if !told {
            self.fail(reason.clone());
        }
        if hopeless {
            return Outcome::Done;
        }
        if matches!(reason, OfflineReason::Unauthorized { .. }) {
            let rest = self.login.refused();
            tracing::warn!(camera = %self.settings.id, ?rest, "its login was refused, and is not tried again before that");
        } else {
            self.login.ended();
        }
        Outcome::Failed { error: reason, healthy }
    }

    /// Plays the source once; `live_since` is set at its first picture.
    async fn play(&self, live_since: &mut Option<Instant>) -> End {
        tokio::select! {
            () = self.shutdown.cancelled() => return End::Shutdown,
            () = self.login.turn() => {}
        }
        let (notes_tx, notes_rx) = mpsc::channel(NOTES_LIMIT);
        let on_probation = self.failures().garbage;
        self.tap.begin(self.mode(), self.settings.sample_fps, on_probation, notes_tx.clone());
        self.metrics.streams.inc();
        let ways = *self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(end) = self.greet().await {
            return end;
        }
        let mut by_datagrams = false;
        if let SourceSettings::Rtsp { url, transport } = &self.settings.source {
            by_datagrams = ways.udp || *transport == Transport::Udp;
            match Address::parse(url.reveal()) {
                Err(reason) => return End::Failed(reason),
                Ok(address) if !ways.by_gstreamer && address.is_plain() => {
                    return self.play_live(&address, by_datagrams, notes_rx, live_since).await;
                }
                Ok(_) => {}
            }
        }
        let state = GateState { level: Level::All, reason: Reason::ByGstreamer, since: self.clock.now() };
        // A picture for each request is a stream for each request, and the same all along.
        let is_news = self.gates.send_if_modified(|known| {
            let is_news = known.is_none_or(|known| known.reason != state.reason);
            if is_news {
                *known = Some(state);
            }
            is_news
        });
        if is_news {
            self.metrics.level((state.level, state.reason));
        }
        let (source, tls, tap) =
            (self.settings.source.clone(), self.settings.tls.clone(), Arc::clone(&self.tap));
        let connect_timeout = self.timeouts.connect;
        let start = move || {
            let stream = create(&source, &tls, by_datagrams, connect_timeout, &tap, &notes_tx)?;
            stream.start()?;
            Ok(stream)
        };
        let stream = match self.started(start).await {
            Ok(stream) => stream,
            Err(end) => return end,
        };
        let end = self.watch_over(notes_rx, live_since, false).await;
        if !matches!(end, End::Played) {
            self.gates.send_replace(None);
        }
        // Whatever made retina fail may have been a mood of the camera's.
        self.ways.lock().unwrap_or_else(PoisonError::into_inner).by_gstreamer = false;
        self.take_down(stream, end).await
    }

    /// Receives the stream with retina; what that does not understand is left to GStreamer the next time.
    async fn play_live(
        &self,
        address: &Address,
        udp: bool,
        notes: mpsc::Receiver<Note>,
        live_since: &mut Option<Instant>,
    ) -> End {
        let options = ReceiveOptions {
            transport: if udp { receive::Transport::Udp } else { receive::Transport::Tcp },
            connect: self.timeouts.connect,
            no_frame: self.timeouts.no_frame,
        };
        let choosing = Choosing {
            camera: self.settings.id.clone(),
            metrics: self.metrics.clone(),
            reel: Arc::clone(&self.reel),
            gate: GateSettings {
                mode: self.settings.decode,
                sample_fps: self.settings.sample_fps,
                rest: self.control.rest.get(),
            },
            rest: self.control.rest.clone(),
            gates: self.gates.clone(),
        };
        let live = Live {
            pool: self.pool.clone(),
            tap: Arc::clone(&self.tap),
            attention: self.attention.clone(),
            choosing,
        };
        let end = tokio::select! {
            received = live.run(address, &options, &self.clock) => match received {
                Ok(()) => End::Played,
                Err(failure) => {
                    self.learn(&failure, live_since.is_some());
                    End::Failed(failure.reason)
                }
            },
            end = self.watch_over(notes, live_since, true) => end,
        };
        self.tap.stop();
        self.tap.end();
        self.gates.send_replace(None);
        end
    }

    /// Takes another way the next time where this one leads to nothing. `was_live`: it has led to pictures.
    fn learn(&self, failure: &Failure, was_live: bool) {
        let may_choose =
            matches!(self.settings.source, SourceSettings::Rtsp { transport: Transport::Auto, .. });
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        // Datagrams are what is left where the connection itself is refused; a firewall may swallow them.
        let gives_up_udp = ways.udp && !was_live && matches!(failure.reason, OfflineReason::Timeout { .. });
        if may_choose && (failure.wants_other_transport || gives_up_udp) {
            ways.udp = !ways.udp;
        } else if failure.is_ours {
            tracing::warn!(camera = %self.settings.id, reason = %failure.reason, "its answers are not understood: GStreamer receives it the next time; then all of it is decoded, and nothing of it kept: no clips, no recordings, no live picture but stills");
            ways.by_gstreamer = true;
        }
    }

    /// Whether the camera answers at all, before GStreamer hangs on its lips, or retina fills its memory with an endless answer.
    async fn greet(&self) -> Result<(), End> {
        let parsed = |url: &Secret| Address::parse(url.reveal()).map_err(End::Failed);
        let is_live = matches!(*self.states.borrow(), CameraState::Live { .. });
        let greeted = match &self.settings.source {
            SourceSettings::Rtsp { url, .. } => {
                let address = parsed(url)?;
                tokio::select! {
                    () = self.shutdown.cancelled() => return Err(End::Shutdown),
                    greeted = greeting::exchange(&address, self.timeouts.connect) => greeted,
                }
            }
            // Not for each picture anew.
            SourceSettings::Http { url } if !is_live => {
                let address = parsed(url)?;
                tokio::select! {
                    () = self.shutdown.cancelled() => return Err(End::Shutdown),
                    reached = greeting::reach(&address, self.timeouts.connect) => reached,
                }
            }
            _ => Ok(()),
        };
        greeted.map_err(End::Failed)
    }

    /// What `start` gives, or why there is nothing to play. A mount or a device that is gone may hold it up for ever: its thread is left
    /// behind then.
    async fn started<T: Send + 'static>(
        &self,
        start: impl FnOnce() -> Result<T, OfflineReason> + Send + 'static,
    ) -> Result<T, End> {
        let patience = self.timeouts.connect + self.timeouts.no_frame;
        let mut starting = spawn_blocking(start);
        let told = tokio::select! {
            () = self.shutdown.cancelled() => return Err(End::Shutdown),
            started = tokio::time::timeout(patience, &mut starting) => started,
        };
        match told {
            Ok(Ok(started)) => started.map_err(End::Failed),
            Ok(Err(_)) if self.shutdown.is_cancelled() => Err(End::Shutdown),
            Ok(Err(_)) => Err(End::Failed(OfflineReason::Panicked)),
            Err(_) => {
                let camera = &self.settings.id;
                tracing::warn!(%camera, "its source hangs; it is tried again when that has ended");
                let reason = OfflineReason::Timeout { seconds: patience.as_secs() };
                self.fail(reason.clone());
                tokio::select! {
                    () = self.shutdown.cancelled() => Err(End::Shutdown),
                    _ = starting => Err(End::FailedAndTold(reason)),
                }
            }
        }
    }

    /// Takes a stream down. One that hangs, as GStreamer's do on a camera that dribbles, is told of at once, and no other is
    /// begun before it has ended: threads would pile up. At shutdown it is left behind.
    async fn take_down(&self, stream: Stream, end: End) -> End {
        // Joins GStreamer's threads, so not here.
        let mut stopping = spawn_blocking(move || stream.stop());
        let stopped = match tokio::time::timeout(STOP_PATIENCE, &mut stopping).await {
            Ok(stopped) => stopped,
            Err(_) => {
                let camera = &self.settings.id;
                tracing::warn!(%camera, "its stream hangs; it is tried again when that has ended");
                let end = match end {
                    End::Failed(reason) => {
                        self.fail(reason.clone());
                        End::FailedAndTold(reason)
                    }
                    other => other,
                };
                return tokio::select! {
                    () = self.shutdown.cancelled() => End::Shutdown,
                    _ = stopping => end,
                };
            }
        };
        if stopped.is_err() {
            tracing::warn!(camera = %self.settings.id, "the stream could not be taken down in order");
        }
        end
    }

    /// Waits for the end of a stream that has been started. `is_received_here`: whether anything arrives is watched elsewhere, where it
    /// arrives; of GStreamer's streams nobody else does.
    async fn watch_over(
        &self,
        mut notes: mpsc::Receiver<Note>,
        live_since: &mut Option<Instant>,
        is_received_here: bool,
    ) -> End {
        let is_file = matches!(self.settings.source, SourceSettings::File { .. });
        let mut lately = Lately::new(self.tap.tally());
        let mut deadline = Instant::now() + self.timeouts.no_frame;
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return End::Shutdown,
                note = notes.recv() => match note {
                    Some(Note::Live) => {
                        live_since.get_or_insert_with(Instant::now);
                        self.live();
                    }
                    Some(Note::End) => return End::Played,
                    Some(Note::Failed(reason)) => return End::Failed(reason),
                    // All senders gone: the pipeline has vanished.
                    Some(Note::ConsumerGone) | None => return End::ConsumerGone,
                },
                () = tokio::time::sleep_until(deadline) => {
                    let came = lately.until(self.tap.tally());
                    self.pool.replace_hung();
                    // A file waits for its consumer or its clock, however long that takes.
                    let may_wait = if is_file { live_since.is_some() } else { is_received_here && !came.is_mute() };
                    if came.whole == 0 && !may_wait {
                        return End::Failed(self.silence(came));
                    }
                    if came.is_noise() {
                        return End::Failed(OfflineReason::noise(came));
                    }
                    deadline = Instant::now() + self.timeouts.no_frame;
                }
            }
        }
    }

    /// Why no picture came of what came.
    fn silence(&self, came: Tally) -> OfflineReason {
        if came.arrived > 0 {
            OfflineReason::Garbage { detail: "data arrived, but no picture came of it".into() }
        } else {
            OfflineReason::Timeout { seconds: self.timeouts.no_frame.as_secs().max(1) }
        }
    }

    fn mode(&self) -> Mode {
        let now = self.clock.now();
        // A file that repeats goes on where it ended.
        let after_last = self.tap.last_at().map(|last| last.saturating_add(self.sample_interval()));
        match self.settings.source {
            SourceSettings::Rtsp { .. } | SourceSettings::Http { .. } | SourceSettings::Device { .. } => {
                Mode::Live
            }
            SourceSettings::File { pace: Pace::Realtime, .. } => {
                Mode::FileRealtime { anchor: after_last.map_or(now, |after| after.max(now)) }
            }
            SourceSettings::File { pace: Pace::Fast, .. } => Mode::FileFast { anchor: after_last },
        }
    }

    fn sample_interval(&self) -> Duration {
        Duration::from_secs(1) / u32::from(self.settings.sample_fps.max(1))
    }

    /// Whether what has ended well goes on from its beginning. `shown`: pictures that it had.
    fn repeats(&self, shown: u64) -> bool {
        match self.settings.source {
            SourceSettings::File { repeat, .. } => repeat,
            // One picture for each request.
            SourceSettings::Http { .. } => shown == 1,
            SourceSettings::Rtsp { .. } | SourceSettings::Device { .. } => false,
        }
    }

    fn is_http(&self) -> bool {
        matches!(self.settings.source, SourceSettings::Http { .. })
    }

    /// Waits, unless it is shutdown.
    #[expect(
        clippy::disallowed_methods,
        reason = "what a camera is spared until it is asked again, cut short by shutdown"
    )]
    async fn pause(&self, wait: Duration) -> Result<(), ()> {
        tokio::select! {
            () = self.shutdown.cancelled() => Err(()),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}
