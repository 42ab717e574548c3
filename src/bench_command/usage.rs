//! What processes use, as the kernel tells it under `/proc` and `/sys`.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::Context as _;

/// The kernel's clock ticks a second in `/proc/*/stat`: a constant of its interface with programs (`USER_HZ`).
const TICKS: f64 = 100.0;

/// A part of the pipeline. Threads are told apart by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Receive,
    Decode,
    Detect,
    Alert,
    Other,
}

impl Stage {
    pub(super) const ALL: [Self; 5] = [Self::Receive, Self::Decode, Self::Detect, Self::Alert, Self::Other];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Decode => "decode",
            Self::Detect => "detect",
            Self::Alert => "alert",
            Self::Other => "other",
        }
    }

    /// Of a thread by its name, of which the kernel keeps 15 bytes. `receive` are the threads of the async runtime: beside RTSP,
    /// gate and ring the MQTT session runs there, which is little; `put-off` what that runtime may not wait for: clips and recordings are
    /// written and hashed there.
    fn of(thread: &str) -> Self {
        let begins = |names: &[&str]| names.iter().any(|name| thread.starts_with(name));
        match thread {
            _ if begins(&["receive"]) => Self::Receive,
            _ if begins(&["decode"]) => Self::Decode,
            _ if begins(&["detect", "overdue"]) => Self::Detect,
            _ if begins(&["evidence", "put-off", "sqlx"]) => Self::Alert,
            _ => Self::Other,
        }
    }
}

/// Processor seconds of each stage of this process so far. All of them together are those of the process: what its threads took that
/// have ended is told by the system in one sum, and counted with alerts, whose clips are written by threads that come and go.
pub(super) fn stages() -> anyhow::Result<BTreeMap<Stage, f64>> {
    let mut stages = BTreeMap::new();
    for task in fs::read_dir("/proc/self/task").context("read /proc/self/task (Linux alone has it)")? {
        // One that ends while we look is gone.
        let Ok(text) = fs::read_to_string(task.context("read /proc/self/task")?.path().join("stat")) else {
            continue;
        };
        if let Some((name, seconds)) = parse_stat(&text) {
            *stages.entry(Stage::of(name)).or_default() += seconds;
        }
    }
    // After the threads, so that none of them has taken more than the process.
    let ended = process(std::process::id())? - stages.values().sum::<f64>();
    *stages.entry(Stage::Alert).or_default() += ended.max(0.0);
    Ok(stages)
}

/// Processor seconds of a process so far, all its threads together.
pub(super) fn process(pid: u32) -> anyhow::Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
    let (_, seconds) = parse_stat(&text).with_context(|| format!("{path} is of an unknown form"))?;
    Ok(seconds)
}

/// Name and processor seconds, in the kernel and outside (fields 2, 14 and 15 of proc(5)).
fn parse_stat(text: &str) -> Option<(&str, f64)> {
    // The name may hold anything, brackets and blanks included.
    let (head, tail) = text.rsplit_once(')')?;
    let name = head.split_once('(')?.1;
    let ticks = |field: usize| tail.split_whitespace().nth(field)?.parse::<f64>().ok();
    Some((name, (ticks(11)? + ticks(12)?) / TICKS))
}

/// Memory of this process in bytes: now, and at most so far.
pub(super) fn memory() -> anyhow::Result<(u64, u64)> {
    let text = fs::read_to_string("/proc/self/status").context("read /proc/self/status")?;
    let field =
        |name: &str| parse_status(&text, name).with_context(|| format!("/proc/self/status has no {name}"));
    Ok((field("VmRSS")?, field("VmHWM")?))
}

/// Files that this process has open, and its threads.
pub(super) fn handles() -> anyhow::Result<(u32, u32)> {
    let count = |path: &str| -> anyhow::Result<u32> {
        Ok(fs::read_dir(path).with_context(|| format!("read {path}"))?.count() as u32)
    };
    // The folder that is being read is open itself.
    Ok((count("/proc/self/fd")?.saturating_sub(1), count("/proc/self/task")?))
}

fn parse_status(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The energy meters of the machine's processors, where it has some and this process may read them.
#[derive(Debug)]
pub(super) struct Energy {
    meters: Vec<Meter>,
}

#[derive(Debug)]
struct Meter {
    begun: u64,
    /// Where it begins anew.
    range: u64,
    path: std::path::PathBuf,
}

impl Energy {
    /// Starts to measure under `/sys/class/powercap`. `None` where there is nothing to read.
    pub(super) fn start(powercap: &Path) -> Option<Self> {
        let zones = fs::read_dir(powercap).ok()?;
        let meters = zones.filter_map(Result::ok).filter_map(|zone| {
            let name = zone.file_name().into_string().ok()?;
            // `intel-rapl:0` is a processor, `intel-rapl:0:1` a part of it, `intel-rapl-mmio` another way to the same.
            let is_package = name.strip_prefix("intel-rapl:").is_some_and(|rest| !rest.contains(':'));
            let path = zone.path();
            let begun = read_number(&path.join("energy_uj")).ok().filter(|_| is_package)?;
            let range = read_number(&path.join("max_energy_range_uj")).unwrap_or(u64::MAX);
            Some(Meter { begun, range, path: path.join("energy_uj") })
        });
        let meters: Vec<Meter> = meters.collect();
        (!meters.is_empty()).then_some(Self { meters })
    }

    /// Joules since the start, the whole machine's processors together.
    pub(super) fn joules(&self) -> Option<f64> {
        let used = |meter: &Meter| {
            let now = read_number(&meter.path).ok()?;
            let used = if now >= meter.begun { now - meter.begun } else { meter.range - meter.begun + now };
            Some(used as f64 / 1e6)
        };
        self.meters.iter().map(used).sum()
    }
}

fn read_number(path: &Path) -> io::Result<u64> {
    fs::read_to_string(path)?.trim().parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_kernel_is_read_whatever_the_name() {
        let line = "12 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 9";
        assert_eq!(parse_stat(line), Some(("a) b (c", 3.0)));
        assert_eq!(parse_stat("12 (a"), None);
        assert_eq!(parse_stat("12 (a) S 1 2"), None);
        assert_eq!(parse_status("Name:\tx\nVmRSS:\t  12 kB\n", "VmRSS"), Some(12 * 1024));
        assert_eq!(parse_status("Name:\tx\n", "VmRSS"), None);
    }

    #[test]
    fn threads_are_told_apart_by_their_names() {
        for (name, stage) in [
            ("receive", Stage::Receive),
            ("decode-2", Stage::Decode),
            ("detect", Stage::Detect),
            ("detect-1", Stage::Detect),
            ("sqlx-sqlite-wor", Stage::Alert),
            ("evidence", Stage::Alert),
            ("gridwatch", Stage::Other),
        ] {
            assert_eq!(Stage::of(name), stage, "{name}");
        }
    }

    #[test]
    fn work_of_a_named_thread_shows_in_its_stage() {
        let (stop_tx, stop_rx) = std::sync::mpsc::sync_channel::<()>(1);
        let (worked_tx, worked_rx) = std::sync::mpsc::sync_channel(1);
        let work = move || {
            while stages().expect("Linux").get(&Stage::Decode).is_none_or(|seconds| *seconds < 0.05) {
                // Looking is work enough.
            }
            worked_tx.send(()).expect("it waits");
            // The thread's time goes with it.
            let _ = stop_rx.recv();
        };
        let thread = std::thread::Builder::new().name("decode-9".to_owned()).spawn(work).expect("a thread");
        worked_rx.recv().expect("it works");
        let used = stages().expect("Linux")[&Stage::Decode];
        drop(stop_tx);
        thread.join().expect("it does not panic");
        assert!(used > 0.04, "{used}");
    }

    #[test]
    fn work_of_a_thread_that_has_ended_is_not_lost() {
        let all = || stages().expect("Linux").values().sum::<f64>();
        let before = all();
        let work = || {
            let own = || fs::read_to_string("/proc/thread-self/stat").ok();
            while parse_stat(&own().expect("Linux")).is_none_or(|(_, seconds)| seconds < 0.1) {
                // Looking is work enough.
            }
        };
        std::thread::spawn(work).join().expect("it does not panic");
        assert!(all() - before > 0.08, "{}", all() - before);
    }

    #[test]
    fn energy_is_summed_over_processors_and_meters_begin_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Energy::start(&folder.path().join("none")).is_none());
        let write = |zone: &str, joules: u64| {
            let zone = folder.path().join(zone);
            fs::create_dir_all(&zone).expect("ours");
            fs::write(zone.join("energy_uj"), format!("{}\n", joules * 1_000_000)).expect("ours");
            fs::write(zone.join("max_energy_range_uj"), "100000000\n").expect("ours");
        };
        write("intel-rapl:0", 10);
        write("intel-rapl:0:0", 5);
        write("intel-rapl:1", 95);
        let energy = Energy::start(folder.path()).expect("two processors");
        write("intel-rapl:0", 12);
        write("intel-rapl:0:0", 50);
        write("intel-rapl:1", 5);
        assert_eq!(energy.joules(), Some(12.0));
    }
}
