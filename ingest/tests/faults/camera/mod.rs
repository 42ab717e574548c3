//! A camera that speaks RTSP and does as a test tells it: well-behaved until the script says otherwise.

mod digest;
mod script;
mod sending;
mod session;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use gridwatch_domain::Timestamp;
use gridwatch_runtime::{Clock as _, SystemClock};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinHandle, JoinSet},
};

pub(crate) use self::script::{Answer, Heard, Login, Media, Script};
use super::footage::Footage;

/// What the camera's tasks share.
struct Shared {
    script: Mutex<Script>,
    heard: Mutex<Vec<Heard>>,
    /// Connections so far; each has another SSRC, and other sequence numbers and times.
    viewers: Mutex<u32>,
    /// When each picture was last taken, by the number on its test card.
    taken: Mutex<BTreeMap<u32, Timestamp>>,
}

impl Shared {
    fn script(&self) -> Script {
        self.script.lock().expect("no panic").clone()
    }

    fn takes(&self, number: u32) {
        self.taken.lock().expect("no panic").insert(number, SystemClock.now());
    }
}

/// See the module's documentation. Switched off when dropped.
pub(crate) struct FaultyCamera {
    address: SocketAddr,
    shared: Arc<Shared>,
    power: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl FaultyCamera {
    /// Switches a camera on that sends this.
    pub(crate) async fn start(footage: Arc<Footage>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            script: Mutex::new(Script::of(footage)),
            heard: Mutex::default(),
            viewers: Mutex::default(),
            taken: Mutex::default(),
        });
        let (power, power_rx) = watch::channel(true);
        let task = tokio::spawn(run(address, Some(listener), Arc::clone(&shared), power_rx));
        Self { address, shared, power, task }
    }

    /// The same with a script that is other from the start.
    pub(crate) async fn scripted(footage: Arc<Footage>, change: impl FnOnce(&mut Script)) -> Self {
        let camera = Self::start(footage).await;
        camera.script(change);
        camera
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("rtsp://{}/live", self.address)
    }

    pub(crate) fn url_with(&self, login: &str) -> String {
        format!("rtsp://{login}@{}/live", self.address)
    }

    /// Changes what it does, from now on.
    pub(crate) fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.shared.script.lock().expect("no panic"));
    }

    /// Resets all connections and closes its port.
    pub(crate) fn loses_power(&self) {
        self.power.send_replace(false);
    }

    pub(crate) fn has_power_again(&self) {
        self.power.send_replace(true);
    }

    /// Requests by this method so far.
    pub(crate) fn heard(&self, method: &str) -> Vec<Heard> {
        self.shared
            .heard
            .lock()
            .expect("no panic")
            .iter()
            .filter(|heard| heard.method == method)
            .cloned()
            .collect()
    }

    /// When the picture with this number was last taken.
    pub(crate) fn taken(&self, number: u32) -> Timestamp {
        self.shared.taken.lock().expect("no panic")[&number]
    }
}

impl Drop for FaultyCamera {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves viewers while there is power.
async fn run(
    address: SocketAddr,
    first: Option<TcpListener>,
    shared: Arc<Shared>,
    mut power: watch::Receiver<bool>,
) {
    let mut listener = first;
    loop {
        let open = match listener.take() {
            Some(open) => open,
            // Its old connections may still linger.
            None => match TcpListener::bind(address).await {
                Ok(open) => open,
                Err(_) => {
                    tokio::task::yield_now().await;
                    continue;
                }
            },
        };
        let mut viewers = JoinSet::new();
        loop {
            tokio::select! {
                accepted = open.accept() => {
                    if let Ok((connection, _)) = accepted {
                        viewers.spawn(session::serve(connection, Arc::clone(&shared)));
                    }
                }
                _ = power.wait_for(|on| !on) => break,
                Some(_) = viewers.join_next() => {}
            }
        }
        drop((open, viewers));
        if power.wait_for(|on| *on).await.is_err() {
            return;
        }
    }
}
