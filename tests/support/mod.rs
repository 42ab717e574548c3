//! Real parts for whole-system tests: Mosquitto, the gridwatch binary, a browser. Each in a temporary folder, on free
//! ports, ended by the process that was started.
#![expect(dead_code, reason = "each test file uses its own part of this")]

pub(crate) mod cameras;
pub(crate) mod models;

use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// The binary under test.
pub(crate) const GRIDWATCH: &str = env!("CARGO_BIN_EXE_gridwatch");

/// Folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folder of real footage, or why there is none. Tests print the reason and return.
pub(crate) fn footage() -> Result<PathBuf, &'static str> {
    match std::env::var_os("GRIDWATCH_DATA").map(PathBuf::from) {
        Some(folder) if folder.is_dir() => Ok(folder),
        _ => Err("SKIPPED: GRIDWATCH_DATA names no folder of real footage"),
    }
}

/// A port that nobody used a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// Asks `question` every 100 ms until it has an answer.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, within: Duration, mut question: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: not within {within:?}");
        pause(Duration::from_millis(100));
    }
}

/// Lets real time pass: these tests run against real processes, whose clocks cannot be turned.
#[expect(clippy::disallowed_methods, reason = "real processes, real time")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// A process that ends with its owner.
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, its output in `folder/name.log`.
    pub(crate) fn start(name: &str, folder: &Path, command: &mut Command) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).expect("the folder is ours");
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a second handle"))
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("start {name}: {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// SIGKILL: no goodbye.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started by us");
    }

    /// SIGTERM, and waits for an orderly end.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill is there");
        assert!(asked.success(), "{} is gone already:\n{}", self.name, self.log());
        let status = wait_for(&format!("end of {}", self.name), Duration::from_secs(20), || {
            self.child.try_wait().expect("it was started by us")
        });
        assert!(status.success(), "{} ended with {status}:\n{}", self.name, self.log());
    }

    /// What it has written so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it has ended, however.
    pub(crate) fn has_ended(&mut self) -> Option<()> {
        self.child.try_wait().expect("it was started by us").map(|_| ())
    }

    /// Fails with its output if it has ended.
    #[track_caller]
    pub(crate) fn must_run(&mut self) {
        if let Some(status) = self.child.try_wait().expect("it was started by us") {
            panic!("{} ended with {status}:\n{}", self.name, self.log());
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            eprintln!("---- last lines of {}", self.name);
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// A Mosquitto that can be stopped and started again on the same port, forgetting everything in between.
pub(crate) struct Mosquitto {
    /// Where it listens.
    pub(crate) port: u16,
    folder: PathBuf,
    process: Option<Process>,
}

impl Mosquitto {
    /// Starts one in `folder`.
    pub(crate) fn start(folder: &Path) -> Self {
        let mut mosquitto = Self { port: free_port(), folder: folder.to_owned(), process: None };
        mosquitto.start_again();
        mosquitto
    }

    /// Stops it: connections break, and as it keeps nothing on disk, sessions and retained messages are gone.
    pub(crate) fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop();
        }
    }

    /// Starts it again.
    pub(crate) fn start_again(&mut self) {
        let configuration = self.folder.join("mosquitto.conf");
        let text = format!("listener {} 127.0.0.1\nallow_anonymous true\npersistence false\n", self.port);
        std::fs::write(&configuration, text).expect("the folder is ours");
        let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| Path::new(path).is_file())
            .expect("mosquitto is installed: ./dev setup");
        let mut process =
            Process::start("mosquitto", &self.folder, Command::new(program).arg("-c").arg(&configuration));
        wait_for("mosquitto listens", Duration::from_secs(10), || {
            process.must_run();
            listens(self.port)
        });
        self.process = Some(process);
    }
}

/// Whether somebody listens on a port of this machine.
pub(crate) fn listens(port: u16) -> Option<()> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok().map(|_| ())
}

/// GET, as JSON; `None` while it fails.
pub(crate) fn get_json(url: &str) -> Option<Value> {
    let text = get_text(url)?;
    serde_json::from_str(&text).ok()
}

/// GET, as text; `None` while it fails.
pub(crate) fn get_text(url: &str) -> Option<String> {
    ureq::get(url).call().ok()?.body_mut().read_to_string().ok()
}

/// All events of a center, newest first.
#[track_caller]
pub(crate) fn events_of(base: &str) -> Vec<Value> {
    let page = get_json(&format!("{base}/api/v1/events?limit=500")).expect("the center answers");
    page["items"].as_array().expect("a list").clone()
}

/// The rows that the page shows in Chromium, or `None` after saying why they cannot be looked at.
pub(crate) fn rows_on_the_page(base: &str) -> Option<Vec<Value>> {
    if !root().join("web/node_modules").is_dir() {
        println!("SKIPPED: the page in Chromium, as web/node_modules is not there: ./dev setup");
        return None;
    }
    // It looks for some seconds more than the page needs: what is not to be there might come late.
    let output = Command::new("node")
        .arg(root().join("web/e2e/watch-alerts.mjs"))
        .args([base, "--until", "1000", "--timeout", "12"])
        .output()
        .expect("node is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("\"ready\":true"), "the page did not open: {said}");
    let rows = String::from_utf8_lossy(&output.stdout);
    Some(rows.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The lines that a process prints, one at a time.
pub(crate) fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let output = child.stdout.take().expect("its output is piped");
    BufReader::new(output).lines().map_while(Result::ok)
}

/// Milliseconds since 1970 of an RFC 3339 time.
#[track_caller]
pub(crate) fn millis(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no time"));
    text.parse::<gridwatch_domain::Timestamp>().expect("RFC 3339").as_millisecond()
}

/// Configuration of a center in `folder`.
pub(crate) fn center_config(folder: &Path, broker_port: u16, listen_port: u16) -> PathBuf {
    let grid = root().join("config/examples/grid.csv");
    let text = format!(
        "[center]\nlisten = \"127.0.0.1:{listen_port}\"\nstate_dir = \"center\"\n[broker]\nurl = \"mqtt://127.0.0.1:{broker_port}\"\n\
         [grid]\nfile = {grid:?}\n"
    );
    write(folder, "center.toml", &text)
}

/// A file in `folder`.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder is ours");
    path
}

/// A gridwatch process.
pub(crate) fn gridwatch(name: &str, folder: &Path, arguments: &[&str]) -> Process {
    Process::start(
        name,
        folder,
        Command::new(GRIDWATCH).args(arguments).env("GRIDWATCH_LOG", "info,sqlx=warn"),
    )
}

/// A center that answers.
pub(crate) fn start_center(folder: &Path, config: &Path, port: u16) -> Process {
    let mut center = gridwatch("center", folder, &["center", "--config", config.to_str().expect("UTF-8")]);
    wait_for("the center answers", Duration::from_secs(20), || {
        center.must_run();
        get_text(&format!("http://127.0.0.1:{port}/healthz"))
    });
    center
}
