//! Hundreds of simulated cameras at the cost of a few: encoded pictures are put into packets once, kept in memory, and sent to
//! each client at its time.
//!
//! RTSP with RTP in the same TCP connection, and nothing else: what load tests need. For what cameras do wrong, for
//! passwords and for UDP there is [`rtsp`](crate::rtsp). Cameras that show the same scene are shifted against each other, so
//! that neither their events nor their key pictures come all at once.
//! Knows nothing of who watches.

mod connection;
mod packets;
mod talk;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use gridwatch_domain::Timestamp;
use gridwatch_runtime::{Clock as _, Shutdown, SystemClock};
use tokio::{net::TcpListener, time::Instant};

use self::packets::Picture;
use crate::{Timeline, cache::EncodedScene};

/// What can go wrong while a fleet is started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FleetError {
    /// The address is taken, or not one of this machine.
    #[error("listen for RTSP on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Threads or sockets cannot be had.
    #[error("start the fleet's threads")]
    Start(#[source] io::Error),
    /// An encoded scene cannot be read.
    #[error("read an encoded scene")]
    Read(#[source] io::Error),
    /// Two cameras of one name, or a name that cannot be part of an address.
    #[error("camera {0:?}: use 1 to 64 of a-z, A-Z, 0-9, '-', '_', each name once")]
    Name(String),
}

/// An encoded scene in packets, in memory. Shared by all cameras that show it.
pub struct Reel {
    pictures: Vec<Picture>,
    timeline: Timeline,
    description: String,
}

impl Reel {
    /// Reads the whole scene. `timeline` is in which order its pictures are shown.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(scene: &EncodedScene, timeline: Timeline) -> Result<Arc<Self>, FleetError> {
        let codec = scene.codec();
        let first = scene.read_unit(0).map_err(FleetError::Read)?;
        let description = talk::description(&first, codec);
        let picture = |unit| Ok(Picture::new(&scene.read_unit(unit)?, codec, scene.is_key(unit)));
        let pictures =
            (0..scene.unit_count()).map(picture).collect::<io::Result<_>>().map_err(FleetError::Read)?;
        Ok(Arc::new(Self { pictures, timeline, description }))
    }

    /// Bits a second of what is sent, headers included.
    pub fn bits_per_second(&self) -> f64 {
        let bytes: usize = self.pictures.iter().map(Picture::len).sum();
        bytes as f64 * 8.0 * f64::from(self.timeline.fps()) / self.pictures.len() as f64
    }

    /// Packets a second.
    pub fn packets_per_second(&self) -> f64 {
        let packets: usize = self.pictures.iter().map(Picture::packets).sum();
        packets as f64 * f64::from(self.timeline.fps()) / self.pictures.len() as f64
    }
}

/// One camera of a fleet.
pub struct FleetCamera {
    /// Served as `rtsp://<address>/<name>`.
    pub name: String,
    /// What it shows.
    pub reel: Arc<Reel>,
    /// How far into the loop it is at the fleet's anchor.
    pub phase: Duration,
}

/// Shifts of `count` cameras that show the same loop of `length`: the first by `first`, the others so that any number of them is
/// spread evenly, over the loop as over a group of pictures (multiples of the golden ratio).
pub fn phases(count: usize, length: Duration, first: Duration) -> Vec<Duration> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let length_s = length.as_secs_f64();
    let phase = |index: usize| (first.as_secs_f64() + (index as f64 * GOLDEN).fract() * length_s) % length_s;
    (0..count).map(|index| Duration::from_secs_f64(phase(index))).collect()
}

/// What has been sent since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FleetCounts {
    /// Pictures that the network has taken.
    pub sent: u64,
    /// Of these, pictures that it took more than 0.2 s after they were due.
    pub late: u64,
    /// Pictures that were left out for clients that were more than 1 s behind.
    pub left_out: u64,
}

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    late: AtomicU64,
    left_out: AtomicU64,
}

/// A camera and its clock.
struct Camera {
    reel: Arc<Reel>,
    timeline: Timeline,
    started: Instant,
    /// How far into the loop it was at `started`.
    lead_nanos: i128,
}

impl Camera {
    /// Number of the picture shown at a time.
    fn picture_at(&self, now: Instant) -> i128 {
        let since = now.saturating_duration_since(self.started).as_nanos() as i128;
        ((self.lead_nanos + since) * i128::from(self.timeline.fps())).div_euclid(1_000_000_000)
    }

    /// When a picture is due; at the start where that has been before.
    fn due(&self, picture: i128) -> Instant {
        let shown = -(-picture * 1_000_000_000).div_euclid(i128::from(self.timeline.fps()));
        self.started + Duration::from_nanos(u64::try_from(shown - self.lead_nanos).unwrap_or(0))
    }

    fn picture(&self, picture: i128) -> &Picture {
        &self.reel.pictures[self.timeline.unit(picture)]
    }

    /// The first key picture from `picture` on; there is one in every loop.
    fn next_key(&self, picture: i128) -> i128 {
        let loops = i128::from(self.timeline.pictures());
        (picture..picture + loops).find(|next| self.picture(*next).is_key).unwrap_or(picture)
    }
}

struct Shared {
    cameras: BTreeMap<String, Arc<Camera>>,
    counts: Counts,
}

/// A fleet, served until dropped.
pub struct Fleet {
    address: SocketAddr,
    shared: Arc<Shared>,
    shutdown: Shutdown,
    thread: Option<JoinHandle<()>>,
}

impl Fleet {
    /// Serves cameras on `bind` (port 0 takes a free one); at `anchor` each is at its phase.
    ///
    /// # Errors
    /// When the address is taken, a name is unfit or doubled, or the system has no thread to give.
    pub fn start(bind: SocketAddr, anchor: Timestamp, cameras: Vec<FleetCamera>) -> Result<Self, FleetError> {
        let started = Instant::now();
        let since_anchor =
            i128::from(SystemClock.now().as_millisecond() - anchor.as_millisecond()) * 1_000_000;
        let mut named = BTreeMap::new();
        for FleetCamera { name, reel, phase } in cameras {
            let fits = (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
            if !fits || named.contains_key(&name) {
                return Err(FleetError::Name(name));
            }
            let lead_nanos = since_anchor + phase.as_nanos() as i128;
            let timeline = reel.timeline.clone();
            named.insert(name, Arc::new(Camera { reel, timeline, started, lead_nanos }));
        }
        let shared = Arc::new(Shared { cameras: named, counts: Counts::default() });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("sim-fleet")
            .enable_all()
            .build()
            .map_err(FleetError::Start)?;
        let bound = std::net::TcpListener::bind(bind);
        let listener = bound.map_err(|source| FleetError::Bind { address: bind, source })?;
        listener.set_nonblocking(true).map_err(FleetError::Start)?;
        let address = listener.local_addr().map_err(FleetError::Start)?;
        let shutdown = Shutdown::new();
        let (until, fleet) = (shutdown.clone(), Arc::clone(&shared));
        let body = move || {
            runtime.block_on(async {
                let listener = match TcpListener::from_std(listener) {
                    Ok(listener) => listener,
                    Err(error) => return tracing::error!(%error, "the fleet cannot listen"),
                };
                tokio::select! {
                    () = accept(&listener, &fleet) => {}
                    () = until.cancelled() => {}
                }
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("sim-fleet".to_owned()).spawn(body);
        Ok(Self { address, shared, shutdown, thread: Some(thread.map_err(FleetError::Start)?) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has been sent so far.
    pub fn counts(&self) -> FleetCounts {
        let Counts { sent, late, left_out } = &self.shared.counts;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        FleetCounts { sent: read(sent), late: read(late), left_out: read(left_out) }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("the fleet's thread panicked");
        }
    }
}

async fn accept(listener: &TcpListener, fleet: &Arc<Shared>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection::serve(stream, Arc::clone(fleet)))),
            Err(error) => {
                // Out of file handles, as a rule: those who leave give some back.
                tracing::warn!(%error, "a client of the fleet could not be let in");
                tokio::time::sleep_until(Instant::now() + Duration::from_millis(100)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_spread_over_the_loop_and_over_a_group() {
        let (length, group) = (Duration::from_secs(600), 2.0);
        let all = phases(200, length, Duration::from_secs(3));
        assert_eq!(all[0], Duration::from_secs(3));
        let spread = |times: Vec<f64>, whole: f64| {
            let mut times = times;
            times.sort_by(f64::total_cmp);
            let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
            gaps.fold(0.0, f64::max) / (whole / times.len() as f64)
        };
        let seconds: Vec<f64> = all.iter().map(Duration::as_secs_f64).collect();
        assert!(spread(seconds.clone(), 600.0) < 3.0, "no large hole in the loop");
        assert!(spread(seconds.iter().map(|at| at % group).collect(), group) < 9.0, "none in a group");
    }
}
