//! Which cores a process runs on.

use anyhow::Context as _;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Cores that this process may run on.
pub(super) fn available() -> anyhow::Result<Vec<usize>> {
    let set = sched_getaffinity(None).context("ask which cores this process may use")?;
    Ok((0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect())
}

/// Keeps this thread, and all that it starts from now on, to `cores`; none of them: leaves it as it is.
pub(super) fn pin(cores: &[usize]) -> anyhow::Result<()> {
    if cores.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    sched_setaffinity(None, &set).with_context(|| format!("keep to the cores {cores:?}"))
}

/// The first `wanted` for the pipeline, the others for the servers; where none are left the servers get all.
pub(super) fn divide(available: &[usize], wanted: usize) -> (Vec<usize>, Vec<usize>) {
    let (pipeline, others) = available.split_at(wanted.min(available.len()));
    let servers = if others.is_empty() { available } else { others };
    (pipeline.to_vec(), servers.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_divided_while_there_are_some() {
        assert_eq!(divide(&[0, 1, 2, 3], 1), (vec![0], vec![1, 2, 3]));
        assert_eq!(divide(&[4, 7], 2), (vec![4, 7], vec![4, 7]));
        assert_eq!(divide(&[4], 3), (vec![4], vec![4]));
    }

    #[test]
    fn a_pinned_thread_and_what_it_starts_stay_on_their_core() {
        let first = available().expect("Linux")[..1].to_vec();
        let seen = std::thread::spawn({
            let first = first.clone();
            move || {
                pin(&first).expect("a core of ours");
                std::thread::spawn(available).join().expect("no panic").expect("Linux")
            }
        });
        assert_eq!(seen.join().expect("no panic"), first);
        assert!(pin(&[CpuSet::MAX_CPU - 1]).is_err(), "a core that there is not");
    }
}
