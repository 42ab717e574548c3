//! A real Mosquitto of a test's own: free port, temporary folder, stopped by its process id.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A broker that can be stopped and started again on the same port, with what it had persisted.
pub(crate) struct Mosquitto {
    folder: TempDir,
    port: u16,
    extra: String,
    child: Option<Child>,
}

#[allow(dead_code, reason = "each test file uses a part of it")]
impl Mosquitto {
    /// Anonymous access, persistence on.
    pub(crate) fn start() -> Self {
        Self::start_with("allow_anonymous true\n")
    }

    /// With further lines of configuration.
    pub(crate) fn start_with(extra: &str) -> Self {
        let mut broker = Self::stopped(extra);
        broker.start_again();
        broker
    }

    /// A port and a folder, but no broker yet.
    pub(crate) fn stopped(extra: &str) -> Self {
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, port, extra: extra.to_owned(), child: None }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let folder = self.folder.path().display();
        let config = format!(
            "listener {} 127.0.0.1\nuser root\npersistence true\npersistence_location {folder}/\nlog_dest none\n{}",
            self.port, self.extra
        );
        let file = self.folder.path().join("mosquitto.conf");
        fs::write(&file, config).expect("writable");
        let mut child = Command::new(program())
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto is installed by ./dev setup");
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(child.try_wait().expect("a child").is_none(), "mosquitto refuses its configuration");
            assert!(Instant::now() < deadline, "mosquitto does not listen");
            std::thread::park_timeout(Duration::from_millis(10));
        }
        self.child = Some(child);
    }

    /// As an administrator stops it: sessions and retained messages are kept on disk.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            child.wait().expect("a child");
        }
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Debian keeps it where the search path of ordinary users does not lead.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/mosquitto");
    if debian.exists() { debian } else { PathBuf::from("mosquitto") }
}
