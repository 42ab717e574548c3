//! Simulated cameras as a process of their own, and what their truth says is to be found.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use super::{GRIDWATCH, free_port, lines, millis, pause, root, write};

/// Simulated cameras, served until dropped.
pub(crate) struct Cameras {
    child: Child,
    pub(crate) url: String,
    pub(crate) anchor_ms: i64,
    pub(crate) loop_ms: i64,
    pub(crate) truth: Value,
}

impl Cameras {
    /// Serves one scene at 720p, from a cache that outlives the test.
    pub(crate) fn start(scene: &str) -> Self {
        let cache = cache();
        let scenes = ["--scenes", scene, "--size", "720p", "--cache", cache.to_str().expect("UTF-8")];
        let truth =
            Command::new(GRIDWATCH).args(["simulate", "truth"]).args(scenes).output().expect("it runs");
        let listen = format!("127.0.0.1:{}", free_port());
        let mut child = Command::new(GRIDWATCH)
            .args(["simulate", "serve", "--listen", &listen])
            .args(scenes)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        // The first run renders the scene, which takes minutes.
        let line = lines(&mut child).next().expect("it prints where it serves");
        let served: Value = serde_json::from_str(&line).expect("JSON");
        Self {
            child,
            url: served["url"].as_str().expect("a url").to_owned(),
            anchor_ms: millis(&served["anchor"]),
            loop_ms: (served["loop_s"].as_f64().expect("a number") * 1000.0) as i64,
            truth: serde_json::from_slice(&truth.stdout).expect("JSON"),
        }
    }

    pub(crate) fn config(&self, folder: &Path, broker_port: u16) -> PathBuf {
        let mut text = format!(
            "[edge]\nid = \"box-1\"\nstate_dir = \"edge\"\n[broker]\nurl = \"mqtt://127.0.0.1:{broker_port}\"\n\
             [[camera]]\nid = \"yard\"\nname = \"院子\"\ncell = \"520121002003007\"\nurl = \"{}\"\n",
            self.url
        );
        for zone in self.truth["zones"].as_array().expect("zones") {
            text += &format!(
                "[[camera.zone]]\nid = {}\nname = {}\ntype = {}\nlimit_s = {}\npolygon = {}\n",
                zone["id"], zone["name"], zone["type"], zone["limit_s"], zone["polygon"]
            );
        }
        write(folder, "edge.toml", &text)
    }

    /// Waits until a loop has just begun, while nothing stands in a zone yet.
    pub(crate) fn wait_for_a_beginning(&self) {
        let into_loop = (now_ms() - self.anchor_ms).rem_euclid(self.loop_ms);
        let first_stop =
            self.round(0).map(|event| event.stop_ms - self.anchor_ms).min().expect("it has events");
        // An edge is up and sees its camera within some seconds.
        if into_loop > first_stop - 8_000 {
            sleep_until(now_ms() - into_loop + self.loop_ms);
        }
    }

    /// What one round of the loop has to be found in.
    pub(crate) fn round(&self, round: i64) -> impl Iterator<Item = Expected> {
        let start_ms = self.anchor_ms + round * self.loop_ms;
        let at = move |seconds: &Value| start_ms + (seconds.as_f64().expect("a number") * 1000.0) as i64;
        self.truth["events"].as_array().expect("events").iter().map(move |event| {
            let text = |name: &str| event[name].as_str().expect("text").to_owned();
            Expected {
                kind: text("kind"),
                zone: text("zone"),
                stop_ms: at(&event["stop_s"]),
                open_ms: at(&event["open_s"]),
                leave_ms: at(&event["leave_s"]),
            }
        })
    }

    /// What is to be found of vehicles that stop at `from_ms` or later, in rounds up to that of `until_ms`, in order
    /// of opening.
    pub(crate) fn expected(&self, from_ms: i64, until_ms: i64) -> Vec<Expected> {
        let round_of = |time_ms: i64| (time_ms - self.anchor_ms).div_euclid(self.loop_ms);
        let rounds = round_of(from_ms)..=round_of(until_ms);
        let mut expected: Vec<_> =
            rounds.flat_map(|round| self.round(round)).filter(|event| event.stop_ms >= from_ms).collect();
        expected.sort_by_key(|event| event.open_ms);
        expected
    }
}

impl Drop for Cameras {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) kind: String,
    pub(crate) zone: String,
    pub(crate) stop_ms: i64,
    pub(crate) open_ms: i64,
    pub(crate) leave_ms: i64,
}

pub(crate) fn cache() -> PathBuf {
    std::env::var_os("GRIDWATCH_CACHE").map_or_else(|| root().join(".cache/scenes"), PathBuf::from)
}

pub(crate) fn now_ms() -> i64 {
    use gridwatch_runtime::Clock as _;
    gridwatch_runtime::SystemClock.now().as_millisecond()
}

pub(crate) fn sleep_until(time_ms: i64) {
    pause(Duration::from_millis(u64::try_from(time_ms - now_ms()).unwrap_or(0)));
}
