//! Memory that the box has left, and a limit so that a network that asks for more is told so.
//!
//! Linux grants what it cannot give, and ends a process that then uses it. While a network is loaded and run for the first time,
//! the process is therefore granted only what is left; ONNX Runtime then reports an allocation that failed. Elsewhere than on
//! Linux nothing is limited and nothing is known.

use std::{
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

/// The share of what is left that the rest of the box keeps: one part in so many.
const KEPT_BACK: u64 = 16;

/// One at a time: a limit is the process's, and is taken back by whoever set it.
static LIMITING: Mutex<()> = Mutex::new(());

/// While this lives, the process is granted no more memory than the box has left.
pub(super) struct MemoryLimit {
    before: Option<Rlimit>,
    _alone: MutexGuard<'static, ()>,
}

impl MemoryLimit {
    /// What is left, less a sixteenth. Where the system does not tell or does not allow it, nothing is limited.
    pub(super) fn to_what_is_left() -> Self {
        let alone = LIMITING.lock().unwrap_or_else(PoisonError::into_inner);
        Self { before: left().and_then(|left| grant(left - left / KEPT_BACK)), _alone: alone }
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        if let Some(before) = self.before
            && let Err(error) = setrlimit(Resource::Data, before)
        {
            debug!(%error, "the limit of memory stays");
        }
    }
}

/// Grants the process `more` bytes than it has; gives the limit that was.
fn grant(more: u64) -> Option<Rlimit> {
    let before = getrlimit(Resource::Data);
    let most = held()?.saturating_add(more);
    // Another's limit that is lower stays.
    let current = before.current.map_or(most, |limit| limit.min(most));
    setrlimit(Resource::Data, Rlimit { current: Some(current), ..before }).ok()?;
    Some(before)
}

/// What counts against the limit: writable memory of this process's own, used or not (setrlimit(2), `RLIMIT_DATA`).
fn held() -> Option<u64> {
    size(&fs::read_to_string("/proc/self/status").ok()?, "VmData:")
}

/// Bytes that can be had without swapping: what the system has left, or what is left of what this process's control groups may
/// have. `None` where neither is told.
pub(crate) fn left() -> Option<u64> {
    let system = fs::read_to_string("/proc/meminfo").ok().and_then(|text| size(&text, "MemAvailable:"));
    system.into_iter().chain(left_to_groups()).min()
}

/// The least that any control group (version 2) of this process leaves; none where none is limited.
fn left_to_groups() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = Path::new("/sys/fs/cgroup").join(path);
    folder.ancestors().take_while(|folder| folder.starts_with("/sys/fs/cgroup")).filter_map(left_to).min()
}

/// Of pages that hold files, those not used of late are given up for the asking.
fn left_to(group: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
    let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
    let given_up = read("memory.stat")
        .and_then(|text| {
            text.lines().find_map(|line| line.strip_prefix("inactive_file "))?.trim().parse().ok()
        })
        .unwrap_or(0);
    let used = number("memory.current")?.saturating_sub(given_up);
    Some(number("memory.max")?.saturating_sub(used))
}

/// A line of the kernel's `NAME: 1234 kB`, in bytes.
fn size(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// Never touched: asking for memory is not using it.
    fn ask(bytes: u64) -> Result<Vec<u8>, std::collections::TryReserveError> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(usize::try_from(bytes).expect("64 bits"))?;
        Ok(memory)
    }

    #[test]
    fn no_more_is_granted_than_is_left_and_only_for_that_time() {
        let left = left().expect("Linux tells");
        // Each can be had and both cannot, which the system does not mind.
        let most = left / 10 * 6;
        {
            let _limit = MemoryLimit::to_what_is_left();
            let first = ask(most).expect("it is left");
            ask(most).expect_err("it is more than is left");
            drop(first);
        }
        let first = ask(most).expect("it is left");
        let second = ask(most).expect("granted, though it could not all be used");
        drop((first, second));
    }
}
