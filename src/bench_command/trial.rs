//! One number of cameras, tried: both processes started, watched and asked.

use std::{
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};
use gridwatch_domain::Timestamp;
use gridwatch_ingest::longest_rest;
use gridwatch_sim::{Scene, Timeline, fleet};
use serde::de::DeserializeOwned;

use super::{
    protocol::{Footage, Measured, PipelineSpec, PipelineWord, ServersCounts, ServersReady, ServersSpec},
    report::{Servers, Trial},
    truth::{self, Stay, Window},
    usage,
};
use crate::zones::watched_tables;

/// About how many seconds it takes until so many cameras show pictures.
fn start_s(cameras: u32) -> f64 {
    4.0 + f64::from(cameras) * 0.04
}

/// What is the same in all trials of a scene.
pub(super) struct Plan<'a> {
    pub(super) footage: Footage,
    pub(super) scene: &'a Scene,
    pub(super) network: &'a str,
    pub(super) decode: &'a str,
    /// From the last camera's first picture to the measurement.
    pub(super) settle_s: f64,
    pub(super) seconds: f64,
    /// How far an event may be from its limit.
    pub(super) opened_s: f64,
    pub(super) pipeline_cores: Vec<usize>,
    pub(super) servers_cores: Vec<usize>,
}

impl Plan<'_> {
    /// Tries so many cameras. What was not reached is not judged here.
    pub(super) fn run(&self, cameras: u32) -> anyhow::Result<Trial> {
        let folder = tempfile::tempdir().context("make a temporary folder")?;
        let timeline = self.scene.timeline(self.footage.group)?;
        let phases = self.phases(cameras, &timeline);
        let spec = ServersSpec {
            footage: self.footage.clone(),
            phases_ms: phases.iter().map(|phase| phase.as_millis() as u64).collect(),
            cores: self.servers_cores.clone(),
        };
        let (mut servers, ready) = ServersProcess::start(&spec)?;
        let pipeline = PipelineSpec {
            config: self.config(cameras, &ready)?,
            folder: folder.path().to_owned(),
            cores: self.pipeline_cores.clone(),
            settle_s: self.settle_s,
            seconds: self.seconds,
        };
        let mut process = Part::start("pipeline", folder.path())?;
        process.tell(&pipeline)?;
        // All that it is told.
        drop(process.input.take());
        let PipelineWord::Begins = process.hear()? else { bail!("the pipeline measured before it began") };
        let (before, cpu_before) = (servers.counts()?, servers.cpu_seconds()?);
        let PipelineWord::Ends = process.hear()? else { bail!("the pipeline began and did not end") };
        let (after, cpu) = (servers.counts()?, servers.cpu_seconds()? - cpu_before);
        let PipelineWord::Measured(measured) = process.hear()? else { bail!("the pipeline ended twice") };
        process.finish()?;
        let wall = (measured.ended.as_millisecond() - measured.begun.as_millisecond()) as f64 / 1000.0;
        let servers_used = Servers { cores: cpu / wall, late_share: late_share(&before, &after) };
        let stays = self.stays(&phases, &timeline, ready.anchor, &measured);
        let window = Window {
            watched_from_ms: measured.live_at.as_millisecond(),
            from_ms: measured.begun.as_millisecond(),
            until_ms: measured.ended.as_millisecond(),
        };
        // Events that were still under way when the measurement ended have arrived meanwhile.
        let opened = servers.counts()?.opened;
        let score = truth::score(&opened, &stays, window, self.opened_s);
        servers.finish()?;
        Ok(Trial::new(cameras, self.rest_s(), &measured, servers_used, score))
    }

    /// The first camera's first event opens in the middle of the measurement, if it takes as long to start as it should: so
    /// one camera alone has something to show.
    fn phases(&self, cameras: u32, timeline: &Timeline) -> Vec<Duration> {
        let length = timeline.length();
        let first = self.scene.expected_events().first().map_or(0.0, |event| timeline.shown_s(event.open_s));
        let middle = start_s(cameras) + self.settle_s + self.seconds / 2.0;
        let first = (first - middle).rem_euclid(length.as_secs_f64());
        fleet::phases(cameras as usize, length, Duration::from_secs_f64(first))
    }

    /// As a user would write it, so that the way is the one that a user's files go.
    fn config(&self, cameras: u32, ready: &ServersReady) -> anyhow::Result<String> {
        let mut text = format!(
            "[edge]\nid = \"bench\"\nstate_dir = \"edge\"\n[broker]\nurl = \"mqtt://{}\"\n[network]\nname = {}\n",
            ready.broker,
            serde_json::to_string(self.network)?
        );
        let watched = watched_tables(self.scene)?;
        for camera in 0..cameras {
            text += &format!(
                "[[camera]]\nid = \"c{camera}\"\nurl = \"rtsp://{}/c{camera}\"\ntransport = \"tcp\"\ndecode = \"{}\"\n{watched}",
                ready.rtsp, self.decode
            );
        }
        Ok(text)
    }

    /// Longest time between two looks.
    fn rest_s(&self) -> f64 {
        const USUAL: Duration = Duration::from_secs(10);
        let limits = self.scene.zones().into_iter().filter_map(|zone| zone.shortest_limit());
        longest_rest(USUAL, limits).as_secs_f64()
    }

    /// What is true of all cameras from a loop before the measurement to its end.
    fn stays(
        &self,
        phases: &[Duration],
        timeline: &Timeline,
        anchor: Timestamp,
        measured: &Measured,
    ) -> Vec<Stay> {
        let length_ms = timeline.length().as_millis() as i64;
        let events = self.scene.expected_events();
        let mut stays = Vec::new();
        for (camera, phase) in phases.iter().enumerate() {
            let begun_ms = anchor.as_millisecond() - phase.as_millis() as i64;
            let first = (measured.live_at.as_millisecond() - begun_ms).div_euclid(length_ms) - 1;
            let last = (measured.ended.as_millisecond() - begun_ms).div_euclid(length_ms);
            for (round, event) in
                (first..=last).flat_map(|round| events.iter().map(move |event| (round, event)))
            {
                let at =
                    |seconds: f64| begun_ms + round * length_ms + (timeline.shown_s(seconds) * 1000.0) as i64;
                stays.push(Stay {
                    camera: format!("c{camera}"),
                    kind: event.kind.clone(),
                    zone: event.zone.to_string(),
                    stop_ms: at(event.stop_s),
                    open_ms: at(event.open_s),
                    leave_ms: at(event.leave_s),
                });
            }
        }
        stays
    }
}

/// Of the pictures that were due between two counts, the share that left late or not at all.
fn late_share(before: &ServersCounts, after: &ServersCounts) -> f64 {
    let left_out = (after.left_out - before.left_out) as f64;
    let (late, sent) = ((after.late - before.late) as f64, (after.sent - before.sent) as f64);
    (late + left_out) / (sent + left_out).max(1.0)
}

/// A process of this program, ended with its owner.
struct Part {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Part {
    fn start(name: &'static str, folder: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("find this program")?;
        let mut child = Command::new(program)
            .args(["bench-part", name])
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start the process {name}"))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().context("its output is not piped")?);
        Ok(Self { name, child, input, output })
    }

    fn tell(&mut self, what: &impl serde::Serialize) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(what)?;
        line.push(b'\n');
        let input = self.input.as_mut().context("its input is closed")?;
        input.write_all(&line).with_context(|| format!("talk to the process {}", self.name))
    }

    fn hear<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        self.output.read_line(&mut line).with_context(|| format!("listen to the process {}", self.name))?;
        if line.is_empty() {
            let status = self.child.wait().context("wait for it")?;
            bail!("the process {} has ended: {status}; what it said is above", self.name);
        }
        serde_json::from_str(&line).with_context(|| format!("the process {} said {line:?}", self.name))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        drop(self.input.take());
        let status = self.child.wait().context("wait for it")?;
        anyhow::ensure!(
            status.success(),
            "the process {} ended with {status}; what it said is above",
            self.name
        );
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Ended already, as a rule.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct ServersProcess(Part);

impl ServersProcess {
    fn start(spec: &ServersSpec) -> anyhow::Result<(Self, ServersReady)> {
        let mut part = Part::start("servers", &std::env::temp_dir())?;
        part.tell(spec)?;
        let ready = part.hear()?;
        Ok((Self(part), ready))
    }

    fn counts(&mut self) -> anyhow::Result<ServersCounts> {
        self.0.tell(&"counts")?;
        self.0.hear()
    }

    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        usage::process(self.0.child.id())
    }

    fn finish(self) -> anyhow::Result<()> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_left_late_or_not_at_all_count() {
        let counts = |sent, late, left_out| ServersCounts { sent, late, left_out, opened: Vec::new() };
        assert_eq!(late_share(&counts(100, 5, 5), &counts(290, 10, 15)), 0.075);
        assert_eq!(late_share(&counts(1, 1, 1), &counts(1, 1, 1)), 0.0);
    }
}
