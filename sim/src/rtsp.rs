//! Simulated cameras on the network: encoded scenes in, RTSP out.
//!
//! Each mount loops one encoded scene without encoding it again. Which picture is sent is decided by the wall clock
//! alone, `(now − anchor) mod length`, so the truth of a picture is known from the time at which it was seen, whoever
//! connects and whenever. A mount can be made to misbehave while it runs, as real cameras do.
//! Knows nothing of who watches.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use gridwatch_domain::Timestamp;
use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_rtsp_server as gst_rtsp_server;
use gstreamer_rtsp_server::prelude::*;

use crate::{
    cache::EncodedScene,
    rtsp_feed::{self, FeedControl, Pace},
};

/// How often sessions of clients that vanished without a word are swept away.
const SESSION_SWEEP: Duration = Duration::from_secs(2);
/// The role that a client gets by logging in.
const ROLE: &str = "viewer";

/// What can go wrong while simulated cameras are started or commanded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RtspError {
    /// GStreamer itself does not start.
    #[error("start GStreamer")]
    Gstreamer(#[source] glib::Error),
    /// The address is taken, or not one of this machine.
    #[error("listen for RTSP on {address}")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What GStreamer says.
        source: glib::BoolError,
    },
    /// The thread of the server cannot be started.
    #[error("start the RTSP server's thread")]
    Thread(#[source] std::io::Error),
    /// Two cameras of one name, or a name that cannot be part of an address.
    #[error("mount {0:?}: use 1 to 64 of a-z, A-Z, 0-9, '-', '_', each name once")]
    Mount(String),
    /// No camera of that name.
    #[error("there is no simulated camera {0:?}")]
    UnknownMount(String),
}

/// How a simulated camera misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// It does not.
    #[default]
    None,
    /// It says goodbye to those who watch and answers everyone with 404.
    Refuse,
    /// It keeps the connection and sends nothing.
    Stall,
    /// It sends noise in place of pictures.
    Garbage,
}

/// User and password that a client of the simulated cameras must give (HTTP digest).
#[derive(Clone)]
pub struct RtspLogin {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

impl fmt::Debug for RtspLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RtspLogin({}, password hidden)", self.user)
    }
}

/// Where and since when the simulated cameras run.
#[derive(Debug, Clone)]
pub struct RtspOptions {
    /// Address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// The time at which every scene's first picture was, or will be, shown.
    pub anchor: Timestamp,
    /// Who may watch; everybody when absent.
    pub login: Option<RtspLogin>,
}

impl RtspOptions {
    /// On a free port of this machine only, open to everybody, scenes beginning at `anchor`.
    pub fn local(anchor: Timestamp) -> Self {
        Self { bind: SocketAddr::from(([127, 0, 0, 1], 0)), anchor, login: None }
    }
}

/// One simulated camera.
struct Mount {
    scene: Arc<EncodedScene>,
    control: Arc<FeedControl>,
}

/// Simulated cameras, served until [`stop`](Self::stop) or drop.
pub struct RtspCameras {
    options: RtspOptions,
    port: u16,
    server: gst_rtsp_server::RTSPServer,
    mounts: BTreeMap<String, Mount>,
    pace: Pace,
    main_loop: glib::MainLoop,
    thread: Option<JoinHandle<()>>,
    feeds: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl fmt::Debug for RtspCameras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.mounts.keys().collect::<Vec<_>>();
        f.debug_struct("RtspCameras")
            .field("port", &self.port)
            .field("mounts", &names)
            .finish_non_exhaustive()
    }
}

impl RtspCameras {
    /// Serves each scene under its name, `rtsp://<bind>/<name>`, in real time.
    ///
    /// # Errors
    /// When the address is taken, a name is unfit or doubled, or GStreamer does not start.
    pub fn start(options: RtspOptions, scenes: Vec<(String, Arc<EncodedScene>)>) -> Result<Self, RtspError> {
        gst::init().map_err(RtspError::Gstreamer)?;
        let pace = Pace::starting_now(options.anchor);
        let server = gst_rtsp_server::RTSPServer::new();
        server.set_address(&options.bind.ip().to_string());
        server.set_service(&options.bind.port().to_string());
        if let Some(login) = &options.login {
            server.set_auth(Some(&digest_auth(login)));
        }
        let context = glib::MainContext::new();
        server.attach(Some(&context)).map_err(|source| RtspError::Bind { address: options.bind, source })?;
        let port = u16::try_from(server.bound_port()).expect("a bound TCP port fits 16 bits");
        let pool = server.session_pool().expect("a new server has a session pool");
        let sweep = move || {
            pool.cleanup();
            glib::ControlFlow::Continue
        };
        glib::timeout_source_new(SESSION_SWEEP, None, glib::Priority::DEFAULT, sweep).attach(Some(&context));

        let main_loop = glib::MainLoop::new(Some(&context), false);
        let running = main_loop.clone();
        let body = move || {
            context.with_thread_default(|| running.run()).expect("a context of its own has no other owner");
        };
        let thread = thread::Builder::new().name("sim-rtsp".into()).spawn(body).map_err(RtspError::Thread)?;
        let (mounts, feeds) = (BTreeMap::new(), Arc::default());
        let mut cameras =
            Self { options, port, server, mounts, pace, main_loop, thread: Some(thread), feeds };
        for (name, scene) in scenes {
            cameras.add(&name, scene)?;
        }
        tracing::info!(port, cameras = cameras.mounts.len(), "simulated cameras are on the network");
        Ok(cameras)
    }

    /// Serves one more scene from now on. It began at the same time as the others: it is shown from its middle.
    ///
    /// # Errors
    /// When the name is unfit or taken.
    pub fn add(&mut self, name: &str, scene: Arc<EncodedScene>) -> Result<(), RtspError> {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !fits || self.mounts.contains_key(name) {
            return Err(RtspError::Mount(name.to_owned()));
        }
        let mount = Mount { scene, control: Arc::new(FeedControl::default()) };
        let factory = media_factory(&mount, self.pace, &self.feeds, self.options.login.is_some());
        let points = self.server.mount_points().expect("a running server has mount points");
        points.add_factory(&format!("/{name}"), factory);
        self.mounts.insert(name.to_owned(), mount);
        Ok(())
    }

    /// The port in use.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of one camera, without user and password.
    ///
    /// # Errors
    /// When there is no such camera.
    pub fn url(&self, mount: &str) -> Result<String, RtspError> {
        self.mount(mount)?;
        let ip = match self.options.bind.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => IpAddr::from(std::net::Ipv6Addr::LOCALHOST),
        };
        Ok(format!("rtsp://{}/{mount}", SocketAddr::new(ip, self.port)))
    }

    /// How far into its scene, since the scene's first picture, a camera is at `now`.
    ///
    /// # Errors
    /// When there is no such camera.
    pub fn scene_time(&self, mount: &str, now: Timestamp) -> Result<Duration, RtspError> {
        Ok(self.mount(mount)?.scene.time_in_loop(self.options.anchor, now))
    }

    /// The time at which a scene's first picture is shown for the first time.
    pub fn anchor(&self) -> Timestamp {
        self.options.anchor
    }

    /// Makes a camera misbehave, or behave again, from now on.
    ///
    /// # Errors
    /// When there is no such camera.
    pub fn set_fault(&self, mount: &str, fault: Fault) -> Result<(), RtspError> {
        let found = self.mount(mount)?;
        let before = found.control.set_fault(fault);
        let points = self.server.mount_points().expect("a running server has mount points");
        let path = format!("/{mount}");
        match (before, fault) {
            (Fault::Refuse, Fault::Refuse) => {}
            (_, Fault::Refuse) => points.remove_factory(&path),
            // A new factory: the old one may still hold the media that has said goodbye.
            (Fault::Refuse, _) => {
                let factory = media_factory(found, self.pace, &self.feeds, self.options.login.is_some());
                points.add_factory(&path, factory);
            }
            _ => {}
        }
        tracing::info!(mount, ?fault, "simulated camera changes its behaviour");
        Ok(())
    }

    /// Disconnects everybody and ends all threads.
    pub fn stop(mut self) {
        self.end();
    }

    fn mount(&self, name: &str) -> Result<&Mount, RtspError> {
        self.mounts.get(name).ok_or_else(|| RtspError::UnknownMount(name.to_owned()))
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        for mount in self.mounts.values() {
            mount.control.stop();
        }
        self.server.client_filter(Some(&mut |_, _| gst_rtsp_server::RTSPFilterResult::Remove));
        // From within the loop: quitting one that has yet to begin would be forgotten.
        let main_loop = self.main_loop.clone();
        let quit = move || {
            main_loop.quit();
            glib::ControlFlow::Break
        };
        let context = self.main_loop.context();
        glib::idle_source_new(None, glib::Priority::DEFAULT, quit).attach(Some(&context));
        if thread.join().is_err() {
            tracing::warn!("the RTSP server's thread panicked");
        }
        for feed in std::mem::take(&mut *lock(&self.feeds)) {
            if feed.join().is_err() {
                tracing::warn!("a feed of the RTSP server panicked");
            }
        }
    }
}

impl Drop for RtspCameras {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Digest, as most cameras ask for.
fn digest_auth(login: &RtspLogin) -> gst_rtsp_server::RTSPAuth {
    let auth = gst_rtsp_server::RTSPAuth::new();
    let token = gst_rtsp_server::RTSPToken::builder().field("media.factory.role", ROLE).build();
    auth.set_supported_methods(gst_rtsp_server::gst_rtsp::RTSPAuthMethod::Digest);
    auth.add_digest(&login.user, &login.password, &token);
    auth
}

/// Makes the pipeline of a mount when the first client comes; all clients share it.
fn media_factory(
    mount: &Mount,
    pace: Pace,
    feeds: &Arc<Mutex<Vec<JoinHandle<()>>>>,
    guarded: bool,
) -> gst_rtsp_server::RTSPMediaFactory {
    let factory = gst_rtsp_server::RTSPMediaFactory::new();
    factory.set_launch("( appsrc name=source ! rtph264pay name=pay0 pt=96 config-interval=-1 )");
    factory.set_shared(true);
    if guarded {
        let rights = gst::Structure::builder(ROLE)
            .field("media.factory.access", true)
            .field("media.factory.construct", true)
            .build();
        factory.add_role_from_structure(&rights);
    }
    let (scene, control, feeds) = (Arc::clone(&mount.scene), Arc::clone(&mount.control), Arc::clone(feeds));
    factory.connect_media_configure(move |_, media| {
        let source = media
            .element()
            .downcast::<gst::Bin>()
            .ok()
            .and_then(|bin| bin.by_name("source"))
            .and_then(|element| element.downcast::<gst_app::AppSrc>().ok())
            .expect("the launch line above names an appsrc");
        let gone = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (tell_gone, tell_control) = (Arc::clone(&gone), Arc::clone(&control));
        media.connect_unprepared(move |_| {
            tell_gone.store(true, std::sync::atomic::Ordering::Release);
            tell_control.wake();
        });
        let feed = rtsp_feed::Feed::new(source, Arc::clone(&scene), Arc::clone(&control), pace, gone);
        match thread::Builder::new().name("sim-feed".into()).spawn(move || feed.run()) {
            Ok(handle) => {
                let mut feeds = lock(&feeds);
                feeds.retain(|feed| !feed.is_finished());
                feeds.push(handle);
            }
            Err(error) => tracing::error!(%error, "start the feed of a simulated camera"),
        }
    });
    factory
}
