//! Cameras that fail beside one that does not.

use std::time::Duration;

use gridwatch_config::{CameraSettings, Secret, SourceSettings, Transport};
use gridwatch_domain::Frame;
use gridwatch_ingest::{CameraState, CameraTimeouts, OfflineReason};
use gridwatch_runtime::{BackoffRange, Clock as _, SystemClock};

use crate::{
    camera::FaultyCamera,
    footage,
    tester::{IngestTester, card_number, rtsp},
};

/// Frames after which a test is over.
const FRAMES_LIMIT: u32 = 300;

/// Waits short enough to see failures soon, and long enough for a machine that is busy.
pub(crate) fn timeouts() -> CameraTimeouts {
    CameraTimeouts {
        connect: Duration::from_secs(4),
        no_frame: Duration::from_secs(3),
        backoff: BackoffRange { first: Duration::from_millis(50), longest: Duration::from_millis(200) },
        refused: Duration::from_millis(300),
        healthy_after: Duration::from_secs(60),
    }
}

pub(crate) fn over(transport: Transport, name: &str, url: &str) -> CameraSettings {
    CameraSettings { source: SourceSettings::Rtsp { url: Secret::new(url), transport }, ..rtsp(name, url) }
}

/// A tester that watches a good neighbour all the time.
pub(crate) struct Street {
    pub(crate) tester: IngestTester,
    neighbour: FaultyCamera,
    live: CameraState,
}

impl Street {
    pub(crate) async fn start() -> Self {
        Self::start_with(timeouts()).await
    }

    pub(crate) async fn start_with(timeouts: CameraTimeouts) -> Self {
        let mut tester = IngestTester::start_with(SystemClock::shared(), timeouts);
        let neighbour = FaultyCamera::start(footage::usual()).await;
        tester.watch(rtsp("neighbour", &neighbour.url()));
        tester.expect_live("neighbour").await;
        let live = tester.state("neighbour");
        Self { tester, neighbour, live }
    }

    /// Watches a camera, and waits until it is live.
    pub(crate) async fn sees(&mut self, name: &str, url: &str) {
        self.tester.watch(rtsp(name, url));
        self.tester.expect_live(name).await;
    }

    pub(crate) async fn expect_offline(&mut self, name: &str, code: &str) -> OfflineReason {
        match self.tester.expect_offline(name, code).await {
            CameraState::Offline { reason, .. } => reason,
            other => panic!("it is {other}"),
        }
    }

    /// Waits for a frame that was taken from now on.
    pub(crate) async fn fresh_frame(&mut self, name: &str) -> Frame {
        let now = SystemClock.now();
        let mut frame = self.tester.next_frame_of(name).await;
        for _ in 0..FRAMES_LIMIT {
            if frame.at >= now {
                return frame;
            }
            frame = self.tester.next_frame_of(name).await;
        }
        panic!("no frame of {name} was taken after {now}; the last is {frame:?}");
    }

    /// Waits until it is live again, and pictures of it come.
    pub(crate) async fn heals(&mut self, name: &str) -> Frame {
        self.tester.expect_live(name).await;
        self.fresh_frame(name).await
    }

    /// The next so many numbers on frames of a camera, all of them whole pictures; those that come twice in a row count once.
    pub(crate) async fn numbers(&self, name: &str, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        for _ in 0..4 * count {
            numbers.push(card_number(&self.tester.next_frame_of(name).await));
            numbers.dedup();
            if numbers.len() == count {
                return numbers;
            }
        }
        panic!("only {numbers:?}");
    }

    /// The neighbour has been live all along, and still is.
    pub(crate) async fn finish(mut self) {
        assert_eq!(self.tester.state("neighbour"), self.live, "the neighbour was disturbed");
        assert_eq!(self.neighbour.heard("DESCRIBE").len(), 1, "the neighbour was connected again");
        self.fresh_frame("neighbour").await;
        self.tester.finish().await;
    }
}
