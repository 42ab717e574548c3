//! How many sessions of a network a box runs beside each other: their threads never exceed its cores.

use gridwatch_models::Network;
use tracing::info;

use crate::{Batch, DetectError, Detector as _, NetworkDetector, Provider, SessionSettings};

/// What a pool of sessions may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolSettings {
    /// Cores for inference, ≥ 1.
    pub cores: usize,
    /// Cameras that share the pool. More sessions than cameras would be idle.
    pub cameras: usize,
}

/// Cores of this machine that the process may use.
pub fn available_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Sessions and threads of each, for `threads` wished for.
fn divided(pool: PoolSettings, threads: usize, provider: Provider) -> (usize, usize) {
    let cores = pool.cores.max(1);
    let threads = threads.clamp(1, cores);
    // One that has its own memory is fed by one session: several would take turns there, and each hold the network.
    let most = if provider.shares_memory() { cores / threads } else { 1 };
    (most.min(pool.cameras).max(1), threads)
}

/// Loads `network` as often as the pool has room for it.
///
/// # Errors
/// As [`NetworkDetector::open`].
pub fn open_pool(
    network: &Network,
    settings: &SessionSettings,
    pool: PoolSettings,
    least_score: f32,
) -> Result<Vec<NetworkDetector>, DetectError> {
    // A configuration written for a larger box asks for no more than this one has.
    let pool = PoolSettings { cores: pool.cores.min(available_cores()), ..pool };
    let (_, threads) = divided(pool, settings.threads, Provider::Cpu);
    let settings = SessionSettings { threads, ..settings.clone() };
    let first = NetworkDetector::open(network, &settings, least_score)?;
    let (sessions, _) = divided(pool, threads, first.provider());
    info!(provider = %first.provider(), sessions, threads, batch = first.batch(), "network loaded");
    // What was found out once holds for all.
    let settings = SessionSettings {
        provider: Some(first.provider()),
        batch: Batch::Pictures(first.batch()),
        ..settings
    };
    let mut detectors = vec![first];
    for _ in 1..sessions {
        detectors.push(NetworkDetector::open(network, &settings, least_score)?);
    }
    Ok(detectors)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(cores: usize, threads: usize, cameras: usize, provider: Provider, wanted: (usize, usize)) {
        assert_eq!(divided(PoolSettings { cores, cameras }, threads, provider), wanted);
    }

    #[test]
    fn cores_are_divided_among_sessions() {
        check(4, 1, 16, Provider::Cpu, (4, 1));
        check(4, 2, 16, Provider::Cpu, (2, 2));
        check(4, 3, 16, Provider::Cpu, (1, 3));
        check(4, 8, 16, Provider::Cpu, (1, 4));
        check(4, 1, 2, Provider::Cpu, (2, 1));
        check(1, 1, 0, Provider::Cpu, (1, 1));
        check(4, 2, 16, Provider::OpenVino, (2, 2));
        check(8, 1, 16, Provider::Cuda, (1, 1));
    }

    proptest! {
        #[test]
        fn threads_never_exceed_the_cores(cores in 1_usize..300, threads in 0_usize..300, cameras in 0_usize..300) {
            let (sessions, threads) = divided(PoolSettings { cores, cameras }, threads, Provider::Cpu);
            prop_assert!(sessions >= 1 && threads >= 1 && sessions * threads <= cores);
        }
    }
}
