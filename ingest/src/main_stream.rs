//! The large stream of a camera whose small one is analysed: received and kept for a while, for clips, recordings and the live picture;
//! never decoded.
//!
//! It fails and is tried again by itself: what is analysed does not depend on it, nor it on what is analysed.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use gridwatch_config::{Secret, SourceSettings, Transport};
use gridwatch_domain::CameraId;
use gridwatch_runtime::{Outcome, SharedClock, Shutdown, Supervised, supervise};
use tokio::{sync::watch, time::Instant};

use crate::{
    CameraTimeouts, OfflineReason,
    address::Address,
    greeting,
    login::Login,
    metrics::CameraMetrics,
    receive::{self, Failure, ReceiveOptions},
    reel::Reel,
};

/// What it works with.
pub(crate) struct MainStreamParts {
    pub(crate) camera: CameraId,
    pub(crate) reel: Arc<Reel>,
    pub(crate) clock: SharedClock,
    pub(crate) timeouts: CameraTimeouts,
    pub(crate) login: Login,
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: CameraMetrics,
    /// Why it does not come.
    pub(crate) problem: watch::Sender<Option<OfflineReason>>,
}

/// The stream, ready to be received.
pub(crate) struct MainStream {
    url: Secret,
    transport: Transport,
    /// The camera sends it in datagrams, as it has turned out.
    by_datagrams: AtomicBool,
    parts: MainStreamParts,
}

impl MainStream {
    /// `None` for sources whose pictures are not kept as they are.
    pub(crate) fn new(source: &SourceSettings, parts: MainStreamParts) -> Option<Self> {
        let SourceSettings::Rtsp { url, transport } = source.clone() else { return None };
        let by_datagrams = AtomicBool::new(transport == Transport::Udp);
        Some(Self { url, transport, by_datagrams, parts })
    }

    /// Receives until shutdown.
    pub(crate) async fn run(&self) {
        self.parts.metrics.main_stream(false);
        let task = Supervised {
            name: format!("main stream of camera {}", self.parts.camera),
            backoff: self.parts.timeouts.backoff,
            shutdown: self.parts.shutdown.clone(),
        };
        supervise(task, || self.run_once()).await;
    }

    async fn run_once(&self) -> Outcome<OfflineReason> {
        let began = Instant::now();
        let error = match self.receive().await {
            None => return Outcome::Done,
            Some(reason) => reason,
        };
        self.tell(Some(error.clone()));
        if matches!(error, OfflineReason::Unauthorized { .. }) {
            let rest = self.parts.login.refused();
            tracing::warn!(camera = %self.parts.camera, ?rest, "the login was refused for its main stream, and is not tried again before that");
        } else {
            self.parts.login.ended();
        }
        Outcome::Failed { error, healthy: began.elapsed() >= self.parts.timeouts.healthy_after }
    }

    /// Why it ended; `None` at shutdown.
    async fn receive(&self) -> Option<OfflineReason> {
        let address = match Address::parse(self.url.reveal()) {
            Ok(address) if address.is_plain() => address,
            Ok(_) => {
                return Some(OfflineReason::Setup {
                    detail: "rtsps:// has no clips; expected rtsp://".to_owned(),
                });
            }
            Err(reason) => return Some(reason),
        };
        let by_datagrams = self.by_datagrams.load(Ordering::Relaxed);
        let options = ReceiveOptions {
            transport: if by_datagrams { receive::Transport::Udp } else { receive::Transport::Tcp },
            connect: self.parts.timeouts.connect,
            no_frame: self.parts.timeouts.no_frame.max(Duration::from_secs(1)),
        };
        tokio::select! {
            () = self.parts.shutdown.cancelled() => return None,
            () = self.parts.login.turn() => {}
        }
        let greeted = tokio::select! {
            () = self.parts.shutdown.cancelled() => return None,
            greeted = greeting::exchange(&address, self.parts.timeouts.connect) => greeted,
        };
        if let Err(reason) = greeted {
            return Some(reason);
        }
        let first = self.parts.reel.begin_stream();
        let mut arrives = false;
        let receiving = receive::receive(&address, &options, &self.parts.clock, |mut unit| {
            unit.seq += first;
            self.parts.reel.push(unit);
            if !std::mem::replace(&mut arrives, true) {
                self.parts.login.accepted();
                self.parts.metrics.main_stream(true);
                self.tell(None);
            }
            ControlFlow::Continue(())
        });
        let ended = tokio::select! {
            () = self.parts.shutdown.cancelled() => return None,
            ended = receiving => ended,
        };
        self.parts.metrics.main_stream(false);
        Some(match ended {
            Ok(()) => OfflineReason::Ended,
            Err(failure) => self.learn(failure),
        })
    }

    /// Every try fails for the same reason, mostly: it is told once.
    fn tell(&self, problem: Option<OfflineReason>) {
        let camera = &self.parts.camera;
        let is_news = self.parts.problem.send_if_modified(|known| {
            let is_news = *known != problem;
            known.clone_from(&problem);
            is_news
        });
        match problem {
            Some(reason) if is_news => {
                tracing::warn!(%camera, %reason, "its full-size stream does not come: clips and the live picture are of the small one meanwhile, and there are no recordings");
            }
            None if is_news => tracing::info!(%camera, "its full-size stream comes"),
            _ => {}
        }
    }

    fn learn(&self, failure: Failure) -> OfflineReason {
        if failure.wants_other_transport && self.transport == Transport::Auto {
            self.by_datagrams.fetch_xor(true, Ordering::Relaxed);
        }
        failure.reason
    }
}
