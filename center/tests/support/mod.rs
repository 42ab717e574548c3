//! Real parts of a test's own: Mosquitto, a center in a process of its own, an edge box's end of the session, and a
//! client that asks the center over HTTP. Each in a temporary folder, on a free port, ended by its process id.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use gridwatch_center::{Center, CenterSettings};
use gridwatch_domain::{
    GridTree,
    wire::{AckMessage, Message},
};
use gridwatch_link::{BrokerUrl, IncomingStream, Link, LinkPublisher, LinkSettings, Publication};
use gridwatch_runtime::{Metrics, Shutdown, SystemClock};

const FOLDER: &str = "GRIDWATCH_TEST_CENTER_FOLDER";
const BROKER: &str = "GRIDWATCH_TEST_CENTER_BROKER";
const ADDRESS_FILE: &str = "address";

/// Asks until it gets an answer.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "other processes cannot be waited for but by asking")]
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "waited for a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A broker that keeps its sessions while its clients are away.
pub(crate) struct Mosquitto {
    child: Child,
    pub(crate) port: u16,
}

impl Mosquitto {
    /// `None`, with the reason printed, where Mosquitto is not installed.
    pub(crate) fn start(folder: &Path) -> Option<Self> {
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"].map(PathBuf::from);
        let Some(program) = program.into_iter().find(|path| path.exists()) else {
            eprintln!("SKIPPED: Mosquitto is not installed (./dev setup)");
            return None;
        };
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("a free port")
            .local_addr()
            .expect("bound")
            .port();
        let file = folder.join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n");
        std::fs::write(&file, text).expect("writes");
        let log = std::fs::File::create(folder.join("mosquitto.log")).expect("creates");
        let child = Command::new(program).arg("-c").arg(&file).stderr(log).spawn().expect("starts");
        let broker = Self { child, port };
        wait_for("Mosquitto listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        Some(broker)
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn link_settings(port: u16, client: &str) -> LinkSettings {
    LinkSettings::new(BrokerUrl::plain("127.0.0.1", port), client)
}

/// A center in this process, on a free port.
pub(crate) async fn start_center(folder: &Path, broker: u16) -> Center {
    let settings = CenterSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        state_dir: folder.join("center"),
        grid: GridTree::default(),
        link: link_settings(broker, "center"),
        version: "test".to_owned(),
        edges: Default::default(),
    };
    Center::start(settings, SystemClock::shared(), Metrics::new(), Shutdown::new()).await.expect("starts")
}

/// A center in a process of its own, which is this test's binary once more: it can be killed like any process.
pub(crate) struct CenterProcess {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl CenterProcess {
    pub(crate) fn start(folder: &Path, broker: u16) -> Self {
        let address_file = folder.join(ADDRESS_FILE);
        let _ = std::fs::remove_file(&address_file);
        let child = Command::new(std::env::current_exe().expect("known"))
            .args(["--ignored", "--exact", "center_process"])
            .env(FOLDER, folder)
            .env(BROKER, broker.to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("starts");
        let address =
            wait_for("the center listens", || std::fs::read_to_string(&address_file).ok()?.parse().ok());
        Self { child, address }
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("is alive");
        self.child.wait().expect("ends");
    }
}

impl Drop for CenterProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other process runs, for ever.
pub(crate) fn run_center_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let broker = std::env::var(BROKER).expect("set").parse().expect("a port");
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let center = start_center(&folder, broker).await;
        std::fs::write(folder.join("address.part"), center.local_addr().to_string()).expect("writes");
        std::fs::rename(folder.join("address.part"), folder.join(ADDRESS_FILE)).expect("renames");
        std::future::pending::<()>().await;
    });
}

/// An edge box's end of the session, without its outbox. `next_ack` is cancel-safe.
pub(crate) struct Edge {
    link: Link,
    incoming: IncomingStream,
    publisher: LinkPublisher,
    name: String,
}

impl Edge {
    pub(crate) async fn connect(port: u16, name: &str) -> Self {
        let mut settings = link_settings(port, name);
        settings.subscriptions = vec![format!("gridwatch/v1/{name}/ack")];
        let (link, incoming) = Link::start(settings, &Metrics::new()).expect("starts");
        let mut state = link.state();
        state.wait_for(|state| state.connection().is_some()).await.expect("connects");
        let publisher = link.publisher();
        Self { link, incoming, publisher, name: name.to_owned() }
    }

    pub(crate) async fn publish(&self, rest: &str, payload: impl Into<bytes::Bytes>) {
        let topic = format!("gridwatch/v1/{}/{rest}", self.name);
        self.publisher.publish(Publication::new(topic, payload)).await.expect("is connected");
    }

    pub(crate) async fn next_ack(&mut self) -> AckMessage {
        let next = tokio::time::timeout(Duration::from_secs(60), self.incoming.recv());
        let incoming = next.await.expect("is told within a minute").expect("goes on");
        let ack = AckMessage::from_json(&incoming.payload).expect("valid");
        incoming.ack();
        ack
    }

    pub(crate) async fn finish(self) {
        self.link.finish().await;
    }
}

/// The body of `GET address`, if the center answers with 200.
pub(crate) fn get(center: SocketAddr, path: &str) -> Option<String> {
    let mut connection = TcpStream::connect(center).ok()?;
    connection.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    write!(connection, "GET {path} HTTP/1.1\r\nhost: {center}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}
