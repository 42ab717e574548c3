//! How long networks take on real pictures, step by step, on one thread.

use std::time::Duration;

use gridwatch_detect::{NetworkDetector, Provider, SessionSettings, StepTimes};
use gridwatch_domain::Frame;
use gridwatch_models::Network;
use gridwatch_runtime::Chain;

use super::report::{Spread, Timing};
use crate::{edge::LEAST_SCORE, models_command::progress};

/// Runs before anything is timed, in which buffers are made.
const WARM_UP: usize = 3;

/// One network on one provider.
struct Timed {
    /// The network's index.
    network: usize,
    detector: NetworkDetector,
    times: Vec<StepTimes>,
}

/// The times of each network with each provider, or none with no `runs`. They take turns, so that whatever else the machine
/// does meets all of them alike: their ratios hold where their times may not.
pub(super) fn measure(
    networks: &[Network],
    pictures: &[Frame],
    runs: usize,
    providers: &[Provider],
) -> anyhow::Result<Vec<Vec<Timing>>> {
    let mut timings = vec![Vec::new(); networks.len()];
    if runs == 0 {
        return Ok(timings);
    }
    let mut all = open(networks, providers)?;
    let bar = progress::steps("timing", runs);
    for (run, picture) in pictures.iter().cycle().take(WARM_UP + runs).enumerate() {
        for timed in &mut all {
            let (_, steps) = timed.detector.detect_timed(picture)?;
            if run >= WARM_UP {
                timed.times.push(steps);
            }
        }
        bar.inc(u64::from(run >= WARM_UP));
    }
    bar.finish_and_clear();
    for timed in &all {
        timings[timed.network].push(timing(timed.detector.provider(), &timed.times));
    }
    Ok(timings)
}

/// Every network with every provider that is named, which must do; or with each that there is and that takes it.
fn open(networks: &[Network], named: &[Provider]) -> anyhow::Result<Vec<Timed>> {
    let available = Provider::available(&SessionSettings::default())?;
    let providers = if named.is_empty() { &available } else { named };
    let mut all = Vec::new();
    for (index, network) in networks.iter().enumerate() {
        for &provider in providers {
            let settings = SessionSettings { provider: Some(provider), ..SessionSettings::default() };
            match NetworkDetector::open(network, &settings, LEAST_SCORE) {
                Ok(detector) => all.push(Timed { network: index, detector, times: Vec::new() }),
                Err(error) if named.is_empty() && error.blames_provider() => {
                    eprintln!("gridwatch: {} is not timed: {}", network.manifest().name, Chain(&error));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(all)
}

fn timing(provider: Provider, times: &[StepTimes]) -> Timing {
    let spread = |step: fn(&StepTimes) -> Duration| Spread::of(times.iter().map(step).collect());
    Timing {
        provider: provider.to_string(),
        letterbox: spread(|times| times.letterbox),
        network: spread(|times| times.network),
        reading: spread(|times| times.reading),
        total: spread(StepTimes::total),
    }
}
